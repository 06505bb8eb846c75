//! Does a change that is meant for speed alone change any result?
//!
//! One line for each file or member of a container: a digest of all its rows and gaps, the format, how many of both.
//! What stands in JSON is read again in damaged pieces, by the same format, which digests too. Run before and after;
//! the lines must be the same. Digests are of one compiler's making and mean nothing elsewhere.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{ArrayRef, RecordBatch};
use assize_formats::container::{self, Visitor};
use assize_formats::{HEAD, by_name, recognise};
use assize_model::{
    Batch, Batcher, Cause, ExhibitId, Format, Gap, Input, Origin, Projection, ReadingOptions, Sink,
};

/// Damaged pieces of one member.
const DAMAGED: u64 = 200;

/// Every file below a path.
pub fn files(path: &Path) -> Result<()> {
    if path.is_dir() {
        let mut below: Vec<_> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        below.sort();
        return below.iter().try_for_each(|path| files(path));
    }
    let mut file = fs::File::open(path)?;
    let size = file.metadata()?.len();
    container::visit(&mut file, size, &mut Members(path)).with_context(|| path.display().to_string())
}

/// Some bytes, by a format.
pub fn bytes(name: &str, format: &str, bytes: &[u8]) -> Result<()> {
    let format = by_name(format).context("no such format")?;
    Ok(told(name, format, bytes)?)
}

struct Members<'p>(&'p Path);

impl Visitor for Members<'_> {
    fn wants(&self, _: &str) -> bool {
        true
    }

    fn member(&mut self, name: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> io::Result<()> {
        let Some((format, _)) = recognise(&head[..head.len().min(HEAD)]) else { return Ok(()) };
        let mut bytes = head;
        rest.read_to_end(&mut bytes)?;
        told(&format!("{} {}", self.0.display(), name.unwrap_or("")), format, &bytes)
    }

    fn problem(&mut self, _: Option<&str>, _: Cause, _: String) -> io::Result<()> {
        Ok(())
    }
}

fn told(name: &str, format: &dyn Format, bytes: &[u8]) -> io::Result<()> {
    let mut all = Digest::default();
    let (events, gaps) = all.add(format, bytes)?;
    let mut damaged = Digest::default();
    if matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')) {
        let piece = &bytes[..bytes.len().min(HEAD / 4)];
        for round in 1..=DAMAGED {
            damaged.add(format, &damage(piece, round))?;
        }
    }
    let card = format.card().name;
    println!("{:016x} {:016x} {card} {events} {gaps} {name}", all.0.finish(), damaged.0.finish());
    Ok(())
}

/// A few bytes changed, left out or doubled.
fn damage(piece: &[u8], round: u64) -> Vec<u8> {
    let mut state = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize % below.max(1)
    };
    let mut bytes = piece.to_vec();
    for _ in 0..1 + next(12) {
        let at = next(bytes.len());
        let to = (at + 1 + next(40)).min(bytes.len());
        match next(3) {
            0 if at < bytes.len() => bytes[at] = b"{}[],:\"\\n0-.e tul\n\xff"[next(19)],
            1 => drop(bytes.drain(at..to)),
            _ => {
                let twice = bytes[at..to].to_vec();
                let place = next(bytes.len());
                drop(bytes.splice(place..place, twice));
            }
        }
    }
    bytes
}

/// Of rows by their texts: which number a name has in a batch is no result.
#[derive(Default)]
struct Digest(DefaultHasher);

impl Digest {
    fn add(&mut self, format: &dyn Format, mut bytes: &[u8]) -> io::Result<(u64, u64)> {
        let origin =
            Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: format.card().name };
        let options = ReadingOptions::default();
        let mut batcher = Batcher::new(origin, self);
        format.read(
            &mut Input { bytes: &mut bytes, options: &options, projection: Projection::Everything },
            &mut batcher,
        )?;
        batcher.finish()
    }
}

impl Sink for Digest {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        let spine = batch.rows().columns().iter().zip(batch.rows().schema_ref().fields());
        let spine = spine.take(batch.rows().num_columns() - 1).map(|(column, field)| {
            // The writer knows no zones by their names.
            let time = column.as_primitive_opt::<TimestampNanosecondType>();
            let unzoned =
                time.map(|time| Arc::new(time.clone().with_timezone_opt(None::<Arc<str>>)) as ArrayRef);
            (field.name(), unzoned.unwrap_or_else(|| Arc::clone(column)))
        });
        let mut text = Vec::new();
        let mut writer = arrow_json::LineDelimitedWriter::new(&mut text);
        let rows = RecordBatch::try_from_iter(spine).map_err(io::Error::other)?;
        writer.write(&rows).and_then(|()| writer.finish()).map_err(io::Error::other)?;
        self.0.write(&text);
        for (name, value) in (0..batch.len()).flat_map(|row| batch.fields(row).chain([("", None)])) {
            self.0.write(name.as_bytes());
            self.0.write(value.map_or(&[0xff, 0], |value| value.as_bytes()));
            self.0.write_u8(0xfe);
        }
        Ok(())
    }

    fn gap(&mut self, gap: Gap) -> io::Result<()> {
        self.0.write(format!("{gap:?}").as_bytes());
        Ok(())
    }
}
