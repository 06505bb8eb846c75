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
use crate::sql::literal;

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
    /// In words, with what the record adds.
    pub says: String,
    /// Of which kind of act successes are recorded from here on, or not any more: subcategory of the audit.
    pub audit: Option<(String, bool)>,
    /// The record.
    pub event: String,
}

/// Every signal, ordered by time, then event. Steps of the clock below a second are left out.
///
/// # Errors
/// Where the query fails.
pub fn signals(ask: Ask<'_>) -> Result<Vec<Signal>, SnapshotError> {
    let mut signals = Vec::new();
    for row in ask(&question())? {
        signals.extend(TABLE.iter().filter(|entry| entry.is_of(&row)).filter_map(|entry| entry.signal(&row)));
    }
    signals.sort_by(|a, b| (a.time, &a.event, a.kind).cmp(&(b.time, &b.event, b.kind)));
    Ok(signals)
}

/// What the spine has of signals: so that own fields are looked into for few events only.
const CANDIDATES: &str = "
    source IN ('windows/Security', 'windows/System', 'windows/Microsoft-Windows-Sysmon/Operational')
    AND verb IN ('config-change', 'log-clear', 'other')
    AND (object_kind IS NULL OR object_kind = 'log' OR object = 'Windows Event Log')";

/// Every record that may be one, with all fields that any of them tells.
fn question() -> String {
    let mut ids: Vec<String> =
        TABLE.iter().flat_map(|entry| &entry.events).map(|id| literal(&id.to_string())).collect();
    ids.sort_unstable();
    ids.dedup();
    let field = |(at, name): (usize, &&str)| format!(", fields[{}] AS told_{at}", literal(name));
    let told: String = ASKED.iter().enumerate().map(field).collect();
    format!(
        "SELECT id, time, host, object{told} FROM events WHERE {CANDIDATES}
         AND fields['EventID'] IN ({}) ORDER BY time, id",
        ids.join(", ")
    )
}

/// The fields that are asked for, sorted.
static ASKED: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let of = |entry: &'static Entry| {
        let told = entry.tell.iter().chain(&entry.before).chain(&entry.after).chain(entry.only.keys());
        told.map(String::as_str)
    };
    let mut all: Vec<&str> = TABLE.iter().flat_map(of).chain(["Provider_Name", "EventID"]).collect();
    all.sort_unstable();
    all.dedup();
    all
});

/// What a record says in a field.
fn told<'r>(row: &'r Row, field: &str) -> Option<&'r str> {
    let at = ASKED.binary_search(&field).ok()?;
    row.some_text(&format!("told_{at}")).filter(|value| !value.is_empty() && *value != "-")
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
    fn is_of(&self, row: &Row) -> bool {
        let is_one_of = |field: &str, values: &[String]| {
            told(row, field).is_some_and(|told| values.iter().any(|value| value == told))
        };
        let id = told(row, "EventID").and_then(|id| id.parse().ok());
        id.is_some_and(|id| self.events.contains(&id))
            && is_one_of("Provider_Name", &self.providers)
            && self.only.iter().all(|(field, values)| is_one_of(field, values))
    }

    fn signal(&self, row: &Row) -> Option<Signal> {
        let told = |wanted: &str| told(row, wanted);
        let instant = |field: &Option<String>| match Time::parse(told(field.as_deref()?)?)? {
            Stated::Instant(time) => Some(time),
            Stated::Local(_) => None,
        };
        // By how much the clock was set, where the record states two instants.
        let step = instant(&self.after)
            .zip(instant(&self.before))
            .and_then(|(after, before)| after.0.checked_sub(before.0));
        if step.is_some_and(|step: i64| step.unsigned_abs() < STEP_MIN.unsigned_abs()) {
            return None;
        }
        let more = self.tell.iter().filter_map(|field| Some(format!("{field} {}", told(field)?)));
        let by = step.map(|step| format!("by {} s", step / STEP_MIN));
        let more: Vec<String> = by.into_iter().chain(more).collect();
        Some(Signal {
            kind: self.kind,
            host: row.some_text("host").map(str::to_owned),
            log: match self.log.as_str() {
                "host" => None,
                "object" => Some(format!("windows/{}", row.some_text("object").unwrap_or("Security"))),
                log => Some(log.to_owned()),
            },
            time: row.time("time"),
            says: if more.is_empty() {
                self.says.clone()
            } else {
                format!("{}: {}", self.says, more.join(", "))
            },
            audit: audit(row),
            event: row.text("id").to_owned(),
        })
    }
}

/// What 4719 says of successes: `%%8448` they are not recorded any more, `%%8449` they are from now on.
fn audit(row: &Row) -> Option<(String, bool)> {
    let (changes, kind) = (told(row, "AuditPolicyChanges")?, told(row, "SubcategoryId")?);
    let is = match () {
        () if changes.contains("%%8449") => true,
        () if changes.contains("%%8448") => false,
        () => return None,
    };
    Some((kind.to_owned(), is))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(cells: serde_json::Value) -> Row {
        Row(cells.as_object().unwrap().clone().into_iter().collect())
    }

    fn of(cells: serde_json::Value, fields: &[(&str, &str)]) -> Row {
        let mut row = row(cells);
        row.0.extend(fields.iter().map(|(name, value)| {
            let at = ASKED.binary_search(name).unwrap();
            (format!("told_{at}"), json!(value))
        }));
        row
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
    fn what_is_audited_no_more_is_told_by_its_kind() {
        let told = |changes: &str| {
            let fields = [("SubcategoryId", "%%12800"), ("AuditPolicyChanges", changes)];
            entry(Kind::PolicyChanged).signal(&of(json!({"id": "e-a", "host": "A"}), &fields)).unwrap().audit
        };
        assert_eq!(told("%%8448, %%8450"), Some(("%%12800".to_owned(), false)));
        assert_eq!(told("%%8449"), Some(("%%12800".to_owned(), true)));
        assert_eq!(told("%%8451"), None, "failures only");
    }

    #[test]
    fn a_clock_that_is_set_says_by_how_much() {
        let set = |before: &str, after: &str| {
            entry(Kind::ClockSet).signal(&of(
                json!({"id": "e-a", "host": "A"}),
                &[("PreviousTime", before), ("NewTime", after)],
            ))
        };
        let back = set("2026-09-14T08:00:00Z", "2026-09-14T07:00:00Z").unwrap();
        assert!(back.log.is_none() && back.says.contains(": by -3600 s, "), "{}", back.says);
        assert_eq!(set("2026-09-14T08:00:00.1Z", "2026-09-14T08:00:00.2Z"), None, "kept, not set");
        // Older records state clock times in the host's own notation: by how much is not known.
        assert!(!set("11:52:54 PM", "12:00:00 AM").unwrap().says.contains("by "));
    }

    #[test]
    fn the_log_is_the_one_that_is_meant() {
        let cleared =
            entry(Kind::Cleared).signal(&of(json!({"id": "e-a", "object": "System"}), &[])).unwrap();
        assert_eq!(cleared.log.as_deref(), Some("windows/System"));
        let archived =
            entry(Kind::Archived).signal(&of(json!({"id": "e-a"}), &[("BackupPath", "C:\\a.evtx")])).unwrap();
        assert_eq!(archived.log.as_deref(), Some("windows/Security"));
        assert!(archived.says.ends_with(": BackupPath C:\\a.evtx"), "{}", archived.says);
        assert_eq!(
            entry(Kind::Full).signal(&of(json!({"id": "e-a"}), &[])).unwrap().log.as_deref(),
            Some("windows/Security")
        );
    }

    #[test]
    fn a_record_is_the_signal_of_its_provider_number_and_fields() {
        let of = |provider, id, more: &[(&'static str, &'static str)]| {
            let fields = [&[("Provider_Name", provider), ("EventID", id)], more].concat();
            let row = of(json!({"id": "e-a"}), &fields);
            TABLE.iter().filter(|entry| entry.is_of(&row)).map(|entry| entry.kind).collect::<Vec<_>>()
        };
        let service = |state| [("param1", "Windows Event Log"), ("param2", state)];
        assert_eq!(of("Service Control Manager", "7036", &service("stopped")), [Kind::Stopped]);
        assert_eq!(of("Service Control Manager", "7036", &service("running")), [Kind::Started]);
        assert_eq!(
            of("Service Control Manager", "7036", &[("param1", "Spooler"), ("param2", "stopped")]),
            []
        );
        assert_eq!(of("Microsoft-Windows-Security-Auditing", "4719", &[]), [Kind::PolicyChanged]);
        assert_eq!(of("Somebody", "4719", &[]), []);
    }

    #[test]
    fn the_question_is_ordered_and_quotes_what_it_names() {
        let question = question();
        assert!(question.ends_with(" ORDER BY time, id"), "{question}");
        assert_eq!(question.matches('\'').count() % 2, 0, "{question}");
    }
}
