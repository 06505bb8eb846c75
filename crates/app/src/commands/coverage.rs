//! `coverage`

use std::process::ExitCode;

use anyhow::Result;
use assize_case::Case;
use assize_case::model::{Row, Snapshot};
use assize_case::outputs::table::Column;
use clap::Args;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let rows = published(&case)?;
        let columns = ["host", "source", "from", "to", "events", "state", "cause", "because", "basis"];
        shell.rows(rows, &columns.map(Column::of))?;
        Ok(DONE.into())
    }
}

/// The list, as it is published.
pub fn published(case: &Case) -> Result<Vec<Row>> {
    Ok(case.snapshot()?.rows("SELECT * FROM coverage ORDER BY host, source")?)
}
