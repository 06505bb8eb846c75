//! Which rules did not run, and why?
//!
//! A rule that did not run found nothing because it did not look.

use std::collections::BTreeMap;

use assize_model::{NotRun, OutputError, RecordedRun};
use maud::{Markup, html};

use super::Page;
use super::facts::Case;
use super::words::{self, many, number};

/// Reasons shown.
const REASONS_MAX: usize = 40;
/// Rules shown of each reason.
const RULES_MAX: usize = 25;
/// The rest.
const ALL: &str =
    "assize query \"SELECT reason, title, file, id FROM rules WHERE NOT ran ORDER BY reason, id, file\"";

/// The section.
pub(super) fn tell(case: &Case<'_>, page: &mut Page<'_>) -> Result<(), OutputError> {
    let run = case.run;
    let given = (run.ran.len() + run.not_run.len()) as u64;
    let reasons = by_reason(run);
    page.put(html! {
        p {
            "Of " (many(given, "rule", "rules")) ", " (number(run.ran.len() as u64)) " had events to look at and "
            (number(run.not_run.len() as u64)) " did not run. A rule that did not run found nothing because it did not look."
        }
        @for (reason, rules) in reasons.iter().take(REASONS_MAX) { (one(reason, rules)) }
        (words::shown(reasons.len().min(REASONS_MAX) as u64, reasons.len() as u64, "reasons", ALL))
    })
}

/// The rules that did not run, by their reason, the commonest first.
pub(super) fn by_reason(run: &RecordedRun) -> Vec<(&str, Vec<&NotRun>)> {
    let mut reasons: BTreeMap<&str, Vec<&NotRun>> = BTreeMap::new();
    for rule in &run.not_run {
        reasons.entry(split(&rule.reason).1).or_default().push(rule);
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(reason, rules)| (std::cmp::Reverse(rules.len()), *reason));
    reasons
}

/// `line 13: …` is one reason whatever the line: the line belongs to the rule.
fn split(reason: &str) -> (Option<&str>, &str) {
    match reason.split_once(": ") {
        Some((line, rest)) if line.strip_prefix("line ").is_some_and(is_number) => (Some(line), rest),
        _ => (None, reason),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_digit())
}

fn one(reason: &str, rules: &[&NotRun]) -> Markup {
    html! {
        details.reason {
            summary { span.count { (number(rules.len() as u64)) } " " (words::said(reason, 240)) }
            ul.rules {
                @for rule in rules.iter().take(RULES_MAX) {
                    li {
                        (words::said(if rule.title.is_empty() { &rule.file } else { &rule.title }, words::CELL_CHARACTERS))
                        @if let Some(line) = split(&rule.reason).0 { " " span.soft { (line) } }
                        " " (words::id(&rule.id))
                    }
                }
            }
            (words::shown(rules.len().min(RULES_MAX) as u64, rules.len() as u64, "rules", ALL))
        }
    }
}
