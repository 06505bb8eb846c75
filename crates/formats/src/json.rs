//! How are JSON records of any make read?
//!
//! Where they begin and end is found in [`splitter`], what pairs they hold in [`record`]. A [`Make`]
//! says what its records mean; a record that is of no make that the reading format knows becomes a
//! generic event. Both ways, reading and reading again, go through one function.

mod record;
mod splitter;

use std::io::{self, Read};

use assize_model::{Batcher, Cause, Input, Range, ReadingOptions, Slice};

use crate::meaning::Meaning;
use crate::{clock, csv, json_lines};
pub(crate) use record::{Own, Record, next_numbering};
use splitter::{Piece, Splitter};

/// A record longer than this is a gap: one line must not fill the memory.
pub(crate) const RECORD_MAX: usize = 16 << 20;
const BLOCK: usize = 1 << 16;

/// A record's fields: names with dots, values as text, `None` for null.
pub(crate) type Fields = Vec<(String, Option<String>)>;

/// A field of the make whose list is `OWN` where this is written.
macro_rules! own {
    ($name:literal) => {
        const { $crate::json::Own::of(OWN, $name) }
    };
}
pub(crate) use own;

/// Records of one source: which fields it looks at, and what it makes of them.
pub(crate) struct Make {
    /// The fields that the spine is filled from.
    pub(crate) own: &'static [&'static str],
    /// Fields whose content takes their place: objects, or strings that hold one.
    pub(crate) spliced: &'static [&'static str],
    /// What a record says; `None` if it is of another make.
    pub(crate) meaning: for<'a> fn(&'a Record) -> Option<Meaning<'a>>,
}

impl Make {
    fn record(&self) -> Record {
        Record::new(&[self.own], self.spliced)
    }

    /// How sure the first bytes make us: by the share of records that are of this make.
    pub(crate) fn confidence(&self, head: &[u8], least: u8, most: u8) -> Option<assize_model::Confidence> {
        let (mut of_it, mut all) = (0u32, 0u32);
        let mut record = self.record();
        sample(head, &mut record, &mut |record| {
            all += 1;
            of_it += u32::from((self.meaning)(record).is_some());
        });
        let share = u32::from(most - least) * of_it / all.max(1);
        (of_it > 0).then(|| assize_model::Confidence(least + share as u8))
    }

    /// Reads every record.
    pub(crate) fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        read_into(&mut self.record(), input.bytes, out, &mut |range, record, out| {
            self.one(range, record, out)
        })
    }

    /// Reads again what locators name.
    pub(crate) fn reread(&self, slices: &[Slice], out: &mut Batcher<'_>) -> io::Result<()> {
        reread_into(&mut self.record(), slices, out, &mut |range, record, out| self.one(range, record, out))
    }

    fn one(&self, range: Range, record: &Record, out: &mut Batcher<'_>) -> io::Result<()> {
        match (self.meaning)(record) {
            Some(meaning) => record.hand_on(&meaning, &[range], &clock::NONE, out),
            None => unknown(range, record, out),
        }
    }

    /// Reads a table whose columns are fields of such records, or whose cells hold whole ones.
    pub(crate) fn read_table(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut record = self.record();
        csv::read_rows(input.bytes, input.options, out, &mut |row, out| {
            self.row(&mut record, row, out)?;
            if record.cut() {
                // The event has what stands beside it; what it should have said is missing.
                out.gap(row.ranges[0], Cause::Truncated, "a record inside this row is cut off")?;
            }
            Ok(Ok(()))
        })
    }

    /// Reads again the rows that locators name.
    pub(crate) fn reread_table(
        &self,
        slices: &[Slice],
        options: &ReadingOptions,
        out: &mut Batcher<'_>,
    ) -> io::Result<()> {
        let mut record = self.record();
        csv::reread(slices, options, out, &mut |row, out| self.row(&mut record, row, out).map(Ok))
    }

    fn row(&self, record: &mut Record, row: &csv::Row<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        record.clear();
        for place in 0..row.len() {
            let cell = row.cell(place).unwrap_or_default();
            let added = match row.header.names.get(place) {
                Some(name) => record.add(name, Some(&cell)),
                None => record.add(&format!("column_{}", place + 1), Some(&cell)),
            };
            if let Err(broken) = added {
                return out.gap(row.ranges[0], broken.cause, broken.detail);
            }
        }
        if let Some(ragged) = row.ragged() {
            // Two short words more: within every bound.
            let _added = record.add(csv::RAGGED, Some(&ragged));
        }
        match (self.meaning)(record) {
            Some(meaning) => record.hand_on(&meaning, row.ranges, row.options, out),
            None => csv::unknown(row, out),
        }
    }
}

/// A record of no make that the reading format knows, as a generic event.
pub(crate) fn unknown(range: Range, record: &Record, out: &mut Batcher<'_>) -> io::Result<()> {
    record.hand_on(&json_lines::meaning(record), &[range], &clock::NONE, out)
}

/// Takes a record with its place.
pub(crate) type Each<'e> = &'e mut dyn FnMut(Range, &Record, &mut Batcher<'_>) -> io::Result<()>;

/// Reads every record of a stream, for sources without a [`Make`].
pub(crate) fn read(input: &mut dyn Read, out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
    read_into(&mut Record::new(&[], &[]), input, out, each)
}

/// The same with fields that are looked at, by number and not by name.
pub(crate) fn read_own(
    own: &[&str],
    input: &mut dyn Read,
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    read_into(&mut Record::new(&[own], &[]), input, out, each)
}

/// The inverse of [`read_own`].
pub(crate) fn reread_own(
    own: &[&str],
    slices: &[Slice],
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    reread_into(&mut Record::new(&[own], &[]), slices, out, each)
}

/// Reads again what locators name, for sources without a [`Make`].
pub(crate) fn reread(slices: &[Slice], out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
    reread_into(&mut Record::new(&[], &[]), slices, out, each)
}

fn read_into(
    record: &mut Record,
    input: &mut dyn Read,
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    let mut splitter = Splitter::default();
    let mut block = vec![0; BLOCK];
    loop {
        let (read, failed) = fill(input, &mut block);
        splitter.feed(&block[..read], &mut |piece| handle(piece, record, out, each))?;
        if read < block.len() {
            // What was read before the damage still counts.
            splitter.end(&mut |piece| handle(piece, record, out, each))?;
            return failed.map_or(Ok(()), Err);
        }
    }
}

/// Fills a block as far as the input goes: how records are laid out is told by the whole first one.
fn fill(input: &mut dyn Read, block: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < block.len() {
        match input.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

fn handle(piece: Piece<'_>, record: &mut Record, out: &mut Batcher<'_>, each: Each<'_>) -> io::Result<()> {
    match piece {
        Piece::Record(range, bytes) => match record.read(bytes) {
            Ok(()) => each(range, record, out),
            Err(broken) => out.gap(range, broken.cause, broken.detail),
        },
        Piece::Wrapper(ranges, bytes) => wrapper(ranges, bytes, out),
        Piece::TooLong(range) => {
            out.gap(range, Cause::Limit, format!("a record longer than {RECORD_MAX} bytes"))
        }
        Piece::Unfinished(range) => out.gap(range, Cause::Truncated, "the file ends inside this record"),
    }
}

/// What a wrapper says beside its records is an event if it says anything, such as that another page
/// follows.
fn wrapper(ranges: [Range; 2], bytes: &[u8], out: &mut Batcher<'_>) -> io::Result<()> {
    let mut record = Record::new(&[], &[]);
    if let Err(broken) = record.read(bytes) {
        return out.gap(ranges[1], broken.cause, broken.detail);
    }
    let says = |(name, value): (&str, Option<&str>)| {
        let known = ["@odata.context", "@odata.count", "kind", "etag"].contains(&name);
        !known && value != Some("[]")
    };
    if record.pairs().any(says) {
        record.hand_on(&json_lines::meaning(&record), &ranges, &clock::NONE, out)?;
    }
    Ok(())
}

/// Whether a locator names a JSON record, for formats that read tables too: what wraps records has its second end
/// behind the first, a row's header stands above it, and a row without a header says that it has none.
pub(crate) fn is_located(slices: &[Slice], options: &ReadingOptions) -> bool {
    match slices {
        [first, second, ..] => second.range > first.range,
        _ => !options.0.contains_key(csv::HEADER),
    }
}

fn reread_into(
    record: &mut Record,
    slices: &[Slice],
    out: &mut Batcher<'_>,
    each: Each<'_>,
) -> io::Result<()> {
    // Two slices are the two ends of a wrapper.
    if let [head, tail] = slices {
        return wrapper([head.range, tail.range], &[&head.bytes[..], &tail.bytes].concat(), out);
    }
    for slice in slices {
        // A record that gave an event once does so again; one that did not has no locator.
        if record.read(&slice.bytes).is_ok() {
            each(slice.range, record, out)?;
        }
    }
    Ok(())
}

/// The record as it stands in the file.
pub(crate) fn raw_text(slices: &[Slice]) -> Option<String> {
    String::from_utf8(slices.iter().flat_map(|slice| slice.bytes.iter().copied()).collect()).ok()
}

/// Why a record gives no event.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) cause: Cause,
    pub(crate) detail: String,
}

/// Records looked at to recognise a file.
const SAMPLE: usize = 20;

/// Shows the first records in these first bytes: whole ones, or as much as there is of the only one.
pub(crate) fn sample(head: &[u8], record: &mut Record, see: &mut dyn FnMut(&Record)) {
    if !looks_like_records(head) {
        return;
    }
    let (mut seen, mut unfinished) = (0, false);
    let mut splitter = Splitter::default();
    // Nothing fails here: the closure does not.
    let mut take = |piece: Piece<'_>| {
        match piece {
            Piece::Record(_, bytes) if seen < SAMPLE && record.read(bytes).is_ok() => {
                seen += 1;
                see(record);
            }
            Piece::Unfinished(_) => unfinished = true,
            _ => {}
        }
        Ok(())
    };
    let fed = splitter.feed(head, &mut take);
    let rest = splitter.unfinished().to_vec();
    let ended = splitter.end(&mut take);
    debug_assert!(fed.is_ok() && ended.is_ok());
    if seen == 0 && (unfinished || head.len() >= crate::HEAD) {
        // What is wrong with it is that it goes on.
        let _cut = record.read(&rest[..whole_characters(&rest)]);
        if !record.is_empty() {
            see(record);
        }
    }
}

fn whole_characters(bytes: &[u8]) -> usize {
    std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len)
}

/// The first records in these first bytes, for recognition: at most `most`.
pub(crate) fn first_records(head: &[u8], most: usize) -> Vec<Fields> {
    let mut records = Vec::new();
    sample(head, &mut Record::new(&[], &[]), &mut |record| {
        if records.len() < most {
            records.push(record.to_fields());
        }
    });
    records
}

/// Whether these first bytes begin as JSON records do.
pub(crate) fn looks_like_records(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match head.first() {
        Some(b'{') => true,
        Some(b'[') => matches!(head[1..].trim_ascii_start().first(), Some(b'{' | b']')),
        _ => false,
    }
}

/// The pairs of one record.
pub(crate) fn flatten(bytes: &[u8]) -> Result<Fields, Broken> {
    let mut record = Record::new(&[], &[]);
    record.read(bytes)?;
    Ok(record.to_fields())
}
