//! `decide`: what a person has decided, and the list of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use assize_case::model::decision::{Anchor, Decision, On, Place, Verb};
use assize_case::model::{Range, Row, Snapshot};
use assize_case::outputs::table::Column;
use assize_case::{Case, Decided};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::shell::{DONE, Shell};

#[derive(Args)]
#[command(after_help = "\
  assize decide                                                    what is decided, and what has come of it
  assize decide confirm event e-…  --reason TEXT                   it is the intruder's act
  assize decide confirm address 198.51.100.23 --since T --until T --reason TEXT
  assize decide clear class 'account:COURT\\svc-backup device:BKP01' --reason TEXT
  assize decide overrule clock 'host:FS01' --set offset=-7m --reason TEXT
  assize decide overrule incident i-… --set evicted=2026-09-20T08:00:00Z --reason TEXT
  assize decide reject decision d-… --reason TEXT                  undoes it
A decision is a leaf of the custody log. `--by` says whose it is; it takes effect in the tables at once.")]
pub struct Arguments {
    /// confirm, reject, clear or overrule; without it: the list of decisions
    #[arg(value_parser = word::<Verb>)]
    verb: Option<Verb>,
    /// event, finding, session, account, host, application, address, class, clock, holding, item,
    /// subject, incident or decision
    #[arg(value_parser = word::<On>, requires = "thing")]
    on: Option<On>,
    /// Id or name of the thing; of a class `account:… device:… host:…`
    thing: Option<String>,
    /// From when it holds (RFC 3339, UTC) [default: from the beginning]
    #[arg(long, value_name = "T")]
    since: Option<String>,
    /// Until when it holds [default: to the end]
    #[arg(long, value_name = "T")]
    until: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Overruling: a value that is set, as outcome=failure; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Take the decisions of a file instead: one JSON object a line
    #[arg(long, value_name = "FILE", conflicts_with = "verb")]
    file: Option<PathBuf>,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        if self.verb.is_none() && self.file.is_none() {
            return list(shell);
        }
        let mut case = shell.case_for_writing()?;
        let decisions = match &self.file {
            Some(file) => of_file(file)?,
            None => vec![self.one(&case, shell)?],
        };
        take(&mut case, &decisions, shell)?;
        let stamp = assize_case::stamp(shell.common.by.as_deref());
        case.conclude(shell.common.threads, &stamp, &shell.sight)?;
        shell.tell_unsigned(&case);
        let known = case.decisions();
        let ids: Vec<_> = decisions.iter().map(Decision::id).collect();
        let rows = known.iter().filter(|one| ids.contains(&one.id)).map(row);
        shell.rows(rows, &COLUMNS.map(Column::of))?;
        Ok(DONE.into())
    }

    fn one(&self, case: &Case, shell: &Shell) -> Result<Decision> {
        let (Some(verb), Some(on), Some(thing)) = (self.verb, self.on, &self.thing) else {
            bail!("what is decided of what? `assize decide VERB KIND THING --reason TEXT`; see --help");
        };
        let Some(reason) = self.reason.clone() else { bail!("--reason is missing: a decision says why") };
        let by = assize_case::stamp(shell.common.by.as_deref()).by;
        let mut decision = Decision {
            verb,
            on,
            anchor: None,
            value: None,
            class: None,
            set: set(&self.set)?,
            since: self.since.clone(),
            until: self.until.clone(),
            reason,
            by,
        };
        match on {
            On::Event | On::Finding | On::Session | On::Incident => decision.anchor = Some(anchor(case, on, thing)?),
            On::Class => decision.class = Some(thing.clone()),
            _ => decision.value = Some(thing.clone()),
        }
        decision.check()?;
        Ok(decision)
    }
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|error| error.to_string())
}

fn set(pairs: &[String]) -> Result<Option<Map<String, Value>>> {
    let mut values = Map::new();
    for pair in pairs {
        let (key, value) = pair.split_once('=').with_context(|| format!("--set {pair}: expected KEY=VALUE"))?;
        values.insert(key.trim().to_owned(), Value::String(value.trim().to_owned()));
    }
    Ok((!values.is_empty()).then_some(values))
}

/// The place of the record that an id stands for.
fn anchor(case: &Case, on: On, id: &str) -> Result<Anchor> {
    let snapshot = case.snapshot()?;
    let literal = |text: &str| text.replace('\'', "''");
    let (table, event) = match on {
        On::Finding => ("findings", "event"),
        On::Session => ("sessions", "opening"),
        _ => ("events", "id"),
    };
    let sql = match on {
        On::Incident => format!(
            "SELECT DISTINCT b AS event FROM (SELECT unnest(basis) AS b FROM steps \
             WHERE position = 0 AND starts_with(incident, '{}')) s WHERE starts_with(b, 'e-') ORDER BY b LIMIT 1", literal(id)),
        _ => format!("SELECT {event} AS event FROM {table} WHERE starts_with(id, '{}') ORDER BY id LIMIT 2", literal(id)),
    };
    let rows = snapshot.rows(&sql)?;
    let [row] = rows.as_slice() else {
        bail!("{id}: {} in this case", if rows.is_empty() { "nothing has this id" } else { "several ids begin so" });
    };
    let sql = format!("SELECT exhibit, member, ranges FROM events WHERE id = '{}'", literal(row.text("event")));
    let rows = snapshot.rows(&sql)?;
    let event = rows.first().with_context(|| format!("{id}: its event is not in the tables"))?;
    let run = snapshot.run();
    let exhibit = run.exhibits.iter().find(|exhibit| exhibit.id.to_string() == event.text("exhibit"));
    let path = exhibit.and_then(|exhibit| exhibit.admissions.first()).map(|admission| admission.path.clone());
    let path = path.with_context(|| format!("{id}: its exhibit was received under no path"))?;
    let file = event.some_text("member").map_or(path.clone(), |member| format!("{path}!/{member}"));
    let ranges: Vec<Range> = serde_json::from_value(event.value("ranges").clone())?;
    Ok(Anchor { file, locator: Place { ranges: ranges.into_iter().take(1).collect(), chunk: None } })
}

/// The decisions of a file: one JSON object a line.
pub fn of_file(path: &Path) -> Result<Vec<Decision>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            Decision::parse(line).with_context(|| format!("{}, line {}", path.display(), number + 1))
        })
        .collect()
}

/// Writes decisions into the log and says how many were new.
pub fn take(case: &mut Case, decisions: &[Decision], shell: &Shell) -> Result<()> {
    let stamp = assize_case::stamp(shell.common.by.as_deref());
    let (_, new) = case.decide(decisions, &stamp)?;
    shell.sight.say(&format!("{} decisions: {new} new, {} stood already", decisions.len(), decisions.len() - new));
    Ok(())
}

const COLUMNS: [&str; 9] = ["at", "by", "verb", "on", "what", "since", "until", "state", "reason"];

fn list(shell: &Shell) -> Result<ExitCode> {
    let case = shell.case()?;
    shell.rows(case.decisions().iter().map(row), &COLUMNS.map(Column::of))?;
    Ok(DONE.into())
}

fn row(decided: &Decided) -> Row {
    let decision = &decided.decision;
    let anchor = decision.anchor.as_ref().map(|anchor| {
        let offset = anchor.locator.ranges.first().map_or(0, |range| range.offset);
        format!("{} at {offset}", anchor.file)
    });
    let what = anchor.or_else(|| decision.value.clone()).or_else(|| decision.class.clone());
    let state = match (&decided.undone_by, &decided.orphan) {
        (Some(by), _) => format!("undone by {by}"),
        (None, Some(orphan)) => format!("orphaned: {orphan}"),
        (None, None) => "stands".to_owned(),
    };
    let cells: [(&str, Value); 12] = [
        ("at", json!(decided.at)),
        ("by", json!(decision.by)),
        ("verb", json!(decision.verb)),
        ("on", json!(decision.on)),
        ("what", json!(what)),
        ("since", json!(decision.since)),
        ("until", json!(decision.until)),
        ("state", json!(state)),
        ("reason", json!(decision.reason)),
        ("event", json!(decided.event.map(|event| event.to_string()))),
        ("leaf", json!(decided.leaf)),
        ("id", json!(decided.id.to_string())),
    ];
    Row(cells.map(|(name, value)| (name.to_owned(), value)).into())
}
