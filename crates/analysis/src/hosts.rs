//! Which machine had an address when?
//!
//! From machines' own logons (the directory checks a machine's account and sees its address), from
//! tunnels, leases and the register. What two machines could have had at one time stays ambiguous;
//! what nobody has seen is not known.

use std::collections::BTreeMap;

use assize_model::{Account, Basis, EventId, Host, HostName, SnapshotError, Time};

use crate::Each;
use crate::logons::{Kind, Logon};
use crate::rows::Rows;

const LEASES: &str = "
    SELECT id, time, object, device FROM events
    WHERE source LIKE 'dhcp%' AND object_kind = 'host' AND device IS NOT NULL";

/// A machine was seen at an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// When first.
    pub from: Time,
    /// When last.
    pub to: Time,
    /// The machine.
    pub host: String,
    /// By what: `logon`, `lease`, `tunnel`.
    pub by: &'static str,
    /// Events at the ends.
    pub ends: [EventId; 2],
}

/// Whose an address was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One machine's.
    Host(String),
    /// One of several machines'.
    Ambiguous(Vec<String>),
    /// Not known.
    Unknown,
}

/// All sightings, by address.
#[derive(Clone, Debug, Default)]
pub struct Addresses(BTreeMap<String, Vec<Sighting>>);

impl Addresses {
    /// From machines' own logons and tickets.
    #[must_use]
    pub fn of_logons(logons: &[Logon]) -> Self {
        let mut all: BTreeMap<String, Vec<Sighting>> = BTreeMap::new();
        for logon in logons.iter().filter(|logon| logon.success && logon.kind != Kind::Off) {
            let Some(address) = logon.address.as_deref().filter(|address| !is_loopback(address)) else {
                continue;
            };
            let Some(host) = machine(&logon.account) else { continue };
            all.entry(address.to_owned()).or_default().push(Sighting {
                from: logon.time,
                to: logon.time,
                host,
                by: "logon",
                ends: [logon.id, logon.id],
            });
        }
        let mut addresses = Self(all);
        addresses.0.values_mut().for_each(join);
        addresses
    }

    /// Adds what an address server says that it gave to whom.
    ///
    /// # Errors
    /// Where the query fails.
    pub fn add_leases(&mut self, each: Each<'_>) -> Result<(), SnapshotError> {
        each(LEASES, &mut |batch| {
            let rows = Rows(batch);
            for row in 0..rows.len() {
                let (Some(address), Some(host)) =
                    (rows.texts("object").at(row), rows.texts("device").at(row))
                else {
                    continue;
                };
                let (Some(time), Some(host)) = (rows.times("time").at(row), HostName::of(host)) else {
                    continue;
                };
                let Some(id) = rows.texts("id").at(row).and_then(|id| id.parse().ok()) else { continue };
                let host = host.as_str().to_owned();
                let sighting = Sighting { from: time, to: time, host, by: "lease", ends: [id, id] };
                self.0.entry(address.to_owned()).or_default().push(sighting);
            }
            Ok(())
        })?;
        self.0.values_mut().for_each(join);
        Ok(())
    }

    /// Adds a sighting.
    pub fn add(&mut self, address: &str, sighting: Sighting) {
        let sightings = self.0.entry(address.to_owned()).or_default();
        sightings.push(sighting);
        join(sightings);
    }

    /// Whose an address was at an instant: that of the sightings around it, if they agree.
    #[must_use]
    pub fn at(&self, address: &str, time: Time) -> Whose {
        let Some(sightings) = self.0.get(address) else { return Whose::Unknown };
        let mut hosts: Vec<&str> = sightings
            .iter()
            .filter(|one| one.from <= time && time <= one.to)
            .map(|one| one.host.as_str())
            .collect();
        if hosts.is_empty() {
            let before = sightings.iter().filter(|one| one.to < time).max_by_key(|one| one.to);
            let after = sightings.iter().filter(|one| one.from > time).min_by_key(|one| one.from);
            hosts.extend([before, after].into_iter().flatten().map(|one| one.host.as_str()));
        }
        hosts.sort_unstable();
        hosts.dedup();
        match hosts.as_slice() {
            [] => Whose::Unknown,
            [host] => Whose::Host((*host).to_owned()),
            several => Whose::Ambiguous(several.iter().map(|host| (*host).to_owned()).collect()),
        }
    }

    /// Every interval, sorted.
    #[must_use]
    pub fn hosts(&self) -> Vec<Host> {
        let mut hosts: Vec<Host> = self
            .0
            .iter()
            .flat_map(|(address, sightings)| {
                sightings.iter().map(|one| Host {
                    name: one.host.clone(),
                    address: address.clone(),
                    from: Some(one.from),
                    to: Some(one.to),
                    by: one.by,
                    basis: Basis::of(one.ends),
                })
            })
            .collect();
        hosts.sort_by(|a, b| (&a.name, a.from, &a.address).cmp(&(&b.name, b.from, &b.address)));
        hosts
    }
}

/// Joins sightings of one machine that follow one another.
fn join(sightings: &mut Vec<Sighting>) {
    sightings.sort();
    let mut joined: Vec<Sighting> = Vec::new();
    for one in sightings.drain(..) {
        match joined.last_mut() {
            Some(last) if last.host == one.host && last.by == one.by => {
                if one.to > last.to {
                    (last.to, last.ends[1]) = (one.to, one.ends[1]);
                }
            }
            _ => joined.push(one),
        }
    }
    *sightings = joined;
}

/// The machine whose own account it is: `COURT\WS01$`, `WS01$@COURT.EXAMPLE`.
fn machine(account: &str) -> Option<String> {
    let short = Account::of(account).short();
    let short = short.split('@').next()?.strip_suffix('$')?.to_owned();
    HostName::of(&short).map(|name| name.as_str().to_owned())
}

fn is_loopback(address: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(host: &str, at: i64) -> Sighting {
        let id = EventId::of(&[&at.to_be_bytes()]);
        Sighting { from: Time(at), to: Time(at), host: host.to_owned(), by: "logon", ends: [id, id] }
    }

    #[test]
    fn between_two_machines_an_address_is_nobodys_for_certain() {
        let mut addresses = Addresses::default();
        for (host, at) in [("a", 10), ("a", 20), ("b", 40), ("b", 50)] {
            addresses.add("10.0.0.1", seen(host, at));
        }
        let at = |time| addresses.at("10.0.0.1", Time(time));
        assert_eq!(at(15), Whose::Host("a".to_owned()));
        assert_eq!(at(5), Whose::Host("a".to_owned()), "nobody else was ever seen before");
        assert_eq!(at(30), Whose::Ambiguous(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(at(60), Whose::Host("b".to_owned()));
        assert_eq!(addresses.at("10.0.0.2", Time(15)), Whose::Unknown);
    }

    #[test]
    fn a_machines_account_names_it() {
        assert_eq!(machine(r"COURT\REG-WS01$").as_deref(), Some("reg-ws01"));
        assert_eq!(machine("REG-WS01$@COURT.EXAMPLE").as_deref(), Some("reg-ws01"));
        assert_eq!(machine(r"COURT\o.dane"), None);
    }
}
