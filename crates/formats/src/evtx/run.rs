//! What are the fields of one record?
//!
//! Runs the programs of a record's templates over its values and appends names and texts to a
//! [`Row`], which is emptied and filled again for every record. Knows one chunk at a time and,
//! for templates whose definition a chunk lost, those of chunks before it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use assize_model::{Projection, Range, Wanted};
use encoding_rs::Encoding;

use super::cursor::{Broken, Cursor};
use super::names::{Names, known};
use super::program::{
    Element, Inside, Op, Part, Program, Role, StreamKind, Value, compile, instance_into, prefixed,
};
use super::value::{self, kind};
use crate::windows;

/// Fragments nested deeper than this are hostile; real ones nest twice.
const NESTING_MAX: usize = 16;
/// Steps, fields and bytes of text of one record. A record has at most 64 KiB; what fills more
/// than this repeats its values to exhaust us.
const STEPS_MAX: usize = 1 << 16;
const FIELDS_MAX: usize = 1 << 15;
const TEXT_MAX: usize = 1 << 19;
/// Bytes of templates that are looked at in one chunk. Honest ones do not overlap, so that a chunk
/// has less than 64 KiB of them, looked at for few reasons.
const TEMPLATES_MAX: usize = 1 << 20;
/// Programs that are found without a search.
const RECENT: usize = 64;
/// Templates kept of earlier chunks, and their bytes.
const FOREIGN_MAX: usize = 4096;
const FOREIGN_BYTES_MAX: usize = 4 << 20;
/// Templates with one number that are kept: a name that is met first in one record or in another
/// makes two of it.
const ALIKE_MAX: usize = 4;

/// No field of that name in the record.
const NOWHERE: u16 = u16::MAX;

/// The fields of one record. Names are numbers of [`Names`].
#[derive(Debug)]
pub(super) struct Row {
    /// Where the first field of each name of the spine is.
    places: [u16; known::OF_SPINE],
    /// The fields' texts one after another, without anything between them. UTF-8: only `value` and
    /// the texts of programs write here.
    pub(super) text: Vec<u8>,
    /// The name of each field, and where its text ends.
    pub(super) names: Vec<u32>,
    pub(super) ends: Vec<u32>,
    /// `TimeCreated` as a FILETIME, where it was one.
    pub(super) created: Option<u64>,
    /// The chunks of which templates were taken, where it was not the record's own.
    pub(super) foreign: Vec<Range>,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            places: [NOWHERE; known::OF_SPINE],
            text: Vec::new(),
            names: Vec::new(),
            ends: Vec::new(),
            created: None,
            foreign: Vec::new(),
        }
    }
}

impl Row {
    pub(super) fn clear(&mut self) {
        self.places = [NOWHERE; known::OF_SPINE];
        self.text.clear();
        self.names.clear();
        self.ends.clear();
        self.created = None;
        self.foreign.clear();
    }

    /// The text of the field at that place.
    fn value(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let text = std::str::from_utf8(&self.text[start..self.ends[place] as usize]);
        assert!(text.is_ok(), "a value was written that is not UTF-8");
        text.unwrap_or_default()
    }

    /// The text of the first field of that name of the spine.
    pub(super) fn first(&self, name: usize) -> Option<&str> {
        self.all(name).next()
    }

    /// The texts of the fields of that name of the spine.
    pub(super) fn all(&self, name: usize) -> impl Iterator<Item = &str> {
        let first = usize::from(self.places.get(name).map_or(NOWHERE, |place| *place));
        let places = first..self.names.len().max(first);
        places.filter(move |place| self.names[*place] as usize == name).map(|place| self.value(place))
    }

    /// Makes a field of all text since the last one.
    fn push(&mut self, name: u32) {
        if let Some(place) = self.places.get_mut(name as usize)
            && *place == NOWHERE
        {
            // There are never more fields than FIELDS_MAX and a leaf's, which is below 2^16.
            *place = u16::try_from(self.names.len()).unwrap_or(NOWHERE);
        }
        self.names.push(name);
        self.ends.push(self.text.len() as u32);
    }

    /// Adds a field whose text is `write`'s.
    pub(super) fn add(&mut self, name: u32, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.text);
        self.push(name);
    }
}

/// Programs by what a record says of its template, what they stand inside of, and the set of
/// fields that is wanted. An old record behind the end mark may name an offset at which another
/// template stands by now: so the template's number is a part of what it says.
type Programs = BTreeMap<ProgramKey, Result<Rc<Program>, Broken>>;
type ProgramKey = (u32, u32, Inside, usize);

/// What reading a record came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Filled,
    /// It belongs to no class that is wanted.
    Unwanted,
}

/// A template of an earlier chunk.
struct Foreign {
    program: Rc<Program>,
    chunk: Range,
}

/// A program that was run lately, with what names it.
type Recent = Option<(ProgramKey, Rc<Program>)>;

/// What decides how a record is read, and what was learnt on the way.
pub(super) struct Decoder {
    pub(super) names: Names,
    code_page: &'static Encoding,
    /// Programs of the chunk at hand.
    programs: Programs,
    /// Those used last, by the offset of their definition.
    recent: Box<[Recent; RECENT]>,
    /// Programs of this chunk and earlier ones, by the first bytes of the template's GUID; the one
    /// met last stands last.
    foreign: BTreeMap<(u32, Inside, usize), Vec<Foreign>>,
    foreign_bytes: usize,
    /// Bytes of templates looked at in the chunk at hand.
    looked_at: usize,
    /// Values of the instances that are being run, the innermost last.
    values: Vec<Value>,
    steps: usize,
    chunk: Range,
    wants: Wants,
    /// Number of the set of fields that is wanted of the record at hand.
    set: usize,
}

impl Decoder {
    pub(super) fn new(code_page: &'static Encoding, projection: Projection<'_>) -> Self {
        Self {
            wants: Wants::new(projection),
            set: EVERYTHING,
            names: Names::default(),
            code_page,
            programs: Programs::new(),
            recent: Box::new([const { None }; RECENT]),
            foreign: BTreeMap::new(),
            foreign_bytes: 0,
            looked_at: 0,
            values: Vec::new(),
            steps: 0,
            chunk: Range { offset: 0, length: 0 },
        }
    }

    /// Makes ready for the chunk that lies at `place`.
    pub(super) fn begin_chunk(&mut self, place: Range) {
        self.programs.clear();
        self.recent.fill(None);
        self.chunk = place;
        self.looked_at = 0;
        let too_much = self.foreign.len() > FOREIGN_MAX || self.foreign_bytes > FOREIGN_BYTES_MAX;
        if self.names.is_full() || too_much {
            self.names = Names::default();
            self.foreign.clear();
            self.foreign_bytes = 0;
        }
    }

    /// Fills `row` with the fields of the binary XML at `from..to` of the chunk.
    pub(super) fn read(
        &mut self,
        chunk: &[u8],
        from: usize,
        to: usize,
        row: &mut Row,
    ) -> Result<Read, Broken> {
        row.clear();
        self.values.clear();
        self.steps = 0;
        self.set = EVERYTHING;
        if self.wants.is_narrow() && !self.choose(chunk, from, to, row)? {
            return Ok(Read::Unwanted);
        }
        self.fragment(chunk, from, to, Inside::default(), 0, row)?;
        Ok(Read::Filled)
    }

    /// Whether a record is wanted, by channel, provider and number alone; sets what of it is.
    fn choose(&mut self, chunk: &[u8], from: usize, to: usize, row: &mut Row) -> Result<bool, Broken> {
        let mut cursor = Cursor::new(chunk, from, to);
        match chunk.get(from..to.min(chunk.len())).unwrap_or_default() {
            [0x0f, _, _, _, 0x0c, ..] => cursor.at += 5,
            // What is no plain instance is read whole.
            _ => return Ok(true),
        }
        let (template, definition) = instance_into(&mut cursor, &mut self.values)?;
        let program = self.template(chunk, template, definition, Inside::default(), row)?;
        let mut key = std::mem::take(&mut row.text);
        self.parts(chunk, &program, &program.class.channel, &mut key);
        let channel = key.len();
        self.parts(chunk, &program, &program.class.provider, &mut key);
        let provider = key.len();
        self.parts(chunk, &program, &program.class.event_id, &mut key);
        let id = std::str::from_utf8(&key[provider..]).ok().and_then(|id| id.parse().ok());
        let set = self.wants.set_of(&key[..channel], &key[channel..provider], id);
        key.clear();
        row.text = key;
        self.values.clear();
        self.set = set.unwrap_or(EVERYTHING);
        Ok(set.is_some())
    }

    fn parts(&self, chunk: &[u8], program: &Program, parts: &[Part], out: &mut Vec<u8>) {
        let frame = Frame { chunk, program, base: 0, depth: 0, item: None };
        parts.iter().for_each(|part| self.part(frame, *part, out));
    }

    /// A fragment: nearly always one instance of a template, else tokens.
    fn fragment(
        &mut self,
        chunk: &[u8],
        from: usize,
        to: usize,
        inside: Inside,
        depth: usize,
        row: &mut Row,
    ) -> Result<(), Broken> {
        let mut cursor = Cursor::new(chunk, from, to);
        if depth > NESTING_MAX {
            return cursor.broken("fragments nested deeper than 16");
        }
        let head = chunk.get(from..to.min(chunk.len())).unwrap_or_default();
        let skip = match head {
            [0x0f, _, _, _, 0x0c, ..] => 5,
            [0x0c, ..] => 1,
            _ => return self.tokens(cursor, chunk, inside, depth, row),
        };
        cursor.at += skip;
        let base = self.values.len();
        let (template, definition) = instance_into(&mut cursor, &mut self.values)?;
        // What follows the instance is the end, or more that only tokens can tell.
        if !cursor.is_done() && chunk.get(cursor.at) != Some(&0) {
            self.values.truncate(base);
            return self.tokens(Cursor::new(chunk, from, to), chunk, inside, depth, row);
        }
        let program = self.template(chunk, template, definition, inside, row)?;
        let done = self.run(chunk, &program, base, depth, row);
        self.values.truncate(base);
        done
    }

    fn tokens(
        &mut self,
        cursor: Cursor<'_>,
        chunk: &[u8],
        inside: Inside,
        depth: usize,
        row: &mut Row,
    ) -> Result<(), Broken> {
        let program = compile(cursor, chunk, StreamKind::Record, inside, &mut self.names, self.code_page)?;
        self.run(chunk, &program, self.values.len(), depth, row)
    }

    /// The program of a template: of this chunk, or of an earlier one if this chunk lost it.
    fn template(
        &mut self,
        chunk: &[u8],
        template: u32,
        definition: u32,
        inside: Inside,
        row: &mut Row,
    ) -> Result<Rc<Program>, Broken> {
        let key = (template, definition, inside, self.set);
        let slot = definition as usize / 8 % RECENT;
        if let Some((recent, program)) = &self.recent[slot]
            && *recent == key
        {
            return Ok(Rc::clone(program));
        }
        // What could not be made once is not tried again: old records name many a lost template.
        let own = match self.programs.get(&key) {
            Some(own) => own.clone(),
            None => {
                let own = self.own_template(chunk, template, definition, inside, row.foreign.is_empty());
                self.programs.insert(key, own.clone());
                own
            }
        };
        match own {
            Ok(program) => {
                self.recent[slot] = Some((key, Rc::clone(&program)));
                Ok(program)
            }
            Err(broken) => {
                let alike = self.foreign.get(&(template, inside, self.set));
                let known = alike.and_then(|alike| alike.last()).ok_or(broken)?;
                if !row.foreign.contains(&known.chunk) {
                    row.foreign.push(known.chunk);
                }
                Ok(Rc::clone(&known.program))
            }
        }
    }

    /// The program of a template that stands in this chunk: known from another, or new. It is kept
    /// for later chunks only if the record got here by itself, without another chunk's templates:
    /// else this chunk alone would not give it again, and a locator that names it would lie.
    fn own_template(
        &mut self,
        chunk: &[u8],
        template: u32,
        definition: u32,
        inside: Inside,
        by_itself: bool,
    ) -> Result<Rc<Program>, Broken> {
        let mut cursor = Cursor::new(chunk, definition as usize, chunk.len());
        let header = cursor.take(24)?;
        // A record names the first four bytes of its template's GUID. Where they are not there, the
        // definition has been overwritten, and another one would give wrong values.
        if header[4..8] != template.to_le_bytes() {
            let what = "another template, or none, where the record's should be";
            return Err(Broken { at: definition as usize, what });
        }
        let size = u32::from_le_bytes([header[20], header[21], header[22], header[23]]) as usize;
        if cursor.at + size > chunk.len() {
            return cursor.broken("a template that is longer than its chunk");
        }
        cursor.end = cursor.at + size;
        self.looked_at += size;
        if self.looked_at > TEMPLATES_MAX {
            return cursor.broken(LIMIT);
        }
        let key = (template, inside, self.set);
        if let Some(program) = self.known(key, chunk, cursor.at, size, by_itself) {
            return Ok(program);
        }
        let mut program =
            compile(cursor, chunk, StreamKind::Template, inside, &mut self.names, self.code_page)?;
        if let Some(wanted) = self.wants.fields(self.set) {
            let names = &self.names;
            program.keep_only(|name| wanted.contains(&assize_model::plain_name(names.name(name))));
        }
        let program = Rc::new(program);
        if program.is_portable() && by_itself {
            self.foreign_bytes += size;
            let alike = self.foreign.entry(key).or_default();
            if alike.len() >= ALIKE_MAX {
                alike.remove(0);
            }
            alike.push(Foreign { program: Rc::clone(&program), chunk: self.chunk });
        }
        Ok(program)
    }

    /// A program of an earlier chunk that is of the very same template.
    fn known(
        &mut self,
        key: (u32, Inside, usize),
        chunk: &[u8],
        at: usize,
        size: usize,
        by_itself: bool,
    ) -> Option<Rc<Program>> {
        let alike = self.foreign.get_mut(&key)?;
        let place = alike.iter().rposition(|known| known.program.is_of(chunk, at, size))?;
        let mut known = alike.remove(place);
        if by_itself {
            known.chunk = self.chunk;
        }
        let program = Rc::clone(&known.program);
        alike.push(known);
        Some(program)
    }

    fn run(
        &mut self,
        chunk: &[u8],
        program: &Program,
        base: usize,
        depth: usize,
        row: &mut Row,
    ) -> Result<(), Broken> {
        let frame = Frame { chunk, program, base, depth, item: None };
        let mut next = 0;
        while let Some(op) = program.ops.get(next) {
            next += 1;
            self.limit(row)?;
            match *op {
                Op::Guard { value, to } => {
                    let value = self.values.get(base + usize::from(value));
                    if value.is_some_and(|value| value.kind == kind::NULL) {
                        next = to as usize;
                    }
                }
                Op::Leaf(element) => self.leaf(frame, &program.elements[element as usize], row)?,
                Op::Attributes(element) => {
                    self.attributes(frame, &program.elements[element as usize], row);
                }
                Op::Insert { value, inside } => {
                    if let Some(value) = self.fragment_at(base, value) {
                        self.fragment(
                            chunk,
                            value.start as usize,
                            value.end as usize,
                            inside,
                            depth + 1,
                            row,
                        )?;
                    }
                }
                Op::Fragment { start, end, inside } => {
                    if start < end {
                        self.fragment(chunk, start as usize, end as usize, inside, depth + 1, row)?;
                    }
                }
                Op::Instance(number) => {
                    let (instance, inside) = &program.instances[number as usize];
                    let base = self.values.len();
                    self.values.extend_from_slice(&instance.values);
                    let inner =
                        self.template(chunk, instance.template_id, instance.definition, *inside, row)?;
                    self.run(chunk, &inner, base, depth + 1, row)?;
                    self.values.truncate(base);
                }
                Op::Text(element) => {
                    let element = &program.elements[element as usize];
                    self.text(frame, element, element.name, Blank::Drop, row);
                }
            }
        }
        Ok(())
    }

    /// Each step, field and byte of a record is bounded, because values may be named many times.
    fn limit(&mut self, row: &Row) -> Result<(), Broken> {
        self.steps += 1;
        if self.steps > STEPS_MAX || row.names.len() > FIELDS_MAX || row.text.len() > TEXT_MAX {
            return Err(Broken { at: 0, what: LIMIT });
        }
        Ok(())
    }

    /// The value of that number if it is a fragment with something in it.
    fn fragment_at(&self, base: usize, value: u16) -> Option<Value> {
        let value = *self.values.get(base + usize::from(value))?;
        (value.kind == kind::FRAGMENT && value.start < value.end).then_some(value)
    }

    /// An element that the template gives no children: once, or once for each value of a list.
    fn leaf(&mut self, frame: Frame<'_>, element: &Element, row: &mut Row) -> Result<(), Broken> {
        // Nearly every element is one value with a name.
        if let ([Part::Value(number)], [], false) =
            (&element.text[..], &element.attributes[..], element.drop_blank)
            && let Some(value) = self.values.get(frame.base + usize::from(*number))
            && value.kind & kind::LIST == 0
            && value.kind != kind::FRAGMENT
        {
            value::write(&mut row.text, value.kind, value.bytes(frame.chunk), self.code_page);
            row.push(element.name);
            return Ok(());
        }
        let blank = if element.drop_blank { Blank::Drop } else { Blank::Keep };
        let mut list = None;
        let mut fragments = false;
        for part in element.text.iter().chain(element.attributes.iter().flat_map(|a| &a.parts)) {
            let Part::Value(number) = *part else { continue };
            let Some(value) = self.values.get(frame.base + usize::from(number)) else { continue };
            fragments |= value.kind == kind::FRAGMENT;
            if value.kind & kind::LIST != 0 && list.is_none() && value.start < value.end {
                list = Some((number, *value));
            }
        }
        if fragments {
            return self.parent(frame, element, row);
        }
        let Some((number, value)) = list else {
            let name = self.attributes(frame, element, row);
            self.text(frame, element, name, blank, row);
            return Ok(());
        };
        for (kind, item) in value::items(value.kind, value.bytes(frame.chunk)) {
            self.limit(row)?;
            let frame = Frame { item: Some((number, kind, item)), ..frame };
            let name = self.attributes(frame, element, row);
            self.text(frame, element, name, blank, row);
        }
        Ok(())
    }

    /// An element whose value turned out to be a fragment: `ComplexData`.
    fn parent(&mut self, frame: Frame<'_>, element: &Element, row: &mut Row) -> Result<(), Broken> {
        let name = self.attributes(frame, element, row);
        for part in &element.text {
            let Part::Value(number) = *part else { continue };
            if let Some(value) = self.fragment_at(frame.base, number) {
                let (from, to) = (value.start as usize, value.end as usize);
                self.fragment(frame.chunk, from, to, element.inside, frame.depth + 1, row)?;
            }
        }
        self.text(frame, element, name, Blank::Drop, row);
        Ok(())
    }

    /// Adds the attributes that say something and gives the name of the element's own field.
    fn attributes(&mut self, frame: Frame<'_>, element: &Element, row: &mut Row) -> u32 {
        let mut name = element.name;
        for attribute in &element.attributes {
            let start = row.text.len();
            for part in &attribute.parts {
                self.part(frame, *part, &mut row.text);
            }
            // As Windows does: an attribute whose value is empty is left out.
            if row.text.len() == start {
                continue;
            }
            match attribute.role {
                Role::Field(field) => {
                    row.push(field);
                    if field == known::TIME_CREATED {
                        row.created = self.file_time(frame, &attribute.parts);
                    }
                }
                Role::NamesElement => {
                    let text = String::from_utf8_lossy(&row.text[start..]);
                    name = self.names.number(&prefixed(&text, element.inside));
                    row.text.truncate(start);
                }
            }
        }
        name
    }

    /// The one value of these parts, if it is a FILETIME.
    fn file_time(&self, frame: Frame<'_>, parts: &[Part]) -> Option<u64> {
        let [Part::Value(number)] = *parts else { return None };
        let value = self.values.get(frame.base + usize::from(number))?;
        let bytes = value.bytes(frame.chunk).try_into().ok()?;
        (value.kind == kind::FILETIME).then(|| u64::from_le_bytes(bytes))
    }

    /// Adds the element's text as a field of that name.
    fn text(&self, frame: Frame<'_>, element: &Element, name: u32, blank: Blank, row: &mut Row) {
        let start = row.text.len();
        for part in &element.text {
            self.part(frame, *part, &mut row.text);
        }
        if blank == Blank::Drop && is_blank(&row.text[start..]) {
            return row.text.truncate(start);
        }
        row.push(name);
    }

    fn part(&self, frame: Frame<'_>, part: Part, out: &mut Vec<u8>) {
        match part {
            Part::Fixed { start, end } => {
                let text = frame.program.texts.get(start as usize..end as usize);
                out.extend_from_slice(text.unwrap_or_default());
            }
            Part::Value(number) => {
                if let Some((_, kind, bytes)) = frame.item.filter(|(list, ..)| *list == number) {
                    return value::write(out, kind, bytes, self.code_page);
                }
                let Some(value) = self.values.get(frame.base + usize::from(number)) else { return };
                // A fragment is no text; it is inserted where it stands.
                if value.kind != kind::FRAGMENT {
                    value::write(out, value.kind, value.bytes(frame.chunk), self.code_page);
                }
            }
        }
    }
}

/// What an instance is read from.
#[derive(Clone, Copy)]
struct Frame<'x> {
    chunk: &'x [u8],
    program: &'x Program,
    /// Where its values begin among those of the record.
    base: usize,
    depth: usize,
    item: Item<'x>,
}

/// Whether white space alone is a field.
#[derive(Clone, Copy, PartialEq)]
enum Blank {
    Keep,
    Drop,
}

/// The value of a list that stands for the whole list: its number, its type, its bytes.
type Item<'a> = Option<(u16, u8, &'a [u8])>;

/// The same with names as they are compared.
fn plainly(wanted: &Wanted) -> Wanted {
    let mut wanted = wanted.clone();
    for class in &mut wanted.classes {
        let fields = class.fields.take();
        class.fields =
            fields.map(|fields| fields.iter().map(|name| assize_model::plain_name(name)).collect());
    }
    wanted
}

/// Whether there is nothing but white space.
fn is_blank(text: &[u8]) -> bool {
    text.is_empty() || String::from_utf8_lossy(text).trim().is_empty()
}

/// How a record is described that would take more than a record can hold.
pub(super) const LIMIT: &str = "a record that repeats its values beyond what a record can hold";

/// The set that has every field.
const EVERYTHING: usize = 0;
/// Fields that every event needs for its place, time and host.
const ALWAYS: &[&str] = &["Channel", "Provider_Name", "Computer", "EventID", "EventRecordID", "TimeCreated"];

/// Which records are wanted, and what of them; learnt class by class.
struct Wants {
    wanted: Option<Wanted>,
    /// Sets of fields; the first is everything and stays empty.
    sets: Vec<BTreeSet<String>>,
    /// What was decided for a channel and provider, by the record's number.
    decided: BTreeMap<(Vec<u8>, Vec<u8>), usize>,
    by_id: Vec<BTreeMap<Option<u32>, Option<usize>>>,
    /// The channel and provider asked for last, which the next record nearly always has too.
    last: (Vec<u8>, Vec<u8>, usize),
}

impl Wants {
    fn new(projection: Projection<'_>) -> Self {
        let wanted = match projection {
            Projection::Everything => None,
            Projection::Wanted(wanted) => Some(plainly(wanted)),
        };
        Self {
            wanted,
            sets: vec![BTreeSet::new()],
            decided: BTreeMap::new(),
            by_id: Vec::new(),
            last: (Vec::new(), Vec::new(), usize::MAX),
        }
    }

    fn is_narrow(&self) -> bool {
        self.wanted.is_some()
    }

    /// The names that are wanted; `None` for all.
    fn fields(&self, set: usize) -> Option<&BTreeSet<String>> {
        if set == EVERYTHING { None } else { self.sets.get(set) }
    }

    /// The number of the set that is wanted of such a record; `None` if it is not wanted.
    fn set_of(&mut self, channel: &[u8], provider: &[u8], id: Option<u32>) -> Option<usize> {
        if self.last.0 != channel || self.last.1 != provider {
            self.last = (channel.to_vec(), provider.to_vec(), self.place_of(channel, provider));
        }
        let place = self.last.2;
        if let Some(set) = self.by_id.get(place).and_then(|by_id| by_id.get(&id)) {
            return *set;
        }
        let set = self.decide(&String::from_utf8_lossy(channel), &String::from_utf8_lossy(provider), id);
        if let Some(by_id) = self.by_id.get_mut(place) {
            by_id.insert(id, set);
        }
        set
    }

    fn place_of(&mut self, channel: &[u8], provider: &[u8]) -> usize {
        let key = (channel.to_vec(), provider.to_vec());
        if let Some(place) = self.decided.get(&key) {
            return *place;
        }
        // Hostile logs may have as many classes as records.
        if self.by_id.len() > FOREIGN_MAX {
            self.decided.clear();
            self.by_id.clear();
        }
        self.decided.insert(key, self.by_id.len());
        self.by_id.push(BTreeMap::new());
        self.by_id.len() - 1
    }

    fn decide(&mut self, channel: &str, provider: &str, id: Option<u32>) -> Option<usize> {
        let wanted = self.wanted.as_ref()?;
        let place = if channel.is_empty() { provider } else { channel };
        let source = format!("windows/{place}");
        let classes: Vec<_> =
            wanted.classes.iter().filter(|class| class.has(&source, provider, id)).collect();
        if classes.is_empty() {
            return None;
        }
        let plain = |name: &&str| assize_model::plain_name(name);
        let mut names: BTreeSet<String> = ALWAYS.iter().map(plain).collect();
        if wanted.spine {
            names.extend(windows::SPINE_FIELDS.iter().map(plain));
        }
        for class in classes {
            match &class.fields {
                Some(fields) => names.extend(fields.iter().cloned()),
                None => return Some(EVERYTHING),
            }
        }
        let known = self.sets.iter().skip(1).position(|set| *set == names);
        Some(known.map_or_else(
            || {
                self.sets.push(names);
                self.sets.len() - 1
            },
            |known| known + 1,
        ))
    }
}
