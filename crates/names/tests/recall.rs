//! How many spellings that we did not make are known, and how often is something masked that is no name?
//!
//! Spellings: `testdata/spellings.txt`, by hand. Ordinary text: lines of logs of the public corpus, against a
//! register of made-up people, so that nothing that is masked there is a name. The figures go to
//! `docs/guide/names.md`; the bounds here keep them from getting worse.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests read files.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use assize_model::Protected;
use assize_names::{Covered, Mask, MatchKey, Matcher, Person, PersonKind, Scratch};

fn spellings() -> Vec<(String, String, Vec<String>)> {
    let text = include_str!("../testdata/spellings.txt");
    let mut script = String::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(named) = line.strip_prefix("# [") {
            script = named.trim_end_matches(']').to_owned();
        } else if let Some((name, others)) = line.split_once('|').filter(|_| !line.starts_with('#')) {
            let others = others.split(';').map(|other| other.trim().to_owned()).collect();
            lines.push((script.clone(), name.trim().to_owned(), others));
        }
    }
    lines
}

fn person(pseudonym: String, name: &str) -> Person {
    Person {
        kind: PersonKind::Individual,
        pseudonym,
        names: vec![Protected::new(name.to_owned())],
        mails: Vec::new(),
        numbers: Vec::new(),
        texts: Vec::new(),
    }
}

static KEY: MatchKey = MatchKey::new(*b"0123456789abcdef");

/// Past the test runner: figures are for a person.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn spellings_by_hand_are_known() {
    let lines = spellings();
    let mut scripts: BTreeMap<&str, (usize, usize, Vec<&str>)> = BTreeMap::new();
    for (script, name, others) in &lines {
        let matcher = Matcher::of(&[person("P-1".into(), name)], &KEY);
        let ordinary = BTreeSet::new();
        let mask = Mask::new(&matcher, &KEY, &ordinary);
        for other in others {
            let text = format!("x {other} 7");
            let covered = mask
                .cover(&text, &mut Covered::default(), &mut Scratch::default())
                .unwrap_or_else(|| text.clone());
            // Whole means that no word of the name is left but particles and single letters.
            let covers = covered.split('⟦').map(|part| part.split_once('⟧').map_or(part, |(_, rest)| rest));
            let left: String = covers.collect();
            let left = left.trim_start_matches("x ").trim_end_matches(" 7");
            let whole = left.split(|c: char| !c.is_alphanumeric()).all(|word| word.chars().count() < 3);
            let counted = scripts.entry(script).or_default();
            counted.0 += 1;
            if whole {
                counted.1 += 1;
            } else {
                counted.2.push(other);
            }
        }
    }
    let (mut all, mut known) = (0, 0);
    for (script, (of, found, missed)) in &scripts {
        say(&format!("{script}: {found} of {of} {missed:?}"));
        all += of;
        known += found;
    }
    say(&format!("spellings known whole: {known} of {all}"));
    assert!(known * 100 >= all * 95, "{known} of {all}");
}

/// A register as large as a court's, of the names of the hand-made list and of words run through them, so that
/// there are as many forms as with real people.
fn register(of: usize) -> Vec<Person> {
    let names: Vec<String> = spellings().into_iter().map(|(_, name, _)| name).collect();
    let words: Vec<&str> = names.iter().flat_map(|name| name.split(' ')).collect();
    (0..of)
        .map(|number| {
            let pick = |step: usize| words[(number * step + number / words.len()) % words.len()];
            person(format!("P-{number:04}"), &format!("{} {}", pick(7), pick(13)))
        })
        .collect()
}

#[test]
fn ordinary_text_is_left_alone() {
    let Some(archive) = assize_testing::corpus_item("ordinary_text_is_left_alone", "loghub_2k.tar.gz") else {
        return;
    };
    let matcher = Matcher::of(&register(500), &KEY);
    let ordinary = BTreeSet::new();
    let mask = Mask::new(&matcher, &KEY, &ordinary);
    let (mut lines, mut masked) = (0, BTreeSet::new());
    for (_, bytes) in assize_testing::members(&archive, ".log") {
        for line in String::from_utf8_lossy(&bytes).lines() {
            lines += 1;
            if let Some(covered) = mask.cover(line, &mut Covered::default(), &mut Scratch::default()) {
                masked.insert(format!("{line}\n    {covered}"));
            }
        }
    }
    say(&format!(
        "{} persons, {} forms: {} of {lines} lines masked",
        matcher.persons(),
        matcher.forms(),
        masked.len()
    ));
    for line in masked.iter().take(20) {
        say(line);
    }
    assert!(lines > 10_000 && masked.len() * 1000 < lines, "{} of {lines}", masked.len());
}
