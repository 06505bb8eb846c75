//! Where do JSON records begin and end, and what (name, value) pairs do they hold?
//!
//! Records may stand one a line, one after another over several lines, or in one array. Each is
//! located exactly. A record is flattened to pairs in its own order: `a.b` for what is nested, a
//! repeated name for each element of an array, `None` for null. Nothing here knows what the names
//! mean.

use std::fmt;
use std::io::{self, Read};

use assize_model::{Batcher, Cause, Range};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A record longer than this is a gap: one line must not fill the memory.
pub(crate) const RECORD_MAX: usize = 16 << 20;
const BLOCK: usize = 1 << 16;

/// A record's fields: names with dots, values as text, `None` for null.
pub(crate) type Fields = Vec<(String, Option<String>)>;

/// Reads every record of a stream and hands its place and bytes to `each`, which says in words
/// what is wrong with it, if something is.
pub(crate) fn read_records(
    input: &mut dyn Read,
    out: &mut Batcher<'_>,
    each: &mut dyn FnMut(Range, &[u8], &mut Batcher<'_>) -> io::Result<Result<(), Broken>>,
) -> io::Result<()> {
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

fn handle(
    piece: Piece<'_>,
    out: &mut Batcher<'_>,
    each: &mut dyn FnMut(Range, &[u8], &mut Batcher<'_>) -> io::Result<Result<(), Broken>>,
) -> io::Result<()> {
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
        if self.too_long || self.record.len() + bytes.len() > RECORD_MAX {
            self.too_long = true;
            self.record.clear();
        } else {
            self.record.extend_from_slice(bytes);
        }
    }

    /// Hands on the record in hand.
    fn give(&mut self, take: Take<'_>) -> io::Result<()> {
        let length = self.record.len() as u64;
        let blank = self.record.iter().all(u8::is_ascii_whitespace);
        if self.too_long {
            take(Piece::TooLong(Range {
                offset: self.start,
                length: self.offset.saturating_sub(self.start),
            }))?;
        } else if !blank {
            take(Piece::Record(Range { offset: self.start, length }, &self.record))?;
        }
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

/// The pairs of one record.
pub(crate) fn flatten(bytes: &[u8]) -> Result<Fields, Broken> {
    let broken = |cause, detail: String| Broken { cause, detail };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        broken(Cause::Encoding, format!("not UTF-8 from byte {} of the record", error.valid_up_to()))
    })?;
    let mut fields = Fields::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let pairs = Pairs { path: &mut String::new(), fields: &mut fields, top: true };
    let read = pairs.deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|error| broken(Cause::UnreadableRecord, format!("not a JSON object: {error}")))?;
    Ok(fields)
}

/// Walks a JSON value and notes its leaves.
struct Pairs<'a> {
    path: &'a mut String,
    fields: &'a mut Fields,
    /// The record itself must be an object.
    top: bool,
}

impl Pairs<'_> {
    fn leaf<E>(self, value: Option<String>) -> Result<(), E>
    where
        E: serde::de::Error,
    {
        if self.top {
            return Err(E::custom("expected an object"));
        }
        self.fields.push((self.path.clone(), value));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Pairs<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.leaf(Some(value.to_string()))
    }
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.leaf(Some(value.to_string()))
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.leaf(Some(value.to_string()))
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.leaf(Some(value.to_string()))
    }
    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.leaf(Some(value.to_owned()))
    }
    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<(), E> {
        self.leaf(Some(value))
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.leaf(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        if self.top {
            return Err(serde::de::Error::custom("expected an object"));
        }
        let Self { path, fields, .. } = self;
        let mut empty = true;
        while elements.next_element_seed(Pairs { path, fields, top: false })?.is_some() {
            empty = false;
        }
        if empty {
            fields.push((path.clone(), Some("[]".to_owned())));
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { path, fields, top } = self;
        let length = path.len();
        let mut empty = true;
        while let Some(Name(name)) = entries.next_key()? {
            empty = false;
            if !top {
                path.push('.');
            }
            path.push_str(&name);
            entries.next_value_seed(Pairs { path, fields, top: false })?;
            path.truncate(length);
        }
        if empty && !top {
            fields.push((path.clone(), Some("{}".to_owned())));
        }
        Ok(())
    }
}

/// A key; borrowed where the JSON has no escapes in it.
struct Name<'de>(std::borrow::Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Key;
        impl<'de> Visitor<'de> for Key {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(name.into()))
            }
            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(name.to_owned().into()))
            }
        }
        deserializer.deserialize_str(Key)
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
        let fields = flatten(br#"{"a":{"b":1,"c":null},"d":["x",{"e":true}],"f":[],"a":"again"}"#).unwrap();
        let text: Vec<String> =
            fields.iter().map(|(k, v)| format!("{k}={}", v.as_deref().unwrap_or("∅"))).collect();
        assert_eq!(text, ["a.b=1", "a.c=∅", "d=x", "d.e=true", "f=[]", "a=again"]);
    }

    #[test]
    fn what_is_no_object_is_broken() {
        for text in ["1", "[1]", "\"x\"", "{\"a\":1} x", "{\"a\":", "{\"a\":1e999}"] {
            assert_eq!(flatten(text.as_bytes()).unwrap_err().cause, Cause::UnreadableRecord, "{text}");
        }
        assert_eq!(flatten(b"{\"a\":\"\xff\"}").unwrap_err().cause, Cause::Encoding);
        let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert_eq!(flatten(deep.as_bytes()).unwrap_err().cause, Cause::UnreadableRecord);
    }
}
