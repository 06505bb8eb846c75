//! Is one changed bit found and named, wherever it is?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the intruder with a hex editor.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assize_model::Trust;
use assize_vault::{
    Act, Algorithm, AtRest, Keys, Policy, Receipt, SecretKey, Status, Vault, Verdict, Witness, verify,
};
use common::{World, admit, admit_with, stamp, world};
use proptest::prelude::*;

fn verdict(world: &World) -> Verdict {
    verify(&world.case(), None, Some(&world.keys()), &mut |_| {}).unwrap()
}

/// Puts tables and a manifest there as `case` does, and logs it.
fn derive(world: &World, vault: &mut Vault) {
    use sha2::{Digest, Sha256};
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    let folder = world.case().join("derived");
    fs::create_dir_all(folder.join("events")).unwrap();
    fs::write(folder.join("events/x.parquet"), b"table of events").unwrap();
    let listed = serde_json::json!({"name": "events/x.parquet", "sha256": hex(b"table of events")});
    let manifest = serde_json::json!({"tool": "t", "rules": "r", "files": [listed]}).to_string();
    fs::write(folder.join("manifest.json"), &manifest).unwrap();
    vault.append(&stamp(), Act::Derive { manifest: hex(manifest.as_bytes()) }).unwrap();
}

/// A case with everything in it: exhibits, register, tables, witnesses, older heads.
fn full(at_rest: AtRest, files: u32) -> World {
    let world = world();
    for number in 0..files {
        world.put(&format!("{number}.log"), format!("exhibit number {number}").repeat(20).as_bytes());
    }
    let mut vault = world.create(at_rest);
    admit(&mut vault, &world.path("in"));
    vault.put_register("holdings.csv", b"a,b\n1,2\n", &stamp()).unwrap();
    let witness = Witness::new(&Keys::at(&world.path("witness")), "w1").unwrap();
    vault.name_witness("Registry", witness.public(), &stamp()).unwrap();
    for _ in 0..2 {
        vault.signed().unwrap();
        let request = vault.request(Some(witness.public()), None).unwrap();
        let line = witness.cosign(&request, Some(vault.public_key()), 1_789_372_800).unwrap();
        assert_eq!(vault.take_cosignatures(&line).unwrap(), 1);
        derive(&world, &mut vault);
    }
    vault.signed().unwrap();
    world
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    common::files(folder)
}

#[test]
fn a_whole_case_is_signed_and_says_what_it_does_not_prove() {
    let world = full(AtRest::Plain, 5);
    let verdict = verdict(&world);
    assert_eq!(verdict.first_bad, None);
    assert_eq!(
        (verdict.status, verdict.organisations),
        (Status::Signed, 0),
        "the newest head is not cosigned"
    );
    assert_eq!((verdict.exhibits, verdict.leaves, verdict.signed_leaves), (5, 10, 10));
    assert_eq!(verdict.witnessed_leaves, 9);
    assert!(!verdict.trusted);
    let says = verdict.says.join("\n");
    assert!(says.contains("proves nothing against the holder"), "{says}");
    assert!(says.contains("outsiders saw the first 9 of 10"), "{says}");
    assert!(says.contains("Not proved: what a host held before"), "{says}");
    assert_eq!(verdict.outside_proof, ["case.toml", "log/lock"]);
}

#[test]
fn organisations_and_not_keys_make_it_witnessed() {
    let world = world();
    let mut vault = world.create(AtRest::Plain);
    let witnesses: Vec<Witness> =
        (0..3).map(|n| Witness::new(&Keys::at(&world.path("w")), &format!("w{n}")).unwrap()).collect();
    for (witness, organisation) in witnesses.iter().zip(["Registry", "Registry", "Host State"]) {
        vault.name_witness(organisation, witness.public(), &stamp()).unwrap();
    }
    vault.signed().unwrap();
    for (count, witness) in witnesses.iter().enumerate() {
        let request = vault.request(Some(witness.public()), None).unwrap();
        let line = witness.cosign(&request, Some(vault.public_key()), 1_789_372_800 + count as u64).unwrap();
        vault.take_cosignatures(&line).unwrap();
        let verdict = verdict(&world);
        assert_eq!(verdict.status, Status::Witnessed);
        assert_eq!(verdict.organisations, [1, 1, 2][count], "two keys of one organisation are one");
        assert_eq!(verdict.witnessed_at, Some(1_789_372_800));
    }
    // A stranger counts by what he knows himself.
    let mut policy = format!("log {}\n", vault.public_key());
    policy += &format!("witness W {}\nquorum W\n", witnesses[2].public());
    let policy = Policy::parse(&policy).unwrap();
    let verdict = verify(&world.case(), Some(&policy), None, &mut |_| {}).unwrap();
    assert_eq!((verdict.trusted, verdict.organisations), (true, 1));
    assert!(!verdict.says.join("\n").contains("self-signed"));
}

#[test]
fn another_key_or_a_missing_quorum_is_not_the_readers_log() {
    let world = full(AtRest::Plain, 1);
    let other = SecretKey::new("assize/other", Algorithm::Ed25519, [5; 32]).unwrap();
    let policy = Policy::parse(&other.public().to_string()).unwrap();
    let verdict = verify(&world.case(), Some(&policy), None, &mut |_| {}).unwrap();
    assert_eq!((verdict.status, verdict.trusted), (Status::Broken, false));
    assert_eq!(verdict.first_bad.unwrap().kind, "key");
    let witness = SecretKey::new("w", Algorithm::Cosignature, [6; 32]).unwrap();
    let key = fs::read_to_string(world.case().join("log/key.pub")).unwrap();
    let policy = Policy::parse(&format!("log {key}witness W {}\nquorum W\n", witness.public())).unwrap();
    let verdict = verify(&world.case(), Some(&policy), None, &mut |_| {}).unwrap();
    assert_eq!(verdict.first_bad.unwrap().kind, "quorum");
    assert!(verdict.trusted);
}

#[test]
fn leaves_that_nobody_signed_are_outside() {
    let world = world();
    let mut vault = world.create(AtRest::Plain);
    admit(&mut vault, &world.evidence());
    let verdict = verdict(&world);
    assert_eq!((verdict.status, verdict.signed_leaves, verdict.leaves), (Status::Signed, 1, 4));
    let outside: Vec<&String> =
        verdict.outside_proof.iter().filter(|path| path.contains("under no checkpoint")).collect();
    assert_eq!(outside.len(), 2, "both exhibits: {:?}", verdict.outside_proof);
    fs::remove_file(world.case().join("log/checkpoint")).unwrap();
    let without = self::verdict(&world);
    assert_eq!((without.status, without.first_bad.unwrap().kind), (Status::Broken, "checkpoint"));
}

#[test]
fn dropped_tails_and_other_histories_are_named() {
    let world = full(AtRest::Plain, 3);
    let path = world.case().join("log/leaves");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    fs::write(&path, lines[..5].join("\n") + "\n").unwrap();
    let bad = verdict(&world).first_bad.unwrap();
    assert_eq!(bad.kind, "checkpoint");
    assert!(bad.what.contains("was dropped"), "{bad:?}");
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    fs::write(&path, swapped.join("\n") + "\n").unwrap();
    let bad = verdict(&world).first_bad.unwrap();
    assert_eq!((bad.kind, bad.path.as_str()), ("leaf", "log/leaves"));
    assert!(bad.what.contains("leaf 1"), "{bad:?}");
    // Signing over it is refused too.
    let mut vault = world.again();
    assert!(vault.sign().is_err());
}

#[test]
fn a_file_nobody_admitted_and_one_that_is_gone() {
    let world = full(AtRest::Plain, 2);
    let exhibits = all_files(&world.case().join("exhibits"));
    let kept = fs::read(&exhibits[0]).unwrap();
    fs::remove_file(&exhibits[0]).unwrap();
    let bad = verdict(&world).first_bad.unwrap();
    assert_eq!((bad.kind, bad.what.as_str()), ("exhibit", "missing"));
    assert!(bad.id.unwrap().starts_with("x-"));
    fs::write(&exhibits[0], kept).unwrap();
    fs::create_dir_all(world.case().join("exhibits/zz")).unwrap();
    fs::write(world.case().join("exhibits/zz/zz00"), b"planted").unwrap();
    let bad = verdict(&world).first_bad.unwrap();
    assert_eq!((bad.kind, bad.path.as_str()), ("exhibit", "exhibits/zz/zz00"));
}

#[test]
fn an_encrypted_case_without_its_key_is_held_against_what_is_stored() {
    let world = full(AtRest::Encrypted, 2);
    let without = verify(&world.case(), None, None, &mut |_| {}).unwrap();
    assert_eq!(without.first_bad, None);
    let closed = without.outside_proof.iter().filter(|path| path.contains("custody key is not here"));
    assert_eq!(closed.count(), 2, "and says that it did not look inside");
    let with = verdict(&world);
    assert_eq!(with.first_bad, None);
    assert_eq!(with.outside_proof, ["case.toml", "log/lock"]);
}

#[test]
fn an_exhibit_by_reference_that_changed_or_went_away() {
    let world = world();
    let source = world.put("large.img", &[7; 5000]);
    let mut vault = world.create(AtRest::Plain);
    let receipt = Receipt { reference: true, ..Receipt::of(Trust::Trusted) };
    admit_with(&mut vault, &world.path("in"), &receipt);
    vault.signed().unwrap();
    assert_eq!(verdict(&world).first_bad, None);
    let modified = fs::metadata(&source).unwrap().modified().unwrap();
    fs::write(&source, [8; 5000]).unwrap();
    // Even if the time of change is put back.
    fs::File::options().write(true).open(&source).unwrap().set_modified(modified).unwrap();
    let bad = verdict(&world).first_bad.unwrap();
    assert!(bad.kind == "exhibit" && bad.path.ends_with("large.img"), "{bad:?}");
    fs::remove_file(&source).unwrap();
    assert!(verdict(&world).first_bad.unwrap().what.contains("taken in by reference"));
}

/// Every file of a case, one bit each, at a place that the property chooses.
fn flip(world: &World, dice: u64) {
    let outside: BTreeSet<String> = verdict(world).outside_proof.into_iter().collect();
    let root = world.case();
    for (number, path) in all_files(&root).into_iter().enumerate() {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let whole = fs::read(&path).unwrap();
        if whole.is_empty() {
            continue;
        }
        let bit = dice.wrapping_mul(number as u64 + 1) % (whole.len() as u64 * 8);
        let mut changed = whole.clone();
        changed[(bit / 8) as usize] ^= 1 << (bit % 8);
        let permissions = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        fs::write(&path, changed).unwrap();
        let found = verify(&root, None, Some(&world.keys()), &mut |_| {});
        fs::write(&path, whole).unwrap();
        fs::set_permissions(&path, permissions).unwrap();
        if outside.contains(&name) {
            continue;
        }
        let found = found.unwrap();
        let bad = found.first_bad.unwrap_or_else(|| panic!("bit {bit} of {name} was not found"));
        assert_eq!(found.status, Status::Broken);
        // A leaf that cannot be read takes what hangs on it along; it is named first. A bit of the
        // first line may unmake the log's key, and then every signature is nobody's.
        assert!(bad.path == name || name == "log/leaves", "bit {bit} of {name} was blamed on {bad:?}");
    }
    assert_eq!(verdict(world).first_bad, None, "and it is whole again");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_flipped_bit_anywhere_is_found_and_named(dice in 1u64.., files in 1u32..6, encrypted in any::<bool>()) {
        let at_rest = if encrypted { AtRest::Encrypted } else { AtRest::Plain };
        flip(&full(at_rest, files), dice);
    }
}

/// The leaf is named by its id although it can no longer be read: the tiles remember it.
#[test]
fn a_damaged_leaf_is_named_by_its_id() {
    let world = full(AtRest::Plain, 3);
    let id = Vault::open(&world.case()).unwrap().leaves()[2].id.to_string();
    let path = world.case().join("log/leaves");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("1.log", "1.lok", 1)).unwrap();
    let bad = verdict(&world).first_bad.unwrap();
    assert_eq!((bad.kind, bad.id), ("leaf", Some(id)));
}
