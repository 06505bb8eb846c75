//! Where does the register lie, and where do the people in it?
//!
//! A version is a file without identities, `0001.json`, and beside it `0001.sealed.jsonl`, each person
//! under a key of his own whose shares officers hold (`seal`), or, where there are no officers yet,
//! `0001.identities.age`, all of them to one key; and `0001.names`, the keyed numbers by which names are
//! known again in evidence. `age -d` opens what is sealed without us. What was
//! handed over is not kept. Each file has its leaf before it takes effect, and a file that is not
//! what its leaf says is not read.

use assize_model::{LeafId, Protected};
use data_encoding::BASE64;

use crate::seal::{SEALED, SealedPerson, seal_text};
use crate::{Act, Keys, MaskingKey, Stamp, Vault, VaultError, at, sha256_of};

const END: &str = ".json";

const NAMES: &str = ".names";

/// Who is sealed, and to whom.
pub enum Sealing<'a> {
    /// All of them together, to one key: whoever has it has all.
    Together {
        /// A JSON object a line.
        identities: &'a Protected,
        /// age recipient.
        recipient: &'a str,
    },
    /// Each to a key of his own, whose shares officers hold.
    Each(&'a [SealedPerson]),
}

impl Vault {
    /// Keeps a version of the register; the identities are sealed before anything is written.
    ///
    /// # Errors
    /// Where the recipient is none, or the disk refuses.
    pub fn put_register_version(
        &mut self,
        version: u32,
        register: &[u8],
        names: &[u8],
        sealing: Option<Sealing<'_>>,
        stamp: &Stamp,
    ) -> Result<LeafId, VaultError> {
        match sealing {
            None => {}
            Some(Sealing::Together { identities, recipient }) => {
                let sealed = BASE64.decode(seal_text(identities, recipient)?.as_bytes()).unwrap_or_default();
                self.put_register(&format!("{version:04}.identities.age"), &sealed, stamp)?;
            }
            Some(Sealing::Each(people)) => {
                let line = |person| serde_json::to_string(person).unwrap_or_default() + "\n";
                let lines: String = people.iter().map(line).collect();
                self.put_register(&format!("{version:04}{SEALED}"), lines.as_bytes(), stamp)?;
            }
        }
        self.put_register(&format!("{version:04}{NAMES}"), names, stamp)?;
        self.put_register(&format!("{version:04}{END}"), register, stamp)
    }

    /// Numbers of the versions that there are, the oldest first.
    #[must_use]
    pub fn register_versions(&self) -> Vec<u32> {
        let names = self.leaves().iter().filter_map(|logged| match &logged.leaf.act {
            Act::Register { name, .. } => name.strip_suffix(END),
            _ => None,
        });
        let mut versions: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }

    /// The bytes of a version.
    ///
    /// # Errors
    /// Where there is none, or it is not what its leaf says.
    pub fn register_version(&self, version: u32) -> Result<Vec<u8>, VaultError> {
        self.register_file(format!("{version:04}{END}"))
    }

    /// By what the names of a version are known again: keyed numbers. `None` where a program wrote the version
    /// that kept none.
    ///
    /// # Errors
    /// As [`Self::register_version`].
    pub fn register_names(&self, version: u32) -> Result<Option<Vec<u8>>, VaultError> {
        let wanted = format!("{version:04}{NAMES}");
        let kept = |act: &Act| matches!(act, Act::Register { name, .. } if *name == wanted);
        if !self.leaves().iter().any(|logged| kept(&logged.leaf.act)) {
            return Ok(None);
        }
        self.register_file(wanted).map(Some)
    }

    pub(crate) fn register_file(&self, wanted: String) -> Result<Vec<u8>, VaultError> {
        let path = self.root.join("register").join(&wanted);
        let leaf = self.leaves().iter().rev().find_map(|logged| match &logged.leaf.act {
            Act::Register { name, sha256 } if *name == wanted => Some(sha256),
            _ => None,
        });
        let bytes = self.disk.read(&path).map_err(at(&path))?;
        match (leaf, bytes) {
            (Some(expected), Some(bytes)) if sha256_of(&bytes) == *expected => Ok(bytes),
            (Some(_), Some(_)) => {
                let reason = "not what its leaf in the custody log says; `assize verify` tells what differs";
                Err(VaultError::Given { path, reason: reason.to_owned() })
            }
            _ => Err(at(&path)(std::io::ErrorKind::NotFound.into())),
        }
    }

    /// The key by which masked names are recognised; `None` where it was not in the key folder when the
    /// case was opened for writing.
    #[must_use]
    pub fn masking(&self) -> Option<&MaskingKey> {
        self.masking.as_ref()
    }

    /// The same, looked for in a key folder: whoever only looks at a case covers names too.
    ///
    /// # Errors
    /// Where the key is there and cannot be used.
    pub fn masking_in(&self, keys: &Keys) -> Result<Option<MaskingKey>, VaultError> {
        keys.masking(&self.made.origin)
    }

    /// The same; made if there is none yet.
    ///
    /// # Errors
    /// Where the key folder refuses.
    pub fn masking_or_new(&mut self, keys: &Keys) -> Result<MaskingKey, VaultError> {
        let known = keys.masking(&self.made.origin)?;
        let key = known.map_or_else(|| keys.new_masking(&self.made.origin), Ok)?;
        self.masking = Some(key.clone());
        Ok(key)
    }
}
