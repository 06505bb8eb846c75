//! Which tables does a file of the register hold, and which cells their rows?
//!
//! CSV has a header and lists within a cell parted by `;`; JSON and YAML have an array of entries,
//! or an object with an array for each table. Cells stay under protection: they may be names.

use std::collections::BTreeMap;

use assize_model::Protected;
use serde_json::Value;

use super::{Complaint, Given};

/// Rows of one file that are read; more is no register.
const ROWS_MAX: usize = 2_000_000;

macro_rules! kinds {
    ($($variant:ident $name:literal,)*) => {
        /// What a table is about, in the order in which they are read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Kind { $($variant,)* }
        impl Kind {
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant,)*];
            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    Subjects "subjects", Staff "staff", Holdings "holdings", Items "items",
    HoldingSubjects "holding_subjects", Rights "rights", Planes "planes", Devices "devices",
    Accounts "accounts", Duties "duties", Trips "trips", LogSources "log_sources",
    Situations "situations",
}

impl Kind {
    /// Whether its rows say who somebody is.
    pub(super) const fn is_of_people(self) -> bool {
        matches!(self, Self::Subjects | Self::Staff)
    }

    fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace(['-', ' '], "_");
        let name = name.strip_prefix("register_").unwrap_or(&name);
        Self::ALL.iter().copied().find(|kind| {
            let whole = kind.as_str();
            name == whole || whole.strip_suffix('s') == Some(name)
        })
    }
}

/// One table.
pub(super) struct Table {
    pub(super) kind: Kind,
    /// Of which file, for complaints.
    pub(super) file: String,
    pub(super) rows: Vec<Row>,
}

/// One row: cells by the name of their column, in lower case.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) cells: BTreeMap<String, Cell>,
}

/// One cell. No `Debug`: it may be a name.
pub(super) struct Cell(pub(super) Value);

impl Cell {
    /// Its text; numbers and truth values as they are written.
    pub(super) fn text(&self) -> Option<String> {
        match &self.0 {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(if *truth { "yes" } else { "no" }.to_owned()),
            Value::Null => Some(String::new()),
            _ => None,
        }
    }

    /// Its texts: an array, or a cell parted by `;`.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        match &self.0 {
            Value::Array(values) => values.iter().map(|value| Cell(value.clone()).text()).collect(),
            _ => Some(
                self.text()?.split(';').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect(),
            ),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match &self.0 {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(values) => values.is_empty(),
            _ => false,
        }
    }
}

/// The tables of a file.
pub(super) fn tables(file: &Given, complaints: &mut Vec<Complaint>) -> Vec<Table> {
    let (stem, end) = file.name.rsplit_once('.').unwrap_or((&file.name, ""));
    let stem = stem.rsplit(['/', '\\']).next().unwrap_or(stem);
    let mut wrong = |row: u64, problem: &str| {
        let problem = problem.to_owned();
        complaints.push(Complaint { file: file.name.clone(), row, column: String::new(), problem });
    };
    let kind = Kind::of(stem);
    let tables = match end.to_lowercase().as_str() {
        "csv" => match kind {
            Some(kind) => csv_rows(&file.text, &mut wrong).map(|rows| vec![(kind, rows)]),
            None => Err("the name says no table of the register; not read".to_owned()),
        },
        "json" => parsed(
            serde_json::from_str(file.text.expose()).map_err(|e| place(e.line(), e.column())),
            kind,
            &mut wrong,
        ),
        // The parser's own message may quote the text, so only its place is told.
        "yaml" | "yml" => {
            let value = yaml_serde::from_str(file.text.expose());
            let error = |e: yaml_serde::Error| {
                e.location().map_or_else(|| "not YAML".into(), |at| place(at.line(), at.column()))
            };
            parsed(value.map_err(error), kind, &mut wrong)
        }
        _ => Err("expected .csv, .json, .yaml or .yml; not read".to_owned()),
    };
    match tables {
        Ok(tables) => {
            tables.into_iter().map(|(kind, rows)| Table { kind, file: file.name.clone(), rows }).collect()
        }
        Err(problem) => {
            wrong(0, &problem);
            Vec::new()
        }
    }
}

fn place(line: usize, column: usize) -> String {
    format!("cannot be read: line {line}, column {column}; nothing of the file is used")
}

fn csv_rows(text: &Protected, wrong: &mut impl FnMut(u64, &str)) -> Result<Vec<Row>, String> {
    let text = text.expose().trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header: Vec<String> =
        reader.headers().map_err(|_| "no header".to_owned())?.iter().map(column_name).collect();
    if header.iter().all(String::is_empty) || header.iter().any(|name| name.contains('\0')) {
        return Err("no header in the first line; nothing of the file is used".to_owned());
    }
    let mut rows = Vec::new();
    for record in reader.records().take(ROWS_MAX) {
        let Ok(record) = record else {
            wrong(rows.len() as u64 + 2, "not a row of CSV; left out");
            continue;
        };
        let number = record.position().map_or(0, csv::Position::line);
        if record.len() != header.len() {
            wrong(number, &format!("expected {} cells, found {}; left out", header.len(), record.len()));
            continue;
        }
        let cells =
            header.iter().cloned().zip(record.iter().map(|text| Cell(Value::String(text.to_owned()))));
        rows.push(Row { number, cells: cells.collect() });
    }
    Ok(rows)
}

fn column_name(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

fn parsed(
    value: Result<Value, String>,
    kind: Option<Kind>,
    wrong: &mut impl FnMut(u64, &str),
) -> Result<Vec<(Kind, Vec<Row>)>, String> {
    match (value?, kind) {
        (Value::Array(entries), Some(kind)) => Ok(vec![(kind, entry_rows(entries, wrong))]),
        (Value::Object(tables), _) => {
            let mut found = Vec::new();
            for (name, entries) in tables {
                match (Kind::of(&name), entries) {
                    (Some(kind), Value::Array(entries)) => found.push((kind, entry_rows(entries, wrong))),
                    _ => wrong(0, "a key that names no table, or holds no list; its content is not used"),
                }
            }
            Ok(found)
        }
        _ => {
            Err("expected a list of entries in a file named for its table, or an object of such lists"
                .to_owned())
        }
    }
}

fn entry_rows(entries: Vec<Value>, wrong: &mut impl FnMut(u64, &str)) -> Vec<Row> {
    let mut rows = Vec::new();
    for (position, entry) in entries.into_iter().take(ROWS_MAX).enumerate() {
        let number = position as u64 + 1;
        match entry {
            Value::Object(cells) => {
                let cells = cells.into_iter().map(|(name, value)| (column_name(&name), Cell(value)));
                rows.push(Row { number, cells: cells.collect() });
            }
            _ => wrong(number, "not an object; left out"),
        }
    }
    rows
}
