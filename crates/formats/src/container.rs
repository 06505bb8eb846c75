//! Which files does a file hold?
//!
//! zip, gzip and tar, within one another, as streams: nothing is written to disk and no path of an
//! archive is ever used as a path. A member's name is the steps to it joined by `!/`. Limits hold
//! on depth, number and size; what exceeds them, or is encrypted, is a problem with the member's
//! name. Other containers are the custody issue's.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek};
use std::rc::Rc;

use assize_model::Cause;
use flate2::read::MultiGzDecoder;

use crate::HEAD;

/// Raised whenever members would be named or opened otherwise, so that derived tables are redone.
pub const VERSION: u32 = 1;
/// Containers within containers beyond this are not opened.
const DEPTH_MAX: usize = 4;
/// Members of one exhibit.
const MEMBERS_MAX: usize = 100_000;
/// Unpacked bytes of one exhibit, all members at all depths together.
const BYTES_MAX: u64 = 1 << 40;
/// Unpacked bytes for each byte of the exhibit, once [`RATIO_FROM`] bytes have come out.
const RATIO_MAX: u64 = 2000;
const RATIO_FROM: u64 = 256 << 20;
/// A zip within another container must be held whole, because its directory stands at its end.
const NESTED_ZIP_MAX: u64 = 256 << 20;

/// An exhibit's bytes, which can be read from anywhere.
pub trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

/// Told of each member in turn.
pub trait Visitor {
    /// Whether the member of that name, or what lies in it, is of interest.
    fn wants(&self, name: &str) -> bool;

    /// A member that is no container: its name (`None` for the exhibit itself) and its bytes, which
    /// begin with `head`, at most [`HEAD`] bytes already read.
    ///
    /// # Errors
    /// Ends the visit.
    fn member(&mut self, name: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> io::Result<()>;

    /// A container: its members follow.
    fn container(&mut self, _name: Option<&str>, _kind: Kind) {}

    /// A member that cannot be opened.
    ///
    /// # Errors
    /// Ends the visit.
    fn problem(&mut self, name: Option<&str>, cause: Cause, detail: String) -> io::Result<()>;
}

/// A kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Zip,
    Gzip,
    Tar,
}

impl Kind {
    /// By the first bytes.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Some(Self::Zip);
        }
        if head.starts_with(b"\x1f\x8b\x08") {
            return Some(Self::Gzip);
        }
        (head.get(257..262) == Some(b"ustar")).then_some(Self::Tar)
    }

    /// The word in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Gzip => "gzip",
            Self::Tar => "tar",
        }
    }
}

/// Visits an exhibit: itself, or every member of the container it is.
///
/// # Errors
/// Only from the visitor, or where the exhibit's own first bytes cannot be read.
pub fn visit(exhibit: &mut dyn Bytes, size: u64, visitor: &mut dyn Visitor) -> io::Result<()> {
    let limit = size.saturating_mul(RATIO_MAX).clamp(RATIO_FROM, BYTES_MAX);
    let mut visit = Visit { visitor, left: Rc::new(Cell::new(limit)), limit, members: 0 };
    let head = read_head(exhibit)?;
    match Kind::of(&head) {
        Some(Kind::Zip) => {
            exhibit.rewind()?;
            visit.zip(exhibit, None, 0)
        }
        kind => visit.stream(kind, head, exhibit, None, 0),
    }
}

struct Visit<'a> {
    visitor: &'a mut dyn Visitor,
    /// Bytes that may still be unpacked, shared by all members.
    left: Rc<Cell<u64>>,
    limit: u64,
    members: usize,
}

impl Visit<'_> {
    fn stream(
        &mut self,
        kind: Option<Kind>,
        head: Vec<u8>,
        rest: &mut dyn Read,
        name: Option<&str>,
        depth: usize,
    ) -> io::Result<()> {
        let Some(kind) = kind else { return self.visitor.member(name, head, rest) };
        if depth >= DEPTH_MAX {
            let detail = format!("containers nested deeper than {DEPTH_MAX}");
            return self.visitor.problem(name, Cause::Limit, detail);
        }
        let mut whole = Cursor::new(head).chain(rest);
        match kind {
            Kind::Gzip => {
                self.visitor.container(name, kind);
                let mut unpacked = self.capped(MultiGzDecoder::new(whole));
                self.inner(&mut unpacked, &step(name, "content"), depth)
            }
            Kind::Tar => {
                self.visitor.container(name, kind);
                self.tar(&mut whole, name, depth)
            }
            Kind::Zip => self.nested_zip(&mut whole, name, depth),
        }
    }

    /// A member whose bytes can be read from the beginning only.
    fn inner(&mut self, bytes: &mut dyn Read, name: &str, depth: usize) -> io::Result<()> {
        if !self.visitor.wants(name) {
            return Ok(());
        }
        let (head, broken) = read_head_of(bytes);
        match broken {
            None => self.stream(Kind::of(&head), head, bytes, Some(name), depth + 1),
            Some(error) if head.is_empty() => {
                self.visitor.problem(Some(name), cause_of(&error), error.to_string())
            }
            // What came out before the damage is read; the damage itself is met again at its end.
            Some(error) => {
                let kind = Kind::of(&head);
                self.stream(kind, head, &mut Failing(Some(error)), Some(name), depth + 1)
            }
        }
    }

    fn tar(&mut self, bytes: &mut dyn Read, name: Option<&str>, depth: usize) -> io::Result<()> {
        let mut archive = tar::Archive::new(bytes);
        let mut names = Names::default();
        let entries = archive.entries()?;
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return self.visitor.problem(name, cause_of(&error), error.to_string()),
            };
            if entry.header().entry_type().is_dir() {
                continue;
            }
            let inside = names.unique(&String::from_utf8_lossy(&entry.path_bytes()));
            let member = step(name, &inside);
            if !entry.header().entry_type().is_file() {
                let detail = "not a regular file (a link or device); not followed".to_owned();
                self.visitor.problem(Some(&member), Cause::Unreachable, detail)?;
                continue;
            }
            if !self.count(name)? {
                return Ok(());
            }
            self.inner(&mut entry, &member, depth)?;
        }
        Ok(())
    }

    fn nested_zip(&mut self, bytes: &mut dyn Read, name: Option<&str>, depth: usize) -> io::Result<()> {
        let mut whole = Vec::new();
        match bytes.take(NESTED_ZIP_MAX + 1).read_to_end(&mut whole) {
            Err(error) => self.visitor.problem(name, cause_of(&error), error.to_string()),
            Ok(_) if whole.len() as u64 > NESTED_ZIP_MAX => {
                let detail = format!("a zip of more than {NESTED_ZIP_MAX} bytes within another container");
                self.visitor.problem(name, Cause::Limit, detail)
            }
            Ok(_) => self.zip(&mut Cursor::new(whole), name, depth),
        }
    }

    fn zip(&mut self, bytes: &mut dyn Bytes, name: Option<&str>, depth: usize) -> io::Result<()> {
        self.visitor.container(name, Kind::Zip);
        let mut archive = match zip::ZipArchive::new(bytes) {
            Ok(archive) => archive,
            Err(error) => return self.visitor.problem(name, Cause::UnreadableBlock, error.to_string()),
        };
        let mut names = Names::default();
        for index in 0..archive.len() {
            if !self.count(name)? {
                return Ok(());
            }
            self.zip_entry(&mut archive, index, &mut names, name, depth)?;
        }
        Ok(())
    }

    fn zip_entry(
        &mut self,
        archive: &mut zip::ZipArchive<&mut dyn Bytes>,
        index: usize,
        names: &mut Names,
        name: Option<&str>,
        depth: usize,
    ) -> io::Result<()> {
        let raw = archive.by_index_raw(index).map(|raw| (name_of(&raw), raw.is_dir(), raw.encrypted()));
        let (inside, is_folder, encrypted) = match raw {
            Ok(raw) => raw,
            Err(error) => {
                let member = step(name, &format!("#{index}"));
                return self.visitor.problem(Some(&member), Cause::UnreadableBlock, error.to_string());
            }
        };
        let member = step(name, &names.unique(&inside));
        if is_folder || !self.visitor.wants(&member) {
            return Ok(());
        }
        if encrypted {
            let detail = "encrypted; give the password to an intake of the unpacked file".to_owned();
            return self.visitor.problem(Some(&member), Cause::Encrypted, detail);
        }
        let entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(error) => {
                return self.visitor.problem(Some(&member), Cause::UnreadableBlock, error.to_string());
            }
        };
        let mut unpacked = self.capped(entry);
        self.inner(&mut unpacked, &member, depth)
    }

    /// Counts a member; says false, and reports it, when there are too many.
    fn count(&mut self, name: Option<&str>) -> io::Result<bool> {
        self.members += 1;
        if self.members <= MEMBERS_MAX {
            return Ok(true);
        }
        let detail = format!("more than {MEMBERS_MAX} members; the rest was not read");
        self.visitor.problem(name, Cause::Limit, detail)?;
        Ok(false)
    }

    fn capped<R: Read>(&self, inner: R) -> Capped<R> {
        Capped { inner, left: Rc::clone(&self.left), limit: self.limit }
    }
}

/// The steps to a member. What an archive calls its members must not look like a step or a count
/// of ours: two members with one name would share their events' ids.
fn step(name: Option<&str>, inside: &str) -> String {
    name.map_or_else(|| inside.to_owned(), |name| format!("{name}!/{inside}"))
}

fn escaped(name: &str) -> String {
    name.replace('%', "%25").replace('!', "%21").replace('#', "%23")
}

/// Names of one archive; the second of the same name is `name#2`.
#[derive(Default)]
struct Names(BTreeMap<String, u32>);

impl Names {
    fn unique(&mut self, name: &str) -> String {
        let name = escaped(name);
        let count = self.0.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name}#{count}") }
    }
}

/// A stream that may give so many bytes, together with its siblings, and no more.
struct Capped<R> {
    inner: R,
    left: Rc<Cell<u64>>,
    limit: u64,
}

/// Marks the error of a stream that exceeds its limit.
const OVER: &str = "unpacks to more than";

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            // One byte more than the limit is needed to know that there is more.
            return match self.inner.read(&mut [0]) {
                Ok(0) => Ok(0),
                Ok(_) => Err(io::Error::other(format!("{OVER} {} bytes", self.limit))),
                Err(error) => Err(error),
            };
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(&mut buffer[..most])?;
        self.left.set(left - read as u64);
        Ok(read)
    }
}

/// A stream that has nothing left but its error.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The cause that a reading error means.
#[must_use]
pub fn cause_of(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Cause::Truncated,
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Cause::Unreachable,
        _ if error.to_string().starts_with(OVER) => Cause::Limit,
        _ => Cause::UnreadableBlock,
    }
}

fn read_head(bytes: &mut dyn Read) -> io::Result<Vec<u8>> {
    match read_head_of(bytes) {
        (head, None) => Ok(head),
        (_, Some(error)) => Err(error),
    }
}

fn read_head_of(bytes: &mut dyn Read) -> (Vec<u8>, Option<io::Error>) {
    let mut head = Vec::new();
    let error = bytes.take(HEAD as u64).read_to_end(&mut head).err();
    (head, error)
}

/// A name as text that loses nothing that matters: what is no text in any encoding is shown as such.
fn name_of<R: Read + ?Sized>(entry: &zip::read::ZipFile<'_, R>) -> String {
    entry
        .name()
        .map_or_else(|_| String::from_utf8_lossy(entry.name_raw()).into_owned(), |name| name.into_owned())
}
