//! What may an output ask about a case at one moment?
//!
//! Queries over derived tables, the facts of the run, and the raw record behind an event. An
//! output reads a snapshot and decides nothing, so two outputs of one snapshot cannot contradict
//! each other.

use serde::Serialize;

use crate::{Locator, RecordedRun, Row};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The query was refused or failed.
    #[error("query: {0}")]
    Query(String),
    /// The exhibit's bytes could not be read, or did not give the event again.
    #[error("record: {0}")]
    Record(String),
    /// The taker of rows failed (disk full, pipe closed).
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The raw record behind an event.
#[derive(Clone, Debug, Serialize)]
pub struct RawRecord {
    /// As a person would want to see it; control characters are still in it.
    pub text: String,
    /// SHA-256 of the record's bytes (first range of the locator), hexadecimal.
    pub sha256: String,
    /// Whether reading these bytes alone gave the stored event again.
    pub same: bool,
}

/// A case at one moment.
pub trait Snapshot {
    /// What was read and run, in numbers and lists.
    fn run(&self) -> &RecordedRun;

    /// Runs a read-only query and hands over each row, in the query's order.
    ///
    /// # Errors
    /// Where the query is refused or fails, or `each` does.
    fn each(
        &self,
        sql: &str,
        each: &mut dyn FnMut(Row) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError>;

    /// Reads a record again from its exhibit.
    ///
    /// # Errors
    /// Where the exhibit or the range is not there.
    fn raw(&self, locator: &Locator) -> Result<RawRecord, SnapshotError>;

    /// Reads several records again. What lies in one container is reached in one go, so ask for
    /// all that a page needs at once.
    fn raw_all(&self, locators: &[Locator]) -> Vec<Result<RawRecord, SnapshotError>> {
        locators.iter().map(|locator| self.raw(locator)).collect()
    }

    /// All rows of a query that is known to answer with few.
    ///
    /// # Errors
    /// As [`Self::each`].
    fn rows(&self, sql: &str) -> Result<Vec<Row>, SnapshotError> {
        let mut rows = Vec::new();
        self.each(sql, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }
}
