//! What did an archive hold, and how far did it go?
//!
//! A packing program's start says what it was told to pack; the file server's log says what was read from
//! that machine while it ran; its creation of the file says that there is an archive. Together they are
//! the archive's list of members (`grades.md`, case 23). The archive's name in the command of a process
//! that sends, with that process' own connection, is its way out (case 24): by name and process, never by
//! size or time alone. A volume of an archive in several does not say which members it has; those are
//! then not established as *left*. What was read *while* it ran is told by two clocks: where one of them is
//! known to be wrong then, nothing is said of members.

use std::collections::BTreeSet;

use assize_model::spine::{Client, ObjectKind, Outcome, Scope, Verb};
use assize_model::{SnapshotError, Time};

use crate::Each;
use crate::coverage::Skew;
use crate::expose::{Fact, Whose};
use crate::grades::{Act, Side};
use crate::kept::kept_clocks;
use crate::key::presence_key;
use crate::locate::Index;
use crate::places;
use crate::rows::Rows;
use crate::sql::literal;
use crate::visits::Visits;

/// Programs that pack, as a file name in lower case.
const PACKERS: [&str; 9] =
    ["rar.exe", "winrar.exe", "7z.exe", "7za.exe", "7zr.exe", "tar.exe", "zip.exe", "makecab.exe", "tar"];
/// Two logs write one start, and two clocks one moment, so near to each other.
const AT_ONCE: i64 = 2_000_000_000;
/// A transfer is opened so soon after its program has started.
const SENT_WITHIN: i64 = 3_600_000_000_000;

/// One run of a packing program.
#[derive(Clone, Debug)]
struct Packing {
    host: String,
    account: Option<String>,
    whose: Whose,
    source: String,
    from: Time,
    to: Option<Time>,
    pid: Option<String>,
    /// The archive's name without volume and ending, in lower case.
    stem: String,
    /// In several volumes.
    split: bool,
    /// What it was told to pack.
    inputs: Vec<String>,
    /// Its start, its end, and the creation of its file.
    basis: BTreeSet<String>,
    created: bool,
}

/// The end of a process: machine, when, its id, the event.
type End = (String, Time, String, String);

/// A start of any other program that names an archive.
struct Naming {
    host: String,
    at: Time,
    id: String,
    command: String,
}

/// What a proven process connected to.
struct Connection {
    host: String,
    at: Time,
    peer: String,
    id: String,
}

/// A body that was sent.
struct Body {
    at: Time,
    /// Last step of its address.
    name: String,
    peer: String,
    id: String,
    outcome: Outcome,
}

/// Facts about members of archives, beside the facts that are known already.
///
/// # Errors
/// Where a query fails.
pub fn archived(
    each: Each<'_>,
    facts: &[Fact],
    visits: &mut Visits,
    index: &Index<'_>,
) -> Result<Vec<Fact>, SnapshotError> {
    let mut packings = packings(each, visits)?;
    if packings.is_empty() {
        return Ok(Vec::new());
    }
    let visits = &*visits;
    created(each, &mut packings)?;
    let hosts = spellings(each, &packings)?;
    let (namings, connections) = (namings(each, &hosts, visits)?, connections(each, &hosts, visits)?);
    let bodies = bodies(each)?;
    let wrong = kept_clocks(each)?;
    let mut found = Vec::new();
    for packing in packings.iter().filter(|packing| packing.whose != Whose::Cleared) {
        let handled: Vec<&Naming> =
            namings.iter().filter(|naming| naming.host == packing.host && naming.names(packing)).collect();
        let members = members(packing, facts, visits, index, &wrong);
        // An archive that his process handles is his, whoever packed it.
        let whose = if handled.is_empty() { packing.whose } else { Whose::Intruder };
        for input in &packing.inputs {
            let act = act(Verb::Archive, ObjectKind::Folder, Scope::Container, Outcome::Unknown);
            found.push(packing.fact(whose, input, act, Side::Inside, packing.basis.iter().cloned()));
        }
        if !packing.created {
            continue;
        }
        let hands: Vec<String> = handled.iter().map(|naming| naming.id.clone()).collect();
        let sent = sent(&handled, &connections, &bodies);
        for member in members {
            let object = member.object.as_deref().unwrap_or_default();
            let basis = packing.basis.iter().chain(&member.basis).chain(&hands).cloned();
            let act = act(Verb::Archive, ObjectKind::File, Scope::Item, Outcome::Success);
            // Where the member lies, its own server names it.
            let of = |fact: Fact| Fact { host: member.host.clone(), within: member.within.clone(), ..fact };
            found.push(of(packing.fact(whose, object, act, Side::Inside, basis)));
            if let Some((ids, outcome)) = &sent {
                // Which of its members a volume has is not known.
                let outcome = if packing.split { Outcome::Unknown } else { *outcome };
                let act =
                    Act { moved: true, ..self::act(Verb::Upload, ObjectKind::File, Scope::Item, outcome) };
                let basis = ids.iter().chain(&member.basis).cloned();
                found.push(of(packing.fact(Whose::Intruder, object, act, Side::Outside, basis)));
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

const fn act(verb: Verb, kind: ObjectKind, scope: Scope, outcome: Outcome) -> Act {
    Act {
        verb,
        kind: Some(kind),
        scope: Some(scope),
        client: Client::Unknown,
        qualifiers: Vec::new(),
        outcome,
        moved: false,
        handle: false,
    }
}

impl Packing {
    fn fact(
        &self,
        whose: Whose,
        object: &str,
        act: Act,
        side: Side,
        basis: impl Iterator<Item = String>,
    ) -> Fact {
        let basis: BTreeSet<String> = basis.collect();
        Fact {
            whose,
            session: None,
            account: self.account.clone(),
            object: Some(object.to_owned()),
            within: None,
            source: self.source.clone(),
            host: Some(self.host.clone()),
            act,
            side,
            from: Some(self.from),
            to: self.to.or(Some(self.from)),
            times: 1,
            basis: basis.into_iter().collect(),
        }
    }
}

impl Naming {
    /// Whether its command names the archive: the stem as the beginning of a file's name.
    fn names(&self, packing: &Packing) -> bool {
        let names = |at: usize| {
            let before = self.command[..at].chars().next_back();
            let after = self.command[at + packing.stem.len()..].chars().next();
            before.is_none_or(|c| matches!(c, '\\' | '/' | '"' | ' ')) && after == Some('.')
        };
        self.at >= packing.from
            && !packing.stem.is_empty()
            && self.command.match_indices(&packing.stem).any(|(at, _)| names(at))
    }
}

/// Runs of packing programs that can be told apart, in order.
fn packings(each: Each<'_>, visits: &mut Visits) -> Result<Vec<Packing>, SnapshotError> {
    let like: Vec<String> = PACKERS.iter().map(|name| format!("lower(object) LIKE '%{name}'")).collect();
    let sql = format!(
        "SELECT id, time, source, host, actor, verb, object, links, fields FROM events \
         WHERE object_kind = 'process' AND verb IN ('execute', 'other') AND ({})",
        like.join(" OR ")
    );
    let (mut starts, mut ends): (Vec<(Packing, Option<String>)>, Vec<End>) = (Vec::new(), Vec::new());
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        let links = rows.links("links");
        for row in 0..rows.len() {
            let text = |column: &str| rows.texts(column).or_empty(row);
            let (Some(at), program) = (rows.times("time").at(row), base(text("object"))) else { continue };
            if !PACKERS.contains(&program.as_str()) {
                continue;
            }
            let (id, host) = (text("id").to_owned(), places::host(text("host")));
            let pid = links.first(row, "process-id").map(str::to_owned);
            if text("verb") == "other" {
                ends.extend(pid.map(|pid| (host, at, pid, id)));
                continue;
            }
            let command = rows.map("fields").first(row, "CommandLine").unwrap_or_default().to_owned();
            let Some((stem, split, inputs)) = told(&command) else { continue };
            let key = presence_key(text("source"), rows.texts("host").at(row), "execute", links.of(row));
            let start = Packing {
                whose: Whose::Undetermined,
                account: rows.texts("actor").at(row).map(str::to_owned),
                source: text("source").to_owned(),
                basis: BTreeSet::from([id]),
                from: at,
                to: None,
                created: false,
                host,
                pid,
                stem,
                split,
                inputs,
            };
            starts.push((start, key));
        }
        Ok(())
    })?;
    visits.learn(each, Some(&starts.iter().filter_map(|(_, key)| key.clone()).collect()))?;
    let owned = |(start, key): (Packing, Option<String>)| {
        let id = start.basis.first().map_or("", String::as_str);
        Packing { whose: visits.whose_act(id, key.as_deref(), Some(start.from)), ..start }
    };
    Ok(settled(starts.into_iter().map(owned).collect(), ends))
}

/// The names under which the machines of these runs write their logs, as a list of SQL.
fn spellings(each: Each<'_>, packings: &[Packing]) -> Result<String, SnapshotError> {
    let hosts: BTreeSet<&str> = packings.iter().map(|packing| packing.host.as_str()).collect();
    // A list of SQL cannot be empty; no machine is called nothing.
    let mut names = BTreeSet::from(["''".to_owned()]);
    each("SELECT DISTINCT host FROM log_runs WHERE host IS NOT NULL", &mut |batch| {
        let written = Rows(batch).texts("host");
        let named = (0..batch.num_rows()).filter_map(|row| written.at(row));
        names.extend(named.filter(|name| hosts.contains(places::host(name).as_str())).map(literal));
        Ok(())
    })?;
    Ok(names.into_iter().collect::<Vec<_>>().join(", "))
}

/// Two records of one start are one; each run ends with the first end of its process id after it.
fn settled(mut starts: Vec<Packing>, mut ends: Vec<End>) -> Vec<Packing> {
    starts.sort_by(|a, b| (&a.host, a.from, &a.basis).cmp(&(&b.host, b.from, &b.basis)));
    ends.sort();
    let mut packings: Vec<Packing> = Vec::new();
    for start in starts {
        let twin = packings.iter_mut().rev().find(|one| {
            one.host == start.host
                && one.stem == start.stem
                && one.inputs == start.inputs
                && start.from.0 - one.from.0 <= AT_ONCE
        });
        match twin {
            Some(twin) => {
                twin.whose = twin.whose.min(start.whose);
                twin.pid = twin.pid.take().or(start.pid);
                twin.basis.extend(start.basis);
            }
            None => packings.push(start),
        }
    }
    for packing in &mut packings {
        let pid = packing.pid.clone();
        let of = |(host, at, id, _): &&End| {
            *host == packing.host && *at >= packing.from && Some(id) == pid.as_ref()
        };
        if let Some((_, at, _, event)) = ends.iter().find(of) {
            packing.to = Some(*at);
            packing.basis.insert(event.clone());
        }
    }
    packings
}

/// Marks the runs whose archive was seen to be made: a file of that name, on that machine, while it ran.
fn created(each: Each<'_>, packings: &mut [Packing]) -> Result<(), SnapshotError> {
    let stems: BTreeSet<&str> = packings.iter().map(|packing| packing.stem.as_str()).collect();
    let named: Vec<String> =
        stems.iter().map(|stem| format!("strpos(lower(object), {}) > 0", literal(stem))).collect();
    let sql = format!(
        "SELECT id, time, host, object FROM events WHERE verb = 'create' AND object_kind = 'file' AND ({})",
        named.join(" OR ")
    );
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let Some(at) = rows.times("time").at(row) else { continue };
            let name = stem(&base(rows.texts("object").or_empty(row)));
            for packing in packings.iter_mut().filter(|packing| packing.stem == name) {
                let then = packing.from <= at && packing.to.is_some_and(|to| at.0 <= to.0 + AT_ONCE);
                if then && places::host(rows.texts("host").or_empty(row)) == packing.host {
                    packing.created = true;
                    packing.basis.insert(rows.texts("id").or_empty(row).to_owned());
                }
            }
        }
        Ok(())
    })
}

/// What was read from that machine while it packed, of what it was told to pack, in one session alone.
fn members<'a>(
    packing: &Packing,
    facts: &'a [Fact],
    visits: &Visits,
    index: &Index<'_>,
    wrong: &[Skew],
) -> Vec<&'a Fact> {
    let Some(to) = packing.to else { return Vec::new() };
    let trusted = |host: &str, at: Time| {
        !wrong.iter().any(|skew| places::host(&skew.host) == host && skew.from <= at && at <= skew.to)
    };
    if !trusted(&packing.host, packing.from) {
        return Vec::new();
    }
    let inputs = told_items(packing, index);
    let read = |fact: &&Fact| {
        let content = fact.act.verb == Verb::Read
            && fact.act.outcome == Outcome::Success
            && fact.act.qualifiers.is_empty();
        let from_here = fact
            .session
            .as_deref()
            .and_then(|session| visits.device(session))
            .is_some_and(|device| device == packing.host);
        let then = fact.from.is_some_and(|from| from.0 >= packing.from.0 - AT_ONCE)
            && fact.to.is_some_and(|last| last.0 <= to.0 + AT_ONCE);
        // The server names a file by its own disk, the command by the share: the register knows both.
        let told = || {
            let object = fact.object.as_deref().unwrap_or_default();
            let found = index.find(object, fact.host.as_deref(), fact.within.as_deref());
            found.items.iter().any(|item| inputs.contains(item))
        };
        let in_time = || {
            let server = fact.host.as_deref().map_or_else(String::new, places::host);
            fact.from.is_some_and(|from| trusted(&server, from))
        };
        content && from_here && then && in_time() && told()
    };
    let read: Vec<&Fact> = facts.iter().filter(read).collect();
    let sessions: BTreeSet<Option<&str>> = read.iter().map(|fact| fact.session.as_deref()).collect();
    if sessions.len() == 1 { read } else { Vec::new() }
}

/// Records in what it was told to pack.
fn told_items(packing: &Packing, index: &Index<'_>) -> BTreeSet<usize> {
    let mut items = BTreeSet::new();
    for input in &packing.inputs {
        let found = index.find(input, Some(&packing.host), None);
        items.extend(found.items.iter().copied());
        items.extend(index.below(&found.form, &found.holdings, false));
        for holding in index.holdings_below(&found.form) {
            items.extend(index.items_of(holding));
        }
    }
    items
}

/// Starts of proven processes with their commands.
fn namings(each: Each<'_>, hosts: &str, visits: &Visits) -> Result<Vec<Naming>, SnapshotError> {
    let mut found = Vec::new();
    let sql = format!(
        "SELECT e.id, e.time, e.host, e.object, e.fields FROM events e JOIN proven_events p ON p.event = e.id \
         WHERE e.verb = 'execute' AND e.object_kind = 'process' AND e.host IN ({hosts})"
    );
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let (Some(at), id) = (rows.times("time").at(row), rows.texts("id").or_empty(row)) else {
                continue;
            };
            let packs = PACKERS.contains(&base(rows.texts("object").or_empty(row)).as_str());
            if packs || !visits.is_proven(id) {
                continue;
            }
            let command = rows.map("fields").first(row, "CommandLine").unwrap_or_default().to_lowercase();
            let host = places::host(rows.texts("host").or_empty(row));
            found.push(Naming { host, at, id: id.to_owned(), command });
        }
        Ok(())
    })?;
    found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(found)
}

/// Connections of proven processes.
fn connections(each: Each<'_>, hosts: &str, visits: &Visits) -> Result<Vec<Connection>, SnapshotError> {
    let mut found = Vec::new();
    let sql = format!(
        "SELECT e.id, e.time, e.host, e.peer FROM events e JOIN proven_events p ON p.event = e.id \
         WHERE e.verb = 'connect' AND e.peer IS NOT NULL AND e.host IN ({hosts})"
    );
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let (Some(at), id) = (rows.times("time").at(row), rows.texts("id").or_empty(row)) else {
                continue;
            };
            if visits.is_proven(id) {
                let (host, peer) = (
                    places::host(rows.texts("host").or_empty(row)),
                    rows.texts("peer").or_empty(row).to_owned(),
                );
                found.push(Connection { host, at, peer, id: id.to_owned() });
            }
        }
        Ok(())
    })?;
    found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(found)
}

/// Bodies that a monitor or a proxy saw go out.
fn bodies(each: Each<'_>) -> Result<Vec<Body>, SnapshotError> {
    let mut found = Vec::new();
    let sql = "SELECT id, time, object, peer, outcome FROM events WHERE verb = 'upload' AND peer IS NOT NULL";
    each(sql, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let Some(at) = rows.times("time").at(row) else { continue };
            let word = rows.texts("outcome").or_empty(row);
            found.push(Body {
                at,
                name: base(rows.texts("object").or_empty(row)),
                peer: rows.texts("peer").or_empty(row).to_owned(),
                id: rows.texts("id").or_empty(row).to_owned(),
                outcome: Outcome::ALL
                    .iter()
                    .copied()
                    .find(|one| one.as_str() == word)
                    .unwrap_or(Outcome::Unknown),
            });
        }
        Ok(())
    })?;
    found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(found)
}

/// The events by which the archive went out: a process whose command names it, its connection, and a body of
/// that name to the same peer. A refused body was sent all the same.
fn sent(handled: &[&Naming], connections: &[Connection], bodies: &[Body]) -> Option<(Vec<String>, Outcome)> {
    let mut ids: BTreeSet<String> = BTreeSet::new();
    let mut outcome = None;
    for naming in handled {
        let soon = |at: Time| at >= naming.at && at.0 - naming.at.0 <= SENT_WITHIN;
        for connection in connections.iter().filter(|one| one.host == naming.host && soon(one.at)) {
            let same = |body: &&Body| {
                body.peer == connection.peer
                    && (body.at.0 - connection.at.0).abs() <= AT_ONCE
                    && naming.command.contains(body.name.as_str())
            };
            for body in bodies.iter().filter(same) {
                ids.extend([naming.id.clone(), connection.id.clone(), body.id.clone()]);
                outcome = Some(outcome.map_or(body.outcome, |known: Outcome| {
                    if known == Outcome::Success { known } else { body.outcome }
                }));
            }
        }
    }
    outcome.map(|outcome| (ids.into_iter().collect(), outcome))
}

/// The last step of a path or address, in lower case.
fn base(path: &str) -> String {
    path.rsplit(['\\', '/']).next().unwrap_or(path).to_lowercase()
}

/// `d1.part2.rar`, `d1.7z.001`, `d1.rar`: `d1`
fn stem(name: &str) -> String {
    name.split('.').next().unwrap_or(name).to_owned()
}

/// What a command packs: the archive's stem, whether in volumes, and the folders or files given. `None`
/// where it does not say.
fn told(command: &str) -> Option<(String, bool, Vec<String>)> {
    let words = words(command);
    let mut rest = words.iter().skip(1).filter(|word| !is_switch(word));
    let packs = |word: &String| matches!(word.to_lowercase().as_str(), "a" | "m" | "u" | "c" | "cf" | "czf");
    let mut first = rest.next()?;
    if packs(first) {
        first = rest.next()?;
    }
    let split = words.iter().any(|word| {
        let word = word.to_lowercase();
        let volume = word.strip_prefix("-v").or_else(|| word.strip_prefix("/v"));
        volume.is_some_and(|size| size.starts_with(|c: char| c.is_ascii_digit()))
    });
    let inputs: Vec<String> = rest
        .map(|word| word.trim_end_matches(['*', '\\', '/']).to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let stem = stem(&base(first));
    (!inputs.is_empty() && !stem.is_empty()).then_some((stem, split, inputs))
}

fn is_switch(word: &str) -> bool {
    // A path of a Linux host begins with a slash too; switches have no second one.
    word.starts_with('-') || word.starts_with('/') && word.len() <= 4 && !word[1..].contains('/')
}

/// Words of a command line; quotes hold blanks together.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in command.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            _ => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_what_it_packs() {
        let of = |command: &str| {
            told(command).map(|(stem, split, inputs)| format!("{stem} {split} {}", inputs.join("|")))
        };
        let rar = r#"C:\ProgramData\x\rar.exe a -r -hp**** -v50m C:\ProgramData\x\d1.rar "\\FS01\Cases\CT 01\Statements\*""#;
        assert_eq!(of(rar).as_deref(), Some(r"d1 true \\FS01\Cases\CT 01\Statements"));
        assert_eq!(of(r"7z.exe a -pX out.7z C:\a C:\b\").as_deref(), Some(r"out false C:\a|C:\b"));
        assert_eq!(of("tar czf /tmp/o.tgz /srv/archive/CT").as_deref(), Some("o false /srv/archive/CT"));
        for hostile in ["", "rar.exe", "rar.exe a", "rar.exe a x.rar", "\"", "rar.exe \"a", "rar.exe -a -b"] {
            assert_eq!(of(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn a_name_is_met_as_a_file_and_not_as_a_part_of_one() {
        let packing = Packing {
            host: "ws01".into(),
            account: None,
            whose: Whose::Undetermined,
            source: "s".into(),
            from: Time(10),
            to: None,
            pid: None,
            stem: "d1".into(),
            split: false,
            inputs: vec![],
            basis: BTreeSet::new(),
            created: true,
        };
        let names = |at, command: &str| {
            Naming { host: "ws01".into(), at: Time(at), id: "e".into(), command: command.into() }
                .names(&packing)
        };
        assert!(names(11, r"rclone.exe copy c:\x\d1.part1.rar box:in"));
        assert!(!names(11, r"rclone.exe copy c:\x\ad1.rar box:in"));
        assert!(!names(11, r"rclone.exe copy c:\x\d1 box:in"));
        assert!(!names(9, r"rclone.exe copy d1.rar box:in"), "before there was one");
    }
}
