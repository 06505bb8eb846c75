//! What does the audit log say that laurel wrote?
//!
//! laurel joins the records of one kernel event into one object of JSON and decodes it: `{"ID":…,
//! "SYSCALL":{…},"EXECVE":{…},"PATH":[…],…}`. The verb is that of the system call or of the program's
//! record; objects are the command, or the last path that is no parent.

use std::io;

use assize_model::spine::{Link, ObjectKind, Outcome, Verb};
use assize_model::{Batcher, Card, Confidence, Format, Input, Range, ReadingOptions, Slice};

use crate::json::{self, Fields};
use crate::record::{Record, Text};
use crate::{auditd, clock};

/// See the module's text.
pub(crate) struct Laurel;

static CARD: Card = Card {
    name: "laurel",
    title: "Linux audit log as JSON (laurel)",
    doc: "Events of the Linux audit daemon as the plugin laurel writes them, one object a line: the records of an \
          event joined, hexadecimal values decoded. Means what the same records mean in the audit log, but for \
          being one event. A record of another make in the same file becomes a generic event.",
    example: r#"{"ID":"1789371123.250:411","SYSCALL":{"syscall":59,"success":"yes","exe":"/usr/bin/su"}}"#,
    links: &["https://github.com/threathunters-io/laurel"],
    version: 1,
};

impl Format for Laurel {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "linux"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("SYSCALL with EXECVE and PATH", "real"), ("USER_… records", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        if !json::looks_like_records(head) {
            return None;
        }
        let records = json::first_records(head, 5);
        records.iter().any(is_laurel).then_some(Confidence(92))
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

fn is_laurel(fields: &Fields) -> bool {
    let id = fields.iter().find(|(name, _)| name == "ID").and_then(|(_, value)| value.as_deref());
    let stamp = id.and_then(|id| id.split_once(':'));
    let upper = |name: &str| {
        name.bytes().take_while(|byte| *byte != b'.').all(|b| b.is_ascii_uppercase() || b == b'_')
    };
    stamp.is_some_and(|(seconds, _)| clock::unix(seconds).is_some())
        && fields.iter().any(|(name, _)| name.contains('.') && upper(name))
}

fn one(range: Range, found: &json::Record, out: &mut Batcher<'_>) -> io::Result<()> {
    let fields = found.to_fields();
    if is_laurel(&fields) {
        return found.hand_on(&record(&fields), &[range], &clock::NONE, out);
    }
    json::unknown(range, found, out)
}

fn record(fields: &Fields) -> Record<'_> {
    let mut record = Record::of("linux/auditd");
    let get = |name: &str| -> Option<Text<'_>> {
        let value = fields.iter().find(|(key, _)| key == name)?.1.as_deref()?;
        (!matches!(value, "" | "?" | "unset" | "4294967295")).then_some(value.into())
    };
    if let Some(id) = get("ID") {
        record.time = clock::unix(id.split(':').next().unwrap_or(""));
        record.time_text = Some(id.clone());
        record.link(Link::Request, id);
    }
    record.host = get("NODE");
    for (name, link) in [
        ("SYSCALL.pid", Link::ProcessId),
        ("SYSCALL.ppid", Link::ParentProcess),
        ("SYSCALL.ses", Link::Session),
    ] {
        if let Some(value) = get(name) {
            record.link(link, value);
        }
    }
    record.actor = ["SYSCALL.AUID", "SYSCALL.auid", "SYSCALL.UID", "SYSCALL.uid"].into_iter().find_map(get);
    match get("SYSCALL.SYSCALL") {
        Some(name) => system_call(&name, fields, &get, &mut record),
        None => user_space(fields, &get, &mut record),
    }
    record
}

type Get<'g, 'a> = &'g dyn Fn(&str) -> Option<Text<'a>>;

fn system_call<'a>(name: &str, fields: &'a Fields, get: Get<'_, 'a>, record: &mut Record<'a>) {
    record.verb = auditd::verb_of(name, None);
    let refused = matches!(get("SYSCALL.exit").as_deref(), Some("EACCES" | "EPERM" | "-13" | "-1"));
    record.outcome = match get("SYSCALL.success").as_deref() {
        Some("yes") => Outcome::Success,
        Some("no") if refused => Outcome::Denied,
        Some("no") => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    let words = |of: &str| -> Vec<&str> {
        fields.iter().filter(|(name, _)| name == of).filter_map(|(_, value)| value.as_deref()).collect()
    };
    let command = [words("EXECVE.ARGV"), words("PROCTITLE.ARGV")].into_iter().find(|words| !words.is_empty());
    let path = words("PATH.name").last().copied();
    match (record.verb, command, path) {
        (Verb::Execute, Some(command), _) => record.to(ObjectKind::Process, command.join(" ")),
        (_, _, Some(path)) if record.verb != Verb::Execute => record.to(ObjectKind::FileOrFolder, path),
        _ => {
            if let Some(program) = get("SYSCALL.exe") {
                record.to(ObjectKind::Process, program);
            }
        }
    }
}

/// `{"ID":…,"USER_LOGIN":{"acct":…,"addr":…,"res":"failed"}}`
fn user_space<'a>(fields: &'a Fields, get: Get<'_, 'a>, record: &mut Record<'a>) {
    let kind = fields.iter().find_map(|(name, _)| name.split_once('.').map(|(kind, _)| kind));
    let Some(kind) = kind else { return };
    let own = |name: &str| get(&format!("{kind}.{name}"));
    record.verb = match kind {
        "USER_LOGIN" | "USER_AUTH" | "USER_START" | "USER_ERR" | "LOGIN" => Verb::Logon,
        "USER_END" | "USER_LOGOUT" => Verb::Logoff,
        "USER_ACCT" | "CRED_ACQ" | "CRED_REFR" | "CRED_DISP" => Verb::Token,
        "USER_CMD" => Verb::Execute,
        "CONFIG_CHANGE" | "SERVICE_START" | "SERVICE_STOP" => Verb::ConfigChange,
        _ => Verb::Other,
    };
    record.outcome = match own("res").as_deref() {
        Some("success" | "1") => Outcome::Success,
        Some("failed" | "0") => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    record.actor = ["acct", "AUID", "auid", "UID", "uid"].into_iter().find_map(own).or(record.actor.take());
    record.peer = ["addr", "hostname"].into_iter().find_map(own);
    if let Some(command) = own("cmd") {
        record.to(ObjectKind::Process, command);
    }
}
