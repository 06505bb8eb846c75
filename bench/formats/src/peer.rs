//! Who else reads such bytes into Arrow batches, and how?
//!
//! JSON: `arrow-json` with the schema that it infers of the same bytes, which is not counted. Tables: `arrow-csv`,
//! columns of text. Lines without columns: the `regex` crate, one expression a kind with a group for each column,
//! into columns of text. Peers fill no spine, give no places and no ids: they say what cutting the bytes costs.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::Result;
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_csv::reader::Format;
use arrow_json::reader::infer_json_schema;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use regex::bytes::Regex;

/// Rows of a batch, as ours.
const ROWS: usize = 4096;

pub enum Peer {
    Json(SchemaRef),
    Csv(Format, SchemaRef),
    Lines(Regex),
}

/// Part of an input's name, and what the lines of such a log look like.
const LINES: &[(&str, &str)] = &[
    ("Squid", r"^(\d+\.\d+) +(\d+) (\S+) (\w+)/(\d+) (\d+) (\S+) (\S+) (\S+) (\w+)/(\S+) (\S+)$"),
    ("Apache", r#"^(\S+) (\S+) (\S+) \[([^\]]+)\] "(\S+) (\S+) (\S+)" (\d+) (\d+|-) "([^"]*)" "([^"]*)"$"#),
    ("auditd", r"^type=(\w+) msg=audit\((\d+\.\d+):(\d+)\): (.*)$"),
    ("syslog, ISO", r"^(\S+) (\S+) ([^\s\[:]+)(?:\[(\d+)\])?: (.*)$"),
    ("RFC 3164", r"^(\w{3} [ \d]\d \d\d:\d\d:\d\d|\S+) (\S+) ([^\s\[:]+)(?:\[(\d+)\])?: (.*)$"),
    (
        "S3 access",
        r#"^(\S+) (\S+) \[([^\]]+)\] (\S+) (\S+) (\S+) (\S+) (\S+) "([^"]*)" (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (.*)$"#,
    ),
];

impl Peer {
    /// Who reads such an input, if we know anybody.
    pub fn of(name: &str, bytes: &[u8]) -> Result<Option<Self>> {
        let csv = |delimiter, header| {
            Format::default().with_delimiter(delimiter).with_header(header).with_comment(b'#')
        };
        let format = match name {
            _ if bytes.first() == Some(&b'{') => {
                let (schema, _) = infer_json_schema(bytes, None)?;
                return Ok(Some(Self::Json(schema.into())));
            }
            _ if name.contains("CSV") || name.contains("table") => csv(b',', true),
            _ if name.contains("csvlog") => csv(b',', false),
            _ if name.contains("Zeek") => csv(b'\t', false),
            _ if name.contains("IIS") => csv(b' ', false),
            _ => {
                let line = LINES.iter().find(|(part, _)| name.contains(part));
                return line.map(|(_, line)| Ok(Self::Lines(Regex::new(line)?))).transpose();
            }
        };
        // Of its first row the number of columns; all of them as text, as the others and we have them.
        let (schema, _) = format.infer_schema(Cursor::new(bytes), Some(1))?;
        let text = |field: &Arc<Field>| Field::new(field.name(), DataType::Utf8, true);
        let texts = Schema::new(schema.fields().iter().map(text).collect::<Vec<_>>());
        Ok(Some(Self::Csv(format, texts.into())))
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Json(_) => "arrow-json",
            Self::Csv(..) => "arrow-csv",
            Self::Lines(_) => "regex",
        }
    }

    /// Reads all and says how many rows there were.
    pub fn read(&self, bytes: &[u8]) -> Result<u64> {
        match self {
            Self::Json(schema) => {
                let reader =
                    arrow_json::ReaderBuilder::new(schema.clone()).with_batch_size(ROWS).build(bytes)?;
                rows(reader)
            }
            Self::Csv(format, schema) => {
                let builder = arrow_csv::ReaderBuilder::new(schema.clone());
                rows(builder.with_format(format.clone()).with_batch_size(ROWS).build_buffered(bytes)?)
            }
            Self::Lines(line) => lines(line, bytes),
        }
    }
}

fn rows(batches: impl Iterator<Item = Result<RecordBatch, arrow_schema::ArrowError>>) -> Result<u64> {
    batches.map(|batch| Ok(batch?.num_rows() as u64)).sum()
}

fn lines(line: &Regex, bytes: &[u8]) -> Result<u64> {
    let groups = line.captures_len() - 1;
    let fields: Vec<Field> = (0..groups).map(|n| Field::new(format!("c{n}"), DataType::Utf8, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let mut columns: Vec<StringBuilder> = (0..groups).map(|_| StringBuilder::new()).collect();
    let mut locations = line.capture_locations();
    let (mut total, mut held) = (0, 0);
    let give = |columns: &mut [StringBuilder]| -> Result<()> {
        let arrays = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        std::hint::black_box(RecordBatch::try_new(Arc::clone(&schema), arrays)?);
        Ok(())
    };
    for text in bytes.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
        let found = line.captures_read(&mut locations, text).is_some();
        for (group, column) in columns.iter_mut().enumerate() {
            let value = locations
                .get(group + 1)
                .filter(|_| found)
                .map(|(from, to)| std::str::from_utf8(&text[from..to]));
            column.append_option(value.transpose()?);
        }
        anyhow::ensure!(found, "a line that the peer does not know: {}", String::from_utf8_lossy(text));
        (total, held) = (total + 1, held + 1);
        if held == ROWS {
            give(&mut columns)?;
            held = 0;
        }
    }
    give(&mut columns)?;
    Ok(total)
}
