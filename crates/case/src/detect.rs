//! What do rules say of files, without a case?
//!
//! Files are read where they lie, once each, and nothing is written but what memory cannot hold
//! (`sorted`). Ids are those that the same files would have in a case, because an id is a digest of
//! content and place: so an event's id is made when its file is done and its digest known. Of records
//! only what the rules can touch is read, unless every field is asked for.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use assize_model::{
    Batch, EventId, ExhibitId, Finding, FindingId, Gap, Level, Locator, NotRun, Projection, Reading,
    RuleAbout, RuleFile, RuleInfo, Scan, Scanner, Sink, SpinePart, Time, Wanted, column,
};
use assize_vault::{Found, walk};
use serde::{Serialize, Serializer};

use crate::choice::Choice;
use crate::digest::Digested;
use crate::kept::Kept;
use crate::progress::Progress;
use crate::read_as::{Manner, ReadAs};
use crate::rules::LookedAt;
use crate::scan::{self, How};
use crate::sorted::{Heap, Key, Sorted};
use crate::{CaseError, Unread, clock, rules, threads};

/// What is asked of [`detect`].
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// Files and folders.
    pub paths: &'a [PathBuf],
    /// How files are read where their bytes leave a choice.
    pub read_as: &'a [ReadAs],
    /// The rules.
    pub rules: &'a [RuleFile],
    /// Which findings are wanted.
    pub choice: &'a Choice,
    /// Whether findings carry every field of their events.
    pub all_fields: bool,
    /// Number of threads; as many as the machine has if `None`.
    pub threads: Option<usize>,
}

/// What `detect` found.
#[derive(Debug, Default)]
pub struct Detected {
    /// Number of events read, or passed over because no rule can speak of them.
    pub events: u64,
    /// Gaps met, by cause.
    pub gaps_by_cause: BTreeMap<&'static str, u64>,
    /// Files that could not be read at all.
    pub unread: Vec<Unread>,
    /// Files with the content of another: counted and told once. The copy, then the other.
    pub copies: Vec<(String, String)>,
    /// Rules for which there were events of their log source, with the fields that they need.
    pub ran: usize,
    /// Rules that could be loaded.
    pub loaded: usize,
    /// Rules that could not, and those that had nothing to look at.
    pub not_run: Vec<NotRun>,
    findings: Sorted,
    rules: Vec<RuleName>,
    files: Vec<File>,
}

/// A file and what it is.
#[derive(Debug)]
struct File {
    path: String,
    exhibit: ExhibitId,
    is_copy: bool,
}

/// A finding with what the contract wants of it.
#[derive(Clone, Debug, Serialize)]
pub struct DetectedFinding<'a> {
    /// The finding's id.
    pub id: FindingId,
    /// What the rule is called.
    pub rule: &'a RuleName,
    /// When; `None` where the record does not say.
    pub time: Option<Time>,
    /// Where.
    pub host: Option<&'a str>,
    /// Kind of log.
    pub source: &'a str,
    /// Who acted, as the record names the account.
    pub actor: Option<&'a str>,
    /// The event's id.
    pub event: EventId,
    /// Where the event's bytes lie.
    pub locator: Locator,
    /// The file that holds it, as found.
    pub file: &'a str,
    /// The own fields that the rule looked at, with their values; sorted, each name once.
    #[serde(serialize_with = "as_map")]
    pub fields: Vec<(&'a str, &'a str)>,
    /// Own fields of the event in its order: all of them if they were asked for, else those that
    /// name the record.
    #[serde(skip)]
    pub record: Vec<(&'a str, Option<&'a str>)>,
}

fn as_map<S: Serializer>(fields: &[(&str, &str)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().copied())
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
    /// Where it stands.
    #[serde(skip)]
    pub file: String,
    /// Who wrote it and when.
    #[serde(skip)]
    pub about: RuleAbout,
}

/// Fields that name a record, for those who look it up in its own tools.
const RECORD: &[&str] = &["Channel", "Provider_Name", "EventID", "EventRecordID"];

/// Applies rules to every file below the given paths.
///
/// # Errors
/// Where findings can neither be held nor put aside.
pub fn detect(search: &Search<'_>, progress: &dyn Progress) -> Result<Detected, CaseError> {
    let scanner = rules::load(search.rules);
    let files: Vec<Found> = search.paths.iter().flat_map(|path| walk(path)).collect();
    progress.stage("detect", files.len() as u64, files.iter().map(|file| file.size).sum());
    let allowed: Vec<bool> = scanner.rules().iter().map(|rule| search.choice.wants_rule(rule)).collect();
    let wanted = match scanner.wanted() {
        // Who acted is told of every finding.
        Projection::Wanted(wanted) => Some(wanted.clone().with_spine(SpinePart::Accounts)),
        Projection::Everything => None,
    };
    let scanner = scanner.as_ref();
    let task = Task { scanner, wanted, files: &files, allowed, search, now: clock::now(), progress };
    let results = task.all();
    progress.end();
    task.joined(results?)
}

/// What all threads work at.
struct Task<'a> {
    scanner: &'a dyn Scanner,
    /// What the rules need of records; one for all files, so that readers look it through once.
    wanted: Option<Wanted>,
    files: &'a [Found],
    /// For each rule whether it is asked for.
    allowed: Vec<bool>,
    search: &'a Search<'a>,
    /// Files that lie here now have no records of later.
    now: Time,
    progress: &'a dyn Progress,
}

/// What one file gave beside its findings.
#[derive(Default)]
struct FileResult {
    exhibit: Option<ExhibitId>,
    events: u64,
    gaps: BTreeMap<&'static str, u64>,
    unread: Vec<(Option<String>, String)>,
    looked_at: LookedAt,
}

impl Task<'_> {
    /// The files' results in their order, and the findings of each thread.
    fn all(&self) -> Result<(Vec<FileResult>, Vec<Heap>), CaseError> {
        // The largest first, so that no thread is left with one when the others are done.
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(self.files[*index].size));
        let next = AtomicUsize::new(0);
        let done = Mutex::new((Vec::new(), Vec::new()));
        let lock = || done.lock().unwrap_or_else(PoisonError::into_inner);
        let work = || {
            let mut heap = Heap::default();
            while let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                let result = self.one(*index, &mut heap);
                self.progress.item_done(&self.files[*index].path);
                lock().0.push((*index, result));
            }
            lock().1.push(heap);
        };
        std::thread::scope(|scope| {
            for _ in 0..threads(self.search.threads).min(self.files.len()) {
                scope.spawn(work);
            }
        });
        let (mut results, heaps) = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|(index, _)| *index);
        let results: Result<Vec<_>, CaseError> = results.into_iter().map(|(_, result)| result).collect();
        Ok((results?, heaps))
    }

    fn one(&self, index: usize, heap: &mut Heap) -> Result<FileResult, CaseError> {
        let found = &self.files[index];
        let unread = |cause: String| FileResult { unread: vec![(None, cause)], ..FileResult::default() };
        if let Some(problem) = &found.problem {
            return Ok(unread(problem.clone()));
        }
        let mut file = match std::fs::File::open(&found.source) {
            Ok(file) => Digested::of(file),
            Err(error) => return Ok(unread(error.to_string())),
        };
        let result = FileResult::default();
        let mut sink =
            Findings { task: self, index, heap, bytes: Vec::new(), found: 0, failed: None, result };
        let readings = self.read(&mut file, found, &mut sink);
        if let Some(error) = sink.failed.take() {
            return Err(CaseError::Aside(error));
        }
        let mut result = sink.result;
        match readings {
            Err(error) => result.unread.push((None, error.to_string())),
            Ok(readings) => {
                result.events = readings.iter().map(|reading| reading.events).sum();
                result
                    .unread
                    .extend(readings.iter().filter(|reading| reading.format.is_none()).map(unreadable));
            }
        }
        match file.finish() {
            Ok(sha256) => result.exhibit = Some(ExhibitId::of_digest(&sha256)),
            Err(error) => result.unread.push((None, error.to_string())),
        }
        Ok(result)
    }

    fn read(
        &self,
        file: &mut Digested<std::fs::File>,
        Found { size, path, .. }: &Found,
        sink: &mut Findings<'_, '_>,
    ) -> io::Result<Vec<Reading>> {
        // The exhibit's id is not known yet; `Kept` has none.
        let exhibit = ExhibitId::of_digest(&[0; 32]);
        let mut told = |bytes| self.progress.bytes(bytes);
        let projection = match &self.wanted {
            Some(wanted) if !self.search.all_fields => Projection::Wanted(wanted),
            _ => Projection::Everything,
        };
        let manner = Manner::of_file(self.search.read_as, path, self.now);
        let how = How { passwords: &[], projection, manner: &manner, contents: false };
        let read = scan::read_exhibit(exhibit, file, *size, how, sink, &mut told)?;
        Ok(read.readings)
    }

    fn joined(&self, (results, heaps): (Vec<FileResult>, Vec<Heap>)) -> Result<Detected, CaseError> {
        let mut all = Detected {
            loaded: self.scanner.rules().len(),
            findings: Sorted::of(heaps).map_err(CaseError::Aside)?,
            rules: self.scanner.rules().iter().map(RuleName::of).collect(),
            ..Detected::default()
        };
        let mut looked_at = LookedAt::default();
        let mut known: BTreeMap<ExhibitId, &str> = BTreeMap::new();
        for (found, result) in self.files.iter().zip(results) {
            let original = result.exhibit.and_then(|exhibit| known.get(&exhibit).copied());
            let exhibit = result.exhibit.unwrap_or(ExhibitId::of_digest(&[0; 32]));
            all.files.push(File { path: found.path.clone(), exhibit, is_copy: original.is_some() });
            if let Some(original) = original {
                all.copies.push((found.path.clone(), original.to_owned()));
                continue;
            }
            known.extend(result.exhibit.map(|exhibit| (exhibit, found.path.as_str())));
            all.events += result.events;
            for (cause, count) in result.gaps {
                *all.gaps_by_cause.entry(cause).or_default() += count;
            }
            all.unread.extend(result.unread.into_iter().map(|(member, cause)| Unread {
                exhibit: result.exhibit.map(|exhibit| exhibit.to_string()),
                path: format!(
                    "{}{}",
                    found.path,
                    member.map_or(String::new(), |member| format!("!/{member}"))
                ),
                cause,
            }));
            looked_at.add(&result.looked_at);
        }
        let (ran, not_run) = looked_at.told(self.scanner);
        (all.ran, all.not_run) = (ran.len(), not_run);
        all.unread.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(all)
    }
}

/// A member that no format knows, and in a word why.
fn unreadable(reading: &Reading) -> (Option<String>, String) {
    let cause = if reading.bytes == 0 { "empty or unreadable" } else { "unrecognised" };
    (reading.member.clone(), cause.to_owned())
}

impl RuleName {
    fn of(rule: &RuleInfo) -> Self {
        let RuleInfo { id, title, level, tags, file, about, .. } = rule.clone();
        Self { id, title, level, tags, file, about }
    }
}

impl Detected {
    /// Number of gaps met.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.gaps_by_cause.values().sum()
    }

    /// Hands over every finding once: by time (none last), rule, file and place in the file.
    ///
    /// # Errors
    /// Those of `take`, and where what was put aside cannot be read again.
    pub fn each<E: From<CaseError>>(
        &mut self,
        mut take: impl FnMut(DetectedFinding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some((key, carried)) = self.findings.next().map_err(CaseError::Aside)? {
            let file = &self.files[key.file as usize];
            if !file.is_copy {
                let kept = Kept::read(&carried)
                    .ok_or_else(|| CaseError::Aside(io::ErrorKind::InvalidData.into()))?;
                take(told(key, kept, &self.rules[key.rule as usize], file))?;
            }
        }
        Ok(())
    }
}

fn told<'a>(key: Key, kept: Kept<'a>, rule: &'a RuleName, file: &'a File) -> DetectedFinding<'a> {
    let offset = kept.ranges.first().map_or(0, |range| range.offset);
    let event = EventId::of_record(file.exhibit, kept.member, offset);
    DetectedFinding {
        id: Finding::id_of(&rule.id, event),
        rule,
        time: (!key.timeless).then_some(Time(key.time)),
        host: kept.host,
        source: kept.source,
        actor: kept.actor,
        event,
        locator: Locator {
            exhibit: file.exhibit,
            member: kept.member.map(str::to_owned),
            format: kept.format.to_owned(),
            ranges: kept.ranges,
            options: kept.options,
        },
        file: &file.path,
        fields: kept.fields,
        record: kept.record,
    }
}

/// Keeps findings, counts the rest.
struct Findings<'a, 't> {
    task: &'t Task<'t>,
    index: usize,
    heap: &'a mut Heap,
    /// The finding at hand.
    bytes: Vec<u8>,
    found: u64,
    failed: Option<io::Error>,
    result: FileResult,
}

impl Findings<'_, '_> {
    fn keep(&mut self, batch: &Batch, hit: &assize_model::Hit) -> io::Result<()> {
        let Some(locator) = batch.locator(hit.row) else { return Ok(()) };
        let text = |name| batch.text(name, hit.row);
        let looked_at = |name: &str| hit.fields.iter().any(|field| field == name);
        let names_it = |name: &str| self.task.search.all_fields || RECORD.contains(&name);
        let own = || batch.fields(hit.row);
        let mut fields: Vec<(&str, &str)> = own()
            .filter(|(name, _)| looked_at(name))
            .map(|(name, value)| (name, value.unwrap_or("")))
            .collect();
        // Of a name that stands more than once the last one is told.
        fields.reverse();
        fields.sort_by_key(|(name, _)| *name);
        fields.dedup_by_key(|(name, _)| *name);
        let kept = Kept {
            host: text(column::HOST),
            source: text(column::SOURCE).unwrap_or_default(),
            actor: text(column::ACTOR),
            member: locator.member.as_deref(),
            format: &locator.format,
            ranges: locator.ranges,
            options: locator.options,
            fields,
            record: own().filter(|(name, _)| names_it(name)).collect(),
        };
        let time = batch.time(hit.row);
        let key = Key {
            timeless: time.is_none(),
            time: time.map_or(0, |time| time.0),
            rule: hit.rule as u32,
            file: self.index as u32,
            place: self.found,
        };
        self.found += 1;
        self.bytes.clear();
        kept.write(&mut self.bytes);
        self.heap.push(key, &self.bytes)
    }
}

impl Sink for Findings<'_, '_> {
    fn batch(&mut self, batch: Batch) -> io::Result<()> {
        let mut scan = Scan::default();
        self.task.scanner.scan(&batch, &mut scan);
        self.result.looked_at.scanned(&mut scan);
        for hit in scan.hits.iter().filter(|hit| self.task.allowed[hit.rule]) {
            if self.task.search.choice.wants_event(&batch, hit.row)
                && let Err(error) = self.keep(&batch, hit)
            {
                let told = io::Error::other(error.to_string());
                self.failed = Some(error);
                return Err(told);
            }
        }
        Ok(())
    }

    fn gap(&mut self, gap: Gap) -> io::Result<()> {
        *self.result.gaps.entry(gap.cause.as_str()).or_default() += 1;
        Ok(())
    }
}
