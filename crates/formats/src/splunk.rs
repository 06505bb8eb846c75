//! What do rows of an export of Splunk say?
//!
//! JSON (`{"preview":…,"result":{…}}`, one a line) or a table, with the record as it was indexed in `_raw` and what
//! Splunk made of it beside it. The record is read by the format whose make it is, as it would be in a file of its
//! own; Splunk's columns stay behind its fields. Which format that is stands in the locator, so that a row alone
//! gives its event again. Makes that have this wrapping in their own format (`m365-audit`, `aws-cloudtrail`) are
//! read there, faster; here comes everything else, and exports that mix sources. What `_raw` is not there for, or of
//! no known make, is a generic event.

use std::borrow::Cow;
use std::io::{self, Read};

use assize_model::time::Stated;
use assize_model::{Around, Batcher, Card, Confidence, Format, Input, Range, ReadingOptions, Slice, Time};

use crate::clock;
use crate::csv::{self, Row};
use crate::json::{self, Fields};

/// See the module's text.
pub(crate) struct Splunk;

static CARD: Card = Card {
    name: "splunk",
    title: "Exports of Splunk with `_raw` (JSON, CSV)",
    doc: "Rows of an export of Splunk, whatever they hold: the record in `_raw` is read by the format that knows it \
          (Windows events as XML, syslog, web access logs, cloud logs …), and every column that Splunk added stays \
          beside its fields. The locator says which format that was (`inner`). A record without a time has Splunk's \
          `_time`, and says so; one without a year has the latest that is not after it, one without a zone the zone in \
          which `_time` reads it. A record of several lines is \
          one record. A row without `_raw`, or with one that nobody knows, is a generic event.",
    example: r#"{"preview":false,"offset":0,"result":{"_raw":"Sep 14 08:12:03 fs1 sshd[411]: Accepted …","_time":"2026-09-14T08:12:03.000+02:00","sourcetype":"linux_secure"}}"#,
    links: &["https://docs.splunk.com/Documentation/Splunk/latest/Search/Exportsearchresults"],
    version: 1,
};

const RAW: &str = "_raw";
const TIME: &str = "_time";
/// Reading option: the name of the format that reads what is in `_raw`.
const INNER: &str = "inner";

/// Formats whose records stand by themselves, so that one alone can be read.
const ALONE: &[&str] = &[
    "windows-xml",
    "windows-text",
    "windows-json",
    "defender-hunting",
    "m365-audit",
    "entra",
    "aws-cloudtrail",
    "aws-s3-access",
    "okta",
    "google-workspace",
    "zeek-json",
    "squid",
    "web-access",
    "web-error",
    "auditd",
    "laurel",
    "syslog-json",
    "syslog",
    "postgresql",
    "postgresql-jsonlog",
    "json",
];

impl Format for Splunk {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "splunk"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("rows", "unproven"), ("table", "unproven"), ("rows of a make that nobody knows", "real")]
    }

    /// Less sure than the makes that have this wrapping themselves, if all records are theirs.
    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let known = if json::looks_like_records(head) {
            let has = |fields: &Fields, name: &str| fields.iter().any(|(key, _)| key == name);
            let one = |fields: &Fields| {
                has(fields, "result._raw")
                    || (has(fields, RAW) && has(fields, TIME) && has(fields, "sourcetype"))
            };
            json::first_records(head, 5).iter().any(one)
        } else {
            csv::names(head)
                .is_some_and(|names| [RAW, TIME].iter().all(|name| names.iter().any(|n| n == name)))
        };
        known.then_some(Confidence(90))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut head = Vec::new();
        (&mut *input.bytes).take(crate::HEAD as u64).read_to_end(&mut head)?;
        let records = json::looks_like_records(&head);
        let mut whole = io::Cursor::new(head).chain(&mut *input.bytes);
        let mut reader = Reader { given: input.options, inner: None };
        if records {
            return json::read(&mut whole, out, &mut |range, record, out| reader.record(range, record, out));
        }
        csv::read_rows(&mut whole, input.options, out, &mut |row, out| reader.row(row, out).map(Ok))
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let inner = options.0.get(INNER).and_then(|name| crate::by_name(name));
        let mut reader = Reader { given: options, inner };
        if json::is_located(slices, options) {
            return json::reread(slices, out, &mut |range, record, out| reader.record(range, record, out));
        }
        csv::reread(slices, options, out, &mut |row, out| reader.row(row, out).map(Ok))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        if slices.len() > 1 { csv::raw_text(slices) } else { json::raw_text(slices) }
    }
}

/// Goes through rows; the format of the last one is asked first.
struct Reader<'o> {
    given: &'o ReadingOptions,
    inner: Option<&'static dyn Format>,
}

impl Reader<'_> {
    fn record(&mut self, range: Range, record: &json::Record, out: &mut Batcher<'_>) -> io::Result<()> {
        let short = |name: &'_ str| name.strip_prefix("result.").unwrap_or(name).to_owned();
        let pairs = || record.pairs().map(|(name, value)| (short(name), value.map(str::to_owned)));
        let raw = record.field("result._raw").or_else(|| record.field(RAW));
        let events = match raw {
            Some(raw) => self.inside(raw, pairs().collect(), vec![range], &clock::NONE, out)?,
            None => 0,
        };
        if events > 0 {
            return Ok(());
        }
        let time = record.field("result._time").or_else(|| record.field(TIME)).and_then(instant);
        let options = ReadingOptions::default();
        let around = Around { ranges: vec![range], options, fields: Fields::new(), time, settle };
        out.within(around, |out| json::unknown(range, record, out)).map(|_| ())
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let raw: Option<Cow<'_, str>> = row.header.column(RAW).and_then(|place| row.cell(place));
        let events = match raw.filter(|_| row.ragged().is_none()) {
            Some(raw) => self.inside(&raw, row.fields(), row.ranges.to_vec(), row.options, out)?,
            None => 0,
        };
        if events == 0 { csv::unknown(row, out) } else { Ok(()) }
    }

    /// Hands on the event that is in `_raw`; none if nobody knows what it is.
    fn inside(
        &mut self,
        raw: &str,
        mut fields: Fields,
        ranges: Vec<Range>,
        of_row: &ReadingOptions,
        out: &mut Batcher<'_>,
    ) -> io::Result<u64> {
        let Some(inner) = self.format_of(raw.as_bytes()) else { return Ok(0) };
        let indexed = fields.iter().find(|(name, _)| name == TIME).and_then(|(_, value)| value.as_deref());
        let time = indexed.and_then(instant);
        // What JSON holds stands in its own fields already.
        if raw.trim_start().starts_with('{') {
            fields.retain(|(name, _)| name != RAW);
        }
        let mut options = self.given.clone();
        // That of the export; here everything is decoded.
        options.0.remove(crate::lines::ENCODING);
        if let Some(time) = time.filter(|_| !options.0.contains_key(clock::YEAR)) {
            options.0.entry(clock::NOT_AFTER.to_owned()).or_insert_with(|| time.to_string());
        }
        let mut around = Around { ranges, options: of_row.clone(), fields, time, settle };
        around.options.0.insert(INNER.to_owned(), inner.card().name.to_owned());
        let range = Range { offset: 0, length: raw.len() as u64 };
        let slice = Slice { range, bytes: raw.as_bytes().to_vec() };
        out.within(around, |out| inner.reread(&[slice], &options, out))
    }

    fn format_of(&mut self, raw: &[u8]) -> Option<&'static dyn Format> {
        if let Some(last) = self.inner.filter(|last| last.recognise(raw).is_some_and(|sure| sure.0 >= 60)) {
            return Some(last);
        }
        let formats = ALONE.iter().filter_map(|name| crate::by_name(name));
        let sure = formats.filter_map(|format| Some((format.recognise(raw)?, format)));
        // Of equally sure ones the last: `json` knows whatever is JSON, and is never surer than another.
        self.inner = sure.max_by_key(|(sure, _)| *sure).map(|(_, format)| format);
        self.inner
    }
}

const TAKEN: &str = "what the record leaves out of its time is by Splunk's `_time`";

/// Where a record's own time rests on an assumption, the zone in which the indexer read it is taken: the two differ
/// by it, a multiple of a quarter of an hour. A record without a time has that of the index.
fn settle(own: Option<Time>, assumed: bool, indexed: Time) -> Option<(Time, &'static str)> {
    const QUARTER: i64 = 900 * clock::SECOND;
    const WIDEST: i64 = 14 * 4;
    let Some(own) = own else {
        return Some((indexed, TAKEN));
    };
    let difference = own.0.checked_sub(indexed.0).filter(|_| assumed)?;
    // `_time` may have lost what is less than a second.
    let quarters = (difference + QUARTER / 2).div_euclid(QUARTER);
    let zone =
        quarters != 0 && quarters.abs() <= WIDEST && (difference - quarters * QUARTER).abs() < clock::SECOND;
    let zoned = own.0.checked_sub(quarters * QUARTER).filter(|_| zone)?;
    Some((Time(zoned), TAKEN))
}

/// An instant with its zone, or a number since 1970: how exports write `_time`.
fn instant(text: &str) -> Option<Time> {
    match Time::parse(text) {
        Some(Stated::Instant(time)) => Some(time),
        Some(Stated::Local(_)) => None,
        None => Time::of_unix(text),
    }
}
