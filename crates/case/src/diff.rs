//! What did decisions between two states of a case change?
//!
//! A state is named by a leaf of the custody log: everything up to it counts. What follows at each
//! state is drawn again from the tables that there are, change by change, so that every change is
//! told with what *it* moved. Exhibits are read as they are now on both sides: sessions that open in
//! one that was admitted between are told as appearing with it. Rules and program are those of now.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::{EventId, SessionId, Time};
use assize_vault::{Act, LoggedLeaf};
use serde::Serialize;

use crate::conclude::Outcome;
use crate::tables::literal;
use crate::{Case, CaseError, Tables, threads};

/// What changed between two states.
#[derive(Clone, Debug, Serialize)]
pub struct Diff {
    /// Leaves that count on either side.
    pub leaves: [u64; 2],
    /// One row for each decision, register or exhibit between that can change anything.
    pub changes: Vec<Change>,
    /// Sessions of which the verdict differs between the two ends.
    pub sessions: Vec<Moved>,
    /// Events of which it differs.
    pub events: u64,
    /// Stretches of coverage that differ: how many before and after are not on the other side.
    pub coverage: [u64; 2],
    /// Incidents on either side.
    pub incidents: [u64; 2],
}

/// What one leaf changed.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The leaf.
    pub leaf: String,
    /// The decision, exhibit or register version.
    pub what: String,
    /// When and by whom it was written.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Sessions that it moved.
    pub sessions: u64,
    /// Events that it moved.
    pub events: u64,
}

/// A session whose verdict differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Whose account.
    pub account: String,
    /// On which machine.
    pub host: Option<String>,
    /// Since when.
    pub from: Option<Time>,
    /// Verdict before; null where it is not there.
    pub before: Option<&'static str>,
    /// Verdict after.
    pub after: Option<&'static str>,
    /// The session.
    pub id: SessionId,
}

/// A row of the calendar: log, host, from, to, state.
type Stretch = (String, Option<String>, Option<Time>, Option<Time>, &'static str);

/// Verdicts at one state.
struct State {
    sessions: BTreeMap<SessionId, (&'static str, Moved)>,
    events: BTreeSet<EventId>,
    coverage: BTreeSet<Stretch>,
    incidents: u64,
}

impl State {
    fn of(outcome: &Outcome) -> Self {
        let sessions = outcome.sessions.iter().map(|session| {
            let moved = Moved {
                account: session.account.name.clone(),
                host: session.host.clone(),
                from: session.from,
                before: None,
                after: None,
                id: session.id(),
            };
            (session.id(), (session.verdict.as_str(), moved))
        });
        let row = |row: &assize_model::Coverage| {
            (row.source.clone(), row.host.clone(), row.from, row.to, row.state.as_str())
        };
        Self {
            sessions: sessions.collect(),
            events: outcome.proven_events().into_keys().collect(),
            coverage: outcome.coverage.iter().map(row).collect(),
            incidents: outcome.incidents.len() as u64,
        }
    }

    /// Sessions whose verdict is another at a later state, sorted.
    fn moved(&self, later: &Self) -> Vec<Moved> {
        let ids: BTreeSet<&SessionId> = self.sessions.keys().chain(later.sessions.keys()).collect();
        let moved = ids.into_iter().filter_map(|id| {
            let (before, after) = (self.sessions.get(id), later.sessions.get(id));
            let word = |of: Option<&(&'static str, Moved)>| of.map(|(verdict, _)| *verdict);
            let told = after.or(before).map(|(_, moved)| moved.clone())?;
            (word(before) != word(after)).then_some(Moved {
                before: word(before),
                after: word(after),
                ..told
            })
        });
        let mut moved: Vec<Moved> = moved.collect();
        moved.sort_by(|a, b| (a.from, &a.account, a.id).cmp(&(b.from, &b.account, b.id)));
        moved
    }
}

impl Case {
    /// Compares two states, each named by a leaf (`l-…`), a decision (`d-…`), the manifest of a
    /// derivation, a time, or `now`.
    ///
    /// # Errors
    /// Where a name means nothing, nothing was derived, or a query fails.
    pub fn diff(&mut self, a: &str, b: &str, asked_threads: Option<usize>) -> Result<Diff, CaseError> {
        let threads = threads(asked_threads);
        let (a, b) = (self.state_named(a)?, self.state_named(b)?);
        let counted = Tables::open(&self.vault.derived(), threads)?;
        let first = self.state(a, threads)?;
        let mut changes = Vec::new();
        let mut before =
            State { sessions: first.sessions.clone(), events: first.events.clone(), ..State::of_nothing() };
        let leaves: Vec<LoggedLeaf> = self.between(a.min(b), a.max(b));
        for leaf in &leaves {
            let after = self.state(leaf.index + 1, threads)?;
            let moved = before.moved(&after);
            changes.push(Change {
                leaf: leaf.id.to_string(),
                what: what(leaf),
                at: leaf.leaf.at.clone(),
                by: leaf.leaf.by.clone(),
                sessions: moved.len() as u64,
                events: events(&counted, &before, &after, &moved)?,
            });
            before = after;
        }
        let last = self.state(b, threads)?;
        self.horizon = u64::MAX;
        let sessions = first.moved(&last);
        let apart = |one: &State, other: &State| one.coverage.difference(&other.coverage).count() as u64;
        Ok(Diff {
            leaves: [a, b],
            changes,
            events: events(&counted, &first, &last, &sessions)?,
            sessions,
            coverage: [apart(&first, &last), apart(&last, &first)],
            incidents: [first.incidents, last.incidents],
        })
    }

    fn state(&mut self, leaves: u64, threads: usize) -> Result<State, CaseError> {
        self.horizon = leaves;
        Ok(State::of(&Outcome::supposed(self, &self.vault.derived(), threads)?))
    }

    /// Leaves after one state and up to another that can change what follows.
    fn between(&self, from: u64, to: u64) -> Vec<LoggedLeaf> {
        let leaves = self.vault.leaves().iter().filter(|logged| (from..to).contains(&logged.index));
        let matters =
            |logged: &&LoggedLeaf| matches!(logged.leaf.act, Act::Decide { .. } | Act::Register { .. });
        leaves.filter(matters).cloned().collect()
    }

    /// How many leaves count at the state of that name.
    fn state_named(&self, name: &str) -> Result<u64, CaseError> {
        let leaves = self.vault.leaves();
        if name == "now" {
            return Ok(leaves.len() as u64);
        }
        let is_it = |logged: &&LoggedLeaf| match &logged.leaf.act {
            Act::Decide { decision, .. } if name.starts_with("d-") => decision.starts_with(name),
            Act::Derive { manifest } if name.len() >= 6 && !name.starts_with("l-") => {
                manifest.starts_with(name)
            }
            _ => name.len() > 5 && name.starts_with("l-") && logged.id.to_string().starts_with(name),
        };
        if let Some(leaf) = leaves.iter().rev().find(is_it) {
            return Ok(leaf.index + 1);
        }
        let time = match Time::parse(name) {
            Some(assize_model::time::Stated::Instant(time) | assize_model::time::Stated::Local(time)) => time,
            None => return Err(CaseError::NoSuchId(name.to_owned())),
        };
        Ok(self.leaves_at(time))
    }
}

impl State {
    fn of_nothing() -> Self {
        Self { sessions: BTreeMap::new(), events: BTreeSet::new(), coverage: BTreeSet::new(), incidents: 0 }
    }
}

/// A change in a few words.
fn what(leaf: &LoggedLeaf) -> String {
    match &leaf.leaf.act {
        Act::Decide { decision, says } => {
            let word = |key: &str| says.get(key).and_then(|value| value.as_str()).unwrap_or("").to_owned();
            let thing = [word("value"), word("where")].concat();
            format!("{decision}: {} {} {thing}", word("verb"), word("on")).trim_end().to_owned()
        }
        Act::Register { name, .. } => format!("register {name}"),
        _ => String::new(),
    }
}

/// How many events have another verdict: those of sessions that moved, and those that are proven on one
/// side only and lie in no such session.
fn events(tables: &Tables, before: &State, after: &State, moved: &[Moved]) -> Result<u64, CaseError> {
    let list =
        |ids: &mut dyn Iterator<Item = String>| ids.map(|id| literal(&id)).collect::<Vec<_>>().join(", ");
    let sessions = list(&mut moved.iter().map(|moved| moved.id.to_string()));
    let own = list(&mut before.events.symmetric_difference(&after.events).map(ToString::to_string));
    let of_sessions = (!sessions.is_empty()).then(|| format!("session IN ({sessions})"));
    let of_own = (!own.is_empty()).then(|| format!("id IN ({own})"));
    let conditions: Vec<String> = of_sessions.into_iter().chain(of_own).collect();
    if conditions.is_empty() {
        return Ok(0);
    }
    // What is proven by itself does not move with its session.
    let steady = before.events.intersection(&after.events).map(ToString::to_string);
    let steady: BTreeSet<String> = steady.collect();
    let mut count = 0;
    let sql = format!("SELECT id FROM session_events WHERE {}", conditions.join(" OR "));
    tables.each(&sql, &mut |batch| {
        let rows = assize_model::Row::all(batch);
        count += rows.filter(|row| !steady.contains(row.text("id"))).count() as u64;
        Ok(())
    })?;
    Ok(count)
}
