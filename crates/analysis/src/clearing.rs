//! Whose act was it: which sessions are cleared?
//!
//! By decision, or by a clearing rule of `facts/proof.toml`, whose assumption is printed. Never by
//! likelihood, never for the account of somebody suspected, never from a machine on which the
//! intruder's presence is proven. A session that is both proven and cleared is the intruder's if the
//! proof is a decision on it or follows from one and the clearing only names a class; where two
//! decisions of equal weight contradict each other it is undetermined, and says so.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::decision::{On, Verb};
use assize_model::session::{Cleared, Door, Verdict};
use assize_model::{Account, Basis, HostName, Session, Time};

use crate::facts::{self, Rule};
use crate::presences::Presence;
use crate::proof::{Proof, Question};
use crate::ruling::{Ruling, of};

/// Of which machines and days the logs are whole and trusted.
pub trait Covered {
    /// Whether a machine's security log is whole and trusted on the day of that instant.
    fn is_whole(&self, host: &HostName, at: Option<Time>) -> bool;
}

/// Sessions with their verdicts, in the order of presences.
#[must_use]
pub fn judge(question: &Question<'_>, proof: &Proof, covered: &dyn Covered) -> Vec<Session> {
    let ground = Ground::of(question, proof);
    let judge = |(place, presence): (usize, &Presence)| {
        let mut session = presence.session.clone();
        session.proven = proof.sessions.get(&place).cloned();
        session.cleared = by_decision(question, presence)
            .or_else(|| by_rule(question, presence, &ground, covered).filter(|_| session.proven.is_none()));
        weigh(question, &ground, presence, &mut session);
        session
    };
    question.presences.iter().enumerate().map(judge).collect()
}

/// What clearing rules ask for of the whole.
struct Ground<'a> {
    /// Machines on which, or from which, the intruder's presence is proven.
    hosts: BTreeSet<HostName>,
    /// Accounts that are decided to be the intruder's.
    suspected: Vec<Account>,
    /// Addresses that are decided to be the intruder's.
    addresses: BTreeSet<&'a str>,
    /// Outside addresses, with the staff whose registered devices came from them.
    shared: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Ground<'a> {
    fn of(question: &Question<'a>, proof: &Proof) -> Self {
        let confirmed = |kinds| of(question.rulings, Verb::Confirm, kinds);
        let mut shared: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for presence in question.presences {
            let Some(address) = presence.session.address.as_deref() else { continue };
            if let (true, Some((staff, _))) =
                (presence.session.door == Door::Cloud, registered(question, presence))
            {
                shared.entry(address).or_default().insert(staff);
            }
        }
        Self {
            hosts: proof.seats(question).into_keys().collect(),
            suspected: confirmed(&[On::Account]).map(Ruling::account).collect(),
            addresses: confirmed(&[On::Address]).map(Ruling::value).collect(),
            shared,
        }
    }

    fn suspects(&self, question: &Question<'_>, account: &Account) -> bool {
        self.suspected.iter().any(|suspected| question.roster.same(suspected, account))
    }
}

/// The registered device from which a presence comes, if it is one of the account's own: staff key
/// and device.
fn registered<'a>(question: &Question<'a>, presence: &Presence) -> Option<(&'a str, HostName)> {
    let known = question.roster.known(&presence.session.account)?;
    let device = presence.session.device.as_deref().and_then(HostName::of)?;
    let registered = question.roster.devices.get(&device)?;
    let own = !known.staff.is_empty() && registered.managed && registered.users.contains(&known.staff);
    own.then_some((known.staff.as_str(), device))
}

/// The newest decision that clears a session.
fn by_decision(question: &Question<'_>, presence: &Presence) -> Option<Cleared> {
    let kinds = &[On::Session, On::Event, On::Account, On::Host, On::Application, On::Address, On::Class];
    let ruling = of(question.rulings, Verb::Clear, kinds)
        .filter(|ruling| clears(question, ruling, presence))
        .max_by_key(|ruling| weight(ruling.decision.on))?;
    let basis = Basis::of([ruling.id.clone(), presence.session.opening.to_string()])?;
    Some(Cleared { by: "decision".to_owned(), assumption: None, basis })
}

/// What is nearer to the session weighs more.
fn weight(on: On) -> u8 {
    match on {
        On::Session | On::Event | On::Finding => 3,
        On::Account | On::Address | On::Host | On::Application => 2,
        _ => 1,
    }
}

fn clears(question: &Question<'_>, ruling: &Ruling, presence: &Presence) -> bool {
    let session = &presence.session;
    if !ruling.decision.holds_at(session.from) {
        return false;
    }
    let device = || session.device.as_deref().and_then(HostName::of);
    let same_account = |name: &str| question.roster.same(&session.account, &Account::of(name));
    match ruling.decision.on {
        On::Session | On::Event => ruling.event == Some(session.opening),
        On::Account => same_account(ruling.value()),
        On::Address => session.address.as_deref() == Some(ruling.value()),
        On::Host => device().is_some() && device() == ruling.host(),
        On::Application => session.client.as_deref() == Some(ruling.value()),
        On::Class => {
            let class = ruling.decision.class();
            !class.is_empty()
                && class.iter().all(|(key, value)| match key.as_str() {
                    "account" => same_account(value),
                    "device" => device().is_some() && device() == HostName::of(value),
                    "host" => session.host.as_deref().and_then(HostName::of) == HostName::of(value),
                    "address" => session.address.as_deref() == Some(value.as_str()),
                    "client" => session.client.as_deref() == Some(value.as_str()),
                    "source" => presence.source == *value,
                    _ => false,
                })
        }
        _ => false,
    }
}

/// The clearing rule that reaches a session.
fn by_rule(
    question: &Question<'_>,
    presence: &Presence,
    ground: &Ground<'_>,
    covered: &dyn Covered,
) -> Option<Cleared> {
    let session = &presence.session;
    if ground.suspects(question, &session.account) {
        return None;
    }
    if session.address.as_deref().is_some_and(|address| ground.addresses.contains(address)) {
        return None;
    }
    let id = if own_device(question, presence, ground, covered) {
        "own-registered-device"
    } else if declared_service(question, presence, ground) {
        "declared-service-host"
    } else {
        return None;
    };
    let rule = facts::clearing(id)?;
    let basis = Basis::of([session.opening.to_string()])?;
    Some(Cleared { by: rule.id.clone(), assumption: Some(rule.assumption.clone()), basis })
}

fn own_device(
    question: &Question<'_>,
    presence: &Presence,
    ground: &Ground<'_>,
    covered: &dyn Covered,
) -> bool {
    let Some((staff, device)) = registered(question, presence) else { return false };
    let session = &presence.session;
    let usual = match (session.door, session.address.as_deref()) {
        (Door::Cloud | Door::Tunnel, Some(address)) => {
            // The house's own way out is everybody's address: seen from the registered devices of
            // several people, it is usual for each of them.
            let house = ground.shared.get(address).is_some_and(|staff| staff.len() >= SHARED_BY);
            house || question.roster.is_usual_address(staff, address, session.from)
        }
        (Door::Cloud | Door::Tunnel, None) => false,
        // Inside, the address named the device.
        _ => true,
    };
    usual && !ground.hosts.contains(&device) && covered.is_whole(&device, session.from)
}

/// So many people's registered devices make an address the house's.
const SHARED_BY: usize = 3;

fn declared_service(question: &Question<'_>, presence: &Presence, ground: &Ground<'_>) -> bool {
    let Some(known) = question.roster.known(&presence.session.account) else { return false };
    let device = presence.session.device.as_deref().and_then(HostName::of);
    let declared = HostName::of(&known.declared_host);
    known.kind == "service"
        && declared.is_some()
        && device == declared
        && device.is_some_and(|device| !ground.hosts.contains(&device))
}

/// Puts proof and clearing together, and says why in words.
fn weigh(question: &Question<'_>, ground: &Ground<'_>, presence: &Presence, session: &mut Session) {
    let rejected = of(question.rulings, Verb::Reject, &[On::Session])
        .any(|ruling| ruling.event == Some(session.opening) && ruling.decision.holds_at(session.from));
    let names = |id: &str, rules: &[Rule]| {
        rules.iter().find(|rule| rule.id == id).map_or_else(|| id.to_owned(), |rule| rule.says.clone())
    };
    session.verdict = match (&session.proven, &session.cleared) {
        _ if rejected => {
            session.because.push("a person decided that it is undetermined again".to_owned());
            Verdict::Undetermined
        }
        (Some(proven), None) => {
            session.because.push(names(&proven.by, facts::proofs()));
            Verdict::Intruder
        }
        (None, Some(cleared)) => {
            session.because.push(names(&cleared.by, facts::clearings()));
            Verdict::Owner
        }
        (Some(_), Some(_)) => contradicted(question, presence, session),
        (None, None) => Verdict::Undetermined,
    };
    if session.verdict != Verdict::Intruder {
        session.proven = None;
    }
    if session.verdict != Verdict::Owner {
        session.cleared = None;
    }
    speak(question, ground, presence, session);
}

/// A proof and a clearing of the same session: what is nearer to it holds; equals leave it open.
fn contradicted(question: &Question<'_>, presence: &Presence, session: &mut Session) -> Verdict {
    let decided = |verb| {
        question
            .rulings
            .iter()
            .filter(|ruling| ruling.decision.verb == verb)
            .filter(|ruling| match verb {
                Verb::Clear => clears(question, ruling, presence),
                _ => session.proven.as_ref().is_some_and(|proven| proven.basis.ids().contains(&ruling.id)),
            })
            .map(|ruling| weight(ruling.decision.on))
            .max()
    };
    let (confirmed, cleared) = (decided(Verb::Confirm).unwrap_or(2), decided(Verb::Clear).unwrap_or(0));
    match confirmed.cmp(&cleared) {
        std::cmp::Ordering::Greater => {
            session
                .because
                .push("proven, and what clears it names only a class or something further off".to_owned());
            session.against.push("a decision clears it among others".to_owned());
            Verdict::Intruder
        }
        std::cmp::Ordering::Less => {
            session.because.push("cleared by a decision that is nearer to it than what proves it".to_owned());
            session.against.push("a proof of the intruder's presence reaches it".to_owned());
            Verdict::Owner
        }
        std::cmp::Ordering::Equal => {
            session.against.push("one decision makes it the intruder's and another clears it".to_owned());
            Verdict::Undetermined
        }
    }
}

/// What else speaks for one or the other: said, and decides nothing.
fn speak(question: &Question<'_>, ground: &Ground<'_>, presence: &Presence, session: &mut Session) {
    let device = session.device.as_deref().and_then(HostName::of);
    let undetermined = session.verdict == Verdict::Undetermined;
    let mut against_owner = Vec::new();
    if let Some(device) = device.as_ref().filter(|device| ground.hosts.contains(*device)) {
        against_owner
            .push(format!("it comes from {}, where the intruder's presence is proven", device.as_str()));
    }
    if ground.suspects(question, &session.account) {
        against_owner.push("its account is decided to be the intruder's at some time".to_owned());
    }
    if session.address.as_deref().is_some_and(|address| ground.addresses.contains(address)) {
        against_owner.push("its address is decided to be the intruder's at some time".to_owned());
    }
    if device.is_none() && !session.account.is_machine() {
        against_owner.push("from which device it comes is not known".to_owned());
    }
    let own = registered(question, presence).is_some();
    if own && session.verdict != Verdict::Owner {
        session.against.push("it comes from a registered device of the account's own".to_owned());
    }
    match session.verdict {
        Verdict::Owner => session.against.extend(against_owner),
        _ => session.because.extend(against_owner),
    }
    if undetermined && session.because.is_empty() {
        session.because.push("no rule proves it and none clears it".to_owned());
    }
    if !session.opened {
        session.because.push("no record shows how it began".to_owned());
    }
}
