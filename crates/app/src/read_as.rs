//! How is evidence to be read where its bytes leave a choice? The flags for it.
//!
//! Shared by `inquire`, `derive` and `detect`. What is said with them to a case stays said; a statement
//! of later takes the place of an earlier one.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use assize_case::formats::option;
use assize_case::{Case, ReadAs};
use clap::Args;

use crate::shell::Shell;
use crate::when;

#[derive(Args, Default)]
#[command(next_help_heading = "How to read what the evidence leaves open")]
pub struct Readings {
    /// Year of the first record of logs that state none [default: the latest in which it is not after a record
    /// of the same file that states its year, else not after the acquisition]
    #[arg(long, value_name = "YEAR|none")]
    year: Option<String>,
    /// Zone of times that state none: +02:00, Europe/Amsterdam [default: UTC]
    #[arg(long, value_name = "ZONE|none", alias = "source-tz")]
    zone: Option<String>,
    /// No record is later than this: the year of logs that state none follows
    #[arg(long, value_name = "TIME|none")]
    not_after: Option<String>,
    /// Encoding of logs of lines, if their bytes do not tell it: utf-8, utf-16le, utf-16be, windows-1252
    #[arg(long, value_name = "NAME|none")]
    encoding: Option<String>,
    /// Mapping file for tables or JSON of unknown make, which `formats map` proposes; may be repeated
    #[arg(long, value_name = "FILE")]
    mapping: Vec<PathBuf>,
    /// Of which exhibits the five flags above speak: an id (x-…), or a path from any step on, `*` for any
    /// characters [default: of all]
    #[arg(long, value_name = "PATTERN|ID", default_value = "*", hide_default_value = true)]
    of: String,
    /// A file of such statements, one JSON object a line: {"of": "fs1/*.log", "options": {"zone": "+02:00"}}
    #[arg(long, value_name = "FILE")]
    readings: Option<PathBuf>,
}

impl Readings {
    /// The statements, those of the file first.
    pub fn statements(&self) -> Result<Vec<ReadAs>> {
        let mut all = self.readings.as_deref().map(of_file).transpose()?.unwrap_or_default();
        let mut flags = ReadAs::of(&self.of);
        let not_after = self.not_after.as_deref().map(|text| match text {
            "none" => Ok(text.to_owned()),
            _ => when::at(text).map(|time| time.to_string()).map_err(|error| anyhow!("--not-after: {error}")),
        });
        let given = [
            (option::YEAR, self.year.clone()),
            (option::ZONE, self.zone.clone()),
            (option::NOT_AFTER, not_after.transpose()?),
            (option::ENCODING, self.encoding.clone()),
        ];
        flags.options =
            given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let mappings: Vec<String> = self.mapping.iter().map(|path| mapping(path)).collect::<Result<_>>()?;
        if !flags.options.is_empty() {
            all.push(flags.clone());
        }
        let mapped = |text| ReadAs { mapping: Some(text), ..ReadAs::of(&self.of) };
        all.extend(mappings.into_iter().map(mapped));
        for one in &all {
            one.check().map_err(|error| anyhow!("how to read {}: {error}", one.of))?;
        }
        Ok(all)
    }

    /// Says them to a case.
    pub fn say(&self, case: &mut Case, shell: &Shell) -> Result<()> {
        let statements = self.statements()?;
        case.read_as(&statements, &assize_case::stamp(shell.common.by.as_deref()))?;
        Ok(())
    }
}

/// A mapping file. Who comes from Chainsaw gives one for Sigma's fields.
fn mapping(path: &Path) -> Result<String> {
    let text = text_of(path)?;
    let is_of_chainsaw = text.lines().any(|line| line.starts_with("groups:"));
    ensure!(
        !is_of_chainsaw,
        "{}: a mapping for Sigma rules, which need none here; --mapping takes what `formats map` proposes",
        path.display()
    );
    Ok(text)
}

fn text_of(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// A file of statements. A mapping is named there by its file, from the folder of this one.
pub fn of_file(path: &Path) -> Result<Vec<ReadAs>> {
    let mut all = Vec::new();
    for (number, line) in text_of(path)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = || format!("{}, line {}", path.display(), number + 1);
        let mut one: ReadAs = serde_json::from_str(line).with_context(place)?;
        if let Some(file) = one.mapping.take() {
            one.mapping = Some(text_of(&path.with_file_name(file)).with_context(place)?);
        }
        one.check().map_err(|error| anyhow!("{}: {error}", place()))?;
        all.push(one);
    }
    Ok(all)
}
