//! What do the records of Okta's System Log say?
//!
//! `LogEvent` objects as the interface gives them (an array, or one a line), as EventBridge wraps them
//! (`detail`) and as Splunk keeps them (`_raw`). Who was let in where, with which result; what an
//! administrator changed. That several records are steps of one sign-in is for `analysis` to know, by
//! the links.

use std::borrow::Cow;

use assize_model::Card;
use assize_model::spine::{Client, Link, ObjectKind, Outcome, Scope, Verb};

use crate::json::{Make, Own, Record, own};
use crate::m365;
use crate::made::{Layout, Made};
use crate::meaning::{Meaning, address};

static CARD: Card = Card {
    name: "okta",
    title: "Okta System Log (JSON)",
    doc: "Events of the System Log. The verb follows from `eventType`, the outcome from `outcome.result` (`CHALLENGE` and \
          `SKIPPED` are no ends: unknown). The session is `externalSessionId`, the request `requestId` or the \
          transaction. The first application among the targets is the object, the first user other than the actor \
          the target. Event types that are not listed are `other`.",
    example: r#"{"uuid":"…","published":"2026-09-14T08:12:03.123Z","eventType":"user.session.start","outcome":{"result":"SUCCESS"},…}"#,
    links: &[
        "https://developer.okta.com/docs/reference/api/system-log/",
        "https://developer.okta.com/docs/reference/api/event-types/",
    ],
    version: 1,
};

static MAKE: Make = Make { own: OWN, spliced: &["detail", "_raw", "result", "result._raw"], meaning };

const OWN: &[&str] = &[
    "actor.alternateId",
    "actor.displayName",
    "actor.id",
    "actor.type",
    "authenticationContext.externalSessionId",
    "client.device",
    "client.ipAddress",
    "client.userAgent.rawUserAgent",
    "debugContext.debugData.requestId",
    "displayMessage",
    "eventType",
    "outcome.result",
    "published",
    "target.alternateId",
    "target.displayName",
    "target.id",
    "target.type",
    "transaction.id",
    "uuid",
];

/// See the module's text.
pub(crate) static OKTA: Made = Made {
    card: &CARD,
    family: "okta",
    proof: &[("event", "vendor-sample")],
    make: &MAKE,
    layout: Layout::Records(91),
};

fn meaning(record: &Record) -> Option<Meaning<'_>> {
    let is_one = record.has(own!("eventType"))
        && record.has(own!("actor.alternateId"))
        && record.has(own!("outcome.result"))
        && (record.has(own!("published")) || record.has(own!("uuid")));
    if !is_one {
        return None;
    }
    let mut event = Meaning::of("okta/okta");
    if let Some(text) = record.said(own!("published")) {
        event.set_time(text, "no zone stated; UTC by Okta's reference");
    }
    let actor = [own!("actor.alternateId"), own!("actor.displayName"), own!("actor.id")];
    event.actor = actor
        .into_iter()
        .find_map(|name| record.said(name))
        .filter(|name| *name != "unknown")
        .map(Cow::Borrowed);
    let (verb, kind) = verb(record.own(own!("eventType")).unwrap_or(""));
    event.verb = verb;
    event.object_kind = kind;
    event.scope = Some(Scope::Item);
    targets(&mut event, record);
    event.outcome = match record.own(own!("outcome.result")).unwrap_or("") {
        "SUCCESS" | "ALLOW" => Outcome::Success,
        "DENY" => Outcome::Denied,
        "FAILURE" => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    event.peer = record.said(own!("client.ipAddress")).and_then(address);
    let by_agent = record.said(own!("client.userAgent.rawUserAgent")).and_then(m365::of_agent);
    let system = record.own(own!("actor.type")) == Some("SystemPrincipal");
    event.client = by_agent.or(system.then_some(Client::Service));
    event.link(Link::Record, record.said(own!("uuid")));
    event.link(
        Link::Session,
        record.said(own!("authenticationContext.externalSessionId")).filter(|id| *id != "unknown"),
    );
    event.link(Link::Request, record.said(own!("debugContext.debugData.requestId")));
    event.link(Link::Request, record.said(own!("transaction.id")).filter(|id| *id != "unknown"));
    Some(event)
}

fn targets<'a>(event: &mut Meaning<'a>, record: &'a Record) {
    let at = |own: Own, object: u32| {
        record.all(own).find(|(other, value)| *other == object && !value.is_empty()).map(|(_, text)| text)
    };
    for (object, kind) in record.all(own!("target.type")) {
        let name = at(own!("target.alternateId"), object).filter(|name| *name != "unknown");
        let shown = at(own!("target.displayName"), object);
        if matches!(kind, "User" | "AppUser") {
            let user = name.or(shown).filter(|user| event.actor.as_deref() != Some(*user));
            event.target = event.target.take().or(user.map(Cow::Borrowed));
        } else {
            event.object = event.object.take().or(shown.or(name).map(Cow::Borrowed));
            if kind == "AppInstance" {
                event.link(Link::Application, at(own!("target.id"), object));
            }
        }
    }
    event.object = event.object.take().or(event.target.clone());
}

/// By the type of the event; families share their beginning.
fn verb(event_type: &str) -> (Verb, Option<ObjectKind>) {
    const BY_NAME: &[(&str, Verb, ObjectKind)] = &[
        ("user.session.start", Verb::Logon, ObjectKind::Account),
        ("user.session.end", Verb::Logoff, ObjectKind::Account),
        ("user.session.impersonation.", Verb::Token, ObjectKind::Account),
        ("user.session.access_admin_app", Verb::Connect, ObjectKind::Application),
        ("user.authentication.sso", Verb::Logon, ObjectKind::Application),
        ("user.authentication.", Verb::Logon, ObjectKind::Account),
        ("policy.evaluate_sign_on", Verb::Other, ObjectKind::Account),
        ("app.oauth2.as.consent", Verb::Consent, ObjectKind::Application),
        ("app.oauth2.consent", Verb::Consent, ObjectKind::Application),
        ("app.oauth2.", Verb::Token, ObjectKind::Application),
        ("user.account.privilege.", Verb::PermissionChange, ObjectKind::Account),
        ("group.privilege.", Verb::PermissionChange, ObjectKind::Group),
        ("group.user_membership.", Verb::PermissionChange, ObjectKind::Group),
        ("group.application_assignment.", Verb::PermissionChange, ObjectKind::Application),
        ("application.user_membership.", Verb::PermissionChange, ObjectKind::Application),
        ("iam.resourceset.", Verb::PermissionChange, ObjectKind::Account),
        ("iam.role.", Verb::PermissionChange, ObjectKind::Account),
        ("user.lifecycle.create", Verb::Create, ObjectKind::Account),
        ("user.lifecycle.delete", Verb::Delete, ObjectKind::Account),
        ("user.lifecycle.", Verb::ConfigChange, ObjectKind::Account),
        ("user.account.", Verb::ConfigChange, ObjectKind::Account),
        ("user.mfa.factor.", Verb::ConfigChange, ObjectKind::Account),
        ("user.credential.", Verb::ConfigChange, ObjectKind::Account),
        ("system.api_token.create", Verb::Create, ObjectKind::Key),
        ("system.api_token.revoke", Verb::Delete, ObjectKind::Key),
        ("system.log_stream.", Verb::ConfigChange, ObjectKind::Log),
        ("system.idp.", Verb::ConfigChange, ObjectKind::Other),
        ("application.lifecycle.create", Verb::Create, ObjectKind::Application),
        ("application.lifecycle.delete", Verb::Delete, ObjectKind::Application),
        ("application.", Verb::ConfigChange, ObjectKind::Application),
        ("group.lifecycle.create", Verb::Create, ObjectKind::Group),
        ("group.lifecycle.delete", Verb::Delete, ObjectKind::Group),
        ("policy.", Verb::ConfigChange, ObjectKind::Other),
        ("zone.", Verb::ConfigChange, ObjectKind::Other),
        ("analytics.reports.export.download", Verb::Download, ObjectKind::Other),
    ];
    let found = BY_NAME.iter().find(|(begin, ..)| event_type.starts_with(begin));
    found.map_or((Verb::Other, None), |(_, verb, kind)| (*verb, Some(*kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events() {
        let event = |kind: &str, result: &str, targets: &str| {
            let text = format!(
                r#"{{"uuid":"u-1","published":"2026-09-14T08:12:03.123Z","eventType":"{kind}","displayMessage":"x","actor":{{"id":"a","type":"User","alternateId":"m.okafor@court.example"}},"client":{{"ipAddress":"203.0.113.7","userAgent":{{"rawUserAgent":"Mozilla/5.0"}}}},"authenticationContext":{{"externalSessionId":"s-1"}},"outcome":{{"result":"{result}"}},"target":[{targets}]}}"#
            );
            let mut record = Record::new(&[MAKE.own], MAKE.spliced);
            record.read(text.as_bytes()).unwrap();
            let event = meaning(&record).unwrap();
            let links: Vec<String> =
                event.links.iter().map(|(kind, value)| format!("{}={value}", kind.as_str())).collect();
            format!(
                "{} {} {:?} {:?} {}",
                event.verb.as_str(),
                event.outcome.as_str(),
                event.object.as_deref().unwrap_or(""),
                event.target.as_deref().unwrap_or(""),
                links.join(" ")
            )
        };
        let app = r#"{"id":"0oa1","type":"AppInstance","alternateId":"Registry","displayName":"Registry"},{"type":"AppUser","alternateId":"m.okafor@court.example"}"#;
        assert_eq!(
            event("user.authentication.sso", "SUCCESS", app),
            "logon success \"Registry\" \"\" application=0oa1 record=u-1 session=s-1"
        );
        let user = r#"{"type":"User","alternateId":"x@court.example"}"#;
        assert_eq!(
            event("user.account.privilege.grant", "SUCCESS", user),
            "permission-change success \"x@court.example\" \"x@court.example\" record=u-1 session=s-1"
        );
        assert!(event("user.session.start", "DENY", "").starts_with("logon denied"));
        assert!(event("policy.evaluate_sign_on", "CHALLENGE", "").starts_with("other unknown"));
        assert!(event("something.new", "SUCCESS", "").starts_with("other success"));
    }
}
