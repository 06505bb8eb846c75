//! Which mapping would fit a table that nobody knows yet?
//!
//! A proposal for a person to correct, never applied by itself: columns are guessed by their names and
//! by what stands in the first rows. Every value of the column that seems to say what was done is listed
//! with a word, so that none is overlooked; a word that is only guessed at is `other`.

use std::collections::BTreeMap;
use std::fmt::Write;

use assize_model::Time;
use assize_model::time::Stated;

use super::MappingError;
use crate::{csv, json};

/// Rows that are looked at.
const ROWS: usize = 200;
/// Different values after which a column says no words of a list.
const WORDS_MAX: usize = 40;

/// Spine column → words of which a column's name may consist; the first column that fits is taken.
const NAMES: &[(&str, &[&str])] = &[
    (
        "actor",
        &[
            "user",
            "username",
            "user_name",
            "userid",
            "user_id",
            "account",
            "actor",
            "login",
            "upn",
            "email",
            "benutzer",
            "utilisateur",
        ],
    ),
    (
        "peer",
        &[
            "address",
            "ip",
            "ip_address",
            "ipaddress",
            "client_ip",
            "source_ip",
            "src_ip",
            "remote_addr",
            "remote_host",
            "outside_address",
            "public_ip",
            "real_ip",
        ],
    ),
    (
        "object",
        &[
            "document",
            "file",
            "filename",
            "file_name",
            "path",
            "object",
            "object_id",
            "record",
            "item",
            "resource",
            "url",
            "subject",
            "aktenzeichen",
        ],
    ),
    (
        "device",
        &["device", "machine", "machine_name", "workstation", "client_host", "computer_name", "host_name"],
    ),
    ("host", &["server", "host", "hostname", "node", "computer"]),
    ("bytes", &["bytes", "size", "length", "bytes_sent", "sent_bytes"]),
    ("count", &["count", "rows", "items", "hits"]),
];
const VERBS: &[&str] =
    &["action", "operation", "event", "activity", "event_type", "event_id", "verb", "command", "vorgang"];
const OUTCOMES: &[&str] = &["result", "status", "outcome", "success", "ergebnis"];
const SESSIONS: &[&str] = &["session", "session_id", "sessionid"];

/// Part of a value → verb.
const VERB_WORDS: &[(&str, &str)] = &[
    ("logout", "logoff"),
    ("logoff", "logoff"),
    ("login", "logon"),
    ("logon", "logon"),
    ("auth", "logon"),
    ("download", "download"),
    ("upload", "upload"),
    ("export", "export"),
    ("print", "print"),
    ("search", "search"),
    ("list", "list"),
    ("browse", "list"),
    ("view", "read"),
    ("read", "read"),
    ("open", "read"),
    ("ansicht", "read"),
    ("delete", "delete"),
    ("remove", "delete"),
    ("create", "create"),
    ("edit", "write"),
    ("update", "write"),
    ("save", "write"),
    ("write", "write"),
    ("copy", "copy"),
    ("move", "move"),
    ("share", "share"),
    ("send", "send"),
    ("permission", "permission-change"),
];
const OUTCOME_WORDS: &[(&str, &str)] = &[
    ("unsuccess", "failure"),
    ("success", "success"),
    ("accept", "success"),
    ("allow", "success"),
    ("ok", "success"),
    ("true", "success"),
    ("fail", "failure"),
    ("error", "failure"),
    ("false", "failure"),
    ("den", "denied"),
    ("refus", "denied"),
    ("forbid", "denied"),
    ("reject", "denied"),
];

/// A column with what stands in it.
struct Sampled {
    name: String,
    values: Vec<String>,
}

/// A mapping file for bytes that begin so.
///
/// # Errors
/// Where they are no table with a header and no JSON records.
pub fn propose(head: &[u8]) -> Result<String, MappingError> {
    let columns = sample(head)?;
    let mut text = String::new();
    let quoted = |name: &str| toml::Value::String(name.to_owned()).to_string();
    let header: Vec<String> = columns.iter().take(12).map(|column| quoted(column.name.trim())).collect();
    let head = format!(
        "# A proposal: read every line, then try it with `formats map FILE --mapping THIS`.\n\
         name = \"my-source\"\ntitle = \"What it is, in a line\"\ndoc = \"What it says, and what it leaves out\"\n\
         source = \"my-system/log\"\nheader = [{}]\n",
        header.join(", ")
    );
    text.push_str(&head);
    propose_time(&columns, &mut text);
    text.push_str("\n[spine]\n");
    for (spine, names) in NAMES {
        if let Some(column) = named(&columns, names) {
            let _ = writeln!(text, "{spine} = {}", quoted(column.name.trim()));
        }
    }
    text.push_str("object_kind = { otherwise = \"file\" } # or another of its words\n");
    propose_words(&columns, "verb", VERBS, VERB_WORDS, "other", &mut text);
    propose_words(&columns, "outcome", OUTCOMES, OUTCOME_WORDS, "unknown", &mut text);
    if let Some(column) = named(&columns, SESSIONS) {
        let _ = writeln!(text, "\n[links]\nsession = {}", quoted(column.name.trim()));
    }
    Ok(text)
}

fn sample(head: &[u8]) -> Result<Vec<Sampled>, MappingError> {
    let mut columns: Vec<Sampled> = Vec::new();
    let mut add = |name: &str, value: &str| {
        let found = columns.iter().position(|column| column.name == name);
        let place = found.unwrap_or_else(|| {
            columns.push(Sampled { name: name.to_owned(), values: Vec::new() });
            columns.len() - 1
        });
        columns[place].values.push(value.to_owned());
    };
    if json::looks_like_records(head) {
        for fields in json::first_records(head, ROWS) {
            fields.iter().for_each(|(name, value)| add(name, value.as_deref().unwrap_or("")));
        }
    } else if csv::names(head).is_some() {
        csv::first_rows(head, ROWS, &mut |row| row.pairs().for_each(|(name, value)| add(&name, &value)));
    }
    if columns.is_empty() {
        return Err(MappingError(
            "expected a table with a header and a row, or JSON records; found neither".into(),
        ));
    }
    Ok(columns)
}

/// Lower case, words joined by `_`: `Client IP` and `client-ip` are `client_ip`.
fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let words = last.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

fn named<'c>(columns: &'c [Sampled], names: &[&str]) -> Option<&'c Sampled> {
    names.iter().find_map(|name| columns.iter().find(|column| plain(&column.name) == *name))
}

/// Notations that are tried where the usual parser knows none.
const NOTATIONS: &[&str] = &[
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%m/%d/%y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
];

fn propose_time(columns: &[Sampled], text: &mut String) {
    let reads = |column: &Sampled, parse: &dyn Fn(&str) -> Option<Stated>| {
        let mut values = column.values.iter().filter(|value| !value.is_empty()).peekable();
        values.peek().is_some() && values.all(|value| parse(value).is_some())
    };
    let usual = |value: &str| Time::parse(value).or_else(|| Time::of_unix(value).map(Stated::Instant));
    let known = columns.iter().find(|column| reads(column, &usual)).map(|column| (column, None));
    let found = known.or_else(|| {
        NOTATIONS.iter().find_map(|format| {
            let parse = |value: &str| Time::parse_as(format, value);
            columns.iter().find(|column| reads(column, &parse)).map(|column| (column, Some(*format)))
        })
    });
    let Some((column, format)) = found else {
        text.push_str("\n# No column reads as a time in every row.\n# [time]\n# columns = [\"Date\", \"Time\"]\n# format = \"%d/%m/%Y %H:%M:%S\"\n");
        return;
    };
    let name = toml::Value::String(column.name.trim().to_owned());
    let _ = writeln!(text, "\n[time]\ncolumns = [{name}]");
    if let Some(format) = format {
        let _ = writeln!(text, "format = \"{format}\" # day and month may be the other way round");
    }
    let first = column.values.iter().find(|value| !value.is_empty()).map_or("", String::as_str);
    let stated = format.map_or_else(|| usual(first), |format| Time::parse_as(format, first));
    if let Some(Stated::Local(_)) = stated {
        text.push_str("# No zone is stated: UTC is assumed and said, unless you know better.\n# zone = \"Europe/Amsterdam\"\n");
    }
}

/// Every value of the column that seems to hold such words, each with its word.
fn propose_words(
    columns: &[Sampled],
    spine: &str,
    names: &[&str],
    words: &[(&str, &str)],
    otherwise: &str,
    text: &mut String,
) {
    let Some(column) = named(columns, names) else { return };
    let mut values: BTreeMap<&str, usize> = BTreeMap::new();
    for value in &column.values {
        *values.entry(value.trim()).or_default() += 1;
    }
    values.remove("");
    if values.len() > WORDS_MAX {
        return;
    }
    let name = toml::Value::String(column.name.trim().to_owned());
    let _ = writeln!(
        text,
        "\n[spine.{spine}]\ncolumns = [{name}]\notherwise = \"{otherwise}\"\n[spine.{spine}.values]"
    );
    for (value, count) in values {
        let lower = value.to_lowercase();
        let word = words.iter().find(|(part, _)| lower.contains(part)).map_or(otherwise, |(_, word)| word);
        let key = toml::Value::String(value.to_owned());
        let _ = writeln!(text, "{key} = \"{word}\" # {count} rows");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Mapping, preview};

    #[test]
    fn a_proposal_is_a_mapping_and_reads_its_rows() {
        let table = "Zeit;Benutzer;Vorgang;Aktenzeichen;Client IP\n\
                     14.09.2026 08:12:03;m.okafor;Ansicht;CT-0324/17;10.0.4.17\n\
                     14.09.2026 08:14:40;m.okafor;Download;CT-0324/17;10.0.4.17\n";
        let text = propose(table.as_bytes()).unwrap();
        let mapping = Mapping::load(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(mapping.recognise(table.as_bytes()).is_some());
        let rows = preview(&mapping, table.as_bytes(), 5).unwrap();
        let event = &rows[1].event;
        assert_eq!(event.time.unwrap().to_string(), "2026-09-14T08:14:40Z");
        assert_eq!((event.verb.as_str(), event.actor.as_deref()), ("download", Some("m.okafor")));
        assert_eq!((event.object.as_deref(), event.peer.as_deref()), (Some("CT-0324/17"), Some("10.0.4.17")));
        assert!(rows.iter().all(|row| row.problems.is_empty()));
    }

    #[test]
    fn json_and_what_is_neither() {
        let records =
            "{\"ts\":\"2026-09-14T08:12:03Z\",\"actor\":{\"user\":\"x\"},\"operation\":\"FileDeleted\"}\n";
        let text = propose(records.as_bytes()).unwrap();
        assert!(
            text.contains("actor = \"actor.user\"") && text.contains("\"FileDeleted\" = \"delete\""),
            "{text}"
        );
        assert!(Mapping::load(&text).unwrap().recognise(records.as_bytes()).is_some());
        assert!(propose(b"plain words\n").is_err());
    }
}
