//! `intake`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use assize_case::Case;
use assize_case::model::{Collected, Row, Trust};
use assize_case::outputs::table::Column;
use assize_case::vault::{Receipt, Sidecar};
use clap::{Args, ValueEnum};

use crate::shell::{DONE, NOTHING, Shell};

#[derive(Args)]
pub struct Arguments {
    /// Files and folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    origin: Origin,
}

/// How files are taken in, and what is stated about them.
#[derive(Args)]
pub struct Origin {
    /// How far the place it came from is trusted
    #[arg(long, value_enum, default_value = "self-reported")]
    origin: OriginTrust,
    /// Leave the files where they lie: digests and log only, no copy. They must stay as they are
    #[arg(long)]
    reference: bool,
    /// What is stated about the files: TOML or JSON (docs/contract/sidecar.schema.json)
    #[arg(long, value_name = "FILE")]
    meta: Option<PathBuf>,
    /// Passwords of encrypted zips, one a line; kept with the keys, never in the case
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    stated: Stated,
}

/// Statements for all files given; they count more than the sidecar's for all.
#[derive(Args, Clone)]
#[command(next_help_heading = "Statements about the collection (kept in the log, not proved)")]
struct Stated {
    /// Who collected it
    #[arg(long, value_name = "WHO")]
    collected_by: Option<String>,
    /// Who saw it done
    #[arg(long, value_name = "WHO")]
    witnessed_by: Option<String>,
    /// On whose authority: mandate, order, consent
    #[arg(long, value_name = "TEXT")]
    authority: Option<String>,
    /// What it was collected with, and its version
    #[arg(long, value_name = "TOOL")]
    collection_tool: Option<String>,
    /// How: live, image, export, write-blocked
    #[arg(long, value_name = "TEXT")]
    method: Option<String>,
    /// When, as the collector wrote it
    #[arg(long, value_name = "TIME")]
    acquired_at: Option<String>,
    /// How it is known that the collector's clock was right
    #[arg(long, value_name = "TEXT")]
    clock: Option<String>,
    /// Host that it comes from
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Serial number of the device
    #[arg(long, value_name = "NUMBER")]
    serial: Option<String>,
    /// Where it was collected
    #[arg(long, value_name = "PLACE")]
    location: Option<String>,
    /// Changes that could not be avoided: what, why, by whom
    #[arg(long, value_name = "TEXT")]
    changes: Option<String>,
    /// What for
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// Handling mark of these exhibits
    #[arg(long, value_name = "MARK")]
    handling: Option<String>,
    /// Until when they may be kept
    #[arg(long, value_name = "TIME")]
    retention_until: Option<String>,
}

impl Stated {
    fn collected(&self) -> Collected {
        let stated = self.clone();
        Collected {
            by: stated.collected_by,
            witnessed_by: stated.witnessed_by,
            authority: stated.authority,
            tool: stated.collection_tool,
            method: stated.method,
            acquired_at: stated.acquired_at,
            clock: stated.clock,
            host: stated.host,
            serial: stated.serial,
            location: stated.location,
            changes: stated.changes,
            purpose: stated.purpose,
            handling: stated.handling,
            retention_until: stated.retention_until,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum OriginTrust {
    /// Collected from where the intruder is not thought to have had power
    Trusted,
    /// Collected from a host on which the intruder may have been administrator
    UntrustedHost,
    /// Handed over with somebody's word only
    SelfReported,
}

impl Origin {
    /// Gives the case the passwords of the file that was named.
    pub fn give_passwords(&self, case: &mut Case, shell: &Shell) -> Result<()> {
        let Some(file) = &self.password_file else { return Ok(()) };
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let given: Vec<String> = text.lines().map(str::to_owned).collect();
        let stamp = assize_case::stamp(shell.common.by.as_deref());
        Ok(case.give_passwords(&assize_case::keys()?, &given, &stamp)?)
    }

    pub fn receipt(&self) -> Result<Receipt> {
        let trust = match self.origin {
            OriginTrust::Trusted => Trust::Trusted,
            OriginTrust::UntrustedHost => Trust::UntrustedHost,
            OriginTrust::SelfReported => Trust::SelfReported,
        };
        let sidecar = self.meta.as_deref().map(Sidecar::read).transpose()?.unwrap_or_default();
        Ok(Receipt { trust, reference: self.reference, sidecar: sidecar.with(self.stated.collected()) })
    }
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let receipt = self.origin.receipt()?;
        let mut case = shell.case_or_new()?;
        self.origin.give_passwords(&mut case, shell)?;
        let stamp = assize_case::stamp(shell.common.by.as_deref());
        let mut rows = Vec::new();
        let mut admitted = 0;
        case.intake_with(&self.paths, &receipt, &stamp, &shell.sight, &mut |found, result| {
            admitted += usize::from(result.is_ok());
            let (size, state, id) = match result {
                Ok(one) => {
                    let state = if one.logged { "admitted" } else { "admitted before" };
                    (Some(one.size), state.to_owned(), Some(one.exhibit.to_string()))
                }
                Err(reason) => (None, reason, None),
            };
            rows.push(Row(vec![
                ("path".into(), found.path.clone().into()),
                ("bytes".into(), size.into()),
                ("state".into(), state.into()),
                ("exhibit".into(), id.into()),
            ]));
        })?;
        shell.tell_unsigned(&case);
        let columns = ["path", "bytes", "state", "exhibit"].map(Column::of);
        shell.rows(rows, &columns)?;
        Ok(if admitted == 0 { NOTHING.into() } else { DONE.into() })
    }
}
