//! What does Zeek's JSON say?
//!
//! The same logs as `zeek.rs`, one object a line, as Zeek writes them (`LogAscii::use_json`) or a shipper
//! does, who adds the log's name as `_path`. Without it the log is told by its fields.

use std::io;

use assize_model::{Batcher, Card, Confidence, Format, Input, Range, ReadingOptions, Slice};

use crate::json::{self, Broken, Fields};
use crate::json_lines;
use crate::lines::Encoding;
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
        json::read_records(input.bytes, out, &mut one)
    }

    fn reread(&self, slices: &[Slice], _: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        json::reread(slices, out, &mut one)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        json::raw_text(slices)
    }
}

fn record(fields: &Fields) -> Record<'_> {
    let mut record = Record::of("zeek");
    let own = fields.iter().map(|(name, value)| (name.as_str().into(), value.as_deref().map(Into::into)));
    record.fields.extend(own);
    record
}

/// Many logs have a `ts` and a `uid`; only Zeek has these beside them.
fn is_zeek(fields: &Fields) -> bool {
    let record = record(fields);
    let values = Values::of(&record);
    let named = |name: &str| record.field(name).is_some();
    path_of(&values, &record).is_some()
        && ["id.orig_h", "fuid", "_write_ts", "software_type", "note"].into_iter().any(named)
}

fn one(range: Range, bytes: &[u8], out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    let fields = match json::flatten(bytes) {
        Ok(fields) => fields,
        Err(broken) => return Ok(Err(broken)),
    };
    let mut record = record(&fields);
    let values = Values::of(&record);
    let Some(path) = path_of(&values, &record) else {
        drop(record);
        return out.event(&json_lines::event(range, fields)).map(Ok);
    };
    record.source = format!("zeek/{path}").into();
    say(&path, &values, &mut record);
    record.event_of_ranges(&[range], Encoding::Utf8, out).map(Ok)
}
