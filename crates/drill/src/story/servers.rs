//! What does the intruder do on servers, and in the directory?

use super::foothold::reading_session;
use super::intruder::{Intruder, Known, folder};
use crate::act::{Cipher, Deed, FileDeed, Refusal, SharedFile, Way};
use crate::court::{AccountId, AccountKind, HoldingId, HostId};
use crate::life::shared_file;
use crate::moment::{MINUTE, MS, SECOND};
use crate::truth::Grade;
use crate::world::{Arrival, World};

const CMD: &str = "C:\\Windows\\System32\\cmd.exe";

/// Service tickets with a weak cipher, whose passwords can be guessed at home.
pub(super) fn kerberoast(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let Some(host) = intruder.foothold else { return };
    let account = intruder.account(court);
    let controller = world.controller();
    let services = court
        .accounts
        .iter()
        .enumerate()
        .filter(|(_, account)| matches!(account.kind, AccountKind::Service(_)));
    let services: Vec<_> = services.map(|(number, _)| AccountId(number as u32)).take(3).collect();
    let arrival =
        Arrival::over_network(account, controller, Some(host), &court.host(host).address).intruder(true);
    let session = world.presence(intruder.at, &arrival);
    intruder.step(world, "T1558.003", controller, account, true);
    for service in services {
        let at = intruder.moment();
        world.add(at, controller, &session, Deed::ServiceTicket { service, cipher: Cipher::Rc4 });
    }
}

/// A certificate in an administrator's name.
pub(super) fn certificate(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let Some(host) = intruder.foothold else { return };
    let account = intruder.account(court);
    let Some(admin) = court.people.iter().find_map(|person| person.admin) else { return };
    let controller = world.controller();
    let arrival =
        Arrival::over_network(account, controller, Some(host), &court.host(host).address).intruder(true);
    let session = world.presence(intruder.at, &arrival);
    intruder.step(world, "T1649", controller, account, true);
    let subject = court.account(admin).upn.as_str().into();
    world.add(
        intruder.at,
        controller,
        &session,
        Deed::Certificate { template: "CourtUserSign".into(), subject },
    );
    intruder.moment();
    intruder.step(world, "T1078.002", controller, admin, true);
    let arrival =
        Arrival::over_network(admin, controller, Some(host), &court.host(host).address).intruder(true);
    let session = world.presence(intruder.at, &arrival);
    let certificate =
        ["court-DC01-CA".into(), "5e00000021a7c3".into(), "9F0C41D2AA57E8B6013D7724C5E1B09A66F3D810".into()];
    world.add(intruder.at, controller, &session, Deed::TicketGranted { certificate: Some(certificate) });
    intruder.admin = Some(admin);
}

/// The file server that holds most of what is wanted.
fn target_server(intruder: &Intruder<'_>, world: &World<'_>) -> Option<HostId> {
    let court = world.court;
    let share = intruder.wanted.iter().find_map(|holding| folder(court, *holding)).map(|(share, _)| share)?;
    let host = court.share(share).host;
    court.host(host).is_windows().then_some(host)
}

/// A first attempt that may be refused: a mistyped hash, an account without the right.
fn try_door(
    intruder: &mut Intruder<'_>,
    world: &mut World<'_>,
    technique: &str,
    server: HostId,
    account: AccountId,
    way: Way,
) {
    if intruder.succeeds() {
        return;
    }
    let court = world.court;
    intruder.step(world, technique, server, account, false);
    let from = intruder.foothold.unwrap_or(server);
    let deed = Deed::LogOnRefused {
        name: court.account(account).name.as_str().into(),
        why: Refusal::Password,
        way,
        address: court.host(from).address.as_str().into(),
        workstation: court.host(from).name.as_str().into(),
    };
    let machine = world.machine(server);
    world.add(intruder.at, server, &machine, deed);
    intruder.at = intruder.at + 3 * MINUTE;
}

/// A service is installed from afar and runs commands as the system.
pub(super) fn psexec(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (Some(from), Some(admin), Some(server)) =
        (intruder.foothold, intruder.admin, target_server(intruder, world))
    else {
        return;
    };
    try_door(intruder, world, "T1021.002", server, admin, Way::Network);
    if let Some(step) = intruder.step(world, "T1021.002", server, admin, true) {
        intruder.known.push(Known::Step(step));
    }
    let name = court.host(from).name.clone();
    let arrival = Arrival::over_network(admin, server, Some(from), &court.host(from).address)
        .ntlm(&name)
        .elevated(true)
        .intruder(true);
    let session = world.arrive(intruder.at, &arrival);
    intruder.moment();
    intruder.step(world, "T1569.002", server, admin, true);
    let deed = Deed::Service { name: "PSEXESVC".into(), command: "%SystemRoot%\\PSEXESVC.exe".into() };
    world.add(intruder.at, server, &session, deed);
    let (machine, services) = (world.machine(server), world.services(server));
    let image = "C:\\Windows\\PSEXESVC.exe";
    let service = world.start(intruder.at + SECOND, &machine, &services, image, image);
    let shell = world.start(intruder.at + 2 * SECOND, &machine, &service, CMD, "\"cmd.exe\"");
    for process in [&shell, &service] {
        world.end(intruder.at + 40 * MINUTE, process);
    }
    world.leave(intruder.at + 40 * MINUTE, &session);
    intruder.controlled.push((server, intruder.at));
}

/// A session at the server's screen.
pub(super) fn remote_desktop(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let (Some(from), Some(admin), Some(server)) =
        (intruder.foothold, intruder.admin, target_server(intruder, world))
    else {
        return;
    };
    try_door(intruder, world, "T1021.001", server, admin, Way::RemoteDesktop);
    intruder.step(world, "T1021.001", server, admin, true);
    let session = crate::life::remote_desktop(world, intruder.at, admin, from, server, true);
    let services = world.services(server);
    world.run(
        intruder.at + 30 * SECOND,
        20 * MINUTE,
        &session,
        &services,
        (CMD, "\"C:\\Windows\\system32\\cmd.exe\""),
    );
    world.leave(intruder.at + 35 * MINUTE, &session);
    intruder.controlled.push((server, intruder.at));
}

/// Commands through WMI.
pub(super) fn wmi(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (Some(from), Some(admin), Some(server)) =
        (intruder.foothold, intruder.admin, target_server(intruder, world))
    else {
        return;
    };
    try_door(intruder, world, "T1047", server, admin, Way::Network);
    intruder.step(world, "T1047", server, admin, true);
    let arrival = Arrival::over_network(admin, server, Some(from), &court.host(from).address)
        .elevated(true)
        .intruder(true);
    let session = world.arrive(intruder.at, &arrival);
    let services = world.services(server);
    let image = "C:\\Windows\\System32\\wbem\\WmiPrvSE.exe";
    let provider = world.start(
        intruder.at + SECOND,
        &session,
        &services,
        image,
        "C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured -Embedding",
    );
    world.run(
        intruder.at + 2 * SECOND,
        3 * SECOND,
        &session,
        &provider,
        (CMD, "cmd.exe /Q /c dir D:\\Shares 1> \\\\127.0.0.1\\ADMIN$\\__1726300001.22 2>&1"),
    );
    world.end(intruder.at + 20 * MINUTE, &provider);
    world.leave(intruder.at + 20 * MINUTE, &session);
    intruder.controlled.push((server, intruder.at));
}

/// Folder after folder is looked into, until what is wanted is found.
pub(super) fn search_shares(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let Some(first) = intruder.wanted.iter().copied().find(|holding| folder(court, *holding).is_some())
    else {
        return;
    };
    let Some((share, _)) = folder(court, first) else { return };
    let account = intruder.admin.unwrap_or_else(|| intruder.account(court));
    let server = court.share(share).host;
    intruder.step(world, "T1083", server, account, true);
    let session = reading_session(intruder, world, share);
    let wanted: Vec<_> = intruder.wanted.iter().copied().take(8).collect();
    let others = (0..court.holdings.len() as u32).map(HoldingId);
    let mut seen: Vec<_> = others.filter(|_| intruder.dice.chance(20)).take(12).collect();
    seen.extend(wanted);
    for holding in seen {
        let Some((on, path)) = folder(court, holding) else { continue };
        if on != share {
            continue;
        }
        let at = intruder.moment();
        let file = SharedFile { share, path: path.into(), item: None, folder: true, size: 0 };
        if !intruder.gets_into(court, account, holding) {
            world.add(at, session.host, &session, Deed::File { file, deed: FileDeed::Refused });
            continue;
        }
        world.add(at, session.host, &session, Deed::File { file, deed: FileDeed::List });
        intruder.listed(world, holding, at);
        if intruder.wanted.contains(&holding) && !intruder.found.contains(&holding) {
            intruder.found.push(holding);
        }
    }
    let end = intruder.at + 5 * MINUTE;
    world.leave(end, &session);
}

/// Records are read, one after the other, and others left alone.
pub(super) fn read_shares(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    if intruder.foothold.is_none() && intruder.tunnel.is_none() {
        return;
    }
    let found: Vec<_> =
        if intruder.found.is_empty() { intruder.wanted.clone() } else { intruder.found.clone() };
    let account = intruder.admin.unwrap_or_else(|| intruder.account(court));
    let open = |holding: &HoldingId| {
        folder(court, *holding).is_some() && intruder.gets_into(court, account, *holding)
    };
    let Some(holding) = found.into_iter().find(open) else { return };
    let Some((share, path)) = folder(court, holding) else { return };
    intruder.step(world, "T1039", court.share(share).host, account, true);
    let session = reading_session(intruder, world, share);
    let folder = SharedFile { share, path: path.into(), item: None, folder: true, size: 0 };
    world.add(intruder.at, session.host, &session, Deed::File { file: folder, deed: FileDeed::List });
    intruder.listed(world, holding, intruder.at);
    // Through a tunnel from outside, content that is read is outside.
    let grade =
        if intruder.tunnel.is_some() && !intruder.through_device { Grade::Left } else { Grade::Opened };
    for item in intruder.take_of(court, holding) {
        let at = intruder.moment();
        let file = shared_file(court, item);
        let deed = FileDeed::Read(file.size);
        world.add(at, session.host, &session, Deed::File { file, deed });
        intruder.reached(world, item, grade, at);
    }
    if !intruder.found.contains(&holding) {
        intruder.found.push(holding);
    }
    let end = intruder.at + 10 * MINUTE;
    world.leave(end, &session);
}

/// The directory's secrets are replicated to the foothold.
pub(super) fn replicate_directory(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let (Some(from), Some(admin)) = (intruder.foothold, intruder.admin) else { return };
    let controller = world.controller();
    intruder.step(world, "T1003.006", controller, admin, true);
    let arrival = Arrival::over_network(admin, controller, Some(from), &court.host(from).address)
        .elevated(true)
        .intruder(true);
    let session = world.arrive(intruder.at, &arrival);
    for number in 0..3 {
        world.add(intruder.at + number * 300 * MS, controller, &session, Deed::Replicated);
    }
    world.leave(intruder.at + MINUTE, &session);
}
