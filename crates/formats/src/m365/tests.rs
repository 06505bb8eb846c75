//! Every record here was written by us, after Microsoft's schema.

use super::*;

/// What the test asks about, told in one line.
fn told(text: &str) -> String {
    let mut record = Record::new(&[MAKE.own], MAKE.spliced);
    record.read(text.as_bytes()).unwrap();
    let event = meaning(&record).expect("a record of the unified audit");
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
    parts.extend(event.device.map(|device| format!("device={device}")));
    parts.extend(event.count.map(|count| format!("count={count}")));
    parts.extend(event.bytes.map(|bytes| format!("bytes={bytes}")));
    parts.extend(event.qualifiers.iter().map(|qualifier| qualifier.as_str().to_owned()));
    parts.extend(
        event
            .links
            .iter()
            .filter(|(kind, _)| *kind != Link::Record)
            .map(|(kind, value)| format!("{}={value}", kind.as_str())),
    );
    parts.join(" ")
}

/// A record with what every record has, and more.
fn record(operation: &str, workload: &str, more: &str) -> String {
    format!(
        r#"{{"CreationTime":"2026-09-14T08:12:03","Id":"r-1","Operation":"{operation}","RecordType":50,"UserId":"m.okafor@court.example","Workload":"{workload}"{more}}}"#
    )
}

const OWNER: &str = r#","MailboxOwnerUPN":"d.kessandor@court.example","ResultStatus":"Succeeded""#;

fn access(kind: &str, throttled: &str, more: &str) -> String {
    let properties = format!(
        r#","OperationProperties":[{{"Name":"MailAccessType","Value":"{kind}"}},{{"Value":"{throttled}","Name":"IsThrottled"}}]"#
    );
    record("MailItemsAccessed", "Exchange", &format!("{OWNER}{properties}{more}"))
}

#[test]
fn bind_names_its_messages() {
    let two = r#","Folders":[{"FolderItems":[{"Id":"i1","InternetMessageId":"<a@x>"},{"Id":"i2","InternetMessageId":"<b@x>"}],"Path":"\\Inbox"}],"OperationCount":2,
        "ClientIPAddress":"[::ffff:203.0.113.7]:51000","ClientInfoString":"Client=OWA;Mozilla/5.0","SessionId":"s-1""#;
    assert_eq!(
        told(&access("Bind", "False", two)),
        "read message item success actor=m.okafor@court.example target=d.kessandor@court.example peer=203.0.113.7 \
         client=browser count=2 aggregated session=s-1 message=<a@x> message=<b@x>"
    );
    let one = r#","Folders":[{"FolderItems":[{"InternetMessageId":"<a@x>","Id":"i1"}],"Path":"\\Inbox"}]"#;
    assert!(told(&access("Bind", "True", one)).contains("object=<a@x> "), "a single one is the object");
    assert!(told(&access("Bind", "True", one)).contains("count=1 throttled message=<a@x>"));
    let unnamed = r#","Folders":[{"FolderItems":[{"Id":"i1"},{"Id":"i2","InternetMessageId":""}]}]"#;
    let unnamed = told(&access("Bind", "False", unnamed));
    assert!(
        unnamed.contains("count=2") && !unnamed.contains("message="),
        "two that are not named: {unnamed}"
    );
}

#[test]
fn sync_names_its_folder_or_nothing() {
    let folder = r#","Item":{"Id":"f","ParentFolder":{"Id":"f","Path":"\\Inbox\\Witnesses","Name":"Witnesses"}},"ClientInfoString":"Client=MSExchangeRPC""#;
    assert_eq!(
        told(&access("Sync", "False", folder)),
        "sync folder container success object=\\Inbox\\Witnesses actor=m.okafor@court.example \
         target=d.kessandor@court.example client=desktop"
    );
    assert!(
        told(&access("Sync", "False", ""))
            .starts_with("sync mailbox container success object=d.kessandor@court.example")
    );
}

#[test]
fn background_services_have_no_session() {
    let system = r#","ClientInfoString":"Client=REST;Client=RESTSystem;;","ClientIPAddress":"2603:10b6:930:3d::7","AppId":"app-1""#;
    let text = told(&access("Bind", "False", system));
    assert!(
        text.contains("client=service front-end-address throttled")
            || text.contains("client=service front-end-address background"),
        "{text}"
    );
    let text = told(&access(
        "Bind",
        "False",
        &format!(
            r#"{system},"AppAccessContext":{{"AADSessionId":"s-2","UniqueTokenId":"t-2","ClientAppId":"app-1"}}"#
        ),
    ));
    assert!(text.contains("client=api front-end-address session=s-2 token=t-2 application=app-1"), "{text}");
}

#[test]
fn files() {
    let file = |operation: &str| {
        told(&record(
            operation,
            "SharePoint",
            r#","ItemType":"File","ObjectId":"https://court.example/a.docx","FileSizeBytes":120,"UserAgent":"Mozilla/5.0","ClientIP":"203.0.113.7""#,
        ))
    };
    let same = "object=https://court.example/a.docx actor=m.okafor@court.example peer=203.0.113.7";
    assert_eq!(file("FileAccessed"), format!("read file item success {same} client=browser"));
    assert_eq!(
        file("FileAccessedExtended"),
        format!("read file item success {same} client=browser aggregated")
    );
    assert_eq!(file("FilePreviewed"), format!("read file item success {same} client=browser preview"));
    assert_eq!(file("FileDownloaded"), format!("download file item success {same} client=browser bytes=120"));
    assert_eq!(
        file("FileSyncDownloadedPartial"),
        format!("download file item success {same} client=sync bytes=120 partial")
    );
    assert_eq!(file("FileUploaded"), format!("create file item success {same} client=browser"));
    let share = record(
        "AddedToSecureLink",
        "OneDrive",
        r#","ItemType":"Folder","ObjectId":"https://court.example/f","TargetUserOrGroupName":"x@outside.example""#,
    );
    assert_eq!(
        told(&share),
        "share folder container success object=https://court.example/f actor=m.okafor@court.example target=x@outside.example"
    );
}

#[test]
fn rules_that_send_mail_on() {
    let rule = |more: &str| {
        record(
            "New-InboxRule",
            "Exchange",
            &format!(
                r#","ResultStatus":"True","ObjectId":"d.kessandor@court.example\\x","Parameters":[{{"Name":"Name","Value":"x"}}{more}]"#
            ),
        )
    };
    assert_eq!(
        told(&rule(r#",{"Name":"ForwardTo","Value":"smtp:z@outside.example"}"#)),
        "forward mailbox container success object=d.kessandor@court.example actor=m.okafor@court.example target=z@outside.example"
    );
    assert!(
        told(&rule(r#",{"Name":"DeleteMessage","Value":"True"}"#))
            .starts_with("config-change other item success object=d.kessandor@court.example\\x")
    );
    let whole = |value: &str| {
        told(&record(
            "Set-Mailbox",
            "Exchange",
            &format!(
                r#","ResultStatus":"True","Parameters":[{{"Name":"Identity","Value":"d.kessandor"}},{{"Name":"ForwardingSmtpAddress","Value":"{value}"}}]"#
            ),
        ))
    };
    assert!(
        whole("smtp:z@outside.example").starts_with("forward mailbox container success object=d.kessandor ")
    );
    assert!(whole("").starts_with("config-change mailbox item success"), "forwarding taken away");
    let outlook = record(
        "UpdateInboxRules",
        "Exchange",
        &format!(
            r#"{OWNER},"OperationProperties":[{{"Name":"RuleActions","Value":"[{{\"ActionType\":\"Forward\",\"Recipients\":[\"z@outside.example\"]}}]"}}]"#
        ),
    );
    assert!(told(&outlook).contains("forward mailbox container success object=d.kessandor@court.example"));
    assert!(told(&outlook).contains("target=z@outside.example"));
    let audit = record(
        "Set-Mailbox",
        "Exchange",
        r#","ResultStatus":"True","Parameters":[{"Name":"AuditEnabled","Value":"False"}]"#,
    );
    assert!(told(&audit).starts_with("config-change log item success"));
}

#[test]
fn rights_consent_exports_and_sign_ins() {
    let right = record(
        "Add-MailboxPermission",
        "Exchange",
        r#","ResultStatus":"True","Parameters":[{"Name":"Identity","Value":"registry"},{"Name":"User","Value":"x"},{"Name":"AccessRights","Value":"FullAccess"}]"#,
    );
    assert_eq!(
        told(&right),
        "permission-change mailbox item success object=registry actor=m.okafor@court.example target=x"
    );
    let consent = record(
        "Consent to application.",
        "AzureActiveDirectory",
        r#","ResultStatus":"Success","ObjectId":"app-7","Target":[{"ID":"Mail Helper","Type":1},{"ID":"app-7","Type":2}]"#,
    );
    assert_eq!(
        told(&consent),
        "consent application success object=Mail Helper actor=m.okafor@court.example application=app-7"
    );
    let export = record(
        "New-ComplianceSearchAction",
        "SecurityComplianceCenter",
        r#","ResultStatus":"True","Parameters":[{"Name":"SearchName","Value":"all"},{"Name":"Export","Value":"True"}]"#,
    );
    assert!(
        told(&export).starts_with("export mailbox container unknown object=all"),
        "asked for is not done"
    );
    let failed = record(
        "UserLoginFailed",
        "AzureActiveDirectory",
        r#","ResultStatus":"Success","ErrorNumber":"50126","LogonError":"InvalidUserNameOrPassword""#,
    );
    assert!(told(&failed).starts_with("logon application item failure"), "whatever ResultStatus says");
    let blocked = record(
        "UserLoginFailed",
        "AzureActiveDirectory",
        r#","ResultStatus":"Success","ErrorNumber":"53003""#,
    );
    assert!(told(&blocked).starts_with("logon application item denied"));
    assert!(
        told(&record("Set-AdminAuditLogConfig", "Exchange", r#","ResultStatus":"True""#))
            .starts_with("config-change log item success")
    );
    assert!(
        told(&record(
            "HardDelete",
            "Exchange",
            &format!(r#"{OWNER},"AffectedItems":[{{"Id":"i","InternetMessageId":"<a@x>"}}]"#)
        ))
        .starts_with("delete message item success object=<a@x>")
    );
    assert!(told(&record("Something New", "Exchange", "")).starts_with("other unknown"));
}

#[test]
fn a_record_is_the_same_however_it_comes() {
    let bare = access("Sync", "False", "");
    let inner = serde_json::to_string(&bare).unwrap();
    for text in [
        format!(
            r#"{{"RecordType":50,"CreationDate":"2026-09-14T08:12:03Z","UserIds":"m","Operations":"MailItemsAccessed","AuditData":{inner}}}"#
        ),
        format!(
            r#"{{"id":"g","createdDateTime":"2026-09-14T08:12:03Z","operation":"MailItemsAccessed","auditData":{bare}}}"#
        ),
        format!(r#"{{"preview":false,"result":{{"_raw":{inner},"sourcetype":"o365:management:activity"}}}}"#),
    ] {
        assert_eq!(told(&text), told(&bare), "{text}");
    }
}

#[test]
fn time_is_assumed_unless_something_confirms_it() {
    let assumed = |text: &str| {
        let mut record = Record::new(&[MAKE.own], MAKE.spliced);
        record.read(text.as_bytes()).unwrap();
        let event = meaning(&record).unwrap();
        (event.time.unwrap().to_string(), event.time_assumed.is_some())
    };
    let at = |time: &str| (time.to_owned(), true);
    assert_eq!(assumed(&record("Send", "Exchange", "")), at("2026-09-14T08:12:03Z"));
    let wrapped =
        |date: &str| format!(r#"{{"CreationDate":"{date}","AuditData":{}}}"#, record("Send", "Exchange", ""));
    assert_eq!(assumed(&wrapped("2026-09-14T08:12:03.0000000Z")), ("2026-09-14T08:12:03Z".into(), false));
    assert_eq!(assumed(&wrapped("2026-09-14T10:12:03.0000000Z")), at("2026-09-14T08:12:03Z"));
}

#[test]
fn a_cut_record_keeps_what_stands_beside_it() {
    let text = r#"{"RecordType":"50","CreationDate":"2026-09-14T08:12:03Z","UserIds":"m","Operations":"MailItemsAccessed","AuditData":"{\"CreationTime\":\"2026-09"}"#;
    assert_eq!(told(text), "other mailbox item unknown actor=m");
}
