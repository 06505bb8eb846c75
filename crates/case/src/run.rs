//! What did the last derivation read and run, in the words of the contract?

use assize_model::{Coverage, Reading, RecordedRun, Row, RuleInfo, coverage};
use assize_vault::Vault;
use serde::Serialize;

use crate::{Case, CaseError, CaseSnapshot, Tables};

/// Result of `inquire` and `derive`; keys by the contract.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Name of the case.
    pub case: String,
    /// Number of exhibits.
    pub exhibits: u64,
    /// Number of events, after records that are one event were merged.
    pub events: u64,
    /// Records that were merged into another: the same record exported twice, or a file copied twice.
    pub duplicates: u64,
    /// Number of gaps.
    pub gaps: u64,
    /// Number of findings.
    pub findings: u64,
    /// Number of incidents; always 0 while `not_derived` names them.
    pub incidents: u64,
    /// What this version does not derive: zeros above are then not statements.
    pub not_derived: Vec<String>,
    /// What became of the rules.
    pub rules: RuleCounts,
    /// Files and members that were not read.
    pub unread: Vec<Unread>,
    /// Seconds of the clock; 0 where nothing was timed.
    pub seconds: f64,
    /// Peak resident memory of the process.
    pub peak_bytes: u64,
}

/// What became of the rules.
#[derive(Clone, Debug, Serialize)]
pub struct RuleCounts {
    /// Rules that could be loaded.
    pub loaded: u64,
    /// Of these, rules whose log source the evidence holds.
    pub ran: u64,
    /// All others, with the reason.
    pub not_run: Vec<assize_model::NotRun>,
}

/// A file or member that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The exhibit; `None` if the file could not be admitted.
    pub exhibit: Option<String>,
    /// Path as given, with the member in a container after `!/`.
    pub path: String,
    /// Why, in one word; for files that were not admitted the system's reason.
    pub cause: String,
}

/// The facts of the run as the tables and the log hold them.
pub(crate) fn recorded(vault: &Vault, tables: &Tables) -> Result<RecordedRun, CaseError> {
    let rules = tables.rows("SELECT * FROM rules ORDER BY id, file")?;
    let (ran, not_run): (Vec<&Row>, Vec<&Row>) = rules.iter().partition(|rule| rule.value("ran") == true);
    Ok(RecordedRun {
        case: vault.case().name.clone(),
        tool: crate::TOOL.to_owned(),
        made_at: crate::stamp(None).at,
        handling: vault.case().handling.clone(),
        exhibits: vault.exhibits(),
        readings: tables
            .rows("SELECT * FROM readings ORDER BY exhibit, member NULLS FIRST")?
            .iter()
            .map(reading)
            .collect(),
        ran: ran.into_iter().map(rule_info).collect(),
        not_run: not_run.into_iter().map(not_run_of).collect(),
        coverage: tables
            .rows("SELECT * FROM coverage ORDER BY host, source")?
            .iter()
            .filter_map(covered)
            .collect(),
        log: vault.head(),
    })
}

fn reading(row: &Row) -> Reading {
    Reading {
        exhibit: row.text("exhibit").to_owned(),
        member: row.some_text("member").map(str::to_owned),
        bytes: row.number("bytes"),
        format: row.some_text("format").map(str::to_owned),
        events: row.number("events"),
        gaps: row.number("gaps"),
        container: row.value("container") == true,
    }
}

fn texts(row: &Row, column: &str) -> Vec<String> {
    let items = row.value(column).as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn rule_info(row: &Row) -> RuleInfo {
    RuleInfo {
        id: row.text("id").to_owned(),
        title: row.text("title").to_owned(),
        level: row.text("level").parse().unwrap_or(assize_model::Level::Informational),
        tags: texts(row, "tags"),
        file: row.text("file").to_owned(),
        logsource: row.text("logsource").to_owned(),
        about: Default::default(),
    }
}

fn not_run_of(row: &Row) -> assize_model::NotRun {
    assize_model::NotRun {
        id: row.text("id").to_owned(),
        title: row.text("title").to_owned(),
        reason: row.text("reason").to_owned(),
        file: row.text("file").to_owned(),
        line: Some(row.number("line")).filter(|line| *line > 0),
    }
}

fn covered(row: &Row) -> Option<Coverage> {
    use coverage::{Cause, State};
    let state = [State::Complete, State::Partial, State::None, State::Untrusted];
    let cause = Cause::ALL;
    Some(Coverage {
        source: row.text("source").to_owned(),
        host: row.some_text("host").map(str::to_owned),
        from: row.time("from"),
        to: row.time("to"),
        state: state.into_iter().find(|state| state.as_str() == row.text("state"))?,
        cause: cause.iter().copied().find(|cause| cause.as_str() == row.text("cause")),
        events: row.number("events"),
        because: row.text("because").to_owned(),
        basis: assize_model::Basis::of(texts(row, "basis"))?,
    })
}

/// The summary of a snapshot; seconds and memory are the caller's to fill.
///
/// # Errors
/// Where the tables cannot be read.
pub fn summary(case: &Case, snapshot: &CaseSnapshot<'_>) -> Result<Summary, CaseError> {
    let count = |table: &str| -> Result<u64, CaseError> {
        let rows = snapshot.tables.rows(&format!("SELECT count(*) AS n FROM {table}"))?;
        Ok(rows.first().map_or(0, |row| row.number("n")))
    };
    let run = &snapshot.run;
    let idle = run.not_run.iter().filter(|rule| rule.is_idle()).count();
    Ok(Summary {
        case: run.case.clone(),
        exhibits: run.exhibits.len() as u64,
        events: count("events")?,
        duplicates: if snapshot.tables.has_aliases() { count("aliases")? } else { 0 },
        gaps: count("gaps")?,
        findings: count("findings")?,
        incidents: count("incidents")?,
        not_derived: Vec::new(),
        rules: RuleCounts {
            loaded: (run.ran.len() + idle) as u64,
            ran: run.ran.len() as u64,
            not_run: run.not_run.clone(),
        },
        unread: unread(case, snapshot)?,
        seconds: 0.0,
        peak_bytes: 0,
    })
}

/// Every file and member that no format read, with the cause of its gap.
fn unread(case: &Case, snapshot: &CaseSnapshot<'_>) -> Result<Vec<Unread>, CaseError> {
    let mut unread: Vec<Unread> = case
        .vault
        .not_admitted()
        .into_iter()
        .map(|(path, reason)| Unread { exhibit: None, path, cause: reason })
        .collect();
    let rows = snapshot.tables.rows(
        "SELECT r.exhibit, r.member, min(g.cause) AS cause FROM readings r \
         JOIN gaps g ON g.exhibit = r.exhibit AND coalesce(g.member, '') = coalesce(r.member, '') \
         WHERE r.format IS NULL GROUP BY r.exhibit, r.member ORDER BY r.exhibit, r.member",
    )?;
    for row in &rows {
        let exhibit =
            snapshot.run.exhibits.iter().find(|exhibit| exhibit.id.to_string() == row.text("exhibit"));
        let path =
            exhibit.and_then(|exhibit| exhibit.admissions.first()).map_or("", |admission| &admission.path);
        let member = row.some_text("member").map_or(String::new(), |member| format!("!/{member}"));
        unread.push(Unread {
            exhibit: Some(row.text("exhibit").to_owned()),
            path: format!("{path}{member}"),
            cause: row.text("cause").to_owned(),
        });
    }
    Ok(unread)
}
