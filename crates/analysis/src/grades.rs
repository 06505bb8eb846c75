//! What does one act establish, and what does it leave open?
//!
//! Pure: an act and the side on which its client lies give two grades, by the cited table
//! `facts/grades.toml`. Whose act it is, to which records it carries, and which other paths there
//! are, is decided elsewhere. Formats emit verbs, never grades; this is the one place that knows
//! what a verb is worth.

use std::sync::LazyLock;

use assize_model::Grade;
use assize_model::spine::{Client, ObjectKind, Outcome, Qualifier, Scope, Verb};
use serde::Deserialize;

/// An act, in the spine's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Act {
    /// What was done.
    pub verb: Verb,
    /// With what kind of thing.
    pub kind: Option<ObjectKind>,
    /// With one, or with a container.
    pub scope: Option<Scope>,
    /// Through what kind of program.
    pub client: Client,
    /// What limits the record's meaning.
    pub qualifiers: Vec<Qualifier>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether bytes of content are shown to have moved.
    pub moved: bool,
    /// Whether the record is about a handle.
    pub handle: bool,
}

/// Where the client lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Under the institution's control.
    Inside,
    /// Not.
    Outside,
    /// Not known: inside for what is established, outside for what is not excluded.
    Unknown,
}

/// How far an act carries from its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The object itself.
    Object,
    /// Its direct children at that time.
    Children,
    /// Everything in it at that time.
    Content,
    /// Everything on the machine at that time.
    Plane,
    /// The holding is touched; no item of it is established, every item is left open.
    Touched,
}

/// What an act is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    /// If it is the intruder's.
    pub established: Grade,
    /// If it may be.
    pub open: Grade,
    /// To what.
    pub reach: Reach,
    /// Worked cases that say so.
    pub cases: &'static [u8],
}

/// What the act is worth; see the module's text.
#[must_use]
pub fn worth(act: &Act, side: Side) -> Worth {
    let whole = match side {
        Side::Unknown => {
            let (inside, outside) = (read(act, Side::Inside), read(act, Side::Outside));
            let established = inside.established.min(outside.established);
            Worth { established, open: inside.open.max(outside.open), ..inside }
        }
        known => read(act, known),
    };
    by_outcome(act, whole)
}

/// Failed and denied acts establish nothing and keep nothing open, except bytes that were sent all the
/// same; an outcome that is not known establishes nothing and keeps all open.
fn by_outcome(act: &Act, whole: Worth) -> Worth {
    let sent = act.moved && matches!(act.verb, Verb::Upload | Verb::Send | Verb::Transfer);
    match act.outcome {
        Outcome::Success => whole,
        Outcome::Failure | Outcome::Denied if sent => whole,
        Outcome::Failure | Outcome::Denied => Worth { established: Grade::None, open: Grade::None, ..whole },
        Outcome::Unknown => Worth { established: Grade::None, ..whole },
    }
}

fn read(act: &Act, side: Side) -> Worth {
    let row = TABLE.iter().find(|row| row.fits(act, side));
    row.map_or(NOTHING_KNOWN, |row| Worth {
        established: row.established,
        open: row.open,
        reach: row.reaches,
        cases: &row.cases,
    })
}

/// What is said where no row fits.
const NOTHING_KNOWN: Worth =
    Worth { established: Grade::None, open: Grade::Left, reach: Reach::Object, cases: &[] };

/// A row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    cases: Vec<u8>,
    /// None: any.
    verbs: Vec<String>,
    kinds: Option<Vec<String>>,
    clients: Option<Vec<String>>,
    scope: Option<String>,
    side: Option<String>,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
    bytes: Option<bool>,
    handle: Option<bool>,
    established: Grade,
    open: Grade,
    reaches: Reach,
    #[allow(dead_code, reason = "for the reader of the table")]
    source: String,
}

impl Row {
    fn fits(&self, act: &Act, side: Side) -> bool {
        let among = |words: &Option<Vec<String>>, word: Option<&str>| {
            words.as_ref().is_none_or(|words| word.is_some_and(|word| words.iter().any(|one| one == word)))
        };
        let has = |word: &String| act.qualifiers.iter().any(|qualifier| qualifier.as_str() == word);
        let side = if side == Side::Outside { "outside" } else { "inside" };
        (self.verbs.is_empty() || self.verbs.iter().any(|verb| verb == act.verb.as_str()))
            && among(&self.kinds, act.kind.map(ObjectKind::as_str))
            && among(&self.clients, Some(act.client.as_str()))
            && self.scope.as_deref().is_none_or(|scope| act.scope.is_some_and(|of| of.as_str() == scope))
            && self.side.as_deref().is_none_or(|of| of == side)
            && self.with.iter().all(has)
            && !self.without.iter().any(has)
            && self.bytes.is_none_or(|moved| moved == act.moved)
            && self.handle.is_none_or(|handle| handle == act.handle)
    }
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Rows {
        row: Vec<Row>,
    }
    let table = toml::from_str::<Rows>(include_str!("../../../facts/grades.toml"));
    // A part of the program: that it can be read is held by every test of this file.
    table.unwrap_or_else(|error| panic!("facts/grades.toml: {error}")).row
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_table_is_one_of_the_spine() {
        let kinds: Vec<&str> = ObjectKind::ALL.iter().map(|kind| kind.as_str()).collect();
        for row in TABLE.iter() {
            for verb in &row.verbs {
                assert!(Verb::ALL.iter().any(|known| known.as_str() == verb), "{verb}");
            }
            for kind in row.kinds.iter().flatten() {
                assert!(kinds.contains(&kind.as_str()), "{kind}");
            }
            for client in row.clients.iter().flatten() {
                assert!(Client::ALL.iter().any(|known| known.as_str() == client), "{client}");
            }
            for qualifier in row.with.iter().chain(&row.without) {
                assert!(Qualifier::ALL.iter().any(|known| known.as_str() == qualifier), "{qualifier}");
            }
            assert!(row.side.as_deref().is_none_or(|side| ["inside", "outside"].contains(&side)));
            assert!(row.scope.as_deref().is_none_or(|s| Scope::ALL.iter().any(|known| known.as_str() == s)));
            assert!(row.established <= row.open, "{row:?}");
            assert!(!row.cases.is_empty() && !row.source.is_empty(), "{row:?} cites nothing");
        }
        assert!(TABLE.last().is_some_and(|row| row.verbs.is_empty()), "the last row takes what is left");
    }

    /// Every combination of the closed lists: nothing is established that is not kept open, an outcome
    /// never raises, and not to know the side is never narrower than to know it.
    #[test]
    fn bounds_hold_for_every_combination() {
        let qualifiers: Vec<Vec<Qualifier>> =
            std::iter::once(vec![]).chain(Qualifier::ALL.iter().map(|one| vec![*one])).collect();
        for verb in Verb::ALL {
            for kind in std::iter::once(None).chain(ObjectKind::ALL.iter().copied().map(Some)) {
                for client in Client::ALL {
                    for qualifiers in &qualifiers {
                        for (scope, moved, handle) in [
                            (None, false, false),
                            (Some(Scope::Item), true, false),
                            (Some(Scope::Container), false, true),
                        ] {
                            let act = |outcome| Act {
                                verb: *verb,
                                kind,
                                scope,
                                client: *client,
                                qualifiers: qualifiers.clone(),
                                outcome,
                                moved,
                                handle,
                            };
                            combination(&act);
                        }
                    }
                }
            }
        }
    }

    fn combination(act: &dyn Fn(Outcome) -> Act) {
        let of = |outcome, side| worth(&act(outcome), side);
        let unknown = of(Outcome::Success, Side::Unknown);
        for side in [Side::Inside, Side::Outside] {
            let success = of(Outcome::Success, side);
            assert!(success.established <= success.open);
            assert!(unknown.established <= success.established && success.open <= unknown.open);
            assert_eq!(of(Outcome::Unknown, side).established, Grade::None);
            assert_eq!(of(Outcome::Unknown, side).open, success.open);
            assert!(of(Outcome::Denied, side).open <= success.open);
        }
    }
}
