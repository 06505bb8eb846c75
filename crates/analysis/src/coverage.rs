//! Of which host do we have which log, from when to when, and how whole?
//!
//! The calendar: per source and host, stretches of time in one state, without a hole between the
//! first and the last day of the evidence. A log that numbers its records shows itself whole, or
//! where it is not; one that does not is `complete` only under the printed assumption that its
//! export is. What is missing has a cause if something says so, and none if nothing does. A host
//! under the intruder's control is untrusted from then on, whatever its numbers say: they are the
//! intruder's to choose.
//!
//! Nothing becomes better by being taken away: without its records a stretch is `none`, and a hole
//! is never called shorter than the records on both sides of it.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::coverage::{Cause, State};
use assize_model::{Basis, Coverage, EventId, HostName, SnapshotError, Time};

use crate::key::log_name;
use crate::roster::Roster;
use crate::signals::{Kind, Signal, signals};
use crate::survey::Run;
use crate::{Ask, Covered};

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;
/// A busy log is silent at either end for less than this.
const QUIET: i64 = 6 * HOUR;
/// Days without any record that part evidence of now from stray old records.
const STRAY: i64 = 30 * DAY;

/// That an export holds what its source recorded: the assumption of logs without numbers.
pub const WHOLE_EXPORT: &str =
    "whole-export: the export holds every record that the source made in that time";

/// That a log which seldom writes wrote nothing beyond its records here.
pub const QUIET_LOG: &str = "quiet-log: a log that seldom writes had nothing to write before its first and after its last record here";

/// What the calendar is made from.
pub struct Logs<'a> {
    /// Stretches of records, sorted.
    pub runs: &'a [Run],
    /// What events and gaps say of logs.
    pub signs: Signs,
    /// Which logs there should be.
    pub roster: &'a Roster,
    /// Hosts under the intruder's control, since when, and by which events.
    pub controlled: &'a BTreeMap<HostName, (Time, BTreeSet<String>)>,
    /// Hosts whose clock is wrong: from when to when, and by which events.
    pub skewed: &'a [Skew],
}

/// A clock that is wrong for a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skew {
    /// Whose.
    pub host: String,
    /// From when.
    pub from: Time,
    /// Until when.
    pub to: Time,
    /// By how much it is ahead.
    pub ahead: i64,
    /// By comparison with what.
    pub against: String,
    /// How many pairs of records agree on it, of how many.
    pub pairs: (u64, u64),
    /// Events that show it.
    pub basis: Vec<String>,
}

/// Something that could not be read: as what it counts, and the gap.
type Damage = (Cause, String);

/// What events and gaps say of logs.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// Log, host, when, by which event: it was cleared.
    clears: Vec<(String, Option<HostName>, Time, String)>,
    /// Log, when, by which event: the source drops records for a day.
    throttled: Vec<(String, Time, String)>,
    /// Exhibits of which something could not be read: cause and gap.
    damaged: BTreeMap<String, Damage>,
    /// Records whose bytes are not what was written, though they can be read.
    suspect: Vec<Stretch>,
    /// Records that are in the evidence more than once.
    repeated: Vec<Stretch>,
    /// What else records say of the logs of a host, in their order.
    told: BTreeMap<Option<HostName>, Vec<Signal>>,
}

/// A stretch of a log of which something is known, with how many records and what shows it.
#[derive(Clone, Debug)]
struct Stretch {
    source: String,
    host: Option<HostName>,
    from: Time,
    to: Time,
    records: u64,
    basis: String,
}

impl Stretch {
    fn all(ask: Ask<'_>, sql: &str) -> Result<Vec<Self>, SnapshotError> {
        let stretch = |row: assize_model::Row| {
            Some(Self {
                source: row.text("source").to_owned(),
                host: row.some_text("host").and_then(HostName::of),
                from: row.time("a")?,
                to: row.time("b")?,
                records: row.number("n"),
                basis: row.text("basis").to_owned(),
            })
        };
        Ok(ask(sql)?.into_iter().filter_map(stretch).collect())
    }
}

const CLEARS: &str = "
    SELECT object, host, time, id FROM events WHERE verb = 'log-clear' ORDER BY object, host, id";
const THROTTLED: &str = "
    SELECT source, time, id FROM events WHERE array_has(qualifiers, 'throttled') ORDER BY source, time, id";
const DAMAGED: &str = "
    SELECT exhibit, cause, min(id) AS id FROM gaps WHERE cause NOT IN ('slack', 'empty')
    GROUP BY exhibit, cause ORDER BY exhibit, cause";
const UNREAD: &str = "
    SELECT g.exhibit, g.cause, min(g.id) AS id FROM gaps g
    JOIN (SELECT exhibit FROM readings GROUP BY exhibit HAVING sum(events) = 0) r ON r.exhibit = g.exhibit
    WHERE g.cause NOT IN ('slack', 'empty') GROUP BY g.exhibit, g.cause ORDER BY g.exhibit, g.cause";
const SUSPECT: &str = "
    SELECT e.source, e.host, min(e.time) AS a, max(e.time) AS b, count(*) AS n, g.id AS basis
    FROM gaps g JOIN events e ON e.exhibit = g.exhibit AND coalesce(e.member, '') = coalesce(g.member, '')
    WHERE g.cause = 'checksum' AND e.ranges[1]['offset'] >= g.\"offset\"
      AND e.ranges[1]['offset'] < g.\"offset\" + g.length
    GROUP BY e.source, e.host, g.id ORDER BY e.source, e.host, g.id";
const REPEATED: &str = "
    SELECT e.source, e.host, min(e.time) AS a, max(e.time) AS b, count(*) AS n, min(a.event) AS basis
    FROM aliases a JOIN records e ON e.id = a.id
    GROUP BY e.source, e.host ORDER BY e.source, e.host";
const RECEIVED_TWICE: &str = "
    SELECT e.source, e.host, min(e.time) AS a, max(e.time) AS b, count(*) AS n, x.id AS basis
    FROM exhibits x JOIN events e ON e.exhibit = x.id WHERE array_length(array_distinct(x.paths)) > 1
    GROUP BY e.source, e.host, x.id ORDER BY e.source, e.host, x.id";

impl Signs {
    /// Asks the tables.
    ///
    /// # Errors
    /// Where a query fails.
    pub fn of(ask: Ask<'_>) -> Result<Self, SnapshotError> {
        let mut signs = Self::default();
        for row in ask(CLEARS)? {
            let Some(time) = row.time("time") else { continue };
            let log = format!("windows/{}", row.text("object"));
            let host = row.some_text("host").and_then(HostName::of);
            signs.clears.push((log, host, time, row.text("id").to_owned()));
        }
        for row in ask(THROTTLED)? {
            let Some(time) = row.time("time") else { continue };
            signs.throttled.push((row.text("source").to_owned(), time, row.text("id").to_owned()));
        }
        for row in ask(DAMAGED)? {
            let damage = (cause(&row), row.text("id").to_owned());
            signs.damaged.entry(row.text("exhibit").to_owned()).or_insert(damage);
        }
        for (exhibit, damage) in beside(ask)? {
            signs.damaged.entry(exhibit).or_insert(damage);
        }
        signs.suspect = Stretch::all(ask, SUSPECT)?;
        signs.repeated = Stretch::all(ask, REPEATED)?;
        signs.repeated.extend(Stretch::all(ask, RECEIVED_TWICE)?);
        // What was cleared is judged above.
        for signal in signals(ask)?.into_iter().filter(|signal| signal.kind != Kind::Cleared) {
            let host = signal.host.as_deref().and_then(HostName::of);
            signs.told.entry(host).or_default().push(signal);
        }
        Ok(signs)
    }
}

fn cause(row: &assize_model::Row) -> Cause {
    if row.text("cause") == "truncated" { Cause::Truncated } else { Cause::Flipped }
}

/// Files of a log beside which lies one of the same name, but for numbers, that could not be read at all: what it
/// held of the log is missing. Where the files of that name are several logs', nobody knows whose it was.
fn beside(ask: Ask<'_>) -> Result<Vec<(String, Damage)>, SnapshotError> {
    let unread = ask(UNREAD)?;
    if unread.is_empty() {
        return Ok(Vec::new());
    }
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in ask("SELECT id, paths FROM exhibits ORDER BY id")? {
        for path in row.value("paths").as_array().into_iter().flatten().filter_map(|path| path.as_str()) {
            names.entry(row.text("id").to_owned()).or_default().insert(name_of(path));
        }
    }
    let mut logs: BTreeMap<&String, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut files: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for row in ask("SELECT DISTINCT exhibit, source, host FROM log_runs ORDER BY exhibit, source, host")? {
        for name in names.get(row.text("exhibit")).into_iter().flatten() {
            let log = (log_name(row.text("source")).to_owned(), row.text("host").to_lowercase());
            logs.entry(name).or_default().insert(log);
            files.entry(name).or_default().insert(row.text("exhibit").to_owned());
        }
    }
    let mut found = Vec::new();
    for row in &unread {
        for name in names.get(row.text("exhibit")).into_iter().flatten() {
            let alone = logs.get(name).is_some_and(|logs| logs.len() == 1);
            let files = files.get(name).filter(|_| alone).into_iter().flatten();
            found.extend(files.map(|file| (file.clone(), (cause(row), row.text("id").to_owned()))));
        }
    }
    Ok(found)
}

/// A path with nothing but the letters of its last step: `log/access.log.2` and `log/access-1.log` are
/// files of one name.
fn name_of(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let letters: String = name.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
    format!("{folder}/{letters}")
}

/// One stretch of a log in one state.
#[derive(Clone, Debug)]
struct Piece {
    from: Time,
    to: Time,
    state: State,
    cause: Option<Cause>,
    because: String,
    events: u64,
    basis: BTreeSet<String>,
}

/// Stretches of a log, by the source that each part of it is.
type Parts<'a> = BTreeMap<&'a str, Vec<&'a Run>>;

/// The calendar, sorted by host, source and time.
#[must_use]
pub fn coverage(logs: &Logs<'_>) -> Vec<Coverage> {
    let Some(window) = window(logs.runs) else { return Vec::new() };
    // A log may have several parts (tunnels and attempts): each is judged, and the gravest holds.
    let mut by_log: BTreeMap<(&str, Option<HostName>), Parts<'_>> = BTreeMap::new();
    for run in logs.runs {
        let log = (log_name(&run.source), run.host.as_deref().and_then(HostName::of));
        by_log.entry(log).or_default().entry(run.source.as_str()).or_default().push(run);
    }
    let leaders: BTreeMap<&str, Vec<Piece>> = by_log
        .iter()
        .filter(|((source, host), _)| host.is_none() && LED.iter().any(|(_, leader)| leader == source))
        .filter_map(|((source, _), parts)| {
            let runs = parts.get(source)?.clone();
            Some((*source, Log { source, host: None, runs, window, logs }.calendar()))
        })
        .collect();
    let mut rows = Vec::new();
    let mut known: BTreeSet<(String, Option<HostName>)> = BTreeSet::new();
    for ((source, host), parts) in by_log {
        known.insert((source.to_owned(), host.clone()));
        let spelling =
            parts.values().flatten().filter_map(|run| run.host.as_deref()).max_by_key(|host| host.len());
        let named = spelling.map(str::to_owned).or_else(|| logs.roster.host_of(source).map(str::to_owned));
        let of_house = host.is_none();
        let parts = parts.into_iter().map(|(part, runs)| {
            let pieces = Log { source: part, host: host.clone(), runs, window, logs }.calendar();
            let leader = leader(part).and_then(|leader| leaders.get(leader)).filter(|_| of_house);
            leader.into_iter().flatten().cloned().fold(pieces, as_its_leader)
        });
        let pieces = parts.reduce(|whole, part| part.into_iter().fold(whole, laid_over));
        rows.extend(pieces.into_iter().flatten().filter_map(|piece| row(source, named.as_deref(), piece)));
    }
    rows.extend(missing(logs, window, &known));
    rows.sort_by(|a, b| (&a.host, &a.source, a.from, a.to).cmp(&(&b.host, &b.source, b.from, b.to)));
    rows
}

fn row(source: &str, host: Option<&str>, piece: Piece) -> Option<Coverage> {
    Some(Coverage {
        source: source.to_owned(),
        host: host.map(str::to_owned),
        from: Some(piece.from),
        to: Some(piece.to),
        state: piece.state,
        cause: piece.cause,
        events: piece.events,
        because: piece.because,
        basis: Basis::of(piece.basis)?,
    })
}

/// First and last day of the evidence, whole days. Days that lie far from where most records lie
/// are stray: a clock that was wrong, a setting from long ago.
fn window(runs: &[Run]) -> Option<(Time, Time)> {
    let mut days: BTreeMap<i64, u64> = BTreeMap::new();
    for run in runs {
        *days.entry(run.from.0.div_euclid(DAY)).or_default() += run.events;
        *days.entry(run.to.0.div_euclid(DAY)).or_default() += 1;
    }
    let mut clusters: Vec<(u64, i64, i64)> = Vec::new();
    let counts = days.clone();
    for (day, events) in days {
        match clusters.last_mut().filter(|(_, _, last)| (day - *last) * DAY <= STRAY) {
            Some((sum, _, last)) => (*sum, *last) = (*sum + events, day),
            None => clusters.push((events, day, day)),
        }
    }
    let (_, first, last) =
        clusters.into_iter().max_by_key(|(sum, first, _)| (*sum, std::cmp::Reverse(*first)))?;
    // What is still written on the morning after the last day, or was on the evening before the
    // first, does not make a day of it.
    let mut within: Vec<(i64, u64)> =
        counts.range(first..=last).map(|(day, events)| (*day, *events)).collect();
    let mut sizes: Vec<u64> = within.iter().map(|(_, events)| *events).collect();
    sizes.sort_unstable();
    let least = sizes.get(sizes.len() / 2).copied().unwrap_or(0) / STRAGGLERS;
    within.retain(|(_, events)| *events > least);
    let (first, last) = (within.first()?.0, within.last()?.0);
    Some((Time(first * DAY), Time((last + 1) * DAY)))
}

/// A day with fewer than one in so many of the records of a middling day is none of the evidence's.
const STRAGGLERS: u64 = 50;

/// One log of one host.
struct Log<'a> {
    source: &'a str,
    host: Option<HostName>,
    runs: Vec<&'a Run>,
    window: (Time, Time),
    logs: &'a Logs<'a>,
}

/// Records without a hole between them.
#[derive(Clone, Debug)]
struct Island {
    from: (Time, EventId),
    to: (Time, EventId),
    lowest: u64,
    highest: u64,
    events: u64,
    exhibits: BTreeSet<String>,
    /// Records that are there more than once.
    repeated: u64,
}

impl Log<'_> {
    fn calendar(&self) -> Vec<Piece> {
        let numbered: Vec<&Run> = self.runs.iter().copied().filter(|run| run.lowest.is_some()).collect();
        let mut pieces = match numbered.as_slice() {
            [] if leader(self.source).is_some() => self.quietly(),
            [] => self.by_hours(),
            numbered => self.by_numbers(numbered),
        };
        self.clip(&mut pieces);
        pieces = self.overlay_repeated(pieces);
        pieces = self.overlay_suspect(pieces);
        pieces = self.overlay_throttled(pieces);
        pieces = self.overlay_skewed(pieces);
        pieces = self.unaudited().iter().fold(pieces, overlaid);
        pieces = self.overlay_control(pieces);
        self.tell_signals(&mut pieces);
        pieces
    }

    /// What records of the log's host say of this log, in order of time.
    fn told(&self) -> impl Iterator<Item = &Signal> {
        let told = self.logs.signs.told.get(&self.host).into_iter().flatten();
        told.filter(|signal| match &signal.log {
            Some(log) => log == self.source,
            None => self.source.starts_with("windows/"),
        })
    }

    /// Stretches whose numbers are whole and in which acts of some kind were not written down all the same: their
    /// audit was switched off, or records were lost before they had a number.
    fn unaudited(&self) -> Vec<Over> {
        let mut over = Vec::new();
        let mut off: BTreeMap<&str, &Signal> = BTreeMap::new();
        let silent = |signal: &Signal, from: Time, to: Time, basis: &[&Signal]| Over {
            from,
            to,
            state: State::Partial,
            cause: Cause::Silence,
            because: signal.says.clone(),
            basis: basis.iter().map(|signal| signal.event.clone()).collect(),
        };
        for signal in self.told() {
            let Some(time) = signal.time else { continue };
            match &signal.audit {
                Some((kind, false)) => drop(off.entry(kind).or_insert(signal)),
                Some((kind, true)) => {
                    let begun = off.remove(kind.as_str());
                    over.extend(
                        begun.and_then(|begun| Some(silent(begun, begun.time?, time, &[begun, signal]))),
                    );
                }
                // How long before it was noticed is not said.
                None if signal.kind == Kind::Lost => {
                    let (from, to) = (time.0.saturating_sub(HOUR), time.0.saturating_add(1));
                    over.push(silent(signal, Time(from), Time(to), &[signal]));
                }
                None => {}
            }
        }
        let still =
            off.into_values().filter_map(|begun| Some(silent(begun, begun.time?, self.window.1, &[begun])));
        over.extend(still);
        over
    }

    /// Says beside each stretch what records in it say of the log: stopped, started, full, audited otherwise,
    /// clock set.
    fn tell_signals(&self, pieces: &mut [Piece]) {
        let told: Vec<&Signal> = self.told().collect();
        for piece in pieces {
            let here = |signal: &&Signal| signal.time.is_some_and(|t| piece.from <= t && t <= piece.to);
            let mut by_kind: BTreeMap<Kind, Vec<&Signal>> = BTreeMap::new();
            for signal in told.iter().copied().filter(here) {
                by_kind.entry(signal.kind).or_default().push(signal);
            }
            for signals in by_kind.values() {
                let (Some(first), Some(last)) = (signals.first(), signals.last()) else { continue };
                let when = first.time.map(|time| time.to_string()).unwrap_or_default();
                let more = match signals.len() {
                    1 => String::new(),
                    count => format!(", {count} times since"),
                };
                piece.because = format!("{}; {when}{more}: {}", piece.because, first.says);
                piece.basis.extend([first.event.clone(), last.event.clone()]);
            }
        }
    }

    // ---- logs that number their records -------------------------------------------------------

    fn by_numbers(&self, runs: &[&Run]) -> Vec<Piece> {
        let islands = islands(runs);
        let mut pieces = Vec::new();
        let (Some(first), Some(last)) = (islands.first(), islands.last()) else { return pieces };
        let pace = pace(self.source, runs);
        pieces.push(self.before(first, pace));
        for (place, island) in islands.iter().enumerate() {
            pieces.push(whole(island));
            if let Some(next) = islands.get(place + 1) {
                pieces.push(self.hole(island, next));
            }
        }
        pieces.push(self.after(last, pace));
        pieces
    }

    /// What comes before the first record that we have.
    fn before(&self, first: &Island, pace: i64) -> Piece {
        let lead = first.from.0.0 - self.window.0.0;
        let basis = BTreeSet::from([first.from.1.to_string()]);
        let piece = |state, cause, because: String, basis| Piece {
            from: self.window.0,
            to: first.from.0,
            state,
            cause,
            because,
            events: 0,
            basis,
        };
        if let Some(clear) = self.cleared(self.window.0, first.from.0) {
            let because = "the log was cleared; what stood before is gone".to_owned();
            return piece(State::None, Some(Cause::Cleared), because, BTreeSet::from([clear]));
        }
        if lead <= pace {
            let because = match pace {
                i64::MAX => format!("assuming {QUIET_LOG}"),
                _ => format!("record {} is no later than the log's pace explains", first.lowest),
            };
            return piece(State::Complete, None, because, basis);
        }
        if first.lowest <= 1 {
            let because = "record 1 is the log's first: before it there was none".to_owned();
            return piece(State::None, Some(Cause::NeverOn), because, basis);
        }
        let because = format!("the records before number {} are not there any more", first.lowest);
        let control = self.host.as_ref().and_then(|host| self.logs.controlled.get(host));
        if let Some((_, control)) = control.filter(|(since, _)| *since <= first.from.0) {
            let because =
                format!("{because}: written over, or cleared by the intruder, who had the rights to");
            return piece(State::None, None, because, basis.union(control).cloned().collect());
        }
        piece(State::None, Some(Cause::Rotated), because, basis)
    }

    /// What comes after the last one.
    fn after(&self, last: &Island, pace: i64) -> Piece {
        let tail = self.window.1.0 - last.to.0.0;
        let damage = self.damage(&last.exhibits, Some(Cause::Truncated));
        let (state, cause, because) = match &damage {
            Some(_) => {
                (State::None, Some(Cause::Truncated), "the file breaks off after this record".to_owned())
            }
            None if pace == i64::MAX => (State::Complete, None, format!("assuming {QUIET_LOG}")),
            None if tail <= pace => {
                let because =
                    format!("record {} is the last, within the log's pace of the end", last.highest);
                (State::Complete, None, because)
            }
            None => (
                State::None,
                None,
                "no record, for longer than the log's pace explains: silent, or collected then".to_owned(),
            ),
        };
        let basis = [Some(last.to.1.to_string()), damage].into_iter().flatten().collect();
        Piece { from: last.to.0, to: self.window.1, state, cause, because, events: 0, basis }
    }

    /// What lies between two records whose numbers do not follow each other.
    fn hole(&self, before: &Island, after: &Island) -> Piece {
        let missing = after.lowest.saturating_sub(before.highest).saturating_sub(1);
        let mut basis = BTreeSet::from([before.to.1.to_string(), after.from.1.to_string()]);
        let exhibits = before.exhibits.union(&after.exhibits).cloned().collect();
        let (from, to) = (before.to.0.min(after.from.0), before.to.0.max(after.from.0));
        let (state, cause, because) = if let Some(clear) = self.cleared(from, to) {
            basis.insert(clear);
            (State::None, Cause::Cleared, "the log was cleared; what stood before is gone".to_owned())
        } else if let Some(gap) = self.damage(&exhibits, None) {
            let cause = self.cause_of(&exhibits);
            basis.insert(gap);
            (State::Partial, cause, format!("{missing} records could not be read (see gaps)"))
        } else {
            let numbers = format!("{} to {}", before.highest + 1, after.lowest.saturating_sub(1));
            (State::Partial, Cause::IdGap, format!("{missing} records are missing: numbers {numbers}"))
        };
        Piece { from, to, state, cause: Some(cause), because, events: 0, basis }
    }

    /// The event that says that this log was cleared in that time.
    fn cleared(&self, from: Time, to: Time) -> Option<String> {
        let here = |(log, host, time, _): &&(String, Option<HostName>, Time, String)| {
            log == self.source
                && *host == self.host
                && *time >= from
                && time.0 <= to.0.saturating_add(HOUR / 60)
        };
        self.logs.signs.clears.iter().find(here).map(|(_, _, _, id)| id.clone())
    }

    /// A gap of these exhibits, of one cause if it is asked for.
    fn damage(&self, exhibits: &BTreeSet<String>, cause: Option<Cause>) -> Option<String> {
        let of = |exhibit: &String| self.logs.signs.damaged.get(exhibit);
        let mut gaps = exhibits.iter().filter_map(of);
        gaps.find(|(found, _)| cause.is_none_or(|cause| *found == cause)).map(|(_, gap)| gap.clone())
    }

    fn cause_of(&self, exhibits: &BTreeSet<String>) -> Cause {
        let of = |exhibit: &String| self.logs.signs.damaged.get(exhibit).map(|(cause, _)| *cause);
        exhibits.iter().find_map(of).unwrap_or(Cause::Flipped)
    }

    // ---- logs that do not ---------------------------------------------------------------------

    /// A log of which silence says nothing by itself.
    fn quietly(&self) -> Vec<Piece> {
        let mut islands = self.runs.iter().map(|run| Island::of(run));
        let Some(mut all) = islands.next() else { return Vec::new() };
        islands.for_each(|island| all.join(&island));
        let edge = |from, to, basis: EventId| Piece {
            from,
            to,
            state: State::Complete,
            cause: None,
            because: format!("assuming {QUIET_LOG}"),
            events: 0,
            basis: BTreeSet::from([basis.to_string()]),
        };
        let whole = Piece {
            because: format!("records carry no numbers; complete assuming {WHOLE_EXPORT}"),
            events: all.events,
            basis: [all.from.1.to_string(), all.to.1.to_string()].into(),
            ..edge(all.from.0, all.to.0, all.from.1)
        };
        vec![edge(self.window.0, all.from.0, all.from.1), whole, edge(all.to.0, self.window.1, all.to.1)]
    }

    fn by_hours(&self) -> Vec<Piece> {
        let mut hours: BTreeMap<i64, Island> = BTreeMap::new();
        for run in &self.runs {
            let hour = run.from.0.div_euclid(HOUR);
            let one = Island::of(run);
            hours.entry(hour).and_modify(|hour| hour.join(&one)).or_insert(one);
        }
        let known: Vec<i64> = hours.keys().copied().collect();
        let mut pieces = Vec::new();
        let (Some(first), Some(last)) = (known.first(), known.last()) else { return pieces };
        let rhythm = Rhythm::of(&known);
        let mut begun = *first;
        let mut previous = *first;
        let ends = |hour: i64| hours.get(&hour);
        let edge = |hour: i64, last: bool| {
            let island = ends(hour);
            island.map(|island| if last { island.to } else { island.from })
        };
        let start = self.window.0.0.div_euclid(HOUR);
        if let Some((time, id)) = edge(*first, false) {
            let broken = rhythm.breaks(start, *first);
            // What is missing ends with the night before, if this log never writes so early.
            let dawn = rhythm.dawn(*first).filter(|dawn| broken && *dawn > self.window.0).unwrap_or(time);
            pieces.push(self.unnumbered_edge((self.window.0, dawn), id, broken, Cause::Expired));
            pieces.push(self.unnumbered_edge((dawn, time), id, false, Cause::Expired));
        }
        for hour in known.iter().copied().chain([i64::MAX]) {
            let broken = hour == i64::MAX || rhythm.breaks(previous + 1, hour);
            if broken {
                pieces.extend(self.stretch(&hours, begun, previous));
                if let (Some(before), Some(after)) = (edge(previous, true), edge(hour, false)) {
                    let dusk = rhythm.dusk(previous).unwrap_or(before.0);
                    let dawn = rhythm.dawn(hour).filter(|dawn| *dawn > dusk).unwrap_or(after.0);
                    pieces.push(self.unnumbered_edge((before.0, dusk), before.1, false, Cause::Silence));
                    let mut silent = self.unnumbered_edge((dusk, dawn), before.1, true, Cause::Silence);
                    silent.basis.insert(after.1.to_string());
                    pieces.push(silent);
                    pieces.push(self.unnumbered_edge((dawn, after.0), after.1, false, Cause::Silence));
                }
                begun = hour;
            }
            previous = hour;
        }
        let end = self.window.1.0.div_euclid(HOUR);
        if let Some((time, id)) = edge(*last, true) {
            let damaged = ends(*last).and_then(|last| self.damage(&last.exhibits, Some(Cause::Truncated)));
            let broken = damaged.is_some() || rhythm.breaks(*last + 1, end);
            let dusk = rhythm.dusk(*last).filter(|_| broken && damaged.is_none()).unwrap_or(time);
            pieces.push(self.unnumbered_edge((time, dusk), id, false, Cause::Silence));
            let mut piece = self.unnumbered_edge((dusk, self.window.1), id, broken, Cause::Silence);
            if let Some(gap) = damaged {
                piece.cause = Some(Cause::Truncated);
                "the export breaks off after this record".clone_into(&mut piece.because);
                piece.basis.insert(gap);
            }
            pieces.push(piece);
        }
        pieces
    }

    fn unnumbered_edge(&self, (from, to): (Time, Time), id: EventId, broken: bool, cause: Cause) -> Piece {
        let (state, cause, because) = if broken {
            (
                State::None,
                Some(cause),
                "no record, for longer than this log is ever silent otherwise".to_owned(),
            )
        } else {
            (
                State::Complete,
                None,
                format!("no longer silence than this log has otherwise; assuming {WHOLE_EXPORT}"),
            )
        };
        Piece { from, to, state, cause, because, events: 0, basis: BTreeSet::from([id.to_string()]) }
    }

    fn stretch(&self, hours: &BTreeMap<i64, Island>, from: i64, to: i64) -> Option<Piece> {
        let mut islands = hours.range(from..=to).map(|(_, island)| island);
        let mut all = islands.next()?.clone();
        islands.for_each(|island| all.join(island));
        Some(Piece {
            from: all.from.0,
            to: all.to.0,
            state: State::Complete,
            cause: None,
            because: format!("records carry no numbers; complete assuming {WHOLE_EXPORT}"),
            events: all.events,
            basis: [all.from.1.to_string(), all.to.1.to_string()].into(),
        })
    }

    // ---- what lies over it --------------------------------------------------------------------

    /// Stray records lie outside of the calendar.
    fn clip(&self, pieces: &mut Vec<Piece>) {
        for piece in pieces.iter_mut() {
            piece.from = piece.from.clamp(self.window.0, self.window.1);
            piece.to = piece.to.clamp(self.window.0, self.window.1);
        }
        pieces.retain(|piece| piece.from < piece.to || piece.events > 0);
    }

    fn of(&self, stretch: &&Stretch) -> bool {
        let house = !crate::key::is_of_host(self.source);
        stretch.source == self.source && (house || stretch.host == self.host)
    }

    /// What is whole and there more than once is whole, and says so.
    fn overlay_repeated(&self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        for stretch in self.logs.signs.repeated.iter().filter(|stretch| self.of(stretch)) {
            let whole = |piece: &&mut Piece| piece.state == State::Complete && piece.cause.is_none();
            for piece in pieces.iter_mut().filter(whole) {
                if piece.from <= stretch.to && stretch.from <= piece.to && piece.events > 0 {
                    piece.cause = Some(Cause::Duplicated);
                    piece.because = format!(
                        "{}; {} records are in the evidence more than once",
                        piece.because, stretch.records
                    );
                    piece.basis.insert(stretch.basis.clone());
                }
            }
        }
        pieces
    }

    fn overlay_suspect(&self, pieces: Vec<Piece>) -> Vec<Piece> {
        self.logs.signs.suspect.iter().filter(|stretch| self.of(stretch)).fold(pieces, |pieces, stretch| {
            let over = Over {
                from: stretch.from,
                // The last of them belongs to it.
                to: Time(stretch.to.0.saturating_add(1)),
                state: State::Partial,
                cause: Cause::Flipped,
                because: format!(
                    "the bytes of {} records are not what was written (see gaps)",
                    stretch.records
                ),
                basis: BTreeSet::from([stretch.basis.clone()]),
            };
            overlaid(pieces, &over)
        })
    }

    fn overlay_throttled(&self, pieces: Vec<Piece>) -> Vec<Piece> {
        let here = self.logs.signs.throttled.iter().filter(|(source, _, _)| source == self.source);
        here.fold(pieces, |pieces, (_, time, id)| {
            let because = "the source says that it drops records of a mailbox for a day".to_owned();
            let over = Over {
                from: *time,
                to: Time(time.0.saturating_add(DAY)),
                state: State::Partial,
                cause: Cause::Throttled,
                because,
                basis: BTreeSet::from([id.clone()]),
            };
            overlaid(pieces, &over)
        })
    }

    fn overlay_skewed(&self, pieces: Vec<Piece>) -> Vec<Piece> {
        let here = self.logs.skewed.iter().filter(|skew| HostName::of(&skew.host) == self.host);
        here.filter(|_| self.source.starts_with("windows/")).fold(pieces, |pieces, skew| {
            let seconds = skew.ahead / 1_000_000_000;
            let way = if seconds < 0 { "behind" } else { "ahead of" };
            let over = Over {
                from: skew.from,
                to: skew.to,
                state: State::Partial,
                cause: Cause::Skewed,
                because: format!("the host's clock is {} s {way} {}", seconds.abs(), skew.against),
                basis: skew.basis.iter().cloned().collect(),
            };
            overlaid(pieces, &over)
        })
    }

    fn overlay_control(&self, pieces: Vec<Piece>) -> Vec<Piece> {
        let control = self.host.as_ref().and_then(|host| self.logs.controlled.get(host));
        let Some((since, basis)) = control.filter(|_| self.source.starts_with("windows/")) else {
            return pieces;
        };
        let over = Over {
            from: *since,
            to: self.window.1,
            state: State::Untrusted,
            cause: Cause::IntruderAdmin,
            because: "the intruder had the rights to change it from then on".to_owned(),
            basis: basis.clone(),
        };
        overlaid(pieces, &over)
    }
}

/// What is laid over a stretch of a calendar.
struct Over {
    from: Time,
    to: Time,
    state: State,
    cause: Cause,
    because: String,
    basis: BTreeSet<String>,
}

/// Lays one over the pieces: where it is graver, it holds.
fn overlaid(pieces: Vec<Piece>, over: &Over) -> Vec<Piece> {
    let mut laid = Vec::new();
    for piece in pieces {
        let (from, to) = (piece.from.max(over.from), piece.to.min(over.to));
        if from >= to && !(piece.from == piece.to && over.from <= piece.from && piece.from < over.to)
            || gravity(over.state) <= gravity(piece.state)
        {
            laid.push(piece);
            continue;
        }
        if piece.from < from {
            laid.push(Piece { to: from, ..piece.clone() });
        }
        laid.push(Piece {
            from,
            to,
            state: over.state,
            cause: Some(over.cause),
            because: over.because.clone(),
            basis: piece.basis.union(&over.basis).cloned().collect(),
            ..piece.clone()
        });
        if to < piece.to {
            laid.push(Piece { from: to, events: 0, ..piece });
        }
    }
    laid
}

/// Lays a stretch of another part of the same log over the whole.
fn laid_over(whole: Vec<Piece>, part: Piece) -> Vec<Piece> {
    if part.state == State::Complete {
        return whole;
    }
    let cause = part.cause.unwrap_or(Cause::Silence);
    let Piece { from, to, state, because, basis, .. } = part;
    overlaid(whole, &Over { from, to, state, cause, because, basis })
}

/// Logs of the house that write only when there is something of their kind, and the log that the same
/// sensor or service writes all day: where that one is whole, the sensor saw and had nothing to write.
const LED: [(&str, &str); 2] = [("zeek/", "zeek/conn"), ("entra/", "entra/signin")];

/// The log by whose silence the silence of a quiet one is judged. Asked of the kind, as `is_quiet`.
fn leader(source: &str) -> Option<&'static str> {
    let led = |(family, leader): &&(&str, &str)| source.starts_with(family) && source != *leader;
    LED.iter().find(led).map(|(_, leader)| *leader).filter(|_| source != "zeek/dns")
}

/// A quiet log is no better than the log beside it.
fn as_its_leader(pieces: Vec<Piece>, leader: Piece) -> Vec<Piece> {
    let Piece { from, to, state, cause, basis, .. } = leader;
    let (Some(cause), false) = (cause, state == State::Complete) else { return pieces };
    let because = "the log that the same source writes all day is not whole then".to_owned();
    overlaid(pieces, &Over { from, to, state, cause, because, basis })
}

fn gravity(state: State) -> u8 {
    match state {
        State::Complete => 0,
        State::Partial => 1,
        State::Untrusted => 2,
        State::None => 3,
    }
}

impl Island {
    fn of(run: &Run) -> Self {
        Self {
            from: (run.from, run.ends[0]),
            to: (run.to, run.ends[1]),
            lowest: run.lowest.unwrap_or(0),
            highest: run.highest.unwrap_or(0),
            events: run.events,
            exhibits: BTreeSet::from([run.exhibit.clone()]),
            repeated: 0,
        }
    }

    fn join(&mut self, other: &Self) {
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
        self.highest = self.highest.max(other.highest);
        self.events += other.events;
        self.exhibits.extend(other.exhibits.iter().cloned());
    }
}

/// Puts stretches together whose numbers follow each other or lie over each other.
fn islands(runs: &[&Run]) -> Vec<Island> {
    let mut runs = runs.to_vec();
    runs.sort_by_key(|run| (run.lowest, run.highest, run.from));
    let mut islands: Vec<Island> = Vec::new();
    for run in runs {
        let one = Island::of(run);
        match islands.last_mut().filter(|last| one.lowest <= last.highest.saturating_add(1)) {
            Some(last) => {
                last.repeated += (last.highest + 1).saturating_sub(one.lowest);
                last.join(&one);
            }
            None => islands.push(one),
        }
    }
    islands
}

/// Channels that seldom write by their nature: days without a record say nothing there. The audit
/// and Sysmon write all day. It is asked of the kind and not of the records: what is left of a busy
/// log must not pass for a quiet one.
fn is_quiet(source: &str) -> bool {
    source.starts_with("windows/")
        && !matches!(source, "windows/Security" | SYSMON | "windows/ForwardedEvents")
}

const SYSMON: &str = "windows/Microsoft-Windows-Sysmon/Operational";

/// For how long this log may be silent at its ends: twice its longest silence between two records
/// that follow each other.
fn pace(source: &str, runs: &[&Run]) -> i64 {
    if is_quiet(source) {
        return i64::MAX;
    }
    let mut runs = runs.to_vec();
    runs.sort_by_key(|run| (run.lowest, run.from));
    let silences = runs.windows(2).filter(|pair| pair[0].highest.map(|n| n + 1) == pair[1].lowest);
    let longest = silences.map(|pair| pair[1].from.0 - pair[0].to.0).max().unwrap_or(0);
    longest.saturating_mul(2).max(QUIET)
}

fn whole(island: &Island) -> Piece {
    let numbers = format!("record numbers {} to {} without a hole", island.lowest, island.highest);
    let (cause, because) = match island.repeated {
        0 => (None, numbers),
        repeated => (
            Some(Cause::Duplicated),
            format!("{numbers}; {repeated} of them are in the evidence more than once"),
        ),
    };
    Piece {
        from: island.from.0,
        to: island.to.0,
        state: State::Complete,
        cause,
        because,
        events: island.events,
        basis: [island.from.1.to_string(), island.to.1.to_string()].into(),
    }
}

/// When a log without numbers usually writes.
struct Rhythm {
    /// It writes in nearly every hour.
    hourly: bool,
    /// Days of the week, Monday first, on which it wrote wherever such a day lies within.
    weekdays: [bool; 7],
    /// Hours of the day in which it wrote on at least half of the days on which it wrote at all.
    usual: [bool; 24],
}

/// Hours without a record that a log which writes hourly may have.
const HOURS_MAX: i64 = 3;

impl Rhythm {
    fn of(hours: &[i64]) -> Self {
        let (first, last) = (hours.first().copied().unwrap_or(0), hours.last().copied().unwrap_or(0));
        // The longest silence is left out: it may be the one that is asked about.
        let longest = hours.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(1);
        let span = (last - first + 1 - (longest - 1)).max(1);
        let days: BTreeSet<i64> = hours.iter().map(|hour| hour.div_euclid(24)).collect();
        let mut seen = [(0_u32, 0_u32); 7];
        for day in first.div_euclid(24)..=last.div_euclid(24) {
            let place = &mut seen[weekday(day)];
            place.0 += 1;
            place.1 += u32::from(days.contains(&day));
        }
        let mut of_day = [0_usize; 24];
        hours.iter().for_each(|hour| of_day[hour.rem_euclid(24) as usize] += 1);
        Self {
            usual: of_day.map(|wrote| wrote * 2 >= days.len()),
            hourly: hours.len() as i64 * 10 >= span * 9 && hours.len() >= 24,
            // Half of a kind of day is a habit; one single day is none, unless every day was used.
            weekdays: seen.map(|(of, wrote)| of > 0 && wrote * 2 >= of),
        }
    }

    /// The midnight before an hour, if this log does not usually write between.
    fn dawn(&self, hour: i64) -> Option<Time> {
        let midnight = hour.div_euclid(24) * 24;
        self.is_quiet(midnight, hour).then_some(Time(midnight * HOUR))
    }

    /// The midnight after an hour, likewise.
    fn dusk(&self, hour: i64) -> Option<Time> {
        let midnight = (hour.div_euclid(24) + 1) * 24;
        self.is_quiet(hour + 1, midnight).then_some(Time(midnight * HOUR))
    }

    fn is_quiet(&self, from: i64, to: i64) -> bool {
        !self.hourly && (from..to).all(|hour| !self.usual[hour.rem_euclid(24) as usize])
    }

    /// Whether silence from one hour to another breaks the rhythm.
    fn breaks(&self, from: i64, to: i64) -> bool {
        if to == i64::MAX {
            return true;
        }
        if self.hourly {
            return to - from > HOURS_MAX;
        }
        // A whole day on which it would have written.
        let usual = |day: i64| {
            let known = self.weekdays[weekday(day)];
            known || (weekday(day) < 5 && self.weekdays[..5].iter().any(|wrote| *wrote))
        };
        let (first, last) = ((from + 23).div_euclid(24), to.div_euclid(24));
        (first..last).any(usual)
    }
}

/// 0 is Monday; 1970-01-01 was a Thursday.
fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// Logs that the register names and of which there is no record.
fn missing(
    logs: &Logs<'_>,
    window: (Time, Time),
    known: &BTreeSet<(String, Option<HostName>)>,
) -> Vec<Coverage> {
    let hosts: BTreeSet<&HostName> = known.iter().filter_map(|(_, host)| host.as_ref()).collect();
    let sources: BTreeSet<&str> = known.iter().map(|(source, _)| source.as_str()).collect();
    let mut rows = Vec::new();
    for (source, host) in &logs.roster.log_sources {
        let there = match host {
            Some(_) => known.contains(&(source.clone(), host.clone())),
            None => sources.contains(source.as_str()),
        };
        // A log of the house is one log, whatever machine its records name.
        let of_house = !source.starts_with("windows/") && sources.contains(source.as_str());
        if there || of_house {
            continue;
        }
        let Some(basis) = Basis::of([logs.roster.basis.as_str()].into_iter().filter(|id| !id.is_empty()))
        else {
            continue;
        };
        let collected = host.as_ref().is_some_and(|host| hosts.contains(host));
        let (cause, because) = if collected {
            (
                Cause::NeverOn,
                "the register names this log; the host's other logs are there, and this one is not",
            )
        } else {
            (Cause::NotCollected, "the register names this log; nothing of this host is in the evidence")
        };
        rows.push(Coverage {
            source: source.clone(),
            host: host.as_ref().map(|host| host.as_str().to_owned()),
            from: Some(window.0),
            to: Some(window.1),
            state: State::None,
            cause: Some(cause),
            events: 0,
            because: because.to_owned(),
            basis,
        });
    }
    rows
}

/// The calendar, asked for whether a host's security log is whole.
pub struct Calendar<'a>(BTreeMap<HostName, Vec<&'a Coverage>>);

impl<'a> Calendar<'a> {
    /// Of a calendar's rows.
    #[must_use]
    pub fn of(rows: &'a [Coverage]) -> Self {
        let mut hosts: BTreeMap<HostName, Vec<&Coverage>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.source == "windows/Security") {
            if let Some(host) = row.host.as_deref().and_then(HostName::of) {
                hosts.entry(host).or_default().push(row);
            }
        }
        Self(hosts)
    }
}

impl Covered for Calendar<'_> {
    fn is_whole(&self, host: &HostName, at: Option<Time>) -> bool {
        let Some(day) = at.map(|at| at.0.div_euclid(DAY)) else { return false };
        let rows = self.0.get(host).map_or(&[][..], Vec::as_slice);
        let mut touching = rows
            .iter()
            .filter(|row| {
                row.from.is_none_or(|from| from.0.div_euclid(DAY) <= day)
                    && row.to.is_none_or(|to| to.0 > day * DAY)
            })
            .peekable();
        touching.peek().is_some() && touching.all(|row| row.state == State::Complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const START: i64 = 1_789_344_000_000_000_000; // 2026-09-14, a Monday

    fn id(number: u64) -> EventId {
        EventId::of(&[&number.to_be_bytes()])
    }

    /// Records numbered from `lowest`, `count` of them, one a minute from so many hours after the
    /// start.
    fn run(hours: i64, lowest: u64, count: u64) -> Run {
        Run {
            source: "windows/Security".to_owned(),
            host: Some("A".to_owned()),
            lowest: Some(lowest),
            from: Time(START + hours * HOUR),
            highest: Some(lowest + count - 1),
            to: Time(START + hours * HOUR + (count as i64 - 1) * HOUR / 60),
            events: count,
            exhibit: format!("x-{lowest}"),
            ends: [id(lowest), id(lowest + count - 1)],
        }
    }

    fn states(runs: &[Run], signs: Signs) -> Vec<(State, Option<Cause>)> {
        let (roster, controlled) = (Roster::default(), BTreeMap::new());
        let logs = Logs { runs, signs, roster: &roster, controlled: &controlled, skewed: &[] };
        coverage(&logs).iter().map(|row| (row.state, row.cause)).collect()
    }

    #[test]
    fn a_file_that_was_not_read_leaves_the_log_beside_it_not_whole() {
        let row = |cells: serde_json::Value| {
            let cells = cells.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.clone()));
            assize_model::Row(cells.collect())
        };
        let told = |hosts: [&str; 2]| {
            let ask = |sql: &str| {
                let rows = match sql {
                    UNREAD => vec![json!({"exhibit": "x-2", "cause": "unrecognised", "id": "g-1"})],
                    sql if sql.contains("FROM exhibits") => vec![
                        json!({"id": "x-1", "paths": ["e/access.log"]}),
                        json!({"id": "x-2", "paths": ["e/access.log.1"]}),
                        json!({"id": "x-3", "paths": ["e/access.log.2"]}),
                        json!({"id": "x-4", "paths": ["e/error.log"]}),
                    ],
                    _ => vec![
                        json!({"exhibit": "x-1", "source": "web/nginx", "host": hosts[0]}),
                        json!({"exhibit": "x-3", "source": "web/nginx", "host": hosts[1]}),
                        json!({"exhibit": "x-4", "source": "web/nginx", "host": "w1"}),
                    ],
                };
                Ok(rows.into_iter().map(row).collect())
            };
            let found = beside(&ask).unwrap();
            found.into_iter().map(|(exhibit, _)| exhibit).collect::<Vec<_>>()
        };
        assert_eq!(told(["w1", "W1"]), ["x-1", "x-3"]);
        assert_eq!(told(["w1", "w2"]), [""; 0], "whose it was, nobody knows");
    }

    #[test]
    fn files_of_one_name_differ_in_numbers_only() {
        let one = ["e/a/access.log", "e/a/access.log.1", "e/a/access-2026-09-07.log", "e/a/Access_2.log"]
            .map(name_of);
        assert!(one.iter().all(|name| *name == one[0]), "{one:?}");
        assert_ne!(name_of("e/b/access.log"), one[0]);
        assert_ne!(name_of("e/a/error.log"), one[0]);
    }

    #[test]
    fn complete_only_without_a_hole() {
        let whole = states(&[run(0, 7, 1440)], Signs::default());
        assert!(whole.iter().all(|(state, _)| *state == State::Complete), "{whole:?}");
        let holed = states(&[run(0, 7, 600), run(11, 640, 700)], Signs::default());
        assert!(holed.contains(&(State::Partial, Some(Cause::IdGap))), "{holed:?}");
    }

    #[test]
    fn a_hole_is_a_clear_if_something_says_so() {
        let clear =
            ("windows/Security".to_owned(), HostName::of("A"), Time(START + 11 * HOUR), "e-c".to_owned());
        let signs = Signs { clears: vec![clear], ..Signs::default() };
        let states = states(&[run(11, 640, 700)], signs);
        assert_eq!(states[0], (State::None, Some(Cause::Cleared)));
    }

    #[test]
    fn what_is_in_the_evidence_twice_is_whole() {
        let twice = Run { exhibit: "x-2".to_owned(), ..run(0, 7, 1440) };
        let states = states(&[run(0, 7, 1440), twice], Signs::default());
        assert!(states.contains(&(State::Complete, Some(Cause::Duplicated))), "{states:?}");
        assert!(states.iter().all(|(state, _)| *state == State::Complete), "{states:?}");
    }

    #[test]
    fn a_busy_log_that_begins_late_has_lost_what_was_before() {
        let other = Run { source: "windows/System".to_owned(), ..run(0, 1, 1440) };
        let states = states(&[run(12, 900, 700), other], Signs::default());
        assert!(states.contains(&(State::None, Some(Cause::Rotated))), "{states:?}");
    }

    #[test]
    fn control_lies_over_everything_but_nothing() {
        let runs = [run(0, 7, 1440)];
        let controlled = BTreeMap::from([(
            HostName::of("A").unwrap(),
            (Time(START + 6 * HOUR), BTreeSet::from(["e-x".to_owned()])),
        )]);
        let roster = Roster::default();
        let logs = Logs {
            runs: &runs,
            signs: Signs::default(),
            roster: &roster,
            controlled: &controlled,
            skewed: &[],
        };
        let rows = coverage(&logs);
        let after = |row: &&Coverage| row.from >= Some(Time(START + 6 * HOUR));
        assert!(rows.iter().filter(after).all(|row| row.state == State::Untrusted));
        assert_eq!(rows.iter().filter(after).count(), 2);
    }

    #[test]
    fn a_log_that_was_told_to_be_silent_of_something_is_not_whole_whatever_its_numbers_say() {
        let runs = [run(0, 7, 1440)];
        let signal = |hour: i64, kind: Kind, audit: Option<(&str, bool)>| Signal {
            kind,
            host: Some("A".to_owned()),
            log: Some("windows/Security".to_owned()),
            time: Some(Time(START + hour * HOUR)),
            says: "what is audited was changed".to_owned(),
            audit: audit.map(|(kind, is)| (kind.to_owned(), is)),
            event: format!("e-{hour}"),
        };
        let files = |hour, is| signal(hour, Kind::PolicyChanged, Some(("%%12800", is)));
        let state = |told: Vec<Signal>, hour: i64| {
            let (roster, controlled) = (Roster::default(), BTreeMap::new());
            let signs = Signs { told: [(HostName::of("A"), told)].into(), ..Signs::default() };
            let logs = Logs { runs: &runs, signs, roster: &roster, controlled: &controlled, skewed: &[] };
            let time = Time(START + hour * HOUR + HOUR / 2);
            let there = coverage(&logs);
            there.iter().find(|row| row.from <= Some(time) && Some(time) < row.to).unwrap().state
        };
        let off_and_on = || vec![files(6, false), files(9, true)];
        assert_eq!(
            [5, 7, 10].map(|hour| state(off_and_on(), hour)),
            [State::Complete, State::Partial, State::Complete]
        );
        assert_eq!(
            state(vec![files(6, false)], 20),
            State::Partial,
            "to the end, if nobody switched it on again"
        );
        let other = vec![files(6, false), signal(9, Kind::PolicyChanged, Some(("%%12544", true)))];
        assert_eq!(state(other, 10), State::Partial, "what was switched on is something else");
        let lost = || vec![signal(6, Kind::Lost, None)];
        assert_eq!(
            [4, 5, 6].map(|hour| state(lost(), hour)),
            [State::Complete, State::Partial, State::Complete]
        );
    }

    /// Whatever part of a log is taken away, no instant of it becomes better.
    #[test]
    fn less_is_never_better() {
        let runs = [run(0, 7, 600), run(10, 607, 400), run(30, 1200, 900)];
        let at = |runs: &[Run], hour: i64| {
            let (roster, controlled) = (Roster::default(), BTreeMap::new());
            let logs =
                Logs { runs, signs: Signs::default(), roster: &roster, controlled: &controlled, skewed: &[] };
            let time = Time(START + hour * HOUR + 1);
            let there = coverage(&logs);
            let row = there.iter().find(|row| row.from <= Some(time) && Some(time) < row.to);
            row.map_or(3, |row| gravity(row.state))
        };
        for left_out in 0..runs.len() {
            let fewer: Vec<Run> = runs
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != left_out)
                .map(|(_, run)| run.clone())
                .collect();
            for hour in 0..46 {
                assert!(at(&fewer, hour) >= at(&runs, hour), "without {left_out}, hour {hour}");
            }
        }
    }

    #[test]
    fn days_of_rest_are_no_silence() {
        // Mondays to Fridays, eight hours a day, two weeks.
        let monday = START / HOUR;
        let hours: Vec<i64> = (0..14)
            .filter(|day| day % 7 < 5)
            .flat_map(|day| (0..8).map(move |hour| monday + day * 24 + 8 + hour))
            .collect();
        let rhythm = Rhythm::of(&hours);
        let hour = |day: i64, hour: i64| monday + day * 24 + hour;
        assert!(!rhythm.breaks(hour(4, 16), hour(7, 8)), "a weekend");
        assert!(rhythm.breaks(hour(1, 16), hour(3, 8)), "a Wednesday");
        assert!(!rhythm.breaks(hour(1, 16), hour(2, 8)), "a night");
    }
}
