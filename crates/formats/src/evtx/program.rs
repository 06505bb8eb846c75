//! Which fields does a template have, and where do its values go?
//!
//! Binary XML states an event as a tree of tokens, nearly always as a template that stands once in
//! a chunk and values that fill it. Here the tokens become a [`Program`]: a flat list of what is to
//! be done with the values, in the order in which the fields appear. A template is looked at once
//! per chunk, its values are then written without any tree.
//!
//! What a field is called is decided here, by the same rules by which `xml::pairs` names the fields
//! of an event in XML; that the two agree is tested.
//!
//! Grammar: [MS-EVEN6] 2.2.12, with names and templates by offset as they stand in files.

use encoding_rs::Encoding;

use super::cursor::{Broken, Cursor};
use super::names::{Names, known};
use super::value::{self, kind};

/// Elements nested deeper than this are hostile.
const DEPTH_MAX: usize = 64;
/// Values of one template instance.
const VALUES_MAX: u32 = 16 * 1024;
/// An element that is there whatever its values are.
const NO_DEPENDENCY: u16 = 0xffff;

/// What is to be done with the values of an instance.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) elements: Vec<Element>,
    /// Texts that are fixed, which parts point into.
    pub(super) texts: Vec<u8>,
    /// Instances that stand in the stream itself.
    pub(super) instances: Vec<(Instance, Inside)>,
    /// Where the values are found by which a record's class is known.
    pub(super) class: ClassParts,
    /// The bytes it was made of, and what in them is another chunk's business: by these the same
    /// template is known again in another chunk.
    body: Vec<u8>,
    local: Vec<Local>,
}

/// What differs in a template from chunk to chunk: offsets of names, whether a name stands right
/// behind its offset, and the sizes that count such names in.
#[derive(Debug)]
struct Local {
    /// Where it begins and ends in the template.
    from: usize,
    to: usize,
    /// Hash, length and units of the name that is referred to; `None` for a size.
    name: Option<Vec<u8>>,
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// Goes on at `to` if the value is null: the element is left out.
    Guard { value: u16, to: u32 },
    /// An element without children: its attributes and its text.
    Leaf(u32),
    /// The attributes of an element with children.
    Attributes(u32),
    /// The place of a value that is a fragment of its own.
    Insert { value: u16, inside: Inside },
    /// A fragment that is fixed.
    Fragment { start: u32, end: u32, inside: Inside },
    /// An instance in the stream itself.
    Instance(u32),
    /// The text of an element with children.
    Text(u32),
}

/// An element with what makes fields of it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) attributes: Vec<Attribute>,
    /// Name of the field that its text becomes.
    pub(super) name: u32,
    pub(super) text: Vec<Part>,
    /// White space alone is lay-out, no field.
    pub(super) drop_blank: bool,
    /// What its children are inside of.
    pub(super) inside: Inside,
    /// Its value may be a fragment, of whose fields some may be wanted: `ComplexData`.
    pub(super) may_hold: bool,
}

#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) role: Role,
    pub(super) parts: Vec<Part>,
}

/// What an attribute is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    /// A field of its own.
    Field(u32),
    /// It names the element's field (`<Data Name="…">`).
    NamesElement,
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    Fixed { start: u32, end: u32 },
    Value(u16),
}

/// Inside which frames something stands: names depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inside {
    pub(super) system: bool,
    pub(super) event_data: bool,
    pub(super) rendering: bool,
}

/// Where channel, provider and event id of a record stand.
#[derive(Debug, Default)]
pub(super) struct ClassParts {
    pub(super) channel: Vec<Part>,
    pub(super) provider: Vec<Part>,
    pub(super) event_id: Vec<Part>,
}

/// A template to be filled, and with what.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// The first four bytes of the template's GUID.
    pub(super) template_id: u32,
    /// Offset of its definition in the chunk.
    pub(super) definition: u32,
    pub(super) values: Vec<Value>,
}

/// A value, where it lies in the chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) kind: u8,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Value {
    pub(super) fn bytes(self, chunk: &[u8]) -> &[u8] {
        chunk.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

impl Program {
    /// Whether it would come of the template of `size` bytes at `at` of a chunk as well. Every byte
    /// is compared but for what is local to a chunk, and of that the names are.
    pub(super) fn is_of(&self, chunk: &[u8], at: usize, size: usize) -> bool {
        let (mut there, end) = (at, at + size);
        let mut here = 0;
        for local in &self.local {
            let length = local.from - here;
            if chunk.get(there..there + length) != self.body.get(here..local.from) {
                return false;
            }
            there += length;
            here = local.to;
            let Some(name) = &local.name else {
                there += 4;
                continue;
            };
            let offset = super::chunk::number32(chunk, there) as usize;
            there += 4;
            if chunk.get(offset + 4..offset + 4 + name.len()) != Some(name) {
                return false;
            }
            if offset == there {
                // The next name's offset, the name, its NUL.
                there += 4 + name.len() + 2;
            }
        }
        there <= end && chunk.get(there..end) == self.body.get(here..)
    }

    /// Forgets what makes fields whose names are not wanted.
    pub(super) fn keep_only(&mut self, wanted: impl Fn(u32) -> bool) {
        for element in &mut self.elements {
            element.attributes.retain(|attribute| match attribute.role {
                Role::Field(name) => wanted(name),
                // What it will be called is only known with its values.
                Role::NamesElement => true,
            });
            let may_be_named = element.attributes.iter().any(|a| a.role == Role::NamesElement);
            let has_fragment =
                element.text.iter().any(|part| matches!(part, Part::Value(_))) && element.may_hold;
            if !wanted(element.name) && !may_be_named && !has_fragment {
                element.text.clear();
                element.drop_blank = true;
            }
        }
        self.drop_idle();
    }

    /// Whether it can be used for records of another chunk: all it needs stands in itself.
    pub(super) fn is_portable(&self) -> bool {
        !self.ops.iter().any(|op| matches!(op, Op::Fragment { .. } | Op::Instance(_)))
    }

    /// Takes out steps that do nothing any more.
    fn drop_idle(&mut self) {
        let elements = &self.elements;
        let idle = |op: &Op| match op {
            Op::Leaf(element) => {
                let element = &elements[*element as usize];
                element.attributes.is_empty() && element.text.is_empty() && element.drop_blank
            }
            Op::Attributes(element) => elements[*element as usize].attributes.is_empty(),
            Op::Text(element) => elements[*element as usize].text.is_empty(),
            _ => false,
        };
        // Where each step will be: a guard goes on at the first one that is kept.
        let mut places = Vec::with_capacity(self.ops.len() + 1);
        let mut kept = Vec::with_capacity(self.ops.len());
        for op in &self.ops {
            places.push(kept.len() as u32);
            if !idle(op) {
                kept.push(*op);
            }
        }
        places.push(kept.len() as u32);
        for op in &mut kept {
            if let Op::Guard { to, .. } = op {
                *to = places[*to as usize];
            }
        }
        self.ops = kept;
    }
}

/// Reads an instance after its token: `01`, template, definition (skipped if it stands right
/// here), sizes and types, values. The values are appended to `values`.
pub(super) fn instance_into(cursor: &mut Cursor<'_>, values: &mut Vec<Value>) -> Result<(u32, u32), Broken> {
    cursor.u8()?;
    let template_id = cursor.u32()?;
    let definition = cursor.u32()?;
    if definition as usize == cursor.at {
        let header = cursor.take(24)?;
        let size = u32::from_le_bytes([header[20], header[21], header[22], header[23]]);
        cursor.take(size as usize)?;
    }
    let count = cursor.u32()?;
    if count > VALUES_MAX {
        return cursor.broken("a template instance with more values than a record can hold");
    }
    let descriptors = cursor.take(4 * count as usize)?;
    for &[low, high, kind, _] in descriptors.as_chunks::<4>().0 {
        let start = cursor.at as u32;
        cursor.take(usize::from(u16::from_le_bytes([low, high])))?;
        values.push(Value { kind, start, end: cursor.at as u32 });
    }
    Ok((template_id, definition))
}

/// Makes a program of the tokens in `cursor`. In a template, elements have a dependency and values
/// have places; in a stream of a record neither.
pub(super) fn compile(
    cursor: Cursor<'_>,
    chunk: &[u8],
    kind: StreamKind,
    inside: Inside,
    names: &mut Names,
    code_page: &'static Encoding,
) -> Result<Program, Broken> {
    let program = Program {
        ops: Vec::new(),
        elements: Vec::new(),
        texts: Vec::new(),
        instances: Vec::new(),
        class: ClassParts::default(),
        body: Vec::new(),
        local: Vec::new(),
    };
    let (from, to) = (cursor.at, cursor.end);
    let mut compiler =
        Compiler { chunk, kind, names, code_page, program, open: Vec::new(), start: None, inside, from };
    compiler.run(cursor)?;
    if kind == StreamKind::Template {
        compiler.program.body = chunk.get(from..to).unwrap_or_default().to_vec();
    }
    Ok(compiler.program)
}

/// What kind of token stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    Template,
    Record,
}

struct Compiler<'c, 'n> {
    chunk: &'c [u8],
    kind: StreamKind,
    names: &'n mut Names,
    code_page: &'static Encoding,
    program: Program,
    /// Elements whose end was not met yet.
    open: Vec<Open>,
    /// The element in whose start tag we are.
    start: Option<Open>,
    /// What the stream as a whole stands inside of.
    inside: Inside,
    /// Where it begins in the chunk.
    from: usize,
}

struct Open {
    local: String,
    inside_of: Inside,
    is_data: bool,
    element: Element,
    guard: Option<usize>,
    /// Where its attributes are told, to be made a leaf if no child comes.
    told: Option<usize>,
    has_children: bool,
    /// In a start tag: the attribute whose parts are being read.
    attribute: Option<(String, Vec<Part>)>,
}

impl Compiler<'_, '_> {
    fn run(&mut self, mut cursor: Cursor<'_>) -> Result<(), Broken> {
        while !cursor.is_done() {
            let token = cursor.u8()?;
            match token {
                0x00 => break,
                0x01 | 0x41 => self.open_element(&mut cursor, token == 0x41)?,
                0x02 => self.close_start(&cursor)?,
                0x03 => {
                    self.close_start(&cursor)?;
                    self.close_element(&cursor)?;
                }
                0x04 => self.close_element(&cursor)?,
                0x05 | 0x45 => self.value(&mut cursor)?,
                0x06 | 0x46 => self.attribute(&mut cursor)?,
                0x07 | 0x47 => {
                    let units = cursor.u16()?;
                    let text = cursor.take(2 * usize::from(units))?;
                    self.fixed(|out| value::text(out, text));
                }
                0x08 | 0x48 => {
                    let unit = cursor.u16()?;
                    let character = char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER);
                    self.fixed(|out| out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()));
                }
                0x09 | 0x49 => {
                    let name = self.name(&mut cursor)?;
                    self.fixed(|out| entity(out, &name));
                }
                // A processing instruction says nothing about the event.
                0x0a => {
                    self.name(&mut cursor)?;
                }
                0x0b => {
                    let units = cursor.u16()?;
                    cursor.take(2 * usize::from(units))?;
                }
                0x0c => self.instance(&mut cursor)?,
                0x0d | 0x0e => self.place(&mut cursor)?,
                0x0f => drop(cursor.take(3)?),
                _ => {
                    cursor.at -= 1;
                    return cursor.broken("a token that binary XML does not have");
                }
            }
        }
        if self.start.is_some() || !self.open.is_empty() {
            return cursor.broken("binary XML ends inside an element");
        }
        Ok(())
    }

    /// A reference to a name, with the name right behind it where it is met first.
    fn name(&mut self, cursor: &mut Cursor<'_>) -> Result<String, Broken> {
        let reference = cursor.at - self.from;
        let offset = cursor.u32()? as usize;
        let inline = offset == cursor.at;
        let mut at = if inline { *cursor } else { Cursor::new(self.chunk, offset, self.chunk.len()) };
        // Offset of the next name with the same remainder, hash, length, text, NUL. The header's
        // table of names is not asked: what is damaged there costs nothing here.
        at.take(4)?;
        let name = at.at;
        let hash = at.u16()?;
        let units = at.u16()?;
        let text = at.take(2 * usize::from(units))?;
        let whole = self.chunk.get(name..at.at).unwrap_or_default();
        at.take(2)?;
        if inline {
            cursor.at = at.at;
        }
        if name_hash(text) != hash {
            return cursor.broken("a name that does not agree with its hash");
        }
        if self.kind == StreamKind::Template {
            let to = cursor.at - self.from;
            self.program.local.push(Local { from: reference, to, name: Some(whole.to_vec()) });
        }
        let name = value::told(kind::STRING, text, self.code_page);
        if name.is_empty() { cursor.broken("a name without characters") } else { Ok(name) }
    }

    /// A size that is not needed, because every element says where it ends.
    fn size(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        let from = cursor.at - self.from;
        cursor.u32()?;
        if self.kind == StreamKind::Template {
            self.program.local.push(Local { from, to: from + 4, name: None });
        }
        Ok(())
    }

    fn open_element(&mut self, cursor: &mut Cursor<'_>, has_attributes: bool) -> Result<(), Broken> {
        if self.start.is_some() {
            return cursor.broken("an element inside the start tag of another");
        }
        if self.open.len() >= DEPTH_MAX {
            return cursor.broken("elements nested deeper than 64");
        }
        let dependency = if self.kind == StreamKind::Template { cursor.u16()? } else { NO_DEPENDENCY };
        self.size(cursor)?;
        let full = self.name(cursor)?;
        if has_attributes {
            self.size(cursor)?;
        }
        // A template's outermost element has nothing to be left out of.
        let guarded = dependency != NO_DEPENDENCY && !self.open.is_empty();
        let guard = guarded.then(|| {
            self.program.ops.push(Op::Guard { value: dependency, to: 0 });
            self.program.ops.len() - 1
        });
        let inside_of = match self.open.last_mut() {
            Some(parent) => {
                parent.has_children = true;
                parent.element.inside
            }
            None => self.inside,
        };
        self.start = Some(Open::of(&full, inside_of, guard, self.names));
        Ok(())
    }

    fn attribute(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        let name = self.name(cursor)?;
        let Some(mut start) = self.start.take() else {
            return cursor.broken("an attribute outside a start tag");
        };
        self.end_attribute(&mut start);
        start.attribute = Some((name, Vec::new()));
        self.start = Some(start);
        Ok(())
    }

    fn end_attribute(&mut self, start: &mut Open) {
        let Some((name, parts)) = start.attribute.take() else { return };
        // An attribute without any value is no attribute.
        if parts.is_empty() || name.starts_with("xmlns") {
            return;
        }
        let key = local_name(&name);
        let role = if key == "Name" && start.is_data {
            if let [Part::Fixed { start: from, end }] = parts[..] {
                let text = String::from_utf8_lossy(&self.program.texts[from as usize..end as usize]);
                start.element.name = self.names.number(&prefixed(&text, start.inside_of));
                return;
            }
            Role::NamesElement
        } else if start.inside_of.system {
            Role::Field(self.names.number(&system_name(&start.local, key)))
        } else {
            Role::Field(self.names.number(&format!("{}_{key}", start.local)))
        };
        if role == Role::Field(known::PROVIDER) {
            self.program.class.provider.clone_from(&parts);
        }
        start.element.attributes.push(Attribute { role, parts });
    }

    fn close_start(&mut self, cursor: &Cursor<'_>) -> Result<(), Broken> {
        let Some(mut start) = self.start.take() else {
            return cursor.broken("the end of a start tag without its beginning");
        };
        self.end_attribute(&mut start);
        if !start.element.attributes.is_empty() {
            start.told = Some(self.program.ops.len());
            self.program.ops.push(Op::Attributes(0));
        }
        self.open.push(start);
        Ok(())
    }

    fn close_element(&mut self, cursor: &Cursor<'_>) -> Result<(), Broken> {
        let Some(mut open) = self.open.pop().filter(|_| self.start.is_none()) else {
            return cursor.broken("the end of an element that did not begin");
        };
        let number = self.program.elements.len() as u32;
        let ops = &mut self.program.ops;
        if open.has_children {
            open.element.drop_blank = true;
            if let Some(told) = open.told {
                ops[told] = Op::Attributes(number);
            }
            if !open.element.text.is_empty() {
                ops.push(Op::Text(number));
            }
        } else {
            if open.told.is_some() {
                ops.pop();
            }
            let says = !open.element.attributes.is_empty() || !open.element.text.is_empty();
            if says || !open.element.drop_blank {
                ops.push(Op::Leaf(number));
            }
        }
        let after = ops.len() as u32;
        if let Some(guard) = open.guard
            && let Op::Guard { to, .. } = &mut ops[guard]
        {
            *to = after;
        }
        self.note_class(&open);
        self.program.elements.push(open.element);
        Ok(())
    }

    /// Remembers where the values stand by which a record's class is known.
    fn note_class(&mut self, open: &Open) {
        if !open.inside_of.system {
            return;
        }
        let class = &mut self.program.class;
        match open.element.name {
            known::CHANNEL => class.channel.clone_from(&open.element.text),
            known::EVENT_ID => class.event_id.clone_from(&open.element.text),
            _ => {}
        }
    }

    /// A value that is fixed in the stream.
    fn value(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        let kind = cursor.u8()?;
        match kind {
            kind::STRING => {
                let units = cursor.u16()?;
                let text = cursor.take(2 * usize::from(units))?;
                self.fixed(|out| value::text(out, text));
            }
            kind::FRAGMENT => {
                let size = cursor.u16()?;
                let start = cursor.at as u32;
                cursor.take(usize::from(size))?;
                let end = cursor.at as u32;
                let Some(open) = self.open.last_mut().filter(|_| self.start.is_none()) else {
                    return cursor.broken("a fragment inside a start tag");
                };
                open.has_children = true;
                self.program.ops.push(Op::Fragment { start, end, inside: open.element.inside });
            }
            _ => {
                let Some(width) = value::width(kind) else {
                    return cursor.broken("a fixed value of a type that does not say its size");
                };
                let bytes = cursor.take(width)?;
                let code_page = self.code_page;
                self.fixed(|out| value::write(out, kind, bytes, code_page));
            }
        }
        Ok(())
    }

    /// Adds fixed text to the attribute or element that is being read.
    fn fixed(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.program.texts.len() as u32;
        write(&mut self.program.texts);
        let end = self.program.texts.len() as u32;
        if start < end {
            self.part(Part::Fixed { start, end });
        }
    }

    fn part(&mut self, part: Part) {
        match (&mut self.start, self.open.last_mut()) {
            (Some(start), _) => {
                if let Some((_, parts)) = &mut start.attribute {
                    parts.push(part);
                }
            }
            (None, Some(open)) => open.element.text.push(part),
            (None, None) => {}
        }
    }

    /// The place of a value.
    fn place(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        let value = cursor.u16()?;
        let kind = cursor.u8()?;
        if self.kind != StreamKind::Template {
            return cursor.broken("the place of a value outside a template");
        }
        self.part(Part::Value(value));
        if kind == kind::FRAGMENT
            && self.start.is_none()
            && let Some(open) = self.open.last_mut()
        {
            open.has_children = true;
            self.program.ops.push(Op::Insert { value, inside: open.element.inside });
        }
        Ok(())
    }

    fn instance(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        if self.kind == StreamKind::Template || self.start.is_some() {
            return cursor.broken("a template instance inside a template or a start tag");
        }
        let mut values = Vec::new();
        let (template_id, definition) = instance_into(cursor, &mut values)?;
        let inside = match self.open.last_mut() {
            Some(open) => {
                open.has_children = true;
                open.element.inside
            }
            None => self.inside,
        };
        self.program.ops.push(Op::Instance(self.program.instances.len() as u32));
        self.program.instances.push((Instance { template_id, definition, values }, inside));
        Ok(())
    }
}

/// Elements that hold others and are no field.
const FRAMES: &[&str] =
    &["Event", "Events", "System", "EventData", "UserData", "RenderingInfo", "ComplexData", "Keywords"];
/// Elements of `System` that only have attributes.
const ATTRIBUTES_ONLY: &[&str] = &["Provider", "TimeCreated", "Correlation", "Execution", "Security"];

impl Open {
    fn of(full: &str, inside_of: Inside, guard: Option<usize>, names: &mut Names) -> Self {
        let local = local_name(full);
        let is_data = matches!(local, "Data" | "ComplexData") && inside_of.event_data;
        let is_frame = FRAMES.contains(&local) && !is_data && !(local == "Keywords" && inside_of.system);
        let element = Element {
            attributes: Vec::new(),
            name: names.number(&prefixed(local, inside_of)),
            text: Vec::new(),
            drop_blank: is_frame || ATTRIBUTES_ONLY.contains(&local),
            inside: Inside {
                system: inside_of.system || local == "System",
                event_data: inside_of.event_data || local == "EventData",
                rendering: inside_of.rendering || local == "RenderingInfo",
            },
            may_hold: local == "ComplexData",
        };
        let local = local.to_owned();
        Self { local, inside_of, is_data, element, guard, told: None, has_children: false, attribute: None }
    }
}

/// The hash that stands before a name: of its UTF-16 units, by the factor 65599.
pub(super) fn name_hash(text: &[u8]) -> u16 {
    let units = text.as_chunks::<2>().0.iter().map(|unit| u32::from(u16::from_le_bytes(*unit)));
    units.fold(0u32, |hash, unit| hash.wrapping_mul(65599).wrapping_add(unit)) as u16
}

/// The words that Windows renders stand beside the values and must not be taken for them.
pub(super) fn prefixed(name: &str, inside: Inside) -> String {
    if inside.rendering { format!("RenderingInfo_{name}") } else { name.to_owned() }
}

/// Attributes of `System` keep their element's name but for the two that have names of their own.
fn system_name(element: &str, attribute: &str) -> String {
    match (element, attribute) {
        ("TimeCreated", "SystemTime") => "TimeCreated".to_owned(),
        ("EventID", "Qualifiers") => "Qualifiers".to_owned(),
        _ => format!("{element}_{attribute}"),
    }
}

fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The character of an entity; one that XML does not define stays as it is written.
fn entity(out: &mut Vec<u8>, name: &str) {
    match name {
        "lt" => out.push(b'<'),
        "gt" => out.push(b'>'),
        "amp" => out.push(b'&'),
        "quot" => out.push(b'"'),
        "apos" => out.push(b'\''),
        other => out.extend_from_slice(format!("&{other};").as_bytes()),
    }
}
