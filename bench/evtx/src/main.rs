//! How fast are event logs read, beside the evtx crate on the same bytes in the same run?
//!
//! `cargo run --release -- FOLDER [RULES]`, in this folder. Every step runs as a process of its own,
//! peers in turn with ours; the table gives medians of CPU seconds, the ratio to the first peer, and the
//! highest memory. The peer is the tool `evtx_dump` where `EVTX_DUMP` names it, else the crate it is made
//! of. Loading rules is no part of reading: our steps say themselves what they took.
//!
//! `step threads FOLDER` compares two threads that read a half each with two processes.
//! `told FILE` prints number, record number and time of each event, for `salvage.py`.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use assize_model::{
    Batch, Batcher, ExhibitId, Gap, Input, Origin, Projection, ReadingOptions, RuleFile, Sink, Wanted, batch,
};
use assize_sigma::RuleSet;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

const ROUNDS: usize = 5;
const STEPS: &[(&str, &str)] = &[
    ("peer", "evtx_dump -t 1 -o jsonl (or the crate)"),
    ("crate", "evtx crate, records_json, one thread"),
    ("all", "assize: batches of all columns"),
    ("rules", "assize: what the rules can touch"),
    ("parquet", "assize: all columns and Parquet"),
    ("walk", "headers of chunks and records only"),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["told", file] => told(Path::new(file)),
        ["step", step, folder, rest @ ..] => one(step, Path::new(folder), rest.first().map(Path::new)),
        [folder] => table(folder, None),
        [folder, rules] => table(folder, Some(rules)),
        _ => bail!("FOLDER [RULES]"),
    }
}

fn table(folder: &str, rules: Option<&str>) -> Result<()> {
    let steps: Vec<_> = STEPS.iter().filter(|(step, _)| rules.is_some() || *step != "rules").collect();
    let mut taken = vec![Vec::new(); steps.len()];
    let mut peaks = vec![String::new(); steps.len()];
    for round in 0..=ROUNDS {
        for (((step, _), taken), peak) in steps.iter().zip(&mut taken).zip(&mut peaks) {
            let before = children_cpu()?;
            let mut own = Command::new(std::env::current_exe()?);
            let output = own.args(["step", step, folder]).args(rules).stderr(Stdio::inherit()).output()?;
            if !output.status.success() {
                bail!("step {step} failed");
            }
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let (seconds, memory) = match said.trim().split_once(' ') {
                Some((seconds, memory)) => (seconds.parse()?, memory.to_owned()),
                None => (children_cpu()? - before, String::new()),
            };
            *peak = memory;
            // The first round warms caches.
            if round > 0 {
                taken.push(seconds);
            }
        }
    }
    let median = |mut seconds: Vec<f64>| {
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    };
    let medians: Vec<f64> = taken.into_iter().map(median).collect();
    println!("| step | CPU s | ratio | peak MiB |\n|---|---|---|---|");
    for (((_, title), seconds), peak) in steps.iter().zip(&medians).zip(&peaks) {
        println!("| {title} | {seconds:.3} | {:.2} | {peak} |", seconds / medians[0]);
    }
    Ok(())
}

fn one(step: &str, folder: &Path, rules: Option<&Path>) -> Result<()> {
    match step {
        "peer" => peer(folder),
        "crate" => by_crate(folder),
        "all" => read(folder, None),
        "rules" => read(folder, Some(&wanted(rules.context("no rules")?)?)),
        "parquet" => parquet(folder),
        "threads" => threads(folder),
        "half" => half(folder, 0),
        "rest" => half(folder, 1),
        "walk" => walk(folder),
        other => bail!("no step `{other}`"),
    }
}

/// What SigmaHQ's rules can touch, or any others below a folder.
fn wanted(rules: &Path) -> Result<Wanted> {
    let mut found = Vec::new();
    for path in files(rules, "yml")? {
        let text = std::fs::read_to_string(&path)?;
        found.push(RuleFile { name: path.display().to_string(), text });
    }
    Ok(RuleSet::load(&found).wanted().clone())
}

fn files(path: &Path, kind: &str) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(if path.extension().is_some_and(|x| x == kind) {
            vec![path.to_owned()]
        } else {
            Vec::new()
        });
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path)? {
        found.extend(files(&entry?.path(), kind)?);
    }
    found.sort();
    Ok(found)
}

fn peer(folder: &Path) -> Result<()> {
    let Some(tool) = std::env::var_os("EVTX_DUMP") else { return by_crate(folder) };
    for file in files(folder, "evtx")? {
        // It stops at damage; what it read counts.
        Command::new(&tool)
            .args(["-t", "1", "-o", "jsonl"])
            .arg(file)
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
    }
    Ok(())
}

fn by_crate(folder: &Path) -> Result<()> {
    let mut out = io::BufWriter::new(io::sink());
    for file in files(folder, "evtx")? {
        let Ok(parser) = evtx::EvtxParser::from_path(&file) else { continue };
        let settings = evtx::ParserSettings::new().indent(false).num_threads(1);
        for record in parser.with_configuration(settings).records_json().flatten() {
            writeln!(out, "{}", record.data)?;
        }
    }
    Ok(())
}

fn read(folder: &Path, wanted: Option<&Wanted>) -> Result<()> {
    let format = assize_formats::by_name("evtx").context("the EVTX format")?;
    let options = ReadingOptions::default();
    let mut null = Null(0);
    let before = own_cpu()?;
    for file in files(folder, "evtx")? {
        let mut bytes = std::fs::File::open(file)?;
        let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "evtx" };
        let mut batcher = Batcher::new(origin, &mut null);
        let projection = wanted.map_or(Projection::Everything, Projection::Wanted);
        let mut input = Input { bytes: &mut bytes, options: &options, projection };
        format.read(&mut input, &mut batcher)?;
        let passed_over = batcher.passed_over();
        let (events, gaps) = batcher.finish()?;
        if std::env::var_os("COUNT").is_some() {
            eprintln!("{events} events, {gaps} gaps, {passed_over} passed over");
        }
    }
    if null.0 == 0 {
        bail!("the input holds no events");
    }
    say(before)
}

/// Says of each event which it is, as far as it says so itself.
fn told(file: &Path) -> Result<()> {
    struct Told(io::BufWriter<io::Stdout>);
    impl Sink for Told {
        fn batch(&mut self, batch: Batch) -> io::Result<()> {
            for row in 0..batch.len() {
                let field = |wanted: &str| batch.fields(row).find(|(name, _)| *name == wanted)?.1;
                let of = |wanted| field(wanted).unwrap_or_default();
                let [id, record, time] = ["EventID", "EventRecordID", "TimeCreated"].map(of);
                writeln!(self.0, "{id}\t{record}\t{time}\t{}", of("Provider_Name"))?;
            }
            Ok(())
        }
        fn gap(&mut self, _: Gap) -> io::Result<()> {
            Ok(())
        }
    }
    let format = assize_formats::by_name("evtx").context("the EVTX format")?;
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "evtx" };
    let mut sink = Told(io::BufWriter::new(io::stdout()));
    let mut batcher = Batcher::new(origin, &mut sink);
    let (mut bytes, options) = (std::fs::File::open(file)?, ReadingOptions::default());
    format.read(
        &mut Input { bytes: &mut bytes, options: &options, projection: Projection::Everything },
        &mut batcher,
    )?;
    batcher.finish()?;
    Ok(sink.0.flush()?)
}

/// All columns, written as a case writes them: zstd 1, groups of 65,536 rows; the bytes go nowhere.
fn parquet(folder: &Path) -> Result<()> {
    struct Table(ArrowWriter<io::Sink>);
    impl Sink for Table {
        fn batch(&mut self, batch: Batch) -> io::Result<()> {
            // Tables have names as texts; numbers of a dictionary are written as such by the writer.
            self.0.write(batch.rows()).map_err(io::Error::other)?;
            if self.0.in_progress_size() > 48 << 20 {
                self.0.flush().map_err(io::Error::other)?;
            }
            Ok(())
        }
        fn gap(&mut self, _: Gap) -> io::Result<()> {
            Ok(())
        }
    }
    let format = assize_formats::by_name("evtx").context("the EVTX format")?;
    let options = ReadingOptions::default();
    let before = own_cpu()?;
    for file in files(folder, "evtx")? {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(1 << 16));
        let path = |name: &str| ColumnPath::from(name.split('.').map(str::to_owned).collect::<Vec<_>>());
        let properties =
            ["fields.entries.key", "fields.entries.value"].iter().fold(properties, |properties, name| {
                properties.set_column_statistics_enabled(path(name), EnabledStatistics::None)
            });
        let properties = ["id", "time_text", "ranges.list.item.offset"]
            .iter()
            .fold(properties, |properties, name| properties.set_column_dictionary_enabled(path(name), false));
        let properties = properties.build();
        let settings = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let mut table = Table(ArrowWriter::try_new_with_options(io::sink(), batch::schema(), settings)?);
        let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "evtx" };
        let mut batcher = Batcher::new(origin, &mut table);
        let mut bytes = std::fs::File::open(file)?;
        let mut input = Input { bytes: &mut bytes, options: &options, projection: Projection::Everything };
        format.read(&mut input, &mut batcher)?;
        batcher.finish()?;
        table.0.close()?;
    }
    say(before)
}

/// One half of each file's chunks, as a stream of its own. Without the templates of the other half: what a case
/// reads is not cut.
fn half(folder: &Path, half: u64) -> Result<()> {
    let format = assize_formats::by_name("evtx").context("the EVTX format")?;
    let options = ReadingOptions::default();
    for file in files(folder, "evtx")? {
        let mut bytes = std::fs::File::open(file)?;
        let length = (bytes.metadata()?.len() - 4096) / 65536 / 2 * 65536;
        bytes.seek(SeekFrom::Start(4096 + half * length))?;
        let mut bytes = bytes.take(length);
        let mut null = Null(0);
        let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "evtx" };
        let mut batcher = Batcher::new(origin, &mut null);
        let mut input = Input { bytes: &mut bytes, options: &options, projection: Projection::Everything };
        format.read(&mut input, &mut batcher)?;
        batcher.finish()?;
    }
    Ok(())
}

/// CPU seconds of two threads that read a half each, and of two processes: what shares memory must not cost more.
fn threads(folder: &Path) -> Result<()> {
    let start = children_cpu()?;
    let mut both = Vec::new();
    for step in ["half", "rest"] {
        let mut own = Command::new(std::env::current_exe()?);
        both.push(own.args(["step", step]).arg(folder).stdout(Stdio::null()).spawn()?);
    }
    for mut one in both {
        one.wait()?;
    }
    let processes = children_cpu()? - start;
    let cpu = || -> Result<f64> {
        let stat = std::fs::read_to_string("/proc/self/stat")?;
        let after_name = stat.rsplit(')').next().unwrap_or("");
        let fields: Vec<f64> = after_name.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        Ok((fields.get(10).unwrap_or(&0.0) + fields.get(11).unwrap_or(&0.0)) / 100.0)
    };
    let start = cpu()?;
    std::thread::scope(|scope| {
        let halves = [0, 1].map(|number| scope.spawn(move || half(folder, number)));
        halves.into_iter().try_for_each(|half| half.join().unwrap_or_else(|_| bail!("a thread broke down")))
    })?;
    println!("two processes {processes:.2} s, two threads {:.2} s of CPU", cpu()? - start);
    Ok(())
}

/// Goes from record to record and looks at nothing in them: what every reader pays at least.
fn walk(folder: &Path) -> Result<()> {
    let mut chunk = vec![0; 65536];
    let mut records = 0u64;
    let before = own_cpu()?;
    for file in files(folder, "evtx")? {
        let mut bytes = std::fs::File::open(file)?;
        bytes.seek(SeekFrom::Start(4096))?;
        while bytes.read_exact(&mut chunk).is_ok() {
            let number =
                |at: usize| chunk.get(at..at + 4).map_or(0, |n| u32::from_le_bytes([n[0], n[1], n[2], n[3]]));
            let (mut at, end) = (512, number(48) as usize);
            while at < end && number(at) == 0x2a2a && number(at + 4) >= 28 {
                at += number(at + 4) as usize;
                records += 1;
            }
        }
    }
    std::hint::black_box(records);
    say(before)
}

/// CPU seconds since then, and the highest memory in MiB.
fn say(before: f64) -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
    println!("{} {:.0}", own_cpu()? - before, kib / 1024.0);
    Ok(())
}

struct Null(usize);

impl Sink for Null {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        self.0 += batch.len();
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> io::Result<()> {
        Ok(())
    }
}

/// CPU seconds of this process, which has one thread.
fn own_cpu() -> Result<f64> {
    let spent = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = spent.split(' ').next().context("no CPU time")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// CPU seconds of all ended children (fields 16 and 17 of `stat`).
fn children_cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or("");
    let fields: Vec<f64> = after_name.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // The state letter does not parse, so that field 16 is the 12th number after the name.
    Ok((fields.get(12).unwrap_or(&0.0) + fields.get(13).unwrap_or(&0.0)) / 100.0)
}
