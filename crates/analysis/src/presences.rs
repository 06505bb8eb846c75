//! Who was where, from when to when? (Whose act it was is `proof`'s.)
//!
//! A Windows logon opens a presence, its logoff closes it; ids are used again after a restart, so a
//! second opening of the same id ends the first. Elsewhere a presence is what shares a session or
//! token. A presence whose opening no record shows begins where it is first seen, and says so. An
//! end that no record states is not known, however long ago the presence was last seen.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::session::Door;
use assize_model::{Account, EventId, HostName, Session, SnapshotError, Time};

use crate::Each;
use crate::hosts::{Addresses, Whose};
use crate::key::{log_name, logon_key, presence_key};
use crate::logons::{Kind, Logon};
use crate::roster::Roster;
use crate::rows::Rows;
use crate::survey::{Survey, Use};

/// A session of which nobody has said yet whose it is, with what the rules of proof need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The session.
    pub session: Session,
    /// What its events share.
    pub key: String,
    /// Key of the other half of a pair of elevated and plain.
    pub linked: Option<String>,
    /// SID of the account.
    pub sid: Option<String>,
    /// The client's port, where the log names it; several where it came over one of them.
    pub ports: Vec<u16>,
    /// The name that the client gave for itself: a claim.
    pub workstation: Option<String>,
    /// `NTLM`, `Kerberos`.
    pub package: Option<String>,
    /// The first source that shows it.
    pub source: String,
    /// How many events share its key (of all presences with that key).
    pub events: u64,
    /// Tunnels: the address that it was given inside.
    pub inside: Option<String>,
}

impl Presence {
    /// A session with what its events share; nothing else is known.
    pub(crate) fn of(session: Session, key: String, source: String, events: u64) -> Self {
        Self {
            session,
            key,
            linked: None,
            sid: None,
            ports: Vec::new(),
            workstation: None,
            package: None,
            source,
            events,
            inside: None,
        }
    }
}

/// All presences, sorted by id.
#[must_use]
pub fn presences(survey: &Survey, logons: &[Logon], tunnels: Vec<Presence>) -> Vec<Presence> {
    let names = Names::of(logons);
    let mut openings: BTreeMap<String, Vec<&Logon>> = BTreeMap::new();
    let mut closings: BTreeMap<String, Vec<&Logon>> = BTreeMap::new();
    for logon in logons.iter().filter(|logon| logon.success && logon.logon != 0) {
        let Some(host) = HostName::of(&logon.host) else { continue };
        let key = logon_key(host.as_str(), logon.logon);
        match logon.kind {
            Kind::On if !is_system(logon.logon) => openings.entry(key).or_default().push(logon),
            Kind::Off => closings.entry(key).or_default().push(logon),
            _ => {}
        }
    }
    let told: BTreeSet<String> = tunnels.iter().map(|tunnel| tunnel.key.clone()).collect();
    let mut all: Vec<Presence> = tunnels;
    for (key, used) in survey.uses.iter().filter(|(key, _)| !told.contains(*key)) {
        let closings = closings.get(key).map_or(&[][..], Vec::as_slice);
        match openings.get(key) {
            Some(openings) => all.extend(opened(key, used, &distinct(openings), closings, &names)),
            // A process whose start was not seen is no presence.
            None if key.contains('{') => {}
            None => all.extend(unopened(key, used, closings, &names)),
        }
    }
    all.sort_by(|a, b| (a.session.opening, &a.session.account).cmp(&(b.session.opening, &b.session.account)));
    all.dedup_by(|a, b| a.session.id() == b.session.id());
    all
}

const TUNNELS: &str = "
    SELECT id, time, \"until\", source, actor, object, object_kind, peer, device, outcome, links FROM events
    WHERE verb = 'logon' AND source NOT LIKE 'windows/%' AND source NOT LIKE 'entra/%' AND source NOT LIKE 'm365%'
      AND source NOT LIKE 'samba/%' AND source NOT LIKE 'linux/%' AND source NOT LIKE 'postgresql%'";

/// Presences that one record tells whole (a tunnel, with its ends), and such as only an accepted
/// attempt tells of: those stood for a time that is not known.
///
/// # Errors
/// Where the query fails.
pub fn tunnels(each: Each<'_>) -> Result<Vec<Presence>, SnapshotError> {
    let (mut whole, mut begun) = (Vec::new(), Vec::new());
    each(TUNNELS, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let Some(tunnel) = tunnel(rows, row) else { continue };
            if tunnel.session.to.is_some() { whole.push(tunnel) } else { begun.push(tunnel) }
        }
        Ok(())
    })?;
    whole.sort_by_key(|tunnel: &Presence| (tunnel.session.from, tunnel.session.opening));
    // An attempt that was accepted is the beginning of a tunnel that is told whole, or of one that
    // no export has.
    begun.retain(|attempt: &Presence| {
        let near = |from: Option<Time>| match (from, attempt.session.from) {
            (Some(one), Some(other)) => (one.0 - other.0).abs() <= ATTEMPT_WITHIN,
            _ => false,
        };
        !whole
            .iter()
            .any(|tunnel| tunnel.session.account == attempt.session.account && near(tunnel.session.from))
    });
    whole.extend(begun);
    Ok(whole)
}

/// Between an attempt that is accepted and the tunnel.
const ATTEMPT_WITHIN: i64 = 5_000_000_000;

fn tunnel(rows: Rows<'_>, row: usize) -> Option<Presence> {
    if rows.texts("outcome").at(row) != Some("success") {
        return None;
    }
    let text = |column: &str| rows.texts(column).at(row).map(str::to_owned);
    let (from, to) = (rows.times("time").at(row)?, rows.times("until").at(row));
    let source = text("source")?;
    let opening: EventId = rows.texts("id").at(row)?.parse().ok()?;
    let links = rows.links("links");
    let inside = text("object").filter(|_| rows.texts("object_kind").at(row) == Some("host"));
    let door = if source.starts_with("vpn") { Door::Tunnel } else { Door::Other };
    let named = presence_key(&source, None, "logon", links.of(row));
    let session = Session {
        from: Some(from),
        to,
        last_seen: to.or(Some(from)),
        address: text("peer"),
        device: text("device"),
        ..Session::undetermined(opening, Account::of(rows.texts("actor").at(row)?), door)
    };
    let key = named.unwrap_or_else(|| format!("{source}|{opening}"));
    Some(Presence {
        workstation: session.device.clone(),
        inside: inside.and_then(|inside| crate::logons::address(&inside)),
        ..Presence::of(session, key, source, 1)
    })
}

/// Says from which machine presences come, where the address says so.
pub fn place(presences: &mut [Presence], addresses: &Addresses) {
    let tunnels: Vec<Presence> =
        presences.iter().filter(|one| one.session.door == Door::Tunnel).cloned().collect();
    for presence in presences.iter_mut() {
        let session = &mut presence.session;
        let (Some(address), Some(time), None) = (&session.address, session.from, &session.device) else {
            continue;
        };
        session.device = match through(&tunnels, address, time) {
            Some(claimed) => claimed,
            None => match addresses.at(address, time) {
                Whose::Host(host) => Some(host),
                Whose::Ambiguous(_) | Whose::Unknown => None,
            },
        };
    }
}

/// Says on which machine presences were whose source is one machine's log by the register, and from
/// which device they came where the register alone knows whose an address is.
pub fn settle(presences: &mut [Presence], roster: &Roster) {
    for presence in presences.iter_mut() {
        let source = log_name(&presence.source);
        let session = &mut presence.session;
        if session.host.is_none() && session.door != Door::Cloud {
            session.host = roster.host_of(source).map(str::to_owned);
        }
        let local = matches!(session.door, Door::Tunnel | Door::Cloud);
        if let (None, false, Some(address)) = (&session.device, local, &session.address) {
            let mut named = roster.devices.values().filter(|device| device.address == *address);
            if let (Some(device), None) = (named.next(), named.next()) {
                session.device = Some(device.name.clone());
            }
        }
    }
}

/// The device that a tunnel's client says it is; `None` where no tunnel had the address, nothing
/// inside where several had.
fn through(tunnels: &[Presence], address: &str, time: Time) -> Option<Option<String>> {
    let stood = tunnels.iter().filter(|tunnel| {
        let session = &tunnel.session;
        tunnel.inside.as_deref() == Some(address)
            && session.from.is_some_and(|from| from <= time)
            && session.to.is_none_or(|to| time <= to)
    });
    let devices: Vec<Option<&str>> = stood.map(|tunnel| tunnel.session.device.as_deref()).collect();
    match devices.as_slice() {
        [] => None,
        [device] => Some(device.map(str::to_owned)),
        _ => Some(None),
    }
}

/// The machine itself and its service accounts: one presence from start to start.
fn is_system(logon: u64) -> bool {
    matches!(logon, 0x3e4 | 0x3e5 | 0x3e7)
}

/// The same opening in two copies of a log is one.
fn distinct<'a>(openings: &[&'a Logon]) -> Vec<&'a Logon> {
    let mut distinct: Vec<&Logon> = Vec::new();
    for opening in openings {
        let repeated = distinct.iter().any(|one| one.time == opening.time && one.account == opening.account);
        if !repeated {
            distinct.push(opening);
        }
    }
    distinct
}

/// One presence per opening; each lasts at most to the next.
fn opened(key: &str, used: &Use, openings: &[&Logon], closings: &[&Logon], names: &Names) -> Vec<Presence> {
    let mut found = Vec::new();
    for (place, opening) in openings.iter().enumerate() {
        let next = openings.get(place + 1).map(|next| next.time);
        let within = |time: Time| time >= opening.time && next.is_none_or(|next| time < next);
        let closed = closings.iter().map(|closing| closing.time).find(|time| within(*time));
        let seen = [Some(opening.time), closed, Some(used.last).filter(|last| within(*last))];
        let address = opening.address.clone().filter(|address| !is_loopback(address));
        let local = address.is_none()
            && (matches!(opening.door, Door::Console | Door::Service | Door::Batch)
                || opening.address.as_deref().is_some_and(is_loopback));
        let account = names.account(&opening.account, opening.sid.as_deref());
        let session = Session {
            host: Some(opening.host.clone()),
            from: Some(opening.time),
            to: closed,
            last_seen: seen.into_iter().flatten().max(),
            address,
            device: local.then(|| opening.host.clone()),
            ..Session::undetermined(opening.id, account, opening.door)
        };
        let host = HostName::of(&opening.host);
        let linked =
            host.filter(|_| opening.linked != 0).map(|host| logon_key(host.as_str(), opening.linked));
        found.push(Presence {
            linked,
            sid: opening.sid.clone(),
            ports: opening.port.into_iter().collect(),
            workstation: opening.workstation.clone(),
            package: opening.package.clone(),
            ..Presence::of(session, key.to_owned(), "windows/Security".to_owned(), used.events)
        });
    }
    found
}

/// A presence that was under way when its log begins, or whose system logs no opening.
fn unopened(key: &str, used: &Use, closings: &[&Logon], names: &Names) -> Option<Presence> {
    let account = used.account.as_deref().filter(|account| *account != "-")?;
    let windows = used.source.starts_with("windows/");
    let system = windows
        && key.rsplit('|').next().and_then(|id| u64::from_str_radix(id, 16).ok()).is_some_and(is_system);
    let closed = closings.iter().map(|closing| closing.time).find(|time| *time >= used.first.0);
    let account = if system { Account::of(&system_account(key)) } else { names.account(account, None) };
    let door = match windows {
        true if system => Door::Service,
        true => Door::Other,
        false => crate::connections::door(&used.source),
    };
    let session = Session {
        host: used.host.clone().filter(|_| !key.starts_with("cloud|")),
        from: Some(used.first.0),
        to: closed.filter(|_| !system),
        last_seen: Some(used.last),
        opened: false,
        address: used.peer.as_ref().map(|(_, peer)| peer.clone()).filter(|_| !windows),
        device: used.device.as_ref().map(|(_, device)| device.clone()).filter(|_| !windows),
        client: used.client.as_ref().map(|(_, client)| client.clone()),
        ..Session::undetermined(used.first.1, account, door)
    };
    Some(Presence {
        workstation: used.device.as_ref().map(|(_, device)| device.clone()),
        ..Presence::of(session, key.to_owned(), used.source.clone(), used.events)
    })
}

/// Windows' name of who holds the well-known logon.
fn system_account(key: &str) -> String {
    let name = match key.rsplit('|').next() {
        Some("3e4") => "NETWORK SERVICE",
        Some("3e5") => "LOCAL SERVICE",
        _ => "SYSTEM",
    };
    format!("NT AUTHORITY\\{name}")
}

fn is_loopback(address: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// One name per account where a log has several: Kerberos writes the realm (`COURT.EXAMPLE\name`),
/// everything else the short domain. That both are one is taken from the SID that both carry.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_sid: BTreeMap<String, String>,
    /// Realm in lower case → short domain, where some SID was seen under both and no other.
    realms: BTreeMap<String, Option<String>>,
}

impl Names {
    pub(crate) fn of(logons: &[Logon]) -> Self {
        let mut spellings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for logon in logons {
            let Some(sid) = logon.sid.as_deref().filter(|sid| sid.starts_with("S-1-5-21-")) else { continue };
            let known = spellings.entry(sid).or_default();
            if !known.contains(&logon.account.as_str()) && logon.account.contains('\\') {
                known.push(&logon.account);
            }
        }
        let mut names = Self::default();
        for (sid, mut known) in spellings {
            known.sort_unstable();
            let short = known.iter().find(|name| !realm(name).contains('.')).or(known.first());
            let Some(short) = short else { continue };
            names.by_sid.insert(sid.to_owned(), (*short).to_owned());
            for name in known.iter().filter(|name| realm(name).contains('.')) {
                let one = names.realms.entry(realm(name).to_lowercase());
                let domain = Some(realm(short).to_owned()).filter(|domain| !domain.contains('.'));
                one.and_modify(|before| {
                    if *before != domain && domain.is_some() && before.is_some() {
                        *before = None;
                    } else if before.is_none() {
                        before.clone_from(&domain);
                    }
                })
                .or_insert(domain);
            }
        }
        names
    }

    pub(crate) fn account(&self, name: &str, sid: Option<&str>) -> Account {
        if let Some(known) = sid.and_then(|sid| self.by_sid.get(sid)) {
            return Account::of(known);
        }
        let short = self.realms.get(&realm(name).to_lowercase()).and_then(Option::as_deref);
        match (short, name.split_once('\\')) {
            (Some(short), Some((_, local))) => Account::of(&format!("{short}\\{local}")),
            _ => Account::of(name),
        }
    }
}

fn realm(name: &str) -> &str {
    name.split_once('\\').map_or("", |(realm, _)| realm)
}

/// The event by which an interval of a key begins, and the session that it belongs to from then to
/// the next: what joins events to sessions.
#[must_use]
pub fn spans(all: &[Presence]) -> Vec<Span> {
    let mut by_key: BTreeMap<&str, Vec<&Presence>> = BTreeMap::new();
    for presence in all {
        by_key.entry(&presence.key).or_default().push(presence);
    }
    let mut spans = Vec::new();
    for (key, mut presences) in by_key {
        presences.sort_by_key(|presence| (presence.session.from, presence.session.opening));
        for (place, presence) in presences.iter().enumerate() {
            spans.push(Span {
                key: key.to_owned(),
                // Records are written in no exact order: what is logged a moment before the opening
                // belongs to it. Before the first opening there is nobody else.
                from: presence.session.from.filter(|_| place > 0),
                to: presences.get(place + 1).and_then(|next| next.session.from),
                session: presence.session.opening,
                account: presence.session.account.clone(),
            });
        }
    }
    spans
}

/// From when to when a key means a session: half open, disjoint for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The key.
    pub key: String,
    /// From then; `None`: from the beginning.
    pub from: Option<Time>,
    /// Until then, exclusive; `None`: to the end.
    pub to: Option<Time>,
    /// Opening event of the session.
    pub session: EventId,
    /// Account of the session.
    pub account: Account,
}
