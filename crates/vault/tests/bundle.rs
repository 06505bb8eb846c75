//! Can a stranger verify a bundle with other people's tools, and does a changed one fail?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the stranger.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assize_testing::program;
use assize_vault::{
    AtRest, BundleWanted, Keys, Policy, Proof, Status, Vault, VaultError, Verdict, Witness, merkle,
    verify_bundle,
};
use common::{World, admit, stamp, world};

/// What a program is asked to see whether it is here.
const VERSION: &[&str] = &["--version"];

const CHECK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/check.py");

fn bundled(at_rest: AtRest, recipient: Option<&str>) -> (World, Vault) {
    let world = world();
    world.evidence();
    world.put("c/na<b>me\u{202e}.log", b"three");
    let mut vault = world.create(at_rest);
    admit(&mut vault, &world.path("in"));
    let witness = Witness::new(&Keys::at(&world.path("w")), "expert").unwrap();
    vault.name_witness("Outside Expert", witness.public(), &stamp()).unwrap();
    let wanted = BundleWanted {
        folder: world.path("bundle"),
        exhibits: Vec::new(),
        recipient: recipient.map(str::to_owned),
        purpose: "request 12/2026".into(),
    };
    let bundled = vault.bundle(&wanted, &stamp()).unwrap();
    assert_eq!((bundled.exhibits, bundled.proofs), (3, 4), "one proof for each admission");
    (world, vault)
}

fn verdict(world: &World, policy: Option<&Policy>) -> Verdict {
    verify_bundle(&world.path("bundle"), policy, &mut |_| {}).unwrap()
}

fn python(bundle: &Path, key: Option<&Path>) -> Output {
    Command::new("python3").arg(CHECK).arg(bundle).args(key).output().unwrap()
}

#[test]
fn our_own_verdict_on_a_bundle() {
    let (world, vault) = bundled(AtRest::Plain, None);
    let verdict = verdict(&world, None);
    assert_eq!(verdict.first_bad, None);
    assert_eq!((verdict.status, verdict.exhibits, verdict.trusted), (Status::Signed, 3, false));
    let policy = Policy::parse(&vault.public_key().to_string()).unwrap();
    assert!(self::verdict(&world, Some(&policy)).trusted);
    assert!(!world.path("bundle/data/exhibits").exists(), "no recipient, no content");
    let page = fs::read_to_string(world.path("bundle/data/READ-ME-FIRST.html")).unwrap();
    for words in ["What is not proved", "before</em> collection", "Integrity since admission", "cosigned"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("na&lt;b&gt;me\\u{202e}.log"), "hostile names are shown and not obeyed");
    assert!(!page.contains("{{"), "nothing was left open");
}

#[test]
fn a_python_script_with_none_of_our_code_agrees() {
    if !program("a_python_script_with_none_of_our_code_agrees", "python3", VERSION) {
        return;
    }
    let (world, vault) = bundled(AtRest::Plain, None);
    let key = world.path("key.pub");
    fs::write(&key, format!("{}\n", vault.public_key())).unwrap();
    let output = python(&world.path("bundle"), Some(&key));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("holds: signed by assize/case-"), "{text}");
    assert!(text.contains("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"), "{text}");
    // A witness's cosignature is understood there as well.
    drop(vault);
    let mut vault = world.again();
    let witness = Witness::open(&Keys::at(&world.path("w")), "expert").unwrap();
    let request = vault.request(Some(witness.public()), None).unwrap();
    let line = witness.cosign(&request, Some(vault.public_key()), 1_789_372_800).unwrap();
    vault.take_cosignatures(&line).unwrap();
    let second = world.path("second");
    fs::create_dir(&second).unwrap();
    copy(&world.path("bundle"), &second);
    let checkpoint = vault.checkpoint().unwrap().unwrap().0.to_string();
    for path in common::files(&second.join("data/proofs")) {
        let text = fs::read_to_string(&path).unwrap();
        let (above, _) = text.split_once("\n\n").unwrap();
        fs::write(&path, format!("{above}\n\n{checkpoint}")).unwrap();
    }
    fs::write(second.join("data/log/checkpoint"), &checkpoint).unwrap();
    rewrite_manifests(&second);
    let output = python(&second, Some(&key));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("cosigned by expert"), "{text}");
    let ours = verify_bundle(&second, None, &mut |_| {}).unwrap();
    assert_eq!((ours.status, ours.organisations), (Status::Witnessed, 1), "{ours:?}");
    // Another log's key is not this log's.
    let other = Vault::create(
        &world.path("other"),
        assize_vault::CaseFile::default(),
        AtRest::Plain,
        &world.keys(),
        &stamp(),
    );
    fs::write(&key, format!("{}\n", other.unwrap().public_key())).unwrap();
    assert_eq!(python(&second, Some(&key)).status.code(), Some(4));
}

fn copy(from: &Path, to: &Path) {
    for path in common::files(from) {
        let place = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(path, place).unwrap();
    }
}

/// As somebody would who changes a bundle and knows what a bag is.
fn rewrite_manifests(bag: &Path) {
    use sha2::{Digest, Sha256, Sha512};
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    for which in ["manifest", "tagmanifest"] {
        for algorithm in ["sha256", "sha512"] {
            let path = bag.join(format!("{which}-{algorithm}.txt"));
            let names = fs::read_to_string(&path).unwrap();
            let lines = names.lines().map(|line| line.split_once("  ").unwrap().1).map(|name| {
                let bytes = fs::read(bag.join(name)).unwrap();
                let digest = if algorithm == "sha256" {
                    hex(&Sha256::digest(&bytes))
                } else {
                    hex(&Sha512::digest(&bytes))
                };
                format!("{digest}  {name}\n")
            });
            let text: String = lines.collect();
            fs::write(&path, text).unwrap();
        }
    }
}

/// One changed bit in any file of a bundle: both of us say no, and we name the file.
#[test]
fn one_changed_bit_in_any_file_of_a_bundle() {
    let with_python = program("one_changed_bit_in_any_file_of_a_bundle, half of it", "python3", VERSION);
    let (world, _vault) = bundled(AtRest::Plain, None);
    let bundle = world.path("bundle");
    for (number, path) in common::files(&bundle).into_iter().enumerate() {
        let name = path.strip_prefix(&bundle).unwrap().display().to_string();
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        let at = (number * 7919) % whole.len();
        changed[at] ^= 4;
        fs::write(&path, &changed).unwrap();
        let ours = verify_bundle(&bundle, None, &mut |_| {}).unwrap();
        let theirs = if with_python { python(&bundle, None).status.code() } else { Some(4) };
        fs::write(&path, &whole).unwrap();
        let bad = ours.first_bad.unwrap_or_else(|| panic!("{name} was changed"));
        assert!(bad.path == name || name.contains("manifest"), "{name}: {bad:?}");
        if !name.starts_with("tagmanifest") {
            assert_eq!(theirs, Some(4), "{name}");
        }
    }
}

/// Somebody who changes what a proof says, and every digest of the bag with it.
#[test]
fn a_forged_statement_with_fitting_manifests() {
    let (world, _vault) = bundled(AtRest::Plain, None);
    let bundle = world.path("bundle");
    let path = common::files(&bundle.join("data/proofs")).remove(0);
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().nth(1).unwrap().strip_prefix("extra ").unwrap();
    let extra = String::from_utf8(data_encoding::BASE64.decode(line.as_bytes()).unwrap()).unwrap();
    let forged = data_encoding::BASE64.encode(extra.replace("m.okafor", "m.okafur").as_bytes());
    fs::write(&path, text.replace(line, &forged)).unwrap();
    rewrite_manifests(&bundle);
    let bad = verdict(&world, None).first_bad.unwrap();
    assert_eq!(bad.kind, "proof");
    assert!(bad.what.contains("commits to"), "{bad:?}");
    if program("a_forged_statement_with_fitting_manifests, half of it", "python3", VERSION) {
        assert_eq!(python(&bundle, None).status.code(), Some(4));
    }
}

#[test]
fn paths_that_lead_out_of_a_bundle_are_refused() {
    let (world, _vault) = bundled(AtRest::Plain, None);
    let bundle = world.path("bundle");
    for line in ["data/../../in/a.log", "/etc/passwd", "data/./x", "../in/a.log"] {
        let path = bundle.join("manifest-sha256.txt");
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{whole}{}  {line}\n", "0".repeat(64))).unwrap();
        assert_eq!(verdict(&world, None).first_bad.unwrap().kind, "bag", "{line}");
        fs::write(&path, whole).unwrap();
    }
    let secret = world.path("secret");
    fs::write(&secret, b"x").unwrap();
    std::os::unix::fs::symlink(&secret, bundle.join("data/link")).unwrap();
    assert_eq!(verdict(&world, None).status, Status::Broken);
}

#[test]
fn bagit_py_finds_the_bag_valid_and_a_changed_one_not() {
    // pip install bagit
    if !program("bagit_py_finds_the_bag_valid_and_a_changed_one_not", "bagit.py", VERSION) {
        return;
    }
    let (world, _vault) = bundled(AtRest::Plain, None);
    let bundle = world.path("bundle");
    let valid = || Command::new("bagit.py").arg("--validate").arg(&bundle).output().unwrap();
    let output = valid();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = bundle.join("data/SHA256SUMS");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace('7', "8")).unwrap();
    assert!(!valid().status.success());
}

#[test]
fn age_opens_an_exhibit_and_sha256sum_agrees() {
    // Debian package age
    if !program("age_opens_an_exhibit_and_sha256sum_agrees", "age", VERSION) {
        return;
    }
    let keygen = tempfile::tempdir().unwrap();
    let identity = keygen.path().join("key.txt");
    assert!(Command::new("age-keygen").arg("-o").arg(&identity).status().unwrap().success());
    let text = fs::read_to_string(&identity).unwrap();
    let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let (world, _vault) = bundled(AtRest::Encrypted, Some(recipient));
    let data = world.path("bundle/data");
    let opened = world.path("opened/exhibits");
    fs::create_dir_all(&opened).unwrap();
    for path in common::files(&data.join("exhibits")) {
        let out = opened.join(path.file_stem().unwrap());
        let status =
            Command::new("age").arg("-d").arg("-i").arg(&identity).arg("-o").arg(&out).arg(&path).status();
        assert!(status.unwrap().success(), "age -d {}", path.display());
    }
    let sums = Command::new("sha256sum")
        .arg("-c")
        .arg(data.join("SHA256SUMS"))
        .current_dir(world.path("opened"))
        .output()
        .unwrap();
    assert!(sums.status.success(), "{}", String::from_utf8_lossy(&sums.stdout));
    let verdict = verdict(&world, None);
    assert_eq!(verdict.first_bad, None);
    let closed = verdict.outside_proof.iter().filter(|path| path.contains("encrypted; whoever has the key"));
    assert_eq!(closed.count(), 3, "we cannot look inside, and say so");
    // Two digests of the bag's manifest are not of the content: nothing in the bag lets one guess at it.
    let named = fs::read_dir(data.join("exhibits")).unwrap().count();
    assert_eq!(named, 3);
}

/// The store itself, opened by age with the key of the key folder.
#[test]
fn age_opens_the_store_of_an_encrypted_case() {
    if !program("age_opens_the_store_of_an_encrypted_case", "age", VERSION) {
        return;
    }
    let world = world();
    world.put("big.log", &vec![9; 300_000]);
    let mut vault = world.create(AtRest::Encrypted);
    admit(&mut vault, &world.path("in"));
    let stored = common::files(&world.case().join("exhibits"));
    assert!(stored[0].to_string_lossy().ends_with(".age"));
    assert!(!fs::read(&stored[0]).unwrap().windows(64).any(|window| window == [9; 64]), "nothing in clear");
    let keys: Vec<PathBuf> = common::files(&world.path("keys"));
    let key = keys.iter().find(|path| path.extension().is_some_and(|end| end == "custody")).unwrap();
    let output = Command::new("age").arg("-d").arg("-i").arg(key).arg(&stored[0]).output().unwrap();
    assert_eq!(output.stdout, vec![9; 300_000]);
}

/// `exhibits/` of a case in clear needs no tool of ours: names are digests.
#[test]
fn sha256sum_checks_a_store_in_clear() {
    let world = world();
    world.evidence();
    let mut vault = world.create(AtRest::Plain);
    admit(&mut vault, &world.path("in"));
    let stored = common::files(&world.case().join("exhibits"));
    let line = |path: &PathBuf| format!("{}  {}\n", path.file_name().unwrap().display(), path.display());
    let sums: String = stored.iter().map(line).collect();
    fs::write(world.path("sums"), sums).unwrap();
    let output = Command::new("sha256sum").arg("-c").arg(world.path("sums")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_bundle_is_an_act_and_needs_the_key() {
    let (world, vault) = bundled(AtRest::Plain, None);
    let last = vault.leaves().last().unwrap();
    assert!(matches!(&last.leaf.act, assize_vault::Act::Disclose { exhibits, .. } if exhibits.len() == 3));
    drop(vault);
    let mut vault = Vault::open_for_writing(&world.case()).unwrap();
    let before = vault.leaves().len();
    vault.append(&stamp(), assize_vault::Act::Derive { manifest: "00".into() }).unwrap();
    let wanted = |name: &str| BundleWanted {
        folder: world.path(name),
        exhibits: Vec::new(),
        recipient: None,
        purpose: String::new(),
    };
    let without = vault.bundle(&wanted("b2"), &stamp()).unwrap_err();
    assert!(matches!(without, VaultError::NoKey { .. }), "{without}");
    assert!(!world.path("b2").exists());
    assert_eq!(vault.leaves().len(), before + 1, "nothing was disclosed, and nothing says so");
    assert!(matches!(vault.bundle(&wanted("bundle"), &stamp()), Err(VaultError::NotEmpty(_))));
    let bad = BundleWanted { recipient: Some("age1nobody".into()), ..wanted("b3") };
    assert!(matches!(vault.bundle(&bad, &stamp()), Err(VaultError::Recipient { .. })));
}

#[test]
fn a_proof_stands_alone() {
    let world = world();
    world.evidence();
    let mut vault = world.create(AtRest::Plain);
    admit(&mut vault, &world.path("in"));
    vault.signed().unwrap();
    for logged in vault.leaves() {
        let text = vault.proof(logged).unwrap().to_string();
        let proof: Proof = text.parse().unwrap();
        let (leaf, head) = proof.check().unwrap();
        assert_eq!((leaf, head.size), (logged.leaf.clone(), 4));
        assert_eq!(proof.leaf_hash(), merkle::leaf_hash(logged.bytes.as_bytes()));
        let moved = text
            .replace(&format!("index {}\n", logged.index), &format!("index {}\n", (logged.index + 1) % 4));
        assert!(moved.parse::<Proof>().unwrap().check().is_err());
    }
}
