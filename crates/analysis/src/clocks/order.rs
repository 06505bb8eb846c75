//! Does the order of a file's records show that its times lost AM and PM?
//!
//! Records are written one after another. A log whose times have twelve hours and no longer say which half
//! of the day they mean falls back by half a day each noon and each midnight, and knows only twelve of the
//! day's hours. Logs of office hours know twelve hours too, but go forward; logs that are in no order fall
//! back by anything. Which half a record means, its time does not say: that it is not known is told.

use std::collections::BTreeMap;

use assize_model::{SnapshotError, Time};

use super::{DAY, HOUR, SECOND};
use crate::Each;
use crate::coverage::Skew;
use crate::rows::Rows;
use crate::sql::literal;
use crate::survey::Run;

/// So often it must fall back by half a day, and so many percent of its steps back must be such.
const FALLS_MIN: u64 = 2;
const FALLS_PERCENT: u64 = 90;
/// Steps back that are worth counting: threads write a moment out of order.
const WORTH: i64 = 60 * SECOND;
/// A fall is by half a day, less the silence around noon.
const FALL: std::ops::RangeInclusive<i64> = 8 * HOUR..=12 * HOUR;

/// A log in one exhibit.
type Log<'a> = (&'a str, &'a str, Option<&'a str>);

/// Logs whose times lost AM and PM.
///
/// # Errors
/// Where a query fails.
pub fn against_own_order(runs: &[Run], each: Each<'_>) -> Result<Vec<Skew>, SnapshotError> {
    let mut hours: BTreeMap<Log<'_>, (u32, Time, Time)> = BTreeMap::new();
    for run in runs {
        let log = (run.exhibit.as_str(), run.source.as_str(), run.host.as_deref());
        let (known, from, to) = hours.entry(log).or_insert((0, run.from, run.to));
        let last = run.to.0.div_euclid(HOUR).min(run.from.0.div_euclid(HOUR) + 23);
        (run.from.0.div_euclid(HOUR)..=last).for_each(|hour| *known |= 1 << hour.rem_euclid(24));
        (*from, *to) = ((*from).min(run.from), (*to).max(run.to));
    }
    let mut skews = Vec::new();
    for (log, (known, from, to)) in hours {
        if to.0 - from.0 > DAY && is_half_a_day(known) {
            skews.extend(Order::of(log, each)?.skew(log, from, to));
        }
    }
    Ok(skews)
}

/// Whether these hours of the day lie within twelve that follow one another, in whatever zone.
fn is_half_a_day(hours: u32) -> bool {
    const ALL: u32 = (1 << 24) - 1;
    (0..24).any(|turn| {
        let turned = (hours << turn | hours >> (24 - turn)) & ALL;
        turned < 1 << 12
    })
}

/// What the steps from record to record are.
#[derive(Default)]
struct Order {
    back: u64,
    falls: u64,
    /// The records before and after the first fall, and after the last.
    shown: Vec<String>,
    last: Option<(Time, String)>,
}

impl Order {
    fn of((exhibit, source, host): Log<'_>, each: Each<'_>) -> Result<Self, SnapshotError> {
        let host = host.map_or_else(|| "true".to_owned(), |host| format!("host = {}", literal(host)));
        let sql = format!(
            "SELECT id, time FROM events WHERE exhibit = {} AND source = {} AND {host} AND time IS NOT NULL \
             ORDER BY member, ranges[1]['offset'], id",
            literal(exhibit),
            literal(source)
        );
        let mut order = Self::default();
        each(&sql, &mut |batch| {
            let rows = Rows(batch);
            let (ids, times) = (rows.texts("id"), rows.times("time"));
            for row in 0..rows.len() {
                if let Some(time) = times.at(row) {
                    order.step(time, ids.or_empty(row));
                }
            }
            Ok(())
        })?;
        Ok(order)
    }

    fn step(&mut self, time: Time, id: &str) {
        if let Some((before, of)) = self.last.take() {
            let back = before.0 - time.0;
            self.back += u64::from(back >= WORTH);
            if FALL.contains(&back) {
                self.falls += 1;
                if self.shown.is_empty() {
                    self.shown.push(of);
                }
                self.shown.truncate(2);
                self.shown.push(id.to_owned());
            }
        }
        self.last = Some((time, id.to_owned()));
    }

    fn skew(self, (_, source, host): Log<'_>, from: Time, to: Time) -> Option<Skew> {
        let shown = self.falls >= FALLS_MIN && self.falls * 100 >= self.back * FALLS_PERCENT;
        shown.then(|| Skew {
            host: host.unwrap_or(source).to_owned(),
            from,
            to,
            ahead: -12 * HOUR,
            against: format!(
                "the order of its own records: times of {source} fall back by half a day at noon, as those \
                 do that lost AM and PM; the later half of each day is meant twelve hours later"
            ),
            pairs: (self.falls, self.back),
            basis: self.shown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records every so many minutes from midnight on, for days, with times as a clock of twelve hours has them.
    fn lost(minutes: usize, hours: std::ops::Range<i64>) -> Vec<Time> {
        let all = (0..4 * 24 * 60i64).step_by(minutes).filter(|at| hours.contains(&(at / 60 % 24)));
        let half = |at: i64| {
            let (day, hour, minute) = (at / (24 * 60), at / 60 % 24, at % 60);
            let told = if hour % 12 == 0 { 12 } else { hour % 12 };
            Time(((day * 24 + told) * 60 + minute) * 60 * SECOND)
        };
        all.map(half).collect()
    }

    fn told(times: &[Time]) -> bool {
        let mut order = Order::default();
        let mut hours = 0;
        for (number, time) in times.iter().enumerate() {
            order.step(*time, &format!("e-{number}"));
            hours |= 1 << time.0.div_euclid(HOUR).rem_euclid(24);
        }
        is_half_a_day(hours) && order.skew(("x", "s", None), Time(0), Time(4 * DAY)).is_some()
    }

    #[test]
    fn twelve_hours_are_told_from_office_hours_and_disorder() {
        assert!(told(&lost(7, 0..24)), "day and night");
        assert!(told(&lost(11, 7..20)), "office hours");
        let office: Vec<Time> = (0..400).map(|n| Time((n / 10) * DAY + (8 + n % 10) * HOUR)).collect();
        assert!(!told(&office), "office hours that are told whole go forward");
        let whole: Vec<Time> = (0..400).map(|n| Time(n * HOUR)).collect();
        assert!(!told(&whole), "whole days have more hours");
        let mut mixed = lost(7, 0..24);
        mixed.sort_by_key(|time| time.0 / SECOND % 977);
        assert!(!told(&mixed), "a file in no order shows nothing");
    }

    #[test]
    fn hours_are_half_a_day_in_any_zone() {
        assert!(is_half_a_day(0xfff) && is_half_a_day(0xfff << 7) && is_half_a_day(0xff_000f));
        assert!(!is_half_a_day(0x1fff) && !is_half_a_day(0x80_0fff & 0xff_ffff | 0x1000));
    }
}
