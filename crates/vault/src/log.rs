//! What was done to this case, in which order, and what is the hash of it all?
//!
//! `log/leaves`: one leaf a line, `hashed part ⇥ salt ⇥ act`, appended and synced before the act
//! takes effect. The file is the log; tree and tiles are computed from it. No tab stands in JSON, so
//! `cut -f1` gives what is hashed.
//!
//! A group of leaves is written in one breath. When the power goes meanwhile, any part of it may be
//! on disk: the last group is then torn. It was never acknowledged, and the next writer sets it
//! aside. A line that cannot be read *before* the last group, or below the signed head, is damage.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assize_model::{LeafId, LogHead};
use data_encoding::HEXLOWER;

use crate::disk::{Disk, DiskFile, Readers};
use crate::leaf::{self, Act, Leaf, LoggedLeaf, Opening};
use crate::merkle::{self, Tree};
use crate::note::{Head, Note};
use crate::store::Place;
use crate::{Stamp, VaultError, at, keys};

pub(crate) struct Log {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Option<Box<dyn DiskFile>>,
    leaves: Vec<LoggedLeaf>,
    tree: Tree,
    /// SHA-256 and path of everything that was admitted.
    origins: BTreeSet<(String, String)>,
    /// Where the content with this SHA-256 lies.
    places: BTreeMap<String, Place>,
    /// A write failed: what is on disk is not known until the log is opened again.
    failed: bool,
}

/// Why a log cannot be read on.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) index: u64,
    pub(crate) reason: String,
    /// Where its line begins.
    offset: usize,
    /// Whether it is nothing but the end of a write that was never acknowledged.
    torn: bool,
}

/// The name of the file of leaves below the case.
pub(crate) const LEAVES: &str = "log/leaves";
/// The name of the signed head.
pub(crate) const CHECKPOINT: &str = "log/checkpoint";

impl Log {
    pub(crate) fn open(disk: &Arc<dyn Disk>, root: &Path, writing: bool) -> Result<Self, VaultError> {
        let path = root.join(LEAVES);
        let bytes = disk.read(&path).map_err(at(&path))?.unwrap_or_default();
        let signed = signed_size(disk.as_ref(), root);
        let (mut log, end) = Self::parse(disk, &path, &bytes, signed);
        let keep = match &end {
            Some(bad) if !bad.torn => {
                return Err(VaultError::Log { path, index: bad.index, reason: bad.reason.clone() });
            }
            Some(torn) => torn.offset,
            None => bytes.len(),
        };
        if log.leaves.is_empty() {
            let reason = "the log has no first leaf".to_owned();
            return Err(VaultError::Log { path, index: 0, reason });
        }
        if writing {
            log.set_aside(root, &bytes[keep..])?;
            let mut file = disk.append(&path, keep as u64).map_err(at(&path))?;
            // What was read may never have reached the disk; effects must not come before it.
            file.sync().map_err(at(&path))?;
            log.file = Some(file);
        }
        Ok(log)
    }

    /// An empty log in a new folder.
    pub(crate) fn create(disk: &Arc<dyn Disk>, root: &Path) -> Result<Self, VaultError> {
        let path = root.join(LEAVES);
        let mut log = Self::empty(disk, &path);
        log.file = Some(disk.create(&path, Readers::Usual).map_err(at(&path))?);
        let folder = root.join("log");
        disk.sync_folder(&folder).map_err(at(&folder))?;
        Ok(log)
    }

    fn empty(disk: &Arc<dyn Disk>, path: &Path) -> Self {
        Self {
            disk: Arc::clone(disk),
            path: path.to_owned(),
            file: None,
            leaves: Vec::new(),
            tree: Tree::default(),
            origins: BTreeSet::new(),
            places: BTreeMap::new(),
            failed: false,
        }
    }

    /// Reads leaves up to the first line that is none, and says what is wrong with that.
    pub(crate) fn parse(
        disk: &Arc<dyn Disk>,
        path: &Path,
        bytes: &[u8],
        signed: u64,
    ) -> (Self, Option<Unreadable>) {
        let mut log = Self::empty(disk, path);
        let mut offset = 0;
        while offset < bytes.len() {
            let index = log.tree.size();
            let end = bytes[offset..].iter().position(|byte| *byte == b'\n');
            let (reason, rest) = match end {
                None => ("the last line is cut off".to_owned(), bytes.len()),
                Some(length) => match log.read_line(&bytes[offset..offset + length]) {
                    Ok(()) => {
                        offset += length + 1;
                        continue;
                    }
                    Err(reason) => (reason, offset + length + 1),
                },
            };
            let torn = index >= signed.max(1) && !later_group(&bytes[rest..], index);
            return (log, Some(Unreadable { index, reason, offset, torn }));
        }
        (log, None)
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), String> {
        let (bytes, opening) = split_line(line)?;
        let (_, leaf) = leaf::read(bytes, &opening)?;
        self.push(bytes.to_owned(), opening, leaf);
        Ok(())
    }

    fn push(&mut self, bytes: String, opening: Opening, leaf: Leaf) -> LeafId {
        let hash = merkle::leaf_hash(bytes.as_bytes());
        let id = LeafId::of_digest(&hash);
        if let Act::Admit { digests, path, stored, reference, modified, .. } = &leaf.act {
            self.origins.insert((digests.sha256.clone(), path.clone()));
            let place = Place::of(digests, stored.as_ref(), reference.as_deref(), modified.as_deref());
            let known = self.places.entry(digests.sha256.clone()).or_insert_with(|| place.clone());
            // A copy of our own is better than somebody else's file; a later one replaces what was lost.
            if !place.is_reference() {
                *known = place;
            }
        }
        self.leaves.push(LoggedLeaf { id, index: self.tree.size(), bytes, opening, leaf });
        self.tree.push(hash);
        id
    }

    /// Keeps what a torn write left, unless it is nothing but a line that was cut off.
    fn set_aside(&self, root: &Path, torn: &[u8]) -> Result<(), VaultError> {
        if !torn.contains(&b'\n') {
            return Ok(());
        }
        let name = format!("torn-{}-{}", self.tree.size(), torn.len());
        let path = root.join("log").join(name);
        self.disk.write_whole(&path, torn, Readers::Usual).map_err(at(&path))
    }

    /// Appends acts and waits for the disk once.
    pub(crate) fn append(&mut self, stamp: &Stamp, acts: &[Act]) -> Result<Vec<LeafId>, VaultError> {
        if acts.is_empty() {
            return Ok(Vec::new());
        }
        let group = self.tree.size();
        let mut lines = Vec::new();
        let mut text = String::new();
        for act in acts {
            let leaf = Leaf {
                at: stamp.at.clone(),
                by: stamp.by.clone(),
                tool: stamp.tool.clone(),
                act: act.clone(),
            };
            let (bytes, opening) =
                leaf::write(&leaf, &keys::random()?, group).map_err(|error| at(&self.path)(error.into()))?;
            text.push_str(&format!("{bytes}\t{}\t{}\n", opening.salt, opening.payload));
            lines.push((bytes, opening, leaf));
        }
        self.write(text.as_bytes())?;
        Ok(lines.into_iter().map(|(bytes, opening, leaf)| self.push(bytes, opening, leaf)).collect())
    }

    fn write(&mut self, text: &[u8]) -> Result<(), VaultError> {
        let file = match &mut self.file {
            Some(file) if !self.failed => file,
            Some(_) => return Err(VaultError::Unsure(self.path.clone())),
            None => return Err(at(&self.path)(std::io::ErrorKind::PermissionDenied.into())),
        };
        let written = file.write_all(text).and_then(|()| file.sync());
        self.failed = written.is_err();
        written.map_err(at(&self.path))
    }

    pub(crate) fn leaves(&self) -> &[LoggedLeaf] {
        &self.leaves
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(crate) fn head(&self) -> LogHead {
        LogHead { leaves: self.tree.size(), root: HEXLOWER.encode(&self.tree.root()), ..LogHead::default() }
    }

    pub(crate) fn origins(&self) -> &BTreeSet<(String, String)> {
        &self.origins
    }

    pub(crate) fn place(&self, sha256: &str) -> Option<&Place> {
        self.places.get(sha256)
    }

    /// Names of the files that the log says are in the store.
    pub(crate) fn stored_names(&self) -> BTreeSet<String> {
        self.places.values().filter_map(Place::stored_name).map(str::to_owned).collect()
    }
}

/// The three parts of a line: hashed part, salt, act.
pub(crate) fn split_line(line: &[u8]) -> Result<(&str, Opening), String> {
    let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let parts: Vec<&str> = text.split('\t').collect();
    let [bytes, salt, payload] = parts[..] else {
        return Err(format!("expected leaf, salt and act with tabs between, found {} parts", parts.len()));
    };
    Ok((bytes, Opening { salt: salt.to_owned(), payload: payload.to_owned() }))
}

/// Whether a line of a later group follows, which was begun only after this one was on disk.
fn later_group(bytes: &[u8], index: u64) -> bool {
    bytes.split(|byte| *byte == b'\n').any(|line| {
        let read = split_line(line).and_then(|(bytes, opening)| leaf::read(bytes, &opening));
        read.is_ok_and(|(hashed, _)| hashed.group > index)
    })
}

/// Leaves under the signed head, as it says itself.
fn signed_size(disk: &dyn Disk, root: &Path) -> u64 {
    let bytes = disk.read(&root.join(CHECKPOINT)).ok().flatten().unwrap_or_default();
    let note = String::from_utf8(bytes).ok().and_then(|text| text.parse::<Note>().ok());
    note.and_then(|note| Head::of(&note).ok()).map_or(0, |head| head.size)
}
