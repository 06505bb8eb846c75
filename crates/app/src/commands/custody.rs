//! `custody log|proof|checkpoint|cosign|bundle`

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use assize_case::model::{ExhibitId, Row};
use assize_case::outputs::table::Column;
use assize_case::vault::{Act, BundleWanted, LoggedLeaf, PublicKey, Refusal, Request, Vault, Witness};
use assize_case::CaseError;
use clap::{Args, Subcommand};

use crate::shell::{CUSTODY, DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List what was done to the case, oldest first
    Log,
    /// Print the proof (c2sp.org/tlog-proof) that an exhibit or leaf is in the log
    Proof {
        /// An exhibit x-… (its first admission) or a leaf l-…
        id: String,
    },
    /// Sign the log as it stands, and print the lines that an outside witness cosigns
    Checkpoint {
        /// Leaves that the witness cosigned last [default: by what came back from him]
        #[arg(long, value_name = "N")]
        old: Option<u64>,
        /// For which of the named witnesses the lines are [default: the only one]
        #[arg(long, value_name = "ORGANISATION")]
        witness: Option<String>,
        /// Write into the log which organisation keeps a witness's key; needs --key
        #[arg(long, value_name = "ORGANISATION", requires = "key")]
        name: Option<String>,
        /// The witness's public key: the file that he handed over
        #[arg(long, value_name = "FILE", requires = "name")]
        key: Option<PathBuf>,
        /// Take back what a witness printed; `-` reads stdin
        #[arg(long, value_name = "FILE", conflicts_with_all = ["old", "witness", "name"])]
        take: Option<PathBuf>,
    },
    /// As a witness: cosign a checkpoint that extends what you know, or say why not
    Cosign {
        /// The lines of `custody checkpoint` [default: stdin]
        file: Option<PathBuf>,
        /// Whose witness key to use
        #[arg(long = "as", value_name = "NAME", default_value = "witness")]
        name: String,
        /// Make a witness key of that name and print its public half
        #[arg(long)]
        new: bool,
        /// Public key of the log, received by another way; needed the first time
        #[arg(long, value_name = "KEY")]
        log: Option<PathBuf>,
    },
    /// Write a bundle (BagIt) that a stranger can verify without this program
    Bundle {
        /// A new or empty folder
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Exhibits x-… [default: all]
        exhibits: Vec<String>,
        /// Put the exhibits in, encrypted to this age recipient (age1…); without it, proofs only
        #[arg(long, value_name = "RECIPIENT")]
        to: Option<String>,
        /// What for; stands in the log and in the bundle
        #[arg(long, value_name = "TEXT", default_value = "disclosure")]
        purpose: String,
    },
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        match self.what {
            What::Log => log(shell),
            What::Proof { id } => proof(shell, &id),
            What::Checkpoint { take: Some(file), .. } => take(shell, &file),
            What::Checkpoint { old, witness, name, key, .. } => {
                checkpoint(shell, old, witness.as_deref(), name.as_deref().zip(key.as_deref()))
            }
            What::Cosign { file, name, new, log } => cosign(shell, file.as_deref(), &name, new, log.as_deref()),
            What::Bundle { out, exhibits, to, purpose } => bundle(shell, out, &exhibits, to, purpose),
        }
    }
}

fn log(shell: &Shell) -> Result<ExitCode> {
    let case = shell.case()?;
    let signed = case.vault().head().signed;
    let rows = case.vault().leaves().iter().map(|logged| row(logged, signed));
    let columns = ["place", "at", "by", "act", "what", "signed", "id"].map(Column::of);
    shell.rows(rows, &columns)?;
    Ok(DONE.into())
}

fn row(logged: &LoggedLeaf, signed: u64) -> Row {
    let act: serde_json::Value = serde_json::from_str(&logged.opening.payload).unwrap_or_default();
    Row(vec![
        ("place".into(), logged.index.into()),
        ("at".into(), logged.leaf.at.clone().into()),
        ("by".into(), logged.leaf.by.clone().into()),
        ("act".into(), act["act"].clone()),
        ("what".into(), what(&logged.leaf.act).into()),
        ("signed".into(), (logged.index < signed).into()),
        ("content".into(), act),
        ("id".into(), logged.id.to_string().into()),
    ])
}

/// The one thing about an act that a person looks for.
fn what(act: &Act) -> String {
    match act {
        Act::CaseMade { name, .. } | Act::Register { name, .. } => name.clone(),
        Act::Admit { path, .. } => path.clone(),
        Act::NotAdmitted { path, reason } => format!("{path}: {reason}"),
        Act::Derive { manifest } => format!("manifest {manifest}"),
        Act::Witness { organisation, .. } => organisation.clone(),
        Act::Disclose { exhibits, purpose, recipient } => {
            let to = recipient.as_deref().unwrap_or("proofs only");
            format!("{} exhibits, {to}: {purpose}", exhibits.len())
        }
        Act::Decide { says, .. } => {
            let word = |key: &str| says.get(key).and_then(|value| value.as_str()).unwrap_or("?").to_owned();
            format!("{} {}: {}", word("verb"), word("on"), word("reason"))
        }
        Act::ReadAs { says } => {
            let of = says.get("of").and_then(|value| value.as_str()).unwrap_or("?");
            let options = says.get("options").map_or(String::new(), |options| format!(" {options}"));
            let mapping = if says.get("mapping").is_some() { " by a mapping" } else { "" };
            format!("{of}:{options}{mapping}")
        }
        Act::PasswordGiven {} => "for containers".to_owned(),
        Act::SealMade { seal } => {
            let names: Vec<&str> = seal.officers.iter().map(|officer| officer.officer.as_str()).collect();
            format!("{} of {}: {}", seal.k, names.len(), names.join(", "))
        }
        Act::UnsealAsked { asked } => format!("{}: {}", asked.targets.join(" "), asked.purpose),
        Act::Unsealed { targets, officers, review_until, .. } => {
            let alone = if review_until.is_some() { ", alone" } else { "" };
            format!("{}, approved by {}{alone}", targets.join(" "), officers.join(", "))
        }
        Act::UnsealReviewed { unsealed, officers } => format!("{unsealed} by {}", officers.join(", ")),
        Act::Unknown => "an act of a later version".to_owned(),
    }
}

fn proof(shell: &Shell, id: &str) -> Result<ExitCode> {
    let case = shell.case()?;
    let vault = case.vault();
    let leaf = leaf_of(vault, id)?;
    shell.text(&vault.proof(leaf)?.to_string())?;
    Ok(DONE.into())
}

/// The leaf that is meant: itself, or the first admission of an exhibit.
fn leaf_of<'a>(vault: &'a Vault, id: &str) -> Result<&'a LoggedLeaf> {
    let leaf = if id.starts_with("x-") { first_admission(vault, id)? } else { id.to_owned() };
    let begins = |logged: &&LoggedLeaf| leaf.len() >= 8 && logged.id.to_string().starts_with(&leaf);
    let mut found = vault.leaves().iter().filter(begins);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(CaseError::Ambiguous(id.to_owned(), "several leaves".to_owned()).into()),
        (None, _) => Err(CaseError::NoSuchId(id.to_owned()).into()),
    }
}

fn first_admission(vault: &Vault, id: &str) -> Result<String> {
    let exhibits = vault.exhibits();
    let begins = exhibits.iter().filter(|exhibit| id.len() >= 8 && exhibit.id.to_string().starts_with(id));
    let found: Vec<_> = begins.collect();
    let [exhibit] = found[..] else { return Err(CaseError::NoSuchId(id.to_owned()).into()) };
    let admission = exhibit.admissions.first().context("an exhibit without an admission")?;
    Ok(admission.leaf.to_string())
}

fn checkpoint(
    shell: &Shell,
    old: Option<u64>,
    witness: Option<&str>,
    name: Option<(&str, &Path)>,
) -> Result<ExitCode> {
    let folder = shell.case_folder()?;
    let mut vault = open(shell, &folder)?;
    if let Some((organisation, file)) = name {
        let key = public_key(file)?;
        vault.name_witness(organisation, &key, &assize_case::stamp(shell.common.by.as_deref()))?;
    }
    vault.signed()?;
    let named = vault.witnesses();
    let wanted = |(organisation, _): &&(String, PublicKey)| witness.is_none_or(|name| name == organisation);
    let keys: Vec<&PublicKey> = named.iter().filter(wanted).map(|(_, key)| key).collect();
    let key = match (witness, &keys[..]) {
        (Some(name), []) => bail!("no witness of `{name}` is named in this log; name one with --name and --key"),
        (_, [key]) => Some(*key),
        (_, []) => None,
        (_, _) if old.is_some() => None,
        _ => bail!("several witnesses are named; say for whom with --witness, or give --old"),
    };
    shell.text(&vault.request(key, old)?.to_string())?;
    Ok(DONE.into())
}

fn open(shell: &Shell, folder: &Path) -> Result<Vault> {
    shell.with_keys(|keys| {
        let mut vault = Vault::open_for_writing(folder)?;
        vault.use_keys(keys)?;
        Ok(vault)
    })
}

fn take(shell: &Shell, file: &Path) -> Result<ExitCode> {
    let text = text_of(Some(file))?;
    let mut vault = Vault::open_for_writing(&shell.case_folder()?)?;
    let new = vault.take_cosignatures(&text)?;
    let head = vault.head();
    shell.sight.say(&format!(
        "{new} new; the newest checkpoint ({} leaves) is cosigned by {} organisations, as this log names them",
        head.signed, head.organisations
    ));
    Ok(DONE.into())
}

fn text_of(file: Option<&Path>) -> Result<String> {
    let mut text = String::new();
    match file.filter(|file| file.as_os_str() != "-") {
        // A request or cosignature is a page; nobody needs to read more of what is given instead.
        Some(file) => std::fs::File::open(file)
            .and_then(|file| file.take(TEXT_MAX).read_to_string(&mut text))
            .with_context(|| file.display().to_string())?,
        None => std::io::stdin().take(TEXT_MAX).read_to_string(&mut text).context("stdin")?,
    };
    Ok(text)
}

const TEXT_MAX: u64 = 1 << 20;

fn public_key(file: &Path) -> Result<PublicKey> {
    let text = text_of(Some(file))?;
    text.trim().parse().with_context(|| file.display().to_string())
}

fn cosign(
    shell: &Shell,
    file: Option<&Path>,
    name: &str,
    new: bool,
    log: Option<&Path>,
) -> Result<ExitCode> {
    if new {
        let witness = Witness::new(&assize_case::keys()?, name)?;
        shell.text(&format!("{}\n", witness.public()))?;
        shell.sight.say("give this line to the log's holder, and to those who are to count your cosignature");
        return Ok(DONE.into());
    }
    let given = log.map(public_key).transpose()?;
    let witness = shell.with_keys(|keys| Ok(Witness::open(keys, name)?))?;
    let request: Result<Request, Refusal> = text_of(file)?.parse();
    let at_s = u64::try_from(assize_case::now().0 / 1_000_000_000).unwrap_or(0);
    match request.and_then(|request| witness.cosign(&request, given.as_ref(), at_s)) {
        Ok(line) => {
            shell.text(&line)?;
            Ok(DONE.into())
        }
        Err(refusal) => refused(shell, refusal),
    }
}

/// A refusal because of what the log did is a custody failure; the rest is a wrong call.
fn refused(shell: &Shell, refusal: Refusal) -> Result<ExitCode> {
    let of_the_log = matches!(
        refusal,
        Refusal::NotSigned(_)
            | Refusal::OtherKey(_)
            | Refusal::Rollback { .. }
            | Refusal::Fork { .. }
            | Refusal::NotExtended { .. }
    );
    let code = shell.failed(&refusal.into());
    Ok(if of_the_log { CUSTODY.into() } else { code })
}

fn bundle(
    shell: &Shell,
    folder: PathBuf,
    ids: &[String],
    recipient: Option<String>,
    purpose: String,
) -> Result<ExitCode> {
    let mut case = shell.case_for_writing()?;
    let exhibits: Result<Vec<ExhibitId>> = ids.iter().map(|id| exhibit(case.vault(), id)).collect();
    let wanted = BundleWanted { folder, exhibits: exhibits?, recipient, purpose };
    let bundled = case.bundle(&wanted, &assize_case::stamp(shell.common.by.as_deref()))?;
    shell.sight.say(&format!(
        "{} exhibits, {} proofs, {} bytes in {}; begin with data/READ-ME-FIRST.html",
        bundled.exhibits,
        bundled.proofs,
        bundled.bytes,
        bundled.folder.display()
    ));
    Ok(DONE.into())
}

fn exhibit(vault: &Vault, id: &str) -> Result<ExhibitId> {
    let exhibits = vault.exhibits();
    let found: Vec<_> = exhibits
        .iter()
        .filter(|exhibit| id.len() >= 8 && exhibit.id.to_string().starts_with(id))
        .collect();
    match found[..] {
        [exhibit] => Ok(exhibit.id),
        [] => Err(CaseError::NoSuchId(id.to_owned()).into()),
        _ => Err(CaseError::Ambiguous(id.to_owned(), "several exhibits".to_owned()).into()),
    }
}
