//! Whose signatures count, and for how many organisations?
//!
//! A policy in C2SP's form (c2sp.org/tlog-policy: `log`, `witness`, `group`, `quorum`), or nothing but a
//! log's public key. Keys are cheap: what counts is how many organisations stand behind them. An
//! organisation is a group that holds witnesses, or a witness that is in no group. Without a policy
//! of the reader's own there is the one that the log's holder wrote into it, which proves nothing
//! against him.

use std::collections::BTreeMap;

use crate::Made;
use crate::leaf::{Act, LoggedLeaf};
use crate::note::{Algorithm, Note, PublicKey};

/// See the module's text.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    logs: Vec<PublicKey>,
    witnesses: BTreeMap<String, PublicKey>,
    groups: BTreeMap<String, Group>,
    quorum: Option<String>,
}

#[derive(Clone, Debug)]
struct Group {
    /// So many members must have witnessed.
    least: usize,
    members: Vec<String>,
}

/// Why a policy was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct PolicyError {
    line: usize,
    reason: String,
}

impl Policy {
    /// Reads a policy, or a file that holds public keys of logs, one a line.
    ///
    /// # Errors
    /// With line and reason.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line_refused = |reason: String| PolicyError { line: at + 1, reason };
            let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            match words[..] {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["log", key] | ["log", key, _] | [key] => policy.add_log(key).map_err(line_refused)?,
                ["witness", name, key] | ["witness", name, key, _] => {
                    policy.add_witness(name, key).map_err(line_refused)?;
                }
                ["group", name, least, ref members @ ..] => {
                    policy.add_group(name, least, members).map_err(line_refused)?;
                }
                ["quorum", name] => policy.set_quorum(name).map_err(line_refused)?,
                _ => {
                    return Err(line_refused(
                        "expected `log KEY`, `witness NAME KEY`, `group NAME K MEMBER…`, `quorum NAME`, or a public key"
                            .to_owned(),
                    ));
                }
            }
        }
        if policy.logs.is_empty() {
            return Err(PolicyError { line: 1, reason: "names no log's public key".to_owned() });
        }
        Ok(policy)
    }

    /// What the log's holder says himself.
    pub(crate) fn of_log(leaves: &[LoggedLeaf], made: &Made) -> Self {
        let mut policy = Self { logs: vec![made.key.clone()], ..Self::default() };
        for (organisation, key) in Self::named_in(leaves) {
            let name = format!("{organisation}/{}", policy.witnesses.len());
            policy.witnesses.insert(name.clone(), key);
            let group = policy.groups.entry(organisation);
            group.or_insert_with(|| Group { least: 1, members: Vec::new() }).members.push(name);
        }
        policy
    }

    /// Witnesses that leaves name, each key once.
    pub(crate) fn named_in(leaves: &[LoggedLeaf]) -> Vec<(String, PublicKey)> {
        let mut named: Vec<(String, PublicKey)> = Vec::new();
        for logged in leaves {
            let Act::Witness { organisation, key } = &logged.leaf.act else { continue };
            let Ok(key) = key.parse::<PublicKey>() else { continue };
            if named.iter().all(|(_, known)| known.bytes() != key.bytes()) {
                named.push((organisation.clone(), key));
            }
        }
        named
    }

    fn add_log(&mut self, key: &str) -> Result<(), String> {
        let key: PublicKey = key.parse().map_err(|error: crate::NoteError| error.to_string())?;
        if key.algorithm() != Algorithm::Ed25519 {
            return Err("a witness's key where a log's is expected".to_owned());
        }
        self.not_twice(&key)?;
        self.logs.push(key);
        Ok(())
    }

    fn add_witness(&mut self, name: &str, key: &str) -> Result<(), String> {
        let key: PublicKey = key.parse().map_err(|error: crate::NoteError| error.to_string())?;
        if key.algorithm() != Algorithm::Cosignature {
            return Err("a log's key where a witness's is expected".to_owned());
        }
        self.not_twice(&key)?;
        self.new_name(name)?;
        self.witnesses.insert(name.to_owned(), key);
        Ok(())
    }

    fn not_twice(&self, key: &PublicKey) -> Result<(), String> {
        let mut known = self.logs.iter().chain(self.witnesses.values());
        let twice = known.any(|known| known.bytes() == key.bytes());
        if twice { Err("this key stands in the policy already".to_owned()) } else { Ok(()) }
    }

    fn new_name(&self, name: &str) -> Result<(), String> {
        if name == "none" || self.knows(name) {
            return Err(format!("the name `{name}` is taken"));
        }
        Ok(())
    }

    fn knows(&self, name: &str) -> bool {
        self.witnesses.contains_key(name) || self.groups.contains_key(name)
    }

    fn add_group(&mut self, name: &str, least: &str, members: &[&str]) -> Result<(), String> {
        self.new_name(name)?;
        let least = match least {
            "any" => 1,
            "all" => members.len(),
            number => number.parse().map_err(|_| "expected `any`, `all` or a number".to_owned())?,
        };
        if least == 0 || least > members.len() {
            return Err(format!("{least} of {} members cannot witness", members.len()));
        }
        for (at, member) in members.iter().enumerate() {
            let taken = self.groups.values().any(|group| group.members.iter().any(|other| other == member));
            if !self.knows(member) || taken || members[..at].contains(member) {
                return Err(format!("`{member}` is not named on a line before, or in a group already"));
            }
        }
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        self.groups.insert(name.to_owned(), Group { least, members });
        Ok(())
    }

    fn set_quorum(&mut self, name: &str) -> Result<(), String> {
        if self.quorum.is_some() || (name != "none" && !self.knows(name)) {
            return Err("expected one quorum, of a name on a line before".to_owned());
        }
        self.quorum = Some(name.to_owned());
        Ok(())
    }

    /// Whether this is a log that the reader knew beforehand.
    #[must_use]
    pub fn trusts(&self, log: &PublicKey) -> bool {
        self.logs.contains(log)
    }

    /// Keys of all witnesses.
    pub(crate) fn witness_keys(&self) -> Vec<&PublicKey> {
        self.witnesses.values().collect()
    }

    /// Organisations that cosigned a note.
    #[must_use]
    pub fn organisations(&self, note: &Note) -> u64 {
        let grouped = |name: &String| self.groups.values().any(|group| group.members.contains(name));
        let alone = self.witnesses.keys().filter(|name| !grouped(name) && self.witnessed(name, note));
        let holds_witnesses =
            |group: &Group| group.members.iter().any(|member| self.witnesses.contains_key(member));
        let groups =
            self.groups.iter().filter(|(name, group)| holds_witnesses(group) && self.witnessed(name, note));
        (alone.count() + groups.count()) as u64
    }

    /// Whether the quorum that the reader asks for is there; he need not ask for one.
    #[must_use]
    pub fn satisfied(&self, note: &Note) -> bool {
        self.quorum.as_deref().is_none_or(|name| name == "none" || self.witnessed(name, note))
    }

    fn witnessed(&self, name: &str, note: &Note) -> bool {
        if let Some(key) = self.witnesses.get(name) {
            return note.by(key).is_some();
        }
        // Groups name only what stands before them, so this comes to an end.
        let Some(group) = self.groups.get(name) else { return false };
        group.members.iter().filter(|member| self.witnessed(member, note)).count() >= group.least
    }

    /// The policy in C2SP's form, for a bundle.
    pub(crate) fn text(&self) -> String {
        let mut text: String = self.logs.iter().map(|key| format!("log {key}\n")).collect();
        let word = |name: &str| name.replace([' ', '\t', '\n', '\r'], "_");
        for (name, key) in &self.witnesses {
            text.push_str(&format!("witness {} {key}\n", word(name)));
        }
        for (name, group) in &self.groups {
            let members: Vec<String> = group.members.iter().map(|member| word(member)).collect();
            text.push_str(&format!("group {} {} {}\n", word(name), group.least, members.join(" ")));
        }
        text + "quorum none\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::SecretKey;

    fn witness(number: u8) -> SecretKey {
        SecretKey::new(&format!("w{number}"), Algorithm::Cosignature, [number; 32]).unwrap()
    }

    fn log() -> SecretKey {
        SecretKey::new("log", Algorithm::Ed25519, [99; 32]).unwrap()
    }

    fn cosigned(by: &[u8]) -> Note {
        let mut note = Note::signed("log\n1\nAAAA\n".into(), &log());
        by.iter().for_each(|number| note.add(witness(*number).cosign(note.text(), 7)));
        note
    }

    fn policy(rest: &str) -> Result<Policy, PolicyError> {
        let mut text = format!("# ours\nlog {}\n", log().public());
        (1..=5).for_each(|n| text.push_str(&format!("witness W{n} {}\n", witness(n).public())));
        Policy::parse(&(text + rest))
    }

    #[test]
    fn organisations_are_counted_and_not_keys() {
        let policy = policy("group Registry any W1 W2 W3\ngroup Expert 2 W4 W5\ngroup both all Registry Expert\nquorum both\n").unwrap();
        for (by, organisations, satisfied) in [
            (&[][..], 0, false),
            (&[1, 2, 3], 1, false),
            (&[4], 0, false),
            (&[4, 5], 1, false),
            (&[1, 4, 5], 2, true),
        ] {
            let note = cosigned(by);
            assert_eq!(
                (policy.organisations(&note), policy.satisfied(&note)),
                (organisations, satisfied),
                "{by:?}"
            );
        }
        assert!(policy.trusts(log().public()));
        let again = Policy::parse(&policy.text()).unwrap();
        assert_eq!(again.organisations(&cosigned(&[1, 4, 5])), 2);
    }

    #[test]
    fn what_is_no_policy_is_refused_with_its_line() {
        for (rest, line) in [
            ("group A 3 W1 W2\n", 8),
            ("group A any W9\n", 8),
            ("group A any W1\ngroup B any W1\n", 9),
            ("quorum A\n", 8),
            ("quorum none\nquorum none\n", 9),
            ("witness W1 x+y+z\n", 8),
            ("nonsense here and there\n", 8),
        ] {
            assert_eq!(policy(rest).unwrap_err().line, line, "{rest}");
        }
        let twice = format!("witness X {}\n", witness(1).public());
        assert!(policy(&twice).is_err(), "one key under two names");
        assert!(Policy::parse(&witness(1).public().to_string()).is_err());
        assert!(Policy::parse(&log().public().to_string()).unwrap().trusts(log().public()));
        assert!(Policy::parse("").is_err());
    }
}
