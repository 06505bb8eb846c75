//! Where do derived tables lie, and how are they written so that half a table is never seen?
//!
//! `derived/` can be deleted at any time. A file is written beside its place and renamed when
//! complete. Readers outside this crate get an object store, so that the same query runs over a
//! bucket one day.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

use crate::{VaultError, at};

const SCRATCH: &str = ".scratch";
const ANSWERS: &str = ".answers";
/// The same, from the case's folder.
pub(crate) const ANSWERS_BELOW: &str = "derived/.answers/";

/// The throw-away area.
#[derive(Clone, Debug)]
pub struct Derived {
    root: PathBuf,
}

/// A file that comes into being when [`DerivedFile::commit`] is called, and not before.
pub struct DerivedFile {
    out: BufWriter<File>,
    part: PathBuf,
    place: PathBuf,
}

impl Derived {
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.join("derived") }
    }

    /// Begins a file; `name` may hold folders.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn create(&self, name: &str) -> Result<DerivedFile, VaultError> {
        let place = self.root.join(name);
        let part = place.with_extension("part");
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder).map_err(at(folder))?;
        }
        let out = BufWriter::new(File::create(&part).map_err(at(&part))?);
        Ok(DerivedFile { out, part, place })
    }

    /// The bytes of a file; `None` where there is none.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        let path = self.root.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// Where there is none or the disk refuses.
    pub fn open(&self, name: &str) -> Result<File, VaultError> {
        let path = self.root.join(name);
        File::open(&path).map_err(at(&path))
    }

    /// Deletes a file; that there is none is no error.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn remove(&self, name: &str) -> Result<(), VaultError> {
        let path = self.root.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Names of all complete files, sorted, `/` between steps.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn list(&self) -> Result<Vec<String>, VaultError> {
        let mut names = Vec::new();
        collect(&self.root, "", &mut names)?;
        names.sort();
        Ok(names)
    }

    /// Where large sorts may spill; not a table, not in the manifest.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.root.join(SCRATCH)
    }

    /// Begins an answer that is kept for the next time; not a table, not in the manifest.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn keep_answer(&self, name: &str) -> Result<DerivedFile, VaultError> {
        self.create(&format!("{ANSWERS}/{name}"))
    }

    /// An answer that was kept; `None` where there is none.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn answer(&self, name: &str) -> Result<Option<File>, VaultError> {
        let path = self.root.join(ANSWERS).join(name);
        match File::open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Deletes every answer that was kept.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn forget_answers(&self) -> Result<(), VaultError> {
        let folder = self.root.join(ANSWERS);
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(&folder)(error)),
            _ => Ok(()),
        }
    }

    /// The area as a store that a query engine can read.
    ///
    /// # Errors
    /// Where the area does not exist.
    pub fn store(&self) -> Result<Arc<dyn ObjectStore>, VaultError> {
        std::fs::create_dir_all(&self.root).map_err(at(&self.root))?;
        let store = LocalFileSystem::new_with_prefix(&self.root);
        Ok(Arc::new(store.map_err(|error| at(&self.root)(error.into()))?))
    }
}

fn collect(folder: &Path, below: &str, names: &mut Vec<String>) -> Result<(), VaultError> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry.map_err(at(folder))?;
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if name == SCRATCH || name == ANSWERS {
            continue;
        }
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else if !name.ends_with(".part") {
            names.push(name);
        }
    }
    Ok(())
}

impl Write for DerivedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

impl DerivedFile {
    /// Puts the finished file in its place. Not synced: what is lost is derived again.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn commit(mut self) -> Result<(), VaultError> {
        self.out.flush().map_err(at(&self.part))?;
        std::fs::rename(&self.part, &self.place).map_err(at(&self.place))
    }
}

/// Writes a file that people keep: beside its place, synced, then renamed.
pub(crate) fn write_whole(
    folder: &Path,
    name: &str,
    write: &mut dyn FnMut(&mut dyn Write) -> std::io::Result<()>,
) -> Result<PathBuf, VaultError> {
    std::fs::create_dir_all(folder).map_err(at(folder))?;
    let (place, part) = (folder.join(name), folder.join(format!("{name}.part")));
    let mut out = BufWriter::new(File::create(&part).map_err(at(&part))?);
    write(&mut out).map_err(at(&part))?;
    out.flush().and_then(|()| out.get_ref().sync_all()).map_err(at(&part))?;
    std::fs::rename(&part, &place).map_err(at(&place))?;
    Ok(place)
}
