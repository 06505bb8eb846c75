//! How does a source become a format whose records are of one make?
//!
//! Cloud services and sensors give records of JSON, or tables whose columns are fields of such records or whose
//! cells hold whole ones. What a record means is its [`Make`]'s business; here is the frame that all of them share.

use std::io;

use assize_model::{Batcher, Card, Confidence, Format, Input, ReadingOptions, Slice};

use crate::csv;
use crate::json::{self, Make};

/// A format, told by its parts.
pub(crate) struct Made {
    pub(crate) card: &'static Card,
    pub(crate) family: &'static str,
    pub(crate) proof: &'static [(&'static str, &'static str)],
    pub(crate) make: &'static Make,
    pub(crate) layout: Layout,
}

/// How its records lie.
pub(crate) enum Layout {
    /// As JSON. Recognised by the share of records that are of the make, at most as surely as this says.
    Records(u8),
    /// In a table, recognised by the names of its columns and its first bytes.
    Table(fn(&Columns<'_>) -> bool),
}

/// How sure the first bytes of a table make us, and JSON of which one record in many is of a make.
const TABLE: Confidence = Confidence(92);
const LEAST: u8 = 60;

/// The beginning of a table.
pub(crate) struct Columns<'h> {
    names: Vec<String>,
    head: &'h [u8],
}

impl Columns<'_> {
    /// Whether a column has that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.trim() == name)
    }

    /// Whether a name stands in JSON inside a cell.
    pub(crate) fn hold(&self, name: &str) -> bool {
        memchr::memmem::find(self.head, format!("\"\"{name}\"\"").as_bytes()).is_some()
    }
}

impl Format for Made {
    fn card(&self) -> &'static Card {
        self.card
    }

    fn family(&self) -> &'static str {
        self.family
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        self.proof
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        match self.layout {
            Layout::Records(most) => self.make.confidence(head, LEAST, most),
            Layout::Table(of_it) => {
                let names = csv::names(head)?;
                of_it(&Columns { names, head }).then_some(TABLE)
            }
        }
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        match self.layout {
            Layout::Records(_) => self.make.read(input, out),
            Layout::Table(_) => self.make.read_table(input, out),
        }
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        match self.layout {
            Layout::Records(_) => self.make.reread(slices, out),
            Layout::Table(_) => self.make.reread_table(slices, options, out),
        }
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        match self.layout {
            Layout::Records(_) => json::raw_text(slices),
            Layout::Table(_) => csv::raw_text(slices),
        }
    }
}
