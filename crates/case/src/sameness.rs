//! Which records are one event, told twice?
//!
//! Two rules, and no others (decision 0066). **The source's own identity**: a format that knows its
//! source's number for a record says so by a link of kind `record`; records of one source and host with
//! the same number, second, actor and verb are one event, however often they were exported. **The same
//! file**: a file that is the whole beginning of another, or equal to it, was copied twice; its records
//! are those at the same places of the longer one. Two equal lines without either stay two events: they
//! may be two acts. The table `records` has every record as it was read, `aliases` which record is the
//! same event as which other, and `events` what is left after merging.

use std::collections::BTreeMap;
use std::io::{self, Read};

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, StringArray};
use assize_formats::container::{self, Visitor};
use assize_model::spine::Link;
use assize_model::{Batch, Cause, EventId, Exhibit, SnapshotError, column};
use assize_vault::{Derived, Vault};

use crate::columns::{self, Cell};
use crate::names::{self, Names};
use crate::part::TableFile;
use crate::scan::Content;
use crate::tables::literal;
use crate::{CaseError, Tables};

/// Nanoseconds of a second: exports of one record differ in how many digits they keep.
const SECOND: i64 = 1_000_000_000;

/// The identity of a row's record as two numbers; `None` where its source has none.
pub(crate) fn identity(batch: &Batch, row: usize) -> Option<(u64, u64)> {
    let record = record_link(batch.rows(), row)?;
    // A record whose time is not known could be of any of a log's lives.
    let second = batch.time(row)?.0.div_euclid(SECOND);
    let mut digest = blake3::Hasher::new();
    for name in [column::SOURCE, column::HOST, column::ACTOR, column::VERB] {
        digest.update(batch.text(name, row).unwrap_or("").as_bytes());
        digest.update(&[0]);
    }
    digest.update(&second.to_be_bytes()).update(record.as_bytes());
    let bytes = *digest.finalize().as_bytes();
    let number = |from: usize| bytes[from..from + 8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    Some((number(0), number(8)))
}

fn record_link(rows: &RecordBatch, row: usize) -> Option<String> {
    let links = rows.column_by_name(column::LINKS)?.as_list_opt::<i32>()?.value(row);
    let links = links.as_struct_opt()?;
    let kinds: &StringArray = links.column(0).as_any().downcast_ref()?;
    let values: &StringArray = links.column(1).as_any().downcast_ref()?;
    let place = (0..kinds.len()).find(|place| kinds.value(*place) == Link::Record.as_str())?;
    Some(values.value(place).to_owned())
}

/// A row of the table of identities.
pub(crate) fn identity_row(id: &str, (a, b): (u64, u64)) -> Vec<Cell> {
    vec![Cell::text(id), Cell::Number(a), Cell::Number(b)]
}

/// Records with the same identity: all but the first (by id) are aliases of it.
const SAME_IDENTITY: &str = "\
    WITH twice AS (SELECT a FROM identities GROUP BY a HAVING count(*) > 1), \
    known AS (SELECT i.id, i.a, i.b FROM identities i JOIN twice t ON i.a = t.a), \
    firsts AS (SELECT a, b, min(id) AS event FROM known GROUP BY a, b HAVING count(*) > 1) \
    SELECT k.id AS id, f.event AS event, 'record identity' AS because \
    FROM known k JOIN firsts f ON k.a = f.a AND k.b = f.b WHERE k.id <> f.event ORDER BY id";

/// Writes the table `aliases` and says how many there are.
pub(crate) fn write(
    derived: &Derived,
    vault: &Vault,
    exhibits: &[Exhibit],
    contents: &[(String, Content)],
    names: Option<&Names>,
    threads: usize,
) -> Result<(), CaseError> {
    // The old one must not take part in finding the new one.
    derived.remove(&format!("{}.parquet", columns::ALIASES.name))?;
    let tables = Tables::open(derived, threads)?;
    let mut aliases = Aliases::begin(derived)?;
    aliases.take(&tables, SAME_IDENTITY)?;
    for (shorter, longer) in copies(vault, exhibits, contents, names)? {
        aliases.take(&tables, &same_places(&shorter, &longer))?;
    }
    aliases.file.commit()
}

/// Of these records those that were merged, each with the event that it is.
pub(crate) fn merged_into(
    tables: &Tables,
    events: impl Iterator<Item = EventId>,
) -> Result<BTreeMap<EventId, EventId>, CaseError> {
    let ids: Vec<String> = events.map(|event| literal(&event.to_string())).collect();
    if ids.is_empty() || !tables.has_aliases() {
        return Ok(BTreeMap::new());
    }
    let rows = tables.rows(&format!("SELECT id, event FROM aliases WHERE id IN ({})", ids.join(", ")))?;
    Ok(rows
        .iter()
        .filter_map(|row| Some((row.text("id").parse().ok()?, row.text("event").parse().ok()?)))
        .collect())
}

struct Aliases {
    file: TableFile,
}

impl Aliases {
    fn begin(derived: &Derived) -> Result<Self, CaseError> {
        let name = format!("{}.parquet", columns::ALIASES.name);
        Ok(Self { file: TableFile::create(derived, &name, columns::ALIASES.schema())? })
    }

    fn take(&mut self, tables: &Tables, sql: &str) -> Result<(), CaseError> {
        let mut failed = None;
        let asked = tables.each(sql, &mut |batch| {
            let rows = RecordBatch::try_new(columns::ALIASES.schema(), batch.columns().to_vec());
            let rows = rows.map_err(|error| SnapshotError::Query(error.to_string()))?;
            if let Err(error) = self.file.write(&rows) {
                let told = error.to_string();
                failed = Some(error);
                return Err(SnapshotError::Query(told));
            }
            Ok(())
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(asked?),
        }
    }
}

/// Where a content lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    exhibit: String,
    member: Option<String>,
}

/// Every content that is the beginning of a longer one, or equal to one that stands before it, with the
/// longest of which it is.
fn copies(
    vault: &Vault,
    exhibits: &[Exhibit],
    contents: &[(String, Content)],
    names: Option<&Names>,
) -> Result<Vec<(Place, Place)>, CaseError> {
    let mut alike: BTreeMap<(&str, &str), Vec<(Place, &Content)>> = BTreeMap::new();
    for (exhibit, content) in contents {
        let place = Place { exhibit: exhibit.clone(), member: content.member.clone() };
        alike.entry((&content.format, &content.head)).or_default().push((place, content));
    }
    let mut found = Vec::new();
    for mut group in alike.into_values().filter(|group| group.len() > 1) {
        // The longest first; of equal ones the first by place.
        group.sort_by(|(place, a), (other, b)| b.bytes.cmp(&a.bytes).then_with(|| place.cmp(other)));
        for index in 1..group.len() {
            let (place, content) = &group[index];
            for (longer, other) in &group[..index] {
                if begins_with(vault, exhibits, names, (longer, other), content)? {
                    found.push((place.clone(), longer.clone()));
                    break;
                }
            }
        }
    }
    Ok(found)
}

/// Whether a content begins with the whole of another.
fn begins_with(
    vault: &Vault,
    exhibits: &[Exhibit],
    names: Option<&Names>,
    (longer, other): (&Place, &Content),
    shorter: &Content,
) -> Result<bool, CaseError> {
    if other.bytes == shorter.bytes {
        return Ok(other.whole == shorter.whole);
    }
    let exhibit = exhibits.iter().find(|exhibit| exhibit.id.to_string() == longer.exhibit);
    let Some(exhibit) = exhibit else { return Ok(false) };
    let mut content = vault.content(exhibit)?;
    let mut beginning = Beginning {
        member: longer.member.as_deref(),
        names,
        bytes: shorter.bytes,
        passwords: vault.passwords(),
        digest: None,
    };
    let read = match longer.member {
        None => beginning.take(&mut content),
        Some(_) => container::visit(&mut content, exhibit.digests.size, &mut beginning),
    };
    // A container that cannot be read on has told so when its events were read.
    Ok(read.is_ok() && beginning.digest.as_deref() == Some(&shorter.whole))
}

/// Digests the first bytes of one member.
struct Beginning<'a> {
    /// As tables name it: its names covered.
    member: Option<&'a str>,
    names: Option<&'a Names>,
    bytes: u64,
    passwords: &'a [Vec<u8>],
    digest: Option<String>,
}

impl Beginning<'_> {
    fn take(&mut self, content: &mut dyn Read) -> io::Result<()> {
        let mut digest = blake3::Hasher::new();
        let mut block = vec![0; 1 << 16];
        let mut rest = content.take(self.bytes);
        loop {
            let read = rest.read(&mut block)?;
            if read == 0 {
                break;
            }
            digest.update(&block[..read]);
        }
        self.digest = Some(digest.finalize().to_hex().to_string());
        Ok(())
    }
}

impl Visitor for Beginning<'_> {
    fn passwords(&self) -> &[Vec<u8>] {
        self.passwords
    }

    fn wants(&self, name: &str) -> bool {
        let name = names::path_of(self.names, name);
        let within = |member: &str| {
            member.strip_prefix(&*name).is_some_and(|rest| rest.is_empty() || rest.starts_with("!/"))
        };
        self.member.is_some_and(within)
    }

    fn member(&mut self, name: Option<&str>, head: Vec<u8>, rest: &mut dyn Read) -> io::Result<()> {
        if name.map(|name| names::path_of(self.names, name)).as_deref() != self.member {
            return Ok(());
        }
        self.take(&mut io::Cursor::new(head).chain(rest))
    }

    fn problem(&mut self, _: Option<&str>, _: Cause, _: String) -> io::Result<()> {
        Ok(())
    }
}

/// The records of a copy, each with the record at the same place of the longer file. What has an identity
/// of its own was told by that.
fn same_places(shorter: &Place, longer: &Place) -> String {
    let at = |place: &Place| {
        let member =
            place.member.as_deref().map_or("IS NULL".to_owned(), |name| format!("= {}", literal(name)));
        format!(
            "(SELECT id, ranges[1]['offset'] AS place, ranges[1]['length'] AS bytes FROM records \
             WHERE exhibit = {} AND member {member})",
            literal(&place.exhibit)
        )
    };
    format!(
        "SELECT s.id AS id, l.id AS event, 'same bytes of a file that was copied' AS because FROM {} s \
         JOIN {} l ON s.place = l.place AND s.bytes = l.bytes \
         WHERE s.id NOT IN (SELECT id FROM identities) ORDER BY id",
        at(shorter),
        at(longer)
    )
}
