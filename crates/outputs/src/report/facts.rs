//! Which numbers does the report need more than once?
//!
//! Asked once, in a few queries whose answers are a row or a short list.

use std::collections::BTreeMap;

use assize_model::{Exhibit, OutputError, RecordedRun, Row, Snapshot, Time};

use super::{questions, words};

/// Hosts and accounts in their tables.
pub(crate) const AFFECTED_MAX: usize = 20;

/// The case as its report sees it.
pub(crate) struct Case<'a> {
    pub(crate) snapshot: &'a dyn Snapshot,
    pub(crate) run: &'a RecordedRun,
    pub(crate) events: Events,
    pub(crate) findings: Findings,
    /// Gravest first, at most [`AFFECTED_MAX`].
    pub(crate) hosts: Vec<Affected>,
    /// Gravest first, at most [`AFFECTED_MAX`].
    pub(crate) accounts: Vec<Affected>,
    pub(crate) files: Row,
    pub(crate) gaps: Row,
    /// `(cause, gaps, exhibits, bytes)` as rows, most gaps first.
    pub(crate) gap_causes: Vec<Row>,
    exhibits: BTreeMap<String, &'a Exhibit>,
}

/// How much was read.
pub(crate) struct Events {
    pub(crate) all: u64,
    /// Records beyond these, which are one of them told again.
    pub(crate) merged: u64,
    pub(crate) timed: u64,
    pub(crate) assumed: u64,
    pub(crate) hosts: u64,
    pub(crate) sources: u64,
    pub(crate) span: Option<(Time, Time)>,
}

/// How much was found.
pub(crate) struct Findings {
    pub(crate) all: u64,
    pub(crate) timed: u64,
    pub(crate) events: u64,
    pub(crate) rules: u64,
    pub(crate) hosts: u64,
    pub(crate) accounts: u64,
    pub(crate) without_host: u64,
    pub(crate) without_account: u64,
    pub(crate) by_level: [u64; 5],
    pub(crate) span: Option<(Time, Time)>,
}

/// A host or account, with what the rules say of it.
pub(crate) struct Affected {
    pub(crate) name: String,
    pub(crate) findings: u64,
    pub(crate) rules: u64,
    pub(crate) by_level: [u64; 5],
    pub(crate) first: Option<Time>,
    pub(crate) last: Option<Time>,
}

impl<'a> Case<'a> {
    /// Asks.
    pub(crate) fn of(snapshot: &'a dyn Snapshot) -> Result<Self, OutputError> {
        let run = snapshot.run();
        Ok(Self {
            snapshot,
            run,
            events: Events::of(&one(snapshot, questions::EVENTS)?),
            findings: Findings::of(&one(snapshot, &questions::findings())?),
            hosts: affected(snapshot, "host")?,
            accounts: affected(snapshot, "actor")?,
            files: one(snapshot, questions::FILES)?,
            gaps: one(snapshot, questions::GAPS)?,
            gap_causes: snapshot.rows(questions::GAP_CAUSES)?,
            exhibits: run.exhibits.iter().map(|exhibit| (exhibit.id.to_string(), exhibit)).collect(),
        })
    }

    /// An exhibit by its id.
    pub(crate) fn exhibit(&self, id: &str) -> Option<&'a Exhibit> {
        self.exhibits.get(id).copied()
    }

    /// The path under which an exhibit was first received.
    pub(crate) fn path(&self, exhibit: &str) -> Option<&'a str> {
        Some(self.exhibit(exhibit)?.admissions.first()?.path.as_str())
    }
}

impl Events {
    fn of(row: &Row) -> Self {
        Self {
            all: row.number("events"),
            merged: row.number("records").saturating_sub(row.number("events")),
            timed: row.number("timed"),
            assumed: row.number("assumed"),
            hosts: row.number("hosts"),
            sources: row.number("sources"),
            span: row.time("first").zip(row.time("last")),
        }
    }
}

impl Findings {
    fn of(row: &Row) -> Self {
        let all = row.number("findings");
        Self {
            all,
            timed: row.number("timed"),
            events: row.number("events"),
            rules: row.number("rules"),
            hosts: row.number("hosts"),
            accounts: row.number("accounts"),
            without_host: all.saturating_sub(row.number("with_host")),
            without_account: all.saturating_sub(row.number("with_actor")),
            by_level: words::level_counts(row),
            span: row.time("first").zip(row.time("last")),
        }
    }
}

fn affected(snapshot: &dyn Snapshot, column: &str) -> Result<Vec<Affected>, OutputError> {
    let rows = snapshot.rows(&questions::affected(column, AFFECTED_MAX))?;
    let affected = |row: &Row| Affected {
        name: row.text("name").to_owned(),
        findings: row.number("findings"),
        rules: row.number("rules"),
        by_level: words::level_counts(row),
        first: row.time("first"),
        last: row.time("last"),
    };
    Ok(rows.iter().map(affected).collect())
}

/// The one row of a query that counts.
fn one(snapshot: &dyn Snapshot, sql: &str) -> Result<Row, OutputError> {
    Ok(snapshot.rows(sql)?.into_iter().next().unwrap_or(Row(Vec::new())))
}
