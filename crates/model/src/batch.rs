//! How do events travel: in what blocks, with which ids, and who takes them?
//!
//! A [`Batcher`] turns [`Event`]s into Arrow batches of bounded size and gives each its id and
//! exhibit. A [`Sink`] takes batches and gaps in the order of the evidence. Nothing is written
//! here.

use std::io;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int32Array, MapArray, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow_schema::{Field, Schema, SchemaRef};

use crate::columns::{self, Columns};
use crate::event::EventView;
use crate::id::EventIds;
use crate::spine::{self, column};
use crate::{Cause, Event, EventId, ExhibitId, Gap, GapId, Locator, Range, ReadingOptions, Time};

/// Rows after which a batch is handed on.
const ROWS_MAX: usize = 4096;
/// Bytes of own fields after which a batch is handed on, whatever its rows: small enough to be in a
/// core's own cache still when it is taken.
const BYTES_MAX: usize = 512 << 10;

/// Whose bytes are being read, and by which format.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The exhibit.
    pub exhibit: ExhibitId,
    /// Path inside a container.
    pub member: Option<String>,
    /// Name of the format, from its card.
    pub format: &'static str,
}

/// Takes what a format read, in the order of the evidence.
pub trait Sink {
    /// Takes a batch of events with the columns of [`schema`].
    ///
    /// # Errors
    /// Where the batch cannot be kept (disk full); reading stops.
    fn batch(&mut self, batch: Batch) -> io::Result<()>;

    /// Takes a gap.
    ///
    /// # Errors
    /// As [`Self::batch`].
    fn gap(&mut self, gap: Gap) -> io::Result<()>;
}

/// The schema of a batch: the spine's, but that names of own fields are numbers of a dictionary (they
/// repeat in every event), and that an id may be left out where only few events' are wanted. Tables
/// hold names as texts, which Parquet numbers by itself.
#[must_use]
pub fn schema() -> SchemaRef {
    static SCHEMA: std::sync::LazyLock<SchemaRef> = std::sync::LazyLock::new(|| {
        let as_batched = |field: &Arc<Field>| match field.name().as_str() {
            column::FIELDS => Arc::new(Field::new(column::FIELDS, columns::fields_type(), false)),
            column::ID => Arc::new(field.as_ref().clone().with_nullable(true)),
            _ => Arc::clone(field),
        };
        Arc::new(Schema::new(spine::schema().fields().iter().map(as_batched).collect::<Vec<_>>()))
    });
    Arc::clone(&SCHEMA)
}

/// Events of one exhibit member with the columns of [`schema`].
#[derive(Clone, Debug)]
pub struct Batch {
    rows: RecordBatch,
}

impl Batch {
    /// A batch over rows that are known to have the spine's schema, such as rows of a stored table.
    ///
    /// # Errors
    /// Names the first column that is missing or of another type.
    pub fn of(rows: &RecordBatch) -> Result<Self, String> {
        let mut columns = Vec::new();
        for field in spine::schema().fields() {
            let column = rows.column_by_name(field.name());
            let column = column.ok_or_else(|| format!("events have no column `{}`", field.name()))?;
            let is_fields = field.name() == column::FIELDS;
            columns.push(if is_fields { with_numbered_names(column)? } else { Arc::clone(column) });
        }
        let rows = RecordBatch::try_new(schema(), columns);
        rows.map(|rows| Self { rows }).map_err(|error| error.to_string())
    }

    /// The Arrow rows.
    #[must_use]
    pub fn rows(&self) -> &RecordBatch {
        &self.rows
    }

    /// Number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of event `row`, also where the column was left out; `None` only for rows that no
    /// [`Batcher`] made.
    #[must_use]
    pub fn id(&self, row: usize) -> Option<EventId> {
        if let Some(id) = self.text(column::ID, row) {
            return id.parse().ok();
        }
        let exhibit = self.text(column::EXHIBIT, row)?.parse().ok()?;
        let offset = self.range_values(row)?.0.first().copied()?;
        Some(EventId::of_record(exhibit, self.text(column::MEMBER, row), offset))
    }

    /// A text column of the spine at a row; `None` for null and for columns that hold no text.
    #[must_use]
    pub fn text(&self, column: &str, row: usize) -> Option<&str> {
        let array = self.rows.column_by_name(column)?.as_any().downcast_ref::<StringArray>()?;
        array.is_valid(row).then(|| array.value(row))
    }

    /// When event `row` happened.
    #[must_use]
    pub fn time(&self, row: usize) -> Option<Time> {
        let array = self.rows.column_by_name(column::TIME)?;
        let array = array.as_any().downcast_ref::<TimestampNanosecondArray>()?;
        array.is_valid(row).then(|| Time(array.value(row)))
    }

    /// The source's own fields of event `row`, in the record's order.
    pub fn fields(&self, row: usize) -> impl Iterator<Item = (&str, Option<&str>)> {
        let parts = self.own_fields();
        let range = parts.as_ref().map_or(0..0, |own| own.range(row));
        range.filter_map(move |entry| {
            let own = parts?;
            Some((own.name(entry), own.value(entry)))
        })
    }

    /// The own fields of all events, for those who look at very many.
    #[must_use]
    pub fn own_fields(&self) -> Option<OwnFields<'_>> {
        let map: &MapArray = self.rows.column_by_name(column::FIELDS)?.as_map_opt()?;
        let keys = map.keys().as_dictionary_opt::<Int32Type>()?;
        Some(OwnFields {
            offsets: map.value_offsets(),
            keys: keys.keys().values(),
            names: keys.values().as_string_opt()?,
            values: map.values().as_string_opt()?,
        })
    }

    fn range_values(&self, row: usize) -> Option<(Vec<u64>, Vec<u64>)> {
        let ranges = self.rows.column_by_name(column::RANGES)?.as_list_opt::<i32>()?.value(row);
        let ranges = ranges.as_struct_opt()?;
        let column = |at: usize| Some(ranges.column(at).as_primitive_opt::<UInt64Type>()?.values().to_vec());
        Some((column(0)?, column(1)?))
    }

    /// The locator of event `row`; `None` only for rows that no [`Batcher`] made.
    #[must_use]
    pub fn locator(&self, row: usize) -> Option<Locator> {
        let (offsets, lengths) = self.range_values(row)?;
        let range = |(offset, length): (&u64, &u64)| Range { offset: *offset, length: *length };
        Some(Locator {
            exhibit: self.text(column::EXHIBIT, row)?.parse().ok()?,
            member: self.text(column::MEMBER, row).map(str::to_owned),
            format: self.text(column::FORMAT, row)?.to_owned(),
            ranges: offsets.iter().zip(&lengths).map(range).collect(),
            options: self
                .text(column::OPTIONS, row)
                .map_or_else(ReadingOptions::default, ReadingOptions::of_text),
        })
    }
}

/// The own fields of a batch. Entries of all events stand one after another.
#[derive(Clone, Copy, Debug)]
pub struct OwnFields<'a> {
    /// Where each event's entries begin, and where the last one's end.
    pub offsets: &'a [i32],
    /// The number of each entry's name.
    pub keys: &'a [i32],
    /// The names, by number.
    pub names: &'a StringArray,
    /// The value of each entry.
    pub values: &'a StringArray,
}

impl<'a> OwnFields<'a> {
    /// The entries of an event.
    #[must_use]
    pub fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }

    /// The name of an entry.
    #[must_use]
    pub fn name(&self, entry: usize) -> &'a str {
        self.names.value(self.keys[entry] as usize)
    }

    /// The value of an entry; `None` is an explicit null.
    #[must_use]
    pub fn value(&self, entry: usize) -> Option<&'a str> {
        self.values.is_valid(entry).then(|| self.values.value(entry))
    }
}

/// A column of own fields as tables have it, with numbers for names.
fn with_numbered_names(column: &ArrayRef) -> Result<ArrayRef, String> {
    let wrong = || format!("`{}` is no map of texts but {}", column::FIELDS, column.data_type());
    if *column.data_type() == columns::fields_type() {
        return Ok(Arc::clone(column));
    }
    let map = column.as_map_opt().ok_or_else(wrong)?;
    let texts: &StringArray = map.keys().as_string_opt().ok_or_else(wrong)?;
    let mut names = columns::Numbers::default();
    // A slice of a larger column: entries outside it are nobody's.
    let ends: Vec<i32> = map.value_offsets().iter().map(|end| end - map.value_offsets()[0]).collect();
    let (from, count) = (map.value_offsets()[0] as usize, ends.last().map_or(0, |end| *end as usize));
    let mut keys: Vec<i32> = Vec::with_capacity(count);
    let mut before = 0;
    for row in ends.windows(2) {
        let begin = keys.len();
        for entry in row[0]..row[1] {
            // The names of one event are mostly those of the one before.
            let guess = keys.get(before + keys.len() - begin).copied();
            keys.push(names.number(texts.value(from + entry as usize), guess));
        }
        before = begin;
    }
    let told = |error: arrow_schema::ArrowError| error.to_string();
    let keys = DictionaryArray::try_new(Int32Array::from(keys), Arc::new(names.array().map_err(told)?));
    let values = map.values().slice(from, count);
    Ok(Arc::new(columns::map_of(ends, Arc::new(keys.map_err(told)?), values).map_err(told)?))
}

/// The own fields of an event whose values stand one after another.
#[derive(Clone, Copy)]
pub struct Packed<'e> {
    /// Numbers of names and values of fields that stand before those: what was made of the record and does not lie
    /// in it.
    pub before: &'e [(u32, &'e str)],
    /// UTF-8; that it is, is checked when the batch is whole.
    pub values: &'e [u8],
    /// Where each value ends.
    pub ends: &'e [u32],
    /// A number for each field's name.
    pub names: &'e [u32],
    /// Which numbering the numbers are of: when another one comes, what is known of numbers is forgotten.
    pub numbering: u64,
    /// Which of the fields are null, in their order; their values are empty.
    pub nulls: &'e [u32],
    /// The name of a number.
    pub name: &'e dyn Fn(u32) -> &'e str,
}

impl<'e> Packed<'e> {
    /// Names and values, one by one.
    fn pairs(&self) -> impl Iterator<Item = (&'e str, Option<&'e str>)> {
        let fields = *self;
        let before = fields.before.iter().map(move |(number, value)| ((fields.name)(*number), Some(*value)));
        before.chain((0..fields.names.len()).map(move |place| {
            let from = if place == 0 { 0 } else { fields.ends[place - 1] as usize };
            let value =
                std::str::from_utf8(&fields.values[from..fields.ends[place] as usize]).unwrap_or_default();
            let is_null = fields.nulls.binary_search(&(place as u32)).is_ok();
            ((fields.name)(fields.names[place]), (!is_null).then_some(value))
        }))
    }
}

/// The same for as long as somebody else's fields are there.
fn shorter<'s, 'l: 's>(pair: (&'l str, Option<&'l str>)) -> (&'s str, Option<&'s str>) {
    pair
}

/// What stands around a record that lies inside another, such as a row of a log store's export: the event is the
/// inner record's, its place and what stands beside it are the outer one's.
#[derive(Clone, Debug)]
pub struct Around {
    /// Where the outer record lies. Never empty.
    pub ranges: Vec<Range>,
    /// What had to be assumed to read the outer record.
    pub options: ReadingOptions,
    /// Fields of the outer record, which stand behind those of the inner one.
    pub fields: Vec<(String, Option<String>)>,
    /// When it happened by the outer record, if that says so.
    pub time: Option<Time>,
    /// Which instant is meant, and why that is believed, where the outer one says something against the inner
    /// record's own time and whether that rests on an assumption; `None` leaves the inner one as it is.
    pub settle: Settle,
}

/// See [`Around::settle`].
pub type Settle = fn(inner: Option<Time>, assumed: bool, outer: Time) -> Option<(Time, &'static str)>;

/// Collects events into batches for a sink.
pub struct Batcher<'a> {
    origin: Origin,
    /// The exhibit's id as text, which every row repeats.
    exhibit: String,
    ids: EventIds,
    leaves_ids_out: bool,
    sink: &'a mut dyn Sink,
    columns: Columns,
    around: Option<Around>,
    events: u64,
    gaps: u64,
    passed_over: u64,
}

impl<'a> Batcher<'a> {
    /// An empty batcher for one exhibit member.
    pub fn new(origin: Origin, sink: &'a mut dyn Sink) -> Self {
        Self {
            exhibit: origin.exhibit.to_string(),
            ids: EventIds::of(origin.exhibit, origin.member.as_deref()),
            leaves_ids_out: false,
            origin,
            sink,
            columns: Columns::default(),
            around: None,
            events: 0,
            gaps: 0,
            passed_over: 0,
        }
    }

    /// Leaves the column of ids empty from here on: for a projection of whose events few are looked at
    /// again. [`Batch::id`] gives them all the same.
    pub fn leave_ids_out(&mut self) {
        self.leaves_ids_out = true;
    }

    /// From here on the numbers of [`Packed::names`] may mean other names.
    pub fn forget_names(&mut self) {
        self.columns.forget_names();
    }

    /// Takes an event.
    ///
    /// # Errors
    /// Only from the sink.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        let links = event.links.iter().map(|(kind, value)| (*kind, value.as_str()));
        let fields = event.fields.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
        self.event_view(&event.view(), links, fields)
    }

    /// Takes an event with its links and own fields, none of which need to be owned.
    ///
    /// # Errors
    /// Only from the sink.
    pub fn event_view<'e, 'f>(
        &mut self,
        event: &EventView<'_>,
        links: impl Iterator<Item = (spine::Link, &'e str)>,
        fields: impl Iterator<Item = (&'f str, Option<&'f str>)>,
    ) -> io::Result<()> {
        let Some(around) = self.around.take() else {
            self.columns.push_fields(fields);
            return self.event_itself(event, links);
        };
        let outer = around.fields.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
        self.columns.push_fields(fields.map(shorter).chain(outer));
        let mut options = around.options.clone();
        options.0.extend(event.options.0.clone());
        let mut view = EventView { ranges: &around.ranges, options: &options, ..*event };
        let settle = |outer| (around.settle)(view.time, view.time_assumed.is_some(), outer);
        if let Some((time, because)) = around.time.and_then(settle) {
            (view.time, view.time_assumed) = (Some(time), Some(because));
        }
        let taken = self.event_itself(&view, links);
        self.around = Some(around);
        taken
    }

    /// Takes what a record inside another gives, and says how many events that were.
    ///
    /// # Errors
    /// Those of what is done.
    pub fn within(
        &mut self,
        around: Around,
        each: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<u64> {
        let before = self.events;
        self.around = Some(around);
        let done = each(self);
        self.around = None;
        done.map(|()| self.events - before)
    }

    /// As [`Self::event_view`], with fields in one piece.
    ///
    /// # Errors
    /// Only from the sink.
    pub fn event_packed<'e>(
        &mut self,
        event: &EventView<'_>,
        links: impl Iterator<Item = (spine::Link, &'e str)>,
        fields: Packed<'_>,
    ) -> io::Result<()> {
        if self.around.is_some() {
            return self.event_view(event, links, fields.pairs());
        }
        self.columns.push_packed(&fields);
        self.event_itself(event, links)
    }

    fn event_itself<'e>(
        &mut self,
        event: &EventView<'_>,
        links: impl Iterator<Item = (spine::Link, &'e str)>,
    ) -> io::Result<()> {
        self.events += 1;
        let offset = event.ranges.first().map_or(0, |range| range.offset);
        let id = (!self.leaves_ids_out).then(|| self.ids.at(offset));
        self.columns.push(id, event, links);
        if self.columns.rows() >= ROWS_MAX || self.columns.bytes() >= BYTES_MAX {
            self.flush()?;
        }
        Ok(())
    }

    /// Counts a record that the projection does not want: it was met, and is neither event nor gap.
    pub fn pass_over(&mut self) {
        self.passed_over += 1;
    }

    /// How many records the projection did not want.
    #[must_use]
    pub fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Takes a gap. Events keep their order and gaps keep theirs; between the two there is none.
    ///
    /// # Errors
    /// Only from the sink.
    pub fn gap(&mut self, range: Range, cause: Cause, detail: impl Into<String>) -> io::Result<()> {
        self.gaps += 1;
        let outer = self.around.as_ref().and_then(|around| around.ranges.first().copied());
        self.sink.gap(gap(&self.origin, outer.unwrap_or(range), cause, detail.into()))
    }

    /// Hands on what is left and says how many events and gaps there were.
    ///
    /// # Errors
    /// Only from the sink.
    pub fn finish(mut self) -> io::Result<(u64, u64)> {
        self.flush()?;
        Ok((self.events, self.gaps))
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.columns.rows() == 0 {
            return Ok(());
        }
        let constant = (self.exhibit.as_str(), self.origin.member.as_deref(), self.origin.format);
        let columns = self.columns.finish(constant).map_err(io::Error::other)?;
        let rows = RecordBatch::try_new(schema(), columns).map_err(io::Error::other)?;
        self.sink.batch(Batch { rows })?;
        // Where the sink has let go of the batch by now, its memory is used again.
        self.columns.begin();
        Ok(())
    }
}

/// A gap of an origin, with its id.
#[must_use]
pub fn gap(origin: &Origin, range: Range, cause: Cause, detail: String) -> Gap {
    let member = origin.member.as_deref().unwrap_or("");
    let parts: [&[u8]; 4] =
        [origin.exhibit.bytes(), member.as_bytes(), &range.offset.to_be_bytes(), cause.as_str().as_bytes()];
    Gap {
        id: GapId::of(&parts),
        exhibit: origin.exhibit,
        member: origin.member.clone(),
        range,
        cause,
        detail,
    }
}

impl EventId {
    /// The id of the record that begins at that offset of an exhibit, or of a member of it.
    #[must_use]
    pub fn of_record(exhibit: ExhibitId, member: Option<&str>, offset: u64) -> Self {
        EventIds::of(exhibit, member).at(offset)
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;
    use crate::spine::{Link, Qualifier, Verb};

    struct Kept(Vec<Batch>);
    impl Sink for Kept {
        fn batch(&mut self, batch: Batch) -> io::Result<()> {
            self.0.push(batch);
            Ok(())
        }
        fn gap(&mut self, _: Gap) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_goes_in_and_comes_out() -> io::Result<()> {
        let exhibit = ExhibitId::of_digest(&[7; 32]);
        let origin = Origin { exhibit, member: Some("a/b".into()), format: "json" };
        let mut event = Event::at(Range { offset: 5, length: 9 }, "json");
        event.ranges.push(Range { offset: 0, length: 100 });
        event.time = Some(Time(1));
        event.verb = Verb::Read;
        event.qualifiers.push(Qualifier::Partial);
        event.links.push((Link::Logon, "0x1".into()));
        event.fields = vec![("k".into(), Some("v".into())), ("k".into(), None)];
        let mut kept = Kept(Vec::new());
        let mut batcher = Batcher::new(origin, &mut kept);
        batcher.event(&event)?;
        assert_eq!(batcher.finish()?, (1, 0));
        let batch = &kept.0[0];
        assert_eq!(batch.time(0), Some(Time(1)));
        assert_eq!(batch.text("verb", 0), Some("read"));
        assert_eq!(batch.fields(0).collect::<Vec<_>>(), [("k", Some("v")), ("k", None)]);
        let locator = batch.locator(0).ok_or(io::ErrorKind::NotFound)?;
        assert_eq!(locator.ranges, event.ranges);
        assert_eq!((locator.exhibit, locator.member.as_deref()), (exhibit, Some("a/b")));
        assert!(Batch::of(batch.rows()).is_ok());
        // As a table has it, and a part of it.
        let stored = stored(batch);
        assert_eq!(Batch::of(&stored).map(|batch| batch.rows == kept.0[0].rows), Ok(true));
        Ok(())
    }

    /// Names as texts, as tables have them.
    fn stored(batch: &Batch) -> RecordBatch {
        let own = batch.own_fields().unwrap();
        let names: StringArray = (0..own.keys.len()).map(|entry| Some(own.name(entry))).collect();
        let DataType::Map(entries, _) = spine::fields_type() else { panic!("a map") };
        let DataType::Struct(pair) = entries.data_type().clone() else { panic!("pairs") };
        let pairs = vec![Arc::new(names) as ArrayRef, Arc::new(own.values.clone())];
        let pairs = arrow_array::StructArray::new(pair, pairs, None);
        let offsets = arrow_buffer::OffsetBuffer::new(own.offsets.to_vec().into());
        let map = MapArray::new(entries, offsets, pairs, None, false);
        let mut columns = batch.rows().columns().to_vec();
        *columns.last_mut().unwrap() = Arc::new(map);
        RecordBatch::try_new(spine::schema(), columns).unwrap()
    }

    /// Whatever of a batch is still held, the next one is written to other memory.
    #[test]
    fn batches_do_not_share_what_is_written() {
        for keep in [false, true] {
            let mut held = Held { keep, ..Held::default() };
            let origin = Origin { exhibit: ExhibitId::of_digest(&[7; 32]), member: None, format: "json" };
            let mut batcher = Batcher::new(origin, &mut held);
            for number in 0..3 * ROWS_MAX as u64 {
                let mut event = Event::at(Range { offset: number, length: 1 }, "json");
                event.actor = number.is_multiple_of(3).then(|| format!("a{number}"));
                event.count = (number % 5 == 0).then_some(number);
                let field = |name: u64| {
                    (format!("f{}", name % 7), name.is_multiple_of(2).then(|| number.to_string()))
                };
                event.fields = (number..number + number % 4).map(field).collect();
                batcher.event(&event).unwrap();
            }
            batcher.finish().unwrap();
            let expected: Vec<_> = (0..3 * ROWS_MAX as u64).map(told_of).collect();
            assert_eq!(held.told, expected);
            let again = held.kept.iter().flat_map(told).collect::<Vec<_>>();
            assert_eq!(again, if keep { expected } else { Vec::new() });
        }
    }

    type Row = (Option<String>, Vec<(String, Option<String>)>);

    fn told_of(number: u64) -> Row {
        let field =
            |name: u64| (format!("f{}", name % 7), name.is_multiple_of(2).then(|| number.to_string()));
        (
            number.is_multiple_of(3).then(|| format!("a{number}")),
            (number..number + number % 4).map(field).collect(),
        )
    }

    fn told(batch: &Batch) -> Vec<Row> {
        let own = |row| batch.fields(row).map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        let row = |row| (batch.text("actor", row).map(str::to_owned), own(row).collect());
        (0..batch.len()).map(row).collect()
    }

    #[derive(Default)]
    struct Held {
        keep: bool,
        kept: Vec<Batch>,
        told: Vec<Row>,
    }

    impl Sink for Held {
        fn batch(&mut self, batch: Batch) -> io::Result<()> {
            self.told.extend(told(&batch));
            if self.keep {
                self.kept.push(batch);
            }
            Ok(())
        }
        fn gap(&mut self, _: Gap) -> io::Result<()> {
            Ok(())
        }
    }
}
