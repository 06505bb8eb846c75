//! What does a line say, and with which fields, before it goes into a batch?
//!
//! The [`Meaning`] of a line with the source's own fields beside it, all borrowed: a line of a text log becomes a
//! row without a copy of its own, except where a value had to be decoded or put together.

use std::io;
use std::ops::{Deref, DerefMut};

use assize_model::spine::{Link, ObjectKind, Outcome, Verb};
use assize_model::{Batcher, Range, ReadingOptions};

use crate::clock::{self, Reading};
use crate::lines::{Encoding, Line};
use crate::meaning::Meaning;
pub(crate) use crate::meaning::Text;

/// One row of the spine with the source's own fields.
pub(crate) struct Record<'a> {
    meaning: Meaning<'a>,
    /// What its time rests on beyond its bytes.
    pub(crate) time_options: &'a ReadingOptions,
    /// `None` is an explicit null.
    pub(crate) fields: Vec<(Text<'a>, Option<Text<'a>>)>,
}

/// Fields for which there is room from the beginning: most records have fewer, and so much is below the size up
/// to which the usual allocators give the same memory again at once (1 KiB).
const FIELDS: usize = 20;

impl<'a> Deref for Record<'a> {
    type Target = Meaning<'a>;
    fn deref(&self) -> &Meaning<'a> {
        &self.meaning
    }
}

impl<'a> DerefMut for Record<'a> {
    fn deref_mut(&mut self) -> &mut Meaning<'a> {
        &mut self.meaning
    }
}

impl<'a> Record<'a> {
    /// Nothing is known yet but what kind of log it is from.
    pub(crate) fn of(source: impl Into<Text<'a>>) -> Self {
        Self { meaning: Meaning::of(source), time_options: &clock::NONE, fields: Vec::with_capacity(FIELDS) }
    }

    /// What is known of it already, and what its time rests on.
    pub(crate) fn that(meaning: Meaning<'a>, time_options: &'a ReadingOptions) -> Self {
        Self { meaning, time_options, fields: Vec::with_capacity(FIELDS) }
    }

    /// Sets the time to what a clock made of its text.
    pub(crate) fn at(&mut self, text: impl Into<Text<'a>>, reading: Reading<'a>) {
        self.time_text = Some(text.into());
        self.time = reading.time;
        self.time_assumed = reading.assumed.map(Into::into);
        self.time_options = reading.options;
    }

    /// Adds a field of the source's own.
    pub(crate) fn own(&mut self, name: impl Into<Text<'a>>, value: impl Into<Text<'a>>) {
        self.fields.push((name.into(), Some(value.into())));
    }

    /// The first value of an own field, by its exact name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name)?.1.as_deref()
    }

    pub(crate) fn did(&mut self, verb: Verb, outcome: Outcome) {
        self.verb = verb;
        self.outcome = outcome;
    }

    pub(crate) fn to(&mut self, kind: ObjectKind, object: impl Into<Text<'a>>) {
        self.object_kind = Some(kind);
        self.object = Some(object.into());
    }

    pub(crate) fn link(&mut self, kind: Link, value: impl Into<Text<'a>>) {
        self.links.push((kind, value.into()));
    }

    /// Hands it on as the event of a line.
    pub(crate) fn event_of(&self, line: &Line<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        self.event_of_ranges(&[line.range], line.encoding, out)
    }

    /// Hands it on as the event of some ranges, the first of which is the record itself.
    pub(crate) fn event_of_ranges(
        &self,
        ranges: &[Range],
        encoding: Encoding,
        out: &mut Batcher<'_>,
    ) -> io::Result<()> {
        if encoding == Encoding::Utf8 {
            return self.hand_on(ranges, self.time_options, out);
        }
        let mut options = self.time_options.clone();
        encoding.note(&mut options);
        self.hand_on(ranges, &options, out)
    }

    /// The same, of a record whose bytes do not say all that was needed to find its values.
    pub(crate) fn event_with(
        &self,
        ranges: &[Range],
        needed: &ReadingOptions,
        out: &mut Batcher<'_>,
    ) -> io::Result<()> {
        if needed.is_empty() {
            return self.hand_on(ranges, self.time_options, out);
        }
        let mut options = self.time_options.clone();
        options.0.extend(needed.0.clone());
        self.hand_on(ranges, &options, out)
    }

    fn hand_on(&self, ranges: &[Range], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let fields = self.fields.iter().map(|(name, value)| (name.as_ref(), value.as_deref()));
        out.event_view(&self.meaning.view(ranges, options), self.meaning.links(), fields)
    }
}
