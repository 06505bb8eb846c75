//! Can any bytes make a format panic, hang, grow without bound, or say two things of one record?
//!
//! One target for all formats: `ASSIZE_FUZZ_FORMAT` names one of `formats::ALL` (`evtx` unless
//! stated). Its recognition looks at the bytes too, whatever they are. Every event is read again from its
//! locator alone and must be the same.
#![no_main]

use std::io;

use arrow_array::{Array, ArrayRef};
use assize_formats::{HEAD, by_name, option};
use assize_model::{
    Batch, Batcher, ExhibitId, Format, Gap, Input, Locator, Origin, Projection, Range, ReadingOptions, Sink,
    Slice,
};
use libfuzzer_sys::fuzz_target;

/// Bytes of text that one byte of input may become. Hexadecimal pairs are two, a list of bytes with
/// commas four; the rest is room for templates that are used many times.
const GROWTH_MAX: usize = 4096;

#[derive(Default)]
struct Kept {
    batches: Vec<Batch>,
    gaps: usize,
}

impl Sink for Kept {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        self.batches.push(batch);
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> io::Result<()> {
        self.gaps += 1;
        Ok(())
    }
}

/// Where an event lies, its columns of the spine, and its own fields.
type Told = (Locator, Vec<ArrayRef>, Vec<(String, Option<String>)>);

fn told(kept: &Kept) -> Vec<Told> {
    let rows = kept.batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| (batch, row)));
    let one = |(batch, row): (&Batch, usize)| {
        let fields = batch.fields(row).map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        // The last column is the fields', whose names have other numbers in each batch.
        let spine = batch.rows().columns().split_last().expect("the spine").1;
        let spine = spine.iter().map(|column| column.slice(row, 1)).collect();
        (batch.locator(row).expect("a batcher made it"), spine, fields.collect())
    };
    rows.map(one).collect()
}

/// What a person gives with the evidence: the format that reads by a person's mapping needs one.
fn given() -> ReadingOptions {
    let text = include_str!("../../crates/formats/mappings/dms-access.toml");
    ReadingOptions([(option::MAPPING_TEXT.to_owned(), text.to_owned())].into())
}

fn read(format: &dyn Format, bytes: &[u8], again: Option<&Locator>) -> Kept {
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: format.card().name };
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin, &mut kept);
    let mut options = given();
    match again {
        None => {
            let mut rest = bytes;
            let mut input = Input { bytes: &mut rest, options: &options, projection: Projection::Everything };
            format.read(&mut input, &mut batcher).expect("a slice does not fail");
        }
        Some(locator) => {
            let slice = |range: &Range| {
                let end = ((range.offset + range.length) as usize).min(bytes.len());
                Slice { range: *range, bytes: bytes[range.offset as usize..end].to_vec() }
            };
            let slices: Vec<Slice> = locator.ranges.iter().map(slice).collect();
            options.0.extend(locator.options.0.clone());
            format.reread(&slices, &options, &mut batcher).expect("a slice does not fail");
        }
    }
    batcher.finish().expect("the sink takes everything");
    kept
}

fuzz_target!(|bytes: &[u8]| {
    let name = std::env::var("ASSIZE_FUZZ_FORMAT").unwrap_or_else(|_| "evtx".to_owned());
    let format = by_name(&name).expect("ASSIZE_FUZZ_FORMAT names a format");
    let _claimed = format.recognise(&bytes[..bytes.len().min(HEAD)]);
    let events = told(&read(format, bytes, None));
    let text: usize = events
        .iter()
        .flat_map(|(_, _, fields)| fields)
        .map(|(n, v)| n.len() + v.as_ref().map_or(0, String::len))
        .sum();
    assert!(text <= GROWTH_MAX * bytes.len().max(4096), "{text} bytes of text out of {}", bytes.len());
    // Reading again costs a chunk each: a few say as much as all.
    let step = events.len() / 8 + 1;
    for (locator, spine, fields) in events.iter().step_by(step) {
        let again = told(&read(format, bytes, Some(locator)));
        assert_eq!(again.len(), 1, "{locator:?}");
        assert_eq!(&again[0].1, spine, "{locator:?}");
        assert_eq!(&again[0].2, fields, "{locator:?}");
    }
});
