//! What is one record of a holding, and whose data does it have?

use serde::{Deserialize, Serialize};

use crate::ItemId;
use crate::register::{Place, Validity};

/// A record: a file, a message, a document, a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Digest of the key.
    pub id: ItemId,
    /// `item_id`: the register's own key.
    pub key: String,
    /// Key of its holding.
    pub holding: String,
    /// Where it is found: path, message id, document number.
    pub locators: Vec<Place>,
    /// File name, subject or title; protected names in it are masked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Keys of those whose data it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// It has no reader: a listing of it is an alarm, and it stands in no statistics.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decoy: bool,
    /// While it lay there.
    #[serde(default)]
    pub valid: Validity,
}
