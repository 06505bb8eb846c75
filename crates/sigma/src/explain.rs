//! Why does a rule speak of an event, or not?
//!
//! The rule's condition with the truth of every part, and for every comparison the values it
//! looked at. Nothing is skipped: a part that could not change the outcome is told all the same.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::naive::{is_true, satisfies};
use crate::view::{Value, View};
use crate::{Atom, Condition, Record, Rule, Test};

/// Characters of a value that the text form shows.
const SHOWN_CHARS_MAX: usize = 160;

/// A rule's answer about one event, with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The rule's id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Kind of log the rule is about.
    pub logsource: String,
    /// The event's kind of log.
    pub source: String,
    /// The place of the rule's log source in which the event lies; `None` if it lies in none.
    pub route: Option<String>,
    /// The places of the rule's log source.
    pub routes: Vec<String>,
    /// Whether the rule speaks of the event: it is a candidate and the condition is true.
    pub is_match: bool,
    /// The condition.
    pub condition: Node,
}

/// A part of a condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Whether it is true.
    pub is_true: bool,
    /// What it asks.
    #[serde(flatten)]
    pub ask: Ask,
}

/// What a part of a condition asks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// All parts.
    And(Vec<Node>),
    /// Any part.
    Or(Vec<Node>),
    /// So many parts.
    AtLeast {
        /// How many.
        count: usize,
        /// Of these.
        of: Vec<Node>,
    },
    /// The contrary.
    Not(Box<Node>),
    /// A named selection.
    Selection {
        /// Its name.
        name: String,
        /// What it asks.
        condition: Box<Node>,
    },
    /// One comparison.
    Test {
        /// The field as the rule names it; `None` for a keyword.
        field: Option<String>,
        /// The comparison in words.
        test: String,
        /// The values looked at. For a keyword, only those that have it: the others are the rest
        /// of the event.
        looked_at: Vec<Look>,
    },
}

/// A value that a comparison looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Look {
    /// The own field it stands in; several if it was put together from them.
    pub fields: Vec<String>,
    /// The value; `None` is an explicit null.
    pub value: Option<String>,
    /// Whether this value satisfies the comparison.
    pub satisfies: bool,
}

/// Explains a rule's answer.
pub(crate) fn explain(rule: &Rule, record: &Record<'_>) -> Explanation {
    let route = rule.routes.iter().find(|route| route.admits(record)).copied();
    let view = View::new(record, route);
    let condition = node(&rule.condition, rule, &view);
    Explanation {
        rule: rule.info.id.clone(),
        title: rule.info.title.clone(),
        logsource: rule.info.logsource.clone(),
        source: record.source().to_owned(),
        route: route.map(|route| route.describe()),
        routes: rule.routes.iter().map(|route| route.describe()).collect(),
        is_match: route.is_some() && condition.is_true,
        condition,
    }
}

/// The own fields that made a true condition true: those of true comparisons, but for what stands
/// under a `not`, which is true by what is absent.
pub(crate) fn telling_fields(rule: &Rule, view: &View<'_>) -> Vec<String> {
    let mut fields = BTreeSet::new();
    node(&rule.condition, rule, view).collect_fields(&mut fields);
    fields.into_iter().collect()
}

fn node(condition: &Condition, rule: &Rule, view: &View<'_>) -> Node {
    let each = |parts: &[Condition]| parts.iter().map(|part| node(part, rule, view)).collect::<Vec<_>>();
    match condition {
        Condition::And(parts) => {
            let parts = each(parts);
            Node { is_true: parts.iter().all(|part| part.is_true), ask: Ask::And(parts) }
        }
        Condition::Or(parts) => {
            let parts = each(parts);
            Node { is_true: parts.iter().any(|part| part.is_true), ask: Ask::Or(parts) }
        }
        Condition::AtLeast(count, parts) => {
            let (count, of) = (*count, each(parts));
            let is_true = of.iter().filter(|part| part.is_true).count() >= count;
            Node { is_true, ask: Ask::AtLeast { count, of } }
        }
        Condition::Not(part) => {
            let part = node(part, rule, view);
            Node { is_true: !part.is_true, ask: Ask::Not(Box::new(part)) }
        }
        Condition::Selection(index) => {
            let selection = &rule.selections[*index];
            let condition = Box::new(node(&selection.condition, rule, view));
            Node {
                is_true: condition.is_true,
                ask: Ask::Selection { name: selection.name.clone(), condition },
            }
        }
        Condition::Atom(atom) => test(atom, view),
    }
}

fn test(atom: &Atom, view: &View<'_>) -> Node {
    let look = |value: &Value<'_>| Look {
        fields: value.names.iter().map(|name| (*name).to_owned()).collect(),
        value: value.text.as_deref().map(str::to_owned),
        satisfies: match atom.test {
            Test::Null => value.text.is_none(),
            Test::Exists(wanted) => wanted,
            _ => satisfies(value, &atom.test, view),
        },
    };
    let looked_at = match &atom.field {
        Some(field) => view.values(field).into_iter().map(look).collect(),
        None => view.own().iter().map(look).filter(|look| look.satisfies).collect(),
    };
    let ask = Ask::Test { field: atom.field.clone(), test: atom.test.to_string(), looked_at };
    Node { is_true: is_true(atom, view), ask }
}

impl Node {
    fn collect_fields(&self, fields: &mut BTreeSet<String>) {
        if !self.is_true {
            return;
        }
        match &self.ask {
            Ask::And(parts) | Ask::Or(parts) | Ask::AtLeast { of: parts, .. } => {
                parts.iter().for_each(|part| part.collect_fields(fields));
            }
            Ask::Not(_) => {}
            Ask::Selection { condition, .. } => condition.collect_fields(fields),
            Ask::Test { looked_at, .. } => {
                let telling = looked_at.iter().filter(|look| look.satisfies);
                fields.extend(telling.flat_map(|look| look.fields.clone()));
            }
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let mark = if self.is_true { "true " } else { "false" };
        write!(f, "{mark} {:1$}", "", depth * 2)?;
        match &self.ask {
            Ask::And(parts) => Self::write_all(f, "all of", parts, depth),
            Ask::Or(parts) => Self::write_all(f, "any of", parts, depth),
            Ask::AtLeast { count, of } => Self::write_all(f, &format!("{count} of"), of, depth),
            Ask::Not(part) => Self::write_all(f, "not", std::slice::from_ref(part.as_ref()), depth),
            Ask::Selection { name, condition } => Self::write_all(
                f,
                &name.escape_debug().to_string(),
                std::slice::from_ref(condition.as_ref()),
                depth,
            ),
            Ask::Test { field, test, looked_at } => {
                let field = field.as_deref().unwrap_or("any field");
                writeln!(f, "{} {test}: {}", field.escape_debug(), shown(looked_at, field))
            }
        }
    }

    fn write_all(f: &mut fmt::Formatter<'_>, what: &str, parts: &[Self], depth: usize) -> fmt::Result {
        writeln!(f, "{what}")?;
        parts.iter().try_for_each(|part| part.write(f, depth + 1))
    }
}

fn shown(looks: &[Look], field: &str) -> String {
    if looks.is_empty() {
        return "absent".into();
    }
    let shown = |look: &Look| {
        let value = look.value.as_deref().map_or_else(|| "null".into(), quoted);
        let own = look.fields.join(" and ");
        if own == field { value } else { format!("{value} in {}", own.escape_debug()) }
    };
    looks.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// A value in quotes, cut, with nothing that could act on a terminal.
fn quoted(value: &str) -> String {
    let mut shown = String::from("\"");
    for char in value.chars().take(SHOWN_CHARS_MAX) {
        match char {
            '\\' | '\'' => shown.push(char),
            char => shown.extend(char.escape_debug()),
        }
    }
    let rest = value.chars().count().saturating_sub(SHOWN_CHARS_MAX);
    let end = if rest == 0 { "\"".into() } else { format!("\" and {rest} more characters") };
    shown + &end
}

/// The condition as an indented tree, one part a line, its truth in front.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_match { "matches" } else { "does not match" };
        writeln!(f, "{} {}: {verdict}", self.rule.escape_debug(), self.title.escape_debug())?;
        match &self.route {
            Some(route) => writeln!(f, "{} is {route}", self.logsource)?,
            None => {
                let routes = self.routes.join("; or ");
                writeln!(f, "{} is {routes}; this event is {}", self.logsource, self.source.escape_debug())?;
            }
        }
        self.condition.write(f, 0)
    }
}
