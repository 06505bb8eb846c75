//! What would somebody answer who knew everything?

use std::collections::BTreeMap;

use super::answers::{Answers, Coverage, Exposure, Incident, Outcome, Session, Step, Verdict};
use super::exposures::{Grades, Thing};
use super::grade::{Grade, Interval};
use super::truth::{self, Truth};
use crate::moment::Moment;

impl Answers {
    /// The truth as an answer. It scores best in every figure; if it does not, the truth
    /// contradicts itself.
    #[must_use]
    pub fn perfect(truth: &Truth) -> Self {
        Self {
            sessions: Some(truth.sessions.iter().zip(0..).map(session).collect()),
            incidents: Some(truth.incidents().iter().map(|name| incident(name, truth)).collect()),
            coverage: Some(truth.coverage.iter().map(coverage).collect()),
            exposures: Some(exposures(truth)),
            clocks: None,
        }
    }
}

fn session((session, number): (&truth::Session, u64)) -> Session {
    Session {
        account: session.account.clone(),
        host: session.host.clone(),
        from: Some(session.from),
        to: Some(session.to),
        verdict: if session.intruder { Verdict::Intruder } else { Verdict::Owner },
        assumption: None,
        id: Some(format!("s-{number}")),
    }
}

fn incident(name: &str, truth: &Truth) -> Incident {
    let steps: Vec<&truth::Step> = truth.steps.iter().filter(|step| step.incident == name).collect();
    let first = steps.iter().map(|step| step.time).min();
    let span = super::incidents::acts(name, truth);
    let step = |step: &&truth::Step| Step {
        time: Some(step.time),
        until: None,
        times: 1,
        technique: Some(step.technique.clone()),
        host: step.host.clone(),
        outcome: if step.succeeded { Outcome::Success } else { Outcome::Attempt },
    };
    Incident {
        first_possible: span.map(|(first, _)| first),
        first_proven: first,
        last_proven: steps.iter().map(|step| step.time).max(),
        evicted: span.map(|(_, last): (Moment, Moment)| last),
        steps: steps.iter().map(step).collect(),
        id: Some(name.to_owned()),
    }
}

fn coverage(row: &truth::Coverage) -> Coverage {
    Coverage {
        source: row.source.clone(),
        host: row.host.clone(),
        from: Some(row.from),
        to: Some(row.to),
        state: row.state,
        cause: row.cause,
    }
}

fn exposures(truth: &Truth) -> Vec<Exposure> {
    let grades = Grades::of(truth);
    let broken = truth.worlds.iter().filter(|world| !world.holds);
    let assumptions: Vec<String> = broken.map(|world| world.assumption.clone()).collect();
    let row = |(holding, item): &Thing, subject: Option<String>, grade: Grade| Exposure {
        incident: None,
        key: holding.clone(),
        item: item.clone(),
        subject,
        interval: Interval::point(grade),
        assumptions: assumptions.clone(),
    };
    let mut of_subjects: BTreeMap<(&str, &str), Grade> = BTreeMap::new();
    for item in truth.items.iter().filter(|item| item.registered) {
        let grade = grades.items.get(&(item.holding.clone(), item.item.clone())).copied().unwrap_or_default();
        for subject in &item.subjects {
            let now = of_subjects.entry((&item.holding, subject)).or_default();
            *now = grade.max(*now);
        }
    }
    for access in truth.access.iter().filter(|access| grades.knows(access)) {
        for subject in &access.subjects {
            let now = of_subjects.entry((&access.holding, subject)).or_default();
            *now = access.grade.max(*now);
        }
    }
    let things = grades.holdings.iter().chain(&grades.items);
    let subjects = of_subjects.iter().map(|((holding, subject), grade)| {
        row(&((*holding).to_owned(), None), Some((*subject).to_owned()), *grade)
    });
    things.map(|(thing, grade)| row(thing, None, *grade)).chain(subjects).collect()
}
