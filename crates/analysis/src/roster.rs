//! Which accounts, machines and people does the institution know of, and what is usual for them?
//!
//! The part of the register that says who is who: which accounts are one person's, whose a device
//! is, from where somebody usually works, which logs are kept. Without a register it is empty, and
//! then nothing is usual and no two accounts are one.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::{Account, HostName, Register, Time, register};

/// What is known of who is who.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Accounts.
    pub accounts: Accounts,
    /// Machines, by name.
    pub devices: BTreeMap<HostName, Device>,
    /// By staff key: addresses from which somebody works.
    pub addresses: BTreeMap<String, Vec<Usual>>,
    /// Logs that are kept: source, host.
    pub log_sources: BTreeSet<(String, Option<HostName>)>,
    /// Id of the log leaf by which the register was imported: on what its rows stand.
    pub basis: String,
}

/// The accounts of a register, found by any of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    all: Vec<Known>,
    /// By account, UPN or SID in small letters: the first that is called so.
    by_name: BTreeMap<String, usize>,
    /// By local name: the only one that has it, if there is one only.
    by_short: BTreeMap<String, Option<usize>>,
}

impl From<Vec<Known>> for Accounts {
    fn from(all: Vec<Known>) -> Self {
        let (mut by_name, mut by_short) = (BTreeMap::new(), BTreeMap::new());
        for (place, one) in all.iter().enumerate() {
            for name in [&one.account, &one.upn, &one.sid].into_iter().filter(|name| !name.is_empty()) {
                by_name.entry(name.to_lowercase()).or_insert(place);
            }
            let short = by_short.entry(Account::of(&one.account).short());
            short.and_modify(|only| *only = None).or_insert(Some(place));
        }
        Self { all, by_name, by_short }
    }
}

/// An account by what makes two names one account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    key: String,
    known: Option<usize>,
}

impl Who {
    /// Whether both are one account.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.key == other.key || (self.known.is_some() && self.known == other.known)
    }
}

/// An address from which somebody works, at home or on a journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usual {
    /// The address.
    pub address: String,
    /// From when; `None`: always.
    pub from: Option<Time>,
    /// Until when, exclusive.
    pub to: Option<Time>,
}

/// An account that the register knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// With its domain.
    pub account: String,
    /// For sign-ins.
    pub upn: String,
    /// Security identifier.
    pub sid: String,
    /// `person`, `administrator`, `service`, `machine`, `well-known`.
    pub kind: String,
    /// Whose.
    pub staff: String,
    /// Of services: the machine on which it works.
    pub declared_host: String,
}

/// A machine that the register knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// As the register writes it.
    pub name: String,
    /// Staff keys of who uses it.
    pub users: BTreeSet<String>,
    /// Inside address.
    pub address: String,
    /// Managed by the institution.
    pub managed: bool,
}

impl Roster {
    /// The part of a register that says who is who; `basis` is the leaf by which it was imported.
    #[must_use]
    pub fn of(register: &Register, basis: &str) -> Self {
        let mut addresses: BTreeMap<String, Vec<Usual>> = BTreeMap::new();
        for one in register.staff.iter().filter(|one| !one.usual_address.is_empty()) {
            let usual = Usual { address: one.usual_address.clone(), from: None, to: None };
            addresses.entry(one.key.clone()).or_default().push(usual);
        }
        for trip in register.trips.iter().filter(|trip| !trip.address.is_empty()) {
            let usual = Usual { address: trip.address.clone(), from: trip.valid.from, to: trip.valid.to };
            addresses.entry(trip.staff.clone()).or_default().push(usual);
        }
        let known = |account: &register::Account| Known {
            account: account.account.clone(),
            upn: account.upn.clone(),
            sid: account.sid.clone(),
            kind: account.kind.clone(),
            staff: account.staff.clone(),
            declared_host: account.declared_host.clone(),
        };
        let device = |device: &register::Device| {
            let known = Device {
                name: device.name.clone(),
                users: device.usual_users.iter().cloned().collect(),
                address: device.address.clone(),
                managed: device.managed.unwrap_or(false),
            };
            Some((HostName::of(&device.name)?, known))
        };
        Self {
            accounts: register.accounts.iter().map(known).collect::<Vec<_>>().into(),
            devices: register.devices.iter().filter_map(device).collect(),
            addresses,
            log_sources: register
                .log_sources
                .iter()
                .map(|log| (log.source.clone(), HostName::of(&log.host)))
                .collect(),
            basis: basis.to_owned(),
        }
    }

    /// The machine whose log a source of the house is, if the register names one and no other.
    #[must_use]
    pub fn host_of(&self, source: &str) -> Option<&str> {
        let mut named = self.log_sources.iter().filter(|(name, host)| name == source && host.is_some());
        let (_, host) = named.next()?;
        if named.next().is_some() {
            return None;
        }
        let host = host.as_ref()?;
        Some(self.devices.get(host).map_or(host.as_str(), |device| device.name.as_str()))
    }

    /// Whether there is no register.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// The registered account that a name means: the account itself, its UPN or its SID; a bare name
    /// only if one single account of a person or service has that local name.
    #[must_use]
    pub fn known(&self, account: &Account) -> Option<&Known> {
        self.accounts.all.get(self.who(account).known?)
    }

    /// The account that a name means, for comparing it with many.
    #[must_use]
    pub(crate) fn who(&self, account: &Account) -> Who {
        let key = account.key();
        let exact = self.accounts.by_name.get(&key).copied();
        let local = account.namespace == assize_model::Namespace::Local;
        let alike = || self.accounts.by_short.get(&key).copied().flatten().filter(|_| local);
        Who { known: exact.or_else(alike), key }
    }

    /// Whether two names are one account's.
    #[must_use]
    pub fn same(&self, one: &Account, other: &Account) -> bool {
        self.who(one).is(&self.who(other))
    }

    /// Whether somebody usually works from an address at that time.
    #[must_use]
    pub fn is_usual_address(&self, staff: &str, address: &str, at: Option<Time>) -> bool {
        let known = self.addresses.get(staff).map_or(&[][..], Vec::as_slice);
        known.iter().any(|usual| {
            let holds =
                |at: Time| usual.from.is_none_or(|from| from <= at) && usual.to.is_none_or(|to| at < to);
            usual.address == address && at.is_none_or(holds)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Roster {
        let known = |account: &str, upn: &str| Known {
            account: account.to_owned(),
            upn: upn.to_owned(),
            ..Known::default()
        };
        Roster {
            accounts: vec![
                known(r"COURT\o.dane", "o.dane@court.example"),
                known(r"COURT\svc", ""),
                known(r"OTHER\svc", ""),
            ]
            .into(),
            ..Roster::default()
        }
    }

    #[test]
    fn names_are_one_account_where_the_register_says_so() {
        let roster = roster();
        let same = |one, other| roster.same(&Account::of(one), &Account::of(other));
        assert!(same(r"court\O.Dane", "o.dane@court.example"));
        assert!(same("o.dane", r"COURT\o.dane"), "one account alone has that local name");
        assert!(!same("svc", r"COURT\svc"), "two have this one");
        assert!(!Roster::default().same(&Account::of("o.dane"), &Account::of(r"COURT\o.dane")));
    }
}
