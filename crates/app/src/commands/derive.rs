//! `derive`, and the closing summary that it shares with `inquire`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use assize_case::model::{Row, Snapshot};
use assize_case::outputs::{self, harmless};
use assize_case::{CaseSnapshot, Summary};
use clap::Args;
use indicatif::{HumanBytes, HumanCount};

use super::decide;
use super::inquire::Rules;
use crate::read_as::Readings;
use crate::shell::{DONE, Shell, peak_bytes};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    readings: Readings,
    /// Take the decisions of a file first, one JSON object a line
    #[arg(long, value_name = "FILE")]
    decisions: Option<std::path::PathBuf>,
    /// Derive the case as it stood then: exhibits, register and decisions of later do not count
    #[arg(long, value_name = "T", conflicts_with = "decisions", value_parser = crate::when::at)]
    as_of: Option<assize_case::model::Time>,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let begun = Instant::now();
        let rules = assize_case::rule_files(&self.rules.source())?;
        let decisions = self.decisions.as_deref().map(decide::of_file).transpose()?.unwrap_or_default();
        self.readings.statements()?;
        let mut case = shell.case_for_writing()?;
        self.readings.say(&mut case, shell)?;
        if !decisions.is_empty() {
            decide::take(&mut case, &decisions, shell)?;
        }
        if let Some(time) = self.as_of {
            let leaves = case.as_of(time);
            shell.sight.say(&format!(
                "as of {time}: the first {leaves} of {} leaves count; `assize derive` brings the tables back to now",
                case.vault().leaves().len()
            ));
        }
        let stamp = assize_case::stamp(shell.common.by.as_deref());
        let derivation = case.derive(&rules, shell.common.threads, &stamp, &shell.sight)?;
        let report = case.write_report(&outputs::report::Report, "report.html")?;
        let snapshot = case.snapshot()?;
        let mut summary = assize_case::summary(&case, &snapshot)?;
        summary.seconds = (begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        summary.peak_bytes = peak_bytes();
        closing(&snapshot, &summary, shell)?;
        shell.tell_unsigned(&case);
        shell.sight.say(&format!(
            "\n{} exhibits read, {} as they stood; manifest {}\nreport: {}",
            derivation.read,
            derivation.kept,
            derivation.manifest,
            report.display()
        ));
        if shell.json_asked() {
            shell.object(&summary)?;
        }
        Ok(DONE.into())
    }
}

/// How many lines of a list the summary shows.
const SHOWN: usize = 5;

/// What was read, what was found, what was neither: on stderr, for the person who waited.
pub fn closing(snapshot: &CaseSnapshot<'_>, summary: &Summary, shell: &Shell) -> Result<()> {
    if shell.common.quiet {
        return Ok(());
    }
    let say = |label: &str, text: String| shell.sight.say(&format!("{label:>14}  {text}"));
    shell.sight.say("");
    let span = snapshot.rows("SELECT min(time) AS a, max(time) AS b, count(time) AS n FROM events")?;
    let none = Row(Vec::new());
    let span = span.first().unwrap_or(&none);
    let of = |n: u64, one: &str, many: &str| format!("{} {}", HumanCount(n), if n == 1 { one } else { many });
    say("read", format!(
        "{}, {}, {}",
        of(summary.exhibits, "exhibit", "exhibits"),
        of(summary.events, "event", "events"),
        of(summary.gaps, "gap", "gaps"),
    ));
    if summary.duplicates > 0 {
        say("", format!("{} of the same record or file again, counted once; see: assize query \"SELECT * FROM aliases\"",
            of(summary.duplicates, "record", "records")));
    }
    if let (Some(from), Some(to)) = (span.some_text("a"), span.some_text("b")) {
        let timeless = summary.events - span.number("n");
        let without = if timeless > 0 { format!("; {} without a time", of(timeless, "event", "events")) } else { String::new() };
        say("from … to", format!("{from} … {to}{without}"));
    }
    levels(snapshot, &say)?;
    top(snapshot, &say, "hosts", "host")?;
    top(snapshot, &say, "accounts", "actor")?;
    top(snapshot, &say, "rules", "title")?;
    rules(summary, &say);
    unread(snapshot, summary, &say)?;
    coverage(snapshot, &say);
    say("took", format!("{:.1} s, peak memory {}", summary.seconds, HumanBytes(summary.peak_bytes)));
    Ok(())
}

type Say<'a> = &'a dyn Fn(&str, String);

fn levels(snapshot: &CaseSnapshot<'_>, say: Say<'_>) -> Result<()> {
    let rows = snapshot.rows(
        "SELECT level, count(*) AS n, count(DISTINCT rule) AS r FROM findings GROUP BY level ORDER BY level",
    )?;
    if rows.is_empty() {
        say("findings", "none; that no rule spoke does not mean that nothing happened".to_owned());
        return Ok(());
    }
    let order = assize_case::model::Level::ALL.iter();
    let told: Vec<String> = order
        .filter_map(|level| rows.iter().find(|row| row.text("level") == level.as_str()))
        .map(|row| format!("{} {} (by {} {})", HumanCount(row.number("n")), row.text("level"), row.number("r"),
            if row.number("r") == 1 { "rule" } else { "rules" }))
        .collect();
    say("findings", told.join(", "));
    Ok(())
}

fn top(snapshot: &CaseSnapshot<'_>, say: Say<'_>, label: &str, column: &str) -> Result<()> {
    let sql = format!(
        "SELECT {column} AS name, count(*) AS n, count(*) OVER () AS all_of FROM findings \
         WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY n DESC, name LIMIT {SHOWN}"
    );
    let rows = snapshot.rows(&sql)?;
    for (position, row) in rows.iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        say(label, format!("{:>7}  {}", HumanCount(row.number("n")).to_string(), harmless::terminal(row.text("name"))));
    }
    let all = rows.first().map_or(0, |row| row.number("all_of")) as usize;
    if all > rows.len() {
        let sql = format!("SELECT {column}, count(*) AS n FROM findings GROUP BY {column} ORDER BY n DESC");
        say("", format!("{} of {all} shown; all: assize query \"{sql}\"", rows.len()));
    }
    Ok(())
}

fn rules(summary: &Summary, say: Say<'_>) {
    let rules = &summary.rules;
    let idle = rules.loaded - rules.ran;
    say("rules run", format!("{} of {} loaded; {idle} had no event of their log source", rules.ran, rules.loaded));
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let broken = rules.not_run.iter().filter(|rule| !rule.is_idle());
    for rule in broken {
        *reasons.entry(&rule.reason).or_default() += 1;
    }
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
    for (position, (reason, count)) in reasons.iter().take(SHOWN).enumerate() {
        let label = if position == 0 { "rules not run" } else { "" };
        say(label, format!("{count:>7}  {}", harmless::terminal(reason)));
    }
    if reasons.len() > SHOWN {
        say("", format!("{SHOWN} of {} reasons shown; all: assize query \"SELECT reason, count(*) AS n FROM rules WHERE NOT ran GROUP BY reason ORDER BY n DESC\"", reasons.len()));
    }
}

fn unread(snapshot: &CaseSnapshot<'_>, summary: &Summary, say: Say<'_>) -> Result<()> {
    let rows = snapshot.rows("SELECT cause, count(*) AS n, count(DISTINCT exhibit) AS x FROM gaps GROUP BY cause ORDER BY n DESC, cause")?;
    for (position, row) in rows.iter().enumerate() {
        let label = if position == 0 { "gaps" } else { "" };
        say(label, format!("{:>7}  {} in {} {}", HumanCount(row.number("n")).to_string(), row.text("cause"), row.number("x"),
            if row.number("x") == 1 { "exhibit" } else { "exhibits" }));
    }
    for (position, unread) in summary.unread.iter().take(SHOWN).enumerate() {
        let label = if position == 0 { "not read" } else { "" };
        say(label, format!("{} ({})", harmless::terminal(&unread.path), harmless::terminal(&unread.cause)));
    }
    if summary.unread.len() > SHOWN {
        say("", format!("{SHOWN} of {} files shown; all: assize query \"SELECT * FROM gaps ORDER BY exhibit, member, offset\"", summary.unread.len()));
    }
    Ok(())
}

fn coverage(snapshot: &CaseSnapshot<'_>, say: Say<'_>) {
    let coverage = &snapshot.run().coverage;
    let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
    for one in coverage {
        let cause = one.cause.map_or(one.state.as_str(), |cause| cause.as_str());
        *causes.entry(cause).or_default() += 1;
    }
    let told: Vec<String> = causes.iter().map(|(cause, count)| format!("{count} {cause}")).collect();
    if !told.is_empty() {
        say("coverage", format!("{} logs: {}; see: assize coverage", coverage.len(), told.join(", ")));
    }
}
