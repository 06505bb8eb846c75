//! What do logs say about themselves: cleared, full, stopped, audited otherwise, clock set?
//!
//! Which records say so, and about which log, is the cited table `facts/windows-signals.toml`; here
//! they are asked for and told, one by one, in order. What follows for the days between two records
//! is `coverage`'s question. Holes in the numbers of a log's records are no record's word and are
//! not told here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use assize_model::time::Stated;
use assize_model::{Row, SnapshotError, Time};
use serde::Deserialize;

use crate::Ask;

/// Clocks are kept by steps below this, all day long: no signal.
const STEP_MIN: i64 = 1_000_000_000;

/// What kind of thing a log says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What stood in it before is gone.
    Cleared,
    /// From here on other things are recorded than before.
    PolicyChanged,
    /// Times before and after do not lie on one scale.
    ClockSet,
    /// Nothing is written from here on, until it starts.
    Stopped,
    /// Records may be had from here on.
    Started,
    /// Its bound is reached: later records are lost or write over older ones.
    Full,
    /// Older records were put into another file.
    Archived,
    /// Records were lost on their way.
    Lost,
}

/// One record's word about a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// What it says.
    pub kind: Kind,
    /// On which host; `None` where the record does not name one.
    pub host: Option<String>,
    /// The log that it is about, as the spine's `source`; `None` for every log of the host.
    pub log: Option<String>,
    /// When the record was written.
    pub time: Option<Time>,
    /// For [`Kind::ClockSet`]: by how many nanoseconds the clock was set forward; `None` where the
    /// record does not state two instants.
    pub forward_ns: Option<i64>,
    /// In words, with what the record adds.
    pub says: String,
    /// The record.
    pub event: String,
}

/// Every signal, ordered by time, then event. Steps of the clock below a second are left out.
///
/// # Errors
/// Where a query fails.
pub fn signals(ask: Ask<'_>) -> Result<Vec<Signal>, SnapshotError> {
    let mut signals = Vec::new();
    for entry in TABLE.iter() {
        signals.extend(ask(&entry.question())?.iter().filter_map(|row| entry.signal(row)));
    }
    signals.sort_by(|a, b| (a.time, &a.event, a.kind).cmp(&(b.time, &b.event, b.kind)));
    Ok(signals)
}

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let table = toml::from_str::<File>(include_str!("../../../facts/windows-signals.toml"));
    // Part of the program: a test reads it.
    debug_assert!(table.is_ok(), "{table:?}");
    table.map(|file| file.signal).unwrap_or_default()
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    signal: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: Kind,
    providers: Vec<String>,
    events: Vec<u32>,
    #[serde(default)]
    only: BTreeMap<String, Vec<String>>,
    log: String,
    says: String,
    tell: Vec<String>,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    after: Option<String>,
    /// For the reader of the table.
    #[allow(dead_code)]
    link: String,
}

impl Entry {
    /// The records of this kind, with the fields that they tell.
    fn question(&self) -> String {
        let is_one_of = |field: &str, values: &mut dyn Iterator<Item = String>| {
            let values: Vec<String> = values.map(|value| literal(&value)).collect();
            format!("fields[{}] IN ({})", literal(field), values.join(", "))
        };
        let mut conditions = vec![
            is_one_of("Provider_Name", &mut self.providers.iter().cloned()),
            is_one_of("EventID", &mut self.events.iter().map(u32::to_string)),
        ];
        conditions
            .extend(self.only.iter().map(|(field, values)| is_one_of(field, &mut values.iter().cloned())));
        let told = self.asked().map(|(at, field)| format!(", fields[{}] AS told_{at}", literal(field)));
        format!(
            "SELECT id, time, host, object{} FROM events WHERE {} ORDER BY time, id",
            told.collect::<String>(),
            conditions.join(" AND ")
        )
    }

    fn asked(&self) -> impl Iterator<Item = (usize, &String)> {
        self.tell.iter().chain(&self.before).chain(&self.after).enumerate()
    }

    fn signal(&self, row: &Row) -> Option<Signal> {
        let told = |wanted: &str| {
            let (at, _) = self.asked().find(|(_, field)| *field == wanted)?;
            row.some_text(&format!("told_{at}")).filter(|value| !value.is_empty() && *value != "-")
        };
        let instant = |field: &Option<String>| match Time::parse(told(field.as_deref()?)?)? {
            Stated::Instant(time) => Some(time),
            Stated::Local(_) => None,
        };
        let forward_ns = instant(&self.after)
            .zip(instant(&self.before))
            .and_then(|(after, before)| after.0.checked_sub(before.0));
        if forward_ns.is_some_and(|step| step.unsigned_abs() < STEP_MIN.unsigned_abs()) {
            return None;
        }
        let more = self.tell.iter().filter_map(|field| Some(format!("{field} {}", told(field)?)));
        let more: Vec<String> = more.collect();
        Some(Signal {
            kind: self.kind,
            host: row.some_text("host").map(str::to_owned),
            log: match self.log.as_str() {
                "host" => None,
                "object" => Some(format!("windows/{}", row.some_text("object").unwrap_or("Security"))),
                log => Some(log.to_owned()),
            },
            time: row.time("time"),
            forward_ns,
            says: if more.is_empty() {
                self.says.clone()
            } else {
                format!("{}: {}", self.says, more.join(", "))
            },
            event: row.text("id").to_owned(),
        })
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(cells: serde_json::Value) -> Row {
        Row(cells.as_object().unwrap().clone().into_iter().collect())
    }

    fn entry(kind: Kind) -> &'static Entry {
        TABLE.iter().find(|entry| entry.kind == kind).unwrap()
    }

    #[test]
    fn every_kind_stands_in_the_table() {
        for kind in [
            Kind::Cleared,
            Kind::PolicyChanged,
            Kind::ClockSet,
            Kind::Stopped,
            Kind::Started,
            Kind::Full,
            Kind::Archived,
            Kind::Lost,
        ] {
            assert!(entry(kind).link.starts_with("https://"), "{kind:?}");
        }
    }

    #[test]
    fn a_clock_that_is_set_says_by_how_much() {
        let set = |before: &str, after: &str| {
            entry(Kind::ClockSet)
                .signal(&row(json!({"id": "e-a", "host": "A", "told_0": before, "told_1": after,
                "told_4": before, "told_5": after})))
        };
        let back = set("2026-09-14T08:00:00Z", "2026-09-14T07:00:00Z").unwrap();
        assert_eq!((back.forward_ns, back.log), (Some(-3_600_000_000_000), None));
        assert_eq!(set("2026-09-14T08:00:00.1Z", "2026-09-14T08:00:00.2Z"), None, "kept, not set");
        // Older records state clock times in the host's own notation: by how much is not known.
        assert_eq!(set("11:52:54 PM", "12:00:00 AM").unwrap().forward_ns, None);
    }

    #[test]
    fn the_log_is_the_one_that_is_meant() {
        let cleared = entry(Kind::Cleared).signal(&row(json!({"id": "e-a", "object": "System"}))).unwrap();
        assert_eq!(cleared.log.as_deref(), Some("windows/System"));
        let archived =
            entry(Kind::Archived).signal(&row(json!({"id": "e-a", "told_0": "C:\\a.evtx"}))).unwrap();
        assert_eq!(archived.log.as_deref(), Some("windows/Security"));
        assert!(archived.says.ends_with(": BackupPath C:\\a.evtx"), "{}", archived.says);
        assert_eq!(
            entry(Kind::Full).signal(&row(json!({"id": "e-a"}))).unwrap().log.as_deref(),
            Some("windows/Security")
        );
    }

    #[test]
    fn every_question_is_ordered_and_quotes_what_it_names() {
        for entry in TABLE.iter() {
            let question = entry.question();
            assert!(question.ends_with(" ORDER BY time, id"), "{question}");
            assert_eq!(question.matches('\'').count() % 2, 0, "{question}");
        }
    }
}
