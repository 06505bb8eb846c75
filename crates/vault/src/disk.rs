//! How does the vault speak to a disk, and what does it take to be sure that something is on it?
//!
//! A trait, because the promise "killed at any instant, what was acknowledged is there" can only be
//! tested on a disk that forgets: `tests/crashes.rs` brings one that drops what was not synced,
//! tears writes and fails. [`RealDisk`] is the one that people have.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Bytes that can be read from anywhere.
pub trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

/// A file that is being written.
pub trait DiskFile: Write + Send + Sync {
    /// Waits until the content is on the disk.
    ///
    /// # Errors
    /// Where the disk refuses; nothing is known of the content then.
    fn sync(&mut self) -> io::Result<()>;

    /// The file of the operating system, where there is one.
    fn file(&self) -> Option<&File> {
        None
    }
}

/// What the vault asks of a disk. A name is safe only when its folder was synced, content only when
/// its file was.
pub trait Disk: Send + Sync {
    /// Makes a file, or empties the one that is there.
    ///
    /// # Errors
    /// Where the disk refuses; so everywhere below.
    fn create(&self, path: &Path, readers: Readers) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file for appending after its first `keep` bytes; what follows them is dropped.
    #[allow(missing_docs, clippy::missing_errors_doc)]
    fn append(&self, path: &Path, keep: u64) -> io::Result<Box<dyn DiskFile>>;
    #[allow(missing_docs, clippy::missing_errors_doc)]
    fn open(&self, path: &Path) -> io::Result<Box<dyn Bytes>>;
    #[allow(missing_docs, clippy::missing_errors_doc)]
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    #[allow(missing_docs, clippy::missing_errors_doc)]
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes a folder and those above it; that it is there already is no error.
    #[allow(clippy::missing_errors_doc)]
    fn make_folder(&self, path: &Path) -> io::Result<()>;
    /// Names in a folder, sorted; none if there is no such folder.
    #[allow(clippy::missing_errors_doc)]
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    #[allow(missing_docs)]
    fn exists(&self, path: &Path) -> bool;
    /// Waits until the names in a folder are on the disk.
    #[allow(clippy::missing_errors_doc)]
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Waits for the names in many folders at once.
    #[allow(clippy::missing_errors_doc)]
    fn sync_folders(&self, paths: &BTreeSet<PathBuf>) -> io::Result<()> {
        paths.iter().try_for_each(|path| self.sync_folder(path))
    }

    /// Waits for many files at once: one wait for the disk where it knows how.
    #[allow(clippy::missing_errors_doc)]
    fn sync_files(&self, files: &mut [Box<dyn DiskFile>]) -> io::Result<()> {
        files.iter_mut().try_for_each(|file| file.sync())
    }

    /// All bytes of a file; `None` if there is none.
    #[allow(clippy::missing_errors_doc)]
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        match self.open(path) {
            Ok(mut file) => file.read_to_end(&mut bytes).map(|_| Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a folder and those above it, and waits until their names are on the disk. The folder above
    /// is waited for in any case: an earlier call may have made the folder and failed to wait.
    #[allow(clippy::missing_errors_doc)]
    fn make_folder_safe(&self, path: &Path) -> io::Result<()> {
        let missing = path.ancestors().take_while(|step| !step.as_os_str().is_empty() && !self.exists(step));
        let missing = missing.count();
        if missing > 0 {
            self.make_folder(path)?;
        }
        let above: Vec<&Path> = path.ancestors().skip(1).take(missing.max(1)).collect();
        above.into_iter().rev().try_for_each(|above| {
            let here = if above.as_os_str().is_empty() { Path::new(".") } else { above };
            match self.sync_folder(here) {
                // A folder that we may pass through and not read is nobody's we could wait for.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
                waited => waited,
            }
        })
    }

    /// Writes a file whole or not at all, and waits until it is there under its name.
    #[allow(clippy::missing_errors_doc)]
    fn write_whole(&self, path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new(""));
        self.make_folder_safe(folder)?;
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = Path::new(&part);
        let mut file = self.create(part, readers)?;
        file.write_all(bytes)?;
        file.sync()?;
        drop(file);
        self.rename(part, path)?;
        self.sync_folder(folder)
    }
}

/// Who may read a file that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// As the account's umask says.
    Usual,
    /// As the umask says, and nobody may write: exhibits are written once.
    NobodyWrites,
    /// The owner alone: keys.
    OwnerOnly,
}

/// The operating system's disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

struct RealFile(File);

impl Write for RealFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl DiskFile for RealFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
    fn file(&self) -> Option<&File> {
        Some(&self.0)
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &Path, readers: Readers) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        if readers == Readers::OwnerOnly {
            options.mode(0o600);
        }
        let file = options.open(path)?;
        match readers {
            Readers::Usual => {}
            Readers::NobodyWrites => file.set_permissions(std::fs::Permissions::from_mode(0o444))?,
            // The mode above counts only for a file that was not there before.
            Readers::OwnerOnly => file.set_permissions(std::fs::Permissions::from_mode(0o600))?,
        }
        Ok(Box::new(RealFile(file)))
    }

    fn append(&self, path: &Path, keep: u64) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        if file.metadata()?.len() != keep {
            file.set_len(keep)?;
        }
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Bytes>> {
        Ok(Box::new(File::open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn sync_folders(&self, paths: &BTreeSet<PathBuf>) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if paths.len() >= GROUPED_FROM
            && let Some(first) = paths.first()
        {
            return Ok(rustix::fs::syncfs(File::open(first)?)?);
        }
        paths.iter().try_for_each(|path| self.sync_folder(path))
    }

    fn sync_files(&self, files: &mut [Box<dyn DiskFile>]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if files.len() >= GROUPED_FROM
            && let Some(first) = files.first().and_then(|file| file.file())
        {
            // They lie in one folder, so on one file system. It reports failed writes since 5.8.
            return Ok(rustix::fs::syncfs(first)?);
        }
        files.iter_mut().try_for_each(|file| file.sync())
    }
}

/// From so many files on, one wait for the whole file system is cheaper than one for each.
#[cfg(target_os = "linux")]
const GROUPED_FROM: usize = 8;

/// Opens evidence where it lies: neither through a link that was put in its place since it was
/// listed, nor a pipe that would never end.
pub(crate) fn open_source(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file any more; it was one when the folder was listed"));
    }
    Ok(file)
}
