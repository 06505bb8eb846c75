//! How fast is each step beside a public peer, on the same files in the same run?
//!
//! `cargo run --release --bin assize-bench -- [FOLDER]`. Every step runs as a process of its own, peers
//! in turn with ours, several times; the table gives medians and the ratio to the peer. Times are
//! never tested, only shown. Without a folder: the EVTX samples of the corpus (`ASSIZE_CORPUS`) if
//! it is there, else the demonstration's evidence.
// A bench is a program at a terminal with a clock.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

mod step;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Rounds of each step; the median of them is shown.
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("step") => step::run(&arguments[1..]),
        given => table(given.map(Path::new)),
    }
}

/// A step and the peer it is held against.
struct Line {
    name: &'static str,
    step: &'static str,
    peer: &'static str,
}

const LINES: &[Line] = &[
    Line { name: "evtx crate, JSON lines (`evtx_dump -o jsonl`)", step: "evtx-jsonl", peer: "evtx-jsonl" },
    Line { name: "assize: parse to batches, all columns", step: "parse", peer: "evtx-jsonl" },
    Line { name: "assize: parse + Parquet (derive without rules)", step: "derive", peer: "evtx-jsonl" },
    Line { name: "assize: detect, all rules at hand", step: "detect", peer: "evtx-jsonl" },
    Line { name: "`cp -r` + `sync` + `sha256sum`", step: "cp-sha256sum", peer: "cp-sha256sum" },
    Line { name: "assize: intake (copy, SHA-256, BLAKE3, log)", step: "intake", peer: "cp-sha256sum" },
];

/// What one run of a step took.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    cpu: f64,
}

fn table(given: Option<&Path>) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let (evidence, rules) = input(given, scratch.path())?;
    let (files, bytes) = size_of(&evidence)?;
    println!("input: {} files, {:.1} MB; rules: {}", files, bytes as f64 / 1e6, rules_told(rules.as_deref()));
    println!("one thread; medians of {ROUNDS} rounds in turn; whole processes\n");
    let mut rounds: Vec<Vec<Took>> = vec![Vec::new(); LINES.len()];
    for round in 0..=ROUNDS {
        for (line, taken) in LINES.iter().zip(&mut rounds) {
            let took = run_step(line.step, &evidence, rules.as_deref(), scratch.path())?;
            // The first round warms caches and does not count.
            if round > 0 {
                taken.push(took);
            }
        }
    }
    println!("| step | CPU s | wall s | MB/s of files | CPU, ratio to peer |\n|---|---|---|---|---|");
    for (line, taken) in LINES.iter().zip(&rounds) {
        let cpu = median(taken.iter().map(|took| took.cpu));
        let wall = median(taken.iter().map(|took| took.wall));
        let peer = LINES.iter().position(|one| one.step == line.peer).unwrap_or(0);
        let ratio = cpu / median(rounds[peer].iter().map(|took| took.cpu));
        println!("| {} | {cpu:.2} | {wall:.2} | {:.0} | {ratio:.2} |", line.name, bytes as f64 / 1e6 / wall);
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rules_told(rules: Option<&Path>) -> String {
    rules.map_or_else(|| "built-in".to_owned(), |_| "built-in and SigmaHQ's".to_owned())
}

/// The files to work on and the rules to add.
fn input(given: Option<&Path>, scratch: &Path) -> Result<(PathBuf, Option<PathBuf>)> {
    let corpus =
        std::env::var_os("ASSIZE_CORPUS").map_or_else(|| PathBuf::from("../shared/corpus"), PathBuf::from);
    let rules = corpus.join("sigma_rules.tar.gz");
    let rules =
        if rules.is_file() { Some(unpack(&rules, &scratch.join("rules"))?.join("rules")) } else { None };
    if let Some(given) = given {
        return Ok((given.to_owned(), rules));
    }
    let samples = corpus.join("evtx_attack_samples.tar.gz");
    if samples.is_file() {
        return Ok((unpack(&samples, &scratch.join("evidence"))?, rules));
    }
    eprintln!("no corpus here (ASSIZE_CORPUS): the demonstration's evidence is small, so ratios say little");
    let evidence = scratch.join("evidence");
    assize_drill::specimen::make(&evidence)?;
    Ok((evidence, rules))
}

fn unpack(archive: &Path, to: &Path) -> Result<PathBuf> {
    let file = std::fs::File::open(archive).with_context(|| archive.display().to_string())?;
    tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(to)?;
    Ok(to.to_owned())
}

fn size_of(folder: &Path) -> Result<(usize, u64)> {
    let found = assize_case::vault::walk(folder);
    Ok((found.len(), found.iter().map(|file| file.size).sum()))
}

/// Runs a step in a process of its own.
fn run_step(step: &str, evidence: &Path, rules: Option<&Path>, scratch: &Path) -> Result<Took> {
    let target = scratch.join("target");
    if target.exists() {
        std::fs::remove_dir_all(&target)?;
    }
    let mut command = if step == "cp-sha256sum" {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(
            "cp -r \"$0\" \"$1\" && sync \"$1\" && find \"$1\" -type f -exec sha256sum {} + > /dev/null",
        );
        shell
    } else {
        let mut own = Command::new(std::env::current_exe()?);
        own.args(["step", step]);
        own
    };
    command.arg(evidence).arg(&target).args(rules);
    let before = children_cpu()?;
    let begun = Instant::now();
    let status = command.status()?;
    let took = Took { wall: begun.elapsed().as_secs_f64(), cpu: children_cpu()? - before };
    if !status.success() {
        bail!("step {step} failed");
    }
    Ok(took)
}

/// CPU seconds of all ended children, by the system's own account (fields 16 and 17 of `stat`).
fn children_cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or("");
    let fields: Vec<f64> = after_name.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // The state letter does not parse, so that field 16 is the 12th number after the name.
    let ticks = fields.get(12).unwrap_or(&0.0) + fields.get(13).unwrap_or(&0.0);
    Ok(ticks / 100.0)
}
