//! Which records can the loaded rules speak of at all?
//!
//! Asked of a reader, so that what no rule looks at need not be decoded. Records are told apart by what
//! the routes of the rules' log sources say; within a wanted record every field is wanted, because a
//! rule finds a field whatever its case and blanks, and the projection names fields exactly. An event
//! that is not read is an event of which no rule was a candidate: hits and log sources stay the same.

use std::collections::BTreeSet;

use assize_model::{Class, Wanted};

use crate::Rule;
use crate::logsource::Route;

/// What these rules need to see.
pub(crate) fn wanted(rules: &[Rule]) -> Wanted {
    let mut classes: Vec<Class> = Vec::new();
    for class in rules.iter().flat_map(|rule| &rule.routes).flat_map(|route| classes_of(route)) {
        if !classes.contains(&class) {
            classes.push(class);
        }
    }
    Wanted { classes, spine: false }
}

fn classes_of(route: &Route) -> Vec<Class> {
    let ids: Option<BTreeSet<u32>> = route.events().iter().map(|id| u32::try_from(*id).ok()).collect();
    let event_ids = ids.filter(|ids| !ids.is_empty());
    let of =
        |source: Option<String>| Class { source, provider: None, event_ids: event_ids.clone(), fields: None };
    let untold = route.untold().iter().cloned().map(Some);
    // A route of a whole product has no name for "any of it" but any at all.
    let kind = route.kind().filter(|_| route.untold().is_empty());
    let channels: Vec<Option<String>> = match kind {
        None => Vec::new(),
        Some(_) if route.channels().is_empty() => vec![None],
        Some(kind) => route.channels().iter().map(|channel| Some(format!("{kind}/{channel}"))).collect(),
    };
    untold.chain(channels).map(of).collect()
}
