//! How is a thing named so that everyone who has the same thing names it alike?
//!
//! An id is a prefix and 26 lower-case base32 characters (128 bits) of a SHA-256 digest of what the
//! thing *is*. Ids are typed: an exhibit's id cannot be put where an event's is wanted. 128 bits,
//! because an attacker who writes the evidence may also search for collisions in it: 80 bits would
//! cost him 2^40 digests, an afternoon; 128 cost 2^64.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

/// Bytes of the digest that an id keeps.
const BYTES: usize = 16;
/// Base32 characters that carry [`BYTES`] bytes.
const CHARACTERS: usize = 26;
/// RFC 4648 base32 in lower case, without padding.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The ids of one exhibit member's events, with what is the same for all made ready: an id is made for
/// every record. What is digested is exhibit and member as [`Id::of`] does, zeros up to a block of
/// SHA-256, and the offset, so that one block is left for each record.
pub(crate) struct EventIds {
    /// The digest's state after exhibit and member.
    before: [u32; 8],
    /// The block with the offset, filled up as SHA-256 wants it (FIPS 180-4, 5.1.1).
    block: [u8; 64],
}

/// FIPS 180-4, 5.3.3.
const SHA256_BEGIN: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Where the offset lies in its block: behind its length.
const PLACE: std::ops::Range<usize> = 8..16;

impl EventIds {
    pub(crate) fn of(exhibit: ExhibitId, member: Option<&str>) -> Self {
        let mut ahead = message::<OfEvent>(&[exhibit.bytes(), member.unwrap_or("").as_bytes()]);
        ahead.resize(ahead.len().next_multiple_of(64), 0);
        let mut before = SHA256_BEGIN;
        compress256(&mut before, ahead.as_chunks::<64>().0);
        let mut block = [0; 64];
        block[..PLACE.start].copy_from_slice(&8u64.to_be_bytes());
        block[PLACE.end] = 0x80;
        block[56..].copy_from_slice(&(8 * (ahead.len() + PLACE.end) as u64).to_be_bytes());
        Self { before, block }
    }

    /// The id of the event whose record begins at that offset.
    pub(crate) fn at(&mut self, offset: u64) -> EventId {
        self.block[PLACE].copy_from_slice(&offset.to_be_bytes());
        let mut state = self.before;
        compress256(&mut state, std::slice::from_ref(&self.block));
        let mut bytes = [0; BYTES];
        for (place, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *place = word.to_be_bytes();
        }
        Id { bytes, kind: PhantomData }
    }
}

/// What is digested of a thing made of parts.
fn message<K: Kind>(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::with_capacity(8 + parts.iter().map(|part| 8 + part.len()).sum::<usize>());
    message.extend([b'a', b's', b's', b'i', b'z', b'e', b'/', K::PREFIX as u8]);
    for part in parts {
        message.extend((part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}

/// What an id names; the prefix is the letter before the hyphen.
pub trait Kind {
    /// The letter before the hyphen, as in `e-…`.
    const PREFIX: char;
}

/// A typed id; see the module's text.
pub struct Id<K> {
    bytes: [u8; BYTES],
    kind: PhantomData<K>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $marker:ident $alias:ident $prefix:literal;)*) => {$(
        #[doc = concat!("Marker of ids that begin with `", $prefix, "-`.")]
        pub enum $marker {}
        impl Kind for $marker { const PREFIX: char = $prefix; }
        $(#[$doc])*
        pub type $alias = Id<$marker>;
    )*};
}

kinds! {
    /// One file as received: the first 128 bits of the SHA-256 of its content.
    OfExhibit ExhibitId 'x';
    /// One record of a source: digest of exhibit, member and offset; never of reading options.
    OfEvent EventId 'e';
    /// Bytes that could not be read.
    OfGap GapId 'g';
    /// A rule's word about one event.
    OfFinding FindingId 'f';
    /// A body of records: digest of the register's key.
    OfHolding HoldingId 'h';
    /// A record: digest of the register's key.
    OfItem ItemId 'm';
    /// A subject: digest of the pseudonym.
    OfSubject SubjectId 'p';
    /// What is known of access: digest of incident, holding, item and subject.
    OfExposure ExposureId 'v';
    /// An account: digest of namespace and name.
    OfAccount AccountId 'a';
    /// One person or service behind accounts: digest of the accounts that it joins.
    OfIdentity IdentityId 'n';
    /// One authenticated presence: digest of its opening event and account.
    OfSession SessionId 's';
    /// One course of events: digest of what proves it first.
    OfIncident IncidentId 'i';
    /// What a person decided: digest of what it says.
    OfDecision DecisionId 'd';
    /// One entry of the custody log: the first 128 bits of its RFC 6962 leaf hash.
    OfLeaf LeafId 'l';
}

impl<K: Kind> Id<K> {
    /// The id of something whose SHA-256 digest is known (an exhibit, a log leaf).
    #[must_use]
    pub fn of_digest(sha256: &[u8; 32]) -> Self {
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(&sha256[..BYTES]);
        Self { bytes, kind: PhantomData }
    }

    /// The id of a thing made of parts. Each part is preceded by its length, so that no two
    /// different lists of parts share a digest, and the kind separates the domains.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        Self::of_digest(&Sha256::digest(message::<K>(parts)).into())
    }

    /// The 128 bits themselves, for use as a part of another id.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<K: Kind> Id<K> {
    /// The id as ASCII text, for those who write very many.
    #[must_use]
    pub fn text(&self) -> [u8; 2 + CHARACTERS] {
        let mut text = [b'-'; 2 + CHARACTERS];
        text[0] = K::PREFIX as u8;
        // 26 characters carry 130 bits: the last one is filled up with two zero bits. Five bytes
        // are eight characters; the sixteenth byte is by itself.
        let (fives, rest) = self.bytes.as_chunks::<5>();
        for (five, characters) in fives.iter().zip(text[2..].chunks_exact_mut(8)) {
            let bits = five.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            for (place, character) in characters.iter_mut().enumerate() {
                *character = ALPHABET[(bits >> (35 - 5 * place)) as usize & 31];
            }
        }
        let last = u16::from(rest.first().copied().unwrap_or(0)) << 2;
        text[CHARACTERS] = ALPHABET[usize::from(last >> 5) & 31];
        text[CHARACTERS + 1] = ALPHABET[usize::from(last) & 31];
        text
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// Why a text is not an id of the wanted kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{found}` is not an id: expected `{prefix}-` and {CHARACTERS} characters a-z, 2-7")]
pub struct NotAnId {
    found: String,
    prefix: char,
}

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = || NotAnId { found: text.to_owned(), prefix: K::PREFIX };
        let digits = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('-'));
        let digits = digits.filter(|digits| digits.len() == CHARACTERS).ok_or_else(wrong)?;
        let mut bits = 0u128;
        for (position, byte) in digits.bytes().enumerate() {
            let five = match byte {
                b'a'..=b'z' => u128::from(byte - b'a'),
                b'2'..=b'7' => u128::from(byte - b'2' + 26),
                _ => return Err(wrong()),
            };
            let shift = 123i32 - 5 * position as i32;
            bits |= if shift >= 0 { five << shift } else { five >> -shift };
        }
        Ok(Self { bytes: bits.to_be_bytes(), kind: PhantomData })
    }
}

// Written by hand: a derive would demand the same traits of the marker.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<K: Kind> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> serde::Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let id = EventId::of(&[b"one", b"two"]);
        let text = id.to_string();
        assert_eq!(text.len(), 28);
        assert_eq!(text.parse::<EventId>(), Ok(id));
        assert!(text.parse::<ExhibitId>().is_err(), "kinds do not mix");
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        let id = ExhibitId::of_digest(&[0xff; 32]);
        assert_eq!(id.to_string(), format!("x-{}4", "7".repeat(25)));
        let encoding = data_encoding::BASE32_NOPAD.encode(&Sha256::digest(b"x")[..16]);
        let id = ExhibitId::of_digest(&Sha256::digest(b"x").into());
        assert_eq!(id.to_string(), format!("x-{}", encoding.to_lowercase()));
    }

    /// By the book: the whole message at once, by another implementation's interface.
    #[test]
    fn ids_of_events_are_digests_of_exhibit_member_and_offset() {
        let exhibit = ExhibitId::of_digest(&[7; 32]);
        for member in (0..150).map(|length| "m".repeat(length)) {
            let mut ids = EventIds::of(exhibit, Some(&member));
            for offset in [0, 5, u64::MAX] {
                let mut whole = b"assize/e".to_vec();
                for part in [exhibit.bytes(), member.as_bytes()] {
                    whole.extend((part.len() as u64).to_be_bytes());
                    whole.extend(part);
                }
                while !whole.len().is_multiple_of(64) {
                    whole.push(0);
                }
                whole.extend(8u64.to_be_bytes());
                whole.extend(offset.to_be_bytes());
                assert_eq!(ids.at(offset), EventId::of_digest(&Sha256::digest(&whole).into()));
            }
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(EventId::of(&[b"ab", b"c"]), EventId::of(&[b"a", b"bc"]));
        assert_ne!(EventId::of(&[b"ab"]).bytes(), GapId::of(&[b"ab"]).bytes());
    }
}
