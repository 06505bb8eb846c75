//! What (name, value) pairs does one JSON record hold?
//!
//! A record is flattened in one pass to pairs in its own order: `a.b` for what is nested, a repeated
//! name for each element of an array, null kept apart from text. Values keep the text they were
//! written with: 1.10 is not 1.1 in a log. Names are kept once for all records of a file and known by
//! number; which name comes next is guessed from the record before, so that most are compared and
//! never looked up. Nothing here knows what the names mean.
//!
//! What is read is RFC 8259, and a little more where evidence needs it: control characters inside
//! strings are taken as they are, and half of a surrogate pair keeps the text of its escape.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use assize_model::spine::Link;
use assize_model::{Batcher, Cause, EventView, Packed, Range, ReadingOptions};

use super::{Broken, Fields};
use crate::meaning::Meaning;
use crate::short::find2;

/// Objects and arrays nested deeper than this are hostile.
const DEPTH_MAX: usize = 64;
/// Names and values of one record together: a long name over a long array grows without bound.
const TEXT_MAX: usize = 64 << 20;
/// Names that are kept from record to record.
const NAMES_MAX: usize = 1 << 16;
const NAMES_BYTES_MAX: usize = 8 << 20;

/// A field that the spine is filled from: its place in the list of a make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Own(pub(crate) u16);

impl Own {
    /// The place of a name in a list; a name that is not in it does not compile.
    pub(crate) const fn of(list: &[&str], name: &str) -> Self {
        let mut place = 0;
        while place < list.len() {
            if same(list[place].as_bytes(), name.as_bytes()) {
                return Self(place as u16);
            }
            place += 1;
        }
        panic!("a name that is not in the list of the make's own fields")
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut place = 0;
    while place < a.len() && place < b.len() && a[place] == b[place] {
        place += 1;
    }
    place == a.len() && place == b.len()
}

/// The pairs of one record; used again for the next one of the file.
pub(crate) struct Record {
    names: Names,
    /// Which numbering of names this is: two records on one batcher number theirs each by itself.
    numbering: u64,
    /// Nodes of the own fields, by their places.
    own: Vec<u32>,
    text: String,
    ends: Vec<u32>,
    ids: Vec<u32>,
    /// The innermost object of each pair, by number: from which pair on it is which.
    objects: Vec<(u32, u32)>,
    /// Which pairs have no value, in order.
    nulls: Vec<u32>,
    /// For each own field its first value, counted from 1.
    first: Vec<u32>,
    touched: Vec<u16>,
    spent: usize,
    object: u32,
    objects_met: u32,
    /// A string that should hold a record did not.
    cut: bool,
}

/// Told apart, and never written anywhere: no result depends on which number it is.
pub(crate) fn next_numbering() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Record {
    /// For records of a make: `own` are the fields that it looks at, `spliced` those whose content
    /// takes their place, as an object or as a string that holds one.
    pub(crate) fn new(own: &[&[&str]], spliced: &[&str]) -> Self {
        let mut names = Names::new();
        let own: Vec<&str> = own.iter().flat_map(|list| list.iter().copied()).collect();
        let nodes =
            own.iter().enumerate().map(|(place, name)| names.keep(name, |node| node.own = place as u16));
        let nodes = nodes.collect();
        for name in spliced {
            names.keep(name, |node| node.spliced = true);
        }
        names.kept = names.nodes.len();
        Self {
            names,
            numbering: next_numbering(),
            first: vec![0; own.len()],
            own: nodes,
            text: String::new(),
            ends: Vec::new(),
            ids: Vec::new(),
            objects: Vec::new(),
            nulls: Vec::new(),
            touched: Vec::new(),
            spent: 0,
            object: 0,
            objects_met: 0,
            cut: false,
        }
    }

    /// Forgets the pairs.
    pub(crate) fn clear(&mut self) {
        self.names.tidy();
        self.text.clear();
        self.ends.clear();
        self.ids.clear();
        self.objects.clear();
        self.nulls.clear();
        self.touched.drain(..).for_each(|own| self.first[usize::from(own)] = 0);
        self.spent = 0;
        self.object = 0;
        self.objects_met = 0;
        self.cut = false;
    }

    /// Reads one record; after an error it holds the pairs before the place of the error.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.clear();
        let text = std::str::from_utf8(bytes).map_err(|error| Broken {
            cause: Cause::Encoding,
            detail: format!("not UTF-8 from byte {} of the record", error.valid_up_to()),
        })?;
        self.add_object(text, 0).map_err(Fault::broken)
    }

    /// Adds a pair that does not come from JSON, such as a column.
    pub(crate) fn add(&mut self, name: &str, value: Option<&str>) -> Result<(), Broken> {
        self.add_column(name, value).map_err(Fault::broken)
    }

    fn add_column(&mut self, name: &str, value: Option<&str>) -> Result<(), Fault> {
        let node = self.name(ROOT, name)?;
        let Some(value) = value else { return self.null(node) };
        if self.names.nodes[node as usize].spliced && self.splice(value, 0) {
            return Ok(());
        }
        self.text.push_str(value);
        self.leaf(node)
    }

    /// Whether a string that should hold a record holds none, or only the beginning of one.
    pub(crate) fn cut(&self) -> bool {
        self.cut
    }

    /// Whether there is no pair.
    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The first value of an own field.
    pub(crate) fn own(&self, own: Own) -> Option<&str> {
        let first = self.first.get(usize::from(own.0)).copied()?;
        self.value(first.checked_sub(1)? as usize)
    }

    /// The first value of an own field that says something.
    pub(crate) fn said(&self, own: Own) -> Option<&str> {
        self.own(own).filter(|value| !value.is_empty())
    }

    /// Whether an own field is there, null or not.
    pub(crate) fn has(&self, own: Own) -> bool {
        self.own(own).is_some() || self.places(own).next().is_some()
    }

    /// Every value of an own field, with the number of the object it stands in.
    pub(crate) fn all(&self, own: Own) -> impl Iterator<Item = (u32, &str)> {
        self.places(own).filter_map(|place| Some((self.object_of(place), self.value(place)?)))
    }

    fn object_of(&self, place: usize) -> u32 {
        let behind = self.objects.partition_point(|(from, _)| *from as usize <= place);
        behind.checked_sub(1).map_or(0, |run| self.objects[run].1)
    }

    fn places(&self, own: Own) -> impl Iterator<Item = usize> {
        let node = self.own.get(usize::from(own.0)).copied();
        self.ids.iter().enumerate().filter(move |(_, id)| Some(**id) == node).map(|(place, _)| place)
    }

    /// In a list of objects with a name and a value each: the value of that name.
    pub(crate) fn listed(&self, names: Own, name: &str, values: Own) -> Option<&str> {
        let (object, _) = self.all(names).find(|(_, found)| found.eq_ignore_ascii_case(name))?;
        self.all(values).find(|(other, _)| *other == object).map(|(_, value)| value)
    }

    /// Every pair.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.ids.iter().enumerate().map(|(place, id)| (self.names.path(*id), self.value(place)))
    }

    /// The name of every pair.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(|id| self.names.path(*id))
    }

    /// The same as numbers: in this record a number never means two names, whatever is read into it.
    pub(crate) fn numbers(&self) -> &[u32] {
        &self.ids
    }

    /// The first value of any field, by its whole name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let named = self.ids.iter().enumerate().filter(|(_, id)| self.names.path(**id) == name);
        named.filter_map(|(place, _)| self.value(place)).next()
    }

    /// The value of the pair at that place.
    pub(crate) fn value(&self, place: usize) -> Option<&str> {
        if self.nulls.binary_search(&(place as u32)).is_ok() {
            return None;
        }
        let from = if place == 0 { 0 } else { self.ends[place - 1] };
        self.text.get(from as usize..self.ends[place] as usize)
    }

    /// The pairs as they were kept before names had numbers.
    pub(crate) fn to_fields(&self) -> Fields {
        self.pairs().map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect()
    }

    /// An own field with its value, for [`Self::hand_on_behind`].
    pub(crate) fn with<'e>(&self, own: Own, value: &'e str) -> (u32, &'e str) {
        (self.names.number(self.own[usize::from(own.0)]), value)
    }

    /// As [`Self::hand_on`], with own fields before the record's pairs.
    pub(crate) fn hand_on_behind(
        &self,
        before: &[(u32, &str)],
        meaning: &Meaning<'_>,
        ranges: &[Range],
        options: &ReadingOptions,
        out: &mut Batcher<'_>,
    ) -> io::Result<()> {
        let path = |number| self.names.path(number);
        let packed = Packed { before, ..self.packed(self.numbering, &path) };
        out.event_packed(&meaning.view(ranges, options), meaning.links(), packed)
    }

    /// As [`Self::hand_on`], of an event that is told otherwise, its fields under other names: `name` says which one
    /// of one. Where it says otherwise, `numbering` is another one.
    pub(crate) fn hand_on_as<'e>(
        &self,
        event: &EventView<'_>,
        links: impl Iterator<Item = (Link, &'e str)>,
        numbering: u64,
        name: &dyn for<'n> Fn(&'n str) -> &'n str,
        out: &mut Batcher<'_>,
    ) -> io::Result<()> {
        out.event_packed(event, links, self.packed(numbering, &|number| name(self.names.path(number))))
    }

    fn packed<'e>(&'e self, numbering: u64, name: &'e dyn Fn(u32) -> &'e str) -> Packed<'e> {
        Packed {
            before: &[],
            values: self.text.as_bytes(),
            ends: &self.ends,
            names: &self.ids,
            numbering,
            nulls: &self.nulls,
            name,
        }
    }

    /// Hands the record on as an event of that meaning.
    pub(crate) fn hand_on(
        &self,
        meaning: &Meaning<'_>,
        ranges: &[Range],
        options: &ReadingOptions,
        out: &mut Batcher<'_>,
    ) -> io::Result<()> {
        self.hand_on_as(&meaning.view(ranges, options), meaning.links(), self.numbering, &|name| name, out)
    }
}

/// How much of a record was there.
#[derive(Clone, Copy)]
struct Mark {
    text: usize,
    pairs: usize,
    nulls: usize,
}

/// Filling.
impl Record {
    fn mark(&self) -> Mark {
        Mark { text: self.text.len(), pairs: self.ids.len(), nulls: self.nulls.len() }
    }

    fn rewind(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.ends.truncate(mark.pairs);
        self.ids.truncate(mark.pairs);
        let pairs = mark.pairs as u32;
        self.objects.truncate(self.objects.partition_point(|(from, _)| *from < pairs));
        self.nulls.truncate(mark.nulls);
        let first = &mut self.first;
        self.touched.retain(|own| {
            let place = &mut first[usize::from(*own)];
            let stays = *place <= pairs;
            *place *= u32::from(stays);
            stays
        });
    }

    /// One whole object, with nothing but blanks around it.
    fn add_object(&mut self, text: &str, depth: usize) -> Result<(), Fault> {
        let mut walk = Walk { record: self, text, at: 0, last: ROOT };
        walk.blanks();
        if walk.peek() != Some(b'{') {
            return Err(walk.fault("expected `{`"));
        }
        walk.object(ROOT, depth)?;
        walk.blanks();
        if walk.at < text.len() { Err(walk.fault("more after the object")) } else { Ok(()) }
    }

    /// The pairs of a record inside a string, under their own names; `false` if there is none.
    fn splice(&mut self, text: &str, depth: usize) -> bool {
        if !text.trim_ascii_start().starts_with('{') {
            return false;
        }
        let mark = self.mark();
        let outer = self.object;
        let whole = self.add_object(text, depth).is_ok();
        self.object = outer;
        self.cut |= !whole;
        let found = whole && self.ids.len() > mark.pairs;
        if !found {
            self.rewind(mark);
        }
        found
    }

    /// Ends a pair whose value was appended to the text.
    #[inline(always)]
    fn leaf(&mut self, node: u32) -> Result<(), Fault> {
        let own = self.end(node)?;
        if let Some(first) = self.first.get_mut(usize::from(own))
            && *first == 0
        {
            *first = self.ids.len() as u32;
            self.touched.push(own);
        }
        Ok(())
    }

    fn null(&mut self, node: u32) -> Result<(), Fault> {
        self.nulls.push(self.ids.len() as u32);
        self.end(node).map(drop)
    }

    /// Ends a pair and says which own field it is.
    #[inline(always)]
    fn end(&mut self, node: u32) -> Result<u16, Fault> {
        if self.objects.last().is_none_or(|(_, object)| *object != self.object) {
            self.objects.push((self.ids.len() as u32, self.object));
        }
        self.ends.push(self.text.len() as u32);
        self.ids.push(self.names.number(node));
        let Node { path, own, .. } = &self.names.nodes[node as usize];
        let (length, own) = (path.len(), *own);
        self.spend(length)?;
        Ok(own)
    }

    fn name(&mut self, parent: u32, key: &str) -> Result<u32, Fault> {
        if let Some(node) = self.names.nodes[parent as usize].children.get(key) {
            return Ok(*node);
        }
        let path = self.names.path_below(parent, key);
        self.spend(path.len())?;
        Ok(self.names.add(parent, key, path))
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        self.spent += bytes;
        if self.spent + self.text.len() > TEXT_MAX { Err(Fault::Limit) } else { Ok(()) }
    }
}

const ROOT: u32 = 0;
const NOT_OWN: u16 = u16::MAX;

/// Every name that was met, as a tree of keys. A node's number is its place, and after nodes were
/// dropped, more: a number never means two names.
struct Names {
    nodes: Vec<Node>,
    /// How many of the first nodes are never dropped.
    kept: usize,
    dropped: u32,
    bytes: usize,
}

struct Node {
    parent: u32,
    key: Box<str>,
    path: Box<str>,
    children: BTreeMap<Box<str>, u32>,
    /// The node that came after this one the last time.
    next: u32,
    own: u16,
    spliced: bool,
    /// The key stands in JSON as it is.
    plain: bool,
    /// The same key and the quote behind it, where it is short enough.
    short: Short,
}

impl Node {
    /// Whether these bytes begin with its key and a quote.
    #[inline]
    fn stands_at(&self, bytes: &[u8]) -> bool {
        match bytes.first_chunk() {
            Some(chunk) if self.short.mask > 0 => {
                u128::from_le_bytes(*chunk) & self.short.mask == self.short.bytes
            }
            _ => {
                self.plain
                    && bytes.starts_with(self.key.as_bytes())
                    && bytes.get(self.key.len()) == Some(&b'"')
            }
        }
    }
}

/// Up to sixteen bytes as a number: comparing them is what is done most.
#[derive(Clone, Copy, Default)]
struct Short {
    bytes: u128,
    /// Ones where there are bytes; 0 if it is none.
    mask: u128,
}

impl Short {
    fn of(key: &str) -> Self {
        let length = key.len() + 1;
        if length > 16 {
            return Self::default();
        }
        let mut bytes = [0; 16];
        bytes[..length - 1].copy_from_slice(key.as_bytes());
        bytes[length - 1] = b'"';
        Self { bytes: u128::from_le_bytes(bytes), mask: u128::MAX >> (8 * (16 - length)) }
    }
}

impl Names {
    fn new() -> Self {
        let mut names = Self { nodes: Vec::new(), kept: 0, dropped: 0, bytes: 0 };
        names.nodes.push(Node {
            parent: u32::MAX,
            key: "".into(),
            path: "".into(),
            children: BTreeMap::new(),
            next: ROOT,
            own: NOT_OWN,
            spliced: false,
            plain: false,
            short: Short::default(),
        });
        names
    }

    /// The node of a path, made if need be.
    fn keep(&mut self, path: &str, then: impl FnOnce(&mut Node)) -> u32 {
        let mut node = ROOT;
        for key in Self::keys(path) {
            node = match self.nodes[node as usize].children.get(key) {
                Some(child) => *child,
                None => {
                    let path = self.path_below(node, key);
                    self.add(node, key, path)
                }
            };
        }
        then(&mut self.nodes[node as usize]);
        node
    }

    /// A key may hold dots itself where it is an address or an annotation of OData.
    fn keys(path: &str) -> impl Iterator<Item = &str> {
        let mut rest = Some(path);
        std::iter::from_fn(move || {
            let now = rest?;
            let whole = now.starts_with('@') || now.starts_with("http:");
            let (key, more) = match now.split_once('.') {
                Some((key, more)) if !whole => (key, Some(more)),
                _ => (now, None),
            };
            rest = more;
            Some(key)
        })
    }

    fn path_below(&self, parent: u32, key: &str) -> Box<str> {
        match parent {
            ROOT => key.into(),
            _ => [&self.nodes[parent as usize].path, ".", key].concat().into(),
        }
    }

    fn add(&mut self, parent: u32, key: &str, path: Box<str>) -> u32 {
        let node = self.nodes.len() as u32;
        self.bytes += 2 * key.len() + path.len() + 64;
        let plain = !key.contains(['"', '\\']);
        self.nodes.push(Node {
            parent,
            plain,
            short: if plain { Short::of(key) } else { Short::default() },
            key: key.into(),
            path,
            children: BTreeMap::new(),
            next: ROOT,
            own: NOT_OWN,
            spliced: false,
        });
        self.nodes[parent as usize].children.insert(key.into(), node);
        node
    }

    fn number(&self, node: u32) -> u32 {
        if (node as usize) < self.kept { node } else { node + self.dropped }
    }

    fn path(&self, number: u32) -> &str {
        let node = if (number as usize) < self.kept { number } else { number - self.dropped };
        self.nodes.get(node as usize).map_or("", |node| &node.path)
    }

    /// Drops what is not kept when it has become too much: names can be hostile too.
    fn tidy(&mut self) {
        if self.nodes.len() < NAMES_MAX && self.bytes < NAMES_BYTES_MAX {
            return;
        }
        let kept = self.kept as u32;
        self.dropped = self.dropped.wrapping_add(self.nodes.len() as u32 - kept);
        self.nodes.truncate(self.kept);
        for node in &mut self.nodes {
            node.children.retain(|_, child| *child < kept);
            node.next = ROOT;
        }
        self.bytes = 0;
    }
}

/// Why a record is not read to its end.
enum Fault {
    /// What is wrong, and at which byte.
    Text(&'static str, usize),
    Deep,
    Limit,
}

impl Fault {
    fn broken(self) -> Broken {
        let (cause, detail) = match self {
            Self::Text(what, at) => {
                (Cause::UnreadableRecord, format!("not a JSON object: {what} at byte {at} of the record"))
            }
            Self::Deep => {
                (Cause::UnreadableRecord, format!("not a JSON object: nested deeper than {DEPTH_MAX}"))
            }
            Self::Limit => {
                (Cause::Limit, format!("a record with more than {TEXT_MAX} bytes of names and values"))
            }
        };
        Broken { cause, detail }
    }
}

/// Walks a text and notes its leaves.
struct Walk<'r, 't> {
    record: &'r mut Record,
    text: &'t str,
    at: usize,
    /// The node whose key was read last.
    last: u32,
}

/// A string between its quotes.
struct Quoted {
    from: usize,
    to: usize,
    escaped: bool,
}

impl<'t> Walk<'_, 't> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn fault(&self, what: &'static str) -> Fault {
        let what = if self.at >= self.text.len() { "it ends too early" } else { what };
        Fault::Text(what, self.at)
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.fault(what));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, node: u32, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.string(node, depth),
            Some(b'{') => self.object(node, depth),
            Some(b'[') => self.array(node, depth),
            Some(b'-' | b'0'..=b'9') => self.number(node),
            Some(b't') => self.word("true", node),
            Some(b'f') => self.word("false", node),
            Some(b'n') => self.word("null", node),
            _ => Err(self.fault("expected a value")),
        }
    }

    fn object(&mut self, node: u32, depth: usize) -> Result<(), Fault> {
        if depth > DEPTH_MAX {
            return Err(Fault::Deep);
        }
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return if node == ROOT { Ok(()) } else { self.literal("{}", node) };
        }
        let parent = if self.record.names.nodes[node as usize].spliced { ROOT } else { node };
        let outer = self.record.object;
        self.record.objects_met += 1;
        let object = self.record.objects_met;
        loop {
            let child = self.key(parent)?;
            self.blanks();
            self.expect(b':', "expected `:`")?;
            self.blanks();
            self.record.object = object;
            self.value(child, depth + 1)?;
            self.blanks();
            if self.peek() == Some(b'}') {
                break;
            }
            self.expect(b',', "expected `,` or `}`")?;
            self.blanks();
        }
        self.at += 1;
        self.record.object = outer;
        Ok(())
    }

    fn array(&mut self, node: u32, depth: usize) -> Result<(), Fault> {
        if depth > DEPTH_MAX {
            return Err(Fault::Deep);
        }
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return self.literal("[]", node);
        }
        loop {
            self.value(node, depth + 1)?;
            self.blanks();
            if self.peek() == Some(b']') {
                break;
            }
            self.expect(b',', "expected `,` or `]`")?;
            self.blanks();
        }
        self.at += 1;
        Ok(())
    }

    /// The node of the next key.
    fn key(&mut self, parent: u32) -> Result<u32, Fault> {
        self.expect(b'"', "expected a name")?;
        let nodes = &self.record.names.nodes;
        let guess = nodes[self.last as usize].next;
        let guessed = &nodes[guess as usize];
        if guessed.parent == parent && guessed.stands_at(&self.text.as_bytes()[self.at..]) {
            self.at += guessed.key.len() + 1;
            self.last = guess;
            return Ok(guess);
        }
        let quoted = self.quoted()?;
        let node = if quoted.escaped {
            let mut key = String::new();
            unescape(self.text, &quoted, &mut key)?;
            self.record.name(parent, &key)?
        } else {
            self.record.name(parent, &self.text[quoted.from..quoted.to])?
        };
        self.record.names.nodes[self.last as usize].next = node;
        self.last = node;
        Ok(node)
    }

    /// A string's place; the opening quote was read.
    #[inline(always)]
    fn quoted(&mut self) -> Result<Quoted, Fault> {
        let (from, bytes) = (self.at, &self.text.as_bytes()[self.at..]);
        match find2(b'"', b'\\', bytes) {
            Some(length) if bytes[length] == b'"' => {
                self.at += length + 1;
                Ok(Quoted { from, to: from + length, escaped: false })
            }
            first => self.escaped(first.unwrap_or(bytes.len())),
        }
    }

    /// The same of a string that is plain for so many bytes.
    #[inline(never)]
    fn escaped(&mut self, plain: usize) -> Result<Quoted, Fault> {
        let bytes = self.text.as_bytes();
        let (from, mut at) = (self.at, self.at + plain);
        loop {
            match find2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
                Some(distance) if bytes[at + distance] == b'"' => {
                    let to = at + distance;
                    self.at = to + 1;
                    return Ok(Quoted { from, to, escaped: true });
                }
                Some(distance) => at += distance + 2,
                None => {
                    self.at = bytes.len();
                    return Err(self.fault("expected `\"`"));
                }
            }
        }
    }

    fn string(&mut self, node: u32, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        let quoted = self.quoted()?;
        if self.record.names.nodes[node as usize].spliced {
            let mut inner = String::new();
            unescape(self.text, &quoted, &mut inner)?;
            // What is inside counts as deeper, so that strings in strings end.
            if depth < DEPTH_MAX && self.record.splice(&inner, depth + 1) {
                return Ok(());
            }
        }
        if quoted.escaped {
            unescape(self.text, &quoted, &mut self.record.text)?;
        } else {
            self.record.text.push_str(&self.text[quoted.from..quoted.to]);
        }
        self.record.leaf(node)
    }

    fn word(&mut self, word: &'static str, node: u32) -> Result<(), Fault> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.fault("expected a value"));
        }
        self.at += word.len();
        if word == "null" { self.record.null(node) } else { self.literal(word, node) }
    }

    fn literal(&mut self, text: &str, node: u32) -> Result<(), Fault> {
        self.record.text.push_str(text);
        self.record.leaf(node)
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    fn number(&mut self, node: u32) -> Result<(), Fault> {
        let from = self.at;
        self.skip(b"-");
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.skip(b".") {
            self.digits()?;
        }
        if self.skip(b"eE") {
            self.skip(b"+-");
            self.digits()?;
        }
        self.record.text.push_str(&self.text[from..self.at]);
        self.record.leaf(node)
    }

    fn skip(&mut self, bytes: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == from { Err(self.fault("expected a digit")) } else { Ok(()) }
    }
}

/// Appends what a string with escapes means.
fn unescape(text: &str, quoted: &Quoted, out: &mut String) -> Result<(), Fault> {
    let mut at = quoted.from;
    while at < quoted.to {
        let rest = &text[at..quoted.to];
        let Some(plain) = memchr::memchr(b'\\', rest.as_bytes()) else {
            out.push_str(rest);
            return Ok(());
        };
        out.push_str(&rest[..plain]);
        at += plain;
        at += escape(&text[at..quoted.to], out).ok_or(Fault::Text("unknown escape", at))?;
    }
    Ok(())
}

/// Appends what one escape means and says how long it is.
fn escape(text: &str, out: &mut String) -> Option<usize> {
    let plain = match text.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text, out),
        _ => return None,
    };
    out.push(plain);
    Some(2)
}

fn unicode(text: &str, out: &mut String) -> Option<usize> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let high = unit(text)?;
    if let Some(found) = char::from_u32(high) {
        out.push(found);
        return Some(6);
    }
    // Two halves of a character beyond 16 bits; a half alone keeps its text.
    let low = text.get(6..).and_then(unit).filter(|low| (0xdc00..0xe000).contains(low));
    match low {
        Some(low) if high < 0xdc00 => {
            out.extend(char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)));
            Some(12)
        }
        _ => {
            out.push_str(&text[..6]);
            Some(6)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record() -> Record {
        Record::new(&[&["a.b", "list.Name", "list.Value"]], &["inner"])
    }

    fn told(record: &Record) -> Vec<String> {
        record.pairs().map(|(name, value)| format!("{name}={}", value.unwrap_or("∅"))).collect()
    }

    #[test]
    fn a_record_becomes_pairs_in_its_order() {
        let mut record = record();
        let text = br#"{"a":{"b":1,"c":null},"d":["x",{"e":true}],"f":[],"a":"again","g":1.10,"h":{}}"#;
        for _ in 0..2 {
            record.read(text).unwrap();
            assert_eq!(
                told(&record),
                ["a.b=1", "a.c=∅", "d=x", "d.e=true", "f=[]", "a=again", "g=1.10", "h={}"]
            );
            assert_eq!(record.own(Own(0)), Some("1"));
        }
        record.read(b"{}").unwrap();
        assert_eq!((record.is_empty(), record.own(Own(0))), (true, None), "nothing of the record before");
    }

    #[test]
    fn lists_of_names_and_values() {
        let mut record = record();
        record.read(br#"{"list":[{"Value":"1","Name":"X"},{"Name":"y"},{"Name":"Z","Value":"3"}]}"#).unwrap();
        let listed = |name| record.listed(Own(1), name, Own(2));
        assert_eq!((listed("x"), listed("y"), listed("Z"), listed("w")), (Some("1"), None, Some("3"), None));
    }

    #[test]
    fn a_record_in_a_record_takes_its_place() {
        let mut record = record();
        record.read(br#"{"x":1,"inner":{"a":{"b":2}},"z":3}"#).unwrap();
        assert_eq!(told(&record), ["x=1", "a.b=2", "z=3"]);
        record.read(br#"{"x":1,"inner":"{\"a\":{\"b\":\"\\u00e9\"}}","z":3}"#).unwrap();
        assert_eq!(told(&record), ["x=1", "a.b=é", "z=3"]);
        assert!(!record.cut());
        record.read(br#"{"x":1,"inner":"{\"a\":{\"b\":","z":3}"#).unwrap();
        assert_eq!(told(&record), ["x=1", "inner={\"a\":{\"b\":", "z=3"]);
        assert_eq!((record.cut(), record.own(Own(0))), (true, None));
    }

    #[test]
    fn what_is_no_object_is_broken() {
        let mut record = record();
        for text in [
            "1",
            "[1]",
            "\"x\"",
            "{\"a\":1} x",
            "{\"a\":",
            "{\"a\":01}",
            "{\"a\":\"\\x\"}",
            "{a:1}",
            "{\"a\":1,}",
        ] {
            assert_eq!(record.read(text.as_bytes()).unwrap_err().cause, Cause::UnreadableRecord, "{text}");
        }
        assert_eq!(record.read(b"{\"a\":\"\xff\"}").unwrap_err().cause, Cause::Encoding);
        let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert_eq!(record.read(deep.as_bytes()).unwrap_err().cause, Cause::UnreadableRecord);
    }

    #[test]
    fn a_long_name_over_a_long_array_is_bounded() {
        let text = format!("{{\"{}\":[{}1]}}", "n".repeat(1 << 20), "1,".repeat(1 << 20));
        assert_eq!(record().read(text.as_bytes()).unwrap_err().cause, Cause::Limit);
    }

    #[test]
    fn names_are_dropped_and_numbers_do_not_come_back() {
        let mut record = record();
        for round in 0..70 {
            let fields: Vec<String> =
                (0..1000).map(|field| format!("\"n{}\":1", round * 1000 + field)).collect();
            record.read(format!("{{\"a\":{{\"b\":{round}}},{}}}", fields.join(",")).as_bytes()).unwrap();
            assert_eq!(record.own(Own(0)), Some(round.to_string().as_str()));
            assert_eq!(record.pairs().nth(1).unwrap().0, format!("n{}", round * 1000));
        }
        assert!(record.names.nodes.len() <= NAMES_MAX + 1000 && record.names.dropped > 0);
    }

    /// The same pairs by `serde_json`, which shares no code with this reader.
    fn pairs_of(
        value: &serde_json::Value,
        path: &str,
        depth: usize,
        out: &mut Vec<(String, Option<String>)>,
    ) {
        use serde_json::Value;
        match value {
            Value::Object(object) if object.is_empty() && depth > 0 => {
                out.push((path.into(), Some("{}".into())))
            }
            Value::Object(object) => {
                for (key, value) in object {
                    let path = if depth == 0 { key.clone() } else { format!("{path}.{key}") };
                    pairs_of(value, &path, depth + 1, out);
                }
            }
            Value::Array(array) if array.is_empty() => out.push((path.into(), Some("[]".into()))),
            Value::Array(array) => array.iter().for_each(|value| pairs_of(value, path, depth + 1, out)),
            Value::Null => out.push((path.into(), None)),
            Value::String(text) => out.push((path.into(), Some(text.clone()))),
            other => out.push((path.into(), Some(other.to_string()))),
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "[a-e\"\\\\\u{1}-\u{20}é😀]{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map("[a-c\"\\\\é]{0,3}", inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn another_reader_finds_the_same_pairs(values in prop::collection::vec(json(), 1..4)) {
            let mut record = Record::new(&[], &[]);
            for value in values {
                let value = serde_json::json!({ "k": value, "m": 1 });
                for text in [value.to_string(), format!("{value:#}")] {
                    let mut expected = Vec::new();
                    pairs_of(&value, "", 0, &mut expected);
                    prop_assert!(record.read(text.as_bytes()).is_ok());
                    prop_assert_eq!(record.to_fields(), expected);
                }
            }
        }

        #[test]
        fn what_another_reader_refuses_is_refused(value in json(), at in any::<prop::sample::Index>(), byte in "[{}\\[\\],:\"\\\\a0-9. ]") {
            let text = serde_json::json!({ "k": value }).to_string();
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte.as_bytes()[0];
            let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
            // A half of a surrogate pair is the one thing that is read here and not there.
            prop_assume!(!text.contains("\\ud"));
            let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text).is_ok();
            prop_assert_eq!(Record::new(&[], &[]).read(text.as_bytes()).is_ok(), theirs, "{}", text);
        }
    }
}
