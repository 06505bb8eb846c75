//! How much of the spine does each format fill, and what is a file taken for?
//!
//! For people who want to know what a reading is worth, without a case. Nothing is kept. A column counts as
//! filled where it says something: the verb `other`, and `unknown` in any column, say nothing.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use arrow_array::{Array, StringArray, cast::AsArray};
use assize_formats::{self as formats, container};
use assize_model::{
    Batch, Batcher, ExhibitId, Gap, Input, Origin, Projection, ReadingOptions, Row, Sink, column,
};
use assize_vault::walk;
use serde::Serialize;

use crate::progress::Progress;
use crate::read_as::{Manner, ReadAs};
use crate::scan::{self, How};
use crate::{CaseError, Unread, clock};

/// Columns that are measured.
pub const MEASURED: &[&str] = &[
    column::TIME,
    column::HOST,
    column::ACTOR,
    column::TARGET,
    column::VERB,
    column::OBJECT,
    column::OBJECT_KIND,
    column::SCOPE,
    column::CLIENT,
    column::PEER,
    column::DEVICE,
    column::COUNT,
    column::BYTES,
    column::OUTCOME,
    column::QUALIFIERS,
    column::LINKS,
];

/// What was read of one format.
#[derive(Clone, Debug, Default)]
pub struct Fill {
    /// Files, and members of containers.
    pub files: u64,
    /// Events.
    pub events: u64,
    /// Gaps.
    pub gaps: u64,
    /// Events in which a column says something, in the order of [`MEASURED`].
    pub filled: Vec<u64>,
}

impl Fill {
    /// The share of events in which each column says something, in thousandths.
    #[must_use]
    pub fn shares(&self) -> BTreeMap<&'static str, f64> {
        let share = |filled: &u64| (filled * 1000).div_ceil(self.events.max(1)) as f64 / 1000.0;
        MEASURED.iter().copied().zip(self.filled.iter().map(share)).collect()
    }
}

/// What was read below some paths.
#[derive(Debug, Default)]
pub struct Measured {
    /// By format.
    pub formats: BTreeMap<String, Fill>,
    /// What no format read.
    pub unread: Vec<Unread>,
}

/// Reads every file below some paths and counts what each format fills.
///
/// # Errors
/// Never for the sake of evidence; the type is that of every reading.
pub fn measure(
    paths: &[PathBuf],
    read_as: &[ReadAs],
    progress: &dyn Progress,
) -> Result<Measured, CaseError> {
    let files: Vec<_> = paths.iter().flat_map(|path| walk(path)).collect();
    progress.stage("measure", files.len() as u64, files.iter().map(|file| file.size).sum());
    let mut measured = Measured::default();
    for found in &files {
        let mut count = Count::default();
        let manner = Manner::of_file(read_as, &found.path, clock::now());
        let how =
            How { passwords: &[], projection: Projection::Everything, manner: &manner, contents: false };
        let exhibit = ExhibitId::of_digest(&[0; 32]);
        let read = std::fs::File::open(&found.source).and_then(|mut file| {
            scan::read_exhibit(exhibit, &mut file, found.size, how, &mut count, &mut |bytes| {
                progress.bytes(bytes);
            })
        });
        progress.item_done(&found.path);
        let told = match read {
            Ok(told) => told,
            Err(error) => {
                let (path, cause) = (found.path.clone(), error.to_string());
                measured.unread.push(Unread { exhibit: None, path, cause });
                continue;
            }
        };
        for (format, filled) in count.filled {
            let fill = measured.of(&format);
            fill.filled.resize(MEASURED.len(), 0);
            fill.filled.iter_mut().zip(filled).for_each(|(sum, one)| *sum += one);
        }
        for reading in told.readings.iter().filter(|reading| !reading.container) {
            let Some(format) = &reading.format else {
                let member = reading.member.as_deref().map_or(String::new(), |member| format!("!/{member}"));
                let path = format!("{}{member}", found.path);
                measured.unread.push(Unread { exhibit: None, path, cause: "unrecognised".to_owned() });
                continue;
            };
            let fill = measured.of(format);
            fill.files += 1;
            fill.events += reading.events;
            fill.gaps += reading.gaps;
        }
    }
    progress.end();
    Ok(measured)
}

impl Measured {
    fn of(&mut self, format: &str) -> &mut Fill {
        self.formats.entry(format.to_owned()).or_default()
    }
}

/// Counts what is filled, by format.
#[derive(Default)]
struct Count {
    filled: BTreeMap<String, Vec<u64>>,
}

impl Sink for Count {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        let Some(format) = (!batch.is_empty()).then(|| batch.text(column::FORMAT, 0)).flatten() else {
            return Ok(());
        };
        let counts = self.filled.entry(format.to_owned()).or_insert_with(|| vec![0; MEASURED.len()]);
        for (count, name) in counts.iter_mut().zip(MEASURED) {
            *count += batch.rows().column_by_name(name).map_or(0, |column| filled(column.as_ref()));
        }
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> io::Result<()> {
        Ok(())
    }
}

fn filled(column: &dyn Array) -> u64 {
    if let Some(lists) = column.as_list_opt::<i32>() {
        return (0..lists.len()).filter(|row| lists.value_length(*row) > 0).count() as u64;
    }
    let texts: Option<&StringArray> = column.as_string_opt();
    match texts {
        Some(texts) => {
            let says = |text: &&str| !text.is_empty() && !matches!(*text, "other" | "unknown");
            texts.iter().flatten().filter(says).count() as u64
        }
        None => (column.len() - column.null_count()) as u64,
    }
}

/// What a file is taken for, and what its beginning says.
#[derive(Debug, Default, Serialize)]
pub struct Explained {
    /// The kind of container, if it is one: then each member is recognised by itself.
    pub container: Option<&'static str>,
    /// Formats that know it for theirs, the surest first; the first reads it.
    pub candidates: Vec<Candidate>,
    /// Formats that were asked and do not.
    pub others: Vec<&'static str>,
    /// What was taken beyond the bytes to read its first events, and what a person said of it.
    pub options: BTreeMap<String, String>,
    /// Its first events: the spine, and their own fields.
    #[serde(serialize_with = "as_objects")]
    pub events: Vec<Row>,
    /// Bytes of its beginning that gave none, and why.
    pub gaps: Vec<String>,
}

fn as_objects<S: serde::Serializer>(rows: &[Row], to: S) -> Result<S::Ok, S::Error> {
    let object = |row: &Row| row.0.iter().cloned().collect::<serde_json::Map<String, serde_json::Value>>();
    to.collect_seq(rows.iter().map(object))
}

/// A format that knows a file for its own.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    /// Its name.
    pub format: &'static str,
    /// How sure it is, of 100.
    pub confidence: u8,
    /// What it reads.
    pub title: &'static str,
    /// What it makes of the beginning of the file, which is why it is believed or not: how many events, how many
    /// of them of a kind of log that it knows (the others are generic), and how many gaps.
    pub because: String,
}

/// Bytes of a file that are looked at for its first events.
const LOOK: u64 = 1 << 20;
/// First events that are told.
const EVENTS: usize = 5;

/// Looks at the beginning of a file.
///
/// # Errors
/// Where the file cannot be read.
pub fn explain(path: &Path, read_as: &[ReadAs]) -> io::Result<Explained> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LOOK).read_to_end(&mut bytes)?;
    let head = &bytes[..bytes.len().min(formats::HEAD)];
    let mut explained = Explained {
        container: container::Kind::of(head).map(container::Kind::as_str),
        ..Explained::default()
    };
    if explained.container.is_some() {
        return Ok(explained);
    }
    let manner = Manner::of_file(read_as, &path.to_string_lossy(), clock::now());
    let (chosen, options) = manner.recognise(None, head);
    let Some((format, sure)) = chosen else { return Ok(explained) };
    let mut claims = vec![(format, sure.0)];
    for other in formats::ALL.iter().filter(|other| other.card().name != format.card().name) {
        match other.recognise(head) {
            Some(sure) => claims.push((*other, sure.0)),
            None => explained.others.push(other.card().name),
        }
    }
    claims[1..].sort_by_key(|(_, sure)| std::cmp::Reverse(*sure));
    for (place, (format, confidence)) in claims.into_iter().enumerate() {
        let first = first_events(format, &bytes, &options)?;
        let card = format.card();
        let (name, title, because) = (card.name, card.title, first.because());
        explained.candidates.push(Candidate { format: name, confidence, title, because });
        if place == 0 {
            first.explain(&mut explained);
        }
    }
    Ok(explained)
}

/// What a format makes of the beginning of a file.
fn first_events(
    format: &dyn assize_model::Format,
    bytes: &[u8],
    options: &ReadingOptions,
) -> io::Result<First> {
    // Where the look ends a record is cut, which says nothing of the file.
    let cut = bytes.len() as u64 == LOOK;
    let mut first = First { until: if cut { LOOK } else { u64::MAX }, ..First::default() };
    let exhibit = ExhibitId::of_digest(&[0; 32]);
    let mut batcher = Batcher::new(Origin { exhibit, member: None, format: format.card().name }, &mut first);
    let mut rest = bytes;
    let mut input = Input { bytes: &mut rest, options, projection: Projection::Everything };
    format.read(&mut input, &mut batcher)?;
    batcher.finish()?;
    Ok(first)
}

/// The first events and gaps.
#[derive(Default)]
struct First {
    rows: Vec<Row>,
    gaps: Vec<Gap>,
    /// Gaps count that end before this place.
    until: u64,
    gap_count: u64,
    events: u64,
    /// Events of a kind of log that the format knows.
    known: u64,
}

/// Kinds of log that say only in which notation a record is.
const GENERIC: [&str; 3] = ["json", "csv", "text"];

impl First {
    fn because(&self) -> String {
        let (events, known, gaps) = (self.events, self.known, self.gap_count);
        format!(
            "of its first {} KiB: {events} events, {known} of them of a known kind, {gaps} gaps",
            LOOK >> 10
        )
    }

    fn explain(self, explained: &mut Explained) {
        let told = |gap: &Gap| {
            format!("{}+{} {}: {}", gap.range.offset, gap.range.length, gap.cause.as_str(), gap.detail)
        };
        explained.gaps = self.gaps.iter().map(told).collect();
        explained.events = self.rows;
        let taken = explained.events.iter().filter_map(|row| row.some_text(column::OPTIONS));
        for (name, value) in taken.flat_map(|text| ReadingOptions::of_text(text).0) {
            explained.options.insert(name, value);
        }
    }
}

impl Sink for First {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        let wanted = EVENTS.saturating_sub(self.rows.len()).min(batch.len());
        self.rows.extend(Row::all(&batch.rows().slice(0, wanted)));
        let known =
            |row: &usize| batch.text(column::SOURCE, *row).is_some_and(|kind| !GENERIC.contains(&kind));
        self.events += batch.len() as u64;
        self.known += (0..batch.len()).filter(known).count() as u64;
        Ok(())
    }
    fn gap(&mut self, gap: Gap) -> io::Result<()> {
        if gap.range.offset + gap.range.length < self.until {
            self.gap_count += 1;
            if self.gaps.len() < EVENTS {
                self.gaps.push(gap);
            }
        }
        Ok(())
    }
}
