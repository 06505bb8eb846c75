//! How does a timeline tool get the events? As JSON lines that Timesketch imports.
//!
//! One line per event, ordered by time, then id. Timesketch demands `message`, `datetime` and
//! `timestamp_desc`; everything that the tables hold of an event goes with them. An event without a
//! time keeps being without: it gets neither `datetime` nor `timestamp`, says so in
//! `timestamp_desc`, and stands after all others.

use std::collections::BTreeSet;
use std::io::Write;

use assize_model::spine::column as c;
use assize_model::{Card, Output, OutputError, Row, Snapshot, Time};
use serde_json::{Map, Value, json};

use crate::harmless;

/// The events with what the rules say of them, those that state a time.
pub(crate) const TIMED: &str = "SELECT e.*, message(e.fields) AS message, \
    meanings(e.fields) AS meanings, f.titles, f.tags AS rule_tags FROM events e \
    LEFT JOIN (SELECT event, array_agg(title) AS titles, array_agg(tags) AS tags FROM findings \
    GROUP BY event) f ON f.event = e.id WHERE e.time IS NOT NULL ORDER BY e.time, e.id";

/// Those that state none.
pub(crate) const UNTIMED: &str = "SELECT e.*, message(e.fields) AS message, \
    meanings(e.fields) AS meanings, f.titles, f.tags AS rule_tags FROM events e \
    LEFT JOIN (SELECT event, array_agg(title) AS titles, array_agg(tags) AS tags FROM findings \
    GROUP BY event) f ON f.event = e.id WHERE e.time IS NULL ORDER BY e.id";

/// What `timestamp_desc` says of an event with a time, and of one without.
const EVENT_TIME: &str = "Event time";
const NO_TIME: &str = "No time stated";

/// Characters of a message; the whole values stand in the other keys.
const MESSAGE_CHARACTERS_MAX: usize = 400;

/// Columns of the spine that go into a line as they are, where they are not null.
const SPINE: &[&str] = &[
    c::TIME,
    c::TIME_TEXT,
    c::TIME_ASSUMED,
    c::UNTIL,
    c::SOURCE,
    c::HOST,
    c::ACTOR,
    c::TARGET,
    c::VERB,
    c::OBJECT,
    c::OBJECT_KIND,
    c::SCOPE,
    c::CLIENT,
    c::PEER,
    c::DEVICE,
    c::COUNT,
    c::BYTES,
    c::OUTCOME,
    c::QUALIFIERS,
    c::LINKS,
];

/// Events as Timesketch JSON lines.
pub struct Jsonl;

static CARD: Card = Card {
    name: "jsonl",
    title: "Events as JSON lines for Timesketch",
    doc: "One line per event, ordered by time, then id: `message`, `datetime` (RFC 3339, microseconds, +00:00), \
          `timestamp` (microseconds since 1970), `timestamp_desc`, the columns of the spine (null ones left out; \
          `time` keeps the nanoseconds that Timesketch's own two cannot carry), `tag` (titles and tags of the \
          rules that found something in it), `id`, `exhibit`, `locator`, and the source's own fields under \
          `fields` (a name that repeats holds a list); what codes in them mean stands under `meanings`. `message` \
          is the event in a sentence, or, where no sentence is known for its kind, what the spine holds of it. \
          Timesketch cannot carry an event without a time. Such an event is never given one: its line has no \
          `datetime` and no `timestamp`, its `timestamp_desc` says `No time stated`, and it stands after all \
          others. Timesketch stops at the first of them, with everything before it imported; to keep it from \
          stopping, hand it only lines that hold `\"datetime\"`. \
          Text is written so that a terminal obeys nothing in it, and parses back unchanged.",
    example: "assize export --to jsonl -o events.jsonl",
    links: &["https://timesketch.org/guides/user/import-from-json-csv/"],
    version: 1,
};

impl Output for Jsonl {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn write(&self, snapshot: &dyn Snapshot, out: &mut dyn Write) -> Result<(), OutputError> {
        for sql in [TIMED, UNTIMED] {
            snapshot.each(sql, &mut |row| {
                harmless::json(&line(&row), out)?;
                Ok(out.write_all(b"\n")?)
            })?;
        }
        Ok(())
    }
}

fn line(row: &Row) -> Value {
    let mut line = Map::new();
    line.insert("message".into(), message(row).into());
    match row.time(c::TIME) {
        Some(time) => {
            line.insert("datetime".into(), datetime(time).into());
            line.insert("timestamp".into(), microseconds(time).into());
            line.insert("timestamp_desc".into(), EVENT_TIME.into());
        }
        None => {
            line.insert("timestamp_desc".into(), NO_TIME.into());
        }
    }
    for column in SPINE {
        let value = row.value(column);
        if !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()) {
            line.insert((*column).into(), value.clone());
        }
    }
    line.insert("tag".into(), tags(row).into_iter().collect());
    line.insert("fields".into(), object(row.value(c::FIELDS)));
    if row.value("meanings").as_array().is_some_and(|meanings| !meanings.is_empty()) {
        line.insert("meanings".into(), object(row.value("meanings")));
    }
    line.insert("locator".into(), locator(row));
    line.insert("exhibit".into(), row.value(c::EXHIBIT).clone());
    line.insert("id".into(), row.value(c::ID).clone());
    Value::Object(line)
}

/// RFC 3339 with microseconds and a numeric offset, as Timesketch writes it itself.
fn datetime(time: Time) -> String {
    match jiff::Timestamp::from_microsecond(microseconds(time)) {
        Ok(at) => at.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
        Err(_) => time.to_string(), // Cannot be: nanoseconds in 64 bits lie well inside.
    }
}

/// Rounded down, also before 1970, so that the order is kept.
fn microseconds(time: Time) -> i64 {
    time.0.div_euclid(1000)
}

/// The sentence that is known for this kind of event, or
/// `logon by alice with 10.0.0.7 on DC01 (failure); windows/Security`, from what the spine holds.
fn message(row: &Row) -> String {
    cut(row.some_text("message").map_or_else(|| of_the_spine(row), str::to_owned))
}

fn of_the_spine(row: &Row) -> String {
    let mut text = row.text(c::VERB).to_owned();
    let named = [
        (c::ACTOR, " by "),
        (c::OBJECT, " of "),
        (c::TARGET, " upon "),
        (c::PEER, " with "),
        (c::HOST, " on "),
    ];
    for (column, word) in named {
        if let Some(value) = row.some_text(column) {
            text += word;
            text += value;
        }
    }
    if !matches!(row.text(c::OUTCOME), "" | "unknown") {
        text += &format!(" ({})", row.text(c::OUTCOME));
    }
    text += &format!("; {}", row.text(c::SOURCE));
    text
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MESSAGE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Titles and tags of the rules that found something, sorted, each once.
fn tags(row: &Row) -> BTreeSet<String> {
    let texts = |value: &Value| -> Vec<String> {
        let list = value.as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut tags: BTreeSet<String> = texts(row.value("titles")).into_iter().collect();
    for of_one_rule in row.value("rule_tags").as_array().into_iter().flatten() {
        tags.extend(texts(of_one_rule));
    }
    tags
}

/// Pairs as an object. A name may repeat in a record; JSON's may not: then it holds a list.
fn object(pairs: &Value) -> Value {
    let mut fields: Map<String, Value> = Map::new();
    let mut repeated = BTreeSet::new();
    for pair in pairs.as_array().into_iter().flatten() {
        let (Some(name), value) = (pair[0].as_str(), pair[1].clone()) else { continue };
        match fields.get_mut(name) {
            None => {
                fields.insert(name.to_owned(), value);
            }
            Some(Value::Array(values)) if repeated.contains(name) => values.push(value),
            Some(first) => {
                *first = json!([first.take(), value]);
                repeated.insert(name.to_owned());
            }
        }
    }
    Value::Object(fields)
}

/// What alone gives the event again, in the form of `model::Locator`.
fn locator(row: &Row) -> Value {
    let mut locator = Map::new();
    for column in [c::EXHIBIT, c::MEMBER, c::FORMAT, c::RANGES] {
        locator.insert(column.into(), row.value(column).clone());
    }
    if let Some(options) = row.some_text(c::OPTIONS) {
        locator.insert(c::OPTIONS.into(), json!(assize_model::ReadingOptions::of_text(options)));
    }
    Value::Object(locator)
}

#[cfg(test)]
mod tests {
    use assize_model::Locator;

    use super::*;
    use crate::fake::Fake;

    fn lines(fake: &Fake) -> Vec<Value> {
        let mut out = Vec::new();
        Jsonl.write(fake, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{2028}']), "harmless on a terminal");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn one_line_per_event_in_order() {
        let fake = Fake::small();
        let lines = lines(&fake);
        assert_eq!(lines.len(), fake.events.len());
        let times: Vec<Option<i64>> = lines.iter().map(|line| line["timestamp"].as_i64()).collect();
        let timed: Vec<i64> = times.iter().flatten().copied().collect();
        assert!(timed.is_sorted() && times[timed.len()..].iter().all(Option::is_none), "{times:?}");
        for line in &lines {
            assert!(line["message"].as_str().is_some_and(|text| !text.is_empty()));
            assert!(line["id"].as_str().is_some_and(|id| id.starts_with("e-")));
            assert!(
                serde_json::from_value::<Locator>(line["locator"].clone()).is_ok(),
                "{}",
                line["locator"]
            );
        }
    }

    #[test]
    fn a_missing_time_is_no_time() {
        let lines = lines(&Fake::small());
        let last = lines.last().unwrap();
        assert_eq!((last.get("datetime"), last.get("timestamp"), last.get("time")), (None, None, None));
        assert_eq!(last["timestamp_desc"], NO_TIME);
    }

    #[test]
    fn times_tags_and_fields() {
        let lines = lines(&Fake::small());
        let found = lines.iter().find(|line| line["tag"].as_array().unwrap().len() > 2).unwrap();
        assert!(found["tag"].as_array().unwrap().contains(&json!("attack.t1003.001")), "{found}");
        assert!(found["datetime"].as_str().unwrap().ends_with("+00:00"));
        assert_eq!(found["datetime"].as_str().unwrap().len(), "2026-09-14T08:00:00.000000+00:00".len());
        assert_eq!(found["timestamp_desc"], EVENT_TIME);
        assert_eq!(datetime(Time(-1)), "1969-12-31T23:59:59.999999+00:00");
        assert_eq!(datetime(Time(1_789_387_200_123_456_789)), "2026-09-14T12:00:00.123456+00:00");
    }

    #[test]
    fn a_sentence_where_there_is_one() {
        let lines = lines(&Fake::small());
        let told = lines.iter().find(|line| line["fields"]["LogonType"] == "3").unwrap();
        assert_eq!(told["message"], crate::fake::SENTENCE);
        assert_eq!(told["meanings"], json!({"LogonType": "over the network"}));
        let other = lines.iter().find(|line| line["fields"]["LogonType"].is_null()).unwrap();
        assert!(other["message"].as_str().unwrap().contains("; "), "{other}");
        assert_eq!(other.get("meanings"), None);
    }

    #[test]
    fn a_field_that_repeats_is_a_list() {
        let row = Row(vec![("fields".into(), json!([["a", "1"], ["b", ["x"]], ["a", null], ["a", "3"]]))]);
        assert_eq!(object(row.value("fields")), json!({"a": ["1", null, "3"], "b": ["x"]}));
    }
}
