//! What is known of each holding before any act is looked at: its logs, and who may read it?
//!
//! Two questions that acts ask. Was the holding's own log whole then? If it was, what came of a
//! connection, of a check, or of what a monitor saw stands in that log, with its session. And could that
//! account have read there at all? A search shows nobody what he may not see. Neither is asked
//! once the directory may be the intruder's: who makes rights has them.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::Time;
use assize_model::coverage::State;
use assize_model::register::Validity;

use super::paths::{self, same_source};
use super::{Covered, Evidence};
use crate::places;
use crate::reach::{Loose, Reach, is_entitled};

/// Clocks of a server and of a monitor may differ by this.
const CLOCKS_DIFFER: i64 = 3_600_000_000_000;

/// What an account is, and is in; `None`: the register does not know it.
type Principals = Option<Vec<(String, Validity)>>;

/// Logs and rights, holding by holding.
pub(super) struct Ground<'a> {
    /// Rows of coverage of logs that show access, each list once.
    logs: Vec<Log<'a>>,
    /// By holding: which of them.
    log_of: Vec<usize>,
    entitled: Vec<Vec<(String, Validity)>>,
    principals: BTreeMap<&'a str, Principals>,
    /// Who is not cleared, and everybody once the directory may have been copied.
    pub(super) loose: Vec<Loose>,
    /// Since when rights say nothing: the directory may be the intruder's.
    lawless: Option<Option<Time>>,
    window: super::Window,
}

/// One set of logs.
#[derive(Default)]
struct Log<'a> {
    rows: Vec<&'a Covered>,
    /// When it is whole: disjoint, in order.
    whole: Vec<(Option<Time>, Option<Time>)>,
}

impl<'a> Ground<'a> {
    pub(super) fn of(evidence: &Evidence<'a>) -> Self {
        let register = evidence.register;
        let (logs, log_of) = logs(evidence);
        let loose = paths::with_everybody(evidence);
        let reach = Reach::of(register, &[]);
        let entitled = |(number, holding): (usize, &assize_model::Holding)| {
            let forms: Vec<String> =
                holding.locators.iter().map(|place| places::form(&place.text, None)).collect();
            reach.entitled(&forms, &holding.key, &evidence.index.hosts(number))
        };
        let entitled = register.holdings.iter().enumerate().map(entitled).collect();
        let accounts: BTreeSet<&str> =
            evidence.facts.iter().filter_map(|fact| fact.account.as_deref()).collect();
        // Without a register of rights nothing is known of anybody's.
        let known = |account: &str| reach.principals(account).filter(|_| !register.rights.is_empty());
        let principals = accounts.into_iter().map(|account| (account, known(account))).collect();
        let lawless = loose.iter().filter(|one| one.account.is_none()).map(|one| one.from).min();
        Self { logs, log_of, entitled, principals, loose, lawless, window: evidence.window }
    }

    /// Coverage of the logs that show access to a holding.
    pub(super) fn rows(&self, holding: usize) -> &[&'a Covered] {
        &self.logs[self.log_of[holding]].rows
    }

    /// Whether these logs were whole around that time, as far as the window goes.
    pub(super) fn saw_all(&self, holding: usize, from: Option<Time>, to: Option<Time>) -> bool {
        let (Some(from), Some(to)) = (from, to) else { return false };
        let begins = Some(Time(from.0.saturating_sub(CLOCKS_DIFFER))).max(self.window.from);
        let ends = Time(to.0.saturating_add(CLOCKS_DIFFER));
        let ends = self.window.to.map_or(ends, |end| end.min(ends));
        let within = self.window.to.is_none_or(|end| from <= end);
        let whole = &self.logs[self.log_of[holding]].whole;
        within && whole.iter().any(|(from, to)| *from <= begins && to.is_none_or(|to| ends.0 <= to.0 + 1))
    }

    /// Whether that account may have been able to read there then: yes, unless it is known that not.
    pub(super) fn may(
        &self,
        holding: usize,
        account: Option<&str>,
        from: Option<Time>,
        to: Option<Time>,
    ) -> bool {
        let lawless = self.lawless.is_some_and(|since| since.zip(to).is_none_or(|(since, to)| since <= to));
        let principals = account.and_then(|account| self.principals.get(account)?.as_ref());
        let Some(principals) = principals.filter(|_| !lawless) else { return true };
        is_entitled(principals, &self.entitled[holding], from, to)
    }
}

/// Holdings on the same machines with the same kinds of logs have the same rows.
fn logs<'a>(evidence: &Evidence<'a>) -> (Vec<Log<'a>>, Vec<usize>) {
    let mut by_host: BTreeMap<Option<String>, Vec<&Covered>> = BTreeMap::new();
    for row in evidence.coverage {
        by_host.entry(row.host.as_deref().map(places::host)).or_default().push(row);
    }
    let mut numbers: BTreeMap<(Vec<String>, Vec<String>), usize> = BTreeMap::new();
    let mut logs: Vec<Log<'_>> = Vec::new();
    let mut log_of = Vec::new();
    for (number, holding) in evidence.register.holdings.iter().enumerate() {
        let hosts = evidence.index.hosts(number);
        let next = logs.len();
        let place = *numbers.entry((hosts.clone(), holding.log_sources.clone())).or_insert(next);
        log_of.push(place);
        if place == next {
            let here = |host: &Option<String>| {
                host.as_ref().is_none_or(|host| hosts.is_empty() || hosts.contains(host))
            };
            let rows = by_host.iter().filter(|(host, _)| here(host)).flat_map(|(_, rows)| rows).copied();
            let shows = |row: &&Covered| holding.log_sources.iter().any(|log| same_source(log, &row.source));
            logs.push(Log::of(rows.filter(shows).collect()));
        }
    }
    (logs, log_of)
}

impl<'a> Log<'a> {
    fn of(rows: Vec<&'a Covered>) -> Self {
        let mut spans: Vec<(Option<Time>, Option<Time>)> =
            rows.iter().filter(|row| row.state == State::Complete).map(|row| (row.from, row.to)).collect();
        spans.sort();
        let mut whole: Vec<(Option<Time>, Option<Time>)> = Vec::new();
        for (from, to) in spans {
            match whole.last_mut() {
                Some(last) if last.1.is_none() => {}
                Some(last)
                    if from.zip(last.1).is_none_or(|(from, end)| from.0 <= end.0.saturating_add(1)) =>
                {
                    last.1 = if to.is_none() { None } else { last.1.max(to) };
                }
                _ => whole.push((from, to)),
            }
        }
        Self { rows, whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_touch_are_one() {
        let row = |from, to, state| Covered {
            source: "s".into(),
            host: None,
            from: Some(Time(from)),
            to: Some(Time(to)),
            state,
            cause: None,
            assumption: None,
            basis: vec![],
        };
        let rows = [row(11, 20, State::Complete), row(0, 10, State::Complete), row(30, 40, State::Complete)];
        let log = Log::of(rows.iter().collect());
        let at = |time| Some(Time(time));
        assert_eq!(log.whole, [(at(0), at(20)), (at(30), at(40))]);
    }
}
