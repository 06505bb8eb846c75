//! `export`

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};
use assize_case::outputs;
use clap::Args;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    /// Name of the format (`jsonl`, `report`)
    #[arg(long, value_name = "FORMAT")]
    to: String,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let Some(output) = outputs::ALL.iter().find(|output| output.card().name == self.to) else {
            let names: Vec<&str> = outputs::ALL.iter().map(|output| output.card().name).collect();
            bail!("`{}` is not a format to export to; there are: {}", self.to, names.join(", "));
        };
        let case = shell.case()?;
        let snapshot = case.snapshot()?;
        let mut out = shell.out()?;
        output.write(&snapshot, &mut out)?;
        out.flush()?;
        Ok(DONE.into())
    }
}
