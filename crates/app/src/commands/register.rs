//! `register import|check|show`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use assize_case::model::time::{Stated, Time};
use assize_case::model::{Register, Row};
use assize_case::outputs::table::Column;
use assize_case::{ImportWanted, Told, check_register};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use crate::shell::{DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Take a register into the case: identities are split off and sealed before anything is written
    Import {
        /// Files (CSV, JSON, YAML; named for their table) and folders of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        seal: Seal,
        /// From when the register holds
        #[arg(long, value_name = "TIME")]
        valid_from: Option<String>,
        /// Until when it holds
        #[arg(long, value_name = "TIME")]
        valid_to: Option<String>,
    },
    /// Say what contradicts itself, and what each missing file would change
    Check {
        /// Files and folders, which are only looked at [default: the case's newest version]
        paths: Vec<PathBuf>,
    },
    /// Show what the case knows; never who anybody is
    Show {
        /// Which table
        #[arg(value_enum, default_value = "holdings")]
        table: Table,
        /// Which version [default: the newest]
        #[arg(long, value_name = "N")]
        version: Option<u32>,
    },
}

/// To whom identities are sealed.
#[derive(Args)]
pub struct Seal {
    /// Seal identities to this age recipient (age1…); without it they are not kept at all
    #[arg(long, value_name = "RECIPIENT")]
    pub seal_to: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Table {
    Holdings,
    Items,
    Subjects,
    HoldingSubjects,
    Staff,
    Devices,
    Accounts,
    Rights,
    Planes,
    Duties,
    Trips,
    LogSources,
    Situations,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        match self.what {
            What::Import { paths, seal, valid_from, valid_to } => {
                let valid = (time(valid_from)?, time(valid_to)?);
                let told = import(shell, ImportWanted { paths, seal_to: seal.seal_to, valid })?;
                result(shell, &told)?;
            }
            What::Check { paths } if paths.is_empty() => {
                let version = shell.case()?.register()?.context(NONE)?;
                result(shell, &version.check())?;
            }
            What::Check { paths } => result(shell, &check_register(&paths)?)?,
            What::Show { table, version } => {
                let case = shell.case()?;
                let version = match version {
                    Some(number) => case.register_version(number)?,
                    None => case.register()?.context(NONE)?,
                };
                show(shell, table, &version.register)?;
            }
        }
        Ok(DONE.into())
    }
}

const NONE: &str = "no register was imported into this case; `assize register import DIR` does";

fn import(shell: &Shell, wanted: ImportWanted) -> Result<Told> {
    let mut case = shell.case_for_names()?;
    let stamp = assize_case::stamp(shell.common.by.as_deref());
    let told = case.import_register(&wanted, &assize_case::keys()?, &stamp)?;
    shell.tell_unsigned(&case);
    Ok(told)
}

/// Tells the result as an object, or on stderr in sentences and the complaints as rows.
fn result(shell: &Shell, told: &Told) -> Result<()> {
    say(shell, told);
    if shell.json_asked() {
        return shell.object(told);
    }
    let columns = ["file", "row", "column", "problem"];
    shell.rows(told.complaints.iter().map(row).collect::<Result<Vec<_>>>()?, &columns.map(Column::of))
}

/// The register in a few lines on stderr.
pub fn say(shell: &Shell, told: &Told) {
    let counts = told.rows.iter().filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts.map(|(name, count)| format!("{count} {}", name.replace('_', " "))).collect();
    let version = told.version.map_or_else(String::new, |version| format!(" version {version}"));
    shell.sight.say(&format!("register{version}: {}", counts.join(", ")));
    match (told.identities, told.sealed) {
        (0, _) => {}
        (count, true) => shell.sight.say(&format!("{count} identities split off and sealed")),
        (count, false) => shell.sight.say(&format!(
            "{count} identities split off and NOT kept: give --seal-to RECIPIENT to keep them sealed"
        )),
    }
    for missing in &told.missing {
        let grave = if missing.needed { "missing" } else { "not there" };
        shell.sight.say(&format!("{grave}: {}: {}", missing.file, missing.would));
    }
    if !told.complaints.is_empty() {
        shell.sight.say(&format!("{} complaints; `assize register check` lists them", told.complaints.len()));
    }
}

fn show(shell: &Shell, table: Table, register: &Register) -> Result<()> {
    macro_rules! rows {
        ($list:ident, $columns:expr) => {{
            let rows = register.$list.iter().map(row).collect::<Result<Vec<_>>>()?;
            shell.rows(rows, &$columns.map(Column::of))
        }};
    }
    match table {
        Table::Holdings => rows!(holdings, ["key", "kind", "confidentiality", "title", "id"]),
        Table::Items => rows!(items, ["key", "holding", "title", "subjects", "id"]),
        Table::Subjects => rows!(subjects, ["key", "type", "role", "case_no", "id"]),
        Table::HoldingSubjects => rows!(holding_subjects, ["holding", "subject", "data", "items"]),
        Table::Staff => rows!(staff, ["key", "organ", "role", "accounts", "device"]),
        Table::Devices => rows!(devices, ["name", "kind", "address", "usual_users", "managed"]),
        Table::Accounts => rows!(accounts, ["account", "kind", "staff", "upn", "declared_host"]),
        Table::Rights => rows!(rights, ["principal", "right", "object", "via", "valid"]),
        Table::Planes => rows!(planes, ["key", "kind", "host", "holds_kind", "holds"]),
        Table::Duties => rows!(duties, ["key", "kind", "staff", "case_no", "valid"]),
        Table::Trips => rows!(trips, ["staff", "place", "address", "valid"]),
        Table::LogSources => rows!(log_sources, ["source", "host", "retention_days"]),
        Table::Situations => rows!(situations, ["case_no", "situation", "code"]),
    }
}

fn row(value: &impl Serialize) -> Result<Row> {
    match serde_json::to_value(value)? {
        Value::Object(cells) => Ok(Row(cells.into_iter().collect())),
        _ => bail!("a row of a register is an object"),
    }
}

fn time(text: Option<String>) -> Result<Option<Time>> {
    let Some(text) = text else { return Ok(None) };
    match Time::parse(&text).or_else(|| Time::parse(&format!("{text}T00:00:00Z"))) {
        Some(Stated::Instant(time)) => Ok(Some(time)),
        _ => bail!("{text}: expected a day or a time with its zone, as 2026-09-14T07:12:41Z"),
    }
}
