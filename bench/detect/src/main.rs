//! How long does `assize detect` take beside `evtx_dump`, on the same files in the same run?
//!
//! `ASSIZE=… EVTX_DUMP=… ASSIZE_CORPUS=… cargo run --release -- [FOLDER…]`, in this folder. `ASSIZE` and `EVTX_DUMP`
//! are the two programs (`assize` and `evtx_dump` of the path unless stated), the corpus holds SigmaHQ's
//! rules and the sample files, and each FOLDER is one more set of event logs, such as a drill's:
//! `cargo run --release -p assize-drill --example make -- …`. Every figure is of a whole process and the median of
//! five rounds, the two programs in turn; start-up is what a file of one chunk takes, and stands apart.

mod distinct;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ROUNDS: usize = 5;
const CHUNK: usize = 65_536;
const HEADER: usize = 4096;
/// The fullest sample files, and how often each stands in the repetitive set.
const FULLEST: usize = 20;
const TIMES: usize = 96;
/// Events in which no value stands twice.
const DISTINCT: u32 = 200_000;

/// Programs, rules and where sets are laid.
struct Bench {
    assize: PathBuf,
    evtx_dump: PathBuf,
    rules: PathBuf,
}

/// What detect says of itself.
struct Told {
    events: String,
    peak: String,
}

/// What a process took.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct Cost {
    cpu: f64,
    wall: f64,
}

fn main() -> Result<()> {
    let program =
        |name: &str, other: &str| std::env::var_os(name).map_or_else(|| other.into(), PathBuf::from);
    let corpus = PathBuf::from(std::env::var_os("ASSIZE_CORPUS").ok_or("ASSIZE_CORPUS names the corpus")?);
    let place = std::env::temp_dir().join(format!("assize-bench-detect-{}", std::process::id()));
    let bench = Bench {
        assize: program("ASSIZE", "assize"),
        evtx_dump: program("EVTX_DUMP", "evtx_dump"),
        rules: unpacked(&corpus.join("sigma_rules.tar.gz"), &place.join("rules"))?,
    };
    let sets = sets(&corpus, &place)?;
    let done = bench.tell(&sets, &place);
    fs::remove_dir_all(&place)?;
    done
}

/// Name and files of each set.
fn sets(corpus: &Path, place: &Path) -> Result<Vec<(String, Vec<PathBuf>)>> {
    let mut samples = Vec::new();
    logs(&unpacked(&corpus.join("evtx_attack_samples.tar.gz"), &place.join("samples"))?, &mut samples)?;
    let one = place.join("one.evtx");
    fs::write(&one, joined(&samples, 1)?)?;
    let mut fullest = samples.clone();
    fullest.sort_by_key(|path| std::cmp::Reverse((used(path), path.clone())));
    fullest.truncate(FULLEST);
    let many = place.join("many.evtx");
    fs::write(&many, joined(&fullest, TIMES)?)?;
    let (no_two, of_many) = (place.join("distinct.evtx"), place.join("machines.evtx"));
    fs::write(&no_two, distinct::log(DISTINCT, false)?)?;
    fs::write(&of_many, distinct::log(DISTINCT, true)?)?;
    let mut sets = vec![
        (format!("{} sample files", samples.len()), samples),
        ("the same as one file".to_owned(), vec![one]),
        (format!("the {FULLEST} fullest of them {TIMES} times, one file"), vec![many]),
        (format!("{DISTINCT} process creations, every value distinct"), vec![no_two]),
        ("the same, a machine for each".to_owned(), vec![of_many]),
    ];
    for folder in std::env::args().skip(1) {
        let mut files = Vec::new();
        logs(Path::new(&folder), &mut files)?;
        sets.push((folder, files));
    }
    Ok(sets)
}

fn unpacked(archive: &Path, to: &Path) -> Result<PathBuf> {
    fs::create_dir_all(to)?;
    let status = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(to).status()?;
    if status.success() {
        Ok(to.to_owned())
    } else {
        Err(format!("{}: tar failed", archive.display()).into())
    }
}

/// Every event log below a folder, in order of name.
fn logs(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            logs(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "evtx") {
            found.push(path);
        }
    }
    Ok(())
}

fn chunks(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let rest = bytes.get(HEADER..).unwrap_or_default();
    rest.chunks_exact(CHUNK).filter(|chunk| chunk.starts_with(b"ElfChnk\0"))
}

/// Bytes that records take in a file.
fn used(path: &Path) -> u64 {
    let bytes = fs::read(path).unwrap_or_default();
    chunks(&bytes)
        .map(|chunk| u64::from(u32::from_le_bytes([chunk[48], chunk[49], chunk[50], chunk[51]])))
        .sum()
}

/// Files as one: chunks stand by themselves, so one header before all of them will do.
fn joined(files: &[PathBuf], times: usize) -> Result<Vec<u8>> {
    let contents: Vec<Vec<u8>> = files.iter().map(fs::read).collect::<std::result::Result<_, _>>()?;
    let mut one = contents.first().and_then(|bytes| bytes.get(..HEADER)).ok_or("no sample files")?.to_vec();
    for _ in 0..times {
        contents.iter().flat_map(|bytes| chunks(bytes)).for_each(|chunk| one.extend_from_slice(chunk));
    }
    let count = ((one.len() - HEADER) / CHUNK) as u16;
    one[42..44].copy_from_slice(&count.to_le_bytes());
    Ok(one)
}

impl Bench {
    fn detect(&self, files: &[PathBuf], threads: usize) -> Command {
        let mut command = Command::new(&self.assize);
        command.arg("detect").args(files).args(["--no-builtin", "--format", "ndjson", "-q", "--rules"]);
        command.arg(&self.rules).args(["--threads", &threads.to_string()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn dump(&self, file: &Path) -> Command {
        let mut command = Command::new(&self.evtx_dump);
        command.args(["-t", "1", "-o", "jsonl"]).arg(file).env("RUST_BACKTRACE", "0");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn tell(&self, sets: &[(String, Vec<PathBuf>)], place: &Path) -> Result<()> {
        let tiny = place.join("tiny.evtx");
        let first = sets[0].1.first().ok_or("no sample files")?;
        fs::write(&tiny, &fs::read(first)?[..HEADER + CHUNK])?;
        let start = median((0..ROUNDS).map(|_| cost(vec![self.detect(std::slice::from_ref(&tiny), 1)])));
        println!(
            "Start-up of detect, all of SigmaHQ's rules: {:.2} s of CPU, {:.2} s\n",
            start.cpu, start.wall
        );
        println!(
            "| set | MB | events | findings | evtx_dump, CPU s | detect, CPU s | net of start-up | ratio | \
             evtx_dump cold, s | detect cold, s | two threads | peak MiB, one and two threads |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
        for (name, files) in sets {
            self.set(name, files, start)?;
        }
        Ok(())
    }

    fn set(&self, name: &str, files: &[PathBuf], start: Cost) -> Result<()> {
        let bytes: u64 = files.iter().map(|file| fs::metadata(file).map_or(0, |data| data.len())).sum();
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            // One process for each file, as its users run it; its own start is little.
            let all = || files.iter().map(|file| cost(vec![self.dump(file)]).cpu).sum();
            theirs.push(Cost { cpu: long_enough(all), wall: 0.0 });
            ours.push(cost(vec![self.detect(files, 1)]));
        }
        let (theirs, ours) = (median(theirs.into_iter()), median(ours.into_iter()));
        let net = ours.cpu - start.cpu;
        let cold = |commands: Vec<Command>| match drop_caches() {
            true => {
                format!("{:.2}", commands.into_iter().map(|command| cost(vec![command]).wall).sum::<f64>())
            }
            false => "–".to_owned(),
        };
        let cold_theirs = cold(files.iter().map(|file| self.dump(file)).collect());
        let cold = cold(vec![self.detect(files, 1)]);
        let found = self.detect(files, 1).stdout(Stdio::piped()).output()?.stdout;
        let findings = found.iter().filter(|byte| **byte == b'\n').count();
        let threads = self.threads(files, start);
        let (one, two) = (self.told(files, 1)?, self.told(files, 2)?);
        println!(
            "| {name} | {:.0} | {} | {findings} | {:.3} | {:.2} | {net:.2} | {:.2} | {cold_theirs} | {cold} | {threads} | {}, {} |",
            bytes as f64 / 1e6,
            one.events,
            theirs.cpu,
            ours.cpu,
            net / theirs.cpu,
            one.peak,
            two.peak
        );
        Ok(())
    }

    /// What the closing summary says: `read  1,379,784 events …` and `… 152.64 MiB of memory at most`.
    fn told(&self, files: &[PathBuf], threads: usize) -> Result<Told> {
        let mut command = Command::new(&self.assize);
        command.arg("detect").args(files).args(["--no-builtin", "--format", "ndjson", "--rules"]);
        command.arg(&self.rules).args(["--threads", &threads.to_string()]).stdout(Stdio::null());
        let said = String::from_utf8_lossy(&command.output()?.stderr).into_owned();
        let word_before = |what: &str| {
            let before = said.split(what).next().and_then(|before| before.rsplit([' ', '\n']).next());
            before.unwrap_or("–").to_owned()
        };
        Ok(Told { events: word_before(" events"), peak: word_before(" MiB of memory at most") })
    }

    /// One process with two threads on twice the set, beside two processes with a thread and the set each.
    fn threads(&self, files: &[PathBuf], start: Cost) -> String {
        let twice = [files, files].concat();
        let apart = median((0..ROUNDS).map(|_| cost(vec![self.detect(files, 1), self.detect(files, 1)])));
        let together = median((0..ROUNDS).map(|_| cost(vec![self.detect(&twice, 2)])));
        format!("{:.0} %", 100.0 * (apart.wall - start.wall) / (together.wall - start.wall))
    }
}

/// Runs processes side by side and says what they took together.
fn cost(commands: Vec<Command>) -> Cost {
    let (before, begun) = (children_cpu(), Instant::now());
    let running: Vec<_> = commands.into_iter().map(|mut command| command.spawn()).collect();
    for child in running {
        let ended = child.and_then(|mut child| child.wait());
        assert!(ended.is_ok(), "{ended:?}");
    }
    Cost { cpu: children_cpu() - before, wall: begun.elapsed().as_secs_f64() }
}

/// CPU seconds of something that may take less than the clock's hundredth: of so many runs as it can tell.
fn long_enough(run: impl Fn() -> f64) -> f64 {
    let (mut all, mut runs) = (0.0, 0_u32);
    while all < 0.2 && runs < 20 {
        all += run();
        runs += 1;
    }
    all / f64::from(runs)
}

fn median(costs: impl Iterator<Item = Cost>) -> Cost {
    let mut costs: Vec<Cost> = costs.collect();
    costs.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    costs[costs.len() / 2]
}

/// CPU seconds of all ended children (fields 16 and 17 of `stat`).
fn children_cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // The state letter does not parse, so that field 16 is the 12th number after the name.
    (fields.get(12).unwrap_or(&0.0) + fields.get(13).unwrap_or(&0.0)) / 100.0
}

/// Lets the system forget files that it has read; only the administrator may.
fn drop_caches() -> bool {
    Command::new("sync").status().is_ok() && fs::write("/proc/sys/vm/drop_caches", "1").is_ok()
}
