//! What have people set of a holding, an item or a subject, and how do the bounds follow?
//!
//! A decision overrules what was derived: it is said in its own words, with its id, beside what the evidence
//! gave. What it lowers is capped, path by path; what it raises is a path of its own. Publication
//! is a claim about the world outside that only a person can bring in.

use assize_model::exclusion::Kind;
use assize_model::exposure::Unfounded;
use assize_model::{Basis, Exclusion, Exposure, Grade};

use super::{Answer, Evidence};

/// The name of the path that a decision is.
pub(super) const PATH: &str = "decision";

/// Of what something is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum What {
    Holding,
    Item,
    Subject,
}

/// What a decision sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// Of what.
    pub what: What,
    /// The register's key.
    pub key: String,
    /// At least so far.
    pub established: Option<Grade>,
    /// At most so far.
    pub not_excluded: Option<Grade>,
    /// Whether it was seen outside.
    pub published: Option<bool>,
    /// Id of the decision.
    pub decision: String,
    /// Why, and who says so.
    pub reason: String,
}

/// Whether the thing was seen outside, by the newest decision that says, and on which decisions that stands.
pub(super) fn published(evidence: &Evidence<'_>, what: What, key: &str) -> Option<(bool, String)> {
    let of = evidence.ruled.iter().rev().filter(|ruled| ruled.what == what && ruled.key == key);
    of.filter_map(|ruled| Some((ruled.published?, ruled.decision.clone()))).next()
}

/// The answer as people have set it.
///
/// # Errors
/// Never on decisions: a lower bound that is raised stands on its decision.
pub(super) fn apply(
    evidence: &Evidence<'_>,
    what: What,
    key: &str,
    mut answer: Answer,
) -> Result<Answer, Unfounded> {
    for ruled in evidence.ruled.iter().filter(|ruled| ruled.what == what && ruled.key == key) {
        if ruled.established.is_none() && ruled.not_excluded.is_none() {
            continue;
        }
        let old = &answer.exposure;
        let least = ruled.established.unwrap_or(old.established());
        let most = ruled.not_excluded.unwrap_or(old.not_excluded()).max(least);
        let mut paths: Vec<Exclusion> = old.paths().iter().map(|path| capped(path, most, ruled)).collect();
        paths.push(Exclusion {
            path: PATH.to_owned(),
            kind: if most == Grade::None { Kind::Coverage } else { Kind::Open },
            caps_at: most,
            from: None,
            to: None,
            because: format!("decided: {}", ruled.reason),
            remedy: String::new(),
            basis: vec![ruled.decision.clone()],
        });
        let kept = old.basis().map_or(&[][..], Basis::ids).iter().cloned();
        let basis = match ruled.established {
            // What stands by itself keeps its events.
            Some(_) => Basis::of(std::iter::once(ruled.decision.clone()).chain(kept)),
            None => old.basis().cloned(),
        };
        let basis = basis.filter(|_| least > Grade::None);
        let exposure = Exposure::new(least, basis, paths, old.assumptions().to_vec())?;
        let before = format!(
            "by the evidence alone: established {}, not excluded {}",
            old.established().as_str(),
            old.not_excluded().as_str()
        );
        answer.because =
            vec![exposure.sentence(), format!("decided ({}): {}", ruled.decision, ruled.reason), before];
        answer.exposure = exposure;
    }
    Ok(answer)
}

fn capped(path: &Exclusion, most: Grade, ruled: &Ruled) -> Exclusion {
    if path.caps_at <= most {
        return path.clone();
    }
    let because = format!("{}; a decision caps it: {}", path.because, ruled.reason);
    let basis = path.basis.iter().cloned().chain([ruled.decision.clone()]).collect();
    Exclusion { caps_at: most, because, basis, ..path.clone() }
}
