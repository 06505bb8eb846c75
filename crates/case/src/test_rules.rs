//! Do rules find what their samples say they find, and nothing in what they say they do not?
//!
//! Reads the layout of SigmaHQ's regression data: an `info.yml` names rules, sample files and how
//! often the rule must match. As in SigmaHQ's own runner a test is passed at that count or more
//! (at one or more where no count stands); a count of 0 is a near miss and must stay 0.

use std::io;
use std::path::{Path, PathBuf};

use assize_model::{Batch, ExhibitId, Gap, RuleFile, Scan, Scanner, Sink};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::read_as::Manner;
use crate::scan::{self, How};
use crate::{CaseError, rules};

/// Result of `rules test`; keys by the contract.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RuleTests {
    /// Tests that were found.
    pub total: usize,
    /// Tests whose rule matched often enough (a near miss: never).
    pub passed: usize,
    /// Tests whose rule matched exactly as often as stated, where a count is stated.
    pub exact: usize,
    /// The others.
    pub failed: Vec<FailedTest>,
}

/// A test that was not passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedTest {
    /// The rule's id.
    pub rule: String,
    /// How often it must match: `0`, `n`, or `≥ 1`.
    pub expected: String,
    /// How often it did, or why it did not run.
    pub got: String,
    /// The sample.
    pub file: String,
}

#[derive(Deserialize)]
struct Info {
    rule_metadata: Vec<RuleId>,
    #[serde(default)]
    regression_tests_info: Vec<Sample>,
}

#[derive(Deserialize)]
struct RuleId {
    id: String,
}

#[derive(Deserialize)]
struct Sample {
    path: String,
    match_count: Option<u64>,
}

/// Runs every test below a folder.
///
/// # Errors
/// Where the folder cannot be read, an `info.yml` cannot be understood, or there is no test.
pub fn test_rules(folder: &Path, rule_files: &[RuleFile]) -> Result<RuleTests, CaseError> {
    let scanner = rules::load(rule_files);
    let mut tests = RuleTests::default();
    for info in infos(folder)? {
        run_info(&info, folder, scanner.as_ref(), &mut tests)?;
    }
    if tests.total == 0 {
        let reason = "no tests here (expected folders with an `info.yml` and samples)".to_owned();
        return Err(CaseError::Rules { path: folder.to_owned(), reason });
    }
    tests.failed.sort_by(|one, other| (&one.rule, &one.file).cmp(&(&other.rule, &other.file)));
    Ok(tests)
}

fn infos(folder: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let found = assize_vault::walk(folder);
    if let Some(problem) = found.iter().find(|found| found.source == folder && found.problem.is_some()) {
        let reason = problem.problem.clone().unwrap_or_default();
        return Err(CaseError::Rules { path: folder.to_owned(), reason });
    }
    let infos =
        found.into_iter().filter(|found| found.source.file_name().is_some_and(|name| name == "info.yml"));
    Ok(infos.map(|found| found.source).collect())
}

fn run_info(path: &Path, root: &Path, scanner: &dyn Scanner, tests: &mut RuleTests) -> Result<(), CaseError> {
    let refused = |reason: String| CaseError::Rules { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    let info: Info = yaml_serde::from_str(&text).map_err(|error| refused(error.to_string()))?;
    for sample in &info.regression_tests_info {
        let file = sample_path(path, root, &sample.path);
        for rule in &info.rule_metadata {
            tests.total += 1;
            let got = count(&file, &rule.id, scanner);
            let failed = |got: String| FailedTest {
                rule: rule.id.clone(),
                expected: sample.match_count.map_or("≥ 1".to_owned(), |count| count.to_string()),
                got,
                file: file.strip_prefix(root).unwrap_or(&file).display().to_string(),
            };
            match (got, sample.match_count) {
                (Err(reason), _) => tests.failed.push(failed(reason)),
                (Ok(got), expected) => {
                    let enough = if expected == Some(0) { got == 0 } else { got >= expected.unwrap_or(1) };
                    tests.exact += usize::from(expected == Some(got));
                    tests.passed += usize::from(enough);
                    if !enough {
                        tests.failed.push(failed(got.to_string()));
                    }
                }
            }
        }
    }
    Ok(())
}

/// A sample stands beside its `info.yml`, or at a path from the root of the collection.
fn sample_path(info: &Path, root: &Path, sample: &str) -> PathBuf {
    let beside = info.parent().unwrap_or(root);
    let name = Path::new(sample).file_name().unwrap_or_default();
    let candidates = [beside.join(sample), beside.join(name), root.join(sample)];
    candidates.iter().find(|path| path.is_file()).unwrap_or(&candidates[0]).clone()
}

/// How often a rule matches in a file; in words why it could not be tried.
fn count(file: &Path, rule: &str, scanner: &dyn Scanner) -> Result<u64, String> {
    let index = scanner.rules().iter().position(|info| info.id == rule).ok_or_else(|| {
        let not_run = scanner.not_run().iter().find(|not_run| not_run.id == rule);
        not_run.map_or("no such rule was given".to_owned(), |rule| format!("not run: {}", rule.reason))
    })?;
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    let exhibit = ExhibitId::of_digest(&Sha256::digest(&bytes).into());
    let size = bytes.len() as u64;
    let mut counter = Counter { scanner, index, count: 0 };
    let bytes = &mut io::Cursor::new(bytes);
    let how =
        How { passwords: &[], projection: scanner.wanted(), manner: &Manner::unknown(), contents: false };
    let told = scan::read_exhibit(exhibit, bytes, size, how, &mut counter, &mut |_| {})
        .map_err(|error| error.to_string())?;
    if told.readings.iter().all(|reading| reading.events == 0) {
        return Err("no event could be read from the sample".to_owned());
    }
    Ok(counter.count)
}

struct Counter<'a> {
    scanner: &'a dyn Scanner,
    index: usize,
    count: u64,
}

impl Sink for Counter<'_> {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        let mut scan = Scan::default();
        self.scanner.scan(&batch, &mut scan);
        self.count += scan.hits.iter().filter(|hit| hit.rule == self.index).count() as u64;
        Ok(())
    }
    fn gap(&mut self, _: Gap) -> io::Result<()> {
        Ok(())
    }
}
