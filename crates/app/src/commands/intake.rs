//! `intake`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use assize_case::model::{Row, Trust};
use assize_case::outputs::table::Column;
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

/// How far the origin is trusted.
#[derive(Args)]
pub struct Origin {
    /// How far the place it came from is trusted
    #[arg(long, value_enum, default_value = "self-reported")]
    pub origin: OriginTrust,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OriginTrust {
    /// Collected from where the intruder is not thought to have had power
    Trusted,
    /// Collected from a host on which the intruder may have been administrator
    UntrustedHost,
    /// Handed over with somebody's word only
    SelfReported,
}

impl Origin {
    pub fn trust(&self) -> Trust {
        match self.origin {
            OriginTrust::Trusted => Trust::Trusted,
            OriginTrust::UntrustedHost => Trust::UntrustedHost,
            OriginTrust::SelfReported => Trust::SelfReported,
        }
    }
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let mut case = shell.case_or_new()?;
        let stamp = assize_case::stamp(shell.common.by.as_deref());
        let mut rows = Vec::new();
        let mut admitted = 0;
        case.intake(&self.paths, self.origin.trust(), &stamp, &shell.sight, &mut |found, result| {
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
        let columns = ["path", "bytes", "state", "exhibit"].map(Column::of);
        shell.rows(rows, &columns)?;
        Ok(if admitted == 0 { NOTHING.into() } else { DONE.into() })
    }
}
