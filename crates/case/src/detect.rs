//! What do rules say of files, without a case?
//!
//! Files are read where they lie, and nothing is written. Ids are those that the same files would
//! have in a case, because an id is a digest of content and place.

use std::collections::BTreeMap;
use std::io::{self, Seek};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use assize_model::{
    Batch, ExhibitId, Finding, Gap, Level, Locator, NotRun, RuleFile, RuleInfo, Scan, Scanner, Sink, column,
};
use assize_vault::{Found, walk};
use serde::Serialize;

use crate::progress::Progress;
use crate::{CaseError, Unread, digest, part, rules, scan, threads};

/// What `detect` found.
#[derive(Debug, Default)]
pub struct Detected {
    /// By time (none last), rule, id.
    pub findings: Vec<DetectedFinding>,
    /// Number of events read.
    pub events: u64,
    /// Number of gaps met.
    pub gaps: u64,
    /// Gaps met, by cause.
    pub gaps_by_cause: BTreeMap<&'static str, u64>,
    /// Files that could not be read at all.
    pub unread: Vec<Unread>,
    /// Rules for which there were events of their log source.
    pub ran: usize,
    /// Rules that could be loaded.
    pub loaded: usize,
    /// Rules that could not.
    pub not_run: Vec<NotRun>,
}

/// A finding with what the contract wants of it.
#[derive(Clone, Debug, Serialize)]
pub struct DetectedFinding {
    /// The finding's id.
    pub id: String,
    /// What the rule is called.
    pub rule: RuleName,
    /// When, RFC 3339; `None` where the record does not say.
    pub time: Option<String>,
    /// Where.
    pub host: Option<String>,
    /// Kind of log.
    pub source: String,
    /// Who acted, as the record names the account.
    pub actor: Option<String>,
    /// The event's id.
    pub event: String,
    /// Where the event's bytes lie.
    pub locator: Locator,
    /// The file that holds it, as found.
    pub file: String,
    /// The own fields that the rule looked at, with their values.
    pub fields: BTreeMap<String, String>,
    /// Every own field, for profiles that show more.
    #[serde(skip)]
    pub all_fields: Vec<(String, Option<String>)>,
}

/// What a rule is called.
#[derive(Clone, Debug, Serialize)]
pub struct RuleName {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How grave.
    pub level: Level,
    /// Its tags.
    pub tags: Vec<String>,
}

/// Applies rules to every file below the given paths.
///
/// # Errors
/// Where nothing at all could be read.
pub fn detect(
    given: &[PathBuf],
    rule_files: &[RuleFile],
    min_level: Level,
    asked_threads: Option<usize>,
    progress: &dyn Progress,
) -> Result<Detected, CaseError> {
    let scanner = rules::load(rule_files);
    let files: Vec<Found> = given.iter().flat_map(|path| walk(path)).collect();
    progress.stage("detect", files.len() as u64, files.iter().map(|file| file.size).sum());
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads(asked_threads).min(files.len()) {
            scope.spawn(|| {
                while let Some(found) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = detect_in(found, scanner.as_ref(), min_level, progress);
                    progress.item_done(&found.path);
                    results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(one);
                }
            });
        }
    });
    progress.end();
    let results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(joined(results, scanner.as_ref()))
}

fn joined(results: Vec<FileResult>, scanner: &dyn Scanner) -> Detected {
    let mut all = Detected { loaded: scanner.rules().len(), ..Detected::default() };
    let mut logsources = std::collections::BTreeSet::new();
    for result in results {
        all.events += result.events;
        all.gaps += result.gaps.values().sum::<u64>();
        for (cause, count) in result.gaps {
            *all.gaps_by_cause.entry(cause).or_default() += count;
        }
        all.findings.extend(result.findings);
        all.unread.extend(result.unread);
        logsources.extend(result.scan.logsources);
    }
    let ran = |rule: &&RuleInfo| logsources.contains(&rule.logsource);
    all.ran = scanner.rules().iter().filter(ran).count();
    all.not_run = scanner.not_run().to_vec();
    let key = |finding: &DetectedFinding| {
        (finding.time.is_none(), finding.time.clone(), finding.rule.id.clone(), finding.id.clone())
    };
    all.findings.sort_by_cached_key(key);
    // The same content under two names is one exhibit with one set of events.
    all.findings.dedup_by(|one, other| one.id == other.id);
    all.unread.sort_by(|one, other| one.path.cmp(&other.path));
    all
}

/// What one file gave.
#[derive(Default)]
struct FileResult {
    findings: Vec<DetectedFinding>,
    events: u64,
    gaps: BTreeMap<&'static str, u64>,
    unread: Vec<Unread>,
    scan: Scan,
}

fn detect_in(found: &Found, scanner: &dyn Scanner, min_level: Level, progress: &dyn Progress) -> FileResult {
    let unread = |cause: String| FileResult {
        unread: vec![Unread { exhibit: None, path: found.path.clone(), cause }],
        ..FileResult::default()
    };
    if let Some(problem) = &found.problem {
        return unread(problem.clone());
    }
    let opened = std::fs::File::open(&found.source).and_then(|mut file| Ok((identify(&mut file)?, file)));
    let ((exhibit, size), mut file) = match opened {
        Ok(opened) => opened,
        Err(error) => return unread(error.to_string()),
    };
    let mut sink = Findings { found, scanner, min_level, result: FileResult::default() };
    match scan::read_exhibit(exhibit, &mut file, size, &[], &mut sink, &mut |bytes| progress.bytes(bytes)) {
        Err(error) => sink.result.unread.push(Unread {
            exhibit: Some(exhibit.to_string()),
            path: found.path.clone(),
            cause: error.to_string(),
        }),
        Ok(readings) => {
            for reading in readings.iter().filter(|reading| reading.format.is_none()) {
                let member = reading.member.as_deref().map_or(String::new(), |member| format!("!/{member}"));
                let cause = if reading.bytes == 0 { "empty or unreadable" } else { "unrecognised" };
                sink.result.unread.push(Unread {
                    exhibit: Some(exhibit.to_string()),
                    path: format!("{}{member}", found.path),
                    cause: cause.to_owned(),
                });
            }
        }
    }
    sink.result
}

/// The id is a digest of the content, so the file is read once for it and once for its events.
fn identify(file: &mut std::fs::File) -> io::Result<(ExhibitId, u64)> {
    let (sha256, size) = digest::sha256(file)?;
    file.rewind()?;
    Ok((ExhibitId::of_digest(&sha256), size))
}

/// Keeps findings, counts the rest.
struct Findings<'a> {
    found: &'a Found,
    scanner: &'a dyn Scanner,
    min_level: Level,
    result: FileResult,
}

impl Sink for Findings<'_> {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        self.result.events += batch.len() as u64;
        self.result.scan.hits.clear();
        self.scanner.scan(&batch, &mut self.result.scan);
        let hits = std::mem::take(&mut self.result.scan.hits);
        for hit in &hits {
            let rule = &self.scanner.rules()[hit.rule];
            if rule.level < self.min_level {
                continue;
            }
            let finding = part::finding_of(&batch, hit, rule).zip(batch.locator(hit.row));
            if let Some((finding, locator)) = finding {
                let file = &self.found.path;
                self.result.findings.push(detected(finding, locator, file, &batch, hit.row));
            }
        }
        Ok(())
    }

    fn gap(&mut self, gap: Gap) -> io::Result<()> {
        *self.result.gaps.entry(gap.cause.as_str()).or_default() += 1;
        Ok(())
    }
}

fn detected(finding: Finding, locator: Locator, file: &str, batch: &Batch, row: usize) -> DetectedFinding {
    let looked_at = |name: &str| finding.fields.iter().any(|field| field == name);
    let owned = |(name, value): (&str, Option<&str>)| (name.to_owned(), value.map(str::to_owned));
    let all_fields: Vec<_> = batch.fields(row).map(owned).collect();
    let fields = all_fields.iter().filter(|(name, _)| looked_at(name));
    DetectedFinding {
        id: finding.id.to_string(),
        time: finding.time.map(|time| time.to_string()),
        host: finding.host,
        source: finding.source,
        actor: batch.text(column::ACTOR, row).map(str::to_owned),
        event: finding.event.to_string(),
        locator,
        file: file.to_owned(),
        fields: fields.map(|(name, value)| (name.clone(), value.clone().unwrap_or_default())).collect(),
        rule: RuleName { id: finding.rule, title: finding.title, level: finding.level, tags: finding.tags },
        all_fields,
    }
}
