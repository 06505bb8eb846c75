//! How do sessions, events and the register become the tables of exposures?
//!
//! The last stage of a derivation. It reads what the stages before it wrote, so that deriving after
//! a decision gives what deriving from nothing would. Without a register there is nobody's record to
//! speak of, and the tables are empty.

use std::collections::{BTreeMap, BTreeSet};

use assize_analysis::expose::{self, Answer, Evidence, Ruled, What, Window, narrow, unregistered};
use assize_analysis::locate::{Digest, Index};
use assize_analysis::visits::Visits;
use assize_analysis::{access, archives, attributed};
use assize_model::decision::{On, Verb};
use assize_model::exposure;
use assize_model::{Exclusion, Grade, Register, SnapshotError, Time};
use assize_vault::{Derived, MaskingKey};
use sha2::{Digest as _, Sha256};

use crate::answers::Answers;
use crate::columns::{self, Cell};
use crate::decisions::Decided;
use crate::{Case, CaseError, Tables, part};

/// What is said of time before the evidence begins.
const BEFORE: &str = "before-records: the intruder was not there before the evidence begins";

/// Writes the tables of exposures.
pub(crate) fn write(case: &Case, derived: &Derived, answers: &Answers<'_>) -> Result<(), CaseError> {
    let register = case.register()?.map(|version| version.register).unwrap_or_default();
    let masking = case.vault.masking();
    let found = Found::of(&register, masking, answers, &case.decisions())?;
    found.write(derived, &register)
}

/// Gathers what was done, whoever did it: it holds for every decision.
pub(crate) fn gather(case: &Case, derived: &Derived, tables: &Tables) -> Result<(), CaseError> {
    let register = case.register()?.map(|version| version.register).unwrap_or_default();
    let digest = case.vault.masking().map(|key| move |place: &str| key.digest(place));
    let each = |sql: &str, take: assize_analysis::Take<'_>| tables.each(sql, take);
    let gathered = if register.holdings.is_empty() {
        access::Gathered::default()
    } else {
        let index = index(&register, digest.as_ref().map(|digest| digest as Digest<'_>))?;
        let mut visits = Visits::of(&each, &register)?;
        visits.learn(&each, None)?;
        access::gather(&each, &visits, &index)?
    };
    let hands = gathered.hands.iter().enumerate().flat_map(|(number, sessions)| {
        sessions.iter().map(move |session| vec![Cell::Number(number as u64), Cell::text(session)])
    });
    part::write_rows(derived, columns::HANDS, hands)?;
    let acts = gathered.acts().enumerate().map(|(number, acts)| columns::acts(number, &acts));
    part::write_rows(derived, columns::ACTS, acts)?;
    let events = gathered.events.iter().map(|(act, event, time, until)| {
        vec![Cell::Number(u64::from(*act)), Cell::text(event), Cell::Time(*time), Cell::Time(*until)]
    });
    part::write_rows(derived, columns::ACT_EVENTS, events)
}

/// The places of a register.
fn index<'a>(register: &'a Register, digest: Option<Digest<'a>>) -> Result<Index<'a>, CaseError> {
    if Index::is_blind(register, digest) {
        let reason = "the register has masked places, and the masking key of this case is not in the key folder (ASSIZE_KEYS): accesses there would not be seen";
        return Err(CaseError::Refused(reason.to_owned()));
    }
    Ok(Index::of(register, digest))
}

/// Answers, and what goes with them.
#[derive(Default)]
struct Found {
    incident: Option<String>,
    answers: Vec<Answer>,
    steps: Vec<expose::Step>,
    best: Vec<Option<usize>>,
    clusters: Vec<expose::Cluster>,
}

impl Found {
    fn of(
        register: &Register,
        masking: Option<&MaskingKey>,
        asked: &Answers<'_>,
        decided: &[Decided],
    ) -> Result<Self, CaseError> {
        if register.holdings.is_empty() {
            return Ok(Self::default());
        }
        let digest = masking.map(|key| move |place: &str| key.digest(place));
        let index = index(register, digest.as_ref().map(|digest| digest as Digest<'_>))?;
        let each = |sql: &str, take: assize_analysis::Take<'_>| asked.each(sql, take);
        let mut visits = Visits::of(&each, register)?;
        let mut facts = attributed::facts(&each, &visits)?;
        let (coverage, held) = access::calendar(&each)?;
        let loose = visits.loose(&held);
        facts.extend(archives::archived(&each, &facts, &mut visits, &index)?);
        let mut assumptions: Vec<String> = visits.assumptions.iter().cloned().collect();
        assumptions.push(BEFORE.to_owned());
        let window = window(asked)?;
        assumptions.extend(window.to.map(|to| format!("as-of: nothing is said of the time after {to}")));
        let ruled = ruled(decided);
        let evidence = Evidence {
            register,
            index: &index,
            facts: &facts,
            coverage: &coverage,
            loose: &loose,
            held: &held,
            window,
            assumptions: &assumptions,
            ruled: &ruled,
        };
        let answers =
            expose::expose(&evidence).map_err(|error| CaseError::Refused(format!("exposures: {error}")))?;
        let (steps, best) = narrow(&answers);
        let clusters = unregistered(&evidence);
        Ok(Self { incident: incident(asked.tables())?, answers, steps, best, clusters })
    }

    fn write(&self, derived: &Derived, register: &Register) -> Result<(), CaseError> {
        // Paths are many and alike: each distinct one is kept once, under a digest of what it says.
        let (mut known, mut ids) = (BTreeMap::<&Exclusion, usize>::new(), Vec::new());
        let mut of_answers: Vec<Vec<usize>> = Vec::with_capacity(self.answers.len());
        for answer in &self.answers {
            let number = |path| {
                *known.entry(path).or_insert_with_key(|path| {
                    ids.push(path_id(path));
                    ids.len() - 1
                })
            };
            of_answers.push(answer.exposure.paths().iter().map(number).collect());
        }
        let rows = self.answers.iter().zip(&self.best).zip(&of_answers);
        let rows = rows.map(|((answer, best), paths)| {
            let paths = paths.iter().map(|path| ids[*path].clone()).collect();
            self.row(register, answer, *best, paths)
        });
        part::write_rows(derived, columns::EXPOSURES, rows)?;
        let paths: BTreeMap<&String, &Exclusion> = known.iter().map(|(path, n)| (&ids[*n], *path)).collect();
        let paths = paths.into_iter().map(|(id, path)| path_row(id, path));
        part::write_rows(derived, columns::EXPOSURE_PATHS, paths)?;
        part::write_rows(derived, columns::NEXT_STEPS, self.steps.iter().map(step_row))?;
        part::write_rows(derived, columns::UNREGISTERED, self.clusters.iter().map(cluster_row))
    }

    fn row(
        &self,
        register: &Register,
        answer: &Answer,
        best: Option<usize>,
        paths: Vec<String>,
    ) -> Vec<Cell> {
        let holding = &register.holdings[answer.holding];
        let item = answer.item.map(|item| &register.items[item]);
        let subject = answer.subject.map(|subject| &register.subjects[subject]);
        let exposure = &answer.exposure;
        let id = exposure::id(
            self.incident.as_deref(),
            &holding.key,
            item.map(|item| item.key.as_str()),
            subject.map(|subject| subject.key.as_str()),
        );
        let mut because = answer.because.clone();
        because.extend(
            answer.danger.iter().flat_map(|danger| danger.because.iter().chain(&danger.would_drop).cloned()),
        );
        let step = best.and_then(|place| self.steps.get(place)).map(|step| step.text.clone());
        let text = |text: Option<&String>| Cell::Text(text.cloned());
        vec![
            Cell::text(id),
            Cell::Text(self.incident.clone()),
            Cell::text(holding.id),
            Cell::text(&holding.key),
            text(item.map(|item| &item.key)),
            Cell::Text(item.map(|item| item.id.to_string())),
            text(subject.map(|subject| &subject.key)),
            Cell::Text(subject.map(|subject| subject.id.to_string())),
            Cell::Text(subject.map(|subject| subject.kind.as_str().to_owned())),
            Cell::text(exposure.established().as_str()),
            Cell::text(exposure.not_excluded().as_str()),
            Cell::text(answer.reachable.as_str()),
            Cell::text(answer.published.as_str()),
            Cell::Number(answer.counts.of),
            Cell::Number(answer.counts.at[0]),
            Cell::Number(answer.counts.at[1]),
            Cell::Number(answer.counts.at[2]),
            Cell::Number(answer.counts.at[3]),
            Cell::Texts(paths),
            Cell::Texts(exposure.basis().map_or_else(Vec::new, |basis| basis.ids().to_vec())),
            Cell::Texts(exposure.assumptions().to_vec()),
            Cell::Text(step),
            Cell::Text(answer.danger.as_ref().map(|danger| danger.band.as_str().to_owned())),
            Cell::Texts(because),
            Cell::text(&holding.title),
            text(subject.map(|subject| &subject.role)),
            text(subject.and_then(|subject| subject.contact_protocol.as_ref())),
            Cell::Number(rank(exposure.established())),
            Cell::Number(rank(exposure.not_excluded())),
        ]
    }
}

/// What people have set of holdings, items and subjects.
fn ruled(decided: &[Decided]) -> Vec<Ruled> {
    let stands = decided.iter().filter(|one| one.undone_by.is_none() && one.decision.verb == Verb::Overrule);
    let ruled = stands.filter_map(|one| {
        let what = match one.decision.on {
            On::Holding => What::Holding,
            On::Item => What::Item,
            On::Subject => What::Subject,
            _ => return None,
        };
        let set = one.decision.set.as_ref()?;
        let word = |key: &str| set.get(key).and_then(serde_json::Value::as_str);
        Some(Ruled {
            what,
            key: one.decision.value.clone()?,
            established: word("established").and_then(Grade::of),
            not_excluded: word("not_excluded").and_then(Grade::of),
            published: word("published").map(|word| word == "yes"),
            decision: one.id.to_string(),
            reason: format!("{} ({})", one.decision.reason, one.decision.by),
        })
    });
    ruled.collect()
}

/// Place on the scale, for who sorts.
fn rank(grade: Grade) -> u64 {
    Grade::ALL.iter().position(|one| *one == grade).unwrap_or(0) as u64
}

fn path_id(path: &Exclusion) -> String {
    let text = format!("{path:?}");
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..12])
}

fn path_row(id: &str, path: &Exclusion) -> Vec<Cell> {
    vec![
        Cell::text(id),
        Cell::text(&path.path),
        Cell::text(path.kind.as_str()),
        Cell::text(path.caps_at.as_str()),
        Cell::Time(path.from),
        Cell::Time(path.to),
        Cell::text(&path.because),
        Cell::text(&path.remedy),
        Cell::Texts(path.basis.clone()),
    ]
}

fn step_row(step: &expose::Step) -> Vec<Cell> {
    vec![Cell::text(&step.text), Cell::Number(step.alone), Cell::Number(step.answers)]
}

fn cluster_row(cluster: &expose::Cluster) -> Vec<Cell> {
    vec![
        Cell::text(&cluster.place),
        Cell::Number(cluster.objects),
        Cell::Number(cluster.times),
        Cell::Texts(cluster.verbs.iter().map(|verb| (*verb).to_owned()).collect()),
        Cell::Time(cluster.from),
        Cell::Time(cluster.to),
        Cell::Texts(cluster.examples.clone()),
        Cell::Texts(cluster.basis.clone()),
        Cell::text(&cluster.proposed),
    ]
}

/// From the first record to the end of the last whole day of records: the as-of date. A day that breaks
/// off is whole in no log, and nothing is said of it.
fn window(answers: &Answers<'_>) -> Result<Window, SnapshotError> {
    const DAY: i64 = 86_400_000_000_000;
    let rows = answers.rows("SELECT min(time) AS first, max(time) AS last FROM events")?;
    let time = |column: &str| rows.first().and_then(|row| row.time(column));
    let from = time("first");
    let whole = time("last").map(|last| Time(last.0 - last.0.rem_euclid(DAY)));
    Ok(Window { from, to: whole.filter(|to| Some(*to) > from).or(time("last")) })
}

/// The incident that the answers are about, if there is just one.
fn incident(tables: &Tables) -> Result<Option<String>, SnapshotError> {
    if !tables.has("incidents") {
        return Ok(None);
    }
    let rows = tables.rows("SELECT id FROM incidents ORDER BY id")?;
    Ok(rows.first().map(|row| row.text("id").to_owned()))
}

/// What exposures are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// One row a holding.
    Holding,
    /// One row an item.
    Item,
    /// One row a subject and holding.
    Subject,
    /// All of them, as one answer.
    All,
}

impl By {
    /// Rows of `exposures` that it means.
    fn filter(self) -> &'static str {
        match self {
            Self::Holding => "item IS NULL AND subject IS NULL",
            Self::Item => "item IS NOT NULL",
            Self::Subject => "subject IS NOT NULL",
            Self::All => "true",
        }
    }
}

impl crate::CaseSnapshot<'_> {
    /// Exposures by the contract: counts and paths as objects.
    ///
    /// # Errors
    /// Where a query fails.
    pub fn exposures(&self, by: By) -> Result<Vec<assize_model::Row>, CaseError> {
        let mut paths: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        for row in self.tables.rows("SELECT * FROM exposure_paths ORDER BY id")? {
            let mut object = row.object();
            if let Some(object) = object.as_object_mut() {
                object.remove("id");
            }
            paths.insert(row.text("id").to_owned(), object);
        }
        let sql = format!(
            "SELECT * FROM exposures WHERE {} ORDER BY key, item NULLS FIRST, subject NULLS FIRST, id",
            by.filter()
        );
        let rows = self.tables.rows(&sql)?;
        Ok(rows.iter().map(|row| published(row, &paths)).collect())
    }
}

const COUNTS: [&str; 5] = ["of", "listed", "opened", "collected", "left"];

fn published(row: &assize_model::Row, paths: &BTreeMap<String, serde_json::Value>) -> assize_model::Row {
    let hidden: BTreeSet<String> = COUNTS.iter().map(|count| format!("items_{count}")).collect();
    let mut cells = Vec::new();
    for (name, value) in &row.0 {
        if hidden.contains(name) {
            if name == "items_of" {
                let counts = COUNTS
                    .iter()
                    .map(|count| ((*count).to_owned(), row.value(&format!("items_{count}")).clone()));
                cells.push(("items".to_owned(), serde_json::Value::Object(counts.collect())));
            }
        } else if name == "paths" {
            let ids = value.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
            cells.push((name.clone(), ids.filter_map(|id| paths.get(id).cloned()).collect()));
        } else if name != "id" {
            cells.push((name.clone(), value.clone()));
        }
    }
    // The id stands last, as everywhere.
    cells.push(("id".to_owned(), row.value("id").clone()));
    assize_model::Row(cells)
}
