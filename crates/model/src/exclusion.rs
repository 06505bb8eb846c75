//! By which way could a record have been reached, and what closes it?
//!
//! `grades.md`, "Not excluded": each way of access, each plane, each copy and each carrier is a path
//! of its own. It is open, or closed (or capped at a grade) by its own coverage, by nobody having
//! had the right, or by the key being out of reach. A closed path says under which assumptions.

use serde::Serialize;

use crate::{Grade, Time};

/// What is known of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Nothing closes it.
    Open,
    /// A trustworthy log covers it, and what it shows goes no further.
    Coverage,
    /// Nobody who is not cleared had a way there.
    NoPath,
    /// It is encrypted, and the key was out of reach.
    NoKey,
}

impl Kind {
    /// The word in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Coverage => "coverage",
            Self::NoPath => "nopath",
            Self::NoKey => "nokey",
        }
    }
}

/// One path to a record and how far it may have been gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Exclusion {
    /// In words: `file log of LEGAL-FS01`, `hypervisor HV-01`, `carried on after it was opened`.
    pub path: String,
    /// What is known of it.
    pub kind: Kind,
    /// The highest grade that it still allows.
    pub caps_at: Grade,
    /// First instant for which this is said; `None`: without bound.
    pub from: Option<Time>,
    /// Last.
    pub to: Option<Time>,
    /// Why, in words.
    pub because: String,
    /// What would close it, as a thing that somebody can do; empty where nothing would, or it is closed.
    pub remedy: String,
    /// Events, coverage rows and register rows on which it stands, sorted.
    pub basis: Vec<String>,
}
