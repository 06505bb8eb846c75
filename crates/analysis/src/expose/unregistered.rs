//! What did the intruder touch that the register does not know?
//!
//! The first finding of an inquiry: records that nobody listed have no subject who could be told.
//! Objects are clustered by the place they lie in, and each cluster proposes a line for the register.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::Time;
use assize_model::spine::{ObjectKind, Verb};
use serde::Serialize;

use super::{Evidence, Whose};
use crate::places;

/// Objects named under a cluster.
const EXAMPLES_MAX: usize = 5;
/// Steps of a path below the machine that make a place: share and two folders.
const STEPS: usize = 3;

/// Objects at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// The place that they share.
    pub place: String,
    /// Distinct objects.
    pub objects: u64,
    /// Acts.
    pub times: u64,
    /// What was done.
    pub verbs: Vec<&'static str>,
    /// First time.
    pub from: Option<Time>,
    /// Last time.
    pub to: Option<Time>,
    /// Some of them, as the evidence writes them.
    pub examples: Vec<String>,
    /// Events.
    pub basis: Vec<String>,
    /// A line for `holdings.csv`: holding_id, title, kind, locators.
    pub proposed: String,
}

/// Clusters of what the intruder's sessions touched, the largest first.
#[must_use]
pub fn unregistered(evidence: &Evidence<'_>) -> Vec<Cluster> {
    let mut found: BTreeMap<String, (Cluster, BTreeSet<String>)> = BTreeMap::new();
    for fact in evidence.facts.iter().filter(|fact| fact.whose == Whose::Intruder && is_record(&fact.act)) {
        let Some(object) = fact.object.as_deref().filter(|object| !object.is_empty()) else { continue };
        let met = evidence.index.find(object, fact.host.as_deref(), fact.within.as_deref());
        let place = place(&met.form, fact.within.as_deref());
        let Some(place) = place.filter(|place| met.holdings.is_empty() && !is_of_the_system(place)) else {
            continue;
        };
        let (cluster, objects) =
            found.entry(place.clone()).or_insert_with(|| (Cluster::at(place), BTreeSet::new()));
        cluster.times += fact.times;
        cluster.from = cluster.from.into_iter().chain(fact.from).min();
        cluster.to = cluster.to.max(fact.to);
        cluster.verbs.push(fact.act.verb.as_str());
        cluster.examples.push(object.to_owned());
        cluster.basis.extend(fact.basis.iter().cloned());
        objects.insert(met.form);
    }
    let mut clusters: Vec<Cluster> =
        found.into_values().map(|(cluster, objects)| cluster.done(objects.len())).collect();
    clusters.sort_by(|a, b| (b.objects, &a.place).cmp(&(a.objects, &b.place)));
    for (number, cluster) in clusters.iter_mut().enumerate() {
        cluster.proposed = format!("H-NEW-{},,{},{}", number + 1, kind(&cluster.place), cluster.place);
    }
    clusters
}

impl Cluster {
    fn at(place: String) -> Self {
        Self {
            place,
            objects: 0,
            times: 0,
            verbs: vec![],
            from: None,
            to: None,
            examples: vec![],
            basis: vec![],
            proposed: String::new(),
        }
    }

    fn done(mut self, objects: usize) -> Self {
        for list in [&mut self.examples, &mut self.basis] {
            list.sort();
            list.dedup();
            list.truncate(EXAMPLES_MAX);
        }
        self.verbs.sort_unstable();
        self.verbs.dedup();
        self.objects = objects as u64;
        self
    }
}

fn is_record(act: &crate::grades::Act) -> bool {
    let kind = matches!(
        act.kind,
        None | Some(
            ObjectKind::File
                | ObjectKind::FileOrFolder
                | ObjectKind::Message
                | ObjectKind::Mailbox
                | ObjectKind::Table
                | ObjectKind::RowSet
        )
    );
    kind && matches!(
        act.verb,
        Verb::Read
            | Verb::Copy
            | Verb::Download
            | Verb::Sync
            | Verb::Send
            | Verb::Print
            | Verb::Query
            | Verb::Export
            | Verb::Move
            | Verb::Archive
            | Verb::Upload
    )
}

/// The place that an object lies in; `None` for what lies nowhere.
fn place(form: &str, within: Option<&str>) -> Option<String> {
    if let Some(rest) = form.strip_prefix("//") {
        let steps: Vec<&str> = rest.split('/').collect();
        let folder = &steps[..steps.len().saturating_sub(1)];
        let folder = &folder[..folder.len().min(1 + STEPS)];
        return (folder.len() > 1).then(|| format!("//{}", folder.join("/")));
    }
    let container = within.map(|within| places::form(within, None)).filter(|within| !within.is_empty());
    container
        .or_else(|| places::above(form).next().map(str::to_owned))
        .or_else(|| form.split_once(':').map(|(kind, _)| kind.to_owned()))
}

/// Programs, their settings and scratch space are no records of the institution.
fn is_of_the_system(place: &str) -> bool {
    const SYSTEM: [&str; 9] = [
        "/c$/windows",
        "/c$/program files",
        "/c$/program files (x86)",
        "/c$/programdata",
        "/appdata",
        "/ipc$",
        "/netlogon",
        "/sysvol",
        "/admin$",
    ];
    SYSTEM.iter().any(|part| place.contains(part))
}

fn kind(place: &str) -> &'static str {
    match place.split_once(':').map(|(kind, _)| kind) {
        Some("mail") => "mailbox",
        Some("s3") => "bucket",
        Some("table") => "table",
        Some("dms") => "dms_library",
        _ => "folder",
    }
}
