//! How do many findings look at a glance?
//!
//! Counts by level, rule, host, account and day, taken while findings go by. A log may be written to
//! have a host of its own in each event: so names are counted up to a bound, and what comes
//! after is counted together.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::{Level, Time};

use crate::DetectedFinding;

/// Names of each kind that are counted apart.
const NAMES_MAX: usize = 10_000;

/// Nanoseconds.
const DAY: i64 = 86_400_000_000_000;

/// Counts of findings.
#[derive(Debug, Default)]
pub struct Tally {
    /// All of them.
    pub findings: u64,
    /// By level: all findings, and the different rules.
    pub levels: BTreeMap<Level, (u64, BTreeSet<String>)>,
    /// Level, rule's title → findings.
    pub rules: Names<(Level, String)>,
    /// Hosts → findings.
    pub hosts: Names<String>,
    /// Accounts that acted → findings.
    pub accounts: Names<String>,
    /// Level, day in UTC → findings.
    pub days: Names<(Level, String)>,
    /// Findings without a time.
    pub timeless: u64,
    /// The first and the last time.
    pub span: Option<(Time, Time)>,
    /// The day of the finding before: findings come by time.
    day: Option<(i64, String)>,
}

/// Counted names.
#[derive(Debug)]
pub struct Names<K> {
    counts: BTreeMap<K, u64>,
    /// Findings whose name came after there were too many.
    pub beyond: u64,
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self { counts: BTreeMap::new(), beyond: 0 }
    }
}

impl<K: Ord + Clone> Names<K> {
    fn count(&mut self, name: K) {
        if self.counts.len() < NAMES_MAX || self.counts.contains_key(&name) {
            *self.counts.entry(name).or_default() += 1;
        } else {
            self.beyond += 1;
        }
    }

    /// The most frequent first; by name where they are as frequent.
    #[must_use]
    pub fn top(&self, many: usize, wanted: impl Fn(&K) -> bool) -> Vec<(&K, u64)> {
        let mut all: Vec<(&K, u64)> =
            self.counts.iter().filter(|(name, _)| wanted(name)).map(|(name, count)| (name, *count)).collect();
        all.sort_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
        all.truncate(many);
        all
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

impl Names<String> {
    fn count_text(&mut self, name: &str) {
        match self.counts.get_mut(name) {
            Some(count) => *count += 1,
            None => self.count(name.to_owned()),
        }
    }
}

impl Tally {
    /// Counts a finding.
    pub fn add(&mut self, finding: &DetectedFinding<'_>) {
        let level = finding.rule.level;
        self.findings += 1;
        let (count, rules) = self.levels.entry(level).or_default();
        *count += 1;
        if !rules.contains(&finding.rule.id) {
            rules.insert(finding.rule.id.clone());
        }
        self.rules.count((level, finding.rule.title.clone()));
        finding.host.iter().for_each(|host| self.hosts.count_text(host));
        finding.actor.iter().for_each(|actor| self.accounts.count_text(actor));
        match finding.time {
            None => self.timeless += 1,
            Some(time) => {
                let number = time.0.div_euclid(DAY);
                let day = match self.day.take() {
                    Some((known, day)) if known == number => day,
                    _ => time.day(),
                };
                self.days.count((level, day.clone()));
                self.day = Some((number, day));
                let (first, last) = self.span.unwrap_or((time, time));
                self.span = Some((first.min(time), last.max(time)));
            }
        }
    }

    /// Whether there is a finding of this level or above.
    #[must_use]
    pub fn reaches(&self, level: Level) -> bool {
        self.levels.range(level..).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_up_to_a_bound() {
        let mut names = Names::default();
        for number in 0..NAMES_MAX + 5 {
            names.count(format!("{number:06}"));
        }
        names.count("000003".to_owned());
        assert_eq!((names.len(), names.beyond), (NAMES_MAX, 5));
        let top: Vec<_> =
            names.top(2, |_| true).into_iter().map(|(name, count)| (name.as_str(), count)).collect();
        assert_eq!(top, [("000003", 2), ("000000", 1)]);
    }
}
