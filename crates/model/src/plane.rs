//! Which machine holds others, past all rights and file logs?

use serde::{Deserialize, Serialize};

use crate::register::Validity;

/// A plane and one thing that it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Plane {
    /// `plane_id`: the register's own key.
    pub key: String,
    /// `hypervisor`, `backup`, `storage`, `identity_provider`, `key_server`, `document_database`,
    /// `database_server`, `mail_tenant`, …
    pub kind: String,
    /// From where it is administered.
    pub host: String,
    /// What the next one names.
    pub holds_kind: Holds,
    /// A machine, or a holding's key.
    pub holds: String,
    /// Since and until.
    #[serde(default)]
    pub valid: Validity,
}

/// What kind of thing a plane holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Holds {
    Host,
    Holding,
}
