//! How do Sigma rules meet batches? The socket of `model`.

use assize_model::{Batch, Card, Detector, NotRun, Projection, RuleFile, RuleInfo, Scan, Scanner};

use crate::RuleSet;

/// The detector of Sigma rules.
pub static SIGMA: Sigma = Sigma;

/// Every detector of this crate.
pub static ALL: &[&dyn Detector] = &[&SIGMA];

/// See [`SIGMA`].
#[derive(Debug)]
pub struct Sigma;

static CARD: Card = Card {
    name: "sigma",
    title: "Sigma detection rules",
    doc: "Applies Sigma rules (specification 2.1) to the fields that a source itself writes. Knows every \
          modifier of the specification, filters, placeholders whose values are given among the rules, and all \
          log sources of SigmaHQ's rules; correlation rules, array matching and log sources that nobody \
          mapped are listed as not run, each with the reason.",
    example: "assize detect Security.evtx --rules sigma/rules/windows",
    links: &[
        "https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-rules-specification.md",
        "https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-appendix-modifiers.md",
        "https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-appendix-taxonomy.md",
    ],
    version: 2,
};

impl Detector for Sigma {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn load(&self, files: &[RuleFile]) -> Box<dyn Scanner> {
        Box::new(RuleSet::load(files))
    }
}

impl Scanner for RuleSet {
    fn rules(&self) -> &[RuleInfo] {
        Self::rules(self)
    }

    fn not_run(&self) -> &[NotRun] {
        Self::not_run(self)
    }

    fn wanted(&self) -> Projection<'_> {
        Projection::Wanted(Self::wanted(self))
    }

    fn scan(&self, batch: &Batch, scan: &mut Scan) {
        Self::scan(self, batch, scan);
    }
}
