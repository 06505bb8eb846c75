//! What does a record say, in the words of the spine?
//!
//! As [`assize_model::Event`], but of borrowed texts, without the source's own fields and without a place: the
//! texts belong to the record wherever they stand in it as they are, so that it becomes a row without a copy of
//! its own. Formats fill it; who holds the own fields hands it on ([`crate::json::Record`], [`crate::record::Record`]).

use std::borrow::Cow;
use std::net::IpAddr;

use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::time::Stated;
use assize_model::{Event, EventView, Range, ReadingOptions, Time};

pub(crate) type Text<'a> = Cow<'a, str>;

/// Everything of the spine that a record can fill; see [`assize_model::Event`].
#[derive(Debug)]
pub(crate) struct Meaning<'a> {
    pub(crate) source: Text<'a>,
    pub(crate) time: Option<Time>,
    pub(crate) time_text: Option<Text<'a>>,
    pub(crate) time_assumed: Option<Text<'a>>,
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
}

impl<'a> Meaning<'a> {
    /// Nothing but the kind of log.
    pub(crate) fn of(source: impl Into<Text<'a>>) -> Self {
        Self {
            source: source.into(),
            time: None,
            time_text: None,
            time_assumed: None,
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
        }
    }

    /// Sets the time; `unzoned` says why a reading without zone is taken as UTC.
    pub(crate) fn set_time(&mut self, text: &'a str, unzoned: &'static str) {
        self.time_text = Some(text.into());
        match Time::parse(text).or_else(|| Time::of_unix(text).map(Stated::Instant)) {
            Some(Stated::Instant(time)) => self.time = Some(time),
            Some(Stated::Local(time)) => {
                self.time = Some(time);
                self.time_assumed = Some(unzoned.into());
            }
            None => {}
        }
    }

    /// Adds what the event can be joined by, once, if there is something.
    pub(crate) fn link(&mut self, kind: Link, value: Option<&'a str>) {
        if let Some(value) = value
            && !value.is_empty()
            && !self.links.iter().any(|(other, known)| *other == kind && known == value)
        {
            self.links.push((kind, value.into()));
        }
    }

    /// Adds a qualifier once.
    pub(crate) fn qualify(&mut self, qualifier: Qualifier) {
        if !self.qualifiers.contains(&qualifier) {
            self.qualifiers.push(qualifier);
        }
    }

    /// Verb and kind of object.
    pub(crate) fn says(&mut self, verb: Verb, kind: ObjectKind) {
        self.verb = verb;
        self.object_kind = Some(kind);
    }

    /// As the event of a record that lies there, but for links and own fields.
    pub(crate) fn view<'v>(&'v self, ranges: &'v [Range], options: &'v ReadingOptions) -> EventView<'v> {
        EventView {
            ranges,
            options,
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

    /// The same as an event that owns its texts, for a preview.
    pub(crate) fn event(self, range: Range, fields: Vec<(String, Option<String>)>) -> Event {
        let own = |text: Option<Text<'_>>| text.map(Cow::into_owned);
        Event {
            time: self.time,
            time_text: own(self.time_text),
            time_assumed: own(self.time_assumed),
            until: self.until,
            host: own(self.host),
            actor: own(self.actor),
            target: own(self.target),
            verb: self.verb,
            object: own(self.object),
            object_kind: self.object_kind,
            scope: self.scope,
            client: self.client,
            peer: own(self.peer),
            device: own(self.device),
            count: self.count,
            bytes: self.bytes,
            outcome: self.outcome,
            qualifiers: self.qualifiers,
            links: self.links.into_iter().map(|(kind, value)| (kind, value.into_owned())).collect(),
            fields,
            ..Event::at(range, self.source)
        }
    }

    /// What it can be joined by, as a batcher takes it.
    pub(crate) fn links(&self) -> impl Iterator<Item = (Link, &str)> {
        self.links.iter().map(|(kind, value)| (*kind, value.as_ref()))
    }
}

/// An address without its port, in one notation: `203.0.113.7:443`, `[2001:db8::1]:443` and
/// `::ffff:203.0.113.7` are how one service or another writes it. What is no address stays.
pub(crate) fn address(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if text.is_empty() || text == "-" || text.eq_ignore_ascii_case("null") || text == "<null>" {
        return None;
    }
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(text, |(address, _)| address),
        None => match text.split_once(':') {
            Some((address, port)) if !port.contains(':') && is_port(port) => address,
            _ => text,
        },
    };
    Some(match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => Cow::Borrowed(bare),
        Ok(address) => Cow::Owned(address.to_canonical().to_string()),
        // A name with a port, or words: not ours to cut.
        Err(_) => Cow::Borrowed(text),
    })
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_ports() {
        for (text, bare) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:51234", "203.0.113.7"),
            ("[203.0.113.7]:51234", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:51234", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[2001:DB8:0:0::1]:443", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("config.amazonaws.com", "config.amazonaws.com"),
            ("2001:db8::443:51234", "2001:db8::443:51234"),
        ] {
            assert_eq!(address(text).as_deref(), Some(bare), "{text}");
        }
        for text in ["", "-", "<null>", "null", " "] {
            assert_eq!(address(text), None);
        }
    }
}
