//! What is this case called, and how is it to be handled? (`case.toml`)
//!
//! Settings that people may edit. Nothing derived depends on them but what is shown.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{VaultError, at};

pub(crate) const NAME: &str = "case.toml";

/// The settings of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CaseFile {
    /// What people call it.
    pub name: String,
    /// Time zone for display, an IANA name.
    pub zone: String,
    /// When the case is to be destroyed, RFC 3339; empty: not decided.
    pub retention: String,
    /// Handling mark of whatever leaves the case (TLP 2.0).
    pub handling: String,
}

impl Default for CaseFile {
    fn default() -> Self {
        Self {
            name: "case".into(),
            zone: "UTC".into(),
            retention: String::new(),
            handling: "TLP:AMBER+STRICT".into(),
        }
    }
}

impl CaseFile {
    pub(crate) fn read(root: &Path) -> Result<Self, VaultError> {
        let path = root.join(NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(VaultError::NotACase(root.to_owned()));
            }
            Err(error) => return Err(at(&path)(error)),
        };
        toml::from_str(&text).map_err(|error| VaultError::CaseFile { path, reason: error.to_string() })
    }

    pub(crate) fn write(&self, root: &Path) -> Result<(), VaultError> {
        let path = root.join(NAME);
        let text = toml::to_string_pretty(self)
            .map_err(|error| VaultError::CaseFile { path: path.clone(), reason: error.to_string() })?;
        std::fs::write(&path, text).map_err(at(&path))
    }
}
