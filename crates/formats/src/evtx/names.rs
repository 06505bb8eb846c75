//! Which names have been met, so that each is kept once and compared as a number?
//!
//! Names of fields repeat in every record. A reader keeps each once and gives it a number; the
//! numbers of those that the reader itself asks for are fixed.

use std::collections::BTreeMap;

use crate::windows::SPINE_FIELDS;

/// Numbers of names that are asked for: those of the spine first, then the frame's.
pub(super) mod known {
    use crate::windows::{Own, SPINE_FIELDS};

    /// Names below this number are those of the spine.
    pub(crate) const OF_SPINE: usize = SPINE_FIELDS.len();
    pub(crate) const TIME_CREATED: u32 = Own::of("TimeCreated").0 as u32;
    pub(crate) const CHANNEL: u32 = Own::of("Channel").0 as u32;
    pub(crate) const PROVIDER: u32 = Own::of("Provider_Name").0 as u32;
    pub(crate) const EVENT_ID: u32 = Own::of("EventID").0 as u32;
    pub(crate) const HEADER_TIME: u32 = OF_SPINE as u32;
    pub(crate) const HEADER_ID: u32 = HEADER_TIME + 1;
    pub(crate) const RECOVERED: u32 = HEADER_TIME + 2;
    pub(crate) const TEMPLATE: u32 = HEADER_TIME + 3;
}

/// The frame's, in the order of their numbers.
const OF_FRAME: [&str; 4] = ["Record_HeaderTime", "Record_HeaderID", "Record_Recovered", "Record_Template"];

/// Names kept before everything is forgotten between two chunks: far more than the some thousands
/// of real logs, little enough for hostile ones.
const NAMES_MAX: usize = 100_000;

/// Every name met so far.
pub(super) struct Names {
    list: Vec<Box<str>>,
    numbers: BTreeMap<Box<str>, u32>,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self { list: Vec::new(), numbers: BTreeMap::new() };
        for name in SPINE_FIELDS.iter().chain(&OF_FRAME) {
            names.number(name);
        }
        names
    }
}

impl Names {
    /// The number of a name, new or known.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.list.len() as u32;
        self.list.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    pub(super) fn name(&self, number: u32) -> &str {
        self.list.get(number as usize).map_or("", |name| name)
    }

    /// Whether there are so many that they should be forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() > NAMES_MAX
    }
}
