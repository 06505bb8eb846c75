//! What do the records of AWS CloudTrail say?
//!
//! Management and data events as CloudTrail delivers them (`{"Records":[…]}`), one a line, in an array,
//! wrapped by EventBridge (`detail`), by `lookup-events` (`CloudTrailEvent`), by Splunk (`_raw`). A call
//! that reads an object says that content was given, not where to: the address and the agent say that,
//! and `analysis` weighs them. Calls that one service makes for another carry a qualifier.

mod calls;
mod table;

use std::borrow::Cow;

use assize_model::Card;
use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Verb};

use crate::json::{Make, Own, Record, own};
use crate::m365;
use crate::made::{Layout, Made};
use crate::meaning::{Meaning, address};
pub(crate) use table::CLOUD_TRAIL_TABLE;

static CARD: Card = Card {
    name: "aws-cloudtrail",
    title: "AWS CloudTrail (JSON)",
    doc: "Management and data events: files of `Records`, one record a line, arrays, and records wrapped by \
          EventBridge, `lookup-events` or Splunk. The actor is the identity's ARN, the outcome follows from \
          `errorCode`, the access key is a link `token` on both sides of an AssumeRole. S3 objects are \
          `s3://bucket/key`. A service that calls for another is `background` and its name in place of an address \
          `front-end-address`. Calls that the table does not know are told by CloudTrail's `readOnly` and the \
          convention of their names.",
    example: r#"{"Records":[{"eventVersion":"1.09","eventTime":"2026-09-14T08:12:03Z","eventSource":"s3.amazonaws.com","eventName":"GetObject",…}]}"#,
    links: &[
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html",
    ],
    version: 1,
};

pub(crate) static MAKE: Make =
    Make { own: OWN, spliced: &["detail", "CloudTrailEvent", "_raw", "result", "result._raw"], meaning };

/// Every field that the spine is filled from.
const OWN: &[&str] = &[
    "additionalEventData.bytesTransferredIn",
    "additionalEventData.bytesTransferredOut",
    "awsRegion",
    "errorCode",
    "errorMessage",
    "eventID",
    "eventName",
    "eventSource",
    "eventTime",
    "eventType",
    "eventVersion",
    "readOnly",
    "requestID",
    "requestParameters.Range",
    "requestParameters.bucketName",
    "requestParameters.commandId",
    "requestParameters.createVolumePermission.add.items.group",
    "requestParameters.createVolumePermission.add.items.userId",
    "requestParameters.dBInstanceIdentifier",
    "requestParameters.dBSnapshotIdentifier",
    "requestParameters.documentName",
    "requestParameters.functionName",
    "requestParameters.groupId",
    "requestParameters.groupName",
    "requestParameters.imageId",
    "requestParameters.instanceId",
    "requestParameters.key",
    "requestParameters.keyId",
    "requestParameters.launchPermission.add.items.userId",
    "requestParameters.logGroupName",
    "requestParameters.name",
    "requestParameters.policyArn",
    "requestParameters.prefix",
    "requestParameters.range",
    "requestParameters.roleArn",
    "requestParameters.roleName",
    "requestParameters.secretId",
    "requestParameters.snapshotId",
    "requestParameters.tableName",
    "requestParameters.target",
    "requestParameters.trailName",
    "requestParameters.userName",
    "requestParameters.valuesToAdd",
    "requestParameters.volumeId",
    "resources.ARN",
    "responseElements.ConsoleLogin",
    "responseElements.credentials.accessKeyId",
    "sharedEventID",
    "sourceIPAddress",
    "userAgent",
    "userIdentity.accessKeyId",
    "userIdentity.arn",
    "userIdentity.invokedBy",
    "userIdentity.principalId",
    "userIdentity.type",
    "userIdentity.userName",
];

/// See the module's text.
pub(crate) static CLOUD_TRAIL: Made = Made {
    card: &CARD,
    family: "aws",
    proof: &[("management", "real"), ("data", "unproven"), ("eventbridge", "unproven")],
    make: &MAKE,
    layout: Layout::Records(93),
};

/// What a record says, if it is one of CloudTrail.
fn meaning(record: &Record) -> Option<Meaning<'_>> {
    let is_one = record.has(own!("eventVersion"))
        && record.has(own!("eventTime"))
        && record.has(own!("eventSource"))
        && (record.has(own!("awsRegion")) || record.has(own!("userIdentity.type")));
    if !is_one {
        return None;
    }
    let mut event = Meaning::of("aws/cloudtrail");
    event.set_time(record.own(own!("eventTime"))?, "no zone stated; UTC by CloudTrail's reference");
    event.actor = actor(record).map(Cow::Borrowed);
    let service = record.own(own!("eventSource")).unwrap_or("");
    let call = record.own(own!("eventName")).unwrap_or("");
    let reads = record.own(own!("readOnly")).and_then(|word| word.parse().ok());
    let (verb, kind, scope) = calls::of(service, call, reads);
    event.says(verb, kind);
    event.scope = Some(scope);
    set_object(&mut event, record, service);
    set_client(&mut event, record);
    event.outcome = outcome(&mut event, record);
    event.link(Link::Record, record.said(own!("eventID")));
    event.link(Link::Request, record.said(own!("requestID")));
    // The key that signed the call, and the one that it was given.
    event.link(Link::Token, record.said(own!("userIdentity.accessKeyId")));
    event.link(Link::Token, record.said(own!("responseElements.credentials.accessKeyId")));
    event.link(Link::Activity, record.said(own!("sharedEventID")));
    Some(event)
}

/// The ARN names account and session; where there is none, what there is.
fn actor(record: &Record) -> Option<&str> {
    let names = [
        own!("userIdentity.arn"),
        own!("userIdentity.userName"),
        own!("userIdentity.principalId"),
        own!("userIdentity.invokedBy"),
    ];
    names.into_iter().find_map(|name| record.said(name))
}

fn set_client(event: &mut Meaning<'_>, record: &Record) {
    let agent = record.said(own!("userAgent"));
    event.client = agent.and_then(m365::of_agent);
    let for_another = record.said(own!("userIdentity.invokedBy")).is_some()
        || record.own(own!("userIdentity.type")) == Some("AWSService");
    if for_another {
        event.client = Some(Client::Service);
        event.qualify(Qualifier::Background);
    }
    // In place of an address stands the name of the service that the call came through.
    let through = event
        .peer
        .as_deref()
        .is_some_and(|peer| peer.ends_with(".amazonaws.com") || peer.eq_ignore_ascii_case("AWS Internal"));
    if through {
        event.qualify(Qualifier::FrontEndAddress);
    }
}

/// What was acted upon, by the parameter that names it.
fn set_object<'a>(event: &mut Meaning<'a>, record: &'a Record, service: &str) {
    event.peer =
        record.said(own!("sourceIPAddress")).and_then(|text| Some(Cow::Owned(address(text)?.into_owned())));
    event.target = record.said(own!("requestParameters.userName")).map(Cow::Borrowed);
    let bucket = record.said(own!("requestParameters.bucketName"));
    if let (Some(bucket), true) = (bucket, service.starts_with("s3")) {
        let below = record
            .said(own!("requestParameters.key"))
            .or_else(|| record.said(own!("requestParameters.prefix")));
        event.object = Some(Cow::Owned(["s3://", bucket, "/", below.unwrap_or("")].concat()));
        event.bytes = number(record, own!("additionalEventData.bytesTransferredOut"))
            .filter(|_| event.verb == Verb::Read)
            .or_else(|| number(record, own!("additionalEventData.bytesTransferredIn")));
        let range =
            record.has(own!("requestParameters.Range")) || record.has(own!("requestParameters.range"));
        if range && event.verb == Verb::Read {
            event.qualify(Qualifier::Partial);
        }
        return;
    }
    const NAMED: [Own; 19] = [
        own!("requestParameters.secretId"),
        own!("requestParameters.roleArn"),
        own!("requestParameters.roleName"),
        own!("requestParameters.functionName"),
        own!("requestParameters.instanceId"),
        own!("requestParameters.snapshotId"),
        own!("requestParameters.volumeId"),
        own!("requestParameters.imageId"),
        own!("requestParameters.dBSnapshotIdentifier"),
        own!("requestParameters.dBInstanceIdentifier"),
        own!("requestParameters.tableName"),
        own!("requestParameters.keyId"),
        own!("requestParameters.logGroupName"),
        own!("requestParameters.trailName"),
        own!("requestParameters.target"),
        own!("requestParameters.name"),
        own!("requestParameters.policyArn"),
        own!("requestParameters.groupId"),
        own!("requestParameters.groupName"),
    ];
    let named = NAMED.into_iter().find_map(|name| record.said(name));
    let object = named.or_else(|| record.said(own!("resources.ARN")));
    let object = object.or_else(|| record.said(own!("requestParameters.documentName")));
    event.object = object.map(Cow::Borrowed).or_else(|| event.target.clone());
    if event.verb == Verb::Share {
        let whom = [
            own!("requestParameters.createVolumePermission.add.items.userId"),
            own!("requestParameters.createVolumePermission.add.items.group"),
            own!("requestParameters.launchPermission.add.items.userId"),
            own!("requestParameters.valuesToAdd"),
        ];
        event.target = whom.into_iter().find_map(|name| record.said(name)).map(Cow::Borrowed);
        if event.target.is_none() {
            // The call changes another attribute, or takes a share away.
            event.verb = Verb::PermissionChange;
        }
    }
    if event.object_kind == Some(ObjectKind::Application) && event.verb == Verb::Logon {
        event.object = Some(Cow::Borrowed("AWS Management Console"));
    }
}

/// Without an error code a call was carried out, but for a login, which says so itself.
fn outcome(event: &mut Meaning<'_>, record: &Record) -> Outcome {
    match record.said(own!("responseElements.ConsoleLogin")) {
        Some("Success") => return Outcome::Success,
        Some(_) => return Outcome::Failure,
        None => {}
    }
    let Some(code) = record.said(own!("errorCode")) else {
        return if record.said(own!("errorMessage")).is_some() { Outcome::Failure } else { Outcome::Success };
    };
    if code.ends_with("DryRunOperation") {
        // It would have been allowed; nothing was done.
        event.qualify(Qualifier::CheckOnly);
        return Outcome::Failure;
    }
    const REFUSED: [&str; 8] = [
        "AccessDenied",
        "UnauthorizedOperation",
        "Forbidden",
        "AuthFailure",
        "NotAuthorized",
        "UnauthorizedAccess",
        "AuthorizationError",
        "AllAccessDisabled",
    ];
    let refused = REFUSED.iter().any(|word| code.contains(word));
    if refused { Outcome::Denied } else { Outcome::Failure }
}

fn number(record: &Record, own: Own) -> Option<u64> {
    // CloudTrail writes counts as 120.0 too.
    let text = record.own(own)?;
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests;
