//! `detect`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use assize_case::model::{Level, Row};
use assize_case::outputs::{harmless, table::Column, table::Shape};
use assize_case::{Detected, DetectedFinding};
use clap::{Args, ValueEnum};
use indicatif::HumanCount;

use super::inquire::Rules;
use crate::shell::{DONE, FOUND, Shell};

#[derive(Args)]
pub struct Arguments {
    /// Files and folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    rules: Rules,
    /// Leave out findings below this level
    #[arg(long, value_name = "LEVEL", default_value = "informational")]
    min_level: Level,
    /// Leave with exit code 1 if there is a finding at this level or above
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Level>,
    /// Columns of table and CSV
    #[arg(long, value_enum, default_value = "standard")]
    profile: Profile,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Profile {
    /// Time, level, rule, host, account, source, details, id
    Standard,
    /// Exactly the columns of Hayabusa's standard profile; the id is left out
    Hayabusa,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let rules = assize_case::rule_files(&self.rules.source())?;
        let detected =
            assize_case::detect(&self.paths, &rules, self.min_level, shell.common.threads, &shell.sight)?;
        match shell.shape() {
            Shape::Json | Shape::Ndjson => {
                let rows = detected.findings.iter().map(object);
                shell.rows(rows.collect::<Result<Vec<_>>>()?, &[])?;
            }
            Shape::Table | Shape::Csv => self.table(&detected, shell)?,
        }
        tell(&detected, shell);
        if detected.events == 0 {
            bail!("no event could be read from what was given");
        }
        let grave = |finding: &DetectedFinding| self.fail_on.is_some_and(|level| finding.rule.level >= level);
        Ok(if detected.findings.iter().any(grave) { FOUND } else { DONE }.into())
    }

    fn table(&self, detected: &Detected, shell: &Shell) -> Result<()> {
        let (columns, row): (&[&str], fn(&DetectedFinding) -> Row) = match self.profile {
            Profile::Standard => (&["time", "level", "rule", "host", "account", "source", "details", "id"], standard),
            Profile::Hayabusa => (HAYABUSA, hayabusa),
        };
        let columns: Vec<Column> = columns.iter().map(|name| Column::of(name)).collect();
        shell.rows(detected.findings.iter().map(row), &columns)
    }
}

const HAYABUSA: &[&str] =
    &["Timestamp", "RuleTitle", "Level", "Computer", "Channel", "EventID", "RecordID", "Details", "ExtraFieldInfo", "RuleID"];

fn object(finding: &DetectedFinding) -> Result<Row> {
    let value = serde_json::to_value(finding)?;
    let object = value.as_object().cloned().unwrap_or_default();
    // The id comes first in JSON, where the contract lists it first.
    Ok(Row(object.into_iter().collect()))
}

/// Fields as `name: value`, joined as Hayabusa joins them.
fn joined<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    fields.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(" ¦ ")
}

fn details(finding: &DetectedFinding) -> String {
    joined(finding.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn standard(finding: &DetectedFinding) -> Row {
    Row(vec![
        ("time".into(), finding.time.clone().into()),
        ("level".into(), finding.rule.level.as_str().into()),
        ("rule".into(), finding.rule.title.clone().into()),
        ("host".into(), finding.host.clone().into()),
        ("account".into(), finding.actor.clone().into()),
        ("source".into(), finding.source.clone().into()),
        ("details".into(), details(finding).into()),
        ("id".into(), finding.id.clone().into()),
    ])
}

fn hayabusa(finding: &DetectedFinding) -> Row {
    let own = |name: &str| {
        let found = finding.all_fields.iter().find(|(key, _)| key == name);
        found.and_then(|(_, value)| value.clone()).unwrap_or_default()
    };
    let extra = finding.all_fields.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
    let extra = joined(extra.filter(|(name, _)| !finding.fields.contains_key(*name)));
    Row(vec![
        ("Timestamp".into(), finding.time.clone().into()),
        ("RuleTitle".into(), finding.rule.title.clone().into()),
        ("Level".into(), finding.rule.level.as_str().into()),
        ("Computer".into(), finding.host.clone().into()),
        ("Channel".into(), own("Channel").into()),
        ("EventID".into(), own("EventID").into()),
        ("RecordID".into(), own("EventRecordID").into()),
        ("Details".into(), details(finding).into()),
        ("ExtraFieldInfo".into(), extra.into()),
        ("RuleID".into(), finding.rule.id.clone().into()),
    ])
}

fn tell(detected: &Detected, shell: &Shell) {
    let say = |label: &str, text: String| shell.sight.say(&format!("{label:>14}  {text}"));
    say("read", format!("{} events, {} gaps", HumanCount(detected.events), HumanCount(detected.gaps)));
    for (cause, count) in &detected.gaps_by_cause {
        say("", format!("{count:>7}  {cause}"));
    }
    let counts: Vec<String> = Level::ALL
        .iter()
        .map(|level| (level, detected.findings.iter().filter(|finding| finding.rule.level == *level).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(level, count)| format!("{count} {}", level.as_str()))
        .collect();
    say("findings", if counts.is_empty() { "none".to_owned() } else { counts.join(", ") });
    say("rules run", format!("{} of {} loaded; {} not loaded (see: assize rules list)", detected.ran, detected.loaded, detected.not_run.len()));
    for unread in &detected.unread {
        say("not read", format!("{} ({})", harmless::terminal(&unread.path), harmless::terminal(&unread.cause)));
    }
}

