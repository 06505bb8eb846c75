//! `formats`

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use assize_case::formats;
use assize_case::formats::mapping::{self, Mapping};
use assize_case::model::Row;
use assize_case::outputs::table::Column;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Say what a file is taken for, and how surely
    Explain {
        /// The file
        file: PathBuf,
    },
    /// Propose a mapping for a table or JSON records, or show what one makes of them
    Map {
        /// The file
        file: PathBuf,
        /// Show what this mapping makes of the first rows
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
    },
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        match self.what {
            None => list(shell)?,
            Some(What::Explain { file }) => explain(&file, shell)?,
            Some(What::Map { file, mapping: None }) => propose(&file, shell)?,
            Some(What::Map { file, mapping: Some(mapping) }) => preview(&file, &mapping, shell)?,
        }
        Ok(DONE.into())
    }
}

fn list(shell: &Shell) -> Result<()> {
    let row = |format: &&dyn assize_case::model::Format| {
        let card = format.card();
        Row(vec![
            ("name".into(), card.name.into()),
            ("title".into(), card.title.into()),
            ("family".into(), format.family().into()),
            ("proof".into(), proof(*format)),
            ("spine_fill".into(), serde_json::Value::Null),
            ("doc".into(), card.doc.into()),
            ("links".into(), json!(card.links)),
        ])
    };
    shell.rows(formats::ALL.iter().map(row), &["name", "family", "title"].map(Column::of))
}

fn proof(format: &dyn assize_case::model::Format) -> serde_json::Value {
    let operations = format.proof().iter().map(|(operation, proof)| ((*operation).to_owned(), json!(proof)));
    serde_json::Value::Object(operations.collect())
}

fn first_bytes(file: &Path) -> Result<Vec<u8>> {
    let context = || file.display().to_string();
    let mut head = Vec::new();
    let opened = std::fs::File::open(file).with_context(context)?;
    opened.take(formats::HEAD as u64).read_to_end(&mut head).with_context(context)?;
    Ok(head)
}

fn propose(file: &Path, shell: &Shell) -> Result<()> {
    let text = mapping::propose(&first_bytes(file)?).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    shell.text(&text)
}

/// Rows of a preview.
const PREVIEWED: usize = 20;

fn preview(file: &Path, mapping: &Path, shell: &Shell) -> Result<()> {
    let text = std::fs::read_to_string(mapping).with_context(|| mapping.display().to_string())?;
    let rules = Mapping::load(&text).map_err(|error| anyhow!("{}: {error}", mapping.display()))?;
    let rows = mapping::preview(&rules, &first_bytes(file)?, PREVIEWED);
    let rows = rows.map_err(|error| anyhow!("{}: {error}", file.display()))?;
    let row = |found: mapping::Preview| {
        let event = found.event;
        let problems = found.problems.iter().map(|problem| format!("{}: {}", problem.column, problem.what));
        let problems = problems.collect::<Vec<_>>().join("; ");
        Row(vec![
            ("row".into(), found.row.into()),
            ("time".into(), event.time.map(|time| time.to_string()).into()),
            ("actor".into(), event.actor.into()),
            ("verb".into(), event.verb.as_str().into()),
            ("object".into(), event.object.into()),
            ("object_kind".into(), event.object_kind.map(|kind| kind.as_str()).into()),
            ("peer".into(), event.peer.into()),
            ("outcome".into(), event.outcome.as_str().into()),
            ("time_assumed".into(), event.time_assumed.into()),
            ("problems".into(), problems.into()),
        ])
    };
    let columns = ["row", "time", "actor", "verb", "object", "object_kind", "peer", "outcome", "time_assumed", "problems"];
    shell.rows(rows.into_iter().map(row), &columns.map(Column::of))
}

fn explain(file: &Path, shell: &Shell) -> Result<()> {
    let head = first_bytes(file)?;
    let mut rows: Vec<Row> = Vec::new();
    let mut push = |name: &str, confidence: Option<u8>, because: &str| {
        rows.push(Row(vec![
            ("format".into(), name.into()),
            ("confidence".into(), confidence.into()),
            ("because".into(), because.into()),
        ]));
    };
    if let Some(kind) = formats::container::Kind::of(&head) {
        push(kind.as_str(), Some(100), "a container: each member is recognised by itself");
    }
    for format in formats::ALL {
        let confidence = format.recognise(&head).map(|confidence| confidence.0);
        let because = if confidence.is_some() { format.card().title } else { "not its make" };
        push(format.card().name, confidence, because);
    }
    shell.rows(rows, &["format", "confidence", "because"].map(Column::of))
}
