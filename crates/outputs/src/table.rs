//! How do rows look: as a table on a terminal, as CSV, NDJSON or JSON?
//!
//! The same rows in four shapes. A table is aligned by what a terminal shows, not by bytes; it
//! shortens wide cells with `…`, but never the last column, where the id stands: an id that cannot
//! be copied proves nothing. Which rows, and in which order, is the query's business.

use std::io::{self, Write};

use assize_model::Row;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::harmless;

/// Rows from which the widths of a table's columns are taken; later rows are fitted to them, so
/// that a long answer is written as it comes.
const ROWS_MEASURED: usize = 1000;
/// No column is made narrower than this to fit the terminal.
const COLUMN_WIDTH_MIN: usize = 8;
/// Between two columns of a table.
const SPACE: &str = "  ";

/// In which shape rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Aligned columns for a person at a terminal.
    Table,
    /// One array of objects.
    Json,
    /// One object per line.
    Ndjson,
    /// Comma-separated, with a header.
    Csv,
}

impl std::str::FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "table" => Ok(Self::Table),
            "json" => Ok(Self::Json),
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            other => Err(format!("`{other}` is not a format: table, json, ndjson, csv")),
        }
    }
}

/// Which value of a row stands in a column, and under which heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The row's name for the value; the key in JSON.
    pub key: String,
    /// The heading in a table and in CSV.
    pub title: String,
}

impl Column {
    /// A column whose heading is its key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self { key: key.to_owned(), title: key.to_owned() }
    }

    /// A column with a heading of its own.
    #[must_use]
    pub fn titled(key: &str, title: &str) -> Self {
        Self { key: key.to_owned(), title: title.to_owned() }
    }

    /// Every column of a row, as a query of unknown columns answers.
    #[must_use]
    pub fn all(row: &Row) -> Vec<Self> {
        row.0.iter().map(|(key, _)| Self::of(key)).collect()
    }
}

/// Writes rows and says how many. `width` is the terminal's; `None` shortens nothing. No columns
/// means those of the first row.
///
/// # Errors
/// Where the stream fails.
pub fn write_rows(
    rows: impl IntoIterator<Item = Row>,
    columns: &[Column],
    shape: Shape,
    width: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let mut writer = RowWriter::new(columns, shape, width, out);
    for row in rows {
        writer.row(row)?;
    }
    writer.finish()
}

/// `"20 of 318 findings shown; all: …"`; `None` when all are shown.
#[must_use]
pub fn shown(shown: u64, of: u64, what: &str, rest: &str) -> Option<String> {
    (shown < of).then(|| format!("{shown} of {of} {what} shown; all: {rest}"))
}

/// Takes rows one by one, as [`assize_model::Snapshot::each`] hands them over.
pub struct RowWriter<'a> {
    columns: Vec<Column>,
    shape: Shape,
    width: Option<usize>,
    out: &'a mut dyn Write,
    /// Rows of a table that wait until the widths are known.
    waiting: Vec<Row>,
    layout: Option<Layout>,
    written: u64,
}

impl<'a> RowWriter<'a> {
    /// See [`write_rows`].
    pub fn new(columns: &[Column], shape: Shape, width: Option<usize>, out: &'a mut dyn Write) -> Self {
        Self { columns: columns.to_vec(), shape, width, out, waiting: Vec::new(), layout: None, written: 0 }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// Where the stream fails.
    pub fn row(&mut self, row: Row) -> io::Result<()> {
        if self.columns.is_empty() {
            self.columns = Column::all(&row);
        }
        self.written += 1;
        match self.shape {
            Shape::Table => self.table_row(row),
            Shape::Json => self.json_row(&row, if self.written == 1 { "[\n" } else { ",\n" }, ""),
            Shape::Ndjson => self.json_row(&row, "", "\n"),
            Shape::Csv => self.csv_row(&row),
        }
    }

    /// Takes an object whole, for JSON and NDJSON, in which every row says its own keys.
    ///
    /// # Errors
    /// Where the stream fails, or the shape has columns.
    pub fn object(&mut self, object: &impl Serialize) -> io::Result<()> {
        self.written += 1;
        let (before, after) = match (self.shape, self.written) {
            (Shape::Ndjson, _) => ("", "\n"),
            (Shape::Json, 1) => ("[\n", ""),
            (Shape::Json, _) => (",\n", ""),
            (Shape::Table | Shape::Csv, _) => return Err(io::Error::other("a table has rows, not objects")),
        };
        self.out.write_all(before.as_bytes())?;
        harmless::json(object, self.out)?;
        self.out.write_all(after.as_bytes())
    }

    /// Writes what is left and says how many rows there were.
    ///
    /// # Errors
    /// Where the stream fails.
    pub fn finish(mut self) -> io::Result<u64> {
        match self.shape {
            Shape::Table if self.layout.is_none() => self.begin_table()?,
            Shape::Json if self.written == 0 => self.out.write_all(b"[]\n")?,
            Shape::Json => self.out.write_all(b"\n]\n")?,
            Shape::Csv if self.written == 0 => self.csv_header()?,
            _ => {}
        }
        Ok(self.written)
    }

    fn json_row(&mut self, row: &Row, before: &str, after: &str) -> io::Result<()> {
        self.out.write_all(before.as_bytes())?;
        harmless::json(&Object { row, columns: &self.columns }, self.out)?;
        self.out.write_all(after.as_bytes())
    }

    fn csv_row(&mut self, row: &Row) -> io::Result<()> {
        if self.written == 1 {
            self.csv_header()?;
        }
        let cells: Vec<String> = self.columns.iter().map(|column| csv_cell(row.value(&column.key))).collect();
        self.csv_line(&cells)
    }

    fn csv_header(&mut self) -> io::Result<()> {
        let titles: Vec<String> =
            self.columns.iter().map(|column| harmless::csv_cell(&column.title).into_owned()).collect();
        self.csv_line(&titles)
    }

    fn csv_line(&mut self, cells: &[String]) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(&mut *self.out);
        writer.write_record(cells).map_err(io::Error::other)?;
        writer.flush()
    }

    fn table_row(&mut self, row: Row) -> io::Result<()> {
        if let Some(layout) = &self.layout {
            return layout.line(&cells(&self.columns, &row), self.out);
        }
        self.waiting.push(row);
        if self.waiting.len() < ROWS_MEASURED { Ok(()) } else { self.begin_table() }
    }

    /// Fixes the widths, writes the header and the rows that waited.
    fn begin_table(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        let layout = Layout::of(&self.columns, &rows, self.width);
        let titles: Vec<String> =
            self.columns.iter().map(|column| harmless::terminal(&column.title).into_owned()).collect();
        if !titles.is_empty() {
            layout.line(&titles, self.out)?;
            layout.rule(self.out)?;
        }
        for row in &rows {
            layout.line(&cells(&self.columns, row), self.out)?;
        }
        self.layout = Some(layout);
        Ok(())
    }
}

/// Widths and alignments of a table's columns.
struct Layout {
    widths: Vec<usize>,
    right: Vec<bool>,
}

impl Layout {
    fn of(columns: &[Column], rows: &[Row], width: Option<usize>) -> Self {
        let mut widths: Vec<usize> =
            columns.iter().map(|column| harmless::terminal(&column.title).width()).collect();
        for row in rows {
            for (widest, cell) in widths.iter_mut().zip(cells(columns, row)) {
                *widest = (*widest).max(cell.width());
            }
        }
        if let Some(width) = width {
            fit(&mut widths, width);
        }
        let right = columns.iter().map(|column| holds_numbers(rows, &column.key)).collect();
        Self { widths, right }
    }

    fn line(&self, cells: &[String], out: &mut dyn Write) -> io::Result<()> {
        let mut line = String::new();
        for (at, cell) in cells.iter().enumerate() {
            let last = at + 1 == cells.len();
            let cell = if last { cell.clone() } else { clipped(cell, self.widths[at]) };
            let pad = " ".repeat(self.widths[at].saturating_sub(cell.width()));
            line += if at == 0 { "" } else { SPACE };
            line += &if self.right[at] { pad + &cell } else { cell + &pad };
        }
        writeln!(out, "{}", line.trim_end())
    }

    fn rule(&self, out: &mut dyn Write) -> io::Result<()> {
        let rules: Vec<String> = self.widths.iter().map(|width| "─".repeat(*width)).collect();
        writeln!(out, "{}", rules.join(SPACE))
    }
}

/// Narrows the widest columns, all but the last, until the line fits or nothing more can give.
fn fit(widths: &mut [usize], width: usize) {
    let Some(given) = widths.len().checked_sub(1) else { return };
    loop {
        let line = widths.iter().sum::<usize>() + SPACE.len() * given;
        let widest = widths[..given].iter().copied().max().unwrap_or(0);
        if line <= width || widest <= COLUMN_WIDTH_MIN {
            return;
        }
        // All columns of that width shrink together, down to the next narrower one at most.
        let next = widths[..given].iter().copied().filter(|other| *other < widest).max().unwrap_or(0);
        let many = widths[..given].iter().filter(|other| **other == widest).count();
        let step = (line - width).div_ceil(many).min(widest - next.max(COLUMN_WIDTH_MIN)).max(1);
        for other in widths[..given].iter_mut().filter(|other| **other == widest) {
            *other -= step;
        }
    }
}

/// A text in at most `width` columns of a terminal, ending in `…` where something is left out.
fn clipped(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut made = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        made.push(character);
    }
    made + "…"
}

fn holds_numbers(rows: &[Row], key: &str) -> bool {
    let mut values = rows.iter().map(|row| row.value(key)).filter(|value| !value.is_null()).peekable();
    values.peek().is_some() && values.all(Value::is_number)
}

fn cells(columns: &[Column], row: &Row) -> Vec<String> {
    columns.iter().map(|column| table_cell(row.value(&column.key))).collect()
}

/// A value for a person: null as `–`, which no text of evidence is mistaken for at a glance.
fn table_cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        other => harmless::terminal(&plain(other)).into_owned(),
    }
}

/// A value for a spreadsheet: null is empty; numbers and truths are not text and keep their sign.
fn csv_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        other => harmless::csv_cell(&plain(other)).into_owned(),
    }
}

/// A list of plain values as `a, b`; whatever has more structure as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(values) if values.iter().all(|value| !value.is_array() && !value.is_object()) => {
            values.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The columns of a row as a JSON object, in the order of the columns.
struct Object<'a> {
    row: &'a Row,
    columns: &'a [Column],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for column in self.columns {
            map.serialize_entry(&column.key, self.row.value(&column.key))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn row(cells: &[(&str, Value)]) -> Row {
        Row(cells.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    fn written(rows: &[Row], shape: Shape, width: Option<usize>) -> String {
        let mut out = Vec::new();
        write_rows(rows.to_vec(), &[], shape, width, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn rows() -> Vec<Row> {
        vec![
            row(&[("host", json!("DC01")), ("n", json!(7)), ("ok", json!(true)), ("id", json!("f-aaaa"))]),
            row(&[
                ("host", json!("日本\u{202e}\u{1b}[2J")),
                ("n", json!(-1204)),
                ("ok", Value::Null),
                ("id", json!("f-bbbb")),
            ]),
        ]
    }

    #[test]
    fn a_table() {
        let expected = "host                     n  ok   id\n\
                        ────────────────────  ────  ───  ──────\n";
        let made = written(&rows(), Shape::Table, None);
        assert!(made.contains("DC01"), "{made}");
        let lines: Vec<&str> = made.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["host", "n", "ok", "id"], "{expected}");
        assert!(lines[3].contains("日本\\u{202e}\\u{1b}[2J  -1204  –"), "{made}");
        assert!(lines[2].contains("    7  yes"), "numbers stand to the right: {made}");
    }

    #[test]
    fn a_narrow_table_keeps_the_id() {
        let long = row(&[("text", json!("x".repeat(500))), ("id", json!("e-abcdefghijklmnopqrstuvwxyz"))]);
        let made = written(&[long], Shape::Table, Some(60));
        let line = made.lines().nth(2).unwrap();
        assert_eq!(line.width(), 60, "{made}");
        assert!(line.ends_with("x…  e-abcdefghijklmnopqrstuvwxyz"), "{made}");
    }

    #[test]
    fn the_other_shapes() {
        assert_eq!(
            written(&rows(), Shape::Ndjson, None),
            "{\"host\":\"DC01\",\"n\":7,\"ok\":true,\"id\":\"f-aaaa\"}\n\
             {\"host\":\"日本\\u202e\\u001b[2J\",\"n\":-1204,\"ok\":null,\"id\":\"f-bbbb\"}\n"
        );
        assert_eq!(
            written(&rows(), Shape::Csv, None),
            "host,n,ok,id\nDC01,7,true,f-aaaa\n日本\\u{202e}\\u{1b}[2J,-1204,,f-bbbb\n"
        );
        let back: Vec<Value> = serde_json::from_str(&written(&rows(), Shape::Json, None)).unwrap();
        assert_eq!(back[1]["host"], json!("日本\u{202e}\u{1b}[2J"));
    }

    #[test]
    fn nothing_is_something_in_every_shape() {
        assert_eq!(written(&[], Shape::Json, None), "[]\n");
        assert_eq!(written(&[], Shape::Ndjson, None), "");
        let columns = [Column::titled("id", "Id")];
        let mut out = Vec::new();
        assert_eq!(write_rows([], &columns, Shape::Csv, None, &mut out).unwrap(), 0);
        assert_eq!(write_rows([], &columns, Shape::Table, Some(80), &mut out).unwrap(), 0);
        assert_eq!(String::from_utf8(out).unwrap(), "Id\nId\n──\n");
    }

    #[test]
    fn formulas_and_lists_in_csv() {
        let made = written(
            &[row(&[
                ("a", json!("=1+1")),
                ("b", json!(["x", "y"])),
                ("c", json!([["k", null]])),
                ("d", json!("q\"\n,")),
            ])],
            Shape::Csv,
            None,
        );
        assert_eq!(made, "a,b,c,d\n'=1+1,\"x, y\",\"[[\"\"k\"\",null]]\",\"q\"\"⏎,\"\n");
    }

    #[test]
    fn rows_after_the_measured_ones_are_fitted() {
        let mut many: Vec<Row> =
            (0..ROWS_MEASURED).map(|n| row(&[("a", json!("x")), ("id", json!(n))])).collect();
        many.push(row(&[("a", json!("long text")), ("id", json!(1))]));
        let made = written(&many, Shape::Table, None);
        assert!(made.lines().last().unwrap().starts_with('…'), "{:?}", made.lines().last());
    }

    #[test]
    fn n_of_m() {
        let line = shown(20, 318, "findings", "assize query \"SELECT * FROM findings\"");
        assert_eq!(line.unwrap(), "20 of 318 findings shown; all: assize query \"SELECT * FROM findings\"");
        assert_eq!(shown(3, 3, "findings", ""), None);
    }

    proptest! {
        #[test]
        fn lines_fit_where_they_can(texts in prop::collection::vec("\\PC{0,60}", 1..6), width in 40usize..200) {
            let mut cells: Vec<(String, Value)> =
                texts.iter().enumerate().map(|(at, text)| (format!("c{at}"), json!(text))).collect();
            cells.push(("id".into(), json!("e-abc")));
            let room = (COLUMN_WIDTH_MIN + SPACE.len()) * texts.len() + 5;
            for line in written(&[Row(cells)], Shape::Table, Some(width)).lines() {
                prop_assert!(line.width() <= width.max(room), "{line:?} is {}", line.width());
            }
        }
    }
}
