//! What does a mapping make of one record?
//!
//! A record is whatever gives a value for a column's name. What the rules leave open stays open: no
//! value, no entry. A value that should be a time, a number or a known word and is not is a
//! [`Problem`], which a preview shows and an inquiry leaves in the record's own fields.

use std::borrow::Cow;

use assize_model::spine::{Client, ObjectKind, Outcome, Scope, Verb};
use assize_model::time::Stated;
use assize_model::{Event, ReadingOptions, Time};

use super::rules::{Column, How, Mapping, Value, When};

/// A value that a rule could not use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The source's column.
    pub column: String,
    /// Expected and found; the value itself is not quoted beyond what a person needs to find it.
    pub what: String,
}

/// The value of a column (by its number in `mapping.columns`); `None` if there is none.
pub(crate) type Cell<'f, 'r> = &'f dyn Fn(usize) -> Option<Cow<'r, str>>;

/// The reading option that says in which zone local times are, where nothing else does.
const ZONE: &str = "zone";

/// Fills the spine of an event of this record, and says what it could not use.
pub(crate) fn apply(
    mapping: &Mapping,
    cell: Cell<'_, '_>,
    options: &ReadingOptions,
    event: &mut Event,
) -> Vec<Problem> {
    let record = Record { mapping, cell };
    let mut problems = record.time(options, event);
    if let Some(when) = &mapping.until {
        event.until = record.told(when, options, &mut problems).and_then(|told| told.time);
    }
    for (column, value) in &mapping.spine {
        if let Some(text) = record.value(value) {
            let problem = set(*column, &text, event);
            problems.extend(problem.map(|what| record.problem(&value.columns, what)));
        }
    }
    for (link, value) in &mapping.links_by {
        event.links.extend(record.value(value).map(|text| (*link, text.into_owned())));
    }
    for (qualifier, value) in &mapping.qualifiers {
        if record.value(value).as_deref() == Some("yes") {
            event.qualifiers.push(*qualifier);
        }
    }
    problems
}

/// Of a record whose values may stand in the wrong columns: the time, which says itself whether it is one.
pub(crate) fn time_only(mapping: &Mapping, cell: Cell<'_, '_>, options: &ReadingOptions, event: &mut Event) {
    Record { mapping, cell }.time(options, event);
}

/// Puts a value into a column of the spine; says what is wrong with it.
fn set(column: Column, text: &str, event: &mut Event) -> Option<String> {
    let owned = || Some(text.to_owned());
    let number = text.trim().parse().ok();
    match column {
        Column::Host => event.host = owned(),
        Column::Actor => event.actor = owned(),
        Column::Target => event.target = owned(),
        Column::Object => event.object = owned(),
        Column::Peer => event.peer = owned(),
        Column::Device => event.device = owned(),
        Column::Count => event.count = number,
        Column::Bytes => event.bytes = number,
        // The words were checked when the mapping was loaded.
        Column::Verb => event.verb = one_of(Verb::ALL, |w| w.as_str(), text).unwrap_or(Verb::Other),
        Column::Outcome => {
            event.outcome = one_of(Outcome::ALL, |w| w.as_str(), text).unwrap_or(Outcome::Unknown);
        }
        Column::ObjectKind => event.object_kind = one_of(ObjectKind::ALL, |w| w.as_str(), text),
        Column::Scope => event.scope = one_of(Scope::ALL, |w| w.as_str(), text),
        Column::Client => event.client = one_of(Client::ALL, |w| w.as_str(), text),
    }
    let numeric = matches!(column, Column::Count | Column::Bytes) && number.is_none();
    numeric.then(|| format!("expected a number, found `{text}`"))
}

/// A record under a mapping.
struct Record<'m, 'f, 'r> {
    mapping: &'m Mapping,
    cell: Cell<'f, 'r>,
}

/// A time as the record tells it.
struct Told {
    text: String,
    time: Option<Time>,
    assumed: Option<String>,
    /// The zone that was given for this reading.
    given: Option<String>,
}

impl Record<'_, '_, '_> {
    fn cell(&self, column: usize) -> Option<Cow<'_, str>> {
        let cell = (self.cell)(column)?;
        let empty = matches!(cell.trim(), "" | "-");
        (!empty).then_some(cell)
    }

    fn value<'s>(&'s self, value: &'s Value) -> Option<Cow<'s, str>> {
        if let How::Sum = value.how {
            return self.sum(value);
        }
        let mut cells = value.columns.iter().filter_map(|column| self.cell(*column));
        let found = cells.next().and_then(|cell| match &value.how {
            How::Table(table) => table.get(&cell.trim().to_lowercase()).map(|to| Cow::Borrowed(to.as_str())),
            How::Contains(pairs) => {
                let cell = cell.to_lowercase();
                let pair = pairs.iter().find(|(part, _)| cell.contains(part.as_str()));
                pair.map(|(_, to)| Cow::Borrowed(to.as_str()))
            }
            How::After(text) => digits_after(&cell, text).map(Cow::Owned),
            How::Itself | How::Sum => Some(cell),
        });
        found.or(value.otherwise.as_deref().map(Cow::Borrowed))
    }

    /// Of the columns that hold a number; none if none does.
    fn sum(&self, value: &Value) -> Option<Cow<'_, str>> {
        let numbers =
            value.columns.iter().filter_map(|column| self.cell(*column)?.trim().parse::<u64>().ok());
        numbers.reduce(u64::saturating_add).map(|sum| Cow::Owned(sum.to_string()))
    }

    fn problem(&self, columns: &[usize], what: String) -> Problem {
        let names: Vec<&str> = columns.iter().map(|column| self.mapping.columns[*column].as_str()).collect();
        Problem { column: names.join(" "), what }
    }

    fn time(&self, options: &ReadingOptions, event: &mut Event) -> Vec<Problem> {
        let mut problems = Vec::new();
        let when = self.mapping.time.as_ref();
        if let Some(told) = when.and_then(|when| self.told(when, options, &mut problems)) {
            event.time = told.time;
            event.time_assumed = told.assumed;
            event.time_text = Some(told.text);
            event.options.0.extend(told.given.map(|zone| (ZONE.to_owned(), zone)));
        }
        problems
    }

    fn told(&self, when: &When, options: &ReadingOptions, problems: &mut Vec<Problem>) -> Option<Told> {
        let cells: Vec<Cow<'_, str>> = when.columns.iter().filter_map(|column| self.cell(*column)).collect();
        if cells.is_empty() {
            return None;
        }
        let text = cells.join(" ");
        let stated = match &when.format {
            Some(format) => Time::parse_as(format, text.trim()),
            None => Time::parse(&text).or_else(|| Time::of_unix(text.trim()).map(Stated::Instant)),
        };
        let mut told = Told { text, time: None, assumed: None, given: None };
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

/// The zone of a time that states none: the mapping's, else the one given for this reading, else UTC.
fn local_time(when: &When, options: &ReadingOptions, local: Time, told: &mut Told) {
    if let Some((zone, name)) = &when.zone {
        told.time = Some(zone.instant(local));
        told.assumed = Some(format!("no zone stated; read as {name}, as its mapping says"));
        return;
    }
    let given = options.0.get(ZONE).and_then(|name| Some((assize_model::time::Zone::of(name)?, name)));
    match given {
        Some((zone, name)) => {
            told.time = Some(zone.instant(local));
            told.assumed = Some(format!("no zone stated; read as {name}, as given"));
            told.given = Some(name.clone());
        }
        None => {
            told.time = Some(local);
            told.assumed = Some("no zone stated; read as UTC".to_owned());
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
