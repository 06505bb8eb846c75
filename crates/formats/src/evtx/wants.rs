//! What is wanted of records of a kind?
//!
//! A projection (`plan`) asked once for each kind, with what was decided kept by numbers: of the set of fields,
//! and of the search for the words that make a record wanted whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use assize_model::Projection;

use super::names::Names;
use super::plan::{Bits, Decision, Plan, Search};
use super::words::{Folded, Words};

/// The set that has every field.
pub(super) const EVERYTHING: usize = 0;
/// Classes that are remembered of records that are not signed: hostile logs have as many as records.
const DECIDED_MAX: usize = 4096;
/// Searches of a whole chunk. Honest chunks are of one log, or of a few that were forwarded.
const SEARCHES_MAX: usize = 4;

/// What is wanted of a class of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Number of a set of fields.
    pub(super) set: usize,
    /// Words make it everything.
    pub(super) screened: bool,
    /// Without one it is nothing.
    pub(super) only_with_words: bool,
}

pub(super) const WHOLE: Wish = Wish { set: EVERYTHING, screened: false, only_with_words: false };

/// Fields, and the words that make all fields of them.
#[derive(Default)]
struct Set {
    fields: Bits,
    search: Option<Arc<Search>>,
    /// Whether it has the name of a number, as far as that was asked.
    has: Vec<Option<bool>>,
}

/// What is wished of the events of one source and provider, by their number.
type ByNumber = BTreeMap<Option<u32>, Option<Wish>>;

/// Which records are wanted, and what of them; learnt kind by kind.
pub(super) struct Wants {
    plan: Option<Arc<Plan>>,
    /// Sets of fields; the first is everything and stays empty.
    sets: Vec<Set>,
    /// What was decided for a channel and provider, by the record's number.
    decided: BTreeMap<(Vec<u8>, Vec<u8>), ByNumber>,
    /// Of the chunk at hand: for each search that was made, where words stand.
    places: Vec<(Arc<Search>, Vec<usize>)>,
    /// The chunk as words are looked for in it; empty before the first search.
    folded: Folded,
}

impl Wants {
    pub(super) fn new(projection: Projection<'_>) -> Self {
        let plan = match projection {
            Projection::Everything => None,
            Projection::Wanted(wanted) => Some(wanted.made(Plan::of)),
        };
        let (places, folded) = (Vec::new(), Folded::default());
        Self { plan, sets: vec![Set::default()], decided: BTreeMap::new(), places, folded }
    }

    pub(super) fn is_narrow(&self) -> bool {
        self.plan.is_some()
    }

    /// Whether the set has a field of that name.
    pub(super) fn has(&self, set: usize, name: &str) -> bool {
        match (self.sets.get(set), &self.plan) {
            (Some(own), Some(plan)) if set != EVERYTHING => {
                plan.number(name).is_some_and(|number| own.fields.has(number))
            }
            _ => true,
        }
    }

    /// Whether the set has the name of that number.
    pub(super) fn is_wanted(&mut self, set: usize, name: u32, names: &Names) -> bool {
        let place = name as usize;
        let known = self.sets.get(set).and_then(|set| *set.has.get(place)?);
        known.unwrap_or_else(|| {
            let has = self.has(set, names.name(name));
            if let Some(own) = self.sets.get_mut(set) {
                own.has.resize(own.has.len().max(place + 1), None);
                own.has[place] = Some(has);
            }
            has
        })
    }

    /// From here on numbers mean other names.
    pub(super) fn forget_names(&mut self) {
        self.sets.iter_mut().for_each(|set| set.has.clear());
    }

    pub(super) fn words(&self, set: usize) -> Option<&Words> {
        Some(&self.sets.get(set)?.search.as_ref()?.words)
    }

    pub(super) fn begin_chunk(&mut self) {
        self.places.clear();
        self.folded.clear();
    }

    /// Whether a word of the set may stand in a part of the chunk at hand.
    pub(super) fn may_stand(&mut self, set: usize, chunk: &[u8], from: usize, to: usize) -> bool {
        let Some(search) = self.sets.get(set).and_then(|set| set.search.as_ref()) else { return false };
        let known = self.places.iter().position(|(known, _)| Arc::ptr_eq(known, search));
        let place = match known {
            Some(place) => place,
            None if self.places.len() >= SEARCHES_MAX => {
                let part = chunk.get(from..to).unwrap_or_default();
                return !search.words.places(part, &Folded::of(part)).is_empty();
            }
            None => {
                if self.folded.is_empty() {
                    self.folded.fill(chunk);
                }
                self.places.push((Arc::clone(search), search.words.places(chunk, &self.folded)));
                self.places.len() - 1
            }
        };
        let places = &self.places[place].1;
        // Records lie one after another, but nobody says that they are read so.
        let next = places.partition_point(|place| *place < from);
        places.get(next).is_some_and(|place| *place < to)
    }

    /// What is wanted of such a record, of which no more is known.
    pub(super) fn of_class(&mut self, channel: &[u8], provider: &[u8], id: Option<u32>) -> Option<Wish> {
        let key = (channel.to_vec(), provider.to_vec());
        if let Some(wish) = self.decided.get(&key).and_then(|by_id| by_id.get(&id)) {
            return *wish;
        }
        let (source, by) = (String::from_utf8_lossy(channel), String::from_utf8_lossy(provider));
        let wish = self.decide(&source, &by, id, None);
        if self.decided.values().map(BTreeMap::len).sum::<usize>() > DECIDED_MAX {
            self.decided.clear();
        }
        self.decided.entry(key).or_default().insert(id, wish);
        wish
    }

    /// What is wanted of such records, which have fields of these names and no others.
    pub(super) fn decide(
        &mut self,
        channel: &str,
        provider: &str,
        id: Option<u32>,
        own: Option<&[&str]>,
    ) -> Option<Wish> {
        let plan = self.plan.as_ref()?;
        let place = if channel.is_empty() { provider } else { channel };
        let own = own.map(|own| {
            let mut bits = Bits::default();
            own.iter().filter_map(|name| plan.number(name)).for_each(|number| bits.insert(number));
            bits
        });
        let (fields, search, only_with_words) =
            match plan.decide(&format!("windows/{place}"), provider, id, own.as_ref()) {
                Decision::Nothing => return None,
                Decision::Everything => return Some(WHOLE),
                Decision::Some { fields, search, only_with_words } => (fields, search, only_with_words),
            };
        let screened = search.is_some();
        let is_same = |known: &Set| match (&known.search, &search) {
            (Some(known), Some(search)) => Arc::ptr_eq(known, search),
            (known, search) => known.is_none() && search.is_none(),
        };
        let known = self.sets.iter().skip(1).position(|known| known.fields == fields && is_same(known));
        let set = known.map_or(self.sets.len(), |known| known + 1);
        if known.is_none() {
            self.sets.push(Set { fields, search, has: Vec::new() });
        }
        Some(Wish { set, screened, only_with_words })
    }
}
