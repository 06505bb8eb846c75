//! What happened, in which order, and between which bounds?
//!
//! One course of events as steps in the order of time. Every step has a basis. Bounds are bounds:
//! the intruder was there no earlier than `first_possible`, certainly at `first_proven`, certainly
//! still at `last_proven`.

use serde::Serialize;

use crate::{Basis, IncidentId, Time};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It did what it was to do.
    Success,
    /// It was tried and failed, or was refused.
    Attempt,
    /// The records do not say.
    Unknown,
}

/// One thing that the intruder did, however often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// When first; `None` where no record says.
    pub time: Option<Time>,
    /// When last, if it was repeated.
    pub until: Option<Time>,
    /// How often it is recorded.
    pub times: u64,
    /// ATT&CK technique.
    pub technique: String,
    /// On which machine.
    pub host: Option<String>,
    /// As whom.
    pub account: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// In a sentence.
    pub text: String,
    /// Events and findings.
    pub basis: Basis,
}

/// One course of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Its name, stable while its first proof is.
    pub id: IncidentId,
    /// In a few words.
    pub title: String,
    /// Not before this; `None`: as far back as records reach and before.
    pub first_possible: Option<Time>,
    /// First act of which there is proof.
    pub first_proven: Option<Time>,
    /// Last act of which there is proof.
    pub last_proven: Option<Time>,
    /// Since when the intruder is verified to be out; by decision only.
    pub evicted: Option<Time>,
    /// Machines, sorted.
    pub hosts: Vec<String>,
    /// Accounts, sorted.
    pub accounts: Vec<String>,
    /// In order of time.
    pub steps: Vec<Step>,
}

impl Outcome {
    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Attempt => "attempt",
            Self::Unknown => "unknown",
        }
    }
}
