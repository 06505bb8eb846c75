//! What stands in the System and PowerShell logs?
//!
//! Services that were installed, updates, clears, and the script blocks that PowerShell ran.
//! Field names and numbers as in real logs of Windows 10.

use super::cast::Account;
use super::event::{
    Body, EVENTLOG_CLASSIC, EVENTLOG_IN_SYSTEM, Event, KERNEL_GENERAL, Kind, PID_EVENTLOG, PID_KERNEL,
    PID_SERVICES, POWERSHELL_ENGINE, SERVICE_CONTROL, Source, UPDATE_CLIENT, text,
};
use super::security::cleared_element;
use crate::evtx::{Element, FileTime, Guid, Value};

const fn kind(source: &'static Source, id: u16, task: u16, keywords: u64, title: &'static str) -> Kind {
    Kind {
        source,
        id,
        version: 0,
        level: 4,
        task,
        opcode: 0,
        keywords,
        qualifiers: None,
        writer: PID_SERVICES,
        task_name: "",
        title,
    }
}

const fn service_control(id: u16, title: &'static str) -> Kind {
    Kind { qualifiers: Some(16384), ..kind(&SERVICE_CONTROL, id, 0, 0x8080_0000_0000_0000, title) }
}

static SERVICE_INSTALLED: Kind = service_control(7045, "A service was installed in the system.");
/// A new service that runs as the system when someone starts it.
pub(super) fn service_installed(at: i64, by: Account, name: &str, path: &str) -> Event {
    let mut event = Event::new(
        &SERVICE_INSTALLED,
        at,
        [
            ("ServiceName", text(name)),
            ("ImagePath", text(path)),
            ("ServiceType", text("user mode service")),
            ("StartType", text("demand start")),
            ("AccountName", text("LocalSystem")),
        ],
    );
    event.user = Some(by.sid());
    event
}

static START_TYPE_CHANGED: Kind = service_control(7040, "The start type of a service was changed.");
pub(super) fn start_type_changed(at: i64, name: &str, key: &str, (old, new): (&str, &str)) -> Event {
    let mut event = Event::new(
        &START_TYPE_CHANGED,
        at,
        [("param1", text(name)), ("param2", text(old)), ("param3", text(new)), ("param4", text(key))],
    );
    event.user = Some(super::cast::SYSTEM.sid());
    event
}

static TIME_CHANGED: Kind = Kind {
    version: 1,
    writer: PID_KERNEL,
    ..kind(&KERNEL_GENERAL, 1, 5, 0x8000_0000_0000_0010, "The system time has changed.")
};
pub(super) fn time_changed(at: i64) -> Event {
    Event::new(
        &TIME_CHANGED,
        at,
        [
            ("NewTime", Value::Time(FileTime::from_unix_ms(at))),
            ("OldTime", Value::Time(FileTime::from_unix_ms(at - 3))),
            ("Reason", Value::U32(1)),
        ],
    )
}

static UPDATED: Kind = Kind {
    version: 1,
    opcode: 13,
    writer: 5512,
    task_name: "Windows Update Agent",
    ..kind(&UPDATE_CLIENT, 19, 1, 0x8000_0000_0000_0018, "Installation Successful")
};
pub(super) fn updated(at: i64, title: &str) -> Event {
    let mut event = Event::new(
        &UPDATED,
        at,
        [
            ("updateTitle", text(title)),
            ("updateGuid", Value::Guid(Guid::new(0x7c1d_54a0, 0x2b5e, 0x4c0f, 0x9a61_d2c3_08b7_4e19))),
            ("updateRevisionNumber", Value::U32(200)),
            ("serviceGuid", Value::Guid(Guid::new(0x9482_f4b4, 0xe343, 0x43b6, 0xb170_9a65_bc82_2c77))),
        ],
    );
    event.user = Some(super::cast::SYSTEM.sid());
    event
}

static UPTIME: Kind = Kind {
    qualifiers: Some(32768),
    writer: 0,
    ..kind(&EVENTLOG_CLASSIC, 6013, 0, 0x0080_0000_0000_0000, "The system uptime.")
};
/// The daily note of how many seconds the host has been up: seven unnamed strings.
pub(super) fn uptime(at: i64, seconds: i64) -> Event {
    let seconds = seconds.to_string();
    let strings = ["", "", "", "", &seconds, "60", "-120 W. Europe Standard Time"];
    let strings = strings.into_iter().map(|string| string.to_owned().into()).collect();
    Event::new(&UPTIME, at, [("", Value::Texts(strings))])
}

static LOG_CLEARED: Kind = Kind {
    writer: PID_EVENTLOG,
    task_name: "Log clear",
    ..kind(&EVENTLOG_IN_SYSTEM, 104, 104, 0x8000_0000_0000_0000, "The log file was cleared.")
};
pub(super) fn log_cleared(at: i64, who: Account, channel: &str) -> Event {
    let mut event = Event::new(&LOG_CLEARED, at, []);
    event.user = Some(who.sid());
    event.body = Body::Tree(cleared_element(vec![
        Element::leaf("SubjectUserName", text(who.name)),
        Element::leaf("SubjectDomainName", text(who.domain)),
        Element::leaf("Channel", text(channel)),
        Element::leaf("BackupPath", text("")),
    ]));
    event
}

// ---- PowerShell -----------------------------------------------------------------------------

const fn powershell(id: u16, task: u16, opcode: u8, task_name: &'static str, title: &'static str) -> Kind {
    Kind { version: 1, opcode, task_name, ..kind(&POWERSHELL_ENGINE, id, task, 0, title) }
}

static CONSOLE_STARTING: Kind =
    powershell(40961, 4, 1, "PowerShell Console Startup", "PowerShell console is starting up");
static CONSOLE_READY: Kind =
    powershell(40962, 4, 2, "PowerShell Console Startup", "PowerShell console is ready for user input");
static PIPE_LISTENING: Kind = powershell(
    53504,
    111,
    10,
    "PowerShell Named Pipe IPC",
    "Windows PowerShell has started an IPC listening thread",
);
static SCRIPT_BLOCK: Kind =
    Kind { level: 5, ..powershell(4104, 2, 15, "Execute a Remote Command", "Creating Scriptblock text") };
/// What PowerShell itself found suspicious it logs as a warning, asked or not.
static SCRIPT_BLOCK_WARNING: Kind =
    Kind { level: 3, ..powershell(4104, 2, 15, "Execute a Remote Command", "Creating Scriptblock text") };
static PIPELINE: Kind = powershell(4103, 106, 20, "Executing Pipeline", "CommandInvocation");

/// One PowerShell process, as its events name it.
pub(super) struct Console {
    pub(super) pid: u32,
    pub(super) account: Account,
    /// Unlike other ids, correlation ids of PowerShell go on from event to event.
    pub(super) activity: Guid,
}

impl Console {
    fn event(&self, kind: &'static Kind, at: i64, data: Vec<(&'static str, Value<'static>)>) -> Event {
        let mut event = Event::new(kind, at, data);
        event.writer = self.pid;
        event.user = Some(self.account.sid());
        event.activity = Some(self.activity);
        event
    }

    /// The three events of a console that starts.
    pub(super) fn start(&self, at: i64) -> [Event; 3] {
        let pipe = vec![("param1", text(self.pid.to_string())), ("param2", text("DefaultAppDomain"))];
        [
            self.event(&CONSOLE_STARTING, at, Vec::new()),
            self.event(&PIPE_LISTENING, at + 180, pipe),
            self.event(&CONSOLE_READY, at + 260, Vec::new()),
        ]
    }

    pub(super) fn script_block(&self, at: i64, script: &str, path: &str, suspicious: bool) -> Event {
        let kind = if suspicious { &SCRIPT_BLOCK_WARNING } else { &SCRIPT_BLOCK };
        let id = Guid::new(self.pid, at as u16, 0x4be1, at.unsigned_abs().rotate_left(31)).to_string();
        self.event(
            kind,
            at,
            vec![
                ("MessageNumber", Value::I32(1)),
                ("MessageTotal", Value::I32(1)),
                ("ScriptBlockText", text(script)),
                // Without the braces that GUIDs have elsewhere.
                ("ScriptBlockId", text(id.trim_matches(['{', '}']))),
                ("Path", text(path)),
            ],
        )
    }

    pub(super) fn pipeline(&self, at: i64, application: &str, command: &str, binding: &str) -> Event {
        let context = format!(
            "        Severity = Informational\r\n        Host Name = ConsoleHost\r\n        Host Version = 5.1.19041.4522\r\n        Host Application = {application}\r\n        Engine Version = 5.1.19041.4522\r\n        Command Name = {command}\r\n        Command Type = Cmdlet\r\n        User = {}\r\n        Shell ID = Microsoft.PowerShell\r\n",
            self.account.qualified()
        );
        self.event(
            &PIPELINE,
            at,
            vec![
                ("ContextInfo", text(context)),
                ("UserData", text("")),
                ("Payload", text(format!("CommandInvocation({command}): \"{command}\"\r\n{binding}\r\n"))),
            ],
        )
    }
}
