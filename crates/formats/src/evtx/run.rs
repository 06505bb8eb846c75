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
const STEPS_MAX: usize = 1 << 17;
const FIELDS_MAX: usize = 1 << 15;
const TEXT_MAX: usize = 1 << 20;
/// Templates kept of earlier chunks.
const FOREIGN_MAX: usize = 4096;

/// The fields of one record. Names are numbers of [`Names`].
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) text: String,
    pub(super) fields: Vec<Field>,
    /// `TimeCreated` as a FILETIME, where it was one.
    pub(super) created: Option<u64>,
    /// The chunks of which templates were taken, where it was not the record's own.
    pub(super) foreign: Vec<Range>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: u32,
    start: u32,
    end: u32,
}

impl Row {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.fields.clear();
        self.created = None;
        self.foreign.clear();
    }

    /// The text of one of its fields.
    pub(super) fn value(&self, field: Field) -> &str {
        self.text.get(field.start as usize..field.end as usize).unwrap_or_default()
    }

    /// The first field of that name.
    pub(super) fn first(&self, name: u32) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| self.value(*field))
    }

    /// Adds a field whose text is `write`'s.
    pub(super) fn add(&mut self, name: u32, write: impl FnOnce(&mut String)) {
        let start = self.text.len() as u32;
        write(&mut self.text);
        self.fields.push(Field { name, start, end: self.text.len() as u32 });
    }
}

/// Programs by what a record says of its template, what they stand inside of, and the set of
/// fields that is wanted. An old record behind the end mark may name an offset at which another
/// template stands by now: so the template's number is a part of what it says.
type Programs = BTreeMap<(u32, u32, Inside, usize), Rc<Program>>;

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

/// What decides how a record is read, and what was learnt on the way.
pub(super) struct Decoder {
    pub(super) names: Names,
    code_page: &'static Encoding,
    /// Programs of the chunk at hand.
    programs: Programs,
    /// Programs of earlier chunks, by the first bytes of the template's GUID.
    foreign: BTreeMap<(u32, Inside, usize), Foreign>,
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
            foreign: BTreeMap::new(),
            values: Vec::new(),
            steps: 0,
            chunk: Range { offset: 0, length: 0 },
        }
    }

    /// Makes ready for the chunk that lies at `place`.
    pub(super) fn begin_chunk(&mut self, place: Range) {
        self.programs.clear();
        self.chunk = place;
        if self.names.is_full() || self.foreign.len() > FOREIGN_MAX {
            self.names = Names::default();
            self.foreign.clear();
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
        let id = key[provider..].parse().ok();
        let set = self.wants.set_of(&key[..channel], &key[channel..provider], id);
        key.clear();
        row.text = key;
        self.values.clear();
        self.set = set.unwrap_or(EVERYTHING);
        Ok(set.is_some())
    }

    fn parts(&self, chunk: &[u8], program: &Program, parts: &[Part], out: &mut String) {
        for part in parts {
            self.part(chunk, program, *part, 0, None, out);
        }
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
        let set = self.set;
        if let Some(program) = self.programs.get(&(template, definition, inside, set)) {
            return Ok(Rc::clone(program));
        }
        let own = self.own_template(chunk, template, definition, inside);
        match own {
            Ok(mut program) => {
                if let Some(wanted) = self.wants.fields(set) {
                    let names = &self.names;
                    program.keep_only(|name| wanted.contains(names.name(name)));
                }
                let program = Rc::new(program);
                self.programs.insert((template, definition, inside, set), Rc::clone(&program));
                if program.is_portable() {
                    let known = Foreign { program: Rc::clone(&program), chunk: self.chunk };
                    self.foreign.insert((template, inside, set), known);
                }
                Ok(program)
            }
            Err(broken) => match self.foreign.get(&(template, inside, set)) {
                Some(known) => {
                    if !row.foreign.contains(&known.chunk) {
                        row.foreign.push(known.chunk);
                    }
                    Ok(Rc::clone(&known.program))
                }
                None => Err(broken),
            },
        }
    }

    fn own_template(
        &mut self,
        chunk: &[u8],
        template: u32,
        definition: u32,
        inside: Inside,
    ) -> Result<Program, Broken> {
        let mut cursor = Cursor::new(chunk, definition as usize, chunk.len());
        let header = cursor.take(24)?;
        // A record names the first four bytes of its template's GUID. Where they are not there, the
        // definition has been overwritten, and another one would give wrong values.
        if header[4..8] != template.to_le_bytes() {
            return Err(Broken {
                at: definition as usize,
                what: "another template, or none, where the record's should be",
            });
        }
        let size = u32::from_le_bytes([header[20], header[21], header[22], header[23]]) as usize;
        if cursor.at + size > chunk.len() {
            return cursor.broken("a template that is longer than its chunk");
        }
        cursor.end = cursor.at + size;
        compile(cursor, chunk, StreamKind::Template, inside, &mut self.names, self.code_page)
    }

    fn run(
        &mut self,
        chunk: &[u8],
        program: &Program,
        base: usize,
        depth: usize,
        row: &mut Row,
    ) -> Result<(), Broken> {
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
                Op::Leaf(element) => {
                    self.leaf(chunk, program, &program.elements[element as usize], base, depth, row)?;
                }
                Op::Attributes(element) => {
                    let element = &program.elements[element as usize];
                    self.attributes(chunk, program, element, base, None, row);
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
                    self.text(chunk, program, element, base, None, element.name, row);
                }
            }
        }
        Ok(())
    }

    /// Each step, field and byte of a record is bounded, because values may be named many times.
    fn limit(&mut self, row: &Row) -> Result<(), Broken> {
        self.steps += 1;
        if self.steps > STEPS_MAX || row.fields.len() > FIELDS_MAX || row.text.len() > TEXT_MAX {
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
    fn leaf(
        &mut self,
        chunk: &[u8],
        program: &Program,
        element: &Element,
        base: usize,
        depth: usize,
        row: &mut Row,
    ) -> Result<(), Broken> {
        let attributes = element.attributes.iter().flat_map(|attribute| &attribute.parts);
        let mut list = None;
        let mut fragments = false;
        for (part, in_text) in element.text.iter().map(|p| (p, true)).chain(attributes.map(|p| (p, false))) {
            let Part::Value(number) = *part else { continue };
            let Some(value) = self.values.get(base + usize::from(number)) else { continue };
            fragments |= in_text && value.kind == kind::FRAGMENT;
            if value.kind & kind::LIST != 0 && list.is_none() && !value.bytes(chunk).is_empty() {
                list = Some(number);
            }
        }
        if fragments {
            return self.parent(chunk, program, element, base, depth, row);
        }
        let Some(list) = list else {
            let name = self.attributes(chunk, program, element, base, None, row);
            self.text(chunk, program, element, base, None, name, row);
            return Ok(());
        };
        let value = self.values[base + usize::from(list)];
        for (kind, item) in value::items(value.kind, value.bytes(chunk)) {
            self.limit(row)?;
            let item = Some((list, kind, item));
            let name = self.attributes(chunk, program, element, base, item, row);
            self.text(chunk, program, element, base, item, name, row);
        }
        Ok(())
    }

    /// An element whose value turned out to be a fragment: `ComplexData`.
    fn parent(
        &mut self,
        chunk: &[u8],
        program: &Program,
        element: &Element,
        base: usize,
        depth: usize,
        row: &mut Row,
    ) -> Result<(), Broken> {
        let name = self.attributes(chunk, program, element, base, None, row);
        for part in &element.text {
            let Part::Value(number) = *part else { continue };
            if let Some(value) = self.fragment_at(base, number) {
                let (from, to) = (value.start as usize, value.end as usize);
                self.fragment(chunk, from, to, element.inside, depth + 1, row)?;
            }
        }
        let start = row.text.len();
        self.text(chunk, program, element, base, None, name, row);
        if row.text[start..].trim().is_empty() && row.fields.last().is_some_and(|f| f.start as usize == start)
        {
            row.fields.pop();
            row.text.truncate(start);
        }
        Ok(())
    }

    /// Adds the attributes that say something and gives the name of the element's own field.
    fn attributes(
        &mut self,
        chunk: &[u8],
        program: &Program,
        element: &Element,
        base: usize,
        item: Item<'_>,
        row: &mut Row,
    ) -> u32 {
        let mut name = element.name;
        for attribute in &element.attributes {
            let start = row.text.len();
            for part in &attribute.parts {
                self.part(chunk, program, *part, base, item, &mut row.text);
            }
            // As Windows does: an attribute whose value is empty is left out.
            if row.text.len() == start {
                continue;
            }
            match attribute.role {
                Role::Field(field) => {
                    let end = row.text.len() as u32;
                    row.fields.push(Field { name: field, start: start as u32, end });
                    if field == known::TIME_CREATED {
                        row.created = self.file_time(chunk, &attribute.parts, base);
                    }
                }
                Role::NamesElement => {
                    name = self.names.number(&prefixed(&row.text[start..], element.inside));
                    row.text.truncate(start);
                }
            }
        }
        name
    }

    /// The one value of these parts, if it is a FILETIME.
    fn file_time(&self, chunk: &[u8], parts: &[Part], base: usize) -> Option<u64> {
        let [Part::Value(number)] = *parts else { return None };
        let value = self.values.get(base + usize::from(number))?;
        let bytes = value.bytes(chunk).try_into().ok()?;
        (value.kind == kind::FILETIME).then(|| u64::from_le_bytes(bytes))
    }

    /// Adds the element's text as a field of that name.
    #[allow(clippy::too_many_arguments)] // Every one is another's business; a struct would only hide them.
    fn text(
        &self,
        chunk: &[u8],
        program: &Program,
        element: &Element,
        base: usize,
        item: Item<'_>,
        name: u32,
        row: &mut Row,
    ) {
        let start = row.text.len();
        for part in &element.text {
            self.part(chunk, program, *part, base, item, &mut row.text);
        }
        if element.drop_blank && row.text[start..].trim().is_empty() {
            return row.text.truncate(start);
        }
        let end = row.text.len() as u32;
        row.fields.push(Field { name, start: start as u32, end });
    }

    fn part(
        &self,
        chunk: &[u8],
        program: &Program,
        part: Part,
        base: usize,
        item: Item<'_>,
        out: &mut String,
    ) {
        match part {
            Part::Fixed { start, end } => {
                out.push_str(program.texts.get(start as usize..end as usize).unwrap_or_default());
            }
            Part::Value(number) => {
                if let Some((_, kind, bytes)) = item.filter(|(list, ..)| *list == number) {
                    return value::write(out, kind, bytes, self.code_page);
                }
                let Some(value) = self.values.get(base + usize::from(number)) else { return };
                // A fragment is no text; it is inserted where it stands.
                if value.kind != kind::FRAGMENT {
                    value::write(out, value.kind, value.bytes(chunk), self.code_page);
                }
            }
        }
    }
}

/// The value of a list that stands for the whole list: its number, its type, its bytes.
type Item<'a> = Option<(u16, u8, &'a [u8])>;

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
    decided: BTreeMap<(String, String), BTreeMap<Option<u32>, Option<usize>>>,
}

impl Wants {
    fn new(projection: Projection<'_>) -> Self {
        let wanted = match projection {
            Projection::Everything => None,
            Projection::Wanted(wanted) => Some(wanted.clone()),
        };
        Self { wanted, sets: vec![BTreeSet::new()], decided: BTreeMap::new() }
    }

    fn is_narrow(&self) -> bool {
        self.wanted.is_some()
    }

    /// The names that are wanted; `None` for all.
    fn fields(&self, set: usize) -> Option<&BTreeSet<String>> {
        if set == EVERYTHING { None } else { self.sets.get(set) }
    }

    /// The number of the set that is wanted of such a record; `None` if it is not wanted.
    fn set_of(&mut self, channel: &str, provider: &str, id: Option<u32>) -> Option<usize> {
        let key = (channel.to_owned(), provider.to_owned());
        if let Some(set) = self.decided.get(&key).and_then(|by_id| by_id.get(&id)) {
            return *set;
        }
        // Hostile logs may have as many classes as records.
        if self.decided.len() > FOREIGN_MAX {
            self.decided.clear();
        }
        let set = self.decide(channel, provider, id);
        self.decided.entry(key).or_default().insert(id, set);
        set
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
        let mut names: BTreeSet<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
        if wanted.spine {
            names.extend(windows::SPINE_FIELDS.iter().map(|name| (*name).to_owned()));
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
