//! `coverage`

use std::process::ExitCode;

use anyhow::Result;
use assize_case::model::Snapshot;
use assize_case::outputs::table::Column;
use clap::Args;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let rows = case.snapshot()?.rows("SELECT * FROM coverage ORDER BY host, source")?;
        let columns = ["host", "source", "from", "to", "events", "state", "cause", "because", "basis"];
        shell.rows(rows, &columns.map(Column::of))?;
        Ok(DONE.into())
    }
}
