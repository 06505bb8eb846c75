//! Does `detect` say without a case what a case says, whatever the threads, and only what was asked?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::path::{Path, PathBuf};

use assize_case::model::{Level, Snapshot, Time, Trust};
use assize_case::vault::{AtRest, CaseFile, Keys};
use assize_case::{Case, CaseError, Choice, Detected, RuleSource, Search, Silent, detect, rule_files, stamp};

fn evidence(folder: &Path) -> PathBuf {
    let evidence = folder.join("evidence");
    assize_drill::specimen::make(&evidence).unwrap();
    evidence
}

fn detected(paths: &[PathBuf], choice: &Choice, all_fields: bool, threads: usize) -> Detected {
    let rules = rule_files(&RuleSource::default()).unwrap();
    let search = Search { paths, read_as: &[], rules: &rules, choice, all_fields, threads: Some(threads) };
    detect(&search, &Silent).unwrap()
}

/// A finding's id, file and text, and its time and level.
type Told = (String, String, String, Option<Time>, Level);

fn told(mut detected: Detected) -> Vec<Told> {
    let mut told = Vec::new();
    let each = detected.each(|finding| {
        let text = serde_json::to_string(&finding).unwrap();
        told.push((finding.id.to_string(), finding.file.to_owned(), text, finding.time, finding.rule.level));
        Ok::<_, CaseError>(())
    });
    each.unwrap();
    told
}

#[test]
fn what_a_case_finds_detect_finds_with_the_same_ids() {
    let dir = tempfile::tempdir().unwrap();
    let evidence = [evidence(dir.path())];
    let root = dir.path().join("case");
    let keys = Keys::at(&root.with_extension("keys"));
    let stamp = stamp(Some("test"));
    let mut case = Case::create_with(&root, CaseFile::default(), AtRest::Plain, &keys, &stamp).unwrap();
    case.intake(&evidence, Trust::UntrustedHost, &stamp, &Silent, &mut |_, _| {}).unwrap();
    let rules = rule_files(&RuleSource::default()).unwrap();
    case.derive(&rules, Some(1), &stamp, &Silent).unwrap();
    let rows = case.snapshot().unwrap().rows("SELECT id FROM findings ORDER BY id").unwrap();
    let of_case: Vec<String> = rows.iter().map(|row| row.text("id").to_owned()).collect();

    let one = detected(&evidence, &Choice::default(), false, 1);
    let ran = one.ran;
    assert_eq!(one.ran + one.not_run.len(), rules.len(), "each rule ran or says why not");
    let one = told(one);
    let mut ids: Vec<String> = one.iter().map(|(id, ..)| id.clone()).collect();
    ids.sort();
    assert_eq!(ids, of_case);
    assert!(ids.len() > 20, "{}", ids.len());
    let rows = case.snapshot().unwrap().rows("SELECT count(*) AS n FROM rules WHERE ran").unwrap();
    assert_eq!(rows[0].number("n") as usize, ran, "the same rules ran");

    assert_eq!(told(detected(&evidence, &Choice::default(), false, 3)), one, "three threads");
    // Reading everything changes no finding.
    assert_eq!(told(detected(&evidence, &Choice::default(), true, 2)), one, "all fields");
    let times: Vec<_> = one.iter().map(|(_, _, _, time, _)| (time.is_none(), *time)).collect();
    assert!(times.is_sorted(), "by time, none last");
}

#[test]
fn a_copy_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let evidence = evidence(dir.path());
    let before = detected(std::slice::from_ref(&evidence), &Choice::default(), false, 1);
    let events = before.events;
    let before = told(before);
    let (_, file, ..) = before.first().unwrap();
    fs::copy(evidence.join(file), evidence.join("zz-copy")).unwrap();
    let after = detected(&[evidence], &Choice::default(), false, 2);
    assert_eq!((after.events, after.copies.clone()), (events, vec![("zz-copy".to_owned(), file.clone())]));
    assert_eq!(told(after), before);
}

#[test]
fn what_is_not_asked_for_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let evidence = [evidence(dir.path())];
    let all = told(detected(&evidence, &Choice::default(), false, 2));
    let (first, last) =
        (all.first().unwrap().3.unwrap(), all.iter().filter_map(|told| told.3).max().unwrap());
    let some = Choice { since: Some(Time(first.0 + 1)), until: Some(last), ..Choice::default() };
    let expected: Vec<Told> =
        all.iter().filter(|told| told.3.is_none_or(|time| time > first && time < last)).cloned().collect();
    assert_eq!(told(detected(&evidence, &some, false, 2)), expected);
    assert!(expected.len() < all.len());
    let high = Choice { level_min: Level::High, ..Choice::default() };
    let expected: Vec<Told> = all.iter().filter(|told| told.4 >= Level::High).cloned().collect();
    assert_eq!(told(detected(&evidence, &high, false, 2)), expected);
    let nobody = Choice { hosts: vec!["no-such-host".into()], ..Choice::default() };
    let nothing = detected(&evidence, &nobody, false, 2);
    assert!(nothing.events > 0 && nothing.ran > 0, "what is left out was read all the same");
    assert_eq!(told(nothing), []);
}
