//! How do the events, findings and gaps of one exhibit reach the disk?
//!
//! One Parquet file per exhibit and table: what one exhibit gives depends on nothing else, so it
//! can be written by any thread, kept when another exhibit is added, and made again alone. A file
//! without rows is not written.

use assize_model::{Batch, Finding, Gap, NotRun, RuleInfo, Scan, Scanner, Sink, batch, column};
use assize_vault::{Derived, DerivedFile, VaultError};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::io;

use crate::CaseError;
use crate::columns::{self, Cell, Table};
use crate::names::{Cover, Names};
use crate::rules::LookedAt;
use crate::sameness;

/// Rows of a row group, and buffered bytes after which one is closed: bounds the memory.
const ROWS_MAX: usize = 1 << 16;
const BYTES_MAX: usize = 48 << 20;
/// Rows of small tables held before they are written.
const HELD_MAX: usize = 4096;

/// The name of an exhibit's file in a table.
pub(crate) fn file_name(table: &str, exhibit: &str) -> String {
    format!("{table}/{exhibit}.parquet")
}

/// A table being written.
pub(crate) struct TableFile {
    name: String,
    writer: ArrowWriter<DerivedFile>,
}

impl TableFile {
    pub(crate) fn create(
        derived: &Derived,
        name: &str,
        schema: arrow_schema::SchemaRef,
    ) -> Result<Self, CaseError> {
        let level = ZstdLevel::try_new(1).map_err(|error| table_error(name, error))?;
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(ROWS_MAX))
            // The default names the library's version, which is not ours to hash.
            .set_created_by("assize".to_owned());
        // Nobody asks which own fields lie between two others.
        for path in [["fields", "entries", "key"], ["fields", "entries", "value"]] {
            properties = properties.set_column_statistics_enabled(path_of(&path), EnabledStatistics::None);
        }
        // No two rows have the same: a dictionary would be made and given up.
        for path in [&["id"][..], &["time_text"], &["ranges", "list", "item", "offset"]] {
            properties = properties.set_column_dictionary_enabled(path_of(path), false);
        }
        let properties = properties.build();
        let file = derived.create(name)?;
        // Parquet's own types say all; Arrow's beside them would have readers make dictionaries.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, schema, options);
        let writer = writer.map_err(|error| table_error(name, error))?;
        Ok(Self { name: name.to_owned(), writer })
    }

    pub(crate) fn write(&mut self, batch: &arrow_array::RecordBatch) -> Result<(), CaseError> {
        self.writer.write(batch).map_err(|error| table_error(&self.name, error))?;
        if self.writer.in_progress_size() > BYTES_MAX {
            self.writer.flush().map_err(|error| table_error(&self.name, error))?;
        }
        Ok(())
    }

    pub(crate) fn commit(self) -> Result<(), CaseError> {
        let file = self.writer.into_inner().map_err(|error| table_error(&self.name, error))?;
        Ok(file.commit()?)
    }
}

fn path_of(names: &[&str]) -> ColumnPath {
    ColumnPath::from(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
}

pub(crate) fn table_error(name: &str, error: impl std::fmt::Display) -> CaseError {
    CaseError::Table { name: name.to_owned(), reason: error.to_string() }
}

/// Writes a single-file table whole.
pub(crate) fn write_table(derived: &Derived, table: Table, rows: &[Vec<Cell>]) -> Result<(), CaseError> {
    write_rows(derived, table, rows.iter().cloned())
}

/// The same, of rows that are made as they are written: there may be many.
pub(crate) fn write_rows(
    derived: &Derived,
    table: Table,
    rows: impl Iterator<Item = Vec<Cell>>,
) -> Result<(), CaseError> {
    let name = format!("{}.parquet", table.name);
    let mut file = TableFile::create(derived, &name, table.schema())?;
    let mut rows = rows.peekable();
    loop {
        let some: Vec<Vec<Cell>> = rows.by_ref().take(HELD_MAX).collect();
        file.write(&table.batch(&some).map_err(|error| table_error(&name, error))?)?;
        if rows.peek().is_none() {
            return file.commit();
        }
    }
}

/// Rows of a small per-exhibit table, written when there are any.
struct Rows {
    table: Table,
    name: String,
    held: Vec<Vec<Cell>>,
    file: Option<TableFile>,
}

impl Rows {
    fn new(table: Table, exhibit: &str) -> Self {
        Self { table, name: file_name(table.name, exhibit), held: Vec::new(), file: None }
    }

    fn push(&mut self, derived: &Derived, row: Vec<Cell>) -> Result<(), CaseError> {
        self.held.push(row);
        if self.held.len() >= HELD_MAX { self.flush(derived) } else { Ok(()) }
    }

    fn flush(&mut self, derived: &Derived) -> Result<(), CaseError> {
        if self.held.is_empty() {
            return Ok(());
        }
        let batch = self.table.batch(&self.held).map_err(|error| table_error(&self.name, error))?;
        self.held.clear();
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(TableFile::create(derived, &self.name, self.table.schema())?),
        };
        file.write(&batch)
    }

    fn commit(mut self, derived: &Derived) -> Result<(), CaseError> {
        self.flush(derived)?;
        self.file.map_or(Ok(()), TableFile::commit)
    }
}

/// Takes what formats read of one exhibit: matches it and writes it.
pub(crate) struct Part<'a> {
    derived: &'a Derived,
    scanner: &'a dyn Scanner,
    /// Covers protected names before anything is written; rules look at what stands there.
    pub(crate) cover: Option<Cover<'a>>,
    events_name: String,
    events: Option<TableFile>,
    findings: Rows,
    gaps: Rows,
    identities: Rows,
    looked_at: LookedAt,
    /// Why the disk refused; the sink's own error can only carry text.
    pub(crate) failed: Option<CaseError>,
}

impl<'a> Part<'a> {
    /// Begins anew: what an earlier derivation wrote of this exhibit goes.
    pub(crate) fn begin(
        derived: &'a Derived,
        scanner: &'a dyn Scanner,
        exhibit: &str,
        names: Option<&'a Names>,
    ) -> Result<Self, VaultError> {
        for table in ["events", columns::FINDINGS.name, columns::GAPS.name, columns::IDENTITIES.name] {
            derived.remove(&file_name(table, exhibit))?;
        }
        Ok(Self {
            derived,
            scanner,
            cover: names.map(Cover::new),
            events_name: file_name("events", exhibit),
            events: None,
            findings: Rows::new(columns::FINDINGS, exhibit),
            gaps: Rows::new(columns::GAPS, exhibit),
            identities: Rows::new(columns::IDENTITIES, exhibit),
            looked_at: LookedAt::default(),
            failed: None,
        })
    }

    pub(crate) fn commit(self) -> Result<LookedAt, CaseError> {
        if let Some(events) = self.events {
            events.commit()?;
        }
        self.findings.commit(self.derived)?;
        self.gaps.commit(self.derived)?;
        self.identities.commit(self.derived)?;
        Ok(self.looked_at)
    }

    fn take(&mut self, batch: &Batch) -> Result<(), CaseError> {
        let mut scan = Scan::default();
        self.scanner.scan(batch, &mut scan);
        self.looked_at.scanned(&mut scan);
        for hit in &scan.hits {
            let finding = finding_of(batch, hit, &self.scanner.rules()[hit.rule]);
            if let Some(mut finding) = finding {
                if let Some(cover) = &mut self.cover {
                    finding.host = finding.host.map(|host| cover.text(column::HOST, &host).unwrap_or(host));
                    finding.actor =
                        finding.actor.map(|actor| cover.text(column::ACTOR, &actor).unwrap_or(actor));
                }
                self.findings.push(self.derived, columns::finding(&finding))?;
            }
        }
        for row in 0..batch.len() {
            if let (Some(identity), Some(id)) = (sameness::identity(batch, row), batch.text(column::ID, row))
            {
                self.identities.push(self.derived, sameness::identity_row(id, identity))?;
            }
        }
        let events = match &mut self.events {
            Some(events) => events,
            None => self.events.insert(TableFile::create(self.derived, &self.events_name, batch::schema())?),
        };
        match &mut self.cover {
            Some(cover) => {
                let covered = cover.batch(batch.rows());
                events.write(&covered.map_err(|error| table_error(&self.events_name, error))?)
            }
            None => events.write(batch.rows()),
        }
    }

    fn note(&mut self, result: Result<(), CaseError>) -> io::Result<()> {
        result.map_err(|error| {
            let told = io::Error::other(error.to_string());
            self.failed = Some(error);
            told
        })
    }
}

impl Sink for Part<'_> {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        let taken = self.take(&batch);
        self.note(taken)
    }

    fn gap(&mut self, mut gap: Gap) -> io::Result<()> {
        if let Some(cover) = &mut self.cover {
            gap.detail = cover.text("detail", &gap.detail).unwrap_or(gap.detail);
            gap.member = gap.member.map(|member| cover.path(&member));
        }
        let pushed = self.gaps.push(self.derived, columns::gap(&gap));
        self.note(pushed)
    }
}

/// A hit with the spine of its event; `None` only for a batch that no batcher made.
pub(crate) fn finding_of(batch: &Batch, hit: &assize_model::Hit, rule: &RuleInfo) -> Option<Finding> {
    let text = |name| batch.text(name, hit.row).map(str::to_owned);
    let event = batch.id(hit.row)?;
    Some(Finding {
        id: Finding::id_of(&rule.id, event),
        rule: rule.id.clone(),
        title: rule.title.clone(),
        level: rule.level,
        tags: rule.tags.clone(),
        time: batch.time(hit.row),
        host: text(column::HOST),
        source: text(column::SOURCE)?,
        actor: text(column::ACTOR),
        event,
        exhibit: batch.text(column::EXHIBIT, hit.row)?.parse().ok()?,
        fields: hit.fields.to_vec(),
    })
}

/// The table of rules: which ran, which did not and why.
pub(crate) fn rule_rows(ran: &[RuleInfo], not_run: &[NotRun]) -> Vec<Vec<Cell>> {
    let ran = ran.iter().map(|rule| {
        vec![
            Cell::text(&rule.id),
            Cell::text(&rule.title),
            Cell::text(rule.level.as_str()),
            Cell::Texts(rule.tags.clone()),
            Cell::text(&rule.logsource),
            Cell::text(&rule.file),
            Cell::Flag(true),
            Cell::Text(None),
            Cell::NoNumber,
        ]
    });
    let not_run = not_run.iter().map(|rule| {
        vec![
            Cell::text(&rule.id),
            Cell::text(&rule.title),
            Cell::Text(None),
            Cell::Texts(Vec::new()),
            Cell::Text(None),
            Cell::text(&rule.file),
            Cell::Flag(false),
            Cell::text(&rule.reason),
            rule.line.map_or(Cell::NoNumber, Cell::Number),
        ]
    });
    ran.chain(not_run).collect()
}
