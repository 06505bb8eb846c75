//! Who did what with what, on which side of the house, as few rows instead of many events?
//!
//! Reads the events whose verbs can have content as their object, and joins each to its session: by
//! the key that it names, else by account, machine and address at that time. Acts of sessions that
//! are cleared are left out at once, because they carry nowhere; the rest becomes one fact per
//! session, object and kind of act. Where several sessions could be meant and they differ, nobody
//! is said (`grades.md`, case 38).

use std::collections::{BTreeMap, BTreeSet};

use assize_model::coverage::{Cause, State};
use assize_model::session::Verdict;
use assize_model::spine::{Client, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::{Register, SnapshotError, Time};

use crate::expose::{Covered, Fact, Held, Whose};
use crate::grades::{Act, Side};
use crate::key::presence_key;
use crate::places;
use crate::reach::{Loose, canonical, names};
use crate::rows::Rows;
use crate::{Each, WHOLE_EXPORT};

/// Events named under one fact.
const BASIS_MAX: usize = 4;
/// Sessions named under one account that is not cleared.
const SESSIONS_MAX: usize = 4;
/// A check and the read that it let through lie so near (clocks of server and monitor may differ by it).
const CHECK: i64 = 2_000_000_000;
/// Records are written a moment before or after what they belong to.
const SLACK: i64 = 5_000_000_000;

/// From when to when something holds.
type Span<T> = (Option<Time>, Option<Time>, T);

/// A session, as far as access needs it.
#[derive(Clone, Debug)]
struct Visit {
    id: String,
    account: String,
    host: Option<String>,
    from: Option<Time>,
    to: Option<Time>,
    address: Option<String>,
    device: Option<String>,
    /// Of a tunnel: the inside address that it was given; of work at a machine: that machine's.
    at: Option<String>,
    verdict: Verdict,
    side: Side,
    door: String,
}

/// Sessions, ready to be asked whose an act is.
pub struct Visits {
    all: Vec<Visit>,
    /// Position by id.
    by_id: BTreeMap<String, usize>,
    /// Key → (from, to, session), disjoint.
    spans: BTreeMap<String, Vec<Span<String>>>,
    by_account: BTreeMap<String, Vec<usize>>,
    by_address: BTreeMap<String, Vec<usize>>,
    /// Events that are proven the intruder's by themselves.
    proven: BTreeSet<String>,
    names: BTreeMap<String, String>,
    /// Assumptions under which sessions were cleared.
    pub assumptions: BTreeSet<String>,
}

impl Visits {
    /// From the tables `sessions`, `session_keys`, `presences` and `proven_events`.
    ///
    /// # Errors
    /// Where a query fails.
    pub fn of(each: Each<'_>, register: &Register) -> Result<Self, SnapshotError> {
        let names = names(register);
        let sides = Sides::of(each, register)?;
        let inside = insides(each)?;
        let mut all = Vec::new();
        let mut assumptions = BTreeSet::new();
        each("SELECT * FROM sessions", &mut |batch| {
            let rows = Rows(batch);
            for row in 0..rows.len() {
                let mut visit = visit(rows, row, &names, &sides);
                let inside = rows.texts("opening").at(row).and_then(|opening| inside.get(opening));
                visit.at = inside.cloned().or_else(|| sides.works_at(&visit));
                all.push(visit);
                assumptions.extend(
                    rows.texts("cleared_assumption")
                        .at(row)
                        .filter(|text| !text.is_empty())
                        .map(str::to_owned),
                );
            }
            Ok(())
        })?;
        all.sort_by(|a: &Visit, b| a.id.cmp(&b.id));
        let mut visits = Self {
            by_id: all.iter().enumerate().map(|(place, visit)| (visit.id.clone(), place)).collect(),
            spans: BTreeMap::new(),
            by_account: BTreeMap::new(),
            by_address: BTreeMap::new(),
            proven: BTreeSet::new(),
            names,
            assumptions,
            all,
        };
        for (place, visit) in visits.all.iter().enumerate() {
            visits.by_account.entry(visit.account.clone()).or_default().push(place);
            if let Some(address) = &visit.address {
                visits.by_address.entry(address.clone()).or_default().push(place);
            }
        }
        visits.read_keys(each)?;
        Ok(visits)
    }

    fn read_keys(&mut self, each: Each<'_>) -> Result<(), SnapshotError> {
        each("SELECT * FROM session_keys", &mut |batch| {
            let rows = Rows(batch);
            for row in 0..rows.len() {
                let span = (
                    rows.times("from").at(row),
                    rows.times("to").at(row),
                    rows.texts("session").or_empty(row).to_owned(),
                );
                self.spans.entry(rows.texts("key").or_empty(row).to_owned()).or_default().push(span);
            }
            Ok(())
        })?;
        self.spans.values_mut().for_each(|spans| spans.sort());
        each("SELECT event FROM proven_events", &mut |batch| {
            let rows = Rows(batch);
            self.proven
                .extend((0..rows.len()).filter_map(|row| rows.texts("event").at(row).map(str::to_owned)));
            Ok(())
        })
    }

    /// The session that a key means at that time.
    fn by_key(&self, key: &str, at: Option<Time>) -> Option<usize> {
        let spans = self.spans.get(key)?;
        let meets = |(from, to, _): &&Span<String>| {
            at.is_none_or(|at| from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to))
        };
        let (_, _, session) = spans.iter().rev().find(meets).or(spans.first())?;
        self.by_id.get(session).copied()
    }

    /// Sessions that an act without a key may belong to.
    fn candidates(
        &self,
        account: Option<&str>,
        address: Option<&str>,
        host: Option<&str>,
        at: Option<Time>,
    ) -> Vec<usize> {
        let by = match (account, address) {
            (Some(account), _) => self.by_account.get(&canonical(&self.names, account)),
            (None, Some(address)) => self.by_address.get(address),
            (None, None) => None,
        };
        let host = host.map(places::host);
        let fits = |place: &&usize| {
            let visit = &self.all[**place];
            let same_host = visit.host.as_ref().zip(host.as_ref()).is_none_or(|(one, other)| one == other);
            let same_address = visit.address.as_deref().zip(address).is_none_or(|(one, other)| one == other);
            let then = at.is_none_or(|at| {
                visit.from.is_none_or(|from| from.0.saturating_sub(SLACK) <= at.0)
                    && visit.to.is_none_or(|to| at.0 <= to.0.saturating_add(SLACK))
            });
            same_host && same_address && then
        };
        by.into_iter().flatten().filter(fits).copied().collect()
    }

    /// Sessions of an account at the machine, or in the tunnel, that has that address then: what a server writes
    /// of an account and an address came out of them.
    fn behind(&self, account: Option<&str>, address: Option<&str>, time: Option<Time>) -> Vec<usize> {
        let (Some(account), Some(address), Some(time)) = (account, address, time) else { return Vec::new() };
        let of = self.by_account.get(&canonical(&self.names, account));
        let fits = |place: &&usize| {
            let visit = &self.all[**place];
            visit.at.as_deref() == Some(address)
                && visit.from.is_none_or(|from| from.0.saturating_sub(SLACK) <= time.0)
                && visit.to.is_none_or(|to| time.0 <= to.0.saturating_add(SLACK))
        };
        of.into_iter().flatten().filter(fits).copied().collect()
    }

    /// Whether an event is proven the intruder's by itself.
    #[must_use]
    pub fn is_proven(&self, event: &str) -> bool {
        self.proven.contains(event)
    }

    /// Whose an act is that names its session by a key.
    #[must_use]
    pub fn whose_act(&self, event: &str, key: Option<&str>, at: Option<Time>) -> Whose {
        if self.is_proven(event) {
            return Whose::Intruder;
        }
        let place = key.and_then(|key| self.by_key(key, at));
        whose(&place.into_iter().collect::<Vec<_>>(), self)
    }

    /// The machine from which a session comes, by name.
    #[must_use]
    pub fn device(&self, session: &str) -> Option<&str> {
        self.all[*self.by_id.get(session)?].device.as_deref()
    }

    /// Whether every session of an account is the intruder's, whenever it was.
    fn is_wholly_his(&self, account: Option<&str>) -> bool {
        let of = account.and_then(|account| self.by_account.get(&canonical(&self.names, account)));
        of.is_some_and(|all| all.iter().all(|place| self.all[*place].verdict == Verdict::Intruder))
    }

    /// Accounts that are not cleared, from sessions that are not; `held` adds those that were used on
    /// machines which the intruder held.
    #[must_use]
    pub fn loose(&self, held: &[Held]) -> Vec<Loose> {
        let mut found: BTreeMap<(String, Option<String>, &str), BTreeSet<String>> = BTreeMap::new();
        for visit in self.all.iter().filter(|visit| visit.verdict != Verdict::Owner) {
            let why = if visit.verdict == Verdict::Intruder {
                "a session of it was the intruder's"
            } else {
                "a session of it is not cleared"
            };
            found
                .entry((visit.account.clone(), visit.host.clone(), why))
                .or_default()
                .insert(visit.id.clone());
        }
        let mut loose: Vec<Loose> = found
            .into_iter()
            .map(|((account, host, why), sessions)| Loose {
                account: Some(account),
                host,
                from: None,
                to: None,
                because: why.to_owned(),
                basis: sessions.into_iter().take(SESSIONS_MAX).collect(),
            })
            .collect();
        loose.extend(self.stolen(held));
        loose.sort();
        loose.dedup();
        loose
    }

    /// Accounts whose secrets lay on a machine while the intruder held it: over the network none are
    /// left there.
    fn stolen(&self, held: &[Held]) -> Vec<Loose> {
        let mut loose = Vec::new();
        for held in held {
            let host = places::host(&held.host);
            let mut accounts: BTreeSet<&str> = BTreeSet::new();
            for visit in self.all.iter().filter(|visit| visit.host.as_deref() == Some(host.as_str())) {
                if !matches!(
                    visit.door.as_str(),
                    "network" | "remote-management" | "documents" | "tunnel" | "cloud"
                ) {
                    accounts.insert(&visit.account);
                }
            }
            loose.extend(accounts.into_iter().map(|account| Loose {
                account: Some(account.to_owned()),
                host: None,
                from: held.from,
                to: None,
                because: format!("used on {host}, which the intruder held"),
                basis: held.basis.clone(),
            }));
        }
        loose
    }
}

fn visit(rows: Rows<'_>, row: usize, names: &BTreeMap<String, String>, sides: &Sides) -> Visit {
    let text = |column: &str| rows.texts(column).at(row).map(str::to_owned);
    let verdict = match rows.texts("verdict").or_empty(row) {
        "intruder" => Verdict::Intruder,
        "owner" => Verdict::Owner,
        _ => Verdict::Undetermined,
    };
    let door = text("door").unwrap_or_default();
    let (address, device) = (text("address"), text("device"));
    let from = rows.times("from").at(row);
    let side = sides.of_client(&door, address.as_deref(), device.as_deref(), from);
    Visit {
        id: text("id").unwrap_or_default(),
        account: canonical(names, rows.texts("account").or_empty(row)),
        host: text("host").map(|host| places::host(&host)),
        from,
        to: rows.times("to").at(row),
        address,
        device: device.map(|device| places::host(&device)),
        at: None,
        verdict,
        side,
        door,
    }
}

/// Inside addresses of tunnels, by the event that opens them.
fn insides(each: Each<'_>) -> Result<BTreeMap<String, String>, SnapshotError> {
    let mut inside = BTreeMap::new();
    each("SELECT opening, inside FROM presences WHERE inside IS NOT NULL", &mut |batch| {
        let rows = Rows(batch);
        inside.extend((0..rows.len()).filter_map(|row| {
            Some((rows.texts("opening").at(row)?.to_owned(), rows.texts("inside").at(row)?.to_owned()))
        }));
        Ok(())
    })?;
    Ok(inside)
}

/// On which side a client lies, by the registers of devices and addresses.
struct Sides {
    devices: BTreeSet<String>,
    /// Device → its inside address.
    address_of: BTreeMap<String, String>,
    addresses: BTreeSet<String>,
    /// Addresses that a decision confirms to be the intruder's.
    confirmed: BTreeSet<String>,
    /// Inside address of a tunnel → (from, to, side of its outer end).
    tunnels: BTreeMap<String, Vec<Span<Side>>>,
}

impl Sides {
    fn of(each: Each<'_>, register: &Register) -> Result<Self, SnapshotError> {
        let managed = register.devices.iter().filter(|device| device.managed != Some(false));
        let mut sides = Self {
            devices: managed.clone().map(|device| places::host(&device.name)).collect(),
            address_of: managed
                .clone()
                .filter(|device| !device.address.is_empty())
                .map(|device| (places::host(&device.name), device.address.clone()))
                .collect(),
            addresses: managed
                .map(|device| device.address.clone())
                .filter(|address| !address.is_empty())
                .collect(),
            confirmed: BTreeSet::new(),
            tunnels: BTreeMap::new(),
        };
        let mut confirmed = BTreeSet::new();
        let sql =
            "SELECT value FROM decisions WHERE verb = 'confirm' AND \"on\" = 'address' AND state = 'stands'";
        each(sql, &mut |batch| {
            let rows = Rows(batch);
            confirmed
                .extend((0..rows.len()).filter_map(|row| rows.texts("value").at(row).map(str::to_owned)));
            Ok(())
        })?;
        sides.confirmed = confirmed;
        let mut tunnels: BTreeMap<String, Vec<_>> = BTreeMap::new();
        each("SELECT * FROM presences WHERE inside IS NOT NULL", &mut |batch| {
            let rows = Rows(batch);
            for row in 0..rows.len() {
                let device = rows.texts("device").at(row).or(rows.texts("workstation").at(row));
                let address = rows.texts("address").at(row);
                let side = sides.outer(device, address);
                let span = (rows.times("from").at(row), rows.times("to").at(row), side);
                tunnels.entry(rows.texts("inside").or_empty(row).to_owned()).or_default().push(span);
            }
            Ok(())
        })?;
        tunnels.values_mut().for_each(|spans| spans.sort());
        sides.tunnels = tunnels;
        Ok(sides)
    }

    /// The address of the machine at which a session works itself, and does not come over the network.
    fn works_at(&self, visit: &Visit) -> Option<String> {
        let there = matches!(
            visit.door.as_str(),
            "console" | "remote-desktop" | "remote-management" | "service" | "batch"
        );
        self.address_of.get(visit.host.as_ref().filter(|_| there)?).cloned()
    }

    /// The outer end of a tunnel: a name that no device of the house has is not of the house; one that
    /// has is only what the client says of itself.
    fn outer(&self, device: Option<&str>, address: Option<&str>) -> Side {
        match device {
            _ if address.is_some_and(|address| self.confirmed.contains(address)) => Side::Outside,
            Some(device) if self.devices.contains(&places::host(device)) => Side::Unknown,
            Some(_) => Side::Outside,
            None => Side::Unknown,
        }
    }

    fn of_client(&self, door: &str, address: Option<&str>, device: Option<&str>, at: Option<Time>) -> Side {
        if matches!(door, "console" | "service" | "batch") {
            return Side::Inside;
        }
        if door == "tunnel" {
            return self.outer(device, address);
        }
        let Some(address) = address else {
            return match device {
                Some(device) if self.devices.contains(&places::host(device)) => Side::Inside,
                _ => Side::Unknown,
            };
        };
        self.of_address(address, device, at)
    }

    fn of_address(&self, address: &str, device: Option<&str>, at: Option<Time>) -> Side {
        let then = |(from, to, _): &&Span<Side>| {
            at.is_none_or(|at| {
                from.is_none_or(|from| from.0 - SLACK <= at.0) && to.is_none_or(|to| at.0 <= to.0 + SLACK)
            })
        };
        if let Some((.., side)) = self.tunnels.get(address).and_then(|spans| spans.iter().rev().find(then)) {
            return *side;
        }
        let own = device.is_some_and(|device| self.devices.contains(&places::host(device)));
        if self.addresses.contains(address) || is_private(address) && own {
            return Side::Inside;
        }
        // Where an address lies that no register knows is not known, unless a decision says whose it is or
        // the client names a device that is not of the house.
        let foreign = device.is_some_and(|device| !self.devices.contains(&places::host(device)));
        if self.confirmed.contains(address) || foreign && !is_private(address) {
            Side::Outside
        } else {
            Side::Unknown
        }
    }
}

fn is_private(address: &str) -> bool {
    match address.parse() {
        Ok(std::net::IpAddr::V4(four)) => four.is_private() || four.is_loopback() || four.is_link_local(),
        Ok(std::net::IpAddr::V6(six)) => {
            six.is_loopback()
                || (six.segments()[0] & 0xfe00) == 0xfc00
                || (six.segments()[0] & 0xffc0) == 0xfe80
        }
        Err(_) => true,
    }
}

/// Verbs that can show, copy or carry away content.
const VERBS: &str = "'list','search','read','write','copy','move','archive','download','upload','sync','send','forward',\
    'print','share','connect','transfer','query','export','clone','snapshot'";
/// Kinds of objects that are no records and hold none.
const NO_RECORDS: &str = "'process','service','task','registry-key','pipe','script','name','log','group'";

/// The facts, sorted.
///
/// # Errors
/// Where a query fails.
pub fn facts(each: Each<'_>, visits: &Visits) -> Result<Vec<Fact>, SnapshotError> {
    let sql = format!(
        "SELECT id, time, until, source, host, actor, target, verb, object, object_kind, scope, client, peer, bytes, \
         outcome, qualifiers, links FROM events WHERE verb IN ({VERBS}) AND coalesce(object_kind, '') NOT IN ({NO_RECORDS})"
    );
    let mut gathered = Gathered::default();
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            gathered.take(rows, row, visits);
        }
        Ok(())
    })?;
    gathered.settle(each, visits)?;
    Ok(gathered.facts.into_iter().map(|(fact, sum)| sum.with(fact)).collect())
}

/// When, how often, by which events.
#[derive(Default)]
struct Sum {
    from: Option<Time>,
    to: Option<Time>,
    times: u64,
    basis: BTreeSet<String>,
}

impl Sum {
    fn with(self, fact: Fact) -> Fact {
        Fact {
            from: self.from,
            to: self.to,
            times: self.times,
            basis: self.basis.into_iter().collect(),
            ..fact
        }
    }
}

/// Facts while they are made.
#[derive(Default)]
struct Gathered {
    facts: BTreeMap<Fact, Sum>,
    /// Acts that a monitor saw, by place and client: whose they are, the server may say.
    seen: BTreeMap<(String, String), Vec<Seen>>,
}

/// One act that a monitor saw.
struct Seen {
    at: Time,
    until: Option<Time>,
    id: String,
    fact: Fact,
    /// Sessions that the server has of it.
    sessions: BTreeSet<usize>,
}

impl Gathered {
    fn take(&mut self, rows: Rows<'_>, row: usize, visits: &Visits) {
        let text = |column: &str| rows.texts(column).at(row).filter(|text| !text.is_empty());
        let id = text("id").unwrap_or_default();
        let (source, host, actor) = (text("source").unwrap_or_default(), text("host"), text("actor"));
        let (time, peer) = (rows.times("time").at(row), text("peer"));
        let links = rows.links("links");
        let key = presence_key(source, host, text("verb").unwrap_or_default(), links.of(row));
        let place = key.as_deref().and_then(|key| visits.by_key(key, time));
        let server = server(source, host, text("object"));
        let candidates = match place {
            Some(place) => vec![place],
            None => match visits.candidates(actor, peer, server.as_deref(), time) {
                none if none.is_empty() => visits.behind(actor, peer, time),
                some => some,
            },
        };
        let monitored = source.starts_with("zeek/smb");
        let whose = if visits.proven.contains(id) {
            Whose::Intruder
        } else if monitored {
            // An address and a time name nobody: machines are shared, and clocks differ. The server may say.
            Whose::Undetermined
        } else {
            match whose(&candidates, visits) {
                // Without a key of its own an act is proven only if the whole account is the intruder's.
                Whose::Intruder if place.is_none() && !visits.is_wholly_his(actor) => Whose::Undetermined,
                whose => whose,
            }
        };
        if whose == Whose::Cleared {
            return;
        }
        let mut act = act(rows, row, links.first(row, "handle").is_some());
        let within = within(source, text("target"), text("object"), act.kind);
        let objects = objects(source, text("object"), (&act, within.as_deref()), links.of(row));
        if act.kind == Some(ObjectKind::Message) && objects.iter().flatten().eq(within.iter()) {
            // Messages of the mailbox, and no record of which.
            act.kind = Some(ObjectKind::Mailbox);
        }
        let until = rows.times("until").at(row).max(time);
        for object in objects {
            let fact = Fact {
                whose,
                session: None,
                account: actor.map(str::to_owned),
                object,
                within: within.clone(),
                source: source.to_owned(),
                host: host.map(str::to_owned),
                act: act.clone(),
                side: Side::Unknown,
                from: None,
                to: None,
                times: 0,
                basis: Vec::new(),
            };
            match (time, peer, &fact.object) {
                (Some(at), Some(peer), Some(object)) if monitored && whose == Whose::Undetermined => {
                    let place = (places::form(object, None), peer.to_owned());
                    let seen = Seen { at, until, id: id.to_owned(), fact, sessions: BTreeSet::new() };
                    self.seen.entry(place).or_default().push(seen);
                }
                _ => self.add(of_sessions(fact, &candidates, visits), id, (time, until)),
            }
        }
    }

    /// Asks the servers' own logs whose the acts are that a monitor saw: there the same client checked the
    /// same file at that moment.
    fn settle(&mut self, each: Each<'_>, visits: &Visits) -> Result<(), SnapshotError> {
        if self.seen.is_empty() {
            return Ok(());
        }
        self.seen.values_mut().for_each(|seen| seen.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id))));
        let sql = "SELECT time, source, host, verb, object, peer, links FROM events \
             WHERE source = 'windows/Security' AND peer IS NOT NULL AND array_has(qualifiers, 'check-only')";
        each(sql, &mut |batch| {
            let rows = Rows(batch);
            for row in 0..rows.len() {
                self.checked(rows, row, visits);
            }
            Ok(())
        })?;
        for (_, all) in std::mem::take(&mut self.seen) {
            for seen in all {
                let sessions: Vec<usize> = seen.sessions.into_iter().collect();
                let fact = Fact { whose: whose(&sessions, visits), ..seen.fact };
                if fact.whose != Whose::Cleared {
                    self.add(of_sessions(fact, &sessions, visits), &seen.id, (Some(seen.at), seen.until));
                }
            }
        }
        Ok(())
    }

    fn checked(&mut self, rows: Rows<'_>, row: usize, visits: &Visits) {
        let text = |column: &str| rows.texts(column).at(row);
        let (Some(at), Some(object), Some(peer)) = (rows.times("time").at(row), text("object"), text("peer"))
        else {
            return;
        };
        let (source, host) = (text("source").unwrap_or_default(), text("host"));
        let Some(seen) = self.seen.get_mut(&(places::form(object, host), peer.to_owned())) else { return };
        let key = presence_key(source, host, text("verb").unwrap_or_default(), rows.links("links").of(row));
        let Some(session) = key.as_deref().and_then(|key| visits.by_key(key, Some(at))) else { return };
        let first = seen.partition_point(|one| one.at.0 < at.0.saturating_sub(CHECK));
        for one in seen[first..].iter_mut().take_while(|one| one.at.0 <= at.0.saturating_add(CHECK)) {
            one.sessions.insert(session);
        }
    }

    fn add(&mut self, fact: Fact, id: &str, (time, until): (Option<Time>, Option<Time>)) {
        let sum = self.facts.entry(fact).or_default();
        sum.from = if sum.times == 0 { time } else { sum.from.min(time) };
        sum.to = if sum.times == 0 { until } else { sum.to.max(until) };
        sum.times += 1;
        sum.basis.insert(id.to_owned());
        if sum.basis.len() > BASIS_MAX {
            sum.basis.pop_last();
        }
    }
}

/// With what the sessions add: which it was if it is one, and on which side if they agree.
fn of_sessions(fact: Fact, sessions: &[usize], visits: &Visits) -> Fact {
    let only = (sessions.len() == 1).then(|| &visits.all[sessions[0]]);
    let sides: BTreeSet<Side> = sessions.iter().map(|place| visits.all[*place].side).collect();
    Fact {
        session: only.map(|visit| visit.id.clone()),
        account: fact.account.or_else(|| only.map(|visit| visit.account.clone())),
        side: if sides.len() == 1 { sides.first().copied().unwrap_or(Side::Unknown) } else { Side::Unknown },
        ..fact
    }
}

/// On which machine it was done: a monitor writes of others, and names them in the path.
fn server(source: &str, host: Option<&str>, object: Option<&str>) -> Option<String> {
    if !source.starts_with("zeek/") {
        return host.map(str::to_owned);
    }
    let form = places::form(object?, None);
    form.strip_prefix("//").and_then(|rest| rest.split('/').next()).map(str::to_owned)
}

/// All of one hand, or nobody's.
fn whose(candidates: &[usize], visits: &Visits) -> Whose {
    let all = |verdict: Verdict| candidates.iter().all(|place| visits.all[*place].verdict == verdict);
    match candidates {
        [] => Whose::Undetermined,
        _ if all(Verdict::Intruder) => Whose::Intruder,
        _ if all(Verdict::Owner) => Whose::Cleared,
        _ => Whose::Undetermined,
    }
}

fn act(rows: Rows<'_>, row: usize, handle: bool) -> Act {
    let word = |column: &str| rows.texts(column).or_empty(row);
    let qualifiers = rows.list("qualifiers", row);
    Act {
        verb: Verb::ALL.iter().copied().find(|verb| verb.as_str() == word("verb")).unwrap_or(Verb::Other),
        kind: ObjectKind::ALL.iter().copied().find(|kind| kind.as_str() == word("object_kind")),
        scope: Scope::ALL.iter().copied().find(|scope| scope.as_str() == word("scope")),
        client: Client::ALL
            .iter()
            .copied()
            .find(|client| client.as_str() == word("client"))
            .unwrap_or(Client::Unknown),
        qualifiers: Qualifier::ALL
            .iter()
            .copied()
            .filter(|one| qualifiers.iter().any(|text| text == one.as_str()))
            .collect(),
        outcome: Outcome::ALL
            .iter()
            .copied()
            .find(|one| one.as_str() == word("outcome"))
            .unwrap_or(Outcome::Unknown),
        moved: rows.numbers("bytes").at(row).is_some_and(|bytes| bytes > 0),
        handle,
    }
}

/// The container that a record names beside its object: the mailbox.
fn within(
    source: &str,
    target: Option<&str>,
    object: Option<&str>,
    kind: Option<ObjectKind>,
) -> Option<String> {
    let mailbox = target.filter(|target| target.contains('@') && source.starts_with("m365"))?;
    match kind {
        Some(ObjectKind::Folder) => Some(format!("{mailbox}:{}", object.unwrap_or(""))),
        _ => Some(mailbox.to_owned()),
    }
}

/// With what: the object, each message that the record names, or the container itself.
fn objects<'a>(
    source: &str,
    object: Option<&str>,
    (act, within): (&Act, Option<&str>),
    links: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<Option<String>> {
    if act.kind == Some(ObjectKind::Message) {
        let mut messages: Vec<Option<String>> =
            links.filter(|(kind, _)| *kind == "message").map(|(_, id)| Some(id.to_owned())).collect();
        messages.sort();
        messages.dedup();
        if !messages.is_empty() {
            return messages;
        }
    }
    let object = match (object, within) {
        // A library is named without its kind by the system's own log.
        (Some(library), _) if source.starts_with("dms") && act.kind == Some(ObjectKind::Folder) => {
            Some(format!("dms:{library}"))
        }
        (_, Some(within)) if act.kind == Some(ObjectKind::Folder) => Some(within.to_owned()),
        (None, Some(within)) => Some(within.to_owned()),
        (other, _) => other.map(str::to_owned),
    };
    vec![object]
}

/// The calendar of logs, from the table `coverage`.
///
/// # Errors
/// Where the query fails.
pub fn calendar(each: Each<'_>) -> Result<(Vec<Covered>, Vec<Held>), SnapshotError> {
    let (mut rows_of, mut held) = (Vec::new(), Vec::new());
    each("SELECT * FROM coverage", &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let text = |column: &str| rows.texts(column).at(row).map(str::to_owned);
            let cause =
                Cause::ALL.iter().copied().find(|cause| cause.as_str() == rows.texts("cause").or_empty(row));
            let state = match rows.texts("state").or_empty(row) {
                "complete" => State::Complete,
                "partial" => State::Partial,
                "untrusted" => State::Untrusted,
                _ => State::None,
            };
            let assumed = rows.texts("because").or_empty(row).contains(WHOLE_EXPORT);
            let covered = Covered {
                source: text("source").unwrap_or_default(),
                host: text("host"),
                from: rows.times("from").at(row),
                to: rows.times("to").at(row),
                state,
                cause,
                assumption: assumed.then(|| WHOLE_EXPORT.to_owned()),
                basis: rows.list("basis", row),
            };
            if let (Some(Cause::IntruderAdmin), Some(host)) = (cause, covered.host.clone()) {
                held.push(Held { host, from: covered.from, basis: covered.basis.clone() });
            }
            rows_of.push(covered);
        }
        Ok(())
    })?;
    rows_of.sort_by(|a, b| {
        (&a.source, &a.host, a.from, a.to, &a.basis).cmp(&(&b.source, &b.host, b.from, b.to, &b.basis))
    });
    held.sort_by_key(|held: &Held| (places::host(&held.host), held.from));
    held.dedup_by(|later, first| places::host(&later.host) == places::host(&first.host));
    Ok((rows_of, held))
}
