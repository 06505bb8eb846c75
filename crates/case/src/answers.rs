//! Which questions to what was read have been answered before?
//!
//! The stages after reading put the same questions to millions of events whatever people decide: which
//! starts of programs there are on a host, which archives were made, where a log was cleared. Their answers
//! follow from what was read, so they are kept beside the tables, each under a digest of that and of the
//! question, and a decision need not ask again. A question that also names what follows from decisions is
//! never kept. They are no tables: no manifest lists them, and without them the same comes out. So that nobody
//! changes a conclusion by changing an answer, each is sealed with a key that is not in the case: one whose
//! seal does not hold is asked again, and a case without that key keeps none.

use std::io::{self, Read, Seek, SeekFrom, Write};

use arrow_array::RecordBatch;
use assize_analysis as analysis;
use assize_model::{Row, SnapshotError};
use assize_vault::{Derived, MaskingKey};
use data_encoding::HEXLOWER;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

use crate::part::table_error;
use crate::tables::rows_of;
use crate::{CaseError, Tables};

/// What is read from exhibits and is the same under every decision that sets nothing right in it.
const OF_READING: [&str; 8] =
    ["events", "records", "gaps", "readings", "exhibits", "aliases", "identities", "log_runs"];
/// Bytes of an answer in memory above which it is not kept.
const KEPT_MAX: usize = 256 << 20;

/// Puts questions to tables, and knows the answers to some.
#[derive(Clone, Copy)]
pub(crate) struct Answers<'a> {
    tables: &'a Tables,
    kept: Option<Kept<'a>>,
}

/// Where answers are kept.
#[derive(Clone, Copy)]
struct Kept<'a> {
    derived: &'a Derived,
    /// Of everything that was read.
    key: &'a str,
    sealing: &'a MaskingKey,
}

impl<'a> Answers<'a> {
    /// From the tables alone: nothing is kept.
    pub(crate) const fn of(tables: &'a Tables) -> Self {
        Self { tables, kept: None }
    }

    /// With what is kept under a key of everything that was read.
    pub(crate) fn kept(
        tables: &'a Tables,
        derived: &'a Derived,
        key: &'a str,
        sealing: Option<&'a MaskingKey>,
    ) -> Self {
        Self { tables, kept: sealing.map(|sealing| Kept { derived, key, sealing }) }
    }

    /// The tables.
    pub(crate) const fn tables(&self) -> &'a Tables {
        self.tables
    }

    /// As [`Tables::each`].
    pub(crate) fn each(&self, sql: &str, take: analysis::Take<'_>) -> Result<(), SnapshotError> {
        let Some(kept) = self.kept.filter(|_| self.tables.asks_only(sql, &OF_READING)) else {
            return self.tables.each(sql, take);
        };
        let name = HEXLOWER.encode(&Sha256::digest(format!("{}\n{sql}", kept.key))[..16]);
        if let Some(answer) = kept.open(&name) {
            for batch in answer {
                take(&batch.map_err(|error| SnapshotError::Query(format!("a kept answer: {error}")))?)?;
            }
            return Ok(());
        }
        let mut copy = Some(Vec::new());
        let mut size = 0;
        self.tables.each(sql, &mut |batch| {
            size += batch.get_array_memory_size();
            if size > KEPT_MAX {
                copy = None;
            }
            if let Some(copy) = &mut copy {
                copy.push(batch.clone());
            }
            take(batch)
        })?;
        if let Some(batches) = copy {
            // That it cannot be kept changes nothing: it is asked again. A full disk shows at the tables.
            drop(kept.keep(&name, &batches));
        }
        Ok(())
    }

    /// As [`Tables::rows`].
    pub(crate) fn rows(&self, sql: &str) -> Result<Vec<Row>, SnapshotError> {
        rows_of(|take| self.each(sql, take))
    }
}

/// The batches of an answer.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, arrow_schema::ArrowError>>>;

impl Kept<'_> {
    /// A kept answer; one that cannot be read, or is not as it was kept, is none.
    fn open(self, name: &str) -> Option<Batches> {
        let mut seal = String::new();
        self.derived.answer(&seal_of(name)).ok()??.read_to_string(&mut seal).ok()?;
        let mut file = self.derived.answer(name).ok()??;
        if seal != self.seal(name, &mut file).ok()? {
            return None;
        }
        file.seek(SeekFrom::Start(0)).ok()?;
        if file.metadata().ok()?.len() == 0 {
            return Some(Box::new(std::iter::empty()));
        }
        Some(Box::new(ParquetRecordBatchReaderBuilder::try_new(file).ok()?.build().ok()?))
    }

    /// Nothing at all is kept as an empty file: it has no columns.
    fn keep(self, name: &str, batches: &[RecordBatch]) -> Result<(), CaseError> {
        let failed = |error| table_error(name, error);
        let file = self.derived.keep_answer(name)?;
        match batches.first() {
            None => file.commit()?,
            Some(first) => {
                let mut writer = ArrowWriter::try_new(file, first.schema(), None).map_err(failed)?;
                for batch in batches {
                    writer.write(batch).map_err(failed)?;
                }
                writer.into_inner().map_err(failed)?.commit()?;
            }
        }
        let Some(mut written) = self.derived.answer(name)? else { return Ok(()) };
        let seal = self.seal(name, &mut written).map_err(|error| table_error(name, error))?;
        let mut file = self.derived.keep_answer(&seal_of(name))?;
        file.write_all(seal.as_bytes()).map_err(|error| table_error(name, error))?;
        Ok(file.commit()?)
    }

    /// What only who has the key can say of these bytes under that name.
    fn seal(self, name: &str, bytes: &mut dyn Read) -> io::Result<String> {
        let mut digest = blake3::Hasher::new();
        io::copy(bytes, &mut digest)?;
        Ok(self.sealing.digest(&format!("answer {name} {}", digest.finalize())))
    }
}

fn seal_of(name: &str) -> String {
    format!("{name}.seal")
}
