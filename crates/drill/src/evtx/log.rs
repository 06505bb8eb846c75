//! How is a log written while it grows, with no more than one chunk in memory?
//!
//! A [`Log`] holds the chunk that is being filled. A record that does not fit is not written; the
//! holder then takes the chunk ([`Log::seal`]), decides whether the log has reached its size, and
//! offers the record again. So archiving and clearing are the holder's, and no file is opened here.

use super::binxml;
use super::chunk::{CHUNK_BYTES, Chunk, RECORD_HEADER_BYTES};
use super::form::{Form, Head};
use super::value::{FileTime, Guid};
use super::{Data, FILE_HEADER_BYTES, Record, Refused, file_header};

/// Where a record lies in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its `EventRecordID`.
    pub id: u64,
    /// Number of its chunk, from 0.
    pub chunk: u64,
    /// Its first byte in the file.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
}

/// A log in the making: the chunk that is being filled, and what goes on over chunks and files.
pub struct Log {
    channel: String,
    computer: String,
    /// Shape of the outer template that most providers share on this computer.
    generic: Guid,
    chunk: Chunk,
    sealed: u64,
    next_id: u64,
}

impl Log {
    /// A log of that channel on that computer, whose next record has that id.
    pub fn new(channel: impl Into<String>, computer: impl Into<String>, next_id: u64) -> Self {
        let computer = computer.into();
        Self {
            channel: channel.into(),
            generic: binxml::generic_shape(&computer),
            computer,
            chunk: Chunk::new(),
            sealed: 0,
            next_id,
        }
    }

    /// The computer that its records of known form name.
    #[must_use]
    pub fn computer(&self) -> &str {
        &self.computer
    }

    /// Full chunks that the current file has.
    #[must_use]
    pub fn sealed(&self) -> u64 {
        self.sealed
    }

    /// The id that the next record gets.
    #[must_use]
    pub fn next_id(&self) -> u64 {
        self.next_id
    }

    /// A record took its id and is not there.
    pub fn skip(&mut self) {
        self.next_id += 1;
    }

    /// Appends a record to the chunk; `None` if it does not fit any more.
    ///
    /// # Errors
    /// [`Refused`] if it is too long for the format; the log is then as it was before.
    pub fn push(&mut self, record: &Record<'_>) -> Result<Option<Placed>, Refused> {
        let id = self.next_id;
        let Self { channel, chunk, .. } = self;
        let written = append(chunk, id, record.time, |chunk| binxml::write_event(chunk, channel, record, id));
        self.placed(written)
    }

    /// Appends a record of known form, whose data `fill` writes; `None` if it does not fit any
    /// more.
    ///
    /// # Errors
    /// See [`Log::push`].
    pub fn write(
        &mut self,
        form: &'static Form,
        head: &Head<'_>,
        fill: impl FnOnce(&mut Data<'_>),
    ) -> Result<Option<Placed>, Refused> {
        let id = self.next_id;
        let Self { channel, computer, generic, chunk, .. } = self;
        let written = append(chunk, id, head.time, |chunk| {
            binxml::write_form(chunk, (channel, computer, *generic), (form, head), id, fill)
        });
        self.placed(written)
    }

    /// Ends the chunk, also an empty one, and gives its 64 KiB away.
    pub fn seal<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> T {
        self.sealed += 1;
        self.chunk.seal(take)
    }

    /// Whether the file still needs its chunk: records are in it, or it would be the only one.
    #[must_use]
    pub fn unsealed(&self) -> bool {
        !self.chunk.is_empty() || self.sealed == 0
    }

    /// Forgets all that the file had: it was cleared, or archived and a new one begins.
    pub fn start_over(&mut self) {
        self.chunk.forget();
        self.sealed = 0;
    }

    /// The header of the file as it is now. A file begins with 4,096 bytes of it, the rest zeros.
    #[must_use]
    pub fn header(&self) -> [u8; FILE_HEADER_BYTES] {
        let mut block = [0; FILE_HEADER_BYTES];
        let header = file_header(self.sealed.max(1), self.next_id);
        block[..header.len()].copy_from_slice(&header);
        block
    }

    fn placed(
        &mut self,
        written: Result<Option<(usize, usize)>, Refused>,
    ) -> Result<Option<Placed>, Refused> {
        Ok(written?.map(|(start, length)| {
            let id = self.next_id;
            self.next_id += 1;
            let offset = FILE_HEADER_BYTES as u64 + self.sealed * CHUNK_BYTES as u64 + start as u64;
            Placed { id, chunk: self.sealed, offset, length: length as u64 }
        }))
    }
}

/// Appends magic, size, id, time, content, filling up to a multiple of 8, size again; or leaves
/// the chunk as it was. Gives start and length in the chunk.
fn append(
    chunk: &mut Chunk,
    id: u64,
    time: FileTime,
    content: impl FnOnce(&mut Chunk) -> Result<(), Refused>,
) -> Result<Option<(usize, usize)>, Refused> {
    chunk.make_room();
    let mark = chunk.mark();
    let start = chunk.bytes.len();
    chunk.bytes.extend(b"**\0\0");
    let size_at = chunk.reserve_size();
    chunk.bytes.extend(id.to_le_bytes());
    chunk.bytes.extend(time.0.to_le_bytes());
    debug_assert_eq!(chunk.bytes.len() - start, RECORD_HEADER_BYTES);
    let written = content(chunk);
    let size = (chunk.bytes.len() - start + 4).next_multiple_of(8);
    if written.is_ok() && start + size <= CHUNK_BYTES {
        chunk.bytes.resize(start + size - 4, 0);
        chunk.put_u32(size as u32);
        chunk.bytes[size_at..size_at + 4].copy_from_slice(&(size as u32).to_le_bytes());
        chunk.note_record(start, id);
        return Ok(Some((start, size)));
    }
    chunk.undo(&mark);
    written?;
    if chunk.is_empty() { Err(Refused::RecordTooLong { bytes: size }) } else { Ok(None) }
}
