//! `inquire`: the whole way, from a folder of evidence to a report.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use assize_case::model::{Decision, Level};
use assize_case::vault::Receipt;
use assize_case::{Case, ImportWanted, RuleSource, Summary, outputs};
use clap::Args;

use super::decide;
use super::intake::Origin;
use crate::commands::derive::closing;
use crate::read_as::Readings;
use crate::shell::{DONE, FOUND, NOTHING, Shell, peak_bytes};

#[derive(Args)]
pub struct Arguments {
    /// Files and folders of evidence
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    pub rules: Rules,
    #[command(flatten)]
    origin: Origin,
    #[command(flatten)]
    readings: Readings,
    /// Files and folders of the register, taken in first
    #[arg(long, value_name = "DIR|FILE", num_args = 1..)]
    register: Vec<PathBuf>,
    #[command(flatten)]
    seal: super::register::Seal,
    /// Take the decisions of a file, one JSON object a line, before anything is derived
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Leave with exit code 1 if there is a finding at this level or above
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Level>,
}

/// Which rules to use.
#[derive(Args)]
pub struct Rules {
    /// Folder or file of Sigma rules, added to the built-in ones; may be repeated
    #[arg(short, long, visible_short_alias = 's', visible_alias = "sigma", value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Leave out the built-in rules
    #[arg(long)]
    no_builtin: bool,
}

impl Rules {
    pub fn source(&self) -> RuleSource {
        RuleSource { given: self.rules.clone(), no_builtin: self.no_builtin }
    }
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let begun = Instant::now();
        let rules = assize_case::rule_files(&self.rules.source())?;
        let receipt = self.origin.receipt()?;
        let decisions = self.decisions.as_deref().map(decide::of_file).transpose()?.unwrap_or_default();
        self.readings.statements()?;
        let mut case = shell.case_or_new()?;
        self.origin.give_passwords(&mut case, shell)?;
        self.readings.say(&mut case, shell)?;
        if !self.register.is_empty() {
            let wanted = ImportWanted { paths: self.register.clone(), seal_to: self.seal.seal_to.clone(), ..ImportWanted::default() };
            let stamp = assize_case::stamp(shell.common.by.as_deref());
            let told = case.import_register(&wanted, &assize_case::keys()?, &stamp)?;
            super::register::say(shell, &told);
        }
        let summary = inquire(&mut case, &self.paths, &rules, (&receipt, &decisions), begun, shell)?;
        if shell.json_asked() {
            shell.object(&summary)?;
        }
        if summary.exhibits == 0 {
            bail!("nothing could be admitted from what was given; see the reasons above");
        }
        Ok(code(&case, &summary, self.fail_on)?.into())
    }
}

/// Admits, derives, tells; the report lies in the case when this returns.
pub fn inquire(
    case: &mut Case,
    paths: &[PathBuf],
    rules: &[assize_case::model::RuleFile],
    (receipt, decisions): (&Receipt, &[Decision]),
    begun: Instant,
    shell: &Shell,
) -> Result<Summary> {
    let stamp = assize_case::stamp(shell.common.by.as_deref());
    let mut refused = Vec::new();
    case.intake_with(paths, receipt, &stamp, &shell.sight, &mut |found, result| {
        if let Err(reason) = result {
            refused.push(format!("not admitted: {}: {reason}", outputs::harmless::terminal(&found.path)));
        }
    })?;
    refused.iter().for_each(|line| shell.sight.say(line));
    if !decisions.is_empty() {
        decide::take(case, decisions, shell)?;
    }
    case.derive(rules, shell.common.threads, &stamp, &shell.sight)?;
    let report = case.write_report(&outputs::report::Report, "report.html")?;
    let snapshot = case.snapshot()?;
    let mut summary = assize_case::summary(case, &snapshot)?;
    summary.seconds = (begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    summary.peak_bytes = peak_bytes();
    closing(&snapshot, &summary, shell)?;
    shell.tell_unsigned(case);
    shell.sight.say(&format!("\nreport: {}", report.display()));
    Ok(summary)
}

fn code(case: &Case, summary: &Summary, fail_on: Option<Level>) -> Result<u8> {
    use assize_case::model::Snapshot;
    if summary.events == 0 && summary.unread.len() as u64 >= summary.exhibits {
        return Ok(NOTHING);
    }
    let Some(level) = fail_on else { return Ok(DONE) };
    let grave: Vec<String> =
        Level::ALL.iter().filter(|one| **one >= level).map(|one| format!("'{}'", one.as_str())).collect();
    let sql = format!("SELECT 1 AS one FROM findings WHERE level IN ({}) LIMIT 1", grave.join(", "));
    Ok(if case.snapshot()?.rows(&sql)?.is_empty() { DONE } else { FOUND })
}
