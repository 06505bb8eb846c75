//! Where does one row of a table end, and which bytes are its cells?
//!
//! RFC 4180 with what exports really do: any delimiter and quote, blanks before a quote, quotes that
//! nobody doubled inside a cell of one line. A quote that is not closed, or is followed by stray text
//! after a line break, makes the row broken: it would otherwise swallow the rows that follow. Nothing
//! here knows encodings, files or headers.

use memchr::memchr;

use crate::short::find2;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    /// Line feed, or carriage return where a file has no line feed at all.
    pub(crate) newline: u8,
}

impl Dialect {
    /// RFC 4180.
    pub(crate) const COMMA: Self = Self { delimiter: b',', quote: b'"', newline: b'\n' };
}

/// A cell without its quotes: bytes of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Whether it holds quotes that stand for one each.
    pub(crate) doubled: bool,
}

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A row of `end` bytes; the next begins at `next`.
    Row { end: usize, next: usize },
    /// The bytes end inside the row.
    More,
    /// Quotes that do not fit; noticed after so many bytes.
    Broken { scanned: usize, why: &'static str },
}

/// Columns after which a row is hostile.
const COLUMNS_MAX: usize = 4096;

/// Cuts the first row off. `whole`: nothing comes after these bytes.
pub(crate) fn cut(bytes: &[u8], whole: bool, dialect: Dialect, spans: &mut Vec<Span>) -> Cut {
    spans.clear();
    let mut at = 0;
    loop {
        if spans.len() >= COLUMNS_MAX {
            return Cut::Broken { scanned: at, why: "more than 4096 columns" };
        }
        let cell = match opening_quote(bytes, at, dialect) {
            Some(open) => quoted(bytes, open, whole, dialect),
            None => bare(bytes, at, whole, dialect),
        };
        match cell {
            Cell::Then(span, next) => {
                spans.push(span);
                at = next;
            }
            Cell::Last(span, end, next) => {
                spans.push(span);
                return Cut::Row { end, next };
            }
            Cell::More => return Cut::More,
            Cell::Broken(scanned, why) => return Cut::Broken { scanned, why },
        }
    }
}

enum Cell {
    /// A cell, and where the next begins.
    Then(Span, usize),
    /// The row's last cell, the row's end, and where the next row begins.
    Last(Span, usize, usize),
    More,
    Broken(usize, &'static str),
}

/// The quote with which the cell at `at` begins, behind blanks if need be.
fn opening_quote(bytes: &[u8], at: usize, dialect: Dialect) -> Option<usize> {
    match bytes.get(at)? {
        byte if *byte == dialect.quote => Some(at),
        b' ' => {
            let blanks = bytes[at..].iter().take_while(|byte| **byte == b' ').count();
            (bytes.get(at + blanks) == Some(&dialect.quote)).then_some(at + blanks)
        }
        _ => None,
    }
}

fn bare(bytes: &[u8], at: usize, whole: bool, dialect: Dialect) -> Cell {
    let span = |to| Span { from: at, to, doubled: false };
    match find2(dialect.delimiter, dialect.newline, &bytes[at..]) {
        None if !whole => Cell::More,
        None => {
            let to = without_return(bytes, at, bytes.len());
            Cell::Last(span(to), to, bytes.len())
        }
        Some(length) if bytes[at + length] == dialect.newline => {
            let to = without_return(bytes, at, at + length);
            Cell::Last(span(to), to, at + length + 1)
        }
        Some(length) => Cell::Then(span(at + length), at + length + 1),
    }
}

fn without_return(bytes: &[u8], from: usize, to: usize) -> usize {
    if to > from && bytes[to - 1] == b'\r' { to - 1 } else { to }
}

fn quoted(bytes: &[u8], open: usize, whole: bool, dialect: Dialect) -> Cell {
    let mut at = open + 1;
    let mut doubled = false;
    // Up to where the cell is known to lie on one line.
    let mut one_line = open;
    loop {
        let Some(length) = memchr(dialect.quote, &bytes[at..]) else {
            return if whole { Cell::Broken(bytes.len(), "a quote is not closed") } else { Cell::More };
        };
        let close = at + length;
        let span = Span { from: open + 1, to: close, doubled };
        match after_quote(bytes, close, whole, dialect) {
            After::Doubled => {
                doubled = true;
                at = close + 2;
            }
            After::Delimiter => return Cell::Then(span, close + 2),
            After::End(next) => return Cell::Last(span, close + 1, next),
            After::More => return Cell::More,
            After::Stray => {
                if memchr(dialect.newline, &bytes[one_line..close]).is_some() {
                    return Cell::Broken(close, "text follows a closing quote, lines after it was opened");
                }
                one_line = close;
                at = close + 1;
            }
        }
    }
}

enum After {
    Doubled,
    Delimiter,
    /// The row ends; the next begins there.
    End(usize),
    More,
    Stray,
}

fn after_quote(bytes: &[u8], close: usize, whole: bool, dialect: Dialect) -> After {
    match bytes.get(close + 1) {
        None if whole => After::End(bytes.len()),
        None => After::More,
        Some(byte) if *byte == dialect.quote => After::Doubled,
        Some(byte) if *byte == dialect.delimiter => After::Delimiter,
        Some(byte) if *byte == dialect.newline => After::End(close + 2),
        Some(b'\r') => match bytes.get(close + 2) {
            None if whole => After::End(bytes.len()),
            None => After::More,
            Some(byte) if *byte == dialect.newline => After::End(close + 3),
            Some(_) => After::Stray,
        },
        Some(_) => After::Stray,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, whole: bool) -> Result<(Vec<&str>, usize), Cut> {
        let mut spans = Vec::new();
        match cut(text.as_bytes(), whole, Dialect::COMMA, &mut spans) {
            Cut::Row { next, .. } => Ok((spans.iter().map(|span| &text[span.from..span.to]).collect(), next)),
            other => Err(other),
        }
    }

    #[test]
    fn rows_end_outside_quotes() {
        assert_eq!(cells("a,,c\r\nnext", false), Ok((vec!["a", "", "c"], 6)));
        assert_eq!(cells("a,\"b\nc\",d\nnext", false), Ok((vec!["a", "b\nc", "d"], 10)));
        assert_eq!(cells("a, \"b,c\"\r\n", false), Ok((vec!["a", "b,c"], 10)));
        assert_eq!(cells("\"a\"\"b\"\n", false), Ok((vec!["a\"\"b"], 7)));
        assert_eq!(cells("5\" disk,\"x\"\n", false), Ok((vec!["5\" disk", "x"], 12)), "a bare quote");
        assert_eq!(cells("\"said \"no\" twice\",x\n", false), Ok((vec!["said \"no\" twice", "x"], 20)));
        assert_eq!(cells("a,b", true), Ok((vec!["a", "b"], 3)));
        assert_eq!(cells("", true), Ok((vec![""], 0)));
    }

    #[test]
    fn what_is_not_whole_yet_asks_for_more() {
        for text in ["a,b", "a,\"b", "a,\"b\"", "a,\"b\"\r", "a,\"b\n"] {
            assert_eq!(cells(text, false), Err(Cut::More), "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_swallows_lines_is_broken() {
        assert!(matches!(cells("a,\"b\nc,d\n", true), Err(Cut::Broken { .. })));
        assert!(matches!(cells("a,\"b\nc,\"d\"\n", true), Err(Cut::Broken { scanned: 7, .. })));
    }
}
