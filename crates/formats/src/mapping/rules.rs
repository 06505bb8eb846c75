//! What does a mapping file say, and is it one?
//!
//! TOML that says how the columns of a table, or the names of JSON records, become columns of the
//! spine. Everything is checked when it is loaded: a word that is not in the spine's lists, a column
//! of the spine that does not exist, a rule that names no column. What is wrong is said with the place
//! in the file. Applying it is `apply`'s business.

use std::collections::BTreeMap;

use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::time::Zone;
use serde::Deserialize;

/// A mapping that was loaded.
#[derive(Debug)]
pub struct Mapping {
    /// Lower case, hyphens.
    pub name: String,
    /// One line.
    pub title: String,
    /// A paragraph: what the source says, where it is silent.
    pub doc: String,
    /// The spine's `source` of its events.
    pub source: String,
    /// Descriptions by others.
    pub links: Vec<String>,
    /// On what it was proved.
    pub proof: String,
    /// A few lines of the source.
    pub example: String,
    /// Columns that a table must have to be of this make.
    pub(crate) header: Vec<String>,
    /// Every column that a rule names, once.
    pub(crate) columns: Vec<String>,
    pub(crate) time: Option<When>,
    pub(crate) until: Option<When>,
    pub(crate) spine: Vec<(Column, Value)>,
    pub(crate) links_by: Vec<(Link, Value)>,
    pub(crate) qualifiers: Vec<(Qualifier, Value)>,
}

/// How a time is written.
pub(crate) struct When {
    /// Joined by a blank.
    pub(crate) columns: Vec<usize>,
    /// As `strptime` has it; without, what [`assize_model::Time::parse`] and `of_unix` know.
    pub(crate) format: Option<String>,
    /// Zone of times that state none, and its name.
    pub(crate) zone: Option<(Zone, String)>,
}

impl std::fmt::Debug for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "When({:?}, {:?})", self.columns, self.format)
    }
}

/// Columns of the spine that a mapping can fill beside time, links and qualifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Host,
    Actor,
    Target,
    Verb,
    Object,
    ObjectKind,
    Scope,
    Client,
    Peer,
    Device,
    Count,
    Bytes,
    Outcome,
}

impl Column {
    const ALL: &[(&str, Self)] = &[
        ("host", Self::Host),
        ("actor", Self::Actor),
        ("target", Self::Target),
        ("verb", Self::Verb),
        ("object", Self::Object),
        ("object_kind", Self::ObjectKind),
        ("scope", Self::Scope),
        ("client", Self::Client),
        ("peer", Self::Peer),
        ("device", Self::Device),
        ("count", Self::Count),
        ("bytes", Self::Bytes),
        ("outcome", Self::Outcome),
    ];

    /// The words that may stand in it; `None` if it is free.
    fn words(self) -> Option<Vec<&'static str>> {
        Some(match self {
            Self::Verb => Verb::ALL.iter().map(|word| word.as_str()).collect(),
            Self::ObjectKind => ObjectKind::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Scope => Scope::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Client => Client::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Outcome => Outcome::ALL.iter().map(|word| word.as_str()).collect(),
            _ => return None,
        })
    }
}

/// How one column of the spine comes about.
#[derive(Debug)]
pub(crate) struct Value {
    /// The first of them that is not empty counts.
    pub(crate) columns: Vec<usize>,
    pub(crate) how: How,
    /// What stands there where the columns give nothing.
    pub(crate) otherwise: Option<String>,
}

#[derive(Debug)]
pub(crate) enum How {
    /// The value itself.
    Itself,
    /// By a table, whatever the case: its words as written and in small letters, so that most are found at once.
    Table(BTreeMap<String, String>),
    /// By the first text that it contains, whatever the case.
    Contains(Vec<(String, String)>),
    /// The digits after this text.
    After(String),
    /// The sum of all columns.
    Sum,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    name: String,
    title: String,
    doc: String,
    source: String,
    #[serde(default)]
    see: Vec<String>,
    #[serde(default)]
    proof: Option<String>,
    #[serde(default)]
    example: String,
    header: Vec<String>,
    #[serde(default)]
    time: Option<WhenDraft>,
    #[serde(default)]
    until: Option<WhenDraft>,
    #[serde(default)]
    spine: BTreeMap<String, ValueDraft>,
    #[serde(default)]
    links: BTreeMap<String, ValueDraft>,
    #[serde(default)]
    qualifiers: BTreeMap<String, ValueDraft>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenDraft {
    columns: Vec<String>,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ValueDraft {
    /// `actor = "user"`
    Column(String),
    Rule(RuleDraft),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleDraft {
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    values: Option<BTreeMap<String, String>>,
    #[serde(default)]
    contains: Option<Vec<(String, String)>>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    sum: bool,
    #[serde(default)]
    otherwise: Option<String>,
}

/// Why a text is no mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingError(pub String);

impl std::fmt::Display for MappingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MappingError {}

impl Mapping {
    /// Loads a mapping.
    ///
    /// # Errors
    /// What is wrong, where in the file, and what is possible instead.
    pub fn load(text: &str) -> Result<Self, MappingError> {
        let draft: Draft = toml::from_str(text).map_err(|error| MappingError(error.to_string()))?;
        let mut columns = Vec::new();
        let spine = draft.spine.into_iter().map(|(name, value)| spine_value(&name, value, &mut columns));
        let spine = spine.collect::<Result<Vec<_>, _>>()?;
        let links_by = draft.links.into_iter().map(|(name, value)| {
            let link = word(Link::ALL, |link| link.as_str(), "links", &name)?;
            Ok((link, value.rule("links", None, &mut columns)?))
        });
        let links_by = links_by.collect::<Result<Vec<_>, MappingError>>()?;
        let qualifiers = draft.qualifiers.into_iter().map(|(name, value)| {
            let qualifier = word(Qualifier::ALL, |word| word.as_str(), "qualifiers", &name)?;
            let yes = Some(vec!["yes", "no"]);
            Ok((qualifier, value.rule("qualifiers", yes, &mut columns)?))
        });
        let qualifiers = qualifiers.collect::<Result<Vec<_>, MappingError>>()?;
        let time = draft.time.map(|when| when.rule(&mut columns)).transpose()?;
        let until = draft.until.map(|when| when.rule(&mut columns)).transpose()?;
        let mapping = Self {
            name: draft.name,
            title: draft.title,
            doc: draft.doc,
            source: draft.source,
            links: draft.see,
            proof: draft.proof.unwrap_or_else(|| "unproven".to_owned()),
            example: draft.example,
            header: draft.header,
            columns,
            time,
            until,
            spine,
            links_by,
            qualifiers,
        };
        mapping.check()?;
        Ok(mapping)
    }

    fn check(&self) -> Result<(), MappingError> {
        let plain = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !plain(&self.name) {
            return Err(MappingError(format!(
                "name `{}`: expected lower-case letters, digits and hyphens",
                self.name
            )));
        }
        if self.header.len() < 2 {
            return Err(MappingError(
                "header: expected two column names or more, by which the table is known".into(),
            ));
        }
        if self.source.is_empty() || self.source.contains(char::is_whitespace) {
            return Err(MappingError(format!(
                "source `{}`: expected one word, as `vpn/sessions`",
                self.source
            )));
        }
        Ok(())
    }
}

fn spine_value(
    name: &str,
    value: ValueDraft,
    columns: &mut Vec<String>,
) -> Result<(Column, Value), MappingError> {
    let column = Column::ALL.iter().find(|(known, _)| *known == name).map(|(_, column)| *column);
    let column = column.ok_or_else(|| {
        let known: Vec<&str> = Column::ALL.iter().map(|(name, _)| *name).collect();
        MappingError(format!("spine.{name}: no such column; there are {}", known.join(", ")))
    })?;
    Ok((column, value.rule(&format!("spine.{name}"), column.words(), columns)?))
}

fn word<T: Copy>(
    all: &[T],
    text: impl Fn(&T) -> &'static str,
    place: &str,
    name: &str,
) -> Result<T, MappingError> {
    let found = all.iter().find(|word| text(word) == name).copied();
    found.ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(text).collect();
        MappingError(format!("{place}.{name}: no such word; there are {}", known.join(", ")))
    })
}

/// The place of a column among those that rules name.
fn slot(columns: &mut Vec<String>, name: &str) -> usize {
    let name = name.trim();
    columns.iter().position(|known| known == name).unwrap_or_else(|| {
        columns.push(name.to_owned());
        columns.len() - 1
    })
}

impl WhenDraft {
    fn rule(self, columns: &mut Vec<String>) -> Result<When, MappingError> {
        if self.columns.is_empty() {
            return Err(MappingError("time.columns: expected one column or more".into()));
        }
        let zone = self.zone.map(|name| {
            let zone = Zone::of(&name);
            let zone = zone.ok_or_else(|| {
                MappingError(format!("zone `{name}`: expected an offset (`+02:00`) or `Europe/Amsterdam`"))
            });
            Ok((zone?, name))
        });
        Ok(When {
            columns: self.columns.iter().map(|name| slot(columns, name)).collect(),
            format: self.format,
            zone: zone.transpose()?,
        })
    }
}

impl ValueDraft {
    fn rule(
        self,
        place: &str,
        words: Option<Vec<&'static str>>,
        columns: &mut Vec<String>,
    ) -> Result<Value, MappingError> {
        let draft = match self {
            Self::Column(column) => RuleDraft { columns: vec![column], ..RuleDraft::default() },
            Self::Rule(draft) => draft,
        };
        let slots: Vec<usize> = draft.columns.iter().map(|name| slot(columns, name)).collect();
        let how = match (draft.values, draft.contains, draft.after, draft.sum) {
            (Some(values), None, None, false) => {
                let small = values.iter().map(|(from, to)| (from.to_lowercase(), to.clone()));
                How::Table(small.chain(values.clone()).collect())
            }
            (None, Some(pairs), None, false) => {
                How::Contains(pairs.into_iter().map(|(part, to)| (part.to_lowercase(), to)).collect())
            }
            (None, None, Some(text), false) => How::After(text),
            (None, None, None, true) => How::Sum,
            (None, None, None, false) => How::Itself,
            _ => return Err(MappingError(format!("{place}: only one of values, contains, after, sum"))),
        };
        if slots.is_empty() && draft.otherwise.is_none() {
            return Err(MappingError(format!(
                "{place}: expected `columns`, or `otherwise` alone for a constant"
            )));
        }
        let value = Value { columns: slots, how, otherwise: draft.otherwise };
        if let Some(words) = words {
            value.check_words(place, &words)?;
        }
        Ok(value)
    }
}

impl Value {
    /// In a column with a closed list only its words may come out.
    fn check_words(&self, place: &str, words: &[&str]) -> Result<(), MappingError> {
        let mut out: Vec<&str> = self.otherwise.as_deref().into_iter().collect();
        match &self.how {
            How::Table(table) => out.extend(table.values().map(String::as_str)),
            How::Contains(pairs) => out.extend(pairs.iter().map(|(_, to)| to.as_str())),
            _ if self.columns.is_empty() => {}
            _ => {
                return Err(MappingError(format!(
                    "{place}: its words are a closed list; say by `values` which value is which word"
                )));
            }
        }
        match out.into_iter().find(|word| !words.contains(word)) {
            Some(word) => Err(MappingError(format!(
                "{place}: `{word}` is no word of it; there are {}",
                words.join(", ")
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name='x'\ntitle='X'\ndoc='d'\nsource='x/y'\nheader=['time','user']\n";

    fn error(more: &str) -> String {
        Mapping::load(&format!("{HEAD}{more}")).unwrap_err().0
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert!(Mapping::load(HEAD).is_ok());
        assert!(error("[spine]\nwho='user'").starts_with("spine.who: no such column; there are host, actor"));
        assert!(error("[spine]\nverb='action'").contains("spine.verb: its words are a closed list"));
        let odd = error("[spine]\nverb={columns=['a'],values={View='look'}}");
        assert!(odd.starts_with("spine.verb: `look` is no word of it; there are logon, logoff"), "{odd}");
        assert!(error("[spine]\nactor={}").contains("expected `columns`"));
        assert!(error("[time]\ncolumns=['time']\nzone='Mars/Olympus'").contains("zone `Mars/Olympus`"));
        assert!(error("[links]\nticket='id'").contains("links.ticket: no such word; there are logon"));
        assert!(error("colour='red'").contains("line 6"), "{}", error("colour='red'"));
    }
}
