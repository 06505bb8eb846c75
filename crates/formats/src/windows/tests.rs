//! What does each kind of record say in the spine? The worked cases of the grades' page first, by
//! their numbers there, then the rest.

use assize_model::Range;

use super::*;

const AUDIT: &str = "Microsoft-Windows-Security-Auditing";
const SUCCESS: &str = "0x8020000000000000";
const FAILURE: &str = "0x8010000000000000";

fn event(provider: &str, id: u32, own: &[(&str, &str)]) -> Event {
    let mut event = Event::at(Range { offset: 0, length: 1 }, "");
    let id = id.to_string();
    let frame = [("Provider_Name", provider), ("EventID", &id), ("Computer", "FS01"), ("Channel", "C")];
    let fields = frame.iter().chain(own);
    event.fields = fields.map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
    fill_spine(&mut event);
    event
}

/// Verb, kind of object, outcome and qualifiers; then the object.
fn told(provider: &str, id: u32, own: &[(&str, &str)]) -> String {
    let event = event(provider, id, own);
    let kind = event.object_kind.map_or("–", ObjectKind::as_str);
    let qualifiers: Vec<&str> = event.qualifiers.iter().map(|one| one.as_str()).collect();
    let words = [event.verb.as_str(), kind, event.outcome.as_str(), &qualifiers.join("+")].join(" ");
    format!("{} | {}", words.trim_end(), event.object.as_deref().unwrap_or("–"))
}

fn accessed(id: u32, name: &str, mask: &str) -> String {
    let own = [("ObjectType", "File"), ("ObjectName", name), ("AccessMask", mask), ("Keywords", SUCCESS)];
    told(AUDIT, id, &own)
}

#[test]
fn cases_1_2_and_6_a_right_was_used() {
    // 1, 2: whether it was a file the record does not say; the register or a join with others may.
    assert_eq!(accessed(4663, "D:\\W\\a.docx", "0x1"), "read unknown success | D:\\W\\a.docx");
    // 6: what the record itself shows to be a folder.
    assert_eq!(accessed(4663, "D:\\W\\", "0x1"), "list folder success | D:\\W\\");
    assert_eq!(accessed(4663, "D:\\W", "0x40"), "delete folder unknown | D:\\W");
    // Several acts in one record: the gravest, and that there are more.
    assert_eq!(accessed(4663, "D:\\W\\a", "0x3"), "read unknown success aggregated | D:\\W\\a");
    // Attributes are no content.
    assert_eq!(accessed(4663, "D:\\W\\a", "0x80"), "list unknown success | D:\\W\\a");
    // The right to delete is used for renaming too.
    assert_eq!(accessed(4663, "D:\\W\\a", "0x10000"), "delete unknown unknown | D:\\W\\a");
}

#[test]
fn case_3_a_handle_is_a_check() {
    assert_eq!(accessed(4656, "D:\\W\\a", "0x120089"), "read unknown success check-only | D:\\W\\a");
    assert_eq!(
        accessed(4656, "D:\\W\\a", "0x1f01ff"),
        "read unknown success check-only+aggregated | D:\\W\\a"
    );
    let refused = [("ObjectType", "File"), ("ObjectName", "a"), ("AccessMask", "0x1"), ("Keywords", FAILURE)];
    assert_eq!(told(AUDIT, 4656, &refused), "read unknown denied check-only | a");
}

#[test]
fn cases_4_and_5_shares() {
    let checked = |share: &str, below: &str, mask: &str| {
        let own = [
            ("ShareName", share),
            ("RelativeTargetName", below),
            ("AccessMask", mask),
            ("Keywords", SUCCESS),
        ];
        told(AUDIT, 5145, &own)
    };
    assert_eq!(
        checked("\\\\*\\Registry", "W\\a.docx", "0x120089"),
        "read unknown success check-only | \\\\FS01\\Registry\\W\\a.docx"
    );
    assert_eq!(
        checked("\\\\*\\Registry", "\\", "0x100081"),
        "list folder success check-only | \\\\FS01\\Registry"
    );
    assert_eq!(
        checked("\\\\*\\IPC$", "srvsvc", "0x12019f").split(" |").next(),
        Some("connect pipe success check-only+aggregated")
    );
    let connected = [("ShareName", "\\\\*\\Registry"), ("Keywords", SUCCESS)];
    assert_eq!(told(AUDIT, 5140, &connected), "connect share success | \\\\FS01\\Registry");
    assert_eq!(told(AUDIT, 5140, &[("Keywords", FAILURE)]), "connect share denied | –");
}

#[test]
fn case_27_a_copy_of_the_directory_database() {
    let replicated = |rights: &str| {
        let own = [
            ("ObjectName", "%{77f4548a-5e9d-4649-89f9-a0177c722361}"),
            ("AccessMask", "0x100"),
            ("Properties", rights),
            ("Keywords", SUCCESS),
        ];
        told(AUDIT, 4662, &own).split(" |").next().map(str::to_owned).unwrap()
    };
    let all = "%%7688\r\n\t\t{1131F6AD-9c07-11d1-f79f-00c04fc2dcd2}\r\n";
    assert_eq!(replicated(all), "clone directory-database success");
    let without_secrets = "%%7688\r\n\t\t{1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}";
    assert_eq!(replicated(without_secrets), "clone directory-database success partial");
    assert_eq!(replicated("%%7688\r\n\t\t{00299570-246d-11d0-a768-00aa006e0529}"), "other other success");
    let secret = [("ObjectServer", "LSA"), ("ObjectName", "Policy\\Secrets\\S"), ("AccessMask", "0x2")];
    assert_eq!(told(AUDIT, 4662, &secret), "read key unknown | Policy\\Secrets\\S");
    let data = [("Data", "NTDS"), ("Data", "3392"), ("Data", "C:\\x\\Active Directory\\ntds.dit")];
    assert_eq!(
        told("ESENT", 325, &data),
        "clone directory-database success | C:\\x\\Active Directory\\ntds.dit"
    );
}

#[test]
fn cases_30_and_32_paper_and_media() {
    let job = [
        ("Param1", "7"),
        ("Param2", "statement.docx"),
        ("Param3", "m.okafor"),
        ("Param4", "\\\\WS07"),
        ("Param5", "PRN-2"),
        ("Param7", "90112"),
        ("Param8", "3"),
    ];
    assert_eq!(told("Microsoft-Windows-PrintService", 307, &job), "print other success | statement.docx");
    let job = event("Microsoft-Windows-PrintService", 307, &job);
    assert_eq!(
        (job.peer.as_deref(), job.device.as_deref(), job.bytes),
        (Some("PRN-2"), Some("\\\\WS07"), Some(90112))
    );
    let stick = [("DeviceId", "USBSTOR\\Disk&Ven_X\\1"), ("Keywords", SUCCESS)];
    assert_eq!(told(AUDIT, 6416, &stick), "connect medium success | USBSTOR\\Disk&Ven_X\\1");
    let disk =
        |size| told("Microsoft-Windows-Partition", 1006, &[("ParentId", "USB\\V"), ("Capacity", size)]);
    assert_eq!(disk("64000000"), "connect medium success | USB\\V");
    assert_eq!(disk("0"), "other medium success | USB\\V");
}

/// The handle of 4656, 4663, 4660 and 4658 is one only within its process.
#[test]
fn handles_and_processes_are_written_alike() {
    let own = [
        ("HandleId", "0x00001B8"),
        ("ProcessId", "0x4d8"),
        ("SubjectLogonId", "0x16184E8"),
        ("EventRecordID", "9"),
    ];
    for id in [4656, 4663, 4660, 4658] {
        let links = event(AUDIT, id, &own).links;
        let expected = [
            (Link::Record, "9"),
            (Link::Logon, "0x16184e8"),
            (Link::Handle, "0x1b8"),
            (Link::ProcessId, "1240"),
        ];
        assert_eq!(links, expected.map(|(kind, value)| (kind, value.to_owned())), "{id}");
    }
    let sysmon = [
        ("ProcessGuid", "{2D9B1C52-4001-6902-0000-000000000300}"),
        ("ProcessId", "1240"),
        ("LogonId", "0x3e7"),
    ];
    let links = event("Microsoft-Windows-Sysmon", 1, &sysmon).links;
    assert!(links.contains(&(Link::ProcessId, "1240".into())), "{links:?}");
    assert!(links.contains(&(Link::Process, "{2d9b1c52-4001-6902-0000-000000000300}".into())), "{links:?}");
    let made = [("NewProcessId", "0x1fc"), ("ProcessId", "0x278"), ("TargetLogonId", "0x0")];
    let links = event(AUDIT, 4688, &made).links;
    let expected = [(Link::ProcessId, "508"), (Link::ParentProcessId, "632")];
    assert_eq!(links, expected.map(|(kind, value)| (kind, value.to_owned())));
}

#[test]
fn logons() {
    let own = [
        ("SubjectUserName", "FS01$"),
        ("SubjectDomainName", "COURT"),
        ("SubjectLogonId", "0x3e7"),
        ("TargetUserName", "m.okafor"),
        ("TargetDomainName", "COURT"),
        ("TargetLogonId", "0x5a1"),
        ("TargetLinkedLogonId", "0x5a2"),
        ("LogonGuid", "{00000000-0000-0000-0000-000000000000}"),
        ("LogonType", "10"),
        ("IpAddress", "::ffff:10.0.4.17"),
        ("WorkstationName", "WS07"),
        ("Keywords", SUCCESS),
    ];
    let on = event(AUDIT, 4624, &own);
    assert_eq!((on.actor.as_deref(), on.target.as_deref()), (Some("COURT\\m.okafor"), None));
    assert_eq!((on.peer.as_deref(), on.device.as_deref()), (Some("10.0.4.17"), Some("WS07")));
    assert_eq!(on.client, Some(Client::Desktop));
    let kinds: Vec<Link> = on.links.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [Link::Logon, Link::TargetLogon, Link::LinkedLogon]);
    assert_eq!(told(AUDIT, 4625, &[("Keywords", FAILURE)]), "logon – failure | –");
    // Credentials were tried; the keyword is always "success".
    assert_eq!(told(AUDIT, 4648, &[("Keywords", SUCCESS)]), "logon – unknown | –");
    assert_eq!(
        told(AUDIT, 4768, &[("ServiceName", "krbtgt"), ("Status", "0x0")]),
        "token account success | krbtgt"
    );
    assert_eq!(
        told(AUDIT, 4768, &[("ServiceName", "krbtgt"), ("Status", "0x00000006")]),
        "token account failure | krbtgt"
    );
    assert_eq!(told(AUDIT, 4776, &[("Status", "0xc000006a")]), "token – failure | –");
    let upn =
        event(AUDIT, 4769, &[("TargetUserName", "m@COURT.EXAMPLE"), ("TargetDomainName", "COURT.EXAMPLE")]);
    assert_eq!(upn.actor.as_deref(), Some("m@COURT.EXAMPLE"));
    let session = [
        ("AccountName", "m"),
        ("AccountDomain", "C"),
        ("LogonID", "0x5a1"),
        ("ClientName", "WS07"),
        ("ClientAddress", "10.0.0.9"),
    ];
    let back = event(AUDIT, 4778, &session);
    assert_eq!(
        (back.verb, back.actor.as_deref(), back.peer.as_deref()),
        (Verb::Connect, Some("C\\m"), Some("10.0.0.9"))
    );
    assert_eq!(back.links, [(Link::Logon, "0x5a1".to_owned())]);
    const DESKTOP: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
    let early = [("Param1", "m"), ("Param2", "C"), ("Param3", "10.0.0.9")];
    assert_eq!(told(DESKTOP, 1149, &early), "connect – success | –");
}

#[test]
fn accounts_groups_and_rights() {
    let own = [("TargetUserName", "svc-x"), ("TargetDomainName", "COURT"), ("Keywords", SUCCESS)];
    for (id, expected) in [
        (4720, "create account"),
        (4726, "delete account"),
        (4724, "permission-change account"),
        (4738, "permission-change account"),
        (4798, "list account"),
        (4799, "list group"),
        (4797, "query account"),
        (4731, "create group"),
        (4730, "delete group"),
        (4740, "other account"),
    ] {
        assert_eq!(told(AUDIT, id, &own), format!("{expected} success | COURT\\svc-x"), "{id}");
    }
    let member = [
        ("MemberName", "-"),
        ("MemberSid", "S-1-5-21-1-2-3-1104"),
        ("TargetUserName", "Administrators"),
        ("TargetDomainName", "Builtin"),
    ];
    let added = event(AUDIT, 4732, &member);
    assert_eq!(added.target.as_deref(), Some("S-1-5-21-1-2-3-1104"));
    assert_eq!(added.object.as_deref(), Some("Builtin\\Administrators"));
    let attribute = |name| told(AUDIT, 5136, &[("ObjectDN", "DC=c"), ("AttributeLDAPDisplayName", name)]);
    assert_eq!(attribute("nTSecurityDescriptor"), "permission-change other success | DC=c");
    assert_eq!(attribute("versionNumber"), "config-change other success | DC=c");
}

#[test]
fn the_other_end_of_a_connection() {
    let filtered = [("SourceAddress", "10.0.0.9"), ("DestAddress", "10.0.0.1"), ("Direction", "%%14592")];
    assert_eq!(event(AUDIT, 5156, &filtered).peer.as_deref(), Some("10.0.0.9"));
    let filtered = [("SourceAddress", "10.0.0.9"), ("DestAddress", "10.0.0.1"), ("Direction", "%%14593")];
    assert_eq!(event(AUDIT, 5156, &filtered).peer.as_deref(), Some("10.0.0.1"));
    let taken = [("SourceIp", "0:0:0:0:0:0:0:1"), ("DestinationIp", "10.0.0.1"), ("Initiated", "false")];
    assert_eq!(event("Microsoft-Windows-Sysmon", 3, &taken).peer.as_deref(), Some("::1"));
    let begun = [("SourceIp", "10.0.0.9"), ("DestinationIp", "10.0.0.1"), ("Initiated", "true")];
    assert_eq!(event("Microsoft-Windows-Sysmon", 3, &begun).peer.as_deref(), Some("10.0.0.1"));
}

#[test]
fn logs_and_the_smaller_channels() {
    assert_eq!(
        told("Microsoft-Windows-Eventlog", 104, &[("Channel", "Application")]),
        "log-clear log success | Application"
    );
    assert_eq!(
        told("Service Control Manager", 7045, &[("ServiceName", "x")]),
        "config-change service success | x"
    );
    assert_eq!(
        told(
            "PowerShell",
            400,
            &[("Data", "Available"), ("Data", "\tHostApplication=powershell.exe -enc A\r\n\tx")]
        ),
        "execute process success | powershell.exe -enc A"
    );
    assert_eq!(
        told("Microsoft-Windows-PowerShell", 4104, &[("MessageTotal", "3")]),
        "execute script unknown partial | –"
    );
    assert_eq!(
        told(
            "Microsoft-Windows-Bits-Client",
            60,
            &[("url", "https://u.example/x"), ("hr", "0"), ("bytesTransferred", "5")]
        ),
        "transfer other success | https://u.example/x"
    );
    let token = [
        ("Data", "id"),
        (
            "Data",
            "<AuditBase><ContextComponents><Component><UserId>C\\m</UserId><IpAddress>10.0.0.9,10.0.0.8</IpAddress></Component></ContextComponents></AuditBase>",
        ),
    ];
    let given = event("AD FS Auditing", 1200, &token);
    assert_eq!(
        (given.verb, given.actor.as_deref(), given.peer.as_deref()),
        (Verb::Token, Some("C\\m"), Some("10.0.0.9"))
    );
    assert_eq!(told("Nobody Knows", 1, &[("Security_UserID", "S-1-5-18")]), "other – unknown | –");
    assert_eq!(
        event("Nobody Knows", 1, &[("Security_UserID", "S-1-5-18")]).actor.as_deref(),
        Some("S-1-5-18")
    );
}

#[test]
fn the_list_of_fields_is_sorted_and_without_doubles() {
    assert!(SPINE_FIELDS.is_sorted_by(|a, b| a < b));
}
