//! Which fields of a record mean what, for all records with the same names at once?
//!
//! A shipper writes events of one kind with the same names in the same order. Who he is and where the fields stand that
//! the spine is filled from is found out once for such a sequence of names, and after that known by comparing it.

use std::io;

use assize_model::spine::Link;
use assize_model::{Batcher, EventView};

use super::shape::Shape;
use crate::json::{self, Record};
use crate::windows::{Fields, Own, SPINE_FIELDS};

/// Sequences of names that are remembered.
const KINDS: usize = 64;
/// Names of a sequence that is remembered: a hostile record has millions.
const NAMES_MAX: usize = 4096;

/// What is known of the sequences of names of one [`Record`], which is used again and again.
pub(super) struct Kinds {
    known: Vec<Kind>,
    /// That of a record with very many names.
    long: Kind,
    /// A numbering of names for each shape: one name of a record is another one of each event.
    numberings: [u64; Shape::COUNT],
}

#[derive(Default)]
struct Kind {
    names: Vec<u32>,
    shape: Option<Shape>,
    /// For each field of the spine the first of its name, counted from 1.
    first: Vec<u32>,
    /// For each field the next one of its name, counted from 1.
    next: Vec<u32>,
}

impl Default for Kinds {
    fn default() -> Self {
        let mut known = Vec::new();
        known.resize_with(KINDS, Kind::default);
        Self { known, long: Kind::default(), numberings: std::array::from_fn(|_| json::next_numbering()) }
    }
}

impl Kinds {
    /// The record by its fields' names in the event's XML; `shape` is asked for a sequence that is new.
    pub(super) fn of<'r>(
        &'r mut self,
        record: &'r Record,
        shape: impl FnOnce() -> Option<Shape>,
    ) -> Told<'r> {
        let names = record.numbers();
        let ends = [names.first(), names.last()].map(|name| name.map_or(0, |name| *name as usize));
        let slot = (names.len() + 3 * ends[0] + 7 * ends[1]) % KINDS;
        let kind = if names.len() > NAMES_MAX { &mut self.long } else { &mut self.known[slot] };
        if kind.names != names {
            kind.learn(record, shape());
        }
        let numbering = kind.shape.map_or(0, |shape| self.numberings[shape as usize]);
        Told { record, kind, numbering }
    }
}

impl Kind {
    fn learn(&mut self, record: &Record, shape: Option<Shape>) {
        self.names.clear();
        self.names.extend_from_slice(record.numbers());
        self.shape = shape;
        self.first.clear();
        self.next.clear();
        let Some(shape) = shape else { return };
        self.first.resize(SPINE_FIELDS.len(), 0);
        self.next.resize(self.names.len(), 0);
        let mut last = [0u32; SPINE_FIELDS.len()];
        for (place, name) in (1..).zip(record.names()) {
            let Some(Own(own)) = Own::find(shape.name(name)) else { continue };
            match last[own] {
                0 => self.first[own] = place,
                before => self.next[before as usize - 1] = place,
            }
            last[own] = place;
        }
    }
}

/// A record whose fields have Windows' names.
pub(super) struct Told<'r> {
    record: &'r Record,
    kind: &'r Kind,
    numbering: u64,
}

impl Told<'_> {
    pub(super) fn shape(&self) -> Option<Shape> {
        self.kind.shape
    }

    /// Hands it on as that event.
    pub(super) fn hand_on<'e>(
        &self,
        event: &EventView<'_>,
        links: impl Iterator<Item = (Link, &'e str)>,
        out: &mut Batcher<'_>,
    ) -> io::Result<()> {
        let shape = self.kind.shape;
        let name: &dyn for<'n> Fn(&'n str) -> &'n str =
            &|given| shape.map_or(given, |shape| shape.name(given));
        self.record.hand_on_as(event, links, self.numbering, name, out)
    }

    fn value(&self, place: u32) -> Option<&str> {
        self.record.value(place.checked_sub(1)? as usize)
    }
}

impl Fields for Told<'_> {
    fn all(&self, name: Own) -> impl Iterator<Item = &str> {
        let at = |place: u32| (place > 0).then_some(place);
        let first = self.kind.first.get(name.0).copied().and_then(at);
        std::iter::successors(first, move |place| at(self.kind.next[*place as usize - 1]))
            .filter_map(|place| self.value(place))
    }
}
