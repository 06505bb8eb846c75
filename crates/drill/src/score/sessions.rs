//! Were the intruder's sessions told from the owners'?
//!
//! A session of the answer is matched to one of the truth by account and host if they overlap by
//! at least half of the longer one: a row that spans a month matches nothing. One to one, the best
//! overlap first, so that telling a session twice finds it once.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answers::{self, Verdict};
use super::assumptions::Broken;
use super::join;
use super::ratio::Ratio;
use super::truth;
use crate::moment::{Moment, SECOND, Span};

/// Sources round, and a logon is often written after the fact: each end is moved out by this.
const SLACK: Span = SECOND;

/// How the sessions were judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sessions {
    /// Sessions of the truth.
    pub n: u64,
    /// Of these the intruder's.
    pub intruder: u64,
    /// Rows that prove a session the intruder's which is the owner's, or never was.
    pub proven_wrong: u64,
    /// The intruder's sessions that a row clears.
    pub cleared_wrong: u64,
    /// Share of the rows with verdict *intruder* that are right.
    pub precision: Ratio,
    /// Share of the intruder's sessions that are proven his.
    pub recall: Ratio,
    /// Sessions of the truth that are told and left undetermined.
    pub undetermined: u64,
    /// Sessions of the truth that no row tells.
    pub missing: u64,
    /// Rows that match no session of the truth, or one that another row matches better.
    pub unmatched: u64,
}

/// Compares sessions. The second figure: the intruder's sessions cleared under a broken assumption
/// that was printed; those do not count as cleared wrongly.
pub(super) fn score(
    told: &[&answers::Session],
    truth: &[truth::Session],
    broken: &Broken,
) -> (Sessions, u64) {
    let mut judged: Vec<Judged> = vec![Judged::default(); truth.len()];
    let mut matched = vec![false; told.len()];
    let mut places: BTreeMap<(String, String), Place> = BTreeMap::new();
    for (index, session) in truth.iter().enumerate() {
        let place = (join::account(&session.account), join::host(session.host.as_deref()));
        places.entry(place).or_default().truth.push(index);
    }
    for (index, row) in told.iter().enumerate() {
        let place = (join::account(&row.account), join::host(row.host.as_deref()));
        places.entry(place).or_default().told.push(index);
    }
    for place in places.values_mut() {
        place.judge(told, truth, &mut judged, &mut matched, broken);
    }
    summed(told, truth, &judged, &matched)
}

fn summed(
    told: &[&answers::Session],
    truth: &[truth::Session],
    judged: &[Judged],
    matched: &[bool],
) -> (Sessions, u64) {
    let count = |of: &dyn Fn(&Judged, bool) -> bool| {
        judged.iter().zip(truth).filter(|(judged, session)| of(judged, session.intruder)).count() as u64
    };
    let verdict = |verdict| move |judged: &Judged| judged.verdict == Some(verdict);
    let (is_proven, is_undetermined) = (verdict(Verdict::Intruder), verdict(Verdict::Undetermined));
    let intruder = count(&|_, intruder| intruder);
    let right = count(&|judged, intruder| intruder && is_proven(judged));
    let proven = told.iter().filter(|row| row.verdict == Verdict::Intruder).count() as u64;
    let sessions = Sessions {
        n: truth.len() as u64,
        intruder,
        proven_wrong: proven - right,
        cleared_wrong: count(&|judged, intruder| intruder && judged.cleared),
        precision: Ratio { n: right, of: proven },
        recall: Ratio { n: right, of: intruder },
        undetermined: count(&|judged, _| is_undetermined(judged)),
        missing: count(&|judged, _| judged.verdict.is_none()),
        unmatched: matched.iter().filter(|matched| !**matched).count() as u64,
    };
    (sessions, count(&|judged, intruder| intruder && judged.apart && !judged.cleared))
}

/// What the answer makes of a session of the truth.
#[derive(Clone, Copy, Debug, Default)]
struct Judged {
    verdict: Option<Verdict>,
    cleared: bool,
    /// Cleared under a broken assumption that was printed.
    apart: bool,
}

impl Judged {
    fn clear(&mut self, row: &answers::Session, broken: &Broken) {
        if row.assumption.as_deref().is_some_and(|assumption| broken.is_printed_in(assumption)) {
            self.apart = true;
        } else {
            self.cleared = true;
        }
    }
}

/// Sessions of one account on one host, by number.
#[derive(Default)]
struct Place {
    truth: Vec<usize>,
    told: Vec<usize>,
}

/// A session and a row that could be it.
struct Pair {
    overlap: Overlap,
    agree: bool,
    truth: usize,
    told: usize,
}

impl Place {
    fn judge(
        &mut self,
        told: &[&answers::Session],
        truth: &[truth::Session],
        judged: &mut [Judged],
        matched: &mut [bool],
        broken: &Broken,
    ) {
        for pair in self.pairs(told, truth) {
            if matched[pair.told] || judged[pair.truth].verdict.is_some() {
                continue;
            }
            let row = told[pair.told];
            matched[pair.told] = true;
            judged[pair.truth].verdict = Some(row.verdict);
            if row.verdict == Verdict::Owner {
                judged[pair.truth].clear(row, broken);
            }
        }
        self.clear_broadly(told, truth, judged, matched, broken);
    }

    /// Every pair that overlaps enough, the best first. Where two overlap alike, the verdict
    /// decides: an answer is not punished for an order that it could not know.
    fn pairs(&mut self, told: &[&answers::Session], truth: &[truth::Session]) -> Vec<Pair> {
        // Rows without a beginning sort first and are looked at each time.
        self.told.sort_by_key(|row| told[*row].from);
        let open = self.told.partition_point(|row| told[*row].from.is_none());
        let mut pairs = Vec::new();
        for &index in &self.truth {
            let session = &truth[index];
            let length = session.to - session.from + 4 * SLACK;
            // Half of the longer one cannot be shared by a row that begins outside of these.
            let begins = |limit: Moment| self.told.partition_point(|row| told[*row].from < Some(limit));
            let near = begins(session.from - length).max(open)..begins(session.to + 4 * SLACK).max(open);
            for &row in self.told[..open].iter().chain(&self.told[near]) {
                let overlap = Overlap::of(session, told[row]);
                if let Some(overlap) = overlap.filter(|overlap| overlap.matches()) {
                    let agree = session.intruder == (told[row].verdict == Verdict::Intruder);
                    pairs.push(Pair { overlap, agree, truth: index, told: row });
                }
            }
        }
        pairs.sort_by(|a, b| {
            let best = b.overlap.shared_of(a.overlap.longer).cmp(&a.overlap.shared_of(b.overlap.longer));
            best.then(b.agree.cmp(&a.agree)).then((a.truth, a.told).cmp(&(b.truth, b.told)))
        });
        pairs
    }

    /// A row that clears and matches nothing still clears the intruder's sessions that it could be,
    /// or of which it covers at least half; the latter not if half of the row lies in a session of
    /// the owner, whom it then speaks of.
    fn clear_broadly(
        &self,
        told: &[&answers::Session],
        truth: &[truth::Session],
        judged: &mut [Judged],
        matched: &[bool],
        broken: &Broken,
    ) {
        let intruders: Vec<usize> =
            self.truth.iter().copied().filter(|index| truth[*index].intruder).collect();
        let loose = |row: &&usize| !matched[**row] && told[**row].verdict == Verdict::Owner;
        for row in self.told.iter().filter(loose).map(|row| told[*row]) {
            for &index in &intruders {
                let Some(overlap) = Overlap::of(&truth[index], row) else { continue };
                let covers = 2 * overlap.shared >= overlap.truth;
                if overlap.matches() || (covers && !self.lies_in_an_owners(row, truth)) {
                    judged[index].clear(row, broken);
                }
            }
        }
    }

    fn lies_in_an_owners(&self, row: &answers::Session, truth: &[truth::Session]) -> bool {
        let owners = self.truth.iter().map(|index| &truth[*index]).filter(|session| !session.intruder);
        let mut overlaps = owners.filter_map(|session| Overlap::of(session, row));
        overlaps.any(|overlap| 2 * overlap.shared >= overlap.told)
    }
}

/// Lengths in steps of 100 nanoseconds, each end moved out.
#[derive(Clone, Copy)]
struct Overlap {
    shared: i128,
    longer: i128,
    truth: i128,
    told: i128,
}

impl Overlap {
    /// An end that the answer does not know is taken where the truth has it; a row that knows
    /// neither is nowhere.
    fn of(session: &truth::Session, row: &answers::Session) -> Option<Self> {
        if row.from.is_none() && row.to.is_none() {
            return None;
        }
        let wide = |from: Moment, to: Moment| {
            (i128::from(from.0) - i128::from(SLACK), i128::from(to.0) + i128::from(SLACK))
        };
        let (from, to) = wide(session.from, session.to);
        let (said_from, said_to) = wide(row.from.unwrap_or(session.from), row.to.unwrap_or(session.to));
        if said_to <= said_from {
            return None;
        }
        let shared = (to.min(said_to) - from.max(said_from)).max(0);
        let (truth, told) = (to - from, said_to - said_from);
        Some(Self { shared, longer: truth.max(told), truth, told })
    }

    /// At least half of the longer one is shared.
    const fn matches(self) -> bool {
        2 * self.shared >= self.longer
    }

    /// Brings two overlaps to one denominator.
    fn shared_of(self, other_longer: i128) -> i128 {
        self.shared * other_longer
    }
}
