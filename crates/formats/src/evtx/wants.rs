//! What is wanted of records of a kind?
//!
//! A [`Wanted`] asked once for each kind, with what was decided kept by numbers: of the set of fields, and
//! of the search for the words that make a record wanted whole.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::{Class, Projection, SpinePart, Wanted};

use super::names::Names;
use super::words::{self, Folded, Words};
use crate::windows;

/// The set that has every field.
pub(super) const EVERYTHING: usize = 0;
/// Fields that every event needs for its place and host. Its time is taken without making a field of it.
const ALWAYS: &[&str] = &["Channel", "Provider_Name", "Computer", "EventID"];
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

/// Names of fields, and the words that make all fields of them.
#[derive(Default)]
struct Set {
    names: BTreeSet<String>,
    /// Number of a search.
    search: Option<usize>,
    /// Whether it has the name of a number, as far as that was asked.
    has: Vec<Option<bool>>,
}

/// Words that are looked for together.
struct Search {
    texts: BTreeSet<String>,
    words: Words,
}

/// What is wished of the events of one source and provider, by their number.
type ByNumber = BTreeMap<Option<u32>, Option<Wish>>;

/// Which records are wanted, and what of them; learnt kind by kind.
pub(super) struct Wants {
    wanted: Option<Wanted>,
    /// Sets of fields; the first is everything and stays empty.
    sets: Vec<Set>,
    searches: Vec<Search>,
    /// What was decided for a channel and provider, by the record's number.
    decided: BTreeMap<(Vec<u8>, Vec<u8>), ByNumber>,
    /// Of the chunk at hand: for each search that was made, where words stand.
    places: Vec<(usize, Vec<usize>)>,
    /// The chunk as words are looked for in it; empty before the first search.
    folded: Folded,
}

impl Wants {
    pub(super) fn new(projection: Projection<'_>) -> Self {
        let mut wanted = match projection {
            Projection::Everything => None,
            Projection::Wanted(wanted) => Some(wanted.clone()),
        };
        wanted.iter_mut().flat_map(|wanted| &mut wanted.classes).for_each(make_plain);
        let (places, folded) = (Vec::new(), Folded::default());
        let sets = vec![Set::default()];
        Self { wanted, sets, searches: Vec::new(), decided: BTreeMap::new(), places, folded }
    }

    pub(super) fn is_narrow(&self) -> bool {
        self.wanted.is_some()
    }

    /// The names that are wanted; `None` for all.
    pub(super) fn fields(&self, set: usize) -> Option<&BTreeSet<String>> {
        if set == EVERYTHING { None } else { self.sets.get(set).map(|set| &set.names) }
    }

    /// Whether the set has the name of that number.
    pub(super) fn is_wanted(&mut self, set: usize, name: u32, names: &Names) -> bool {
        let Some(wanted) = self.sets.get_mut(set).filter(|_| set != EVERYTHING) else { return true };
        let place = name as usize;
        if wanted.has.len() <= place {
            wanted.has.resize(place + 1, None);
        }
        *wanted.has[place]
            .get_or_insert_with(|| wanted.names.contains(&assize_model::plain_name(names.name(name))))
    }

    /// From here on numbers mean other names.
    pub(super) fn forget_names(&mut self) {
        self.sets.iter_mut().for_each(|set| set.has.clear());
    }

    pub(super) fn words(&self, set: usize) -> Option<&Words> {
        let search = self.sets.get(set)?.search?;
        self.searches.get(search).map(|search| &search.words)
    }

    pub(super) fn begin_chunk(&mut self) {
        self.places.clear();
        self.folded.clear();
    }

    /// Whether a word of the set may stand in a part of the chunk at hand.
    pub(super) fn may_stand(&mut self, set: usize, chunk: &[u8], from: usize, to: usize) -> bool {
        let Some(number) = self.sets.get(set).and_then(|set| set.search) else { return false };
        let words = &self.searches[number].words;
        let known = self.places.iter().position(|(known, _)| *known == number);
        let place = match known {
            Some(place) => place,
            None if self.places.len() >= SEARCHES_MAX => {
                let part = chunk.get(from..to).unwrap_or_default();
                return !words.places(part, &Folded::of(part)).is_empty();
            }
            None => {
                if self.folded.is_empty() {
                    self.folded.fill(chunk);
                }
                self.places.push((number, words.places(chunk, &self.folded)));
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
        own: Option<&[String]>,
    ) -> Option<Wish> {
        let wanted = self.wanted.as_ref()?;
        let place = if channel.is_empty() { provider } else { channel };
        let source = format!("windows/{place}");
        let has_one = |class: &Class| match (&class.having, own) {
            (Some(having), Some(own)) => own.iter().any(|name| having.contains(name)),
            _ => true,
        };
        let belongs = |class: &&Class| class.has(&source, provider, id) && has_one(class);
        let classes: Vec<&Class> = wanted.classes.iter().filter(belongs).collect();
        let only_with_words = classes.iter().all(|class| class.only_with_words);
        if classes.is_empty() {
            return None;
        }
        let plain = |name: &&str| assize_model::plain_name(name);
        let mut names: BTreeSet<String> = ALWAYS.iter().map(plain).collect();
        let of_spine = match wanted.spine {
            SpinePart::Place => &[],
            SpinePart::Accounts => windows::ACCOUNT_FIELDS,
            SpinePart::Whole => windows::SPINE_FIELDS,
        };
        names.extend(of_spine.iter().map(plain));
        let mut words = BTreeSet::new();
        for class in classes {
            match &class.fields {
                Some(fields) => names.extend(fields.iter().cloned()),
                None => return Some(WHOLE),
            }
            words.extend(class.words.iter().cloned());
        }
        let screened = !words.is_empty();
        let search = self.search(words);
        if screened && search.is_none() {
            // Nothing here looks for them fast: what might hold one is wanted.
            return Some(WHOLE);
        }
        let is_known = |known: &Set| known.names == names && known.search == search;
        let number = match self.sets.iter().skip(1).position(is_known) {
            Some(known) => known + 1,
            None => {
                self.sets.push(Set { names, search, has: Vec::new() });
                self.sets.len() - 1
            }
        };
        Some(Wish { set: number, screened, only_with_words })
    }

    /// The number of the search for these words; `None` of none.
    fn search(&mut self, texts: BTreeSet<String>) -> Option<usize> {
        if let Some(known) = self.searches.iter().position(|known| known.texts == texts) {
            return Some(known);
        }
        let words = Words::of(texts.iter().map(String::as_str))?;
        self.searches.push(Search { texts, words });
        Some(self.searches.len() - 1)
    }
}

/// Names as they are compared; words that cannot be sought make everything wanted.
fn make_plain(class: &mut Class) {
    let plain = |names: BTreeSet<String>| names.iter().map(|name| assize_model::plain_name(name)).collect();
    class.fields = class.fields.take().map(plain);
    class.having = class.having.take().map(plain);
    if !class.words.iter().all(|word| words::can_be_sought(word)) {
        (class.fields, class.only_with_words) = (None, false);
    }
}
