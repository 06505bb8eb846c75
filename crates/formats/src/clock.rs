//! Which instant does a log's time mean, when it leaves out the year or the zone?
//!
//! Three notations that are read for every line of a text log, faster than the general parser, and two
//! rules. **Year**: the one given as reading option `year` for the first record; else, with the option
//! `not-after`, the latest year in which the record is not after that instant; else the latest in which
//! it is not after a record of the same file that states its year ([`Clock::saw`]); else the latest in
//! which it is not after the instant of the option `acquired`, at which the evidence was taken; else none,
//! and the event has no time. From there on each record has the year that puts it nearest to the one
//! before (a log does not go back by half a year), but never one after the instant that bounds it. **Zone**: the reading option `zone` (`+02:00`,
//! `Europe/Amsterdam`), else UTC. What was taken is recorded as reading option and said in words, so that
//! the locator alone gives the same time again and a person can question it.

use assize_model::time::{Stated, Zone};
use assize_model::{ReadingOptions, Time};

/// Reading option: year of the first record.
pub const YEAR: &str = "year";
/// Reading option: by which rule the year was found.
const YEAR_BY: &str = "year-by";
/// Reading option: an instant after which no record can lie, as a person says.
pub const NOT_AFTER: &str = "not-after";
/// Reading option: when the evidence was taken or admitted. Not what a person said of its records: what
/// they say of their year themselves stands above it.
pub const ACQUIRED: &str = "acquired";
/// How a locator's options say that the year of an event rests on [`ACQUIRED`].
pub const BY_ACQUISITION: &str = "year-by=acquired";
/// Reading option: the zone of times that state none.
pub const ZONE: &str = "zone";

pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const DAY: i64 = 86_400 * SECOND;
const HALF_YEAR: i64 = 183 * DAY;

/// A time as a line writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    Full(Stated),
    /// Month, day, and nanoseconds of the day.
    NoYear(u8, u8, i64),
}

/// Turns stamps into instants, one record after another.
pub(crate) struct Clock {
    zone: Option<Zone>,
    zone_name: String,
    /// The year to begin with, or what the first record is not after.
    year: Option<i64>,
    not_after: Option<Time>,
    acquired: Option<Time>,
    by: YearBy,
    /// The last reading without zone.
    last: Option<i64>,
    /// The year that `note` and `options` speak of; 0 for none.
    noted: i64,
    with_year: (ReadingOptions, String),
    with_zone: (ReadingOptions, Option<String>),
}

/// By which rule a year was found.
#[derive(Clone, Copy, PartialEq)]
enum YearBy {
    Given,
    NotAfter,
    Record,
    Acquired,
}

impl YearBy {
    const ALL: [Self; 4] = [Self::Given, Self::NotAfter, Self::Record, Self::Acquired];

    fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::NotAfter => "not-after",
            Self::Record => "record",
            Self::Acquired => "acquired",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Given => "as given",
            Self::NotAfter => "the latest that is not after the instant given",
            Self::Record => "by a record of the same file that states it",
            Self::Acquired => "the latest before the evidence was taken",
        }
    }
}

/// What an instant rests on.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'c> {
    pub(crate) time: Option<Time>,
    /// Why it rests on an assumption.
    pub(crate) assumed: Option<&'c str>,
    /// What was taken that the bytes do not say.
    pub(crate) options: &'c ReadingOptions,
}

/// Options of a time that needed none.
pub(crate) static NONE: ReadingOptions = ReadingOptions(std::collections::BTreeMap::new());

impl Clock {
    pub(crate) fn new(options: &ReadingOptions) -> Self {
        let text = |name: &str| options.0.get(name).map(String::as_str);
        let zone = text(ZONE).and_then(Zone::of);
        let zone_name = zone.as_ref().and(text(ZONE)).unwrap_or_default().to_owned();
        let year = text(YEAR).and_then(|year| year.parse().ok()).filter(|year| (1970..2200).contains(year));
        let instant = |name: &str| {
            text(name).and_then(Time::parse).map(|(Stated::Instant(time) | Stated::Local(time))| time)
        };
        let (not_after, acquired) = (instant(NOT_AFTER), instant(ACQUIRED));
        let by = YearBy::ALL.into_iter().find(|by| text(YEAR_BY) == Some(by.name()));
        let by = by.unwrap_or(if year.is_some() { YearBy::Given } else { YearBy::NotAfter });
        let mut with_zone = ReadingOptions::default();
        let zone_words = match zone {
            Some(_) => {
                with_zone.0.insert(ZONE.to_owned(), zone_name.clone());
                Some(format!("no zone stated; read as {zone_name}, as given"))
            }
            None => Some("no zone stated; read as UTC".to_owned()),
        };
        Self {
            zone,
            zone_name,
            year,
            not_after,
            acquired,
            by,
            last: None,
            noted: 0,
            with_year: (with_zone.clone(), String::new()),
            with_zone: (with_zone, zone_words),
        }
    }

    /// Whether a record without year could be placed by what was said of this file, or by those before it.
    pub(crate) fn knows_year(&self) -> bool {
        self.year.is_some() || self.not_after.is_some() || self.last.is_some()
    }

    /// A record of the same file states its year. What was given by a person stands above it.
    pub(crate) fn saw(&mut self, time: Time) {
        if !self.knows_year() {
            self.not_after = Some(time);
            self.by = YearBy::Record;
        }
    }

    pub(crate) fn read(&mut self, stamp: Option<Stamp>) -> Reading<'_> {
        match stamp {
            None => Reading { time: None, assumed: None, options: &NONE },
            Some(Stamp::Full(Stated::Instant(time))) => {
                Reading { time: Some(time), assumed: None, options: &NONE }
            }
            Some(Stamp::Full(Stated::Local(time))) => self.local(time),
            Some(Stamp::NoYear(month, day, of_day)) => self.without_year(month, day, of_day),
        }
    }

    fn local(&mut self, time: Time) -> Reading<'_> {
        self.last = Some(time.0);
        let time = self.zoned(time.0);
        Reading { time: Some(time), assumed: self.with_zone.1.as_deref(), options: &self.with_zone.0 }
    }

    fn zoned(&self, local: i64) -> Time {
        self.zone.as_ref().map_or(Time(local), |zone| zone.instant(Time(local)))
    }

    fn without_year(&mut self, month: u8, day: u8, of_day: i64) -> Reading<'_> {
        let at = |year: i64| days(year, month, day).map(|days| days * DAY + of_day);
        if !self.knows_year() && self.acquired.is_some() {
            (self.not_after, self.by) = (self.acquired, YearBy::Acquired);
        }
        let placed = match (self.last, self.year, self.not_after) {
            (Some(last), ..) => nearest(last, &at),
            (None, Some(year), _) => at(year).map(|local| (year, local)),
            (None, None, Some(bound)) => latest(bound.0 + DAY, &at),
            (None, None, None) => None,
        };
        // A record of the same file bounds nothing but the first: others may be later than it.
        let bound = self.not_after.filter(|_| matches!(self.by, YearBy::NotAfter | YearBy::Acquired));
        let placed = match bound {
            Some(bound) if placed.is_some_and(|(_, local)| local > bound.0 + DAY) => {
                latest(bound.0 + DAY, &at)
            }
            _ => placed,
        };
        let Some((year, local)) = placed else {
            let words = "no year stated, and nothing in the file tells it; reading option `year` gives it";
            return Reading { time: None, assumed: Some(words), options: &NONE };
        };
        self.last = Some(local);
        self.note(year);
        Reading {
            time: Some(self.zoned(local)),
            assumed: Some(&self.with_year.1),
            options: &self.with_year.0,
        }
    }

    fn note(&mut self, year: i64) {
        if self.noted == year {
            return;
        }
        self.noted = year;
        self.with_year.0.0.insert(YEAR.to_owned(), year.to_string());
        self.with_year.0.0.insert(YEAR_BY.to_owned(), self.by.name().to_owned());
        let zone = if self.zone.is_some() { &self.zone_name } else { "UTC" };
        let why = self.by.words();
        self.with_year.1 = format!("no year stated; read as {year}, {why}. No zone stated; read as {zone}");
    }
}

/// The year of a base and its neighbours in which a stamp lies nearest to it.
fn nearest(last: i64, at: &dyn Fn(i64) -> Option<i64>) -> Option<(i64, i64)> {
    let year = year_of(last);
    let local = at(year);
    match local {
        Some(local) if (local - last).abs() <= HALF_YEAR => Some((year, local)),
        _ => {
            let around = [year - 1, year, year + 1].map(|year| at(year).map(|local| (year, local)));
            around.into_iter().flatten().min_by_key(|(_, local)| (local - last).abs())
        }
    }
}

/// The latest year in which a stamp is not after a bound. 29 February may be eight years back.
fn latest(bound: i64, at: &dyn Fn(i64) -> Option<i64>) -> Option<(i64, i64)> {
    let year = year_of(bound);
    (year - 8..=year).rev().filter_map(|year| Some((year, at(year)?))).find(|(_, local)| *local <= bound)
}

/// The year of nanoseconds since 1970. (Hinnant, "chrono-Compatible Low-Level Date Algorithms".)
fn year_of(local: i64) -> i64 {
    let z = local.div_euclid(DAY) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    yoe + era * 400 + i64::from(doy >= 306)
}

/// Days from 1970-01-01 to a date; `None` for dates that are none.
pub(crate) fn days(year: i64, month: u8, day: u8) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    // Nanoseconds in 64 bits reach from 1677 to 2262.
    if !(1..=longest).contains(&day) || !(1678..2262).contains(&year) {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (i64::from(month) + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

const MONTHS: &[u8] = b"janfebmaraprmayjunjulaugsepoctnovdec";

/// A month by its three English letters.
pub(crate) fn month(name: &[u8]) -> Option<u8> {
    let name = [*name.first()? | 0x20, *name.get(1)? | 0x20, *name.get(2)? | 0x20];
    MONTHS.chunks_exact(3).position(|month| month == name).map(|index| index as u8 + 1)
}

/// Digits only.
pub(crate) fn number(digits: &[u8]) -> Option<i64> {
    let shape = !digits.is_empty() && digits.len() < 19;
    let add = |sum: i64, byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'));
    if shape { digits.iter().try_fold(0, add) } else { None }
}

/// `08:12:03`, with any digits of a second's fraction behind `.` or `,`: nanoseconds of the day, and how
/// many bytes it took.
pub(crate) fn of_day(text: &[u8]) -> Option<(i64, usize)> {
    let two = |at: usize| number(text.get(at..at + 2)?);
    let (hour, minute, second) = (two(0)?, two(3)?, two(6)?);
    let shape = text[2] == b':' && text[5] == b':' && hour < 24 && minute < 60 && second <= 60;
    if !shape {
        return None;
    }
    let whole = (hour * 3600 + minute * 60 + second) * SECOND;
    let digits = match text.get(8) {
        Some(b'.' | b',') => text[9..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    if digits == 0 {
        return Some((whole, 8));
    }
    let fraction = number(&text[9..9 + digits.min(9)])? * 10_i64.pow(9 - digits.min(9) as u32);
    Some((whole + fraction, 9 + digits))
}

/// `Z`, `+02:00`, `+0200`, `+02`: seconds east of Greenwich, and how many bytes it took.
pub(crate) fn offset(text: &[u8]) -> Option<(i64, usize)> {
    let sign = match text.first()? {
        b'Z' | b'z' => return Some((0, 1)),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = number(text.get(1..3)?)?;
    let rest = &text[3..];
    let (minutes, length) = match rest {
        [b':', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => (number(&rest[1..3])?, 6),
        [a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => (number(&rest[..2])?, 5),
        _ => (0, 3),
    };
    (hours < 24 && minutes < 60).then_some((sign * (hours * 3600 + minutes * 60), length))
}

/// A date and time of day that lie in this zone, or in none.
fn stated(days: i64, of_day: i64, offset: Option<i64>) -> Option<Stated> {
    let local = days.checked_mul(DAY)?.checked_add(of_day)?;
    Some(match offset {
        Some(seconds) => Stated::Instant(Time(local.checked_sub(seconds * SECOND)?)),
        None => Stated::Local(Time(local)),
    })
}

/// `2026-09-14T08:12:03.123456+02:00` at the beginning of a text, with or without fraction and zone, `T` or
/// a blank between: the time, and how many bytes it took.
pub(crate) fn iso(text: &[u8]) -> Option<(Stated, usize)> {
    let digits = |from: usize, to: usize| number(text.get(from..to)?);
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    if text[4] != b'-' || text[7] != b'-' || !matches!(text.get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let days = days(year, month as u8, day as u8)?;
    let (of_day, length) = of_day(&text[11..])?;
    let end = 11 + length;
    let zone = offset(&text[end..]);
    let length = end + zone.map_or(0, |(_, length)| length);
    Some((stated(days, of_day, zone.map(|(seconds, _)| seconds))?, length))
}

/// `Sep 14 08:12:03`, `Sep  4 08:12:03.123`, and with the year behind the day or the time (`Sep 14 2026
/// 08:12:03`, `Sep 14 08:12:03 2026`): the time, and how many bytes it took.
pub(crate) fn bsd(text: &[u8]) -> Option<(Stamp, usize)> {
    let month = month(text)?;
    let blank = |at: usize| text.get(at) == Some(&b' ');
    let (day, at) = match (text.get(4)?, text.get(5)?) {
        _ if !blank(3) => return None,
        (b' ', digit) => (number(&[*digit])?, 6),
        (digit, b' ') => (number(&[*digit])?, 5),
        (tens, ones) => (number(&[*tens, *ones])?, 6),
    };
    if !blank(at) {
        return None;
    }
    let day = day as u8;
    let at = at + 1;
    if let Some((of_day, length)) = of_day(&text[at..]) {
        let end = at + length;
        // A year behind the time, as `ctime` and Cisco write it.
        let year = text.get(end + 1..end + 5).and_then(number).filter(|_| blank(end));
        let year = year.filter(|year| {
            (1970..2200).contains(year) && text.get(end + 5).is_none_or(|b| !b.is_ascii_digit() && *b != b'.')
        });
        return match year {
            Some(year) => Some((Stamp::Full(stated(days(year, month, day)?, of_day, None)?), end + 5)),
            // 2028 has a 29 February.
            None => days(2028, month, day).map(|_| (Stamp::NoYear(month, day, of_day), end)),
        };
    }
    let year = text.get(at..at + 4).and_then(number).filter(|_| blank(at + 4))?;
    let (of_day, length) = of_day(text.get(at + 5..)?)?;
    Some((Stamp::Full(stated(days(year, month, day)?, of_day, None)?), at + 5 + length))
}

/// `14/Sep/2026:08:12:03 +0200`, as the Common Log Format has it, whole.
pub(crate) fn clf(text: &[u8]) -> Option<Stated> {
    let digits = |from: usize, to: usize| number(text.get(from..to)?);
    let (day, year) = (digits(0, 2)?, digits(7, 11)?);
    let month = month(text.get(3..6)?)?;
    if text[2] != b'/' || text[6] != b'/' || text.get(11) != Some(&b':') {
        return None;
    }
    let (of_day, length) = of_day(text.get(12..)?)?;
    let rest = &text[12 + length..];
    let zone = rest.strip_prefix(b" ").and_then(offset);
    stated(days(year, month, day as u8)?, of_day, zone.map(|(seconds, _)| seconds))
}

/// Seconds since 1970 with a fraction, as `1789387200.269`.
pub(crate) fn unix(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let places = fraction.len();
    if !(1..=9).contains(&places) || !(9..=11).contains(&whole.len()) {
        return Time::of_unix(text);
    }
    let fraction = number(fraction.as_bytes())? * 10_i64.pow(9 - places as u32);
    number(whole.as_bytes())?.checked_mul(SECOND)?.checked_add(fraction).map(Time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> ReadingOptions {
        ReadingOptions(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    fn times(clock: &mut Clock, stamps: &[&str]) -> Vec<String> {
        let time = |text: &&str| {
            let stamp = bsd(text.as_bytes()).map(|(stamp, _)| stamp);
            clock.read(stamp).time.map_or("none".to_owned(), |time| time.to_string())
        };
        stamps.iter().map(time).collect()
    }

    #[test]
    fn the_fast_parser_is_the_general_one() {
        let texts = [
            "2026-09-14T08:12:03Z",
            "2026-09-14T08:12:03.5+02:00",
            "2026-09-14 08:12:03.123456789-09:30",
            "1999-12-31T23:59:59.999",
            "2024-02-29 00:00:00",
        ];
        for text in texts {
            assert_eq!(iso(text.as_bytes()), Time::parse(text).map(|stated| (stated, text.len())), "{text}");
        }
        for text in ["2026-02-29T00:00:00", "2026-09-14", "2026-09-14T24:00:00", "2026-13-01T00:00:00", ""] {
            assert_eq!(iso(text.as_bytes()), None, "{text}");
        }
        let clf_time = clf(b"14/Sep/2026:08:12:03 +0200");
        assert_eq!(clf_time, Time::parse("2026-09-14T08:12:03+02:00"));
        assert_eq!(unix("1789387200.269"), Time::of_unix("1789387200.269"));
        assert_eq!(unix("978307199.5"), Some(Time(978_307_199_500_000_000)));
    }

    #[test]
    fn every_day_of_three_centuries() {
        let mut expected = days(1680, 1, 1).unwrap();
        for year in 1680..2260 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let Some(found) = days(year, month, day) else { continue };
                    assert_eq!(found, expected, "{year}-{month}-{day}");
                    assert_eq!(year_of(found * DAY), year);
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn a_year_that_is_not_stated() {
        let stamps =
            ["Dec 30 08:00:00", "Dec 31 23:59:59", "Jan  1 00:00:00", "Dec 31 23:59:58", "Jan 2 00:00:00"];
        let expected = [
            "2025-12-30T08:00:00Z",
            "2025-12-31T23:59:59Z",
            "2026-01-01T00:00:00Z",
            "2025-12-31T23:59:58Z",
            "2026-01-02T00:00:00Z",
        ];
        let mut given = Clock::new(&options(&[("year", "2025")]));
        assert_eq!(times(&mut given, &stamps), expected);
        let mut bound = Clock::new(&options(&[("not-after", "2026-03-01T00:00:00Z")]));
        assert_eq!(times(&mut bound, &stamps), expected);
        let mut taken = Clock::new(&options(&[("acquired", "2026-03-01T00:00:00Z")]));
        assert_eq!(times(&mut taken, &stamps), expected);
        let mut neighbour = Clock::new(&options(&[("acquired", "2029-03-01T00:00:00Z")]));
        neighbour.saw(Time::of_unix("1767312000").unwrap());
        assert_eq!(times(&mut neighbour, &stamps), expected);
        let mut nothing = Clock::new(&options(&[]));
        assert_eq!(times(&mut nothing, &["Dec 30 08:00:00"]), ["none"]);
        assert!(nothing.read(Some(Stamp::NoYear(1, 1, 0))).assumed.unwrap().contains("year"));
    }

    #[test]
    fn no_record_is_later_than_what_bounds_it() {
        let stamps =
            ["Jan 3 08:00:00", "Feb 1 08:00:00", "Jul 1 08:00:00", "Dec 1 08:00:00", "Jan 4 08:00:00"];
        let mut bound = Clock::new(&options(&[("acquired", "2026-01-05T00:00:00Z")]));
        assert_eq!(
            times(&mut bound, &stamps),
            // The first is a year too late, which nothing in it says; the others are not.
            [
                "2026-01-03T08:00:00Z",
                "2025-02-01T08:00:00Z",
                "2025-07-01T08:00:00Z",
                "2025-12-01T08:00:00Z",
                "2026-01-04T08:00:00Z"
            ]
        );
    }

    #[test]
    fn what_was_taken_gives_the_same_again() {
        for rule in ["not-after", "acquired"] {
            let mut first =
                Clock::new(&options(&[(rule, "2026-03-01T00:00:00Z"), ("zone", "Europe/Amsterdam")]));
            let stamp = bsd(b"Sep 14 08:00:00").map(|(stamp, _)| stamp);
            let reading = first.read(stamp);
            assert_eq!(reading.time.unwrap().to_string(), "2025-09-14T06:00:00Z");
            let mut again = Clock::new(reading.options);
            let second = again.read(stamp);
            assert_eq!(
                (reading.time, reading.assumed, reading.options),
                (second.time, second.assumed, second.options)
            );
        }
    }

    #[test]
    fn stamps_of_some_makes() {
        let full = |text: &str| Some(Stamp::Full(Time::parse(text).unwrap()));
        fn read(text: &str) -> Option<(Stamp, &str)> {
            bsd(text.as_bytes()).map(|(stamp, length)| (stamp, &text[length..]))
        }
        assert_eq!(read("Sep  4 08:12:03 host").unwrap().1, " host");
        assert_eq!(read("Sep 4 08:12:03 host").unwrap().0, read("Sep  4 08:12:03").unwrap().0);
        assert_eq!(read("Sep 14 2026 08:12:03 host").map(|(stamp, _)| stamp), full("2026-09-14T08:12:03"));
        assert_eq!(
            read("Sep 14 08:12:03 2026 host").unwrap(),
            (full("2026-09-14T08:12:03").unwrap(), " host")
        );
        assert_eq!(read("Sep 14 08:12:03 2026.example").unwrap().1, " 2026.example");
        for text in ["Sep 32 08:12:03", "Sxp 14 08:12:03", "Sep14 08:12:03", "Sep 14 25:12:03", "Sep", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
