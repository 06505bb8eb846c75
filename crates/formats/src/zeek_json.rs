//! What does Zeek's JSON say?
//!
//! The same logs as `zeek.rs`, one object a line, as Zeek writes them (`LogAscii::use_json`) or a shipper
//! does, who adds the log's name as `_path`. Without it the log is told by its fields.

use std::io;

use assize_model::{Batcher, Card, Confidence, Format, Input, Range, ReadingOptions, Slice};

use crate::clock;
use crate::json::{self, Fields};
use crate::record::Record;
use crate::zeek::{PROOF, Values, path_of, say};

/// See the module's text.
pub(crate) struct ZeekJson;

static CARD: Card = Card {
    name: "zeek-json",
    title: "Zeek logs (JSON)",
    doc: "Logs of the network monitor Zeek as JSON, one object a line. The log is the one that `_path` names, \
          else the one whose fields they are. Means what the same log means as TSV. A record of another make in \
          the same file becomes a generic event.",
    example: r#"{"_path":"conn","ts":1789371123.250143,"uid":"CmES5u32sYpV7JYN","id.orig_h":"10.20.1.14"}"#,
    links: &["https://docs.zeek.org/en/master/log-formats.html"],
    version: 1,
};

/// Records looked at to recognise a file.
const SAMPLE: usize = 5;

impl Format for ZeekJson {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "zeek"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        PROOF
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        if !json::looks_like_records(head) {
            return None;
        }
        let records = json::first_records(head, SAMPLE);
        let known = records.iter().filter(|fields| is_zeek(fields)).count();
        (known > 0 && known * 2 >= records.len()).then_some(Confidence(92))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        json::read(input.bytes, out, &mut one)
    }

    fn reread(&self, slices: &[Slice], _: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        json::reread(slices, out, &mut one)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        json::raw_text(slices)
    }
}

fn record<'a>(pairs: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Record<'a> {
    let mut record = Record::of("zeek");
    record.fields.extend(pairs.map(|(name, value)| (name.into(), value.map(Into::into))));
    record
}

/// Many logs have a `ts` and a `uid`; only Zeek has these beside them.
fn is_zeek(fields: &Fields) -> bool {
    let record = record(fields.iter().map(|(name, value)| (name.as_str(), value.as_deref())));
    let values = Values::of(&record);
    let named = |name: &str| record.field(name).is_some();
    path_of(&values, &record).is_some()
        && ["id.orig_h", "fuid", "_write_ts", "software_type", "note"].into_iter().any(named)
}

fn one(range: Range, found: &json::Record, out: &mut Batcher<'_>) -> io::Result<()> {
    let mut record = record(found.pairs());
    let values = Values::of(&record);
    let Some(path) = path_of(&values, &record) else { return json::unknown(range, found, out) };
    record.source = format!("zeek/{path}").into();
    say(&path, &values, &mut record);
    found.hand_on(&record, &[range], &clock::NONE, out)
}
