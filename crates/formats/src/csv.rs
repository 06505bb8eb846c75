//! What can be said of tables in text of a make that nobody here knows?
//!
//! Each row becomes a generic event with a field per cell: the time by the names that such exports
//! usually give it. What a column means is for a mapping to say; no verb is guessed here. The parts
//! (where a row ends, how a table is written) serve every format that is a table in text.

mod cells;
mod encoding;
mod layout;
mod rows;

use std::borrow::Cow;
use std::io;

use assize_model::time::Stated;
use assize_model::{Batcher, Card, Confidence, Format, Input, ReadingOptions, Slice, Time};

use crate::meaning::{Meaning, Text};
use crate::{clock, json_lines};

pub(crate) use layout::Layout;

pub(crate) use cells::{Cut, Dialect, Span, cut};
pub(crate) use rows::{
    Each, HEADER, Row, first_bare_rows, first_rows, names, raw_text, read_bare_rows, read_rows, reread,
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
          closed, and a row longer than 16 MiB are gaps. Without a header columns are `column_1` and so on, \
          and the locator says so. \
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
        let layout = Layout::of(head, &clock::NONE)?;
        Some(Confidence(if layout.header.is_some() { 15 } else { 10 }))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut generic = Generic::default();
        read_rows(input.bytes, input.options, out, &mut |row, out| generic.one(row, out).map(Ok))
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        reread(slices, options, out, &mut |row, out| unknown(row, out).map(Ok))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        raw_text(slices)
    }
}

/// Reads rows, and remembers where the columns of usual names stand.
#[derive(Default)]
struct Generic {
    /// Of which header `places` are.
    header: Option<usize>,
    /// Those of `json_lines::OWN`.
    places: [Option<usize>; json_lines::USUAL],
}

impl Generic {
    fn one(&mut self, row: &Row<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        if self.header != Some(row.header.number) {
            let names = &row.header.names;
            self.places = json_lines::OWN.map(|usual| names.iter().position(|name| name == usual));
            self.header = Some(row.header.number);
        }
        let mut cells: Vec<(Text<'_>, Text<'_>)> = Vec::with_capacity(row.len());
        cells.extend(row.pairs());
        let find = |name: &str| {
            let usual = json_lines::OWN.iter().position(|usual| *usual == name)?;
            cells.get(self.places[usual]?).map(|(_, cell)| &**cell)
        };
        let mut meaning = json_lines::by_usual_names("csv", find);
        if meaning.time.is_none() {
            first_time(&mut meaning, &cells);
        }
        let ragged = row.ragged();
        let ragged = ragged.as_deref().map(|ragged| (RAGGED, Some(ragged)));
        let fields = cells.iter().map(|(name, cell)| (&**name, Some(&**cell)));
        out.event_view(&meaning.view(row.ranges, row.options), meaning.links(), fields.chain(ragged))
    }
}

/// A row that is of no make that the reading format knows, as a generic event.
pub(crate) fn unknown(row: &Row<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
    Generic::default().one(row, out)
}

/// Without a column of a usual name: the first cell that holds date and clock, which is an assumption.
fn first_time<'c>(meaning: &mut Meaning<'c>, cells: &'c [(Text<'_>, Text<'_>)]) {
    let clock = |(name, cell): &'c (Text<'_>, Text<'_>)| {
        let stated = cell.contains(':').then(|| Time::parse(cell)).flatten()?;
        Some((name, cell, stated))
    };
    let Some((name, cell, stated)) = cells.iter().find_map(clock) else { return };
    let (Stated::Instant(time) | Stated::Local(time)) = stated;
    let zone = if matches!(stated, Stated::Local(_)) { "; no zone stated; read as UTC" } else { "" };
    meaning.time = Some(time);
    meaning.time_text = Some(Cow::Borrowed(cell));
    meaning.time_assumed = Some(format!("the first date and time in its row, under `{name}`{zone}").into());
}
