//! Is every byte of a text log accounted for, whatever was done to it?
//!
//! The samples of every text format, with bytes changed, cut, doubled, zeros and line ends put in: what comes
//! out covers every byte that is not white space, once; a locator gives its event again; and nothing panics. In
//! other encodings the same sample gives the same events.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

mod support;

use std::fs;
use std::path::Path;

use assize_formats::{HEAD, recognise};
use assize_model::{Batch, Range, ReadingOptions, column};
use proptest::prelude::*;

use support::{Kept, again, assert_reread};

const SAMPLES: &[(&str, &str)] = &[
    ("zeek", "zeek.log"),
    ("zeek-json", "zeek.json"),
    ("squid", "squid.log"),
    ("w3c", "w3c.log"),
    ("web-access", "web-access.log"),
    ("web-error", "web-error.log"),
    ("auditd", "auditd.log"),
    ("laurel", "laurel.json"),
    ("syslog", "syslog.log"),
];

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples").join(name)).unwrap()
}

fn read(format: &str, bytes: &[u8]) -> Kept {
    support::read(format, bytes, &ReadingOptions::default())
}

/// The first place that neither an event nor a gap covers, or that two of them do.
fn unaccounted(bytes: &[u8], kept: &Kept) -> Option<u64> {
    let mut ranges: Vec<Range> = Vec::new();
    kept.rows().for_each(|(batch, row)| ranges.extend(batch.locator(row).unwrap().ranges));
    ranges.extend(kept.gaps.iter().map(|gap| gap.range).filter(|range| range.length > 0));
    ranges.sort();
    ranges.dedup();
    let blank = |bytes: &[u8]| {
        bytes.iter().all(|b| b.is_ascii_whitespace() || b"\xef\xbb\xbf\xfe\xff\0,[]".contains(b))
    };
    let mut at = 0;
    for range in ranges {
        if range.offset < at || !blank(&bytes[at as usize..range.offset as usize]) {
            return Some(at);
        }
        at = range.offset + range.length;
    }
    (!blank(&bytes[at as usize..])).then_some(at)
}

/// What was done to a file: where, what, and with how much.
fn damaged(mut bytes: Vec<u8>, hurts: &[(usize, u8, usize)]) -> Vec<u8> {
    for (at, what, size) in hurts {
        let at = at % bytes.len().max(1);
        let end = (at + size).min(bytes.len());
        match what % 7 {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, vec![0; *size])),
            2 => drop(bytes.drain(at..end)),
            3 => bytes[at..end].iter_mut().for_each(|byte| *byte = byte.wrapping_add(*size as u8)),
            4 => bytes[at..end].reverse(),
            5 => drop(bytes.splice(at..at, b"\r\n\n\r\t ".iter().copied().cycle().take(*size))),
            _ => {
                let copy = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copy));
            }
        }
        if bytes.is_empty() {
            bytes.push(b'x');
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_byte_of_a_hurt_file_is_an_event_or_a_gap(
        which in 0..SAMPLES.len(),
        hurts in prop::collection::vec((any::<usize>(), any::<u8>(), 1usize..200), 1..6),
    ) {
        let (format, name) = SAMPLES[which];
        let bytes = damaged(sample(name), &hurts);
        let kept = read(format, &bytes);
        prop_assert_eq!(unaccounted(&bytes, &kept), None, "{}", format);
        for (batch, row) in kept.rows() {
            let again = again(format, &bytes, batch, row);
            prop_assert_eq!(again.batches.len(), 1, "{} {}", format, row);
            prop_assert_eq!(again.batches[0].rows(), &batch.rows().slice(row, 1), "{} {}", format, row);
        }
    }
}

/// What an event says, without where it lies.
fn said(kept: &Kept) -> Vec<String> {
    let one = |(batch, row): (&Batch, usize)| {
        let spine = [
            column::SOURCE,
            column::HOST,
            column::ACTOR,
            column::VERB,
            column::OBJECT,
            column::PEER,
            column::OUTCOME,
        ];
        let spine: Vec<_> = spine.iter().map(|name| batch.text(name, row)).collect();
        format!("{:?} {spine:?} {:?}", batch.time(row), batch.fields(row).collect::<Vec<_>>())
    };
    kept.rows().map(one).collect()
}

#[test]
fn a_text_in_another_encoding_says_the_same() {
    for (format, name) in SAMPLES.iter().filter(|(_, name)| name.ends_with(".log")) {
        let plain = sample(name);
        let text = String::from_utf8(plain.clone()).unwrap();
        let expected = said(&read(format, &plain));
        let utf16 = |mark: &str, little: bool| -> Vec<u8> {
            let unit = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
            format!("{mark}{text}").encode_utf16().flat_map(unit).collect()
        };
        let others = [
            [b"\xef\xbb\xbf", plain.as_slice()].concat(),
            text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes(),
            utf16("\u{feff}", true),
            utf16("\u{feff}", false),
            utf16("", true),
            utf16("", false),
        ];
        for (number, bytes) in others.iter().enumerate() {
            let (known, _) = recognise(&bytes[..bytes.len().min(HEAD)]).unwrap();
            assert_eq!(known.card().name, *format, "{name} {number}");
            let kept = read(format, bytes);
            assert_eq!(said(&kept), expected, "{name} {number}");
            for (batch, row) in kept.rows() {
                let again = again(format, bytes, batch, row);
                assert_eq!(again.batches[0].rows(), &batch.rows().slice(row, 1), "{name} {number} {row}");
            }
        }
    }
}

/// What a person says of a text's encoding holds for tables as for lines, and a locator alone keeps to it.
#[test]
fn an_encoding_that_is_given_holds_for_lines_and_tables() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    // Bytes that are UTF-8 by chance, and UTF-16 without a zero: neither tells itself.
    let lines = "2026-09-14T08:12:03Z fs1 app[1]: Münzen\n2026-09-14T08:12:04Z fs1 app[1]: zwei\n";
    let rows = "time,user,action,document,title,library,client,address,session\n\
                2026-09-14T08:12:03Z,m,View,D-1,Münzen,R,x,::1,s\n2026-09-14T08:12:04Z,m,View,D-2,Ö,R,x,::1,s\n";
    let chinese = "a,b,c\n二〇二六年九月,證人一,證言與證物\n二〇二七年九月,第二人,證言與證物\n二〇二八年九月,第三人,證言與證物\n";
    let cases: [(&str, Vec<u8>, &str, &str); 5] = [
        ("syslog", lines.into(), "windows-1252", "MÃ¼nzen"),
        ("csv", rows.into(), "windows-1252", "MÃ¼nzen"),
        ("dms-access", rows.into(), "windows-1252", "MÃ¼nzen"),
        ("text", wide(chinese), "utf-16le", "證人一"),
        ("csv", wide(chinese), "utf-16le", "證人一"),
    ];
    for (format, bytes, encoding, word) in cases {
        let given = ReadingOptions([("encoding".to_owned(), encoding.to_owned())].into());
        let kept = support::read(format, &bytes, &given);
        assert!(kept.gaps.is_empty(), "{format}: {:?}", kept.gaps);
        let has = |(batch, row): &(&Batch, usize)| {
            batch.fields(*row).any(|(_, value)| value.is_some_and(|value| value.contains(word)))
        };
        assert_eq!(kept.rows().filter(has).count(), 1, "{format} as {encoding}: {:?}", said(&kept));
        for (batch, row) in kept.rows() {
            let options = batch.text(column::OPTIONS, row).unwrap();
            assert!(options.contains(&format!("encoding={encoding}")), "{format}: {options}");
            assert_reread(format, &bytes, batch, row);
        }
    }
}

/// Found by fuzzing.
#[test]
fn a_separator_that_is_half_a_character_separates_nothing() {
    for separator in ["\u{ac}", "\\xc2", "\u{2028}"] {
        let log = format!(
            "#separator {separator}\n#path\tconn\n#fields\tts\tuid\n1789371123.1\tC\u{ac}1\n1789371123.2\tC2\n"
        );
        let kept = read("zeek", log.as_bytes());
        assert_eq!(unaccounted(log.as_bytes(), &kept), None, "{separator:?}");
        kept.rows().for_each(|(batch, row)| assert_reread("zeek", log.as_bytes(), batch, row));
    }
}
