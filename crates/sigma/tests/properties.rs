//! What holds for every rule and event, however they came about?

// A test may fail.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr)]

mod common;

use assize_model::{RuleFile, Scan};
use assize_sigma::{Record, RuleSet, lint};
use proptest::prelude::*;

const SEEDS: &[&str] = &[
    include_str!("../testdata/conformance/strings.yml"),
    include_str!("../testdata/conformance/structure.yml"),
    include_str!("../testdata/conformance/modifiers.yml"),
    include_str!("../testdata/conformance/regex.yml"),
    include_str!("../testdata/conformance/condition.yml"),
    WHOLE,
];

const WHOLE: &str = r"title: A rule
id: 929a690e-bef0-4204-a928-ef5e620d6fcc
status: test
tags: [attack.t1003.001, attack.credential-access]
logsource:
    product: windows
    category: process_creation
detection:
    selection_img:
        - Image|endswith: ['\a.exe', '\b?.exe']
        - OriginalFileName: A.EXE
    selection_cli:
        CommandLine|windash|contains|all: [' -x', 'y*z']
    filter_main:
        ParentImage|re|i: '^c:\\(win|x)[^\\]{1,9}$'
        User: null
    condition: all of selection_* and not 1 of filter_main*
level: high
---
action: global
title: Template
logsource: {product: windows}
---
detection: {k: [one, two], condition: k}
---
action: repeat
level: low
";

/// Bytes that mean something to YAML, conditions and patterns, put in the way.
const TRAPS: &[&str] = &[
    "",
    "---\n",
    "...\n",
    "\n",
    "\t",
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "not ",
    "1 of ",
    "*",
    "&a ",
    "*a",
    "!x ",
    "|",
    ">",
    "'",
    "\"",
    "\\",
    "%",
    "\u{feff}",
    "\0",
    "é",
    "\u{202e}",
    "null",
    "~",
    "|all",
    "|re",
    "9999999999999999999999",
    "action: global\n",
    "<<: ",
    "? ",
    "#",
];

fn mutated() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..40_usize, 0..TRAPS.len());
    (0..SEEDS.len(), proptest::collection::vec(change, 0..12)).prop_map(|(seed, changes)| {
        let mut chars: Vec<char> = SEEDS[seed].chars().collect();
        for (at, length, trap) in changes {
            let at = at.index(chars.len() + 1);
            let end = (at + length).min(chars.len());
            chars.splice(at..end, TRAPS[trap].chars());
        }
        chars.into_iter().collect()
    })
}

fn file(text: String) -> [RuleFile; 1] {
    [RuleFile { name: "r.yml".into(), text }]
}

fn event() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
    let name =
        prop::sample::select(vec!["Image", "CommandLine", "ParentImage", "User", "OriginalFileName", "Data"]);
    let value = prop::option::of(prop::sample::select(vec![
        r"C:\a.exe",
        r"\bX.exe",
        "x -x yz",
        "x /x y-z two",
        "A.exe",
        r"c:\win1",
        "",
        "one",
    ]));
    proptest::collection::vec(
        (name.prop_map(str::to_owned), value.prop_map(|value| value.map(str::to_owned))),
        0..8,
    )
}

proptest! {
    #![proptest_config(common::cases(300))]

    #[test]
    fn no_text_makes_loading_fail_and_none_is_lost(text in mutated()) {
        is_loaded_whole(text)?;
    }

    #[test]
    fn evaluation_scan_and_explanation_agree(text in mutated(), fields in event(), id in 0..3_u8) {
        answers_agree(text, &fields, id)?;
    }
}

proptest! {
    #![proptest_config(common::other_cases(100_000))]

    #[test]
    #[ignore = "minutes"]
    fn any_text_and_any_event(text in mutated(), fields in event(), id in 0..3_u8) {
        is_loaded_whole(text.clone())?;
        answers_agree(text, &fields, id)?;
    }
}

fn is_loaded_whole(text: String) -> Result<(), TestCaseError> {
    let rules = RuleSet::load(&file(text.clone()));
    prop_assert!(!rules.rules().is_empty() || !rules.not_run().is_empty());
    for rule in rules.not_run() {
        prop_assert!(rule.line.is_some(), "{}", rule.reason);
    }
    prop_assert_eq!(lint::check(&file(text)).len(), 1);
    Ok(())
}

fn answers_agree(text: String, fields: &[(String, Option<String>)], id: u8) -> Result<(), TestCaseError> {
    let rules = RuleSet::load(&file(text));
    let id = id.to_string();
    let pairs = fields.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
    let source = "windows/Microsoft-Windows-Sysmon/Operational";
    let record = Record::new(source, pairs.chain([("EventID", Some(id.as_str()))]));
    let found: Vec<usize> =
        rules.matches(&record, &mut Scan::default()).into_iter().map(|(rule, _)| rule).collect();
    for rule in 0..rules.rules().len() {
        let explanation = rules.explain_record(rule, &record);
        prop_assert_eq!(explanation.is_match, rules.evaluate_record(rule, &record));
        prop_assert_eq!(explanation.is_match, found.contains(&rule));
        prop_assert!(!explanation.to_string().is_empty());
    }
    Ok(())
}

#[test]
fn hostile_files_are_refused_in_time_and_without_a_deep_stack() {
    let rule =
        |detection: &str| format!("title: x\nlogsource: {{product: windows}}\ndetection:\n{detection}");
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let bomb = (1..40).fold("a0: &a0 x\n".to_owned(), |text, at| {
        let alias = format!("*a{}", at - 1);
        format!("{text}a{at}: &a{at} [{}]\n", [alias.as_str(); 9].join(", "))
    });
    let texts = [
        rule(&format!("  s: {{A: 1}}\n  condition: {}s{}", "(".repeat(8_000), ")".repeat(8_000))),
        rule(&format!("  s: {{A: 1}}\n  condition: {}s", "not ".repeat(4_000))),
        rule(&format!("  s: {deep}\n  condition: s")),
        deep,
        bomb,
        rule("  s: {'A|re': '((a{99}){99}){99}'}\n  condition: s"),
        rule(&format!("  s: {{'A|windash|base64': '{}'}}\n  condition: s", "-a ".repeat(30))),
        rule(&format!("  s: {{'A|contains': '{}?'}}\n  condition: s", "a".repeat(3_000))),
        rule(&format!("  s: {{'A|contains': '{}'}}\n  condition: s", "a*".repeat(40_000))),
        "---\n".repeat(100_000) + "a: 1",
        "x".repeat(5 << 20),
    ];
    for text in texts {
        let rules = RuleSet::load(&file(text));
        assert_eq!((rules.rules().len(), rules.not_run().len()), (0, 1));
    }
}
