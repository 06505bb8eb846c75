//! How is a short text signed so that other people's tools can check it?
//!
//! C2SP signed notes with Ed25519, the checkpoints of a log in them, and cosignatures of witnesses
//! (c2sp.org/signed-note, /tlog-checkpoint, /tlog-cosignature). The formats are a page each, so
//! they are written here; the curve is ed25519-dalek's. What a witness remembers is in `witness`.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::merkle::Hash;

/// What a key signs with: the byte that stands before the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// The note's text itself: a log's signature.
    Ed25519 = 0x01,
    /// The text with a time before it: a witness's cosignature.
    Cosignature = 0x04,
}

impl Algorithm {
    fn of(byte: u8) -> Option<Self> {
        [Self::Ed25519, Self::Cosignature].into_iter().find(|algorithm| *algorithm as u8 == byte)
    }
}

/// Why a key or note could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoteError(pub(crate) String);

fn refused<T>(why: impl Into<String>) -> Result<T, NoteError> {
    Err(NoteError(why.into()))
}

/// A public key with its name, as `name+id+key` (a "vkey").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    algorithm: Algorithm,
    key: VerifyingKey,
}

impl PublicKey {
    /// The name that stands before its signatures.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The 32 bytes: two keys are the same if these are, whatever their names.
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    fn id(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', self.algorithm as u8])
            .chain_update(self.key.as_bytes());
        let digest: Hash = digest.finalize().into();
        [digest[0], digest[1], digest[2], digest[3]]
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.algorithm as u8];
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, HEXLOWER.encode(&self.id()), BASE64.encode(&key))
    }
}

impl FromStr for PublicKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let parts: Vec<&str> = text.trim().splitn(3, '+').collect();
        let [name, id, key] = parts[..] else {
            return refused("not a public key: expected `name+id+key` (C2SP vkey) in one line");
        };
        check_name(name)?;
        let Ok(key) = BASE64.decode(key.as_bytes()) else {
            return refused("not a public key: its third part is not base64");
        };
        let (algorithm, key) = match key.split_first() {
            Some((byte, key)) => (Algorithm::of(*byte), <&[u8; 32]>::try_from(key).ok()),
            None => (None, None),
        };
        let Some((algorithm, key)) = algorithm.zip(key) else {
            return refused("a public key of another kind than Ed25519 (0x01) or its cosignature (0x04)");
        };
        let key = match VerifyingKey::from_bytes(key) {
            // A weak key would let one signature fit many texts.
            Ok(key) if !key.is_weak() => key,
            _ => return refused("not a public key: its bytes are no point of the curve that may sign"),
        };
        let key = Self { name: name.to_owned(), algorithm, key };
        if HEXLOWER.encode(&key.id()) != id {
            return refused("not a public key: its id does not fit its name and bytes (mistyped?)");
        }
        Ok(key)
    }
}

/// A name may stand in a note's lines: not empty, no space, no plus.
pub(crate) fn check_name(name: &str) -> Result<(), NoteError> {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(forbidden) {
        return refused("a key's name may not be empty nor hold spaces or `+`");
    }
    Ok(())
}

/// A secret key. It has no `Debug`, `Display` or `Serialize`: [`SecretKey::to_text`] is the one way out.
#[derive(Clone)]
pub struct SecretKey {
    public: PublicKey,
    key: SigningKey,
}

impl SecretKey {
    /// A new key of that name from 32 random bytes.
    ///
    /// # Errors
    /// Where the name cannot stand in a note.
    pub fn new(name: &str, algorithm: Algorithm, seed: [u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        let key = SigningKey::from_bytes(&seed);
        let public = PublicKey { name: name.to_owned(), algorithm, key: key.verifying_key() };
        Ok(Self { public, key })
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// `PRIVATE+KEY+name+id+key`, as Go's `sumdb/note` writes it. For the key's own file and nothing else.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut seed = vec![self.public.algorithm as u8];
        seed.extend_from_slice(&self.key.to_bytes());
        let id = HEXLOWER.encode(&self.public.id());
        format!("PRIVATE+KEY+{}+{id}+{}", self.public.name, BASE64.encode(&seed))
    }

    /// Reads what [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// Where it is not that. The text is not quoted.
    pub fn from_text(text: &str) -> Result<Self, NoteError> {
        let unreadable = || NoteError("not a secret key: expected `PRIVATE+KEY+name+id+key`".into());
        let rest = text.trim().strip_prefix("PRIVATE+KEY+").ok_or_else(unreadable)?;
        let parts: Vec<&str> = rest.splitn(3, '+').collect();
        let [name, id, key] = parts[..] else { return Err(unreadable()) };
        let bytes = BASE64.decode(key.as_bytes()).map_err(|_| unreadable())?;
        let (algorithm, seed) = bytes.split_first().ok_or_else(unreadable)?;
        let algorithm = Algorithm::of(*algorithm).ok_or_else(unreadable)?;
        let key = Self::new(name, algorithm, seed.try_into().map_err(|_| unreadable())?)?;
        if HEXLOWER.encode(&key.public.id()) != id {
            return Err(unreadable());
        }
        Ok(key)
    }

    fn line(&self, blob: &[u8]) -> SignatureLine {
        SignatureLine { name: self.public.name.clone(), id: self.public.id(), blob: blob.to_vec() }
    }

    /// Signs a text as a log does.
    fn sign(&self, text: &str) -> SignatureLine {
        self.line(&self.key.sign(text.as_bytes()).to_bytes())
    }

    /// Cosigns a checkpoint's text as a witness does, at a time in seconds since 1970.
    pub(crate) fn cosign(&self, text: &str, at_s: u64) -> SignatureLine {
        let mut blob = at_s.to_be_bytes().to_vec();
        blob.extend_from_slice(&self.key.sign(cosigned(text, at_s).as_bytes()).to_bytes());
        self.line(&blob)
    }
}

/// What a cosignature is made over.
fn cosigned(text: &str, at_s: u64) -> String {
    format!("cosignature/v1\ntime {at_s}\n{text}")
}

/// One line below a note: who says that he signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    id: [u8; 4],
    blob: Vec<u8>,
}

impl SignatureLine {
    /// The name that it claims.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blob = self.id.to_vec();
        blob.extend_from_slice(&self.blob);
        writeln!(f, "\u{2014} {} {}", self.name, BASE64.encode(&blob))
    }
}

impl FromStr for SignatureLine {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        let rest = line.trim_end_matches('\n').strip_prefix("\u{2014} ");
        let parts = rest.and_then(|rest| rest.split_once(' '));
        let Some((name, blob)) = parts else {
            return refused("not a signature line: expected `— name base64`");
        };
        check_name(name)?;
        let blob = BASE64.decode(blob.as_bytes()).ok().filter(|blob| blob.len() > 4);
        let Some(blob) = blob else { return refused("a signature line whose signature is not base64") };
        let id = [blob[0], blob[1], blob[2], blob[3]];
        Ok(Self { name: name.to_owned(), id, blob: blob[4..].to_vec() })
    }
}

/// A text and the signatures below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Signs a text, which ends with a line break.
    pub(crate) fn signed(text: String, key: &SecretKey) -> Self {
        let signature = key.sign(&text);
        Self { text, signatures: vec![signature] }
    }

    /// The text that is signed, with its last line break.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The lines below it.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Adds a line that is not there yet.
    pub(crate) fn add(&mut self, line: SignatureLine) {
        if !self.signatures.contains(&line) {
            self.signatures.push(line);
        }
    }

    /// Leaves only this line below the text.
    pub(crate) fn only(&mut self, line: SignatureLine) {
        self.signatures = vec![line];
    }

    /// Lines that none of the keys made.
    pub(crate) fn strangers(&self, keys: &[&PublicKey]) -> Vec<&SignatureLine> {
        let made = |line: &SignatureLine| {
            let alone = Self { text: self.text.clone(), signatures: vec![line.clone()] };
            keys.iter().any(|key| alone.by(key).is_some())
        };
        self.signatures.iter().filter(|line| !made(line)).collect()
    }

    /// Whether the key signed this text; for a witness's key the time of its cosignature as well.
    #[must_use]
    pub fn by(&self, key: &PublicKey) -> Option<Signed> {
        let its = |line: &&SignatureLine| line.name == key.name && line.id == key.id();
        self.signatures.iter().filter(its).find_map(|line| match key.algorithm {
            Algorithm::Ed25519 => holds(&key.key, &self.text, &line.blob).then_some(Signed { at_s: None }),
            Algorithm::Cosignature => {
                let (time, signature) = line.blob.split_first_chunk::<8>()?;
                let at_s = u64::from_be_bytes(*time);
                holds(&key.key, &cosigned(&self.text, at_s), signature).then_some(Signed { at_s: Some(at_s) })
            }
        })
    }
}

/// That a key signed a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// When a witness says it did, in seconds since 1970.
    pub at_s: Option<u64>,
}

fn holds(key: &VerifyingKey, text: &str, signature: &[u8]) -> bool {
    let signature = Signature::from_slice(signature);
    signature.is_ok_and(|signature| key.verify_strict(text.as_bytes(), &signature).is_ok())
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| write!(f, "{line}"))
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        if text.chars().any(|c| c.is_ascii_control() && c != '\n') {
            return refused("not a signed note: it holds control characters");
        }
        let Some(end) = text.rfind("\n\n") else {
            return refused("not a signed note: expected a text, an empty line, and signature lines");
        };
        let (body, below) = (&text[..=end], &text[end + 2..]);
        if below.is_empty() || !below.ends_with('\n') {
            return refused("not a signed note: its last line is cut off or there is no signature");
        }
        let signatures: Result<Vec<_>, _> = below.lines().map(SignatureLine::from_str).collect();
        let signatures = signatures?;
        if signatures.len() > SIGNATURES_MAX {
            return refused(format!("a note with more than {SIGNATURES_MAX} signatures"));
        }
        Ok(Self { text: body.to_owned(), signatures })
    }
}

/// A note with more lines than this is not looked at.
const SIGNATURES_MAX: usize = 64;

/// The head of a log as it stands in a note's text (c2sp.org/tlog-checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The log's name.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Their Merkle tree hash.
    pub root: Hash,
}

impl Head {
    pub(crate) fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root))
    }

    /// Reads the head from a checkpoint's text. Further lines are allowed, and covered by the signature.
    ///
    /// # Errors
    /// Where it is no checkpoint.
    pub fn of(note: &Note) -> Result<Self, NoteError> {
        let mut lines = note.text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return refused("not a checkpoint: expected origin, size and root, a line each");
        };
        let Some(size) = decimal(size) else { return refused("not a checkpoint: its size is no number") };
        let root = BASE64.decode(root.as_bytes()).ok().and_then(|root| Hash::try_from(root).ok());
        let Some(root) = root else {
            return refused("not a checkpoint: its root is not 32 bytes in base64");
        };
        if origin.is_empty() {
            return refused("not a checkpoint: no origin");
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

/// A decimal number without leading zeroes, the one way to write it.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's `golang.org/x/mod/sumdb/note`: key, text and signature.
    const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_note_signed_by_other_peoples_code() {
        let key: PublicKey = GO_KEY.parse().unwrap();
        assert_eq!(key.to_string(), GO_KEY);
        let note: Note = GO_NOTE.parse().unwrap();
        assert_eq!(note.to_string(), GO_NOTE);
        assert_eq!(note.by(&key), Some(Signed { at_s: None }));
        let changed: Note = GO_NOTE.replace("answer", "Answer").parse().unwrap();
        assert_eq!(changed.by(&key), None);
    }

    #[test]
    fn keys_go_through_text_and_back() {
        let key = SecretKey::new("court.example/log", Algorithm::Ed25519, [7; 32]).unwrap();
        let again = SecretKey::from_text(&key.to_text()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(key.public().to_string().parse::<PublicKey>().unwrap(), *key.public());
        assert!(SecretKey::new("two words", Algorithm::Ed25519, [7; 32]).is_err());
        assert!(SecretKey::new("a+b", Algorithm::Ed25519, [7; 32]).is_err());
    }

    #[test]
    fn a_cosignature_binds_its_time() {
        let log = SecretKey::new("log", Algorithm::Ed25519, [1; 32]).unwrap();
        let witness = SecretKey::new("witness", Algorithm::Cosignature, [2; 32]).unwrap();
        let head = Head { origin: "log".into(), size: 7, root: [9; 32] };
        let mut note = Note::signed(head.text(), &log);
        note.add(witness.cosign(note.text(), 1_789_000_000));
        let note: Note = note.to_string().parse().unwrap();
        assert_eq!(Head::of(&note).unwrap(), head);
        assert_eq!(note.by(witness.public()), Some(Signed { at_s: Some(1_789_000_000) }));
        assert!(note.by(log.public()).is_some());
        let mut other = note.clone();
        other.signatures[1].blob[7] ^= 1;
        assert_eq!(other.by(witness.public()), None, "another time");
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for text in ["", "a\n", "a\n\n", "a\n\n\u{2014} x\n", "a\n\nb c\n", "a\t\n\n\u{2014} x AAAAAAAA\n"] {
            assert!(text.parse::<Note>().is_err(), "{text:?}");
        }
        for key in ["", "a+b", "a+00000000+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"] {
            assert!(key.parse::<PublicKey>().is_err(), "{key:?}");
        }
    }
}
