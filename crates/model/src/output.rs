//! How is a case told? The socket of `outputs`.

use std::io::Write;

use crate::{Card, Snapshot, SnapshotError};

/// Why an output could not be written.
pub type OutputError = SnapshotError;

/// A way of telling a case. Implementations stand in `outputs::ALL`.
pub trait Output: Sync {
    /// Name (as in `export --to NAME`), title, documentation.
    fn card(&self) -> &'static Card;

    /// Reads the snapshot through queries and writes a stream.
    ///
    /// # Errors
    /// Where a query or the stream fails.
    fn write(&self, snapshot: &dyn Snapshot, out: &mut dyn Write) -> Result<(), OutputError>;
}
