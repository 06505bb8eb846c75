//! What does syslog say that came as JSON?
//!
//! Azure Monitor's table `Syslog`, as Sentinel keeps and exports it: one object a message, the envelope in columns of
//! its own, the text in `SyslogMessage`. What the programs say in it is understood as in any other syslog, the audit
//! daemon's records by Azure's agent (`auoms`) among them. Sysmon for Linux writes XML into its message: that event
//! keeps its envelope and its text, and nothing more is read of it.

use std::io;

use assize_model::time::Stated;
use assize_model::{Batcher, Card, Confidence, Format, Input, Range, ReadingOptions, Slice};

use crate::clock::{self, Reading};
use crate::json::{self, Fields};
use crate::lines::Encoding;
use crate::record::Record;
use crate::syslog::{self, Envelope};

/// See the module's text.
pub(crate) struct SyslogJson;

static CARD: Card = Card {
    name: "syslog-json",
    title: "Syslog as JSON (table Syslog of Azure Monitor and Sentinel)",
    doc: "Messages of syslog as records of Azure Monitor's table `Syslog`. Time is `EventTime`, which the sender \
          stated, else `TimeGenerated`; host is `HostName`, else `Computer`; the program is `ProcessName`. The message \
          means what it means in lines of syslog, and what is understood of it stands behind the record's own \
          columns. A record of another make in the same file becomes a generic event.",
    example: r#"{"TimeGenerated":"2026-09-14T08:12:04Z","Computer":"reg-fs01","EventTime":"2026-09-14T08:12:03Z","Facility":"auth","SyslogMessage":"Accepted publickey for …",…}"#,
    links: &["https://learn.microsoft.com/azure/azure-monitor/reference/tables/syslog"],
    version: 1,
};

/// Records looked at to recognise a file.
const SAMPLE: usize = 5;

impl Format for SyslogJson {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "syslog"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("envelope", "real"), ("auditd by Azure's agent", "real"), ("other programs", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        if !json::looks_like_records(head) {
            return None;
        }
        let records = json::first_records(head, SAMPLE);
        let has =
            |fields: &Fields, name: &str| fields.iter().any(|(key, value)| key == name && value.is_some());
        let is_one = |fields: &&Fields| {
            has(fields, "SyslogMessage")
                && (has(fields, "Facility") || has(fields, "SeverityLevel"))
                && (has(fields, "HostName") || has(fields, "Computer"))
        };
        let known = records.iter().filter(is_one).count();
        (known > 0 && known * 2 >= records.len()).then_some(Confidence(91))
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

fn one(range: Range, found: &json::Record, out: &mut Batcher<'_>) -> io::Result<()> {
    let Some(message) = found.field("SyslogMessage") else { return json::unknown(range, found, out) };
    let text = |name: &str| found.field(name).filter(|text| !text.is_empty());
    let time_text = text("EventTime").or_else(|| text("TimeGenerated")).unwrap_or("");
    let host = text("HostName").or_else(|| text("Computer"));
    let envelope = Envelope {
        priority: None,
        stamp: None,
        time_text,
        host,
        app: text("ProcessName"),
        process_id: text("ProcessID").or_else(|| text("ProcessId")),
        message_id: None,
        structured: None,
        message,
    };
    let mut record = Record::of("linux/syslog");
    record.at(time_text, reading(time_text));
    record.host = host.map(Into::into);
    record.fields.extend(found.pairs().map(|(name, value)| (name.into(), value.map(Into::into))));
    syslog::says(&envelope, &mut record);
    record.event_of_ranges(&[range], Encoding::Utf8, out)
}

/// Azure Monitor keeps UTC, and says so where it writes a zone at all.
fn reading(text: &str) -> Reading<'static> {
    let stated = clock::iso(text.as_bytes()).map(|(stated, _)| stated);
    let (time, assumed) = match stated {
        Some(Stated::Instant(time)) => (Some(time), None),
        Some(Stated::Local(time)) => (Some(time), Some("no zone stated; UTC by Azure Monitor's reference")),
        None => (None, None),
    };
    Reading { time, assumed, options: &clock::NONE }
}
