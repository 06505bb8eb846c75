//! `formats`

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use assize_case::formats;
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
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        match self.what {
            None => list(shell)?,
            Some(What::Explain { file }) => explain(&file, shell)?,
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

fn explain(file: &PathBuf, shell: &Shell) -> Result<()> {
    let context = || file.display().to_string();
    let mut head = Vec::new();
    let opened = std::fs::File::open(file).with_context(context)?;
    opened.take(formats::HEAD as u64).read_to_end(&mut head).with_context(context)?;
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
