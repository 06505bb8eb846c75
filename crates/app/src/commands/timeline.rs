//! `timeline`: what happened, event by event, with whose act each was.

use std::process::ExitCode;

use anyhow::Result;
use assize_case::model::Snapshot;
use assize_case::outputs::table::Column;
use clap::Args;

use crate::shell::{DONE, Shell};
use crate::when::When;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    when: When,
    /// Only the intruder's, the owners' or the undetermined
    #[arg(long, value_name = "VERDICT")]
    verdict: Option<String>,
    /// Only acts as accounts whose name holds this
    #[arg(long, value_name = "TEXT")]
    user: Option<String>,
    /// Only on machines whose name holds this
    #[arg(long, value_name = "TEXT")]
    host: Option<String>,
    /// Only of one session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// At most so many; 0 for all
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let snapshot = case.snapshot()?;
        let from = format!("FROM session_events WHERE {}", self.condition());
        let limit = if self.limit == 0 { String::new() } else { format!(" LIMIT {}", self.limit) };
        let sql = format!(
            "SELECT time, host, source, actor, verb, object, outcome, verdict, session, id {from} \
             ORDER BY time NULLS FIRST, id{limit}"
        );
        let columns =
            ["time", "host", "source", "actor", "verb", "object", "outcome", "verdict", "id"].map(Column::of);
        let shown = shell.stream(&columns_for(shell, &columns), &mut |rows| {
            snapshot.each(&sql, &mut |row| {
                rows.row(row).map_err(Into::into)
            })?;
            Ok(())
        })?;
        if self.limit > 0 && shown as usize == self.limit {
            let all = snapshot.rows(&format!("SELECT count(*) AS n {from}"))?;
            let all = all.first().map_or(0, |row| row.number("n"));
            if all > shown {
                shell.sight.say(&format!("{shown} of {all} shown; all: --limit 0"));
            }
        }
        Ok(DONE.into())
    }

    fn condition(&self) -> String {
        let literal = |text: &str| text.replace('\'', "''");
        let time = |time: assize_case::model::Time| format!("to_timestamp_nanos('{time}')");
        let holds = |column: &str, text: &String| {
            format!("strpos(lower(coalesce({column}, '')), '{}') > 0", literal(&text.to_lowercase()))
        };
        let conditions = [
            self.when.begin().map(|since| format!("time >= {}", time(since))),
            self.when.until.map(|until| format!("time < {}", time(until))),
            self.verdict.as_ref().map(|verdict| format!("verdict = '{}'", literal(verdict))),
            self.user.as_ref().map(|user| holds("actor", user)),
            self.host.as_ref().map(|host| holds("host", host)),
            self.session.as_ref().map(|id| format!("starts_with(session, '{}')", literal(id))),
        ];
        let conditions: Vec<String> = conditions.into_iter().flatten().collect();
        if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") }
    }
}

/// A table shows what fits a line; JSON leaves nothing out.
fn columns_for(shell: &Shell, columns: &[Column]) -> Vec<Column> {
    use assize_case::outputs::table::Shape;
    if matches!(shell.shape(), Shape::Json | Shape::Ndjson) { Vec::new() } else { columns.to_vec() }
}
