//! Which records can the loaded rules speak of at all, and which fields of them?
//!
//! Asked of a reader, so that what no rule looks at need not be decoded. Records are told apart by what
//! the routes of the rules' log sources say. Of a wanted record those fields are wanted under whose
//! names a rule looks there; a keyword looks at every value, so that a record in which its words may
//! stand is wanted whole. An event that is not read is an event of which no rule was a candidate, and a
//! value that is not read one that no rule looked at: hits and log sources stay the same.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::{Class, Wanted};

use crate::condition::FieldTest;
use crate::logsource::{self, EVENT, Origin, Route};
use crate::{Condition, Rule, Test, fast};

/// What is wanted of the records of a class: all of it, or some fields, and all where a word stands.
#[derive(Default)]
struct Sought {
    everything: bool,
    fields: BTreeSet<String>,
    words: BTreeSet<String>,
}

/// Kind of log and numbers of its records.
type Place = (Option<String>, Option<BTreeSet<u32>>);

/// What these rules need to see.
pub(crate) fn wanted(rules: &[Rule]) -> Wanted {
    let mut places: BTreeMap<Place, Sought> = BTreeMap::new();
    for rule in rules {
        for route in &rule.routes {
            for place in places_of(route) {
                places.entry(place).or_default().add(rule, route);
            }
        }
    }
    let class = |((source, event_ids), sought): (Place, Sought)| Class {
        source,
        provider: None,
        event_ids,
        fields: (!sought.everything).then_some(sought.fields),
        // Which rules could have spoken is told by the fields of the records that were read.
        only_with_words: false,
        words: sought.words,
    };
    Wanted { classes: places.into_iter().map(class).collect(), spine: false }
}

fn places_of(route: &Route) -> Vec<Place> {
    let ids: Option<BTreeSet<u32>> = route.events().iter().map(|id| u32::try_from(*id).ok()).collect();
    let ids = ids.filter(|ids| !ids.is_empty());
    let untold = route.untold().iter().cloned().map(Some);
    // A route of a whole product has no name for "any of it" but any at all.
    let kind = route.kind().filter(|_| route.untold().is_empty());
    let channels: Vec<Option<String>> = match kind {
        None => Vec::new(),
        Some(_) if route.channels().is_empty() => vec![None],
        Some(kind) => route.channels().iter().map(|channel| Some(format!("{kind}/{channel}"))).collect(),
    };
    untold.chain(channels).map(|source| (source, ids.clone())).collect()
}

impl Sought {
    fn add(&mut self, rule: &Rule, route: &Route) {
        self.fields.insert(EVENT.to_owned());
        self.fields.extend(route.has().iter().cloned());
        self.fields.extend(route.demands().into_iter().map(|(field, _)| field.to_owned()));
        self.condition(&rule.condition, route);
        rule.selections.iter().for_each(|selection| self.condition(&selection.condition, route));
    }

    fn condition(&mut self, condition: &Condition, route: &Route) {
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

    /// The own names under which `view` looks for a field.
    fn field(&mut self, field: &str, route: &Route) {
        match route.fields().get(field) {
            Some(Origin::Own(name)) => drop(self.fields.insert(name.clone())),
            Some(Origin::Joined(joined)) => self.fields.extend(joined.join.iter().cloned()),
            None => {
                self.fields.insert(field.to_owned());
                self.fields.extend(logsource::usual_names(field).map(str::to_owned));
            }
        }
    }

    fn keyword(&mut self, test: &Test) {
        match fast::required_words(test) {
            Some(words) => self.words.extend(words),
            None => self.everything = true,
        }
    }
}
