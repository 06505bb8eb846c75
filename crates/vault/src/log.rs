//! What was done to this case, in which order, and what is the hash of it all?
//!
//! `log/leaves`: one leaf a line, appended and synced before the act takes effect. The file is the
//! log; the tree is computed from it. A last line without its newline was never acknowledged and is
//! dropped by the next writer.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use assize_model::{LeafId, LogHead};

use crate::leaf::{Act, Leaf, LoggedLeaf};
use crate::merkle::{self, Tree};
use crate::{Stamp, VaultError, at};

pub(crate) struct Log {
    path: PathBuf,
    file: Option<File>,
    leaves: Vec<LoggedLeaf>,
    tree: Tree,
}

impl Log {
    pub(crate) fn open(root: &Path, writing: bool) -> Result<Self, VaultError> {
        let path = root.join("log").join("leaves");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(at(&path)(error)),
        };
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let file = if writing { Some(open_at(&path, whole as u64)?) } else { None };
        let mut log = Self { path, file, leaves: Vec::new(), tree: Tree::default() };
        for line in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            log.read(&line[..line.len() - 1])?;
        }
        Ok(log)
    }

    fn read(&mut self, line: &[u8]) -> Result<(), VaultError> {
        let damaged = |reason: String| VaultError::Log {
            path: self.path.clone(),
            index: self.leaves.len() as u64,
            reason,
        };
        let text = std::str::from_utf8(line).map_err(|error| damaged(error.to_string()))?;
        let leaf = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        self.push(text.to_owned(), leaf);
        Ok(())
    }

    fn push(&mut self, bytes: String, leaf: Leaf) -> LeafId {
        let hash = merkle::leaf_hash(bytes.as_bytes());
        let id = LeafId::of_digest(&hash);
        self.leaves.push(LoggedLeaf { id, index: self.tree.size(), bytes, leaf });
        self.tree.push(hash);
        id
    }

    /// Appends acts and waits for the disk once.
    pub(crate) fn append(&mut self, stamp: &Stamp, acts: &[Act]) -> Result<Vec<LeafId>, VaultError> {
        if acts.is_empty() {
            return Ok(Vec::new());
        }
        let mut lines = Vec::new();
        for act in acts {
            let leaf = Leaf {
                v: 1,
                at: stamp.at.clone(),
                by: stamp.by.clone(),
                tool: stamp.tool.clone(),
                act: act.clone(),
            };
            let bytes =
                serde_json_canonicalizer::to_string(&leaf).map_err(|error| at(&self.path)(error.into()))?;
            lines.push((bytes, leaf));
        }
        let text: String = lines.iter().map(|(bytes, _)| format!("{bytes}\n")).collect();
        let Some(file) = &mut self.file else {
            let refused = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
            return Err(at(&self.path)(refused));
        };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
        written.map_err(at(&self.path))?;
        Ok(lines.into_iter().map(|(bytes, leaf)| self.push(bytes, leaf)).collect())
    }

    pub(crate) fn leaves(&self) -> &[LoggedLeaf] {
        &self.leaves
    }

    pub(crate) fn head(&self) -> LogHead {
        LogHead { leaves: self.tree.size(), root: data_encoding::HEXLOWER.encode(&self.tree.root()) }
    }

    /// SHA-256 and path of everything that was admitted.
    pub(crate) fn origins(&self) -> BTreeSet<(String, String)> {
        let origins = self.leaves.iter().filter_map(|logged| match &logged.leaf.act {
            Act::Admit { digests, path, .. } => Some((digests.sha256.clone(), path.clone())),
            _ => None,
        });
        origins.collect()
    }

    /// SHA-256 of everything that was admitted.
    pub(crate) fn admitted(&self) -> BTreeSet<String> {
        self.origins().into_iter().map(|(sha256, _)| sha256).collect()
    }
}

/// Opens the file for appending after its last whole line.
fn open_at(path: &Path, whole: u64) -> Result<File, VaultError> {
    let file = OpenOptions::new().append(true).create(true).open(path).map_err(at(path))?;
    file.set_len(whole).map_err(at(path))?;
    Ok(file)
}
