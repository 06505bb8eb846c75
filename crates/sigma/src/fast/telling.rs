//! Which of an event's own fields made a rule true?
//!
//! Asked only for rules that speak of an event, and once for all events that look alike to the rules:
//! the rule's whole condition is walked over the values themselves. Fields of true comparisons
//! count, wherever all that stands above them is true; what stands under a `not` tells by its
//! absence, and no field.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::probe;
use super::program::{Ask, Atom, Node, Program};
use super::rows::Rows;
use super::shape::{Lies, Shape, Spot};
use crate::condition::{FieldTest, Place};
use crate::logsource::Route;

/// An event before a rule.
pub(crate) struct Teller<'a, R> {
    pub program: &'a Program,
    pub rows: &'a R,
    pub row: usize,
    pub shape: &'a Shape,
    pub source: &'a str,
    pub route: &'static Route,
    pub lowered: &'a Lowered,
}

/// The values of one event in lower case, by where they lie: rules ask again and again for the same, and it
/// may be a megabyte.
#[derive(Default)]
pub(crate) struct Lowered(RefCell<BTreeMap<(*const u8, usize), Rc<str>>>);

impl Lowered {
    fn of(&self, value: &Told<'_>) -> Rc<str> {
        let lower = |text| probe::lower(text, &mut String::new()).into();
        match &value.text {
            Some(Cow::Borrowed(text)) => {
                let place = (text.as_ptr(), text.len());
                Rc::clone(self.0.borrow_mut().entry(place).or_insert_with(|| lower(text)))
            }
            // A joined value lies where the next one may.
            Some(Cow::Owned(text)) => lower(text),
            None => lower(""),
        }
    }
}

/// A value with the own fields that it comes from.
pub(crate) struct Told<'a> {
    pub names: Vec<&'a str>,
    pub text: Option<Cow<'a, str>>,
}

impl<R: Rows> Teller<'_, R> {
    /// The names of the fields that made the rule true, sorted.
    pub fn fields(&self, rule: u32) -> Vec<String> {
        let tree = &self.program.rules[rule as usize];
        let mut names = Vec::new();
        self.holds(&tree.condition, &tree.selections, &mut names);
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether a part holds; what told it is added if it does.
    fn holds<'s>(&'s self, node: &Node, selections: &[Node], names: &mut Vec<&'s str>) -> bool {
        let before = names.len();
        let holds = match node {
            Node::And(parts) => self.count(parts, selections, names) == parts.len(),
            Node::Or(parts) => self.count(parts, selections, names) > 0,
            Node::AtLeast(count, parts) => self.count(parts, selections, names) >= *count,
            Node::Not(part) => {
                let holds = !self.holds(part, selections, names);
                names.truncate(before);
                holds
            }
            Node::Selection(index) => self.holds(&selections[*index as usize], selections, names),
            Node::Atom(atom) => self.atom_holds(&self.program.atoms[*atom as usize], names),
        };
        if !holds {
            names.truncate(before);
        }
        holds
    }

    fn count<'s>(&'s self, parts: &[Node], selections: &[Node], names: &mut Vec<&'s str>) -> usize {
        let mut count = 0;
        for part in parts {
            count += usize::from(self.holds(part, selections, names));
        }
        count
    }

    fn atom_holds<'s>(&'s self, atom: &Atom, names: &mut Vec<&'s str>) -> bool {
        let values = match atom.field {
            Some(field) => self.values(field),
            None => (0..self.shape.names.len() as u32).map(|at| self.own(at)).collect(),
        };
        let before = names.len();
        for value in &values {
            let tells = match (&atom.ask, value.text.as_ref()) {
                (Ask::Null, text) => text.is_none(),
                (Ask::Exists(wanted), _) => *wanted,
                (_, None) => false,
                (Ask::Text(probes), Some(text)) => {
                    let lower = self.lowered.of(value);
                    probes.iter().any(|probe| probe.holds(text, &lower))
                }
                (Ask::Field(test, other), Some(text)) => {
                    self.values(*other).iter().any(|other| is_like(text, other.text.as_deref(), test))
                }
            };
            if tells {
                names.extend(&value.names);
            }
        }
        match &atom.ask {
            Ask::Null => values.iter().all(|value| value.text.is_none()),
            Ask::Exists(wanted) => values.is_empty() != *wanted,
            _ => names.len() > before,
        }
    }

    fn values(&self, field: u32) -> Vec<Told<'_>> {
        let lies = Lies::of(&self.program.fields[field as usize], self.route, self.source);
        values(self.rows, self.row, self.shape, &self.shape.spots(&lies))
    }

    fn own(&self, position: u32) -> Told<'_> {
        own(self.rows, self.row, self.shape, position)
    }
}

fn own<'a, R: Rows>(rows: &'a R, row: usize, shape: &'a Shape, position: u32) -> Told<'a> {
    let name: &str = &shape.names[position as usize];
    Told { names: vec![name], text: rows.value(row, position).map(Cow::Borrowed) }
}

/// The values that lie at these spots of an event.
pub(crate) fn values<'a, R: Rows>(
    rows: &'a R,
    row: usize,
    shape: &'a Shape,
    spots: &[Spot],
) -> Vec<Told<'a>> {
    let mut values = Vec::new();
    for spot in spots {
        match spot {
            Spot::Own(position) => values.push(own(rows, row, shape, *position)),
            Spot::Joined(positions, joined) => {
                let parts: Vec<u32> =
                    positions.iter().copied().filter(|at| rows.value(row, *at).is_some()).collect();
                if !parts.is_empty() {
                    let texts: Vec<&str> = parts.iter().filter_map(|at| rows.value(row, *at)).collect();
                    let names = parts.iter().map(|at| &*shape.names[*at as usize]).collect();
                    let text = super::renamed(joined, texts.join("\\"));
                    values.push(Told { names, text: Some(Cow::Owned(text)) });
                }
            }
        }
    }
    values
}

/// Whether a text is like another field's value.
pub(crate) fn is_like(text: &str, other: Option<&str>, test: &FieldTest) -> bool {
    let Some(other) = other else { return false };
    let (mut one, mut two) = (String::new(), String::new());
    let (text, other) = if test.cased {
        (text, other)
    } else {
        (probe::lower(text, &mut one), probe::lower(other, &mut two))
    };
    match test.place {
        Place::Whole => text == other,
        Place::Start => text.starts_with(other),
        Place::End => text.ends_with(other),
        Place::Inside => text.contains(other),
    }
}
