//! Which rules of a class can still speak when the value of one field is known?
//!
//! A rule needs, of some fields, that one of a few comparisons holds, and some comparisons make it false by
//! themselves. Both are worked out once for a class. Then a verdict on one value leaves some rules open, as a
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
}

/// Of some columns, the atoms of which one must hold.
type Needs = BTreeMap<usize, BTreeSet<u32>>;

/// The column of an atom of the class, and its number there; `None` of what is not asked of a text.
type Place = Option<(usize, usize)>;

/// The gates of a class' columns.
pub(crate) fn gates(rules: &[Asked], columns: &[Column], atoms: usize) -> Vec<Gate> {
    let mut places: Vec<Place> = vec![None; atoms];
    for (column, own) in columns.iter().enumerate() {
        own.atoms.iter().enumerate().for_each(|(at, atom)| places[*atom as usize] = Some((column, at)));
    }
    let gate = |column: &Column| Gate {
        free: all(rules.len()),
        needing: vec![Vec::new(); column.atoms.len()],
        barred: vec![Vec::new(); column.atoms.len()],
    };
    let mut gates: Vec<Gate> = columns.iter().map(gate).collect();
    for (number, rule) in (0..).zip(rules) {
        for (column, needed) in needs(&rule.condition, &places) {
            gates[column].free[number as usize / 64] &= !(1 << (number % 64));
            for (_, at) in needed.iter().filter_map(|atom| places[*atom as usize]) {
                gates[column].needing[at].push(number);
            }
        }
        for (column, at) in bars(&rule.condition).iter().filter_map(|atom| places[*atom as usize]) {
            gates[column].barred[at].push(number);
        }
    }
    gates
}

/// Whether some rule stays open whatever the values of these columns are.
pub(crate) fn never_close<'g>(gates: impl Iterator<Item = &'g Gate>, rules: usize) -> bool {
    let mut open = all(rules);
    for gate in gates {
        narrow(&mut open, &gate.free);
        gate.barred.iter().flatten().for_each(|rule| open[*rule as usize / 64] &= !(1 << (rule % 64)));
    }
    !is_none(&open)
}

impl Gate {
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
        of(&self.needing).into_iter().for_each(|rule| open[rule as usize / 64] |= 1 << (rule % 64));
        of(&self.barred).into_iter().for_each(|rule| open[rule as usize / 64] &= !(1 << (rule % 64)));
        open
    }

    /// How many rules need something here.
    pub fn needed(&self, rules: usize) -> usize {
        rules - self.free.iter().map(|word| word.count_ones() as usize).sum::<usize>()
    }

    /// Whether it can close any rule.
    pub fn closes(&self, rules: usize) -> bool {
        self.needed(rules) > 0 || self.barred.iter().any(|rules| !rules.is_empty())
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
            assert_eq!(all(rules).iter().map(|word| word.count_ones() as usize).sum::<usize>(), rules);
        }
    }
}
