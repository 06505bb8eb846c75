//! What can stand in the custody log?
//!
//! A leaf is one act in RFC 8785 canonical JSON: one line, one form, so that a stranger with a
//! SHA-256 and a text editor can recompute its hash. The version `v` lets the custody issue add
//! salted commitments; readers keep acts that they do not know.

use assize_model::{Digests, LeafId, Trust};
use serde::{Deserialize, Serialize};

/// One act as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Version of this form.
    pub v: u32,
    /// When, RFC 3339 in UTC, by this machine's clock.
    pub at: String,
    /// Who.
    pub by: String,
    /// Program and version.
    pub tool: String,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    /// The case was made.
    CaseMade {
        /// Its name then.
        name: String,
    },
    /// A file was admitted.
    Admit {
        /// What its content is.
        #[serde(flatten)]
        digests: Digests,
        /// Path below the folder that was given.
        path: String,
        /// How far its origin is trusted.
        trust: Trust,
        /// When its origin says it was last changed, RFC 3339; a file system's word.
        modified: Option<String>,
    },
    /// A file was given but could not be admitted.
    NotAdmitted {
        /// Path below the folder that was given.
        path: String,
        /// The system's reason.
        reason: String,
    },
    /// Tables were derived.
    Derive {
        /// SHA-256 of `derived/manifest.json`, hexadecimal.
        manifest: String,
    },
    /// An act that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A leaf with its place in the log.
#[derive(Clone, Debug)]
pub struct LoggedLeaf {
    /// First 128 bits of the RFC 6962 leaf hash.
    pub id: LeafId,
    /// Place in the log, from 0.
    pub index: u64,
    /// The bytes that are hashed, without the newline.
    pub bytes: String,
    /// What they say.
    pub leaf: Leaf,
}
