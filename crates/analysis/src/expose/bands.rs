//! In how much danger may an individual be, and what would change that?
//!
//! Bands P1 to P5 by rules, first that fits (custody-exposure-notice, B7): no weights, no score, no
//! probability. What is not known counts as true, and a band that is reached only so is P2 at best.
//! Each band says why, and what would lower it. A protection officer decides; this orders her list.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::subject::SubjectType;
use assize_model::{Grade, Register, Subject};

use super::Answer;

/// From act now to nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Act within hours.
    P1,
    /// Within one to three days.
    P2,
    /// Known by pseudonym, or named without an adversary at hand.
    P3,
    /// Known already to those who would harm.
    P4,
    /// Not reached.
    P5,
}

impl Band {
    /// The word in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
            Self::P5 => "P5",
        }
    }
}

/// A band with its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Danger {
    /// Which.
    pub band: Band,
    /// The clauses that put him there.
    pub because: Vec<String>,
    /// What would put him lower.
    pub would_drop: Vec<String>,
}

/// What the rules look at; `None` is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    /// Content with his data is not excluded to have been opened.
    reached: bool,
    /// Named, or by key and pseudonym.
    named: Option<bool>,
    /// Those who would harm control the area.
    hostile: Option<bool>,
    /// Witness, insider, source or intermediary.
    at_risk: Option<bool>,
    /// Not public yet.
    hidden: Option<bool>,
    /// Where he lives or will be.
    whereabouts: Option<bool>,
    /// Of people near to him.
    relatives: Option<bool>,
}

/// Roles whose holders are in danger for what they said or did here.
const AT_RISK: [&str; 7] =
    ["witness", "insider_witness", "source", "intermediary", "informant", "victim_applicant", "relative"];
/// Data that say where somebody is or will be.
const WHEREABOUTS: [&str; 4] = ["address", "route", "future_date", "location"];

/// The band of a subject whose data were reached so far, of the kinds given (`None`: not known which).
#[must_use]
pub fn danger(subject: &Subject, not_excluded: Grade, data: Option<&BTreeSet<String>>) -> Danger {
    let facts = Facts::of(subject, not_excluded, data);
    let band = facts.band();
    Danger { band, because: facts.because(band), would_drop: facts.would_drop(band) }
}

impl Facts {
    fn of(subject: &Subject, not_excluded: Grade, data: Option<&BTreeSet<String>>) -> Self {
        let has = |kinds: &[&str]| data.map(|data| kinds.iter().any(|kind| data.contains(*kind)));
        let identity = subject.identity_exposure.as_deref();
        Self {
            reached: not_excluded >= Grade::Opened,
            named: identity.map(|identity| matches!(identity, "named" | "key+pseudonym")),
            hostile: subject.hostile_control_of_area,
            at_risk: (!subject.role.is_empty()).then(|| AT_RISK.contains(&subject.role.as_str())),
            hidden: subject.disclosure_state.as_deref().map(|state| state != "public"),
            whereabouts: has(&WHEREABOUTS),
            relatives: has(&["relatives"]),
        }
    }

    fn conditions(&self) -> [Option<bool>; 4] {
        [self.named, self.hostile, self.at_risk, self.hidden]
    }

    fn band(&self) -> Band {
        let conditions = self.conditions();
        if !self.reached {
            Band::P5
        } else if self.whereabouts == Some(true) || conditions.iter().all(|one| *one == Some(true)) {
            Band::P1
        } else if self.whereabouts.is_none()
            || conditions.iter().all(|one| *one != Some(false))
            || (self.relatives != Some(false) && self.hostile != Some(false))
        {
            Band::P2
        } else if self.hidden == Some(false) {
            Band::P4
        } else {
            Band::P3
        }
    }

    fn because(&self, band: Band) -> Vec<String> {
        let mut because = Vec::new();
        if !self.reached {
            return vec!["that content with their data was opened is excluded".to_owned()];
        }
        because.push("content with their data is not excluded to have been opened".to_owned());
        let mut say = |fact: Option<bool>, yes: &str, no: &str| match fact {
            Some(true) => because.push(yes.to_owned()),
            Some(false) => because.push(no.to_owned()),
            None => because.push(format!("not known, and so taken as true: {yes}")),
        };
        say(self.whereabouts, "it says where they live or will be", "it does not say where they are");
        say(self.named, "it shows who they are", "it shows a pseudonym only");
        say(
            self.hostile,
            "those who would harm control the area",
            "those who would harm do not control the area",
        );
        say(self.at_risk, "their role puts them at risk", "their role is not one of those at risk");
        say(self.hidden, "their role is not public", "their role is public already");
        if band == Band::P2 && self.relatives != Some(false) {
            say(self.relatives, "it names people near to them", "");
        }
        because
    }

    /// What single finding would lower the band.
    fn would_drop(&self, band: Band) -> Vec<String> {
        let changes: [(&str, Self); 6] = [
            ("access to content with their data were excluded", Self { reached: false, ..*self }),
            (
                "the content did not say where they live or will be",
                Self { whereabouts: Some(false), ..*self },
            ),
            ("the content did not show who they are", Self { named: Some(false), ..*self }),
            ("those who would harm did not control the area", Self { hostile: Some(false), ..*self }),
            ("their role were public already", Self { hidden: Some(false), ..*self }),
            ("the content named nobody near to them", Self { relatives: Some(false), ..*self }),
        ];
        let lower = changes.iter().filter(|(_, facts)| facts.band() > band);
        lower.map(|(change, facts)| format!("would drop to {} if {change}", facts.band().as_str())).collect()
    }
}

/// Puts every individual into his band, by all his answers together.
pub(super) fn judge(register: &Register, answers: &mut [Answer]) {
    let mut data: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for row in &register.holding_subjects {
        data.entry((&row.holding, &row.subject)).or_default().extend(row.data.iter().cloned());
    }
    let mut reached: BTreeMap<usize, (Grade, Option<BTreeSet<String>>)> = BTreeMap::new();
    for answer in answers.iter() {
        let Some(subject) = answer.subject else { continue };
        let (most, kinds) = reached.entry(subject).or_insert((Grade::None, Some(BTreeSet::new())));
        let grade = answer.exposure.not_excluded();
        *most = grade.max(*most);
        if grade >= Grade::Opened {
            let key =
                (register.holdings[answer.holding].key.as_str(), register.subjects[subject].key.as_str());
            // Which data of his lies there, nobody says: any may.
            *kinds = kinds.take().zip(data.get(&key)).map(|(kinds, more)| &kinds | more);
        }
    }
    for answer in answers.iter_mut() {
        let Some(subject) =
            answer.subject.filter(|one| register.subjects[*one].kind == SubjectType::Individual)
        else {
            continue;
        };
        let (most, kinds) = &reached[&subject];
        answer.danger = Some(danger(&register.subjects[subject], *most, kinds.as_ref()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERS: [Option<bool>; 3] = [Some(false), None, Some(true)];

    fn all(each: &mut dyn FnMut(Facts)) {
        for reached in [false, true] {
            for named in ANSWERS {
                for hostile in ANSWERS {
                    for at_risk in ANSWERS {
                        for hidden in ANSWERS {
                            for whereabouts in ANSWERS {
                                for relatives in ANSWERS {
                                    each(Facts {
                                        reached,
                                        named,
                                        hostile,
                                        at_risk,
                                        hidden,
                                        whereabouts,
                                        relatives,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn set(facts: Facts, place: usize, to: Option<bool>) -> Facts {
        let mut facts = facts;
        *[
            &mut facts.named,
            &mut facts.hostile,
            &mut facts.at_risk,
            &mut facts.hidden,
            &mut facts.whereabouts,
            &mut facts.relatives,
        ][place] = to;
        facts
    }

    #[test]
    fn worse_facts_never_rank_lower_and_not_known_is_no_better_than_no() {
        all(&mut |facts| {
            for place in 0..6 {
                let [no, unknown, yes] = ANSWERS.map(|to| set(facts, place, to).band());
                assert!(yes <= unknown && unknown <= no, "{facts:?} at {place}: {no:?} {unknown:?} {yes:?}");
            }
        });
    }

    #[test]
    fn a_band_reached_through_an_unknown_is_p2_at_best() {
        all(&mut |facts| {
            let mut known = facts;
            for place in 0..6 {
                let value = [
                    facts.named,
                    facts.hostile,
                    facts.at_risk,
                    facts.hidden,
                    facts.whereabouts,
                    facts.relatives,
                ][place];
                known = set(known, place, value.or(Some(false)));
            }
            if facts.band() == Band::P1 {
                assert_eq!(known.band(), Band::P1, "{facts:?}");
            }
        });
    }

    #[test]
    fn every_band_says_why_and_what_would_lower_it() {
        all(&mut |facts| {
            let band = facts.band();
            assert!(!facts.because(band).is_empty());
            let drops = facts.would_drop(band);
            assert!(drops.iter().all(|drop| drop.starts_with("would drop to P")));
            assert_eq!(drops.is_empty(), band == Band::P5, "{facts:?}");
        });
    }
}
