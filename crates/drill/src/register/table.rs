//! How is a table written as CSV (RFC 4180, but with line feeds)?

use std::fmt::Write as _;

use crate::moment::Moment;

/// A table while it is being written.
pub(super) struct Table {
    text: String,
    columns: usize,
}

impl Table {
    /// With these columns.
    pub(super) fn new(columns: &[&str]) -> Self {
        let mut table = Self { text: String::new(), columns: columns.len() };
        table.row(columns);
        table
    }

    /// Appends a row, of as many cells as there are columns.
    pub(super) fn row<S: AsRef<str>>(&mut self, cells: &[S]) {
        assert_eq!(cells.len(), self.columns, "a cell for each column");
        for (number, cell) in cells.iter().enumerate() {
            if number > 0 {
                self.text.push(',');
            }
            self.cell(cell.as_ref());
        }
        self.text.push('\n');
    }

    /// The whole.
    pub(super) fn done(self) -> String {
        self.text
    }

    fn cell(&mut self, cell: &str) {
        if cell.contains([',', '"', '\n', '\r']) {
            // Writing to a string cannot fail.
            let _ = write!(self.text, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            self.text.push_str(cell);
        }
    }
}

/// Several values in one cell.
pub(super) fn list<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> String {
    let mut text = String::new();
    for value in values {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(value.as_ref());
    }
    text
}

/// `2026-09-14T07:12:41Z`
pub(super) fn time(at: Moment) -> String {
    format!("{}Z", at.iso_seconds())
}

/// The same, or nothing.
pub(super) fn time_or_none(at: Option<Moment>) -> String {
    at.map(time).unwrap_or_default()
}

/// `yes` or `no`
pub(super) fn yes(truth: bool) -> String {
    String::from(if truth { "yes" } else { "no" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_row_is_quoted() {
        let mut table = Table::new(&["a", "b"]);
        table.row(&["x, \"y\"", "two\nlines"]);
        assert_eq!(table.done(), "a,b\n\"x, \"\"y\"\"\",\"two\nlines\"\n");
        assert_eq!(list(["a", "b"]), "a; b");
        assert_eq!(list::<&str>([]), "");
    }
}
