//! Which rules run, and what does each say of an event?

use std::collections::BTreeMap;
use std::sync::OnceLock;

use arrow_array::RecordBatch;
use assize_model::{Batch, Hit, NotRun, RuleFile, RuleInfo, Scan, Wanted};

use crate::fast::Engine;
use crate::logsource::{Route, signs};
use crate::view::View;
use crate::{Condition, Explanation, Record, Selection, explain, load, naive, wanted};

/// A rule that is ready to run.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it is called.
    pub info: RuleInfo,
    /// The named parts of its condition.
    pub selections: Vec<Selection>,
    /// What it asks.
    pub condition: Condition,
    /// Where its events lie; never empty.
    pub routes: Vec<&'static Route>,
}

/// Rules made ready, with those that could not be.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    infos: Vec<RuleInfo>,
    not_run: Vec<NotRun>,
    /// Log source → its places and its rules. Rules of one log source are candidates together.
    sources: BTreeMap<String, (Vec<&'static Route>, Vec<usize>)>,
    /// The own fields by which events are told apart.
    signs: Vec<String>,
    fast: OnceLock<Engine>,
    wanted: OnceLock<Wanted>,
}

impl RuleSet {
    /// Makes rules ready. Every document of every file becomes a rule or is listed as not run;
    /// only a document that says the same as an earlier one of the same id is one rule with it.
    /// The order of the files does not matter.
    #[must_use]
    pub fn load(files: &[RuleFile]) -> Self {
        let loaded = load::load(files);
        let mut set = Self { rules: loaded.rules, ..Self::default() };
        set.rules
            .sort_by(|one, other| (&one.info.id, &one.info.file).cmp(&(&other.info.id, &other.info.file)));
        set.not_run = loaded.not_run.into_iter().map(|(_, not_run)| not_run).collect();
        set.not_run.sort();
        set.infos = set.rules.iter().map(|rule| rule.info.clone()).collect();
        for (index, rule) in set.rules.iter().enumerate() {
            let source = set.sources.entry(rule.info.logsource.clone());
            source.or_insert_with(|| (rule.routes.clone(), Vec::new())).1.push(index);
        }
        set.signs = signs(set.rules.iter().flat_map(|rule| &rule.routes).copied());
        set
    }

    /// Which records these rules can speak of: what a reader must give for the hits to be the same.
    #[must_use]
    pub fn wanted(&self) -> &Wanted {
        self.wanted.get_or_init(|| wanted::wanted(&self.rules))
    }

    /// Applies every rule to every event of a batch and adds what it finds, by the fast engine.
    pub fn scan(&self, batch: &Batch, scan: &mut Scan) {
        let engine = self.fast.get_or_init(|| Engine::of(&self.rules));
        assert!(engine.scan(batch, scan), "a batch has the columns of the spine");
    }

    /// Applies every rule to every row of any Arrow table whose columns are fields of one kind of log
    /// (`windows/Security`). A null is a field that the event has not. Texts, dictionaries of texts, numbers and truth
    /// values are looked at; columns of other types are named in the answer and were not.
    pub fn scan_table(&self, source: &str, table: &RecordBatch, scan: &mut Scan) -> Vec<String> {
        self.fast.get_or_init(|| Engine::of(&self.rules)).scan_table(source, table, scan)
    }

    /// The same by the naive engine, one rule and one event at a time: slow, and what the fast one
    /// is held to.
    pub fn scan_naively(&self, batch: &Batch, scan: &mut Scan) {
        for row in 0..batch.len() {
            let found = self.matches(&Record::of(batch, row), scan);
            let hit = |(rule, fields): (usize, Vec<String>)| Hit { rule, row, fields: fields.into() };
            scan.hits.extend(found.into_iter().map(hit));
        }
    }

    /// What the rules that run are called, by id, then file.
    #[must_use]
    pub fn rules(&self) -> &[RuleInfo] {
        &self.infos
    }

    /// The same rules with their conditions.
    #[must_use]
    pub fn compiled(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules that do not run, sorted.
    #[must_use]
    pub fn not_run(&self) -> &[NotRun] {
        &self.not_run
    }

    /// Whether a rule, by its index, speaks of a row of a batch.
    ///
    /// # Panics
    /// If there is no such rule or row.
    #[must_use]
    pub fn evaluate(&self, rule: usize, batch: &Batch, row: usize) -> bool {
        self.evaluate_record(rule, &Record::of(batch, row))
    }

    /// Whether a rule, by its index, speaks of an event.
    ///
    /// # Panics
    /// If there is no such rule.
    #[must_use]
    pub fn evaluate_record(&self, rule: usize, record: &Record<'_>) -> bool {
        let rule = &self.rules[rule];
        let route = rule.routes.iter().find(|route| route.admits(record)).copied();
        route.is_some_and(|route| naive::evaluate(rule, &View::new(record, Some(route))))
    }

    /// Why a rule, by its index, speaks of a row of a batch or not.
    ///
    /// # Panics
    /// If there is no such rule or row.
    #[must_use]
    pub fn explain(&self, rule: usize, batch: &Batch, row: usize) -> Explanation {
        self.explain_record(rule, &Record::of(batch, row))
    }

    /// Why a rule, by its index, speaks of an event or not.
    ///
    /// # Panics
    /// If there is no such rule.
    #[must_use]
    pub fn explain_record(&self, rule: usize, record: &Record<'_>) -> Explanation {
        explain::explain(&self.rules[rule], record)
    }

    /// The rules that speak of an event, by index, each with the own fields that made it; adds the
    /// log sources of which the event is a candidate, and the rules that could have spoken.
    pub fn matches(&self, record: &Record<'_>, scan: &mut Scan) -> Vec<(usize, Vec<String>)> {
        let mut found = Vec::new();
        for (key, (routes, rules)) in &self.sources {
            let Some(route) = routes.iter().find(|route| route.admits(record)).copied() else { continue };
            if !scan.logsources.contains(key) {
                scan.logsources.insert(key.clone());
            }
            let view = View::new(record, Some(route));
            let could_speak = |index: &&usize| naive::could_speak(&self.rules[**index], &view, &self.signs);
            rules.iter().filter(could_speak).for_each(|index| scan.able.insert(*index));
            let is_match = |index: &&usize| naive::evaluate(&self.rules[**index], &view);
            let hits = rules.iter().filter(is_match);
            found.extend(hits.map(|index| (*index, explain::telling_fields(&self.rules[*index], &view))));
        }
        found.sort();
        found
    }
}
