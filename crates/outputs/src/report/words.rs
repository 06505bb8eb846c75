//! How are numbers, times, levels, ids and long texts written on the page?
//!
//! The small words of the report, each in one way. Text that came out of evidence enters the page
//! through [`said`] or [`lines`] and nowhere else.

use assize_model::{Level, Row, Time};
use maud::{Markup, html};

use crate::harmless;

/// Characters of a value in a table.
pub(crate) const CELL_CHARACTERS: usize = 160;

/// `10,482`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut made = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            made.push(',');
        }
        made.push(digit);
    }
    made
}

/// `1 event`, `10,482 events`, `no events`.
pub(crate) fn many(n: u64, one: &str, more: &str) -> String {
    match n {
        0 => format!("no {more}"),
        1 => format!("1 {one}"),
        n => format!("{} {more}", number(n)),
    }
}

/// `48.2 MB`, in powers of a thousand.
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            return if unit == "bytes" { many(bytes, "byte", "bytes") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} PB")
}

/// An instant to the second; the whole of it for machines and under the pointer.
pub(crate) fn instant(time: Option<Time>) -> Markup {
    let Some(time) = time else { return html! { span.none { "no time" } } };
    let whole = time.to_string();
    html! { time datetime=(whole) title=(whole) { (second(&whole)) } }
}

/// An instant in a sentence, to the minute; the whole of it under the pointer.
pub(crate) fn moment(time: Time) -> Markup {
    let whole = time.to_string();
    let (month, rest) = (whole.get(5..7), whole.get(8..10));
    let month = month
        .and_then(|digits| digits.parse::<usize>().ok())
        .and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    let day = rest.and_then(|digits| digits.parse::<u8>().ok());
    let text = match (day, month, whole.get(..4), whole.get(11..16)) {
        (Some(day), Some(month), Some(year), Some(minute)) => format!("{day}\u{a0}{month} {year}, {minute}"),
        _ => second(&whole),
    };
    html! { time datetime=(whole) title=(whole) { (text) } }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `2026-09-10 02:14 – 21:59` within a day, else the two days: for where there is little room.
pub(crate) fn brief(first: Option<Time>, last: Option<Time>) -> Markup {
    let (Some(first), Some(last)) = (first, last) else { return html! { "no time" } };
    let (begin, end) = (first.to_string(), last.to_string());
    let minute = |text: &str| text.get(11..16).unwrap_or("").to_owned();
    html! {
        (first.day())
        @if first.day() != last.day() { " – " (last.day()) }
        @else if minute(&begin) == minute(&end) { " " (minute(&begin)) }
        @else { " " (minute(&begin)) " – " (minute(&end)) }
    }
}

/// RFC 3339 text as a person reads it: no `T`, no fraction, no `Z` (the page says UTC once).
pub(crate) fn second(rfc3339: &str) -> String {
    rfc3339.get(..19).unwrap_or(rfc3339).replace('T', " ")
}

/// `2026-09-10 02:14:01 to 2026-09-14 21:59:00`, or one instant.
pub(crate) fn span(first: Option<Time>, last: Option<Time>) -> Markup {
    html! {
        @if first == last { (instant(first)) } @else { (instant(first)) " to " (instant(last)) }
    }
}

/// A level as a coloured mark and its word.
pub(crate) fn level(level: &str) -> Markup {
    html! { span class={ "level " (class_of(level)) } { (level) } }
}

/// Name of the style class of a level; a level that is none of ours looks like the lowest.
pub(crate) fn class_of(level: &str) -> &'static str {
    level.parse::<Level>().unwrap_or(Level::Informational).as_str()
}

/// `4 critical, 31 high`; levels without findings are left out.
pub(crate) fn levels(counts: &[u64; 5]) -> Markup {
    let some: Vec<(&Level, u64)> =
        Level::ALL.iter().zip(counts).filter(|(_, n)| **n > 0).map(|(level, n)| (level, *n)).collect();
    html! {
        @for (at, (level, n)) in some.iter().enumerate() {
            @if at > 0 { ", " }
            span class={ "level " (level.as_str()) } { (number(*n)) " " (level.as_str()) }
        }
    }
}

/// The counts of a row that a query counted by level.
pub(crate) fn level_counts(row: &Row) -> [u64; 5] {
    let mut counts = [0; 5];
    for (count, level) in counts.iter_mut().zip(Level::ALL) {
        *count = row.number(level.as_str());
    }
    counts
}

/// A text of evidence on one line, shortened; says how long it is where it is shortened.
pub(crate) fn said(text: &str, characters: usize) -> Markup {
    let (text, rest) = cut(text, characters);
    html! { (harmless::html(text)) (rest) }
}

/// [`said`], with a word where there is no text.
pub(crate) fn said_or(text: Option<&str>, none: &str) -> Markup {
    match text {
        Some(text) if !text.is_empty() => said(text, CELL_CHARACTERS),
        _ => html! { span.none { (none) } },
    }
}

/// A text of evidence with its line breaks, shortened.
pub(crate) fn lines(text: &str, characters: usize) -> Markup {
    let (text, rest) = cut(text, characters);
    html! { pre { (harmless::html_lines(text)) } (rest) }
}

/// The beginning of a text of which only the beginning was kept.
pub(crate) fn said_first(beginning: &str, characters: u64) -> Markup {
    html! { (harmless::html(beginning)) (note(beginning.chars().count() as u64, characters)) }
}

fn cut(text: &str, characters: usize) -> (&str, Markup) {
    match text.char_indices().nth(characters) {
        None => (text, html! {}),
        Some((end, _)) => (&text[..end], note(characters as u64, text.chars().count() as u64)),
    }
}

fn note(shown: u64, of: u64) -> Markup {
    html! { " " span.cut { "… first " (number(shown)) " of " (number(of)) " characters" } }
}

/// An id or digest: never shortened, broken anywhere.
pub(crate) fn id(text: &str) -> Markup {
    html! { code.id { (harmless::html(text)) } }
}

/// Something to type. Its parts are ours or [`plain_token`]s, never text of evidence: what is
/// copied from a report into a shell must not be written by the intruder.
pub(crate) fn command(text: &str) -> Markup {
    html! { code.command { (text) } }
}

/// Whether a text may stand inside a [`command`].
pub(crate) fn plain_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 80
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// `20 of 318 findings shown; all: …`, or nothing when all are shown.
pub(crate) fn shown(shown: u64, of: u64, what: &str, rest: &str) -> Markup {
    html! {
        @if shown < of {
            p.shown { (number(shown)) " of " (number(of)) " " (what) " shown; all: " (command(rest)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes() {
        assert_eq!(
            [number(0), number(999), number(1000), number(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [many(0, "gap", "gaps"), many(1, "gap", "gaps"), many(2, "gap", "gaps")],
            ["no gaps", "1 gap", "2 gaps"]
        );
        assert_eq!(
            [size(0), size(1), size(999), size(48_200_000)],
            ["no bytes", "1 byte", "999 bytes", "48.2 MB"]
        );
    }

    #[test]
    fn long_texts_say_how_long() {
        let made = said(&"é".repeat(500), 3).into_string();
        assert_eq!(made, "<bdi>ééé</bdi> <span class=\"cut\">… first 3 of 500 characters</span>");
    }

    #[test]
    fn commands_hold_no_evidence() {
        assert!(plain_token("a1b2-c3_d.yml"));
        for text in ["", "a b", "$(x)", "';--", "\"", "`id`", "é"] {
            assert!(!plain_token(text), "{text}");
        }
    }
}
