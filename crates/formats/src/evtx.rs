//! What do the records of a Windows event log file (EVTX) say?
//!
//! Chunks of 64 KiB stand by themselves and are read one at a time, so memory does not grow with
//! the file. Every stretch of a chunk is its header, an event, a gap, or zeros that nobody has
//! written to yet. What stands behind a chunk's end mark is looked through for records as well,
//! and what is found there is marked; chunks are found by their signature wherever they begin.
//!
//! How binary XML is read stands in the files below this one, from bytes upward: `cursor`, `value`,
//! `names`, `program` (what a template says), `run` (what a record says), `kinds` (of which kind is it),
//! `wants` (what is wanted of a kind), `plan` (of any), `words` (in which records may a word stand), `chunk` (where records lie), `blocks`. `tree` reads the same the slow way, for people and as judge.
//!
//! Layout: <https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc>

mod blocks;
mod chunk;
mod cursor;
mod kinds;
mod names;
#[cfg(test)]
mod oracle;
mod plan;
mod program;
mod run;
mod stream;
mod tree;
mod value;
mod wants;
mod words;

use std::io;

use assize_model::spine::Qualifier;
use assize_model::{
    Batcher, Card, Cause, Confidence, EventView, Format, Input, Packed, Projection, Range, ReadingOptions,
    Slice, SpinePart, Time,
};
use encoding_rs::Encoding;

use crate::windows::{self, Fields, Meaning, Own, own};
use blocks::Blocks;
use chunk::{CHUNK, CHUNK_HEADER, Record};
use kinds::Framed;
use names::known;
use run::{Decoder, Read, Row, Told};

/// See the module's text.
pub(crate) struct Evtx;

const FILE_HEADER: usize = 4096;

static CARD: Card = Card {
    name: "evtx",
    title: "Windows event log (EVTX)",
    doc: "Event log files of Windows Vista and later. Every record becomes an event with the names that \
          Sigma rules use (`EventID`, `Channel`, `Provider_Name`, the names of its data); damaged records and \
          chunks become gaps, and chunks whose checksum is wrong are read all the same and said to be so. \
          Chunks are found by their signature in a file whose header or order is damaged, and in any bytes that \
          no format knows: the image of a disk, memory, free space. Records behind a \
          chunk's end mark are read too and carry `Record_Recovered`; what remains there of others is a gap \
          with cause `slack`. Where the frame of a record in the file and its own XML disagree, the frame's \
          word is kept as `Record_HeaderTime` and `Record_HeaderID`. A locator names the record, its chunk, \
          and the chunk of which a template was taken where its own has lost it (`Record_Template`). Texts \
          without Unicode are read by the option `codepage` (a WHATWG label, `windows-1252` unless stated).",
    example: "ElfFile\\0 …",
    links: &[
        "https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-even6/",
        "https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc",
    ],
    version: 3,
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
        let first_chunk = head.get(FILE_HEADER..).is_some_and(chunk::is_chunk);
        // A damaged file header before a sound chunk is still an event log, and so are chunks that
        // someone carved out of a disk or of memory.
        if head.starts_with(b"ElfFile\0") || first_chunk {
            return Some(Confidence(100));
        }
        chunk::find_chunk(head, 0).map(|_| Confidence(60))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut blocks = Blocks::new(input.bytes);
        let mut reader = Reader::new(input.options, input.projection, out)?;
        let header = reader.file_header(&mut blocks)?;
        let mut chunks = 0;
        while reader.next_block(&mut blocks, &mut chunks)? {}
        reader.end_of_file(header, chunks, blocks.offset)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let [record, own, others @ ..] = slices else { return Ok(()) };
        let mut reader = Reader::new(options, Projection::Everything, out)?;
        // In the order of the file: of two chunks with one template the later one was taken.
        let mut others: Vec<&Slice> = others.iter().collect();
        others.sort_by_key(|other| other.range);
        for other in others {
            reader.learn(&other.bytes, other.range, record.range.offset)?;
        }
        reader.one(record.range, &own.bytes, own.range)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        let [record, own, others @ ..] = slices else { return None };
        let at = usize::try_from(record.range.offset.checked_sub(own.range.offset)?).ok()?;
        let record = Record::at(&own.bytes, at, own.bytes.len())?;
        let others: Vec<&[u8]> = others.iter().map(|other| other.bytes.as_slice()).collect();
        tree::xml(&own.bytes, record, &others).ok()
    }
}

/// What the file's header says that can be held against the file.
struct FileHeader {
    chunks: u64,
    closed: bool,
}

/// Reads chunks and hands on events and gaps.
struct Reader<'o, 'a> {
    decoder: Decoder,
    row: Row,
    out: &'o mut Batcher<'a>,
    options: ReadingOptions,
    /// How much of the spine is wanted.
    spine: SpinePart,
    source: String,
    ranges: Vec<Range>,
    qualifiers: Vec<Qualifier>,
    /// Set while a chunk is only run over for its templates: nothing is handed on, and nothing
    /// from here on is looked at.
    until: Option<u64>,
    /// Bytes without any record that may go on: from where to where.
    foreign: Option<(u64, u64)>,
}

/// Where a record was found.
#[derive(Clone, Copy)]
struct Found {
    /// The chunk, or the block without a header that lies where one should be.
    place: Range,
    /// Why the record is no ordinary one.
    recovered: Option<&'static str>,
}

const BEHIND_END: &str = "behind the end mark of its chunk";
const SOURCE: &str = "windows/";
const FOREIGN: &[u8] = b"of another chunk: its own does not have it any more";
const NO_CHUNK: &str = "no chunk of an event log";
const WITHOUT_HEADER: &str = "in a block without a chunk's header";

impl<'o, 'a> Reader<'o, 'a> {
    fn new(
        options: &ReadingOptions,
        projection: Projection<'_>,
        out: &'o mut Batcher<'a>,
    ) -> io::Result<Self> {
        let spine = match projection {
            Projection::Everything => SpinePart::Whole,
            Projection::Wanted(wanted) => wanted.spine(),
        };
        if spine < SpinePart::Whole {
            out.leave_ids_out();
        }
        Ok(Self {
            decoder: Decoder::new(code_page(options)?, projection),
            row: Row::default(),
            out,
            options: options.clone(),
            spine,
            source: String::new(),
            ranges: Vec::new(),
            qualifiers: Vec::new(),
            until: None,
            foreign: None,
        })
    }

    fn file_header(&mut self, blocks: &mut Blocks<'_>) -> io::Result<Option<FileHeader>> {
        let header = blocks.peek(FILE_HEADER)?;
        if !header.starts_with(b"ElfFile\0") {
            return Ok(None);
        }
        let length = header.len();
        let stated = FileHeader {
            chunks: chunk::number64(header, 16).saturating_add(1),
            closed: chunk::number32(header, 120) & 1 == 0 && length == FILE_HEADER,
        };
        if length < FILE_HEADER {
            let range = Range { offset: 0, length: length as u64 };
            self.gap(range, Cause::Truncated, "the file ends inside its header of 4096 bytes")?;
        }
        blocks.pass(length);
        Ok(Some(stated))
    }

    /// A file that was closed cleanly says how many chunks it has.
    fn end_of_file(&mut self, header: Option<FileHeader>, chunks: u64, end: u64) -> io::Result<()> {
        self.end_foreign()?;
        let Some(header) = header.filter(|header| header.closed && header.chunks > chunks) else {
            return Ok(());
        };
        // A header beyond belief says nothing (its own checksum is no help: whoever changes one
        // changes both).
        if header.chunks > u64::from(u32::MAX) || chunks == 0 {
            return Ok(());
        }
        let detail = format!("the file's header counts {} chunks, {chunks} are here", header.chunks);
        self.gap(Range { offset: end, length: 0 }, Cause::Truncated, detail)
    }

    /// Reads on by a chunk, or by what stands in the place of one; whether there was anything.
    fn next_block(&mut self, blocks: &mut Blocks<'_>, chunks: &mut u64) -> io::Result<bool> {
        let offset = blocks.offset;
        // Seven bytes more, so that a signature across the end of a block is seen.
        let bytes = blocks.peek(CHUNK + 43)?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let ahead = bytes;
        let bytes = &ahead[..ahead.len().min(CHUNK)];
        let mut length = bytes.len();
        if chunk::is_chunk(bytes) {
            *chunks += 1;
            let problem = chunk::checksum_problem(bytes);
            // A chunk that lost bytes ends where the next one begins; what it lost may be only free space.
            let is_whole = problem.is_none() && length == CHUNK;
            let from = if is_whole { chunk::used(bytes) } else { 8 };
            length = chunk::find_chunk(ahead, from).map_or(length, |next| next.min(length));
            self.chunk(&bytes[..length], Range { offset, length: length as u64 }, problem)?;
        } else {
            length = chunk::find_chunk(ahead, 1).map_or(length, |next| next.min(length));
            self.no_chunk(&bytes[..length], Range { offset, length: length as u64 })?;
        }
        blocks.pass(length);
        Ok(true)
    }

    fn chunk(&mut self, bytes: &[u8], place: Range, problem: Option<&'static str>) -> io::Result<()> {
        self.end_foreign()?;
        if bytes.len() < CHUNK {
            let detail = format!("the chunk has {} of its {CHUNK} bytes", bytes.len());
            self.gap(place, Cause::Truncated, detail)?;
        } else if let Some(problem) = problem {
            let detail = format!(
                "the checksum of {problem} is wrong (changed, or caught while being written); read all the same"
            );
            self.gap(place, Cause::Checksum, detail)?;
        }
        self.begin_chunk(place);
        let used = chunk::used(bytes);
        self.records(bytes, place, used)?;
        let behind = Found { place, recovered: Some(BEHIND_END) };
        self.salvage(
            bytes,
            behind,
            used,
            Cause::Slack,
            "remains of older records behind the chunk's end mark",
        )
    }

    /// A block where a chunk should be. Zeros are room that was reserved and not used yet.
    fn no_chunk(&mut self, bytes: &[u8], place: Range) -> io::Result<()> {
        if chunk::without_zeros(bytes, 0, bytes.len()).is_none() {
            return Ok(());
        }
        self.begin_chunk(place);
        let found = Found { place, recovered: Some(WITHOUT_HEADER) };
        self.salvage(bytes, found, 0, Cause::UnreadableBlock, NO_CHUNK)
    }

    /// Ends a stretch of bytes without any record: one gap, however many blocks it goes over, so that the
    /// image of a disk has as many as there are stretches between logs.
    fn end_foreign(&mut self) -> io::Result<()> {
        let Some((from, to)) = self.foreign.take() else { return Ok(()) };
        self.gap(Range { offset: from, length: to - from }, Cause::UnreadableBlock, NO_CHUNK)
    }

    /// Walks the records of a chunk up to its end mark. Every stretch is an event or in a gap.
    fn records(&mut self, bytes: &[u8], place: Range, used: usize) -> io::Result<()> {
        let found = Found { place, recovered: None };
        let mut at = CHUNK_HEADER;
        while at < used {
            let Some(record) = Record::at(bytes, at, used) else {
                let next = chunk::next_record(bytes, at + 1, used);
                self.no_record(bytes, place, at, next, next == used)?;
                at = next;
                continue;
            };
            let problem = match self.decode(bytes, record, found)? {
                Ok(()) => {
                    at = record.end();
                    continue;
                }
                Err(problem) => problem,
            };
            // A size whose copy agrees is believed; else the next record may begin inside it.
            let end =
                if record.closed { record.end() } else { chunk::next_record(bytes, at + 1, record.end()) };
            let range = Range { offset: place.offset + at as u64, length: (end - at) as u64 };
            let cause = if problem.contains(run::LIMIT) { Cause::Limit } else { Cause::UnreadableRecord };
            self.gap(range, cause, format!("record {}: {problem}", record.id))?;
            at = end;
        }
        Ok(())
    }

    /// Bytes before the end mark that no record header claims.
    fn no_record(&mut self, bytes: &[u8], place: Range, at: usize, to: usize, last: bool) -> io::Result<()> {
        // Zeros up to the end mark are room that it counts too early: a log caught while it was
        // written.
        if last && chunk::without_zeros(bytes, at, to).is_none() {
            return Ok(());
        }
        let range = Range { offset: place.offset + at as u64, length: (to - at) as u64 };
        let detail = match (bytes.get(at..at + 4), last && bytes.len() < CHUNK) {
            (Some(b"\x2a\x2a\x00\x00"), true) => "a record that is cut off",
            (Some(b"\x2a\x2a\x00\x00"), false) => "a record whose size cannot be",
            _ => "no record header where one should begin",
        };
        self.gap(range, Cause::UnreadableRecord, detail)
    }

    /// Looks through bytes that are in no chunk's care for whole records; one gap for each stretch
    /// of the rest.
    fn salvage(
        &mut self,
        bytes: &[u8],
        found: Found,
        from: usize,
        cause: Cause,
        detail: &'static str,
    ) -> io::Result<()> {
        let (mut rest, mut at) = (from, chunk::next_record(bytes, from, bytes.len()));
        while at < bytes.len() {
            let record = Record::at(bytes, at, bytes.len()).filter(|record| record.closed);
            let decoded = match record {
                Some(record) => self.decode(bytes, record, found)?.is_ok().then_some(record),
                None => None,
            };
            if let Some(record) = decoded {
                self.remains(bytes, found.place, rest, at, cause, detail)?;
                self.end_foreign()?;
                rest = record.end();
            }
            at = chunk::next_record(bytes, decoded.map_or(at + 1, Record::end), bytes.len());
        }
        self.remains(bytes, found.place, rest, bytes.len(), cause, detail)
    }

    fn remains(
        &mut self,
        bytes: &[u8],
        place: Range,
        from: usize,
        to: usize,
        cause: Cause,
        detail: &'static str,
    ) -> io::Result<()> {
        let Some((from, to)) = chunk::without_zeros(bytes, from, to) else { return Ok(()) };
        let (from, to) = (place.offset + from as u64, place.offset + to as u64);
        if cause == Cause::UnreadableBlock {
            let begun = self.foreign.map_or(from, |(begun, _)| begun);
            self.foreign = Some((begun, to));
            return Ok(());
        }
        self.gap(Range { offset: from, length: to - from }, cause, detail)
    }

    fn gap(&mut self, range: Range, cause: Cause, detail: impl Into<String>) -> io::Result<()> {
        if self.until.is_some() { Ok(()) } else { self.out.gap(range, cause, detail) }
    }

    fn begin_chunk(&mut self, place: Range) {
        if self.decoder.begin_chunk(place) {
            self.out.forget_names();
        }
    }

    /// Decodes a record and hands it on; in words what is wrong with it otherwise.
    fn decode(&mut self, bytes: &[u8], record: Record, found: Found) -> io::Result<Result<(), String>> {
        let (from, to) = record.content();
        if self.until.is_some_and(|until| found.place.offset + record.at as u64 >= until) {
            return Ok(Ok(()));
        }
        let framed = Framed { written: record.written, is_recovered: found.recovered.is_some() };
        match self.decoder.read(bytes, from, to, framed, &mut self.row) {
            Ok(_) if self.until.is_some() => {}
            Ok(Read::Unwanted) => self.out.pass_over(),
            Ok(Read::Filled) if self.row.names.is_empty() && self.spine > SpinePart::Place => {
                return Ok(Err("the record says nothing".to_owned()));
            }
            Ok(Read::Filled) => self.hand_on(record, found)?,
            Err(broken) => return Ok(Err(broken.told())),
        }
        Ok(Ok(()))
    }

    /// Runs over a chunk for its templates only, up to the record that is wanted if it is in it.
    fn learn(&mut self, bytes: &[u8], place: Range, until: u64) -> io::Result<()> {
        self.until = Some(until);
        if chunk::is_chunk(bytes) {
            self.chunk(bytes, place, None)?;
        } else {
            self.no_chunk(bytes, place)?;
        }
        self.until = None;
        Ok(())
    }

    /// The one record that a locator names.
    fn one(&mut self, record: Range, bytes: &[u8], place: Range) -> io::Result<()> {
        let at = record.offset.checked_sub(place.offset).and_then(|at| usize::try_from(at).ok());
        let Some(record) = at.and_then(|at| Record::at(bytes, at, bytes.len())) else { return Ok(()) };
        self.begin_chunk(place);
        let recovered = if !chunk::is_chunk(bytes) {
            Some(WITHOUT_HEADER)
        } else if record.end() > chunk::used(bytes) {
            Some(BEHIND_END)
        } else {
            None
        };
        // Only a whole record was handed on; what is none now has no event.
        self.decode(bytes, record, Found { place, recovered }).map(|_| ())
    }

    fn hand_on(&mut self, record: Record, found: Found) -> io::Result<()> {
        self.tell_frame(record, found);
        let fields = OwnFields(self.row.told());
        // Filled where it lies: it is large.
        let mut meaning = Meaning::place_of(&fields);
        match self.spine {
            SpinePart::Place => {}
            SpinePart::Accounts => meaning = Meaning::accounts_of(&fields),
            SpinePart::Whole => meaning.read(),
        }
        // Mostly that of the record before.
        if self.source.get(SOURCE.len()..) != Some(meaning.place()) {
            self.source.clear();
            self.source.push_str(SOURCE);
            self.source.push_str(meaning.place());
        }
        let time_text = fields.field(own!("TimeCreated"));
        let (time, time_assumed) = time_of(self.row.created, time_text, Time::of_filetime(record.written));
        let place = Range { offset: found.place.offset + record.at as u64, length: record.length as u64 };
        self.ranges.clear();
        self.ranges.extend([place, found.place]);
        self.ranges.extend_from_slice(&self.row.foreign);
        self.qualifiers.clear();
        self.qualifiers.extend(meaning.qualifiers.iter());
        let view = EventView {
            ranges: &self.ranges,
            options: &self.options,
            time,
            time_text: time_text.or(time_assumed.map(|_| "")),
            time_assumed,
            until: None,
            source: &self.source,
            host: meaning.host,
            actor: meaning.actor.as_deref(),
            target: meaning.target.as_deref(),
            verb: meaning.verb,
            object: meaning.object.as_deref(),
            object_kind: meaning.object_kind,
            scope: meaning.scope,
            client: meaning.client,
            peer: meaning.peer.as_deref(),
            device: meaning.device.as_deref(),
            count: meaning.count,
            bytes: meaning.bytes,
            outcome: meaning.outcome,
            qualifiers: &self.qualifiers,
        };
        let names = &self.decoder.names;
        let packed = Packed {
            before: &[],
            values: self.row.text.bytes(),
            ends: &self.row.ends,
            names: &self.row.names,
            numbering: 0,
            nulls: &[],
            name: &|number| names.name(number),
        };
        self.out.event_packed(&view, meaning.links(), packed)
    }

    /// Adds what the frame says where the event itself says otherwise, and how it was found.
    fn tell_frame(&mut self, record: Record, found: Found) {
        let row = &mut self.row;
        if row.created.is_some_and(|created| created != record.written) {
            let bytes = record.written.to_le_bytes();
            row.add(known::HEADER_TIME, |out| {
                value::write(out, value::kind::FILETIME, &bytes, encoding_rs::UTF_8)
            });
        }
        let own_id = row.first(own!("EventRecordID").0).map(|id| value::number(id) == Some(record.id));
        // A projection may not want the number at all; what is not there cannot disagree.
        if own_id == Some(false) {
            row.add(known::HEADER_ID, |out| value::decimal(out, record.id));
        }
        if let Some(recovered) = found.recovered {
            row.add(known::RECOVERED, |out| out.push(recovered.as_bytes()));
        }
        if !row.foreign.is_empty() {
            row.add(known::TEMPLATE, |out| out.push(FOREIGN));
        }
    }
}

/// The event's own time; the frame's where it has none, and then that is said.
fn time_of(
    created: Option<u64>,
    text: Option<&str>,
    header: Option<Time>,
) -> (Option<Time>, Option<&'static str>) {
    use assize_model::time::Stated;
    let own = match created {
        Some(ticks) => Time::of_filetime(ticks).map(Stated::Instant),
        None => text.and_then(windows::parse_time),
    };
    match (own, header) {
        (Some(Stated::Instant(time)), _) => (Some(time), None),
        (Some(Stated::Local(time)), _) => (Some(time), Some("no zone stated; read as UTC")),
        (None, Some(time)) => {
            (Some(time), Some("TimeCreated is missing or unreadable; time of the record's header"))
        }
        (None, None) => (None, None),
    }
}

/// A record's fields by their names.
struct OwnFields<'r>(Told<'r>);

impl Fields for OwnFields<'_> {
    fn all(&self, name: Own) -> impl Iterator<Item = &str> {
        self.0.all(name.0)
    }

    fn field(&self, name: Own) -> Option<&str> {
        self.0.first(name.0)
    }
}

/// The code page of texts that are not Unicode.
fn code_page(options: &ReadingOptions) -> io::Result<&'static Encoding> {
    let Some(label) = options.0.get("codepage") else { return Ok(encoding_rs::WINDOWS_1252) };
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        let message =
            format!("`{label}` is no code page that is known here: expected a label as `windows-1252`");
        io::Error::new(io::ErrorKind::InvalidInput, message)
    })
}
