//! How is a court made from a seed?

use super::{Court, Size};

impl Court {
    /// A court of that size.
    #[must_use]
    pub fn found(_seed: u64, _size: &Size) -> Self {
        unimplemented!("written next")
    }
}
