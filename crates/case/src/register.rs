//! How does a register come into a case, and what is asked of it there?
//!
//! Files are read once, split by `analysis`, sealed and kept by `vault`. What lies in the case is one
//! JSON object a version: what the institution knows, without who anybody is.

use std::path::{Path, PathBuf};

use assize_analysis::register::{Complaint, Given, Missing, import, missing};
use assize_model::{Protected, Register, Time};
use assize_vault::{Keys, MaskingKey, Seal, Sealing, Stamp};
use serde::{Deserialize, Serialize};

use crate::{Case, CaseError, names};

/// Bytes of one file of a register; more is no register.
const BYTES_MAX: u64 = 1 << 30;

/// One version, as it lies in the case.
#[derive(Debug, Serialize, Deserialize)]
pub struct Version {
    /// Counted up from 1.
    pub version: u32,
    /// When it was imported.
    pub imported: String,
    /// From when it holds, as stated at import; absent: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Time>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Time>,
    /// Names of the files that were handed over.
    pub files: Vec<String>,
    /// People and organisations whose identities were split off.
    pub identities: usize,
    /// To whom they are sealed: an age recipient, or `2 of 3: vws, judge, legal`; absent: they were not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_to: Option<String>,
    /// What it says.
    pub register: Register,
}

/// What to import, and how.
#[derive(Debug, Default)]
pub struct ImportWanted {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// To whose one key identities are sealed (age recipient); without it to the case's officers, and where
    /// there are none they are not kept.
    pub seal_to: Option<String>,
    /// From when and until when it holds.
    pub valid: (Option<Time>, Option<Time>),
}

/// What an import did, or a check would do.
#[derive(Debug, Serialize)]
pub struct Told {
    /// Number of the version; null where nothing was imported.
    pub version: Option<u32>,
    /// Rows by table.
    pub rows: Vec<(&'static str, usize)>,
    /// People and organisations whose identities were split off.
    pub identities: usize,
    /// Whether these were sealed and kept.
    pub sealed: bool,
    /// What is wrong, with row and column.
    pub complaints: Vec<Complaint>,
    /// Files that are not there, and what each would change.
    pub missing: Vec<Missing>,
}

impl Case {
    /// Imports a register. Nothing of the files enters the case but what [`Version`] has.
    ///
    /// # Errors
    /// Where a file cannot be read, no row can be used, or the case's disk refuses.
    pub fn import_register(
        &mut self,
        wanted: &ImportWanted,
        keys: &Keys,
        stamp: &Stamp,
    ) -> Result<Told, CaseError> {
        let files = given(&wanted.paths)?;
        let masking = self.vault.masking_or_new(keys)?;
        let mut veil = names::Importing::new(&masking);
        let imported = import(&files, &mut veil);
        if rows(&imported.register).iter().all(|(_, count)| *count == 0) {
            let first = imported.complaints.first();
            let why = first.map_or_else(String::new, |told| format!(" ({}: {})", told.file, told.problem));
            return Err(CaseError::Refused(format!("no row of a register could be used{why}")));
        }
        let number = self.vault.register_versions().last().map_or(1, |last| last + 1);
        let version = Version {
            version: number,
            imported: stamp.at.clone(),
            valid_from: wanted.valid.0,
            valid_to: wanted.valid.1,
            files: files.iter().map(|file| file.name.clone()).collect(),
            identities: imported.sealed,
            sealed_to: sealed_to(wanted, self.vault.seal()),
            register: imported.register,
        };
        let bytes = serde_json::to_vec(&version).map_err(|error| CaseError::Refused(error.to_string()))?;
        let officers = self.vault.seal().filter(|_| wanted.seal_to.is_none()).cloned();
        let people = officers.map(|seal| crate::seal::people(&imported.identities, &seal)).transpose()?;
        let sealing = match (wanted.seal_to.as_deref(), &people) {
            (Some(recipient), _) => Some(Sealing::Together { identities: &imported.identities, recipient }),
            (None, people) => people.as_deref().map(Sealing::Each),
        };
        let sealed = sealing.is_some();
        self.vault.put_register_version(number, &bytes, &veil.matcher.kept(), sealing, stamp)?;
        self.vault.sign()?;
        self.names = names::Names::of(&self.vault, keys)?;
        Ok(told(Some(number), &version.register, imported.sealed, sealed, imported.complaints))
    }

    /// The register as it stands: the newest version, or `None` where none was imported.
    ///
    /// # Errors
    /// Where it is not what its leaf says, or cannot be read.
    pub fn register(&self) -> Result<Option<Version>, CaseError> {
        let of_leaf = |logged: &assize_vault::LoggedLeaf| match &logged.leaf.act {
            assize_vault::Act::Register { name, .. } => name.strip_suffix(".json")?.parse().ok(),
            _ => None,
        };
        let Some(newest) = self.counting().filter_map(of_leaf).max() else { return Ok(None) };
        self.register_version(newest).map(Some)
    }

    /// One version.
    ///
    /// # Errors
    /// As [`Self::register`], and where there is no such version.
    pub fn register_version(&self, version: u32) -> Result<Version, CaseError> {
        let bytes = self.vault.register_version(version)?;
        serde_json::from_slice(&bytes)
            .map_err(|error| CaseError::Refused(format!("register/{version:04}.json: {error}")))
    }
}

impl Version {
    /// What is wrong with it and what it lacks.
    #[must_use]
    pub fn check(&self) -> Told {
        let found = assize_analysis::register::contradictions(&self.register);
        told(Some(self.version), &self.register, self.identities, self.sealed_to.is_some(), found)
    }
}

fn sealed_to(wanted: &ImportWanted, seal: Option<&Seal>) -> Option<String> {
    let officers = |seal: &Seal| {
        let names: Vec<&str> = seal.officers.iter().map(|officer| officer.officer.as_str()).collect();
        format!("{} of {}: {}", seal.k, names.len(), names.join(", "))
    };
    wanted.seal_to.clone().or_else(|| seal.map(officers))
}

/// Looks at files without importing them.
///
/// # Errors
/// Where a file cannot be read.
pub fn check_register(paths: &[PathBuf]) -> Result<Told, CaseError> {
    let files = given(paths)?;
    // Nothing is kept, so the key may be any.
    let key = MaskingKey::of_nobody();
    let imported = import(&files, &mut names::Importing::new(&key));
    Ok(told(None, &imported.register, imported.sealed, false, imported.complaints))
}

fn told(
    version: Option<u32>,
    register: &Register,
    identities: usize,
    sealed: bool,
    complaints: Vec<Complaint>,
) -> Told {
    Told { version, rows: rows(register), identities, sealed, complaints, missing: missing(register) }
}

fn rows(register: &Register) -> Vec<(&'static str, usize)> {
    vec![
        ("holdings", register.holdings.len()),
        ("items", register.items.len()),
        ("subjects", register.subjects.len()),
        ("holding_subjects", register.holding_subjects.len()),
        ("staff", register.staff.len()),
        ("devices", register.devices.len()),
        ("accounts", register.accounts.len()),
        ("rights", register.rights.len()),
        ("planes", register.planes.len()),
        ("duties", register.duties.len()),
        ("trips", register.trips.len()),
        ("log_sources", register.log_sources.len()),
        ("situations", register.situations.len()),
    ]
}

/// The files below the paths: of a folder those that can be a register's, by name.
fn given(paths: &[PathBuf]) -> Result<Vec<Given>, CaseError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| refused(path, &error))?;
            let mut inside: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            inside.retain(|path| path.is_file() && is_register(path));
            inside.sort();
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    files.iter().map(|path| read(path)).collect()
}

fn is_register(path: &Path) -> bool {
    let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
    matches!(end.as_deref(), Some("csv" | "json" | "yaml" | "yml"))
}

fn read(path: &Path) -> Result<Given, CaseError> {
    let size = std::fs::metadata(path).map_err(|error| refused(path, &error))?.len();
    if size > BYTES_MAX {
        return Err(CaseError::Refused(format!("{}: larger than {BYTES_MAX} bytes", path.display())));
    }
    let bytes = std::fs::read(path).map_err(|error| refused(path, &error))?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let text = String::from_utf8(bytes)
        .map_err(|_| CaseError::Refused(format!("{}: not UTF-8; save it as such", path.display())))?;
    Ok(Given { name, text: Protected::new(text) })
}

fn refused(path: &Path, error: &std::io::Error) -> CaseError {
    CaseError::Refused(format!("{}: {error}", path.display()))
}
