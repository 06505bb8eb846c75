//! What really happened?
//!
//! `truth/` of a drill, as far as the score needs it. Each file is one line per thing; every file
//! has to be there, an empty one says that there was none.

use std::collections::BTreeSet;
use std::path::Path;

use super::coverage::{CAUSES, Cause, STATES, State};
use super::grade::Grade;
use super::line::{self, Line, ReadError};
use crate::moment::Moment;

/// What really happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Every record of the institution, touched or not.
    pub items: Vec<Item>,
    /// Who was where when.
    pub sessions: Vec<Session>,
    /// What the intruder did.
    pub steps: Vec<Step>,
    /// What he got of which record.
    pub access: Vec<Access>,
    /// What was logged.
    pub coverage: Vec<Coverage>,
    /// Which assumptions hold in this world.
    pub worlds: Vec<World>,
}

/// A record; a line of `holdings.ndjson`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// The register's key of its holding.
    pub holding: String,
    /// Its own key; none for a holding whose records the register does not list.
    pub item: Option<String>,
    /// Pseudonyms of those whose data it has.
    pub subjects: Vec<String>,
    /// The register says that its name tells as much as its content: *listed* is *opened*.
    pub name_is_sensitive: bool,
    /// The register knows it. What it does not know no answer can name: that is not scored.
    pub registered: bool,
}

/// A presence; a line of `sessions.ndjson`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Session {
    /// Whose account.
    pub account: String,
    /// On which machine; none in the cloud.
    pub host: Option<String>,
    /// From when.
    pub from: Moment,
    /// Until when, not before `from`.
    pub to: Moment,
    /// Whether the intruder sat there.
    pub intruder: bool,
}

/// An act of the intruder; a line of `steps.ndjson`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The truth's own key of the incident.
    pub incident: String,
    /// When.
    pub time: Moment,
    /// ATT&CK technique.
    pub technique: String,
    /// On which machine.
    pub host: Option<String>,
    /// As whom.
    pub account: Option<String>,
    /// Whether it did what he wanted.
    pub succeeded: bool,
}

/// What the intruder got of a record; a line of `access.ndjson`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The truth's own key of the incident.
    pub incident: String,
    /// The register's key of the holding.
    pub holding: String,
    /// Key of the item; none where it was the holding as such.
    pub item: Option<String>,
    /// Whose data.
    pub subjects: Vec<String>,
    /// How far he got.
    pub grade: Grade,
    /// When.
    pub time: Moment,
}

/// What was logged; a line of `coverage.ndjson`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coverage {
    /// Kind of log.
    pub source: String,
    /// Of which machine; none for logs of the house and the cloud.
    pub host: Option<String>,
    /// From when.
    pub from: Moment,
    /// Until when.
    pub to: Moment,
    /// How whole.
    pub state: State,
    /// Why less than complete.
    pub cause: Option<Cause>,
}

/// An assumption that an inquiry may make; a line of `worlds.ndjson`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct World {
    /// Its name or text, as answers print it.
    pub assumption: String,
    /// Whether it holds here.
    pub holds: bool,
}

impl Truth {
    /// Reads a folder `truth/`, or that of the drill which it is given.
    ///
    /// # Errors
    /// Where a file is missing or cannot be read, or a line lacks what the score needs.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let inner = folder.join("truth");
        let folder = if inner.is_dir() { inner.as_path() } else { folder };
        Ok(Self {
            items: all(folder, "holdings.ndjson", item)?,
            sessions: all(folder, "sessions.ndjson", session)?,
            steps: all(folder, "steps.ndjson", step)?,
            access: all(folder, "access.ndjson", access)?,
            coverage: all(folder, "coverage.ndjson", coverage)?,
            worlds: all(folder, "worlds.ndjson", world)?,
        })
    }

    /// The truth's keys of the incidents, in order.
    #[must_use]
    pub fn incidents(&self) -> BTreeSet<&str> {
        let steps = self.steps.iter().map(|step| step.incident.as_str());
        steps.chain(self.access.iter().map(|access| access.incident.as_str())).collect()
    }
}

fn all<T>(
    folder: &Path,
    name: &str,
    read: impl FnMut(&Line<'_>) -> Result<T, ReadError>,
) -> Result<Vec<T>, ReadError> {
    let path = folder.join(name);
    let missing = "a truth has all its files; `assize drill make` writes them";
    line::file(&path, read)?.ok_or(ReadError::Missing { path, what: missing })
}

fn item(line: &Line<'_>) -> Result<Item, ReadError> {
    Ok(Item {
        holding: line.text("holding")?,
        item: line.some_text("item")?,
        subjects: line.texts("subjects")?,
        name_is_sensitive: line.is_marked("name_is_sensitive", true),
        registered: !line.is_marked("registered", false),
    })
}

fn session(line: &Line<'_>) -> Result<Session, ReadError> {
    let (from, to) = (line.time("from")?, line.time("to")?);
    if to < from {
        return Err(line.wrong("to", "a time not before `from`"));
    }
    let intruder = line.flag("intruder")?;
    Ok(Session { account: line.text("account")?, host: line.some_text("host")?, from, to, intruder })
}

fn step(line: &Line<'_>) -> Result<Step, ReadError> {
    Ok(Step {
        incident: line.text("incident")?,
        time: line.time("time")?,
        technique: line.text("technique")?,
        host: line.some_text("host")?,
        account: line.some_text("account")?,
        succeeded: line.flag("succeeded")?,
    })
}

fn access(line: &Line<'_>) -> Result<Access, ReadError> {
    Ok(Access {
        incident: line.text("incident")?,
        holding: line.text("holding")?,
        item: line.some_text("item")?,
        subjects: line.texts("subjects")?,
        grade: line.word("grade", &Grade::WORDS)?,
        time: line.time("time")?,
    })
}

fn coverage(line: &Line<'_>) -> Result<Coverage, ReadError> {
    Ok(Coverage {
        source: line.text("source")?,
        host: line.some_text("host")?,
        from: line.time("from")?,
        to: line.time("to")?,
        state: line.word("state", &STATES)?,
        cause: line.some_word("cause", &CAUSES)?,
    })
}

fn world(line: &Line<'_>) -> Result<World, ReadError> {
    Ok(World { assumption: line.text("assumption")?, holds: line.flag("holds")? })
}
