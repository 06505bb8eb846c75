//! What have people decided in this case, and which record does each decision hang on?
//!
//! A decision is a leaf of the custody log before it takes effect. Which of them stand is read from
//! the log alone, in its order: a `reject decision` undoes, taking the same decision again revives
//! it. Here anchors are turned into ids of events; whether such an event was read, and what follows
//! from it, is `analysis`' business.

use std::collections::BTreeMap;

use assize_model::decision::{Anchor, Decision, On};
use assize_model::{DecisionId, EventId, Exhibit};
use assize_vault::{Act, Stamp};
use serde_json::Value;

use crate::{Case, CaseError};

/// A decision with its place in the log.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Digest of what it says.
    pub id: DecisionId,
    /// What it says.
    pub decision: Decision,
    /// Id of its newest leaf.
    pub leaf: String,
    /// Place of that leaf in the log, from 0.
    pub index: u64,
    /// When and by whom it was written down.
    pub at: String,
    /// The decision that undoes it.
    pub undone_by: Option<DecisionId>,
    /// The event that it hangs on, where it hangs on one.
    pub event: Option<EventId>,
    /// Why the record that it hangs on is not in this case.
    pub orphan: Option<String>,
}

impl Case {
    /// Writes decisions into the log, each once; those that stand already are not repeated.
    /// Returns the ids in the order given, and how many are new.
    ///
    /// # Errors
    /// Where one is none by the contract's table, or the disk refuses: then none is taken.
    pub fn decide(
        &mut self,
        decisions: &[Decision],
        stamp: &Stamp,
    ) -> Result<(Vec<DecisionId>, usize), CaseError> {
        let standing: BTreeMap<DecisionId, bool> =
            self.decisions().iter().map(|one| (one.id, one.undone_by.is_none())).collect();
        let mut acts: BTreeMap<usize, (DecisionId, Act)> = BTreeMap::new();
        for (place, decision) in decisions.iter().enumerate() {
            decision
                .check()
                .map_err(|error| CaseError::Refused(format!("decision {}: {error}", place + 1)))?;
            let id = decision.id();
            let stands = standing.get(&id).copied().unwrap_or(false);
            if !stands && !acts.values().any(|(other, _)| *other == id) {
                let says =
                    serde_json::to_value(decision).map_err(|error| CaseError::Refused(error.to_string()))?;
                acts.insert(place, (id, Act::Decide { decision: id.to_string(), says }));
            }
        }
        let acts: Vec<Act> = acts.into_values().map(|(_, act)| act).collect();
        self.vault.append_all(stamp, &acts)?;
        self.vault.sign()?;
        Ok((decisions.iter().map(Decision::id).collect(), acts.len()))
    }

    /// Every decision, in the order of its newest leaf.
    #[must_use]
    pub fn decisions(&self) -> Vec<Decided> {
        self.decisions_until(self.horizon)
    }

    /// Every decision whose leaf stands before a place in the log: what was decided then.
    #[must_use]
    pub fn decisions_until(&self, leaves: u64) -> Vec<Decided> {
        let exhibits = self.vault.exhibits();
        let mut all: Vec<Decided> = Vec::new();
        for logged in self.vault.leaves().iter().filter(|logged| logged.index < leaves) {
            let Act::Decide { says, .. } = &logged.leaf.act else { continue };
            let Some(decision) = read(says) else { continue };
            let id = decision.id();
            let (event, orphan) = self.anchored(&exhibits, decision.anchor.as_ref());
            all.retain(|other| other.id != id);
            undo(&mut all, &decision, id);
            all.push(Decided {
                id,
                decision,
                leaf: logged.id.to_string(),
                index: logged.index,
                at: logged.leaf.at.clone(),
                undone_by: None,
                event,
                orphan,
            });
        }
        all
    }

    /// The event at an anchor, or why there is none.
    fn anchored(&self, exhibits: &[Exhibit], anchor: Option<&Anchor>) -> (Option<EventId>, Option<String>) {
        let Some(anchor) = anchor else { return (None, None) };
        let (file, member) = match anchor.file.split_once("!/") {
            Some((file, member)) => (file, Some(member)),
            None => (anchor.file.as_str(), None),
        };
        let fits = |exhibit: &&Exhibit| exhibit.admissions.iter().any(|one| ends_alike(&one.path, file));
        let found: Vec<&Exhibit> = exhibits.iter().filter(fits).collect();
        match (found.as_slice(), anchor.locator.ranges.first()) {
            ([exhibit], Some(range)) => (Some(EventId::of_record(exhibit.id, member, range.offset)), None),
            ([], _) => (None, Some("no exhibit was received under this path".to_owned())),
            _ => (None, Some(format!("{} exhibits were received under this path", found.len()))),
        }
    }
}

/// A later version's decision is left alone: it stays in the log and has no effect here.
fn read(says: &Value) -> Option<Decision> {
    let decision: Decision = serde_json::from_value(says.clone()).ok()?;
    decision.check().ok().map(|()| decision)
}

/// Marks what a decision undoes, and revives what an undone undoing had undone.
fn undo(all: &mut [Decided], decision: &Decision, by: DecisionId) {
    if decision.on != On::Decision {
        return;
    }
    let Some(target) = decision.value.as_deref().and_then(|id| id.trim().parse::<DecisionId>().ok()) else {
        return;
    };
    for one in all.iter_mut() {
        if one.id == target {
            one.undone_by = Some(by);
        }
        if one.undone_by == Some(target) {
            one.undone_by = None;
        }
    }
}

/// Whether one path is the other, or the end of it at a step: a decision may name a file from
/// further up than the folder that was given.
fn ends_alike(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|path| path.trim_start_matches("./").trim_start_matches('/'));
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    ends(one, other) || ends(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_agree_at_steps_only() {
        assert!(ends_alike("hosts/A/Security.evtx", "evidence/hosts/A/Security.evtx"));
        assert!(ends_alike("Security.evtx", "hosts/A/Security.evtx"));
        assert!(!ends_alike("xSecurity.evtx", "Security.evtx") && !ends_alike("a/b", "c/b"));
    }
}
