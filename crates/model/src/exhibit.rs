//! What did we receive, from where, and how far do we trust where it came from?
//!
//! An exhibit is content; the same content received twice is one exhibit with two admissions.
//! How it is stored is `vault`'s business.

use serde::{Deserialize, Serialize};

use crate::{ExhibitId, LeafId};

/// One file as received.
#[derive(Clone, Debug, Serialize)]
pub struct Exhibit {
    /// First 128 bits of the SHA-256.
    pub id: ExhibitId,
    /// Both digests and the size.
    pub digests: Digests,
    /// Every time it was received, in order of the log.
    pub admissions: Vec<Admission>,
}

/// What the content is: two independent digests and the size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// SHA-256 of the content, lower-case hexadecimal.
    pub sha256: String,
    /// BLAKE3 of the content, lower-case hexadecimal.
    pub blake3: String,
    /// Bytes.
    pub size: u64,
}

/// One receipt of an exhibit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// Path below the folder that was given, `/` between steps; a file given by itself: its name.
    pub path: String,
    /// When, RFC 3339 in UTC, by this machine's clock.
    pub at: String,
    /// Who ran the intake.
    pub by: String,
    /// How far the place it came from is trusted.
    pub trust: Trust,
    /// The custody log's entry.
    pub leaf: LeafId,
    /// How it was collected before it came here, as people say.
    #[serde(default, skip_serializing_if = "Collected::is_empty")]
    pub collected: Collected,
}

/// What people state about a collection: nothing here is proved by a machine. The fields are those
/// that ISO/IEC 27037 and the practice of chain-of-custody forms ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Collected {
    /// Who collected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Who saw it done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnessed_by: Option<String>,
    /// On whose authority: mandate, order, consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// What it was done with, and its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// How: live, image, export, write-blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// When, as the collector wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquired_at: Option<String>,
    /// How it is known that the collector's clock was right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    /// The host that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Serial number of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Where it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Changes that could not be avoided: what, why, by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Handling mark of this exhibit, if it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handling: Option<String>,
    /// Until when it may be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_until: Option<String>,
}

impl Collected {
    /// Whether nothing was stated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How far the origin of an exhibit is trusted: the log proves nothing about what a compromised
/// host held before collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Collected from where the intruder is not thought to have had power.
    Trusted,
    /// Collected from a host on which the intruder may have been administrator.
    UntrustedHost,
    /// Handed over with somebody's word only.
    #[default]
    SelfReported,
}
