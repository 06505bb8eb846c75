//! Does a log that I saw before only ever grow?
//!
//! The part of an outsider. He has a key and remembers, for each log, the last checkpoint that he
//! cosigned. He is given a few lines (the request of c2sp.org/tlog-witness, which fit on a sheet of
//! paper or a QR code), on a machine that need not have a network. He cosigns what extends his
//! memory and refuses the rest: a fork, a rollback, a dropped tail. He remembers before he signs.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;

use crate::keys::{self, Keys};
use crate::log::CHECKPOINT;
use crate::merkle::{self, Hash};
use crate::note::{Algorithm, Head, Note, PublicKey, SecretKey, decimal};
use crate::{Vault, VaultError};

/// What a log asks of a witness: here is my head, and how it grew from the one you know.
#[derive(Clone, Debug)]
pub struct Request {
    /// Leaves of the checkpoint that the witness cosigned last; 0 if none.
    pub old: u64,
    /// Consistency proof from there.
    pub hashes: Vec<Hash>,
    /// The new head.
    pub checkpoint: Note,
}

/// A proof longer than this is none (the specification's bound).
const HASHES_MAX: usize = 63;

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", BASE64.encode(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for Request {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let unreadable = |reason: &str| Refusal::Unreadable(reason.to_owned());
        // What went through mail or a text editor may have other line ends.
        let text = text.replace("\r\n", "\n");
        let (above, checkpoint) =
            text.split_once("\n\n").ok_or_else(|| unreadable("no empty line before a checkpoint"))?;
        let mut lines = above.lines();
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old = old.ok_or_else(|| unreadable("the first line is not `old NUMBER`"))?;
        let hashes: Option<Vec<Hash>> =
            lines.map(|line| BASE64.decode(line.as_bytes()).ok()?.try_into().ok()).collect();
        let hashes = hashes.filter(|hashes| hashes.len() <= HASHES_MAX);
        let hashes = hashes.ok_or_else(|| unreadable("a line of the proof is no SHA-256 in base64"))?;
        let checkpoint =
            checkpoint.parse().map_err(|error: crate::NoteError| unreadable(&error.to_string()))?;
        Ok(Self { old, hashes, checkpoint })
    }
}

/// Why a witness does not cosign.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The lines are no request.
    #[error("not a request for a cosignature: {0}; expected what `assize custody checkpoint` prints")]
    Unreadable(String),
    /// No log of that name was seen before, and no key was given.
    #[error(
        "the log `{0}` is not known to this witness; the first time give its public key with --log KEY.pub, received by another way than this request"
    )]
    UnknownLog(String),
    /// The log's key did not sign.
    #[error(
        "the checkpoint is not signed by the key that this witness knows for `{0}`: do not cosign, ask where it comes from"
    )]
    NotSigned(String),
    /// Another log's key was given than the one that is remembered.
    #[error("this witness knows another key for `{0}` than the one given; a log does not change its key")]
    OtherKey(String),
    /// The log is shorter than it was.
    #[error(
        "ROLLBACK: the checkpoint has {offered} leaves, and this witness cosigned {remembered} before: the end of the log was dropped, or an old state was brought back"
    )]
    Rollback {
        /// Leaves that are offered.
        offered: u64,
        /// Leaves that were cosigned.
        remembered: u64,
    },
    /// The same length, another content; or a proof that does not lead there. Both heads are signed
    /// by the log: together they prove it to anyone.
    #[error(
        "FORK: {size} leaves with another history than the one that this witness cosigned. Both signed heads together prove it; they are kept in {evidence}"
    )]
    Fork {
        /// Leaves that are offered.
        size: u64,
        /// The file with both checkpoints.
        evidence: String,
    },
    /// The request starts from another state than the one that the witness knows.
    #[error(
        "the request starts at {asked} leaves, and this witness cosigned {remembered} last; ask for one with `assize custody checkpoint --old {remembered}`"
    )]
    OtherStart {
        /// Where the request starts.
        asked: u64,
        /// What is remembered.
        remembered: u64,
    },
    /// The proof does not lead from the known head to the new one.
    #[error(
        "the proof does not lead from the {remembered} leaves that this witness knows to the {offered} offered: the history was changed, or the request is damaged. Not cosigned; both signed heads are kept in {evidence}"
    )]
    NotExtended {
        /// Leaves that were cosigned.
        remembered: u64,
        /// Leaves that are offered.
        offered: u64,
        /// The file with both checkpoints.
        evidence: String,
    },
    /// The witness's own files.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// A witness with his key and memory.
pub struct Witness {
    keys: Keys,
    name: String,
    key: SecretKey,
}

/// What a witness knows of one log.
struct Memory {
    key: PublicKey,
    checkpoint: Note,
    head: Head,
}

impl Witness {
    /// A witness of that name; made, with a key of his own, if there is none yet.
    ///
    /// # Errors
    /// Where the key folder refuses.
    pub fn new(keys: &Keys, name: &str) -> Result<Self, VaultError> {
        let key = keys.new_signing(name, Algorithm::Cosignature)?;
        Ok(Self { keys: keys.clone(), name: name.to_owned(), key })
    }

    /// The witness of that name.
    ///
    /// # Errors
    /// Where there is none, or his key cannot be used.
    pub fn open(keys: &Keys, name: &str) -> Result<Self, VaultError> {
        let key = keys.signing(name)?;
        let key = key.filter(|key| key.public().algorithm() == Algorithm::Cosignature);
        let none = || VaultError::NoKey { name: name.to_owned(), folder: keys.folder().to_owned() };
        Ok(Self { keys: keys.clone(), name: name.to_owned(), key: key.ok_or_else(none)? })
    }

    /// His public key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        self.key.public()
    }

    /// Cosigns a checkpoint that extends what he knows, and gives the line to take back.
    ///
    /// # Errors
    /// Every [`Refusal`] means that nothing was signed.
    pub fn cosign(&self, request: &Request, given: Option<&PublicKey>, at_s: u64) -> Result<String, Refusal> {
        let head = Head::of(&request.checkpoint).map_err(|error| Refusal::Unreadable(error.to_string()))?;
        let memory = self.memory(&head.origin)?;
        let key = match (&memory, given) {
            (None, None) => return Err(Refusal::UnknownLog(head.origin)),
            (Some(memory), Some(given)) if memory.key != *given => {
                return Err(Refusal::OtherKey(head.origin));
            }
            (Some(memory), _) => memory.key.clone(),
            (None, Some(given)) => given.clone(),
        };
        if key.name() != head.origin || key.algorithm() != Algorithm::Ed25519 {
            return Err(Refusal::NotSigned(head.origin));
        }
        if request.checkpoint.by(&key).is_none() {
            return Err(Refusal::NotSigned(head.origin));
        }
        self.compare(memory.as_ref(), request, &head)?;
        let mut checkpoint = request.checkpoint.clone();
        let line = self.key.cosign(checkpoint.text(), at_s);
        checkpoint.add(line.clone());
        // Remembered first: a cosignature that was given out and forgotten would let a fork through.
        self.remember(&key, &checkpoint, &head.origin)?;
        Ok(line.to_string())
    }

    fn compare(&self, memory: Option<&Memory>, request: &Request, head: &Head) -> Result<(), Refusal> {
        let remembered = memory.map_or(0, |memory| memory.head.size);
        if head.size < remembered {
            return Err(Refusal::Rollback { offered: head.size, remembered });
        }
        if let Some(memory) = memory
            && head.size == remembered
            && head.root != memory.head.root
        {
            let evidence = self.keep_evidence(memory, &request.checkpoint, head)?;
            return Err(Refusal::Fork { size: head.size, evidence });
        }
        if request.old != remembered {
            return Err(Refusal::OtherStart { asked: request.old, remembered });
        }
        let Some(memory) = memory else {
            // Nothing is known yet: the first head is believed, as the log's key signed it.
            return if request.hashes.is_empty() {
                Ok(())
            } else {
                Err(Refusal::Unreadable("a proof that starts at nothing".to_owned()))
            };
        };
        let grown = merkle::extends(remembered, &memory.head.root, head.size, &head.root, &request.hashes);
        if grown {
            return Ok(());
        }
        let evidence = self.keep_evidence(memory, &request.checkpoint, head)?;
        Err(Refusal::NotExtended { remembered, offered: head.size, evidence })
    }

    fn file_name(&self, origin: &str) -> String {
        format!("{}.knows.{}", keys::file_name(&self.name), keys::file_name(origin))
    }

    fn memory(&self, origin: &str) -> Result<Option<Memory>, VaultError> {
        let name = self.file_name(origin);
        let Some(text) = self.keys.note(&name)? else { return Ok(None) };
        let memory = text.split_once("\n\n").and_then(|(key, note)| {
            let checkpoint: Note = note.parse().ok()?;
            let head = Head::of(&checkpoint).ok()?;
            // Two origins may share a file name; a memory of the wrong one is no memory.
            (head.origin == origin).then_some(Memory { key: key.parse().ok()?, checkpoint, head })
        });
        let damaged = || {
            VaultError::Key {
            path: self.keys.folder().join(&name),
            reason: "what this witness remembers of the log cannot be read; do not cosign for it until that is explained".to_owned(),
        }
        };
        memory.map(Some).ok_or_else(damaged)
    }

    fn remember(&self, key: &PublicKey, checkpoint: &Note, origin: &str) -> Result<(), VaultError> {
        self.keys.write_note(&self.file_name(origin), &format!("{key}\n\n{checkpoint}"))
    }

    fn keep_evidence(&self, memory: &Memory, other: &Note, head: &Head) -> Result<String, VaultError> {
        let name = format!("{}.fork.{}", keys::file_name(&self.name), head.size);
        let text = format!("{}\n\n{}\n{other}", memory.key, memory.checkpoint);
        self.keys.write_note(&name, &text)?;
        Ok(self.keys.folder().join(name).display().to_string())
    }
}

impl Vault {
    /// The lines for a witness who cosigned `old` leaves last; without it, what he cosigned last by
    /// what came back to us.
    ///
    /// # Errors
    /// Where there is no checkpoint, or there never were so many leaves.
    pub fn request(&self, witness: Option<&PublicKey>, old: Option<u64>) -> Result<Request, VaultError> {
        let path = self.root.join(CHECKPOINT);
        let refused = |reason: &str| VaultError::Head { path: path.clone(), reason: reason.to_owned() };
        let (checkpoint, head) = self.checkpoint()?.ok_or_else(|| refused("there is no checkpoint yet"))?;
        let old = match old {
            Some(old) => old,
            None => {
                let cosigned = self.cosigned()?;
                let his =
                    cosigned.iter().filter(|(note, _)| witness.is_some_and(|key| note.by(key).is_some()));
                his.map(|(_, head)| head.size).max().unwrap_or(0)
            }
        };
        let hashes = self.log.tree().consistency(old, head.size);
        let hashes = hashes.ok_or_else(|| refused("it has fewer leaves than the witness cosigned"))?;
        Ok(Request { old, hashes, checkpoint })
    }
}
