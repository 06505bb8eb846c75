//! Of what time do we have which log, and how whole?
//!
//! The opposite of a gap. "No record" means "no access" only where the coverage says `complete`.

use serde::Serialize;

use crate::{Basis, Time};

/// How far a log can be relied on in an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Shown whole, by sequence numbers without a hole.
    Complete,
    /// Records are there, but some are missing or wholeness is not shown.
    Partial,
    /// No record.
    None,
    /// The intruder could have changed it.
    Untrusted,
}

/// Why coverage is less than complete, in the contract's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The log was cleared.
    Cleared,
    /// Record numbers jump.
    IdGap,
    /// Part of the file could not be read.
    Truncated,
}

/// One source on one host over one interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// Kind of log.
    pub source: String,
    /// Where.
    pub host: Option<String>,
    /// First record; `None` where no record states a time.
    pub from: Option<Time>,
    /// Last record.
    pub to: Option<Time>,
    /// How whole.
    pub state: State,
    /// Why not complete; `None` where wholeness is merely not shown.
    pub cause: Option<Cause>,
    /// Number of records.
    pub events: u64,
    /// The state in words.
    pub because: String,
    /// First and last record, and those that cleared the log.
    pub basis: Basis,
}

impl State {
    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::None => "none",
            Self::Untrusted => "untrusted",
        }
    }
}

impl Cause {
    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::IdGap => "id-gap",
            Self::Truncated => "truncated",
        }
    }
}
