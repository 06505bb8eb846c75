//! (stub)

use std::io;

use super::Observer;
use crate::act::Act;
use crate::court::Court;
use crate::files::Files;

/// (stub)
pub struct M365 {}

impl M365 {
    /// (stub)
    #[must_use]
    pub fn new(_court: &Court) -> Self {
        Self {}
    }
}

impl Observer for M365 {
    fn see(&mut self, _court: &Court, _act: &Act, _files: &mut Files) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _court: &Court, _files: &mut Files) -> io::Result<()> {
        Ok(())
    }
}
