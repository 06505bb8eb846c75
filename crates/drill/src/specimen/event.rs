//! What happened, before any log has written it down?
//!
//! An [`Event`] is one entry of one host's Windows event log; the evidence set writes it as EVTX,
//! as winlogbeat or as NXLog would, all from this one form. It holds what Windows would store and
//! nothing about files.

use crate::evtx::{Element, FileTime, Guid, Payload, Provider, Record, Sid, Value};

/// A provider and the channel that it writes to.
pub(super) struct Source {
    pub(super) provider: Provider<'static>,
    pub(super) channel: &'static str,
}

const fn source(name: &'static str, guid: Guid, channel: &'static str) -> Source {
    Source { provider: Provider { name, guid: Some(guid), event_source: None }, channel }
}

pub(super) const SECURITY: &str = "Security";
pub(super) const SYSTEM: &str = "System";
pub(super) const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";
pub(super) const POWERSHELL: &str = "Microsoft-Windows-PowerShell/Operational";

pub(super) static SECURITY_AUDITING: Source = source(
    "Microsoft-Windows-Security-Auditing",
    Guid::new(0x5484_9625, 0x5478, 0x4994, 0xA5BA_3E3B_0328_C30D),
    SECURITY,
);
pub(super) static EVENTLOG_IN_SECURITY: Source = source("Microsoft-Windows-Eventlog", EVENTLOG, SECURITY);
pub(super) static EVENTLOG_IN_SYSTEM: Source = source("Microsoft-Windows-Eventlog", EVENTLOG, SYSTEM);
const EVENTLOG: Guid = Guid::new(0xFC65_DDD8, 0xD6EF, 0x4962, 0x83D5_6E5C_FE9C_E148);
pub(super) static SYSMON_SERVICE: Source =
    source("Microsoft-Windows-Sysmon", Guid::new(0x5770_385F, 0xC22A, 0x43E0, 0xBF4C_06F5_698F_FBD9), SYSMON);
pub(super) static POWERSHELL_ENGINE: Source = source(
    "Microsoft-Windows-PowerShell",
    Guid::new(0xA0C1_853B, 0x5C40, 0x4B15, 0x8766_3CF1_C58F_985A),
    POWERSHELL,
);
pub(super) static KERNEL_GENERAL: Source = source(
    "Microsoft-Windows-Kernel-General",
    Guid::new(0xA68C_A8B7, 0x004F, 0xD7B6, 0xA698_07E2_DE0F_1F5D),
    SYSTEM,
);
pub(super) static UPDATE_CLIENT: Source = source(
    "Microsoft-Windows-WindowsUpdateClient",
    Guid::new(0x945A_8954, 0xC147, 0x4ACD, 0x923F_40C4_5405_A658),
    SYSTEM,
);
pub(super) static SERVICE_CONTROL: Source = Source {
    provider: Provider {
        name: "Service Control Manager",
        guid: Some(Guid::new(0x5559_08D1, 0xA6D7, 0x4695, 0x8E1E_2693_1D20_12F4)),
        event_source: Some("Service Control Manager"),
    },
    channel: SYSTEM,
};
pub(super) static EVENTLOG_CLASSIC: Source =
    Source { provider: Provider { name: "EventLog", guid: None, event_source: None }, channel: SYSTEM };

/// One kind of event: what Windows has in the provider's manifest.
pub(super) struct Kind {
    pub(super) source: &'static Source,
    pub(super) id: u16,
    pub(super) version: u8,
    pub(super) level: u8,
    pub(super) task: u16,
    pub(super) opcode: u8,
    pub(super) keywords: u64,
    pub(super) qualifiers: Option<u16>,
    /// Process id of the service that writes it.
    pub(super) writer: u32,
    /// The name of the task.
    pub(super) task_name: &'static str,
    /// The first line of the event's message.
    pub(super) title: &'static str,
}

/// Process ids of the services that write events; the same on every host of the story.
pub(super) const PID_KERNEL: u32 = 4;
pub(super) const PID_SERVICES: u32 = 712;
pub(super) const PID_LSASS: u32 = 744;
pub(super) const PID_EVENTLOG: u32 = 1188;
pub(super) const PID_SYSMON: u32 = 3204;

pub(super) const AUDIT_SUCCESS: u64 = 0x8020_0000_0000_0000;
pub(super) const AUDIT_FAILURE: u64 = 0x8010_0000_0000_0000;

impl Kind {
    /// A success audit, written by the local security authority.
    pub(super) const fn audit(
        id: u16,
        version: u8,
        task: u16,
        task_name: &'static str,
        title: &'static str,
    ) -> Self {
        Self {
            source: &SECURITY_AUDITING,
            id,
            version,
            level: 0,
            task,
            opcode: 0,
            keywords: AUDIT_SUCCESS,
            qualifiers: None,
            writer: PID_LSASS,
            task_name,
            title,
        }
    }

    pub(super) const fn failed(self) -> Self {
        Self { keywords: AUDIT_FAILURE, ..self }
    }

    /// Written by the kernel, as object access and process audits are.
    pub(super) const fn by_kernel(self) -> Self {
        Self { writer: PID_KERNEL, ..self }
    }
}

/// An event's own data.
#[derive(Clone)]
pub(super) enum Body {
    Data(Vec<(&'static str, Value<'static>)>),
    Tree(Element<'static>),
}

/// One entry of one host's event log.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) kind: &'static Kind,
    /// Milliseconds since 1970, UTC.
    pub(super) at: i64,
    pub(super) writer: u32,
    pub(super) user: Option<Sid>,
    pub(super) activity: Option<Guid>,
    pub(super) body: Body,
}

impl Event {
    pub(super) fn new(
        kind: &'static Kind,
        at: i64,
        data: impl IntoIterator<Item = (&'static str, Value<'static>)>,
    ) -> Self {
        let body = Body::Data(data.into_iter().collect());
        Self { kind, at, writer: kind.writer, user: None, activity: None, body }
    }

    /// The instant with the fraction that milliseconds lack; the same for the same millisecond,
    /// so that sorting by `at` sorts by this too.
    pub(super) fn file_time(&self) -> FileTime {
        FileTime(FileTime::from_unix_ms(self.at).0 + self.at.unsigned_abs() * 7919 % 10_000)
    }

    /// A thread id that looks like one: a multiple of four.
    pub(super) fn thread(&self) -> u32 {
        ((self.at / 1000 % 1800) * 4 + 60) as u32
    }

    /// The record as an event log holds it.
    pub(super) fn record<'a>(&'a self, computer: &'a str) -> Record<'a> {
        let kind = self.kind;
        Record {
            provider: kind.source.provider,
            event_id: kind.id,
            qualifiers: kind.qualifiers,
            version: kind.version,
            level: kind.level,
            task: kind.task,
            opcode: kind.opcode,
            keywords: kind.keywords,
            time: self.file_time(),
            process_id: self.writer,
            thread_id: self.thread(),
            activity_id: self.activity,
            related_activity_id: None,
            computer,
            user: self.user.as_ref(),
            payload: match &self.body {
                Body::Data(data) => Payload::EventData { data, binary: None },
                Body::Tree(root) => Payload::UserData(root),
            },
        }
    }
}

/// Shorthands for the values that most events have.
pub(super) fn text(text: impl Into<String>) -> Value<'static> {
    Value::text(text.into())
}

pub(super) fn dash() -> Value<'static> {
    Value::text("-")
}

/// A value as Windows prints it in XML and in messages.
pub(super) fn printed(value: &Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.to_string(),
        Value::Texts(texts) => texts.join(", "),
        Value::U8(number) => number.to_string(),
        Value::U16(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::I32(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Hex32(number) => format!("{number:#x}"),
        Value::Hex64(number) => format!("{number:#x}"),
        Value::Guid(guid) => guid.to_string(),
        Value::Sid(sid) => sid.to_string(),
        Value::Time(time) => super::clock::iso(time.unix_ms()),
        Value::Binary(bytes) => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
    }
}
