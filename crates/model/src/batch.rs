//! How do events travel: in what blocks, with which ids, and who takes them?
//!
//! A [`Batcher`] turns [`Event`]s into Arrow batches of bounded size and gives each its id and
//! exhibit. A [`Sink`] takes batches and gaps in the order of the evidence. Nothing is written
//! here.

use std::io;
use std::sync::Arc;

use arrow_array::builder::{
    ListBuilder, StringBuilder, StructBuilder, TimestampNanosecondBuilder, UInt64Builder,
};
use arrow_array::cast::AsArray;
use arrow_array::{Array, MapArray, RecordBatch, StringArray, StructArray, TimestampNanosecondArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};

use crate::event::EventView;
use crate::spine::{self, column};
use crate::{Cause, Event, EventId, ExhibitId, Gap, GapId, Locator, Range, ReadingOptions, Time};

/// Rows after which a batch is handed on.
const ROWS_MAX: usize = 4096;
/// Bytes of own fields after which a batch is handed on, whatever its rows. Small enough for the
/// memory of one batch to be used again for the next: larger ones cost a tenth of reading in pages
/// that the system clears.
const BYTES_MAX: usize = 2 << 20;

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
    /// Takes a batch of events with the columns of [`spine::schema`].
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

/// Events of one exhibit member with the columns of [`spine::schema`].
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
            columns.push(Arc::clone(column));
        }
        let rows = RecordBatch::try_new(spine::schema(), columns);
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
        let map = self.map();
        let range = map.map_or(0..0, |map| {
            let offsets = map.value_offsets();
            offsets[row] as usize..offsets[row + 1] as usize
        });
        range.filter_map(move |entry| {
            let map = map?;
            let values: &StringArray = map.values().as_any().downcast_ref()?;
            let keys: &StringArray = map.keys().as_any().downcast_ref()?;
            Some((keys.value(entry), values.is_valid(entry).then(|| values.value(entry))))
        })
    }

    /// The locator of event `row`; `None` only for rows that no [`Batcher`] made.
    #[must_use]
    pub fn locator(&self, row: usize) -> Option<Locator> {
        let ranges = self.rows.column_by_name(column::RANGES)?.as_list_opt::<i32>()?.value(row);
        let ranges = ranges.as_struct_opt()?;
        let offsets = ranges.column(0).as_primitive_opt::<arrow_array::types::UInt64Type>()?;
        let lengths = ranges.column(1).as_primitive_opt::<arrow_array::types::UInt64Type>()?;
        let range = |(offset, length): (&u64, &u64)| Range { offset: *offset, length: *length };
        Some(Locator {
            exhibit: self.text(column::EXHIBIT, row)?.parse().ok()?,
            member: self.text(column::MEMBER, row).map(str::to_owned),
            format: self.text(column::FORMAT, row)?.to_owned(),
            ranges: offsets.values().iter().zip(lengths.values()).map(range).collect(),
            options: self
                .text(column::OPTIONS, row)
                .map_or_else(ReadingOptions::default, ReadingOptions::of_text),
        })
    }

    fn map(&self) -> Option<&MapArray> {
        self.rows.column_by_name(column::FIELDS)?.as_map_opt()
    }
}

/// The own fields of an event whose values stand one after another.
#[derive(Clone, Copy)]
pub struct Packed<'e> {
    /// UTF-8; that it is, is checked when the batch is whole.
    pub values: &'e [u8],
    /// Where each value ends.
    pub ends: &'e [u32],
    /// A number for each field's name. A batcher gets one format's numbers only.
    pub names: &'e [u32],
    /// Which of the fields are null, in their order; their values are empty.
    pub nulls: &'e [u32],
    /// The name of a number.
    pub name: &'e dyn Fn(u32) -> &'e str,
}

/// Collects events into batches for a sink.
pub struct Batcher<'a> {
    origin: Origin,
    /// The exhibit's id as text, which every row repeats.
    exhibit: String,
    sink: &'a mut dyn Sink,
    columns: Columns,
    bytes: usize,
    events: u64,
    gaps: u64,
    passed_over: u64,
}

impl<'a> Batcher<'a> {
    /// An empty batcher for one exhibit member.
    pub fn new(origin: Origin, sink: &'a mut dyn Sink) -> Self {
        let exhibit = origin.exhibit.to_string();
        Self {
            origin,
            exhibit,
            sink,
            columns: Columns::default(),
            bytes: 0,
            events: 0,
            gaps: 0,
            passed_over: 0,
        }
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
    pub fn event_view<'e>(
        &mut self,
        event: &EventView<'_>,
        links: impl Iterator<Item = (spine::Link, &'e str)>,
        fields: impl Iterator<Item = (&'e str, Option<&'e str>)>,
    ) -> io::Result<()> {
        self.bytes += self.columns.fields.push(fields);
        self.event_itself(event, links)
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
        self.bytes += self.columns.fields.push_packed(&fields);
        self.event_itself(event, links)
    }

    fn event_itself<'e>(
        &mut self,
        event: &EventView<'_>,
        links: impl Iterator<Item = (spine::Link, &'e str)>,
    ) -> io::Result<()> {
        self.events += 1;
        let id = event_id(&self.origin, event);
        self.columns.push(id, event);
        self.columns.push_links(links);
        if self.columns.rows() >= ROWS_MAX || self.bytes >= BYTES_MAX {
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
        self.sink.gap(gap(&self.origin, range, cause, detail.into()))
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
        self.bytes = 0;
        let next = Columns::with(&self.columns);
        let columns = std::mem::replace(&mut self.columns, next);
        let rows = columns.finish(&self.origin, &self.exhibit).map_err(io::Error::other)?;
        self.sink.batch(Batch { rows })
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

/// Exhibit, member and offset; never reading options, so that correcting a zone keeps the id.
fn event_id(origin: &Origin, event: &EventView<'_>) -> EventId {
    let offset = event.ranges.first().map_or(0, |range| range.offset);
    EventId::of_record(origin.exhibit, origin.member.as_deref(), offset)
}

impl EventId {
    /// The id of the record that begins at that offset of an exhibit, or of a member of it.
    #[must_use]
    pub fn of_record(exhibit: ExhibitId, member: Option<&str>, offset: u64) -> Self {
        Self::of(&[exhibit.bytes(), member.unwrap_or("").as_bytes(), &offset.to_be_bytes()])
    }
}

/// One builder per column of the spine, in its order.
struct Columns {
    id: StringBuilder,
    time: TimestampNanosecondBuilder,
    time_text: StringBuilder,
    time_assumed: Sparse,
    until: TimestampNanosecondBuilder,
    source: StringBuilder,
    host: StringBuilder,
    actor: StringBuilder,
    target: Sparse,
    verb: StringBuilder,
    object: Sparse,
    object_kind: Sparse,
    scope: Sparse,
    client: Sparse,
    peer: Sparse,
    device: Sparse,
    count: UInt64Builder,
    bytes: UInt64Builder,
    outcome: StringBuilder,
    qualifiers: ListBuilder<StringBuilder>,
    links: ListBuilder<StructBuilder>,
    ranges: ListBuilder<StructBuilder>,
    options: Sparse,
    fields: FieldColumns,
}

/// The own fields of all rows: a map's names and values. Kept by hand, because a reader that has all
/// values of a row in one piece can then put them in in one piece; everything is checked once when
/// the arrays are made of it.
struct FieldColumns {
    /// Where each row's fields end.
    rows: Vec<i32>,
    names: Texts,
    values: Texts,
    /// Whether each value is there; empty while all are.
    valid: Vec<bool>,
    /// Sequences of names met in this batch, and the field with which each began.
    shapes: Vec<(Vec<u32>, usize)>,
}

/// Sequences of names that are remembered.
const SHAPES: usize = 64;

/// Texts one after another, and where each ends. Offsets begin with 0.
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<i32>,
}

impl Texts {
    fn with_capacity(count: usize, bytes: usize) -> Self {
        let mut ends = Vec::with_capacity(count + 1);
        ends.push(0);
        Self { bytes: Vec::with_capacity(bytes), ends }
    }

    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len() as i32);
    }

    fn len(&self) -> usize {
        self.ends.len() - 1
    }

    fn finish(self, valid: Option<NullBuffer>) -> Result<StringArray, arrow_schema::ArrowError> {
        StringArray::try_new(OffsetBuffer::new(self.ends.into()), Buffer::from_vec(self.bytes), valid)
    }
}

impl FieldColumns {
    /// As much room as another batch of the same evidence took.
    fn like(rows: usize, fields: usize, names: usize, values: usize) -> Self {
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        Self {
            rows: ends,
            names: Texts::with_capacity(fields, names),
            values: Texts::with_capacity(fields, values),
            valid: Vec::new(),
            shapes: Vec::new(),
        }
    }

    /// Appends a row's fields and says how many bytes they take.
    fn push<'e>(&mut self, fields: impl Iterator<Item = (&'e str, Option<&'e str>)>) -> usize {
        let before = self.bytes();
        for (name, value) in fields {
            if value.is_none() && self.valid.is_empty() {
                self.valid.resize(self.values.len(), true);
            }
            self.names.push(name);
            self.values.push(value.unwrap_or(""));
            if !self.valid.is_empty() || value.is_none() {
                self.valid.push(value.is_some());
            }
        }
        self.rows.push(self.names.len() as i32);
        self.bytes() - before
    }

    fn push_packed(&mut self, fields: &Packed<'_>) -> usize {
        let before = self.bytes();
        let base = self.values.bytes.len();
        self.values.bytes.extend_from_slice(fields.values);
        self.values.ends.extend(fields.ends.iter().map(|end| (base + *end as usize) as i32));
        self.push_names(fields);
        let first = self.values.len() - fields.ends.len();
        if self.valid.is_empty() && !fields.nulls.is_empty() {
            self.valid.resize(first, true);
        }
        if !self.valid.is_empty() || !fields.nulls.is_empty() {
            self.valid.resize(self.values.len(), true);
            fields.nulls.iter().for_each(|place| self.valid[first + *place as usize] = false);
        }
        self.rows.push(self.names.len() as i32);
        self.bytes() - before
    }

    /// Records of one kind have the same names: those of an earlier row are copied whole.
    fn push_names(&mut self, fields: &Packed<'_>) {
        let count = fields.names.len();
        let (first, last) = (fields.names.first().copied(), fields.names.last().copied());
        let slot = (count + 7 * last.unwrap_or(0) as usize + 3 * first.unwrap_or(0) as usize) % SHAPES;
        self.shapes.resize_with(SHAPES, || (Vec::new(), 0));
        let (names, at) = &mut self.shapes[slot];
        if names == fields.names && count > 0 {
            let (at, from) = (*at, self.names.ends[*at]);
            let shift = self.names.bytes.len() as i32 - from;
            let to = self.names.ends[at + count];
            self.names.bytes.extend_from_within(from as usize..to as usize);
            self.names.ends.extend_from_within(at + 1..=at + count);
            let fresh = self.names.ends.len() - count;
            self.names.ends[fresh..].iter_mut().for_each(|end| *end += shift);
            return;
        }
        names.clear();
        names.extend_from_slice(fields.names);
        *at = self.names.len();
        for number in fields.names {
            self.names.push((fields.name)(*number));
        }
    }

    fn bytes(&self) -> usize {
        self.names.bytes.len() + self.values.bytes.len()
    }

    fn finish(self) -> Result<MapArray, arrow_schema::ArrowError> {
        let valid = (!self.valid.is_empty()).then(|| NullBuffer::from(self.valid));
        let columns: Vec<arrow_array::ArrayRef> =
            vec![Arc::new(self.names.finish(None)?), Arc::new(self.values.finish(valid)?)];
        let DataType::Map(entries, sorted) = spine::fields_type() else {
            return Err(arrow_schema::ArrowError::SchemaError("own fields are no map".into()));
        };
        let DataType::Struct(pair) = entries.data_type().clone() else {
            return Err(arrow_schema::ArrowError::SchemaError("own fields are no pairs".into()));
        };
        let pairs = StructArray::try_new(pair, columns, None)?;
        MapArray::try_new(entries, OffsetBuffer::new(self.rows.into()), pairs, None, sorted)
    }
}

impl Default for Columns {
    fn default() -> Self {
        Self::sized(0, FieldColumns::like(0, 0, 0, 0))
    }
}

impl Columns {
    /// With room for as much as the last batch held: the next one of the same evidence will be about
    /// as large, and a column that grows is copied each time it does.
    fn with(last: &Self) -> Self {
        let fields = &last.fields;
        let (names, values) = (fields.names.bytes.len(), fields.values.bytes.len());
        Self::sized(last.rows(), FieldColumns::like(last.rows(), fields.names.len(), names, values))
    }

    fn sized(rows: usize, fields: FieldColumns) -> Self {
        // Most texts of the spine are short; what is not used is given back with the batch.
        let text = || StringBuilder::with_capacity(rows, 16 * rows);
        let sparse = || Sparse { texts: StringBuilder::with_capacity(rows, 0), missing: 0 };
        let id = || StringBuilder::with_capacity(rows, 28 * rows);
        let time = || TimestampNanosecondBuilder::with_capacity(rows).with_data_type(spine::time_type());
        let item = |data_type| Field::new("item", data_type, false);
        let structs = |fields: arrow_schema::Fields| {
            ListBuilder::new(StructBuilder::from_fields(fields.clone(), 0))
                .with_field(item(DataType::Struct(fields)))
        };
        Self {
            id: id(),
            time: time(),
            time_text: id(),
            time_assumed: sparse(),
            until: time(),
            source: text(),
            host: text(),
            actor: text(),
            target: sparse(),
            verb: text(),
            object: sparse(),
            object_kind: sparse(),
            scope: sparse(),
            client: sparse(),
            peer: sparse(),
            device: sparse(),
            count: UInt64Builder::new(),
            bytes: UInt64Builder::new(),
            outcome: text(),
            qualifiers: ListBuilder::new(text()).with_field(item(DataType::Utf8)),
            links: structs(spine::link_fields()),
            ranges: structs(spine::range_fields()),
            options: sparse(),
            fields,
        }
    }
}

impl Columns {
    fn rows(&self) -> usize {
        use arrow_array::builder::ArrayBuilder;
        self.id.len()
    }

    /// Appends one event but for its links and own fields.
    fn push(&mut self, id: EventId, event: &EventView<'_>) {
        self.id.append_value(str_of(&id.text()));
        self.time.append_option(event.time.map(|time| time.0));
        self.time_text.append_option(event.time_text);
        self.time_assumed.append_option(event.time_assumed);
        self.until.append_option(event.until.map(|time| time.0));
        self.source.append_value(event.source);
        self.host.append_option(event.host);
        self.actor.append_option(event.actor);
        self.target.append_option(event.target);
        self.verb.append_value(event.verb.as_str());
        self.object.append_option(event.object);
        self.object_kind.append_option(event.object_kind.map(spine::ObjectKind::as_str));
        self.scope.append_option(event.scope.map(spine::Scope::as_str));
        self.client.append_option(event.client.map(spine::Client::as_str));
        self.peer.append_option(event.peer);
        self.device.append_option(event.device);
        self.count.append_option(event.count);
        self.bytes.append_option(event.bytes);
        self.outcome.append_value(event.outcome.as_str());
        let options = if event.options.is_empty() { None } else { event.options.text() };
        self.options.append_option(options);
        for qualifier in event.qualifiers {
            self.qualifiers.values().append_value(qualifier.as_str());
        }
        self.qualifiers.append(true);
        for range in event.ranges {
            let pair = self.ranges.values();
            append_number(pair, 0, range.offset);
            append_number(pair, 1, range.length);
            pair.append(true);
        }
        self.ranges.append(true);
    }

    fn push_links<'e>(&mut self, links: impl Iterator<Item = (spine::Link, &'e str)>) {
        for (kind, value) in links {
            let link = self.links.values();
            append_text(link, 0, kind.as_str());
            append_text(link, 1, value);
            link.append(true);
        }
        self.links.append(true);
    }

    fn finish(mut self, origin: &Origin, exhibit: &str) -> Result<RecordBatch, arrow_schema::ArrowError> {
        let rows = self.rows();
        let same = |text: Option<&str>| -> StringArray { std::iter::repeat_n(text, rows).collect() };
        let columns: Vec<arrow_array::ArrayRef> = vec![
            Arc::new(self.id.finish()),
            Arc::new(self.time.finish()),
            Arc::new(self.time_text.finish()),
            Arc::new(self.time_assumed.finish()),
            Arc::new(self.until.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.host.finish()),
            Arc::new(self.actor.finish()),
            Arc::new(self.target.finish()),
            Arc::new(self.verb.finish()),
            Arc::new(self.object.finish()),
            Arc::new(self.object_kind.finish()),
            Arc::new(self.scope.finish()),
            Arc::new(self.client.finish()),
            Arc::new(self.peer.finish()),
            Arc::new(self.device.finish()),
            Arc::new(self.count.finish()),
            Arc::new(self.bytes.finish()),
            Arc::new(self.outcome.finish()),
            Arc::new(self.qualifiers.finish()),
            Arc::new(self.links.finish()),
            Arc::new(same(Some(exhibit))),
            Arc::new(same(origin.member.as_deref())),
            Arc::new(same(Some(origin.format))),
            Arc::new(self.ranges.finish()),
            Arc::new(self.options.finish()),
            Arc::new(self.fields.finish()?),
        ];
        RecordBatch::try_new(spine::schema(), columns)
    }
}

/// A text that most events do not have.
struct Sparse {
    texts: StringBuilder,
    /// Nulls that are not in `texts` yet.
    missing: usize,
}

impl Sparse {
    fn append_option(&mut self, text: Option<impl AsRef<str>>) {
        let Some(text) = text else {
            self.missing += 1;
            return;
        };
        self.texts.append_nulls(std::mem::take(&mut self.missing));
        self.texts.append_value(text);
    }

    fn finish(&mut self) -> StringArray {
        self.texts.append_nulls(std::mem::take(&mut self.missing));
        self.texts.finish()
    }
}

/// Ids are ASCII.
fn str_of(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

fn append_text(row: &mut StructBuilder, column: usize, value: &str) {
    if let Some(builder) = row.field_builder::<StringBuilder>(column) {
        builder.append_value(value);
    }
}

fn append_number(row: &mut StructBuilder, column: usize, value: u64) {
    if let Some(builder) = row.field_builder::<UInt64Builder>(column) {
        builder.append_value(value);
    }
}

#[cfg(test)]
mod tests {
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
        Ok(())
    }
}
