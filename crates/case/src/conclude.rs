//! What follows from everything that was read, and from what people have decided?
//!
//! The stages after reading, each under a key that names all it depends on: `survey` depends on what
//! was read, everything after it on decisions and the register too. A stage whose key has not
//! changed is not done again, and each stage reads what the one before it *wrote*: so a decision
//! derives in little time what a derivation from nothing would, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use assize_analysis as analysis;
use assize_model::{Coverage, EventId, HostName, Incident, Session, SnapshotError};
use assize_vault::{Act, Derived};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::answers::Answers;
use crate::columns::{self, Cell};
use crate::corrections::Corrections;
use crate::decisions::Decided;
use crate::{Case, CaseError, Tables, expose, part, sameness};

/// Raise it when the stages give other results from the same tables.
const VERSION: u32 = 4;
/// Where the keys of stages stand.
const STAGES: &str = "stages.json";

/// Digest of everything that the reading of exhibits depends on.
pub(crate) struct ReadKey(String);

impl ReadKey {
    /// From the keys of the exhibits' tasks and the words that were spared in them, in the order of exhibits.
    pub(crate) fn of<'a>(keys: impl Iterator<Item = ([&'a str; 3], &'a BTreeSet<u64>)>) -> Self {
        let mut digest = Sha256::new();
        digest.update(format!("{} {VERSION};", crate::TOOL));
        for (parts, spared) in keys {
            parts.iter().for_each(|part| digest.update(part.as_bytes()));
            spared.iter().for_each(|word| digest.update(word.to_le_bytes()));
        }
        Self(HEXLOWER.encode(&digest.finalize()))
    }

    /// The same with what people set right in what was read.
    fn under(&self, corrections: &Corrections) -> String {
        if corrections.is_empty() {
            return self.0.clone();
        }
        let mut digest = Sha256::new();
        digest.update(format!("{} {corrections:?}", self.0));
        HEXLOWER.encode(&digest.finalize())
    }
}

/// The keys under which the stages stand.
#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stages {
    survey: String,
    /// The survey's, and that of the register.
    acts: String,
}

impl Stages {
    fn of(case: &Case, survey: String) -> Result<Self, CaseError> {
        let register = case.register()?.map(|version| version.register);
        let register = serde_json::to_vec(&register).map_err(|error| part::table_error("register", error))?;
        let acts = Sha256::new().chain_update(&survey).chain_update(register).finalize();
        Ok(Self { survey, acts: HEXLOWER.encode(&acts) })
    }

    /// Those under which the tables stand; empty ones where none do.
    fn read(derived: &Derived) -> Result<Self, CaseError> {
        let bytes = derived.read(STAGES)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    fn write(&self, derived: &Derived) -> Result<(), CaseError> {
        let mut file = derived.create(STAGES)?;
        serde_json::to_writer(&mut file, self).map_err(|error| part::table_error(STAGES, error))?;
        Ok(file.commit()?)
    }
}

/// Writes every table that is about all exhibits together and not about reading.
pub(crate) fn conclude(
    case: &Case,
    derived: &Derived,
    read: &ReadKey,
    threads: usize,
) -> Result<(), CaseError> {
    let decided = case.decisions();
    let corrections = corrections(&Tables::open(derived, threads)?, &decided)?;
    corrections.write(derived)?;
    let tables = Tables::open(derived, threads)?;
    let stages = Stages::of(case, read.under(&corrections))?;
    let stood = Stages::read(derived)?;
    let stale = stood != stages;
    if stale {
        derived.remove(STAGES)?;
    }
    if stood.survey != stages.survey {
        derived.forget_answers()?;
        Read::of(&tables)?.write(derived)?;
    }
    // Tables that were written since are opened anew.
    let tables = Tables::open(derived, threads)?;
    let answers = Answers::kept(&tables, derived, &stages.survey, case.vault.masking());
    let outcome = Outcome::of(case, &answers, &decided, Found::kept(&tables)?)?;
    outcome.write(derived, &decided)?;
    if stale {
        outcome.write_keys(derived, &tables)?;
    }
    // What comes next is large, and reads what was written.
    drop(outcome);
    if stale {
        expose::gather(case, derived, &Tables::open(derived, threads)?)?;
        stages.write(derived)?;
    }
    let tables = Tables::open(derived, threads)?;
    expose::write(case, derived, &Answers::kept(&tables, derived, &stages.survey, case.vault.masking()))
}

/// What decisions set right in what was read.
fn corrections(tables: &Tables, decided: &[Decided]) -> Result<Corrections, CaseError> {
    let merged = sameness::merged_into(tables, decided.iter().filter_map(|one| one.event))?;
    Ok(Corrections::of(decided, &|event| merged.get(&event).copied().unwrap_or(event)))
}

type Each<'a> = dyn Fn(&str, analysis::Take<'_>) -> Result<(), SnapshotError> + 'a;

fn each(tables: &Tables) -> impl Fn(&str, analysis::Take<'_>) -> Result<(), SnapshotError> + '_ {
    |sql, take| tables.each(sql, take)
}

/// One reading of all events: presences, addresses, stretches of logs.
struct Read {
    survey: analysis::Survey,
    attempts: Vec<analysis::Attempts>,
    found: Found,
}

/// What conclusions are drawn from.
struct Found {
    presences: Vec<analysis::Presence>,
    addresses: analysis::Addresses,
    runs: Vec<analysis::Run>,
    clocks: Vec<analysis::Skew>,
    placed: Vec<analysis::Placed>,
}

impl Read {
    fn of(tables: &Tables) -> Result<Self, CaseError> {
        let each: &Each<'_> = &each(tables);
        let mut survey = analysis::survey(each)?;
        let logons = analysis::logons(each)?;
        let mut addresses = analysis::Addresses::of_logons(&logons);
        addresses.add_leases(each)?;
        let mut clocks = analysis::against_controllers(&logons);
        clocks.extend(analysis::against_own_time(each)?);
        clocks.extend(analysis::against_monitor(each)?);
        clocks.extend(analysis::against_own_order(&survey.runs, each)?);
        clocks.sort();
        let attempts = analysis::attempts(&survey.runs, each)?;
        let mut told = analysis::tunnels(each)?;
        told.extend(analysis::connections(&survey, each)?);
        told.extend(analysis::desktops(&logons, each)?);
        let mut presences = analysis::presences(&survey, &logons, told);
        analysis::managed(&mut presences, each)?;
        analysis::place(&mut presences, &addresses);
        let (runs, placed) = (std::mem::take(&mut survey.runs), analysis::placed(each)?);
        Ok(Self { survey, attempts, found: Found { presences, addresses, runs, clocks, placed } })
    }

    fn write(&self, derived: &Derived) -> Result<(), CaseError> {
        let Self { survey, attempts, found } = self;
        part::write_rows(derived, columns::PRESENCES, found.presences.iter().map(columns::presence))?;
        part::write_rows(
            derived,
            columns::PROCESS_LOGONS,
            survey.processes.iter().map(columns::process_logon),
        )?;
        part::write_rows(derived, columns::LOG_RUNS, found.runs.iter().map(columns::log_run))?;
        part::write_rows(derived, columns::PLACED_FINDINGS, found.placed.iter().map(columns::placed))?;
        part::write_rows(derived, columns::ATTEMPTS, attempts.iter().map(columns::attempts))?;
        part::write_rows(derived, columns::CLOCKS, found.clocks.iter().map(columns::clock))?;
        part::write_rows(derived, columns::HOSTS, found.addresses.hosts().iter().map(columns::host))
    }
}

impl Found {
    /// As an earlier stage wrote it.
    fn kept(tables: &Tables) -> Result<Self, CaseError> {
        let each: &Each<'_> = &each(tables);
        Ok(Self {
            presences: analysis::kept_presences(each)?,
            addresses: analysis::kept_addresses(each)?,
            runs: analysis::kept_runs(each)?,
            clocks: analysis::kept_clocks(each)?,
            placed: analysis::kept_placed(each)?,
        })
    }
}

/// Why an event is the intruder's.
pub(crate) struct ProvenEvent {
    process: Option<EventId>,
    by: String,
    basis: Vec<String>,
}

/// Whose acts they were, under decisions.
pub(crate) struct Outcome {
    pub(crate) presences: Vec<analysis::Presence>,
    /// In the order of presences.
    pub(crate) sessions: Vec<Session>,
    pub(crate) proof: analysis::Proof,
    pub(crate) coverage: Vec<Coverage>,
    traces: Vec<analysis::Trace>,
    people: Vec<analysis::Seen>,
    pub(crate) incidents: Vec<Incident>,
}

impl Outcome {
    /// What would follow if other decisions and another register stood: those of the case's horizon.
    pub(crate) fn supposed(case: &Case, derived: &Derived, threads: usize) -> Result<Self, CaseError> {
        let decided = case.decisions();
        let corrections = corrections(&Tables::open(derived, threads)?, &decided)?;
        let same = corrections == Corrections::read(derived)?;
        let tables = Tables::open_under(derived, threads, &corrections)?;
        // Other clocks make other presences: then everything is read again, and nothing written.
        let found = if same { Found::kept(&tables)? } else { Read::of(&tables)?.found };
        let survey = Stages::read(derived)?.survey;
        let answers = match same && !survey.is_empty() {
            true => Answers::kept(&tables, derived, &survey, case.vault.masking()),
            false => Answers::of(&tables),
        };
        Self::of(case, &answers, &decided, found)
    }

    /// Proves, then clears.
    fn of(case: &Case, answers: &Answers<'_>, decided: &[Decided], found: Found) -> Result<Self, CaseError> {
        let each: &Each<'_> = &|sql, take| answers.each(sql, take);
        let Found { mut presences, addresses, runs, clocks, placed: findings } = found;
        let merged = sameness::merged_into(answers.tables(), decided.iter().filter_map(|one| one.event))?;
        let rulings: Vec<analysis::Ruling> = decided
            .iter()
            .filter(|one| one.undone_by.is_none())
            .map(|one| analysis::Ruling {
                id: one.id.to_string(),
                decision: one.decision.clone(),
                // A decision on a record that was merged holds for the event.
                event: one.event.map(|event| merged.get(&event).copied().unwrap_or(event)),
            })
            .collect();
        let anchored = analysis::anchored(each, &rulings)?;
        let roster = roster(case)?;
        analysis::settle(&mut presences, &roster);
        let spellings = spellings(&runs);
        let question = analysis::Question {
            presences: &presences,
            rulings: &rulings,
            anchored: &anchored,
            roster: &roster,
            addresses: &addresses,
            spellings: &spellings,
        };
        let proof = analysis::prove(&question, each)?;
        let signs = analysis::Signs::of(&|sql| answers.rows(sql))?;
        let nowhere = analysis::Controlled::new();
        let mut logs =
            analysis::Logs { runs: &runs, signs, roster: &roster, controlled: &nowhere, skewed: &clocks };
        // What a log shows by itself decides where its silence says that the intruder was not there.
        let by_themselves = analysis::coverage(&logs);
        let covered = analysis::Calendar::of(&by_themselves);
        let controlled = analysis::controlled(&question, &proof, &covered, each)?;
        logs.controlled = &controlled;
        let coverage = analysis::coverage(&logs);
        let traces = analysis::traces(&coverage, &analysis::Written::of(each)?);
        let sessions = analysis::judge(&question, &proof, &analysis::Calendar::of(&coverage));
        let people = analysis::people(&sessions, &roster);
        let since = coverage.iter().filter_map(|row| row.from).min();
        let told = analysis::Told {
            question: &question,
            proof: &proof,
            sessions: &sessions,
            findings: &findings,
            since,
        };
        let incidents = analysis::incidents(&told, each)?;
        Ok(Self { presences, sessions, proof, coverage, traces, people, incidents })
    }

    fn write(&self, derived: &Derived, decided: &[Decided]) -> Result<(), CaseError> {
        let rows = self.sessions.iter().zip(&self.presences);
        let identities = analysis::identities(&self.people);
        let rows = rows.map(|(session, presence)| {
            let identity = identities.get(&session.account).map_or("", String::as_str);
            columns::session(session, presence, identity)
        });
        part::write_rows(derived, columns::SESSIONS, rows)?;
        let processes = self.proof.hosts.iter().flat_map(|(host, descent)| {
            descent.processes.iter().map(move |own| columns::process(host.as_str(), own))
        });
        part::write_rows(derived, columns::PROCESSES, processes)?;
        let events = self.proven_events();
        let rows = events.into_iter().map(|(event, proven)| {
            vec![
                Cell::text(event),
                Cell::Text(proven.process.map(|process| process.to_string())),
                Cell::text(proven.by),
                Cell::Texts(proven.basis),
            ]
        });
        part::write_rows(derived, columns::PROVEN_EVENTS, rows)?;
        part::write_rows(derived, columns::ACCOUNTS, self.people.iter().map(columns::account))?;
        part::write_rows(derived, columns::INCIDENTS, self.incidents.iter().map(columns::incident))?;
        let steps = self.incidents.iter().flat_map(|incident| {
            let steps = incident.steps.iter().enumerate();
            steps.map(move |(position, step)| columns::step(incident, position, step))
        });
        part::write_rows(derived, columns::STEPS, steps)?;
        part::write_rows(derived, columns::TRACES, self.traces.iter().map(columns::trace))?;
        part::write_rows(derived, columns::COVERAGE, self.coverage.iter().map(columns::coverage))?;
        part::write_rows(derived, columns::DECISIONS, decided.iter().map(|one| self.decision(one)))
    }

    /// Events that are proven the intruder's, with their process, rule and basis.
    pub(crate) fn proven_events(&self) -> BTreeMap<EventId, ProvenEvent> {
        let hosts = self.proof.hosts.values();
        let acts = hosts.flat_map(|descent| {
            descent.acts.iter().filter_map(|(act, process)| {
                let own = descent.processes.get(*process)?;
                let basis = own.basis.iter().cloned().collect();
                Some((act.id, ProvenEvent { process: Some(own.start.id), by: own.by.to_owned(), basis }))
            })
        });
        let decided = self.proof.events.iter().map(|(event, why)| {
            let basis = why.iter().cloned().collect();
            (*event, ProvenEvent { process: None, by: "decision".to_owned(), basis })
        });
        // What is known of the process says more than that it was decided.
        decided.chain(acts).collect()
    }

    /// What joins events to sessions, whoever's they are.
    fn write_keys(&self, derived: &Derived, tables: &Tables) -> Result<(), CaseError> {
        let spans = analysis::spans(&self.presences);
        let of_processes = analysis::kept_process_spans(&each(tables), &spans)?;
        let rows = spans.iter().chain(&of_processes).map(columns::session_key);
        part::write_rows(derived, columns::SESSION_KEYS, rows)
    }

    fn decision(&self, decided: &Decided) -> Vec<Cell> {
        let decision = &decided.decision;
        let state = if decided.undone_by.is_some() {
            "undone"
        } else if decided.orphan.is_some() || self.proof.orphans.contains(&decided.id.to_string()) {
            "orphaned"
        } else {
            "stands"
        };
        vec![
            Cell::text(decided.id),
            Cell::text(decision.verb.as_str()),
            Cell::text(decision.on.as_str()),
            Cell::Text(decision.value.clone().or_else(|| decision.class.clone())),
            Cell::Text(decided.event.map(|event| event.to_string())),
            Cell::Time(decision.since()),
            Cell::Time(decision.until()),
            Cell::text(&decision.reason),
            Cell::text(&decision.by),
            Cell::text(state),
        ]
    }
}

/// Who is who, by the register as it stands.
fn roster(case: &Case) -> Result<analysis::Roster, CaseError> {
    let Some(version) = case.register()? else { return Ok(analysis::Roster::default()) };
    let imported = case.counting().rev().find(|logged| matches!(logged.leaf.act, Act::Register { .. }));
    let basis = imported.map(|logged| logged.id.to_string()).unwrap_or_default();
    Ok(analysis::Roster::of(&version.register, &basis))
}

/// The names under which each host writes its logs.
fn spellings(runs: &[analysis::Run]) -> BTreeMap<HostName, BTreeSet<String>> {
    let mut spellings: BTreeMap<HostName, BTreeSet<String>> = BTreeMap::new();
    for host in runs.iter().filter_map(|run| run.host.as_deref()) {
        if let Some(name) = HostName::of(host) {
            spellings.entry(name).or_default().insert(host.to_owned());
        }
    }
    spellings
}
