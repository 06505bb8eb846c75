//! Does another reader, which shares no code with our writer, read what we wrote?
//!
//! The `evtx` crate reads every log here with checksums validated, and every value is compared.
//! What it does not check (hash tables, template references between chunks, trailing bytes) is
//! checked on the bytes.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may panic, and one measures time"
)]

use std::borrow::Cow;

use assize_drill::evtx::{
    Content, Element, FileTime, Guid, Payload, Provider, Record, Refused, Sid, Value, Writer,
};
use evtx::{EvtxParser, ParserSettings, SerializedEvtxRecord};
use serde_json::{Value as Json, json};

const TEN_O_CLOCK: i64 = 1_789_380_000_123;

const SECURITY: Provider<'static> = Provider {
    name: "Microsoft-Windows-Security-Auditing",
    guid: Some(Guid::new(0x5484_9625, 0x5478, 0x4994, 0xA5BA_3E3B_0328_C30D)),
    event_source: None,
};

const SERVICES: Provider<'static> = Provider {
    name: "Service Control Manager",
    guid: Some(Guid::new(0x5559_08D1, 0xA6D7, 0x4695, 0x8E1E_2693_1D20_12F4)),
    event_source: Some("Service Control Manager"),
};

fn record<'a>(payload: Payload<'a>) -> Record<'a> {
    Record {
        provider: SECURITY,
        event_id: 4624,
        qualifiers: None,
        version: 2,
        level: 0,
        task: 12544,
        opcode: 0,
        keywords: 0x8020_0000_0000_0000,
        time: FileTime::from_unix_ms(TEN_O_CLOCK),
        process_id: 744,
        thread_id: 3056,
        activity_id: None,
        related_activity_id: None,
        computer: "LEGAL-FS01.court.example",
        user: None,
        payload,
    }
}

fn data<'a>(data: &'a [(&'a str, Value<'a>)]) -> Record<'a> {
    record(Payload::EventData { data, binary: None })
}

fn parser(file: Vec<u8>) -> EvtxParser<std::io::Cursor<Vec<u8>>> {
    let settings = ParserSettings::default().validate_checksums(true);
    EvtxParser::from_buffer(file).unwrap().with_configuration(settings)
}

fn read(file: Vec<u8>) -> Vec<SerializedEvtxRecord<Json>> {
    let mut parser = parser(file);
    assert!(parser.header().validate_checksum());
    parser.records_json_value().map(Result::unwrap).collect()
}

fn read_one(record: &Record<'_>) -> Json {
    let mut log = Writer::new("Security");
    log.push(record).unwrap();
    read(log.finish()).remove(0).data
}

fn read_one_as_xml(record: &Record<'_>) -> String {
    let mut log = Writer::new("Security");
    log.push(record).unwrap();
    parser(log.finish()).records().next().unwrap().unwrap().data
}

#[test]
fn every_type_of_value_comes_back() {
    let sid = Sid::new(5, &[21, 1_004_336_348, 1_177_238_915, 682_003_330, 1104]);
    let guid = Guid::new(0x5770_385F, 0xC22A, 0x43E0, 0xBF4C_06F5_698F_FBD9);
    let data_in = [
        ("Text", Value::text("plain")),
        ("Wide", Value::text("Zürich 訴訟 😀 \u{202E}fdp.scr")),
        ("Markup", Value::text("<b>&amp; \"'</b>\r\n\t=1+1")),
        ("Empty", Value::text("")),
        ("U8", Value::U8(255)),
        ("U16", Value::U16(65535)),
        ("U32", Value::U32(u32::MAX)),
        ("U64", Value::U64(u64::MAX)),
        ("I32", Value::I32(-7)),
        ("True", Value::Bool(true)),
        ("False", Value::Bool(false)),
        ("Hex32", Value::Hex32(0x1410)),
        ("Hex64", Value::Hex64(0xDEAD_BEEF_0000_0001)),
        ("Guid", Value::Guid(guid)),
        ("Sid", Value::Sid(Cow::Borrowed(&sid))),
        ("Time", Value::Time(FileTime::from_unix_ms(TEN_O_CLOCK))),
        ("Binary", Value::Binary(Cow::Borrowed(&[0xCA, 0xFE, 0x00]))),
        ("Null", Value::Null),
        ("Last", Value::text("still in step")),
    ];
    let event = read_one(&data(&data_in));
    let expected = json!({
        "Text": "plain",
        "Wide": "Zürich 訴訟 😀 \u{202E}fdp.scr",
        "Markup": "<b>&amp; \"'</b>\r\n\t=1+1",
        "Empty": "",
        "U8": 255, "U16": 65535, "U32": u32::MAX, "U64": u64::MAX, "I32": -7,
        "True": true, "False": false,
        "Hex32": "0x1410", "Hex64": "0xdeadbeef00000001",
        "Guid": "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}",
        "Sid": "S-1-5-21-1004336348-1177238915-682003330-1104",
        "Time": "2026-09-14T10:00:00.1230000Z",
        "Binary": "CAFE00",
        // The crate shows no value as it shows an empty text.
        "Null": "",
        "Last": "still in step",
    });
    assert_eq!(event["Event"]["EventData"], expected);
}

#[test]
fn system_is_complete() {
    let user = Sid::new(5, &[18]);
    let mut full = data(&[]);
    full.qualifiers = Some(16384);
    full.level = 4;
    full.opcode = 1;
    full.activity_id = Some(Guid::new(0xBE12_9571, 0x63F8, 0, 0xA795_12BE_F863_D601));
    full.related_activity_id = Some(Guid::new(1, 2, 3, 4));
    full.user = Some(&user);
    let xml = read_one_as_xml(&full);
    for expected in [
        "<Provider Name=\"Microsoft-Windows-Security-Auditing\" Guid=\"{54849625-5478-4994-a5ba-3e3b0328c30d}\"",
        "<EventID Qualifiers=\"16384\">4624</EventID>",
        "<Version>2</Version>",
        "<Level>4</Level>",
        "<Task>12544</Task>",
        "<Opcode>1</Opcode>",
        "<Keywords>0x8020000000000000</Keywords>",
        "<TimeCreated SystemTime=\"2026-09-14T10:00:00.1230000Z\"",
        "<EventRecordID>1</EventRecordID>",
        "ActivityID=\"{be129571-63f8-0000-a795-12bef863d601}\"",
        "RelatedActivityID=\"{00000001-0002-0003-0000-000000000004}\"",
        "<Execution ProcessID=\"744\" ThreadID=\"3056\"",
        "<Channel>Security</Channel>",
        "<Computer>LEGAL-FS01.court.example</Computer>",
        "<Security UserID=\"S-1-5-18\"",
    ] {
        assert!(xml.contains(expected), "{expected} is missing in {xml}");
    }
    let event = read_one(&data(&[]));
    assert_eq!(event["Event"]["System"]["EventID"], 4624, "no Qualifiers attribute without qualifiers");
}

#[test]
fn a_classic_source_writes_unnamed_strings_and_binary() {
    let strings = [("", Value::Texts(vec!["first".into(), "".into(), "third".into()]))];
    let mut classic = record(Payload::EventData { data: &strings, binary: Some(&[0xAB, 0xCD]) });
    classic.provider = Provider { name: "EventLog", guid: None, event_source: None };
    let xml = read_one_as_xml(&classic);
    assert!(xml.contains("<Provider Name=\"EventLog\""), "{xml}");
    assert!(!xml.contains("Guid="), "{xml}");
    let flat: String = xml.split_whitespace().collect();
    assert!(flat.contains("<Data>first</Data><Data></Data><Data>third</Data>"), "{xml}");
    assert!(flat.contains("<Binary>ABCD</Binary>"), "{xml}");
}

#[test]
fn a_provider_that_was_a_classic_source_says_so() {
    let values = [("ServiceName", Value::text("PSEXESVC"))];
    let mut event = data(&values);
    event.provider = SERVICES;
    event.qualifiers = Some(16384);
    let xml = read_one_as_xml(&event);
    assert!(xml.contains("EventSourceName=\"Service Control Manager\""), "{xml}");
    assert!(xml.contains("<Data Name=\"ServiceName\">PSEXESVC</Data>"), "{xml}");
}

#[test]
fn user_data_is_a_tree() {
    let sid = Sid::new(5, &[21, 1, 2, 3, 1104]);
    let namespace = "http://manifests.microsoft.com/win/2004/08/windows/eventlog";
    let tree = Element {
        name: "LogFileCleared".into(),
        attributes: vec![("xmlns".into(), namespace.into())],
        content: Content::Elements(vec![
            Element::leaf("SubjectUserSid", Value::Sid(Cow::Borrowed(&sid))),
            Element::leaf("SubjectUserName", Value::text("i.vantorp")),
            Element {
                name: "Nested".into(),
                attributes: Vec::new(),
                content: Content::Elements(vec![Element::leaf("SubjectLogonId", Value::Hex64(0x3e7))]),
            },
            Element { name: "Nothing".into(), attributes: Vec::new(), content: Content::Empty },
        ]),
    };
    let event = read_one(&record(Payload::UserData(&tree)));
    let cleared = &event["Event"]["UserData"]["LogFileCleared"];
    assert_eq!(cleared["#attributes"]["xmlns"], namespace);
    assert_eq!(cleared["SubjectUserSid"], "S-1-5-21-1-2-3-1104");
    assert_eq!(cleared["SubjectUserName"], "i.vantorp");
    assert_eq!(cleared["Nested"]["SubjectLogonId"], "0x3e7");
    assert_eq!(event["Event"]["System"]["Channel"], "Security");
}

/// A record whose values all depend on its number, in one of several shapes.
fn numbered(n: u64) -> Vec<(&'static str, Value<'static>)> {
    let text = |len: u64| Value::text("x".repeat(len as usize) + &n.to_string());
    let mut values = vec![("Number", Value::U64(n)), ("Text", text(n % 700))];
    for (index, name) in ["A", "B", "C", "D", "E"].into_iter().enumerate() {
        if n >> index & 1 == 1 {
            values.push((name, Value::Hex32(n as u32 + index as u32)));
        }
    }
    values
}

#[test]
fn thousands_of_records_over_many_chunks_come_back_in_order() {
    let mut log = Writer::starting_at("Security", 4711);
    for n in 0..6000 {
        let values = numbered(n);
        let mut record = data(&values);
        record.time = FileTime::from_unix_ms(TEN_O_CLOCK + n as i64);
        assert_eq!(log.push(&record).unwrap(), 4711 + n);
    }
    let file = log.finish();
    let chunks = (file.len() - 4096) / 65536;
    assert!(chunks > 40, "{chunks}");
    let parser = parser(file.clone());
    assert_eq!(usize::from(parser.header().chunk_count), chunks);
    assert_eq!(parser.header().next_record_id, 10711);

    let records = read(file);
    assert_eq!(records.len(), 6000);
    for (n, record) in (0..).zip(&records) {
        assert_eq!(record.event_record_id, 4711 + n);
        assert_eq!(record.timestamp.as_millisecond(), TEN_O_CLOCK + n as i64);
        assert_eq!(record.data["Event"]["System"]["EventRecordID"], 4711 + n);
        let expected: serde_json::Map<String, Json> = numbered(n)
            .into_iter()
            .map(|(name, value)| match value {
                Value::U64(number) => (name.to_owned(), json!(number)),
                Value::Hex32(number) => (name.to_owned(), json!(format!("{number:#x}"))),
                Value::Text(text) => (name.to_owned(), json!(text)),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(record.data["Event"]["EventData"], Json::Object(expected), "record {n}");
    }
}

#[test]
fn a_template_is_written_once_per_chunk() {
    let values = [("Name", Value::text("value"))];
    let mut log = Writer::new("Security");
    for _ in 0..40 {
        log.push(&data(&values)).unwrap();
    }
    let file = log.finish();
    let namespace: Vec<u8> = "2004/08/events/event".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let definitions = file.windows(namespace.len()).filter(|window| *window == namespace).count();
    assert_eq!(definitions, 1);
}

/// The tables that the `evtx` crate does not need: every name and template hangs in the bucket
/// that its hash says, and the chains end.
#[test]
fn hash_tables_are_those_that_windows_would_make() {
    let mut log = Writer::new("Security");
    for n in 0..200 {
        log.push(&data(&numbered(n))).unwrap();
    }
    let file = log.finish();
    let u32_at = |chunk: &[u8], at: usize| u32::from_le_bytes(chunk[at..at + 4].try_into().unwrap());
    let hash = |units: &[u8]| {
        units.chunks_exact(2).fold(0_u32, |hash, unit| {
            hash.wrapping_mul(65599) + u32::from(u16::from_le_bytes([unit[0], unit[1]]))
        })
    };
    for chunk in file[4096..].chunks_exact(65536) {
        let (mut names, mut templates) = (0, 0);
        for bucket in 0..64 {
            let mut at = u32_at(chunk, 128 + 4 * bucket) as usize;
            while at != 0 {
                let units = usize::from(u16::from_le_bytes([chunk[at + 6], chunk[at + 7]]));
                let text = &chunk[at + 8..at + 8 + 2 * units];
                assert_eq!(hash(text) as u16, u16::from_le_bytes([chunk[at + 4], chunk[at + 5]]));
                assert_eq!(hash(text) as usize % 64, bucket);
                assert_eq!(chunk[at + 8 + 2 * units..][..2], [0, 0]);
                names += 1;
                at = u32_at(chunk, at) as usize;
            }
        }
        for bucket in 0..32 {
            let mut at = u32_at(chunk, 384 + 4 * bucket) as usize;
            while at != 0 {
                assert_eq!(hash(&chunk[at + 4..at + 20]) as usize % 32, bucket);
                // The instance before the definition names the GUID's first four bytes.
                assert_eq!(chunk[at - 8..at - 4], chunk[at + 4..at + 8]);
                templates += 1;
                at = u32_at(chunk, at) as usize;
            }
        }
        assert!(names > 20 && templates > 2, "{names} names, {templates} templates");
    }
}

#[test]
fn an_empty_log_is_a_log() {
    let file = Writer::new("Setup").finish();
    assert_eq!(file.len(), 4096 + 65536);
    assert!(read(file).is_empty());
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_no_trace() {
    let text = |bytes: usize| Value::text("x".repeat(bytes / 2));
    let (small, wide, long) = (
        [("Small", Value::text("before and after"))],
        [("OneValue", text(70_000))],
        [("First", text(40_000)), ("Second", text(24_600))],
    );
    let mut clean = Writer::new("Security");
    let mut log = Writer::new("Security");
    // In an empty chunk first, where nothing could be made room for.
    assert_eq!(log.push(&data(&wide)), Err(Refused::ValueTooLong { bytes: 70_000 }));
    assert!(matches!(log.push(&data(&long)), Err(Refused::RecordTooLong { .. })));
    for log in [&mut clean, &mut log] {
        assert_eq!(log.push(&data(&small)), Ok(1));
    }
    assert_eq!(log.push(&data(&wide)), Err(Refused::ValueTooLong { bytes: 70_000 }));
    for log in [&mut clean, &mut log] {
        assert_eq!(log.push(&data(&small)), Ok(2));
    }
    assert!(clean.finish() == log.finish());
}

#[test]
fn the_largest_record_has_a_chunk_to_itself() {
    let big = [("Big", Value::text("x".repeat(31_000)))];
    let small = [("Small", Value::U8(1))];
    let mut log = Writer::new("Security");
    for values in [&small, &big, &small] {
        log.push(&data(values)).unwrap();
    }
    let file = log.finish();
    let records = read(file);
    assert_eq!(records.len(), 3);
    assert_eq!(records[1].data["Event"]["EventData"]["Big"].as_str().map(str::len), Some(31_000));
}

/// `cargo test --release -p assize-drill -- --ignored --nocapture speed`
#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    let values: Vec<_> = (0..22)
        .map(|n| (["ProcessGuid", "Image", "CommandLine", "ParentImage"][n % 4], n))
        .map(|(name, n)| (name, Value::text("C:\\Windows\\System32\\svchost.exe -k ".repeat(1 + n % 2))))
        .collect();
    let started = std::time::Instant::now();
    let mut log = Writer::new("Security");
    for n in 0..200_000 {
        let mut record = data(&values);
        record.time = FileTime::from_unix_ms(TEN_O_CLOCK + n);
        log.push(&record).unwrap();
    }
    let bytes = log.finish().len();
    let seconds = started.elapsed().as_secs_f64();
    println!("{:.0} records/s, {:.0} MB/s", 200_000.0 / seconds, bytes as f64 / 1e6 / seconds);
}
