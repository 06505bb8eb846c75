//! `coverage`

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, bail};
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
    /// Instead: whether that technique would have left a trace there and then (`T1003.001`, or `all`)
    #[arg(long, value_name = "ID")]
    technique: Option<String>,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let host = self.host.as_deref().unwrap_or("").to_lowercase();
        if let Some(technique) = &self.technique {
            return self.traces(shell, &case, technique, &host);
        }
        let rows = published(&case)?.into_iter().filter(|row| {
            row.text("host").to_lowercase().contains(&host)
                && self.when.touches(row.time("from"), row.time("to"))
        });
        let columns = ["host", "source", "from", "to", "events", "state", "cause", "because", "basis"];
        shell.rows(rows, &columns.map(Column::of))?;
        Ok(DONE.into())
    }

    /// By technique and machine: whether a log that holds such acts is complete then.
    fn traces(&self, shell: &mut Shell, case: &Case, technique: &str, host: &str) -> Result<ExitCode> {
        let all = technique.eq_ignore_ascii_case("all");
        let rows = case.snapshot()?.rows("SELECT * FROM traces ORDER BY technique, seen_as, host, \"from\"")?;
        let known: BTreeSet<&str> = rows.iter().map(|row| row.text("technique")).collect();
        if !all && !known.iter().any(|one| one.eq_ignore_ascii_case(technique)) {
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            bail!("nothing is known of the traces of {technique}; known are: {known}");
        }
        let rows = rows.into_iter().filter(|row| {
            (all || row.text("technique").eq_ignore_ascii_case(technique))
                && row.text("host").to_lowercase().contains(host)
                && self.when.touches(row.time("from"), row.time("to"))
        });
        let columns = ["technique", "seen_as", "host", "from", "to", "shows", "logs", "says"];
        shell.rows(rows, &columns.map(Column::of))?;
        Ok(DONE.into())
    }
}

/// The list, as it is published.
pub fn published(case: &Case) -> Result<Vec<Row>> {
    Ok(case.snapshot()?.rows("SELECT * FROM coverage ORDER BY host, source")?)
}
