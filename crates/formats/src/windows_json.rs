//! What do Windows events say that came as JSON?
//!
//! Shippers rename what Windows wrote: winlogbeat nests it, NXLog flattens it, Sentinel wraps the
//! data in a string, `evtx_dump` keeps the XML's tree. Here the names become those of the XML
//! again, so that rules and the spine find the same event whichever way it came. What a shipper
//! added keeps its own dotted name.

use std::io;

use assize_model::time::Stated;
use assize_model::{Batcher, Card, Confidence, Event, Format, Input, Range, ReadingOptions, Slice, Time};

use crate::json::{self, Fields};
use crate::{windows, xml};

/// See the module's text.
pub(crate) struct WindowsJson;

static CARD: Card = Card {
    name: "windows-json",
    title: "Windows events as JSON (winlogbeat, NXLog, Sentinel, evtx_dump)",
    doc: "Windows events that a shipper or exporter wrote as JSON: one a line, one after another, or in an \
          array. Names become those of the event's XML (`EventID`, `Channel`, `Provider_Name`, …); what the \
          shipper added keeps its own name. A record of another make in the same file becomes a generic event. \
          NXLog states local time without a zone: the offset is inferred from the record's two receipt times \
          where it has both, else UTC is assumed, and either is said in `time_assumed`.",
    example: r#"{"@timestamp":"2026-09-14T08:12:03.123Z","winlog":{"channel":"Security","event_id":"4624"}}"#,
    links: &[
        "https://www.elastic.co/docs/reference/beats/winlogbeat/exported-fields-winlog",
        "https://docs.nxlog.co/refman/current/im/msvistalog.html",
        "https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/windowsevent",
    ],
    version: 2,
};

/// Records looked at to recognise a file.
const SAMPLE: usize = 20;

impl Format for WindowsJson {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "windows"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("nxlog", "real"), ("sentinel", "real"), ("winlogbeat", "unproven"), ("evtx_dump", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        if !json::looks_like_records(head) {
            return None;
        }
        let records = json::first_records(head, SAMPLE);
        records.iter().any(|fields| Shape::of(fields).is_some()).then_some(Confidence(90))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        json::read(input.bytes, out, &mut one)
    }

    fn reread(&self, slices: &[Slice], _: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        json::reread(slices, out, &mut one)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        json::raw_text(slices)
    }
}

fn one(range: Range, record: &json::Record, out: &mut Batcher<'_>) -> io::Result<()> {
    let fields = record.to_fields();
    match Shape::of(&fields) {
        Some(shape) => out.event(&shape.event(range, fields)),
        None => json::unknown(range, record, out),
    }
}

/// Who wrote the record.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
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

/// Shipper's name → name in the event's XML. A name that ends in `.` stands for all below it.
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
    /// By the names that this shipper's records have and others do not.
    fn of(fields: &Fields) -> Option<Self> {
        let has = |name: &str| fields.iter().any(|(key, _)| key == name);
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

    fn event(self, range: Range, mut fields: Fields) -> Event {
        let mut event = Event::at(range, "");
        self.set_time(&mut event, &fields);
        if self == Self::Sentinel {
            unwrap_event_data(&mut fields);
        }
        let names = match self {
            Self::Winlogbeat => WINLOGBEAT,
            Self::OldWinlogbeat => OLD_WINLOGBEAT,
            Self::PowerShell => POWER_SHELL,
            Self::Nxlog => NXLOG,
            Self::Sentinel => SENTINEL,
            Self::EvtxDump => EVTX_DUMP,
        };
        rename(&mut fields, names);
        if self == Self::EvtxDump {
            user_data_leaves(&mut fields);
        }
        event.fields = fields;
        windows::fill_spine(&mut event);
        event
    }

    /// The event's own time: which field it is depends on the shipper.
    fn set_time(self, event: &mut Event, fields: &Fields) {
        match self {
            Self::Winlogbeat | Self::OldWinlogbeat => first_time(event, fields, &["@timestamp"]),
            // Windows PowerShell writes `/Date(1789387200123)/`, later ones RFC 3339.
            Self::PowerShell => first_time(event, fields, &["TimeCreated", "TimeCreated.value"]),
            Self::Sentinel => first_time(event, fields, &["TimeCreated", "TimeGenerated"]),
            Self::EvtxDump => first_time(event, fields, &["Event.System.TimeCreated.#attributes.SystemTime"]),
            Self::Nxlog => {
                first_time(event, fields, &["TimeCreated", "EventTime", "@timestamp"]);
                if event.time_assumed.is_some() {
                    infer_zone(event, fields);
                }
            }
        }
    }
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(key, _)| key == name)?.1.as_deref()
}

fn first_time(event: &mut Event, fields: &Fields, names: &[&str]) {
    for name in names {
        let Some(text) = value(fields, name) else { continue };
        let ticks = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/"));
        let of_ticks = ticks.and_then(Time::of_unix).map(Stated::Instant);
        event.set_time(text, of_ticks.or_else(|| windows::parse_time(text)));
        if event.time.is_some() {
            return;
        }
    }
}

/// NXLog writes `EventTime` and `EventReceivedTime` in the host's zone without naming it; a shipper
/// behind it notes the receipt once more, with zone, as `@timestamp`. The two receipts differ by
/// the zone, a multiple of 15 minutes, and by seconds.
fn infer_zone(event: &mut Event, fields: &Fields) {
    const QUARTER: i64 = 900_000_000_000;
    const SLACK: i64 = 120_000_000_000;
    const WIDEST: i64 = 14 * 4;
    let local = value(fields, "EventReceivedTime").and_then(Time::parse);
    let zoned = value(fields, "@timestamp").and_then(Time::parse);
    let (Some(Stated::Local(local)), Some(Stated::Instant(zoned)), Some(time)) = (local, zoned, event.time)
    else {
        return;
    };
    let Some(difference) = zoned.0.checked_sub(local.0) else { return };
    let quarters = (difference + QUARTER / 2).div_euclid(QUARTER);
    let rest = difference - quarters * QUARTER;
    if rest.abs() > SLACK || quarters.abs() > WIDEST {
        return;
    }
    let Some(shifted) = time.0.checked_add(quarters * QUARTER) else { return };
    event.time = Some(Time(shifted));
    let minutes = -quarters * 15;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    event.time_assumed = Some(format!(
        "no zone stated; {sign}{hours:02}:{minutes:02} inferred from EventReceivedTime against @timestamp"
    ));
}

fn rename(fields: &mut Fields, names: Names) {
    for (name, _) in fields {
        let rule = names.iter().find(|(from, _)| match from.strip_suffix('.') {
            Some(_) => name.starts_with(from),
            None => name == from,
        });
        if let Some((from, to)) = rule {
            *name =
                if from.ends_with('.') { format!("{to}{}", &name[from.len()..]) } else { (*to).to_owned() };
        }
    }
}

/// `UserData` of `evtx_dump` keeps the tree: only the last step of the path is the field's name.
fn user_data_leaves(fields: &mut Fields) {
    for (name, _) in fields {
        if let Some(path) = name.strip_prefix("Event.UserData.") {
            let leaf = path.rsplit('.').next().unwrap_or(path);
            if !path.contains("#attributes") {
                *name = leaf.to_owned();
            }
        }
    }
}

/// Azure tables hold the event's data as one string of XML or JSON; its pairs take its place.
fn unwrap_event_data(fields: &mut Fields) {
    let Some(position) = fields.iter().position(|(name, _)| name == "EventData") else { return };
    let Some(text) = &fields[position].1 else { return };
    let inner = match text.trim_start().chars().next() {
        Some('<') => xml::pairs(text).ok(),
        Some('{') => json::flatten(text.as_bytes()).ok(),
        _ => None,
    };
    if let Some(inner) = inner {
        fields.splice(position..=position, inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Event {
        let fields = json::flatten(text.as_bytes()).unwrap();
        Shape::of(&fields).unwrap().event(Range { offset: 0, length: 1 }, fields)
    }

    #[test]
    fn one_event_four_shippers() {
        let shapes = [
            r#"{"@timestamp":"2026-09-14T08:00:00Z","winlog":{"channel":"Security","event_id":4625,"provider_name":"Microsoft-Windows-Security-Auditing","computer_name":"A","event_data":{"TargetUserName":"m"}}}"#,
            r#"{"EventTime":"2026-09-14T08:00:00Z","Channel":"Security","EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","Hostname":"A","TargetUserName":"m"}"#,
            r#"{"TenantId":"t","TimeGenerated":"2026-09-14T08:00:00Z","Channel":"Security","EventID":4625,"EventSourceName":"Microsoft-Windows-Security-Auditing","Computer":"A","EventData":"<EventData><Data Name=\"TargetUserName\">m</Data></EventData>"}"#,
            r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4625,"Channel":"Security","Computer":"A","TimeCreated":{"#attributes":{"SystemTime":"2026-09-14T08:00:00Z"}}},"EventData":{"TargetUserName":"m"}}}"##,
        ];
        for shape in shapes {
            let event = read(shape);
            assert_eq!(event.time.map(|t| t.to_string()).as_deref(), Some("2026-09-14T08:00:00Z"), "{shape}");
            assert_eq!(
                (event.source.as_str(), event.host.as_deref()),
                ("windows/Security", Some("A")),
                "{shape}"
            );
            assert_eq!(event.actor.as_deref(), Some("m"), "{shape}");
            assert_eq!(event.verb.as_str(), "logon", "{shape}");
            assert_eq!(event.outcome.as_str(), "failure", "{shape}");
            assert_eq!(event.field("EventID"), Some("4625"), "{shape}");
        }
    }

    #[test]
    fn the_zone_of_nxlog_is_inferred_and_said() {
        let event = read(
            r#"{"EventTime":"2020-08-06 11:56:04","EventReceivedTime":"2020-08-06 11:56:07","@timestamp":"2020-08-06T15:56:07.158Z","Channel":"S","EventID":18,"SourceName":"P","Hostname":"H"}"#,
        );
        assert_eq!(event.time.unwrap().to_string(), "2020-08-06T15:56:04Z");
        assert_eq!(
            event.time_assumed.as_deref(),
            Some("no zone stated; -04:00 inferred from EventReceivedTime against @timestamp")
        );
        let event = read(
            r#"{"EventTime":"2020-08-06 11:56:04","Channel":"S","EventID":18,"SourceName":"P","Hostname":"H"}"#,
        );
        assert_eq!(event.time_assumed.as_deref(), Some("no zone stated; read as UTC"));
    }
}
