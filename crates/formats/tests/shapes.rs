//! Does the same Windows event fill the spine alike, whichever way it came?
//!
//! Every event of the demonstration's Security and Sysmon logs is written once more in each shape
//! that shippers and exporters use (by us, from their documentation), read again, and compared
//! column by column. Not compared: what names the bytes (id, ranges, format) and how a time is
//! written.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

mod support;

use std::collections::BTreeSet;
use std::fs;

use assize_formats::recognise;
use assize_model::Row;
use serde_json::{Map, Value, json};

use support::{rows, spine};

/// One event: what stands in `System`, and its own data.
struct Told {
    system: Map<String, Value>,
    data: Vec<(String, String)>,
}

impl Told {
    fn of(row: &Row) -> Option<Self> {
        const SYSTEM: [&str; 13] = [
            "Provider_Name",
            "Provider_Guid",
            "EventID",
            "Version",
            "Level",
            "Task",
            "Opcode",
            "Keywords",
            "TimeCreated",
            "EventRecordID",
            "Channel",
            "Computer",
            "Security_UserID",
        ];
        let (mut system, mut data, mut names) = (Map::new(), Vec::new(), BTreeSet::new());
        for pair in row.value("fields").as_array().unwrap() {
            let (name, value) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap_or_default());
            if SYSTEM.contains(&name) && !system.contains_key(name) {
                system.insert(name.into(), value.into());
            } else if !name.contains('_') {
                // JSON cannot hold a name twice; such records are for the formats' own tests.
                if !names.insert(name.to_owned()) || name == "Data" {
                    return None;
                }
                data.push((name.to_owned(), value.to_owned()));
            }
        }
        Some(Self { system, data })
    }

    fn text(&self, name: &str) -> &str {
        self.system.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn data(&self) -> Map<String, Value> {
        self.data.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect()
    }

    fn failed(&self) -> bool {
        self.text("Keywords") == "0x8010000000000000"
    }

    fn words(&self) -> &str {
        if self.failed() { "Audit Failure" } else { "Audit Success" }
    }

    fn is_audit(&self) -> bool {
        self.text("Channel") == "Security"
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\r', "&#xD;").replace('\n', "&#xA;")
}

fn pairs(event: &Told) -> String {
    let pairs =
        event.data.iter().map(|(name, value)| format!("<Data Name='{name}'>{}</Data>", escaped(value)));
    pairs.collect()
}

fn xml(event: &Told) -> String {
    let text = |name: &str| event.text(name);
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{}' Guid='{}'/>\
         <EventID>{}</EventID><Version>{}</Version><Level>{}</Level><Keywords>{}</Keywords>\
         <TimeCreated SystemTime='{}'/><EventRecordID>{}</EventRecordID><Channel>{}</Channel>\
         <Computer>{}</Computer><Security UserID='{}'/></System><EventData>{}</EventData></Event>\r\n",
        text("Provider_Name"),
        text("Provider_Guid"),
        text("EventID"),
        text("Version"),
        text("Level"),
        text("Keywords"),
        text("TimeCreated"),
        text("EventRecordID"),
        text("Channel"),
        text("Computer"),
        text("Security_UserID"),
        pairs(event)
    )
}

fn winlogbeat(event: &Told) -> Value {
    let mut winlog = json!({"channel": event.text("Channel"), "event_id": event.text("EventID"),
        "provider_name": event.text("Provider_Name"), "record_id": event.text("EventRecordID"),
        "computer_name": event.text("Computer"), "event_data": event.data(), "api": "wineventlog"});
    winlog["user"] = json!({"identifier": event.text("Security_UserID")});
    if event.is_audit() {
        winlog["keywords"] = json!([event.words()]);
    }
    json!({"@timestamp": event.text("TimeCreated"), "ecs": {"version": "8.0.0"}, "winlog": winlog,
        "event": {"code": event.text("EventID"), "kind": "event"}, "host": {"name": "shipper"}})
}

fn old_winlogbeat(event: &Told) -> Value {
    let mut beat = json!({"@timestamp": event.text("TimeCreated"), "log_name": event.text("Channel"),
        "event_id": event.text("EventID").parse::<u32>().unwrap(), "source_name": event.text("Provider_Name"),
        "record_number": event.text("EventRecordID"), "computer_name": event.text("Computer"),
        "event_data": event.data(), "type": "wineventlog", "beat": {"name": "shipper"}});
    beat["user"] = json!({"identifier": event.text("Security_UserID")});
    if event.is_audit() {
        beat["keywords"] = json!([event.words()]);
    }
    beat
}

fn nxlog(event: &Told) -> Value {
    let number = u64::from_str_radix(event.text("Keywords").trim_start_matches("0x"), 16).unwrap_or(0);
    let mut flat = json!({"EventTime": event.text("TimeCreated"), "Channel": event.text("Channel"),
        "EventID": event.text("EventID").parse::<u32>().unwrap(), "SourceName": event.text("Provider_Name"),
        "RecordNumber": event.text("EventRecordID"), "Hostname": event.text("Computer"),
        "Keywords": number as i64, "SourceModuleType": "im_msvistalog", "UserID": event.text("Security_UserID")});
    flat.as_object_mut().unwrap().extend(event.data());
    flat
}

fn windows_event(event: &Told) -> Value {
    json!({"TenantId": "t", "TimeGenerated": event.text("TimeCreated"), "Channel": event.text("Channel"),
        "EventID": event.text("EventID").parse::<u32>().unwrap(), "Provider": event.text("Provider_Name"),
        "EventRecordId": event.text("EventRecordID"), "Computer": event.text("Computer"),
        "Keywords": event.text("Keywords"), "EventData": event.data(), "Type": "WindowsEvent", "SystemUserId": event.text("Security_UserID")})
}

fn event_table(event: &Told) -> Value {
    let data =
        format!("<DataItem type=\"System.XmlData\"><EventData>{}</EventData></DataItem>", pairs(event));
    json!({"TenantId": "t", "TimeGenerated": event.text("TimeCreated"), "EventLog": event.text("Channel"),
        "EventID": event.text("EventID").parse::<u32>().unwrap(), "Source": event.text("Provider_Name"),
        "Computer": event.text("Computer"), "EventData": data, "Type": "Event"})
}

fn security_event(event: &Told) -> Value {
    let mut flat = json!({"TenantId": "t", "TimeGenerated": event.text("TimeCreated"), "Channel": "Security",
        "EventID": event.text("EventID").parse::<u32>().unwrap(), "EventSourceName": event.text("Provider_Name"),
        "EventRecordId": event.text("EventRecordID"), "Computer": event.text("Computer"),
        "Level": if event.failed() { "16" } else { "8" }, "Type": "SecurityEvent",
        "Activity": "a text", "SourceSystem": "OpsManager"});
    flat.as_object_mut().unwrap().extend(event.data());
    flat
}

fn evtx_dump(event: &Told) -> Value {
    let mut system = event.system.clone();
    let mut attributes = |name: &str, attribute: &str, own: &str| {
        let value = system.remove(own).unwrap_or_default();
        system.insert(name.into(), json!({"#attributes": {attribute: value}}));
    };
    attributes("Provider", "Name", "Provider_Name");
    attributes("Security", "UserID", "Security_UserID");
    attributes("TimeCreated", "SystemTime", "TimeCreated");
    system.remove("Provider_Guid");
    json!({"Event": {"#attributes": {"xmlns": "…"}, "System": system, "EventData": event.data()}})
}

type Shape = fn(&Told) -> Value;

/// Every shape, and whether it can carry an event of the audit, and of any other log.
const SHAPES: [(&str, Shape, bool, bool); 7] = [
    ("winlogbeat", winlogbeat, true, true),
    ("winlogbeat 6", old_winlogbeat, true, true),
    ("nxlog", nxlog, true, true),
    ("WindowsEvent", windows_event, true, true),
    ("Event", event_table, false, true),
    ("SecurityEvent", security_event, true, false),
    ("evtx_dump", evtx_dump, true, true),
];

fn demonstration(each: &mut dyn FnMut(&Row, &Told)) {
    let dir = tempfile::tempdir().unwrap();
    assize_drill::specimen::make(dir.path()).unwrap();
    let folder = dir.path().join("REG-WS07");
    let mut logs = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The archived one is damaged on purpose.
        if !name.ends_with(".evtx") || name.starts_with("Archive") {
            continue;
        }
        logs += 1;
        for row in rows("evtx", &fs::read(&path).unwrap()) {
            if let Some(told) = Told::of(&row) {
                each(&row, &told);
            }
        }
    }
    assert!(logs > 1, "the demonstration's workstation has several logs");
}

#[test]
fn as_json_of_every_shipper() {
    let mut compared = 0;
    demonstration(&mut |row, told| {
        for (shape, write, audit, other) in SHAPES {
            if !(if told.is_audit() { audit } else { other }) {
                continue;
            }
            // Azure's older tables name the writing user by name only, in a column of their own.
            if matches!(shape, "Event" | "SecurityEvent") && !told.text("Security_UserID").is_empty() {
                continue;
            }
            let bytes = serde_json::to_vec(&write(told)).unwrap();
            let again = rows("windows-json", &bytes);
            let without_number = |columns: Vec<(&'static str, Value)>| -> Vec<(&'static str, Value)> {
                // The table `Event` has no record number.
                let drop = shape == "Event";
                let links = |value: Value| -> Value {
                    value
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter(|link| !drop || link["kind"] != "record")
                        .cloned()
                        .collect()
                };
                columns
                    .into_iter()
                    .map(|(name, value)| if name == "links" { (name, links(value)) } else { (name, value) })
                    .collect()
            };
            assert_eq!(
                without_number(spine(&again[0])),
                without_number(spine(row)),
                "{shape}: {}",
                write(told)
            );
            compared += 1;
        }
    });
    assert!(compared > 500, "{compared}");
}

#[test]
fn as_xml_in_every_encoding() {
    let (mut text, mut expected) = (String::new(), Vec::new());
    demonstration(&mut |row, told| {
        text += &xml(told);
        expected.push(spine(row));
    });
    let wide = |unit: fn(u16) -> [u8; 2], mark: &[u8]| -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16().flat_map(unit)).collect()
    };
    let wrapped = format!("\u{feff}<?xml version=\"1.0\"?>\r\n<Events>\r\n{text}</Events>\r\n");
    let encodings = [
        ("UTF-8", text.clone().into_bytes()),
        ("UTF-8 with a mark, within <Events>", wrapped.into_bytes()),
        ("UTF-16", wide(u16::to_le_bytes, b"\xff\xfe")),
        ("UTF-16, big end first", wide(u16::to_be_bytes, b"\xfe\xff")),
        ("UTF-16 without a mark", wide(u16::to_le_bytes, b"")),
    ];
    for (name, bytes) in encodings {
        let (format, _) = recognise(&bytes[..bytes.len().min(65536)]).unwrap();
        assert_eq!(format.card().name, "windows-xml", "{name}");
        let again: Vec<_> = rows("windows-xml", &bytes).iter().map(spine).collect();
        assert_eq!(again.len(), expected.len(), "{name}");
        for (again, row) in again.iter().zip(&expected) {
            assert_eq!(again, row, "{name}");
        }
    }
}

/// What an older export shows of an event is what its JSON says of it.
#[test]
fn what_a_rendered_message_shows_is_what_the_data_say() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples");
    let bytes = |name: &str| fs::read(samples.join(name)).unwrap();
    let logon = json!({"EventID": "4624", "Keywords": "-9214364837600034816", "SubjectUserName": "DC1$",
        "SubjectDomainName": "COURT", "SubjectLogonId": "0x3e7", "TargetUserName": "m.okafor",
        "TargetDomainName": "COURT", "TargetLogonId": "0x8a31c4", "LogonType": "3", "IpAddress": "10.0.4.17",
        "WorkstationName": "REG-WS07", "EventTime": "2026-09-14T08:12:03Z", "EventRecordID": "8101"});
    let process = json!({"EventID": "4688", "Keywords": "-9214364837600034816", "SubjectUserName": "m.okafor",
        "SubjectDomainName": "COURT", "SubjectLogonId": "0x8a31c4", "NewProcessId": "0x1a2c",
        "NewProcessName": "C:\\Windows\\System32\\whoami.exe", "ProcessId": "0x9b8", "CommandLine": "whoami /all",
        "EventTime": "2026-09-14T08:12:09Z", "EventRecordID": "8102"});
    let failed = json!({"EventID": "4625", "Keywords": "-9218868437227405312", "TargetUserName": "administrator",
        "TargetDomainName": "COURT", "LogonType": "3", "IpAddress": "10.0.4.17", "WorkstationName": "REG-WS07",
        "EventTime": "2026-09-14T12:30:00Z", "EventRecordID": "8103"});
    let mut lines = String::new();
    for mut event in [logon, process, failed] {
        event["Channel"] = "Security".into();
        event["SourceName"] = "Microsoft-Windows-Security-Auditing".into();
        event["ProviderGuid"] = "{54849625-5478-4994-A5BA-3E3B0328C30D}".into();
        event["Hostname"] = "DC1.court.example".into();
        event["SourceModuleType"] = "im_msvistalog".into();
        lines += &format!("{event}\n");
    }
    let by_json = rows("windows-json", lines.as_bytes());
    assert_eq!(by_json.len(), 3);
    let text = [
        "time", "verb", "actor", "target", "outcome", "peer", "device", "object", "client", "host", "source",
        "links",
    ];
    for (format, name, columns) in [
        ("windows-text", "windows-text.txt", &text[..]),
        ("event-viewer-csv", "event-viewer-csv.csv", &text[..9]),
    ] {
        let bytes = bytes(name);
        assert_eq!(recognise(&bytes).unwrap().0.card().name, format);
        let told = rows(format, &bytes);
        for (number, (told, expected)) in told.iter().zip(&by_json).enumerate() {
            for column in columns {
                let (told, expected) = (told.value(column).to_string(), expected.value(column).to_string());
                assert_eq!(told.to_lowercase(), expected.to_lowercase(), "{format} {number} {column}");
            }
        }
    }
}
