//! What does one exhibit give, from its first byte to its last?
//!
//! A pure function of the exhibit's bytes: members, formats, events, gaps. It is the same for a
//! case and for `detect` without one; only the sink differs. A panic of ours while a member is read
//! is caught and becomes a gap with the cause `defect`.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use assize_formats::container::{self, Kind, Visitor};
use serde::{Deserialize, Serialize};

use arrow_array::{Array, cast::AsArray};
use assize_formats::option::BY_ACQUISITION;
use assize_model::{
    Batch, Batcher, Cause, ExhibitId, Input, Origin, Projection, Range, Reading, Sink, batch, column,
};

use crate::read_as::Manner;

/// Name of the pseudo-format under which what no format knows is reported.
const UNKNOWN: &str = "unknown";

/// What one exhibit gave beside its events and gaps.
pub(crate) struct Told {
    /// What each member was read as.
    pub(crate) readings: Vec<Reading>,
    /// What the bytes of each member that gave events were, to be held against others'; if asked for.
    pub(crate) contents: Vec<Content>,
    /// Whether the year of some event is that before the exhibit was acquired.
    pub(crate) rests_on_acquisition: bool,
}

/// How an exhibit is to be read.
#[derive(Clone, Copy)]
pub(crate) struct How<'a> {
    /// What opens containers.
    pub(crate) passwords: &'a [Vec<u8>],
    /// What is wanted of it.
    pub(crate) projection: Projection<'a>,
    /// What is taken where its bytes leave a choice.
    pub(crate) manner: &'a Manner<'a>,
    /// Whether the contents of members are to be told, which means to digest all that is read.
    pub(crate) contents: bool,
}

/// The bytes of a member that was read whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) member: Option<String>,
    pub(crate) format: String,
    pub(crate) bytes: u64,
    /// BLAKE3 of the first bytes, at most [`HEAD`], and of all.
    pub(crate) head: String,
    pub(crate) whole: String,
}

/// First bytes by which two contents are known to be worth comparing.
const HEAD: usize = 4096;

/// Reads an exhibit into a sink and says what each member was read as: whole, or as much of it as
/// the projection wants. Events are counted whether they are wanted or not.
///
/// # Errors
/// Only from the sink, or where the exhibit's own file cannot be read.
pub(crate) fn read_exhibit(
    exhibit: ExhibitId,
    bytes: &mut dyn container::Bytes,
    size: u64,
    how: How<'_>,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Told> {
    let told = Told { readings: Vec::new(), contents: Vec::new(), rests_on_acquisition: false };
    let mut reader = Reader { exhibit, how, sink, progress, told, sink_failed: false };
    if size == 0 {
        reader.nothing(None)?;
        return Ok(reader.told);
    }
    let visited = catch_unwind(AssertUnwindSafe(|| container::visit(bytes, size, &mut reader)));
    match visited {
        Ok(result) => result?,
        Err(_) => {
            let detail =
                "our container reader broke down; please report it. Members after this point were not read";
            reader.problem(None, Cause::Defect, detail.to_owned())?;
        }
    }
    Ok(reader.told)
}

struct Reader<'a> {
    exhibit: ExhibitId,
    how: How<'a>,
    sink: &'a mut dyn Sink,
    progress: &'a mut dyn FnMut(u64),
    told: Told,
    sink_failed: bool,
}

/// Passes everything on and remembers whether it was the sink that failed: an error that comes out
/// of a format may be the evidence's or the sink's, and only one of the two ends the work.
struct Watched<'a, 's> {
    sink: &'a mut dyn Sink,
    failed: &'s mut bool,
    events: &'s mut u64,
    gaps: &'s mut u64,
    rests_on_acquisition: &'s mut bool,
    held: &'s mut Held,
}

/// A gap over all bytes that no format knows says nothing that the want of a format does not: the first gap of
/// such bytes is held until something else is found in them.
enum Held {
    /// The next gap is to be held.
    Nothing,
    Gap(assize_model::Gap),
    /// Something was found, or the format is known.
    Open,
}

impl Watched<'_, '_> {
    fn release(&mut self) -> io::Result<()> {
        match std::mem::replace(self.held, Held::Open) {
            Held::Gap(gap) => self.pass(gap),
            Held::Nothing | Held::Open => Ok(()),
        }
    }

    fn pass(&mut self, gap: assize_model::Gap) -> io::Result<()> {
        *self.gaps += 1;
        self.sink.gap(gap).inspect_err(|_| *self.failed = true)
    }
}

impl Sink for Watched<'_, '_> {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        self.release()?;
        *self.events += batch.len() as u64;
        *self.rests_on_acquisition = *self.rests_on_acquisition || rests_on_acquisition(&batch);
        self.sink.batch(batch).inspect_err(|_| *self.failed = true)
    }
    fn gap(&mut self, gap: assize_model::Gap) -> io::Result<()> {
        if matches!(self.held, Held::Nothing) {
            *self.held = Held::Gap(gap);
            return Ok(());
        }
        self.release()?;
        self.pass(gap)
    }
}

/// Whether a batch has an event of whose year that is all that is known.
fn rests_on_acquisition(batch: &Batch) -> bool {
    let column =
        batch.rows().column_by_name(column::OPTIONS).and_then(|column| column.as_string_opt::<i32>());
    column.is_some_and(|texts| {
        texts.null_count() < texts.len() && texts.iter().flatten().any(|text| text.contains(BY_ACQUISITION))
    })
}

/// Counts and digests what is read and passes it to the progress.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    count: u64,
    digest: Option<blake3::Hasher>,
    progress: &'a mut dyn FnMut(u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(&buffer[..read]);
        }
        (self.progress)(read as u64);
        Ok(read)
    }
}

impl Reader<'_> {
    fn origin(&self, name: Option<&str>, format: &'static str) -> Origin {
        Origin { exhibit: self.exhibit, member: name.map(str::to_owned), format }
    }

    fn report(&mut self, name: Option<&str>, range: Range, cause: Cause, detail: String) -> io::Result<()> {
        let gap = batch::gap(&self.origin(name, UNKNOWN), range, cause, detail);
        self.sink.gap(gap)
    }

    fn note(&mut self, name: Option<&str>, bytes: u64, format: Option<&str>, events: u64, gaps: u64) {
        self.told.readings.push(Reading {
            exhibit: self.exhibit.to_string(),
            member: name.map(str::to_owned),
            bytes,
            format: format.map(str::to_owned),
            events,
            gaps,
            container: false,
        });
    }

    fn nothing(&mut self, name: Option<&str>) -> io::Result<()> {
        self.note(name, 0, None, 0, 1);
        self.report(name, Range { offset: 0, length: 0 }, Cause::Empty, "the file holds no bytes".into())
    }
}

impl Visitor for Reader<'_> {
    fn wants(&self, _: &str) -> bool {
        true
    }

    fn passwords(&self) -> &[Vec<u8>] {
        self.how.passwords
    }

    fn member(&mut self, name: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> io::Result<()> {
        if head.is_empty() {
            return self.nothing(name);
        }
        let (recognised, options) = self.how.manner.recognise(name, &head);
        // What no format knows is read to its end, for records that lie anywhere in it.
        let unknown = recognised.is_none().then(|| unknown(&head));
        let format = recognised.map_or(assize_formats::CARVER, |(format, _)| format);
        let card = format.card();
        let origin = self.origin(name, card.name);
        let digest = self.how.contents.then(blake3::Hasher::new);
        let first = digest.as_ref().map(|_| blake3::hash(&head[..head.len().min(HEAD)]));
        let mut whole = io::Cursor::new(head).chain(rest);
        let mut counted = Counted { inner: &mut whole, count: 0, digest, progress: self.progress };
        let (mut events, mut gaps, mut passed_over) = (0, 0, 0);
        let mut held = if unknown.is_some() { Held::Nothing } else { Held::Open };
        let mut watched = Watched {
            sink: self.sink,
            failed: &mut self.sink_failed,
            events: &mut events,
            gaps: &mut gaps,
            rests_on_acquisition: &mut self.told.rests_on_acquisition,
            held: &mut held,
        };
        // The sink is either whole or given up after a panic: rows are added by whole batches.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let projection = self.how.projection;
            let mut input = Input { bytes: &mut counted, options: &options, projection };
            let mut batcher = Batcher::new(origin, &mut watched);
            let read = format.read(&mut input, &mut batcher);
            passed_over = batcher.passed_over();
            // What was read before the damage counts.
            batcher.finish()?;
            if passed_over > 0 {
                watched.release()?;
            }
            Ok::<_, io::Error>(read)
        }));
        events += passed_over;
        let count = counted.count;
        let whole = counted.digest.map(|digest| digest.finalize());
        let problem = match outcome {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error)) | Err(error)) if self.sink_failed => return Err(error),
            Ok(Ok(Err(error)) | Err(error)) => {
                let detail = format!("could not be read on after {count} bytes: {error}");
                Some((Range { offset: count, length: 0 }, container::cause_of(&error), detail))
            }
            Err(_) => {
                let detail = format!(
                    "our reader `{}` broke down; please report it. {events} events were read of these bytes, others may be missing",
                    card.name
                );
                Some((Range { offset: 0, length: count }, Cause::Defect, detail))
            }
        };
        gaps += u64::from(problem.is_some());
        if let (Some((cause, detail)), false) = (unknown, matches!(held, Held::Open)) {
            self.note(name, count, None, 0, gaps + 1);
            self.report(name, Range { offset: 0, length: count }, cause, detail)?;
            return problem.map_or(Ok(()), |(range, cause, detail)| self.report(name, range, cause, detail));
        }
        self.note(name, count, Some(card.name), events, gaps);
        // What was not read to its end cannot be told the same as anything.
        if events > 0
            && problem.is_none()
            && let (Some(first), Some(whole)) = (first, whole)
        {
            self.told.contents.push(Content {
                member: name.map(str::to_owned),
                format: card.name.to_owned(),
                bytes: count,
                head: first.to_hex().to_string(),
                whole: whole.to_hex().to_string(),
            });
        }
        match problem {
            Some((range, cause, detail)) => self.report(name, range, cause, detail),
            None => Ok(()),
        }
    }

    fn container(&mut self, name: Option<&str>, kind: Kind) {
        self.note(name, 0, Some(kind.as_str()), 0, 0);
        if let Some(reading) = self.told.readings.last_mut() {
            reading.container = true;
        }
    }

    fn problem(&mut self, name: Option<&str>, cause: Cause, detail: String) -> io::Result<()> {
        self.note(name, 0, None, 0, 1);
        self.report(name, Range { offset: 0, length: 0 }, cause, detail)
    }
}

/// Why nobody knows these bytes. Their text is not quoted: it may hold a name.
fn unknown(head: &[u8]) -> (Cause, String) {
    let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if utf16 {
        return (Cause::Encoding, "text in UTF-16, which is not read yet".into());
    }
    let text = std::str::from_utf8(head).map_or_else(|error| error.valid_up_to() + 4 > head.len(), |_| true);
    if text && !head.contains(&0) {
        return (Cause::Unrecognised, "text of a make that no format here knows".into());
    }
    let first: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    (Cause::Unrecognised, format!("no format here knows it; begins with bytes {}", first.join(" ")))
}
