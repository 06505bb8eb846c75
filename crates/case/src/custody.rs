//! Where do this person's keys lie, and what is to be said where they do not?
//!
//! Custody itself is the vault's. Here is what needs the environment: `$ASSIZE_KEYS`, else the
//! user's configuration folder; and the passphrase, if `$ASSIZE_PASSPHRASE_FILE` names a file with one
//! (a terminal is `app`'s).

use std::path::PathBuf;

use assize_vault::{Keys, VaultError};

use crate::{Case, CaseError};

/// The keys of the person who runs this.
///
/// # Errors
/// Where nothing says where they lie, or the passphrase's file cannot be read.
pub fn keys() -> Result<Keys, CaseError> {
    let folder = folder().ok_or_else(|| {
        CaseError::Refused("no place for keys: set ASSIZE_KEYS to a folder outside the case".to_owned())
    })?;
    let keys = Keys::at(&folder);
    let Some(file) = std::env::var_os("ASSIZE_PASSPHRASE_FILE").filter(|file| !file.is_empty()) else {
        return Ok(keys);
    };
    let path = PathBuf::from(file);
    let text = std::fs::read_to_string(&path).map_err(|source| VaultError::Io { path, source })?;
    Ok(keys.with_passphrase(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("ASSIZE_KEYS")
        .or_else(|| named("XDG_CONFIG_HOME").map(|folder| folder.join("assize/keys")))
        .or_else(|| named("HOME").map(|folder| folder.join(".config/assize/keys")))
}

impl Case {
    /// What to tell a person whose newest leaves are under no checkpoint; `None` if all are.
    #[must_use]
    pub fn unsigned(&self) -> Option<String> {
        let head = self.vault.head();
        let open = head.leaves - head.signed.min(head.leaves);
        (open > 0).then(|| {
            format!(
                "{open} of {} leaves of the custody log are not signed: the key {} is not in the key folder (ASSIZE_KEYS). Sign where it is, with `assize custody checkpoint`",
                head.leaves, head.origin
            )
        })
    }
}
