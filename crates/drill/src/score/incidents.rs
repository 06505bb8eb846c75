//! Was the intrusion found, in one piece, with its steps and within its bounds?
//!
//! A step of the answer is one of the truth by technique (or its parent), host and five minutes; repeats
//! that are told as one step are as many of the truth's from the first of them to the last.
//! An incident of the answer is about that one of the truth of which it tells most steps; it has
//! found it if at least half of what it tells is true of it. What else he did in sessions of his, as somebody
//! does who comes to work every day, counts neither way there; as a step it is none of the truth.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answers::{self, Outcome};
use super::join;
use super::ratio::Ratio;
use super::truth::{self, Truth};
use crate::moment::{HOUR, MINUTE, Moment, Span};

/// How far apart two times of one step may be.
const STEP_WITHIN: Span = 5 * MINUTE;

/// How the incidents were told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incidents {
    /// Incidents of the truth.
    pub n: u64,
    /// Of these found.
    pub found: u64,
    /// Incidents of the answer that tell steps of several.
    pub merged_wrong: u64,
    /// Incidents of the truth that the answer tells as several.
    pub split: u64,
    /// Incidents of the answer that are none: less than half of what they tell is true of any.
    #[serde(rename = "false")]
    pub untrue: u64,
}

/// How the steps were told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// Steps of the truth.
    pub n: u64,
    /// Of these told.
    pub found: u64,
    /// Steps of the answer that are none of the truth.
    #[serde(rename = "false")]
    pub untrue: u64,
    /// Steps found of which success is told as failure or failure as success.
    pub outcome_wrong: u64,
}

/// Whether beginning and end were bounded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FirstLast {
    /// Incidents found with `first_possible` ≤ first act ≤ `first_proven` ≤ `last_proven` ≤ last
    /// act ≤ `evicted`; five minutes are given each way to what is proven, and `evicted` may be
    /// missing.
    pub bounded: u64,
    /// Incidents of the truth.
    pub n: u64,
    /// Mean hours from `first_possible` to the first act, over those bounded: what a bound at the
    /// beginning of time costs.
    pub mean_slack_hours: Ratio,
}

/// Compares incidents, their steps and their bounds.
pub(super) fn score(told: &[&answers::Incident], truth: &Truth) -> (Incidents, Steps, FirstLast) {
    let ledger = Ledger::of(&truth.steps);
    let mut found: Vec<Option<bool>> = vec![None; truth.steps.len()];
    let mut untrue_steps = 0;
    let mut about: BTreeMap<&str, Vec<(u64, &answers::Incident)>> = BTreeMap::new();
    let (mut merged_wrong, mut untrue) = (0, 0);
    for incident in told {
        let mut steps: BTreeMap<&str, u64> = BTreeMap::new();
        let mut beside = 0;
        for step in &incident.steps {
            match ledger.meet(step, &mut found) {
                Some(name) => *steps.entry(name).or_default() += 1,
                None => {
                    untrue_steps += 1;
                    beside += u64::from(in_his_session(step, truth));
                }
            }
        }
        merged_wrong += u64::from(steps.len() > 1);
        // The first by name where two have equally many: the last that `max_by_key` would take.
        match steps.iter().rev().max_by_key(|(_, count)| **count) {
            Some((name, count)) if 2 * count >= incident.steps.len() as u64 - beside => {
                about.entry(name).or_default().push((*count, incident));
            }
            _ => untrue += 1,
        }
    }
    let n = truth.incidents().len() as u64;
    let split = about.values().filter(|several| several.len() > 1).count() as u64;
    let incidents = Incidents { n, found: about.len() as u64, merged_wrong, split, untrue };
    let steps = Steps {
        n: truth.steps.len() as u64,
        found: found.iter().flatten().count() as u64,
        untrue: untrue_steps,
        outcome_wrong: found.iter().flatten().filter(|right| !**right).count() as u64,
    };
    (incidents, steps, bounds(n, &about, truth))
}

/// Whether a step lies in a session of the intruder on that machine.
fn in_his_session(step: &answers::Step, truth: &Truth) -> bool {
    let host = join::host(step.host.as_deref());
    let his = truth.sessions.iter().filter(|session| session.intruder);
    step.time.is_some_and(|time| {
        his.filter(|session| join::host(session.host.as_deref()) == host)
            .any(|session| session.from - STEP_WITHIN <= time && time <= session.to + STEP_WITHIN)
    })
}

fn bounds(n: u64, about: &BTreeMap<&str, Vec<(u64, &answers::Incident)>>, truth: &Truth) -> FirstLast {
    let mut slack: Vec<Span> = Vec::new();
    for (name, told) in about {
        // Of several that tell one, the one that tells most of it.
        let best = told.iter().rev().max_by_key(|(count, _)| *count);
        slack.extend(best.and_then(|(_, incident)| slack_of(incident, acts(name, truth)?)));
    }
    let hours = slack.iter().map(|span| u64::try_from(span / HOUR).unwrap_or(0)).sum();
    let bounded = slack.len() as u64;
    FirstLast { bounded, n, mean_slack_hours: Ratio { n: hours, of: bounded } }
}

/// First and last act: steps and accesses, and the intruder's sessions that lie across them.
pub(super) fn acts(incident: &str, truth: &Truth) -> Option<(Moment, Moment)> {
    let steps = truth.steps.iter().filter(|step| step.incident == incident).map(|step| step.time);
    let access = truth.access.iter().filter(|access| access.incident == incident).map(|access| access.time);
    let times: Vec<Moment> = steps.chain(access).collect();
    let (first, last) = (*times.iter().min()?, *times.iter().max()?);
    let across = |session: &&truth::Session| session.intruder && session.from <= last && session.to >= first;
    let sessions = || truth.sessions.iter().filter(across);
    let begun = sessions().map(|session| session.from).min().map_or(first, |from| from.min(first));
    let ended = sessions().map(|session| session.to).max().map_or(last, |to| to.max(last));
    Some((begun, ended))
}

/// How long before the first act the answer's first possible one lies, if its bounds hold.
fn slack_of(incident: &answers::Incident, (first, last): (Moment, Moment)) -> Option<Span> {
    let possible = incident.first_possible.filter(|possible| *possible <= first)?;
    let proven = (incident.first_proven?, incident.last_proven?);
    let within = first - STEP_WITHIN <= proven.0 && proven.0 <= proven.1 && proven.1 <= last + STEP_WITHIN;
    let evicted = incident.evicted.is_none_or(|evicted| evicted >= last);
    (within && evicted).then_some(first - possible)
}

/// The steps of the truth by host and time.
struct Ledger<'a>(BTreeMap<String, Vec<Entry<'a>>>);

struct Entry<'a> {
    time: Moment,
    technique: String,
    step: &'a truth::Step,
    number: usize,
}

impl<'a> Ledger<'a> {
    fn of(steps: &'a [truth::Step]) -> Self {
        let mut hosts: BTreeMap<String, Vec<Entry<'a>>> = BTreeMap::new();
        for (number, step) in steps.iter().enumerate() {
            let entry = Entry { time: step.time, technique: join::technique(&step.technique), step, number };
            hosts.entry(join::host(step.host.as_deref())).or_default().push(entry);
        }
        hosts.values_mut().for_each(|entries| entries.sort_by_key(|entry| (entry.time, entry.step)));
        Self(hosts)
    }

    /// Marks every step of the truth that this one tells, with whether its outcome is told right,
    /// and names the incident of the nearest.
    fn meet(&self, told: &answers::Step, found: &mut [Option<bool>]) -> Option<&'a str> {
        let (time, technique) = (told.time?, join::technique(told.technique.as_deref()?));
        let entries = self.0.get(&join::host(told.host.as_deref()))?;
        let last = told.until.map_or(time, |until| until.max(time));
        let from = entries.partition_point(|entry| entry.time < time - STEP_WITHIN);
        let to = entries.partition_point(|entry| entry.time <= last + STEP_WITHIN);
        let agree = |entry: &&Entry<'_>| join::techniques_agree(&entry.technique, &technique);
        let mut nearest: Option<(Span, &'a str)> = None;
        let times = usize::try_from(told.times.max(1)).unwrap_or(usize::MAX);
        // Of one act that is told, all that lie so near: which one is meant cannot be told.
        let (near, repeated) = entries[from..to]
            .split_at(entries[from..to].partition_point(|entry| entry.time <= time + STEP_WITHIN));
        let repeated = repeated.iter().filter(agree).take(times - 1);
        for entry in near.iter().filter(agree).chain(repeated) {
            let right = match told.outcome {
                Outcome::Success => entry.step.succeeded,
                Outcome::Attempt => !entry.step.succeeded,
                Outcome::Unknown => true,
            };
            found[entry.number] = Some(right || found[entry.number] == Some(true));
            let here = ((entry.time - time).abs(), entry.step.incident.as_str());
            nearest = Some(nearest.map_or(here, |nearest| nearest.min(here)));
        }
        nearest.map(|(_, incident)| incident)
    }
}
