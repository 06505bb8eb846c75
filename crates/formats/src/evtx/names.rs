//! Which names have been met, so that each is kept once and compared as a number?
//!
//! Names of fields repeat in every record. A reader keeps each once and gives it a number; the
//! numbers of those that the reader itself asks for are fixed.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::cursor::{Broken, Cursor};
use super::program::{Inside, Kind, attribute_name};
use super::value::{self, Out};
use crate::windows::SPINE_FIELDS;

/// Numbers of names that are asked for: those of the spine first, then the frame's.
pub(super) mod known {
    use crate::windows::{Own, SPINE_FIELDS};

    /// Names below this number are those of the spine.
    pub(crate) const OF_SPINE: usize = SPINE_FIELDS.len();
    pub(crate) const TIME_CREATED: u32 = Own::of("TimeCreated").0 as u32;
    pub(crate) const CHANNEL: u32 = Own::of("Channel").0 as u32;
    pub(crate) const PROVIDER: u32 = Own::of("Provider_Name").0 as u32;
    pub(crate) const EVENT_ID: u32 = Own::of("EventID").0 as u32;
    pub(crate) const HEADER_TIME: u32 = OF_SPINE as u32;
    pub(crate) const HEADER_ID: u32 = HEADER_TIME + 1;
    pub(crate) const RECOVERED: u32 = HEADER_TIME + 2;
    pub(crate) const TEMPLATE: u32 = HEADER_TIME + 3;
}

/// The frame's, in the order of their numbers.
const OF_FRAME: [&str; 4] = ["Record_HeaderTime", "Record_HeaderID", "Record_Recovered", "Record_Template"];

/// Names kept before everything is forgotten between two chunks: far more than the some thousands
/// of real logs, little enough for hostile ones.
const NAMES_MAX: usize = 100_000;

/// Every name met so far.
pub(super) struct Names {
    list: Vec<Box<str>>,
    numbers: BTreeMap<Box<str>, u32>,
    /// Numbers that are found without a search, at a place that the name gives.
    recent: Vec<u32>,
    /// Names of the chunk at hand by their place in it, at a place that this gives.
    placed: Vec<Option<Rc<Placed>>>,
    /// What elements of the chunk at hand are, at a place that their name's offset gives.
    kinds: Vec<Option<(u32, Inside, Kind)>>,
    /// Numbers of attributes' names by the offsets of element and attribute.
    attributes: Vec<Option<(u32, u32, Inside, u32)>>,
    joined: String,
}

/// A name where it stands in a chunk.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// Of its entry: offset of the next one, hash, units, text, NUL.
    pub(super) offset: u32,
    /// Behind its entry.
    pub(super) end: u32,
    pub(super) full: Rc<str>,
    /// Without the prefix of a namespace.
    pub(super) local: Rc<str>,
}

const RECENT: usize = 1024;
const PLACED: usize = 256;

impl Default for Names {
    fn default() -> Self {
        let mut names = Self {
            list: Vec::new(),
            numbers: BTreeMap::new(),
            recent: vec![0; RECENT],
            placed: vec![None; PLACED],
            kinds: vec![None; PLACED],
            attributes: vec![None; PLACED],
            joined: String::new(),
        };
        for name in SPINE_FIELDS.iter().chain(&OF_FRAME) {
            names.number(name);
        }
        names
    }
}

impl Names {
    /// The number of a name, new or known.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        let mix = |hash: u32, byte: u8| hash.wrapping_mul(31).wrapping_add(u32::from(byte));
        let slot = name.bytes().fold(0, mix) as usize % RECENT;
        let guess = self.recent[slot];
        if self.list.get(guess as usize).is_some_and(|known| **known == *name) {
            return guess;
        }
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                let number = self.list.len() as u32;
                self.list.push(name.into());
                self.numbers.insert(name.into(), number);
                number
            }
        };
        self.recent[slot] = number;
        number
    }

    /// The number of a name that is put together.
    pub(super) fn number_of(&mut self, parts: &[&str]) -> u32 {
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        parts.iter().for_each(|part| joined.push_str(part));
        let number = self.number(&joined);
        self.joined = joined;
        number
    }

    /// What an element is, by its name in the chunk at hand.
    pub(super) fn kind(&mut self, placed: &Placed, inside_of: Inside) -> Kind {
        if let Some((offset, inside, kind)) = self.kinds[slot(placed.offset)]
            && (offset, inside) == (placed.offset, inside_of)
        {
            return kind;
        }
        let kind = Kind::of(&placed.local, inside_of, self);
        self.kinds[slot(placed.offset)] = Some((placed.offset, inside_of, kind));
        kind
    }

    /// The number of the name of an attribute's field.
    pub(super) fn attribute(&mut self, element: &Placed, attribute: &Placed, inside_of: Inside) -> u32 {
        let place = (slot(element.offset) + 7 * slot(attribute.offset)) % PLACED;
        if let Some((of, offset, inside, number)) = self.attributes[place]
            && (of, offset, inside) == (element.offset, attribute.offset, inside_of)
        {
            return number;
        }
        let number = self.number_of(&attribute_name(&element.local, &attribute.local, inside_of));
        self.attributes[place] = Some((element.offset, attribute.offset, inside_of, number));
        number
    }

    pub(super) fn name(&self, number: u32) -> &str {
        self.list.get(number as usize).map_or("", |name| name)
    }

    /// Whether there are so many that they should be forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() > NAMES_MAX
    }

    /// Offsets mean something else from here on.
    pub(super) fn begin_chunk(&mut self) {
        self.placed.fill(None);
        self.kinds.fill(None);
        self.attributes.fill(None);
    }

    /// A reference to a name, with the name right behind it where it is met first.
    pub(super) fn read(&mut self, chunk: &[u8], cursor: &mut Cursor<'_>) -> Result<Rc<Placed>, Broken> {
        let offset = cursor.u32()?;
        let placed = match self.at(offset) {
            Some(placed) => Rc::clone(placed),
            None => self.new_name(chunk, offset)?,
        };
        if offset as usize == cursor.at {
            cursor.take(placed.end as usize - cursor.at)?;
        }
        Ok(placed)
    }

    /// Offset of the next name with the same remainder, hash, length, text, NUL. The header's table
    /// of names is not asked: what is damaged there costs nothing here.
    fn new_name(&mut self, chunk: &[u8], offset: u32) -> Result<Rc<Placed>, Broken> {
        let mut at = Cursor::new(chunk, offset as usize, chunk.len());
        at.take(4)?;
        let hash = at.u16()?;
        let units = at.u16()?;
        let text = at.take(2 * usize::from(units))?;
        at.take(2)?;
        if name_hash(text) != hash {
            return at.broken("a name that does not agree with its hash");
        }
        let mut out = Out::default();
        value::text(&mut out, text);
        let full: Rc<str> = String::from_utf8_lossy(out.bytes()).into();
        if full.is_empty() {
            return at.broken("a name without characters");
        }
        let local = match full.rsplit_once(':') {
            Some((_, local)) => local.into(),
            None => Rc::clone(&full),
        };
        let placed = Rc::new(Placed { offset, end: at.at as u32, full, local });
        self.placed[slot(offset)] = Some(Rc::clone(&placed));
        Ok(placed)
    }

    /// The name that was met at an offset of the chunk at hand.
    fn at(&self, offset: u32) -> Option<&Rc<Placed>> {
        self.placed[slot(offset)].as_ref().filter(|placed| placed.offset == offset)
    }
}

/// Where what is known of the name at an offset is kept.
fn slot(offset: u32) -> usize {
    offset as usize / 4 % PLACED
}

/// The hash that stands before a name: of its UTF-16 units, by the factor 65599.
pub(super) fn name_hash(text: &[u8]) -> u16 {
    let units = text.as_chunks::<2>().0.iter().map(|unit| u32::from(u16::from_le_bytes(*unit)));
    units.fold(0u32, |hash, unit| hash.wrapping_mul(65599).wrapping_add(unit)) as u16
}
