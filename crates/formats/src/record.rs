//! What does a line say, in the spine's words, before it goes into a batch?
//!
//! As [`assize_model::Event`], but of borrowed texts: a line of a text log becomes a row without a copy of
//! its own, except where a value had to be decoded or put together.

use std::borrow::Cow;
use std::io;

use assize_model::event::EventView;
use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::{Batcher, Range, ReadingOptions, Time};

use crate::clock::{self, Reading};
use crate::lines::{Encoding, Line};

pub(crate) type Text<'a> = Cow<'a, str>;

/// One row of the spine with the source's own fields. Field for field [`assize_model::Event`].
pub(crate) struct Record<'a> {
    pub(crate) source: Text<'a>,
    pub(crate) time: Option<Time>,
    pub(crate) time_text: Option<Text<'a>>,
    pub(crate) time_assumed: Option<&'a str>,
    pub(crate) time_options: &'a ReadingOptions,
    pub(crate) until: Option<Time>,
    pub(crate) host: Option<Text<'a>>,
    pub(crate) actor: Option<Text<'a>>,
    pub(crate) target: Option<Text<'a>>,
    pub(crate) verb: Verb,
    pub(crate) object: Option<Text<'a>>,
    pub(crate) object_kind: Option<ObjectKind>,
    pub(crate) scope: Option<Scope>,
    pub(crate) client: Option<Client>,
    pub(crate) peer: Option<Text<'a>>,
    pub(crate) device: Option<Text<'a>>,
    pub(crate) count: Option<u64>,
    pub(crate) bytes: Option<u64>,
    pub(crate) outcome: Outcome,
    pub(crate) qualifiers: Vec<Qualifier>,
    pub(crate) links: Vec<(Link, Text<'a>)>,
    /// `None` is an explicit null.
    pub(crate) fields: Vec<(Text<'a>, Option<Text<'a>>)>,
}

/// Fields for which there is room from the beginning: most records have fewer.
const FIELDS: usize = 32;

impl<'a> Record<'a> {
    /// Nothing is known yet but what kind of log it is from.
    pub(crate) fn of(source: impl Into<Text<'a>>) -> Self {
        Self {
            source: source.into(),
            time: None,
            time_text: None,
            time_assumed: None,
            time_options: &clock::NONE,
            until: None,
            host: None,
            actor: None,
            target: None,
            verb: Verb::Other,
            object: None,
            object_kind: None,
            scope: None,
            client: None,
            peer: None,
            device: None,
            count: None,
            bytes: None,
            outcome: Outcome::Unknown,
            qualifiers: Vec::new(),
            links: Vec::new(),
            fields: Vec::with_capacity(FIELDS),
        }
    }

    /// Sets the time to what a clock made of its text.
    pub(crate) fn at(&mut self, text: impl Into<Text<'a>>, reading: Reading<'a>) {
        self.time_text = Some(text.into());
        self.time = reading.time;
        self.time_assumed = reading.assumed;
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
        let view = EventView {
            ranges,
            options,
            time: self.time,
            time_text: self.time_text.as_deref(),
            time_assumed: self.time_assumed,
            until: self.until,
            source: &self.source,
            host: self.host.as_deref(),
            actor: self.actor.as_deref(),
            target: self.target.as_deref(),
            verb: self.verb,
            object: self.object.as_deref(),
            object_kind: self.object_kind,
            scope: self.scope,
            client: self.client,
            peer: self.peer.as_deref(),
            device: self.device.as_deref(),
            count: self.count,
            bytes: self.bytes,
            outcome: self.outcome,
            qualifiers: &self.qualifiers,
        };
        let links = self.links.iter().map(|(kind, value)| (*kind, value.as_ref()));
        let fields = self.fields.iter().map(|(name, value)| (name.as_ref(), value.as_deref()));
        out.event_view(&view, links, fields)
    }
}
