//! Who could have reached what, when, and through whom or which plane?
//!
//! Identity → group → right → holding, and identity → plane → machine → holding, each edge with its
//! interval (custody-exposure-notice, B5). An identity counts if one of its sessions is not
//! cleared, if it was used where the intruder held the machine, or if the directory was copied,
//! which makes it everybody. Only rights and planes are looked at here: what logs close is
//! `expose`'s. What the register does not know cannot be reached by it and is printed as an assumption.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::plane::Holds;
use assize_model::register::Validity;
use assize_model::{Register, Time};

use crate::places;

/// When and why an account is not cleared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loose {
    /// Canonical name of the account; `None`: everybody.
    pub account: Option<String>,
    /// On which machine it was seen so, by name; `None`: nowhere in particular.
    pub host: Option<String>,
    /// From then; `None`: from the beginning.
    pub from: Option<Time>,
    /// Until then; `None`: to the end.
    pub to: Option<Time>,
    /// `a session of it is not cleared`, `used on WS07 while the intruder held it`, …
    pub because: String,
    /// Sessions and events.
    pub basis: Vec<String>,
}

/// A way by which somebody who is not cleared could have come there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// Who.
    pub account: Option<String>,
    /// Through which groups, rights and planes, in words.
    pub through: String,
    /// When both the right and the doubt stood.
    pub from: Option<Time>,
    /// Until when.
    pub to: Option<Time>,
    /// Why the account counts.
    pub because: String,
    /// On what that stands.
    pub basis: Vec<String>,
}

/// Rights that let nobody read.
const NO_READING: [&str; 3] = ["member", "none", "deny"];

/// Groups that everybody is in, by name and by identifier (Microsoft, "Security identifiers").
const EVERYBODY: [&str; 9] = [
    "everyone",
    "authenticated users",
    "domain users",
    "users",
    "interactive",
    "network",
    "s-1-1-0",
    "s-1-5-11",
    "s-1-5-32-545",
];

/// Whether everybody is a principal, or in it.
fn is_everybody(principal: &str) -> bool {
    let local = principal.rsplit('\\').next().unwrap_or(principal);
    EVERYBODY.contains(&local) || local.starts_with("s-1-5-21-") && local.ends_with("-513")
}

/// Rights and planes, ready to be asked.
pub struct Reach<'a> {
    register: &'a Register,
    /// Account or group → the groups that it is a member of, while it is.
    members: BTreeMap<String, Vec<(String, Validity)>>,
    /// Form of an object → who has which right to it.
    rights: BTreeMap<String, Vec<&'a assize_model::Right>>,
    /// Principal, account or group → those who are not cleared and are it or in it, and while they are.
    loose: BTreeMap<String, Vec<(&'a Loose, Validity)>>,
    /// Those who may be anybody.
    anybody: Vec<&'a Loose>,
    /// Spelling → canonical account.
    names: BTreeMap<String, String>,
}

/// Account names by which spellings are one: the register's own where it knows them.
#[must_use]
pub fn names(register: &Register) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for account in &register.accounts {
        let canonical = account.account.to_lowercase();
        for spelling in [&account.upn, &account.sid, &account.object_id] {
            if !spelling.is_empty() {
                names.insert(spelling.to_lowercase(), canonical.clone());
            }
        }
        names.insert(canonical.clone(), canonical);
    }
    // A bare name is the one account that has it locally, if one alone has.
    let mut local: BTreeMap<String, Option<String>> = BTreeMap::new();
    for account in &register.accounts {
        let canonical = account.account.to_lowercase();
        let bare = canonical.rsplit('\\').next().unwrap_or(&canonical).to_owned();
        local.entry(bare).and_modify(|one| *one = None).or_insert(Some(canonical));
    }
    for (bare, one) in local {
        if let Some(canonical) = one {
            names.entry(bare).or_insert(canonical);
        }
    }
    names
}

/// The canonical form of an account's name.
#[must_use]
pub fn canonical(names: &BTreeMap<String, String>, name: &str) -> String {
    let lower = name.trim().to_lowercase();
    names.get(&lower).cloned().unwrap_or(lower)
}

impl<'a> Reach<'a> {
    /// Of a register, with those who are not cleared.
    #[must_use]
    pub fn of(register: &'a Register, loose: &'a [Loose]) -> Self {
        let names = names(register);
        let mut rights: BTreeMap<String, Vec<&assize_model::Right>> = BTreeMap::new();
        let mut members: BTreeMap<String, Vec<(String, Validity)>> = BTreeMap::new();
        for right in &register.rights {
            let principal = canonical(&names, &right.principal);
            if right.right == "member" {
                members.entry(principal).or_default().push((right.object.to_lowercase(), right.valid));
            } else {
                rights.entry(places::form(&right.object, None)).or_default().push(right);
            }
        }
        let mut reach =
            Self { register, members, rights, loose: BTreeMap::new(), anybody: Vec::new(), names };
        // One of each account: on how many machines it was seen does not widen its rights.
        let mut seen = BTreeSet::new();
        for one in loose {
            match &one.account {
                None => reach.anybody.push(one),
                Some(account) if seen.insert((account, one.from, one.to)) => {
                    reach.loose.entry(account.clone()).or_default().push((one, Validity::default()));
                    for (group, valid) in nested(&reach.members, account) {
                        reach.loose.entry(group).or_default().push((one, valid));
                    }
                }
                Some(_) => {}
            }
        }
        reach
    }

    /// Ways to a place by rights on it or on what lies above it; `key` is the holding's own name.
    #[must_use]
    pub fn by_rights(&self, forms: &[String], key: &str, window: (Option<Time>, Option<Time>)) -> Vec<Way> {
        let mut objects: Vec<&str> = vec![];
        for form in forms {
            objects.push(form);
            objects.extend(places::above(form));
        }
        let lower = key.to_lowercase();
        objects.push(&lower);
        self.holders(&objects, |right| !NO_READING.contains(&right), window)
    }

    /// Ways to the control of a machine: its administrators, and whoever controls a plane that holds
    /// it. `path` says through which planes.
    #[must_use]
    pub fn to_control(&self, host: &str, window: (Option<Time>, Option<Time>)) -> Vec<Way> {
        let host = places::host(host);
        let controls =
            |right: &str| matches!(right, "administer" | "full-control" | "owner" | "root" | "db_owner");
        self.holders(&[host.as_str()], controls, window)
    }

    /// Ways to a database or other object on a machine, as `DMS01\documents`.
    #[must_use]
    pub fn to_objects_of(&self, host: &str, window: (Option<Time>, Option<Time>)) -> Vec<Way> {
        let host = places::host(host);
        let below = format!("{host}/");
        let objects: Vec<&str> = self
            .rights
            .range(below.clone()..)
            .take_while(|(form, _)| form.starts_with(&below))
            .map(|(f, _)| f.as_str())
            .collect();
        self.holders(&objects, |right| !NO_READING.contains(&right), window)
    }

    /// What an account is in by the register: itself, its groups, and what everybody is in. `None` for
    /// one that the register does not know: then nothing is known of its rights.
    #[must_use]
    pub fn principals(&self, account: &str) -> Option<Vec<(String, Validity)>> {
        let account = self.account(account);
        if !self.names.contains_key(&account) {
            return None;
        }
        let mut principals = nested(&self.members, &account);
        principals.push((account, Validity::default()));
        Some(principals)
    }

    /// Who holds a right to a holding or controls a machine on which it lies.
    #[must_use]
    pub fn entitled(&self, forms: &[String], key: &str, hosts: &[String]) -> Vec<(String, Validity)> {
        let mut found = BTreeSet::new();
        let mut objects: BTreeSet<String> = BTreeSet::from([key.to_lowercase()]);
        for form in forms {
            objects.insert(form.clone());
            objects.extend(places::above(form).map(str::to_owned));
        }
        objects.extend(hosts.iter().cloned());
        for object in &objects {
            let rights = self.rights.get(object).into_iter().flatten();
            let may = rights.filter(|right| !NO_READING.contains(&right.right.as_str()));
            found.extend(may.map(|right| (self.account(&right.principal), right.valid)));
        }
        found.into_iter().collect()
    }

    /// Planes that hold a machine or a holding: (position in the register, chain of planes that led there).
    #[must_use]
    pub fn planes_over(&self, hosts: &[String], key: &str) -> Vec<usize> {
        let mut found = BTreeSet::new();
        let mut open: Vec<String> = hosts.to_vec();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut first = true;
        while first || !open.is_empty() {
            let host = open.pop();
            if host.as_ref().is_some_and(|host| !seen.insert(host.clone())) {
                continue;
            }
            for (number, plane) in self.register.planes.iter().enumerate() {
                let holds = match plane.holds_kind {
                    Holds::Host => host.as_deref() == Some(places::host(&plane.holds).as_str()),
                    Holds::Holding => first && plane.holds == key,
                };
                // Who holds the directory is everybody; what lies on a machine he has not by that.
                if holds && found.insert(number) && plane.kind != "identity_provider" {
                    open.push(places::host(&plane.host));
                }
            }
            first = false;
        }
        found.into_iter().collect()
    }

    /// The canonical form of an account's name.
    #[must_use]
    pub fn account(&self, name: &str) -> String {
        canonical(&self.names, name)
    }

    /// Those who are not cleared and hold a right to one of the objects within the window.
    fn holders(
        &self,
        objects: &[&str],
        counts: impl Fn(&str) -> bool,
        (from, to): (Option<Time>, Option<Time>),
    ) -> Vec<Way> {
        let mut ways = Vec::new();
        for object in objects {
            for right in self.rights.get(*object).into_iter().flatten() {
                if !counts(&right.right) || !right.valid.meets(from, to) {
                    continue;
                }
                let principal = self.account(&right.principal);
                let own = self.loose.get(&principal).into_iter().flatten();
                let all = self.loose.iter().filter(|_| is_everybody(&principal));
                let all = all.flat_map(|(_, some)| some).map(|(loose, _)| (*loose, Validity::default()));
                let anybody = self.anybody.iter().map(|loose| (*loose, Validity::default()));
                ways.extend(
                    own.copied()
                        .chain(all)
                        .chain(anybody)
                        .filter_map(|one| way(one, &principal, right, (from, to))),
                );
            }
        }
        ways.sort();
        ways.dedup();
        ways
    }
}

/// How somebody who is not cleared comes by a right; `None` if never at the same time.
fn way(
    (loose, member): (&Loose, Validity),
    principal: &str,
    right: &assize_model::Right,
    window: (Option<Time>, Option<Time>),
) -> Option<Way> {
    let from = [window.0, loose.from, right.valid.from, member.from].into_iter().flatten().max();
    let to = [window.1, loose.to, right.valid.to, member.to].into_iter().flatten().min();
    let through = if loose.account.as_deref() == Some(principal) {
        format!("its right {}", right.right)
    } else {
        format!("{} of {}", right.right, right.principal)
    };
    from.zip(to).is_none_or(|(from, to)| from <= to).then(|| Way {
        account: loose.account.clone(),
        through,
        from,
        to,
        because: loose.because.clone(),
        basis: loose.basis.clone(),
    })
}

/// Whether one who is in `principals` is entitled at some time of `[from, to]`.
#[must_use]
pub fn is_entitled(
    principals: &[(String, Validity)],
    entitled: &[(String, Validity)],
    from: Option<Time>,
    to: Option<Time>,
) -> bool {
    entitled.iter().filter(|(_, valid)| valid.meets(from, to)).any(|(principal, _)| {
        is_everybody(principal)
            || principals.iter().any(|(own, member)| own == principal && member.meets(from, to))
    })
}

/// All groups of an account, those of its groups too. A circle ends where it began.
fn nested(members: &BTreeMap<String, Vec<(String, Validity)>>, account: &str) -> Vec<(String, Validity)> {
    let mut found: BTreeSet<(String, Validity)> = BTreeSet::new();
    let mut open: Vec<(String, Validity)> = members.get(account).cloned().unwrap_or_default();
    while let Some((group, valid)) = open.pop() {
        if !found.insert((group.clone(), valid)) {
            continue;
        }
        for (above, other) in members.get(&group).into_iter().flatten() {
            let from = valid.from.max(other.from);
            let to = match (valid.to, other.to) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            };
            if from.zip(to).is_none_or(|(from, to)| from < to) {
                open.push((above.clone(), Validity { from, to }));
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use assize_model::{Plane, Right};

    fn right(principal: &str, right: &str, object: &str, valid: Validity) -> Right {
        Right {
            principal: principal.into(),
            right: right.into(),
            object: object.into(),
            via: String::new(),
            valid,
        }
    }

    fn loose(account: Option<&str>, from: Option<i64>) -> Loose {
        let account = account.map(str::to_owned);
        Loose {
            account,
            host: None,
            from: from.map(Time),
            to: None,
            because: "x".into(),
            basis: vec!["s-1".into()],
        }
    }

    fn register() -> Register {
        let until = |to| Validity { from: None, to: Some(Time(to)) };
        let plane = |kind: &str, host: &str, holds: &str| Plane {
            key: kind.into(),
            kind: kind.into(),
            host: host.into(),
            holds_kind: Holds::Host,
            holds: holds.into(),
            valid: Validity::default(),
        };
        Register {
            rights: vec![
                right(r"C\anna", "member", r"C\Team", until(100)),
                right(r"C\Team", "member", r"C\Readers", Validity::default()),
                right(r"C\Readers", "read", r"\\FS01\Cases", Validity::default()),
                right(r"C\root", "administer", "HV01", Validity::default()),
            ],
            planes: vec![
                plane("backup", "BK01", "FS01"),
                plane("hypervisor", "HV01", "BK01"),
                plane("x", "Y", "Z"),
            ],
            ..Register::default()
        }
    }

    const EVER: (Option<Time>, Option<Time>) = (None, None);

    #[test]
    fn rights_are_held_through_groups_while_they_stand() {
        let register = register();
        let forms = [places::form(r"\\FS01\Cases\CT\Statements", None)];
        let ways = |loose: &[Loose]| Reach::of(&register, loose).by_rights(&forms, "H-1", EVER);
        let way = ways(&[loose(Some(r"c\anna"), Some(40))]);
        assert_eq!(way.len(), 1);
        assert_eq!(
            (way[0].from, way[0].to),
            (Some(Time(40)), Some(Time(100))),
            "while a member and in doubt"
        );
        assert_eq!(ways(&[loose(Some(r"c\anna"), Some(101))]), []);
        assert_eq!(ways(&[loose(Some(r"c\root"), None)]), []);
        assert_eq!(ways(&[loose(None, None)]).len(), 1, "everybody is somebody who may");
        assert_eq!(ways(&[]), []);
    }

    #[test]
    fn planes_hold_what_is_held_by_what_they_hold() {
        let register = register();
        let loose = [loose(Some(r"c\root"), None)];
        let reach = Reach::of(&register, &loose);
        let kinds: Vec<&str> = reach
            .planes_over(&["fs01".into()], "H-1")
            .into_iter()
            .map(|plane| register.planes[plane].kind.as_str())
            .collect();
        assert_eq!(kinds, ["backup", "hypervisor"]);
        assert_eq!(reach.to_control("HV01.court.example", EVER).len(), 1);
        assert_eq!(reach.to_control("BK01", EVER), []);
    }

    #[test]
    fn groups_in_a_circle_end() {
        let mut register = register();
        register.rights.push(right(r"C\Readers", "member", r"C\Team", Validity::default()));
        let loose = [loose(Some(r"c\anna"), None)];
        assert_eq!(
            Reach::of(&register, &loose).by_rights(&[places::form(r"\\FS01\Cases", None)], "", EVER).len(),
            1
        );
    }
}
