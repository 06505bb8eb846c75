//! In which files does a log lie so that other people's tools can read it?
//!
//! The layout of C2SP tlog-tiles below `log/`: `tile/<level>/<n>` with 256 hashes each, and bundles of
//! leaves in `tile/entries/<n>`; what is not full yet ends in `.p/<width>`. All of it is a function of
//! the leaves, written before each checkpoint, and held against them by `verify`. The bundles hold
//! the hashed parts only: `log/tile` and `log/checkpoint` can be given to anyone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, Readers};
use crate::leaf::LoggedLeaf;
use crate::merkle::{Hash, Tree};
use crate::{VaultError, at};

/// Hashes in a full tile.
const WIDTH: u64 = 256;
/// Binary levels of the tree in one level of tiles.
const HEIGHT: usize = 8;

/// One file: which hashes or leaves stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Level of tiles; `None`: a bundle of leaves.
    level: Option<usize>,
    number: u64,
    /// 1 to 256.
    width: u64,
}

/// All files of a log of so many leaves.
pub(crate) fn all(size: u64) -> impl Iterator<Item = Tile> {
    let levels = (0..).take_while(move |level| size >> (HEIGHT * level) > 0);
    let hashes = levels.flat_map(move |level| of_level(Some(level), size >> (HEIGHT * level)));
    hashes.chain(of_level(None, size))
}

fn of_level(level: Option<usize>, count: u64) -> impl Iterator<Item = Tile> {
    (0..count.div_ceil(WIDTH)).map(move |number| Tile {
        level,
        number,
        width: WIDTH.min(count - number * WIDTH),
    })
}

impl Tile {
    /// Where it lies below `log/`.
    pub(crate) fn path(&self) -> PathBuf {
        let level = self.level.map_or_else(|| "entries".to_owned(), |level| level.to_string());
        let mut path = Path::new("tile").join(level);
        let digits = format!("{:03}", self.number);
        // 1234067 is x001/x234/067.
        let padded = format!("{digits:0>width$}", width = digits.len().div_ceil(3) * 3);
        let groups = padded.len() / 3;
        for (position, group) in padded.as_bytes().chunks(3).enumerate() {
            let group = String::from_utf8_lossy(group);
            let last = position + 1 == groups;
            let end = if last && self.is_partial() { ".p" } else { "" };
            path.push(format!("{}{group}{end}", if last { "" } else { "x" }));
        }
        if self.is_partial() { path.join(self.width.to_string()) } else { path }
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.width < WIDTH
    }

    /// What must stand in it.
    pub(crate) fn bytes(&self, tree: &Tree, leaves: &[LoggedLeaf]) -> Vec<u8> {
        let range = (self.number * WIDTH) as usize..(self.number * WIDTH + self.width) as usize;
        match self.level {
            Some(level) => tree.level(HEIGHT * level).get(range).unwrap_or_default().concat(),
            None => leaves.get(range).unwrap_or_default().iter().flat_map(entry).collect(),
        }
    }
}

/// A leaf behind its length in two bytes. A leaf is a few hundred bytes: nothing in it grows.
fn entry(logged: &LoggedLeaf) -> Vec<u8> {
    let length = u16::try_from(logged.bytes.len()).unwrap_or(u16::MAX);
    let mut entry = length.to_be_bytes().to_vec();
    entry.extend_from_slice(logged.bytes.as_bytes());
    entry
}

/// Writes what a log of this size needs and what is not there yet, and waits until all of it is on the
/// disk: a checkpoint may come next.
pub(crate) fn write(
    disk: &dyn Disk,
    log: &Path,
    tree: &Tree,
    leaves: &[LoggedLeaf],
) -> Result<(), VaultError> {
    let mut folders = BTreeSet::new();
    for tile in all(tree.size()) {
        let path = log.join(tile.path());
        folders.extend(path.ancestors().skip(1).take_while(|step| step.starts_with(log)).map(Path::to_owned));
        // A full tile never changes; a partial one has its width in its name.
        if !disk.exists(&path) {
            let bytes = tile.bytes(tree, leaves);
            disk.write_whole(&path, &bytes, Readers::Usual).map_err(at(&path))?;
        }
    }
    // What was there already may have been written by a call that failed before it could wait.
    folders.iter().try_for_each(|folder| disk.sync_folder(folder).map_err(at(folder)))
}

/// Removes the partial tiles of an older size that no checkpoint of ours needs any more.
pub(crate) fn prune(disk: &dyn Disk, log: &Path, old: u64, new: u64) -> Result<(), VaultError> {
    let needed: Vec<PathBuf> = all(new).filter(Tile::is_partial).map(|tile| tile.path()).collect();
    for tile in all(old).filter(Tile::is_partial) {
        let path = log.join(tile.path());
        if !needed.contains(&tile.path()) && disk.exists(&path) {
            disk.remove(&path).map_err(at(&path))?;
        }
    }
    Ok(())
}

/// The hash of a leaf as the tiles on disk say it: names a leaf that can no longer be read.
pub(crate) fn leaf_hash_on_disk(log: &Path, size: u64, index: u64) -> Option<Hash> {
    let tile = of_level(Some(0), size).nth((index / WIDTH) as usize)?;
    let bytes = std::fs::read(log.join(tile.path())).ok()?;
    let at = (index % WIDTH) as usize * 32;
    bytes.get(at..at + 32)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(size: u64) -> Vec<String> {
        all(size).map(|tile| tile.path().display().to_string()).collect()
    }

    #[test]
    fn the_examples_of_the_specification() {
        let all = paths(70_000);
        let count = |start: &str, partial: bool| {
            all.iter().filter(|path| path.starts_with(start) && path.contains(".p/") == partial).count()
        };
        assert_eq!((count("tile/0/", false), count("tile/0/", true)), (273, 1));
        assert_eq!((count("tile/1/", false), count("tile/1/", true)), (1, 1));
        assert_eq!((count("tile/2/", false), count("tile/2/", true)), (0, 1));
        assert!(all.contains(&"tile/0/273.p/112".to_owned()));
        assert!(all.contains(&"tile/1/001.p/17".to_owned()));
        assert!(all.contains(&"tile/2/000.p/1".to_owned()));
        assert_eq!(paths(256), ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
        let far = Tile { level: Some(0), number: 1_234_067, width: 256 };
        assert_eq!(far.path(), Path::new("tile/0/x001/x234/067"));
        let middling = Tile { level: None, number: 1234, width: 9 };
        assert_eq!(middling.path(), Path::new("tile/entries/x001/234.p/9"));
    }
}
