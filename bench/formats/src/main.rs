//! How fast does each family of formats become batches, beside a public peer on the same bytes in the same run?
//!
//! `cargo run --release -- EVIDENCE`, in this folder; EVIDENCE is the folder of a drill's evidence
//! (`cargo run --release -p assize-drill --example make -- 7 60 30 40 espionage DIR`). Its exports are repeated
//! to 64 MB. One thread, CPU seconds of that thread, medians of five rounds, ours and the peer's in turn. The
//! peer of JSON is arrow-json with the schema that it infers of the same bytes; what inferring costs is not
//! counted. `cargo run --release -- memory EVIDENCE` tells the highest memory for a stream and for one sixteen times as long.

mod input;
mod text;

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use arrow_json::reader::infer_json_schema;
use arrow_schema::SchemaRef;
use assize_model::{Batch, Batcher, ExhibitId, Gap, Input, Origin, Projection, ReadingOptions, Sink};

const ROUNDS: usize = 5;
/// Bytes of one input.
const SIZE: usize = 64 << 20;
/// Rows of a batch of the peer, as ours.
const ROWS: usize = 4096;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let evidence = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [evidence] => *evidence,
        ["memory", evidence] => return memory(Path::new(evidence)),
        _ => bail!("[memory] EVIDENCE"),
    };
    println!("| input | events | MB/s | peer, MB/s | CPU, ratio to peer |\n|---|---|---|---|---|");
    let mut inputs = input::all(Path::new(evidence), SIZE)?;
    inputs.extend(text::all(SIZE));
    for (name, format, bytes) in inputs {
        let json = bytes.first() == Some(&b'{');
        let schema = if json { Some(schema(&bytes)?) } else { None };
        let (mut ours, mut peers, mut events) = (Vec::new(), Vec::new(), 0);
        for _ in 0..=ROUNDS {
            if let Some(schema) = &schema {
                peers.push(cpu(|| peer(&bytes, schema))?.0);
            }
            let (seconds, read) = cpu(|| read(format, &bytes))?;
            ours.push(seconds);
            events = read;
        }
        let megabytes = bytes.len() as f64 / 1e6;
        let ours = median(&mut ours);
        let peer = (!peers.is_empty()).then(|| median(&mut peers));
        let told =
            |value: Option<f64>, digits| value.map_or("–".into(), |value| format!("{value:.digits$}"));
        println!(
            "| {name} | {events} | {:.0} | {} | {} |",
            megabytes / ours,
            told(peer.map(|peer| megabytes / peer), 0),
            told(peer.map(|peer| ours / peer), 2)
        );
    }
    Ok(())
}

/// Takes batches and forgets them.
#[derive(Default)]
struct Forget {
    gaps: u64,
}

impl Sink for Forget {
    fn batch(&mut self, _: Batch) -> io::Result<()> {
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> io::Result<()> {
        self.gaps += 1;
        Ok(())
    }
}

/// The same bytes again and again, without holding more of them.
struct Again<'a> {
    bytes: &'a [u8],
    at: usize,
    rounds: usize,
}

impl io::Read for Again<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.bytes.len() && self.rounds > 1 {
            (self.at, self.rounds) = (0, self.rounds - 1);
        }
        let read = (&self.bytes[self.at..]).read(out)?;
        self.at += read;
        Ok(read)
    }
}

/// The highest memory of this process after a few megabytes, and after many times as many.
fn memory(evidence: &Path) -> Result<()> {
    println!("| input | MB | peak memory, MiB | MB | peak memory, MiB |\n|---|---|---|---|---|");
    for (name, format, bytes) in input::all(evidence, 4 << 20)? {
        let mut told = Vec::new();
        for rounds in [8, 128] {
            stream(format, &mut Again { bytes: &bytes, at: 0, rounds })?;
            let status = fs::read_to_string("/proc/self/status")?;
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
            let peak: u64 = peak.trim().trim_end_matches(" kB").parse()?;
            told.push(format!("{} | {:.1}", bytes.len() * rounds / 1_000_000, peak as f64 / 1024.0));
        }
        println!("| {name} | {} |", told.join(" | "));
    }
    Ok(())
}

fn read(format: &str, mut bytes: &[u8]) -> Result<u64> {
    stream(format, &mut bytes)
}

fn stream(format: &str, bytes: &mut dyn io::Read) -> Result<u64> {
    let format = assize_formats::by_name(format).context("no such format")?;
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: format.card().name };
    let mut sink = Forget::default();
    let mut batcher = Batcher::new(origin, &mut sink);
    let options = ReadingOptions::default();
    let mut input = Input { bytes, options: &options, projection: Projection::Everything };
    format.read(&mut input, &mut batcher)?;
    let (events, gaps) = batcher.finish()?;
    if gaps > 0 {
        bail!("{gaps} gaps in sound input");
    }
    Ok(events)
}

fn schema(bytes: &[u8]) -> Result<SchemaRef> {
    let (schema, _) = infer_json_schema(bytes, None)?;
    Ok(schema.into())
}

fn peer(bytes: &[u8], schema: &SchemaRef) -> Result<u64> {
    let mut rows = 0;
    for batch in arrow_json::ReaderBuilder::new(schema.clone()).with_batch_size(ROWS).build(bytes)? {
        rows += batch?.num_rows() as u64;
    }
    Ok(rows)
}

/// CPU seconds of this thread.
fn cpu(run: impl FnOnce() -> Result<u64>) -> Result<(f64, u64)> {
    let before = nanoseconds()?;
    let result = run()?;
    Ok(((nanoseconds()? - before) as f64 / 1e9, result))
}

fn nanoseconds() -> Result<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    text.split(' ').next().context("no CPU time")?.parse().context("no CPU time")
}

/// Of all rounds but the first, which warms caches.
fn median(seconds: &mut Vec<f64>) -> f64 {
    seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
