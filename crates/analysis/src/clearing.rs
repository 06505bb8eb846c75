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
use assize_model::{Account, Basis, EventId, HostName, Session, Time};

use crate::facts::{self, Rule};
use crate::presences::Presence;
use crate::proof::{Proof, Question};
use crate::roster::Who;
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
    let kinds = &[On::Session, On::Event, On::Account, On::Host, On::Application, On::Address, On::Class];
    let clearings: Vec<Clearing<'_>> =
        of(question.rulings, Verb::Clear, kinds).map(|ruling| Clearing::of(question, ruling)).collect();
    let judge = |(place, presence): (usize, &Presence)| {
        let mut session = presence.session.clone();
        session.proven = proof.sessions.get(&place).cloned();
        session.cleared = by_decision(question, &clearings, presence)
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
fn by_decision(question: &Question<'_>, clearings: &[Clearing<'_>], presence: &Presence) -> Option<Cleared> {
    let place = Place::of(question, presence);
    let reaching = clearings.iter().filter(|clearing| clearing.reaches(presence, &place));
    let reaching = reaching.map(|clearing| clearing.ruling);
    let ruling = reaching.max_by_key(|ruling| weight(ruling.decision.on))?;
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

/// A decision that clears, with the names in it looked up once for all sessions.
struct Clearing<'a> {
    ruling: &'a Ruling,
    /// All of which it asks.
    asks: Vec<Asks>,
}

/// What a session must have to be reached.
enum Asks {
    Account(Who),
    Device(Option<HostName>),
    Host(Option<HostName>),
    Address(String),
    Client(String),
    Source(String),
    Opening(Option<EventId>),
    /// A word that no session has.
    Nothing,
}

/// Names in a session, looked up once for all decisions.
struct Place {
    who: Who,
    device: Option<HostName>,
    host: Option<HostName>,
}

impl Place {
    fn of(question: &Question<'_>, presence: &Presence) -> Self {
        let session = &presence.session;
        Self {
            who: question.roster.who(&session.account),
            device: session.device.as_deref().and_then(HostName::of),
            host: session.host.as_deref().and_then(HostName::of),
        }
    }
}

impl<'a> Clearing<'a> {
    fn of(question: &Question<'_>, ruling: &'a Ruling) -> Self {
        let account = |name: &str| Asks::Account(question.roster.who(&Account::of(name)));
        let of_class = |(key, value): (String, String)| match key.as_str() {
            "account" => account(&value),
            "device" => Asks::Device(HostName::of(&value)),
            "host" => Asks::Host(HostName::of(&value)),
            "address" => Asks::Address(value),
            "client" => Asks::Client(value),
            "source" => Asks::Source(value),
            _ => Asks::Nothing,
        };
        let asks = match ruling.decision.on {
            On::Session | On::Event => vec![Asks::Opening(ruling.event)],
            On::Account => vec![account(ruling.value())],
            On::Address => vec![Asks::Address(ruling.value().to_owned())],
            On::Host => vec![Asks::Device(ruling.host())],
            On::Application => vec![Asks::Client(ruling.value().to_owned())],
            On::Class => ruling.decision.class().into_iter().map(of_class).collect(),
            _ => Vec::new(),
        };
        Self { ruling, asks }
    }

    fn reaches(&self, presence: &Presence, place: &Place) -> bool {
        let session = &presence.session;
        let has = |asks: &Asks| match asks {
            Asks::Account(account) => account.is(&place.who),
            Asks::Device(named) => place.device.is_some() && place.device == *named,
            Asks::Host(named) => place.host == *named,
            Asks::Address(address) => session.address.as_deref() == Some(address.as_str()),
            Asks::Client(client) => session.client.as_deref() == Some(client.as_str()),
            Asks::Source(source) => presence.source == *source,
            Asks::Opening(event) => *event == Some(session.opening),
            Asks::Nothing => false,
        };
        !self.asks.is_empty() && self.asks.iter().all(has) && self.ruling.decision.holds_at(session.from)
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
                Verb::Clear => {
                    Clearing::of(question, ruling).reaches(presence, &Place::of(question, presence))
                }
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
