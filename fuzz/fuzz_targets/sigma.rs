//! Can any text make the Sigma engine panic or hang, or its two evaluators disagree?
//!
//! The input is rules, a NUL, and events with an empty line between them: the kind of log on the first
//! line, then `name=value`, or `name` for a null. What the fast engine says must be what the naive one
//! says, the second time as the first.
#![no_main]

use std::io;

use assize_model::{Batch, Batcher, Event, ExhibitId, Gap, Origin, Range, RuleFile, Scan, Sink};
use assize_sigma::{RuleSet, lint};
use libfuzzer_sys::fuzz_target;

#[derive(Default)]
struct Kept(Vec<Batch>);

impl Sink for Kept {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        self.0.push(batch);
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> io::Result<()> {
        Ok(())
    }
}

fn events(log: &str) -> Vec<Batch> {
    let mut kept = Kept::default();
    let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "fuzz" };
    let mut batcher = Batcher::new(origin, &mut kept);
    for (offset, block) in (0..).zip(log.split("\n\n").take(64)) {
        let mut lines = block.lines();
        let mut event = Event::at(Range { offset, length: 1 }, lines.next().unwrap_or_default());
        event.fields = lines
            .map(|line| match line.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (line.to_owned(), None),
            })
            .collect();
        batcher.event(&event).expect("the sink takes everything");
    }
    batcher.finish().expect("the sink takes everything");
    kept.0
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (rules, log) = text.split_once('\0').unwrap_or((&text, ""));
    let files = [RuleFile { name: "fuzz.yml".to_owned(), text: rules.to_owned() }];
    let set = RuleSet::load(&files);
    assert!(set.rules().len() + set.not_run().len() <= rules.len() + 1, "a rule out of nothing");
    let _ = lint::check(&files);
    for batch in events(log) {
        let mut naive = Scan::default();
        set.scan_naively(&batch, &mut naive);
        for _ in 0..2 {
            let mut fast = Scan::default();
            set.scan(&batch, &mut fast);
            assert_eq!(fast.hits, naive.hits);
            assert_eq!(fast.logsources, naive.logsources);
            assert_eq!(fast.able, naive.able);
        }
    }
});
