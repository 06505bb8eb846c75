//! Which records are of one kind: of one class, with the same names of fields, whatever the values?
//!
//! What a projection wants of a record follows from its kind, and most records are of a kind that was
//! met before. So a record is *signed*: the shapes of its templates, the types of its values, which of them are
//! empty, and the values that tell its class. A template's own texts count where they tell the class. Records with one signature have one sequence of names.
//! The first of each is read whole, which shows the names, and later ones cost no more than the
//! signature where nothing is wanted of them. A record whose names may depend on more than that (names
//! that are values themselves, XML that stands in the record) is not signed, and judged by its class.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::cursor::Cursor;
use super::program::{Element, Inside, Op, Part, Program, Role, Value, instance_into};
use super::run::{Decoder, Row, file_time};
use super::value::kind;
use super::wants::Wish;

/// Kinds that are remembered, and the bytes of their signatures: hostile logs have as many as records.
const KINDS_MAX: usize = 1 << 14;
const BYTES_MAX: usize = 4 << 20;
/// Kinds that are found without a search.
const RECENT: usize = 1024;
/// Values of a record that is signed.
const VALUES_MAX: usize = 512;
/// Fragments inside fragments that are signed; real ones nest twice.
const DEPTH_MAX: usize = 3;
/// Set beside the type of a value that is empty; no type has this bit.
const EMPTY: u8 = 0x40;

/// What is known of kinds of records.
pub(super) struct Kinds {
    known: BTreeMap<Box<[u8]>, Option<Wish>>,
    bytes: usize,
    /// Those met last, each at a place that its signature gives.
    recent: Vec<Option<Known>>,
    /// The signature of the record at hand.
    key: Vec<u8>,
    /// Its templates.
    pub(super) programs: Vec<Rc<Program>>,
    /// Whether it has a value whose type may hide a word.
    pub(super) has_ansi: bool,
}

/// A signature, and what is wished of its records.
type Known = (Box<[u8]>, Option<Wish>);

/// What of a record's frame becomes a field.
#[derive(Clone, Copy)]
pub(super) struct Framed {
    /// FILETIME of the frame.
    pub(super) written: u64,
    pub(super) is_recovered: bool,
}

impl Kinds {
    pub(super) fn new() -> Self {
        let recent = vec![None; RECENT];
        Self {
            known: BTreeMap::new(),
            bytes: 0,
            recent,
            key: Vec::new(),
            programs: Vec::new(),
            has_ansi: false,
        }
    }

    /// What is wished of records with the signature at hand, if one was met.
    pub(super) fn wish(&mut self) -> Option<Option<Wish>> {
        let slot = self.slot();
        let recent = self.recent[slot].as_ref().filter(|recent| *recent.0 == *self.key);
        if let Some((_, wish)) = recent {
            return Some(*wish);
        }
        let wish = *self.known.get(self.key.as_slice())?;
        self.recent[slot] = Some((self.key.as_slice().into(), wish));
        Some(wish)
    }

    pub(super) fn keep(&mut self, wish: Option<Wish>) {
        self.bytes += self.key.len();
        if self.known.len() >= KINDS_MAX || self.bytes > BYTES_MAX {
            (self.known, self.bytes) = (BTreeMap::new(), 0);
        }
        self.known.insert(self.key.as_slice().into(), wish);
    }

    fn slot(&self) -> usize {
        let (eights, rest) = self.key.as_chunks::<8>();
        let mix = |hash: u64, bits: u64| (hash.rotate_left(5) ^ bits).wrapping_mul(0x517c_c1b7_2722_0a95);
        let hash = eights.iter().fold(0, |hash, eight| mix(hash, u64::from_le_bytes(*eight)));
        let hash = rest.iter().fold(hash, |hash, byte| mix(hash, u64::from(*byte)));
        (hash >> 40) as usize % RECENT
    }
}

impl Decoder {
    /// Signs the record at hand, an instance of `program` whose values stand in `values`. `None` if its
    /// names may depend on more.
    pub(super) fn sign(
        &mut self,
        chunk: &[u8],
        program: &Rc<Program>,
        framed: Framed,
        row: &mut Row,
    ) -> Option<()> {
        self.kinds.key.clear();
        self.kinds.programs.clear();
        self.kinds.has_ansi = false;
        let created = match program.class.time[..] {
            [Part::Value(number)] => self.values.get(usize::from(number)).and_then(|v| file_time(*v, chunk)),
            _ => None,
        };
        let differs = created.is_some_and(|created| created != framed.written);
        self.kinds.key.push(u8::from(differs) | u8::from(framed.is_recovered) << 1);
        let class = &program.class;
        for parts in [&class.channel, &class.provider, &class.event_id] {
            for part in parts {
                let Part::Value(number) = *part else { continue };
                let value = self.values.get(usize::from(number))?.bytes(chunk);
                self.kinds.key.extend((value.len() as u16).to_le_bytes());
                self.kinds.key.extend(value);
            }
        }
        self.sign_instance(chunk, program, 0, 0, row)
    }

    fn sign_instance(
        &mut self,
        chunk: &[u8],
        program: &Rc<Program>,
        base: usize,
        depth: usize,
        row: &mut Row,
    ) -> Option<()> {
        let values = self.values.get(base..)?;
        if values.len() > VALUES_MAX || depth > DEPTH_MAX || !row.foreign.is_empty() {
            return None;
        }
        let (key, naming) = (&mut self.kinds.key, &program.naming);
        key.extend(program.shape.to_le_bytes());
        key.extend((values.len() as u16).to_le_bytes());
        let is_empty = |value: &Value| u8::from(value.start >= value.end) * EMPTY;
        key.extend(values.iter().map(|value| value.kind | is_empty(value)));
        let (kinds, has_ansi) = values.iter().fold((0, false), |(kinds, has_ansi), value| {
            (kinds | value.kind, has_ansi | (value.kind & !kind::LIST == kind::ANSI))
        });
        self.kinds.has_ansi |= has_ansi;
        if !naming.tells(values, chunk, kinds & kind::LIST != 0, key) {
            return None;
        }
        self.kinds.programs.push(Rc::clone(program));
        for (number, inside) in &program.naming.fragments {
            let Some(value) = self.values.get(base + usize::from(*number)).copied() else { continue };
            if value.kind == kind::FRAGMENT && value.start < value.end {
                self.sign_fragment(chunk, value, *inside, depth, row)?;
            }
        }
        Some(())
    }

    fn sign_fragment(
        &mut self,
        chunk: &[u8],
        value: Value,
        inside: Inside,
        depth: usize,
        row: &mut Row,
    ) -> Option<()> {
        let skip = match value.bytes(chunk) {
            [0x0f, _, _, _, 0x0c, ..] => 5,
            [0x0c, ..] => 1,
            _ => return None,
        };
        let mut cursor = Cursor::new(chunk, value.start as usize + skip, value.end as usize);
        let base = self.values.len();
        let (template, definition) = instance_into(&mut cursor, &mut self.values).ok()?;
        if !cursor.is_done() && chunk.get(cursor.at) != Some(&0) {
            return None;
        }
        let program = self.template(chunk, template, definition, inside, row).ok()?;
        // What tells the class stands outside of it, or is not looked for.
        let signed = match program.class.is_empty() {
            true => self.sign_instance(chunk, &program, base, depth + 1, row),
            false => None,
        };
        self.values.truncate(base);
        signed
    }
}

/// What the names of an instance's fields follow from, beside the types of its values.
#[derive(Debug, Default)]
pub(super) struct Naming {
    /// Names are values, or stand in a fragment of the template.
    by_value: bool,
    /// Values in attributes: an empty one is left out.
    attributes: Vec<u16>,
    /// Values in texts of which white space alone is no field.
    dropped: Vec<u16>,
    /// Values beside others in a text: if one is a fragment, white space alone is no field.
    mixed: Vec<u16>,
    /// Values that may be fragments, and what these stand inside of.
    fragments: Vec<(u16, Inside)>,
}

impl Naming {
    pub(super) fn of(steps: &[Op], elements: &[Element]) -> Self {
        let mut naming = Self::default();
        for step in steps {
            match *step {
                Op::Leaf(element) => naming.leaf(&elements[element as usize]),
                Op::Attributes(element) => naming.attributes(&elements[element as usize]),
                Op::Text(element) => naming.dropped.extend(values(&elements[element as usize].text)),
                Op::Insert { value, inside } => naming.fragments.push((value, inside)),
                Op::Fragment { .. } => naming.by_value = true,
                // What steps are made into when they are simplified.
                Op::Guard { .. } | Op::Value { .. } | Op::Run(_) | Op::Fields(_) | Op::Field { .. } => {}
            }
        }
        naming
    }

    fn leaf(&mut self, element: &Element) {
        self.attributes(element);
        let values = values(&element.text);
        if element.drop_blank {
            self.dropped.extend(&values);
        }
        if element.text.len() > 1 {
            self.mixed.extend(&values);
        }
        self.fragments.extend(values.iter().map(|value| (*value, element.inside)));
    }

    fn attributes(&mut self, element: &Element) {
        for attribute in &element.attributes {
            let values = values(&attribute.parts);
            self.by_value |= attribute.role == Role::NamesElement;
            self.attributes.extend(values);
        }
    }

    /// Whether types, and which values are empty, tell all names. Adds to the signature which attributes
    /// are left out.
    fn tells(&self, own: &[Value], chunk: &[u8], has_lists: bool, key: &mut Vec<u8>) -> bool {
        if self.by_value || has_lists && own.iter().any(is_half) {
            return false;
        }
        for number in &self.attributes {
            let Some(value) = own.get(usize::from(*number)) else { continue };
            let is_empty = is_empty(*value, chunk);
            if !is_empty && (value.kind >= kind::FRAGMENT || value.kind == kind::ANSI) {
                return false;
            }
            key.push(u8::from(is_empty));
        }
        let value = |number: &u16| own.get(usize::from(*number));
        let is_part = |value: &Value| value.kind == kind::FRAGMENT || value.start >= value.end;
        self.dropped.iter().filter_map(value).all(is_part)
            && !self.mixed.iter().filter_map(value).any(|value| value.kind == kind::FRAGMENT)
    }
}

/// Half a character is no value of a list.
fn is_half(value: &Value) -> bool {
    value.kind == kind::STRING | kind::LIST && value.end.wrapping_sub(value.start) == 1
}

fn values(parts: &[Part]) -> Vec<u16> {
    parts.iter().filter_map(|part| if let Part::Value(value) = part { Some(*value) } else { None }).collect()
}

/// Whether an attribute with this value is left out.
fn is_empty(value: Value, chunk: &[u8]) -> bool {
    value.start >= value.end || value.kind == kind::STRING && value.bytes(chunk).starts_with(&[0, 0])
}
