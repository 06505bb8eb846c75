//! `detect`

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use assize_case::model::{Level, time::Zone};
use assize_case::outputs::table::{Column, Shape};
use assize_case::{Choice, Detected, Search, Tally};
use clap::Args;

use super::inquire::Rules;
use crate::profile::Profile;
use crate::read_as::Readings;
use crate::shell::{DONE, FOUND, Shell, peak_bytes};
use crate::summary;
use crate::when::When;

#[derive(Args)]
pub struct Arguments {
    /// Files and folders
    #[arg(required_unless_present_any = ["directory", "file"])]
    paths: Vec<PathBuf>,
    /// A folder, named as with Hayabusa: the same as PATHS; may be repeated
    #[arg(short, long, value_name = "DIR")]
    directory: Vec<PathBuf>,
    /// A file, named as with Hayabusa: the same as PATHS; may be repeated
    #[arg(short, long, value_name = "FILE")]
    file: Vec<PathBuf>,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    readings: Readings,
    /// Leave out findings below this level
    #[arg(short, long, value_name = "LEVEL", default_value = "informational", alias = "level")]
    min_level: Level,
    /// Leave with exit code 1 if there is a finding at this level or above
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Level>,
    /// Columns of table and CSV
    #[arg(short, long, value_enum, default_value = "assize")]
    profile: Profile,
    /// Zone in which table and CSV show times: +02:00, Europe/Amsterdam [default: UTC; JSON is always in UTC]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    tz: Option<Zone>,
    #[command(flatten)]
    when: When,
    /// Only events of this host (`*` for any characters); may be repeated
    #[arg(long, value_name = "HOST", alias = "include-computer")]
    host: Vec<String>,
    /// Only events by or upon this account; may be repeated
    #[arg(long, value_name = "ACCOUNT")]
    user: Vec<String>,
    /// Only findings of rules with this id, tag (attack.t1003 means its parts too) or title; may be repeated
    #[arg(long, value_name = "RULE", aliases = ["include-tag", "include-id"])]
    include: Vec<String>,
    /// No findings of such rules; may be repeated
    #[arg(long, value_name = "RULE", aliases = ["exclude-tag", "exclude-id"])]
    exclude: Vec<String>,
    /// Say which rules could not run, each with its reason, instead of how many
    #[arg(long)]
    not_run: bool,
}

fn zone(text: &str) -> Result<Zone, String> {
    Zone::of(text).ok_or_else(|| format!("`{text}` is no zone: expected +02:00, Z or a name as Europe/Amsterdam"))
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let begun = Instant::now();
        let rules = assize_case::rule_files(&self.rules.source())?;
        let paths = [self.paths.as_slice(), &self.directory, &self.file].concat();
        let choice = self.choice();
        let as_table = matches!(shell.shape(), Shape::Table | Shape::Csv);
        let read_as = self.readings.statements()?;
        let search = Search {
            paths: &paths,
            read_as: &read_as,
            rules: &rules,
            choice: &choice,
            all_fields: as_table && self.profile.needs_all_fields(),
            threads: shell.common.threads,
        };
        let mut detected = assize_case::detect(&search, &shell.sight)?;
        let tally = self.write(&mut detected, as_table, shell)?;
        summary::tell(&detected, &tally, begun.elapsed(), peak_bytes(), self.not_run, &shell.sight);
        if detected.events == 0 {
            bail!("no event could be read from what was given");
        }
        Ok(if self.fail_on.is_some_and(|level| tally.reaches(level)) { FOUND } else { DONE }.into())
    }

    fn choice(&self) -> Choice {
        Choice {
            level_min: self.min_level,
            rules: self.include.clone(),
            rules_not: self.exclude.clone(),
            since: self.when.begin(),
            until: self.when.until,
            hosts: self.host.clone(),
            users: self.user.clone(),
        }
    }

    /// Writes findings as they come out of order, and counts them.
    fn write(&self, detected: &mut Detected, as_table: bool, shell: &Shell) -> Result<Tally> {
        let columns: Vec<Column> =
            if as_table { self.profile.columns().into_iter().map(Column::of).collect() } else { Vec::new() };
        let mut tally = Tally::default();
        shell.stream(&columns, &mut |out| {
            detected.each(|finding| {
                tally.add(&finding);
                if as_table { out.row(self.profile.row(&finding, self.tz.as_ref()))? } else { out.object(&finding)? }
                Ok::<_, anyhow::Error>(())
            })
        })?;
        Ok(tally)
    }
}
