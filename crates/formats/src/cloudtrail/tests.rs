//! Every record here was written by us, after AWS's reference.

use super::*;

fn told(text: &str) -> String {
    let mut record = Record::new(&[MAKE.own], MAKE.spliced);
    record.read(text.as_bytes()).unwrap();
    let event = meaning(&record).expect("a record of CloudTrail");
    assert_eq!(event.time.unwrap().to_string(), "2026-09-14T08:12:03Z");
    let mut parts = vec![event.verb.as_str().to_owned()];
    parts.extend(event.object_kind.map(|kind| kind.as_str().to_owned()));
    parts.extend(event.scope.map(|scope| scope.as_str().to_owned()));
    parts.push(event.outcome.as_str().to_owned());
    let texts = [
        ("object", &event.object),
        ("actor", &event.actor),
        ("target", &event.target),
        ("peer", &event.peer),
    ];
    parts.extend(texts.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_deref()?))));
    parts.extend(event.client.map(|client| format!("client={}", client.as_str())));
    parts.extend(event.bytes.map(|bytes| format!("bytes={bytes}")));
    parts.extend(event.qualifiers.iter().map(|qualifier| qualifier.as_str().to_owned()));
    parts.extend(event.links.iter().map(|(kind, value)| format!("{}={value}", kind.as_str())));
    parts.join(" ")
}

fn call(service: &str, name: &str, more: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::1:user/m","accessKeyId":"AKIAX"}},"eventTime":"2026-09-14T08:12:03Z","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7","userAgent":"aws-cli/2.15","eventID":"e"{more}}}"#
    )
}

const WHO: &str = "actor=arn:aws:iam::1:user/m";

#[test]
fn objects_of_s3() {
    let get = r#","readOnly":true,"requestParameters":{"bucketName":"holdings","key":"b/1.pdf"},"additionalEventData":{"bytesTransferredOut":120.0,"bytesTransferredIn":0}"#;
    let rest = format!("object=s3://holdings/b/1.pdf {WHO} peer=203.0.113.7 client=api bytes=120");
    assert_eq!(
        told(&call("s3", "GetObject", get)),
        format!("read file item success {rest} record=e token=AKIAX")
    );
    let denied = format!(r#"{get},"errorCode":"AccessDenied","errorMessage":"Access Denied""#);
    assert!(told(&call("s3", "GetObject", &denied)).starts_with("read file item denied"));
    let missing = format!(r#"{get},"errorCode":"NoSuchKey""#);
    assert!(told(&call("s3", "GetObject", &missing)).starts_with("read file item failure"));
    let list = r#","readOnly":true,"requestParameters":{"bucketName":"holdings","prefix":"b/"}"#;
    assert!(
        told(&call("s3", "ListObjects", list))
            .starts_with("list folder container success object=s3://holdings/b/ ")
    );
}

#[test]
fn who_gets_what() {
    let role = r#","readOnly":true,"requestParameters":{"roleArn":"arn:aws:iam::2:role/r"},"responseElements":{"credentials":{"accessKeyId":"ASIAY"}}"#;
    assert_eq!(
        told(&call("sts", "AssumeRole", role)),
        format!(
            "token account item success object=arn:aws:iam::2:role/r {WHO} peer=203.0.113.7 client=api record=e token=AKIAX token=ASIAY"
        )
    );
    let share = r#","readOnly":false,"requestParameters":{"snapshotId":"snap-1","createVolumePermission":{"add":{"items":[{"userId":"9"}]}}}"#;
    assert!(
        told(&call("ec2", "ModifySnapshotAttribute", share))
            .starts_with(&format!("share other container success object=snap-1 {WHO} target=9"))
    );
    let back = r#","readOnly":false,"requestParameters":{"snapshotId":"snap-1","createVolumePermission":{"remove":{"items":[{"userId":"9"}]}}}"#;
    assert!(
        told(&call("ec2", "ModifySnapshotAttribute", back))
            .starts_with("permission-change other container success")
    );
    let login = r#","responseElements":{"ConsoleLogin":"Failure"},"errorMessage":"Failed authentication""#;
    assert!(
        told(&call("signin", "ConsoleLogin", login))
            .starts_with("logon application item failure object=AWS Management Console")
    );
    let dry = r#","readOnly":false,"errorCode":"Client.DryRunOperation""#;
    assert!(
        told(&call("ec2", "RunInstances", dry)).contains("create host item failure")
            && told(&call("ec2", "RunInstances", dry)).contains("check-only")
    );
}

#[test]
fn services_call_for_others() {
    let text = r#"{"eventVersion":"1.09","userIdentity":{"type":"AWSService","invokedBy":"backup.amazonaws.com"},"eventTime":"2026-09-14T08:12:03Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"eu-west-1","sourceIPAddress":"backup.amazonaws.com","userAgent":"backup.amazonaws.com","readOnly":true}"#;
    assert_eq!(
        told(text),
        "read key item success actor=backup.amazonaws.com peer=backup.amazonaws.com client=service background front-end-address"
    );
}

#[test]
fn a_record_is_the_same_however_it_comes() {
    let bare = call("iam", "CreateUser", r#","readOnly":false,"requestParameters":{"userName":"x"}"#);
    let inner = serde_json::to_string(&bare).unwrap();
    for text in [
        format!(
            r#"{{"version":"0","id":"i","detail-type":"AWS API Call via CloudTrail","source":"aws.iam","time":"2026-09-14T08:12:09Z","detail":{bare}}}"#
        ),
        format!(r#"{{"EventId":"e","EventName":"CreateUser","CloudTrailEvent":{inner}}}"#),
    ] {
        assert_eq!(told(&text), told(&bare), "{text}");
    }
}
