//! Who says that this is the log, and how is that kept?
//!
//! `log/checkpoint` is the signed head (C2SP checkpoint). It is made anew after each batch of leaves,
//! when the tiles of that size are on disk, and never over leaves that an older checkpoint
//! contradicts. One that was cosigned is kept in `log/cosigned/<size>` before it is replaced: it is what
//! the outside world has seen.

use std::path::PathBuf;

use crate::disk::Readers;
use crate::leaf::Act;
use crate::log::CHECKPOINT;
use crate::note::{Algorithm, Head, Note, PublicKey, SignatureLine};
use crate::policy::Policy;
use crate::{Stamp, Vault, VaultError, at, tiles};

/// What became of a wish to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// All leaves are under a checkpoint that was made just now.
    Signed(Head),
    /// They were already.
    Already(Head),
    /// The key is not here: the newest leaves are under no checkpoint.
    NoKey,
}

/// Public key of the log, for those who look into the folder.
pub(crate) const KEY: &str = "log/key.pub";
/// Checkpoints that were cosigned.
pub(crate) const COSIGNED: &str = "log/cosigned";

impl Vault {
    /// The newest checkpoint with its head; `None` if there is none.
    ///
    /// # Errors
    /// [`VaultError::Head`] where it is not this log's, or these are not the leaves that it signs.
    pub fn checkpoint(&self) -> Result<Option<(Note, Head)>, VaultError> {
        let path = self.root.join(CHECKPOINT);
        let Some(bytes) = self.disk.read(&path).map_err(at(&path))? else { return Ok(None) };
        let refused = |reason: String| VaultError::Head { path: path.clone(), reason };
        let text = String::from_utf8(bytes).map_err(|error| refused(error.to_string()))?;
        let note: Note = text.parse().map_err(|error: crate::NoteError| refused(error.to_string()))?;
        let head = self.head_of(&note).map_err(refused)?;
        Ok(Some((note, head)))
    }

    /// The head in a note, if this log's key signed it and these leaves have it.
    fn head_of(&self, note: &Note) -> Result<Head, String> {
        let head = Head::of(note).map_err(|error| error.to_string())?;
        if head.origin != self.made.origin || note.by(&self.made.key).is_none() {
            return Err("it is not signed by the key of this log".to_owned());
        }
        match self.log.tree().root_at(head.size) {
            None => Err(format!(
                "it speaks of {} leaves, and {} are here: the end of the log was dropped",
                head.size,
                self.log.tree().size()
            )),
            Some(root) if root != head.root => {
                Err(format!("the first {} leaves are not those that it signs", head.size))
            }
            Some(_) => Ok(head),
        }
    }

    /// Signs the log as it stands, if that is not done and the key is here.
    ///
    /// # Errors
    /// Where what is signed already does not fit the leaves, or the disk refuses.
    pub fn sign(&mut self) -> Result<Signing, VaultError> {
        let tree = self.log.tree();
        let old = self.checkpoint()?;
        if let Some((_, head)) = &old
            && head.size == tree.size()
        {
            // It may be there by a call that failed before it could wait for its name.
            let folder = self.root.join("log");
            self.disk.sync_folder(&folder).map_err(at(&folder))?;
            return Ok(Signing::Already(head.clone()));
        }
        let Some(key) = &self.signing else { return Ok(Signing::NoKey) };
        let head = Head { origin: self.made.origin.clone(), size: tree.size(), root: tree.root() };
        let note = Note::signed(head.text(), key);
        let folder = self.root.join("log");
        tiles::write(self.disk.as_ref(), &folder, tree, self.log.leaves())?;
        if let Some((note, head)) = &old {
            self.keep_cosigned(note, head)?;
        } else {
            self.write("log/key.pub", &format!("{}\n", self.made.key))?;
        }
        self.write(CHECKPOINT, &note.to_string())?;
        if let Some((_, old)) = &old {
            tiles::prune(self.disk.as_ref(), &folder, old.size, head.size)?;
        }
        Ok(Signing::Signed(head))
    }

    /// Signs, and says what to do where the key is not here.
    ///
    /// # Errors
    /// [`VaultError::NoKey`], and those of [`Self::sign`].
    pub fn signed(&mut self) -> Result<Head, VaultError> {
        match self.sign()? {
            Signing::Signed(head) | Signing::Already(head) => Ok(head),
            Signing::NoKey => {
                Err(VaultError::NoKey { name: self.made.origin.clone(), folder: self.keys.clone() })
            }
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<(), VaultError> {
        let path = self.root.join(name);
        self.disk.write_whole(&path, text.as_bytes(), Readers::Usual).map_err(at(&path))
    }

    fn keep_cosigned(&self, note: &Note, head: &Head) -> Result<(), VaultError> {
        if note.signatures().len() < 2 {
            return Ok(());
        }
        self.write(&format!("{COSIGNED}/{}", head.size), &note.to_string())
    }

    /// All checkpoints that outsiders have cosigned, oldest first, the newest one included.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn cosigned(&self) -> Result<Vec<(Note, Head)>, VaultError> {
        let folder = self.root.join(COSIGNED);
        let mut cosigned = Vec::new();
        for name in self.disk.list(&folder).map_err(at(&folder))? {
            let path: PathBuf = folder.join(&name);
            let bytes = self.disk.read(&path).map_err(at(&path))?.unwrap_or_default();
            let note = String::from_utf8(bytes).ok().and_then(|text| text.parse::<Note>().ok());
            let unreadable = || VaultError::Head { path: path.clone(), reason: "not a signed note".into() };
            let note = note.ok_or_else(unreadable)?;
            let head =
                self.head_of(&note).map_err(|reason| VaultError::Head { path: path.clone(), reason })?;
            cosigned.push((note, head));
        }
        cosigned.extend(self.checkpoint()?.filter(|(note, _)| note.signatures().len() > 1));
        cosigned.sort_by_key(|(_, head)| head.size);
        Ok(cosigned)
    }

    /// Writes down whose key a witness's is; the log's holder says so himself.
    ///
    /// # Errors
    /// Where the key is no witness's, is known already, or is the log's own.
    pub fn name_witness(
        &mut self,
        organisation: &str,
        key: &PublicKey,
        stamp: &Stamp,
    ) -> Result<(), VaultError> {
        let refused = |reason: &str| VaultError::Given { path: key.name().into(), reason: reason.to_owned() };
        if key.algorithm() != Algorithm::Cosignature {
            return Err(refused(
                "a log's key; a witness has one of his own (`assize custody cosign --new NAME`)",
            ));
        }
        if key.bytes() == self.made.key.bytes() {
            return Err(refused("the log's own key cannot witness the log"));
        }
        let known = self.witnesses();
        if let Some((other, _)) = known.iter().find(|(_, known)| known.bytes() == key.bytes()) {
            if other == organisation {
                return Ok(());
            }
            return Err(refused(&format!("this key is already named as that of {other}")));
        }
        let act = Act::Witness { organisation: organisation.to_owned(), key: key.to_string() };
        self.append(stamp, act)?;
        Ok(())
    }

    /// The witnesses that the holder named: organisation and key, in order of the log.
    #[must_use]
    pub fn witnesses(&self) -> Vec<(String, PublicKey)> {
        Policy::named_in(self.log.leaves())
    }

    /// Takes cosignatures of the newest checkpoint from a text that a witness gave back, and says how
    /// many of them are new.
    ///
    /// # Errors
    /// Where none of the lines is one of a named witness over the newest checkpoint.
    pub fn take_cosignatures(&mut self, text: &str) -> Result<usize, VaultError> {
        let path = self.root.join(CHECKPOINT);
        let refused = |reason: &str| VaultError::Head { path: path.clone(), reason: reason.to_owned() };
        let (mut note, head) = self.checkpoint()?.ok_or_else(|| refused("there is no checkpoint yet"))?;
        let before = note.signatures().len();
        let lines = text.lines().filter(|line| line.starts_with('\u{2014}'));
        let lines: Vec<SignatureLine> = lines.filter_map(|line| line.parse().ok()).collect();
        let mut good = 0;
        for line in lines {
            let mut tried = Note::clone(&note);
            tried.only(line.clone());
            if self.witnesses().iter().any(|(_, key)| tried.by(key).is_some()) {
                good += 1;
                note.add(line);
            }
        }
        if good == 0 {
            return Err(refused(&format!(
                "none of the lines given is a cosignature of its {} leaves by a witness that is named in this log (`assize custody checkpoint --name ORGANISATION --key FILE`)",
                head.size
            )));
        }
        self.write(CHECKPOINT, &note.to_string())?;
        Ok(note.signatures().len() - before)
    }
}
