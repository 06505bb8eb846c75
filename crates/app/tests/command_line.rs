//! Does the command line do what its words say, as a newcomer would try it?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

fn assize(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
    command.args(arguments).env_remove("ASSIZE_CASE").env("NO_COLOR", "1");
    command.output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn ok(arguments: &[&str]) -> String {
    let output = assize(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", err(&output));
    out(&output)
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// An inquiry into the hand-made evidence, run once for all tests.
struct Inquiry {
    _dir: tempfile::TempDir,
    case: String,
    evidence: PathBuf,
    summary: Value,
    told: String,
}

static INQUIRY: LazyLock<Inquiry> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let (evidence, case) = (dir.path().join("evidence"), dir.path().join("case"));
    assize_drill::specimen::make(&evidence).unwrap();
    let case = case.to_str().unwrap().to_owned();
    let output = assize(&["inquire", evidence.to_str().unwrap(), "--case", &case, "--format", "json"]);
    assert!(output.status.success(), "{}", err(&output));
    Inquiry {
        case,
        evidence,
        summary: serde_json::from_slice(&output.stdout).unwrap(),
        told: err(&output),
        _dir: dir,
    }
});

/// The demonstration is a drill and the whole inquiry on it, and its answer can be scored.
#[test]
fn the_demonstration_runs_on_a_drill_and_is_scored() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("assize-demo");
    let output = assize(&["demo", "--dir", folder.to_str().unwrap(), "--format", "json"]);
    assert!(output.status.success(), "{}", err(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid("summary", &summary);
    assert!(summary["events"].as_u64().unwrap() > 5000, "{summary}");
    assert!(summary["findings"].as_u64().unwrap() > 10, "{summary}");
    for name in ["evidence/hosts", "register/holdings.csv", "brief/decisions.ndjson", "truth/access.ndjson"] {
        assert!(folder.join(name).exists(), "{name}");
    }
    let case = folder.join("case");
    assert!(case.join("report/report.html").is_file());
    let told = err(&output);
    for word in ["rules run", "gaps", "not read", "coverage", "report:", "drill score"] {
        assert!(told.contains(word), "{word} is missing from:\n{told}");
    }
    let score = ok(&["drill", "score", case.to_str().unwrap(), folder.to_str().unwrap(), "--format", "json"]);
    let score: Value = serde_json::from_str(&score).unwrap();
    assert_valid("score", &score);
    assert_eq!(score["not_claimed"], serde_json::json!(["sessions", "incidents", "exposures"]));
    assert_eq!(score["over_claims"], 0);
    for line in fs::read_to_string(folder.join("brief/decisions.ndjson")).unwrap().lines() {
        assert_valid("decision", &serde_json::from_str(line).unwrap());
    }
}

/// Validates a value against one of the contract's schemas.
fn assert_valid(schema: &str, value: &Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contract");
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(format!("{name}.schema.json"))).unwrap()).unwrap()
    };
    let locator = jsonschema::Resource::from_contents(read("locator"));
    let registry =
        jsonschema::Registry::new().add("locator.schema.json", locator).unwrap().prepare().unwrap();
    let validator = jsonschema::options().with_registry(&registry).build(&read(schema)).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).collect();
    assert!(problems.is_empty(), "{schema}: {problems:?}\n{value:#}");
}

#[test]
fn an_inquiry_tells_what_was_read_and_what_not() {
    let summary = &INQUIRY.summary;
    assert_valid("summary", summary);
    assert!(summary["events"].as_u64().unwrap() > 1000);
    assert!(summary["findings"].as_u64().unwrap() > 10);
    assert!(summary["gaps"].as_u64().unwrap() >= 5, "the damaged files are told");
    let unread: Vec<&str> =
        summary["unread"].as_array().unwrap().iter().map(|u| u["path"].as_str().unwrap()).collect();
    assert!(unread.iter().any(|path| path.ends_with("memory-note.bin")), "{unread:?}");
    assert!(unread.iter().any(|path| path.ends_with("Setup.evtx")), "{unread:?}");
    for word in [
        "read",
        "findings",
        "hosts",
        "accounts",
        "rules run",
        "gaps",
        "not read",
        "coverage",
        "took",
        "report:",
    ] {
        assert!(INQUIRY.told.contains(word), "{word} is missing from:\n{}", INQUIRY.told);
    }
    assert!(Path::new(&INQUIRY.case).join("report/report.html").is_file());
}

#[test]
fn the_report_stands_alone_and_is_harmless() {
    let html = fs::read_to_string(Path::new(&INQUIRY.case).join("report/report.html")).unwrap();
    assert!(html.contains("default-src 'none'"));
    assert!(!html.contains("<script"), "no script, ours or theirs");
    for forbidden in ['\u{1b}', '\u{202e}', '\u{200b}'] {
        assert!(!html.contains(forbidden), "{forbidden:?}");
    }
    for outside in ["src=\"http", "href=\"http://", "@import", "url(http"] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn every_shape_of_every_table_is_harmless_and_parses() {
    let sql = "SELECT * FROM events ORDER BY time, id";
    for shape in ["ndjson", "json", "csv", "table"] {
        let text = ok(&["query", sql, "--case", &INQUIRY.case, "--format", shape]);
        let hostile = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n' && *c != '\r') || matches!(c, '\u{202a}'..='\u{202e}'));
        assert_eq!(hostile, None, "{shape}");
    }
    let rows = lines(&ok(&["query", sql, "--case", &INQUIRY.case]));
    assert_eq!(rows.len() as u64, INQUIRY.summary["events"].as_u64().unwrap(), "NDJSON when piped");
    let whole: Value =
        serde_json::from_str(&ok(&["query", sql, "--case", &INQUIRY.case, "--format", "json"])).unwrap();
    assert_eq!(whole.as_array().unwrap().len(), rows.len());
    let formula = ok(&["query", "SELECT '=HYPERLINK(1)' AS a", "--case", &INQUIRY.case, "--format", "csv"]);
    assert!(formula.contains("'=HYPERLINK"), "{formula}");
}

#[test]
fn export_to_jsonl_has_a_line_for_every_event() {
    let rows = lines(&ok(&["export", "--to", "jsonl", "--case", &INQUIRY.case]));
    assert_eq!(rows.len() as u64, INQUIRY.summary["events"].as_u64().unwrap());
    for row in &rows {
        assert!(row["message"].is_string() && row["timestamp_desc"].is_string(), "{row}");
        assert!(row.get("datetime").is_none_or(|time| !time.as_str().unwrap().starts_with("1970")), "{row}");
    }
    let wrong = assize(&["export", "--to", "nothing", "--case", &INQUIRY.case]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("jsonl"), "says what there is: {}", err(&wrong));
}

#[test]
fn results_keep_the_contract() {
    for row in lines(&ok(&["coverage", "--case", &INQUIRY.case])) {
        assert_valid("coverage", &row);
    }
    for row in lines(&ok(&["formats"])) {
        assert_valid("format", &row);
    }
    let findings = lines(&ok(&["detect", INQUIRY.evidence.to_str().unwrap(), "--format", "ndjson"]));
    assert_eq!(findings.len() as u64, INQUIRY.summary["findings"].as_u64().unwrap(), "detect = inquire");
    findings.iter().for_each(|finding| assert_valid("finding", finding));
    let id = findings[0]["id"].as_str().unwrap();
    let trace: Value =
        serde_json::from_str(&ok(&["trace", id, "--case", &INQUIRY.case, "--format", "json"])).unwrap();
    assert_valid("trace", &trace);
    let leaves = fs::read_to_string(Path::new(&INQUIRY.case).join("log/leaves")).unwrap();
    lines(&leaves).iter().for_each(|leaf| assert_valid("custody-leaf", leaf));
    let manifest = fs::read(Path::new(&INQUIRY.case).join("derived/manifest.json")).unwrap();
    assert_valid("derived-manifest", &serde_json::from_slice(&manifest).unwrap());
}

#[test]
fn the_built_in_rules_match_their_samples_and_spare_their_near_misses() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/tests");
    let output = assize(&["rules", "test", tests.to_str().unwrap()]);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid("rules-test", &result);
    assert!(output.status.success(), "{:#}", result["failed"]);
    assert_eq!(result["passed"], result["total"]);
    assert_eq!(result["exact"], result["total"], "every sample states its count");
    let rules = lines(&ok(&["rules", "list"]));
    assert!(rules.len() >= 15);
    assert!(rules.iter().all(|rule| rule["not_run"].is_null()), "every built-in rule runs");
    assert!(result["total"].as_u64().unwrap() as usize >= 2 * rules.len(), "a match and a near miss each");
}

#[test]
fn rules_explain_shows_the_value_that_was_looked_at() {
    let finding = &lines(&ok(&["detect", INQUIRY.evidence.to_str().unwrap(), "--min-level", "high"]))[0];
    let (rule, event) = (finding["rule"]["id"].as_str().unwrap(), finding["event"].as_str().unwrap());
    let text = ok(&["rules", "explain", rule, event, "--case", &INQUIRY.case]);
    assert!(text.contains(finding["rule"]["title"].as_str().unwrap()), "{text}");
    let unknown = assize(&["rules", "explain", "no-such-rule", event, "--case", &INQUIRY.case]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let evidence = INQUIRY.evidence.to_str().unwrap();
    let code = |arguments: &[&str]| assize(arguments).status.code();
    assert_eq!(code(&["detect", evidence]), Some(0), "findings alone are no failure");
    assert_eq!(code(&["detect", evidence, "--fail-on", "high"]), Some(1));
    assert_eq!(code(&["detect", "/nowhere"]), Some(2));
    assert_eq!(code(&["detect", evidence, "--no-builtin"]), Some(2), "no rules at all");
    assert_eq!(code(&["query", "DROP TABLE events", "--case", &INQUIRY.case]), Some(2));
    assert_eq!(code(&["query", "SELECT 1", "--case", "/nowhere"]), Some(2));
    assert_eq!(code(&["no-such-verb"]), Some(2));
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("case");
    assert_eq!(code(&["case", "new", broken.to_str().unwrap()]), Some(0));
    fs::write(broken.join("case.toml"), "name = ").unwrap();
    assert_eq!(code(&["query", "SELECT 1", "--case", broken.to_str().unwrap()]), Some(3));
    fs::write(broken.join("case.toml"), "name = 'x'").unwrap();
    fs::write(broken.join("log/leaves"), "not a leaf\n").unwrap();
    assert_eq!(code(&["query", "SELECT 1", "--case", broken.to_str().unwrap()]), Some(4));
}

#[test]
fn an_error_says_what_to_do_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
    let output =
        command.args(["query", "SELECT 1"]).env_remove("ASSIZE_CASE").current_dir(&dir).output().unwrap();
    assert!(err(&output).contains("assize case new"), "{}", err(&output));
    let missing = assize(&["trace", "e-aaaaaaaaaaaaaaaaaaaaaaaaaa", "--case", &INQUIRY.case]);
    assert!(err(&missing).contains("nothing in this case has this id"), "{}", err(&missing));
}

#[test]
fn an_output_file_is_not_overwritten_without_clobber() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("out.json");
    fs::write(&file, "kept").unwrap();
    let path = file.to_str().unwrap();
    let refused = assize(&["query", "SELECT 1 AS one", "--case", &INQUIRY.case, "-o", path]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    ok(&["query", "SELECT 1 AS one", "--case", &INQUIRY.case, "-o", path, "--clobber"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\"one\":1}\n");
}

/// Locale, zone and umask of the process must not reach the tables.
#[test]
fn locale_zone_and_umask_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let case = dir.path().join("case");
    let script = format!(
        "umask 077; exec {} inquire {} --case {} -q",
        env!("CARGO_BIN_EXE_assize"),
        INQUIRY.evidence.display(),
        case.display()
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script])
        .env("TZ", "Asia/Kathmandu")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("LANG", "tr_TR.UTF-8");
    assert!(shell.status().unwrap().success());
    let manifest = |case: &Path| fs::read_to_string(case.join("derived/manifest.json")).unwrap();
    assert_eq!(manifest(&case), manifest(Path::new(&INQUIRY.case)), "digests of every derived file");
}

#[test]
fn a_killed_inquiry_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let case = dir.path().join("case");
    let (case_text, evidence) = (case.to_str().unwrap(), INQUIRY.evidence.to_str().unwrap());
    for after_ms in [5, 20, 60, 150, 400] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
        let mut child = command.args(["inquire", evidence, "--case", case_text, "-q"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(after_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        if case.join("case.toml").is_file() {
            // What is in the log is whole and its exhibits are there for the next writer.
            let opened = assize(&["intake", evidence, "--case", case_text, "-q"]);
            assert!(opened.status.success(), "{}", err(&opened));
        } else if case.exists() {
            fs::remove_dir_all(&case).unwrap();
        }
    }
    ok(&["inquire", evidence, "--case", case_text, "-q"]);
    let manifest = |case: &Path| fs::read_to_string(case.join("derived/manifest.json")).unwrap();
    assert_eq!(manifest(&case), manifest(Path::new(&INQUIRY.case)));
}
