//! Which sessions were there, whose are they, and from where did they come?
//!
//! What acts are asked with: a key, or an account, machine and address at a time, means the sessions that it
//! fits. Whose those are is the only thing here that decisions move; which ones fit, they never do.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::session::Verdict;
use assize_model::{Register, SnapshotError, Time};

use crate::Each;
use crate::expose::{Held, Whose};
use crate::grades::Side;
use crate::places;
use crate::reach::{Loose, canonical, names};
use crate::rows::Rows;
use crate::sql::literal;

/// Sessions named under one account that is not cleared.
const SESSIONS_MAX: usize = 4;
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
    spans: BTreeMap<String, Vec<Span<usize>>>,
    by_account: BTreeMap<String, Timed>,
    by_address: BTreeMap<String, Timed>,
    /// Events that are proven the intruder's by themselves.
    proven: BTreeSet<String>,
    names: BTreeMap<String, String>,
    /// Assumptions under which sessions were cleared.
    pub assumptions: BTreeSet<String>,
}

/// Sessions of one account or address, to be found by the day.
#[derive(Default)]
struct Timed {
    all: Vec<usize>,
    by_day: BTreeMap<i64, Vec<usize>>,
    /// Those that have no beginning or no end, or last for very long.
    long: Vec<usize>,
}

const DAY: i64 = 86_400_000_000_000;
/// Days that a session is found by; one that lasts longer is found by all.
const DAYS_MAX: i64 = 31;

impl Timed {
    fn push(&mut self, place: usize, visit: &Visit) {
        self.all.push(place);
        let day = |time: Time| time.0.div_euclid(DAY);
        let days = visit.from.zip(visit.to).map(|(from, to)| {
            (day(Time(from.0.saturating_sub(SLACK))), day(Time(to.0.saturating_add(SLACK))))
        });
        match days.filter(|(first, last)| last - first <= DAYS_MAX) {
            Some((first, last)) => {
                (first..=last).for_each(|day| self.by_day.entry(day).or_default().push(place));
            }
            None => self.long.push(place),
        }
    }

    /// Those that may have been at that time, each once.
    fn around(&self, at: Option<Time>) -> impl Iterator<Item = usize> + '_ {
        let all = if at.is_none() { self.all.as_slice() } else { &[] };
        let on = at.and_then(|at| self.by_day.get(&at.0.div_euclid(DAY))).map_or(&[][..], Vec::as_slice);
        let long = if at.is_some() { self.long.as_slice() } else { &[] };
        all.iter().chain(on).chain(long).copied()
    }
}

impl Visits {
    /// From the tables `sessions`, `presences` and `proven_events`; keys are learned when they are needed.
    ///
    /// # Errors
    /// Where a query fails.
    pub fn of(each: Each<'_>, register: &Register) -> Result<Self, SnapshotError> {
        let names = names(register);
        let sides = Sides::of(each, register)?;
        let inside = insides(each)?;
        let mut all = Vec::new();
        let mut assumptions = BTreeSet::new();
        let sql = "SELECT id, account, host, door, \"from\", \"to\", address, device, verdict, opening, \
             cleared_assumption FROM sessions";
        each(sql, &mut |batch| {
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
            visits.by_account.entry(visit.account.clone()).or_default().push(place, visit);
            if let Some(address) = &visit.address {
                visits.by_address.entry(address.clone()).or_default().push(place, visit);
            }
        }
        each("SELECT event FROM proven_events", &mut |batch| {
            let events = Rows(batch).texts("event");
            visits.proven.extend((0..batch.num_rows()).filter_map(|row| events.at(row).map(str::to_owned)));
            Ok(())
        })?;
        Ok(visits)
    }

    /// Learns what keys mean, from the table `session_keys`: these, or all of them.
    ///
    /// # Errors
    /// Where the query fails.
    pub fn learn(&mut self, each: Each<'_>, keys: Option<&BTreeSet<String>>) -> Result<(), SnapshotError> {
        let mut sql = "SELECT key, \"from\", \"to\", session FROM session_keys".to_owned();
        if let Some(keys) = keys {
            let list: Vec<String> = keys.iter().map(|key| literal(key)).collect();
            if list.is_empty() {
                return Ok(());
            }
            sql = format!("{sql} WHERE key IN ({})", list.join(", "));
        }
        let mut spans: BTreeMap<String, Vec<Span<usize>>> = BTreeMap::new();
        each(&sql, &mut |batch| {
            let rows = Rows(batch);
            let (keys, sessions) = (rows.texts("key"), rows.texts("session"));
            let (from, to) = (rows.times("from"), rows.times("to"));
            for row in 0..rows.len() {
                let Some(place) = self.place(sessions.or_empty(row)) else { continue };
                let span = (from.at(row), to.at(row), place);
                spans.entry(keys.or_empty(row).to_owned()).or_default().push(span);
            }
            Ok(())
        })?;
        spans.values_mut().for_each(|spans| spans.sort_unstable());
        self.spans = spans;
        Ok(())
    }

    /// The session that a key means at that time.
    pub(crate) fn by_key(&self, key: &str, at: Option<Time>) -> Option<usize> {
        let spans = self.spans.get(key)?;
        let meets = |(from, to, _): &&Span<usize>| {
            at.is_none_or(|at| from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to))
        };
        let (_, _, session) = spans.iter().rev().find(meets).or(spans.first())?;
        Some(*session)
    }

    /// Sessions that an act without a key may belong to.
    pub(crate) fn candidates(
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
        let fits = |place: &usize| {
            let visit = &self.all[*place];
            let same_host = visit.host.as_ref().zip(host.as_ref()).is_none_or(|(one, other)| one == other);
            let same_address = visit.address.as_deref().zip(address).is_none_or(|(one, other)| one == other);
            let then = at.is_none_or(|at| {
                visit.from.is_none_or(|from| from.0.saturating_sub(SLACK) <= at.0)
                    && visit.to.is_none_or(|to| at.0 <= to.0.saturating_add(SLACK))
            });
            same_host && same_address && then
        };
        by.into_iter().flat_map(|by| by.around(at)).filter(fits).collect()
    }

    /// Sessions of an account at the machine, or in the tunnel, that has that address then: what a server writes
    /// of an account and an address came out of them.
    pub(crate) fn behind(
        &self,
        account: Option<&str>,
        address: Option<&str>,
        time: Option<Time>,
    ) -> Vec<usize> {
        let (Some(account), Some(address), Some(time)) = (account, address, time) else { return Vec::new() };
        let of = self.by_account.get(&canonical(&self.names, account));
        let fits = |place: &usize| {
            let visit = &self.all[*place];
            visit.at.as_deref() == Some(address)
                && visit.from.is_none_or(|from| from.0.saturating_sub(SLACK) <= time.0)
                && visit.to.is_none_or(|to| time.0 <= to.0.saturating_add(SLACK))
        };
        of.into_iter().flat_map(|of| of.around(Some(time))).filter(fits).collect()
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

    /// Where a session stands among all.
    pub(crate) fn place(&self, session: &str) -> Option<usize> {
        self.by_id.get(session).copied()
    }

    /// The id of a session.
    pub(crate) fn id(&self, place: usize) -> &str {
        &self.all[place].id
    }

    /// The account of a session.
    pub(crate) fn account(&self, place: usize) -> &str {
        &self.all[place].account
    }

    /// On which side of the house the client of a session lies.
    pub(crate) fn side(&self, place: usize) -> Side {
        self.all[place].side
    }

    /// The machine from which a session comes, by name.
    #[must_use]
    pub fn device(&self, session: &str) -> Option<&str> {
        self.all[*self.by_id.get(session)?].device.as_deref()
    }

    /// Whether every session of an account is the intruder's, whenever it was.
    pub(crate) fn is_wholly_his(&self, account: Option<&str>) -> bool {
        let of = account.and_then(|account| self.by_account.get(&canonical(&self.names, account)));
        of.is_some_and(|of| of.all.iter().all(|place| self.all[*place].verdict == Verdict::Intruder))
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

/// All of one hand, or nobody's.
pub(crate) fn whose(candidates: &[usize], visits: &Visits) -> Whose {
    let all = |verdict: Verdict| candidates.iter().all(|place| visits.all[*place].verdict == verdict);
    match candidates {
        [] => Whose::Undetermined,
        _ if all(Verdict::Intruder) => Whose::Intruder,
        _ if all(Verdict::Owner) => Whose::Cleared,
        _ => Whose::Undetermined,
    }
}
