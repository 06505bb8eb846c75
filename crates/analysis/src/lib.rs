//! What follows from the tables?
//!
//! Pure: the same tables give the same answer, whatever the order of input or number of threads.
//! Tables are asked in SQL; whether they are local Parquet or a cluster's is not known here.

mod coverage;
pub mod expose;
pub mod grades;
pub mod locate;
pub mod places;
pub mod reach;
pub mod register;

pub use coverage::coverage;

use assize_model::{Row, SnapshotError};

/// Answers a query that is known to have few rows.
pub type Ask<'a> = &'a dyn Fn(&str) -> Result<Vec<Row>, SnapshotError>;
