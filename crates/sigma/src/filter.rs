//! What does a filter keep out of which rules?
//!
//! A filter (filters specification 2.0) names rules of one log source, selections and a condition.
//! The condition is joined to each rule's own by `and`, as pySigma does and SigmaHQ's filters are written:
//! `condition: not selection` keeps out what the selection describes.

use std::collections::BTreeSet;

use yaml_serde::{Mapping, Value};

use crate::detection::{Knowing, Unfit, detection};
use crate::load::{log_source, text_of};
use crate::logsource::LogSource;
use crate::{Condition, Rule, Selection};

/// A filter, ready.
pub(crate) struct Filter {
    pub id: String,
    pub title: String,
    /// Ids or names; `None` for any rule of the log source.
    rules: Option<BTreeSet<String>>,
    source: LogSource,
    selections: Vec<Selection>,
    condition: Condition,
}

/// A rule that a filter may name.
pub(crate) struct Target<'a> {
    pub id: &'a str,
    pub content: &'a Mapping,
    pub source: LogSource,
}

impl Filter {
    /// Reads a filter.
    pub fn of(content: &Mapping, id: &str, knowing: Knowing<'_>) -> Result<Self, Unfit> {
        let near = |reason: &str| Unfit::at("filter:", reason);
        let title = text_of(content, "title").ok_or_else(|| Unfit::anywhere("no title"))?;
        let parts =
            content.get("filter").and_then(Value::as_mapping).ok_or_else(|| near("filter is not a map"))?;
        let rules = match parts.get("rules") {
            Some(Value::String(any)) if any == "any" => None,
            Some(Value::Sequence(list)) if !list.is_empty() => {
                let names = list.iter().map(|name| name.as_str().map(str::to_owned));
                Some(
                    names
                        .collect::<Option<_>>()
                        .ok_or_else(|| Unfit::at("rules:", "rules are not named by texts"))?,
                )
            }
            _ => return Err(near("filter names no rules")),
        };
        let mut parts = parts.clone();
        parts.remove("rules");
        let compiled = detection(&parts, knowing)?;
        let (selections, condition) = (compiled.selections, compiled.condition);
        Ok(Self { id: id.to_owned(), title, rules, source: log_source(content)?, selections, condition })
    }

    /// Under which of its names the filter means a rule; none if it does not.
    pub fn names_of(&self, rule: &Target<'_>) -> Vec<String> {
        let meets = |own: &Option<String>, of_rule: &Option<String>| own.is_none() || own == of_rule;
        let is_within = meets(&self.source.product, &rule.source.product)
            && meets(&self.source.category, &rule.source.category)
            && meets(&self.source.service, &rule.source.service);
        if !is_within {
            return Vec::new();
        }
        let names = [Some(rule.id.to_owned()), text_of(rule.content, "name")];
        match &self.rules {
            None => vec![rule.id.to_owned()],
            Some(rules) => names.into_iter().flatten().filter(|name| rules.contains(name)).collect(),
        }
    }

    /// Joins the filter to a rule.
    pub fn apply(&self, rule: &mut Rule) {
        let first = rule.selections.len();
        let own = |selection: &Selection| Selection {
            name: format!("{}: {}", self.title, selection.name),
            condition: selection.condition.clone(),
        };
        rule.selections.extend(self.selections.iter().map(own));
        let before = std::mem::replace(&mut rule.condition, Condition::And(Vec::new()));
        rule.condition = Condition::And(vec![before, moved(&self.condition, first)]);
    }

    /// In words what the filter names and did not meet.
    pub fn missing(&self, met: &BTreeSet<String>) -> Option<String> {
        let none = || met.is_empty().then(|| "filter met no rule of its log source that runs".to_owned());
        let Some(rules) = &self.rules else { return none() };
        let missing: Vec<&str> = rules.difference(met).map(String::as_str).collect();
        let told = format!(
            "filter names rules that do not run or are of another log source: {}",
            missing.join(", ")
        );
        (!missing.is_empty()).then_some(told)
    }
}

/// The condition with its selections counted from `first`.
fn moved(condition: &Condition, first: usize) -> Condition {
    let each = |parts: &[Condition]| parts.iter().map(|part| moved(part, first)).collect();
    match condition {
        Condition::And(parts) => Condition::And(each(parts)),
        Condition::Or(parts) => Condition::Or(each(parts)),
        Condition::AtLeast(count, parts) => Condition::AtLeast(*count, each(parts)),
        Condition::Not(part) => Condition::Not(Box::new(moved(part, first))),
        Condition::Selection(index) => Condition::Selection(first + index),
        Condition::Atom(atom) => Condition::Atom(atom.clone()),
    }
}
