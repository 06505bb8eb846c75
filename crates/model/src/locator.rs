//! Where exactly do the bytes of an event lie, and how were they read?
//!
//! A locator alone is enough to give the event again: exhibit, member path in a container, format,
//! byte ranges and reading options. It does not hold the bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ExhibitId;

/// Bytes `offset .. offset + length` of an exhibit or of a member of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range {
    /// First byte, counted from the beginning of the (unpacked) member.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}

/// Choices that the bytes do not force: assumed year or zone, code page, mapping file.
///
/// Sorted by name, so that equal options have one text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReadingOptions(pub BTreeMap<String, String>);

/// Where an event lies. The first range is the record; further ranges are what a reader needs
/// beside it (an EVTX record needs its chunk, in which names and templates stand).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locator {
    /// The exhibit that holds the bytes.
    pub exhibit: ExhibitId,
    /// Path inside a container, steps joined by `!/`; `None` for the exhibit itself.
    pub member: Option<String>,
    /// Name of the format that read it, from its card.
    pub format: String,
    /// Never empty.
    pub ranges: Vec<Range>,
    /// Empty unless something had to be assumed.
    #[serde(default, skip_serializing_if = "ReadingOptions::is_empty")]
    pub options: ReadingOptions,
}

impl ReadingOptions {
    /// Whether nothing had to be assumed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One text for equal options: `name=value` joined by `;`. `None` when there are none.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join(";"))
    }

    /// The inverse of [`Self::text`].
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
