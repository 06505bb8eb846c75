//! What do the logs of Microsoft Entra and Azure say?
//!
//! Sign-ins (interactive or not, of service principals, of managed identities), the directory's audit,
//! the activity of Microsoft Graph and Azure's activity log: as Microsoft Graph gives them, and as
//! Azure Monitor's diagnostic settings write them (`category`, `properties`). A code of an interrupted
//! sign-in is a failure: whoever was let in afterwards has a record of his own. That several records
//! are steps of one sign-in is for `analysis` to know, by the links.

mod directory;
mod graph;
mod table;

use std::borrow::Cow;

use assize_model::Card;
use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};

use crate::json::{Make, Own, Record, own};
use crate::made::{Layout, Made};
use crate::meaning::{Meaning, address};
use crate::{cloud, m365, web};
pub(crate) use directory::operation;
pub(crate) use table::ENTRA_TABLE;

static CARD: Card = Card {
    name: "entra",
    title: "Microsoft Entra sign-ins and audit, Graph and Azure activity (JSON)",
    doc: "Sign-ins (interactive, non-interactive, service principal, managed identity) and directory audits as \
          Microsoft Graph gives them (array, lines, or wrapped in `value`) and as Azure Monitor and Event Hubs \
          write them (`category` and `properties`), Microsoft Graph activity logs, and Azure activity logs. The \
          outcome of a sign-in follows from its error code: refused by policy or state of the account is `denied`, \
          any other code but 0 `failure`. A token got without a person is `token`, not `logon`. What a request to \
          Graph asks for follows from its address; what it returned is not in the log.",
    example: r#"{"createdDateTime":"2026-09-14T08:12:03Z","userPrincipalName":"m.okafor@court.example","status":{"errorCode":0},…}"#,
    links: &[
        "https://learn.microsoft.com/graph/api/resources/signin",
        "https://learn.microsoft.com/graph/api/resources/directoryaudit",
        "https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs",
        "https://learn.microsoft.com/graph/microsoft-graph-activity-logs-overview",
        "https://learn.microsoft.com/azure/azure-monitor/essentials/activity-log-schema",
        "https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
    ],
    version: 1,
};

pub(crate) static MAKE: Make = Make { own: OWN, spliced: &["_raw", "result._raw"], meaning };

/// Lists each name twice: as Graph gives it, and below Azure Monitor's `properties`.
macro_rules! both_names {
    ([$($outer:literal),* $(,)?] $($name:literal),* $(,)?) => {
        &[$($outer,)* $($name, concat!("properties.", $name),)*]
    };
}

/// Every field that the spine is filled from.
const OWN: &[&str] = both_names!([
    "callerIpAddress",
    "caller",
    "category",
    "eventTimestamp",
    "identity",
    "identity.claims.appid",
    "identity.claims.name",
    "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    "operationName",
    "resourceId",
    "resultSignature",
    "resultType",
    "time",
    "TimeGenerated",
    "RequestMethod",
    "RequestUri",
    "ResponseStatusCode",
    "UserId",
    "AppId",
    "IPAddress",
    "UserAgent",
    "RequestId",
    "SessionId",
    "UniqueTokenId",
    "SignInActivityId",
]
    "activityDateTime",
    "activityDisplayName",
    "additionalDetails.key",
    "additionalDetails.value",
    "appDisplayName",
    "appId",
    "clientAppUsed",
    "clientRequestId",
    "correlationId",
    "createdDateTime",
    "deviceDetail.deviceId",
    "deviceDetail.displayName",
    "id",
    "initiatedBy.app.appId",
    "initiatedBy.app.displayName",
    "initiatedBy.user.id",
    "initiatedBy.user.ipAddress",
    "initiatedBy.user.userPrincipalName",
    "ipAddress",
    "isInteractive",
    "metricResponseType",
    "objectKey",
    "originalRequestId",
    "requestId",
    "requestMethod",
    "requestUri",
    "resourceDisplayName",
    "responseSizeBytes",
    "responseStatusCode",
    "result",
    "servicePrincipalId",
    "servicePrincipalName",
    "sessionId",
    "signInActivityId",
    "signInEventTypes",
    "status.errorCode",
    "targetResources.displayName",
    "targetResources.id",
    "targetResources.modifiedProperties.displayName",
    "targetResources.modifiedProperties.newValue",
    "targetResources.type",
    "targetResources.userPrincipalName",
    "timeGenerated",
    "statusCode",
    "uniqueTokenId",
    "uniqueTokenIdentifier",
    "userAgent",
    "userAgentHeader",
    "userId",
    "userPrincipalName",
);

/// A field by its name in Graph, wherever it lies.
macro_rules! own2 {
    ($name:literal) => {
        const { [Own::of(OWN, $name), Own::of(OWN, concat!("properties.", $name))] }
    };
}

/// See the module's text.
pub(crate) static ENTRA: Made = Made {
    card: &CARD,
    family: "azure",
    proof: &[
        ("sign-in", "unproven"),
        ("sign-in-monitor", "vendor-sample"),
        ("audit", "unproven"),
        ("audit-monitor", "vendor-sample"),
        ("graph-activity", "unproven"),
        ("azure-activity", "vendor-sample"),
    ],
    make: &MAKE,
    layout: Layout::Records(91),
};

/// The first of two names that says something.
fn said(record: &Record, names: [Own; 2]) -> Option<&str> {
    names.into_iter().find_map(|name| record.said(name))
}

/// Which of two names is used for a list, so that its parts are looked for in the same place.
fn listed<'a>(record: &'a Record, keys: [Own; 2], key: &str, values: [Own; 2]) -> Option<&'a str> {
    (0..2).find_map(|place| record.listed(keys[place], key, values[place]))
}

fn has(record: &Record, names: [Own; 2]) -> bool {
    names.into_iter().any(|name| record.has(name))
}

/// What a record says, if it is one of these logs.
pub(crate) fn meaning(record: &Record) -> Option<Meaning<'_>> {
    let operated = record.has(own!("operationName")) && record.has(own!("category"));
    let monitor = record.has(own!("time"))
        || record.has(own!("TimeGenerated"))
        || (operated && record.has(own!("resourceId")));
    let category = record.own(own!("category")).unwrap_or("");
    let mut event = if (has(record, own2!("status.errorCode"))
        && has(record, own2!("appId"))
        && (has(record, own2!("createdDateTime")) || monitor))
        || (monitor && operated && category.ends_with("SignInLogs"))
    {
        sign_in(record)
    } else if has(record, own2!("activityDisplayName"))
        && (has(record, own2!("activityDateTime")) || monitor)
        && (has(record, own2!("targetResources.id"))
            || has(record, own2!("targetResources.type"))
            || has(record, own2!("initiatedBy.user.id"))
            || has(record, own2!("initiatedBy.user.userPrincipalName"))
            || has(record, own2!("initiatedBy.app.displayName"))
            || record.has(own!("category")))
        || (monitor && operated && is_of_directory(record))
    {
        audit(record)
    } else if (has(record, own2!("requestUri")) && has(record, own2!("requestMethod")) && monitor)
        || (record.has(own!("RequestUri")) && record.has(own!("RequestMethod")))
    {
        graph_activity(record)
    } else if monitor && operated {
        monitored(record)?
    } else {
        return None;
    };
    if event.peer.as_deref().is_some_and(cloud::is_front_end) {
        event.qualify(Qualifier::FrontEndAddress);
    }
    Some(event)
}

/// Whether Azure Monitor has a record from the directory's audit: of its provider, and of no other log
/// of it.
fn is_of_directory(record: &Record) -> bool {
    const PROVIDER: &str = "microsoft.aadiam";
    let resource = record.own(own!("resourceId")).unwrap_or("");
    let provider = resource.rsplit('/').next().unwrap_or("");
    let category = record.own(own!("category")).unwrap_or("");
    provider.eq_ignore_ascii_case(PROVIDER)
        && !category.ends_with("SignInLogs")
        && category != "MicrosoftGraphActivityLogs"
        && !category.contains("Risk")
}

/// The record's own time, else when Azure Monitor says it was.
fn set_time<'a>(event: &mut Meaning<'a>, record: &'a Record, own: [Own; 2]) {
    let outer = [own!("time"), own!("TimeGenerated"), own!("eventTimestamp")];
    let text = said(record, own).or_else(|| outer.into_iter().find_map(|name| record.said(name)));
    if let Some(text) = text {
        event.set_time(text, "no zone stated; UTC by Microsoft's schema");
    }
}

fn sign_in(record: &Record) -> Meaning<'_> {
    let mut event = Meaning::of("entra/signin");
    set_time(&mut event, record, own2!("createdDateTime"));
    let principal =
        || said(record, own2!("servicePrincipalName")).or_else(|| said(record, own2!("servicePrincipalId")));
    let person = said(record, own2!("userPrincipalName")).or_else(|| said(record, own2!("userId")));
    event.actor = person.or_else(principal).map(Cow::Borrowed);
    let kind = |word: &str| {
        let types = own2!("signInEventTypes");
        types.into_iter().any(|name| record.all(name).any(|(_, found)| found.eq_ignore_ascii_case(word)))
    };
    let category = record.said(own!("category")).unwrap_or("");
    let alone = kind("nonInteractiveUser")
        || category.eq_ignore_ascii_case("NonInteractiveUserSignInLogs")
        || (person.is_some() && said(record, own2!("isInteractive")) == Some("false"));
    // Nobody typed or tapped anything: a program got another token.
    event.says(if alone { Verb::Token } else { Verb::Logon }, ObjectKind::Application);
    let object = said(record, own2!("appDisplayName")).or_else(|| said(record, own2!("resourceDisplayName")));
    event.object = object.map(Cow::Borrowed);
    let code = said(record, own2!("status.errorCode")).or_else(|| record.said(own!("resultType")));
    event.outcome = code.map_or(Outcome::Unknown, cloud::sign_in_outcome);
    event.peer =
        said(record, own2!("ipAddress")).or_else(|| record.said(own!("callerIpAddress"))).and_then(address);
    let device = said(record, own2!("deviceDetail.displayName"));
    let device = device.or_else(|| said(record, own2!("deviceDetail.deviceId")));
    event.device = device.map(Cow::Borrowed);
    let managed = kind("managedIdentity") || category.eq_ignore_ascii_case("ManagedIdentitySignInLogs");
    let program = kind("servicePrincipal") || category.eq_ignore_ascii_case("ServicePrincipalSignInLogs");
    event.client = match (managed, program) {
        (true, _) => Some(Client::Service),
        (_, true) => Some(Client::Api),
        _ => client(said(record, own2!("clientAppUsed")), said(record, own2!("userAgent"))),
    };
    event.link(Link::Record, said(record, own2!("id")));
    event.link(Link::Session, said(record, own2!("sessionId")));
    event.link(Link::Token, said(record, own2!("uniqueTokenIdentifier")));
    event.link(Link::Request, said(record, own2!("id")));
    event.link(Link::Request, said(record, own2!("originalRequestId")));
    event.link(Link::Activity, said(record, own2!("correlationId")));
    event.link(Link::Application, said(record, own2!("appId")));
    event
}

/// By `clientAppUsed` (Microsoft, "Sign-in logs: client app"), which knows protocols; programs that
/// are no browser by their agents.
fn client(app: Option<&str>, agent: Option<&str>) -> Option<Client> {
    match app? {
        "Browser" => Some(Client::Browser),
        "Mobile Apps and Desktop clients" => {
            // Programs embed a browser to sign in with: its agent says nothing here.
            let by_agent = agent.and_then(m365::of_agent).filter(|kind| *kind != Client::Browser);
            by_agent.or(Some(Client::Desktop))
        }
        "Exchange ActiveSync" | "IMAP4" | "IMAP" | "POP3" | "POP" => Some(Client::Sync),
        "MAPI Over HTTP" | "MAPI" | "Outlook Anywhere (RPC over HTTP)" | "Outlook Service" => {
            Some(Client::Desktop)
        }
        "Exchange Web Services"
        | "Exchange Online PowerShell"
        | "Reporting Web Services"
        | "Authenticated SMTP"
        | "SMTP"
        | "Offline Address Book" => Some(Client::Api),
        _ => agent.and_then(m365::of_agent),
    }
}

fn audit(record: &Record) -> Meaning<'_> {
    let mut event = Meaning::of("entra/audit");
    set_time(&mut event, record, own2!("activityDateTime"));
    let person = said(record, own2!("initiatedBy.user.userPrincipalName"))
        .or_else(|| said(record, own2!("initiatedBy.user.id")));
    let app = said(record, own2!("initiatedBy.app.displayName"))
        .or_else(|| said(record, own2!("initiatedBy.app.appId")));
    event.actor = person.or(app).map(Cow::Borrowed);
    if person.is_none() && app.is_some() {
        event.client = Some(Client::Service);
    }
    event.peer = said(record, own2!("initiatedBy.user.ipAddress"))
        .or_else(|| record.said(own!("callerIpAddress")))
        .and_then(address);
    event.outcome = match said(record, own2!("result")).unwrap_or("").to_ascii_lowercase().as_str() {
        "success" => Outcome::Success,
        "failure" | "timeout" | "clienterror" => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    let activity = said(record, own2!("activityDisplayName")).or_else(|| record.said(own!("operationName")));
    if let Some((verb, kind)) = activity.and_then(operation) {
        event.says(verb, kind);
    }
    event.scope = Some(Scope::Item);
    targets(&mut event, record);
    event.link(Link::Record, said(record, own2!("id")));
    event.link(Link::Activity, said(record, own2!("correlationId")));
    let app_id = listed(record, own2!("additionalDetails.key"), "AppId", own2!("additionalDetails.value"));
    event.link(Link::Application, app_id);
    event.link(Link::Application, said(record, own2!("initiatedBy.app.appId")));
    event
}

/// The account that is acted upon, and the thing: an application, a role, a group, a device.
fn targets<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    for place in 0..2 {
        let at = |own: [Own; 2], object: u32| {
            record
                .all(own[place])
                .find(|(other, value)| *other == object && !value.is_empty())
                .map(|(_, text)| text)
        };
        for (object, kind) in record.all(own2!("targetResources.type")[place]) {
            let name = at(own2!("targetResources.displayName"), object);
            let name = name.or_else(|| at(own2!("targetResources.id"), object));
            if kind == "User" {
                let user = at(own2!("targetResources.userPrincipalName"), object).or(name);
                event.target = event.target.take().or(user.map(Cow::Borrowed));
            } else {
                event.object = event.object.take().or(name.map(Cow::Borrowed));
            }
        }
    }
    let role = listed(
        record,
        own2!("targetResources.modifiedProperties.displayName"),
        "Role.DisplayName",
        own2!("targetResources.modifiedProperties.newValue"),
    );
    // A text inside a text.
    let role = role.map(|role| role.trim_matches('"')).filter(|role| !role.is_empty());
    event.object = event.object.take().or(role.map(Cow::Borrowed)).or(event.target.clone());
}

fn graph_activity(record: &Record) -> Meaning<'_> {
    let mut event = Meaning::of("graph/activity");
    set_time(&mut event, record, own2!("timeGenerated"));
    let either = |names: [Own; 2], table: Own| said(record, names).or_else(|| record.said(table));
    event.actor = either(own2!("userId"), own!("UserId"))
        .or_else(|| said(record, own2!("servicePrincipalId")))
        .or_else(|| either(own2!("appId"), own!("AppId")))
        .map(Cow::Borrowed);
    let uri = either(own2!("requestUri"), own!("RequestUri")).unwrap_or("");
    let method = either(own2!("requestMethod"), own!("RequestMethod")).unwrap_or("");
    let (verb, kind, scope) = graph::of(method, uri);
    event.says(verb, kind);
    event.scope = Some(scope);
    event.object = Some(Cow::Borrowed(uri)).filter(|uri| !uri.is_empty());
    event.client = Some(Client::Api);
    event.peer = either(own2!("ipAddress"), own!("IPAddress"))
        .or_else(|| record.said(own!("callerIpAddress")))
        .and_then(address);
    event.outcome = either(own2!("responseStatusCode"), own!("ResponseStatusCode"))
        .map_or(Outcome::Unknown, web::outcome);
    event.bytes = said(record, own2!("responseSizeBytes")).and_then(|bytes| bytes.parse().ok());
    event.link(Link::Record, either(own2!("requestId"), own!("RequestId")));
    event.link(Link::Request, either(own2!("requestId"), own!("RequestId")));
    event.link(Link::Session, either(own2!("sessionId"), own!("SessionId")));
    event.link(Link::Token, either(own2!("uniqueTokenId"), own!("UniqueTokenId")));
    event.link(Link::Token, either(own2!("signInActivityId"), own!("SignInActivityId")));
    event.link(Link::Activity, said(record, own2!("clientRequestId")));
    event.link(Link::Application, either(own2!("appId"), own!("AppId")));
    event
}

/// A record of Azure Monitor that is none of the others: Azure's activity log, or another category.
fn monitored(record: &Record) -> Option<Meaning<'_>> {
    let category = record.said(own!("category"))?;
    let operation = record.said(own!("operationName"))?;
    let source = match category {
        "Administrative" | "Security" | "ServiceHealth" | "Alert" | "Recommendation" | "Policy"
        | "Autoscale" | "ResourceHealth" => Cow::Borrowed("azure/activitylogs"),
        // An audit that lacks what makes it whole is of its log all the same.
        "AuditLogs" => Cow::Borrowed("entra/audit"),
        // Another resource's log, of which only the frame is known.
        _ if record.has(own!("resourceId")) || has(record, own2!("objectKey")) => {
            Cow::Owned(format!("azure/{}", category.to_ascii_lowercase()))
        }
        _ => return None,
    };
    let mut event = Meaning::of(source);
    set_time(&mut event, record, own2!("createdDateTime"));
    let actor = [
        own!("identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"),
        own!("identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"),
        own!("identity.claims.name"),
        own!("identity.claims.appid"),
        own!("caller"),
        own!("identity"),
    ];
    event.actor = actor.into_iter().find_map(|name| record.said(name)).map(Cow::Borrowed);
    event.peer = record.said(own!("callerIpAddress")).and_then(address);
    // The key rather than the address: signatures that open the store stand in addresses.
    let object = said(record, own2!("objectKey")).or_else(|| record.said(own!("resourceId")));
    event.object = object.map(Cow::Borrowed);
    (event.verb, event.object_kind) = administration(operation);
    event.scope = Some(Scope::Item);
    let signature = record.said(own!("resultSignature")).unwrap_or("");
    event.outcome = match record.said(own!("resultType")).unwrap_or("").to_ascii_lowercase().as_str() {
        "success" | "succeeded" | "0" => Outcome::Success,
        "failure" | "failed" if signature.contains("Forbidden") || signature.contains("403") => {
            Outcome::Denied
        }
        "failure" | "failed" => Outcome::Failure,
        // Requests to a store have the status of HTTP.
        "" => match said(record, own2!("metricResponseType")) {
            Some("Success") => Outcome::Success,
            _ => said(record, own2!("statusCode")).map_or(Outcome::Unknown, web::outcome),
        },
        // Begun and accepted are no ends.
        _ => Outcome::Unknown,
    };
    event.client = said(record, own2!("userAgentHeader")).and_then(m365::of_agent);
    event.link(Link::Activity, said(record, own2!("correlationId")));
    event.link(Link::Application, record.said(own!("identity.claims.appid")));
    Some(event)
}

/// What an operation of Azure's resource manager does (Microsoft, "Azure resource provider
/// operations"): its last word is `write`, `delete` or `action`.
fn administration(operation: &str) -> (Verb, Option<ObjectKind>) {
    let name = operation.to_ascii_lowercase();
    let ends = |end: &str| name.ends_with(end);
    // Azure Storage: "Storage Analytics logged operations".
    match name.as_str() {
        "getblob" | "getfile" | "readfile" => return (Verb::Read, Some(ObjectKind::File)),
        "listblobs" | "listcontainers" | "listfilesanddirectories" | "listshares" => {
            return (Verb::List, Some(ObjectKind::Folder));
        }
        "getblobproperties" | "getblobmetadata" => return (Verb::List, Some(ObjectKind::File)),
        "putblob" | "putblock" | "putblocklist" | "createfile" => {
            return (Verb::Create, Some(ObjectKind::File));
        }
        "copyblob" => return (Verb::Copy, Some(ObjectKind::File)),
        "deleteblob" | "deletefile" => return (Verb::Delete, Some(ObjectKind::File)),
        _ => {}
    }
    if name.contains("roleassignments/") || name.contains("roledefinitions/") {
        (Verb::PermissionChange, Some(ObjectKind::Account))
    } else if ends("listkeys/action") || ends("listaccountsas/action") || ends("listservicesas/action") {
        (Verb::Read, Some(ObjectKind::Key))
    } else if ends("begingetaccess/action") {
        (Verb::Export, Some(ObjectKind::Other))
    } else if ends("snapshots/write") {
        (Verb::Snapshot, Some(ObjectKind::Other))
    } else if ends("runcommand/action") || ends("runcommands/write") {
        (Verb::Execute, Some(ObjectKind::Host))
    } else if name.contains("diagnosticsettings/") {
        (Verb::ConfigChange, Some(ObjectKind::Log))
    } else if ends("/delete") {
        (Verb::Delete, Some(ObjectKind::Other))
    } else if ends("/write") {
        (Verb::ConfigChange, Some(ObjectKind::Other))
    } else {
        (Verb::Other, None)
    }
}

#[cfg(test)]
mod tests;
