//! Which rules do files hold, and which of them cannot run?
//!
//! Files are taken in the order of their names, documents in the order of the file. Every document
//! gives a rule, a filter on rules, values of placeholders, or a [`NotRun`]; two documents of one id and
//! one content are one rule.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::{Level, NotRun, RuleAbout, RuleFile, RuleInfo};
use yaml_serde::{Mapping, Value};

use crate::Rule;
use crate::detection::{Knowing, Unfit, detection};
use crate::document::{Document, documents};
use crate::filter::{Filter, Target};
use crate::logsource::LogSource;
use crate::placeholder::Placeholders;

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
    let documents =
        files.iter().flat_map(|file| documents(&file.text).into_iter().map(|one| (file.name.as_str(), one)));
    let mut loading = Loading::default();
    // Values of placeholders may stand anywhere, so they are gathered before the rules are made.
    let rest: Vec<_> =
        documents.filter(|(file, document)| !loading.take_placeholders(file, document)).collect();
    for (file, document) in rest {
        loading.take(file, document);
    }
    loading.apply_filters();
    loading.loaded
}

#[derive(Default)]
struct Loading {
    loaded: Loaded,
    /// Id → the rule that bears it.
    known: BTreeMap<String, Known>,
    placeholders: Placeholders,
    filters: Vec<(String, usize, Filter)>,
}

struct Known {
    file: String,
    content: Mapping,
    number: usize,
}

impl Loading {
    fn take_placeholders(&mut self, file: &str, document: &Document<'_>) -> bool {
        let Some(content) = document.content.as_ref().ok().filter(|content| Placeholders::are_in(content))
        else {
            return false;
        };
        if let Err(unfit) = self.placeholders.add(content) {
            let (id, title) = (own_id(file, document.number), text_of(content, "title").unwrap_or_default());
            self.loaded.refuse(id, title, file, place(&unfit, document.line, document.text), &unfit.reason);
        }
        true
    }

    fn take(&mut self, file: &str, document: Document<'_>) {
        let Document { number, line, text, content } = document;
        let content = match content {
            Ok(content) => content,
            Err(broken) => {
                return self.loaded.refuse(
                    own_id(file, number),
                    String::new(),
                    file,
                    broken.line,
                    &broken.reason,
                );
            }
        };
        let id = text_of(&content, "id").unwrap_or_else(|| own_id(file, number));
        let title = text_of(&content, "title").unwrap_or_default();
        if let Err(unfit) = self.take_content(file, line, &id, content) {
            self.loaded.refuse(id, title, file, place(&unfit, line, text), &unfit.reason);
        }
    }

    fn take_content(&mut self, file: &str, line: usize, id: &str, content: Mapping) -> Result<(), Unfit> {
        if ["group", "kind", "timestamp"].iter().all(|key| content.contains_key(*key)) {
            return Err(Unfit::at("kind:", "a rule in Chainsaw's own form, which is not Sigma's"));
        }
        if content.contains_key("filter") {
            let filter = Filter::of(&content, id, self.knowing(&content))?;
            self.filters.push((file.to_owned(), line, filter));
            return Ok(());
        }
        let rule = rule(&content, id, file, self.knowing(&content))?;
        match self.known.get(id) {
            Some(other) if other.content == content => {}
            Some(other) => return Err(Unfit::at("id:", format!("duplicate id of {}", other.file))),
            None => {
                let number = self.loaded.rules.len();
                let known = Known { file: file.to_owned(), content, number };
                self.known.insert(id.to_owned(), known);
                self.loaded.rules.push(rule);
            }
        }
        Ok(())
    }

    fn knowing(&self, content: &Mapping) -> Knowing<'_> {
        Knowing { has_arrays: has_arrays(content), placeholders: &self.placeholders }
    }

    /// Lays every filter upon the rules that it names. One that finds none of them, or not all, is
    /// told: what it was to keep out will come.
    fn apply_filters(&mut self) {
        for (file, line, filter) in std::mem::take(&mut self.filters) {
            let mut met = BTreeSet::new();
            for (id, known) in &self.known {
                let target = Target {
                    id,
                    content: &known.content,
                    source: log_source(&known.content).unwrap_or_default(),
                };
                let names = filter.names_of(&target);
                if !names.is_empty() {
                    filter.apply(&mut self.loaded.rules[known.number]);
                    met.extend(names);
                }
            }
            if let Some(reason) = filter.missing(&met) {
                self.loaded.refuse(filter.id, filter.title, &file, line, &reason);
            }
        }
    }
}

impl Loaded {
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

fn rule(content: &Mapping, id: &str, file: &str, knowing: Knowing<'_>) -> Result<Rule, Unfit> {
    if content.contains_key("correlation") {
        return Err(Unfit::at("correlation:", "correlation rules are not known yet"));
    }
    if content.contains_key("transformations") {
        return Err(Unfit::at("transformations:", "processing pipelines are not known yet"));
    }
    let title = text_of(content, "title").ok_or_else(|| Unfit::anywhere("no title"))?;
    let parts = content.get("detection").ok_or_else(|| Unfit::anywhere("no detection"))?;
    let parts = parts.as_mapping().ok_or_else(|| Unfit::at("detection", "detection is not a map"))?;
    let compiled = detection(parts, knowing)?;
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
        about: RuleAbout {
            author: text_of(content, "author"),
            status: text_of(content, "status"),
            date: text_of(content, "date"),
            modified: text_of(content, "modified"),
        },
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

pub(crate) fn log_source(content: &Mapping) -> Result<LogSource, Unfit> {
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
