//! Does one event that was told twice stay one, and do two stay two?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::path::{Path, PathBuf};

use assize_case::model::{Batch, Snapshot, Trust};
use assize_case::vault::CaseFile;
use assize_case::{Case, Silent, Tables, stamp};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/testdata/samples")
}

fn derived(evidence: &Path, root: &Path) -> Case {
    let mut case = Case::create(root, CaseFile::default(), &stamp(None)).unwrap();
    let given = [evidence.to_owned()];
    case.intake(&given, Trust::SelfReported, &stamp(None), &Silent, &mut |found, result| {
        assert!(result.is_ok(), "{}", found.path);
    })
    .unwrap();
    case.derive(&[], Some(2), &stamp(None), &Silent).unwrap();
    case
}

fn count(case: &Case, sql: &str) -> u64 {
    case.snapshot().unwrap().rows(sql).unwrap()[0].number("n")
}

/// A real server's log, which it wrote as a table and as JSON at once: the same records twice.
#[test]
fn a_record_that_was_exported_twice_is_one_event_with_two_locators() {
    let dir = tempfile::tempdir().unwrap();
    let evidence = dir.path().join("evidence");
    fs::create_dir(&evidence).unwrap();
    for name in ["postgresql-15.csv", "postgresql-15.json"] {
        fs::copy(samples().join("servers").join(name), evidence.join(name)).unwrap();
    }
    let case = derived(&evidence, &dir.path().join("case"));
    let each = count(&case, "SELECT count(*) AS n FROM records WHERE format = 'postgresql-csvlog'");
    assert!(each > 100);
    assert_eq!(count(&case, "SELECT count(*) AS n FROM records"), 2 * each);
    assert_eq!(count(&case, "SELECT count(*) AS n FROM events"), each);
    assert_eq!(count(&case, "SELECT count(*) AS n FROM aliases WHERE because = 'record identity'"), each);
    let summary = assize_case::summary(&case, &case.snapshot().unwrap()).unwrap();
    assert_eq!((summary.events, summary.duplicates), (each, each));
    // An alias keeps its own locator, and its bytes still give it.
    let tables = Tables::open(&case.vault().derived(), 2).unwrap();
    let mut locators = Vec::new();
    let sql = "SELECT r.* FROM records r JOIN aliases a ON a.id = r.id ORDER BY r.id LIMIT 20";
    tables
        .each(sql, &mut |rows| {
            let batch = Batch::of(rows).unwrap();
            locators.extend((0..batch.len()).map(|row| batch.locator(row).unwrap()));
            Ok(())
        })
        .unwrap();
    assert_eq!(locators.len(), 20);
    assert!(case.snapshot().unwrap().raw_all(&locators).iter().all(|raw| raw.as_ref().unwrap().same));
}

#[test]
fn a_copy_of_a_growing_log_is_merged_and_equal_lines_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let evidence = dir.path().join("evidence");
    fs::create_dir_all(evidence.join("monday")).unwrap();
    let log = fs::read(samples().join("servers/samba-4.17.log")).unwrap();
    let half = log[..log.len() / 2].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(evidence.join("audit.log"), &log).unwrap();
    fs::write(evidence.join("monday/audit.log"), &log[..half]).unwrap();
    // The same two lines in a file of their own are two acts, for all that anybody knows.
    let line = log.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    fs::write(evidence.join("other.log"), [b"<173>Nov 27 09:00:00 smbd_audit: x\n", line, line].concat())
        .unwrap();
    let case = derived(&evidence, &dir.path().join("case"));
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    assert_eq!(count(&case, "SELECT count(*) AS n FROM aliases"), lines(&log[..half]));
    assert_eq!(count(&case, "SELECT count(*) AS n FROM events"), lines(&log) + 3);
}
