//! What do the activity records of Google Workspace say?
//!
//! `activity` resources of the Reports interface (an array, one a line, or wrapped in `items`), for
//! every application: admin, drive, login, token and the rest. A record may hold several events of one
//! moment; the first decides the verb, and the record says that it is several. Exports that put one event
//! at the top of the record (`name`, `parameters`) are read too.

use std::borrow::Cow;

use assize_model::Card;
use assize_model::spine::{Link, ObjectKind, Outcome, Qualifier, Scope, Verb};

use crate::json::{Make, Own, Record, own};
use crate::made::{Layout, Made};
use crate::meaning::{Meaning, address};

static CARD: Card = Card {
    name: "google-workspace",
    title: "Google Workspace activity (Reports API, JSON)",
    doc: "Activities of every application of Google Workspace. Drive's views, downloads, copies, prints and shares, \
          logins, tokens given to applications, and administrators' changes have their verbs; other events are `other`. \
          Google records what was done: the outcome is success but for `login_failure` and what is named as \
          blocked. A record with several events is `aggregated` and told by its first.",
    example: r#"{"kind":"admin#reports#activity","id":{"time":"2026-09-14T08:12:03.000Z","applicationName":"drive",…},"events":[{"name":"view",…}]}"#,
    links: &[
        "https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list",
        "https://developers.google.com/workspace/admin/reports/v1/appendix/activity/drive",
    ],
    version: 1,
};

static MAKE: Make = Make { own: OWN, spliced: &["_raw", "result._raw"], meaning };

const OWN: &[&str] = &[
    "actor.email",
    "actor.key",
    "actor.profileId",
    "events.name",
    "events.parameters.boolValue",
    "events.parameters.multiValue",
    "events.parameters.name",
    "events.parameters.value",
    "id.applicationName",
    "id.time",
    "id.uniqueQualifier",
    "ipAddress",
    "name",
    "parameters.app_name",
    "parameters.client_id",
    "parameters.doc_id",
    "parameters.doc_title",
    "parameters.target_user",
    "parameters.USER_EMAIL",
];

/// See the module's text.
pub(crate) static GOOGLE_WORKSPACE: Made = Made {
    card: &CARD,
    family: "google",
    proof: &[("reports", "unproven"), ("one-event", "vendor-sample")],
    make: &MAKE,
    layout: Layout::Records(91),
};

fn meaning(record: &Record) -> Option<Meaning<'_>> {
    let application = record.said(own!("id.applicationName"))?;
    if !record.has(own!("id.time")) {
        return None;
    }
    let name = record.said(own!("events.name")).or_else(|| record.said(own!("name"))).unwrap_or("");
    // Sigma's names of these logs.
    let mut event = Meaning::of(format!("gcp/google_workspace.{}", application.to_ascii_lowercase()));
    event.set_time(record.said(own!("id.time"))?, "no zone stated; UTC by Google's reference");
    let actor = [own!("actor.email"), own!("actor.key"), own!("actor.profileId")];
    event.actor = actor.into_iter().find_map(|name| record.said(name)).map(Cow::Borrowed);
    event.peer = record.said(own!("ipAddress")).and_then(address);
    let (verb, kind) = act(&application.to_ascii_lowercase(), name);
    event.verb = verb;
    event.object_kind = kind;
    event.scope = Some(Scope::Item);
    event.outcome = match name {
        "login_failure" | "risky_sensitive_action_blocked" => Outcome::Failure,
        "login_challenge" | "" => Outcome::Unknown,
        _ => Outcome::Success,
    };
    set_object(&mut event, record);
    if name == "preview" {
        event.qualify(Qualifier::Preview);
    }
    let events = record.all(own!("events.name")).count();
    if events > 1 {
        event.count = Some(events as u64);
        event.qualify(Qualifier::Aggregated);
    }
    event.link(Link::Record, record.said(own!("id.uniqueQualifier")));
    Some(event)
}

/// A parameter of the events, in either notation.
fn parameter<'a>(record: &'a Record, name: &str, flat: Own) -> Option<&'a str> {
    let listed = |values| record.listed(own!("events.parameters.name"), name, values);
    listed(own!("events.parameters.value"))
        .or_else(|| listed(own!("events.parameters.multiValue")))
        .or_else(|| record.said(flat))
        .filter(|value| !value.is_empty())
}

fn set_object<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    let id = parameter(record, "doc_id", own!("parameters.doc_id"));
    let title = parameter(record, "doc_title", own!("parameters.doc_title"));
    let app = parameter(record, "app_name", own!("parameters.app_name"));
    let target = parameter(record, "target_user", own!("parameters.target_user"))
        .or_else(|| parameter(record, "USER_EMAIL", own!("parameters.USER_EMAIL")));
    event.target = target.map(Cow::Borrowed);
    // A document is one by its id: titles change, and repeat.
    event.object = id.or(title).or(app).map(Cow::Borrowed).or_else(|| event.target.clone());
    event.link(Link::Application, parameter(record, "client_id", own!("parameters.client_id")));
}

fn act(application: &str, name: &str) -> (Verb, Option<ObjectKind>) {
    let (verb, kind) = match (application, name) {
        ("drive", "view" | "preview" | "source_view") => (Verb::Read, ObjectKind::File),
        ("drive", "download") => (Verb::Download, ObjectKind::File),
        ("drive", "print") => (Verb::Print, ObjectKind::File),
        ("drive", "edit" | "rename") => (Verb::Write, ObjectKind::File),
        ("drive", "create" | "upload") => (Verb::Create, ObjectKind::File),
        ("drive", "copy" | "source_copy") => (Verb::Copy, ObjectKind::File),
        ("drive", "move") => (Verb::Move, ObjectKind::File),
        ("drive", "delete" | "trash") => (Verb::Delete, ObjectKind::File),
        ("drive", "sync_item_content") => (Verb::Sync, ObjectKind::File),
        (
            "drive",
            "change_user_access"
            | "change_document_visibility"
            | "change_document_access_scope"
            | "change_acl_editors"
            | "publish_change"
            | "shared_drive_membership_change"
            | "team_drive_membership_change",
        ) => (Verb::Share, ObjectKind::File),
        ("drive", "email_as_attachment") => (Verb::Send, ObjectKind::File),
        ("login", "login_success" | "login_failure" | "login_challenge") => {
            (Verb::Logon, ObjectKind::Account)
        }
        ("login", "logout") => (Verb::Logoff, ObjectKind::Account),
        ("login" | "user_accounts", _) => (Verb::ConfigChange, ObjectKind::Account),
        ("token", "authorize") => (Verb::Consent, ObjectKind::Application),
        ("token", "revoke") => (Verb::PermissionChange, ObjectKind::Application),
        ("token", "activity" | "request") => (Verb::Query, ObjectKind::Application),
        ("takeout", _) => (Verb::Export, ObjectKind::Account),
        (
            "admin",
            "GRANT_ADMIN_PRIVILEGE" | "ASSIGN_ROLE" | "ADD_PRIVILEGE" | "GRANT_DELEGATED_ADMIN_PRIVILEGES",
        ) => (Verb::PermissionChange, ObjectKind::Account),
        ("admin", "CREATE_USER") => (Verb::Create, ObjectKind::Account),
        ("admin", "DELETE_USER") => (Verb::Delete, ObjectKind::Account),
        ("admin", "CREATE_EMAIL_MONITOR") => (Verb::Forward, ObjectKind::Mailbox),
        ("admin", "CREATE_DATA_TRANSFER_REQUEST" | "REQUEST_MAILBOX_DUMP" | "CUSTOMER_TAKEOUT_CREATED") => {
            (Verb::Export, ObjectKind::Account)
        }
        ("admin", "EMAIL_LOG_SEARCH" | "SECURITY_INVESTIGATION_QUERY") => (Verb::Search, ObjectKind::Mailbox),
        ("admin", "AUTHORIZE_API_CLIENT_ACCESS" | "ADD_TRUSTED_DOMAINS") => {
            (Verb::Grant, ObjectKind::Application)
        }
        ("admin", _) => (Verb::ConfigChange, ObjectKind::Other),
        _ => return (Verb::Other, None),
    };
    (verb, Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let mut record = Record::new(&[MAKE.own], MAKE.spliced);
        record.read(text.as_bytes()).unwrap();
        let event = meaning(&record).unwrap();
        let qualifiers: Vec<&str> = event.qualifiers.iter().map(|qualifier| qualifier.as_str()).collect();
        format!(
            "{} {} {} object={} target={} {}",
            event.source,
            event.verb.as_str(),
            event.outcome.as_str(),
            event.object.as_deref().unwrap_or(""),
            event.target.as_deref().unwrap_or(""),
            qualifiers.join(" ")
        )
    }

    #[test]
    fn activities_in_both_notations() {
        let head = r#"{"kind":"admin#reports#activity","id":{"time":"2026-09-14T08:12:03.000Z","uniqueQualifier":"1","applicationName":"drive"},"actor":{"email":"m.okafor@court.example"},"ipAddress":"203.0.113.7""#;
        let listed = r#"[{"type":"access","name":"download","parameters":[{"name":"doc_id","value":"d-1"},{"name":"doc_title","value":"Statement"}]}]"#;
        assert_eq!(
            told(&format!(r#"{head},"events":{listed}}}"#)),
            "gcp/google_workspace.drive download success object=d-1 target= "
        );
        let two = r#"[{"name":"change_user_access","parameters":[{"name":"doc_id","value":"d-1"},{"name":"target_user","value":"x@outside.example"}]},{"name":"edit"}]"#;
        assert_eq!(
            told(&format!(r#"{head},"events":{two}}}"#)),
            "gcp/google_workspace.drive share success object=d-1 target=x@outside.example aggregated"
        );
        let flat = format!(r#"{head},"name":"view","parameters":{{"doc_id":"d-2"}}}}"#);
        assert_eq!(told(&flat), "gcp/google_workspace.drive read success object=d-2 target= ");
    }
}
