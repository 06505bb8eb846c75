//! Do the specification's own JSON schemas accept what we call rules?
//!
//! Ours that ship, those of the conformance suite, and SigmaHQ's. Needs the shared corpus
//! (`$ASSIZE_CORPUS`), which holds the schemas; without it the test says so and proves nothing.
// A test reads its own files and may fail.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr)]

mod common;

use std::path::{Path, PathBuf};

use assize_testing::corpus_item;
use jsonschema::Validator;
use serde_json::{Value, json};

fn schema(name: &str) -> Option<Validator> {
    let path = corpus_item("schemas", &format!("schemas/json-schema/{name}"))?;
    let mut schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    // The dialect's address ends with an empty fragment there, under which no validator knows it.
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    Some(jsonschema::validator_for(&schema).unwrap())
}

/// What the schema says against a document.
fn faults(schema: &Validator, document: &Value) -> Vec<String> {
    schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn yaml(text: &str) -> Vec<Value> {
    let documents = text.split("\n---\n").filter(|document| !document.trim().is_empty());
    documents.map(|document| yaml_serde::from_str(document).unwrap()).collect()
}

fn rule_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_rule = path.extension().is_some_and(|extension| extension == "yml");
        match path.is_dir() {
            true if path.ends_with("tests") => {}
            true => rule_files(&path, found),
            false if is_rule => found.push(path),
            false => {}
        }
    }
}

#[test]
fn our_own_rules_are_rules() {
    let Some(schema) = schema("sigma-detection-rule-schema.json") else { return };
    let mut files = Vec::new();
    rule_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules"), &mut files);
    assert!(files.len() >= 15);
    for file in files {
        for rule in yaml(&std::fs::read_to_string(&file).unwrap()) {
            assert_eq!(faults(&schema, &rule), Vec::<String>::new(), "{}", file.display());
        }
    }
}

#[test]
fn what_the_conformance_suite_calls_a_rule_is_one() {
    let (Some(rules), Some(filters)) =
        (schema("sigma-detection-rule-schema.json"), schema("sigma-filters-schema.json"))
    else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/conformance");
    let (mut wrong, mut judged) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yml") {
            continue;
        }
        // What does not run may well be no rule.
        for case in
            yaml(&std::fs::read_to_string(&path).unwrap()).iter().filter(|case| case.get("not_run").is_none())
        {
            let mut rule = case["rule"].clone();
            rule["title"] = case["case"].clone();
            rule.as_object_mut().unwrap().entry("logsource").or_insert(json!({ "product": "windows" }));
            let mut found = faults(&rules, &rule);
            for document in case.get("with").and_then(Value::as_array).into_iter().flatten() {
                if document.get("filter").is_some() {
                    found.extend(faults(&filters, document));
                }
            }
            judged += 1;
            wrong.extend(found.into_iter().map(|fault| format!("{}: {fault}", case["case"])));
        }
    }
    for known in KNOWN {
        let before = wrong.len();
        wrong.retain(|fault| !fault.contains(known));
        assert!(wrong.len() < before, "`{known}` is no fault any more");
    }
    assert!(judged > 100 && wrong.is_empty(), "{judged} cases\n{}", wrong.join("\n"));
}

/// Where the suite has what the schemas have not: more is read than must be, and said so in each case's `spec`.
const KNOWN: &[&str] = &[
    // The word instead of a list, as other engines read it.
    "/filter/rules: \"any\" is not of type \"array\"",
    // One keyword without a list of one.
    "\"a single keyword\": /detection/k",
    // A template is half a rule.
    "\"a template gives what the documents after it leave out\": /detection",
    // As rules of version 1 have it.
    "\"a list as condition is joined by or\": /detection/condition",
];

#[test]
fn sigmahq_writes_rules_as_the_schema_has_them() {
    let (Some(schema), Some(archive)) =
        (schema("sigma-detection-rule-schema.json"), corpus_item("schemas", "sigma_rules.tar.gz"))
    else {
        return;
    };
    let mut wrong = Vec::new();
    let files = common::rules(&archive);
    for file in &files {
        for rule in yaml(&file.text).iter().filter(|rule| rule.get("detection").is_some()) {
            wrong.extend(faults(&schema, rule).into_iter().map(|fault| format!("{}: {fault}", file.name)));
        }
    }
    eprintln!("{} files, {} faults by the schema: {wrong:?}", files.len(), wrong.len());
    // A schema that accepts nothing, or one that is not asked, would say so here.
    assert!(files.len() > 3000 && wrong.len() < files.len() / 100);
    let nothing = json!({ "title": "x", "logsource": {}, "detection": { "condition": 3 } });
    assert!(!faults(&schema, &nothing).is_empty());
}
