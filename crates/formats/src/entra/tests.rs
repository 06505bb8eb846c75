//! Every record here was written by us, after Microsoft's schemas.

use super::*;

fn told(text: &str) -> String {
    let mut record = Record::new(&[MAKE.own], MAKE.spliced);
    record.read(text.as_bytes()).unwrap();
    let event = meaning(&record).expect("a record of these logs");
    let mut parts = vec![event.source.to_string(), event.verb.as_str().to_owned()];
    parts.extend(event.object_kind.map(|kind| kind.as_str().to_owned()));
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
    parts.extend(event.qualifiers.iter().map(|qualifier| qualifier.as_str().to_owned()));
    parts.extend(event.links.iter().map(|(kind, value)| format!("{}={value}", kind.as_str())));
    assert_eq!(event.time.unwrap().to_string(), "2026-09-14T08:12:03Z");
    parts.join(" ")
}

const SIGN_IN: &str = r#""id":"r-1","createdDateTime":"2026-09-14T08:12:03Z","userPrincipalName":"m.okafor@court.example","appId":"app-1","appDisplayName":"OfficeHome","ipAddress":"203.0.113.7:4242","clientAppUsed":"Browser","correlationId":"c-1","sessionId":"s-1","uniqueTokenIdentifier":"t-1","deviceDetail":{"deviceId":"d-1","displayName":""}"#;

#[test]
fn sign_ins() {
    let sign_in = |more: &str| format!("{{{SIGN_IN},{more}}}");
    let rest = "object=OfficeHome actor=m.okafor@court.example peer=203.0.113.7 client=browser device=d-1 \
                record=r-1 session=s-1 token=t-1 request=r-1 activity=c-1 application=app-1";
    let code = |code: u32| told(&sign_in(&format!(r#""status":{{"errorCode":{code}}}"#)));
    assert_eq!(code(0), format!("entra/signin logon application success {rest}"));
    assert_eq!(code(50126), format!("entra/signin logon application failure {rest}"));
    assert_eq!(code(50074), format!("entra/signin logon application failure {rest}"));
    assert_eq!(code(53003), format!("entra/signin logon application denied {rest}"));
    let quiet = sign_in(
        r#""status":{"errorCode":0},"isInteractive":false,"signInEventTypes":["nonInteractiveUser"]"#,
    );
    assert_eq!(told(&quiet), format!("entra/signin token application success {rest}"));
    // The same by Azure Monitor.
    let monitor = format!(
        r#"{{"time":"2026-09-14T08:12:05Z","category":"SignInLogs","operationName":"Sign-in activity","resultType":"0","properties":{{{SIGN_IN},"status":{{"errorCode":0}}}}}}"#
    );
    assert_eq!(told(&monitor), format!("entra/signin logon application success {rest}"));
}

#[test]
fn programs_sign_in_too() {
    let text = r#"{"time":"2026-09-14T08:12:03Z","category":"ServicePrincipalSignInLogs","operationName":"Sign-in activity","properties":{"createdDateTime":"2026-09-14T08:12:03Z","servicePrincipalName":"backup","appId":"a","status":{"errorCode":7000215},"ipAddress":"20.190.129.1"}}"#;
    assert_eq!(
        told(text),
        "entra/signin logon application failure actor=backup peer=20.190.129.1 client=api front-end-address application=a"
    );
}

#[test]
fn audits() {
    let audit = |activity: &str, targets: &str| {
        told(&format!(
            r#"{{"id":"r","activityDateTime":"2026-09-14T08:12:03Z","activityDisplayName":"{activity}","result":"success","initiatedBy":{{"app":null,"user":{{"id":"u","userPrincipalName":"m.okafor@court.example","ipAddress":"203.0.113.7"}}}},"targetResources":[{targets}],"additionalDetails":[{{"key":"AppId","value":"app-7"}}]}}"#
        ))
    };
    let who = "actor=m.okafor@court.example";
    assert_eq!(
        audit(
            "Consent to application",
            r#"{"id":"sp","displayName":"Mail Helper","type":"ServicePrincipal","modifiedProperties":[]}"#
        ),
        format!(
            "entra/audit consent application success object=Mail Helper {who} peer=203.0.113.7 record=r application=app-7"
        )
    );
    assert_eq!(
        audit(
            "Add member to role",
            r#"{"id":"u2","type":"User","userPrincipalName":"x@court.example","modifiedProperties":[{"displayName":"Role.DisplayName","oldValue":null,"newValue":"\"Global Administrator\""}]}"#
        ),
        format!(
            "entra/audit permission-change account success object=Global Administrator {who} target=x@court.example peer=203.0.113.7 record=r application=app-7"
        )
    );
    assert!(
        audit("Something new", r#"{"id":"g","displayName":"G","type":"Group"}"#)
            .starts_with("entra/audit other success object=G")
    );
}

#[test]
fn graph_and_azure() {
    let graph = r#"{"time":"2026-09-14T08:12:03Z","category":"MicrosoftGraphActivityLogs","operationName":"Microsoft Graph Activity","properties":{"requestId":"q","requestUri":"https://graph.microsoft.com/v1.0/users/a/messages","requestMethod":"GET","responseStatusCode":403,"ipAddress":"203.0.113.7","appId":"app-7","userId":"u","signInActivityId":"t-1"}}"#;
    assert_eq!(
        told(graph),
        "graph/activity read message denied object=https://graph.microsoft.com/v1.0/users/a/messages actor=u peer=203.0.113.7 client=api record=q request=q token=t-1 application=app-7"
    );
    let azure = r#"{"time":"2026-09-14T08:12:03Z","resourceId":"/SUBSCRIPTIONS/1/X","operationName":"MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION","category":"Administrative","resultType":"Success","callerIpAddress":"203.0.113.7","identity":{"claims":{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"m.okafor@court.example","appid":"app-7"}}}"#;
    assert_eq!(
        told(azure),
        "azure/activitylogs read key success object=/SUBSCRIPTIONS/1/X actor=m.okafor@court.example peer=203.0.113.7 application=app-7"
    );
}

#[test]
fn what_is_nearly_a_record_of_these_logs_is_none() {
    for text in [
        r#"{"createdDateTime":"2026-09-14T08:12:03Z","userPrincipalName":"x","status":"ok"}"#,
        r#"{"time":"2026-09-14T08:12:03Z","category":"gossip","operationName":"talk"}"#,
        r#"{"activityDisplayName":"x","result":"success"}"#,
    ] {
        let mut record = Record::new(&[MAKE.own], MAKE.spliced);
        record.read(text.as_bytes()).unwrap();
        assert!(meaning(&record).is_none(), "{text}");
    }
}
