//! What do Windows events say that came as text: Splunk's `LogName=` records, Event Viewer's CSV?
//!
//! Both hold a few columns and the English message; the fields are read off the message (`windows::rendered`), and what it
//! does not show is not there. Neither states a zone. Event Viewer's CSV names neither host nor log.

use std::io;

use assize_model::time::Stated;
use assize_model::{
    Batcher, Card, Cause, Confidence, Event, Format, Input, Range, ReadingOptions, Slice, Time,
};

use crate::clock::{self, Clock, Stamp};
use crate::csv::{self, Row};
use crate::json::{Broken, Fields};
use crate::lines::{self, Line, Records};
use crate::windows::{self, rendered};

/// Splunk's `WinEventLog`: see the module's text.
pub(crate) struct Blocks;
/// Event Viewer's "Save as CSV": see the module's text.
pub(crate) struct Table;

static BLOCKS: Card = Card {
    name: "windows-text",
    title: "Windows events as Splunk's older text (`LogName=… Message=…`)",
    doc: "Records of Splunk's input `WinEventLog` without `renderXml`: a line with the time, lines `name=value`, and the \
          message to its end. Names are those that the same event has in an event log file, as far as the message \
          shows them; the whole message stays as `Message`. Month before day, as that input writes; no zone is stated.",
    example: "09/14/2026 08:12:03 AM\\nLogName=Security\\nEventCode=4624\\n…\\nMessage=An account was …",
    links: &["https://docs.splunk.com/Documentation/Splunk/latest/Data/MonitorWindowseventlogdata"],
    version: 1,
};

static TABLE: Card = Card {
    name: "event-viewer-csv",
    title: "Windows events as Event Viewer's CSV",
    doc: "\"Save All Events As\" CSV of Event Viewer in English: level or keywords, date and time, source, number, task, and \
          the message in a column without a name. It names neither host nor log nor record number. A date whose day and \
          month cannot be told apart gives no time; no zone is stated.",
    example: "Keywords,Date and Time,Source,Event ID,Task Category\\nAudit Success,9/14/2026 8:12:03 AM,…",
    links: &["https://learn.microsoft.com/shows/inside/event-viewer"],
    version: 1,
};

impl Format for Blocks {
    fn card(&self) -> &'static Card {
        &BLOCKS
    }

    fn family(&self) -> &'static str {
        "windows"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("read", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 14);
        let begins = lines.first().is_some_and(|line| begins(line));
        let has = |name: &str| lines.iter().any(|line| line.starts_with(name));
        (begins && has("LogName=") && has("EventCode=")).then_some(Confidence(95))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(input.options);
        lines::read(input.bytes, input.options, Records::Continued(goes_on), out, &mut |line, out| {
            block(line, &mut clock, out)
        })
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(options);
        lines::reread(slices, options, out, &mut |line, out| block(line, &mut clock, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

impl Format for Table {
    fn card(&self) -> &'static Card {
        &TABLE
    }

    fn family(&self) -> &'static str {
        "windows"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("read", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 1);
        let mut names = lines.first()?.split(',').map(str::trim);
        let is_first = names.next().is_some_and(|name| matches!(name, "Level" | "Keywords"));
        (is_first && names.eq(COLUMNS)).then_some(Confidence(95))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(input.options);
        csv::read_bare_rows(input.bytes, input.options, out, &mut |row, out| table_row(row, &mut clock, out))
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(options);
        csv::reread(slices, options, out, &mut |row, out| table_row(row, &mut clock, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        csv::raw_text(slices)
    }
}

/// Behind the level or the keywords; the message comes last, without a name.
const COLUMNS: [&str; 4] = ["Date and Time", "Source", "Event ID", "Task Category"];
const MESSAGE: &str = "Message";

/// Whether a record begins with this line.
fn begins(line: &str) -> bool {
    instant(line, Order::MonthFirst).is_some()
}

fn goes_on(line: &str) -> bool {
    !begins(line)
}

fn block(line: &Line<'_>, clock: &mut Clock, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    let (head, message) = match line.text.split_once("\nMessage=") {
        Some((head, message)) => (head, Some(message.trim_end())),
        None => (line.text.trim_end(), None),
    };
    let mut lines = head.lines();
    let time = lines.next().unwrap_or_default().trim();
    if !begins(time) {
        return Ok(Err(broken("a record that does not begin with its time")));
    }
    let mut fields = Fields::new();
    for (name, value) in lines.filter_map(|line| line.split_once('=')) {
        let (name, value) = (own_name(name.trim()), value.trim());
        let value = if name == "Provider_Name" { provider(value) } else { value };
        fields.push((name.to_owned(), Some(value.to_owned())));
    }
    let mut event = Event::at(line.range, "");
    set_time(&mut event, time, instant(time, Order::MonthFirst), clock);
    line.encoding.note(&mut event.options);
    hand_on(event, fields, message.unwrap_or_default(), out)
}

/// Windows' own name of what Splunk calls so.
fn own_name(name: &str) -> &str {
    match name {
        "LogName" => "Channel",
        "EventCode" => "EventID",
        "ComputerName" => "Computer",
        "SourceName" => "Provider_Name",
        "RecordNumber" => "EventRecordID",
        "Sid" => "Security_UserID",
        other => other,
    }
}

/// Messages name the audit by its title.
fn provider(name: &str) -> &str {
    match name {
        "Microsoft Windows security auditing." => "Microsoft-Windows-Security-Auditing",
        other => other,
    }
}

fn table_row(row: &Row<'_>, clock: &mut Clock, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    let cells: Vec<_> = row.cells().collect();
    let [first, date, source, number, task, rest @ ..] = &cells[..] else {
        return Ok(Err(broken("a row without the columns of such a table")));
    };
    if *date == COLUMNS[0] {
        return Ok(Ok(()));
    }
    let mut event = Event::at(row.ranges.first().copied().unwrap_or(Range { offset: 0, length: 0 }), "");
    set_time(&mut event, date.trim(), instant(date, Order::Unknown), clock);
    event.options.0.extend(row.options.0.clone());
    // The level is a word, where the event itself has a number.
    let name = if first.starts_with("Audit ") { "Keywords" } else { "LevelDisplayName" };
    let own = [(name, first), ("Provider_Name", source), ("EventID", number), ("TaskCategory", task)];
    let fields = own.map(|(name, cell)| (name.to_owned(), Some(provider(cell.trim()).to_owned())));
    hand_on(event, fields.into(), rest.first().map_or("", |message| message), out)
}

fn broken(detail: &str) -> Broken {
    Broken { cause: Cause::UnreadableRecord, detail: detail.to_owned() }
}

fn set_time(event: &mut Event, text: &str, time: Option<Time>, clock: &mut Clock) {
    event.time_text = Some(text.to_owned());
    let reading = clock.read(time.map(|time| Stamp::Full(Stated::Local(time))));
    event.time = reading.time;
    event.time_assumed = reading.assumed.map(str::to_owned);
    event.options = reading.options.clone();
}

fn hand_on(
    mut event: Event,
    mut fields: Fields,
    message: &str,
    out: &mut Batcher<'_>,
) -> io::Result<Result<(), Broken>> {
    let id =
        fields.iter().find(|(name, _)| name == "EventID").and_then(|(_, id)| id.as_deref()?.parse().ok());
    fields.extend(rendered::fields(id, message));
    fields.push((MESSAGE.to_owned(), Some(message.to_owned())));
    event.fields = fields;
    windows::fill_spine(&mut event);
    out.event(&event).map(Ok)
}

/// Which of two numbers is the month.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    MonthFirst,
    /// To be told by the notation, or not at all.
    Unknown,
}

/// `09/14/2026 08:12:03 AM`, `14.09.2026 08:12:03`, `2026-09-14 08:12:03`: the local reading. `None` if it is no time, or
/// day and month cannot be told apart.
fn instant(text: &str, order: Order) -> Option<Time> {
    let text = text.trim();
    if order == Order::Unknown
        && let Some(Stated::Local(time)) = Time::parse(text)
    {
        return Some(time);
    }
    let (date, rest) = text.split_once(' ')?;
    let separator =
        date.bytes().find(|byte| !byte.is_ascii_digit()).filter(|byte| matches!(byte, b'/' | b'.'))?;
    let mut parts = date.split(char::from(separator)).map(|part| clock::number(part.as_bytes()));
    let (Some(Some(one)), Some(Some(other)), Some(Some(year)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let (day_time, half) = match rest.split_once(' ') {
        Some((day_time, half)) => (day_time, Some(half)),
        None => (rest, None),
    };
    let is_american = order == Order::MonthFirst || half.is_some();
    let (month, day) = match (separator, is_american) {
        (b'.', _) => (other, one),
        (_, true) => (one, other),
        (_, false) if other > 12 => (one, other),
        (_, false) if one > 12 || one == other => (other, one),
        _ => return None,
    };
    let padded =
        if day_time.as_bytes().get(1) == Some(&b':') { format!("0{day_time}") } else { day_time.to_owned() };
    let (of_day, length) = clock::of_day(padded.as_bytes())?;
    if length != padded.len() {
        return None;
    }
    let hours = of_day / (3600 * clock::SECOND);
    let shift = match (half, hours) {
        (None, _) | (Some("AM"), 1..=11) | (Some("PM"), 12) => 0,
        (Some("AM"), 12) => -12,
        (Some("PM"), 1..=11) => 12,
        _ => return None,
    };
    let days = clock::days(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    Some(Time(days * clock::DAY + of_day + shift * 3600 * clock::SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_told_by_its_notation_or_not_at_all() {
        let told = |text: &str| instant(text, Order::Unknown).map(|time| time.to_string());
        let expected = Some("2026-09-04T20:12:03Z".to_owned());
        for text in ["9/4/2026 8:12:03 PM", "04.09.2026 20:12:03", "2026-09-04 20:12:03"] {
            assert_eq!(told(text), expected, "{text}");
        }
        assert_eq!(told("14/09/2026 20:12:03"), Some("2026-09-14T20:12:03Z".to_owned()));
        assert_eq!(told("12/31/2026 12:00:00 AM"), Some("2026-12-31T00:00:00Z".to_owned()));
        for text in ["04/09/2026 20:12:03", "9/4/2026 20:12:03 PM", "31.02.2026 20:12:03", "a b", ""] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
