//! What does somebody on the staff do beyond the work? The infiltrated intern, and the curious.
//!
//! All of it with the own account at the own desk; nothing is broken into. For the innocent the
//! same moves leave no truth but what every session leaves.

use std::rc::Rc;

use super::intruder::{Intruder, folder};
use crate::act::{Deed, DocumentDeed, FileDeed, MailDeed, Session, SharedFile};
use crate::court::{HoldingId, HostId, HostKind, ItemId, Place};
use crate::life::shared_file;
use crate::moment::{MINUTE, MS, SECOND};
use crate::truth::Grade;
use crate::world::{Arrival, World};

/// The time at the own desk: the moves wait for it.
fn sit_down(intruder: &mut Intruder<'_>, world: &World<'_>) -> Option<Rc<Session>> {
    let device = world.court.person(intruder.victim).device;
    let account = world.court.person(intruder.victim).account;
    let (from, session) = world.console_after(device, account, intruder.at)?;
    intruder.at = intruder.at.max(from) + 2 * MINUTE;
    Some(session)
}

/// A connection to a share from the own desk.
fn connect(intruder: &Intruder<'_>, world: &mut World<'_>, share: crate::court::ShareId) -> Rc<Session> {
    let court = world.court;
    let person = court.person(intruder.victim);
    let address = court.host(person.device).address.clone();
    let server = court.share(share).host;
    let arrival = Arrival::over_network(person.account, server, Some(person.device), &address)
        .intruder(!intruder.innocent);
    let session = world.arrive(intruder.at - SECOND, &arrival);
    world.add(intruder.at - 500 * MS, server, &session, Deed::Share(share));
    session
}

/// Folders of wanted holdings and of others, on the share that has most of the wanted.
fn folders(
    intruder: &mut Intruder<'_>,
    world: &World<'_>,
) -> Option<(crate::court::ShareId, Vec<HoldingId>)> {
    let court = world.court;
    let account = intruder.account(court);
    let open = |id: &HoldingId| folder(court, *id).is_some() && intruder.gets_into(court, account, *id);
    let wanted: Vec<_> = intruder.wanted.iter().copied().filter(open).collect();
    let (share, _) = folder(court, *wanted.first()?)?;
    let at = intruder.at;
    let on_it = |id: &HoldingId| {
        folder(court, *id).is_some_and(|(on, _)| on == share) && court.may_open(account, *id, at)
    };
    let mut chosen: Vec<_> =
        wanted.into_iter().filter(on_it).filter(|_| intruder.dice.chance(60)).take(5).collect();
    let others = (0..court.holdings.len() as u32).map(HoldingId).filter(on_it);
    chosen.extend(others.filter(|_| intruder.dice.chance(8)).take(5));
    Some((share, chosen))
}

/// Folder after folder is looked into.
pub(super) fn browse_shares(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (Some(_), Some((share, chosen))) = (sit_down(intruder, world), folders(intruder, world)) else {
        return;
    };
    let account = intruder.account(court);
    intruder.step(world, "T1083", court.share(share).host, account, true);
    let session = connect(intruder, world, share);
    for holding in chosen {
        let Some((_, path)) = folder(court, holding) else { continue };
        let at = intruder.moment();
        let file = SharedFile { share, path: path.into(), item: None, folder: true, size: 0 };
        world.add(at, session.host, &session, Deed::File { file, deed: FileDeed::List });
        intruder.listed(world, holding, at);
        if intruder.wanted.contains(&holding) && !intruder.found.contains(&holding) {
            intruder.found.push(holding);
        }
    }
    world.leave(intruder.at + 15 * MINUTE, &session);
}

/// Files are read that no duty explains.
pub(super) fn read_beyond(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (Some(_), Some((share, chosen))) = (sit_down(intruder, world), folders(intruder, world)) else {
        return;
    };
    let account = intruder.account(court);
    intruder.step(world, "T1039", court.share(share).host, account, true);
    let session = connect(intruder, world, share);
    let most = if intruder.innocent { 2 } else { intruder.scenario.actor.takes_max };
    for holding in chosen.into_iter().take(2) {
        for item in intruder.take_of(court, holding).into_iter().take(most) {
            let at = intruder.moment();
            let file = shared_file(court, item);
            let deed = FileDeed::Read(file.size);
            world.add(at, session.host, &session, Deed::File { file, deed });
            intruder.reached(world, item, Grade::Opened, at);
        }
    }
    world.leave(intruder.at + 15 * MINUTE, &session);
}

/// A presence at the document system.
fn documents(intruder: &Intruder<'_>, world: &mut World<'_>) -> Rc<Session> {
    let court = world.court;
    let person = court.person(intruder.victim);
    let device = court.host(person.device);
    let host = court.first(HostKind::Documents);
    let arrival = Arrival::over_network(person.account, host, Some(person.device), &device.address)
        .by(crate::act::Way::Documents)
        .with(
            crate::act::Client::Browser,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
        )
        .intruder(!intruder.innocent);
    world.presence(intruder.at, &Arrival { workstation: &device.name, ..arrival })
}

/// Libraries: the wanted ones first, then any.
fn library(intruder: &mut Intruder<'_>, world: &World<'_>) -> Option<HoldingId> {
    let court = world.court;
    let account = intruder.account(court);
    let is_library = |id: &HoldingId| {
        matches!(court.holding(*id).place, Place::Library { .. }) && intruder.gets_into(court, account, *id)
    };
    let wanted: Vec<_> = intruder.wanted.iter().copied().filter(is_library).collect();
    if !wanted.is_empty() {
        return Some(*intruder.dice.pick(&wanted));
    }
    let all: Vec<_> = (0..court.holdings.len() as u32).map(HoldingId).filter(is_library).collect();
    if all.is_empty() { None } else { Some(*intruder.dice.pick(&all)) }
}

/// What does the own work not need: a search, and the titles that it shows.
pub(super) fn search_documents(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let (Some(_), Some(holding)) = (sit_down(intruder, world), library(intruder, world)) else { return };
    let (host, account) = (world.court.first(HostKind::Documents), intruder.account(world.court));
    intruder.step(world, "T1213", host, account, true);
    let session = documents(intruder, world);
    let shown: Vec<_> = world.court.items_of(holding).take(25).collect();
    let deed = DocumentDeed::Search { terms: "protected witness".into(), hits: shown.len() as u32 };
    world.add(intruder.at, host, &session, Deed::Document(deed));
    for item in shown {
        intruder.reached(world, item, Grade::Listed, intruder.at);
    }
    world.vanish(intruder.at + 10 * MINUTE, &session);
}

fn each_document(
    intruder: &mut Intruder<'_>,
    world: &mut World<'_>,
    technique: &str,
    most: usize,
    grade: Grade,
    deed: fn(ItemId) -> DocumentDeed,
) {
    let (Some(_), Some(holding)) = (sit_down(intruder, world), library(intruder, world)) else { return };
    let (host, account) = (world.court.first(HostKind::Documents), intruder.account(world.court));
    intruder.step(world, technique, host, account, true);
    let session = documents(intruder, world);
    for item in intruder.take_of(world.court, holding).into_iter().take(most) {
        let at = intruder.moment();
        world.add(at, host, &session, Deed::Document(deed(item)));
        intruder.reached(world, item, grade, at);
    }
    world.vanish(intruder.at + 10 * MINUTE, &session);
}

/// Documents are shown.
pub(super) fn view_documents(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let most = intruder.scenario.actor.takes_max;
    each_document(intruder, world, "T1213", most, Grade::Opened, DocumentDeed::View);
}

/// Documents are printed; paper goes out in a bag.
pub(super) fn print_documents(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    each_document(intruder, world, "T1052", 6, Grade::Left, DocumentDeed::Print);
}

/// Files that were read before are copied to a stick.
pub(super) fn copy_to_medium(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (Some(console), Some((share, chosen))) = (sit_down(intruder, world), folders(intruder, world)) else {
        return;
    };
    let (device, account) = (court.person(intruder.victim).device, intruder.account(court));
    intruder.step(world, "T1052.001", device, account, true);
    let session = connect(intruder, world, share);
    let explorer = explorer(world, device, &console, intruder);
    for holding in chosen.into_iter().take(1) {
        for item in intruder.take_of(court, holding).into_iter().take(8) {
            let at = intruder.moment();
            let file = shared_file(court, item);
            let deed = FileDeed::Read(file.size);
            world.add(at, session.host, &session, Deed::File { file, deed });
            let path = format!("E:\\{}", court.item(item).name);
            let made = Deed::MakeFile { process: Rc::clone(&explorer), path: path.into(), from_web: None };
            world.add(at + 900 * MS, device, &console, made);
            intruder.reached(world, item, Grade::Left, at);
        }
    }
    world.leave(intruder.at + 15 * MINUTE, &session);
}

fn explorer(
    world: &mut World<'_>,
    device: HostId,
    console: &Rc<Session>,
    intruder: &Intruder<'_>,
) -> Rc<crate::act::Process> {
    let services = world.services(device);
    let image = crate::life::EXPLORER;
    let command = "C:\\Windows\\explorer.exe /factory,{75dff2b7-6936-4c06-a8bb-676a7b00b24b} -Embedding";
    world.run(intruder.at - SECOND, 30 * MINUTE, console, &services, (image, command))
}

/// A file goes to a private address.
pub(super) fn mail_home(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (Some(_), Some((_, chosen))) = (sit_down(intruder, world), folders(intruder, world)) else { return };
    let (cloud, account) = (court.first(HostKind::Cloud), intruder.account(court));
    let Some(item) = chosen.first().and_then(|holding| court.items_of(*holding).next()) else { return };
    intruder.step(world, "T1048.003", cloud, account, true);
    let person = court.person(intruder.victim);
    let arrival = Arrival::over_network(account, cloud, Some(person.device), "203.0.113.5")
        .by(crate::act::Way::Cloud)
        .with(
            crate::act::Client::Browser,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
        )
        .intruder(!intruder.innocent);
    let session = world.presence(intruder.at, &arrival);
    let signed = Deed::SignIn { app: "One Outlook Web".into(), interactive: true, refused: None };
    world.add(intruder.at, cloud, &session, signed);
    let deed = MailDeed::Send {
        id: format!("<{}@{}>", intruder.dice.hex(32), court.domain).into(),
        subject: "reading for the weekend".into(),
        to: vec!["v.m.ferrand@postbox.example".to_owned()],
        attached: vec![(court.item(item).name.as_str().into(), Some(item))],
        bytes: court.item(item).bytes * 4 / 3,
    };
    world.add(intruder.at + 2 * MINUTE, cloud, &session, Deed::Mail { mailbox: account, deed });
    intruder.reached(world, item, Grade::Left, intruder.at + 2 * MINUTE);
    world.vanish(intruder.at + 6 * MINUTE, &session);
}
