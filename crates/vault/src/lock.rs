//! Who may write to the case just now?
//!
//! One process, by an advisory lock that the system drops when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::{VaultError, at};

/// Held while this process may write.
pub(crate) struct WriteLock {
    file: File,
}

/// Given back by name and not only by closing: a child that this process is just about to start shares
/// the open file until its program begins, and would hold the lock for that moment.
impl Drop for WriteLock {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and closing the file gives the lock back too.
        let _ = self.file.unlock();
    }
}

impl WriteLock {
    pub(crate) fn take(root: &Path) -> Result<Self, VaultError> {
        let path = root.join("log").join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).map_err(at(&path))?;
                return Err(VaultError::Locked { path, pid: pid.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
        }
        file.set_len(0).map_err(at(&path))?;
        writeln!(file, "{}", std::process::id()).map_err(at(&path))?;
        Ok(Self { file })
    }
}
