//! How would a person say what a record says, and what do its codes mean?
//!
//! Sentences stand in the cited table `facts/windows-messages.toml`, meanings of codes in
//! `facts/windows-codes.toml`; both are in our own words and part of the program. This file fills
//! a record's fields in. It adds nothing: a field that a record lacks is named as lacking, a code
//! that no table knows stays a code, and the raw value always stands beside its meaning. So far
//! the tables know Windows events only, whichever way they came.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use assize_model::Time;
use assize_model::time::Stated;
use serde::Deserialize;

/// Characters of a value within a sentence; the whole value stands in the record's fields.
const VALUE_CHARACTERS_MAX: usize = 200;
/// Codes decoded of one value: hostile lists do not become long texts.
const CODES_MAX: usize = 64;

/// A record's own fields in its order; a name may repeat.
pub type Pairs<'f> = &'f [(&'f str, Option<&'f str>)];

/// The record in a sentence; `None` where no table has one for its kind.
#[must_use]
pub fn sentence(fields: Pairs<'_>) -> Option<String> {
    let place = Place::of(fields)?;
    let message = TABLES.messages.get(place.provider)?.get(&place.event)?;
    let mut text = String::new();
    for piece in &message.pieces {
        match piece {
            Piece::Text(words) => text += words,
            Piece::Field(field) => text += &field.told(&place),
            Piece::Where(pieces) => text += &where_all_are_stated(pieces, &place).unwrap_or_default(),
        }
    }
    Some(text)
}

/// What the coded values among the fields mean, by the fields' names in the record's order. Fields
/// without a code, and codes without a meaning, are left out.
#[must_use]
pub fn meanings(fields: Pairs<'_>) -> Vec<(String, String)> {
    let Some(place) = Place::of(fields) else { return Vec::new() };
    let told = |(name, value): &(&str, Option<&str>)| {
        let meaning = place.meaning(name, (*value)?)?;
        Some(((*name).to_owned(), meaning))
    };
    fields.iter().filter_map(told).collect()
}

/// Fields in which a kind of record states its own time in UTC, beside the time of its envelope:
/// who writes it, and the field. Sysmon's is written without a zone and is UTC by its name
/// (Sysinternals, "Sysmon", "Events"); Defender's by its notation.
const OWN_TIMES: &[(&str, &str)] =
    &[("Microsoft-Windows-Sysmon", "UtcTime"), ("Microsoft-Windows-Windows Defender", "Detection Time")];

/// The time that a record states in its own data, where its kind has one: which of the two is right,
/// it or that of the envelope, is not decided here.
#[must_use]
pub fn own_time(fields: Pairs<'_>) -> Option<Time> {
    let place = Place::of(fields)?;
    let (_, field) = OWN_TIMES.iter().find(|(provider, _)| *provider == place.provider)?;
    match Time::parse(place.stated(field)?)? {
        Stated::Instant(time) | Stated::Local(time) => Some(time),
    }
}

/// A kind of record for which there is a sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Who writes it.
    pub provider: &'static str,
    /// Its number there.
    pub event: u32,
    /// Where its meaning was looked up.
    pub link: &'static str,
    /// The fields that the sentence asks for; of each group, the first that says something.
    pub fields: Vec<Vec<&'static str>>,
}

/// Every kind of record that has a sentence, in order.
pub fn known() -> impl Iterator<Item = Known> {
    TABLES.messages.iter().flat_map(|(provider, events)| {
        events.iter().map(move |(event, message)| Known {
            provider,
            event: *event,
            link: &message.link,
            fields: message.pieces.iter().flat_map(Piece::fields).collect(),
        })
    })
}

struct Tables {
    messages: BTreeMap<String, BTreeMap<u32, Message>>,
    codes: BTreeMap<String, Vec<Code>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let messages = toml::from_str(include_str!("../../../facts/windows-messages.toml"));
    let codes = toml::from_str(include_str!("../../../facts/windows-codes.toml"));
    // They are part of the program: a test reads both. What cannot be read would say nothing.
    debug_assert!(messages.is_ok() && codes.is_ok(), "{messages:?} {codes:?}");
    let (messages, codes): (MessageFile, CodeFile) =
        (messages.unwrap_or_default(), codes.unwrap_or_default());
    Tables { messages: messages.by_kind(), codes: codes.by_field() }
});

/// A record's fields with the kind of record that they are.
struct Place<'f> {
    provider: &'f str,
    event: u32,
    fields: Pairs<'f>,
}

impl<'f> Place<'f> {
    fn of(fields: Pairs<'f>) -> Option<Self> {
        let first = |name: &str| fields.iter().find(|(own, value)| *own == name && value.is_some())?.1;
        Some(Self { provider: first("Provider_Name")?, event: first("EventID")?.parse().ok()?, fields })
    }

    /// The values of a field that say something; nothing and Windows' `-` for nothing are `None`.
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Option<&'f str>> {
        let all = self.fields.iter().filter(move |(own, _)| *own == name);
        all.map(|(_, value)| value.map(str::trim).filter(|value| !value.is_empty() && *value != "-"))
    }

    fn stated(&self, name: &str) -> Option<&'f str> {
        self.all(name).next()?
    }

    fn meaning(&self, name: &str, value: &str) -> Option<String> {
        let codes = TABLES.codes.get(name)?;
        codes.iter().filter(|code| code.is_of(self)).find_map(|code| code.values.meaning(value.trim()))
    }
}

// ---- sentences ------------------------------------------------------------------------------

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageFile {
    provider: Vec<ProviderEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderEntry {
    names: Vec<String>,
    link: String,
    /// One or several numbers with blanks between → the sentence.
    events: BTreeMap<String, String>,
}

impl MessageFile {
    fn by_kind(self) -> BTreeMap<String, BTreeMap<u32, Message>> {
        let mut kinds: BTreeMap<String, BTreeMap<u32, Message>> = BTreeMap::new();
        for entry in &self.provider {
            for (numbers, text) in &entry.events {
                for event in numbers.split(' ').filter_map(|number| number.parse().ok()) {
                    for name in &entry.names {
                        let link = entry.link.replace("{event}", numbers);
                        let message = Message { pieces: pieces(text), link };
                        let before = kinds.entry(name.clone()).or_default().insert(event, message);
                        debug_assert!(before.is_none(), "{name} {event} stands twice");
                    }
                }
            }
        }
        kinds
    }
}

#[derive(Debug)]
struct Message {
    pieces: Vec<Piece>,
    link: String,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Field(Ask),
    /// Said only where all its fields say something.
    Where(Vec<Piece>),
}

impl Piece {
    fn fields(&self) -> Vec<Vec<&str>> {
        match self {
            Self::Text(_) => Vec::new(),
            Self::Field(ask) => vec![ask.alternatives.iter().map(|one| one.name.as_str()).collect()],
            Self::Where(pieces) => pieces.iter().flat_map(Self::fields).collect(),
        }
    }
}

/// `{A|B}`: the first of several fields that says something.
#[derive(Debug)]
struct Ask {
    alternatives: Vec<Alternative>,
}

/// `DOMAIN\NAME`, `NAME`, `NAME#2` for the second of that name, `NAME#*` for all of them.
#[derive(Debug)]
struct Alternative {
    domain: Option<String>,
    name: String,
    /// `None` for all.
    nth: Option<usize>,
}

impl Ask {
    fn of(text: &str) -> Self {
        let alternative = |text: &str| {
            let (domain, name) =
                text.split_once('\\').map_or((None, text), |(domain, name)| (Some(domain), name));
            let (name, nth) = name.split_once('#').unwrap_or((name, "1"));
            let nth = nth.parse::<usize>().ok().map(|nth| nth.saturating_sub(1));
            Alternative { domain: domain.map(str::to_owned), name: name.to_owned(), nth }
        };
        Self { alternatives: text.split('|').map(alternative).collect() }
    }

    fn stated(&self, place: &Place<'_>) -> Option<String> {
        self.alternatives.iter().find_map(|one| one.stated(place))
    }

    fn told(&self, place: &Place<'_>) -> String {
        let lacks = || format!("[no {}]", self.alternatives.first().map_or("", |one| &one.name));
        self.stated(place).unwrap_or_else(lacks)
    }
}

impl Alternative {
    fn stated(&self, place: &Place<'_>) -> Option<String> {
        let Some(nth) = self.nth else { return self.all_stated(place) };
        let value = place.all(&self.name).nth(nth)??;
        if let Some(meaning) = place.meaning(&self.name, value) {
            return Some(format!("{meaning} ({})", shown(value)));
        }
        let domain = self.domain.as_deref().and_then(|name| place.stated(name));
        // A name that names its domain itself stays as it is.
        let domain = domain.filter(|_| !value.contains(['@', '\\']));
        Some(domain.map_or_else(|| shown(value), |domain| format!("{}\\{}", shown(domain), shown(value))))
    }

    fn all_stated(&self, place: &Place<'_>) -> Option<String> {
        let values: Vec<&str> = place.all(&self.name).flatten().take(CODES_MAX).collect();
        (!values.is_empty()).then(|| shown(&values.join(", ")))
    }
}

/// A value on one line, cut where it is long.
fn shown(value: &str) -> String {
    let mut text = String::new();
    for (at, word) in value.split_whitespace().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        text += word;
        if let Some((end, _)) = text.char_indices().nth(VALUE_CHARACTERS_MAX) {
            text.truncate(end);
            text.push('…');
            break;
        }
    }
    text
}

fn where_all_are_stated(pieces: &[Piece], place: &Place<'_>) -> Option<String> {
    let told = pieces.iter().map(|piece| match piece {
        Piece::Text(words) => Some(words.clone()),
        Piece::Field(ask) => ask.stated(place),
        Piece::Where(pieces) => where_all_are_stated(pieces, place),
    });
    told.collect()
}

/// `{…}` asks for a field, `<…>` is said only where its fields say something; all else is text.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '<']) {
        let (before, opened) = rest.split_at(at);
        let close = if opened.starts_with('{') { '}' } else { '>' };
        let Some((inside, after)) = opened[1..].split_once(close) else { break };
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(if close == '}' {
            Piece::Field(Ask::of(inside))
        } else {
            Piece::Where(self::pieces(inside))
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

// ---- codes ----------------------------------------------------------------------------------

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeFile {
    code: Vec<CodeEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeEntry {
    /// What the codes are; for the reader of the table.
    #[allow(dead_code)]
    title: String,
    fields: Vec<String>,
    #[serde(default)]
    providers: Vec<String>,
    #[serde(default)]
    events: Vec<u32>,
    /// Another field that must have one of some values.
    #[serde(default)]
    when: BTreeMap<String, Vec<String>>,
    kind: Kind,
    #[allow(dead_code)]
    link: String,
    values: BTreeMap<String, String>,
}

/// How a value is looked up.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// As one number, however it is written.
    Number,
    /// Bit by bit.
    Bits,
    /// As it is written, whatever its case.
    Text,
    /// Every `%%123` in it: how Windows refers to the texts of its message files.
    References,
    /// Every GUID in it.
    Guids,
    /// A security identifier: whole, or by what it ends in within a domain.
    Sid,
}

impl CodeFile {
    fn by_field(self) -> BTreeMap<String, Vec<Code>> {
        let mut by_field: BTreeMap<String, Vec<Code>> = BTreeMap::new();
        for entry in self.code {
            let values = Arc::new(Values::of(entry.kind, entry.values));
            for field in entry.fields {
                by_field.entry(field).or_default().push(Code {
                    providers: entry.providers.clone(),
                    events: entry.events.clone(),
                    when: entry.when.clone(),
                    values: Arc::clone(&values),
                });
            }
        }
        by_field
    }
}

/// What the values of a field mean in some kinds of records.
struct Code {
    providers: Vec<String>,
    events: Vec<u32>,
    when: BTreeMap<String, Vec<String>>,
    values: Arc<Values>,
}

impl Code {
    fn is_of(&self, place: &Place<'_>) -> bool {
        let of_provider = self.providers.is_empty() || self.providers.iter().any(|one| one == place.provider);
        let of_event = self.events.is_empty() || self.events.contains(&place.event);
        let has = |(name, values): (&String, &Vec<String>)| {
            place.stated(name).is_some_and(|value| values.iter().any(|wanted| wanted == value))
        };
        of_provider && of_event && self.when.iter().all(has)
    }
}

enum Values {
    Numbers(BTreeMap<u64, String>),
    Bits(BTreeMap<u64, String>),
    Texts(BTreeMap<String, String>),
    References(BTreeMap<u64, String>),
    Guids(BTreeMap<String, String>),
    Sids(BTreeMap<String, String>),
}

impl Values {
    fn of(kind: Kind, values: BTreeMap<String, String>) -> Self {
        let numbers = |values: BTreeMap<String, String>| {
            let known = values.len();
            let numbers: BTreeMap<u64, String> =
                values.into_iter().filter_map(|(code, meaning)| Some((number(&code)?, meaning))).collect();
            debug_assert_eq!(numbers.len(), known, "a code that is no number, or one twice: {numbers:?}");
            numbers
        };
        match kind {
            Kind::Number => Self::Numbers(numbers(values)),
            Kind::Bits => Self::Bits(numbers(values)),
            Kind::References => Self::References(numbers(values)),
            Kind::Guids => Self::Guids(values),
            Kind::Sid => Self::Sids(values),
            Kind::Text => Self::Texts(
                values.into_iter().map(|(code, meaning)| (code.to_lowercase(), meaning)).collect(),
            ),
        }
    }

    fn meaning(&self, value: &str) -> Option<String> {
        match self {
            Self::Numbers(values) => values.get(&number(value)?).cloned(),
            Self::Bits(values) => bits(values, number(value)?),
            Self::Texts(values) => values.get(&value.to_lowercase()).cloned(),
            Self::References(values) => references(values, value),
            Self::Guids(values) => guids(values, value),
            Self::Sids(values) => sid(values, value),
        }
    }
}

/// Decimal or hexadecimal; a negative decimal is the 32 bits that exporters took for signed.
fn number(text: &str) -> Option<u64> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(hex, 16).ok();
    }
    let number: i64 = text.parse().ok()?;
    u64::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(|signed| u64::from(signed as u32)))
}

/// Every bit that has a meaning; the others as a number, so that nothing is passed over.
fn bits(values: &BTreeMap<u64, String>, number: u64) -> Option<String> {
    let mut rest = number;
    let mut names = Vec::new();
    for (bits, name) in values {
        if *bits != 0 && number & bits == *bits {
            names.push(name.clone());
            rest &= !bits;
        }
    }
    if names.is_empty() {
        return values.get(&number).cloned();
    }
    if rest != 0 {
        names.push(format!("{rest:#x}"));
    }
    Some(names.join(", "))
}

/// The meaning of each `%%number`, in their order; one without a meaning stays. `None` where no
/// one is known.
fn references(values: &BTreeMap<u64, String>, text: &str) -> Option<String> {
    let mut any = false;
    let codes = text.split("%%").skip(1).take(CODES_MAX);
    let told = codes.map(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
        let meaning = digits.parse().ok().and_then(|code: u64| values.get(&code));
        any |= meaning.is_some();
        meaning.cloned().unwrap_or_else(|| format!("%%{digits}"))
    });
    let told: Vec<String> = told.collect();
    any.then(|| told.join(", "))
}

/// The meaning of each GUID in braces that has one.
fn guids(values: &BTreeMap<String, String>, text: &str) -> Option<String> {
    let all = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).take(CODES_MAX);
    let told: Vec<&str> =
        all.filter_map(|(guid, _)| values.get(&guid.to_ascii_lowercase()).map(String::as_str)).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// A well-known identifier, or one of a domain by its last part (`-500`).
fn sid(values: &BTreeMap<String, String>, text: &str) -> Option<String> {
    let text = text.trim_start_matches("%{").trim_end_matches('}');
    let of_domain = || {
        let last = text.strip_prefix("S-1-5-21-")?.rsplit_once('-')?.1;
        values.get(&format!("-{last}"))
    };
    values.get(text).or_else(of_domain).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_made_of_text_fields_and_optional_parts() {
        let fields = [
            ("A", Some("x")),
            ("D", Some("COURT")),
            ("N", Some("m")),
            ("E", Some("-")),
            ("L", Some("a\r\n\t b")),
        ];
        let place = Place { provider: "p", event: 1, fields: &fields };
        let told = |text: &str| -> String {
            let pieces = pieces(text);
            let all = pieces.iter().map(|piece| match piece {
                Piece::Text(words) => words.clone(),
                Piece::Field(ask) => ask.told(&place),
                Piece::Where(pieces) => where_all_are_stated(pieces, &place).unwrap_or_default(),
            });
            all.collect()
        };
        assert_eq!(told("{D\\N} did {A}."), "COURT\\m did x.");
        assert_eq!(told("{E} and {M}"), "[no E] and [no M]");
        assert_eq!(told("{E|M|A}< with {A}>< at {E}>"), "x with x");
        assert_eq!(told("{L}"), "a b");
        assert_eq!(told("{A#2}, a brace { and < stay"), "[no A], a brace { and < stay");
    }

    #[test]
    fn a_record_may_state_a_time_of_its_own() {
        let told = |provider| {
            own_time(&[
                ("Provider_Name", Some(provider)),
                ("EventID", Some("1")),
                ("UtcTime", Some("2026-09-14 08:00:00.123")),
            ])
        };
        assert_eq!(told("Microsoft-Windows-Sysmon").unwrap().to_string(), "2026-09-14T08:00:00.123Z");
        assert_eq!(told("Another"), None);
    }

    #[test]
    fn numbers_bits_references_and_identifiers() {
        let table =
            |pairs: &[(u64, &str)]| pairs.iter().map(|(code, name)| (*code, (*name).to_owned())).collect();
        let masks: BTreeMap<u64, String> = table(&[(1, "read"), (2, "write")]);
        assert_eq!(bits(&masks, 0x13).as_deref(), Some("read, write, 0x10"));
        assert_eq!(bits(&masks, 0x10), None);
        assert_eq!(number("0xC000006A"), Some(0xc000_006a));
        assert_eq!(number("-1073741718"), Some(0xc000_006a));
        assert_eq!(number("%%1"), None);
        let texts: BTreeMap<u64, String> = table(&[(4416, "read")]);
        assert_eq!(references(&texts, "%%4416\r\n\t\t%%9").as_deref(), Some("read, %%9"));
        assert_eq!(references(&texts, "%%9"), None);
        assert_eq!(references(&texts, "100%% sure"), None);
        let known = BTreeMap::from([
            ("S-1-5-18".to_owned(), "system".to_owned()),
            ("-500".to_owned(), "administrator".to_owned()),
        ]);
        assert_eq!(sid(&known, "S-1-5-18").as_deref(), Some("system"));
        assert_eq!(sid(&known, "%{S-1-5-21-1-2-3-500}").as_deref(), Some("administrator"));
        assert_eq!(sid(&known, "S-1-5-32-500"), None);
    }
}
