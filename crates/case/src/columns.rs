//! How do our own small tables (findings, gaps, readings, …) become columns?
//!
//! Each table is a list of named kinds; its rows are cells in that order. Events have builders of
//! their own in `model`, because they are many.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, ListBuilder, StringBuilder, TimestampNanosecondBuilder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use assize_model::{Coverage, Exhibit, Finding, Gap, Reading, Time, spine};

/// What a column holds. Every column may be null but the first, the row's id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    Number,
    Time,
    Flag,
    Texts,
}

/// A table's name and columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// As in SQL.
    pub(crate) name: &'static str,
    /// Whether it is a folder with one file per exhibit, or a single file.
    pub(crate) per_exhibit: bool,
    pub(crate) columns: &'static [(&'static str, Kind)],
}

/// One value.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Text(Option<String>),
    Number(u64),
    NoNumber,
    Time(Option<Time>),
    Flag(bool),
    Texts(Vec<String>),
}

impl Cell {
    pub(crate) fn text(value: impl ToString) -> Self {
        Self::Text(Some(value.to_string()))
    }
}

use Kind::{Flag, Number, Text, Texts};

pub(crate) const FINDINGS: Table = Table {
    name: "findings",
    per_exhibit: true,
    columns: &[
        ("id", Text),
        ("rule", Text),
        ("title", Text),
        ("level", Text),
        ("tags", Texts),
        ("time", Kind::Time),
        ("host", Text),
        ("source", Text),
        ("actor", Text),
        ("event", Text),
        ("exhibit", Text),
        ("fields", Texts),
    ],
};

pub(crate) const GAPS: Table = Table {
    name: "gaps",
    per_exhibit: true,
    columns: &[
        ("id", Text),
        ("exhibit", Text),
        ("member", Text),
        ("offset", Number),
        ("length", Number),
        ("cause", Text),
        ("detail", Text),
    ],
};

pub(crate) const READINGS: Table = Table {
    name: "readings",
    per_exhibit: false,
    columns: &[
        ("exhibit", Text),
        ("member", Text),
        ("bytes", Number),
        ("format", Text),
        ("events", Number),
        ("gaps", Number),
        ("container", Flag),
    ],
};

pub(crate) const EXHIBITS: Table = Table {
    name: "exhibits",
    per_exhibit: false,
    columns: &[("id", Text), ("sha256", Text), ("blake3", Text), ("size", Number), ("paths", Texts)],
};

pub(crate) const COVERAGE: Table = Table {
    name: "coverage",
    per_exhibit: false,
    columns: &[
        ("source", Text),
        ("host", Text),
        ("from", Kind::Time),
        ("to", Kind::Time),
        ("state", Text),
        ("cause", Text),
        ("events", Number),
        ("because", Text),
        ("basis", Texts),
    ],
};

pub(crate) const RULES: Table = Table {
    name: "rules",
    per_exhibit: false,
    columns: &[
        ("id", Text),
        ("title", Text),
        ("level", Text),
        ("tags", Texts),
        ("logsource", Text),
        ("file", Text),
        ("ran", Flag),
        ("reason", Text),
        ("line", Number),
    ],
};

/// Every table but `events`.
pub(crate) const ALL: &[Table] = &[FINDINGS, GAPS, READINGS, EXHIBITS, COVERAGE, RULES];

impl Table {
    pub(crate) fn schema(&self) -> SchemaRef {
        let field = |(position, (name, kind)): (usize, &(&str, Kind))| {
            let data_type = match kind {
                Text => DataType::Utf8,
                Number => DataType::UInt64,
                Kind::Time => spine::time_type(),
                Flag => DataType::Boolean,
                Texts => DataType::List(Arc::new(Field::new("item", DataType::Utf8, false))),
            };
            Field::new(*name, data_type, position > 0)
        };
        Arc::new(Schema::new(self.columns.iter().enumerate().map(field).collect::<Vec<_>>()))
    }

    /// Rows as a batch; each row has a cell per column, of the column's kind.
    pub(crate) fn batch(&self, rows: &[Vec<Cell>]) -> Result<RecordBatch, ArrowError> {
        let column =
            |position: usize| column(self.columns[position].1, rows.iter().map(|row| &row[position]));
        RecordBatch::try_new(self.schema(), (0..self.columns.len()).map(column).collect())
    }
}

fn column<'a>(kind: Kind, cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    match kind {
        Text => {
            let mut builder = StringBuilder::new();
            cells.for_each(|cell| {
                builder.append_option(if let Cell::Text(text) = cell { text.as_deref() } else { None })
            });
            Arc::new(builder.finish())
        }
        Number => {
            let mut builder = UInt64Builder::new();
            cells.for_each(|cell| {
                builder.append_option(if let Cell::Number(number) = cell { Some(*number) } else { None })
            });
            Arc::new(builder.finish())
        }
        Kind::Time => {
            let mut builder = TimestampNanosecondBuilder::new().with_data_type(spine::time_type());
            cells.for_each(|cell| {
                builder.append_option(if let Cell::Time(time) = cell { time.map(|t| t.0) } else { None })
            });
            Arc::new(builder.finish())
        }
        Flag => {
            let mut builder = BooleanBuilder::new();
            cells.for_each(|cell| {
                builder.append_option(if let Cell::Flag(flag) = cell { Some(*flag) } else { None })
            });
            Arc::new(builder.finish())
        }
        Texts => {
            let item = Field::new("item", DataType::Utf8, false);
            let mut builder = ListBuilder::new(StringBuilder::new()).with_field(item);
            for cell in cells {
                if let Cell::Texts(texts) = cell {
                    texts.iter().for_each(|text| builder.values().append_value(text));
                }
                builder.append(true);
            }
            Arc::new(builder.finish())
        }
    }
}

pub(crate) fn finding(finding: &Finding) -> Vec<Cell> {
    vec![
        Cell::text(finding.id),
        Cell::text(&finding.rule),
        Cell::text(&finding.title),
        Cell::text(finding.level.as_str()),
        Cell::Texts(finding.tags.clone()),
        Cell::Time(finding.time),
        Cell::Text(finding.host.clone()),
        Cell::text(&finding.source),
        Cell::Text(finding.actor.clone()),
        Cell::text(finding.event),
        Cell::text(finding.exhibit),
        Cell::Texts(finding.fields.clone()),
    ]
}

pub(crate) fn gap(gap: &Gap) -> Vec<Cell> {
    vec![
        Cell::text(gap.id),
        Cell::text(gap.exhibit),
        Cell::Text(gap.member.clone()),
        Cell::Number(gap.range.offset),
        Cell::Number(gap.range.length),
        Cell::text(gap.cause.as_str()),
        Cell::text(&gap.detail),
    ]
}

pub(crate) fn reading(reading: &Reading) -> Vec<Cell> {
    vec![
        Cell::text(&reading.exhibit),
        Cell::Text(reading.member.clone()),
        Cell::Number(reading.bytes),
        Cell::Text(reading.format.clone()),
        Cell::Number(reading.events),
        Cell::Number(reading.gaps),
        Cell::Flag(reading.container),
    ]
}

pub(crate) fn exhibit(exhibit: &Exhibit) -> Vec<Cell> {
    // Which paths, not in which order or how often: tables must not depend on either.
    let mut paths: Vec<String> = exhibit.admissions.iter().map(|admission| admission.path.clone()).collect();
    paths.sort();
    paths.dedup();
    vec![
        Cell::text(exhibit.id),
        Cell::text(&exhibit.digests.sha256),
        Cell::text(&exhibit.digests.blake3),
        Cell::Number(exhibit.digests.size),
        Cell::Texts(paths),
    ]
}

pub(crate) fn coverage(coverage: &Coverage) -> Vec<Cell> {
    vec![
        Cell::text(&coverage.source),
        Cell::Text(coverage.host.clone()),
        Cell::Time(coverage.from),
        Cell::Time(coverage.to),
        Cell::text(coverage.state.as_str()),
        Cell::Text(coverage.cause.map(|cause| cause.as_str().to_owned())),
        Cell::Number(coverage.events),
        Cell::text(&coverage.because),
        Cell::Texts(coverage.basis.ids().to_vec()),
    ]
}
