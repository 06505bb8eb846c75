//! What does Sysmon write for a process, a connection, a file?
//!
//! Schema of Sysmon 13 to 15 (process creation version 5 with `ParentUser`), field for field from
//! real logs. Hashes and file versions are made up but always the same for the same image, as
//! they would be. What a process wants is not known here.

use super::cast::Account;
use super::clock;
use super::dice::Dice;
use super::event::{Event, Kind, PID_SYSMON, SYSMON_SERVICE, dash, text};
use crate::evtx::{Guid, Value};

const fn kind(id: u16, version: u8, task_name: &'static str, title: &'static str) -> Kind {
    Kind {
        source: &SYSMON_SERVICE,
        id,
        version,
        level: 4,
        task: id,
        opcode: 0,
        keywords: 0x8000_0000_0000_0000,
        qualifiers: None,
        writer: PID_SYSMON,
        task_name,
        title,
    }
}

/// A running process, with all that Sysmon says of it again and again.
#[derive(Clone)]
pub(super) struct Process {
    pub(super) guid: Guid,
    pub(super) pid: u32,
    pub(super) image: String,
    pub(super) command: String,
    pub(super) directory: String,
    pub(super) owner: Owner,
}

/// In whose name a process runs.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) account: Account,
    pub(super) logon_id: u64,
    /// When that logon began, in milliseconds since 1970.
    pub(super) since: i64,
    pub(super) session: u32,
    pub(super) integrity: Integrity,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Integrity {
    Medium,
    High,
    System,
}

impl Integrity {
    fn name(self) -> &'static str {
        match self {
            Self::Medium => "Medium",
            Self::High => "High",
            Self::System => "System",
        }
    }

    /// Sub-authority of the mandatory label.
    pub(super) fn label(self) -> u32 {
        match self {
            Self::Medium => 0x2000,
            Self::High => 0x3000,
            Self::System => 0x4000,
        }
    }
}

/// Sysmon's GUID of a process or logon: the machine, the second of its start, a number.
pub(super) fn guid_of(machine: u32, since: i64, number: u64) -> Guid {
    let second = (since / 1000) as u32;
    Guid::new(machine, second as u16, (second >> 16) as u16, number.swap_bytes())
}

fn common(at: i64) -> [(&'static str, Value<'static>); 2] {
    [("RuleName", dash()), ("UtcTime", text(clock::sysmon(at)))]
}

fn by(process: &Process) -> [(&'static str, Value<'static>); 3] {
    [
        ("ProcessGuid", Value::Guid(process.guid)),
        ("ProcessId", Value::U32(process.pid)),
        ("Image", text(&process.image)),
    ]
}

fn finish(mut event: Event) -> Event {
    event.user = Some(super::cast::SYSTEM.sid());
    event
}

static CREATED: Kind = kind(1, 5, "Process Create (rule: ProcessCreate)", "Process Create");
pub(super) fn created(at: i64, machine: u32, process: &Process, parent: &Process) -> Event {
    let [version, description, product, company, original] = about(&process.image);
    let owner = process.owner;
    let logon = guid_of(machine, owner.since, owner.logon_id);
    let data = common(at).into_iter().chain(by(process)).chain([
        ("FileVersion", text(version)),
        ("Description", text(description)),
        ("Product", text(product)),
        ("Company", text(company)),
        ("OriginalFileName", text(original)),
        ("CommandLine", text(&process.command)),
        ("CurrentDirectory", text(&process.directory)),
        ("User", text(owner.account.qualified())),
        ("LogonGuid", Value::Guid(logon)),
        ("LogonId", Value::Hex64(owner.logon_id)),
        ("TerminalSessionId", Value::U32(owner.session)),
        ("IntegrityLevel", text(owner.integrity.name())),
        ("Hashes", text(hashes(&process.image))),
        ("ParentProcessGuid", Value::Guid(parent.guid)),
        ("ParentProcessId", Value::U32(parent.pid)),
        ("ParentImage", text(&parent.image)),
        ("ParentCommandLine", text(&parent.command)),
        ("ParentUser", text(parent.owner.account.qualified())),
    ]);
    finish(Event::new(&CREATED, at, data))
}

static CONNECTED: Kind =
    kind(3, 5, "Network connection detected (rule: NetworkConnect)", "Network connection detected");
/// An outgoing TCP connection to name, address and port.
pub(super) fn connected(
    at: i64,
    process: &Process,
    (from_host, from_address): (&str, &str),
    (to_host, to_address, to_port): (&str, &str, u16),
) -> Event {
    let port_name = match to_port {
        443 => "https",
        445 => "microsoft-ds",
        80 => "http",
        _ => "-",
    };
    let data = common(at).into_iter().chain(by(process)).chain([
        ("User", text(process.owner.account.qualified())),
        ("Protocol", text("tcp")),
        ("Initiated", Value::Bool(true)),
        ("SourceIsIpv6", Value::Bool(false)),
        ("SourceIp", text(from_address)),
        ("SourceHostname", text(from_host)),
        ("SourcePort", Value::U16((49_200 + at / 991 % 16_000) as u16)),
        ("SourcePortName", dash()),
        ("DestinationIsIpv6", Value::Bool(false)),
        ("DestinationIp", text(to_address)),
        ("DestinationHostname", text(if to_host.is_empty() { "-" } else { to_host })),
        ("DestinationPort", Value::U16(to_port)),
        ("DestinationPortName", text(port_name)),
    ]);
    finish(Event::new(&CONNECTED, at, data))
}

static ACCESSED: Kind = kind(10, 3, "Process accessed (rule: ProcessAccess)", "Process accessed");
/// One process opened another with these rights.
pub(super) fn accessed(at: i64, source: &Process, target: &Process, rights: u32, call_trace: &str) -> Event {
    let data = common(at).into_iter().chain([
        ("SourceProcessGUID", Value::Guid(source.guid)),
        ("SourceProcessId", Value::U32(source.pid)),
        ("SourceThreadId", Value::U32(source.pid + 176)),
        ("SourceImage", text(&source.image)),
        ("TargetProcessGUID", Value::Guid(target.guid)),
        ("TargetProcessId", Value::U32(target.pid)),
        ("TargetImage", text(&target.image)),
        ("GrantedAccess", Value::Hex32(rights)),
        ("CallTrace", text(call_trace)),
        ("SourceUser", text(source.owner.account.qualified())),
        ("TargetUser", text(target.owner.account.qualified())),
    ]);
    finish(Event::new(&ACCESSED, at, data))
}

static FILE_CREATED: Kind = kind(11, 2, "File created (rule: FileCreate)", "File created");
pub(super) fn file_created(at: i64, process: &Process, path: &str) -> Event {
    let data = common(at).into_iter().chain(by(process)).chain([
        ("TargetFilename", text(path)),
        ("CreationUtcTime", text(clock::sysmon(at))),
        ("User", text(process.owner.account.qualified())),
    ]);
    finish(Event::new(&FILE_CREATED, at, data))
}

static VALUE_SET: Kind = kind(13, 2, "Registry value set (rule: RegistryEvent)", "Registry value set");
pub(super) fn value_set(at: i64, process: &Process, object: &str, details: &str) -> Event {
    let [rule, time] = common(at);
    let data = [rule, ("EventType", text("SetValue")), time].into_iter().chain(by(process)).chain([
        ("TargetObject", text(object)),
        ("Details", text(details)),
        ("User", text(process.owner.account.qualified())),
    ]);
    finish(Event::new(&VALUE_SET, at, data))
}

static STREAM_CREATED: Kind =
    kind(15, 2, "File stream created (rule: FileCreateStreamHash)", "File stream created");
/// The mark that a file came from the internet, with its origin.
pub(super) fn marked_as_downloaded(at: i64, process: &Process, path: &str, origin: &str) -> Event {
    let data = common(at).into_iter().chain(by(process)).chain([
        ("TargetFilename", text(format!("{path}:Zone.Identifier"))),
        ("CreationUtcTime", text(clock::sysmon(at))),
        ("Hash", text(hashes(path))),
        ("Contents", text(format!("[ZoneTransfer]  ZoneId=3  HostUrl={origin}  "))),
        ("User", text(process.owner.account.qualified())),
    ]);
    finish(Event::new(&STREAM_CREATED, at, data))
}

static NAME_QUERIED: Kind = kind(22, 5, "Dns query (rule: DnsQuery)", "Dns query");
pub(super) fn name_queried(at: i64, process: &Process, name: &str, address: &str) -> Event {
    let [guid, pid, image] = by(process);
    let data = common(at).into_iter().chain([
        guid,
        pid,
        ("QueryName", text(name)),
        ("QueryStatus", text("0")),
        ("QueryResults", text(format!("::ffff:{address};"))),
        image,
        ("User", text(process.owner.account.qualified())),
    ]);
    finish(Event::new(&NAME_QUERIED, at, data))
}

static FILE_DELETED: Kind = kind(23, 5, "File Delete archived (rule: FileDelete)", "File Delete archived");
pub(super) fn file_deleted(at: i64, process: &Process, path: &str) -> Event {
    let [guid, pid, image] = by(process);
    let data = common(at).into_iter().chain([
        guid,
        pid,
        ("User", text(process.owner.account.qualified())),
        image,
        ("TargetFilename", text(path)),
        ("Hashes", text(hashes(path))),
        ("IsExecutable", Value::Bool(path.ends_with(".exe"))),
        ("Archived", text("true")),
    ]);
    finish(Event::new(&FILE_DELETED, at, data))
}

/// Made-up digests, the same for the same path. Only programs have an import hash.
fn hashes(path: &str) -> String {
    let mut dice = Dice::named(path);
    let mut hex = |digits| dice.hex(digits).to_uppercase();
    let (sha1, md5, sha256) = (hex(40), hex(32), hex(64));
    let imports = if path.to_ascii_lowercase().ends_with(".exe") { hex(32) } else { "0".repeat(32) };
    format!("SHA1={sha1},MD5={md5},SHA256={sha256},IMPHASH={imports}")
}

const WINDOWS: &str = "Microsoft® Windows® Operating System";
const MICROSOFT: &str = "Microsoft Corporation";
const BUILD: &str = "10.0.19041.4529 (WinBuild.160101.0800)";
const OFFICE: &str = "16.0.17628.20144";

/// File version, description, product, company, original name. Programs not listed say nothing
/// of themselves.
fn about(image: &str) -> [&'static str; 5] {
    let name = image.rsplit('\\').next().unwrap_or(image).to_ascii_lowercase();
    match name.as_str() {
        "powershell.exe" => [BUILD, "Windows PowerShell", WINDOWS, MICROSOFT, "PowerShell.EXE"],
        "cmd.exe" => [BUILD, "Windows Command Processor", WINDOWS, MICROSOFT, "Cmd.Exe"],
        "rundll32.exe" => [BUILD, "Windows host process (Rundll32)", WINDOWS, MICROSOFT, "RUNDLL32.EXE"],
        "whoami.exe" => {
            [BUILD, "whoami - displays logged on user information", WINDOWS, MICROSOFT, "whoami.exe"]
        }
        "nltest.exe" => [BUILD, "Microsoft® Logon Server Test Utility", WINDOWS, MICROSOFT, "nltestrk.exe"],
        "net.exe" => [BUILD, "Net Command", WINDOWS, MICROSOFT, "net.exe"],
        "net1.exe" => [BUILD, "Net Command", WINDOWS, MICROSOFT, "net1.exe"],
        "ipconfig.exe" => [BUILD, "IP Configuration Utility", WINDOWS, MICROSOFT, "ipconfig.exe"],
        "schtasks.exe" => [BUILD, "Task Scheduler Configuration Tool", WINDOWS, MICROSOFT, "schtasks.exe"],
        "wevtutil.exe" => [BUILD, "Eventing Command Line Utility", WINDOWS, MICROSOFT, "wevtutil.exe"],
        "vssadmin.exe" => [
            BUILD,
            "Command Line Interface for Microsoft® Volume Shadow Copy Service",
            WINDOWS,
            MICROSOFT,
            "VSSADMIN.EXE",
        ],
        "fodhelper.exe" => [BUILD, "Features On Demand Helper", WINDOWS, MICROSOFT, "FodHelper.EXE"],
        "svchost.exe" => [BUILD, "Host Process for Windows Services", WINDOWS, MICROSOFT, "svchost.exe"],
        "taskhostw.exe" => [BUILD, "Host Process for Windows Tasks", WINDOWS, MICROSOFT, "taskhostw.exe"],
        "explorer.exe" => [BUILD, "Windows Explorer", WINDOWS, MICROSOFT, "EXPLORER.EXE"],
        "userinit.exe" => [BUILD, "Userinit Logon Application", WINDOWS, MICROSOFT, "USERINIT.EXE"],
        "backgroundtaskhost.exe" => {
            [BUILD, "Background Task Host", WINDOWS, MICROSOFT, "backgroundTaskHost.exe"]
        }
        "conhost.exe" => [BUILD, "Console Window Host", WINDOWS, MICROSOFT, "CONHOST.EXE"],
        "notepad.exe" => [BUILD, "Notepad", WINDOWS, MICROSOFT, "NOTEPAD.EXE"],
        "splwow64.exe" => [BUILD, "Print driver host for applications", WINDOWS, MICROSOFT, "splwow64.exe"],
        "wmiprvse.exe" => [BUILD, "WMI Provider Host", WINDOWS, MICROSOFT, "Wmiprvse.exe"],
        "winword.exe" => [OFFICE, "Microsoft Word", "Microsoft Office", MICROSOFT, "WinWord.exe"],
        "excel.exe" => [OFFICE, "Microsoft Excel", "Microsoft Office", MICROSOFT, "Excel.exe"],
        "outlook.exe" => [OFFICE, "Microsoft Outlook", "Microsoft Outlook", MICROSOFT, "Outlook.exe"],
        "msedge.exe" => ["128.0.2739.67", "Microsoft Edge", "Microsoft Edge", MICROSOFT, "msedge.exe"],
        "msmpeng.exe" => [
            "4.18.24070.5 (88de0b3f36bc4bee31a3f5b7d7bca9dfa7f2c4b5)",
            "Antimalware Service Executable",
            WINDOWS,
            MICROSOFT,
            "MsMpEng.exe",
        ],
        "curl.exe" => {
            ["8.7.1", "The curl executable", "The curl executable", "curl, https://curl.se/", "curl.exe"]
        }
        "rclone.exe" => ["1.67.0", "Rclone", "Rclone", "https://rclone.org", "rclone.exe"],
        "7z.exe" => ["23.01", "7-Zip Console", "7-Zip", "Igor Pavlov", "7z.exe"],
        "7zg.exe" => ["23.01", "7-Zip GUI", "7-Zip", "Igor Pavlov", "7zg.exe"],
        "kestrelagent.exe" => [
            "6.2.118.0",
            "Kestrel Backup Agent",
            "Kestrel Backup",
            "Kestrel Storage B.V.",
            "kestrelagent.exe",
        ],
        _ => ["-", "-", "-", "-", "-"],
    }
}
