//! How do the rows of a batch become columns?
//!
//! By hand and not by Arrow's builders: most rows fill the same few columns, names of own fields are
//! the same from event to event, and the memory of one batch serves the next where the sink has let go
//! of it (fresh memory costs more in pages that the system clears than writing to it does). Everything
//! is checked when the arrays are made.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::types::{Int32Type, TimestampNanosecondType, UInt64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, DictionaryArray, ListArray, MapArray, PrimitiveArray, StringArray,
    StructArray,
};
use arrow_buffer::{ArrowNativeType, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields};

use crate::batch::Packed;
use crate::event::EventView;
use crate::{EventId, ReadingOptions, spine};

/// Type of the own fields in a batch.
pub(crate) fn fields_type() -> DataType {
    let name = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let entries =
        Fields::from(vec![Field::new("key", name, false), Field::new("value", DataType::Utf8, true)]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
}

/// A map of names and values; `ends` begins with 0.
pub(crate) fn map_of(
    ends: impl Into<ScalarBuffer<i32>>,
    names: ArrayRef,
    values: ArrayRef,
) -> Result<MapArray, ArrowError> {
    let DataType::Map(entries, sorted) = fields_type() else {
        return Err(ArrowError::SchemaError("own fields are no map".into()));
    };
    let DataType::Struct(pair) = entries.data_type().clone() else {
        return Err(ArrowError::SchemaError("own fields are no pairs".into()));
    };
    let pairs = StructArray::try_new(pair, vec![names, values], None)?;
    MapArray::try_new(entries, OffsetBuffer::new(ends.into()), pairs, None, sorted)
}

/// Values that are handed on as a buffer, and whose memory comes back.
struct Pool<T> {
    values: Vec<T>,
    given: Buffer,
}

impl<T: ArrowNativeType> Default for Pool<T> {
    fn default() -> Self {
        Self { values: Vec::new(), given: Buffer::from_vec(Vec::<T>::new()) }
    }
}

impl<T: ArrowNativeType> Pool<T> {
    /// The values as a buffer.
    fn give(&mut self) -> Buffer {
        self.given = Buffer::from_vec(std::mem::take(&mut self.values));
        self.given.clone()
    }

    /// Empty again: with the memory that was given, if nobody else has it, else with as much.
    fn begin(&mut self) {
        let given = std::mem::replace(&mut self.given, Buffer::from_vec(Vec::<T>::new()));
        let length = given.len() / size_of::<T>();
        self.values = given.into_vec().unwrap_or_else(|_| Vec::with_capacity(length));
        self.values.clear();
    }
}

/// Texts one after another, and where each ends.
#[derive(Default)]
struct Texts {
    bytes: Pool<u8>,
    /// Without the 0 that offsets begin with until they are given.
    ends: Pool<i32>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.values.extend_from_slice(text.as_bytes());
        self.end();
    }

    /// Makes a text of all bytes since the last one.
    fn end(&mut self) {
        let ends = &mut self.ends.values;
        if ends.is_empty() {
            ends.push(0);
        }
        ends.push(self.bytes.values.len() as i32);
    }

    fn push_empty(&mut self, count: usize) {
        self.end();
        let ends = &mut self.ends.values;
        ends.resize(ends.len() + count - 1, self.bytes.values.len() as i32);
    }

    /// The last one, which may be what stands for none.
    fn last(&self) -> Option<&[u8]> {
        let [.., from, to] = self.ends.values[..] else { return None };
        self.bytes.values.get(from as usize..to as usize)
    }

    /// The last one so many times more.
    fn repeat_last(&mut self, count: usize) {
        let [.., from, to] = self.ends.values[..] else { return };
        let (from, length) = (from as usize, (to - from) as usize);
        let bytes = &mut self.bytes.values;
        let wanted = bytes.len() + length * count;
        // Twice as many each time.
        while bytes.len() < wanted {
            let more = (bytes.len() - from).min(wanted - bytes.len());
            bytes.extend_from_within(from..from + more);
        }
        self.ends.values.extend((1..=count as i32).map(|number| to + number * length as i32));
    }

    fn len(&self) -> usize {
        self.ends.values.len().saturating_sub(1)
    }

    fn give(&mut self, nulls: Option<NullBuffer>) -> Result<StringArray, ArrowError> {
        let ends = offsets(&mut self.ends);
        StringArray::try_new(ends, self.bytes.give(), nulls)
    }

    fn begin(&mut self) {
        self.bytes.begin();
        self.ends.begin();
    }
}

fn offsets(ends: &mut Pool<i32>) -> OffsetBuffer<i32> {
    if ends.values.is_empty() {
        ends.values.push(0);
    }
    OffsetBuffer::new(ends.give().into())
}

/// Which values are there; empty while all are.
#[derive(Default)]
struct Valid(Vec<bool>);

impl Valid {
    /// Notes that the value after `before` others is there.
    fn note_one(&mut self, before: usize) {
        if !self.0.is_empty() {
            debug_assert_eq!(self.0.len(), before, "every value is noted");
            self.0.push(true);
        }
    }

    /// Notes that `count` values after `before` others are there.
    fn note_more(&mut self, before: usize, count: usize) {
        if !self.0.is_empty() {
            self.0.resize(before + count, true);
        }
    }

    /// Notes that `count` values after `before` others are not.
    fn note_none(&mut self, before: usize, count: usize) {
        self.0.resize(before, true);
        self.0.resize(before + count, false);
    }

    fn give(&mut self) -> Option<NullBuffer> {
        let nulls = (!self.0.is_empty()).then(|| NullBuffer::from(self.0.as_slice()));
        self.0.clear();
        nulls
    }
}

/// A text column.
#[derive(Default)]
struct Text {
    texts: Texts,
    valid: Valid,
    /// Rows at the end that have none and are not in `texts` yet: most columns have nothing most times.
    missing: usize,
    /// Rows at the end that have the last text of `texts` once more and are not there yet: hosts, logs and
    /// verbs are mostly those of the event before.
    repeated: usize,
    /// Where the last text of a closed list of words lies.
    word: Option<&'static str>,
}

impl Text {
    fn push(&mut self, text: Option<&str>) {
        let Some(text) = text else {
            if self.repeated > 0 {
                self.catch_up();
            }
            self.missing += 1;
            return;
        };
        if self.missing + self.repeated > 0 {
            self.catch_up();
        }
        self.valid.note_one(self.texts.len());
        self.texts.push(text);
    }

    /// As [`Self::push`], of a word of a closed list: all texts of the column are.
    fn push_word(&mut self, word: &'static str) {
        if self.word.is_some_and(|last| std::ptr::eq(last, word)) {
            self.repeated += 1;
        } else {
            self.push(Some(word));
            self.word = Some(word);
        }
    }

    /// As [`Self::push`], of a text that is likely the last one again.
    fn push_likely(&mut self, text: Option<&str>) {
        match text {
            Some(text) if self.missing == 0 && self.texts.last() == Some(text.as_bytes()) => {
                self.repeated += 1;
            }
            _ => self.push(text),
        }
    }

    fn catch_up(&mut self) {
        let missing = std::mem::take(&mut self.missing);
        if missing > 0 {
            self.valid.note_none(self.texts.len(), missing);
            self.texts.push_empty(missing);
        }
        let repeated = std::mem::take(&mut self.repeated);
        if repeated > 0 {
            self.valid.note_more(self.texts.len(), repeated);
            self.texts.repeat_last(repeated);
        }
    }

    fn rows(&self) -> usize {
        self.texts.len() + self.missing + self.repeated
    }

    fn give(&mut self) -> Result<ArrayRef, ArrowError> {
        self.catch_up();
        self.word = None;
        let nulls = self.valid.give();
        Ok(Arc::new(self.texts.give(nulls)?))
    }
}

/// A column of numbers.
struct Whole<T: ArrowPrimitiveType> {
    values: Pool<T::Native>,
    valid: Valid,
    missing: usize,
}

impl<T: ArrowPrimitiveType> Default for Whole<T> {
    fn default() -> Self {
        Self { values: Pool::default(), valid: Valid::default(), missing: 0 }
    }
}

impl<T: ArrowPrimitiveType> Whole<T> {
    fn push(&mut self, value: Option<T::Native>) {
        let Some(value) = value else {
            self.missing += 1;
            return;
        };
        if self.missing > 0 {
            self.catch_up();
        }
        self.valid.note_one(self.values.values.len());
        self.values.values.push(value);
    }

    fn catch_up(&mut self) {
        let missing = std::mem::take(&mut self.missing);
        if missing > 0 {
            let values = &mut self.values.values;
            self.valid.note_none(values.len(), missing);
            values.resize(values.len() + missing, T::Native::default());
        }
    }

    fn give(&mut self) -> Result<PrimitiveArray<T>, ArrowError> {
        self.catch_up();
        let nulls = self.valid.give();
        PrimitiveArray::try_new(ScalarBuffer::from(self.values.give()), nulls)
    }
}

/// Names with a number each.
#[derive(Default)]
pub(crate) struct Numbers {
    names: Texts,
    known: BTreeMap<Box<str>, i32>,
}

impl Numbers {
    /// The number of a name, new or known; `guess` is looked at first.
    pub(crate) fn number(&mut self, name: &str, guess: Option<i32>) -> i32 {
        if let Some(guess) = guess.filter(|guess| self.is_name(*guess, name)) {
            return guess;
        }
        if let Some(number) = self.known.get(name) {
            return *number;
        }
        let number = self.add(name);
        self.known.insert(name.into(), number);
        number
    }

    /// A number of its own for a name that is not looked up by its text.
    fn add(&mut self, name: &str) -> i32 {
        self.names.push(name);
        self.names.len() as i32 - 1
    }

    fn is_name(&self, number: i32, name: &str) -> bool {
        let ends = &self.names.ends.values;
        let (from, to) = (ends[number as usize] as usize, ends[number as usize + 1] as usize);
        self.names.bytes.values.get(from..to) == Some(name.as_bytes())
    }

    pub(crate) fn array(&mut self) -> Result<StringArray, ArrowError> {
        self.known.clear();
        self.names.give(None)
    }
}

/// The own fields of all rows.
#[derive(Default)]
struct Own {
    /// Where each row's fields end.
    rows: Pool<i32>,
    /// The number of each field's name in this batch.
    keys: Pool<i32>,
    names: Numbers,
    /// The same for the numbers that a format gives its names; -1 where the batch has none yet.
    by_format: Vec<i32>,
    values: Texts,
    valid: Valid,
    /// Which numbering `by_format` is of.
    numbering: u64,
    /// Sequences of names met in this batch, and the field with which each began.
    shapes: Vec<(Vec<u32>, usize)>,
    /// Where the fields of the last row begin.
    last: usize,
    /// Room for the names of a row that come in two parts.
    joined: Vec<u32>,
}

/// Numbers of a format that are remembered: names can be hostile and without end.
const NUMBERS_MAX: usize = 1 << 20;
/// Sequences of names that are remembered.
const SHAPES: usize = 64;
/// Names of a sequence that is remembered: a hostile record has millions.
const SHAPE_NAMES_MAX: usize = 4096;

impl Own {
    fn push<'e>(&mut self, fields: impl Iterator<Item = (&'e str, Option<&'e str>)>) {
        let (before, begin) = (self.last, self.keys.values.len());
        for (place, (name, value)) in fields.enumerate() {
            // The names of one event are mostly those of the one before.
            let guess = self.keys.values.get(before + place).copied();
            let number = self.names.number(name, guess);
            self.keys.values.push(number);
            match value {
                Some(_) => self.valid.note_one(self.values.len()),
                None => self.valid.note_none(self.values.len(), 1),
            }
            self.values.push(value.unwrap_or_default());
        }
        self.last = begin;
        self.end_row();
    }

    fn push_packed(&mut self, fields: &Packed<'_>) {
        let first = self.values.len();
        fields.before.iter().for_each(|(_, value)| self.values.push(value));
        let base = self.values.bytes.values.len();
        self.values.bytes.values.extend_from_slice(fields.values);
        let ends = &mut self.values.ends.values;
        if ends.is_empty() {
            ends.push(0);
        }
        ends.extend(fields.ends.iter().map(|end| (base + *end as usize) as i32));
        if !(self.valid.0.is_empty() && fields.nulls.is_empty()) {
            let first = first + fields.before.len();
            self.valid.0.resize(self.values.len(), true);
            fields.nulls.iter().for_each(|place| self.valid.0[first + *place as usize] = false);
        }
        if self.numbering != fields.numbering {
            self.forget_names();
            self.numbering = fields.numbering;
        }
        if fields.before.is_empty() {
            self.push_names(fields.names, fields.name);
        } else {
            let mut names = std::mem::take(&mut self.joined);
            names.clear();
            names.extend(fields.before.iter().map(|(number, _)| number));
            names.extend_from_slice(fields.names);
            self.push_names(&names, fields.name);
            self.joined = names;
        }
        self.end_row();
    }

    /// Records of one kind have the same names: those of an earlier row are copied whole.
    fn push_names<'e>(&mut self, numbers: &[u32], name: &dyn Fn(u32) -> &'e str) {
        let count = numbers.len();
        let (first, last) = (numbers.first().copied(), numbers.last().copied());
        let slot = (count + 7 * last.unwrap_or(0) as usize + 3 * first.unwrap_or(0) as usize) % SHAPES;
        if self.shapes.is_empty() {
            self.shapes.resize_with(SHAPES, || (Vec::new(), 0));
        }
        let (known, at) = &mut self.shapes[slot];
        let keys = &mut self.keys.values;
        if known == numbers && count > 0 {
            return keys.extend_from_within(*at..*at + count);
        }
        if count <= SHAPE_NAMES_MAX {
            known.clear();
            known.extend_from_slice(numbers);
            *at = keys.len();
        }
        for number in numbers {
            let place = *number as usize;
            if place >= NUMBERS_MAX {
                keys.push(self.names.add(name(*number)));
                continue;
            }
            if place >= self.by_format.len() {
                self.by_format.resize(place + 1, -1);
            }
            if self.by_format[place] < 0 {
                self.by_format[place] = self.names.add(name(*number));
            }
            keys.push(self.by_format[place]);
        }
    }

    fn end_row(&mut self) {
        if self.rows.values.is_empty() {
            self.rows.values.push(0);
        }
        self.rows.values.push(self.keys.values.len() as i32);
    }

    fn bytes(&self) -> usize {
        self.values.bytes.values.len() + 8 * self.keys.values.len()
    }

    fn give(&mut self) -> Result<MapArray, ArrowError> {
        let nulls = self.valid.give();
        let keys = PrimitiveArray::<Int32Type>::try_new(ScalarBuffer::from(self.keys.give()), None)?;
        let names = DictionaryArray::try_new(keys, Arc::new(self.names.array()?))?;
        let values = self.values.give(nulls)?;
        self.forget_names();
        self.last = 0;
        let ends = offsets(&mut self.rows);
        map_of(ends.inner().clone(), Arc::new(names), Arc::new(values))
    }

    fn forget_names(&mut self) {
        self.by_format.clear();
        self.shapes.iter_mut().for_each(|(names, _)| names.clear());
    }

    fn begin(&mut self) {
        self.rows.begin();
        self.keys.begin();
        self.names.names.begin();
        self.values.begin();
    }
}

/// Lists of texts or of pairs: where each row's part ends.
#[derive(Default)]
struct Ends(Pool<i32>);

impl Ends {
    fn push(&mut self, end: usize) {
        if self.0.values.is_empty() {
            self.0.values.push(0);
        }
        self.0.values.push(end as i32);
    }

    fn list(&mut self, items: ArrayRef) -> Result<ArrayRef, ArrowError> {
        let item = Arc::new(Field::new("item", items.data_type().clone(), false));
        Ok(Arc::new(ListArray::try_new(item, offsets(&mut self.0), items, None)?))
    }
}

/// One column per column of the spine.
#[derive(Default)]
pub(crate) struct Columns {
    id: Text,
    time: Whole<TimestampNanosecondType>,
    time_text: Text,
    time_assumed: Text,
    until: Whole<TimestampNanosecondType>,
    source: Text,
    host: Text,
    actor: Text,
    target: Text,
    verb: Text,
    object: Text,
    object_kind: Text,
    scope: Text,
    client: Text,
    peer: Text,
    device: Text,
    count: Whole<UInt64Type>,
    bytes: Whole<UInt64Type>,
    outcome: Text,
    qualifiers: (Ends, Texts),
    links: (Ends, Texts, Texts),
    ranges: (Ends, Whole<UInt64Type>, Whole<UInt64Type>),
    options: Text,
    /// The last options that were not empty, and their text.
    last_options: (ReadingOptions, Option<String>),
    own: Own,
    /// Columns of one text throughout, as long as was ever needed.
    constant: Vec<(String, StringArray)>,
}

impl Columns {
    pub(crate) fn rows(&self) -> usize {
        self.source.rows()
    }

    /// Bytes of the own fields so far.
    pub(crate) fn bytes(&self) -> usize {
        self.own.bytes()
    }

    pub(crate) fn push_fields<'e>(&mut self, fields: impl Iterator<Item = (&'e str, Option<&'e str>)>) {
        self.own.push(fields);
    }

    pub(crate) fn push_packed(&mut self, fields: &Packed<'_>) {
        self.own.push_packed(fields);
    }

    /// From here on a format's numbers may mean other names; a name may then have two numbers of ours.
    pub(crate) fn forget_names(&mut self) {
        self.own.forget_names();
    }

    /// Appends one event but for its own fields.
    pub(crate) fn push<'e>(
        &mut self,
        id: Option<EventId>,
        event: &EventView<'_>,
        links: impl Iterator<Item = (spine::Link, &'e str)>,
    ) {
        self.id.push(id.map(|id| id.text()).as_ref().map(|text| str_of(text)));
        self.time.push(event.time.map(|time| time.0));
        self.time_text.push(event.time_text);
        self.time_assumed.push(event.time_assumed);
        self.until.push(event.until.map(|time| time.0));
        self.source.push_likely(Some(event.source));
        self.host.push_likely(event.host);
        self.actor.push_likely(event.actor);
        self.target.push(event.target);
        self.verb.push_word(event.verb.as_str());
        self.object.push(event.object);
        self.object_kind.push(event.object_kind.map(spine::ObjectKind::as_str));
        self.scope.push(event.scope.map(spine::Scope::as_str));
        self.client.push(event.client.map(spine::Client::as_str));
        self.peer.push(event.peer);
        self.device.push(event.device);
        self.count.push(event.count);
        self.bytes.push(event.bytes);
        self.outcome.push_word(event.outcome.as_str());
        self.push_options(event.options);
        let (ends, texts) = &mut self.qualifiers;
        event.qualifiers.iter().for_each(|qualifier| texts.push(qualifier.as_str()));
        ends.push(texts.len());
        let (ends, offsets, lengths) = &mut self.ranges;
        for range in event.ranges {
            offsets.push(Some(range.offset));
            lengths.push(Some(range.length));
        }
        ends.push(offsets.values.values.len());
        let (ends, kinds, values) = &mut self.links;
        for (kind, value) in links {
            kinds.push(kind.as_str());
            values.push(value);
        }
        ends.push(kinds.len());
    }

    /// Options are mostly those of the event before: their text is made once.
    fn push_options(&mut self, options: &ReadingOptions) {
        if options.is_empty() {
            return self.options.push(None);
        }
        if self.last_options.0 != *options {
            self.last_options = (options.clone(), options.text());
        }
        self.options.push(self.last_options.1.as_deref());
    }

    /// The columns in the spine's order; `begin` makes ready for the next ones.
    pub(crate) fn finish(
        &mut self,
        (exhibit, member, format): (&str, Option<&str>, &str),
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let rows = self.rows();
        let member: ArrayRef = match member {
            Some(member) => self.constant(member, rows),
            None => arrow_array::new_null_array(&DataType::Utf8, rows),
        };
        let utc = |times: PrimitiveArray<TimestampNanosecondType>| times.with_timezone("UTC");
        let pairs = |fields, one: ArrayRef, other: ArrayRef| -> Result<ArrayRef, ArrowError> {
            Ok(Arc::new(StructArray::try_new(fields, vec![one, other], None)?))
        };
        let qualifiers = Arc::new(self.qualifiers.1.give(None)?);
        let (kinds, values) = (self.links.1.give(None)?, self.links.2.give(None)?);
        let links = pairs(spine::link_fields(), Arc::new(kinds), Arc::new(values))?;
        let (starts, lengths) = (self.ranges.1.give()?, self.ranges.2.give()?);
        let ranges = pairs(spine::range_fields(), Arc::new(starts), Arc::new(lengths))?;
        Ok(vec![
            self.id.give()?,
            Arc::new(utc(self.time.give()?)),
            self.time_text.give()?,
            self.time_assumed.give()?,
            Arc::new(utc(self.until.give()?)),
            self.source.give()?,
            self.host.give()?,
            self.actor.give()?,
            self.target.give()?,
            self.verb.give()?,
            self.object.give()?,
            self.object_kind.give()?,
            self.scope.give()?,
            self.client.give()?,
            self.peer.give()?,
            self.device.give()?,
            Arc::new(self.count.give()?),
            Arc::new(self.bytes.give()?),
            self.outcome.give()?,
            self.qualifiers.0.list(qualifiers)?,
            self.links.0.list(links)?,
            self.constant(exhibit, rows),
            member,
            self.constant(format, rows),
            self.ranges.0.list(ranges)?,
            self.options.give()?,
            Arc::new(self.own.give()?),
        ])
    }

    /// A column of one text: a part of one made before, or a longer one.
    fn constant(&mut self, text: &str, rows: usize) -> ArrayRef {
        let known = self.constant.iter().position(|(known, _)| known == text).unwrap_or_else(|| {
            self.constant.push((text.to_owned(), StringArray::from(Vec::<&str>::new())));
            self.constant.len() - 1
        });
        let column = &mut self.constant[known].1;
        if column.len() < rows {
            *column = StringArray::from_iter_values(std::iter::repeat_n(text, rows));
        }
        Arc::new(column.slice(0, rows))
    }

    /// Makes ready for the rows of another batch.
    pub(crate) fn begin(&mut self) {
        for text in [
            &mut self.id,
            &mut self.time_text,
            &mut self.time_assumed,
            &mut self.source,
            &mut self.host,
            &mut self.actor,
            &mut self.target,
            &mut self.verb,
            &mut self.object,
            &mut self.object_kind,
            &mut self.scope,
            &mut self.client,
            &mut self.peer,
            &mut self.device,
            &mut self.outcome,
            &mut self.options,
        ] {
            text.texts.begin();
        }
        self.time.values.begin();
        self.until.values.begin();
        self.count.values.begin();
        self.bytes.values.begin();
        self.qualifiers.0.0.begin();
        self.qualifiers.1.begin();
        self.links.0.0.begin();
        self.links.1.begin();
        self.links.2.begin();
        self.ranges.0.0.begin();
        self.ranges.1.values.begin();
        self.ranges.2.values.begin();
        self.own.begin();
    }
}

/// Ids are ASCII.
fn str_of(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}
