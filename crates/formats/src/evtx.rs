//! What do the records of a Windows event log file (EVTX) say?
//!
//! Chunks of 64 KiB stand by themselves and are read one at a time, so memory does not grow with
//! the file. The `evtx` crate decodes; this file accounts: it walks the record headers itself, and
//! every stretch of a chunk's used bytes is an event or lies in a gap. Recovery from slack space
//! and a decoder of our own are the Windows reader's issue.
//!
//! Layout: <https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc>

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use assize_model::{
    Batcher, Card, Cause, Confidence, Event, Format, Input, Range, ReadingOptions, Slice, Time,
};
use evtx::err::{ChunkError, EvtxError};
use evtx::{EvtxChunk, EvtxChunkData, EvtxRecord, ParserSettings};

use crate::{windows, xml};

/// See the module's text.
pub(crate) struct Evtx;

const FILE_HEADER: usize = 4096;
const CHUNK: usize = 65536;
const CHUNK_HEADER: usize = 512;
/// Header before and size copy after the binary XML of a record.
const RECORD_FRAME: u64 = 28;
const RECORD_HEADER: u64 = 24;
const RECORD_MAGIC: &[u8] = b"\x2a\x2a\x00\x00";

static CARD: Card = Card {
    name: "evtx",
    title: "Windows event log (EVTX)",
    doc: "Event log files of Windows Vista and later. Every record becomes an event with the names that \
          Sigma rules use (`EventID`, `Channel`, `Provider_Name`, the names of its data); damaged records and \
          chunks become gaps, and chunks whose checksum is wrong are read all the same and said to be so. \
          A locator names the record and its chunk. Records in slack space are not recovered yet.",
    example: "ElfFile\\0 …",
    links: &[
        "https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-even6/",
        "https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc",
    ],
    version: 1,
};

impl Format for Evtx {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "windows"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("read", "real"), ("damage", "real")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let chunk = head.get(FILE_HEADER..).is_some_and(|rest| rest.starts_with(b"ElfChnk\0"));
        // A damaged file header before a sound chunk is still an event log.
        (head.starts_with(b"ElfFile\0") || chunk).then_some(Confidence(100))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let header = read_block(input.bytes, FILE_HEADER)?;
        check_header(&header, out)?;
        let mut offset = FILE_HEADER as u64;
        loop {
            let chunk = read_block(input.bytes, CHUNK)?;
            if chunk.is_empty() {
                return Ok(());
            }
            let length = chunk.len();
            read_chunk(chunk, offset, &Wanted::All, out)?;
            offset += length as u64;
        }
    }

    fn reread(&self, slices: &[Slice], _: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let [record, chunk] = slices else { return Ok(()) };
        let within = record.range.offset.saturating_sub(chunk.range.offset);
        read_chunk(chunk.bytes.clone(), chunk.range.offset, &Wanted::At(within), out)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        let [record, chunk] = slices else { return None };
        let within = record.range.offset.checked_sub(chunk.range.offset)?;
        let mut data = EvtxChunkData::new(padded(chunk.bytes.clone()), false).ok()?;
        let mut chunk = data.parse(Arc::new(ParserSettings::new().indent(true))).ok()?;
        let record = chunk.iter().flatten().find(|record| offset_of(record) == Some(within))?;
        String::from_utf8(record.into_xml_bytes().ok()?.data).ok()
    }
}

/// Up to `size` bytes; fewer only at the end of the input.
fn read_block(input: &mut dyn Read, size: usize) -> io::Result<Vec<u8>> {
    let mut block = Vec::with_capacity(size);
    input.take(size as u64).read_to_end(&mut block)?;
    Ok(block)
}

fn check_header(header: &[u8], out: &mut Batcher<'_>) -> io::Result<()> {
    let whole = Range { offset: 0, length: header.len() as u64 };
    if header.len() < FILE_HEADER {
        return out.gap(whole, Cause::Truncated, "the file ends inside its header of 4096 bytes");
    }
    if !header.starts_with(b"ElfFile\0") {
        return out.gap(whole, Cause::UnreadableBlock, "no `ElfFile` where the file header should be");
    }
    Ok(())
}

/// Which records of a chunk are to be events.
enum Wanted {
    All,
    /// The one whose header begins at this offset of the chunk.
    At(u64),
}

/// Reads one chunk whose first byte lies at `base` of the member.
fn read_chunk(bytes: Vec<u8>, base: u64, wanted: &Wanted, out: &mut Batcher<'_>) -> io::Result<()> {
    let place = Range { offset: base, length: bytes.len() as u64 };
    let all = matches!(wanted, Wanted::All);
    // Zeros are room that the service reserved and has not used yet.
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    if all && bytes.len() < CHUNK {
        let detail = format!("the chunk has {} of its {CHUNK} bytes", bytes.len());
        out.gap(place, Cause::Truncated, detail)?;
    }
    let mut data = match EvtxChunkData::new(padded(bytes), false) {
        Ok(data) => data,
        Err(error) => return unreadable(place, &error, all, out),
    };
    if all && place.length == CHUNK as u64 && !data.validate_checksum() {
        let detail =
            "a checksum of the chunk is wrong (changed, or caught while being written); read all the same";
        out.gap(place, Cause::Checksum, detail)?;
    }
    let used = used(&data, place.length);
    let slots = if all { slots(&data.data[..used]) } else { Vec::new() };
    let settings = Arc::new(ParserSettings::new().indent(false));
    let mut chunk = match data.parse(settings) {
        Ok(chunk) => chunk,
        Err(error) => return unreadable(place, &error, all, out),
    };
    let (read, problems) = read_records(&mut chunk, place, wanted, out)?;
    if all { report_unread(&slots, &read, base, &problems, out) } else { Ok(()) }
}

fn unreadable(place: Range, error: &ChunkError, all: bool, out: &mut Batcher<'_>) -> io::Result<()> {
    if all { out.gap(place, Cause::UnreadableBlock, told(error)) } else { Ok(()) }
}

/// Hands on the wanted records; says which offsets were read (with lengths), and what was wrong
/// with others.
fn read_records(
    chunk: &mut EvtxChunk<'_>,
    place: Range,
    wanted: &Wanted,
    out: &mut Batcher<'_>,
) -> io::Result<(BTreeMap<u64, u64>, Problems)> {
    let mut read = BTreeMap::new();
    let mut problems = Problems::default();
    for record in chunk.iter() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.note(&error);
                continue;
            }
        };
        let Some(offset) = offset_of(&record) else { continue };
        if matches!(wanted, Wanted::At(only) if *only != offset) {
            continue;
        }
        let range =
            Range { offset: place.offset + offset, length: u64::from(record.binxml_size) + RECORD_FRAME };
        let id = record.event_record_id;
        match event_of(record, range, place) {
            Ok(event) => {
                read.insert(offset, range.length);
                out.event(&event)?;
            }
            Err(problem) => problems.at_record(id, problem),
        }
    }
    Ok((read, problems))
}

/// Bytes of the chunk that hold records, by its own word and within what is there.
fn used(data: &EvtxChunkData, present: u64) -> usize {
    let free = u64::from(data.header.free_space_offset).min(present);
    (free as usize).clamp(CHUNK_HEADER, CHUNK)
}

/// A chunk cut short is filled with zeros, so that the records before the cut can be read.
fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().max(CHUNK), 0);
    bytes
}

/// Where the record's header begins in its chunk.
fn offset_of(record: &EvtxRecord<'_>) -> Option<u64> {
    record.binxml_offset.checked_sub(RECORD_HEADER)
}

/// A stretch of a chunk's used bytes: a record by its header, or what stands between records.
struct Slot {
    offset: u64,
    length: u64,
    /// The record's number, if a header stands there.
    record: Option<u64>,
    /// Zeros up to the end: free space that the chunk's header counts as used (a log caught while
    /// it was written).
    blank: bool,
}

/// Walks the record headers; where none stands, goes on at the next record's mark.
fn slots(used: &[u8]) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut offset = CHUNK_HEADER;
    while offset < used.len() {
        let slot = header_at(used, offset).unwrap_or_else(|| {
            let rest = &used[(offset + 1).min(used.len())..];
            let next = memchr::memmem::find(rest, RECORD_MAGIC).map_or(used.len(), |hit| offset + 1 + hit);
            let blank = next == used.len() && used[offset..].iter().all(|byte| *byte == 0);
            Slot { offset: offset as u64, length: (next - offset) as u64, record: None, blank }
        });
        offset += slot.length as usize;
        slots.push(slot);
    }
    slots
}

/// A record whose header and size are plausible.
fn header_at(used: &[u8], offset: usize) -> Option<Slot> {
    let header = used.get(offset..offset + RECORD_HEADER as usize)?;
    if !header.starts_with(RECORD_MAGIC) {
        return None;
    }
    let length = u64::from(u32::from_le_bytes(header[4..8].try_into().ok()?));
    let record = u64::from_le_bytes(header[8..16].try_into().ok()?);
    let fits = length >= RECORD_FRAME && offset as u64 + length <= used.len() as u64;
    fits.then_some(Slot { offset: offset as u64, length, record: Some(record), blank: false })
}

/// What the decoder said, by record number or by offset in the chunk.
#[derive(Default)]
struct Problems {
    by_record: BTreeMap<u64, String>,
    by_offset: BTreeMap<u64, String>,
}

impl Problems {
    fn note(&mut self, error: &EvtxError) {
        match error {
            EvtxError::FailedToParseRecord { record_id, source } => self.at_record(*record_id, told(source)),
            EvtxError::FailedToReadRecordAt { offset, source, .. } => {
                self.by_offset.insert(*offset, told(source));
            }
            _ => {}
        }
    }

    fn at_record(&mut self, record: u64, problem: String) {
        self.by_record.insert(record, problem);
    }

    fn about(&self, slot: &Slot) -> String {
        let known = slot.record.and_then(|record| self.by_record.get(&record));
        let known = known.or_else(|| self.by_offset.get(&slot.offset)).cloned();
        match slot.record {
            Some(record) => format!("record {record}: {}", known.unwrap_or_else(|| "not decoded".into())),
            None => known.unwrap_or_else(|| "no record header where one should begin".into()),
        }
    }
}

/// Gaps for every stretch of used bytes that no event covers.
fn report_unread(
    slots: &[Slot],
    read: &BTreeMap<u64, u64>,
    base: u64,
    problems: &Problems,
    out: &mut Batcher<'_>,
) -> io::Result<()> {
    for slot in slots {
        let covered =
            read.range(..=slot.offset).next_back().is_some_and(|(at, length)| at + length > slot.offset);
        if covered || slot.blank {
            continue;
        }
        let range = Range { offset: base + slot.offset, length: slot.length };
        out.gap(range, Cause::UnreadableRecord, problems.about(slot))?;
    }
    Ok(())
}

/// The event of a decoded record; in words what was wrong with it otherwise.
fn event_of(record: EvtxRecord<'_>, range: Range, chunk: Range) -> Result<Event, String> {
    let header_time = Time::parse(&record.timestamp.to_string());
    let rendered = record.into_xml_bytes().map_err(|error| told(&error))?;
    let text = String::from_utf8(rendered.data).map_err(|error| error.to_string())?;
    let mut event = Event::at(range, "");
    event.ranges.push(Range { offset: chunk.offset, length: chunk.length });
    event.fields = xml::pairs(&text)?;
    windows::fill_spine(&mut event);
    if let (None, Some(stated)) = (event.time, header_time) {
        let text = event.time_text.clone().unwrap_or_default();
        event.set_time(&text, Some(stated));
        event.time_assumed = Some("TimeCreated is missing or unreadable; time of the record's header".into());
    }
    Ok(event)
}

/// An error with its causes, in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text.lines().collect::<Vec<_>>().join(" ")
}
