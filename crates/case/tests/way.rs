//! Does the whole way hold: evidence in, the same tables out, and every line back to its bytes?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use assize_case::model::{Batch, Snapshot, Trust};
use assize_case::vault::{AtRest, CaseFile, Keys};
use assize_case::{Case, RuleSource, Silent, rule_files, stamp};

/// The demonstration's evidence: real formats, damage included.
fn evidence(folder: &Path) -> PathBuf {
    let evidence = folder.join("evidence");
    assize_drill::specimen::make(&evidence).unwrap();
    evidence
}

fn inquire(root: &Path, given: &[PathBuf], threads: usize) -> Case {
    let keys = Keys::at(&root.with_extension("keys"));
    let mut case =
        Case::create_with(root, CaseFile::default(), AtRest::Plain, &keys, &stamp(Some("test"))).unwrap();
    case.intake(given, Trust::UntrustedHost, &stamp(Some("test")), &Silent, &mut |_, _| {}).unwrap();
    derive(&mut case, threads);
    case
}

fn derive(case: &mut Case, threads: usize) {
    let rules = rule_files(&RuleSource::default()).unwrap();
    case.derive(&rules, Some(threads), &stamp(Some("test")), &Silent).unwrap();
}

/// Every file of the derived area with its bytes.
fn derived(case: &Case) -> BTreeMap<String, Vec<u8>> {
    let derived = case.vault().derived();
    let names = derived.list().unwrap();
    names.into_iter().map(|name| (name.clone(), derived.read(&name).unwrap().unwrap())).collect()
}

fn assert_same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names = |map: &BTreeMap<String, Vec<u8>>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(one), names(other), "{what}: files");
    for (name, bytes) in one {
        assert!(bytes == &other[name], "{what}: {name} differs");
    }
}

/// All files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn derived_tables_depend_on_evidence_and_rules_alone() {
    let dir = tempfile::tempdir().unwrap();
    let original = evidence(dir.path());
    let first = derived(&inquire(&dir.path().join("one"), std::slice::from_ref(&original), 1));
    assert!(first.len() > 20, "the demonstration has many exhibits");

    let threads = derived(&inquire(&dir.path().join("two"), std::slice::from_ref(&original), 2));
    assert_same(&first, &threads, "two threads");

    let elsewhere = dir.path().join("another place with spaces");
    fs::create_dir(&elsewhere).unwrap();
    let copied = elsewhere.join("evidence");
    assert!(
        std::process::Command::new("cp").arg("-r").args([&original, &copied]).status().unwrap().success()
    );
    let moved = derived(&inquire(&elsewhere.join("case"), &[copied], 2));
    assert_same(&first, &moved, "another folder");

    // The folders of evidence given one by one, in reverse: paths are below what was given, so only
    // the names of origins may differ.
    let mut folders: Vec<PathBuf> =
        fs::read_dir(&original).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.reverse();
    let shuffled = derived(&inquire(&dir.path().join("three"), &folders, 2));
    let but_origins = |map: &BTreeMap<String, Vec<u8>>| {
        let told = |name: &String| name != "exhibits.parquet" && name != "manifest.json";
        map.iter().filter(|(name, _)| told(name)).map(|(n, b)| (n.clone(), b.clone())).collect()
    };
    assert_same(&but_origins(&first), &but_origins(&shuffled), "shuffled order");
}

#[test]
fn order_of_files_changes_nothing_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let mut given = Vec::new();
    files(&evidence(dir.path()), &mut given);
    given.sort();
    let one = derived(&inquire(&dir.path().join("one"), &given, 2));
    given.reverse();
    let other = derived(&inquire(&dir.path().join("two"), &given, 2));
    assert_same(&one, &other, "files in reverse");
}

#[test]
fn adding_evidence_is_as_if_it_had_been_there_from_the_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let mut given = Vec::new();
    files(&evidence(dir.path()), &mut given);
    given.sort();
    let whole = derived(&inquire(&dir.path().join("whole"), &given, 2));
    let (early, late) = given.split_at(given.len() / 2);
    let mut case = inquire(&dir.path().join("grown"), early, 2);
    case.intake(late, Trust::UntrustedHost, &stamp(None), &Silent, &mut |_, _| {}).unwrap();
    let rules = rule_files(&RuleSource::default()).unwrap();
    let derivation = case.derive(&rules, Some(2), &stamp(None), &Silent).unwrap();
    assert!(derivation.kept > 0, "what stood was not read again");
    assert_same(&whole, &derived(&case), "grown in two steps");
}

#[test]
fn a_derivation_cut_short_is_finished_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let mut case = inquire(&dir.path().join("case"), &[evidence(dir.path())], 2);
    let whole = derived(&case);
    // As if killed: some exhibits half written, some not begun, the manifest missing.
    let root = dir.path().join("case/derived");
    let tasks: Vec<_> =
        fs::read_dir(root.join("tasks")).unwrap().map(|entry| entry.unwrap().path()).collect();
    tasks.iter().step_by(2).for_each(|task| fs::remove_file(task).unwrap());
    fs::remove_file(root.join("manifest.json")).unwrap();
    let mut parts = Vec::new();
    files(&root.join("events"), &mut parts);
    fs::write(parts[0].with_extension("part"), b"half").unwrap();
    derive(&mut case, 2);
    assert_same(&whole, &derived(&case), "resumed");
}

/// For every format: reading only what the locator names gives the same event again.
#[test]
fn a_locator_alone_gives_the_event_again() {
    let dir = tempfile::tempdir().unwrap();
    let case = inquire(&dir.path().join("case"), &[evidence(dir.path())], 2);
    let snapshot = case.snapshot().unwrap();
    for format in assize_case::formats::ALL {
        let name = format.card().name;
        // A hundred events in the order of a digest: spread over files, the same every time.
        let sql = format!("SELECT * FROM events WHERE format = '{name}' ORDER BY id LIMIT 100");
        let mut checked = 0;
        let tables = assize_case::Tables::open(&case.vault().derived(), 2).unwrap();
        tables
            .each(&sql, &mut |rows| {
                let batch = Batch::of(rows).unwrap();
                for row in 0..batch.len() {
                    let locator = batch.locator(row).unwrap();
                    let raw = snapshot.raw(&locator).unwrap();
                    assert!(raw.same, "{name}: {locator:?}\n{}", raw.text);
                    assert!(!raw.text.is_empty());
                    checked += 1;
                }
                Ok(())
            })
            .unwrap();
        // The specimen was made for these; of formats that came later it has what it happens to have.
        let held = ["evtx", "windows-json", "json"].contains(&name);
        assert!(checked == 100 || !held, "{name}: the specimen holds at least 100 events, not {checked}");
    }
}

#[test]
fn queries_can_only_read() {
    let dir = tempfile::tempdir().unwrap();
    let case = inquire(&dir.path().join("case"), &[evidence(dir.path())], 2);
    let snapshot = case.snapshot().unwrap();
    let before = derived(&case);
    let target = dir.path().join("out.csv");
    let refused = [
        "CREATE TABLE t AS SELECT 1".to_owned(),
        "CREATE VIEW v AS SELECT 1".to_owned(),
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'".to_owned(),
        "DROP TABLE events".to_owned(),
        "INSERT INTO findings SELECT * FROM findings".to_owned(),
        "DELETE FROM events".to_owned(),
        "UPDATE events SET host = 'x'".to_owned(),
        format!("COPY (SELECT 1) TO '{}' STORED AS CSV", target.display()),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "EXPLAIN ANALYZE INSERT INTO findings SELECT * FROM findings".to_owned(),
        "PREPARE p AS SELECT 1".to_owned(),
        "SELECT * FROM '/etc/passwd'".to_owned(),
        "SELECT 1; DROP TABLE events".to_owned(),
    ];
    for sql in &refused {
        assert!(snapshot.rows(sql).is_err(), "{sql}");
    }
    assert!(!target.exists());
    assert_same(&before, &derived(&case), "after refused queries");
    let rows = snapshot.rows("SELECT count(*) AS n FROM events").unwrap();
    assert!(rows[0].number("n") > 1000);
    assert!(snapshot.rows(&format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000))).is_err());
}

/// By query and by trace alike, with the meaning of its codes beside them.
#[test]
fn an_event_is_said_in_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let case = inquire(&dir.path().join("case"), &[evidence(dir.path())], 2);
    let snapshot = case.snapshot().unwrap();
    let sql = "SELECT id, message(fields) AS message, meanings(fields) AS meanings FROM events \
        WHERE source = 'windows/Security' AND fields['EventID'] = '4624' ORDER BY id LIMIT 5";
    let rows = snapshot.rows(sql).unwrap();
    assert_eq!(rows.len(), 5);
    for row in &rows {
        assert!(row.text("message").contains(" logged on to "), "{row:?}");
        let meanings = row.value("meanings").as_array().unwrap();
        assert!(meanings.iter().any(|pair| pair[0] == "LogonType"), "{row:?}");
        let trace = snapshot.trace(row.text("id"), false).unwrap();
        let says = trace.steps[0].facts.iter().find(|(name, _)| name == "says").unwrap();
        assert_eq!(says.1, row.text("message"));
    }
    let sql = "SELECT count(*) AS n FROM events WHERE fields['Provider_Name'] = 'Microsoft-Windows-Sysmon' \
        AND own_time(fields) BETWEEN time - INTERVAL '1 minute' AND time";
    assert!(
        snapshot.rows(sql).unwrap()[0].number("n") > 100,
        "Sysmon's own time lies just before the record's"
    );
    let sql = "SELECT message(fields) AS message FROM events WHERE source = 'json' ORDER BY id LIMIT 1";
    assert!(snapshot.rows(sql).unwrap()[0].value("message").is_null(), "nothing is made up");
    assert!(snapshot.rows("SELECT message(id) FROM events").is_err());
}

#[test]
fn every_finding_traces_to_its_bytes_and_leaf() {
    let dir = tempfile::tempdir().unwrap();
    let case = inquire(&dir.path().join("case"), &[evidence(dir.path())], 2);
    let snapshot = case.snapshot().unwrap();
    let findings = snapshot.rows("SELECT id FROM findings ORDER BY id LIMIT 40").unwrap();
    assert!(findings.len() > 10, "the rules find the demonstration's intrusion");
    for row in &findings {
        let trace = snapshot.trace(row.text("id"), true).unwrap();
        let what: Vec<&str> = trace.steps.iter().map(|step| step.what).collect();
        assert!(what.starts_with(&["finding", "rule", "event", "bytes", "exhibit", "leaf"]), "{what:?}");
        assert!(trace.holds() && trace.bytes.is_some());
    }
    for table in ["events", "gaps", "exhibits"] {
        let rows = snapshot.rows(&format!("SELECT id FROM {table} ORDER BY id LIMIT 3")).unwrap();
        for row in &rows {
            let id = row.text("id");
            assert_eq!(snapshot.trace(id, false).unwrap().id, id);
            assert_eq!(snapshot.trace(&id[..14], false).unwrap().id, id, "its beginning will do");
        }
    }
    let leaf = case.vault().leaves()[1].id.to_string();
    assert_eq!(snapshot.trace(&leaf, false).unwrap().id, leaf);
    for wrong in ["", "e-", "e-abc", "z-aaaaaaaaaaaaaaaaaaaaaaaaaa", "e-aaaaaaaaaaaaaaaaaaaaaaaaaa", "é"] {
        assert!(snapshot.trace(wrong, false).is_err(), "{wrong}");
    }
}

#[test]
fn a_changed_exhibit_is_told_by_its_trace() {
    let dir = tempfile::tempdir().unwrap();
    let case = inquire(&dir.path().join("case"), &[evidence(dir.path())], 2);
    let snapshot = case.snapshot().unwrap();
    let event = snapshot
        .rows("SELECT id, exhibit, ranges FROM events WHERE format = 'json' ORDER BY id LIMIT 1")
        .unwrap();
    let exhibit =
        snapshot.run().exhibits.iter().find(|x| x.id.to_string() == event[0].text("exhibit")).unwrap();
    let sha256 = &exhibit.digests.sha256;
    let path = dir.path().join("case/exhibits").join(&sha256[..2]).join(sha256);
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let changed = String::from_utf8_lossy(&bytes).replace(|c: char| c.is_ascii_digit(), "9");
    fs::write(&path, changed).unwrap();
    let trace = snapshot.trace(event[0].text("id"), false);
    assert!(trace.map_or(true, |trace| !trace.holds()));
}

#[test]
fn every_byte_of_every_exhibit_was_given_to_a_reader() {
    let dir = tempfile::tempdir().unwrap();
    let case = inquire(&dir.path().join("case"), &[evidence(dir.path())], 2);
    let run = case.snapshot().unwrap();
    for exhibit in &run.run().exhibits {
        let id = exhibit.id.to_string();
        let whole =
            run.run().readings.iter().find(|reading| reading.exhibit == id && reading.member.is_none());
        let whole = whole.unwrap_or_else(|| panic!("{id} was not read"));
        assert!(whole.container || whole.bytes == exhibit.digests.size, "{id}: {whole:?}");
    }
}

#[test]
fn a_decision_is_a_leaf_before_it_takes_effect_and_is_undone_by_another() {
    use assize_case::model::Decision;
    let dir = tempfile::tempdir().unwrap();
    let mut case = inquire(&dir.path().join("case"), &[evidence(dir.path())], 2);
    let before = derived(&case);
    let leaves = case.vault().leaves().len();
    let confirm = r#"{"verb":"confirm","on":"address","value":"198.51.100.23","reason":"seen","by":"test"}"#;
    let confirm = Decision::parse(confirm).unwrap();
    let (ids, new) = case.decide(&[confirm.clone(), confirm.clone()], &stamp(None)).unwrap();
    assert_eq!((new, ids[0] == ids[1]), (1, true), "the same decision twice is one");
    assert_eq!(case.vault().leaves().len(), leaves + 1);
    assert_eq!(derived(&case), before, "nothing has been derived from it yet");
    case.conclude(Some(2), &stamp(None), &Silent).unwrap();

    let undo = format!(
        r#"{{"verb":"reject","on":"decision","value":"{}","reason":"mistaken","by":"test"}}"#,
        ids[0]
    );
    case.decide(&[Decision::parse(&undo).unwrap()], &stamp(None)).unwrap();
    let stands = |case: &Case| case.decisions().iter().filter(|one| one.undone_by.is_none()).count();
    assert_eq!((case.decisions().len(), stands(&case)), (2, 1));
    assert_eq!(case.decide(std::slice::from_ref(&confirm), &stamp(None)).unwrap().1, 1, "taken again");
    assert_eq!(stands(&case), 2);
    let wrong = Decision { verb: assize_case::model::decision::Verb::Overrule, ..confirm };
    assert!(case.decide(&[wrong], &stamp(None)).unwrap_err().to_string().contains("expected one of"));
}
