//! `seal officer|new|shares|approve|review`

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use assize_case::model::Row;
use assize_case::outputs::table::Column;
use assize_case::seal::{self, UnsealRequest};
use assize_case::vault::seal::Desk;
use assize_case::vault::{Officer, Seal};
use clap::{Args, Subcommand};

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// As an officer, at your own machine: make your keys and print the card that you hand over
    Officer {
        /// Your name as an officer; no spaces
        name: String,
        /// Your organ: no two officers of a seal may be of one
        #[arg(long)]
        organ: String,
    },
    /// Say who opens what is sealed; registers that are imported from now on are sealed to them
    New {
        /// Cards of the officers, from different organs
        #[arg(long = "officer", value_name = "CARD", required = true)]
        officers: Vec<PathBuf>,
        /// How many of them are needed
        #[arg(short, default_value_t = 2)]
        k: u8,
        /// Card of one who may open alone in an emergency; all others are told, and must look at it in 24 hours
        #[arg(long, value_name = "CARD")]
        emergency: Option<PathBuf>,
    },
    /// List the officers, what is sealed to them, and reviews that are owed
    Shares,
    /// As an officer: approve a request that `assize unseal` made
    Approve {
        /// The request's file
        request: PathBuf,
        /// Which officer you are
        #[arg(long = "as", value_name = "NAME")]
        name: String,
        /// Approve without being asked on the terminal
        #[arg(long)]
        yes: bool,
    },
    /// As an officer with --as: sign that you looked at an emergency; without: take k such signatures into the log
    Review {
        /// The unsealing's leaf
        leaf: String,
        /// Which officer you are
        #[arg(long = "as", value_name = "NAME", conflicts_with = "signed")]
        name: Option<String>,
        /// What officers signed
        #[arg(long, value_name = "FILE")]
        signed: Vec<PathBuf>,
    },
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        match self.what {
            What::Officer { name, organ } => officer(shell, &name, &organ)?,
            What::New { officers, k, emergency } => new(shell, &officers, k, emergency.as_deref())?,
            What::Shares => shares(shell)?,
            What::Approve { request, name, yes } => approve(shell, &request, &name, yes)?,
            What::Review { leaf, name: Some(name), .. } => {
                let note = shell.with_keys(|keys| Ok(seal::reviewed(&leaf, &name, keys)?))?;
                shell.text(&note)?;
            }
            What::Review { leaf, signed, .. } => {
                let notes = read_all(&signed)?;
                shell.case_for_writing()?.review(&leaf, &notes, &assize_case::stamp(shell.common.by.as_deref()))?;
                shell.sight.say(&format!("{leaf} was looked at"));
            }
        }
        Ok(DONE.into())
    }
}

fn officer(shell: &Shell, name: &str, organ: &str) -> Result<()> {
    let card = shell.with_keys(|keys| Ok(Desk::of(keys, name).card(organ)?))?;
    shell.sight.say("your secret keys are in your key folder ($ASSIZE_KEYS): back it up; nobody can make them again");
    shell.text(&(serde_json::to_string(&card)? + "\n"))
}

fn new(shell: &Shell, officers: &[PathBuf], k: u8, emergency: Option<&Path>) -> Result<()> {
    let officers: Vec<Officer> = officers.iter().map(|path| card(path)).collect::<Result<_>>()?;
    let emergency = emergency.map(card).transpose()?;
    let mut case = shell.case_or_new()?;
    let wanted = Seal { k, officers, emergency };
    let told = format!("{k} of {} officers are needed from now on", wanted.officers.len());
    let leaf = case.make_seal(wanted, &assize_case::stamp(shell.common.by.as_deref()))?;
    shell.sight.say(&format!("{told}; leaf {leaf}"));
    shell.tell_unsigned(&case);
    Ok(())
}

fn card(path: &Path) -> Result<Officer> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text)
        .with_context(|| format!("{}: not a card that `assize seal officer` printed", path.display()))
}

/// Contents of files, in their order.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<String>> {
    paths.iter().map(|path| std::fs::read_to_string(path).with_context(|| path.display().to_string())).collect()
}

fn shares(shell: &Shell) -> Result<()> {
    let case = shell.case()?;
    let Some(seal) = case.vault().seal() else {
        anyhow::bail!("this case has no officers; `assize seal new --officer CARD…` names them");
    };
    let mut held: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for version in case.vault().register_versions() {
        for person in case.vault().sealed_people(version)? {
            person.shares.into_iter().for_each(|(officer, _)| *held.entry(officer).or_default() += 1);
        }
    }
    for review in case.reviews_owed() {
        let overdue = if review.overdue { "OVERDUE: " } else { "" };
        shell.sight.say(&format!("{overdue}review owed for {} ({}) by {}", review.leaf, review.targets.join(" "), review.until));
    }
    let row = |officer: &Officer, alone: bool| {
        Row(vec![
            ("officer".into(), officer.officer.clone().into()),
            ("organ".into(), officer.organ.clone().into()),
            ("needed".into(), if alone { 1 } else { seal.k }.into()),
            ("shares".into(), held.get(&officer.officer).copied().unwrap_or(0).into()),
            ("key".into(), officer.key.clone().into()),
        ])
    };
    let rows = seal.officers.iter().map(|one| row(one, false)).chain(seal.emergency.iter().map(|one| row(one, true)));
    shell.rows(rows, &["officer", "organ", "needed", "shares", "key"].map(Column::of))
}

fn approve(shell: &Shell, path: &Path, name: &str, yes: bool) -> Result<()> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let asked: UnsealRequest = serde_json::from_slice(&bytes)
        .with_context(|| format!("{}: not a request that `assize unseal` made", path.display()))?;
    let emergency = if asked.break_glass { "EMERGENCY, by you alone: " } else { "" };
    shell.sight.say(&format!(
        "{emergency}{} asks to unseal {} for {} minutes\npurpose  {}\nbasis    {}\ncase     {}, at {}",
        asked.by, asked.targets.join(" "), asked.minutes, asked.purpose, asked.basis, asked.log, asked.at
    ));
    if !yes && crate::shell::ask("approve? type yes: ")? != "yes" {
        anyhow::bail!("not approved");
    }
    let note = shell.with_keys(|keys| seal::approve(&bytes, name, keys))?;
    shell.text(&note)
}

/// Writes a file that must not be there yet.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::create_new(path).with_context(|| path.display().to_string())?;
    Ok(file.write_all(bytes)?)
}
