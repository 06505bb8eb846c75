//! `incidents`

use std::process::ExitCode;

use anyhow::Result;
use assize_case::Case;
use assize_case::model::{Row, Snapshot};
use assize_case::outputs::table::{Column, Shape};
use clap::Args;
use serde_json::{Value, json};

use crate::shell::{DONE, Shell};
use crate::when::When;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    when: When,
    /// Instead: how often somebody was refused at a door, day by day, and how often is usual there
    #[arg(long)]
    attempts: bool,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        if self.attempts {
            return self.refused(shell, &case);
        }
        let mut incidents = published(&case)?;
        incidents.retain(|row| self.when.touches(row.time("first_proven"), row.time("last_proven")));
        if shell.shape() != Shape::Table && shell.shape() != Shape::Csv {
            shell.rows(incidents, &[])?;
            return Ok(DONE.into());
        }
        // On a screen or in a sheet an incident is its steps.
        let steps = incidents.iter().flat_map(|incident| {
            let steps = incident.value("steps").as_array().cloned().unwrap_or_default();
            steps.into_iter().map(|step| flat(incident, step))
        });
        let columns = ["incident", "time", "technique", "outcome", "host", "account", "times", "text"];
        shell.rows(steps.collect::<Vec<_>>(), &columns.map(Column::of))?;
        Ok(DONE.into())
    }

    /// Daily attempts are no incidents: they are counted.
    fn refused(&self, shell: &mut Shell, case: &Case) -> Result<ExitCode> {
        let mut rows = case.snapshot()?.rows("SELECT * FROM attempts ORDER BY source, host, day")?;
        rows.retain(|row| self.when.touches(row.time("day"), row.time("day")));
        let columns =
            ["source", "host", "day", "times", "usual", "more_than_usual", "addresses", "accounts", "basis"];
        shell.rows(rows, &columns.map(Column::of))?;
        Ok(DONE.into())
    }
}

fn flat(incident: &Row, step: Value) -> Row {
    let mut cells = vec![("incident".to_owned(), incident.value("id").clone())];
    if let Value::Object(step) = step {
        cells.extend(step);
    }
    Row(cells)
}

/// The list, as it is published.
pub fn published(case: &Case) -> Result<Vec<Row>> {
    let snapshot = case.snapshot()?;
    let steps = snapshot.rows("SELECT * FROM steps ORDER BY incident, position")?;
    let incidents = snapshot.rows("SELECT * FROM incidents ORDER BY first_proven, id")?;
    Ok(incidents
        .iter()
        .map(|incident| {
            let own = steps.iter().filter(|step| step.value("incident") == incident.value("id"));
            let told: Vec<Value> = own.map(step).collect();
            let keys = [
                "title",
                "first_possible",
                "first_proven",
                "last_proven",
                "evicted",
                "hosts",
                "accounts",
            ];
            let mut cells: Vec<(String, Value)> =
                keys.iter().map(|key| ((*key).to_owned(), incident.value(key).clone())).collect();
            cells.push(("steps".to_owned(), Value::Array(told)));
            cells.push(("id".to_owned(), incident.value("id").clone()));
            Row(cells)
        })
        .collect())
}

fn step(row: &Row) -> Value {
    json!({
        "time": row.value("time"), "until": row.value("until"), "times": row.value("times"),
        "technique": row.value("technique"), "host": row.value("host"), "account": row.value("account"),
        "outcome": row.value("outcome"), "text": row.value("text"), "basis": row.value("basis"),
    })
}
