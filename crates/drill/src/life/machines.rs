//! What does a machine do by itself?
//!
//! Scheduled work, updates, the virus scanner, telemetry, the talk with the directory. Most of
//! what event logs hold is this; `docs/drill-statistics.md` sets it beside real logs.

use std::rc::Rc;

use crate::act::{Client, Deed, Session};
use crate::chance::Dice;
use crate::court::{Court, HostId, HostKind};
use crate::life::sites;
use crate::moment::{DAY, HOUR, MINUTE, MS, Moment, SECOND};
use crate::world::{Arrival, Talk, World};

/// Image, arguments, seconds it runs about, how often an hour in hundredths.
const CHORES: [(&str, &str, i64, u64); 14] = [
    ("C:\\Windows\\System32\\svchost.exe", " -k netsvcs -p -s wuauserv", 300, 60),
    ("C:\\Windows\\System32\\svchost.exe", " -k wsappx -p -s AppXSvc", 240, 80),
    ("C:\\Windows\\System32\\svchost.exe", " -k LocalSystemNetworkRestricted -p -s WdiSystemHost", 120, 70),
    ("C:\\Windows\\System32\\taskhostw.exe", " Install $(Arg0)", 30, 50),
    (
        "C:\\Windows\\System32\\backgroundTaskHost.exe",
        " -ServerName:BackgroundTaskHost.WebAccountProvider",
        20,
        120,
    ),
    ("C:\\Windows\\System32\\RuntimeBroker.exe", " -Embedding", 600, 70),
    (
        "C:\\Windows\\System32\\SearchProtocolHost.exe",
        " Global\\UsGthrFltPipeMssGthrPipe12_ Global\\UsGthrCtrlFltPipeMssGthrPipe12 1 -2147483646",
        60,
        200,
    ),
    ("C:\\Windows\\System32\\SearchFilterHost.exe", " 0 808 812 820 8192 816 792", 60, 200),
    (
        "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.24070.5-0\\MpCmdRun.exe",
        " SignatureUpdate -ScheduleJob -RestrictPrivileges",
        25,
        60,
    ),
    ("C:\\Windows\\System32\\wbem\\WmiPrvSE.exe", " -secured -Embedding", 90, 130),
    ("C:\\Windows\\System32\\dllhost.exe", " /Processid:{3EB3C877-1F16-487C-9050-104DBCD66683}", 6, 150),
    ("C:\\Windows\\System32\\sppsvc.exe", "", 40, 30),
    ("C:\\Windows\\System32\\conhost.exe", " 0xffffffff -ForceV1", 20, 60),
    ("C:\\Program Files\\Kestrel Backup\\kestrelagent.exe", " --changed-since last", 45, 25),
];

const LIBRARIES: [&str; 6] = [
    "C:\\Windows\\System32\\wbem\\fastprox.dll",
    "C:\\Windows\\System32\\taskschd.dll",
    "C:\\Windows\\System32\\samlib.dll",
    "C:\\Windows\\System32\\vaultcli.dll",
    "C:\\Windows\\System32\\dbghelp.dll",
    "C:\\Windows\\System32\\amsi.dll",
];

/// A day of every machine.
pub(super) fn day(world: &mut World<'_>, day: Moment, noise_percent: u32) {
    let court = world.court;
    let dice = Dice::new(court.seed, "machines").branch((day.0 / DAY).unsigned_abs());
    for number in 0..court.hosts.len() as u32 {
        let (host, mut dice) = (HostId(number), dice.branch(u64::from(number)));
        if court.host(host).kind == HostKind::Workstation {
            lease(world, host, day, &mut dice);
        }
        if court.host(host).is_windows() {
            chores(world, host, day, u64::from(noise_percent), &mut dice);
            talk_with_directory(world, host, day, &mut dice);
        }
    }
}

/// Twice a day, and after an update at night the machine starts anew.
fn lease(world: &mut World<'_>, host: HostId, day: Moment, dice: &mut Dice) {
    let machine = world.machine(host);
    let at = day + dice.between(0, 11) * HOUR + dice.between(0, 3599) * SECOND;
    world.add(at, host, &machine, Deed::Lease);
    world.add(at + 12 * HOUR, host, &machine, Deed::Lease);
    if day.weekday() == 2 && dice.chance(40) {
        let at = day + 3 * HOUR + dice.between(0, 3000) * SECOND;
        world.add(at, host, &machine, Deed::Started);
        world.add(at + 20 * SECOND, host, &machine, Deed::Lease);
    }
}

fn chores(world: &mut World<'_>, host: HostId, day: Moment, noise_percent: u64, dice: &mut Dice) {
    let (machine, services) = (world.machine(host), world.services(host));
    let sysmon = world.court.host(host).kind == HostKind::Workstation;
    for hour in 0..24 {
        let begin = day + hour * HOUR;
        for (image, arguments, seconds, per_hundred) in CHORES {
            let wanted = per_hundred * noise_percent;
            for _ in 0..wanted / 10_000 + u64::from(dice.below(10_000) < wanted % 10_000) {
                let at = begin + dice.between(0, 3_599_999) * MS;
                let command = [image, arguments].concat();
                let lasts = dice.skewed(1, seconds) * SECOND + dice.between(0, 999) * MS;
                let process = world.run(at, lasts, &machine, &services, (image, &command));
                if sysmon && dice.chance(25) {
                    let image = (*dice.pick(&LIBRARIES)).into();
                    world.add(at + 60 * MS, host, &machine, Deed::LoadImage { process, image });
                }
            }
        }
        if sysmon && dice.below(100) < noise_percent {
            telemetry(world, host, begin, &machine, dice);
        }
    }
}

fn telemetry(world: &mut World<'_>, host: HostId, begin: Moment, machine: &Rc<Session>, dice: &mut Dice) {
    let services = world.services(host);
    for _ in 0..dice.between(2, 6) {
        let at = begin + dice.between(0, 3_599_999) * MS;
        let image = "C:\\Windows\\System32\\svchost.exe";
        let command = "C:\\Windows\\System32\\svchost.exe -k utcsvc -p";
        let process = world.run(at, 30 * SECOND, machine, &services, (image, command));
        world.browse(at + 200 * MS, &process, &sites::program(dice), Talk::short(dice));
        if dice.chance(30) {
            let target = Rc::clone(&services);
            let deed = Deed::OpenProcess { process: Rc::clone(&process), target, rights: 0x1000 };
            world.add(at + 400 * MS, host, machine, deed);
        }
        if dice.chance(60) {
            let key = format!(
                "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Diagnostics\\DiagTrack\\TestHooks\\Sample{}",
                dice.below(40)
            );
            let value = format!("DWORD (0x{:08x})", dice.next() as u32);
            let deed = Deed::SetValue { process, key: key.into(), value: value.into() };
            world.add(at + 700 * MS, host, machine, deed);
        }
    }
}

/// Group policy and time: the machine's own account at the domain controller.
fn talk_with_directory(world: &mut World<'_>, host: HostId, day: Moment, dice: &mut Dice) {
    let court = world.court;
    let controller = world.controller();
    let Some(account) = court.host(host).account.filter(|_| host != controller) else { return };
    let mut at = day + dice.between(0, 5400) * SECOND;
    while at < day + DAY {
        let arrival = Arrival::over_network(account, controller, Some(host), &court.host(host).address)
            .with(Client::Service, "")
            .elevated(false);
        let session = world.arrive(at, &arrival);
        world.leave(at + dice.between(4, 20) * SECOND, &session);
        at = at + dice.between(85, 125) * MINUTE;
    }
    service_logons(world, host, day, dice);
}

/// Windows' own services log on now and then: 4624 of type 5.
fn service_logons(world: &mut World<'_>, host: HostId, day: Moment, dice: &mut Dice) {
    let mut at = day + dice.between(0, 1800) * SECOND;
    while at < day + DAY {
        let arrival = Arrival::at_console(Court::SYSTEM, host).by(crate::act::Way::Service).elevated(true);
        let arrival = Arrival { address: "-", ..arrival };
        let session = Rc::new(Session { logon_id: 0x3e7, ..Session::clone(&world.presence(at, &arrival)) });
        world.add(at, host, &session, Deed::LogOn);
        at = at + dice.skewed(3, 25) * MINUTE;
    }
}
