//! Which rules do files hold, and which of them cannot run?
//!
//! Files are taken in the order of their names, documents in the order of the file. Every document
//! gives a rule or a [`NotRun`]; two documents of one id and one content are one rule.

use std::collections::BTreeMap;

use assize_model::{Level, NotRun, RuleFile, RuleInfo};
use yaml_serde::{Mapping, Value};

use crate::Rule;
use crate::detection::{Unfit, detection};
use crate::document::{Document, documents};
use crate::logsource::LogSource;

/// The first version of the specification in which `field[any]` is array matching.
const ARRAYS_SINCE: u64 = 3;

/// What files hold.
#[derive(Default)]
pub(crate) struct Loaded {
    /// Rules that run.
    pub rules: Vec<Rule>,
    /// Rules that do not, each with the line of its file.
    pub not_run: Vec<(usize, NotRun)>,
}

/// Reads files into rules.
pub(crate) fn load(files: &[RuleFile]) -> Loaded {
    let mut files: Vec<&RuleFile> = files.iter().collect();
    files.sort_by(|one, other| (&one.name, &one.text).cmp(&(&other.name, &other.text)));
    let mut loaded = Loaded::default();
    let mut known = BTreeMap::new();
    for file in files {
        for document in documents(&file.text) {
            loaded.take(&mut known, &file.name, document);
        }
    }
    loaded
}

/// Id → the file and content of the rule that bears it.
type Known = BTreeMap<String, (String, Mapping)>;

impl Loaded {
    fn take(&mut self, known: &mut Known, file: &str, document: Document<'_>) {
        let Document { number, line, text, content } = document;
        let content = match content {
            Ok(content) => content,
            Err(broken) => {
                return self.refuse(own_id(file, number), String::new(), file, broken.line, &broken.reason);
            }
        };
        let id = text_of(&content, "id").unwrap_or_else(|| own_id(file, number));
        let rule = rule(&content, &id, file).and_then(|rule| match known.get(&id) {
            Some((_, other)) if *other == content => Ok(None),
            Some((other, _)) => Err(Unfit::at("id:", format!("duplicate id of {other}"))),
            None => Ok(Some(rule)),
        });
        match rule {
            Ok(None) => {}
            Ok(Some(rule)) => {
                self.rules.push(rule);
                known.insert(id, (file.to_owned(), content));
            }
            Err(unfit) => {
                let title = text_of(&content, "title").unwrap_or_default();
                self.refuse(id, title, file, place(&unfit, line, text), &unfit.reason);
            }
        }
    }

    fn refuse(&mut self, id: String, title: String, file: &str, line: usize, reason: &str) {
        let told =
            NotRun { id, title, reason: reason.to_owned(), file: file.to_owned(), line: Some(line as u64) };
        self.not_run.push((line, told));
    }
}

/// The id of a rule that has none: its file, and which document of it.
fn own_id(file: &str, number: usize) -> String {
    if number == 1 { file.to_owned() } else { format!("{file}#{number}") }
}

/// The line of the file near which a reason lies.
fn place(unfit: &Unfit, first: usize, text: &str) -> usize {
    let near = unfit.near.as_deref().and_then(|near| text.lines().position(|line| line.contains(near)));
    first + near.unwrap_or_default()
}

fn rule(content: &Mapping, id: &str, file: &str) -> Result<Rule, Unfit> {
    for (key, what) in [("correlation", "correlation rules are"), ("filter", "filter rules are")] {
        if content.contains_key(key) {
            return Err(Unfit::at(&format!("{key}:"), format!("{what} not known yet")));
        }
    }
    let title = text_of(content, "title").ok_or_else(|| Unfit::anywhere("no title"))?;
    let parts = content.get("detection").ok_or_else(|| Unfit::anywhere("no detection"))?;
    let parts = parts.as_mapping().ok_or_else(|| Unfit::at("detection", "detection is not a map"))?;
    let compiled = detection(parts, has_arrays(content))?;
    let source = log_source(content)?;
    let routes = source.routes();
    if routes.is_empty() {
        return Err(Unfit::at("logsource", format!("log source {} is not mapped yet", source.key())));
    }
    let info = RuleInfo {
        id: id.to_owned(),
        title,
        level: level(content).unwrap_or(Level::Informational),
        tags: tags(content),
        file: file.to_owned(),
        logsource: source.key(),
    };
    Ok(Rule { info, selections: compiled.selections, condition: compiled.condition, routes })
}

fn has_arrays(content: &Mapping) -> bool {
    let version = content.get("sigma-version");
    let major = version.and_then(|version| match version {
        Value::String(text) => text.split('.').next()?.parse().ok(),
        value => value.as_f64().map(|version| version as u64),
    });
    major.is_some_and(|major| major >= ARRAYS_SINCE)
}

fn log_source(content: &Mapping) -> Result<LogSource, Unfit> {
    let source = content.get("logsource").ok_or_else(|| Unfit::anywhere("no log source"))?;
    let source = source.as_mapping().ok_or_else(|| Unfit::at("logsource", "log source is not a map"))?;
    let part = |name: &str| text_of(source, name).map(|part| part.to_lowercase());
    let source = LogSource { product: part("product"), category: part("category"), service: part("service") };
    let is_empty = source == LogSource::default();
    if is_empty { Err(Unfit::at("logsource", "log source names nothing")) } else { Ok(source) }
}

/// The level, if it is stated and one.
pub(crate) fn level(content: &Mapping) -> Option<Level> {
    text_of(content, "level")?.to_lowercase().parse().ok()
}

/// The tags, sorted.
pub(crate) fn tags(content: &Mapping) -> Vec<String> {
    let mut tags: Vec<String> = match content.get("tags") {
        Some(Value::Sequence(list)) => list.iter().filter_map(scalar).collect(),
        Some(value) => scalar(value).into_iter().collect(),
        None => Vec::new(),
    };
    tags.sort();
    tags.dedup();
    tags
}

/// A key's value as text, if it is one or a number.
pub(crate) fn text_of(content: &Mapping, key: &str) -> Option<String> {
    content.get(key).and_then(scalar).filter(|text| !text.is_empty())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
