//! What does the institution know of its own records, people and rights?
//!
//! Writes `register/` of a drill, with the field names of the register (see `docs/guide/drill.md`).

use std::io;
use std::path::Path;

use crate::court::Court;

/// Writes the register's files into `dir`.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(_court: &Court, _dir: &Path) -> io::Result<()> {
    Ok(())
}
