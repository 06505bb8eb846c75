//! Do the stories in `cases/` come out as they are told?
//!
//! Each is a page: a register, evidence and decisions in, exposures out. With `UPDATE=1` the answers in the pages
//! are written anew; a person reads the difference before it is believed.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests play the person at the keyboard.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Name of the block that holds the answer.
const ANSWER: &str = "exposures";

/// A fenced block under its name in backticks: name, first and last byte of its text.
fn blocks(page: &str) -> Vec<(String, usize, usize)> {
    let (mut found, mut name, mut at, mut open) = (Vec::new(), None, 0, None);
    for line in page.split_inclusive('\n') {
        let text = line.trim_end();
        match (open, text.strip_prefix("```")) {
            (None, Some(_)) => open = Some(at + line.len()),
            (Some(from), Some(_)) => {
                found.extend(name.take().map(|name| (name, from, at)));
                open = None;
            }
            (None, None) if !text.is_empty() => {
                let quoted = text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
                name = quoted.map(str::to_owned);
            }
            _ => {}
        }
        at += line.len();
    }
    found
}

fn assize(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assize"));
    let output = command.args(arguments).env_remove("ASSIZE_CASE").env("NO_COLOR", "1").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What the inquiry says, one line an answer, and what keeps it open.
fn told(folder: &Path) -> String {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (case, register, decisions) = (at("case"), at("register"), at("decisions.ndjson"));
    let evidence = at("evidence");
    let mut arguments = vec!["inquire", &evidence, "--quiet", "--case", &case, "--register", &register];
    if Path::new(&decisions).exists() {
        arguments.extend(["--decisions", &decisions]);
    }
    assize(&arguments);
    let rows = assize(&["exposures", "--by", "all", "--case", &case, "--format", "ndjson"]);
    let mut lines = String::new();
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let word = |key: &str| row[key].as_str().unwrap_or("").to_owned();
        let what = [word("item"), word("subject")].concat();
        let band = row["band"].as_str().map_or_else(String::new, |band| format!(" {band}"));
        lines += &format!(
            "{} {what:<8} {:<9} {:<9}{band}\n",
            word("key"),
            word("established"),
            word("not_excluded")
        );
        if what.is_empty() {
            let paths = row["paths"].as_array().unwrap().iter().filter(|path| path["kind"] == "open");
            for path in paths {
                lines += &format!("    open: {}\n", path["path"].as_str().unwrap());
            }
        }
        // Every line leads back to bytes.
        let trace: Value =
            serde_json::from_str(&assize(&["trace", &word("id"), "--case", &case, "--format", "json"]))
                .unwrap();
        assert_eq!(trace["id"], row["id"], "{row:#}");
        let whats: Vec<&str> =
            trace["steps"].as_array().unwrap().iter().map(|step| step["what"].as_str().unwrap()).collect();
        if row["established"] != "none" && row["basis"][0].as_str().unwrap().starts_with("e-") {
            assert!(whats.contains(&"bytes") && whats.contains(&"leaf"), "{whats:?}");
        }
        if row["not_excluded"] != row["established"] {
            assert!(whats.contains(&"path"), "what keeps it open is not told: {whats:?}");
        }
    }
    lines.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn stories_come_out_as_they_are_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let mut pages: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|end| end == "md") && !page.ends_with("README.md"));
    pages.sort();
    assert!(pages.len() >= 6, "{pages:?}");
    let mut wrong = Vec::new();
    for path in pages {
        let page = fs::read_to_string(&path).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let blocks = blocks(&page);
        for (name, from, to) in blocks.iter().filter(|(name, ..)| name != ANSWER) {
            let file = dir.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &page[*from..*to]).unwrap();
        }
        let (_, from, to) = blocks.iter().find(|(name, ..)| name == ANSWER).unwrap();
        let told = told(dir.path());
        if page[*from..*to] == told {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, format!("{}{told}{}", &page[..*from], &page[*to..])).unwrap();
        } else {
            wrong.push(format!("{}:\nis told as\n{}came out as\n{told}", path.display(), &page[*from..*to]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
