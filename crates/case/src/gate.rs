//! How does nothing that a case must not show reach a terminal, a file or a pipe?
//!
//! One gate for the whole program: whoever opens a case with protected names closes it for their sake, and
//! whatever is written for people or other programs goes through [`Gate`] or [`cover`]. Tables in `derived/`
//! hold no names in the first place; this covers the rest: paths in the custody log, raw records, errors,
//! names of files while they are read.
//!
//! It works line by line. Bytes that are no text pass as they are: formats that are not text are made from
//! tables.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{PoisonError, RwLock};

use crate::fault;
use crate::names::Names;

/// The names of every case that was opened; the newest of one case stand for all of its.
static CLOSED_FOR: RwLock<Vec<Names>> = RwLock::new(Vec::new());

/// Closes the gate for these names, from now on and until the program ends.
pub(crate) fn close(names: Names) {
    let mut closed = CLOSED_FOR.write().unwrap_or_else(PoisonError::into_inner);
    closed.retain(|known| known.digest() != names.digest());
    closed.push(names);
}

/// A text with every name covered that the gate is closed for.
#[must_use]
pub fn cover(text: &str) -> Cow<'_, str> {
    if fault::asked("leak-gate") {
        return Cow::Borrowed(text);
    }
    let closed = CLOSED_FOR.read().unwrap_or_else(PoisonError::into_inner);
    closed.iter().fold(Cow::Borrowed(text), |text, names| match names.cover(&text) {
        Cow::Owned(covered) => Cow::Owned(covered),
        Cow::Borrowed(_) => text,
    })
}

/// Whether the gate is closed for anybody.
fn is_open() -> bool {
    CLOSED_FOR.read().unwrap_or_else(PoisonError::into_inner).is_empty()
}

/// Writes on what it is given, names covered, a line at a time.
pub struct Gate<W: Write> {
    inner: W,
    line: Vec<u8>,
}

impl<W: Write> Gate<W> {
    /// A gate before this.
    pub const fn new(inner: W) -> Self {
        Self { inner, line: Vec::new() }
    }

    fn pass(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        match std::str::from_utf8(&line) {
            Ok(text) => self.inner.write_all(cover(text).as_bytes()),
            Err(_) => self.inner.write_all(&line),
        }
    }
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if is_open() && self.line.is_empty() {
            return self.inner.write(bytes);
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.pass()?;
            }
        }
        Ok(bytes.len())
    }

    /// What stands in an unfinished line is passed too: whoever flushes wants to see it.
    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.pass()?;
        }
        self.inner.flush()
    }
}

impl<W: Write> Drop for Gate<W> {
    fn drop(&mut self) {
        // Who wants to know of an error flushes before.
        let _ = self.flush();
    }
}
