//! What can be said of JSON records of a make that nobody here knows?
//!
//! Each becomes a generic event: time and host by the names that such logs usually give them, every
//! field kept. No verb is guessed: what a field means is for a mapping file to say.

use std::io;

use assize_model::{Batcher, Card, Confidence, Format, Input, ReadingOptions, Slice};

use crate::json::{self, Make, Own, Record};
use crate::meaning::Meaning;

/// See the module's text.
pub(crate) struct JsonLines;

static CARD: Card = Card {
    name: "json",
    title: "JSON records of unknown make",
    doc: "JSON objects, one a line, one after another, or in an array. Every record becomes a generic event \
          with all its fields (`a.b` for what is nested, a repeated name for an array); time and host are \
          taken from fields with the usual names. No verb is guessed.",
    example: r#"{"time":"2026-09-14T08:12:03Z","host":"dms01","user":"m.okafor","document":"D-1187"}"#,
    links: &["https://www.rfc-editor.org/rfc/rfc8259", "https://jsonlines.org/"],
    version: 1,
};

/// Names under which logs state when something happened, the most particular first.
const TIME_NAMES: &[&str] = &[
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "datetime",
    "eventTime",
    "event_time",
    "EventTime",
    "TimeGenerated",
    "CreationTime",
    "created_at",
    "createdAt",
    "published",
    "date",
    "_time",
    "start",
    "when",
];

/// Names under which logs state where it happened.
const HOST_NAMES: &[&str] =
    &["host.name", "host.hostname", "hostname", "Hostname", "Computer", "computer", "host", "server"];

impl Format for JsonLines {
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
        let records = json::looks_like_records(head) && !json::first_records(head, 1).is_empty();
        records.then_some(Confidence(20))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        MAKE.read(input, out)
    }

    fn reread(&self, slices: &[Slice], _: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        MAKE.reread(slices, out)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        json::raw_text(slices)
    }
}

/// Every record is of this make.
static MAKE: Make = Make { own: OWN, spliced: &[], meaning: own_meaning };

/// How many names [`by_usual_names`] asks for.
pub(crate) const USUAL: usize = TIME_NAMES.len() + HOST_NAMES.len();

/// The names of both lists, so that they need not be looked for in every record.
pub(crate) const OWN: &[&str; USUAL] = &{
    let mut all = [""; USUAL];
    let mut place = 0;
    while place < all.len() {
        all[place] = match place < TIME_NAMES.len() {
            true => TIME_NAMES[place],
            false => HOST_NAMES[place - TIME_NAMES.len()],
        };
        place += 1;
    }
    all
};

fn own_meaning(record: &Record) -> Option<Meaning<'_>> {
    // A key may hold the dot itself; then it is no own field.
    let find = |name: &str| {
        let place = OWN.iter().position(|known| *known == name)?;
        let dotted = || if name.contains('.') { record.field(name) } else { None };
        record.own(Own(place as u16)).or_else(dotted)
    };
    Some(by_usual_names("json", find))
}

/// What can be said of any record: when and where.
pub(crate) fn meaning(record: &Record) -> Meaning<'_> {
    by_usual_names("json", |name| record.field(name))
}

/// The same, of whatever has fields by name.
pub(crate) fn by_usual_names<'a>(
    source: &'static str,
    find: impl Fn(&str) -> Option<&'a str>,
) -> Meaning<'a> {
    let mut meaning = Meaning::of(source);
    for name in TIME_NAMES {
        let Some(text) = find(name) else { continue };
        meaning.set_time(text, "no zone stated; read as UTC");
        if meaning.time.is_some() {
            break;
        }
    }
    meaning.host = HOST_NAMES.iter().find_map(|name| find(name)).map(Into::into);
    meaning
}
