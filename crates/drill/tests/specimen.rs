//! Is the demo's evidence what its table of files and acts says?
//!
//! Read by other programs' eyes: the `evtx` crate, serde_json, flate2. That a rule finds an act is
//! not tested here; that its traces are there is.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and looks at the files itself"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use evtx::{EvtxParser, ParserSettings};
use serde_json::Value as Json;

/// All files of a set: name below the folder and content.
type Files = BTreeMap<String, Vec<u8>>;

fn made() -> Files {
    let folder = tempfile::tempdir().unwrap();
    assize_drill::specimen::make(folder.path()).unwrap();
    let mut files = Files::new();
    collect(folder.path(), folder.path(), &mut files);
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// Records that could be read, and the number of errors.
fn events(file: &[u8], validate: bool) -> (Vec<(u64, Json)>, usize) {
    let settings = ParserSettings::default().validate_checksums(validate);
    let parser = EvtxParser::from_buffer(file.to_vec()).unwrap();
    let (mut records, mut errors) = (Vec::new(), 0);
    for record in parser.with_configuration(settings).records_json_value() {
        match record {
            Ok(record) => records.push((record.event_record_id, record.data)),
            Err(_) => errors += 1,
        }
    }
    (records, errors)
}

/// How many records or lines each file has; `None` for what is no log or is damaged.
const FILES: [(&str, Option<usize>); 15] = [
    ("DC01/security.winlogbeat.ndjson", Some(524)),
    ("HR-WS02/Setup.evtx", None),
    ("HR-WS02/events.nxlog.json", Some(527)),
    ("LEGAL-FS01/Security.evtx", Some(585)),
    ("LEGAL-FS01/System.evtx", Some(23)),
    ("REG-WS07/Archive-Security-2026-09-13.evtx", None),
    ("REG-WS07/Microsoft-Windows-PowerShell%4Operational.evtx", Some(56)),
    ("REG-WS07/Microsoft-Windows-Sysmon%4Operational.evtx", Some(405)),
    ("REG-WS07/Security.evtx", Some(86)),
    ("REG-WS07/System.evtx", Some(7)),
    ("REG-WS07/memory-note.bin", None),
    ("dms/document-access-old.jsonl", None),
    ("dms/document-access.jsonl", Some(244)),
    ("vpn/vpn-gateway-2026-09-13.jsonl.gz", None),
    ("vpn/vpn-gateway.jsonl", Some(67)),
];

#[test]
fn it_is_the_same_every_time_and_small() {
    let (first, second) = (made(), made());
    assert!(first == second);
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(names, FILES.map(|(name, _)| name));
    assert!(first.values().map(Vec::len).sum::<usize>() < 5_000_000);
    // Also the same as on other machines and with other builds. If you changed the story, put
    // the new number here.
    let mut crc = crc32fast::Hasher::new();
    first.values().for_each(|content| crc.update(content));
    assert_eq!(format!("{:08x}", crc.finalize()), "5756fcf2");
}

#[test]
fn every_whole_event_log_reads_without_an_error() {
    let files = made();
    for (name, count) in FILES.iter().filter(|(name, _)| name.ends_with(".evtx")) {
        let Some(count) = count else { continue };
        let (records, errors) = events(&files[*name], true);
        assert_eq!((records.len(), errors), (*count, 0), "{name}");
        for pair in records.windows(2) {
            assert_eq!(pair[1].0, pair[0].0 + 1, "{name}: ids without a gap");
            let time = |record: &Json| {
                record["Event"]["System"]["TimeCreated"]["#attributes"]["SystemTime"].to_string()
            };
            assert!(time(&pair[0].1) <= time(&pair[1].1), "{name}: in the order of time");
        }
    }
}

#[test]
fn the_damaged_log_has_errors_and_records() {
    let files = made();
    let damaged = &files["REG-WS07/Archive-Security-2026-09-13.evtx"];
    assert!(damaged.len() % 65_536 != 4096, "the last chunk is cut short");
    for validate in [true, false] {
        let (records, errors) = events(damaged, validate);
        assert!(errors > 0 && records.len() > 40, "{validate}: {} records, {errors} errors", records.len());
    }
    assert!(files["HR-WS02/Setup.evtx"].is_empty());
}

fn unreadable_lines(content: &[u8]) -> Vec<usize> {
    let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let broken = (1..).zip(lines).filter(|(_, line)| serde_json::from_slice::<Json>(line).is_err());
    broken.map(|(number, _)| number).collect()
}

#[test]
fn every_line_is_json_but_the_broken_ones() {
    let files = made();
    for (name, count) in FILES {
        let Some(count) = count.filter(|_| name.contains("json")) else { continue };
        assert_eq!(files[name].iter().filter(|byte| **byte == b'\n').count(), count, "{name}");
        assert!(unreadable_lines(&files[name]).is_empty(), "{name}");
    }
    let old = &files["dms/document-access-old.jsonl"];
    assert_eq!(unreadable_lines(old), [5, 12, 13, 21, 36]);
    assert!(std::str::from_utf8(old).is_err());
    let mut unpacked = Vec::new();
    let packed = files["vpn/vpn-gateway-2026-09-13.jsonl.gz"].as_slice();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut unpacked).unwrap();
    assert!(unreadable_lines(&unpacked).is_empty());
    assert_eq!(unpacked.iter().filter(|byte| **byte == b'\n').count(), 27);
}

/// Every event of the set as one line of JSON, by file.
fn texts(files: &Files) -> BTreeMap<&str, Vec<String>> {
    let of = |name: &str, content: &[u8]| match name {
        _ if content.is_empty() || name.ends_with(".bin") || name.ends_with(".gz") => Vec::new(),
        _ if name.ends_with(".evtx") => {
            events(content, false).0.iter().map(|(_, event)| event["Event"].to_string()).collect()
        }
        _ => String::from_utf8_lossy(content).lines().map(str::to_owned).collect(),
    };
    files.iter().map(|(name, content)| (name.as_str(), of(name, content))).collect()
}

/// Act by act: file, how many events at least, what all of them contain.
const ACTS: [(&str, usize, &[&str]); 31] = [
    (SYSMON, 1, &["\"EventID\":1,", "WINWORD.EXE\\\" /n", "-EncodedCommand JABwAD0A"]),
    (POWERSHELL, 1, &["\"EventID\":4104", "\"Level\":3", "DownloadFile('https://updates-cdn.example/"]),
    (SYSMON, 40, &["\"EventID\":3,", "203.0.113.77", "syncsvc.exe"]),
    (SYSMON, 1, &["\"EventID\":11,", "\u{202E}fdp.exe"]),
    (SYSMON, 1, &["\"EventID\":15,", "Hearing_Schedule_2026-09.docm:Zone.Identifier"]),
    (SYSMON, 1, &["\"CommandLine\":\"whoami  /all\""]),
    (SYSMON, 1, &["\"CommandLine\":\"nltest  /domain_trusts\""]),
    (SYSMON, 1, &["\"CommandLine\":\"net  group \\\"Domain Admins\\\" /domain\""]),
    (SYSMON, 1, &["comsvcs.dll, MiniDump 744", "\"OriginalFileName\":\"RUNDLL32.EXE\""]),
    (SYSMON, 1, &["\"EventID\":10,", "\"GrantedAccess\":\"0x1fffff\"", "lsass.exe", "rundll32.exe"]),
    (SYSMON, 1, &["\"EventID\":10,", "\"GrantedAccess\":\"0x1410\"", "lsass.exe", "syncsvc.exe"]),
    (SYSMON, 1, &["schtasks.exe", "/create /tn", "OfficeSyncTask"]),
    (SYSMON, 1, &["\"EventID\":13,", "CurrentVersion\\\\Run\\\\OfficeSync"]),
    (DC, 3, &["\"event_id\":\"4769\"", "\"TicketEncryptionType\":\"0x17\"", "i.vantorp@COURT.EXAMPLE"]),
    (DC, 1, &["\"event_id\":\"4887\"", "SAN:upn=adm-rlindqvar@court.example", "COURT\\\\i.vantorp"]),
    (DC, 1, &["\"event_id\":\"4768\"", "\"PreAuthType\":\"16\"", "adm-rlindqvar"]),
    (DC, 3, &["\"event_id\":\"4662\"", "1131f6a", "adm-rlindqvar"]),
    (FS, 1, &["\"EventID\":4624,", "\"LogonType\":3", "\"LmPackageName\":\"NTLM V2\"", "adm-jkettermole"]),
    (FS, 1, &["\"EventID\":5145,", "\"RelativeTargetName\":\"PSEXESVC.exe\"", "\\\\ADMIN$"]),
    (FS, 1, &["\"EventID\":4697,", "\"ServiceName\":\"PSEXESVC\""]),
    ("LEGAL-FS01/System.evtx", 1, &["7045", "\"ServiceName\":\"PSEXESVC\"", "%SystemRoot%\\\\PSEXESVC.exe"]),
    (FS, 1, &["\"EventID\":4688,", "rar.exe  a -hp", "-v50m"]),
    (FS, 18, &["\"EventID\":4663,", "D:\\\\Cases\\\\Witness-Protection\\\\", "rar.exe"]),
    (
        HR,
        1,
        &["\"EventID\":1,", "vssadmin  list shadows", "WmiPrvSE.exe", "\\\\\\\\127.0.0.1\\\\ADMIN$\\\\__"],
    ),
    (HR, 1, &["\"EventID\":4698,", "SyncCheck"]),
    (SYSMON, 1, &["7z.exe a -p", "-mhe=on"]),
    (SYSMON, 1, &["rclone.exe copy"]),
    (SYSMON, 1, &["curl.exe -k -T"]),
    (SYSMON, 2, &["\"OriginalFileName\":\"wevtutil.exe\"", "wevtutil  cl S"]),
    ("REG-WS07/System.evtx", 1, &["\"EventID\":104,", "LogFileCleared", "\"Channel\":\"System\""]),
    ("dms/document-access.jsonl", 46, &["\"series\":\"WITNESS\"", "10.20.9.33", "python-requests"]),
];

const SYSMON: &str = "REG-WS07/Microsoft-Windows-Sysmon%4Operational.evtx";
const POWERSHELL: &str = "REG-WS07/Microsoft-Windows-PowerShell%4Operational.evtx";
const FS: &str = "LEGAL-FS01/Security.evtx";
const DC: &str = "DC01/security.winlogbeat.ndjson";
const HR: &str = "HR-WS02/events.nxlog.json";

#[test]
fn every_act_has_left_its_traces() {
    let files = made();
    let texts = texts(&files);
    for (file, least, parts) in ACTS {
        let found = texts[file].iter().filter(|text| parts.iter().all(|part| text.contains(part))).count();
        assert!(found >= least, "{found} of {least} events in {file} with {parts:?}");
    }
}

#[test]
fn the_cleared_log_begins_with_its_clearing() {
    let files = made();
    let (records, _) = events(&files["REG-WS07/Security.evtx"], true);
    let (id, first) = &records[0];
    assert_eq!(first["Event"]["System"]["EventID"], 1102);
    assert_eq!(first["Event"]["UserData"]["LogFileCleared"]["SubjectUserName"], "i.vantorp");
    let (archived, _) = events(&files["REG-WS07/Archive-Security-2026-09-13.evtx"], false);
    assert!(*id > archived.last().unwrap().0 + 200, "numbering goes on, and what is missing is missing");
}

#[test]
fn hostile_texts_are_there_as_they_are() {
    let files = made();
    let texts = texts(&files);
    for (file, text) in [
        ("dms/document-access.jsonl", "<script>alert('court')</script>"),
        ("dms/document-access.jsonl", "=HYPERLINK("),
        ("vpn/vpn-gateway.jsonl", "\"client\":\"=HYPERLINK("),
        (DC, "\"TargetUserName\":\"\\u001b[31mroot"),
        (DC, "\"Workstation\":\"=HYPERLINK("),
        (SYSMON, "title \\u001b[31mADMIN"),
        (FS, "Witness\u{202E}fdp.exe.lnk"),
        (HR, "echo =HYPERLINK("),
    ] {
        assert!(texts[file].iter().any(|event| event.contains(text)), "{text} is missing in {file}");
    }
}
