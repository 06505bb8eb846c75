//! Why do we say so?
//!
//! A basis is never empty and names events (or gaps) that resolve to bytes. A fact without one
//! cannot be written down.

use serde::Serialize;

/// The ids, at least one, on which a statement stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Basis(Vec<String>);

impl Basis {
    /// `None` if there is nothing to stand on. Sorted and without repeats.
    pub fn of<I: std::fmt::Display>(ids: impl IntoIterator<Item = I>) -> Option<Self> {
        let mut ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
        ids.sort();
        ids.dedup();
        (!ids.is_empty()).then_some(Self(ids))
    }

    /// The ids, sorted.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.0
    }
}
