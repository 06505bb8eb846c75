//! Which records can the loaded rules speak of at all, and which fields of them?
//!
//! Asked of a reader, so that what no rule looks at need not be decoded. Records are told apart by what
//! the routes of the rules' log sources say. Of a wanted record those fields are wanted under whose
//! names a rule looks there; a keyword looks at every value, so that a record in which its words may
//! stand is wanted whole. An event that is not read is an event of which no rule was a candidate, and a
//! value that is not read one that no rule looked at: hits and log sources stay the same.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::{Class, SpinePart, Wanted};

use crate::condition::FieldTest;
use crate::logsource::{self, EVENT, Origin, PROVIDER, Route};
use crate::text::Piece;
use crate::{Condition, Number, Rule, Test, fast};

/// What is wanted of the records of a class: all of it, or some fields, and all where a word stands.
#[derive(Default)]
struct Sought<'r> {
    everything: bool,
    fields: BTreeSet<&'r str>,
    words: BTreeSet<String>,
}

/// Kind of log and numbers of its records.
type Place = (Option<String>, Option<BTreeSet<u32>>);

/// The records that a rule can be true of, by what it cannot do without.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord)]
struct Reach<'r> {
    source: Option<String>,
    event_ids: Option<BTreeSet<u32>>,
    having: Option<BTreeSet<&'r str>>,
    only_with_words: bool,
}

/// What these rules need to see.
pub(crate) fn wanted(rules: &[Rule]) -> Wanted {
    let signs = logsource::signs(rules.iter().flat_map(|rule| &rule.routes).copied());
    let mut reaches: BTreeMap<Reach<'_>, Sought<'_>> = BTreeMap::new();
    for rule in rules {
        for route in &rule.routes {
            for (source, event_ids) in places_of(route) {
                // Of every kind of record of a log source one: which rules could have spoken is told by
                // the names of fields, and those are the same in a kind.
                let any = Reach {
                    source: source.clone(),
                    event_ids: event_ids.clone(),
                    having: None,
                    only_with_words: true,
                };
                reaches.entry(any).or_default();
                let needs = Needs { rule, route, signs: &signs };
                if let Some(reach) = needs.reach(source, event_ids) {
                    reaches.entry(reach).or_default().add(rule, route);
                }
            }
        }
    }
    let class = |(reach, sought): (Reach<'_>, Sought<'_>)| Class {
        source: reach.source,
        provider: None,
        event_ids: reach.event_ids,
        having: reach.having.map(owned),
        only_with_words: reach.only_with_words && !sought.everything,
        fields: (!sought.everything).then(|| owned(sought.fields)),
        words: sought.words,
    };
    Wanted::of(reaches.into_iter().map(class).collect(), SpinePart::Place)
}

fn owned(names: BTreeSet<&str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// What a rule cannot be true without, worked out of its condition: what is not known to be needed is not.
struct Needs<'r> {
    rule: &'r Rule,
    route: &'static Route,
    signs: &'r [String],
}

/// Of the parts of a condition so many must hold.
fn parts(condition: &Condition) -> (usize, &[Condition]) {
    match condition {
        Condition::And(parts) => (parts.len(), parts),
        Condition::Or(parts) => (1, parts),
        Condition::AtLeast(count, parts) => (*count, parts),
        _ => (0, &[]),
    }
}

/// What one of several must have, if each needs something.
fn of_any<T: Ord>(needs: impl Iterator<Item = Option<BTreeSet<T>>>) -> Option<BTreeSet<T>> {
    needs.collect::<Option<Vec<_>>>().map(|needs| needs.into_iter().flatten().collect())
}

impl<'r> Needs<'r> {
    /// The records of a place that the rule can be true of; `None` if there are none.
    fn reach(&self, source: Option<String>, places: Option<BTreeSet<u32>>) -> Option<Reach<'r>> {
        let event_ids = match (places, self.numbers(&self.rule.condition)) {
            (Some(places), Some(needed)) => Some(&places & &needed),
            (places, needed) => places.or(needed),
        };
        if event_ids.as_ref().is_some_and(BTreeSet::is_empty) {
            return None;
        }
        let only_with_words = self.is_keyword(&self.rule.condition);
        // Where a sign decides by its value which rules could have spoken, every value is needed.
        let by_value = only_with_words || self.asks_rare_signs();
        let having = if by_value { None } else { self.names(&self.rule.condition) };
        Some(Reach { source, event_ids, having, only_with_words })
    }

    /// The numbers of which a record must have one.
    fn numbers(&self, condition: &Condition) -> Option<BTreeSet<u32>> {
        match condition {
            Condition::Selection(index) => self.numbers(&self.rule.selections.get(*index)?.condition),
            Condition::Atom(atom) if atom.field.as_deref() == Some(EVENT) && self.is_plain(EVENT) => {
                number(&atom.test).map(|number| [number].into())
            }
            Condition::And(parts) => {
                parts.iter().filter_map(|part| self.numbers(part)).reduce(|one, other| &one & &other)
            }
            _ => {
                let (count, parts) = parts(condition);
                (count > 0).then(|| of_any(parts.iter().map(|part| self.numbers(part)))).flatten()
            }
        }
    }

    /// The own names of which a record must have one.
    fn names(&self, condition: &'r Condition) -> Option<BTreeSet<&'r str>> {
        match condition {
            Condition::Selection(index) => self.names(&self.rule.selections.get(*index)?.condition),
            Condition::Atom(atom) => {
                let field = atom.field.as_deref().filter(|field| !is_everywhere(field))?;
                let needs_value = !matches!(atom.test, Test::Null | Test::Exists(false));
                needs_value.then(|| own_names(field, self.route).collect())
            }
            Condition::And(parts) => {
                parts.iter().filter_map(|part| self.names(part)).min_by_key(BTreeSet::len)
            }
            _ => {
                let (count, parts) = parts(condition);
                (count > 0).then(|| of_any(parts.iter().map(|part| self.names(part)))).flatten()
            }
        }
    }

    /// Whether it cannot be true without one of the words that it looks for anywhere.
    fn is_keyword(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Selection(index) => {
                let selection = self.rule.selections.get(*index);
                selection.is_some_and(|selection| self.is_keyword(&selection.condition))
            }
            Condition::Atom(atom) => atom.field.is_none(),
            Condition::And(parts) => parts.iter().any(|part| self.is_keyword(part)),
            _ => {
                let (count, parts) = parts(condition);
                count > 0 && !parts.is_empty() && parts.iter().all(|part| self.is_keyword(part))
            }
        }
    }

    /// Whether a field lies under its very name.
    fn is_plain(&self, field: &str) -> bool {
        !self.route.fields().contains_key(field)
    }

    /// Whether it asks for a field by which log sources are told apart, other than those that tell kinds.
    fn asks_rare_signs(&self) -> bool {
        let mut asked = Sought::default();
        asked.add(self.rule, self.route);
        let rare = self.signs.iter().filter(|sign| !is_everywhere(sign));
        rare.into_iter().any(|sign| asked.fields.contains(sign.as_str()))
    }
}

/// Fields that nearly every record has: needing them says nothing.
fn is_everywhere(field: &str) -> bool {
    [EVENT, PROVIDER, "Channel", "Computer"].contains(&field)
}

/// The one number that a test is true of, where it is that of a record.
fn number(test: &Test) -> Option<u32> {
    match test {
        Test::Equal(Number::Whole(whole)) => u32::try_from(*whole).ok(),
        Test::Text(glob) => match glob.pieces() {
            [Piece::Text(text)] => text.parse().ok().filter(|number: &u32| number.to_string() == *text),
            _ => None,
        },
        _ => None,
    }
}

/// The own names under which `view` looks for a field.
fn own_names<'r>(field: &'r str, route: &'static Route) -> impl Iterator<Item = &'r str> {
    let shorter = |name: &'static str| -> &'r str { name };
    let (own, usual) = match route.fields().get(field) {
        Some(Origin::Own(name)) => (std::slice::from_ref(name), None),
        Some(Origin::Joined(joined)) => (joined.join.as_slice(), None),
        None => (&[][..], Some(logsource::usual_names(field).map(shorter).chain([field]))),
    };
    own.iter().map(move |name| shorter(name)).chain(usual.into_iter().flatten())
}

fn places_of(route: &Route) -> Vec<Place> {
    let ids: Option<BTreeSet<u32>> = route.events().iter().map(|id| u32::try_from(*id).ok()).collect();
    let ids = ids.filter(|ids| !ids.is_empty());
    let untold = route.untold().iter().cloned().map(Some);
    let channels: Vec<Option<String>> = match route.kind() {
        None => Vec::new(),
        Some(kind) if route.channels().is_empty() => vec![Some(format!("{kind}/"))],
        Some(kind) => route.channels().iter().map(|channel| Some(format!("{kind}/{channel}"))).collect(),
    };
    untold.chain(channels).map(|source| (source, ids.clone())).collect()
}

impl<'r> Sought<'r> {
    fn add(&mut self, rule: &'r Rule, route: &'static Route) {
        self.fields.insert(EVENT);
        self.fields.extend(route.has().iter().map(String::as_str));
        self.fields.extend(route.demands().into_iter().map(|(field, _)| field));
        self.condition(&rule.condition, route);
        rule.selections.iter().for_each(|selection| self.condition(&selection.condition, route));
    }

    fn condition(&mut self, condition: &'r Condition, route: &'static Route) {
        match condition {
            Condition::And(parts) | Condition::Or(parts) | Condition::AtLeast(_, parts) => {
                parts.iter().for_each(|part| self.condition(part, route));
            }
            Condition::Not(part) => self.condition(part, route),
            Condition::Selection(_) => {}
            Condition::Atom(atom) => {
                match &atom.field {
                    Some(field) => self.field(field, route),
                    None => self.keyword(&atom.test),
                }
                if let Test::Field(FieldTest { other, .. }) = &atom.test {
                    self.field(other, route);
                }
            }
        }
    }

    fn field(&mut self, field: &'r str, route: &'static Route) {
        self.fields.extend(own_names(field, route));
    }

    fn keyword(&mut self, test: &Test) {
        match fast::required_words(test) {
            Some(words) => self.words.extend(words),
            None => self.everything = true,
        }
    }
}
