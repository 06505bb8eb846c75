//! By which ways could a holding have been reached, and what closes each?
//!
//! A way of access with the logs that would show it; the machine it lies on; every plane above that;
//! every registered copy. Each is closed, or capped, only by its own coverage or by nobody's right
//! (`grades.md`, "Not excluded"). Then the bounds of items and holdings are put together.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::coverage::{Cause, State};
use assize_model::exclusion::Kind;
use assize_model::exposure::Unfounded;
use assize_model::spine::ObjectKind;
use assize_model::{Basis, Exclusion, Exposure, Grade, Time};

use super::acts::{Acts, Seen};
use super::ground::Ground;
use super::{Answer, Counts, Covered, Evidence, Known, What, Whose, Window, ruled};
use crate::grades::worth;
use crate::places;
use crate::reach::{Loose, Reach, Way};

/// Ids under one closing; the rows of coverage name the others.
const BASIS_MAX: usize = 12;
/// Names of accounts in a reason.
const NAMES_MAX: usize = 3;

/// The ways to one holding, without acts with its items.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    pub(super) paths: Vec<Exclusion>,
    pub(super) assumptions: BTreeSet<String>,
    pub(super) reachable: bool,
}

/// The ways to every holding, in the register's order.
pub(super) fn ways(evidence: &Evidence<'_>, ground: &Ground<'_>, seen: &Seen) -> Vec<Ways> {
    let evidence = &Evidence { loose: &ground.loose, ..*evidence };
    let reach = Reach::of(evidence.register, evidence.loose);
    let finder = Finder { control: Control { evidence, reach: &reach }, ground, seen };
    let mut controls: BTreeMap<String, Exclusion> = BTreeMap::new();
    let mut ways: Vec<Ways> =
        (0..evidence.register.holdings.len()).map(|holding| finder.of(holding, &mut controls)).collect();
    copies(evidence, &mut ways);
    ways
}

/// Who holds the directory is everybody from then on: a copy of it was taken, or nothing says that none
/// was.
pub(super) fn with_everybody(evidence: &Evidence<'_>) -> Vec<Loose> {
    let mut loose = evidence.loose.to_vec();
    let everybody =
        |from, because: String, basis| Loose { account: None, host: None, from, to: None, because, basis };
    for fact in evidence.facts {
        let copied = fact.act.kind == Some(ObjectKind::DirectoryDatabase);
        let taken = worth(&fact.act, fact.side).open >= Grade::Collected;
        if copied && taken && fact.whose != Whose::Cleared {
            loose.push(everybody(fact.from, "the directory was copied".to_owned(), fact.basis.clone()));
        }
    }
    let reach = Reach::of(evidence.register, evidence.loose);
    let control = Control { evidence, reach: &reach };
    let hosts: BTreeSet<String> = evidence
        .register
        .planes
        .iter()
        .filter(|plane| plane.kind == "identity_provider")
        .map(|plane| places::host(&plane.host))
        .collect();
    for host in hosts {
        // A machine that holds the controller's disk holds the directory.
        let above = reach.planes_over(std::slice::from_ref(&host), "");
        let above = above.into_iter().map(|plane| &evidence.register.planes[plane]);
        let above = above.filter(|plane| !is_directory(plane)).map(|plane| places::host(&plane.host));
        for host_or_plane in std::iter::once(host.clone()).chain(above).collect::<BTreeSet<_>>() {
            let control = control.of(&host_or_plane);
            if control.kind == Kind::Open {
                let because = format!("the directory on {host} may have been copied: {}", control.because);
                loose.push(everybody(control.from, because, control.basis));
            }
        }
    }
    loose
}

/// Who holds the directory is everybody: that stands among the identities, and is no path to content. What is
/// done in the mail tenant stands in the same log as the mailbox.
fn is_directory(plane: &assize_model::Plane) -> bool {
    matches!(plane.kind.as_str(), "identity_provider" | "mail_tenant")
}

struct Finder<'a> {
    control: Control<'a>,
    ground: &'a Ground<'a>,
    seen: &'a Seen,
}

/// Who controls machines.
struct Control<'a> {
    evidence: &'a Evidence<'a>,
    reach: &'a Reach<'a>,
}

impl Finder<'_> {
    fn of(&self, holding: usize, controls: &mut BTreeMap<String, Exclusion>) -> Ways {
        let Control { evidence, reach } = self.control;
        let known = &evidence.register.holdings[holding];
        let hosts = evidence.index.hosts(holding);
        let mut ways = Ways::default();
        ways.assumptions.extend(ASSUMED.iter().map(|text| (*text).to_owned()));
        let Window { from, to } = evidence.window;
        if !known.valid.meets(from, to) {
            let because = "by the register it did not exist in that time";
            ways.paths.push(closed(
                format!("access to {}", known.key),
                Kind::NoPath,
                (from, to),
                because,
                vec![],
            ));
            return ways;
        }
        self.by_access(holding, &hosts, &mut ways);
        for host in &hosts {
            ways.paths.push(self.control(&format!("the machine {host}"), host, controls));
        }
        for plane in reach.planes_over(&hosts, &known.key) {
            let plane = &evidence.register.planes[plane];
            if is_directory(plane) {
                continue;
            }
            let name = format!("{} {} ({})", plane.kind.replace('_', " "), plane.key, plane.host);
            ways.paths.push(self.control(&name, &plane.host, controls));
        }
        self.locked(known, &mut ways);
        self.nameless(holding, &hosts, &mut ways);
        ways.reachable = ways.paths.iter().any(|path| path.kind != Kind::NoPath);
        ways.paths.sort();
        ways.paths.dedup();
        ways
    }

    /// Access by rights, and the logs that would show it.
    fn by_access(&self, holding: usize, hosts: &[String], ways: &mut Ways) {
        let Control { evidence, reach } = self.control;
        let known = &evidence.register.holdings[holding];
        let forms: Vec<String> = known.locators.iter().map(|place| places::form(&place.text, None)).collect();
        let window = (evidence.window.from, evidence.window.to);
        let path = format!("access by rights to {}", known.key);
        if evidence.register.rights.is_empty() {
            let because = "no register of rights: everybody may have had a right".to_owned();
            ways.paths.push(self.by_logs(path, holding, hosts, &[], because, &mut ways.assumptions));
            return;
        }
        let holders = reach.by_rights(&forms, &known.key, window);
        if holders.is_empty() {
            ways.paths.push(closed(
                path,
                Kind::NoPath,
                window,
                "nobody who is not cleared had a right to it",
                vec![],
            ));
            return;
        }
        let who = who(&holders);
        ways.paths.push(self.by_logs(
            path,
            holding,
            hosts,
            &holders,
            format!("{who} could reach it"),
            &mut ways.assumptions,
        ));
    }

    /// Closed while a log that would show access is whole and trustworthy; open where it is not and
    /// somebody could have come.
    fn by_logs(
        &self,
        path: String,
        holding: usize,
        hosts: &[String],
        holders: &[Way],
        could: String,
        assumptions: &mut BTreeSet<String>,
    ) -> Exclusion {
        let evidence = self.control.evidence;
        let known = &evidence.register.holdings[holding];
        let spans: Vec<(Option<Time>, Option<Time>)> = if holders.is_empty() {
            vec![(evidence.window.from, evidence.window.to)]
        } else {
            holders.iter().map(|way| (way.from, way.to)).collect()
        };
        if known.log_sources.is_empty() {
            let because = format!("no log of it is registered, and {could}");
            let remedy = format!("find out which log shows access to {}", known.key);
            return open(path, &spans, because, remedy, basis_of(holders));
        }
        let rows = self.ground.rows(holding);
        let (gaps, used) = gaps(rows, &spans);
        if gaps.is_empty() {
            assumptions.extend(used.iter().filter_map(|row| row.assumption.clone()));
            let basis = used.iter().flat_map(|row| row.basis.iter().cloned()).collect();
            let because = format!("{} is whole and shows no other access", known.log_sources.join(", "));
            return closed(path, Kind::Coverage, (spans_from(&spans), spans_to(&spans)), &because, basis);
        }
        let why = causes(rows, &gaps);
        let days = days_in(&gaps);
        let at = if hosts.is_empty() { String::new() } else { format!(" of {}", hosts.join(", ")) };
        let because = format!(
            "{days} days without a trustworthy {} log{at} ({why}), in which {could}",
            known.log_sources.join(" or ")
        );
        let mut basis: Vec<String> = rows
            .iter()
            .filter(|row| row.state != State::Complete)
            .flat_map(|row| row.basis.iter().cloned())
            .collect();
        basis.extend(basis_of(holders));
        let spans: Vec<_> = gaps.iter().map(|gap| (gap.from, gap.to)).collect();
        let remedy = format!("bring the {} log{at} for {}", known.log_sources.join(" or "), days_of(&gaps));
        open(path, &spans, because, remedy, basis)
    }

    /// Who has the machine or what holds it has ciphertext, where the records are encrypted one by one and
    /// the key lay on a machine that nobody could have controlled, to the as-of date. A volume is open
    /// while its machine runs, and a passphrase can be guessed or heard: neither locks anything.
    fn locked(&self, known: &assize_model::Holding, ways: &mut Ways) {
        let location = known.key_location.trim();
        let guessed = matches!(location.to_lowercase().as_str(), "" | "none" | "passphrase" | "unknown");
        if !matches!(known.encryption.as_str(), "file" | "field") || guessed {
            return;
        }
        let window = self.control.evidence.window;
        let offline = location.eq_ignore_ascii_case("offline");
        let host = places::host(location);
        let device = |device: &assize_model::register::Device| places::host(&device.name) == host;
        if !offline && !self.control.evidence.register.devices.iter().any(device) {
            return;
        }
        let hosts = self.control.reach.planes_over(std::slice::from_ref(&host), "");
        let hosts = hosts.into_iter().map(|plane| &self.control.evidence.register.planes[plane]);
        let hosts: BTreeSet<String> = hosts.map(|plane| places::host(&plane.host)).chain([host]).collect();
        let keys: Vec<Exclusion> = hosts.iter().map(|host| self.control.of(host)).collect();
        if !offline && keys.iter().any(|key| key.kind == Kind::Open) {
            return;
        }
        let because = format!("it is encrypted, and the key ({location}) was out of reach to the as-of date");
        let by_access = format!("access by rights to {}", known.key);
        for path in ways.paths.iter_mut().filter(|path| path.kind == Kind::Open && path.path != by_access) {
            *path = closed(
                std::mem::take(&mut path.path),
                Kind::NoKey,
                (window.from, window.to),
                &because,
                keys.iter().flat_map(|key| key.basis.iter().cloned()).collect(),
            );
        }
    }

    /// Control of a machine, and with it of all that lies there: past rights and file logs.
    fn control(&self, name: &str, host: &str, controls: &mut BTreeMap<String, Exclusion>) -> Exclusion {
        let host = places::host(host);
        let found = controls.entry(host.clone()).or_insert_with(|| self.control.of(&host));
        Exclusion { path: name.to_owned(), ..found.clone() }
    }

    /// Acts that name no object may have been with this one, if their account may read it.
    fn nameless(&self, holding: usize, hosts: &[String], ways: &mut Ways) {
        let known = &self.control.evidence.register.holdings[holding];
        let mut joined: BTreeMap<(&str, Option<&str>), Acts> = BTreeMap::new();
        for ((source, host, account), acts) in &self.seen.nameless {
            let here = host.as_ref().is_none_or(|host| hosts.is_empty() || hosts.contains(host));
            let (from, to) = acts.span();
            if here
                && known.log_sources.iter().any(|log| same_source(log, source))
                && self.ground.may(holding, account.as_deref(), from, to)
            {
                joined.entry((source, host.as_deref())).or_default().join(acts);
            }
        }
        ways.paths.extend(joined.values().flat_map(Acts::paths).map(|path| Exclusion {
            because: format!("{}, and the record does not say with what", path.because),
            ..path
        }));
    }
}

impl Control<'_> {
    /// Whether somebody who is not cleared may have controlled a machine.
    fn of(&self, host: &str) -> Exclusion {
        let window = (self.evidence.window.from, self.evidence.window.to);
        if let Some(held) = self.evidence.held.iter().find(|held| places::host(&held.host) == host) {
            let because =
                format!("the intruder held {host}: whatever lies there could be read past its logs");
            return open(String::new(), &[(held.from, window.1)], because, String::new(), held.basis.clone());
        }
        let mut holders = self.reach.to_control(host, window);
        holders.extend(self.reach.to_objects_of(host, window));
        if self.evidence.register.rights.is_empty() {
            let because = format!("no register of rights: who administers {host} is not known");
            let remedy = format!("find out who administers {host}");
            return open(String::new(), &[window], because, remedy, vec![]);
        }
        if holders.is_empty() {
            let because = format!("nobody who is not cleared administers {host}");
            return closed(String::new(), Kind::NoPath, window, &because, vec![]);
        }
        let spans: Vec<_> = holders.iter().map(|way| (way.from, way.to)).collect();
        let rows: Vec<&Covered> = self
            .evidence
            .coverage
            .iter()
            .filter(|row| {
                row.host.as_deref().map(places::host).as_deref() == Some(host) && shows_logons(&row.source)
            })
            .collect();
        let (gaps, used) = gaps(&rows, &spans);
        let here = self.evidence.loose.iter().filter(|loose| loose.host.as_deref() == Some(host));
        let here = here.filter(|loose| holders.iter().any(|way| way.account == loose.account));
        let present: Vec<String> = here.flat_map(|loose| loose.basis.iter().cloned()).collect();
        if gaps.is_empty() && present.is_empty() {
            let basis = used.iter().flat_map(|row| row.basis.iter().cloned()).collect();
            let because = format!("the logs of {host} are whole and show nobody there who is not cleared");
            return closed(String::new(), Kind::Coverage, window, &because, basis);
        }
        let because = if present.is_empty() {
            format!(
                "{} administers {host}, and no trustworthy log says who was there ({})",
                who(&holders),
                causes(&rows, &gaps)
            )
        } else {
            format!("{} administers {host}, and a session there is not cleared", who(&holders))
        };
        let remedy = if present.is_empty() {
            format!("bring a log that says who was on {host}, {}", days_of(&gaps))
        } else {
            format!("decide whose session {} on {host} is", present[0])
        };
        open(String::new(), &spans, because, remedy, [present, basis_of(&holders)].concat())
    }
}

/// What no register can close is assumed, and printed.
const ASSUMED: [&str; 6] = [
    "audited: every access to a holding stands in the logs that the register names for it",
    "register-complete: rights, planes and copies are as the register says",
    "no-physical-access: nobody was at the machines or media themselves",
    "no-unregistered-copies: there is no copy that the register does not know",
    "no-exploit: no system gave content past its rights and its log",
    "credentials-held: an account that is cleared was used by nobody else, unless on a machine that the intruder held",
];

/// A registered copy is a path of its own, as wide as the copy.
fn copies(evidence: &Evidence<'_>, ways: &mut [Ways]) {
    for (copy, holding) in evidence.register.holdings.iter().enumerate() {
        for original in holding.copies_of.iter().filter_map(|key| evidence.index.number(key)) {
            let open: Vec<Exclusion> = ways[copy]
                .paths
                .iter()
                .map(|path| Exclusion {
                    path: format!("copy {}: {}", holding.key, path.path),
                    ..path.clone()
                })
                .collect();
            ways[original].paths.extend(open);
            let assumed = ways[copy].assumptions.clone();
            ways[original].assumptions.extend(assumed);
        }
    }
}

/// The bounds of an item.
pub(super) fn item(
    evidence: &Evidence<'_>,
    seen: &Seen,
    ways: &Ways,
    holding: usize,
    item: usize,
) -> Result<Answer, Unfounded> {
    let none = Acts::default();
    let acts = seen.items.get(&item).unwrap_or(&none);
    let shared = seen.holdings.get(&holding).unwrap_or(&none);
    let key = &evidence.register.items[item].key;
    let (established, basis) = acts.established();
    let mut paths = ways.paths.clone();
    paths.extend(acts.paths());
    // What was done with the holding, or with a record of it that nobody listed, may have been with this.
    paths.extend(shared.paths().map(|path| Exclusion {
        because: format!("{} with the holding, not known with which records", path.because),
        ..path
    }));
    let published = publication(evidence, What::Item, key, &mut paths);
    let exposure = exposure(evidence, established, basis, paths, ways)?;
    let counts = Counts::of(std::iter::once(established));
    Ok(Answer {
        holding,
        item: Some(item),
        subject: None,
        reachable: reachable(ways, &exposure),
        published,
        counts,
        danger: None,
        because: vec![exposure.sentence()],
        exposure,
    })
}

/// The bounds of a holding: the maximum of its items and of what concerns the whole.
pub(super) fn holding(
    evidence: &Evidence<'_>,
    seen: &Seen,
    ways: &Ways,
    holding: usize,
    items: &[Answer],
) -> Result<Answer, Unfounded> {
    let none = Acts::default();
    let acts = seen.holdings.get(&holding).unwrap_or(&none);
    let (mut established, mut basis) = acts.established();
    let mut paths = ways.paths.clone();
    paths.extend(acts.paths());
    for answer in items {
        if answer.exposure.established() > established {
            established = answer.exposure.established();
            basis = answer.exposure.basis().cloned();
        }
    }
    paths.extend(of_items(seen, items));
    let published =
        publication(evidence, What::Holding, &evidence.register.holdings[holding].key, &mut paths);
    let exposure = exposure(evidence, established, basis, paths, ways)?;
    let counts = Counts::of(items.iter().map(|answer| answer.exposure.established()));
    Ok(Answer {
        holding,
        item: None,
        subject: None,
        reachable: reachable(ways, &exposure),
        published,
        counts,
        danger: None,
        because: vec![exposure.sentence()],
        exposure,
    })
}

/// Acts with items as paths of their holding: the widest of each kind, not thousands.
fn of_items(seen: &Seen, items: &[Answer]) -> Vec<Exclusion> {
    let mut widest: BTreeMap<String, Exclusion> = BTreeMap::new();
    let of_item = |answer: &Answer| {
        let own = answer.exposure.paths().iter();
        let of_people = |path: &&Exclusion| path.path == ruled::PATH || path.path == PUBLISHED;
        let set: Vec<Exclusion> = own.filter(of_people).cloned().collect();
        // What a person has set of an item is what it is worth to its holding.
        let ruled = set.iter().any(|path| path.path == ruled::PATH);
        let acts = answer.item.and_then(|item| seen.items.get(&item)).filter(|_| !ruled);
        set.into_iter().chain(acts.into_iter().flat_map(|acts| acts.paths().collect::<Vec<_>>()))
    };
    for path in items.iter().flat_map(of_item) {
        let kept = widest.entry(path.path.clone()).or_insert_with(|| path.clone());
        if path.caps_at > kept.caps_at {
            *kept = path;
        } else if path.caps_at == kept.caps_at {
            kept.from = kept.from.min(path.from);
            kept.to = kept.to.max(path.to);
            kept.basis.extend(path.basis);
            kept.basis.sort();
            kept.basis.dedup();
            kept.basis.truncate(BASIS_MAX);
        }
    }
    widest.into_values().collect()
}

/// The name of the path that a publication is.
const PUBLISHED: &str = "published";

/// Seen outside: nothing lower than *left* can be said of it.
fn publication(evidence: &Evidence<'_>, what: What, key: &str, paths: &mut Vec<Exclusion>) -> Known {
    match ruled::published(evidence, what, key) {
        None => Known::Unknown,
        Some((false, _)) => Known::No,
        Some((true, decision)) => {
            let because = "it was seen outside".to_owned();
            paths.push(open(PUBLISHED.to_owned(), &[(None, None)], because, String::new(), vec![decision]));
            Known::Yes
        }
    }
}

fn exposure(
    evidence: &Evidence<'_>,
    established: Grade,
    basis: Option<Basis>,
    paths: Vec<Exclusion>,
    ways: &Ways,
) -> Result<Exposure, Unfounded> {
    let assumptions = ways.assumptions.iter().chain(evidence.assumptions).cloned().collect();
    Exposure::new(established, basis, paths, assumptions)
}

fn reachable(ways: &Ways, exposure: &Exposure) -> Known {
    match (exposure.established() > Grade::None, ways.reachable) {
        (true, _) => Known::Yes,
        (false, true) => Known::Unknown,
        (false, false) => Known::No,
    }
}

fn closed(
    path: String,
    kind: Kind,
    (from, to): (Option<Time>, Option<Time>),
    because: &str,
    basis: Vec<String>,
) -> Exclusion {
    let (because, remedy) = (because.to_owned(), String::new());
    Exclusion { path, kind, caps_at: Grade::None, from, to, because, remedy, basis: short(basis) }
}

fn open(
    path: String,
    spans: &[(Option<Time>, Option<Time>)],
    because: String,
    remedy: String,
    basis: Vec<String>,
) -> Exclusion {
    let (from, to) = (spans_from(spans), spans_to(spans));
    Exclusion { path, kind: Kind::Open, caps_at: Grade::Left, from, to, because, remedy, basis: short(basis) }
}

fn spans_from(spans: &[(Option<Time>, Option<Time>)]) -> Option<Time> {
    spans.iter().map(|(from, _)| *from).min().flatten()
}

fn spans_to(spans: &[(Option<Time>, Option<Time>)]) -> Option<Time> {
    if spans.iter().any(|(_, to)| to.is_none()) { None } else { spans.iter().filter_map(|(_, to)| *to).max() }
}

fn short(mut basis: Vec<String>) -> Vec<String> {
    basis.sort();
    basis.dedup();
    basis.truncate(BASIS_MAX);
    basis
}

fn basis_of(holders: &[Way]) -> Vec<String> {
    holders.iter().flat_map(|way| way.basis.iter().cloned()).collect()
}

/// `court\a.b (a session of it is not cleared; read of COURT\Team) and 2 others`
fn who(holders: &[Way]) -> String {
    let mut names: Vec<String> = Vec::new();
    for way in holders {
        let account = way.account.as_deref().unwrap_or("whoever copied the directory");
        if !names.iter().any(|name| name.starts_with(account)) {
            names.push(format!("{account} ({}; {})", way.because, way.through));
        }
    }
    let more = names.len().saturating_sub(NAMES_MAX);
    names.truncate(NAMES_MAX);
    let rest = if more > 0 { format!(" and {more} others") } else { String::new() };
    format!("{}{rest}", names.join(", "))
}

/// `dms` means every log of that system, as `dms/access`.
pub(super) fn same_source(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    one == other || other.strip_prefix(&one).is_some_and(|rest| rest.starts_with('/'))
}

/// Logs that say who came to a machine.
fn shows_logons(source: &str) -> bool {
    matches!(source, "windows/Security" | "samba" | "syslog" | "ssh" | "auth" | "linux/auth")
}

/// Time without a whole log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    from: Option<Time>,
    to: Option<Time>,
}

/// Days on which some of the gaps lie, each once.
fn days_in(gaps: &[Gap]) -> u64 {
    const DAY: i64 = 86_400_000_000_000;
    let mut days = BTreeSet::new();
    for (from, to) in gaps.iter().filter_map(|gap| gap.from.zip(gap.to)) {
        // A year and more is told by its ends.
        days.extend((from.0.div_euclid(DAY)..=to.0.div_euclid(DAY)).take(400));
    }
    (days.len() as u64).max(1)
}

/// `2026-09-08 to 2026-09-10`
fn days_of(gaps: &[Gap]) -> String {
    let from = gaps.iter().map(|gap| gap.from).min().flatten();
    let to = if gaps.iter().any(|gap| gap.to.is_none()) {
        None
    } else {
        gaps.iter().filter_map(|gap| gap.to).max()
    };
    match (from.map(Time::day), to.map(Time::day)) {
        (Some(from), Some(to)) if from == to => from,
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(to)) => format!("until {to}"),
        (None, None) => "the whole time".to_owned(),
    }
}

/// What of the spans no complete row covers, and the complete rows that cover the rest.
fn gaps<'a>(rows: &[&'a Covered], spans: &[(Option<Time>, Option<Time>)]) -> (Vec<Gap>, Vec<&'a Covered>) {
    let mut whole: Vec<&Covered> = rows.iter().copied().filter(|row| row.state == State::Complete).collect();
    whole.sort_by_key(|row| (row.from, row.to));
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for (from, to) in spans {
        // Covered so far: up to `at`, or to the very end.
        let (mut at, mut endless, mut met) = (*from, false, false);
        for (place, row) in whole.iter().enumerate() {
            let ended = at.zip(row.to).is_some_and(|(at, ends)| ends < at);
            let later = row.from.zip(*to).is_some_and(|(begins, to)| begins > to);
            if endless || ended || later {
                continue;
            }
            let begins = match (row.from, at) {
                (None, _) => true,
                (Some(begins), Some(at)) => begins.0 <= at.0.saturating_add(1),
                (Some(_), None) => false,
            };
            if !begins {
                found.push(Gap { from: at, to: row.from });
            }
            used.insert(place);
            (met, endless) = (true, row.to.is_none());
            at = row.to.max(at);
        }
        let reaches = endless || met && at.zip(*to).is_some_and(|(at, to)| at.0.saturating_add(1) >= to.0);
        if !reaches {
            found.push(Gap { from: at, to: *to });
        }
    }
    found.sort_by_key(|gap| (gap.from, gap.to));
    found.dedup();
    (found, used.into_iter().map(|place| whole[place]).collect())
}

/// Why, in the words of coverage.
fn causes(rows: &[&Covered], gaps: &[Gap]) -> String {
    let meets = |row: &Covered| {
        gaps.iter().any(|gap| {
            row.from.zip(gap.to).is_none_or(|(a, b)| a <= b)
                && gap.from.zip(row.to).is_none_or(|(a, b)| a <= b)
        })
    };
    let broken = rows.iter().filter(|row| row.state != State::Complete && meets(row));
    let mut causes: BTreeSet<&str> =
        broken.map(|row| row.cause.map_or(row.state.as_str(), Cause::as_str)).collect();
    if causes.is_empty() {
        causes.insert("no such log in the evidence");
    }
    causes.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(from: i64, to: i64, state: State) -> Covered {
        Covered {
            source: "s".into(),
            host: None,
            from: Some(Time(from)),
            to: Some(Time(to)),
            state,
            cause: None,
            assumption: None,
            basis: vec![],
        }
    }

    #[test]
    fn a_span_is_covered_only_without_a_hole() {
        let rows = [
            row(0, 10, State::Complete),
            row(11, 20, State::Complete),
            row(25, 40, State::Complete),
            row(20, 25, State::Partial),
        ];
        let rows: Vec<&Covered> = rows.iter().collect();
        let holes = |from, to| {
            let (gaps, _) = gaps(&rows, &[(from, to)]);
            gaps.iter().map(|gap| (gap.from.map(|t| t.0), gap.to.map(|t| t.0))).collect::<Vec<_>>()
        };
        let at = |t| Some(Time(t));
        assert_eq!(holes(at(0), at(20)), []);
        assert_eq!(holes(at(5), at(30)), [(Some(20), Some(25))]);
        assert_eq!(holes(at(-5), at(5)), [(Some(-5), Some(0))]);
        assert_eq!(holes(at(30), at(50)), [(Some(40), Some(50))]);
        assert_eq!(holes(None, at(5)), [(None, Some(0))]);
        assert_eq!(holes(at(39), None), [(Some(40), None)]);
        assert_eq!(gaps(&[], &[(at(1), at(2))]).0.len(), 1);
    }
}
