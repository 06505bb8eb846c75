//! Is a drill what it says: the same every time, its truth consistent, its ledger exact?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use assize_drill::court::Size;
use assize_drill::make::{FIRST_DAY, Made, Options, make};
use assize_drill::story::Scenario;
use serde_json::Value;

fn options(seed: u64, scenario: &str, damage: &[&str]) -> Options {
    Options {
        seed,
        size: Size { staff: 12, days: 3, hosts: 14, from: FIRST_DAY },
        scenario: Scenario::find(scenario).unwrap(),
        noise_percent: 100,
        damage: damage.iter().map(|cause| (*cause).to_owned()).collect(),
        out: None,
    }
}

/// A drill on the disk.
struct Drill {
    folder: tempfile::TempDir,
    made: Made,
}

impl Drill {
    fn make(seed: u64, scenario: &str, damage: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { out: Some(folder.path().to_owned()), ..options(seed, scenario, damage) };
        Self { made: make(&options, &mut |_| {}).unwrap(), folder }
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.folder.path(), self.folder.path(), &mut files);
        files
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let damage = ["cleared", "rotated", "truncated", "flipped", "duplicated"];
    let (one, two) = (Drill::make(4, "espionage", &damage), Drill::make(4, "espionage", &damage));
    let (one_files, two_files) = (one.files(), two.files());
    assert_eq!(one_files.keys().collect::<Vec<_>>(), two_files.keys().collect::<Vec<_>>());
    for (path, bytes) in &one_files {
        assert!(*bytes == two_files[path], "{} differs", path.display());
    }
    assert_ne!(one_files, Drill::make(5, "espionage", &damage).files());
}

/// Nothing that is counted depends on where it is written to.
#[test]
fn a_null_sink_counts_the_same() {
    let counted = make(&options(4, "intern", &[]), &mut |_| {}).unwrap();
    assert_eq!(counted, Drill::make(4, "intern", &[]).made);
}

#[test]
fn nothing_happens_in_nothing() {
    let drill = Drill::make(3, "nothing", &[]);
    assert_eq!(drill.lines("truth/steps.ndjson"), Vec::<Value>::new());
    assert_eq!(drill.lines("truth/access.ndjson"), Vec::<Value>::new());
    let sessions = drill.lines("truth/sessions.ndjson");
    assert!(sessions.len() > 100);
    assert!(sessions.iter().all(|session| session["intruder"] == false));
    assert!(drill.lines("brief/decisions.ndjson").iter().all(|decision| decision["verb"] == "clear"));
}

#[test]
fn truth_refers_to_what_is_there() {
    for (seed, scenario) in [(1, "espionage"), (2, "espionage"), (1, "intern")] {
        let drill = Drill::make(seed, scenario, &[]);
        let items = drill.lines("truth/holdings.ndjson");
        let items: BTreeSet<_> =
            items.iter().map(|line| (text(line, "holding"), text(line, "item"))).collect();
        let access = drill.lines("truth/access.ndjson");
        assert!(!access.is_empty());
        for line in &access {
            assert!(items.contains(&(text(line, "holding"), text(line, "item"))), "{line}");
            assert!(["listed", "opened", "collected", "left"].contains(&text(line, "grade")), "{line}");
        }
        let steps = drill.lines("truth/steps.ndjson");
        let sessions = drill.lines("truth/sessions.ndjson");
        assert!(steps.len() >= 5, "{scenario} {seed}: {} steps", steps.len());
        assert!(sessions.iter().any(|session| session["intruder"] == true));
        for session in &sessions {
            assert!(text(session, "from") <= text(session, "to"), "{session}");
        }
        // What was reached was reached in the course of the intrusion.
        let first = steps.iter().map(|step| text(step, "time")).min().unwrap();
        if scenario == "espionage" {
            assert!(access.iter().all(|line| text(line, "time") >= first));
        }
        assert_eq!(drill.lines("truth/worlds.ndjson").len(), 4);
    }
}

/// A responder has cleared nobody whom the intruder was.
#[test]
fn decisions_are_borne_out_by_the_truth() {
    for (seed, scenario) in
        [(1, "espionage"), (2, "espionage"), (3, "espionage"), (1, "intern"), (1, "nothing")]
    {
        let drill = Drill::make(seed, scenario, &[]);
        let decisions = drill.lines("brief/decisions.ndjson");
        let cleared = decisions.iter().filter(|decision| decision["verb"] == "clear");
        let cleared: BTreeSet<_> = cleared
            .map(|decision| {
                text(decision, "where").split(' ').next().unwrap().trim_start_matches("account:COURT\\")
            })
            .collect();
        assert!(!cleared.is_empty());
        for session in drill.lines("truth/sessions.ndjson") {
            let account = text(&session, "account").trim_start_matches("COURT\\").to_owned();
            let account = account.split('@').next().unwrap();
            assert!(
                session["intruder"] == false || !cleared.contains(account),
                "{scenario} {seed}: {session}"
            );
        }
        let confirmed = decisions.iter().filter(|decision| decision["verb"] == "confirm").count();
        assert_eq!(confirmed > 0, scenario != "nothing");
    }
}

/// Nobody gets into what neither a right nor control of a machine opens: `NoPath` rests on it.
#[test]
fn rights_are_kept_by_the_intruder_too() {
    for (seed, scenario) in [(1, "intern"), (2, "intern"), (3, "intern")] {
        let drill = Drill::make(seed, scenario, &[]);
        let asked = options(seed, scenario, &[]);
        let court = assize_drill::court::Court::found(seed, &asked.size);
        let sessions = drill.lines("truth/sessions.ndjson");
        let account = sessions.iter().find(|session| session["intruder"] == true).unwrap();
        let name =
            text(account, "account").rsplit('\\').next().unwrap().split('@').next().unwrap().to_owned();
        let number = court.accounts.iter().position(|account| account.name == name).unwrap();
        let account = assize_drill::court::AccountId(number as u32);
        for line in drill.lines("truth/access.ndjson") {
            let key = text(&line, "holding");
            let holding = court.holdings.iter().position(|holding| holding.key == key).unwrap();
            let holding = assize_drill::court::HoldingId(holding as u32);
            let at = assize_drill::moment::Moment::parse(text(&line, "time")).unwrap();
            assert!(court.may_open(account, holding, at), "{scenario} {seed}: {line}");
        }
    }
}

/// Owner and intruder use one account at the same time, in sessions of their own.
#[test]
fn intruder_and_owner_overlap() {
    let overlaps = (1..5).any(|seed| {
        let sessions = Drill::make(seed, "espionage", &[]).lines("truth/sessions.ndjson");
        let name = |session: &Value| {
            let account = text(session, "account").to_owned();
            account.rsplit('\\').next().unwrap().split('@').next().unwrap().to_owned()
        };
        let (hers, its): (Vec<_>, Vec<_>) = sessions.iter().partition(|session| session["intruder"] == false);
        its.iter().any(|its| {
            hers.iter().any(|hers| {
                name(hers) == name(its)
                    && text(hers, "from") < text(its, "to")
                    && text(its, "from") < text(hers, "to")
            })
        })
    });
    assert!(overlaps);
}

#[test]
fn every_trace_lies_where_the_ledger_says() {
    for (seed, damage) in
        [(4, &[][..]), (5, &["cleared", "rotated", "truncated", "flipped", "id-gap", "expired"][..])]
    {
        let drill = Drill::make(seed, "espionage", damage);
        let (files, steps) = (drill.files(), drill.lines("truth/steps.ndjson"));
        let mut traced = 0;
        for trace in steps.iter().flat_map(|step| step["traces"].as_array().unwrap()) {
            let path = Path::new(text(trace, "file"));
            let bytes = files.get(path).unwrap_or_else(|| panic!("{} is not there", path.display()));
            let range = &trace["locator"]["ranges"][0];
            let number = |key: &str| range[key].as_u64().unwrap() as usize;
            let (offset, length) = (number("offset"), number("length"));
            let record = &bytes[offset..offset + length];
            if path.extension().is_some_and(|ending| ending == "evtx") {
                assert_eq!(record[..4], *b"**\0\0", "{trace}");
                assert_eq!(u32::from_le_bytes(record[4..8].try_into().unwrap()) as usize, length, "{trace}");
                assert_eq!(trace["locator"]["chunk"].as_u64().unwrap() as usize, (offset - 4096) / 65_536);
            } else {
                assert!(offset == 0 || bytes[offset - 1] == b'\n', "{trace}: no line begins there");
                assert!(!record.is_empty() && record.last() != Some(&b'\n'), "{trace}");
            }
            traced += 1;
        }
        assert!(traced > 40, "{traced} traces");
        let without: Vec<_> =
            steps.iter().filter(|step| step["traces"].as_array().unwrap().is_empty()).collect();
        assert!(!damage.is_empty() || without.is_empty(), "steps without any trace: {without:#?}");
    }
}

/// At least one way to the records is seen by sources for which there are no Sigma rules of
/// process, registry or logon: the document system's own log.
#[test]
fn documents_are_reached_where_only_their_own_log_sees_it() {
    let steps = Drill::make(4, "espionage", &[]).lines("truth/steps.ndjson");
    let step = steps.iter().find(|step| text(step, "technique") == "T1213").unwrap();
    let files: BTreeSet<_> =
        step["traces"].as_array().unwrap().iter().map(|trace| text(trace, "file")).collect();
    assert!(
        !files.is_empty() && files.iter().all(|file| file.starts_with("evidence/documents/")),
        "{files:?}"
    );
}

#[test]
fn each_damage_has_its_row_and_changes_the_evidence() {
    for (cause, _) in assize_drill::damage::ALL {
        // Where the intruder has control, its own row would lie over the others.
        let scenario = if *cause == "intruder-admin" { "espionage" } else { "nothing" };
        let (whole, hurt) = (Drill::make(4, scenario, &[]), Drill::make(4, scenario, &[cause]));
        let rows = hurt.lines("truth/coverage.ndjson");
        assert!(rows.iter().any(|row| row["cause"] == **cause), "{cause}: no row");
        let evidence = |drill: &Drill| -> Vec<_> {
            drill.files().into_iter().filter(|(path, _)| path.starts_with("evidence")).collect()
        };
        assert!(evidence(&whole) != evidence(&hurt), "{cause}: nothing changed");
        // What happened did not change by what became of the logs, but for a clear, which is an act.
        let truth = |drill: &Drill, name: &str| fs::read(drill.folder.path().join(name)).unwrap();
        for name in ["truth/access.ndjson", "truth/sessions.ndjson"] {
            assert!(truth(&whole, name) == truth(&hurt, name), "{cause}: {name} differs");
        }
    }
}

#[test]
fn wrong_options_say_what_is_possible() {
    let message = |options: &Options| make(options, &mut |_| {}).unwrap_err().to_string();
    assert!(
        message(&options(1, "nothing", &["fire"]))
            .contains("there is no damage \"fire\"; there are: cleared, rotated")
    );
    let small =
        Options { size: Size { staff: 2, ..options(1, "nothing", &[]).size }, ..options(1, "nothing", &[]) };
    assert_eq!(message(&small), "2 staff: a drill needs at least 8");
    let unknown = Scenario::find("no-such-scenario").unwrap_err().to_string();
    assert!(unknown.contains("espionage, intern, nothing"), "{unknown}");
    let drill = Drill::make(1, "nothing", &[]);
    let again = Options { out: Some(drill.folder.path().to_owned()), ..options(1, "nothing", &[]) };
    assert!(message(&again).contains("there is a drill already"));
}

#[test]
fn a_scenario_file_from_outside_is_taken_or_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let (_, text) = assize_drill::story::BUILT_IN.iter().find(|(id, _)| *id == "espionage").unwrap();
    fs::write(&path, text.replace("id = \"espionage\"", "id = \"mine\"")).unwrap();
    assert_eq!(Scenario::find(path.to_str().unwrap()).unwrap().id, "mine");
    for (from, to, why) in [
        ("\"phish\"", "\"fish\"", "there is no move \"fish\""),
        ("at = [8, 20]", "at = [20, 8]", "two percents"),
        ("weekend = false", "weekend = maybe", "expected"),
        ("skill = 75", "skil = 75", "skil"),
        ("\"Registrar\"", "\"King\"", "there is no role \"King\""),
        ("hours = [5, 20]", "hours = [20, 5]", "two hours of a day"),
    ] {
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replace(from, to)).unwrap();
        let error = Scenario::find(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("mine.toml"), "{error}");
    }
}

/// A clear leaves archives alone: coverage is none back to the last archive, not to the beginning.
#[test]
fn what_was_archived_before_a_clear_is_covered() {
    let size = Size { staff: 12, days: 12, hosts: 14, from: FIRST_DAY };
    let folder = tempfile::tempdir().unwrap();
    let made = Options {
        size,
        noise_percent: 900,
        out: Some(folder.path().to_owned()),
        ..options(4, "nothing", &["cleared"])
    };
    make(&made, &mut |_| {}).unwrap();
    let text_of = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let rows: Vec<Value> =
        text_of("truth/coverage.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let gone = rows.iter().find(|row| row["cause"] == "cleared").unwrap();
    let host = text(gone, "host").split('.').next().unwrap();
    let logs = fs::read_dir(folder.path().join("evidence/hosts").join(host)).unwrap();
    let archives = logs
        .filter(|log| log.as_ref().unwrap().file_name().to_string_lossy().starts_with("Archive-Security-"));
    assert!(archives.count() > 0, "the drill is too small for an archive");
    assert!(text(gone, "from") > "2026-09-07T00:00:00.0000000Z", "{gone}");
}
