//! The report from outside: a snapshot in, a page out.

#![allow(clippy::disallowed_methods)] // The golden page is read and written here.

use assize_model::{Event, Level, Range, Trust};

use super::*;
use crate::fake::{Fake, HOSTILE, logon};

fn page(fake: &Fake) -> String {
    let mut out = Vec::new();
    Report.write(fake, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The words of a page, without markup.
fn words(page: &str) -> String {
    let body = page.split("</style>").nth(1).unwrap();
    let mut text = String::new();
    let mut inside = false;
    for character in body.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => text.push(other),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_harmless(page: &str) {
    let lower = page.to_lowercase();
    for forbidden in
        ["<script", "javascript:", "<b ", "<img", "<iframe", "http-equiv=\"refresh", "src=", "@import"]
    {
        assert!(!lower.contains(forbidden), "{forbidden}");
    }
    let deceivers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || "\u{202e}\u{2028}\u{feff}\u{2066}".contains(c)
    };
    assert!(!page.contains(deceivers), "{:?}", page.find(deceivers));
    // Every attribute that holds evidence is a title, where `"` was escaped: no handler in any tag.
    for tag in page.split('<').filter_map(|rest| rest.split('>').next()) {
        assert!(!tag.contains(" on"), "{tag}");
    }
    for (open, close) in [
        ("<details", "</details>"),
        ("<table", "</table>"),
        ("<section", "</section>"),
        ("<svg", "</svg>"),
        ("<bdi", "</bdi>"),
    ] {
        assert_eq!(page.matches(open).count(), page.matches(close).count(), "{open}");
    }
}

#[test]
fn the_page_is_as_it_was() {
    let made = page(&Fake::small());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/report.html");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    let differs = kept.lines().zip(made.lines()).enumerate().find(|(_, (kept, made))| kept != made);
    assert!(kept == made, "run with UPDATE=1 and read the diff; first difference: {differs:?}");
}

#[test]
fn nothing_hostile_gets_through() {
    let mut fake = Fake::small();
    assert_harmless(&page(&fake));
    fake.run.case = HOSTILE.into();
    fake.run.tool = HOSTILE.into();
    fake.run.handling = HOSTILE.into();
    fake.run.made_at = HOSTILE.into();
    fake.run.log.root = HOSTILE.into();
    for exhibit in &mut fake.run.exhibits {
        exhibit.digests.sha256 = HOSTILE.into();
        exhibit.digests.blake3 = HOSTILE.into();
        for admission in &mut exhibit.admissions {
            (admission.path, admission.at, admission.by) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
        }
    }
    for rule in &mut fake.run.not_run {
        (rule.id, rule.title, rule.file) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    }
    for reading in &mut fake.run.readings {
        (reading.member, reading.format) = (Some(HOSTILE.into()), Some(HOSTILE.into()));
    }
    for finding in &mut fake.findings {
        (finding.rule, finding.title, finding.fields) =
            (HOSTILE.into(), HOSTILE.into(), vec![HOSTILE.into()]);
    }
    assert_harmless(&page(&fake));
}

#[test]
fn the_first_screen_says_what_was_read_found_and_not() {
    let page = page(&Fake::small());
    let words = words(page.split("<section id=\"time\"").next().unwrap());
    for said in [
        "Read. 3 exhibits (1.2 MB) gave 11 events of 2 sources on 3 hosts, from 10 September 2026, 02:00 to 11 September 2026, 03:00.",
        "Of 1 event no time could be read.",
        "The time of 1 event rests on an assumption",
        "1 exhibit comes from a host on which the intruder may have been administrator.",
        "Of 3 rules that had events to look at, 3 gave 5 findings on 5 events: 1 critical, 1 high, 3 low.",
        "The first is of 10 September 2026, 02:00, the last of",
        "Hosts with the gravest: WS-114 (1 in all),",
        "Not read. 2 gaps in 2 exhibits: 1 unreadable block of records, 1 file of no known format.",
        "Of 3 logs (one source on one host), none can be shown to be complete, 2 are partial, 1 is not to be trusted.",
        "Not run. 4 rules did not run: 3 (the evidence holds no events of linux/auditd); 1 (",
        "not a verdict",
        "what was reached is told below with both its bounds",
    ] {
        assert!(words.contains(said), "{said}\n{words}");
    }
}

#[test]
fn a_finding_opens_its_proof() {
    let fake = Fake::small();
    let page = page(&fake);
    let exhibit = &fake.run.exhibits[1];
    let words = words(&page);
    for said in [
        &exhibit.digests.sha256,
        &exhibit.digests.blake3,
        &exhibit.admissions[0].leaf.to_string(),
        &"5e".repeat(32),
        &fake.findings[0].id.to_string(),
        &format!("assize trace {} --bytes", fake.findings[0].event),
        "300 from offset 4,242",
        "600 from offset 4,096, with 65,536 from offset 4,096",
        "Reading these bytes alone did not give this event again.",
        "The record could not be read again",
        "first 600 of 5,000 characters",
        "collection/ws/events.jsonl",
        "in.zip!/a",
    ] {
        assert!(words.contains(said), "{said}");
    }
}

#[test]
fn nothing_at_all_is_told_too() {
    let page = page(&Fake::empty());
    assert_harmless(&page);
    let words = words(&page);
    for said in
        ["Read. No exhibit was received.", "No rule had an event", "No event states a time", "No gap was met"]
    {
        assert!(words.contains(said), "{said}");
    }
}

#[test]
fn lists_are_capped_and_say_so() {
    let mut fake = Fake::small();
    let exhibit = fake.exhibit("many", 9, 1, Trust::Trusted);
    for n in 0..300 {
        let mut event = logon(1_789_100_000 + n, &format!("HOST-{n:04}"), &format!("user{n}"));
        event.ranges[0].offset = 1_000_000 + n as u64;
        fake.read(exhibit, None, "evtx", &event);
        let last = fake.events.len() - 1;
        fake.find(&format!("rule-{n}"), "One of many", Level::Medium, &[], last);
        fake.find("everywhere", "Everywhere", Level::High, &[], last);
        fake.gap(exhibit, None, n as u64, 1, assize_model::Cause::UnreadableRecord, "x");
        fake.reading(exhibit, Some(&format!("m{n}")), Some("json"), 1, 1);
    }
    fake.not_run("many", 300);
    fake.not_run("line 7: log source x is not mapped yet", 2);
    fake.not_run("line 12: log source x is not mapped yet", 1);
    let words = words(&page(&fake));
    for said in [
        "40 of 300 rules with medium findings shown",
        "5 of 300 findings of this rule shown",
        "8 of 303 hosts shown",
        "20 of 303 hosts shown",
        "of 302 gaps shown",
        "100 of 303 files shown",
        "25 of 300 rules shown",
        "3 log source x is not mapped yet",
        "and 295 more",
    ] {
        assert!(words.contains(said), "{said}");
    }
}

#[test]
fn times_may_be_missing_or_absurd() {
    let mut fake = Fake::empty();
    let exhibit = fake.exhibit("x", 1, 1, Trust::Trusted);
    fake.read(exhibit, None, "json", &Event::at(Range { offset: 0, length: 1 }, "json"));
    fake.find("r", "Without time", Level::High, &[], 0);
    let page_without = page(&fake);
    assert!(!page_without.contains("1970-01-01"));
    for (offset, nanoseconds) in [(1, i64::MIN + 1), (2, i64::MAX - 1)] {
        let mut event = Event::at(Range { offset, length: 1 }, "json");
        event.time = Some(assize_model::Time(nanoseconds));
        fake.read(exhibit, None, "json", &event);
    }
    assert_harmless(&page(&fake));
}

#[test]
fn findings_of_an_hour_in_a_year_are_looked_at_closer() {
    let mut fake = Fake::empty();
    let exhibit = fake.exhibit("x", 1, 1, Trust::Trusted);
    for hour in [0, 1, 24 * 200, 24 * 365] {
        fake.read(exhibit, None, "evtx", &logon(1_789_005_600 + hour * 3600, "DC01", "a"));
    }
    fake.find("r", "Found", Level::High, &[], 0);
    fake.find("r", "Found", Level::High, &[], 1);
    let words = words(&page(&fake));
    assert!(words.contains("The whole period 4 events and 2 findings in steps of 1 week"), "{words}");
    assert!(
        words.contains(
            "Closer: from the first finding to the last 2 events and 2 findings in steps of 1 minute"
        )
    );
}

/// Writes a page to look at: `LOOK=/tmp/look.html cargo test -p assize-outputs look`.
#[test]
fn look() {
    let made = page(&Fake::rich());
    assert_harmless(&made);
    if let Some(path) = std::env::var_os("LOOK") {
        std::fs::write(path, made).unwrap();
    }
}
