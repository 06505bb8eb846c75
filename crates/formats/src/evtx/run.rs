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
    Attribute, Element, Inside, Op, Part, Program, Role, Run, Value, compile, instance_into, prefixed,
};
use super::stream::Stream;
use super::value::{self, Out, kind};
use super::words::{self, Words};
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
    steps: usize,
    chunk: Range,
    wants: Wants,
    /// Programs made so far.
    made: u32,
    /// Number of the set of fields that is wanted of the record at hand.
    pub(super) set: usize,
    /// Of a record that is not wanted whole: a word may make it so.
    pub(super) screened: bool,
}

impl Decoder {
    pub(super) fn new(code_page: &'static Encoding, projection: Projection<'_>) -> Self {
        Self {
            wants: Wants::new(projection),
            made: 0,
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
        let too_much = self.foreign.len() > FOREIGN_MAX || self.foreign_bytes > FOREIGN_BYTES_MAX;
        let anew = self.names.is_full() || too_much;
        if anew {
            self.names = Names::default();
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
        row: &mut Row,
    ) -> Result<Read, Broken> {
        self.begin_record(row, EVERYTHING);
        self.screened = false;
        // Nearly every record is one instance of a template and its end.
        let mut cursor = Cursor::new(chunk, from, to);
        let plain = matches!(chunk.get(from..to.min(chunk.len())), Some([0x0f, _, _, _, 0x0c, ..]));
        if !plain {
            return self.fragment(chunk, from, to, Inside::default(), 0, row).map(|()| Read::Filled);
        }
        cursor.at += 5;
        let (template, definition) = instance_into(&mut cursor, &mut self.values)?;
        if !cursor.is_done() && chunk.get(cursor.at) != Some(&0) {
            self.values.clear();
            return self.fragment(chunk, from, to, Inside::default(), 0, row).map(|()| Read::Filled);
        }
        let mut program = self.template(chunk, template, definition, Inside::default(), row)?;
        let mut only_with_words = false;
        if self.wants.is_narrow() {
            let Some(wish) = self.wish(chunk, &program, from, to, row) else { return Ok(Read::Unwanted) };
            (self.set, self.screened, only_with_words) = (wish.set, wish.screened, wish.only_with_words);
            program = match self.wished(program) {
                Ok(program) => program,
                Err(_) => return self.whole(chunk, from, to, row),
            };
        }
        match self.run(chunk, &program, 0, 0, row) {
            Err(broken) if broken.what == WIDER => {}
            Ok(()) if only_with_words => return Ok(Read::Unwanted),
            done => return done.map(|()| Read::Filled),
        }
        self.whole(chunk, from, to, row)
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

    /// Which set of fields is wanted of the record, and whether a word in it may make it everything;
    /// `None` if it is not wanted. Told by channel, provider and number alone.
    fn wish(
        &mut self,
        chunk: &[u8],
        program: &Program,
        from: usize,
        to: usize,
        row: &mut Row,
    ) -> Option<Wish> {
        let id = program.class.told_by().map(|value| {
            let value = self.values.get(usize::from(value)).filter(|value| value.kind == kind::UINT16);
            value.and_then(|value| value.bytes(chunk).try_into().ok().map(u16::from_le_bytes))
        });
        let wish = match id {
            Some(Some(id)) => match self.wants.known(program.number, id) {
                Some(known) => known,
                None => {
                    let wish = self.class(chunk, program, row);
                    self.wants.keep(program.number, id, wish);
                    // One of each kind is handed on whatever it says.
                    wish.map(|wish| Wish { only_with_words: false, ..wish })
                }
            },
            _ => self.class(chunk, program, row).map(|wish| Wish { only_with_words: false, ..wish }),
        };
        let wish = wish?;
        if wish.set == EVERYTHING {
            return Some(WHOLE);
        }
        // Without its time as a field, a record still has to have one.
        let time = self.file_time(Frame::of(chunk, program), &program.class.time);
        let words = self.wants.words(wish.set).filter(|_| wish.screened);
        let bytes = chunk.get(from..to).unwrap_or_default();
        let speaks = words.is_some_and(|words| self.has_ansi() || words.may_stand_in(bytes));
        if time.is_none() || speaks {
            return Some(WHOLE);
        }
        row.created = time;
        Some(wish)
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
        let wish = self.wants.set_of(&bytes[..channel], &bytes[channel..provider], id);
        key.truncate(0);
        row.text = key;
        wish
    }

    /// The program with the fields that are wanted of the record at hand.
    fn narrowed(&self, program: Rc<Program>) -> Rc<Program> {
        let Some(wanted) = self.wants.fields(self.set) else { return program };
        let wanted = |name| wanted.contains(&assize_model::plain_name(self.names.name(name)));
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
    pub(super) fn is_wanted(&self, name: u32) -> bool {
        let wanted = self.wants.fields(self.set);
        wanted.is_none_or(|wanted| wanted.contains(&assize_model::plain_name(self.names.name(name))))
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
        self.made += 1;
        program.number = self.made;
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
        while let Some(op) = program.ops.get(next) {
            next += 1;
            self.limit(row, 0)?;
            match *op {
                Op::Value { value, name, element } => match self.values.get(base + usize::from(value)) {
                    Some(value) if value.kind < kind::FRAGMENT => {
                        value::write(&mut row.text, value.kind, value.bytes(chunk), self.code_page);
                        row.push(name);
                    }
                    _ => self.leaf(frame, &program.elements[element as usize], row)?,
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
        Ok(())
    }

    /// Each step, field and byte of a record is bounded, because values may be named many times.
    pub(super) fn limit(&mut self, row: &Row, pending: usize) -> Result<(), Broken> {
        self.steps += 1;
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
        Ok(())
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

fn file_time(value: Value, chunk: &[u8]) -> Option<u64> {
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

/// How a record is described that would take more than a record can hold.
pub(super) const LIMIT: &str = "a record that repeats its values beyond what a record can hold";

/// A record of which only some fields were read is to be read whole: no damage.
pub(super) const WIDER: &str = "a record that is wanted whole";

/// The set that has every field.
pub(super) const EVERYTHING: usize = 0;
/// Fields that every event needs for its place and host. Its time is taken without making a field of it.
const ALWAYS: &[&str] = &["Channel", "Provider_Name", "Computer", "EventID"];

/// What is wanted of a class of records.
#[derive(Clone, Copy)]
struct Wish {
    /// Number of a set of fields.
    set: usize,
    /// Words make it everything.
    screened: bool,
    /// Without one it is nothing.
    only_with_words: bool,
}

const WHOLE: Wish = Wish { set: EVERYTHING, screened: false, only_with_words: false };

/// Names of fields, and the words that make all fields of them.
#[derive(Default)]
struct Set {
    names: BTreeSet<String>,
    words: BTreeSet<String>,
    search: Option<Words>,
}

/// What is wished of the events of one source and provider, by their number.
type ByNumber = BTreeMap<Option<u32>, Option<Wish>>;

/// Which records are wanted, and what of them; learnt class by class.
struct Wants {
    wanted: Option<Wanted>,
    /// Sets of fields; the first is everything and stays empty.
    sets: Vec<Set>,
    /// What was decided for a channel and provider, by the record's number.
    decided: BTreeMap<(Vec<u8>, Vec<u8>), ByNumber>,
    /// What was decided for a program and a number, at a place that the two give.
    recent: Vec<Option<(u32, u16, Option<Wish>)>>,
}

/// Wishes that are found without a search.
const WISHES: usize = 1024;

impl Wants {
    fn new(projection: Projection<'_>) -> Self {
        let mut wanted = match projection {
            Projection::Everything => None,
            Projection::Wanted(wanted) => Some(plainly(wanted)),
        };
        for class in wanted.iter_mut().flat_map(|wanted| &mut wanted.classes) {
            if !class.words.iter().all(|word| words::can_be_sought(word)) {
                (class.fields, class.only_with_words) = (None, false);
            }
        }
        Self { wanted, sets: vec![Set::default()], decided: BTreeMap::new(), recent: vec![None; WISHES] }
    }

    fn is_narrow(&self) -> bool {
        self.wanted.is_some()
    }

    /// The names that are wanted; `None` for all.
    fn fields(&self, set: usize) -> Option<&BTreeSet<String>> {
        if set == EVERYTHING { None } else { self.sets.get(set).map(|set| &set.names) }
    }

    fn words(&self, set: usize) -> Option<&Words> {
        self.sets.get(set)?.search.as_ref()
    }

    /// What was decided for a program and number, if it is remembered.
    fn known(&self, program: u32, id: u16) -> Option<Option<Wish>> {
        let known = self.recent[slot(program, id)].as_ref();
        known.filter(|known| (known.0, known.1) == (program, id)).map(|known| known.2)
    }

    fn keep(&mut self, program: u32, id: u16, wish: Option<Wish>) {
        self.recent[slot(program, id)] = Some((program, id, wish));
    }

    /// The number of the set that is wanted of such a record, and whether words make it everything.
    fn set_of(&mut self, channel: &[u8], provider: &[u8], id: Option<u32>) -> Option<Wish> {
        let key = (channel.to_vec(), provider.to_vec());
        if let Some(wish) = self.decided.get(&key).and_then(|by_id| by_id.get(&id)) {
            return *wish;
        }
        let wish = self.decide(&String::from_utf8_lossy(channel), &String::from_utf8_lossy(provider), id);
        // Hostile logs may have as many classes as records.
        if self.decided.values().map(BTreeMap::len).sum::<usize>() > FOREIGN_MAX {
            self.decided.clear();
        }
        self.decided.entry(key).or_default().insert(id, wish);
        wish
    }

    fn decide(&mut self, channel: &str, provider: &str, id: Option<u32>) -> Option<Wish> {
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
        let words: BTreeSet<String> = classes.iter().flat_map(|class| &class.words).cloned().collect();
        let only_with_words = classes.iter().all(|class| class.only_with_words);
        for class in classes {
            match &class.fields {
                Some(fields) => names.extend(fields.iter().cloned()),
                None => return Some(WHOLE),
            }
        }
        let screened = !words.is_empty();
        let is_known = |set: &Set| set.names == names && set.words == words;
        if let Some(known) = self.sets.iter().skip(1).position(is_known) {
            return Some(Wish { set: known + 1, screened, only_with_words });
        }
        let search = Words::of(words.iter().map(String::as_str));
        if screened && search.is_none() {
            // Nothing here looks for them fast: what might hold one is wanted.
            return Some(WHOLE);
        }
        self.sets.push(Set { names, words, search });
        Some(Wish { set: self.sets.len() - 1, screened, only_with_words })
    }
}

fn slot(program: u32, id: u16) -> usize {
    (program as usize * 31 + usize::from(id)) % WISHES
}
