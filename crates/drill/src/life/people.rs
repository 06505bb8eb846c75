//! How does somebody's working day go?

use std::rc::Rc;

use crate::act::{Client, Deed, DocumentDeed, FileDeed, MailDeed, Session, Way};
use crate::chance::Dice;
use crate::court::{Court, HoldingId, HostKind, PersonId, Place, Role, Trip};
use crate::life::desk::Desk;
use crate::life::reach::Reach;
use crate::moment::{DAY, HOUR, MINUTE, MS, Moment, SECOND};
use crate::truth::Grade;
use crate::world::{Arrival, World};

pub(super) fn day(world: &mut World<'_>, reach: &[Reach], day: Moment) {
    let dice = Dice::new(world.court.seed, "people").branch((day.0 / DAY).unsigned_abs());
    for number in 0..world.court.people.len() as u32 {
        let mut dice = dice.branch(u64::from(number));
        if let Some(shift) = Shift::of(world.court, PersonId(number), day, &mut dice) {
            shift.work(world, &reach[number as usize], &mut dice);
        }
    }
}

/// Where somebody works today.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where<'c> {
    Office,
    Home,
    Away(&'c Trip),
}

impl PartialEq for Trip {
    fn eq(&self, other: &Self) -> bool {
        self.from == other.from
    }
}
impl Eq for Trip {}

/// From when to when somebody works, and where.
struct Shift<'c> {
    person: PersonId,
    from: Moment,
    to: Moment,
    place: Where<'c>,
}

impl<'c> Shift<'c> {
    /// Nobody works before joining, after leaving, or at weekends (but for some late hours).
    fn of(court: &'c Court, id: PersonId, day: Moment, dice: &mut Dice) -> Option<Self> {
        let person = court.person(id);
        if person.joined.is_some_and(|joined| day + 9 * HOUR < joined)
            || person.left.is_some_and(|left| day + 9 * HOUR >= left)
        {
            return None;
        }
        let trip = person.trips.iter().find(|trip| (trip.from..trip.to).contains(&(day + 12 * HOUR)));
        let offset = trip.map_or_else(|| day.court_offset(), |trip| trip.offset);
        let late = dice.per_mille(u64::from(person.habits.late_per_mille));
        if day.weekday() > 4 && !late {
            return None;
        }
        let place = match trip {
            Some(trip) => Where::Away(trip),
            None if late || dice.chance(u64::from(person.habits.home_percent)) => Where::Home,
            None => Where::Office,
        };
        let (begins, ends) = if late && day.weekday() > 4 {
            (20 * 60, 21 * 60 + 30)
        } else {
            (i64::from(person.habits.begins), i64::from(person.habits.ends))
        };
        let from = day - offset + (begins + dice.between(-25, 25)) * MINUTE + dice.between(0, 59_999) * MS;
        let to = day - offset + (ends + dice.between(-35, 45)) * MINUTE + dice.between(0, 59_999) * MS;
        (to - from > HOUR / 2).then_some(Self { person: id, from, to, place })
    }

    fn work(&self, world: &mut World<'_>, reach: &Reach, dice: &mut Dice) {
        let court = world.court;
        let person = court.person(self.person);
        if dice.chance(u64::from(person.habits.mistypes)) {
            world.mistype(self.from - 9 * SECOND, person.account, person.device);
        }
        let (inside, outside, tunnel) = self.connect(world, dice);
        let mut desk = Desk::open(world, self.from, self.person, (inside, outside));
        world.seated(&desk.console, self.to);
        let browser = matches!(self.place, Where::Away(_)) && dice.chance(70);
        desk.mail(world, self.from + dice.between(20, 200) * SECOND, browser, dice);
        let mut at = self.from + dice.between(3, 8) * MINUTE;
        let gap = 3600 / i64::from(person.habits.tempo.max(1));
        while at < self.to - 2 * MINUTE {
            self.activity(world, &mut desk, reach, at, dice);
            at = at + dice.skewed(5, gap) * SECOND + dice.between(0, 999) * MS;
            if is_lunch(at) && dice.chance(60) {
                at = at + dice.between(25, 55) * MINUTE;
            }
        }
        desk.close(world, self.to);
        if let Some(tunnel) = tunnel {
            close_tunnel(world, self.to + 20 * SECOND, &tunnel, dice);
        }
    }

    /// The addresses inside and outside, and the tunnel between them where there is one.
    fn connect(&self, world: &mut World<'_>, dice: &mut Dice) -> (String, String, Option<Rc<Session>>) {
        let court = world.court;
        let person = court.person(self.person);
        let line = match self.place {
            Where::Office => {
                // The house reaches the cloud through its proxy's address.
                return (court.host(person.device).address.clone(), "203.0.113.5".to_owned(), None);
            }
            Where::Home => person.home_address.clone(),
            Where::Away(trip) => trip.address.clone(),
        };
        let name = court.host(person.device).name.clone();
        let at = self.from + dice.between(5, 40) * SECOND;
        let is_his = world.insider.as_ref().is_some_and(|(insider, _)| *insider == self.person);
        let tunnel = tunnel(world, at, self.person, (&line, &name), Some(person.device), is_his);
        (pool_address(self.person), line, Some(tunnel))
    }

    /// One thing that somebody does.
    fn activity(&self, world: &mut World<'_>, desk: &mut Desk, reach: &Reach, at: Moment, dice: &mut Dice) {
        let role = world.court.person(self.person).role;
        match dice.below(100) {
            roll if roll < files_percent(role) => use_files(world, desk, reach, at, dice),
            roll if roll < files_percent(role) + 12 => use_documents(world, desk, reach, at, dice),
            roll if roll < files_percent(role) + 22 => write_mail(world, desk, at, dice),
            roll if roll < files_percent(role) + 26 => read_own_mail(world, desk, reach, at, dice),
            roll if roll < files_percent(role) + 27 => stray(world, desk, at, dice),
            _ => desk.page(world, at, dice),
        }
    }
}

fn files_percent(role: Role) -> u64 {
    match role {
        Role::Registrar => 45,
        Role::Interpreter | Role::Analyst | Role::Investigator | Role::WitnessOfficer => 38,
        Role::Judge | Role::Administrator => 15,
        _ => 30,
    }
}

fn is_lunch(at: Moment) -> bool {
    let local = at + at.court_offset();
    let of_day = local - local.midnight();
    (12 * HOUR..13 * HOUR).contains(&of_day)
}

/// A body of records that work leads to now: tickets first, they are why one is here.
fn choose(
    reach: &Reach,
    own: &[HoldingId],
    at: Moment,
    fits: impl Fn(HoldingId) -> bool,
    dice: &mut Dice,
) -> Option<HoldingId> {
    let tickets: Vec<_> = reach.tickets_at(at).filter(|holding| fits(*holding)).collect();
    if !tickets.is_empty() && dice.chance(60) {
        return Some(*dice.pick(&tickets));
    }
    if own.is_empty() {
        return None;
    }
    // People have favourites: the smaller of two draws.
    let number = dice.below(own.len() as u64).min(dice.below(own.len() as u64));
    Some(own[number as usize])
}

fn use_files(world: &mut World<'_>, desk: &mut Desk, reach: &Reach, at: Moment, dice: &mut Dice) {
    let court = world.court;
    let is_folder = |id: HoldingId| matches!(court.holding(id).place, Place::Folder { .. });
    let Some(holding) = choose(reach, &reach.folders, at, is_folder, dice) else { return };
    let Place::Folder { share, path } = &court.holding(holding).place else { return };
    let items: Vec<_> = court.items_of(holding).collect();
    if dice.chance(70) || items.is_empty() {
        desk.list(world, at, holding, *share, path);
    }
    for number in 0..dice.between(0, 3).min(items.len() as i64) {
        let at = at + (2 + number * 20) * SECOND;
        let item = *dice.pick(&items);
        desk.read(world, at, item, dice);
        if dice.chance(18) {
            let bytes = court.item(item).bytes;
            desk.file(world, at + dice.between(10, 90) * SECOND, item, FileDeed::Write(bytes));
        }
    }
}

fn use_documents(world: &mut World<'_>, desk: &mut Desk, reach: &Reach, at: Moment, dice: &mut Dice) {
    let court = world.court;
    let is_library = |id: HoldingId| matches!(court.holding(id).place, Place::Library { .. });
    let Some(holding) = choose(reach, &reach.libraries, at, is_library, dice) else { return };
    let Place::Library { name } = &court.holding(holding).place else { return };
    let items: Vec<_> = court.items_of(holding).collect();
    if dice.chance(40) {
        let terms = format!("filing {}", 100 + dice.below(900));
        let hits = dice.below(30).min(items.len() as u64) as u32;
        desk.document(world, at, DocumentDeed::Search { terms: terms.into(), hits });
        desk.shown(world, &items[..hits as usize], Grade::Listed, at);
    } else {
        let deed = DocumentDeed::List { library: name.as_str().into(), titles: items.len() as u32 };
        desk.document(world, at, deed);
        desk.shown(world, &items, Grade::Listed, at);
    }
    if items.is_empty() {
        return;
    }
    for number in 0..dice.between(1, 3) {
        let (at, item) = (at + (3 + number * 40) * SECOND, *dice.pick(&items));
        let deed = match dice.below(20) {
            0..=2 => (DocumentDeed::Download(item), Grade::Collected),
            3 => (DocumentDeed::Print(item), Grade::Collected),
            4..=5 => (DocumentDeed::Save(item), Grade::Opened),
            _ => (DocumentDeed::View(item), Grade::Opened),
        };
        desk.document(world, at, deed.0);
        desk.shown(world, &[item], deed.1, at);
    }
}

fn write_mail(world: &mut World<'_>, desk: &mut Desk, at: Moment, dice: &mut Dice) {
    let court = world.court;
    let person = court.person(desk.person);
    let session = desk.mail(world, at - SECOND, false, dice);
    let recipients = dice.between(1, 4);
    let to = (0..recipients).map(|_| court.account(dice.pick(&court.people).account).upn.clone());
    let to: Vec<_> = to.collect();
    let deed = MailDeed::Send {
        id: format!("<{}@{}>", dice.hex(32), court.domain).into(),
        subject: subject(court, desk.person, dice).into(),
        to,
        attached: Vec::new(),
        bytes: dice.skewed(1500, 22_000).unsigned_abs(),
    };
    let mailbox = person.account;
    world.add(at, session.host, &session, Deed::Mail { mailbox, deed });
}

fn subject(court: &Court, person: PersonId, dice: &mut Dice) -> String {
    let what = dice.pick(&[
        "Re: schedule of next week",
        "Draft for comments",
        "FW: request for extension",
        "Minutes",
        "Re: Re: hearing room",
        "Question on filing",
        "Leave request",
        "Translation deadline",
        "=Lunch?",
        "Note verbale, please review",
    ]);
    let situations = &court.person(person).situations;
    if situations.is_empty() || dice.chance(40) {
        return (*what).to_owned();
    }
    let situation = dice.pick(situations);
    format!("{what} ({})", court.situations[situation.index()].case_no)
}

/// Some of the own messages, in the browser, where the audit sees every one.
fn read_own_mail(world: &mut World<'_>, desk: &mut Desk, reach: &Reach, at: Moment, dice: &mut Dice) {
    let court = world.court;
    if reach.mail.is_empty() {
        return desk.page(world, at, dice);
    }
    let holding = *dice.pick(&reach.mail);
    let items: Vec<_> = court.items_of(holding).collect();
    if items.is_empty() {
        return;
    }
    let some: Vec<_> = (0..dice.between(1, 4)).map(|_| *dice.pick(&items)).collect();
    let cloud = court.first(HostKind::Cloud);
    let account = court.person(desk.person).account;
    // A browser beside the desktop program is a presence of its own.
    let arrival = Arrival::over_network(account, cloud, Some(desk.device), &desk.outside)
        .by(Way::Cloud)
        .with(
            Client::Browser,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
        )
        .intruder(desk.intruder);
    let session = world.presence(at, &arrival);
    let signed = Deed::SignIn { app: "One Outlook Web".into(), interactive: false, refused: None };
    world.add(at, cloud, &session, signed);
    for (folder, messages) in crate::life::desk::by_folder(court, &some) {
        let deed = MailDeed::Read { folder, messages };
        world.add(at + 4 * SECOND, cloud, &session, Deed::Mail { mailbox: account, deed });
    }
    desk.shown(world, &some, Grade::Opened, at + 4 * SECOND);
    world.vanish(at + dice.between(2, 15) * MINUTE, &session);
}

/// The wrong folder, a file without a right, a program nobody knows.
fn stray(world: &mut World<'_>, desk: &mut Desk, at: Moment, dice: &mut Dice) {
    let court = world.court;
    let holding = HoldingId(dice.below(court.holdings.len() as u64) as u32);
    let items: Vec<_> = court.items_of(holding).collect();
    if items.is_empty() || court.may_open(court.person(desk.person).account, holding, at) {
        return;
    }
    let item = *dice.pick(&items);
    match &court.holding(holding).place {
        Place::Folder { .. } => desk.file(world, at, item, FileDeed::Refused),
        Place::Library { .. } => desk.document(world, at, DocumentDeed::Refused(item)),
        Place::Mailbox { .. } => {}
    }
}

/// The address that the tunnel gives a person: the same every time, as a pool with reservations
/// gives.
pub(crate) fn pool_address(person: PersonId) -> String {
    format!("10.20.{}.{}", 200 + person.0 / 200, 10 + person.0 % 200)
}

/// A tunnel into the house begins.
pub(crate) fn tunnel(
    world: &mut World<'_>,
    at: Moment,
    person: PersonId,
    (line, name): (&str, &str),
    device: Option<crate::court::HostId>,
    intruder: bool,
) -> Rc<Session> {
    let court = world.court;
    let gateway = court.first(HostKind::Vpn);
    let account = court.person(person).account;
    let arrival = Arrival::over_network(account, gateway, device, line)
        .by(Way::Vpn)
        .with(Client::Desktop, "TunnelGuard 5.1.4 (Windows 10.0.19045)")
        .intruder(intruder);
    let session = world.presence(at, &Arrival { workstation: name, ..arrival });
    world.add(at, gateway, &session, Deed::TunnelUp { inside: pool_address(person).into() });
    session
}

/// It ends.
pub(crate) fn close_tunnel(world: &mut World<'_>, at: Moment, tunnel: &Rc<Session>, dice: &mut Dice) {
    let person = match world.court.account(tunnel.account).kind {
        crate::court::AccountKind::Person(person) => person,
        _ => PersonId(0),
    };
    let seconds = (at - tunnel.opened) / SECOND;
    let deed = Deed::TunnelDown {
        inside: pool_address(person).into(),
        received: dice.skewed(1000, 900 * seconds.max(1)).unsigned_abs(),
        sent: dice.skewed(4000, 5200 * seconds.max(1)).unsigned_abs(),
    };
    world.add(at, tunnel.host, tunnel, deed);
    world.vanish(at, tunnel);
}
