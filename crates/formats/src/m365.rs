//! What do records of Microsoft 365's unified audit say?
//!
//! One meaning for all the ways in which they come: the Management Activity API (arrays or lines of
//! records), Microsoft Graph's `auditLogRecord` (the record lies in `auditData`), exports of
//! `Search-UnifiedAuditLog` and Purview (in `AuditData`), Splunk (in `_raw`). What a way wraps around
//! the record keeps its own names; the record's fields have the names that Microsoft gave them.
//! Schema: <https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema>.
//!
//! How mail reaches the analysis: one record is one event, however many messages it names. Each
//! message id is a link `message`; `count` is how many messages the record is about. More `count` than
//! links: some are not named. `object` is the message if there is exactly one, and the folder for what
//! concerns a folder. `target` is the owner of the mailbox. Nothing is concluded here, and nothing is
//! joined: that a record stands for two minutes, that repeats within the hour are not recorded, and
//! that throttling lasts a day, is for `analysis` to know (qualifiers `aggregated`, `throttled`).

mod client;
mod operations;
mod table;

use std::borrow::Cow;
use std::collections::BTreeSet;

use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::time::Stated;
use assize_model::{Card, Time};

use crate::json::{Make, Own, Record, own};
use crate::made::{Layout, Made};
use crate::meaning::{Meaning, address};
use crate::{cloud, entra};
pub(crate) use client::of_agent;
use operations::Way;
pub(crate) use table::M365_TABLE;

static CARD: Card = Card {
    name: "m365-audit",
    title: "Microsoft 365 unified audit (JSON)",
    doc: "Records of the unified audit log as JSON: from the Management Activity API, from Microsoft Graph \
          (`auditLogRecord`), from `Search-UnifiedAuditLog` and from Splunk; one a line, in an array, or in an \
          object that wraps the array. MailItemsAccessed whole: Bind is `read` of messages, Sync is `sync` of a \
          folder; every message id is a link `message`, `count` is their number, throttling and background \
          services are qualifiers. File operations, sending, deletion, rules and forwarding, rights, consent, \
          searches, exports, and changes of the audit itself have their verbs; any other operation is `other` \
          with all its fields. `CreationTime` has no zone and is UTC by Microsoft's schema: said in \
          `time_assumed` where nothing beside it confirms it.",
    example: r#"{"CreationTime":"2026-09-14T08:12:03","Id":"…","Operation":"FileDownloaded","RecordType":6,"Workload":"SharePoint",…}"#,
    links: &[
        "https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema",
        "https://learn.microsoft.com/purview/audit-log-investigate-accounts",
        "https://learn.microsoft.com/graph/api/resources/security-auditlogrecord",
    ],
    version: 1,
};

pub(crate) static MAKE: Make = Make {
    own: OWN,
    // The record itself, in what wraps it: Purview, Graph, Defender, Splunk.
    spliced: &["AuditData", "auditData", "RawEventData", "result", "_raw"],
    meaning,
};

/// Every field that the spine is filled from.
const OWN: &[&str] = &[
    "ActorInfoString",
    "ActorIpAddress",
    "AffectedItems.Id",
    "AffectedItems.InternetMessageId",
    "AppAccessContext.AADSessionId",
    "AppAccessContext.ClientAppId",
    "AppAccessContext.CorrelationId",
    "AppAccessContext.UniqueTokenId",
    "AppId",
    "ApplicationId",
    "ClientAppId",
    "ClientIP",
    "ClientIPAddress",
    "ClientInfoString",
    "ClientMachineName",
    "CorrelationId",
    "CreationDate",
    "CreationTime",
    "DestFolder.Path",
    "DeviceDisplayName",
    "DeviceProperties.Name",
    "DeviceProperties.Value",
    "ErrorNumber",
    "ExtendedProperties.Name",
    "ExtendedProperties.Value",
    "FileSizeBytes",
    "Folder.Path",
    "Folders.FolderItems.Id",
    "Folders.FolderItems.InternetMessageId",
    "Folders.Path",
    "Id",
    "Identity",
    "InterSystemsId",
    "IntraSystemId",
    "Item.Id",
    "Item.InternetMessageId",
    "Item.ParentFolder.MemberUpn",
    "Item.ParentFolder.Name",
    "Item.ParentFolder.Path",
    "Item.SizeInBytes",
    "ItemType",
    "LogonError",
    "MailboxOwnerUPN",
    "MessageId",
    "ObjectId",
    "Operation",
    "OperationCount",
    "OperationProperties.Name",
    "OperationProperties.Value",
    "Operations",
    "Parameters.Name",
    "Parameters.Value",
    "QueryText",
    "RecordId",
    "RecordType",
    "ResultStatus",
    "SearchQueryText",
    "SendAsUserSmtp",
    "SendOnBehalfOfUserSmtp",
    "SessionId",
    "Target.ID",
    "Target.Type",
    "TargetUserOrGroupName",
    "UserAgent",
    "UserId",
    "UserIds",
    "Workload",
    "createdDateTime",
];

/// See the module's text.
pub(crate) static M365: Made = Made {
    card: &CARD,
    family: "m365",
    proof: &[
        ("management-api", "real"),
        ("graph", "unproven"),
        ("splunk", "unproven"),
        ("mail-items-accessed", "unproven"),
    ],
    make: &MAKE,
    layout: Layout::Records(92),
};

/// What a record says, if it is one of the unified audit.
pub(crate) fn meaning(record: &Record) -> Option<Meaning<'_>> {
    let whole = record.has(own!("Operation"))
        && record.has(own!("CreationTime"))
        && (record.has(own!("Workload")) || record.has(own!("RecordType")));
    // A row whose AuditData is cut still has what stands beside it.
    let beside = record.cut() && record.has(own!("CreationDate")) && record.has(own!("RecordType"));
    if !whole && !beside {
        return None;
    }
    let mut event = Meaning::of("m365");
    set_time(&mut event, record);
    let actor = record.said(own!("UserId")).or_else(|| record.said(own!("UserIds")));
    event.actor = actor.filter(|name| *name != "Not Available").map(Cow::Borrowed);
    let peer = [own!("ClientIPAddress"), own!("ClientIP"), own!("ActorIpAddress")];
    event.peer = peer.into_iter().find_map(|name| address(record.said(name)?));
    if event.peer.as_deref().is_some_and(cloud::is_front_end) {
        event.qualify(Qualifier::FrontEndAddress);
    }
    event.outcome = outcome(&mut event, record);
    let operation = record.own(own!("Operation")).or_else(|| record.own(own!("Operations"))).unwrap_or("");
    set_client(&mut event, record);
    links(&mut event, record);
    match operations::of(operation) {
        Some((verb, kind, way)) => {
            event.says(verb, kind);
            act(&mut event, record, operation, way);
        }
        None => directory(&mut event, record, operation),
    }
    Some(event)
}

/// UTC by the schema; confirmed where what wraps the record states the same instant with its zone.
fn set_time<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    const BY_SCHEMA: &str = "no zone stated; UTC by Microsoft's schema";
    let beside = record.said(own!("CreationDate")).or_else(|| record.said(own!("createdDateTime")));
    if let Some(text) = record.said(own!("CreationTime")).or(beside) {
        event.set_time(text, BY_SCHEMA);
    }
    if let (Some(Stated::Instant(zoned)), Some(time)) = (beside.and_then(Time::parse), event.time)
        && (zoned.0 - time.0).abs() < 1_000_000_000
    {
        event.time_assumed = None;
    }
}

/// By `ResultStatus`. File operations and those of Teams have none: they are recorded when done.
fn outcome(event: &mut Meaning<'_>, record: &Record) -> Outcome {
    let Some(status) = record.said(own!("ResultStatus")) else {
        let recorded_when_done = match record.own(own!("Workload")) {
            Some("Exchange" | "AzureActiveDirectory") | None => false,
            Some(_) => !record.cut(),
        };
        return if recorded_when_done { Outcome::Success } else { Outcome::Unknown };
    };
    match status.to_ascii_lowercase().as_str() {
        "succeeded" | "success" | "true" => Outcome::Success,
        "partiallysucceeded" => {
            event.qualify(Qualifier::Partial);
            Outcome::Success
        }
        "failed" | "failure" | "false" => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

/// Kind of program and device.
fn set_client<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    let info = record.said(own!("ClientInfoString")).or_else(|| record.said(own!("ActorInfoString")));
    let session = session(record).is_some();
    if let Some((kind, background)) = info.and_then(|info| client::of_mailbox(info, session)) {
        event.client = Some(kind);
        if background {
            event.qualify(Qualifier::Background);
        }
    }
    if info.is_none() {
        let listed =
            || record.listed(own!("ExtendedProperties.Name"), "UserAgent", own!("ExtendedProperties.Value"));
        event.client = record.said(own!("UserAgent")).or_else(listed).and_then(of_agent);
    }
    let property = |name| record.listed(own!("DeviceProperties.Name"), name, own!("DeviceProperties.Value"));
    event.device = record
        .said(own!("DeviceDisplayName"))
        .or_else(|| property("DisplayName"))
        .or_else(|| record.said(own!("ClientMachineName")))
        .filter(|name| !name.is_empty())
        .map(Cow::Borrowed);
}

/// The directory's session, which sign-ins name too, or else the one of Exchange.
fn session(record: &Record) -> Option<&str> {
    let of_sign_in =
        || record.listed(own!("DeviceProperties.Name"), "SessionId", own!("DeviceProperties.Value"));
    record
        .said(own!("AppAccessContext.AADSessionId"))
        .or_else(|| record.said(own!("SessionId")))
        .or_else(of_sign_in)
        .filter(|id| *id != NO_ID)
}

const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

fn links<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    event.link(Link::Record, record.said(own!("Id")).or_else(|| record.said(own!("RecordId"))));
    event.link(Link::Session, session(record));
    event.link(Link::Session, record.said(own!("SessionId")).filter(|id| *id != NO_ID));
    event.link(Link::Token, record.said(own!("AppAccessContext.UniqueTokenId")));
    event.link(Link::Request, record.said(own!("IntraSystemId")));
    event.link(Link::Activity, record.said(own!("InterSystemsId")));
    event.link(Link::Activity, record.said(own!("CorrelationId")));
    event.link(Link::Activity, record.said(own!("AppAccessContext.CorrelationId")));
    for app in
        [own!("AppAccessContext.ClientAppId"), own!("ClientAppId"), own!("AppId"), own!("ApplicationId")]
    {
        event.link(Link::Application, record.said(app).filter(|id| *id != NO_ID));
    }
}

/// What an operation of the table does, by what else the record says.
fn act<'a>(event: &mut Meaning<'a>, record: &'a Record, operation: &str, way: Way) {
    let object = record.said(own!("ObjectId")).map(Cow::Borrowed);
    event.scope = Some(Scope::Item);
    match way {
        Way::Access => access(event, record),
        Way::Mail => mail(event, record, operation),
        Way::File | Way::Preview | Way::Repeated | Way::Sync | Way::SyncPart | Way::Share => {
            file(event, record, operation, way);
        }
        Way::Forwarding => forwarding(event, record),
        Way::Mailbox => mailbox(event, record),
        Way::Rights => {
            event.object = parameter(record, "Identity").map(Cow::Borrowed).or(object);
            let whom = ["User", "Trustee", "Member", "Members", "SecurityGroup"];
            event.target = whom.into_iter().find_map(|name| parameter(record, name)).map(Cow::Borrowed);
        }
        Way::Audit => event.object = parameter(record, "Identity").map(Cow::Borrowed).or(object),
        Way::Search => {
            let terms = record.said(own!("QueryText")).or_else(|| record.said(own!("SearchQueryText")));
            event.object = terms.map(Cow::Borrowed).or(object);
            event.scope = Some(Scope::Container);
        }
        Way::Asked | Way::SearchAction => asked(event, record, way),
        Way::SignIn => {
            event.object = object;
            sign_in(event, record, operation);
        }
        Way::Plain => {
            let message = record.said(own!("MessageId"));
            event.link(Link::Message, message);
            event.object = object.or(message.map(Cow::Borrowed));
            event.target = record.said(own!("MailboxOwnerUPN")).map(Cow::Borrowed);
        }
    }
}

/// MailItemsAccessed: which messages were bound, or which folder was synchronised.
fn access<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    let property =
        |name| record.listed(own!("OperationProperties.Name"), name, own!("OperationProperties.Value"));
    event.target = record.said(own!("MailboxOwnerUPN")).map(Cow::Borrowed);
    if property("IsThrottled").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        event.qualify(Qualifier::Throttled);
    }
    match property("MailAccessType") {
        Some(kind) if kind.eq_ignore_ascii_case("sync") => {
            event.verb = Verb::Sync;
            event.scope = Some(Scope::Container);
            event.count = number(record, own!("OperationCount"));
            whole_folder(event, record);
        }
        // Neither word: what was done is not known, but for the mailbox.
        None if !record.has(own!("Folders.FolderItems.Id")) => {
            event.verb = Verb::Other;
            event.object_kind = Some(ObjectKind::Mailbox);
            event.object = event.target.clone();
        }
        _ => messages(event, record),
    }
    if event.count.is_some_and(|count| count > 1) {
        event.qualify(Qualifier::Aggregated);
    }
}

/// The folder that the record names; the mailbox where it names none.
fn whole_folder<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    let named = [
        own!("Item.ParentFolder.Path"),
        own!("Folder.Path"),
        own!("Folders.Path"),
        own!("Item.ParentFolder.Name"),
    ];
    let folder = named.into_iter().find_map(|name| record.said(name));
    event.object_kind = Some(if folder.is_some() { ObjectKind::Folder } else { ObjectKind::Mailbox });
    event.object = folder.map(Cow::Borrowed).or_else(|| event.target.clone());
}

/// The messages that the record names, each once.
fn messages<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    const NAMED: [(Own, Own); 3] = [
        (own!("Folders.FolderItems.InternetMessageId"), own!("Folders.FolderItems.Id")),
        (own!("AffectedItems.InternetMessageId"), own!("AffectedItems.Id")),
        (own!("Item.InternetMessageId"), own!("Item.Id")),
    ];
    let mut met = BTreeSet::new();
    let mut count = 0;
    for (message, item) in NAMED {
        count += record.all(item).count().max(record.all(message).count());
        for (_, id) in record.all(message) {
            if !id.is_empty() && met.insert(id) {
                event.links.push((Link::Message, id.into()));
            }
        }
    }
    let stated = number(record, own!("OperationCount"));
    event.count = if count > 0 { Some(count as u64) } else { stated };
    event.object = match (met.first(), event.count) {
        (Some(id), Some(1)) => Some(Cow::Borrowed(*id)),
        _ => None,
    };
}

/// Any other act in a mailbox.
fn mail<'a>(event: &mut Meaning<'a>, record: &'a Record, operation: &str) {
    event.target = record.said(own!("MailboxOwnerUPN")).map(Cow::Borrowed);
    match event.object_kind {
        Some(ObjectKind::Folder) => {
            event.scope = Some(Scope::Container);
            whole_folder(event, record);
            if event.verb == Verb::PermissionChange {
                let whom = record.said(own!("Item.ParentFolder.MemberUpn"));
                event.target = whom.map(Cow::Borrowed).or(event.target.take());
            }
        }
        Some(ObjectKind::Mailbox) => event.object = event.target.clone(),
        _ => messages(event, record),
    }
    if event.verb == Verb::Send {
        event.bytes = number(record, own!("Item.SizeInBytes"));
        let whose = match operation {
            "SendAs" => record.said(own!("SendAsUserSmtp")),
            "SendOnBehalf" => record.said(own!("SendOnBehalfOfUserSmtp")),
            _ => None,
        };
        event.target = whose.map(Cow::Borrowed).or(event.target.take());
    }
    if event.count.is_some_and(|count| count > 1) {
        event.qualify(Qualifier::Aggregated);
    }
}

/// Files, folders, sites of SharePoint and OneDrive.
fn file<'a>(event: &mut Meaning<'a>, record: &'a Record, operation: &str, way: Way) {
    event.object = record.said(own!("ObjectId")).map(Cow::Borrowed);
    event.bytes = number(record, own!("FileSizeBytes")).filter(|_| event.verb == Verb::Download);
    match record.own(own!("ItemType")) {
        Some("File") => event.object_kind = Some(ObjectKind::File),
        Some("Folder" | "List" | "DocumentLibrary") => event.object_kind = Some(ObjectKind::Folder),
        Some("Site" | "Web" | "Page" | "SiteCollection") => event.object_kind = Some(ObjectKind::Site),
        _ => {}
    }
    if event.object_kind != Some(ObjectKind::File) {
        event.scope = Some(Scope::Container);
    }
    match way {
        Way::Preview => event.qualify(Qualifier::Preview),
        // One record for what somebody keeps doing with a file, up to hours.
        Way::Repeated => event.qualify(Qualifier::Aggregated),
        Way::Sync => event.client = Some(Client::Sync),
        Way::SyncPart => {
            event.client = Some(Client::Sync);
            event.qualify(Qualifier::Partial);
        }
        Way::Share => event.target = record.said(own!("TargetUserOrGroupName")).map(Cow::Borrowed),
        _ => {}
    }
    if operation.eq_ignore_ascii_case("UnmanagedSyncClientBlocked") {
        event.outcome = Outcome::Denied;
    }
}

/// Where a rule or mailbox sends mail on to.
const ON_TO: &[&str] = &[
    "ForwardingSmtpAddress",
    "ForwardingAddress",
    "ForwardTo",
    "ForwardAsAttachmentTo",
    "RedirectTo",
    "RedirectMessageTo",
    "BlindCopyTo",
    "CopyTo",
    "AddToRecipients",
    "JournalEmailAddress",
];

/// A rule: `forward` for everything that it catches while it stands, if it sends mail on.
fn forwarding<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    let object = record.said(own!("ObjectId"));
    event.object =
        object.map(Cow::Borrowed).or_else(|| record.said(own!("MailboxOwnerUPN")).map(Cow::Borrowed));
    let listed = ON_TO.iter().find_map(|name| parameter(record, name));
    let to = listed.map(Cow::Borrowed).or_else(|| recipients(record).map(Cow::Owned));
    let Some(to) = to else { return };
    event.verb = Verb::Forward;
    event.scope = Some(Scope::Container);
    event.target = Some(without_scheme(to)).filter(|to| !to.is_empty());
    // `mailbox\rule`: mail of that mailbox. A rule of the organisation names none.
    let owner = record.said(own!("MailboxOwnerUPN"));
    let mailbox = owner.or_else(|| object?.split_once('\\').map(|(mailbox, _)| mailbox));
    if let Some(mailbox) = mailbox {
        event.object = Some(Cow::Borrowed(mailbox));
        event.object_kind = Some(ObjectKind::Mailbox);
    }
}

fn without_scheme(address: Cow<'_, str>) -> Cow<'_, str> {
    let bare = address.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("smtp:")).map(|_| 5);
    match (bare, address) {
        (None, address) => address,
        (Some(from), Cow::Borrowed(address)) => Cow::Borrowed(&address[from..]),
        (Some(from), Cow::Owned(address)) => Cow::Owned(address[from..].to_owned()),
    }
}

/// Outlook states a rule's actions as JSON in a property: the recipients of those that send mail on.
fn recipients(record: &Record) -> Option<String> {
    let actions =
        record.listed(own!("OperationProperties.Name"), "RuleActions", own!("OperationProperties.Value"))?;
    let actions: serde_json::Value = serde_json::from_str(actions).ok()?;
    let sends = |action: &&serde_json::Value| {
        let kind = action.get("ActionType").and_then(|kind| kind.as_str()).unwrap_or("");
        kind.contains("Forward") || kind.contains("Redirect")
    };
    let action = actions.as_array()?.iter().find(sends)?;
    let recipients = action.get("Recipients").and_then(|list| list.as_array());
    let names = recipients.into_iter().flatten().filter_map(|name| name.as_str());
    Some(names.collect::<Vec<_>>().join("; "))
}

/// Set-Mailbox: forwarding, the audit of the mailbox, rights, or another setting.
fn mailbox<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    let object = parameter(record, "Identity").or_else(|| record.said(own!("ObjectId")));
    event.object = object.map(Cow::Borrowed);
    if let Some(to) = ON_TO.iter().find_map(|name| parameter(record, name)) {
        event.verb = Verb::Forward;
        event.scope = Some(Scope::Container);
        event.target = Some(without_scheme(Cow::Borrowed(to)));
    } else if let Some(whom) = parameter(record, "GrantSendOnBehalfTo") {
        event.verb = Verb::PermissionChange;
        event.target = Some(Cow::Borrowed(whom));
    } else if record.all(own!("Parameters.Name")).any(|(_, name)| name.starts_with("Audit")) {
        event.object_kind = Some(ObjectKind::Log);
    }
}

/// A search or export that was asked for: that the request was taken does not say that it was done.
fn asked<'a>(event: &mut Meaning<'a>, record: &'a Record, way: Way) {
    let is_true = |name| parameter(record, name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if way == Way::SearchAction {
        let purges = is_true("Purge") || parameter(record, "PurgeType").is_some();
        event.verb = if is_true("Export") {
            Verb::Export
        } else if purges {
            Verb::Delete
        } else {
            Verb::Search
        };
    }
    event.scope = Some(Scope::Container);
    let what = ["Mailbox", "ContentMatchQuery", "SearchName", "Name"];
    let what = what.into_iter().find_map(|name| parameter(record, name));
    event.object = what.or_else(|| record.said(own!("ObjectId"))).map(Cow::Borrowed);
    if event.verb != Verb::Search && event.outcome == Outcome::Success {
        event.outcome = Outcome::Unknown;
    }
}

/// "Success" stands in `ResultStatus` even where a login failed: the code says how it ended.
fn sign_in(event: &mut Meaning<'_>, record: &Record, operation: &str) {
    let by_code = record.said(own!("ErrorNumber")).map_or(Outcome::Unknown, cloud::sign_in_outcome);
    let failed = operation.eq_ignore_ascii_case("UserLoginFailed") || record.has(own!("LogonError"));
    event.outcome = match (failed, by_code) {
        (true, Outcome::Denied) => Outcome::Denied,
        (true, _) => Outcome::Failure,
        (false, Outcome::Unknown) => event.outcome,
        (false, by_code) => by_code,
    };
}

/// An operation of the directory, or one that is not known.
fn directory<'a>(event: &mut Meaning<'a>, record: &'a Record, operation: &str) {
    event.object = record.said(own!("ObjectId")).map(Cow::Borrowed);
    let Some((verb, kind)) = entra::operation(operation) else { return };
    event.says(verb, kind);
    // Targets of type 1 are names, as a person knows them.
    let name = record.listed(own!("Target.Type"), "1", own!("Target.ID"));
    match kind {
        ObjectKind::Account => event.target = event.object.clone(),
        ObjectKind::Application | ObjectKind::Key => {
            event.link(Link::Application, record.said(own!("ObjectId")));
            event.object = name.map(Cow::Borrowed).or(event.object.take());
        }
        _ => event.object = name.map(Cow::Borrowed).or(event.object.take()),
    }
}

/// The value of a cmdlet's parameter, if it says something.
fn parameter<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    let value = record.listed(own!("Parameters.Name"), name, own!("Parameters.Value"))?;
    (!value.is_empty() && value != "$null").then_some(value)
}

fn number(record: &Record, own: Own) -> Option<u64> {
    record.own(own)?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
