//! What is it called when the intruder does this? (`facts/techniques.toml`, part of the program.)
//!
//! Asked only of what is proven his. Names of ATT&CK, in the numbering of the table: rules that use a
//! later one are translated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Techniques {
    #[allow(dead_code, reason = "for whoever reads the table")]
    cites: String,
    renamed: BTreeMap<String, String>,
    process: Vec<OfProcess>,
    act: Vec<OfAct>,
    session: Vec<OfSession>,
}

/// A program with its command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfProcess {
    technique: String,
    #[serde(default)]
    image: Vec<String>,
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    says: String,
}

/// An act in the spine's words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfAct {
    technique: String,
    verb: String,
    #[serde(default)]
    object_kind: String,
    #[serde(default)]
    object: String,
    #[serde(default)]
    ends: String,
    says: String,
}

/// A session, or what was done in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfSession {
    pub(crate) technique: String,
    door: String,
    #[serde(default)]
    pub(crate) verbs: Vec<String>,
    #[serde(default)]
    pub(crate) object_kind: Vec<String>,
    pub(crate) says: String,
}

/// A technique and the step in words.
pub(crate) struct Named<'a> {
    pub(crate) technique: &'a String,
    pub(crate) says: &'a String,
}

/// What a technique comes down to in the spine's words: what a log must hold to show it.
pub(crate) struct Doing<'a> {
    pub(crate) technique: &'a str,
    pub(crate) says: &'a str,
    /// As what it would be seen: the start of a `program` that does it, the `act` itself, or a `session`.
    pub(crate) seen_as: &'static str,
    /// Of a session: through which door.
    pub(crate) door: Option<&'a str>,
    pub(crate) verbs: Vec<&'a str>,
    /// None: any.
    pub(crate) kinds: Vec<&'a str>,
}

static TABLE: LazyLock<Techniques> =
    // A table of ours that cannot be read names nothing; a test holds that it can.
    LazyLock::new(|| toml::from_str(include_str!("../../../facts/techniques.toml")).unwrap_or_default());

impl Techniques {
    pub(crate) fn known() -> &'static Self {
        &TABLE
    }

    /// Techniques of a program that starts.
    pub(crate) fn of_process(&self, image: &str, command: &str) -> Vec<Named<'_>> {
        let image = image.to_lowercase();
        let name = image.rsplit(['\\', '/']).next().unwrap_or(&image);
        let command = command.to_lowercase();
        let holds = |text: &String| command.contains(text.as_str());
        let fits = |row: &&OfProcess| {
            (row.image.is_empty() || row.image.iter().any(|one| one == name))
                && row.all.iter().all(holds)
                && (row.any.is_empty() || row.any.iter().any(holds))
                && !row.not.iter().any(holds)
        };
        let rows = self.process.iter().filter(fits);
        rows.map(|row| Named { technique: &row.technique, says: &row.says }).collect()
    }

    /// The technique of another act.
    pub(crate) fn of_act(&self, verb: &str, kind: &str, object: &str) -> Option<Named<'_>> {
        let object = object.to_lowercase();
        let row = self.act.iter().find(|row| {
            row.verb == verb
                && (row.object_kind.is_empty() || row.object_kind == kind)
                && object.contains(&row.object)
                && object.ends_with(&row.ends)
        })?;
        Some(Named { technique: &row.technique, says: &row.says })
    }

    /// What sessions by a door are, and what can be done in them.
    pub(crate) fn of_door<'a>(&'a self, door: &'a str) -> impl Iterator<Item = &'a OfSession> {
        self.session.iter().filter(move |row| row.door == door)
    }

    /// Every technique of the table.
    pub(crate) fn doings(&self) -> impl Iterator<Item = Doing<'_>> {
        let process = self.process.iter().map(|row| Doing {
            technique: &row.technique,
            says: &row.says,
            seen_as: "program",
            door: None,
            verbs: vec!["execute"],
            kinds: vec!["process"],
        });
        let act = self.act.iter().map(|row| Doing {
            technique: &row.technique,
            says: &row.says,
            seen_as: "act",
            door: None,
            verbs: vec![&row.verb],
            kinds: Some(row.object_kind.as_str()).filter(|kind| !kind.is_empty()).into_iter().collect(),
        });
        let session = self.session.iter().map(|row| Doing {
            technique: &row.technique,
            says: &row.says,
            seen_as: "session",
            door: Some(&row.door),
            verbs: if row.verbs.is_empty() {
                vec!["logon"]
            } else {
                row.verbs.iter().map(String::as_str).collect()
            },
            kinds: row.object_kind.iter().map(String::as_str).collect(),
        });
        process.chain(act).chain(session)
    }

    /// Verbs of sessions that matter.
    pub(crate) fn verbs(&self) -> BTreeSet<&str> {
        self.session.iter().flat_map(|row| row.verbs.iter().map(String::as_str)).collect()
    }

    /// A technique in words, where the table has them.
    pub(crate) fn says(&self, technique: &str) -> Option<&str> {
        let process = self.process.iter().map(|row| (&row.technique, &row.says));
        let act = self.act.iter().map(|row| (&row.technique, &row.says));
        process.chain(act).find(|(name, _)| *name == technique).map(|(_, says)| says.as_str())
    }
}

/// The technique of a rule's tag: `attack.t1059.001`.
pub(crate) fn of_tag(tag: &str) -> Option<String> {
    let name = tag.to_lowercase().strip_prefix("attack.t").map(|number| format!("T{}", number))?;
    let numbered = name[1..].starts_with(|digit: char| digit.is_ascii_digit());
    let name = name.to_uppercase();
    numbered.then(|| TABLE.renamed.get(&name).cloned().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(image: &str, command: &str) -> Vec<String> {
        Techniques::known().of_process(image, command).iter().map(|named| named.technique.clone()).collect()
    }

    #[test]
    fn the_table_is_read_and_names_what_it_should() {
        assert_eq!(names(r"C:\Windows\System32\whoami.exe", "whoami /all"), ["T1033"]);
        assert_eq!(names(r"C:\x\net.exe", "net group \"Domain Admins\" /domain"), ["T1069.002"]);
        assert_eq!(names(r"C:\x\net.exe", "net view /all"), ["T1018"]);
        assert_eq!(
            names(r"C:\x\rundll32.exe", r"rundll32 comsvcs.dll, MiniDump 744 m.dmp full"),
            ["T1003.001"]
        );
        assert_eq!(names(r"C:\x\notepad.exe", "notepad"), [""; 0]);
        let act = Techniques::known().of_act("config-change", "task", r"\SyncHost\Update");
        assert_eq!(act.map(|named| named.technique.as_str()), Some("T1053.005"));
    }

    #[test]
    fn tags_of_a_later_numbering_are_translated() {
        assert_eq!(of_tag("attack.t1685.005").as_deref(), Some("T1070.001"));
        assert_eq!(of_tag("attack.t1059.001").as_deref(), Some("T1059.001"));
        assert_eq!((of_tag("attack.execution"), of_tag("attack.ta0001")), (None, None));
    }
}
