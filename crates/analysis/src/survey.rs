//! What do all events together say of presences and of logs, in one reading?
//!
//! One pass over the events, in whatever order they come: which presence key was used from when to
//! when, which process belongs to which logon, and which stretches of which log there are. Millions
//! of rows go in, and what is kept grows with presences and hours of logs, not with events. Nothing
//! is judged here. Whatever the order of batches, the result is the same: all that is kept is a
//! minimum, a maximum, a sum, or a list that is sorted at the end.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use assize_model::{EventId, HostName, SnapshotError, Time};

use crate::Each;
use crate::key::{Key, connection_key, family, is_of_host, key_of, logon_id, logon_key, process_key};
use crate::rows::{Pairs, Rows, Texts};

const HOUR: i64 = 3_600_000_000_000;

/// What one reading of all events gives.
#[derive(Debug, Default)]
pub struct Survey {
    /// By presence key.
    pub uses: BTreeMap<String, Use>,
    /// Process key, key of the logon that it runs in, when it started, by which event. Sorted.
    pub processes: Vec<(String, String, Option<Time>, EventId)>,
    /// Stretches of logs, sorted.
    pub runs: Vec<Run>,
}

/// What the events of one presence key share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// First event with a time.
    pub first: (Time, EventId),
    /// Last one.
    pub last: Time,
    /// How many.
    pub events: u64,
    /// The account that acts; the least by name where records differ.
    pub account: Option<String>,
    /// Where it is logged.
    pub host: Option<String>,
    /// The first source by name.
    pub source: String,
    /// The other end, of the first event that names one.
    pub peer: Option<(Time, String)>,
    /// The device, likewise.
    pub device: Option<(Time, String)>,
    /// The kind of program, likewise.
    pub client: Option<(Time, String)>,
}

/// A stretch of one log in one exhibit: consecutive record numbers without a silence of an hour, or
/// all records of an hour where the source has none. Never longer than a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// Kind of log.
    pub source: String,
    /// Of which host.
    pub host: Option<String>,
    /// First record number.
    pub lowest: Option<u64>,
    /// Earliest time.
    pub from: Time,
    /// Last record number.
    pub highest: Option<u64>,
    /// Latest time.
    pub to: Time,
    /// How many records.
    pub events: u64,
    /// In which exhibit.
    pub exhibit: String,
    /// Events at its ends.
    pub ends: [EventId; 2],
}

const EVENTS: &str =
    "SELECT id, time, source, host, verb, actor, peer, device, client, outcome, exhibit, links FROM events";

/// Reads all events once.
///
/// # Errors
/// Where the query fails.
pub fn survey(each: Each<'_>) -> Result<Survey, SnapshotError> {
    let mut counting = Counting::default();
    each(EVENTS, &mut |batch| {
        counting.take(Rows(batch));
        Ok(())
    })?;
    Ok(counting.finish())
}

/// What is kept while rows go by: keys as numbers where they are many.
#[derive(Default)]
struct Counting {
    survey: Survey,
    hosts: BTreeMap<String, u32>,
    logons: BTreeMap<(u32, u64), Use>,
}

impl Counting {
    fn take(&mut self, rows: Rows<'_>) {
        let (ids, times, sources) = (rows.texts("id"), rows.times("time"), rows.texts("source"));
        let (hosts, verbs, exhibits) = (rows.texts("host"), rows.texts("verb"), rows.texts("exhibit"));
        let (actors, links) = (rows.texts("actor"), rows.links("links"));
        let outcomes = rows.texts("outcome");
        let ends = ["peer", "device", "client"].map(|column| rows.texts(column));
        let mut open: Option<Open<'_>> = None;
        for row in 0..rows.len() {
            let Some(time) = times.at(row) else { continue };
            let (source, host) = (sources.or_empty(row), hosts.at(row));
            let number = links.first(row, "record").and_then(|number| number.parse().ok());
            let log =
                Log { source, host: host.filter(|_| is_of_host(source)), exhibit: exhibits.or_empty(row) };
            let closed = stretch(&mut open, log, number, (time, row));
            self.survey.runs.extend(closed.and_then(|closed| closed.run(ids)));
            let used = Used {
                id: ids.or_empty(row),
                time,
                source,
                host,
                actor: actors.at(row),
                ends: ends.map(|column| column.at(row)),
            };
            match key_of(source, verbs.or_empty(row), links.of(row)) {
                Some(Key::Logon(logon)) => {
                    let Some(number) = self.number_of(host) else { continue };
                    used.note(self.logons.entry((number, logon)).or_insert_with(|| used.first()));
                    self.process(links, row, host, (time, used.id));
                }
                // Whoever was refused was not there, whatever session the refusal names.
                Some(Key::Named(_)) if was_refused(verbs.or_empty(row), outcomes.or_empty(row)) => {}
                Some(Key::Named(name)) => {
                    let key = format!("{}|{name}", family(source));
                    used.note(self.survey.uses.entry(key).or_insert_with(|| used.first()));
                }
                Some(Key::Connection(id)) => {
                    let Some(host) = host.and_then(HostName::of) else { continue };
                    let key = connection_key(source, host.as_str(), id);
                    used.note(self.survey.uses.entry(key).or_insert_with(|| used.first()));
                }
                // In which logon a process runs says its start.
                Some(Key::Process(_)) | None => {}
            }
        }
        self.survey.runs.extend(open.and_then(|open| open.run(ids)));
    }

    fn number_of(&mut self, host: Option<&str>) -> Option<u32> {
        let host = host?;
        if let Some(number) = self.hosts.get(host) {
            return Some(*number);
        }
        let next = self.hosts.len() as u32;
        self.hosts.insert(host.to_owned(), next);
        Some(next)
    }

    fn finish(self) -> Survey {
        let mut survey = self.survey;
        let hosts: BTreeMap<u32, HostName> =
            self.hosts.iter().filter_map(|(host, number)| Some((*number, HostName::of(host)?))).collect();
        for ((host, logon), used) in self.logons {
            let Some(host) = hosts.get(&host) else { continue };
            // One host may write under two names.
            match survey.uses.entry(logon_key(host.as_str(), logon)) {
                Entry::Vacant(place) => drop(place.insert(used)),
                Entry::Occupied(mut place) => place.get_mut().join(used),
            }
        }
        survey.processes.sort();
        survey.processes.dedup();
        survey.runs = merged(std::mem::take(&mut survey.runs));
        survey
    }

    /// Notes in which logon a process runs, where its start says both.
    fn process(&mut self, links: Pairs<'_>, row: usize, host: Option<&str>, (time, id): (Time, &str)) {
        let Some(process) = links.first(row, "process") else { return };
        let Some(logon) = links.first(row, "logon").and_then(logon_id) else { return };
        // The machine's own are most, and its presence says nothing.
        if matches!(logon, 0 | 0x3e4 | 0x3e5 | 0x3e7) {
            return;
        }
        let (Some(host), Ok(id)) = (host.and_then(HostName::of), id.parse()) else { return };
        let host = host.as_str();
        let key = process_key(host, process);
        self.survey.processes.push((key, logon_key(host, logon), Some(time), id));
    }
}

/// A logon that was refused.
fn was_refused(verb: &str, outcome: &str) -> bool {
    verb == "logon" && matches!(outcome, "failure" | "denied")
}

/// What one row says of its presence.
struct Used<'a> {
    id: &'a str,
    time: Time,
    source: &'a str,
    host: Option<&'a str>,
    actor: Option<&'a str>,
    ends: [Option<&'a str>; 3],
}

impl Used<'_> {
    fn id(&self) -> EventId {
        // Ids are written by us; one that is none would be a defect, and is a row like no other.
        self.id.parse().unwrap_or_else(|_| EventId::of(&[self.id.as_bytes()]))
    }

    fn first(&self) -> Use {
        Use {
            first: (self.time, self.id()),
            last: self.time,
            events: 0,
            account: None,
            host: self.host.map(str::to_owned),
            source: self.source.to_owned(),
            peer: None,
            device: None,
            client: None,
        }
    }

    fn note(&self, used: &mut Use) {
        used.events += 1;
        used.last = used.last.max(self.time);
        if self.time <= used.first.0 {
            used.first = used.first.min((self.time, self.id()));
        }
        if let Some(actor) =
            self.actor.filter(|actor| used.account.as_deref().is_none_or(|least| *actor < least))
        {
            used.account = Some(actor.to_owned());
        }
        if self.source < used.source.as_str() {
            self.source.clone_into(&mut used.source);
        }
        if let Some(host) = self.host.filter(|host| used.host.as_deref().is_some_and(|least| *host < least)) {
            used.host = Some(host.to_owned());
        }
        for (place, text) in [&mut used.peer, &mut used.device, &mut used.client].into_iter().zip(self.ends) {
            let Some(text) = text else { continue };
            if place.as_ref().is_none_or(|(at, least)| (self.time, text) < (*at, least.as_str())) {
                *place = Some((self.time, text.to_owned()));
            }
        }
    }
}

impl Use {
    fn join(&mut self, other: Self) {
        let least = |one: &mut Option<String>, other: Option<String>| {
            if let Some(other) = other {
                match one {
                    Some(one) if *one <= other => {}
                    _ => *one = Some(other),
                }
            }
        };
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.events += other.events;
        least(&mut self.account, other.account);
        least(&mut self.host, other.host);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Log<'a> {
    source: &'a str,
    host: Option<&'a str>,
    exhibit: &'a str,
}

/// A stretch that grows.
struct Open<'a> {
    log: Log<'a>,
    lowest: Option<u64>,
    highest: Option<u64>,
    from: (Time, usize),
    to: (Time, usize),
    events: u64,
}

impl Open<'_> {
    fn run(self, ids: Texts<'_>) -> Option<Run> {
        Some(Run {
            source: self.log.source.to_owned(),
            host: self.log.host.map(str::to_owned),
            lowest: self.lowest,
            from: self.from.0,
            highest: self.highest,
            to: self.to.0,
            events: self.events,
            exhibit: self.log.exhibit.to_owned(),
            ends: [ids.or_empty(self.from.1).parse().ok()?, ids.or_empty(self.to.1).parse().ok()?],
        })
    }
}

/// Makes the open stretch longer, or begins another and returns the one that ends.
fn stretch<'a>(
    open: &mut Option<Open<'a>>,
    log: Log<'a>,
    number: Option<u64>,
    at: (Time, usize),
) -> Option<Open<'a>> {
    if let Some(run) = open.as_mut().filter(|run| run.log == log) {
        let next = match (number, run.highest) {
            (Some(number), Some(highest)) => {
                let near = (at.0.0 - run.to.0.0).abs() < HOUR;
                near && number == highest.saturating_add(1) && same_span(run.to.0, at.0, 24 * HOUR)
            }
            (None, None) => same_span(run.from.0, at.0, HOUR),
            _ => false,
        };
        if next {
            run.highest = number;
            run.events += 1;
            if at.0 < run.from.0 {
                run.from = at;
            }
            if at.0 >= run.to.0 {
                run.to = at;
            }
            return None;
        }
    }
    open.replace(Open { log, lowest: number, highest: number, from: at, to: at, events: 1 })
}

fn same_span(one: Time, other: Time, span: i64) -> bool {
    one.0.div_euclid(span) == other.0.div_euclid(span)
}

/// Puts stretches together that were cut by the edges of batches.
fn merged(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));
    let mut merged: Vec<Run> = Vec::new();
    for run in runs {
        let Some(last) = merged.last_mut() else {
            merged.push(run);
            continue;
        };
        let next = match (last.highest, run.lowest) {
            (Some(highest), Some(lowest)) => {
                let near = (run.from.0 - last.to.0).abs() < HOUR;
                near && lowest == highest.saturating_add(1) && same_span(last.to, run.from, 24 * HOUR)
            }
            (None, None) => same_span(last.from, run.from, HOUR),
            _ => false,
        };
        if !next || place(last).0 != place(&run).0 {
            merged.push(run);
            continue;
        }
        last.highest = run.highest;
        last.events += run.events;
        if (run.from, run.ends[0]) < (last.from, last.ends[0]) {
            (last.from, last.ends[0]) = (run.from, run.ends[0]);
        }
        if (run.to, run.ends[1]) > (last.to, last.ends[1]) {
            (last.to, last.ends[1]) = (run.to, run.ends[1]);
        }
    }
    merged
}

type LogOf<'a> = (&'a str, Option<&'a str>, &'a str);

/// By log, then in the order of its records.
fn place(run: &Run) -> (LogOf<'_>, Option<u64>, Time) {
    ((run.source.as_str(), run.host.as_deref(), run.exhibit.as_str()), run.lowest, run.from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> EventId {
        EventId::of(&[&number.to_be_bytes()])
    }

    fn stretches(numbers: &[(Option<u64>, i64)]) -> Vec<(Option<u64>, Option<u64>, u64)> {
        let ids: Vec<String> = numbers.iter().map(|(_, at)| id(*at as u64).to_string()).collect();
        let ids = arrow_array::StringArray::from(ids);
        let log = Log { source: "windows/Security", host: Some("A"), exhibit: "x-1" };
        let (mut runs, mut open) = (Vec::new(), None);
        for (row, (number, at)) in numbers.iter().enumerate() {
            let closed = stretch(&mut open, log, *number, (Time(at * 1_000_000_000), row));
            runs.extend(closed.and_then(|closed| closed.run(Texts(Some(&ids)))));
        }
        runs.extend(open.and_then(|open| open.run(Texts(Some(&ids)))));
        merged(runs).iter().map(|run| (run.lowest, run.highest, run.events)).collect()
    }

    #[test]
    fn numbers_make_stretches_and_a_hole_ends_one() {
        let run = |from: u64, to: u64| (from..to).map(|n| (Some(n), n as i64));
        let numbers: Vec<_> = run(1, 5).chain(run(7, 9)).collect();
        assert_eq!(stretches(&numbers), [(Some(1), Some(4), 4), (Some(7), Some(8), 2)]);
        // Batches come in any order.
        let turned: Vec<_> = run(7, 9).chain(run(1, 5)).collect();
        assert_eq!(stretches(&turned), stretches(&numbers));
    }

    #[test]
    fn without_numbers_it_is_hours() {
        assert_eq!(stretches(&[(None, 10), (None, 20), (None, 7300)]), [(None, None, 2), (None, None, 1)]);
    }

    #[test]
    fn a_stretch_is_no_longer_than_a_day() {
        assert_eq!(stretches(&[(Some(1), 86_399), (Some(2), 86_400)]).len(), 2);
    }
}
