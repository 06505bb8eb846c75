//! What did the intruder's processes start, write and install on one host?
//!
//! Descent by Sysmon's GUIDs, and by process ids of 4688 where there is no Sysmon: an id means the
//! process that started with it last, so ids that are used again lead nobody astray. Going through a
//! host's records in the order of time once is enough: whoever starts, writes or installs does so
//! before what comes of it. Whose the first processes are is not said here, but given.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::{EventId, SnapshotError, Time};

use crate::Each;
use crate::key::logon_id;
use crate::rows::Rows;
use crate::sql::literal;

/// One record about a process, a file, a service or a task of a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// When.
    pub time: Time,
    /// Which event.
    pub id: EventId,
    /// Who acts.
    pub actor: Option<String>,
    /// Kind of log.
    pub source: String,
    /// What is done.
    pub verb: String,
    /// To what.
    pub object: String,
    /// What kind of thing that is.
    pub object_kind: String,
    /// GUID of the process that acts or starts, in lower case.
    pub process: Option<String>,
    /// GUID of its parent.
    pub parent: Option<String>,
    /// Logon in which it happens.
    pub logon: u64,
    /// 4688 and Sysmon: id of the process that starts.
    pub pid: Option<u64>,
    /// 4688: id of its parent.
    pub parent_pid: Option<u64>,
    /// Its command line, or that of a service or task.
    pub command: Option<String>,
    /// Its integrity level, where Sysmon says it.
    pub integrity: Option<String>,
    /// The rights with which another process was opened.
    pub rights: Option<String>,
}

/// A process that is the intruder's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The record of its start, or the first that shows it.
    pub start: Record,
    /// Rule of `facts/proof`.
    pub by: &'static str,
    /// Decisions and events on which it stands.
    pub basis: BTreeSet<String>,
}

/// What of a host is the intruder's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Descent {
    /// Processes, in the order of their starts.
    pub processes: Vec<Own>,
    /// Events that those processes made, with the position of the process.
    pub acts: Vec<(Record, usize)>,
}

/// What is given: events and logons whose acts are the intruder's, with why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seeds {
    /// Events decided to be the intruder's acts.
    pub events: BTreeMap<EventId, BTreeSet<String>>,
    /// Logons that are the intruder's altogether.
    pub logons: Vec<OwnLogon>,
}

/// A logon that is the intruder's altogether.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLogon {
    /// Its id on the host.
    pub id: u64,
    /// From when.
    pub from: Option<Time>,
    /// Until when it was seen.
    pub to: Option<Time>,
    /// Events on which it stands.
    pub basis: BTreeSet<String>,
}

impl OwnLogon {
    fn holds(&self, record: &Record) -> bool {
        self.id != 0
            && self.id == record.logon
            && self.from.is_none_or(|from| from <= record.time)
            && self.to.is_none_or(|to| record.time <= to)
    }
}

const RECORDS: &str = "SELECT id, time, source, verb, actor, target, object, object_kind, links";

/// The records of a host that descent needs, in order of time.
///
/// # Errors
/// Where a query fails.
pub fn records(each: Each<'_>, hosts: &[String]) -> Result<Vec<Record>, SnapshotError> {
    let list = hosts.iter().map(|host| literal(host)).collect::<Vec<_>>();
    let place = format!("FROM events WHERE host IN ({})", list.join(", "));
    let mut records = Vec::new();
    // Own fields are wide: they are asked for only where ids, commands and programs stand in them.
    let wide = "(verb IN ('execute', 'config-change') OR (verb = 'read' AND object_kind = 'process'))";
    let with = format!("{RECORDS}, fields {place} AND {wide}");
    let without = format!(
        "{RECORDS} {place} AND NOT {wide} AND source = 'windows/Microsoft-Windows-Sysmon/Operational'"
    );
    for sql in [with, without] {
        each(&sql, &mut |batch| {
            take(Rows(batch), &mut records);
            Ok(())
        })?;
    }
    records.sort();
    records.dedup_by(|a, b| a.id == b.id);
    Ok(records)
}

fn take(rows: Rows<'_>, records: &mut Vec<Record>) {
    let (ids, times, sources) = (rows.texts("id"), rows.times("time"), rows.texts("source"));
    let (verbs, actors, objects) = (rows.texts("verb"), rows.texts("actor"), rows.texts("object"));
    let (kinds, links, fields) = (rows.texts("object_kind"), rows.links("links"), rows.map("fields"));
    for row in 0..rows.len() {
        let Some(id) = ids.at(row).and_then(|id| id.parse().ok()) else { continue };
        let Some(time) = times.at(row) else { continue };
        let field = |names: &[&str]| {
            names.iter().find_map(|name| fields.first(row, name)).filter(|value| !value.is_empty())
        };
        let link = |kind| links.first(row, kind).map(str::to_lowercase);
        let source = sources.or_empty(row);
        let audit = source == "windows/Security";
        // 4688 names who starts the process; where it runs as another, that one is its account.
        let other = links.first(row, "target-logon").and_then(logon_id).is_some_and(|logon| logon != 0);
        let runs_as = rows.texts("target").at(row).filter(|_| audit && other);
        let number = |names: &[&str]| field(names).and_then(logon_id);
        let command =
            field(&["CommandLine", "ServiceFileName", "ImagePath", "TaskContent", "TaskContentNew"]);
        let record = Record {
            time,
            id,
            actor: runs_as.or(actors.at(row)).map(str::to_owned),
            source: source.to_owned(),
            verb: verbs.or_empty(row).to_owned(),
            object: objects.or_empty(row).to_owned(),
            object_kind: kinds.or_empty(row).to_owned(),
            process: link("process"),
            parent: link("parent-process"),
            logon: links.first(row, "logon").and_then(logon_id).unwrap_or(0),
            // 4688: NewProcessId starts, ProcessId is its parent. Sysmon: ProcessId starts.
            pid: if audit { number(&["NewProcessId"]) } else { number(&["ProcessId"]) },
            parent_pid: if audit { number(&["ProcessId"]) } else { number(&["ParentProcessId"]) },
            command: command.map(str::to_owned),
            integrity: field(&["IntegrityLevel"]).map(str::to_owned),
            rights: field(&["GrantedAccess"]).map(str::to_owned),
        };
        records.push(if source.starts_with("linux/") { of_linux(record, rows, row) } else { record });
    }
}

/// Linux names processes by numbers alone, and a start by its command.
fn of_linux(record: Record, rows: Rows<'_>, row: usize) -> Record {
    let number = |kind| rows.links("links").first(row, kind).and_then(|number| number.parse().ok());
    let program = record.object.split_whitespace().next().unwrap_or("").to_owned();
    Record {
        process: None,
        parent: None,
        pid: number("process-id"),
        parent_pid: number("parent-process"),
        command: Some(record.object),
        object: program,
        ..record
    }
}

/// Follows descent on one host.
#[must_use]
pub fn descend(records: &[Record], seeds: &Seeds) -> Descent {
    let mut walk = Walk::empty(seeds);
    let records = twinned(records);
    walk.seed(&records);
    for record in &records {
        walk.step(record);
    }
    walk.descent
}

/// A start that the audit and Sysmon both wrote is one process: the audit's record is given the GUID
/// that Sysmon has for it. They agree in process id and program, and are written at once.
const TWIN_WITHIN: i64 = 2_000_000_000;

fn twinned(records: &[Record]) -> Vec<Record> {
    let starts = |record: &&Record| record.verb == "execute" && record.object_kind == "process";
    let mut known: BTreeMap<(u64, String), Vec<&Record>> = BTreeMap::new();
    for record in records.iter().filter(starts) {
        if let (Some(pid), Some(_)) = (record.pid, &record.process) {
            known.entry((pid, record.object.to_lowercase())).or_default().push(record);
        }
    }
    let twin = |record: &Record| {
        let starts = known.get(&(record.pid?, record.object.to_lowercase()))?;
        let near = |one: &&&Record| (one.time.0 - record.time.0).abs() <= TWIN_WITHIN;
        starts.iter().find(near).copied()
    };
    let give = |record: &Record| {
        let mut record = record.clone();
        let alone = record.verb == "execute" && record.object_kind == "process" && record.process.is_none();
        if let Some(twin) = twin(&record).filter(|_| alone) {
            (record.process, record.parent) = (twin.process.clone(), twin.parent.clone());
            (record.actor, record.integrity) = (twin.actor.clone(), twin.integrity.clone());
        }
        record
    };
    records.iter().map(give).collect()
}

struct Walk<'a> {
    seeds: &'a Seeds,
    descent: Descent,
    /// GUIDs that are given, with why.
    given: BTreeMap<String, BTreeSet<String>>,
    /// The intruder's processes by GUID.
    by_guid: BTreeMap<String, usize>,
    /// Who has a process id now: the intruder's process, or another.
    by_pid: BTreeMap<u64, Option<usize>>,
    /// Files that the intruder's processes wrote and nobody deleted since, with the event.
    written: BTreeMap<String, (usize, EventId)>,
    /// Programs of services and tasks that the intruder installed, with why.
    installed: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Walk<'a> {
    fn empty(seeds: &'a Seeds) -> Self {
        Self {
            seeds,
            descent: Descent::default(),
            given: BTreeMap::new(),
            by_guid: BTreeMap::new(),
            by_pid: BTreeMap::new(),
            written: BTreeMap::new(),
            installed: BTreeMap::new(),
        }
    }

    /// A decision on any act of a process is about the process.
    fn seed(&mut self, records: &[Record]) {
        for record in records {
            if let (Some(why), Some(process)) = (self.seeds.events.get(&record.id), &record.process) {
                self.given.entry(process.clone()).or_default().extend(why.iter().cloned());
            }
        }
    }

    fn step(&mut self, record: &Record) {
        let starts = record.verb == "execute" && record.object_kind == "process";
        if starts {
            self.start(record);
            return;
        }
        let actor = record.process.as_ref().and_then(|process| self.by_guid.get(process)).copied();
        let actor = actor.or_else(|| self.unstarted(record));
        let path = record.object.to_lowercase();
        match record.verb.as_str() {
            "create" if record.object_kind == "file" => {
                match actor {
                    Some(process) => self.written.insert(path, (process, record.id)),
                    // Whoever else writes there makes it another file.
                    None => self.written.remove(&path),
                };
            }
            "delete" => {
                self.written.remove(&path);
            }
            "config-change" if matches!(record.object_kind.as_str(), "service" | "task") => {
                self.install(record, actor);
            }
            _ => {}
        }
        if let Some(process) = actor {
            self.descent.acts.push((record.clone(), process));
        }
    }

    /// A process that was given and whose start is in no record begins with its first act.
    fn unstarted(&mut self, record: &Record) -> Option<usize> {
        let why = self.given.get(record.process.as_ref()?)?.clone();
        Some(self.own(record, "decision", why))
    }

    fn start(&mut self, record: &Record) {
        let known = record.process.as_ref().and_then(|process| self.by_guid.get(process)).copied();
        let place = known.or_else(|| self.proof(record).map(|(by, basis)| self.own(record, by, basis)));
        if let Some(pid) = record.pid {
            self.by_pid.insert(pid, place);
        }
        if let Some(place) = place {
            self.descent.acts.push((record.clone(), place));
        }
    }

    fn own(&mut self, record: &Record, by: &'static str, mut basis: BTreeSet<String>) -> usize {
        basis.insert(record.id.to_string());
        let place = self.descent.processes.len();
        if let Some(process) = &record.process {
            self.by_guid.insert(process.clone(), place);
        }
        self.descent.processes.push(Own { start: record.clone(), by, basis });
        place
    }

    /// By which rule a process that starts is the intruder's.
    fn proof(&self, record: &Record) -> Option<(&'static str, BTreeSet<String>)> {
        if let Some(why) = self.seeds.events.get(&record.id) {
            return Some(("decision", why.clone()));
        }
        if let Some(why) = record.process.as_ref().and_then(|process| self.given.get(process)) {
            return Some(("decision", why.clone()));
        }
        let by_guid = record.parent.as_ref().and_then(|parent| self.by_guid.get(parent)).copied();
        // Where GUIDs are known, ids are not asked.
        let by_pid = record.parent_pid.filter(|_| record.parent.is_none());
        let by_pid = by_pid.and_then(|parent| self.by_pid.get(&parent).copied().flatten());
        if let Some(parent) = by_guid.or(by_pid) {
            return Some(("descends", self.of(parent)));
        }
        let image = record.object.to_lowercase();
        if let Some((writer, event)) = self.written.get(&image) {
            let mut basis = self.of(*writer);
            basis.insert(event.to_string());
            return Some(("runs-written-file", basis));
        }
        if let Some(why) = self.installed.get(file_name(&image)) {
            return Some(("runs-installed-service", why.clone()));
        }
        if let Some(same) = self.turned_into(record) {
            return Some(("descends", self.of(same)));
        }
        let logon = self.seeds.logons.iter().find(|logon| logon.holds(record))?;
        Some(("act-in-session", logon.basis.clone()))
    }

    /// Linux: a process that runs another program from then on keeps its number and its parent.
    fn turned_into(&self, record: &Record) -> Option<usize> {
        let place = self.by_pid.get(&record.pid?).copied().flatten()?;
        let before = &self.descent.processes.get(place)?.start;
        let linux = record.source.starts_with("linux/");
        (linux && before.parent_pid.is_some() && before.parent_pid == record.parent_pid).then_some(place)
    }

    fn of(&self, process: usize) -> BTreeSet<String> {
        let start = self.descent.processes.get(process).map(|own| own.start.id.to_string());
        start.into_iter().collect()
    }

    /// A service or task that the intruder's process or session makes: whatever runs under the name
    /// of its program from then on is the intruder's.
    fn install(&mut self, record: &Record, actor: Option<usize>) {
        let session = self.seeds.logons.iter().find(|logon| logon.holds(record));
        let why = match (actor, session, self.seeds.events.get(&record.id)) {
            (Some(process), _, _) => self.of(process),
            (None, Some(logon), _) => logon.basis.clone(),
            (None, None, Some(why)) => why.clone(),
            (None, None, None) => return,
        };
        let Some(program) = record.command.as_deref().and_then(program) else { return };
        let entry = self.installed.entry(program).or_default();
        entry.extend(why);
        entry.insert(record.id.to_string());
    }
}

/// The program of a service's or task's command, as a file name in lower case. Names of Windows' own
/// hosts of other people's work say nothing: what runs under them is everybody's.
fn program(command: &str) -> Option<String> {
    let text = match command.find("<Command>") {
        Some(at) => command.get(at + 9..)?.split('<').next()?,
        None => command,
    };
    let text = text.trim();
    let path = match text.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => text.split_whitespace().next()?,
    };
    let name = file_name(&path.to_lowercase()).to_owned();
    let everybodys = [
        "svchost.exe",
        "rundll32.exe",
        "cmd.exe",
        "powershell.exe",
        "pwsh.exe",
        "dllhost.exe",
        "msiexec.exe",
        "regsvr32.exe",
        "wscript.exe",
        "cscript.exe",
        "mshta.exe",
        "conhost.exe",
        "taskhostw.exe",
        "sc.exe",
    ];
    (!name.is_empty() && !everybodys.contains(&name.as_str())).then_some(name)
}

fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> EventId {
        EventId::of(&[&number.to_be_bytes()])
    }

    fn record(at: i64, verb: &str, kind: &str, object: &str) -> Record {
        Record {
            time: Time(at),
            id: id(at),
            actor: None,
            source: "windows/Microsoft-Windows-Sysmon/Operational".to_owned(),
            verb: verb.to_owned(),
            object: object.to_owned(),
            object_kind: kind.to_owned(),
            process: None,
            parent: None,
            logon: 0,
            pid: None,
            parent_pid: None,
            command: None,
            integrity: None,
            rights: None,
        }
    }

    fn start(at: i64, image: &str, process: &str, parent: &str) -> Record {
        let guid = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Record { process: guid(process), parent: guid(parent), ..record(at, "execute", "process", image) }
    }

    fn seeds(at: i64) -> Seeds {
        Seeds { events: [(id(at), BTreeSet::from(["d-1".to_owned()]))].into(), logons: Vec::new() }
    }

    fn owned(records: &[Record], seeds: &Seeds) -> Vec<(i64, &'static str)> {
        descend(records, seeds).processes.iter().map(|own| (own.start.time.0, own.by)).collect()
    }

    #[test]
    fn children_written_programs_and_nothing_else() {
        let records = [
            start(1, r"C:\word.exe", "{w}", "{e}"),
            start(2, r"C:\shell.exe", "{s}", "{w}"),
            Record { process: Some("{s}".into()), ..record(3, "create", "file", r"C:\Tmp\Tool.exe") },
            start(4, r"c:\tmp\tool.exe", "{t}", "{services}"),
            start(5, r"C:\whoami.exe", "{i}", "{t}"),
            start(6, r"C:\honest.exe", "{h}", "{w}"),
            record(7, "delete", "file", r"C:\Tmp\tool.exe"),
            start(8, r"C:\Tmp\tool.exe", "{u}", "{services}"),
        ];
        let found = owned(&records, &seeds(2));
        assert_eq!(found, [(2, "decision"), (4, "runs-written-file"), (5, "descends")]);
    }

    #[test]
    fn an_id_means_the_process_that_had_it_last() {
        let audit = |at, pid, parent| Record {
            source: "windows/Security".to_owned(),
            pid: Some(pid),
            parent_pid: Some(parent),
            ..record(at, "execute", "process", "x.exe")
        };
        let records = [audit(1, 40, 4), audit(2, 41, 40), audit(3, 40, 4), audit(4, 42, 40)];
        assert_eq!(owned(&records, &seeds(1)), [(1, "decision"), (2, "descends")], "40 is another by 3");
    }

    #[test]
    fn a_start_that_two_logs_wrote_is_one_process() {
        let audit = Record {
            source: "windows/Security".to_owned(),
            pid: Some(40),
            ..record(1, "execute", "process", r"C:\Shell.exe")
        };
        let sysmon = Record { pid: Some(40), ..start(2, r"C:\shell.exe", "{s}", "{w}") };
        let records = [audit, sysmon, start(3, r"C:\whoami.exe", "{i}", "{s}")];
        assert_eq!(owned(&records, &seeds(1)), [(1, "decision"), (3, "descends")]);
    }

    #[test]
    fn what_an_installed_service_runs() {
        let mut install = record(2, "config-change", "service", "PSEXESVC");
        install.logon = 0x77;
        install.command = Some(r"%SystemRoot%\PSEXESVC.exe".to_owned());
        let records = [
            start(1, r"C:\Windows\PSEXESVC.exe", "{a}", "{s}"),
            install,
            start(3, r"C:\Windows\PSEXESVC.exe", "{b}", "{s}"),
        ];
        let basis = BTreeSet::from(["e-1".to_owned()]);
        let logons = vec![OwnLogon { id: 0x77, from: Some(Time(0)), to: None, basis }];
        let seeds = Seeds { logons, ..Seeds::default() };
        assert_eq!(owned(&records, &seeds), [(3, "runs-installed-service")], "not what ran before");
        assert_eq!(program(r#""C:\a b\X.exe" -k"#).as_deref(), Some("x.exe"));
        assert_eq!(program(r"C:\Windows\System32\svchost.exe -k netsvcs"), None);
        assert_eq!(program(r"<Exec><Command>C:\p\s.exe</Command></Exec>").as_deref(), Some("s.exe"));
    }
}
