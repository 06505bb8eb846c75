//! `coverage`

use std::process::ExitCode;

use anyhow::Result;
use assize_case::Case;
use assize_case::model::{Row, Snapshot};
use assize_case::outputs::table::Column;
use clap::Args;

use crate::shell::{DONE, Shell};
use crate::when::When;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    when: When,
    /// Only of machines whose name holds this
    #[arg(long, value_name = "TEXT")]
    host: Option<String>,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let host = self.host.as_deref().unwrap_or("").to_lowercase();
        let rows = published(&case)?.into_iter().filter(|row| {
            row.text("host").to_lowercase().contains(&host)
                && self.when.touches(row.time("from"), row.time("to"))
        });
        let columns = ["host", "source", "from", "to", "events", "state", "cause", "because", "basis"];
        shell.rows(rows, &columns.map(Column::of))?;
        Ok(DONE.into())
    }
}

/// The list, as it is published.
pub fn published(case: &Case) -> Result<Vec<Row>> {
    Ok(case.snapshot()?.rows("SELECT * FROM coverage ORDER BY host, source")?)
}
