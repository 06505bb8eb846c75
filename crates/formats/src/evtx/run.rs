//! What are the fields of one record?
//!
//! Runs the programs of a record's templates over its values and appends names and texts to a
//! [`Row`], which is emptied and filled again for every record. Knows one chunk at a time and,
//! for templates whose definition a chunk lost, those of chunks before it.

use std::collections::BTreeMap;
use std::rc::Rc;

use assize_model::{Projection, Range};
use encoding_rs::Encoding;

use super::cursor::{Broken, Cursor};
use super::kinds::{Framed, Kinds};
use super::names::{Names, known};
use super::program::{
    Attribute, Element, Inside, Op, Part, Program, Role, Run, Value, compile, instance_into, prefixed,
};
use super::stream::Stream;
use super::value::{self, Out, kind};
use super::wants::{EVERYTHING, WHOLE, Wants, Wish};

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
const RECENT: usize = 256;
/// Templates kept of earlier chunks, and their bytes.
const FOREIGN_MAX: usize = 4096;
const FOREIGN_BYTES_MAX: usize = 4 << 20;
/// Bytes of shapes that are kept.
const SHAPE_BYTES_MAX: usize = 4 << 20;
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
    pub(super) text: Out,
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
            text: Out::default(),
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
        self.text.truncate(0);
        self.names.clear();
        self.ends.clear();
        self.created = None;
        self.foreign.clear();
    }

    /// The fields by the names of the spine.
    pub(super) fn told(&self) -> Told<'_> {
        let text = std::str::from_utf8(self.text.bytes());
        assert!(text.is_ok(), "a value was written that is not UTF-8");
        Told { row: self, text: text.unwrap_or_default() }
    }

    /// The bytes of the first field of that name of the spine, for those who ask for no text.
    pub(super) fn first(&self, name: usize) -> Option<&[u8]> {
        let place = usize::from(*self.places.get(name).filter(|place| **place != NOWHERE)?);
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.bytes().get(start..self.ends[place] as usize)
    }

    /// Makes a field of all text since the last one.
    fn push(&mut self, name: u32) {
        self.note(name);
        self.names.push(name);
        self.ends.push(self.text.len() as u32);
    }

    /// Remembers where the first field of a name of the spine stands: the next one.
    #[inline]
    fn note(&mut self, name: u32) {
        if let Some(place) = self.places.get_mut(name as usize)
            && *place == NOWHERE
        {
            // There are never more fields than FIELDS_MAX and a leaf's, which is below 2^16.
            *place = self.names.len().min(usize::from(NOWHERE)) as u16;
        }
    }

    /// Adds fields that are fixed.
    fn append(&mut self, run: &Run) {
        let base = self.text.len() as u32;
        self.text.push(&run.text);
        for (name, end) in &run.fields {
            self.note(*name);
            self.names.push(*name);
            self.ends.push(base + end);
        }
    }

    /// Adds a field whose text is `write`'s.
    pub(super) fn add(&mut self, name: u32, write: impl FnOnce(&mut Out)) {
        write(&mut self.text);
        self.push(name);
    }
}

/// A row whose texts have been looked at once.
pub(super) struct Told<'r> {
    row: &'r Row,
    text: &'r str,
}

impl<'r> Told<'r> {
    fn value(&self, place: usize) -> &'r str {
        let ends = &self.row.ends;
        let start = place.checked_sub(1).map_or(0, |before| ends[before] as usize);
        self.text.get(start..ends[place] as usize).unwrap_or_default()
    }

    /// The text of the first field of that name of the spine.
    pub(super) fn first(&self, name: usize) -> Option<&'r str> {
        let place = *self.row.places.get(name)?;
        (place != NOWHERE).then(|| self.value(usize::from(place)))
    }

    /// The texts of the fields of that name of the spine.
    pub(super) fn all(&self, name: usize) -> impl Iterator<Item = &'r str> {
        let first = usize::from(self.row.places.get(name).map_or(NOWHERE, |place| *place));
        let places = first..self.row.names.len().max(first);
        places.filter(move |place| self.row.names[*place] as usize == name).map(|place| self.value(place))
    }
}

/// Programs by what a record says of its template, and what they stand inside of. An old record behind
/// the end mark may name an offset at which another template stands by now: so the template's number
/// is a part of what it says.
type Programs = BTreeMap<ProgramKey, Result<Rc<Program>, Broken>>;
type ProgramKey = (u32, u32, Inside);

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

/// Numbers of programs' shapes; one that is forgotten comes again under another.
#[derive(Default)]
struct Shapes {
    known: BTreeMap<Vec<u8>, u32>,
    bytes: usize,
    given: u32,
}

impl Shapes {
    fn number(&mut self, key: Vec<u8>) -> u32 {
        if let Some(number) = self.known.get(&key) {
            return *number;
        }
        if self.bytes + key.len() > SHAPE_BYTES_MAX {
            self.forget();
        }
        self.bytes += key.len();
        self.given += 1;
        self.known.insert(key, self.given);
        self.given
    }

    fn forget(&mut self) {
        (self.known, self.bytes) = (BTreeMap::new(), 0);
    }
}

/// What decides how a record is read, and what was learnt on the way.
pub(super) struct Decoder {
    pub(super) names: Names,
    pub(super) code_page: &'static Encoding,
    /// Programs of the chunk at hand.
    programs: Programs,
    /// Those used last, by the offset of their definition.
    recent: Box<[Recent; RECENT]>,
    /// Programs of this chunk and earlier ones, by the first bytes of the template's GUID; the one
    /// met last stands last.
    foreign: BTreeMap<(u32, Inside), Vec<Foreign>>,
    foreign_bytes: usize,
    /// Bytes of templates looked at in the chunk at hand.
    looked_at: usize,
    /// Values of the instances that are being run, the innermost last.
    pub(super) values: Vec<Value>,
    /// For texts of streams.
    room: Out,
    /// Steps that the record at hand may have taken.
    pub(super) steps: usize,
    chunk: Range,
    wants: Wants,
    pub(super) kinds: Kinds,
    shapes: Shapes,
    /// Number of the set of fields that is wanted of the record at hand.
    pub(super) set: usize,
    /// Of a record that is not wanted whole: a word may make it so.
    pub(super) screened: bool,
}

impl Decoder {
    pub(super) fn new(code_page: &'static Encoding, projection: Projection<'_>) -> Self {
        Self {
            wants: Wants::new(projection),
            kinds: Kinds::new(),
            shapes: Shapes::default(),
            set: EVERYTHING,
            screened: false,
            names: Names::default(),
            code_page,
            programs: Programs::new(),
            recent: Box::new([const { None }; RECENT]),
            foreign: BTreeMap::new(),
            foreign_bytes: 0,
            looked_at: 0,
            values: Vec::new(),
            room: Out::default(),
            steps: 0,
            chunk: Range { offset: 0, length: 0 },
        }
    }

    /// Makes ready for the chunk that lies at `place`. Whether the numbers of names begin anew.
    pub(super) fn begin_chunk(&mut self, place: Range) -> bool {
        self.programs.clear();
        self.recent.fill(None);
        self.names.begin_chunk();
        self.chunk = place;
        self.looked_at = 0;
        self.wants.begin_chunk();
        let too_much = self.foreign.len() > FOREIGN_MAX || self.foreign_bytes > FOREIGN_BYTES_MAX;
        let anew = self.names.is_full() || too_much;
        if anew {
            self.names = Names::default();
            self.shapes.forget();
            self.wants.forget_names();
            self.foreign.clear();
            self.foreign_bytes = 0;
        }
        anew
    }

    /// Fills `row` with the fields of the binary XML at `from..to` of the chunk.
    pub(super) fn read(
        &mut self,
        chunk: &[u8],
        from: usize,
        to: usize,
        framed: Framed,
        row: &mut Row,
    ) -> Result<Read, Broken> {
        self.begin_record(row, EVERYTHING);
        self.kinds.has_ansi = false;
        self.screened = false;
        // Nearly every record is one instance of a template and its end.
        let mut cursor = Cursor::new(chunk, from, to);
        let plain = matches!(chunk.get(from..to.min(chunk.len())), Some([0x0f, _, _, _, 0x0c, ..]));
        if !plain {
            return self.fragment(chunk, from, to, Inside::default(), 0, row).map(|()| Read::Filled);
        }
        cursor.at += 5;
        let (template, definition) = instance_into(&mut cursor, &mut self.values)?;
        let own = self.values.len();
        if !cursor.is_done() && chunk.get(cursor.at) != Some(&0) {
            self.values.clear();
            return self.fragment(chunk, from, to, Inside::default(), 0, row).map(|()| Read::Filled);
        }
        let program = self.template(chunk, template, definition, Inside::default(), row)?;
        if !self.wants.is_narrow() {
            return self.run(chunk, &program, 0, 0, row).map(|()| Read::Filled);
        }
        let wish = match self.sign(chunk, &program, framed, row) {
            Some(()) => match self.kinds.wish() {
                Some(wish) => wish.map(|wish| if self.template_speaks(wish) { WHOLE } else { wish }),
                None => return self.first_of_kind(chunk, &program, row),
            },
            // Judged by its class alone, of which every record is given.
            None => {
                self.values.truncate(own);
                self.class(chunk, &program, row).map(|wish| Wish { only_with_words: false, ..wish })
            }
        };
        let Some(wish) = wish else { return Ok(Read::Unwanted) };
        if wish.set == EVERYTHING || self.speaks(chunk, wish, from, to) {
            return self.run(chunk, &program, 0, 0, row).map(|()| Read::Filled);
        }
        if wish.only_with_words {
            return Ok(Read::Unwanted);
        }
        if !program.is_used.replace(true) {
            // To make a program of what is wanted is dearer than to read one record whole.
            return self.run(chunk, &program, 0, 0, row).map(|()| Read::Filled);
        }
        // Without its time as a field, a record still has to have one.
        row.created = self.file_time(Frame::of(chunk, &program), &program.class.time);
        if row.created.is_none() {
            return self.run(chunk, &program, 0, 0, row).map(|()| Read::Filled);
        }
        (self.set, self.screened) = (wish.set, wish.screened);
        let read = self.wished(Rc::clone(&program)).and_then(|narrow| self.run(chunk, &narrow, 0, 0, row));
        match read {
            Err(broken) if broken.what == WIDER => self.whole(chunk, from, to, row),
            read => read.map(|()| Read::Filled),
        }
    }

    /// Reads the first record of a kind, and learns what is wanted of those to come.
    fn first_of_kind(&mut self, chunk: &[u8], program: &Rc<Program>, row: &mut Row) -> Result<Read, Broken> {
        program.is_used.set(true);
        self.run(chunk, program, 0, 0, row)?;
        let names: Vec<&str> = row.names.iter().map(|name| self.names.name(*name)).collect();
        let told = row.told();
        let text = |name: u32| told.first(name as usize).unwrap_or_default();
        let (channel, provider) = (text(known::CHANNEL), text(known::PROVIDER));
        // A record that has two numbers may be any.
        let is_number = |name: &&&str| assize_model::plain_name(name) == "eventid";
        let id = match names.iter().filter(is_number).count() {
            1 => text(known::EVENT_ID).parse().ok(),
            _ => None,
        };
        let wish = self.wants.decide(channel, provider, id, Some(&names));
        // What tells the class must be what was signed.
        let mut signed = Out::default();
        let class = &program.class;
        [&class.channel, &class.provider]
            .iter()
            .for_each(|parts| self.parts(chunk, program, parts, &mut signed));
        if signed.bytes() == [channel, provider].concat().as_bytes() {
            self.kinds.keep(wish);
        }
        Ok(if wish.is_some() { Read::Filled } else { Read::Unwanted })
    }

    /// Fills `row` with all fields of a record that is wanted whole after all.
    fn whole(&mut self, chunk: &[u8], from: usize, to: usize, row: &mut Row) -> Result<Read, Broken> {
        self.begin_record(row, EVERYTHING);
        self.screened = false;
        self.fragment(chunk, from, to, Inside::default(), 0, row).map(|()| Read::Filled)
    }

    fn begin_record(&mut self, row: &mut Row, set: usize) {
        row.clear();
        self.values.clear();
        self.steps = 0;
        self.set = set;
    }

    /// Whether a word that makes the record at hand wanted whole may stand in its templates.
    fn template_speaks(&self, wish: Wish) -> bool {
        let Some(words) = self.wants.words(wish.set).filter(|_| wish.screened) else { return false };
        self.kinds.programs.iter().any(|program| program.may_speak_of(wish.set, words))
    }

    /// Whether one of the words may stand in the record that make it wanted whole.
    fn speaks(&mut self, chunk: &[u8], wish: Wish, from: usize, to: usize) -> bool {
        wish.screened
            && (self.kinds.has_ansi || self.has_ansi() || self.wants.may_stand(wish.set, chunk, from, to))
    }

    /// Whether a value's type may hide a word.
    fn has_ansi(&self) -> bool {
        self.values.iter().any(|value| value.kind & !kind::LIST == kind::ANSI && value.start < value.end)
    }

    fn class(&mut self, chunk: &[u8], program: &Program, row: &mut Row) -> Option<Wish> {
        let mut key = std::mem::take(&mut row.text);
        self.parts(chunk, program, &program.class.channel, &mut key);
        let channel = key.len();
        self.parts(chunk, program, &program.class.provider, &mut key);
        let provider = key.len();
        self.parts(chunk, program, &program.class.event_id, &mut key);
        let bytes = key.bytes();
        let id = std::str::from_utf8(&bytes[provider..]).ok().and_then(|id| id.parse().ok());
        let wish = self.wants.of_class(&bytes[..channel], &bytes[channel..provider], id);
        key.truncate(0);
        row.text = key;
        wish
    }

    /// The program with the fields that are wanted of the record at hand.
    fn narrowed(&self, program: Rc<Program>) -> Rc<Program> {
        if self.set == EVERYTHING {
            return program;
        }
        let wanted = |name| self.wants.has(self.set, self.names.name(name));
        program.narrowed(self.set, wanted, self.wants.words(self.set))
    }

    fn parts(&self, chunk: &[u8], program: &Program, parts: &[Part], out: &mut Out) {
        let frame = Frame::of(chunk, program);
        parts.iter().for_each(|part| self.part(frame, *part, out));
    }

    /// A fragment: nearly always one instance of a template, else tokens.
    pub(super) fn fragment(
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
        let program = self.wished(program)?;
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
        Stream::of(self, chunk, inside, depth).tell(cursor, row)
    }

    /// Room for texts that are open, which is used again.
    pub(super) fn lend(&mut self) -> Out {
        std::mem::take(&mut self.room)
    }

    pub(super) fn give_back(&mut self, room: Out) {
        self.room = room;
    }

    /// A program of a fragment, with what is wanted of it.
    pub(super) fn wished(&self, program: Rc<Program>) -> Result<Rc<Program>, Broken> {
        if self.set == EVERYTHING {
            return Ok(program);
        }
        let program = self.narrowed(program);
        if self.screened && (program.may_speak || self.has_ansi()) {
            return Err(Broken { at: 0, what: WIDER });
        }
        Ok(program)
    }

    /// Whether a field of that name is wanted of the record at hand.
    pub(super) fn is_wanted(&mut self, name: u32) -> bool {
        self.wants.is_wanted(self.set, name, &self.names)
    }

    /// The program of a template: of this chunk, or of an earlier one if this chunk lost it.
    pub(super) fn template(
        &mut self,
        chunk: &[u8],
        template: u32,
        definition: u32,
        inside: Inside,
        row: &mut Row,
    ) -> Result<Rc<Program>, Broken> {
        let key = (template, definition, inside);
        let slot = (definition ^ definition >> 8) as usize % RECENT;
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
                let alike = self.foreign.get(&(template, inside));
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
        let key = (template, inside);
        if let Some(program) = self.known(key, chunk, cursor.at, size, by_itself) {
            return Ok(program);
        }
        let (names, code_page) = (&mut self.names, self.code_page);
        let mut program = compile(cursor, chunk, inside, names, code_page)?;
        program.shape = self.shapes.number(program.shape_key());
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
        key: (u32, Inside),
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

    pub(super) fn run(
        &mut self,
        chunk: &[u8],
        program: &Program,
        base: usize,
        depth: usize,
        row: &mut Row,
    ) -> Result<(), Broken> {
        let frame = Frame { base, depth, ..Frame::of(chunk, program) };
        let mut next = 0;
        self.steps += program.ops.len();
        self.limit(row, 0)?;
        while let Some(op) = program.ops.get(next) {
            next += 1;
            // What a few steps add is bounded by itself.
            if next.is_multiple_of(8) {
                self.limit(row, 0)?;
            }
            match *op {
                Op::Value { value, name, element } => match self.values.get(base + usize::from(value)) {
                    Some(value) if value.kind < kind::FRAGMENT => {
                        value::write(&mut row.text, value.kind, value.bytes(chunk), self.code_page);
                        row.push(name);
                    }
                    _ => self.leaf(frame, &program.elements[element as usize], row)?,
                },
                Op::Field { value, name, element } => match self.values.get(base + usize::from(value)) {
                    Some(value) if value.kind < kind::FRAGMENT => self.value_field(frame, *value, name, row),
                    Some(_) => self.leaf(frame, &program.elements[element as usize], row)?,
                    None => {}
                },
                Op::Run(run) => row.append(&program.runs[run as usize]),
                Op::Guard { value, to } => {
                    let value = self.values.get(base + usize::from(value));
                    if value.is_some_and(|value| value.kind == kind::NULL) {
                        next = to as usize;
                    }
                }
                Op::Leaf(element) => self.leaf(frame, &program.elements[element as usize], row)?,
                Op::Fields(element) => self.fields(frame, &program.elements[element as usize], row)?,
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
                Op::Text(element) => {
                    let element = &program.elements[element as usize];
                    self.text(frame, element, element.name, Blank::Drop, row);
                }
            }
        }
        self.limit(row, 0)
    }

    /// Each step, field and byte of a record is bounded, because values may be named many times.
    #[inline]
    pub(super) fn limit(&self, row: &Row, pending: usize) -> Result<(), Broken> {
        if self.steps > STEPS_MAX || row.names.len() > FIELDS_MAX || row.text.len() + pending > TEXT_MAX {
            return Err(Broken { at: 0, what: LIMIT });
        }
        Ok(())
    }

    /// The value of that number if it is a fragment with something in it.
    fn fragment_at(&self, base: usize, value: u16) -> Option<Value> {
        let value = *self.values.get(base + usize::from(value))?;
        (value.kind == kind::FRAGMENT && value.start < value.end).then_some(value)
    }

    /// An element of attributes that are one value each.
    fn fields(&mut self, frame: Frame<'_>, element: &Element, row: &mut Row) -> Result<(), Broken> {
        let value = |attribute: &Attribute| match attribute.parts[..] {
            [Part::Value(number)] => self.values.get(frame.base + usize::from(number)).copied(),
            _ => None,
        };
        if element.attributes.iter().filter_map(value).any(|value| value.kind >= kind::FRAGMENT) {
            return self.leaf(frame, element, row);
        }
        for attribute in &element.attributes {
            let (Some(value), Role::Field(name)) = (value(attribute), attribute.role) else { continue };
            self.value_field(frame, value, name, row);
        }
        Ok(())
    }

    /// An attribute of one value.
    #[inline]
    fn value_field(&self, frame: Frame<'_>, value: Value, name: u32, row: &mut Row) {
        let start = row.text.len();
        value::write(&mut row.text, value.kind, value.bytes(frame.chunk), self.code_page);
        // As Windows does: an attribute whose value is empty is left out.
        if row.text.len() > start {
            row.push(name);
            if name == known::TIME_CREATED {
                row.created = file_time(value, frame.chunk);
            }
        }
    }

    /// An element that the template gives no children: once, or once for each value of a list.
    fn leaf(&mut self, frame: Frame<'_>, element: &Element, row: &mut Row) -> Result<(), Broken> {
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
            self.steps += 1;
            self.limit(row, 0)?;
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
                    let text = String::from_utf8_lossy(&row.text.bytes()[start..]);
                    name = self.names.number_of(&prefixed(&text, element.inside));
                    row.text.truncate(start);
                }
            }
        }
        name
    }

    /// The one value of these parts, if it is a FILETIME.
    fn file_time(&self, frame: Frame<'_>, parts: &[Part]) -> Option<u64> {
        let [Part::Value(number)] = *parts else { return None };
        file_time(*self.values.get(frame.base + usize::from(number))?, frame.chunk)
    }

    /// Adds the element's text as a field of that name.
    fn text(&self, frame: Frame<'_>, element: &Element, name: u32, blank: Blank, row: &mut Row) {
        let start = row.text.len();
        for part in &element.text {
            self.part(frame, *part, &mut row.text);
        }
        if blank == Blank::Drop && value::is_blank(&row.text.bytes()[start..]) {
            return row.text.truncate(start);
        }
        row.push(name);
    }

    fn part(&self, frame: Frame<'_>, part: Part, out: &mut Out) {
        // One text may name a value thousands of times; what is too much is told by `limit`.
        if out.len() > TEXT_MAX {
            return;
        }
        match part {
            Part::Fixed { start, end } => {
                let text = frame.program.texts.bytes().get(start as usize..end as usize);
                out.push(text.unwrap_or_default());
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

pub(super) fn file_time(value: Value, chunk: &[u8]) -> Option<u64> {
    let bytes = value.bytes(chunk).try_into().ok()?;
    (value.kind == kind::FILETIME).then(|| u64::from_le_bytes(bytes))
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

impl<'x> Frame<'x> {
    fn of(chunk: &'x [u8], program: &'x Program) -> Self {
        Self { chunk, program, base: 0, depth: 0, item: None }
    }
}

/// Whether white space alone is a field.
#[derive(Clone, Copy, PartialEq)]
enum Blank {
    Keep,
    Drop,
}

/// The value of a list that stands for the whole list: its number, its type, its bytes.
type Item<'a> = Option<(u16, u8, &'a [u8])>;

/// How a record is described that would take more than a record can hold.
pub(super) const LIMIT: &str = "a record that repeats its values beyond what a record can hold";

/// A record of which only some fields were read is to be read whole: no damage.
pub(super) const WIDER: &str = "a record that is wanted whole";
