//! What could not be read, where is it, and why?
//!
//! A gap is an item of the result like an event: nothing is skipped in silence. It says where the
//! bytes lie and what was wrong, not what they might have contained.

use serde::{Deserialize, Serialize};

use crate::{ExhibitId, GapId, Range};

/// Bytes that gave no event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Digest of exhibit, member, offset and cause.
    pub id: GapId,
    /// The exhibit that holds the bytes.
    pub exhibit: ExhibitId,
    /// Path inside a container.
    pub member: Option<String>,
    /// Where; `length` 0 where the extent is not known.
    pub range: Range,
    /// Why, in one word.
    pub cause: Cause,
    /// Expected and found, in words.
    pub detail: String,
}

/// Why bytes gave no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// No format knows it.
    Unrecognised,
    /// The file holds no bytes.
    Empty,
    /// One record is damaged.
    UnreadableRecord,
    /// A block of records (an EVTX chunk) is damaged.
    UnreadableBlock,
    /// The end is missing.
    Truncated,
    /// Remains of older records in room that a log reuses; what they said is not whole any more.
    Slack,
    /// A checksum does not agree with the bytes, which were read all the same.
    Checksum,
    /// A record, container or nesting exceeds a limit that protects this machine.
    Limit,
    /// Encrypted; a password or key is needed.
    Encrypted,
    /// The bytes are not in a text encoding that is read.
    Encoding,
    /// The file could not be opened or read from disk.
    Unreachable,
    /// A defect of ours, caught.
    Defect,
}

impl Cause {
    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unrecognised => "unrecognised",
            Self::Empty => "empty",
            Self::UnreadableRecord => "unreadable-record",
            Self::UnreadableBlock => "unreadable-block",
            Self::Truncated => "truncated",
            Self::Slack => "slack",
            Self::Checksum => "checksum",
            Self::Limit => "limit",
            Self::Encrypted => "encrypted",
            Self::Encoding => "encoding",
            Self::Unreachable => "unreachable",
            Self::Defect => "defect",
        }
    }
}
