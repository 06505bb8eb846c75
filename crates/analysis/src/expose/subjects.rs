//! Whose data lies in a holding, and how far did access to that data go?
//!
//! A subject takes the union over his items. Where these are known, other items of the holding do
//! not count against him. Where they are not, what is established of the holding is established of
//! nobody in it, and what is not excluded of the holding is not excluded of him. Who entrusted a
//! holding is concerned by all of it.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::exposure::Unfounded;
use assize_model::{Exclusion, Exposure, Grade};

use super::{Answer, Counts, Evidence, Known, numbers, subjects_of};

/// Answers for everybody whose data lies in the holding.
pub(super) fn of_holding(
    evidence: &Evidence<'_>,
    whole: &Answer,
    items: &[Answer],
) -> Result<Vec<Answer>, Unfounded> {
    let register = evidence.register;
    let numbers = numbers(register);
    let key = &register.holdings[whole.holding].key;
    let mut of: BTreeMap<usize, Vec<&Answer>> = BTreeMap::new();
    for answer in items {
        for subject in answer.item.map(|item| subjects_of(register, item, &numbers)).unwrap_or_default() {
            of.entry(subject).or_default().push(answer);
        }
    }
    let from = register.holding_subjects.partition_point(|row| row.holding < *key);
    let rows = register.holding_subjects[from..].iter().take_while(|row| row.holding == *key);
    for number in rows.filter_map(|row| numbers.get(row.subject.as_str())) {
        of.entry(*number).or_default();
    }
    let entrusted: BTreeSet<usize> = register.holdings[whole.holding]
        .entrusted_by
        .iter()
        .filter_map(|entrusted| numbers.get(entrusted.party.as_str()).copied())
        .collect();
    for party in &entrusted {
        of.entry(*party).or_default();
    }
    of.into_iter().map(|(subject, own)| one(whole, subject, &own, entrusted.contains(&subject))).collect()
}

fn one(whole: &Answer, subject: usize, own: &[&Answer], entrusted: bool) -> Result<Answer, Unfounded> {
    if own.is_empty() && entrusted {
        let because = vec!["entrusted the holding".to_owned(), whole.exposure.sentence()];
        return Ok(Answer { subject: Some(subject), because, danger: None, ..whole.clone() });
    }
    let highest = own.iter().map(|answer| &answer.exposure).max_by_key(|exposure| exposure.established());
    let established = highest.map_or(Grade::None, Exposure::established);
    let basis = highest.and_then(|exposure| exposure.basis().cloned());
    let (paths, assumptions) = if own.is_empty() {
        (whole.exposure.paths().to_vec(), whole.exposure.assumptions().to_vec())
    } else {
        (merged(own), own[0].exposure.assumptions().to_vec())
    };
    let exposure = Exposure::new(established, basis, paths, assumptions)?;
    let reachable = match established {
        Grade::None => whole.reachable.max(Known::No),
        _ => Known::Yes,
    };
    Ok(Answer {
        holding: whole.holding,
        item: None,
        subject: Some(subject),
        reachable: if reachable == Known::Yes && established == Grade::None {
            Known::Unknown
        } else {
            reachable
        },
        published: own.iter().map(|answer| answer.published).min().unwrap_or(Known::Unknown),
        counts: Counts::of(own.iter().map(|answer| answer.exposure.established())),
        danger: None,
        because: vec![exposure.sentence()],
        exposure,
    })
}

/// The paths of several items: each once, as wide as the widest.
fn merged(own: &[&Answer]) -> Vec<Exclusion> {
    let mut widest: BTreeMap<(&str, &str), &Exclusion> = BTreeMap::new();
    for path in own.iter().flat_map(|answer| answer.exposure.paths()) {
        let kept = widest.entry((&path.path, path.kind.as_str())).or_insert(path);
        if (path.caps_at, &**kept) > (kept.caps_at, path) {
            *kept = path;
        }
    }
    widest.into_values().cloned().collect()
}
