//! How does evidence of some make become events? The socket of `formats`.
//!
//! A format sees bytes, never paths; it is record-local (what needs several records is joined in
//! `analysis`); what it cannot read it reports as a gap; it never panics and its memory does not
//! grow with the input.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, OnceLock};

use crate::{Batcher, Card, Range, ReadingOptions};

/// How sure a format is that bytes are of its make, 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confidence(pub u8);

/// What of a source is wanted. What is not wanted need not be decoded; a format may always give
/// more than was asked for, never less.
#[derive(Clone, Copy, Debug, Default)]
pub enum Projection<'a> {
    /// Every record with every field.
    #[default]
    Everything,
    /// Some records, with some of their fields.
    Wanted(&'a Wanted),
}

/// Which records are wanted, and what of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    classes: Vec<Class>,
    spine: SpinePart,
    made: Made,
}

impl Wanted {
    /// A record is wanted if it belongs to one of these classes, with the fields of all it belongs to.
    #[must_use]
    pub fn of(classes: Vec<Class>, spine: SpinePart) -> Self {
        Self { classes, spine, made: Made::default() }
    }

    /// The classes of records that are wanted.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// How much of the spine is wanted beside what the wanted fields give.
    #[must_use]
    pub fn spine(&self) -> SpinePart {
        self.spine
    }

    /// The same records with another part of the spine.
    #[must_use]
    pub fn with_spine(self, spine: SpinePart) -> Self {
        Self::of(self.classes, spine)
    }

    /// What a reader makes of it, kept for the next file: made by the first that asks, and by each that is
    /// of another mind about its type.
    pub fn made<T: Any + Send + Sync>(&self, make: impl Fn(&Self) -> T) -> Arc<T> {
        let kept = self.made.0.get_or_init(|| Arc::new(make(self)));
        Arc::clone(kept).downcast().unwrap_or_else(|_| Arc::new(make(self)))
    }
}

/// See [`Wanted::made`]. Says nothing that the rest of it does not.
#[derive(Clone, Default)]
struct Made(OnceLock<Arc<dyn Any + Send + Sync>>);

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made").finish_non_exhaustive()
    }
}

impl PartialEq for Made {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Made {}

/// How much of the spine is wanted. What is not wanted is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpinePart {
    /// Id, time, source, host and locator.
    #[default]
    Place,
    /// And who acted upon whom: actor and target.
    Accounts,
    /// All of it.
    Whole,
}

/// A class of records; what is not stated holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Class {
    /// Kind of log, as the spine's `source` has it (`windows/Security`), whatever its case; with a slash at
    /// its end all kinds that begin so (`windows/`).
    pub source: Option<String>,
    /// Who wrote the record (`Provider_Name` of Windows), whatever its case.
    pub provider: Option<String>,
    /// Its number among those of its source (`EventID` of Windows).
    pub event_ids: Option<BTreeSet<u32>>,
    /// The own fields that are wanted, whatever their case and blanks; `None` for all.
    pub fields: Option<BTreeSet<String>>,
    /// Texts in lower-case ASCII. A record in one of whose values one of them may stand, in any case, is
    /// wanted with every field. None for most classes: this is for rules that look for words
    /// anywhere, which else would need every field of every record.
    pub words: BTreeSet<String>,
    /// Own fields, written as `fields`, of which a record must have one to belong here; `None` for any
    /// record.
    pub having: Option<BTreeSet<String>>,
    /// A record in which none of `words` may stand is not wanted at all. What is known of the rest is
    /// which kinds there are: of each kind (source, provider, number, names of fields) at least one
    /// record of a class is given, and with every field.
    pub only_with_words: bool,
}

/// A field's name without blanks and in lower case, as it is compared with what is wanted: rules
/// find a field whatever its case, and some write its name without its blanks.
#[must_use]
pub fn plain_name(name: &str) -> String {
    name.chars().filter(|character| !character.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}

impl Class {
    /// Whether a record of that source, provider and number belongs to it.
    #[must_use]
    pub fn has(&self, source: &str, provider: &str, event_id: Option<u32>) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| match wanted.ends_with('/') {
                true => found.get(..wanted.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(wanted)),
                false => wanted.eq_ignore_ascii_case(found),
            })
        };
        let id = || match (&self.event_ids, event_id) {
            (Some(wanted), Some(found)) => wanted.contains(&found),
            // A record whose number is not known may be any.
            _ => true,
        };
        same(&self.source, source) && same(&self.provider, provider) && id()
    }
}

/// Bytes to be read from the beginning of an exhibit or member to its end.
pub struct Input<'a> {
    /// The bytes.
    pub bytes: &'a mut dyn Read,
    /// How the bytes are to be read, where they leave a choice.
    pub options: &'a ReadingOptions,
    /// What is wanted of them.
    pub projection: Projection<'a>,
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
