//! What stands in System, PowerShell's log and those of the remote desktop?
//!
//! Services that were installed, starts, clears; the script blocks that PowerShell ran; sessions
//! at the screen, near and far. Field names and numbers as in real logs of Windows 10.

use std::borrow::Cow;
use std::io;

use super::channel::Name;
use super::house::terminal;
use super::line::decimal;
use super::pen::{Pen, Writer, blank, eventlog_record};
use super::security::cleared;
use crate::act::{Process, Session, Way};
use crate::chance::mix;
use crate::court::Court;
use crate::evtx::Type::{I32, Sid as SidType, Text, Time, U32};
use crate::evtx::{Content, Element, FileTime, Form, Guid, Provider, Record, Type, Value};
use crate::moment::{HOUR, Moment, SECOND};

// ---- services and starts --------------------------------------------------------------------

const SERVICE_CONTROL: Provider<'static> = Provider {
    name: "Service Control Manager",
    guid: Some(Guid::new(0x5559_08D1, 0xA6D7, 0x4695, 0x8E1E_2693_1D20_12F4)),
    event_source: Some("Service Control Manager"),
};
const KERNEL_GENERAL: Provider<'static> = Provider {
    name: "Microsoft-Windows-Kernel-General",
    guid: Some(Guid::new(0xA68C_A8B7, 0x004F, 0xD7B6, 0xA698_07E2_DE0F_1F5D)),
    event_source: None,
};
const WINLOGON: Provider<'static> = Provider {
    name: "Microsoft-Windows-Winlogon",
    guid: Some(Guid::new(0xDBE9_B383, 0x7CF3, 0x4331, 0x91CC_A3CB_16A3_B538)),
    event_source: None,
};
const EVENTLOG_CLASSIC: Provider<'static> = Provider { name: "EventLog", guid: None, event_source: None };

static SERVICE_INSTALLED: Form = Form {
    qualifiers: Some(16384),
    keywords: 0x8080_0000_0000_0000,
    ..Form::new(
        &SERVICE_CONTROL,
        7045,
        &[
            ("ServiceName", Text),
            ("ImagePath", Text),
            ("ServiceType", Text),
            ("StartType", Text),
            ("AccountName", Text),
        ],
    )
};

static STARTED: Form = Form {
    task: 1,
    opcode: 10,
    keywords: 0x8000_0000_0000_0080,
    ..Form::new(
        &KERNEL_GENERAL,
        12,
        &[
            ("MajorVersion", U32),
            ("MinorVersion", U32),
            ("BuildVersion", U32),
            ("QfeVersion", U32),
            ("ServiceVersion", U32),
            ("BootMode", U32),
            ("StartTime", Time),
        ],
    )
};

static STOPPING: Form = Form {
    task: 2,
    opcode: 11,
    keywords: 0x8000_0000_0000_0080,
    ..Form::new(&KERNEL_GENERAL, 13, &[("StopTime", Time)])
};

const fn winlogon(event_id: u16, task: u16) -> Form {
    Form {
        task,
        keywords: 0x2000_0000_0000_0000,
        ..Form::new(&WINLOGON, event_id, &[("TSId", U32), ("UserSid", SidType)])
    }
}
static SIGNED_IN: Form = winlogon(7001, 1101);
static SIGNED_OUT: Form = winlogon(7002, 1102);

fn classic(event_id: u16) -> Record<'static> {
    Record { event_id, qualifiers: Some(32768), keywords: 0x0080_0000_0000_0000, ..blank(EVENTLOG_CLASSIC) }
}

impl Pen<'_> {
    pub(super) fn service_in_system(
        &mut self,
        session: &Session,
        name: &str,
        command: &str,
    ) -> io::Result<()> {
        let user = self.subject(session).sid;
        self.write(Name::System, &SERVICE_INSTALLED, (Writer::Services, Some(user)), |data| {
            data.text(name).text(command).text("user mode service").text("demand start").text("LocalSystem");
        })
    }

    /// Somebody signed in at the machine or its remote desktop, or out.
    pub(super) fn at_screen(&mut self, session: &Session, signs_in: bool) -> io::Result<()> {
        let user = self.house.face(Court::SYSTEM);
        let face = self.house.face(session.account);
        let form = if signs_in { &SIGNED_IN } else { &SIGNED_OUT };
        self.write(Name::System, form, (Writer::Host, Some(&user.sid)), |data| {
            data.u32(terminal(session)).sid(&face.sid);
        })
    }

    /// The last records before a restart. When the machine was shut down nobody has said; that it
    /// was is known from its starting again.
    pub(super) fn stopping(&mut self) -> io::Result<()> {
        let user = self.house.face(Court::SYSTEM);
        let at = FileTime::from_unix_steps(self.at.0);
        self.classic(&classic(6006), &[], Some(&[1, 0, 0, 0]))?;
        self.write(Name::System, &STOPPING, (Writer::Kernel, Some(&user.sid)), |data| {
            data.time(at);
        })
    }

    /// The first records of a start. The kernel's comes first; the log service adds what it
    /// finds: version, its own start, how long the machine has been up.
    pub(super) fn starting_in_system(&mut self) -> io::Result<()> {
        let user = self.house.face(Court::SYSTEM);
        let at = FileTime::from_unix_steps(self.at.0);
        self.write(Name::System, &STARTED, (Writer::Kernel, Some(&user.sid)), |data| {
            data.u32(10).u32(0).u32(19045).u32(4529).u32(0).u32(0).time(at);
        })?;
        let version = ["10.00.", "19045", "", "Multiprocessor Free", "0"];
        let version = version.into_iter().map(Cow::Borrowed).collect();
        self.classic(&classic(6009), &[("", Value::Texts(version))], None)?;
        self.classic(&classic(6005), &[], Some(&civil_words(self.at)))?;
        self.uptime(self.at - 14 * SECOND)
    }

    /// How many seconds it has been up: seven unnamed strings.
    fn uptime(&mut self, since: Moment) -> io::Result<()> {
        let seconds = decimal(((self.at - since) / SECOND).unsigned_abs());
        let bias = if self.at.court_offset() == HOUR { "-60" } else { "-120" };
        let zone = format!("{bias} W. Europe Standard Time");
        let strings =
            ["", "", "", "", seconds.as_str(), "60", &zone].into_iter().map(Cow::Borrowed).collect();
        self.classic(&classic(6013), &[("", Value::Texts(strings))], None)
    }

    /// Another log than Security was cleared.
    pub(super) fn log_cleared(&mut self, session: &Session, channel: &str) -> io::Result<()> {
        let who = self.subject(session);
        let root = cleared(vec![
            Element::leaf("SubjectUserName", Value::text(who.name)),
            Element::leaf("SubjectDomainName", Value::text(who.domain)),
            Element::leaf("Channel", Value::text(channel)),
            Element::leaf("BackupPath", Value::text("")),
        ]);
        let record = Record {
            event_id: 104,
            task: 104,
            keywords: 0x8000_0000_0000_0000,
            user: Some(who.sid),
            ..eventlog_record()
        };
        self.tree(Name::System, &record, Writer::EventLog, &root)
    }
}

/// A `SYSTEMTIME`, as 6005 has it in its bytes, and a one.
fn civil_words(at: Moment) -> [u8; 20] {
    let c = at.civil();
    let weekday = (u16::from(at.weekday()) + 1) % 7;
    let words = [
        c.year as u16,
        c.month.into(),
        weekday,
        c.day.into(),
        c.hour.into(),
        c.minute.into(),
        c.second.into(),
        (c.steps / 10_000) as u16,
        1,
        0,
    ];
    let mut bytes = [0; 20];
    for (place, word) in bytes.chunks_exact_mut(2).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

// ---- PowerShell -----------------------------------------------------------------------------

const POWERSHELL: Provider<'static> = Provider {
    name: "Microsoft-Windows-PowerShell",
    guid: Some(Guid::new(0xA0C1_853B, 0x5C40, 0x4B15, 0x8766_3CF1_C58F_985A)),
    event_source: None,
};

const fn powershell(event_id: u16, task: u16, opcode: u8, fields: &'static [(&'static str, Type)]) -> Form {
    Form { version: 1, task, opcode, ..Form::new(&POWERSHELL, event_id, fields) }
}

static CONSOLE_STARTING: Form = powershell(40961, 4, 1, &[]);
static CONSOLE_READY: Form = powershell(40962, 4, 2, &[]);
static PIPE_LISTENING: Form = powershell(53504, 111, 10, &[("param1", Text), ("param2", Text)]);

const SCRIPT: &[(&str, Type)] = &[
    ("MessageNumber", I32),
    ("MessageTotal", I32),
    ("ScriptBlockText", Text),
    ("ScriptBlockId", Text),
    ("Path", Text),
];
/// Logged because the house's policy says so.
static SCRIPT_BLOCK: Form = Form { level: 5, ..powershell(4104, 2, 15, SCRIPT) };
/// Logged by PowerShell itself, as a warning, asked or not.
static SCRIPT_BLOCK_WARNING: Form = Form { level: 3, ..powershell(4104, 2, 15, SCRIPT) };

/// Words at which PowerShell warns, from the list in its source (`SuspiciousContentChecker`).
const SUSPICIOUS: [&str; 24] = [
    "Add-Type",
    "DllImport",
    "DefineDynamicAssembly",
    "DefineDynamicModule",
    "DefineType",
    "ILGenerator",
    "UnverifiableCodeAttribute",
    "GetDelegateForFunctionPointer",
    "GetProcAddress",
    "VirtualAlloc",
    "VirtualProtect",
    "WriteProcessMemory",
    "CreateRemoteThread",
    "OpenProcessToken",
    "MiniDumpWriteDump",
    "AdjustTokenPrivileges",
    "EncodedCommand",
    "FromBase64String",
    "NonPublic",
    "InvokeMember",
    "LogPipelineExecutionDetails",
    "ScriptBlockLogging",
    "NetworkCredential",
    "kernel32",
];

/// A text up to this many UTF-16 units stands in one record; longer ones are cut into parts of
/// 10,000 and a random number up to 10,000 more, one length for a whole text.
const SCRIPT_UNITS_MAX: usize = 20_000;

impl Pen<'_> {
    /// The activity of one PowerShell process.
    fn console_activity(&self, process: &Process) -> Guid {
        let number = mix(u64::from(process.pid) << 32 ^ process.since.0.unsigned_abs());
        Guid::new(number as u32, (number >> 32) as u16, 0, mix(number) & 0xFFFF_FFFF_FFFF_FF00 | 0xD7)
    }

    /// The three events of a console that starts.
    pub(super) fn console_started(&mut self, process: &Process) -> io::Result<()> {
        let user = self.subject(&process.session).sid;
        let from = (Writer::Process(process.pid), Some(user), Some(self.console_activity(process)));
        let pid = decimal(process.pid.into());
        self.write_under(Name::PowerShell, &CONSOLE_STARTING, from, |_| {})?;
        self.write_under(Name::PowerShell, &PIPE_LISTENING, from, |data| {
            data.text(pid.as_str()).text("DefaultAppDomain");
        })?;
        self.write_under(Name::PowerShell, &CONSOLE_READY, from, |_| {})
    }

    pub(super) fn script(&mut self, process: &Process, text: &str) -> io::Result<()> {
        let user = self.subject(&process.session).sid;
        let from = (Writer::Process(process.pid), Some(user), Some(self.console_activity(process)));
        let form = if is_suspicious(text) { &SCRIPT_BLOCK_WARNING } else { &SCRIPT_BLOCK };
        let number = mix(self.at.0.unsigned_abs() ^ u64::from(process.pid) << 48);
        let id = Guid::new(number as u32, (number >> 32) as u16, 0x4be1, mix(number) & !(3 << 62) | 2 << 62);
        let id = id.to_string();
        // Without the braces that GUIDs have elsewhere.
        let id = id.trim_matches(['{', '}']);
        let parts = parts(text, 10_000 + (number % 10_000) as usize);
        let total = parts.len() as i32;
        (1..).zip(parts).try_for_each(|(at, part)| {
            self.write_under(Name::PowerShell, form, from, |data| {
                data.i32(at).i32(total).text(part).text(id).text("");
            })
        })
    }
}

fn is_suspicious(text: &str) -> bool {
    SUSPICIOUS.iter().any(|word| {
        let word = word.as_bytes();
        text.as_bytes().windows(word.len()).any(|there| there.eq_ignore_ascii_case(word))
    })
}

/// The text, cut after so many UTF-16 units if it is too long for one record.
fn parts(text: &str, units_max: usize) -> Vec<&str> {
    if text.len() <= SCRIPT_UNITS_MAX || text.encode_utf16().count() <= SCRIPT_UNITS_MAX {
        return vec![text];
    }
    let (mut parts, mut start, mut units) = (Vec::new(), 0, 0);
    for (at, character) in text.char_indices() {
        if units >= units_max {
            parts.push(&text[start..at]);
            (start, units) = (at, 0);
        }
        units += character.len_utf16();
    }
    parts.push(&text[start..]);
    parts
}

// ---- sessions at the screen -----------------------------------------------------------------

const SESSIONS: Provider<'static> = Provider {
    name: "Microsoft-Windows-TerminalServices-LocalSessionManager",
    guid: Some(Guid::new(0x5D89_6912, 0x022D, 0x40AA, 0xA3A8_4FA5_515C_76D7)),
    event_source: None,
};
const CONNECTIONS: Provider<'static> = Provider {
    name: "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
    guid: Some(Guid::new(0xC76B_AA63, 0xAE81, 0x421C, 0xB425_340B_4B24_157F)),
    event_source: None,
};

fn event_xml<'a>(children: Vec<Element<'a>>) -> Element<'a> {
    Element {
        name: "EventXML".into(),
        attributes: vec![("xmlns".into(), "Event_NS".into())],
        content: Content::Elements(children),
    }
}

impl Pen<'_> {
    /// A remote desktop's client has given its credentials (1149), and the session begins (21)
    /// with its shell (22). A session at the keyboard has 21 and 22 too, from `LOCAL`.
    pub(super) fn session_began(&mut self, session: &Session) -> io::Result<()> {
        if session.way == Way::RemoteDesktop {
            self.authenticated(session)?;
        }
        self.session_event(21, session, true)?;
        self.session_event(22, session, true)
    }

    /// The user signed out (23); a remote client is disconnected with that (24).
    pub(super) fn session_ended(&mut self, session: &Session) -> io::Result<()> {
        self.session_event(23, session, false)?;
        match session.way {
            Way::RemoteDesktop => self.session_event(24, session, true),
            _ => Ok(()),
        }
    }

    fn authenticated(&mut self, session: &Session) -> io::Result<()> {
        let face = self.house.face(session.account);
        let root = event_xml(vec![
            Element::leaf("Param1", Value::text(&face.name)),
            Element::leaf("Param2", Value::text(&face.domain)),
            Element::leaf("Param3", Value::text(&session.address)),
        ]);
        let user = &self.house.face(Court::NETWORK_SERVICE).sid;
        let record = Record {
            event_id: 1149,
            keywords: 0x1000_0000_0000_0000,
            user: Some(user),
            ..blank(CONNECTIONS)
        };
        self.tree(Name::Connections, &record, Writer::Host, &root)
    }

    fn session_event(&mut self, event_id: u16, session: &Session, with_address: bool) -> io::Result<()> {
        let face = self.house.face(session.account);
        let address = if session.way == Way::RemoteDesktop { &session.address } else { "LOCAL" };
        let mut children = vec![
            Element::leaf("User", Value::text(&face.qualified)),
            Element::leaf("SessionID", Value::U32(terminal(session))),
        ];
        if with_address {
            children.push(Element::leaf("Address", Value::text(address)));
        }
        let user = &self.house.face(Court::SYSTEM).sid;
        let record =
            Record { event_id, keywords: 0x1000_0000_0000_0000, user: Some(user), ..blank(SESSIONS) };
        self.tree(Name::Sessions, &record, Writer::Host, &event_xml(children))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_scripts_are_cut_and_lose_nothing() {
        assert_eq!(parts("short", 10_000), ["short"]);
        let long = "é$x = 'ab'; ".repeat(4_000);
        let cut = parts(&long, 12_345);
        assert_eq!(cut.concat(), long);
        assert_eq!(cut.len(), 4);
        assert!(cut[..3].iter().all(|part| part.encode_utf16().count() == 12_345));
    }

    #[test]
    fn some_words_are_suspicious_in_any_case() {
        assert!(is_suspicious("$a = [dllimport('x')]"));
        assert!(!is_suspicious("Get-ChildItem D:\\Shares"));
    }
}
