//! Does every sentence of `facts/windows-messages.toml` say what it should, with its fields and
//! without them, and do real records have the fields that it asks for?
//!
//! What must be said stands in `testdata/windows-messages.txt`; `UPDATE=1` writes it anew. Real
//! records are those of the corpus (`$ASSIZE_CORPUS`); without it that test says SKIPPED.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stderr)] // Tests play the person.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use assize_formats::{by_name, container, message};
use assize_model::{Batch, Batcher, Cause, ExhibitId, Gap, Input, Origin, Projection, ReadingOptions, Sink};

/// A plausible value for a field of that name.
fn sample(name: &str) -> String {
    let exact = match name {
        "LogonType" => "10",
        "Status" | "SubStatus" => "0xc000006a",
        "AccessList" => "%%4416\r\n\t\t\t\t%%4423\r\n\t\t\t\t",
        "ObjectType" => "File",
        "TicketEncryptionType" => "0x17",
        "PreAuthType" => "2",
        "TokenElevationType" => "%%1937",
        "ElevatedToken" => "%%1842",
        "Keywords" => "0x8020000000000000",
        "GrantedAccess" => "0x1010",
        "QueryStatus" => "9003",
        "Direction" => "%%14592",
        "ServiceStartType" | "Action ID" => "2",
        "ServiceType" => "0x10",
        "Protocol" => "6",
        "UserAccountControl" => "\r\n\t\t%%2080\r\n\t\t%%2082",
        "SubcategoryId" => "%%12800",
        "AuditPolicyChanges" => "%%8448, %%8450",
        "OperationType" => "%%14674",
        "Operation" => "%%2464",
        "ReadOperation" => "%%8100",
        "ResultCode" => "0x80041003",
        "TargetSid" | "MemberSid" => "S-1-5-21-1-2-3-500",
        "Properties" => "%%7688\r\n\t\t{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}",
        _ => return format!("‹{name}›"),
    };
    exact.to_owned()
}

fn told(known: &message::Known, with_fields: bool) -> String {
    let event = known.event.to_string();
    let names = known.fields.iter().flatten().filter(|name| !matches!(**name, "Computer"));
    let names: BTreeSet<&str> = names.copied().collect();
    // A name may be asked for as the third of its kind, or an account's name with its domain.
    let domains = ["SubjectDomainName", "TargetDomainName", "AccountDomain", "Param2", "Domain"];
    let values: Vec<(&str, String)> = names
        .iter()
        .copied()
        .chain(domains.into_iter().filter(|name| !names.contains(name)))
        .flat_map(|name| (0..3).map(move |_| (name, sample(name))))
        .collect();
    let mut fields = vec![("Provider_Name", Some(known.provider)), ("EventID", Some(event.as_str()))];
    if with_fields {
        fields.push(("Computer", Some("FS01")));
        fields.extend(values.iter().map(|(name, value)| (*name, Some(value.as_str()))));
    }
    message::sentence(&fields).unwrap()
}

#[test]
fn every_sentence_stands_in_testdata() {
    let mut text = String::new();
    let mut count = 0;
    for known in message::known() {
        assert!(known.link.starts_with("https://") && !known.link.contains('{'), "{}", known.link);
        let (with, without) = (told(&known, true), told(&known, false));
        assert!(!with.contains("[no "), "{with}");
        assert!(!without.contains('‹') && (known.fields.is_empty() || without.contains("[no ")), "{without}");
        writeln!(text, "{} {}\n  {with}\n  {without}", known.provider, known.event).unwrap();
        count += 1;
    }
    assert!(count >= 60, "{count} kinds of record have a sentence");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/windows-messages.txt");
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(path, text).unwrap();
    }
    assert!(
        text == fs::read_to_string(path).unwrap_or_default(),
        "differs; look at it with UPDATE=1 and git diff"
    );
}

#[test]
fn codes_are_told_by_kind_of_record() {
    let meanings = |own: &[(&str, &str)]| {
        let fields: Vec<(&str, Option<&str>)> =
            own.iter().map(|(name, value)| (*name, Some(*value))).collect();
        message::meanings(&fields)
    };
    const AUDIT: (&str, &str) = ("Provider_Name", "Microsoft-Windows-Security-Auditing");
    let one = |name: &str, meaning: &str| vec![(name.to_owned(), meaning.to_owned())];
    let mask = ("AccessMask", "0x20001");
    assert_eq!(
        meanings(&[AUDIT, ("EventID", "4663"), ("ObjectType", "File"), mask]),
        one("AccessMask", "ReadData or ListDirectory, READ_CONTROL")
    );
    assert_eq!(
        meanings(&[AUDIT, ("EventID", "4663"), ("ObjectType", "Key"), mask]),
        one("AccessMask", "QueryValue, READ_CONTROL")
    );
    // Of what kind the object is decides; without it the bits mean nothing that we could say.
    assert_eq!(meanings(&[AUDIT, ("EventID", "4663"), mask]), []);
    assert_eq!(
        meanings(&[AUDIT, ("EventID", "4771"), ("Status", "0x18")])[0].1,
        "wrong password, or another proof of identity that failed"
    );
    assert_eq!(meanings(&[AUDIT, ("EventID", "4625"), ("Status", "-1073741718")])[0].1, "wrong password");
    assert_eq!(meanings(&[("Provider_Name", "Other"), ("EventID", "4625"), ("Status", "0x18")]), []);
    assert_eq!(meanings(&[("Status", "0x18")]), []);
}

/// The names of the own fields that real records have, by provider and number.
#[derive(Default)]
struct Real(BTreeMap<(String, u32), BTreeSet<String>>);

impl Sink for Real {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        for row in 0..batch.len() {
            let fields: Vec<_> = batch.fields(row).collect();
            let first = |name| fields.iter().find(|(own, _)| *own == name).and_then(|(_, value)| *value);
            let (Some(provider), Some(event)) = (first("Provider_Name"), first("EventID")) else { continue };
            let Ok(event) = event.parse() else { continue };
            let names = self.0.entry((provider.to_owned(), event)).or_default();
            names.extend(fields.iter().map(|(name, _)| (*name).to_owned()));
        }
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> io::Result<()> {
        Ok(())
    }
}

impl container::Visitor for Real {
    fn wants(&self, _: &str) -> bool {
        true
    }
    fn member(&mut self, _: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> io::Result<()> {
        if !head.starts_with(b"ElfFile\0") {
            return Ok(());
        }
        let mut bytes = head.chain(rest);
        let options = ReadingOptions::default();
        let mut input = Input { bytes: &mut bytes, options: &options, projection: Projection::Everything };
        let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "evtx" };
        let mut batcher = Batcher::new(origin, self);
        by_name("evtx").unwrap().read(&mut input, &mut batcher)?;
        batcher.finish().map(|_| ())
    }
    fn problem(&mut self, _: Option<&str>, _: Cause, _: String) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn real_records_have_the_fields_that_their_sentences_ask_for() {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("ASSIZE_CORPUS").map_or_else(default, PathBuf::from);
    let mut real = Real::default();
    for archive in ["evtx_attack_samples.tar.gz", "sigma_regression.tar.gz", "parser_torture.tar.gz"] {
        let Ok(mut file) = File::open(corpus.join(archive)) else {
            eprintln!(
                "\n*** SKIPPED: sentences against real records: no corpus in {} (set ASSIZE_CORPUS) ***\n",
                corpus.display()
            );
            return;
        };
        let size = file.metadata().unwrap().len();
        container::visit(&mut file, size, &mut real).unwrap();
    }
    let (mut kinds, mut lacking) = (0, Vec::new());
    for known in message::known() {
        let Some(names) = real.0.get(&(known.provider.to_owned(), known.event)) else { continue };
        kinds += 1;
        let asked = known.fields.iter().filter(|group| !group.iter().any(|name| names.contains(*name)));
        lacking
            .extend(asked.map(|group| format!("{} {}: {}", known.provider, known.event, group.join(" or "))));
    }
    eprintln!("{kinds} kinds of record with a sentence met in the corpus");
    assert!(lacking.is_empty(), "{lacking:#?}");
    assert!(kinds > 60, "only {kinds}");
}
