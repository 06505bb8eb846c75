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
use super::form::{Form, Head, Type};
use super::shape::Shape;
use super::value::{FileTime, Guid, Sid, Value, utf16};
use super::{Content, Element, Payload, Provider, Record, Refused};

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
    fn of(provider: &Provider<'_>, in_user_data: bool) -> Self {
        let plain = provider.guid.is_some() && provider.event_source.is_none();
        if plain && !in_user_data { Self::Generic } else { Self::Published }
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

/// What an outer template fixes.
#[derive(Clone, Copy)]
struct Outer<'a> {
    layout: Layout,
    channel: &'a str,
    computer: &'a str,
    provider: &'a Provider<'a>,
    in_user_data: bool,
}

/// What stands in `System` besides that.
struct System<'a> {
    event_id: u16,
    qualifiers: Option<u16>,
    version: u8,
    level: u8,
    task: u16,
    opcode: u8,
    keywords: u64,
    id: u64,
    time: FileTime,
    process_id: u32,
    thread_id: u32,
    activity_id: Option<Guid>,
    related_activity_id: Option<Guid>,
    user: Option<&'a Sid>,
}

/// Appends one event's content to the chunk.
pub(super) fn write_event(
    chunk: &mut Chunk,
    channel: &str,
    record: &Record<'_>,
    id: u64,
) -> Result<(), Refused> {
    let in_user_data = matches!(record.payload, Payload::UserData(_));
    let layout = Layout::of(&record.provider, in_user_data);
    let outer =
        Outer { layout, channel, computer: record.computer, provider: &record.provider, in_user_data };
    let system = System {
        event_id: record.event_id,
        qualifiers: record.qualifiers,
        version: record.version,
        level: record.level,
        task: record.task,
        opcode: record.opcode,
        keywords: record.keywords,
        id,
        time: record.time,
        process_id: record.process_id,
        thread_id: record.thread_id,
        activity_id: record.activity_id,
        related_activity_id: record.related_activity_id,
        user: record.user,
    };
    write_fragment(chunk, outer, outer.shape(), &system, |chunk| write_payload(chunk, &record.payload))
}

/// Appends one event of a known form. `generic` is [`generic_shape`] of the computer.
pub(super) fn write_form(
    chunk: &mut Chunk,
    (channel, computer, generic): (&str, &str, Guid),
    (form, head): (&'static Form, &Head<'_>),
    id: u64,
    fill: impl FnOnce(&mut Data<'_>),
) -> Result<(), Refused> {
    let layout = Layout::of(form.provider, false);
    let outer = Outer { layout, channel, computer, provider: form.provider, in_user_data: false };
    let shape = if layout == Layout::Generic { generic } else { outer.shape() };
    let system = System {
        event_id: form.event_id,
        qualifiers: form.qualifiers,
        version: form.version,
        level: form.level,
        task: form.task,
        opcode: form.opcode,
        keywords: form.keywords,
        id,
        time: head.time,
        process_id: head.process_id,
        thread_id: head.thread_id,
        activity_id: head.activity_id,
        related_activity_id: None,
        user: head.user,
    };
    write_fragment(chunk, outer, shape, &system, |chunk| {
        chunk.bytes.extend(FRAGMENT_HEADER);
        write_reference(chunk, form.fields.shape, |chunk| define_fields(chunk, form.fields.list));
        let slots = Slots::begin(chunk, form.fields.list.len());
        let mut data = Data { chunk, slots, form, written: 0, refused: None };
        fill(&mut data);
        let Data { written, refused, .. } = data;
        debug_assert_eq!(written, form.fields.list.len(), "fields of {}", form.event_id);
        chunk.bytes.push(END_OF_FRAGMENT);
        refused.map_or(Ok(()), Err)
    })
}

fn write_fragment(
    chunk: &mut Chunk,
    outer: Outer<'_>,
    shape: Guid,
    system: &System<'_>,
    payload: impl FnOnce(&mut Chunk) -> Result<(), Refused>,
) -> Result<(), Refused> {
    chunk.bytes.extend(FRAGMENT_HEADER);
    write_reference(chunk, shape, |chunk| outer.define(chunk));
    let mut slots = Slots::begin(chunk, usize::from(outer.layout.payload()) + 1);
    write_common(chunk, &mut slots, system)?;
    match outer.layout {
        Layout::Generic => write_generic(chunk, &mut slots, system, outer)?,
        Layout::Published => write_published(chunk, &mut slots, system)?,
    }
    let start = chunk.bytes.len();
    payload(chunk)?;
    slots.describe(chunk, start, FRAGMENT_TYPE)?;
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
struct Slots {
    next_descriptor: usize,
}

impl Slots {
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

    /// A value of known size, as its bytes.
    fn raw(&mut self, chunk: &mut Chunk, type_code: u8, bytes: &[u8]) {
        chunk.bytes.extend_from_slice(bytes);
        self.describe_sized(chunk, bytes.len() as u16, type_code);
    }

    fn optional(&mut self, chunk: &mut Chunk, type_code: u8, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.raw(chunk, type_code, bytes),
            None => self.null(),
        }
    }

    fn null(&mut self) {
        // The descriptor of nothing is all zeros, which is what is there.
        self.next_descriptor += 4;
    }

    fn describe(&mut self, chunk: &mut Chunk, start: usize, type_code: u8) -> Result<(), Refused> {
        let bytes = chunk.bytes.len() - start;
        let Ok(size) = u16::try_from(bytes) else { return Err(Refused::ValueTooLong { bytes }) };
        self.describe_sized(chunk, size, type_code);
        Ok(())
    }

    fn describe_sized(&mut self, chunk: &mut Chunk, size: u16, type_code: u8) {
        let [low, high] = size.to_le_bytes();
        let descriptor = &mut chunk.bytes[self.next_descriptor..self.next_descriptor + 4];
        descriptor.copy_from_slice(&[low, high, type_code, 0]);
        self.next_descriptor += 4;
    }
}

/// The `EventData` of a known form being written, value by value in the form's order.
pub struct Data<'c> {
    chunk: &'c mut Chunk,
    slots: Slots,
    form: &'static Form,
    written: usize,
    refused: Option<Refused>,
}

impl Data<'_> {
    /// Checks, where checks are on, that the value is of the type that the form declares.
    fn next(&mut self, field: Type) {
        debug_assert_eq!(
            self.form.fields.list.get(self.written).map(|(_, field)| *field),
            Some(field),
            "value {} of {}",
            self.written,
            self.form.event_id
        );
        self.written += 1;
    }

    fn raw(&mut self, field: Type, bytes: &[u8]) -> &mut Self {
        self.next(field);
        self.slots.raw(self.chunk, field.code(), bytes);
        self
    }

    /// Text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.texts(&[text])
    }

    /// A text in parts, written as one.
    pub fn texts(&mut self, parts: &[&str]) -> &mut Self {
        self.next(Type::Text);
        let start = self.chunk.bytes.len();
        parts.iter().for_each(|part| utf16(&mut self.chunk.bytes, part));
        if let Err(refused) = self.slots.describe(self.chunk, start, Type::Text.code()) {
            self.refused.get_or_insert(refused);
        }
        self
    }

    /// An unsigned integer of 16 bits.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(Type::U16, &value.to_le_bytes())
    }

    /// An unsigned integer of 32 bits.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(Type::U32, &value.to_le_bytes())
    }

    /// An unsigned integer of 64 bits.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(Type::U64, &value.to_le_bytes())
    }

    /// A signed integer of 32 bits.
    pub fn i32(&mut self, value: i32) -> &mut Self {
        self.raw(Type::I32, &value.to_le_bytes())
    }

    /// Yes or no.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.raw(Type::Bool, &u32::from(value).to_le_bytes())
    }

    /// Shown as `0x…`.
    pub fn hex32(&mut self, value: u32) -> &mut Self {
        self.raw(Type::Hex32, &value.to_le_bytes())
    }

    /// Shown as `0x…`; also pointers, handles and logon ids.
    pub fn hex64(&mut self, value: u64) -> &mut Self {
        self.raw(Type::Hex64, &value.to_le_bytes())
    }

    /// A GUID.
    pub fn guid(&mut self, value: Guid) -> &mut Self {
        self.raw(Type::Guid, &value.0)
    }

    /// A security identifier.
    pub fn sid(&mut self, value: &Sid) -> &mut Self {
        self.raw(Type::Sid, value.as_bytes())
    }

    /// An instant.
    pub fn time(&mut self, value: FileTime) -> &mut Self {
        self.raw(Type::Time, &value.0.to_le_bytes())
    }
}

/// Values 0 to 12, which both layouts have.
fn write_common(chunk: &mut Chunk, slots: &mut Slots, system: &System<'_>) -> Result<(), Refused> {
    slots.raw(chunk, 0x04, &[system.level]);
    slots.raw(chunk, 0x04, &[system.opcode]);
    slots.raw(chunk, 0x06, &system.task.to_le_bytes());
    slots.raw(chunk, 0x06, &system.event_id.to_le_bytes());
    slots.optional(chunk, 0x06, system.qualifiers.map(u16::to_le_bytes).as_ref().map(|bytes| &bytes[..]));
    slots.raw(chunk, 0x15, &system.keywords.to_le_bytes());
    slots.raw(chunk, 0x11, &system.time.0.to_le_bytes());
    write_guid(chunk, slots, system.activity_id);
    slots.raw(chunk, 0x08, &system.process_id.to_le_bytes());
    slots.raw(chunk, 0x08, &system.thread_id.to_le_bytes());
    slots.raw(chunk, 0x0A, &system.id.to_le_bytes());
    slots.raw(chunk, 0x04, &[system.version]);
    slots.optional(chunk, 0x13, system.user.map(Sid::as_bytes));
    Ok(())
}

fn write_guid(chunk: &mut Chunk, slots: &mut Slots, guid: Option<Guid>) {
    slots.optional(chunk, 0x0F, guid.as_ref().map(|guid| &guid.0[..]));
}

/// The values 13 to 16 of [`Layout::Generic`].
fn write_generic(
    chunk: &mut Chunk,
    slots: &mut Slots,
    system: &System<'_>,
    outer: Outer<'_>,
) -> Result<(), Refused> {
    write_guid(chunk, slots, system.related_activity_id);
    let start = chunk.bytes.len();
    utf16(&mut chunk.bytes, outer.provider.name);
    slots.describe(chunk, start, 0x01)?;
    write_guid(chunk, slots, outer.provider.guid);
    let start = chunk.bytes.len();
    utf16(&mut chunk.bytes, outer.channel);
    slots.describe(chunk, start, 0x01)
}

/// The values 13 to 18 of [`Layout::Published`].
fn write_published(chunk: &mut Chunk, slots: &mut Slots, system: &System<'_>) -> Result<(), Refused> {
    (0..5).for_each(|_| slots.null());
    write_guid(chunk, slots, system.related_activity_id);
    Ok(())
}

fn write_payload(chunk: &mut Chunk, payload: &Payload<'_>) -> Result<(), Refused> {
    chunk.bytes.extend(FRAGMENT_HEADER);
    write_reference(chunk, payload_shape(payload), |chunk| define_payload(chunk, payload));
    match payload {
        Payload::EventData { data, binary } => {
            let mut values = Slots::begin(chunk, data.len() + usize::from(binary.is_some()));
            data.iter().try_for_each(|(_, value)| values.put(chunk, value))?;
            let binary = binary.map(|bytes| Value::Binary(Cow::Borrowed(bytes)));
            binary.iter().try_for_each(|value| values.put(chunk, value))?;
        }
        Payload::UserData(root) => {
            let mut values = Slots::begin(chunk, root.count_values());
            write_element_values(chunk, &mut values, root)?;
        }
    }
    chunk.bytes.push(END_OF_FRAGMENT);
    Ok(())
}

fn write_element_values(chunk: &mut Chunk, values: &mut Slots, element: &Element<'_>) -> Result<(), Refused> {
    match &element.content {
        Content::Empty => Ok(()),
        Content::Value(value) => values.put(chunk, value),
        Content::Elements(children) => {
            children.iter().try_for_each(|child| write_element_values(chunk, values, child))
        }
    }
}

// ---- shapes: what makes two templates the same ----------------------------------------------

/// The shape of a computer's outer template for any provider.
pub(super) fn generic_shape(computer: &str) -> Guid {
    let mut shape = Shape::new(1);
    shape.text(computer);
    shape.finish()
}

impl Outer<'_> {
    fn shape(self) -> Guid {
        if self.layout == Layout::Generic {
            return generic_shape(self.computer);
        }
        let mut shape = Shape::new(2);
        shape.text(self.computer);
        shape.text(self.channel);
        shape.text(self.provider.name);
        shape.bytes(self.provider.guid.as_ref().map_or(&[], |guid| &guid.0));
        shape.text(self.provider.event_source.unwrap_or_default());
        shape.byte(u8::from(self.in_user_data));
        shape.finish()
    }
}

/// As [`payload_shape`] of data with these names and types.
pub(super) const fn fields_shape(fields: &[(&str, Type)]) -> Guid {
    let mut shape = Shape::new(3);
    let mut at = 0;
    while at < fields.len() {
        shape.text(fields[at].0);
        shape.byte(fields[at].1.code());
        at += 1;
    }
    shape.byte(0);
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

impl Outer<'_> {
    fn define(self, chunk: &mut Chunk) {
        let payload = Part::Optional(self.layout.payload(), FRAGMENT_TYPE);
        let attributes = [("xmlns", Part::Text(EVENT_NAMESPACE))];
        // Windows drops the innermost element around the data when there is none.
        let (event, user_data) = if self.in_user_data {
            (NO_DEPENDENCY, self.layout.payload())
        } else {
            (self.layout.payload(), NO_DEPENDENCY)
        };
        Tag { dependency: event, ..Tag::new("Event", &attributes) }.around(chunk, |chunk| {
            Tag::new("System", &[]).around(chunk, |chunk| define_system(chunk, self));
            if self.in_user_data {
                let tag = Tag { dependency: user_data, ..Tag::new("UserData", &[]) };
                tag.around(chunk, |chunk| payload.write(chunk));
            } else {
                payload.write(chunk);
            }
        });
    }
}

/// The elements of `System`, in Windows' order. Long because it is a list.
fn define_system(chunk: &mut Chunk, outer: Outer<'_>) {
    let (u8, u16, u32, u64, hex64, time, guid, sid) = (0x04, 0x06, 0x08, 0x0A, 0x15, 0x11, 0x0F, 0x13);
    let simple = |chunk: &mut Chunk, name, slot, type_code| {
        let tag = Tag { dependency: slot, ..Tag::new(name, &[]) };
        tag.around(chunk, |chunk| Part::Optional(slot, type_code).write(chunk));
    };
    define_provider(chunk, outer);
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
    let related = Part::Optional(outer.layout.related_activity(), guid);
    Tag::new("Correlation", &[("ActivityID", Part::Optional(7, guid)), ("RelatedActivityID", related)])
        .empty(chunk);
    Tag::new("Execution", &[("ProcessID", Part::Optional(8, u32)), ("ThreadID", Part::Optional(9, u32))])
        .empty(chunk);
    match outer.layout {
        Layout::Generic => simple(chunk, "Channel", 16, 0x01),
        Layout::Published => {
            Tag::new("Channel", &[]).around(chunk, |chunk| Part::Text(outer.channel).write(chunk));
        }
    }
    Tag::new("Computer", &[]).around(chunk, |chunk| Part::Text(outer.computer).write(chunk));
    Tag::new("Security", &[("UserID", Part::Optional(12, sid))]).empty(chunk);
}

fn define_provider(chunk: &mut Chunk, outer: Outer<'_>) {
    if outer.layout == Layout::Generic {
        let slots = [("Name", Part::Optional(14, 0x01)), ("Guid", Part::Optional(15, 0x0F))];
        return Tag::new("Provider", &slots).empty(chunk);
    }
    let provider = outer.provider;
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

fn define_fields(chunk: &mut Chunk, fields: &[(&str, Type)]) {
    Tag::new("EventData", &[]).around(chunk, |chunk| {
        for (slot, (name, field)) in fields.iter().enumerate() {
            define_data(chunk, slot as u16, name, field.code());
        }
    });
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
