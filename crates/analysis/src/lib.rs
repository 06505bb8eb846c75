//! What follows from the tables?
//!
//! Pure: the same tables give the same answer, whatever the order of input or number of threads.
//! Tables are asked in SQL; whether they are local Parquet or a cluster's is not known here.

pub mod access;
pub mod archives;
mod attempts;
pub mod attributed;
mod clearing;
mod clocks;
mod connections;
mod control;
mod coverage;
mod desktops;
pub mod expose;
mod facts;
pub mod grades;
mod hosts;
mod incidents;
mod kept;
mod key;
pub mod locate;
mod logons;
mod managed;
mod people;
pub mod places;
mod presences;
mod processes;
mod proof;
pub mod reach;
pub mod register;
mod roster;
mod rows;
mod ruling;
pub mod signals;
mod sql;
mod survey;
mod techniques;
mod traces;
pub mod visits;
mod wires;

pub use attempts::{Attempts, attempts};
pub use clearing::{Covered, judge};
pub use clocks::{against_controllers, against_monitor, against_own_order, against_own_time};
pub use connections::connections;
pub use control::{Controlled, controlled};
pub use coverage::{Calendar, Logs, Signs, Skew, WHOLE_EXPORT, coverage};
pub use desktops::desktops;
pub use facts::{Rule, clearings, proofs};
pub use hosts::{Addresses, Sighting, Whose};
pub use incidents::{Placed, Told, incidents, placed};
pub use kept::{kept_addresses, kept_clocks, kept_placed, kept_presences, kept_process_spans, kept_runs};
pub use key::{OF_HOSTS, log_name, presence_key, presence_keys};
pub use logons::{Kind, Logon, logons};
pub use managed::managed;
pub use people::{Seen, identities, people};
pub use presences::{Presence, Span, place, presences, settle, spans, tunnels};
pub use processes::{Descent, Own, Record};
pub use proof::{Proof, Question, prove};
pub use roster::{Device, Known, Roster, Usual};
pub use ruling::{Anchored, Ruling, anchored};
pub use sql::literal;
pub use survey::{Run, Survey, Use, survey};
pub use traces::{Shows, Trace, Written, traces};

use arrow_array::RecordBatch;
use assize_model::{Row, SnapshotError};

/// Answers a query that is known to have few rows.
pub type Ask<'a> = &'a dyn Fn(&str) -> Result<Vec<Row>, SnapshotError>;

/// Answers a query of very many rows, batch by batch, in any order.
pub type Each<'a> = &'a dyn Fn(&str, Take<'_>) -> Result<(), SnapshotError>;

/// Takes the batches of an answer.
pub type Take<'a> = &'a mut dyn FnMut(&RecordBatch) -> Result<(), SnapshotError>;
