//! Whose act was it: which sessions and processes are proven the intruder's?
//!
//! From decisions, by the rules of `facts/proof.toml` and no other way. Rules are applied until
//! nothing new follows: a session proves the tunnel's clients, those prove the service that they
//! install, that proves the processes it runs. What is likely is not said here. Clearing is
//! `clearing`'s: it comes after, because it asks for hosts *without* proven presence.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::decision::{On, Verb};
use assize_model::session::{Door, Proven};
use assize_model::{Basis, EventId, HostName, SnapshotError, Time};

use crate::Each;
use crate::hosts::Addresses;
use crate::presences::Presence;
use crate::processes::{self, Descent, OwnLogon, Record, Seeds};
use crate::roster::Roster;
use crate::ruling::{Anchored, Ruling, of};
use crate::wires::Wires;

/// A check of credentials comes this long before or after the logon that it is for.
const CHECK_WITHIN: i64 = 2_000_000_000;
/// Rounds of rules; each proves something new or is the last. No real chain is as long.
const ROUNDS_MAX: usize = 32;

/// What is proven.
#[derive(Debug, Default)]
pub struct Proof {
    /// By position of the presence.
    pub sessions: BTreeMap<usize, Proven>,
    /// By host: the intruder's processes and what they did.
    pub hosts: BTreeMap<HostName, Descent>,
    /// Events that are decided to be the intruder's acts, with the decisions.
    pub events: BTreeMap<EventId, BTreeSet<String>>,
    /// Rulings that hang on events which were not read.
    pub orphans: BTreeSet<String>,
}

impl Proof {
    /// Machines on which, or from which, the intruder's presence is proven, and since when; `None` where
    /// that is not known.
    pub(crate) fn seats(&self, question: &Question<'_>) -> BTreeMap<HostName, Option<Time>> {
        let mut seats: BTreeMap<HostName, Option<Time>> = BTreeMap::new();
        let mut seen = |host: Option<HostName>, at: Option<Time>| {
            let Some(host) = host else { return };
            let since = seats.entry(host).or_insert(at);
            *since = (*since).min(at); // none is before all
        };
        for (host, descent) in &self.hosts {
            for own in &descent.processes {
                seen(Some(host.clone()), Some(own.start.time));
            }
        }
        for place in self.sessions.keys() {
            let session = &question.presences[*place].session;
            seen(session.device.as_deref().and_then(HostName::of), session.from);
            if matches!(session.door, Door::Console | Door::RemoteDesktop) {
                seen(session.host.as_deref().and_then(HostName::of), session.from);
            }
        }
        for event in self.events.keys() {
            let Some(anchored) = question.anchored.get(event) else { continue };
            // A domain controller notes everybody's logons: an act noted there happened elsewhere.
            if anchored.process.is_some() {
                seen(anchored.host.as_deref().and_then(HostName::of), anchored.time);
            }
        }
        for ruling in of(question.rulings, Verb::Confirm, &[On::Host]) {
            seen(ruling.host(), None);
        }
        seats
    }
}

/// What the rules look at.
pub struct Question<'a> {
    /// Every presence.
    pub presences: &'a [Presence],
    /// Decisions that stand, in their order.
    pub rulings: &'a [Ruling],
    /// The events that they hang on.
    pub anchored: &'a BTreeMap<EventId, Anchored>,
    /// Who is who.
    pub roster: &'a Roster,
    /// Which machine had which address when.
    pub addresses: &'a Addresses,
    /// Names under which each host writes.
    pub spellings: &'a BTreeMap<HostName, BTreeSet<String>>,
}

/// Applies the rules until nothing new follows.
///
/// # Errors
/// Where a query fails.
pub fn prove(question: &Question<'_>, each: Each<'_>) -> Result<Proof, SnapshotError> {
    let index = Index::of(question.presences);
    let mut proof = Proof::default();
    decided(question, &index, &mut proof);
    let mut records: BTreeMap<HostName, Vec<Record>> = BTreeMap::new();
    let mut wires = Wires::default();
    for _ in 0..ROUNDS_MAX {
        let before = (proof.sessions.len(), owned(&proof));
        sessions_follow(question, &index, &mut proof);
        for (host, seeds) in seeds(question, &proof) {
            let Some(spellings) = question.spellings.get(&host) else { continue };
            if !records.contains_key(&host) {
                let spellings: Vec<String> = spellings.iter().cloned().collect();
                wires.read(&host, &spellings, each)?;
                records.insert(host.clone(), processes::records(each, &spellings)?);
            }
            let known = records.get(&host).map_or(&[][..], Vec::as_slice);
            proof.hosts.insert(host, processes::descend(known, &seeds));
        }
        connections_follow(question, &wires, &mut proof);
        if before == (proof.sessions.len(), owned(&proof)) {
            break;
        }
    }
    Ok(proof)
}

fn owned(proof: &Proof) -> usize {
    proof.hosts.values().map(|descent| descent.processes.len()).sum()
}

/// Presences by what rules look them up with.
struct Index<'a> {
    by_key: BTreeMap<&'a str, Vec<usize>>,
    by_opening: BTreeMap<EventId, usize>,
    by_address: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn of(presences: &'a [Presence]) -> Self {
        let mut index =
            Self { by_key: BTreeMap::new(), by_opening: BTreeMap::new(), by_address: BTreeMap::new() };
        for (place, presence) in presences.iter().enumerate() {
            index.by_key.entry(presence.key.as_str()).or_default().push(place);
            index.by_opening.insert(presence.session.opening, place);
            if let Some(address) = presence.session.address.as_deref() {
                index.by_address.entry(address).or_default().push(place);
            }
        }
        for places in index.by_key.values_mut() {
            places.sort_by_key(|place| (presences[*place].session.from, *place));
        }
        index
    }

    /// The presence that an event with that key and time belongs to.
    fn at(&self, presences: &[Presence], key: &str, time: Option<Time>) -> Option<usize> {
        let places = self.by_key.get(key)?;
        let begun = places.iter().rev().find(|place| presences[**place].session.from <= time);
        begun.or(places.first()).copied()
    }
}

/// What decisions say by themselves.
fn decided(question: &Question<'_>, index: &Index<'_>, proof: &mut Proof) {
    for ruling in question.rulings.iter().filter(|ruling| hangs_on_event(ruling)) {
        let there = ruling.event.is_some_and(|event| question.anchored.contains_key(&event));
        if !there {
            proof.orphans.insert(ruling.id.clone());
        }
    }
    for ruling in of(question.rulings, Verb::Confirm, &[On::Event, On::Finding, On::Session]) {
        confirmed_event(question, index, ruling, proof);
    }
    for (place, presence) in question.presences.iter().enumerate() {
        if let Some((by, ruling)) = confirmed(question, presence) {
            let why = [ruling.id.clone(), presence.session.opening.to_string()];
            prove_session(proof, place, by, why);
        }
    }
}

fn hangs_on_event(ruling: &Ruling) -> bool {
    ruling.decision.anchor.is_some()
}

/// The decision on an account, address, host or application that reaches a presence.
fn confirmed<'a>(question: &Question<'a>, presence: &Presence) -> Option<(&'static str, &'a Ruling)> {
    let session = &presence.session;
    let kinds = &[On::Account, On::Address, On::Host, On::Application];
    of(question.rulings, Verb::Confirm, kinds).find_map(|ruling| {
        // A presence is reached by what is decided of the time at which it begins; what was under
        // way before is another question, and is not answered by the way.
        if session.from.is_none()
            || !(ruling.decision.holds_at(session.from) || in_its_second(ruling, session.from))
        {
            return None;
        }
        let (by, same) = match ruling.decision.on {
            On::Account => ("account", question.roster.same(&session.account, &ruling.account())),
            On::Address => ("address", session.address.as_deref() == Some(ruling.value())),
            On::Host => {
                let device = session.device.as_deref().and_then(HostName::of);
                ("decision", device.is_some() && device == ruling.host())
            }
            _ => ("decision", session.client.as_deref() == Some(ruling.value())),
        };
        same.then_some((by, ruling))
    })
}

/// A source that writes whole seconds means an instant somewhere in that second.
fn in_its_second(ruling: &Ruling, from: Option<Time>) -> bool {
    const SECOND: i64 = 1_000_000_000;
    let whole = from.filter(|from| from.0.rem_euclid(SECOND) == 0);
    let since = ruling.decision.since();
    whole.zip(since).is_some_and(|(from, since)| from <= since && since.0 - from.0 < SECOND)
        && ruling.decision.until().is_none_or(|until| whole <= Some(until))
}

/// A confirmed event: an act of its process, the opening of its session, or an act in it.
fn confirmed_event(question: &Question<'_>, index: &Index<'_>, ruling: &Ruling, proof: &mut Proof) {
    let Some(event) = ruling.event else { return };
    let Some(anchored) = question.anchored.get(&event) else { return };
    proof.events.entry(event).or_default().insert(ruling.id.clone());
    let why = [ruling.id.clone(), event.to_string()];
    if let Some(place) = index.by_opening.get(&event) {
        let presence = &question.presences[*place];
        if presence.session.opened
            || ruling.decision.on == On::Session
            || presence.session.door.is_one_client()
        {
            return prove_session(proof, *place, "opened-by-act", why);
        }
    }
    let of_presence =
        anchored.key.as_deref().and_then(|key| index.at(question.presences, key, anchored.time));
    match of_presence {
        Some(place) if ruling.decision.on == On::Session => prove_session(proof, place, "decision", why),
        Some(place) if question.presences[place].session.door.is_one_client() => {
            prove_session(proof, place, "act-in-session", why);
        }
        _ => {
            if let Some(place) = let_in(question, anchored) {
                prove_session(proof, place, "credentials-checked", why);
            }
        }
    }
}

/// The one presence that a check of credentials or a ticket let in; `None` where it could be several.
fn let_in(question: &Question<'_>, check: &Anchored) -> Option<usize> {
    if check.verb != "token" {
        return None;
    }
    let time = check.time?;
    let account = assize_model::Account::of(check.actor.as_deref()?).short();
    let account = account.split('@').next()?.to_owned();
    let service =
        check.object.as_deref().and_then(|service| service.strip_suffix('$')).and_then(HostName::of);
    let mut fits = question.presences.iter().enumerate().filter(|(_, presence)| {
        let session = &presence.session;
        let near = session.from.is_some_and(|from| (from.0 - time.0).abs() <= CHECK_WITHIN);
        if !near || !session.opened || session.account.short() != account {
            return false;
        }
        match (&service, check.device.as_deref()) {
            // A ticket names the machine that it is for, and the client's address.
            (Some(service), _) => {
                session.host.as_deref().and_then(HostName::of).as_ref() == Some(service)
                    && (check.peer.is_none()
                        || session.address.is_none()
                        || crate::logons::address(check.peer.as_deref().unwrap_or("")) == session.address)
            }
            // A check of NTLM names the client.
            (None, Some(device)) => {
                let same = |name: &str| HostName::of(name) == HostName::of(device);
                presence.package.as_deref().is_some_and(|package| package.contains("NTLM"))
                    && presence.workstation.as_deref().is_some_and(same)
            }
            (None, None) => false,
        }
    });
    let first = fits.next()?;
    fits.next().is_none().then_some(first.0)
}

fn prove_session<const N: usize>(proof: &mut Proof, place: usize, by: &str, why: [String; N]) {
    let Some(basis) = Basis::of(why) else { return };
    proof.sessions.entry(place).or_insert_with(|| Proven { by: by.to_owned(), basis });
}

/// What follows from proven sessions for other sessions.
fn sessions_follow(question: &Question<'_>, index: &Index<'_>, proof: &mut Proof) {
    let proven: Vec<usize> = proof.sessions.keys().copied().collect();
    for place in proven {
        let presence = &question.presences[place];
        let opening = presence.session.opening.to_string();
        let half = presence.linked.as_deref();
        if let Some(half) = half.and_then(|key| index.at(question.presences, key, presence.session.from)) {
            let why = [opening.clone(), question.presences[half].session.opening.to_string()];
            prove_session(proof, half, "linked-logon", why);
        }
        let Some(inside) = presence.inside.as_deref() else { continue };
        for client in index.by_address.get(inside).map_or(&[][..], Vec::as_slice) {
            if *client != place && through(question, presence, inside, *client) {
                let why = [opening.clone(), question.presences[*client].session.opening.to_string()];
                prove_session(proof, *client, "through-tunnel", why);
            }
        }
    }
}

/// What follows from the intruder's programs for sessions that came over their connections.
fn connections_follow(question: &Question<'_>, wires: &Wires, proof: &mut Proof) {
    let acts = proof.hosts.values().flat_map(|descent| {
        let process = |own: usize| descent.processes.get(own).map(|own| own.start.id);
        descent.acts.iter().filter_map(move |(act, own)| Some((act.id, process(*own)?)))
    });
    let ends = wires.ends(acts);
    let come = |(place, presence): (usize, &Presence)| {
        let [connection, process] = ends.of(presence, question.addresses)?;
        Some((place, [connection, process, presence.session.opening].map(|id| id.to_string())))
    };
    let come: Vec<_> = question.presences.iter().enumerate().filter_map(come).collect();
    for (place, why) in come {
        prove_session(proof, place, "same-connection", why);
    }
}

/// Whether a presence came through that tunnel and can have come through no other.
fn through(question: &Question<'_>, tunnel: &Presence, inside: &str, client: usize) -> bool {
    let Some(time) = question.presences[client].session.from else { return false };
    let stood = |tunnel: &Presence| {
        let (from, to) = (tunnel.session.from, tunnel.session.to);
        from.is_some_and(|from| from <= time) && to.is_none_or(|to| time <= to)
    };
    let same = |other: &&Presence| {
        other.session.door == Door::Tunnel
            && other.session.opening != tunnel.session.opening
            // A tunnel of which only the beginning is known may have had any address.
            && (other.inside.as_deref() == Some(inside)
                || (other.inside.is_none() && question.roster.same(&other.session.account, &tunnel.session.account)))
            && stood(other)
    };
    stood(tunnel) && !question.presences.iter().any(|other| same(&other))
}

/// What is given to descent, host by host.
fn seeds(question: &Question<'_>, proof: &Proof) -> BTreeMap<HostName, Seeds> {
    let mut hosts: BTreeMap<HostName, Seeds> = BTreeMap::new();
    for (event, why) in &proof.events {
        let host = question.anchored.get(event).and_then(|anchored| anchored.host.as_deref());
        if let Some(host) = host.and_then(HostName::of) {
            hosts.entry(host).or_default().events.insert(*event, why.clone());
        }
    }
    for place in proof.sessions.keys() {
        let session = &question.presences[*place].session;
        let presence = &question.presences[*place];
        let Some(host) = session.host.as_deref().and_then(HostName::of) else { continue };
        let logon = presence.key.rsplit('|').next().and_then(|id| u64::from_str_radix(id, 16).ok());
        if let Some(logon) = logon.filter(|_| presence.source.starts_with("windows/")) {
            let basis = BTreeSet::from([session.opening.to_string()]);
            let to = session.to.or(session.last_seen);
            let own = OwnLogon { id: logon, from: session.from, to, basis };
            hosts.entry(host).or_default().logons.push(own);
        }
    }
    hosts
}
