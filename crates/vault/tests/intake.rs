//! Is what was received kept as received, whatever the sources, the disk and other people do?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person, the intruder and the disk.

mod common;

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use assize_model::{Collected, Trust};
use assize_testing::skipped;
use assize_vault::{Act, AtRest, CaseFile, Keys, Receipt, Sidecar, Vault, VaultError, walk};
use common::{admit, admit_with, stamp, world};

#[test]
fn encrypted_exhibits_are_read_from_anywhere_and_digested_in_clear() {
    let world = world();
    let bytes: Vec<u8> = (0..500_000u32).map(|at| (at / 7) as u8).collect();
    world.put("a.bin", &bytes);
    world.put("twin.bin", &bytes);
    let mut vault = world.create(AtRest::Encrypted);
    admit(&mut vault, &world.path("in"));
    drop(vault);
    let vault = world.again();
    let exhibit = vault.exhibits().remove(0);
    assert_eq!(exhibit.admissions.len(), 2, "the same content is one exhibit, and stored once");
    assert_eq!(common::files(&world.case().join("exhibits")).len(), 1);
    assert_eq!(exhibit.digests.blake3, blake3::hash(&bytes).to_hex().as_str());
    let mut content = vault.content(&exhibit).unwrap();
    for start in [0, 65_535, 65_536, 131_073, 499_999] {
        content.seek(SeekFrom::Start(start)).unwrap();
        let mut some = Vec::new();
        Read::by_ref(&mut content).take(1000).read_to_end(&mut some).unwrap();
        let start = start as usize;
        assert_eq!(some, bytes[start..(start + 1000).min(bytes.len())]);
    }
    drop(vault);
    let without = Vault::open(&world.case()).unwrap();
    let error = without.content(&exhibit).err().unwrap();
    assert!(matches!(error, VaultError::Closed { .. }), "{error}");
    assert!(error.to_string().contains("ASSIZE_KEYS"), "says what to do: {error}");
}

/// Nobody can turn later exhibits to himself by editing the case's settings.
#[test]
fn the_recipient_stands_in_the_log_and_not_in_the_settings() {
    let world = world();
    world.evidence();
    drop(world.create(AtRest::Encrypted));
    let path = world.case().join("case.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}recipient = \"age1someoneelse\"\nencrypt = false\n")).unwrap();
    let mut vault = world.again();
    admit(&mut vault, &world.path("in"));
    let stored = common::files(&world.case().join("exhibits"));
    assert!(stored.iter().all(|path| path.extension().is_some_and(|end| end == "age")));
}

#[test]
fn by_reference_nothing_is_copied_and_what_changed_is_refused() {
    let world = world();
    let source = world.put("large.img", b"a very large image");
    let mut vault = world.create(AtRest::Plain);
    let receipt = Receipt { reference: true, ..Receipt::of(Trust::Trusted) };
    admit_with(&mut vault, &world.path("in"), &receipt);
    assert!(common::files(&world.case().join("exhibits")).is_empty());
    let exhibit = vault.exhibits().remove(0);
    let mut text = String::new();
    vault.content(&exhibit).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "a very large image");
    assert!(
        admit_with(&mut vault, &world.path("in"), &receipt).iter().all(|(_, r)| !r.as_ref().unwrap().logged)
    );
    fs::write(&source, b"another image here").unwrap();
    let error = vault.content(&exhibit).err().unwrap();
    assert!(matches!(error, VaultError::Moved { .. }), "{error}");
    fs::remove_file(&source).unwrap();
    let error = vault.content(&exhibit).err().unwrap().to_string();
    assert!(error.contains("large.img") && error.contains("bring back the file"), "{error}");
    // A copy that arrives later takes its place.
    world.put("copy.img", b"a very large image");
    admit(&mut vault, &world.path("in"));
    assert!(vault.content(&exhibit).is_ok());
}

#[test]
fn hostile_names_keep_every_byte() {
    use std::os::unix::ffi::OsStrExt;
    let world = world();
    world.put("plain", b"0");
    let names: [&[u8]; 5] =
        [b"\xff\xfe-latin", b"new\nline", b"back\\slash", "\u{202e}gpj.exe".as_bytes(), b" "];
    for (number, name) in names.iter().enumerate() {
        let path = world.path("in").join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, [number as u8]).unwrap();
    }
    let mut vault = world.create(AtRest::Plain);
    let receipt = Receipt { reference: true, ..Receipt::of(Trust::Trusted) };
    let results = admit_with(&mut vault, &world.path("in"), &receipt);
    assert_eq!(results.len(), 6);
    assert!(results.iter().all(|(_, result)| result.is_ok()), "{results:?}");
    let exhibits = vault.exhibits();
    assert!(exhibits.iter().all(|exhibit| vault.content(exhibit).is_ok()), "their places are found again");
    assert!(exhibits.iter().any(|exhibit| exhibit.admissions[0].path == "\\xff\\xfe-latin"));
    let leaves = fs::read_to_string(world.case().join("log/leaves")).unwrap();
    assert_eq!(leaves.lines().count(), 7, "a line break in a name is none in the log");
}

#[test]
fn what_is_stated_is_kept_with_the_exhibit() {
    let world = world();
    world.evidence();
    let sidecar = Sidecar::parse(
        "by = 'K. Halvorsen'\nauthority = 'Order 17'\n[[file]]\npath = 'b/'\nhost = 'FS01'\norigin = 'untrusted-host'\n\
         [[file]]\npath = 'b/other.log'\nsha256 = '0000000000000000000000000000000000000000000000000000000000000000'\n",
    )
    .unwrap();
    let mut vault = world.create(AtRest::Plain);
    let receipt = Receipt { sidecar, ..Receipt::of(Trust::Trusted) };
    let results = admit_with(&mut vault, &world.path("in"), &receipt);
    let refused = results.iter().find(|(path, _)| path == "b/other.log").unwrap();
    assert!(refused.1.as_ref().unwrap_err().contains("not what was collected"), "{refused:?}");
    let exhibit = vault.exhibits().remove(0);
    let [one, other] = &exhibit.admissions[..] else { panic!("{exhibit:?}") };
    assert_eq!((one.trust, one.collected.by.as_deref()), (Trust::Trusted, Some("K. Halvorsen")));
    assert_eq!((other.trust, other.collected.host.as_deref()), (Trust::UntrustedHost, Some("FS01")));
    assert_ne!(one.collected, Collected::default());
    drop(vault);
    let again = world.again();
    assert_eq!(again.exhibits()[0].admissions, exhibit.admissions, "and is there after opening");
    assert!(fs::read_dir(world.case().join("exhibits/.incoming")).unwrap().next().is_none());
}

#[test]
fn a_source_that_vanished_is_an_item() {
    let world = world();
    world.evidence();
    let files = walk(&world.path("in"));
    fs::remove_file(world.path("in/a.log")).unwrap();
    // And one that became a link to somewhere else since the folder was listed.
    fs::remove_file(world.path("in/b/other.log")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", world.path("in/b/other.log")).unwrap();
    let mut vault = world.create(AtRest::Plain);
    let mut results = Vec::new();
    let receipt = Receipt::of(Trust::Trusted);
    vault
        .admit(&files, &receipt, &stamp(), &mut |_| {}, &mut |found, r| results.push((found.path.clone(), r)))
        .unwrap();
    assert!(results[0].1.is_err() && results[2].1.is_err(), "{results:?}");
    assert!(results[1].1.is_ok(), "the others are taken");
    assert_eq!(vault.not_admitted().len(), 2);
}

#[test]
fn a_source_that_changes_while_it_is_read_is_an_item() {
    let world = world();
    let source = world.put("growing.log", &vec![1; 6 << 20]);
    let mut vault = world.create(AtRest::Plain);
    let files = walk(&world.path("in"));
    let (mut results, grown) = (Vec::new(), AtomicBool::new(false));
    vault
        .admit(
            &files,
            &Receipt::of(Trust::Trusted),
            &stamp(),
            &mut |_| {
                if !grown.swap(true, Ordering::Relaxed) {
                    fs::File::options().append(true).open(&source).unwrap().write_all(b"more").unwrap();
                }
            },
            &mut |_, result| results.push(result),
        )
        .unwrap();
    let reason = results[0].as_ref().unwrap_err();
    assert!(reason.contains("changed while it was being read"), "{reason}");
    assert!(vault.exhibits().is_empty());
    assert!(common::files(&world.case().join("exhibits")).is_empty(), "nothing of it stays");
    assert!(admit(&mut vault, &world.path("in"))[0].1.is_ok(), "later it is taken");
}

#[test]
fn what_was_lost_is_brought_back_by_admitting_it_again() {
    for at_rest in [AtRest::Plain, AtRest::Encrypted] {
        let world = world();
        world.evidence();
        let mut vault = world.create(at_rest);
        admit(&mut vault, &world.path("in"));
        for path in common::files(&world.case().join("exhibits")) {
            fs::remove_file(path).unwrap();
        }
        let exhibit = vault.exhibits().remove(0);
        assert!(matches!(vault.content(&exhibit), Err(VaultError::Missing(_))));
        admit(&mut vault, &world.path("in"));
        assert!(vault.exhibits().iter().all(|exhibit| vault.content(exhibit).is_ok()), "{at_rest:?}");
    }
}

#[test]
fn keys_lie_outside_and_nobody_else_reads_them() {
    let world = world();
    drop(world.create(AtRest::Encrypted));
    let keys = common::files(&world.path("keys"));
    let secret = keys.iter().filter(|path| path.extension().is_none_or(|end| end != "pub"));
    for path in secret.clone() {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(secret.count(), 2);
    for path in common::files(&world.case()) {
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("PRIVATE+KEY") && !text.contains("AGE-SECRET"), "{}", path.display());
    }
    let key = keys.iter().find(|path| path.extension().is_some_and(|end| end == "key")).unwrap();
    fs::set_permissions(key, fs::Permissions::from_mode(0o640)).unwrap();
    let mut vault = Vault::open_for_writing(&world.case()).unwrap();
    let error = vault.use_keys(&world.keys()).err().unwrap();
    assert!(error.to_string().contains("others may read this key (mode 640)"), "{error}");
}

#[test]
fn a_passphrase_is_asked_for_and_tried() {
    let world = world();
    world.evidence();
    let keys = world.keys().with_passphrase("correct horse".into());
    drop(Vault::create(&world.case(), CaseFile::default(), AtRest::Encrypted, &keys, &stamp()).unwrap());
    let mut vault = Vault::open_for_writing(&world.case()).unwrap();
    assert!(matches!(vault.use_keys(&world.keys()), Err(VaultError::Passphrase(_))));
    let wrong = world.keys().with_passphrase("wrong".into());
    let error = vault.use_keys(&wrong).err().unwrap().to_string();
    assert!(error.contains("does not open this key") && !error.contains("wrong horse"), "{error}");
    vault.use_keys(&keys).unwrap();
    admit(&mut vault, &world.path("in"));
    vault.signed().unwrap();
    assert!(vault.exhibits().iter().all(|exhibit| vault.content(exhibit).is_ok()));
}

#[test]
fn another_cases_key_does_not_sign_this_one() {
    let world = world();
    drop(world.create(AtRest::Plain));
    let other = Keys::at(&world.path("other-keys"));
    drop(Vault::create(&world.path("c2"), CaseFile::default(), AtRest::Plain, &other, &stamp()).unwrap());
    let mut vault = Vault::open_for_writing(&world.case()).unwrap();
    vault.use_keys(&other).unwrap();
    vault.append(&stamp(), Act::Derive { manifest: "00".into() }).unwrap();
    let error = vault.signed().unwrap_err();
    assert!(matches!(&error, VaultError::NoKey { .. }), "{error}");
    // A key of the right name that is another key.
    let path =
        common::files(&world.path("keys")).into_iter().find(|p| p.extension().is_some_and(|e| e == "key"));
    let forged =
        assize_vault::SecretKey::new(vault.origin(), assize_vault::Algorithm::Ed25519, [1; 32]).unwrap();
    fs::write(path.unwrap(), forged.to_text()).unwrap();
    assert!(matches!(vault.use_keys(&world.keys()), Err(VaultError::Key { .. })));
}

#[test]
fn a_read_only_case_is_read_and_not_written() {
    let world = world();
    world.evidence();
    let mut vault = world.create(AtRest::Plain);
    admit(&mut vault, &world.path("in"));
    drop(vault);
    let case = world.case();
    let _closed = Closed::of(["log", "exhibits", "exhibits/.incoming", ""].map(|folder| case.join(folder)));
    if fs::write(case.join("probe"), b"x").is_ok() {
        return skipped("a_read_only_case_is_read_and_not_written", "this account writes where it may not");
    }
    let error = Vault::open_for_writing(&case).err().unwrap();
    assert!(matches!(&error, VaultError::Io { .. }), "{error}");
    let vault = Vault::open(&case).unwrap();
    assert!(vault.exhibits().iter().all(|exhibit| vault.content(exhibit).is_ok()), "reading goes on");
}

/// Folders in which nothing can be made, and their files, until this goes away. Modes stop everybody but
/// root; the attribute `i` of the usual file systems stops root, and only root may set it.
struct Closed(Vec<PathBuf>);

impl Closed {
    fn of(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let closed = Self(folders.into_iter().flat_map(|folder| [folder.join("lock"), folder]).collect());
        closed.set(0o555, "+i");
        closed
    }

    fn set(&self, mode: u32, attribute: &str) {
        for path in self.0.iter().filter(|path| path.exists()) {
            // Either may be refused: the test looks at what came of both.
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(mode));
            let _ = Command::new("chattr").arg(attribute).arg(path).output();
        }
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.set(0o755, "-i");
        self.set(0o755, "-i"); // a mode is not changed while the attribute stands
    }
}
