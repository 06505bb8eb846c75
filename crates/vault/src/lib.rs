//! Where did this come from, and can we prove it?
//!
//! A [`Vault`] is the part of a case that must never be lost: exhibits in a content-addressed,
//! write-once store, and an append-only RFC 6962 Merkle log in which every act is a leaf before it
//! takes effect. It also hands out the throw-away `derived/` area, so that no other crate opens a
//! file of a case. It reads no evidence and knows no clock: who calls says when and by whom.
//!
//! One writer (held by a file lock), many readers. Killed at any instant, what was acknowledged is
//! there, and what was not is cleaned up or finished by the next writer. The log's head is signed
//! with a key that lies outside the case ([`Keys`]); salts and keys are the only random bytes here.
// This crate is the one that opens files of a case; everyone else is refused by clippy.toml.
#![allow(clippy::disallowed_methods)]

mod bundle;
mod case_file;
mod check;
mod derived;
mod disk;
mod keys;
mod leaf;
mod lock;
mod log;
pub mod merkle;
mod note;
mod policy;
mod proof;
mod register;
pub mod seal;
mod sidecar;
mod sign;
mod store;
mod tiles;
mod verify;
mod walk;
mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assize_model::{Admission, Collected, Digests, Exhibit, ExhibitId, LeafId, LogHead};

pub use bundle::{BundleWanted, Bundled};
pub use case_file::CaseFile;
pub use check::{Bad, Status, Verdict};
pub use derived::{Derived, DerivedFile};
pub use disk::{Bytes, Disk, DiskFile, Readers, RealDisk};
pub use keys::{Keys, MaskingKey};
pub use leaf::{Act, Leaf, LoggedLeaf, Opening, Stored, UnsealAsked};
pub use note::{Algorithm, Head, Note, NoteError, PublicKey, SecretKey, SignatureLine, Signed};
pub use policy::{Policy, PolicyError};
pub use proof::{Proof, ProofError};
pub use register::Sealing;
pub use seal::{Officer, Seal, SealedPerson};
pub use sidecar::{Receipt, Sidecar};
pub use sign::Signing;
pub use store::Content;
pub use verify::{verify, verify_bundle};
pub use walk::{Found, walk};
pub use witness::{Refusal, Request, Witness};

use keys::CustodyKey;
use lock::WriteLock;
use log::Log;
use store::{Group, NotOpened, Store, Taken};

/// Why a case could not be opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The folder is not a case.
    #[error("{path}: no case here (expected a file `case.toml`); make one with `assize case new DIR` or give `--case DIR`", path = .0.display())]
    NotACase(PathBuf),
    /// The folder for a new case holds something else already.
    #[error("{path}: not empty and not a case; give a new or empty folder", path = .0.display())]
    NotEmpty(PathBuf),
    /// `case.toml` cannot be understood.
    #[error("{path}: {reason}", path = .path.display())]
    CaseFile {
        /// The file.
        path: PathBuf,
        /// Line, expected and found.
        reason: String,
    },
    /// Somebody else writes.
    #[error("another assize is writing to this case (process {pid}, {path}); wait for it to end", path = .path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, as written there.
        pid: String,
    },
    /// The log's bytes are not what this program wrote.
    #[error("{path}, leaf {index}: {reason}; the log is damaged, restore the case from a copy", path = .path.display())]
    Log {
        /// The file of leaves.
        path: PathBuf,
        /// Number of the leaf, from 0.
        index: u64,
        /// What was wrong.
        reason: String,
    },
    /// The signed head does not belong to these leaves.
    #[error("{path}: {reason}; nothing was signed. Compare with a copy before you go on: `assize verify` names what differs", path = .path.display())]
    Head {
        /// The checkpoint.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// The exhibit is in the log but its content is not in the store.
    #[error(
        "exhibit {0}: its content is not in the store; restore the case from a copy or admit the file again"
    )]
    Missing(ExhibitId),
    /// The exhibit was taken in by reference, and what lies there is not what was admitted.
    #[error("exhibit {exhibit}: taken in by reference, and {path} {reason}; bring back the file as it was, or admit what is there now", path = .path.display())]
    Moved {
        /// Which exhibit.
        exhibit: ExhibitId,
        /// Where it lay.
        path: PathBuf,
        /// What is there instead.
        reason: String,
    },
    /// The exhibit is encrypted and the key is not here.
    #[error("exhibit {exhibit}: encrypted, and {reason}; the custody key `{name}` belongs into {folder} (or give `ASSIZE_KEYS`)", folder = .folder.display())]
    Closed {
        /// Which exhibit.
        exhibit: ExhibitId,
        /// What is missing.
        reason: &'static str,
        /// The key's name.
        name: String,
        /// Where keys are looked for.
        folder: PathBuf,
    },
    /// No such exhibit was admitted.
    #[error("exhibit {0}: never admitted to this case")]
    Unknown(ExhibitId),
    /// A key cannot be used.
    #[error("{path}: {reason}", path = .path.display())]
    Key {
        /// The key's file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// A key asks for its passphrase.
    #[error("{path}: this key has a passphrase; give it when asked on a terminal, or in the file that `ASSIZE_PASSPHRASE_FILE` names", path = .0.display())]
    Passphrase(PathBuf),
    /// The key that signs this case's log is not here.
    #[error("the key that signs this log (`{name}`) is not in {folder}; give the folder that has it in `ASSIZE_KEYS`", folder = .folder.display())]
    NoKey {
        /// The key's name.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// Somebody to encrypt to who is none.
    #[error("{given}: no age recipient ({reason}); expected `age1…`, as `age-keygen` prints it")]
    Recipient {
        /// What was given.
        given: String,
        /// Why not.
        reason: String,
    },
    /// What was given cannot be read.
    #[error("{path}: {reason}", path = .path.display())]
    Given {
        /// The file.
        path: PathBuf,
        /// Line, expected and found.
        reason: String,
    },
    /// An earlier write failed.
    #[error("{path}: an earlier write failed, so what is on disk is not known; open the case again", path = .0.display())]
    Unsure(PathBuf),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes ({0}); nothing was written")]
    Random(String),
    /// The disk refused.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// Gives an I/O error the path it happened at.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> VaultError + use<> {
    let path = path.to_owned();
    move |source| VaultError::Io { path, source }
}

/// Who acts, when, and with which program: stands in every leaf.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// RFC 3339 in UTC.
    pub at: String,
    /// Name of the person or account.
    pub by: String,
    /// Program and version.
    pub tool: String,
}

/// The kept part of a case; see the module's text.
pub struct Vault {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    case: CaseFile,
    store: Store,
    log: Log,
    made: Made,
    /// Where keys were looked for.
    keys: PathBuf,
    signing: Option<SecretKey>,
    custody: Option<CustodyKey>,
    masking: Option<MaskingKey>,
    passwords: Vec<Vec<u8>>,
    /// Held while this process may write.
    _lock: Option<WriteLock>,
}

/// What the first leaf says of the case; nobody can change it later.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) origin: String,
    pub(crate) key: PublicKey,
    pub(crate) recipient: Option<String>,
}

impl Made {
    /// From the first leaf.
    pub(crate) fn of(leaf: Option<&LoggedLeaf>) -> Result<Self, String> {
        let Some(Act::CaseMade { origin, key, recipient, .. }) = leaf.map(|logged| &logged.leaf.act) else {
            return Err("the first leaf does not say that a case was made".to_owned());
        };
        let key: PublicKey = key.parse().map_err(|error: NoteError| error.to_string())?;
        Ok(Self { origin: origin.clone(), key, recipient: recipient.clone() })
    }
}

/// Whether exhibits are encrypted at rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtRest {
    /// They lie as received.
    #[default]
    Plain,
    /// They are encrypted to a custody key that is made with the case.
    Encrypted,
}

/// What became of one file that was given for admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The exhibit.
    pub exhibit: ExhibitId,
    /// Bytes.
    pub size: u64,
    /// Whether the log gained a leaf: false if the same content was admitted from this path before.
    pub logged: bool,
}

impl Vault {
    /// Makes a case in a new or empty folder, with keys of its own, and opens it for writing.
    ///
    /// # Errors
    /// [`VaultError::NotEmpty`], or a disk refuses.
    pub fn create(
        root: &Path,
        case: CaseFile,
        at_rest: AtRest,
        keys: &Keys,
        stamp: &Stamp,
    ) -> Result<Self, VaultError> {
        Self::create_on(Arc::new(RealDisk), root, case, at_rest, keys, stamp)
    }

    /// The same, on another disk.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_on(
        disk: Arc<dyn Disk>,
        root: &Path,
        case: CaseFile,
        at_rest: AtRest,
        keys: &Keys,
        stamp: &Stamp,
    ) -> Result<Self, VaultError> {
        make_room(disk.as_ref(), root)?;
        for folder in ["exhibits", "log", "derived", "report"] {
            let path = root.join(folder);
            disk.make_folder(&path).map_err(at(&path))?;
        }
        let lock = WriteLock::take(root)?;
        let origin = new_origin()?;
        let signing = keys.new_signing(&origin, Algorithm::Ed25519)?;
        let custody = match at_rest {
            AtRest::Plain => None,
            AtRest::Encrypted => Some(keys.new_custody(&origin)?),
        };
        let mut log = Log::create(&disk, root)?;
        let act = Act::CaseMade {
            name: case.name.clone(),
            origin: origin.clone(),
            key: signing.public().to_string(),
            recipient: custody.as_ref().map(|(_, recipient)| recipient.clone()),
        };
        log.append(stamp, &[act])?;
        // The folder is a case from the moment that this file is there: the log must be there before.
        disk.sync_folder(root).map_err(at(root))?;
        case.write(disk.as_ref(), root)?;
        if let Some(above) = root.parent().filter(|above| above.as_os_str() != "") {
            disk.sync_folder(above).map_err(at(above))?;
        }
        drop(log);
        let mut vault = Self::open_with(disk, root, Some(lock))?;
        vault.use_keys(keys)?;
        vault.sign()?;
        Ok(vault)
    }

    /// Whether a folder is a case.
    #[must_use]
    pub fn is_case(root: &Path) -> bool {
        root.join(case_file::NAME).is_file()
    }

    /// Opens a case for reading; a writer may be at work.
    ///
    /// # Errors
    /// Where the folder is no case or its log cannot be read.
    pub fn open(root: &Path) -> Result<Self, VaultError> {
        Self::open_with(Arc::new(RealDisk), root, None)
    }

    /// Opens a case for writing and finishes what an interrupted writer began.
    ///
    /// # Errors
    /// As [`Self::open`], and [`VaultError::Locked`].
    pub fn open_for_writing(root: &Path) -> Result<Self, VaultError> {
        Self::open_for_writing_on(Arc::new(RealDisk), root)
    }

    /// The same, on another disk.
    ///
    /// # Errors
    /// As [`Self::open_for_writing`].
    pub fn open_for_writing_on(disk: Arc<dyn Disk>, root: &Path) -> Result<Self, VaultError> {
        if !disk.exists(&root.join(case_file::NAME)) {
            return Err(VaultError::NotACase(root.to_owned()));
        }
        let lock = WriteLock::take(root)?;
        let vault = Self::open_with(disk, root, Some(lock))?;
        vault.store.finish_interrupted(&vault.log.stored_names())?;
        Ok(vault)
    }

    fn open_with(disk: Arc<dyn Disk>, root: &Path, lock: Option<WriteLock>) -> Result<Self, VaultError> {
        let case = CaseFile::read(disk.as_ref(), root)?;
        let log = Log::open(&disk, root, lock.is_some())?;
        let made = Made::of(log.leaves().first()).map_err(|reason| VaultError::Log {
            path: root.join(log::LEAVES),
            index: 0,
            reason,
        })?;
        let mut store = Store::at(&disk, root);
        // From the log and not from case.toml: who could write that file would read all later exhibits.
        if let Some(recipient) = &made.recipient {
            store.encrypt_to(recipient)?;
        }
        Ok(Self {
            disk,
            root: root.to_owned(),
            case,
            store,
            log,
            made,
            keys: PathBuf::new(),
            signing: None,
            custody: None,
            masking: None,
            passwords: Vec::new(),
            _lock: lock,
        })
    }

    /// Takes the keys of this case from a key folder, where they are.
    ///
    /// # Errors
    /// Where a key is there and cannot be used: without its passphrase, readable by others, another
    /// case's.
    pub fn use_keys(&mut self, keys: &Keys) -> Result<(), VaultError> {
        self.keys = keys.folder().to_owned();
        self.signing = keys.signing(&self.made.origin)?;
        if let Some(key) = &self.signing
            && key.public() != &self.made.key
        {
            let reason = format!("not the key that the first leaf of {} names", self.made.origin);
            return Err(VaultError::Key { path: self.keys.clone(), reason });
        }
        self.masking = keys.masking(&self.made.origin)?;
        if self.made.recipient.is_some() {
            self.custody = keys.custody(&self.made.origin)?;
        }
        Ok(())
    }

    /// Reads the passwords of containers, which lie beside the keys and never in the case.
    ///
    /// # Errors
    /// Where they are there and cannot be read.
    pub fn load_passwords(&mut self, keys: &Keys) -> Result<(), VaultError> {
        let text = keys.note(&self.password_file())?.unwrap_or_default();
        self.passwords = text.lines().map(|line| line.as_bytes().to_vec()).collect();
        Ok(())
    }

    /// Keeps passwords of containers for this case. That some were given, and by whom, is a leaf; which,
    /// is not.
    ///
    /// # Errors
    /// Where the key folder or the case's disk refuses.
    pub fn give_passwords(&mut self, keys: &Keys, given: &[String], stamp: &Stamp) -> Result<(), VaultError> {
        self.load_passwords(keys)?;
        let known = self.passwords.len();
        for password in
            given.iter().map(|password| password.as_bytes()).filter(|password| !password.is_empty())
        {
            if !self.passwords.iter().any(|other| other == password) {
                self.passwords.push(password.to_vec());
            }
        }
        if self.passwords.len() == known {
            return Ok(());
        }
        self.append(stamp, Act::PasswordGiven {})?;
        let lines: Vec<String> =
            self.passwords.iter().map(|password| String::from_utf8_lossy(password).into_owned()).collect();
        keys.write_note(&self.password_file(), &(lines.join("\n") + "\n"))
    }

    fn password_file(&self) -> String {
        format!("{}.passwords", keys::file_name(&self.made.origin))
    }

    /// Passwords of containers, in the order in which they were given.
    #[must_use]
    pub fn passwords(&self) -> &[Vec<u8>] {
        &self.passwords
    }

    /// The log's name in its checkpoints, and the name of its keys.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.made.origin
    }

    /// The key that signs the log.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.made.key
    }

    /// Whether exhibits are encrypted at rest.
    #[must_use]
    pub fn at_rest(&self) -> AtRest {
        if self.made.recipient.is_some() { AtRest::Encrypted } else { AtRest::Plain }
    }

    /// The case's own settings.
    #[must_use]
    pub fn case(&self) -> &CaseFile {
        &self.case
    }

    /// The folder of the case.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Copies and digests files, one pass each, and admits them: content to the staging area,
    /// leaves to the log, and only then into the store. Files are taken in groups, so that many
    /// small ones share one wait for the disk; `done` hears of each once it is safe.
    ///
    /// A file that cannot be read is logged as such and reported, never passed over.
    ///
    /// # Errors
    /// Where the case's own disk refuses; files reported before that are safe.
    pub fn admit(
        &mut self,
        files: &[Found],
        receipt: &Receipt,
        stamp: &Stamp,
        progress: &mut dyn FnMut(u64),
        done: &mut dyn FnMut(&Found, Result<Admitted, String>),
    ) -> Result<(), VaultError> {
        self.store.prepare()?;
        let mut group = Intake::default();
        for found in files {
            self.take(found, receipt, &mut group, progress)?;
            if group.files.len() >= GROUP_FILES || group.bytes >= GROUP_BYTES {
                self.settle(&mut group, stamp, done)?;
            }
        }
        self.settle(&mut group, stamp, done)
    }

    /// Reads one file into the group.
    fn take<'a>(
        &self,
        found: &'a Found,
        receipt: &Receipt,
        group: &mut Intake<'a>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), VaultError> {
        let circumstances = receipt.sidecar.about(&found.path);
        let known = |sha256: &str| self.kept(sha256).cloned();
        let taken = match &found.problem {
            Some(problem) => Err(problem.clone()),
            None if receipt.reference => self.store.refer(&found.source, progress)?,
            None => self.store.take(&found.source, &mut group.content, &known, progress)?,
        };
        // Staged content of a file that is refused here has no leaf and is dropped by the next writer.
        let taken = taken.and_then(|taken| circumstances.expects(&taken.digests.sha256).map(|()| taken));
        group.bytes += taken.as_ref().map_or(0, |taken| taken.digests.size);
        let act = match &taken {
            Ok(taken) => Act::Admit {
                digests: taken.digests.clone(),
                path: found.path.clone(),
                trust: circumstances.trust.unwrap_or(receipt.trust),
                modified: taken.modified.clone(),
                stored: taken.stored.clone(),
                reference: taken.reference.clone(),
                collected: Box::new(circumstances.collected),
            },
            Err(reason) => Act::NotAdmitted { path: found.path.clone(), reason: reason.clone() },
        };
        group.files.push((found, taken, act));
        Ok(())
    }

    /// Where content lies in the store, if it is there indeed.
    fn kept(&self, sha256: &str) -> Option<&store::Place> {
        let place = self.log.place(sha256)?;
        let name = place.stored_name()?;
        self.disk.exists(&self.store.file(name)).then_some(place)
    }

    /// Whether this content was admitted from this path before, and is still there.
    fn is_known(&self, act: &Act) -> bool {
        let Act::Admit { digests, path, reference, .. } = act else { return false };
        let origin = (digests.sha256.clone(), path.clone());
        self.log.origins().contains(&origin)
            && (self.kept(&digests.sha256).is_some()
                || (reference.is_some()
                    && self.log.place(&digests.sha256).is_some_and(store::Place::is_reference)))
    }

    /// Makes a group safe: leaves first, then the content takes its place.
    fn settle(
        &mut self,
        group: &mut Intake<'_>,
        stamp: &Stamp,
        done: &mut dyn FnMut(&Found, Result<Admitted, String>),
    ) -> Result<(), VaultError> {
        let known: Vec<bool> = group.files.iter().map(|(_, _, act)| self.is_known(act)).collect();
        let new = group.files.iter().zip(&known).filter(|(_, known)| !**known);
        let new: Vec<Act> = new.map(|((_, _, act), _)| act.clone()).collect();
        self.store.sync_staged(&mut group.content)?;
        self.log.append(stamp, &new)?;
        let taken = group.files.iter().filter_map(|(_, taken, _)| taken.as_ref().ok());
        let names = taken.filter_map(|taken| taken.place().stored_name().map(str::to_owned)).collect();
        self.store.settle(&names)?;
        for ((found, taken, _), known) in std::mem::take(group).files.into_iter().zip(known) {
            let admitted =
                |taken: Taken| Admitted { exhibit: taken.id, size: taken.digests.size, logged: !known };
            done(found, taken.map(admitted));
        }
        Ok(())
    }

    /// Adds an act to the log; it is on disk when this returns.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn append(&mut self, stamp: &Stamp, act: Act) -> Result<LeafId, VaultError> {
        Ok(self.log.append(stamp, &[act])?[0])
    }

    /// Adds several acts to the log in one breath; they are on disk when this returns.
    ///
    /// # Errors
    /// Where the disk refuses; then none of them stands.
    pub fn append_all(&mut self, stamp: &Stamp, acts: &[Act]) -> Result<Vec<LeafId>, VaultError> {
        self.log.append(stamp, acts)
    }

    /// Puts a file into `register/`: its leaf first, then the file. A file of that name that was there
    /// is replaced; which bytes it had, the log knows.
    ///
    /// # Errors
    /// Where the name has steps in it, or the disk refuses.
    pub fn put_register(&mut self, name: &str, bytes: &[u8], stamp: &Stamp) -> Result<LeafId, VaultError> {
        let folder = self.root.join("register");
        let path = folder.join(name);
        if name.is_empty() || name.starts_with('.') || name.contains('/') {
            return Err(at(&path)(std::io::ErrorKind::InvalidInput.into()));
        }
        let sha256 = sha256_of(bytes);
        let leaf = self.append(stamp, Act::Register { name: name.to_owned(), sha256 })?;
        self.disk.write_whole(&path, bytes, Readers::Usual).map_err(at(&path))?;
        Ok(leaf)
    }

    /// Every exhibit, sorted by id, with its admissions in order of the log.
    #[must_use]
    pub fn exhibits(&self) -> Vec<Exhibit> {
        let mut exhibits: BTreeMap<ExhibitId, Exhibit> = BTreeMap::new();
        for logged in self.log.leaves() {
            let Act::Admit { digests, path, trust, collected, .. } = &logged.leaf.act else { continue };
            let Some(id) = id_of(digests) else { continue };
            let admission = Admission {
                path: path.clone(),
                at: logged.leaf.at.clone(),
                by: logged.leaf.by.clone(),
                trust: *trust,
                leaf: logged.id,
                collected: Collected::clone(collected),
            };
            exhibits
                .entry(id)
                .or_insert_with(|| Exhibit { id, digests: digests.clone(), admissions: Vec::new() })
                .admissions
                .push(admission);
        }
        exhibits.into_values().collect()
    }

    /// Files that were given but could not be admitted, then or later, as (path, why), sorted.
    #[must_use]
    pub fn not_admitted(&self) -> Vec<(String, String)> {
        let admitted: BTreeSet<&str> = self.log.origins().iter().map(|(_, path)| path.as_str()).collect();
        let refused = self.log.leaves().iter().filter_map(|logged| match &logged.leaf.act {
            Act::NotAdmitted { path, reason } if !admitted.contains(path.as_str()) => {
                Some((path.clone(), reason.clone()))
            }
            _ => None,
        });
        let mut refused: Vec<_> = refused.collect();
        refused.sort();
        refused.dedup();
        refused
    }

    /// Opens an exhibit's content: from the store, opened with the custody key if it is encrypted,
    /// or from where it was left, if it is still as it was.
    ///
    /// # Errors
    /// [`VaultError::Unknown`], [`VaultError::Missing`], [`VaultError::Moved`], [`VaultError::Closed`].
    pub fn content(&self, exhibit: &Exhibit) -> Result<Content, VaultError> {
        let place = self.log.place(&exhibit.digests.sha256).ok_or(VaultError::Unknown(exhibit.id))?;
        let closed = |reason| VaultError::Closed {
            exhibit: exhibit.id,
            reason,
            name: self.made.origin.clone(),
            folder: self.keys.clone(),
        };
        self.store.open(place, self.custody.as_ref()).map_err(|why| match why {
            NotOpened::Missing => VaultError::Missing(exhibit.id),
            NotOpened::NoKey => closed("its key is not here"),
            NotOpened::WrongKey => closed("the key that is here does not open it"),
            NotOpened::Gone(path, error) => {
                VaultError::Moved { exhibit: exhibit.id, path, reason: format!("cannot be read: {error}") }
            }
            NotOpened::Changed(path) => {
                let reason = "has another size or time of change".to_owned();
                VaultError::Moved { exhibit: exhibit.id, path, reason }
            }
        })
    }

    /// The custody log's entries, oldest first.
    #[must_use]
    pub fn leaves(&self) -> &[LoggedLeaf] {
        self.log.leaves()
    }

    /// Size and root of the custody log, and how much of it is signed.
    #[must_use]
    pub fn head(&self) -> LogHead {
        let mut head = self.log.head();
        head.origin.clone_from(&self.made.origin);
        head.key = self.made.key.to_string();
        if let Ok(Some((note, signed))) = self.checkpoint() {
            head.signed = signed.size;
            head.organisations = Policy::of_log(self.log.leaves(), &self.made).organisations(&note);
        }
        head.encrypted = self.made.recipient.is_some();
        head
    }

    /// The throw-away area for derived tables.
    #[must_use]
    pub fn derived(&self) -> Derived {
        Derived::at(&self.root)
    }

    /// Where the report of this case goes.
    #[must_use]
    pub fn report_path(&self) -> PathBuf {
        self.root.join("report").join("report.html")
    }

    /// Writes a file of `report/`, whole or not at all.
    ///
    /// # Errors
    /// From `write` or the disk.
    pub fn write_report(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> Result<PathBuf, VaultError> {
        derived::write_whole(&self.root.join("report"), name, write)
    }
}

/// Files that are being taken in together.
#[derive(Default)]
struct Intake<'a> {
    files: Vec<(&'a Found, Result<Taken, String>, Act)>,
    content: Group,
    bytes: u64,
}

/// Files whose leaves and content share one wait for the disk.
const GROUP_FILES: usize = 256;
/// Bytes after which a group is settled, whatever its files.
const GROUP_BYTES: u64 = 256 << 20;

/// A folder that is new or empty, or holds what an interrupted creation left and nothing else.
fn make_room(disk: &dyn Disk, root: &Path) -> Result<(), VaultError> {
    let names = disk.list(root).map_err(at(root))?;
    let ours = |name: &String| ["derived", "exhibits", "log", "report"].contains(&name.as_str());
    let begun = names.iter().all(|name| ours(name) || name == "case.toml.part")
        && ["derived", "exhibits", "report"]
            .iter()
            .all(|folder| disk.list(&root.join(folder)).is_ok_and(|names| names.is_empty()))
        && disk
            .list(&root.join("log"))
            .map_err(at(root))?
            .iter()
            .all(|name| name == "leaves" || name == "lock");
    if begun { Ok(()) } else { Err(VaultError::NotEmpty(root.to_owned())) }
}

/// A name for a new log that no other log has.
fn new_origin() -> Result<String, VaultError> {
    let id: [u8; 16] = keys::random()?;
    Ok(format!("assize/case-{}", data_encoding::BASE32_NOPAD.encode(&id).to_lowercase()))
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256_of(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The id that an exhibit with these digests has; `None` if the SHA-256 is no digest.
pub(crate) fn id_of(digests: &Digests) -> Option<ExhibitId> {
    let sha256 = data_encoding::HEXLOWER.decode(digests.sha256.as_bytes()).ok()?;
    Some(ExhibitId::of_digest(&sha256.try_into().ok()?))
}
