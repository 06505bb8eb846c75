//! What does a rule say about an event?
//!
//! A finding is a rule's word, not a verdict: whose act it was is for sessions and decisions.

use serde::Serialize;

use crate::{EventId, ExhibitId, FindingId, Level, Time};

/// A rule's word about one event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Digest of rule and event.
    pub id: FindingId,
    /// The rule's own id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// The rule's level.
    pub level: Level,
    /// The rule's tags.
    pub tags: Vec<String>,
    /// When the event happened.
    pub time: Option<Time>,
    /// Where it happened.
    pub host: Option<String>,
    /// Kind of log.
    pub source: String,
    /// Who acted, as the record names the account.
    pub actor: Option<String>,
    /// The event: the basis of the finding.
    pub event: EventId,
    /// The exhibit that holds the event.
    pub exhibit: ExhibitId,
    /// Own fields that the rule looked at.
    pub fields: Vec<String>,
}

impl Finding {
    /// The id that a rule's word about an event has.
    #[must_use]
    pub fn id_of(rule: &str, event: EventId) -> FindingId {
        FindingId::of(&[rule.as_bytes(), event.bytes()])
    }
}
