//! Did an answer print the assumption that this world breaks?
//!
//! A bound holds under the assumptions that are printed with it. Where the world breaks one of
//! them, an answer that printed it was honest and is wrong all the same: that is counted apart.

use serde::Serialize;

use super::answers::{Exposure, Session};
use super::join;
use super::truth::World;

/// Assumptions that this world breaks.
pub(super) struct Broken(Vec<String>);

impl Broken {
    pub(super) fn of(worlds: &[World]) -> Self {
        let broken = worlds.iter().filter(|world| !world.holds);
        let mut texts: Vec<String> = broken.map(|world| join::assumption(&world.assumption)).collect();
        texts.sort();
        texts.dedup();
        Self(texts)
    }

    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Whether the printed assumption is one of them.
    pub(super) fn is_printed_in(&self, printed: &str) -> bool {
        let printed = join::assumption(printed);
        self.0.iter().any(|broken| join::assumes(&printed, broken))
    }
}

/// What became of assumptions that do not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BrokenAssumptions {
    /// Assumptions that this world breaks.
    pub n: u64,
    /// Of these printed somewhere in the answer.
    pub printed: u64,
    /// Holdings whose bound is too low under a broken assumption that was printed; left out of
    /// `soundness`.
    pub holdings: u64,
    /// The same of items.
    pub items: u64,
    /// The intruder's sessions cleared under a broken assumption that was printed; left out of
    /// `cleared_wrong`.
    pub sessions: u64,
}

/// Counts those that are printed.
pub(super) fn printed(broken: &Broken, exposures: &[&Exposure], sessions: &[&Session]) -> u64 {
    let bounds = exposures.iter().flat_map(|exposure| &exposure.assumptions);
    let cleared = sessions.iter().filter_map(|session| session.assumption.as_ref());
    let mut texts: Vec<String> = bounds.chain(cleared).map(|text| join::assumption(text)).collect();
    texts.sort();
    texts.dedup();
    broken.0.iter().filter(|that| texts.iter().any(|text| join::assumes(text, that))).count() as u64
}
