//! Where do the lines of a text lie, and what do they say?
//!
//! For every log that is text. Lines are found in a stream with their exact bytes: LF, CRLF, or CR where
//! the text has no LF; UTF-8, UTF-16 of either order with or without its mark, windows-1252 where a line is not
//! UTF-8. A record may take several lines. What is no line is a gap: what is longer than a bound, runs of
//! NUL bytes that a crash leaves, a last line that is cut. Nothing here knows what a line means.
//!
//! Lines lie in one buffer and are handed out as they lie there: nothing is allocated for a line, but for
//! one whose text has to be decoded.

use std::io::{self, Read};

use assize_model::{Batcher, Cause, Range, ReadingOptions, Slice};
use memchr::{memchr, memchr_iter};

use crate::json::Broken;

/// A record longer than this is a gap: one line must not fill the memory.
pub(crate) const RECORD_MAX: usize = 16 << 20;
/// Bytes that are read at once.
const BLOCK: usize = 256 << 10;
/// So many NUL bytes in a row are no text: a file system leaves them where a crash kept it from writing.
pub(crate) const NULS_MIN: usize = 8;
/// The reading option that names the encoding.
pub const ENCODING: &str = "encoding";

/// How bytes became text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    #[default]
    Utf8,
    Utf16Le,
    Utf16Be,
    /// As browsers read it: each byte is one character, so that no byte is lost.
    Windows1252,
}

/// Which lines make one record.
#[derive(Clone, Copy)]
pub(crate) enum Records {
    /// Each by itself.
    Lines,
    /// Those of which this is true belong to the line before; it is asked of blank ones too.
    Continued(fn(&str) -> bool),
}

/// One record.
pub(crate) struct Line<'l> {
    /// Its bytes, without the line's end.
    pub(crate) range: Range,
    /// What they say.
    pub(crate) text: &'l str,
    pub(crate) encoding: Encoding,
}

/// Takes a record; the inner result says in words what is wrong with it, if something is.
pub(crate) type Each<'e> = &'e mut dyn FnMut(&Line<'_>, &mut Batcher<'_>) -> io::Result<Result<(), Broken>>;

/// Reads every record of a text and hands it to `each`. Blank lines are passed over.
pub(crate) fn read(
    input: &mut dyn Read,
    options: &ReadingOptions,
    records: Records,
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    let mut lines = Lines::new(input, options, records)?;
    while let Some(piece) = lines.next_piece()? {
        match piece {
            Piece::Record(record) => lines.hand_on(record, out, each)?,
            Piece::TooLong(range) => {
                let detail = format!("a line of {} bytes; the bound is {RECORD_MAX}", range.length);
                out.gap(range, Cause::Limit, detail)?;
            }
        }
    }
    lines.failed.map_or(Ok(()), Err)
}

/// Reads again what locators name: the first slice is the record, whatever others there are.
pub(crate) fn reread(
    slices: &[Slice],
    options: &ReadingOptions,
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    let Some(slice) = slices.first() else { return Ok(()) };
    let mut room = String::new();
    let given = Encoding::of_options(options);
    let (text, encoding) = given.decode(&slice.bytes, &mut room);
    let line = Line { range: slice.range, text, encoding };
    // A record that gave an event once does so again; one that did not has no locator.
    let _same = each(&line, out)?;
    Ok(())
}

/// The lines of a header that a locator names beside a record. Their range begins and ends with a line.
pub(crate) fn header_lines(slice: &Slice, options: &ReadingOptions) -> Vec<String> {
    let mut room = String::new();
    match Encoding::given(options) {
        Some(encoding) if encoding.is_wide() => {
            let text = encoding.decode(&slice.bytes, &mut room).0;
            let end = line_end(text.as_bytes());
            text.split(char::from(end)).map(|line| line.trim_end_matches('\r').to_owned()).collect()
        }
        // Each line by itself, as they were read.
        _ => {
            let end = line_end(&slice.bytes);
            let lines = slice.bytes.split(|byte| *byte == end);
            let line = |line: &[u8]| {
                Encoding::Utf8.decode(line.strip_suffix(b"\r").unwrap_or(line), &mut room).0.to_owned()
            };
            lines.map(line).collect()
        }
    }
}

/// What ends the lines of a header: CR only where there is no LF and every line that it would make is one
/// of a header, for a CR may stand within a line of a file whose lines end with LF.
fn line_end(header: &[u8]) -> u8 {
    let mut lines = header.split(|byte| *byte == b'\r');
    let by_cr = memchr(b'\n', header).is_none() && lines.all(|line| line.starts_with(b"#"));
    if by_cr { b'\r' } else { b'\n' }
}

/// A header's range with one more line; `None` if something else lies between the two.
pub(crate) fn with_line(header: Range, line: Range) -> Option<Range> {
    let end = header.offset + header.length;
    // A line's end is at most CR and LF in UTF-16.
    let next = header.length > 0 && line.offset >= end && line.offset - end <= 4;
    next.then(|| Range { offset: header.offset, length: line.offset + line.length - header.offset })
}

/// The record as text. Without its options, UTF-16 is known by its zeros.
pub(crate) fn raw_text(slices: &[Slice]) -> Option<String> {
    let bytes = &slices.first()?.bytes;
    let mut room = String::new();
    let encoding = of_zeros(bytes, 1).unwrap_or(Encoding::Utf8);
    Some(encoding.decode(bytes, &mut room).0.to_owned())
}

/// The first whole lines that are not blank, for recognition. A last line that is cut counts only if it
/// is the only one.
pub(crate) fn first_lines(head: &[u8], most: usize) -> Vec<String> {
    let (encoding, mark) = of_head(head);
    let unit = Unit::of(head, encoding);
    let mut room = String::new();
    let mut found = Vec::new();
    let mut rest = &head[mark..];
    while found.len() < most && !rest.is_empty() {
        let end = unit.find(rest, 0);
        let (line, next) = match end {
            Some(at) => (&rest[..at], &rest[at + unit.width()..]),
            None if found.is_empty() => (rest, &rest[rest.len()..]),
            None => break,
        };
        let text = encoding.decode(unit.trim(line), &mut room).0;
        if !text.trim_ascii().is_empty() {
            found.push(text.to_owned());
        }
        rest = next;
    }
    found
}

impl Encoding {
    pub(crate) const ALL: [Self; 4] = [Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Windows1252];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// Whether its units are of two bytes.
    pub(crate) fn is_wide(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be)
    }

    pub(crate) fn given(options: &ReadingOptions) -> Option<Self> {
        let name = options.0.get(ENCODING)?;
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// The encoding that a locator notes.
    pub(crate) fn of_options(options: &ReadingOptions) -> Self {
        Self::given(options).unwrap_or_default()
    }

    /// Notes the encoding in the options of an event; UTF-8 is what is read without.
    pub(crate) fn note(self, options: &mut ReadingOptions) {
        if self != Self::Utf8 {
            options.0.insert(ENCODING.to_owned(), self.name().to_owned());
        }
    }

    /// Text of bytes. What is not UTF-8 is in the code page and says so.
    pub(crate) fn decode<'t>(self, bytes: &'t [u8], room: &'t mut String) -> (&'t str, Self) {
        match self {
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => (text, self),
                Err(_) => Self::Windows1252.decode(bytes, room),
            },
            Self::Windows1252 => {
                let text = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0;
                room.clear();
                room.push_str(&text);
                (room, self)
            }
            Self::Utf16Le | Self::Utf16Be => {
                room.clear();
                let unit = |pair: &[u8]| match self {
                    Self::Utf16Le => u16::from_le_bytes([pair[0], pair[1]]),
                    _ => u16::from_be_bytes([pair[0], pair[1]]),
                };
                let units = char::decode_utf16(bytes.chunks_exact(2).map(unit));
                room.extend(units.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
                (room, self)
            }
        }
    }
}

/// The encoding that first bytes show, and the length of their mark.
pub(crate) fn of_head(head: &[u8]) -> (Encoding, usize) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
        _ => (of_zeros(&head[..head.len().min(4096)], PAIRS_MIN).unwrap_or(Encoding::Utf8), 0),
    }
}

/// Fewer pairs of bytes do not show an encoding.
const PAIRS_MIN: usize = 8;

/// UTF-16 of western text has a zero in nearly every unit, always on the same side.
fn of_zeros(bytes: &[u8], pairs_min: usize) -> Option<Encoding> {
    let pairs = bytes.chunks_exact(2);
    let count = pairs.len();
    if count < pairs_min {
        return None;
    }
    let (mut first, mut second) = (0, 0);
    for pair in pairs {
        first += usize::from(pair[0] == 0 && pair[1] != 0);
        second += usize::from(pair[1] == 0 && pair[0] != 0);
    }
    match (first * 10 > count * 7, second * 10 > count * 7) {
        (true, false) => Some(Encoding::Utf16Be),
        (false, true) => Some(Encoding::Utf16Le),
        _ => None,
    }
}

/// What a line's end looks like in the bytes.
#[derive(Clone, Copy)]
enum Unit {
    Byte(u8),
    Le,
    Be,
}

impl Unit {
    fn of(head: &[u8], encoding: Encoding) -> Self {
        match encoding {
            Encoding::Utf16Le => Self::Le,
            Encoding::Utf16Be => Self::Be,
            _ if memchr(b'\n', head).is_none() && memchr(b'\r', head).is_some() => Self::Byte(b'\r'),
            _ => Self::Byte(b'\n'),
        }
    }

    fn width(self) -> usize {
        if matches!(self, Self::Byte(_)) { 1 } else { 2 }
    }

    /// Where the first line's end at or after `from` begins. Units are counted from the first byte.
    fn find(self, bytes: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::Byte(byte) => memchr(byte, &bytes[from..]).map(|at| from + at),
            Self::Le => memchr_iter(b'\n', &bytes[from..])
                .map(|at| from + at)
                .find(|at| at % 2 == 0 && bytes.get(at + 1) == Some(&0)),
            Self::Be => memchr_iter(b'\n', &bytes[from..])
                .map(|at| from + at)
                .find(|at| at % 2 == 1 && bytes[at - 1] == 0)
                .map(|at| at - 1),
        }
    }

    /// Without the CR of a CRLF.
    fn trim(self, line: &[u8]) -> &[u8] {
        let cr: &[u8] = match self {
            Self::Byte(_) => b"\r",
            Self::Le => b"\r\0",
            Self::Be => b"\0\r",
        };
        line.strip_suffix(cr).unwrap_or(line)
    }
}

/// A record in the buffer.
#[derive(Clone, Copy)]
struct Record {
    from: usize,
    to: usize,
    /// Whether a line's end follows; without, the last value may be cut.
    ended: bool,
}

enum Piece {
    Record(Record),
    TooLong(Range),
}

/// Finds records in a stream.
struct Lines<'r> {
    input: &'r mut dyn Read,
    records: Records,
    encoding: Encoding,
    unit: Unit,
    /// `buffer[start..end]` is read and not handed out.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where in the file `buffer[0]` lies.
    base: u64,
    /// How far the record in hand was looked through, and whether that is within quotation marks.
    seen: usize,
    over: bool,
    /// Whether the buffer holds a zero.
    zeros: bool,
    /// Why the input could not be read on. What was read before counts.
    failed: Option<io::Error>,
}

impl<'r> Lines<'r> {
    fn new(input: &'r mut dyn Read, options: &ReadingOptions, records: Records) -> io::Result<Self> {
        let mut lines = Self {
            input,
            records,
            encoding: Encoding::Utf8,
            unit: Unit::Byte(b'\n'),
            buffer: vec![0; BLOCK],
            start: 0,
            end: 0,
            base: 0,
            seen: 0,
            over: false,
            zeros: false,
            failed: None,
        };
        while lines.end < crate::HEAD && !lines.over {
            lines.fill();
        }
        let head = &lines.buffer[..lines.end.min(crate::HEAD)];
        let (encoding, mark) = of_head(head);
        let encoding = Encoding::given(options).unwrap_or(encoding);
        (lines.unit, lines.encoding) = (Unit::of(head, encoding), encoding);
        (lines.start, lines.seen) = (mark, mark);
        Ok(lines)
    }

    /// Reads more behind what is there; `over` when there is no more.
    fn fill(&mut self) {
        // In UTF-16 a unit must begin at an even place, whatever was handed out before.
        let keep_from = self.start & !1;
        if keep_from > 0 {
            self.buffer.copy_within(keep_from..self.end, 0);
            self.base += keep_from as u64;
            self.start -= keep_from;
            self.seen -= keep_from;
            self.end -= keep_from;
        }
        if self.buffer.len() - self.end < BLOCK / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let before = self.end;
        while !self.over {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.over = true,
                Ok(read) => {
                    self.end += read;
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    self.over = true;
                }
            }
        }
        self.zeros = memchr(0, &self.buffer[self.start..self.end]).is_some();
        debug_assert!(self.end >= before);
    }

    fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        loop {
            if let Some(record) = self.whole_record() {
                return Ok(Some(Piece::Record(record)));
            }
            if self.end - self.start > RECORD_MAX {
                return Ok(Some(Piece::TooLong(self.pass_over())));
            }
            if self.over {
                return Ok(self.last_record().map(Piece::Record));
            }
            self.fill();
        }
    }

    /// The record at `start`, if its end is in the buffer.
    fn whole_record(&mut self) -> Option<Record> {
        loop {
            let at = self.unit.find(&self.buffer[..self.end], self.seen)?;
            let after = at + self.unit.width();
            let goes_on = match self.records {
                Records::Lines => false,
                Records::Continued(continues) => self.is_continued(after, continues)?,
            };
            self.seen = after;
            if !goes_on {
                return Some(self.give(at, after, true));
            }
        }
    }

    /// Whether the line at `after` belongs to the record before it; `None` while it is not whole.
    fn is_continued(&self, after: usize, continues: fn(&str) -> bool) -> Option<bool> {
        let end = match self.unit.find(&self.buffer[..self.end], after) {
            Some(end) => end,
            None if self.over || self.end - after > BLOCK => self.end,
            None => return None,
        };
        let mut room = String::new();
        let line = self.unit.trim(&self.buffer[after..end]);
        // Behind the last line's end there is no line.
        Some(after < self.end && continues(self.encoding.decode(line, &mut room).0))
    }

    fn give(&mut self, to: usize, next: usize, ended: bool) -> Record {
        let line = self.unit.trim(&self.buffer[self.start..to]);
        let record = Record { from: self.start, to: self.start + line.len(), ended };
        (self.start, self.seen) = (next, next);
        record
    }

    fn last_record(&mut self) -> Option<Record> {
        (self.start < self.end).then(|| self.give(self.end, self.end, false))
    }

    /// Passes over a record that is too long, up to the next line's end, and keeps nothing of it.
    fn pass_over(&mut self) -> Range {
        let offset = self.base + self.start as u64;
        self.seen = self.start + RECORD_MAX;
        loop {
            if let Some(at) = self.unit.find(&self.buffer[..self.end], self.seen) {
                let length = self.base + at as u64 - offset;
                self.give(at, at + self.unit.width(), true);
                return Range { offset, length };
            }
            // The last byte may be the first half of a line's end in UTF-16.
            self.start = if self.over { self.end } else { (self.end - 1) & !1 };
            self.seen = self.start;
            if self.over {
                return Range { offset, length: self.base + self.end as u64 - offset };
            }
            self.fill();
        }
    }

    fn hand_on(&self, record: Record, out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
        let bytes = &self.buffer[record.from..record.to];
        if self.zeros && self.unit.width() == 1 && memchr(0, bytes).is_some() {
            return self.between_zeros(record, out, each);
        }
        self.hand_on_text(record, out, each)
    }

    fn hand_on_text(&self, record: Record, out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
        let bytes = &self.buffer[record.from..record.to];
        let mut room = String::new();
        let (text, encoding) = self.encoding.decode(bytes, &mut room);
        if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Ok(());
        }
        let range = Range { offset: self.base + record.from as u64, length: bytes.len() as u64 };
        let line = Line { range, text, encoding };
        match (each(&line, out)?, record.ended) {
            (Ok(()), true) => Ok(()),
            (Ok(()), false) => {
                let end = Range { offset: range.offset + range.length, length: 0 };
                out.gap(end, Cause::Truncated, "the last line has no end: its last value may be cut")
            }
            (Err(broken), true) => out.gap(range, broken.cause, broken.detail),
            (Err(broken), false) => {
                out.gap(range, Cause::Truncated, format!("a line that is cut: {}", broken.detail))
            }
        }
    }

    /// What stands before, between and behind runs of zeros are records of their own.
    fn between_zeros(&self, record: Record, out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
        let mut from = record.from;
        let mut at = record.from;
        while let Some(zero) = memchr(0, &self.buffer[at..record.to]) {
            let run = at + zero;
            let count = self.buffer[run..record.to].iter().take_while(|byte| **byte == 0).count();
            at = run + count;
            if count >= NULS_MIN {
                if from < run {
                    self.hand_on_text(Record { from, to: run, ended: false }, out, each)?;
                }
                let range = Range { offset: self.base + run as u64, length: count as u64 };
                let detail = format!("{count} zero bytes, as a crash leaves them");
                out.gap(range, Cause::UnreadableBlock, detail)?;
                from = at;
            }
        }
        if from < record.to {
            self.hand_on_text(Record { from, ..record }, out, each)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use assize_model::{Batch, ExhibitId, Gap, Origin, Sink};
    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    struct Gaps(Vec<(Range, Cause)>);
    impl Sink for Gaps {
        fn batch(&mut self, _: Batch) -> io::Result<()> {
            Ok(())
        }
        fn gap(&mut self, gap: Gap) -> io::Result<()> {
            self.0.push((gap.range, gap.cause));
            Ok(())
        }
    }

    /// Gives a stream in pieces of this size.
    struct Pieces<'b>(&'b [u8], usize);
    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    type Told = (Vec<(Range, String, Encoding)>, Vec<(Range, Cause)>);

    fn told_in(bytes: &[u8], piece: usize, records: Records) -> Told {
        let mut gaps = Gaps::default();
        let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "lines" };
        let mut out = Batcher::new(origin, &mut gaps);
        let mut found = Vec::new();
        let mut take = |line: &Line<'_>, _: &mut Batcher<'_>| {
            found.push((line.range, line.text.to_owned(), line.encoding));
            Ok(Ok(()))
        };
        let options = ReadingOptions::default();
        read(&mut Pieces(bytes, piece), &options, records, &mut out, &mut take).unwrap();
        out.finish().unwrap();
        (found, gaps.0)
    }

    fn told(bytes: &[u8], records: Records) -> Told {
        let whole = told_in(bytes, usize::MAX, records);
        for piece in [1, 2, 3, 1000] {
            assert_eq!(told_in(bytes, piece, records), whole, "in pieces of {piece}");
        }
        whole
    }

    fn texts(bytes: &[u8], records: Records) -> Vec<String> {
        told(bytes, records).0.into_iter().map(|(_, text, _)| text).collect()
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn ends_of_lines_of_three_makes() {
        for text in ["one\ntwo\n\n three\n", "one\r\ntwo\r\n\r\n three\r\n", "one\rtwo\r\r three\r"] {
            let (lines, gaps) = told(text.as_bytes(), Records::Lines);
            let found: Vec<&str> = lines.iter().map(|(_, text, _)| text.as_str()).collect();
            assert_eq!((found, gaps.len()), (vec!["one", "two", " three"], 0), "{text:?}");
            for (range, line, _) in &lines {
                let (from, to) = (range.offset as usize, (range.offset + range.length) as usize);
                assert_eq!(&text[from..to], line);
            }
        }
    }

    #[test]
    fn encodings_with_and_without_their_mark() {
        let text = "Verfügung an Señora Ø\nzweite Zeile 漢\r\ndritte\n";
        let marked: Vec<u8> = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        assert_eq!(texts(&marked, Records::Lines), ["Verfügung an Señora Ø", "zweite Zeile 漢", "dritte"]);
        for little in [true, false] {
            for mark in ["\u{feff}", ""] {
                let bytes = utf16(&format!("{mark}{text}"), little);
                let (lines, gaps) = told(&bytes, Records::Lines);
                assert_eq!((lines.len(), gaps.len()), (3, 0));
                assert_eq!(lines[1].1, "zweite Zeile 漢");
                for (range, line, encoding) in lines {
                    let (from, to) = (range.offset as usize, (range.offset + range.length) as usize);
                    assert_eq!(encoding.decode(&bytes[from..to], &mut String::new()).0, line);
                }
                assert_eq!(first_lines(&bytes, 2), ["Verfügung an Señora Ø", "zweite Zeile 漢"]);
            }
        }
        let (lines, _) = told(b"plain\ncaf\xe9\n", Records::Lines);
        assert_eq!((lines[0].2, lines[1].2), (Encoding::Utf8, Encoding::Windows1252));
        assert_eq!(lines[1].1, "café");
    }

    #[test]
    fn records_of_several_lines() {
        let indented = |line: &str| line.starts_with([' ', '\t']);
        let text = b"a\n b\n\tc\nd\ne\n f";
        assert_eq!(texts(text, Records::Continued(indented)), ["a\n b\n\tc", "d", "e\n f"]);
    }

    #[test]
    fn zeros_of_a_crash_and_a_cut_end() {
        let bytes = [b"one\nbroken o".as_slice(), &[0; 40], b"two\n", &[0; 9], b"\nla\0st"].concat();
        let (lines, gaps) = told(&bytes, Records::Lines);
        let found: Vec<&str> = lines.iter().map(|(_, text, _)| text.as_str()).collect();
        assert_eq!(found, ["one", "broken o", "two", "la\0st"]);
        let causes: Vec<(u64, u64, Cause)> = gaps.iter().map(|(r, c)| (r.offset, r.length, *c)).collect();
        let (cut, zeros) = (Cause::Truncated, Cause::UnreadableBlock);
        assert_eq!(causes, [(12, 0, cut), (12, 40, zeros), (56, 9, zeros), (71, 0, cut)]);
    }

    #[test]
    fn a_line_of_a_hundred_megabytes_costs_only_itself() {
        struct Long(usize);
        impl Read for Long {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = buffer.len().min(self.0);
                buffer[..count].fill(b'x');
                self.0 -= count;
                Ok(count)
            }
        }
        let mut stream = b"first\n".chain(Long(100 << 20)).chain(&b"\nlast\n"[..]);
        let options = ReadingOptions::default();
        let mut lines = Lines::new(&mut stream, &options, Records::Lines).unwrap();
        let mut found = Vec::new();
        while let Some(piece) = lines.next_piece().unwrap() {
            found.push(match piece {
                Piece::Record(record) => (record.to - record.from) as u64,
                Piece::TooLong(range) => range.length,
            });
            assert!(lines.buffer.len() <= 4 * RECORD_MAX);
        }
        assert_eq!(found, [5, 100 << 20, 4]);
    }

    #[test]
    fn an_error_of_the_disk_keeps_what_was_read() {
        struct Torn;
        impl Read for Torn {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
        let mut gaps = Gaps::default();
        let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "lines" };
        let mut out = Batcher::new(origin, &mut gaps);
        let mut found = 0;
        let mut take = |_: &Line<'_>, _: &mut Batcher<'_>| {
            found += 1;
            Ok(Ok(()))
        };
        let options = ReadingOptions::default();
        let mut stream = b"one\ntwo\nthr".chain(Torn);
        assert!(read(&mut stream, &options, Records::Lines, &mut out, &mut take).is_err());
        assert_eq!(found, 3);
    }

    proptest! {
        /// Every byte is in a record, in a gap, or between records.
        #[test]
        fn every_byte_is_accounted(
            bytes in prop::collection::vec(prop::sample::select(&b"ab\n\n\r\"\0\0\0\xe9 \t"[..]), 0..400),
            piece in 1usize..50,
        ) {
            prop_assume!(of_head(&bytes).0 == Encoding::Utf8);
            for records in [Records::Lines, Records::Continued(|line| line.starts_with(' '))] {
                let (lines, gaps) = told_in(&bytes, piece, records);
                prop_assert_eq!(&told_in(&bytes, usize::MAX, records), &(lines.clone(), gaps.clone()));
                let mut ranges: Vec<Range> = lines.iter().map(|(range, ..)| *range).collect();
                ranges.extend(gaps.iter().map(|(range, _)| *range).filter(|range| range.length > 0));
                ranges.sort();
                let mut at = 0;
                for range in ranges {
                    prop_assert!(range.offset >= at, "ranges overlap");
                    let between = &bytes[at as usize..range.offset as usize];
                    prop_assert!(between.iter().all(u8::is_ascii_whitespace), "{:?} is lost", between);
                    at = range.offset + range.length;
                }
                prop_assert!(bytes[at as usize..].iter().all(u8::is_ascii_whitespace));
            }
        }
    }
}
