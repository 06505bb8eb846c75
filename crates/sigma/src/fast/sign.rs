//! By which few fields is it told what kind of event this is?
//!
//! Event id, provider, channel and whatever else a route of the table asks for: signs. Their values
//! are judged once per distinct value, and events with the same verdicts are of one class. Not
//! the value but what it means is what counts, so a log full of unheard-of event ids makes no more
//! classes than one.

use std::collections::BTreeMap;

use super::column::{Matcher, Scratch};
use super::probe::{self, Probe};
use super::program::{Ask, Program};
use crate::logsource::{EVENT, Origin, Route, signs};

/// Everything that is asked of the signs' values.
pub(crate) struct Signs {
    /// Their names, exactly so in an event.
    pub names: Vec<String>,
    judges: Vec<Judge>,
}

/// What is asked of one sign's values.
struct Judge {
    matcher: Matcher,
    /// The program's numbers of the matcher's atoms.
    atoms: Vec<u32>,
    claims: Vec<(u32, Claim)>,
}

/// What a route asks of a sign's value.
enum Claim {
    /// It is one of these whole numbers.
    Event(Vec<i128>),
    /// It is one of these texts, but for case.
    Text(Vec<String>),
}

/// What a route asks of all signs: for each, by sign and number of the claim.
pub(crate) type Demands = Vec<(usize, u32)>;

/// What a value means: the program's atoms that it satisfies, and from [`CLAIMS`] on the claims.
pub(crate) type Meaning = Vec<u32>;

const CLAIMS: u32 = 1 << 31;

/// The claim that the sign is there at all.
pub(crate) const PRESENT: u32 = u32::MAX;

impl Signs {
    /// The signs of a program, and what each of its routes asks of them, log source by log source.
    pub fn of(program: &Program) -> (Self, Vec<Vec<Demands>>) {
        let names = signs(program.sources.iter().flat_map(|source| &source.routes).copied());
        let mut signs = Self { judges: judges(&names, program), names };
        let demands = program
            .sources
            .iter()
            .map(|source| source.routes.iter().map(|route| signs.demands(route)).collect());
        let demands = demands.collect();
        (signs, demands)
    }

    fn demands(&mut self, route: &Route) -> Demands {
        let mut demands = Vec::new();
        if !route.events().is_empty() {
            demands.push(self.claim(EVENT, Claim::Event(route.events().to_vec())));
        }
        for (field, values) in route.demands() {
            let values = values.iter().map(|value| value.to_ascii_lowercase()).collect();
            demands.push(self.claim(field, Claim::Text(values)));
        }
        for name in route.has() {
            demands.extend(self.names.iter().position(|own| own == name).map(|sign| (sign, PRESENT)));
        }
        demands
    }

    fn claim(&mut self, name: &str, claim: Claim) -> (usize, u32) {
        let sign = self.names.iter().position(|own| own == name).unwrap_or_default();
        let claims = &mut self.judges[sign].claims;
        let number = CLAIMS + claims.len() as u32;
        claims.push((number, claim));
        (sign, number)
    }

    /// What a value of a sign means.
    pub fn judge(&self, sign: usize, text: &str, scratch: &mut Scratch) -> Meaning {
        let judge = &self.judges[sign];
        judge.matcher.judge(text, scratch);
        let mut meaning: Meaning = scratch.verdict.iter().map(|atom| judge.atoms[*atom as usize]).collect();
        let whole = probe::stated(None, text).and_then(|figure| figure.whole);
        for (number, claim) in &judge.claims {
            let holds = match claim {
                Claim::Event(ids) => whole.is_some_and(|whole| ids.contains(&whole)),
                Claim::Text(texts) => texts.iter().any(|one| one.eq_ignore_ascii_case(text)),
            };
            if holds {
                meaning.push(*number);
            }
        }
        meaning
    }
}

/// For each name a matcher of the atoms that may look at a field so called.
fn judges(names: &[String], program: &Program) -> Vec<Judge> {
    let mut renamed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for route in program.sources.iter().flat_map(|source| &source.routes) {
        for (field, origin) in route.fields() {
            if let Origin::Own(own) = origin {
                renamed.entry(own).or_default().push(field);
            }
        }
    }
    let judge = |name: &String| {
        let fields = renamed.get(name.as_str());
        let is_meant = |field: &str| field == name || fields.is_some_and(|fields| fields.contains(&field));
        let meant: Vec<bool> =
            program.fields.iter().map(|field| is_meant(field) || is_usual(field, name)).collect();
        let mut atoms = Vec::new();
        let mut probes: Vec<&[Probe]> = Vec::new();
        for (number, atom) in (0..).zip(&program.atoms) {
            if let (Some(field), Ask::Text(own)) = (atom.field, &atom.ask)
                && meant[field as usize]
            {
                atoms.push(number);
                probes.push(own);
            }
        }
        Judge { matcher: Matcher::of(&probes), atoms, claims: Vec::new() }
    };
    names.iter().map(judge).collect()
}

/// Whether rules may also call the field so, whatever the product.
fn is_usual(field: &str, name: &str) -> bool {
    crate::logsource::usual_names(field).any(|usual| usual == name)
}
