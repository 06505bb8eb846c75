//! `query`

use std::process::ExitCode;

use anyhow::Result;
use assize_case::model::{Snapshot, SnapshotError};
use clap::Args;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    /// A SELECT over events, findings, gaps, readings, exhibits, coverage, rules
    sql: String,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let snapshot = case.snapshot()?;
        shell.stream(&[], &mut |writer| {
            Ok(snapshot.each(&self.sql, &mut |row| writer.row(row).map_err(SnapshotError::from))?)
        })?;
        Ok(DONE.into())
    }
}
