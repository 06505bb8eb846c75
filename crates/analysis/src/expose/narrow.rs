//! What would narrow the answers most?
//!
//! Each open path says what would close it. A step is worth as many answers as it would narrow: those
//! that no other path keeps as wide come first.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::exclusion::Kind;

use super::Answer;

/// Something that could be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to bring, ask or decide.
    pub text: String,
    /// Answers that it would narrow by itself.
    pub alone: u64,
    /// Answers that it has a part in.
    pub answers: u64,
}

/// All steps, the most useful first; and for each answer the place of its best step.
#[must_use]
pub fn narrow(answers: &[Answer]) -> (Vec<Step>, Vec<Option<usize>>) {
    let wanted: Vec<BTreeSet<&str>> = answers.iter().map(remedies).collect();
    let mut worth: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for remedies in &wanted {
        for remedy in remedies {
            let (alone, answers) = worth.entry(remedy).or_default();
            *answers += 1;
            *alone += u64::from(remedies.len() == 1);
        }
    }
    let mut steps: Vec<Step> = worth
        .iter()
        .map(|(text, (alone, answers))| Step { text: (*text).to_owned(), alone: *alone, answers: *answers })
        .collect();
    steps.sort_by(|a, b| (b.alone, b.answers, &a.text).cmp(&(a.alone, a.answers, &b.text)));
    let place: BTreeMap<String, usize> =
        steps.iter().enumerate().map(|(place, step)| (step.text.clone(), place)).collect();
    let best = wanted.iter().map(|remedies| remedies.iter().filter_map(|one| place.get(*one)).min().copied());
    let best = best.collect();
    (steps, best)
}

/// What would close the paths that keep an answer as wide as it is.
fn remedies(answer: &Answer) -> BTreeSet<&str> {
    let exposure = &answer.exposure;
    if exposure.not_excluded() == exposure.established() {
        return BTreeSet::new();
    }
    let wide = exposure.paths().iter().filter(|path| {
        path.kind == Kind::Open && path.caps_at > exposure.established() && !path.remedy.is_empty()
    });
    wide.map(|path| path.remedy.as_str()).collect()
}
