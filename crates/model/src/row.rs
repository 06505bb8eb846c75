//! How does one row of a query's answer look to code that has never heard of Arrow?
//!
//! A row is an ordered list of (column, JSON value): times as RFC 3339 text, lists as arrays, maps
//! as arrays of pairs (a name may repeat). For the thousands of rows that a page or table shows,
//! not for the millions that analysis counts.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use serde_json::{Map, Value};

use crate::Time;

/// One row of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub Vec<(String, Value)>);

impl Row {
    /// The rows of a batch.
    pub fn all(batch: &RecordBatch) -> impl Iterator<Item = Row> {
        (0..batch.num_rows()).map(|row| {
            let schema = batch.schema();
            let cells = schema.fields().iter().zip(batch.columns());
            Row(cells.map(|(field, column)| (field.name().clone(), cell(column, row))).collect())
        })
    }

    /// A column's value; null where the answer has no such column.
    #[must_use]
    pub fn value(&self, column: &str) -> &Value {
        self.0.iter().find(|(name, _)| name == column).map_or(&Value::Null, |(_, value)| value)
    }

    /// A text, or `""` for null and for what is no text.
    #[must_use]
    pub fn text(&self, column: &str) -> &str {
        self.value(column).as_str().unwrap_or("")
    }

    /// A text; `None` for null.
    #[must_use]
    pub fn some_text(&self, column: &str) -> Option<&str> {
        self.value(column).as_str()
    }

    /// A count, or 0.
    #[must_use]
    pub fn number(&self, column: &str) -> u64 {
        let value = self.value(column);
        value.as_u64().or_else(|| value.as_i64().and_then(|n| u64::try_from(n).ok())).unwrap_or(0)
    }

    /// An instant that the answer holds as text.
    #[must_use]
    pub fn time(&self, column: &str) -> Option<Time> {
        match Time::parse(self.text(column))? {
            crate::time::Stated::Instant(time) | crate::time::Stated::Local(time) => Some(time),
        }
    }

    /// As a JSON object.
    #[must_use]
    pub fn object(&self) -> Value {
        Value::Object(self.0.iter().cloned().collect::<Map<String, Value>>())
    }
}

/// One cell. A type that no query of ours answers with is shown by its name rather than dropped.
fn cell(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => column.as_string::<i64>().value(row).into(),
        DataType::Utf8View => column.as_string_view().value(row).into(),
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Time(column.as_primitive::<TimestampNanosecondType>().value(row)).to_string().into()
        }
        DataType::List(_) => list(&column.as_list::<i32>().value(row)),
        DataType::Struct(fields) => {
            let columns = column.as_struct().columns();
            let cells = fields.iter().zip(columns);
            Value::Object(cells.map(|(f, c)| (f.name().clone(), cell(c, row))).collect())
        }
        DataType::Map(..) => pairs(&column.as_map().value(row)),
        DataType::Dictionary(..) => {
            let dictionary = column.as_any_dictionary();
            let key = dictionary.normalized_keys()[row];
            cell(dictionary.values(), key)
        }
        DataType::Null => Value::Null,
        other => arrow_text(column, row).unwrap_or_else(|| format!("({other})")).into(),
    }
}

/// Types that only a person's own query can answer with: small integers, decimals, other times.
fn arrow_text(column: &dyn Array, row: usize) -> Option<String> {
    use arrow_array::types::{Float32Type, Int8Type, Int16Type, UInt8Type, UInt16Type};
    Some(match column.data_type() {
        DataType::Int8 => column.as_primitive::<Int8Type>().value(row).to_string(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::UInt8 => column.as_primitive::<UInt8Type>().value(row).to_string(),
        DataType::UInt16 => column.as_primitive::<UInt16Type>().value(row).to_string(),
        DataType::Float32 => column.as_primitive::<Float32Type>().value(row).to_string(),
        _ => return None,
    })
}

fn list(values: &dyn Array) -> Value {
    Value::Array((0..values.len()).map(|row| cell(values, row)).collect())
}

fn pairs(entries: &arrow_array::StructArray) -> Value {
    let pair = |row| Value::Array(entries.columns().iter().map(|column| cell(column, row)).collect());
    Value::Array((0..entries.len()).map(pair).collect())
}
