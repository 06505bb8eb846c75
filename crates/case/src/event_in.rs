//! Which event of files is it that somebody names by its id?
//!
//! For who has no case. Files are read as `detect` reads them, one after another and whole, until the
//! event is met; an id is a digest of content and place, so that it names the same event wherever the
//! file lies. What cannot be read is passed over here: `detect` tells of it.

use std::fs::File;
use std::io::{self, Seek};
use std::path::PathBuf;

use assize_model::{Batch, EventId, ExhibitId, Gap, Projection, Sink};
use assize_vault::{Found, walk};

use crate::read_as::{Manner, ReadAs};
use crate::scan::{self, How};
use crate::{clock, digest};

/// The batch and the row of the event; `None` if no file holds it.
#[must_use]
pub fn event_in(paths: &[PathBuf], read_as: &[ReadAs], event: EventId) -> Option<(Batch, usize)> {
    let files = paths.iter().flat_map(|path| walk(path)).filter(|found| found.problem.is_none());
    files.into_iter().find_map(|found| in_file(&found, read_as, event).unwrap_or_default())
}

fn in_file(found: &Found, read_as: &[ReadAs], event: EventId) -> io::Result<Option<(Batch, usize)>> {
    let mut file = File::open(&found.source)?;
    let (sha256, size) = digest::sha256(&mut file)?;
    file.rewind()?;
    let manner = Manner::of_file(read_as, &found.path, clock::now());
    let how = How { passwords: &[], projection: Projection::Everything, manner: &manner, contents: false };
    let mut search = Search { event, found: None };
    let read =
        scan::read_exhibit(ExhibitId::of_digest(&sha256), &mut file, size, how, &mut search, &mut |_| {});
    match search.found {
        None => read.map(|_| None),
        found => Ok(found),
    }
}

struct Search {
    event: EventId,
    found: Option<(Batch, usize)>,
}

impl Sink for Search {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        match (0..batch.len()).find(|row| batch.id(*row) == Some(self.event)) {
            // The rest of the file is not read.
            Some(row) => {
                self.found = Some((batch, row));
                Err(io::Error::other("found"))
            }
            None => Ok(()),
        }
    }

    fn gap(&mut self, _: Gap) -> io::Result<()> {
        Ok(())
    }
}
