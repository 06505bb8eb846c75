//! What does the record under a finding say, and where are its bytes?
//!
//! The end of the way from a sentence to its proof: columns of the spine, own fields, the record
//! as it stands in the exhibit, its digest, the exhibit's digests and its entry in the custody log.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::spine::column as c;
use assize_model::{Locator, OutputError, Range, RawRecord, ReadingOptions, Row};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::facts::Case;
use super::findings::texts;
use super::words::{self, command, instant, number};
use super::{exhibits, questions};

/// Characters shown of a field's value.
const FIELD_CHARACTERS: usize = 600;
/// Own fields shown of an event.
const FIELDS_MAX: usize = 80;
/// Characters shown of a record.
const RECORD_CHARACTERS: usize = 4000;

/// The columns of the spine in words, in the order of reading.
const SPINE: &[(&str, &str)] = &[
    (c::TIME, "Time"),
    (c::TIME_TEXT, "Time as written"),
    (c::TIME_ASSUMED, "Time assumed"),
    (c::UNTIL, "Until"),
    (c::SOURCE, "Source"),
    (c::HOST, "Host"),
    (c::ACTOR, "Actor"),
    (c::VERB, "Act"),
    (c::OBJECT, "Object"),
    (c::OBJECT_KIND, "Kind of object"),
    (c::TARGET, "Account acted upon"),
    (c::PEER, "Other end"),
    (c::DEVICE, "Device"),
    (c::CLIENT, "Program"),
    (c::SCOPE, "Scope"),
    (c::COUNT, "Count"),
    (c::BYTES, "Bytes"),
    (c::OUTCOME, "Outcome"),
    (c::QUALIFIERS, "Limits of meaning"),
];

/// The events that a page shows, by id.
pub(super) struct Records {
    events: BTreeMap<String, Row>,
    /// The records behind them, read again for this page.
    raws: BTreeMap<String, Result<RawRecord, OutputError>>,
}

impl Records {
    /// Asks for the events, in one query.
    pub(super) fn of(case: &Case<'_>, ids: BTreeSet<String>) -> Result<Self, OutputError> {
        let mut records = BTreeMap::new();
        if !ids.is_empty() {
            case.snapshot.each(&questions::events(ids.iter().map(String::as_str)), &mut |mut row| {
                row.0
                    .iter_mut()
                    .filter(|(name, _)| name == c::FIELDS)
                    .for_each(|(_, fields)| shorten(fields));
                records.insert(row.text(c::ID).to_owned(), row);
                Ok(())
            })?;
        }
        let places = records.iter().filter_map(|(id, row)| Some((id.clone(), locator(row)?)));
        let (ids, locators): (Vec<String>, Vec<Locator>) = places.unzip();
        let raws = ids.into_iter().zip(case.snapshot.raw_all(&locators)).collect();
        Ok(Self { events: records, raws })
    }

    /// A finding that opens its event.
    pub(super) fn finding(&self, case: &Case<'_>, finding: &Row) -> Markup {
        let event = self.events.get(finding.text("event"));
        html! {
            details.event {
                summary {
                    @match event {
                        Some(event) => (line(event)),
                        None => "Event not in the tables ",
                    }
                    (words::id(finding.text("id")))
                }
                @if let Some(event) = event { (self.whole(case, finding, event)) }
            }
        }
    }

    fn whole(&self, case: &Case<'_>, finding: &Row, event: &Row) -> Markup {
        html! {
            div.record {
                @if let Some(sentence) = event.some_text("message") {
                    p.says { (words::said(sentence, FIELD_CHARACTERS)) }
                }
                (spine(event))
                (own_fields(event, &texts(finding, "fields")))
                (record(self.raws.get(event.text(c::ID)), event.text(c::ID)))
                (proof(case, event, locator(event).as_ref()))
            }
        }
    }
}

/// Cuts the values of own fields that no page shows whole to `{text, characters}`.
fn shorten(fields: &mut Value) {
    for value in fields.as_array_mut().into_iter().flatten().map(|field| &mut field[1]) {
        let Some(text) = value.as_str() else { continue };
        if let Some((end, _)) = text.char_indices().nth(FIELD_CHARACTERS) {
            *value = json!({"text": text[..end], "characters": text.chars().count()});
        }
    }
}

/// The line by which an event is known.
fn line(event: &Row) -> Markup {
    html! {
        span.when { (instant(event.time(c::TIME))) }
        span.what {
            (words::said_or(event.some_text(c::HOST), "host not stated"))
            @if let Some(actor) = event.some_text(c::ACTOR) { " · " (words::said(actor, 60)) }
            " · " (words::said(event.text(c::VERB), 30))
            @if let Some(object) = event.some_text(c::OBJECT) { " · " (words::said(object, 90)) }
        }
    }
}

fn spine(event: &Row) -> Markup {
    html! {
        dl.spine {
            @for (column, title) in SPINE {
                @let text = plain(event.value(column));
                // The time as written is told only where it says something else.
                @let repeats = *column == c::TIME_TEXT && event.text(c::TIME) == text;
                @if !text.is_empty() && !repeats { dt { (title) } dd { (words::said(&text, FIELD_CHARACTERS)) } }
            }
            @for link in event.value(c::LINKS).as_array().into_iter().flatten() {
                dt { "Link: " (words::said(link["kind"].as_str().unwrap_or(""), 40)) }
                dd { (words::said(link["value"].as_str().unwrap_or(""), FIELD_CHARACTERS)) }
            }
        }
    }
}

fn own_fields(event: &Row, looked_at: &[&str]) -> Markup {
    let fields = event.value(c::FIELDS).as_array().map_or(&[][..], Vec::as_slice);
    let meanings = event.value("meanings").as_array().map_or(&[][..], Vec::as_slice);
    html! {
        @if !fields.is_empty() {
            div.wide { table.fields {
                caption { "The source’s own fields" }
                thead.hidden { tr { th scope="col" { "Field" } th scope="col" { "Value" } } }
                tbody { @for field in fields.iter().take(FIELDS_MAX) { (own_field(field, looked_at, meanings)) } }
            } }
            @if fields.len() > FIELDS_MAX {
                p.shown { (FIELDS_MAX) " of " (number(fields.len() as u64)) " fields shown; all stand in the record." }
            }
        }
    }
}

fn own_field(field: &Value, looked_at: &[&str], meanings: &[Value]) -> Markup {
    let name = field[0].as_str().unwrap_or("");
    // Of a name that repeats only some values may have a meaning: then none is put beside any.
    let meaning = match meanings.iter().filter(|pair| pair[0] == name).collect::<Vec<_>>()[..] {
        [one] => one[1].as_str(),
        _ => None,
    };
    html! {
        tr {
            th scope="row" {
                (words::said(name, 80))
                @if looked_at.contains(&name) { " " span.mark title="the rule looked at this field" { "●" } }
            }
            td.text {
                @match &field[1] {
                    Value::String(value) => (words::said(value, FIELD_CHARACTERS)),
                    Value::Object(cut) => (words::said_first(
                        cut["text"].as_str().unwrap_or(""), cut["characters"].as_u64().unwrap_or(0)
                    )),
                    _ => span.none { "null" },
                }
                @if let Some(meaning) = meaning { " " span.soft { "= " (words::said(meaning, FIELD_CHARACTERS)) } }
            }
        }
    }
}

/// The record as it stands in the exhibit, read again for this page.
fn record(raw: Option<&Result<RawRecord, OutputError>>, event: &str) -> Markup {
    match raw {
        None => {
            html! { p.warning { "The place of this event is not known: its record cannot be read again." } }
        }
        Some(Err(error)) => html! {
            p.warning { "The record could not be read again: " (words::said(&error.to_string(), 300)) }
        },
        Some(Ok(raw)) => html! {
            figure.raw {
                figcaption { "The record, read again for this page" }
                (words::lines(&raw.text, RECORD_CHARACTERS))
                @if raw.text.chars().nth(RECORD_CHARACTERS).is_some() && words::plain_token(event) {
                    " " (command(&format!("assize trace {event} --bytes")))
                }
                @if !raw.same {
                    p.warning { "Reading these bytes alone did not give this event again." }
                }
                p.digest { "SHA-256 of its bytes " (words::id(&raw.sha256)) }
            }
        },
    }
}

/// From the event to the custody log.
fn proof(case: &Case<'_>, event: &Row, locator: Option<&Locator>) -> Markup {
    let id = event.text(c::ID);
    let exhibit = event.text(c::EXHIBIT);
    html! {
        dl.proof {
            dt { "Lies in" } dd { (super::unread::file(case, event)) }
            dt { "Read as" } dd { (words::said(event.text(c::FORMAT), 60)) (options(event)) }
            @if let Some(locator) = locator { dt { "Bytes" } dd { (ranges(&locator.ranges)) } }
            @match case.exhibit(exhibit) {
                None => { dt { "Exhibit" } dd { (words::id(exhibit)) } },
                Some(exhibit) => {
                    @if let Some(admission) = exhibit.admissions.first() {
                        dt { "Custody" } dd { (exhibits::receipt(admission)) }
                    }
                    dt { "Digests" } dd { (exhibits::digests(exhibit)) }
                },
            }
            @if words::plain_token(id) { dt { "To check" } dd { (command(&format!("assize trace {id} --bytes"))) } }
            dt { "Event" } dd { (words::id(id)) }
        }
    }
}

fn options(event: &Row) -> Markup {
    html! {
        @if let Some(options) = event.some_text(c::OPTIONS) { ", assuming " (words::said(options, 200)) }
    }
}

fn ranges(ranges: &[Range]) -> Markup {
    html! {
        @for (at, range) in ranges.iter().enumerate() {
            @if at > 0 { ", with " }
            (number(range.length)) " from offset " (number(range.offset))
        }
    }
}

/// The locator that the columns of an event hold.
fn locator(event: &Row) -> Option<Locator> {
    let ranges = event.value(c::RANGES).as_array()?;
    let range =
        |range: &Value| Some(Range { offset: range["offset"].as_u64()?, length: range["length"].as_u64()? });
    Some(Locator {
        exhibit: event.text(c::EXHIBIT).parse().ok()?,
        member: event.some_text(c::MEMBER).map(str::to_owned),
        format: event.text(c::FORMAT).to_owned(),
        ranges: ranges.iter().map(range).collect::<Option<Vec<_>>>().filter(|ranges| !ranges.is_empty())?,
        options: event.some_text(c::OPTIONS).map_or_else(ReadingOptions::default, ReadingOptions::of_text),
    })
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
