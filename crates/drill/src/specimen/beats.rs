//! How does winlogbeat 8 write an event of Windows?
//!
//! One JSON object a line, as its file output gives it without ingest pipelines: `winlog.*` and
//! the few ECS fields that it sets itself. Numbers of `event_data` are texts there, and values
//! that are empty are left out. The message is put together from the fields; it does not have
//! Windows' own wording.

use super::cast::Host;
use super::clock;
use super::event::{AUDIT_FAILURE, AUDIT_SUCCESS, Body, Event, printed};
use super::json::Object;

/// The line for one event, without its end.
pub(super) fn line(event: &Event, host: Host, record_id: i64) -> String {
    let kind = event.kind;
    let agent = Object::new()
        .text("ephemeral_id", "6c0d3f0a-7b1e-4f57-9a8e-2f8f5e2f4c11")
        .text("id", "b5b1a3a2-90d4-4f0e-8e63-0d2f6a8b7c55")
        .text("name", host.name)
        .text("type", "winlogbeat")
        .text("version", "8.15.1");
    let metadata = Object::new().text("beat", "winlogbeat").text("type", "_doc").text("version", "8.15.1");
    let ecs = Object::new()
        .text("action", kind.task_name)
        .text("code", &kind.id.to_string())
        .text("created", &clock::iso(event.at + 1730))
        .text("kind", "event")
        .with(outcome(kind.keywords), |object, outcome| object.text("outcome", outcome))
        .text("provider", kind.source.provider.name);
    Object::new()
        .text("@timestamp", &clock::iso(event.at))
        .object("@metadata", metadata)
        .object("log", Object::new().text("level", "information"))
        .text("message", &message(event))
        .object("winlog", winlog(event, host, record_id))
        .object("event", ecs)
        .object("host", Object::new().text("name", &host.full_name()))
        .object("ecs", Object::new().text("version", "8.0.0"))
        .object("agent", agent)
        .finish()
}

fn winlog(event: &Event, host: Host, record_id: i64) -> Object {
    let kind = event.kind;
    let process = Object::new()
        .number("pid", event.writer.into())
        .object("thread", Object::new().number("id", event.thread().into()));
    let guid = kind.source.provider.guid.map(|guid| guid.to_string().to_uppercase());
    Object::new()
        .text("api", "wineventlog")
        .text("channel", kind.source.channel)
        .text("computer_name", &host.full_name())
        .object("event_data", event_data(event))
        .text("event_id", &kind.id.to_string())
        .with(audited(kind.keywords), |object, keyword| object.list("keywords", &[keyword]))
        .text("opcode", "Info")
        .object("process", process)
        .with(guid, |object, guid| object.text("provider_guid", &guid))
        .text("provider_name", kind.source.provider.name)
        .number("record_id", record_id)
        .text("task", kind.task_name)
        .with((kind.version > 0).then_some(kind.version), |object, version| {
            object.number("version", version.into())
        })
}

fn event_data(event: &Event) -> Object {
    fields(event).into_iter().fold(Object::new(), |object, (name, value)| object.text(name, &value))
}

/// The event's own fields as text, without the empty ones.
pub(super) fn fields(event: &Event) -> Vec<(&'static str, String)> {
    let Body::Data(data) = &event.body else { return Vec::new() };
    let texts = data.iter().map(|(name, value)| (*name, printed(value)));
    texts.filter(|(_, text)| !text.is_empty()).collect()
}

fn message(event: &Event) -> String {
    let lines: Vec<_> =
        fields(event).into_iter().map(|(name, value)| format!("\t{name}:\t\t{value}")).collect();
    format!("{}\n\n{}", event.kind.title, lines.join("\n"))
}

pub(super) fn audited(keywords: u64) -> Option<&'static str> {
    match keywords {
        AUDIT_SUCCESS => Some("Audit Success"),
        AUDIT_FAILURE => Some("Audit Failure"),
        _ => None,
    }
}

fn outcome(keywords: u64) -> Option<&'static str> {
    match keywords {
        AUDIT_SUCCESS => Some("success"),
        AUDIT_FAILURE => Some("failure"),
        _ => None,
    }
}
