//! How are logs read whose columns stand in a header of lines that begin with `#`? (Zeek's, the W3C's)
//!
//! A file may hold several headers. A record's locator names its header beside it, because without it its
//! columns have no names; a header is an event too, so that a log that was begun and stayed empty is seen.
//! What header and lines mean is for who implements [`Header`].

use std::io;

use assize_model::{Batcher, Cause, Input, Range, ReadingOptions, Slice};

use crate::json::Broken;
use crate::lines::{self, Encoding, Line, Records};
use crate::record::Record;

/// What stands above some lines.
pub(crate) trait Header: Default {
    /// Takes a line that begins with `#`.
    fn take(&mut self, line: &str);

    /// What the header says by itself.
    fn itself(&self) -> Record<'_>;

    /// What a line below it says, or in words why it says nothing.
    fn line<'a>(&'a self, line: &'a str) -> Result<Record<'a>, String>;

    /// What a line says that begins with `#` and is not of a header; `None` if it is of one.
    fn mark<'a>(&'a self, _line: &'a str) -> Option<Record<'a>> {
        None
    }
}

/// Reads a file of such lines.
pub(crate) fn read<H: Header>(input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
    let mut reader = Reader::<H>::default();
    lines::read(input.bytes, input.options, Records::Lines, out, &mut |line, out| reader.line(line, out))?;
    reader.header_event(out)
}

/// Reads again what a locator names: a line and its header, or a header.
pub(crate) fn reread<H: Header>(
    slices: &[Slice],
    options: &ReadingOptions,
    out: &mut Batcher<'_>,
) -> io::Result<()> {
    let Some(header) = slices.get(1).or(slices.first()) else { return Ok(()) };
    let mut reader = Reader::<H> { range: header.range, ..Reader::default() };
    lines::header_lines(header, options).iter().for_each(|line| reader.header.take(line));
    reader.encoding = Encoding::of_options(options);
    if slices.len() < 2 {
        return reader.header_event(out);
    }
    reader.told = true;
    lines::reread(slices, options, out, &mut |line, out| reader.line(line, out))
}

/// Goes through a file line by line.
#[derive(Default)]
struct Reader<H> {
    header: H,
    range: Range,
    encoding: Encoding,
    /// Whether the lines that come are below the header, and not a part of it.
    below: bool,
    /// Whether the header has been handed on as an event.
    told: bool,
}

impl<H: Header> Reader<H> {
    fn line(&mut self, line: &Line<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
        if !line.text.starts_with('#') {
            self.begin_lines(out)?;
            return match self.header.line(line.text) {
                Ok(record) => record.event_of_ranges(&[line.range, self.range], line.encoding, out).map(Ok),
                Err(detail) => Ok(Err(Broken { cause: Cause::UnreadableRecord, detail })),
            };
        }
        if self.header.mark(line.text).is_some() {
            self.begin_lines(out)?;
            // Without a header above it, it stands for itself.
            let header = if self.range.length == 0 { line.range } else { self.range };
            let mark = self.header.mark(line.text);
            return mark
                .map_or(Ok(()), |mark| mark.event_of_ranges(&[line.range, header], line.encoding, out))
                .map(Ok);
        }
        match lines::with_line(self.range, line.range).filter(|_| !self.below) {
            Some(longer) => self.range = longer,
            None => {
                self.header_event(out)?;
                *self = Self { range: line.range, ..Self::default() };
            }
        }
        self.encoding = line.encoding;
        self.header.take(line.text);
        Ok(Ok(()))
    }

    fn begin_lines(&mut self, out: &mut Batcher<'_>) -> io::Result<()> {
        self.below = true;
        self.header_event(out)
    }

    /// The header as an event, once.
    fn header_event(&mut self, out: &mut Batcher<'_>) -> io::Result<()> {
        if self.told || self.range.length == 0 {
            return Ok(());
        }
        self.told = true;
        self.header.itself().event_of_ranges(&[self.range], self.encoding, out)
    }
}
