//! Does our reader say of every record what the `evtx` crate says of it?
//!
//! The crate renders a record as XML, `xml::pairs` makes fields of that: the way by which events
//! were read before this reader was written, sharing no code with it. Field for field, over every
//! EVTX file of the corpus. What differs is one of a few kinds, each counted and each explained in
//! `docs/decisions/0031-our-own-evtx-reader.md`; anything else fails.
#![allow(clippy::disallowed_methods, clippy::print_stderr)] // Tests play the person at the keyboard.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use assize_model::{
    Batch, Batcher, ExhibitId, Format, Gap, Input, Origin, Projection, Range, ReadingOptions, Sink, Slice,
};
use evtx::{EvtxChunkData, ParserSettings};

use super::Evtx;
use crate::xml;

type Fields = Vec<(String, Option<String>)>;

#[derive(Default)]
pub(super) struct Kept {
    pub(super) batches: Vec<Batch>,
    pub(super) gaps: Vec<Gap>,
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

fn origin() -> Origin {
    Origin { exhibit: ExhibitId::of_digest(&[0; 32]), member: None, format: "evtx" }
}

pub(super) fn read(bytes: &[u8], projection: Projection<'_>) -> Kept {
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin(), &mut kept);
    let options = ReadingOptions::default();
    let mut bytes = bytes;
    let mut input = Input { bytes: &mut bytes, options: &options, projection };
    Evtx.read(&mut input, &mut batcher).unwrap();
    batcher.finish().unwrap();
    kept
}

/// Every event of ours by the offset of its record.
pub(super) fn ours(kept: &Kept) -> BTreeMap<u64, (Fields, Vec<Range>)> {
    let mut found = BTreeMap::new();
    for batch in &kept.batches {
        for row in 0..batch.len() {
            let fields = batch.fields(row).map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
            let ranges = batch.locator(row).unwrap().ranges;
            found.insert(ranges[0].offset, (fields.collect(), ranges));
        }
    }
    found
}

/// Every record that the crate renders, by its offset in the file; `None` where it cannot.
fn theirs(bytes: &[u8]) -> BTreeMap<u64, Result<Fields, String>> {
    let mut found = BTreeMap::new();
    for (number, chunk) in bytes.get(4096..).unwrap_or_default().chunks(65536).enumerate() {
        let base = 4096 + 65536 * number as u64;
        let mut whole = chunk.to_vec();
        whole.resize(65536, 0);
        let Ok(mut data) = EvtxChunkData::new(whole, false) else { continue };
        let Ok(mut chunk) = data.parse(Arc::new(ParserSettings::new().indent(false))) else { continue };
        for record in chunk.iter().flatten() {
            let at = base + record.binxml_offset - 24;
            let rendered = record.into_xml().map_err(|error| error.to_string());
            found.insert(at, rendered.and_then(|xml| xml::pairs(&xml.data)));
        }
    }
    found
}

/// Calls back with every EVTX file in the corpus' archives.
pub(super) fn each_file(test: &str, each: &mut dyn FnMut(&str, &[u8])) {
    let Some(corpus) = assize_testing::corpus(test) else { return };
    for archive in ["evtx_attack_samples.tar.gz", "sigma_regression.tar.gz", "parser_torture.tar.gz"] {
        let file = std::fs::File::open(corpus.join(archive)).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            if bytes.starts_with(b"ElfFile\0")
                || bytes.get(4096..).is_some_and(|b| b.starts_with(b"ElfChnk\0"))
            {
                each(&name, &bytes);
            }
        }
    }
}

/// Kinds of difference that are ours to answer for.
#[derive(Default, Debug)]
struct Tally {
    records: u64,
    fields: u64,
    /// Read by us, not by the crate.
    only_ours: u64,
    /// Cut off by the end of the file: the old way filled up with zeros and read those as values.
    cut: u64,
    /// Read by the crate, not by us, for no such reason: never.
    only_theirs: Vec<String>,
    /// A character that XML cannot hold: the crate writes `_`.
    control: u64,
    /// Line breaks and tabs in an attribute: XML makes blanks of them.
    attribute_space: u64,
    unexplained: Vec<String>,
}

/// What XML does to a text that it cannot hold; half a pair of UTF-16 is U+FFFD with us.
fn as_xml_holds(text: &str) -> String {
    let held = |c: char| match c {
        '\t' | '\n' | '\r' => c,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' | '\u{fffd}' => '_',
        _ => c,
    };
    text.chars().map(held).collect()
}

fn compare(tally: &mut Tally, place: &str, ours: &Fields, theirs: &Fields) {
    let ours: Vec<_> = ours.iter().filter(|(name, _)| !name.starts_with("Record_")).collect();
    tally.records += 1;
    tally.fields += ours.len() as u64;
    if ours.len() != theirs.len() {
        tally.unexplained.push(format!("{place}: {ours:?}\nagainst {theirs:?}"));
        return;
    }
    for (own, other) in ours.into_iter().zip(theirs) {
        if own == other {
            continue;
        }
        let (own_text, other_text) = (own.1.as_deref().unwrap_or(""), other.1.as_deref().unwrap_or(""));
        if own.0 == other.0 && as_xml_holds(own_text) == other_text {
            tally.control += 1;
        } else if own.0 == other.0 && own_text.replace(['\n', '\r', '\t'], " ") == other_text {
            tally.attribute_space += 1;
        } else {
            tally.unexplained.push(format!("{place}: {own:?}\nagainst {other:?}"));
        }
    }
}

fn is_cut(bytes: &[u8], at: u64) -> bool {
    let size = bytes.get(at as usize + 4..at as usize + 8);
    size.is_none_or(|size| at + u64::from(u32::from_le_bytes(size.try_into().unwrap())) > bytes.len() as u64)
}

#[test]
fn every_record_of_the_corpus_reads_as_the_evtx_crate_reads_it() {
    let mut tally = Tally::default();
    each_file("the evtx crate as oracle", &mut |name, bytes| {
        let mut ours = ours(&read(bytes, Projection::Everything));
        for (at, theirs) in theirs(bytes) {
            let place = format!("{name} at {at}");
            match (ours.remove(&at), theirs) {
                (Some((ours, _)), Ok(theirs)) => compare(&mut tally, &place, &ours, &theirs),
                (None, Ok(_)) if is_cut(bytes, at) => tally.cut += 1,
                (None, Ok(_)) => tally.only_theirs.push(place),
                (Some(_), Err(_)) => tally.only_ours += 1,
                (None, Err(_)) => {}
            }
        }
        tally.only_ours += ours.len() as u64;
    });
    let shown: Vec<_> = tally.unexplained.iter().take(12).collect();
    eprintln!(
        "{} records, {} fields alike but for {} with control characters and {} attributes with line breaks; \
         {} records only by us, {} cut off that only the crate reads",
        tally.records, tally.fields, tally.control, tally.attribute_space, tally.only_ours, tally.cut
    );
    assert!(tally.unexplained.is_empty(), "{} unexplained, as:\n{shown:#?}", tally.unexplained.len());
    assert!(
        tally.only_theirs.is_empty(),
        "{} lost: {:#?}",
        tally.only_theirs.len(),
        tally.only_theirs.iter().take(20).collect::<Vec<_>>()
    );
}

/// The fast way equals the slow one: the fields of a record are those of the XML that `tree` writes.
#[test]
fn every_record_of_the_corpus_reads_as_its_own_xml_does() {
    let (mut records, mut controls) = (0, 0);
    each_file("our own slow reader as judge", &mut |name, bytes| {
        let kept = read(bytes, Projection::Everything);
        for (at, (fields, ranges)) in ours(&kept) {
            let xml =
                Evtx.raw_text(&slices(bytes, &ranges)).unwrap_or_else(|| panic!("{name} at {at}: no XML"));
            let own: Vec<_> = fields.into_iter().filter(|(name, _)| !name.starts_with("Record_")).collect();
            match xml::pairs(&xml) {
                Ok(pairs) => assert_eq!(own, pairs, "{name} at {at}:\n{xml}"),
                // References to characters that XML cannot hold are refused by its readers.
                Err(_) if xml.contains("&#x") => controls += 1,
                Err(error) => panic!("{name} at {at}: {error}\n{xml}"),
            }
            records += 1;
        }
    });
    eprintln!("{records} records as their XML, {controls} of them not to be held by XML");
}

fn slices(bytes: &[u8], ranges: &[Range]) -> Vec<Slice> {
    let slice = |range: &Range| {
        let end = ((range.offset + range.length) as usize).min(bytes.len());
        Slice { range: *range, bytes: bytes[range.offset as usize..end].to_vec() }
    };
    ranges.iter().map(slice).collect()
}

/// A locator alone gives the event again: record, chunk, and the chunk of a template.
#[test]
fn every_record_of_the_corpus_is_read_again_from_its_locator() {
    let (mut records, mut foreign) = (0, 0);
    each_file("locators", &mut |name, bytes| {
        let kept = read(bytes, Projection::Everything);
        for (at, (fields, ranges)) in ours(&kept) {
            let mut again = Kept::default();
            let mut batcher = Batcher::new(origin(), &mut again);
            Evtx.reread(&slices(bytes, &ranges), &ReadingOptions::default(), &mut batcher).unwrap();
            batcher.finish().unwrap();
            let again = ours_of_one(&again, name, at);
            assert_eq!(again, (fields, ranges.clone()), "{name} at {at}");
            records += 1;
            foreign += u64::from(ranges.len() > 2);
        }
    });
    eprintln!("{records} records read again, {foreign} with a template of another chunk");
}

fn ours_of_one(kept: &Kept, name: &str, at: u64) -> (Fields, Vec<Range>) {
    let mut found = ours(kept);
    assert_eq!(found.len(), 1, "{name} at {at}");
    found.remove(&at).unwrap_or_else(|| panic!("{name}: not the record at {at}"))
}
