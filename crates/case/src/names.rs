//! Which protected names does this case know, and how does nothing of them come out?
//!
//! Two gates. On the way into `derived/` every text of a batch passes [`Cover`]: what analysts, queries and
//! outputs work with holds pseudonyms. On the way out of the program every text passes [`Names::cover`] once
//! more: paths in the custody log, raw records, errors. Names added later close the tables until they
//! are derived again ([`CaseError::Quarantined`]).
//!
//! A word that stands in more than one event of fifty is no secret and covers nothing: a mask on every host
//! name would tell the name. Such words are found by reading first ([`ordinary`]). On the way out the program's
//! own words (`facts/own-words.txt`) are such words too: a mask on the key `source` of each result would tell
//! that somebody is called so.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, MapArray, RecordBatch, StringArray, StructArray};
use arrow_schema::{ArrowError, DataType};
use assize_analysis::register::Veil;
use assize_model::{Protected, column};
use assize_names::{Covered, Mask, MatchKey, Matcher, Person, Scratch, is_nobodys};
use assize_vault::{Derived, Keys, MaskingKey, Vault};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{CaseError, fault};

/// Names that a case covers, and the key to know them again. No `Debug`.
pub struct Names {
    matcher: Arc<Matcher>,
    key: MatchKey,
    ordinary: BTreeSet<u64>,
    /// Words of this program.
    own: Arc<BTreeSet<u64>>,
    /// Whether what is covered is what this program says.
    at_the_gate: bool,
    digest: String,
    /// For texts that come one by one.
    scratch: Mutex<Scratch>,
}

/// What this program says itself.
const OWN_WORDS: &str = include_str!("../../../facts/own-words.txt");

fn own_words() -> impl Iterator<Item = &'static str> {
    OWN_WORDS.lines().filter(|line| !line.starts_with('#'))
}

impl Names {
    /// The names of the newest register; `None` where there is none.
    ///
    /// # Errors
    /// Where there are names and the masking key is not here, or they are not what their leaf says.
    pub(crate) fn of(vault: &Vault, keys: &Keys) -> Result<Option<Arc<Self>>, CaseError> {
        let Some(version) = vault.register_versions().last().copied() else { return Ok(None) };
        let bytes = vault.register_names(version)?.ok_or(CaseError::NamesNotKept(version))?;
        let key = vault.masking_in(keys)?.ok_or(CaseError::NoMaskingKey)?;
        let names = Arc::new(Self::load(&bytes, &key)?);
        let kept = Kept::of(&vault.derived())?;
        let ordinary =
            kept.filter(|kept| kept.names == names.digest).map_or_else(BTreeSet::new, |kept| kept.ordinary);
        crate::gate::close(names.at_the_gate(ordinary));
        Ok(Some(names))
    }

    fn load(bytes: &[u8], key: &MaskingKey) -> Result<Self, CaseError> {
        let matcher = Matcher::load(bytes).map_err(|error| CaseError::Refused(error.to_string()))?;
        let key = MatchKey::new(key.for_words());
        Ok(Self {
            matcher: Arc::new(matcher),
            own: Arc::new(own_words().map(|word| key.word(word)).collect()),
            key,
            ordinary: BTreeSet::new(),
            at_the_gate: false,
            digest: HEXLOWER.encode(&Sha256::digest(bytes)),
            scratch: Mutex::new(Scratch::remembering()),
        })
    }

    /// The same names for what leaves the program.
    pub(crate) fn at_the_gate(&self, ordinary: BTreeSet<u64>) -> Self {
        Self { at_the_gate: true, ..self.sparing(ordinary) }
    }

    /// What the result of covering depends on: the names, and which words are ordinary.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// The same names, with some words left alone.
    pub(crate) fn sparing(&self, ordinary: BTreeSet<u64>) -> Self {
        Self {
            matcher: Arc::clone(&self.matcher),
            key: self.key.clone(),
            ordinary,
            own: Arc::clone(&self.own),
            at_the_gate: self.at_the_gate,
            digest: self.digest.clone(),
            scratch: Mutex::new(Scratch::remembering()),
        }
    }

    /// A text with its names covered.
    #[must_use]
    pub fn cover<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let scratch = &mut *self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let covered = self.mask().cover(text, &mut Covered::default(), scratch);
        covered.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Whether bytes hold a name, as text of any notation that is followed.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let wide = |shift: usize| {
            let pairs = bytes.get(shift..).unwrap_or_default().chunks_exact(2);
            String::from_utf16_lossy(
                &pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect::<Vec<_>>(),
            )
        };
        let (mask, scratch) = (self.mask(), &mut Scratch::default());
        let mut holds = |text: &str| mask.holds(text, scratch);
        holds(&String::from_utf8_lossy(bytes)) || holds(&wide(0)) || holds(&wide(1))
    }

    /// A path in a container, each step by itself: so that what begins alike still does, and a member is found
    /// again by its covered path.
    pub(crate) fn cover_path(&self, path: &str) -> String {
        path.split('/').map(|step| self.cover(step)).collect::<Vec<_>>().join("/")
    }

    /// The pseudonym of a number.
    pub(crate) fn pseudonym(&self, whose: u32) -> &str {
        self.matcher.pseudonym(whose)
    }

    fn mask(&self) -> Mask<'_> {
        let mask = Mask::new(&self.matcher, &self.key, &self.ordinary);
        if self.at_the_gate { mask.speaking(&self.own) } else { mask }
    }
}

/// A path in a container as tables have it.
pub(crate) fn path_of<'p>(names: Option<&Names>, path: &'p str) -> Cow<'p, str> {
    names.map_or(Cow::Borrowed(path), |names| Cow::Owned(names.cover_path(path)))
}

/// Covers names while a register is imported.
pub(crate) struct Importing<'k> {
    key: &'k MaskingKey,
    words: MatchKey,
    pub(crate) matcher: Matcher,
}

impl<'k> Importing<'k> {
    pub(crate) fn new(key: &'k MaskingKey) -> Self {
        Self { key, words: MatchKey::new(key.for_words()), matcher: Matcher::default() }
    }
}

impl Veil for Importing<'_> {
    fn learn(&mut self, identities: &Protected, accounts: &[String]) {
        fault::break_if_asked("break-import", || identities.expose().to_owned());
        self.matcher = Matcher::of(&Person::all(identities), &self.words).without(accounts, &self.words);
    }

    fn cover(&self, text: &str) -> Option<String> {
        let (covered, scratch) = (&mut Covered::default(), &mut Scratch::default());
        Mask::new(&self.matcher, &self.words, &BTreeSet::new()).cover(text, covered, scratch)
    }

    fn digest(&self, place: &str) -> String {
        self.key.digest(place)
    }
}

/// How often a person's name was covered in a column: pseudonym's number and column → values.
pub(crate) type Counts = BTreeMap<(u32, String), u64>;

/// Covers the texts of one exhibit. Each distinct value is looked at once, as far as it is remembered.
pub(crate) struct Cover<'n> {
    names: &'n Names,
    remembered: Remembered,
    scratch: Scratch,
    /// Who was covered where.
    pub(crate) counts: Counts,
    /// Events in which something hangs on one word, by the word.
    pub(crate) words: BTreeMap<u64, u64>,
}

/// Values that were looked at, and what became of them.
struct Remembered {
    slots: Vec<Slot>,
    /// The values, one behind the other.
    values: String,
    /// What came of those that held a name.
    covered: Vec<(String, Covered)>,
}

/// A value: where it stands, and where what came of it, one more; 0 where it held nothing.
#[derive(Clone, Copy, Default)]
struct Slot {
    begin: u32,
    length: u32,
    covered: u32,
}

/// Slots that are remembered, the longest value that is, and how many bytes of all.
const SLOTS: usize = 1 << 15;
const VALUE_MAX: usize = 1024;
const VALUES_MAX: usize = 4 << 20;

impl Remembered {
    fn new() -> Self {
        Self { slots: vec![Slot::default(); SLOTS], values: String::new(), covered: Vec::new() }
    }

    /// The slot of a value, looked at now if it is not remembered.
    fn of(&mut self, text: &str, find: impl FnOnce() -> Option<(String, Covered)>) -> Slot {
        let place = place(text);
        let slot = self.slots[place];
        let begin = slot.begin as usize;
        if self.values.get(begin..begin + slot.length as usize) == Some(text) {
            return slot;
        }
        let found = find();
        if self.values.len() + text.len() > VALUES_MAX {
            *self = Self::new();
        }
        let begin = self.values.len() as u32;
        self.values.push_str(text);
        self.covered.extend(found.clone());
        let covered = if found.is_some() { self.covered.len() as u32 } else { 0 };
        self.slots[place] = Slot { begin, length: text.len() as u32, covered };
        self.slots[place]
    }
}

/// Where a value is looked for. Who writes values that meet there makes it slow, and nothing else.
fn place(text: &str) -> usize {
    let mix = |sum: u64, bytes: u64| (sum ^ bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let (whole, rest) = text.as_bytes().as_chunks::<8>();
    let sum = whole.iter().fold(text.len() as u64, |sum, bytes| mix(sum, u64::from_le_bytes(*bytes)));
    let rest = rest.iter().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
    (mix(sum, rest) >> 20) as usize % SLOTS
}

/// Columns whose words are from closed lists or digests.
const OURS: &[&str] = &[
    column::ID,
    column::TIME,
    column::TIME_TEXT,
    column::UNTIL,
    column::VERB,
    column::OBJECT_KIND,
    column::SCOPE,
    column::CLIENT,
    column::COUNT,
    column::BYTES,
    column::OUTCOME,
    column::QUALIFIERS,
    column::EXHIBIT,
    column::FORMAT,
    column::RANGES,
];

impl<'n> Cover<'n> {
    pub(crate) fn new(names: &'n Names) -> Self {
        Self {
            names,
            remembered: Remembered::new(),
            scratch: Scratch::remembering(),
            counts: Counts::new(),
            words: BTreeMap::new(),
        }
    }

    /// A text of a column that is no event's.
    pub(crate) fn text(&mut self, column: &str, text: &str) -> Option<String> {
        self.look(&|| column.to_owned(), text, None)
    }

    /// A path in a container.
    pub(crate) fn path(&self, path: &str) -> String {
        self.names.cover_path(path)
    }

    /// A text, and for which words its event must be counted.
    fn look(
        &mut self,
        column: &dyn Fn() -> String,
        text: &str,
        event: Option<&mut BTreeSet<u64>>,
    ) -> Option<String> {
        // Nothing shorter than two letters is a name. Numbers and times are as many as all else, and would
        // push it out of memory.
        if text.len() < 2 || is_nobodys(text) {
            return None;
        }
        let (mask, scratch) = (self.names.mask(), &mut self.scratch);
        let mut find = || {
            let mut covered = Covered::default();
            mask.cover(text, &mut covered, scratch).map(|text| (text, covered))
        };
        let found;
        let (text, covered) = if text.len() > VALUE_MAX {
            found = find();
            found.as_ref()?
        } else {
            let slot = self.remembered.of(text, find);
            &self.remembered.covered[(slot.covered as usize).checked_sub(1)?]
        };
        for whose in covered.persons.keys() {
            *self.counts.entry((*whose, column())).or_default() += 1;
        }
        if let Some(event) = event {
            event.extend(covered.anchors.keys().copied());
        }
        Some(text.clone())
    }

    /// A batch of events with every text covered.
    pub(crate) fn batch(&mut self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        fault::break_if_asked("break-reading", || format!("{batch:?}"));
        if fault::asked("leak-tables") {
            return Ok(batch.clone());
        }
        let mut columns = batch.columns().to_vec();
        let mut rows: Vec<BTreeSet<u64>> = vec![BTreeSet::new(); batch.num_rows()];
        for (at, field) in batch.schema().fields().iter().enumerate() {
            if OURS.contains(&field.name().as_str()) {
                continue;
            }
            let column = &columns[at];
            let row_of = |row: usize| row;
            let covered = match field.name().as_str() {
                column::MEMBER => self.members(column),
                name => self.array(name, column, &row_of, &mut rows)?,
            };
            columns[at] = covered.unwrap_or_else(|| Arc::clone(&columns[at]));
        }
        for word in rows.into_iter().flatten() {
            *self.words.entry(word).or_default() += 1;
        }
        RecordBatch::try_new(batch.schema(), columns)
    }

    /// Members of containers: one for a whole batch, as a rule.
    fn members(&mut self, members: &ArrayRef) -> Option<ArrayRef> {
        let members = members.as_string_opt::<i32>()?;
        let mut last: Option<(String, String)> = None;
        let mut cover = |member: &str| match &last {
            Some((plain, covered)) if plain == member => covered.clone(),
            _ => {
                let covered = self.names.cover_path(member);
                last = Some((member.to_owned(), covered.clone()));
                covered
            }
        };
        let covered: StringArray = members.iter().map(|member| member.map(&mut cover)).collect();
        Some(Arc::new(covered))
    }

    /// An array with its texts covered; `None` where nothing was.
    fn array(
        &mut self,
        column: &str,
        array: &ArrayRef,
        row_of: &dyn Fn(usize) -> usize,
        rows: &mut [BTreeSet<u64>],
    ) -> Result<Option<ArrayRef>, ArrowError> {
        Ok(match array.data_type() {
            DataType::Utf8 => {
                let texts = array.as_string::<i32>();
                self.texts(texts, &|_| column.to_owned(), row_of, rows)
                    .map(|covered| Arc::new(covered) as ArrayRef)
            }
            DataType::Dictionary(..) => {
                let dictionary = array.as_dictionary::<Int32Type>();
                // Which row a value of a dictionary stands in is not asked: names of fields are no evidence
                // of how ordinary a word is.
                let covered = self.array(column, dictionary.values(), &|_| 0, &mut [BTreeSet::new()])?;
                covered.map(|values| Arc::new(dictionary.with_values(values)) as ArrayRef)
            }
            DataType::Map(..) => self.map(array.as_map(), rows)?.map(|covered| Arc::new(covered) as ArrayRef),
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let owner = owners(list.value_offsets());
                let covered = self.array(
                    column,
                    list.values(),
                    &|at| row_of(owner.get(at).copied().unwrap_or(0)),
                    rows,
                )?;
                match (covered, array.data_type()) {
                    (Some(values), DataType::List(item)) => Some(Arc::new(arrow_array::ListArray::try_new(
                        Arc::clone(item),
                        list.offsets().clone(),
                        values,
                        list.nulls().cloned(),
                    )?)),
                    _ => None,
                }
            }
            DataType::Struct(_) => self.pairs(column, array.as_struct(), row_of, rows)?,
            _ => None,
        })
    }

    fn pairs(
        &mut self,
        column: &str,
        pairs: &StructArray,
        row_of: &dyn Fn(usize) -> usize,
        rows: &mut [BTreeSet<u64>],
    ) -> Result<Option<ArrayRef>, ArrowError> {
        let mut columns = pairs.columns().to_vec();
        let mut any = false;
        for part in &mut columns {
            if let Some(covered) = self.array(column, part, row_of, rows)? {
                *part = covered;
                any = true;
            }
        }
        let fields = pairs.fields().clone();
        Ok(match any {
            true => Some(Arc::new(StructArray::try_new(fields, columns, pairs.nulls().cloned())?)),
            false => None,
        })
    }

    /// Own fields: a value is counted under its field's name.
    fn map(&mut self, map: &MapArray, rows: &mut [BTreeSet<u64>]) -> Result<Option<MapArray>, ArrowError> {
        let owner = owners(map.value_offsets());
        let row_of = |at: usize| owner.get(at).copied().unwrap_or(0);
        let keys = self.array(column::FIELDS, map.keys(), &row_of, rows)?;
        let named = |at: usize| name_of(map.keys(), at);
        let values = self.texts(map.values().as_string::<i32>(), &named, &row_of, rows);
        if keys.is_none() && values.is_none() {
            return Ok(None);
        }
        let keys = keys.unwrap_or_else(|| Arc::clone(map.keys()));
        let values = values.map_or_else(|| Arc::clone(map.values()), |values| Arc::new(values) as ArrayRef);
        let DataType::Map(entries, sorted) = map.data_type() else { return Ok(None) };
        let pairs = StructArray::try_new(map.entries().fields().clone(), vec![keys, values], None)?;
        MapArray::try_new(Arc::clone(entries), map.offsets().clone(), pairs, map.nulls().cloned(), *sorted)
            .map(Some)
    }

    fn texts(
        &mut self,
        texts: &StringArray,
        column_of: &dyn Fn(usize) -> String,
        row_of: &dyn Fn(usize) -> usize,
        rows: &mut [BTreeSet<u64>],
    ) -> Option<StringArray> {
        let mut covered: BTreeMap<usize, String> = BTreeMap::new();
        for at in 0..texts.len() {
            if texts.is_valid(at) {
                let row = rows.get_mut(row_of(at));
                if let Some(text) = self.look(&|| column_of(at), texts.value(at), row) {
                    covered.insert(at, text);
                }
            }
        }
        if covered.is_empty() {
            return None;
        }
        let text = |at: usize| {
            texts.is_valid(at).then(|| covered.get(&at).map_or_else(|| texts.value(at), String::as_str))
        };
        Some((0..texts.len()).map(text).collect())
    }
}

/// The row in which each value of a list stands.
fn owners(offsets: &[i32]) -> Vec<usize> {
    let mut owners = vec![0; offsets.first().map_or(0, |first| *first as usize)];
    for (row, pair) in offsets.windows(2).enumerate() {
        owners.resize(pair[1] as usize, row);
    }
    owners
}

fn name_of(keys: &ArrayRef, at: usize) -> String {
    match keys.data_type() {
        DataType::Utf8 => keys.as_string::<i32>().value(at).to_owned(),
        _ => {
            let dictionary = keys.as_dictionary::<Int32Type>();
            let value = dictionary.keys().value(at) as usize;
            dictionary.values().as_string::<i32>().value(value).to_owned()
        }
    }
}

/// One event of so many: a word that stands in more is ordinary.
const EVENTS_PER_WORD: u64 = 50;
/// Fewer events say nothing of how ordinary a word is.
const EVENTS_MIN: u64 = 1000;

/// Words that are too ordinary to be masked by themselves, by how many of all events each stands in.
pub(crate) fn ordinary<'c>(exhibits: impl Iterator<Item = &'c Covering>, events: u64) -> BTreeSet<u64> {
    let mut words: BTreeMap<u64, u64> = BTreeMap::new();
    for (word, count) in exhibits.flat_map(|covering| &covering.words) {
        *words.entry(*word).or_default() += count;
    }
    let often = |count: u64| events >= EVENTS_MIN && count * EVENTS_PER_WORD > events;
    words.into_iter().filter(|(_, count)| often(*count)).map(|(word, _)| word).collect()
}

/// What was covered in one exhibit; kept with its result.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Covering {
    /// Pseudonym, column, number of values.
    pub(crate) counts: Vec<(String, String, u64)>,
    /// In how many events something hangs on one word, by the word's keyed number; as they were found when
    /// no word was spared.
    pub(crate) words: BTreeMap<u64, u64>,
    /// Words that were spared.
    pub(crate) spared: BTreeSet<u64>,
}

impl Covering {
    /// Those of the words that stand in this exhibit.
    pub(crate) fn of(&self, words: &BTreeSet<u64>) -> BTreeSet<u64> {
        words.iter().copied().filter(|word| self.words.contains_key(word)).collect()
    }
}

impl Cover<'_> {
    /// What was covered.
    pub(crate) fn done(self) -> Covering {
        let names = self.names;
        let count = |((whose, column), count): ((u32, String), u64)| {
            (names.pseudonym(whose).to_owned(), column, count)
        };
        Covering {
            counts: self.counts.into_iter().map(count).collect(),
            words: self.words,
            spared: BTreeSet::new(),
        }
    }
}

/// Which names the tables are covered with.
#[derive(Serialize, Deserialize)]
struct Kept {
    names: String,
    ordinary: BTreeSet<u64>,
}

const KEPT: &str = "names.json";

impl Kept {
    /// Of these tables; `None` where they are covered with none, or by what this version does not know.
    fn of(derived: &Derived) -> Result<Option<Self>, CaseError> {
        Ok(derived.read(KEPT)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }
}

/// Keeps beside the tables which names they are covered with.
pub(crate) fn keep(derived: &Derived, names: Option<&Names>) -> Result<(), CaseError> {
    let Some(names) = names else { return Ok(derived.remove(KEPT)?) };
    let kept = Kept { names: names.digest.clone(), ordinary: names.ordinary.clone() };
    let mut file = derived.create(KEPT)?;
    serde_json::to_writer(&mut file, &kept).map_err(|error| crate::part::table_error(KEPT, error))?;
    Ok(file.commit()?)
}

/// The names as the tables are covered with them, or [`CaseError::Quarantined`] where these are others.
pub(crate) fn in_force(
    derived: &Derived,
    names: Option<&Arc<Names>>,
) -> Result<Option<Arc<Names>>, CaseError> {
    let Some(names) = names else { return Ok(None) };
    match Kept::of(derived)? {
        Some(kept) if kept.names == names.digest => {
            crate::gate::close(names.at_the_gate(kept.ordinary.clone()));
            Ok(Some(Arc::new(names.sparing(kept.ordinary))))
        }
        _ => Err(CaseError::Quarantined),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_results_are_called_is_known_as_ours() {
        let known: BTreeSet<String> = own_words().map(str::to_owned).collect();
        let tables = crate::columns::ALL.iter();
        let columns =
            tables.flat_map(|table| table.columns.iter().map(|(name, _)| *name).chain([table.name]));
        let schema = assize_model::spine::schema();
        let spine = schema.fields().iter().map(|field| field.name().clone());
        let names: Vec<String> = columns.map(str::to_owned).chain(spine).collect();
        let words = names.iter().flat_map(|name| name.split('_'));
        let words =
            words.filter(|word| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic()));
        let missing: Vec<String> = words.filter(|word| !known.contains(*word)).map(str::to_owned).collect();
        assert_eq!(missing, Vec::<String>::new(), "add these to facts/own-words.txt");
    }
}
