//! What does a projection want of Windows' records, put so that it is asked fast, and once for all files?
//!
//! Rules have hundreds of classes, and a folder has hundreds of files, most of them small. So a [`Wanted`] is
//! looked through once: names become numbers and sets of names bits, classes of one source stand together,
//! and a search for words is made once for whoever looks for the same ones. Knows nothing of records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use assize_model::{Class, SpinePart, Wanted};

use super::words::{self, Words};
use crate::windows;

/// Fields that every event needs for its place and host. Its time is taken without making a field of it.
const ALWAYS: &[&str] = &["Channel", "Provider_Name", "Computer", "EventID"];

/// A set of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn insert(&mut self, number: usize) {
        if self.0.len() <= number / 64 {
            self.0.resize(number / 64 + 1, 0);
        }
        self.0[number / 64] |= 1 << (number % 64);
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(own, other)| own & other != 0)
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// A class with numbers for names and words.
struct Asked {
    /// What tells its records apart; neither source nor names.
    class: Class,
    fields: Option<Bits>,
    having: Option<Bits>,
    words: Bits,
}

/// Texts by number.
#[derive(Default)]
struct Numbers(BTreeMap<String, usize>);

impl Numbers {
    fn of(&mut self, text: String) -> usize {
        let next = self.0.len();
        *self.0.entry(text).or_insert(next)
    }

    fn all(&mut self, texts: impl Iterator<Item = String>) -> Bits {
        let mut bits = Bits::default();
        texts.for_each(|text| bits.insert(self.of(text)));
        bits
    }
}

/// What is wanted of a kind of records.
pub(super) enum Decision {
    Nothing,
    Everything,
    /// These fields, and everything where one of these words may stand.
    Some {
        fields: Bits,
        search: Option<Arc<Search>>,
        /// Nothing where none may.
        only_with_words: bool,
    },
}

/// Words that are looked for together.
pub(super) struct Search {
    asked: Bits,
    pub(super) words: Words,
}

/// A projection, looked through.
pub(super) struct Plan {
    /// By source, which is all that the first tells.
    classes: Vec<(Class, Vec<Asked>)>,
    names: Numbers,
    words: Vec<String>,
    /// Fields that are wanted of every record that is.
    always: Bits,
    searches: Mutex<Vec<Arc<Search>>>,
}

impl Plan {
    pub(super) fn of(wanted: &Wanted) -> Self {
        let (mut names, mut words) = (Numbers::default(), Numbers::default());
        let mut classes: BTreeMap<Option<String>, Vec<Asked>> = BTreeMap::new();
        for class in wanted.classes() {
            classes.entry(class.source.clone()).or_default().push(asked(class, &mut names, &mut words));
        }
        let of_source = |(source, own)| (Class { source, ..Class::default() }, own);
        let classes = classes.into_iter().map(of_source).collect();
        let of_spine = match wanted.spine() {
            SpinePart::Place => &[],
            SpinePart::Accounts => windows::ACCOUNT_FIELDS,
            SpinePart::Whole => windows::SPINE_FIELDS,
        };
        let always = names.all(ALWAYS.iter().chain(of_spine).map(|name| assize_model::plain_name(name)));
        let mut texts = vec![String::new(); words.0.len()];
        words.0.into_iter().for_each(|(text, number)| texts[number] = text);
        Self { classes, names, words: texts, always, searches: Mutex::default() }
    }

    /// The number of a field's name, if any class asks for it.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.names.0.get(&assize_model::plain_name(name)).copied()
    }

    /// What is wanted of records of that source, provider and number, which have fields of these names and
    /// no others.
    pub(super) fn decide(
        &self,
        source: &str,
        provider: &str,
        id: Option<u32>,
        own: Option<&Bits>,
    ) -> Decision {
        let (mut fields, mut words) = (self.always.clone(), Bits::default());
        let (mut is_wanted, mut only_with_words) = (false, true);
        let of_source = self.classes.iter().filter(|(class, _)| class.has(source, provider, id));
        let classes = of_source.flat_map(|(_, own)| own);
        let has_one = |asked: &Asked| match (&asked.having, own) {
            (Some(having), Some(own)) => own.meets(having),
            _ => true,
        };
        for asked in classes.filter(|asked| asked.class.has(source, provider, id) && has_one(asked)) {
            let Some(own) = &asked.fields else { return Decision::Everything };
            is_wanted = true;
            only_with_words &= asked.class.only_with_words;
            fields.add(own);
            words.add(&asked.words);
        }
        if !is_wanted {
            return Decision::Nothing;
        }
        let search = self.search(&words);
        if search.is_none() && !words.is_empty() {
            // Nothing here looks for them fast: what might hold one is wanted.
            return Decision::Everything;
        }
        Decision::Some { fields, search, only_with_words }
    }

    /// The search for these words; `None` of none.
    fn search(&self, asked: &Bits) -> Option<Arc<Search>> {
        let mut known = self.searches.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.iter().find(|known| known.asked == *asked) {
            return Some(Arc::clone(known));
        }
        let texts: BTreeSet<&str> = (0..)
            .zip(&self.words)
            .filter(|(number, _)| asked.has(*number))
            .map(|(_, t)| t.as_str())
            .collect();
        let words = Words::of(texts.into_iter())?;
        let made = Arc::new(Search { asked: asked.clone(), words });
        known.push(Arc::clone(&made));
        Some(made)
    }
}

/// Names as they are compared; words that cannot be sought make everything wanted.
fn asked(class: &Class, names: &mut Numbers, words: &mut Numbers) -> Asked {
    let can_be_sought = class.words.iter().all(|word| words::can_be_sought(word));
    let mut bits = |own: &Option<BTreeSet<String>>| {
        own.as_ref().map(|own| names.all(own.iter().map(|name| assize_model::plain_name(name))))
    };
    let (fields, having) = (bits(&class.fields).filter(|_| can_be_sought), bits(&class.having));
    let words = words.all(class.words.iter().cloned());
    let class = Class {
        provider: class.provider.clone(),
        event_ids: class.event_ids.clone(),
        only_with_words: class.only_with_words && can_be_sought,
        ..Class::default()
    };
    Asked { class, fields, having, words }
}
