//! What really happened, in the contract's words?
//!
//! Written from the world alone: no observer, no trace and no damage has a say in sessions,
//! steps and grades. Only where a trace lies is told by the ledger, and which logs are whole by
//! the damage. `truth/` is read by nothing but `score`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;

use crate::act::{Session, Way};
use crate::court::{Court, HostId, ItemId};
use crate::files::{Files, Trace};
use crate::moment::Moment;
use crate::world::is_told;

/// The scale of `grades.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the scale's own words")]
pub enum Grade {
    Listed,
    Opened,
    Collected,
    Left,
}

impl Grade {
    /// The scale's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Opened => "opened",
            Self::Collected => "collected",
            Self::Left => "left",
        }
    }
}

/// One step of an incident.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) incident: String,
    pub(crate) time: Moment,
    pub(crate) technique: String,
    pub(crate) host: String,
    pub(crate) account: String,
    pub(crate) succeeded: bool,
}

/// A row of coverage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Covered {
    pub(crate) source: String,
    pub(crate) host: Option<String>,
    pub(crate) from: Moment,
    pub(crate) to: Moment,
    pub(crate) state: &'static str,
    pub(crate) cause: Option<&'static str>,
}

/// The truth while it grows.
pub(crate) struct Truth {
    /// Sessions go to the disk as they end: there are many.
    sessions: Option<BufWriter<File>>,
    pub(crate) count: u64,
    pub(crate) steps: Vec<Step>,
    /// The highest grade per incident and item, when it was first reached and how many bytes.
    access: BTreeMap<(String, ItemId), (Grade, Moment, u64)>,
    pub(crate) coverage: BTreeSet<Covered>,
    /// Assumptions and whether they hold.
    pub(crate) worlds: BTreeMap<String, bool>,
    pub(crate) objective: serde_json::Value,
}

impl Truth {
    /// A truth that is written to `dir`, or nowhere.
    pub(crate) fn new(dir: Option<&Path>) -> io::Result<Self> {
        let sessions = match dir {
            None => None,
            Some(dir) => {
                std::fs::create_dir_all(dir)?;
                Some(BufWriter::new(File::create(dir.join("sessions.ndjson"))?))
            }
        };
        Ok(Self {
            sessions,
            count: 0,
            steps: Vec::new(),
            access: BTreeMap::new(),
            coverage: BTreeSet::new(),
            worlds: BTreeMap::new(),
            objective: json!(null),
        })
    }

    /// A presence has ended. Write errors show when the truth is finished.
    pub(crate) fn session(&mut self, court: &Court, session: &Session, to: Moment) {
        if !is_told(court, session.account) {
            return;
        }
        self.count += 1;
        if let Some(out) = &mut self.sessions {
            let line = json!({
                "account": account_name(court, session),
                "host": host_name(court, session.host),
                "from": session.opened.iso(),
                "to": to.iso(),
                "intruder": session.intruder,
            });
            // A failed write leaves the stream in error, which `finish` meets again at its flush.
            let _ = writeln!(out, "{line}");
        }
    }

    /// A step begins; its number marks the acts that belong to it.
    pub(crate) fn step(&mut self, step: Step) -> u32 {
        self.steps.push(step);
        self.steps.len() as u32 - 1
    }

    /// An intruder's session reached an item.
    pub(crate) fn reached(&mut self, incident: &str, item: ItemId, grade: Grade, at: Moment, bytes: u64) {
        let entry = self.access.entry((incident.to_owned(), item)).or_insert((grade, at, 0));
        if grade > entry.0 {
            (entry.0, entry.1) = (grade, at);
        }
        entry.2 = entry.2.max(bytes);
    }

    /// How many items were reached, by grade.
    pub(crate) fn counts(&self) -> BTreeMap<Grade, usize> {
        let mut counts = BTreeMap::new();
        for (grade, ..) in self.access.values() {
            *counts.entry(*grade).or_default() += 1;
        }
        counts
    }

    /// Writes everything but the sessions, which are there already.
    pub(crate) fn finish(mut self, court: &Court, dir: &Path, files: &Files) -> io::Result<()> {
        if let Some(mut out) = self.sessions.take() {
            out.flush()?;
        }
        write_lines(
            dir,
            "steps.ndjson",
            self.steps.iter().enumerate().map(|(number, step)| {
                let traces = files.ledger().get(&(number as u32)).map_or(&[][..], Vec::as_slice);
                json!({
                    "incident": step.incident,
                    "time": step.time.iso(),
                    "technique": step.technique,
                    "host": step.host,
                    "account": step.account,
                    "succeeded": step.succeeded,
                    "traces": traces.iter().map(|trace| located(files, trace)).collect::<Vec<_>>(),
                })
            }),
        )?;
        write_lines(
            dir,
            "access.ndjson",
            self.access.iter().map(|((incident, item), (grade, time, bytes))| {
                json!({
                    "incident": incident,
                    "holding": court.holding(court.item(*item).holding).key,
                    "item": court.item(*item).key,
                    "subjects": subjects(court, *item),
                    "grade": grade.word(),
                    "time": time.iso(),
                    "bytes": bytes,
                })
            }),
        )?;
        write_lines(
            dir,
            "coverage.ndjson",
            self.coverage.iter().map(|row| {
                json!({
                    "source": row.source,
                    "host": row.host,
                    "from": row.from.iso(),
                    "to": row.to.iso(),
                    "state": row.state,
                    "cause": row.cause,
                })
            }),
        )?;
        write_lines(
            dir,
            "holdings.ndjson",
            (0..court.items.len() as u32).map(ItemId).map(|item| {
                let holding = court.holding(court.item(item).holding);
                json!({
                    "holding": holding.key,
                    "item": court.item(item).key,
                    "subjects": subjects(court, item),
                    "registered": !holding.unregistered,
                    // By the grades a listed name is an opened record there.
                    "name_is_sensitive": holding.name_is_sensitive,
                })
            }),
        )?;
        let worlds =
            self.worlds.iter().map(|(assumption, holds)| json!({"assumption": assumption, "holds": holds}));
        write_lines(dir, "worlds.ndjson", worlds)?;
        write_lines(dir, "objective.ndjson", [self.objective].into_iter())
    }
}

fn subjects(court: &Court, item: ItemId) -> Vec<&str> {
    court.item(item).subjects.iter().map(|subject| court.subject(*subject).pseudonym.as_str()).collect()
}

/// A trace as `{file, locator}`; the file below the drill's folder.
pub(crate) fn located(files: &Files, trace: &Trace) -> serde_json::Value {
    let mut locator = json!({"ranges": [{"offset": trace.offset, "length": trace.length}]});
    if let Some(chunk) = trace.chunk {
        locator["chunk"] = json!(chunk);
    }
    json!({"file": format!("evidence/{}", files.path(trace.file)), "locator": locator})
}

/// The account as its own system writes it.
pub(crate) fn account_name(court: &Court, session: &Session) -> String {
    let account = court.account(session.account);
    match session.way {
        Way::Cloud => account.upn.clone(),
        Way::Vpn | Way::Documents => account.name.clone(),
        _ => account.qualified(),
    }
}

/// The host by its full name; the cloud by its own.
pub(crate) fn host_name(court: &Court, host: HostId) -> String {
    match court.host(host).kind {
        crate::court::HostKind::Cloud => "m365".to_owned(),
        _ => court.full_name(host),
    }
}

pub(crate) fn write_lines(
    dir: &Path,
    name: &str,
    lines: impl Iterator<Item = serde_json::Value>,
) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut out = BufWriter::new(File::create(dir.join(name))?);
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}
