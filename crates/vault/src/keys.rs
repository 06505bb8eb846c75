//! Where do the keys lie, which must never lie in the case?
//!
//! A folder of the person's own (`$ASSIZE_KEYS`), readable by nobody else: for each case the key
//! that signs its log and, if its exhibits are encrypted, the custody key that opens them; a
//! witness's key and what he remembers. A file that others may read is refused, as ssh does. With a
//! passphrase a key is an age file: `age -d` opens it without us.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::{ExposeSecret, SecretString};
use assize_model::Protected;
use data_encoding::HEXLOWER;

use crate::disk::{Disk, Readers, RealDisk};
use crate::note::{Algorithm, PublicKey, SecretKey};
use crate::{VaultError, at};

/// The key folder, and the passphrase of its keys if they have one.
#[derive(Clone)]
pub struct Keys {
    folder: PathBuf,
    passphrase: Option<Arc<SecretString>>,
    disk: Arc<dyn Disk>,
}

/// What opens exhibits that are encrypted at rest.
#[derive(Clone)]
pub(crate) struct CustodyKey(pub(crate) Arc<age::x25519::Identity>);

/// By which a protected name can be recognised without being written down. Who has it can find out
/// by guessing; who has not, cannot. No `Debug`.
#[derive(Clone)]
pub struct MaskingKey([u8; 32]);

impl MaskingKey {
    /// 128 bits that say nothing of the text without the key, hexadecimal.
    #[must_use]
    pub fn digest(&self, text: &str) -> String {
        HEXLOWER.encode(&blake3::keyed_hash(&self.0, text.as_bytes()).as_bytes()[..16])
    }

    /// A key for what is looked at and not kept: it is no secret.
    #[must_use]
    pub const fn of_nobody() -> Self {
        Self([0; 32])
    }

    /// The key under which words of names are hashed: another one, so that what is known of one says
    /// nothing of the other.
    #[must_use]
    pub fn for_words(&self) -> [u8; 16] {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::keyed_hash(&self.0, b"words of names").as_bytes()[..16]);
        key
    }
}

impl Keys {
    /// The keys in a folder, which is made when the first key is.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), passphrase: None, disk: Arc::new(RealDisk) }
    }

    /// The same, on another disk.
    #[must_use]
    pub fn on(disk: Arc<dyn Disk>, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), passphrase: None, disk }
    }

    /// With the passphrase that new keys get and old ones are opened with.
    #[must_use]
    pub fn with_passphrase(mut self, passphrase: String) -> Self {
        self.passphrase = Some(Arc::new(SecretString::from(passphrase)));
        self
    }

    /// Where they lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a key of this name is there but asks for a passphrase that was not given.
    #[must_use]
    pub fn needs_passphrase(&self, name: &str) -> bool {
        let locked = |kind: Kind| self.disk.exists(&self.path(name, kind, Locked::Yes));
        self.passphrase.is_none() && [Kind::Signing, Kind::Custody, Kind::Masking].into_iter().any(locked)
    }

    /// Makes a signing key, and its public half beside it for giving away.
    ///
    /// # Errors
    /// Where there is one already, or the disk refuses.
    pub fn new_signing(&self, name: &str, algorithm: Algorithm) -> Result<SecretKey, VaultError> {
        self.new_signing_as(name, name, algorithm)
    }

    /// The same, of a key that signs by another name than its file has.
    pub(crate) fn new_signing_as(
        &self,
        name: &str,
        signs_as: &str,
        algorithm: Algorithm,
    ) -> Result<SecretKey, VaultError> {
        let path = self.path(name, Kind::Signing, Locked::No);
        let key = SecretKey::new(signs_as, algorithm, random()?);
        let key = key.map_err(|error| refused(&path, &error.to_string()))?;
        self.write(name, Kind::Signing, &key.to_text())?;
        self.write_public(name, key.public())?;
        Ok(key)
    }

    /// Writes a public key where people look for it.
    fn write_public(&self, name: &str, key: &PublicKey) -> Result<(), VaultError> {
        let path = self.folder.join(format!("{}.pub", file_name(name)));
        self.disk.write_whole(&path, format!("{key}\n").as_bytes(), Readers::Usual).map_err(at(&path))
    }

    /// The signing key of that name; `None` if it is not here.
    ///
    /// # Errors
    /// Where it is here and cannot be used.
    pub fn signing(&self, name: &str) -> Result<Option<SecretKey>, VaultError> {
        let Some((path, text)) = self.read(name, Kind::Signing)? else { return Ok(None) };
        let key = SecretKey::from_text(&text).map_err(|error| refused(&path, &error.to_string()))?;
        Ok(Some(key))
    }

    /// Makes a custody key, and returns its public half.
    pub(crate) fn new_custody(&self, name: &str) -> Result<(CustodyKey, String), VaultError> {
        let key = age::x25519::Identity::generate();
        self.write(name, Kind::Custody, key.to_string().expose_secret())?;
        let recipient = key.to_public().to_string();
        Ok((CustodyKey(Arc::new(key)), recipient))
    }

    /// A key for others to seal names to, and who seals needs only its public half, which is returned. It is
    /// here that an exercise makes one; a house's officers bring their own.
    ///
    /// # Errors
    /// Where there is one of that name, or the disk refuses.
    pub fn new_recipient(&self, name: &str) -> Result<String, VaultError> {
        Ok(self.new_custody(name)?.1)
    }

    pub(crate) fn custody(&self, name: &str) -> Result<Option<CustodyKey>, VaultError> {
        let Some((path, text)) = self.read(name, Kind::Custody)? else { return Ok(None) };
        // A person may have put comments there, as age-keygen does.
        let line = text.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-"));
        let key = line.and_then(|line| line.parse().ok());
        let key: age::x25519::Identity = key.ok_or_else(|| refused(&path, "not an age identity (X25519)"))?;
        Ok(Some(CustodyKey(Arc::new(key))))
    }

    /// The masking key of that name; `None` if it is not here.
    ///
    /// # Errors
    /// Where it is here and cannot be used.
    pub fn masking(&self, name: &str) -> Result<Option<MaskingKey>, VaultError> {
        let Some((path, text)) = self.read(name, Kind::Masking)? else { return Ok(None) };
        let key = HEXLOWER.decode(text.trim().as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        key.map(|key| Some(MaskingKey(key))).ok_or_else(|| refused(&path, "not 32 bytes in hexadecimal"))
    }

    /// Makes a masking key.
    pub(crate) fn new_masking(&self, name: &str) -> Result<MaskingKey, VaultError> {
        let key = random()?;
        self.write(name, Kind::Masking, &HEXLOWER.encode(&key))?;
        Ok(MaskingKey(key))
    }

    /// Keeps the secret of a request to unseal until it is answered.
    ///
    /// # Errors
    /// Where the key folder refuses.
    pub fn keep_request(&self, request: &str, secret: &Protected) -> Result<(), VaultError> {
        self.write(&request_name(request), Kind::Custody, secret.expose())
    }

    /// The secret of a request; `None` where it is not here, or was answered.
    ///
    /// # Errors
    /// Where it is here and cannot be read.
    pub fn request(&self, request: &str) -> Result<Option<Protected>, VaultError> {
        Ok(self.read(&request_name(request), Kind::Custody)?.map(|(_, text)| Protected::new(text)))
    }

    /// Forgets the secret of a request.
    ///
    /// # Errors
    /// Where the key folder refuses.
    pub fn forget_request(&self, request: &str) -> Result<(), VaultError> {
        for locked in [Locked::No, Locked::Yes] {
            let path = self.path(&request_name(request), Kind::Custody, locked);
            if self.disk.exists(&path) {
                self.disk.remove(&path).map_err(at(&path))?;
            }
        }
        Ok(())
    }

    /// A small file of ours beside the keys, as a witness's memory; `None` if there is none.
    pub(crate) fn note(&self, name: &str) -> Result<Option<String>, VaultError> {
        let path = self.folder.join(name);
        let bytes = self.disk.read(&path).map_err(at(&path))?;
        if bytes.is_some() {
            owner_only(&path)?;
        }
        bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| refused(&path, "not text"))).transpose()
    }

    pub(crate) fn write_note(&self, name: &str, text: &str) -> Result<(), VaultError> {
        self.make_folder()?;
        let path = self.folder.join(name);
        self.disk.write_whole(&path, text.as_bytes(), Readers::OwnerOnly).map_err(at(&path))
    }

    fn path(&self, name: &str, kind: Kind, locked: Locked) -> PathBuf {
        let end = if locked == Locked::Yes { ".age" } else { "" };
        self.folder.join(format!("{}.{}{end}", file_name(name), kind.ending()))
    }

    fn make_folder(&self) -> Result<(), VaultError> {
        let made = !self.disk.exists(&self.folder);
        self.disk.make_folder_safe(&self.folder).map_err(at(&self.folder))?;
        if made && self.folder.is_dir() {
            let owner = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(&self.folder, owner).map_err(at(&self.folder))?;
        }
        Ok(())
    }

    fn write(&self, name: &str, kind: Kind, text: &str) -> Result<(), VaultError> {
        self.make_folder()?;
        for locked in [Locked::No, Locked::Yes] {
            let path = self.path(name, kind, locked);
            if self.disk.exists(&path) {
                return Err(refused(&path, "there is a key of this name already; it is not overwritten"));
            }
        }
        let (path, bytes) = match &self.passphrase {
            None => (self.path(name, kind, Locked::No), format!("{text}\n").into_bytes()),
            Some(passphrase) => {
                let path = self.path(name, kind, Locked::Yes);
                let bytes = lock(passphrase, text).map_err(at(&path))?;
                (path, bytes)
            }
        };
        self.disk.write_whole(&path, &bytes, Readers::OwnerOnly).map_err(at(&path))
    }

    fn read(&self, name: &str, kind: Kind) -> Result<Option<(PathBuf, String)>, VaultError> {
        let path = self.path(name, kind, Locked::No);
        if let Some(bytes) = self.disk.read(&path).map_err(at(&path))? {
            owner_only(&path)?;
            let text = String::from_utf8(bytes).map_err(|_| refused(&path, "not text"))?;
            return Ok(Some((path, text)));
        }
        let path = self.path(name, kind, Locked::Yes);
        let Some(bytes) = self.disk.read(&path).map_err(at(&path))? else { return Ok(None) };
        owner_only(&path)?;
        let Some(passphrase) = &self.passphrase else {
            return Err(VaultError::Passphrase(path));
        };
        let text = unlock(passphrase, &bytes).map_err(|reason| refused(&path, &reason))?;
        Ok(Some((path, text)))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signing,
    Custody,
    Masking,
}

impl Kind {
    fn ending(self) -> &'static str {
        match self {
            Self::Signing => "key",
            Self::Custody => "custody",
            Self::Masking => "masking",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Locked {
    No,
    Yes,
}

fn request_name(request: &str) -> String {
    format!("unseal.{}", request.get(..16).unwrap_or(request))
}

/// A key's name may hold a slash; its file's name may not.
pub(crate) fn file_name(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    let text: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    text.trim_start_matches('.').to_owned()
}

fn refused(path: &Path, reason: &str) -> VaultError {
    VaultError::Key { path: path.to_owned(), reason: reason.to_owned() }
}

fn owner_only(path: &Path) -> Result<(), VaultError> {
    // A disk of tests has no permissions to ask for.
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let reason = format!("others may read this key (mode {mode:o}); find out who did, then `chmod 600` it");
    Err(refused(path, &reason))
}

fn lock(passphrase: &SecretString, text: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
    // Fixed and not measured on this machine: a key made on a fast one must open on a slow one.
    recipient.set_work_factor(WORK_FACTOR);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(std::io::Error::other)?;
    let mut writer = encryptor.wrap_output(&mut bytes)?;
    writeln!(writer, "{text}")?;
    writer.finish()?;
    Ok(bytes)
}

/// 2^17 rounds of scrypt: 128 MiB and about half a second for each guess.
const WORK_FACTOR: u8 = 17;

fn unlock(passphrase: &SecretString, bytes: &[u8]) -> Result<String, String> {
    let wrong = "the passphrase does not open this key";
    let decryptor = age::Decryptor::new(bytes).map_err(|_| "not an age file".to_owned())?;
    let mut identity = age::scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(WORK_FACTOR);
    let mut reader =
        decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|_| wrong.to_owned())?;
    let mut text = String::new();
    reader.read_to_string(&mut text).map_err(|_| wrong.to_owned())?;
    Ok(text)
}

/// Bytes that nobody can guess: keys and salts. Nothing derived depends on them.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| VaultError::Random(error.to_string()))?;
    Ok(bytes)
}
