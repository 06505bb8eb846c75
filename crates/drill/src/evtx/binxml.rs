//! What bytes say one event in binary XML?
//!
//! As Windows writes it: an outer template holds `Event` and `System`, and one of its
//! substitution values is a second fragment, whose template holds `EventData` or the element
//! under `UserData`. A record is thus two references and two arrays of values; the templates
//! themselves stand in the first record of a chunk that needs them. Only what Windows' own
//! records use is written: no CDATA, entities or processing instructions, no arrays but texts.
//!
//! ```text
//! fragment := 0F 01 01 00 instance 00
//! instance := 0C 01 template-id offset [definition] count (size type 00)* value*
//! ```
//! ([MS-EVEN6] 2.2.12 has the grammar, but with names inline; offsets are the EVTX form.)
//!
//! [MS-EVEN6]: https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-even6/

use std::borrow::Cow;

use super::chunk::Chunk;
use super::shape::Shape;
use super::value::{Guid, Value, utf16};
use super::{Content, Element, Payload, Record, Refused};

const FRAGMENT_HEADER: [u8; 4] = [0x0F, 1, 1, 0];
const END_OF_FRAGMENT: u8 = 0x00;
/// An element that is there whatever its values are.
const NO_DEPENDENCY: u16 = 0xFFFF;
/// The type byte of a value that is itself a fragment.
const FRAGMENT_TYPE: u8 = 0x21;
const EVENT_NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

/// The two outer templates of Windows. They differ in what is fixed in them, and in where the
/// values stand from the 13th on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// For any provider: its name and GUID and the channel are values 14 to 16, the data is 17.
    Generic,
    /// For one provider, which is fixed in it with the channel: the data is value 19.
    Published,
}

impl Layout {
    fn of(record: &Record<'_>) -> Self {
        let plain = record.provider.guid.is_some() && record.provider.event_source.is_none();
        match record.payload {
            Payload::EventData { .. } if plain => Self::Generic,
            _ => Self::Published,
        }
    }

    fn payload(self) -> u16 {
        match self {
            Self::Generic => 17,
            Self::Published => 19,
        }
    }

    fn related_activity(self) -> u16 {
        match self {
            Self::Generic => 13,
            Self::Published => 18,
        }
    }
}

/// Appends one event's content to the chunk.
pub(super) fn write_event(
    chunk: &mut Chunk,
    channel: &str,
    record: &Record<'_>,
    id: u64,
) -> Result<(), Refused> {
    let layout = Layout::of(record);
    chunk.bytes.extend(FRAGMENT_HEADER);
    write_reference(chunk, outer_shape(layout, channel, record), |chunk| {
        define_outer(chunk, layout, channel, record);
    });
    write_system_values(chunk, layout, channel, record, id)?;
    chunk.bytes.push(END_OF_FRAGMENT);
    Ok(())
}

/// The start of a template instance, with the definition if the chunk lacks it.
fn write_reference(chunk: &mut Chunk, guid: Guid, root: impl FnOnce(&mut Chunk)) {
    let [a, b, c, d, ..] = guid.0;
    chunk.bytes.extend([0x0C, 1, a, b, c, d]);
    chunk.put_template(guid, |chunk| {
        chunk.bytes.extend(FRAGMENT_HEADER);
        root(chunk);
        chunk.bytes.push(END_OF_FRAGMENT);
    });
}

// ---- values ---------------------------------------------------------------------------------

/// The array of values being written: where its descriptors are, and which comes next.
struct Values {
    next_descriptor: usize,
}

impl Values {
    fn begin(chunk: &mut Chunk, count: usize) -> Self {
        chunk.put_u32(count as u32);
        let next_descriptor = chunk.bytes.len();
        chunk.bytes.resize(next_descriptor + 4 * count, 0);
        Self { next_descriptor }
    }

    fn put(&mut self, chunk: &mut Chunk, value: &Value<'_>) -> Result<(), Refused> {
        let start = chunk.bytes.len();
        value.write(&mut chunk.bytes);
        self.describe(chunk, start, value.type_code())
    }

    fn describe(&mut self, chunk: &mut Chunk, start: usize, type_code: u8) -> Result<(), Refused> {
        let bytes = chunk.bytes.len() - start;
        let Ok(size) = u16::try_from(bytes) else { return Err(Refused::ValueTooLong { bytes }) };
        let [low, high] = size.to_le_bytes();
        let descriptor = &mut chunk.bytes[self.next_descriptor..self.next_descriptor + 4];
        descriptor.copy_from_slice(&[low, high, type_code, 0]);
        self.next_descriptor += 4;
        Ok(())
    }
}

/// The values of the outer template, whose last one is the fragment with the event's data.
fn write_system_values(
    chunk: &mut Chunk,
    layout: Layout,
    channel: &str,
    record: &Record<'_>,
    id: u64,
) -> Result<(), Refused> {
    let (common, own) = (common_values(record, id), own_values(layout, channel, record));
    let before_payload = usize::from(layout.payload());
    let mut values = Values::begin(chunk, before_payload + 1);
    common.iter().chain(&own).take(before_payload).try_for_each(|value| values.put(chunk, value))?;
    let start = chunk.bytes.len();
    write_payload(chunk, &record.payload)?;
    values.describe(chunk, start, FRAGMENT_TYPE)
}

/// Values 0 to 12, which both layouts have.
fn common_values<'a>(record: &'a Record<'_>, id: u64) -> [Value<'a>; 13] {
    [
        Value::U8(record.level),
        Value::U8(record.opcode),
        Value::U16(record.task),
        Value::U16(record.event_id),
        record.qualifiers.map_or(Value::Null, Value::U16),
        Value::Hex64(record.keywords),
        Value::Time(record.time),
        record.activity_id.map_or(Value::Null, Value::Guid),
        Value::U32(record.process_id),
        Value::U32(record.thread_id),
        Value::U64(id),
        Value::U8(record.version),
        record.user.map_or(Value::Null, |sid| Value::Sid(Cow::Borrowed(sid))),
    ]
}

/// The values from 13 on, of which [`Layout::Generic`] has only four.
fn own_values<'a>(layout: Layout, channel: &'a str, record: &'a Record<'_>) -> [Value<'a>; 6] {
    let null = || Value::Null;
    let related = record.related_activity_id.map_or(Value::Null, Value::Guid);
    match layout {
        Layout::Generic => {
            let provider = record.provider.guid.map_or(Value::Null, Value::Guid);
            [related, Value::text(record.provider.name), provider, Value::text(channel), null(), null()]
        }
        Layout::Published => [null(), null(), null(), null(), null(), related],
    }
}

fn write_payload(chunk: &mut Chunk, payload: &Payload<'_>) -> Result<(), Refused> {
    chunk.bytes.extend(FRAGMENT_HEADER);
    write_reference(chunk, payload_shape(payload), |chunk| define_payload(chunk, payload));
    match payload {
        Payload::EventData { data, binary } => {
            let mut values = Values::begin(chunk, data.len() + usize::from(binary.is_some()));
            data.iter().try_for_each(|(_, value)| values.put(chunk, value))?;
            let binary = binary.map(|bytes| Value::Binary(Cow::Borrowed(bytes)));
            binary.iter().try_for_each(|value| values.put(chunk, value))?;
        }
        Payload::UserData(root) => {
            let mut values = Values::begin(chunk, root.count_values());
            write_element_values(chunk, &mut values, root)?;
        }
    }
    chunk.bytes.push(END_OF_FRAGMENT);
    Ok(())
}

fn write_element_values(
    chunk: &mut Chunk,
    values: &mut Values,
    element: &Element<'_>,
) -> Result<(), Refused> {
    match &element.content {
        Content::Empty => Ok(()),
        Content::Value(value) => values.put(chunk, value),
        Content::Elements(children) => {
            children.iter().try_for_each(|child| write_element_values(chunk, values, child))
        }
    }
}

// ---- shapes: what makes two templates the same ----------------------------------------------

fn outer_shape(layout: Layout, channel: &str, record: &Record<'_>) -> Guid {
    let mut shape = Shape::new(match layout {
        Layout::Generic => 1,
        Layout::Published => 2,
    });
    shape.text(record.computer);
    if layout == Layout::Published {
        shape.text(channel);
        shape.text(record.provider.name);
        shape.bytes(record.provider.guid.as_ref().map_or(&[], |guid| &guid.0));
        shape.text(record.provider.event_source.unwrap_or_default());
        shape.byte(u8::from(matches!(record.payload, Payload::UserData(_))));
    }
    shape.finish()
}

fn payload_shape(payload: &Payload<'_>) -> Guid {
    match payload {
        Payload::EventData { data, binary } => {
            let mut shape = Shape::new(3);
            for (name, value) in *data {
                shape.text(name);
                shape.byte(value.declared_type());
            }
            shape.byte(u8::from(binary.is_some()));
            shape.finish()
        }
        Payload::UserData(root) => {
            let mut shape = Shape::new(4);
            add_element(&mut shape, root);
            shape.finish()
        }
    }
}

fn add_element(shape: &mut Shape, element: &Element<'_>) {
    shape.text(&element.name);
    for (name, text) in &element.attributes {
        shape.text(name);
        shape.text(text);
    }
    match &element.content {
        Content::Empty => shape.byte(0xFD),
        Content::Value(value) => shape.byte(value.declared_type()),
        Content::Elements(children) => {
            shape.byte(0xFE);
            children.iter().for_each(|child| add_element(shape, child));
            shape.byte(0xFF);
        }
    }
}

// ---- template definitions -------------------------------------------------------------------

/// What stands in an attribute or between two tags.
#[derive(Clone, Copy)]
enum Part<'a> {
    /// Fixed in the template.
    Text(&'a str),
    /// Value number, type; gone with its attribute if the value is null.
    Optional(u16, u8),
    /// Value number, type.
    Required(u16, u8),
}

impl Part<'_> {
    fn write(self, chunk: &mut Chunk) {
        match self {
            Part::Text(text) => {
                chunk.bytes.extend([0x05, 0x01]);
                chunk.put_u16(text.encode_utf16().count() as u16);
                utf16(&mut chunk.bytes, text);
            }
            Part::Optional(slot, type_code) => write_slot(chunk, 0x0E, slot, type_code),
            Part::Required(slot, type_code) => write_slot(chunk, 0x0D, slot, type_code),
        }
    }
}

fn write_slot(chunk: &mut Chunk, token: u8, slot: u16, type_code: u8) {
    chunk.bytes.push(token);
    chunk.put_u16(slot);
    chunk.bytes.push(type_code);
}

/// An element with nothing, a part, or more elements in it. `dependency` is the value without
/// which the whole element is left out.
struct Tag<'a> {
    name: &'a str,
    dependency: u16,
    attributes: &'a [(&'a str, Part<'a>)],
}

impl<'a> Tag<'a> {
    fn new(name: &'a str, attributes: &'a [(&'a str, Part<'a>)]) -> Self {
        Self { name, dependency: NO_DEPENDENCY, attributes }
    }

    fn open(&self, chunk: &mut Chunk) -> usize {
        chunk.bytes.push(if self.attributes.is_empty() { 0x01 } else { 0x41 });
        chunk.put_u16(self.dependency);
        let size_at = chunk.reserve_size();
        chunk.put_name(self.name);
        if let Some(last) = self.attributes.len().checked_sub(1) {
            let list_size_at = chunk.reserve_size();
            for (index, (name, part)) in self.attributes.iter().enumerate() {
                chunk.bytes.push(if index == last { 0x06 } else { 0x46 });
                chunk.put_name(name);
                part.write(chunk);
            }
            chunk.fill_size(list_size_at);
        }
        size_at
    }

    fn empty(&self, chunk: &mut Chunk) {
        let size_at = self.open(chunk);
        chunk.bytes.push(0x03);
        chunk.fill_size(size_at);
    }

    fn around(&self, chunk: &mut Chunk, content: impl FnOnce(&mut Chunk)) {
        let size_at = self.open(chunk);
        chunk.bytes.push(0x02);
        content(chunk);
        chunk.bytes.push(0x04);
        chunk.fill_size(size_at);
    }
}

fn define_outer(chunk: &mut Chunk, layout: Layout, channel: &str, record: &Record<'_>) {
    let payload = Part::Optional(layout.payload(), FRAGMENT_TYPE);
    let in_user_data = matches!(record.payload, Payload::UserData(_));
    let attributes = [("xmlns", Part::Text(EVENT_NAMESPACE))];
    // Windows drops the innermost element around the data when there is none.
    let (event, user_data) =
        if in_user_data { (NO_DEPENDENCY, layout.payload()) } else { (layout.payload(), NO_DEPENDENCY) };
    Tag { dependency: event, ..Tag::new("Event", &attributes) }.around(chunk, |chunk| {
        Tag::new("System", &[]).around(chunk, |chunk| define_system(chunk, layout, channel, record));
        if in_user_data {
            let tag = Tag { dependency: user_data, ..Tag::new("UserData", &[]) };
            tag.around(chunk, |chunk| payload.write(chunk));
        } else {
            payload.write(chunk);
        }
    });
}

/// The elements of `System`, in Windows' order. Long because it is a list.
fn define_system(chunk: &mut Chunk, layout: Layout, channel: &str, record: &Record<'_>) {
    let (u8, u16, u32, u64, hex64, time, guid, sid) = (0x04, 0x06, 0x08, 0x0A, 0x15, 0x11, 0x0F, 0x13);
    let simple = |chunk: &mut Chunk, name, slot, type_code| {
        let tag = Tag { dependency: slot, ..Tag::new(name, &[]) };
        tag.around(chunk, |chunk| Part::Optional(slot, type_code).write(chunk));
    };
    define_provider(chunk, layout, record);
    let qualifiers = [("Qualifiers", Part::Optional(4, u16))];
    Tag { dependency: 3, ..Tag::new("EventID", &qualifiers) }
        .around(chunk, |chunk| Part::Optional(3, u16).write(chunk));
    simple(chunk, "Version", 11, u8);
    simple(chunk, "Level", 0, u8);
    simple(chunk, "Task", 2, u16);
    simple(chunk, "Opcode", 1, u8);
    simple(chunk, "Keywords", 5, hex64);
    Tag::new("TimeCreated", &[("SystemTime", Part::Optional(6, time))]).empty(chunk);
    simple(chunk, "EventRecordID", 10, u64);
    let related = Part::Optional(layout.related_activity(), guid);
    Tag::new("Correlation", &[("ActivityID", Part::Optional(7, guid)), ("RelatedActivityID", related)])
        .empty(chunk);
    Tag::new("Execution", &[("ProcessID", Part::Optional(8, u32)), ("ThreadID", Part::Optional(9, u32))])
        .empty(chunk);
    match layout {
        Layout::Generic => simple(chunk, "Channel", 16, 0x01),
        Layout::Published => {
            Tag::new("Channel", &[]).around(chunk, |chunk| Part::Text(channel).write(chunk));
        }
    }
    Tag::new("Computer", &[]).around(chunk, |chunk| Part::Text(record.computer).write(chunk));
    Tag::new("Security", &[("UserID", Part::Optional(12, sid))]).empty(chunk);
}

fn define_provider(chunk: &mut Chunk, layout: Layout, record: &Record<'_>) {
    if layout == Layout::Generic {
        let slots = [("Name", Part::Optional(14, 0x01)), ("Guid", Part::Optional(15, 0x0F))];
        return Tag::new("Provider", &slots).empty(chunk);
    }
    let provider = &record.provider;
    let guid = provider.guid.map(|guid| guid.to_string());
    let fixed: Vec<_> = [
        Some(("Name", Part::Text(provider.name))),
        guid.as_deref().map(|guid| ("Guid", Part::Text(guid))),
        provider.event_source.map(|source| ("EventSourceName", Part::Text(source))),
    ]
    .into_iter()
    .flatten()
    .collect();
    Tag::new("Provider", &fixed).empty(chunk);
}

fn define_payload(chunk: &mut Chunk, payload: &Payload<'_>) {
    match payload {
        Payload::EventData { data, binary } => Tag::new("EventData", &[]).around(chunk, |chunk| {
            for (slot, (name, value)) in data.iter().enumerate() {
                define_data(chunk, slot as u16, name, value.declared_type());
            }
            if binary.is_some() {
                let slot = data.len() as u16;
                let tag = Tag { dependency: slot, ..Tag::new("Binary", &[]) };
                tag.around(chunk, |chunk| Part::Optional(slot, 0x0E).write(chunk));
            }
        }),
        Payload::UserData(root) => define_element(chunk, root, &mut 0),
    }
}

/// `<Data Name="…">`; without a name, as classic event sources write it, `<Data>`.
fn define_data(chunk: &mut Chunk, slot: u16, name: &str, type_code: u8) {
    if name.is_empty() {
        let tag = Tag { dependency: slot, ..Tag::new("Data", &[]) };
        tag.around(chunk, |chunk| Part::Optional(slot, type_code).write(chunk));
    } else {
        Tag::new("Data", &[("Name", Part::Text(name))])
            .around(chunk, |chunk| Part::Required(slot, type_code).write(chunk));
    }
}

fn define_element(chunk: &mut Chunk, element: &Element<'_>, next_slot: &mut u16) {
    let attributes: Vec<_> =
        element.attributes.iter().map(|(name, text)| (&**name, Part::Text(text))).collect();
    let tag = Tag::new(&element.name, &attributes);
    match &element.content {
        Content::Empty => tag.empty(chunk),
        Content::Value(value) => {
            let slot = *next_slot;
            *next_slot += 1;
            tag.around(chunk, |chunk| Part::Required(slot, value.declared_type()).write(chunk));
        }
        Content::Elements(children) => tag.around(chunk, |chunk| {
            children.iter().for_each(|child| define_element(chunk, child, next_slot));
        }),
    }
}
