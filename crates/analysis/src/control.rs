//! On which machines did the intruder have the rights to change what is logged, and since when?
//!
//! From what is proven: a process of his that runs as the system or with high integrity, a session
//! of his that was given special privileges, a service or task that he set up to run as the system.
//! And what is not excluded: a session with special privileges that comes from a machine on which
//! the intruder's presence is proven, from then on, and before where the machine's own log cannot say
//! that he was not there yet; a ticket that was given there to such an account; a whole log that lacks
//! a logon which another log tells. A log is relied on to *exclude* access; for that, doubt counts
//! against it. The earliest counts.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::session::Door;
use assize_model::{Account, HostName, SnapshotError, Time};

use crate::desktops::SESSIONS;
use crate::hosts::{Addresses, Whose};
use crate::key::presence_key;
use crate::presences::Presence;
use crate::processes::Own;
use crate::proof::{Proof, Question};
use crate::rows::Rows;
use crate::sql::literal;
use crate::{Covered, Each};

/// By host: since when, and by which events.
pub type Controlled = BTreeMap<HostName, (Time, BTreeSet<String>)>;

/// Hosts under control.
///
/// # Errors
/// Where a query fails.
pub fn controlled(
    question: &Question<'_>,
    proof: &Proof,
    covered: &dyn Covered,
    each: Each<'_>,
) -> Result<Controlled, SnapshotError> {
    let mut controlled = Controlled::new();
    for (host, descent) in &proof.hosts {
        for own in descent.processes.iter().filter(|own| is_mighty(own)) {
            note(&mut controlled, host, own.start.time, [own.start.id.to_string()]);
        }
        for (act, process) in &descent.acts {
            // Services run as the system unless they say otherwise; who may install one, may all.
            if act.verb == "config-change" && act.object_kind == "service" {
                let basis = descent.processes.get(*process).map(|own| own.start.id.to_string());
                note(&mut controlled, host, act.time, basis.into_iter().chain([act.id.to_string()]));
            }
        }
    }
    for presence in question.presences {
        if let Some((host, from)) = taken_out(presence, covered) {
            note(&mut controlled, &host, from, [presence.session.opening.to_string()]);
        }
    }
    let seats = Seats { since: proof.seats(question), covered };
    let doubtful = |(place, presence): &(usize, &Presence)| {
        proof.sessions.contains_key(place) || seats.has_sent(presence)
    };
    let doubtful = question.presences.iter().enumerate().filter(doubtful).map(|(_, presence)| presence);
    let doubtful: Vec<&Presence> =
        doubtful.filter(|presence| presence.source.starts_with("windows/")).collect();
    privileged(&doubtful, each, &mut controlled)?;
    let mighty = mighty(each)?;
    for presence in doubtful.iter().filter(|presence| presence.source == SESSIONS) {
        let host = presence.session.host.as_deref().and_then(HostName::of);
        let (Some(host), Some(from)) = (host, presence.session.from) else { continue };
        let place = (host, presence.session.account.short());
        if let Some(grant) = mighty.get(&place) {
            note(&mut controlled, &place.0, from, [grant.clone(), presence.session.opening.to_string()]);
        }
    }
    tickets(&seats, &mighty, question.addresses, each, &mut controlled)?;
    Ok(controlled)
}

/// A remote desktop of which the security log says nothing though it is whole then: somebody took the logon
/// out of it, and numbered what is left anew.
fn taken_out(presence: &Presence, covered: &dyn Covered) -> Option<(HostName, Time)> {
    let host = presence.session.host.as_deref().and_then(HostName::of)?;
    let from = presence.session.from.filter(|_| presence.source == SESSIONS)?;
    covered.is_whole(&host, Some(from)).then_some((host, from))
}

fn note(controlled: &mut Controlled, host: &HostName, time: Time, basis: impl IntoIterator<Item = String>) {
    let control = (time, basis.into_iter().collect());
    match controlled.get_mut(host) {
        // Of the same instant the same basis, in whatever order the tables give it.
        Some(known) if *known <= control => {}
        Some(known) => *known = control,
        None => drop(controlled.insert(host.clone(), control)),
    }
}

/// Runs as the system, with high integrity, or sets up something that will.
fn is_mighty(own: &Own) -> bool {
    let actor = own.start.actor.as_deref().map(Account::of);
    let system = actor.is_some_and(|actor| actor.short() == "system" || actor.short().ends_with('$'));
    let integrity = own.start.integrity.as_deref().unwrap_or("");
    let command = own.start.command.as_deref().unwrap_or("").to_lowercase();
    let task = command.contains("schtasks") && command.contains("/create") && command.contains("/ru system");
    system || matches!(integrity, "High" | "System") || task
}

/// Machines of the intruder's.
struct Seats<'a> {
    /// Since when he was there; `None`: not known.
    since: BTreeMap<HostName, Option<Time>>,
    covered: &'a dyn Covered,
}

impl Seats<'_> {
    /// Whether a machine may have been his at that time: he was there before, or its own log cannot say that
    /// he was not.
    fn has(&self, device: &HostName, at: Option<Time>) -> bool {
        self.since.get(device).is_some_and(|since| {
            let was_there = since.is_none_or(|since| at.is_some_and(|at| since <= at));
            was_there || !self.covered.is_whole(device, at)
        })
    }

    /// Whether somebody came from one. The owner's own network logons are among these: only their special
    /// privileges make them matter.
    fn has_sent(&self, presence: &Presence) -> bool {
        let session = &presence.session;
        let remote = matches!(session.door, Door::Network | Door::RemoteManagement | Door::RemoteDesktop)
            && !session.account.is_machine();
        let device = session.device.as_deref().and_then(HostName::of).filter(|_| remote);
        device.is_some_and(|device| self.has(&device, session.from))
    }
}

/// By host and account: an event that gave the account special privileges there. They are a matter of its
/// groups, so that it had them once says that it has them.
type Mighty = BTreeMap<(HostName, String), String>;

fn mighty(each: Each<'_>) -> Result<Mighty, SnapshotError> {
    let mut mighty = Mighty::new();
    let sql = "SELECT host, actor, min(id) AS id FROM events \
               WHERE verb = 'grant' AND source = 'windows/Security' GROUP BY host, actor";
    each(sql, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let host = rows.texts("host").at(row).and_then(HostName::of);
            let (Some(host), Some(actor)) = (host, rows.texts("actor").at(row)) else { continue };
            let id = rows.texts("id").or_empty(row);
            let known = mighty.entry((host, Account::of(actor).short())).or_insert_with(|| id.to_owned());
            if id < known.as_str() {
                id.clone_into(known);
            }
        }
        Ok(())
    })?;
    Ok(mighty)
}

/// Tickets to a server that were given, on a machine of the intruder's, to somebody who has special
/// privileges there: whether they were used, the server's own log may not be asked any more.
fn tickets(
    seats: &Seats<'_>,
    mighty: &Mighty,
    addresses: &Addresses,
    each: Each<'_>,
    controlled: &mut Controlled,
) -> Result<(), SnapshotError> {
    if seats.since.is_empty() {
        return Ok(());
    }
    let sql = "SELECT id, time, actor, object, peer FROM events WHERE verb = 'token' \
               AND source = 'windows/Security' AND outcome = 'success' AND object LIKE '%$' AND actor NOT LIKE '%$%'";
    each(sql, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let server =
                rows.texts("object").at(row).and_then(|name| HostName::of(name.trim_end_matches('$')));
            let address = rows.texts("peer").at(row).and_then(crate::logons::address);
            let (Some(server), Some(address)) = (server, address) else { continue };
            let (Some(time), Some(actor)) = (rows.times("time").at(row), rows.texts("actor").at(row)) else {
                continue;
            };
            let place = (server, Account::of(actor).short());
            let Some(grant) = mighty.get(&place) else { continue };
            let Whose::Host(device) = addresses.at(&address, time) else { continue };
            if HostName::of(&device).is_some_and(|device| seats.has(&device, Some(time))) {
                note(controlled, &place.0, time, [grant.clone(), rows.texts("id").or_empty(row).to_owned()]);
            }
        }
        Ok(())
    })
}

/// Doubtful sessions that were given special privileges (4672).
fn privileged(
    doubtful: &[&Presence],
    each: Each<'_>,
    controlled: &mut Controlled,
) -> Result<(), SnapshotError> {
    let mut keys: BTreeMap<&str, Vec<&Presence>> = BTreeMap::new();
    let mut hosts: BTreeSet<&str> = BTreeSet::new();
    for presence in doubtful {
        keys.entry(presence.key.as_str()).or_default().push(presence);
        hosts.extend(presence.session.host.as_deref());
    }
    if hosts.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = hosts.iter().map(|host| literal(host)).collect();
    let sql = format!(
        "SELECT id, time, source, host, links FROM events \
         WHERE verb = 'grant' AND source = 'windows/Security' AND host IN ({})",
        list.join(", ")
    );
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        let links = rows.links("links");
        for row in 0..rows.len() {
            let Some(time) = rows.times("time").at(row) else { continue };
            let host = rows.texts("host").at(row);
            let key = presence_key(rows.texts("source").or_empty(row), host, "grant", links.of(row));
            let Some(presences) = key.and_then(|key| keys.get(key.as_str())) else { continue };
            let within = |presence: &&&Presence| {
                let session = &presence.session;
                let end = session.to.or(session.last_seen);
                // It is written a moment before or after the logon.
                session.from.is_none_or(|from| from.0 - 1_000_000_000 <= time.0)
                    && end.is_none_or(|end| time.0 <= end.0 + 1_000_000_000)
            };
            if let (Some(presence), Some(host)) = (presences.iter().find(within), host.and_then(HostName::of))
            {
                let since = presence.session.from.unwrap_or(time).min(time);
                let basis = [rows.texts("id").or_empty(row).to_owned(), presence.session.opening.to_string()];
                note(controlled, &host, since, basis);
            }
        }
        Ok(())
    })
}
