//! Under which name does a rule find a field of an event?
//!
//! In this order: where the route says the field lies; by the very name; by the name without
//! regard to case and blanks; by the usual name of what rules also call otherwise.
//!
//! The specification wants names "as they appear in the log source and strip all spaces" (rules
//! specification 2.1, "Field Usage"), so Defender's `New Value` is a rule's `NewValue`. Case is
//! not spoken of; Windows itself writes `SourceProcessGUID` in one event and `SourceProcessGuid` in
//! another, so a name that is absent as written is also sought in any case: a rule must not be
//! lost by a letter. The very name comes first, so two names that differ in case stay apart.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::Record;
use crate::logsource::{self, Joined, Origin, Route};
use crate::text::lower_case;

/// A value of an event, as a rule looks at it.
pub(crate) struct Value<'a> {
    /// The own fields it comes from; several if it was joined.
    pub names: Vec<&'a str>,
    /// The text; `None` is an explicit null.
    pub text: Option<Cow<'a, str>>,
    lower: OnceCell<String>,
}

impl<'a> Value<'a> {
    fn new(names: Vec<&'a str>, text: Option<Cow<'a, str>>) -> Self {
        Self { names, text, lower: OnceCell::new() }
    }

    /// The text and its lower case.
    pub fn texts(&self) -> Option<(&str, &str)> {
        let text = self.text.as_deref()?;
        Some((text, self.lower.get_or_init(|| lower_case(text))))
    }
}

/// An event seen through a route.
pub(crate) struct View<'a> {
    source: &'a str,
    own: Vec<Value<'a>>,
    named: BTreeMap<&'a str, Vec<usize>>,
    folded: OnceCell<BTreeMap<String, Vec<usize>>>,
    route: Option<&'a Route>,
    joined: BTreeMap<&'a str, Value<'a>>,
}

impl<'a> View<'a> {
    /// Sees an event; without a route, under its own names only.
    pub fn new(record: &Record<'a>, route: Option<&'a Route>) -> Self {
        let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, (name, _)) in record.fields().iter().enumerate() {
            named.entry(*name).or_default().push(index);
        }
        let value =
            |(name, text): &(&'a str, Option<&'a str>)| Value::new(vec![*name], text.map(Cow::Borrowed));
        let own = record.fields().iter().map(value).collect();
        let joined = BTreeMap::new();
        let mut view = Self { source: record.source(), own, named, folded: OnceCell::new(), route, joined };
        for (field, origin) in route.map(Route::fields).into_iter().flatten() {
            if let Origin::Joined(joined) = origin
                && let Some(value) = view.join(joined)
            {
                view.joined.insert(field, value);
            }
        }
        view
    }

    fn join(&self, joined: &'a Joined) -> Option<Value<'a>> {
        let parts = joined.join.iter().filter_map(|name| self.by_own_name(name).into_iter().next());
        let parts: Vec<&Value<'_>> = parts.filter(|value| value.text.is_some()).collect();
        let texts: Vec<&str> = parts.iter().filter_map(|value| value.text.as_deref()).collect();
        let names = parts.iter().flat_map(|value| value.names.clone()).collect();
        (!texts.is_empty()).then(|| Value::new(names, Some(Cow::Owned(joined.renamed(texts.join("\\"))))))
    }

    /// Every own value, for keywords.
    pub fn own(&self) -> &[Value<'a>] {
        &self.own
    }

    /// The values of a field as a rule names it; none if the event has no such field.
    pub fn values(&self, field: &str) -> Vec<&Value<'a>> {
        match self.route.and_then(|route| route.fields().get(field)) {
            Some(Origin::Own(name)) => return self.by_own_name(name),
            Some(Origin::Joined(_)) => return self.joined.get(field).into_iter().collect(),
            None => {}
        }
        let found = self.by_own_name(field);
        match logsource::usual_name(self.source, field) {
            Some(usual) if found.is_empty() => self.by_own_name(usual),
            _ => found,
        }
    }

    /// Whether the event has such a field, or a part of it, if only as a null.
    pub fn has(&self, field: &str) -> bool {
        match self.route.and_then(|route| route.fields().get(field)) {
            Some(Origin::Joined(joined)) => joined.join.iter().any(|name| !self.by_own_name(name).is_empty()),
            _ => !self.values(field).is_empty(),
        }
    }

    /// Whether a field is told by a sign that is there under exactly its name.
    pub fn is_sign(&self, field: &str, signs: &[String]) -> bool {
        let name = match self.route.and_then(|route| route.fields().get(field)) {
            Some(Origin::Own(name)) => name,
            Some(Origin::Joined(_)) => return false,
            None => field,
        };
        signs.iter().any(|sign| sign == name) && self.named.contains_key(name)
    }

    fn by_own_name(&self, name: &str) -> Vec<&Value<'a>> {
        let found = self.named.get(name).or_else(|| self.folded().get(&folded(name)));
        found.into_iter().flatten().map(|index| &self.own[*index]).collect()
    }

    fn folded(&self) -> &BTreeMap<String, Vec<usize>> {
        self.folded.get_or_init(|| {
            let mut all: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (index, value) in self.own.iter().enumerate() {
                let name = value.names.first().map(|name| folded(name)).unwrap_or_default();
                all.entry(name).or_default().push(index);
            }
            all
        })
    }
}

fn folded(name: &str) -> String {
    name.chars().filter(|char| *char != ' ').map(|char| char.to_ascii_lowercase()).collect()
}
