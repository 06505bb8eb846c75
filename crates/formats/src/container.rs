//! Which files does a file hold?
//!
//! zip, tar, gzip, bzip2, xz and zstd, within one another, as streams: nothing is written to disk and
//! no path of an archive is ever used as a path. A member's name is the steps to it joined by `!/`.
//! Limits hold on depth, number, size and memory; what exceeds them, or is encrypted and none of the
//! given passwords opens it, is a problem with the member's name.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek};
use std::rc::Rc;

use assize_model::Cause;
use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;

use crate::HEAD;

/// Raised whenever members would be named or opened otherwise, so that derived tables are redone.
pub const VERSION: u32 = 2;
/// Containers within containers beyond this are not opened.
const DEPTH_MAX: usize = 10;
/// Members of one exhibit.
const MEMBERS_MAX: usize = 100_000;
/// Unpacked bytes of one exhibit, all members at all depths together.
const BYTES_MAX: u64 = 1 << 40;
/// Unpacked bytes for each byte of the exhibit, once [`RATIO_FROM`] bytes have come out.
const RATIO_MAX: u64 = 2000;
const RATIO_FROM: u64 = 256 << 20;
/// Zips within other containers must be held whole, because their directories stand at their ends:
/// so many bytes of all that are held at one time.
const HELD_MAX: u64 = 256 << 20;
/// Memory that an xz stream may ask for, in KiB: its own largest preset takes 65 MiB.
const XZ_KIB_MAX: u32 = 256 << 10;
/// Window of a zstd stream, as a power of two (128 MiB).
const ZSTD_WINDOW_LOG_MAX: u32 = 27;
/// So much of an encrypted member is read to tell which of several passwords is its own.
const TRIED_MAX: u64 = 64 << 20;

/// An exhibit's bytes, which can be read from anywhere.
pub trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

/// Told of each member in turn.
pub trait Visitor {
    /// Whether the member of that name, or what lies in it, is of interest.
    fn wants(&self, name: &str) -> bool;

    /// Passwords that were given, in their order.
    fn passwords(&self) -> &[Vec<u8>] {
        &[]
    }

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
    Bzip2,
    Xz,
    Zstd,
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
        // `BZh`, the block size, and the digits of pi that begin a block (or those of its end).
        let block = head.get(4..10);
        if head.starts_with(b"BZh")
            && head.get(3).is_some_and(|size| (b'1'..=b'9').contains(size))
            && (block == Some(b"1AY&SY") || block == Some(b"\x17\x72\x45\x38\x50\x90"))
        {
            return Some(Self::Bzip2);
        }
        if head.starts_with(b"\xfd7zXZ\0") {
            return Some(Self::Xz);
        }
        if head.starts_with(b"\x28\xb5\x2f\xfd") {
            return Some(Self::Zstd);
        }
        (head.get(257..262) == Some(b"ustar")).then_some(Self::Tar)
    }

    /// The word in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
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
    let mut visit = Visit { visitor, left: Rc::new(Cell::new(limit)), limit, members: 0, held: 0 };
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
    /// Bytes of nested zips that are held just now.
    held: u64,
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
            Kind::Zip => self.nested_zip(&mut whole, name, depth),
            Kind::Tar => {
                self.visitor.container(name, kind);
                self.tar(&mut whole, name, depth)
            }
            Kind::Gzip => self.unpacked(kind, MultiGzDecoder::new(whole), name, depth),
            Kind::Bzip2 => self.unpacked(kind, MultiBzDecoder::new(whole), name, depth),
            Kind::Xz => {
                let unpacked = XzReader::new_mem_limit(whole, true, XZ_KIB_MAX);
                self.unpacked(kind, unpacked, name, depth)
            }
            Kind::Zstd => {
                let unpacked = zstd::stream::read::Decoder::new(whole).and_then(|mut decoder| {
                    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                    Ok(decoder)
                });
                match unpacked {
                    Ok(unpacked) => self.unpacked(kind, unpacked, name, depth),
                    Err(error) => self.visitor.problem(name, cause_of(&error), error.to_string()),
                }
            }
        }
    }

    /// What one compressed stream holds.
    fn unpacked(
        &mut self,
        kind: Kind,
        unpacked: impl Read,
        name: Option<&str>,
        depth: usize,
    ) -> io::Result<()> {
        self.visitor.container(name, kind);
        let mut unpacked = self.capped(unpacked);
        self.inner(&mut unpacked, &step(name, "content"), depth)
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
        let room = HELD_MAX - self.held;
        let mut whole = Vec::new();
        match bytes.take(room + 1).read_to_end(&mut whole) {
            Err(error) => self.visitor.problem(name, cause_of(&error), error.to_string()),
            Ok(_) if whole.len() as u64 > room => {
                let detail = format!("zips within other containers of more than {HELD_MAX} bytes altogether");
                self.visitor.problem(name, Cause::Limit, detail)
            }
            Ok(_) => {
                let size = whole.len() as u64;
                self.held += size;
                let visited = self.zip(&mut Cursor::new(whole), name, depth);
                self.held -= size;
                visited
            }
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
        let entry = if encrypted {
            match self.password(archive, index) {
                Some(password) => archive.by_index_decrypt(index, &password),
                None => {
                    let detail = match self.visitor.passwords().len() {
                        0 => "encrypted; give its password with --password-file".to_owned(),
                        given => format!("encrypted, and none of the {given} passwords given opens it"),
                    };
                    return self.visitor.problem(Some(&member), Cause::Encrypted, detail);
                }
            }
        } else {
            archive.by_index(index)
        };
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                return self.visitor.problem(Some(&member), Cause::UnreadableBlock, error.to_string());
            }
        };
        let mut unpacked = self.capped(entry);
        self.inner(&mut unpacked, &member, depth)
    }

    /// The password that opens a member. The old zip encryption lets one wrong password in 256 pass, so
    /// the member's beginning is read with each: what is garbage does not unpack.
    fn password(&self, archive: &mut zip::ZipArchive<&mut dyn Bytes>, index: usize) -> Option<Vec<u8>> {
        let mut opens = |password: &&Vec<u8>| {
            let Ok(entry) = archive.by_index_decrypt(index, password) else { return false };
            io::copy(&mut entry.take(TRIED_MAX.min(self.left.get())), &mut io::sink()).is_ok()
        };
        self.visitor.passwords().iter().find(&mut opens).cloned()
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
