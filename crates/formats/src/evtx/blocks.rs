//! How is a stream looked at in blocks whose ends are not known beforehand?

use std::io::{self, Read};

/// Bytes that are asked for at once.
const AHEAD: usize = 256 << 10;

/// A stream with its next bytes in memory.
pub(super) struct Blocks<'r> {
    input: &'r mut dyn Read,
    buffer: Vec<u8>,
    /// Where the next byte lies in the buffer.
    start: usize,
    /// Where it lies in the member.
    pub(super) offset: u64,
}

impl<'r> Blocks<'r> {
    pub(super) fn new(input: &'r mut dyn Read) -> Self {
        Self { input, buffer: Vec::new(), start: 0, offset: 0 }
    }

    /// The next `size` bytes; fewer only at the end of the stream.
    pub(super) fn peek(&mut self, size: usize) -> io::Result<&[u8]> {
        let have = self.buffer.len() - self.start;
        if have < size {
            self.buffer.drain(..self.start);
            self.start = 0;
            let missing = size.max(AHEAD) - have;
            self.buffer.reserve(missing);
            Read::take(&mut *self.input, missing as u64).read_to_end(&mut self.buffer)?;
        }
        let end = self.buffer.len().min(self.start + size);
        Ok(&self.buffer[self.start..end])
    }

    /// Goes on by `count` bytes, which have been looked at.
    pub(super) fn pass(&mut self, count: usize) {
        self.start = (self.start + count).min(self.buffer.len());
        self.offset += count as u64;
    }
}
