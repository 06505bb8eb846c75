//! What do the tables say that the portal of Microsoft Entra exports?
//!
//! Sign-ins (one file for each kind) and directory audits, under the portal's own headings. Fewer
//! columns than the same records have elsewhere, and the headings change from year to year: what is
//! not there stays empty.

use std::borrow::Cow;

use assize_model::Card;
use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};

use crate::cloud;
use crate::json::{Make, Record, own};
use crate::made::{Columns, Layout, Made};
use crate::meaning::{Meaning, address};

static CARD: Card = Card {
    name: "entra-csv",
    title: "Microsoft Entra sign-ins and audit (CSV of the portal)",
    doc: "The tables that the portal gives for sign-ins and for audit logs. `Date (UTC)` is UTC as its heading says. \
          The outcome of a sign-in follows from its error code, or from `Status` where there is no code: `Interrupted` \
          is a failure of that request. Up to three targets of an audit have columns; the first user among them is the \
          target.",
    example: "Date (UTC),Request ID,User,Username,Application,IP address,Status,Sign-in error code\n2026-09-14T08:12:03Z,…",
    links: &[
        "https://learn.microsoft.com/entra/identity/monitoring-health/howto-download-logs",
        "https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-in-log-activity-details",
    ],
    version: 1,
};

static MAKE: Make = Make { own: OWN, spliced: &[], meaning };

const OWN: &[&str] = &[
    "Activity",
    "ActorDisplayName",
    "ActorObjectId",
    "ActorUserPrincipalName",
    "Application",
    "Application ID",
    "Application ID ",
    "Client app",
    "Correlation ID",
    "CorrelationId",
    "Date (UTC)",
    "Device ID",
    "Device name",
    "IP address",
    "IPAddress",
    "Request ID",
    "Resource",
    "Result",
    "Service principal ID",
    "Service principal name",
    "Session ID",
    "Sign-in error code",
    "Status",
    "Target1DisplayName",
    "Target1ObjectId",
    "Target1Type",
    "Target1UserPrincipalName",
    "Target2DisplayName",
    "Target2Type",
    "Target2UserPrincipalName",
    "Unique token identifier",
    "User",
    "User agent",
    "User ID",
    "Username",
];

/// See the module's text.
pub(crate) static ENTRA_TABLE: Made = Made {
    card: &CARD,
    family: "azure",
    proof: &[("sign-in", "unproven"), ("audit", "unproven")],
    make: &MAKE,
    layout: Layout::Table(of_it),
};

fn of_it(columns: &Columns<'_>) -> bool {
    let all = |names: &[&str]| names.iter().all(|name| columns.has(name));
    let sign_in = all(&["Request ID", "IP address", "Status", "Application ID"]);
    columns.has("Date (UTC)") && (sign_in || all(&["CorrelationId", "Activity", "ActorType", "Result"]))
}

fn meaning(record: &Record) -> Option<Meaning<'_>> {
    let date = record.own(own!("Date (UTC)"))?;
    let mut event = if record.has(own!("Activity")) { audit(record) } else { sign_in(record) };
    event.set_time(date, "no zone stated; UTC by the column's heading");
    if event.peer.as_deref().is_some_and(cloud::is_front_end) {
        event.qualify(Qualifier::FrontEndAddress);
    }
    Some(event)
}

fn sign_in(record: &Record) -> Meaning<'_> {
    let mut event = Meaning::of("entra/signin");
    let person = record.said(own!("Username")).or_else(|| record.said(own!("User")));
    let program =
        record.said(own!("Service principal name")).or_else(|| record.said(own!("Service principal ID")));
    event.actor = person.or(program).map(Cow::Borrowed);
    event.says(Verb::Logon, ObjectKind::Application);
    let object = record.said(own!("Application")).or_else(|| record.said(own!("Resource")));
    event.object = object.map(Cow::Borrowed);
    event.peer = record.said(own!("IP address")).and_then(address);
    let device = record.said(own!("Device name")).or_else(|| record.said(own!("Device ID")));
    event.device = device.map(Cow::Borrowed);
    event.client = match person {
        Some(_) => super::client(record.said(own!("Client app")), record.said(own!("User agent"))),
        None => Some(Client::Api),
    };
    let by_status = || match record.said(own!("Status")) {
        Some("Success") => Outcome::Success,
        Some("Failure" | "Interrupted") => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    event.outcome = match record.said(own!("Sign-in error code")).map(cloud::sign_in_outcome) {
        Some(Outcome::Unknown) | None => by_status(),
        // Some exports write no code for a success, and 0 for everything else is not seen: both agree.
        Some(outcome) => outcome,
    };
    event.link(Link::Record, record.said(own!("Request ID")));
    event.link(Link::Request, record.said(own!("Request ID")));
    event.link(Link::Session, record.said(own!("Session ID")));
    event.link(Link::Token, record.said(own!("Unique token identifier")));
    event.link(Link::Activity, record.said(own!("Correlation ID")));
    let app = record.said(own!("Application ID")).or_else(|| record.said(own!("Application ID ")));
    event.link(Link::Application, app);
    event
}

fn audit(record: &Record) -> Meaning<'_> {
    let mut event = Meaning::of("entra/audit");
    let actor = [own!("ActorUserPrincipalName"), own!("ActorDisplayName"), own!("ActorObjectId")];
    event.actor = actor.into_iter().find_map(|name| record.said(name)).map(Cow::Borrowed);
    event.peer = record.said(own!("IPAddress")).and_then(address);
    event.outcome = match record.said(own!("Result")).unwrap_or("").to_ascii_lowercase().as_str() {
        "success" => Outcome::Success,
        "failure" | "timeout" => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    if let Some((verb, kind)) = super::operation(record.said(own!("Activity")).unwrap_or("")) {
        event.says(verb, kind);
    }
    event.scope = Some(Scope::Item);
    let targets = [
        (own!("Target1Type"), own!("Target1UserPrincipalName"), own!("Target1DisplayName")),
        (own!("Target2Type"), own!("Target2UserPrincipalName"), own!("Target2DisplayName")),
    ];
    for (kind, user, name) in targets {
        if record.own(kind) == Some("User") {
            let user = record.said(user).or_else(|| record.said(name));
            event.target = event.target.take().or(user.map(Cow::Borrowed));
        } else {
            event.object = event.object.take().or(record.said(name).map(Cow::Borrowed));
        }
    }
    event.object = event.object.take().or(record.said(own!("Target1ObjectId")).map(Cow::Borrowed));
    event.link(Link::Activity, record.said(own!("CorrelationId")));
    event
}
