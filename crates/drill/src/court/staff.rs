//! Who works there, how, and with which accounts?

use std::collections::BTreeSet;

use super::{
    Account, AccountId, AccountKind, Court, Habits, HostId, HostKind, Organ, Person, PersonId, Role,
    SituationId, Trip, names,
};
use crate::chance::Dice;
use crate::moment::{DAY, HOUR, MINUTE, Moment, Span};

/// The first that are hired: a court cannot do without them.
const FIRST: [Role; 12] = [
    Role::Judge,
    Role::WitnessOfficer,
    Role::Registrar,
    Role::Interpreter,
    Role::Administrator,
    Role::Investigator,
    Role::LegalOfficer,
    Role::Intern,
    Role::Intern,
    Role::Analyst,
    Role::Personnel,
    Role::WitnessOfficer,
];

/// Of a thousand people, so many do that.
const PER_MILLE: [(Role, u32); 11] = [
    (Role::Judge, 25),
    (Role::LegalOfficer, 155),
    (Role::Investigator, 160),
    (Role::Analyst, 115),
    (Role::WitnessOfficer, 95),
    (Role::Registrar, 115),
    (Role::Interpreter, 100),
    (Role::Intern, 70),
    (Role::Administrator, 50),
    (Role::Personnel, 35),
    (Role::Assistant, 80),
];

/// Fills the staff register. Accounts and devices follow when there are any.
pub(super) fn hire(court: &mut Court, dice: Dice) {
    let mut roles = roles(court.size.staff);
    dice.branch(0).shuffle(&mut roles);
    let mut taken = BTreeSet::new();
    let mut seen = [0_usize; PER_MILLE.len()];
    for (number, role) in roles.into_iter().enumerate() {
        let mut dice = dice.branch(number as u64 + 1);
        let slot = PER_MILLE.iter().position(|(other, _)| *other == role).unwrap_or(0);
        let organ = organ(role, seen[slot]);
        seen[slot] += 1;
        let (given, family) = unused_name(&mut dice, &mut taken);
        court.people.push(Person {
            key: format!("S-{:04}", number + 1),
            given,
            family,
            organ,
            role,
            account: AccountId(0),
            admin: None,
            device: HostId(0),
            joined: None,
            left: None,
            situations: Vec::new(),
            habits: habits(&mut dice, role),
            trips: Vec::new(),
            home_address: home_address(number),
        });
    }
    come_and_go(court, dice.branch(1 << 32));
    travel(court, &dice.branch(1 << 33));
}

/// The indispensable ones, then whoever is missing most.
fn roles(staff: u32) -> Vec<Role> {
    let mut roles: Vec<Role> = FIRST.into_iter().take(staff as usize).collect();
    let mut counts = PER_MILLE.map(|(role, _)| roles.iter().filter(|other| **other == role).count() as i64);
    while roles.len() < staff as usize {
        let missing = |slot: usize| i64::from(PER_MILLE[slot].1) * i64::from(staff) - 1000 * counts[slot];
        let slot = (0..PER_MILLE.len()).max_by_key(|slot| (missing(*slot), *slot)).unwrap_or(0);
        counts[slot] += 1;
        roles.push(PER_MILLE[slot].0);
    }
    roles
}

/// Where the nth of a role works.
fn organ(role: Role, nth: usize) -> Organ {
    let choices: &[Organ] = match role {
        Role::Judge => &[Organ::Presidency, Organ::Chambers, Organ::Chambers, Organ::Chambers],
        Role::LegalOfficer => &[
            Organ::Prosecutor,
            Organ::Chambers,
            Organ::VictimsParticipation,
            Organ::Registry,
            Organ::DefenceCounsel,
            Organ::Chambers,
            Organ::Prosecutor,
        ],
        Role::Investigator | Role::Analyst => &[Organ::Prosecutor],
        Role::WitnessOfficer => &[Organ::WitnessSection],
        Role::Registrar | Role::Interpreter => &[Organ::Registry],
        // The first is a junior analyst, which is what infiltrators apply for.
        Role::Intern => &[Organ::Prosecutor, Organ::Registry, Organ::Chambers, Organ::VictimsParticipation],
        Role::Administrator => &[Organ::InformationTechnology],
        Role::Personnel => &[Organ::HumanResources],
        Role::Assistant => {
            &[Organ::Presidency, Organ::Chambers, Organ::Prosecutor, Organ::Registry, Organ::HumanResources]
        }
    };
    choices[nth % choices.len()]
}

fn unused_name(dice: &mut Dice, taken: &mut BTreeSet<String>) -> (String, String) {
    loop {
        let (given, family) = names::staff(dice);
        if taken.insert(format!("{given} {family}")) {
            return (given, family);
        }
    }
}

fn habits(dice: &mut Dice, role: Role) -> Habits {
    // Acts an hour, percent at home, days of a thousand with late work.
    let (tempo, home, late) = match role {
        Role::Judge => (14, 25, 60),
        Role::LegalOfficer => (26, 30, 40),
        Role::Investigator => (24, 20, 50),
        Role::Analyst => (34, 20, 25),
        Role::WitnessOfficer => (22, 5, 35),
        Role::Registrar => (48, 15, 10),
        Role::Interpreter => (20, 45, 30),
        Role::Intern => (18, 0, 15),
        Role::Administrator => (30, 20, 60),
        Role::Personnel => (22, 20, 5),
        Role::Assistant => (28, 15, 5),
    };
    let begins = dice.between(7 * 60 + 30, 9 * 60 + 40) as u16;
    Habits {
        begins,
        ends: begins + dice.between(8 * 60, 9 * 60 + 45) as u16,
        tempo: (tempo * dice.between(70, 140) / 100) as u16,
        home_percent: (home * dice.between(0, 160) / 100) as u8,
        late_per_mille: (late * dice.between(20, 200) / 100) as u16,
        mistypes: dice.between(1, 6) as u8,
    }
}

/// Lines at home lie in 192.0.2.64/26 and 203.0.113.128/25; in a large court several people are
/// behind one address, as customers of one provider are.
fn home_address(number: usize) -> String {
    match number % 189 {
        low @ 0..127 => format!("203.0.113.{}", low + 128),
        high => format!("192.0.2.{}", high - 127 + 64),
    }
}

/// A few join, a few leave; nobody who is alone in a role. Interns come for half a year, so one
/// of them is new.
fn come_and_go(court: &mut Court, mut dice: Dice) {
    let days = i64::from(court.size.days);
    if days < 5 || court.people.len() < 12 {
        return;
    }
    let from = court.size.from;
    let day = |number: i64| from + number.clamp(1, days - 1) * DAY;
    if let Some(intern) = court.people.iter_mut().filter(|person| person.role == Role::Intern).nth(1) {
        intern.joined = Some(day(days / 6));
    }
    let share = (court.people.len() / 30).max(1);
    let mut many: Vec<usize> = (0..court.people.len())
        .filter(|at| {
            let person = &court.people[*at];
            let common =
                !matches!(person.role, Role::Intern | Role::Interpreter | Role::Judge | Role::Administrator);
            common && court.people.iter().filter(|other| other.role == person.role).count() > 2
        })
        .collect();
    dice.shuffle(&mut many);
    for at in many.iter().take(share) {
        court.people[*at].left = Some(day(days / 2 + dice.between(0, days / 2)));
    }
    for at in many.iter().skip(share).take(share) {
        court.people[*at].joined = Some(day(dice.between(1, days / 2)));
    }
}

struct Destination(&'static str, &'static str, Span, u8);

/// Where missions go, with country, offset (none of them has summer time) and the first of
/// sixteen addresses in 198.51.100.64 to .255.
const DESTINATIONS: [Destination; 12] = [
    Destination("Nairobi", "KE", 3 * HOUR, 64),
    Destination("Tbilisi", "GE", 4 * HOUR, 80),
    Destination("Addis Ababa", "ET", 3 * HOUR, 96),
    Destination("Bogotá", "CO", -5 * HOUR, 112),
    Destination("Dakar", "SN", 0, 128),
    Destination("Kinshasa", "CD", HOUR, 144),
    Destination("Dhaka", "BD", 6 * HOUR, 160),
    Destination("Almaty", "KZ", 5 * HOUR, 176),
    Destination("Tokyo", "JP", 9 * HOUR, 192),
    Destination("Amman", "JO", 3 * HOUR, 208),
    Destination("Kathmandu", "NP", 5 * HOUR + 45 * MINUTE, 224),
    Destination("Istanbul", "TR", 3 * HOUR, 240),
];

/// Journeys; in any court with time for one, at least one person is away.
fn travel(court: &mut Court, dice: &Dice) {
    let (from, days) = (court.size.from, i64::from(court.size.days));
    if days < 3 {
        return;
    }
    let mut nobody_yet = true;
    for (number, person) in court.people.iter_mut().enumerate() {
        let mut dice = dice.branch(number as u64);
        let per_mille_a_day = match person.role {
            Role::Investigator => 14,
            Role::WitnessOfficer => 9,
            Role::Interpreter => 7,
            Role::Judge | Role::LegalOfficer | Role::Registrar => 4,
            Role::Analyst | Role::Administrator => 2,
            Role::Intern | Role::Personnel | Role::Assistant => 0,
        };
        let must = nobody_yet
            && person.role == Role::Investigator
            && person.joined.is_none()
            && person.left.is_none();
        let mut day = if must { dice.between(0, (days - 3).min(5)) } else { 0 };
        while day < days - 2 {
            if must && person.trips.is_empty() || dice.per_mille(per_mille_a_day) {
                let trip = trip(&mut dice, from + day * DAY, (days - day - 1).min(9));
                day += 14;
                if at_work(person, &trip) {
                    nobody_yet = false;
                    person.trips.push(trip);
                }
            }
            day += 1;
        }
    }
}

fn at_work(person: &Person, trip: &Trip) -> bool {
    person.joined.is_none_or(|joined| trip.from > joined) && person.left.is_none_or(|left| trip.to < left)
}

fn trip(dice: &mut Dice, day: Moment, length_max: i64) -> Trip {
    let Destination(place, country, offset, first) = *dice.pick(&DESTINATIONS);
    let from = day + dice.between(5, 14) * HOUR;
    Trip {
        from,
        to: from + dice.between(2, length_max.max(2)) * DAY - dice.between(0, 4) * HOUR,
        place: place.to_owned(),
        country: country.to_owned(),
        offset,
        // The last address of all is the range's broadcast address.
        address: format!("198.51.100.{}", i64::from(first) + dice.between(0, 14)),
    }
}

/// Accounts of Windows itself, of the directory, of people, services and machines, in this order.
pub(super) fn issue_accounts(court: &mut Court, mut dice: Dice) {
    for (name, rid) in [("SYSTEM", 18), ("LOCAL SERVICE", 19), ("NETWORK SERVICE", 20)] {
        let domain = String::from("NT AUTHORITY");
        let (upn, object) = (String::new(), String::new());
        court.accounts.push(Account {
            name: name.to_owned(),
            domain,
            upn,
            rid,
            object,
            kind: AccountKind::WellKnown,
        });
    }
    let controller = court.first(HostKind::DomainController);
    register(court, String::from("krbtgt"), AccountKind::Service(controller), 502, String::new());
    let mut rid = 1103;
    people(court, &mut dice, &mut rid);
    services(court, &mut dice, &mut rid);
    machines(court, &mut rid);
}

fn register(court: &mut Court, name: String, kind: AccountKind, rid: u32, object: String) -> AccountId {
    let id = AccountId(court.accounts.len() as u32);
    let upn = match kind {
        AccountKind::Machine(_) | AccountKind::WellKnown => String::new(),
        // The key of all tickets is an account, but nobody's.
        AccountKind::Service(_) if name == "krbtgt" => String::new(),
        _ => format!("{name}@{}", court.domain).to_lowercase(),
    };
    court.accounts.push(Account { name, domain: court.netbios.clone(), upn, rid, object, kind });
    id
}

fn people(court: &mut Court, dice: &mut Dice, rid: &mut u32) {
    let mut taken = BTreeSet::new();
    for number in 0..court.people.len() {
        let person = &court.people[number];
        let base = format!("{}.{}", &person.given[..1], person.family).to_lowercase();
        let name = (1..)
            .map(|nth| if nth == 1 { base.clone() } else { format!("{base}{nth}") })
            .find(|name| taken.insert(name.clone()))
            .unwrap_or(base);
        let administers = person.role == Role::Administrator;
        let id = PersonId(number as u32);
        *rid += 1;
        let account = register(court, name.clone(), AccountKind::Person(id), *rid, dice.uuid());
        court.people[number].account = account;
        if administers {
            *rid += 1;
            let name = format!("adm-{name}");
            // Administrative accounts are not synchronised: that is what they are for.
            let admin = register(court, name, AccountKind::Administrator(id), *rid, String::new());
            court.people[number].admin = Some(admin);
        }
    }
}

fn services(court: &mut Court, dice: &mut Dice, rid: &mut u32) {
    let sync = format!("MSOL_{}", dice.hex(12));
    for (name, kind) in [
        ("svc-backup", HostKind::Backup),
        ("svc-dms", HostKind::Documents),
        ("svc-sqlreg", HostKind::FileServer),
        ("svc-scan", HostKind::Monitor),
        (sync.as_str(), HostKind::DomainController),
    ] {
        *rid += 1;
        let host = court.first(kind);
        register(court, name.to_owned(), AccountKind::Service(host), *rid, String::new());
    }
}

fn machines(court: &mut Court, rid: &mut u32) {
    for number in 0..court.hosts.len() {
        if !court.hosts[number].is_windows() {
            continue;
        }
        *rid += 1;
        let (name, host) = (format!("{}$", court.hosts[number].name), HostId(number as u32));
        court.hosts[number].account =
            Some(register(court, name, AccountKind::Machine(host), *rid, String::new()));
    }
}

/// Gives people their matters. Everybody who works on matters has one at least, interns one alone.
pub(super) fn assign(court: &mut Court, dice: Dice) {
    let matters = court.situations.len() as u64;
    for number in 0..court.people.len() {
        let mut dice = dice.branch(number as u64);
        let count = match court.people[number].role {
            Role::Administrator | Role::Personnel | Role::Assistant => 0,
            Role::Intern => 1,
            Role::Investigator | Role::Analyst | Role::Judge => dice.between(1, 2),
            Role::LegalOfficer | Role::WitnessOfficer | Role::Interpreter => dice.between(1, 3),
            Role::Registrar => dice.between(2, 3),
        };
        let mut theirs: Vec<SituationId> = Vec::new();
        // Going round from a first one leaves no matter without people.
        let first = number as u64 + dice.below(2);
        for step in 0..count as u64 {
            let matter = SituationId(((first + step * dice.between(1, 3).unsigned_abs()) % matters) as u32);
            if !theirs.contains(&matter) {
                theirs.push(matter);
            }
        }
        theirs.sort();
        court.people[number].situations = theirs;
    }
}
