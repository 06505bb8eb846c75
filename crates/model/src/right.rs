//! Who may do what on what, since when and through what?

use serde::{Deserialize, Serialize};

use crate::register::Validity;

/// A line of the five-column register of rights.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Right {
    /// Account or group.
    pub principal: String,
    /// `read`, `write`, `full-control`, `member`, `owner`, `delegate`, `administer`, `db_owner`, …
    pub right: String,
    /// A holding's locator or key, a share, a group (for `member`), a machine, a database, a domain.
    pub object: String,
    /// Group or grant through which it is held; empty: directly.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub via: String,
    /// Since and until.
    #[serde(default)]
    pub valid: Validity,
}
