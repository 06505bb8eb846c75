//! Where did this come from, and can we prove it?
//!
//! A [`Vault`] is the part of a case that must never be lost: exhibits in a content-addressed,
//! write-once store, and an append-only RFC 6962 Merkle log in which every act is a leaf before it
//! takes effect. It also hands out the throw-away `derived/` area, so that no other crate opens a
//! file of a case. It reads no evidence and knows no clock: who calls says when and by whom.
//!
//! One writer (held by a file lock), many readers. Killed at any instant, what was acknowledged is
//! there, and what was not is cleaned up or finished by the next writer.
// This crate is the one that opens files of a case; everyone else is refused by clippy.toml.
#![allow(clippy::disallowed_methods)]

mod case_file;
mod derived;
mod leaf;
mod lock;
mod log;
pub mod merkle;
mod store;
mod walk;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use assize_model::{Admission, Digests, Exhibit, ExhibitId, LeafId, LogHead, Trust};

pub use case_file::CaseFile;
pub use derived::{Derived, DerivedFile};
pub use leaf::{Act, Leaf, LoggedLeaf};
pub use walk::{Found, walk};

use lock::WriteLock;
use log::Log;
use store::{Store, Taken};

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
    /// The exhibit is in the log but its content is not in the store.
    #[error(
        "exhibit {0}: its content is not in the store; restore the case from a copy or admit the file again"
    )]
    Missing(ExhibitId),
    /// No such exhibit was admitted.
    #[error("exhibit {0}: never admitted to this case")]
    Unknown(ExhibitId),
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
    root: PathBuf,
    case: CaseFile,
    store: Store,
    log: Log,
    /// Held while this process may write.
    _lock: Option<WriteLock>,
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
    /// Makes a case in a new or empty folder and opens it for writing.
    ///
    /// # Errors
    /// [`VaultError::NotEmpty`], or the disk refuses.
    pub fn create(root: &Path, case: CaseFile, stamp: &Stamp) -> Result<Self, VaultError> {
        let empty = std::fs::read_dir(root).map_or(true, |mut entries| entries.next().is_none());
        if !empty {
            return Err(VaultError::NotEmpty(root.to_owned()));
        }
        for folder in ["exhibits", "log", "derived", "report"] {
            let path = root.join(folder);
            std::fs::create_dir_all(&path).map_err(at(&path))?;
        }
        let name = case.name.clone();
        case.write(root)?;
        let mut vault = Self::open_for_writing(root)?;
        vault.append(stamp, Act::CaseMade { name })?;
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
        Self::open_with(root, None)
    }

    /// Opens a case for writing and finishes what an interrupted writer began.
    ///
    /// # Errors
    /// As [`Self::open`], and [`VaultError::Locked`].
    pub fn open_for_writing(root: &Path) -> Result<Self, VaultError> {
        if !Self::is_case(root) {
            return Err(VaultError::NotACase(root.to_owned()));
        }
        let lock = WriteLock::take(root)?;
        let vault = Self::open_with(root, Some(lock))?;
        vault.store.finish_interrupted(&vault.log.admitted())?;
        Ok(vault)
    }

    fn open_with(root: &Path, lock: Option<WriteLock>) -> Result<Self, VaultError> {
        let case = CaseFile::read(root)?;
        let log = Log::open(root, lock.is_some())?;
        Ok(Self { root: root.to_owned(), case, store: Store::at(root), log, _lock: lock })
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
        trust: Trust,
        stamp: &Stamp,
        progress: &mut dyn FnMut(u64),
        done: &mut dyn FnMut(&Found, Result<Admitted, String>),
    ) -> Result<(), VaultError> {
        let mut group = Vec::new();
        let mut bytes = 0;
        for found in files {
            let taken = match &found.problem {
                Some(problem) => Err(problem.clone()),
                None => self.store.take(&found.source, progress)?,
            };
            bytes += taken.as_ref().map_or(0, |taken| taken.digests.size);
            group.push((found, taken));
            if group.len() >= GROUP_FILES || bytes >= GROUP_BYTES {
                self.settle(&mut group, trust, stamp, done)?;
                bytes = 0;
            }
        }
        self.settle(&mut group, trust, stamp, done)
    }

    /// Makes a group safe: leaves first, then the content takes its place.
    fn settle(
        &mut self,
        group: &mut Vec<(&Found, Result<Taken, String>)>,
        trust: Trust,
        stamp: &Stamp,
        done: &mut dyn FnMut(&Found, Result<Admitted, String>),
    ) -> Result<(), VaultError> {
        let known = self.log.origins();
        let is_known = |act: &Act| match act {
            Act::Admit { digests, path, .. } => known.contains(&(digests.sha256.clone(), path.clone())),
            _ => false,
        };
        let acts: Vec<Act> = group.iter().map(|(found, taken)| act_of(found, taken, trust)).collect();
        let new: Vec<Act> = acts.iter().filter(|act| !is_known(act)).cloned().collect();
        self.store.sync_staged()?;
        self.log.append(stamp, &new)?;
        let taken = group.iter().filter_map(|(_, taken)| taken.as_ref().ok());
        taken.clone().try_for_each(|taken| self.store.settle(taken))?;
        self.store.sync(taken)?;
        for ((found, taken), act) in group.drain(..).zip(&acts) {
            let admitted = |taken: Taken| Admitted {
                exhibit: taken.id,
                size: taken.digests.size,
                logged: !is_known(act),
            };
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

    /// Every exhibit, sorted by id, with its admissions in order of the log.
    #[must_use]
    pub fn exhibits(&self) -> Vec<Exhibit> {
        let mut exhibits: BTreeMap<ExhibitId, Exhibit> = BTreeMap::new();
        for logged in self.log.leaves() {
            let Act::Admit { digests, path, trust, .. } = &logged.leaf.act else { continue };
            let Some(id) = id_of(digests) else { continue };
            let admission = Admission {
                path: path.clone(),
                at: logged.leaf.at.clone(),
                by: logged.leaf.by.clone(),
                trust: *trust,
                leaf: logged.id,
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
        let admitted: Vec<String> = self.log.origins().into_iter().map(|(_, path)| path).collect();
        let refused = self.log.leaves().iter().filter_map(|logged| match &logged.leaf.act {
            Act::NotAdmitted { path, reason } if !admitted.contains(path) => {
                Some((path.clone(), reason.clone()))
            }
            _ => None,
        });
        let mut refused: Vec<_> = refused.collect();
        refused.sort();
        refused.dedup();
        refused
    }

    /// Opens an exhibit's content.
    ///
    /// # Errors
    /// [`VaultError::Unknown`] or [`VaultError::Missing`].
    pub fn content(&self, exhibit: &Exhibit) -> Result<File, VaultError> {
        self.store.open(&exhibit.digests.sha256).map_err(|_| VaultError::Missing(exhibit.id))
    }

    /// The custody log's entries, oldest first.
    #[must_use]
    pub fn leaves(&self) -> &[LoggedLeaf] {
        self.log.leaves()
    }

    /// Size and root of the custody log.
    #[must_use]
    pub fn head(&self) -> LogHead {
        self.log.head()
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

/// Files whose leaves and content share one wait for the disk.
const GROUP_FILES: usize = 256;
/// Bytes after which a group is settled, whatever its files.
const GROUP_BYTES: u64 = 256 << 20;

fn act_of(found: &Found, taken: &Result<Taken, String>, trust: Trust) -> Act {
    let path = found.path.clone();
    match taken {
        Ok(taken) => {
            Act::Admit { digests: taken.digests.clone(), path, trust, modified: found.modified.clone() }
        }
        Err(reason) => Act::NotAdmitted { path, reason: reason.clone() },
    }
}

/// The id that an exhibit with these digests has; `None` if the SHA-256 is no digest.
fn id_of(digests: &Digests) -> Option<ExhibitId> {
    let sha256 = data_encoding::HEXLOWER.decode(digests.sha256.as_bytes()).ok()?;
    Some(ExhibitId::of_digest(&sha256.try_into().ok()?))
}
