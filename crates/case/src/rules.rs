//! Which rules are given?
//!
//! Those that ship inside the program, and those below the folders that a person names. A file
//! that cannot be read is an error with its path; a rule that cannot run is the detector's to list.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use assize_model::{NotRun, RuleFile, RuleInfo, Rules, Scan, Scanner};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::CaseError;

/// Where rules are to come from.
#[derive(Clone, Debug, Default)]
pub struct RuleSource {
    /// Folders or files that a person named.
    pub given: Vec<PathBuf>,
    /// Whether the built-in rules are left out.
    pub no_builtin: bool,
}

/// The rules that ship inside the program.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../rules"]
#[include = "*.yml"]
#[exclude = "tests/*"]
struct BuiltIn;

/// The rules that ship inside the program, by name.
#[must_use]
pub fn built_in_rules() -> Vec<RuleFile> {
    let file = |name: std::borrow::Cow<'_, str>| {
        let text = BuiltIn::get(&name)?.data;
        Some(RuleFile { name: format!("built-in/{name}"), text: String::from_utf8_lossy(&text).into_owned() })
    };
    let mut files: Vec<RuleFile> = BuiltIn::iter().filter_map(file).collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

/// Every rule file that a source names, in order of name.
///
/// # Errors
/// Where a folder or file cannot be read, or no rule file is found at all.
pub fn rule_files(source: &RuleSource) -> Result<Vec<RuleFile>, CaseError> {
    let mut files = if source.no_builtin { Vec::new() } else { built_in_rules() };
    for path in &source.given {
        let before = files.len();
        collect(path, path, &mut files)?;
        if files.len() == before {
            let reason = "no rule file (*.yml, *.yaml) here".to_owned();
            return Err(CaseError::Rules { path: path.clone(), reason });
        }
    }
    if files.is_empty() {
        let reason = "no rules: --no-builtin was given without --rules DIR";
        return Err(CaseError::Refused(reason.to_owned()));
    }
    Ok(files)
}

fn collect(root: &Path, path: &Path, files: &mut Vec<RuleFile>) -> Result<(), CaseError> {
    let refused =
        |error: std::io::Error| CaseError::Rules { path: path.to_owned(), reason: error.to_string() };
    if path.is_dir() {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path).map_err(refused)? {
            entries.push(entry.map_err(refused)?.path());
        }
        entries.sort();
        return entries.iter().try_for_each(|entry| collect(root, entry, files));
    }
    let is_rule = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
    // `info.yml` stands beside regression samples and describes them; it is no rule.
    if !is_rule || path.file_name().is_some_and(|name| name == "info.yml") {
        return Ok(());
    }
    let bytes = std::fs::read(path).map_err(refused)?;
    // The name is the one below the folder that was given, so that another folder gives equal tables.
    let below = path.strip_prefix(root).ok().filter(|below| !below.as_os_str().is_empty());
    let name = below.unwrap_or_else(|| Path::new(path.file_name().unwrap_or_default()));
    files.push(RuleFile {
        name: name.display().to_string(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    });
    Ok(())
}

/// The rules made ready by the one detector there is.
pub(crate) fn load(files: &[RuleFile]) -> Box<dyn Scanner> {
    use assize_model::Detector;
    assize_sigma::SIGMA.load(files)
}

/// What there was for the rules to look at.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct LookedAt {
    /// Log sources of which there was an event.
    logsources: BTreeSet<String>,
    /// Rules that could have spoken of one.
    able: Rules,
}

impl LookedAt {
    /// Adds what a scan met.
    pub(crate) fn scanned(&mut self, scan: &mut Scan) {
        self.logsources.append(&mut scan.logsources);
        self.able.add(&scan.able);
    }

    /// Adds what was met elsewhere.
    pub(crate) fn add(&mut self, other: &Self) {
        self.logsources.extend(other.logsources.iter().cloned());
        self.able.add(&other.able);
    }

    /// Which rules ran, and which did not and why: a rule that looked at nothing, or at nothing that it needs, has
    /// not run, whatever else is true of it.
    pub(crate) fn told(&self, scanner: &dyn Scanner) -> (Vec<RuleInfo>, Vec<NotRun>) {
        let (mut ran, mut not_run) = (Vec::new(), scanner.not_run().to_vec());
        for (number, rule) in scanner.rules().iter().enumerate() {
            if !self.logsources.contains(&rule.logsource) {
                not_run.push(NotRun::idle(rule));
            } else if !self.able.contains(number) {
                not_run.push(NotRun::blind(rule));
            } else {
                ran.push(rule.clone());
            }
        }
        not_run.sort();
        (ran, not_run)
    }
}

/// A digest of all rules, whatever their order, hexadecimal.
pub(crate) fn digest(files: &[RuleFile]) -> String {
    let one = |file: &RuleFile| {
        let digest =
            Sha256::new().chain_update(file.name.as_bytes()).chain_update([0]).chain_update(&file.text);
        <[u8; 32]>::from(digest.finalize())
    };
    let mut digests: Vec<[u8; 32]> = files.iter().map(one).collect();
    digests.sort_unstable();
    HEXLOWER.encode(&Sha256::digest(digests.concat()))
}
