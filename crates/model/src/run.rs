//! What did one derivation read and run, and what not?
//!
//! The facts that stand on every report's first screen. Times of the clock are here and nowhere in
//! the derived tables, which must not depend on them.

use serde::Serialize;

use crate::{Coverage, Exhibit, NotRun, RuleInfo};

/// What was read and run.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedRun {
    /// Name of the case.
    pub case: String,
    /// `assize` and its version.
    pub tool: String,
    /// When the report was made, RFC 3339 in UTC.
    pub made_at: String,
    /// Handling mark, as `TLP:AMBER`.
    pub handling: String,
    /// Every exhibit with its digests and admissions.
    pub exhibits: Vec<Exhibit>,
    /// What each exhibit and member was read as.
    pub readings: Vec<Reading>,
    /// Rules for which the evidence held events of their log source.
    pub ran: Vec<RuleInfo>,
    /// Rules that did not run, with the reason.
    pub not_run: Vec<NotRun>,
    /// What logs there are of which hosts.
    pub coverage: Vec<Coverage>,
    /// Number of leaves in the custody log, and its root (hexadecimal).
    pub log: LogHead,
}

/// What one exhibit or member of it was read as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Reading {
    /// The exhibit's id.
    pub exhibit: String,
    /// Path inside a container.
    pub member: Option<String>,
    /// Bytes of the exhibit or member.
    pub bytes: u64,
    /// Name of the format; `None` where no format knows it.
    pub format: Option<String>,
    /// Events read.
    pub events: u64,
    /// Gaps met.
    pub gaps: u64,
    /// Rows of evidence that are containers are read through their members.
    pub container: bool,
}

/// Size and root of the custody log, and who signed how much of it. What is said here of signatures
/// is what stands in the case; whether it holds, `verify` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogHead {
    /// Number of leaves.
    pub leaves: u64,
    /// RFC 6962 Merkle tree hash, hexadecimal.
    pub root: String,
    /// Name of the log in its checkpoints.
    pub origin: String,
    /// Public key of the log.
    pub key: String,
    /// Leaves under the newest checkpoint.
    pub signed: u64,
    /// Organisations, as the holder names them, that cosigned the newest checkpoint.
    pub organisations: u64,
    /// Whether exhibits are encrypted at rest.
    pub encrypted: bool,
}
