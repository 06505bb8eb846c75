//! Is a condition true of an event?
//!
//! The oracle: recursive, one event and one comparison at a time, in the order of the rule. What
//! a comparison means stands with what it compares ([`crate::text`], [`crate::number`] …).
//!
//! A name that repeats gives a field several values; a comparison holds if any of them satisfies
//! it. `null` holds if none of them is a value. Everything else is false of an absent field.

use crate::condition::{FieldTest, Place};
use crate::text::lower_case;
use crate::view::{Value, View};
use crate::{Atom, Condition, Rule, Test};

/// Whether the rule's condition is true.
pub(crate) fn evaluate(rule: &Rule, view: &View<'_>) -> bool {
    holds(&rule.condition, rule, view)
}

fn holds(condition: &Condition, rule: &Rule, view: &View<'_>) -> bool {
    match condition {
        Condition::And(parts) => parts.iter().all(|part| holds(part, rule, view)),
        Condition::Or(parts) => parts.iter().any(|part| holds(part, rule, view)),
        Condition::AtLeast(count, parts) => {
            parts.iter().filter(|part| holds(part, rule, view)).count() >= *count
        }
        Condition::Not(part) => !holds(part, rule, view),
        Condition::Selection(index) => holds(&rule.selections[*index].condition, rule, view),
        Condition::Atom(atom) => is_true(atom, view),
    }
}

/// Whether the rule could be true of an event with these fields, whatever stood in them, or is false by
/// what its signs say.
pub(crate) fn could_speak(rule: &Rule, view: &View<'_>, signs: &[String]) -> bool {
    let by_signs = |atom: &Atom| match &atom.field {
        Some(field) if view.is_sign(field, signs) && !matches!(atom.test, Test::Field(_)) => {
            Some(is_true(atom, view))
        }
        _ => None,
    };
    let by_absence = |atom: &Atom| {
        let lacks = |field: &String| !view.has(field);
        let other_lacks = matches!(&atom.test, Test::Field(test) if lacks(&test.other));
        let is_known = other_lacks || atom.field.as_ref().is_some_and(lacks);
        is_known.then(|| is_true(atom, view)).or_else(|| by_signs(atom))
    };
    truth(&rule.condition, rule, &by_signs) == Some(false)
        || truth(&rule.condition, rule, &by_absence) != Some(false)
}

/// The truth of a condition, as far as it follows from what is known of comparisons.
fn truth(condition: &Condition, rule: &Rule, known: &dyn Fn(&Atom) -> Option<bool>) -> Option<bool> {
    let (count, parts) = match condition {
        Condition::Atom(atom) => return known(atom),
        Condition::Selection(index) => return truth(&rule.selections[*index].condition, rule, known),
        Condition::Not(part) => return truth(part, rule, known).map(|truth| !truth),
        Condition::And(parts) => (parts.len(), parts),
        Condition::Or(parts) => (1, parts),
        Condition::AtLeast(count, parts) => (*count, parts),
    };
    let truths: Vec<_> = parts.iter().map(|part| truth(part, rule, known)).collect();
    let sure = truths.iter().filter(|truth| **truth == Some(true)).count();
    let impossible = truths.iter().filter(|truth| **truth == Some(false)).count();
    if sure >= count { Some(true) } else { (truths.len() - impossible < count).then_some(false) }
}

/// Whether a comparison is true.
pub(crate) fn is_true(atom: &Atom, view: &View<'_>) -> bool {
    let Some(field) = &atom.field else {
        return view.own().iter().any(|value| satisfies(value, &atom.test, view));
    };
    let values = view.values(field);
    match &atom.test {
        Test::Null => values.iter().all(|value| value.text.is_none()),
        Test::Exists(wanted) => values.is_empty() != *wanted,
        test => values.iter().any(|value| satisfies(value, test, view)),
    }
}

/// Whether one value satisfies a comparison. A null satisfies none but `null` and `exists`,
/// which are about the field.
pub(crate) fn satisfies(value: &Value<'_>, test: &Test, view: &View<'_>) -> bool {
    let Some((text, lower)) = value.texts() else { return false };
    match test {
        Test::Text(glob) => glob.matches(text, lower),
        Test::Equal(number) => order(text, *number).is_some_and(std::cmp::Ordering::is_eq),
        Test::Compare(relation, number) => relation.admits(order(text, *number)),
        Test::Time(part, relation, number) => {
            relation.admits(part.of_text(text).and_then(|stated| stated.order(*number)))
        }
        Test::Regex(regex) => regex.is_match(text),
        Test::Network(network) => network.contains(text),
        Test::Field(test) => is_like_field(text, test, view),
        Test::Null | Test::Exists(_) => false,
    }
}

fn order(text: &str, number: crate::Number) -> Option<std::cmp::Ordering> {
    crate::Number::of_text(text)?.order(number)
}

fn is_like_field(text: &str, test: &FieldTest, view: &View<'_>) -> bool {
    let level = |text: &str| if test.cased { text.to_owned() } else { lower_case(text) };
    let text = level(text);
    view.values(&test.other).iter().filter_map(|other| other.text.as_deref()).any(|other| {
        let other = level(other);
        match test.place {
            Place::Whole => text == other,
            Place::Start => text.starts_with(&other),
            Place::End => text.ends_with(&other),
            Place::Inside => text.contains(&other),
        }
    })
}
