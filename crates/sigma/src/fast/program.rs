//! What do all rules together ask, each question once?
//!
//! The same comparison stands in hundreds of rules (`Image` ends with `\powershell.exe`), so each is
//! an atom with a number, and a rule is a tree over numbers. A list of values under one field is one
//! atom: which of them it was does not matter to the condition.

use std::collections::BTreeMap;

use super::probe::{Pattern, Probe};
use super::stretch::Place;
use crate::condition::FieldTest;
use crate::logsource::Route;
use crate::{Condition, Rule, Test};

/// Everything that rules ask.
#[derive(Default)]
pub(crate) struct Program {
    pub atoms: Vec<Atom>,
    pub rules: Vec<Tree>,
    pub sources: Vec<Source>,
    /// The names of fields as rules write them.
    pub fields: Vec<String>,
}

/// One question about a field of an event, or about all its values.
pub(crate) struct Atom {
    /// Number of the field's name; `None` for keywords.
    pub field: Option<u32>,
    pub ask: Ask,
}

/// What is asked about a field.
pub(crate) enum Ask {
    /// Does any value satisfy any of these?
    Text(Vec<Probe>),
    /// Is no value more than null?
    Null,
    /// Is there a value, be it null, or is there none?
    Exists(bool),
    /// Is a value like one of another field, by the number of its name?
    Field(FieldTest, u32),
}

/// What a rule asks.
pub(crate) struct Tree {
    pub selections: Vec<Node>,
    pub condition: Node,
}

/// A part of a condition.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    And(Vec<Self>),
    Or(Vec<Self>),
    AtLeast(usize, Vec<Self>),
    Not(Box<Self>),
    Selection(u32),
    Atom(u32),
}

/// A log source with its rules.
pub(crate) struct Source {
    pub key: String,
    pub routes: Vec<&'static Route>,
    pub rules: Vec<u32>,
}

impl Program {
    /// What these rules ask; a rule keeps its place in the list as its number.
    pub fn of(rules: &[Rule]) -> Self {
        let mut builder = Builder::default();
        let trees = rules.iter().map(|rule| builder.tree(rule)).collect();
        let mut sources: BTreeMap<&str, Source> = BTreeMap::new();
        for (number, rule) in (0..).zip(rules) {
            let key = &rule.info.logsource;
            let new = || Source { key: key.clone(), routes: rule.routes.clone(), rules: Vec::new() };
            sources.entry(key).or_insert_with(new).rules.push(number);
        }
        Self {
            atoms: builder.atoms,
            rules: trees,
            sources: sources.into_values().collect(),
            fields: builder.fields,
        }
    }
}

#[derive(Default)]
struct Builder {
    atoms: Vec<Atom>,
    known: BTreeMap<Vec<u8>, u32>,
    fields: Vec<String>,
    named: BTreeMap<String, u32>,
}

impl Builder {
    fn tree(&mut self, rule: &Rule) -> Tree {
        let selections = rule.selections.iter().map(|selection| self.node(&selection.condition)).collect();
        Tree { selections, condition: self.node(&rule.condition) }
    }

    fn node(&mut self, condition: &Condition) -> Node {
        match condition {
            Condition::And(parts) => Node::And(self.nodes(parts)),
            Condition::Or(parts) => self.any(parts),
            Condition::AtLeast(count, parts) => Node::AtLeast(*count, self.nodes(parts)),
            Condition::Not(part) => Node::Not(Box::new(self.node(part))),
            Condition::Selection(index) => Node::Selection(*index as u32),
            Condition::Atom(atom) => match Probe::of(&atom.test) {
                Some(probe) => self.atom(atom.field.as_deref(), Ask::Text(vec![probe])),
                None => {
                    let ask = self.about_field(&atom.test);
                    self.atom(atom.field.as_deref(), ask)
                }
            },
        }
    }

    fn nodes(&mut self, parts: &[Condition]) -> Vec<Node> {
        parts.iter().map(|part| self.node(part)).collect()
    }

    /// Alternatives; those that compare values of one field become one atom.
    fn any(&mut self, parts: &[Condition]) -> Node {
        let mut probes: BTreeMap<Option<&str>, Vec<Probe>> = BTreeMap::new();
        let mut others = Vec::new();
        gather(parts, &mut probes, &mut others);
        let mut nodes = self.nodes_of(&others);
        for (field, probes) in probes {
            nodes.push(self.atom(field, Ask::Text(probes)));
        }
        match nodes.pop() {
            Some(only) if nodes.is_empty() => only,
            last => {
                nodes.extend(last);
                Node::Or(nodes)
            }
        }
    }

    fn nodes_of(&mut self, parts: &[&Condition]) -> Vec<Node> {
        parts.iter().map(|part| self.node(part)).collect()
    }

    fn field(&mut self, name: &str) -> u32 {
        if let Some(number) = self.named.get(name) {
            return *number;
        }
        let number = self.fields.len() as u32;
        self.fields.push(name.to_owned());
        self.named.insert(name.to_owned(), number);
        number
    }

    fn about_field(&mut self, test: &Test) -> Ask {
        match test {
            Test::Exists(wanted) => Ask::Exists(*wanted),
            Test::Field(test) => Ask::Field(test.clone(), self.field(&test.other)),
            // `Probe::of` has taken all tests that are about a text.
            _ => Ask::Null,
        }
    }

    fn atom(&mut self, field: Option<&str>, ask: Ask) -> Node {
        let field = field.map(|name| self.field(name));
        let key = key(field, &ask);
        let next = self.atoms.len() as u32;
        let number = *self.known.entry(key).or_insert(next);
        if number == next {
            self.atoms.push(Atom { field, ask });
        }
        Node::Atom(number)
    }
}

fn gather<'a>(
    parts: &'a [Condition],
    probes: &mut BTreeMap<Option<&'a str>, Vec<Probe>>,
    others: &mut Vec<&'a Condition>,
) {
    for part in parts {
        match part {
            Condition::Or(parts) => gather(parts, probes, others),
            Condition::Atom(atom) => match Probe::of(&atom.test) {
                Some(probe) => probes.entry(atom.field.as_deref()).or_default().push(probe),
                None => others.push(part),
            },
            _ => others.push(part),
        }
    }
}

/// Bytes that are equal for equal atoms only. Bytes from 0xf8 on stand in no text.
fn key(field: Option<u32>, ask: &Ask) -> Vec<u8> {
    let mut key = field.unwrap_or(u32::MAX).to_le_bytes().to_vec();
    match ask {
        Ask::Text(probes) => probes.iter().for_each(|probe| push(&mut key, probe)),
        Ask::Null => key.push(0xf9),
        Ask::Exists(wanted) => key.extend([0xfa, u8::from(*wanted)]),
        Ask::Field(test, other) => {
            key.push(0xfb);
            key.extend_from_slice(format!("{:?}{}{other}", test.place, test.cased).as_bytes());
        }
    }
    key
}

fn push(key: &mut Vec<u8>, probe: &Probe) {
    key.push(0xfe);
    match probe {
        Probe::Text(pattern) => push_pattern(key, pattern),
        Probe::Number(..) | Probe::Network(_) => key.extend_from_slice(format!("{probe:?}").as_bytes()),
        Probe::Regex(regex) => {
            key.push(0xfd);
            key.extend_from_slice(regex.as_str().as_bytes());
        }
    }
}

fn push_pattern(key: &mut Vec<u8>, pattern: &Pattern) {
    key.push(if pattern.cased { 0xfb } else { 0xfc });
    for stretch in &pattern.stretches {
        for place in stretch {
            match place {
                Place::Text(text) => key.extend_from_slice(text.as_bytes()),
                Place::One => key.push(0xf8),
                Place::Dash => key.push(0xf9),
            }
        }
        key.push(0xff);
    }
}
