//! Is the fast engine the naive one, whatever the rules and whatever the log?
//!
//! Every hit with its fields, and every log source that had a candidate, must be the same. Random
//! rules meet random events here; SigmaHQ's rules meet all real event logs of the corpus.
// A test reads its own files, takes the time and may fail.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr)]

mod common;

use assize_model::{Batch, Projection, RuleFile, Scan, SpinePart, column};
use assize_sigma::RuleSet;
use assize_testing::{corpus_item, members};
use common::Fields;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The first difference between the two engines, in words.
fn difference(rules: &RuleSet, batches: &[Batch]) -> Option<String> {
    for batch in batches {
        let (mut fast, mut naive) = (Scan::default(), Scan::default());
        rules.scan(batch, &mut fast);
        rules.scan_naively(batch, &mut naive);
        if fast.logsources != naive.logsources {
            return Some(format!("log sources {:?} for {:?}", fast.logsources, naive.logsources));
        }
        let differs = |rule: &usize| fast.able.contains(*rule) != naive.able.contains(*rule);
        if let Some(rule) = (0..rules.rules().len()).find(differs) {
            let (fast, file) = (fast.able.contains(rule), &rules.rules()[rule].file);
            return Some(format!("{file} could have spoken: fast {fast}, naive {}", !fast));
        }
        if fast.hits != naive.hits {
            let differs = |at: &usize| fast.hits.get(*at) != naive.hits.get(*at);
            let at = (0..fast.hits.len().max(naive.hits.len())).find(differs).unwrap();
            let (one, other) = (fast.hits.get(at), naive.hits.get(at));
            let hit = [one, other].into_iter().flatten().min_by_key(|hit| (hit.row, hit.rule)).unwrap();
            let rule = &rules.rules()[hit.rule].file;
            let why = rules.explain(hit.rule, batch, hit.row);
            return Some(format!("fast {one:?}\nnaive {other:?}\n{rule}\n{why}"));
        }
    }
    None
}

const FIELDS: &[&str] = &[
    "EventID",
    "Provider_Name",
    "Channel",
    "Image",
    "CommandLine",
    "User",
    "ProcessId",
    "ParentImage",
    "TargetObject",
    "Details",
    "ProviderName",
    "Hash es",
    "image",
    "OperationType",
    "NewProcessName",
    "Computer",
    "ComputerName",
    "eventid",
];

const VALUES: &[&str] = &[
    "'1'",
    "4688",
    "4657",
    "'*'",
    "''",
    "null",
    "'C:\\Windows\\System32\\cmd.exe'",
    "'\\cmd.exe'",
    "'cmd'",
    "'c:\\win*\\CMD.???'",
    "'/c whoami'",
    "'-enc*JAB'",
    "' -x'",
    "'Ünï'",
    "'%%1904'",
    "'HKLM\\Software\\'",
    "'10.0.0.0/8'",
    "'2024-02-29T23:05:00Z'",
    "0x10",
    "1.5",
    "'K'",
    "'?'",
    "'a\\*b'",
    "'Microsoft-Windows-Sysmon'",
    "'DOM\\bob'",
    "23",
    "true",
    "'lsadump::'",
    "'ſecret'",
];

const KEYS: &[&str] = &[
    "",
    "",
    "",
    "|contains",
    "|contains",
    "|startswith",
    "|endswith",
    "|endswith",
    "|contains|all",
    "|cased",
    "|contains|cased",
    "|windash|contains",
    "|re",
    "|re|i",
    "|re|m|s",
    "|minute|lt",
    "|month|neq",
    "|day",
    "|fieldref|neq",
    "|contains|neq",
    "|utf16|base64",
    "|cidr",
    "|exists",
    "|gt",
    "|lte",
    "|hour",
    "|week|gte",
    "|neq",
    "|fieldref",
    "|fieldref|contains",
    "|base64offset|contains",
    "|wide|base64offset|contains",
];

const REGEXES: &[&str] = &[
    "'^c:\\\\\\\\win'",
    "'(cmd|whoami)\\.exe$'",
    "'[Kk]ernel'",
    "'who.?ami'",
    "'^$'",
    "'(?i)SECRET'",
    "'a|b|'",
    "'\\d{4}'",
];

/// A value of a rule: one of those above, or a piece of a text that stands in events, with places left open.
fn value() -> impl Strategy<Value = String> {
    let piece = (
        select(TEXTS),
        any::<Index>(),
        any::<Index>(),
        vec((any::<Index>(), select(&["*", "?", "a*"][..])), 0..3),
    );
    let piece = piece.prop_map(|(text, from, to, open)| {
        let mut chars: Vec<String> = text.chars().map(String::from).collect();
        let (from, to) = (from.index(chars.len() + 1), to.index(chars.len() + 1));
        chars = chars[from.min(to)..from.max(to)].to_vec();
        for (at, left_open) in open {
            if !chars.is_empty() {
                let at = at.index(chars.len());
                chars[at] = left_open.to_owned();
            }
        }
        format!("'{}'", chars.concat())
    });
    prop_oneof![1 => select(VALUES).prop_map(str::to_owned), 1 => piece]
}

fn item() -> impl Strategy<Value = String> {
    let values = vec(value(), 1..4);
    (select(FIELDS), select(KEYS), values, select(REGEXES), select(FIELDS), any::<bool>()).prop_map(
        |(field, key, values, regex, other, truth)| {
            let value = match key {
                "|re" | "|re|i" | "|re|m|s" => regex.to_owned(),
                "|cidr" => "'10.0.0.0/8'".to_owned(),
                "|exists" => truth.to_string(),
                "|gt" | "|lte" | "|hour" | "|week|gte" => "9".to_owned(),
                "|minute|lt" | "|month|neq" | "|year" | "|day" => "29".to_owned(),
                "|fieldref" | "|fieldref|contains" | "|fieldref|neq" => format!("'{other}'"),
                key if key.contains("base64") => "['cmd', 'C:\\\\Win', 'ÜNÏ']".to_owned(),
                "" | "|neq" => format!("[{}]", values.join(", ")),
                _ => {
                    let texts = values.into_iter().filter(|value| value.starts_with('\'') && value.len() > 4);
                    let texts: Vec<String> = texts.collect();
                    if texts.is_empty() { "'cmd'".to_owned() } else { format!("[{}]", texts.join(", ")) }
                }
            };
            format!("'{field}{key}': {value}")
        },
    )
}

fn selection() -> impl Strategy<Value = String> {
    let map = || {
        vec(item(), 1..4).prop_map(|items| {
            let mut seen = std::collections::BTreeSet::new();
            let items: Vec<_> = items
                .into_iter()
                .filter(|item| seen.insert(item.split(':').next().unwrap().to_owned()))
                .collect();
            format!("{{{}}}", items.join(", "))
        })
    };
    let words = vec(select(&["'cmd'", "'lsadump::'", "'4688'", "'w*i'", "'Ünï'", "'?'"][..]), 1..3);
    prop_oneof![
        5 => map(),
        2 => vec(map(), 1..4).prop_map(|maps| format!("[{}]", maps.join(", "))),
        1 => words.prop_map(|words| format!("[{}]", words.join(", "))),
        1 => item().prop_map(|item| format!("{{'|re': {}}}", if item.contains("|re'") { item.split(": ").nth(1).unwrap().to_owned() } else { "'cm.'".to_owned() })),
    ]
}

const CONDITIONS: &[&str] = &[
    "a",
    "a and b",
    "a or b",
    "a and not b",
    "not a",
    "1 of them",
    "all of them",
    "2 of them",
    "(a or b) and not c",
    "not (a and b)",
    "a or not b",
    "not 1 of them",
    "a and not 1 of f*",
    "c and (a or not b)",
];

const SOURCES: &[&str] = &[
    "{product: windows}",
    "{product: windows}",
    "{product: windows}",
    "{product: windows, category: process_creation}",
    "{product: windows, service: security}",
    "{product: windows, service: sysmon}",
    "{product: windows, category: registry_set}",
    "{product: windows, category: registry_event}",
    "{product: windows, category: file_access}",
    "{product: windows, category: ps_script}",
    "{product: linux}",
    "{product: linux, service: auditd}",
    "{product: linux, category: process_creation}",
    "{product: aws, service: cloudtrail}",
    "{category: webserver}",
];

fn rule() -> impl Strategy<Value = String> {
    let parts = (selection(), selection(), selection(), selection());
    (parts, select(CONDITIONS), select(SOURCES)).prop_map(|((a, b, c, f), condition, source)| {
        format!("title: T\nlogsource: {source}\ndetection:\n  a: {a}\n  b: {b}\n  c: {c}\n  f1: {f}\n  condition: {condition}\n")
    })
}

const TEXTS: &[&str] = &[
    "1",
    "4688",
    "4657",
    "0x10",
    "23",
    "",
    "C:\\Windows\\System32\\cmd.exe",
    "cmd.exe /c whoami",
    "c:\\win\\CMD.EXE",
    "\\cmd.exe",
    "-enc xJABy",
    "/x -x",
    "–x",
    "ÜNÏ",
    "%%1904",
    "%%1906",
    "\\REGISTRY\\MACHINE\\Software\\X",
    "HKLM\\Software\\X",
    "10.1.2.3",
    "::ffff:10.0.0.1",
    "2024-02-29T23:05:00Z",
    "1.5",
    "\u{212a}ernel",
    "SECRET",
    "ſecret",
    "a*b",
    "Microsoft-Windows-Sysmon",
    "Microsoft-Windows-Kernel-File",
    "DOM",
    "bob",
    "DOM\\bob",
    "lsadump::sam",
    "kernel whoami.exe",
    "Y21k",
    "true",
];

const NAMES: &[&str] = &[
    "EventID",
    "EventID",
    "EventID",
    "Provider_Name",
    "Channel",
    "Image",
    "Image",
    "CommandLine",
    "CommandLine",
    "User",
    "ProcessId",
    "ParentImage",
    "TargetObject",
    "Details",
    "OperationType",
    "NewProcessName",
    "ObjectName",
    "ObjectValueName",
    "SubjectDomainName",
    "SubjectUserName",
    "NewValue",
    "Hashes",
    "IMAGE",
    "eventid",
    "Computer",
    "Command Line",
];

const KINDS: &[&str] = &[
    "windows/Security",
    "windows/Security",
    "windows/Security",
    "windows/Microsoft-Windows-Sysmon/Operational",
    "windows/Microsoft-Windows-Sysmon/Operational",
    "windows/security",
    "windows/System",
    "windows/Microsoft-Windows-PowerShell/Operational",
    "windows/unheard of",
    "json",
    "",
    "linux/auditd",
    "linux/syslog",
    "webserver/apache",
];

fn event() -> impl Strategy<Value = (String, Fields)> {
    // Once in a while longer than what is remembered.
    let text = (select(TEXTS), prop::bool::weighted(0.02));
    let text = text.prop_map(|(text, is_long)| if is_long { text.repeat(700) } else { text.to_owned() });
    let value = prop::option::weighted(0.9, text);
    let fields = vec((select(NAMES).prop_map(str::to_owned), value), 4..14);
    let id = select(&["1", "4688", "4657", "4104", "13", "9999"][..]);
    (select(KINDS), fields, prop::option::weighted(0.8, id)).prop_map(|(kind, mut fields, id)| {
        if let Some(id) = id {
            fields.insert(0, ("EventID".to_owned(), Some(id.to_owned())));
        }
        (kind.to_owned(), fields)
    })
}

/// Events of a few kinds, each with its own names: only so is what was learnt of one event asked of the
/// next. Fields that a route puts together are among the names more often than others.
fn log() -> impl Strategy<Value = Vec<(String, Fields)>> {
    let joined = select(
        &["SubjectDomainName", "SubjectUserName", "ObjectName", "ObjectValueName", "OperationType"][..],
    );
    let name = prop_oneof![3 => select(NAMES), 1 => joined];
    let names = vec(name, 1..7);
    let id = prop::option::weighted(0.9, select(&["1", "4688", "4657", "13"][..]));
    let kinds = vec((select(KINDS), id, names), 1..4);
    let value = prop::option::weighted(0.8, select(TEXTS));
    let events = vec((any::<Index>(), vec(value, 7)), 4..48);
    (kinds, events).prop_map(|(kinds, events)| {
        let event = |(kind, values): (Index, Vec<Option<&str>>)| {
            let (kind, id, names) = kind.get(&kinds);
            let id = id.map(|id| ("EventID".to_owned(), Some(id.to_owned())));
            let field = |(name, value): (&&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
            ((*kind).to_owned(), id.into_iter().chain(names.iter().zip(values).map(field)).collect())
        };
        events.into_iter().map(event).collect()
    })
}

/// Rules, each in a file of its own.
fn set(texts: &[String]) -> RuleSet {
    let file =
        |(number, text): (usize, &String)| RuleFile { name: format!("{number:03}.yml"), text: text.clone() };
    RuleSet::load(&texts.iter().enumerate().map(file).collect::<Vec<_>>())
}

/// Twice, for what was learnt from the first time must say the same.
fn same(texts: &[String], events: &[(String, Fields)]) -> Result<(), TestCaseError> {
    let batch = common::batch(events);
    let difference = difference(&set(texts), &[batch.clone(), batch]);
    prop_assert!(difference.is_none(), "{}\n{}", difference.unwrap_or_default(), texts.join("---\n"));
    Ok(())
}

proptest! {
    #![proptest_config(common::cases(1500))]

    #[test]
    fn random_rules_on_random_events(texts in vec(rule(), 1..12), events in vec(event(), 1..24)) {
        same(&texts, &events)?;
    }

    #[test]
    fn random_rules_on_logs_of_a_few_kinds(texts in vec(rule(), 1..12), events in log()) {
        same(&texts, &events)?;
    }
}

proptest! {
    #![proptest_config(common::cases(40))]

    /// More rules than a word has bits.
    #[test]
    fn many_random_rules(texts in vec(rule(), 65..200), events in log()) {
        same(&texts, &events)?;
    }
}

/// As many as it takes to meet what the short tests meet by luck alone.
mod long {
    use super::*;

    proptest! {
        #![proptest_config(common::other_cases(100_000))]

        #[test]
        #[ignore = "minutes"]
        fn random_events(texts in vec(rule(), 1..12), events in vec(event(), 1..24)) {
            same(&texts, &events)?;
        }

        #[test]
        #[ignore = "minutes"]
        fn logs_of_a_few_kinds(texts in vec(rule(), 1..12), events in log()) {
            same(&texts, &events)?;
        }
    }

    proptest! {
        #![proptest_config(common::other_cases(3_000))]

        #[test]
        #[ignore = "minutes"]
        fn many_rules(texts in vec(rule(), 65..300), events in log()) {
            same(&texts, &events)?;
        }
    }
}

proptest! {
    #![proptest_config(common::cases(300))]

    /// A table with a column per field gives the same hits as the same events in our own layout.
    #[test]
    fn tables_give_what_batches_give(
        texts in vec(rule(), 1..8),
        events in vec(event(), 1..16),
        kind in select(KINDS),
        layout in 0..3_u8,
    ) {
        let rules = set(&texts);
        // A table has a name once, and no explicit null.
        let names: Vec<&'static str> = NAMES.iter().copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        let field = |fields: &Fields, name: &str| fields.iter().find(|(own, _)| own == name).and_then(|(_, value)| value.clone());
        let as_table = |fields: &Fields| names.iter().filter_map(|name| Some(((*name).to_owned(), Some(field(fields, name)?)))).collect();
        let ours: Vec<(String, Fields)> = events.iter().map(|(_, fields)| (kind.to_owned(), as_table(fields))).collect();
        let column = |name: &&'static str| {
            let values = events.iter().map(|(_, fields)| field(fields, name));
            let array: arrow_array::ArrayRef = match layout {
                0 => std::sync::Arc::new(values.collect::<arrow_array::StringArray>()),
                1 => std::sync::Arc::new(values.collect::<arrow_array::StringViewArray>()),
                _ => {
                    let values: Vec<Option<String>> = values.collect();
                    let dictionary: arrow_array::DictionaryArray<arrow_array::types::Int32Type> = values.iter().map(Option::as_deref).collect();
                    std::sync::Arc::new(dictionary)
                }
            };
            (*name, array, true)
        };
        let table = arrow_array::RecordBatch::try_from_iter_with_nullable(names.iter().map(column)).unwrap();
        let (mut of_table, mut of_batch) = (Scan::default(), Scan::default());
        prop_assert_eq!(rules.scan_table(kind, &table, &mut of_table), Vec::<String>::new());
        rules.scan(&common::batch(&ours), &mut of_batch);
        prop_assert_eq!(of_table.hits, of_batch.hits);
        prop_assert_eq!(of_table.logsources, of_batch.logsources);
    }
}

/// What is asked of one field by two names, each in a rule of its own, is two questions of one column.
#[test]
fn two_names_of_one_field_are_asked_alike() {
    const ASKS: &[&str] = &["|exists': true", "|exists': false", "': null", "': '\\cmd.exe'", "|re': 'cmd'"];
    let rule = |name: &str, source: &str, ask: &str| {
        format!("title: T\nlogsource: {{{source}}}\ndetection:\n  a: {{'{name}{ask}}}\n  condition: a\n")
    };
    let names =
        [("Image", "product: windows, category: process_creation"), ("NewProcessName", "product: windows")];
    let rules = names.iter().flat_map(|(name, source)| ASKS.iter().map(|ask| rule(name, source, ask)));
    let rules = set(&rules.collect::<Vec<_>>());
    assert_eq!(rules.not_run().len(), 0);
    let event = |fields: &[(&str, Option<&str>)]| -> (String, Fields) {
        let of_id = std::iter::once(&("EventID", Some("4688"))).chain(fields);
        let own = |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
        ("windows/Security".to_owned(), of_id.map(own).collect())
    };
    let events = [
        event(&[("NewProcessName", Some("\\cmd.exe"))]),
        event(&[("NewProcessName", None)]),
        event(&[("NewProcessName", Some("other"))]),
        event(&[]),
    ];
    let batch = common::batch(&events);
    assert_eq!(difference(&rules, std::slice::from_ref(&batch)), None);
    let mut scan = Scan::default();
    rules.scan(&batch, &mut scan);
    // Of the first event: it is there, it is the value, it fits; of the second: it is there, it is null; of
    // the third: it is there; of the fourth: it is absent, and so null. Twice each, once by either name.
    assert_eq!(scan.hits.len(), 2 * (3 + 2 + 1 + 2));
}

/// An event of no kind of log, and the first of all: it must not lend its class to the next one.
#[test]
fn a_log_without_a_name_is_a_kind_of_its_own() {
    let rule = |source: &str| {
        format!("title: T\nlogsource: {{{source}}}\ndetection:\n  a: {{'A': 1}}\n  condition: a\n")
    };
    let rules = set(&[rule("product: windows"), rule("product: windows, service: security")]);
    let event = |source: &str| (source.to_owned(), vec![("A".to_owned(), Some("1".to_owned()))]);
    let events = ["", "windows/Security", "", "windows/System"].map(event);
    let batch = common::batch(&events);
    assert_eq!(difference(&rules, &[batch.clone(), batch.clone()]), None);
    let mut scan = Scan::default();
    rules.scan(&batch, &mut scan);
    assert_eq!(scan.hits.len(), 3);
}

/// That the rules above mostly run and often speak, so that the comparison above compares something.
#[test]
fn random_rules_do_speak() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut rules, mut not_run, mut hits) = (0, 0, 0);
    for _ in 0..300 {
        let text = rule().new_tree(&mut runner).unwrap().current();
        let set = RuleSet::load(&[RuleFile { name: "r.yml".into(), text }]);
        let events: Vec<_> = (0..20).map(|_| event().new_tree(&mut runner).unwrap().current()).collect();
        let mut scan = Scan::default();
        set.scan(&common::batch(&events), &mut scan);
        rules += set.rules().len();
        not_run += set.not_run().len();
        hits += scan.hits.len();
    }
    eprintln!("{rules} rules, {not_run} not run, {hits} hits");
    assert!(rules > 200 && hits > 300, "{rules} rules, {not_run} not run, {hits} hits");
}

#[test]
fn sigmahq_on_all_event_logs() {
    let Some(archive) = corpus_item("sigmahq_on_all_event_logs", "sigma_rules.tar.gz") else { return };
    let rules = RuleSet::load(&common::rules(&archive));
    let (mut files, mut events, mut hits) = (0, 0, 0);
    for archive in ["evtx_attack_samples.tar.gz", "sigma_regression.tar.gz"] {
        let Some(archive) = corpus_item("sigmahq_on_all_event_logs", archive) else { return };
        for (name, bytes) in members(&archive, ".evtx") {
            let batches = common::read("evtx", &bytes, Projection::Everything);
            if let Some(difference) = difference(&rules, &batches) {
                panic!("{name}: {difference}");
            }
            files += 1;
            for batch in &batches {
                let mut scan = Scan::default();
                rules.scan(batch, &mut scan);
                events += batch.len();
                hits += scan.hits.len();
            }
        }
    }
    eprintln!("{} rules, {files} files, {events} events, {hits} hits: no difference", rules.rules().len());
    assert!(files > 400 && events > 8000 && hits > 1000);
}

#[test]
fn sigmahq_on_cloud_logs() {
    let Some(archive) = corpus_item("sigmahq_on_cloud_logs", "sigma_rules.tar.gz") else { return };
    let rules = RuleSet::load(&common::rules(&archive));
    let folder = archive.with_file_name("aws_stratus_detonation").join("detonation-logs");
    let (mut events, mut spoke) = (0, std::collections::BTreeSet::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let batches = common::read("json", &std::fs::read(&path).unwrap(), Projection::Everything);
        if let Some(difference) = difference(&rules, &batches) {
            panic!("{}: {difference}", path.display());
        }
        for batch in &batches {
            let mut scan = Scan::default();
            rules.scan(batch, &mut scan);
            events += batch.len();
            spoke.extend(scan.hits.iter().map(|hit| rules.rules()[hit.rule].title.clone()));
        }
    }
    eprintln!("{events} CloudTrail events; {} rules spoke: {spoke:?}", spoke.len());
    assert!(events > 100 && spoke.len() > 5);
}

/// Event, rule, fields and accounts of every hit, the log sources met, and the rules that could have spoken.
type Found = (
    Vec<(String, usize, String, [Option<String>; 4])>,
    std::collections::BTreeSet<String>,
    assize_model::detector::Rules,
);

fn found(rules: &RuleSet, batches: &[Batch]) -> Found {
    let mut found = Vec::new();
    let mut scan = Scan::default();
    for batch in batches {
        scan.hits.clear();
        rules.scan(batch, &mut scan);
        let event = |row| batch.id(row).unwrap().to_string();
        let accounts = |row| {
            [column::SOURCE, column::HOST, column::ACTOR, column::TARGET]
                .map(|name| batch.text(name, row).map(str::to_owned))
        };
        found.extend(
            scan.hits.iter().map(|hit| (event(hit.row), hit.rule, hit.fields.join(" "), accounts(hit.row))),
        );
    }
    (found, scan.logsources, scan.able)
}

#[test]
fn reading_only_what_rules_want_changes_no_hit() {
    let (Some(rules), Some(archive)) = (
        corpus_item("reading_only_what_rules_want_changes_no_hit", "sigma_rules.tar.gz"),
        corpus_item("reading_only_what_rules_want_changes_no_hit", "evtx_attack_samples.tar.gz"),
    ) else {
        return;
    };
    let files = common::rules(&rules);
    let narrow = |file: &&RuleFile| {
        file.text.contains("category: process_creation") || file.text.contains("service: wmi")
    };
    let some_rules = RuleSet::load(&files.iter().filter(narrow).cloned().collect::<Vec<_>>());
    // Some of all of them look for words in any event.
    let all_rules = RuleSet::load(&files);
    let (mut all, mut read, mut hits) = (0, 0, 0);
    for (name, bytes) in members(&archive, ".evtx") {
        let everything = common::read("evtx", &bytes, Projection::Everything);
        for rules in [&all_rules, &some_rules] {
            let wanted = rules.wanted().clone().with_spine(SpinePart::Accounts);
            let some = common::read("evtx", &bytes, Projection::Wanted(&wanted));
            let of_everything = found(rules, &everything);
            assert_eq!(of_everything, found(rules, &some), "{name}");
            hits += of_everything.0.len();
            read += some.iter().map(Batch::len).sum::<usize>();
            all += everything.iter().map(Batch::len).sum::<usize>();
        }
    }
    eprintln!("{read} of {all} events wanted, {hits} hits");
    assert!(hits > 300 && read * 4 < all * 3, "{read} of {all} events wanted, {hits} hits");
}
