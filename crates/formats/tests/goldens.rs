//! Does each format say the same of the same bytes, sound and damaged, today as yesterday?
//!
//! Walks `ALL`. The bytes are the demonstration's; what must come out stands in `testdata/`.
//! `UPDATE=1 cargo test -p assize-formats` writes it anew: then read the difference.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

mod support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use assize_formats::{ALL, HEAD, by_name, recognise};
use assize_model::{Batch, ReadingOptions, column};

use support::{Kept, assert_reread};

/// Format, a sound sample, a damaged one: below `testdata/` or of the demonstration.
const SAMPLES: &[(&str, &str, &str)] = &[
    ("evtx", "REG-WS07/Security.evtx", "REG-WS07/Archive-Security-2026-09-13.evtx"),
    ("windows-json", "HR-WS02/events.nxlog.json", "(cut)"),
    ("windows-xml", "samples/windows-xml.xml", "samples/windows-xml-damaged.xml"),
    ("windows-text", "samples/windows-text.txt", "samples/windows-text-damaged.txt"),
    ("event-viewer-csv", "samples/event-viewer-csv.csv", "(torn)"),
    ("defender-hunting", "samples/defender-hunting.json", "samples/defender-hunting-damaged.json"),
    ("defender-hunting-csv", "samples/defender-hunting-csv.csv", "samples/defender-hunting-csv-damaged.csv"),
    ("json", "vpn/vpn-gateway.jsonl", "dms/document-access-old.jsonl"),
    ("csv", "samples/csv.csv", "samples/csv-damaged.csv"),
    ("text", "samples/text.log", "samples/text-damaged.log"),
    ("postgresql-csvlog", "samples/postgresql.csv", "(torn)"),
    ("postgresql-jsonlog", "samples/postgresql.json", "(torn)"),
    ("postgresql", "samples/postgresql.log", "samples/postgresql-damaged.log"),
    ("dms-access", "samples/dms-access.csv", "(torn)"),
    ("vpn-sessions", "samples/vpn-sessions.csv", "(torn)"),
    ("vpn-attempts", "samples/vpn-attempts.csv", "(torn)"),
    ("dhcp-windows", "samples/dhcp-windows.csv", "(torn)"),
    ("case-management", "samples/case-management.csv", "(torn)"),
    ("netdocuments-history", "samples/netdocuments-history.csv", "(torn)"),
    ("openvpn-as", "samples/openvpn-as.csv", "(torn)"),
    ("globalprotect", "samples/globalprotect.csv", "(torn)"),
    ("zeek", "samples/zeek.log", "samples/zeek-damaged.log"),
    ("zeek-json", "samples/zeek.json", "samples/zeek-damaged.json"),
    ("squid", "samples/squid.log", "samples/squid-damaged.log"),
    ("w3c", "samples/w3c.log", "samples/w3c-damaged.log"),
    ("web-access", "samples/web-access.log", "samples/web-access-damaged.log"),
    ("web-error", "samples/web-error.log", "samples/web-error-damaged.log"),
    ("auditd", "samples/auditd.log", "samples/auditd-damaged.log"),
    ("laurel", "samples/laurel.json", "samples/laurel-damaged.json"),
    ("splunk", "samples/splunk.json", "samples/splunk-damaged.json"),
    ("syslog-json", "samples/syslog-json.json", "samples/syslog-json-damaged.json"),
    ("syslog", "samples/syslog.log", "samples/syslog-damaged.log"),
    ("m365-audit", "samples/m365-audit.jsonl", "samples/m365-audit-damaged.json"),
    ("m365-audit-csv", "samples/m365-audit-csv.csv", "samples/m365-audit-csv-damaged.csv"),
    ("entra", "samples/entra.json", "samples/entra-damaged.json"),
    ("entra-csv", "samples/entra-csv.csv", "samples/entra-csv-damaged.csv"),
    ("aws-cloudtrail", "samples/aws-cloudtrail.json", "samples/aws-cloudtrail-damaged.json"),
    ("aws-cloudtrail-csv", "samples/aws-cloudtrail-csv.csv", "samples/aws-cloudtrail-csv-damaged.csv"),
    ("okta", "samples/okta.json", "samples/okta-damaged.json"),
    ("google-workspace", "samples/google-workspace.json", "samples/google-workspace-damaged.json"),
    ("aws-s3-access", "samples/aws-s3-access.log", "samples/aws-s3-access-damaged.log"),
];

fn sample(demonstration: &Path, name: &str) -> Vec<u8> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    let path = if ours.is_file() { ours } else { demonstration.join(name) };
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Events told in full in a golden: of a demonstration's file, and of one written for this test.
const TOLD: [usize; 2] = [3, 40];

fn read(format: &str, bytes: &[u8]) -> Kept {
    support::read(format, bytes, &ReadingOptions::default())
}

/// Counts, the first events in full, every gap.
fn told(kept: &Kept, most: usize) -> String {
    let mut text = String::new();
    let events: usize = kept.batches.iter().map(Batch::len).sum();
    writeln!(text, "{events} events, {} gaps", kept.gaps.len()).unwrap();
    for batch in kept.batches.first().iter() {
        for row in 0..batch.len().min(most) {
            writeln!(text, "\nevent {}", batch.text(column::ID, row).unwrap()).unwrap();
            writeln!(text, "  time = {}", batch.time(row).map_or("–".into(), |time| time.to_string()))
                .unwrap();
            let spine = [
                column::TIME_TEXT,
                column::TIME_ASSUMED,
                column::SOURCE,
                column::HOST,
                column::ACTOR,
                column::TARGET,
                column::VERB,
                column::OBJECT,
                column::OBJECT_KIND,
                column::SCOPE,
                column::CLIENT,
                column::PEER,
                column::DEVICE,
                column::OUTCOME,
                column::OPTIONS,
            ];
            for name in spine {
                if let Some(value) = batch.text(name, row) {
                    writeln!(text, "  {name} = {value}").unwrap();
                }
            }
            let ranges = batch.locator(row).unwrap().ranges;
            let ranges: Vec<String> = ranges.iter().map(|r| format!("{}+{}", r.offset, r.length)).collect();
            writeln!(text, "  ranges = {}", ranges.join(" ")).unwrap();
            for (name, value) in batch.fields(row) {
                writeln!(
                    text,
                    "    {name} = {}",
                    value.map_or("null".into(), |v| v.escape_debug().to_string())
                )
                .unwrap();
            }
        }
    }
    for gap in &kept.gaps {
        let (offset, length) = (gap.range.offset, gap.range.length);
        writeln!(text, "gap {} at {offset}+{length}: {}", gap.cause.as_str(), gap.detail).unwrap();
    }
    text
}

fn assert_golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{}: differs; look at it with UPDATE=1 and git diff\n{found}", path.display());
}

#[test]
fn cards_are_complete_and_names_unique() {
    let names: BTreeSet<&str> = ALL.iter().map(|format| format.card().name).collect();
    assert_eq!(names.len(), ALL.len());
    for format in ALL {
        let card = format.card();
        assert!(
            card.doc.len() > 80
                && !card.title.is_empty()
                && !card.example.is_empty()
                && !card.links.is_empty()
        );
        assert!(!format.family().is_empty() && !format.proof().is_empty(), "{}", card.name);
        // What a person's mapping reads has no make of its own.
        let has_sample = card.name == "mapped" || SAMPLES.iter().any(|(name, ..)| *name == card.name);
        assert!(has_sample, "{} has no sample", card.name);
    }
}

#[test]
fn each_sample_is_known_to_its_format_and_claimed_by_no_other() {
    let dir = tempfile::tempdir().unwrap();
    assize_drill::specimen::make(dir.path()).unwrap();
    for (name, sound, _) in SAMPLES {
        let bytes = sample(dir.path(), sound);
        let head = &bytes[..bytes.len().min(HEAD)];
        let (format, confidence) = recognise(head).unwrap();
        assert_eq!(format.card().name, *name, "{sound}");
        let rivals = ALL.iter().filter(|rival| rival.card().name != *name);
        for rival in rivals {
            // Generic JSON knows Windows JSON for JSON; it must be less sure.
            assert!(rival.recognise(head).is_none_or(|other| other < confidence), "{}", rival.card().name);
        }
    }
    for bytes in [&b""[..], b"\0\0\0\0", b"plain words\n", b"%PDF-1.7", b"\x7fELF", b"<html>"] {
        assert!(recognise(bytes).is_none(), "{bytes:?}");
    }
}

/// Files that are nearly of a make; the name begins with the format that must not claim them.
#[test]
fn what_is_nearly_of_a_make_is_not_claimed() {
    for entry in
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples/near-miss")).unwrap()
    {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (format, _) = name.split_once("--").unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(by_name(format).unwrap().recognise(&bytes).is_none(), "{name}");
    }
}

/// The locator alone gives the event again: bytes of its ranges and reading options, nothing else.
#[test]
fn what_a_locator_names_gives_the_event_again() {
    let dir = tempfile::tempdir().unwrap();
    assize_drill::specimen::make(dir.path()).unwrap();
    for (name, sound, damaged) in SAMPLES {
        for file in [sound, damaged].into_iter().filter(|file| !file.starts_with('(')) {
            let bytes = sample(dir.path(), file);
            for batch in read(name, &bytes).batches {
                for row in (0..batch.len()).step_by(batch.len().div_ceil(100)) {
                    assert_reread(name, &bytes, &batch, row);
                }
            }
        }
    }
}

#[test]
fn sound_and_damaged_samples_give_what_stands_in_testdata() {
    let dir = tempfile::tempdir().unwrap();
    assize_drill::specimen::make(dir.path()).unwrap();
    for (name, sound, damaged) in SAMPLES {
        let bytes = sample(dir.path(), sound);
        let most = TOLD[usize::from(sound.starts_with("samples/"))];
        let kept = read(name, &bytes);
        assert_eq!(kept.gaps.len(), 0, "{sound} is sound");
        assert_golden(name, &told(&kept, most));
        let damaged = match *damaged {
            "(cut)" => bytes[..bytes.len() / 20].to_vec(),
            // A few bytes into the last line.
            "(torn)" => {
                let line = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
                bytes[..line + 12].to_vec()
            }
            file => sample(dir.path(), file),
        };
        let kept = read(name, &damaged);
        assert!(!kept.gaps.is_empty());
        assert_golden(&format!("{name}-damaged"), &told(&kept, most));
    }
}

/// Logs that real servers wrote of acts that we did (`servers.rs`), and the format of each.
const SERVERS: &[(&str, &str)] = &[
    ("apache-access", "web-access"),
    ("apache-error", "web-error"),
    ("nginx-access", "web-access"),
    ("nginx-error", "web-error"),
    ("samba-4.17", "syslog"),
    ("samba-full-audit", "syslog"),
    ("squid-access", "squid"),
    ("sshd-sftp", "syslog"),
    ("sudo-su", "syslog"),
];

#[test]
fn what_real_servers_wrote_gives_what_stands_in_testdata() {
    let options = ReadingOptions([("acquired".to_owned(), "2026-12-01T00:00:00Z".to_owned())].into());
    for (name, format) in SERVERS {
        let bytes = sample(Path::new(""), &format!("samples/servers/{name}.log"));
        assert_eq!(recognise(&bytes[..bytes.len().min(HEAD)]).unwrap().0.card().name, *format, "{name}");
        let kept = support::read(format, &bytes, &options);
        assert!(kept.gaps.is_empty(), "{name}");
        kept.rows().for_each(|(batch, row)| assert_reread(format, &bytes, batch, row));
        assert_golden(&format!("servers-{name}"), &told(&kept, TOLD[1]));
    }
}

/// Cut anywhere, and with any byte changed: gaps, never a panic, and never more events than before.
#[test]
fn no_cut_and_no_changed_byte_breaks_a_reader() {
    let dir = tempfile::tempdir().unwrap();
    assize_drill::specimen::make(dir.path()).unwrap();
    for (name, sound, _) in SAMPLES {
        let bytes = sample(dir.path(), sound);
        let bytes = &bytes[..bytes.len().min(80_000)];
        for step in 0..60 {
            let at = step * bytes.len() / 60;
            read(name, &bytes[..at]);
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << (step % 8);
            changed[(at * 7 + 13) % bytes.len()] = 0xff;
            read(name, &changed);
        }
    }
}
