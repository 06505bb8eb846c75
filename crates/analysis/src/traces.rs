//! Had the intruder done that there and then, would it have left a trace?
//!
//! By technique and machine, over the days of the evidence: whether a log that holds such acts is complete
//! (then that it shows none says something), is there and not to be relied on, or is not there at all. Which
//! log holds what is `facts/traces.toml`'s; a log that does so only where it was switched on counts where any
//! record shows that it was, and where none does, nobody knows. This says nothing of whether it happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use assize_model::coverage::State;
use assize_model::{Coverage, HostName, SnapshotError, Time};
use serde::Deserialize;

use crate::Each;
use crate::key::{is_of_host, log_name};
use crate::rows::Rows;
use crate::techniques::{Doing, Techniques};

/// A kind of act, and the logs that hold it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    door: Option<String>,
    verbs: Vec<String>,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    always: Vec<String>,
    #[serde(default)]
    audited: Vec<String>,
    #[serde(default)]
    of_house: Vec<String>,
    #[serde(default)]
    audited_of_house: Vec<String>,
    #[allow(dead_code, reason = "for the reader of the table")]
    source: String,
}

impl Row {
    fn fits(&self, doing: &Doing<'_>) -> bool {
        self.door.as_deref().is_none_or(|door| doing.door == Some(door))
            && self.verbs.iter().any(|verb| doing.verbs.contains(&verb.as_str()))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| doing.kinds.contains(&kind.as_str())))
    }
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    #[derive(Deserialize, Default)]
    struct Rows {
        trace: Vec<Row>,
    }
    // A table of ours that cannot be read knows no trace; a test holds that it can.
    toml::from_str::<Rows>(include_str!("../../../facts/traces.toml")).unwrap_or_default().trace
});

/// Whether it would have left a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shows {
    /// No log of such acts is there.
    No,
    /// One may be: it cannot be relied on, or nothing shows that it was set to hold them.
    Unsure,
    /// One is complete.
    Yes,
}

impl Shows {
    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unsure => "unsure",
            Self::Yes => "yes",
        }
    }
}

/// A stretch of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The technique's number.
    pub technique: String,
    /// In words.
    pub says: String,
    /// As what it would be seen: `program`, `act` or `session`. A tool that nobody knows does the act and is no
    /// known program.
    pub seen_as: &'static str,
    /// On which machine; `None`: in the house as a whole.
    pub host: Option<String>,
    /// From when.
    pub from: Time,
    /// Until when.
    pub to: Time,
    /// Whether it would have left a trace.
    pub shows: Shows,
    /// The logs that hold such acts, or may, by name.
    pub logs: Vec<String>,
}

/// A log, and whose it is.
type Log = (String, Option<HostName>);

/// Which kinds of acts each log has ever written: verb and kind of object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written(BTreeMap<Log, BTreeSet<(String, String)>>);

impl Written {
    /// Asks the events.
    ///
    /// # Errors
    /// Where the query fails.
    pub fn of(each: Each<'_>) -> Result<Self, SnapshotError> {
        let mut written = Self::default();
        each("SELECT DISTINCT source, host, verb, object_kind FROM events", &mut |batch| {
            let rows = Rows(batch);
            for row in 0..rows.len() {
                let text = |column: &str| rows.texts(column).or_empty(row);
                let source = text("source");
                let host = rows.texts("host").at(row).filter(|_| is_of_host(source)).and_then(HostName::of);
                let act = (text("verb").to_owned(), text("object_kind").to_owned());
                written.0.entry((log_name(source).to_owned(), host)).or_default().insert(act);
            }
            Ok(())
        })?;
        Ok(written)
    }

    /// Whether that log has ever written an act of a kind.
    fn shows(&self, log: &Log, doing: &Doing<'_>) -> bool {
        let kind = |kind: &String| doing.kinds.is_empty() || doing.kinds.contains(&kind.as_str());
        // What a gateway writes is its log, whatever machines its records name.
        let (source, host) = log;
        let of = (source.clone(), host.clone().filter(|_| is_of_host(source)));
        let acts = self.0.get(&of).into_iter().flatten();
        acts.into_iter().any(|(verb, of)| doing.verbs.contains(&verb.as_str()) && kind(of))
    }
}

/// Every technique on every machine whose logs there are, sorted.
#[must_use]
pub fn traces(coverage: &[Coverage], written: &Written) -> Vec<Trace> {
    let mut logs: BTreeMap<Log, Vec<&Coverage>> = BTreeMap::new();
    for row in coverage {
        let host = row.host.as_deref().and_then(HostName::of);
        logs.entry((row.source.clone(), host)).or_default().push(row);
    }
    // A machine is called by its longest name.
    let mut hosts: BTreeMap<&HostName, &str> = BTreeMap::new();
    for ((_, host), rows) in &logs {
        let name = rows.first().and_then(|row| row.host.as_deref());
        if let (Some(host), Some(name)) = (host, name) {
            let known = hosts.entry(host).or_insert(name);
            *known = if name.len() > known.len() { name } else { *known };
        }
    }
    let window =
        (coverage.iter().filter_map(|row| row.from).min(), coverage.iter().filter_map(|row| row.to).max());
    let (Some(from), Some(to)) = window else { return Vec::new() };
    let mut all = Vec::new();
    for doing in Techniques::known().doings() {
        let Some(row) = TABLE.iter().find(|row| row.fits(&doing)) else { continue };
        let of_machines = !row.always.is_empty() || !row.audited.is_empty();
        let places = hosts.iter().filter(|_| of_machines).map(|(host, name)| (Some(*host), Some(*name)));
        let everywhere = (!of_machines).then_some((None, None));
        for (host, name) in places.chain(everywhere) {
            let always = named(&logs, &row.always, host).chain(of_house(&logs, &row.of_house));
            let audited = named(&logs, &row.audited, host).chain(of_house(&logs, &row.audited_of_house));
            let audited = audited.map(|log| (log, written.shows(log, &doing)));
            let holding: BTreeMap<&Log, bool> = audited.chain(always.map(|log| (log, true))).collect();
            let of = |(log, shown): (&&Log, &bool)| {
                let shown = *shown;
                logs[*log].iter().map(move |row| (*row, shown))
            };
            let rows: Vec<(&Coverage, bool)> = holding.iter().flat_map(of).collect();
            let names: BTreeSet<&str> = holding.keys().map(|(source, _)| source.as_str()).collect();
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            all.extend(stretches(&rows, (from, to)).into_iter().map(|(from, to, shows)| Trace {
                technique: doing.technique.to_owned(),
                says: doing.says.to_owned(),
                seen_as: doing.seen_as,
                host: name.map(str::to_owned),
                from,
                to,
                shows,
                logs: names.clone(),
            }));
        }
    }
    all.sort_by(|a, b| {
        (&a.technique, a.seen_as, &a.host, a.from).cmp(&(&b.technique, b.seen_as, &b.host, b.from))
    });
    all
}

fn named<'a>(
    logs: &'a BTreeMap<Log, Vec<&Coverage>>,
    sources: &'a [String],
    host: Option<&HostName>,
) -> impl Iterator<Item = &'a Log> {
    let host = host.cloned();
    sources.iter().filter_map(move |source| Some(logs.get_key_value(&(source.clone(), host.clone()))?.0))
}

/// Logs that are not one machine's, on whichever machine they are written.
fn of_house<'a>(
    logs: &'a BTreeMap<Log, Vec<&Coverage>>,
    sources: &'a [String],
) -> impl Iterator<Item = &'a Log> {
    logs.keys().filter(|(source, _)| sources.contains(source))
}

/// The best that any of these logs says, from the first instant to the last; each with whether it is known to hold
/// such acts.
fn stretches(rows: &[(&Coverage, bool)], (from, to): (Time, Time)) -> Vec<(Time, Time, Shows)> {
    let mut bounds: BTreeSet<Time> = BTreeSet::from([from, to]);
    for (row, _) in rows {
        bounds.extend([row.from, row.to].into_iter().flatten().filter(|time| (from..=to).contains(time)));
    }
    let bounds: Vec<Time> = bounds.into_iter().collect();
    let mut all: Vec<(Time, Time, Shows)> = Vec::new();
    for pair in bounds.windows(2) {
        let [begin, end] = [pair[0], pair[1]];
        // A day's last instant and the next one's first lie side by side.
        let reaches = |to: Time| to.0.saturating_add(1) >= end.0;
        let covers = |(row, _): &&(&Coverage, bool)| {
            row.from.is_none_or(|from| from <= begin) && row.to.is_none_or(reaches)
        };
        let shows = rows.iter().filter(covers).map(|(row, shown)| match row.state {
            State::Complete if *shown => Shows::Yes,
            State::Complete | State::Partial | State::Untrusted => Shows::Unsure,
            State::None => Shows::No,
        });
        let shows = shows.max().unwrap_or(Shows::No);
        match all.last_mut() {
            Some(last) if last.2 == shows => last.1 = end,
            _ => all.push((begin, end, shows)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use assize_model::Basis;

    fn row(source: &str, host: Option<&str>, (from, to): (i64, i64), state: State) -> Coverage {
        Coverage {
            source: source.to_owned(),
            host: host.map(str::to_owned),
            from: Some(Time(from)),
            to: Some(Time(to)),
            state,
            cause: None,
            events: 1,
            because: String::new(),
            basis: Basis::of(["e-1"]).unwrap(),
        }
    }

    #[test]
    fn every_technique_has_logs_that_could_hold_it() {
        assert!(!TABLE.is_empty());
        for doing in Techniques::known().doings() {
            assert!(TABLE.iter().any(|row| row.fits(&doing)), "{} has no trace", doing.technique);
        }
        for row in TABLE.iter() {
            assert!(!row.source.is_empty());
            assert!(Techniques::known().doings().any(|doing| row.fits(&doing)), "{row:?} is nobody's");
        }
    }

    #[test]
    fn a_technique_is_as_visible_as_the_best_log_of_it() {
        const SYSMON: &str = "windows/Microsoft-Windows-Sysmon/Operational";
        let coverage = [
            row(SYSMON, Some("WS01"), (0, 100), State::Complete),
            row(SYSMON, Some("WS01"), (100, 200), State::Untrusted),
            row("windows/Security", Some("ws01.court.example"), (0, 300), State::Complete),
            row("windows/Security", Some("FS01"), (0, 300), State::Complete),
            row("vpn", Some("VPN01"), (0, 300), State::Complete),
        ];
        let told = |written: &Written, technique: &str, host: &str| -> Vec<(i64, i64, &'static str)> {
            let (technique, seen_as) = technique.split_once(' ').unwrap();
            let all = traces(&coverage, written).into_iter();
            let on = |one: &Trace| one.host.as_deref().and_then(HostName::of) == HostName::of(host);
            let of = all.filter(|one| one.technique == technique && one.seen_as == seen_as && on(one));
            of.map(|one| (one.from.0, one.to.0, one.shows.as_str())).collect()
        };
        let none = Written::default();
        assert_eq!(told(&none, "T1033 program", "WS01"), [(0, 100, "yes"), (100, 300, "unsure")]);
        assert_eq!(
            told(&none, "T1033 program", "FS01"),
            [(0, 300, "unsure")],
            "nothing shows that starts are audited"
        );
        let log = ("windows/Security".to_owned(), HostName::of("WS01"));
        let starts = BTreeSet::from([("execute".to_owned(), "process".to_owned())]);
        let audited = Written(BTreeMap::from([(log, starts)]));
        assert_eq!(told(&audited, "T1033 program", "WS01"), [(0, 300, "yes")]);
        let gateway = traces(&coverage, &none).into_iter().find(|one| one.technique == "T1133").unwrap();
        assert_eq!((gateway.host, gateway.shows), (None, Shows::Yes), "of the house, on whichever machine");
        assert_eq!(told(&audited, "T1070.001 act", "FS01"), [(0, 300, "yes")], "a clear is always written");
    }
}
