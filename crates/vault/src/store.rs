//! Where does the content of exhibits lie?
//!
//! `exhibits/ab/ab12…`: named by the SHA-256 of what lies there, written once, read-only; with
//! `.age` where it is encrypted to the custody key. Content comes through `exhibits/.incoming/`, where
//! it lies under its name until its leaf is in the log; so a crash between the two leaves a file
//! that the next writer puts in its place. What was taken in by reference lies where it was.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assize_model::{Digests, ExhibitId, Time};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::disk::{Bytes, Disk, DiskFile, Readers, open_source};
use crate::keys::CustodyKey;
use crate::leaf::Stored;
use crate::{VaultError, at};

/// Bytes read at a time: large enough that the digests, not the calls, are what costs.
const BLOCK: usize = 1 << 20;

/// Where an exhibit's content lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the store, as received.
    Plain { name: String },
    /// In the store, encrypted to the custody key.
    Encrypted { name: String },
    /// Where it was; with size and time of change as they were then.
    Reference { path: PathBuf, size: u64, modified: Option<String> },
}

impl Place {
    pub(crate) fn of(
        digests: &Digests,
        stored: Option<&Stored>,
        reference: Option<&str>,
        modified: Option<&str>,
    ) -> Self {
        match (reference, stored) {
            (Some(path), _) => Self::Reference {
                path: path_of(path),
                size: digests.size,
                modified: modified.map(str::to_owned),
            },
            (None, Some(stored)) => Self::Encrypted { name: format!("{}{AGE}", stored.sha256) },
            (None, None) => Self::Plain { name: digests.sha256.clone() },
        }
    }

    pub(crate) fn is_reference(&self) -> bool {
        matches!(self, Self::Reference { .. })
    }

    /// Its file's name in the store.
    pub(crate) fn stored_name(&self) -> Option<&str> {
        match self {
            Self::Plain { name } | Self::Encrypted { name } => Some(name),
            Self::Reference { .. } => None,
        }
    }
}

/// Ending of encrypted content.
pub(crate) const AGE: &str = ".age";

/// A path as text that gives the path again: bytes that are no UTF-8, and `\`, as `\xNN`.
pub(crate) fn path_text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\x5c"));
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

fn path_of(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let byte = rest.get(at + 2..at + 4).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let Some(byte) = byte else { break };
        bytes.push(byte);
        rest = &rest[at + 4..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

pub(crate) struct Store {
    disk: Arc<dyn Disk>,
    exhibits: PathBuf,
    incoming: PathBuf,
    /// To whom content is encrypted; none: it is not.
    recipient: Option<age::x25519::Recipient>,
}

/// Content that was read whole: in the staging area, or left where it was.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) id: ExhibitId,
    pub(crate) digests: Digests,
    pub(crate) stored: Option<Stored>,
    pub(crate) reference: Option<String>,
    pub(crate) modified: Option<String>,
}

impl Taken {
    pub(crate) fn place(&self) -> Place {
        Place::of(&self.digests, self.stored.as_ref(), self.reference.as_deref(), self.modified.as_deref())
    }
}

/// What a source gave, or why it gave nothing: the inner error is the source's, and the intake goes
/// on without it.
pub(crate) type Given<T> = Result<Result<T, String>, VaultError>;

impl Store {
    pub(crate) fn at(disk: &Arc<dyn Disk>, root: &Path) -> Self {
        let exhibits = root.join("exhibits");
        let incoming = exhibits.join(".incoming");
        Self { disk: Arc::clone(disk), incoming, exhibits, recipient: None }
    }

    pub(crate) fn encrypt_to(&mut self, recipient: &str) -> Result<(), VaultError> {
        let parsed = recipient.parse::<age::x25519::Recipient>();
        self.recipient = Some(parsed.map_err(|reason| VaultError::Recipient {
            given: recipient.to_owned(),
            reason: reason.to_owned(),
        })?);
        Ok(())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.exhibits
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.exhibits.join(name.get(..2).unwrap_or(name)).join(name)
    }

    /// Makes the staging area.
    pub(crate) fn prepare(&self) -> Result<(), VaultError> {
        self.disk.make_folder_safe(&self.incoming).map_err(at(&self.incoming))
    }

    /// Opens what lies at a place; encrypted content with the key.
    pub(crate) fn open(&self, place: &Place, key: Option<&CustodyKey>) -> Result<Content, NotOpened> {
        match place {
            Place::Plain { name } => {
                Ok(Content(self.disk.open(&self.file(name)).map_err(|_| NotOpened::Missing)?))
            }
            Place::Encrypted { name } => {
                let file = self.disk.open(&self.file(name)).map_err(|_| NotOpened::Missing)?;
                let key = key.ok_or(NotOpened::NoKey)?;
                Ok(Content(decrypted(file, key)?))
            }
            Place::Reference { path, size, modified } => {
                let file = open_source(path).map_err(|error| NotOpened::Gone(path.clone(), error))?;
                let metadata = file.metadata().map_err(|error| NotOpened::Gone(path.clone(), error))?;
                if metadata.len() != *size || &modified_of(&metadata) != modified {
                    return Err(NotOpened::Changed(path.clone()));
                }
                Ok(Content(Box::new(file)))
            }
        }
    }

    /// Copies and digests a file in one pass into the staging area.
    pub(crate) fn take(
        &self,
        source: &Path,
        group: &mut Group,
        known: &dyn Fn(&str) -> Option<Place>,
        progress: &mut dyn FnMut(u64),
    ) -> Given<Taken> {
        let part = self.incoming.join(format!("part-{}", group.files.len()));
        let taken = self.copy(source, &part, group, known, progress);
        if !matches!(taken, Ok(Ok(_))) {
            // Room for others; the next writer would drop it too.
            let _ = self.disk.remove(&part);
        }
        taken
    }

    fn copy(
        &self,
        source: &Path,
        part: &Path,
        group: &mut Group,
        known: &dyn Fn(&str) -> Option<Place>,
        progress: &mut dyn FnMut(u64),
    ) -> Given<Taken> {
        let mut from = match open_source(source) {
            Ok(from) => from,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let file = self.disk.create(part, Readers::NobodyWrites).map_err(at(part))?;
        let mut to = Target::new(file, self.recipient.as_ref()).map_err(at(part))?;
        let given = digest_source(&mut from, progress, &mut |block| to.write_all(block).map_err(at(part)))?;
        let (digests, modified) = match given {
            Ok(given) => given,
            Err(reason) => return Ok(Err(reason)),
        };
        let (file, stored) = to.finish().map_err(at(part))?;
        let mut taken = Taken { id: id_of(&digests)?, digests, stored, reference: None, modified };
        let sha256 = taken.digests.sha256.clone();
        let before =
            group.stored.get(&sha256).cloned().or_else(|| known(&sha256).filter(|p| !p.is_reference()));
        if let Some(place) = before {
            // The same content is in the store, or waits beside this: one copy of it is enough.
            self.disk.remove(part).map_err(at(part))?;
            taken.stored = match (group.encrypted(&sha256), &place) {
                (Some(stored), _) => Some(stored),
                (None, Place::Encrypted { .. }) => Some(self.stored_again(&place)?),
                (None, _) => None,
            };
            return Ok(Ok(taken));
        }
        let place = taken.place();
        let staged = self.incoming.join(place.stored_name().unwrap_or_default());
        self.disk.rename(part, &staged).map_err(at(&staged))?;
        group.take(&sha256, place, taken.stored.clone(), file);
        Ok(Ok(taken))
    }

    /// What the store holds under a name, as a leaf says it.
    fn stored_again(&self, place: &Place) -> Result<Stored, VaultError> {
        let name = place.stored_name().unwrap_or_default();
        let path = self.file(name);
        let mut file = self.disk.open(&path).map_err(at(&path))?;
        let size = file.seek(SeekFrom::End(0)).map_err(at(&path))?;
        Ok(Stored { sha256: name.trim_end_matches(AGE).to_owned(), size })
    }

    /// Digests a file and leaves it where it lies.
    pub(crate) fn refer(&self, source: &Path, progress: &mut dyn FnMut(u64)) -> Given<Taken> {
        let place = match std::fs::canonicalize(source) {
            Ok(place) => place,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut from = match open_source(&place) {
            Ok(from) => from,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let (digests, modified) = match digest_source(&mut from, progress, &mut |_| Ok(()))? {
            Ok(given) => given,
            Err(reason) => return Ok(Err(reason)),
        };
        let reference = Some(path_text(&place));
        Ok(Ok(Taken { id: id_of(&digests)?, digests, stored: None, reference, modified }))
    }

    /// Moves staged content to its place and waits until it is there. Its leaves are in the log by now.
    pub(crate) fn settle(&self, names: &BTreeSet<String>) -> Result<(), VaultError> {
        self.make_places(names)?;
        names.iter().try_for_each(|name| self.settle_staged(name))?;
        self.sync(names)
    }

    /// Makes the folders that content will lie in. They are on the disk before anything is moved into
    /// them: a file that is moved into a folder that is not there after all is nowhere.
    fn make_places(&self, names: &BTreeSet<String>) -> Result<(), VaultError> {
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            let place = self.file(name);
            let folder = place.parent().unwrap_or(&self.exhibits);
            if !self.disk.exists(folder) {
                self.disk.make_folder(folder).map_err(at(folder))?;
            }
        }
        // Also where none was made now: an earlier call may have made one and failed to wait.
        self.disk.sync_folder(&self.exhibits).map_err(at(&self.exhibits))
    }

    fn settle_staged(&self, name: &str) -> Result<(), VaultError> {
        let (staged, place) = (self.incoming.join(name), self.file(name));
        if self.disk.exists(&place) {
            // Write-once: what lies there is not touched again. Twins in one group share a stage.
            return match self.disk.remove(&staged) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&staged)(error)),
                _ => Ok(()),
            };
        }
        self.disk.rename(&staged, &place).map_err(at(&place))
    }

    /// Waits until the content of a group and its names are on disk: no leaf may be there before.
    pub(crate) fn sync_staged(&self, group: &mut Group) -> Result<(), VaultError> {
        if group.files.is_empty() {
            return Ok(());
        }
        self.disk.sync_files(&mut group.files).map_err(at(&self.incoming))?;
        group.files.clear();
        self.disk.sync_folder(&self.incoming).map_err(at(&self.incoming))
    }

    /// Waits until the places of settled content are on disk.
    fn sync(&self, names: &BTreeSet<String>) -> Result<(), VaultError> {
        let folders: BTreeSet<PathBuf> =
            names.iter().filter_map(|name| Some(self.file(name).parent()?.to_owned())).collect();
        self.disk.sync_folders(&folders).map_err(at(&self.exhibits))
    }

    /// After an interruption: staged content whose leaf is in the log takes its place; what has no
    /// leaf was never acknowledged and is dropped.
    pub(crate) fn finish_interrupted(&self, logged: &BTreeSet<String>) -> Result<(), VaultError> {
        let staged = self.disk.list(&self.incoming).map_err(at(&self.incoming))?;
        let (settled, dropped): (BTreeSet<String>, BTreeSet<String>) =
            staged.into_iter().partition(|name| logged.contains(name));
        for name in dropped {
            let path = self.incoming.join(&name);
            self.disk.remove(&path).map_err(at(&path))?;
        }
        self.settle(&settled)
    }
}

/// Why content could not be opened.
pub(crate) enum NotOpened {
    Missing,
    NoKey,
    WrongKey,
    Gone(PathBuf, io::Error),
    Changed(PathBuf),
}

/// Files taken together, whose content waits for the disk once.
#[derive(Default)]
pub(crate) struct Group {
    files: Vec<Box<dyn DiskFile>>,
    stored: std::collections::BTreeMap<String, Place>,
    encrypted: std::collections::BTreeMap<String, Stored>,
}

impl Group {
    fn take(&mut self, sha256: &str, place: Place, stored: Option<Stored>, file: Box<dyn DiskFile>) {
        self.files.push(file);
        self.stored.insert(sha256.to_owned(), place);
        if let Some(stored) = stored {
            self.encrypted.insert(sha256.to_owned(), stored);
        }
    }

    fn encrypted(&self, sha256: &str) -> Option<Stored> {
        self.encrypted.get(sha256).cloned()
    }
}

/// An exhibit's content, in clear, readable from anywhere.
pub struct Content(Box<dyn Bytes>);

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Content {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

fn decrypted(file: Box<dyn Bytes>, key: &CustodyKey) -> Result<Box<dyn Bytes>, NotOpened> {
    let decryptor = age::Decryptor::new(file).map_err(|_| NotOpened::WrongKey)?;
    let identity: &dyn age::Identity = key.0.as_ref();
    let reader = decryptor.decrypt(std::iter::once(identity)).map_err(|_| NotOpened::WrongKey)?;
    Ok(Box::new(reader))
}

/// A file in the staging area, written in clear or encrypted on the way.
enum Target {
    Plain(Box<dyn DiskFile>),
    Encrypted(Box<age::stream::StreamWriter<Digesting>>),
}

/// Digests what is written: the name of encrypted content.
pub(crate) struct Digesting {
    file: Box<dyn DiskFile>,
    sha256: Sha256,
    size: u64,
}

impl Digesting {
    pub(crate) fn new(file: Box<dyn DiskFile>) -> Self {
        Self { file, sha256: Sha256::new(), size: 0 }
    }

    pub(crate) fn finish(self) -> (Box<dyn DiskFile>, Stored) {
        let sha256 = HEXLOWER.encode(&self.sha256.finalize());
        (self.file, Stored { sha256, size: self.size })
    }
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Target {
    fn new(file: Box<dyn DiskFile>, recipient: Option<&age::x25519::Recipient>) -> io::Result<Self> {
        let Some(recipient) = recipient else { return Ok(Self::Plain(file)) };
        let recipients = std::iter::once(recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        Ok(Self::Encrypted(Box::new(encryptor.wrap_output(Digesting::new(file))?)))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Encrypted(writer) => writer.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<(Box<dyn DiskFile>, Option<Stored>)> {
        match self {
            Self::Plain(file) => Ok((file, None)),
            Self::Encrypted(writer) => {
                let (file, stored) = writer.finish()?.finish();
                Ok((file, Some(stored)))
            }
        }
    }
}

/// Reads a source once from beginning to end. A source that changes meanwhile gives bytes that it
/// never held at one time: it is refused.
fn digest_source(
    from: &mut File,
    progress: &mut dyn FnMut(u64),
    each: &mut dyn FnMut(&[u8]) -> Result<(), VaultError>,
) -> Given<(Digests, Option<String>)> {
    let before = match from.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let mut failed = None;
    let digests = digest(from, &mut |block| {
        progress(block.len() as u64);
        each(block).map_err(|error| {
            failed = Some(error);
            io::ErrorKind::Other.into()
        })
    });
    let digests = match (digests, failed) {
        (_, Some(error)) => return Err(error),
        (Err(error), None) => return Ok(Err(error.to_string())),
        (Ok(digests), None) => digests,
    };
    let after = match from.metadata() {
        Ok(metadata) => metadata,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let same = before.len() == after.len() && before.modified().ok() == after.modified().ok();
    if !same || digests.size != after.len() {
        let reason = format!(
            "changed while it was being read ({} bytes before, {} read, {} after); admit it again when nobody writes to it",
            before.len(),
            digests.size,
            after.len()
        );
        return Ok(Err(reason));
    }
    Ok(Ok((digests, modified_of(&after))))
}

/// Both digests and the size of a stream.
pub(crate) fn digest(
    from: &mut dyn Read,
    each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Digests> {
    let (mut sha256, mut blake3, mut size) = (Sha256::new(), blake3::Hasher::new(), 0);
    let mut block = vec![0; BLOCK];
    loop {
        let read = match from.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        sha256.update(&block[..read]);
        blake3.update(&block[..read]);
        size += read as u64;
        each(&block[..read])?;
    }
    let sha256 = HEXLOWER.encode(&sha256.finalize());
    Ok(Digests { sha256, blake3: blake3.finalize().to_hex().to_string(), size })
}

/// When a file system says that a file was last changed.
pub(crate) fn modified_of(metadata: &Metadata) -> Option<String> {
    let since = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Time(i64::try_from(since.as_nanos()).ok()?).to_string())
}

fn id_of(digests: &Digests) -> Result<ExhibitId, VaultError> {
    // A digest of ours is always one; said as an error so that nothing here can panic.
    crate::id_of(digests).ok_or_else(|| VaultError::Random("a digest of ours is no digest".to_owned()))
}
