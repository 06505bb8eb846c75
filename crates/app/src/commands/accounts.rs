//! `accounts`

use std::process::ExitCode;

use anyhow::Result;
use assize_case::model::Snapshot;
use assize_case::outputs::table::Column;
use clap::Args;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    /// Machine accounts and the system's own too
    #[arg(long)]
    all: bool,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let rows = case.snapshot()?.rows("SELECT * FROM accounts ORDER BY identity, account, id")?;
        let rows = rows.into_iter().filter(|row| self.all || row.value("machine") != true);
        let columns =
            ["account", "namespace", "identity", "sessions", "intruder", "owner", "devices", "because", "id"];
        shell.rows(rows, &columns.map(Column::of))?;
        Ok(DONE.into())
    }
}
