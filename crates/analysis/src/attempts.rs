//! How often was somebody refused at a door, day by day, and how often is usual there?
//!
//! An institution is tried every day. That is no incident, and it is not nothing: it is counted, log by log,
//! and held against what is usual in that log, so that a day of a hundred times as many is seen. A day
//! without a refusal is a day of none, as long as the log was written then. What is usual is the median of
//! the log's other days; of a log of few days it is not known.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::{SnapshotError, Time};

use crate::Each;
use crate::rows::Rows;
use crate::survey::Run;

const DAY: i64 = 86_400_000_000_000;
/// Other days that a log must have for anything to be usual in it.
const OTHERS_MIN: usize = 3;
/// So many times the usual, and so many more than it, is more than usual.
const TIMES_MORE: u64 = 3;
const MORE: u64 = 10;

const REFUSED: &str = "
    SELECT source, host, date_trunc('day', time) AS day, count(*) AS times, count(DISTINCT peer) AS addresses,
           count(DISTINCT actor) AS accounts, min(id) AS first, max(id) AS last
    FROM events WHERE verb = 'logon' AND outcome IN ('failure', 'denied') AND time IS NOT NULL
    GROUP BY source, host, date_trunc('day', time)";

/// Refusals of one log on one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempts {
    /// Kind of log.
    pub source: String,
    /// Of which machine.
    pub host: Option<String>,
    /// The day's first instant, in UTC.
    pub day: Time,
    /// How often somebody was refused.
    pub times: u64,
    /// From how many addresses.
    pub addresses: u64,
    /// As how many accounts.
    pub accounts: u64,
    /// The median of the log's other days; `None`: there are too few.
    pub usual: Option<u64>,
    /// Two of the events.
    pub basis: Vec<String>,
}

impl Attempts {
    /// Whether that is far more than usual; `None`: what is usual is not known.
    #[must_use]
    pub fn is_more_than_usual(&self) -> Option<bool> {
        let usual = self.usual?;
        Some(self.times > usual.saturating_mul(TIMES_MORE) && self.times - usual >= MORE)
    }
}

type Log = (String, Option<String>);

/// Refusals by log and day, sorted.
///
/// # Errors
/// Where the query fails.
pub fn attempts(runs: &[Run], each: Each<'_>) -> Result<Vec<Attempts>, SnapshotError> {
    let mut logs: BTreeMap<Log, BTreeMap<i64, Attempts>> = BTreeMap::new();
    each(REFUSED, &mut |batch| {
        let rows = Rows(batch);
        let count = |column: &str, row: usize| rows.counts(column).at(row);
        for row in 0..rows.len() {
            let Some(day) = rows.times("day").at(row) else { continue };
            let text = |column: &str| rows.texts(column).at(row).map(str::to_owned);
            let one = Attempts {
                source: text("source").unwrap_or_default(),
                host: text("host"),
                day,
                times: count("times", row),
                addresses: count("addresses", row),
                accounts: count("accounts", row),
                usual: None,
                basis: [text("first"), text("last")]
                    .into_iter()
                    .flatten()
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect(),
            };
            let log = (one.source.clone(), one.host.clone());
            logs.entry(log).or_default().insert(day.0.div_euclid(DAY), one);
        }
        Ok(())
    })?;
    let written = written(runs);
    // A log that is no machine's own has one calendar, whatever machine its records speak of.
    let of = |log: &Log| written.get(log).or_else(|| written.get(&(log.0.clone(), None)));
    Ok(logs.into_iter().flat_map(|(log, days)| with_usual(days, of(&log))).collect())
}

/// Days on which each log was written.
fn written(runs: &[Run]) -> BTreeMap<Log, BTreeSet<i64>> {
    let mut written: BTreeMap<Log, BTreeSet<i64>> = BTreeMap::new();
    for run in runs {
        let days = written.entry((run.source.clone(), run.host.clone())).or_default();
        days.extend([run.from, run.to].map(|time| time.0.div_euclid(DAY)));
    }
    written
}

fn with_usual(days: BTreeMap<i64, Attempts>, written: Option<&BTreeSet<i64>>) -> Vec<Attempts> {
    let mut all: BTreeMap<i64, u64> = written.into_iter().flatten().map(|day| (*day, 0)).collect();
    all.extend(days.iter().map(|(day, one)| (*day, one.times)));
    let usual = |day: &i64| {
        let mut others: Vec<u64> =
            all.iter().filter(|(other, _)| *other != day).map(|(_, times)| *times).collect();
        others.sort_unstable();
        (others.len() >= OTHERS_MIN).then(|| others[others.len() / 2])
    };
    let usual: Vec<Option<u64>> = days.keys().map(usual).collect();
    days.into_values().zip(usual).map(|(one, usual)| Attempts { usual, ..one }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(times: &[u64], silent: i64) -> Vec<Option<bool>> {
        let day = |(day, times): (usize, &u64)| {
            let one = Attempts {
                source: "vpn/attempts".into(),
                host: None,
                day: Time(day as i64 * DAY),
                times: *times,
                addresses: 1,
                accounts: 1,
                usual: None,
                basis: vec![],
            };
            (day as i64, one)
        };
        let written = (0..times.len() as i64 + silent).collect();
        let days = times.iter().enumerate().map(day).collect();
        with_usual(days, Some(&written)).iter().map(Attempts::is_more_than_usual).collect()
    }

    #[test]
    fn a_day_is_held_against_the_others() {
        let (no, yes) = (Some(false), Some(true));
        assert_eq!(log(&[150, 160, 140, 155, 812], 0), [no, no, no, no, yes]);
        assert_eq!(log(&[2, 3, 9, 1], 0), [no, no, no, no], "few are few, however many times as many");
        assert_eq!(log(&[150, 160], 0), [None, None], "of two days nothing is usual");
        assert_eq!(log(&[40], 4), [yes], "days of none are days");
        assert_eq!(log(&[5], 4), [no]);
    }
}
