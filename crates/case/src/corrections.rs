//! What of what was read do people set right, and how does it reach every question?
//!
//! A clock or a record is corrected by decision and in no other way. Records stay as they were read
//! (table `records`); `events`, which everything else asks, is a view over them that adds a host's
//! offset and sets the outcome, actor or time of a record. What was corrected says so in
//! `time_assumed`, with the decision. Without such decisions there is no view, and no cost.

use assize_model::decision::{Decision, On, Verb};
use assize_model::time::Stated;
use assize_model::{EventId, HostName, Time, column, spine};
use assize_vault::Derived;
use serde::{Deserialize, Serialize};

use crate::decisions::Decided;
use crate::tables::literal;
use crate::{CaseError, part};

/// Where they lie, so that whoever opens the tables knows them.
const FILE: &str = "corrections.json";

/// Everything that is set right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Corrections {
    clocks: Vec<Clock>,
    events: Vec<Event>,
}

/// A host's clock, for a time of its own telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Clock {
    host: String,
    since: Option<String>,
    until: Option<String>,
    /// Nanoseconds that are added to its times.
    add: i64,
    decision: String,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Event {
    event: String,
    outcome: Option<String>,
    actor: Option<String>,
    time: Option<String>,
    decision: String,
}

impl Corrections {
    /// Of the decisions that stand. A record that was merged is set right as the event that it is.
    pub(crate) fn of(decided: &[Decided], merged: &dyn Fn(EventId) -> EventId) -> Self {
        let mut corrections = Self::default();
        let standing = decided.iter().filter(|one| one.undone_by.is_none());
        for one in standing.filter(|one| one.decision.verb == Verb::Overrule) {
            match one.decision.on {
                On::Clock => corrections.clocks.extend(clock(&one.decision, one.id.to_string())),
                On::Event | On::Finding => {
                    let event = one.event.map(merged);
                    corrections
                        .events
                        .extend(event.map(|event| set(&one.decision, event, one.id.to_string())));
                }
                _ => {}
            }
        }
        corrections
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.clocks.is_empty() && self.events.is_empty()
    }

    /// Reads what was written beside the tables.
    pub(crate) fn read(derived: &Derived) -> Result<Self, CaseError> {
        let bytes = derived.read(FILE)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    pub(crate) fn write(&self, derived: &Derived) -> Result<(), CaseError> {
        if self.is_empty() {
            return Ok(derived.remove(FILE)?);
        }
        let mut file = derived.create(FILE)?;
        serde_json::to_writer(&mut file, self).map_err(|error| part::table_error(FILE, error))?;
        Ok(file.commit()?)
    }

    /// The columns of `events`, set right.
    pub(crate) fn columns(&self) -> String {
        let schema = spine::schema();
        let columns = schema.fields().iter().map(|field| self.column(field.name()));
        columns.collect::<Vec<_>>().join(", ")
    }

    fn column(&self, name: &str) -> String {
        let own = format!("t.\"{name}\"");
        let told = match name {
            column::TIME => self.times(&own, true),
            column::UNTIL => self.times(&own, false),
            column::OUTCOME => self.texts(&own, |event| event.outcome.as_deref()),
            column::ACTOR => self.texts(&own, |event| event.actor.as_deref()),
            column::TIME_ASSUMED => self.said(&own),
            _ => return own,
        };
        format!("{told} AS \"{name}\"")
    }

    fn times(&self, own: &str, of_record: bool) -> String {
        let set = self.events.iter().filter(|_| of_record).filter_map(|event| {
            let time = event.time.as_deref()?;
            Some(format!(
                "WHEN t.id = {} THEN arrow_cast({}, '{TIME}')",
                literal(&event.event),
                literal(time)
            ))
        });
        let clocks = self.clocks.iter().map(|clock| {
            format!("WHEN {} THEN {own} + INTERVAL '{} nanoseconds'", clock.condition(), clock.add)
        });
        cases(set.chain(clocks), own)
    }

    fn texts(&self, own: &str, of: fn(&Event) -> Option<&str>) -> String {
        let set = self.events.iter().filter_map(|event| {
            Some(format!("WHEN t.id = {} THEN {}", literal(&event.event), literal(of(event)?)))
        });
        cases(set, own)
    }

    fn said(&self, own: &str) -> String {
        let words = |decision: &str| {
            let said = literal(&format!("corrected by {decision}"));
            format!("CASE WHEN {own} IS NULL THEN {said} ELSE {own} || '; ' || {said} END")
        };
        let set = self
            .events
            .iter()
            .map(|event| format!("WHEN t.id = {} THEN {}", literal(&event.event), words(&event.decision)));
        let clocks = self
            .clocks
            .iter()
            .map(|clock| format!("WHEN {} THEN {}", clock.condition(), words(&clock.decision)));
        cases(set.chain(clocks), own)
    }
}

/// The type of times as Arrow writes it.
const TIME: &str = "Timestamp(Nanosecond, Some(\"UTC\"))";

fn cases(cases: impl Iterator<Item = String>, otherwise: &str) -> String {
    let cases: Vec<String> = cases.collect();
    match cases.as_slice() {
        [] => otherwise.to_owned(),
        cases => format!("CASE {} ELSE {otherwise} END", cases.join(" ")),
    }
}

impl Clock {
    /// Which records it is about: those that the host itself writes, in the time by its own clock.
    fn condition(&self) -> String {
        let bound = |text: &Option<String>, sign: &str| {
            let bound = |text: &str| format!(" AND t.time {sign} arrow_cast({}, '{TIME}')", literal(text));
            text.as_deref().map_or_else(String::new, bound)
        };
        let of_host = assize_analysis::OF_HOSTS.map(|family| format!("t.source LIKE '{family}/%'"));
        format!(
            "lower(split_part(t.host, '.', 1)) = {} AND ({}) AND t.time IS NOT NULL{}{}",
            literal(&self.host),
            of_host.join(" OR "),
            bound(&self.since, ">="),
            bound(&self.until, "<="),
        )
    }
}

fn clock(decision: &Decision, id: String) -> Option<Clock> {
    let value = decision.value.as_deref()?.trim();
    let host = HostName::of(value.strip_prefix("host:").unwrap_or(value))?;
    let add = length(decision.set.as_ref()?.get("offset")?.as_str()?)?;
    let told = |time: Option<Time>| time.map(|time| time.to_string());
    Some(Clock {
        host: host.as_str().to_owned(),
        since: told(decision.since()),
        until: told(decision.until()),
        add,
        decision: id,
    })
}

fn set(decision: &Decision, event: EventId, id: String) -> Event {
    let text = |key: &str| {
        let value = decision.set.as_ref().and_then(|set| set.get(key));
        value.and_then(|value| value.as_str()).map(str::to_owned)
    };
    let time = text("time").and_then(|time| match Time::parse(&time)? {
        Stated::Instant(time) | Stated::Local(time) => Some(time.to_string()),
    });
    Event { event: event.to_string(), outcome: text("outcome"), actor: text("actor"), time, decision: id }
}

/// `-7m`, `+2h`, `90s`, `-1h30m`: nanoseconds.
pub(crate) fn length(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut sum: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        let unit = rest.get(digits..)?;
        let (length, taken) = [
            ("ms", 1_000_000),
            ("s", SECOND),
            ("m", 60 * SECOND),
            ("h", 3600 * SECOND),
            ("d", 86_400 * SECOND),
        ]
        .into_iter()
        .find_map(|(name, length)| unit.starts_with(name).then_some((length, name.len())))?;
        sum = sum.checked_add(number.checked_mul(length)?)?;
        rest = unit.get(taken..)?;
    }
    (!text.is_empty()).then_some(sign * sum)
}

const SECOND: i64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_as_people_write_them() {
        assert_eq!(length("-7m"), Some(-420 * SECOND));
        assert_eq!(
            (length("+2h"), length("1h30m"), length("250ms")),
            (Some(7200 * SECOND), Some(5400 * SECOND), Some(250_000_000))
        );
        for wrong in ["", "7", "m", "2 h", "1x", "99999999999999d"] {
            assert_eq!(length(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn without_decisions_columns_are_what_they_are() {
        let columns = Corrections::default().columns();
        assert!(columns.starts_with("t.\"id\", t.\"time\" AS \"time\""), "{columns}");
        assert!(Corrections::default().is_empty());
    }
}
