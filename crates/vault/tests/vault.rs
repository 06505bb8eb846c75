//! Does the vault keep what it acknowledged, whatever happens in between?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person, the intruder and the crash.

use std::fs;
use std::path::Path;

use assize_model::Trust;
use assize_vault::{Act, Admitted, CaseFile, Stamp, Vault, VaultError, merkle, walk};
use data_encoding::HEXLOWER;

fn stamp() -> Stamp {
    Stamp { at: "2026-09-14T08:00:00Z".into(), by: "m.okafor".into(), tool: "test".into() }
}

fn admit(vault: &mut Vault, folder: &Path) -> Vec<(String, Result<Admitted, String>)> {
    let mut results = Vec::new();
    let mut done = |found: &assize_vault::Found, result| results.push((found.path.clone(), result));
    vault.admit(&walk(folder), Trust::UntrustedHost, &stamp(), &mut |_| {}, &mut done).unwrap();
    results
}

fn evidence(folder: &Path) {
    fs::create_dir_all(folder.join("b")).unwrap();
    fs::write(folder.join("a.log"), b"one").unwrap();
    fs::write(folder.join("b/copy-of-a.log"), b"one").unwrap();
    fs::write(folder.join("b/other.log"), b"two").unwrap();
}

#[test]
fn the_same_content_twice_is_one_exhibit_with_two_origins() {
    let dir = tempfile::tempdir().unwrap();
    evidence(&dir.path().join("in"));
    let case = dir.path().join("case");
    let mut vault = Vault::create(&case, CaseFile::default(), &stamp()).unwrap();
    let results = admit(&mut vault, &dir.path().join("in"));
    assert_eq!(results.len(), 3);
    let exhibits = vault.exhibits();
    assert_eq!(exhibits.len(), 2);
    let twice = exhibits.iter().find(|exhibit| exhibit.admissions.len() == 2).unwrap();
    let paths: Vec<&str> = twice.admissions.iter().map(|admission| admission.path.as_str()).collect();
    assert_eq!(paths, ["a.log", "b/copy-of-a.log"]);
    assert_eq!(twice.digests.sha256, "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
    assert_eq!(twice.digests.blake3, blake3::hash(b"one").to_hex().as_str());
    let stored = case.join("exhibits/76").join(&twice.digests.sha256);
    assert_eq!(fs::read(&stored).unwrap(), b"one");
    assert!(fs::metadata(&stored).unwrap().permissions().readonly(), "write-once");
}

#[test]
fn what_was_admitted_before_gains_no_second_leaf() {
    let dir = tempfile::tempdir().unwrap();
    evidence(&dir.path().join("in"));
    let case = dir.path().join("case");
    let mut vault = Vault::create(&case, CaseFile::default(), &stamp()).unwrap();
    admit(&mut vault, &dir.path().join("in"));
    let head = vault.head();
    drop(vault);
    let mut vault = Vault::open_for_writing(&case).unwrap();
    let again = admit(&mut vault, &dir.path().join("in"));
    assert!(again.iter().all(|(_, result)| !result.as_ref().unwrap().logged));
    assert_eq!(vault.head(), head);
}

#[test]
fn the_root_can_be_computed_from_the_lines_alone() {
    let dir = tempfile::tempdir().unwrap();
    evidence(&dir.path().join("in"));
    let case = dir.path().join("case");
    let mut vault = Vault::create(&case, CaseFile::default(), &stamp()).unwrap();
    admit(&mut vault, &dir.path().join("in"));
    let mut tree = merkle::Tree::default();
    let text = fs::read_to_string(case.join("log/leaves")).unwrap();
    text.lines().for_each(|line| tree.push(merkle::leaf_hash(line.as_bytes())));
    assert_eq!(HEXLOWER.encode(&tree.root()), vault.head().root);
    assert_eq!(vault.head().leaves, 4, "the case, and three admissions");
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), line, "RFC 8785");
    }
}

#[test]
fn a_crash_between_leaf_and_store_is_finished_by_the_next_writer() {
    let dir = tempfile::tempdir().unwrap();
    evidence(&dir.path().join("in"));
    let case = dir.path().join("case");
    let mut vault = Vault::create(&case, CaseFile::default(), &stamp()).unwrap();
    admit(&mut vault, &dir.path().join("in"));
    let exhibit = vault.exhibits()[0].clone();
    drop(vault);
    // As if the power had gone after the leaf was written and before the content was moved.
    let sha256 = &exhibit.digests.sha256;
    let place = case.join("exhibits").join(&sha256[..2]).join(sha256);
    fs::rename(&place, case.join("exhibits/.incoming").join(sha256)).unwrap();
    fs::write(case.join("exhibits/.incoming/part"), b"half a file").unwrap();
    assert!(matches!(Vault::open(&case).unwrap().content(&exhibit), Err(VaultError::Missing(_))));
    let vault = Vault::open_for_writing(&case).unwrap();
    assert!(vault.content(&exhibit).is_ok());
    assert_eq!(fs::read_dir(case.join("exhibits/.incoming")).unwrap().count(), 0);
}

#[test]
fn a_leaf_without_its_newline_was_never_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let case = dir.path().join("case");
    let vault = Vault::create(&case, CaseFile::default(), &stamp()).unwrap();
    let head = vault.head();
    drop(vault);
    let path = case.join("log/leaves");
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"act\":\"admit\",\"at\":\"20");
    fs::write(&path, bytes).unwrap();
    assert_eq!(Vault::open(&case).unwrap().head(), head, "a reader passes over it");
    let mut vault = Vault::open_for_writing(&case).unwrap();
    assert_eq!(vault.head(), head, "a writer drops it");
    vault.append(&stamp(), Act::Derive { manifest: "00".into() }).unwrap();
    drop(vault);
    assert_eq!(Vault::open(&case).unwrap().leaves().len(), 2);
}

#[test]
fn a_changed_leaf_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let case = dir.path().join("case");
    drop(Vault::create(&case, CaseFile::default(), &stamp()).unwrap());
    fs::write(case.join("log/leaves"), b"{\"act\":\n").unwrap();
    let error = Vault::open(&case).err().unwrap();
    assert!(matches!(error, VaultError::Log { index: 0, .. }), "{error}");
}

#[test]
fn one_writer_many_readers() {
    let dir = tempfile::tempdir().unwrap();
    let case = dir.path().join("case");
    let writer = Vault::create(&case, CaseFile::default(), &stamp()).unwrap();
    assert!(matches!(Vault::open_for_writing(&case), Err(VaultError::Locked { .. })));
    assert!(Vault::open(&case).is_ok());
    drop(writer);
    assert!(Vault::open_for_writing(&case).is_ok());
}

#[test]
fn what_cannot_be_admitted_is_an_item_and_stands_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    evidence(&input);
    std::os::unix::fs::symlink("/etc/passwd", input.join("link")).unwrap();
    let status = std::process::Command::new("mkfifo").arg(input.join("pipe")).status();
    assert!(status.unwrap().success());
    let case = dir.path().join("case");
    let mut vault = Vault::create(&case, CaseFile::default(), &stamp()).unwrap();
    let results = admit(&mut vault, &input);
    let refused: Vec<&str> =
        results.iter().filter(|(_, r)| r.is_err()).map(|(path, _)| path.as_str()).collect();
    assert_eq!(refused, ["link", "pipe"]);
    let logged: Vec<String> = vault.not_admitted().into_iter().map(|(path, _)| path).collect();
    assert_eq!(logged, ["link", "pipe"]);
    let gone = admit(&mut vault, &dir.path().join("nowhere"));
    assert!(gone[0].1.is_err());
}

#[test]
fn a_folder_that_holds_something_else_is_not_made_a_case() {
    let dir = tempfile::tempdir().unwrap();
    evidence(dir.path());
    assert!(matches!(Vault::create(dir.path(), CaseFile::default(), &stamp()), Err(VaultError::NotEmpty(_))));
    assert!(matches!(Vault::open(dir.path()), Err(VaultError::NotACase(_))));
}
