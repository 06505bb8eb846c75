//! Does a name come out by the ceremony, once, and in no other way?
//!
//! Three officers with a key folder each, one who may break glass; requests that one, two and three of them
//! approve; a log that cannot be written; shares that `python3` and `age` put together by the guide's own
//! text, without this program.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // A test plays people at keyboards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const NAME: &str = "Zdenka Vandermoorten";
const OTHER: &str = "Ростислав Щукарёв";

struct World {
    dir: tempfile::TempDir,
}

impl World {
    /// A case with three officers, one for emergencies, a register of two people and some evidence.
    fn new() -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap() };
        for (officer, organ) in
            [("vws", "Registry"), ("judge", "Presidency"), ("counsel", "Defence"), ("duty", "Security")]
        {
            let card = world.run(officer, &["seal", "officer", officer, "--organ", organ]);
            fs::write(world.path(&format!("{officer}.card")), card.stdout).unwrap();
        }
        let cards = ["vws", "judge", "counsel"].map(|officer| world.path(&format!("{officer}.card")));
        let mut arguments =
            vec!["seal".to_owned(), "new".into(), "--emergency".into(), world.text("duty.card")];
        cards.iter().for_each(|card| arguments.extend(["--officer".into(), card.display().to_string()]));
        world.case(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let register = world.path("register");
        fs::create_dir(&register).unwrap();
        let subject = |key: &str, name: &str| {
            format!(
                "{{\"subject_id\": \"{key}\", \"type\": \"individual\", \"identity\": {{\"name\": \"{name}\", \"phone\": \"+31 6 1234567\"}}}}"
            )
        };
        fs::write(
            register.join("subjects.json"),
            format!("[{},{}]", subject("P-1", NAME), subject("P-2", OTHER)),
        )
        .unwrap();
        fs::write(
            register.join("holdings.csv"),
            "holding_id,title,kind,locators\nH-1,Statements,folder,\\\\FS\\W\n",
        )
        .unwrap();
        fs::create_dir(world.path("in")).unwrap();
        fs::write(
            world.path("in/app.ndjson"),
            format!("{{\"time\": \"2026-09-14T07:00:00Z\", \"what\": \"read {NAME}.docx\"}}\n"),
        )
        .unwrap();
        let told = world.case(&["inquire", &world.text("in"), "--register", &world.text("register")]);
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(told.contains("2 identities split off and sealed"), "{told}");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn try_run(&self, whose: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
        command.args(arguments).current_dir(self.dir.path());
        command.env("ASSIZE_KEYS", self.path(&format!("keys-{whose}"))).env("NO_COLOR", "1").output().unwrap()
    }

    fn run(&self, whose: &str, arguments: &[&str]) -> Output {
        let output = self.try_run(whose, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn with_case<'a>(&self, arguments: &[&'a str], case: &'a str) -> Vec<&'a str> {
        arguments.iter().copied().chain(["--case", case, "--by", "the inquirer"]).collect()
    }

    fn case(&self, arguments: &[&str]) -> Output {
        let case = self.text("case");
        self.run("inquirer", &self.with_case(arguments, &case))
    }

    /// What is said where it is refused.
    fn refused(&self, arguments: &[&str]) -> String {
        let case = self.text("case");
        let output = self.try_run("inquirer", &self.with_case(arguments, &case));
        assert!(!output.status.success(), "{arguments:?} was not refused");
        assert!(output.stdout.is_empty());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn ask(&self, file: &str, targets: &[&str], more: &[&str]) {
        let why = ["--purpose", "a warning", "--basis", "rule 87", "--request", file];
        self.case(&[&["unseal"], targets, &why, more].concat());
    }

    /// An officer's answer to a request, as a file.
    fn approve(&self, request: &str, officer: &str) -> String {
        let note = self.run(officer, &["seal", "approve", request, "--as", officer, "--yes"]);
        let file = format!("{request}.{officer}");
        fs::write(self.path(&file), note.stdout).unwrap();
        file
    }

    fn log(&self) -> String {
        String::from_utf8(self.case(&["custody", "log", "--format", "ndjson"]).stdout).unwrap()
    }
}

fn answer(files: &[String]) -> Vec<&str> {
    let mut arguments = vec!["unseal"];
    files.iter().for_each(|file| arguments.extend(["--approval", file.as_str()]));
    arguments
}

#[test]
fn two_of_three_officers_unseal_one_person_once() {
    let world = World::new();
    world.ask("r1", &["P-1"], &[]);
    let request = fs::read_to_string(world.path("r1")).unwrap();
    assert!(!request.contains("Vandermoorten"));
    let (vws, judge) = (world.approve("r1", "vws"), world.approve("r1", "judge"));
    assert!(world.refused(&answer(std::slice::from_ref(&vws))).contains("1 of 2 officers approved"));
    assert!(world.refused(&answer(&[vws.clone(), vws.clone()])).contains("1 of 2 officers approved"));
    // One who signs what was not asked of him, or changes a letter of it.
    let forged =
        fs::read_to_string(world.path(&judge)).unwrap().replacen("officer judge", "officer counsel", 1);
    fs::write(world.path("forged"), forged).unwrap();
    assert!(world.refused(&answer(&[vws.clone(), "forged".into()])).contains("not signed"));
    let before = world.log();
    assert!(before.contains("unseal-asked") && !before.contains("\"unsealed\""));

    let shown = world.case(&answer(&[vws.clone(), judge.clone()]));
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains(NAME) && text.contains("+31 6 1234567") && !text.contains(OTHER), "{text}");
    assert!(
        text.lines().all(|line| line.contains("unsealed by the inquirer at ")),
        "every line says who and when: {text}"
    );
    let log = world.log();
    let leaf: Value = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|leaf: &Value| leaf["act"] == "unsealed")
        .unwrap();
    assert!(text.contains(leaf["id"].as_str().unwrap()), "what is shown names its leaf");
    assert!(!log.contains("Vandermoorten"));

    assert!(world.refused(&answer(&[vws, judge])).contains("shown once"));
    world.case(&["verify"]);
}

#[test]
fn several_at_once_need_one_officer_more() {
    let world = World::new();
    world.ask("r2", &["P-1", "P-2"], &[]);
    let mut files = vec![world.approve("r2", "counsel"), world.approve("r2", "judge")];
    assert!(world.refused(&answer(&files)).contains("2 of 3 officers approved"));
    files.push(world.approve("r2", "vws"));
    let text = String::from_utf8(world.case(&answer(&files)).stdout).unwrap();
    assert!(text.contains(NAME) && text.contains(OTHER));
    assert!(
        world
            .refused(&["unseal", "P-9", "--purpose", "x", "--basis", "y"])
            .contains("nobody of this pseudonym")
    );
}

#[test]
fn glass_is_broken_by_one_and_looked_at_by_others() {
    let world = World::new();
    world.ask("r3", &["P-2"], &["--break-glass"]);
    let (duty, vws) = (world.approve("r3", "duty"), world.approve("r3", "vws"));
    assert!(world.refused(&answer(&[vws])).contains("0 of 1"));
    let shown = world.case(&answer(&[duty]));
    assert!(String::from_utf8(shown.stdout).unwrap().contains(OTHER));
    let notice = String::from_utf8(shown.stderr).unwrap();
    for officer in ["vws", "judge", "counsel"] {
        assert!(notice.contains(&format!("NOTICE to {officer}: P-2")), "{notice}");
    }
    assert!(!notice.contains("Щукар"));
    let log = world.log();
    let leaf: Value = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|leaf: &Value| leaf["act"] == "unsealed")
        .unwrap();
    let leaf = leaf["id"].as_str().unwrap();
    assert!(
        String::from_utf8(world.case(&["seal", "shares"]).stderr)
            .unwrap()
            .contains(&format!("review owed for {leaf}"))
    );
    let sign = |officer: &str| {
        let note = world.run(officer, &["seal", "review", leaf, "--as", officer]);
        fs::write(world.path(&format!("seen.{officer}")), note.stdout).unwrap();
    };
    sign("vws");
    assert!(world.refused(&["seal", "review", leaf, "--signed", "seen.vws"]).contains("1 of 2"));
    sign("judge");
    world.case(&["seal", "review", leaf, "--signed", "seen.vws", "--signed", "seen.judge"]);
    assert!(!String::from_utf8(world.case(&["seal", "shares"]).stderr).unwrap().contains("review owed"));
}

#[test]
fn a_log_that_cannot_be_written_unseals_nothing() {
    let world = World::new();
    world.ask("r4", &["P-1"], &[]);
    let files = [world.approve("r4", "vws"), world.approve("r4", "judge")];
    let leaves = world.path("case/log/leaves");
    let lock = |flag: &str| {
        Command::new("chattr").arg(flag).arg(&leaves).status().is_ok_and(|status| status.success())
    };
    if !lock("+i") {
        assize_testing::skipped(
            "a_log_that_cannot_be_written_unseals_nothing",
            "chattr makes no file immutable here",
        );
        return;
    }
    let said = std::panic::catch_unwind(|| world.refused(&answer(&files)));
    lock("-i");
    assert!(!said.unwrap().contains(NAME));
    // The request is still good: nothing was shown for it.
    assert!(String::from_utf8(world.case(&answer(&files)).stdout).unwrap().contains(NAME));
}

#[test]
fn raw_bytes_and_bundles_pass_the_same_way() {
    let world = World::new();
    let rows = world.case(&["query", "SELECT id, exhibit FROM events", "--format", "ndjson"]);
    let row: Value = serde_json::from_slice(&rows.stdout).unwrap();
    let (event, exhibit) = (row["id"].as_str().unwrap(), row["exhibit"].as_str().unwrap());
    let masked = String::from_utf8(world.case(&["trace", event, "--bytes"]).stdout).unwrap();
    assert!(
        masked.contains("shown only under an unsealing") && !masked.contains("Vandermoorten"),
        "{masked}"
    );
    let card: Value = serde_json::from_slice(&fs::read(world.path("vws.card")).unwrap()).unwrap();
    let to = card["recipient"].as_str().unwrap();
    assert!(
        world.refused(&["custody", "bundle", "--out", "b1", "--to", to]).contains("only under an unsealing")
    );
    world.ask("r5", &[exhibit], &["--minutes", "5"]);
    let files = [world.approve("r5", "counsel"), world.approve("r5", "judge")];
    world.case(&answer(&files));
    let raw = String::from_utf8(world.case(&["trace", event, "--bytes"]).stdout).unwrap();
    assert!(raw.contains("Zdenka") || raw.contains("Vander"), "{raw}");
    assert!(
        raw.lines().filter(|line| !line.is_empty()).all(|line| line.contains("unsealed by the inquirer"))
    );
    world.case(&["custody", "bundle", "--out", "b2", "--to", to]);
}

/// The script of the guide, as it stands there.
fn script() -> String {
    let guide =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/names.md")).unwrap();
    let begin = guide.find("```python\n").unwrap() + 10;
    guide[begin..begin + guide[begin..].find("```").unwrap()].to_owned()
}

#[test]
fn shares_are_put_together_without_this_program() {
    let world = World::new();
    fs::write(world.path("combine.py"), script()).unwrap();
    let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !there("age") || !there("python3") {
        assize_testing::skipped("shares_are_put_together_without_this_program", "no age or python3");
        return;
    }
    let sealed = fs::read_to_string(world.path("case/register/0001.sealed.jsonl")).unwrap();
    let row: Value = sealed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|row: &Value| row["key"] == "P-1")
        .unwrap();
    let unpack = |text: &Value, file: &str| {
        let bytes = data_encoding::BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap();
        fs::write(world.path(file), bytes).unwrap();
    };
    let age = |key: &str, file: &str| {
        let output =
            Command::new("age").args(["-d", "-i", &world.text(key), &world.text(file)]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let mut lines = Vec::new();
    for officer in ["judge", "counsel"] {
        let share = row["shares"].as_array().unwrap().iter().find(|pair| pair[0] == officer).unwrap();
        unpack(&share[1], "share.age");
        lines.extend(age(&format!("keys-{officer}/officer.{officer}.custody"), "share.age"));
        lines.push(b'\n');
    }
    fs::write(world.path("lines"), lines).unwrap();
    let key = Command::new("python3").args([world.text("combine.py"), world.text("lines")]).output().unwrap();
    assert!(key.status.success(), "{}", String::from_utf8_lossy(&key.stderr));
    fs::write(world.path("key"), key.stdout).unwrap();
    unpack(&row["identity"], "identity.age");
    let told: Value = serde_json::from_slice(&age("key", "identity.age")).unwrap();
    assert_eq!(told["identity"]["name"], NAME);
}
