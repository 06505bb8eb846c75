//! What gives events a meaning? The socket of `sigma` and of detectors to come.
//!
//! A detector loads rules, a scanner applies them to batches; it runs alike on a batch that was
//! just parsed and on rows of a stored table. It returns hits; ids, times and tables are `case`'s.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Batch, Card, Projection};

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
    /// Who wrote it and when; not kept in tables.
    #[serde(skip)]
    pub about: RuleAbout,
}

/// What a rule says of itself beside what it asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleAbout {
    /// Who wrote it.
    pub author: Option<String>,
    /// `stable`, `test`, `experimental` …
    pub status: Option<String>,
    /// When it was written, as it states it.
    pub date: Option<String>,
    /// When it was last changed, as it states it.
    pub modified: Option<String>,
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
/// How it begins where there were such events, and none had the fields.
const BLIND: &str = "no event of its log source with the fields that it needs";

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

    /// A rule that is sound, but whatever stood in the events of its log source it would have been
    /// false: they lacked fields.
    #[must_use]
    pub fn blind(rule: &RuleInfo) -> Self {
        Self { reason: format!("{BLIND} ({}) in this evidence", rule.logsource), ..Self::idle(rule) }
    }

    /// The reason without what is particular to this rule, for counting.
    #[must_use]
    pub fn kind(&self) -> &str {
        let reason = self.reason.split_once(": ").filter(|(line, _)| line.starts_with("line "));
        let reason = reason.map_or(self.reason.as_str(), |(_, reason)| reason);
        reason.split([':', '(', '`']).next().unwrap_or(reason).trim_end()
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
    /// The rules that could have spoken: at least one candidate has the fields without which the rule is
    /// false whatever stands in the others, or is ruled out by its number, provider or channel, which the
    /// rule has looked at.
    pub able: Rules,
}

/// Rules by their numbers in [`Scanner::rules`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rules(Vec<u64>);

impl Rules {
    /// Adds a rule.
    pub fn insert(&mut self, rule: usize) {
        if self.0.len() <= rule / 64 {
            self.0.resize(rule / 64 + 1, 0);
        }
        self.0[rule / 64] |= 1 << (rule % 64);
    }

    /// Whether a rule is among them.
    #[must_use]
    pub fn contains(&self, rule: usize) -> bool {
        self.0.get(rule / 64).is_some_and(|word| word & (1 << (rule % 64)) != 0)
    }

    /// Adds the rules of another set.
    pub fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }
}

/// Rules made ready for scanning.
pub trait Scanner: Send + Sync {
    /// The rules that run, sorted by id, then file.
    fn rules(&self) -> &[RuleInfo];
    /// The rules that do not, sorted.
    fn not_run(&self) -> &[NotRun];
    /// What a reader must give for the hits to be the same as if it gave everything.
    fn wanted(&self) -> Projection<'_> {
        Projection::Everything
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_without_what_is_particular() {
        let rule = RuleInfo {
            id: "r".into(),
            title: String::new(),
            level: Level::Low,
            tags: Vec::new(),
            file: "r.yml".into(),
            logsource: "windows/security".into(),
            about: RuleAbout::default(),
        };
        assert_eq!(NotRun::idle(&rule).kind(), IDLE);
        assert_eq!(NotRun::blind(&rule).kind(), BLIND);
        assert!(NotRun::blind(&rule).is_idle(), "it is sound");
        let broken = NotRun { reason: "line 3: no such modifier: `x`".into(), ..NotRun::idle(&rule) };
        assert_eq!((broken.kind(), broken.is_idle()), ("no such modifier", false));
    }

    #[test]
    fn rules_are_those_that_were_added() {
        let (mut one, mut other) = (Rules::default(), Rules::default());
        [0, 63, 64, 700].into_iter().for_each(|rule| one.insert(rule));
        [1, 64].into_iter().for_each(|rule| other.insert(rule));
        other.add(&one);
        let found: Vec<usize> = (0..1000).filter(|rule| other.contains(*rule)).collect();
        assert_eq!(found, [0, 1, 63, 64, 700]);
    }
}
