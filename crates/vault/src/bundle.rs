//! What is handed to a stranger so that he can check it without us?
//!
//! A BagIt bag (RFC 8493): the checkpoint with its cosignatures, the public keys, a `.tlog-proof` for
//! each entry that admitted an exhibit, a page that says in a lawyer's words what this proves and what
//! not, a script that checks it and is none of our program, and, if asked for, the exhibits
//! themselves, encrypted to a named recipient and never otherwise. That it was handed out is a leaf
//! before it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use assize_model::{Exhibit, ExhibitId};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256, Sha512};

use crate::check::{Facts, Findings, Verdict, verdict};
use crate::leaf::Act;
use crate::note::{Head, Note, PublicKey};
use crate::policy::Policy;
use crate::proof::Proof;
use crate::verify::files_below;
use crate::{Stamp, Vault, VaultError, at, id_of};

/// What is to go into a bundle.
#[derive(Clone, Debug)]
pub struct BundleWanted {
    /// A new or empty folder.
    pub folder: PathBuf,
    /// Exhibits; none: all of them.
    pub exhibits: Vec<ExhibitId>,
    /// To whom their content is encrypted (age recipient); none: proofs only.
    pub recipient: Option<String>,
    /// What for; stands in the log and in the bag.
    pub purpose: String,
}

/// What went into a bundle.
#[derive(Clone, Debug)]
pub struct Bundled {
    /// Where it lies.
    pub folder: PathBuf,
    /// Exhibits it speaks of.
    pub exhibits: usize,
    /// Proofs in it: one for each admission.
    pub proofs: usize,
    /// Bytes of everything in it.
    pub bytes: u64,
    /// The head that all proofs lead to.
    pub head: Head,
}

/// The script that goes along. It is a file of its own, so that tests run the very same.
const SCRIPT: &str = include_str!("check.py");

impl Vault {
    /// Writes a bundle.
    ///
    /// # Errors
    /// Where the folder is not empty, the key that signs is not here, an exhibit is unknown or cannot
    /// be opened, or a disk refuses.
    pub fn bundle(&mut self, wanted: &BundleWanted, stamp: &Stamp) -> Result<Bundled, VaultError> {
        let recipient = wanted.recipient.as_deref().map(recipient_of).transpose()?;
        if std::fs::read_dir(&wanted.folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(VaultError::NotEmpty(wanted.folder.clone()));
        }
        let chosen = self.chosen(&wanted.exhibits)?;
        // The key is needed at the end; ask for it before anything is written.
        self.signed()?;
        let act = Act::Disclose {
            exhibits: chosen.iter().map(|exhibit| exhibit.id.to_string()).collect(),
            recipient: wanted.recipient.clone(),
            purpose: wanted.purpose.clone(),
        };
        self.append(stamp, act)?;
        let head = self.signed()?;
        let (checkpoint, _) = self.checkpoint()?.ok_or_else(|| VaultError::Unsure(self.root.clone()))?;
        let mut bag = Bag::begin(&wanted.folder)?;
        let policy = Policy::of_log(self.log.leaves(), &self.made);
        bag.put("data/log/checkpoint", checkpoint.to_string().as_bytes())?;
        bag.put("data/log/key.pub", format!("{}\n", self.made.key).as_bytes())?;
        bag.put("data/log/policy", policy.text().as_bytes())?;
        let proofs = self.put_proofs(&mut bag, &chosen, &checkpoint, head.size)?;
        bag.put("data/SHA256SUMS", sums(&chosen).as_bytes())?;
        if let Some(recipient) = &recipient {
            for exhibit in &chosen {
                self.put_exhibit(&mut bag, exhibit, recipient)?;
            }
        }
        let page = page(&chosen, &head, &self.made.key, &policy, &checkpoint, recipient.is_some());
        bag.put("data/READ-ME-FIRST.html", page.as_bytes())?;
        bag.put("data/check.py", SCRIPT.as_bytes())?;
        let bytes = bag.finish(&self.made.origin, wanted, stamp)?;
        Ok(Bundled { folder: wanted.folder.clone(), exhibits: chosen.len(), proofs, bytes, head })
    }

    fn chosen(&self, wanted: &[ExhibitId]) -> Result<Vec<Exhibit>, VaultError> {
        let all = self.exhibits();
        if wanted.is_empty() {
            return Ok(all);
        }
        let of = |id: &ExhibitId| {
            all.iter().find(|exhibit| exhibit.id == *id).cloned().ok_or(VaultError::Unknown(*id))
        };
        wanted.iter().map(of).collect()
    }

    fn put_proofs(
        &self,
        bag: &mut Bag,
        chosen: &[Exhibit],
        checkpoint: &Note,
        size: u64,
    ) -> Result<usize, VaultError> {
        let mut count = 0;
        for exhibit in chosen {
            for (number, admission) in exhibit.admissions.iter().enumerate() {
                let logged = self.log.leaves().iter().find(|logged| logged.id == admission.leaf);
                let proof = logged.and_then(|logged| Proof::of(logged, self.log.tree(), checkpoint, size));
                let proof = proof.ok_or(VaultError::Unknown(exhibit.id))?;
                let name = format!("data/proofs/{}.{}.tlog-proof", exhibit.id, number + 1);
                bag.put(&name, proof.to_string().as_bytes())?;
                count += 1;
            }
        }
        Ok(count)
    }

    fn put_exhibit(
        &self,
        bag: &mut Bag,
        exhibit: &Exhibit,
        recipient: &age::x25519::Recipient,
    ) -> Result<(), VaultError> {
        let mut content = self.content(exhibit)?;
        let name = format!("data/exhibits/{}.age", exhibit.id);
        let path = bag.folder.join(&name);
        let recipients = std::iter::once(recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients)
            .map_err(|error| at(&path)(io::Error::other(error.to_string())))?;
        let mut digested = DigestedRead::of(&mut content);
        bag.put_with(&name, |out| {
            let mut writer = encryptor.wrap_output(out)?;
            io::copy(&mut digested, &mut writer)?;
            writer.finish()?;
            Ok(())
        })?;
        // What is handed out must be what was admitted, and not what somebody put in its place.
        if digested.finish() != exhibit.digests.sha256 {
            let _ = std::fs::remove_file(&path);
            return Err(VaultError::Moved {
                exhibit: exhibit.id,
                path: self.root.clone(),
                reason: "does not hold what was admitted; see `assize verify`".to_owned(),
            });
        }
        Ok(())
    }

    /// The proof of one leaf under the newest checkpoint.
    ///
    /// # Errors
    /// Where there is no checkpoint that covers it.
    pub fn proof(&self, leaf: &crate::LoggedLeaf) -> Result<Proof, VaultError> {
        let path = self.root.join(crate::log::CHECKPOINT);
        let refused = |reason: &str| VaultError::Head { path: path.clone(), reason: reason.to_owned() };
        let (checkpoint, head) = self.checkpoint()?.ok_or_else(|| refused("there is no checkpoint yet"))?;
        Proof::of(leaf, self.log.tree(), &checkpoint, head.size).ok_or_else(|| {
            refused("it does not cover this leaf; `assize custody checkpoint` makes a newer one")
        })
    }
}

pub(crate) fn recipient_of(text: &str) -> Result<age::x25519::Recipient, VaultError> {
    text.parse()
        .map_err(|reason: &str| VaultError::Recipient { given: text.to_owned(), reason: reason.to_owned() })
}

/// `sha256sum -c` for who has decrypted the exhibits into the folder `exhibits`.
fn sums(exhibits: &[Exhibit]) -> String {
    let line = |exhibit: &Exhibit| format!("{}  exhibits/{}\n", exhibit.digests.sha256, exhibit.id);
    exhibits.iter().map(line).collect()
}

/// Digests what is read through it.
struct DigestedRead<'a> {
    inner: &'a mut dyn Read,
    sha256: Sha256,
}

impl<'a> DigestedRead<'a> {
    fn of(inner: &'a mut dyn Read) -> Self {
        Self { inner, sha256: Sha256::new() }
    }
    fn finish(self) -> String {
        HEXLOWER.encode(&self.sha256.finalize())
    }
}

impl Read for DigestedRead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sha256.update(&buffer[..read]);
        Ok(read)
    }
}

/// A bag that is being filled.
struct Bag {
    folder: PathBuf,
    files: BTreeMap<String, (String, String)>,
    bytes: u64,
}

/// Digests what is written.
struct Written<'a> {
    out: &'a mut dyn Write,
    sha256: Sha256,
    sha512: Sha512,
    bytes: u64,
}

impl Write for Written<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.sha512.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Bag {
    fn begin(folder: &Path) -> Result<Self, VaultError> {
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        Ok(Self { folder: folder.to_owned(), files: BTreeMap::new(), bytes: 0 })
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), VaultError> {
        self.put_with(name, |out| out.write_all(bytes))
    }

    fn put_with(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), VaultError> {
        let path = self.folder.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(at(folder))?;
        }
        let mut out = BufWriter::new(File::create(&path).map_err(at(&path))?);
        let mut written = Written { out: &mut out, sha256: Sha256::new(), sha512: Sha512::new(), bytes: 0 };
        write(&mut written).map_err(at(&path))?;
        let digests =
            (HEXLOWER.encode(&written.sha256.finalize()), HEXLOWER.encode(&written.sha512.finalize()));
        self.bytes += written.bytes;
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(at(&path))?;
        self.files.insert(name.to_owned(), digests);
        Ok(())
    }

    /// Writes the bag's own files; says how many bytes of payload there are.
    fn finish(mut self, origin: &str, wanted: &BundleWanted, stamp: &Stamp) -> Result<u64, VaultError> {
        let payload = self.bytes;
        let count = self.files.len();
        let (sha256, sha512) = self.manifests("data/");
        let date = stamp.at.get(..10).unwrap_or(&stamp.at);
        let one_line = |text: &str| text.replace(['\n', '\r'], " ");
        let info = format!(
            "Bagging-Date: {date}\nPayload-Oxum: {payload}.{count}\nBag-Software-Agent: {}\nExternal-Identifier: {origin}\n\
             Internal-Sender-Description: {}\nInternal-Sender-Identifier: {}\n",
            one_line(&stamp.tool),
            one_line(&wanted.purpose),
            one_line(&stamp.by),
        );
        self.put("bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")?;
        self.put("bag-info.txt", info.as_bytes())?;
        self.put("manifest-sha256.txt", sha256.as_bytes())?;
        self.put("manifest-sha512.txt", sha512.as_bytes())?;
        let tags = self.tag_manifests();
        self.put("tagmanifest-sha256.txt", tags.0.as_bytes())?;
        self.put("tagmanifest-sha512.txt", tags.1.as_bytes())?;
        Ok(payload)
    }

    fn manifests(&self, start: &str) -> (String, String) {
        self.lines(|name| name.starts_with(start))
    }

    fn tag_manifests(&self) -> (String, String) {
        self.lines(|name| !name.starts_with("data/"))
    }

    fn lines(&self, wanted: impl Fn(&str) -> bool) -> (String, String) {
        let mut lines = (String::new(), String::new());
        for (name, (sha256, sha512)) in self.files.iter().filter(|(name, _)| wanted(name)) {
            lines.0.push_str(&format!("{sha256}  {name}\n"));
            lines.1.push_str(&format!("{sha512}  {name}\n"));
        }
        lines
    }
}

/// Verifies a bundle from its bytes.
///
/// # Errors
/// Where the folder is no bag or cannot be read; what is wrong with its content is in the verdict.
pub fn verify_bundle(
    folder: &Path,
    policy: Option<&Policy>,
    progress: &mut dyn FnMut(u64),
) -> Result<Verdict, VaultError> {
    if !folder.join("bagit.txt").is_file() {
        let reason = "no bundle here (expected a folder with `bagit.txt`)".to_owned();
        return Err(VaultError::Given { path: folder.to_owned(), reason });
    }
    let mut check = Check {
        folder: folder.to_owned(),
        facts: Facts { bundle: true, own_policy: policy.is_some(), ..Facts::default() },
        findings: Findings::default(),
    };
    check.bag(progress)?;
    check.log(policy);
    Ok(verdict(check.facts, check.findings))
}

struct Check {
    folder: PathBuf,
    facts: Facts,
    findings: Findings,
}

const ALGORITHMS: [&str; 2] = ["sha256", "sha512"];

impl Check {
    /// Every file as its manifests say, none missing, none added, none outside the folder.
    fn bag(&mut self, progress: &mut dyn FnMut(u64)) -> Result<(), VaultError> {
        let mut listed: BTreeMap<String, BTreeMap<&str, String>> = BTreeMap::new();
        for algorithm in ALGORITHMS {
            for which in ["manifest", "tagmanifest"] {
                self.manifest(&format!("{which}-{algorithm}.txt"), algorithm, which, &mut listed);
            }
        }
        for (name, digests) in &listed {
            self.file(name, digests, progress);
        }
        for name in files_below(&self.folder) {
            let own = name.starts_with("tagmanifest-") && !name.contains('/');
            if !listed.contains_key(&name) && !own {
                self.findings.bad("bag", None, &name, "in no manifest: it was added later");
            }
        }
        Ok(())
    }

    fn manifest<'a>(
        &mut self,
        name: &str,
        algorithm: &'a str,
        which: &str,
        listed: &mut BTreeMap<String, BTreeMap<&'a str, String>>,
    ) {
        let Ok(text) = std::fs::read_to_string(self.folder.join(name)) else {
            return self.findings.bad("bag", None, name, "missing, or not text");
        };
        let mut seen = BTreeSet::new();
        for line in text.lines() {
            let Some((digest, file)) = line.split_once("  ") else {
                self.findings.bad("bag", None, name, "a line that is not `digest  name`");
                continue;
            };
            let inside =
                !file.starts_with('/') && file.split('/').all(|step| !matches!(step, ".." | "." | ""));
            let payload = file.starts_with("data/");
            if !inside || payload != (which == "manifest") || !seen.insert(file.to_owned()) {
                self.findings.bad("bag", None, name, "names a file that it may not name, or one twice");
                continue;
            }
            listed.entry(file.to_owned()).or_default().insert(algorithm, digest.to_owned());
        }
    }

    fn file(&mut self, name: &str, digests: &BTreeMap<&str, String>, progress: &mut dyn FnMut(u64)) {
        let path = self.folder.join(name);
        // A link, also in a step above, would lead out of the bag.
        let linked = path.ancestors().take_while(|step| *step != self.folder).any(Path::is_symlink);
        if linked || !path.is_file() {
            return self.findings.bad("bag", None, name, "missing, or not a regular file");
        }
        match both(&path, progress) {
            Err(error) => self.findings.bad("bag", None, name, error.to_string()),
            Ok((sha256, sha512)) => {
                let found = BTreeMap::from([("sha256", sha256), ("sha512", sha512)]);
                if *digests != found {
                    self.findings.bad("bag", None, name, "not what the manifests say");
                }
            }
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok()
    }

    /// Checkpoint, keys and proofs.
    fn log(&mut self, policy: Option<&Policy>) {
        const CHECKPOINT: &str = "data/log/checkpoint";
        const KEY: &str = "data/log/key.pub";
        let key = self.text(KEY).and_then(|text| text.parse::<PublicKey>().ok());
        let Some(key) = key else { return self.findings.bad("key", None, KEY, "no public key of a log") };
        let note = self.text(CHECKPOINT).and_then(|text| text.parse::<Note>().ok());
        let head = note.as_ref().and_then(|note| Head::of(note).ok());
        let Some((note, head)) = note.zip(head) else {
            return self.findings.bad("checkpoint", None, CHECKPOINT, "not a signed checkpoint");
        };
        self.facts.origin.clone_from(&head.origin);
        self.facts.trusted = policy.is_some_and(|policy| policy.trusts(&key));
        if policy.is_some() && !self.facts.trusted {
            self.findings.bad(
                "key",
                None,
                KEY,
                "not the key that --trust names: another log, or a forged one",
            );
        }
        if head.origin != key.name() || note.by(&key).is_none() {
            return self.findings.bad("checkpoint", None, CHECKPOINT, "not signed by the key of this log");
        }
        self.facts.key = Some(key);
        (self.facts.leaves, self.facts.signed) = (head.size, head.size);
        self.witnesses(policy, &note, &head);
        self.proofs(&note);
        self.outside();
    }

    fn witnesses(&mut self, policy: Option<&Policy>, note: &Note, head: &Head) {
        const POLICY: &str = "data/log/policy";
        let own = self.text(POLICY).and_then(|text| Policy::parse(&text).ok());
        let Some(own) = own else { return self.findings.bad("key", None, POLICY, "not a policy") };
        let keys = own.witness_keys().into_iter().chain(policy.into_iter().flat_map(Policy::witness_keys));
        let keys: Vec<&PublicKey> = keys.chain(&self.facts.key).collect();
        if let Some(line) = note.strangers(&keys).first() {
            let what = format!("a line below it that `{}` did not make, or nobody knows", line.name());
            self.findings.bad("checkpoint", None, "data/log/checkpoint", what);
        }
        let counting = policy.unwrap_or(&own);
        self.facts.organisations = counting.organisations(note);
        if self.facts.organisations > 0 {
            self.facts.witnessed = head.size;
            self.facts.witnessed_at =
                counting.witness_keys().into_iter().filter_map(|key| note.by(key)?.at_s).min();
        }
        if !counting.satisfied(note) {
            let what = "the organisations that the given policy asks for have not cosigned it";
            self.findings.bad("quorum", None, "data/log/checkpoint", what);
        }
    }

    fn proofs(&mut self, checkpoint: &Note) {
        let mut exhibits = BTreeSet::new();
        for name in files_below(&self.folder.join("data/proofs")) {
            let path = format!("data/proofs/{name}");
            let proof = self.text(&path).map(|text| text.parse::<Proof>());
            let checked = match proof {
                None => Err("not text".to_owned()),
                Some(Err(error)) => Err(error.to_string()),
                Some(Ok(proof)) if proof.checkpoint != *checkpoint => {
                    Err("leads to another checkpoint than the bundle's".to_owned())
                }
                Some(Ok(proof)) => proof.check().map_err(|error| error.to_string()),
            };
            let id = match checked {
                Ok((leaf, _)) => match &leaf.act {
                    Act::Admit { digests, .. } => id_of(digests).map(|id| id.to_string()),
                    _ => None,
                },
                Err(reason) => {
                    self.findings.bad("proof", None, &path, reason);
                    continue;
                }
            };
            match id {
                Some(id) if name.starts_with(&format!("{id}.")) => {
                    exhibits.insert(id);
                }
                id => self.findings.bad("proof", id, &path, "proves another entry than its name says"),
            }
        }
        self.facts.exhibits = exhibits.len() as u64;
    }

    /// What only the bag's manifests cover, which nobody has signed.
    fn outside(&mut self) {
        for name in files_below(&self.folder) {
            if name.starts_with("data/exhibits/") {
                self.findings.outside(format!(
                    "{name}: encrypted; whoever has the key compares `age -d {name} | sha256sum` with its proof"
                ));
            } else if !name.starts_with("data/proofs/") && !name.starts_with("data/log/") {
                self.findings.outside(name);
            }
        }
    }
}

fn both(path: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<(String, String)> {
    let (mut sha256, mut sha512) = (Sha256::new(), Sha512::new());
    let mut file = File::open(path)?;
    let mut block = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok((HEXLOWER.encode(&sha256.finalize()), HEXLOWER.encode(&sha512.finalize())));
        }
        sha256.update(&block[..read]);
        sha512.update(&block[..read]);
        progress(read as u64);
    }
}

/// Text from evidence made harmless for a page that runs nothing.
fn said(text: &str) -> String {
    let mut html = String::new();
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // Marks that turn text around, and controls, are shown and not obeyed.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                html.push_str(&format!("\\u{{{:x}}}", c as u32));
            }
            c if c.is_control() => html.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => html.push(c),
        }
    }
    html
}

fn rows(exhibits: &[Exhibit]) -> String {
    let mut rows = String::new();
    for exhibit in exhibits {
        for admission in &exhibit.admissions {
            rows.push_str(&format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=d>{}</td></tr>\n",
                said(&exhibit.id.to_string()),
                said(&admission.path),
                said(&admission.at),
                said(&admission.by),
                said(admission.collected.by.as_deref().unwrap_or("not stated")),
                said(&exhibit.digests.sha256),
            ));
        }
    }
    rows
}

/// The page for a reader of law.
fn page(
    exhibits: &[Exhibit],
    head: &Head,
    key: &PublicKey,
    policy: &Policy,
    checkpoint: &Note,
    with_content: bool,
) -> String {
    let organisations = policy.organisations(checkpoint);
    let witnesses = match organisations {
        0 => "No outside witness has cosigned this state of the log. Until one has, the log's holder could have written all of it at any time, also today.".to_owned(),
        count => format!("{count} organisation{} cosigned this state of the log. Who they are is the holder's word, until you have their public keys from themselves.", if count == 1 { "" } else { "s" }),
    };
    let content = if with_content {
        "The exhibits lie in <code>data/exhibits</code>, encrypted to the recipient for whom this bundle was made. He opens one with <code>age -d -i HIS-KEY data/exhibits/FILE.age</code> and compares its SHA-256 with the table."
    } else {
        "The exhibits themselves are not in this bundle. Whoever receives one from elsewhere compares its SHA-256 with the table."
    };
    include_str!("page.html")
        .replace("{{origin}}", &said(&head.origin))
        .replace("{{size}}", &head.size.to_string())
        .replace("{{key}}", &said(&key.to_string()))
        .replace("{{witnesses}}", &witnesses)
        .replace("{{content}}", content)
        .replace("{{rows}}", &rows(exhibits))
}
