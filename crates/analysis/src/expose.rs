//! Whose records were reached, and how surely?
//!
//! For every item, every holding and every subject in it: what is established, what is not
//! excluded, by which paths, under which assumptions (`grades.md`, word for word). A lower bound comes
//! from acts in sessions that are proven the intruder's; an upper bound is the highest of every
//! path: acts that are not cleared, each log that would show an access, the machine itself, each
//! plane above it, each registered copy, and what may have become of content once it was
//! opened. Pure: the same tables give the same answer, in whatever order they come.

mod acts;
mod bands;
mod ground;
mod narrow;
mod paths;
mod ruled;
mod subjects;
mod unregistered;

use std::collections::{BTreeMap, BTreeSet};

use assize_model::coverage::{Cause, State};
use assize_model::exposure::Unfounded;
use assize_model::{Exposure, Grade, Register, Time};

use crate::grades::{Act, Side};
use crate::locate::Index;
use crate::reach::Loose;

pub(crate) use acts::is_access;
pub use bands::{Band, Danger, danger};
pub use narrow::{Step, narrow};
pub use ruled::{Ruled, What};
pub use unregistered::{Cluster, unregistered};

/// Whose act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// The intruder's, proven.
    Intruder,
    /// Not known.
    Undetermined,
    /// The owner's, cleared: it establishes nothing and keeps nothing open.
    Cleared,
}

/// Acts of one kind with one object in one session: what SQL makes of many events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// Whose.
    pub whose: Whose,
    /// The session, where the events name one.
    pub session: Option<String>,
    /// The account, as the source writes it.
    pub account: Option<String>,
    /// With what; `None` where the record does not say.
    pub object: Option<String>,
    /// The container that the record names besides: mailbox and folder, library.
    pub within: Option<String>,
    /// Kind of log.
    pub source: String,
    /// Where it was written.
    pub host: Option<String>,
    /// What was done.
    pub act: Act,
    /// Where the client lies.
    pub side: Side,
    /// First time.
    pub from: Option<Time>,
    /// Last time.
    pub to: Option<Time>,
    /// How often.
    pub times: u64,
    /// Some of the events: the first and the last.
    pub basis: Vec<String>,
}

/// A log in an interval, as the calendar of coverage has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Kind of log.
    pub source: String,
    /// Of which machine, by name; `None`: of the house.
    pub host: Option<String>,
    /// From when.
    pub from: Option<Time>,
    /// Until when.
    pub to: Option<Time>,
    /// Whole and trustworthy, or why not.
    pub state: State,
    /// Why not whole.
    pub cause: Option<Cause>,
    /// What must hold for that state: an export that states no numbers is whole.
    pub assumption: Option<String>,
    /// Events and gaps.
    pub basis: Vec<String>,
}

/// Everything that an answer is made of.
pub struct Evidence<'a> {
    /// What the institution knows.
    pub register: &'a Register,
    /// Its places.
    pub index: &'a Index<'a>,
    /// What was done.
    pub facts: &'a [Fact],
    /// What is logged.
    pub coverage: &'a [Covered],
    /// Who is not cleared, and when.
    pub loose: &'a [Loose],
    /// Machines that the intruder held: name, from when, on what that stands.
    pub held: &'a [Held],
    /// When the intruder may have been there.
    pub window: Window,
    /// What holds of everything: assumptions of clearing rules and of the window.
    pub assumptions: &'a [String],
    /// What people have set, the oldest decision first.
    pub ruled: &'a [Ruled],
}

/// A machine that the intruder held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// Its name.
    pub host: String,
    /// From then.
    pub from: Option<Time>,
    /// On what that stands.
    pub basis: Vec<String>,
}

/// The possible window: from the first possible presence to eviction, or to the as-of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Option<Time>,
    /// Last instant.
    pub to: Option<Time>,
}

/// Whether it could be reached at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Known {
    Yes,
    No,
    Unknown,
}

impl Known {
    /// The word in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// How many items of a holding were established at each grade or above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Items that are known.
    pub of: u64,
    /// By rank of the grade: listed, opened, collected, left; each counts those above too.
    pub at: [u64; 4],
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Position of the holding.
    pub holding: usize,
    /// Position of the item, if it is about one.
    pub item: Option<usize>,
    /// Position of the subject, if it is about one.
    pub subject: Option<usize>,
    /// The bounds and what they stand on.
    pub exposure: Exposure,
    /// Whether anybody who is not cleared could have come there.
    pub reachable: Known,
    /// Whether it was seen outside.
    pub published: Known,
    /// Items of the holding, or items of the subject in it.
    pub counts: Counts,
    /// Subjects: danger.
    pub danger: Option<Danger>,
    /// In sentences.
    pub because: Vec<String>,
}

/// Answers for every holding, every item and every subject; sorted.
///
/// # Errors
/// Never on evidence: only if a bound of ours stands on nothing, which is a mistake of this program.
pub fn expose(evidence: &Evidence<'_>) -> Result<Vec<Answer>, Unfounded> {
    let ground = ground::Ground::of(evidence);
    let seen = acts::seen(evidence, &ground);
    let ways = paths::ways(evidence, &ground, &seen);
    let mut answers = Vec::new();
    for (holding, ways) in ways.iter().enumerate() {
        let mut own = Vec::new();
        for item in evidence.index.items_of(holding) {
            let answer = paths::item(evidence, &seen, ways, holding, *item)?;
            own.push(ruled::apply(evidence, What::Item, &evidence.register.items[*item].key, answer)?);
        }
        let whole = paths::holding(evidence, &seen, ways, holding, &own)?;
        let key = &evidence.register.holdings[holding].key;
        let whole = ruled::apply(evidence, What::Holding, key, whole)?;
        for answer in subjects::of_holding(evidence, &whole, &own)? {
            let key = answer.subject.map_or("", |subject| evidence.register.subjects[subject].key.as_str());
            answers.push(ruled::apply(evidence, What::Subject, key, answer)?);
        }
        answers.push(whole);
        answers.extend(own);
    }
    bands::judge(evidence.register, &mut answers);
    answers.sort_by_key(|answer| (answer.holding, answer.item, answer.subject));
    Ok(answers)
}

/// Positions of the subjects that an item has data of.
fn subjects_of(register: &Register, item: usize, numbers: &BTreeMap<&str, usize>) -> BTreeSet<usize> {
    register.items[item].subjects.iter().filter_map(|key| numbers.get(key.as_str()).copied()).collect()
}

/// Positions of subjects by key.
fn numbers(register: &Register) -> BTreeMap<&str, usize> {
    register.subjects.iter().enumerate().map(|(number, subject)| (subject.key.as_str(), number)).collect()
}

impl Counts {
    fn of(grades: impl Iterator<Item = Grade>) -> Self {
        let mut counts = Self::default();
        for grade in grades {
            counts.of += 1;
            for (rank, at) in counts.at.iter_mut().enumerate() {
                *at += u64::from(grade >= Grade::ALL[rank + 1]);
            }
        }
        counts
    }
}
