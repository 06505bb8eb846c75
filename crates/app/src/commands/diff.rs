//! `diff`: what came of what was decided between two states of a case.

use std::process::ExitCode;

use anyhow::Result;
use assize_case::model::Row;
use assize_case::outputs::table::{Column, Shape};
use clap::Args;
use serde_json::Value;

use crate::shell::{DONE, Shell};

#[derive(Args)]
#[command(after_help = "\
  assize diff d-… now          what came since that decision
  assize diff l-… l-…          between two leaves of the custody log (`assize custody log`)
  assize diff 2026-09-20 now   between two times
A state is everything up to a leaf, that leaf included. Evidence is read as it is now on both sides.")]
pub struct Arguments {
    /// The earlier state: l-…, d-…, the beginning of a derivation's manifest, a time, or `now`
    a: String,
    /// The later one
    b: String,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let mut case = shell.case()?;
        let diff = case.diff(&self.a, &self.b, shell.common.threads)?;
        if !matches!(shell.shape(), Shape::Table | Shape::Csv) {
            shell.object(&diff)?;
            return Ok(DONE.into());
        }
        for change in &diff.changes {
            let what = assize_case::outputs::harmless::terminal(&change.what);
            shell.sight.say(&format!("{what} moved {} sessions, {} events", change.sessions, change.events));
        }
        shell.sight.say(&format!(
            "together: {} sessions, {} events; {} stretches of coverage are others; incidents {} → {}",
            diff.sessions.len(),
            diff.events,
            diff.coverage[1],
            diff.incidents[0],
            diff.incidents[1],
        ));
        let columns = ["from", "account", "host", "before", "after", "id"];
        let rows = diff.sessions.iter().filter_map(|moved| match serde_json::to_value(moved) {
            Ok(Value::Object(cells)) => Some(Row(cells.into_iter().collect())),
            _ => None,
        });
        shell.rows(rows, &columns.map(Column::of))?;
        Ok(DONE.into())
    }
}
