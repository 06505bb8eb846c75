//! A disk that forgets: what was not synced may be lost, in part, in any order, when the power goes.
//!
//! Stricter than any real one. Names and content are separate: a synced file whose folder was not
//! synced may have no name. Of unsynced names any subset survives; of unsynced content any blocks,
//! the others being zeroes or garbage. It also fails: at a chosen operation it reports an error, or
//! stops for good (the power is gone).

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use assize_vault::{Bytes, Disk, DiskFile, Readers};

/// A small generator of numbers; its seed names the whole course of a test.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    safe: Vec<u8>,
}

/// A change of names that is not safe yet.
#[derive(Clone)]
enum Change {
    Made(PathBuf, Node),
    Gone(PathBuf),
    Renamed(PathBuf, PathBuf, Node),
}

impl Change {
    fn touches(&self, folder: &Path) -> bool {
        match self {
            Self::Made(path, _) | Self::Gone(path) => path.parent() == Some(folder),
            Self::Renamed(from, to, _) => from.parent() == Some(folder) || to.parent() == Some(folder),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Made(path, node) => {
                names.insert(path.clone(), *node);
            }
            Self::Gone(path) => {
                names.remove(path);
            }
            Self::Renamed(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

#[derive(Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<PathBuf, Node>,
    safe_names: BTreeMap<PathBuf, Node>,
    changes: Vec<Change>,
    operations: u64,
    /// At this operation something happens.
    trouble: Option<(u64, Trouble)>,
    dead: bool,
}

/// What happens at the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// The operation fails, once.
    Error,
    /// The power goes.
    Crash,
}

/// See the module's text.
#[derive(Clone, Default)]
pub struct Forgetful(Arc<Mutex<State>>);

impl Forgetful {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Lets something happen at an operation, counted from now.
    pub fn trouble_in(&self, operations: u64, trouble: Trouble) {
        let mut state = self.state();
        state.trouble = Some((state.operations + operations, trouble));
    }

    pub fn no_trouble(&self) {
        self.state().trouble = None;
    }

    pub fn is_trouble_ahead(&self) -> bool {
        self.state().trouble.is_some()
    }

    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// The power comes back: what was not safe is there in part, by the dice.
    pub fn come_back(&self, dice: &mut Dice) {
        let mut state = self.state();
        let mut names = state.safe_names.clone();
        state.changes.iter().filter(|_| dice.coin()).for_each(|change| change.apply(&mut names));
        // A name whose folder did not survive is nowhere.
        let lost = |path: &Path, names: &BTreeMap<PathBuf, Node>| {
            path.parent().is_some_and(|above| above != Path::new("/") && !names.contains_key(above))
        };
        while let Some(path) = names.keys().find(|path| lost(path, &names)).cloned() {
            names.remove(&path);
        }
        for content in &mut state.files {
            content.now = survived(content, dice);
            content.safe = content.now.clone();
        }
        state.names = names.clone();
        state.safe_names = names;
        state.changes.clear();
        state.trouble = None;
        state.dead = false;
    }

    /// Copies what is there to a real folder.
    pub fn copy_to(&self, from: &Path, to: &Path) {
        let state = self.state();
        for (path, node) in &state.names {
            let Ok(below) = path.strip_prefix(from) else { continue };
            let place = to.join(below);
            match node {
                Node::Folder => std::fs::create_dir_all(place).unwrap(),
                Node::File(number) => {
                    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
                    std::fs::write(place, &state.files[*number].now).unwrap();
                }
            }
        }
    }
}

/// What is left of a file: what was synced and is still so, and any blocks of the rest.
fn survived(content: &Content, dice: &mut Dice) -> Vec<u8> {
    let (now, safe) = (&content.now, &content.safe);
    if now == safe {
        return safe.clone();
    }
    let same = now.iter().zip(safe).take_while(|(one, other)| one == other).count();
    let lengths =
        [now.len(), safe.len(), same + dice.below((now.len().max(same) - same + 1) as u64) as usize];
    let length = lengths[dice.below(3) as usize].max(same);
    let mut bytes = vec![0; length];
    let garbage = dice.coin();
    for start in (0..length).step_by(64) {
        let end = (start + 64).min(length);
        let source = match dice.below(3) {
            0 => Some(now),
            1 => Some(safe),
            _ => None,
        };
        for (at, byte) in bytes.iter_mut().enumerate().take(end).skip(start) {
            *byte = match source {
                Some(source) => source.get(at).copied().unwrap_or(0),
                None if garbage => dice.next() as u8,
                None => 0,
            };
        }
    }
    bytes[..same].copy_from_slice(&safe[..same]);
    bytes
}

impl State {
    /// Counts an operation, and lets the chosen one fail.
    fn step(&mut self) -> io::Result<()> {
        if self.dead {
            return Err(io::Error::other("the power is gone"));
        }
        self.operations += 1;
        match self.trouble {
            Some((at, Trouble::Error)) if at == self.operations => {
                self.trouble = None;
                Err(io::ErrorKind::StorageFull.into())
            }
            Some((at, Trouble::Crash)) if at == self.operations => {
                self.dead = true;
                Err(io::Error::other("the power is gone"))
            }
            _ => Ok(()),
        }
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.names.get(path) {
            Some(Node::File(number)) => Ok(*number),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    fn in_folder(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(above) if above == Path::new("/") || self.names.get(above) == Some(&Node::Folder) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

struct Open {
    disk: Forgetful,
    number: usize,
}

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        if let Err(error) = state.step() {
            // A write that fails may have written something.
            let part = bytes.len() / 2;
            state.files[self.number].now.extend_from_slice(&bytes[..part]);
            return Err(error);
        }
        state.files[self.number].now.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for Open {
    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step()?;
        let content = &mut state.files[self.number];
        content.safe = content.now.clone();
        Ok(())
    }
}

impl Disk for Forgetful {
    fn create(&self, path: &Path, _: Readers) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.step()?;
        state.in_folder(path)?;
        let number = match state.file(path) {
            Ok(number) => {
                state.files[number].now.clear();
                number
            }
            Err(_) => {
                state.files.push(Content::default());
                let number = state.files.len() - 1;
                state.change(Change::Made(path.to_owned(), Node::File(number)));
                number
            }
        };
        Ok(Box::new(Open { disk: self.clone(), number }))
    }

    fn append(&self, path: &Path, keep: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.step()?;
        let number = state.file(path)?;
        state.files[number].now.truncate(keep as usize);
        Ok(Box::new(Open { disk: self.clone(), number }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Bytes>> {
        let state = self.state();
        let number = state.file(path)?;
        Ok(Box::new(Cursor::new(state.files[number].now.clone())))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        let number = state.file(from)?;
        state.in_folder(to)?;
        state.change(Change::Renamed(from.to_owned(), to.to_owned(), Node::File(number)));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        state.file(path)?;
        state.change(Change::Gone(path.to_owned()));
        Ok(())
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        let steps: Vec<&Path> = path.ancestors().filter(|step| *step != Path::new("/")).collect();
        for step in steps.into_iter().rev() {
            if !state.names.contains_key(step) {
                state.change(Change::Made(step.to_owned(), Node::Folder));
            }
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let inside = state.names.keys().filter(|name| name.parent() == Some(path));
        Ok(inside.map(|name| name.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn exists(&self, path: &Path) -> bool {
        path == Path::new("/") || self.state().names.contains_key(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        let (safe, open): (Vec<Change>, Vec<Change>) =
            std::mem::take(&mut state.changes).into_iter().partition(|change| change.touches(path));
        let mut names = std::mem::take(&mut state.safe_names);
        safe.iter().for_each(|change| change.apply(&mut names));
        (state.safe_names, state.changes) = (names, open);
        Ok(())
    }
}
