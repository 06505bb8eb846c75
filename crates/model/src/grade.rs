//! How far did access to a record go?
//!
//! The scale of `grades.md`, which says what each step means and what establishes it. Which act
//! gives which grade is `facts/grades`, read by analysis alone.

use serde::{Deserialize, Serialize};

/// A step of the scale; ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Nothing.
    #[default]
    None,
    /// Names or metadata were shown.
    Listed,
    /// Content was returned.
    Opened,
    /// A copy was made inside the estate.
    Collected,
    /// A copy was delivered to a system outside the institution's control.
    Left,
}

impl Grade {
    /// From the lowest to the highest.
    pub const ALL: [Self; 5] = [Self::None, Self::Listed, Self::Opened, Self::Collected, Self::Left];

    /// The word in tables, facts and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Listed => "listed",
            Self::Opened => "opened",
            Self::Collected => "collected",
            Self::Left => "left",
        }
    }

    /// The step of that name.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.as_str() == word)
    }

    /// Where the name alone tells what the content would: *listed* counts as *opened*.
    #[must_use]
    pub const fn where_names_tell(self) -> Self {
        match self {
            Self::Listed => Self::Opened,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_ordered_and_its_words_are_its_names() {
        assert!(Grade::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(Grade::ALL.into_iter().all(|grade| Grade::of(grade.as_str()) == Some(grade)));
        assert_eq!(Grade::Listed.where_names_tell(), Grade::Opened);
        assert_eq!(Grade::None.where_names_tell(), Grade::None);
    }
}
