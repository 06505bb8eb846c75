//! How are events laid out in Arrow?
//!
//! Either as the batches of `model` have them, every event with its own names and values in one map,
//! or as a table with a column per field. The engine asks for names and values by position and
//! does not see the difference.

use arrow_array::cast::AsArray;
use arrow_array::{Array, StringArray};
use assize_model::{Batch, column};

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
    offsets: &'a [i32],
    keys: &'a StringArray,
    values: &'a StringArray,
    nulls: bool,
}

impl<'a> MapRows<'a> {
    /// The rows of a batch; `None` if it has not the spine's columns.
    pub fn of(batch: &'a Batch) -> Option<Self> {
        let rows = batch.rows();
        let sources = rows.column_by_name(column::SOURCE)?.as_string_opt::<i32>()?;
        let map = rows.column_by_name(column::FIELDS)?.as_map_opt()?;
        let (keys, values) = (map.keys().as_string_opt::<i32>()?, map.values().as_string_opt::<i32>()?);
        Some(Self { sources, offsets: map.value_offsets(), keys, values, nulls: values.null_count() > 0 })
    }

    fn range(&self, row: usize) -> (usize, usize) {
        (self.offsets[row] as usize, self.offsets[row + 1] as usize)
    }

    fn key_bytes(&self, row: usize) -> (&[i32], &[u8]) {
        let (from, to) = self.range(row);
        let offsets = &self.keys.value_offsets()[from..=to];
        let ends = (offsets.first(), offsets.last());
        let bytes = match ends {
            (Some(from), Some(to)) => &self.keys.value_data()[*from as usize..*to as usize],
            _ => &[],
        };
        (offsets, bytes)
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
        let ((one, one_bytes), (other, other_bytes)) = (self.key_bytes(row), self.key_bytes(other));
        let apart = one[0] - other[0];
        one.len() == other.len()
            && one_bytes == other_bytes
            && one.iter().zip(other).all(|(one, other)| one - other == apart)
    }

    fn signature(&self, row: usize, into: &mut Vec<u8>) {
        let (offsets, bytes) = self.key_bytes(row);
        into.extend_from_slice(bytes);
        for offset in offsets {
            into.extend_from_slice(&(offset - offsets[0]).to_le_bytes());
        }
        // Read from the end, it is plain where the names stop and the offsets begin. No such signature
        // ends as one of a table does (0xff), for no event has so many fields.
        into.extend_from_slice(&(offsets.len() as u32).to_le_bytes());
    }

    fn names(&self, row: usize) -> Vec<Box<str>> {
        let (from, to) = self.range(row);
        (from..to).map(|at| self.keys.value(at).into()).collect()
    }

    fn value(&self, row: usize, position: u32) -> Option<&str> {
        let at = self.offsets[row] as usize + position as usize;
        if self.nulls && self.values.is_null(at) { None } else { Some(self.values.value(at)) }
    }

    fn run(&self, row: usize) -> Option<&[u8]> {
        let (from, to) = self.range(row);
        let offsets = self.values.value_offsets();
        Some(&self.values.value_data()[offsets[from] as usize..offsets[to] as usize])
    }
}
