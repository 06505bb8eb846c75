//! What did a person decide, about what, for which time, and why?
//!
//! A decision is the only way by which anything becomes proven or cleared that does not follow
//! from something else. It is kept for ever, takes effect from its leaf in the custody log on, and
//! is undone only by another decision. This file says what can be decided (the contract's table)
//! and how a decision is named; what follows from it is `analysis`' business.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::Stated;
use crate::{DecisionId, Range, Time};

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// It is malicious; the intruder's.
    Confirm,
    /// It is not what it was taken for; a session is undetermined again, a decision is undone.
    Reject,
    /// It is the owner's, or benign.
    Clear,
    /// A value is set: outcome, actor, time, offset.
    Overrule,
}

/// What kind of thing it is decided of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // The nouns of the glossary.
pub enum On {
    Event,
    Finding,
    Session,
    Account,
    Host,
    Application,
    Address,
    Class,
    Clock,
    Holding,
    Item,
    Subject,
    /// A course of events, by an event of its first step: since when its intruder is out.
    Incident,
    /// Another decision, which is undone.
    Decision,
}

/// Where the record lies that a decision hangs on. It names no id, so that it can be taken before
/// anything was read, and holds when a later version reads the record better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Path of the exhibit as it was received, or a longer one that ends with it; `!/` before each
    /// step into a container.
    pub file: String,
    /// Where in it.
    pub locator: Place,
}

/// Place of a record in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The first range is the record; never empty.
    pub ranges: Vec<Range>,
    /// EVTX: number of the chunk, from 0. The offset says it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<u64>,
}

/// One decision, as it stands in `--decisions FILE` and in the custody log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What is decided.
    pub verb: Verb,
    /// Of what kind of thing.
    pub on: On,
    /// Events, findings, sessions, incidents: the record it hangs on (a session's opening event, an event
    /// of an incident).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// Accounts, hosts, applications, addresses, clocks, decisions: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Classes: `account:… device:… host:…`.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// What an overruling sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Map<String, Value>>,
    /// From when it holds, RFC 3339 in UTC; absent: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Until when it holds; absent: to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: String,
}

/// Why a text is no decision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADecision {
    /// Not the JSON of one.
    #[error("{0}")]
    Json(String),
    /// The contract's table has no such combination.
    #[error("{verb} on {on}: expected one of {expected}")]
    Verb {
        /// The verb found.
        verb: String,
        /// The kind of thing.
        on: String,
        /// Verbs that fit it.
        expected: String,
    },
    /// What it is about is not said, or said in the wrong way.
    #[error("expected `{expected}` for this kind of thing and nothing else")]
    About {
        /// The key that is expected.
        expected: &'static str,
    },
    /// A time, reason or person that says nothing.
    #[error("`{key}`: expected {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
}

impl Verb {
    /// The word in JSON and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Reject => "reject",
            Self::Clear => "clear",
            Self::Overrule => "overrule",
        }
    }
}

impl On {
    /// The word in JSON and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Finding => "finding",
            Self::Session => "session",
            Self::Account => "account",
            Self::Host => "host",
            Self::Application => "application",
            Self::Address => "address",
            Self::Class => "class",
            Self::Clock => "clock",
            Self::Holding => "holding",
            Self::Item => "item",
            Self::Subject => "subject",
            Self::Incident => "incident",
            Self::Decision => "decision",
        }
    }

    /// The contract's table, and `reject decision` for undoing.
    fn verbs(self) -> &'static [Verb] {
        use Verb::{Clear, Confirm, Overrule, Reject};
        match self {
            Self::Event | Self::Finding => &[Confirm, Reject, Clear, Overrule],
            Self::Session | Self::Account | Self::Host | Self::Application | Self::Address => {
                &[Confirm, Reject, Clear]
            }
            Self::Class => &[Clear],
            Self::Clock | Self::Holding | Self::Item | Self::Subject | Self::Incident => &[Overrule],
            Self::Decision => &[Reject],
        }
    }
}

impl Decision {
    /// Reads one from its JSON, and refuses what the contract's table does not have.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn parse(json: &str) -> Result<Self, NotADecision> {
        let decision: Self =
            serde_json::from_str(json).map_err(|error| NotADecision::Json(error.to_string()))?;
        decision.check()?;
        Ok(decision)
    }

    /// Whether it is one that the contract's table has.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn check(&self) -> Result<(), NotADecision> {
        if !self.on.verbs().contains(&self.verb) {
            let expected: Vec<&str> = self.on.verbs().iter().map(|verb| verb.as_str()).collect();
            return Err(NotADecision::Verb {
                verb: self.verb.as_str().to_owned(),
                on: self.on.as_str().to_owned(),
                expected: expected.join(", "),
            });
        }
        self.check_about()?;
        for (key, time) in [("since", &self.since), ("until", &self.until)] {
            if time.as_deref().is_some_and(|time| instant(time).is_none()) {
                return Err(NotADecision::Value { key, expected: "a time as 2026-09-14T08:00:00Z" });
            }
        }
        if self.reason.trim().is_empty() {
            return Err(NotADecision::Value { key: "reason", expected: "words" });
        }
        if self.by.trim().is_empty() {
            return Err(NotADecision::Value { key: "by", expected: "who decides" });
        }
        Ok(())
    }

    fn check_about(&self) -> Result<(), NotADecision> {
        let filled = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        let given = (
            self.anchor.as_ref().is_some_and(|anchor| !anchor.locator.ranges.is_empty()),
            filled(&self.value),
            filled(&self.class),
        );
        let (expected, right) = match self.on {
            On::Event | On::Finding | On::Session | On::Incident => ("anchor", (true, false, false)),
            On::Class => ("where", (false, false, true)),
            _ => ("value", (false, true, false)),
        };
        if given != right {
            return Err(NotADecision::About { expected });
        }
        if self.verb == Verb::Overrule && self.set.as_ref().is_none_or(Map::is_empty) {
            return Err(NotADecision::Value { key: "set", expected: "the values that are set" });
        }
        Ok(())
    }

    /// Digest of what it says: the same decision taken twice is one.
    #[must_use]
    pub fn id(&self) -> DecisionId {
        // Fields have a fixed order and maps are sorted, so equal decisions have one text.
        DecisionId::of(&[serde_json::to_string(self).unwrap_or_default().as_bytes()])
    }

    /// Whether it holds at an instant. What has no time falls under every interval: it may lie in
    /// any.
    #[must_use]
    pub fn holds_at(&self, time: Option<Time>) -> bool {
        time.is_none_or(|time| {
            self.since().is_none_or(|since| since <= time) && self.until().is_none_or(|until| time <= until)
        })
    }

    /// From when it holds.
    #[must_use]
    pub fn since(&self) -> Option<Time> {
        self.since.as_deref().and_then(instant)
    }

    /// Until when it holds.
    #[must_use]
    pub fn until(&self) -> Option<Time> {
        self.until.as_deref().and_then(instant)
    }

    /// The class' conditions as (key, value): `account`, `device`, `host`, … A value may hold
    /// blanks: it reaches to the next `word:`.
    #[must_use]
    pub fn class(&self) -> Vec<(String, String)> {
        class_of(self.class.as_deref().unwrap_or(""))
    }
}

/// Keys that a class can name.
const CLASS_KEYS: [&str; 6] = ["account", "device", "host", "address", "client", "source"];

fn class_of(text: &str) -> Vec<(String, String)> {
    let mut conditions: Vec<(String, String)> = Vec::new();
    for word in text.split_whitespace() {
        let pair = word.split_once(':').filter(|(key, _)| CLASS_KEYS.contains(key));
        match (pair, conditions.last_mut()) {
            (Some((key, value)), _) => conditions.push((key.to_owned(), value.to_owned())),
            (None, Some((_, value))) => {
                value.push(' ');
                value.push_str(word);
            }
            // A class that begins with no key names nothing, and a condition that nothing meets.
            (None, None) => conditions.push((String::new(), word.to_owned())),
        }
    }
    conditions
}

fn instant(text: &str) -> Option<Time> {
    match Time::parse(text)? {
        Stated::Instant(time) => Some(time),
        Stated::Local(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIRM: &str = r#"{"verb":"confirm","on":"address","value":"198.51.100.23",
        "since":"2026-09-08T07:41:02.0000000Z","reason":"seen","by":"responder"}"#;

    #[test]
    fn what_the_table_has_not_is_refused() {
        let refused = |json: &str| Decision::parse(json).unwrap_err().to_string();
        assert!(Decision::parse(CONFIRM).is_ok());
        assert_eq!(
            refused(&CONFIRM.replace("confirm", "overrule")),
            "overrule on address: expected one of confirm, reject, clear"
        );
        assert!(refused(&CONFIRM.replace("value", "where")).contains("`value`"));
        assert!(refused(&CONFIRM.replace("seen", " ")).contains("reason"));
        assert!(refused(&CONFIRM.replace("2026-09-08T07:41:02.0000000Z", "yesterday")).contains("since"));
        let event = r#"{"verb":"confirm","on":"event","reason":"r","by":"b","anchor":{"file":"f","locator":{"ranges":[]}}}"#;
        assert!(refused(event).contains("anchor"));
    }

    #[test]
    fn the_same_decision_is_one_and_another_is_not() {
        let decision = Decision::parse(CONFIRM).unwrap();
        assert_eq!(decision.id(), Decision::parse(&CONFIRM.replace("\n        ", "")).unwrap().id());
        assert_ne!(decision.id(), Decision::parse(&CONFIRM.replace(".23", ".24")).unwrap().id());
    }

    #[test]
    fn it_holds_in_its_interval_and_for_what_has_no_time() {
        let decision = Decision::parse(CONFIRM).unwrap();
        let at = |text| decision.holds_at(instant(text));
        assert!(at("2026-09-08T07:41:02Z") && at("2027-01-01T00:00:00Z") && !at("2026-09-08T07:41:01Z"));
        assert!(decision.holds_at(None));
    }

    #[test]
    fn a_class_names_what_must_be_met_together() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            class_of(r"account:COURT\svc-backup device:BKP01"),
            [pair("account", r"COURT\svc-backup"), pair("device", "BKP01")]
        );
        assert_eq!(
            class_of(r"account:NT AUTHORITY\SYSTEM host:A"),
            [pair("account", r"NT AUTHORITY\SYSTEM"), pair("host", "A")]
        );
        assert_eq!(class_of("everybody"), [pair("", "everybody")]);
    }
}
