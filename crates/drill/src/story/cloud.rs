//! What does the intruder do from outside, with the victim's own accounts?

use std::rc::Rc;

use super::intruder::{Intruder, Known};
use crate::act::{Client, Deed, DocumentDeed, MailDeed, Session, Way};
use crate::court::{AccountId, HoldingId, HostKind, ItemId, Place};
use crate::life::{by_folder, pool_address};
use crate::moment::{DAY, HOUR, MINUTE, SECOND};
use crate::truth::Grade;
use crate::world::{Arrival, World};

const BROWSER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36";
const API_AGENT: &str = "python-requests/2.32.3";
const OUTLOOK_AGENT: &str = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17126; Pro)";

/// A presence at the cloud, in the victim's name.
fn sign_in(
    intruder: &mut Intruder<'_>,
    world: &mut World<'_>,
    client: Client,
    agent: &str,
    app: &str,
) -> Rc<Session> {
    let court = world.court;
    let (cloud, account) = (court.first(HostKind::Cloud), intruder.account(court));
    let line = intruder.line(world);
    let device = intruder.through_device.then(|| court.person(intruder.victim).device);
    let arrival = Arrival::over_network(account, cloud, device, &line)
        .by(Way::Cloud)
        .with(client, agent)
        .intruder(true);
    let session = world.presence(intruder.at, &arrival);
    let deed = Deed::SignIn { app: app.into(), interactive: client == Client::Browser, refused: None };
    world.add(intruder.at, cloud, &session, deed);
    if let Some(old) = intruder.cloud.replace(Rc::clone(&session)) {
        world.vanish(intruder.at, &old);
    }
    session
}

/// The victim's cookie, taken by a page in between: a presence without a password.
pub(super) fn steal_token(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (cloud, account) = (court.first(HostKind::Cloud), intruder.account(court));
    if let Some(step) = intruder.step(world, "T1078.004", cloud, account, true) {
        intruder.known.push(Known::Step(step));
    }
    sign_in(intruder, world, Client::Browser, BROWSER_AGENT, "One Outlook Web");
}

/// The mailboxes that the intruder can open: the victim's; all those with what it wants, once an
/// administrator's account or an app lets it.
fn mailboxes(intruder: &Intruder<'_>, world: &World<'_>) -> Vec<(HoldingId, AccountId)> {
    let court = world.court;
    let own = intruder.account(court);
    let all = (0..court.holdings.len() as u32).map(HoldingId);
    let mut found: Vec<_> = all
        .filter_map(|id| match court.holding(id).place {
            Place::Mailbox { account, .. } if account == own || intruder.wanted.contains(&id) => {
                Some((id, account))
            }
            _ => None,
        })
        .collect();
    found.sort_by_key(|(_, account)| *account != own);
    found
}

/// Messages are read in the browser: shown, one by one.
pub(super) fn read_mail(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (cloud, own) = (court.first(HostKind::Cloud), intruder.account(court));
    let Some(session) = intruder.cloud.clone() else { return };
    if mailboxes(intruder, world).iter().all(|(_, mailbox)| *mailbox != own) {
        return;
    }
    intruder.step(world, "T1114.002", cloud, own, true);
    let deed = MailDeed::Search { terms: "witness OR protected OR relocation".into() };
    world.add(intruder.at, cloud, &session, Deed::Mail { mailbox: own, deed });
    // Only the own mailbox opens with the victim's cookie.
    for (holding, mailbox) in mailboxes(intruder, world).into_iter().filter(|(_, mailbox)| *mailbox == own) {
        let items = intruder.take_of(court, holding);
        for one in items.chunks(4) {
            let at = intruder.moment();
            read(intruder, world, &session, mailbox, one, at, Grade::Opened);
        }
    }
}

fn read(
    intruder: &Intruder<'_>,
    world: &mut World<'_>,
    session: &Rc<Session>,
    mailbox: AccountId,
    items: &[ItemId],
    at: crate::moment::Moment,
    grade: Grade,
) {
    for (folder, messages) in by_folder(world.court, items) {
        let deed = MailDeed::Read { folder, messages };
        world.add(at, session.host, session, Deed::Mail { mailbox, deed });
    }
    for item in items {
        intruder.reached(world, *item, grade, at);
    }
}

/// A rule forwards what comes in with certain words.
pub(super) fn forward_rule(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (cloud, own) = (court.first(HostKind::Cloud), intruder.account(court));
    let Some(session) = intruder.cloud.clone() else { return };
    intruder.step(world, "T1114.003", cloud, own, true);
    let deed = MailDeed::Rule {
        name: ".".into(),
        forward: Some("archive.reg.court@parcelbox.example".into()),
        words: "witness;statement;protected".into(),
    };
    world.add(intruder.at, cloud, &session, Deed::Mail { mailbox: own, deed });
    // Of what lies in the inbox some came in while the rule stood, and went on as a message each.
    let inbox = mailboxes(intruder, world).into_iter().find(|(id, mailbox)| {
        *mailbox == own
            && matches!(&court.holding(*id).place, Place::Mailbox { folder, .. } if folder == "Inbox")
    });
    let Some((holding, _)) = inbox else { return };
    let came: Vec<_> = court.items_of(holding).rev().filter(|_| intruder.dice.chance(12)).take(6).collect();
    for (number, item) in came.into_iter().enumerate() {
        let at = intruder.at + (number as i64 + 1) * 5 * HOUR;
        if at < court.size.from + i64::from(court.size.days) * DAY {
            intruder.reached(world, item, Grade::Left, at);
        }
    }
}

/// An app with the right to read mail, which then reads it by itself: content leaves.
pub(super) fn consent_app(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (cloud, own) = (court.first(HostKind::Cloud), intruder.account(court));
    let Some(session) = intruder.cloud.clone() else { return };
    intruder.step(world, "T1528", cloud, own, true);
    let deed = Deed::Consent {
        app: "Calendar Sync Helper".into(),
        id: "7b1f4c0e-52d9-4f3a-9c1e-d0a6ef3b8821".into(),
        scopes: "Mail.Read offline_access User.Read".into(),
    };
    world.add(intruder.at, cloud, &session, deed);
    intruder.pause();
    intruder.step(world, "T1114.002", cloud, own, true);
    let app = sign_in(intruder, world, Client::Api, API_AGENT, "Calendar Sync Helper");
    for (holding, mailbox) in mailboxes(intruder, world).into_iter().filter(|(_, mailbox)| *mailbox == own) {
        let items = intruder.take_of(court, holding);
        for one in items.chunks(10) {
            let at = intruder.moment();
            read(intruder, world, &app, mailbox, one, at, Grade::Left);
        }
    }
}

/// A desktop program outside is given the victim's mailbox: whole folders are copied to it.
pub(super) fn sync_mailbox(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (cloud, own) = (court.first(HostKind::Cloud), intruder.account(court));
    intruder.step(world, "T1114.002", cloud, own, true);
    let session = sign_in(intruder, world, Client::Desktop, OUTLOOK_AGENT, "Microsoft Office");
    for (holding, mailbox) in mailboxes(intruder, world).into_iter().filter(|(_, mailbox)| *mailbox == own) {
        let Place::Mailbox { folder, .. } = &court.holding(holding).place else { continue };
        let at = intruder.moment();
        let items: Vec<_> = court.items_of(holding).collect();
        let deed = MailDeed::Sync { folder: folder.as_str().into(), count: items.len() as u32 };
        world.add(at, cloud, &session, Deed::Mail { mailbox, deed });
        let grade = if intruder.through_device { Grade::Collected } else { Grade::Left };
        for item in items {
            intruder.reached(world, item, grade, at);
        }
    }
}

/// A tunnel in the victim's name, while the victim may be at work.
pub(super) fn vpn(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (gateway, account) = (court.first(HostKind::Vpn), intruder.account(court));
    intruder.step(world, "T1133", gateway, account, true);
    let line = intruder.line(world);
    let own = court.host(court.person(intruder.victim).device).name.clone();
    let (device, name) = match intruder.through_device {
        true => (Some(court.person(intruder.victim).device), own),
        false => (None, "DESKTOP-7Q2LM1K".to_owned()),
    };
    let session = crate::life::tunnel(world, intruder.at, intruder.victim, (&line, &name), device, true);
    intruder.tunnel = Some((session, pool_address(intruder.victim), intruder.at + 50 * MINUTE));
}

/// The document system, by a script in the victim's name: no rule knows it.
pub(super) fn documents(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (host, account) = (court.first(HostKind::Documents), intruder.account(court));
    let is_library = |id: &HoldingId| matches!(court.holding(*id).place, Place::Library { .. });
    let open = |id: &HoldingId| is_library(id) && intruder.gets_into(court, account, *id);
    let libraries: Vec<_> = (0..court.holdings.len() as u32).map(HoldingId).filter(open).collect();
    if libraries.is_empty() || (intruder.tunnel.is_none() && intruder.foothold.is_none()) {
        return;
    }
    intruder.step(world, "T1213", host, account, true);
    let wanted = libraries.iter().copied().filter(|id| intruder.wanted.contains(id));
    let mut chosen: Vec<_> = wanted.take(2).collect();
    chosen.push(*intruder.dice.pick(&libraries));
    let outside = intruder.tunnel.is_some() && !intruder.through_device;
    let (device, address) = match &intruder.tunnel {
        Some((_, inside, _)) => {
            (intruder.through_device.then(|| court.person(intruder.victim).device), inside.clone())
        }
        None => (
            intruder.foothold,
            intruder.foothold.map_or_else(String::new, |host| court.host(host).address.clone()),
        ),
    };
    let arrival = Arrival::over_network(account, host, device, &address)
        .by(Way::Documents)
        .with(Client::Api, API_AGENT)
        .intruder(true);
    let session = world.presence(intruder.at, &Arrival { workstation: "DESKTOP-7Q2LM1K", ..arrival });
    for holding in chosen {
        let Place::Library { name } = &court.holding(holding).place else { continue };
        let items: Vec<_> = court.items_of(holding).collect();
        let at = intruder.moment();
        let list = DocumentDeed::List { library: name.as_str().into(), titles: items.len() as u32 };
        world.add(at, host, &session, Deed::Document(list));
        intruder.listed(world, holding, at);
        for item in intruder.take_of(court, holding) {
            let at = intruder.moment();
            world.add(at, host, &session, Deed::Document(DocumentDeed::Download(item)));
            intruder.reached(world, item, if outside { Grade::Left } else { Grade::Collected }, at);
        }
        if intruder.wanted.contains(&holding) && !intruder.found.contains(&holding) {
            intruder.found.push(holding);
        }
    }
    world.vanish(intruder.at + 2 * SECOND, &session);
}
