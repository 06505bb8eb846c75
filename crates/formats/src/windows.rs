//! What does a Windows event say happened, in the words of the spine?
//!
//! One table for all ways by which a Windows event can come (EVTX, JSON, XML): the fields have the
//! same names by now. Only events whose meaning is plain are given a verb; the rest are `other`.
//! Codes stay as they are in the own fields. What each provider's events mean stands in the files
//! below this one; here is what they share: which fields are asked for, how names, addresses and
//! links are written so that two records about one thing say it alike.
//!
//! Which event becomes which verb, and why, is decision 0055. Joining records (a handle with its
//! accesses, a logon with its acts) is `analysis`' business: here each gets the links for it.

mod access;
mod channels;
pub(crate) mod rendered;
mod security;
mod sysmon;

use std::borrow::Cow;
use std::net::IpAddr;

use assize_model::Event;
use assize_model::Time;
use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::time::Stated;

use Outcome::{Success, Unknown};

/// Every own field that the spine is filled from, sorted.
pub(crate) const SPINE_FIELDS: &[&str] = &[
    "AccessMask",
    "AccountDomain",
    "AccountName",
    "Address",
    "AttributeLDAPDisplayName",
    "Attributes",
    "CallerProcessId",
    "CallingStationID",
    "Capacity",
    "Channel",
    "ClientAddress",
    "ClientInfo",
    "ClientMachine",
    "ClientName",
    "ClientProcessId",
    "Computer",
    "ContextInfo",
    "CountOfCredentialsReturned",
    "Data",
    "DestAddress",
    "DestinationHostname",
    "DestinationIp",
    "Detection User",
    "Device",
    "DeviceDescription",
    "DeviceId",
    "Direction",
    "EventID",
    "EventRecordID",
    "FailureCode",
    "Filter",
    "GrantedAccess",
    "HandleId",
    "Image",
    "ImageLoaded",
    "Initiated",
    "IpAddress",
    "KeyName",
    "Keywords",
    "Level",
    "LinkName",
    "LogonGuid",
    "LogonID",
    "LogonId",
    "LogonType",
    "MemberName",
    "MemberSid",
    "MessageTotal",
    "Name",
    "NewObjectDN",
    "NewProcessId",
    "NewProcessName",
    "NewTargetUserName",
    "ObjectDN",
    "ObjectName",
    "ObjectServer",
    "ObjectType",
    "ObjectValueName",
    "OldTargetUserName",
    "Operation",
    "Param1",
    "Param2",
    "Param3",
    "Param4",
    "Param5",
    "Param7",
    "ParentId",
    "ParentProcessGuid",
    "ParentProcessId",
    "Path",
    "PipeName",
    "ProcessGuid",
    "ProcessId",
    "ProcessName",
    "Properties",
    "Provider_Name",
    "QueryName",
    "RelativeTargetName",
    "Requester",
    "RuleName",
    "ScriptBlockId",
    "Security_UserID",
    "ServiceName",
    "ShareName",
    "SourceAddress",
    "SourceHandleId",
    "SourceHostname",
    "SourceIp",
    "SourceProcessGUID",
    "SourceProcessGuid",
    "SourceProcessId",
    "SourceUser",
    "Status",
    "SubjectDomainName",
    "SubjectLogonId",
    "SubjectUserName",
    "TargetDomainName",
    "TargetFilename",
    "TargetHandleId",
    "TargetImage",
    "TargetLinkedLogonId",
    "TargetLogonGuid",
    "TargetLogonId",
    "TargetName",
    "TargetObject",
    "TargetProcessId",
    "TargetServerName",
    "TargetSid",
    "TargetUser",
    "TargetUserName",
    "TaskName",
    "TimeCreated",
    "User",
    "UserName",
    "Value",
    "Workstation",
    "WorkstationName",
    "bytesTransferred",
    "connection",
    "hr",
    "jobOwner",
    "param1",
    "param4",
    "url",
    "username",
];

/// Those of them that actor and target are filled from, and the record's number.
pub(crate) const ACCOUNT_FIELDS: &[&str] = &[
    "AccountDomain",
    "AccountName",
    "ContextInfo",
    "Data",
    "Detection User",
    "EventRecordID",
    "MemberName",
    "MemberSid",
    "NewTargetUserName",
    "Param1",
    "Param2",
    "Param3",
    "Requester",
    "Security_UserID",
    "SourceUser",
    "SubjectDomainName",
    "SubjectUserName",
    "TargetDomainName",
    "TargetSid",
    "TargetUser",
    "TargetUserName",
    "User",
    "UserName",
    "jobOwner",
    "username",
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

    /// The same of a name that is only met while reading.
    pub(crate) fn find(name: &str) -> Option<Self> {
        SPINE_FIELDS.binary_search(&name).ok().map(Self)
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
        const { $crate::windows::Own::of($name) }
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
const LINKS_MAX: usize = 10;

/// The qualifiers of one event, each at most once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Qualifiers {
    list: [Option<Qualifier>; 2],
}

impl Qualifiers {
    /// Adds it if the condition holds.
    fn set(&mut self, qualifier: Qualifier, holds: bool) {
        let known = self.list.contains(&Some(qualifier));
        if let (true, false, Some(room)) = (holds, known, self.list.iter_mut().find(|one| one.is_none())) {
            *room = Some(qualifier);
        }
    }

    /// In the order in which they were found.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Qualifier> {
        self.list.iter().flatten().copied()
    }
}

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
    pub(crate) client: Option<Client>,
    pub(crate) peer: Option<Cow<'a, str>>,
    pub(crate) device: Option<Cow<'a, str>>,
    pub(crate) count: Option<u64>,
    pub(crate) bytes: Option<u64>,
    pub(crate) outcome: Outcome,
    pub(crate) qualifiers: Qualifiers,
    links: [Option<(Link, Cow<'a, str>)>; LINKS_MAX],
}

impl<'a, F: Fields> Meaning<'a, F> {
    /// Reads it from an event's own fields.
    pub(crate) fn of(fields: &'a F) -> Self {
        let mut event = Self::place_of(fields);
        event.read();
        event
    }

    /// Reads what is said beyond the record's place.
    pub(crate) fn read(&mut self) {
        link(self, Link::Record, own!("EventRecordID"));
        if let Some(of_provider) = self.provider.and_then(by_provider) {
            let id = self.field(own!("EventID")).and_then(|id| id.parse().ok()).unwrap_or(0);
            of_provider(self, id);
        }
        // Sysmon writes for the processes that it watches: the account of the record is its own.
        let watched = self.provider.is_some_and(|provider| provider.ends_with("-Sysmon"));
        if self.actor.is_none() && !watched {
            self.actor = present(self, own!("Security_UserID"));
        }
    }

    /// Who acted upon whom, and nothing else of what it says: for records of which no more was read.
    pub(crate) fn accounts_of(fields: &'a F) -> Self {
        let whole = Self::of(fields);
        Self { actor: whole.actor, target: whole.target, ..Self::place_of(fields) }
    }

    /// Where the record comes from, and nothing of what it says.
    #[inline]
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
            client: None,
            peer: None,
            device: None,
            count: None,
            bytes: None,
            outcome: Unknown,
            qualifiers: Qualifiers::default(),
            links: [const { None }; LINKS_MAX],
        }
    }

    fn field(&self, name: Own) -> Option<&'a str> {
        self.fields.field(name)
    }

    /// By what it can be joined.
    pub(crate) fn links(&self) -> impl Iterator<Item = (Link, &str)> {
        self.links.iter().flatten().map(|(kind, value)| (*kind, &**value))
    }

    /// What its kind of log is called after `windows/`.
    pub(crate) fn place(&self) -> &'a str {
        self.channel.or(self.provider).unwrap_or("unknown")
    }
}

fn by_provider<F: Fields>(provider: &str) -> Option<fn(&mut Meaning<'_, F>, u32)> {
    match provider {
        "Microsoft-Windows-Security-Auditing" => Some(security::audit),
        "Microsoft-Windows-Sysmon" => Some(sysmon::told),
        other => channels::by_provider(other),
    }
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
    event.client = meaning.client;
    (event.count, event.bytes) = (meaning.count, meaning.bytes);
    event.outcome = meaning.outcome;
    event.qualifiers.extend(meaning.qualifiers.iter());
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

/// 1102 clears the log it stands in; 104 stands in System and names the cleared one in its data, so
/// the last `Channel` of the record is the right one in both.
fn cleared<F: Fields>(event: &mut Meaning<'_, F>) {
    event.object = event.fields.all(own!("Channel")).last().map(Cow::Borrowed);
    event.object_kind = Some(ObjectKind::Log);
    says(event, Verb::LogClear, Some(Success));
}

fn says<F>(event: &mut Meaning<'_, F>, verb: Verb, outcome: Option<Outcome>) {
    event.verb = verb;
    if let Some(outcome) = outcome {
        event.outcome = outcome;
    }
}

/// An act of which a record is only written when it was done: success, unless the record itself
/// says otherwise.
fn done<F>(event: &mut Meaning<'_, F>, verb: Verb) {
    let outcome = if event.outcome == Unknown { Success } else { event.outcome };
    says(event, verb, Some(outcome));
}

/// Through what kind of program somebody logs on, by the logon type: at a desktop (there, remote,
/// unlocking, with cached credentials), as a service or a task; of the network types nothing is
/// known.
fn client_of(logon_type: Option<&str>) -> Option<Client> {
    match logon_type? {
        "2" | "7" | "10" | "11" | "12" | "13" => Some(Client::Desktop),
        "4" | "5" => Some(Client::Service),
        _ => None,
    }
}

/// A field that says something: Windows writes `-` for nothing.
fn present<'a, F: Fields>(event: &Meaning<'a, F>, name: Own) -> Option<Cow<'a, str>> {
    event.field(name).filter(|value| !value.is_empty() && *value != "-").map(Cow::Borrowed)
}

/// `DOMAIN\name`, or the name alone; a name that names its domain itself (`name@REALM`) stays.
fn account<'a, F: Fields>(event: &Meaning<'a, F>, domain: Own, name: Own) -> Option<Cow<'a, str>> {
    let name = present(event, name)?;
    let domain = present(event, domain).filter(|_| !name.contains(['@', '\\']));
    Some(match domain {
        Some(domain) => Cow::Owned([&domain, "\\", &name].concat()),
        None => name,
    })
}

fn join<'a>(whole: Option<Cow<'a, str>>, part: Option<Cow<'a, str>>) -> Option<Cow<'a, str>> {
    match (whole, part) {
        (Some(whole), Some(part)) => Some(Cow::Owned([&whole, "\\", &part].concat())),
        (whole, part) => whole.or(part),
    }
}

/// An address as every other source writes it: an IPv4 address without the frame of IPv6 that
/// Kerberos puts round it, an IPv6 address in its short form.
fn address<'a, F: Fields>(event: &Meaning<'a, F>, name: Own) -> Option<Cow<'a, str>> {
    let text = present(event, name)?;
    let Some(IpAddr::V6(long)) = text.contains(':').then(|| text.parse().ok()).flatten() else {
        return Some(text);
    };
    let short = IpAddr::V6(long).to_canonical().to_string();
    Some(if short == *text { text } else { Cow::Owned(short) })
}

/// Adds what the event can be joined by, written so that two records about one thing agree:
/// numbers of logons and handles in hexadecimal, of processes in decimal, GUIDs in lower case.
/// Nothing is added for zero, by which Windows means "none".
fn link<F: Fields>(event: &mut Meaning<'_, F>, kind: Link, name: Own) {
    let Some(text) = present(event, name) else { return };
    let value = match kind {
        Link::Logon | Link::TargetLogon | Link::LinkedLogon | Link::Handle => hexadecimal(text),
        Link::ProcessId | Link::ParentProcessId => decimal(text),
        Link::Process | Link::ParentProcess | Link::Token | Link::Activity => guid(text),
        _ => Some(text),
    };
    let room = event.links.iter_mut().find(|link| link.is_none());
    if let (Some(value), Some(room)) = (value, room) {
        *room = Some((kind, value));
    }
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// What is no number stays as it is: it may still be the same in another record.
fn hexadecimal(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let digits = text.strip_prefix("0x").filter(|digits| !digits.starts_with('0'));
    if digits.is_some_and(|digits| digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))) {
        return Some(text);
    }
    match number(&text) {
        Some(0) => None,
        Some(number) => Some(Cow::Owned(format!("{number:#x}"))),
        None => Some(text),
    }
}

fn decimal(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if !text.starts_with('0') {
        return Some(text);
    }
    match number(&text) {
        Some(0) => None,
        Some(number) if text.starts_with("0x") => Some(Cow::Owned(number.to_string())),
        _ => Some(text),
    }
}

fn guid(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if text.bytes().all(|byte| matches!(byte, b'{' | b'}' | b'-' | b'0')) {
        return None;
    }
    let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if upper { Cow::Owned(text.to_ascii_lowercase()) } else { text })
}

#[cfg(test)]
mod tests;
