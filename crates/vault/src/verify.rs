//! Is everything still as it was acknowledged, and who says so?
//!
//! Reads a case (or a bundle) from its bytes, with no trust in what this program wrote before. Every
//! file is either held against the log, and a difference is named, or listed as outside the proof.
//! Nothing is written, and nothing is repaired.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assize_model::{Digests, LeafId};

use crate::check::{Facts, Findings, Verdict, verdict};
use crate::derived::ANSWERS_BELOW as ANSWERS;
use crate::disk::{Disk, RealDisk};
use crate::keys::{CustodyKey, Keys};
use crate::leaf::Act;
use crate::log::{self, CHECKPOINT, Log};
use crate::merkle;
use crate::note::{Head, Note, PublicKey};
use crate::policy::Policy;
use crate::sign::{COSIGNED, KEY};
use crate::store::{NotOpened, Place, Store, digest};
use crate::{Made, VaultError, at, case_file, id_of, sha256_of, tiles};

pub use crate::bundle::verify_bundle;

/// Verifies a case. With a policy, signatures count as it says; with keys, encrypted exhibits are
/// opened too, not only held against the digest of what is stored.
///
/// # Errors
/// Where the folder is no case or cannot be read; what is wrong with its content is in the verdict.
pub fn verify(
    root: &Path,
    policy: Option<&Policy>,
    keys: Option<&Keys>,
    progress: &mut dyn FnMut(u64),
) -> Result<Verdict, VaultError> {
    if !root.join(case_file::NAME).is_file() {
        return Err(VaultError::NotACase(root.to_owned()));
    }
    let mut check = Check::of(root)?;
    check.head(policy);
    check.tiles();
    check.cosigned(policy);
    check.exhibits(keys, progress)?;
    check.register();
    check.derived(progress);
    check.others();
    Ok(verdict(check.facts, check.findings))
}

struct Check {
    root: PathBuf,
    log: Log,
    made: Option<Made>,
    facts: Facts,
    findings: Findings,
    /// Files, below the case, that something above has looked at.
    seen: BTreeSet<String>,
}

impl Check {
    /// Reads the leaves.
    fn of(root: &Path) -> Result<Self, VaultError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let path = root.join(log::LEAVES);
        let bytes = disk.read(&path).map_err(at(&path))?.unwrap_or_default();
        let (log, unreadable) = Log::parse(&disk, &path, &bytes, u64::MAX);
        let made = Made::of(log.leaves().first());
        let facts = Facts { leaves: log.tree().size(), ..Facts::default() };
        let mut check = Self {
            root: root.to_owned(),
            log,
            made: None,
            facts,
            findings: Findings::default(),
            seen: BTreeSet::from([log::LEAVES.to_owned()]),
        };
        if let Some(bad) = unreadable {
            let size = check.read_head().map_or(0, |(_, head)| head.size);
            if bad.index >= size && bad.reason == "the last line is cut off" {
                // A writer at work, or one that was killed: nobody was told that this is safe.
                check.findings.outside(format!("{}: a last line that is cut off", log::LEAVES));
            } else {
                check.bad_leaf(bad.index, size, &bad.reason);
            }
        }
        match made {
            Ok(made) => {
                check.facts.origin.clone_from(&made.origin);
                check.facts.key = Some(made.key.clone());
                check.made = Some(made);
            }
            Err(reason) if check.findings.count() == 0 => check.bad_leaf(0, 0, &reason),
            Err(_) => {}
        }
        Ok(check)
    }

    /// Names a leaf by the hash that the tiles have of it, where they have one.
    fn bad_leaf(&mut self, index: u64, size: u64, reason: &str) {
        let hash = tiles::leaf_hash_on_disk(&self.root.join("log"), size, index);
        let id = hash.map(|hash| LeafId::of_digest(&hash).to_string());
        self.findings.bad("leaf", id, log::LEAVES, format!("leaf {index}: {reason}"));
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.root.join(name)).ok()
    }

    fn read_head(&self) -> Option<(Note, Head)> {
        let note: Note = String::from_utf8(self.read(CHECKPOINT)?).ok()?.parse().ok()?;
        let head = Head::of(&note).ok()?;
        Some((note, head))
    }

    /// The signed head, the key, and who cosigned.
    fn head(&mut self, policy: Option<&Policy>) {
        let Some(made) = self.made.clone() else { return };
        self.key_file(&made);
        let own = Policy::of_log(self.log.leaves(), &made);
        self.facts.own_policy = policy.is_some();
        if let Some(policy) = policy {
            self.facts.trusted = policy.trusts(&made.key);
            if !self.facts.trusted {
                self.findings.bad(
                    "key",
                    None,
                    KEY,
                    "not the key that --trust names: another log, or a forged one",
                );
            }
        }
        self.seen.insert(CHECKPOINT.to_owned());
        if self.read(CHECKPOINT).is_none() {
            let what = "no checkpoint: no leaf is signed. If this log is yours, `assize custody checkpoint` signs it";
            return self.findings.bad("checkpoint", None, CHECKPOINT, what);
        }
        let Some((note, head)) = self.read_head() else {
            return self.findings.bad("checkpoint", None, CHECKPOINT, "not a signed checkpoint");
        };
        if !self.note(&note, &head, &made, [policy, Some(&own)], "checkpoint", CHECKPOINT) {
            return;
        }
        self.facts.signed = head.size;
        self.unsigned_exhibits(head.size);
        let counting = policy.unwrap_or(&own);
        self.facts.organisations = counting.organisations(&note);
        let times = counting.witness_keys().into_iter().filter_map(|key| note.by(key)?.at_s);
        self.facts.witnessed_at = times.min().filter(|_| self.facts.organisations > 0);
        if self.facts.organisations > 0 {
            self.facts.witnessed = head.size;
        }
        if !counting.satisfied(&note) {
            let what = "the organisations that the given policy asks for have not cosigned it";
            self.findings.bad("quorum", None, CHECKPOINT, what);
        }
    }

    fn key_file(&mut self, made: &Made) {
        self.seen.insert(KEY.to_owned());
        let text = self.read(KEY).unwrap_or_default();
        let expected = format!("{}\n", made.key);
        if text != expected.as_bytes() && !(text.is_empty() && self.read(CHECKPOINT).is_none()) {
            self.findings.bad("key", None, KEY, "not the key that the first leaf names");
        }
    }

    /// Whether a note is this log's, over these leaves, with no line below it that nobody made.
    fn note(
        &mut self,
        note: &Note,
        head: &Head,
        made: &Made,
        policies: [Option<&Policy>; 2],
        kind: &'static str,
        path: &str,
    ) -> bool {
        if head.origin != made.origin || note.by(&made.key).is_none() {
            self.findings.bad(kind, None, path, "not signed by the key of this log");
            return false;
        }
        let mut keys: Vec<&PublicKey> =
            policies.into_iter().flatten().flat_map(Policy::witness_keys).collect();
        keys.push(&made.key);
        if let Some(line) = note.strangers(&keys).first() {
            let what = format!("a line below it that `{}` did not make, or nobody knows", line.name());
            self.findings.bad(kind, None, path, what);
        }
        match self.log.tree().root_at(head.size) {
            Some(root) if root == head.root => true,
            Some(_) => {
                let changed = self.first_changed(head.size);
                match changed {
                    Some(index) => self.bad_leaf(index, head.size, "not the leaf that was signed"),
                    None => {
                        self.findings.bad(kind, None, path, "signs another history of these leaves: a fork")
                    }
                }
                false
            }
            None => {
                let what = format!(
                    "speaks of {} leaves, and {} can be read here: the end of the log was dropped or is damaged",
                    head.size, self.facts.leaves
                );
                self.findings.bad(kind, None, path, what);
                false
            }
        }
    }

    fn first_changed(&self, size: u64) -> Option<u64> {
        let log = self.root.join("log");
        self.log.leaves().iter().take(size as usize).find_map(|logged| {
            let signed = tiles::leaf_hash_on_disk(&log, size, logged.index)?;
            (signed != merkle::leaf_hash(logged.bytes.as_bytes())).then_some(logged.index)
        })
    }

    fn unsigned_exhibits(&mut self, size: u64) {
        let signed: BTreeSet<&str> = self.admitted(0, size).collect();
        let unsigned: BTreeSet<&str> = self.admitted(size, u64::MAX).collect();
        let unsigned: Vec<String> = unsigned.difference(&signed).map(|sha256| (*sha256).to_owned()).collect();
        for sha256 in unsigned {
            if let Some(name) = self.log.place(&sha256).and_then(Place::stored_name) {
                self.findings.outside(format!("{}: its leaf is under no checkpoint", stored_path(name)));
            }
        }
    }

    /// SHA-256 of what was admitted under these leaves.
    fn admitted(&self, from: u64, to: u64) -> impl Iterator<Item = &str> {
        let within = self.log.leaves().iter().filter(move |logged| (from..to).contains(&logged.index));
        within.filter_map(|logged| match &logged.leaf.act {
            Act::Admit { digests, .. } => Some(digests.sha256.as_str()),
            _ => None,
        })
    }

    /// Every tile must be what the leaves give.
    fn tiles(&mut self) {
        let size = self.facts.signed;
        for tile in tiles::all(size) {
            let name = format!("log/{}", tile.path().display());
            let expected = tile.bytes(self.log.tree(), self.log.leaves());
            if self.read(&name).as_deref() != Some(&expected[..]) {
                self.findings.bad("tile", None, &name, "missing, or not what the leaves give");
            }
            self.seen.insert(name);
        }
    }

    /// What outsiders have seen before must be a beginning of what is here.
    fn cosigned(&mut self, policy: Option<&Policy>) {
        let Some(made) = self.made.clone() else { return };
        let own = Policy::of_log(self.log.leaves(), &made);
        let counting = policy.unwrap_or(&own);
        for name in files_below(&self.root.join(COSIGNED)) {
            let name = format!("{COSIGNED}/{name}");
            self.seen.insert(name.clone());
            let note = self.read(&name).and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<Note>().ok());
            let head = note.as_ref().and_then(|note| Head::of(note).ok());
            let Some((note, head)) = note.zip(head) else {
                self.findings.bad("cosigned", None, &name, "not a signed checkpoint");
                continue;
            };
            let holds = self.note(&note, &head, &made, [policy, Some(&own)], "cosigned", &name);
            if holds && counting.organisations(&note) > 0 {
                self.facts.witnessed = self.facts.witnessed.max(head.size);
            }
        }
    }

    /// Every exhibit's content, wherever it lies, and nothing in the store without a leaf.
    fn exhibits(&mut self, keys: Option<&Keys>, progress: &mut dyn FnMut(u64)) -> Result<(), VaultError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let store = Store::at(&disk, &self.root);
        let custody = match (keys, &self.made) {
            (Some(keys), Some(made)) if made.recipient.is_some() => keys.custody(&made.origin)?,
            _ => None,
        };
        let exhibits: BTreeMap<String, Digests> = self
            .log
            .leaves()
            .iter()
            .filter_map(|logged| match &logged.leaf.act {
                Act::Admit { digests, .. } => Some((digests.sha256.clone(), digests.clone())),
                _ => None,
            })
            .collect();
        self.facts.exhibits = exhibits.len() as u64;
        for digests in exhibits.values() {
            self.exhibit(&store, digests, custody.as_ref(), progress);
        }
        for name in files_below(store.folder()) {
            let path = format!("exhibits/{name}");
            if name.starts_with(".incoming/") {
                self.seen.insert(path.clone());
                self.findings.outside(format!("{path}: not admitted yet"));
            } else if !self.seen.contains(&path) {
                self.seen.insert(path.clone());
                self.findings.bad("exhibit", None, &path, "no leaf of the log names it");
            }
        }
        Ok(())
    }

    fn exhibit(
        &mut self,
        store: &Store,
        digests: &Digests,
        key: Option<&CustodyKey>,
        progress: &mut dyn FnMut(u64),
    ) {
        let id = id_of(digests).map(|id| id.to_string());
        let Some(place) = self.log.place(&digests.sha256).cloned() else { return };
        let path = match &place {
            Place::Reference { path, .. } => path.display().to_string(),
            stored => stored_path(stored.stored_name().unwrap_or_default()),
        };
        self.seen.insert(path.clone());
        if let Place::Encrypted { name } = &place {
            match digest_file(&store.file(name), progress) {
                Ok(found) if format!("{}.age", found.sha256) == *name => {}
                Ok(_) => {
                    return self.findings.bad("exhibit", id, &path, "what is stored is not what was stored");
                }
                Err(error) => return self.findings.bad("exhibit", id, &path, error.to_string()),
            }
        }
        let found = match store.open(&place, key) {
            Ok(mut content) => digest(&mut content, &mut |block| {
                progress(block.len() as u64);
                Ok(())
            })
            .map_err(|error| error.to_string()),
            Err(NotOpened::NoKey) => {
                let outside = format!(
                    "{path}: held against the digest of what is stored; its content is encrypted, and the custody key is not here"
                );
                return self.findings.outside(outside);
            }
            Err(NotOpened::WrongKey) => Err("the custody key does not open it".to_owned()),
            Err(NotOpened::Missing) => Err("missing".to_owned()),
            Err(NotOpened::Gone(_, error)) => {
                Err(format!("taken in by reference, and cannot be read: {error}"))
            }
            Err(NotOpened::Changed(_)) => {
                Err("taken in by reference, and has another size or time of change now".to_owned())
            }
        };
        match found {
            Ok(found) if found == *digests => {}
            Ok(found) => {
                let what = format!("expected SHA-256 {}, found {}", digests.sha256, found.sha256);
                self.findings.bad("exhibit", id, &path, what);
            }
            Err(reason) => self.findings.bad("exhibit", id, &path, reason),
        }
    }

    fn register(&mut self) {
        let mut files = BTreeMap::new();
        for logged in self.log.leaves() {
            if let Act::Register { name, sha256 } = &logged.leaf.act {
                files.insert(format!("register/{name}"), (sha256.clone(), logged.id.to_string()));
            }
        }
        for (path, (expected, leaf)) in files {
            match self.read(&path) {
                Some(bytes) if sha256_of(&bytes) == expected => {}
                Some(_) => self.findings.bad("register", Some(leaf), &path, "not what its leaf says"),
                None => self.findings.bad("register", Some(leaf), &path, "missing"),
            }
            self.seen.insert(path);
        }
    }

    /// What was derived, against its manifest, and that against its leaf.
    fn derived(&mut self, progress: &mut dyn FnMut(u64)) {
        const MANIFEST: &str = "derived/manifest.json";
        let last = self.log.leaves().iter().rev().find_map(|logged| match &logged.leaf.act {
            Act::Derive { manifest } => Some((manifest.clone(), logged.id.to_string())),
            _ => None,
        });
        // Derived tables may be thrown away at any time: that they are gone is no damage.
        let (Some(bytes), Some((expected, leaf))) = (self.read(MANIFEST), last) else { return };
        self.seen.insert(MANIFEST.to_owned());
        if sha256_of(&bytes) != expected {
            return self.findings.bad(
                "manifest",
                Some(leaf),
                MANIFEST,
                "not the manifest that its leaf names",
            );
        }
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else {
            return self.findings.bad("manifest", Some(leaf), MANIFEST, "not a manifest");
        };
        for file in manifest.files {
            let path = format!("derived/{}", file.name);
            match digest_file(&self.root.join(&path), progress) {
                Ok(found) if found.sha256 == file.sha256 => {}
                Ok(_) => self.findings.bad("derived", None, &path, "not what the manifest says"),
                Err(error) => self.findings.bad("derived", None, &path, error.to_string()),
            }
            self.seen.insert(path);
        }
    }

    /// Everything that nothing above has looked at.
    fn others(&mut self) {
        for name in files_below(&self.root) {
            if !self.seen.contains(&name) {
                // Answers that are kept are no results: they are said once, however many there are.
                let kept = name.starts_with(ANSWERS);
                self.findings.outside(if kept { ANSWERS.to_owned() } else { name });
            }
        }
    }
}

#[derive(serde::Deserialize)]
struct Manifest {
    files: Vec<Listed>,
}

#[derive(serde::Deserialize)]
struct Listed {
    name: String,
    sha256: String,
}

fn stored_path(name: &str) -> String {
    format!("exhibits/{}/{name}", name.get(..2).unwrap_or(name))
}

pub(crate) fn digest_file(path: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<Digests> {
    digest(&mut File::open(path)?, &mut |block| {
        progress(block.len() as u64);
        Ok(())
    })
}

/// Every file below a folder, sorted, `/` between steps. Links are named and not followed.
pub(crate) fn files_below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    collect(folder, "", &mut names);
    names.sort();
    names
}

fn collect(folder: &Path, below: &str, names: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), &format!("{name}/"), names);
        } else {
            names.push(name);
        }
    }
}
