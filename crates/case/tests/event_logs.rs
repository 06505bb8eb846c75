//! Are Windows event logs found in bytes that no format knows, and does the calendar tell what they say of themselves?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::path::Path;

use assize_case::model::{Batch, Snapshot, Trust};
use assize_case::vault::CaseFile;
use assize_case::{Case, Silent, Tables, stamp};
use assize_drill::evtx::{FileTime, Payload, Provider, Record, Value, Writer};

const AUDIT: &str = "Microsoft-Windows-Security-Auditing";

type Data<'a> = &'a [(&'a str, Value<'a>)];

fn record<'a>(provider: &'a str, event_id: u16, minute: i64, data: Data<'a>) -> Record<'a> {
    Record {
        provider: Provider { name: provider, guid: None, event_source: None },
        event_id,
        qualifiers: None,
        version: 1,
        level: 0,
        task: 12544,
        opcode: 0,
        keywords: 0x8020_0000_0000_0000,
        time: FileTime::from_unix_ms(1_789_344_000_000 + minute * 60_000),
        process_id: 4,
        thread_id: 8,
        activity_id: None,
        related_activity_id: None,
        computer: "REG-WS07.court.example",
        user: None,
        payload: Payload::EventData { data, binary: None },
    }
}

fn log(channel: &str, records: &[Record<'_>]) -> Vec<u8> {
    let mut log = Writer::new(channel);
    for record in records {
        log.push(record).unwrap();
    }
    log.finish()
}

fn case(root: &Path, files: &[(&str, Vec<u8>)]) -> Case {
    let evidence = root.join("evidence");
    fs::create_dir_all(&evidence).unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(evidence.join(name), bytes).unwrap());
    let mut case = Case::create(&root.join("case"), CaseFile::default(), &stamp(None)).unwrap();
    case.intake(&[evidence], Trust::SelfReported, &stamp(None), &Silent, &mut |_, _| {}).unwrap();
    case.derive(&[], Some(2), &stamp(None), &Silent).unwrap();
    case
}

/// The bytes of no format: never zero, and the same every time.
fn foreign(length: usize) -> Vec<u8> {
    (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x81).collect()
}

#[test]
fn chunks_are_carved_out_of_an_image_and_out_of_nothing_else() {
    let logons: Vec<_> = (0..40).map(|minute| record(AUDIT, 4624, minute, &[])).collect();
    let log = log("Security", &logons);
    let chunk = &log[4096..4096 + 65536];
    // Far behind what a format is known by, and at no round place.
    let image = [foreign(300_007), chunk.to_vec(), foreign(200_000)].concat();
    let dir = tempfile::tempdir().unwrap();
    let case = case(dir.path(), &[("disk.dd", image), ("other.bin", foreign(150_000))]);
    let snapshot = case.snapshot().unwrap();
    let rows = |sql: &str| snapshot.rows(sql).unwrap();
    let events =
        rows("SELECT count(*) AS n, min(ranges[1]['offset']) AS first FROM events WHERE verb = 'logon'");
    assert_eq!((events[0].number("n"), events[0].number("first")), (40, 300_007 + 512));
    let gaps = rows("SELECT \"offset\", length, cause FROM gaps ORDER BY cause, \"offset\"");
    let gaps: Vec<_> =
        gaps.iter().map(|gap| (gap.number("offset"), gap.number("length"), gap.text("cause"))).collect();
    let behind = 300_007 + 65536;
    assert_eq!(
        gaps,
        [
            (0, 300_007, "unreadable-block"),
            (behind, 200_000, "unreadable-block"),
            (0, 150_000, "unrecognised")
        ]
    );
    let tables = Tables::open(&case.vault().derived(), 2).unwrap();
    let mut locators = Vec::new();
    let mut take = |rows: &_| {
        let batch = Batch::of(rows).unwrap();
        locators.extend((0..batch.len()).map(|row| batch.locator(row).unwrap()));
        Ok(())
    };
    tables.each("SELECT * FROM records", &mut take).unwrap();
    assert_eq!(locators.len(), 40);
    assert!(snapshot.raw_all(&locators).iter().all(|raw| raw.as_ref().unwrap().same));
}

#[test]
fn the_calendar_tells_what_logs_say_of_themselves() {
    let service = |state| [("param1", Value::text("Windows Event Log")), ("param2", Value::text(state))];
    let (stopped, running) = (service("stopped"), service("running"));
    let policy = [("SubcategoryId", Value::text("%%12544")), ("AuditPolicyChanges", Value::text("%%8448"))];
    let moved = [
        ("PreviousTime", Value::text("2026-09-14T00:50:00.000000000Z")),
        ("NewTime", Value::text("2026-09-13T23:50:00.000000000Z")),
    ];
    let security = [
        record(AUDIT, 4624, 0, &[]),
        record(AUDIT, 4719, 10, &policy),
        record(AUDIT, 4616, 20, &moved),
        record("Microsoft-Windows-Eventlog", 1101, 30, &[]),
        record("Microsoft-Windows-Eventlog", 1104, 40, &[]),
        record("Microsoft-Windows-Eventlog", 1100, 50, &[]),
    ];
    let system = [
        record("Service Control Manager", 7036, 60, &stopped),
        record("Service Control Manager", 7036, 70, &running),
    ];
    let dir = tempfile::tempdir().unwrap();
    let case = case(
        dir.path(),
        &[("Security.evtx", log("Security", &security)), ("System.evtx", log("System", &system))],
    );
    let sql = "SELECT source, because, basis FROM coverage ORDER BY source, \"from\"";
    let rows = case.snapshot().unwrap().rows(sql).unwrap();
    let told = |source: &str| {
        let rows = rows.iter().filter(|row| row.text("source") == source);
        rows.map(|row| row.text("because").to_owned()).collect::<Vec<_>>().join("\n")
    };
    let security = told("windows/Security");
    for word in ["SubcategoryId %%12544", "by -3600 s", "the Security log is full", "lost", "shut down"] {
        assert!(security.contains(word), "{word}: {security}");
    }
    let system = told("windows/System");
    assert!(system.contains("stopped") && system.contains("by -3600 s"), "{system}");
    assert!(!system.contains("the Security log is full"), "{system}");
}
