//! Do the observers that are not Windows say what the real sources would say, and no more?
//!
//! A tiny court, acts made by hand, and other people's readers: the csv crate and serde_json. Every
//! trap of a source has its test, and every source one where it is switched off.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used)]

use std::rc::Rc;

use assize_drill::act::{
    Act, Client, Deed, DocumentDeed, FileDeed, Integrity, MailDeed, Process, Refusal, Service, Session,
    SharedFile, Transfer, Way,
};
use assize_drill::court::{
    Account, AccountId, AccountKind, Court, Habits, Holding, HoldingId, Host, HostId, HostKind, Item, ItemId,
    Organ, Person, PersonId, Place, Role, Share, ShareId, Size, Trip,
};
use assize_drill::files::Files;
use assize_drill::gate::{Closed, Gate, Sight};
use assize_drill::moment::{DAY, HOUR, MINUTE, MS, Moment, SECOND};
use assize_drill::sources::ALL;
use serde_json::Value;

// ---- a court of two people

const ADA: AccountId = AccountId(3);
const BOB: AccountId = AccountId(4);
const WS1: HostId = HostId(0);
const WS2: HostId = HostId(1);
const FS1: HostId = HostId(3);
const FS2: HostId = HostId(4);
const NAS: HostId = HostId(5);
const DMS: HostId = HostId(6);
const VPN: HostId = HostId(7);
const CLOUD: HostId = HostId(11);
const CASES: ShareId = ShareId(0);
const WITNESS: ShareId = ShareId(1);
const ARCHIVE: ShareId = ShareId(2);
/// A title that every format must protect: quote, comma, line break, formula, right-to-left mark,
/// tab, backslash that is no escape, bar.
const HOSTILE: &str = "=cmd|' /C calc'!A0, \"Žofia\"\n\u{202e}fdp.exe\t\\x41\\q";

fn start() -> Moment {
    Moment::parse("2026-09-14T07:00:00Z").unwrap()
}

fn court() -> Court {
    let kinds = [
        ("REG-WS01", HostKind::Workstation),
        ("REG-WS02", HostKind::Workstation),
        ("DC01", HostKind::DomainController),
        ("LEGAL-FS01", HostKind::FileServer),
        ("VWS-FS01", HostKind::FileServer),
        ("ARCH-NAS01", HostKind::Samba),
        ("DMS01", HostKind::Documents),
        ("VPN01", HostKind::Vpn),
        ("PRX01", HostKind::Proxy),
        ("DHCP01", HostKind::Dhcp),
        ("MON01", HostKind::Monitor),
        ("cloud", HostKind::Cloud),
    ];
    let hosts = kinds.iter().enumerate().map(|(at, (name, kind))| Host {
        name: (*name).to_owned(),
        kind: *kind,
        address: format!("10.20.{}.{}", if at < 2 { 1 } else { 9 }, at + 10),
        mac: format!("3c:52:82:00:00:{at:02x}"),
        account: None,
        machine: 7,
        serial: format!("SN-{at}"),
    });
    let account = |name: &str, kind| Account {
        name: name.to_owned(),
        domain: "COURT".to_owned(),
        upn: if kind == AccountKind::WellKnown { String::new() } else { format!("{name}@court.example") },
        rid: 1100,
        object: "0b0b0b0b-0000-4000-8000-000000000001".to_owned(),
        kind,
    };
    let holding = |place, items| Holding {
        key: "H-1".to_owned(),
        title: "t".to_owned(),
        place,
        organ: Organ::Registry,
        situation: None,
        confidentiality: "confidential",
        content_types: Vec::new(),
        entrusted_by: None,
        name_is_sensitive: false,
        items,
        unregistered: false,
    };
    let item = |name: &str, title: &str, holding| Item {
        key: name.to_owned(),
        holding: HoldingId(holding),
        name: name.to_owned(),
        title: title.to_owned(),
        bytes: 5000,
        subjects: Vec::new(),
    };
    let share = |host, name: &str, root: &str| Share { host, name: name.to_owned(), root: root.to_owned() };
    Court {
        seed: 7,
        size: Size { staff: 8, days: 3, hosts: 12, from: start().midnight() },
        domain: "court.example".to_owned(),
        netbios: "COURT".to_owned(),
        domain_sid: [21, 1, 2, 3],
        tenant: "11111111-2222-4333-8444-555555555555".to_owned(),
        people: vec![ada()],
        accounts: vec![
            account("SYSTEM", AccountKind::WellKnown),
            account("LOCAL SERVICE", AccountKind::WellKnown),
            account("NETWORK SERVICE", AccountKind::WellKnown),
            account("a.lovelace", AccountKind::Person(PersonId(0))),
            account("b.babbage", AccountKind::Person(PersonId(0))),
        ],
        hosts: hosts.collect(),
        groups: Vec::new(),
        shares: vec![
            share(FS1, "Cases", "D:\\Shares\\Cases"),
            share(FS2, "Witness", "D:\\Shares\\Witness"),
            share(NAS, "Archive", "/srv/archive"),
        ],
        situations: Vec::new(),
        holdings: vec![
            holding(Place::Library { name: "CT0324 Filings, \"sealed\"".to_owned() }, 0..2),
            holding(Place::Mailbox { account: ADA, folder: "Archive".to_owned() }, 2..3),
        ],
        items: vec![
            item("2026-004711", HOSTILE, 0),
            item("2026-004712", "=HYPERLINK(1)", 0),
            item("<m1@court.example>", "s", 1),
        ],
        subjects: Vec::new(),
        grants: Vec::new(),
        rights: Vec::new(),
        duties: Vec::new(),
    }
}

fn ada() -> Person {
    Person {
        key: "S-0001".to_owned(),
        given: "Ada".to_owned(),
        family: "Lovelace".to_owned(),
        organ: Organ::Registry,
        role: Role::Registrar,
        account: ADA,
        admin: None,
        device: WS1,
        joined: None,
        left: None,
        situations: Vec::new(),
        habits: Habits {
            begins: 480,
            ends: 1020,
            tempo: 10,
            home_percent: 0,
            late_per_mille: 0,
            mistypes: 0,
        },
        trips: vec![Trip {
            from: start(),
            to: start() + DAY,
            place: "Tbilisi".to_owned(),
            country: "GE".to_owned(),
            offset: 4 * HOUR,
            address: "203.0.113.77".to_owned(),
        }],
        home_address: "198.51.100.9".to_owned(),
    }
}

fn session(number: u64, host: HostId, way: Way, client: Client, address: &str) -> Session {
    Session {
        number,
        account: ADA,
        host,
        way,
        device: None,
        address: address.to_owned(),
        port: 50_111,
        workstation: "REG-WS01".to_owned(),
        client,
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/128.0".into(),
        ntlm: false,
        elevated: false,
        logon_id: 0x1234,
        token: format!("aaaaaaaa-0000-4000-8000-{number:012}"),
        opened: start(),
        intruder: false,
    }
}

fn act(at: Moment, host: HostId, session: &Rc<Session>, step: Option<u32>, deed: Deed) -> Act {
    Act { at, host, session: session.clone(), deed, step }
}

fn process(session: &Rc<Session>) -> Rc<Process> {
    Rc::new(Process {
        number: 1,
        pid: 4,
        image: "C:\\a.exe".into(),
        command: "a".into(),
        since: start(),
        session: session.clone(),
        integrity: Integrity::Medium,
    })
}

// ---- what came of it

struct Written {
    folder: tempfile::TempDir,
    files: Files,
}

/// Lets one observer see acts, with the ends of days in between.
fn watch(source: &str, gate: Gate, acts: &[Act]) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Files::new(Some(folder.path()), gate);
    let court = court();
    let (_, make) = ALL.iter().find(|(name, _)| *name == source).unwrap();
    let mut observer = make(&court);
    let mut day = court.size.from;
    for act in acts {
        while act.at >= day + DAY {
            observer.day_over(&court, day, &mut files).unwrap();
            day = day + DAY;
        }
        observer.see(&court, act, &mut files).unwrap();
    }
    observer.day_over(&court, day, &mut files).unwrap();
    observer.finish(&court, &mut files).unwrap();
    files.flush_all().unwrap();
    Written { folder, files }
}

impl Written {
    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(path)).unwrap_or_default()
    }

    /// The bytes of every trace of a step.
    fn traces(&self, step: u32) -> Vec<String> {
        let traces = self.files.ledger().get(&step).cloned().unwrap_or_default();
        let piece = |trace: &assize_drill::files::Trace| {
            let bytes = std::fs::read(self.folder.path().join(self.files.path(trace.file))).unwrap();
            let from = usize::try_from(trace.offset).unwrap();
            let piece = bytes[from..from + usize::try_from(trace.length).unwrap()].to_vec();
            assert!(from == 0 || bytes[from - 1] == b'\n', "a trace begins where its line begins");
            String::from_utf8(piece).unwrap()
        };
        traces.iter().map(piece).collect()
    }

    /// A CSV by the csv crate: rows with names.
    fn rows(&self, path: &str) -> Vec<Value> {
        let text = self.text(path);
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let names = reader.headers().unwrap().clone();
        let row = |record: csv::StringRecord| {
            names
                .iter()
                .zip(record.iter())
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect()
        };
        reader.records().map(|record| row(record.unwrap())).collect()
    }

    fn json_lines(&self, path: &str) -> Vec<Value> {
        self.text(path).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The `AuditData` of a Purview export.
    fn audit(&self, path: &str) -> Vec<Value> {
        let rows = self.rows(path);
        rows.iter().map(|row| serde_json::from_str(row["AuditData"].as_str().unwrap()).unwrap()).collect()
    }

    /// A Zeek log read after its own header.
    fn zeek(&self, path: &str) -> Vec<Value> {
        let text = self.text(path);
        let mut names = Vec::new();
        let mut rows = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("#fields\t") {
                Some(fields) => names = fields.split('\t').collect(),
                None if line.starts_with('#') => {}
                None => {
                    let values: Vec<&str> = line.split('\t').collect();
                    assert_eq!(values.len(), names.len(), "{path}: {line}");
                    rows.push(
                        names
                            .iter()
                            .zip(values)
                            .map(|(name, value)| ((*name).to_owned(), Value::from(value)))
                            .collect(),
                    );
                }
            }
        }
        rows
    }
}

fn closed(source: &str) -> Gate {
    let closed = Closed {
        source: source.to_owned(),
        host: None,
        from: start() - DAY,
        to: start() + 30 * DAY,
        sight: Sight::Unseen,
    };
    Gate { closed: vec![closed], ..Gate::default() }
}

// ---- Microsoft 365

fn mail(at: Moment, session: &Rc<Session>, step: Option<u32>, deed: MailDeed) -> Act {
    act(at, CLOUD, session, step, Deed::Mail { mailbox: ADA, deed })
}

fn read(folder: &str, ids: &[&str]) -> MailDeed {
    MailDeed::Read { folder: folder.into(), messages: ids.iter().map(|id| (Rc::from(*id), 2048)).collect() }
}

fn cloud(number: u64, client: Client) -> Rc<Session> {
    Rc::new(session(number, CLOUD, Way::Cloud, client, "198.51.100.9"))
}

const DAY_ONE: &str = "m365/AuditLog_2026-09-14.csv";

#[test]
fn bind_is_aggregated_over_two_minutes_and_repeats_leave_nothing_for_an_hour() {
    let web = cloud(1, Client::Browser);
    let other = cloud(2, Client::Browser);
    let at = |minutes: i64| start() + minutes * MINUTE;
    let written = watch(
        "m365",
        Gate::default(),
        &[
            mail(at(0), &web, Some(5), read("Inbox", &["<a@x>", "<b@x>"])),
            mail(at(1), &web, Some(6), read("Inbox", &["<b@x>", "<c@x>"])),
            mail(at(1), &other, None, read("Inbox", &["<b@x>"])),
            mail(at(1), &web, None, read("Archive", &["<d@x>"])),
            mail(at(30), &web, Some(7), read("Inbox", &["<a@x>"])),
            mail(at(61), &web, Some(8), read("Inbox", &["<a@x>"])),
        ],
    );
    let records = written.audit(DAY_ONE);
    let summary: Vec<_> = records
        .iter()
        .map(|r| {
            let items = r["Folders"][0]["FolderItems"].as_array().unwrap();
            let ids: Vec<_> = items.iter().map(|item| item["InternetMessageId"].as_str().unwrap()).collect();
            (r["CreationTime"].as_str().unwrap(), r["Folders"][0]["Path"].as_str().unwrap(), ids.join(" "))
        })
        .collect();
    assert_eq!(
        summary,
        [
            ("2026-09-14T07:00:00", "\\Inbox", "<a@x> <b@x> <c@x>".to_owned()),
            ("2026-09-14T07:01:00", "\\Inbox", "<b@x>".to_owned()),
            ("2026-09-14T07:01:00", "\\Archive", "<d@x>".to_owned()),
            ("2026-09-14T08:01:00", "\\Inbox", "<a@x>".to_owned()),
        ]
    );
    assert_eq!(records[0]["OperationCount"], 3);
    assert_eq!(records[0]["RecordType"], 50);
    assert_eq!(records[0]["SessionId"], web.token.as_str());
    assert_eq!(records[0]["OperationProperties"][0]["Value"], "Bind");
    assert_eq!(records[0]["ClientInfoString"], format!("Client=OWA;{};", web.agent));
    // One record, the trace of both steps; a suppressed repeat is the trace of none.
    assert_eq!(written.traces(5), written.traces(6));
    assert!(written.traces(5)[0].contains("<c@x>"));
    assert!(written.traces(7).is_empty());
    assert_eq!(written.traces(8).len(), 1);
    let row = &written.rows(DAY_ONE)[0];
    assert_eq!(row["CreationDate"], "2026-09-14T07:00:00.0000000Z");
    assert_eq!(row["RecordId"], records[0]["Id"]);
    assert_eq!(written.files.events(), 4);
}

#[test]
fn throttling_leaves_one_marked_record_and_then_only_synchronisations() {
    let web = cloud(1, Client::Browser);
    let outlook = cloud(2, Client::Desktop);
    let gate = Gate { throttled: vec![(ADA, start() + HOUR, start() + 25 * HOUR)], ..Gate::default() };
    let hour = |hours: i64| start() + hours * HOUR;
    let written = watch(
        "m365",
        gate,
        &[
            mail(hour(0), &web, None, read("Inbox", &["<a@x>"])),
            mail(hour(2), &web, Some(1), read("Inbox", &["<b@x>"])),
            mail(hour(3), &web, Some(2), read("Inbox", &["<c@x>"])),
            mail(hour(4), &outlook, Some(3), MailDeed::Sync { folder: "Inbox".into(), count: 900 }),
            mail(hour(26), &web, Some(4), read("Inbox", &["<d@x>"])),
        ],
    );
    let mut records = written.audit(DAY_ONE);
    records.extend(written.audit("m365/AuditLog_2026-09-15.csv"));
    let summary: Vec<_> = records
        .iter()
        .map(|r| {
            let property = |at: usize| r["OperationProperties"][at]["Value"].as_str().unwrap();
            (property(0), property(1))
        })
        .collect();
    assert_eq!(summary, [("Bind", "False"), ("Bind", "True"), ("Sync", "False"), ("Bind", "False")]);
    assert_eq!([1, 2, 3, 4].map(|step| written.traces(step).len()), [1, 0, 1, 1]);
    let sync = &records[2];
    assert_eq!(sync["Item"]["ParentFolder"]["Path"], "\\Inbox");
    assert_eq!(sync["ClientInfoString"], "Client=MSExchangeRPC");
    assert!(!sync.to_string().contains("InternetMessageId"));
}

#[test]
fn mail_that_is_sent_deleted_or_ruled_is_told_and_searches_are_not() {
    let web = cloud(1, Client::Browser);
    let mut script = session(2, CLOUD, Way::Cloud, Client::Api, "203.0.113.5");
    script.account = BOB;
    let script = Rc::new(script);
    let send = MailDeed::Send {
        id: "<new@court.example>".into(),
        subject: HOSTILE.into(),
        to: vec!["secret@recipient.example".to_owned()],
        attached: vec![("a \"b\".docx".into(), Some(ItemId(0)))],
        bytes: 9000,
    };
    let rule = |words: &str, forward: Option<&str>| MailDeed::Rule {
        name: "..".into(),
        forward: forward.map(Rc::from),
        words: words.into(),
    };
    let written = watch(
        "m365",
        Gate::default(),
        &[
            mail(start(), &web, Some(1), MailDeed::Search { terms: "witness".into() }),
            mail(start() + SECOND, &web, Some(2), send),
            mail(start() + 2 * SECOND, &web, Some(3), rule("witness", Some("x@evil.example"))),
            mail(start() + 3 * SECOND, &web, Some(4), rule("", Some("x@evil.example"))),
            mail(
                start() + 4 * SECOND,
                &script,
                Some(5),
                MailDeed::Delete { id: "<m1@court.example>".into(), subject: HOSTILE.into() },
            ),
            mail(
                start() + 5 * SECOND,
                &web,
                None,
                MailDeed::Delete { id: "<q@x>".into(), subject: "s".into() },
            ),
            act(
                start() + 6 * SECOND,
                CLOUD,
                &web,
                Some(6),
                Deed::Consent { app: "Sync \"Tool\"".into(), id: "app-1".into(), scopes: "Mail.Read".into() },
            ),
        ],
    );
    let records = written.audit(DAY_ONE);
    let operations: Vec<_> = records.iter().map(|r| r["Operation"].as_str().unwrap()).collect();
    assert_eq!(
        operations,
        [
            "Send",
            "New-InboxRule",
            "Set-Mailbox",
            "HardDelete",
            "MoveToDeletedItems",
            "Consent to application."
        ]
    );
    assert_eq!(records[0]["Item"]["Subject"], HOSTILE);
    assert_eq!(records[0]["Item"]["Attachments"], "a \"b\".docx (5000b)");
    assert!(!records[0].to_string().contains("recipient"));
    assert!(written.traces(1).is_empty());
    assert_eq!(records[1]["Parameters"][2]["Value"], "x@evil.example");
    assert_eq!(records[2]["Parameters"][1]["Value"], "smtp:x@evil.example");
    assert_eq!(records[3]["LogonType"], 2);
    assert_eq!(records[3]["Folder"]["Path"], "\\Archive");
    assert_eq!(records[3]["AffectedItems"][0]["Subject"], HOSTILE);
    assert_eq!(records[3]["UserId"], "b.babbage@court.example");
    assert!(records[5].to_string().contains("Scope: Mail.Read"));
    assert_eq!([2, 3, 4, 5, 6].map(|step| written.traces(step).len()), [1; 5]);
}

#[test]
fn background_services_have_no_session_in_the_audit() {
    let service = cloud(1, Client::Service);
    let written = watch("m365", Gate::default(), &[mail(start(), &service, None, read("Inbox", &["<a@x>"]))]);
    let record = &written.audit(DAY_ONE)[0];
    assert_eq!(record["ClientInfoString"], "Client=REST;Client=RESTSystem;;");
    assert_eq!(record.get("SessionId"), None);
    assert_eq!(record["AppAccessContext"], serde_json::json!({}));
}

// ---- Entra

#[test]
fn sign_ins_have_codes_places_and_devices() {
    let mut own = session(1, CLOUD, Way::Cloud, Client::Browser, "203.0.113.77");
    own.device = Some(WS1);
    let (own, foreign) = (Rc::new(own), cloud(2, Client::Api));
    let sign_in = |interactive, refused| Deed::SignIn { app: "OfficeHome".into(), interactive, refused };
    let knock = |name: &str| Deed::Knock { address: "192.0.2.44".into(), name: name.into() };
    let written = watch(
        "entra",
        Gate::default(),
        &[
            act(start(), CLOUD, &own, None, sign_in(true, None)),
            act(start() + SECOND, CLOUD, &foreign, Some(1), sign_in(true, Some(Refusal::Password))),
            act(start() + 2 * SECOND, CLOUD, &foreign, None, sign_in(true, Some(Refusal::SecondFactor))),
            act(start() + 3 * SECOND, CLOUD, &foreign, None, sign_in(true, Some(Refusal::Disabled))),
            act(start() + 4 * SECOND, CLOUD, &foreign, Some(2), sign_in(false, None)),
            act(start() + 5 * SECOND, CLOUD, &foreign, None, knock("nobody\"")),
            act(start() + 6 * SECOND, VPN, &foreign, None, knock("not the cloud's")),
            act(
                start() + 7 * SECOND,
                CLOUD,
                &foreign,
                Some(3),
                Deed::Consent {
                    app: "Mail \"Sync\"\n".into(),
                    id: "app-1".into(),
                    scopes: "Mail.Read offline_access".into(),
                },
            ),
        ],
    );
    let records = written.json_lines("entra/signins.ndjson");
    let codes: Vec<_> = records.iter().map(|r| r["status"]["errorCode"].as_u64().unwrap()).collect();
    assert_eq!(codes, [0, 50126, 500_121, 50057, 0, 50034]);
    assert_eq!(records[0]["location"]["countryOrRegion"], "GE");
    assert_eq!(records[1]["location"]["countryOrRegion"], "NL");
    assert_eq!(records[0]["deviceDetail"]["displayName"], "REG-WS01");
    assert_eq!(records[1]["deviceDetail"]["isManaged"], false);
    assert_eq!(records[0]["userDisplayName"], "Ada Lovelace");
    assert_eq!(records[0]["sessionId"], own.token.as_str());
    assert_eq!(records[4]["isInteractive"], false);
    assert_eq!(records[4]["signInEventTypes"][0], "nonInteractiveUser");
    assert_eq!(serde_json::from_str::<Value>(&written.traces(1)[0]).unwrap(), records[1]);
    let audits = written.json_lines("entra/audits.ndjson");
    let names: Vec<_> = audits.iter().map(|r| r["activityDisplayName"].as_str().unwrap()).collect();
    assert_eq!(names, ["Add service principal", "Add delegated permission grant", "Consent to application"]);
    assert_eq!(audits[2]["targetResources"][0]["displayName"], "Mail \"Sync\"\n");
    assert_eq!(written.traces(3).len(), 3);
}

#[test]
fn mail_records_and_sign_ins_name_the_same_token() {
    let web = cloud(9, Client::Browser);
    let sign_in = Deed::SignIn { app: "One Outlook Web".into(), interactive: true, refused: None };
    let acts = [
        act(start(), CLOUD, &web, None, sign_in),
        mail(start() + SECOND, &web, None, MailDeed::Sync { folder: "Inbox".into(), count: 1 }),
    ];
    let entra = watch("entra", Gate::default(), &acts).json_lines("entra/signins.ndjson");
    let m365 = watch("m365", Gate::default(), &acts).audit(DAY_ONE);
    assert_eq!(m365[0]["Operation"], "UserLoggedIn");
    assert_eq!(m365[1]["AppAccessContext"]["UniqueTokenId"], entra[0]["uniqueTokenIdentifier"]);
}

// ---- Zeek

fn transfer(address: &str, service: Service, sent: u64, received: u64) -> Deed {
    Deed::Connect(Transfer {
        process: None,
        name: Some("files.parcelbox.example".into()),
        address: address.into(),
        port: match service {
            Service::Tls => 443,
            Service::Smb => 445,
            Service::Http { .. } => 80,
            Service::Other => 9999,
        },
        from_port: 50_500,
        service,
        sent,
        received,
        lasted: 3 * SECOND,
    })
}

fn put(status: u16) -> Service {
    Service::Http {
        method: "PUT",
        path: "/up load\t\\x".into(),
        status,
        agent: "curl/8.4.0".into(),
        media: "application/x-7z-compressed",
    }
}

fn desk(number: u64) -> Rc<Session> {
    Rc::new(session(number, WS1, Way::Console, Client::Desktop, ""))
}

#[test]
fn the_monitor_sees_what_passes_it_and_not_what_stays_on_a_switch() {
    let desk = desk(1);
    let written = watch(
        "zeek",
        Gate::default(),
        &[
            act(start(), WS1, &desk, Some(1), transfer("192.0.2.80", Service::Tls, 900_000, 4000)),
            act(start() + SECOND, WS1, &desk, Some(2), transfer("192.0.2.80", put(401), 70_000, 300)),
            act(start() + SECOND, WS1, &desk, Some(3), transfer("10.20.1.11", Service::Other, 10, 10)),
            act(start() + SECOND, FS1, &desk, Some(4), transfer("10.20.9.12", Service::Other, 10, 10)),
            act(
                start() + 2 * SECOND,
                WS1,
                &desk,
                Some(5),
                Deed::Resolve { process: process(&desk), name: "a.example".into(), address: "".into() },
            ),
        ],
    );
    assert_eq!([1, 2, 3, 4, 5].map(|step| written.traces(step).len()), [2, 4, 0, 0, 2]);
    let conns = written.zeek("zeek/2026-09-14/conn.log");
    // In the order of ends.
    let services: Vec<_> = conns.iter().map(|row| row["service"].as_str().unwrap()).collect();
    assert_eq!(services, ["dns", "ssl", "http"]);
    assert_eq!(conns[1]["ts"], "1789369200.000000");
    assert_eq!(conns[1]["duration"], "3.000000");
    assert_eq!(conns[1]["orig_bytes"], "900000");
    assert_eq!(conns[1]["id.orig_h"], "10.20.1.10");
    assert_eq!([&conns[1]["local_orig"], &conns[1]["local_resp"]], ["T", "F"]);
    let tls = written.zeek("zeek/2026-09-14/ssl.log");
    assert_eq!(tls[0]["server_name"], "files.parcelbox.example");
    assert_eq!(tls[0]["uid"], conns[1]["uid"]);
    let http = &written.zeek("zeek/2026-09-14/http.log")[0];
    assert_eq!(http["uri"], "/up load\\x09\\\\x");
    assert_eq!([&http["method"], &http["status_code"], &http["request_body_len"]], ["PUT", "401", "70000"]);
    // The rejected body has left all the same.
    let files = written.zeek("zeek/2026-09-14/files.log");
    assert_eq!(files[0]["fuid"], http["orig_fuids"]);
    assert_eq!([&files[0]["is_orig"], &files[0]["total_bytes"]], ["T", "70000"]);
    let dns = &written.zeek("zeek/2026-09-14/dns.log")[0];
    assert_eq!([&dns["rcode_name"], &dns["query"], &dns["answers"]], ["NXDOMAIN", "a.example", "-"]);
    let text = written.text("zeek/2026-09-14/conn.log");
    assert!(text.starts_with("#separator \\x09\n#set_separator\t,\n"));
    assert!(text.ends_with("#close\t2026-09-15-00-00-00\n"));
}

fn shared(share: ShareId, path: &str) -> SharedFile {
    SharedFile { share, path: path.into(), item: None, folder: false, size: 60_000 }
}

#[test]
fn smb_names_files_where_it_is_not_encrypted() {
    let plain = Rc::new(session(1, FS1, Way::Network, Client::Desktop, "10.20.1.10"));
    let sealed = Rc::new(session(2, FS2, Way::Network, Client::Desktop, "10.20.1.10"));
    let file = |share, deed| Deed::File { file: shared(share, "CT0324\\Zeuge \"Ž\".docx"), deed };
    let at = |seconds: i64| start() + seconds * SECOND;
    let written = watch(
        "zeek",
        Gate::default(),
        &[
            act(at(0), FS1, &plain, None, Deed::Share(CASES)),
            act(at(1), FS1, &plain, Some(1), file(CASES, FileDeed::Read(60_000))),
            act(at(2), FS1, &plain, Some(2), file(CASES, FileDeed::Refused)),
            act(at(3), FS1, &plain, Some(3), file(CASES, FileDeed::Look)),
            act(at(4), FS2, &sealed, None, Deed::Share(WITNESS)),
            act(at(5), FS2, &sealed, Some(4), file(WITNESS, FileDeed::Read(60_000))),
            act(at(6), FS2, &sealed, None, Deed::LogOff),
            // After five silent minutes Zeek has written the connection off.
            act(at(900), FS1, &plain, Some(5), file(CASES, FileDeed::Delete)),
        ],
    );
    let files = written.zeek("zeek/2026-09-14/smb_files.log");
    let actions: Vec<_> = files.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["SMB::FILE_OPEN", "SMB::FILE_READ", "SMB::FILE_OPEN", "SMB::FILE_OPEN", "SMB::FILE_DELETE"]
    );
    assert_eq!(files[1]["name"], "CT0324\\\\Zeuge \"Ž\".docx");
    assert_eq!(files[1]["path"], "\\\\\\\\LEGAL-FS01\\\\Cases");
    // That the encrypted share was connected is seen: only the answer asks for encryption.
    let trees = written.zeek("zeek/2026-09-14/smb_mapping.log");
    assert_eq!(trees.len(), 2);
    assert_eq!(trees[1]["path"], r"\\\\VWS-FS01\\Witness");
    let passed = written.zeek("zeek/2026-09-14/files.log");
    assert_eq!([&passed[0]["fuid"], &passed[0]["source"]], [&files[1]["fuid"], &Value::from("SMB")]);
    let conns = written.zeek("zeek/2026-09-14/conn.log");
    let states: Vec<_> = conns.iter().map(|row| row["conn_state"].as_str().unwrap()).collect();
    assert_eq!(states, ["SF", "S1", "OTH"]);
    assert_eq!(conns[0]["id.resp_h"], "10.20.9.14");
    assert!(conns[0]["resp_bytes"].as_str().unwrap().parse::<u64>().unwrap() > 60_000);
    assert_eq!(conns[1]["uid"], files[0]["uid"]);
    assert_ne!(conns[2]["uid"], files[0]["uid"]);
    // Refused: the connection only. Encrypted: the connection only.
    assert_eq!([1, 2, 3, 4, 5].map(|step| written.traces(step).len()), [4, 1, 2, 1, 3]);
}

#[test]
fn files_of_a_transfer_that_was_seen_carry_its_uid() {
    let desk = desk(1);
    let plain = Rc::new(session(2, FS1, Way::Network, Client::Desktop, "10.20.1.10"));
    let written = watch(
        "zeek",
        Gate::default(),
        &[
            act(start(), WS1, &desk, None, transfer("10.20.9.13", Service::Smb, 100, 70_000)),
            act(
                start() + SECOND,
                FS1,
                &plain,
                None,
                Deed::File { file: shared(CASES, "a"), deed: FileDeed::Read(5) },
            ),
        ],
    );
    let conns = written.zeek("zeek/2026-09-14/conn.log");
    assert_eq!(conns.len(), 1);
    assert_eq!(written.zeek("zeek/2026-09-14/smb_files.log")[0]["uid"], conns[0]["uid"]);
}

#[test]
fn tunnels_lend_their_address_and_machines_away_are_not_seen() {
    let mut tunnel = session(1, VPN, Way::Vpn, Client::Desktop, "198.51.100.9");
    tunnel.device = Some(WS1);
    let (tunnel, home) =
        (Rc::new(tunnel), Rc::new(session(2, WS1, Way::Console, Client::Desktop, "198.51.100.9")));
    let out = || transfer("192.0.2.80", Service::Tls, 10, 20);
    let acts = [
        act(start(), WS1, &home, Some(1), out()),
        act(start() + SECOND, VPN, &tunnel, None, Deed::TunnelUp { inside: "10.30.0.7".into() }),
        act(start() + 2 * SECOND, WS1, &home, Some(2), out()),
    ];
    let written = watch("zeek", Gate::default(), &acts);
    assert_eq!([1, 2].map(|step| written.traces(step).len()), [0, 2]);
    assert_eq!(written.zeek("zeek/2026-09-14/conn.log")[0]["id.orig_h"], "10.30.0.7");
    let written = watch("proxy", Gate::default(), &acts);
    assert_eq!([1, 2].map(|step| written.traces(step).len()), [0, 1]);
}

#[test]
fn zeek_rotates_by_day_and_each_log_has_its_own_switch() {
    let desk = desk(1);
    let late = start().midnight() + DAY - SECOND;
    let acts = [
        act(start(), WS1, &desk, None, transfer("192.0.2.80", Service::Tls, 1, 2)),
        act(late, WS1, &desk, Some(1), transfer("192.0.2.80", Service::Tls, 1, 2)),
        act(late + HOUR, WS1, &desk, None, transfer("192.0.2.80", Service::Tls, 1, 2)),
    ];
    let written = watch("zeek", Gate::default(), &acts);
    // Begun on one day, over on the next: there it is written.
    assert_eq!(written.zeek("zeek/2026-09-14/conn.log").len(), 1);
    assert_eq!(written.zeek("zeek/2026-09-15/conn.log").len(), 2);
    assert_eq!(written.text("zeek/2026-09-15/conn.log").matches("#close").count(), 1);
    let written = watch("zeek", closed("zeek/conn"), &acts);
    assert_eq!(written.text("zeek/2026-09-14/conn.log"), "");
    assert_eq!(written.zeek("zeek/2026-09-14/ssl.log").len(), 2);
}

// ---- Samba

#[test]
fn samba_writes_operations_in_local_time_without_a_year() {
    let mut ntlm = session(1, NAS, Way::Network, Client::Desktop, "10.20.1.10");
    ntlm.ntlm = true;
    let ntlm = Rc::new(ntlm);
    let file = |path: &str, deed| Deed::File { file: shared(ARCHIVE, path), deed };
    let written = watch(
        "samba",
        Gate::default(),
        &[
            act(start(), NAS, &ntlm, None, Deed::Share(ARCHIVE)),
            act(start(), NAS, &ntlm, None, file("", FileDeed::List)),
            act(start(), NAS, &ntlm, Some(1), file("CT0324\\a|b\n.docx", FileDeed::Read(9_000_000))),
            act(start(), NAS, &ntlm, Some(2), file("x", FileDeed::Refused)),
            act(start(), NAS, &ntlm, Some(3), file("x", FileDeed::Look)),
            act(start(), NAS, &ntlm, None, file("x", FileDeed::Delete)),
            act(start(), FS1, &ntlm, Some(4), file("not Samba's", FileDeed::Read(1))),
            act(start(), NAS, &ntlm, None, Deed::LogOff),
        ],
    );
    let text = written.text("samba/ARCH-NAS01/audit.log");
    let head = text.split("]: ").next().unwrap();
    assert!(head.starts_with("Sep 14 09:00:00 ARCH-NAS01 smbd_audit["), "{head}");
    let said: Vec<_> = text.lines().map(|line| line.split_once("]: ").unwrap().1).collect();
    let prefix = "a.lovelace|10.20.1.10|reg-ws01|Archive|";
    let expected = [
        "connect|ok|Archive",
        "openat|ok|r|/srv/archive",
        "fdopendir|ok|/srv/archive",
        "close|ok|/srv/archive",
        "openat|ok|r|/srv/archive/CT0324/a|b#012.docx",
        "pread_recv|ok|/srv/archive/CT0324/a|b#012.docx",
        "pread_recv|ok|/srv/archive/CT0324/a|b#012.docx",
        "close|ok|/srv/archive/CT0324/a|b#012.docx",
        "openat|fail (Permission denied)|r|/srv/archive/x",
        "unlinkat|ok|/srv/archive/x",
        "disconnect|ok|Archive",
    ];
    assert_eq!(said, expected.map(|line| format!("{prefix}{line}")));
    assert_eq!([1, 2, 3, 4].map(|step| written.traces(step).len()), [4, 1, 0, 0]);
    assert!(written.traces(2)[0].ends_with("/srv/archive/x"));
}

// ---- VPN, DHCP, documents, proxy

#[test]
fn a_tunnel_is_one_row_when_it_ends_and_every_attempt_is_one() {
    let tunnel = Rc::new(session(1, VPN, Way::Vpn, Client::Desktop, "198.51.100.9"));
    let open = Rc::new(session(2, VPN, Way::Vpn, Client::Desktop, "198.51.100.9"));
    let up = || Deed::TunnelUp { inside: "10.30.0.7".into() };
    let refused = Deed::LogOnRefused {
        name: "a,\"b".into(),
        why: Refusal::SecondFactor,
        way: Way::Vpn,
        address: "192.0.2.1".into(),
        workstation: "KALI".into(),
    };
    let down = Deed::TunnelDown { inside: "10.30.0.7".into(), received: 11, sent: 22 };
    let knock = Deed::Knock { address: "192.0.2.2".into(), name: "admin".into() };
    let written = watch(
        "vpn",
        Gate::default(),
        &[
            act(start(), VPN, &tunnel, Some(1), up()),
            act(start() + SECOND, VPN, &tunnel, Some(2), refused),
            act(start() + 2 * SECOND, VPN, &tunnel, None, knock),
            act(start() + HOUR, VPN, &tunnel, None, down),
            act(start() + HOUR, VPN, &open, Some(3), up()),
        ],
    );
    let rows = written.rows("vpn/sessions.csv");
    assert_eq!(rows.len(), 1);
    assert_eq!(
        [&rows[0]["start"], &rows[0]["end"]],
        ["2026-09-14T09:00:00+02:00", "2026-09-14T10:00:00+02:00"]
    );
    assert_eq!([&rows[0]["bytes_in"], &rows[0]["bytes_out"], &rows[0]["duration_s"]], ["11", "22", "3600"]);
    let attempts = written.rows("vpn/auth.csv");
    let results: Vec<_> = attempts.iter().map(|row| row["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["accepted", "refused", "refused", "accepted"]);
    assert_eq!(attempts[1]["user"], "a,\"b");
    // The step that began the tunnel has its row too.
    assert_eq!([1, 2, 3].map(|step| written.traces(step).len()), [2, 1, 1]);
}

#[test]
fn leases_have_local_time_without_a_zone() {
    let machine = desk(1);
    let night = Moment::parse("2026-10-25T00:30:00Z").unwrap();
    let lease = |at| act(at, WS1, &machine, Some(1), Deed::Lease);
    let written = watch("dhcp", Gate::default(), &[lease(start()), lease(night), lease(night + HOUR)]);
    let rows = written.rows("dhcp/leases.csv");
    let times: Vec<_> =
        rows.iter().map(|row| [&row["ID"], &row["Date"], &row["Time"], &row["Description"]]).collect();
    // An hour apart, and nothing in the file says so.
    assert_eq!(
        times,
        [
            ["10", "09/14/26", "09:00:00", "Assign"],
            ["11", "10/25/26", "02:30:00", "Renew"],
            ["11", "10/25/26", "02:30:00", "Renew"]
        ]
    );
    assert_eq!([&rows[0]["IP Address"], &rows[0]["MAC Address"]], ["10.20.1.10", "3C5282000000"]);
    assert_eq!(rows[0]["Host Name"], "REG-WS01.court.example");
    assert_eq!(written.traces(1).len(), 3);
}

#[test]
fn the_document_system_suppresses_repeats_and_hides_programs_behind_its_gateway() {
    let viewer = Rc::new(session(1, DMS, Way::Documents, Client::Browser, "10.20.1.10"));
    let script = Rc::new(session(2, DMS, Way::Documents, Client::Api, "10.20.1.11"));
    let at = |minutes: i64| start() + minutes * MINUTE;
    let deed = |deed| Deed::Document(deed);
    let written = watch(
        "documents",
        Gate::default(),
        &[
            act(at(0), DMS, &viewer, Some(1), deed(DocumentDeed::View(ItemId(0)))),
            act(at(9), DMS, &viewer, Some(2), deed(DocumentDeed::View(ItemId(0)))),
            act(at(10), DMS, &viewer, Some(3), deed(DocumentDeed::View(ItemId(0)))),
            act(at(11), DMS, &script, Some(4), deed(DocumentDeed::Download(ItemId(1)))),
            act(at(12), DMS, &viewer, None, deed(DocumentDeed::Refused(ItemId(1)))),
            act(at(13), DMS, &viewer, None, deed(DocumentDeed::Search { terms: HOSTILE.into(), hits: 4 })),
            act(at(14), DMS, &viewer, None, deed(DocumentDeed::List { library: "L, 1".into(), titles: 9 })),
        ],
    );
    let rows = written.rows("documents/access.csv");
    let actions: Vec<_> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["View", "View", "Download", "Denied", "Search", "List"]);
    assert_eq!(rows[0]["time"], "2026-09-14T07:00:00Z");
    assert_eq!([&rows[0]["document"], &rows[0]["title"]], ["2026-004711", HOSTILE]);
    assert_eq!(rows[0]["library"], "CT0324 Filings, \"sealed\"");
    assert_eq!([&rows[1]["address"], &rows[2]["address"]], ["10.20.1.10", "10.20.9.16"]);
    assert_eq!(rows[4]["detail"], format!("terms={HOSTILE}; hits=4"));
    assert_eq!([&rows[5]["library"], &rows[5]["detail"]], ["L, 1", "titles=9"]);
    assert_eq!([1, 2, 3, 4].map(|step| written.traces(step).len()), [1, 0, 1, 1]);
}

#[test]
fn the_proxy_logs_ends_of_requests_and_no_uploads() {
    let desk = desk(1);
    // The drill ends at midnight UTC: by then the last local day is two hours old.
    let last_day = start().midnight() + 3 * DAY - HOUR;
    let written = watch(
        "proxy",
        Gate::default(),
        &[
            act(start(), WS1, &desk, Some(1), transfer("192.0.2.80", Service::Tls, 900_000, 4000)),
            act(start() + MS, WS2, &desk, None, transfer("192.0.2.80", put(201), 70_000, 300)),
            act(start() + SECOND, FS1, &desk, Some(2), transfer("192.0.2.80", Service::Tls, 1, 1)),
            act(start() + SECOND, WS1, &desk, Some(3), transfer("10.20.9.13", Service::Tls, 1, 1)),
            act(start() + SECOND, WS1, &desk, Some(4), transfer("192.0.2.80", Service::Other, 1, 1)),
            act(last_day, WS1, &desk, None, transfer("192.0.2.80", Service::Tls, 1, 1)),
        ],
    );
    assert_eq!(
        written.text("proxy/access.log-20260915"),
        "1789369203.000   3000 10.20.1.10 TCP_TUNNEL/200 4000 CONNECT files.parcelbox.example:443 - \
         ORIGINAL_DST/192.0.2.80 -\n\
         1789369203.001   3000 10.20.1.11 TCP_MISS/201 300 PUT http://files.parcelbox.example/up%20load%09%5Cx - \
         ORIGINAL_DST/192.0.2.80 application/x-7z-compressed\n"
    );
    assert_eq!(written.text("proxy/access.log").lines().count(), 1);
    assert_eq!([1, 2, 3, 4].map(|step| written.traces(step).len()), [1, 0, 0, 0]);
}

// ---- switched off

#[test]
fn where_the_gate_is_closed_nothing_is_written() {
    let (web, desk) = (cloud(1, Client::Browser), desk(2));
    let share = Rc::new(session(3, NAS, Way::Network, Client::Desktop, "10.20.1.10"));
    let viewer = Rc::new(session(4, DMS, Way::Documents, Client::Browser, "10.20.1.10"));
    let tunnel = Rc::new(session(5, VPN, Way::Vpn, Client::Desktop, "198.51.100.9"));
    let file = |share| Deed::File { file: shared(share, "a"), deed: FileDeed::Read(10) };
    let acts = [
        mail(start(), &web, Some(1), read("Inbox", &["<a@x>"])),
        act(
            start(),
            CLOUD,
            &web,
            Some(1),
            Deed::SignIn { app: "x".into(), interactive: true, refused: None },
        ),
        act(
            start(),
            CLOUD,
            &web,
            Some(1),
            Deed::Consent { app: "x".into(), id: "y".into(), scopes: "z".into() },
        ),
        act(start(), WS1, &desk, Some(1), transfer("192.0.2.80", put(200), 70_000, 300)),
        act(start(), WS1, &desk, Some(1), transfer("192.0.2.80", Service::Tls, 70_000, 300)),
        act(start(), WS1, &desk, Some(1), Deed::Lease),
        act(start(), NAS, &share, Some(1), Deed::Share(ARCHIVE)),
        act(start(), NAS, &share, Some(1), file(ARCHIVE)),
        act(start(), FS1, &share, Some(1), file(CASES)),
        act(start(), DMS, &viewer, Some(1), Deed::Document(DocumentDeed::View(ItemId(0)))),
        act(start(), VPN, &tunnel, Some(1), Deed::TunnelUp { inside: "10.30.0.7".into() }),
        act(
            start() + HOUR,
            VPN,
            &tunnel,
            Some(1),
            Deed::TunnelDown { inside: "10.30.0.7".into(), received: 1, sent: 1 },
        ),
    ];
    for (observer, gates) in [
        ("m365", &["m365"][..]),
        ("entra", &["entra/signin", "entra/audit"]),
        (
            "zeek",
            &[
                "zeek/conn",
                "zeek/dns",
                "zeek/http",
                "zeek/ssl",
                "zeek/smb_mapping",
                "zeek/smb_files",
                "zeek/files",
            ],
        ),
        ("samba", &["samba"]),
        ("vpn", &["vpn"]),
        ("dhcp", &["dhcp"]),
        ("documents", &["dms"]),
        ("proxy", &["proxy"]),
    ] {
        let open = watch(observer, Gate::default(), &acts);
        assert!(open.files.events() > 0 && !open.traces(1).is_empty(), "{observer} sees some of it");
        let shut =
            Gate { closed: gates.iter().flat_map(|gate| closed(gate).closed).collect(), ..Gate::default() };
        let written = watch(observer, shut, &acts);
        assert_eq!((written.files.bytes(), written.files.events()), (0, 0), "{observer}");
        assert!(written.traces(1).is_empty(), "{observer}");
        assert_eq!(written.files.all().count(), 0, "{observer}");
    }
}

#[test]
fn the_same_acts_give_the_same_bytes_whatever_else_is_switched_off() {
    let web = cloud(1, Client::Browser);
    let acts: Vec<_> = (0..4)
        .map(|at| mail(start() + at * HOUR, &web, None, MailDeed::Sync { folder: "Inbox".into(), count: 1 }))
        .collect();
    let mut gate = closed("m365");
    gate.closed[0].to = start() + 90 * MINUTE;
    let (all, some) = (watch("m365", Gate::default(), &acts), watch("m365", gate, &acts));
    let (all, some) = (all.text(DAY_ONE), some.text(DAY_ONE));
    assert_eq!(all.lines().skip(3).collect::<Vec<_>>(), some.lines().skip(1).collect::<Vec<_>>());
}

/// `cargo test --release -p assize-drill --test sources -- --ignored --nocapture`
#[test]
#[ignore = "measures"]
fn lines_a_second_of_each_source() {
    let court = court();
    let (web, desk) = (cloud(1, Client::Browser), desk(2));
    let share = Rc::new(session(3, NAS, Way::Network, Client::Desktop, "10.20.1.10"));
    let viewer = Rc::new(session(4, DMS, Way::Documents, Client::Browser, "10.20.1.10"));
    let tunnel = Rc::new(session(5, VPN, Way::Vpn, Client::Desktop, "198.51.100.9"));
    let id = |number: i64| format!("<{number}@court.example>");
    let of = |source: &str, number: i64, at: Moment| match source {
        "m365" => mail(at, &web, None, read("Inbox", &[&id(number)])),
        "entra" => {
            act(at, CLOUD, &web, None, Deed::SignIn { app: "x".into(), interactive: true, refused: None })
        }
        "samba" => act(
            at,
            NAS,
            &share,
            None,
            Deed::File { file: shared(ARCHIVE, "CT0324\\a.docx"), deed: FileDeed::Read(9) },
        ),
        "documents" => act(at, DMS, &viewer, None, Deed::Document(DocumentDeed::Download(ItemId(1)))),
        "vpn" => act(at, VPN, &tunnel, None, Deed::TunnelUp { inside: "10.30.0.7".into() }),
        "dhcp" => act(at, WS1, &desk, None, Deed::Lease),
        _ => act(at, WS1, &desk, None, transfer("192.0.2.80", Service::Tls, 900, 4000)),
    };
    for (name, make) in ALL.iter().filter(|(name, _)| *name != "windows") {
        let acts: Vec<_> = (0..200_000).map(|n| of(name, n, start() + n * 121 * SECOND)).collect();
        let (mut observer, mut files) = (make(&court), Files::new(None, Gate::default()));
        let begun = std::time::Instant::now();
        let mut day = court.size.from;
        for act in &acts {
            while act.at >= day + DAY {
                observer.day_over(&court, day, &mut files).unwrap();
                day = day + DAY;
            }
            observer.see(&court, act, &mut files).unwrap();
        }
        observer.finish(&court, &mut files).unwrap();
        let rate = files.events() as f64 / begun.elapsed().as_secs_f64();
        println!(
            "{name:10} {:8} lines {:6.1} MB {rate:10.0} lines/s",
            files.events(),
            files.bytes() as f64 / 1e6
        );
    }
}
