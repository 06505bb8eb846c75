//! What came out of a verification, and in which words may it be said?
//!
//! `broken`, `signed` or `witnessed`, the first thing that is wrong with its name, and everything that no
//! proof covers. The words claim no more than was checked: order and integrity since admission, and
//! existence by the time of a witness; never what a host held before.

use serde::Serialize;

use crate::note::PublicKey;

/// How far the log can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Something is not as the log says, or no signature covers it.
    Broken,
    /// All is as the log says, under the signature of its key.
    Signed,
    /// And outsiders cosigned the newest checkpoint.
    Witnessed,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bad {
    /// What it is: `leaf`, `checkpoint`, `key`, `tile`, `cosigned`, `exhibit`, `register`, `manifest`, `derived`, `bag`,
    /// `proof`, `quorum`.
    pub kind: &'static str,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// The file below the case or bundle.
    pub path: String,
    /// What was wrong.
    pub what: String,
}

/// Result of `verify`; keys by the contract.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// How far the log can be relied on.
    pub status: Status,
    /// Organisations that cosigned the newest checkpoint: by the reader's policy, else as the log's
    /// holder names them.
    pub organisations: u64,
    /// Whether the log's key was known beforehand.
    pub trusted: bool,
    /// Exhibits that were checked.
    pub exhibits: u64,
    /// Leaves of the log.
    pub leaves: u64,
    /// The first thing that is wrong.
    pub first_bad: Option<Bad>,
    /// What no proof covers.
    pub outside_proof: Vec<String>,
    /// How many things are wrong.
    pub bad: u64,
    /// Leaves under the newest checkpoint.
    pub signed_leaves: u64,
    /// Leaves under the newest checkpoint that an outsider cosigned.
    pub witnessed_leaves: u64,
    /// When the first of the outsiders cosigned the newest checkpoint, in seconds since 1970, by his clock.
    pub witnessed_at: Option<u64>,
    /// Name of the log.
    pub origin: String,
    /// Public key of the log.
    pub key: String,
    /// The verdict in words.
    pub says: Vec<String>,
}

/// Collects what is wrong and what is outside while things are looked at.
#[derive(Default)]
pub(crate) struct Findings {
    first: Option<Bad>,
    count: u64,
    pub(crate) outside: Vec<String>,
}

impl Findings {
    pub(crate) fn bad(
        &mut self,
        kind: &'static str,
        id: Option<String>,
        path: &str,
        what: impl Into<String>,
    ) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(Bad { kind, id, path: path.to_owned(), what: what.into() });
        }
    }

    pub(crate) fn outside(&mut self, path: impl Into<String>) {
        self.outside.push(path.into());
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

/// What was learnt of log and signatures.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) origin: String,
    pub(crate) key: Option<PublicKey>,
    pub(crate) leaves: u64,
    pub(crate) signed: u64,
    pub(crate) witnessed: u64,
    pub(crate) witnessed_at: Option<u64>,
    pub(crate) organisations: u64,
    pub(crate) exhibits: u64,
    pub(crate) trusted: bool,
    /// Whether the reader brought a policy.
    pub(crate) own_policy: bool,
    /// Whether a bundle was looked at.
    pub(crate) bundle: bool,
}

/// The verdict that follows.
pub(crate) fn verdict(facts: Facts, findings: Findings) -> Verdict {
    let status = match (findings.count, facts.organisations) {
        (1.., _) => Status::Broken,
        (0, 0) => Status::Signed,
        (0, _) => Status::Witnessed,
    };
    let mut outside_proof = findings.outside;
    outside_proof.sort();
    outside_proof.dedup();
    let mut verdict = Verdict {
        status,
        organisations: facts.organisations,
        trusted: facts.trusted,
        exhibits: facts.exhibits,
        leaves: facts.leaves,
        first_bad: findings.first,
        outside_proof,
        bad: findings.count,
        signed_leaves: facts.signed,
        witnessed_leaves: facts.witnessed,
        witnessed_at: facts.witnessed_at,
        origin: facts.origin.clone(),
        key: facts.key.as_ref().map_or_else(String::new, ToString::to_string),
        says: Vec::new(),
    };
    verdict.says = words(&verdict, &facts);
    verdict
}

fn words(verdict: &Verdict, facts: &Facts) -> Vec<String> {
    let mut says = Vec::new();
    match (&verdict.first_bad, verdict.status) {
        (Some(bad), _) => says.push(format!(
            "BROKEN: {} things are not as the log says; first {} {}: {}",
            verdict.bad, bad.kind, bad.path, bad.what
        )),
        (None, Status::Witnessed) => says.push(format!(
            "WITNESSED by {} organisation{}: everything checked is as the log says, and the log is one that they saw{}",
            verdict.organisations,
            if verdict.organisations == 1 { "" } else { "s" },
            if facts.own_policy { "" } else { " (who they are, the log's holder says)" },
        )),
        (None, _) => says.push("SIGNED: everything checked is as the log says, under the signature of its key".to_owned()),
    }
    if !verdict.trusted {
        says.push("self-signed: proves nothing against the holder. Give a key known beforehand with --trust KEY.pub".to_owned());
    }
    if verdict.signed_leaves < verdict.leaves {
        says.push(format!(
            "leaves {} to {} are under no checkpoint: whoever can write to the folder could have written them",
            verdict.signed_leaves,
            verdict.leaves - 1
        ));
    }
    if verdict.witnessed_leaves > 0 && verdict.witnessed_leaves < verdict.signed_leaves {
        says.push(format!(
            "outsiders saw the first {} of {} leaves; what came after, the holder alone has signed",
            verdict.witnessed_leaves, verdict.signed_leaves
        ));
    }
    if facts.bundle {
        says.push("a bundle shows single entries: what else stands in the log, and whether something was left out, it does not show".to_owned());
    }
    if verdict.first_bad.is_none() {
        says.push("proved: that what was admitted is unchanged since, and in which order entries were made. Not proved: what a host held before collection, who a person was, that a clock was right".to_owned());
    }
    says
}
