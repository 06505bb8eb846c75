//! How are events laid out in Arrow?
//!
//! Either as the batches of `model` have them, every event with its own names and values in one map,
//! or as a table with a column per field. The engine asks for names and values by position and
//! does not see the difference.

use arrow_array::cast::AsArray;
use arrow_array::{Array, StringArray};
use assize_model::{Batch, OwnFields, column};

/// Events by row.
pub(crate) trait Rows {
    /// How many there are.
    fn len(&self) -> usize;
    /// The kind of log of an event.
    fn source(&self, row: usize) -> &str;
    /// Whether an event has the same names in the same order as another.
    fn is_alike(&self, row: usize, other: usize) -> bool;
    /// Bytes that are equal for equal names in equal order only.
    fn signature(&self, row: usize, into: &mut Vec<u8>);
    /// The names of an event's fields.
    fn names(&self, row: usize) -> Vec<Box<str>>;
    /// The value at a position; `None` for an explicit null.
    fn value(&self, row: usize, position: u32) -> Option<&str>;
    /// The bytes of all values, one after another, if they lie so.
    fn run(&self, row: usize) -> Option<&[u8]>;
}

/// Events as `model`'s batches have them.
pub(crate) struct MapRows<'a> {
    sources: &'a StringArray,
    own: OwnFields<'a>,
    nulls: bool,
}

impl<'a> MapRows<'a> {
    /// The rows of a batch; `None` if it has not the spine's columns.
    pub fn of(batch: &'a Batch) -> Option<Self> {
        let sources = batch.rows().column_by_name(column::SOURCE)?.as_string_opt::<i32>()?;
        let own = batch.own_fields()?;
        Some(Self { sources, own, nulls: own.values.null_count() > 0 })
    }

    /// The numbers of an event's names.
    fn keys(&self, row: usize) -> &'a [i32] {
        &self.own.keys[self.own.range(row)]
    }
}

impl Rows for MapRows<'_> {
    fn len(&self) -> usize {
        self.sources.len()
    }

    fn source(&self, row: usize) -> &str {
        self.sources.value(row)
    }

    fn is_alike(&self, row: usize, other: usize) -> bool {
        // A batch may number one name twice; then its events are only not taken together.
        self.keys(row) == self.keys(other)
    }

    fn signature(&self, row: usize, into: &mut Vec<u8>) {
        let keys = self.keys(row);
        for key in keys {
            into.extend_from_slice(self.own.names.value(*key as usize).as_bytes());
        }
        // Where each name begins, and where the last one ends.
        let mut offset = 0u32;
        into.extend_from_slice(&offset.to_le_bytes());
        for key in keys {
            offset += self.own.names.value_length(*key as usize) as u32;
            into.extend_from_slice(&offset.to_le_bytes());
        }
        // Read from the end, it is plain where the names stop and the offsets begin. No such signature
        // ends as one of a table does (0xff), for no event has so many fields.
        into.extend_from_slice(&(keys.len() as u32 + 1).to_le_bytes());
    }

    fn names(&self, row: usize) -> Vec<Box<str>> {
        self.own.range(row).map(|entry| self.own.name(entry).into()).collect()
    }

    fn value(&self, row: usize, position: u32) -> Option<&str> {
        let at = self.own.offsets[row] as usize + position as usize;
        if self.nulls && self.own.values.is_null(at) { None } else { Some(self.own.values.value(at)) }
    }

    fn run(&self, row: usize) -> Option<&[u8]> {
        let range = self.own.range(row);
        let offsets = self.own.values.value_offsets();
        Some(&self.own.values.value_data()[offsets[range.start] as usize..offsets[range.end] as usize])
    }
}
