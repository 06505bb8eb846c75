//! `formats`

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use assize_case::formats;
use assize_case::formats::mapping::{self, Mapping};
use assize_case::model::Row;
use assize_case::outputs::harmless;
use assize_case::outputs::table::{self, Column, Shape};
use assize_case::{Fill, Measured};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::pages;
use crate::read_as::Readings;
use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Read everything there, and say of each format how much of the spine it fills; may be repeated
    #[arg(long, value_name = "PATH")]
    measure: Vec<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// Say what a file is taken for and how surely, its first events, and what was taken to read them
    Explain {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        readings: Readings,
    },
    /// Propose a mapping for a table or JSON records, or show what one makes of them
    Map {
        /// The file
        file: PathBuf,
        /// Show what this mapping makes of the first rows
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
    },
    /// Write a page of documentation for each format
    Pages {
        /// The folder
        folder: PathBuf,
        /// Write the page of how much of the spine is filled too, measured there; may be repeated
        #[arg(long, value_name = "PATH")]
        measure: Vec<PathBuf>,
    },
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        match self.what {
            None => list(&self.measure, shell)?,
            Some(What::Explain { file, readings }) => explain(&file, &readings, shell)?,
            Some(What::Map { file, mapping: None }) => propose(&file, shell)?,
            Some(What::Map { file, mapping: Some(mapping) }) => preview(&file, &mapping, shell)?,
            Some(What::Pages { folder, measure }) => write_pages(&folder, &measure, shell)?,
        }
        Ok(DONE.into())
    }
}

fn list(measured: &[PathBuf], shell: &Shell) -> Result<()> {
    let found = if measured.is_empty() { None } else { Some(measure(measured, shell)?) };
    let row = |format: &&dyn assize_case::model::Format| {
        let card = format.card();
        let fill = found.as_ref().map(|found| found.formats.get(card.name).cloned().unwrap_or_default());
        let shares = fill.as_ref().filter(|fill| fill.events > 0).map(Fill::shares);
        let mut cells = vec![
            ("name".into(), card.name.into()),
            ("title".into(), card.title.into()),
            ("family".into(), format.family().into()),
            ("proof".into(), proof(*format)),
            ("spine_fill".into(), json!(shares)),
            ("doc".into(), card.doc.into()),
            ("links".into(), json!(card.links)),
        ];
        if let Some(fill) = fill {
            let of = |name: &str| shares.as_ref().and_then(|shares| shares.get(name).copied());
            cells.extend([("files".into(), fill.files.into()), ("events".into(), fill.events.into()), ("gaps".into(), fill.gaps.into())]);
            cells.extend(assize_case::MEASURED.iter().map(|name| ((*name).to_owned(), json!(of(name)))));
        }
        Row(cells)
    };
    let rows: Vec<Row> = formats::ALL.iter().map(row).collect();
    let columns: Vec<&str> = match &found {
        None => vec!["name", "family", "title"],
        Some(_) => ["name", "files", "events", "gaps"].into_iter().chain(assize_case::MEASURED.iter().copied()).collect(),
    };
    // Measured: only what was met. What was not says nothing.
    let met = |row: &Row| found.is_none() || row.number("events") > 0 || row.number("files") > 0;
    shell.rows(rows.into_iter().filter(met), &columns.into_iter().map(Column::of).collect::<Vec<_>>())
}

fn measure(paths: &[PathBuf], shell: &Shell) -> Result<Measured> {
    let measured = assize_case::measure(paths, &[], &shell.sight)?;
    if !measured.unread.is_empty() {
        shell.sight.say(&format!("{} files and members no format reads", measured.unread.len()));
    }
    Ok(measured)
}

fn write_pages(folder: &Path, measured: &[PathBuf], shell: &Shell) -> Result<()> {
    let mut pages = pages::all();
    if !measured.is_empty() {
        pages.push((pages::FILL.to_owned(), pages::fill(&measure(measured, shell)?.formats)));
    }
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, text) in &pages {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    shell.sight.say(&format!("{} pages in {}", pages.len(), folder.display()));
    Ok(())
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

/// Columns of an event that a table of first events shows.
const SHOWN: [&str; 11] =
    ["time", "source", "host", "actor", "verb", "object", "object_kind", "peer", "client", "outcome", "time_assumed"];

fn explain(file: &Path, readings: &Readings, shell: &Shell) -> Result<()> {
    let told = assize_case::explain(file, &readings.statements()?).with_context(|| file.display().to_string())?;
    if shell.json_asked() {
        return shell.object(&told);
    }
    if let Some(kind) = told.container {
        let what = format!("{kind}: a container; each member is recognised by itself (assize formats --measure FILE)\n");
        return shell.text(&what);
    }
    if told.candidates.is_empty() {
        return shell.text("no format knows it; in a case its bytes are looked through for records of event logs, and without any it is a gap with the cause `unrecognised`\n");
    }
    let mut out = Vec::new();
    let candidate = |one: &assize_case::Candidate| {
        Row(vec![
            ("format".into(), one.format.into()),
            ("confidence".into(), one.confidence.into()),
            ("what".into(), one.title.into()),
            ("because".into(), one.because.as_str().into()),
        ])
    };
    let width = shell.width();
    let candidates = told.candidates.iter().map(candidate);
    table::write_rows(candidates, &["format", "confidence", "what", "because"].map(Column::of), Shape::Table, width, &mut out)?;
    let others = told.others.join(", ");
    out.extend_from_slice(format!("the first reads it; asked, and it is none of theirs: {others}\n\nfirst events\n").as_bytes());
    table::write_rows(told.events, &SHOWN.map(Column::of), Shape::Table, width, &mut out)?;
    let taken = told.options.iter().map(|(name, value)| format!("taken: {name} = {value}"));
    for line in taken.chain(told.gaps.iter().map(|gap| format!("gap: {gap}"))) {
        out.extend_from_slice(harmless::terminal(&line).as_bytes());
        out.push(b'\n');
    }
    shell.text(&String::from_utf8_lossy(&out))
}
