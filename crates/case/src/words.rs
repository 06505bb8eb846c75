//! Which functions may a question use beside SQL's own?
//!
//! `message(fields)` says an event in a sentence, null where no table has one for its kind;
//! `meanings(fields)` gives the coded fields of an event with what their codes mean, as a map;
//! `own_time(fields)` is the time that a record states in its own data beside that of its envelope
//! (Sysmon's `UtcTime`), null where its kind has none. All are `formats::message` over the column `fields`, so that the report, exports and queries say the
//! same.

use std::sync::Arc;

use arrow_array::builder::{MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, MapArray, StringArray, TimestampNanosecondArray};
use arrow_schema::DataType;
use assize_formats::message;
use assize_model::spine;
use datafusion::arrow::compute::cast;
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Every function of ours.
pub(crate) fn all() -> [ScalarUDF; 3] {
    [Words::Message, Words::Meanings, Words::OwnTime]
        .map(|words| ScalarUDF::new_from_impl(Function::of(words)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Words {
    Message,
    Meanings,
    OwnTime,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    words: Words,
    signature: Signature,
}

impl Function {
    fn of(words: Words) -> Self {
        Self { words, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        match self.words {
            Words::Message => "message",
            Words::Meanings => "meanings",
            Words::OwnTime => "own_time",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match (arguments, self.words) {
            ([DataType::Map(..)], Words::Message) => Ok(DataType::Utf8),
            ([DataType::Map(..)], Words::Meanings) => Ok(spine::fields_type()),
            ([DataType::Map(..)], Words::OwnTime) => Ok(spine::time_type()),
            _ => plan_err!("{} takes the column `fields` of events", self.name()),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let Some(column) = arguments.args.into_iter().next() else {
            return exec_err!("{} takes the column `fields` of events", self.name());
        };
        let column = column.into_array(rows)?;
        let fields = Fields::of(column.as_map())?;
        let told: ArrayRef = match self.words {
            Words::Message => Arc::new(fields.messages()),
            Words::Meanings => Arc::new(fields.meanings()?),
            Words::OwnTime => Arc::new(fields.own_times()),
        };
        Ok(ColumnarValue::Array(told))
    }
}

/// The own fields of a batch of events, as plain text whatever way they are stored.
struct Fields<'a> {
    map: &'a MapArray,
    names: StringArray,
    values: StringArray,
}

impl<'a> Fields<'a> {
    fn of(map: &'a MapArray) -> Result<Self> {
        let text = |array: &ArrayRef| -> Result<StringArray> {
            Ok(cast(array, &DataType::Utf8)?.as_string::<i32>().clone())
        };
        Ok(Self { map, names: text(map.keys())?, values: text(map.values())? })
    }

    /// The fields of each event; `None` where the column is null.
    fn rows(&self) -> impl Iterator<Item = Option<Vec<(&str, Option<&str>)>>> {
        let ends = self.map.value_offsets().windows(2);
        ends.enumerate().map(|(row, ends)| {
            let value = |at: usize| self.values.is_valid(at).then(|| self.values.value(at));
            let of_row = ends[0] as usize..ends[1] as usize;
            self.map.is_valid(row).then(|| of_row.map(|at| (self.names.value(at), value(at))).collect())
        })
    }

    fn messages(&self) -> StringArray {
        self.rows().map(|fields| message::sentence(&fields?)).collect()
    }

    fn own_times(&self) -> TimestampNanosecondArray {
        let times = self.rows().map(|fields| message::own_time(&fields?).map(|time| time.0));
        times.collect::<TimestampNanosecondArray>().with_timezone("UTC")
    }

    fn meanings(&self) -> Result<MapArray> {
        let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
        let mut map = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
        for fields in self.rows() {
            for (name, meaning) in fields.iter().flat_map(|fields| message::meanings(fields)) {
                map.keys().append_value(name);
                map.values().append_value(meaning);
            }
            map.append(fields.is_some())?;
        }
        Ok(map.finish())
    }
}
