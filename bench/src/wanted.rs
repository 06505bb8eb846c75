//! Which records and fields can the rules of a folder touch?
//!
//! By what a rule file says at a glance: its log source, the names of its fields, and the event ids
//! that all its selections demand. Wider than the Sigma engine's own answer, never narrower: a rule
//! that looks for words anywhere wants every field.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use assize_model::{Class, Wanted};
use serde_json::Value;

type Key = (Option<String>, Option<String>, Option<BTreeSet<u32>>);

/// Whether rules count that look for words anywhere in a record, which want every field of it. One
/// of them (`Mimikatz Use`) does so in every Windows event.
#[derive(Clone, Copy, PartialEq)]
pub enum Words {
    Counted,
    LeftOut,
}

/// What the rules below `folder` can touch.
pub fn of_rules(folder: &Path, words: Words) -> Result<Wanted> {
    let facts: Value = toml::from_str(include_str!("../../facts/logsource.toml"))?;
    let routes = facts["route"].as_array().context("facts/logsource.toml has routes")?;
    let mut classes: BTreeMap<Key, Option<BTreeSet<String>>> = BTreeMap::new();
    for rule in rules(folder)? {
        let asks = Asks::of(&rule["detection"]);
        if asks.fields.is_none() && words == Words::LeftOut {
            continue;
        }
        let same = |route: &&Value| {
            ["product", "category", "service"].iter().all(|key| rule["logsource"][key] == route[key])
        };
        for route in routes.iter().filter(same) {
            for (channel, provider) in places(route) {
                let ids = ids(&route["events"]).or_else(|| asks.event_ids.clone());
                let known = classes.entry((channel, provider, ids)).or_insert_with(|| Some(BTreeSet::new()));
                match (known.as_mut(), &asks.fields) {
                    (Some(known), Some(fields)) => known.extend(lying_at(fields, route)),
                    _ => *known = None,
                }
            }
        }
    }
    let class = |((channel, provider, event_ids), fields)| Class {
        source: Option::map(channel, |channel: String| format!("windows/{channel}")),
        provider,
        event_ids,
        fields,
    };
    Ok(Wanted { classes: classes.into_iter().map(class).collect(), spine: false })
}

fn rules(folder: &Path) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(rules(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            // What is no rule by itself (several documents, a filter) is the engine's business.
            found.extend(yaml_serde::from_str::<Value>(&std::fs::read_to_string(path)?).ok());
        }
    }
    Ok(found)
}

/// What a rule asks of a record.
struct Asks {
    /// `None`: of all fields.
    fields: Option<BTreeSet<String>>,
    event_ids: Option<BTreeSet<u32>>,
}

impl Asks {
    fn of(detection: &Value) -> Self {
        let mut asks = Self { fields: Some(BTreeSet::new()), event_ids: None };
        let mut ids = Some(BTreeSet::new());
        for (name, part) in detection.as_object().into_iter().flatten() {
            if name == "condition" || name == "timeframe" {
                continue;
            }
            asks.add(part);
            // What filters say of ids narrows nothing.
            if !name.starts_with("filter") {
                let stated = part.as_object().and_then(|part| self::ids(part.get("EventID")?));
                ids = ids.zip(stated).map(|(ids, stated)| ids.union(&stated).copied().collect());
            }
        }
        asks.event_ids = ids.filter(|ids| !ids.is_empty());
        asks
    }

    fn add(&mut self, part: &Value) {
        match part {
            Value::Object(pairs) => {
                let names = pairs.keys().map(|key| key.split('|').next().unwrap_or(key).to_owned());
                let names: Vec<String> = names.collect();
                // A key that is only a modifier is a word looked for anywhere.
                if names.iter().any(String::is_empty) {
                    self.fields = None;
                }
                if let Some(fields) = &mut self.fields {
                    fields.extend(names);
                }
            }
            Value::Array(parts) => parts.iter().for_each(|part| self.add(part)),
            _ => self.fields = None,
        }
    }
}

fn ids(value: &Value) -> Option<BTreeSet<u32>> {
    let one = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    match value {
        Value::Array(values) => values.iter().map(one).collect(),
        value => one(value).map(|id| [id].into()),
    }
}

/// Every channel and provider of a route; `None` where it does not say.
fn places(route: &Value) -> Vec<(Option<String>, Option<String>)> {
    let each = |key: &str| -> Vec<Option<String>> {
        let stated = route[key].as_array().into_iter().flatten();
        let stated: Vec<_> = stated.map(|value| value.as_str().map(str::to_owned)).collect();
        if stated.is_empty() { vec![None] } else { stated }
    };
    let providers = each("providers");
    each("channels").into_iter().flat_map(|c| providers.iter().map(move |p| (c.clone(), p.clone()))).collect()
}

/// The names under which a rule's fields lie at a route, with those that the route itself demands.
fn lying_at(fields: &BTreeSet<String>, route: &Value) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = fields.clone();
    names.extend(route["require"].as_object().into_iter().flat_map(|require| require.keys().cloned()));
    for field in fields {
        texts(&route["fields"][field], &mut names);
    }
    names
}

fn texts(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            out.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, out)),
        Value::Object(pairs) => pairs.values().for_each(|value| texts(value, out)),
        _ => {}
    }
}
