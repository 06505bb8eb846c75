//! Can a drill be made, inquired into and scored from the command line?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

fn assize(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
    command.args(arguments).env_remove("ASSIZE_CASE").env("NO_COLOR", "1").output().unwrap()
}

fn ok(arguments: &[&str]) -> String {
    let output = assize(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = assize(arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
    told
}

/// A drill and the case of an inquiry into it, made once for all tests.
static DRILL: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("drill");
    let size = ["--staff", "12", "--days", "3", "--hosts", "14"];
    let made = ["drill", "make", "--seed", "3", "--scenario", "espionage", "--damage", "cleared", "--out"];
    ok(&[&made[..], &[out.to_str().unwrap()], &size].concat());
    let case = dir.path().join("case");
    let evidence = out.join("evidence");
    ok(&["inquire", evidence.to_str().unwrap(), "--case", case.to_str().unwrap(), "--quiet"]);
    dir
});

fn path(name: &str) -> String {
    DRILL.path().join(name).to_str().unwrap().to_owned()
}

fn assert_valid(schema: &str, value: &Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contract");
    let text = fs::read(folder.join(format!("{schema}.schema.json"))).unwrap();
    let validator = jsonschema::options().build(&serde_json::from_slice(&text).unwrap()).unwrap();
    let problems: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{problems:?}\n{value:#}");
}

#[test]
fn a_case_is_scored_by_what_it_publishes() {
    let text = ok(&["drill", "score", &path("case"), &path("drill"), "--format", "json"]);
    let score: Value = serde_json::from_str(&text).unwrap();
    assert_valid("score", &score);
    assert_eq!(score["not_claimed"], serde_json::json!(["incidents", "exposures"]));
    assert!(score["coverage"]["days"].as_u64().unwrap() > 0);
    assert!(score["rows"]["coverage"]["read"].as_u64().unwrap() > 0, "{score:#}");
    assert_eq!(score["untouched"]["excluded"], 0.0, "what is not claimed is not excluded");
    assert_eq!(text, ok(&["drill", "score", &path("case"), &path("drill/truth")]), "the same when piped");
    let table = ok(&["drill", "score", &path("case"), &path("drill"), "--format", "table"]);
    assert!(table.starts_with("Not claimed: incidents, exposures."), "{table}");
}

#[test]
fn published_lists_and_the_case_score_alike() {
    let answers = tempfile::tempdir().unwrap();
    for part in ["coverage", "sessions"] {
        let rows = ok(&[part, "--case", &path("case"), "--format", "ndjson"]);
        fs::write(answers.path().join(format!("{part}.ndjson")), rows).unwrap();
    }
    let folder = answers.path().to_str().unwrap();
    let score = |answers: &str| ok(&["drill", "score", answers, &path("drill"), "--format", "json"]);
    assert_eq!(score(folder), score(&path("case")));
}

#[test]
fn what_cannot_be_scored_or_made_is_refused_with_a_reason() {
    let empty = tempfile::tempdir().unwrap();
    let nowhere = empty.path().to_str().unwrap();
    assert!(refused(&["drill", "score", &path("case"), nowhere]).contains("holdings.ndjson"));
    assert!(refused(&["drill", "score", "/nowhere", &path("drill")]).contains("sessions.ndjson"));
    fs::write(empty.path().join("exposures.ndjson"), "{\"key\":\"H\"}\n").unwrap();
    let told = refused(&["drill", "score", nowhere, &path("drill")]);
    assert!(told.contains("exposures.ndjson, line 1: expected `established`"), "{told}");
    assert!(refused(&["drill", "score", &path("case"), &path("drill"), "--format", "csv"]).contains("json"));
    assert!(refused(&["drill", "score", &path("case")]).contains("DIR"));
    let make = |scenario: &str, damage: &str, out: &str| {
        refused(&["drill", "make", "--scenario", scenario, "--damage", damage, "--out", out])
    };
    assert!(make("no-such-scenario", "cleared", nowhere).contains("espionage"));
    assert!(make("nothing", "no-such-damage", nowhere).contains("no-such-damage"));
    assert!(make("nothing", "cleared", &path("drill")).contains("there is a drill already"));
}
