//! How is a person sealed so that only k of n officers open him, and nobody else with him?
//!
//! Each person has a key of his own (an age identity). His file in the register is encrypted to it, and
//! it exists only as shares, each encrypted to one officer: who opens one person has opened no other, and
//! importing people needs no officer's secret. An officer is a card: a name, an organ, an age recipient
//! and a public key that signs approvals (C2SP signed notes, so that others can check them). How a
//! secret is cut into shares is not this file's business, nor who may ask for what.

use std::io::{Read, Write};

use age::secrecy::ExposeSecret;
use assize_model::Protected;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::bundle::recipient_of;
use crate::leaf::Act;
use crate::note::{Algorithm, Note, PublicKey};
use crate::{Keys, LeafId, Stamp, Vault, VaultError};

/// One who holds a share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Officer {
    /// As his approvals are signed; no spaces.
    pub officer: String,
    /// Organ of the institution: no two officers of a seal are of one.
    pub organ: String,
    /// To whom his shares are encrypted (age recipient).
    pub recipient: String,
    /// What his approvals are signed with (C2SP vkey).
    pub key: String,
}

/// Who opens what is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// How many officers are needed for one person.
    pub k: u8,
    /// Who holds a share.
    pub officers: Vec<Officer>,
    /// Who may open alone when glass must be broken; absent: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Officer>,
}

/// A person under his own key: a line of `register/NNNN.sealed.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedPerson {
    /// `subject` or `staff`.
    pub kind: String,
    /// Pseudonym.
    pub key: String,
    /// What the register says of him: an age file, base64.
    pub identity: String,
    /// His key's shares by officer, each an age file, base64.
    pub shares: Vec<(String, String)>,
}

/// An age identity for one person or one request, as `age-keygen` writes it, and its recipient.
#[must_use]
pub fn fresh_key() -> (Protected, String) {
    let key = age::x25519::Identity::generate();
    (Protected::new(key.to_string().expose_secret().to_owned()), key.to_public().to_string())
}

/// Encrypts a text: an age file, base64.
///
/// # Errors
/// Where the recipient is none.
pub fn seal_text(text: &Protected, recipient: &str) -> Result<String, VaultError> {
    let refused = |reason: String| VaultError::Recipient { given: recipient.to_owned(), reason };
    let known = recipient_of(recipient)?;
    let to = std::iter::once(&known as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(to).map_err(|error| refused(error.to_string()))?;
    let mut bytes = Vec::new();
    let write = || {
        let mut writer = encryptor.wrap_output(&mut bytes)?;
        writer.write_all(text.expose().as_bytes())?;
        writer.finish().map(drop)
    };
    write().map_err(|error: std::io::Error| refused(error.to_string()))?;
    Ok(BASE64.encode(&bytes))
}

/// Opens what [`seal_text`] made; `None` where it is not for this key, or damaged.
#[must_use]
pub fn open_text(sealed: &str, key: &Protected) -> Option<Protected> {
    let identity: age::x25519::Identity = key.expose().trim().parse().ok()?;
    open_with(sealed, &identity)
}

fn open_with(sealed: &str, identity: &age::x25519::Identity) -> Option<Protected> {
    let bytes = BASE64.decode(sealed.as_bytes()).ok()?;
    let decryptor = age::Decryptor::new(bytes.as_slice()).ok()?;
    let mut text = String::new();
    decryptor
        .decrypt(std::iter::once(identity as &dyn age::Identity))
        .ok()?
        .read_to_string(&mut text)
        .ok()?;
    Some(Protected::new(text))
}

/// An officer at his own machine: his keys are here.
pub struct Desk {
    keys: Keys,
    name: String,
}

impl Desk {
    /// Keys of an officer of that name.
    #[must_use]
    pub fn of(keys: &Keys, name: &str) -> Self {
        Self { keys: keys.clone(), name: name.to_owned() }
    }

    fn file(&self) -> String {
        format!("officer.{}", self.name)
    }

    /// Makes his keys, and the card that he hands over.
    ///
    /// # Errors
    /// Where he has keys already, or the key folder refuses.
    pub fn card(&self, organ: &str) -> Result<Officer, VaultError> {
        let signing = self.keys.new_signing_as(&self.file(), &self.name, Algorithm::Ed25519)?;
        let (_, recipient) = self.keys.new_custody(&self.file())?;
        let key = signing.public().to_string();
        Ok(Officer { officer: self.name.clone(), organ: organ.to_owned(), recipient, key })
    }

    /// A share that was encrypted to him; `None` where it was not.
    ///
    /// # Errors
    /// Where he has no key here.
    pub fn open(&self, sealed: &str) -> Result<Option<Protected>, VaultError> {
        let key = self.keys.custody(&self.file())?.ok_or_else(|| self.missing())?;
        Ok(open_with(sealed, &key.0))
    }

    /// Signs a text.
    ///
    /// # Errors
    /// Where he has no key here.
    pub fn sign(&self, text: String) -> Result<Note, VaultError> {
        let key = self.keys.signing(&self.file())?.ok_or_else(|| self.missing())?;
        Ok(Note::signed(text, &key))
    }

    fn missing(&self) -> VaultError {
        VaultError::Key {
            path: self.keys.folder().join(self.file()),
            reason: format!(
                "no keys of officer {} here; `assize seal officer {} --organ ORGAN` makes them",
                self.name, self.name
            ),
        }
    }
}

impl Officer {
    /// Whether he signed this note.
    #[must_use]
    pub fn signed(&self, note: &Note) -> bool {
        self.key.parse::<PublicKey>().is_ok_and(|key| note.by(&key).is_some())
    }

    /// Whether recipient and key are such.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), VaultError> {
        recipient_of(&self.recipient)?;
        let key = self.key.parse::<PublicKey>().map_err(|error| error.to_string());
        let wrong = match key {
            Ok(key) if key.name() == self.officer => return Ok(()),
            Ok(key) => format!("the key is of {}", key.name()),
            Err(reason) => reason,
        };
        Err(VaultError::Recipient { given: self.officer.clone(), reason: wrong })
    }
}

impl Vault {
    /// Who opens what is sealed from now on; `None` where it was never said.
    #[must_use]
    pub fn seal(&self) -> Option<&Seal> {
        self.leaves().iter().rev().find_map(|logged| match &logged.leaf.act {
            Act::SealMade { seal } => Some(seal),
            _ => None,
        })
    }

    /// Says who opens what is sealed.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn make_seal(&mut self, seal: Seal, stamp: &Stamp) -> Result<LeafId, VaultError> {
        self.append(stamp, Act::SealMade { seal })
    }

    /// The people of a version under their keys; empty where they were not sealed to officers.
    ///
    /// # Errors
    /// Where the file is not what its leaf says.
    pub fn sealed_people(&self, version: u32) -> Result<Vec<SealedPerson>, VaultError> {
        let name = format!("{version:04}{SEALED}");
        let there = self
            .leaves()
            .iter()
            .any(|logged| matches!(&logged.leaf.act, Act::Register { name: one, .. } if *one == name));
        if !there {
            return Ok(Vec::new());
        }
        let bytes = self.register_file(name)?;
        // The bytes are what the leaf says, so each line is one of ours.
        Ok(bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}

/// End of the name of a version's sealed people.
pub(crate) const SEALED: &str = ".sealed.jsonl";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_key_alone() {
        let (key, recipient) = fresh_key();
        let sealed = seal_text(&Protected::new("who he is".into()), &recipient).unwrap();
        assert_eq!(
            open_text(&sealed, &key).map(|text| text.expose().to_owned()).as_deref(),
            Some("who he is")
        );
        assert!(open_text(&sealed, &fresh_key().0).is_none());
        assert!(open_text("bm90aGluZw==", &key).is_none());
        assert!(seal_text(&key, "age1nobody").is_err());
    }

    #[test]
    fn an_officer_opens_and_signs_at_his_own_desk() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::of(&Keys::at(folder.path()), "vws");
        let card = desk.card("Registry").unwrap();
        card.check().unwrap();
        let share = seal_text(&Protected::new("801ab".into()), &card.recipient).unwrap();
        assert_eq!(desk.open(&share).unwrap().unwrap().expose(), "801ab");
        let note = desk.sign("yes\n".into()).unwrap();
        assert!(card.signed(&note));
        assert!(desk.card("Registry").is_err(), "keys are never overwritten");
        let other = Desk::of(&Keys::at(folder.path()), "judge");
        assert!(other.open(&share).is_err());
        let card = other.card("Presidency").unwrap();
        assert!(!card.signed(&note));
        assert!(other.open(&share).unwrap().is_none());
    }
}
