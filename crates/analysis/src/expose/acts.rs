//! To which records does each act carry, and what is it worth there?
//!
//! Facts with an object meet holdings and items by their places; containers carry to what lay in
//! them at that time; what names nothing stays open for everything that its log would show. Cleared
//! acts carry nowhere.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::exclusion::Kind;
use assize_model::register::Validity;
use assize_model::spine::{Client, ObjectKind, Qualifier, Verb};
use assize_model::{Basis, Exclusion, Grade, Time};

use super::ground::Ground;
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
    /// Acts that name no object, by source, machine and account.
    pub(super) nameless: BTreeMap<Nameless, Acts>,
    /// Acts with what holds items, until they are given to each of these.
    contents: BTreeMap<Contents, Content>,
}

/// What lies below a form in a holding, directly or at any depth; without a form all that ever lay in it.
type Contents = (Option<String>, usize, bool);

/// Items in a container.
#[derive(Default)]
struct Content {
    /// Those that were always there: what is known of one of them by the container is known of all.
    always: Vec<usize>,
    /// Those of which the register says since when and until when.
    at_times: Vec<usize>,
    /// Acts with the container.
    acts: Acts,
}

/// Source, machine and account of acts that name no object.
pub(super) type Nameless = (String, Option<String>, Option<String>);

/// An object as records name it: itself, the machine, the container.
type Named<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// What acts are looked at with.
#[derive(Clone, Copy)]
struct Sight<'a> {
    evidence: &'a Evidence<'a>,
    ground: &'a Ground<'a>,
    uses: &'a Uses,
}

/// Goes through the facts, each distinct object once.
pub(super) fn seen(evidence: &Evidence<'_>, ground: &Ground<'_>) -> Seen {
    let mut seen = Seen::default();
    let mut met: BTreeMap<Named<'_>, (Found, bool)> = BTreeMap::new();
    let uses = uses(evidence.facts);
    let sight = Sight { evidence, ground, uses: &uses };
    for fact in evidence.facts.iter().filter(|fact| fact.whose != Whose::Cleared) {
        if !in_window(evidence, fact) {
            continue;
        }
        let host = fact.host.as_deref();
        match fact.object.as_deref().filter(|object| !object.is_empty()) {
            Some(object) => {
                let key = (object, host, fact.within.as_deref());
                let (found, folder) = met.entry(key).or_insert_with(|| {
                    let found = evidence.index.find(object, host, key.2);
                    let folder = found.items.is_empty() && evidence.index.is_folder(&found);
                    (found, folder)
                });
                sight.carry(fact, found, *folder, &mut seen);
            }
            None if is_access(fact.act.verb) => {
                let key = (fact.source.clone(), host.map(places::host), fact.account.clone());
                let whole = worth(&fact.act, fact.side);
                let nothing = Worth { established: Grade::None, ..whole };
                seen.nameless.entry(key).or_default().add(fact, nothing, false);
            }
            None => {}
        }
    }
    for content in std::mem::take(&mut seen.contents).into_values() {
        for item in content.always {
            seen.items.entry(item).or_default().join(&content.acts);
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
pub(crate) fn is_access(verb: Verb) -> bool {
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

/// The act with what the register adds: a registered item is no folder, and what holds items is one.
fn known(fact: &Fact, found: &Found, folder: bool) -> Act {
    let mut act = fact.act.clone();
    let undecided = matches!(act.kind, Some(ObjectKind::FileOrFolder) | None);
    if undecided && !act.qualifiers.contains(&Qualifier::CheckOnly) {
        if !found.items.is_empty() {
            act.kind = Some(ObjectKind::File);
        } else if folder {
            act.kind = Some(ObjectKind::Folder);
        }
    }
    // A share has no rendered view: what reads it from outside has the bytes.
    if act.client == Client::Unknown && fact.side != Side::Inside && found.form.starts_with("//") {
        act.client = Client::Api;
    }
    act
}

/// Who used what, by records of uses: session or account, form of the object.
type Uses = BTreeSet<(String, String)>;

/// Records of uses, of those who were checked. A check is told by them where the same session's use of the same
/// thing was written; where it was not, the folder may not be audited, and the check is all there is.
fn uses(facts: &[Fact]) -> Uses {
    let checked: BTreeSet<&String> =
        facts.iter().filter(|fact| is_check(fact)).filter_map(who_used).collect();
    let uses = facts.iter().filter(|fact| !is_check(fact) && fact.act.verb != Verb::Connect);
    let uses = uses.filter(|fact| !is_sighting(fact));
    uses.filter(|fact| who_used(fact).is_some_and(|who| checked.contains(who))).filter_map(use_of).collect()
}

fn who_used(fact: &Fact) -> Option<&String> {
    fact.session.as_ref().or(fact.account.as_ref())
}

fn use_of(fact: &Fact) -> Option<(String, String)> {
    let who = who_used(fact)?;
    Some((who.clone(), places::form(fact.object.as_deref()?, fact.host.as_deref())))
}

fn is_check(fact: &Fact) -> bool {
    fact.act.qualifiers.contains(&Qualifier::CheckOnly)
}

/// What a monitor saw from afar, and cannot say whose it was.
fn is_sighting(fact: &Fact) -> bool {
    fact.whose == Whose::Undetermined && fact.source.starts_with("zeek/smb")
}

impl Sight<'_> {
    fn carry(&self, fact: &Fact, found: &Found, folder: bool, seen: &mut Seen) {
        let (evidence, index) = (self.evidence, self.evidence.index);
        let worth = worth(&known(fact, found, folder), fact.side);
        match worth.reach {
            Reach::Object => {
                for item in &found.items {
                    self.carry_to(fact, worth, *item, seen);
                }
                if found.items.is_empty() {
                    // A record that the register does not list: what else is in the holding is not known.
                    self.touch(fact, worth, &found.holdings, seen);
                }
            }
            Reach::Children => self.contents(fact, worth, found, true, seen),
            Reach::Content => {
                let mut below = index.holdings_below(&found.form);
                below.retain(|holding| !found.holdings.contains(holding));
                self.contents(fact, worth, found, false, seen);
                for holding in below {
                    self.contents(fact, worth, &whole(holding), false, seen);
                }
            }
            Reach::Plane => {
                let host = fact.object.as_deref().map(places::host);
                for holding in 0..evidence.register.holdings.len() {
                    if host.as_ref().is_some_and(|host| index.hosts(holding).contains(host)) {
                        self.contents(fact, worth, &whole(holding), false, seen);
                    }
                }
            }
            Reach::Touched => {
                // What lies below what was touched may have been touched; that it was, is not shown.
                let open = Worth { established: Grade::None, ..worth };
                let mut below = index.holdings_below(&found.form);
                below.retain(|holding| !found.holdings.contains(holding));
                for (holdings, worth) in [(&found.holdings, worth), (&below, open)] {
                    for holding in holdings {
                        let worth = self.could(fact, worth, *holding);
                        self.raise(seen.holdings.entry(*holding).or_default(), fact, worth, *holding);
                        let open = self.could(fact, open, *holding);
                        self.touch_all(fact, open, *holding, seen);
                    }
                }
            }
        }
    }

    /// An act that may have been with any record of these holdings, and with which is not known. Where the
    /// register lists no records of a holding, the verdict is the holding's own.
    fn touch(&self, fact: &Fact, worth: Worth, holdings: &[usize], seen: &mut Seen) {
        for holding in holdings {
            let listed = !self.evidence.index.items_of(*holding).is_empty();
            let open = if listed { Worth { established: Grade::None, ..worth } } else { worth };
            let open = self.could(fact, open, *holding);
            self.raise(seen.holdings.entry(*holding).or_default(), fact, open, *holding);
        }
    }

    /// What lay in the container at that time.
    fn contents(&self, fact: &Fact, worth: Worth, found: &Found, direct: bool, seen: &mut Seen) {
        // Most connections lead nowhere: that is asked of the holding, not of each of its records.
        let leads = |holding: &usize| {
            let worth = self.told(fact, self.could(fact, worth, *holding), *holding);
            worth.established.max(worth.open) > Grade::None
        };
        if !found.holdings.iter().any(leads) {
            return;
        }
        for holding in &found.holdings {
            let worth = self.could(fact, worth, *holding);
            self.carry_below(fact, worth, (Some(found.form.clone()), *holding, direct), seen);
        }
        // Records that the register does not list may lie there too.
        self.touch(fact, worth, &found.holdings, seen);
    }

    /// To every item of a holding, whenever it was there.
    fn touch_all(&self, fact: &Fact, worth: Worth, holding: usize, seen: &mut Seen) {
        let content = seen.contents.entry((None, holding, false)).or_insert_with(|| Content {
            always: self.evidence.index.items_of(holding).to_vec(),
            ..Content::default()
        });
        self.raise(&mut content.acts, fact, worth, holding);
    }

    /// To every item below a place.
    fn carry_below(&self, fact: &Fact, worth: Worth, below: Contents, seen: &mut Seen) {
        let valid = |item: &usize| self.evidence.register.items[*item].valid;
        let holding = below.1;
        let content = seen.contents.entry(below).or_insert_with_key(|(form, holding, direct)| {
            let items = self.evidence.index.below(form.as_deref().unwrap_or(""), &[*holding], *direct);
            let always = |item: &usize| valid(item) == Validity::default();
            let (always, at_times) = items.into_iter().partition(always);
            Content { always, at_times, acts: Acts::default() }
        });
        self.raise(&mut content.acts, fact, worth, holding);
        for item in content.at_times.iter().filter(|item| valid(item).meets(fact.from, fact.to)) {
            self.raise(seen.items.entry(*item).or_default(), fact, worth, holding);
        }
    }

    /// An act with a container shows its account what that may read, and nothing else of it.
    fn could(&self, fact: &Fact, worth: Worth, holding: usize) -> Worth {
        let shown = worth.established > Grade::None && fact.whose == Whose::Intruder;
        if shown || self.ground.may(holding, fact.account.as_deref(), fact.from, fact.to) {
            worth
        } else {
            Worth { established: Grade::None, open: Grade::None, ..worth }
        }
    }

    fn carry_to(&self, fact: &Fact, worth: Worth, item: usize, seen: &mut Seen) {
        let evidence = self.evidence;
        let Some(holding) = evidence.index.number(&evidence.register.items[item].holding) else { return };
        self.raise(seen.items.entry(item).or_default(), fact, worth, holding);
    }

    fn raise(&self, acts: &mut Acts, fact: &Fact, worth: Worth, holding: usize) {
        let names_tell = self.evidence.register.holdings[holding].name_is_sensitive;
        acts.add(fact, self.told(fact, worth, holding), names_tell);
    }

    /// What is left of its worth where the holding's own log tells what came of it.
    fn told(&self, fact: &Fact, worth: Worth, holding: usize) -> Worth {
        // What came of a connection, and what a monitor saw, stands in the server's own log; a check beside
        // the use that it let through.
        let elsewhere = fact.act.verb == Verb::Connect
            || is_sighting(fact)
            || is_check(fact) && use_of(fact).is_some_and(|used| self.uses.contains(&used));
        if !elsewhere || !self.ground.saw_all(holding, fact.from, fact.to) {
            return worth;
        }
        // What is established stays open by itself.
        let own = if fact.whose == Whose::Intruder { worth.established } else { Grade::None };
        Worth { open: own.min(worth.open), ..worth }
    }
}

/// A holding as a whole.
fn whole(holding: usize) -> Found {
    Found { items: Vec::new(), holdings: vec![holding], form: String::new() }
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
        match self.open.get_mut(&fact.whose) {
            Some(before) if before.grade > open => {}
            Some(before) if before.grade == open => before.add(fact),
            _ => drop(self.open.insert(fact.whose, Open::of(fact, open))),
        }
    }

    /// With others of the same kind.
    pub(super) fn join(&mut self, other: &Self) {
        if other.established > self.established {
            (self.established, self.basis) = (other.established, Vec::new());
        }
        if other.established == self.established {
            keep(&mut self.basis, &other.basis);
        }
        for (whose, open) in &other.open {
            match self.open.get_mut(whose) {
                None => drop(self.open.insert(*whose, open.clone())),
                Some(before) => before.join(open),
            }
        }
    }

    /// From the first to the last of those that keep something open.
    pub(super) fn span(&self) -> (Option<Time>, Option<Time>) {
        let from = self.open.values().map(|open| open.from).min().flatten();
        (from, self.open.values().map(|open| open.to).max().flatten())
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

/// The session of an act, else its account.
fn who(fact: &Fact) -> Option<String> {
    fact.session.clone().or_else(|| fact.account.as_ref().map(|account| format!("of {account}")))
}

impl Open {
    fn of(fact: &Fact, grade: Grade) -> Self {
        let mut basis = Vec::new();
        keep(&mut basis, &fact.basis);
        Self {
            grade,
            from: fact.from,
            to: fact.to,
            verb: fact.act.verb,
            source: fact.source.clone(),
            times: fact.times,
            sessions: who(fact).into_iter().collect(),
            basis,
        }
    }

    /// One more act of the same grade.
    fn add(&mut self, fact: &Fact) {
        self.from = self.from.min(fact.from);
        self.to = self.to.max(fact.to);
        self.times += fact.times;
        if (fact.act.verb, &fact.source) < (self.verb, &self.source) {
            (self.verb, self.source) = (fact.act.verb, fact.source.clone());
        }
        keep(&mut self.basis, &fact.basis);
        keep(&mut self.sessions, who(fact).as_slice());
    }

    /// The wider of two; of equals, both.
    fn join(&mut self, other: &Self) {
        if other.grade > self.grade {
            *self = other.clone();
        } else if other.grade == self.grade {
            self.from = self.from.min(other.from);
            self.to = self.to.max(other.to);
            self.times += other.times;
            if (other.verb, &other.source) < (self.verb, &self.source) {
                (self.verb, self.source) = (other.verb, other.source.clone());
            }
            keep(&mut self.basis, &other.basis);
            keep(&mut self.sessions, &other.sessions);
        }
    }
}

/// Keeps the first few of all, by id: the same whatever the order.
fn keep(kept: &mut Vec<String>, more: &[String]) {
    for one in more {
        match kept.binary_search(one) {
            Ok(_) => {}
            Err(place) if place < BASIS_MAX => {
                kept.insert(place, one.clone());
                kept.truncate(BASIS_MAX);
            }
            Err(_) => {}
        }
    }
}
