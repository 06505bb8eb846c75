//! How fast does each family of formats become batches, beside a public peer on the same bytes in the same run?
//!
//! `cargo run --release -- EVIDENCE [WORD]`, in this folder; EVIDENCE is the folder of a drill's evidence
//! (`cargo run --release -p assize-drill --example make -- 7 60 30 40 espionage DIR`), WORD a part of the names of
//! the inputs that are wanted. Its exports are repeated to 64 MB. One thread, CPU seconds of that thread, medians
//! of five rounds, ours and the peer's (`peer.rs`) in turn. `cargo run --release -- memory EVIDENCE` tells the
//! highest memory for a stream and for one sixteen times as long; `profile WORD` reads nothing but such text logs;
//! `digest EVIDENCE PATHS` says what is read of all inputs and of files (`digest.rs`).

mod digest;
mod input;
mod peer;
mod text;

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use assize_model::{Batch, Batcher, ExhibitId, Gap, Input, Origin, Projection, ReadingOptions, Sink};

use crate::peer::Peer;

const ROUNDS: usize = 5;
/// Bytes of one input.
const SIZE: usize = 64 << 20;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (evidence, word) = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["memory", evidence] => return memory(Path::new(evidence)),
        [evidence] => (*evidence, ""),
        ["profile", word] => return profile(word),
        ["digest", evidence, paths @ ..] => return digests(Path::new(evidence), paths),
        [evidence, word] => (*evidence, *word),
        _ => bail!("[memory] EVIDENCE [WORD], profile WORD, or digest EVIDENCE PATHS"),
    };
    println!(
        "| input | events | MB/s | ns an event | peer | peer, MB/s | CPU, ratio to peer |\n|---|---|---|---|---|---|---|"
    );
    let mut inputs = input::all(Path::new(evidence), SIZE)?;
    inputs.extend(text::all(SIZE));
    for (name, format, bytes) in inputs.iter().filter(|(name, ..)| name.contains(word)) {
        let peer = Peer::of(name, bytes)?;
        let (mut ours, mut peers, mut events) = (Vec::new(), Vec::new(), 0);
        for _ in 0..=ROUNDS {
            if let Some(peer) = &peer {
                peers.push(cpu(|| peer.read(bytes))?.0);
            }
            let (seconds, read) = cpu(|| read(format, bytes))?;
            ours.push(seconds);
            events = read;
        }
        let megabytes = bytes.len() as f64 / 1e6;
        let ours = median(&mut ours);
        let told = match &peer {
            None => "– | – | –".to_owned(),
            Some(peer) => {
                let theirs = median(&mut peers);
                format!("{} | {:.0} | {:.2}", peer.name(), megabytes / theirs, ours / theirs)
            }
        };
        println!(
            "| {name} | {events} | {:.0} | {:.0} | {told} |",
            megabytes / ours,
            ours * 1e9 / events as f64
        );
    }
    Ok(())
}

/// Nothing but our reading of a text log, for a profiler.
fn profile(word: &str) -> Result<()> {
    for (name, format, bytes) in text::all(SIZE / 16).iter().filter(|(name, ..)| name.contains(word)) {
        let (seconds, events) = cpu(|| (0..8 * 16).map(|_| read(format, bytes)).sum())?;
        println!("{name}: {:.0} ns an event", seconds * 1e9 / events as f64);
    }
    Ok(())
}

/// What is read of every input, and of files.
fn digests(evidence: &Path, paths: &[&str]) -> Result<()> {
    let mut inputs = input::all(evidence, SIZE / 16)?;
    inputs.extend(text::all(SIZE / 16));
    inputs.iter().try_for_each(|(name, format, bytes)| digest::bytes(name, format, bytes))?;
    paths.iter().try_for_each(|path| digest::files(Path::new(path)))
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
