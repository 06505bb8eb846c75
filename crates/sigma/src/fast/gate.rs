//! Which rules of a class can still speak when the value of one field is known?
//!
//! A rule needs, of some fields, that one of a few comparisons holds, or one of several with several fields,
//! and some comparisons make it false by themselves. All that is worked out once for a class. Then a verdict on one value leaves some rules open, as a
//! set of bits; when the sets of the fields looked at so far have nothing in common, no rule speaks and the
//! other values are never looked at. What is not known to close a rule leaves it open.

use std::collections::{BTreeMap, BTreeSet};

use super::class::{Asked, Column, Left};

/// Rules of a class, a bit each.
pub(crate) type Bits = Box<[u64]>;

/// What the values of one column leave open.
pub(crate) struct Gate {
    /// The rules that need nothing of this column.
    free: Bits,
    /// By the column's atom, the rules that need it or another.
    needing: Vec<Vec<u32>>,
    /// By the column's atom, the rules that are false where it holds.
    barred: Vec<Vec<u32>>,
    /// By the column's atom, the rules that need it, or another here or in other columns.
    hoping: Vec<Vec<u32>>,
    /// The rules that it can close.
    closable: Bits,
}

/// The gates of a class.
pub(crate) struct Gates {
    /// For each column what its values leave open.
    pub columns: Vec<Gate>,
    /// The rules that need no keyword.
    pub wordless: Bits,
    /// Rules that need one of several comparisons with several columns, and those columns.
    pub hoping: Vec<(u32, BTreeSet<usize>)>,
}

/// Of some columns, the atoms of which one must hold.
type Needs = BTreeMap<usize, BTreeSet<u32>>;

/// The column of an atom of the class, and its number there; `None` of what is not asked of a text.
type Place = Option<(usize, usize)>;

/// The gates of a class' columns.
pub(crate) fn gates(
    rules: &[Asked],
    columns: &[Column],
    words: impl Iterator<Item = u32>,
    atoms: usize,
) -> Gates {
    let mut places: Vec<Place> = vec![None; atoms];
    for (column, own) in columns.iter().enumerate() {
        own.atoms.iter().enumerate().for_each(|(at, atom)| places[*atom as usize] = Some((column, at)));
    }
    // Keywords are as one more column.
    let words: Vec<u32> = words.collect();
    words.iter().enumerate().for_each(|(at, atom)| places[*atom as usize] = Some((columns.len(), at)));
    let asked = columns.iter().map(|column| column.atoms.len());
    let mut gates: Vec<Gate> =
        asked.chain([words.len()]).map(|atoms| Gate::of_nothing(rules.len(), atoms)).collect();
    let mut hoping = Vec::new();
    for (number, rule) in (0..).zip(rules) {
        for (column, needed) in needs(&rule.condition, &places) {
            remove(&mut gates[column].free, number);
            insert(&mut gates[column].closable, number);
            for (_, at) in needed.iter().filter_map(|atom| places[*atom as usize]) {
                gates[column].needing[at].push(number);
            }
        }
        for (column, at) in bars(&rule.condition).iter().filter_map(|atom| places[*atom as usize]) {
            gates[column].barred[at].push(number);
            insert(&mut gates[column].closable, number);
        }
        let places: Vec<(usize, usize)> =
            hopes(&rule.condition, &places).iter().filter_map(|atom| places[*atom as usize]).collect();
        for (column, at) in &places {
            gates[*column].hoping[*at].push(number);
            insert(&mut gates[*column].closable, number);
        }
        if !places.is_empty() {
            hoping.push((number, places.into_iter().map(|(column, _)| column).collect()));
        }
    }
    let wordless = gates.pop().map_or_else(|| all(rules.len()), |words| words.free);
    Gates { columns: gates, wordless, hoping }
}

impl Gate {
    fn of_nothing(rules: usize, atoms: usize) -> Self {
        let lists = || vec![Vec::new(); atoms];
        let (free, closable) = (all(rules), none(rules));
        Self { free, needing: lists(), barred: lists(), hoping: lists(), closable }
    }

    /// The rules that need nothing of this column: those that are open where it has no text.
    pub fn free(&self) -> &Bits {
        &self.free
    }

    /// The rules that are open where these atoms of the column hold and no others.
    pub fn open(&self, satisfied: &[u32]) -> Bits {
        let mut open = self.free.clone();
        let of = |list: &[Vec<u32>]| -> Vec<u32> {
            satisfied.iter().flat_map(|atom| &list[*atom as usize]).copied().collect()
        };
        of(&self.needing).into_iter().for_each(|rule| insert(&mut open, rule));
        of(&self.barred).into_iter().for_each(|rule| remove(&mut open, rule));
        open
    }

    /// The rules that have here one of what they need in this column or another.
    pub fn hope(&self, satisfied: &[u32]) -> Bits {
        let mut hope = none(64 * self.free.len());
        let hoping = satisfied.iter().flat_map(|atom| &self.hoping[*atom as usize]);
        hoping.for_each(|rule| insert(&mut hope, *rule));
        hope
    }

    /// How many rules need something here.
    pub fn needed(&self, rules: usize) -> usize {
        rules - self.free.iter().map(|word| word.count_ones() as usize).sum::<usize>()
    }

    /// The rules that it can close.
    pub fn closable(&self) -> &Bits {
        &self.closable
    }
}

/// So many rules.
pub(crate) fn all(rules: usize) -> Bits {
    let word = |word: usize| match rules - 64 * word {
        rest @ ..64 => (1 << rest) - 1,
        _ => u64::MAX,
    };
    (0..rules.div_ceil(64)).map(word).collect()
}

/// None of so many rules.
pub(crate) fn none(rules: usize) -> Bits {
    vec![0; rules.div_ceil(64)].into()
}

/// Some of so many rules, by their numbers.
pub(crate) fn some(rules: usize, numbers: impl IntoIterator<Item = u32>) -> Bits {
    let mut some = none(rules);
    numbers.into_iter().for_each(|rule| insert(&mut some, rule));
    some
}

fn insert(open: &mut [u64], rule: u32) {
    open[rule as usize / 64] |= 1 << (rule % 64);
}

fn remove(open: &mut [u64], rule: u32) {
    open[rule as usize / 64] &= !(1 << (rule % 64));
}

/// The numbers of the rules that are there.
pub(crate) fn each(open: &[u64]) -> impl Iterator<Item = usize> {
    let bits = |word: u64| std::iter::successors(Some(word), |word| Some(word & word.wrapping_sub(1)));
    let numbers = move |(at, word): (usize, &u64)| {
        bits(*word).take_while(|word| *word != 0).map(move |word| 64 * at + word.trailing_zeros() as usize)
    };
    open.iter().enumerate().flat_map(numbers)
}

/// Whether a rule is there.
pub(crate) fn has(open: &[u64], rule: usize) -> bool {
    open[rule / 64] >> (rule % 64) & 1 == 1
}

/// Whether two sets have a rule in common.
pub(crate) fn meet(open: &[u64], other: &[u64]) -> bool {
    open.iter().zip(other).any(|(own, other)| own & other != 0)
}

/// Adds what is in the other.
pub(crate) fn widen(open: &mut [u64], other: &[u64]) {
    open.iter_mut().zip(other).for_each(|(own, other)| *own |= other);
}

/// Leaves what is in both.
pub(crate) fn narrow(open: &mut [u64], other: &[u64]) {
    open.iter_mut().zip(other).for_each(|(own, other)| *own &= other);
}

/// Whether there is none left.
pub(crate) fn is_none(open: &[u64]) -> bool {
    open.iter().all(|word| *word == 0)
}

fn needs(left: &Left, places: &[Place]) -> Needs {
    match left {
        Left::Atom(atom) => match places[*atom as usize] {
            Some((column, _)) => [(column, [*atom].into())].into(),
            None => Needs::new(),
        },
        Left::And(parts) => {
            let mut all = Needs::new();
            for (column, atoms) in parts.iter().flat_map(|part| needs(part, places)) {
                let own = all.entry(column).or_insert_with(|| atoms.clone());
                if atoms.len() < own.len() {
                    *own = atoms;
                }
            }
            all
        }
        Left::Or(parts) | Left::AtLeast(1.., parts) => {
            let both = |mut one: Needs, mut other: Needs| {
                one.retain(|column, atoms| match other.get_mut(column) {
                    Some(others) => {
                        atoms.append(others);
                        true
                    }
                    None => false,
                });
                one
            };
            parts.iter().map(|part| needs(part, places)).reduce(both).unwrap_or_default()
        }
        Left::True | Left::Not(_) | Left::AtLeast(0, _) => Needs::new(),
    }
}

/// Atoms of several columns of which one must hold, the fewest such; none if there are none such.
fn hopes(left: &Left, places: &[Place]) -> BTreeSet<u32> {
    let columns = |atoms: &BTreeSet<u32>| -> usize {
        let columns = atoms.iter().filter_map(|atom| places[*atom as usize]).map(|(column, _)| column);
        columns.collect::<BTreeSet<_>>().len()
    };
    let is_of_several = |atoms: &BTreeSet<u32>| columns(atoms) > 1;
    match left {
        Left::And(parts) => {
            let sets = parts.iter().map(|part| hopes(part, places)).filter(is_of_several);
            sets.min_by_key(|atoms| (columns(atoms), atoms.len())).unwrap_or_default()
        }
        _ => any_of(left, places).filter(is_of_several).unwrap_or_default(),
    }
}

/// Atoms of which one must hold, the fewest such.
fn any_of(left: &Left, places: &[Place]) -> Option<BTreeSet<u32>> {
    match left {
        Left::Atom(atom) => places[*atom as usize].map(|_| [*atom].into()),
        Left::And(parts) => parts.iter().filter_map(|part| any_of(part, places)).min_by_key(BTreeSet::len),
        Left::Or(parts) | Left::AtLeast(1.., parts) => {
            let sets: Option<Vec<_>> = parts.iter().map(|part| any_of(part, places)).collect();
            sets.map(|sets| sets.into_iter().flatten().collect())
        }
        Left::True | Left::Not(_) | Left::AtLeast(0, _) => None,
    }
}

/// Atoms each of which makes the condition false.
fn bars(left: &Left) -> BTreeSet<u32> {
    match left {
        Left::Not(part) => fulfils(part),
        Left::And(parts) => parts.iter().flat_map(bars).collect(),
        Left::Or(parts) if parts.len() == 1 => bars(&parts[0]),
        _ => BTreeSet::new(),
    }
}

/// Atoms each of which makes the condition true.
fn fulfils(left: &Left) -> BTreeSet<u32> {
    match left {
        Left::Atom(atom) => [*atom].into(),
        Left::Not(part) => bars(part),
        Left::Or(parts) | Left::AtLeast(1, parts) => parts.iter().flat_map(fulfils).collect(),
        Left::And(parts) if parts.len() == 1 => fulfils(&parts[0]),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Atoms 0 to 3 stand in column 0, atoms 4 to 7 in column 1, atom 8 is asked of no text.
    fn places() -> Vec<Place> {
        (0..8).map(|atom| Some((atom / 4, atom % 4))).chain([None]).collect()
    }

    fn truth(left: &Left, holds: u32) -> bool {
        match left {
            Left::True => true,
            Left::Atom(atom) => holds >> atom & 1 == 1,
            Left::Not(part) => !truth(part, holds),
            Left::And(parts) => parts.iter().all(|part| truth(part, holds)),
            Left::Or(parts) => parts.iter().any(|part| truth(part, holds)),
            Left::AtLeast(count, parts) => parts.iter().filter(|part| truth(part, holds)).count() >= *count,
        }
    }

    fn conditions() -> impl proptest::strategy::Strategy<Value = Left> {
        use proptest::prelude::*;
        let leaf = prop_oneof![8 => (0..9_u32).prop_map(Left::Atom), 1 => Just(Left::True)];
        leaf.prop_recursive(4, 24, 4, |part| {
            let parts = prop::collection::vec(part.clone(), 1..4);
            prop_oneof![
                parts.clone().prop_map(Left::And),
                parts.clone().prop_map(Left::Or),
                (0..4_usize, parts).prop_map(|(count, parts)| Left::AtLeast(count, parts)),
                part.prop_map(|part| Left::Not(Box::new(part))),
            ]
        })
    }

    proptest::proptest! {
        #[test]
        fn what_is_needed_is_needed_and_what_bars_bars(left in conditions(), holds in 0..512_u32) {
            if truth(&left, holds) {
                for (_, atoms) in needs(&left, &places()) {
                    proptest::prop_assert!(atoms.iter().any(|atom| holds >> atom & 1 == 1));
                }
                for atom in bars(&left) {
                    proptest::prop_assert!(holds >> atom & 1 == 0);
                }
                let hopes = hopes(&left, &places());
                proptest::prop_assert!(hopes.is_empty() || hopes.iter().any(|atom| holds >> atom & 1 == 1));
            } else {
                for atom in fulfils(&left) {
                    proptest::prop_assert!(holds >> atom & 1 == 0);
                }
            }
        }
    }

    #[test]
    fn bits_are_rules() {
        for rules in [0, 1, 63, 64, 65, 130] {
            assert_eq!(each(&all(rules)).collect::<Vec<_>>(), (0..rules).collect::<Vec<_>>());
            assert_eq!(each(&none(rules)).count(), 0);
        }
    }
}
