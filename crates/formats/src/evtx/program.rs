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

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use encoding_rs::Encoding;

use super::cursor::{Broken, Cursor};
use super::kinds::Naming;
use super::names::{Names, Placed, known};
use super::value::{self, Out, kind};
use super::words::Words;

/// Elements nested deeper than this are hostile.
pub(super) const DEPTH_MAX: usize = 64;
/// Values of one template instance.
const VALUES_MAX: u32 = 16 * 1024;
/// An element that is there whatever its values are.
const NO_DEPENDENCY: u16 = 0xffff;

/// What is to be done with the values of an instance.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) elements: Vec<Element>,
    /// Runs of fields whose texts are fixed.
    pub(super) runs: Vec<Run>,
    /// Programs of one number name the same fields whatever their fixed texts are, and are of one class if
    /// the same values are: a machine's name in the template makes no kinds of records.
    pub(super) shape: u32,
    /// Of one for some fields: a text that is put together or fixed may hold a word that is sought, and
    /// that the values by themselves do not.
    pub(super) may_speak: bool,
    /// The steps before they were simplified.
    steps: Vec<Op>,
    /// The same for some fields only, by the number of their set.
    narrowed: RefCell<Vec<(usize, Rc<Program>)>>,
    /// By the number of a set, whether one of its words may stand in a fixed text.
    spoken: RefCell<Vec<(usize, bool)>>,
    /// Whether a record was read by it.
    pub(super) is_used: Cell<bool>,
    /// Texts that are fixed, which parts point into.
    pub(super) texts: Out,
    /// Where the values are found by which a record's class is known.
    pub(super) class: ClassParts,
    /// What the names of its fields follow from.
    pub(super) naming: Naming,
    /// The bytes it was made of, and what in them is another chunk's business: by these the same
    /// template is known again in another chunk.
    body: Vec<u8>,
    local: Vec<Local>,
    /// For each byte of the body all bits, or none where it is another chunk's business.
    mask: Vec<u8>,
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
    /// Where a reference to the same place stands before this one.
    earlier: Option<usize>,
}

impl Local {
    /// Whether the name stands right here.
    fn is_inline(&self) -> bool {
        self.to - self.from > 4
    }
}

/// Fields that are the same in every record: their text and, for each, its name and where it ends.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) text: Vec<u8>,
    pub(super) fields: Vec<(u32, u32)>,
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// An element that is one value: what nearly all are. What it is if the value is a list or a
    /// fragment, the element says.
    Value { value: u16, name: u32, element: u32 },
    /// Fields of fixed text.
    Run(u32),
    /// Goes on at `to` if the value is null: the element is left out.
    Guard { value: u16, to: u32 },
    /// An element without children: its attributes and its text.
    Leaf(u32),
    /// The same where there are only attributes, each a field of one value.
    Fields(u32),
    /// The same where there is only one.
    Field { value: u16, name: u32, element: u32 },
    /// The attributes of an element with children.
    Attributes(u32),
    /// The place of a value that is a fragment of its own.
    Insert { value: u16, inside: Inside },
    /// A fragment that is fixed.
    Fragment { start: u32, end: u32, inside: Inside },
    /// The text of an element with children.
    Text(u32),
}

/// An element with what makes fields of it.
#[derive(Clone, Debug, Default)]
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

#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub(super) role: Role,
    pub(super) parts: Vec<Part>,
}

impl Attribute {
    fn is_one_value(&self) -> bool {
        matches!((self.role, &self.parts[..]), (Role::Field(_), [Part::Value(_)]))
    }
}

/// What an attribute is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, Default)]
pub(super) struct ClassParts {
    pub(super) channel: Vec<Part>,
    pub(super) provider: Vec<Part>,
    pub(super) event_id: Vec<Part>,
    /// Where the time stands: for records of which it is not wanted as a field.
    pub(super) time: Vec<Part>,
}

impl ClassParts {
    /// Whether nothing of it stands here.
    pub(super) fn is_empty(&self) -> bool {
        [&self.channel, &self.provider, &self.event_id, &self.time].iter().all(|parts| parts.is_empty())
    }
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
        // Mostly names stand at the same places of it.
        let there = chunk.get(at..at + size).filter(|there| there.len() == self.body.len());
        if there.is_some_and(|there| same_under(&self.mask, there, &self.body))
            && let Some(answer) = self.has_its_names(chunk, at)
        {
            return answer;
        }
        self.is_of_by_pieces(chunk, at, size)
    }

    /// Whether the names are those of a template at `at` that is the same but for them; `None` if they stand
    /// at other places of it.
    fn has_its_names(&self, chunk: &[u8], at: usize) -> Option<bool> {
        let offset = |from: usize| super::chunk::number32(chunk, at + from);
        for local in &self.local {
            let Some(name) = &local.name else { continue };
            let refers = offset(local.from);
            let is_inline = refers as usize == at + local.from + 4;
            if is_inline != local.is_inline() {
                return None;
            }
            if is_inline || local.earlier.is_some_and(|earlier| offset(earlier) == refers) {
                continue;
            }
            let place = refers as usize + 4;
            if chunk.get(place..place + name.len()) != Some(name) {
                return Some(false);
            }
        }
        Some(true)
    }

    fn is_of_by_pieces(&self, chunk: &[u8], at: usize, size: usize) -> bool {
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

    /// The same with those fields only whose names are wanted; kept under the number of the set.
    pub(super) fn narrowed(
        &self,
        set: usize,
        wanted: impl Fn(u32) -> bool,
        words: Option<&Words>,
    ) -> Rc<Self> {
        let known = self.narrowed.borrow().iter().find(|(known, _)| *known == set).map(|(_, p)| Rc::clone(p));
        known.unwrap_or_else(|| {
            let mut made = self.keep_only(wanted);
            made.may_speak = words.is_some_and(|words| self.may_speak_of(set, words));
            let made = Rc::new(made);
            self.narrowed.borrow_mut().push((set, Rc::clone(&made)));
            made
        })
    }

    fn keep_only(&self, wanted: impl Fn(u32) -> bool) -> Self {
        let mut elements = self.elements.clone();
        for element in &mut elements {
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
        let mut narrow = Self {
            elements,
            texts: self.texts.clone(),
            class: self.class.clone(),
            shape: self.shape,
            steps: self.steps.clone(),
            ..Self::default()
        };
        narrow.drop_idle();
        narrow.simplify();
        narrow
    }

    /// Makes plain steps of elements that are one value or fixed.
    fn simplify(&mut self) {
        let jumps: Vec<u32> = self
            .steps
            .iter()
            .filter_map(|op| if let Op::Guard { to, .. } = op { Some(*to) } else { None })
            .collect();
        let mut places = Vec::with_capacity(self.steps.len() + 1);
        let mut ops: Vec<Op> = Vec::with_capacity(self.steps.len());
        for (number, step) in self.steps.iter().enumerate() {
            // What a guard leaves out must not run into what follows.
            let is_aim = jumps.contains(&(number as u32));
            let last_run = ops.last().and_then(|op| if let Op::Run(run) = op { Some(*run) } else { None });
            let fixed = match step {
                Op::Leaf(element) => fixed_fields(&self.elements[*element as usize], self.texts.bytes()),
                _ => None,
            };
            let joins = fixed.is_some() && last_run.is_some() && !is_aim;
            places.push(ops.len() as u32 - u32::from(joins));
            match (fixed, last_run.filter(|_| joins)) {
                (Some(fields), Some(run)) => self.runs[run as usize].add(&fields),
                (Some(fields), None) => {
                    let mut run = Run { text: Vec::new(), fields: Vec::new() };
                    run.add(&fields);
                    ops.push(Op::Run(self.runs.len() as u32));
                    self.runs.push(run);
                }
                (None, _) => ops.push(self.plain(*step)),
            }
        }
        places.push(ops.len() as u32);
        for op in &mut ops {
            if let Op::Guard { to, .. } = op {
                *to = places[*to as usize];
            }
        }
        self.ops = ops;
    }

    fn plain(&self, step: Op) -> Op {
        let Op::Leaf(number) = step else { return step };
        let element = &self.elements[number as usize];
        match (&element.text[..], &element.attributes[..], element.drop_blank) {
            ([Part::Value(value)], [], false) => {
                Op::Value { value: *value, name: element.name, element: number }
            }
            ([], [Attribute { role: Role::Field(name), parts }], true) => match parts[..] {
                [Part::Value(value)] => Op::Field { value, name: *name, element: number },
                _ => step,
            },
            ([], attributes, true) if attributes.iter().all(Attribute::is_one_value) => Op::Fields(number),
            _ => step,
        }
    }

    /// Whether a word of a set may stand in a field that stands in no value; kept under its number.
    pub(super) fn may_speak_of(&self, set: usize, words: &Words) -> bool {
        let known = self.spoken.borrow().iter().find(|(known, _)| *known == set).map(|(_, speaks)| *speaks);
        known.unwrap_or_else(|| {
            let speaks = self.speaks(words);
            self.spoken.borrow_mut().push((set, speaks));
            speaks
        })
    }

    fn speaks(&self, words: &Words) -> bool {
        let attributes = self.elements.iter().flat_map(|element| &element.attributes).map(|a| &a.parts);
        let mut texts = self.elements.iter().map(|element| &element.text).chain(attributes);
        let is_value = |part: &Part| matches!(part, Part::Value(_));
        texts.any(|parts| parts.len() > 1 && parts.iter().any(is_value)) || words.stand_in(self.texts.bytes())
    }

    /// What its records' names and class follow from, beside their values: the same bytes for programs that
    /// differ only in fixed texts that say neither. Of any other fixed text only whether it is blank counts.
    pub(super) fn shape_key(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(16 * self.steps.len());
        for step in &self.steps {
            push_step(&mut key, *step);
        }
        for element in &self.elements {
            key.push(b'e');
            key.extend(element.name.to_le_bytes());
            key.extend([element.drop_blank, element.may_hold].map(u8::from));
            push_inside(&mut key, element.inside);
            self.push_parts(&mut key, &element.text);
            for attribute in &element.attributes {
                match attribute.role {
                    Role::Field(name) => {
                        key.push(b'f');
                        key.extend(name.to_le_bytes());
                    }
                    Role::NamesElement => key.push(b'n'),
                }
                self.push_parts(&mut key, &attribute.parts);
            }
        }
        let class = &self.class;
        for part in [&class.channel, &class.provider, &class.event_id, &class.time].into_iter().flatten() {
            match *part {
                Part::Fixed { start, end } => {
                    key.push(b't');
                    key.extend((end - start).to_le_bytes());
                    key.extend(self.fixed(start, end));
                }
                Part::Value(number) => key.extend([b'v', number.to_le_bytes()[0], number.to_le_bytes()[1]]),
            }
            key.push(b'c');
        }
        key
    }

    fn fixed(&self, start: u32, end: u32) -> &[u8] {
        self.texts.bytes().get(start as usize..end as usize).unwrap_or_default()
    }

    fn push_parts(&self, key: &mut Vec<u8>, parts: &[Part]) {
        key.extend((parts.len() as u32).to_le_bytes());
        for part in parts {
            match *part {
                Part::Fixed { start, end } => {
                    key.extend([b't', u8::from(value::is_blank(self.fixed(start, end)))]);
                }
                Part::Value(number) => key.extend([b'v', number.to_le_bytes()[0], number.to_le_bytes()[1]]),
            }
        }
    }

    /// Whether it can be used for records of another chunk: all it needs stands in itself.
    pub(super) fn is_portable(&self) -> bool {
        !self.steps.iter().any(|op| matches!(op, Op::Fragment { .. }))
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
        // Where each step will be: a guard goes on at the first one that is kept, and one that guards
        // nothing any more is dropped too. Backwards, because what it guards comes after it.
        let mut kept = vec![false; self.steps.len()];
        for at in (0..self.steps.len()).rev() {
            kept[at] = match self.steps[at] {
                Op::Guard { to, .. } => kept[at + 1..(to as usize).max(at + 1)].contains(&true),
                op => !idle(&op),
            };
        }
        let mut places = Vec::with_capacity(self.steps.len() + 1);
        let mut count = 0;
        for kept in &kept {
            places.push(count);
            count += u32::from(*kept);
        }
        places.push(count);
        let steps = self.steps.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(step, _)| match *step {
            Op::Guard { value, to } => Op::Guard { value, to: places[to as usize] },
            other => other,
        });
        self.steps = steps.collect();
    }
}

fn push_inside(key: &mut Vec<u8>, inside: Inside) {
    key.extend([inside.system, inside.event_data, inside.rendering].map(u8::from));
}

/// A step of those that are not simplified yet.
fn push_step(key: &mut Vec<u8>, step: Op) {
    let (kind, number, to) = match step {
        Op::Leaf(element) => (b'L', element, 0),
        Op::Attributes(element) => (b'A', element, 0),
        Op::Text(element) => (b'T', element, 0),
        Op::Guard { value, to } => (b'G', u32::from(value), to),
        Op::Insert { value, inside } => {
            push_inside(key, inside);
            (b'I', u32::from(value), 0)
        }
        Op::Fragment { start, end, inside } => {
            push_inside(key, inside);
            (b'F', start, end)
        }
        Op::Value { value, name, .. } | Op::Field { value, name, .. } => (b'V', u32::from(value), name),
        Op::Run(run) | Op::Fields(run) => (b'R', run, 0),
    };
    key.push(kind);
    key.extend(number.to_le_bytes());
    key.extend(to.to_le_bytes());
}

impl Run {
    fn add(&mut self, fields: &[(u32, &[u8])]) {
        for (name, text) in fields {
            self.text.extend_from_slice(text);
            self.fields.push((*name, self.text.len() as u32));
        }
    }
}

/// The fields of an element all of whose texts are fixed and in one piece each; `None` for others.
fn fixed_fields<'t>(element: &Element, texts: &'t [u8]) -> Option<Vec<(u32, &'t [u8])>> {
    let text_of = |parts: &[Part]| match *parts {
        [Part::Fixed { start, end }] => texts.get(start as usize..end as usize),
        _ => None,
    };
    let mut fields = Vec::new();
    for attribute in &element.attributes {
        match attribute.role {
            Role::Field(name) if name != known::TIME_CREATED => {
                fields.push((name, text_of(&attribute.parts)?))
            }
            _ => return None,
        }
    }
    match (&element.text[..], element.drop_blank) {
        ([], true) => {}
        ([], false) => fields.push((element.name, &texts[..0])),
        // Whether it is blank, running says.
        (_, true) => return None,
        (parts, false) => fields.push((element.name, text_of(parts)?)),
    }
    (!fields.is_empty()).then_some(fields)
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
    // 16 K values of at most 64 KiB each: no sum of them is beyond 32 bits.
    let mut at = cursor.at as u32;
    values.extend(descriptors.as_chunks::<4>().0.iter().map(|&[low, high, kind, _]| {
        let start = at;
        at += u32::from(u16::from_le_bytes([low, high]));
        Value { kind, start, end: at }
    }));
    let sum = at as usize - cursor.at;
    cursor.take(sum)?;
    Ok((template_id, definition))
}

/// Makes a program of the template in `cursor`.
pub(super) fn compile(
    cursor: Cursor<'_>,
    chunk: &[u8],
    inside: Inside,
    names: &mut Names,
    code_page: &'static Encoding,
) -> Result<Program, Broken> {
    let program = Program::default();
    let (from, to) = (cursor.at, cursor.end);
    let mut compiler = Compiler {
        chunk,
        names,
        code_page,
        program,
        open: Vec::new(),
        start: None,
        inside,
        from,
        met: Vec::new(),
    };
    compiler.run(cursor)?;
    let mut program = compiler.program;
    program.body = chunk.get(from..to).unwrap_or_default().to_vec();
    program.mask = mask(&program.body, &program.local);
    program.naming = Naming::of(&program.steps, &program.elements);
    program.simplify();
    Ok(program)
}

/// Leaves out sizes, offsets of names, and of a name that stands here the next one's offset and its NUL.
fn mask(body: &[u8], local: &[Local]) -> Vec<u8> {
    let mut mask = vec![0xff; body.len()];
    for local in local {
        let mut leave_out = |from: usize, to: usize| {
            if let Some(part) = mask.get_mut(from..to) {
                part.fill(0);
            }
        };
        leave_out(local.from, local.from + 4);
        if local.is_inline() {
            leave_out(local.from + 4, local.from + 8);
            leave_out(local.to - 2, local.to);
        }
    }
    mask
}

/// Whether two stretches are the same where the mask has bits. Written so that the compiler makes vector
/// code of it.
fn same_under(mask: &[u8], one: &[u8], other: &[u8]) -> bool {
    let differ = |((mask, one), other): ((&[u8], &[u8]), &[u8])| {
        let bits = mask.iter().zip(one).zip(other).map(|((mask, one), other)| mask & (one ^ other));
        bits.fold(0, |all, bits| all | bits) != 0
    };
    !mask.chunks(64).zip(one.chunks(64)).zip(other.chunks(64)).any(differ)
}

struct Compiler<'c, 'n> {
    chunk: &'c [u8],
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
    /// Offsets of names, and where each was first referred to.
    met: Vec<(u32, usize)>,
}

struct Open {
    local: Rc<str>,
    inside_of: Inside,
    is_data: bool,
    element: Element,
    guard: Option<usize>,
    /// Where its attributes are told, to be made a leaf if no child comes.
    told: Option<usize>,
    has_children: bool,
    /// In a start tag: the attribute whose parts are being read.
    attribute: Option<(Rc<Placed>, Vec<Part>)>,
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
                    let character = character(cursor.u16()?);
                    self.fixed(|out| out.push(character.encode_utf8(&mut [0; 4]).as_bytes()));
                }
                0x09 | 0x49 => {
                    let name = self.name(&mut cursor)?;
                    self.fixed(|out| entity(out, &name.full));
                }
                // A processing instruction says nothing about the event.
                0x0a => {
                    self.name(&mut cursor)?;
                }
                0x0b => {
                    let units = cursor.u16()?;
                    cursor.take(2 * usize::from(units))?;
                }
                0x0c => return cursor.broken("a template instance inside a template or a start tag"),
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

    fn name(&mut self, cursor: &mut Cursor<'_>) -> Result<Rc<Placed>, Broken> {
        let from = cursor.at - self.from;
        let placed = self.names.read(self.chunk, cursor)?;
        // Without the offset of the next name before it, and the NUL behind it.
        let whole = self.chunk.get(placed.offset as usize + 4..placed.end as usize - 2);
        let name = Some(whole.unwrap_or_default().to_vec());
        let known = self.met.iter().find(|(offset, _)| *offset == placed.offset);
        let earlier = known.map(|(_, earlier)| *earlier);
        if earlier.is_none() {
            self.met.push((placed.offset, from));
        }
        self.program.local.push(Local { from, to: cursor.at - self.from, name, earlier });
        Ok(placed)
    }

    /// A size that is not needed, because every element says where it ends.
    fn size(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        let from = cursor.at - self.from;
        cursor.u32()?;
        self.program.local.push(Local { from, to: from + 4, name: None, earlier: None });
        Ok(())
    }

    fn open_element(&mut self, cursor: &mut Cursor<'_>, has_attributes: bool) -> Result<(), Broken> {
        if self.start.is_some() {
            return cursor.broken("an element inside the start tag of another");
        }
        if self.open.len() >= DEPTH_MAX {
            return cursor.broken("elements nested deeper than 64");
        }
        let dependency = cursor.u16()?;
        self.size(cursor)?;
        let name = self.name(cursor)?;
        if has_attributes {
            self.size(cursor)?;
        }
        // A template's outermost element has nothing to be left out of.
        let guarded = dependency != NO_DEPENDENCY && !self.open.is_empty();
        let guard = guarded.then(|| {
            self.program.steps.push(Op::Guard { value: dependency, to: 0 });
            self.program.steps.len() - 1
        });
        let inside_of = match self.open.last_mut() {
            Some(parent) => {
                parent.has_children = true;
                parent.element.inside
            }
            None => self.inside,
        };
        self.start = Some(Open::of(&name.local, inside_of, guard, self.names));
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
        if parts.is_empty() || name.full.starts_with("xmlns") {
            return;
        }
        let key = &*name.local;
        let role = if key == "Name" && start.is_data {
            if let [Part::Fixed { start: from, end }] = parts[..] {
                let text = String::from_utf8_lossy(&self.program.texts.bytes()[from as usize..end as usize]);
                start.element.name = self.names.number_of(&prefixed(&text, start.inside_of));
                return;
            }
            Role::NamesElement
        } else {
            Role::Field(self.names.number_of(&attribute_name(&start.local, key, start.inside_of)))
        };
        match role {
            Role::Field(known::PROVIDER) => self.program.class.provider.clone_from(&parts),
            Role::Field(known::TIME_CREATED) => self.program.class.time.clone_from(&parts),
            _ => {}
        }
        start.element.attributes.push(Attribute { role, parts });
    }

    fn close_start(&mut self, cursor: &Cursor<'_>) -> Result<(), Broken> {
        let Some(mut start) = self.start.take() else {
            return cursor.broken("the end of a start tag without its beginning");
        };
        self.end_attribute(&mut start);
        if !start.element.attributes.is_empty() {
            start.told = Some(self.program.steps.len());
            self.program.steps.push(Op::Attributes(0));
        }
        self.open.push(start);
        Ok(())
    }

    fn close_element(&mut self, cursor: &Cursor<'_>) -> Result<(), Broken> {
        let Some(mut open) = self.open.pop().filter(|_| self.start.is_none()) else {
            return cursor.broken("the end of an element that did not begin");
        };
        let number = self.program.elements.len() as u32;
        let ops = &mut self.program.steps;
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
                self.program.steps.push(Op::Fragment { start, end, inside: open.element.inside });
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
    fn fixed(&mut self, write: impl FnOnce(&mut Out)) {
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
        self.part(Part::Value(value));
        if kind == kind::FRAGMENT
            && self.start.is_none()
            && let Some(open) = self.open.last_mut()
        {
            open.has_children = true;
            self.program.steps.push(Op::Insert { value, inside: open.element.inside });
        }
        Ok(())
    }
}

/// Elements that hold others and are no field.
const FRAMES: &[&str] =
    &["Event", "Events", "System", "EventData", "UserData", "RenderingInfo", "ComplexData", "Keywords"];
/// Elements of `System` that only have attributes.
const ATTRIBUTES_ONLY: &[&str] = &["Provider", "TimeCreated", "Correlation", "Execution", "Security"];

/// What is known of an element by its name and by what it stands inside of.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) inside_of: Inside,
    /// What its children are inside of.
    pub(super) inside: Inside,
    /// The name of the field that its text becomes.
    pub(super) name: u32,
    /// It may be named by an attribute.
    pub(super) is_data: bool,
    pub(super) drop_blank: bool,
}

impl Kind {
    pub(super) fn of(local: &str, inside_of: Inside, names: &mut Names) -> Self {
        let is_data = matches!(local, "Data" | "ComplexData") && inside_of.event_data;
        let is_frame = FRAMES.contains(&local) && !is_data && !(local == "Keywords" && inside_of.system);
        Self {
            inside_of,
            inside: Inside {
                system: inside_of.system || local == "System",
                event_data: inside_of.event_data || local == "EventData",
                rendering: inside_of.rendering || local == "RenderingInfo",
            },
            name: names.number_of(&prefixed(local, inside_of)),
            is_data,
            drop_blank: is_frame || ATTRIBUTES_ONLY.contains(&local),
        }
    }
}

impl Open {
    fn of(local: &Rc<str>, inside_of: Inside, guard: Option<usize>, names: &mut Names) -> Self {
        let kind = Kind::of(local, inside_of, names);
        let element = Element {
            attributes: Vec::new(),
            name: kind.name,
            text: Vec::new(),
            drop_blank: kind.drop_blank,
            inside: kind.inside,
            may_hold: &**local == "ComplexData",
        };
        let (local, is_data) = (Rc::clone(local), kind.is_data);
        Self { local, inside_of, is_data, element, guard, told: None, has_children: false, attribute: None }
    }
}

/// The words that Windows renders stand beside the values and must not be taken for them.
pub(super) fn prefixed(name: &str, inside: Inside) -> [&str; 2] {
    [if inside.rendering { "RenderingInfo_" } else { "" }, name]
}

/// Attributes keep their element's name but for the two of `System` that have names of their own.
pub(super) fn attribute_name<'n>(element: &'n str, attribute: &'n str, inside_of: Inside) -> [&'n str; 3] {
    match (element, attribute) {
        ("TimeCreated", "SystemTime") if inside_of.system => ["TimeCreated", "", ""],
        ("EventID", "Qualifiers") if inside_of.system => ["Qualifiers", "", ""],
        _ => [element, "_", attribute],
    }
}

/// A character by its one unit.
pub(super) fn character(unit: u16) -> char {
    char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The character of an entity; one that XML does not define stays as it is written.
pub(super) fn entity(out: &mut Out, name: &str) {
    match name {
        "lt" => out.push(b"<"),
        "gt" => out.push(b">"),
        "amp" => out.push(b"&"),
        "quot" => out.push(b"\""),
        "apos" => out.push(b"'"),
        other => out.push(format!("&{other};").as_bytes()),
    }
}
