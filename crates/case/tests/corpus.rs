//! Does the whole way hold on real data that none of us made?
//!
//! The corpus is not part of this repository: `ASSIZE_CORPUS` says where it lies.
#![allow(clippy::disallowed_methods, clippy::print_stderr, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::path::PathBuf;

use assize_case::model::{Batch, Snapshot, Trust};
use assize_case::outputs::report::Report;
use assize_case::vault::CaseFile;
use assize_case::{Case, RuleSource, Silent, rule_files, stamp, test_rules};
use assize_testing::{corpus, unpacked};

#[test]
fn real_intrusions_are_read_whole_and_matched_by_sigma_hq() {
    let Some(corpus) = corpus("real intrusions") else { return };
    let dir = tempfile::tempdir().unwrap();
    let sigma = unpacked(&corpus.join("sigma_rules.tar.gz"), &dir.path().join("rules"));
    let rules = rule_files(&RuleSource { given: vec![sigma], no_builtin: false }).unwrap();
    let given =
        ["lsass_campaigns", "otrf_multihost", "evtx_attack_samples.tar.gz", "sigma_regression.tar.gz"];
    let given: Vec<PathBuf> = given.iter().map(|name| corpus.join(name)).collect();
    let root = dir.path().join("case");
    let mut case = Case::create(&root, CaseFile::default(), &stamp(None)).unwrap();
    case.intake(&given, Trust::SelfReported, &stamp(None), &Silent, &mut |found, result| {
        assert!(result.is_ok(), "{}: {result:?}", found.path);
    })
    .unwrap();
    case.derive(&rules, None, &stamp(None), &Silent).unwrap();
    let report = case.write_report(&Report, "report.html").unwrap();
    let snapshot = case.snapshot().unwrap();

    // 277 EVTX with 8,255 events by an independent reader; 202 of the regression set with 238. What
    // our reader finds beside them it has marked.
    let evtx = snapshot
        .rows("SELECT x.paths[1] AS path, count(*) AS files, sum(r.events) AS events FROM readings r JOIN exhibits x ON x.id = r.exhibit WHERE r.format = 'evtx' GROUP BY 1 ORDER BY 1")
        .unwrap();
    let marked = "SELECT x.paths[1] AS path, count(*) AS events FROM records e JOIN exhibits x ON x.id = e.exhibit \
                  WHERE e.format = 'evtx' AND e.fields['Record_Recovered'] IS NOT NULL GROUP BY 1 ORDER BY 1";
    let marked = snapshot.rows(marked).unwrap();
    let recovered = |path: &str| -> u64 {
        marked.iter().filter(|row| row.text("path") == path).map(|row| row.number("events")).sum()
    };
    let told: Vec<(&str, u64, u64)> = evtx
        .iter()
        .map(|row| {
            let path = row.text("path");
            (path, row.number("files"), row.number("events") - recovered(path))
        })
        .collect();
    assert_eq!(told, [("evtx_attack_samples.tar.gz", 277, 8255), ("sigma_regression.tar.gz", 202, 238)]);
    assert!(recovered("evtx_attack_samples.tar.gz") > 300, "{marked:?}");

    // Every record of every reading is an event or lies in a gap, and every file was read as something.
    let sums = "SELECT (SELECT sum(events) FROM readings) AS told, (SELECT count(*) FROM records) AS kept, \
                (SELECT sum(gaps) FROM readings) AS gaps_told, (SELECT count(*) FROM gaps) AS gaps";
    let sums = &snapshot.rows(sums).unwrap()[0];
    assert_eq!(sums.number("told"), sums.number("kept"));
    assert_eq!(sums.number("gaps_told"), sums.number("gaps"));
    let silent = "SELECT count(*) AS n FROM readings WHERE events = 0 AND gaps = 0 AND NOT container";
    assert_eq!(snapshot.rows(silent).unwrap()[0].number("n"), 0, "no success with 0 events");
    let json = snapshot.rows("SELECT count(*) AS n FROM events WHERE format = 'windows-json'").unwrap();
    assert!(json[0].number("n") > 110_000);

    // What the operators' transcripts say was done is found on the hosts where it was done.
    let found = |title: &str, host: &str| {
        let sql = format!(
            "SELECT count(*) AS n FROM findings WHERE title LIKE '%{title}%' AND host LIKE '{host}%'"
        );
        snapshot.rows(&sql).unwrap()[0].number("n")
    };
    assert!(found("Lsass", "MKT01") > 0 || found("LSASS", "MKT01") > 0);
    let run = snapshot.run();
    let accounted = run.ran.len() + run.not_run.len();
    assert!(accounted >= 3780, "every SigmaHQ rule ran or is listed: {accounted}");
    assert!(run.not_run.iter().all(|rule| !rule.reason.is_empty()));
    assert!(fs::metadata(report).unwrap().len() > 100_000);

    // A hundred real events of each format, from the bytes that their locators name alone.
    for format in ["evtx", "windows-json"] {
        let sql = format!("SELECT * FROM events WHERE format = '{format}' ORDER BY id LIMIT 100");
        let tables = assize_case::Tables::open(&case.vault().derived(), 2).unwrap();
        let mut locators = Vec::new();
        tables
            .each(&sql, &mut |rows| {
                let batch = Batch::of(rows).unwrap();
                locators.extend((0..batch.len()).map(|row| batch.locator(row).unwrap()));
                Ok(())
            })
            .unwrap();
        let raws = snapshot.raw_all(&locators);
        assert_eq!(raws.len(), 100);
        for (raw, locator) in raws.iter().zip(&locators) {
            assert!(raw.as_ref().unwrap().same, "{locator:?}");
        }
    }
}

#[test]
fn sigma_hq_rules_match_their_regression_samples() {
    let Some(corpus) = corpus("regression samples") else { return };
    let dir = tempfile::tempdir().unwrap();
    let sigma = unpacked(&corpus.join("sigma_rules.tar.gz"), &dir.path().join("rules"));
    let samples = unpacked(&corpus.join("sigma_regression.tar.gz"), &dir.path().join("samples"));
    let rules = rule_files(&RuleSource { given: vec![sigma], no_builtin: true }).unwrap();
    let tests = test_rules(&samples, &rules).unwrap();
    eprintln!(
        "regression: {} of {} passed, {} exactly; failed: {:?}",
        tests.passed, tests.total, tests.exact, tests.failed
    );
    assert_eq!(tests.total, 202);
    assert!(tests.passed >= 190, "{:#?}", tests.failed);
}

/// Truncated, garbled and odd files of other people's parsers' test suites: nothing is lost in silence.
#[test]
fn torture_files_give_events_or_gaps_and_never_a_panic() {
    let Some(corpus) = corpus("torture files") else { return };
    let dir = tempfile::tempdir().unwrap();
    let folder = unpacked(&corpus.join("parser_torture.tar.gz"), &dir.path().join("torture"));
    let mut case = Case::create(&dir.path().join("case"), CaseFile::default(), &stamp(None)).unwrap();
    case.intake(&[folder], Trust::SelfReported, &stamp(None), &Silent, &mut |_, _| {}).unwrap();
    let rules = rule_files(&RuleSource::default()).unwrap();
    case.derive(&rules, None, &stamp(None), &Silent).unwrap();
    let snapshot = case.snapshot().unwrap();
    let silent = "SELECT count(*) AS n FROM readings WHERE events = 0 AND gaps = 0 AND NOT container";
    // An event log that was made and never written to holds nothing, and says so in its header.
    let silent = snapshot.rows(silent).unwrap()[0].number("n");
    let defects =
        snapshot.rows("SELECT count(*) AS n FROM gaps WHERE cause = 'defect'").unwrap()[0].number("n");
    let events = snapshot.rows("SELECT count(*) AS n FROM events").unwrap()[0].number("n");
    eprintln!("torture: {events} events, {silent} readings without event or gap, {defects} defects");
    assert_eq!(defects, 0);
    assert!(events > 10_000);
}

/// Everything that lies there, in one case: each file and each member of a container is read, or it is said
/// why not.
#[test]
#[ignore = "half a minute in the release profile, minutes in the other"]
fn the_whole_corpus_in_one_case_accounts_for_every_file() {
    let Some(corpus) = corpus("the whole corpus") else { return };
    let files = assize_case::vault::walk(&corpus).len();
    let dir = tempfile::tempdir().unwrap();
    let mut case = Case::create(&dir.path().join("case"), CaseFile::default(), &stamp(None)).unwrap();
    let mut admitted = 0;
    case.intake(&[corpus], Trust::SelfReported, &stamp(None), &Silent, &mut |found, result| {
        admitted += usize::from(result.is_ok());
        assert!(result.is_ok(), "{}: {result:?}", found.path);
    })
    .unwrap();
    assert_eq!(admitted, files);
    case.derive(&[], None, &stamp(None), &Silent).unwrap();
    let snapshot = case.snapshot().unwrap();
    let number = |sql: &str| snapshot.rows(sql).unwrap()[0].number("n");
    assert_eq!(
        number("SELECT count(*) AS n FROM exhibits WHERE id NOT IN (SELECT exhibit FROM readings)"),
        0
    );
    // What was looked into and gave nothing says so; only an empty event log and an empty list of records
    // say nothing and are whole.
    let silent = "SELECT x.paths[1] AS path, r.member, r.format, r.bytes FROM readings r JOIN exhibits x ON x.id = r.exhibit \
                  WHERE r.events = 0 AND r.gaps = 0 AND NOT r.container ORDER BY path, r.member";
    let silent = snapshot.rows(silent).unwrap();
    silent.iter().for_each(|row| eprintln!("whole and without an event: {row:?}"));
    assert!(silent.len() <= 8, "{}", silent.len());
    assert_eq!(number("SELECT sum(events) AS n FROM readings"), number("SELECT count(*) AS n FROM records"));
    assert_eq!(number("SELECT sum(gaps) AS n FROM readings"), number("SELECT count(*) AS n FROM gaps"));
    assert_eq!(number("SELECT count(*) AS n FROM gaps WHERE cause = 'defect'"), 0);
    // What no format read has its reason.
    let unread = "SELECT count(*) AS n FROM readings r WHERE r.format IS NULL AND NOT EXISTS \
                  (SELECT 1 FROM gaps g WHERE g.exhibit = r.exhibit AND coalesce(g.member, '') = coalesce(r.member, ''))";
    assert_eq!(number(unread), 0);
    let by_format = "SELECT coalesce(format, '(none)') AS format, count(*) AS files, sum(events) AS events, sum(gaps) AS gaps \
                     FROM readings WHERE NOT container GROUP BY 1 ORDER BY 1";
    for row in snapshot.rows(by_format).unwrap() {
        let count = |name: &str| row.number(name);
        eprintln!(
            "{}: {} files, {} events, {} gaps",
            row.text("format"),
            count("files"),
            count("events"),
            count("gaps")
        );
    }
    eprintln!("{files} files, {} events", number("SELECT count(*) AS n FROM events"));
}

/// The longer tier: not a hundred events of each format but every one.
#[test]
#[ignore = "a quarter of an hour: reads events of the corpus again by their locators, not a hundred of each format but all"]
fn every_event_of_the_corpus_is_read_again_from_its_locator() {
    let Some(corpus) = corpus("every event again") else { return };
    let dir = tempfile::tempdir().unwrap();
    // More than half of all events are three formats' by the hundred thousand: sets without another format stay out.
    let alike = ["zeek_stratosphere", "zeek_wrccdc", "coortweet", "ira_60_authors"];
    let below = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap());
    let other =
        below.filter(|entry| !alike.iter().any(|set| entry.file_name().to_string_lossy().starts_with(set)));
    let mut given: Vec<PathBuf> = other.map(|entry| entry.path()).collect();
    given.sort();
    let mut case = Case::create(&dir.path().join("case"), CaseFile::default(), &stamp(None)).unwrap();
    case.intake(&given, Trust::SelfReported, &stamp(None), &Silent, &mut |_, _| {}).unwrap();
    case.derive(&[], None, &stamp(None), &Silent).unwrap();
    let snapshot = case.snapshot().unwrap();
    let tables = assize_case::Tables::open(&case.vault().derived(), 2).unwrap();
    let mut checked = 0;
    tables
        .each("SELECT * FROM events ORDER BY exhibit, id", &mut |rows| {
            let batch = Batch::of(rows).unwrap();
            let locators: Vec<_> = (0..batch.len()).map(|row| batch.locator(row).unwrap()).collect();
            for (raw, locator) in snapshot.raw_all(&locators).iter().zip(&locators) {
                assert!(raw.as_ref().unwrap().same, "{locator:?}");
            }
            checked += batch.len();
            Ok(())
        })
        .unwrap();
    eprintln!("{checked} events read again");
    assert!(checked > 350_000);
}
