//! Who wrote a record of a Windows event as JSON, and what does he call what Windows wrote?
//!
//! A shipper is known by the names that his records have and others do not. Which name of his is which of the event's
//! XML stands in a table each; nothing here looks at values.

use crate::json::Record;

/// Who wrote the record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Winlogbeat,
    /// Winlogbeat before version 7: the same without `winlog.`.
    OldWinlogbeat,
    /// `Get-WinEvent | ConvertTo-Json`: the frame, and values without names.
    PowerShell,
    /// NXLog and what is flat like it (the OTRF sets).
    Nxlog,
    /// Azure Monitor tables `SecurityEvent`, `Event`, `WindowsEvent`.
    Sentinel,
    EvtxDump,
}

/// Shipper's name → name in the event's XML. A name that ends in `.` stands for all below it, which keep the rest of
/// theirs.
type Names = &'static [(&'static str, &'static str)];

const WINLOGBEAT: Names = &[
    ("winlog.event_data.", ""),
    ("winlog.user_data.", ""),
    ("winlog.channel", "Channel"),
    ("winlog.event_id", "EventID"),
    ("winlog.provider_name", "Provider_Name"),
    ("winlog.provider_guid", "Provider_Guid"),
    ("winlog.record_id", "EventRecordID"),
    ("winlog.computer_name", "Computer"),
    ("winlog.keywords", "Keywords"),
    ("winlog.opcode", "Opcode"),
    ("winlog.task", "Task"),
    ("winlog.version", "Version"),
    ("winlog.activity_id", "Correlation_ActivityID"),
    ("winlog.related_activity_id", "Correlation_RelatedActivityID"),
    ("winlog.process.pid", "Execution_ProcessID"),
    ("winlog.process.thread.id", "Execution_ThreadID"),
    ("winlog.user.identifier", "Security_UserID"),
];

const OLD_WINLOGBEAT: Names = &[
    ("event_data.", ""),
    ("user_data.", ""),
    ("log_name", "Channel"),
    ("event_id", "EventID"),
    ("source_name", "Provider_Name"),
    ("provider_guid", "Provider_Guid"),
    ("record_number", "EventRecordID"),
    ("computer_name", "Computer"),
    ("keywords", "Keywords"),
    ("opcode", "Opcode"),
    ("task", "Task"),
    ("version", "Version"),
    ("activity_id", "Correlation_ActivityID"),
    ("related_activity_id", "Correlation_RelatedActivityID"),
    ("process_id", "Execution_ProcessID"),
    ("thread_id", "Execution_ThreadID"),
    ("user.identifier", "Security_UserID"),
];

/// `Properties` are the event's data in its order; their names stand in the provider's manifest, not
/// in the record.
const POWER_SHELL: Names = &[
    ("Properties.Value", "Data"),
    ("LogName", "Channel"),
    ("Id", "EventID"),
    ("ProviderName", "Provider_Name"),
    ("ProviderId", "Provider_Guid"),
    ("RecordId", "EventRecordID"),
    ("MachineName", "Computer"),
    ("UserId.Value", "Security_UserID"),
    ("UserId", "Security_UserID"),
    ("ProcessId", "Execution_ProcessID"),
    ("ThreadId", "Execution_ThreadID"),
    ("ActivityId", "Correlation_ActivityID"),
];

const NXLOG: Names = &[
    ("SourceName", "Provider_Name"),
    ("ProviderGuid", "Provider_Guid"),
    ("Hostname", "Computer"),
    ("RecordNumber", "EventRecordID"),
    ("ExecutionProcessID", "Execution_ProcessID"),
    ("ThreadID", "Execution_ThreadID"),
    ("UserID", "Security_UserID"),
    ("ActivityID", "Correlation_ActivityID"),
];

const SENTINEL: Names = &[
    ("EventData.", ""),
    ("EventSourceName", "Provider_Name"),
    ("Provider", "Provider_Name"),
    ("Source", "Provider_Name"),
    ("EventLog", "Channel"),
    ("EventLevel", "Level"),
    ("SystemUserId", "Security_UserID"),
    ("EventRecordId", "EventRecordID"),
    ("SystemProcessId", "Execution_ProcessID"),
    ("SystemThreadId", "Execution_ThreadID"),
];

const EVTX_DUMP: Names = &[
    ("Event.EventData.Data.#text", "Data"),
    ("Event.EventData.", ""),
    ("Event.System.Provider.#attributes.Name", "Provider_Name"),
    ("Event.System.Provider.#attributes.Guid", "Provider_Guid"),
    ("Event.System.EventID.#text", "EventID"),
    ("Event.System.EventID.#attributes.Qualifiers", "Qualifiers"),
    ("Event.System.TimeCreated.#attributes.SystemTime", "TimeCreated"),
    ("Event.System.Execution.#attributes.ProcessID", "Execution_ProcessID"),
    ("Event.System.Execution.#attributes.ThreadID", "Execution_ThreadID"),
    ("Event.System.Correlation.#attributes.ActivityID", "Correlation_ActivityID"),
    ("Event.System.Security.#attributes.UserID", "Security_UserID"),
    ("Event.System.", ""),
];

impl Shape {
    pub(super) const COUNT: usize = Self::EvtxDump as usize + 1;

    /// By the names that this shipper's records have and others do not.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let has = |name: &str| record.names().any(|known| known == name);
        if has("winlog.event_id") && has("winlog.channel") {
            return Some(Self::Winlogbeat);
        }
        if has("event_id") && has("log_name") && has("source_name") {
            return Some(Self::OldWinlogbeat);
        }
        if has("Id") && has("LogName") && has("ProviderName") && has("MachineName") {
            return Some(Self::PowerShell);
        }
        if has("Event.System.Channel") || has("Event.System.EventRecordID") {
            return Some(Self::EvtxDump);
        }
        if !has("EventID") {
            return None;
        }
        if has("Computer") && (has("EventData") || has("TenantId")) && (has("Channel") || has("EventLog")) {
            return Some(Self::Sentinel);
        }
        let provider = has("SourceName") || has("ProviderGuid") || has("Provider_Name");
        let host = has("Hostname") || has("Computer");
        (has("Channel") && provider && host).then_some(Self::Nxlog)
    }

    /// The name in the event's XML of a field that he calls so.
    pub(super) fn name(self, given: &str) -> &str {
        let rule = self.names().iter().find_map(|(from, to)| match from.ends_with('.') {
            true => given.strip_prefix(from),
            false => (given == *from).then_some(*to),
        });
        match rule {
            Some(name) => name,
            None if self == Self::EvtxDump => leaf(given),
            None => given,
        }
    }

    fn names(self) -> Names {
        match self {
            Self::Winlogbeat => WINLOGBEAT,
            Self::OldWinlogbeat => OLD_WINLOGBEAT,
            Self::PowerShell => POWER_SHELL,
            Self::Nxlog => NXLOG,
            Self::Sentinel => SENTINEL,
            Self::EvtxDump => EVTX_DUMP,
        }
    }
}

/// `UserData` of `evtx_dump` keeps the tree: only the last step of the path is the field's name.
fn leaf(given: &str) -> &str {
    match given.strip_prefix("Event.UserData.") {
        Some(path) if !path.contains("#attributes") => path.rsplit('.').next().unwrap_or(path),
        _ => given,
    }
}
