//! Do the bytes that a locator names give the stored event again?
//!
//! Only the named ranges are read from the exhibit (through its container, if it lies in one), and
//! the format makes an event of them alone. What comes out is held against the stored row.

use std::io::{self, Read, Seek, SeekFrom};

use assize_formats::container::{self, Visitor};
use assize_model::{
    Batch, Batcher, Cause, Gap, Locator, Origin, RawRecord, Sink, Slice, SnapshotError, column,
};
use assize_vault::Vault;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::CaseSnapshot;
use crate::tables::literal;

/// The raw record behind a locator.
pub(crate) fn raw(snapshot: &CaseSnapshot<'_>, locator: &Locator) -> Result<RawRecord, SnapshotError> {
    let slices = slices(snapshot.vault, locator)?;
    let format = assize_formats::by_name(&locator.format);
    let format = format.ok_or_else(|| SnapshotError::Record(format!("no format `{}`", locator.format)))?;
    let again = reread(locator, &slices)?;
    let record = slices.first().map_or(&[][..], |slice| &slice.bytes);
    let text = format.raw_text(&slices).unwrap_or_else(|| hex(record));
    Ok(RawRecord {
        text,
        sha256: HEXLOWER.encode(&Sha256::digest(record)),
        same: again.is_some_and(|again| is_stored(snapshot, &again).unwrap_or(false)),
    })
}

/// The bytes that a locator names.
///
/// # Errors
/// Where the exhibit or the member is not there.
pub(crate) fn slices(vault: &Vault, locator: &Locator) -> Result<Vec<Slice>, SnapshotError> {
    let record = |error: &dyn std::fmt::Display| SnapshotError::Record(error.to_string());
    let exhibits = vault.exhibits();
    let exhibit = exhibits.iter().find(|exhibit| exhibit.id == locator.exhibit);
    let exhibit = exhibit.ok_or_else(|| record(&format!("{}: never admitted", locator.exhibit)))?;
    let mut content = vault.content(exhibit).map_err(|error| record(&error))?;
    let Some(member) = &locator.member else {
        return locator.ranges.iter().map(|range| Ok(slice_at(&mut content, range)?)).collect();
    };
    let mut wanted = Member { name: member, locator, slices: Vec::new() };
    container::visit(&mut content, exhibit.digests.size, &mut wanted)?;
    if wanted.slices.len() != locator.ranges.len() {
        return Err(record(&format!("{}: no member `{member}`", locator.exhibit)));
    }
    Ok(wanted.slices)
}

fn slice_at<R: Read + Seek>(content: &mut R, range: &assize_model::Range) -> io::Result<Slice> {
    content.seek(SeekFrom::Start(range.offset))?;
    let mut bytes = Vec::new();
    content.take(range.length).read_to_end(&mut bytes)?;
    Ok(Slice { range: *range, bytes })
}

/// Looks for one member and takes the ranges out of it as it streams by.
struct Member<'a> {
    name: &'a str,
    locator: &'a Locator,
    slices: Vec<Slice>,
}

impl Visitor for Member<'_> {
    fn wants(&self, name: &str) -> bool {
        self.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("!/"))
    }

    fn member(&mut self, name: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> io::Result<()> {
        if name != Some(self.name) {
            return Ok(());
        }
        let ranges = &self.locator.ranges;
        let from = ranges.iter().map(|range| range.offset).min().unwrap_or(0);
        let to = ranges.iter().map(|range| range.offset + range.length).max().unwrap_or(0);
        let mut whole = io::Cursor::new(head).chain(rest);
        io::copy(&mut (&mut whole).take(from), &mut io::sink())?;
        let mut bytes = Vec::new();
        whole.take(to - from).read_to_end(&mut bytes)?;
        for range in ranges {
            let start = ((range.offset - from) as usize).min(bytes.len());
            let end = (start + range.length as usize).min(bytes.len());
            self.slices.push(Slice { range: *range, bytes: bytes[start..end].to_vec() });
        }
        Ok(())
    }

    fn problem(&mut self, _: Option<&str>, _: Cause, _: String) -> io::Result<()> {
        Ok(())
    }
}

/// The one event that the bytes give by themselves.
pub(crate) fn reread(locator: &Locator, slices: &[Slice]) -> Result<Option<Batch>, SnapshotError> {
    let Some(format) = assize_formats::by_name(&locator.format) else { return Ok(None) };
    let origin =
        Origin { exhibit: locator.exhibit, member: locator.member.clone(), format: format.card().name };
    let mut kept = Kept::default();
    let mut batcher = Batcher::new(origin, &mut kept);
    format.reread(slices, &locator.options, &mut batcher)?;
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

/// Whether the events table holds exactly this row.
fn is_stored(snapshot: &CaseSnapshot<'_>, again: &Batch) -> Result<bool, SnapshotError> {
    let (Some(id), Some(exhibit)) = (again.text(column::ID, 0), again.text(column::EXHIBIT, 0)) else {
        return Ok(false);
    };
    let stored = stored(snapshot, id, Some(exhibit))?;
    Ok(stored.is_some_and(|stored| stored.rows() == again.rows()))
}

/// A stored event; naming its exhibit spares a look at all others.
pub(crate) fn stored(
    snapshot: &CaseSnapshot<'_>,
    id: &str,
    exhibit: Option<&str>,
) -> Result<Option<Batch>, SnapshotError> {
    let within = exhibit.map_or(String::new(), |exhibit| format!(" AND exhibit = {}", literal(exhibit)));
    let sql = format!("SELECT * FROM events WHERE id = {}{within}", literal(id));
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
