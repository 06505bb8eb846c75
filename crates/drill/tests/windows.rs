//! Do the Windows hosts write what Windows would, so that other people's readers read it?
//!
//! A small court, and acts told one by one. What is in the files is read back by the `evtx` crate;
//! python-evtx and Debian's evtxexport must find the same records. Either may be missing on a
//! machine: then the test says so on the terminal.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use assize_drill::act::{
    AccountChange, Act, Cipher, Client, Deed, FileDeed, Integrity, Process, Refusal, Service, Session,
    SharedFile, Transfer, Way,
};
use assize_drill::court::{AccountId, Court, HostId, HostKind, ShareId, Size};
use assize_drill::files::Files;
use assize_drill::gate::{Closed, Gate, Sight};
use assize_drill::moment::{HOUR, MINUTE, Moment, SECOND};
use assize_drill::sources::{ALL, Observer};
use assize_testing::skipped;
use evtx::{EvtxParser, ParserSettings};
use serde_json::Value as Json;

const SESSIONS: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational";
const CONNECTIONS: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational";
const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";
const POWERSHELL: &str = "Microsoft-Windows-PowerShell/Operational";

/// A record as every reader tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    record: u64,
    event: u64,
    /// Whole microseconds since 1970: what the least exact of the readers says.
    micros: i64,
}

/// A court whose Windows hosts are watched, and the evidence so far.
struct Scene {
    court: Court,
    observer: Box<dyn Observer>,
    files: Files,
    folder: tempfile::TempDir,
    now: Moment,
    sessions: u64,
}

impl Scene {
    fn new(gate: Gate) -> Self {
        let from = Moment::of_date(2026, 9, 14);
        let court = Court::found(7, &Size { staff: 12, days: 3, hosts: 14, from });
        let folder = tempfile::tempdir().unwrap();
        let (_, make) = ALL.iter().find(|(name, _)| *name == "windows").unwrap();
        let observer = make(&court);
        let files = Files::new(Some(folder.path()), gate);
        Self { court, observer, files, folder, now: from + 8 * HOUR, sessions: 0 }
    }

    fn host(&self, kind: HostKind) -> HostId {
        self.court.first(kind)
    }

    fn account(&self, part: &str) -> AccountId {
        let at = self.court.accounts.iter().position(|account| account.name.contains(part)).unwrap();
        AccountId(at as u32)
    }

    fn session(&mut self, way: Way, host: HostId, account: AccountId) -> Session {
        self.sessions += 1;
        Session {
            number: self.sessions,
            account,
            host,
            way,
            device: None,
            address: "10.20.4.17".to_owned(),
            port: 50123,
            workstation: "DESKTOP-X".to_owned(),
            client: Client::Desktop,
            agent: "".into(),
            ntlm: false,
            elevated: false,
            logon_id: 0x51_2000 + self.sessions,
            token: String::new(),
            opened: self.now,
            intruder: false,
        }
    }

    fn step(&mut self, session: &Rc<Session>, host: HostId, deed: Deed, step: Option<u32>) {
        self.now = self.now + SECOND;
        let act = Act { at: self.now, host, session: Rc::clone(session), deed, step };
        self.observer.see(&self.court, &act, &mut self.files).unwrap();
    }

    fn act(&mut self, session: &Rc<Session>, host: HostId, deed: Deed) {
        self.step(session, host, deed, None);
    }

    fn finish(&mut self) {
        self.observer.finish(&self.court, &mut self.files).unwrap();
        self.files.flush_all().unwrap();
    }

    fn path(&self, host: HostId, channel: &str) -> PathBuf {
        let name = format!("hosts/{}/{}.evtx", self.court.host(host).name, channel.replace('/', "%4"));
        self.folder.path().join(name)
    }

    fn events(&self, host: HostId, channel: &str) -> Vec<Json> {
        read(&self.path(host, channel)).into_iter().map(|(_, event)| event).collect()
    }

    fn ids(&self, host: HostId, channel: &str) -> Vec<u64> {
        self.events(host, channel).iter().map(event_id).collect()
    }

    /// Acts of every kind on all kinds of host, each act a step.
    fn everything(&mut self) {
        let (desk, server, dc) = (
            self.host(HostKind::Workstation),
            self.host(HostKind::FileServer),
            self.host(HostKind::DomainController),
        );
        let person = self.court.people[0].account;
        let admin = self.account("adm-");
        let mut step = 0;
        let mut tell = |scene: &mut Self, session: &Rc<Session>, host, deed| {
            step += 1;
            scene.step(session, host, deed, Some(step));
        };
        let console = Rc::new(self.session(Way::Console, desk, person));
        let machine = Rc::new(Session { logon_id: 0x3e7, ..self.session(Way::Service, desk, Court::SYSTEM) });
        let remote = Rc::new(Session { elevated: true, ..self.session(Way::RemoteDesktop, server, admin) });
        let network = Rc::new(self.session(Way::Network, server, person));
        let ntlm =
            Rc::new(Session { ntlm: true, elevated: true, ..self.session(Way::Network, server, admin) });
        let asking = Rc::new(Session { elevated: true, ..self.session(Way::Network, dc, admin) });
        for session in [&console, &machine, &remote, &network, &ntlm, &asking] {
            tell(self, session, session.host, Deed::LogOn);
        }
        let process = |number, image: &str, session: &Rc<Session>| {
            Rc::new(Process {
                number,
                pid: 4000 + 4 * number as u32,
                image: image.into(),
                command: format!("{image} /c 訴訟 — Zürich").into(),
                since: self.now,
                session: Rc::clone(session),
                integrity: Integrity::Medium,
            })
        };
        let services = process(11, "C:\\Windows\\System32\\services.exe", &machine);
        let shell = process(900, "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", &console);
        let file = |path: &str, folder| SharedFile {
            share: ShareId(0),
            path: path.into(),
            item: None,
            folder,
            size: 9,
        };
        let transfer = Transfer {
            process: Some(Rc::clone(&shell)),
            name: Some("files.example".into()),
            address: "198.51.100.45".into(),
            port: 443,
            from_port: 50001,
            service: Service::Tls,
            sent: 1,
            received: 2,
            lasted: SECOND,
        };
        let smb = Transfer { service: Service::Smb, port: 445, ..transfer.clone() };
        let here = || Rc::clone(&shell);
        for deed in [
            Deed::Start { process: here(), parent: Rc::clone(&services) },
            Deed::Resolve { process: here(), name: "files.example".into(), address: "198.51.100.45".into() },
            Deed::Resolve { process: here(), name: "nowhere.example".into(), address: "".into() },
            Deed::Connect(transfer),
            Deed::Connect(smb),
            Deed::MakeFile {
                process: here(),
                path: "C:\\Users\\a\\b.docm".into(),
                from_web: Some("https://x.example/".into()),
            },
            Deed::DropFile { process: here(), path: "C:\\Users\\a\\b.7z".into() },
            Deed::DropFile { process: here(), path: "C:\\Users\\a\\b.txt".into() },
            Deed::SetValue { process: here(), key: "HKLM\\X".into(), value: "DWORD (0x00000001)".into() },
            Deed::OpenProcess { process: here(), target: Rc::clone(&services), rights: 0x1410 },
            Deed::LoadImage { process: here(), image: "C:\\Windows\\System32\\amsi.dll".into() },
            Deed::Script { process: here(), text: "Get-Content D:\\x # 訴訟\r\n".repeat(2_000).into() },
            Deed::OtherCredentials { account: admin, target: server, process: here() },
            Deed::Service { name: "svc".into(), command: "%SystemRoot%\\svc.exe".into() },
            Deed::Task { name: "\\SyncCheck".into(), command: "cmd.exe /c a < b".into() },
            Deed::End(here()),
            Deed::LogOnRefused {
                name: "nobody".into(),
                why: Refusal::Unknown,
                way: Way::Network,
                address: "10.20.9.9".into(),
                workstation: "DESKTOP-X".into(),
            },
        ] {
            tell(self, &console, desk, deed);
        }
        for deed in [
            Deed::Share(ShareId(0)),
            Deed::File { file: file("", true), deed: FileDeed::List },
            Deed::File { file: file("CT0324\\訴訟 — ö.docx", false), deed: FileDeed::Read(9) },
            Deed::File { file: file("CT0324\\x.docx", false), deed: FileDeed::Refused },
        ] {
            tell(self, &network, server, deed);
        }
        for deed in [
            Deed::TicketGranted { certificate: Some(["CA".into(), "5E01".into(), "A1C4".into()]) },
            Deed::ServiceTicket { service: person, cipher: Cipher::Rc4 },
            Deed::TicketRefused { account: person },
            Deed::NtlmChecked { workstation: "DESKTOP-X".into(), right: false },
            Deed::Replicated,
            Deed::Certificate { template: "User".into(), subject: "admin@court.example".into() },
            Deed::Member { group: 0, account: person, added: true },
            Deed::Member { group: 0, account: person, added: false },
            Deed::AccountChanged { account: person, change: AccountChange::Made },
            Deed::AccountChanged { account: person, change: AccountChange::Enabled },
            Deed::AccountChanged { account: person, change: AccountChange::Disabled },
            Deed::AccountChanged { account: person, change: AccountChange::PasswordSet },
        ] {
            tell(self, &asking, dc, deed);
        }
        for session in [&console, &remote, &network] {
            tell(self, session, session.host, Deed::LogOff);
        }
        tell(self, &machine, desk, Deed::Started);
    }
}

fn read(path: &Path) -> Vec<(Told, Json)> {
    let settings = ParserSettings::default().validate_checksums(true);
    let mut parser = EvtxParser::from_path(path).unwrap().with_configuration(settings);
    let records = parser.records_json_value().map(Result::unwrap);
    let told = records.map(|record| {
        let micros = record.timestamp.as_microsecond();
        (Told { record: record.event_record_id, event: event_id(&record.data), micros }, record.data)
    });
    told.collect()
}

fn event_id(event: &Json) -> u64 {
    let id = &event["Event"]["System"]["EventID"];
    id.as_u64().or_else(|| id["#text"].as_u64()).unwrap()
}

fn data(events: &[Json], id: u64) -> &Json {
    let event = events.iter().find(|event| event_id(event) == id);
    &event.unwrap_or_else(|| panic!("no {id}"))["Event"]["EventData"]
}

fn evtx_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(evtx_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "evtx") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_act_leaves_the_events_that_windows_writes() {
    let mut scene = Scene::new(Gate::default());
    scene.everything();
    scene.finish();
    let (desk, server, dc) = (
        scene.host(HostKind::Workstation),
        scene.host(HostKind::FileServer),
        scene.host(HostKind::DomainController),
    );
    assert_eq!(
        scene.ids(desk, "Security"),
        [4648, 4624, 4624, 4688, 4648, 4697, 4698, 4689, 4625, 4647, 4634, 4608]
    );
    assert_eq!(scene.ids(desk, SYSMON), [1, 22, 22, 3, 3, 11, 15, 15, 23, 26, 13, 10, 7, 5]);
    let scripts = scene.ids(desk, POWERSHELL);
    assert_eq!(scripts[..3], [40961, 53504, 40962]);
    assert!(scripts.len() > 5 && scripts[3..].iter().all(|id| *id == 4104), "{scripts:?}");
    assert_eq!(scene.ids(desk, "System"), [7001, 7045, 7002, 6006, 13, 12, 6009, 6005, 6013]);
    assert_eq!(scene.ids(desk, SESSIONS), [21, 22, 23]);
    assert_eq!(
        scene.ids(server, "Security"),
        [4648, 4624, 4672, 4624, 4624, 4672, 5140, 5145, 5145, 5145, 4647, 4634, 4634]
    );
    assert_eq!(scene.ids(server, SESSIONS), [21, 22, 23, 24]);
    assert_eq!(scene.ids(server, CONNECTIONS), [1149]);
    assert_eq!(
        scene.ids(dc, "Security"),
        [4624, 4672, 4768, 4769, 4771, 4776, 4662, 4662, 4886, 4887, 4728, 4729, 4720, 4722, 4725, 4724]
    );
    assert!(!scene.path(server, SYSMON).exists(), "servers have no Sysmon");
}

#[test]
fn fields_say_what_windows_says() {
    let mut scene = Scene::new(Gate::default());
    scene.everything();
    scene.finish();
    let (desk, server) = (scene.host(HostKind::Workstation), scene.host(HostKind::FileServer));
    let (at_desk, at_server) = (scene.events(desk, "Security"), scene.events(server, "Security"));
    let kerberos =
        at_server.iter().find(|event| event["Event"]["EventData"]["LogonProcessName"] == "Kerberos");
    let kerberos = &kerberos.unwrap()["Event"]["EventData"];
    assert_eq!(kerberos["WorkstationName"], "-");
    assert_eq!(kerberos["IpAddress"], "10.20.4.17");
    assert_eq!(kerberos["IpPort"], "50123");
    assert_eq!(kerberos["TargetDomainName"], "COURT.EXAMPLE");
    assert_eq!(kerberos["SubjectUserSid"], "S-1-0-0");
    let ntlm = at_server.iter().find(|event| event["Event"]["EventData"]["LmPackageName"] == "NTLM V2");
    let ntlm = &ntlm.unwrap()["Event"]["EventData"];
    assert_eq!((&ntlm["WorkstationName"], &ntlm["KeyLength"]), (&Json::from("DESKTOP-X"), &Json::from(128)));
    assert_eq!(ntlm["ElevatedToken"], "%%1842");
    let console = data(&at_desk, 4624);
    assert_eq!((&console["LogonType"], &console["IpAddress"]), (&Json::from(2), &Json::from("127.0.0.1")));
    let name = &scene.court.host(desk).name;
    let started = data(&at_desk, 4688);
    assert_eq!(started["SubjectUserName"], format!("{name}$"), "the system acts under the machine's name");
    assert_eq!(started["SubjectUserSid"], "S-1-5-18");
    assert!(started["CommandLine"].as_str().unwrap().contains("訴訟 — Zürich"));
    let task = data(&at_desk, 4698)["TaskContent"].as_str().unwrap();
    assert!(task.contains("<Arguments>/c a &lt; b</Arguments>"), "{task}");

    // A check at the share, which succeeds also where the file system refuses.
    let checks: Vec<_> = at_server.iter().filter(|event| event_id(event) == 5145).collect();
    let check = &checks[2]["Event"];
    assert_eq!(check["System"]["Keywords"], "0x8020000000000000");
    assert_eq!(check["EventData"]["RelativeTargetName"], "CT0324\\x.docx");
    assert_eq!(check["EventData"]["AccessMask"], "0x120089");
    assert_eq!(
        check["EventData"]["AccessList"],
        "%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t%%4416\r\n\t\t\t\t%%4419\r\n\t\t\t\t%%4423\r\n\t\t\t\t"
    );
    assert_eq!(checks[0]["Event"]["EventData"]["RelativeTargetName"], "\\");

    let sysmon = scene.events(desk, SYSMON);
    let kernel: Vec<_> = sysmon.iter().filter(|event| event_id(event) == 3).collect();
    assert_eq!(kernel[1]["Event"]["EventData"]["Image"], "System", "SMB is spoken by the kernel");
    let scripts = scene.events(desk, POWERSHELL);
    let parts: Vec<_> = scripts.iter().filter(|event| event_id(event) == 4104).collect();
    let text: String =
        parts.iter().map(|part| part["Event"]["EventData"]["ScriptBlockText"].as_str().unwrap()).collect();
    assert_eq!(text, "Get-Content D:\\x # 訴訟\r\n".repeat(2_000));
    assert!(parts.iter().all(|part| part["Event"]["EventData"]["MessageTotal"] == parts.len()));
}

/// Folders of the two highest confidentialities are audited; the same mask is used on files and
/// folders, and no event says which it was.
#[test]
fn secret_folders_are_audited() {
    let mut scene = Scene::new(Gate::default());
    let secret = scene.court.holdings.iter().find_map(|holding| match &holding.place {
        assize_drill::court::Place::Folder { share, path }
            if holding.confidentiality == "secret_under_seal"
                && scene.court.host(scene.court.share(*share).host).kind == HostKind::FileServer =>
        {
            Some((*share, path.clone(), holding.items.start))
        }
        _ => None,
    });
    let (share, path, item) = secret.unwrap();
    let server = scene.court.share(share).host;
    let person = scene.court.people[0].account;
    let session = Rc::new(scene.session(Way::Network, server, person));
    let item = assize_drill::court::ItemId(item);
    let name = format!("{path}\\{}", scene.court.item(item).name);
    let file = SharedFile { share, path: name.as_str().into(), item: Some(item), folder: false, size: 9 };
    let folder = SharedFile { share, path: path.to_uppercase().into(), item: None, folder: true, size: 0 };
    for (file, deed) in [
        (&folder, FileDeed::List),
        (&file, FileDeed::Read(9)),
        (&file, FileDeed::Refused),
        (&file, FileDeed::Look),
        (&file, FileDeed::Delete),
    ] {
        scene.act(&session, server, Deed::File { file: file.clone(), deed });
    }
    scene.finish();
    let events = scene.events(server, "Security");
    let ids: Vec<_> = events.iter().map(event_id).collect();
    let whole = [5145, 4656, 4663, 4658];
    let expected = [&whole[..], &whole, &[5145, 4656], &[5145], &[5145, 4656, 4663, 4660, 4658]].concat();
    assert_eq!(ids, expected);
    let used: Vec<_> = events.iter().filter(|event| event_id(event) == 4663).collect();
    assert_eq!(used[0]["Event"]["EventData"]["AccessMask"], "0x1");
    assert_eq!(used[1]["Event"]["EventData"]["AccessMask"], "0x1");
    assert_eq!(used[1]["Event"]["EventData"]["ObjectType"], "File");
    let root = &scene.court.share(share).root;
    assert_eq!(used[1]["Event"]["EventData"]["ObjectName"], format!("{root}\\{name}"));
    assert_eq!(events[9]["Event"]["System"]["Keywords"], "0x8010000000000000");
}

#[test]
fn every_trace_is_a_record() {
    let mut scene = Scene::new(Gate::default());
    scene.everything();
    scene.finish();
    let mut traced = 0;
    for trace in scene.files.ledger().values().flatten() {
        let bytes = fs::read(scene.folder.path().join(scene.files.path(trace.file))).unwrap();
        let (start, end) = (trace.offset as usize, (trace.offset + trace.length) as usize);
        let record = &bytes[start..end];
        assert_eq!(record[..4], 0x0000_2a2a_u32.to_le_bytes());
        assert_eq!(u32::from_le_bytes(record[4..8].try_into().unwrap()) as usize, record.len());
        assert_eq!(record[record.len() - 4..], record[4..8]);
        assert_eq!(trace.chunk, Some((trace.offset - 4096) / 65536));
        traced += 1;
    }
    assert_eq!(traced, scene.files.events());
    assert!(traced > 60);
}

#[test]
fn a_gate_that_is_shut_leaves_nothing_and_a_loss_leaves_a_gap() {
    let from = Moment::of_date(2026, 9, 14) + 8 * HOUR;
    let shut = |source: &str, seconds: [i64; 2], sight| Closed {
        source: source.to_owned(),
        host: None,
        from: from + seconds[0] * SECOND,
        to: from + seconds[1] * SECOND,
        sight,
    };
    let closed = vec![
        shut("windows/Security", [3, 5], Sight::Unseen),
        shut("windows/Security", [7, 10], Sight::Lost),
        shut(&format!("windows/{SYSMON}"), [0, 1000], Sight::Unseen),
    ];
    let mut scene = Scene::new(Gate { closed, ..Gate::default() });
    let (desk, person) = (scene.host(HostKind::Workstation), scene.court.people[0].account);
    let session = Rc::new(scene.session(Way::Network, desk, person));
    for _ in 0..12 {
        scene.act(&session, desk, Deed::LogOff);
    }
    scene.finish();
    let records: Vec<_> = read(&scene.path(desk, "Security")).into_iter().map(|(told, _)| told).collect();
    let first = records[0].record;
    let ids: Vec<_> = records.iter().map(|told| told.record - first).collect();
    // Acts 1 and 2, then 5 and 6 (3 and 4 were not seen), then 10 to 12 (7 to 9 are lost).
    assert_eq!(ids, [0, 1, 2, 3, 7, 8, 9]);
    assert_eq!(scene.files.events(), 7);
}

#[test]
fn a_clock_that_is_wrong_is_written_wrong() {
    let mut scene = Scene::new(Gate::default());
    let server = scene.host(HostKind::FileServer);
    let from = scene.now + 2 * SECOND;
    scene.files = Files::new(
        Some(scene.folder.path()),
        Gate { skewed: vec![(server, from, -7 * MINUTE)], ..Gate::default() },
    );
    let session = Rc::new(scene.session(Way::Network, server, scene.court.people[0].account));
    (0..3).for_each(|_| scene.act(&session, server, Deed::LogOff));
    scene.finish();
    let times: Vec<_> = read(&scene.path(server, "Security")).iter().map(|(told, _)| told.micros).collect();
    let seconds = |a: usize, b: usize| (times[b] - times[a] + 500_000).div_euclid(1_000_000);
    assert_eq!((seconds(0, 1), seconds(1, 2)), (1 - 7 * 60, 1));
}

#[test]
fn a_cleared_log_begins_with_its_clearing_and_ids_go_on() {
    let mut scene = Scene::new(Gate::default());
    let desk = scene.host(HostKind::Workstation);
    let session = Rc::new(scene.session(Way::Console, desk, scene.court.people[0].account));
    (0..200).for_each(|_| scene.step(&session, desk, Deed::LogOff, Some(1)));
    let before = scene.files.ledger()[&1].len();
    scene.act(&session, desk, Deed::LogCleared("Security"));
    scene.act(&session, desk, Deed::LogCleared(SESSIONS));
    scene.act(&session, desk, Deed::LogOff);
    scene.finish();
    let security = read(&scene.path(desk, "Security"));
    let told: Vec<_> = security.iter().map(|(told, _)| told.event).collect();
    assert_eq!(told, [1102, 4647, 4634]);
    let cleared = &security[0].1["Event"]["UserData"]["LogFileCleared"];
    assert_eq!(cleared["SubjectUserName"], scene.court.account(session.account).name);
    assert_eq!(scene.ids(desk, SESSIONS), [23]);
    let system = scene.events(desk, "System");
    let note = system.iter().find(|event| event_id(event) == 104).unwrap();
    assert_eq!(note["Event"]["UserData"]["LogFileCleared"]["Channel"], SESSIONS);
    // The traces went with the records; those in System, which was not cleared, stay.
    let left = &scene.files.ledger()[&1];
    assert!(left.len() == 200 && before == 800, "{} of {before}", left.len());
    let gap = scene.path(desk, "Security");
    assert_eq!(EvtxParser::from_path(gap).unwrap().header().next_record_id, security[0].0.record + 3);
}

/// The remote desktop's log is full after 1,028 KiB: it is archived under the time (UTC), the next
/// one goes on with the ids, System notes it, and traces lie in the file that has the record now.
#[test]
fn a_full_log_is_archived() {
    let mut scene = Scene::new(Gate::default());
    let server = scene.host(HostKind::FileServer);
    let session = Rc::new(scene.session(Way::RemoteDesktop, server, scene.account("adm-")));
    for round in 0..2_500 {
        scene.step(&session, server, Deed::LogOn, (round == 0).then_some(1));
    }
    scene.finish();
    let folder = scene.folder.path().join("hosts").join(&scene.court.host(server).name);
    let mut logs: Vec<_> = evtx_files(&folder)
        .into_iter()
        .filter(|path| path.file_name().unwrap().to_str().unwrap().contains("LocalSessionManager"))
        .collect();
    logs.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(logs.len(), 2, "{logs:?}");
    let archive = name(&logs[0]);
    let stem = "Archive-Microsoft-Windows-TerminalServices-LocalSessionManager%4Operational-2026-09-14-08-";
    assert!(archive.starts_with(stem) && archive.len() == stem.len() + "MM-SS-mmm.evtx".len(), "{archive}");
    let records: Vec<_> = logs.iter().flat_map(|path| read(path)).map(|(told, _)| told.record).collect();
    assert!(records.windows(2).all(|pair| pair[1] == pair[0] + 1), "ids go on over files");
    assert_eq!(records.len(), 5_000);
    let system = scene.events(server, "System");
    let noted: Vec<_> = system.iter().filter(|event| event_id(event) == 105).collect();
    assert_eq!(noted.len(), logs.len() - 1);
    let path = noted[0]["Event"]["UserData"]["AutoBackup"]["BackupPath"].as_str().unwrap();
    assert!(path.ends_with(&archive), "{path}");
    let moved = scene.files.ledger()[&1].iter().any(|trace| scene.files.path(trace.file).ends_with(&archive));
    assert!(moved, "the trace goes with the record");
}

// ---- other people's readers -----------------------------------------------------------------

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What our own oracle reads of each file.
fn oracle(folder: &Path) -> BTreeMap<PathBuf, Vec<Told>> {
    let files = evtx_files(folder).into_iter();
    files.map(|path| (path.clone(), read(&path).into_iter().map(|(told, _)| told).collect())).collect()
}

#[test]
fn python_evtx_reads_the_same_records() {
    const SCRIPT: &str = r#"
import re, sys
import Evtx.Evtx
for path in sys.argv[1:]:
    with Evtx.Evtx.Evtx(path) as log:
        for record in log.records():
            event = re.search(r"<EventID[^>]*>(\d+)<", record.xml()).group(1)
            micros = (record.unpack_qword(0x10) - 116444736000000000) // 10
            print(path, record.record_num(), event, micros, sep="\t")
"#;
    if output(Command::new("python3").args(["-c", "import Evtx.Evtx"])).is_none() {
        return skipped("python_evtx_reads_the_same_records", "no python-evtx (pip install python-evtx)");
    }
    let mut scene = Scene::new(Gate::default());
    scene.everything();
    scene.finish();
    let ours = oracle(scene.folder.path());
    let text = output(Command::new("python3").args(["-c", SCRIPT]).args(ours.keys())).unwrap();
    let mut theirs: BTreeMap<PathBuf, Vec<Told>> = BTreeMap::new();
    for line in text.lines() {
        let parts: Vec<_> = line.split('\t').collect();
        let number = |at: usize| parts[at].parse::<u64>().unwrap();
        let told = Told { record: number(1), event: number(2), micros: parts[3].parse().unwrap() };
        theirs.entry(parts[0].into()).or_default().push(told);
    }
    assert_eq!(ours, theirs);
}

#[test]
fn evtxexport_reads_the_same_records() {
    if output(Command::new("evtxexport").arg("-V")).is_none() {
        return skipped("evtxexport_reads_the_same_records", "no evtxexport (apt-get install libevtx-utils)");
    }
    let mut scene = Scene::new(Gate::default());
    scene.everything();
    scene.finish();
    for (path, told) in oracle(scene.folder.path()) {
        let text = output(Command::new("evtxexport").args(["-f", "xml"]).arg(&path)).unwrap();
        let between = |event: &str, before: &str, after: char| {
            let rest = event.split_once(before).unwrap().1;
            rest[..rest.find(after).unwrap()].to_owned()
        };
        let theirs: Vec<_> = text
            .split("<Event ")
            .skip(1)
            .map(|event| {
                let id = event.split_once("<EventID").unwrap().1.split_once('>').unwrap().1;
                let time = Moment::parse(&between(event, "SystemTime=\"", '"')).unwrap();
                Told {
                    record: between(event, "<EventRecordID>", '<').parse().unwrap(),
                    event: id[..id.find('<').unwrap()].parse().unwrap(),
                    micros: time.0.div_euclid(10),
                }
            })
            .collect();
        assert_eq!(told, theirs, "{}", path.display());
    }
}

/// Channels are told apart by what stands in the records, too.
#[test]
fn records_name_their_channel_and_computer() {
    let mut scene = Scene::new(Gate::default());
    scene.everything();
    scene.finish();
    let desk = scene.host(HostKind::Workstation);
    let mut channels = BTreeSet::new();
    for path in evtx_files(&scene.folder.path().join("hosts").join(&scene.court.host(desk).name)) {
        let stem = path.file_stem().unwrap().to_str().unwrap().replace("%4", "/");
        for (_, event) in read(&path) {
            assert_eq!(event["Event"]["System"]["Channel"], stem);
            assert_eq!(event["Event"]["System"]["Computer"], scene.court.full_name(desk));
            channels.insert(stem.clone());
        }
    }
    assert_eq!(channels.len(), 5);
}
