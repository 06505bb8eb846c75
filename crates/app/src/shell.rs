//! What do all commands share: flags, the case, stdout, exit codes?

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use assize_case::outputs::harmless;
use assize_case::outputs::table::{self, Column, RowWriter, Shape};
use assize_case::vault::{AtRest, CaseFile, Keys, Vault, VaultError};
use assize_case::{Case, CaseError, Gate, gate, model::Row};
use clap::{Args, ValueEnum};

use crate::sight::Sight;

/// Damaged evidence is an item of the result, not a failure.
pub const DONE: u8 = 0;
/// Findings at or above `--fail-on`, or tests that failed.
pub const FOUND: u8 = 1;
/// Nothing could be read or loaded, or bad arguments.
pub const NOTHING: u8 = 2;
/// Bad configuration.
pub const CONFIGURATION: u8 = 3;
/// Integrity or custody failure.
pub const CUSTODY: u8 = 4;

/// Flags of every command.
#[derive(Args)]
pub struct Common {
    /// Folder of the case [default: $ASSIZE_CASE, else the nearest case upward from here]
    #[arg(long, global = true, value_name = "DIR", env = "ASSIZE_CASE", hide_env = true)]
    pub case: Option<PathBuf>,
    /// Shape of the result [default: a table on a terminal, NDJSON when piped]
    #[arg(long, global = true, value_enum)]
    pub format: Option<Format>,
    /// Write the result to a file instead of stdout
    #[arg(short, long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite the file of --output
    #[arg(short = 'C', long, global = true)]
    pub clobber: bool,
    /// Number of threads [default: as many as the machine has]
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<usize>,
    /// Whose name stands in the custody log [default: the account's]
    #[arg(long, global = true, value_name = "WHO")]
    pub by: Option<String>,
    /// Say less on stderr; the result is the same
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub color: When,
}

/// Shape of a result.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns
    Table,
    /// One object or array
    Json,
    /// One object a line
    Ndjson,
    /// Comma-separated values
    Csv,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What a command works with.
pub struct Shell {
    pub common: Common,
    pub sight: Sight,
}

impl Shell {
    pub fn new(common: Common) -> Self {
        let terminal = io::stderr().is_terminal();
        let color = match common.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        let sight = Sight::new(common.quiet, terminal, color);
        Self { common, sight }
    }

    /// The folder of the case: the flag, the environment, or the nearest case upward.
    pub fn case_folder(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.common.case {
            return Ok(folder.clone());
        }
        let here = std::env::current_dir().context("the current folder")?;
        let nearest = here.ancestors().find(|folder| Vault::is_case(folder));
        nearest.map(Path::to_owned).ok_or_else(|| VaultError::NotACase(here).into())
    }

    /// The case, to look at.
    pub fn case(&self) -> Result<Case> {
        let folder = self.case_folder()?;
        self.with_keys(|keys| Case::open_with(&folder, keys))
    }

    /// The case, to change it.
    pub fn case_for_writing(&self) -> Result<Case> {
        let folder = self.case_folder()?;
        self.with_keys(|keys| Case::open_for_writing_with(&folder, keys))
    }

    /// Does something with the person's keys; asks for the passphrase where there is a terminal and a
    /// key has one.
    pub fn with_keys<T>(&self, act: impl Fn(&Keys) -> Result<T, CaseError>) -> Result<T> {
        let keys = assize_case::keys()?;
        match act(&keys) {
            Err(CaseError::Vault(VaultError::Passphrase(path))) if io::stdin().is_terminal() => {
                let passphrase = ask(&format!("passphrase of {}: ", path.display()))?;
                Ok(act(&keys.with_passphrase(passphrase))?)
            }
            done => Ok(done?),
        }
    }

    /// The case, to import a register; made if the folder is new or empty.
    pub fn case_for_names(&self) -> Result<Case> {
        match self.case_folder() {
            Ok(folder) if Vault::is_case(&folder) => {
                self.with_keys(|keys| Case::open_for_names(&folder, keys))
            }
            _ => self.case_or_new(),
        }
    }

    /// The case, to change it; made if the folder is new or empty.
    pub fn case_or_new(&self) -> Result<Case> {
        let Some(folder) = &self.common.case else { return self.case_for_writing() };
        if Vault::is_case(folder) {
            return self.case_for_writing();
        }
        let name =
            folder.file_name().map_or_else(|| "case".into(), |name| name.to_string_lossy().into_owned());
        let file = CaseFile { name, ..CaseFile::default() };
        self.new_case(folder, file, AtRest::Plain)
    }

    /// A new case.
    pub fn new_case(&self, folder: &Path, file: CaseFile, at_rest: AtRest) -> Result<Case> {
        let stamp = assize_case::stamp(self.common.by.as_deref());
        Ok(Case::create_with(folder, file, at_rest, &assize_case::keys()?, &stamp)?)
    }

    /// Says on stderr what no checkpoint covers.
    pub fn tell_unsigned(&self, case: &Case) {
        if let Some(told) = case.unsigned() {
            self.sight.say(&told);
        }
    }

    /// The shape of a list: as asked, else by whether a person looks at it.
    pub fn shape(&self) -> Shape {
        match self.common.format {
            Some(Format::Table) => Shape::Table,
            Some(Format::Json) => Shape::Json,
            Some(Format::Ndjson) => Shape::Ndjson,
            Some(Format::Csv) => Shape::Csv,
            None if self.common.output.is_none() && io::stdout().is_terminal() => Shape::Table,
            None => Shape::Ndjson,
        }
    }

    /// Whether the result is asked for as JSON of one kind or other.
    pub fn json_asked(&self) -> bool {
        matches!(self.common.format, Some(Format::Json | Format::Ndjson))
    }

    /// Where the result goes.
    pub fn out(&self) -> Result<Box<dyn Write>> {
        let Some(path) = &self.common.output else {
            return Ok(Box::new(Gate::new(BufWriter::new(io::stdout()))));
        };
        if path.exists() && !self.common.clobber {
            bail!("{}: exists; give --clobber to overwrite it", path.display());
        }
        let file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
        Ok(Box::new(Gate::new(BufWriter::new(file))))
    }

    /// Columns that a table may take on this terminal; `None` where it is no terminal.
    pub fn width(&self) -> Option<usize> {
        let terminal = self.common.output.is_none() && io::stdout().is_terminal();
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        terminal.then(|| columns.unwrap_or_else(|| usize::from(console::Term::stdout().size().1)))
    }

    /// Writes rows in the shape that was asked for.
    pub fn rows(&self, rows: impl IntoIterator<Item = Row>, columns: &[Column]) -> Result<()> {
        let mut out = self.out()?;
        // A table shows what fits a line; JSON leaves nothing out.
        let columns = if matches!(self.shape(), Shape::Json | Shape::Ndjson) { &[] } else { columns };
        table::write_rows(rows, columns, self.shape(), self.width(), &mut out)?;
        Ok(out.flush()?)
    }

    /// Writes rows as they come.
    pub fn stream(
        &self,
        columns: &[Column],
        fill: &mut dyn FnMut(&mut RowWriter<'_>) -> Result<()>,
    ) -> Result<u64> {
        let mut out = self.out()?;
        let mut writer = RowWriter::new(columns, self.shape(), self.width(), &mut out);
        fill(&mut writer)?;
        let written = writer.finish()?;
        out.flush()?;
        Ok(written)
    }

    /// Writes one object.
    pub fn object(&self, value: &impl serde::Serialize) -> Result<()> {
        let mut out = self.out()?;
        harmless::json(value, &mut out)?;
        writeln!(out)?;
        Ok(out.flush()?)
    }

    /// Writes text that a person reads; made harmless by whoever made it.
    pub fn text(&self, text: &str) -> Result<()> {
        let mut out = self.out()?;
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// Tells an error and says with which code to leave.
    pub fn failed(&self, error: &anyhow::Error) -> ExitCode {
        // Whoever read our output has gone; that is his right and no failure.
        let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
            cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        };
        if error.chain().any(broken_pipe) {
            return DONE.into();
        }
        let told: Vec<String> =
            error.chain().map(|cause| harmless::terminal(&cause.to_string()).into_owned()).collect();
        if let Ok(folder) = self.case_folder() {
            // The error may have come before the case was opened: its names are covered all the same.
            let _ = assize_case::keys().map(|keys| Case::open_with(&folder, &keys));
        }
        eprintln!("assize: {}", gate::cover(&told.join(": ")));
        code_of(error).into()
    }
}

fn code_of(error: &anyhow::Error) -> u8 {
    let vault = error.chain().find_map(|cause| match cause.downcast_ref::<CaseError>() {
        Some(CaseError::Vault(vault)) => Some(vault),
        _ => cause.downcast_ref::<VaultError>(),
    });
    match vault {
        Some(
            VaultError::Log { .. }
            | VaultError::Head { .. }
            | VaultError::Missing(_)
            | VaultError::Moved { .. },
        ) => CUSTODY,
        Some(
            VaultError::CaseFile { .. }
            | VaultError::Given { .. }
            | VaultError::Key { .. }
            | VaultError::NoKey { .. }
            | VaultError::Passphrase(_)
            | VaultError::Closed { .. },
        ) => CONFIGURATION,
        _ => NOTHING,
    }
}

/// Asks for something that is not to be seen on the screen.
pub fn ask(question: &str) -> Result<String> {
    let terminal = console::Term::stderr();
    terminal.write_str(question)?;
    Ok(terminal.read_secure_line()?)
}

/// Peak resident memory of this process in bytes; 0 where the system does not tell.
pub fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}
