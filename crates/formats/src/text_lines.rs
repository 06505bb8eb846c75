//! What can be said of a log in text of a make that nobody here knows?
//!
//! Each line becomes a generic event: what it says as `message`, and the first time that stands in it.
//! Text in which hardly a line has a time is no log, and is left to be told as not recognised. No verb is
//! guessed; for records of several lines nothing is known that would join them.

use std::io;

use assize_model::{Batcher, Card, Confidence, Format, Input, ReadingOptions, Slice};

use crate::clock::{self, Clock, Stamp};
use crate::json::Broken;
use crate::lines::{self, Line, Records};
use crate::record::Record;

/// See the module's text.
pub(crate) struct TextLines;

static CARD: Card = Card {
    name: "text",
    title: "Lines of text of unknown make, with times in them",
    doc: "A log whose make is not known: every line is a generic event with the verb `other`, its text as \
          `message`, and the first time in the line (ISO 8601 and its relatives anywhere, `Sep 14 08:12:03` at \
          its beginning). A line without a time is an event without one. Text in which fewer than a third of \
          the first lines have a time is no log and becomes a gap.",
    example: "worker 7 at 2026-09-14 08:12:03,512: took D-1187 from the queue",
    links: &["https://www.rfc-editor.org/rfc/rfc3339"],
    version: 1,
};

/// First lines that are looked at.
const SAMPLE: usize = 40;
/// Bytes of a line in which a time is looked for.
const WITHIN: usize = 512;

impl Format for TextLines {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "generic"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("read", "real")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        if head.contains(&0) && !head.starts_with(b"\xff\xfe") && !head.starts_with(b"\xfe\xff") {
            return None;
        }
        let lines = lines::first_lines(head, SAMPLE);
        let timed = lines.iter().filter(|line| stamp(line).is_some()).count();
        (timed > 0 && timed * 3 >= lines.len()).then_some(Confidence(5))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(input.options);
        lines::read(input.bytes, input.options, Records::Lines, out, &mut |line, out| {
            one(line, &mut clock, out)
        })
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(options);
        lines::reread(slices, options, out, &mut |line, out| one(line, &mut clock, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

fn one(line: &Line<'_>, clock: &mut Clock, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    let mut record = Record::of("text");
    if let Some((stamp, text)) = stamp(line.text) {
        record.at(text, clock.read(Some(stamp)));
    }
    record.own("message", line.text);
    record.event_of(line, out).map(Ok)
}

/// The first time in a line, and how it is written.
fn stamp(line: &str) -> Option<(Stamp, &str)> {
    let bytes = &line.as_bytes()[..line.len().min(WITHIN)];
    if let Some((stamp, length)) = clock::bsd(bytes) {
        return Some((stamp, line.get(..length)?));
    }
    for at in memchr::memchr2_iter(b'1', b'2', bytes) {
        // Not in the middle of a number.
        if at > 0 && bytes[at - 1].is_ascii_digit() {
            continue;
        }
        if let Some((stated, length)) = clock::iso(&bytes[at..]) {
            return Some((Stamp::Full(stated), line.get(at..at + length)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_anywhere_makes_a_log() {
        let told = |line: &str| stamp(line).map(|(_, text)| text.to_owned());
        assert_eq!(told("worker 7 at 2026-09-14 08:12:03,512: took"), Some("2026-09-14 08:12:03,512".into()));
        assert_eq!(told("Sep 14 08:12:03 something"), Some("Sep 14 08:12:03".into()));
        assert_eq!(told("[é 2026-09-14T08:12:03Z]"), Some("2026-09-14T08:12:03Z".into()));
        assert_eq!(told("12026-09-14T08:12:03Z"), None);
        assert_eq!(told("chapter 2, verse 1"), None);
        assert!(TextLines.recognise(b"at 2026-09-14 08:12:03 a\nb\nc\n").is_some());
        assert!(TextLines.recognise(b"at 2026-09-14 08:12:03 a\nb\nc\nd\ne\n").is_none());
        assert!(TextLines.recognise(b"\x7fELF\0 2026-09-14 08:12:03").is_none());
    }
}
