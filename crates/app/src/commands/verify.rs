//! `verify`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use assize_case::outputs::harmless;
use assize_case::vault::{self, Policy, Status, Verdict, VaultError};
use clap::Args;

use crate::shell::{CUSTODY, DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    /// Public key of the log, or a policy with witnesses (c2sp.org/tlog-policy), known from elsewhere
    #[arg(long, value_name = "KEY")]
    trust: Option<PathBuf>,
    /// Verify a bundle instead of a case: the folder that `custody bundle` wrote
    #[arg(long, value_name = "BUNDLE")]
    bundle: Option<PathBuf>,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let policy = self.trust.map(|path| policy(&path)).transpose()?;
        let mut progress = |_| {};
        let verdict = match &self.bundle {
            Some(folder) => vault::verify_bundle(folder, policy.as_ref(), &mut progress)?,
            None => verify_case(shell, policy.as_ref())?,
        };
        if shell.json_asked() {
            shell.object(&verdict)?;
        } else {
            shell.text(&told(&verdict))?;
        }
        Ok(if verdict.status == Status::Broken { CUSTODY } else { DONE }.into())
    }
}

/// With the custody key where it can be had: without it, encrypted content is named as not looked at.
fn verify_case(shell: &Shell, policy: Option<&Policy>) -> Result<Verdict> {
    let root = shell.case_folder()?;
    let keys = assize_case::keys().ok();
    match vault::verify(&root, policy, keys.as_ref(), &mut |_| {}) {
        Err(VaultError::Passphrase(path)) => {
            shell.sight.say(&format!("{}: its passphrase was not given; verifying without it", path.display()));
            Ok(vault::verify(&root, policy, None, &mut |_| {})?)
        }
        verdict => Ok(verdict?),
    }
}

fn policy(path: &std::path::Path) -> Result<Policy> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let refused = |error: vault::PolicyError| VaultError::Given { path: path.to_owned(), reason: error.to_string() };
    Ok(Policy::parse(&text).map_err(refused)?)
}

/// Lines of what no proof covers that are shown.
const SHOWN: usize = 20;

fn told(verdict: &Verdict) -> String {
    let mut lines: Vec<String> = verdict.says.clone();
    lines.push(format!(
        "{} exhibits, {} leaves ({} signed, {} witnessed); log {}",
        verdict.exhibits, verdict.leaves, verdict.signed_leaves, verdict.witnessed_leaves, verdict.origin
    ));
    lines.push(format!("key {}", verdict.key));
    if !verdict.outside_proof.is_empty() {
        lines.push(format!("outside the proof ({}):", verdict.outside_proof.len()));
        lines.extend(verdict.outside_proof.iter().take(SHOWN).map(|path| format!("  {path}")));
        if verdict.outside_proof.len() > SHOWN {
            lines.push(format!("  {SHOWN} of {} shown; all: --format json", verdict.outside_proof.len()));
        }
    }
    lines.iter().map(|line| format!("{}\n", harmless::terminal(line))).collect()
}
