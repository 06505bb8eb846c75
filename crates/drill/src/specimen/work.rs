//! What does an ordinary day look like at a workstation?
//!
//! People log on, read mail, write, browse and print; the system runs its tasks, its virus
//! scanner and its backup, an administrator's script takes inventory. Some of it looks like an
//! intrusion and is none: a zip file, PowerShell, processes that open lsass with few rights, an
//! administrator who asks `whoami`.

use super::cast::{ADM_KETTERMOLE, Account, LOCAL_SERVICE, NETWORK_SERVICE, SYSTEM, VANTORP};
use super::clock::{HOUR, MINUTE, SECOND, at};
use super::dice::Dice;
use super::scene::{Scene, Station};
use super::security::{self, Presence};
use super::sysmon::{self, Integrity, Owner, Process};
use super::system::{self, Console};
use crate::evtx::Guid;

/// A person's desktop while they are logged on.
#[derive(Clone)]
pub(super) struct Desktop {
    pub(super) owner: Owner,
    pub(super) presence: Presence,
    pub(super) explorer: Process,
    pub(super) outlook: Process,
    browser: Process,
}

/// What people start, from where, how.
const HABITS: [(&str, &str); 11] = [
    (
        "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
        "\"C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe\" --single-argument https://intranet.court.example/",
    ),
    (
        "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
        "\"C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe\" --type=renderer --lang=en-GB",
    ),
    (
        "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE",
        "\"C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE\" /n \"\\\\LEGAL-FS01\\Registry$\\Filings\\receipt.docx\" /o \"\"",
    ),
    (
        "C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE",
        "\"C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE\" \"\\\\LEGAL-FS01\\Registry$\\Lists\\filings-2026.xlsx\"",
    ),
    (
        "C:\\Program Files\\Adobe\\Acrobat DC\\Acrobat\\Acrobat.exe",
        "\"C:\\Program Files\\Adobe\\Acrobat DC\\Acrobat\\Acrobat.exe\" \"C:\\Users\\Public\\Documents\\practice-direction.pdf\"",
    ),
    ("C:\\Windows\\System32\\notepad.exe", "\"C:\\Windows\\system32\\notepad.exe\""),
    ("C:\\Windows\\splwow64.exe", "C:\\Windows\\splwow64.exe 12288"),
    (
        "C:\\Windows\\System32\\backgroundTaskHost.exe",
        "\"C:\\Windows\\system32\\backgroundTaskHost.exe\" -ServerName:CortanaUI.AppX8z9r6jm96hw4bsbneegw0kyxx296wr9t.mca",
    ),
    ("C:\\Windows\\System32\\SnippingTool.exe", "\"C:\\Windows\\system32\\SnippingTool.exe\""),
    (
        "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE",
        "\"C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE\" /n",
    ),
    ("C:\\Windows\\System32\\calc.exe", "\"C:\\Windows\\system32\\calc.exe\""),
];

/// What the task scheduler starts by itself.
const TASKS: [(&str, &str); 2] = [
    ("C:\\Windows\\System32\\taskhostw.exe", "taskhostw.exe"),
    ("C:\\Windows\\System32\\taskhostw.exe", "taskhostw.exe Install $(Arg0)"),
];

/// Services that start when they are needed.
const SERVICES: [(&str, &str); 3] = [
    ("C:\\Windows\\System32\\svchost.exe", "C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s wuauserv"),
    ("C:\\Windows\\System32\\svchost.exe", "C:\\Windows\\system32\\svchost.exe -k wsappx -p -s ClipSVC"),
    ("C:\\Windows\\System32\\sppsvc.exe", "C:\\Windows\\system32\\sppsvc.exe"),
];

/// Where browsers go.
const SITES: [(&str, &str); 5] = [
    ("intranet.court.example", "10.20.2.12"),
    ("dms.court.example", "10.20.2.30"),
    ("press.news-agency.example", "192.0.2.80"),
    ("translate.lexicon.example", "192.0.2.114"),
    ("update.kestrel-backup.example", "192.0.2.45"),
];

/// Someone logs on in the morning: the audit's entry, the shell, the mail program.
pub(super) fn log_on(
    scene: &mut Scene,
    station: &mut Station,
    when: i64,
    account: Account,
    logon_id: u64,
) -> Desktop {
    let presence = Presence::local(account, logon_id, 2, station.host);
    scene.add(station.host, security::logon(when, station.host, &presence));
    let owner = Owner { account, logon_id, since: when, session: 1, integrity: Integrity::Medium };
    let parent = station.services.clone();
    let userinit = station.start(
        scene,
        when + 2 * SECOND,
        &parent,
        ("C:\\Windows\\System32\\userinit.exe", "C:\\Windows\\system32\\userinit.exe"),
        owner,
    );
    let shell = ("C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE");
    let explorer = station.start(scene, when + 3 * SECOND, &userinit, shell, owner);
    let mail = "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE";
    let mail_command = format!("\"{mail}\"");
    let outlook = station.start(scene, when + 95 * SECOND, &explorer, (mail, &mail_command), owner);
    let browser = station.start(scene, when + 140 * SECOND, &explorer, HABITS[0], owner);
    Desktop { owner, presence, explorer, outlook, browser }
}

/// The hours at the desk from `from` to `until`.
pub(super) fn work(
    scene: &mut Scene,
    station: &mut Station,
    desktop: &Desktop,
    (from, until): (i64, i64),
    dice: &mut Dice,
) {
    let mut now = from + dice.between(3, 10) * MINUTE;
    while now < until {
        match dice.between(0, 9) {
            0..=4 => {
                let habit = *dice.pick(&HABITS);
                station.start(scene, now, &desktop.explorer, habit, desktop.owner);
            }
            5 | 6 => visit(scene, station, desktop, now, dice),
            7 => save(scene, station, desktop, now, dice),
            8 => remember(scene, station, desktop, now, dice),
            _ => visit(scene, station, desktop, now, dice),
        }
        now += dice.between(3 * MINUTE, 17 * MINUTE) + dice.between(0, 59_999);
    }
}

/// A web site or the mail server: name, then connection.
fn visit(scene: &mut Scene, station: &Station, desktop: &Desktop, now: i64, dice: &mut Dice) {
    let (process, (name, address)) = match dice.chance(30) {
        true => (&desktop.outlook, ("mail.court.example", "10.20.2.15")),
        false => (&desktop.browser, *dice.pick(&SITES)),
    };
    let (here, here_address) = station.endpoint();
    scene.add(station.host, sysmon::name_queried(now, process, name, address));
    let connection = sysmon::connected(now + 41, process, (&here, here_address), (name, address, 443));
    scene.add(station.host, connection);
}

fn save(scene: &mut Scene, station: &Station, desktop: &Desktop, now: i64, dice: &mut Dice) {
    let names = ["receipt", "cover-note", "list-of-filings", "minutes", "translation-request"];
    let path = format!(
        "C:\\Users\\{}\\Documents\\{}-{}.docx",
        desktop.owner.account.name,
        dice.pick(&names),
        dice.between(100, 999)
    );
    scene.add(station.host, sysmon::file_created(now, &desktop.explorer, &path));
}

fn remember(scene: &mut Scene, station: &Station, desktop: &Desktop, now: i64, dice: &mut Dice) {
    let object = format!(
        "HKU\\{}\\Software\\Microsoft\\Office\\16.0\\Word\\File MRU\\Item {}",
        desktop.owner.account.sid(),
        dice.between(1, 9)
    );
    let details = "[F00000000][T01DD24B6A1C3E0A0][O00000000]*C:\\Users\\Public\\Documents\\template.docx";
    scene.add(station.host, sysmon::value_set(now, &desktop.explorer, &object, details));
}

/// The screen locked over lunch or night, and unlocked.
pub(super) fn unlock(scene: &mut Scene, station: &Station, desktop: &Desktop, when: i64) {
    let presence =
        Presence { kind: 7, logon_id: desktop.owner.logon_id + 0x1_5e3a, ..desktop.presence.clone() };
    scene.add(station.host, security::logon(when, station.host, &presence));
    scene.add(station.host, security::logoff(when + 900, &presence));
}

/// What goes on around the clock: services log on, tasks run, the scanner looks at lsass.
pub(super) fn background(scene: &mut Scene, station: &mut Station, day: i64, dice: &mut Dice) {
    let system = station.services.owner;
    let mut now = at(day, "00:04:00") + dice.between(0, 20) * MINUTE;
    while now < at(day, "23:50:00") {
        service_logon(scene, station, now, *dice.pick(&[SYSTEM, SYSTEM, NETWORK_SERVICE, LOCAL_SERVICE]));
        if dice.chance(60) {
            let (parent, chores) = match dice.chance(50) {
                true => (station.scheduler.clone(), &TASKS[..]),
                false => (station.services.clone(), &SERVICES[..]),
            };
            station.start(scene, now + 700, &parent, *dice.pick(chores), system);
        }
        if dice.chance(25) {
            let trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4e4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.24070.5-0\\mpsvc.dll+8b2f1";
            let look = sysmon::accessed(now + 5300, &station.defender, &station.lsass, 0x1000, trace);
            scene.add(station.host, look);
        }
        now += dice.between(35 * MINUTE, 95 * MINUTE);
    }
    // The backup takes a snapshot every evening and asks every process, lsass too, for its name.
    let evening = at(day, "20:30:00") + dice.between(0, 90) * SECOND;
    let trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4e4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|C:\\Program Files\\Kestrel Backup\\vsswriter.dll+1f07";
    scene.add(station.host, sysmon::accessed(evening, &station.backup, &station.lsass, 0x1000, trace));
    let (here, address) = station.endpoint();
    let server = ("BACKUP01.court.example", super::cast::BACKUP01.address, 9443);
    scene.add(station.host, sysmon::connected(evening + 2100, &station.backup, (&here, address), server));
}

fn service_logon(scene: &mut Scene, station: &Station, now: i64, account: Account) {
    let id = match account.name {
        "SYSTEM" => 0x3e7,
        "NETWORK SERVICE" => 0x3e4,
        _ => 0x3e5,
    };
    let presence = Presence::local(account, id, 5, station.host);
    scene.add(station.host, security::logon(now, station.host, &presence));
    scene.add(station.host, security::special(now + 1, &presence));
}

/// The administrator's inventory script: PowerShell with nothing to hide.
pub(super) fn inventory(scene: &mut Scene, station: &mut Station, when: i64) {
    let image = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
    let command =
        "powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File C:\\IT\\Scripts\\Get-Inventory.ps1";
    let (scheduler, system) = (station.scheduler.clone(), station.services.owner);
    let process = station.start(scene, when, &scheduler, (image, command), system);
    let console = Console { pid: process.pid, account: SYSTEM, activity: activity(when) };
    scene.add_all(station.host, console.start(when + 400));
    let path = "C:\\IT\\Scripts\\Get-Inventory.ps1";
    let script = "# Weekly inventory, J. Kettermole\r\n$disks = Get-CimInstance Win32_LogicalDisk | Select-Object DeviceID, Size, FreeSpace\r\n$programs = Get-ItemProperty HKLM:\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\* | Select-Object DisplayName, DisplayVersion\r\n$disks, $programs | Export-Csv -NoTypeInformation \\\\LEGAL-FS01\\Inventory$\\$env:COMPUTERNAME.csv";
    scene.add(station.host, console.script_block(when + 900, script, path, false));
    for (index, cmdlet) in
        ["Get-CimInstance", "Select-Object", "Get-ItemProperty", "Export-Csv"].iter().enumerate()
    {
        let binding = format!("ParameterBinding({cmdlet}): name=\"InputObject\"; value=\"…\"");
        let event = console.pipeline(when + 1100 + 90 * index as i64, command, cmdlet, &binding);
        scene.add(station.host, event);
    }
}

pub(super) fn activity(when: i64) -> Guid {
    Guid::new(when as u32, 0x1b22, 0x0001, when.unsigned_abs().rotate_left(40))
}

/// An administrator sits down at the clerk's desk on the first morning: that is how his
/// credentials come to lie in lsass.
pub(super) fn support_visit(scene: &mut Scene, station: &mut Station, desktop: &Desktop) {
    let when = at(14, "06:52:10");
    let runas = "C:\\Windows\\System32\\svchost.exe";
    let explicit = security::explicit(when, &desktop.presence, ADM_KETTERMOLE, "localhost", runas);
    scene.add(station.host, explicit);
    let presence = Presence { elevated: true, ..Presence::local(ADM_KETTERMOLE, 0x21_7c44, 2, station.host) };
    scene.add(station.host, security::logon(when + 3, station.host, &presence));
    scene.add(station.host, security::special(when + 4, &presence));
    let owner = Owner {
        account: ADM_KETTERMOLE,
        logon_id: 0x21_7c44,
        since: when,
        session: 1,
        integrity: Integrity::High,
    };
    let prompt = ("C:\\Windows\\System32\\cmd.exe", "\"C:\\Windows\\System32\\cmd.exe\"");
    let cmd = station.start(scene, when + 20, &desktop.explorer, prompt, owner);
    for (after, image, command) in [
        (21 * SECOND, "C:\\Windows\\System32\\ipconfig.exe", "ipconfig  /all"),
        (40 * SECOND, "C:\\Windows\\System32\\whoami.exe", "whoami"),
        (75 * SECOND, "C:\\Windows\\System32\\net.exe", "net  use P: \\\\PRT01\\Registry"),
        // A title in red, because he likes to see which window is the administrator's.
        (90 * SECOND, "C:\\Windows\\System32\\cmd.exe", "cmd  /c title \u{1b}[31mADMIN\u{1b}[0m REG-WS07"),
    ] {
        station.start(scene, when + after, &cmd, (image, command), owner);
    }
}

/// What only HR does: a zip of leave forms, and a test of the intranet with curl.
pub(super) fn hr_chores(scene: &mut Scene, station: &mut Station, desktop: &Desktop, day: i64) {
    let zip = "C:\\Program Files\\7-Zip\\7zG.exe";
    let command = format!(
        "\"{zip}\" a -i#7zMap18250:92:7zEvent27733 -tzip -- \"C:\\Users\\p.hadwin\\Documents\\leave-forms-2026-09-{day}.zip\""
    );
    let when = at(day, "13:20:00") + day * 7 * MINUTE;
    let process = station.start(scene, when, &desktop.explorer, (zip, &command), desktop.owner);
    let archive = format!("C:\\Users\\p.hadwin\\Documents\\leave-forms-2026-09-{day}.zip");
    scene.add(station.host, sysmon::file_created(when + 800, &process, &archive));
    let curl = ("C:\\Windows\\System32\\curl.exe", "curl.exe -sS https://intranet.court.example/health");
    station.start(scene, when + HOUR, &desktop.explorer, curl, desktop.owner);
    if day == 15 {
        let note = (
            "C:\\Windows\\System32\\cmd.exe",
            "cmd.exe /c echo =HYPERLINK(\"http://203.0.113.77/\";\"Payslip\")>> C:\\Users\\p.hadwin\\Documents\\links.csv",
        );
        station.start(scene, when + 2 * HOUR, &desktop.explorer, note, desktop.owner);
    }
}

/// Updates, uptime and clock of a host, a few entries a day.
pub(super) fn system_log(scene: &mut Scene, host: super::cast::Host, day: i64, dice: &mut Dice) {
    let noon = at(day, "10:00:00") + dice.between(0, 59) * SECOND;
    let since_boot = (noon - at(super::scene::BOOT_DAY, "04:10:00")) / SECOND;
    scene.add(host, system::uptime(noon, since_boot));
    for hour in [1, 5, 9, 13, 17, 21] {
        let when = at(day, "00:20:00") + hour * HOUR + dice.between(0, 600) * SECOND;
        match hour {
            5 => {
                let title = "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.417.402.0)";
                scene.add(host, system::updated(when, title));
            }
            9 | 17 => {
                let types =
                    if hour == 9 { ("demand start", "auto start") } else { ("auto start", "demand start") };
                let name = "Background Intelligent Transfer Service";
                scene.add(host, system::start_type_changed(when, name, "BITS", types));
            }
            _ => scene.add(host, system::time_changed(when)),
        }
    }
}

/// The three days of REG-WS07: the clerk logs on once and locks the screen at night.
pub(super) fn registry_days(scene: &mut Scene, station: &mut Station) -> Desktop {
    let mut dice = Dice::named("work at REG-WS07");
    let desktop = log_on(scene, station, at(14, "06:41:23.500"), VANTORP, 0x1d_e60a);
    support_visit(scene, station, &desktop);
    for day in 14..=16 {
        background(scene, station, day, &mut dice);
        if day > 14 {
            unlock(scene, station, &desktop, at(day, "06:38:00") + dice.between(0, 900) * SECOND);
        }
        unlock(scene, station, &desktop, at(day, "11:05:00") + dice.between(0, 900) * SECOND);
        let hours = (at(day, "06:55:00"), at(day, "15:20:00") + dice.between(0, 30) * MINUTE);
        work(scene, station, &desktop, hours, &mut dice);
        inventory(scene, station, at(day, "04:30:00"));
        inventory(scene, station, at(day, "16:30:00"));
        system_log(scene, station.host, day, &mut dice);
    }
    desktop
}

/// The three days of HR-WS02: logging on in the morning, signing out in the evening.
pub(super) fn hr_days(scene: &mut Scene, station: &mut Station) {
    let mut dice = Dice::named("work at HR-WS02");
    for day in 14..=16 {
        background(scene, station, day, &mut dice);
        let start = at(day, "07:02:00") + dice.between(0, 1500) * SECOND;
        let id = 0x2c_4000 + day.unsigned_abs() * 0x1_93d8;
        let desktop = log_on(scene, station, start, super::cast::HADWIN, id);
        let end = at(day, "14:40:00") + dice.between(0, 50) * MINUTE;
        work(scene, station, &desktop, (start, end), &mut dice);
        hr_chores(scene, station, &desktop, day);
        scene.add(station.host, security::signed_out(end + 2 * HOUR, &desktop.presence));
        scene.add(station.host, security::logoff(end + 2 * HOUR + 1200, &desktop.presence));
    }
}
