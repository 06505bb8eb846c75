//! Do the intervals hold the truth, and how narrow are they?
//!
//! The same figures per holding and per item. Rows of several incidents about one thing are put
//! together by the higher of each bound, as its truth is. Two rows of one incident that differ
//! contradict each other: such an answer is never sound, exact or excluded, and as wide as can be;
//! what it claims too much still counts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::answers::Exposure;
use super::assumptions::Broken;
use super::grade::{Grade, Interval};
use super::ratio::Ratio;
use super::truth::{Access, Truth};

/// Intervals of holdings, or of items, against what happened to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// Things of which more is established than happened; also things that there are not.
    pub over_claims: u64,
    /// Share of the things whose truth lies in their interval; a missing row counts as outside.
    /// Without those that are set apart.
    pub soundness: Ratio,
    /// Things that the intruder got something of.
    pub touched: Touched,
    /// Things that he got nothing of.
    pub untouched: Untouched,
    /// Mean of rank(not excluded) − rank(established), 0 to 4; a missing row counts as 4.
    pub mean_width: Ratio,
    /// Things without a row.
    pub missing: u64,
    /// Things whose rows contradict each other.
    pub contradicting: u64,
    /// Things that rows name and the truth does not know.
    pub unknown: u64,
    /// Things set apart: their bound is too low under a broken assumption that was printed.
    #[serde(skip)]
    pub apart: u64,
}

/// Things that the intruder got something of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Touched {
    /// How many.
    pub n: u64,
    /// Share of them of which just what happened is established.
    pub exact: Ratio,
}

/// Things that the intruder got nothing of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Untouched {
    /// How many.
    pub n: u64,
    /// Share of them of which everything is excluded.
    pub excluded: Ratio,
}

/// Whom the answer would have told that his data was reached, against who must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subjects {
    /// Told, and must be.
    pub right: u64,
    /// Told without need.
    pub needless: u64,
    /// Not told, and must be.
    pub missed: u64,
}

/// A holding, or an item in it.
pub(super) type Thing = (String, Option<String>);

/// What is said of a thing.
#[derive(Clone, Debug)]
pub(super) struct Said {
    interval: Interval,
    by_incident: BTreeMap<Option<String>, Interval>,
    contradicting: bool,
    /// Whether a broken assumption is printed with it.
    broken: bool,
}

/// Everything that exposures say, by what they speak of.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) holdings: BTreeMap<Thing, Said>,
    pub(super) items: BTreeMap<Thing, Said>,
    pub(super) subjects: BTreeMap<String, Interval>,
}

impl Claims {
    pub(super) fn of(rows: &[&Exposure], broken: &Broken) -> Self {
        let mut claims = Self::default();
        for row in rows {
            if let Some(subject) = &row.subject {
                let said = claims.subjects.entry(subject.clone()).or_insert(row.interval);
                *said = said.and(row.interval);
                continue;
            }
            let things = if row.item.is_some() { &mut claims.items } else { &mut claims.holdings };
            let said = things.entry((row.key.clone(), row.item.clone()));
            said.and_modify(|said| said.add(row, broken)).or_insert_with(|| Said::new(row, broken));
        }
        claims
    }
}

impl Said {
    fn new(row: &Exposure, broken: &Broken) -> Self {
        Self {
            interval: row.interval,
            by_incident: BTreeMap::from([(row.incident.clone(), row.interval)]),
            contradicting: false,
            broken: is_broken(row, broken),
        }
    }

    fn add(&mut self, row: &Exposure, broken: &Broken) {
        let before = self.by_incident.insert(row.incident.clone(), row.interval);
        self.contradicting |= before.is_some_and(|before| before != row.interval);
        self.interval = self.interval.and(row.interval);
        self.broken |= is_broken(row, broken);
    }

    fn is_sound(&self, truth: Grade) -> bool {
        !self.contradicting && self.interval.holds(truth)
    }

    /// Too low, and it said under which assumption.
    fn is_apart(&self, truth: Grade) -> bool {
        !self.contradicting && self.broken && truth > self.interval.not_excluded()
    }

    const fn width(&self) -> u64 {
        if self.contradicting { Interval::WIDTH_MAX } else { self.interval.width() }
    }
}

fn is_broken(row: &Exposure, broken: &Broken) -> bool {
    row.assumptions.iter().any(|printed| broken.is_printed_in(printed))
}

/// What happened to every holding and every item.
pub(super) struct Grades {
    pub(super) holdings: BTreeMap<Thing, Grade>,
    pub(super) items: BTreeMap<Thing, Grade>,
    /// Left out of both: records that the register does not know, and what happened to them.
    unregistered: BTreeMap<Thing, Grade>,
}

/// Records that the register does not know, and that no answer can name by its keys. They are in
/// no other figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unregistered {
    /// Items.
    pub n: u64,
    /// Of these the intruder got something of.
    pub touched: u64,
}

impl Grades {
    pub(super) fn of(truth: &Truth) -> Self {
        let (holdings, items) = (BTreeMap::new(), BTreeMap::new());
        let mut grades = Self { holdings, items, unregistered: BTreeMap::new() };
        let mut sensitive = BTreeSet::new();
        for item in &truth.items {
            if !item.registered {
                grades.unregistered.insert((item.holding.clone(), item.item.clone()), Grade::None);
                continue;
            }
            grades.raise(&item.holding, item.item.as_deref(), Grade::None);
            if item.name_is_sensitive {
                sensitive.insert((item.holding.as_str(), item.item.as_deref()));
            }
        }
        for access in &truth.access {
            let named = sensitive.contains(&(access.holding.as_str(), access.item.as_deref()));
            let grade = if named && access.grade == Grade::Listed { Grade::Opened } else { access.grade };
            match grades.unregistered.get_mut(&(access.holding.clone(), access.item.clone())) {
                Some(now) => *now = grade.max(*now),
                None => grades.raise(&access.holding, access.item.as_deref(), grade),
            }
        }
        grades
    }

    pub(super) fn unregistered(&self) -> Unregistered {
        let touched = self.unregistered.values().filter(|grade| **grade > Grade::None).count() as u64;
        Unregistered { n: self.unregistered.len() as u64, touched }
    }

    /// Whether the access was to something that an answer can name.
    pub(super) fn knows(&self, access: &Access) -> bool {
        !self.unregistered.contains_key(&(access.holding.clone(), access.item.clone()))
    }

    /// An item's holding has at least its grade.
    fn raise(&mut self, holding: &str, item: Option<&str>, grade: Grade) {
        let now = self.holdings.entry((holding.to_owned(), None)).or_default();
        *now = grade.max(*now);
        if let Some(item) = item {
            let now = self.items.entry((holding.to_owned(), Some(item.to_owned()))).or_default();
            *now = grade.max(*now);
        }
    }
}

/// Compares intervals.
pub(super) fn score(said: &BTreeMap<Thing, Said>, truth: &BTreeMap<Thing, Grade>) -> Bounds {
    let n = truth.len() as u64;
    let pairs: Vec<(Option<&Said>, Grade)> =
        truth.iter().map(|(thing, grade)| (said.get(thing), *grade)).collect();
    let count = |of: &dyn Fn(&Said, Grade) -> bool| {
        pairs.iter().filter(|(said, grade)| said.is_some_and(|said| of(said, *grade))).count() as u64
    };
    let unknown = || said.iter().filter(|(thing, _)| !truth.contains_key(thing)).map(|(_, said)| said);
    let invented = unknown().filter(|said| said.interval.established() > Grade::None).count() as u64;
    let touched = truth.values().filter(|grade| **grade > Grade::None).count() as u64;
    let exact = count(&|said, grade| {
        grade > Grade::None && !said.contradicting && said.interval.established() == grade
    });
    let excluded = count(&|said, grade| {
        grade == Grade::None && !said.contradicting && said.interval.not_excluded() == Grade::None
    });
    let widths = pairs.iter().map(|(said, _)| said.map_or(Interval::WIDTH_MAX, Said::width));
    let apart = count(&|said, grade| said.is_apart(grade));
    Bounds {
        over_claims: invented + count(&|said, grade| said.interval.established() > grade),
        soundness: Ratio { n: count(&|said, grade| said.is_sound(grade)), of: n - apart },
        touched: Touched { n: touched, exact: Ratio { n: exact, of: touched } },
        untouched: Untouched { n: n - touched, excluded: Ratio { n: excluded, of: n - touched } },
        mean_width: Ratio { n: widths.sum(), of: n },
        missing: pairs.iter().filter(|(said, _)| said.is_none()).count() as u64,
        contradicting: count(&|said, _| said.contradicting),
        unknown: unknown().count() as u64,
        apart,
    }
}

/// Compares who is told with who must be. A subject must be told if content with his data was
/// opened or worse. The answer tells him if `bound` of his interval is *opened* or above: of his
/// own rows, else (no row names a subject) of his items, else (no row names an item) of the
/// holdings that he is in.
pub(super) fn subjects(
    claims: &Claims,
    grades: &Grades,
    truth: &Truth,
    bound: fn(Interval) -> Grade,
) -> Subjects {
    let told = told(claims, truth, |interval| bound(interval) >= Grade::Opened);
    let must = must_be_told(grades, truth);
    Subjects {
        right: told.intersection(&must).count() as u64,
        needless: told.difference(&must).count() as u64,
        missed: must.difference(&told).count() as u64,
    }
}

fn told<'a>(claims: &'a Claims, truth: &'a Truth, tells: impl Fn(Interval) -> bool) -> BTreeSet<&'a str> {
    if !claims.subjects.is_empty() {
        let told = claims.subjects.iter().filter(|(_, interval)| tells(**interval));
        return told.map(|(subject, _)| subject.as_str()).collect();
    }
    let by_item = !claims.items.is_empty();
    let said = if by_item { &claims.items } else { &claims.holdings };
    let tells = |thing: &Thing| said.get(thing).is_some_and(|said| tells(said.interval));
    let items = truth.items.iter();
    let told = items.filter(|item| {
        let item_key = if by_item { item.item.clone() } else { None };
        tells(&(item.holding.clone(), item_key))
    });
    told.flat_map(|item| &item.subjects).map(String::as_str).collect()
}

fn must_be_told<'a>(grades: &Grades, truth: &'a Truth) -> BTreeSet<&'a str> {
    let opened = |holding: &str, item: Option<&str>| {
        let thing = (holding.to_owned(), item.map(str::to_owned));
        item.is_some() && grades.items.get(&thing).is_some_and(|grade| *grade >= Grade::Opened)
    };
    let items = truth.items.iter().filter(|item| opened(&item.holding, item.item.as_deref()));
    let known = |access: &&Access| access.grade >= Grade::Opened && grades.knows(access);
    let access = truth.access.iter().filter(known);
    let subjects = items.flat_map(|item| &item.subjects).chain(access.flat_map(|access| &access.subjects));
    subjects.map(String::as_str).collect()
}
