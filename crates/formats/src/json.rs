//! Where do JSON records begin and end, and what (name, value) pairs do they hold?
//!
//! Records may stand one a line, one after another over several lines, or in one array. Each is
//! located exactly. A record is flattened to pairs in its own order: `a.b` for what is nested, a
//! repeated name for each element of an array, `None` for null. Nothing here knows what the names
//! mean.

use std::fmt;
use std::io::{self, Read};

use assize_model::{Batcher, Cause, Range, Slice};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A record longer than this is a gap: one line must not fill the memory.
pub(crate) const RECORD_MAX: usize = 16 << 20;
const BLOCK: usize = 1 << 16;

/// A record's fields: names with dots, values as text, `None` for null.
pub(crate) type Fields = Vec<(String, Option<String>)>;

/// Takes a record; the inner result says in words what is wrong with it, if something is.
pub(crate) type Each<'e> =
    &'e mut dyn FnMut(Range, &[u8], &mut Batcher<'_>) -> io::Result<Result<(), Broken>>;

/// Reads every record of a stream and hands its place and bytes to `each`.
pub(crate) fn read_records(input: &mut dyn Read, out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
    let mut splitter = Splitter::default();
    let mut block = vec![0; BLOCK];
    loop {
        let read = match input.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                // What was read before the damage still counts.
                splitter.end(&mut |piece| handle(piece, out, each))?;
                return Err(error);
            }
        };
        splitter.feed(&block[..read], &mut |piece| handle(piece, out, each))?;
    }
    splitter.end(&mut |piece| handle(piece, out, each))
}

fn handle(piece: Piece<'_>, out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
    match piece {
        Piece::Record(range, bytes) => match each(range, bytes, out)? {
            Ok(()) => Ok(()),
            Err(broken) => out.gap(range, broken.cause, broken.detail),
        },
        Piece::TooLong(range) => {
            out.gap(range, Cause::Limit, format!("a record longer than {RECORD_MAX} bytes"))
        }
        Piece::Unfinished(range) => out.gap(range, Cause::Truncated, "the file ends inside this record"),
    }
}

/// Reads again what locators name.
pub(crate) fn reread(slices: &[Slice], out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
    for slice in slices {
        // A record that gave an event once does so again; one that did not has no locator.
        let _same = each(slice.range, &slice.bytes, out)?;
    }
    Ok(())
}

/// The record as it stands in the file.
pub(crate) fn raw_text(slices: &[Slice]) -> Option<String> {
    String::from_utf8(slices.first()?.bytes.clone()).ok()
}

/// Why a record gives no event.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) cause: Cause,
    pub(crate) detail: String,
}

/// A piece of the stream.
enum Piece<'a> {
    Record(Range, &'a [u8]),
    TooLong(Range),
    Unfinished(Range),
}

/// How records are laid out, told by the first bytes.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    Unknown,
    /// One record a line; a line that is broken costs only itself.
    Lines,
    /// Objects over several lines, or the elements of one array: bounded by their braces.
    Braces,
}

/// Finds records in a stream of blocks.
struct Splitter {
    layout: Layout,
    /// Bytes of the record in hand.
    record: Vec<u8>,
    /// Offset of the next byte of the stream.
    offset: u64,
    /// Offset of the record in hand.
    start: u64,
    /// Bytes of the record in hand, kept or not.
    length: u64,
    too_long: bool,
    depth: u32,
    /// Inside bytes between records that are no separator.
    stray: bool,
    in_string: bool,
    escaped: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            layout: Layout::Unknown,
            record: Vec::new(),
            offset: 0,
            start: 0,
            length: 0,
            too_long: false,
            depth: 0,
            stray: false,
            in_string: false,
            escaped: false,
        }
    }
}

type Take<'t> = &'t mut dyn FnMut(Piece<'_>) -> io::Result<()>;

impl Splitter {
    fn feed(&mut self, block: &[u8], take: Take<'_>) -> io::Result<()> {
        let mut block = block;
        if self.layout == Layout::Unknown {
            // The first block holds the head on which the format was recognised.
            self.layout = layout_of(block);
            let mark = block.starts_with(b"\xef\xbb\xbf");
            if mark {
                self.offset = 3;
                self.start = 3;
                block = &block[3..];
            }
        }
        match self.layout {
            Layout::Lines => self.feed_lines(block, take),
            _ => self.feed_braces(block, take),
        }
    }

    fn feed_lines(&mut self, mut block: &[u8], take: Take<'_>) -> io::Result<()> {
        while let Some(newline) = memchr::memchr(b'\n', block) {
            self.keep(&block[..newline]);
            self.offset += newline as u64 + 1;
            self.give(take)?;
            self.start = self.offset;
            block = &block[newline + 1..];
        }
        self.keep(block);
        self.offset += block.len() as u64;
        Ok(())
    }

    fn feed_braces(&mut self, block: &[u8], take: Take<'_>) -> io::Result<()> {
        // Where the piece in hand goes on within this block.
        let mut from = 0;
        for (position, byte) in block.iter().enumerate() {
            if self.depth > 0 {
                self.step(*byte);
                if self.depth == 0 {
                    self.keep(&block[from..=position]);
                    self.give(take)?;
                }
            } else if *byte == b'{' {
                if self.stray {
                    self.keep(&block[from..position]);
                    self.give(take)?;
                }
                self.begin(position);
                from = position;
                self.depth = 1;
            } else if !self.stray && !matches!(byte, b',' | b'[' | b']' | b' ' | b'\t' | b'\r' | b'\n') {
                // What stands between records and is no separator is a piece of its own, and broken.
                self.begin(position);
                from = position;
                self.stray = true;
            }
        }
        if self.depth > 0 || self.stray {
            self.keep(&block[from..]);
        }
        self.offset += block.len() as u64;
        Ok(())
    }

    fn begin(&mut self, position: usize) {
        self.start = self.offset + position as u64;
    }

    fn step(&mut self, byte: u8) {
        match (self.in_string, self.escaped, byte) {
            (true, true, _) => self.escaped = false,
            (true, false, b'\\') => self.escaped = true,
            (_, _, b'"') => self.in_string = !self.in_string,
            (false, _, b'{') => self.depth += 1,
            (false, _, b'}') => self.depth -= 1,
            _ => {}
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.too_long || self.record.len() + bytes.len() > RECORD_MAX {
            self.too_long = true;
            self.record.clear();
        } else {
            self.record.extend_from_slice(bytes);
        }
    }

    /// Hands on the record in hand.
    fn give(&mut self, take: Take<'_>) -> io::Result<()> {
        let range = Range { offset: self.start, length: self.length };
        let blank = self.record.iter().all(u8::is_ascii_whitespace);
        if self.too_long {
            take(Piece::TooLong(range))?;
        } else if !blank {
            take(Piece::Record(range, &self.record))?;
        }
        self.length = 0;
        self.record.clear();
        self.too_long = false;
        self.stray = false;
        Ok(())
    }

    fn end(&mut self, take: Take<'_>) -> io::Result<()> {
        if self.layout == Layout::Braces && self.depth > 0 {
            let range = Range { offset: self.start, length: self.offset - self.start };
            return take(Piece::Unfinished(range));
        }
        self.give(take)
    }
}

/// Lines if the first line that is not blank is a record by itself, else braces.
fn layout_of(head: &[u8]) -> Layout {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let line = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    match line {
        Some(line) if line.starts_with(b"[") => Layout::Braces,
        Some(line) if line.starts_with(b"{") && !line.ends_with(b"}") && line.len() < head.len() / 2 => {
            Layout::Braces
        }
        _ => Layout::Lines,
    }
}

/// The first records in these first bytes, for recognition: at most `most`, whole ones only.
pub(crate) fn first_records(head: &[u8], most: usize) -> Vec<Fields> {
    let mut records = Vec::new();
    let mut splitter = Splitter::default();
    // Never fails: the closure does not.
    let ignored = splitter.feed(head, &mut |piece| {
        if let (Piece::Record(_, bytes), true) = (piece, records.len() < most) {
            records.extend(flatten(bytes).ok());
        }
        Ok(())
    });
    // A file whose only line has no newline is one record.
    let ended = splitter.end(&mut |piece| {
        if let (Piece::Record(_, bytes), true) = (piece, records.is_empty()) {
            records.extend(flatten(bytes).ok());
        }
        Ok(())
    });
    debug_assert!(ignored.is_ok() && ended.is_ok());
    records
}

/// Whether these first bytes begin as JSON records do.
pub(crate) fn looks_like_records(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match head.first() {
        Some(b'{') => true,
        Some(b'[') => matches!(head[1..].trim_ascii_start().first(), Some(b'{' | b']')),
        _ => false,
    }
}

/// Objects and arrays nested deeper than this are hostile.
const DEPTH_MAX: usize = 64;

/// The pairs of one record.
pub(crate) fn flatten(bytes: &[u8]) -> Result<Fields, Broken> {
    let broken = |cause, detail: String| Broken { cause, detail };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        broken(Cause::Encoding, format!("not UTF-8 from byte {} of the record", error.valid_up_to()))
    })?;
    let not_an_object =
        |error: &dyn fmt::Display| broken(Cause::UnreadableRecord, format!("not a JSON object: {error}"));
    let record: &RawValue = serde_json::from_str(text).map_err(|error| not_an_object(&error))?;
    if !record.get().starts_with('{') {
        return Err(not_an_object(&"expected `{`"));
    }
    let mut pairs = Pairs { path: String::new(), fields: Fields::new() };
    pairs.value(record, 0).map_err(|error| not_an_object(&error))?;
    Ok(pairs.fields)
}

/// Walks a JSON value and notes its leaves. Numbers keep their own text: 1.10 is not 1.1 in a log.
struct Pairs {
    path: String,
    fields: Fields,
}

impl Pairs {
    fn value(&mut self, value: &RawValue, depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX {
            return Err(format!("nested deeper than {DEPTH_MAX}"));
        }
        let text = value.get();
        match text.as_bytes().first() {
            Some(b'{') => self.object(text, depth),
            Some(b'[') => self.array(text, depth),
            Some(b'"') => {
                let text = serde_json::from_str(text).map_err(|error| error.to_string())?;
                self.leaf(Some(text));
                Ok(())
            }
            Some(b'n') => {
                self.leaf(None);
                Ok(())
            }
            _ => {
                self.leaf(Some(text.to_owned()));
                Ok(())
            }
        }
    }

    fn leaf(&mut self, value: Option<String>) {
        self.fields.push((self.path.clone(), value));
    }

    fn object(&mut self, text: &str, depth: usize) -> Result<(), String> {
        let Entries(entries) = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if entries.is_empty() && depth > 0 {
            self.leaf(Some("{}".to_owned()));
        }
        let length = self.path.len();
        for (name, value) in entries {
            if depth > 0 {
                self.path.push('.');
            }
            self.path.push_str(&name);
            self.value(value, depth + 1)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    fn array(&mut self, text: &str, depth: usize) -> Result<(), String> {
        let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if elements.is_empty() {
            self.leaf(Some("[]".to_owned()));
        }
        elements.into_iter().try_for_each(|element| self.value(element, depth + 1))
    }
}

/// The entries of an object in their order; a name may repeat.
struct Entries<'de>(Vec<(String, &'de RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &[u8]) -> Vec<(u64, String)> {
        let mut whole = Vec::new();
        for block in [1, 7, 1 << 16] {
            let mut splitter = Splitter { layout: layout_of(text), ..Splitter::default() };
            let mut found = Vec::new();
            let mut take = |piece: Piece<'_>| {
                found.push(match piece {
                    Piece::Record(range, bytes) => {
                        assert_eq!(range.length, bytes.len() as u64);
                        (range.offset, String::from_utf8_lossy(bytes).into_owned())
                    }
                    Piece::TooLong(range) => (range.offset, "too long".into()),
                    Piece::Unfinished(range) => (range.offset, "unfinished".into()),
                });
                Ok(())
            };
            for part in text.chunks(block) {
                splitter.feed(part, &mut take).unwrap();
            }
            splitter.end(&mut take).unwrap();
            assert!(whole.is_empty() || whole == found, "blocks of {block} bytes change nothing");
            whole = found;
        }
        whole
    }

    #[test]
    fn lines_arrays_and_pretty_objects() {
        assert_eq!(pieces(b"{\"a\":1}\n\n{\"b\":2}\n"), [(0, "{\"a\":1}".into()), (9, "{\"b\":2}".into())]);
        assert_eq!(
            pieces(b"[{\"a\":\"}\"},\n {\"b\":2}]"),
            [(1, "{\"a\":\"}\"}".into()), (13, "{\"b\":2}".into())]
        );
        assert_eq!(
            pieces(b"{\n\"a\":1\n}\n{\n\"b\":{}\n}"),
            [(0, "{\n\"a\":1\n}".into()), (10, "{\n\"b\":{}\n}".into())]
        );
        assert_eq!(pieces(b"[{\"a\":1},{\"b\""), [(1, "{\"a\":1}".into()), (9, "unfinished".into())]);
        assert_eq!(pieces(b"[{\"a\":1}, oops, {\"b\":2}]").len(), 3, "stray bytes are a piece");
        assert_eq!(pieces(b"{\"a\":1}\n{\"b"), [(0, "{\"a\":1}".into()), (8, "{\"b".into())]);
    }

    #[test]
    fn a_record_becomes_pairs_in_its_order() {
        let fields =
            flatten(br#"{"a":{"b":1,"c":null},"d":["x",{"e":true}],"f":[],"a":"again","g":1.10}"#).unwrap();
        let text: Vec<String> =
            fields.iter().map(|(k, v)| format!("{k}={}", v.as_deref().unwrap_or("∅"))).collect();
        assert_eq!(text, ["a.b=1", "a.c=∅", "d=x", "d.e=true", "f=[]", "a=again", "g=1.10"]);
    }

    #[test]
    fn what_is_no_object_is_broken() {
        for text in ["1", "[1]", "\"x\"", "{\"a\":1} x", "{\"a\":"] {
            assert_eq!(flatten(text.as_bytes()).unwrap_err().cause, Cause::UnreadableRecord, "{text}");
        }
        assert_eq!(flatten(b"{\"a\":\"\xff\"}").unwrap_err().cause, Cause::Encoding);
        let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert_eq!(flatten(deep.as_bytes()).unwrap_err().cause, Cause::UnreadableRecord);
    }
}
