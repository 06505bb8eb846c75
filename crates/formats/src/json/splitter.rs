//! Where do JSON records begin and end in a stream of blocks?
//!
//! Records may stand one a line, one after another over several lines, in one array, or in an array
//! inside an object that only wraps them, as services and their interfaces give them
//! (`{"Records":[…]}`, `{"value":[…]}`), once or many times. Each is located exactly. What a wrapper
//! says beside its records is a piece of its own.

use std::io;

use assize_model::Range;

use super::RECORD_MAX;

/// Keys of an array of records, and keys that may stand before it, in the wrappers of: CloudTrail files
/// (`Records`), CloudTrail's look-ups (`Events`), Event Hubs (`records`), Microsoft Graph (`value`),
/// Google's reports (`items`).
const WRAPPERS: &[&[u8]] = &[b"Records", b"records", b"Events", b"value", b"items"];
const BESIDE: &[&[u8]] = &[b"kind", b"etag", b"nextPageToken", b"NextToken", b"nextLink"];

/// A piece of the stream.
pub(super) enum Piece<'a> {
    Record(Range, &'a [u8]),
    /// What stands in a wrapper before and after its records: together they are JSON.
    Wrapper([Range; 2], &'a [u8]),
    TooLong(Range),
    Unfinished(Range),
}

/// How records are laid out, told by the first bytes.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    Unknown,
    /// One record a line; a line that is broken costs only itself.
    Lines,
    /// Bounded by their braces.
    Braces,
}

/// Which part of a wrapper is read.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// None: an object is a record.
    None,
    /// The array of records.
    Records,
    /// What stands after it.
    Tail,
}

/// Finds records in a stream of blocks.
pub(super) struct Splitter {
    layout: Layout,
    /// Bytes of the record in hand that came with earlier blocks.
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
    /// Arrays that are open between records.
    open: u32,
    part: Part,
    head: Vec<u8>,
    head_range: Range,
    keys: Keys,
}

pub(super) type Take<'t> = &'t mut dyn FnMut(Piece<'_>) -> io::Result<()>;

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
            open: 0,
            part: Part::None,
            head: Vec::new(),
            head_range: Range { offset: 0, length: 0 },
            keys: Keys::default(),
        }
    }
}

impl Splitter {
    /// Takes the next block; the first one must hold the head on which the format was recognised.
    pub(super) fn feed(&mut self, mut block: &[u8], take: Take<'_>) -> io::Result<()> {
        if self.layout == Layout::Unknown {
            self.layout = layout_of(block);
            if block.starts_with(b"\xef\xbb\xbf") {
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
            self.offset += newline as u64 + 1;
            self.give(&block[..newline], take)?;
            self.start = self.offset;
            block = &block[newline + 1..];
        }
        self.keep(block);
        self.offset += block.len() as u64;
        Ok(())
    }

    fn feed_braces(&mut self, block: &[u8], take: Take<'_>) -> io::Result<()> {
        // Where the piece in hand goes on within this block.
        let (mut from, mut at) = (0, 0);
        while at < block.len() {
            if self.depth > 0 {
                at = self.inside(block, at);
                if self.depth == 0 {
                    self.close(&block[from..at], take)?;
                } else if self.keys.wraps {
                    self.enter(&block[from..at], at);
                }
                continue;
            }
            let byte = block[at];
            if byte == b'{' || (byte == b']' && self.part == Part::Records && self.open == 0) {
                if self.stray {
                    self.give(&block[from..at], take)?;
                }
                self.begin(at);
                from = at;
                self.depth = 1;
                self.keys = Keys::default();
                if byte == b']' {
                    self.part = Part::Tail;
                }
            } else if !self.stray && !self.separator(byte) {
                // What stands between records and is no separator is a piece of its own, and broken.
                self.begin(at);
                from = at;
                self.stray = true;
            }
            at += 1;
        }
        if self.depth > 0 || self.stray {
            self.keep(&block[from..]);
        }
        self.offset += block.len() as u64;
        Ok(())
    }

    /// Whether a byte between records separates them; counts the arrays that it opens and closes.
    fn separator(&mut self, byte: u8) -> bool {
        match byte {
            b'[' => self.open += 1,
            b']' => self.open = self.open.saturating_sub(1),
            _ => return matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n'),
        }
        true
    }

    fn begin(&mut self, position: usize) {
        self.start = self.offset + position as u64;
    }

    /// Goes on inside an object: to its end, to the beginning of records that it wraps, or to the end
    /// of the block.
    fn inside(&mut self, block: &[u8], mut at: usize) -> usize {
        while at < block.len() {
            if self.in_string {
                at = self.string(block, at);
                continue;
            }
            let byte = block[at];
            if self.depth == 1 && self.part == Part::None && self.keys.see(byte) {
                // This byte is the first of the records, or closes their array.
                return at;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' => self.depth += 1,
                b'}' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Goes on inside a string, past its end or to the end of the block.
    fn string(&mut self, block: &[u8], at: usize) -> usize {
        if self.escaped {
            self.escaped = false;
            return at + 1;
        }
        let rest = &block[at..];
        let end = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        if self.depth == 1 {
            self.keys.text(&rest[..end]);
        }
        match rest.get(end) {
            Some(b'"') => self.in_string = false,
            Some(_) => self.escaped = true,
            None => return block.len(),
        }
        at + end + 1
    }

    /// The object in hand turned out to wrap the records that begin at `at`.
    fn enter(&mut self, bytes: &[u8], at: usize) {
        self.keep(bytes);
        self.head_range = Range { offset: self.start, length: self.length };
        self.head = std::mem::take(&mut self.record);
        if self.too_long {
            self.head.clear();
        }
        self.reset();
        self.part = Part::Records;
        self.depth = 0;
        self.begin(at);
    }

    /// An object, or what stands after the records of a wrapper, is over.
    fn close(&mut self, bytes: &[u8], take: Take<'_>) -> io::Result<()> {
        if self.part != Part::Tail {
            return self.give(bytes, take);
        }
        self.keep(bytes);
        let tail = Range { offset: self.start, length: self.length };
        self.head.append(&mut self.record);
        let whole = std::mem::take(&mut self.head);
        self.reset();
        self.part = Part::None;
        take(Piece::Wrapper([self.head_range, tail], &whole))
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

    fn reset(&mut self) {
        self.length = 0;
        self.record.clear();
        self.too_long = false;
        self.stray = false;
    }

    /// Hands on the record in hand, of which these are the last bytes.
    fn give(&mut self, last: &[u8], take: Take<'_>) -> io::Result<()> {
        if self.length == 0 && last.len() <= RECORD_MAX {
            // Whole within the block: nothing to copy.
            let range = Range { offset: self.start, length: last.len() as u64 };
            self.stray = false;
            let blank = last.iter().all(u8::is_ascii_whitespace);
            return if blank { Ok(()) } else { take(Piece::Record(range, last)) };
        }
        self.keep(last);
        let range = Range { offset: self.start, length: self.length };
        let blank = self.record.iter().all(u8::is_ascii_whitespace);
        if self.too_long {
            take(Piece::TooLong(range))?;
        } else if !blank {
            take(Piece::Record(range, &self.record))?;
        }
        self.reset();
        Ok(())
    }

    /// The stream is over.
    pub(super) fn end(&mut self, take: Take<'_>) -> io::Result<()> {
        if self.layout == Layout::Braces && self.depth > 0 {
            let range = Range { offset: self.start, length: self.offset - self.start };
            return take(Piece::Unfinished(range));
        }
        let open = self.open > 0 || self.part != Part::None;
        self.give(&[], take)?;
        if open {
            return take(Piece::Unfinished(Range { offset: self.offset, length: 0 }));
        }
        Ok(())
    }

    /// What was read of a record that goes on beyond the last block.
    pub(super) fn unfinished(&self) -> &[u8] {
        &self.record
    }
}

/// Follows the keys of an object to see whether it only wraps records.
#[derive(Default)]
struct Keys {
    /// The key that is read or was read last; long ones are not kept whole.
    key: Vec<u8>,
    /// A string is a value until the next comma.
    value: bool,
    /// Something stood before that no wrapper has.
    other: bool,
    /// The last byte opened an array under a key of records.
    opened: bool,
    arrays: u32,
    wraps: bool,
}

const KEY_MAX: usize = 32;

impl Keys {
    fn text(&mut self, bytes: &[u8]) {
        if !self.value && !self.other {
            let room = KEY_MAX.saturating_sub(self.key.len()).min(bytes.len());
            self.key.extend_from_slice(&bytes[..room]);
        }
    }

    /// Takes a byte at the level of the keys; `true` if it begins the records of a wrapper.
    fn see(&mut self, byte: u8) -> bool {
        if self.other || self.wraps {
            return false;
        }
        if self.opened {
            self.opened = byte.is_ascii_whitespace();
            self.wraps = matches!(byte, b'{' | b']');
            self.other = !self.opened && !self.wraps;
            return self.wraps;
        }
        match byte {
            b':' if self.arrays == 0 => {
                self.value = true;
                let known = |list: &[&[u8]]| list.contains(&self.key.as_slice());
                let beside = known(BESIDE) || self.key.starts_with(b"@");
                self.other = !beside && !known(WRAPPERS);
            }
            b'[' if self.arrays == 0 && WRAPPERS.contains(&self.key.as_slice()) => self.opened = true,
            b'[' => self.arrays += 1,
            b']' => self.arrays = self.arrays.saturating_sub(1),
            b',' if self.arrays == 0 => {
                self.value = false;
                self.other |= WRAPPERS.contains(&self.key.as_slice());
                self.key.clear();
            }
            _ => {}
        }
        false
    }
}

/// Lines if the first line that is not blank is a record by itself, else braces.
fn layout_of(head: &[u8]) -> Layout {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let line = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    match line {
        Some(line) if line.starts_with(b"[") || wraps(head.trim_ascii_start()) => Layout::Braces,
        Some(line) if line.starts_with(b"{") && !line.ends_with(b"}") && line.len() < head.len() / 2 => {
            Layout::Braces
        }
        _ => Layout::Lines,
    }
}

/// Whether the first object only wraps records.
fn wraps(head: &[u8]) -> bool {
    let mut splitter = Splitter { depth: 1, layout: Layout::Braces, ..Splitter::default() };
    head.starts_with(b"{") && {
        splitter.inside(head, 1);
        splitter.keys.wraps
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
                    Piece::Wrapper([head, tail], bytes) => {
                        let (from, to) = (head.offset as usize, tail.offset as usize);
                        let both =
                            [&text[from..from + head.length as usize], &text[to..to + tail.length as usize]];
                        assert_eq!(bytes, both.concat(), "head and tail stand where they are said to");
                        (head.offset, format!("wrapper {}", String::from_utf8_lossy(bytes)))
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
        assert_eq!(pieces(b"[{\"a\":1}\n"), [(1, "{\"a\":1}".into()), (9, "unfinished".into())]);
        assert_eq!(pieces(b"[{\"a\":1}, oops, {\"b\":2}]").len(), 3, "stray bytes are a piece");
        assert_eq!(pieces(b"{\"a\":1}\n{\"b"), [(0, "{\"a\":1}".into()), (8, "{\"b".into())]);
    }

    #[test]
    fn wrappers() {
        let one = |text: &str| pieces(text.as_bytes());
        assert_eq!(
            one(r#"{"Records":[{"a":1},{"b":[{"c":2}]}]}"#),
            [
                (12, r#"{"a":1}"#.into()),
                (20, r#"{"b":[{"c":2}]}"#.into()),
                (0, r#"wrapper {"Records":[]}"#.into())
            ]
        );
        assert_eq!(
            one("{ \"@odata.context\":\"https://x/$metadata#a[{\", \"value\" : [\n {\"a\":1}\n ],\"n\":{\"m\":[]} }\n"),
            [
                (59, r#"{"a":1}"#.into()),
                (0, "wrapper { \"@odata.context\":\"https://x/$metadata#a[{\", \"value\" : [\n ],\"n\":{\"m\":[]} }".into())
            ]
        );
        assert_eq!(
            one("{\"records\":[{\"a\":1}]}\n{\"records\":[]}\n{\"records\":[{\"b\":2}]}"),
            [
                (12, r#"{"a":1}"#.into()),
                (0, r#"wrapper {"records":[]}"#.into()),
                (22, r#"wrapper {"records":[]}"#.into()),
                (49, r#"{"b":2}"#.into()),
                (37, r#"wrapper {"records":[]}"#.into())
            ]
        );
        assert_eq!(one(r#"{"Records":[{"a":1},{"b"#), [(12, r#"{"a":1}"#.into()), (20, "unfinished".into())]);
        assert_eq!(one(r#"{"Records":[{"a":1}"#), [(12, r#"{"a":1}"#.into()), (19, "unfinished".into())]);
    }

    #[test]
    fn what_only_looks_like_a_wrapper_is_a_record() {
        for text in [
            r#"{"id":7,"items":[{"a":1}]}"#,
            r#"{"value":["a","b"]}"#,
            r#"{"value":1,"Records":[{"a":1}]}"#,
            r#"{"x":"value","y":[{"a":1}]}"#,
            r#"{"kind":["value",[{"a":1}]]}"#,
            r#"{"value":{"Records":[{"a":1}]}}"#,
        ] {
            assert_eq!(pieces(text.as_bytes()), [(0, text.to_owned())], "{text}");
        }
    }
}
