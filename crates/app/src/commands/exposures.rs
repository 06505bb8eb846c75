//! `exposures`: the two-sided answer, per holding, per item, per subject.

use std::process::ExitCode;

use anyhow::{Result, bail};
use assize_case::model::{Row, Snapshot};
use assize_case::outputs::table::Column;
use assize_case::{By, Case};
use clap::Args;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    /// Show what would narrow the answers, the most useful first
    #[arg(long, conflicts_with = "unregistered")]
    next: bool,
    /// Show what the intruder touched and the register does not know
    #[arg(long)]
    unregistered: bool,
}

/// What each row is about: `--by holding|item|subject|all`. The flag is the one of every command; here it
/// says what by, and not whom by, as the contract has it.
const BY: [(&str, By); 4] =
    [("holding", By::Holding), ("item", By::Item), ("subject", By::Subject), ("all", By::All)];

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let snapshot = case.snapshot()?;
        if self.next {
            let rows = snapshot.rows("SELECT * FROM next_steps ORDER BY alone DESC, answers DESC, step")?;
            shell.rows(rows, &["step", "alone", "answers"].map(Column::of))?;
        } else if self.unregistered {
            let rows = snapshot.rows("SELECT * FROM unregistered ORDER BY objects DESC, place")?;
            shell.rows(rows, &["place", "objects", "verbs", "from", "to", "proposed"].map(Column::of))?;
        } else {
            let asked = shell.common.by.as_deref().unwrap_or("holding");
            let Some((_, by)) = BY.into_iter().find(|(word, _)| *word == asked) else {
                bail!("--by {asked}: expected holding, item, subject or all");
            };
            let columns =
                ["key", "item", "subject", "band", "established", "not_excluded", "because", "next_step", "id"];
            let shown = |column: &&str| match by {
                By::Holding => !matches!(*column, "item" | "subject" | "band"),
                By::Item => !matches!(*column, "subject" | "band"),
                By::Subject => *column != "item",
                By::All => true,
            };
            let columns: Vec<Column> = columns.into_iter().filter(shown).map(Column::of).collect();
            shell.rows(snapshot.exposures(by)?, &columns)?;
        }
        Ok(DONE.into())
    }
}

/// The whole answer, as it is published.
pub fn published(case: &Case) -> Result<Vec<Row>> {
    Ok(case.snapshot()?.exposures(By::All)?)
}
