//! Which names do an event's fields bear, and where among them is the one that a rule means?
//!
//! Events of one kind have the same names in the same order. So the names are looked at once per
//! kind: a shape is a list of names, and what a rule calls `Image` is from then on a position.

use crate::logsource::{Joined, Origin, Route, usual_name};

/// Names of fields in an event's order.
pub(crate) struct Shape {
    pub names: Vec<Box<str>>,
    /// The same without case and blanks.
    folded: Vec<String>,
    /// For every sign of the engine the positions that bear exactly its name.
    pub signs: Vec<Vec<u32>>,
}

/// Where a rule's field lies, as far as a route and the kind of log tell.
#[derive(Clone, Debug)]
pub(crate) enum Lies {
    /// Under this name, or else under its usual one.
    Named(String, Option<&'static str>),
    /// In several fields at once.
    Joined(&'static Joined),
}

impl Lies {
    /// Where a rule's field lies in events of a kind of log that come by a route.
    pub fn of(field: &str, route: &'static Route, source: &str) -> Self {
        match route.fields().get(field) {
            Some(Origin::Own(name)) => Self::Named(name.clone(), None),
            Some(Origin::Joined(joined)) => Self::Joined(joined),
            None => Self::Named(field.to_owned(), usual_name(source, field)),
        }
    }

    /// Equal for equal places only.
    pub fn key(&self) -> String {
        match self {
            Self::Named(name, usual) => format!("{name}\0{}", usual.unwrap_or_default()),
            Self::Joined(joined) => format!("\0\0{joined:?}"),
        }
    }
}

/// A value of an event by position.
#[derive(Clone, Debug)]
pub(crate) enum Spot {
    /// The field at this position.
    Own(u32),
    /// The fields at these, joined.
    Joined(Vec<u32>, &'static Joined),
}

impl Shape {
    /// A shape, with the positions of the signs' names.
    pub fn of(names: Vec<Box<str>>, signs: &[String]) -> Self {
        let position = |sign: &String| {
            let meant = (0..).zip(&names).filter(|(_, name)| ***name == **sign);
            meant.map(|(position, _)| position).collect()
        };
        let signs = signs.iter().map(position).collect();
        let folded = names.iter().map(|name| folded(name)).collect();
        Self { names, folded, signs }
    }

    /// The values that lie there.
    pub fn spots(&self, lies: &Lies) -> Vec<Spot> {
        match lies {
            Lies::Named(name, usual) => {
                let mut positions = self.positions(name);
                if let (true, Some(usual)) = (positions.is_empty(), usual) {
                    positions = self.positions(usual);
                }
                positions.into_iter().map(Spot::Own).collect()
            }
            Lies::Joined(joined) => {
                let firsts = joined.join.iter().filter_map(|name| self.positions(name).first().copied());
                vec![Spot::Joined(firsts.collect(), joined)]
            }
        }
    }

    /// The positions that bear a name; if none does, those that bear it but for case and blanks.
    pub fn positions(&self, name: &str) -> Vec<u32> {
        let exact: Vec<u32> =
            (0..).zip(&self.names).filter(|(_, own)| ***own == *name).map(|(at, _)| at).collect();
        if !exact.is_empty() {
            return exact;
        }
        let name = folded(name);
        (0..).zip(&self.folded).filter(|(_, own)| **own == name).map(|(at, _)| at).collect()
    }
}

fn folded(name: &str) -> String {
    let mut folded = name.to_ascii_lowercase();
    folded.retain(|char| char != ' ');
    folded
}
