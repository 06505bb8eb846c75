//! Where does the content of exhibits lie?
//!
//! `exhibits/ab/ab12…`: named by its SHA-256, written once, read-only. Content comes through
//! `exhibits/.incoming/`, where it lies under its digest until its leaf is in the log; so a crash
//! between the two leaves a file that the next writer puts in its place.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assize_model::{Digests, ExhibitId};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::{VaultError, at};

/// Bytes read at a time: large enough that the digests, not the calls, are what costs.
const BLOCK: usize = 1 << 20;

pub(crate) struct Store {
    exhibits: PathBuf,
    incoming: PathBuf,
}

/// Content that lies in the staging area, complete and synced.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) id: ExhibitId,
    pub(crate) digests: Digests,
}

fn sync_folder(path: &Path) -> Result<(), VaultError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at(path))
}

impl Store {
    pub(crate) fn at(root: &Path) -> Self {
        let exhibits = root.join("exhibits");
        Self { incoming: exhibits.join(".incoming"), exhibits }
    }

    fn place(&self, sha256: &str) -> PathBuf {
        self.exhibits.join(&sha256[..2]).join(sha256)
    }

    pub(crate) fn open(&self, sha256: &str) -> std::io::Result<File> {
        File::open(self.place(sha256))
    }

    /// Copies and digests a file in one pass into the staging area. The inner error is the
    /// source's: it could not be read, and the inquiry goes on without it.
    pub(crate) fn take(
        &self,
        source: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Result<Taken, String>, VaultError> {
        std::fs::create_dir_all(&self.incoming).map_err(at(&self.incoming))?;
        let part = self.incoming.join("part");
        let mut from = match File::open(source) {
            Ok(from) => from,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut to = File::create(&part).map_err(at(&part))?;
        let (mut sha256, mut blake3, mut size) = (Sha256::new(), blake3::Hasher::new(), 0);
        let mut block = vec![0; BLOCK];
        loop {
            let read = match from.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Err(error.to_string())),
            };
            sha256.update(&block[..read]);
            blake3.update(&block[..read]);
            to.write_all(&block[..read]).map_err(at(&part))?;
            size += read as u64;
            progress(read as u64);
        }
        let sha256: [u8; 32] = sha256.finalize().into();
        let digests = Digests {
            sha256: HEXLOWER.encode(&sha256),
            blake3: blake3.finalize().to_hex().to_string(),
            size,
        };
        let staged = self.incoming.join(&digests.sha256);
        to.set_permissions(std::fs::Permissions::from_mode(0o444)).map_err(at(&part))?;
        // Content that is in the store already need not be waited for a second time.
        if !self.place(&digests.sha256).exists() {
            to.sync_all().map_err(at(&part))?;
        }
        std::fs::rename(&part, &staged).map_err(at(&staged))?;
        Ok(Ok(Taken { id: ExhibitId::of_digest(&sha256), digests }))
    }

    /// Moves staged content to its place. Its leaf is in the log by now.
    pub(crate) fn settle(&self, taken: &Taken) -> Result<(), VaultError> {
        self.settle_staged(&taken.digests.sha256)
    }

    fn settle_staged(&self, sha256: &str) -> Result<(), VaultError> {
        let (staged, place) = (self.incoming.join(sha256), self.place(sha256));
        if place.exists() {
            // Write-once: what lies there is not touched again. Twins in one group share a stage.
            return match std::fs::remove_file(&staged) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(&staged)(error)),
                _ => Ok(()),
            };
        }
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder).map_err(at(folder))?;
        }
        std::fs::rename(&staged, &place).map_err(at(&place))
    }

    /// Waits until the names of staged content are on disk: no leaf may be there before them.
    pub(crate) fn sync_staged(&self) -> Result<(), VaultError> {
        if self.incoming.exists() { sync_folder(&self.incoming) } else { Ok(()) }
    }

    /// Waits until the places of settled content are on disk.
    pub(crate) fn sync<'a>(&self, settled: impl Iterator<Item = &'a Taken>) -> Result<(), VaultError> {
        let folders: BTreeSet<PathBuf> = settled
            .filter_map(|taken| Some(self.place(&taken.digests.sha256).parent()?.to_owned()))
            .collect();
        folders.iter().try_for_each(|folder| sync_folder(folder))?;
        sync_folder(&self.exhibits)
    }

    /// After an interruption: staged content whose leaf is in the log takes its place; what has no
    /// leaf was never acknowledged and is dropped.
    pub(crate) fn finish_interrupted(&self, admitted: &BTreeSet<String>) -> Result<(), VaultError> {
        let Ok(entries) = std::fs::read_dir(&self.incoming) else { return Ok(()) };
        for entry in entries {
            let path = entry.map_err(at(&self.incoming))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            if admitted.contains(name) {
                self.settle_staged(name)?;
            } else {
                std::fs::remove_file(&path).map_err(at(&path))?;
            }
        }
        Ok(())
    }
}
