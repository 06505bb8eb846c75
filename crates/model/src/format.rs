//! How does evidence of some make become events? The socket of `formats`.
//!
//! A format sees bytes, never paths; it is record-local (what needs several records is joined in
//! `analysis`); what it cannot read it reports as a gap; it never panics and its memory does not
//! grow with the input.

use std::io::{self, Read};

use crate::{Batcher, Card, Range, ReadingOptions};

/// How sure a format is that bytes are of its make, 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confidence(pub u8);

/// What of a source is wanted. The slice decodes everything; the Windows reader's issue narrows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// Every record with every field.
    #[default]
    Everything,
}

/// Bytes to be read from the beginning of an exhibit or member to its end.
pub struct Input<'a> {
    /// The bytes.
    pub bytes: &'a mut dyn Read,
    /// How the bytes are to be read, where they leave a choice.
    pub options: &'a ReadingOptions,
    /// What is wanted of them.
    pub projection: Projection,
}

/// Bytes that a locator names.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Where they lie.
    pub range: Range,
    /// The bytes; shorter than the range only if the exhibit ends before it.
    pub bytes: Vec<u8>,
}

/// A kind of log that can be read. Implementations stand in `formats::ALL`.
pub trait Format: Sync {
    /// Name, title, documentation.
    fn card(&self) -> &'static Card;

    /// Which family of sources it belongs to, as `windows`.
    fn family(&self) -> &'static str;

    /// On what each operation was proved: `real` (data of a real system that we did not write),
    /// `server-made`, `vendor-sample` or `unproven`.
    fn proof(&self) -> &'static [(&'static str, &'static str)];

    /// Whether the first bytes (at most 64 KiB) are of this make; never by a file's name.
    fn recognise(&self, head: &[u8]) -> Option<Confidence>;

    /// Reads all bytes; every record becomes an event or a gap.
    ///
    /// # Errors
    /// Only where the input cannot be read on (disk, broken compression) or the sink refuses;
    /// damaged evidence is a gap, not an error.
    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()>;

    /// Reads again what a locator names: the same event, from these bytes alone.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()>;

    /// The record as a person would want to see it raw (XML of an EVTX record, a line of JSON).
    /// Bytes that are not text are shown as such by the caller when this is `None`.
    fn raw_text(&self, slices: &[Slice]) -> Option<String>;
}
