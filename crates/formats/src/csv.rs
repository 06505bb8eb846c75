//! What can be said of tables in text of a make that nobody here knows?
//!
//! Each row becomes a generic event with a field per cell: the time by the names that such exports
//! usually give it. What a column means is for a mapping to say; no verb is guessed here. The parts
//! (where a row ends, how a table is written) serve every format that is a table in text.

mod cells;
mod encoding;
mod layout;
mod rows;

use std::io;

use assize_model::{Batcher, Card, Confidence, Event, Format, Input, ReadingOptions, Slice, Time};

use crate::json::Broken;
use crate::json_lines;

pub(crate) use encoding::CODE_PAGE;
pub(crate) use layout::Layout;

pub(crate) use cells::{Cut, Dialect, Span, cut};
pub(crate) use rows::{
    Each, Row, first_bare_rows, first_rows, names, raw_text, read_bare_rows, read_rows, reread,
};

/// Own field of a row that has more or fewer cells than there are names.
pub(crate) const RAGGED: &str = "Record_Ragged";

/// See the module's text.
pub(crate) struct Csv;

static CARD: Card = Card {
    name: "csv",
    title: "Tables in text (CSV, TSV) of unknown make",
    doc: "Rows under a header, with comma, semicolon, tab or pipe between the cells, quotes by RFC 4180, in \
          UTF-8, UTF-16 or a Windows code page: all told by content. A cell may hold line breaks. Every row \
          becomes a generic event with a field per cell, its time from a column of a usual name, else from \
          the first cell that holds date and clock, marked so; an event's locator names the row and the header. A \
          legend before the header belongs to it; a header that comes again (files put one after another) \
          holds for what follows. A row with more or fewer cells than there are names is an event with all \
          its cells and says so in `Record_Ragged`; a row that the file's end cuts, a quote that is never \
          closed, and a row longer than 16 MiB are gaps. Without a header columns are `column_1` and so on. \
          Bytes that are not UTF-8 are read as windows-1252, row by row, and the locator says so.",
    example: "time;user;document\n2026-09-14T08:12:03Z;m.okafor;D-1187\n",
    links: &["https://www.rfc-editor.org/rfc/rfc4180"],
    version: 1,
};

impl Format for Csv {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "generic"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("read", "real")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let layout = Layout::of(head)?;
        Some(Confidence(if layout.header.is_some() { 15 } else { 10 }))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        read_rows(input.bytes, out, &mut one)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        reread(slices, options, out, &mut one)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        raw_text(slices)
    }
}

fn one(row: &Row<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    out.event(&event(row)).map(Ok)
}

/// A generic event with all cells of its row.
pub(crate) fn event(row: &Row<'_>) -> Event {
    let mut event = Event { source: "csv".into(), ..json_lines::event(row.ranges[0], row.fields()) };
    if event.time.is_none() {
        first_time(&mut event);
    }
    event.ranges = row.ranges.to_vec();
    event.options = row.options.clone();
    if let Some(ragged) = row.ragged() {
        event.fields.push((RAGGED.into(), Some(ragged)));
    }
    event
}

/// Without a column of a usual name: the first cell that holds date and clock, which is an assumption.
fn first_time(event: &mut Event) {
    let clock = |(name, value): &(String, Option<String>)| {
        let text = value.as_deref().filter(|text| text.contains(':'))?;
        Some((name.clone(), text.to_owned(), Time::parse(text)?))
    };
    let Some((name, text, stated)) = event.fields.iter().find_map(clock) else { return };
    event.set_time(&text, Some(stated));
    let assumed = event.time_assumed.take().map_or(String::new(), |assumed| format!("; {assumed}"));
    event.time_assumed = Some(format!("the first date and time in its row, under `{name}`{assumed}"));
}
