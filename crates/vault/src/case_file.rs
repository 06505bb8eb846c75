//! What is this case called, and how is it to be handled? (`case.toml`)
//!
//! Settings that people may edit. Nothing derived depends on them but what is shown.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::disk::{Disk, Readers};
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
    pub(crate) fn read(disk: &dyn Disk, root: &Path) -> Result<Self, VaultError> {
        let path = root.join(NAME);
        let bytes = disk.read(&path).map_err(at(&path))?;
        let bytes = bytes.ok_or_else(|| VaultError::NotACase(root.to_owned()))?;
        let refused = |reason: String| VaultError::CaseFile { path: path.clone(), reason };
        let text = String::from_utf8(bytes).map_err(|error| refused(error.to_string()))?;
        toml::from_str(&text).map_err(|error| refused(error.to_string()))
    }

    pub(crate) fn write(&self, disk: &dyn Disk, root: &Path) -> Result<(), VaultError> {
        let path = root.join(NAME);
        let text = toml::to_string_pretty(self)
            .map_err(|error| VaultError::CaseFile { path: path.clone(), reason: error.to_string() })?;
        disk.write_whole(&path, text.as_bytes(), Readers::Usual).map_err(at(&path))
    }
}
