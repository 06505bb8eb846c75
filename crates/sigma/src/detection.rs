//! What does a rule's `detection` ask as a whole?
//!
//! Selections (maps are joined by and, lists by or) and the condition over their names. The
//! condition's grammar is rsigma-parser's; names are resolved here, so that one that means
//! nothing is a reason not to run instead of a rule that is silently always or never true.

use rsigma_parser::{ConditionExpr, Quantifier, SelectorPattern, SigmaParserError, parse_condition};
use yaml_serde::{Mapping, Value};

use crate::item::{item, keyword};
use crate::placeholder::Placeholders;
use crate::{Condition, Selection};

/// Characters of a condition: longer ones are refused, not parsed.
const CONDITION_CHARS_MAX: usize = 16 * 1024;
/// Brackets within brackets, and `not`s in a row, that a condition may have. The parser and
/// every later walk recurse that deep.
const BRACKETS_MAX: usize = 64;
const NOTS_MAX: usize = 8;
/// Selections of one rule.
const SELECTIONS_MAX: usize = 1000;

/// Why a rule cannot run.
pub(crate) struct Unfit {
    /// Text of the document near which the reason lies, if it can be told.
    pub near: Option<String>,
    /// In words.
    pub reason: String,
}

impl Unfit {
    pub fn at(near: &str, reason: impl Into<String>) -> Self {
        Self { near: Some(near.to_owned()), reason: reason.into() }
    }

    pub fn anywhere(reason: impl Into<String>) -> Self {
        Self { near: None, reason: reason.into() }
    }
}

/// A `detection`, ready.
pub(crate) struct Detection {
    pub selections: Vec<Selection>,
    pub condition: Condition,
}

/// What compiling needs to know beside the `detection` itself.
#[derive(Clone, Copy)]
pub(crate) struct Knowing<'a> {
    /// Whether the rule is of a version in which `field[any]` speaks of the members of an array.
    pub has_arrays: bool,
    pub placeholders: &'a Placeholders,
}

/// Compiles a `detection`, or the `filter` of a filter, whose `rules` are no selection.
pub(crate) fn detection(detection: &Mapping, knowing: Knowing<'_>) -> Result<Detection, Unfit> {
    let mut selections = Vec::new();
    for (name, value) in detection {
        let name = name.as_str().ok_or_else(|| Unfit::anywhere("selection whose name is not text"))?;
        if name != "condition" && name != "timeframe" {
            let condition = selection(value, knowing).map_err(|unfit| near(unfit, name))?;
            selections.push(Selection { name: name.to_owned(), condition });
        }
    }
    if selections.len() > SELECTIONS_MAX {
        return Err(Unfit::at("detection", format!("more than {SELECTIONS_MAX} selections")));
    }
    let texts = condition_texts(detection)?;
    let conditions = texts.iter().map(|text| condition(text, &selections));
    let condition = Condition::any(conditions.collect::<Result<_, _>>()?);
    Ok(Detection { selections, condition })
}

fn near(unfit: Unfit, name: &str) -> Unfit {
    Unfit { near: unfit.near.or_else(|| Some(format!("{name}:"))), ..unfit }
}

/// The condition or conditions; several are joined by or (rules specification 2.1, "Condition").
pub(crate) fn condition_texts(detection: &Mapping) -> Result<Vec<&str>, Unfit> {
    let texts = match detection.get("condition") {
        None => return Err(Unfit::at("detection", "no condition")),
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Sequence(list)) if !list.is_empty() => {
            let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            texts.ok_or_else(|| Unfit::at("condition:", "condition is not text"))?
        }
        Some(_) => return Err(Unfit::at("condition:", "condition is not text")),
    };
    Ok(texts)
}

fn selection(value: &Value, knowing: Knowing<'_>) -> Result<Condition, Unfit> {
    match value {
        Value::Mapping(map) if map.is_empty() => Err(Unfit::anywhere("empty selection")),
        Value::Mapping(map) => {
            let items = map.iter().map(|(key, value)| entry(key, value, knowing));
            Ok(Condition::all(items.collect::<Result<_, _>>()?))
        }
        Value::Sequence(list) if list.is_empty() => Err(Unfit::anywhere("empty selection")),
        Value::Sequence(list) => {
            let parts = list.iter().map(|value| selection(value, knowing));
            Ok(Condition::any(parts.collect::<Result<_, _>>()?))
        }
        value => keyword(value),
    }
}

fn entry(key: &Value, value: &Value, knowing: Knowing<'_>) -> Result<Condition, Unfit> {
    let key = key.as_str().ok_or_else(|| Unfit::anywhere("field whose name is not text"))?;
    let name = key.split('|').next().unwrap_or_default();
    if knowing.has_arrays && name.contains('[') {
        return Err(Unfit::at(key, format!("array matching (`{name}`) is not known yet")));
    }
    if key == "<<" {
        return Err(Unfit::at(key, "YAML merge key (`<<`) is not known"));
    }
    item(key, value, knowing.placeholders)
}

fn condition(text: &str, selections: &[Selection]) -> Result<Condition, Unfit> {
    let unfit = |reason: String| Unfit::at("condition:", reason);
    if text.contains('|') {
        return Err(unfit(format!("deprecated aggregation in the condition (`{}`)", aggregation(text))));
    }
    if is_refused(text) {
        return Err(unfit("condition is too long or nested too deep".into()));
    }
    let expression = parse_condition(text).map_err(|error| unfit(misread(&error)))?;
    resolve(&expression, selections).map_err(unfit)
}

fn aggregation(text: &str) -> &str {
    text.find('|').map_or("", |bar| &text[bar..])
}

/// The parser's message without its drawing of the text.
fn misread(error: &SigmaParserError) -> String {
    let message = error.to_string();
    let expected = message.lines().rev().find_map(|line| line.trim().strip_prefix("= "));
    let column = error.location().map_or(String::new(), |place| format!(" at character {}", place.col));
    format!("condition is not understood{column}: {}", expected.unwrap_or(&message))
}

/// Whether a condition is too long or deep to be parsed.
pub(crate) fn is_refused(text: &str) -> bool {
    text.len() > CONDITION_CHARS_MAX || is_too_deep(text)
}

fn is_too_deep(text: &str) -> bool {
    let (mut brackets, mut nots) = (0_usize, 0_usize);
    for word in text.replace('(', " ( ").replace(')', " ) ").split_whitespace() {
        match word {
            "(" => brackets += 1,
            ")" => brackets = brackets.saturating_sub(1),
            "not" => nots += 1,
            _ => nots = 0,
        }
        if brackets > BRACKETS_MAX || nots > NOTS_MAX {
            return true;
        }
    }
    false
}

fn resolve(expression: &ConditionExpr, selections: &[Selection]) -> Result<Condition, String> {
    let each = |parts: &[ConditionExpr]| -> Result<Vec<Condition>, String> {
        parts.iter().map(|part| resolve(part, selections)).collect()
    };
    match expression {
        ConditionExpr::And(parts) => Ok(Condition::And(each(parts)?)),
        ConditionExpr::Or(parts) => Ok(Condition::Or(each(parts)?)),
        ConditionExpr::Not(part) => Ok(Condition::Not(Box::new(resolve(part, selections)?))),
        ConditionExpr::Identifier(name) => {
            let index = selections.iter().position(|selection| selection.name == *name);
            index
                .map(Condition::Selection)
                .ok_or_else(|| format!("condition names `{name}`, which is no selection"))
        }
        ConditionExpr::Selector { quantifier, pattern } => quantified(quantifier, pattern, selections),
    }
}

fn quantified(
    quantifier: &Quantifier,
    pattern: &SelectorPattern,
    selections: &[Selection],
) -> Result<Condition, String> {
    let is_meant = |(_, selection): &(usize, &Selection)| is_named(&selection.name, pattern);
    let meant = selections.iter().enumerate().filter(is_meant);
    let meant: Vec<Condition> = meant.map(|(index, _)| Condition::Selection(index)).collect();
    let count = meant.len();
    match quantifier {
        _ if count == 0 => Err(format!("condition names `{pattern}`, which is no selection")),
        Quantifier::Any => Ok(Condition::any(meant)),
        Quantifier::All => Ok(Condition::all(meant)),
        Quantifier::Count(least) => match usize::try_from(*least) {
            Ok(least) if (1..=count).contains(&least) => Ok(Condition::AtLeast(least, meant)),
            _ => Err(format!("condition asks for {least} of {count} selections")),
        },
    }
}

/// Whether a selection's name is meant by `them` (all but those that begin with `_`) or by a
/// pattern, in which `*` may stand anywhere (rules specification 2.1, "Condition").
pub(crate) fn is_named(name: &str, pattern: &SelectorPattern) -> bool {
    let pattern = match pattern {
        SelectorPattern::Them => return !name.starts_with('_'),
        SelectorPattern::Pattern(pattern) => pattern,
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_selections() {
        let named = |pattern: &str, name: &str| is_named(name, &SelectorPattern::Pattern(pattern.into()));
        assert!(named("selection*", "selection") && named("sel*_m*n", "sel_main"));
        assert!(named("*", "_x") && named("a", "a") && named("a*b*c", "abc"));
        assert!(!named("a", "ab") && !named("a*a", "a") && !named("*_x", "x"));
        assert!(!is_named("_x", &SelectorPattern::Them) && is_named("x", &SelectorPattern::Them));
    }

    #[test]
    fn hostile_conditions_are_refused_before_they_are_parsed() {
        for text in ["(".repeat(15_000), "not ".repeat(4_000), "a or ".repeat(100_000)] {
            assert!(condition(&text, &[]).is_err());
        }
    }
}
