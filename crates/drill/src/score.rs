//! How near is an answer to the truth?
//!
//! Pure: the same answer and the same truth give the same figures, whatever the order of the rows.
//! The formulas are the contract's; where it leaves room, `docs/decisions/0021` says what was chosen.
//! An answer is read as it was published, by us or by anybody: nothing here knows how it was made.
//!
//! What is not answered counts as not known, never as right. There is no total: an answer that
//! clears the intruder is not made good by its coverage days.

mod answers;
mod assumptions;
mod coverage;
mod exposures;
mod grade;
mod incidents;
mod join;
mod line;
mod perfect;
mod ratio;
mod sessions;
mod table;
mod truth;

use std::collections::BTreeMap;

use serde::Serialize;

pub use answers::Answers;
pub use assumptions::BrokenAssumptions;
pub use coverage::{Coverage, State};
pub use exposures::{Bounds, Subjects, Touched, Unregistered, Untouched};
pub use grade::{Grade, Interval};
pub use incidents::{FirstLast, Incidents, Steps};
pub use line::ReadError;
pub use ratio::Ratio;
pub use sessions::Sessions;
pub use truth::Truth;

/// Rows of answers, as they are read.
pub mod answer {
    pub use super::answers::{Clock, Coverage, Exposure, Incident, Outcome, Session, Step, Verdict};
}

/// Lines of the truth, as they are read.
pub mod fact {
    pub use super::truth::{Access, Coverage, Item, Session, Step, World};
}

/// How near an answer is to the truth; keys by the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Per holding.
    #[serde(flatten)]
    pub holdings: Bounds,
    /// The same per item.
    pub items: Bounds,
    /// Sessions told apart.
    pub sessions: Sessions,
    /// Incidents found.
    pub incidents: Incidents,
    /// Beginning and end.
    pub first_last: FirstLast,
    /// Steps found.
    pub steps: Steps,
    /// What was logged.
    pub coverage: Coverage,
    /// Who would be told if everybody is told whose data is not excluded to have been opened.
    pub subjects: Subjects,
    /// Who would be told if only those are told whose data is established to have been opened.
    pub subjects_established: Subjects,
    /// Records that no answer can name.
    pub unregistered: Unregistered,
    /// Assumptions that do not hold.
    pub broken_assumptions: BrokenAssumptions,
    /// What the answer consisted of, by part.
    pub rows: BTreeMap<&'static str, Rows>,
    /// Parts that the answer does not have. Their figures are those of no answer.
    pub not_claimed: Vec<&'static str>,
}

/// Rows of a part of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Rows that were read.
    pub read: u64,
    /// Of these rows that say again, word for word, what another says; they count once.
    pub repeated: u64,
}

/// Compares an answer with the truth.
#[must_use]
pub fn score(answers: &Answers, truth: &Truth) -> Score {
    let answers = &answers.by_its_clocks();
    let mut parts = Parts::default();
    let sessions = parts.take("sessions", &answers.sessions);
    let incidents = parts.take("incidents", &answers.incidents);
    let coverage = parts.take("coverage", &answers.coverage);
    let exposures = parts.take("exposures", &answers.exposures);

    let broken = assumptions::Broken::of(&truth.worlds);
    let claims = exposures::Claims::of(&exposures, &broken);
    let grades = exposures::Grades::of(truth);
    let holdings = exposures::score(&claims.holdings, &grades.holdings);
    let items = exposures::score(&claims.items, &grades.items);
    let (session_score, sessions_apart) = sessions::score(&sessions, &truth.sessions, &broken);
    let (incident_score, steps, first_last) = incidents::score(&incidents, truth);
    let broken_assumptions = BrokenAssumptions {
        n: broken.len(),
        printed: assumptions::printed(&broken, &exposures, &sessions),
        holdings: holdings.apart,
        items: items.apart,
        sessions: sessions_apart,
    };
    Score {
        holdings,
        items,
        sessions: session_score,
        incidents: incident_score,
        first_last,
        steps,
        coverage: coverage::score(&coverage, &truth.coverage),
        subjects: exposures::subjects(&claims, &grades, truth, Interval::not_excluded),
        subjects_established: exposures::subjects(&claims, &grades, truth, Interval::established),
        unregistered: grades.unregistered(),
        broken_assumptions,
        rows: parts.rows,
        not_claimed: parts.not_claimed,
    }
}

impl Score {
    /// The score for a person: aligned columns, and in words what each figure means.
    #[must_use]
    pub fn table(&self) -> String {
        table::table(self)
    }
}

/// Takes the parts of an answer in one order, each row once.
#[derive(Default)]
struct Parts {
    rows: BTreeMap<&'static str, Rows>,
    not_claimed: Vec<&'static str>,
}

impl Parts {
    fn take<'a, T: Ord>(&mut self, name: &'static str, part: &'a Option<Vec<T>>) -> Vec<&'a T> {
        if part.is_none() {
            self.not_claimed.push(name);
        }
        let mut rows: Vec<&T> = part.iter().flatten().collect();
        let read = rows.len();
        rows.sort();
        rows.dedup();
        self.rows.insert(name, Rows { read: read as u64, repeated: (read - rows.len()) as u64 });
        rows
    }
}
