//! What is this part called, and what does it do?
//!
//! A card is the single source of a part's name and help: `formats`, `--help`, the reference pages
//! under `docs/generated/` and the tests that walk the lists all read it.

/// Name and documentation of a format, detector or output.
#[derive(Debug)]
pub struct Card {
    /// Unique within its socket; what a locator or `--to` names. Lower case, hyphens.
    pub name: &'static str,
    /// One line for a table.
    pub title: &'static str,
    /// A paragraph: what it reads or writes, what it leaves out.
    pub doc: &'static str,
    /// A short piece of real input (format) or a command (detector, output).
    pub example: &'static str,
    /// Specifications and descriptions by others.
    pub links: &'static [&'static str],
    /// Raised whenever equal input would give different output, so that derived tables are redone.
    pub version: u32,
}
