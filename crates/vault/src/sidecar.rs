//! What do people state about the files that they give?
//!
//! By flags for all of them, or in a sidecar file beside the evidence: TOML (or JSON) with the
//! fields of [`Collected`] for all files, and `[[file]]` tables for some. A digest that was taken at
//! collection is held against what arrives: what changed on the way is not admitted.

use std::path::Path;

use assize_model::{Collected, Trust};
use serde::Deserialize;

use crate::VaultError;

/// How files are to be taken in.
#[derive(Clone, Debug, Default)]
pub struct Receipt {
    /// How far their origin is trusted, where the sidecar does not say.
    pub trust: Trust,
    /// Leave them where they lie: digests only, no copy.
    pub reference: bool,
    /// What is stated about them.
    pub sidecar: Sidecar,
}

impl Receipt {
    /// Files of an origin trusted so far, copied, with nothing stated.
    #[must_use]
    pub fn of(trust: Trust) -> Self {
        Self { trust, ..Self::default() }
    }
}

/// Statements about files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sidecar {
    all: Collected,
    files: Vec<About>,
}

/// A `[[file]]` table: overrides what is said of all.
#[derive(Clone, Debug, PartialEq, Eq)]
struct About {
    /// A path as it stands in the log; with `/` at its end everything below.
    path: String,
    sha256: Option<String>,
    origin: Option<Trust>,
    collected: Collected,
}

/// What is stated about one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circumstances {
    pub(crate) collected: Collected,
    pub(crate) trust: Option<Trust>,
    sha256: Option<String>,
}

impl Circumstances {
    /// Whether the content is the one that was collected, as far as a digest was stated.
    pub(crate) fn expects(&self, found: &str) -> Result<(), String> {
        match &self.sha256 {
            Some(expected) if expected != found => Err(format!(
                "not what was collected: the sidecar states SHA-256 {expected}, what arrived has {found}"
            )),
            _ => Ok(()),
        }
    }
}

impl Sidecar {
    /// The same statements about all files.
    #[must_use]
    pub fn of_all(all: Collected) -> Self {
        Self { all, files: Vec::new() }
    }

    /// Reads a sidecar file: JSON if it begins with a brace, else TOML.
    ///
    /// # Errors
    /// With the file, and line and field where the reader says them.
    pub fn read(path: &Path) -> Result<Self, VaultError> {
        let refused = |reason: String| VaultError::Given { path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        Self::parse(&text).map_err(refused)
    }

    /// Reads the text of a sidecar.
    ///
    /// # Errors
    /// What is not understood, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: toml::Table = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| error.to_string())?
        } else {
            toml::from_str(text).map_err(|error| error.to_string())?
        };
        let mut value = value;
        let files = match value.remove("file") {
            None => Vec::new(),
            Some(toml::Value::Array(files)) => files.into_iter().map(about).collect::<Result<_, _>>()?,
            Some(_) => return Err("`file` is not a list of tables; write [[file]]".to_owned()),
        };
        let all = value.try_into().map_err(|error: toml::de::Error| error.to_string())?;
        Ok(Self { all, files })
    }

    /// With statements by flags, which count more than those of the file for all.
    #[must_use]
    pub fn with(mut self, flags: Collected) -> Self {
        self.all = over(&self.all, &flags);
        self
    }

    pub(crate) fn about(&self, path: &str) -> Circumstances {
        let mut told = Circumstances { collected: self.all.clone(), ..Circumstances::default() };
        let fits = |about: &&About| {
            about.path == path || (about.path.ends_with('/') && path.starts_with(&about.path))
        };
        for about in self.files.iter().filter(fits) {
            told.collected = over(&told.collected, &about.collected);
            told.trust = about.origin.or(told.trust);
            told.sha256 = about.sha256.clone().or(told.sha256);
        }
        told
    }
}

fn about(value: toml::Value) -> Result<About, String> {
    let toml::Value::Table(mut table) = value else { return Err("[[file]] is not a table".to_owned()) };
    let mut text = |name: &str| match table.remove(name) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("[[file]]: `{name}` is not text")),
    };
    let path = text("path")?.ok_or_else(|| "[[file]] without `path`".to_owned())?;
    let sha256 = text("sha256")?.map(|digest| digest.to_lowercase());
    if let Some(digest) = &sha256
        && (digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        return Err(format!("[[file]] {path}: `sha256` is not 64 hexadecimal digits"));
    }
    let origin = text("origin")?;
    let origin = origin.map(|origin| Trust::deserialize(toml::Value::String(origin)));
    let origin = origin.transpose().map_err(|error| format!("[[file]] {path}: {error}"))?;
    let collected = table.try_into().map_err(|error: toml::de::Error| format!("[[file]] {path}: {error}"))?;
    Ok(About { path, sha256, origin, collected })
}

/// What the second states, and what it leaves open from the first.
fn over(under: &Collected, over: &Collected) -> Collected {
    let or = |over: &Option<String>, under: &Option<String>| over.clone().or_else(|| under.clone());
    Collected {
        by: or(&over.by, &under.by),
        witnessed_by: or(&over.witnessed_by, &under.witnessed_by),
        authority: or(&over.authority, &under.authority),
        tool: or(&over.tool, &under.tool),
        method: or(&over.method, &under.method),
        acquired_at: or(&over.acquired_at, &under.acquired_at),
        clock: or(&over.clock, &under.clock),
        host: or(&over.host, &under.host),
        serial: or(&over.serial, &under.serial),
        location: or(&over.location, &under.location),
        changes: or(&over.changes, &under.changes),
        purpose: or(&over.purpose, &under.purpose),
        handling: or(&over.handling, &under.handling),
        retention_until: or(&over.retention_until, &under.retention_until),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        by = "K. Halvorsen"
        authority = "Order 17/2026 of the Registrar"

        [[file]]
        path = "REG-WS07/"
        host = "REG-WS07.court.example"
        origin = "untrusted-host"

        [[file]]
        path = "REG-WS07/Security.evtx"
        by = "N. Abara"
        sha256 = "7692C3AD3540BB803C020B3AEE66CD8887123234EA0C6E7143C0ADD73FF431ED"
    "#;

    #[test]
    fn the_nearer_statement_counts() {
        let sidecar = Sidecar::parse(TEXT).unwrap();
        let told = sidecar.about("REG-WS07/Security.evtx");
        assert_eq!(told.collected.by.as_deref(), Some("N. Abara"));
        assert_eq!(told.collected.host.as_deref(), Some("REG-WS07.court.example"));
        assert_eq!(told.trust, Some(Trust::UntrustedHost));
        assert!(told.expects("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed").is_ok());
        assert!(told.expects("00").is_err());
        let other = sidecar.about("DC01/Security.evtx");
        assert_eq!(other.collected.by.as_deref(), Some("K. Halvorsen"));
        assert_eq!((other.collected.host, other.trust), (None, None));
        let flags = Collected { by: Some("flag".into()), ..Collected::default() };
        assert_eq!(sidecar.with(flags).about("DC01/x").collected.by.as_deref(), Some("flag"));
    }

    #[test]
    fn json_says_the_same() {
        let json = r#"{"by": "K. Halvorsen", "file": [{"path": "a", "origin": "trusted"}]}"#;
        let told = Sidecar::parse(json).unwrap().about("a");
        assert_eq!((told.collected.by.as_deref(), told.trust), (Some("K. Halvorsen"), Some(Trust::Trusted)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "collector = 'x'",
            "[[file]]\nby = 'x'",
            "[[file]]\npath = 'a'\nsha256 = 'abc'",
            "[[file]]\npath = 'a'\norigin = 'sure'",
            "[[file]]\npath = 'a'\nhots = 'x'",
            "file = 3",
            "by = 3",
        ] {
            assert!(Sidecar::parse(text).is_err(), "{text}");
        }
    }
}
