//! `report`

use std::process::ExitCode;

use anyhow::Result;
use assize_case::outputs::report::Report;
use clap::Args;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case_for_writing()?;
        let path = case.write_report(&Report, "report.html")?;
        shell.sight.say(&format!("report: {}", path.display()));
        Ok(DONE.into())
    }
}
