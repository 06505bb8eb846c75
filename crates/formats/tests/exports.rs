//! Does the same record fill the spine alike, bare and as Splunk exports it?
//!
//! Every record of our samples of cloud logs, in each wrapping that an export of Splunk has (by us, from its
//! documentation and from the public exports of `attack_data`): rows of JSON with the record in `_raw` or with its
//! fields extracted, and tables. Not compared: what names the bytes (id, ranges, format, options) and own fields,
//! which Splunk adds to.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use assize_formats::recognise;
use assize_model::{ReadingOptions, Row};
use serde_json::{Value, json};

use support::{assert_reread, read, rows, spine};

/// Format, and its sample.
const SAMPLES: [(&str, &str); 5] = [
    ("m365-audit", "m365-audit.jsonl"),
    ("entra", "entra.json"),
    ("aws-cloudtrail", "aws-cloudtrail.json"),
    ("okta", "okta.json"),
    ("google-workspace", "google-workspace.json"),
];

/// The records of a sample, whatever is around them.
fn records(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples").join(name);
    let text = fs::read_to_string(path).unwrap();
    let values = serde_json::Deserializer::from_str(&text).into_iter().map(Result::unwrap);
    let inner = |value: Value| match value {
        Value::Array(records) => records,
        Value::Object(mut object) => {
            let list = ["Records", "value", "items"].into_iter().find(|key| object.contains_key(*key));
            list.and_then(|key| object[key].as_array_mut().map(std::mem::take))
                .unwrap_or_else(|| vec![object.into()])
        }
        other => panic!("{other}"),
    };
    values.flat_map(inner).collect()
}

const TIME: &str = "2026-09-14T08:12:03.000+00:00";

fn lines(records: &[Value], wrap: impl Fn(usize, &Value) -> Value) -> Vec<u8> {
    records
        .iter()
        .enumerate()
        .map(|(place, record)| format!("{}\n", wrap(place, record)))
        .collect::<String>()
        .into()
}

/// The name of a wrapping, and the records in it.
fn json_exports(records: &[Value]) -> Vec<(&'static str, Vec<u8>)> {
    let beside = json!({"_time": TIME, "host": "hf01.court.example", "index": "cloud", "linecount": "1",
        "source": "ms_o365", "sourcetype": "o365:management:activity", "splunk_server": "idx01"});
    let row = |raw: &Value| {
        let mut row = beside.clone();
        row["_raw"] = raw.to_string().into();
        row
    };
    vec![
        ("rows", lines(records, |place, raw| json!({"preview": false, "offset": place, "result": row(raw)}))),
        (
            "the last row",
            lines(records, |_, raw| json!({"preview": false, "lastrow": true, "result": row(raw)})),
        ),
        ("no preview", lines(records, |_, raw| json!({"result": row(raw)}))),
        ("without result", lines(records, |_, raw| row(raw))),
    ]
}

fn table(records: &[Value]) -> Vec<u8> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut text = "\"_raw\",\"_time\",host,index,sourcetype\n".to_owned();
    for record in records {
        text += &format!("{},{},hf01,cloud,\"json\"\n", quoted(&record.to_string()), quoted(TIME));
    }
    text.into()
}

fn assert_alike(expected: &[Row], format: &str, bytes: &[u8], told: &str) {
    let (known, _) = recognise(bytes).unwrap();
    assert_eq!(known.card().name, format, "{told}");
    let found = rows(format, bytes);
    assert_eq!(found.len(), expected.len(), "{told}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(spine(found), spine(expected), "{told}: record {place}");
    }
}

#[test]
fn rows_of_json_say_what_the_record_says() {
    for (format, sample) in SAMPLES {
        let records = records(sample);
        let expected = rows(format, &lines(&records, |_, record| record.clone()));
        assert!(expected.len() >= 3, "{sample}");
        for (name, bytes) in json_exports(&records) {
            assert_alike(&expected, format, &bytes, &format!("{sample} as {name}"));
        }
    }
}

/// `| table *` of a search that extracts fields: the record's own names below `result`.
#[test]
fn rows_of_the_unified_audit_with_extracted_fields() {
    let records = records("m365-audit.jsonl");
    let expected = rows("m365-audit", &lines(&records, |_, record| record.clone()));
    let bytes = lines(&records, |_, record| json!({"preview": false, "result": record}));
    assert_alike(&expected, "m365-audit", &bytes, "extracted");
}

#[test]
fn tables_say_what_the_record_says() {
    for (format, table_format, sample) in [
        ("m365-audit", "m365-audit-csv", "m365-audit.jsonl"),
        ("aws-cloudtrail", "aws-cloudtrail-csv", "aws-cloudtrail.json"),
    ] {
        let records = records(sample);
        let expected = rows(format, &lines(&records, |_, record| record.clone()));
        assert_alike(&expected, table_format, &table(&records), sample);
    }
}

/// Lines of our samples of logs that are not JSON: a format, and one record of it.
fn texts() -> Vec<(&'static str, String)> {
    let samples = [
        ("syslog", "syslog.log"),
        ("web-access", "web-access.log"),
        ("squid", "squid.log"),
        ("auditd", "auditd.log"),
        ("aws-s3-access", "aws-s3-access.log"),
        ("zeek-json", "zeek.json"),
        ("laurel", "laurel.json"),
        ("windows-xml", "windows-xml.xml"),
    ];
    let read = |(format, name): (&'static str, &str)| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples").join(name);
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<String> = match format {
            "windows-xml" => {
                text.split("</Event>").map(|event| format!("{}</Event>", event.trim())).collect()
            }
            _ => text.lines().map(str::to_owned).collect(),
        };
        lines.into_iter().filter(|line| line.len() > 20).map(|line| (format, line)).collect::<Vec<_>>()
    };
    let all: Vec<Vec<(&'static str, String)>> = samples.into_iter().map(read).collect();
    // One of each in turn, as a search over several sources gives them.
    let most = all.iter().map(Vec::len).max().unwrap();
    (0..most).flat_map(|place| all.iter().filter_map(move |lines| lines.get(place).cloned())).collect()
}

/// Whatever Splunk indexed: each record as its own format reads it alone.
#[test]
fn an_export_that_mixes_sources_says_what_each_record_says() {
    // Of `_time` no year may follow that the record itself does not have.
    let given = ReadingOptions([("not-after".to_owned(), TIME.to_owned())].into());
    let alone = |format: &str, text: &str| {
        let kept = read(format, format!("{text}\n").as_bytes(), &given);
        kept.batches.iter().flat_map(|batch| Row::all(batch.rows())).next()
    };
    let mut texts = texts();
    texts.retain(|(format, text)| {
        recognise(text.as_bytes()).is_some_and(|(known, _)| known.card().name == *format)
            && alone(format, text).is_some()
    });
    let formats: BTreeSet<&str> = texts.iter().map(|(format, _)| *format).collect();
    assert!(texts.len() > 40 && formats.len() == 8, "{} of {formats:?}", texts.len());
    let lines: String = texts
        .iter()
        .map(|(_, text)| {
            format!(
                "{}\n",
                json!({"preview": false, "result": {"_raw": text, "_time": TIME, "host": "hf01"}})
            )
        })
        .collect();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows: String = texts.iter().map(|(_, text)| format!("{TIME},{},hf01\n", quoted(text))).collect();
    for bytes in [lines, format!("_time,_raw,host\n{rows}")] {
        let bytes = bytes.as_bytes();
        assert_eq!(recognise(bytes).unwrap().0.card().name, "splunk");
        let kept = read("splunk", bytes, &ReadingOptions::default());
        assert!(kept.gaps.is_empty(), "{:?}", kept.gaps);
        let found: Vec<Row> = kept.batches.iter().flat_map(|batch| Row::all(batch.rows())).collect();
        assert_eq!(found.len(), texts.len());
        for (found, (format, text)) in found.iter().zip(&texts) {
            let mut expected = alone(format, text).unwrap();
            if expected.value("time").is_null() {
                expected
                    .0
                    .iter_mut()
                    .filter(|(name, _)| name == "time")
                    .for_each(|(_, time)| *time = found.value("time").clone());
                assert_eq!(found.text("time"), "2026-09-14T08:12:03Z", "{text}");
                assert!(found.text("time_assumed").contains("_time"), "{text}");
            }
            assert_eq!(spine(found), spine(&expected), "{format}: {text}");
        }
        kept.rows().for_each(|(batch, row)| assert_reread("splunk", bytes, batch, row));
    }
}
