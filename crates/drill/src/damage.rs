//! What went wrong with the logs, and what does that do to coverage?
//!
//! Each `--damage` is a cause of the contract. Some close the gate while things are logged, some
//! hurt files afterwards; each leaves its rows in the truth's coverage, and none a trace in the
//! ledger that is not there. Where it strikes is the seed's choice, among places that matter.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::chance::Dice;
use crate::court::{Court, HostId, HostKind, Place};
use crate::files::{FileId, Files};
use crate::gate::{Closed, Gate, Sight};
use crate::moment::{DAY, HOUR, MINUTE, Moment};
use crate::truth::{Covered, host_name};

/// Channels of Windows that every Windows host has, as sources are called.
const CHANNELS: [&str; 5] = [
    "windows/Security",
    "windows/System",
    "windows/Microsoft-Windows-PowerShell/Operational",
    "windows/Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    "windows/Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
];
const SYSMON: &str = "windows/Microsoft-Windows-Sysmon/Operational";
/// Sources of the house and the cloud.
const OTHERS: [&str; 14] = [
    "dhcp",
    "dms",
    "entra/audit",
    "entra/signin",
    "m365",
    "proxy",
    "vpn",
    "zeek/conn",
    "zeek/dns",
    "zeek/files",
    "zeek/http",
    "zeek/smb_files",
    "zeek/smb_mapping",
    "zeek/ssl",
];

/// A cause, and how it is brought about.
type Strike = fn(&mut Plan<'_>);

/// Every damage there is, by the contract's causes.
pub const ALL: &[(&str, Strike)] = &[
    ("cleared", |plan| plan.cleared()),
    ("rotated", |plan| plan.rotated()),
    ("expired", |plan| plan.expired()),
    ("never-on", |plan| plan.never_on()),
    ("not-collected", |plan| plan.not_collected()),
    ("throttled", |plan| plan.throttled()),
    ("skewed", |plan| plan.skewed()),
    ("duplicated", |plan| plan.duplicated()),
    ("truncated", |plan| plan.truncated()),
    ("flipped", |plan| plan.flipped()),
    ("id-gap", |plan| plan.id_gap()),
    ("silence", |plan| plan.silence()),
    ("intruder-admin", |plan| plan.intruder_admin()),
];

/// A wound to a file once everything is written.
#[derive(Clone, Debug)]
enum Wound {
    /// The file is there twice.
    Twice(String),
    /// It is cut somewhere in that day.
    Cut(String, Moment),
    /// Bytes of it are flipped, somewhere in that day.
    Flip(String, Moment),
}

/// Which damage is done where.
pub struct Plan<'c> {
    court: &'c Court,
    dice: Dice,
    /// For the observers.
    pub gate: Gate,
    /// Logs that are cleared: host, moment.
    pub clears: Vec<(HostId, Moment)>,
    /// Records of the intruder's hosts are taken out.
    pub tampers: bool,
    wounds: Vec<Wound>,
    rows: Vec<Covered>,
    /// Length of each wounded file at the end of each day.
    lengths: BTreeMap<(String, Moment), u64>,
}

impl<'c> Plan<'c> {
    /// Plans damage of those causes.
    ///
    /// # Errors
    /// Where there is no such damage.
    pub fn of(court: &'c Court, causes: &[String]) -> io::Result<Self> {
        let mut plan = Plan {
            court,
            dice: Dice::new(court.seed, "damage"),
            gate: Gate::default(),
            clears: Vec::new(),
            tampers: false,
            wounds: Vec::new(),
            rows: Vec::new(),
            lengths: BTreeMap::new(),
        };
        for cause in causes {
            let Some((_, strike)) = ALL.iter().find(|(known, _)| known == cause) else {
                let known: Vec<_> = ALL.iter().map(|(known, _)| *known).collect();
                let message = format!("there is no damage {cause:?}; there are: {}", known.join(", "));
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            };
            strike(&mut plan);
        }
        Ok(plan)
    }

    // ---- where and when ---------------------------------------------------------------------

    fn from(&self) -> Moment {
        self.court.size.from
    }

    fn to(&self) -> Moment {
        self.from() + i64::from(self.court.size.days) * DAY
    }

    /// A moment at that percent of the drill.
    fn percent(&self, percent: i64) -> Moment {
        self.from() + (self.to() - self.from()) / 100 * percent
    }

    fn any(&mut self, kind: HostKind) -> HostId {
        let court = self.court;
        let hosts: Vec<_> =
            (0..court.hosts.len() as u32).map(HostId).filter(|id| court.host(*id).kind == kind).collect();
        if hosts.is_empty() { HostId(0) } else { *self.dice.pick(&hosts) }
    }

    fn close(&mut self, source: &str, host: Option<HostId>, (from, to): (Moment, Moment), sight: Sight) {
        self.gate.closed.push(Closed { source: source.to_owned(), host, from, to, sight });
    }

    fn row(
        &mut self,
        source: &str,
        host: Option<HostId>,
        (from, to): (Moment, Moment),
        state: &'static str,
        cause: &'static str,
    ) {
        let host = host.map(|host| host_name(self.court, host));
        self.rows.push(Covered { source: source.to_owned(), host, from, to, state, cause: Some(cause) });
    }

    fn path(&self, host: HostId, channel: &str) -> String {
        format!("hosts/{}/{}.evtx", self.court.host(host).name, channel.replace('/', "%4"))
    }

    // ---- the causes -------------------------------------------------------------------------

    fn cleared(&mut self) {
        let (host, at) = (self.any(HostKind::Workstation), self.percent(60) + 11 * HOUR);
        self.clears.push((host, at));
    }

    /// A log was cleared, by damage or by the intruder: what was before is gone, back to the last
    /// time that it was archived. Clearing leaves archives alone.
    pub fn was_cleared(&mut self, files: &Files, host: HostId, source: &str, at: Moment) {
        let archived = self.archives(files, &self.path(host, source.trim_start_matches("windows/")));
        let from = archived.into_iter().map(|(time, _)| time).filter(|time| *time < at).max();
        self.row(source, Some(host), (from.unwrap_or(self.from()), at), "none", "cleared");
    }

    /// The archives of a log, with the time at which each was closed.
    fn archives(&self, files: &Files, path: &str) -> Vec<(Moment, FileId)> {
        let Some((folder, name)) = path.rsplit_once('/') else { return Vec::new() };
        let begins = format!("{folder}/Archive-{}-", name.trim_end_matches(".evtx"));
        let closed = |file: FileId| {
            let time = files.path(file).strip_prefix(&begins)?.strip_suffix(".evtx")?;
            // `2026-09-14-07-12-41-250`
            let (date, time) = (time.get(..10)?, time.get(11..)?);
            let (clock, fraction) = (time.get(..8)?.replace('-', ":"), time.get(9..)?);
            Moment::parse(&format!("{date}T{clock}.{fraction}"))
        };
        files.all().filter_map(|file| Some((closed(file)?, file))).collect()
    }

    fn rotated(&mut self) {
        let (host, until) = (self.any(HostKind::FileServer), self.percent(45));
        self.close("windows/Security", Some(host), (Moment(i64::MIN), until), Sight::Lost);
        self.row("windows/Security", Some(host), (self.from(), until), "none", "rotated");
    }

    fn expired(&mut self) {
        let until = self.percent(40).midnight();
        for source in ["m365", "entra/signin", "entra/audit"] {
            self.close(source, None, (Moment(i64::MIN), until), Sight::Unseen);
            self.row(source, None, (self.from(), until), "none", "expired");
        }
    }

    fn never_on(&mut self) {
        let host = self.any(HostKind::Workstation);
        let always = (Moment(i64::MIN), Moment(i64::MAX));
        self.close(SYSMON, Some(host), always, Sight::Unseen);
        self.row(SYSMON, Some(host), (self.from(), self.to()), "none", "never-on");
    }

    fn not_collected(&mut self) {
        let host = self.any(HostKind::Workstation);
        for source in CHANNELS.into_iter().chain([SYSMON]) {
            self.close(source, Some(host), (Moment(i64::MIN), Moment(i64::MAX)), Sight::Unseen);
            self.row(source, Some(host), (self.from(), self.to()), "none", "not-collected");
        }
    }

    fn throttled(&mut self) {
        let court = self.court;
        // The mailbox with most messages: throttling comes of much reading.
        let mailboxes = court.holdings.iter().filter_map(|holding| match holding.place {
            Place::Mailbox { account, .. } => Some((holding.items.len(), account)),
            _ => None,
        });
        let Some((_, mailbox)) = mailboxes.max() else { return };
        let from = self.percent(30);
        self.gate.throttled.push((mailbox, from, from + DAY));
        self.row("m365", None, (from, from + DAY), "partial", "throttled");
    }

    fn skewed(&mut self) {
        let (host, from) = (self.any(HostKind::FileServer), self.percent(30));
        let by = self.dice.between(4, 11) * MINUTE;
        self.gate.skewed.push((host, from, by));
        for source in CHANNELS {
            self.row(source, Some(host), (from, self.to()), "partial", "skewed");
        }
    }

    fn duplicated(&mut self) {
        let host = self.any(HostKind::DomainController);
        self.wounds.push(Wound::Twice(self.path(host, "Security")));
        self.row("windows/Security", Some(host), (self.from(), self.to()), "complete", "duplicated");
    }

    fn truncated(&mut self) {
        let day = self.percent(70).midnight();
        self.wounds.push(Wound::Cut("vpn/sessions.csv".to_owned(), day));
        self.row("vpn", None, (day, day + DAY), "partial", "truncated");
        self.row("vpn", None, (day + DAY, self.to()), "none", "truncated");
    }

    fn flipped(&mut self) {
        let (host, day) = (self.any(HostKind::DomainController), self.percent(50).midnight());
        self.wounds.push(Wound::Flip(self.path(host, "Security"), day));
        self.row("windows/Security", Some(host), (day, day + DAY), "partial", "flipped");
    }

    fn id_gap(&mut self) {
        let (host, from) = (self.any(HostKind::FileServer), self.percent(65) + 9 * HOUR);
        let gap = (from, from + 25 * MINUTE);
        self.close("windows/Security", Some(host), gap, Sight::Lost);
        self.row("windows/Security", Some(host), gap, "partial", "id-gap");
    }

    fn silence(&mut self) {
        let from = self.percent(55) + 6 * HOUR;
        let gap = (from, from + 30 * HOUR);
        self.close("proxy", None, gap, Sight::Unseen);
        self.row("proxy", None, gap, "none", "silence");
    }

    fn intruder_admin(&mut self) {
        self.tampers = true;
    }

    /// The intruder had the machine under control from then on: what its logs say is what it let
    /// them say. With the damage asked for, it also takes records out.
    pub fn under_control(&mut self, host: HostId, from: Moment) {
        for source in CHANNELS.into_iter().chain([SYSMON]) {
            self.row(source, Some(host), (from, self.to()), "untrusted", "intruder-admin");
        }
    }

    // ---- afterwards -------------------------------------------------------------------------

    /// A day is over: how long are the files that will be wounded?
    pub fn note_lengths(&mut self, files: &Files, day: Moment) {
        for file in files.all() {
            let path = files.path(file);
            let wounded = self.wounds.iter().any(|wound| match wound {
                Wound::Twice(_) => false,
                Wound::Cut(one, _) | Wound::Flip(one, _) => one == path,
            });
            if wounded {
                self.lengths.insert((path.to_owned(), day), files.len(file));
            }
        }
    }

    /// Hurts the files.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn wound(&self, files: &mut Files) -> io::Result<()> {
        for wound in &self.wounds {
            let path = match wound {
                Wound::Twice(path) | Wound::Cut(path, _) | Wound::Flip(path, _) => path,
            };
            let Some(file) = files.all().find(|file| files.path(*file) == path) else { continue };
            // What was written on a day may have been archived since.
            let as_of = |day: Moment| {
                let later = self.archives(files, path).into_iter().filter(|(closed, _)| *closed >= day + DAY);
                later.min_by_key(|(closed, _)| *closed).map_or(file, |(_, archive)| archive)
            };
            match wound {
                Wound::Twice(_) => twice(files, file)?,
                Wound::Cut(_, day) => {
                    let (from, to) = self.written_on(path, *day);
                    // In the middle of a line of that day, so that the last one is half a line.
                    files.cut(file, (from + to) / 2 + 7)?;
                }
                Wound::Flip(_, day) => {
                    let file = as_of(*day);
                    flip(files, file, self.written_on(path, *day))?;
                }
            }
        }
        Ok(())
    }

    /// Which bytes were written on that day.
    fn written_on(&self, path: &str, day: Moment) -> (u64, u64) {
        let length = |day| self.lengths.get(&(path.to_owned(), day)).copied().unwrap_or(0);
        (length(day - DAY), length(day))
    }

    /// What coverage there is, source by source, damage laid over what would have been whole. Of a
    /// log into which nothing was written there is no file: nothing in the evidence could tell it
    /// from one that nobody copied, so the truth is silent on it too.
    #[must_use]
    pub(crate) fn coverage(&self, files: &Files) -> Vec<Covered> {
        let whole = sources(self.court).into_iter().flat_map(|(source, id)| {
            let host = id.map(|host| host_name(self.court, host));
            let damaged = |row: &&Covered| row.source == source && row.host == host;
            let here: Vec<_> = self.rows.iter().filter(damaged).collect();
            let whole = |row: &&&Covered| row.from <= self.from() && row.to >= self.to();
            let taken = here.iter().filter(whole).any(|row| row.state == "none");
            let written = match id {
                Some(id) => self.is_written(files, id, &source),
                None => house_wrote(files, &source),
            };
            if !taken && !written {
                return Vec::new();
            }
            laid_over(&source, host.as_ref(), (self.from(), self.to()), &here)
        });
        whole.collect()
    }

    /// Whether a Windows log has a file. Other logs of hosts always have.
    fn is_written(&self, files: &Files, host: HostId, source: &str) -> bool {
        let Some(channel) = source.strip_prefix("windows/") else { return true };
        let path = self.path(host, channel);
        files.all().any(|file| files.path(file) == path && files.len(file) > 0)
            || !self.archives(files, &path).is_empty()
    }
}

/// Whether a log of the house has a file. Zeek makes none of a kind of traffic that it did not see, and
/// nothing is exported of a directory that nobody changed; all others are written all day.
fn house_wrote(files: &Files, source: &str) -> bool {
    let wrote =
        |fits: &dyn Fn(&str) -> bool| files.all().any(|file| fits(files.path(file)) && files.len(file) > 0);
    match source.split_once('/') {
        Some(("zeek", log)) => {
            wrote(&|path| path.starts_with("zeek/") && path.ends_with(&format!("/{log}.log")))
        }
        Some(("entra", "audit")) => wrote(&|path| path == "entra/audits.ndjson"),
        _ => true,
    }
}

/// Every source that a drill has, with the host it speaks of.
fn sources(court: &Court) -> Vec<(String, Option<HostId>)> {
    let mut sources: Vec<_> = OTHERS.iter().map(|source| ((*source).to_owned(), None)).collect();
    for id in (0..court.hosts.len() as u32).map(HostId) {
        let host = court.host(id);
        if host.is_windows() {
            let sysmon = (host.kind == HostKind::Workstation).then_some(SYSMON);
            let channels = CHANNELS.into_iter().chain(sysmon);
            sources.extend(channels.map(|source| (source.to_owned(), Some(id))));
        }
        if host.kind == HostKind::Samba {
            sources.push(("samba".to_owned(), Some(id)));
        }
    }
    sources
}

/// Cuts the time where something changes; the gravest state holds in each piece, once for each cause that
/// makes it so.
fn laid_over(
    source: &str,
    host: Option<&String>,
    (from, to): (Moment, Moment),
    rows: &[&Covered],
) -> Vec<Covered> {
    let mut cuts: Vec<_> = rows.iter().flat_map(|row| [row.from.max(from), row.to.min(to)]).collect();
    cuts.extend([from, to]);
    cuts.sort_unstable();
    cuts.dedup();
    let mut pieces = Vec::new();
    for piece in cuts.windows(2).filter(|piece| piece[0] < piece[1]) {
        let there: Vec<_> = rows.iter().filter(|row| row.from <= piece[0] && row.to >= piece[1]).collect();
        let gravest = there.iter().map(|row| gravity(row.state)).max();
        let holds = there.into_iter().filter(|row| Some(gravity(row.state)) == gravest);
        let mut states: BTreeSet<_> = holds.map(|row| (row.state, row.cause)).collect();
        if states.is_empty() {
            states.insert(("complete", None));
        }
        pieces.extend(states.into_iter().map(|(state, cause)| Covered {
            source: source.to_owned(),
            host: host.cloned(),
            from: piece[0],
            to: piece[1],
            state,
            cause,
        }));
    }
    pieces
}

fn gravity(state: &str) -> u8 {
    match state {
        "none" => 3,
        "untrusted" => 2,
        "partial" => 1,
        _ => 0,
    }
}

/// The same file under the name that a second copying gives it.
fn twice(files: &mut Files, file: FileId) -> io::Result<()> {
    let bytes = files.read(file)?;
    let path = files.path(file).to_owned();
    let (stem, ending) = path.rsplit_once('.').unwrap_or((&path, ""));
    let copy = files.file(&format!("{stem} (1).{ending}"));
    files.append(copy, &bytes).map(drop)
}

/// Flips sixteen bytes in the middle of what was written on a day.
fn flip(files: &mut Files, file: FileId, (from, to): (u64, u64)) -> io::Result<()> {
    /// Bytes of a chunk of an event log; its first record's templates serve the whole of it.
    const CHUNK: u64 = 65_536;
    let chunk = ((from + to) / 2).saturating_sub(4096) / CHUNK;
    let begin = 4096 + chunk * CHUNK;
    let at = begin + 0x6000;
    let bytes = files.read(file)?;
    let Some(old) = bytes.get(at as usize..at as usize + 16) else { return Ok(()) };
    let new: Vec<u8> = old.iter().map(|byte| byte ^ 0xA5).collect();
    files.patch(file, at, &new)?;
    files.forget(file, |trace| trace.offset >= begin && trace.offset < begin + CHUNK);
    Ok(())
}
