//! What does somebody say happened?
//!
//! The published results of an inquiry, ours or another's, as far as the score needs them. A part
//! that is missing is not claimed; a part that is there and empty claims that there was nothing.

use std::io::BufRead;
use std::path::Path;

use super::coverage::{CAUSES, Cause, STATES, State};
use super::grade::{Grade, Interval};
use super::join;
use super::line::{self, Line, ReadError};
use crate::moment::{Moment, Span};

/// What somebody says happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Who was where when.
    pub sessions: Option<Vec<Session>>,
    /// What the intruder did.
    pub incidents: Option<Vec<Incident>>,
    /// What was logged.
    pub coverage: Option<Vec<Coverage>>,
    /// What was reached.
    pub exposures: Option<Vec<Exposure>>,
    /// Which clocks are said to be wrong. Nobody has to say so.
    pub clocks: Option<Vec<Clock>>,
}

/// Whose session it is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The intruder's, proven.
    Intruder,
    /// The owner's, cleared.
    Owner,
    /// Neither.
    Undetermined,
}

/// A row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Session {
    /// Whose account.
    pub account: String,
    /// On which machine.
    pub host: Option<String>,
    /// From when, where it is known.
    pub from: Option<Moment>,
    /// Until when, where it is known.
    pub to: Option<Moment>,
    /// Whose it is said to be.
    pub verdict: Verdict,
    /// Under which assumption it was cleared.
    pub assumption: Option<String>,
    /// Tells two equal sessions from one that is told twice.
    pub id: Option<String>,
}

/// A row of `incidents`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Incident {
    /// Not before.
    pub first_possible: Option<Moment>,
    /// First act of which there is proof.
    pub first_proven: Option<Moment>,
    /// Last act of which there is proof.
    pub last_proven: Option<Moment>,
    /// Since when he is out.
    pub evicted: Option<Moment>,
    /// In order.
    pub steps: Vec<Step>,
    /// Tells two equal incidents from one that is told twice.
    pub id: Option<String>,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It did what he wanted.
    Success,
    /// It did not.
    Attempt,
    /// Not known.
    Unknown,
}

/// A step of an incident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// When; of repeats that are told as one step, the first.
    pub time: Option<Moment>,
    /// Of repeats the last.
    pub until: Option<Moment>,
    /// How many repeats they are.
    pub times: u64,
    /// ATT&CK technique.
    pub technique: Option<String>,
    /// On which machine.
    pub host: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// A row of `coverage`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coverage {
    /// Kind of log.
    pub source: String,
    /// Of which machine.
    pub host: Option<String>,
    /// From when; without it from the beginning.
    pub from: Option<Moment>,
    /// Until when; without it to the end.
    pub to: Option<Moment>,
    /// How whole.
    pub state: State,
    /// Why less than complete.
    pub cause: Option<Cause>,
}

/// A row of `exposures`: about a subject if it names one, else about an item if it names one, else
/// about the holding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposure {
    /// In which incident.
    pub incident: Option<String>,
    /// The register's key of the holding.
    pub key: String,
    /// The register's key of the item.
    pub item: Option<String>,
    /// Pseudonym of the subject.
    pub subject: Option<String>,
    /// `[established, not excluded]`
    pub interval: Interval,
    /// Under which assumptions, as printed.
    pub assumptions: Vec<String>,
}

/// A row of `clocks`: of a machine whose times are said to be wrong, and are told as it wrote them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock {
    /// Which machine.
    pub host: String,
    /// From when, by its own clock.
    pub from: Option<Moment>,
    /// Until when, by its own clock.
    pub to: Option<Moment>,
    /// By how much it is ahead.
    pub ahead: Span,
}

impl Clock {
    /// What it would have shown if it were right, as far as it is said to be wrong then.
    fn right(&self, time: Moment) -> Option<Moment> {
        let wrong = self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time <= to);
        wrong.then(|| time - self.ahead)
    }
}

/// Adds the rows of a part, read from a text that errors call by the path.
type Reader = fn(&mut Answers, &Path, &mut dyn BufRead) -> Result<(), ReadError>;

/// The parts of an answer: name of the file without its ending, and how it is read.
const PARTS: [(&str, Reader); 5] = [
    ("sessions", |answers, path, text| set(&mut answers.sessions, line::lines(path, text, session)?)),
    ("incidents", |answers, path, text| set(&mut answers.incidents, line::lines(path, text, incident)?)),
    ("coverage", |answers, path, text| set(&mut answers.coverage, line::lines(path, text, coverage)?)),
    ("exposures", |answers, path, text| set(&mut answers.exposures, line::lines(path, text, exposure)?)),
    ("clocks", |answers, path, text| set(&mut answers.clocks, line::lines(path, text, clock)?)),
];

fn set<T>(part: &mut Option<Vec<T>>, rows: Vec<T>) -> Result<(), ReadError> {
    part.get_or_insert_default().extend(rows);
    Ok(())
}

impl Answers {
    /// Reads a folder with `sessions.ndjson`, `incidents.ndjson`, `coverage.ndjson`,
    /// `exposures.ndjson` and `clocks.ndjson`, or some of them.
    ///
    /// # Errors
    /// Where there is no such folder, a file cannot be read, or a line lacks what the score needs.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let mut answers = Self::default();
        if !folder.is_dir() {
            let what = "a folder with sessions.ndjson, incidents.ndjson, coverage.ndjson, exposures.ndjson";
            return Err(ReadError::Missing { path: folder.to_owned(), what });
        }
        for (part, _) in PARTS {
            let path = folder.join(part).with_extension("ndjson");
            match std::fs::File::open(&path) {
                Ok(file) => answers.add(part, &path, &mut std::io::BufReader::new(file))?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(ReadError::Io { path, error }),
            }
        }
        Ok(answers)
    }

    /// Adds rows of a part as they were published; `path` is what errors call the text.
    ///
    /// # Errors
    /// Where the text cannot be read, or a line lacks what the score needs.
    ///
    /// # Panics
    /// If there is no such part.
    pub fn add(&mut self, part: &str, path: &Path, text: &mut dyn BufRead) -> Result<(), ReadError> {
        let known = PARTS.iter().find(|(name, _)| *name == part);
        let Some((_, read)) = known else { panic!("`{part}` is no part of an answer") };
        read(self, path, text)
    }
}

impl Answers {
    /// Sessions and steps at the times at which they were, by what the answer itself says of clocks: who tells
    /// that a machine's times are seven minutes ahead, and prints them as the machine wrote them, has told the
    /// right time.
    pub(super) fn by_its_clocks(&self) -> Self {
        let mut answers = self.clone();
        let clocks: Vec<&Clock> = self.clocks.iter().flatten().collect();
        let set_right = |host: Option<&str>, times: &mut [&mut Option<Moment>]| {
            let here = join::host(host);
            let clock = clocks.iter().find(|clock| {
                join::host(Some(&clock.host)) == here
                    && times.iter().any(|time| time.and_then(|time| clock.right(time)).is_some())
            });
            for time in times.iter_mut() {
                **time = time.map(|time| clock.and_then(|clock| clock.right(time)).unwrap_or(time));
            }
        };
        for session in answers.sessions.iter_mut().flatten() {
            set_right(session.host.as_deref(), &mut [&mut session.from, &mut session.to]);
        }
        for step in answers.incidents.iter_mut().flatten().flat_map(|incident| &mut incident.steps) {
            set_right(step.host.as_deref(), &mut [&mut step.time, &mut step.until]);
        }
        answers
    }
}

const VERDICTS: [(&str, Verdict); 3] =
    [("intruder", Verdict::Intruder), ("owner", Verdict::Owner), ("undetermined", Verdict::Undetermined)];

const OUTCOMES: [(&str, Outcome); 3] =
    [("success", Outcome::Success), ("attempt", Outcome::Attempt), ("unknown", Outcome::Unknown)];

fn session(line: &Line<'_>) -> Result<Session, ReadError> {
    let cleared = line.object("cleared", |cleared| cleared.some_text("assumption"))?;
    Ok(Session {
        account: line.text("account")?,
        host: line.some_text("host")?,
        from: line.some_time("from")?,
        to: line.some_time("to")?,
        verdict: line.word("verdict", &VERDICTS)?,
        assumption: cleared.flatten(),
        id: line.some_text("id")?,
    })
}

fn incident(line: &Line<'_>) -> Result<Incident, ReadError> {
    Ok(Incident {
        first_possible: line.some_time("first_possible")?,
        first_proven: line.some_time("first_proven")?,
        last_proven: line.some_time("last_proven")?,
        evicted: line.some_time("evicted")?,
        steps: line.objects("steps", step)?,
        id: line.some_text("id")?,
    })
}

fn step(line: &Line<'_>) -> Result<Step, ReadError> {
    Ok(Step {
        time: line.some_time("time")?,
        until: line.some_time("until")?,
        times: line.some_number("times")?.unwrap_or(1),
        technique: line.some_text("technique")?,
        host: line.some_text("host")?,
        outcome: line.some_word("outcome", &OUTCOMES)?.unwrap_or(Outcome::Unknown),
    })
}

fn coverage(line: &Line<'_>) -> Result<Coverage, ReadError> {
    Ok(Coverage {
        source: line.text("source")?,
        host: line.some_text("host")?,
        from: line.some_time("from")?,
        to: line.some_time("to")?,
        state: line.word("state", &STATES)?,
        cause: line.some_word("cause", &CAUSES)?,
    })
}

fn clock(line: &Line<'_>) -> Result<Clock, ReadError> {
    let nanoseconds = line.text("ahead")?.parse::<i64>();
    Ok(Clock {
        host: line.text("host")?,
        from: line.some_time("from")?,
        to: line.some_time("to")?,
        ahead: nanoseconds.map_err(|_| line.wrong("ahead", "nanoseconds, as a text"))? / 100,
    })
}

fn exposure(line: &Line<'_>) -> Result<Exposure, ReadError> {
    let established = line.word("established", &Grade::WORDS)?;
    let not_excluded = line.word("not_excluded", &Grade::WORDS)?;
    let interval = Interval::of(established, not_excluded)
        .ok_or_else(|| line.wrong("not_excluded", "a grade not below `established`"))?;
    Ok(Exposure {
        incident: line.some_text("incident")?,
        key: line.text("key")?,
        item: line.some_text("item")?,
        subject: line.some_text("subject")?,
        interval,
        assumptions: line.texts("assumptions")?,
    })
}
