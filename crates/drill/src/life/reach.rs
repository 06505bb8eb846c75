//! Which records does somebody's work lead to, and when?
//!
//! From assignments, the own organ, and tickets: the documented reasons that explain most
//! accesses. Rights are wider than this; curiosity is the story's business.

use crate::court::{Court, DutyKind, HoldingId, PersonId, Place, Role};
use crate::moment::Moment;

/// What one person uses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// Folders of everyday work.
    pub(crate) folders: Vec<HoldingId>,
    /// Libraries of everyday work.
    pub(crate) libraries: Vec<HoldingId>,
    /// Folders of the own mailbox that are registered.
    pub(crate) mail: Vec<HoldingId>,
    /// By ticket or rota, in an interval.
    pub(crate) by_ticket: Vec<(HoldingId, Moment, Moment)>,
}

impl Reach {
    /// The tickets that stand at a moment.
    pub(crate) fn tickets_at(&self, at: Moment) -> impl Iterator<Item = HoldingId> {
        self.by_ticket.iter().filter(move |(_, from, to)| (*from..*to).contains(&at)).map(|(id, ..)| *id)
    }
}

/// Of all people, in their order.
pub(super) fn of_everyone(court: &Court) -> Vec<Reach> {
    let mut all: Vec<_> = (0..court.people.len() as u32).map(|id| of(court, PersonId(id))).collect();
    for duty in court.duties.iter().filter(|duty| duty.kind != DutyKind::Assignment) {
        let reach = &mut all[duty.person.index()];
        reach.by_ticket.extend(duty.holdings.iter().map(|holding| (*holding, duty.from, duty.to)));
    }
    all
}

fn of(court: &Court, id: PersonId) -> Reach {
    let person = court.person(id);
    let mut reach = Reach::default();
    for (number, holding) in court.holdings.iter().enumerate() {
        let number = HoldingId(number as u32);
        let assigned = holding.situation.is_some_and(|situation| person.situations.contains(&situation));
        let of_organ = holding.organ == person.organ;
        let public = holding.confidentiality == "public";
        // Protected material is for the section that keeps it and for those with a ticket.
        let guarded = holding.confidentiality == "secret_under_seal" && !of_organ;
        let hers = match &holding.place {
            Place::Mailbox { account, .. } => *account == person.account,
            _ if person.role == Role::Administrator => public || of_organ,
            _ => public || (!guarded && assigned) || (of_organ && holding.situation.is_none()),
        };
        if hers {
            match holding.place {
                Place::Folder { .. } => reach.folders.push(number),
                Place::Library { .. } => reach.libraries.push(number),
                Place::Mailbox { .. } => reach.mail.push(number),
            }
        }
    }
    reach
}
