//! Does one text satisfy one comparison?
//!
//! The fast engine's own reading of [`Test`], written again from the specification and sharing no
//! code with the naive one, which is what it is held to. It is used where an automaton has only
//! found a place to look at, and to tell which fields made a rule true.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use super::stretch::{Place, ends, find, fits};
use crate::condition::Relation;
use crate::text::Piece;
use crate::{Glob, Network, Number, Part, Test};

/// A comparison with one text.
#[derive(Clone, Debug)]
pub(crate) enum Probe {
    /// A text, with places left open or without.
    Text(Pattern),
    /// A number, or the part of a time, that stands so to this one.
    Number(Option<Part>, Relation, Figure),
    /// A regular expression.
    Regex(Arc<regex::Regex>),
    /// A network.
    Network(Span),
}

impl Probe {
    /// The comparison of a test with a single text; `None` for those that are about the field.
    pub fn of(test: &Test) -> Option<Self> {
        Some(match test {
            Test::Text(glob) => Self::Text(Pattern::of(glob)),
            Test::Equal(number) => Self::Number(None, Relation::Equal, Figure::of(*number)),
            Test::Compare(relation, number) => Self::Number(None, *relation, Figure::of(*number)),
            Test::Time(part, relation, number) => Self::Number(Some(*part), *relation, Figure::of(*number)),
            Test::Regex(regex) => Self::Regex(Arc::new(regex.clone())),
            Test::Network(network) => Self::Network(Span::of(network)),
            Test::Field(_) | Test::Null | Test::Exists(_) => return None,
        })
    }

    /// Whether the text satisfies it; `lower` is [`lower`] of the text.
    pub fn holds(&self, text: &str, lower: &str) -> bool {
        match self {
            Self::Text(pattern) => pattern.holds(if pattern.cased { text } else { lower }),
            Self::Number(part, relation, figure) => {
                stated(*part, text).is_some_and(|own| own.is(*relation, *figure))
            }
            Self::Regex(regex) => regex.is_match(text),
            Self::Network(span) => span.holds(text),
        }
    }
}

/// A text with places left open, cut at its `*`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// What stands between the `*`, in order. Never empty: without `*` there is one stretch.
    pub stretches: Vec<Vec<Place>>,
    /// Whether case matters.
    pub cased: bool,
}

impl Pattern {
    fn of(glob: &Glob) -> Self {
        let mut stretches = vec![Vec::new()];
        for piece in glob.pieces() {
            let place = match piece {
                Piece::Any => {
                    stretches.push(Vec::new());
                    continue;
                }
                Piece::Text(text) => Place::Text(text.clone()),
                Piece::One => Place::One,
                Piece::Dash => Place::Dash,
            };
            if let Some(last) = stretches.last_mut() {
                last.push(place);
            }
        }
        Self { stretches, cased: glob.is_cased() }
    }

    /// The first stretch stands at the start and the last at the end; each between them is taken
    /// where it first fits, which leaves most room for the rest.
    fn holds(&self, text: &str) -> bool {
        let [first, rest @ ..] = self.stretches.as_slice() else { return false };
        let Some(start) = fits(first, text) else { return false };
        let Some((last, middle)) = rest.split_last() else { return start == text.len() };
        let mut left = &text[start..];
        for stretch in middle {
            match find(stretch, left) {
                Some(end) => left = &left[end..],
                None => return false,
            }
        }
        ends(last, left)
    }
}

/// A text in lower case, one character for one, into a buffer that is used again.
pub(crate) fn lower<'a>(text: &str, buffer: &'a mut String) -> &'a str {
    buffer.clear();
    if text.is_ascii() {
        buffer.push_str(text);
        buffer.make_ascii_lowercase();
        return buffer;
    }
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        buffer.push_str(&rest[..ascii]);
        let mut others = rest[ascii..].chars();
        buffer.extend(others.next().map(simple_lower));
        rest = others.as_str();
    }
    buffer.make_ascii_lowercase();
    buffer
}

/// Unicode's simple lower case: the first character of the full one.
fn simple_lower(char: char) -> char {
    char.to_lowercase().next().unwrap_or(char)
}

/// A number, whole if it can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    /// Its whole value, unless it has a fraction.
    pub whole: Option<i128>,
    near: f64,
}

impl Figure {
    fn of(number: Number) -> Self {
        match number {
            Number::Whole(whole) => Self::of_whole(whole),
            Number::Fraction(near) => Self { whole: None, near },
        }
    }

    /// A whole number.
    pub fn of_whole(whole: i128) -> Self {
        Self { whole: Some(whole), near: whole as f64 }
    }

    /// Whether this number stands so to another.
    pub fn is(self, relation: Relation, other: Self) -> bool {
        let order = match (self.whole, other.whole) {
            (Some(one), Some(other)) => Some(one.cmp(&other)),
            _ => self.near.partial_cmp(&other.near),
        };
        let Some(order) = order else { return false };
        match relation {
            Relation::Equal => order == Ordering::Equal,
            Relation::Less => order == Ordering::Less,
            Relation::LessOrEqual => order != Ordering::Greater,
            Relation::Greater => order == Ordering::Greater,
            Relation::GreaterOrEqual => order != Ordering::Less,
        }
    }
}

/// The number that a text states, or that a part of the time does that it states.
pub(crate) fn stated(part: Option<Part>, text: &str) -> Option<Figure> {
    match part {
        None => figure(text),
        Some(part) => moment(part, text).map(|number| Figure::of_whole(number.into())),
    }
}

/// Digits with a sign, hexadecimal digits after `0x`, or digits around a point.
fn figure(text: &str) -> Option<Figure> {
    let bytes = text.as_bytes();
    if let [b'0', b'x' | b'X', digits @ ..] = bytes {
        let mut whole: i128 = 0;
        for digit in digits {
            let digit = (*digit as char).to_digit(16)?;
            whole = whole.checked_mul(16)?.checked_add(digit.into())?;
        }
        return (!digits.is_empty()).then_some(Figure::of_whole(whole));
    }
    // Most values of events begin with no digit.
    if !bytes.first().is_some_and(|first| first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    if bytes.iter().any(|byte| !byte.is_ascii_digit() && !matches!(byte, b'+' | b'-' | b'.')) {
        return None;
    }
    match text.parse::<i128>() {
        Ok(whole) => Some(Figure::of_whole(whole)),
        Err(_) => text.parse::<f64>().ok().map(|near| Figure { whole: None, near }),
    }
}

/// A part of `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM…`.
fn moment(part: Part, text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    let two = |at: usize| digits(bytes.get(at..at + 2)?);
    let (year, month, day) = (digits(bytes.get(..4)?)?, two(5)?, two(8)?);
    if bytes[4] != b'-' || bytes[7] != b'-' || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let clock = match bytes.get(10) {
        None => None,
        Some(b'T' | b't' | b' ') if bytes.get(13) == Some(&b':') => {
            Some((two(11)?, two(14)?)).filter(|(hour, minute)| *hour < 24 && *minute < 60)
        }
        Some(_) => return None,
    };
    // A clock that is none makes the whole no time.
    if bytes.len() > 10 && clock.is_none() {
        return None;
    }
    match part {
        Part::Year => Some(year),
        Part::Month => Some(month),
        Part::Day => Some(day),
        Part::Hour => Some(clock?.0),
        Part::Minute => Some(clock?.1),
        Part::Week => Some(week(year, month, day)),
    }
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// ISO 8601: (day of the year − weekday + 10) / 7, with the weeks that belong to the neighbouring
/// years put there.
fn week(year: u32, month: u32, day: u32) -> u32 {
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before: i64 = (1..month).map(|month| days_in(month, is_leap(year))).sum();
    let day_of_year = before + day;
    let week = (day_of_year - weekday(year, day_of_year) + 10) / 7;
    // A year has 53 weeks if it begins on a Thursday, or on a Wednesday and is leap.
    let weeks = |year: i64| match weekday(year, 1) {
        4 => 53,
        3 if is_leap(year) => 53,
        _ => 52,
    };
    let week = match week {
        0 => weeks(year - 1),
        week if week > weeks(year) => week - weeks(year),
        week => week,
    };
    week.try_into().unwrap_or_default()
}

fn days_in(month: i64, is_leap: bool) -> i64 {
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 1 for Monday to 7 for Sunday, in the Gregorian calendar. The year 1 began on a Monday.
fn weekday(year: i64, day_of_year: i64) -> i64 {
    let past = year - 1;
    let days =
        past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400) + day_of_year - 1;
    days.rem_euclid(7) + 1
}

/// The addresses of a network, from the first to the last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    is_four: bool,
    first: u128,
    last: u128,
}

impl Span {
    fn of(network: &Network) -> Self {
        let (address, prefix) = network.parts();
        let (is_four, number, width) = match address {
            IpAddr::V4(four) => (true, u128::from(u32::from(four)), 32),
            IpAddr::V6(six) => (false, u128::from(six), 128),
        };
        let open = width - prefix;
        let rest = if open == 128 { u128::MAX } else { (1_u128 << open) - 1 };
        Self { is_four, first: number & !rest, last: number | rest }
    }

    fn holds(&self, text: &str) -> bool {
        match text.parse() {
            Ok(IpAddr::V4(four)) => self.is_four && self.has(u32::from(four).into()),
            Ok(IpAddr::V6(six)) if self.is_four => {
                six.to_ipv4_mapped().is_some_and(|four| self.has(u32::from(four).into()))
            }
            Ok(IpAddr::V6(six)) => self.has(six.into()),
            Err(_) => false,
        }
    }

    fn has(&self, number: u128) -> bool {
        (self.first..=self.last).contains(&number)
    }
}
