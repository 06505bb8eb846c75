//! Which small evidence set has everything in it that a reader must not stumble over?
//!
//! [`make`] writes three days (2026-09-14 to 2026-09-16, UTC) of a made-up court: people at work,
//! servers, a VPN, a document system, and an intrusion among it. Always the same bytes, no clock,
//! a few megabytes. All names are invented; hosts are below `court.example`. It is written by hand
//! for tests of reading, matching and telling: it has no truth and no options, which drills have.
//!
//! # Files
//!
//! | file | what it is |
//! |---|---|
//! | `REG-WS07/Security.evtx` | registry clerk's workstation; begins with its own clearing (1102): all before is lost |
//! | `REG-WS07/System.evtx` | the same, cleared two seconds later (104) |
//! | `REG-WS07/Microsoft-Windows-Sysmon%4Operational.evtx` | whole; here most of the intrusion is seen |
//! | `REG-WS07/Microsoft-Windows-PowerShell%4Operational.evtx` | whole |
//! | `REG-WS07/Archive-Security-2026-09-13.evtx` | the Sunday before; one record overwritten with garbage, last chunk cut short |
//! | `REG-WS07/memory-note.bin` | a binary that nobody reads |
//! | `LEGAL-FS01/Security.evtx`, `LEGAL-FS01/System.evtx` | file server |
//! | `DC01/security.winlogbeat.ndjson` | domain controller and certification authority, as winlogbeat 8 writes |
//! | `HR-WS02/events.nxlog.json` | personnel workstation, Sysmon and Security, as NXLog writes, in local time (+02:00) |
//! | `HR-WS02/Setup.evtx` | 0 bytes |
//! | `vpn/vpn-gateway.jsonl` | VPN sessions, JSON lines of no known make |
//! | `vpn/vpn-gateway-2026-09-13.jsonl.gz` | the Sunday before, in gzip |
//! | `dms/document-access.jsonl` | document system, JSON lines of no known make, times as seconds since 1970 in a text |
//! | `dms/document-access-old.jsonl` | the week before; lines 5, 12 and 13 broken, 21 not UTF-8, last line cut |
//!
//! # Acts
//!
//! | UTC | where | act | ATT&CK | traces |
//! |---|---|---|---|---|
//! | 14th 07:11:52 | REG-WS07 | mail with a document and a program named backwards (U+202E) | T1566.001, T1036.002 | Sysmon 11, 15 |
//! | 14th 07:12:41 | REG-WS07 | Word starts PowerShell with an encoded command | T1204.002, T1059.001 | Sysmon 1; PowerShell 4104 |
//! | 14th 07:12:43 | REG-WS07 | PowerShell fetches `syncsvc.exe` from `updates-cdn.example`; from then on it calls home about every 47 minutes | T1105, T1071.001 | Sysmon 22, 3, 11, 1 |
//! | 14th 07:21:05 | REG-WS07 | `whoami /all`, `nltest /domain_trusts`, `net group "Domain Admins" /domain` | T1033, T1482, T1069.002 | Sysmon 1 |
//! | 14th 08:02:11 | REG-WS07 | elevation by way of `fodhelper.exe` | T1548.002 | Sysmon 13, 1 |
//! | 14th 08:05:17 | REG-WS07 | lsass dumped by `comsvcs.dll`; at 08:06:02 opened by `syncsvc.exe` with 0x1410 | T1003.001 | Sysmon 1, 10, 11 |
//! | 14th 08:31:02 | REG-WS07 | scheduled task, run key | T1053.005, T1547.001 | Sysmon 1, 11, 13 (4698 is lost with the log) |
//! | 14th 21:48:20 | VPN | the clerk's account from a foreign address with another client; again on the 15th at 21:55:31 | T1133, T1078 | VPN log |
//! | 15th 00:14:05 | DC01 | three RC4 tickets for service accounts | T1558.003 | 4769; PowerShell 4104 and Sysmon 1 on REG-WS07 |
//! | 15th 00:36:10 | DC01 | certificate for the clerk in the domain administrator's name, used at 00:38:02 | T1649 | 4886, 4887, 4768; Sysmon 1 on REG-WS07 |
//! | 15th 01:05:01 | LEGAL-FS01 | `PSEXESVC` with the stolen administrator's NTLM hash | T1021.002, T1569.002, T1550.002 | Security 4624, 4672, 5140, 5145, 4697, 4688; System 7045; 4776 on DC01; Sysmon 1, 3 on REG-WS07 |
//! | 15th 01:12:20 | LEGAL-FS01 | search for "protected witness" | T1083 | 4688 |
//! | 15th 01:29:30 | LEGAL-FS01 | 18 witness files read into an encrypted archive in parts of 50 MB | T1039, T1560.001 | 4688, 4663 |
//! | 15th 01:41:08 | LEGAL-FS01 | three parts fetched over `C$`, then deleted | T1074.002, T1070.004 | 5140, 5145, 4688 |
//! | 15th 01:55:18 | DC01 | the directory's secrets replicated in the forged administrator's name | T1003.006 | 4624, 4672, 4662 |
//! | 15th 02:22:14 | HR-WS02 | commands through WMI: shadow copies listed, personnel files collected, task `SyncCheck` | T1047, T1053.005, T1005 | Sysmon 1, 11; 4624, 4672, 4688, 4698 |
//! | 15th 22:02:11 | DMS | 46 witness documents downloaded by a script in the clerk's name | T1213 | document system's log |
//! | 16th 00:48:12 | REG-WS07 | everything into `d1.7z`, encrypted | T1560.001 | Sysmon 1, 11 |
//! | 16th 01:10:33 | REG-WS07 | sent by `rclone`, at 01:31:07 again by `curl`, to `files.parcelbox.example` | T1567.002, T1048 | Sysmon 1, 22, 3 |
//! | 16th 01:52:14 | REG-WS07 | Security log cleared, at 01:52:16 System | T1070.001 | 1102, 104; Sysmon 1 |
//! | 16th 02:04:40 | REG-WS07 | tools and loot deleted | T1070.004 | Sysmon 1, 23 |
//!
//! # Look-alikes that are none
//!
//! The administrator at the clerk's desk (14th 06:52, `whoami`, `net use`: that is how his
//! credentials came to lie in lsass) and his remote service `CourtInventoryAgent` (14th 12:10);
//! the inventory script in PowerShell; virus scanner and backup opening lsass with 0x1000;
//! zip files and curl in HR; RC4 tickets of the old scanner; replication by the directory
//! synchronisation `MSOL_…`; the witness section and the backup reading witness files; a legal
//! officer abroad on the VPN; mistyped passwords; machines that renew certificates.
//!
//! # Texts that mean to be run
//!
//! An HTML `script` in a document title (DMS) and an account name (DC01); terminal escapes in a
//! window title (Sysmon on REG-WS07) and an account name (DC01); `=HYPERLINK(…)` as a
//! workstation's name (DC01), VPN client, document title (DMS) and in a command (HR-WS02); a
//! right-to-left override in file names (REG-WS07, LEGAL-FS01).

use std::fs;
use std::io;
use std::path::Path;

mod beats;
mod cast;
mod clock;
mod damage;
mod dice;
mod event;
mod intrusion;
mod json;
mod nxlog;
mod other;
mod scene;
mod security;
mod servers;
mod sysmon;
mod system;
mod work;

use crate::evtx::Writer;
use cast::{DC01, HR_WS02, Host, LEGAL_FS01, REG_WS07};
use clock::at;
use event::{Event, POWERSHELL, SECURITY, SYSMON, SYSTEM};
use scene::{Scene, Station};

/// Writes the evidence set into `dir`, which is made if it is not there; files of the same names
/// are overwritten.
///
/// # Errors
/// When a folder or a file cannot be written.
pub fn make(dir: &Path) -> io::Result<()> {
    let scene = story();
    registry_workstation(dir, &scene)?;
    for (name, channel, first_id) in [("Security.evtx", SECURITY, 912_044), ("System.evtx", SYSTEM, 30_551)] {
        let log = event_log(LEGAL_FS01, channel, first_id, &scene.logged(LEGAL_FS01, &[channel]))?;
        write(dir, &format!("LEGAL-FS01/{name}"), &log)?;
    }
    write(dir, "DC01/security.winlogbeat.ndjson", &domain_controller(&scene))?;
    write(dir, "HR-WS02/events.nxlog.json", &personnel_workstation(&scene))?;
    write(dir, "HR-WS02/Setup.evtx", &[])?;
    write(dir, "vpn/vpn-gateway.jsonl", other::vpn().as_bytes())?;
    let sunday = damage::gzipped("vpn-gateway-2026-09-13.jsonl", other::vpn_sunday().as_bytes());
    write(dir, "vpn/vpn-gateway-2026-09-13.jsonl.gz", &sunday)?;
    write(dir, "dms/document-access.jsonl", other::documents().as_bytes())?;
    write(dir, "dms/document-access-old.jsonl", &damage::lines(&other::old_documents()))
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = dir.join(name);
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(&path, bytes)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Everything that happened.
fn story() -> Scene {
    let mut scene = Scene::default();
    let mut registry = Station::new(REG_WS07, 0x3f21_c08a);
    let mut hr = Station::new(HR_WS02, 0x91b4_5d10);
    let desktop = work::registry_days(&mut scene, &mut registry);
    work::hr_days(&mut scene, &mut hr);
    servers::file_server(&mut scene);
    servers::domain_controller(&mut scene);
    intrusion::happen(&mut scene, &mut registry, &mut hr, &desktop);
    scene
}

/// An event log file of one channel.
fn event_log(host: Host, channel: &str, first_id: u64, events: &[&Event]) -> io::Result<Vec<u8>> {
    let mut log = Writer::starting_at(channel, first_id);
    let computer = host.full_name();
    events.iter().try_for_each(|event| log.push(&event.record(&computer)).map(drop))?;
    Ok(log.finish())
}

/// What a log still has after a clear, and under which id it goes on.
fn after_clear(events: Vec<&Event>, cleared: i64, first_id: u64) -> (u64, Vec<&Event>) {
    let lost = events.iter().filter(|event| event.at < cleared).count();
    (first_id + lost as u64, events.into_iter().skip(lost).collect())
}

fn registry_workstation(dir: &Path, scene: &Scene) -> io::Result<()> {
    let archive_first_id = 183_201;
    let sunday = quiet_sunday();
    let archived = sunday.logged(REG_WS07, &[SECURITY]);
    let archive = damage::event_log(event_log(REG_WS07, SECURITY, archive_first_id, &archived)?);
    write(dir, "REG-WS07/Archive-Security-2026-09-13.evtx", &archive)?;

    for (name, channel, first_id, cleared) in [
        ("Security.evtx", SECURITY, archive_first_id + archived.len() as u64, intrusion::SECURITY_CLEARED),
        ("System.evtx", SYSTEM, 27_118, intrusion::SYSTEM_CLEARED),
    ] {
        let all = scene.logged(REG_WS07, &[channel]);
        let (first_id, left) = after_clear(all, at(16, cleared), first_id);
        write(dir, &format!("REG-WS07/{name}"), &event_log(REG_WS07, channel, first_id, &left)?)?;
    }
    for (name, channel, first_id) in [("Sysmon", SYSMON, 604_310), ("PowerShell", POWERSHELL, 2_907)] {
        let log = event_log(REG_WS07, channel, first_id, &scene.logged(REG_WS07, &[channel]))?;
        write(dir, &format!("REG-WS07/Microsoft-Windows-{name}%4Operational.evtx"), &log)?;
    }
    write(dir, "REG-WS07/memory-note.bin", &damage::binary())
}

/// The Security log of the Sunday before, when nobody was there.
fn quiet_sunday() -> Scene {
    let mut scene = Scene::default();
    let mut station = Station::new(REG_WS07, 0x3f21_c08a);
    for round in 0..4 {
        let mut dice = dice::Dice::named(&format!("Sunday {round}"));
        work::background(&mut scene, &mut station, 13, &mut dice);
    }
    scene
}

fn domain_controller(scene: &Scene) -> Vec<u8> {
    let events = scene.logged(DC01, &[SECURITY]);
    let lines = (2_410_933..).zip(events).map(|(id, event)| beats::line(event, DC01, id) + "\n");
    lines.collect::<String>().into_bytes()
}

/// Both channels in one stream, each numbered by itself.
fn personnel_workstation(scene: &Scene) -> Vec<u8> {
    let (mut security, mut sysmon) = (402_811, 551_090);
    let mut out = String::new();
    for event in scene.logged(HR_WS02, &[SECURITY, SYSMON]) {
        let number = if event.kind.source.channel == SECURITY { &mut security } else { &mut sysmon };
        *number += 1;
        out += &nxlog::line(event, HR_WS02, *number);
        out.push('\n');
    }
    out.into_bytes()
}
