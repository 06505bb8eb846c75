//! `sessions`

use std::process::ExitCode;

use anyhow::Result;
use assize_case::Case;
use assize_case::model::{Row, Snapshot};
use assize_case::outputs::table::Column;
use clap::Args;
use serde_json::{Value, json};

use crate::shell::{DONE, Shell};
use crate::when::When;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    when: When,
    /// Only those with this verdict: intruder, owner or undetermined
    #[arg(long, value_name = "VERDICT")]
    verdict: Option<String>,
    /// Only those of accounts whose name holds this
    #[arg(long, value_name = "TEXT")]
    user: Option<String>,
    /// Only those on, or from, machines whose name holds this
    #[arg(long, value_name = "TEXT")]
    host: Option<String>,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let holds = |asked: &Option<String>, texts: &[&str]| {
            let asked = asked.as_deref().map(str::to_lowercase);
            asked.is_none_or(|asked| texts.iter().any(|text| text.to_lowercase().contains(&asked)))
        };
        let rows = published(&case)?.into_iter().filter(|row| {
            self.verdict.as_deref().is_none_or(|verdict| row.text("verdict") == verdict)
                && holds(&self.user, &[row.text("account")])
                && holds(&self.host, &[row.text("host"), row.text("device")])
                && self.when.touches(row.time("from"), row.time("to").or(row.time("last_seen")))
        });
        let columns = ["from", "to", "account", "host", "door", "device", "address", "verdict", "because", "id"];
        shell.rows(rows, &columns.map(Column::of))?;
        Ok(DONE.into())
    }
}

/// The list, as it is published.
pub fn published(case: &Case) -> Result<Vec<Row>> {
    let rows = case.snapshot()?.rows("SELECT * FROM sessions ORDER BY \"from\" NULLS FIRST, id")?;
    Ok(rows.into_iter().map(row).collect())
}

/// Proof and clearing as objects, by the contract.
fn row(row: Row) -> Row {
    let proven = row.some_text("proven_by").map(|by| json!({"by": by, "basis": row.value("proven_basis")}));
    let cleared = row.some_text("cleared_by").map(|by| {
        let assumption = row.value("cleared_assumption");
        json!({"by": by, "assumption": assumption, "basis": row.value("cleared_basis")})
    });
    let keys = [
        "account", "identity", "host", "from", "to", "last_seen", "opened", "door", "address", "device", "client",
        "verdict",
    ];
    let mut cells: Vec<(String, Value)> =
        keys.iter().map(|key| ((*key).to_owned(), row.value(key).clone())).collect();
    cells.push(("proven".to_owned(), proven.unwrap_or(Value::Null)));
    cells.push(("cleared".to_owned(), cleared.unwrap_or(Value::Null)));
    for key in ["because", "against", "events", "source", "opening", "id"] {
        cells.push((key.to_owned(), row.value(key).clone()));
    }
    Row(cells)
}
