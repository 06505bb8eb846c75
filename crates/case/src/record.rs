//! Do the bytes that a locator names give the stored event again?
//!
//! Only the named ranges are read from the exhibit (through its container, if it lies in one), and
//! the format makes an event of them alone. What comes out is held against the stored row.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use arrow_array::RecordBatch;

use assize_formats::container::{self, Visitor};
use assize_model::{
    Batch, Batcher, Cause, Gap, Locator, Origin, RawRecord, Sink, Slice, SnapshotError, column,
};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::CaseSnapshot;
use crate::names::{self, Cover, Names};
use crate::read_as::{self, ReadAs};
use crate::tables::literal;

/// The raw records behind locators, in their order. Each exhibit is gone through once, however
/// many of its records are wanted, because a container can only be read from its beginning.
pub(crate) fn raw_all(
    snapshot: &CaseSnapshot<'_>,
    locators: &[Locator],
) -> Vec<Result<RawRecord, SnapshotError>> {
    let mut by_exhibit: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, locator) in locators.iter().enumerate() {
        by_exhibit.entry(locator.exhibit).or_default().push(index);
    }
    let mut records = BTreeMap::new();
    for indices in by_exhibit.into_values() {
        let wanted: Vec<&Locator> = indices.iter().map(|index| &locators[*index]).collect();
        let told = match raw_of_exhibit(snapshot, &wanted) {
            Ok(told) => told,
            Err(error) => wanted.iter().map(|_| Err(SnapshotError::Record(error.to_string()))).collect(),
        };
        records.extend(indices.into_iter().zip(told));
    }
    records.into_values().collect()
}

fn raw_of_exhibit(
    snapshot: &CaseSnapshot<'_>,
    locators: &[&Locator],
) -> Result<Vec<Result<RawRecord, SnapshotError>>, SnapshotError> {
    let named = slices_of(snapshot, locators)?;
    let said = read_as::said(snapshot.vault);
    let again: Vec<Option<Batch>> = locators
        .iter()
        .zip(&named)
        .map(|(locator, named)| reread(locator, named, &said).unwrap_or(None))
        .collect();
    let stored = stored_rows(snapshot, locators[0].exhibit, &again)?;
    let told = locators.iter().zip(&named).zip(&again).map(|((locator, Named { slices, .. }), again)| {
        let format = assize_formats::by_name(&locator.format);
        let format =
            format.ok_or_else(|| SnapshotError::Record(format!("no format `{}`", locator.format)))?;
        if slices.len() != locator.ranges.len() {
            let member = locator.member.as_deref().unwrap_or("");
            return Err(SnapshotError::Record(format!("{}: no member `{member}`", locator.exhibit)));
        }
        let record = slices.first().map_or(&[][..], |slice| &slice.bytes);
        Ok(RawRecord {
            text: match format.raw_text(slices) {
                Some(text) => covered(snapshot, text),
                None => shown(snapshot, record),
            },
            sha256: HEXLOWER.encode(&Sha256::digest(record)),
            same: again.as_ref().is_some_and(|again| is_stored(snapshot, &stored, again)),
        })
    });
    Ok(told.collect())
}

fn covered(snapshot: &CaseSnapshot<'_>, text: String) -> String {
    match snapshot.names.as_ref().map(|names| names.cover(&text).into_owned()) {
        Some(covered) => covered,
        None => text,
    }
}

/// Bytes as a person may see them: a dump, or why not. Names in bytes cannot be covered and leave bytes.
fn shown(snapshot: &CaseSnapshot<'_>, bytes: &[u8]) -> String {
    match &snapshot.names {
        Some(names) if names.holds(bytes) => {
            "these bytes hold protected names, and are shown only under an unsealing: `assize unseal x-… --purpose … --basis …`\n".to_owned()
        }
        _ => hex(bytes),
    }
}

/// Bytes of a record for the eye.
pub(crate) struct Dump {
    /// Offset, hexadecimal, printable characters; or why they are not shown.
    pub(crate) text: String,
    /// Under which unsealing names stand in them, by whom and when.
    pub(crate) unsealing: Option<String>,
}

/// The bytes that a locator names, as a dump; `None` if its member is not there.
///
/// # Errors
/// Where the exhibit is not there.
pub(crate) fn dump(snapshot: &CaseSnapshot<'_>, locator: &Locator) -> Result<Option<Dump>, SnapshotError> {
    let Some(named) = slices_of(snapshot, &[locator])?.pop() else { return Ok(None) };
    let Some(slice) = named.slices.first() else { return Ok(None) };
    let holds = snapshot.names.as_ref().is_some_and(|names| names.holds(&slice.bytes));
    Ok(Some(match snapshot.unsealing_of(locator.exhibit).filter(|_| holds) {
        Some(unsealing) => Dump { text: hex(&slice.bytes), unsealing: Some(unsealing) },
        None => Dump { text: shown(snapshot, &slice.bytes), unsealing: None },
    }))
}

/// Bytes, and what their member is really called.
#[derive(Clone, Default)]
struct Named {
    member: Option<String>,
    slices: Vec<Slice>,
}

/// The bytes that locators of one exhibit name.
fn slices_of(snapshot: &CaseSnapshot<'_>, locators: &[&Locator]) -> Result<Vec<Named>, SnapshotError> {
    let (vault, names) = (snapshot.vault, snapshot.names.as_deref());
    let record = |error: &dyn std::fmt::Display| SnapshotError::Record(error.to_string());
    let exhibits = vault.exhibits();
    let exhibit = exhibits.iter().find(|exhibit| exhibit.id == locators[0].exhibit);
    let exhibit = exhibit.ok_or_else(|| record(&format!("{}: never admitted", locators[0].exhibit)))?;
    let mut content = vault.content(exhibit).map_err(|error| record(&error))?;
    let mut wanted = Wanted {
        locators,
        names,
        passwords: vault.passwords(),
        found: vec![Named::default(); locators.len()],
    };
    for (locator, named) in locators.iter().zip(&mut wanted.found) {
        if locator.member.is_none() {
            for range in &locator.ranges {
                named.slices.push(slice_at(&mut content, range)?);
            }
        }
    }
    if locators.iter().any(|locator| locator.member.is_some()) {
        content.rewind()?;
        container::visit(&mut content, exhibit.digests.size, &mut wanted)?;
    }
    Ok(wanted.found)
}

fn slice_at<R: Read + Seek>(content: &mut R, range: &assize_model::Range) -> io::Result<Slice> {
    content.seek(SeekFrom::Start(range.offset))?;
    let mut bytes = Vec::new();
    content.take(range.length).read_to_end(&mut bytes)?;
    Ok(Slice { range: *range, bytes })
}

/// Looks for members and takes the wanted ranges out of them as they stream by.
struct Wanted<'a> {
    locators: &'a [&'a Locator],
    /// Locators of tables name members as tables show them: covered.
    names: Option<&'a Names>,
    passwords: &'a [Vec<u8>],
    found: Vec<Named>,
}

impl Wanted<'_> {
    /// A member's path as tables have it.
    fn told(&self, name: &str) -> String {
        names::path_of(self.names, name).into_owned()
    }

    /// Indices of the locators that lie in a member.
    fn within(&self, name: &str) -> Vec<usize> {
        let name = &self.told(name);
        let lies = |index: &usize| self.locators[*index].member.as_deref() == Some(name.as_str());
        (0..self.locators.len()).filter(lies).collect()
    }
}

impl Visitor for Wanted<'_> {
    fn passwords(&self) -> &[Vec<u8>] {
        self.passwords
    }

    fn wants(&self, name: &str) -> bool {
        let name = self.told(name);
        let lies_in = |member: &str| {
            member.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with("!/"))
        };
        self.locators.iter().filter_map(|locator| locator.member.as_deref()).any(lies_in)
    }

    fn member(&mut self, name: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> io::Result<()> {
        let Some(name) = name else { return Ok(()) };
        // Every range that is wanted of this member, with the place where its bytes go.
        let mut pieces: Vec<(usize, Slice)> = Vec::new();
        for index in self.within(name) {
            let slices =
                self.locators[index].ranges.iter().map(|range| Slice { range: *range, bytes: Vec::new() });
            pieces.extend(slices.map(|slice| (index, slice)));
        }
        let end = pieces.iter().map(|(_, slice)| slice.range.offset + slice.range.length).max().unwrap_or(0);
        let mut whole = io::Cursor::new(head).chain(rest).take(end);
        let mut block = vec![0; 1 << 16];
        let mut at = 0;
        loop {
            let read = whole.read(&mut block)?;
            if read == 0 {
                break;
            }
            pieces.iter_mut().for_each(|(_, slice)| take(slice, at, &block[..read]));
            at += read as u64;
        }
        for (index, slice) in pieces {
            self.found[index].member = Some(name.to_owned());
            self.found[index].slices.push(slice);
        }
        Ok(())
    }

    fn problem(&mut self, _: Option<&str>, _: Cause, _: String) -> io::Result<()> {
        Ok(())
    }
}

/// Takes what a slice wants of a block that begins at `at`.
fn take(slice: &mut Slice, at: u64, block: &[u8]) {
    let (from, to) = (slice.range.offset, slice.range.offset + slice.range.length);
    let (start, end) = (from.max(at), to.min(at + block.len() as u64));
    if start < end {
        slice.bytes.extend_from_slice(&block[(start - at) as usize..(end - at) as usize]);
    }
}

/// The one event that the bytes give by themselves.
fn reread(locator: &Locator, named: &Named, said: &[ReadAs]) -> Result<Option<Batch>, SnapshotError> {
    let Some(format) = assize_formats::by_name(&locator.format) else { return Ok(None) };
    let origin =
        Origin { exhibit: locator.exhibit, member: named.member.clone(), format: format.card().name };
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin, &mut kept);
    format.reread(&named.slices, &read_as::with_mapping(&locator.options, said), &mut batcher)?;
    batcher.finish()?;
    Ok(kept.0.into_iter().find(|batch| batch.len() == 1))
}

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

/// The stored rows of the events that were read again, by id.
fn stored_rows(
    snapshot: &CaseSnapshot<'_>,
    exhibit: assize_model::ExhibitId,
    again: &[Option<Batch>],
) -> Result<BTreeMap<String, RecordBatch>, SnapshotError> {
    let ids = again.iter().flatten().filter_map(|batch| Some(literal(batch.text(column::ID, 0)?)));
    let ids: Vec<String> = ids.collect();
    let mut stored = BTreeMap::new();
    if ids.is_empty() {
        return Ok(stored);
    }
    let exhibit = literal(&exhibit.to_string());
    let sql = format!("SELECT * FROM records WHERE exhibit = {exhibit} AND id IN ({})", ids.join(", "));
    snapshot.tables.each(&sql, &mut |rows| {
        let batch = Batch::of(rows).map_err(SnapshotError::Query)?;
        for row in 0..batch.len() {
            let id = batch.text(column::ID, row).unwrap_or("").to_owned();
            stored.insert(id, batch.rows().slice(row, 1));
        }
        Ok(())
    })?;
    Ok(stored)
}

/// Whether the events table holds exactly this row, its names covered.
fn is_stored(snapshot: &CaseSnapshot<'_>, stored: &BTreeMap<String, RecordBatch>, again: &Batch) -> bool {
    let id = again.text(column::ID, 0).unwrap_or("");
    let covered = match &snapshot.names {
        Some(names) => Cover::new(names).batch(again.rows()).ok(),
        None => Some(again.rows().clone()),
    };
    stored.get(id).zip(covered).is_some_and(|(stored, again)| *stored == again)
}

/// A stored event; naming its exhibit spares a look at all others.
pub(crate) fn stored(
    snapshot: &CaseSnapshot<'_>,
    id: &str,
    exhibit: Option<&str>,
) -> Result<Option<Batch>, SnapshotError> {
    let within = exhibit.map_or(String::new(), |exhibit| format!(" AND exhibit = {}", literal(exhibit)));
    let sql = format!("SELECT * FROM records WHERE id = {}{within}", literal(id));
    let mut found = None;
    snapshot.tables.each(&sql, &mut |batch| {
        if batch.num_rows() > 0 {
            found = Some(Batch::of(batch).map_err(SnapshotError::Query)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Bytes as a hex dump: offset, sixteen bytes, their printable characters.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let line = |(number, row): (usize, &[u8])| {
        let hex: String = row.iter().map(|byte| format!("{byte:02x} ")).collect();
        let printable = |byte: &u8| if (0x20..0x7f).contains(byte) { *byte as char } else { '.' };
        format!("{:08x}  {hex:<48} {}\n", number * 16, row.iter().map(printable).collect::<String>())
    };
    bytes.chunks(16).enumerate().map(line).collect()
}

impl CaseSnapshot<'_> {
    /// A stored event by its id, as a batch of one row; `None` if there is none.
    ///
    /// # Errors
    /// Where the tables cannot be read.
    pub fn event(&self, id: &str) -> Result<Option<Batch>, crate::CaseError> {
        Ok(stored(self, id, None)?)
    }
}
