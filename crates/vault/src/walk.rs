//! Which files did the person mean?
//!
//! A file means itself, a folder all files below it, in order of name. Links are not followed and
//! devices not opened (evidence may hold a link to anywhere): each is an item with its reason.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::store::modified_of;

/// One file that was found, or could not be looked at.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it lies now.
    pub source: PathBuf,
    /// Path below the folder that was given, `/` between steps; bytes that are no UTF-8 as `\xNN`.
    pub path: String,
    /// Bytes, as the file system says.
    pub size: u64,
    /// When it was last changed, as the file system says, RFC 3339.
    pub modified: Option<String>,
    /// Why it cannot be admitted.
    pub problem: Option<String>,
}

/// All files below what was given, in a fixed order.
#[must_use]
pub fn walk(given: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    match std::fs::metadata(given) {
        Ok(metadata) if metadata.is_dir() => folder(given, "", &mut found),
        Ok(metadata) => {
            let name = given.file_name().map_or_else(String::new, |name| text(name.as_encoded_bytes()));
            // A person may name a file through a link; what is read is the file itself.
            let source = std::fs::canonicalize(given).unwrap_or_else(|_| given.to_owned());
            found.push(file(source, name, &metadata));
        }
        Err(error) => found.push(problem(given.to_owned(), given.display().to_string(), error.to_string())),
    }
    found
}

fn folder(path: &Path, below: &str, found: &mut Vec<Found>) {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return found.push(problem(path.to_owned(), below.to_owned(), error.to_string())),
    };
    let mut names = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => names.push(entry.file_name()),
            Err(error) => found.push(problem(path.to_owned(), below.to_owned(), error.to_string())),
        }
    }
    names.sort();
    for name in names {
        let source = path.join(&name);
        let separator = if below.is_empty() { "" } else { "/" };
        let shown = format!("{below}{separator}{}", text(name.as_encoded_bytes()));
        match std::fs::symlink_metadata(&source) {
            Ok(metadata) if metadata.is_dir() => folder(&source, &shown, found),
            Ok(metadata) => found.push(file(source, shown, &metadata)),
            Err(error) => found.push(problem(source, shown, error.to_string())),
        }
    }
}

fn file(source: PathBuf, path: String, metadata: &Metadata) -> Found {
    if metadata.is_symlink() {
        return problem(source, path, "a symbolic link; links in evidence are not followed".to_owned());
    }
    if !metadata.is_file() {
        return problem(source, path, "not a regular file (a device, pipe or socket)".to_owned());
    }
    Found { source, path, size: metadata.len(), modified: modified_of(metadata), problem: None }
}

fn problem(source: PathBuf, path: String, problem: String) -> Found {
    Found { source, path, size: 0, modified: None, problem: Some(problem) }
}

/// A name as text that loses nothing.
fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}
