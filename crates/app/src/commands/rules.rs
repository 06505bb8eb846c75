//! `rules list|check|test|explain`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use assize_case::RuleSource;
use assize_case::model::{Batch, Row};
use assize_case::outputs::harmless;
use assize_case::outputs::table::Column;
use assize_case::sigma::{RuleSet, lint};
use clap::{Args, Subcommand};
use serde_json::json;

use super::inquire::Rules;
use crate::shell::{DONE, FOUND, Format, Shell};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List rules: those that run and those that cannot, with the reason
    List {
        #[command(flatten)]
        rules: Rules,
    },
    /// Say what is wrong with rule files, by line
    Check {
        /// Folder or file of rules
        folder: PathBuf,
    },
    /// Try rules on the samples that a folder holds (layout of SigmaHQ's regression data)
    Test {
        /// Folder with `info.yml` files and samples
        folder: PathBuf,
        #[command(flatten)]
        rules: Rules,
    },
    /// Show why a rule speaks of an event, or why not: part by part, with the value that was looked at
    Explain {
        /// The rule's id
        rule: String,
        /// The event's id (e-…), as `detect` and every list tell it
        event: String,
        #[command(flatten)]
        rules: Rules,
        /// Files and folders that hold the event, instead of a case; may be repeated
        #[arg(long = "in", value_name = "PATH")]
        within: Vec<PathBuf>,
    },
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        match self.what {
            What::List { rules } => list(&rules.source(), shell),
            What::Check { folder } => check(folder, shell),
            What::Test { folder, rules } => test(&folder, &rules.source(), shell),
            What::Explain { rule, event, rules, within } => {
                let looked_for = LookedFor { event: &event, within: &within };
                explain(&rule, &looked_for, &rules.source(), shell)
            }
        }
    }
}

fn list(source: &RuleSource, shell: &Shell) -> Result<ExitCode> {
    let set = RuleSet::load(&assize_case::rule_files(source)?);
    let runs = set.rules().iter().map(|rule| {
        Row(vec![
            ("level".into(), rule.level.as_str().into()),
            ("title".into(), rule.title.clone().into()),
            ("logsource".into(), rule.logsource.clone().into()),
            ("tags".into(), json!(rule.tags)),
            ("not_run".into(), serde_json::Value::Null),
            ("file".into(), rule.file.clone().into()),
            ("id".into(), rule.id.clone().into()),
        ])
    });
    let not_run = set.not_run().iter().map(|rule| {
        Row(vec![
            ("level".into(), serde_json::Value::Null),
            ("title".into(), rule.title.clone().into()),
            ("logsource".into(), serde_json::Value::Null),
            ("tags".into(), json!([])),
            ("not_run".into(), rule.reason.clone().into()),
            ("file".into(), rule.line.map_or(rule.file.clone(), |line| format!("{}:{line}", rule.file)).into()),
            ("id".into(), rule.id.clone().into()),
        ])
    });
    let columns = ["level", "title", "logsource", "not_run", "file", "id"].map(Column::of);
    shell.rows(runs.chain(not_run), &columns)?;
    shell.sight.say(&format!("{} rules run, {} do not", set.rules().len(), set.not_run().len()));
    Ok(DONE.into())
}

fn check(folder: PathBuf, shell: &Shell) -> Result<ExitCode> {
    let files = assize_case::rule_files(&RuleSource { given: vec![folder], no_builtin: true })?;
    let checked = lint::check(&files);
    let mut errors = 0;
    let mut rows = Vec::new();
    for file in &checked {
        for remark in &file.remarks {
            errors += usize::from(remark.severity == lint::Severity::Error);
            rows.push(Row(vec![
                ("file".into(), file.file.clone().into()),
                ("line".into(), remark.line.into()),
                ("severity".into(), json!(remark.severity)),
                ("message".into(), remark.message.clone().into()),
            ]));
        }
    }
    let remarks = rows.len();
    shell.rows(rows, &["file", "line", "severity", "message"].map(Column::of))?;
    shell.sight.say(&format!("{} files, {remarks} remarks, {errors} of them errors", checked.len()));
    Ok(if errors > 0 { FOUND } else { DONE }.into())
}

fn test(folder: &std::path::Path, source: &RuleSource, shell: &Shell) -> Result<ExitCode> {
    let tests = assize_case::test_rules(folder, &assize_case::rule_files(source)?)?;
    let failed = !tests.failed.is_empty();
    if matches!(shell.common.format, Some(Format::Table | Format::Csv)) || shell.width().is_some() {
        let rows = tests.failed.iter().map(|test| {
            Row(vec![
                ("file".into(), test.file.clone().into()),
                ("expected".into(), test.expected.clone().into()),
                ("got".into(), test.got.clone().into()),
                ("rule".into(), test.rule.clone().into()),
            ])
        });
        shell.rows(rows, &["file", "expected", "got", "rule"].map(Column::of))?;
    } else {
        shell.object(&tests)?;
    }
    let counts = format!("{} of {} passed, {} exactly", tests.passed, tests.total, tests.exact);
    shell.sight.say(&counts);
    Ok(if failed { FOUND } else { DONE }.into())
}

/// An event, and the files that hold it; none: the case.
struct LookedFor<'a> {
    event: &'a str,
    within: &'a [PathBuf],
}

impl LookedFor<'_> {
    fn find(&self, shell: &Shell) -> Result<(Batch, usize)> {
        let Self { event, within } = self;
        if within.is_empty() {
            let batch = shell.case()?.snapshot()?.event(event)?;
            return Ok((batch.with_context(|| format!("{event}: no such event in this case"))?, 0));
        }
        assize_case::event_in(within, &[], event.parse()?)
            .with_context(|| format!("{event}: no such event in these files"))
    }
}

fn explain(rule: &str, event: &LookedFor<'_>, source: &RuleSource, shell: &Shell) -> Result<ExitCode> {
    let set = RuleSet::load(&assize_case::rule_files(source)?);
    let Some(index) = set.rules().iter().position(|info| info.id == rule) else {
        let not_run = set.not_run().iter().find(|not_run| not_run.id == rule);
        match not_run {
            Some(not_run) => bail!("{rule}: does not run: {}", not_run.reason),
            None => bail!("{rule}: no such rule; give its folder with --rules DIR, see `assize rules list`"),
        }
    };
    let (batch, row) = event.find(shell)?;
    let explanation = set.explain(index, &batch, row);
    if shell.json_asked() {
        shell.object(&explanation)?;
    } else {
        let text: Vec<String> = explanation.to_string().lines().map(|line| harmless::terminal(line).into_owned() + "\n").collect();
        shell.text(&text.concat())?;
    }
    Ok(DONE.into())
}
