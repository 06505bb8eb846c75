//! Are logs read as people say they are to be, and does one question reach across all of them?
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use assize_case::model::{
    Batch, Batcher, ExhibitId, Gap, Input, Origin, Projection, ReadingOptions, Sink, Snapshot, Trust,
};
use assize_case::vault::{AtRest, CaseFile, Keys, Receipt, Sidecar};
use assize_case::{Case, ReadAs, Silent, Tables, stamp};

/// A case with these files, collected then.
fn case(root: &Path, files: &[(&str, &str)], collected: &str) -> Case {
    let evidence = root.join("evidence");
    for (name, text) in files {
        let path = evidence.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let sidecar = root.join("collected.toml");
    fs::write(&sidecar, format!("acquired_at = \"{collected}\"\n")).unwrap();
    let receipt = Receipt { sidecar: Sidecar::read(&sidecar).unwrap(), ..Receipt::of(Trust::Trusted) };
    let keys = Keys::at(&root.join("keys"));
    let mut case =
        Case::create_with(&root.join("case"), CaseFile::default(), AtRest::Plain, &keys, &stamp(None))
            .unwrap();
    case.intake_with(&[evidence], &receipt, &stamp(None), &Silent, &mut |found, result| {
        assert!(result.is_ok(), "{}", found.path);
    })
    .unwrap();
    derive(&mut case);
    case
}

/// Derives, and says how many exhibits were read for it.
fn derive(case: &mut Case) -> usize {
    case.derive(&[], Some(2), &stamp(None), &Silent).unwrap().read
}

fn said(of: &str, pairs: &[(&str, &str)]) -> ReadAs {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    ReadAs { options: pairs.collect(), ..ReadAs::of(of) }
}

/// Times of the records whose message has a word, with what they rest on.
fn time(case: &Case, word: &str) -> (String, String) {
    let sql = format!("SELECT time, time_assumed FROM events WHERE fields['message'] LIKE '%{word}%'");
    let rows = case.snapshot().unwrap().rows(&sql).unwrap();
    assert_eq!(rows.len(), 1, "{word}");
    (rows[0].text("time").to_owned(), rows[0].text("time_assumed").to_owned())
}

/// Every record is read again from what its locator names, and is the same.
fn assert_reproduced(case: &Case) {
    let tables = Tables::open(&case.vault().derived(), 2).unwrap();
    let mut locators = Vec::new();
    tables
        .each("SELECT * FROM records ORDER BY id", &mut |rows| {
            let batch = Batch::of(rows).unwrap();
            locators.extend((0..batch.len()).map(|row| batch.locator(row).unwrap()));
            Ok(())
        })
        .unwrap();
    assert!(!locators.is_empty());
    for (raw, locator) in case.snapshot().unwrap().raw_all(&locators).iter().zip(&locators) {
        assert!(raw.as_ref().unwrap().same, "{locator:?}");
    }
}

const SYSLOG: &str = "Dec 30 08:00:00 fs1 app[1]: first\nJan  2 08:00:00 fs1 app[1]: second\n";

#[test]
fn a_year_that_nobody_states_is_the_latest_before_the_acquisition() {
    let dir = tempfile::tempdir().unwrap();
    let dated = "2019-03-01T00:00:00Z fs2 app[1]: start\nMar  1 08:00:00 fs2 app[1]: dated\n";
    let mut case =
        case(dir.path(), &[("fs1/a.log", SYSLOG), ("fs2/a.log", dated)], "2024-01-05T09:00:00+01:00");
    let (first, why) = time(&case, "first");
    assert_eq!(first, "2023-12-30T08:00:00Z");
    assert!(why.contains("before the evidence was taken") && why.contains("read as UTC"), "{why}");
    assert_eq!(time(&case, "second").0, "2024-01-02T08:00:00Z");
    let (dated, why) = time(&case, "dated");
    assert_eq!(dated, "2019-03-01T08:00:00Z", "a record of the same file stands above the acquisition");
    assert!(why.contains("same file"), "{why}");
    assert_reproduced(&case);

    // A person knows better, of one host.
    let statements = [said("fs1/*", &[("year", "2020"), ("zone", "Europe/Amsterdam")])];
    assert_eq!(case.read_as(&statements, &stamp(None)).unwrap(), 1);
    assert_eq!(case.read_as(&statements, &stamp(None)).unwrap(), 0, "said already");
    assert_eq!(derive(&mut case), 1, "the other exhibit stands");
    let (first, why) = time(&case, "first");
    assert_eq!(first, "2020-12-30T07:00:00Z");
    assert!(why.contains("as given") && why.contains("Europe/Amsterdam"), "{why}");
    assert_reproduced(&case);

    // And takes it back: as if it had not been said.
    case.read_as(&[said("fs1/*", &[("year", "none"), ("zone", "none")])], &stamp(None)).unwrap();
    assert_eq!(derive(&mut case), 1);
    assert_eq!(time(&case, "first").0, "2023-12-30T08:00:00Z");
    case.read_as(&[said("*", &[("not-after", "2022-06-01T00:00:00Z")])], &stamp(None)).unwrap();
    derive(&mut case);
    assert_eq!(time(&case, "second").0, "2022-01-02T08:00:00Z");
    assert!(case.read_as(&[said("*", &[("year", "26")])], &stamp(None)).is_err());
}

const MAPPING: &str = r#"
name = "registry"
title = "Registry of documents"
doc = "Who opened what."
source = "registry"
header = ["when", "wer", "was", "akte"]
example = "when;wer;was;akte"
proof = "unproven"
[time]
columns = ["when"]
[spine]
actor = "wer"
verb = { columns = ["was"], values = { "gelesen" = "read", "gedruckt" = "print" }, otherwise = "other" }
object = "akte"
object_kind = { otherwise = "file" }
outcome = { otherwise = "success" }
"#;

#[test]
fn a_mapping_of_a_persons_own_is_kept_with_the_case() {
    let dir = tempfile::tempdir().unwrap();
    let table = "when;wer;was;akte\n2026-09-14 08:12:03;m.okafor;gelesen;D-1187\n2026-09-14 08:13:00;m.okafor;gedruckt;D-1187\n";
    let other = "a;b\n1;2\n3;4\n";
    let mut case = case(dir.path(), &[("x.csv", table), ("y.csv", other)], "2026-09-20T00:00:00Z");
    let formats = |case: &Case| -> Vec<(String, u64)> {
        let sql = "SELECT format, count(*) AS n FROM events GROUP BY format ORDER BY format";
        let rows = case.snapshot().unwrap().rows(sql).unwrap();
        rows.iter().map(|row| (row.text("format").to_owned(), row.number("n"))).collect()
    };
    assert_eq!(formats(&case), [("csv".to_owned(), 4)]);
    case.read_as(&[ReadAs { mapping: Some(MAPPING.into()), ..ReadAs::of("*") }], &stamp(None)).unwrap();
    derive(&mut case);
    assert_eq!(formats(&case), [("csv".to_owned(), 2), ("mapped".to_owned(), 2)]);
    let sql = "SELECT verb, object, options FROM events WHERE format = 'mapped' ORDER BY time";
    let rows = case.snapshot().unwrap().rows(sql).unwrap();
    let verbs: Vec<&str> = rows.iter().map(|row| row.text("verb")).collect();
    assert_eq!((verbs, rows[0].text("object")), (vec!["read", "print"], "D-1187"));
    assert!(rows[0].text("options").contains("mapping="), "{}", rows[0].text("options"));
    assert_reproduced(&case);
}

/// The query of the guide, as a shell would hand it on.
fn query() -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/who-reached-what.md");
    let text = fs::read_to_string(guide).unwrap();
    let begin = text.find("assize query --case DIR \"").unwrap();
    let query = &text[begin + "assize query --case DIR \"".len()..];
    query[..query.find('"').unwrap()].to_owned()
}

#[test]
fn one_question_is_answered_by_every_source() {
    let dir = tempfile::tempdir().unwrap();
    let mail = r#"{"CreationTime":"2026-09-14T08:00:00","Id":"7f1c2a10-0000-4000-8000-000000000001","Operation":"MailItemsAccessed","OrganizationId":"o","RecordType":50,"ResultStatus":"Succeeded","UserKey":"1","UserType":0,"Version":1,"Workload":"Exchange","UserId":"m.okafor@court.example","OperationProperties":[{"Name":"MailAccessType","Value":"Bind"},{"Name":"IsThrottled","Value":"False"}],"Folders":[{"FolderItems":[{"InternetMessageId":"<1@court.example>"}],"Path":"\\Inbox"}],"OperationCount":1,"ClientIPAddress":"198.51.100.180","ClientInfoString":"Client=OWA;Mozilla/5.0","MailboxOwnerUPN":"d.kessandor@court.example"}
{"CreationTime":"2026-09-14T08:05:00","Id":"7f1c2a10-0000-4000-8000-000000000002","Operation":"FileDownloaded","OrganizationId":"o","RecordType":6,"UserKey":"1","UserType":0,"Version":1,"Workload":"SharePoint","UserId":"m.okafor@court.example","ObjectId":"https://court.example/a.docx","ItemType":"File","UserAgent":"Mozilla/5.0","ClientIP":"198.51.100.180"}
{"CreationTime":"2026-09-14T08:06:00","Id":"7f1c2a10-0000-4000-8000-000000000003","Operation":"FileDownloaded","OrganizationId":"o","RecordType":6,"UserKey":"1","UserType":0,"Version":1,"Workload":"SharePoint","UserId":"um.okafor@court.example","ObjectId":"https://court.example/b.docx","ItemType":"File","UserAgent":"Mozilla/5.0","ClientIP":"198.51.100.180"}
"#;
    let samba = "Sep 14 11:00:00 nas1 smbd_audit[7]: m.okafor|10.20.1.14|reg-ws07|archive|fdopendir|ok|/srv/archive/b\n\
                 Sep 14 11:00:01 nas1 smbd_audit[7]: m.okafor|10.20.1.14|reg-ws07|archive|pread_send|ok|/srv/archive/b/1.docx\n\
                 Sep 14 11:00:02 nas1 smbd_audit[7]: m.okafor|10.20.1.14|reg-ws07|archive|openat|fail (Permission denied)|r|/srv/archive/c/2.docx\n";
    let windows = r#"{"@timestamp":"2026-09-14T10:00:00.123Z","winlog":{"channel":"Security","provider_name":"Microsoft-Windows-Security-Auditing","event_id":"4663","computer_name":"reg-fs01.court.example","record_id":7,"event_data":{"SubjectUserName":"m.okafor","SubjectDomainName":"COURT","SubjectLogonId":"0x1","ObjectType":"File","ObjectName":"D:\\W\\a.docx","AccessMask":"0x1","AccessList":"%%4416","HandleId":"0x4"}}}
"#;
    let s3 = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be holdings [14/Sep/2026:11:00:00 +0000] 203.0.113.9 arn:aws:iam::1:user/m.okafor 891CE47D2EXAMPLE REST.GET.OBJECT b/1.pdf \"GET /b/1.pdf HTTP/1.1\" 200 - 40000 40000 31 12 \"-\" \"aws-cli/2.15.0 Python/3.11\" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader holdings.s3.eu-west-1.amazonaws.com TLSv1.2 - -\n";
    let postgres = "2026-09-14 12:00:00.000 UTC,\"okafor\",\"registry\",411,\"10.20.1.14:50112\",68c67a03.19b,3,\"SELECT\",2026-09-14 11:59:00 UTC,3/2,0,LOG,00000,\"AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.witness,SELECT * FROM witness,<not logged>,12\",,,,,,,,,\"psql\",\"client backend\",,0\n";
    let zeek = r#"{"_path":"smb_files","ts":1789376460.1,"uid":"CmES5u32sYpV7JYN","id.orig_h":"10.20.1.14","id.orig_p":50311,"id.resp_h":"10.20.0.9","id.resp_p":445,"fuid":"FqT3xk2Pq1","action":"SMB::FILE_READ","path":"\\\\nas1\\archive","name":"b\\3.docx","size":48122}
{"_path":"smb_files","ts":1789376460.2,"uid":"CmES5u32sYpV7JYM","id.orig_h":"10.20.1.99","id.orig_p":50311,"id.resp_h":"10.20.0.9","id.resp_p":445,"fuid":"FqT3xk2Pq2","action":"SMB::FILE_READ","path":"\\\\nas1\\archive","name":"b\\4.docx","size":48122}
"#;
    let files = [
        ("m365.jsonl", mail),
        ("samba/audit.log", samba),
        ("winlog.jsonl", windows),
        ("s3.log", s3),
        ("pg.csv", postgres),
        ("zeek.jsonl", zeek),
    ];
    let mut case = case(dir.path(), &files, "2026-09-20T00:00:00Z");
    case.read_as(&[said("samba/*", &[("zone", "Europe/Amsterdam")])], &stamp(None)).unwrap();
    derive(&mut case);
    let rows = case.snapshot().unwrap().rows(&query()).unwrap();
    let told: Vec<String> = rows
        .iter()
        .map(|row| {
            let columns =
                ["time", "named_by", "source", "verb", "object", "peer", "client", "outcome", "limits"];
            columns.map(|column| row.some_text(column).unwrap_or("–")).join(" ").trim_end().to_owned()
        })
        .collect();
    let expected = [
        "2026-09-14T08:00:00Z account m365 read <1@court.example> 198.51.100.180 browser success",
        "2026-09-14T08:05:00Z account m365 download https://court.example/a.docx 198.51.100.180 browser success",
        "2026-09-14T09:00:00Z account samba/full_audit list /srv/archive/b 10.20.1.14 – success check-only",
        "2026-09-14T09:00:01Z account samba/full_audit read /srv/archive/b/1.docx 10.20.1.14 – success",
        "2026-09-14T09:00:02Z account samba/full_audit read /srv/archive/c/2.docx 10.20.1.14 – denied check-only",
        "2026-09-14T09:01:00.1Z address zeek/smb_files read \\\\nas1\\archive\\b\\3.docx 10.20.1.14 desktop success",
        "2026-09-14T10:00:00.123Z account windows/Security read D:\\W\\a.docx – – success",
        "2026-09-14T11:00:00Z account aws/s3-access read s3://holdings/b/1.pdf 203.0.113.9 api success",
        "2026-09-14T12:00:00Z account postgresql query public.witness 10.20.1.14 unknown success",
    ];
    assert_eq!(told, expected, "{told:#?}");
    let counts: BTreeMap<&str, u64> =
        rows.iter().map(|row| (row.text("source"), row.number("count"))).collect();
    assert_eq!(counts["postgresql"], 12);
    assert_reproduced(&case);
}

/// Own fields of a record, in its order.
type Fields = Vec<(String, Option<String>)>;

fn fields(batch: &Batch, row: usize) -> Fields {
    batch.fields(row).map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect()
}

/// What a format says of a file, read into memory: offset and own fields of each record.
fn told(format: &str, bytes: &[u8]) -> Vec<(u64, Fields)> {
    struct Kept(Vec<(u64, Fields)>);
    impl Sink for Kept {
        fn batch(&mut self, batch: Batch) -> io::Result<()> {
            let one = |row| (batch.locator(row).unwrap().ranges[0].offset, fields(&batch, row));
            self.0.extend((0..batch.len()).map(one));
            Ok(())
        }
        fn gap(&mut self, _: Gap) -> io::Result<()> {
            Ok(())
        }
    }
    let format = assize_case::formats::by_name(format).unwrap();
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: format.card().name };
    let mut kept = Kept(Vec::new());
    let mut batcher = Batcher::new(origin, &mut kept);
    let (mut rest, options) = (bytes, ReadingOptions::default());
    let mut input = Input { bytes: &mut rest, options: &options, projection: Projection::Everything };
    format.read(&mut input, &mut batcher).unwrap();
    batcher.finish().unwrap();
    kept.0
}

/// Our samples of every format and what real servers wrote, through Parquet and back.
#[test]
fn every_source_column_of_every_record_comes_back_from_parquet() {
    let dir = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/testdata/samples");
    let mut case = Case::create(&dir.path().join("case"), CaseFile::default(), &stamp(None)).unwrap();
    case.intake(std::slice::from_ref(&samples), Trust::SelfReported, &stamp(None), &Silent, &mut |_, _| {})
        .unwrap();
    derive(&mut case);
    let snapshot = case.snapshot().unwrap();
    let sql = "SELECT r.exhibit, r.format, x.paths[1] AS path FROM readings r JOIN exhibits x ON x.id = r.exhibit \
               WHERE r.events > 0 AND r.member IS NULL ORDER BY path";
    let tables = Tables::open(&case.vault().derived(), 2).unwrap();
    let (mut records, mut formats) = (0, BTreeSet::new());
    for reading in snapshot.rows(sql).unwrap() {
        let sql = format!("SELECT * FROM records WHERE exhibit = '{}'", reading.text("exhibit"));
        let mut stored = Vec::new();
        tables
            .each(&sql, &mut |rows| {
                let batch = Batch::of(rows).unwrap();
                let one = |row| (batch.locator(row).unwrap().ranges[0].offset, fields(&batch, row));
                stored.extend((0..batch.len()).map(one));
                Ok(())
            })
            .unwrap();
        let path = reading.text("path");
        let mut read = told(reading.text("format"), &fs::read(samples.join(path)).unwrap());
        // A header and the first of its records may begin at one place.
        stored.sort();
        read.sort();
        assert_eq!(stored, read, "{path}");
        records += read.len();
        formats.insert(reading.text("format").to_owned());
    }
    assert!(records > 500 && formats.len() > 30, "{records} records, {formats:?}");
}
