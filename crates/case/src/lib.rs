//! How does one inquiry run?
//!
//! The only crate that knows its siblings: it takes evidence into the vault, has it read and
//! matched, derives tables from it, and answers questions about them. It alone knows the clock and
//! threads. It prints nothing: what it has to say it returns or hands to a [`Progress`].
// This crate alone knows clock and threads, and reads the rule folders that people name.
#![allow(clippy::disallowed_methods)]

mod answers;
mod choice;
mod clock;
mod columns;
mod conclude;
mod corrections;
mod custody;
mod decisions;
mod derive;
mod detect;
mod diff;
mod digest;
mod event_in;
mod expose;
mod fault;
pub mod gate;
mod kept;
mod measure;
mod names;
mod part;
mod progress;
mod read_as;
mod record;
mod register;
mod rules;
mod run;
mod sameness;
mod scan;
pub mod seal;
mod sorted;
mod tables;
mod tally;
mod test_rules;
mod trace;
mod words;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assize_model::{Output, RecordedRun, Snapshot, Trust};
use assize_vault::{Admitted, AtRest, CaseFile, Found, Keys, Receipt, Stamp, Vault, VaultError};

pub use assize_formats as formats;
pub use assize_model as model;
pub use assize_outputs as outputs;
pub use assize_sigma as sigma;
pub use assize_vault as vault;
pub use choice::Choice;
pub use clock::{now, stamp};
pub use custody::keys;
pub use decisions::Decided;
pub use derive::{Derivation, threads};
pub use detect::{Detected, DetectedFinding, RuleName, Search, detect};
pub use diff::{Change, Diff, Moved};
pub use event_in::event_in;
pub use expose::By;
pub use gate::Gate;
pub use measure::{Candidate, Explained, Fill, MEASURED, Measured, explain, measure};
pub use names::Names as ProtectedNames;
pub use progress::{Progress, Silent};
pub use read_as::ReadAs;
pub use register::{ImportWanted, Told, Version, check_register};
pub use rules::{RuleSource, built_in_rules, rule_files};
pub use run::{Summary, Unread, summary};
pub use tables::Tables;
pub use tally::{Names, Tally};
pub use test_rules::{FailedTest, RuleTests, test_rules};
pub use trace::{Step, Trace};

/// Name and version of this program, as it stands in the log and in reports.
pub const TOOL: &str = concat!("assize ", env!("CARGO_PKG_VERSION"));

/// Why an inquiry could not go on.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The vault refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A query was refused or failed, or a record could not be read again.
    #[error(transparent)]
    Snapshot(#[from] model::SnapshotError),
    /// A table could not be written.
    #[error("derived table {name}: {reason}")]
    Table {
        /// Its name below `derived/`.
        name: String,
        /// Why.
        reason: String,
    },
    /// Findings fit neither in memory nor on the disk.
    #[error(
        "more findings than memory holds could not be put aside: {0}; give room in $TMPDIR, or ask for less (--min-level, --since)"
    )]
    Aside(#[source] std::io::Error),
    /// A folder of rules could not be read.
    #[error("{path}: {reason}", path = .path.display())]
    Rules {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// An id that names nothing in this case.
    #[error(
        "{0}: nothing in this case has this id; ids are printed at the end of every line, and a beginning of at least 6 characters will do"
    )]
    NoSuchId(String),
    /// A beginning of an id that several things share.
    #[error("{0}: more than one id begins so: {1}; give more characters")]
    Ambiguous(String, String),
    /// There are protected names, and what covers them is elsewhere.
    #[error(
        "this case has protected names, and its masking key is not in the key folder ($ASSIZE_KEYS): nothing is shown, because nothing could be covered"
    )]
    NoMaskingKey,
    /// The register was imported by a program that kept nothing to know its names by.
    #[error(
        "version {0} of the register was imported by an earlier version of this program, which kept nothing to know its names by: nothing is shown, because nothing could be covered; `assize register import` it again"
    )]
    NamesNotKept(u32),
    /// Names were added since the tables were derived.
    #[error(
        "names were added to the register since these tables were derived; they are closed until `assize derive` has covered them"
    )]
    Quarantined,
    /// The tables have not been derived yet.
    #[error(
        "nothing was derived in this case yet; run `assize inquire PATH… --case DIR` or `assize derive --case DIR`"
    )]
    NotDerived,
    /// The rules were given but none could be loaded.
    #[error("{0}")]
    Refused(String),
}

/// One inquiry.
pub struct Case {
    vault: Vault,
    /// Leaves that count: all, or those up to a time as of which is derived.
    horizon: u64,
    /// Names that nothing that comes out may show.
    names: Option<Arc<ProtectedNames>>,
}

impl Case {
    /// Makes a case in a new or empty folder, with the keys of the usual place.
    ///
    /// # Errors
    /// Where the folder is not empty or a disk refuses.
    pub fn create(root: &Path, file: CaseFile, stamp: &Stamp) -> Result<Self, CaseError> {
        Self::create_with(root, file, AtRest::Plain, &keys()?, stamp)
    }

    /// Makes a case whose keys go to a place of their own, and says whether exhibits are encrypted.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_with(
        root: &Path,
        file: CaseFile,
        at_rest: AtRest,
        keys: &Keys,
        stamp: &Stamp,
    ) -> Result<Self, CaseError> {
        Ok(Self::of(Vault::create(root, file, at_rest, keys, stamp)?, None))
    }

    /// Opens a case to look at it.
    ///
    /// # Errors
    /// Where the folder is no case.
    pub fn open(root: &Path) -> Result<Self, CaseError> {
        Self::open_with(root, &keys()?)
    }

    /// The same, with keys of a place of their own. Whoever only looks needs the custody key alone, and
    /// that only where exhibits are encrypted.
    ///
    /// # Errors
    /// Where the folder is no case, or its custody key cannot be used.
    pub fn open_with(root: &Path, keys: &Keys) -> Result<Self, CaseError> {
        let mut vault = Vault::open(root)?;
        vault.load_passwords(keys)?;
        if vault.at_rest() == AtRest::Encrypted {
            vault.use_keys(keys)?;
        }
        let names = ProtectedNames::of(&vault, keys)?;
        Ok(Self::of(vault, names))
    }

    /// Opens a case to change it.
    ///
    /// # Errors
    /// Where the folder is no case, or another process writes to it.
    pub fn open_for_writing(root: &Path) -> Result<Self, CaseError> {
        Self::open_for_writing_with(root, &keys()?)
    }

    /// The same, with keys of a place of their own.
    ///
    /// # Errors
    /// As [`Self::open_for_writing`], or where a key is there and cannot be used.
    pub fn open_for_writing_with(root: &Path, keys: &Keys) -> Result<Self, CaseError> {
        let mut vault = Vault::open_for_writing(root)?;
        vault.use_keys(keys)?;
        vault.load_passwords(keys)?;
        let names = ProtectedNames::of(&vault, keys)?;
        Ok(Self::of(vault, names))
    }

    /// Opens a case to import a register: also one whose names cannot be covered yet. Nothing else is to be
    /// done with it.
    ///
    /// # Errors
    /// As [`Self::open_for_writing_with`].
    pub fn open_for_names(root: &Path, keys: &Keys) -> Result<Self, CaseError> {
        match Self::open_for_writing_with(root, keys) {
            Err(CaseError::NamesNotKept(_)) => {
                let mut vault = Vault::open_for_writing(root)?;
                vault.use_keys(keys)?;
                Ok(Self::of(vault, None))
            }
            opened => opened,
        }
    }

    const fn of(vault: Vault, names: Option<Arc<ProtectedNames>>) -> Self {
        Self { vault, horizon: u64::MAX, names }
    }

    /// From now on the case is as it stood at that time: exhibits, register and decisions of later
    /// leaves do not count. How many leaves do is returned.
    pub fn as_of(&mut self, time: model::Time) -> u64 {
        self.horizon = self.leaves_at(time);
        self.horizon
    }

    /// How many leaves had been written at a time.
    pub(crate) fn leaves_at(&self, time: model::Time) -> u64 {
        let before = |at: &str| match model::Time::parse(at) {
            Some(model::time::Stated::Instant(at) | model::time::Stated::Local(at)) => at <= time,
            None => true,
        };
        self.vault.leaves().iter().take_while(|logged| before(&logged.leaf.at)).count() as u64
    }

    /// Exhibits that count.
    pub(crate) fn exhibits(&self) -> Vec<model::Exhibit> {
        let mut exhibits = self.vault.exhibits();
        if self.horizon < self.vault.leaves().len() as u64 {
            let known: std::collections::BTreeSet<model::LeafId> =
                self.counting().map(|logged| logged.id).collect();
            exhibits
                .iter_mut()
                .for_each(|exhibit| exhibit.admissions.retain(|one| known.contains(&one.leaf)));
            exhibits.retain(|exhibit| !exhibit.admissions.is_empty());
        }
        exhibits
    }

    /// Leaves that count.
    pub(crate) fn counting(&self) -> impl DoubleEndedIterator<Item = &vault::LoggedLeaf> {
        self.vault.leaves().iter().filter(|logged| logged.index < self.horizon)
    }

    /// Keeps passwords of containers with the keys of this case.
    ///
    /// # Errors
    /// Where the key folder or the case's disk refuses.
    pub fn give_passwords(&mut self, keys: &Keys, given: &[String], stamp: &Stamp) -> Result<(), CaseError> {
        Ok(self.vault.give_passwords(keys, given, stamp)?)
    }

    /// The protected names of this case, for the gate that everything passes on its way out; `None` where no
    /// register has any.
    #[must_use]
    pub fn names(&self) -> Option<Arc<ProtectedNames>> {
        self.names.clone()
    }

    /// The kept part of the case.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Admits everything below the given paths, from an origin trusted so far.
    ///
    /// # Errors
    /// Where the case's disk refuses.
    pub fn intake(
        &mut self,
        given: &[PathBuf],
        trust: Trust,
        stamp: &Stamp,
        progress: &dyn Progress,
        done: &mut dyn FnMut(&Found, Result<Admitted, String>),
    ) -> Result<(), CaseError> {
        self.intake_with(given, &Receipt::of(trust), stamp, progress, done)
    }

    /// Admits everything below the given paths, and signs the log if its key is here.
    ///
    /// # Errors
    /// Where the case's disk refuses.
    pub fn intake_with(
        &mut self,
        given: &[PathBuf],
        receipt: &Receipt,
        stamp: &Stamp,
        progress: &dyn Progress,
        done: &mut dyn FnMut(&Found, Result<Admitted, String>),
    ) -> Result<(), CaseError> {
        let files: Vec<Found> = given.iter().flat_map(|path| vault::walk(path)).collect();
        progress.stage("admit", files.len() as u64, files.iter().map(|file| file.size).sum());
        self.vault.admit(
            &files,
            receipt,
            stamp,
            &mut |bytes| progress.bytes(bytes),
            &mut |found, result| {
                progress.item_done(&found.path);
                done(found, result);
            },
        )?;
        self.vault.sign()?;
        progress.end();
        Ok(())
    }

    /// The case as it was last derived.
    ///
    /// # Errors
    /// [`CaseError::NotDerived`], or the tables cannot be read.
    pub fn snapshot(&self) -> Result<CaseSnapshot<'_>, CaseError> {
        fault::break_if_asked("break-telling", || format!("{:?}", self.vault.exhibits()));
        let derived = self.vault.derived();
        let names = names::in_force(&derived, self.names.as_ref())?;
        let tables = Tables::open(&derived, threads(None))?;
        let run = run::recorded(&self.vault, &tables)?;
        Ok(CaseSnapshot { vault: &self.vault, names, tables, run })
    }

    /// Writes an output into `report/` and says where it lies.
    ///
    /// # Errors
    /// Where the output or the disk fails.
    pub fn write_report(&self, output: &dyn Output, name: &str) -> Result<PathBuf, CaseError> {
        let snapshot = self.snapshot()?;
        let mut failed = None;
        let path = self.vault.write_report(name, &mut |out| {
            let mut gate = Gate::new(out);
            let written = output.write(&snapshot, &mut gate).and_then(|()| Ok(gate.flush()?));
            written.map_err(|error| {
                let told = std::io::Error::other(error.to_string());
                failed = Some(error);
                told
            })
        });
        match (path, failed) {
            (_, Some(error)) => Err(error.into()),
            (path, None) => Ok(path?),
        }
    }
}

/// A case at one moment, for outputs, queries and traces.
pub struct CaseSnapshot<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) names: Option<Arc<ProtectedNames>>,
    pub(crate) tables: Tables,
    pub(crate) run: RecordedRun,
}

impl Snapshot for CaseSnapshot<'_> {
    fn run(&self) -> &RecordedRun {
        &self.run
    }

    fn each(
        &self,
        sql: &str,
        each: &mut dyn FnMut(model::Row) -> Result<(), model::SnapshotError>,
    ) -> Result<(), model::SnapshotError> {
        self.tables.each(sql, &mut |batch| model::Row::all(batch).try_for_each(&mut *each))
    }

    fn raw(&self, locator: &model::Locator) -> Result<model::RawRecord, model::SnapshotError> {
        let only = self.raw_all(std::slice::from_ref(locator)).pop();
        only.unwrap_or_else(|| Err(model::SnapshotError::Record("no record".to_owned())))
    }

    fn raw_all(&self, locators: &[model::Locator]) -> Vec<Result<model::RawRecord, model::SnapshotError>> {
        record::raw_all(self, locators)
    }
}
