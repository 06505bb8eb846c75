//! How are exhibits read where their bytes leave a choice: the year, the zone, the encoding, the mapping?
//!
//! What a person says of it is a leaf of the custody log, and holds for the exhibits that it names, now and
//! later; of two statements about one thing the later holds. Where nobody said in which year a log was
//! written, and the log does not tell, the instant at which the evidence was taken bounds it. What was
//! taken stands in the locator of every event that rests on it; this file only says what to take.

use std::collections::BTreeMap;

use assize_formats::{self as formats, mapping::Mapping, option};
use assize_model::time::{Stated, Zone};
use assize_model::{Confidence, Exhibit, Format, ReadingOptions, Time};
use assize_vault::{Act, Stamp, Vault};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::choice::is_like;
use crate::{Case, CaseError};

/// What a person says of how some exhibits are to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadAs {
    /// An exhibit's id, or a path as it stands in the log (from any step on; `*` for any characters; a
    /// member of a container after `!/`).
    #[serde(default = "everything")]
    pub of: String,
    /// `year`, `zone`, `not-after`, `encoding`; `none` takes back what was said before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Text of a mapping file, for whatever has the columns that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
}

fn everything() -> String {
    "*".to_owned()
}

/// Takes back what was said before.
const NONE: &str = "none";

impl ReadAs {
    /// Nothing yet of some exhibits.
    #[must_use]
    pub fn of(of: &str) -> Self {
        Self { of: of.to_owned(), options: BTreeMap::new(), mapping: None }
    }

    /// Whether it can be understood.
    ///
    /// # Errors
    /// In words: what was expected, what was found.
    pub fn check(&self) -> Result<(), String> {
        for (name, value) in self.options.iter().filter(|(_, value)| *value != NONE) {
            let expected = match name.as_str() {
                option::YEAR => value
                    .parse()
                    .is_ok_and(|year: i64| (1970..2200).contains(&year))
                    .then_some(())
                    .ok_or("a year, as 2026"),
                option::ZONE => {
                    Zone::of(value).map(|_| ()).ok_or("an offset, as +02:00, or a zone, as Europe/Amsterdam")
                }
                option::NOT_AFTER => instant(value).map(|_| ()).ok_or("a time, as 2026-09-14T08:00:00Z"),
                option::ENCODING => {
                    formats::encodings().contains(&value.as_str()).then_some(()).ok_or("an encoding")
                }
                _ => {
                    return Err(format!(
                        "`{name}` is no reading option: expected year, zone, not-after or encoding"
                    ));
                }
            };
            expected.map_err(|expected| {
                let known =
                    if name == option::ENCODING { formats::encodings().join(", ") } else { String::new() };
                format!("{name} `{value}`: expected {expected} {known}").trim_end().to_owned()
            })?;
        }
        match &self.mapping {
            Some(text) => Mapping::load(text).map(|_| ()).map_err(|error| format!("mapping: {error}")),
            None if self.options.is_empty() => Err("says nothing: no option and no mapping".to_owned()),
            None => Ok(()),
        }
    }

    fn is_of(&self, id: Option<&str>, paths: &[String], member: Option<&str>) -> bool {
        let fits = |path: &String| {
            let whole = member.map_or_else(|| path.clone(), |member| format!("{path}!/{member}"));
            // What is said of a container is said of its members.
            [path, &whole].iter().any(|path| is_like_path(&self.of, path))
        };
        id == Some(self.of.as_str()) || paths.iter().any(fits)
    }
}

/// Whether a path, or what stands from one of its steps on, is like a pattern.
fn is_like_path(pattern: &str, path: &str) -> bool {
    let steps = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
    std::iter::once(path).chain(steps).any(|from| is_like(pattern, from))
}

/// A time as a collector writes it; a day is its last moment.
fn instant(text: &str) -> Option<Time> {
    let day = format!("{text}T23:59:59Z");
    Time::parse(text).or_else(|| Time::parse(&day)).map(|(Stated::Instant(time) | Stated::Local(time))| time)
}

/// How one exhibit is read.
pub(crate) struct Manner<'a> {
    said: &'a [ReadAs],
    id: Option<String>,
    paths: Vec<String>,
    acquired: Option<String>,
}

/// The last moment of a day: to the day is all that an acquisition tells of a log without years, and what
/// is derived shall not depend on the second at which somebody pressed a key.
fn end_of_day(time: Time) -> String {
    format!("{}T23:59:59Z", time.day())
}

impl<'a> Manner<'a> {
    /// Of an admitted exhibit: it was acquired when its collector says, else admitted, and the earliest of
    /// these counts.
    pub(crate) fn of_exhibit(said: &'a [ReadAs], exhibit: &Exhibit) -> Self {
        let acquired = exhibit.admissions.iter().filter_map(|admission| {
            admission.collected.acquired_at.as_deref().and_then(instant).or_else(|| instant(&admission.at))
        });
        Self {
            said,
            id: Some(exhibit.id.to_string()),
            paths: exhibit.admissions.iter().map(|admission| admission.path.clone()).collect(),
            acquired: acquired.min().map(end_of_day),
        }
    }

    /// Of a file that lies here now.
    pub(crate) fn of_file(said: &'a [ReadAs], path: &str, now: Time) -> Self {
        Self { said, id: None, paths: vec![path.to_owned()], acquired: Some(end_of_day(now)) }
    }

    /// Of bytes of which nothing is known.
    pub(crate) fn unknown() -> Self {
        Self { said: &[], id: None, paths: Vec::new(), acquired: None }
    }

    fn about(&self, member: Option<&str>) -> impl DoubleEndedIterator<Item = &'a ReadAs> {
        self.said.iter().filter(move |one| one.is_of(self.id.as_deref(), &self.paths, member))
    }

    /// The options of a member, without mappings.
    fn options(&self, member: Option<&str>) -> ReadingOptions {
        let mut options = ReadingOptions::default();
        options.0.extend(self.acquired.clone().map(|day| (option::ACQUIRED.to_owned(), day)));
        for (name, value) in self.about(member).flat_map(|one| &one.options) {
            if value == NONE {
                options.0.remove(name);
            } else {
                options.0.insert(name.clone(), value.clone());
            }
        }
        options
    }

    /// The format of a member that begins so, and the options to read it with.
    pub(crate) fn recognise(
        &self,
        member: Option<&str>,
        head: &[u8],
    ) -> (Option<(&'static dyn Format, Confidence)>, ReadingOptions) {
        let options = self.options(member);
        for text in self.about(member).rev().filter_map(|one| one.mapping.as_ref()) {
            let mut mapped = options.clone();
            mapped.0.insert(option::MAPPING.to_owned(), digest_of(text));
            mapped.0.insert(option::MAPPING_TEXT.to_owned(), text.clone());
            let found = formats::recognise_with(head, &mapped);
            if found.is_some_and(|(format, _)| format.card().name == formats::MAPPED) {
                return (found, mapped);
            }
        }
        (formats::recognise(head), options)
    }

    /// Until when records may lie that state no year, if nobody said it.
    pub(crate) fn acquired(&self) -> Option<&str> {
        self.acquired.as_deref()
    }

    /// Digest of all that people said of these members: a result rests on it.
    pub(crate) fn digest<'m>(&self, members: impl Iterator<Item = Option<&'m str>>) -> String {
        let mut digest = Sha256::new();
        for member in members {
            digest.update(member.unwrap_or(""));
            for one in self.about(member) {
                digest.update(format!("{:?} {:?}", one.options, one.mapping));
            }
        }
        HEXLOWER.encode(&digest.finalize())
    }
}

/// The digest under which a mapping stands in locators.
fn digest_of(mapping: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(mapping))
}

/// Everything that was said, in its order.
pub(crate) fn said(vault: &Vault) -> Vec<ReadAs> {
    said_in(vault.leaves().iter())
}

/// The same of some leaves.
fn said_in<'a>(leaves: impl Iterator<Item = &'a assize_vault::LoggedLeaf>) -> Vec<ReadAs> {
    let one = |act: &Act| match act {
        Act::ReadAs { says } => {
            let said: ReadAs = serde_json::from_value(says.clone()).ok()?;
            // What a later version may say has no effect here.
            said.check().ok().map(|()| said)
        }
        _ => None,
    };
    leaves.filter_map(|logged| one(&logged.leaf.act)).collect()
}

/// Gives a locator's options the text of the mapping that they name by its digest.
pub(crate) fn with_mapping(options: &ReadingOptions, said: &[ReadAs]) -> ReadingOptions {
    let mut options = options.clone();
    if let Some(digest) = options.0.get(option::MAPPING) {
        let texts = said.iter().filter_map(|one| one.mapping.as_ref());
        let text = texts.into_iter().find(|text| digest_of(text) == *digest).cloned();
        options.0.extend(text.map(|text| (option::MAPPING_TEXT.to_owned(), text)));
    }
    options
}

impl Case {
    /// Says how exhibits are to be read, from the next derivation on. What stands already is not said
    /// again. Returns how many statements are new.
    ///
    /// # Errors
    /// Where one cannot be understood, or the disk refuses: then none is taken.
    pub fn read_as(&mut self, statements: &[ReadAs], stamp: &Stamp) -> Result<usize, CaseError> {
        let mut said = said(&self.vault);
        let mut acts = Vec::new();
        for one in statements {
            one.check().map_err(|error| CaseError::Refused(format!("{}: {error}", one.of)))?;
            // A later statement about the same exhibits may have changed it.
            if said.iter().rev().find(|other| other.of == one.of) != Some(one) {
                let says =
                    serde_json::to_value(one).map_err(|error| CaseError::Refused(error.to_string()))?;
                acts.push(Act::ReadAs { says });
                said.push(one.clone());
            }
        }
        self.vault.append_all(stamp, &acts)?;
        self.vault.sign()?;
        Ok(acts.len())
    }

    /// Everything that was said of how exhibits are to be read, in its order.
    #[must_use]
    pub fn said_of_reading(&self) -> Vec<ReadAs> {
        said_in(self.counting())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(of: &str, pairs: &[(&str, &str)]) -> ReadAs {
        let options = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ReadAs { options, ..ReadAs::of(of) }
    }

    #[test]
    fn the_later_statement_holds_for_what_it_names() {
        let all = [
            said("*", &[("zone", "+02:00"), ("year", "2024")]),
            said("fs1/*.log", &[("zone", "Europe/Amsterdam")]),
            said("a.zip!/b/*", &[("year", "none")]),
        ];
        let now =
            Time::parse("2026-09-14T08:00:00Z").map(|(Stated::Instant(time) | Stated::Local(time))| time);
        let options = |path: &str, member: Option<&str>| {
            let manner = Manner::of_file(&all, path, now.unwrap());
            manner.options(member).text().unwrap()
        };
        assert_eq!(options("x/y", None), "acquired=2026-09-14T23:59:59Z;year=2024;zone=+02:00");
        assert_eq!(
            options("hosts/fs1/old/samba.log", None),
            "acquired=2026-09-14T23:59:59Z;year=2024;zone=Europe/Amsterdam"
        );
        assert!(options("a.zip", Some("b/c.log")).ends_with("Z;zone=+02:00"));
        assert!(options("a.zip", Some("c/b.log")).contains("year=2024"));
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        let error = |pairs: &[(&str, &str)]| said("*", pairs).check().unwrap_err();
        assert_eq!(error(&[("year", "26")]), "year `26`: expected a year, as 2026");
        assert!(error(&[("zone", "Mars")]).contains("Europe/Amsterdam"));
        assert!(
            error(&[("encoding", "ebcdic")]).contains("utf-16le"),
            "{}",
            error(&[("encoding", "ebcdic")])
        );
        assert!(error(&[("colour", "red")]).contains("no reading option"));
        assert!(error(&[]).contains("says nothing"));
        let mapping = ReadAs { mapping: Some("name =".into()), ..ReadAs::of("*") };
        assert!(mapping.check().unwrap_err().starts_with("mapping: "));
        assert_eq!(said("*", &[("not-after", "2026-09-14"), ("zone", "none")]).check(), Ok(()));
    }
}
