//! Does every rule that SigmaHQ publishes run, or is it listed with the reason?
//!
//! Needs the shared corpus (`$ASSIZE_CORPUS`); without it the test says SKIPPED and proves nothing.
// A test reads its own files, takes the time and may fail.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use assize_model::RuleFile;
use assize_sigma::lint::{self, Severity};
use assize_sigma::{RuleSet, logsource};
use assize_testing::{corpus_item, members};

/// SigmaHQ's archive, or a loud word that nothing was tested.
fn archive(test: &str) -> Option<PathBuf> {
    corpus_item(test, "sigma_rules.tar.gz")
}

fn entries(archive: &Path, suffix: &str) -> Vec<RuleFile> {
    let file = |(name, bytes)| RuleFile { name, text: String::from_utf8(bytes).unwrap() };
    members(archive, suffix).into_iter().map(file).collect()
}

fn reason_kind(reason: &str) -> String {
    let reason = reason.split_once(": ").map_or(reason, |(_, reason)| reason);
    reason.split(" (").next().unwrap_or_default().to_owned()
}

#[test]
fn every_sigmahq_rule_runs_or_says_why_not() {
    let Some(archive) = archive("every_sigmahq_rule_runs_or_says_why_not") else { return };
    let files = entries(&archive, ".yml");
    let start = Instant::now();
    let rules = RuleSet::load(&files);
    let seconds = start.elapsed().as_secs_f64();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for rule in rules.not_run() {
        *reasons.entry(reason_kind(&rule.reason)).or_default() += 1;
    }
    let (run, not_run) = (rules.rules().len(), rules.not_run().len());
    eprintln!("{} files: {run} run, {not_run} do not; loaded in {seconds:.2} s", files.len());
    reasons.iter().for_each(|(reason, count)| eprintln!("{count:>5}  {reason}"));

    // Each file of the corpus holds one document, with an id of its own.
    assert_eq!(run + not_run, files.len());
    let mut known: Vec<&str> = rules.rules().iter().map(|rule| rule.file.as_str()).collect();
    known.extend(rules.not_run().iter().map(|rule| rule.file.as_str()));
    known.sort_unstable();
    let mut names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(known, names);
    // What does not run are the rules whose placeholders only the institution itself can fill.
    let others = rules.not_run().iter().filter(|rule| !rule.reason.contains("placeholder"));
    assert_eq!(others.collect::<Vec<_>>(), Vec::<&assize_model::NotRun>::new());

    let checked = lint::check(&files);
    let errors =
        checked.iter().flat_map(|file| &file.remarks).filter(|remark| remark.severity == Severity::Error);
    assert_eq!((checked.len(), errors.count()), (files.len(), not_run));
}

#[test]
fn the_order_of_files_does_not_matter() {
    let Some(archive) = archive("the_order_of_files_does_not_matter") else { return };
    let mut files: Vec<RuleFile> = entries(&archive, ".yml").into_iter().step_by(10).collect();
    let one = RuleSet::load(&files);
    files.reverse();
    let other = RuleSet::load(&files);
    assert_eq!((one.rules(), one.not_run()), (other.rules(), other.not_run()));
}

#[test]
fn every_log_source_that_sigmahq_knows_is_mapped() {
    let Some(archive) = archive("every_log_source_that_sigmahq_knows_is_mapped") else { return };
    let text = entries(&archive, "tests/logsource.json").pop().unwrap().text;
    let sources: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mapped = logsource::keys();
    let mut missing = Vec::new();
    for (product, parts) in sources["legit"].as_object().unwrap() {
        let names = ["category", "service"].map(|kind| parts[kind].as_object().unwrap());
        for name in names.into_iter().flat_map(|names| names.keys()) {
            // `empty` stands for no product.
            let key = if product == "empty" { name.clone() } else { format!("{product}/{name}") };
            if !mapped.contains(&key) {
                missing.push(key);
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
