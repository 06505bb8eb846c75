//! What was done with what, and in which sessions can it have been, as few rows instead of many events?
//!
//! Reads the events whose verbs can have content as their object, and joins each to the sessions that it
//! can belong to: by the key that it names, else by account, machine and address at that time. Acts of the
//! same sessions with the same object and kind of act are one row. Whose the sessions are is not asked: so
//! the rows hold under every decision, and `attributed` needs only these. What can concern no record that
//! the register knows, whoever did it, is left out at once: most connections lead elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::coverage::{Cause, State};
use assize_model::spine::{Client, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::{EventId, SnapshotError, Time};

use crate::expose::{Covered, Held, is_access};
use crate::grades::Act;
use crate::key::presence_key;
use crate::locate::Index;
use crate::places;
use crate::rows::{Lists, Numbers, Pairs, Rows, Texts, Times};
use crate::visits::Visits;
use crate::{Each, WHOLE_EXPORT};

/// Events named under one row.
const BASIS_MAX: usize = 4;
/// A check and the read that it let through lie so near (clocks of server and monitor may differ by it).
const CHECK: i64 = 2_000_000_000;

/// Verbs that can show, copy or carry away content.
const VERBS: &str = "'list','search','read','write','copy','move','archive','download','upload','sync','send','forward',\
    'print','share','connect','transfer','query','export','clone','snapshot'";
/// Kinds of objects that are no records and hold none.
const NO_RECORDS: &str = "'process','service','task','registry-key','pipe','script','name','log','group'";

/// How it is known in which sessions an act was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// The record names its session, or the server whose file it is does.
    Key,
    /// Account, machine and address fit at that time.
    Account,
    /// Not at all: a monitor knows an address, machines are shared, and clocks differ.
    Nobody,
}

impl Told {
    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Account => "account",
            Self::Nobody => "nobody",
        }
    }

    /// What a word in a table means.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "key" => Self::Key,
            "account" => Self::Account,
            _ => Self::Nobody,
        }
    }
}

/// Acts of one kind with one object, that can have been in the same sessions.
#[derive(Clone, Copy, Debug)]
pub struct Acts<'a> {
    /// Number of the set of these sessions.
    pub hand: u32,
    /// How that is known.
    pub told: Told,
    /// The account, as the source writes it.
    pub account: Option<&'a str>,
    /// With what; `None` where the record does not say.
    pub object: Option<&'a str>,
    /// The container that the record names besides: mailbox and folder, library.
    pub within: Option<&'a str>,
    /// Kind of log.
    pub source: &'a str,
    /// Where it was written.
    pub host: Option<&'a str>,
    /// What was done.
    pub act: &'a Act,
    /// When, how often, by which events.
    pub sum: &'a Sum,
}

/// The same by numbers of texts: 0 is none. There are very many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    hand: u32,
    told: Told,
    account: u32,
    object: u32,
    within: u32,
    source: u32,
    host: u32,
    act: u32,
}

/// When, how often, by which events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// First time.
    pub from: Option<Time>,
    /// Last time.
    pub to: Option<Time>,
    /// How often.
    pub times: u64,
    /// The first of the events, by id.
    basis: [Option<EventId>; BASIS_MAX],
}

impl Sum {
    /// Of so many acts between two times, as some events show.
    pub(crate) fn of(
        (from, to): (Option<Time>, Option<Time>),
        times: u64,
        basis: impl Iterator<Item = EventId>,
    ) -> Self {
        let mut sum = Self { from, to, times, basis: [None; BASIS_MAX] };
        basis.for_each(|id| sum.name(id));
        sum
    }

    /// One more event.
    pub(crate) fn add(&mut self, id: EventId, times: (Option<Time>, Option<Time>)) {
        self.join(&Self::of(times, 1, std::iter::once(id)));
    }

    /// With those of another.
    pub(crate) fn join(&mut self, other: &Self) {
        if self.times == 0 {
            *self = *other;
            return;
        }
        self.from = self.from.min(other.from); // none is before all
        self.to = self.to.max(other.to);
        self.times += other.times;
        other.basis().for_each(|id| self.name(id));
    }

    /// The first of the events, by id.
    pub fn basis(&self) -> impl Iterator<Item = EventId> + '_ {
        self.basis.iter().flatten().copied()
    }

    fn name(&mut self, id: EventId) {
        let mut next = Some(id);
        for place in &mut self.basis {
            match (*place, next) {
                (Some(known), Some(new)) if known == new => return,
                (Some(known), Some(new)) if known < new => {}
                _ => std::mem::swap(place, &mut next),
            }
            if next.is_none() {
                return;
            }
        }
    }
}

/// One event of a row: number of the row, event, time, end.
pub type Member = (u32, EventId, Option<Time>, Option<Time>);

/// Everything that was done, whoever did it.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Sets of sessions by number: their ids, sorted.
    pub hands: Vec<Vec<String>>,
    /// Events of rows, by number of the row.
    pub events: Vec<Member>,
    texts: Vec<String>,
    kinds: Vec<Act>,
    /// Rows in their order, each with the place of its sum.
    acts: Vec<(Key, u32)>,
    sums: Vec<Sum>,
}

impl Gathered {
    /// The rows, sorted: their place is their number.
    pub fn acts(&self) -> impl Iterator<Item = Acts<'_>> {
        let text = |number: u32| self.texts.get((number as usize).checked_sub(1)?).map(String::as_str);
        self.acts.iter().map(move |(key, place)| Acts {
            hand: key.hand,
            told: key.told,
            account: text(key.account),
            object: text(key.object),
            within: text(key.within),
            source: text(key.source).unwrap_or_default(),
            host: text(key.host),
            act: &self.kinds[key.act as usize],
            sum: &self.sums[*place as usize],
        })
    }
}

/// Gives each thing a number, the same to equal ones.
struct Numbered<T>(BTreeMap<T, u32>);

impl<T: Ord> Numbered<T> {
    fn of<Q: Ord + ToOwned<Owned = T> + ?Sized>(&mut self, thing: &Q) -> u32
    where
        T: std::borrow::Borrow<Q>,
    {
        if let Some(number) = self.0.get(thing) {
            return *number;
        }
        // Beyond what memory holds: as many distinct texts take more than that.
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(thing.to_owned(), number);
        number
    }

    /// The things in their own order, and by number their place in it.
    fn in_order(self) -> (Vec<T>, Vec<u32>) {
        let mut place_of = vec![0; self.0.len()];
        let mut things = Vec::with_capacity(self.0.len());
        for (place, (thing, number)) in (0..).zip(self.0) {
            place_of[number as usize] = place;
            things.push(thing);
        }
        (things, place_of)
    }
}

/// Gathers the acts.
///
/// # Errors
/// Where a query fails.
pub fn gather(each: Each<'_>, visits: &Visits, index: &Index<'_>) -> Result<Gathered, SnapshotError> {
    let sql = format!(
        "SELECT id, time, until, source, host, actor, target, verb, object, object_kind, scope, client, peer, bytes, \
         outcome, qualifiers, links FROM events WHERE verb IN ({VERBS}) AND coalesce(object_kind, '') NOT IN ({NO_RECORDS})"
    );
    let mut gathering = Gathering::of(visits, index);
    each(&sql, &mut |batch| {
        let columns = Columns::of(Rows(batch));
        for row in 0..batch.num_rows() {
            gathering.take(&columns, row);
        }
        Ok(())
    })?;
    gathering.ask_servers(each)?;
    Ok(gathering.done())
}

/// The columns of a batch.
struct Columns<'a> {
    id: Texts<'a>,
    time: Times<'a>,
    until: Times<'a>,
    source: Texts<'a>,
    host: Texts<'a>,
    actor: Texts<'a>,
    target: Texts<'a>,
    verb: Texts<'a>,
    object: Texts<'a>,
    kind: Texts<'a>,
    scope: Texts<'a>,
    client: Texts<'a>,
    peer: Texts<'a>,
    bytes: Numbers<'a>,
    outcome: Texts<'a>,
    qualifiers: Lists<'a>,
    links: Pairs<'a>,
}

impl<'a> Columns<'a> {
    fn of(rows: Rows<'a>) -> Self {
        Self {
            id: rows.texts("id"),
            time: rows.times("time"),
            until: rows.times("until"),
            source: rows.texts("source"),
            host: rows.texts("host"),
            actor: rows.texts("actor"),
            target: rows.texts("target"),
            verb: rows.texts("verb"),
            object: rows.texts("object"),
            kind: rows.texts("object_kind"),
            scope: rows.texts("scope"),
            client: rows.texts("client"),
            peer: rows.texts("peer"),
            bytes: rows.numbers("bytes"),
            outcome: rows.texts("outcome"),
            qualifiers: rows.lists("qualifiers"),
            links: rows.links("links"),
        }
    }

    fn act(&self, row: usize) -> Act {
        let words = [self.verb, self.kind, self.scope, self.client, self.outcome];
        Act {
            moved: self.bytes.at(row).is_some_and(|bytes| bytes > 0),
            handle: self.links.first(row, "handle").is_some(),
            ..act(words, self.qualifiers, row)
        }
    }
}

/// An act in the words of a table (verb, kind, scope, client, outcome; qualifiers); what has no word is not known.
pub(crate) fn act(words: [Texts<'_>; 5], qualifiers: Lists<'_>, row: usize) -> Act {
    let [verb, kind, scope, client, outcome] = words.map(|column| column.or_empty(row));
    let said = |one: &Qualifier| qualifiers.of(row).any(|text| text == one.as_str());
    let clients = || Client::ALL.iter().copied().find(|one| one.as_str() == client);
    let outcomes = || Outcome::ALL.iter().copied().find(|one| one.as_str() == outcome);
    // Most records carry none.
    let none = qualifiers.of(row).next().is_none();
    let all = || Qualifier::ALL.iter().copied().filter(said).collect();
    Act {
        verb: Verb::ALL.iter().copied().find(|one| one.as_str() == verb).unwrap_or(Verb::Other),
        kind: ObjectKind::ALL.iter().copied().find(|one| one.as_str() == kind),
        scope: Scope::ALL.iter().copied().find(|one| one.as_str() == scope),
        client: clients().unwrap_or(Client::Unknown),
        qualifiers: if none { Vec::new() } else { all() },
        outcome: outcomes().unwrap_or(Outcome::Unknown),
        moved: false,
        handle: false,
    }
}

/// Acts while they are gathered.
struct Gathering<'a> {
    visits: &'a Visits,
    index: &'a Index<'a>,
    /// Machines on which holdings lie.
    holders: BTreeSet<String>,
    /// By object, machine and container: whether the register knows something there.
    known: BTreeMap<String, bool>,
    /// By object and machine: number of the place that it means.
    places: BTreeMap<String, u32>,
    texts: Numbered<String>,
    kinds: Numbered<Act>,
    hands: Numbered<Vec<u32>>,
    acts: BTreeMap<Key, u32>,
    sums: Vec<Sum>,
    events: Vec<Member>,
    /// Acts that a monitor saw, by place and client: whose they are, the server may say.
    seen: BTreeMap<(u32, u32), Vec<Seen>>,
}

/// One act that a monitor saw.
struct Seen {
    at: Time,
    until: Option<Time>,
    id: EventId,
    key: Key,
    /// Sessions that the server has of it.
    sessions: Vec<u32>,
}

impl<'a> Gathering<'a> {
    fn of(visits: &'a Visits, index: &'a Index<'a>) -> Self {
        Self {
            visits,
            index,
            holders: index.every_host(),
            known: BTreeMap::new(),
            places: BTreeMap::new(),
            texts: Numbered(BTreeMap::new()),
            kinds: Numbered(BTreeMap::new()),
            hands: Numbered(BTreeMap::new()),
            acts: BTreeMap::new(),
            sums: Vec::new(),
            events: Vec::new(),
            seen: BTreeMap::new(),
        }
    }

    fn take(&mut self, columns: &Columns<'_>, row: usize) {
        let Some(id) = columns.id.at(row).and_then(|id| id.parse().ok()) else { return };
        let mut act = columns.act(row);
        let (source, host) = (columns.source.or_empty(row), columns.host.said(row));
        let (object, target) = (columns.object.said(row), columns.target.said(row));
        let within = within(source, target, object, act.kind);
        if self.is_idle(&act, object, host, within.as_deref()) {
            return;
        }
        let (time, actor, peer) = (columns.time.at(row), columns.actor.said(row), columns.peer.said(row));
        let key = presence_key(source, host, columns.verb.or_empty(row), columns.links.of(row));
        let place = key.as_deref().and_then(|key| self.visits.by_key(key, time));
        let sessions = match place {
            Some(place) => vec![place],
            None => self.fitting(actor, peer, (source, host, object), time),
        };
        let monitored = source.starts_with("zeek/smb");
        let told = match place {
            _ if monitored => Told::Nobody,
            Some(_) => Told::Key,
            None => Told::Account,
        };
        let objects = objects(source, object, (&act, within.as_deref()), columns.links.of(row));
        if act.kind == Some(ObjectKind::Message) && objects.iter().flatten().eq(within.iter()) {
            // Messages of the mailbox, and no record of which.
            act.kind = Some(ObjectKind::Mailbox);
        }
        let until = columns.until.at(row).max(time);
        let key = Key {
            hand: self.hand(sessions.into_iter()),
            told,
            account: self.text(actor),
            object: 0,
            within: self.text(within.as_deref()),
            source: self.text(Some(source)),
            host: self.text(host),
            act: self.kinds.of(&act),
        };
        for object in objects {
            let key = Key { object: self.text(object.as_deref()), ..key };
            match (time, peer, object) {
                (Some(at), Some(peer), Some(object)) if monitored => {
                    let place = (self.place(&object, None), self.text(Some(peer)));
                    let seen = Seen { at, until, id, key, sessions: Vec::new() };
                    self.seen.entry(place).or_default().push(seen);
                }
                _ => self.add(key, id, (time, until)),
            }
        }
    }

    fn text(&mut self, text: Option<&str>) -> u32 {
        text.map_or(0, |text| self.texts.of(text).saturating_add(1))
    }

    /// Number of the place that an object means.
    fn place(&mut self, object: &str, host: Option<&str>) -> u32 {
        let key = format!("{object}\0{}", host.unwrap_or_default());
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        let place = self.text(Some(&places::form(object, host)));
        self.places.insert(key, place);
        place
    }

    /// Whether an act concerns no record, whoever did it: a connection to a place of which the register knows
    /// nothing. Acts that could have content as their object are kept: what they touched and nobody
    /// registered is a finding too.
    fn is_idle(&mut self, act: &Act, object: Option<&str>, host: Option<&str>, within: Option<&str>) -> bool {
        let Some(object) = object else {
            return !is_access(act.verb) && within.is_none() && act.kind != Some(ObjectKind::Message);
        };
        if act.verb != Verb::Connect || act.kind == Some(ObjectKind::DirectoryDatabase) {
            return false;
        }
        let key = format!("{object}\0{}\0{}", host.unwrap_or_default(), within.unwrap_or_default());
        let (index, holders) = (self.index, &self.holders);
        let known = self.known.entry(key).or_insert_with(|| {
            let found = index.find(object, host, within);
            !found.items.is_empty()
                || !found.holdings.is_empty()
                || !index.holdings_below(&found.form).is_empty()
                || holders.contains(&places::host(object))
        });
        !*known
    }

    /// Sessions that an act without a key can belong to.
    fn fitting(
        &self,
        actor: Option<&str>,
        peer: Option<&str>,
        (source, host, object): (&str, Option<&str>, Option<&str>),
        time: Option<Time>,
    ) -> Vec<usize> {
        let server = server(source, host, object);
        match self.visits.candidates(actor, peer, server.as_deref(), time) {
            none if none.is_empty() => self.visits.behind(actor, peer, time),
            some => some,
        }
    }

    fn hand(&mut self, sessions: impl Iterator<Item = usize>) -> u32 {
        let mut sessions: Vec<u32> = sessions.filter_map(|place| u32::try_from(place).ok()).collect();
        sessions.sort_unstable();
        sessions.dedup();
        self.hands.of(sessions.as_slice())
    }

    fn add(&mut self, key: Key, id: EventId, times: (Option<Time>, Option<Time>)) {
        let next = u32::try_from(self.sums.len()).unwrap_or(u32::MAX);
        let number = *self.acts.entry(key).or_insert(next);
        if number == next {
            self.sums.push(Sum::default());
        }
        self.sums[number as usize].add(id, times);
        self.events.push((number, id, times.0, times.1));
    }

    /// Asks the servers' own logs whose the acts are that a monitor saw: there the same client checked the
    /// same file at that moment.
    fn ask_servers(&mut self, each: Each<'_>) -> Result<(), SnapshotError> {
        if self.seen.is_empty() {
            return Ok(());
        }
        self.seen.values_mut().for_each(|seen| seen.sort_by_key(|one| (one.at, one.id)));
        let sql = "SELECT time, source, host, verb, object, peer, links FROM events \
             WHERE source = 'windows/Security' AND peer IS NOT NULL AND array_has(qualifiers, 'check-only')";
        each(sql, &mut |batch| {
            let columns = Columns::of(Rows(batch));
            for row in 0..batch.num_rows() {
                self.checked(&columns, row);
            }
            Ok(())
        })?;
        for seen in std::mem::take(&mut self.seen).into_values().flatten() {
            let key = if seen.sessions.is_empty() {
                seen.key
            } else {
                let hand = self.hand(seen.sessions.iter().map(|place| *place as usize));
                Key { hand, told: Told::Key, ..seen.key }
            };
            self.add(key, seen.id, (Some(seen.at), seen.until));
        }
        Ok(())
    }

    fn checked(&mut self, columns: &Columns<'_>, row: usize) {
        let (Some(at), Some(object), Some(peer)) =
            (columns.time.at(row), columns.object.at(row), columns.peer.at(row))
        else {
            return;
        };
        let (source, host) = (columns.source.or_empty(row), columns.host.at(row));
        let place = (self.place(object, host), self.text(Some(peer)));
        let Some(seen) = self.seen.get_mut(&place) else { return };
        let first = seen.partition_point(|one| one.at.0 < at.0.saturating_sub(CHECK));
        let near = seen[first..].iter_mut().take_while(|one| one.at.0 <= at.0.saturating_add(CHECK));
        let mut near = near.peekable();
        if near.peek().is_none() {
            return;
        }
        let key = presence_key(source, host, columns.verb.or_empty(row), columns.links.of(row));
        let session = key.as_deref().and_then(|key| self.visits.by_key(key, Some(at)));
        if let Some(session) = session.and_then(|session| u32::try_from(session).ok()) {
            near.for_each(|one| one.sessions.push(session));
        }
    }

    /// In an order that does not depend on the order in which events came.
    fn done(self) -> Gathered {
        let (texts, text_of) = self.texts.in_order();
        let (kinds, kind_of) = self.kinds.in_order();
        let (hands, hand_of) = self.hands.in_order();
        let text = |number: u32| (number as usize).checked_sub(1).map_or(0, |number| text_of[number] + 1);
        let renumbered = |key: Key| Key {
            hand: hand_of[key.hand as usize],
            told: key.told,
            account: text(key.account),
            object: text(key.object),
            within: text(key.within),
            source: text(key.source),
            host: text(key.host),
            act: kind_of[key.act as usize],
        };
        let mut acts: Vec<(Key, u32)> =
            self.acts.into_iter().map(|(key, place)| (renumbered(key), place)).collect();
        acts.sort_unstable();
        let mut place_of = vec![0; acts.len()];
        for (number, (_, place)) in (0..).zip(&acts) {
            place_of[*place as usize] = number;
        }
        let mut events = self.events;
        events.iter_mut().for_each(|event| event.0 = place_of[event.0 as usize]);
        events.sort_unstable();
        let named = |place: &u32| self.visits.id(*place as usize).to_owned();
        let hands = hands.iter().map(|sessions| sessions.iter().map(named).collect()).collect();
        Gathered { hands, events, texts, kinds, acts, sums: self.sums }
    }
}

/// On which machine it was done: a monitor writes of others, and names them in the path.
fn server(source: &str, host: Option<&str>, object: Option<&str>) -> Option<String> {
    if !source.starts_with("zeek/") {
        return host.map(str::to_owned);
    }
    let form = places::form(object?, None);
    form.strip_prefix("//").and_then(|rest| rest.split('/').next()).map(str::to_owned)
}

/// The container that a record names beside its object: the mailbox.
fn within(
    source: &str,
    target: Option<&str>,
    object: Option<&str>,
    kind: Option<ObjectKind>,
) -> Option<String> {
    let mailbox = target.filter(|target| target.contains('@') && source.starts_with("m365"))?;
    match kind {
        Some(ObjectKind::Folder) => Some(format!("{mailbox}:{}", object.unwrap_or(""))),
        _ => Some(mailbox.to_owned()),
    }
}

/// With what: the object, each message that the record names, or the container itself.
fn objects<'a>(
    source: &str,
    object: Option<&str>,
    (act, within): (&Act, Option<&str>),
    links: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<Option<String>> {
    if act.kind == Some(ObjectKind::Message) {
        let mut messages: Vec<Option<String>> =
            links.filter(|(kind, _)| *kind == "message").map(|(_, id)| Some(id.to_owned())).collect();
        messages.sort();
        messages.dedup();
        if !messages.is_empty() {
            return messages;
        }
    }
    let object = match (object, within) {
        // A library is named without its kind by the system's own log.
        (Some(library), _) if source.starts_with("dms") && act.kind == Some(ObjectKind::Folder) => {
            Some(format!("dms:{library}"))
        }
        (_, Some(within)) if act.kind == Some(ObjectKind::Folder) => Some(within.to_owned()),
        (None, Some(within)) => Some(within.to_owned()),
        (other, _) => other.map(str::to_owned),
    };
    vec![object]
}

/// The calendar of logs, from the table `coverage`.
///
/// # Errors
/// Where the query fails.
pub fn calendar(each: Each<'_>) -> Result<(Vec<Covered>, Vec<Held>), SnapshotError> {
    let (mut rows_of, mut held) = (Vec::new(), Vec::new());
    each("SELECT * FROM coverage", &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let text = |column: &str| rows.texts(column).at(row).map(str::to_owned);
            let cause =
                Cause::ALL.iter().copied().find(|cause| cause.as_str() == rows.texts("cause").or_empty(row));
            let state = match rows.texts("state").or_empty(row) {
                "complete" => State::Complete,
                "partial" => State::Partial,
                "untrusted" => State::Untrusted,
                _ => State::None,
            };
            let assumed = rows.texts("because").or_empty(row).contains(WHOLE_EXPORT);
            let covered = Covered {
                source: text("source").unwrap_or_default(),
                host: text("host"),
                from: rows.times("from").at(row),
                to: rows.times("to").at(row),
                state,
                cause,
                assumption: assumed.then(|| WHOLE_EXPORT.to_owned()),
                basis: rows.list("basis", row),
            };
            if let (Some(Cause::IntruderAdmin), Some(host)) = (cause, covered.host.clone()) {
                held.push(Held { host, from: covered.from, basis: covered.basis.clone() });
            }
            rows_of.push(covered);
        }
        Ok(())
    })?;
    rows_of.sort_by(|a, b| {
        (&a.source, &a.host, a.from, a.to, &a.basis).cmp(&(&b.source, &b.host, b.from, b.to, &b.basis))
    });
    held.sort_by_key(|held: &Held| (places::host(&held.host), held.from));
    held.dedup_by(|later, first| places::host(&later.host) == places::host(&first.host));
    Ok((rows_of, held))
}
