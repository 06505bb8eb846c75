//! Which intrusion happens, and how does it differ from seed to seed?
//!
//! A scenario is a TOML file that a trainer can read and change: who the intruder is, what it is
//! after, and its visits with the moves of each. The seed chooses days, alternatives, failures,
//! what is looked at and passed over. [`Story`] carries it out in the world, in the same world as
//! ordinary work; it writes truth and acts, and knows no source.

mod cloud;
mod foothold;
mod insider;
mod intruder;
mod servers;

use std::io;

use serde::Deserialize;

use crate::chance::Dice;
use crate::court::{Court, HoldingId, PersonId, Role, Size};
use crate::moment::{DAY, HOUR, MINUTE, Moment, SECOND};
use crate::world::World;
pub(crate) use intruder::{Intruder, Known};

/// The scenarios that ship with the program: id and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("espionage", include_str!("../scenarios/espionage.toml")),
    ("intern", include_str!("../scenarios/intern.toml")),
    ("nothing", include_str!("../scenarios/nothing.toml")),
];

/// A scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name; the incident is called after it.
    pub id: String,
    /// For people.
    pub title: String,
    /// What the intruder wants, in words; goes into the truth.
    pub objective: String,
    /// The intruder.
    pub actor: Actor,
    /// What it is after, and through whom.
    pub target: Target,
    /// Its visits.
    #[serde(default)]
    pub visit: Vec<Visit>,
    /// Others who do what looks odd.
    #[serde(default)]
    pub bystander: Vec<Bystander>,
    /// Percent of worlds in which an assumption does not hold.
    #[serde(default)]
    pub breaks: std::collections::BTreeMap<String, u64>,
}

/// The intruder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Where it stands.
    pub kind: ActorKind,
    /// Hours (UTC) between which it works.
    pub hours: [i64; 2],
    /// Works at weekends too.
    pub weekend: bool,
    /// Percent of moves that succeed at once, of those that can fail.
    pub skill: u64,
    /// Minutes between two moves, from and to.
    pub pace_minutes: [i64; 2],
    /// Percent of records looked for that are left alone.
    pub passes_over: u64,
    /// Records taken in one go, at most.
    pub takes_max: usize,
    /// Command servers, `name address`.
    #[serde(default)]
    pub servers: Vec<String>,
    /// Servers that take what is sent out, `name address`.
    #[serde(default)]
    pub drops: Vec<String>,
    /// Addresses from which it comes itself.
    #[serde(default)]
    pub lines: Vec<String>,
}

/// Where an intruder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// Comes from outside, through somebody.
    Outsider,
    /// Is on the staff.
    Intern,
    /// There is none.
    Nobody,
}

/// What the intruder is after.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Content types of the register.
    pub content: Vec<String>,
    /// Organs (register codes) of those through whom it comes.
    #[serde(default)]
    pub victim_organs: Vec<String>,
    /// Their roles.
    #[serde(default)]
    pub victim_roles: Vec<String>,
}

/// A visit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// For people.
    pub name: String,
    /// When: percent of the drill's length, from and to.
    pub at: [i64; 2],
    /// On so many days, one after the other.
    #[serde(default = "once")]
    pub repeat: i64,
    /// In this order.
    pub moves: Vec<Move>,
}

const fn once() -> i64 {
    1
}

/// One of several moves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// One of these is done; see [`MOVES`].
    #[serde(rename = "do")]
    pub one_of: Vec<String>,
    /// In so many of a hundred worlds.
    #[serde(default = "always")]
    pub chance: u64,
}

const fn always() -> u64 {
    100
}

/// Somebody who is not the intruder and does what looks odd.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bystander {
    /// The first person of this role.
    pub role: String,
    /// When: percent of the drill's length, from and to.
    pub at: [i64; 2],
    /// How often.
    pub repeat: i64,
    /// What.
    pub moves: Vec<Move>,
}

/// What a move does; it moves the intruder's time on.
type Do = fn(&mut Intruder<'_>, &mut World<'_>);

/// Every move that a scenario can name.
pub(crate) const MOVES: &[(&str, Do)] = &[
    ("phish", foothold::phish),
    ("discover", foothold::discover),
    ("persist-task", foothold::persist_task),
    ("persist-run-key", foothold::persist_run_key),
    ("dump-credentials", foothold::dump_credentials),
    ("stage", foothold::stage),
    ("send-out", foothold::send_out),
    ("delete-tools", foothold::delete_tools),
    ("clear-logs", foothold::clear_logs),
    ("kerberoast", servers::kerberoast),
    ("certificate", servers::certificate),
    ("psexec", servers::psexec),
    ("remote-desktop", servers::remote_desktop),
    ("wmi", servers::wmi),
    ("search-shares", servers::search_shares),
    ("read-shares", servers::read_shares),
    ("replicate-directory", servers::replicate_directory),
    ("vpn", cloud::vpn),
    ("documents", cloud::documents),
    ("steal-token", cloud::steal_token),
    ("read-mail", cloud::read_mail),
    ("forward-rule", cloud::forward_rule),
    ("consent-app", cloud::consent_app),
    ("sync-mailbox", cloud::sync_mailbox),
    ("browse-shares", insider::browse_shares),
    ("read-beyond", insider::read_beyond),
    ("search-documents", insider::search_documents),
    ("view-documents", insider::view_documents),
    ("print-documents", insider::print_documents),
    ("copy-to-medium", insider::copy_to_medium),
    ("mail-home", insider::mail_home),
    ("curious", insider::read_beyond),
];

/// Roles as scenario files name them.
const ROLES: [(&str, Role); 11] = [
    ("Judge", Role::Judge),
    ("LegalOfficer", Role::LegalOfficer),
    ("Investigator", Role::Investigator),
    ("Analyst", Role::Analyst),
    ("WitnessOfficer", Role::WitnessOfficer),
    ("Registrar", Role::Registrar),
    ("Interpreter", Role::Interpreter),
    ("Intern", Role::Intern),
    ("Administrator", Role::Administrator),
    ("Personnel", Role::Personnel),
    ("Assistant", Role::Assistant),
];

impl Scenario {
    /// The scenario of that id, else the file of that path.
    ///
    /// # Errors
    /// Where there is neither, or the file is not a scenario: which key, and what is possible.
    pub fn find(name: &str) -> io::Result<Self> {
        match BUILT_IN.iter().find(|(id, _)| *id == name) {
            Some((_, text)) => Self::parse(text, name),
            None => match std::fs::read_to_string(name) {
                Ok(text) => Self::parse(&text, name),
                Err(error) => {
                    let ids: Vec<_> = BUILT_IN.iter().map(|(id, _)| *id).collect();
                    let known = ids.join(", ");
                    Err(io::Error::new(
                        error.kind(),
                        format!(
                            "{name}: neither a scenario that ships with the program ({known}) nor a readable file: {error}"
                        ),
                    ))
                }
            },
        }
    }

    fn parse(text: &str, name: &str) -> io::Result<Self> {
        let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {what}"));
        let scenario: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        scenario.check().map_err(wrong)?;
        Ok(scenario)
    }

    /// What the types cannot say.
    fn check(&self) -> Result<(), String> {
        let moves = self.visit.iter().flat_map(|visit| &visit.moves);
        let moves = moves.chain(self.bystander.iter().flat_map(|bystander| &bystander.moves));
        for name in moves.flat_map(|one| &one.one_of) {
            if !MOVES.iter().any(|(known, _)| known == name) {
                let known: Vec<_> = MOVES.iter().map(|(known, _)| *known).collect();
                return Err(format!("there is no move {name:?}; moves are: {}", known.join(", ")));
            }
        }
        let spans = self.visit.iter().map(|visit| (&visit.name, visit.at));
        for (name, [from, to]) in spans.chain(self.bystander.iter().map(|who| (&who.role, who.at))) {
            if from < 0 || to > 100 || from > to {
                return Err(format!(
                    "{name}: at = [{from}, {to}]: two percents, the first not above the second"
                ));
            }
        }
        let [from, to] = self.actor.hours;
        if !(0..=24).contains(&from) || !(0..=24).contains(&to) || from >= to {
            return Err(format!("hours = [{from}, {to}]: two hours of a day, the first before the second"));
        }
        if self.actor.kind == ActorKind::Outsider
            && (self.actor.servers.is_empty() || self.actor.lines.is_empty())
        {
            return Err("an outsider needs servers = [\"name address\"] and lines = [\"address\"]".to_owned());
        }
        let roles = self.target.victim_roles.iter().chain(self.bystander.iter().map(|who| &who.role));
        for name in roles {
            if !ROLES.iter().any(|(known, _)| known == name) {
                let known: Vec<_> = ROLES.iter().map(|(known, _)| *known).collect();
                return Err(format!("there is no role {name:?}; roles are: {}", known.join(", ")));
            }
        }
        Ok(())
    }
}

/// A visit on its day.
struct Planned {
    begins: Moment,
    moves: Vec<&'static (&'static str, Do)>,
    /// Somebody else's, who is not the intruder.
    by: Option<PersonId>,
}

/// The intrusion, as this seed has it.
pub(crate) struct Story<'s> {
    intruder: Intruder<'s>,
    plan: Vec<Planned>,
    dice: Dice,
}

impl<'s> Story<'s> {
    /// Chooses who, when and what.
    pub(crate) fn plan(court: &Court, scenario: &'s Scenario) -> Self {
        let dice = Dice::new(court.seed, &scenario.id);
        let mut intruder = Intruder::new(court, scenario, dice.branch(1));
        let mut days = dice.branch(2);
        let mut plan = Vec::new();
        let visits = scenario.visit.iter().map(|visit| (visit.at, visit.repeat, &visit.moves, None));
        let others = scenario.bystander.iter().filter_map(|who| {
            let role = ROLES.iter().find(|(name, _)| *name == who.role)?.1;
            let person = court.people.iter().position(|person| person.role == role)?;
            Some((who.at, who.repeat, &who.moves, Some(PersonId(person as u32))))
        });
        for ([from, to], repeat, moves, by) in visits.chain(others) {
            let percent = days.between(from, to);
            for number in 0..repeat {
                let chosen: Vec<_> = moves.iter().filter_map(|one| choose(one, &mut days)).collect();
                let spread = if by.is_some() { number * (to - from) / repeat.max(1) } else { 0 };
                let day = (i64::from(court.size.days) * (percent + spread) / 100 + number)
                    .min(i64::from(court.size.days) - 1);
                let begins = scenario.hour(&court.size, court.size.from + day * DAY, &mut days);
                plan.push(Planned { begins, moves: chosen, by });
            }
        }
        // A visit builds on the one before it, so the scenario's order holds within a short drill.
        plan.sort_by_key(|planned| planned.by.is_some());
        order(&mut plan);
        intruder.break_worlds(&mut dice.branch(3));
        Self { intruder, plan, dice: dice.branch(4) }
    }

    /// The insider and the incident, if the intruder is on the staff.
    pub(crate) fn insider(&self) -> Option<(PersonId, String)> {
        self.intruder.insider().map(|person| (person, self.intruder.incident.clone()))
    }

    /// The machines under the intruder's control by now, since when.
    pub(crate) fn controlled(&self) -> Vec<(crate::court::HostId, Moment)> {
        self.intruder.had_control_of().collect()
    }

    /// Adds what happens on that day to the world.
    pub(crate) fn day(&mut self, world: &mut World<'_>, day: Moment) {
        let on_this_day = |planned: &&Planned| (day..day + DAY).contains(&planned.begins);
        let today: Vec<_> = self.plan.iter().filter(on_this_day).collect();
        for planned in today {
            let pause = self.dice.between(0, 59) * SECOND;
            match planned.by {
                None => self.intruder.visit(world, planned.begins + pause, &planned.moves),
                Some(person) => {
                    let mut bystander = Intruder::bystander(
                        &self.intruder,
                        person,
                        self.dice.branch(planned.begins.0 as u64),
                    );
                    bystander.visit(world, planned.begins + pause, &planned.moves);
                }
            }
        }
    }

    /// Everything is over: what is known of the whole goes into the truth.
    pub(crate) fn finish(self, world: &mut World<'_>) -> Intruder<'s> {
        self.intruder.tell(world);
        self.intruder
    }
}

/// The intruder's visits keep their order: none begins before the one before it.
fn order(plan: &mut [Planned]) {
    let mut earliest = Moment(i64::MIN);
    for planned in plan.iter_mut().filter(|planned| planned.by.is_none()) {
        if planned.begins < earliest {
            planned.begins = earliest;
        }
        earliest = planned.begins + 2 * HOUR;
    }
}

fn choose(one: &Move, dice: &mut Dice) -> Option<&'static (&'static str, Do)> {
    let name = if one.one_of.is_empty() { return None } else { dice.pick(&one.one_of) };
    let done = dice.chance(one.chance);
    MOVES.iter().find(|(known, _)| known == name).filter(|_| done)
}

impl Scenario {
    /// A moment of that day in the actor's hours; on a weekend, of the Friday or Monday, if the
    /// drill has it.
    fn hour(&self, size: &Size, day: Moment, dice: &mut Dice) -> Moment {
        let [from, to] = self.actor.hours;
        let at = day + dice.between(from * 60, (to - 3).max(from + 1) * 60) * MINUTE;
        let moved = match (self.actor.weekend, at.weekday()) {
            (false, 5) => at - DAY,
            (false, 6) => at + DAY,
            _ => at,
        };
        let drill = size.from..size.from + i64::from(size.days) * DAY;
        if drill.contains(&moved) { moved } else { at }
    }
}

/// Holdings with such content, in an order of their own for each seed.
pub(crate) fn holdings_with(court: &Court, content: &[String], dice: &mut Dice) -> Vec<HoldingId> {
    let wanted = |types: &[&str]| content.iter().any(|one| types.contains(&one.as_str()));
    let found = court.holdings.iter().enumerate().filter(|(_, holding)| wanted(&holding.content_types));
    let mut found: Vec<_> = found.map(|(number, _)| HoldingId(number as u32)).collect();
    dice.shuffle(&mut found);
    found
}
