//! How does NXLog write an event of Windows as JSON?
//!
//! One flat object a line, from `im_msvistalog` and `to_json()`: NXLog's core fields, the event's
//! own fields beside them as texts, times in local time with their offset. Where an event has a
//! field of the same name as a core field (Sysmon's `EventType`), the event's own wins. Compared
//! with lines of public data sets that NXLog wrote.

use super::beats::fields;
use super::cast::Host;
use super::clock;
use super::event::{AUDIT_FAILURE, AUDIT_SUCCESS, Event};
use super::json::Object;

/// The line for one event, without its end.
pub(super) fn line(event: &Event, host: Host, record_number: i64) -> String {
    let kind = event.kind;
    let own = fields(event);
    let (event_type, severity, severity_value) = match kind.keywords {
        AUDIT_SUCCESS => ("AUDIT_SUCCESS", "INFO", 2),
        AUDIT_FAILURE => ("AUDIT_FAILURE", "ERROR", 4),
        _ => ("INFO", "INFO", 2),
    };
    let event_type = own.iter().all(|(name, _)| *name != "EventType").then_some(event_type);
    let guid = kind.source.provider.guid.map(|guid| guid.to_string().to_uppercase());
    let object = Object::new()
        .text("EventTime", &clock::nxlog(event.at))
        .text("Hostname", &host.full_name())
        .number("Keywords", kind.keywords.cast_signed())
        .with(event_type, |object, name| object.text("EventType", name))
        .number("SeverityValue", severity_value)
        .text("Severity", severity)
        .number("EventID", kind.id.into())
        .text("SourceName", kind.source.provider.name)
        .with(guid, |object, guid| object.text("ProviderGuid", &guid))
        .number("Version", kind.version.into())
        .number("Task", kind.task.into())
        .number("OpcodeValue", kind.opcode.into())
        .number("RecordNumber", record_number)
        .number("ExecutionProcessID", event.writer.into())
        .number("ThreadID", event.thread().into())
        .text("Channel", kind.source.channel)
        .with(event.user.as_ref(), |object, sid| {
            let object = object.text("Domain", "NT AUTHORITY").text("AccountName", "SYSTEM");
            object.text("UserID", &sid.to_string()).text("AccountType", "User")
        })
        .text("Message", &message(event, &own))
        .text("Category", kind.task_name)
        .text("Opcode", "Info");
    own.iter()
        .fold(object, |object, (name, value)| object.text(name, value))
        .text("EventReceivedTime", &clock::nxlog(event.at + 1204))
        .text("SourceModuleName", "eventlog")
        .text("SourceModuleType", "im_msvistalog")
        .finish()
}

fn message(event: &Event, own: &[(&str, String)]) -> String {
    let lines: Vec<_> = own.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let colon = if event.kind.title.ends_with(['.', ':']) { "" } else { ":" };
    format!("{}{colon}\r\n{}", event.kind.title, lines.join("\r\n"))
}
