//! Where does the register lie, and where do the people in it?
//!
//! A version is a file without identities, `0001.json`, and beside it, sealed to the officers'
//! key, `0001.identities.age`: one JSON object a line, which `age -d` opens without us. What was
//! handed over is not kept. Each file has its leaf before it takes effect, and a file that is not
//! what its leaf says is not read.

use std::io::Write;

use assize_model::{LeafId, Protected};

use crate::bundle::recipient_of;
use crate::{Act, Keys, MaskingKey, Stamp, Vault, VaultError, at, sha256_of};

const END: &str = ".json";

/// Who is sealed, and to whom.
pub struct Sealing<'a> {
    /// A JSON object a line.
    pub identities: &'a Protected,
    /// age recipient of the officers.
    pub recipient: &'a str,
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
        sealing: Option<Sealing<'_>>,
        stamp: &Stamp,
    ) -> Result<LeafId, VaultError> {
        if let Some(sealing) = sealing {
            let sealed = sealed(&sealing)?;
            self.put_register(&format!("{version:04}.identities.age"), &sealed, stamp)?;
        }
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
        let wanted = format!("{version:04}{END}");
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

fn sealed(sealing: &Sealing<'_>) -> Result<Vec<u8>, VaultError> {
    let recipient = recipient_of(sealing.recipient)?;
    let refused = |reason: String| VaultError::Recipient { given: sealing.recipient.to_owned(), reason };
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor =
        age::Encryptor::with_recipients(recipients).map_err(|error| refused(error.to_string()))?;
    let mut bytes = Vec::new();
    let write = || {
        let mut writer = encryptor.wrap_output(&mut bytes)?;
        writer.write_all(sealing.identities.expose().as_bytes())?;
        writer.finish().map(drop)
    };
    write().map_err(|error: std::io::Error| refused(error.to_string()))?;
    Ok(bytes)
}
