//! What does Sysmon write for a process, a connection, a file?
//!
//! Sysmon 15 with schema 4.90, field for field as in real logs. The house's configuration logs
//! everything that it can; programs, archives and scripts that are deleted are kept (23), other
//! deletions only noted (26). Digests and file versions are made up, but always the same for the
//! same file.

use std::io;
use std::rc::Rc;

use super::channel::Name;
use super::house::terminal;
use super::line::{content_of, digests, utc};
use super::pen::{Pen, Writer};
use crate::act::{Integrity, Process, Service, Transfer};
use crate::court::Court;
use crate::evtx::Type::{Bool, Guid as GuidType, Hex32, Hex64, Text, U16, U32};
use crate::evtx::{Data, Form, Guid, Provider, Type};
use crate::moment::{Moment, SECOND};

const SYSMON: Provider<'static> = Provider {
    name: "Microsoft-Windows-Sysmon",
    guid: Some(Guid::new(0x5770_385F, 0xC22A, 0x43E0, 0xBF4C_06F5_698F_FBD9)),
    event_source: None,
};

const fn form(event_id: u16, version: u8, fields: &'static [(&'static str, Type)]) -> Form {
    Form { version, task: event_id, keywords: 0x8000_0000_0000_0000, ..Form::new(&SYSMON, event_id, fields) }
}

/// Sysmon's GUID of a process or logon: the machine, the second of its start, a number.
fn guid_of(machine: u32, since: Moment, number: u64) -> Guid {
    let second = since.0.div_euclid(SECOND) as u32;
    Guid::new(machine, second as u16, (second >> 16) as u16, number.swap_bytes())
}

impl Pen<'_> {
    fn guid(&self, process: &Process) -> Guid {
        // The last two bytes count the starts of the machine.
        guid_of(self.host.machine, process.since, process.number | 0x0008 << 48)
    }

    /// Writes an event of Sysmon, which runs as the system.
    fn sysmon(&mut self, form: &'static Form, fill: impl Fn(&mut Data<'_>)) -> io::Result<()> {
        if !self.machine.sysmon {
            return Ok(());
        }
        let user = &self.house.face(Court::SYSTEM).sid;
        self.write(Name::Sysmon, form, (Writer::Sysmon, Some(user)), fill)
    }
}

static CREATED: Form = form(
    1,
    5,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("Image", Text),
        ("FileVersion", Text),
        ("Description", Text),
        ("Product", Text),
        ("Company", Text),
        ("OriginalFileName", Text),
        ("CommandLine", Text),
        ("CurrentDirectory", Text),
        ("User", Text),
        ("LogonGuid", GuidType),
        ("LogonId", Hex64),
        ("TerminalSessionId", U32),
        ("IntegrityLevel", Text),
        ("Hashes", Text),
        ("ParentProcessGuid", GuidType),
        ("ParentProcessId", U32),
        ("ParentImage", Text),
        ("ParentCommandLine", Text),
        ("ParentUser", Text),
    ],
);

static CONNECTED: Form = form(
    3,
    5,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("Image", Text),
        ("User", Text),
        ("Protocol", Text),
        ("Initiated", Bool),
        ("SourceIsIpv6", Bool),
        ("SourceIp", Text),
        ("SourceHostname", Text),
        ("SourcePort", U16),
        ("SourcePortName", Text),
        ("DestinationIsIpv6", Bool),
        ("DestinationIp", Text),
        ("DestinationHostname", Text),
        ("DestinationPort", U16),
        ("DestinationPortName", Text),
    ],
);

static ENDED: Form = form(
    5,
    3,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("Image", Text),
        ("User", Text),
    ],
);

static LOADED: Form = form(
    7,
    3,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("Image", Text),
        ("ImageLoaded", Text),
        ("FileVersion", Text),
        ("Description", Text),
        ("Product", Text),
        ("Company", Text),
        ("OriginalFileName", Text),
        ("Hashes", Text),
        ("Signed", Text),
        ("Signature", Text),
        ("SignatureStatus", Text),
        ("User", Text),
    ],
);

static ACCESSED: Form = form(
    10,
    3,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("SourceProcessGUID", GuidType),
        ("SourceProcessId", U32),
        ("SourceThreadId", U32),
        ("SourceImage", Text),
        ("TargetProcessGUID", GuidType),
        ("TargetProcessId", U32),
        ("TargetImage", Text),
        ("GrantedAccess", Hex32),
        ("CallTrace", Text),
        ("SourceUser", Text),
        ("TargetUser", Text),
    ],
);

static FILE_CREATED: Form = form(
    11,
    2,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("Image", Text),
        ("TargetFilename", Text),
        ("CreationUtcTime", Text),
        ("User", Text),
    ],
);

static VALUE_SET: Form = form(
    13,
    2,
    &[
        ("RuleName", Text),
        ("EventType", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("Image", Text),
        ("TargetObject", Text),
        ("Details", Text),
        ("User", Text),
    ],
);

static STREAM_CREATED: Form = form(
    15,
    2,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("Image", Text),
        ("TargetFilename", Text),
        ("CreationUtcTime", Text),
        ("Hash", Text),
        ("Contents", Text),
        ("User", Text),
    ],
);

static NAME_QUERIED: Form = form(
    22,
    5,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("QueryName", Text),
        ("QueryStatus", Text),
        ("QueryResults", Text),
        ("Image", Text),
        ("User", Text),
    ],
);

static DELETED_KEPT: Form = form(
    23,
    5,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("User", Text),
        ("Image", Text),
        ("TargetFilename", Text),
        ("Hashes", Text),
        ("IsExecutable", Bool),
        ("Archived", Text),
    ],
);

static DELETED: Form = form(
    26,
    5,
    &[
        ("RuleName", Text),
        ("UtcTime", Text),
        ("ProcessGuid", GuidType),
        ("ProcessId", U32),
        ("User", Text),
        ("Image", Text),
        ("TargetFilename", Text),
        ("Hashes", Text),
        ("IsExecutable", Bool),
    ],
);

/// What Sysmon is asked to write.
impl Pen<'_> {
    pub(super) fn process_created(&mut self, process: &Process, parent: &Process) -> io::Result<()> {
        let house = self.house;
        let (time, guid, parent_guid) = (utc(self.at), self.guid(process), self.guid(parent));
        let session = &process.session;
        let logon = guid_of(self.host.machine, session.opened, session.logon_id);
        let (owner, parent_owner) = (house.owner(session), house.owner(&parent.session));
        let hashes = digests(content_of(&process.image), true);
        let about = about(&process.image);
        let home = match process.integrity {
            Integrity::System => ["C:\\Windows\\system32\\", "", ""],
            _ if session.elevated => ["C:\\Windows\\system32\\", "", ""],
            _ => ["C:\\Users\\", owner.name.as_str(), "\\"],
        };
        self.sysmon(&CREATED, |data| {
            data.text("-").text(time.as_str()).guid(guid).u32(process.pid).text(&process.image);
            for text in about {
                data.text(text);
            }
            data.text(&process.command)
                .texts(&home)
                .text(&owner.qualified)
                .guid(logon)
                .hex64(session.logon_id)
                .u32(terminal(session))
                .text(level(process.integrity))
                .text(hashes.as_str())
                .guid(parent_guid)
                .u32(parent.pid)
                .text(&parent.image)
                .text(&parent.command)
                .text(&parent_owner.qualified);
        })
    }

    pub(super) fn process_ended(&mut self, process: &Process) -> io::Result<()> {
        let (time, guid) = (utc(self.at), self.guid(process));
        let owner = self.house.owner(&process.session);
        self.sysmon(&ENDED, |data| {
            data.text("-").text(time.as_str()).guid(guid).u32(process.pid).text(&process.image);
            data.text(&owner.qualified);
        })
    }

    /// A connection that was made. SMB is spoken by the kernel, whoever asked for the file.
    pub(super) fn connected(&mut self, transfer: &Transfer) -> io::Result<()> {
        let Some(process) = &transfer.process else { return Ok(()) };
        let house = self.house;
        let by_kernel = transfer.service == Service::Smb;
        let (guid, pid, image, owner) = if by_kernel {
            let since = self.machine.started.unwrap_or(process.session.opened.midnight());
            let guid = guid_of(self.host.machine, since, 0x0008 << 48 | 0x01);
            (guid, 4, "System", house.face(Court::SYSTEM))
        } else {
            (self.guid(process), process.pid, &*process.image, house.owner(&process.session))
        };
        let time = utc(self.at);
        let (host, source) = (self.host, Rc::clone(&self.machine.full_name));
        let six = transfer.address.contains(':');
        self.sysmon(&CONNECTED, |data| {
            data.text("-")
                .text(time.as_str())
                .guid(guid)
                .u32(pid)
                .text(image)
                .text(&owner.qualified)
                .text(if transfer.port == 53 { "udp" } else { "tcp" })
                .bool(true)
                .bool(six)
                .text(&host.address)
                .text(&source)
                .u16(transfer.from_port)
                .text("-")
                .bool(six)
                .text(&transfer.address)
                .text(transfer.name.as_deref().unwrap_or("-"))
                .u16(transfer.port)
                .text(port_name(transfer.port));
        })
    }

    pub(super) fn image_loaded(&mut self, process: &Process, image: &str) -> io::Result<()> {
        let (time, guid) = (utc(self.at), self.guid(process));
        let owner = self.house.owner(&process.session);
        let hashes = digests(content_of(image), true);
        let [signed, signature, status] = signature(image);
        let about = about(image);
        self.sysmon(&LOADED, |data| {
            data.text("-").text(time.as_str()).guid(guid).u32(process.pid).text(&process.image).text(image);
            for text in about {
                data.text(text);
            }
            data.text(hashes.as_str()).text(signed).text(signature).text(status).text(&owner.qualified);
        })
    }

    pub(super) fn process_opened(
        &mut self,
        process: &Process,
        target: &Process,
        rights: u32,
    ) -> io::Result<()> {
        let (time, guid, target_guid) = (utc(self.at), self.guid(process), self.guid(target));
        let (owner, target_owner) = (self.house.owner(&process.session), self.house.owner(&target.session));
        let call = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|";
        let offset = format!("+{:x}", 0x1000 + content_of(&process.image) % 0x3_0000);
        self.sysmon(&ACCESSED, |data| {
            data.text("-")
                .text(time.as_str())
                .guid(guid)
                .u32(process.pid)
                .u32(process.pid + 176)
                .text(&process.image)
                .guid(target_guid)
                .u32(target.pid)
                .text(&target.image)
                .hex32(rights)
                .texts(&[call, &process.image, &offset])
                .text(&owner.qualified)
                .text(&target_owner.qualified);
        })
    }

    pub(super) fn file_made(
        &mut self,
        process: &Process,
        path: &str,
        from_web: Option<&str>,
    ) -> io::Result<()> {
        let (time, guid) = (utc(self.at), self.guid(process));
        let owner = self.house.owner(&process.session);
        self.sysmon(&FILE_CREATED, |data| {
            data.text("-").text(time.as_str()).guid(guid).u32(process.pid).text(&process.image);
            data.text(path).text(time.as_str()).text(&owner.qualified);
        })?;
        let Some(url) = from_web else { return Ok(()) };
        let marked = ["[ZoneTransfer]  ZoneId=3  HostUrl=", url, "  "];
        let (file, mark) = (digests(content_of(path), is_program(path)), digests(content_of(url), false));
        // The file's own stream first, then the mark beside it.
        let streams: [(&[&str], _, &[&str]); 2] =
            [(&[path], &file, &["-"]), (&[path, ":Zone.Identifier"], &mark, &marked)];
        streams.iter().try_for_each(|(name, hash, contents)| {
            self.sysmon(&STREAM_CREATED, |data| {
                data.text("-").text(time.as_str()).guid(guid).u32(process.pid).text(&process.image);
                data.texts(name).text(time.as_str()).text(hash.as_str()).texts(contents);
                data.text(&owner.qualified);
            })
        })
    }

    pub(super) fn value_set(&mut self, process: &Process, key: &str, value: &str) -> io::Result<()> {
        let (time, guid) = (utc(self.at), self.guid(process));
        let owner = self.house.owner(&process.session);
        self.sysmon(&VALUE_SET, |data| {
            data.text("-").text("SetValue").text(time.as_str()).guid(guid).u32(process.pid);
            data.text(&process.image).text(key).text(value).text(&owner.qualified);
        })
    }

    pub(super) fn name_queried(&mut self, process: &Process, name: &str, address: &str) -> io::Result<()> {
        let (time, guid) = (utc(self.at), self.guid(process));
        let owner = self.house.owner(&process.session);
        let found = !address.is_empty();
        let before = if address.contains(':') { "" } else { "::ffff:" };
        self.sysmon(&NAME_QUERIED, |data| {
            data.text("-").text(time.as_str()).guid(guid).u32(process.pid).text(name);
            if found {
                data.text("0").texts(&[before, address, ";"]);
            } else {
                data.text("9003").text("-");
            }
            data.text(&process.image).text(&owner.qualified);
        })
    }

    pub(super) fn file_dropped(&mut self, process: &Process, path: &str) -> io::Result<()> {
        let (time, guid) = (utc(self.at), self.guid(process));
        let owner = self.house.owner(&process.session);
        let hashes = digests(content_of(path), is_program(path));
        let kept = is_kept(path);
        self.sysmon(if kept { &DELETED_KEPT } else { &DELETED }, |data| {
            data.text("-").text(time.as_str()).guid(guid).u32(process.pid).text(&owner.qualified);
            data.text(&process.image).text(path).text(hashes.as_str()).bool(is_program(path));
            if kept {
                data.text("true");
            }
        })
    }
}

const fn level(integrity: Integrity) -> &'static str {
    match integrity {
        Integrity::Medium => "Medium",
        Integrity::High => "High",
        Integrity::System => "System",
    }
}

const fn port_name(port: u16) -> &'static str {
    match port {
        80 => "http",
        88 => "kerberos",
        389 => "ldap",
        443 => "https",
        445 => "microsoft-ds",
        3389 => "ms-wbt-server",
        _ => "-",
    }
}

/// The file's extension, if it is one of these, whatever its case.
fn ends_with_one_of(path: &str, extensions: &[&str]) -> bool {
    let extension = path.rsplit('.').next().unwrap_or_default();
    extensions.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn is_program(path: &str) -> bool {
    ends_with_one_of(path, &["exe", "dll", "sys", "scr", "com"])
}

fn is_kept(path: &str) -> bool {
    let others = ["ps1", "bat", "cmd", "vbs", "js", "hta", "zip", "7z", "rar", "dmp", "001", "002", "003"];
    is_program(path) || ends_with_one_of(path, &others)
}

/// Whether an image is signed, by whom, and whether that holds.
fn signature(image: &str) -> [&'static str; 3] {
    let windows = ["C:\\Windows\\System32\\", "C:\\Windows\\SysWOW64\\", "C:\\Windows\\WinSxS\\"];
    if windows.iter().any(|folder| is_below(image, folder)) {
        ["true", "Microsoft Windows", "Valid"]
    } else if is_below(image, "C:\\Program Files") {
        ["true", "Microsoft Corporation", "Valid"]
    } else {
        ["false", "-", "Unavailable"]
    }
}

const WINDOWS: &str = "Microsoft® Windows® Operating System";
const MICROSOFT: &str = "Microsoft Corporation";
const BUILD: &str = "10.0.19041.4529 (WinBuild.160101.0800)";
const OFFICE: &str = "16.0.17628.20144";
const EDGE: &str = "128.0.2739.67";

/// File version, description, product, company, original name. Of Windows' own folder all are
/// Microsoft's; other programs that are not listed say nothing of themselves.
fn about(image: &str) -> [&str; 5] {
    let name = image.rsplit('\\').next().unwrap_or(image);
    let found = ABOUT.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    match found {
        Some((_, about)) => *about,
        None if is_below(image, "C:\\Windows\\System32\\") => [BUILD, "-", WINDOWS, MICROSOFT, name],
        None => ["-"; 5],
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.get(..folder.len()).is_some_and(|start| start.eq_ignore_ascii_case(folder))
}

/// Files and what they say of themselves.
static ABOUT: &[(&str, [&str; 5])] = &[
    ("powershell.exe", [BUILD, "Windows PowerShell", WINDOWS, MICROSOFT, "PowerShell.EXE"]),
    ("cmd.exe", [BUILD, "Windows Command Processor", WINDOWS, MICROSOFT, "Cmd.Exe"]),
    ("rundll32.exe", [BUILD, "Windows host process (Rundll32)", WINDOWS, MICROSOFT, "RUNDLL32.EXE"]),
    ("whoami.exe", [BUILD, "whoami - displays logged on user information", WINDOWS, MICROSOFT, "whoami.exe"]),
    ("nltest.exe", [BUILD, "Microsoft® Logon Server Test Utility", WINDOWS, MICROSOFT, "nltestrk.exe"]),
    ("net.exe", [BUILD, "Net Command", WINDOWS, MICROSOFT, "net.exe"]),
    ("net1.exe", [BUILD, "Net Command", WINDOWS, MICROSOFT, "net1.exe"]),
    ("ipconfig.exe", [BUILD, "IP Configuration Utility", WINDOWS, MICROSOFT, "ipconfig.exe"]),
    ("schtasks.exe", [BUILD, "Task Scheduler Configuration Tool", WINDOWS, MICROSOFT, "schtasks.exe"]),
    ("wevtutil.exe", [BUILD, "Eventing Command Line Utility", WINDOWS, MICROSOFT, "wevtutil.exe"]),
    (
        "vssadmin.exe",
        [
            BUILD,
            "Command Line Interface for Microsoft® Volume Shadow Copy Service",
            WINDOWS,
            MICROSOFT,
            "VSSADMIN.EXE",
        ],
    ),
    ("fodhelper.exe", [BUILD, "Features On Demand Helper", WINDOWS, MICROSOFT, "FodHelper.EXE"]),
    ("svchost.exe", [BUILD, "Host Process for Windows Services", WINDOWS, MICROSOFT, "svchost.exe"]),
    ("taskhostw.exe", [BUILD, "Host Process for Windows Tasks", WINDOWS, MICROSOFT, "taskhostw.exe"]),
    ("explorer.exe", [BUILD, "Windows Explorer", WINDOWS, MICROSOFT, "EXPLORER.EXE"]),
    ("userinit.exe", [BUILD, "Userinit Logon Application", WINDOWS, MICROSOFT, "USERINIT.EXE"]),
    ("backgroundtaskhost.exe", [BUILD, "Background Task Host", WINDOWS, MICROSOFT, "backgroundTaskHost.exe"]),
    ("conhost.exe", [BUILD, "Console Window Host", WINDOWS, MICROSOFT, "CONHOST.EXE"]),
    ("notepad.exe", [BUILD, "Notepad", WINDOWS, MICROSOFT, "NOTEPAD.EXE"]),
    ("splwow64.exe", [BUILD, "Print driver host for applications", WINDOWS, MICROSOFT, "splwow64.exe"]),
    ("wmiprvse.exe", [BUILD, "WMI Provider Host", WINDOWS, MICROSOFT, "Wmiprvse.exe"]),
    ("winword.exe", [OFFICE, "Microsoft Word", "Microsoft Office", MICROSOFT, "WinWord.exe"]),
    ("excel.exe", [OFFICE, "Microsoft Excel", "Microsoft Office", MICROSOFT, "Excel.exe"]),
    ("outlook.exe", [OFFICE, "Microsoft Outlook", "Microsoft Outlook", MICROSOFT, "Outlook.exe"]),
    ("msedge.exe", [EDGE, "Microsoft Edge", "Microsoft Edge", MICROSOFT, "msedge.exe"]),
    (
        "msmpeng.exe",
        [
            "4.18.24070.5 (88de0b3f36bc4bee31a3f5b7d7bca9dfa7f2c4b5)",
            "Antimalware Service Executable",
            WINDOWS,
            MICROSOFT,
            "MsMpEng.exe",
        ],
    ),
    (
        "curl.exe",
        ["8.7.1", "The curl executable", "The curl executable", "curl, https://curl.se/", "curl.exe"],
    ),
    ("rclone.exe", ["1.67.0", "Rclone", "Rclone", "https://rclone.org", "rclone.exe"]),
    ("7z.exe", ["23.01", "7-Zip Console", "7-Zip", "Igor Pavlov", "7z.exe"]),
    ("7zg.exe", ["23.01", "7-Zip GUI", "7-Zip", "Igor Pavlov", "7zg.exe"]),
    (
        "kestrelagent.exe",
        ["6.2.118.0", "Kestrel Backup Agent", "Kestrel Backup", "Kestrel Storage B.V.", "kestrelagent.exe"],
    ),
    ("services.exe", [BUILD, "Services and Controller app", WINDOWS, MICROSOFT, "services.exe"]),
    ("lsass.exe", [BUILD, "Local Security Authority Process", WINDOWS, MICROSOFT, "lsass.exe"]),
    ("winlogon.exe", [BUILD, "Windows Logon Application", WINDOWS, MICROSOFT, "WINLOGON.EXE"]),
    ("dllhost.exe", [BUILD, "COM Surrogate", WINDOWS, MICROSOFT, "dllhost.exe"]),
    ("reg.exe", [BUILD, "Registry Console Tool", WINDOWS, MICROSOFT, "reg.exe"]),
    ("mstsc.exe", [BUILD, "Remote Desktop Connection", WINDOWS, MICROSOFT, "mstsc.exe"]),
    (
        "searchindexer.exe",
        [BUILD, "Microsoft Windows Search Indexer", WINDOWS, MICROSOFT, "SearchIndexer.exe"],
    ),
    ("runtimebroker.exe", [BUILD, "Runtime Broker", WINDOWS, MICROSOFT, "RuntimeBroker.exe"]),
    ("tasklist.exe", [BUILD, "Lists the current running tasks", WINDOWS, MICROSOFT, "tasklist.exe"]),
    ("systeminfo.exe", [BUILD, "Displays system information", WINDOWS, MICROSOFT, "sysinfo.exe"]),
    ("certutil.exe", [BUILD, "CertUtil.exe", WINDOWS, MICROSOFT, "CertUtil.exe"]),
    (
        "mshta.exe",
        [BUILD, "Microsoft (R) HTML Application host", "Internet Explorer", MICROSOFT, "MSHTA.EXE"],
    ),
    ("teams.exe", ["1.7.00.19353", "Microsoft Teams", "Microsoft Teams", MICROSOFT, "Teams.exe"]),
    (
        "onedrive.exe",
        ["24.161.0811.0001", "Microsoft OneDrive", "Microsoft OneDrive", MICROSOFT, "OneDrive.exe"],
    ),
    ("mmc.exe", [BUILD, "Microsoft Management Console", WINDOWS, MICROSOFT, "mmc.exe"]),
    (
        "sppsvc.exe",
        [BUILD, "Microsoft Software Protection Platform Service", WINDOWS, MICROSOFT, "sppsvc.exe"],
    ),
    (
        "searchprotocolhost.exe",
        [BUILD, "Microsoft Windows Search Protocol Host", WINDOWS, MICROSOFT, "SearchProtocolHost.exe"],
    ),
    (
        "searchfilterhost.exe",
        [BUILD, "Microsoft Windows Search Filter Host", WINDOWS, MICROSOFT, "SearchFilterHost.exe"],
    ),
    (
        "mpcmdrun.exe",
        [
            "4.18.24070.5",
            "Microsoft Malware Protection Command Line Utility",
            WINDOWS,
            MICROSOFT,
            "MpCmdRun.exe",
        ],
    ),
    ("firefox.exe", ["130.0", "Firefox", "Firefox", "Mozilla Corporation", "firefox.exe"]),
    ("rar.exe", ["7.1.0", "Command line RAR", "WinRAR", "Alexander Roshal", "rar.exe"]),
    (
        "psexesvc.exe",
        [
            "2.43",
            "PsExec Service",
            "Sysinternals PsExec",
            "Sysinternals - www.sysinternals.com",
            "psexesvc.exe",
        ],
    ),
    ("vaultcli.dll", [BUILD, "Credential Vault Client Library", WINDOWS, MICROSOFT, "vaultcli.dll"]),
    ("taskschd.dll", [BUILD, "Task Scheduler COM API", WINDOWS, MICROSOFT, "taskschd.dll"]),
    ("samlib.dll", [BUILD, "SAM Library DLL", WINDOWS, MICROSOFT, "SAMLib.DLL"]),
    ("fastprox.dll", [BUILD, "WMI Custom Marshaller", WINDOWS, MICROSOFT, "fastprox.dll"]),
    ("dbghelp.dll", [BUILD, "Windows Image Helper", WINDOWS, MICROSOFT, "DBGHELP.DLL"]),
    ("comsvcs.dll", [BUILD, "COM+ Services", WINDOWS, MICROSOFT, "COMSVCS.DLL"]),
    ("amsi.dll", [BUILD, "Anti-Malware Scan Interface", WINDOWS, MICROSOFT, "amsi.dll"]),
];
