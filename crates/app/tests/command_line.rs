//! Does the command line do what its words say, as a newcomer would try it?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

/// Keys of all tests here; never the tester's own.
static KEYS: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
    command.env_remove("ASSIZE_CASE").env("NO_COLOR", "1").env("ASSIZE_KEYS", KEYS.path());
    command
}

fn assize(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
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
    for word in ["rules run", "gaps", "truncated", "coverage", "report:", "drill score"] {
        assert!(told.contains(word), "{word} is missing from:\n{told}");
    }
    let score = ok(&["drill", "score", case.to_str().unwrap(), folder.to_str().unwrap(), "--format", "json"]);
    let score: Value = serde_json::from_str(&score).unwrap();
    assert_valid("score", &score);
    assert_eq!(score["not_claimed"], serde_json::json!([]));
    assert_eq!(score["over_claims"], 0);
    // The report of the demonstration answers whose records were reached, and names nobody.
    let page = fs::read_to_string(case.join("report/report.html")).unwrap();
    assert!(
        page.contains("Which individuals, organisations and States to contact first"),
        "no such question"
    );
    assert!(folder.join("officers").is_dir() && case.join("register/0001.identities.age").is_file());
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
    let mut registry = jsonschema::Registry::new();
    for other in ["locator", "custody-act"] {
        let resource = jsonschema::Resource::from_contents(read(other));
        registry = registry.add(format!("{other}.schema.json"), resource).unwrap();
    }
    let registry = registry.prepare().unwrap();
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

/// The generated pages are what the program would write now. `UPDATE=1` writes them.
#[test]
fn pages_of_formats_are_current() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/generated/formats");
    let dir = tempfile::tempdir().unwrap();
    let folder = if std::env::var_os("UPDATE").is_some() { published.clone() } else { dir.path().to_owned() };
    ok(&["formats", "pages", folder.to_str().unwrap(), "--quiet"]);
    let names = |folder: &Path| -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        // What was measured rests on evidence that is not here.
        names.retain(|name| name != "fill.md");
        names.sort();
        names
    };
    assert_eq!(names(&folder), names(&published), "UPDATE=1 writes them anew");
    for name in names(&folder) {
        let [now, kept] = [&folder, &published].map(|folder| fs::read_to_string(folder.join(&name)).unwrap());
        assert!(now == kept, "{name}: differs; UPDATE=1 writes it anew");
    }
}

#[test]
fn a_file_is_explained_and_a_folder_is_measured() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/testdata/samples");
    let at = |name: &str| samples.join(name).to_str().unwrap().to_owned();
    let told = |arguments: &[&str]| -> Value { serde_json::from_str(&ok(arguments)).unwrap() };
    let samba =
        told(&["formats", "explain", &at("servers/samba-4.17.log"), "--format", "json", "--zone", "+02:00"]);
    assert_eq!(samba["candidates"][0]["format"], "syslog");
    // Every format that was asked is there: with what it makes of the file, or as one that does not claim it.
    let candidates = samba["candidates"].as_array().unwrap();
    assert!(candidates.iter().all(|one| one["because"].as_str().unwrap().contains(" events, ")));
    let others = samba["others"].as_array().unwrap();
    assert!(others.iter().any(|name| name == "evtx") && others.len() + candidates.len() > 30);
    assert_eq!(samba["events"].as_array().unwrap().len(), 5);
    assert_eq!(samba["events"][0]["actor"], "okafor");
    assert_eq!(
        (&samba["options"]["year-by"], &samba["options"]["zone"]),
        (&"acquired".into(), &"+02:00".into())
    );
    assert_eq!(samba["gaps"], serde_json::json!([]));
    let table = ok(&["formats", "explain", &at("zeek.log"), "--format", "table"]);
    assert!(
        table.contains("zeek") && table.contains("first events") && table.contains("10.20.1.14"),
        "{table}"
    );

    let rows = lines(&ok(&["formats", "--measure", &at("servers"), "--quiet", "--format", "ndjson"]));
    rows.iter().for_each(|row| assert_valid("format", row));
    let of = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(of("squid")["spine_fill"]["peer"], 0.8, "{}", of("squid"));
    assert_eq!(of("squid")["files"], 1);
    assert!(rows.iter().all(|row| row["name"] != "evtx"), "what was not met is not told");
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
    for line in leaves.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        assert_valid("custody-leaf", &serde_json::from_str(parts[0]).unwrap());
        assert_valid("custody-act", &serde_json::from_str(parts[2]).unwrap());
    }
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
    let evidence = INQUIRY.evidence.to_str().unwrap();
    assert_eq!(ok(&["rules", "explain", rule, event, "--in", evidence]), text, "without a case");
    let nobodys = format!("e-{}", "a".repeat(event.len() - 2));
    assert_eq!(assize(&["rules", "explain", rule, &nobodys, "--in", evidence]).status.code(), Some(2));
    let unknown = assize(&["rules", "explain", "no-such-rule", event, "--case", &INQUIRY.case]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn tables_of_findings_show_the_clock_that_was_asked_for_and_are_whole_when_quiet() {
    let evidence = INQUIRY.evidence.to_str().unwrap();
    let csv = ["detect", evidence, "--format", "csv", "--profile", "timesketch-minimal", "-q"];
    let (utc, there) = (ok(&csv), ok(&[&csv[..], &["--tz", "+02:00"]].concat()));
    let times = |text: &str| -> Vec<String> {
        text.lines().skip(1).filter_map(|line| line.split(',').next().map(str::to_owned)).collect()
    };
    let findings = lines(&ok(&["detect", evidence, "--format", "ndjson"])).len();
    assert_eq!((times(&utc).len(), times(&there).len()), (findings, findings));
    assert!(times(&utc).iter().all(|time| time.is_empty() || time.ends_with('Z')));
    assert!(times(&there).iter().all(|time| time.is_empty() || time.ends_with("+02:00")), "{there}");
    assert_eq!(assize(&["detect", evidence, "--tz", "Nowhere/Town"]).status.code(), Some(2));
}

#[test]
fn habits_of_hayabusa_and_chainsaw_are_met_or_answered() {
    let evidence = INQUIRY.evidence.to_str().unwrap();
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules");
    let findings = ok(&["detect", evidence, "--rules", rules, "--no-builtin", "--format", "ndjson"]);
    assert!(findings.lines().count() > 3);
    for way in
        [&["-d", evidence, "-r", rules][..], &["-f", evidence, "-s", rules], &[evidence, "--sigma", rules]]
    {
        let own = ["detect", "--no-builtin", "--format", "ndjson", "-q"];
        assert_eq!(ok(&[&own[..], way].concat()), findings, "{way:?}");
    }
    for (arguments, instead) in [
        (&["detect", evidence, "--csv"][..], "instead: --format csv"),
        (&["detect", evidence, "-w"], "instead: there is no wizard"),
        (&["detect", evidence, "--timeline-start=2026-01-01"], "instead: --since"),
        (&["csv-timeline", "-d", evidence], "instead: detect"),
        (&["hunt", evidence], "instead: detect"),
    ] {
        let refused = assize(arguments);
        assert_eq!((refused.status.code(), out(&refused)), (Some(2), String::new()), "{arguments:?}");
        assert!(err(&refused).contains(instead), "{}", err(&refused));
    }
    assert!(!err(&assize(&["detect", evidence, "--unheard-of"])).contains("instead"));
    let dir = tempfile::tempdir().unwrap();
    let mapping = dir.path().join("mapping.yml");
    fs::write(&mapping, "name: Mappings\nkind: evtx\nrules: sigma\ngroups:\n  - name: Processes\n").unwrap();
    let refused = assize(&["detect", evidence, "--mapping", mapping.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("need none here"), "{}", err(&refused));
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
    let output = program().args(["query", "SELECT 1"]).current_dir(&dir).output().unwrap();
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
        .env("ASSIZE_KEYS", KEYS.path())
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
    let mut whole = 0;
    for after_ms in [2, 5, 10, 20, 40, 60, 100, 150, 400, 900] {
        let mut child = program().args(["inquire", evidence, "--case", case_text, "-q"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(after_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let verdict = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
        if case.join("case.toml").is_file() {
            let found = verdict(out(&assize(&["verify", "--case", case_text, "--format", "json"])));
            // At worst nothing was signed yet: nothing that was acknowledged is damaged.
            let bad = &found["first_bad"];
            assert!(bad.is_null() || bad["kind"] == "checkpoint", "{found:#}");
            whole += usize::from(bad.is_null());
        }
        // What is in the log is whole and its exhibits are there for the next writer.
        let opened = assize(&["intake", evidence, "--case", case_text, "-q"]);
        assert!(opened.status.success(), "{}", err(&opened));
        let after = verdict(ok(&["verify", "--case", case_text, "--format", "json"]));
        assert_eq!(
            (&after["first_bad"], &after["signed_leaves"]),
            (&Value::Null, &after["leaves"]),
            "{after:#}"
        );
    }
    assert!(whole >= 3, "the kills come early and late: {whole}");
    ok(&["inquire", evidence, "--case", case_text, "-q"]);
    let manifest = |case: &Path| fs::read_to_string(case.join("derived/manifest.json")).unwrap();
    assert_eq!(manifest(&case), manifest(Path::new(&INQUIRY.case)));
}

/// The way of custody as a person goes it: take in, verify, have it witnessed, hand out, verify there.
#[test]
fn custody_from_intake_to_a_bundle_that_is_verified() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(at("in")).unwrap();
    fs::write(at("in/a.log"), "one").unwrap();
    fs::write(at("meta.toml"), "by = 'K. Halvorsen'\n[[file]]\npath = 'a.log'\nhost = 'FS01'\n").unwrap();
    let case = at("case");
    ok(&["case", "new", &case, "--encrypt", "--by", "m.okafor"]);
    let intake =
        ["intake", &at("in"), "--case", &case, "--meta", &at("meta.toml"), "--authority", "Order 17", "-q"];
    ok(&intake);
    let verdict = |more: &[&str]| -> Value {
        let text = out(&assize(&[&["verify", "--case", &case, "--format", "json"], more].concat()));
        serde_json::from_str(&text).unwrap()
    };
    let signed = verdict(&[]);
    assert_valid("verify", &signed);
    assert_eq!((&signed["status"], &signed["trusted"]), (&"signed".into(), &false.into()));
    let trust = format!("{case}/log/key.pub");
    assert_eq!(verdict(&["--trust", &trust])["trusted"], true);
    let told = ok(&["verify", "--case", &case]);
    assert!(told.starts_with("SIGNED") || told.starts_with('{'), "{told}");

    fs::write(at("w.pub"), ok(&["custody", "cosign", "--new", "--as", "registry"])).unwrap();
    let request =
        ok(&["custody", "checkpoint", "--name", "Registry", "--key", &at("w.pub"), "--case", &case]);
    fs::write(at("request"), &request).unwrap();
    let unknown = assize(&["custody", "cosign", &at("request"), "--as", "registry"]);
    assert_eq!(unknown.status.code(), Some(2), "the first time he wants the key: {}", err(&unknown));
    let line = ok(&["custody", "cosign", &at("request"), "--as", "registry", "--log", &trust]);
    fs::write(at("line"), line).unwrap();
    ok(&["custody", "checkpoint", "--take", &at("line"), "--case", &case]);
    let witnessed = verdict(&[]);
    assert_valid("verify", &witnessed);
    assert_eq!((&witnessed["status"], &witnessed["organisations"]), (&"witnessed".into(), &1.into()));

    let rows = lines(&ok(&["custody", "log", "--case", &case, "--format", "ndjson"]));
    rows.iter().for_each(|row| assert_valid("custody-log", row));
    let admit = rows.iter().find(|row| row["act"] == "admit").unwrap();
    assert_eq!(admit["content"]["collected"]["host"], "FS01");
    assert_eq!(admit["content"]["collected"]["authority"], "Order 17");
    let proof = ok(&["custody", "proof", admit["id"].as_str().unwrap(), "--case", &case]);
    assert!(proof.starts_with("c2sp.org/tlog-proof@v1\n"), "{proof}");

    let bundle = at("bundle");
    ok(&["custody", "bundle", "--out", &bundle, "--purpose", "request 12", "--case", &case]);
    let theirs = ok(&["verify", "--bundle", &bundle, "--trust", &trust, "--format", "json"]);
    let theirs: Value = serde_json::from_str(&theirs).unwrap();
    assert_valid("verify", &theirs);
    assert_eq!((&theirs["trusted"], &theirs["exhibits"]), (&true.into(), &1.into()));
    let page = format!("{bundle}/data/READ-ME-FIRST.html");
    fs::write(&page, fs::read_to_string(&page).unwrap().replace("not proved", "proved")).unwrap();
    assert_eq!(assize(&["verify", "--bundle", &bundle]).status.code(), Some(4));
    fs::write(format!("{case}/log/checkpoint"), "forged").unwrap();
    assert_eq!(assize(&["verify", "--case", &case]).status.code(), Some(4));
    let broken = verdict(&[]);
    assert_valid("verify", &broken);
    assert_eq!(broken["first_bad"]["kind"], "checkpoint");
    fs::write(at("meta.toml"), "bye = 'x'").unwrap();
    assert_eq!(assize(&intake).status.code(), Some(3), "a sidecar that is not understood");
}

/// A disk that is full: the error names the file, and what was there is as it was.
#[test]
fn a_full_disk_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(at("in")).unwrap();
    fs::write(at("in/large"), vec![7; 3 << 20]).unwrap();
    let case = at("case");
    ok(&["case", "new", &case]);
    // A file may grow to one MiB and no more: the same error path as a full disk, without one.
    let script = format!(
        "ulimit -f 1024; trap '' XFSZ; exec {} intake {} --case {case} -q",
        env!("CARGO_BIN_EXE_assize"),
        at("in")
    );
    let output = Command::new("bash").args(["-c", &script]).env("ASSIZE_KEYS", KEYS.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains(".incoming"), "names the place: {}", err(&output));
    let verdict: Value = serde_json::from_str(&ok(&["verify", "--case", &case, "--format", "json"])).unwrap();
    assert_eq!((&verdict["first_bad"], &verdict["leaves"]), (&Value::Null, &1.into()));
    ok(&["intake", &at("in"), "--case", &case, "-q"]);
}

/// Times that lost AM and PM fall back at noon; a server that writes local time disagrees with the monitor
/// by hours. Both are told with the records that show it, and a log of office hours is not.
#[test]
fn clocks_that_are_wrong_are_told_with_the_records_that_show_it() {
    let dir = tempfile::tempdir().unwrap();
    let evidence = dir.path().join("evidence");
    fs::create_dir(&evidence).unwrap();
    let sshd = |day: i64, hour: i64, minute: i64, host: &str| {
        format!(
            "2026-09-{:02}T{hour:02}:{minute:02}:10Z {host} sshd[{}]: Accepted publickey for kai from 10.1.2.3 port 4{minute:02}1 ssh2\n",
            7 + day,
            4000 + hour * 60 + minute
        )
    };
    let all =
        || (0..4).flat_map(|day| (7..19).flat_map(move |hour| [3, 27, 51].map(|minute| (day, hour, minute))));
    let twelve = |hour: i64| if hour > 12 { hour - 12 } else { hour };
    let lost: String = all().map(|(day, hour, minute)| sshd(day, twelve(hour), minute, "jump01")).collect();
    let whole: String = all().map(|(day, hour, minute)| sshd(day, hour, minute, "jump02")).collect();
    fs::write(evidence.join("jump01.log"), lost).unwrap();
    fs::write(evidence.join("jump02.log"), whole).unwrap();
    let mut samba = String::new();
    let mut zeek = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tsmb_mapping\n\
        #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tpath\tservice\tnative_file_system\tshare_type\n\
        #types\ttime\tstring\taddr\tport\taddr\tport\tstring\tstring\tstring\tstring\n"
        .to_owned();
    for number in 0..12i64 {
        let seconds = 9 * 3600 + number * number * 97 + number * 13;
        let clock =
            |seconds: i64| format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        samba += &format!(
            "2026-09-07T{}Z NAS01 smbd_audit[{}]: kai|10.1.2.3|10.1.2.3|files|connect|ok|files\n",
            clock(seconds + 7200),
            700 + number
        );
        zeek += &format!(
            "{}.000000\tC{number}\t10.1.2.3\t50{number:02}\t10.1.2.9\t445\t\\\\\\\\NAS01\\\\files\t-\t-\tDISK\n",
            1_788_739_200 + seconds
        );
    }
    fs::write(evidence.join("samba.log"), samba).unwrap();
    fs::write(evidence.join("smb_mapping.log"), zeek).unwrap();
    let case = dir.path().join("case");
    let (evidence, case) = (evidence.to_str().unwrap(), case.to_str().unwrap());
    ok(&["inquire", evidence, "--case", case, "--quiet"]);
    let sql = "SELECT host, ahead, agree, of, basis FROM clocks ORDER BY host";
    let clocks = lines(&ok(&["query", "--case", case, "--format", "ndjson", sql]));
    let told: Vec<String> =
        clocks.iter().map(|row| format!("{} {} {}", row["host"], row["ahead"], row["agree"])).collect();
    assert_eq!(told, [r#""jump01" "-43200000000000" 4"#, r#""nas01" "7200000000000" 12"#]);
    for event in clocks.iter().flat_map(|row| row["basis"].as_array().unwrap()) {
        assert!(ok(&["trace", "--case", case, event.as_str().unwrap()]).contains("x-"));
    }
}
