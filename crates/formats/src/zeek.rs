//! What does Zeek's ASCII log say?
//!
//! Columns by the header above them. A file may hold several headers (rotated logs put one after
//! another), of several logs. A record's locator names its header beside it: without it the columns have
//! no names. A header and a `#close` line are events too, so that a log that was written and stayed empty
//! is seen; their clock is that of the writer's wall and zone, not that of the records, and so they have
//! the text of a time and no time. What the columns mean is for `zeek/meaning.rs`, alike for TSV and JSON.

mod meaning;

use std::io;

use assize_model::spine::ObjectKind;
use assize_model::{Batcher, Card, Cause, Confidence, Format, Input, Range, ReadingOptions, Slice};
use memchr::memchr;

pub(crate) use self::meaning::{PROOF, Values, path_of, say};
use crate::json::Broken;
use crate::lines::{self, Encoding, Line, Records};
use crate::record::{Record, Text};

/// See the module's text.
pub(crate) struct Zeek;

static CARD: Card = Card {
    name: "zeek",
    title: "Zeek logs (TSV)",
    doc: "Logs of the network monitor Zeek in its own notation, any log by its header. conn, dns, http, ssl, \
          files, smb_files, smb_mapping, kerberos, ntlm, rdp, dce_rpc, ssh, ftp and smtp fill the spine. A \
          column that is unset (`-`) is absent, one that is `(empty)` is an empty text or `[]`, sets and \
          vectors repeat the column's name, as in the JSON that Zeek writes. Times below 2001 are counted from \
          the beginning of a capture and are no instants.",
    example: "1789371123.250143\tCmES5u32sYpV7JYN\t10.20.1.14\t50311\t10.20.0.9\t445\ttcp\tsmb\t…",
    links: &[
        "https://docs.zeek.org/en/master/log-formats.html",
        "https://docs.zeek.org/en/master/logs/index.html",
    ],
    version: 1,
};

impl Format for Zeek {
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
        let lines = lines::first_lines(head, 12);
        let fields = lines.iter().any(|line| line.starts_with("#fields\t"));
        let first = lines.first()?;
        let begun = ["#separator", "#fields\t", "#set_separator", "#path\t"];
        (fields && begun.iter().any(|begin| first.starts_with(begin))).then_some(Confidence(95))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut reader = Reader::default();
        lines::read(input.bytes, input.options, Records::Lines, out, &mut |line, out| {
            reader.line(line, out)
        })?;
        reader.header_event(out)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut reader = Reader::default();
        let header = slices.get(1).unwrap_or(slices.first().unwrap_or(&EMPTY));
        reader.begin(header.range);
        lines::header_lines(header, options).iter().for_each(|line| reader.header.take(line));
        reader.encoding = Encoding::of_options(options);
        if slices.len() < 2 {
            return reader.header_event(out);
        }
        reader.told = true;
        lines::reread(slices, options, out, &mut |line, out| reader.line(line, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

static EMPTY: Slice = Slice { range: Range { offset: 0, length: 0 }, bytes: Vec::new() };

/// What a header says of the lines below it.
#[derive(Default)]
struct Header {
    separator: u8,
    set_separator: String,
    empty: String,
    unset: String,
    path: String,
    source: String,
    open: String,
    fields: Vec<Column>,
    /// Where in [`Values`] each column goes.
    slots: meaning::Slots,
}

#[derive(Clone, Default)]
struct Column {
    name: String,
    several: bool,
    /// A text may be `(empty)`; a number may not.
    text: bool,
}

impl Header {
    fn begin() -> Self {
        Self {
            separator: b'\t',
            set_separator: ",".into(),
            empty: "(empty)".into(),
            unset: "-".into(),
            path: String::new(),
            source: "zeek".into(),
            ..Self::default()
        }
    }

    /// Takes a line that begins with `#`.
    fn take(&mut self, line: &str) {
        let Some((name, rest)) = line.split_once(['\t', ' ']) else { return };
        match name {
            "#separator" => self.separator = unescaped(rest).bytes().next().unwrap_or(b'\t'),
            "#set_separator" => rest.clone_into(&mut self.set_separator),
            "#empty_field" => rest.clone_into(&mut self.empty),
            "#unset_field" => rest.clone_into(&mut self.unset),
            "#path" => {
                rest.clone_into(&mut self.path);
                self.source = format!("zeek/{rest}");
            }
            "#open" => rest.clone_into(&mut self.open),
            "#fields" => {
                let column = |name: &str| Column { name: name.to_owned(), several: false, text: true };
                self.fields = rest.split(char::from(self.separator)).map(column).collect();
                self.slots = meaning::Slots::of(self.fields.iter().map(|column| column.name.as_str()));
            }
            "#types" => {
                for (column, kind) in self.fields.iter_mut().zip(rest.split(char::from(self.separator))) {
                    column.several = kind.starts_with("set[") || kind.starts_with("vector[");
                    column.text = matches!(kind, "string" | "pattern" | "func" | "file");
                }
            }
            _ => {}
        }
    }
}

/// Goes through a file line by line.
#[derive(Default)]
struct Reader {
    header: Header,
    range: Range,
    encoding: Encoding,
    /// Whether the lines that come are below the header, and not a part of it.
    below: bool,
    /// Whether the header has been handed on as an event.
    told: bool,
}

impl Reader {
    fn begin(&mut self, range: Range) {
        *self = Self { header: Header::begin(), range, ..Self::default() };
    }

    fn line(&mut self, line: &Line<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
        if !line.text.starts_with('#') {
            return self.record(line, out);
        }
        if line.text.starts_with("#close") {
            return self.close(line, out).map(Ok);
        }
        match lines::with_line(self.range, line.range).filter(|_| !self.below) {
            Some(longer) => self.range = longer,
            None => {
                self.header_event(out)?;
                self.begin(line.range);
            }
        }
        self.encoding = line.encoding;
        self.header.take(line.text);
        Ok(Ok(()))
    }

    fn record(&mut self, line: &Line<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
        let broken = |detail| Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }));
        if self.header.fields.is_empty() {
            return broken("no header above this line names its columns".into());
        }
        if !self.below {
            self.header_event(out)?;
            self.below = true;
        }
        let mut record = Record::of(self.header.source.as_str());
        let mut values = Values::default();
        let found = self.header.columns(line.text, &mut record, &mut values);
        if found != self.header.fields.len() {
            return broken(format!("{found} columns where the header names {}", self.header.fields.len()));
        }
        say(&self.header.path, &values, &mut record);
        record.event_of_ranges(&[line.range, self.range], line.encoding, out).map(Ok)
    }

    /// The header as an event, once.
    fn header_event(&mut self, out: &mut Batcher<'_>) -> io::Result<()> {
        if self.told || self.range.length == 0 {
            return Ok(());
        }
        self.told = true;
        let mut record = Record::of(self.header.source.as_str());
        record.to(ObjectKind::Log, self.header.path.as_str());
        if !self.header.open.is_empty() {
            record.time_text = Some(self.header.open.as_str().into());
            record.own("#open", self.header.open.as_str());
        }
        record.own("#path", self.header.path.as_str());
        record.event_of_ranges(&[self.range], self.encoding, out)
    }

    fn close(&mut self, line: &Line<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        self.header_event(out)?;
        self.below = true;
        let mut record = Record::of(if self.header.source.is_empty() { "zeek" } else { &self.header.source });
        let text = line.text["#close".len()..].trim();
        record.to(ObjectKind::Log, self.header.path.as_str());
        record.time_text = Some(text.into());
        record.own("#close", text);
        // Without a header above it, the line stands for itself.
        let ranges = [line.range, if self.range.length == 0 { line.range } else { self.range }];
        record.event_of_ranges(&ranges, line.encoding, out)
    }
}

impl Header {
    /// Puts a line's columns into a record and says how many there are.
    fn columns<'a>(&'a self, line: &'a str, record: &mut Record<'a>, values: &mut Values) -> usize {
        let mut rest = Some(line);
        let mut index = 0;
        while let Some(text) = rest {
            let end = memchr(self.separator, text.as_bytes());
            rest = end.map(|end| &text[end + 1..]);
            let value = &text[..end.unwrap_or(text.len())];
            if let Some(column) = self.fields.get(index)
                && value != self.unset
            {
                values.set(self.slots.of_column(index), record.fields.len());
                self.column(column, value, record);
            }
            index += 1;
        }
        index
    }

    fn column<'a>(&'a self, column: &'a Column, value: &'a str, record: &mut Record<'a>) {
        let name = column.name.as_str();
        match (value == self.empty, column.several) {
            (true, true) => record.own(name, "[]"),
            (true, false) if column.text => record.own(name, ""),
            (_, false) => record.own(name, unescaped(value)),
            (false, true) => {
                for element in value.split(self.set_separator.as_str()) {
                    let element = (element != self.unset).then(|| unescaped(element));
                    record.fields.push((name.into(), element));
                }
            }
        }
    }
}

/// `\x2c` is a comma, `\x0a` a line's end and `\\` a backslash. Other control characters, and what would not be UTF-8 keep
/// their escapes, as in Zeek's JSON.
fn unescaped(value: &str) -> Text<'_> {
    if memchr(b'\\', value.as_bytes()).is_none() {
        return Text::Borrowed(value);
    }
    let bytes = value.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at..] {
            [b'\\', b'\\', ..] => {
                decoded.push(b'\\');
                at += 2;
            }
            [b'\\', b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
                match digit(high) << 4 | digit(low) {
                    byte @ (b'\t' | b'\n' | b'\r') => decoded.push(byte),
                    0..0x20 | 0x7f => decoded.extend_from_slice(&bytes[at..at + 4]),
                    byte => decoded.push(byte),
                }
                at += 4;
            }
            [byte, ..] => {
                decoded.push(byte);
                at += 1;
            }
            [] => break,
        }
    }
    String::from_utf8(decoded).map_or_else(|_| Text::Borrowed(value), Text::Owned)
}
