//! What is said when `detect` is done?
//!
//! Totals, then what stands out, then what is not known: rules that could not run, files that could not be
//! read, bytes that could not be read. Everything goes to stderr; nothing here is data.

use std::collections::BTreeMap;
use std::time::Duration;

use assize_case::model::Level;
use assize_case::outputs::harmless;
use assize_case::{Detected, Tally};
use indicatif::{HumanBytes, HumanCount};

use crate::sight::Sight;

/// Entries of each list.
const TOP: usize = 5;

/// Says it.
pub fn tell(
    detected: &Detected,
    tally: &Tally,
    elapsed: Duration,
    peak: u64,
    every_rule: bool,
    sight: &Sight,
) {
    let say = |label: &str, text: &str| sight.say(&format!("{label:>14}  {text}"));
    let gaps = HumanCount(detected.gaps());
    say("read", &format!("{} events, {gaps} gaps", HumanCount(detected.events)));
    for (cause, count) in &detected.gaps_by_cause {
        say("", &format!("{count:>7}  {cause}"));
    }
    say("findings", &levels(tally));
    if let Some((first, last)) = tally.span {
        say("between", &format!("{first} and {last}"));
    }
    if tally.timeless > 0 {
        say("", &format!("{} without a time", HumanCount(tally.timeless)));
    }
    for level in Level::ALL {
        list(
            &format!("{} rules", level.as_str()),
            tally.rules.top(TOP, |(own, _)| own == level),
            |(_, title)| title,
            say,
        );
    }
    list("hosts", tally.hosts.top(TOP, |_| true), |host| host, say);
    list("accounts", tally.accounts.top(TOP, |_| true), |account| account, say);
    list("days, high up", tally.days.top(TOP, |(level, _)| *level >= Level::High), |(_, day)| day, say);
    unknown(detected, every_rule, say);
    say("done", &format!("in {:.1} s, {} of memory at most", elapsed.as_secs_f64(), HumanBytes(peak)));
}

fn levels(tally: &Tally) -> String {
    let counted = |level: &Level| {
        let (count, rules) = tally.levels.get(level)?;
        Some(format!("{} {} (of {} rules)", HumanCount(*count), level.as_str(), rules.len()))
    };
    let told: Vec<String> = Level::ALL.iter().filter_map(counted).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

fn list<'a, K>(
    label: &str,
    top: Vec<(&'a K, u64)>,
    name: impl Fn(&'a K) -> &'a String,
    say: impl Fn(&str, &str),
) {
    for (place, (key, count)) in top.into_iter().enumerate() {
        let label = if place == 0 { label } else { "" };
        say(label, &format!("{:>7}  {}", HumanCount(count).to_string(), harmless::terminal(name(key))));
    }
}

/// What the result cannot tell.
fn unknown(detected: &Detected, every_rule: bool, say: impl Fn(&str, &str)) {
    let rules = &detected.not_run;
    say("rules run", &format!("{} of {} loaded", detected.ran, detected.loaded));
    if every_rule {
        for rule in rules {
            let line = rule.line.map_or(String::new(), |line| format!(":{line}"));
            let told = format!("{}: {} ({}{line})", rule.id, rule.reason, rule.file);
            say("not run", &harmless::terminal(&told));
        }
    } else {
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for rule in rules {
            *reasons.entry(rule.kind()).or_default() += 1;
        }
        for (reason, count) in reasons {
            say(
                "not run",
                &format!(
                    "{:>7}  {} (each: --not-run)",
                    HumanCount(count).to_string(),
                    harmless::terminal(reason)
                ),
            );
        }
    }
    for (copy, original) in &detected.copies {
        say("copy", &format!("{} is {}", harmless::terminal(copy), harmless::terminal(original)));
    }
    for unread in &detected.unread {
        say(
            "not read",
            &format!("{} ({})", harmless::terminal(&unread.path), harmless::terminal(&unread.cause)),
        );
    }
}
