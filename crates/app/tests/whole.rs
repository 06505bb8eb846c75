//! Does an inquiry keep its promises when evidence or register are taken away or put in another order?
//!
//! On whole drills, with the decisions that their responders took. Evidence that is taken away never makes anybody
//! safer, and never makes more of what happened certain; what is added to the register lowers nothing. Where less
//! is proven without a log, machines that it showed to be the intruder's are trusted again: such answers are not
//! compared (attributions and trust must be the same), and how many are is said.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stderr)] // Tests play the person at the keyboard.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

fn ok(arguments: &[&str]) -> String {
    let program = std::env::var_os("ASSIZE_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_assize").into());
    let output = Command::new(program)
        .args(arguments)
        .env_remove("ASSIZE_CASE")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn make(out: &Path, damage: &str) {
    let size = ["--seed", "5", "--scenario", "intern", "--staff", "8", "--days", "2", "--hosts", "12"];
    let mut arguments = [&["drill", "make", "--out", out.to_str().unwrap()], &size[..]].concat();
    if !damage.is_empty() {
        arguments.extend(["--damage", damage]);
    }
    ok(&arguments);
}

/// The drill and what an inquiry into it answers.
static BASE: LazyLock<(tempfile::TempDir, Answers)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    make(&dir.path().join("drill"), "");
    let answers = answers(&dir.path().join("drill"), &[], &[]);
    (dir, answers)
});

/// What is compared.
#[derive(PartialEq)]
struct Answers {
    /// By holding, item and subject: established and not excluded, as steps of the ladder.
    bounds: BTreeMap<String, (usize, usize)>,
    /// Whose the sessions are; since when which logs are not trusted any more.
    ground: BTreeSet<String>,
    /// Every line of sessions, incidents, coverage and exposures, without ids of decisions and leaves: those are of the case's log.
    lines: BTreeSet<String>,
}

/// The answers to a drill, its evidence given in the order of these parts (all of it at once where there are none).
fn answers(drill: &Path, parts: &[PathBuf], more: &[&str]) -> Answers {
    let case = tempfile::tempdir().unwrap();
    let at = |name: &str| drill.join(name).to_str().unwrap().to_owned();
    let case = case.path().join("case").to_str().unwrap().to_owned();
    let evidence: Vec<String> = match parts {
        [] => vec![at("evidence")],
        parts => parts.iter().map(|part| part.to_str().unwrap().to_owned()).collect(),
    };
    let (register, decisions) = (at("register"), at("brief/decisions.ndjson"));
    let (readings, meta) = (at("brief/readings.ndjson"), at("brief/collected.toml"));
    let mut arguments: Vec<&str> =
        std::iter::once("inquire").chain(evidence.iter().map(String::as_str)).collect();
    arguments.extend(["--register", &register, "--decisions", &decisions, "--readings", &readings]);
    arguments.extend(["--meta", &meta, "--case", &case, "--quiet"]);
    arguments.extend(more);
    ok(&arguments);
    let rows = |what: &[&str]| -> Vec<Value> {
        let text = ok(&[what, &["--case", &case, "--format", "ndjson"]].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let mut answers = Answers { bounds: BTreeMap::new(), ground: BTreeSet::new(), lines: BTreeSet::new() };
    for row in rows(&["exposures", "--by", "all"]) {
        let word = |key: &str| row[key].as_str().unwrap_or("").to_owned();
        let place = ["incident", "key", "item", "subject"].map(word).join("|");
        answers.bounds.insert(place, (rung(&row["established"]), rung(&row["not_excluded"])));
        answers.lines.insert(line(&row));
    }
    for row in rows(&["sessions"]) {
        if row["verdict"] == "intruder" {
            answers.ground.insert(format!("{} {}", row["account"], row["opening"]));
        }
        answers.lines.insert(line(&row));
    }
    for row in rows(&["coverage"]) {
        if row["state"] == "untrusted" {
            answers.ground.insert(format!("untrusted {}", row["host"]));
        }
        answers.lines.insert(line(&row));
    }
    answers.lines.extend(rows(&["incidents"]).iter().map(line));
    answers
}

fn line(row: &Value) -> String {
    let text = row.to_string();
    let parts: Vec<&str> =
        text.split('"').filter(|part| !part.starts_with("d-") && !part.starts_with("l-")).collect();
    parts.join("\"")
}

fn rung(word: &Value) -> usize {
    let ladder = ["none", "listed", "opened", "collected", "left"];
    ladder.iter().position(|rung| word == rung).unwrap_or_else(|| panic!("{word} is no rung"))
}

/// That less is known: nothing more established, nothing more excluded. How many answers were compared.
fn assert_no_safer(less: &Answers, all: &Answers, what: &str) -> usize {
    if less.ground != all.ground {
        let lost = all.ground.difference(&less.ground).count();
        eprintln!("{what}: {lost} attributions hang on it, not compared");
        return 0;
    }
    for (place, (established, not_excluded)) in &less.bounds {
        let Some((before, possible)) = all.bounds.get(place) else { continue };
        assert!(established <= before, "{what}: {place} is established {established}, was {before}");
        assert!(not_excluded >= possible, "{what}: {place} is not excluded {not_excluded}, was {possible}");
    }
    less.bounds.len()
}

/// Every file of the evidence.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Moves a file away while something is done without it.
fn without<T>(file: &Path, act: impl FnOnce() -> T) -> T {
    let aside = BASE.0.path().join("aside");
    fs::rename(file, &aside).unwrap();
    let done = act();
    fs::rename(&aside, file).unwrap();
    done
}

/// Neither the order in which evidence is admitted nor the number of threads changes any answer, and a log that is
/// taken away makes nobody safer.
#[test]
fn order_changes_nothing_and_less_evidence_excludes_no_more() {
    let (dir, all) = &*BASE;
    let drill = dir.path().join("drill");
    // Each kind of log in a folder of its own, under its old name, for readings go by names.
    let folders: Vec<PathBuf> =
        fs::read_dir(drill.join("evidence")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut parts = Vec::new();
    for folder in folders {
        let part = dir.path().join("parts").join(folder.file_name().unwrap());
        fs::create_dir_all(&part).unwrap();
        assert!(Command::new("cp").arg("-a").arg(&folder).arg(&part).status().unwrap().success());
        parts.push(part);
    }
    parts.sort();
    parts.reverse();
    let turned = answers(&drill, &parts, &["--threads", "1"]);
    let new: Vec<_> = turned.lines.difference(&all.lines).take(3).collect();
    assert!(turned.lines == all.lines, "in another order: {new:#?}");
    let compared: usize = ["m365/AuditLog_2026-09-07.csv", "hosts/DC01/Security.evtx"]
        .iter()
        .map(|name| drill.join("evidence").join(name))
        .map(|file| {
            without(&file, || assert_no_safer(&answers(&drill, &[], &[]), all, &file.display().to_string()))
        })
        .sum();
    assert!(compared > 50, "{compared} answers were compared");
}

/// The same of every file, of damages to the same world, and of what the register loses.
#[test]
#[ignore = "some sixty inquiries: three minutes of an optimised program"]
fn nothing_that_is_taken_away_makes_anybody_safer() {
    let (dir, all) = &*BASE;
    let drill = dir.path().join("drill");
    let mut compared = 0;
    for file in files(&drill.join("evidence")) {
        let name = file.strip_prefix(&drill).unwrap().display().to_string();
        compared += without(&file, || assert_no_safer(&answers(&drill, &[], &[]), all, &name));
    }
    for damage in
        ["cleared", "rotated", "expired", "never-on", "not-collected", "truncated", "id-gap", "silence"]
    {
        let out = dir.path().join(damage);
        make(&out, damage);
        compared += assert_no_safer(&answers(&out, &[], &[]), all, damage);
    }
    eprintln!("{compared} answers compared");
    assert!(compared > 1000);
}

/// With a right, an account or a plane more in the register nothing is excluded that was not before.
#[test]
#[ignore = "a dozen inquiries: half a minute of an optimised program"]
fn what_the_register_gains_lowers_nothing() {
    let (dir, all) = &*BASE;
    let drill = dir.path().join("drill");
    for name in ["rights.csv", "planes.csv"] {
        let file = drill.join("register").join(name);
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for row in (1..lines.len()).step_by((lines.len() / 5).max(1)) {
            let fewer: Vec<&str> =
                lines.iter().enumerate().filter(|(at, _)| *at != row).map(|(_, line)| *line).collect();
            fs::write(&file, fewer.join("\n") + "\n").unwrap();
            let before = answers(&drill, &[], &[]);
            for (place, (_, possible)) in &before.bounds {
                let now = all.bounds.get(place).map_or(0, |(_, possible)| *possible);
                assert!(
                    now >= *possible,
                    "{name}, with “{}”: {place} fell from {possible} to {now}",
                    lines[row]
                );
            }
        }
        fs::write(&file, text).unwrap();
    }
}
