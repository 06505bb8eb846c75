//! Which events and rules is it measured on?

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use assize_formats::container::{self, Kind, Visitor};
use assize_model::{
    Batch, Batcher, Cause, ExhibitId, Gap, Input, Origin, Projection, ReadingOptions, RuleFile, Sink,
};

/// The folder of public test data.
pub struct Corpus(PathBuf);

/// Events that belong together.
pub struct Set {
    pub name: &'static str,
    pub batches: Vec<Batch>,
    /// CPU seconds that reading them took.
    pub reading: f64,
}

impl Set {
    pub fn events(&self) -> usize {
        self.batches.iter().map(Batch::len).sum()
    }
}

/// The corpus that `ASSIZE_CORPUS` names.
pub fn corpus() -> Result<Corpus> {
    std::env::var_os("ASSIZE_CORPUS")
        .map(|path| Corpus(path.into()))
        .context("ASSIZE_CORPUS names the corpus")
}

impl Corpus {
    pub fn rules(&self) -> Result<Vec<RuleFile>> {
        let files = members(&self.0.join("sigma_rules.tar.gz"), ".yml")?.into_iter();
        Ok(files
            .map(|(name, bytes)| RuleFile { name, text: String::from_utf8_lossy(&bytes).into_owned() })
            .collect())
    }

    pub fn sets(&self) -> Result<Vec<Set>> {
        let mut sets = Vec::new();
        for (name, parts) in [
            ("277 sample files (EVTX)", &["evtx_attack_samples.tar.gz"][..]),
            ("four intrusions (JSON)", &["lsass_campaigns", "otrf_multihost"]),
        ] {
            let mut batches = Vec::new();
            let before = crate::cpu();
            for part in parts {
                gather(&self.0.join(part), &mut batches)?;
            }
            let reading = crate::cpu() - before;
            // The peer is routed for Windows events only; the archives hold other logs and texts as well.
            let is_windows =
                |batch: &Batch| batch.text("source", 0).is_some_and(|source| source.starts_with("windows/"));
            batches.retain(is_windows);
            sets.push(Set { name, batches, reading });
        }
        if let Some(real) = sets.last() {
            let batches = distinct(&real.batches);
            sets.push(Set { name: "the same, every value distinct", batches, reading: f64::NAN });
        }
        Ok(sets)
    }

    /// All sample files as one: chunks stand by themselves, so one header before all of them will do.
    pub fn as_one_file(&self) -> Result<Vec<u8>> {
        let files = members(&self.0.join("evtx_attack_samples.tar.gz"), ".evtx")?;
        let mut one = files.first().and_then(|(_, bytes)| bytes.get(..4096)).unwrap_or_default().to_vec();
        for (_, bytes) in &files {
            let chunks = bytes.get(4096..).unwrap_or_default().chunks_exact(65536);
            chunks
                .filter(|chunk| chunk.starts_with(b"ElfChnk\0"))
                .for_each(|chunk| one.extend_from_slice(chunk));
        }
        // The header's own count of chunks, and its checksum over the first 120 bytes.
        let count = ((one.len() - 4096) / 65536) as u16;
        one[42..44].copy_from_slice(&count.to_le_bytes());
        Ok(one)
    }
}

fn members(archive: &Path, suffix: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let file = std::fs::File::open(archive).with_context(|| archive.display().to_string())?;
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut members = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if name.ends_with(suffix) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            members.push((name, bytes));
        }
    }
    members.sort();
    Ok(members)
}

struct Kept<'a>(&'a mut Vec<Batch>);

impl Sink for Kept<'_> {
    fn batch(&mut self, batch: Batch) -> std::io::Result<()> {
        self.0.push(batch);
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> std::io::Result<()> {
        Ok(())
    }
}

impl Visitor for Kept<'_> {
    fn wants(&self, _: &str) -> bool {
        true
    }
    fn member(&mut self, _: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> std::io::Result<()> {
        let Some((format, _)) = assize_formats::recognise(&head) else {
            return std::io::copy(rest, &mut std::io::sink()).map(|_| ());
        };
        let bytes = &mut std::io::Cursor::new(head).chain(rest);
        into(format.card().name, bytes, Projection::Everything, self.0)
    }
    fn container(&mut self, _: Option<&str>, _: Kind) {}
    fn problem(&mut self, _: Option<&str>, _: Cause, _: String) -> std::io::Result<()> {
        Ok(())
    }
}

fn into(
    format: &str,
    bytes: &mut dyn Read,
    projection: Projection<'_>,
    batches: &mut Vec<Batch>,
) -> std::io::Result<()> {
    let Some(format) = assize_formats::by_name(format) else { return Ok(()) };
    let mut kept = Kept(batches);
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: format.card().name };
    let mut batcher = Batcher::new(origin, &mut kept);
    let options = ReadingOptions::default();
    format.read(&mut Input { bytes, options: &options, projection }, &mut batcher)?;
    batcher.finish().map(|_| ())
}

pub fn read(format: &str, bytes: &[u8]) -> Vec<Batch> {
    read_as(format, bytes, Projection::Everything)
}

pub fn read_as(format: &str, bytes: &[u8], projection: Projection<'_>) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut bytes = bytes;
    into(format, &mut bytes, projection, &mut batches).unwrap_or_default();
    batches
}

/// What stands between quotes in the lists of rules about process creations.
pub fn sought(files: &[RuleFile]) -> String {
    let rules = files.iter().filter(|file| file.text.contains("category: process_creation"));
    let lines = rules.flat_map(|file| file.text.lines());
    let texts = lines.filter_map(|line| line.trim().strip_prefix("- '")?.strip_suffix('\''));
    texts.collect::<Vec<_>>().join(" ")
}

/// A rule with one comparison of the command line; `{x9}` in it stands for `x` nine times.
pub fn pathological(number: usize, test: &str) -> RuleFile {
    let mut test = test.to_owned();
    if let Some((head, rest)) = test.split_once("'{")
        && let Some((unit, tail)) = rest.split_once('}')
    {
        let (unit, count) = unit.split_at(unit.find(|char: char| char.is_ascii_digit()).unwrap_or_default());
        test = format!("{head}'{}{tail}", unit.repeat(count.parse().unwrap_or_default()));
    }
    let text = format!(
        "title: Pattern {number}\nid: 00000000-0000-4000-8000-{number:012}\nlogsource: {{product: windows, category: process_creation}}\n\
         detection: {{s: {{CommandLine|{test}}}, condition: s}}\n"
    );
    RuleFile { name: format!("{number}.yml"), text }
}

/// An event of a kind that no rule knows.
pub fn one_event() -> Batch {
    let mut made = Vec::new();
    let mut kept = Kept(&mut made);
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "one" };
    let mut batcher = Batcher::new(origin, &mut kept);
    let event = assize_model::Event::at(assize_model::Range { offset: 0, length: 1 }, "unheard-of/log");
    let _ = batcher.event(&event);
    let _ = batcher.finish();
    made.remove(0)
}

/// Process creations whose command line is a megabyte.
pub fn large(unit: &str, count: u64) -> Vec<Batch> {
    let mut made = Vec::new();
    let mut kept = Kept(&mut made);
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "large" };
    let mut batcher = Batcher::new(origin, &mut kept);
    for offset in 0..count {
        let range = assize_model::Range { offset, length: 1 };
        let mut event = assize_model::Event::at(range, "windows/Microsoft-Windows-Sysmon/Operational");
        let field = |name: &str, value: String| (name.to_owned(), Some(value));
        let line = unit.repeat(((1 << 20) / unit.len()).max(1));
        event.fields = vec![
            field("EventID", "1".into()),
            field("Image", r"C:\x.exe".into()),
            field("CommandLine", line),
        ];
        let _ = batcher.event(&event);
    }
    let _ = batcher.finish();
    made
}

fn gather(path: &Path, batches: &mut Vec<Batch>) -> Result<()> {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| gather(entry, batches));
    }
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    Ok(container::visit(&mut file, size, &mut Kept(batches))?)
}

/// The same events with a number of its own behind every value but those that say what kind of
/// event it is: what an intruder would write who wanted nothing to be learnt.
fn distinct(batches: &[Batch]) -> Vec<Batch> {
    let mut made = Vec::new();
    let mut kept = Kept(&mut made);
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "distinct" };
    let mut batcher = Batcher::new(origin, &mut kept);
    let mut number = 0_u64;
    for (batch, row) in batches.iter().flat_map(|batch| (0..batch.len()).map(move |row| (batch, row))) {
        let range = assize_model::Range { offset: number, length: 1 };
        let mut event = assize_model::Event::at(range, batch.text("source", row).unwrap_or_default());
        for (name, value) in batch.fields(row) {
            number += 1;
            let is_sign = ["EventID", "Channel", "Provider_Name"].contains(&name);
            let value =
                value.map(|value| if is_sign { value.to_owned() } else { format!("{value} {number}") });
            event.fields.push((name.to_owned(), value));
        }
        let _ = batcher.event(&event);
    }
    let _ = batcher.finish();
    made
}
