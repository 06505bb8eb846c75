//! What do Windows events say that came as XML?
//!
//! As `wevtutil qe /f:xml`, Event Viewer ("Save as XML") and log shippers (Splunk's `XmlWinEventLog`)
//! write them: one `<Event>` after another, on a line each or over many, bare or within `<Events>`,
//! with or without what Windows rendered (`RenderingInfo`), in UTF-8 or UTF-16. Records are found
//! by their first and last tag in a stream; each is then read by itself, so that a broken one costs
//! only itself. What the XML of one event says is `xml`'s business, what that means `windows`'.

use std::io::{self, Read};

use assize_model::{Batcher, Card, Cause, Confidence, Event, Format, Input, Range, ReadingOptions, Slice};
use memchr::memmem;

use crate::lines::{self, Encoding};
use crate::{windows, xml};

/// See the module's text.
pub(crate) struct WindowsXml;

static CARD: Card = Card {
    name: "windows-xml",
    title: "Windows events as XML (wevtutil, Event Viewer, XmlWinEventLog)",
    doc: "Windows events as XML: bare `<Event>` elements one after another, on a line each or over many, or within \
          `<Events>`; UTF-8, or UTF-16 of either order with or without its mark. Names are those that the same event \
          has in an event log file; what Windows had rendered beside it (message, level, task, keywords) stands as \
          `RenderingInfo_…`. An event that is cut off, not well-formed or longer than 16 MiB is a gap, and so is \
          whatever stands between events and is no part of such a file.",
    example: "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>4624</EventID>…",
    links: &[
        "https://learn.microsoft.com/windows/win32/wes/eventschema-schema",
        "https://learn.microsoft.com/windows-server/administration/windows-commands/wevtutil",
    ],
    version: 1,
};

/// A record longer than this is a gap: one event must not fill the memory.
const RECORD_MAX: usize = 16 << 20;
const BLOCK: usize = 256 << 10;

impl Format for WindowsXml {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "windows"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("XmlWinEventLog", "real"), ("wevtutil", "unproven"), ("Event Viewer", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let (encoding, mark) = lines::of_head(head);
        let mut room = String::new();
        // Two bytes of a character that the head cuts do not matter here.
        let text = encoding.decode(&head[mark..], &mut room).0.trim_start();
        let text = text
            .strip_prefix("<?xml")
            .map_or(text, |rest| rest.split_once("?>").map_or("", |(_, rest)| rest));
        let text = text.trim_start();
        let wrapped = text.strip_prefix("<Events").and_then(|rest| rest.split_once('>'));
        let text = wrapped.map_or(text, |(_, rest)| rest.trim_start());
        let begins = text.strip_prefix("<Event").is_some_and(|rest| rest.starts_with(is_tags_end));
        (begins && text.contains("<System>")).then_some(Confidence(95))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut stream = Stream::of(input);
        while let Some(piece) = stream.next_piece() {
            piece.hand_on(&stream.held, stream.encoding, out)?;
            stream.pass(&piece);
        }
        stream.failed.map_or(Ok(()), Err)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let Some(slice) = slices.first() else { return Ok(()) };
        let encoding = Encoding::given(options).unwrap_or(Encoding::Utf8);
        // A record that gave an event once does so again; one that did not has no locator.
        let _same = event(slice.range, &slice.bytes, encoding, out)?;
        Ok(())
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

const fn is_tags_end(character: char) -> bool {
    matches!(character, '>' | ' ' | '\t' | '\r' | '\n')
}

/// The one way from bytes to an event; in words what is wrong with them otherwise.
fn event(
    range: Range,
    bytes: &[u8],
    encoding: Encoding,
    out: &mut Batcher<'_>,
) -> io::Result<Result<(), String>> {
    let mut room = String::new();
    let (text, encoding) = encoding.decode(bytes, &mut room);
    let fields = match xml::pairs(text) {
        Ok(fields) => fields,
        Err(detail) => return Ok(Err(detail)),
    };
    let mut event = Event::at(range, "");
    encoding.note(&mut event.options);
    event.fields = fields;
    windows::fill_spine(&mut event);
    out.event(&event).map(Ok)
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    /// From the first byte of `<Event` to the last of `</Event>`.
    Record,
    /// Bytes between events.
    Between,
    /// An event whose end does not come before the next one begins, or at all.
    Cut,
    /// An event beyond the bound.
    TooLong,
}

/// A stretch of the stream. Every byte is in one.
struct Piece {
    what: What,
    range: Range,
    /// Where its bytes are held; empty for one beyond the bound.
    held: std::ops::Range<usize>,
}

impl Piece {
    fn hand_on(&self, held: &[u8], encoding: Encoding, out: &mut Batcher<'_>) -> io::Result<()> {
        let bytes = &held[self.held.clone()];
        match self.what {
            What::Record => match event(self.range, bytes, encoding, out)? {
                Ok(()) => Ok(()),
                Err(detail) => out.gap(self.range, Cause::UnreadableRecord, detail),
            },
            What::Between => self.between(bytes, encoding, out),
            What::Cut => out.gap(self.range, Cause::Truncated, "an event whose end is missing"),
            What::TooLong => {
                out.gap(self.range, Cause::Limit, format!("an event longer than {RECORD_MAX} bytes"))
            }
        }
    }

    /// Lay-out, the frame `<Events>` and an XML declaration are no events and nothing lost.
    fn between(&self, bytes: &[u8], encoding: Encoding, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut room = String::new();
        let mut text = encoding.decode(bytes, &mut room).0.trim();
        while !text.is_empty() {
            let rest =
                ["<?xml", "<Events", "</Events", "<!--"].iter().find_map(|frame| text.strip_prefix(frame));
            let Some((_, after)) = rest.and_then(|rest| rest.split_once('>')) else {
                let detail = "bytes between events that are no part of such a file";
                return out.gap(self.range, Cause::UnreadableRecord, detail);
            };
            text = after.trim_start();
        }
        Ok(())
    }
}

/// Finds events in a stream of blocks.
struct Stream<'i> {
    input: &'i mut dyn Read,
    encoding: Encoding,
    held: Vec<u8>,
    /// Where in `held` the bytes begin that are not handed on yet, and where these lie in the stream.
    start: usize,
    offset: u64,
    /// Bytes after `start` in which no end and no further beginning was found.
    searched: usize,
    at_end: bool,
    /// What the input could not be read on for; what was read before it still counts.
    failed: Option<io::Error>,
    begin: Vec<u8>,
    end: Vec<u8>,
}

impl<'i> Stream<'i> {
    fn of(input: &'i mut Input<'_>) -> Self {
        let mut stream = Self {
            input: &mut *input.bytes,
            encoding: Encoding::Utf8,
            held: Vec::new(),
            start: 0,
            offset: 0,
            searched: 0,
            at_end: false,
            failed: None,
            begin: Vec::new(),
            end: Vec::new(),
        };
        stream.fill();
        let (encoding, mark) = lines::of_head(&stream.held);
        stream.encoding = Encoding::given(input.options).unwrap_or(encoding);
        stream.begin = written("<Event", stream.encoding);
        stream.end = written("</Event>", stream.encoding);
        (stream.start, stream.offset) = (mark, mark as u64);
        stream
    }

    /// Takes one more block; `at_end` where there is none.
    fn fill(&mut self) {
        self.held.drain(..self.start);
        self.start = 0;
        let before = self.held.len();
        self.held.resize(before + BLOCK, 0);
        let read = loop {
            match self.input.read(&mut self.held[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(read) => break read,
                Err(error) => {
                    self.failed = Some(error);
                    break 0;
                }
            }
        };
        self.held.truncate(before + read);
        self.at_end |= read == 0;
    }

    fn pass(&mut self, piece: &Piece) {
        self.start = piece.held.end;
        self.offset = piece.range.offset + piece.range.length;
        self.searched = 0;
    }

    /// Bytes that are not handed on yet.
    fn rest(&self) -> &[u8] {
        &self.held[self.start..]
    }

    fn piece(&self, what: What, length: usize) -> Piece {
        let range = Range { offset: self.offset, length: length as u64 };
        Piece { what, range, held: self.start..self.start + length }
    }

    /// The next stretch; the caller passes over it.
    fn next_piece(&mut self) -> Option<Piece> {
        loop {
            if self.rest().is_empty() && self.at_end {
                return None;
            }
            let length = self.rest().len();
            match self.begins_at(0) {
                Some(0) => {
                    if let Some(piece) = self.record() {
                        return Some(piece);
                    }
                }
                Some(at) => return Some(self.piece(What::Between, at)),
                None if self.at_end => return Some(self.piece(What::Between, length)),
                // Without an event in sight only what could be the beginning of one is kept.
                None if length > RECORD_MAX => {
                    let length = length - 2 * self.begin.len();
                    return Some(self.piece(What::Between, length - length % 2));
                }
                None => {}
            }
            self.fill();
        }
    }

    /// The event at the beginning, if its end, or what shows that it has none, is here.
    fn record(&mut self) -> Option<Piece> {
        let from = self.searched.max(self.begin.len());
        let end = memmem::find(&self.rest()[from..], &self.end).map(|at| from + at + self.end.len());
        let length = self.rest().len();
        match (end, self.begins_at(from)) {
            (None, None) if self.at_end => Some(self.piece(What::Cut, length)),
            (None, None) if length > RECORD_MAX => Some(self.skip()),
            (None, None) => {
                self.searched = length.saturating_sub(2 * self.end.len());
                self.searched -= self.searched % 2;
                None
            }
            (Some(end), next) if next.is_none_or(|next| next > end) => Some(self.piece(What::Record, end)),
            (_, next) => Some(self.piece(What::Cut, next.unwrap_or(length))),
        }
    }

    /// Runs over an event beyond the bound without keeping it.
    fn skip(&mut self) -> Piece {
        let mut passed = 0;
        let rest = loop {
            let end = memmem::find(self.rest(), &self.end).map(|at| at + self.end.len());
            if end.is_some() || self.at_end {
                break end.unwrap_or(self.rest().len());
            }
            // The end may lie across two blocks.
            let over = self.rest().len().saturating_sub(self.end.len());
            self.start += over;
            passed += over as u64;
            self.fill();
        };
        self.start += rest;
        let range = Range { offset: self.offset, length: passed + rest as u64 };
        Piece { what: What::TooLong, range, held: self.start..self.start }
    }

    /// Where the next event begins, at that place or later: its tag is `<Event`, not `<EventID`.
    fn begins_at(&self, from: usize) -> Option<usize> {
        let width = self.begin.len() / "<Event".len();
        let rest = self.rest();
        memmem::find_iter(rest.get(from..)?, &self.begin).map(|at| from + at).find(|at| {
            let behind = &rest[at + self.begin.len()..];
            let byte = match (width, self.encoding) {
                (2, Encoding::Utf16Be) => behind.get(1),
                _ => behind.first(),
            };
            at % width == 0 && byte.is_some_and(|byte| is_tags_end(char::from(*byte)))
        })
    }
}

/// A tag's bytes in an encoding.
fn written(tag: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf16Le => tag.bytes().flat_map(|byte| [byte, 0]).collect(),
        Encoding::Utf16Be => tag.bytes().flat_map(|byte| [0, byte]).collect(),
        Encoding::Utf8 | Encoding::Windows1252 => tag.as_bytes().to_vec(),
    }
}
