//! How does somebody who has one leaf and no log see that it is in the log?
//!
//! A `.tlog-proof` (c2sp.org/tlog-proof@v1): index, inclusion proof and checkpoint, a page of text. Its
//! `extra` line carries what we need to know what the leaf says: the hashed bytes, salt and act. All
//! of that is checked against the hash; nothing of it is believed.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::leaf::{self, Leaf, LoggedLeaf, Opening};
use crate::merkle::{self, Hash, Tree};
use crate::note::{Head, Note, decimal};

/// A leaf, the way from it to a checkpoint, and the checkpoint.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Place in the log, from 0.
    pub index: u64,
    /// From the leaf's sibling up to the root's child.
    pub hashes: Vec<Hash>,
    /// The signed head.
    pub checkpoint: Note,
    extra: Extra,
}

/// What stands in the `extra` line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Extra {
    leaf: String,
    #[serde(flatten)]
    opening: Opening,
}

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProofError(String);

fn refused(why: impl Into<String>) -> ProofError {
    ProofError(why.into())
}

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

impl Proof {
    pub(crate) fn of(logged: &LoggedLeaf, tree: &Tree, checkpoint: &Note, size: u64) -> Option<Self> {
        let hashes = tree.inclusion(logged.index, size)?;
        let extra = Extra { leaf: logged.bytes.clone(), opening: logged.opening.clone() };
        Some(Self { index: logged.index, hashes, checkpoint: checkpoint.clone(), extra })
    }

    /// What the leaf says, if the proof leads from it to the checkpoint's root. Whose signature stands
    /// below that is another question: [`Note::by`].
    ///
    /// # Errors
    /// With the step that does not hold.
    pub fn check(&self) -> Result<(Leaf, Head), ProofError> {
        let head = Head::of(&self.checkpoint).map_err(|error| refused(error.to_string()))?;
        let hash = merkle::leaf_hash(self.extra.leaf.as_bytes());
        if !merkle::includes(&head.root, head.size, self.index, &hash, &self.hashes) {
            return Err(refused(format!(
                "the leaf is not number {} under the checkpoint's root",
                self.index
            )));
        }
        let (_, leaf) = leaf::read(&self.extra.leaf, &self.extra.opening).map_err(refused)?;
        Ok((leaf, head))
    }

    /// The RFC 6962 hash of the leaf.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        merkle::leaf_hash(self.extra.leaf.as_bytes())
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra = serde_json_canonicalizer::to_string(&self.extra).map_err(|_| fmt::Error)?;
        writeln!(f, "{FIRST_LINE}\nextra {}\nindex {}", BASE64.encode(extra.as_bytes()), self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", BASE64.encode(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for Proof {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        let (above, checkpoint) =
            text.split_once("\n\n").ok_or_else(|| refused("no empty line before a checkpoint"))?;
        let mut lines = above.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(refused(format!("the first line is not `{FIRST_LINE}`")));
        }
        let extra = lines.next().and_then(|line| line.strip_prefix("extra "));
        let extra = extra.and_then(|extra| BASE64.decode(extra.as_bytes()).ok());
        let extra = extra.and_then(|extra| serde_json::from_slice(&extra).ok());
        let extra: Extra = extra.ok_or_else(|| refused("no `extra` line with leaf, salt and payload"))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or_else(|| refused("no `index` line"))?;
        let hashes: Option<Vec<Hash>> =
            lines.map(|line| BASE64.decode(line.as_bytes()).ok()?.try_into().ok()).collect();
        let hashes = hashes.filter(|hashes| hashes.len() < 64);
        let hashes = hashes.ok_or_else(|| refused("a line of the proof is no SHA-256 in base64"))?;
        let checkpoint = checkpoint.parse().map_err(|error: crate::NoteError| refused(error.to_string()))?;
        Ok(Self { index, hashes, checkpoint, extra })
    }
}
