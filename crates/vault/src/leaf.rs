//! What can stand in the custody log?
//!
//! A leaf is one act. What is hashed says only when and what kind of act, and a commitment to the
//! rest: SHA-256 over the act in RFC 8785 canonical JSON, padded to a bucket, and 32 random bytes of
//! salt. So tiles, checkpoints and proofs can be handed to anyone: without the salt nobody finds
//! out by guessing which file, name or path a leaf speaks of. Act and salt are its *opening*; they
//! stand beside the leaf in `log/leaves` and go only to who may know. Acts that a reader does not
//! know are kept and hashed.

use assize_model::{Collected, Digests, LeafId, Trust};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::seal::Seal;

/// Version of the form of leaves that is written here.
pub(crate) const VERSION: u32 = 2;

/// One act: the part of a leaf that its commitment covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
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
    /// The case was made. Always the first leaf: what it says of keys, nobody can change later.
    CaseMade {
        /// Its name then.
        name: String,
        /// Name of the log in its checkpoints.
        origin: String,
        /// Public key that signs them (C2SP vkey).
        key: String,
        /// To whom exhibits are encrypted at rest (age recipient); absent where they are not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recipient: Option<String>,
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
        /// What lies in the store, where that is not the content itself: it is encrypted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stored: Option<Stored>,
        /// Where the content lies, if it was left there and not copied.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// How it was collected, as people say.
        #[serde(default, skip_serializing_if = "Collected::is_empty")]
        collected: Box<Collected>,
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
    /// A file was put into `register/`.
    Register {
        /// Its name there.
        name: String,
        /// SHA-256 of its bytes, hexadecimal.
        sha256: String,
    },
    /// The holder names a witness: whose key it is, he says so himself.
    Witness {
        /// Which organisation keeps the key.
        organisation: String,
        /// The key (C2SP vkey of a cosignature).
        key: String,
    },
    /// Exhibits or proofs were handed out in a bundle.
    Disclose {
        /// Ids of the exhibits that it speaks of.
        exhibits: Vec<String>,
        /// To whose key their content is encrypted (age recipient); absent: proofs only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recipient: Option<String>,
        /// What for.
        purpose: String,
    },
    /// A person decided; it takes effect with this leaf.
    Decide {
        /// Id of the decision.
        decision: String,
        /// What it says, as the contract's decision has it. Kept as it is written: a later version
        /// may decide of things that this one does not know.
        says: serde_json::Value,
    },
    /// A person says how exhibits are to be read where their bytes leave a choice.
    ReadAs {
        /// Of which, and what. Kept as it is written: a later version may know more options.
        says: serde_json::Value,
    },
    /// It was said who opens what is sealed.
    SealMade {
        /// Officers, and how many are needed.
        seal: Seal,
    },
    /// Somebody asked that something be unsealed. Nothing is, by this.
    UnsealAsked {
        /// What is asked for.
        #[serde(flatten)]
        asked: UnsealAsked,
    },
    /// Something was unsealed. This leaf is on disk before anything is shown.
    Unsealed {
        /// SHA-256 of the request's bytes, hexadecimal.
        request: String,
        /// Pseudonyms or exhibits.
        targets: Vec<String>,
        /// Who approved.
        officers: Vec<String>,
        /// Until when raw bytes of exhibits may be shown, RFC 3339.
        until: String,
        /// By when other officers must have looked at it: it was done by one alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        review_until: Option<String>,
    },
    /// Officers looked at an unsealing that was done by one alone.
    UnsealReviewed {
        /// Which leaf.
        unsealed: String,
        /// Who looked.
        officers: Vec<String>,
    },
    /// Passwords for containers were given; they lie with the keys.
    PasswordGiven {},
    /// An act that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A request to unseal. Its bytes are what officers sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsealAsked {
    /// SHA-256 of the request's bytes, hexadecimal.
    pub request: String,
    /// Pseudonyms or exhibits.
    pub targets: Vec<String>,
    /// What for.
    pub purpose: String,
    /// By which right.
    pub basis: String,
    /// For how long, from when it is approved.
    pub minutes: u32,
    /// Whether it is asked that one alone may do it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
}

/// Bytes in the store that are not the exhibit's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// SHA-256 of the encrypted file, which is its name too.
    pub sha256: String,
    /// Its bytes.
    pub size: u64,
}

/// A leaf with its place in the log.
#[derive(Clone, Debug)]
pub struct LoggedLeaf {
    /// First 128 bits of the RFC 6962 leaf hash.
    pub id: LeafId,
    /// Place in the log, from 0.
    pub index: u64,
    /// The bytes that are hashed.
    pub bytes: String,
    /// What opens the commitment.
    pub opening: Opening,
    /// What it says.
    pub leaf: Leaf,
}

/// What is needed to know what a leaf says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// 32 bytes, hexadecimal.
    pub salt: String,
    /// The act in RFC 8785 canonical JSON, as text: these bytes are what is committed to.
    pub payload: String,
}

/// The hashed part.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hashed {
    /// Version of this form.
    v: u32,
    /// As in the act.
    at: String,
    /// As in the act.
    act: String,
    /// Bytes that the act was padded to.
    bucket: usize,
    /// The commitment, hexadecimal.
    commit: String,
    /// Index of the first leaf that was written in the same breath: everything before it was
    /// acknowledged. Recovery asks for it (`log`).
    pub(crate) group: u64,
}

/// The bucket of a payload: 512 bytes or the next power of two that holds it and the padding mark.
fn bucket_of(length: usize) -> usize {
    (length + 1).next_power_of_two().max(512)
}

/// SHA-256(payload ‖ 0x80 ‖ zeroes up to the bucket ‖ salt). The mark makes the padding reversible, so that
/// no two payloads are one.
fn commitment(payload: &[u8], salt: &[u8; 32]) -> (usize, String) {
    let bucket = bucket_of(payload.len());
    let mut padded = payload.to_vec();
    padded.push(0x80);
    padded.resize(bucket, 0);
    let digest = Sha256::new().chain_update(&padded).chain_update(salt).finalize();
    (bucket, HEXLOWER.encode(&digest))
}

/// Makes the hashed bytes and the opening of an act.
pub(crate) fn write(
    leaf: &Leaf,
    salt: &[u8; 32],
    group: u64,
) -> Result<(String, Opening), serde_json::Error> {
    let payload = serde_json_canonicalizer::to_string(leaf)?;
    let (bucket, commit) = commitment(payload.as_bytes(), salt);
    let act = act_of(&payload)?;
    let hashed = Hashed { v: VERSION, at: leaf.at.clone(), act, bucket, commit, group };
    let bytes = serde_json_canonicalizer::to_string(&hashed)?;
    Ok((bytes, Opening { salt: HEXLOWER.encode(salt), payload }))
}

/// Reads hashed bytes and opening, and says what was wrong if they do not belong together.
pub(crate) fn read(bytes: &str, opening: &Opening) -> Result<(Hashed, Leaf), String> {
    let hashed: Hashed = serde_json::from_str(bytes).map_err(|error| format!("the leaf: {error}"))?;
    if hashed.v != VERSION {
        return Err(format!("expected a leaf of version {VERSION}, found {}", hashed.v));
    }
    if serde_json_canonicalizer::to_string(&hashed).ok().as_deref() != Some(bytes) {
        return Err("the leaf is not in RFC 8785 form".to_owned());
    }
    let salt = HEXLOWER.decode(opening.salt.as_bytes()).ok().and_then(|salt| salt.try_into().ok());
    let salt: [u8; 32] = salt.ok_or_else(|| "the salt is not 32 bytes in hexadecimal".to_owned())?;
    let (bucket, commit) = commitment(opening.payload.as_bytes(), &salt);
    if (bucket, &commit) != (hashed.bucket, &hashed.commit) {
        return Err("the act is not the one that the leaf commits to".to_owned());
    }
    let leaf: Leaf = serde_json::from_str(&opening.payload).map_err(|error| format!("the act: {error}"))?;
    let act = act_of(&opening.payload).map_err(|error| format!("the act: {error}"))?;
    if (&leaf.at, &act) != (&hashed.at, &hashed.act) {
        return Err("leaf and act differ in time or kind".to_owned());
    }
    Ok((hashed, leaf))
}

/// The kind of an act as it stands in its text: known for unknown acts too.
fn act_of(payload: &str) -> Result<String, serde_json::Error> {
    #[derive(Deserialize)]
    struct Kind {
        act: String,
    }
    Ok(serde_json::from_str::<Kind>(payload)?.act)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        let act = Act::Derive { manifest: "00".into() };
        Leaf { at: "2026-09-14T08:00:00Z".into(), by: "m.okafor".into(), tool: "test".into(), act }
    }

    #[test]
    fn a_leaf_tells_nothing_that_could_be_guessed() {
        let (one, _) = write(&leaf(), &[1; 32], 0).unwrap();
        let (other, _) = write(&leaf(), &[2; 32], 0).unwrap();
        assert!(!one.contains("okafor"));
        assert_ne!(one, other, "the same act twice looks different");
        let mut longer = leaf();
        longer.by = "a much longer name".into();
        let (longer, _) = write(&longer, &[1; 32], 0).unwrap();
        assert_eq!(longer.len(), one.len(), "nor does its length tell");
    }

    #[test]
    fn only_its_own_opening_opens_a_leaf() {
        let (bytes, opening) = write(&leaf(), &[1; 32], 3).unwrap();
        let (hashed, read_again) = read(&bytes, &opening).unwrap();
        assert_eq!((hashed.group, read_again), (3, leaf()));
        let changed = |change: &dyn Fn(&mut Opening)| {
            let mut opening = opening.clone();
            change(&mut opening);
            read(&bytes, &opening).is_err()
        };
        assert!(changed(&|opening| opening.payload = opening.payload.replace("okafor", "okafur")));
        assert!(changed(&|opening| opening.salt.replace_range(..2, "ff")));
        assert!(changed(&|opening| opening.salt.truncate(2)));
        assert!(read(&bytes.replace("derive", "admitx"), &opening).is_err());
        assert!(read(&bytes.replace("08:00", "09:00"), &opening).is_err());
    }

    #[test]
    fn an_act_of_a_later_version_is_kept() {
        let payload = r#"{"act":"later","at":"2026-09-14T08:00:00Z","by":"b","else":1,"tool":"t"}"#;
        let (bucket, commit) = commitment(payload.as_bytes(), &[0; 32]);
        let hashed = Hashed {
            v: VERSION,
            at: "2026-09-14T08:00:00Z".into(),
            act: "later".into(),
            bucket,
            commit,
            group: 0,
        };
        let bytes = serde_json_canonicalizer::to_string(&hashed).unwrap();
        let opening = Opening { salt: "00".repeat(32), payload: payload.into() };
        assert_eq!(read(&bytes, &opening).unwrap().1.act, Act::Unknown);
    }
}
