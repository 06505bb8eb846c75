//! Is Splunk's `XmlWinEventLog` that we did not write read without loss?
//!
//! Held to a naive count of elements. The corpus is not part of this repository.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stderr)] // Tests play the person at the keyboard.

use std::io;

use assize_formats::{HEAD, by_name, recognise};
use assize_model::{Batch, Batcher, ExhibitId, Gap, Input, Origin, Projection, ReadingOptions, Sink, column};

#[derive(Default)]
struct Kept {
    batches: Vec<Batch>,
    gaps: Vec<Gap>,
}

impl Sink for Kept {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        self.batches.push(batch);
        Ok(())
    }
    fn gap(&mut self, gap: Gap) -> io::Result<()> {
        self.gaps.push(gap);
        Ok(())
    }
}

#[test]
fn every_event_of_splunk_is_read_with_its_place_number_and_time() {
    let test = "every_event_of_splunk_is_read_with_its_place_number_and_time";
    let Some(archive) = assize_testing::corpus_item(test, "splunk_small.tar.gz") else { return };
    let (mut files, mut events) = (0, 0);
    for (name, bytes) in assize_testing::members(&archive, "") {
        if !bytes.starts_with(b"<Event xmlns=") {
            continue;
        }
        let made = recognise(&bytes[..bytes.len().min(HEAD)]).map(|(format, _)| format.card().name);
        assert_eq!(made, Some("windows-xml"), "{name}");
        let origin = Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "windows-xml" };
        let (mut kept, options) = (Kept::default(), ReadingOptions::default());
        let mut batcher = Batcher::new(origin, &mut kept);
        let mut input =
            Input { bytes: &mut bytes.as_slice(), options: &options, projection: Projection::Everything };
        by_name("windows-xml").unwrap().read(&mut input, &mut batcher).unwrap();
        let (read, gaps) = batcher.finish().unwrap();
        let there = bytes.windows(7).filter(|window| *window == b"<Event ").count() as u64;
        assert_eq!(read + gaps, there, "{name}: {:?}", kept.gaps);
        for batch in &kept.batches {
            for row in 0..batch.len() {
                let has = |name: &str| batch.fields(row).any(|(own, value)| own == name && value.is_some());
                assert!(has("EventID") && has("Computer") && batch.time(row).is_some(), "{name}");
                assert!(batch.text(column::SOURCE, row).unwrap().starts_with("windows/"), "{name}");
            }
        }
        (files, events) = (files + 1, events + read);
    }
    eprintln!("{files} files, {events} events");
    assert!(files > 30 && events > 200, "{files} files, {events} events");
}
