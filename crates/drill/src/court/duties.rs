//! For which documented reasons do people open things?
//!
//! Assignments cover the holdings of a matter, rotas those that somebody watches over in a week,
//! tickets single ones. Interpreters live on tickets for translation: they open the statements of
//! every matter, and each time there is a paper that says why.

use super::{
    AccountId, Court, Duty, DutyKind, Grant, Holder, HoldingId, Organ, Person, PersonId, Place, Role,
    SituationId,
};
use crate::chance::Dice;
use crate::moment::{DAY, HOUR, MINUTE, Moment};

/// The highest level: nobody is asked to work on it by ticket, except for protection.
const SECRET: &str = "secret_under_seal";

/// Writes assignments, rotas and tickets.
pub(super) fn give(court: &mut Court, dice: Dice) {
    let mut paper = Paper { duties: Vec::new(), rotas: 0, tickets: 4000 };
    assignments(court, &mut paper, &dice.branch(0));
    let shelves = Shelves::of(court);
    let mut extra = Vec::new();
    rotas(court, &mut paper, &shelves, &mut extra);
    for number in 0..court.people.len() {
        let person = PersonId(number as u32);
        tickets(court, &mut paper, &shelves, person, dice.branch(number as u64 + 1), &mut extra);
    }
    for (holding, grant) in extra {
        court.grants[holding.index()].push(grant);
    }
    court.duties = paper.duties;
}

struct Paper {
    duties: Vec<Duty>,
    rotas: u32,
    tickets: u32,
}

/// Holdings by what they are asked for.
struct Shelves {
    statements: Vec<HoldingId>,
    protection: Vec<HoldingId>,
    libraries: Vec<HoldingId>,
    folders: Vec<HoldingId>,
}

impl Shelves {
    fn of(court: &Court) -> Self {
        let with = |wanted: &dyn Fn(&super::Holding) -> bool| -> Vec<HoldingId> {
            let holdings = court.holdings.iter().enumerate();
            let known = holdings.filter(|(_, holding)| !holding.unregistered && wanted(holding));
            known.map(|(number, _)| HoldingId(number as u32)).collect()
        };
        let folder = |holding: &super::Holding| matches!(holding.place, Place::Folder { .. });
        Self {
            statements: with(&|h| folder(h) && h.content_types.contains(&"witness_statement")),
            protection: with(&|h| {
                h.content_types.iter().any(|t| matches!(*t, "protection_file" | "relocation_file"))
                    && folder(h)
            }),
            libraries: with(&|h| matches!(h.place, Place::Library { .. }) && h.organ == Organ::Registry),
            folders: with(&|h| folder(h) && h.confidentiality != SECRET),
        }
    }
}

/// From when to when a person is there, within a year before the drill and after it.
fn presence(court: &Court, person: &Person) -> (Moment, Moment) {
    let end = court.size.from + i64::from(court.size.days) * DAY;
    (person.joined.unwrap_or(court.size.from - 400 * DAY), person.left.unwrap_or(end + 180 * DAY))
}

fn assignments(court: &Court, paper: &mut Paper, dice: &Dice) {
    for (number, person) in court.people.iter().enumerate() {
        let mut dice = dice.branch(number as u64);
        let (there, gone) = presence(court, person);
        for (nth, matter) in person.situations.iter().enumerate() {
            let mut from = there + if person.joined.is_none() { dice.between(0, 300) * DAY } else { 0 };
            let mut to = gone;
            // Some come to a matter, or leave it, while the drill runs; the first stays.
            if nth > 0 && court.size.days >= 6 && dice.chance(15) {
                let turn = court.size.from + dice.between(1, i64::from(court.size.days) - 1) * DAY;
                if dice.chance(50) && turn > there {
                    from = turn;
                } else if turn < gone {
                    to = turn;
                }
            }
            paper.duties.push(Duty {
                key: format!("A-{:04}", paper.duties.len() + 1),
                kind: DutyKind::Assignment,
                person: PersonId(number as u32),
                holdings: Vec::new(),
                situation: Some(*matter),
                from,
                to,
                text: format!("Assigned to {}", court.situations[matter.index()].case_no),
            });
        }
    }
}

/// Each week one witness officer watches over all protection and relocation files, and one
/// registrar minds the filing desk.
fn rotas(court: &Court, paper: &mut Paper, shelves: &Shelves, extra: &mut Vec<(HoldingId, Grant)>) {
    let from = court.size.from;
    let monday = from - i64::from(from.weekday()) * DAY;
    let weeks = (i64::from(court.size.days) + i64::from(from.weekday())).div_euclid(7) + 1;
    for week in 0..weeks {
        let (begins, ends) = (monday + week * 7 * DAY, monday + (week + 1) * 7 * DAY);
        for (role, holdings, text) in [
            (Role::WitnessOfficer, &shelves.protection, "On call for witness protection"),
            (Role::Registrar, &shelves.libraries, "Filing desk"),
        ] {
            let there = |person: &Person| {
                let (joined, left) = presence(court, person);
                person.role == role && joined <= begins && left >= ends
            };
            let people = court.people.iter().enumerate().filter(|(_, person)| there(person));
            let free: Vec<usize> = people.map(|(number, _)| number).collect();
            let Some(number) = free.get(week as usize % free.len().max(1)) else { continue };
            let account = court.people[*number].account;
            let closed = holdings.iter().filter(|holding| !court.may_open(account, **holding, begins));
            extra.extend(closed.map(|holding| (*holding, for_a_while(account, begins, ends))));
            paper.rotas += 1;
            paper.duties.push(Duty {
                key: format!("R-{:04}", paper.rotas),
                kind: DutyKind::Rota,
                person: PersonId(*number as u32),
                holdings: holdings.clone(),
                situation: None,
                from: begins,
                to: ends,
                text: text.to_owned(),
            });
        }
    }
}

/// What somebody of that role is asked for: per mille of a ticket a working day, how many days
/// one is open, and what it says.
const fn asked(role: Role) -> (u64, i64, &'static str) {
    match role {
        Role::Interpreter => (1700, 6, "Translation"),
        Role::Registrar => (1200, 3, "Filing to process"),
        Role::Administrator => (350, 1, "Restore file"),
        Role::LegalOfficer => (90, 10, "Access request"),
        Role::Analyst | Role::Investigator => (70, 14, "Access request"),
        Role::WitnessOfficer => (60, 7, "Access request"),
        Role::Intern => (350, 5, "Summary requested by supervisor"),
        Role::Personnel | Role::Assistant | Role::Judge => (30, 5, "Access request"),
    }
}

fn tickets(
    court: &Court,
    paper: &mut Paper,
    shelves: &Shelves,
    id: PersonId,
    mut dice: Dice,
    extra: &mut Vec<(HoldingId, Grant)>,
) {
    let person = court.person(id);
    let (per_mille, open_days, text) = asked(person.role);
    // The first registrar has a desk that never empties.
    let busy = court.people.iter().position(|other| other.role == Role::Registrar) == Some(id.index());
    let per_mille = if busy { per_mille * 4 } else { per_mille };
    let (there, gone) = presence(court, person);
    for day in -3..i64::from(court.size.days) {
        let date = court.size.from + day * DAY;
        if date.weekday() > 4 || date < there || date >= gone {
            continue;
        }
        let count = per_mille / 1000 + u64::from(dice.per_mille(per_mille % 1000));
        for _ in 0..count {
            let Some(holding) = choose(court, shelves, person, &mut dice) else { continue };
            paper.tickets += 1;
            let from = date + 6 * HOUR + dice.between(0, 600) * MINUTE;
            let to = from + dice.between(1, open_days * 2) * DAY;
            paper.duties.push(ticket(court, paper.tickets, id, holding, (from, to.min(gone)), text));
            if !court.may_open(person.account, holding, from) {
                extra.push((holding, for_a_while(person.account, from, to.min(gone))));
            }
        }
    }
}

fn choose(court: &Court, shelves: &Shelves, person: &Person, dice: &mut Dice) -> Option<HoldingId> {
    let of_theirs = |list: &[HoldingId], dice: &mut Dice| -> Option<HoldingId> {
        let matter: &SituationId =
            person.situations.get(dice.below(person.situations.len().max(1) as u64) as usize)?;
        let theirs: Vec<HoldingId> =
            list.iter().copied().filter(|id| court.holding(*id).situation == Some(*matter)).collect();
        (!theirs.is_empty()).then(|| *dice.pick(&theirs))
    };
    let list = match person.role {
        Role::Interpreter => &shelves.statements,
        Role::Registrar => &shelves.libraries,
        Role::WitnessOfficer => &shelves.protection,
        Role::Intern => return of_theirs(&shelves.statements, dice),
        _ => &shelves.folders,
    };
    (!list.is_empty()).then(|| *dice.pick(list))
}

fn ticket(
    court: &Court,
    number: u32,
    person: PersonId,
    holding: HoldingId,
    (from, to): (Moment, Moment),
    text: &str,
) -> Duty {
    Duty {
        key: format!("T-{number:06}"),
        kind: DutyKind::Ticket,
        person,
        holdings: vec![holding],
        situation: court.holding(holding).situation,
        from,
        to,
        text: format!("{text}: {}", court.holding(holding).title),
    }
}

/// A right that is given by name, for as long as the rota or the ticket says.
fn for_a_while(account: AccountId, from: Moment, to: Moment) -> Grant {
    Grant { holder: Holder::Account(account), right: "read", from: Some(from), to: Some(to) }
}
