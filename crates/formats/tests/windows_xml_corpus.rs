//! Is Splunk's `XmlWinEventLog` that we did not write read without loss?
//!
//! Held to a naive count of elements. The corpus is not part of this repository.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stderr)] // Tests play the person at the keyboard.

mod support;

use assize_formats::{HEAD, recognise};
use assize_model::{ReadingOptions, column};

use support::read;

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
        let kept = read("windows-xml", &bytes, &ReadingOptions::default());
        let found = kept.rows().count();
        let there = bytes.windows(7).filter(|window| *window == b"<Event ").count();
        assert_eq!(found + kept.gaps.len(), there, "{name}: {:?}", kept.gaps);
        for (batch, row) in kept.rows() {
            let has = |name: &str| batch.fields(row).any(|(own, value)| own == name && value.is_some());
            assert!(has("EventID") && has("Computer") && batch.time(row).is_some(), "{name}");
            assert!(batch.text(column::SOURCE, row).unwrap().starts_with("windows/"), "{name}");
        }
        (files, events) = (files + 1, events + found);
    }
    eprintln!("{files} files, {events} events");
    assert!(files > 30 && events > 200, "{files} files, {events} events");
}
