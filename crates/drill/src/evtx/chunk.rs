//! How does a chunk keep names and templates, so that each is written only once?
//!
//! A chunk is 64 KiB that can be read without the rest of the file: a header of 512 bytes, then
//! records. Element names and template definitions lie inside the first record that needs them;
//! the header's two hash tables say where. This file lays out chunks and knows nothing of what
//! the records say.
//!
//! Layout: [libevtx's format description]; the two hashes and the order of the chains were
//! checked against 438 templates and their names in real logs.
//!
//! [libevtx's format description]: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc

use super::value::{Guid, utf16};

/// Bytes of a chunk.
pub(super) const CHUNK_BYTES: usize = 0x1_0000;
/// Bytes of a chunk's header, with its tables.
pub(super) const HEADER_BYTES: usize = 512;
/// Bytes of a record before its content: magic, size, record id, time.
pub(super) const RECORD_HEADER_BYTES: usize = 24;

/// Room that a busy chunk takes: itself and one usual record that turns out not to fit.
const BUSY_BYTES: usize = CHUNK_BYTES + 0x2000;

/// A chunk being filled. `bytes` starts with room for the header, so that a position in it is
/// the offset that names and templates are referred to by. What it has it finds as a reader of
/// the file would, by the header's tables; there is no second index.
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    name_buckets: [u32; 64],
    template_buckets: [u32; 32],
    first_id: u64,
    last_id: u64,
    last_record: u32,
}

/// A state to which a chunk can be put back.
pub(super) struct Mark {
    bytes: usize,
    name_buckets: [u32; 64],
    template_buckets: [u32; 32],
}

impl Chunk {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; HEADER_BYTES],
            name_buckets: [0; 64],
            template_buckets: [0; 32],
            first_id: u64::MAX,
            last_id: u64::MAX,
            last_record: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.len() == HEADER_BYTES
    }

    pub(super) fn mark(&self) -> Mark {
        let (name_buckets, template_buckets) = (self.name_buckets, self.template_buckets);
        Mark { bytes: self.bytes.len(), name_buckets, template_buckets }
    }

    /// Forgets what was written since `mark`. A chain is only ever extended at its head, so the
    /// old heads are the old chains.
    pub(super) fn undo(&mut self, mark: &Mark) {
        self.bytes.truncate(mark.bytes);
        self.name_buckets = mark.name_buckets;
        self.template_buckets = mark.template_buckets;
    }

    /// Makes room for a busy log's chunk at once. Most logs of a house stay small, and a few
    /// hundred are open at the same time, so none gets it from the start.
    pub(super) fn make_room(&mut self) {
        if self.bytes.len() > CHUNK_BYTES / 4 && self.bytes.capacity() < BUSY_BYTES {
            self.bytes.reserve_exact(BUSY_BYTES - self.bytes.len());
        }
    }

    /// A reference to a name; the name itself follows if the chunk does not have it yet:
    /// offset of the next name in its bucket, hash, count of UTF-16 units, units, NUL.
    pub(super) fn put_name(&mut self, name: &str) {
        let (hash, units) =
            name.encode_utf16().fold((0, 0), |(hash, n), unit| (hash_step(hash, unit), n + 1));
        let (hash, bucket) = (hash as u16, usize::from(hash as u16 % 64));
        if let Some(at) = self.find_name(bucket, hash, name) {
            return self.put_u32(at);
        }
        let at = self.bytes.len() as u32 + 4;
        let next = std::mem::replace(&mut self.name_buckets[bucket], at);
        self.put_u32(at);
        self.put_u32(next);
        self.put_u16(hash);
        self.put_u16(units);
        utf16(&mut self.bytes, name);
        self.put_u16(0);
    }

    fn find_name(&self, bucket: usize, hash: u16, name: &str) -> Option<u32> {
        let mut at = self.name_buckets[bucket];
        while at != 0 {
            let entry = &self.bytes[at as usize..];
            let units = usize::from(u16_at(entry, 6));
            if u16_at(entry, 4) == hash {
                let (stored, _) = entry[8..8 + 2 * units].as_chunks::<2>();
                if name.encode_utf16().eq(stored.iter().map(|unit| u16::from_le_bytes(*unit))) {
                    return Some(at);
                }
            }
            at = u32_at(entry, 0);
        }
        None
    }

    /// A reference to a template; its definition follows if the chunk does not have it yet:
    /// offset of the next template in its bucket, GUID, bytes of the body, body.
    pub(super) fn put_template(&mut self, guid: Guid, body: impl FnOnce(&mut Self)) {
        let (words, _) = guid.0.as_chunks::<2>();
        let hash = words.iter().map(|word| u16::from_le_bytes(*word)).fold(0, hash_step);
        let bucket = hash as usize % 32;
        if let Some(at) = self.find_template(bucket, guid) {
            return self.put_u32(at);
        }
        let at = self.bytes.len() as u32 + 4;
        let next = std::mem::replace(&mut self.template_buckets[bucket], at);
        self.put_u32(at);
        self.put_u32(next);
        self.bytes.extend(guid.0);
        let size_at = self.reserve_size();
        body(self);
        self.fill_size(size_at);
    }

    fn find_template(&self, bucket: usize, guid: Guid) -> Option<u32> {
        let mut at = self.template_buckets[bucket];
        while at != 0 {
            let entry = &self.bytes[at as usize..];
            if entry[4..20] == guid.0 {
                return Some(at);
            }
            at = u32_at(entry, 0);
        }
        None
    }

    pub(super) fn put_u16(&mut self, value: u16) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn put_u32(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// Leaves room for a 32-bit size that [`Chunk::fill_size`] fills in.
    pub(super) fn reserve_size(&mut self) -> usize {
        self.put_u32(0);
        self.bytes.len() - 4
    }

    /// Writes how many bytes follow the size at `size_at`.
    pub(super) fn fill_size(&mut self, size_at: usize) {
        let size = (self.bytes.len() - size_at - 4) as u32;
        self.bytes[size_at..size_at + 4].copy_from_slice(&size.to_le_bytes());
    }

    /// Notes that the record at `start` is complete.
    pub(super) fn note_record(&mut self, start: usize, id: u64) {
        if self.first_id == u64::MAX {
            self.first_id = id;
        }
        self.last_id = id;
        self.last_record = start as u32;
    }

    /// Finishes the chunk, gives its bytes away and starts an empty one.
    pub(super) fn seal<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> T {
        self.write_header();
        self.bytes.resize(CHUNK_BYTES, 0);
        let taken = take(&self.bytes);
        self.forget();
        taken
    }

    /// Starts an empty chunk in place of this one.
    pub(super) fn forget(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.truncate(HEADER_BYTES);
        bytes.fill(0);
        *self = Self { bytes, ..Self::new() };
    }

    /// The header: twice the range of record ids (Windows counts numbers in the log and ids
    /// apart, and they differ only in exported logs), positions, checksums, tables.
    fn write_header(&mut self) {
        let records = crc32fast::hash(&self.bytes[HEADER_BYTES..]);
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend(b"ElfChnk\0");
        for id in [self.first_id, self.last_id, self.first_id, self.last_id] {
            header.extend(id.to_le_bytes());
        }
        for word in [128, self.last_record, self.bytes.len() as u32, records] {
            header.extend(word.to_le_bytes());
        }
        header.resize(120, 0);
        // Every chunk of 405 real ones carries this flag, also in logs that were closed.
        header.extend(1_u32.to_le_bytes());
        header.extend([0; 4]);
        for offset in self.name_buckets.iter().chain(&self.template_buckets) {
            header.extend(offset.to_le_bytes());
        }
        let mut crc = crc32fast::Hasher::new();
        crc.update(&header[..120]);
        crc.update(&header[128..]);
        header[124..128].copy_from_slice(&crc.finalize().to_le_bytes());
        self.bytes[..HEADER_BYTES].copy_from_slice(&header);
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The hash of names and of template GUIDs, over 16-bit units; the tables use its low bits.
fn hash_step(hash: u32, unit: u16) -> u32 {
    hash.wrapping_mul(65599).wrapping_add(u32::from(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_hash(name: &str) -> u16 {
        name.encode_utf16().fold(0, hash_step) as u16
    }

    #[test]
    fn hashes_are_those_of_real_logs() {
        assert_eq!(name_hash("Event"), 0x0cba);
        assert_eq!(name_hash("EventData"), 0x8244);
        assert_eq!(name_hash("LogFileCleared"), 0x41ac);
    }

    #[test]
    fn undo_leaves_no_trace() {
        let mut chunk = Chunk::new();
        chunk.put_name("Event");
        let before = (chunk.bytes.clone(), chunk.name_buckets, chunk.template_buckets);
        let mark = chunk.mark();
        // Two names that share Event's bucket, and a template.
        chunk.put_name("Event");
        chunk.put_name("Other");
        chunk.put_template(Guid([7; 16]), |chunk| chunk.put_name("Inner"));
        chunk.undo(&mark);
        assert_eq!((chunk.bytes, chunk.name_buckets, chunk.template_buckets), before);
    }
}
