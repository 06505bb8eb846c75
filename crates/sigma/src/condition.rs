//! What does a rule ask of an event?
//!
//! A tree of our own over single comparisons, so that no later part depends on the parser's
//! types. A field's absence makes an [`Atom`] false, never the rule inapplicable; `not` turns
//! that into true (Sigma rules specification 2.1, "Condition").

use std::fmt;

use crate::{Glob, Network, Number, Part};

/// A question about an event, made of smaller ones.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All hold.
    And(Vec<Self>),
    /// At least one holds.
    Or(Vec<Self>),
    /// At least so many hold (`2 of selection_*`).
    AtLeast(usize, Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// The selection at this index of the rule's list holds.
    Selection(usize),
    /// One comparison.
    Atom(Atom),
}

impl Condition {
    /// All of them; a single one stands for itself.
    pub(crate) fn all(parts: Vec<Self>) -> Self {
        Self::join(parts, Self::And)
    }

    /// Any of them; a single one stands for itself.
    pub(crate) fn any(parts: Vec<Self>) -> Self {
        Self::join(parts, Self::Or)
    }

    fn join(mut parts: Vec<Self>, many: fn(Vec<Self>) -> Self) -> Self {
        match (parts.len(), parts.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                parts.extend(last);
                many(parts)
            }
        }
    }
}

/// A named part of a rule's `detection` (the specification's search identifier).
#[derive(Clone, Debug)]
pub struct Selection {
    /// As the condition names it.
    pub name: String,
    /// What it asks.
    pub condition: Condition,
}

/// One comparison of an event's field, or of all its values, with something.
#[derive(Clone, Debug)]
pub struct Atom {
    /// The field as the rule names it; `None` for a keyword, which looks at every value.
    pub field: Option<String>,
    /// The comparison.
    pub test: Test,
}

/// With what a value is compared.
#[derive(Clone, Debug)]
pub enum Test {
    /// The text is like this pattern.
    Text(Glob),
    /// The text is a number equal to this one.
    Equal(Number),
    /// The text is a number that stands so to this one.
    Compare(Relation, Number),
    /// The part of the time that the text states stands so to this number.
    Time(Part, Relation, Number),
    /// The regular expression is found in the text.
    Regex(regex::Regex),
    /// The text is an address of this network.
    Network(Network),
    /// The text is like a value of another field.
    Field(FieldTest),
    /// There is a value or there is none: absent or null.
    Null,
    /// The event has the field, whatever its value, or has it not.
    Exists(bool),
}

/// A comparison with another field of the same event.
#[derive(Clone, Debug)]
pub struct FieldTest {
    /// The other field as the rule names it.
    pub other: String,
    /// Where in this field's value the other's must stand.
    pub place: Place,
    /// Whether case matters.
    pub cased: bool,
}

/// Where in a text another must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The two are the same.
    Whole,
    /// At the start.
    Start,
    /// At the end.
    End,
    /// Anywhere.
    Inside,
}

/// How one number stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same.
    Equal,
    /// Less.
    Less,
    /// Less or the same.
    LessOrEqual,
    /// Greater.
    Greater,
    /// Greater or the same.
    GreaterOrEqual,
}

impl Relation {
    /// Whether numbers in this order stand so; numbers without an order never do.
    #[must_use]
    pub fn admits(self, order: Option<std::cmp::Ordering>) -> bool {
        order.is_some_and(|order| match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        })
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(glob) => write!(f, "is like {glob}"),
            Self::Equal(number) => write!(f, "= {number}"),
            Self::Compare(relation, number) => write!(f, "{} {number}", relation.sign()),
            Self::Time(part, relation, number) => {
                write!(f, "{} {} {number}", part.as_str(), relation.sign())
            }
            Self::Regex(regex) => write!(f, "has /{}/", regex.as_str().escape_debug()),
            Self::Network(network) => write!(f, "is in {network}"),
            Self::Field(test) => write!(f, "{} field {}", test.place.words(), test.other.escape_debug()),
            Self::Null => f.write_str("is null"),
            Self::Exists(true) => f.write_str("exists"),
            Self::Exists(false) => f.write_str("does not exist"),
        }
    }
}

impl Place {
    fn words(self) -> &'static str {
        match self {
            Self::Whole => "is the same as",
            Self::Start => "starts with",
            Self::End => "ends with",
            Self::Inside => "contains",
        }
    }
}
