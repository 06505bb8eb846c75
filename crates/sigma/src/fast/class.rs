//! Which rules can speak of one class of events, and what is left to be asked for them?
//!
//! A class is all events of one kind of log whose signs (event id, provider …) mean the same. For it
//! the rules are narrowed once: those of its log sources, with everything that the signs decide
//! already decided. Each column knows the rules that look at it, so that of an event of which few rules are
//! open only what these look at is looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use assize_model::Rules;

use super::column::Deferred;
use super::gate::{self, Bits, Gates};
use super::program::{Ask, Node, Program};
use super::screen::Screen;
use super::shape::Lies;
use super::sign::{Demands, PRESENT, Signs};
use crate::condition::FieldTest;
use crate::logsource::{Origin, Route};

/// What the signs of an event mean: for each sign the meaning of each of its values, `None` for null.
pub(crate) type Sight = Vec<Vec<Option<Arc<[u32]>>>>;

/// A class of events.
pub(crate) struct Class {
    /// The log sources in which they lie, by the program's numbers.
    pub sources: Vec<u32>,
    /// The rules that can speak of them.
    pub rules: Vec<Asked>,
    /// Rules of those log sources that the signs have answered with no.
    pub decided: Rules,
    /// The fields that those rules look at.
    pub columns: Vec<Column>,
    /// Comparisons between fields.
    pub pairs: Vec<Pair>,
    /// What is sought in every value.
    pub words: Option<Words>,
    /// How many atoms there are left.
    pub atoms: usize,
    /// What values leave open.
    pub gates: Gates,
    /// The rules that can speak of an event that has all columns.
    able: Rules,
}

/// A rule and what is left of it.
pub(crate) struct Asked {
    /// Its number.
    pub rule: u32,
    pub route: &'static Route,
    /// With the class' atoms.
    pub condition: Left,
}

/// What is left of a condition.
#[derive(Clone, Debug)]
pub(crate) enum Left {
    True,
    And(Vec<Self>),
    Or(Vec<Self>),
    AtLeast(usize, Vec<Self>),
    Not(Box<Self>),
    Atom(u32),
}

/// A field that rules look at.
pub(crate) struct Column {
    pub lies: Lies,
    /// Number and matcher of the questions about its text, if there are any.
    pub matcher: Option<(u32, Arc<Deferred>)>,
    /// The rules that look at it.
    pub rules: Bits,
    /// The class' atoms by the matcher's.
    pub atoms: Vec<u32>,
    /// The atoms that hold if there is no value but null, if there is a field, if there is none: one of
    /// each for every name by which rules mean this field.
    pub null: Vec<u32>,
    pub exists: Vec<u32>,
    pub absent: Vec<u32>,
}

/// A comparison of two columns.
pub(crate) struct Pair {
    pub atom: u32,
    pub left: usize,
    pub right: usize,
    pub test: FieldTest,
}

/// Keywords.
pub(crate) struct Words {
    /// The class' atom and the program's of each.
    pub atoms: Vec<(u32, u32)>,
    /// Tells values apart that hold none of them; `None` if nothing can.
    pub screen: Option<Arc<Screen>>,
}

/// Gives out matchers and screens, the same one for the same atoms.
pub(crate) trait Matchers {
    /// A screen for these keywords of the program.
    fn screen(&self, atoms: &[u32]) -> Option<Arc<Screen>>;
    /// The matcher of these atoms of the program.
    fn matcher(&self, atoms: &[u32]) -> (u32, Arc<Deferred>);
}

/// What a class is made from.
pub(crate) struct Ground<'a> {
    pub program: &'a Program,
    pub signs: &'a Signs,
    pub demands: &'a [Vec<Demands>],
    pub matchers: &'a dyn Matchers,
}

impl Ground<'_> {
    /// The class of events of a kind of log whose signs mean this.
    pub fn class(&self, source: &str, sight: &Sight) -> Class {
        let mut draft = Draft::of(self, source, sight);
        let mut sources = Vec::new();
        for (number, own) in (0..).zip(&self.program.sources) {
            let demands = &self.demands[number as usize];
            let admits = |(route, demands): &(&&'static Route, &Demands)| {
                lies_in(source, route) && demands.iter().all(|(sign, claim)| meets(&sight[*sign], *claim))
            };
            let Some((route, _)) = own.routes.iter().zip(demands).find(admits) else { continue };
            sources.push(number);
            draft.take_route(route);
            own.rules.iter().for_each(|rule| draft.add(*rule, route));
        }
        draft.finish(sources)
    }
}

fn lies_in(source: &str, route: &Route) -> bool {
    match source.split_once('/') {
        Some((kind, channel)) => {
            let is_channel = |name: &String| name.eq_ignore_ascii_case(channel);
            route.kind() == Some(kind)
                && (route.channels().is_empty() || route.channels().iter().any(is_channel))
        }
        None => route.untold().iter().any(|untold| untold == source),
    }
}

/// Whether a sign's values are what a route demands of them.
fn meets(values: &[Option<Arc<[u32]>>], claim: u32) -> bool {
    if claim == PRESENT { !values.is_empty() } else { claims(values, claim) }
}

fn claims(values: &[Option<Arc<[u32]>>], claim: u32) -> bool {
    values.iter().flatten().any(|meaning| meaning.contains(&claim))
}

/// An atom of the class: where it looks, the program's number, and where it looks besides.
type Place = (usize, u32, usize);

/// Where keywords look.
const EVERYWHERE: usize = usize::MAX;

struct Draft<'a> {
    ground: &'a Ground<'a>,
    source: &'a str,
    sight: &'a Sight,
    atoms: BTreeMap<Place, u32>,
    columns: Vec<Lies>,
    /// The rules that look at each of them, in order, some more than once.
    looking: Vec<Vec<u32>>,
    known: BTreeMap<String, usize>,
    rules: Vec<Asked>,
    decided: Rules,
    /// By the number of a field's name, for the route at hand: is it a sign that is there, and
    /// which column is it?
    signs: Vec<Option<usize>>,
    places: Vec<Option<usize>>,
}

/// What is left of a part of a condition, or its truth.
enum Folded {
    Known(bool),
    Open(Left),
}

impl<'a> Draft<'a> {
    fn of(ground: &'a Ground<'a>, source: &'a str, sight: &'a Sight) -> Self {
        Self {
            ground,
            source,
            sight,
            atoms: BTreeMap::new(),
            columns: Vec::new(),
            looking: Vec::new(),
            known: BTreeMap::new(),
            rules: Vec::new(),
            decided: Rules::default(),
            signs: Vec::new(),
            places: Vec::new(),
        }
    }

    fn take_route(&mut self, route: &'static Route) {
        let fields = &self.ground.program.fields;
        let (names, sight) = (&self.ground.signs.names, self.sight);
        let sign = |field: &String| {
            let own = route.fields().get(field);
            let name = match own {
                Some(Origin::Own(name)) => name,
                Some(Origin::Joined(_)) => return None,
                None => field,
            };
            // A sign that is absent may still be there in another spelling.
            names.iter().position(|sign| sign == name).filter(|sign| !sight[*sign].is_empty())
        };
        self.signs = fields.iter().map(sign).collect();
        self.places = vec![None; fields.len()];
    }

    fn add(&mut self, rule: u32, route: &'static Route) {
        let tree = &self.ground.program.rules[rule as usize];
        // Whether it is open at all is asked before anything is written down for it.
        if self.truth(&tree.condition, &tree.selections) == Some(false) {
            return self.decided.insert(rule as usize);
        }
        let condition = match self.fold(&tree.condition, &tree.selections, route) {
            Folded::Known(false) => return self.decided.insert(rule as usize),
            Folded::Known(true) => Left::True,
            Folded::Open(left) => left,
        };
        // The fields that tell why a rule speaks are those of true parts, folded away or not: all
        // its columns belong to what the answer depends on.
        tree.selections.iter().chain([&tree.condition]).for_each(|node| self.mention(node, route));
        self.rules.push(Asked { rule, route, condition });
    }

    fn mention(&mut self, node: &Node, route: &'static Route) {
        match node {
            Node::And(parts) | Node::Or(parts) | Node::AtLeast(_, parts) => {
                parts.iter().for_each(|part| self.mention(part, route));
            }
            // What stands under a `not` tells by its absence, and no field.
            Node::Not(_) | Node::Selection(_) => {}
            Node::Atom(atom) => {
                if self.known_atom(*atom).is_none() {
                    self.atom(*atom, route);
                }
            }
        }
    }

    /// The truth of a condition where the signs alone decide it.
    fn truth(&self, node: &Node, selections: &[Node]) -> Option<bool> {
        match node {
            Node::And(parts) => {
                let mut all = Some(true);
                for part in parts {
                    match self.truth(part, selections) {
                        Some(false) => return Some(false),
                        Some(true) => {}
                        None => all = None,
                    }
                }
                all
            }
            Node::Or(parts) => {
                let mut any = Some(false);
                for part in parts {
                    match self.truth(part, selections) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => any = None,
                    }
                }
                any
            }
            Node::AtLeast(count, parts) => {
                let truths: Vec<_> = parts.iter().map(|part| self.truth(part, selections)).collect();
                let sure = truths.iter().filter(|truth| **truth == Some(true)).count();
                let possible = truths.iter().filter(|truth| **truth != Some(false)).count();
                if sure >= *count { Some(true) } else { (possible < *count).then_some(false) }
            }
            Node::Not(part) => self.truth(part, selections).map(|truth| !truth),
            Node::Selection(index) => self.truth(&selections[*index as usize], selections),
            Node::Atom(atom) => self.known_atom(*atom),
        }
    }

    fn fold(&mut self, node: &Node, selections: &[Node], route: &'static Route) -> Folded {
        if let Some(truth) = self.truth(node, selections) {
            return Folded::Known(truth);
        }
        Folded::Open(match node {
            Node::And(parts) => Left::And(self.open(parts, selections, route).1),
            Node::Or(parts) => Left::Or(self.open(parts, selections, route).1),
            Node::AtLeast(count, parts) => {
                let (sure, open) = self.open(parts, selections, route);
                Left::AtLeast(count.saturating_sub(sure), open)
            }
            Node::Not(part) => match self.fold(part, selections, route) {
                Folded::Known(truth) => return Folded::Known(!truth),
                Folded::Open(left) => Left::Not(Box::new(left)),
            },
            Node::Selection(index) => return self.fold(&selections[*index as usize], selections, route),
            Node::Atom(atom) => Left::Atom(self.atom(*atom, route)),
        })
    }

    /// How many parts are surely true, and what is left of those that are open.
    fn open(&mut self, parts: &[Node], selections: &[Node], route: &'static Route) -> (usize, Vec<Left>) {
        let mut sure = 0;
        let mut open = Vec::new();
        for part in parts {
            match self.fold(part, selections, route) {
                Folded::Known(truth) => sure += usize::from(truth),
                Folded::Open(left) => open.push(left),
            }
        }
        (sure, open)
    }

    /// The truth of an atom that looks at a sign only.
    fn known_atom(&self, atom: u32) -> Option<bool> {
        let own = &self.ground.program.atoms[atom as usize];
        let values = self.sight[self.signs[own.field? as usize]?].as_slice();
        match &own.ask {
            Ask::Text(_) => Some(claims(values, atom)),
            Ask::Null => Some(values.iter().all(Option::is_none)),
            Ask::Exists(wanted) => Some(*wanted),
            Ask::Field(..) => None,
        }
    }

    fn atom(&mut self, atom: u32, route: &'static Route) -> u32 {
        let own = &self.ground.program.atoms[atom as usize];
        let column = own.field.map_or(EVERYWHERE, |field| self.column(field, route));
        let other = match &own.ask {
            Ask::Field(_, other) => self.column(*other, route),
            _ => 0,
        };
        let next = self.atoms.len() as u32;
        *self.atoms.entry((column, atom, other)).or_insert(next)
    }

    fn column(&mut self, field: u32, route: &'static Route) -> usize {
        let column = self.places[field as usize].unwrap_or_else(|| {
            let lies = Lies::of(&self.ground.program.fields[field as usize], route, self.source);
            let next = self.columns.len();
            let column = *self.known.entry(lies.key()).or_insert(next);
            if column == next {
                self.columns.push(lies);
                self.looking.push(Vec::new());
            }
            self.places[field as usize] = Some(column);
            column
        });
        // The rule at hand is the next one.
        self.looking[column].push(self.rules.len() as u32);
        column
    }

    fn finish(mut self, sources: Vec<u32>) -> Class {
        let atoms = std::mem::take(&mut self.atoms);
        let program = self.ground.program;
        let pair = |((left, atom, right), own): (&Place, &u32)| match &program.atoms[*atom as usize].ask {
            Ask::Field(test, _) => Some(Pair { atom: *own, left: *left, right: *right, test: test.clone() }),
            _ => None,
        };
        let pairs = atoms.iter().filter_map(pair).collect();
        let mut columns: Vec<Column> = Vec::new();
        for (number, lies) in self.columns.iter().enumerate() {
            let own = atoms.range((number, 0, 0)..=(number, u32::MAX, usize::MAX));
            let rules = gate::some(self.rules.len(), self.looking[number].iter().copied());
            columns.push(self.fill(lies.clone(), rules, own.map(|((_, atom, _), class)| (*atom, *class))));
        }
        let words = atoms.range((EVERYWHERE, 0, 0)..).map(|((_, atom, _), class)| (*class, *atom)).collect();
        let words = self.words(words);
        let own_words = words.iter().flat_map(|words: &Words| &words.atoms).map(|(own, _)| *own);
        let gates = gate::gates(&self.rules, &columns, own_words, atoms.len());
        let mut class = Class {
            sources,
            rules: self.rules,
            decided: self.decided,
            columns,
            pairs,
            words,
            atoms: atoms.len(),
            gates,
            able: Rules::default(),
        };
        class.able = class.able_among(|_| true, &vec![None; class.atoms]);
        class
    }

    /// Keywords, by the class' atom and the program's.
    fn words(&self, atoms: Vec<(u32, u32)>) -> Option<Words> {
        let own: Vec<u32> = atoms.iter().map(|(_, atom)| *atom).collect();
        (!own.is_empty()).then(|| Words { atoms, screen: self.ground.matchers.screen(&own) })
    }

    fn fill(&self, lies: Lies, rules: Bits, atoms: impl Iterator<Item = (u32, u32)>) -> Column {
        let (null, exists, absent) = (Vec::new(), Vec::new(), Vec::new());
        let mut column = Column { lies, matcher: None, rules, atoms: Vec::new(), null, exists, absent };
        let mut asked = Vec::new();
        for (atom, own) in atoms {
            match self.ground.program.atoms[atom as usize].ask {
                Ask::Text(_) => {
                    asked.push(atom);
                    column.atoms.push(own);
                }
                Ask::Null => column.null.push(own),
                Ask::Exists(true) => column.exists.push(own),
                Ask::Exists(false) => column.absent.push(own),
                Ask::Field(..) => {}
            }
        }
        column.matcher = (!asked.is_empty()).then(|| self.ground.matchers.matcher(&asked));
        column
    }
}

impl Class {
    /// The rules that can speak of events with some of the columns, whatever stands there.
    pub fn able(&self, has: impl Fn(usize) -> bool) -> Rules {
        let mut known = vec![None; self.atoms];
        for (number, column) in self.columns.iter().enumerate().filter(|(number, _)| !has(*number)) {
            column.atoms.iter().for_each(|atom| known[*atom as usize] = Some(false));
            for (atoms, truth) in [(&column.null, true), (&column.exists, false), (&column.absent, true)] {
                atoms.iter().for_each(|atom| known[*atom as usize] = Some(truth));
            }
            let is_of_pair = |pair: &&Pair| pair.left == number || pair.right == number;
            self.pairs.iter().filter(is_of_pair).for_each(|pair| known[pair.atom as usize] = Some(false));
        }
        // What looks at nothing that is missing is as able as ever.
        let mut touched = gate::none(self.rules.len());
        let missing = self.columns.iter().enumerate().filter(|(number, _)| !has(*number));
        missing.for_each(|(_, column)| gate::widen(&mut touched, &column.rules));
        let mut able = self.able_among(|rule| gate::has(&touched, rule), &known);
        for (number, asked) in self.rules.iter().enumerate() {
            if !gate::has(&touched, number) && self.able.contains(asked.rule as usize) {
                able.insert(asked.rule as usize);
            }
        }
        able
    }

    /// Those of some rules whose conditions are not false by what is known of the atoms.
    fn able_among(&self, is_asked: impl Fn(usize) -> bool, known: &[Option<bool>]) -> Rules {
        let mut able = Rules::default();
        for (number, asked) in self.rules.iter().enumerate() {
            if is_asked(number) && truth(&asked.condition, known) != Some(false) {
                able.insert(asked.rule as usize);
            }
        }
        able
    }
}

/// The truth of what is left of a condition, as far as some atoms tell.
fn truth(left: &Left, known: &[Option<bool>]) -> Option<bool> {
    match left {
        Left::True => Some(true),
        Left::Atom(atom) => known[*atom as usize],
        Left::Not(part) => truth(part, known).map(|truth| !truth),
        Left::And(parts) => at_least(parts.len(), parts, known),
        Left::Or(parts) => at_least(1, parts, known),
        Left::AtLeast(count, parts) => at_least(*count, parts, known),
    }
}

fn at_least(count: usize, parts: &[Left], known: &[Option<bool>]) -> Option<bool> {
    let (mut sure, mut possible) = (0, 0);
    for part in parts {
        let truth = truth(part, known);
        sure += usize::from(truth == Some(true));
        possible += usize::from(truth != Some(false));
    }
    if sure >= count { Some(true) } else { (possible < count).then_some(false) }
}
