//! What does the intruder have by now, and what does it make of it?
//!
//! The state that moves share: the machine it sits on, stolen accounts, what it took and sent. A
//! step is written into the truth before its acts happen, so that they carry its number.

use std::rc::Rc;

use super::{ActorKind, Do, Scenario, holdings_with};
use crate::act::{Deed, Process, Session};
use crate::chance::Dice;
use crate::court::{AccountId, Court, HoldingId, HostId, ItemId, PersonId, Place, Role};
use crate::moment::{HOUR, MINUTE, MS, Moment, SECOND};
use crate::truth::{Grade, Step, host_name};
use crate::world::{Outside, World};

/// Assumptions of clearing rules and exclusions that a world can break, as analysis prints them.
pub(crate) const ASSUMPTIONS: [&str; 4] =
    ["own-registered-device", "declared-service-host", "no-unregistered-copies", "no-physical-access"];

/// What a responder learns of a session or thing that is the intruder's, for the brief.
pub(crate) enum Known {
    /// An address from which it came, since when.
    Address(String, Moment),
    /// A step whose trace shows it beyond doubt.
    Step(u32),
}

/// The intruder.
pub(crate) struct Intruder<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) incident: String,
    pub(super) dice: Dice,
    /// The moment of the next move.
    pub(super) at: Moment,
    /// Through whom it comes; the insider himself.
    pub(super) victim: PersonId,
    /// Others through whom it could come.
    pub(super) candidates: Vec<PersonId>,
    /// An innocent one, whose moves leave no truth.
    pub(super) innocent: bool,
    /// The machine on which its program runs.
    pub(super) foothold: Option<HostId>,
    /// Its program starts with the machine.
    pub(super) persisted: bool,
    /// An administrator's account.
    pub(super) admin: Option<AccountId>,
    /// The session that it has at the cloud.
    pub(super) cloud: Option<Rc<Session>>,
    /// Its tunnel, and until when it stands.
    pub(super) tunnel: Option<(Rc<Session>, String, Moment)>,
    /// Bodies of records that it is after, in its order.
    pub(super) wanted: Vec<HoldingId>,
    /// Those that it has found.
    pub(super) found: Vec<HoldingId>,
    /// What lies in its archive, and how much of that is sent.
    pub(super) staged: Vec<ItemId>,
    pub(super) sent: usize,
    /// It comes through the victim's own device.
    pub(super) through_device: bool,
    /// What responders will know.
    pub(crate) known: Vec<Known>,
    /// Machines under its control, since when.
    pub(super) controlled: Vec<(HostId, Moment)>,
    broken: Vec<&'static str>,
}

impl<'s> Intruder<'s> {
    pub(super) fn new(court: &Court, scenario: &'s Scenario, mut dice: Dice) -> Self {
        let wanted = holdings_with(court, &scenario.target.content, &mut dice);
        let candidates = candidates(court, scenario, &mut dice);
        Self {
            scenario,
            incident: format!("{}-1", scenario.id),
            at: court.size.from,
            victim: candidates[0],
            candidates,
            innocent: false,
            foothold: None,
            persisted: false,
            admin: None,
            cloud: None,
            tunnel: None,
            wanted,
            found: Vec::new(),
            staged: Vec::new(),
            sent: 0,
            through_device: false,
            known: Vec::new(),
            controlled: Vec::new(),
            broken: Vec::new(),
            dice,
        }
    }

    /// Somebody who does the same kind of thing for reasons of his own.
    pub(super) fn bystander(like: &Self, person: PersonId, dice: Dice) -> Self {
        Self {
            scenario: like.scenario,
            incident: String::new(),
            dice,
            at: like.at,
            victim: person,
            candidates: vec![person],
            innocent: true,
            foothold: None,
            persisted: false,
            admin: None,
            cloud: None,
            tunnel: None,
            wanted: like.wanted.clone(),
            found: Vec::new(),
            staged: Vec::new(),
            sent: 0,
            through_device: false,
            known: Vec::new(),
            controlled: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// Chooses which assumptions do not hold in this world.
    pub(super) fn break_worlds(&mut self, dice: &mut Dice) {
        for assumption in ASSUMPTIONS {
            let percent = self.scenario.breaks.get(assumption).copied().unwrap_or(0);
            if dice.chance(percent) {
                self.broken.push(assumption);
            }
        }
        self.through_device = self.broken.contains(&"own-registered-device");
    }

    /// The insider, whose sessions are all the intruder's.
    pub(crate) fn insider(&self) -> Option<PersonId> {
        (self.scenario.actor.kind == ActorKind::Intern).then_some(self.victim)
    }

    /// Is there an intruder at all?
    pub(crate) fn exists(&self) -> bool {
        self.scenario.actor.kind != ActorKind::Nobody
    }

    /// The machines that it had under control, since when.
    pub(crate) fn had_control_of(&self) -> impl Iterator<Item = (HostId, Moment)> {
        self.controlled.iter().copied()
    }

    /// Through whom it came; the insider himself.
    pub(crate) fn came_through(&self) -> PersonId {
        self.victim
    }

    /// One visit: move after move.
    pub(super) fn visit(&mut self, world: &mut World<'_>, begins: Moment, moves: &[&(&str, Do)]) {
        self.at = begins;
        if self.innocent || self.insider().is_some() {
            self.at = self.within_working_hours(world, begins);
        }
        for (_, one) in moves {
            one(self, world);
            world.step = None;
            self.pause();
        }
        self.hang_up(world);
    }

    /// Who is on the staff does it at the own desk, with hours of the day left for it.
    fn within_working_hours(&self, world: &World<'_>, at: Moment) -> Moment {
        let person = world.court.person(self.victim);
        match world.console_today(person.device, person.account) {
            Some((console, until)) => at.min(until - 2 * HOUR).max(console.opened + 10 * MINUTE),
            None => at,
        }
    }

    /// The end of a visit: what stands open is closed.
    fn hang_up(&mut self, world: &mut World<'_>) {
        if let Some((session, inside, until)) = self.tunnel.take() {
            let at = self.at.max(until);
            let deed =
                Deed::TunnelDown { inside: inside.as_str().into(), received: 4_100_000, sent: 38_500_000 };
            world.add(at, session.host, &session, deed);
            world.vanish(at, &session);
        }
        if let Some(session) = self.cloud.take() {
            world.vanish(self.at, &session);
        }
    }

    /// Time passes between two moves.
    pub(super) fn pause(&mut self) {
        let [from, to] = self.scenario.actor.pace_minutes;
        self.at = self.at + self.dice.between(from, to) * MINUTE + self.dice.between(0, 59_999) * MS;
    }

    /// A little time passes within a move.
    pub(super) fn moment(&mut self) -> Moment {
        self.at = self.at + self.dice.between(2, 45) * SECOND + self.dice.between(0, 999) * MS;
        self.at
    }

    /// A step begins: its acts, until the next, carry its number.
    pub(super) fn step(
        &mut self,
        world: &mut World<'_>,
        technique: &str,
        host: HostId,
        account: AccountId,
        succeeded: bool,
    ) -> Option<u32> {
        if self.innocent {
            return None;
        }
        let court = world.court;
        let account = match court.host(host).kind {
            crate::court::HostKind::Cloud => court.account(account).upn.clone(),
            _ => court.account(account).qualified(),
        };
        let number = world.truth.step(Step {
            incident: self.incident.clone(),
            time: self.at,
            technique: technique.to_owned(),
            host: host_name(court, host),
            account,
            succeeded,
        });
        world.step = Some(number);
        Some(number)
    }

    /// Whether an account gets into a body of records: by its rights, or as an administrator of
    /// what the records lie on.
    pub(super) fn gets_into(&self, court: &Court, account: AccountId, holding: HoldingId) -> bool {
        self.admin == Some(account) || court.may_open(account, holding, self.at)
    }

    /// A record was reached.
    pub(super) fn reached(&self, world: &mut World<'_>, item: ItemId, grade: Grade, at: Moment) {
        if !self.innocent {
            let bytes = if grade == Grade::Listed { 0 } else { world.court.item(item).bytes };
            world.truth.reached(&self.incident, item, grade, at, bytes);
        }
    }

    /// The names of a folder's or library's records were shown.
    pub(super) fn listed(&self, world: &mut World<'_>, holding: HoldingId, at: Moment) {
        for item in world.court.items_of(holding) {
            self.reached(world, item, Grade::Listed, at);
        }
    }

    /// Those of some records that it takes a look at: the others are passed over.
    pub(super) fn take_of(&mut self, court: &Court, holding: HoldingId) -> Vec<ItemId> {
        let passes_over = self.scenario.actor.passes_over;
        let items: Vec<_> = court.items_of(holding).filter(|_| !self.dice.chance(passes_over)).collect();
        items.into_iter().take(self.scenario.actor.takes_max).collect()
    }

    /// A command server or drop, by number.
    pub(super) fn outside(list: &[String], number: usize) -> Outside<'_> {
        let entry = list.get(number % list.len().max(1)).map_or("", String::as_str);
        let (name, address) = entry.split_once(' ').unwrap_or((entry, "203.0.113.99"));
        Outside { name, address }
    }

    /// The address from which it comes today.
    pub(super) fn line(&mut self, world: &World<'_>) -> String {
        if self.through_device {
            return world.court.person(self.victim).home_address.clone();
        }
        let line = self.dice.pick(&self.scenario.actor.lines).clone();
        self.known.push(Known::Address(line.clone(), self.at));
        line
    }

    /// The account of whom it comes through.
    pub(super) fn account(&self, court: &Court) -> AccountId {
        court.person(self.victim).account
    }

    /// Whether a move that can fail succeeds at once.
    pub(super) fn succeeds(&mut self) -> bool {
        let skill = self.scenario.actor.skill;
        self.dice.chance(skill)
    }

    /// Its program on the foothold: in the victim's presence, or, once it starts with the machine,
    /// in the machine's own.
    pub(super) fn implant(&mut self, world: &mut World<'_>) -> Option<Rc<Process>> {
        let host = self.foothold?;
        let services = world.services(host);
        let image = "C:\\ProgramData\\SyncHost\\syncsvc.exe";
        let command = "C:\\ProgramData\\SyncHost\\syncsvc.exe -k";
        let (at, step) = (self.at - 3 * SECOND, world.step.take());
        let session = if self.persisted { world.machine(host) } else { world.console_at(host, self.at)? };
        if self.persisted {
            self.controlled.push((host, at));
        }
        let process = world.start(at, &session, &services, image, command);
        self.call_home(world, &process);
        world.end(self.at + 2 * HOUR, &process);
        world.step = step;
        Some(process)
    }

    /// Its program reports, now and then.
    fn call_home(&mut self, world: &mut World<'_>, process: &Rc<Process>) {
        let server = Self::outside(&self.scenario.actor.servers, 0);
        for number in 0..3 {
            let at = self.at + number * 37 * MINUTE + self.dice.between(0, 200) * SECOND;
            world.browse(at, process, &server, crate::world::Talk::short(&mut self.dice));
        }
    }

    /// What is known of the whole.
    pub(super) fn tell(&self, world: &mut World<'_>) {
        let court = world.court;
        for assumption in ASSUMPTIONS {
            let holds = !self.broken.contains(&assumption);
            world.truth.worlds.insert(assumption.to_owned(), holds);
        }
        let keys = |list: &[HoldingId]| -> Vec<String> {
            list.iter().map(|id| court.holding(*id).key.clone()).collect()
        };
        world.truth.objective = serde_json::json!({
            "incident": self.exists().then_some(&self.incident),
            "objective": self.scenario.objective,
            "content_types": self.scenario.target.content,
            "holdings_sought": keys(&self.wanted),
            "holdings_found": keys(&self.found),
        });
    }
}

/// Those through whom the intruder could come, the first choice first; the insider alone if it is
/// one. There is always somebody.
fn candidates(court: &Court, scenario: &Scenario, dice: &mut Dice) -> Vec<PersonId> {
    let insider = scenario.actor.kind == ActorKind::Intern;
    let everyone = (0..court.people.len() as u32).map(PersonId);
    let fits = |id: &PersonId| {
        let person = court.person(*id);
        let role = super::ROLES.iter().find(|(_, role)| *role == person.role).map_or("", |(name, _)| name);
        if insider {
            return person.role == Role::Intern;
        }
        let named = |list: &[String], word: &str| list.is_empty() || list.iter().any(|one| one == word);
        let stays = person.joined.is_none() && person.left.is_none() && person.admin.is_none();
        stays
            && named(&scenario.target.victim_roles, role)
            && named(&scenario.target.victim_organs, person.organ.code())
    };
    let mut people: Vec<_> = everyone.filter(fits).collect();
    dice.shuffle(&mut people);
    // Those first whose mail is worth reading.
    let has_mail = |id: &PersonId| {
        let own = court.person(*id).account;
        court
            .holdings
            .iter()
            .any(|holding| matches!(holding.place, Place::Mailbox { account, .. } if account == own))
    };
    people.sort_by_key(|id| !has_mail(id));
    if insider {
        let stays = |id: &PersonId| court.person(*id).joined.is_none() && court.person(*id).left.is_none();
        people.sort_by_key(|id| !stays(id));
        people.truncate(1);
    }
    if people.is_empty() {
        people.push(PersonId(0));
    }
    people
}

/// A holding's folder, if it is one.
pub(super) fn folder(court: &Court, holding: HoldingId) -> Option<(crate::court::ShareId, &str)> {
    match &court.holding(holding).place {
        Place::Folder { share, path } => Some((*share, path)),
        _ => None,
    }
}
