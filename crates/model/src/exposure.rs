//! How far did access to a holding, an item or a subject's data certainly go, and how far at most?
//!
//! Both bounds at once, or none: the fields are private, and what contradicts itself cannot be
//! built. A lower bound above *none* needs a basis; an upper bound below *left* needs paths, none
//! of which goes higher (`grades.md`, "The answer").

use serde::Serialize;

use crate::exclusion::Kind;
use crate::{Basis, Exclusion, ExposureId, Grade};

/// A lower and an upper bound with what they stand on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exposure {
    established: Grade,
    not_excluded: Grade,
    basis: Option<Basis>,
    paths: Vec<Exclusion>,
    assumptions: Vec<String>,
}

/// Why a pair of bounds cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfounded {
    /// A lower bound above *none* on nothing.
    #[error("`{}` is said to be established, and no event stands under it", .0.as_str())]
    NoBasis(Grade),
    /// An upper bound below *left*, and no path is named that would be closed.
    #[error("an upper bound of `{}` is said, and no path is closed", .0.as_str())]
    NoPath(Grade),
    /// More is established than any path allows.
    #[error("`{}` is established, and the paths allow `{}` at most", .0.as_str(), .1.as_str())]
    Contradiction(Grade, Grade),
}

impl Exposure {
    /// The upper bound is the highest that a path allows. What is established is allowed by itself:
    /// the act that shows it is a path, so it raises the upper bound and never falls above it.
    ///
    /// # Errors
    /// Where a bound stands on nothing.
    pub fn new(
        established: Grade,
        basis: Option<Basis>,
        mut paths: Vec<Exclusion>,
        mut assumptions: Vec<String>,
    ) -> Result<Self, Unfounded> {
        if established > Grade::None && basis.is_none() {
            return Err(Unfounded::NoBasis(established));
        }
        let Some(not_excluded) = paths.iter().map(|path| path.caps_at).max() else {
            return Err(Unfounded::NoPath(Grade::None));
        };
        if not_excluded < established {
            return Err(Unfounded::Contradiction(established, not_excluded));
        }
        paths.sort();
        paths.dedup();
        assumptions.sort();
        assumptions.dedup();
        Ok(Self { established, not_excluded, basis, paths, assumptions })
    }

    /// At least this.
    #[must_use]
    pub const fn established(&self) -> Grade {
        self.established
    }

    /// At most this, under the assumptions.
    #[must_use]
    pub const fn not_excluded(&self) -> Grade {
        self.not_excluded
    }

    /// What the lower bound stands on.
    #[must_use]
    pub const fn basis(&self) -> Option<&Basis> {
        self.basis.as_ref()
    }

    /// Every path that was looked at.
    #[must_use]
    pub fn paths(&self) -> &[Exclusion] {
        &self.paths
    }

    /// What must hold for the upper bound to hold.
    #[must_use]
    pub fn assumptions(&self) -> &[String] {
        &self.assumptions
    }

    /// Paths that keep the upper bound where it is.
    pub fn widest(&self) -> impl Iterator<Item = &Exclusion> {
        self.paths.iter().filter(|path| path.caps_at == self.not_excluded && path.kind == Kind::Open)
    }

    /// The answer in a sentence. "No evidence of access" never stands by itself unless every path is
    /// closed.
    #[must_use]
    pub fn sentence(&self) -> String {
        let reasons: Vec<&str> = self.widest().map(|path| path.because.as_str()).take(3).collect();
        let because =
            if reasons.is_empty() { String::new() } else { format!(" because {}", reasons.join("; ")) };
        match (self.established, self.not_excluded) {
            (Grade::None, Grade::None) => {
                "No access: every path is closed under the assumptions printed.".to_owned()
            }
            (Grade::None, most) => {
                format!("No evidence of access; up to {} is not excluded{because}.", most.as_str())
            }
            (least, most) if least == most => {
                format!("Established as {}; no more than that.", least.as_str())
            }
            (least, most) => {
                format!(
                    "Established as {}; up to {} is not excluded{because}.",
                    least.as_str(),
                    most.as_str()
                )
            }
        }
    }
}

/// The id of an exposure: digest of incident, holding, item and subject, by their keys.
#[must_use]
pub fn id(incident: Option<&str>, holding: &str, item: Option<&str>, subject: Option<&str>) -> ExposureId {
    let part = |part: Option<&str>| part.map_or_else(Vec::new, |text| [b"=", text.as_bytes()].concat());
    ExposureId::of(&[&part(incident), holding.as_bytes(), &part(item), &part(subject)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(kind: Kind, caps_at: Grade) -> Exclusion {
        let because = "the log is missing".to_owned();
        Exclusion {
            path: "a".into(),
            kind,
            caps_at,
            from: None,
            to: None,
            because,
            remedy: String::new(),
            basis: vec!["e-a".into()],
        }
    }

    #[test]
    fn what_stands_on_nothing_cannot_be_said() {
        let closed = || vec![path(Kind::NoPath, Grade::None)];
        assert_eq!(
            Exposure::new(Grade::Opened, None, closed(), vec![]),
            Err(Unfounded::NoBasis(Grade::Opened))
        );
        assert_eq!(Exposure::new(Grade::None, None, vec![], vec![]), Err(Unfounded::NoPath(Grade::None)));
        let basis = Basis::of(["e-a"]);
        assert_eq!(
            Exposure::new(Grade::Opened, basis, closed(), vec![]),
            Err(Unfounded::Contradiction(Grade::Opened, Grade::None))
        );
    }

    #[test]
    fn one_open_path_keeps_the_bound_where_it_leads() {
        let paths = vec![path(Kind::NoPath, Grade::None), path(Kind::Open, Grade::Left)];
        let exposure = Exposure::new(Grade::None, None, paths, vec![]).unwrap();
        assert_eq!(exposure.not_excluded(), Grade::Left);
        assert!(exposure.sentence().contains("not excluded because the log is missing"));
    }

    #[test]
    fn no_access_is_said_bare_only_if_every_path_is_closed() {
        let closed =
            Exposure::new(Grade::None, None, vec![path(Kind::Coverage, Grade::None)], vec![]).unwrap();
        assert!(closed.sentence().starts_with("No access"));
        for most in [Grade::Listed, Grade::Opened, Grade::Collected, Grade::Left] {
            let open = Exposure::new(Grade::None, None, vec![path(Kind::Open, most)], vec![]).unwrap();
            assert!(open.sentence().contains("not excluded"), "{}", open.sentence());
        }
    }
}
