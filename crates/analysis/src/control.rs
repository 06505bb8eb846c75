//! On which machines did the intruder have the rights to change what is logged, and since when?
//!
//! From what is proven: a process of his that runs as the system or with high integrity, a session
//! of his that was given special privileges, a service or task that he set up to run as the system.
//! And what is not excluded: a session with special privileges that comes from a machine on which
//! the intruder's presence is proven. A log is relied on to *exclude* access; for that, doubt counts
//! against it. The earliest counts.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::session::Door;
use assize_model::{Account, HostName, SnapshotError, Time};

use crate::Each;
use crate::key::presence_key;
use crate::presences::Presence;
use crate::processes::Own;
use crate::proof::Proof;
use crate::rows::Rows;

/// By host: since when, and by which events.
pub type Controlled = BTreeMap<HostName, (Time, BTreeSet<String>)>;

/// Hosts under control.
///
/// # Errors
/// Where a query fails.
pub fn controlled(
    presences: &[Presence],
    proof: &Proof,
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
    privileged(presences, proof, each, &mut controlled)?;
    Ok(controlled)
}

fn note(controlled: &mut Controlled, host: &HostName, time: Time, basis: impl IntoIterator<Item = String>) {
    let basis: BTreeSet<String> = basis.into_iter().collect();
    match controlled.get_mut(host) {
        Some((since, _)) if *since <= time => {}
        Some(known) => *known = (time, basis),
        None => drop(controlled.insert(host.clone(), (time, basis))),
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

/// A session of the intruder's, or of whoever came from a machine of his after he was there. The
/// owner's own network logons are among the latter: only their special privileges make them matter.
fn doubtful(place: usize, presence: &Presence, proof: &Proof) -> bool {
    if proof.sessions.contains_key(&place) {
        return true;
    }
    let session = &presence.session;
    let remote = matches!(session.door, Door::Network | Door::RemoteDesktop) && !session.account.is_machine();
    let device = session.device.as_deref().and_then(HostName::of);
    let descent = device.and_then(|device| proof.hosts.get(&device));
    let first = descent.and_then(|descent| descent.processes.first());
    remote && first.is_some_and(|first| session.from.is_some_and(|from| first.start.time <= from))
}

/// Sessions of the intruder that were given special privileges (4672).
fn privileged(
    presences: &[Presence],
    proof: &Proof,
    each: Each<'_>,
    controlled: &mut Controlled,
) -> Result<(), SnapshotError> {
    let mut keys: BTreeMap<&str, Vec<&Presence>> = BTreeMap::new();
    let mut hosts: BTreeSet<&str> = BTreeSet::new();
    let places = presences.iter().enumerate();
    for (_, presence) in places.filter(|(place, presence)| doubtful(*place, presence, proof)) {
        if let (true, Some(host)) =
            (presence.source.starts_with("windows/"), presence.session.host.as_deref())
        {
            keys.entry(presence.key.as_str()).or_default().push(presence);
            hosts.insert(host);
        }
    }
    if hosts.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = hosts.iter().map(|host| format!("'{}'", host.replace('\'', "''"))).collect();
    let sql = format!(
        "SELECT id, time, source, host, verb, links FROM events \
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
