//! Are cloud logs that we did not write read without loss?
//!
//! Counts and fields are held to `serde_json` and to a naive count, which share no code with the readers.
//! The corpus is not part of this repository: `ASSIZE_CORPUS` says where it lies.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stderr)] // Tests play the person at the keyboard.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assize_formats::{HEAD, recognise};
use assize_model::{ReadingOptions, column};
use assize_testing::corpus;
use serde_json::Value;

use support::{Kept, assert_reread, read};

type Pairs = Vec<(String, Option<String>)>;

impl Kept {
    fn count(&self, name: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (batch, row) in self.rows() {
            *counts.entry(batch.text(name, row).unwrap_or("–").to_owned()).or_default() += 1;
        }
        counts
    }

    fn fields(&self) -> Vec<Pairs> {
        let owned = |(name, value): (&str, Option<&str>)| (name.to_owned(), value.map(str::to_owned));
        self.rows().map(|(batch, row)| batch.fields(row).map(owned).collect()).collect()
    }
}

/// Read by the format that claims it, without a gap, and every event again from its locator.
fn whole(format: &str, bytes: &[u8], told: &str) -> Kept {
    let (claimed, _) = recognise(&bytes[..bytes.len().min(HEAD)]).unwrap();
    assert_eq!(claimed.card().name, format, "{told}");
    let kept = read(format, bytes, &ReadingOptions::default());
    assert!(kept.gaps.is_empty(), "{told}: {:?}", kept.gaps);
    kept.rows().for_each(|(batch, row)| assert_reread(format, bytes, batch, row));
    kept
}

/// The leaves of a record, by another reader and in no particular order.
fn leaves(value: &Value, path: &str, out: &mut Vec<(String, Option<String>)>) {
    match value {
        Value::Object(object) if object.is_empty() && !path.is_empty() => {
            out.push((path.into(), Some("{}".into())))
        }
        Value::Object(object) => {
            for (key, value) in object {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(value, &below, out);
            }
        }
        Value::Array(array) if array.is_empty() => out.push((path.into(), Some("[]".into()))),
        Value::Array(array) => array.iter().for_each(|value| leaves(value, path, out)),
        Value::Null => out.push((path.into(), None)),
        Value::String(text) => out.push((path.into(), Some(text.clone()))),
        other => out.push((path.into(), Some(other.to_string()))),
    }
}

fn assert_every_field_is_there(records: &[Value], kept: &Kept, told: &str) {
    let found = kept.fields();
    assert_eq!(found.len(), records.len(), "{told}");
    for (record, mut fields) in records.iter().zip(found) {
        let mut expected = Vec::new();
        leaves(record, "", &mut expected);
        expected.sort();
        fields.sort();
        // Numbers are compared as text; serde writes 1.50 as 1.5.
        assert_eq!(fields.len(), expected.len(), "{told}");
        for (found, expected) in fields.iter().zip(&expected) {
            let number = found.1.as_ref().is_some_and(|text| text.parse::<f64>().is_ok());
            assert!(found == expected || (number && found.0 == expected.0), "{told}: {found:?} {expected:?}");
        }
    }
}

/// The events of one of Panther's files, without what the labels wrap around them.
fn labelled(corpus: &Path, name: &str, is_one: impl Fn(&Value) -> bool) -> (Vec<Value>, Vec<u8>) {
    let text = fs::read_to_string(corpus.join("cloud_saas_panther").join(name)).unwrap();
    let records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].take())
        .filter(|event| event.is_object() && is_one(event))
        .collect();
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    (records, (lines.join("\n") + "\n").into_bytes())
}

#[test]
fn labelled_events_are_read_without_loss() {
    let Some(corpus) = corpus("labelled cloud events") else { return };
    let has = |names: &'static [&'static str]| {
        move |event: &Value| names.iter().all(|name| event.pointer(name).is_some_and(Value::is_string))
    };
    let cases: [(&str, &str, &[&str], &str, usize); 6] = [
        (
            "aws_cloudtrail_rules.jsonl",
            "aws-cloudtrail",
            &["/eventVersion", "/eventTime", "/eventSource", "/awsRegion"],
            "aws/",
            250,
        ),
        ("microsoft_rules.jsonl", "m365-audit", &["/Operation", "/CreationTime", "/Workload"], "m365", 8),
        ("azure_signin_rules.jsonl", "entra", &["/operationName", "/category", "/resourceId"], "entra/", 25),
        (
            "azure_activity_rules.jsonl",
            "entra",
            &["/operationName", "/category", "/time", "/resourceId"],
            "azure/",
            100,
        ),
        ("okta_rules.jsonl", "okta", &["/eventType", "/actor/alternateId", "/outcome/result"], "okta/", 10),
        (
            "gsuite_activityevent_rules.jsonl",
            "google-workspace",
            &["/id/time", "/id/applicationName"],
            "gcp/google_workspace.",
            50,
        ),
    ];
    for (file, format, names, source, least) in cases {
        let (records, bytes) = labelled(&corpus, file, has(names));
        assert!(records.len() >= least, "{file}: {} records", records.len());
        let kept = whole(format, &bytes, file);
        assert_every_field_is_there(&records, &kept, file);
        let sources = kept.count(column::SOURCE);
        let known: usize = sources.iter().filter(|(name, _)| name.starts_with(source)).map(|(_, n)| n).sum();
        eprintln!(
            "{file}: {} records, {sources:?}, {:?}, {:?}",
            records.len(),
            kept.count(column::VERB),
            kept.count(column::OUTCOME)
        );
        assert_eq!(known, records.len(), "{file}: {sources:?}");
    }
}

#[test]
fn detonations_are_read_without_loss() {
    let Some(corpus) = corpus("CloudTrail of detonated techniques") else { return };
    let mut verbs = BTreeMap::new();
    let mut files: Vec<PathBuf> = fs::read_dir(corpus.join("aws_stratus_detonation/detonation-logs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for path in &files {
        let bytes = fs::read(path).unwrap();
        let records: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
        let told = path.file_name().unwrap().to_string_lossy();
        let kept = whole("aws-cloudtrail", &bytes, &told);
        assert_every_field_is_there(&records, &kept, &told);
        assert_eq!(kept.count(column::SOURCE).keys().collect::<Vec<_>>(), ["aws/cloudtrail"], "{told}");
        for (verb, count) in kept.count(column::VERB) {
            *verbs.entry(verb).or_insert(0) += count;
        }
    }
    eprintln!("{} files of Stratus: {verbs:?}", files.len());
    assert!(files.len() > 30);
    assert!(!verbs.contains_key("other"), "every call is told by the table or by convention: {verbs:?}");
}

#[test]
fn one_record_of_each_operation_is_read_without_loss() {
    let Some(corpus) = corpus("one record of each operation of Microsoft 365") else { return };
    let path = corpus.join("m365_schema_sample/one_per_operation_before_2021-04-16.jsonl");
    let bytes = fs::read(path).unwrap();
    let records: Vec<Value> = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let kept = whole("m365-audit", &bytes, "m365_schema_sample");
    assert_every_field_is_there(&records, &kept, "m365_schema_sample");
    assert_eq!(kept.count(column::SOURCE)["m365"], records.len());
    eprintln!("{} operations: {:?}", records.len(), kept.count(column::VERB));
}

#[test]
fn a_table_of_splunk_is_read_without_loss() {
    let Some(corpus) = corpus("CloudTrail as Splunk exports it") else { return };
    let archive = fs::File::open(corpus.join("splunk_small.tar.gz")).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut bytes = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().ends_with("s3_bucket_deletion.csv") {
            entry.read_to_end(&mut bytes).unwrap();
        }
    }
    // Rows by counting line breaks outside quotes.
    let mut inside = false;
    let breaks = bytes.iter().filter(|byte| {
        inside ^= **byte == b'"';
        **byte == b'\n' && !inside
    });
    let rows = breaks.count() + usize::from(bytes.last() != Some(&b'\n')) - 1;
    let kept = whole("aws-cloudtrail-csv", &bytes, "s3_bucket_deletion.csv");
    assert_eq!(kept.rows().count(), rows);
    assert_eq!(kept.count(column::SOURCE), BTreeMap::from([("aws/cloudtrail".to_owned(), rows)]));
    eprintln!("{rows} rows: {:?}", kept.count(column::VERB));
}
