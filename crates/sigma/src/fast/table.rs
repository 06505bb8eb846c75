//! Events as a table with a column per field: other people's Arrow batches.
//!
//! A null is a field that the event has not. Texts of every layout, dictionaries among them, are read where
//! they lie; numbers and truth values are written out once per batch, because rules compare texts.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use super::rows::Rows;

/// A table whose rows are events of one kind of log.
pub(crate) struct TableRows<'a> {
    source: &'a str,
    length: usize,
    names: Vec<&'a str>,
    columns: Vec<Texts<'a>>,
    /// Which columns have a value, for every combination that occurs.
    patterns: Vec<Vec<u32>>,
    pattern_of: Vec<u32>,
    /// Columns of types that hold no text, number or truth value.
    pub unread: Vec<String>,
}

/// A column's texts by row.
enum Texts<'a> {
    Small(&'a arrow_array::StringArray),
    Large(&'a arrow_array::LargeStringArray),
    View(&'a arrow_array::StringViewArray),
    Dictionary(Vec<usize>, Box<Self>),
    Written(Vec<String>),
}

impl<'a> TableRows<'a> {
    pub fn of(source: &'a str, table: &'a RecordBatch) -> Self {
        let schema = table.schema_ref();
        let (mut names, mut arrays, mut columns, mut unread) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (field, array) in schema.fields().iter().zip(table.columns()) {
            match Texts::of(array.as_ref()) {
                Some(texts) => {
                    names.push(field.name().as_str());
                    arrays.push(array);
                    columns.push(texts);
                }
                None => unread.push(field.name().clone()),
            }
        }
        let mut known: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        let mut patterns = Vec::new();
        // A key of a dictionary may also lead to a null.
        let nulls: Vec<_> = arrays.iter().map(|array| array.logical_nulls()).collect();
        let pattern_of = (0..table.num_rows()).map(|row| {
            let valid =
                (0..).zip(&nulls).filter(|(_, nulls)| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)));
            let pattern: Vec<u32> = valid.map(|(column, _)| column).collect();
            *known.entry(pattern).or_insert_with_key(|pattern| {
                patterns.push(pattern.clone());
                patterns.len() as u32 - 1
            })
        });
        let pattern_of = pattern_of.collect();
        Self { source, length: table.num_rows(), names, columns, patterns, pattern_of, unread }
    }

    fn pattern(&self, row: usize) -> &[u32] {
        &self.patterns[self.pattern_of[row] as usize]
    }
}

impl<'a> Texts<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        macro_rules! written {
            ($kind:ty) => {
                Self::Written(
                    array
                        .as_primitive::<$kind>()
                        .iter()
                        .map(|value| value.map_or_else(String::new, |value| value.to_string()))
                        .collect(),
                )
            };
        }
        Some(match array.data_type() {
            DataType::Utf8 => Self::Small(array.as_string()),
            DataType::LargeUtf8 => Self::Large(array.as_string()),
            DataType::Utf8View => Self::View(array.as_string_view()),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let values = Self::of(dictionary.values().as_ref())?;
                // Of a dictionary without values nothing is ever read.
                let is_empty = dictionary.values().is_empty();
                let keys = if is_empty { Vec::new() } else { dictionary.normalized_keys() };
                Self::Dictionary(keys, Box::new(values))
            }
            DataType::Boolean => {
                let text =
                    |value: Option<bool>| if value == Some(true) { "true" } else { "false" }.to_owned();
                Self::Written(array.as_boolean().iter().map(text).collect())
            }
            DataType::Int8 => written!(Int8Type),
            DataType::Int16 => written!(Int16Type),
            DataType::Int32 => written!(Int32Type),
            DataType::Int64 => written!(Int64Type),
            DataType::UInt8 => written!(UInt8Type),
            DataType::UInt16 => written!(UInt16Type),
            DataType::UInt32 => written!(UInt32Type),
            DataType::UInt64 => written!(UInt64Type),
            DataType::Float32 => written!(Float32Type),
            DataType::Float64 => written!(Float64Type),
            _ => return None,
        })
    }

    fn text(&self, row: usize) -> &str {
        match self {
            Self::Small(array) => array.value(row),
            Self::Large(array) => array.value(row),
            Self::View(array) => array.value(row),
            Self::Dictionary(keys, values) => values.text(keys[row]),
            Self::Written(texts) => &texts[row],
        }
    }
}

impl Rows for TableRows<'_> {
    fn len(&self) -> usize {
        self.length
    }

    fn source(&self, _: usize) -> &str {
        self.source
    }

    fn is_alike(&self, row: usize, other: usize) -> bool {
        self.pattern_of[row] == self.pattern_of[other]
    }

    fn signature(&self, row: usize, into: &mut Vec<u8>) {
        for column in self.pattern(row) {
            into.extend_from_slice(self.names[*column as usize].as_bytes());
            // Stands in no text.
            into.push(0xff);
        }
    }

    fn names(&self, row: usize) -> Vec<Box<str>> {
        self.pattern(row).iter().map(|column| self.names[*column as usize].into()).collect()
    }

    fn value(&self, row: usize, position: u32) -> Option<&str> {
        let column = *self.pattern(row).get(position as usize)?;
        Some(self.columns[column as usize].text(row))
    }

    fn run(&self, _: usize) -> Option<&[u8]> {
        None
    }
}
