//! `names scan`

use std::process::ExitCode;

use anyhow::{Result, bail};
use assize_case::model::Snapshot;
use assize_case::outputs::table::Column;
use clap::{Args, Subcommand};

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say whose names were masked in the tables, in which fields, in how many values: pseudonyms only
    Scan,
}

/// A value that stands in several rows counts in each of them.
const SCAN: &str = "SELECT subject, field, sum(texts) AS texts, count(DISTINCT exhibit) AS exhibits
    FROM masked GROUP BY subject, field ORDER BY subject, field";

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let What::Scan = self.what;
        let case = shell.case()?;
        if case.names().is_none() {
            bail!("no register was imported into this case, so no name is known; `assize register import DIR` does");
        }
        let rows = case.snapshot()?.rows(SCAN)?;
        let texts: u64 = rows.iter().map(|row| row.number("texts")).sum();
        let subjects: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.text("subject")).collect();
        shell.sight.say(&format!("{texts} values masked, of {} subjects", subjects.len()));
        let columns = ["subject", "field", "texts", "exhibits"].map(Column::of);
        shell.rows(rows, &columns)?;
        Ok(DONE.into())
    }
}
