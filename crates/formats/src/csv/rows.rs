//! How does a stream become rows, each with its exact place, and again from its place alone?
//!
//! A row is located by its own bytes and by those of its header: the two together give the names and
//! values again. Memory is bounded by the longest row that is kept. What is no row is a gap: nothing
//! is passed over but empty lines. A row with more or fewer cells than the header is handed on as it
//! is and says so; what may be made of it is the taker's business.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

use assize_model::{Batch, Batcher, Cause, ExhibitId, Gap, Origin, Range, ReadingOptions, Sink, Slice};

use super::cells::{Cut, Dialect, Span, cut};
use super::encoding::{self, Decoder, eight_bit, length, text_of};
use super::layout::Layout;
use crate::HEAD;
use crate::clock;
use crate::json::{Broken, Fields};
use crate::lines::{Encoding, NULS_MIN};

/// A row longer than this is a gap: one row must not fill the memory.
pub(crate) const ROW_MAX: usize = 16 << 20;
/// Bytes that may be looked at in vain for the end of quotes. After that every row ends with its line:
/// otherwise a file of open quotes would be read once for each of them.
const SEARCHED_MAX: usize = 4 * ROW_MAX;
const BLOCK: usize = 1 << 17;

/// The names of a table's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// As written; a column without a name is `column_3`.
    pub(crate) names: Vec<String>,
    /// Counts the headers of one reading: what was worked out for one need not be for the next row.
    pub(crate) number: usize,
}

impl Header {
    fn of(names: impl Iterator<Item = String>, number: usize) -> Self {
        let name = |(index, name): (usize, String)| {
            if name.trim().is_empty() { format!("column_{}", index + 1) } else { name }
        };
        Self { names: names.enumerate().map(name).collect(), number }
    }

    /// The column of that name, whatever the blanks around it.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.trim() == name)
    }
}

/// One row of a table.
pub(crate) struct Row<'r> {
    /// The row, then the header if there is one.
    pub(crate) ranges: &'r [Range],
    pub(crate) header: &'r Header,
    /// What its bytes alone do not say: encoding, delimiter.
    pub(crate) options: &'r ReadingOptions,
    text: &'r str,
    spans: &'r [Span],
}

impl<'r> Row<'r> {
    /// How many cells it has.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// A cell without its quotes.
    pub(crate) fn cell(&self, column: usize) -> Option<Cow<'r, str>> {
        let span = self.spans.get(column)?;
        let text = self.text.get(span.from..span.to)?;
        if !span.doubled {
            return Some(Cow::Borrowed(text));
        }
        // A cell is in the quote that stands before it.
        let quote = &self.text[span.from - 1..span.from];
        Some(Cow::Owned(text.replace(&quote.repeat(2), quote)))
    }

    /// All cells, in their order.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Cow<'r, str>> + '_ {
        (0..self.len()).filter_map(|place| self.cell(place))
    }

    /// Names and values of all cells, in their order; a cell without a name is `column_7`.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Cow<'r, str>, Cow<'r, str>)> + '_ {
        let header = self.header;
        (0..self.len()).filter_map(move |place| {
            let name = header.names.get(place).map(|name| Cow::Borrowed(name.as_str()));
            Some((name.unwrap_or_else(|| Cow::Owned(format!("column_{}", place + 1))), self.cell(place)?))
        })
    }

    /// The same, as fields of an event.
    pub(crate) fn fields(&self) -> Fields {
        self.pairs().map(|(name, cell)| (name.into_owned(), Some(cell.into_owned()))).collect()
    }

    /// What is wrong with its number of cells: `9 cells under 12 names`. Without a header nothing says
    /// how many there should be.
    pub(crate) fn ragged(&self) -> Option<String> {
        let (cells, names) = (self.len(), self.header.names.len());
        (cells != names && names > 0).then(|| format!("{cells} cells under {names} names"))
    }
}

/// Takes a row; the inner result says in words what is wrong with it, if something is.
pub(crate) type Each<'e> = &'e mut dyn FnMut(&Row<'_>, &mut Batcher<'_>) -> io::Result<Result<(), Broken>>;

/// The names of the columns of a table that begins so; `None` if this is no table or has no header.
pub(crate) fn names(head: &[u8]) -> Option<Vec<String>> {
    Layout::of(head, &clock::NONE)?.header.map(|(names, _)| names)
}

/// The first rows of a table that begins so, for a look at them.
pub(crate) fn first_rows(head: &[u8], most: usize, each: &mut dyn FnMut(&Row<'_>)) {
    first(head, most, each, &|input, out, each| read_rows(input, &clock::NONE, out, each));
}

/// The same, of a table by RFC 4180 that has no header.
pub(crate) fn first_bare_rows(head: &[u8], most: usize, each: &mut dyn FnMut(&Row<'_>)) {
    first(head, most, each, &|input, out, each| read_bare_rows(input, &clock::NONE, out, each));
}

type Reading<'a> = &'a dyn Fn(&mut dyn Read, &mut Batcher<'_>, Each<'_>) -> io::Result<()>;

fn first(head: &[u8], most: usize, each: &mut dyn FnMut(&Row<'_>), reading: Reading<'_>) {
    struct Nowhere;
    impl Sink for Nowhere {
        fn batch(&mut self, _: Batch) -> io::Result<()> {
            Ok(())
        }
        fn gap(&mut self, _: Gap) -> io::Result<()> {
            Ok(())
        }
    }
    let mut nowhere = Nowhere;
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "csv" };
    let mut out = Batcher::new(origin, &mut nowhere);
    let mut left = most;
    let mut bytes = head;
    // Bytes in memory and a sink that takes everything: nothing here fails.
    let read = reading(&mut bytes, &mut out, &mut |row, _| {
        if left > 0 {
            left -= 1;
            each(row);
        }
        Ok(Ok(()))
    });
    debug_assert!(read.is_ok());
}

/// Reads every row of a stream and hands it to `each`.
pub(crate) fn read_rows(
    input: &mut dyn Read,
    options: &ReadingOptions,
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    let mut head = Vec::new();
    let broken = input.take(HEAD as u64).read_to_end(&mut head).err();
    let Some(layout) = Layout::of(&head, options) else {
        let all = io::copy(input, &mut io::sink()).unwrap_or(0) + head.len() as u64;
        out.gap(Range { offset: 0, length: all }, Cause::Unrecognised, "no table: rows do not agree")?;
        return broken.map_or(Ok(()), Err);
    };
    read_on(&layout, &head, broken, input, out, each)
}

/// Reads every row of a table by RFC 4180 that has no header and whose columns are known otherwise.
pub(crate) fn read_bare_rows(
    input: &mut dyn Read,
    options: &ReadingOptions,
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    let mut head = Vec::new();
    let broken = input.take(HEAD as u64).read_to_end(&mut head).err();
    let layout = Layout::bare(&head, options);
    read_on(&layout, &head, broken, input, out, each)
}

fn read_on(
    layout: &Layout,
    head: &[u8],
    broken: Option<io::Error>,
    input: &mut dyn Read,
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    let mut rows = Rows::new(layout);
    // A stream that broke once is not asked again.
    rows.begin(head, layout, broken.is_none() && head.len() == HEAD);
    rows.run(input, out, each)?;
    broken.map_or(Ok(()), Err)
}

/// Reads again the rows whose bytes are given, each with its header after it.
pub(crate) fn reread(
    slices: &[Slice],
    options: &ReadingOptions,
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    let Some((row, header)) = slices.split_first() else { return Ok(()) };
    let (dialect, encoding) = dialect_of(options);
    let ranges: Vec<Range> = slices.iter().map(|slice| slice.range).collect();
    let mut spans = Vec::new();
    let header = match header.first() {
        Some(slice) => {
            let text = eight_bit(encoding, &slice.bytes);
            last_row(&text, dialect)
        }
        None => Header::default(),
    };
    let text = eight_bit(encoding, &row.bytes);
    let (text, found) = text_of(encoding, &text);
    let Cut::Row { .. } = cut(text.as_bytes(), true, dialect, &mut spans) else { return Ok(()) };
    let options = options_of(dialect, found, options.0.contains_key(HEADER));
    let row = Row { ranges: &ranges, header: &header, options: &options, text: &text, spans: &spans };
    let _same = each(&row, out)?;
    Ok(())
}

/// The row as it stands in the file.
pub(crate) fn raw_text(slices: &[Slice]) -> Option<String> {
    let bytes = &slices.first()?.bytes;
    let (encoding, _) = encoding::of(bytes, &clock::NONE).unwrap_or_default();
    Some(text_of(encoding, &eight_bit(encoding, bytes)).0.into_owned())
}

/// The header is the last row of its range; a legend may stand before it.
fn last_row(text: &[u8], dialect: Dialect) -> Header {
    let mut spans = Vec::new();
    let mut at = 0;
    let mut names = Vec::new();
    while at < text.len() {
        let Cut::Row { next, .. } = cut(&text[at..], true, dialect, &mut spans) else { break };
        // By itself, whatever was given for the rows: their locators name it, and not how it was read.
        let row = text_of(Encoding::Utf8, &text[at..]).0;
        let name = |span: &Span| row.get(span.from..span.to).unwrap_or_default().to_owned();
        names = spans.iter().map(name).collect();
        at += next;
    }
    Header::of(names.into_iter(), 0)
}

/// Reading option of a row whose columns nothing names: a locator of one range that is none of a JSON record.
pub(crate) const HEADER: &str = "header";

const DELIMITERS: &[(u8, &str)] = &[(b';', "semicolon"), (b'\t', "tab"), (b'|', "pipe")];

/// What must be known beside a row's bytes to read it; nothing for UTF-8 by RFC 4180 under a header.
fn options_of(dialect: Dialect, encoding: Encoding, unnamed: bool) -> ReadingOptions {
    let mut options = BTreeMap::new();
    if let Some((_, name)) = DELIMITERS.iter().find(|(byte, _)| *byte == dialect.delimiter) {
        options.insert("delimiter".to_owned(), (*name).to_owned());
    }
    if dialect.quote == b'\'' {
        options.insert("quote".to_owned(), "apostrophe".to_owned());
    }
    if dialect.newline == b'\r' {
        options.insert("newline".to_owned(), "return".to_owned());
    }
    if unnamed {
        options.insert(HEADER.to_owned(), "none".to_owned());
    }
    let mut options = ReadingOptions(options);
    encoding.note(&mut options);
    options
}

/// The inverse of [`options_of`].
fn dialect_of(options: &ReadingOptions) -> (Dialect, Encoding) {
    let option = |name: &str| options.0.get(name).map(String::as_str);
    let delimiter = option("delimiter").and_then(|name| DELIMITERS.iter().find(|(_, known)| *known == name));
    let dialect = Dialect {
        delimiter: delimiter.map_or(b',', |(byte, _)| *byte),
        quote: if option("quote").is_some() { b'\'' } else { b'"' },
        newline: if option("newline").is_some() { b'\r' } else { b'\n' },
    };
    (dialect, Encoding::of_options(options))
}

/// A table being read.
struct Rows {
    dialect: Dialect,
    encoding: Encoding,
    decoder: Decoder,
    /// Decoded text; what lies before `start` is done with.
    text: Vec<u8>,
    start: usize,
    /// Place in the file of the text at `start`.
    offset: u64,
    ended: bool,
    /// Bytes looked at in vain for the end of a quote.
    searched: usize,
    header: Header,
    header_range: Option<Range>,
    plain: ReadingOptions,
    assumed: ReadingOptions,
    rows: u64,
}

impl Rows {
    fn new(layout: &Layout) -> Self {
        Self {
            dialect: layout.dialect,
            encoding: layout.encoding,
            decoder: Decoder::new(layout.encoding),
            text: Vec::new(),
            start: 0,
            offset: layout.mark as u64,
            ended: false,
            searched: 0,
            header: Header::default(),
            header_range: None,
            plain: options_of(layout.dialect, layout.encoding, layout.unnamed),
            assumed: options_of(layout.dialect, Encoding::Windows1252, layout.unnamed),
            rows: 0,
        }
    }

    /// Takes the first bytes and the header that lies in them.
    fn begin(&mut self, head: &[u8], layout: &Layout, goes_on: bool) {
        self.decoder.feed(&head[layout.mark..], &mut self.text);
        self.ended = !goes_on;
        if let Some((_, end)) = &layout.header {
            self.take_header(*end);
        }
    }

    /// The text up to `end` names the columns of what follows.
    fn take_header(&mut self, end: usize) {
        let text = &self.text[self.start..self.start + end];
        let line = text.strip_suffix(b"\n").or_else(|| text.strip_suffix(b"\r")).unwrap_or(text);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let number = self.header.number + 1;
        self.header = Header { number, ..last_row(line, self.dialect) };
        self.header_range = Some(Range { offset: self.offset, length: length(self.encoding, line) });
        self.advance(end);
    }

    fn advance(&mut self, by: usize) {
        self.offset += length(self.encoding, &self.text[self.start..self.start + by]);
        self.start += by;
    }

    fn run(&mut self, input: &mut dyn Read, out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
        let mut spans = Vec::new();
        let mut failed = None;
        loop {
            let rest = &self.text[self.start..];
            if rest.is_empty() && self.ended {
                break;
            }
            let nuls = rest.iter().take_while(|byte| **byte == 0).count();
            if nuls >= NULS_MIN {
                if nuls == rest.len() && !self.ended && nuls < ROW_MAX {
                    failed = failed.or(self.fill(input));
                } else {
                    self.nuls(nuls, out)?;
                }
                continue;
            }
            match self.cut(rest, &mut spans) {
                Cut::Row { end, next } => {
                    self.row(end, &spans, out, each)?;
                    self.advance(next);
                }
                Cut::More if rest.len() < ROW_MAX => failed = failed.or(self.fill(input)),
                Cut::More => self.too_long(input, out, &mut failed)?,
                Cut::Broken { scanned, why } => self.broken_line(scanned, why, out)?,
            }
        }
        self.close(out)?;
        failed.map_or(Ok(()), Err)
    }

    fn nuls(&mut self, count: usize, out: &mut Batcher<'_>) -> io::Result<()> {
        let length = length(self.encoding, &self.text[self.start..self.start + count]);
        let range = Range { offset: self.offset, length };
        self.advance(count);
        out.gap(range, Cause::UnreadableBlock, format!("{length} zero bytes, as a crash leaves them"))
    }

    fn cut(&self, rest: &[u8], spans: &mut Vec<Span>) -> Cut {
        if self.searched < SEARCHED_MAX {
            return cut(rest, self.ended, self.dialect, spans);
        }
        match memchr::memchr(self.dialect.newline, rest) {
            Some(line) => cut(&rest[..=line], true, self.dialect, spans),
            None if self.ended => cut(rest, true, self.dialect, spans),
            None => Cut::More,
        }
    }

    /// Reads on; at least as much again as is held, so that a long row is not gone through too often.
    /// What was read before damage still counts: the error is for the end.
    fn fill(&mut self, input: &mut dyn Read) -> Option<io::Error> {
        self.text.drain(..self.start);
        self.start = 0;
        let mut block = Vec::new();
        let wanted = self.text.len().max(BLOCK) as u64;
        let read = (&mut *input).take(wanted).read_to_end(&mut block);
        self.decoder.feed(&block, &mut self.text);
        self.ended = read.is_err() || block.is_empty();
        read.err()
    }

    fn row(&mut self, end: usize, spans: &[Span], out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
        let bytes = &self.text[self.start..self.start + end];
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        self.rows += 1;
        let range = Range { offset: self.offset, length: length(self.encoding, bytes) };
        if end > ROW_MAX {
            return out.gap(range, Cause::Limit, format!("a row longer than {ROW_MAX} bytes"));
        }
        let cut_short = self.ended && self.start + end == self.text.len();
        if cut_short && spans.len() < self.header.names.len() {
            return out.gap(range, Cause::Truncated, "the file ends inside this row");
        }
        let (text, found) = text_of(self.encoding, bytes);
        let mut again = Vec::new();
        let spans = match &text {
            Cow::Borrowed(_) => spans,
            Cow::Owned(text) => {
                cut(text.as_bytes(), true, self.dialect, &mut again);
                &again
            }
        };
        let ranges = [range, self.header_range.unwrap_or(range)];
        let row = Row {
            ranges: &ranges[..1 + usize::from(self.header_range.is_some())],
            header: &self.header,
            options: if found == self.encoding { &self.plain } else { &self.assumed },
            text: &text,
            spans,
        };
        if self.header_range.is_some() && is_header(&row) {
            // Files put one after another: the header comes again, and is the header of what follows.
            self.header_range = Some(range);
            return Ok(());
        }
        match each(&row, out)? {
            Ok(()) => Ok(()),
            Err(broken) => out.gap(range, broken.cause, broken.detail),
        }
    }

    /// The first line of what is no row is a gap; with the next line rows may go on.
    fn broken_line(&mut self, scanned: usize, why: &str, out: &mut Batcher<'_>) -> io::Result<()> {
        let rest = &self.text[self.start..];
        let line = memchr::memchr(self.dialect.newline, rest).unwrap_or(rest.len());
        self.searched += scanned.saturating_sub(line);
        let range = Range { offset: self.offset, length: length(self.encoding, &rest[..line]) };
        let length = rest.len();
        self.advance((line + 1).min(length));
        let detail = format!("row {}: {why}; reading goes on with the next line", self.rows + 1);
        self.rows += 1;
        out.gap(range, Cause::UnreadableRecord, detail)
    }

    /// So much text and no end of a row: an open quote, or a line without end.
    fn too_long(
        &mut self,
        input: &mut dyn Read,
        out: &mut Batcher<'_>,
        failed: &mut Option<io::Error>,
    ) -> io::Result<()> {
        let rest = &self.text[self.start..];
        if memchr::memchr(self.dialect.newline, rest).is_some() {
            let why = format!("a quote is not closed within {ROW_MAX} bytes");
            return self.broken_line(rest.len(), &why, out);
        }
        let offset = self.offset;
        loop {
            let rest = &self.text[self.start..];
            let line = memchr::memchr(self.dialect.newline, rest);
            let length = line.unwrap_or(rest.len());
            self.advance(length);
            if line.is_some() || self.ended {
                break;
            }
            *failed = failed.take().or(self.fill(input));
        }
        self.rows += 1;
        let range = Range { offset, length: self.offset - offset };
        out.gap(range, Cause::Limit, format!("a row longer than {ROW_MAX} bytes"))
    }

    /// What is left at the end: half a character; or a table without rows.
    fn close(&mut self, out: &mut Batcher<'_>) -> io::Result<()> {
        let odd = self.decoder.rest() as u64;
        if odd > 0 {
            let range = Range { offset: self.offset, length: odd };
            out.gap(range, Cause::Truncated, "the file ends inside a character")?;
        }
        if self.rows > 0 {
            return Ok(());
        }
        let range = self.header_range.unwrap_or(Range { offset: 0, length: 0 });
        out.gap(range, Cause::Empty, "a table with column names and no row")
    }
}

fn is_header(row: &Row<'_>) -> bool {
    row.len() == row.header.names.len()
        && row
            .spans
            .iter()
            .zip(&row.header.names)
            .all(|(span, name)| row.text.get(span.from..span.to) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept {
        rows: Vec<(String, Vec<Range>)>,
        events: Vec<Batch>,
        gaps: Vec<Gap>,
    }

    impl Sink for Kept {
        fn batch(&mut self, batch: Batch) -> io::Result<()> {
            self.events.push(batch);
            Ok(())
        }
        fn gap(&mut self, gap: Gap) -> io::Result<()> {
            self.gaps.push(gap);
            Ok(())
        }
    }

    fn origin() -> Origin {
        Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "csv" }
    }

    fn text(row: &Row<'_>) -> String {
        let pair =
            |(name, value): &(String, Option<String>)| format!("{name}={}", value.as_deref().unwrap_or(""));
        row.fields().iter().map(pair).collect::<Vec<_>>().join(" ")
    }

    /// Reads all rows, then every one again from its bytes and those of its header alone.
    fn read(bytes: &[u8]) -> Kept {
        let mut rows = Vec::new();
        let mut options = Vec::new();
        let mut kept = Kept::default();
        let mut batcher = Batcher::new(origin(), &mut kept);
        read_rows(&mut &bytes[..], &clock::NONE, &mut batcher, &mut |row, _| {
            rows.push((text(row), row.ranges.to_vec()));
            options.push((row.options.clone(), row.ragged()));
            Ok(Ok(()))
        })
        .unwrap();
        for ((text_then, ranges), (options, ragged)) in rows.iter().zip(&options) {
            let slice = |range: &Range| Slice {
                range: *range,
                bytes: bytes[range.offset as usize..(range.offset + range.length) as usize].to_vec(),
            };
            let slices: Vec<Slice> = ranges.iter().map(slice).collect();
            let mut again = Vec::new();
            reread(&slices, options, &mut batcher, &mut |row, _| {
                again.push((text(row), row.options.clone(), row.ragged()));
                Ok(Ok(()))
            })
            .unwrap();
            assert_eq!(again, [(text_then.clone(), options.clone(), ragged.clone())]);
        }
        batcher.finish().unwrap();
        kept.rows = rows;
        kept
    }

    fn rows(bytes: &[u8]) -> Vec<String> {
        read(bytes).rows.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn a_row_is_located_with_its_header() {
        let bytes = b"\xef\xbb\xbftime,what\r\n1,\"a\nb\"\r\n\r\n2,\"c \"\"d\"\"\"";
        let kept = read(bytes);
        let range = |offset, length| Range { offset, length };
        assert_eq!(
            kept.rows,
            [
                ("time=1 what=a\nb".into(), vec![range(14, 7), range(3, 9)]),
                ("time=2 what=c \"d\"".into(), vec![range(25, 11), range(3, 9)]),
            ]
        );
        assert_eq!(kept.gaps, []);
    }

    #[test]
    fn an_open_quote_costs_its_own_line_only() {
        let kept = read(b"time,what\n1,a\n2,\"b\n3,c\n4,\"d\"\n");
        assert_eq!(
            kept.rows.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(),
            ["time=1 what=a", "time=3 what=c", "time=4 what=d"]
        );
        let gap = &kept.gaps[0];
        assert_eq!((gap.cause, gap.range), (Cause::UnreadableRecord, Range { offset: 14, length: 4 }));
        // Even where nothing closes it for megabytes.
        let mut long = b"time,what\n1,\"open\n".to_vec();
        for _ in 0..(ROW_MAX / 8 + 100_000) {
            long.extend_from_slice(b"2,abcde\n");
        }
        let kept = read(&long);
        assert_eq!(kept.rows.len(), ROW_MAX / 8 + 100_000);
        assert_eq!(kept.gaps.len(), 1);
    }

    #[test]
    fn the_end_of_a_file_cuts_its_last_row() {
        for (cut, cause) in
            [(&b"a,b,c\n1,2,3\n4,5"[..], Cause::Truncated), (b"a,b,c\n1,2,3\n4,\"5", Cause::UnreadableRecord)]
        {
            let kept = read(cut);
            assert_eq!((kept.rows.len(), kept.gaps[0].cause, kept.gaps.len()), (1, cause, 1));
        }
        assert_eq!(rows(b"a,b\n1,2"), ["a=1 b=2"], "a last line without line break is whole");
    }

    #[test]
    fn ragged_rows_keep_their_cells_and_say_so() {
        let kept = read(b"a,b\n1,2\n1,2\n1,2\n1,2\n1,2,3\n1\n1,2\n1,2\n1,2\n1,2\n");
        assert_eq!((kept.rows.len(), kept.gaps.len()), (10, 0));
        assert_eq!(kept.rows[4].0, "a=1 b=2 column_3=3");
    }

    #[test]
    fn a_header_that_comes_again_is_the_header_of_what_follows() {
        let kept = read(b"a,b\n1,2\na,b\n3,4\n");
        assert_eq!(kept.rows[1].1, [Range { offset: 12, length: 3 }, Range { offset: 8, length: 3 }]);
    }

    #[test]
    fn encodings_and_dialects() {
        let utf_16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("a;b\r\n€;\"x\n\"\r\n".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(rows(&utf_16), ["a=€ b=x\n"]);
        assert_eq!(rows(b"a,b\ncaf\xe9,\"\"\"\xfc\"\"\"\n"), ["a=café b=\"ü\""]);
        assert_eq!(rows(b"a\tb\r1\t2\r3\t4\r"), ["a=1 b=2", "a=3 b=4"]);
        assert_eq!(rows(b"'a','b'\n'x, y','it''s'\n"), ["a=x, y b=it's"]);
        assert_eq!(rows(b"1,2,3\n4,5,6\n7,8,9\n").len(), 3);
        let mut odd = utf_16;
        odd.push(b'x');
        assert_eq!(read(&odd).gaps[0].cause, Cause::Truncated);
    }

    #[test]
    fn a_table_without_rows_and_a_row_without_end_are_gaps() {
        assert_eq!(read(b"time,user\n").gaps[0].cause, Cause::Empty);
        let mut endless = b"time,user\n1,a\n".to_vec();
        endless.resize(ROW_MAX + (1 << 20), b'x');
        endless.extend_from_slice(b"\n2,b\n");
        let kept = read(&endless);
        assert_eq!((kept.rows.len(), kept.gaps.len(), kept.gaps[0].cause), (2, 1, Cause::Limit));
        assert_eq!(kept.gaps[0].range.offset, 14);
    }
}
