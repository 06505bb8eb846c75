//! What do services and administrators do, night and day?

use std::rc::Rc;

use crate::act::{AccountChange, Client, Deed, FileDeed, SharedFile, Way};
use crate::chance::Dice;
use crate::court::{Account, AccountId, AccountKind, Court, HoldingId, HostId, HostKind, PersonId, Place};
use crate::moment::{DAY, HOUR, MINUTE, MS, Moment, SECOND, Span};
use crate::world::{Arrival, World};

/// Files that the backup reads in a night and share, at most: what has changed.
const CHANGED_FILES_MAX: i64 = 60;

pub(super) fn day(world: &mut World<'_>, day: Moment) {
    let dice = Dice::new(world.court.seed, "services").branch((day.0 / DAY).unsigned_abs());
    backup(world, day, &mut dice.branch(1));
    directory_sync(world, day, &mut dice.branch(2));
    administrators(world, day, &mut dice.branch(3));
    movements(world, day, &mut dice.branch(4));
}

/// The service account whose name has that beginning.
pub(crate) fn service(court: &Court, name: &str) -> Option<(AccountId, HostId)> {
    let found = |account: &Account| match account.kind {
        AccountKind::Service(host) if account.name.starts_with(name) => Some(host),
        _ => None,
    };
    court
        .accounts
        .iter()
        .enumerate()
        .find_map(|(number, account)| found(account).map(|host| (AccountId(number as u32), host)))
}

/// At night, every share: lists all, reads what has changed.
fn backup(world: &mut World<'_>, day: Moment, dice: &mut Dice) {
    let court = world.court;
    let Some((account, from)) = service(court, "svc-backup") else { return };
    let address = court.host(from).address.clone();
    let mut at = day + HOUR + dice.between(0, 600) * SECOND;
    for (number, share) in court.shares.iter().enumerate() {
        let arrival = Arrival::over_network(account, share.host, Some(from), &address)
            .with(Client::Service, "")
            .elevated(true);
        let session = world.arrive(at, &arrival);
        let share = crate::court::ShareId(number as u32);
        world.add(at + 5 * MS, session.host, &session, Deed::Share(share));
        for (id, path) in folders(court, share) {
            let folder = SharedFile { share, path: path.into(), item: None, folder: true, size: 0 };
            at = at + dice.between(5, 60) * MS;
            world.add(at, session.host, &session, Deed::File { file: folder, deed: FileDeed::List });
            let items: Vec<_> = court.items_of(id).collect();
            let changed = dice.between(0, CHANGED_FILES_MAX / 6).min(items.len() as i64);
            for _ in 0..changed {
                let item = *dice.pick(&items);
                at = at + dice.between(20, 400) * MS;
                let file = shared_file(court, item);
                let deed = FileDeed::Read(file.size);
                world.add(at, session.host, &session, Deed::File { file, deed });
            }
        }
        world.leave(at + SECOND, &session);
        at = at + dice.between(20, 90) * SECOND;
    }
}

fn folders(court: &Court, share: crate::court::ShareId) -> impl Iterator<Item = (HoldingId, &str)> {
    court.holdings.iter().enumerate().filter_map(move |(number, holding)| match &holding.place {
        Place::Folder { share: on, path } if *on == share => Some((HoldingId(number as u32), path.as_str())),
        _ => None,
    })
}

/// The file that an item of a folder is.
pub(crate) fn shared_file(court: &Court, item: crate::court::ItemId) -> SharedFile {
    let it = court.item(item);
    match &court.holding(it.holding).place {
        Place::Folder { share, path } => SharedFile {
            share: *share,
            path: [path, "\\", it.name.as_str()].concat().into(),
            item: Some(item),
            folder: false,
            size: it.bytes,
        },
        // Not reached: callers choose items of folders.
        _ => SharedFile {
            share: crate::court::ShareId(0),
            path: it.name.as_str().into(),
            item: Some(item),
            folder: false,
            size: it.bytes,
        },
    }
}

/// The directory synchronisation replicates secrets because that is its work.
fn directory_sync(world: &mut World<'_>, day: Moment, dice: &mut Dice) {
    let court = world.court;
    let Some((account, from)) = service(court, "MSOL_") else { return };
    let address = court.host(from).address.clone();
    let controller = world.controller();
    let mut at = day + dice.between(0, 1800) * SECOND;
    while at < day + DAY {
        let arrival =
            Arrival::over_network(account, controller, Some(from), &address).with(Client::Service, "");
        let session = world.arrive(at, &arrival);
        for _ in 0..2 {
            world.add(at + dice.between(100, 900) * MS, controller, &session, Deed::Replicated);
        }
        world.leave(at + dice.between(5, 30) * SECOND, &session);
        at = at + 30 * MINUTE + dice.between(-20, 20) * SECOND;
    }
}

/// Administrators come to servers by remote desktop on some days.
fn administrators(world: &mut World<'_>, day: Moment, dice: &mut Dice) {
    let court = world.court;
    if day.weekday() > 4 {
        return;
    }
    for number in 0..court.people.len() as u32 {
        let person = court.person(PersonId(number));
        let (Some(admin), true) = (person.admin, dice.chance(60)) else { continue };
        let servers: Vec<_> = (0..court.hosts.len() as u32)
            .map(HostId)
            .filter(|host| court.host(*host).is_windows() && court.host(*host).kind != HostKind::Workstation)
            .collect();
        let (server, from) = (*dice.pick(&servers), person.device);
        let at = day - day.court_offset() + 9 * HOUR + dice.between(0, 7 * 3600) * SECOND;
        let session = remote_desktop(world, at, admin, from, server, false);
        let lasts = dice.between(4, 40) * MINUTE;
        let services = world.services(server);
        for (image, command) in [
            (
                "C:\\Windows\\System32\\mmc.exe",
                "\"C:\\Windows\\System32\\mmc.exe\" C:\\Windows\\system32\\eventvwr.msc",
            ),
            ("C:\\Windows\\System32\\cmd.exe", "\"C:\\Windows\\system32\\cmd.exe\""),
            (
                "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
                "powershell.exe -NoProfile -Command Get-Service",
            ),
        ] {
            if dice.chance(60) {
                let at = at + dice.between(10, 200) * SECOND;
                let process = world.run(at, lasts / 2, &session, &services, (image, command));
                if image.ends_with("powershell.exe") {
                    let text =
                        "Get-Service | Where-Object Status -eq 'Running' | Sort-Object DisplayName".into();
                    world.add(at + SECOND, server, &session, Deed::Script { process, text });
                }
            }
        }
        world.leave(at + lasts, &session);
    }
}

/// A session by remote desktop, with what it needs.
pub(crate) fn remote_desktop(
    world: &mut World<'_>,
    at: Moment,
    account: AccountId,
    from: HostId,
    to: HostId,
    intruder: bool,
) -> Rc<crate::act::Session> {
    let address = world.court.host(from).address.clone();
    let name = world.court.host(from).name.clone();
    let arrival = Arrival::over_network(account, to, Some(from), &address)
        .by(Way::RemoteDesktop)
        .elevated(true)
        .intruder(intruder);
    let arrival = Arrival { workstation: &name, ..arrival };
    world.arrive(at, &arrival)
}

/// People join and leave: their accounts are enabled and disabled.
fn movements(world: &mut World<'_>, day: Moment, dice: &mut Dice) {
    let court = world.court;
    let on_this_day = |moment: Option<Moment>| moment.is_some_and(|at| at >= day && at < day + DAY);
    let Some(admin) = court.people.iter().find_map(|person| person.admin.map(|admin| (admin, person.device)))
    else {
        return;
    };
    let changes = court.people.iter().flat_map(|person| {
        let joins = on_this_day(person.joined).then_some((person.account, AccountChange::Enabled));
        let leaves = on_this_day(person.left).then_some((person.account, AccountChange::Disabled));
        [joins, leaves]
    });
    let changes: Vec<_> = changes.flatten().collect();
    for (account, change) in changes {
        let at = day - day.court_offset() + 8 * HOUR + dice.between(0, 3000) * SECOND;
        let controller = world.controller();
        let session = remote_desktop(world, at, admin.0, admin.1, controller, false);
        world.add(at + 90 * SECOND, controller, &session, Deed::AccountChanged { account, change });
        world.leave(at + pause(dice), &session);
    }
}

fn pause(dice: &mut Dice) -> Span {
    dice.between(3, 20) * MINUTE
}
