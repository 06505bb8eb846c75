//! Do both engines answer as the conformance suite says?
//!
//! Every answer is given three times, by the naive evaluator, by the explanation and by the fast
//! engine, and all must agree.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr)] // a test reads its own files and may fail

use std::path::Path;

mod common;

use assize_model::{RuleFile, Scan};
use assize_sigma::{Record, RuleSet};
use yaml_serde::Value;

/// Every modifier of the specification 2.1; the suite must use each.
const MODIFIERS: &[&str] = &[
    "all",
    "startswith",
    "endswith",
    "contains",
    "exists",
    "cased",
    "neq",
    "windash",
    "re",
    "i",
    "m",
    "s",
    "base64",
    "base64offset",
    "utf16le",
    "utf16be",
    "utf16",
    "wide",
    "lt",
    "lte",
    "gt",
    "gte",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
    "cidr",
    "expand",
    "fieldref",
];

struct Suite {
    text: String,
    cases: Vec<(String, Value)>,
}

fn suite() -> Suite {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/conformance");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    let mut suite = Suite { text: String::new(), cases: Vec::new() };
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for document in text.split("\n---\n") {
            let case: Value =
                yaml_serde::from_str(document).unwrap_or_else(|error| panic!("{name}: {error}"));
            suite.cases.push((name.clone(), case));
        }
        suite.text.push_str(&text);
    }
    suite
}

fn rules(case: &Value) -> RuleSet {
    let mut rule = case["rule"].as_mapping().unwrap().clone();
    rule.insert("title".into(), case["case"].clone());
    if !rule.contains_key("logsource") {
        let windows: Value = yaml_serde::from_str("product: windows").unwrap();
        rule.insert("logsource".into(), windows);
    }
    let mut text = yaml_serde::to_string(&rule).unwrap();
    for document in case.get("with").and_then(Value::as_sequence).into_iter().flatten() {
        text += &format!("---\n{}", yaml_serde::to_string(document).unwrap());
    }
    RuleSet::load(&[RuleFile { name: "rule.yml".into(), text }])
}

/// An event's fields as texts; a list is a field that repeats.
fn fields(event: &Value) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(yaml_serde::to_string(other).unwrap().trim_end().to_owned()),
    };
    let mut fields = Vec::new();
    for (name, value) in event.as_mapping().unwrap() {
        let name = name.as_str().unwrap();
        match value {
            Value::Sequence(values) => {
                fields.extend(values.iter().map(|value| (name.to_owned(), text(value))))
            }
            value => fields.push((name.to_owned(), text(value))),
        }
    }
    fields
}

fn check(name: &str, case: &Value) -> Vec<String> {
    let title = case["case"].as_str().unwrap();
    assert!(case["spec"].is_string(), "{name}: {title}: cites no section");
    let rules = rules(case);
    let reasons: Vec<&str> = rules.not_run().iter().map(|rule| rule.reason.as_str()).collect();
    if let Some(reason) = case.get("not_run") {
        let is_right = reasons.len() == 1 && reasons[0].contains(reason.as_str().unwrap());
        return if is_right { vec![] } else { vec![format!("{name}: {title}: not run: {reasons:?}")] };
    }
    if rules.rules().is_empty() || !reasons.is_empty() {
        return vec![format!("{name}: {title}: does not run: {reasons:?}")];
    }
    let source = case.get("source").and_then(Value::as_str).unwrap_or("windows/Security");
    let mut wrong = Vec::new();
    for (key, expected) in [("match", true), ("no_match", false)] {
        for event in case.get(key).and_then(Value::as_sequence).into_iter().flatten() {
            let fields = fields(event);
            let pairs = fields.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
            let record = Record::new(source, pairs);
            let explained: Vec<_> =
                (0..rules.rules().len()).map(|rule| rules.explain_record(rule, &record)).collect();
            for (rule, explanation) in explained.iter().enumerate() {
                assert_eq!(rules.evaluate_record(rule, &record), explanation.is_match, "{name}: {title}");
            }
            let is_match = explained.iter().any(|explanation| explanation.is_match);
            let mut scan = Scan::default();
            rules.scan(&common::batch(&[(source.to_owned(), fields.clone())]), &mut scan);
            assert_eq!(!scan.hits.is_empty(), is_match, "fast: {name}: {title}");
            if is_match != expected {
                wrong.push(format!("{name}: {title}: expected {key}\n{}", explained[0]));
            }
        }
    }
    wrong
}

#[test]
fn every_case_is_answered_as_it_says() {
    let suite = suite();
    let wrong: Vec<String> = suite.cases.iter().flat_map(|(name, case)| check(name, case)).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), suite.cases.len(), wrong.join("\n"));
    assert!(suite.cases.len() > 100);
}

#[test]
fn every_modifier_has_a_case() {
    let suite = suite();
    let is_used = |modifier: &&&str| {
        [format!("|{modifier}'"), format!("|{modifier}|")].iter().any(|form| suite.text.contains(form))
    };
    let missing: Vec<_> = MODIFIERS.iter().filter(|modifier| !is_used(modifier)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
