//! How is a court made from a seed?
//!
//! In the order in which one thing needs another: people, their machines, accounts, matters,
//! groups, whose data there is, what is held, who may do what, and for which reasons. Every part
//! throws dice of its own name.

use super::{Court, Size, cases, duties, holdings, hosts, rights, staff};
use crate::chance::Dice;

impl Court {
    /// A court of that size; sizes below the least are raised to it.
    #[must_use]
    pub fn found(seed: u64, size: &Size) -> Self {
        let mut court = empty(seed, size);
        staff::hire(&mut court, Dice::new(seed, "staff"));
        hosts::rack(&mut court, Dice::new(seed, "hosts"));
        staff::issue_accounts(&mut court, Dice::new(seed, "accounts"));
        cases::open(&mut court, Dice::new(seed, "situations"));
        staff::assign(&mut court, Dice::new(seed, "assignments"));
        rights::form_groups(&mut court);
        cases::enrol_subjects(&mut court, Dice::new(seed, "subjects"));
        holdings::fill(&mut court, Dice::new(seed, "holdings"));
        duties::give(&mut court, Dice::new(seed, "duties"));
        rights::write_down(&mut court);
        court
    }
}

fn empty(seed: u64, size: &Size) -> Court {
    let mut dice = Dice::new(seed, "directory");
    let part = |dice: &mut Dice| dice.between(100_000_000, 4_000_000_000) as u32;
    Court {
        seed,
        size: Size {
            staff: size.staff.max(8),
            days: size.days.max(1),
            hosts: size.hosts.max(12),
            from: size.from.midnight(),
        },
        domain: String::from("court.example"),
        netbios: String::from("COURT"),
        domain_sid: [21, part(&mut dice), part(&mut dice), part(&mut dice)],
        tenant: dice.uuid(),
        people: Vec::new(),
        accounts: Vec::new(),
        hosts: Vec::new(),
        groups: Vec::new(),
        shares: Vec::new(),
        situations: Vec::new(),
        holdings: Vec::new(),
        items: Vec::new(),
        subjects: Vec::new(),
        grants: Vec::new(),
        rights: Vec::new(),
        duties: Vec::new(),
    }
}
