//! Does the answer know which logs there were, day by day?
//!
//! A coverage day is a source, a host and a date (UTC). Both sides cut their rows as they like, so
//! both are brought to days by one rule: a day is `complete` or `none` only if every row that
//! touches it says so, `untrusted` if any does, else `partial`. Only days of the truth are scored.
//! Where the truth names no host for a source (the cloud, a sensor of the house), an answer may
//! name any: its hosts are taken together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::answers;
use super::join;
use super::truth;
use crate::moment::{DAY, Moment};

/// How far a log can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Whole.
    Complete,
    /// Parts are missing, or wholeness is not shown.
    Partial,
    /// There is none.
    None,
    /// There is one, and somebody may have changed it.
    Untrusted,
}

/// The contract's words.
pub(super) const STATES: [(&str, State); 4] = [
    ("complete", State::Complete),
    ("partial", State::Partial),
    ("none", State::None),
    ("untrusted", State::Untrusted),
];

/// Why a log is less than complete: the number of the contract's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause(u8);

/// The contract's words.
pub(super) const CAUSES: [(&str, Cause); 13] = [
    ("cleared", Cause(0)),
    ("rotated", Cause(1)),
    ("expired", Cause(2)),
    ("never-on", Cause(3)),
    ("not-collected", Cause(4)),
    ("throttled", Cause(5)),
    ("skewed", Cause(6)),
    ("duplicated", Cause(7)),
    ("truncated", Cause(8)),
    ("flipped", Cause(9)),
    ("id-gap", Cause(10)),
    ("silence", Cause(11)),
    ("intruder-admin", Cause(12)),
];

/// How the coverage was judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Days of the truth: source × host × date.
    pub days: u64,
    /// Of these said to be in another state, or not said at all.
    pub wrong: u64,
    /// Of the wrong ones not said at all.
    pub missing: u64,
    /// Of the wrong ones said to be complete: the error by which access is excluded that was.
    pub too_good: u64,
    /// Days whose state is right and of which a cause is told that is none.
    pub cause_wrong: u64,
    /// Days whose state is right and of which a cause is not told.
    pub cause_untold: u64,
    /// Days said of a source and host of which the truth knows nothing that day.
    pub unknown: u64,
}

/// Compares coverage.
pub(super) fn score(told: &[&answers::Coverage], truth: &[truth::Coverage]) -> Coverage {
    let Some((first, last)) = span(truth) else {
        return Coverage { unknown: told.len() as u64, ..Coverage::default() };
    };
    let (mut true_days, mut said_days) = (Days::default(), Days::default());
    for row in truth {
        let dates = date(row.from)..=last_date(row.from, row.to);
        let place = (source(&row.source), join::host(row.host.as_deref()));
        true_days.add(place.clone(), dates.clone(), row.state);
        true_days.blame(place, dates, row.cause);
    }
    let by_host: BTreeSet<String> =
        truth.iter().filter(|row| row.host.is_some()).map(|row| source(&row.source)).collect();
    let of_house: BTreeSet<String> =
        truth.iter().map(|row| source(&row.source)).filter(|source| !by_host.contains(source)).collect();
    for row in told {
        let from = row.from.map_or(first, date).max(first);
        let to = match (row.from, row.to) {
            (_, None) => last,
            (from, Some(to)) => last_date(from.unwrap_or(to), to).min(last),
        };
        let source = source(&row.source);
        let host = if of_house.contains(&source) { String::new() } else { join::host(row.host.as_deref()) };
        said_days.add((source.clone(), host.clone()), from..=to, row.state);
        said_days.blame((source, host), blamed(row, from, to), row.cause);
    }
    compared(&said_days, &true_days)
}

fn compared(said: &Days, truth: &Days) -> Coverage {
    let mut score = Coverage::default();
    for (place, days) in &truth.0 {
        let said = said.0.get(place);
        for (date, day) in days {
            score.count(day, said.and_then(|said| said.get(date)));
        }
    }
    for (place, days) in &said.0 {
        let known = truth.0.get(place);
        let unknown = days.keys().filter(|date| !known.is_some_and(|known| known.contains_key(date)));
        score.unknown += unknown.count() as u64;
    }
    score
}

impl Coverage {
    fn count(&mut self, truth: &Day, said: Option<&Day>) {
        self.days += 1;
        let Some(said) = said else {
            self.wrong += 1;
            self.missing += 1;
            return;
        };
        if said.state() == truth.state() {
            self.cause_wrong += u64::from(said.causes & !truth.causes != 0);
            self.cause_untold += u64::from(truth.causes & !said.causes != 0);
        } else {
            self.wrong += 1;
            self.too_good += u64::from(said.state() == State::Complete);
        }
    }
}

/// What is said of each date, by source and host.
#[derive(Default)]
struct Days(BTreeMap<(String, String), BTreeMap<i64, Day>>);

/// What is said of a date: states and causes as sets of bits.
#[derive(Clone, Copy, Default)]
struct Day {
    states: u8,
    causes: u16,
}

impl Days {
    fn add(&mut self, place: (String, String), dates: impl Iterator<Item = i64>, state: State) {
        let days = self.0.entry(place).or_default();
        for date in dates {
            days.entry(date).or_default().states |= 1 << state as u8;
        }
    }

    fn blame(&mut self, place: (String, String), dates: impl Iterator<Item = i64>, cause: Option<Cause>) {
        let days = self.0.entry(place).or_default();
        for date in dates {
            days.entry(date).or_default().causes |= cause.map_or(0, |cause| 1 << cause.0);
        }
    }
}

impl Day {
    fn state(self) -> State {
        let only = |state| self.states == 1 << state as u8;
        if self.states & (1 << State::Untrusted as u8) != 0 {
            State::Untrusted
        } else if only(State::Complete) {
            State::Complete
        } else if only(State::None) {
            State::None
        } else {
            State::Partial
        }
    }
}

/// The dates of which a row tells the cause: a clock that is minutes off carries no cause over midnight.
fn blamed(row: &answers::Coverage, first: i64, last: i64) -> std::ops::RangeInclusive<i64> {
    const SLACK: i64 = DAY / 96;
    match (row.from, row.to) {
        (Some(from), Some(to)) if to.0 - from.0 > 2 * SLACK => {
            let (from, to) = (Moment(from.0 + SLACK), Moment(to.0 - SLACK));
            date(from).max(first)..=last_date(from, to).min(last)
        }
        _ => first..=last,
    }
}

fn source(name: &str) -> String {
    name.trim().to_lowercase()
}

/// First and last date of which the truth says anything.
fn span(truth: &[truth::Coverage]) -> Option<(i64, i64)> {
    let first = truth.iter().map(|row| date(row.from)).min()?;
    Some((first, truth.iter().map(|row| last_date(row.from, row.to)).max()?))
}

const fn date(at: Moment) -> i64 {
    at.0.div_euclid(DAY)
}

/// An interval that ends at midnight does not touch the new day.
fn last_date(from: Moment, to: Moment) -> i64 {
    if to > from { date(Moment(to.0 - 1)) } else { date(from.max(to)) }
}
