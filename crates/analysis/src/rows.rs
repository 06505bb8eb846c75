//! How does analysis look at an answer of very many rows without making a value of each cell?
//!
//! By column and row number over Arrow batches, as they stream by. What an answer lacks is null:
//! the queries are ours, and a column of another type is our own mistake, which tests would show.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampNanosecondType, UInt64Type};
use arrow_array::{Array, RecordBatch, StringArray};
use assize_model::Time;

/// A batch of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a>(pub(crate) &'a RecordBatch);

impl<'a> Rows<'a> {
    pub(crate) fn len(self) -> usize {
        self.0.num_rows()
    }

    pub(crate) fn texts(self, column: &str) -> Texts<'a> {
        Texts(self.0.column_by_name(column).and_then(|column| column.as_string_opt::<i32>()))
    }

    pub(crate) fn times(self, column: &str) -> Times<'a> {
        Times(self.0.column_by_name(column).and_then(|column| column.as_primitive_opt()))
    }

    pub(crate) fn numbers(self, column: &str) -> Numbers<'a> {
        Numbers(self.0.column_by_name(column).and_then(|column| column.as_primitive_opt()))
    }

    /// What SQL counts.
    pub(crate) fn counts(self, column: &str) -> Counts<'a> {
        Counts(self.0.column_by_name(column).and_then(|column| column.as_primitive_opt()))
    }

    pub(crate) fn flags(self, column: &str) -> Flags<'a> {
        Flags(self.0.column_by_name(column).and_then(|column| column.as_boolean_opt()))
    }

    /// The texts of a list in a row.
    pub(crate) fn list(self, column: &str, row: usize) -> Vec<String> {
        let list = self.0.column_by_name(column).and_then(|column| column.as_list_opt::<i32>());
        let values = list.filter(|list| list.is_valid(row)).map(|list| list.value(row));
        let values = values.as_ref().and_then(|values| values.as_string_opt::<i32>());
        values.map_or_else(Vec::new, |values| values.iter().flatten().map(str::to_owned).collect())
    }

    /// The same of every row, borrowed.
    pub(crate) fn lists(self, column: &str) -> Lists<'a> {
        let list = self.0.column_by_name(column).and_then(|column| column.as_list_opt::<i32>());
        Lists {
            offsets: list.map(|list| list.value_offsets()),
            values: list.and_then(|list| list.values().as_string_opt::<i32>()),
        }
    }

    /// A list of pairs (kind, value): links.
    pub(crate) fn links(self, column: &str) -> Pairs<'a> {
        self.0.column_by_name(column).map_or(Pairs::NONE, |column| Pairs::of_list(column))
    }

    /// A map: own fields.
    pub(crate) fn map(self, column: &str) -> Pairs<'a> {
        let map = self.0.column_by_name(column).and_then(|column| column.as_map_opt());
        Pairs {
            offsets: map.map(|map| map.value_offsets()),
            keys: map.and_then(|map| map.keys().as_string_opt::<i32>()),
            values: map.and_then(|map| map.values().as_string_opt::<i32>()),
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Texts<'a>(pub(crate) Option<&'a StringArray>);

impl<'a> Texts<'a> {
    pub(crate) fn at(self, row: usize) -> Option<&'a str> {
        let column = self.0?;
        column.is_valid(row).then(|| column.value(row))
    }

    /// The text where there is one that is not empty.
    pub(crate) fn said(self, row: usize) -> Option<&'a str> {
        self.at(row).filter(|text| !text.is_empty())
    }

    /// The text, or an empty one.
    pub(crate) fn or_empty(self, row: usize) -> &'a str {
        self.at(row).unwrap_or("")
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Times<'a>(Option<&'a arrow_array::PrimitiveArray<TimestampNanosecondType>>);

impl Times<'_> {
    pub(crate) fn at(self, row: usize) -> Option<Time> {
        let column = self.0?;
        column.is_valid(row).then(|| Time(column.value(row)))
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Numbers<'a>(Option<&'a arrow_array::PrimitiveArray<UInt64Type>>);

impl Numbers<'_> {
    pub(crate) fn at(self, row: usize) -> Option<u64> {
        let column = self.0?;
        column.is_valid(row).then(|| column.value(row))
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Counts<'a>(Option<&'a arrow_array::PrimitiveArray<Int64Type>>);

impl Counts<'_> {
    pub(crate) fn at(self, row: usize) -> u64 {
        let count = self.0.filter(|column| column.is_valid(row)).map_or(0, |column| column.value(row));
        u64::try_from(count).unwrap_or(0)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Flags<'a>(Option<&'a arrow_array::BooleanArray>);

impl Flags<'_> {
    pub(crate) fn at(self, row: usize) -> bool {
        self.0.is_some_and(|column| column.is_valid(row) && column.value(row))
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Lists<'a> {
    offsets: Option<&'a [i32]>,
    values: Option<&'a StringArray>,
}

impl<'a> Lists<'a> {
    pub(crate) fn of(self, row: usize) -> impl Iterator<Item = &'a str> {
        let range = self.offsets.map_or(0..0, |offsets| offsets[row] as usize..offsets[row + 1] as usize);
        range.filter_map(move |place| self.values.map(|values| values.value(place)))
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Pairs<'a> {
    offsets: Option<&'a [i32]>,
    keys: Option<&'a StringArray>,
    values: Option<&'a StringArray>,
}

impl<'a> Pairs<'a> {
    const NONE: Self = Self { offsets: None, keys: None, values: None };

    /// Of a list of structs of two texts.
    pub(crate) fn of_list(list: &'a dyn Array) -> Self {
        let list = list.as_list_opt::<i32>();
        let entries = list.and_then(|list| list.values().as_struct_opt());
        let text = |at: usize| entries.and_then(|entries| entries.columns().get(at)?.as_string_opt::<i32>());
        Self { offsets: list.map(|list| list.value_offsets()), keys: text(0), values: text(1) }
    }

    /// The pairs of a row, null values left out.
    pub(crate) fn of(self, row: usize) -> impl Iterator<Item = (&'a str, &'a str)> {
        let range = self.offsets.map_or(0..0, |offsets| offsets[row] as usize..offsets[row + 1] as usize);
        range.filter_map(move |entry| {
            let (keys, values) = (self.keys?, self.values?);
            values.is_valid(entry).then(|| (keys.value(entry), values.value(entry)))
        })
    }

    /// The first value of that kind or name.
    pub(crate) fn first(self, row: usize, key: &str) -> Option<&'a str> {
        self.of(row).find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}
