//! Which rules of proof and clearing are there? (`facts/proof.toml`, part of the program.)

use std::sync::LazyLock;

use serde::Deserialize;

/// One rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name in tables.
    pub id: String,
    /// In a sentence, as it is printed under a verdict.
    pub says: String,
    /// Clearing rules: what has to be true.
    #[serde(default)]
    pub assumption: String,
    /// Where the mechanism is documented.
    pub cites: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    proof: Vec<Rule>,
    clearing: Vec<Rule>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A table of ours that cannot be read has no rules; a test holds that it can.
    toml::from_str(include_str!("../../../facts/proof.toml"))
        .unwrap_or(Table { proof: Vec::new(), clearing: Vec::new() })
});

/// Rules of proof.
#[must_use]
pub fn proofs() -> &'static [Rule] {
    &TABLE.proof
}

/// Clearing rules.
#[must_use]
pub fn clearings() -> &'static [Rule] {
    &TABLE.clearing
}

pub(crate) fn clearing(id: &str) -> Option<&'static Rule> {
    clearings().iter().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every rule that the code names is in the table, and every one of the table is in the code.
    #[test]
    fn code_and_table_name_the_same_rules() {
        let code =
            concat!(include_str!("proof.rs"), include_str!("processes.rs"), include_str!("clearing.rs"));
        assert!(!proofs().is_empty() && !clearings().is_empty());
        for rule in proofs().iter().chain(clearings()) {
            assert!(code.contains(&format!("\"{}\"", rule.id)), "{} is in no code", rule.id);
            assert!(!rule.cites.is_empty() && !rule.says.is_empty());
        }
        for rule in clearings().iter().filter(|rule| rule.id != "decision") {
            assert!(rule.assumption.starts_with(&format!("{}:", rule.id)), "printed by its name");
        }
    }
}
