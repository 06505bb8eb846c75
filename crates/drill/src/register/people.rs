//! Who works there, with which accounts, rights and reasons?

use std::collections::BTreeSet;

use super::table::{Table, list, time, time_or_none};
use crate::court::{AccountId, AccountKind, Court, Duty, DutyKind, Person, holding_object};
use crate::moment::MINUTE;

/// `staff.csv`
pub(super) fn staff(court: &Court) -> String {
    let mut table = Table::new(&[
        "staff_id",
        "given_name",
        "family_name",
        "organ",
        "role",
        "accounts",
        "device",
        "joined",
        "left",
        "usual_address",
        "case_nos",
    ]);
    for person in &court.people {
        let cases = person.situations.iter().map(|matter| &court.situations[matter.index()].case_no);
        table.row(&[
            person.key.clone(),
            person.given.clone(),
            person.family.clone(),
            person.organ.code().to_owned(),
            person.role.name().to_owned(),
            list(accounts_of(person).map(|account| court.account(account).qualified())),
            court.host(person.device).name.clone(),
            time_or_none(person.joined),
            time_or_none(person.left),
            person.home_address.clone(),
            list(cases),
        ]);
    }
    table.done()
}

fn accounts_of(person: &Person) -> impl Iterator<Item = AccountId> {
    std::iter::once(person.account).chain(person.admin)
}

/// `trips.csv`
pub(super) fn trips(court: &Court) -> String {
    let mut table =
        Table::new(&["staff_id", "from", "to", "place", "country", "utc_offset_minutes", "address"]);
    for person in &court.people {
        for trip in &person.trips {
            table.row(&[
                person.key.as_str(),
                &time(trip.from),
                &time(trip.to),
                &trip.place,
                &trip.country,
                &(trip.offset / MINUTE).to_string(),
                &trip.address,
            ]);
        }
    }
    table.done()
}

/// `accounts.csv`: which of them are one person's, and where services belong.
pub(super) fn accounts(court: &Court) -> String {
    let mut table = Table::new(&["account", "upn", "sid", "object_id", "kind", "staff_id", "declared_host"]);
    for account in &court.accounts {
        let (kind, person, host) = match account.kind {
            AccountKind::Person(person) => ("person", Some(person), None),
            AccountKind::Administrator(person) => ("administrator", Some(person), None),
            AccountKind::Service(host) => ("service", None, Some(host)),
            AccountKind::Machine(host) => ("machine", None, Some(host)),
            AccountKind::WellKnown => ("well-known", None, None),
        };
        let [a, b, c, d] = court.domain_sid;
        let sid = match account.kind {
            AccountKind::WellKnown => format!("S-1-5-{}", account.rid),
            _ => format!("S-1-5-{a}-{b}-{c}-{d}-{}", account.rid),
        };
        table.row(&[
            account.qualified().as_str(),
            &account.upn,
            &sid,
            &account.object,
            kind,
            person.map(|person| court.person(person).key.as_str()).unwrap_or_default(),
            host.map(|host| court.host(host).name.as_str()).unwrap_or_default(),
        ]);
    }
    table.done()
}

/// `rights.csv`. Grants to holdings that the register does not know are left out with them.
pub(super) fn rights(court: &Court) -> String {
    let mut table = Table::new(&["principal", "right", "object", "via", "from", "to"]);
    let forgotten = forgotten(court);
    for right in court.rights.iter().filter(|right| !forgotten.contains(&right.object)) {
        let (from, to) = (time_or_none(right.from), time_or_none(right.to));
        table.row(&[right.principal.as_str(), right.right, &right.object, &right.via, &from, &to]);
    }
    table.done()
}

fn forgotten(court: &Court) -> BTreeSet<String> {
    let unknown = court.holdings.iter().filter(|holding| holding.unregistered);
    unknown.map(|holding| holding_object(court, holding)).collect()
}

/// `duties.csv`
pub(super) fn duties(court: &Court) -> String {
    let mut table =
        Table::new(&["duty_id", "kind", "staff_id", "account", "holdings", "case_no", "from", "to", "text"]);
    for duty in &court.duties {
        let person = court.person(duty.person);
        let matter = duty.situation.map(|matter| court.situations[matter.index()].case_no.as_str());
        table.row(&[
            duty.key.as_str(),
            word(duty),
            &person.key,
            &court.account(person.account).qualified(),
            &list(duty.holdings.iter().map(|holding| &court.holding(*holding).key)),
            matter.unwrap_or_default(),
            &time(duty.from),
            &time(duty.to),
            &duty.text,
        ]);
    }
    table.done()
}

const fn word(duty: &Duty) -> &'static str {
    match duty.kind {
        DutyKind::Assignment => "assignment",
        DutyKind::Rota => "rota",
        DutyKind::Ticket => "ticket",
    }
}
