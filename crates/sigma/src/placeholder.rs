//! What stands for a placeholder (`%Administrators%`) in a rule?
//!
//! Values come from documents among the rules that hold a map `placeholders`, name by name. They
//! are read as if the rule's author had written them. A rule whose placeholder has no values
//! does not run (rules specification 2.1, "Placeholders": it must be rejected).

use std::collections::BTreeMap;

use yaml_serde::{Mapping, Value};

use crate::detection::Unfit;

/// Values that one text may become.
const VALUES_MAX: usize = 10_000;

/// Values by name.
#[derive(Debug, Default)]
pub(crate) struct Placeholders(BTreeMap<String, Vec<String>>);

impl Placeholders {
    /// Whether a document says values and no rule.
    pub fn are_in(content: &Mapping) -> bool {
        content.contains_key("placeholders") && !content.contains_key("detection")
    }

    /// Adds the values of a document. Several documents may add to one name.
    pub fn add(&mut self, content: &Mapping) -> Result<(), Unfit> {
        let near = |reason: &str| Unfit::at("placeholders:", reason);
        let lists = content.get("placeholders").and_then(Value::as_mapping);
        for (name, values) in lists.ok_or_else(|| near("placeholders are not a map"))? {
            let name = name.as_str().ok_or_else(|| near("placeholder whose name is not text"))?;
            let values = match values {
                Value::Sequence(values) => values.iter().map(text).collect(),
                value => text(value).map(|text| vec![text]),
            };
            let values: Vec<String> =
                values.ok_or_else(|| Unfit::at(&format!("{name}:"), "values are texts or numbers"))?;
            self.0.entry(name.trim_matches('%').to_owned()).or_default().extend(values);
        }
        Ok(())
    }

    /// The texts that stand for a text with placeholders: every combination of their values.
    pub fn expand(&self, text: &str) -> Result<Vec<String>, String> {
        let Some((head, name, tail)) = first(text) else { return Ok(vec![text.to_owned()]) };
        let values = self.0.get(name).filter(|values| !values.is_empty());
        let values =
            values.ok_or_else(|| format!("placeholder `%{name}%`: no list of values is known for it"))?;
        let tails = self.expand(tail)?;
        if values.len() * tails.len() > VALUES_MAX {
            return Err(format!("placeholders stand for more than {VALUES_MAX} values"));
        }
        Ok(values
            .iter()
            .flat_map(|value| tails.iter().map(move |tail| format!("{head}{value}{tail}")))
            .collect())
    }
}

/// What stands before the first placeholder, its name, and what stands after it.
fn first(text: &str) -> Option<(&str, &str, &str)> {
    let (head, rest) = text.split_once('%')?;
    let (name, tail) = rest.split_once('%')?;
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || "_-.".contains(char));
    if is_name {
        return Some((head, name, tail));
    }
    // The second sign may begin one.
    let (skipped, name, tail) = first(&text[head.len() + 1..])?;
    Some((&text[..head.len() + 1 + skipped.len()], name, tail))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_among_percent_signs() {
        assert_eq!(first("a%b%c"), Some(("a", "b", "c")));
        assert_eq!(first("100% of %x%"), Some(("100% of ", "x", "")));
        assert_eq!(first("%%1904"), None);
        assert_eq!(first("50%"), None);
    }

    #[test]
    fn every_combination_and_never_too_many() {
        let list = |length: usize| (0..length).map(|number| number.to_string()).collect();
        let known = Placeholders([("a".to_owned(), list(2)), ("b".to_owned(), list(200))].into());
        assert_eq!(known.expand("%a%-%a%"), Ok(["0-0", "0-1", "1-0", "1-1"].map(str::to_owned).into()));
        assert!(known.expand("%b%%b%").is_err());
        assert!(known.expand("%c%").unwrap_err().contains("%c%"));
    }
}
