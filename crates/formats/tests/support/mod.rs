//! What do tests of reading share? Reading into memory, and reading again.
#![allow(dead_code)] // Each test takes what it needs of it.

use std::io;

use assize_formats::by_name;
use assize_model::{
    Batch, Batcher, ExhibitId, Gap, Input, Origin, Projection, Range, ReadingOptions, Sink, Slice,
};

/// Keeps all that was read.
#[derive(Default)]
pub struct Kept {
    pub batches: Vec<Batch>,
    pub gaps: Vec<Gap>,
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
    let format = by_name(format).unwrap();
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: format.card().name };
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin, &mut kept);
    let mut bytes = bytes;
    let mut input = Input { bytes: &mut bytes, options, projection: Projection::Everything };
    format.read(&mut input, &mut batcher).unwrap();
    batcher.finish().unwrap();
    kept
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
