//! What are the nouns of a breach inquiry, and through which three sockets do the other parts meet?
//!
//! Everyone knows `model`, `model` knows no one. It does no I/O, has no clock and no randomness,
//! and it never sees a database engine: it defines what an [`Event`] is, not where it lies.
//! One file holds one noun, so that `ls` is the glossary; the sockets are [`Format`] (reads
//! evidence), [`Detector`] (finds meaning in batches) and [`Output`] (tells).

pub mod basis;
pub mod batch;
pub mod card;
pub mod coverage;
pub mod detector;
pub mod event;
pub mod exhibit;
pub mod finding;
pub mod format;
pub mod gap;
pub mod id;
pub mod locator;
pub mod output;
pub mod row;
pub mod run;
pub mod snapshot;
pub mod spine;
pub mod time;

pub use basis::Basis;
pub use batch::{Batch, Batcher, Origin, Packed, Sink};
pub use card::Card;
pub use coverage::Coverage;
pub use detector::{Detector, Hit, Level, NotRun, RuleFile, RuleInfo, Scan, Scanner};
pub use event::{Event, EventView};
pub use exhibit::{Admission, Collected, Digests, Exhibit, Trust};
pub use finding::Finding;
pub use format::{Class, Confidence, Format, Input, Projection, Slice, Wanted, plain_name};
pub use gap::{Cause, Gap};
pub use id::{EventId, ExhibitId, FindingId, GapId, LeafId};
pub use locator::{Locator, Range, ReadingOptions};
pub use output::{Output, OutputError};
pub use row::Row;
pub use run::{LogHead, Reading, RecordedRun};
pub use snapshot::{RawRecord, Snapshot, SnapshotError};
pub use spine::column;
pub use time::Time;
