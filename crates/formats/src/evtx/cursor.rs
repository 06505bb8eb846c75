//! How are bytes of a chunk taken one after another without ever reading past an end?

/// Why binary XML cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// Offset in the chunk.
    pub(super) at: usize,
    /// What was expected or found.
    pub(super) what: &'static str,
}

impl Broken {
    pub(super) fn told(self) -> String {
        format!("{} at byte {} of the chunk", self.what, self.at)
    }
}

/// A place in a chunk, and where reading must end.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'c> {
    chunk: &'c [u8],
    pub(super) at: usize,
    pub(super) end: usize,
}

impl<'c> Cursor<'c> {
    /// From `at` to `end`, or to the chunk's end if that is nearer.
    pub(super) fn new(chunk: &'c [u8], at: usize, end: usize) -> Self {
        Self { chunk, at, end: end.min(chunk.len()) }
    }

    pub(super) fn broken<T>(&self, what: &'static str) -> Result<T, Broken> {
        Err(Broken { at: self.at, what })
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'c [u8], Broken> {
        let found = self.at.checked_add(count).filter(|to| *to <= self.end);
        match found.and_then(|to| self.chunk.get(self.at..to)) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => self.broken("binary XML ends too early"),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Broken> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Broken> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Broken> {
        self.array().map(u32::from_le_bytes)
    }
}
