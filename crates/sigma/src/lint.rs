//! What is wrong with rule files, and on which line?
//!
//! For `rules check`. An error is what keeps a rule from running; a warning is what a rule should
//! have (rules specification 2.1, "Components") or what it cannot have meant. rsigma-parser has a
//! richer linter; it is not used, because its verdict must be ours (what it calls fine may not run
//! here) and because it parses conditions without a bound on their depth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use assize_model::RuleFile;
use regex::Regex;
use rsigma_parser::{ConditionExpr, SelectorPattern, parse_condition};
use serde::Serialize;
use yaml_serde::Mapping;

use crate::detection::{condition_texts, is_named};
use crate::document::documents;
use crate::load::{self, text_of};

/// How grave a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rule does not run.
    Error,
    /// The rule runs.
    Warning,
}

/// Something to mend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Remark {
    /// Line of the file, from 1.
    pub line: usize,
    /// How grave.
    pub severity: Severity,
    /// In words.
    pub message: String,
}

/// Remarks about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The file's name.
    pub file: String,
    /// By line; empty if there is nothing to mend.
    pub remarks: Vec<Remark>,
}

/// Checks files together, for ids are unique across them. One entry per name, by name.
#[must_use]
pub fn check(files: &[RuleFile]) -> Vec<Checked> {
    let mut all: BTreeMap<&str, Vec<Remark>> = BTreeMap::new();
    for file in files {
        let remarks = all.entry(&file.name).or_default();
        for document in documents(&file.text) {
            if let Ok(content) = &document.content {
                Check { content, text: document.text, first: document.line, remarks }.all();
            }
        }
    }
    let loaded = load::load(files);
    for (line, not_run) in &loaded.not_run {
        let remark = Remark { line: *line, severity: Severity::Error, message: not_run.reason.clone() };
        all.entry(&not_run.file).or_default().push(remark);
    }
    let checked = |(file, mut remarks): (&str, Vec<Remark>)| {
        remarks.sort();
        remarks.dedup();
        Checked { file: file.to_owned(), remarks }
    };
    all.into_iter().map(checked).collect()
}

/// One document under check.
struct Check<'a> {
    content: &'a Mapping,
    text: &'a str,
    first: usize,
    remarks: &'a mut Vec<Remark>,
}

impl Check<'_> {
    fn all(&mut self) {
        let is_other = |key: &str| self.content.contains_key(key);
        if ["correlation", "filter", "placeholders"].into_iter().any(is_other) {
            return; // These have no level or tags; what keeps them from working is an error already.
        }
        self.identity();
        self.level();
        self.tags();
        self.selections();
    }

    fn warn(&mut self, near: &str, message: impl Into<String>) {
        let line = self.first + self.text.lines().position(|line| line.contains(near)).unwrap_or_default();
        self.remarks.push(Remark { line, severity: Severity::Warning, message: message.into() });
    }

    fn identity(&mut self) {
        match text_of(self.content, "id") {
            None => self.warn("title:", "no id: the file's name stands for it"),
            Some(id) if !UUID.is_match(&id) => self.warn("id:", format!("id `{id}` is no UUID")),
            Some(_) => {}
        }
    }

    fn level(&mut self) {
        match text_of(self.content, "level") {
            None => self.warn("title:", "no level: informational is assumed"),
            Some(level) if load::level(self.content).is_none() => {
                let message = format!("`{level}` is not a level: informational is assumed");
                self.warn("level:", message);
            }
            Some(_) => {}
        }
    }

    fn tags(&mut self) {
        for tag in load::tags(self.content) {
            if !TAG.is_match(&tag) {
                self.warn(&tag, format!("tag `{tag}` is not of the form namespace.name"));
            }
        }
    }

    fn selections(&mut self) {
        let Some(detection) = self.content.get("detection").and_then(|value| value.as_mapping()) else {
            return;
        };
        if detection.contains_key("timeframe") {
            self.warn("timeframe:", "timeframe belongs to correlations and is ignored");
        }
        // Conditions that are not understood are errors already, and are not parsed here again.
        let Ok(Some(used)) = condition_texts(detection).map(|texts| self.used(&texts, detection)) else {
            return;
        };
        for name in detection.keys().filter_map(|name| name.as_str()) {
            if !["condition", "timeframe"].contains(&name) && !used.contains(name) {
                self.warn(&format!("{name}:"), format!("selection `{name}` is not used by the condition"));
            }
        }
    }

    fn used<'d>(&self, texts: &[&str], detection: &'d Mapping) -> Option<BTreeSet<&'d str>> {
        let names: Vec<&str> = detection.keys().filter_map(|name| name.as_str()).collect();
        let mut used = BTreeSet::new();
        for text in texts {
            if crate::detection::is_refused(text) {
                return None;
            }
            mark(&parse_condition(text).ok()?, &names, &mut used);
        }
        Some(used)
    }
}

fn mark<'d>(expression: &ConditionExpr, names: &[&'d str], used: &mut BTreeSet<&'d str>) {
    let mut mark_named = |pattern: &SelectorPattern| {
        used.extend(names.iter().filter(|name| is_named(name, pattern)));
    };
    match expression {
        ConditionExpr::And(parts) | ConditionExpr::Or(parts) => {
            parts.iter().for_each(|part| mark(part, names, used));
        }
        ConditionExpr::Not(part) => mark(part, names, used),
        ConditionExpr::Identifier(name) => mark_named(&SelectorPattern::Pattern(name.clone())),
        ConditionExpr::Selector { pattern, .. } => mark_named(pattern),
    }
}

static UUID: LazyLock<Regex> =
    LazyLock::new(|| compiled("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"));
/// Tags appendix 2.1: lower case, namespaces set apart by dots.
static TAG: LazyLock<Regex> = LazyLock::new(|| compiled(r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$"));

fn compiled(pattern: &str) -> Regex {
    // Both patterns are ours and compiled by this file's tests.
    Regex::new(pattern).unwrap_or_else(|error| panic!("{error}"))
}
