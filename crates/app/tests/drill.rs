//! Can a drill be made, inquired into and scored from the command line?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use assize_case::model::{Time, time::Stated};
use serde_json::Value;

fn assize(arguments: &[&str]) -> Output {
    let program = std::env::var_os("ASSIZE_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_assize").into());
    let mut command = Command::new(program);
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
    inquire(&out, &case);
    dir
});

/// The whole inquiry into a drill: evidence, register, and what its responder decided.
fn inquire(drill: &Path, case: &Path) {
    let at = |name: &str| drill.join(name).to_str().unwrap().to_owned();
    let decisions = at("brief/decisions.ndjson");
    let (evidence, register) = (at("evidence"), at("register"));
    ok(&[
        "inquire",
        &evidence,
        "--register",
        &register,
        "--decisions",
        &decisions,
        "--readings",
        &at("brief/readings.ndjson"),
        "--meta",
        &at("brief/collected.toml"),
        "--case",
        case.to_str().unwrap(),
        "--quiet",
    ]);
}

/// No bound is wrong: what is established happened, what happened is not excluded.
fn assert_sound(score: &Value, what: &str) {
    for of in [score, &score["items"]] {
        assert_eq!(of["over_claims"], 0, "{what}: {of:#}");
        assert_eq!(of["soundness"], 1.0, "{what}: {of:#}");
        assert_eq!(of["missing"], 0, "{what}");
        assert_eq!(of["contradicting"], 0, "{what}");
    }
    assert_eq!(
        score["subjects"]["missed"], 0,
        "{what}: everybody whose data was opened is not excluded to be"
    );
    assert_eq!(score["subjects_established"]["needless"], 0, "{what}");
}

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

/// The file server's log has no year and no zone: with what its administrator says of the zone, each trace
/// of the intruder in it has the time at which the drill let it happen.
#[test]
fn times_that_leave_out_year_and_zone_are_right() {
    let sql = "SELECT e.r['offset'] AS place, e.time FROM (SELECT time, unnest(ranges) AS r, exhibit FROM events) e \
               JOIN exhibits x ON x.id = e.exhibit WHERE x.paths[1] LIKE '%samba/%'";
    let told = ok(&["query", sql, "--case", &path("case"), "--format", "ndjson"]);
    let row = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
    let rows: Vec<Value> = told.lines().map(row).collect();
    assert!(rows.iter().all(|row| row["time"].is_string()), "no event of the server is without a time");
    let time = |of: &Value| match Time::parse(of.as_str().unwrap()).unwrap() {
        Stated::Instant(time) | Stated::Local(time) => time.0 / 1_000_000_000,
    };
    let mut seen = 0;
    for step in fs::read_to_string(path("drill/truth/steps.ndjson")).unwrap().lines().map(row) {
        let of_server = |trace: &&Value| trace["file"].as_str().unwrap().contains("/samba/");
        // A step may take minutes: its first line is of when it began.
        let Some(trace) = step["traces"].as_array().unwrap().iter().find(of_server) else { continue };
        let place = &trace["locator"]["ranges"][0]["offset"];
        let found = rows.iter().find(|row| row["place"] == *place).unwrap();
        assert!((time(&found["time"]) - time(&step["time"])).abs() <= 60, "{found} {step}");
        seen += 1;
    }
    assert!(seen > 2, "{seen}");
}

#[test]
fn a_case_is_scored_by_what_it_publishes() {
    let text = ok(&["drill", "score", &path("case"), &path("drill"), "--format", "json"]);
    let score: Value = serde_json::from_str(&text).unwrap();
    assert_valid("score", &score);
    assert_eq!(score["not_claimed"], serde_json::json!([]));
    assert_sound(&score, "the drill of these tests");
    assert!(score["coverage"]["days"].as_u64().unwrap() > 0);
    assert!(score["rows"]["coverage"]["read"].as_u64().unwrap() > 0, "{score:#}");
    assert_eq!(text, ok(&["drill", "score", &path("case"), &path("drill/truth")]), "the same when piped");
    let table = ok(&["drill", "score", &path("case"), &path("drill"), "--format", "table"]);
    assert!(!table.contains("Not claimed"), "{table}");
}

/// What a person would be harmed by: called the intruder's and is not, or cleared and is.
#[test]
fn nobody_is_proven_or_cleared_wrongly() {
    let text = ok(&["drill", "score", &path("case"), &path("drill"), "--format", "json"]);
    let score: Value = serde_json::from_str(&text).unwrap();
    let number = |part: &str, key: &str| score[part][key].as_u64().unwrap();
    assert_eq!((number("sessions", "proven_wrong"), number("sessions", "cleared_wrong")), (0, 0), "{text}");
    assert!(number("sessions", "n") > 1000 && score["sessions"]["recall"].as_f64() > Some(0.0), "{text}");
    assert_eq!((number("incidents", "found"), number("incidents", "merged_wrong")), (1, 0), "{text}");
    assert_eq!(number("first_last", "bounded"), 1, "{text}");
    let coverage = ["wrong", "too_good", "cause_wrong"].map(|key| number("coverage", key));
    assert_eq!(coverage, [0, 0, 0], "the calendar is the truth's: {text}");
}

/// A copy of the case, to decide in.
fn copied(to: &Path) -> String {
    let copy = |from: &Path, to: &Path| {
        let done = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
        assert!(done.success());
    };
    copy(&DRILL.path().join("case"), &to.join("case"));
    to.join("case").to_str().unwrap().to_owned()
}

fn rows_of(arguments: &[&str], case: &str) -> Vec<Value> {
    let text = ok(&[arguments, &["--case", case, "--format", "ndjson"]].concat());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every derived file by name, but what names the derivation itself.
fn derived(case: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let folder = Path::new(case).join("derived");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let tables = files.filter(|path| path.extension().is_some_and(|end| end == "parquet"));
    tables
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}

fn decide(case: &str, what: &[&str]) -> String {
    let told = rows_of(&[&["decide"], what, &["--reason", "a test"]].concat(), case);
    told[0]["id"].as_str().unwrap().to_owned()
}

/// Gives every answer that is kept the bytes of another, under the seal that it had.
fn swap_answers(case: &str) {
    let folder = Path::new(case).join("derived/.answers");
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let names: Vec<_> = names.filter(|name| name.extension().is_none()).collect();
    let contents: Vec<Vec<u8>> = names.iter().map(|name| fs::read(name).unwrap()).collect();
    assert!(names.len() > 5, "{names:?}");
    for (place, name) in names.iter().enumerate() {
        fs::write(name, &contents[(place + 1) % contents.len()]).unwrap();
    }
    let told = ok(&["verify", "--case", case, "--format", "json"]);
    assert_eq!(told.matches(".answers").count(), 1, "{told}");
}

/// What a decision moved is told with the decision; undone, everything is as it was, byte for byte; and
/// what was derived step by step is what is derived from nothing.
#[test]
fn decisions_move_what_they_say_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let case = copied(dir.path());
    let before = derived(&case);
    let verdicts = |case: &str| -> std::collections::BTreeMap<String, String> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        rows_of(&["sessions"], case).iter().map(|row| (text(row, "id"), text(row, "verdict"))).collect()
    };
    let (then, start) = (verdicts(&case), rows_of(&["custody", "log"], &case));
    let start = start.last().unwrap()["id"].as_str().unwrap().to_owned();
    let row = &rows_of(&["sessions", "--verdict", "undetermined"], &case)[0];
    let (session, account) = (row["id"].as_str().unwrap(), row["account"].as_str().unwrap());
    let confirmed = decide(&case, &["confirm", "session", session]);
    let now = verdicts(&case);
    let moved = now.iter().filter(|(id, verdict)| then.get(*id) != Some(verdict)).count() as u64;
    assert!(moved >= 1 && now[session] == "intruder", "{account}");
    let diff: Value =
        serde_json::from_str(&ok(&["diff", &start, "now", "--case", &case, "--format", "json"])).unwrap();
    assert_valid("diff", &diff);
    assert_eq!(diff["sessions"].as_array().unwrap().len() as u64, moved, "{diff:#}");
    assert_eq!(
        (diff["changes"][0]["sessions"].as_u64(), diff["changes"].as_array().unwrap().len()),
        (Some(moved), 1)
    );
    assert!(diff["changes"][0]["what"].as_str().unwrap().starts_with(&confirmed), "{diff:#}");
    assert!(diff["events"].as_u64().unwrap() > 0);
    // Whoever puts one kept answer in the place of another changes nothing.
    swap_answers(&case);
    decide(&case, &["reject", "decision", &confirmed]);
    let undone: Vec<_> = derived(&case).into_iter().filter(|(name, _)| name != "decisions.parquet").collect();
    assert_eq!(
        undone,
        before.clone().into_iter().filter(|(name, _)| name != "decisions.parquet").collect::<Vec<_>>()
    );

    // Since when he is out: not before the last that is proven.
    let incident = rows_of(&["incidents"], &case)[0]["id"].as_str().unwrap().to_owned();
    decide(&case, &["overrule", "incident", &incident, "--set", "evicted=2026-09-07T08:00:00Z"]);
    assert!(rows_of(&["incidents"], &case)[0]["evicted"].is_null(), "acts are proven later than that");
    decide(&case, &["overrule", "incident", &incident, "--set", "evicted=2026-09-12T08:00:00Z"]);
    assert_eq!(rows_of(&["incidents"], &case)[0]["evicted"], "2026-09-12T08:00:00Z");

    // A clock is set right for its host alone, a record by itself, and both say so.
    let times = |host: &str| {
        let sql = format!(
            "SELECT min(e.time) AS e, min(r.time) AS r, count(*) AS n FROM events e JOIN records r ON r.id = e.id WHERE e.host LIKE '{host}%'"
        );
        rows_of(&["query", &sql], &case)[0].clone()
    };
    decide(&case, &["overrule", "clock", "host:REG-WS01", "--set", "offset=-7m"]);
    let time = |of: &Value| match Time::parse(of.as_str().unwrap()).unwrap() {
        Stated::Instant(time) | Stated::Local(time) => time.0,
    };
    let (set_right, other) = (times("REG-WS01"), times("OTP-WS01"));
    assert_eq!(time(&set_right["r"]) - time(&set_right["e"]), 7 * 60 * 1_000_000_000, "{set_right}");
    assert_eq!(other["r"], other["e"]);
    let event = rows_of(
        &["query", "SELECT id FROM events WHERE verb = 'logon' AND outcome = 'success' ORDER BY id LIMIT 1"],
        &case,
    );
    let event = event[0]["id"].as_str().unwrap().to_owned();
    let overruled = decide(&case, &["overrule", "event", &event, "--set", "outcome=failure"]);
    let told =
        rows_of(&["query", &format!("SELECT outcome, time_assumed FROM events WHERE id = '{event}'")], &case);
    assert_eq!(told[0]["outcome"], "failure");
    assert!(told[0]["time_assumed"].as_str().unwrap().contains(&overruled), "{told:?}");

    // Step by step is from nothing.
    let stepwise = derived(&case);
    fs::remove_dir_all(Path::new(&case).join("derived")).unwrap();
    ok(&["derive", "--case", &case, "--quiet"]);
    assert_eq!(stepwise.keys().collect::<Vec<_>>(), derived(&case).keys().collect::<Vec<_>>());
    for (name, bytes) in derived(&case) {
        assert!(stepwise[&name] == bytes, "{name} is another when derived from nothing");
    }
    // As of a time before anybody decided anything there is nothing decided.
    let admitted = rows_of(&["custody", "log"], &case);
    let first = admitted.iter().find(|row| row["act"] == "decide").unwrap();
    // The log's clock counts whole seconds, and a quick machine admits and decides within one.
    let before = Time(time(&first["at"]) - 1_000_000_000).to_string();
    ok(&["derive", "--as-of", &before, "--case", &case, "--quiet"]);
    assert!(rows_of(&["sessions", "--verdict", "intruder"], &case).is_empty());
}

/// Whoever was proven stays in the timeline that is asked for, and no other.
#[test]
fn the_timeline_is_what_is_asked_for() {
    let asked = [
        "timeline",
        "--verdict",
        "intruder",
        "--host",
        "OTP",
        "--since",
        "2026-09-07",
        "--until",
        "2026-09-08",
    ];
    let rows = rows_of(&asked, &path("case"));
    assert!(rows.len() > 10);
    assert!(
        rows.iter().all(
            |row| row["verdict"] == "intruder" && row["time"].as_str().unwrap().starts_with("2026-09-07")
        )
    );
    assert!(rows.iter().all(|row| row["host"].as_str().unwrap().starts_with("OTP")));
    let ordered: Vec<&str> = rows.iter().map(|row| row["time"].as_str().unwrap()).collect();
    assert!(ordered.is_sorted());
}

#[test]
fn published_lists_and_the_case_score_alike() {
    let answers = tempfile::tempdir().unwrap();
    for part in ["coverage", "sessions", "incidents"] {
        let rows = ok(&[part, "--case", &path("case"), "--format", "ndjson"]);
        for row in rows.lines() {
            assert_valid(part, &serde_json::from_str(row).unwrap());
        }
        fs::write(answers.path().join(format!("{part}.ndjson")), rows).unwrap();
    }
    let rows = ok(&["exposures", "--by", "all", "--case", &path("case"), "--format", "ndjson"]);
    fs::write(answers.path().join("exposures.ndjson"), rows).unwrap();
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

#[test]
fn exposures_are_what_the_contract_says() {
    let rows = |by: &str| {
        let text = ok(&["exposures", "--by", by, "--case", &path("case"), "--format", "ndjson"]);
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let (holdings, items, subjects) = (rows("holding"), rows("item"), rows("subject"));
    assert!(holdings.len() > 20 && items.len() > 200 && subjects.len() > 50);
    for row in holdings.iter().chain(items.iter().step_by(37)).chain(subjects.iter().step_by(11)) {
        assert_valid("exposure", row);
        let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert!(keys.contains(&&"id".to_owned()), "{keys:?}");
        let sentence = row["because"].to_string();
        let bare = sentence.contains("No evidence of access") && !sentence.contains("not excluded");
        assert!(!bare, "{sentence}");
    }
    assert!(subjects.iter().all(|row| row["subject_type"] != "individual" || row["band"].is_string()));
    // From the line to the bytes, which still give the event; for an open path, what is missing.
    let established = items.iter().find(|row| row["established"] != "none").unwrap();
    let trace =
        ok(&["trace", established["id"].as_str().unwrap(), "--case", &path("case"), "--format", "json"]);
    assert!(
        trace.contains("gives the stored event again")
            && !trace.contains("\"gives the stored event again\",false")
    );
    let open =
        items.iter().find(|row| row["established"] == "none" && row["not_excluded"] == "left").unwrap();
    let trace = ok(&["trace", open["id"].as_str().unwrap(), "--case", &path("case"), "--format", "json"]);
    assert!(trace.contains("remedy") || trace.contains("because"), "{trace}");
}

/// Cells of the rows of the list of contacts, as a reader of the page sees them: pseudonym and what is
/// established.
fn contacts(page: &str) -> Vec<(String, String)> {
    let table = page.split("id=\"contacts\"").nth(1).unwrap_or("").split("</table>").next().unwrap();
    let words = |html: &str| {
        let text = html.split('<').map(|rest| rest.split_once('>').map_or(rest, |(_, text)| text));
        text.collect::<String>().trim().to_owned()
    };
    let rows = table.split("<tr>").skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.split("<td>").collect();
        (words(cells[0]), words(cells[3]))
    })
    .collect()
}

#[test]
fn who_has_only_the_page_can_list_whom_to_contact() {
    let page = fs::read_to_string(DRILL.path().join("case/report/report.html")).unwrap();
    let listed = contacts(&page);
    assert!(listed.len() > 5, "{listed:?}");
    let lines = |name: &str| {
        let text = fs::read_to_string(DRILL.path().join("drill/truth").join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let telling: Vec<Value> = lines("holdings.ndjson")
        .into_iter()
        .filter(|item| item["name_is_sensitive"] == true)
        .map(|item| item["item"].clone())
        .collect();
    let known: Vec<Value> = lines("holdings.ndjson")
        .into_iter()
        .filter(|item| item["registered"] != false)
        .map(|item| item["item"].clone())
        .collect();
    let reached = lines("access.ndjson");
    let reached = reached.iter().filter(|access| known.contains(&access["item"]));
    let reached = reached.filter(|access| access["grade"] != "listed" || telling.contains(&access["item"]));
    let must: Vec<&str> =
        reached.flat_map(|access| access["subjects"].as_array().unwrap()).filter_map(Value::as_str).collect();
    assert!(!must.is_empty());
    for subject in &must {
        assert!(listed.iter().any(|(pseudonym, _)| pseudonym == subject), "{subject} would not be contacted");
    }
    for (pseudonym, established) in listed.iter().filter(|(_, grade)| grade != "none" && grade != "listed") {
        let of_items = must.contains(&pseudonym.as_str());
        let party = !pseudonym.contains("-P-");
        assert!(of_items || party, "{pseudonym} is told {established}, and it did not happen");
    }
    for asked in [
        "q-what",
        "q-when",
        "q-who-where",
        "q-established",
        "q-not-excluded",
        "q-contact",
        "q-narrow",
        "q-unknown",
    ] {
        assert!(page.contains(&format!("id=\"{asked}\"")), "{asked}");
    }
}

/// Scenarios × damages, pair by pair, and none: what people would be harmed by is never there, and a line of the table
/// of `docs/drills.md` for each. `ASSIZE_BIN` names the program, an optimised one.
#[test]
#[ignore = "forty-two inquiries: ten minutes of an optimised program, an hour of this one"]
fn no_bound_is_wrong_whatever_happened_to_the_logs() {
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let mut seed = 100;
    for (turn, scenario) in ["espionage", "intern", "nothing"].into_iter().enumerate() {
        let struck = |number: usize| {
            let second = (number + 1 + 4 * turn) % DAMAGES.len();
            format!("{},{}", DAMAGES[number], DAMAGES[second])
        };
        for damage in std::iter::once(String::new()).chain((0..DAMAGES.len()).map(struck)) {
            seed += 1;
            let score = of_drill(dir.path(), scenario, &damage, seed);
            let _ = writeln!(std::io::stderr(), "{}", row(scenario, &damage, seed, &score));
            let harm = harm(&score);
            if !harm.is_empty() {
                wrong.push(format!("{scenario} {damage} (seed {seed}): {}", harm.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const DAMAGES: [&str; 13] = [
    "cleared",
    "rotated",
    "expired",
    "never-on",
    "not-collected",
    "throttled",
    "skewed",
    "duplicated",
    "truncated",
    "flipped",
    "id-gap",
    "silence",
    "intruder-admin",
];

fn of_drill(dir: &Path, scenario: &str, damage: &str, seed: u32) -> Value {
    let (out, case, seed) = (dir.join("drill"), dir.join("case"), seed.to_string());
    let mut arguments = vec!["drill", "make", "--seed", &seed, "--scenario", scenario, "--staff", "12"];
    // A device for each: where several share one, the intern's colleagues cannot be told from the intern.
    arguments.extend(["--days", "4", "--hosts", "26", "--out", out.to_str().unwrap()]);
    if !damage.is_empty() {
        arguments.extend(["--damage", damage]);
    }
    ok(&arguments);
    inquire(&out, &case);
    let text = ok(&["drill", "score", case.to_str().unwrap(), out.to_str().unwrap(), "--format", "json"]);
    fs::remove_dir_all(&out).unwrap();
    fs::remove_dir_all(&case).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What of a score would harm somebody, or is a bound that does not hold.
fn harm(score: &Value) -> Vec<String> {
    let of = |what: &str| what.split('.').fold(score, |value, key| &value[key]);
    let zero = [
        "over_claims",
        "items.over_claims",
        "sessions.proven_wrong",
        "sessions.cleared_wrong",
        "incidents.merged_wrong",
        "incidents.false",
        "coverage.too_good",
        "coverage.cause_wrong",
    ];
    let mut harm: Vec<String> =
        zero.iter().filter(|what| *of(what) != 0).map(|what| format!("{what} {}", of(what))).collect();
    let whole = ["soundness", "items.soundness"];
    harm.extend(whole.iter().filter(|what| *of(what) != 1.0).map(|what| format!("{what} {}", of(what))));
    harm
}

/// A line of the table.
fn row(scenario: &str, damage: &str, seed: u32, score: &Value) -> String {
    let of =
        |what: &str| what.split('.').fold(score, |value, key| &value[key]).to_string().replace("null", "–");
    let columns = [
        "over_claims",
        "soundness",
        "touched.exact",
        "untouched.excluded",
        "mean_width",
        "sessions.proven_wrong",
        "sessions.cleared_wrong",
        "sessions.recall",
        "incidents.found",
        "incidents.split",
        "first_last.bounded",
        "steps.found",
        "steps.n",
        "coverage.too_good",
        "coverage.days",
    ];
    format!("| {scenario} | {damage} | {seed} | {} |", columns.map(of).join(" | "))
}
