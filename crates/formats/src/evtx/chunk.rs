//! Where do the records of a chunk lie, and is the chunk whole?
//!
//! A chunk is 64 KiB: a header of 512 bytes with the tables of names and templates, records one
//! after another, and room for more. This file knows where records begin and end, not what they
//! say.

/// Bytes of a chunk.
pub(super) const CHUNK: usize = 65536;
/// Bytes of a chunk's header, with its tables.
pub(super) const CHUNK_HEADER: usize = 512;
/// Header before and copy of the size after a record's binary XML.
pub(super) const RECORD_HEADER: usize = 24;
const RECORD_FRAME: usize = RECORD_HEADER + 4;
const CHUNK_MAGIC: &[u8] = b"ElfChnk\0";
const RECORD_MAGIC: &[u8] = b"\x2a\x2a\x00\x00";

/// A record by its header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Record {
    /// Where its header begins in the chunk.
    pub(super) at: usize,
    /// From header to the copy of the size.
    pub(super) length: usize,
    pub(super) id: u64,
    /// FILETIME at which it was written.
    pub(super) written: u64,
    /// Whether the copy of the size at its end agrees with the size.
    pub(super) closed: bool,
}

impl Record {
    /// The record whose header stands at `at`, if its size fits before `end`.
    pub(super) fn at(bytes: &[u8], at: usize, end: usize) -> Option<Self> {
        let header = bytes.get(at..at + RECORD_HEADER)?;
        if !header.starts_with(RECORD_MAGIC) {
            return None;
        }
        let length = number32(header, 4) as usize;
        if length < RECORD_FRAME || at + length > end.min(bytes.len()) {
            return None;
        }
        let closed = number32(bytes, at + length - 4) as usize == length;
        Some(Self { at, length, id: number64(header, 8), written: number64(header, 16), closed })
    }

    pub(super) fn end(self) -> usize {
        self.at + self.length
    }

    /// Where its binary XML lies.
    pub(super) fn content(self) -> (usize, usize) {
        (self.at + RECORD_HEADER, self.end() - 4)
    }
}

/// The next place from `from` on where a record may begin.
pub(super) fn next_record(bytes: &[u8], from: usize, end: usize) -> usize {
    let rest = bytes.get(from.min(end)..end).unwrap_or_default();
    memchr::memmem::find(rest, RECORD_MAGIC).map_or(end, |found| from + found)
}

pub(super) fn is_chunk(bytes: &[u8]) -> bool {
    bytes.starts_with(CHUNK_MAGIC)
}

/// The first place from `from` on where a chunk begins that states the size of its header, so that
/// the mark alone in someone's text is not taken for one.
pub(super) fn find_chunk(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let found = memchr::memmem::find_iter(rest, CHUNK_MAGIC).map(|found| from + found);
    found.into_iter().find(|at| bytes.len() >= at + 44 && number32(bytes, at + 40) == 128)
}

/// Where the chunk's own word says that its records end; all of it where that word is nonsense.
pub(super) fn used(bytes: &[u8]) -> usize {
    let stated = number32(bytes, 48) as usize;
    if (CHUNK_HEADER..=CHUNK).contains(&stated) { stated.min(bytes.len()) } else { bytes.len() }
}

/// What does not agree with its checksum; nothing for a chunk that is cut.
pub(super) fn checksum_problem(bytes: &[u8]) -> Option<&'static str> {
    if bytes.len() < CHUNK {
        return None;
    }
    let mut header = crc32fast::Hasher::new();
    header.update(&bytes[..120]);
    header.update(&bytes[128..CHUNK_HEADER]);
    if header.finalize() != number32(bytes, 124) {
        return Some("the chunk's header");
    }
    let stated = number32(bytes, 48) as usize;
    let Some(records) = bytes.get(CHUNK_HEADER..stated) else {
        return Some("the end mark of the chunk's records");
    };
    (crc32fast::hash(records) != number32(bytes, 52)).then_some("the chunk's records")
}

/// Without the zeros before and after; `None` where there are only zeros.
pub(super) fn without_zeros(bytes: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    let stretch = bytes.get(from..to)?;
    // Whole blocks first: most of what is looked at here is nothing but zeros.
    let is_zero = |block: &[u8; 64]| block.iter().fold(0, |bits, byte| bits | byte) == 0;
    let (ahead, _) = stretch.as_chunks::<64>();
    let skip = 64 * ahead.iter().take_while(|block| is_zero(block)).count();
    let first = skip + stretch[skip..].iter().position(|byte| *byte != 0)?;
    let (_, behind) = stretch.as_rchunks::<64>();
    let rest = stretch.len() - 64 * behind.iter().rev().take_while(|block| is_zero(block)).count();
    let last = stretch[..rest].iter().rposition(|byte| *byte != 0)?;
    Some((from + first, from + last + 1))
}

pub(super) fn number32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |four| u32::from_le_bytes(*four))
}

pub(super) fn number64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |eight| u64::from_le_bytes(*eight))
}
