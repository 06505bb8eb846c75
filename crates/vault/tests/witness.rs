//! Does an outsider refuse what a log may not do?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the holder who cheats.

mod common;

use std::fs;

use assize_vault::{Act, AtRest, Keys, Note, PublicKey, Refusal, Request, Vault, VaultError, Witness};
use common::{World, stamp, world};

const NOW: u64 = 1_789_372_800;

fn grow(vault: &mut Vault, number: u32) {
    vault.append(&stamp(), Act::Derive { manifest: format!("{number:064x}") }).unwrap();
    vault.signed().unwrap();
}

/// A log of three leaves that a witness has cosigned.
fn cosigned() -> (World, Vault, Witness) {
    let world = world();
    let mut vault = world.create(AtRest::Plain);
    let witness = Witness::new(&Keys::at(&world.path("usb")), "registry").unwrap();
    vault.name_witness("Registry", witness.public(), &stamp()).unwrap();
    grow(&mut vault, 1);
    // Over a sheet of paper and back.
    let request: Request = vault.request(Some(witness.public()), None).unwrap().to_string().parse().unwrap();
    assert_eq!((request.old, request.hashes.len()), (0, 0));
    let line = witness.cosign(&request, Some(vault.public_key()), NOW).unwrap();
    assert_eq!(vault.take_cosignatures(&line).unwrap(), 1);
    assert_eq!(vault.take_cosignatures(&line).unwrap(), 0, "taken twice is taken once");
    (world, vault, witness)
}

fn request(vault: &Vault, witness: &Witness) -> Request {
    vault.request(Some(witness.public()), None).unwrap()
}

/// The same log with another history: the case was copied, and both copies went on.
fn forked(world: &World, name: &str) -> Vault {
    let place = world.path(name);
    for path in common::files(&world.case()) {
        let to = place.join(path.strip_prefix(world.case()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(path, to).unwrap();
    }
    let mut vault = Vault::open_for_writing(&place).unwrap();
    vault.use_keys(&world.keys()).unwrap();
    vault
}

#[test]
fn what_grows_is_cosigned_again_and_again() {
    let (_world, mut vault, witness) = cosigned();
    for number in 2..20 {
        grow(&mut vault, number);
        let request = request(&vault, &witness);
        assert_eq!(request.old, u64::from(number) + 1, "the log knows what he cosigned last");
        let line = witness.cosign(&request, None, NOW + u64::from(number)).unwrap();
        assert_eq!(vault.take_cosignatures(&line).unwrap(), 1);
        assert_eq!(vault.head().organisations, 1);
        // The same once more is no contradiction.
        witness.cosign(&vault.request(Some(witness.public()), None).unwrap(), None, NOW).unwrap();
    }
    assert_eq!(vault.cosigned().unwrap().len(), 19, "every head that was seen outside is kept");
}

#[test]
fn a_fork_is_refused_and_proved() {
    let (world, vault, witness) = cosigned();
    drop(vault);
    let mut other = forked(&world, "fork");
    let mut vault = world.again();
    grow(&mut vault, 2);
    grow(&mut other, 3);
    witness.cosign(&request(&vault, &witness), None, NOW).unwrap();
    // Same length, another content.
    let mut same_length = request(&other, &witness);
    let refusal = witness.cosign(&same_length, None, NOW).unwrap_err();
    let Refusal::Fork { size: 4, evidence } = refusal else { panic!("{refusal}") };
    let evidence = fs::read_to_string(evidence).unwrap();
    let parts: Vec<&str> = evidence.splitn(2, "\n\n").collect();
    let key: PublicKey = parts[0].parse().unwrap();
    let heads: Vec<Note> = split_notes(parts[1]);
    assert_eq!(heads.len(), 2);
    assert!(heads.iter().all(|head| head.by(&key).is_some()), "both are signed by the log");
    assert_ne!(heads[0].text(), heads[1].text());
    // Longer, from what he knows on, with a proof that cannot be.
    grow(&mut other, 4);
    same_length.checkpoint = other.checkpoint().unwrap().unwrap().0;
    same_length.old = 4;
    let refusal = witness.cosign(&same_length, None, NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::NotExtended { remembered: 4, offered: 5, .. }), "{refusal}");
}

fn split_notes(text: &str) -> Vec<Note> {
    let mut notes = Vec::new();
    let origin = text.lines().next().unwrap();
    for part in text.split(&format!("{origin}\n")).filter(|part| part.contains('\u{2014}')) {
        notes.push(format!("{origin}\n{}\n", part.trim_end()).parse().unwrap());
    }
    notes
}

#[test]
fn a_rollback_is_refused() {
    let (world, vault, witness) = cosigned();
    drop(vault);
    let old = forked(&world, "old");
    let mut vault = world.again();
    grow(&mut vault, 2);
    witness.cosign(&request(&vault, &witness), None, NOW).unwrap();
    let refusal =
        witness.cosign(&old.request(Some(witness.public()), Some(0)).unwrap(), None, NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::Rollback { offered: 3, remembered: 4 }), "{refusal}");
    assert!(refusal.to_string().contains("ROLLBACK"));
}

#[test]
fn a_dropped_tail_is_refused_by_the_log_and_by_the_witness() {
    let (world, mut vault, witness) = cosigned();
    grow(&mut vault, 2);
    witness.cosign(&request(&vault, &witness), None, NOW).unwrap();
    drop(vault);
    let leaves = world.case().join("log/leaves");
    let text = fs::read_to_string(&leaves).unwrap();
    let shorter: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    fs::write(&leaves, shorter).unwrap();
    let mut vault = world.again();
    let error = vault.sign().unwrap_err();
    assert!(matches!(&error, VaultError::Head { reason, .. } if reason.contains("dropped")), "{error}");
    // The holder goes on: removes what speaks against him and signs anew.
    fs::remove_file(world.case().join("log/checkpoint")).unwrap();
    let _ = fs::remove_dir_all(world.case().join("log/cosigned"));
    grow(&mut vault, 3);
    let refusal = witness.cosign(&vault.request(None, Some(0)).unwrap(), None, NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::Rollback { offered: 3, remembered: 4 }), "{refusal}");
    for number in 4..8 {
        grow(&mut vault, number);
    }
    let refusal = witness.cosign(&vault.request(None, Some(4)).unwrap(), None, NOW).unwrap_err();
    assert!(matches!(refusal, Refusal::NotExtended { .. }), "{refusal}");
}

#[test]
fn a_stranger_is_not_cosigned() {
    let (world, mut vault, witness) = cosigned();
    grow(&mut vault, 2);
    let good = request(&vault, &witness);
    let newcomer = Witness::new(&Keys::at(&world.path("other")), "expert").unwrap();
    let first = vault.request(None, Some(0)).unwrap();
    assert!(matches!(newcomer.cosign(&first, None, NOW), Err(Refusal::UnknownLog(_))));
    let other = Vault::create(
        &world.path("c2"),
        assize_vault::CaseFile::default(),
        AtRest::Plain,
        &world.keys(),
        &stamp(),
    )
    .unwrap();
    assert!(matches!(newcomer.cosign(&first, Some(other.public_key()), NOW), Err(Refusal::NotSigned(_))));
    assert!(matches!(witness.cosign(&good, Some(other.public_key()), NOW), Err(Refusal::OtherKey(_))));
    let wrong_start = vault.request(None, Some(2)).unwrap();
    let refusal = witness.cosign(&wrong_start, None, NOW).unwrap_err();
    assert!(refusal.to_string().contains("--old 3"), "says what to do: {refusal}");
    for text in ["", "old 1\n", "old x\n\na\n1\nAAAA\n", "old 01\n\nx"] {
        assert!(matches!(text.parse::<Request>(), Err(Refusal::Unreadable(_))), "{text:?}");
    }
    witness.cosign(&good, None, NOW).unwrap();
}

#[test]
fn he_remembers_before_he_signs() {
    let (world, mut vault, witness) = cosigned();
    grow(&mut vault, 2);
    // His stick cannot be written: then there is no cosignature either.
    let usb = world.path("usb");
    let memory =
        common::files(&usb).into_iter().find(|path| path.to_string_lossy().contains(".knows.")).unwrap();
    fs::remove_file(&memory).unwrap();
    fs::create_dir(&memory).unwrap();
    assert!(matches!(
        witness.cosign(&request(&vault, &witness), Some(vault.public_key()), NOW),
        Err(Refusal::Vault(_))
    ));
}

#[test]
fn only_named_witnesses_and_true_lines_are_taken() {
    let (world, mut vault, witness) = cosigned();
    grow(&mut vault, 2);
    let stranger = Witness::new(&Keys::at(&world.path("x")), "stranger").unwrap();
    let line =
        stranger.cosign(&vault.request(None, Some(0)).unwrap(), Some(vault.public_key()), NOW).unwrap();
    assert!(matches!(vault.take_cosignatures(&line), Err(VaultError::Head { .. })));
    assert!(vault.take_cosignatures("nothing").is_err());
    let line = witness.cosign(&request(&vault, &witness), None, NOW).unwrap();
    let mut broken = line.clone();
    broken.replace_range(line.len() - 12..line.len() - 8, "AAAA");
    assert!(vault.take_cosignatures(&broken).is_err());
    let own = vault.public_key().clone();
    assert!(vault.name_witness("Itself", &own, &stamp()).is_err());
    assert!(vault.name_witness("Two", witness.public(), &stamp()).is_err(), "one key, two organisations");
}
