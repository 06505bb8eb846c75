//! What contradicts itself in a register, and what would each missing file change?

use std::collections::{BTreeMap, BTreeSet};

use assize_model::Register;
use serde::Serialize;

use super::Complaint;

/// A file that is not there, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What it is called.
    pub file: &'static str,
    /// Whether an answer can begin without it.
    pub needed: bool,
    /// What it would change.
    pub would: &'static str,
}

/// Whether a table is there.
type There = fn(&Register) -> bool;

/// Every table, whether it is one of the five of the beginning, and what its absence costs.
const TABLES: &[(&str, bool, There, &str)] = &[
    (
        "holdings",
        true,
        |r| !r.holdings.is_empty(),
        "without it no answer names a holding: all that was touched is unregistered",
    ),
    (
        "items",
        true,
        |r| !r.items.is_empty(),
        "without it answers are per holding: one opened record leaves every record of its holding not excluded",
    ),
    (
        "subjects",
        true,
        |r| !r.subjects.is_empty(),
        "without it nobody can be contacted: no answer per subject, no danger band",
    ),
    (
        "staff",
        true,
        |r| !r.staff.is_empty(),
        "without it no session is known to be at its owner's own device or usual address, so few are cleared",
    ),
    (
        "rights",
        true,
        |r| !r.rights.is_empty(),
        "without it everybody is taken to reach everything: no path is closed by rights",
    ),
    (
        "holding_subjects",
        false,
        |r| !r.holding_subjects.is_empty(),
        "without it bands do not know which data of somebody lies where: every kind of data is taken to be there",
    ),
    (
        "devices",
        false,
        |r| !r.devices.is_empty(),
        "without it no device is known as the institution's own: every client counts as outside for the upper bound",
    ),
    (
        "accounts",
        false,
        |r| !r.accounts.is_empty(),
        "without it accounts of one person are joined by evidence alone, and services have no declared machine",
    ),
    (
        "planes",
        false,
        |r| !r.planes.is_empty(),
        "without it nobody knows what holds what: a plane that is not named is a path that cannot be closed, and is printed as an assumption",
    ),
    (
        "log_sources",
        false,
        |r| !r.log_sources.is_empty(),
        "without it a log that should exist and was not collected is not missed",
    ),
    ("duties", false, |r| !r.duties.is_empty(), "without it no access is explained by a documented reason"),
    (
        "trips",
        false,
        |r| !r.trips.is_empty(),
        "without it sessions from journeys look like an intruder's and stay undetermined",
    ),
    ("situations", false, |r| !r.situations.is_empty(), "without it answers are not grouped by matter"),
];

/// Tables that are not there.
#[must_use]
pub fn missing(register: &Register) -> Vec<Missing> {
    let absent = TABLES.iter().filter(|(_, _, there, _)| !there(register));
    absent.map(|(file, needed, _, would)| Missing { file, needed: *needed, would }).collect()
}

/// Rows that name what is not there, or say what another denies.
#[must_use]
pub fn contradictions(register: &Register) -> Vec<Complaint> {
    let mut found = Vec::new();
    references(register, &mut found);
    counts(register, &mut found);
    shared_places(register, &mut found);
    found.sort();
    found
}

/// Rows were sorted by then, so a complaint names the row's key and not its line.
fn told(found: &mut Vec<Complaint>, file: &str, column: &str, problem: String) {
    found.push(Complaint { file: file.to_owned(), row: 0, column: column.to_owned(), problem });
}

fn references(register: &Register, found: &mut Vec<Complaint>) {
    let holdings: BTreeSet<&str> = register.holdings.iter().map(|holding| holding.key.as_str()).collect();
    let subjects: BTreeSet<&str> = register.subjects.iter().map(|subject| subject.key.as_str()).collect();
    let staff: BTreeSet<&str> = register.staff.iter().map(|staff| staff.key.as_str()).collect();
    for item in &register.items {
        if !holdings.contains(item.holding.as_str()) {
            told(
                found,
                "items",
                "holding_id",
                format!("{}: no holding of that key; the item belongs to none", item.key),
            );
        }
        if !subjects.is_empty() && item.subjects.iter().any(|key| !subjects.contains(key.as_str())) {
            told(
                found,
                "items",
                "subjects",
                format!("{}: a subject that no row knows; he gets no answer", item.key),
            );
        }
    }
    for holding in &register.holdings {
        let named = holding.parent.iter().chain(&holding.copies_of);
        if named.into_iter().any(|key| !holdings.contains(key.as_str())) {
            told(
                found,
                "holdings",
                "parent",
                format!("{}: part or copy of a holding that no row knows", holding.key),
            );
        }
        if !subjects.is_empty()
            && holding.entrusted_by.iter().any(|entrusted| !subjects.contains(entrusted.party.as_str()))
        {
            told(
                found,
                "holdings",
                "entrusted_by",
                format!("{}: entrusted by somebody whom no row knows", holding.key),
            );
        }
        if holding.locators.is_empty() {
            told(
                found,
                "holdings",
                "locators",
                format!("{}: lies nowhere; no access to it can be seen", holding.key),
            );
        }
    }
    for row in &register.holding_subjects {
        if !holdings.contains(row.holding.as_str()) || !subjects.contains(row.subject.as_str()) {
            let problem = format!("{} in {}: one of them has no row", row.subject, row.holding);
            told(found, "holding_subjects", "", problem);
        }
    }
    for account in register.accounts.iter().filter(|account| !account.staff.is_empty() && !staff.is_empty()) {
        if !staff.contains(account.staff.as_str()) {
            told(found, "accounts", "staff_id", format!("{}: nobody of that key", account.account));
        }
    }
}

/// A holding that states how many records it has, against the records that are listed.
fn counts(register: &Register, found: &mut Vec<Complaint>) {
    let mut listed: BTreeMap<&str, u64> = BTreeMap::new();
    register.items.iter().for_each(|item| *listed.entry(item.holding.as_str()).or_default() += 1);
    for holding in &register.holdings {
        let listed = listed.get(holding.key.as_str()).copied().unwrap_or_default();
        let exact = holding.record_count_kind == "exact" && !register.items.is_empty();
        if let Some(stated) = holding.record_count.filter(|stated| exact && *stated != listed) {
            let problem = format!(
                "{}: says {stated} records, {listed} are listed; the others have no answer",
                holding.key
            );
            told(found, "holdings", "record_count", problem);
        }
    }
}

/// Two holdings at one place.
fn shared_places(register: &Register, found: &mut Vec<Complaint>) {
    let mut places: Vec<(String, &str)> = register
        .holdings
        .iter()
        .flat_map(|holding| {
            holding
                .locators
                .iter()
                .map(|place| (crate::places::form(&place.text, None), holding.key.as_str()))
        })
        .collect();
    places.sort();
    for pair in places.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1) {
        let problem =
            format!("{} and {} lie at one place; an access there is an access to both", pair[0].1, pair[1].1);
        told(found, "holdings", "locators", problem);
    }
}
