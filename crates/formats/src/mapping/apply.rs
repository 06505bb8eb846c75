//! What does a mapping make of one record?
//!
//! A record is whatever gives a value for a column's name. What the rules leave open stays open: no
//! value, no entry. A value that should be a time, a number or a known word and is not is a
//! [`Problem`], which a preview shows and an inquiry leaves in the record's own fields.

use std::borrow::Cow;

use assize_model::spine::{Client, ObjectKind, Outcome, Scope, Verb};
use assize_model::time::{Stated, Zone};
use assize_model::{ReadingOptions, Time};

use super::rules::{Column, How, Mapping, Value, When};
use crate::clock;
use crate::meaning::{Meaning, Text};

/// A value that a rule could not use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The source's column.
    pub column: String,
    /// Expected and found; the value itself is not quoted beyond what a person needs to find it.
    pub what: String,
}

/// The value of a column (by its number in `mapping.columns`); `None` if there is none.
pub(crate) type Cell<'f, 'r> = &'f dyn Fn(usize) -> Option<Text<'r>>;

/// What a mapping made of a record.
pub(crate) struct Applied<'r> {
    pub(crate) meaning: Meaning<'r>,
    /// Whether its time rests on the zone that was given for this reading.
    pub(crate) by_zone_given: bool,
    pub(crate) problems: Vec<Problem>,
}

/// Fills the spine of this record, and says what it could not use.
pub(crate) fn apply<'r>(mapping: &'r Mapping, cell: Cell<'_, 'r>, options: &ReadingOptions) -> Applied<'r> {
    let record = Record { mapping, cell };
    let mut applied = time_only(mapping, cell, options);
    let Applied { meaning, problems, .. } = &mut applied;
    if let Some(when) = &mapping.until {
        meaning.until = record.told(when, options, problems).and_then(|told| told.time);
    }
    for (column, value) in &mapping.spine {
        if let Some(text) = record.value(value) {
            let problem = set(*column, text, meaning);
            problems.extend(problem.map(|what| record.problem(&value.columns, what)));
        }
    }
    for (link, value) in &mapping.links_by {
        meaning.links.extend(record.value(value).map(|text| (*link, text)));
    }
    for (qualifier, value) in &mapping.qualifiers {
        if record.value(value).as_deref() == Some("yes") {
            meaning.qualifiers.push(*qualifier);
        }
    }
    applied
}

/// Of a record whose values may stand in the wrong columns: the time, which says itself whether it is one.
pub(crate) fn time_only<'r>(
    mapping: &'r Mapping,
    cell: Cell<'_, 'r>,
    options: &ReadingOptions,
) -> Applied<'r> {
    let meaning = Meaning::of(mapping.source.as_str());
    let mut applied = Applied { meaning, by_zone_given: false, problems: Vec::new() };
    let Applied { meaning, by_zone_given, problems } = &mut applied;
    let when = mapping.time.as_ref();
    if let Some(told) = when.and_then(|when| Record { mapping, cell }.told(when, options, problems)) {
        (meaning.time, meaning.time_text) = (told.time, Some(told.text));
        meaning.time_assumed = told.assumed;
        *by_zone_given = told.by_zone_given;
    }
    applied
}

/// Puts a value into a column of the spine; says what is wrong with it.
fn set<'r>(column: Column, text: Text<'r>, event: &mut Meaning<'r>) -> Option<String> {
    match column {
        Column::Count | Column::Bytes => {
            let number = text.trim().parse().ok();
            let slot = if column == Column::Count { &mut event.count } else { &mut event.bytes };
            *slot = number;
            return number.is_none().then(|| format!("expected a number, found `{text}`"));
        }
        Column::Host => event.host = Some(text),
        Column::Actor => event.actor = Some(text),
        Column::Target => event.target = Some(text),
        Column::Object => event.object = Some(text),
        Column::Peer => event.peer = Some(text),
        Column::Device => event.device = Some(text),
        // The words were checked when the mapping was loaded.
        Column::Verb => event.verb = one_of(Verb::ALL, |w| w.as_str(), &text).unwrap_or(Verb::Other),
        Column::Outcome => {
            event.outcome = one_of(Outcome::ALL, |w| w.as_str(), &text).unwrap_or(Outcome::Unknown);
        }
        Column::ObjectKind => event.object_kind = one_of(ObjectKind::ALL, |w| w.as_str(), &text),
        Column::Scope => event.scope = one_of(Scope::ALL, |w| w.as_str(), &text),
        Column::Client => event.client = one_of(Client::ALL, |w| w.as_str(), &text),
    }
    None
}

/// A record under a mapping.
struct Record<'f, 'r> {
    mapping: &'r Mapping,
    cell: Cell<'f, 'r>,
}

/// A time as the record tells it.
struct Told<'r> {
    text: Text<'r>,
    time: Option<Time>,
    assumed: Option<Text<'r>>,
    by_zone_given: bool,
}

impl<'r> Record<'_, 'r> {
    fn cell(&self, column: usize) -> Option<Text<'r>> {
        let cell = (self.cell)(column)?;
        let empty = matches!(cell.trim(), "" | "-");
        (!empty).then_some(cell)
    }

    fn value(&self, value: &'r Value) -> Option<Text<'r>> {
        if let How::Sum = value.how {
            return self.sum(value);
        }
        let found = value.columns.iter().find_map(|column| self.cell(*column));
        let found = found.and_then(|cell| match &value.how {
            How::Table(table) => {
                let word = cell.trim();
                let to = table.get(word).or_else(|| table.get(&*lower(word)));
                to.map(|to| Cow::Borrowed(to.as_str()))
            }
            How::Contains(pairs) => {
                let cell = lower(&cell);
                let pair = pairs.iter().find(|(part, _)| cell.contains(part.as_str()));
                pair.map(|(_, to)| Cow::Borrowed(to.as_str()))
            }
            How::After(text) => digits_after(&cell, text).map(Cow::Owned),
            How::Itself | How::Sum => Some(cell),
        });
        found.or(value.otherwise.as_deref().map(Cow::Borrowed))
    }

    /// Of the columns that hold a number; none if none does.
    fn sum(&self, value: &Value) -> Option<Text<'r>> {
        let numbers =
            value.columns.iter().filter_map(|column| self.cell(*column)?.trim().parse::<u64>().ok());
        numbers.reduce(u64::saturating_add).map(|sum| Cow::Owned(sum.to_string()))
    }

    fn problem(&self, columns: &[usize], what: String) -> Problem {
        let names: Vec<&str> = columns.iter().map(|column| self.mapping.columns[*column].as_str()).collect();
        Problem { column: names.join(" "), what }
    }

    fn told(
        &self,
        when: &'r When,
        options: &ReadingOptions,
        problems: &mut Vec<Problem>,
    ) -> Option<Told<'r>> {
        let mut cells = when.columns.iter().filter_map(|column| self.cell(*column));
        let mut text = cells.next()?;
        for cell in cells {
            text = [&text, " ", &cell].concat().into();
        }
        let stated = match &when.format {
            Some(format) => Time::parse_as(format, text.trim()),
            None => parsed(&text),
        };
        let mut told = Told { text, time: None, assumed: None, by_zone_given: false };
        match stated {
            Some(Stated::Instant(time)) => told.time = Some(time),
            Some(Stated::Local(local)) => local_time(when, options, local, &mut told),
            None => {
                let expected = when.format.as_deref().unwrap_or("a date and time");
                let what = format!("expected {expected}, found `{}`", told.text);
                problems.push(self.problem(&when.columns, what));
            }
        }
        Some(told)
    }
}

/// A date and time in the notation of most logs, faster than in any other.
fn parsed(text: &str) -> Option<Stated> {
    match clock::iso(text.as_bytes()) {
        Some((stated, length)) if length == text.len() => Some(stated),
        _ => Time::parse(text).or_else(|| Time::of_unix(text.trim()).map(Stated::Instant)),
    }
}

/// In small letters; most words are.
fn lower(text: &str) -> Cow<'_, str> {
    let small = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if small { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

/// The zone of a time that states none: the mapping's, else the one given for this reading, else UTC.
fn local_time(when: &When, options: &ReadingOptions, local: Time, told: &mut Told<'_>) {
    if let Some((zone, name)) = &when.zone {
        told.time = Some(zone.instant(local));
        told.assumed = Some(format!("no zone stated; read as {name}, as its mapping says").into());
        return;
    }
    let given = options.0.get(clock::ZONE).and_then(|name| Some((Zone::of(name)?, name)));
    match given {
        Some((zone, name)) => {
            told.time = Some(zone.instant(local));
            told.assumed = Some(format!("no zone stated; read as {name}, as given").into());
            told.by_zone_given = true;
        }
        None => {
            told.time = Some(local);
            told.assumed = Some("no zone stated; read as UTC".into());
        }
    }
}

fn one_of<T: Copy>(all: &[T], text: impl Fn(&T) -> &'static str, word: &str) -> Option<T> {
    all.iter().find(|known| text(known) == word).copied()
}

fn digits_after(cell: &str, text: &str) -> Option<String> {
    let at = cell.find(text)? + text.len();
    let digits: String = cell[at..].trim_start().chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}
