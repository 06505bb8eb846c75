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
use assize_model::{Batcher, Card, Confidence, Format, Input, ReadingOptions, Slice};
use memchr::memchr;

pub(crate) use self::meaning::{PROOF, Values, path_of, say};
use crate::record::{Record, Text};
use crate::{headed, lines};

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
        headed::read::<Header>(input, out)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        headed::reread::<Header>(slices, options, out)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

/// What a header says of the lines below it.
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

impl Default for Header {
    fn default() -> Self {
        Self {
            separator: b'\t',
            set_separator: ",".into(),
            empty: "(empty)".into(),
            unset: "-".into(),
            path: String::new(),
            source: "zeek".into(),
            open: String::new(),
            fields: Vec::new(),
            slots: meaning::Slots::default(),
        }
    }
}

impl headed::Header for Header {
    fn take(&mut self, line: &str) {
        let Some((name, rest)) = line.split_once(['\t', ' ']) else { return };
        match name {
            // Half of a character separates nothing: lines are cut between characters.
            "#separator" => {
                let byte = unescaped(rest).bytes().next();
                self.separator = byte.filter(u8::is_ascii).unwrap_or(b'\t');
            }
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

    fn itself(&self) -> Record<'_> {
        let mut record = Record::of(self.source.as_str());
        record.to(ObjectKind::Log, self.path.as_str());
        if !self.open.is_empty() {
            record.time_text = Some(self.open.as_str().into());
            record.own("#open", self.open.as_str());
        }
        record.own("#path", self.path.as_str());
        record
    }

    fn line<'a>(&'a self, line: &'a str) -> Result<Record<'a>, String> {
        if self.fields.is_empty() {
            return Err("no header above this line names its columns".into());
        }
        let mut record = Record::of(self.source.as_str());
        let mut values = Values::default();
        let found = self.columns(line, &mut record, &mut values);
        if found != self.fields.len() {
            return Err(format!("{found} columns where the header names {}", self.fields.len()));
        }
        say(&self.path, &values, &mut record);
        Ok(record)
    }

    fn mark<'a>(&'a self, line: &'a str) -> Option<Record<'a>> {
        let text = line.strip_prefix("#close")?.trim();
        let mut record = Record::of(self.source.as_str());
        record.to(ObjectKind::Log, self.path.as_str());
        record.time_text = Some(text.into());
        record.own("#close", text);
        Some(record)
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
