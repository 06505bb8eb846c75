//! What does a Windows event say happened, in the words of the spine?
//!
//! One table for all ways by which a Windows event can come (EVTX, JSON, XML): the fields have the
//! same names by now. Only events whose meaning is plain are given a verb; the rest are `other`.
//! Codes stay as they are in the own fields.

use std::borrow::Cow;

use assize_model::Event;
use assize_model::Time;
use assize_model::spine::{Link, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::time::Stated;

use Outcome::{Denied, Failure, Success, Unknown};

/// Every own field that the spine is filled from, sorted.
pub(crate) const SPINE_FIELDS: &[&str] = &[
    "AccessMask",
    "Attributes",
    "Channel",
    "Computer",
    "DestAddress",
    "DestinationIp",
    "EventID",
    "EventRecordID",
    "FailureCode",
    "HandleId",
    "Image",
    "IpAddress",
    "Keywords",
    "LogonId",
    "NewProcessId",
    "NewProcessName",
    "ObjectName",
    "ObjectType",
    "ParentProcessGuid",
    "Path",
    "PipeName",
    "ProcessGuid",
    "Provider_Name",
    "QueryName",
    "RelativeTargetName",
    "Requester",
    "Security_UserID",
    "ServiceName",
    "ShareName",
    "SourceAddress",
    "SourceProcessGUID",
    "SourceUser",
    "Status",
    "SubjectDomainName",
    "SubjectLogonId",
    "SubjectUserName",
    "TargetDomainName",
    "TargetFilename",
    "TargetImage",
    "TargetLogonId",
    "TargetObject",
    "TargetServerName",
    "TargetUserName",
    "TaskName",
    "TimeCreated",
    "User",
    "Workstation",
    "WorkstationName",
];

/// One of [`SPINE_FIELDS`], by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Own(pub(crate) usize);

impl Own {
    /// The place of a name; asked for while compiling, so that looking a field up costs no
    /// comparison of texts.
    pub(crate) const fn of(name: &str) -> Self {
        let mut place = 0;
        while place < SPINE_FIELDS.len() {
            if same(SPINE_FIELDS[place].as_bytes(), name.as_bytes()) {
                return Self(place);
            }
            place += 1;
        }
        panic!("a name that does not stand in SPINE_FIELDS")
    }

    pub(crate) fn name(self) -> &'static str {
        SPINE_FIELDS.get(self.0).copied().unwrap_or_default()
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut place = 0;
    while place < a.len() && place < b.len() && a[place] == b[place] {
        place += 1;
    }
    place == a.len() && place == b.len()
}

/// A field by its name, found while compiling.
macro_rules! own {
    ($name:literal) => {
        const { Own::of($name) }
    };
}
pub(crate) use own;

/// The own fields of an event, by Windows' names.
pub(crate) trait Fields {
    /// Every value of that name, in the record's order.
    fn all(&self, name: Own) -> impl Iterator<Item = &str>;

    /// The first of them.
    fn field(&self, name: Own) -> Option<&str> {
        self.all(name).next()
    }
}

impl Fields for Vec<(String, Option<String>)> {
    fn all(&self, name: Own) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(key, _)| key == name.name()).filter_map(|(_, value)| value.as_deref())
    }
}

/// Links that one event can have.
const LINKS_MAX: usize = 8;

/// What an event means. Its texts are the fields' own wherever they can be.
pub(crate) struct Meaning<'a, F> {
    fields: &'a F,
    pub(crate) channel: Option<&'a str>,
    pub(crate) provider: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) actor: Option<Cow<'a, str>>,
    pub(crate) target: Option<Cow<'a, str>>,
    pub(crate) verb: Verb,
    pub(crate) object: Option<Cow<'a, str>>,
    pub(crate) object_kind: Option<ObjectKind>,
    pub(crate) scope: Option<Scope>,
    pub(crate) peer: Option<Cow<'a, str>>,
    pub(crate) device: Option<Cow<'a, str>>,
    pub(crate) outcome: Outcome,
    pub(crate) qualifiers: Option<Qualifier>,
    links: [Option<(Link, &'a str)>; LINKS_MAX],
}

impl<'a, F: Fields> Meaning<'a, F> {
    /// Reads it from an event's own fields.
    pub(crate) fn of(fields: &'a F) -> Self {
        let mut event = Self::place_of(fields);
        link(&mut event, Link::Record, own!("EventRecordID"));
        if let Some(of_provider) = event.provider.and_then(by_provider) {
            let id = fields.field(own!("EventID")).and_then(|id| id.parse().ok()).unwrap_or(0);
            of_provider(&mut event, id);
        }
        if event.actor.is_none() {
            let user = fields.field(own!("Security_UserID")).filter(|user| !user.is_empty());
            event.actor = user.map(Cow::Borrowed);
        }
        event
    }

    /// Where the record comes from, and nothing of what it says.
    pub(crate) fn place_of(fields: &'a F) -> Self {
        let filled = |name| fields.field(name).filter(|value| !value.is_empty());
        Self {
            fields,
            channel: filled(own!("Channel")),
            provider: filled(own!("Provider_Name")),
            host: filled(own!("Computer")),
            actor: None,
            target: None,
            verb: Verb::Other,
            object: None,
            object_kind: None,
            scope: None,
            peer: None,
            device: None,
            outcome: Unknown,
            qualifiers: None,
            links: [None; LINKS_MAX],
        }
    }

    fn field(&self, name: Own) -> Option<&'a str> {
        self.fields.field(name)
    }

    /// By what it can be joined.
    pub(crate) fn links(&self) -> impl Iterator<Item = (Link, &'a str)> {
        self.links.iter().flatten().copied()
    }

    /// What its kind of log is called after `windows/`.
    pub(crate) fn place(&self) -> &'a str {
        self.channel.or(self.provider).unwrap_or("unknown")
    }
}

fn by_provider<F: Fields>(provider: &str) -> Option<fn(&mut Meaning<'_, F>, u32)> {
    Some(match provider {
        "Microsoft-Windows-Security-Auditing" => security,
        "Microsoft-Windows-Sysmon" => sysmon,
        "Microsoft-Windows-Eventlog" => event_log,
        "Microsoft-Windows-PowerShell" => power_shell,
        "Service Control Manager" => services,
        _ => return None,
    })
}

/// Fills the spine of an event whose own fields have Windows' names.
pub(crate) fn fill_spine(event: &mut Event) {
    if let (None, Some(text)) = (event.time, event.field("TimeCreated").map(str::to_owned)) {
        event.set_time(&text, parse_time(&text));
    }
    let meaning = Meaning::of(&event.fields);
    let own = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    event.source = format!("windows/{}", meaning.place());
    event.host = meaning.host.map(str::to_owned);
    event.links.extend(meaning.links().map(|(kind, value)| (kind, value.to_owned())));
    event.verb = meaning.verb;
    event.object_kind = meaning.object_kind;
    event.scope = meaning.scope;
    event.outcome = meaning.outcome;
    event.qualifiers.extend(meaning.qualifiers);
    let texts = (meaning.actor, meaning.target, meaning.object, meaning.peer, meaning.device);
    (event.actor, event.target) = (own(texts.0), own(texts.1));
    (event.object, event.peer, event.device) = (own(texts.2), own(texts.3), own(texts.4));
}

/// The notations in which Windows logs and their exporters state a time.
pub(crate) fn parse_time(text: &str) -> Option<Stated> {
    // The evtx crate writes `2026-09-14 08:00:00.000000 UTC` in XML.
    match text.strip_suffix(" UTC") {
        Some(local) => match Time::parse(local)? {
            Stated::Local(time) | Stated::Instant(time) => Some(Stated::Instant(time)),
        },
        None => Time::parse(text),
    }
}

/// Security auditing (Microsoft: "Audit events", one page per id).
fn security<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.actor = account(event, own!("SubjectDomainName"), own!("SubjectUserName"));
    event.target = account(event, own!("TargetDomainName"), own!("TargetUserName"));
    link(event, Link::Logon, own!("SubjectLogonId"));
    link(event, Link::TargetLogon, own!("TargetLogonId"));
    link(event, Link::Handle, own!("HandleId"));
    event.peer = present(event, own!("IpAddress")).or_else(|| present(event, own!("SourceAddress")));
    event.device = present(event, own!("WorkstationName")).or_else(|| present(event, own!("Workstation")));
    // Keywords carry Audit Success (bit 53) or Audit Failure (bit 52).
    event.outcome = audit_outcome(event);
    match id {
        4624 => {
            // The account that logs on is the target; the subject is the service that lets it in.
            event.actor = event.target.take();
            says(event, Verb::Logon, Some(Success));
        }
        4625 => {
            event.actor = event.target.take();
            says(event, Verb::Logon, Some(Failure));
        }
        4634 | 4647 => {
            event.actor = event.target.take();
            says(event, Verb::Logoff, Some(Success));
        }
        4648 => {
            event.peer = present(event, own!("TargetServerName"));
            says(event, Verb::Logon, None);
        }
        4672 => says(event, Verb::Grant, Some(Success)),
        4768 | 4769 | 4770 | 4771 | 4776 => ticket(event),
        4656 => object(event, Verb::Other, Some(Qualifier::CheckOnly)),
        4658 | 4690 => object(event, Verb::Other, None),
        4660 => object(event, Verb::Delete, None),
        4663 => {
            let verb = access_verb(event);
            object(event, verb, None);
        }
        4670 => object(event, Verb::PermissionChange, None),
        5140 => share(event, Verb::Connect, None),
        5145 => share(event, Verb::Other, Some(Qualifier::CheckOnly)),
        4688 => {
            event.object = present(event, own!("NewProcessName"));
            event.object_kind = Some(ObjectKind::Process);
            link(event, Link::ProcessId, own!("NewProcessId"));
            says(event, Verb::Execute, Some(Success));
        }
        4697 | 4698 | 4699 | 4702 => {
            event.object = present(event, own!("ServiceName")).or_else(|| present(event, own!("TaskName")));
            event.object_kind = Some(if id == 4697 { ObjectKind::Service } else { ObjectKind::Task });
            says(event, Verb::ConfigChange, None);
        }
        4719 | 4906 | 4616 | 4739 => says(event, Verb::ConfigChange, None),
        4720..=4767 | 4780..=4799 => says(event, Verb::PermissionChange, None),
        4657 => {
            event.object = present(event, own!("ObjectName"));
            event.object_kind = Some(ObjectKind::RegistryKey);
            says(event, Verb::ConfigChange, None);
        }
        4886 | 4887 => {
            event.object = present(event, own!("Attributes"));
            event.object_kind = Some(ObjectKind::Certificate);
            event.actor = present(event, own!("Requester"));
            says(event, Verb::Grant, None);
        }
        5156 | 5157 => {
            event.peer = present(event, own!("DestAddress"));
            says(event, Verb::Connect, Some(if id == 5156 { Success } else { Denied }));
        }
        1102 => cleared(event),
        _ => {}
    }
}

/// Kerberos and NTLM: who asked for what, with the protocol's own status.
fn ticket<F: Fields>(event: &mut Meaning<'_, F>) {
    if event.actor.is_none() {
        event.actor = event.target.take();
    }
    event.object = present(event, own!("ServiceName"));
    event.object_kind = event.object.as_ref().map(|_| ObjectKind::Account);
    let status = event.field(own!("Status")).or_else(|| event.field(own!("FailureCode")));
    let outcome = status.map(|status| if status == "0x0" { Success } else { Failure });
    says(event, Verb::Token, outcome);
}

/// 4663 by its access mask: what was really done with the object (Microsoft, "4663").
fn access_verb<F: Fields>(event: &Meaning<'_, F>) -> Verb {
    let mask = event.field(own!("AccessMask")).and_then(|mask| {
        let mask = mask.trim();
        mask.strip_prefix("0x").map_or_else(|| mask.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())
    });
    match mask {
        // ReadData of a file and ListDirectory of a folder are the same bit: which of the two it
        // was, this record does not say.
        Some(mask) if mask & 0x1 != 0 => Verb::Read,
        Some(mask) if mask & 0x6 != 0 => Verb::Write,
        Some(mask) if mask & 0x1_0040 != 0 => Verb::Delete,
        Some(mask) if mask & 0xc_0000 != 0 => Verb::PermissionChange,
        _ => Verb::Other,
    }
}

fn object<F: Fields>(event: &mut Meaning<'_, F>, verb: Verb, qualifier: Option<Qualifier>) {
    event.object = present(event, own!("ObjectName"));
    event.object_kind = Some(match event.field(own!("ObjectType")) {
        // The audit's type `File` covers folders too.
        Some("File") => ObjectKind::FileOrFolder,
        Some("Key") => ObjectKind::RegistryKey,
        Some("Process") => ObjectKind::Process,
        _ => ObjectKind::Other,
    });
    event.scope = Some(Scope::Item);
    event.qualifiers = qualifier;
    says(event, verb, None);
}

fn share<F: Fields>(event: &mut Meaning<'_, F>, verb: Verb, qualifier: Option<Qualifier>) {
    let share = present(event, own!("ShareName")).unwrap_or_default();
    event.object = Some(match present(event, own!("RelativeTargetName")) {
        Some(below) => Cow::Owned([&share, "\\", &below].concat()),
        None => share,
    });
    event.object_kind =
        Some(if verb == Verb::Connect { ObjectKind::Share } else { ObjectKind::FileOrFolder });
    event.qualifiers = qualifier;
    says(event, verb, None);
}

/// Sysmon (Sysinternals: "Sysmon events").
fn sysmon<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.actor = present(event, own!("User")).or_else(|| present(event, own!("SourceUser")));
    event.object = present(event, own!("TargetFilename"))
        .or_else(|| present(event, own!("TargetObject")))
        .or_else(|| present(event, own!("TargetImage")))
        .or_else(|| present(event, own!("PipeName")));
    link(event, Link::Process, own!("ProcessGuid"));
    link(event, Link::Process, own!("SourceProcessGUID"));
    link(event, Link::ParentProcess, own!("ParentProcessGuid"));
    link(event, Link::Logon, own!("LogonId"));
    let (verb, kind) = match id {
        1 => {
            event.object = present(event, own!("Image"));
            (Verb::Execute, Some(ObjectKind::Process))
        }
        3 => {
            event.peer = present(event, own!("DestinationIp"));
            (Verb::Connect, Some(ObjectKind::Host))
        }
        11 | 15 | 29 => (Verb::Create, Some(ObjectKind::File)),
        23 | 26 => (Verb::Delete, Some(ObjectKind::File)),
        12..=14 => (Verb::ConfigChange, Some(ObjectKind::RegistryKey)),
        16 => (Verb::ConfigChange, None),
        17 | 18 => (Verb::Connect, Some(ObjectKind::Pipe)),
        22 => {
            event.object = present(event, own!("QueryName"));
            (Verb::Query, Some(ObjectKind::Name))
        }
        8 | 10 => (Verb::Other, Some(ObjectKind::Process)),
        _ => (Verb::Other, None),
    };
    event.object_kind = kind;
    // Sysmon records what the kernel did; what it did not do is not recorded.
    says(event, verb, (verb != Verb::Other).then_some(Success));
}

/// The event log service's own events: 1102 (Security cleared) and 104 (another log cleared).
fn event_log<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if matches!(id, 104 | 1102) {
        event.actor = account(event, own!("SubjectDomainName"), own!("SubjectUserName"));
        link(event, Link::Logon, own!("SubjectLogonId"));
        cleared(event);
    }
}

/// 1102 clears the log it stands in; 104 stands in System and names the cleared one in its data, so
/// the last `Channel` of the record is the right one in both.
fn cleared<F: Fields>(event: &mut Meaning<'_, F>) {
    event.object = event.fields.all(own!("Channel")).last().map(Cow::Borrowed);
    event.object_kind = Some(ObjectKind::Log);
    says(event, Verb::LogClear, Some(Success));
}

fn power_shell<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if matches!(id, 4103 | 4104) {
        event.object = present(event, own!("Path"));
        event.object_kind = Some(ObjectKind::Script);
        says(event, Verb::Execute, None);
    }
}

fn services<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if id == 7045 {
        event.object = present(event, own!("ServiceName"));
        event.object_kind = Some(ObjectKind::Service);
        says(event, Verb::ConfigChange, Some(Success));
    }
}

fn says<F: Fields>(event: &mut Meaning<'_, F>, verb: Verb, outcome: Option<Outcome>) {
    event.verb = verb;
    if let Some(outcome) = outcome {
        event.outcome = outcome;
    }
}

/// The outcome by the audit keywords; exporters write them as a number or in words.
fn audit_outcome<F: Fields>(event: &Meaning<'_, F>) -> Outcome {
    for word in event.fields.all(own!("Keywords")) {
        let bits = word.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let bits = bits.or_else(|| word.parse::<i64>().ok().map(|signed| signed as u64));
        match (bits, word) {
            (Some(bits), _) if bits & (1 << 52) != 0 => return Failure,
            (Some(bits), _) if bits & (1 << 53) != 0 => return Success,
            (None, "Audit Failure") => return Failure,
            (None, "Audit Success") => return Success,
            _ => {}
        }
    }
    Unknown
}

/// A field that says something: Windows writes `-` for nothing.
fn present<'a, F: Fields>(event: &Meaning<'a, F>, name: Own) -> Option<Cow<'a, str>> {
    event.field(name).filter(|value| !value.is_empty() && *value != "-").map(Cow::Borrowed)
}

/// `DOMAIN\name`, or the name alone.
fn account<'a, F: Fields>(event: &Meaning<'a, F>, domain: Own, name: Own) -> Option<Cow<'a, str>> {
    let name = present(event, name)?;
    Some(match present(event, domain) {
        Some(domain) => Cow::Owned([&domain, "\\", &name].concat()),
        None => name,
    })
}

fn link<F: Fields>(event: &mut Meaning<'_, F>, kind: Link, name: Own) {
    let value = event.field(name).filter(|value| !value.is_empty() && *value != "-");
    let room = event.links.iter_mut().find(|link| link.is_none());
    if let (Some(value), Some(room)) = (value, room) {
        *room = Some((kind, value));
    }
}
