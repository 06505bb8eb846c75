//! Which accounts were seen, whose are they, and from which devices did they come?
//!
//! Accounts of one person or service are one identity where the register says so; a likeness of
//! names joins nothing, except that a bare name of a system of the house is the one registered
//! account with that local name, if there is one and no other, and then it is said.

use std::collections::BTreeMap;

use assize_model::session::Verdict;
use assize_model::{Account, HostName, Identity, Namespace, Session};

use crate::roster::Roster;

/// An account with what was seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The account.
    pub account: Account,
    /// Id of the identity behind it, as text.
    pub identity: String,
    /// Its sessions: all, the intruder's, the owner's.
    pub sessions: [u64; 3],
    /// Devices from which it came, most used first.
    pub devices: Vec<String>,
    /// Why it is joined with others.
    pub because: Vec<String>,
}

/// Every account that has a session, sorted; the identity of each by its account's key.
#[must_use]
pub fn people(sessions: &[Session], roster: &Roster) -> Vec<Seen> {
    let mut accounts: BTreeMap<(Namespace, String), (Account, Tally)> = BTreeMap::new();
    for session in sessions {
        let key = (session.account.namespace, session.account.key());
        let (_, tally) = accounts.entry(key).or_insert_with(|| (session.account.clone(), Tally::default()));
        tally.note(session);
    }
    let mut groups: BTreeMap<String, Vec<Account>> = BTreeMap::new();
    for (account, _) in accounts.values() {
        groups.entry(group(account, roster)).or_default().push(account.clone());
    }
    let identities: BTreeMap<String, Identity> = groups
        .into_iter()
        .map(|(name, accounts)| (name, Identity { accounts, because: Vec::new(), basis: Vec::new() }))
        .collect();
    accounts
        .into_values()
        .map(|(account, tally)| {
            let identity = identities.get(&group(&account, roster));
            Seen {
                identity: identity.map(|identity| identity.id().to_string()).unwrap_or_default(),
                sessions: tally.sessions,
                devices: tally.devices(),
                because: because(&account, roster, identity.map_or(1, |identity| identity.accounts.len())),
                account,
            }
        })
        .collect()
}

/// What accounts of one identity share.
fn group(account: &Account, roster: &Roster) -> String {
    match roster.known(account) {
        Some(known) if !known.staff.is_empty() => format!("staff {}", known.staff),
        Some(known) => format!("account {}", known.account.to_lowercase()),
        None => format!("{} {}", account.namespace.as_str(), account.key()),
    }
}

fn because(account: &Account, roster: &Roster, of: usize) -> Vec<String> {
    let Some(known) = roster.known(account) else { return Vec::new() };
    let mut because = Vec::new();
    if of > 1 {
        because.push(format!("the register has {} as an account of {}", known.account, whose(&known.staff)));
    }
    if account.namespace == Namespace::Local {
        because.push(format!("{} is the one registered account with this local name", known.account));
    }
    because
}

fn whose(staff: &str) -> String {
    if staff.is_empty() { "this service".to_owned() } else { format!("staff {staff}") }
}

#[derive(Default)]
struct Tally {
    sessions: [u64; 3],
    devices: BTreeMap<HostName, u64>,
}

/// Devices that are shown of an account.
const DEVICES_MAX: usize = 8;

impl Tally {
    fn note(&mut self, session: &Session) {
        self.sessions[0] += 1;
        self.sessions[1] += u64::from(session.verdict == Verdict::Intruder);
        self.sessions[2] += u64::from(session.verdict == Verdict::Owner);
        if let Some(device) = session.device.as_deref().and_then(HostName::of) {
            *self.devices.entry(device).or_default() += 1;
        }
    }

    fn devices(&self) -> Vec<String> {
        let mut devices: Vec<(&HostName, u64)> = self.devices.iter().map(|(name, n)| (name, *n)).collect();
        devices.sort_by_key(|(name, times)| (std::cmp::Reverse(*times), (*name).clone()));
        devices.into_iter().take(DEVICES_MAX).map(|(name, _)| name.as_str().to_owned()).collect()
    }
}

/// The identity of each account, by namespace and key.
#[must_use]
pub fn identities(seen: &[Seen]) -> BTreeMap<Account, String> {
    seen.iter().map(|one| (one.account.clone(), one.identity.clone())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::roster::Known;
    use assize_model::EventId;
    use assize_model::session::Door;

    fn session(account: &str) -> Session {
        let opening = EventId::of(&[account.as_bytes()]);
        let device = Some("WS1".to_owned());
        Session { device, ..Session::undetermined(opening, Account::of(account), Door::Cloud) }
    }

    fn together<'a>(seen: &'a [Seen], identity: &str) -> BTreeSet<&'a str> {
        seen.iter().filter(|one| one.identity == identity).map(|one| one.account.name.as_str()).collect()
    }

    #[test]
    fn the_register_joins_and_likeness_does_not() {
        let sessions: Vec<Session> =
            [r"COURT\o.dane", "o.dane@court.example", r"COURT\adm-o.dane", r"OTHER\o.dane"]
                .map(session)
                .into();
        let known = |account: &str, upn: &str| Known {
            account: account.to_owned(),
            upn: upn.to_owned(),
            staff: "S-1".to_owned(),
            ..Known::default()
        };
        let accounts = vec![known(r"COURT\o.dane", "o.dane@court.example"), known(r"COURT\adm-o.dane", "")];
        let seen = people(&sessions, &Roster { accounts: accounts.into(), ..Roster::default() });
        let of = |name: &str| seen.iter().find(|one| one.account.name == name).unwrap().identity.clone();
        assert_eq!(together(&seen, &of(r"COURT\o.dane")).len(), 3);
        assert_eq!(together(&seen, &of(r"OTHER\o.dane")).len(), 1);
        let alone = people(&sessions, &Roster::default());
        assert!(alone.iter().all(|one| together(&alone, &one.identity).len() == 1));
    }
}
