//! Does a register come into a case without the names of the people in it, and can it be used then?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assize_case::vault::{AtRest, CaseFile, Keys, Vault};
use assize_case::{Case, ImportWanted, check_register, stamp};
use assize_drill::court::{Court, Size};
use assize_drill::make::FIRST_DAY;
use serde_json::Value;

/// The register of a small court, and a case for it.
fn court(dir: &Path) -> (PathBuf, Case, Keys) {
    let court = Court::found(11, &Size { staff: 30, days: 5, hosts: 20, from: FIRST_DAY });
    let register = dir.join("register");
    assize_drill::register::write(&court, &register).unwrap();
    let keys = Keys::at(&dir.join("keys"));
    let root = dir.join("case");
    let case =
        Case::create_with(&root, CaseFile::default(), AtRest::Plain, &keys, &stamp(Some("test"))).unwrap();
    (register, case, keys)
}

fn wanted(path: &Path, seal_to: Option<String>) -> ImportWanted {
    ImportWanted { paths: vec![path.to_owned()], seal_to, ..ImportWanted::default() }
}

/// Every name, other spelling and number of the people in `subjects.json`, and full names of staff.
fn names(register: &Path) -> Vec<String> {
    let subjects: Value = serde_json::from_slice(&fs::read(register.join("subjects.json")).unwrap()).unwrap();
    let mut names = Vec::new();
    for subject in subjects.as_array().unwrap() {
        let identity = &subject["identity"];
        let told = [&identity["name"], &identity["phone"]]
            .into_iter()
            .chain(identity["aliases"].as_array().unwrap());
        if subject["type"] == "individual" {
            names.extend(told.filter_map(Value::as_str).map(str::to_owned));
        }
    }
    let staff = fs::read_to_string(register.join("staff.csv")).unwrap();
    for line in staff.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        names.push(format!("{},{}", cells[1], cells[2]));
    }
    names
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn nothing_in_the_case_tells_who_anybody_is() {
    let dir = tempfile::tempdir().unwrap();
    let (register, mut case, keys) = court(dir.path());
    let officers = age::x25519::Identity::generate();
    let recipient = officers.to_public().to_string();
    let told =
        case.import_register(&wanted(&register, Some(recipient)), &keys, &stamp(Some("test"))).unwrap();
    assert!(told.sealed && told.identities > 50);
    assert_eq!(told.complaints, [], "a drill's register is without fault");
    assert_eq!(told.missing.len(), 0);

    let names = names(&register);
    assert!(names.len() > 100);
    let mut kept = Vec::new();
    files(&dir.path().join("case"), &mut kept);
    for path in kept {
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        for name in &names {
            assert!(!text.contains(&name.to_lowercase()), "{} holds a name", path.display());
        }
    }
    // Surnames stand in the names of files of relocations: these are masked.
    let version = case.register().unwrap().unwrap();
    let masked = version.register.items.iter().filter(|item| item.title.contains('⟦'));
    assert!(masked.clone().count() > 0);
    let places = masked.flat_map(|item| &item.locators).filter(|place| place.text.starts_with("\\\\"));
    assert!(places.clone().count() > 0);
    assert!(places.clone().all(|place| place.digest.is_some() && place.text.contains('⟦')));

    // The officers' key opens them, without us.
    let sealed = fs::File::open(dir.path().join("case/register/0001.identities.age")).unwrap();
    let decryptor = age::Decryptor::new(sealed).unwrap();
    let mut opened = String::new();
    let reader = decryptor.decrypt(std::iter::once(&officers as &dyn age::Identity));
    reader.unwrap().read_to_string(&mut opened).unwrap();
    let first: Value = serde_json::from_str(opened.lines().next().unwrap()).unwrap();
    assert!(first["identity"].is_object());
    assert!(names.iter().filter(|name| !name.contains(',')).all(|name| opened.contains(name.as_str())));
}

#[test]
fn versions_have_leaves_and_what_was_changed_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let (register, mut case, keys) = court(dir.path());
    let import = |case: &mut Case| {
        case.import_register(&wanted(&register, None), &keys, &stamp(Some("test"))).unwrap().version
    };
    assert_eq!((import(&mut case), import(&mut case)), (Some(1), Some(2)));
    assert!(
        !dir.path().join("case/register/0001.identities.age").exists(),
        "without a recipient nobody is kept"
    );
    let (one, two) = (case.register_version(1).unwrap(), case.register_version(2).unwrap());
    assert_eq!(one.register, two.register, "the same files say the same, masked digests too");
    assert_eq!(case.vault().register_versions(), [1, 2]);
    let path = dir.path().join("case/register/0002.json");
    let changed = fs::read_to_string(&path).unwrap().replace("secret_under_seal", "public");
    fs::write(&path, changed).unwrap();
    assert!(case.register().unwrap_err().to_string().contains("custody log"));
}

#[test]
fn a_check_tells_what_is_wrong_and_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (register, _, _) = court(dir.path());
    for absent in ["planes.csv", "rights.csv"] {
        fs::remove_file(register.join(absent)).unwrap();
    }
    let items = fs::read_to_string(register.join("items.csv")).unwrap();
    let mut lines: Vec<&str> = items.lines().collect();
    let broken = lines[5].replacen("H-", "H-X", 1);
    lines[5] = &broken;
    fs::write(register.join("items.csv"), lines.join("\n")).unwrap();
    let told = check_register(&[register]).unwrap();
    let missing: Vec<(&str, bool)> =
        told.missing.iter().map(|missing| (missing.file, missing.needed)).collect();
    assert_eq!(missing, [("rights", true), ("planes", false)]);
    let wrong = told.complaints.iter().find(|told| told.column == "holding_id").unwrap();
    assert_eq!((wrong.file.as_str(), wrong.row), ("items.csv", 6));
}

/// Versions of this program before names were masked kept nothing to know names by.
#[test]
fn a_register_whose_names_were_not_kept_is_imported_again() {
    let dir = tempfile::tempdir().unwrap();
    let (register, mut case, keys) = court(dir.path());
    let stamp = stamp(Some("test"));
    case.import_register(&wanted(&register, None), &keys, &stamp).unwrap();
    drop(case);
    let version = fs::read(dir.path().join("case/register/0001.json")).unwrap();
    let root = dir.path().join("of-old");
    drop(Case::create_with(&root, CaseFile::default(), AtRest::Plain, &keys, &stamp).unwrap());
    let mut vault = Vault::open_for_writing(&root).unwrap();
    vault.put_register("0001.json", &version, &stamp).unwrap();
    drop(vault);

    let refused = [Case::open_with(&root, &keys), Case::open_for_writing_with(&root, &keys)];
    for refused in refused.map(Result::err) {
        let told = refused.unwrap().to_string();
        assert!(told.contains("`assize register import` it again"), "{told}");
    }
    let mut case = Case::open_for_names(&root, &keys).unwrap();
    case.import_register(&wanted(&register, None), &keys, &stamp).unwrap();
    drop(case);
    assert!(Case::open_with(&root, &keys).unwrap().names().is_some());
}
