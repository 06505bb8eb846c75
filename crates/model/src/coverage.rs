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

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident $word:literal,)*) => {
        /// Why coverage is less than complete, in the contract's words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Cause { $($(#[$doc])* $variant,)* }
        impl Cause {
            /// Every cause.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The word in tables and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

causes! {
    /// The log was cleared.
    Cleared "cleared",
    /// Older records were overwritten.
    Rotated "rotated",
    /// Older records were past their retention.
    Expired "expired",
    /// The source was not switched on.
    NeverOn "never-on",
    /// Nobody copied it.
    NotCollected "not-collected",
    /// The source drops records while this stands.
    Throttled "throttled",
    /// Its clock is wrong.
    Skewed "skewed",
    /// It is in the evidence more than once.
    Duplicated "duplicated",
    /// Part of the file is missing.
    Truncated "truncated",
    /// Part of the file is damaged.
    Flipped "flipped",
    /// Record numbers jump.
    IdGap "id-gap",
    /// It wrote nothing for longer than it ever does.
    Silence "silence",
    /// The intruder had rights to change it.
    IntruderAdmin "intruder-admin",
}

/// One source on one host over one interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// Kind of log.
    pub source: String,
    /// Where.
    pub host: Option<String>,
    /// From when; `None` where no record states a time.
    pub from: Option<Time>,
    /// Until when.
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
