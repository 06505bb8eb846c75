//! How are thousands of rules applied to a log at hardly more than the cost of reading it?
//!
//! By never asking a question twice. Logs repeat: events of one kind have the same names, the values
//! in them come from small sets, and what the rules make of those values comes from smaller sets
//! still. So, for each event:
//!
//! 1. its names are a **shape**, met before, in which every field of every rule has its place
//!    (`shape`);
//! 2. the meaning of its **signs** (event id, provider …) gives its **class**, for which the rules
//!    were narrowed once (`sign`, `class`);
//! 3. each value that a rule of the class looks at has a **verdict**: the comparisons that it
//!    satisfies, found by one pass over its text when it is first met (`column`), looked up after
//!    that (`memo`);
//! 4. each verdict leaves some rules open (`gate`), and only what an open rule looks at is looked at. Where
//!    rules are left, the verdicts together decide everything: an event whose verdicts were met
//!    together before has the same **answer**, and only another combination is decided, by trying those rules.
//!
//! All that is remembered is bounded and can be forgotten at any time without changing an answer.
//! Nothing here is shared with the naive engine but the compiled rules; `tests/differential.rs`
//! holds the two to each other.

mod class;
mod column;
mod gate;
mod grams;
mod literal;
mod memo;
mod probe;
mod program;
mod rows;
mod screen;
mod shape;
mod sign;
mod stretch;
mod table;
mod telling;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use assize_model::{Batch, Scan};

use crate::Rule;
use crate::logsource::Joined;
use class::{Ground, Matchers};
use column::{Deferred, Matcher};
use probe::Probe;
use program::{Ask, Program};
use rows::{MapRows, Rows};
use screen::Screen;
use sign::{Demands, Signs};
use table::TableRows;
use worker::Worker;

/// Texts in lower-case ASCII of which one stands in every value of which the test is true; `None` if
/// there are none such.
pub(crate) fn required_words(test: &crate::Test) -> Option<Vec<String>> {
    screen::required(&Probe::of(test)?)
}

/// Rules made ready for fast scanning.
pub(crate) struct Engine {
    program: Program,
    signs: Signs,
    demands: Vec<Vec<Demands>>,
    matchers: Mutex<Known>,
    /// The same of screens.
    screens: Mutex<BTreeMap<Vec<u32>, Option<Arc<Screen>>>>,
    /// What threads have learnt, for the next batch of whichever comes first.
    workers: Mutex<Vec<Worker>>,
}

/// Matchers asked for so far, by the atoms they ask.
type Known = BTreeMap<Vec<u32>, (u32, Arc<Deferred>)>;

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("rules", &self.program.rules.len()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes rules ready; each keeps its place in the list as its number.
    pub fn of(rules: &[Rule]) -> Self {
        let program = Program::of(rules);
        let (signs, demands) = Signs::of(&program);
        let (matchers, screens, workers) = Default::default();
        Self { program, signs, demands, matchers, screens, workers }
    }

    /// Applies all rules to all events of a batch. `false` if the batch has not the spine's columns.
    pub fn scan(&self, batch: &Batch, scan: &mut Scan) -> bool {
        let rows = MapRows::of(batch);
        rows.map(|rows| self.scan_rows(&rows, scan)).is_some()
    }

    /// The same for a table of events of one kind of log; names the columns that could not be read.
    pub fn scan_table(&self, source: &str, table: &RecordBatch, scan: &mut Scan) -> Vec<String> {
        let rows = TableRows::of(source, table);
        self.scan_rows(&rows, scan);
        rows.unread
    }

    fn scan_rows(&self, rows: &impl Rows, scan: &mut Scan) {
        let mut worker = lock(&self.workers).pop().unwrap_or_else(|| Worker::of(&self.signs));
        worker.scan(self, rows, scan);
        lock(&self.workers).push(worker);
    }

    /// The matcher itself.
    fn made<'m>(&self, matcher: &'m Deferred) -> &'m Matcher {
        matcher.get_or_make(|atoms| Matcher::of(&self.probes(atoms).collect::<Vec<_>>()))
    }

    fn probes(&self, atoms: &[u32]) -> impl Iterator<Item = &[Probe]> {
        atoms.iter().filter_map(|atom| match &self.program.atoms[*atom as usize].ask {
            Ask::Text(probes) => Some(probes.as_slice()),
            _ => None,
        })
    }

    fn ground(&self) -> Ground<'_> {
        Ground { program: &self.program, signs: &self.signs, demands: &self.demands, matchers: self }
    }
}

impl Matchers for Engine {
    fn matcher(&self, atoms: &[u32]) -> (u32, Arc<Deferred>) {
        let mut known = lock(&self.matchers);
        if let Some((number, matcher)) = known.get(atoms) {
            return (*number, Arc::clone(matcher));
        }
        let made = (known.len() as u32, Arc::new(Deferred::of(atoms)));
        known.insert(atoms.to_vec(), made.clone());
        made
    }

    fn screen(&self, atoms: &[u32]) -> Option<Arc<Screen>> {
        let mut known = lock(&self.screens);
        if let Some(screen) = known.get(atoms) {
            return screen.clone();
        }
        let made = Screen::of(self.probes(atoms).flatten()).map(Arc::new);
        known.insert(atoms.to_vec(), made.clone());
        made
    }
}

/// What was learnt before a panic elsewhere is still true.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stands for a joined value: the first of the beginnings that fits is replaced.
fn renamed(joined: &Joined, text: String) -> String {
    for (start, stand_in) in &joined.starts {
        if let Some((head, rest)) = text.split_at_checked(start.len())
            && head.eq_ignore_ascii_case(start)
        {
            return format!("{stand_in}{rest}");
        }
    }
    text
}
