//! What several tests need: batches of made-up events, and the public corpus where it lies.
#![allow(dead_code)] // each test uses its part

use std::path::Path;

use assize_model::batch::{Batcher, Origin};
use assize_model::{
    Batch, Event, ExhibitId, Format, Gap, Input, Projection, Range, ReadingOptions, RuleFile, Sink,
};
use assize_testing::members;
use proptest::test_runner::{Config, RngSeed};

/// How many random cases a test takes, and which: the same ones each time, so that nothing but a change can
/// make it fail. `PROPTEST_CASES` and `PROPTEST_RNG_SEED` say otherwise.
pub fn cases(cases: u32) -> Config {
    let config = other_cases(cases);
    let rng_seed = match config.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        said => said,
    };
    Config { rng_seed, ..config }
}

/// The same, but other ones each time: for the long tier, which looks for what nobody has met yet.
pub fn other_cases(cases: u32) -> Config {
    let config = Config { failure_persistence: None, ..Config::default() };
    let is_said = std::env::var_os("PROPTEST_CASES").is_some();
    Config { cases: if is_said { config.cases } else { cases }, ..config }
}

/// A kind of log and fields.
pub type Fields = Vec<(String, Option<String>)>;

/// Keeps what it is given.
#[derive(Default)]
pub struct Kept(pub Vec<Batch>);

impl Sink for Kept {
    fn batch(&mut self, batch: Batch) -> std::io::Result<()> {
        self.0.push(batch);
        Ok(())
    }

    fn gap(&mut self, _: Gap) -> std::io::Result<()> {
        Ok(())
    }
}

fn origin(format: &'static str) -> Origin {
    Origin { exhibit: ExhibitId::of_digest(&[7; 32]), member: None, format }
}

/// Events as one batch.
pub fn batch(events: &[(String, Fields)]) -> Batch {
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin("evtx"), &mut kept);
    for (offset, (source, fields)) in (0..).zip(events) {
        let mut event = Event::at(Range { offset, length: 1 }, source);
        event.fields.clone_from(fields);
        batcher.event(&event).unwrap();
    }
    batcher.finish().unwrap();
    assert_eq!(kept.0.len(), 1, "few enough events for one batch");
    kept.0.remove(0)
}

/// SigmaHQ's rules.
pub fn rules(archive: &Path) -> Vec<RuleFile> {
    let file = |(name, bytes): (String, Vec<u8>)| RuleFile { name, text: String::from_utf8(bytes).unwrap() };
    members(archive, ".yml").into_iter().map(file).collect()
}

/// What a format reads of a file.
pub fn read(format: &str, bytes: &[u8], projection: Projection<'_>) -> Vec<Batch> {
    let format: &dyn Format = assize_formats::by_name(format).unwrap();
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin("evtx"), &mut kept);
    let options = ReadingOptions::default();
    let mut bytes = bytes;
    let mut input = Input { bytes: &mut bytes, options: &options, projection };
    format.read(&mut input, &mut batcher).unwrap();
    batcher.finish().unwrap();
    kept.0
}
