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
