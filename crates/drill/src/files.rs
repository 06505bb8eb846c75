//! Where do observers write, and what becomes part of the ledger?
//!
//! [`Files`] is `evidence/` while it is being written: files grow at their end, in memory up to a
//! limit and then on the disk, so that hundreds of logs need neither open files nor memory. With
//! no folder it is a null sink that counts. It also asks the [`Gate`] whether a source saw
//! anything there and then, and keeps the ledger: where each trace of a step lies.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::court::{AccountId, HostId};
use crate::gate::{Gate, Sight};
use crate::moment::Moment;

/// Bytes that a file may have in memory before they are written.
const PENDING_BYTES_MAX: usize = 256 * 1024;

/// A file of `evidence/`, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(usize);

/// Where the trace of an act lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// Which file.
    pub file: FileId,
    /// First byte of the record or line.
    pub offset: u64,
    /// Bytes of it.
    pub length: u64,
    /// EVTX: number of its chunk.
    pub chunk: Option<u64>,
}

struct Open {
    path: String,
    /// Bytes on the disk (or counted).
    written: u64,
    pending: Vec<u8>,
    made: bool,
}

/// `evidence/` while it is being written.
pub struct Files {
    root: Option<PathBuf>,
    files: Vec<Open>,
    by_path: BTreeMap<String, FileId>,
    gate: Gate,
    ledger: BTreeMap<u32, Vec<Trace>>,
    events: u64,
}

impl Files {
    /// Files below `root`, or a null sink.
    #[must_use]
    pub fn new(root: Option<&Path>, gate: Gate) -> Self {
        Self {
            root: root.map(Path::to_owned),
            files: Vec::new(),
            by_path: BTreeMap::new(),
            gate,
            ledger: BTreeMap::new(),
            events: 0,
        }
    }

    /// Whether the source saw what happened there and then; `host` is the machine that the source
    /// speaks of in coverage, `None` for sources of the house or the cloud.
    #[must_use]
    pub fn sight(&self, source: &str, host: Option<HostId>, at: Moment) -> Sight {
        self.gate.sight(source, host, at)
    }

    /// Closes the gate for an interval from now on.
    pub fn close(&mut self, closed: crate::gate::Closed) {
        if !self.gate.closed.contains(&closed) {
            self.gate.closed.push(closed);
        }
    }

    /// The time that the host's clock shows.
    #[must_use]
    pub fn clock(&self, host: HostId, at: Moment) -> Moment {
        self.gate.clock(host, at)
    }

    /// Whether the audit of that mailbox is throttled.
    #[must_use]
    pub fn throttled(&self, mailbox: AccountId, at: Moment) -> bool {
        self.gate.throttled(mailbox, at)
    }

    /// The file of that path below `evidence/` (slashes), begun if it is new. One that nothing
    /// was appended to is made all the same, empty.
    pub fn file(&mut self, path: &str) -> FileId {
        if let Some(id) = self.by_path.get(path) {
            return *id;
        }
        let id = FileId(self.files.len());
        self.files.push(Open { path: path.to_owned(), written: 0, pending: Vec::new(), made: false });
        self.by_path.insert(path.to_owned(), id);
        id
    }

    /// Its path below `evidence/`.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        &self.files[file.0].path
    }

    /// Bytes that it has so far.
    #[must_use]
    pub fn len(&self, file: FileId) -> u64 {
        let open = &self.files[file.0];
        open.written + open.pending.len() as u64
    }

    /// Appends to a file and says where the bytes begin.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn append(&mut self, file: FileId, bytes: &[u8]) -> io::Result<u64> {
        let at = self.len(file);
        let open = &mut self.files[file.0];
        open.pending.extend_from_slice(bytes);
        if open.pending.len() >= PENDING_BYTES_MAX {
            self.flush(file)?;
        }
        Ok(at)
    }

    /// Counts an event that a source wrote; for rates and statistics.
    pub fn count_event(&mut self) {
        self.events += 1;
    }

    /// Events written so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Bytes of all files so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|open| open.written + open.pending.len() as u64).sum()
    }

    /// Notes that a step of the intrusion left this trace.
    pub fn trace(&mut self, step: Option<u32>, trace: Trace) {
        if let Some(step) = step {
            self.ledger.entry(step).or_default().push(trace);
        }
    }

    /// Appends one line (with its line break), counts it as an event and notes its trace: all that
    /// a source of lines has to do.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn line(&mut self, file: FileId, line: &[u8], step: Option<u32>) -> io::Result<()> {
        let offset = self.append(file, line)?;
        self.count_event();
        let length = line.len() as u64 - u64::from(line.ends_with(b"\n"));
        self.trace(step, Trace { file, offset, length, chunk: None });
        Ok(())
    }

    /// Empties a file: its log was cleared. Traces in it are gone with it.
    ///
    /// # Errors
    /// Where the file cannot be emptied.
    pub fn clear(&mut self, file: FileId) -> io::Result<()> {
        let open = &mut self.files[file.0];
        open.pending.clear();
        open.written = 0;
        if let Some(root) = self.root.as_ref().filter(|_| open.made) {
            File::create(root.join(&open.path))?;
        }
        self.forget(file, |_| true);
        Ok(())
    }

    /// Gives a file another path: its log was archived. Its traces go with it, and the old path is
    /// free for a new file.
    ///
    /// # Errors
    /// Where the file cannot be renamed.
    pub fn rename(&mut self, file: FileId, path: &str) -> io::Result<()> {
        if let (Some(old), Some(root)) = (self.on_disk(file), &self.root)
            && self.files[file.0].made
        {
            fs::rename(old, root.join(path))?;
        }
        self.by_path.remove(&self.files[file.0].path);
        self.by_path.insert(path.to_owned(), file);
        path.clone_into(&mut self.files[file.0].path);
        Ok(())
    }

    /// Takes traces out of the ledger that damage has destroyed.
    pub fn forget(&mut self, file: FileId, lost: impl Fn(&Trace) -> bool) {
        for traces in self.ledger.values_mut() {
            traces.retain(|trace| trace.file != file || !lost(trace));
        }
    }

    /// Overwrites bytes of a file that are already there.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn patch(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.flush(file)?;
        let Some(path) = self.on_disk(file) else { return Ok(()) };
        let mut opened = OpenOptions::new().write(true).open(path)?;
        opened.seek(SeekFrom::Start(offset))?;
        opened.write_all(bytes)
    }

    /// Bytes of a file; none of a null sink.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn read(&mut self, file: FileId) -> io::Result<Vec<u8>> {
        self.flush(file)?;
        let mut bytes = Vec::new();
        if let Some(path) = self.on_disk(file) {
            File::open(path)?.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// Cuts a file off after so many bytes.
    ///
    /// # Errors
    /// Where the file cannot be cut.
    pub fn cut(&mut self, file: FileId, length: u64) -> io::Result<()> {
        self.flush(file)?;
        self.files[file.0].written = length;
        self.forget(file, |trace| trace.offset + trace.length > length);
        match self.on_disk(file) {
            Some(path) => OpenOptions::new().write(true).open(path)?.set_len(length),
            None => Ok(()),
        }
    }

    /// Writes whatever is pending, of all files.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn flush_all(&mut self) -> io::Result<()> {
        (0..self.files.len()).try_for_each(|number| self.flush(FileId(number)))
    }

    /// Every file there is.
    pub fn all(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len()).map(FileId)
    }

    /// Where the traces of each step lie.
    #[must_use]
    pub fn ledger(&self) -> &BTreeMap<u32, Vec<Trace>> {
        &self.ledger
    }

    fn on_disk(&self, file: FileId) -> Option<PathBuf> {
        Some(self.root.as_ref()?.join(&self.files[file.0].path))
    }

    fn flush(&mut self, file: FileId) -> io::Result<()> {
        let path = self.on_disk(file);
        let open = &mut self.files[file.0];
        if let Some(path) = path.filter(|_| !open.pending.is_empty() || !open.made) {
            write_at_end(&path, &open.pending, open.made)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
            open.made = true;
        }
        open.written += open.pending.len() as u64;
        // A file of yesterday is not written to again: its room is given back.
        open.pending = Vec::new();
        Ok(())
    }
}

fn write_at_end(path: &Path, bytes: &[u8], made: bool) -> io::Result<()> {
    if !made {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        return File::create(path)?.write_all(bytes);
    }
    OpenOptions::new().append(true).open(path)?.write_all(bytes)
}
