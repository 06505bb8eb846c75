//! What is a body of records, where does it lie, how confidential is it, who entrusted it?
//!
//! As the institution's register says; this file invents nothing. Field names are those of the
//! trade's register.

use serde::{Deserialize, Serialize};

use crate::HoldingId;
use crate::register::{Place, Validity};

/// A body of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Digest of the key.
    pub id: HoldingId,
    /// `holding_id`: the register's own key.
    pub key: String,
    /// In words; protected names in it are masked.
    pub title: String,
    /// `folder`, `share`, `mailbox`, `table`, `bucket`, `dms_library`, `device`, `backup`, `paper`, `vm`, `app`.
    pub kind: String,
    /// Where it is found.
    pub locators: Vec<Place>,
    /// Key of the holding that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Keys of holdings of which it is a copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies_of: Vec<String>,
    /// Part of the institution.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub organ: String,
    /// Title of the matter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub situation: String,
    /// Number of the matter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub case_no: String,
    /// Numbers stamped on evidence, as a range.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ern_range: String,
    /// Number of the filing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filing_no: String,
    /// `public`, `confidential`, `confidential_ex_parte`, `secret_under_seal`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub confidentiality: String,
    /// `witness_statement`, `pseudonym_key`, `protection_file`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_types: Vec<String>,
    /// Subjects (keys) who entrusted it, each with the basis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entrusted_by: Vec<Entrusted>,
    /// Names of its items tell what their content does: *listed* counts as *opened*.
    #[serde(default)]
    pub name_is_sensitive: bool,
    /// How many records it has, and whether that is `exact`, `estimated` or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_count: Option<u64>,
    /// See [`Self::record_count`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub record_count_kind: String,
    /// Size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// `none`, `volume`, `file`, `field`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub encryption: String,
    /// Where the key lies: a holding's key, a host, `passphrase`, `offline`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key_location: String,
    /// Logs that would show access, in the words of coverage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_sources: Vec<String>,
    /// How long those are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_retention_days: Option<u64>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner_role: String,
    /// Roles of those whose data it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_subject_categories: Vec<String>,
    /// When the register says so.
    #[serde(default)]
    pub valid: Validity,
}

/// Who entrusted a holding, and on which basis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entrusted {
    /// Key of the subject.
    pub party: String,
    /// `72`, `93`, `MoU`, …; empty where not stated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub basis: String,
}
