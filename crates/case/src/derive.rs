//! How do tables come from exhibits and rules, the same bytes every time?
//!
//! Each exhibit is read by itself, by any thread, into files of its own, under a key that names
//! everything the result depends on; a task whose key has not changed is not done again. What is
//! about all exhibits together (readings, rules, coverage) comes after, in a total order. At the
//! end a manifest of digests goes into the custody log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use assize_formats::container;
use assize_model::{Exhibit, Projection, Reading, RuleFile, Scanner, spine};
use assize_vault::{Act, Derived, Stamp};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::names::{self, Covering, Names};
use crate::part::{self, Part};
use crate::progress::Progress;
use crate::read_as::{Manner, ReadAs};
use crate::rules::LookedAt;
use crate::scan::{Content, How};
use crate::{Case, CaseError, columns, conclude, digest, rules, sameness, scan};

/// What a derivation did.
#[derive(Clone, Debug, Serialize)]
pub struct Derivation {
    /// Exhibits read now.
    pub read: usize,
    /// Exhibits whose result stood already.
    pub kept: usize,
    /// SHA-256 of the manifest of all derived files, hexadecimal.
    pub manifest: String,
}

/// Number of threads to use: as asked, or as many as the machine has.
#[must_use]
pub fn threads(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1)
}

/// What one exhibit gave, kept so that it need not be read again.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    /// Digest of everything the result depends on.
    key: String,
    /// Digest of what was said of how its members are to be read.
    #[serde(default)]
    read_as: String,
    /// When the exhibit was acquired, if the year of some event rests on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acquired: Option<String>,
    readings: Vec<Reading>,
    contents: Vec<Content>,
    looked_at: LookedAt,
    /// What was covered of protected names.
    #[serde(default)]
    covering: Covering,
}

impl Done {
    fn read_as(readings: &[Reading], manner: &Manner<'_>) -> String {
        manner.digest(readings.iter().map(|reading| reading.member.as_deref()))
    }

    fn stands(&self, key: &str, manner: &Manner<'_>) -> bool {
        self.key == key
            && self.read_as == Self::read_as(&self.readings, manner)
            && self.acquired.as_deref().is_none_or(|day| Some(day) == manner.acquired())
    }
}

const MANIFEST: &str = "manifest.json";

impl Case {
    /// Reads every exhibit and derives every table.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn derive(
        &mut self,
        rule_files: &[RuleFile],
        asked_threads: Option<usize>,
        stamp: &Stamp,
        progress: &dyn Progress,
    ) -> Result<Derivation, CaseError> {
        let scanner = rules::load(rule_files);
        let derived = self.vault.derived();
        let mut vouched = Vouched::take(&derived)?;
        let rules_digest = rules::digest(rule_files);
        vouched.rules.clone_from(&rules_digest);
        let exhibits = self.exhibits();
        let names = self.names.as_ref().map(|names| names.sparing(BTreeSet::new()));
        let work = Work {
            case: self,
            names: names.as_ref(),
            derived: &derived,
            scanner: scanner.as_ref(),
            rules_digest: &rules_digest,
            said: self.said_of_reading(),
        };
        let mut dones = work.read_all(&exhibits, threads(asked_threads), progress)?;
        let ordinary = work.spare_ordinary(&exhibits, &mut dones, progress)?;
        drop_strangers(&derived, &exhibits)?;
        for (exhibit, (_, was_read)) in exhibits.iter().zip(&dones) {
            if *was_read {
                vouched.forget(&exhibit.id.to_string());
            }
        }
        let read = dones.iter().filter(|(_, was_read)| *was_read).count();
        let dones: Vec<Done> = dones.into_iter().map(|(done, _)| done).collect();
        progress.stage("derive", 1, 0);
        self.names = self.names.take().map(|names| Arc::new(names.sparing(ordinary)));
        write_tables(&derived, &exhibits, &dones, scanner.as_ref(), self.names.as_deref())?;
        names::keep(&derived, self.names.as_deref())?;
        let contents: Vec<(String, Content)> = exhibits.iter().zip(&dones).flat_map(contents_of).collect();
        let covering = self.names.as_deref();
        sameness::write(&derived, &self.vault, &exhibits, &contents, covering, threads(asked_threads))?;
        let manifest = self.conclude_over(&derived, &dones, vouched, threads(asked_threads), stamp)?;
        progress.end();
        Ok(Derivation { read, kept: exhibits.len() - read, manifest })
    }

    /// Draws the conclusions again from what was read, after a decision: no exhibit is read.
    ///
    /// # Errors
    /// [`CaseError::NotDerived`], or the disk refuses.
    pub fn conclude(
        &mut self,
        asked_threads: Option<usize>,
        stamp: &Stamp,
        progress: &dyn Progress,
    ) -> Result<String, CaseError> {
        let derived = self.vault.derived();
        let exhibits = self.exhibits();
        let done = |exhibit: &Exhibit| -> Result<Done, CaseError> {
            let bytes = derived.read(&format!("tasks/{}.json", exhibit.id))?.ok_or(CaseError::NotDerived)?;
            serde_json::from_slice(&bytes).map_err(|_| CaseError::NotDerived)
        };
        let dones: Vec<Done> = exhibits.iter().map(done).collect::<Result<_, _>>()?;
        let vouched = Vouched::take(&derived)?;
        progress.stage("derive", 1, 0);
        let manifest = self.conclude_over(&derived, &dones, vouched, threads(asked_threads), stamp)?;
        progress.end();
        Ok(manifest)
    }

    /// What is about all exhibits together, the manifest over it, and its leaf.
    fn conclude_over(
        &mut self,
        derived: &Derived,
        dones: &[Done],
        vouched: Vouched,
        threads: usize,
        stamp: &Stamp,
    ) -> Result<String, CaseError> {
        let read = conclude::ReadKey::of(dones.iter().map(|done| {
            let parts = [done.key.as_str(), &done.read_as, done.acquired.as_deref().unwrap_or_default()];
            (parts, &done.covering.spared)
        }));
        conclude::conclude(self, derived, &read, threads)?;
        let manifest = write_manifest(derived, &vouched)?;
        self.log_derivation(&manifest, stamp)?;
        Ok(manifest)
    }

    /// A leaf for what was derived, unless the last one says the same.
    fn log_derivation(&mut self, manifest: &str, stamp: &Stamp) -> Result<(), CaseError> {
        let last = self.vault.leaves().iter().rev().find_map(|logged| match &logged.leaf.act {
            Act::Derive { manifest } => Some(manifest.as_str()),
            _ => None,
        });
        if last != Some(manifest) {
            self.vault.append(stamp, Act::Derive { manifest: manifest.to_owned() })?;
        }
        self.vault.sign()?;
        Ok(())
    }
}

struct Work<'a> {
    case: &'a Case,
    names: Option<&'a Names>,
    derived: &'a Derived,
    scanner: &'a dyn Scanner,
    rules_digest: &'a str,
    said: Vec<ReadAs>,
}

impl Work<'_> {
    /// Reads all exhibits on so many threads. The results come in the order of the exhibits, each
    /// with whether it had to be read for it.
    fn read_all(
        &self,
        exhibits: &[Exhibit],
        threads: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<(Done, bool)>, CaseError> {
        progress.stage("read", exhibits.len() as u64, exhibits.iter().map(|x| x.digests.size).sum());
        let next = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..threads.min(exhibits.len()) {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(exhibit) = exhibits.get(index) else { return };
                        let result = self.read_one(exhibit, progress);
                        stop.fetch_or(result.is_err(), Ordering::Relaxed);
                        let name = exhibit.admissions.first().map_or("", |admission| &admission.path);
                        progress.item_done(name);
                        // A thread that panicked holds no half result: the list is only pushed to.
                        results
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner)
                            .push((index, result));
                    }
                });
            }
        });
        progress.end();
        let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// The result of one exhibit, and whether it had to be read for it.
    fn read_one(&self, exhibit: &Exhibit, progress: &dyn Progress) -> Result<(Done, bool), CaseError> {
        let id = exhibit.id.to_string();
        let name = format!("tasks/{id}.json");
        let key = self.key(exhibit);
        let manner = Manner::of_exhibit(&self.said, exhibit);
        let kept = self.derived.read(&name)?.and_then(|bytes| serde_json::from_slice::<Done>(&bytes).ok());
        if let Some(done) = kept.filter(|done| done.stands(&key, &manner)) {
            progress.bytes(exhibit.digests.size);
            return Ok((done, false));
        }
        Ok((self.read_now(exhibit, key, self.names, progress)?, true))
    }

    /// Reads an exhibit with these names covered.
    fn read_now(
        &self,
        exhibit: &Exhibit,
        key: String,
        names: Option<&Names>,
        progress: &dyn Progress,
    ) -> Result<Done, CaseError> {
        let id = exhibit.id.to_string();
        let name = format!("tasks/{id}.json");
        let manner = Manner::of_exhibit(&self.said, exhibit);
        self.derived.remove(&name)?;
        let mut part = Part::begin(self.derived, self.scanner, &id, names)?;
        let mut content = self.case.vault.content(exhibit)?;
        // Unpacked bytes of a container are more than the exhibit's: the bar shows packed ones.
        let mut left = exhibit.digests.size;
        let mut count = |bytes: u64| {
            let shown = bytes.min(left);
            left -= shown;
            progress.bytes(shown);
        };
        let told = {
            let passwords = self.case.vault.passwords();
            let how = How { passwords, projection: Projection::Everything, manner: &manner, contents: true };
            scan::read_exhibit(exhibit.id, &mut content, exhibit.digests.size, how, &mut part, &mut count)
        };
        progress.bytes(left);
        if let Some(failed) = part.failed.take() {
            return Err(failed);
        }
        let mut told = told.map_err(|error| part::table_error(&id, error))?;
        let covering = part.cover.take().map_or_else(Covering::default, |cover| {
            let readings = told.readings.iter_mut().map(|reading| &mut reading.member);
            let contents = told.contents.iter_mut().map(|content| &mut content.member);
            for member in readings.chain(contents).flatten() {
                *member = cover.path(member);
            }
            cover.done()
        });
        let looked_at = part.commit()?;
        let read_as = Done::read_as(&told.readings, &manner);
        let acquired = manner.acquired().filter(|_| told.rests_on_acquisition).map(str::to_owned);
        let (readings, contents) = (told.readings, told.contents);
        let done = Done { key, read_as, acquired, readings, contents, looked_at, covering };
        write_json(self.derived, &name, &done)?;
        Ok(done)
    }

    /// Reads those exhibits again in which a word was covered that all exhibits together show to be ordinary,
    /// and says which words these are.
    fn spare_ordinary(
        &self,
        exhibits: &[Exhibit],
        dones: &mut [(Done, bool)],
        progress: &dyn Progress,
    ) -> Result<BTreeSet<u64>, CaseError> {
        let Some(names) = self.names else { return Ok(BTreeSet::new()) };
        let events = dones.iter().flat_map(|(done, _)| &done.readings).map(|reading| reading.events).sum();
        let ordinary = names::ordinary(dones.iter().map(|(done, _)| &done.covering), events);
        let sparing = names.sparing(ordinary.clone());
        for (exhibit, (done, was_read)) in exhibits.iter().zip(dones) {
            let wanted = done.covering.of(&ordinary);
            if wanted != done.covering.spared {
                let words = std::mem::take(&mut done.covering.words);
                *done = self.read_now(exhibit, done.key.clone(), Some(&sparing), progress)?;
                done.covering = Covering { words, spared: wanted, ..std::mem::take(&mut done.covering) };
                write_json(self.derived, &format!("tasks/{}.json", exhibit.id), done)?;
                *was_read = true;
            }
        }
        Ok(ordinary)
    }

    /// Everything that the result of an exhibit depends on.
    fn key(&self, exhibit: &Exhibit) -> String {
        let mut digest = Sha256::new();
        digest.update(exhibit.digests.sha256.as_bytes());
        digest.update(self.rules_digest.as_bytes());
        digest.update(format!("{} {:?}", crate::TOOL, spine::schema()).as_bytes());
        digest.update(format!("sigma {}; containers {};", sigma_version(), container::VERSION).as_bytes());
        if let Some(names) = self.names {
            digest.update(format!("names {};", names.digest()).as_bytes());
            // Members are remembered with their names covered, where no pattern that holds one finds them.
            let hidden = self.said.iter().filter(|said| names.holds(said.of.as_bytes()));
            hidden.for_each(|said| digest.update(format!("{said:?}").as_bytes()));
        }
        for password in self.case.vault.passwords() {
            digest.update(Sha256::digest(password));
        }
        for format in assize_formats::ALL {
            let card = format.card();
            digest.update(format!("{} {};", card.name, card.version).as_bytes());
        }
        HEXLOWER.encode(&digest.finalize())
    }
}

fn contents_of((exhibit, done): (&Exhibit, &Done)) -> Vec<(String, Content)> {
    let id = exhibit.id.to_string();
    done.contents.iter().map(|content| (id.clone(), content.clone())).collect()
}

fn sigma_version() -> u32 {
    use assize_model::Detector;
    assize_sigma::SIGMA.card().version
}

fn write_json(derived: &Derived, name: &str, value: &impl Serialize) -> Result<(), CaseError> {
    let mut file = derived.create(name)?;
    serde_json::to_writer_pretty(&mut file, value).map_err(|error| part::table_error(name, error))?;
    Ok(file.commit()?)
}

/// Removes files of exhibits that are not (or no longer) in the case.
fn drop_strangers(derived: &Derived, exhibits: &[Exhibit]) -> Result<(), CaseError> {
    let known: BTreeSet<String> = exhibits.iter().map(|exhibit| exhibit.id.to_string()).collect();
    for name in derived.list()? {
        let Some((_, file)) = name.split_once('/') else { continue };
        let id = file.split('.').next().unwrap_or(file);
        if !known.contains(id) {
            derived.remove(&name)?;
        }
    }
    Ok(())
}

fn write_tables(
    derived: &Derived,
    exhibits: &[Exhibit],
    dones: &[Done],
    scanner: &dyn Scanner,
    names: Option<&Names>,
) -> Result<(), CaseError> {
    let readings: Vec<_> = dones.iter().flat_map(|done| &done.readings).map(columns::reading).collect();
    part::write_table(derived, columns::READINGS, &readings)?;
    let rows: Vec<_> = exhibits.iter().map(|exhibit| columns::exhibit(exhibit, names)).collect();
    part::write_table(derived, columns::EXHIBITS, &rows)?;
    let masked: Vec<_> = exhibits
        .iter()
        .zip(dones)
        .flat_map(|(exhibit, done)| {
            done.covering.counts.iter().map(|count| columns::masked(exhibit.id, count))
        })
        .collect();
    part::write_table(derived, columns::MASKED, &masked)?;
    let mut looked_at = LookedAt::default();
    dones.iter().for_each(|done| looked_at.add(&done.looked_at));
    let (ran, not_run) = looked_at.told(scanner);
    part::write_table(derived, columns::RULES, &part::rule_rows(&ran, &not_run))
}

/// The digests of all derived files.
#[derive(Serialize, Deserialize)]
struct Manifest {
    tool: String,
    rules: String,
    files: Vec<Listed>,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    name: String,
    sha256: String,
}

/// Digests of files of exhibits that stand as they did: they need not be taken again.
#[derive(Default)]
struct Vouched {
    rules: String,
    digests: BTreeMap<String, String>,
}

impl Vouched {
    /// Takes the last manifest away. While tables are being made no manifest vouches for them: a
    /// derivation that is cut short leaves tables that are outside every proof, and not ones that
    /// look forged.
    fn take(derived: &Derived) -> Result<Self, CaseError> {
        let bytes = derived.read(MANIFEST)?.unwrap_or_default();
        derived.remove(MANIFEST)?;
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else { return Ok(Self::default()) };
        if manifest.tool != crate::TOOL {
            return Ok(Self { rules: manifest.rules, ..Self::default() });
        }
        // What is about all exhibits together is small, and written anew.
        let of_exhibits = manifest.files.into_iter().filter(|file| file.name.contains("/x-"));
        Ok(Self {
            rules: manifest.rules,
            digests: of_exhibits.map(|file| (file.name, file.sha256)).collect(),
        })
    }

    /// The files of an exhibit were written again.
    fn forget(&mut self, exhibit: &str) {
        self.digests.retain(|name, _| !name.contains(exhibit));
    }
}

/// Writes the manifest and returns its SHA-256.
fn write_manifest(derived: &Derived, vouched: &Vouched) -> Result<String, CaseError> {
    let mut files = Vec::new();
    for name in derived.list()?.into_iter().filter(|name| name != MANIFEST) {
        let sha256 = match vouched.digests.get(&name) {
            Some(known) => known.clone(),
            None => {
                let digest = digest::sha256(&mut derived.open(&name)?);
                HEXLOWER.encode(&digest.map_err(|error| part::table_error(&name, error))?.0)
            }
        };
        files.push(Listed { name, sha256 });
    }
    let manifest = Manifest { tool: crate::TOOL.to_owned(), rules: vouched.rules.clone(), files };
    write_json(derived, MANIFEST, &manifest)?;
    let bytes = derived.read(MANIFEST)?.unwrap_or_default();
    Ok(HEXLOWER.encode(&Sha256::digest(bytes)))
}
