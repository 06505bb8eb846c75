//! `unseal`

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use assize_case::outputs::harmless;
use assize_case::seal::{self, UnsealWanted, Unsealed};
use clap::Args;
use serde_json::{Value, json};

use crate::commands::seal::{read_all, write_new};
use crate::shell::{DONE, Shell};

/// Asks, and with approvals shows. Without --approval it writes the request that officers approve.
#[derive(Args)]
pub struct Arguments {
    /// Pseudonyms, or exhibits x-… whose raw bytes are to be shown; more than one needs one officer more
    targets: Vec<String>,
    /// What for
    #[arg(long, value_name = "TEXT", required_unless_present = "approvals")]
    purpose: Option<String>,
    /// By which right
    #[arg(long, value_name = "TEXT", required_unless_present = "approvals")]
    basis: Option<String>,
    /// For how long the request stands, and raw bytes may be shown after it was granted
    #[arg(long, value_name = "N", default_value_t = 60)]
    minutes: u32,
    /// One officer alone, in an emergency: all are told, and must look at it in 24 hours
    #[arg(long)]
    break_glass: bool,
    /// Where the request goes [default: unseal-….json in this folder]
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// What officers answered to the request; shows once what it asked for
    #[arg(long = "approval", value_name = "FILE", conflicts_with_all = ["targets", "purpose", "basis", "break_glass", "request"])]
    approvals: Vec<PathBuf>,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        if self.approvals.is_empty() { self.ask(shell)? } else { self.answer(shell)? }
        Ok(DONE.into())
    }

    fn ask(self, shell: &Shell) -> Result<()> {
        if self.targets.is_empty() {
            bail!("name the pseudonym or exhibit that is to be unsealed");
        }
        let wanted = UnsealWanted {
            targets: self.targets,
            purpose: self.purpose.unwrap_or_default(),
            basis: self.basis.unwrap_or_default(),
            minutes: self.minutes,
            break_glass: self.break_glass,
        };
        let stamp = assize_case::stamp(shell.common.by.as_deref());
        let bytes = shell.case_for_writing()?.ask_unsealing(&wanted, &assize_case::keys()?, &stamp)?;
        let name = || PathBuf::from(format!("unseal-{}.json", &seal::digest_of(&bytes)[..16]));
        let path = self.request.unwrap_or_else(name);
        write_new(&path, &bytes)?;
        shell.sight.say(&format!(
            "{} goes to the officers; each answers with `assize seal approve {} --as NAME > ANSWER`\nthen: assize unseal --approval ANSWER --approval ANSWER",
            path.display(),
            path.display()
        ));
        Ok(())
    }

    fn answer(&self, shell: &Shell) -> Result<()> {
        let approvals = read_all(&self.approvals)?;
        let stamp = assize_case::stamp(shell.common.by.as_deref());
        let mut case = shell.case_for_writing()?;
        let unsealed = case.unseal(&approvals, &assize_case::keys()?, &stamp)?;
        if let Some(until) = &unsealed.review_until {
            let officers = case.vault().seal().map(|seal| seal.officers.clone()).unwrap_or_default();
            for officer in officers {
                shell.sight.say(&format!(
                    "NOTICE to {}: {} was unsealed by one officer alone; look at it by {until}: assize seal review {} --as {}",
                    officer.officer,
                    unsealed.people.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(" "),
                    unsealed.leaf,
                    officer.officer
                ));
            }
        }
        if !unsealed.exhibits.is_empty() {
            shell.sight.say(&format!(
                "raw bytes of {} may be shown until {}: assize trace ID --bytes, assize custody bundle",
                unsealed.exhibits.join(" "),
                unsealed.until
            ));
        }
        show(shell, &unsealed)
    }
}

/// The one place that writes a name, and it does not pass the gate: straight to stdout, never to a file of ours.
fn show(shell: &Shell, unsealed: &Unsealed) -> Result<()> {
    let mark = format!("unsealed by {} at {}, leaf {}", unsealed.stamp.by, unsealed.stamp.at, unsealed.leaf);
    let mut out = io::stdout().lock();
    for (key, text) in &unsealed.people {
        let told: Value = serde_json::from_str(text.expose()).unwrap_or_default();
        let identity = told.get("identity").cloned().unwrap_or_default();
        if shell.json_asked() {
            writeln!(out, "{}", json!({ "key": key, "identity": identity, "mark": mark }))?;
            continue;
        }
        writeln!(out, "{key}  [{mark}]")?;
        for (column, value) in identity.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            writeln!(out, "    {column:<24}  {}  [{mark}]", harmless::terminal(&value))?;
        }
    }
    Ok(out.flush()?)
}
