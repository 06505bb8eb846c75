//! What do tests of reading share? Reading into memory, and reading again.
#![allow(dead_code)] // Each test takes what it needs of it.

use std::io;

use assize_formats::by_name;
use assize_model::{
    Batch, Batcher, ExhibitId, Gap, Input, Origin, Projection, Range, ReadingOptions, Row, Sink, Slice,
    column,
};
use serde_json::Value;

/// Keeps all that was read.
#[derive(Default)]
pub struct Kept {
    pub batches: Vec<Batch>,
    pub gaps: Vec<Gap>,
    /// Records that the projection did not want.
    pub passed_over: u64,
}

impl Sink for Kept {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        self.batches.push(batch);
        Ok(())
    }
    fn gap(&mut self, gap: Gap) -> io::Result<()> {
        self.gaps.push(gap);
        Ok(())
    }
}

impl Kept {
    /// Every event, as its batch and row.
    pub fn rows(&self) -> impl Iterator<Item = (&Batch, usize)> {
        self.batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| (batch, row)))
    }
}

/// Reads bytes as a format's.
pub fn read(format: &str, bytes: &[u8], options: &ReadingOptions) -> Kept {
    read_as(format, bytes, options, Projection::Everything)
}

/// The same, as far as is wanted.
pub fn read_as(format: &str, bytes: &[u8], options: &ReadingOptions, projection: Projection<'_>) -> Kept {
    let format = by_name(format).unwrap();
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: format.card().name };
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin, &mut kept);
    let mut bytes = bytes;
    let mut input = Input { bytes: &mut bytes, options, projection };
    format.read(&mut input, &mut batcher).unwrap();
    let passed_over = batcher.passed_over();
    batcher.finish().unwrap();
    Kept { passed_over, ..kept }
}

/// What an event's locator alone gives again.
pub fn again(format: &str, bytes: &[u8], batch: &Batch, row: usize) -> Kept {
    let locator = batch.locator(row).unwrap();
    let slice = |range: &Range| {
        let (from, to) = (range.offset as usize, (range.offset + range.length) as usize);
        Slice { range: *range, bytes: bytes[from..to].to_vec() }
    };
    let slices: Vec<Slice> = locator.ranges.iter().map(slice).collect();
    let format = by_name(format).unwrap();
    let origin = Origin { exhibit: locator.exhibit, member: None, format: format.card().name };
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin, &mut kept);
    format.reread(&slices, &locator.options, &mut batcher).unwrap();
    batcher.finish().unwrap();
    kept
}

/// It is the same event.
pub fn assert_reread(name: &str, bytes: &[u8], batch: &Batch, row: usize) {
    let kept = again(name, bytes, batch, row);
    assert_eq!(kept.batches.len(), 1, "{name} {row}");
    assert_eq!(kept.batches[0].rows(), &batch.rows().slice(row, 1), "{name} {row}");
}

/// Reads bytes that hold no gap, as a person sees their rows.
pub fn rows(format: &str, bytes: &[u8]) -> Vec<Row> {
    let kept = read(format, bytes, &ReadingOptions::default());
    assert!(kept.gaps.is_empty(), "{format}: {:?}", kept.gaps);
    kept.batches.iter().flat_map(|batch| Row::all(batch.rows())).collect()
}

/// What the same record must say in every shape: all of the spine but what names its bytes and how a time is
/// written there.
pub fn spine(row: &Row) -> Vec<(&'static str, Value)> {
    const COLUMNS: [&str; 17] = [
        column::TIME,
        column::SOURCE,
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
    COLUMNS.iter().map(|name| (*name, row.value(name).clone())).collect()
}
