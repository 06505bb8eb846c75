//! What happened: which courses of events are there, and which steps have they, in order of time?
//!
//! From what is proven and nothing else: findings on the intruder's acts, acts of his processes, and
//! the sessions that are his. A rule's word on an act of nobody proven is a finding, and no step.
//! Repeats within half an hour are one step with a count. What failed is an attempt. Things that
//! share a process' machine, an identity or a decided address are one incident, and what a machine did
//! while the intruder was on it belongs to his visit; what shares nothing stays apart.
//!
//! Bounds: `first_proven` and `last_proven` are those of the steps. `first_possible` is the beginning
//! of the records, or nothing where the intruder is there already in their first hour: then it may
//! have begun before.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::incident::{Outcome, Step};
use assize_model::session::Verdict;
use assize_model::{Account, Basis, EventId, HostName, Incident, IncidentId, Session, SnapshotError, Time};

use crate::Each;
use crate::key::presence_key;
use crate::presences::Presence;
use crate::processes::Record;
use crate::proof::{Proof, Question};
use crate::rows::Rows;
use crate::sql::literal;
use crate::techniques::{self, OfSession, Techniques};

/// Repeats of a step within this are one step.
const REPEATED_WITHIN: i64 = 30 * 60 * 1_000_000_000;
/// Daily work of somebody who is the intruder: one step from day to day, over a weekend too.
const DAILY_WITHIN: i64 = 80 * 3_600_000_000_000;
/// A finding with where it belongs, as the reading of all events notes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placed {
    /// The event that the rule spoke of.
    pub event: EventId,
    /// The finding.
    pub finding: String,
    /// When.
    pub time: Option<Time>,
    /// Where.
    pub host: Option<String>,
    /// As whom.
    pub actor: Option<String>,
    /// The rule's title.
    pub title: String,
    /// Techniques that it names.
    pub techniques: Vec<String>,
    /// How the event ended.
    pub outcome: String,
    /// In which presence.
    pub key: Option<String>,
    /// In which process.
    pub process: Option<String>,
}

const FINDINGS: &str = "
    SELECT f.id AS finding, f.title, f.tags, f.event, e.time, e.host, e.actor, e.source, e.verb, e.outcome, e.links
    FROM findings f JOIN events e ON e.id = f.event";

/// Every finding that names a technique, with where its event belongs.
///
/// # Errors
/// Where the query fails.
pub fn placed(each: Each<'_>) -> Result<Vec<Placed>, SnapshotError> {
    let mut all = Vec::new();
    each(FINDINGS, &mut |batch| {
        let rows = Rows(batch);
        let text = |column: &str, row: usize| rows.texts(column).at(row).map(str::to_owned);
        let links = rows.links("links");
        for row in 0..rows.len() {
            let techniques: Vec<String> =
                rows.list("tags", row).iter().filter_map(|tag| techniques::of_tag(tag)).collect();
            let event = rows.texts("event").at(row).and_then(|id| id.parse().ok());
            let (Some(event), false) = (event, techniques.is_empty()) else { continue };
            let (source, verb) = (rows.texts("source").or_empty(row), rows.texts("verb").or_empty(row));
            all.push(Placed {
                event,
                finding: text("finding", row).unwrap_or_default(),
                time: rows.times("time").at(row),
                host: text("host", row),
                actor: text("actor", row),
                title: text("title", row).unwrap_or_default(),
                techniques,
                outcome: text("outcome", row).unwrap_or_default(),
                key: presence_key(source, rows.texts("host").at(row), verb, links.of(row)),
                process: links.first(row, "process").map(str::to_lowercase),
            });
        }
        Ok(())
    })?;
    all.sort();
    Ok(all)
}

/// What incidents are made from.
pub struct Told<'a> {
    /// What the rules of proof were asked.
    pub question: &'a Question<'a>,
    /// What they answered.
    pub proof: &'a Proof,
    /// Sessions with verdicts, in the order of presences.
    pub sessions: &'a [Session],
    /// Findings.
    pub findings: &'a [Placed],
    /// From when records of each machine reach: the calendar's first day.
    pub since: Option<Time>,
}

/// All incidents, sorted by their first proof.
///
/// # Errors
/// Where a query fails.
pub fn incidents(told: &Told<'_>, each: Each<'_>) -> Result<Vec<Incident>, SnapshotError> {
    let swept = swept(told.proof);
    let mut acts = of_processes(told, &swept);
    acts.extend(of_findings(told, &swept));
    acts.extend(of_sessions(told, each)?);
    let mut groups: BTreeMap<usize, Vec<Act>> = BTreeMap::new();
    let mut bonds = Bonds::default();
    let places: Vec<usize> = acts.iter().map(|act| bonds.join(&act.bonds)).collect();
    for (act, place) in acts.into_iter().zip(places) {
        groups.entry(bonds.root(place)).or_default().push(act);
    }
    let mut incidents: Vec<Incident> = groups.into_values().filter_map(|acts| incident(told, acts)).collect();
    incidents.sort_by_key(|incident| (incident.first_proven, incident.id));
    Ok(incidents)
}

/// One act with its technique, before repeats are put together.
#[derive(Clone, Debug)]
struct Act {
    time: Option<Time>,
    until: Option<Time>,
    technique: String,
    host: Option<String>,
    account: Option<String>,
    outcome: Outcome,
    says: String,
    times: u64,
    basis: BTreeSet<String>,
    /// What ties it to others.
    bonds: Vec<String>,
    /// Of somebody whose whole account is decided to be the intruder's: his daily work is in it.
    daily: bool,
}

fn bond_of_host(host: &str) -> Option<String> {
    HostName::of(host).map(|host| format!("h:{}", host.as_str()))
}

/// The identity behind an account; machines and the system are nobody's bond.
fn bond_of_account(told: &Told<'_>, account: &Account) -> Option<String> {
    if account.is_machine() {
        return None;
    }
    let known = told.question.roster.known(account);
    Some(match known {
        Some(known) if known.kind == "service" => return None,
        Some(known) if !known.staff.is_empty() => format!("n:{}", known.staff),
        Some(known) => format!("a:{}", known.account.to_lowercase()),
        None => format!("a:{}", account.key()),
    })
}

/// Who of the intruder's was on a machine when something there was done by the machine itself: what a service
/// does in the minutes after he came in as an administrator belongs to his coming.
fn bond_of_visit(told: &Told<'_>, host: &HostName, time: Option<Time>) -> Option<String> {
    let time = time?;
    let here = |session: &&Session| session.host.as_deref().and_then(HostName::of).as_ref() == Some(host);
    let proven = told.sessions.iter().filter(|session| session.verdict == Verdict::Intruder).filter(here);
    let during = proven.filter(|session| {
        let begun = session.from.is_some_and(|from| from <= time);
        let last = session.to.max(session.from);
        begun && last.is_some_and(|last| time.0 - last.0 <= REPEATED_WITHIN)
    });
    during.max_by_key(|session| session.from).and_then(|session| bond_of_account(told, &session.account))
}

// ---- acts of processes --------------------------------------------------------------------------

/// Looks at the sign-in process by programs of Windows that in the same seconds opened every other process as well,
/// with the same rights, as their lists of processes do: nothing was reached for there. What a foreign program looks
/// for when it opens them all is not known, and credentials are among it (Mimikatz does so too).
fn swept(proof: &Proof) -> BTreeSet<EventId> {
    const SECOND: i64 = 1_000_000_000;
    let mut swept = BTreeSet::new();
    for descent in proof.hosts.values() {
        let of_windows = |process: usize| {
            let start = descent.processes.get(process).map(|own| &own.start);
            let image =
                start.filter(|start| start.verb == "execute").map(|start| start.object.to_lowercase());
            image.is_some_and(|image| WINDOWS.iter().any(|folder| image.starts_with(folder)))
        };
        let opened = || {
            let acts =
                descent.acts.iter().filter(|(act, _)| act.verb == "read" && act.object_kind == "process");
            acts.filter(|(_, process)| of_windows(*process))
        };
        let mut targets: BTreeMap<(usize, Option<&str>, i64), BTreeSet<&str>> = BTreeMap::new();
        for (act, process) in opened() {
            targets
                .entry((*process, act.rights.as_deref(), act.time.0.div_euclid(SECOND)))
                .or_default()
                .insert(&act.object);
        }
        let is_swept = |act: &Record, process: usize| {
            let second = act.time.0.div_euclid(SECOND);
            let of = |second| targets.get(&(process, act.rights.as_deref(), second));
            (second - 1..=second + 1).filter_map(of).flatten().collect::<BTreeSet<_>>().len() >= SWEEP
        };
        swept.extend(opened().filter(|(act, process)| is_swept(act, *process)).map(|(act, _)| act.id));
    }
    swept
}

/// Where Windows' own programs lie.
const WINDOWS: [&str; 2] = [r"c:\windows\system32\", r"c:\windows\syswow64\"];
/// So many programs opened within three seconds are all that run.
const SWEEP: usize = 12;
/// What a look into the sign-in process would be.
const MEMORY: &str = "T1003.001";

fn of_processes(told: &Told<'_>, swept: &BTreeSet<EventId>) -> Vec<Act> {
    let mut acts = Vec::new();
    let techniques = Techniques::known();
    for (host, descent) in &told.proof.hosts {
        for (record, process) in &descent.acts {
            let Some(own) = descent.processes.get(*process) else { continue };
            let starts = record.verb == "execute" && record.object_kind == "process";
            let found = if starts {
                let command = record.command.as_deref().unwrap_or(&record.object);
                techniques.of_process(&record.object, command)
            } else {
                techniques.of_act(&record.verb, &record.object_kind, &record.object).into_iter().collect()
            };
            // Whose desk the program sits at: the system is nobody.
            let actor = record.actor.as_deref().or(own.start.actor.as_deref());
            let person = actor.and_then(|actor| bond_of_account(told, &Account::of(actor)));
            let person = person.or_else(|| bond_of_visit(told, host, Some(record.time)));
            let bonds: Vec<String> = bond_of_host(host.as_str()).into_iter().chain(person).collect();
            for technique in found {
                if technique.technique == MEMORY && swept.contains(&record.id) {
                    continue;
                }
                acts.push(Act {
                    time: Some(record.time),
                    until: Some(record.time),
                    technique: technique.technique.clone(),
                    host: spelled(told, host),
                    account: actor.map(str::to_owned),
                    outcome: Outcome::Unknown,
                    says: technique.says.clone(),
                    times: 1,
                    basis: [record.id.to_string(), own.start.id.to_string()].into(),
                    bonds: bonds.clone(),
                    daily: false,
                });
            }
        }
    }
    acts
}

/// A host's name as its logs write it, the longest spelling.
fn spelled(told: &Told<'_>, host: &HostName) -> Option<String> {
    let spellings = told.question.spellings.get(host)?;
    spellings.iter().max_by_key(|name| name.len()).cloned()
}

// ---- findings -----------------------------------------------------------------------------------

fn of_findings(told: &Told<'_>, swept: &BTreeSet<EventId>) -> Vec<Act> {
    let mut proven: BTreeMap<EventId, BTreeSet<String>> = told.proof.events.clone();
    for descent in told.proof.hosts.values() {
        for (record, process) in &descent.acts {
            let start = descent.processes.get(*process).map(|own| own.start.id.to_string());
            proven.entry(record.id).or_default().extend(start);
        }
    }
    let mut sessions: BTreeMap<&str, Vec<&Session>> = BTreeMap::new();
    for (presence, session) in told.question.presences.iter().zip(told.sessions) {
        if session.verdict == Verdict::Intruder {
            sessions.entry(presence.key.as_str()).or_default().push(session);
        }
    }
    let rejected = told.question.rulings.iter().filter(|ruling| {
        use assize_model::decision::{On, Verb};
        matches!(ruling.decision.verb, Verb::Reject | Verb::Clear)
            && matches!(ruling.decision.on, On::Event | On::Finding)
    });
    let rejected: BTreeSet<EventId> = rejected.filter_map(|ruling| ruling.event).collect();
    let mut acts = Vec::new();
    for finding in told.findings.iter().filter(|finding| !rejected.contains(&finding.event)) {
        let session = finding.key.as_deref().and_then(|key| sessions.get(key)).and_then(|sessions| {
            sessions.iter().find(|session| session.from <= finding.time || session.from.is_none()).copied()
        });
        let Some(mut basis) = proven
            .get(&finding.event)
            .cloned()
            .or_else(|| session.map(|session| BTreeSet::from([session.opening.to_string()])))
        else {
            continue;
        };
        basis.insert(finding.event.to_string());
        basis.insert(finding.finding.clone());
        let account = session.map(|session| session.account.clone());
        let account = account.or_else(|| finding.actor.as_deref().map(Account::of));
        let host = finding.host.as_deref().filter(|_| session.is_none());
        let device = session.and_then(|session| session.device.as_deref()).and_then(bond_of_host);
        let person = account.as_ref().and_then(|account| bond_of_account(told, account));
        let visit = || bond_of_visit(told, &HostName::of(host?)?, finding.time);
        let bonds = [host.and_then(bond_of_host), device, person.or_else(visit)];
        let swept = swept.contains(&finding.event);
        for technique in finding.techniques.iter().filter(|technique| !swept || *technique != MEMORY) {
            acts.push(Act {
                time: finding.time,
                until: finding.time,
                technique: technique.clone(),
                host: finding.host.clone(),
                account: account.as_ref().map(|account| account.name.clone()),
                outcome: outcome(&finding.outcome),
                says: Techniques::known()
                    .says(technique)
                    .map_or_else(|| format!("did what a rule calls “{}”", finding.title), str::to_owned),
                times: 1,
                basis: basis.clone(),
                bonds: bonds.iter().flatten().cloned().collect(),
                daily: false,
            });
        }
    }
    acts
}

/// That a process started says nothing of what it achieved: its record says success of the start.
fn outcome(word: &str) -> Outcome {
    match word {
        "failure" | "denied" => Outcome::Attempt,
        _ => Outcome::Unknown,
    }
}

// ---- sessions -----------------------------------------------------------------------------------

/// What was done in a session, by verb and kind of object.
#[derive(Clone, Debug, Default)]
struct Done {
    times: u64,
    first: Option<(Time, EventId)>,
    last: Option<(Time, EventId)>,
    failed: u64,
}

fn of_sessions(told: &Told<'_>, each: Each<'_>) -> Result<Vec<Act>, SnapshotError> {
    let proven: Vec<(usize, &Presence, &Session)> = told
        .question
        .presences
        .iter()
        .zip(told.sessions)
        .enumerate()
        .filter(|(_, (_, session))| session.verdict == Verdict::Intruder)
        .map(|(place, (presence, session))| (place, presence, session))
        .collect();
    let done = done_in(&proven, each)?;
    let mut acts = Vec::new();
    for (place, _, session) in &proven {
        let bonds: Vec<String> = [
            session.device.as_deref().and_then(bond_of_host),
            bond_of_account(told, &session.account),
            session.address.as_deref().map(|address| format!("x:{address}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        // Where all that an account does is his, its coming to work is no step of its own.
        let daily = session.proven.as_ref().is_some_and(|proven| proven.by == "account");
        let act = |technique: &str, says: &str, time, until, times, outcome, basis: BTreeSet<String>| Act {
            time,
            until,
            technique: technique.to_owned(),
            host: session
                .host
                .clone()
                .or_else(|| (session.door == assize_model::session::Door::Cloud).then(|| "m365".to_owned())),
            account: Some(session.account.name.clone()),
            outcome,
            says: says.to_owned(),
            times,
            basis,
            bonds: bonds.clone(),
            daily,
        };
        let opening = session.opening.to_string();
        let (comings, doings): (Vec<_>, Vec<_>) =
            Techniques::known().of_door(session.door.as_str()).partition(|row| row.verbs.is_empty());
        let mut exact = BTreeSet::new();
        for row in doings {
            let sum = done_as(row, *place, &done);
            let (Some(first), Some(last)) = (sum.first, sum.last) else { continue };
            let outcome = if sum.failed == sum.times { Outcome::Attempt } else { Outcome::Success };
            let basis = BTreeSet::from([opening.clone(), first.1.to_string(), last.1.to_string()]);
            acts.push(act(&row.technique, &row.says, Some(first.0), Some(last.0), sum.times, outcome, basis));
            exact.extend(row.technique.split('.').next());
        }
        // That he came is told by what he did where that says how.
        for row in comings.iter().filter(|row| !daily && !exact.contains(row.technique.as_str())) {
            let basis = BTreeSet::from([opening.clone()]);
            acts.push(act(&row.technique, &row.says, session.from, session.from, 1, Outcome::Success, basis));
        }
    }
    Ok(acts)
}

/// What was done in a session that a row of techniques speaks of.
fn done_as(row: &OfSession, place: usize, done: &BTreeMap<(usize, String, String), Done>) -> Done {
    let mut sum = Done::default();
    let own = done.range((place, String::new(), String::new())..).take_while(|((at, ..), _)| *at == place);
    for ((_, verb, kind), one) in own {
        if row.verbs.contains(verb) && (row.object_kind.is_empty() || row.object_kind.contains(kind)) {
            sum.times += one.times;
            sum.failed += one.failed;
            sum.first = [sum.first, one.first].into_iter().flatten().min();
            sum.last = sum.last.max(one.last);
        }
    }
    sum
}

/// The acts of the intruder's sessions, counted.
fn done_in(
    proven: &[(usize, &Presence, &Session)],
    each: Each<'_>,
) -> Result<BTreeMap<(usize, String, String), Done>, SnapshotError> {
    let mut done: BTreeMap<(usize, String, String), Done> = BTreeMap::new();
    let mut keys: BTreeMap<&str, Vec<(usize, &Session)>> = BTreeMap::new();
    let mut hosts: BTreeSet<String> = BTreeSet::new();
    for (place, presence, session) in proven {
        keys.entry(presence.key.as_str()).or_default().push((*place, session));
        if let (true, Some(host)) = (presence.source.starts_with("windows/"), &session.host) {
            hosts.insert(literal(host));
        }
    }
    if keys.is_empty() {
        return Ok(done);
    }
    let windows = match hosts.is_empty() {
        true => "false".to_owned(),
        false => format!("host IN ({})", hosts.into_iter().collect::<Vec<_>>().join(", ")),
    };
    let verbs = Techniques::known().verbs();
    let verbs = verbs.iter().map(|verb| format!("'{verb}'")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT id, time, source, host, verb, object_kind, outcome, links FROM events WHERE verb IN ({verbs}) \
         AND (({windows}) OR source LIKE 'm365%' OR source LIKE 'entra%' OR source LIKE 'dms%' OR source LIKE 'samba%')"
    );
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        let links = rows.links("links");
        for row in 0..rows.len() {
            let Some(time) = rows.times("time").at(row) else { continue };
            let (source, verb) = (rows.texts("source").or_empty(row), rows.texts("verb").or_empty(row));
            let key = presence_key(source, rows.texts("host").at(row), verb, links.of(row));
            let Some(sessions) = key.and_then(|key| keys.get(key.as_str())) else { continue };
            let begun = |(_, session): &&(usize, &Session)| {
                session.from.is_none_or(|from| from.0 <= time.0 + 1_000_000_000)
            };
            let Some((place, _)) = sessions.iter().filter(begun).max_by_key(|(_, session)| session.from)
            else {
                continue;
            };
            let Some(id) = rows.texts("id").at(row).and_then(|id| id.parse().ok()) else { continue };
            let kind = rows.texts("object_kind").or_empty(row).to_owned();
            let one = done.entry((*place, verb.to_owned(), kind)).or_default();
            one.times += 1;
            one.failed += u64::from(matches!(rows.texts("outcome").or_empty(row), "failure" | "denied"));
            one.first = [one.first, Some((time, id))].into_iter().flatten().min();
            one.last = one.last.max(Some((time, id)));
        }
        Ok(())
    })?;
    Ok(done)
}

// ---- from acts to incidents ---------------------------------------------------------------------

/// Which acts share something: a forest over bonds.
#[derive(Default)]
struct Bonds {
    by_name: BTreeMap<String, usize>,
    parents: Vec<usize>,
}

impl Bonds {
    /// Joins all bonds of an act and returns their place.
    fn join(&mut self, bonds: &[String]) -> usize {
        let mut first = None;
        for bond in bonds {
            let place = match self.by_name.get(bond) {
                Some(place) => *place,
                None => {
                    let place = self.new_place();
                    self.by_name.insert(bond.clone(), place);
                    place
                }
            };
            match first {
                None => first = Some(place),
                Some(other) => self.unite(other, place),
            }
        }
        first.unwrap_or_else(|| self.new_place())
    }

    fn new_place(&mut self) -> usize {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    fn root(&self, mut place: usize) -> usize {
        while self.parents[place] != place {
            place = self.parents[place];
        }
        place
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        // The elder stays, so that order of joining decides nothing but names.
        let (elder, younger) = (one.min(other), one.max(other));
        self.parents[younger] = elder;
    }
}

/// Since when it is verified that he is out: by decision on an event of the course, and only where
/// nothing later is proven. The latest such decision's counts.
fn evicted(told: &Told<'_>, basis: &BTreeSet<String>, last_proven: Option<Time>) -> Option<Time> {
    use assize_model::decision::{On, Verb};
    let here = told.question.rulings.iter().rev().filter(|ruling| {
        ruling.decision.verb == Verb::Overrule
            && ruling.decision.on == On::Incident
            && ruling.event.is_some_and(|event| basis.contains(&event.to_string()))
    });
    let mut stated = here.filter_map(|ruling| {
        let text = ruling.decision.set.as_ref()?.get("evicted")?.as_str()?;
        match Time::parse(text)? {
            assize_model::time::Stated::Instant(time) | assize_model::time::Stated::Local(time) => Some(time),
        }
    });
    stated.next().filter(|time| Some(*time) >= last_proven)
}

fn incident(told: &Told<'_>, acts: Vec<Act>) -> Option<Incident> {
    let basis: BTreeSet<String> = acts.iter().flat_map(|act| act.basis.iter().cloned()).collect();
    let steps = steps(acts);
    let first = steps.first()?;
    let times = || steps.iter().flat_map(|step| [step.time, step.until]).flatten();
    let (first_proven, last_proven) = (times().min(), times().max());
    let hosts: BTreeSet<String> = steps.iter().filter_map(|step| step.host.clone()).collect();
    let accounts: BTreeSet<String> = steps.iter().filter_map(|step| step.account.clone()).collect();
    // Where it is there in the records' first hour, it may have been there before.
    let hour = 3_600_000_000_000;
    let from_the_first = |since: &Time| first_proven.is_some_and(|first| first.0 - since.0 < hour);
    let people = accounts.iter().filter(|account| !Account::of(account).is_machine());
    let through: Vec<&str> = people.map(String::as_str).take(2).collect();
    let place = hosts.iter().next().map_or("", String::as_str);
    let title = match through.as_slice() {
        [] => format!("Intrusion on {place}"),
        names => format!(
            "Intrusion through {}, first proven on {}",
            names.join(" and "),
            first.host.as_deref().unwrap_or(place)
        ),
    };
    Some(Incident {
        id: IncidentId::of(&[first.basis.ids().first()?.as_bytes()]),
        title,
        first_possible: told.since.filter(|since| !from_the_first(since)),
        first_proven,
        last_proven,
        evicted: evicted(told, &basis, last_proven),
        hosts: hosts.into_iter().collect(),
        accounts: accounts.into_iter().collect(),
        steps,
    })
}

/// Puts repeats together, in the order of time.
fn steps(mut acts: Vec<Act>) -> Vec<Step> {
    let order = |act: &Act| {
        (
            act.time.is_none(),
            act.time,
            act.technique.clone(),
            act.host.clone(),
            act.account.clone(),
            act.basis.clone(),
        )
    };
    acts.sort_by_key(order);
    let mut merged: Vec<Act> = Vec::new();
    for act in acts {
        let host = act.host.as_deref().and_then(HostName::of);
        // What the system does is logged under the machine's name here and under its own there.
        let account = |act: &Act| {
            let account = Account::of(act.account.as_deref()?);
            Some(if account.is_machine() { String::new() } else { account.short() })
        };
        let repeat = merged.iter_mut().rev().find(|step| {
            step.technique == act.technique
                && step.host.as_deref().and_then(HostName::of) == host
                && (account(step) == account(&act) || account(step).is_none() || account(&act).is_none())
                && match (step.until, act.time) {
                    (Some(until), Some(time)) => {
                        let within = if step.daily && act.daily { DAILY_WITHIN } else { REPEATED_WITHIN };
                        time.0 - until.0 <= within
                    }
                    _ => false,
                }
        });
        match repeat {
            Some(step) => {
                step.until = step.until.max(act.until);
                // A rule's word on the same event is the same act.
                if act.basis.is_disjoint(&step.basis) {
                    step.times += act.times;
                }
                step.basis.extend(act.basis);
                if act.outcome == Outcome::Success || step.outcome == Outcome::Unknown {
                    step.outcome = act.outcome;
                }
            }
            None => merged.push(act),
        }
    }
    merged.into_iter().filter_map(step).collect()
}

/// How many ids a step of thousands of repeats keeps.
const BASIS_MAX: usize = 12;

fn step(act: Act) -> Option<Step> {
    let who = act.account.as_deref().map_or("somebody", |account| account);
    let place = act.host.as_deref().map_or_else(String::new, |host| format!(" on {host}"));
    let often = if act.times > 1 { format!(", {} times", act.times) } else { String::new() };
    let tried = if act.outcome == Outcome::Attempt { " (it failed)" } else { "" };
    Some(Step {
        time: act.time,
        until: act.until.filter(|until| Some(*until) != act.time),
        times: act.times,
        text: format!("{who} {}{place}{often}{tried}", act.says),
        technique: act.technique,
        host: act.host,
        account: act.account,
        outcome: act.outcome,
        basis: Basis::of(act.basis.into_iter().take(BASIS_MAX))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(at: i64, technique: &str, host: &str, outcome: Outcome) -> Act {
        Act {
            time: Some(Time(at * 60_000_000_000)),
            until: Some(Time(at * 60_000_000_000)),
            technique: technique.to_owned(),
            host: Some(host.to_owned()),
            account: Some(r"COURT\o.dane".to_owned()),
            outcome,
            says: "did it".to_owned(),
            times: 1,
            basis: BTreeSet::from([format!("e-{at}-{technique}")]),
            bonds: Vec::new(),
            daily: false,
        }
    }

    #[test]
    fn thousands_of_repeats_are_one_step_and_the_next_day_is_another() {
        let repeats = (0..5000).map(|minute| act(minute / 100, "T1110", "A", Outcome::Attempt));
        let all: Vec<Act> = repeats.chain([act(2000, "T1110", "A", Outcome::Attempt)]).collect();
        let steps = steps(all);
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[0].outcome, Outcome::Attempt);
        assert!(steps[0].text.ends_with("(it failed)"), "{}", steps[0].text);
    }

    #[test]
    fn a_machine_and_its_system_are_one() {
        let by = |account: &str, at: i64| Act {
            account: Some(account.to_owned()),
            ..act(at, "T1003.001", "A", Outcome::Unknown)
        };
        let one = steps(vec![by(r"COURT\A$", 3), by(r"NT AUTHORITY\SYSTEM", 4)]);
        assert_eq!((one.len(), one[0].times), (1, 2));
        assert_eq!(steps(vec![by(r"COURT\A$", 3), by(r"COURT\o.dane", 4)]).len(), 2);
    }

    #[test]
    fn order_is_time_and_nothing_else() {
        let acts = vec![act(9, "T1", "A", Outcome::Unknown), act(3, "T9", "B", Outcome::Unknown)];
        let mut turned = acts.clone();
        turned.reverse();
        assert_eq!(steps(acts), steps(turned.clone()));
        assert_eq!(steps(turned)[0].technique, "T9");
    }

    #[test]
    fn what_shares_nothing_stays_apart() {
        let mut bonds = Bonds::default();
        let name = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let one = bonds.join(&name(&["h:a", "n:1"]));
        let other = bonds.join(&name(&["h:b", "n:2"]));
        assert_ne!(bonds.root(one), bonds.root(other));
        bonds.join(&name(&["n:1", "h:b"]));
        assert_eq!(bonds.root(one), bonds.root(other));
    }
}
