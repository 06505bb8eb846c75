//! Does the vault keep what it acknowledged, whatever happens in between?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person, the intruder and the crash.

mod common;

use std::fs;

use assize_vault::{Act, AtRest, CaseFile, Vault, VaultError, merkle};
use common::{admit, stamp, world};
use data_encoding::HEXLOWER;

#[test]
fn the_same_content_twice_is_one_exhibit_with_two_origins() {
    let world = world();
    let (input, case) = (world.evidence(), world.case());
    let mut vault = world.create(AtRest::Plain);
    let results = admit(&mut vault, &input);
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
    let world = world();
    let (input, case) = (world.evidence(), world.case());
    let mut vault = world.create(AtRest::Plain);
    admit(&mut vault, &input);
    let head = vault.head();
    drop(vault);
    let mut vault = Vault::open_for_writing(&case).unwrap();
    let again = admit(&mut vault, &input);
    assert!(again.iter().all(|(_, result)| !result.as_ref().unwrap().logged));
    assert_eq!(vault.head(), head);
}

#[test]
fn the_root_can_be_computed_from_the_lines_alone() {
    let world = world();
    let mut vault = world.create(AtRest::Plain);
    admit(&mut vault, &world.evidence());
    let mut tree = merkle::Tree::default();
    let text = fs::read_to_string(world.case().join("log/leaves")).unwrap();
    for line in text.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [hashed, salt, payload] = parts[..] else { panic!("{line}") };
        tree.push(merkle::leaf_hash(hashed.as_bytes()));
        assert_eq!(salt.len(), 64);
        for json in [hashed, payload] {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), json, "RFC 8785");
        }
        assert!(!hashed.contains("okafor") && !hashed.contains(".log"), "nothing to guess at: {hashed}");
    }
    assert_eq!(HEXLOWER.encode(&tree.root()), vault.head().root);
    assert_eq!(vault.head().leaves, 4, "the case, and three admissions");
}

#[test]
fn a_crash_between_leaf_and_store_is_finished_by_the_next_writer() {
    let world = world();
    let (input, case) = (world.evidence(), world.case());
    let mut vault = world.create(AtRest::Plain);
    admit(&mut vault, &input);
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
    let world = world();
    let head = world.create(AtRest::Plain).head();
    let path = world.case().join("log/leaves");
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"act\":\"admit\",\"at\":\"20");
    fs::write(&path, bytes).unwrap();
    assert_eq!(Vault::open(&world.case()).unwrap().head(), head, "a reader passes over it");
    let mut vault = world.again();
    assert_eq!(vault.head(), head, "a writer drops it");
    vault.append(&stamp(), Act::Derive { manifest: "00".into() }).unwrap();
    drop(vault);
    assert_eq!(Vault::open(&world.case()).unwrap().leaves().len(), 2);
}

#[test]
fn a_torn_group_is_set_aside_and_kept() {
    let world = world();
    let head = world.create(AtRest::Plain).head();
    let path = world.case().join("log/leaves");
    let mut bytes = fs::read(&path).unwrap();
    // As a disk may leave it: the end of the write is there, its beginning is zeroes.
    let torn = [&[0; 700][..], b"\trest\tof a line\n"].concat();
    bytes.extend_from_slice(&torn);
    fs::write(&path, bytes).unwrap();
    let vault = world.again();
    assert_eq!(vault.head(), head);
    drop(vault);
    let kept: Vec<_> = fs::read_dir(world.case().join("log")).unwrap().map(|e| e.unwrap().path()).collect();
    let kept = kept.iter().find(|path| path.to_string_lossy().contains("torn-1-")).unwrap();
    assert_eq!(fs::read(kept).unwrap(), torn, "nothing that could be somebody's is thrown away");
}

#[test]
fn a_changed_leaf_is_an_error_that_names_it() {
    let world = world();
    let mut vault = world.create(AtRest::Plain);
    admit(&mut vault, &world.evidence());
    drop(vault);
    let path = world.case().join("log/leaves");
    let text = fs::read_to_string(&path).unwrap();
    // The last leaves are under no checkpoint yet; two groups on, a bad line cannot be a torn one.
    let mut vault = world.again();
    vault.append(&stamp(), Act::Derive { manifest: "00".into() }).unwrap();
    drop(vault);
    let longer = fs::read_to_string(&path).unwrap();
    assert!(longer.starts_with(&text));
    fs::write(&path, longer.replacen("copy-of-a", "copy-of-b", 1)).unwrap();
    let error = Vault::open(&world.case()).err().unwrap();
    assert!(matches!(error, VaultError::Log { index: 2, .. }), "{error}");
    assert!(error.to_string().contains("commits to"), "{error}");
    fs::write(&path, b"{\"act\":\n").unwrap();
    let error = Vault::open(&world.case()).err().unwrap();
    assert!(matches!(error, VaultError::Log { index: 0, .. }), "{error}");
}

#[test]
fn one_writer_many_readers() {
    let world = world();
    let writer = world.create(AtRest::Plain);
    let second = Vault::open_for_writing(&world.case()).err().unwrap();
    assert!(matches!(second, VaultError::Locked { .. }));
    assert!(second.to_string().contains("wait for it to end"), "{second}");
    assert!(Vault::open(&world.case()).is_ok());
    drop(writer);
    assert!(Vault::open_for_writing(&world.case()).is_ok());
}

#[test]
fn what_cannot_be_admitted_is_an_item_and_stands_in_the_log() {
    let world = world();
    let input = world.evidence();
    std::os::unix::fs::symlink("/etc/passwd", input.join("link")).unwrap();
    let status = std::process::Command::new("mkfifo").arg(input.join("pipe")).status();
    assert!(status.unwrap().success());
    let mut vault = world.create(AtRest::Plain);
    let results = admit(&mut vault, &input);
    let refused: Vec<&str> =
        results.iter().filter(|(_, r)| r.is_err()).map(|(path, _)| path.as_str()).collect();
    assert_eq!(refused, ["link", "pipe"]);
    let logged: Vec<String> = vault.not_admitted().into_iter().map(|(path, _)| path).collect();
    assert_eq!(logged, ["link", "pipe"]);
    let gone = admit(&mut vault, &world.path("nowhere"));
    assert!(gone[0].1.is_err());
}

#[test]
fn a_folder_that_holds_something_else_is_not_made_a_case() {
    let world = world();
    let input = world.evidence();
    let made = Vault::create(&input, CaseFile::default(), AtRest::Plain, &world.keys(), &stamp());
    assert!(matches!(made, Err(VaultError::NotEmpty(_))));
    assert!(matches!(Vault::open(&input), Err(VaultError::NotACase(_))));
}

#[test]
fn a_creation_that_was_cut_short_can_be_begun_again() {
    let world = world();
    for folder in ["exhibits", "log", "derived", "report"] {
        fs::create_dir_all(world.case().join(folder)).unwrap();
    }
    fs::write(world.case().join("log/leaves"), b"half").unwrap();
    assert!(matches!(Vault::open(&world.case()), Err(VaultError::NotACase(_))));
    assert_eq!(world.create(AtRest::Plain).head().leaves, 1);
}
