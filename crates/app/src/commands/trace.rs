//! `trace`

use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use assize_case::Trace;
use assize_case::outputs::harmless;
use clap::Args;
use serde_json::Value;

use crate::shell::{CUSTODY, DONE, Shell};

#[derive(Args)]
pub struct Arguments {
    /// Any id that was printed, or its beginning
    id: String,
    /// Show the record's bytes too
    #[arg(long)]
    bytes: bool,
}

impl Arguments {
    pub fn run(self, shell: &mut Shell) -> Result<ExitCode> {
        let case = shell.case()?;
        let trace = case.snapshot()?.trace(&self.id, self.bytes)?;
        if let Some(mark) = &trace.unsealing {
            return unsealed(shell, &trace, mark);
        }
        if shell.json_asked() {
            shell.object(&trace)?;
        } else {
            shell.text(&told(&trace))?;
        }
        Ok(if trace.holds() { DONE } else { CUSTODY }.into())
    }
}

/// Bytes with names in them, which officers allowed: they do not pass the gate, and are marked.
fn unsealed(shell: &Shell, trace: &Trace, mark: &str) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    if shell.json_asked() {
        writeln!(out, "{}", serde_json::to_string(trace)?)?;
    } else {
        let marked = |line: &str| if line.is_empty() { String::new() } else { format!("{line}  [{mark}]") };
        told(trace).lines().map(marked).try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(if trace.holds() { DONE } else { CUSTODY }.into())
}

/// A step a paragraph, a fact a line.
fn told(trace: &Trace) -> String {
    let mut text = String::new();
    for step in &trace.steps {
        let id = step.id.as_deref().unwrap_or("");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<8}  {}", step.what, harmless::terminal(id));
        for (name, value) in &step.facts {
            fact(&mut text, name, value);
        }
    }
    if let Some(bytes) = &trace.bytes {
        let _ = writeln!(text, "\n{bytes}");
    }
    text
}

fn fact(text: &mut String, name: &str, value: &Value) {
    let lines = lines(value);
    for (position, line) in lines.iter().enumerate() {
        let name = if position == 0 { name } else { "" };
        let _ = writeln!(text, "    {name:<28}  {}", harmless::terminal(line));
    }
}

/// A list, or a map of fields, is a line an item; text with line breaks a line each.
fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Null => vec!["–".to_owned()],
        Value::String(text) => text.lines().map(str::to_owned).collect(),
        Value::Array(items) => items.iter().map(item).collect(),
        other => vec![other.to_string()],
    }
}

fn item(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(pair) => match &pair[..] {
            [Value::String(name), Value::String(value)] => format!("{name} = {value}"),
            _ => value.to_string(),
        },
        Value::Object(link) => {
            let parts: Vec<String> = link.values().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
            parts.join(" ")
        }
        other => other.to_string(),
    }
}
