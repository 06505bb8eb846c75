//! What are the nouns of a breach inquiry, and through which three sockets do the other parts meet?
//!
//! Everyone knows `model`, `model` knows no one. It does no I/O, has no clock and no randomness,
//! and it never sees a database engine: it defines what an [`Event`] is, not where it lies.
//! One file holds one noun, so that `ls` is the glossary; the sockets are [`Format`] (reads
//! evidence), [`Detector`] (finds meaning in batches) and [`Output`] (tells).

pub mod account;
pub mod basis;
pub mod batch;
pub mod card;
mod columns;
pub mod coverage;
pub mod decision;
pub mod detector;
pub mod event;
pub mod exclusion;
pub mod exhibit;
pub mod exposure;
pub mod finding;
pub mod format;
pub mod gap;
pub mod grade;
pub mod holding;
pub mod host;
pub mod id;
pub mod identity;
pub mod incident;
pub mod item;
pub mod locator;
pub mod output;
pub mod plane;
pub mod protected;
pub mod register;
pub mod right;
pub mod row;
pub mod run;
pub mod session;
pub mod snapshot;
pub mod spine;
pub mod subject;
pub mod time;

pub use account::{Account, Namespace};
pub use basis::Basis;
pub use batch::{Around, Batch, Batcher, Origin, OwnFields, Packed, Settle, Sink};
pub use card::Card;
pub use coverage::Coverage;
pub use decision::Decision;
pub use detector::{Detector, Hit, Level, NotRun, RuleAbout, RuleFile, RuleInfo, Rules, Scan, Scanner};
pub use event::{Event, EventView};
pub use exclusion::Exclusion;
pub use exhibit::{Admission, Collected, Digests, Exhibit, Trust};
pub use exposure::Exposure;
pub use finding::Finding;
pub use format::{Class, Confidence, Format, Input, Projection, Slice, SpinePart, Wanted, plain_name};
pub use gap::{Cause, Gap};
pub use grade::Grade;
pub use holding::Holding;
pub use host::{Host, HostName};
pub use id::{
    AccountId, DecisionId, EventId, ExhibitId, ExposureId, FindingId, GapId, HoldingId, IdentityId,
    IncidentId, ItemId, LeafId, SessionId, SubjectId,
};
pub use identity::Identity;
pub use incident::Incident;
pub use item::Item;
pub use locator::{Locator, Range, ReadingOptions};
pub use output::{Output, OutputError};
pub use plane::Plane;
pub use protected::Protected;
pub use register::Register;
pub use right::Right;
pub use row::Row;
pub use run::{LogHead, Reading, RecordedRun};
pub use session::Session;
pub use snapshot::{RawRecord, Snapshot, SnapshotError};
pub use spine::column;
pub use subject::Subject;
pub use time::Time;
