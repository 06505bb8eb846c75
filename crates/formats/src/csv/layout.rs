//! How is a table written: in which encoding, with which delimiter, and where are its column names?
//!
//! Told by the first bytes alone, and the same from the same bytes: recognition and reading ask this
//! one function. What is no table (too few columns, rows that do not agree) has no layout.

use std::collections::BTreeMap;

use super::cells::{Cut, Dialect, Span, cut};
use assize_model::ReadingOptions;

use super::encoding;
use crate::HEAD;
use crate::lines::{Encoding, NULS_MIN};

/// How a table is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) encoding: Encoding,
    /// Bytes of the byte order mark.
    pub(crate) mark: usize,
    pub(crate) dialect: Dialect,
    /// Names of the columns and where, in the text after the mark, the line that holds them ends; what
    /// stands before that line (a title, a legend) belongs to it.
    pub(crate) header: Option<(Vec<String>, usize)>,
    /// Whether nothing names the columns: neither a header nor the make.
    pub(crate) unnamed: bool,
    /// Columns of most rows.
    pub(crate) columns: usize,
    /// Rows that were looked at, the header among them.
    pub(crate) rows: usize,
}

/// Rows looked at.
const SAMPLE: usize = 200;
/// Rows among which the header must be.
const HEADER_WITHIN: usize = 60;
/// Of a hundred rows from the header on, so many must have as many columns as it.
const AGREE_PERCENT: usize = 60;
/// The same for rows without a header, which have nothing else in common.
const AGREE_BARE_PERCENT: usize = 80;

impl Layout {
    /// A table by RFC 4180 without a header, whatever its rows.
    pub(crate) fn bare(head: &[u8], options: &ReadingOptions) -> Self {
        let (encoding, mark) = encoding::of(head, options).unwrap_or_default();
        Self { encoding, mark, dialect: Dialect::COMMA, header: None, unnamed: false, columns: 0, rows: 0 }
    }

    /// The layout of a table that begins so; `None` if this is no table.
    pub(crate) fn of(head: &[u8], options: &ReadingOptions) -> Option<Self> {
        let whole = head.len() < HEAD;
        let head = without_nuls(head);
        let (encoding, mark) = encoding::of(head, options)?;
        let text = encoding::sample(encoding, &head[mark..])?;
        let newline = if memchr::memchr(b'\n', &text).is_some() { b'\n' } else { b'\r' };
        if matches!(text.trim_ascii_start().first(), Some(b'{' | b'<')) {
            return None;
        }
        let draft = |delimiter| Draft::of(&text, whole, Dialect { delimiter, newline, ..Dialect::COMMA });
        // Of equals the last is taken: the comma.
        let drafts = [b'|', b'\t', b';', b','].into_iter().filter_map(draft);
        let draft = drafts.max_by_key(Draft::rank)?;
        Some(Self {
            encoding,
            mark,
            dialect: draft.dialect,
            unnamed: draft.header.is_none(),
            header: draft.header,
            columns: draft.columns,
            rows: draft.rows,
        })
    }
}

/// Without the zeros that a crash leaves at the end of a file. They are a gap of their own.
fn without_nuls(head: &[u8]) -> &[u8] {
    let nuls = head.iter().rev().take_while(|byte| **byte == 0).count();
    let text = &head[..head.len() - nuls];
    // In UTF-16 the last zero is half of a line's end, and zeros stand before it too.
    let few = nuls < NULS_MIN && memchr::memchr(0, text).is_some();
    if few || text.is_empty() { head } else { text }
}

/// What a table would be with one dialect.
struct Draft {
    dialect: Dialect,
    header: Option<(Vec<String>, usize)>,
    columns: usize,
    rows: usize,
    agree_percent: usize,
}

/// A row of the sample: its cells, and where it ends.
struct Sampled {
    cells: Vec<String>,
    next: usize,
}

impl Draft {
    fn of(text: &[u8], whole: bool, mut dialect: Dialect) -> Option<Self> {
        let mut sample = Sample::of(text, whole, dialect);
        if in_apostrophes(&sample.rows) {
            dialect.quote = b'\'';
            sample = Sample::of(text, whole, dialect);
        }
        let rows = &sample.rows;
        let columns = usual_columns(rows)?;
        // A legend before the header has other columns than the table.
        let first = rows.iter().take(HEADER_WITHIN).position(|row| row.cells.len() == columns)?;
        let table = &rows[first..];
        let others = table.iter().filter(|row| row.cells.len() != columns).count() + sample.broken;
        let total = table.len() + sample.broken;
        let same_again = table.get(1).is_some_and(|row| row.cells == table[0].cells);
        let header =
            (is_header(&table[0].cells) && !same_again).then(|| (table[0].cells.clone(), table[0].next));
        let agree_percent = (total - others) * 100 / total;
        let sound = match header {
            // A title with a comma is no table; one bad row makes a short table no other thing.
            Some(_) => {
                (agree_percent >= AGREE_PERCENT || others == 1) && table.len() > usize::from(first > 0)
            }
            None => agree_percent >= AGREE_BARE_PERCENT && first == 0 && columns > 2 && table.len() > 2,
        };
        sound.then_some(Self { dialect, columns, rows: table.len(), agree_percent, header })
    }

    fn rank(&self) -> (bool, usize, usize) {
        (self.header.is_some(), self.agree_percent, self.columns)
    }
}

/// Rows of the first bytes. One that the end of the bytes may cut is not among them, unless there is no
/// other.
struct Sample {
    rows: Vec<Sampled>,
    /// Lines whose quotes do not fit.
    broken: usize,
}

impl Sample {
    fn of(text: &[u8], whole: bool, dialect: Dialect) -> Self {
        let mut sample = Self { rows: Vec::new(), broken: 0 };
        let mut spans: Vec<Span> = Vec::new();
        let mut at = 0;
        while at < text.len() && sample.rows.len() + sample.broken < SAMPLE {
            match cut(&text[at..], whole, dialect, &mut spans) {
                Cut::Row { end, next } => {
                    if at + end < text.len() || sample.rows.len() < 2 {
                        sample.push(&text[at..at + end], &spans, at + next);
                    }
                    at += next;
                }
                Cut::More => break,
                Cut::Broken { .. } => {
                    let Some(line) = memchr::memchr(dialect.newline, &text[at..]) else { break };
                    sample.broken += 1;
                    at += line + 1;
                }
            }
        }
        sample
    }

    fn push(&mut self, row: &[u8], spans: &[Span], next: usize) {
        if row.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let cell = |span: &Span| String::from_utf8_lossy(&row[span.from..span.to]).into_owned();
        self.rows.push(Sampled { cells: spans.iter().map(cell).collect(), next });
    }
}

/// The number of columns that most rows have; two at least.
fn usual_columns(rows: &[Sampled]) -> Option<usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.cells.len() > 1) {
        *counts.entry(row.cells.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(columns, count)| (*count, *columns)).map(|(columns, _)| columns)
}

/// Whether most cells stand between apostrophes.
fn in_apostrophes(rows: &[Sampled]) -> bool {
    let cells =
        || rows.iter().flat_map(|row| &row.cells).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    let within =
        cells().filter(|cell| cell.len() > 1 && cell.starts_with('\'') && cell.ends_with('\'')).count();
    within * 2 > cells().count()
}

/// Whether these cells read as names of columns: words, each once, none of them a value.
fn is_header(cells: &[String]) -> bool {
    let mut names: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
    while names.last() == Some(&"") {
        names.pop();
    }
    let mut distinct = names.clone();
    distinct.sort_unstable();
    distinct.dedup();
    names.len() > 1 && distinct.len() == names.len() && names.iter().all(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " _-./()#%$&+*'[]{}?:@\u{a0}".contains(c);
    let first = |c: char| c.is_alphabetic() || "_#%@$'".contains(c);
    let words = name.split_whitespace().count();
    name.len() <= 80
        // `Token Protection - Sign In Session StatusCode` is a name too.
        && (1..=9).contains(&words)
        && name.chars().all(plain)
        && name.starts_with(first)
        && name.chars().any(char::is_alphabetic)
        && !is_value(name)
}

/// `a.user@court.example`, `https://…`, `… 08:00 …`: values, whatever letters they have.
fn is_value(name: &str) -> bool {
    let clock = |three: &[u8]| three[1] == b':' && three[0].is_ascii_digit() && three[2].is_ascii_digit();
    name.contains("://")
        || name.trim_start_matches('@').contains('@')
        || name.as_bytes().windows(3).any(clock)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(head: &[u8]) -> Option<Layout> {
        Layout::of(head, &ReadingOptions::default())
    }

    fn layout(text: &str) -> (char, usize, Option<String>) {
        let layout = of(text.as_bytes()).unwrap();
        let header = layout.header.map(|(names, _)| names.join("|"));
        (layout.dialect.delimiter as char, layout.columns, header)
    }

    #[test]
    fn delimiters_are_told_by_rows_that_agree() {
        for delimiter in [",", ";", "\t", "|"] {
            let text = "time,user,what\n1,a b,x\n2,c d,y\n".replace(',', delimiter);
            assert_eq!(
                layout(&text),
                (delimiter.chars().next().unwrap(), 3, Some("time|user|what".into())),
                "{delimiter:?}"
            );
        }
        assert_eq!(layout("a;b\n1,5;2,5\n2,5;3,5\n"), (';', 2, Some("a|b".into())));
        assert_eq!(layout("\"a\",\"b\"\n\"x;y;z\",\"1;2\"\n").0, ',');
        assert_eq!(layout("'a','b'\n'x','y, z'\n"), (',', 2, Some("a|b".into())));
    }

    #[test]
    fn a_legend_before_the_header_belongs_to_it() {
        let text = "DHCP Service Activity Log\n\nEvent ID  Meaning\n00\tThe log was started.\n\n\
                    ID,Date,Time\n10,09/14/26,08:00:00\n11,09/14/26,08:00:01\n";
        let layout = of(text.as_bytes()).unwrap();
        let (names, end) = layout.header.unwrap();
        assert_eq!(names, ["ID", "Date", "Time"]);
        assert_eq!(&text[end..end + 2], "10");
    }

    #[test]
    fn rows_without_header_need_company() {
        assert_eq!(layout("1,2,3\n4,5,6\n7,8,9\n"), (',', 3, None));
        assert_eq!(of(b"1,2,3\n"), None);
        assert_eq!(layout("name,mail\nx,a@b.example\n").2.as_deref(), Some("name|mail"));
    }

    #[test]
    fn prose_records_and_bytes_are_no_tables() {
        for text in [
            "plain words\n",
            "Sep 14 08:00:00 host sshd[1]: Failed password, for root\nSep 14 08:00:01 host su: one, two, three\n",
            "{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n",
            "\0\0\0\0",
            "",
        ] {
            assert_eq!(of(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn utf_16_is_told_with_and_without_a_mark() {
        let text = "time,user\n1,a\n2,b\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(of(&bytes).unwrap().encoding, Encoding::Utf16Le);
        let marked: Vec<u8> =
            [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        let layout = of(&marked).unwrap();
        assert_eq!((layout.encoding, layout.mark), (Encoding::Utf16Be, 2));
    }
}
