//! Which of many comparisons does one text satisfy?
//!
//! All comparisons that rules make with one field, asked at once: whole texts and numbers are looked
//! up, every other literal is sought in one pass over the text in lower case (`grams`), and
//! what a literal cannot decide alone (wildcards, case, regular expressions) is checked where
//! it was found. Only what has no literal at all is tried on every text.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::grams::{self, Grams};
use super::literal;
use super::memo;
use super::probe::{self, Pattern, Probe};
use super::stretch::Place;
use crate::condition::Relation;

/// Bytes of literals up to which an automaton is a table, twice as fast and up to a hundred times
/// as large.
const TABLE_BYTES_MAX: usize = 6_000;

/// Bytes searched, for each byte of literals, from which on an automaton has paid for itself.
const WORTH: usize = 32;

/// The comparisons that rules make with one field, each an atom of this matcher by its number.
pub(crate) struct Matcher {
    /// Whole texts in lower case, sorted by their hashes, each with what it means.
    whole: Vec<(u64, Box<str>, Task)>,
    grams: Grams,
    /// The same search for a matcher that searches much, and for texts that are made to keep it busy.
    automaton: OnceLock<AhoCorasick>,
    literal_bytes: usize,
    /// Bytes of texts that were searched without it.
    searched: AtomicUsize,
    /// What finding a literal means, those of one literal together; by the literal's number where
    /// they begin.
    found: Vec<Task>,
    begins: Vec<usize>,
    /// Numbers that a text may be equal to.
    equal: BTreeMap<i128, Vec<u32>>,
    /// True of every text.
    any: Vec<u32>,
    /// Tried on every text.
    rest: Vec<u32>,
    checks: Vec<Check>,
    atoms: usize,
    reads_numbers: bool,
    /// Whether anything is asked of the text in lower case.
    reads_lower: bool,
}

/// A matcher that is made when the first text comes: of most fields none ever does.
pub(crate) struct Deferred {
    /// The program's atoms that it asks.
    atoms: Box<[u32]>,
    made: OnceLock<Matcher>,
}

impl Deferred {
    /// One that is not made yet.
    pub fn of(atoms: &[u32]) -> Self {
        Self { atoms: atoms.into(), made: OnceLock::new() }
    }

    /// The matcher, made of its atoms if it was not yet.
    pub fn get_or_make(&self, make: impl FnOnce(&[u32]) -> Matcher) -> &Matcher {
        self.made.get_or_init(|| make(&self.atoms))
    }
}

/// What follows for an atom when a literal is found.
#[derive(Clone, Copy)]
enum Task {
    /// It is satisfied.
    Inside(u32),
    /// It is satisfied if the literal stands at the start.
    Start(u32),
    /// At the end.
    End(u32),
    /// It is to be checked, by the number of the check.
    Check(u32),
}

struct Check {
    atom: u32,
    probe: Probe,
}

/// Room that is used again for every text.
#[derive(Default)]
pub(crate) struct Scratch {
    lower: String,
    satisfied: Marks,
    checked: Marks,
    met: Marks,
    pub verdict: Vec<u32>,
}

/// Numbers that were marked; to forget them costs as much as there are.
#[derive(Default)]
struct Marks {
    is_marked: Vec<bool>,
    marked: Vec<u32>,
}

impl Marks {
    /// None of so many.
    fn clear(&mut self, count: usize) {
        self.marked.drain(..).for_each(|number| self.is_marked[number as usize] = false);
        if self.is_marked.len() < count {
            self.is_marked.resize(count, false);
        }
    }

    fn has(&self, number: usize) -> bool {
        self.is_marked[number]
    }

    fn add(&mut self, number: usize) {
        if !std::mem::replace(&mut self.is_marked[number], true) {
            self.marked.push(number as u32);
        }
    }
}

/// Collects what a matcher is made of.
#[derive(Default)]
struct Draft {
    whole: Vec<(u64, Box<str>, Task)>,
    literals: Vec<(Box<str>, Task)>,
    equal: BTreeMap<i128, Vec<u32>>,
    any: Vec<u32>,
    rest: Vec<u32>,
    checks: Vec<Check>,
}

impl Matcher {
    /// A matcher of these atoms; an atom is satisfied by a text that satisfies any of its probes.
    pub fn of(atoms: &[&[Probe]]) -> Self {
        let mut draft = Draft::default();
        for (atom, probes) in (0..).zip(atoms) {
            probes.iter().for_each(|probe| draft.add(atom, probe));
        }
        draft.whole.sort_by_key(|(hash, ..)| *hash);
        draft.literals.sort_by(|one, other| one.0.cmp(&other.0));
        let (mut literals, mut begins, mut found) = (Vec::<Box<str>>::new(), Vec::new(), Vec::new());
        for (literal, task) in draft.literals {
            if literals.last() != Some(&literal) {
                begins.push(found.len());
                literals.push(literal);
            }
            found.push(task);
        }
        begins.push(found.len());
        let reads = |check: &Check| matches!(&check.probe, Probe::Text(pattern) if !pattern.cased);
        let reads_lower = !draft.whole.is_empty() || !literals.is_empty() || draft.checks.iter().any(reads);
        Self {
            whole: draft.whole,
            literal_bytes: literals.iter().map(|literal| literal.len()).sum(),
            grams: Grams::of(literals),
            automaton: OnceLock::new(),
            searched: AtomicUsize::new(0),
            found,
            begins,
            reads_lower,
            reads_numbers: !draft.equal.is_empty(),
            equal: draft.equal,
            any: draft.any,
            rest: draft.rest,
            checks: draft.checks,
            atoms: atoms.len(),
        }
    }

    /// Puts the atoms that the text satisfies into `scratch.verdict`, in order.
    pub fn judge(&self, text: &str, scratch: &mut Scratch) {
        let mut judge = Judge::of(self, text, scratch);
        self.any.iter().for_each(|atom| judge.satisfy(*atom));
        if !self.whole.is_empty() {
            let key = memo::hash(0, judge.lower.as_bytes());
            let first = self.whole.partition_point(|(own, ..)| *own < key);
            let alike = self.whole[first..].iter().take_while(|(own, ..)| *own == key);
            let same = alike.filter(|(_, text, _)| **text == *judge.lower);
            same.for_each(|(.., task)| judge.act(*task, true, true));
        }
        if self.reads_numbers {
            judge.compare_numbers();
        }
        self.search(&mut judge);
        self.rest.iter().for_each(|check| judge.act(Task::Check(*check), true, true));
        judge.verdict.clear();
        judge.verdict.extend_from_slice(&judge.satisfied.marked);
        judge.verdict.sort_unstable();
    }

    /// Finds literals.
    fn search(&self, judge: &mut Judge<'_>) {
        if self.literal_bytes == 0 {
            return;
        }
        let text = judge.lower;
        if self.automaton.get().is_none() {
            let before = self.searched.fetch_add(text.len(), Ordering::Relaxed);
            let is_little = before.saturating_add(text.len()) <= WORTH * self.literal_bytes;
            let done =
                is_little.then(|| self.grams.each(text.as_bytes(), |one, start| judge.found(one, start)));
            if let Some(Ok(())) = done {
                return;
            }
        }
        self.search_much(judge);
    }

    fn search_much(&self, judge: &mut Judge<'_>) {
        let text = judge.lower;
        let mut unmet = self.grams.literals().len() - judge.met.marked.len();
        for hit in self.automaton().find_overlapping_iter(text) {
            let literal = hit.pattern().as_usize();
            unmet -= usize::from(!judge.met.has(literal));
            judge.found(literal, hit.start());
            if unmet == 0 {
                break;
            }
        }
        if unmet == 0 {
            // All that the rest of the text can tell is what stands at its end.
            for (number, literal) in self.grams.literals().iter().enumerate() {
                if text.ends_with(&**literal) {
                    judge.found(number, text.len() - literal.len());
                }
            }
        }
    }

    fn automaton(&self) -> &AhoCorasick {
        self.automaton.get_or_init(|| {
            let literals = self.grams.literals();
            let kind = if self.literal_bytes <= TABLE_BYTES_MAX {
                AhoCorasickKind::DFA
            } else {
                AhoCorasickKind::ContiguousNFA
            };
            let mut builder = AhoCorasick::builder();
            let built = builder.match_kind(MatchKind::Standard).kind(Some(kind));
            // Too many literals for the automaton's numbers (2^31) cannot be: a rule file is 4 MiB.
            built.build(literals.iter().map(|one| one.as_bytes())).unwrap_or_else(|error| panic!("{error}"))
        })
    }
}

/// One text before a matcher.
struct Judge<'a> {
    matcher: &'a Matcher,
    text: &'a str,
    lower: &'a str,
    satisfied: &'a mut Marks,
    checked: &'a mut Marks,
    /// The literals that were found already.
    met: &'a mut Marks,
    verdict: &'a mut Vec<u32>,
}

impl<'a> Judge<'a> {
    fn of(matcher: &'a Matcher, text: &'a str, scratch: &'a mut Scratch) -> Self {
        let Scratch { lower, satisfied, checked, met, verdict } = scratch;
        met.clear(matcher.grams.literals().len());
        satisfied.clear(matcher.atoms);
        checked.clear(matcher.checks.len());
        let lower = if matcher.reads_lower { probe::lower(text, lower) } else { text };
        Self { matcher, text, lower, satisfied, checked, met, verdict }
    }

    fn satisfy(&mut self, atom: u32) {
        self.satisfied.add(atom as usize);
    }

    /// A literal stands at this byte.
    fn found(&mut self, literal: usize, start: usize) {
        let length = self.matcher.grams.literals()[literal].len();
        let (at_start, at_end) = (start == 0, start + length == self.lower.len());
        // Found again it says nothing new, unless it is now at the end; a text at whose start it
        // stands holds it there first.
        if self.met.has(literal) && !at_end {
            return;
        }
        self.met.add(literal);
        let tasks = self.matcher.begins[literal]..self.matcher.begins[literal + 1];
        self.matcher.found[tasks].iter().for_each(|task| self.act(*task, at_start, at_end));
    }

    fn act(&mut self, task: Task, at_start: bool, at_end: bool) {
        match task {
            Task::Inside(atom) => self.satisfy(atom),
            Task::Start(atom) if at_start => self.satisfy(atom),
            Task::End(atom) if at_end => self.satisfy(atom),
            Task::Start(_) | Task::End(_) => {}
            Task::Check(check) => self.check(check as usize),
        }
    }

    fn check(&mut self, check: usize) {
        let Check { atom, probe } = &self.matcher.checks[check];
        if !self.checked.has(check) && !self.satisfied.has(*atom as usize) {
            self.checked.add(check);
            if probe.holds(self.text, self.lower) {
                self.satisfy(*atom);
            }
        }
    }

    fn compare_numbers(&mut self) {
        let Some(figure) = probe::stated(None, self.text) else { return };
        match figure.whole {
            Some(whole) => {
                let equal = self.matcher.equal.get(&whole);
                equal.into_iter().flatten().for_each(|atom| self.satisfy(*atom));
            }
            // `4688.0` is equal to 4688.
            None => {
                for (whole, atoms) in &self.matcher.equal {
                    if figure.is(Relation::Equal, probe::Figure::of_whole(*whole)) {
                        atoms.iter().for_each(|atom| self.satisfy(*atom));
                    }
                }
            }
        }
    }
}

impl Draft {
    fn add(&mut self, atom: u32, probe: &Probe) {
        match probe {
            Probe::Text(pattern) => self.add_text(atom, pattern, probe),
            Probe::Number(None, Relation::Equal, figure) if figure.whole.is_some() => {
                let whole = figure.whole.unwrap_or_default();
                self.equal.entry(whole).or_default().push(atom);
            }
            Probe::Regex(regex) => match literal::required(regex.as_str()) {
                Some(literals) => {
                    let check = self.check(atom, probe);
                    literals.into_iter().for_each(|literal| self.seek(&literal, check));
                }
                None => self.try_always(atom, probe),
            },
            Probe::Number(..) | Probe::Network(_) => self.try_always(atom, probe),
        }
    }

    fn add_text(&mut self, atom: u32, pattern: &Pattern, probe: &Probe) {
        use Place::Text;
        match pattern.stretches.as_slice() {
            [start, end] if start.is_empty() && end.is_empty() => self.any.push(atom),
            _ if pattern.cased => self.add_checked(atom, pattern, probe),
            [whole] if whole.is_empty() => self.add_whole("", atom),
            [whole] => match whole.as_slice() {
                [Text(text)] => self.add_whole(text, atom),
                _ => self.add_checked(atom, pattern, probe),
            },
            [start, end] => match (start.as_slice(), end.as_slice()) {
                ([Text(text)], []) => self.seek(text, Task::Start(atom)),
                ([], [Text(text)]) => self.seek(text, Task::End(atom)),
                _ => self.add_checked(atom, pattern, probe),
            },
            [start, inside, end] if start.is_empty() && end.is_empty() => match inside.as_slice() {
                [Text(text)] => self.seek(text, Task::Inside(atom)),
                _ => self.add_checked(atom, pattern, probe),
            },
            _ => self.add_checked(atom, pattern, probe),
        }
    }

    fn add_whole(&mut self, text: &str, atom: u32) {
        self.whole.push((memo::hash(0, text.as_bytes()), text.into(), Task::Inside(atom)));
    }

    /// Checked where its rarest literal is found.
    fn add_checked(&mut self, atom: u32, pattern: &Pattern, probe: &Probe) {
        let mut buffer = String::new();
        let rarest = literals(pattern).map(|text| probe::lower(text, &mut buffer).to_owned());
        match rarest.max_by_key(|text| grams::rarity(text.as_bytes())) {
            Some(literal) => {
                let check = self.check(atom, probe);
                self.seek(&literal, check);
            }
            None => self.try_always(atom, probe),
        }
    }

    fn check(&mut self, atom: u32, probe: &Probe) -> Task {
        self.checks.push(Check { atom, probe: probe.clone() });
        Task::Check(self.checks.len() as u32 - 1)
    }

    fn try_always(&mut self, atom: u32, probe: &Probe) {
        if let Task::Check(check) = self.check(atom, probe) {
            self.rest.push(check);
        }
    }

    fn seek(&mut self, literal: &str, task: Task) {
        self.literals.push((literal.into(), task));
    }
}

/// The longest literal of a pattern, in lower case.
pub(crate) fn longest(pattern: &Pattern) -> Option<String> {
    let mut buffer = String::new();
    literals(pattern).max_by_key(|text| text.len()).map(|text| probe::lower(text, &mut buffer).to_owned())
}

fn literals(pattern: &Pattern) -> impl Iterator<Item = &str> {
    pattern.stretches.iter().flatten().filter_map(|place| match place {
        Place::Text(text) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Piece;
    use crate::{Glob, Test};
    use proptest::prelude::*;

    fn probe((open, text, cased): (u8, String, bool)) -> Option<Probe> {
        let star = |bit: u8| (open & bit != 0).then_some(Piece::Any);
        let pieces = star(1).into_iter().chain([Piece::Text(text)]).chain(star(2));
        Probe::of(&Test::Text(Glob::new(pieces.collect(), cased)))
    }

    proptest! {
        /// Each comparison by itself is the measure, of short texts and of such as are made to keep the search busy.
        #[test]
        fn all_at_once_is_each_by_itself(
            asked in prop::collection::vec((0..4_u8, "[abA]{1,6}", any::<bool>()), 1..60),
            unit in "[abcA]{1,5}",
            times in prop_oneof![Just(1_usize), Just(3), Just(4_000)],
            tail in "[abA]{0,4}",
        ) {
            let probes: Vec<Vec<Probe>> = asked.into_iter().map(|one| probe(one).into_iter().collect()).collect();
            let text = format!("{}{tail}", unit.repeat(times));
            let mut scratch = Scratch::default();
            let matcher = Matcher::of(&probes.iter().map(Vec::as_slice).collect::<Vec<_>>());
            matcher.judge(&text, &mut scratch);
            let mut buffer = String::new();
            let lower = probe::lower(&text, &mut buffer);
            let holds = |number: &u32| probes[*number as usize].iter().any(|probe| probe.holds(&text, lower));
            prop_assert_eq!(scratch.verdict, (0..probes.len() as u32).filter(holds).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_automaton_is_made_when_it_pays() {
        let texts = (0..100).map(|number| format!("aaaa{number}"));
        let probes: Vec<Vec<Probe>> =
            texts.map(|text| probe((3, text, false)).into_iter().collect()).collect();
        let matcher = Matcher::of(&probes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut scratch = Scratch::default();
        matcher.judge("aaaa7", &mut scratch);
        assert_eq!((scratch.verdict.as_slice(), matcher.automaton.get().is_some()), (&[7][..], false));
        matcher.judge(&format!("{}42", "a".repeat(20_000)), &mut scratch);
        assert_eq!((scratch.verdict.as_slice(), matcher.automaton.get().is_some()), (&[4, 42][..], true));
        // Nothing of these texts keeps the search busy; there are many.
        let patient = Matcher::of(&probes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        (0..2_000).for_each(|_| patient.judge("a text of which nothing is sought", &mut scratch));
        assert!(patient.automaton.get().is_some());
    }
}
