//! What gives events a meaning? The socket of `sigma` and of detectors to come.
//!
//! A detector loads rules, a scanner applies them to batches; it runs alike on a batch that was
//! just parsed and on rows of a stored table. It returns hits; ids, times and tables are `case`'s.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Batch, Card};

/// A rule as text, with where it came from.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Path or name, for messages.
    pub name: String,
    /// The text.
    pub text: String,
}

/// How grave a finding of a rule is, in Sigma's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Level {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Level {
    /// From the gravest down.
    pub const ALL: &'static [Self] =
        &[Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational];

    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level = Self::ALL.iter().find(|level| level.as_str() == text);
        level
            .copied()
            .ok_or_else(|| format!("`{text}` is not a level: critical, high, medium, low, informational"))
    }
}

/// A rule that is ready to run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleInfo {
    /// The rule's own id, or its file name where it has none.
    pub id: String,
    /// One line.
    pub title: String,
    /// How grave.
    pub level: Level,
    /// As the rule states them (`attack.t1003.001`), sorted.
    pub tags: Vec<String>,
    /// Where the rule stands.
    pub file: String,
    /// Kind of log the rule is about, as `windows/process_creation`.
    pub logsource: String,
}

/// A rule that was given but does not run, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotRun {
    /// The rule's own id, or its file name.
    pub id: String,
    /// The rule's title, or empty.
    pub title: String,
    /// In words, with the construct.
    pub reason: String,
    /// Where the rule stands.
    pub file: String,
    /// Line of the file, from 1, where one can be named.
    pub line: Option<u64>,
}

/// How the reason of a rule begins that could have run but met no event of its log source.
const IDLE: &str = "no event of its log source";

impl NotRun {
    /// A rule that is sound but had nothing to look at in this evidence.
    #[must_use]
    pub fn idle(rule: &RuleInfo) -> Self {
        Self {
            id: rule.id.clone(),
            title: rule.title.clone(),
            reason: format!("{IDLE} ({}) in this evidence", rule.logsource),
            file: rule.file.clone(),
            line: None,
        }
    }

    /// Whether the rule is sound and only had nothing to look at.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.reason.starts_with(IDLE)
    }
}

/// A rule's word about one event of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Index into [`Scanner::rules`].
    pub rule: usize,
    /// Row of the batch.
    pub row: usize,
    /// Names of the own fields that the rule's true parts looked at, sorted. Shared, because many
    /// events of a log have the same.
    pub fields: Arc<[String]>,
}

/// What scanning gave.
#[derive(Debug, Default)]
pub struct Scan {
    /// Ordered by row, then rule.
    pub hits: Vec<Hit>,
    /// [`RuleInfo::logsource`] of every rule for which at least one event was a candidate.
    pub logsources: BTreeSet<String>,
}

/// Rules made ready for scanning.
pub trait Scanner: Send + Sync {
    /// The rules that run, sorted by id, then file.
    fn rules(&self) -> &[RuleInfo];
    /// The rules that do not, sorted.
    fn not_run(&self) -> &[NotRun];
    /// Applies every rule to every event of the batch and adds what it finds.
    fn scan(&self, batch: &Batch, scan: &mut Scan);
}

/// A kind of rules. Implementations stand in `ALL` of their crate.
pub trait Detector: Sync {
    /// Name, title, documentation.
    fn card(&self) -> &'static Card;
    /// Makes rules ready. A rule that cannot run is listed, never an error.
    fn load(&self, files: &[RuleFile]) -> Box<dyn Scanner>;
}
