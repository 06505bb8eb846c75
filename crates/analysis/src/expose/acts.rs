//! To which records does each act carry, and what is it worth there?
//!
//! Facts with an object meet holdings and items by their places; containers carry to what lay in
//! them at that time; what names nothing stays open for everything that its log would show. Cleared
//! acts carry nowhere.

use std::collections::BTreeMap;

use assize_model::exclusion::Kind;
use assize_model::spine::{Client, ObjectKind, Qualifier, Verb};
use assize_model::{Basis, Exclusion, Grade, Time};

use super::{Evidence, Fact, Whose};
use crate::grades::{Act, Reach, Side, Worth, worth};
use crate::locate::Found;
use crate::places;

/// Events that are named under one bound; the others are found by the same query.
const BASIS_MAX: usize = 12;

/// What acts say of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Acts {
    established: Grade,
    basis: Vec<String>,
    /// The highest that they leave open, by whose they are.
    open: BTreeMap<Whose, Open>,
}

/// What acts of one kind of hand leave open.
#[derive(Clone, Debug)]
struct Open {
    grade: Grade,
    from: Option<Time>,
    to: Option<Time>,
    verb: Verb,
    source: String,
    times: u64,
    /// Sessions that are not cleared, some of them.
    sessions: Vec<String>,
    basis: Vec<String>,
}

/// What was done with everything.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) items: BTreeMap<usize, Acts>,
    pub(super) holdings: BTreeMap<usize, Acts>,
    /// Acts that name no object, by source and machine.
    pub(super) nameless: BTreeMap<(String, Option<String>), Acts>,
}

/// Goes through the facts, each distinct object once.
pub(super) fn seen(evidence: &Evidence<'_>) -> Seen {
    let mut seen = Seen::default();
    let mut met: BTreeMap<(&str, Option<&str>, Option<&str>), Found> = BTreeMap::new();
    for fact in evidence.facts.iter().filter(|fact| fact.whose != Whose::Cleared) {
        if !in_window(evidence, fact) {
            continue;
        }
        let host = fact.host.as_deref();
        match fact.object.as_deref().filter(|object| !object.is_empty()) {
            Some(object) => {
                let key = (object, host, fact.within.as_deref());
                let found = met.entry(key).or_insert_with(|| evidence.index.find(object, host, key.2));
                carry(evidence, fact, found, &mut seen);
            }
            None if is_access(fact.act.verb) => {
                let key = (fact.source.clone(), host.map(places::host));
                let whole = worth(&fact.act, fact.side);
                let nothing = Worth { established: Grade::None, ..whole };
                seen.nameless.entry(key).or_default().add(fact, nothing, false);
            }
            None => {}
        }
    }
    seen
}

/// An act before the window is nobody's; without a time it is in it.
fn in_window(evidence: &Evidence<'_>, fact: &Fact) -> bool {
    // What is proven is proven: the window is made from it and never cuts it off.
    if fact.whose == Whose::Intruder {
        return true;
    }
    // Nor does the as-of date: what is recorded after it is known all the same.
    evidence.window.from.zip(fact.to).is_none_or(|(from, at)| at >= from)
}

/// Verbs that could have content as their object.
fn is_access(verb: Verb) -> bool {
    use Verb::{
        Archive, Clone, Copy, Download, Export, Forward, List, Move, Print, Query, Read, Search, Send, Share,
        Snapshot, Sync, Upload,
    };
    matches!(
        verb,
        List | Search
            | Read
            | Copy
            | Move
            | Archive
            | Download
            | Upload
            | Sync
            | Send
            | Forward
            | Print
            | Share
            | Query
            | Export
            | Clone
            | Snapshot
    )
}

/// The act with what the register adds: a registered item is no folder.
fn known(fact: &Fact, found: &Found) -> Act {
    let mut act = fact.act.clone();
    let undecided = matches!(act.kind, Some(ObjectKind::FileOrFolder) | None);
    if undecided && !found.items.is_empty() && !act.qualifiers.contains(&Qualifier::CheckOnly) {
        act.kind = Some(ObjectKind::File);
    }
    // A share has no rendered view: what reads it from outside has the bytes.
    if act.client == Client::Unknown && fact.side != Side::Inside && found.form.starts_with("//") {
        act.client = Client::Api;
    }
    act
}

fn carry(evidence: &Evidence<'_>, fact: &Fact, found: &Found, seen: &mut Seen) {
    let worth = worth(&known(fact, found), fact.side);
    match worth.reach {
        Reach::Object => {
            for item in &found.items {
                to_item(evidence, fact, worth, *item, seen);
            }
            if found.items.is_empty() {
                // A record that the register does not list: what else is in the holding is not known.
                touch(evidence, fact, worth, &found.holdings, seen);
            }
        }
        Reach::Children => contents(evidence, fact, worth, found, true, seen),
        Reach::Content => {
            let mut below = evidence.index.holdings_below(&found.form);
            below.retain(|holding| !found.holdings.contains(holding));
            contents(evidence, fact, worth, found, false, seen);
            for holding in below {
                let whole = Found { items: Vec::new(), holdings: vec![holding], form: String::new() };
                contents(evidence, fact, worth, &whole, false, seen);
            }
        }
        Reach::Plane => {
            let host = fact.object.as_deref().map(places::host);
            for holding in 0..evidence.register.holdings.len() {
                if host.as_ref().is_some_and(|host| evidence.index.hosts(holding).contains(host)) {
                    let whole = Found { items: Vec::new(), holdings: vec![holding], form: String::new() };
                    contents(evidence, fact, worth, &whole, false, seen);
                }
            }
        }
        Reach::Touched => {
            // What lies below what was touched may have been touched; that it was, is not shown.
            let open = Worth { established: Grade::None, ..worth };
            let mut below = evidence.index.holdings_below(&found.form);
            below.retain(|holding| !found.holdings.contains(holding));
            for (holdings, worth) in [(&found.holdings, worth), (&below, open)] {
                for holding in holdings {
                    raise(seen.holdings.entry(*holding).or_default(), evidence, fact, worth, *holding);
                    for item in evidence.index.items_of(*holding) {
                        to_item(evidence, fact, open, *item, seen);
                    }
                }
            }
        }
    }
}

/// An act that may have been with any record of these holdings, and with which is not known. Where the
/// register lists no records of a holding, the verdict is the holding's own.
fn touch(evidence: &Evidence<'_>, fact: &Fact, worth: Worth, holdings: &[usize], seen: &mut Seen) {
    for holding in holdings {
        let listed = !evidence.index.items_of(*holding).is_empty();
        let open = if listed { Worth { established: Grade::None, ..worth } } else { worth };
        raise(seen.holdings.entry(*holding).or_default(), evidence, fact, open, *holding);
    }
}

/// What lay in the container at that time.
fn contents(
    evidence: &Evidence<'_>,
    fact: &Fact,
    worth: Worth,
    found: &Found,
    direct: bool,
    seen: &mut Seen,
) {
    for item in evidence.index.below(&found.form, &found.holdings, direct) {
        let valid = evidence.register.items[item].valid;
        if valid.meets(fact.from, fact.to) {
            to_item(evidence, fact, worth, item, seen);
        }
    }
    // Records that the register does not list may lie there too.
    touch(evidence, fact, worth, &found.holdings, seen);
}

fn to_item(evidence: &Evidence<'_>, fact: &Fact, worth: Worth, item: usize, seen: &mut Seen) {
    let Some(holding) = evidence.index.number(&evidence.register.items[item].holding) else { return };
    raise(seen.items.entry(item).or_default(), evidence, fact, worth, holding);
}

fn raise(acts: &mut Acts, evidence: &Evidence<'_>, fact: &Fact, worth: Worth, holding: usize) {
    acts.add(fact, worth, evidence.register.holdings[holding].name_is_sensitive);
}

impl Acts {
    fn add(&mut self, fact: &Fact, worth: Worth, names_tell: bool) {
        let tells = |grade: Grade| if names_tell { grade.where_names_tell() } else { grade };
        let (established, open) = (tells(worth.established), tells(worth.open));
        if fact.whose == Whose::Intruder && established > Grade::None {
            if established > self.established {
                (self.established, self.basis) = (established, Vec::new());
            }
            if established == self.established {
                keep(&mut self.basis, &fact.basis);
            }
        }
        if open == Grade::None {
            return;
        }
        let new = || Open {
            grade: Grade::None,
            from: fact.from,
            to: fact.to,
            verb: fact.act.verb,
            source: fact.source.clone(),
            times: 0,
            sessions: Vec::new(),
            basis: Vec::new(),
        };
        let before = self.open.entry(fact.whose).or_insert_with(new);
        if open > before.grade {
            *before = Open { grade: open, ..new() };
        }
        if open == before.grade {
            before.from = before.from.min(fact.from);
            before.to = before.to.max(fact.to);
            before.times += fact.times;
            if (fact.act.verb, &fact.source) < (before.verb, &before.source) {
                (before.verb, before.source) = (fact.act.verb, fact.source.clone());
            }
            keep(&mut before.basis, &fact.basis);
            let who =
                fact.session.clone().or_else(|| fact.account.as_ref().map(|account| format!("of {account}")));
            keep(&mut before.sessions, who.as_slice());
        }
    }

    /// The highest grade that stands under it, with the events.
    pub(super) fn established(&self) -> (Grade, Option<Basis>) {
        (self.established, Basis::of(&self.basis))
    }

    /// What it leaves open, as paths: the act itself, and what may have become of content then.
    pub(super) fn paths(&self) -> impl Iterator<Item = Exclusion> {
        self.open.iter().map(|(whose, open)| {
            let hand = match whose {
                Whose::Intruder => "in a session of the intruder",
                _ => "in a session that is not cleared",
            };
            let times = if open.times == 1 { String::new() } else { format!(", {} times", open.times) };
            let act = format!("{} {hand} ({}{times})", open.verb.as_str(), open.source);
            // Content that was shown can be carried on by ways that no log of it shows.
            let carried = open.grade >= Grade::Opened;
            let (caps_at, because) = if carried && open.grade < Grade::Left {
                (Grade::Left, format!("{act}: what was done with the content then, nothing shows"))
            } else {
                (open.grade, act.clone())
            };
            let remedy = match whose {
                Whose::Intruder => String::new(),
                _ => format!(
                    "decide whose session {} is",
                    open.sessions.first().map_or("of the act", String::as_str)
                ),
            };
            let basis = open.basis.clone();
            Exclusion {
                path: act,
                kind: Kind::Open,
                caps_at,
                from: open.from,
                to: open.to,
                because,
                remedy,
                basis,
            }
        })
    }
}

/// Keeps the first few of all, by id: the same whatever the order.
fn keep(kept: &mut Vec<String>, more: &[String]) {
    kept.extend_from_slice(more);
    kept.sort();
    kept.dedup();
    kept.truncate(BASIS_MAX);
}
