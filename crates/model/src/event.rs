//! What does one record of a source say happened?
//!
//! A format fills one of these per record and hands it to a [`crate::Batcher`]. Exhibit, member
//! and id are added there: a format sees bytes and does not know whose they are.

use crate::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};
use crate::time::Stated;
use crate::{Range, ReadingOptions, Time};

/// One row of the spine with the source's own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Where the record lies; the first range is the record itself. Never empty.
    pub ranges: Vec<Range>,
    /// What had to be assumed to read it.
    pub options: ReadingOptions,
    /// When it happened; `None` where the record does not say.
    pub time: Option<Time>,
    /// The time as the record writes it.
    pub time_text: Option<String>,
    /// Why `time` rests on an assumption, in words; `None` if the record states instant and zone.
    pub time_assumed: Option<String>,
    /// End of an interval.
    pub until: Option<Time>,
    /// Kind of log, as `windows/Security` or `json`.
    pub source: String,
    /// The machine on which it happened, as the record names it.
    pub host: Option<String>,
    /// The account that acted, as the record names it.
    pub actor: Option<String>,
    /// The account acted upon.
    pub target: Option<String>,
    /// What was done.
    pub verb: Verb,
    /// What it was done to.
    pub object: Option<String>,
    /// What kind of thing `object` is.
    pub object_kind: Option<ObjectKind>,
    /// One item or a whole container.
    pub scope: Option<Scope>,
    /// Kind of program.
    pub client: Option<Client>,
    /// The other end: address or host name.
    pub peer: Option<String>,
    /// The device from which the actor worked, if the record names it.
    pub device: Option<String>,
    /// How many (messages, rows, items).
    pub count: Option<u64>,
    /// How many bytes moved.
    pub bytes: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// What limits the meaning.
    pub qualifiers: Vec<Qualifier>,
    /// What it can be joined by.
    pub links: Vec<(Link, String)>,
    /// The source's own fields in the record's order; a name may repeat; `None` is an explicit null.
    pub fields: Vec<(String, Option<String>)>,
}

impl Event {
    /// An event of which nothing is known but where it lies and from what kind of log it is.
    #[must_use]
    pub fn at(range: Range, source: impl Into<String>) -> Self {
        Self {
            ranges: vec![range],
            options: ReadingOptions::default(),
            time: None,
            time_text: None,
            time_assumed: None,
            until: None,
            source: source.into(),
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
            fields: Vec::new(),
        }
    }

    /// The first non-null value of an own field, by its exact name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, value)| key == name && value.is_some())?.1.as_deref()
    }

    /// Sets time and its text; a reading without zone is taken as UTC and marked so.
    pub fn set_time(&mut self, text: &str, stated: Option<Stated>) {
        self.time_text = Some(text.to_owned());
        match stated {
            Some(Stated::Instant(time)) => self.time = Some(time),
            Some(Stated::Local(time)) => {
                self.time = Some(time);
                self.time_assumed = Some("no zone stated; read as UTC".to_owned());
            }
            None => {}
        }
    }
}

/// An event whose texts belong to someone else: what a format hands on that writes values straight
/// into columns. Its own fields travel beside it, as pairs.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // Field for field [`Event`].
pub struct EventView<'a> {
    pub ranges: &'a [Range],
    pub options: &'a ReadingOptions,
    pub time: Option<Time>,
    pub time_text: Option<&'a str>,
    pub time_assumed: Option<&'a str>,
    pub until: Option<Time>,
    pub source: &'a str,
    pub host: Option<&'a str>,
    pub actor: Option<&'a str>,
    pub target: Option<&'a str>,
    pub verb: Verb,
    pub object: Option<&'a str>,
    pub object_kind: Option<ObjectKind>,
    pub scope: Option<Scope>,
    pub client: Option<Client>,
    pub peer: Option<&'a str>,
    pub device: Option<&'a str>,
    pub count: Option<u64>,
    pub bytes: Option<u64>,
    pub outcome: Outcome,
    pub qualifiers: &'a [Qualifier],
}

impl Event {
    /// The same, borrowed.
    #[must_use]
    pub fn view(&self) -> EventView<'_> {
        EventView {
            ranges: &self.ranges,
            options: &self.options,
            time: self.time,
            time_text: self.time_text.as_deref(),
            time_assumed: self.time_assumed.as_deref(),
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
        }
    }
}
