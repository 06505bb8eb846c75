//! How does one act become records of one host's logs?
//!
//! A [`Pen`] is the host, the moment and the act's step; every record that an act leaves goes
//! through it, in order, a fraction of a millisecond apart. Which process and thread write, and
//! under which activity, is decided here.

use std::io;
use std::rc::Rc;

use super::channel::{Channel, NAMES, Name, Outcome};
use super::house::{House, Subject, is_controller};
use crate::act::{Act, Session};
use crate::chance::mix;
use crate::court::{Court, Host, HostId, HostKind};
use crate::evtx::{
    Content, Data, Element, FileTime, Form, Guid, Head, Payload, Provider, Record, Sid, Value,
};
use crate::files::Files;
use crate::moment::Moment;

/// Which service writes, by the process it lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// `System`, process 4.
    Kernel,
    Lsass,
    Services,
    Sysmon,
    EventLog,
    /// Terminal services and others in `svchost.exe`.
    Host,
    /// Another process, as PowerShell is.
    Process(u32),
    /// None: classic sources write 0.
    Nobody,
}

/// A Windows host with its logs.
pub(super) struct Machine {
    pub(super) id: HostId,
    /// `REG-WS07.court.example`
    pub(super) full_name: Rc<str>,
    channels: [Channel; NAMES.len()],
    /// Sysmon is there.
    pub(super) sysmon: bool,
    salt: u64,
    handles: u64,
    /// When it started last, if that was seen.
    pub(super) started: Option<Moment>,
    /// Requests that its certification authority has had.
    pub(super) requests: u64,
}

impl Machine {
    pub(super) fn new(court: &Court, id: HostId) -> Self {
        let host = court.host(id);
        let full_name = court.full_name(id);
        let folder = format!("hosts/{}", host.name);
        let dc = is_controller(host);
        Self {
            id,
            channels: NAMES.map(|name| Channel::new(name, id, (&folder, &full_name), dc, court.seed)),
            full_name: full_name.into(),
            sysmon: host.kind == HostKind::Workstation,
            salt: mix(court.seed ^ mix(u64::from(id.0))),
            handles: 0,
            started: None,
            requests: 4_000 + mix(court.seed ^ 0x4886) % 3_000,
        }
    }

    /// Process id of a service that writes events; the same as long as the drill lasts.
    pub(super) fn pid(&self, writer: Writer) -> u32 {
        let some = |low: u32, shift: u32| low + 4 * (self.salt >> shift & 31) as u32;
        match writer {
            Writer::Kernel => 4,
            // The first processes of a start get nearly the same numbers every time.
            Writer::Services => 712,
            Writer::Lsass => 744,
            Writer::EventLog => some(1100, 10),
            Writer::Host => some(1300, 15),
            Writer::Sysmon => some(2900, 20),
            Writer::Process(pid) => pid,
            Writer::Nobody => 0,
        }
    }

    /// One of the few threads that a service writes from; they change in the course of the day.
    fn thread(&self, pid: u32, at: Moment, busy: u64) -> u32 {
        let when = at.0.unsigned_abs() >> 29;
        let choice = mix(self.salt ^ u64::from(pid) << 32 ^ when) % busy;
        if pid == 0 { 0 } else { pid + 36 + 4 * (choice * 37 % 900) as u32 }
    }

    /// A handle's value, as the kernel hands them out.
    pub(super) fn handle(&mut self) -> u64 {
        self.handles += 1;
        0x400 + self.handles * 37 % 0xC00 * 4
    }

    pub(super) fn channel(&mut self, name: Name) -> &mut Channel {
        &mut self.channels[name as usize]
    }

    pub(super) fn finish(&mut self, files: &mut Files) -> io::Result<()> {
        self.channels.iter_mut().try_for_each(|channel| channel.finish(files))
    }

    /// The activity under which the security authority of workstations writes; servers of the
    /// house are older and write none.
    fn activity(&self, writer: Writer) -> Option<Guid> {
        let salt = self.salt;
        let known = self.sysmon && writer == Writer::Lsass;
        known
            .then(|| Guid::new(salt as u32, (salt >> 32) as u16, 1, mix(salt) & 0xFFFF_FFFF_FFFF_FF00 | 0xD6))
    }
}

/// Writes what one act leaves on one host.
pub(super) struct Pen<'a> {
    pub(super) house: &'a House,
    pub(super) host: &'a Host,
    pub(super) machine: &'a mut Machine,
    pub(super) files: &'a mut Files,
    /// When the act happened.
    pub(super) at: Moment,
    step: Option<u32>,
    written: u32,
}

const EVENTLOG: Provider<'static> = Provider {
    name: "Microsoft-Windows-Eventlog",
    guid: Some(Guid::new(0xFC65_DDD8, 0xD6EF, 0x4962, 0x83D5_6E5C_FE9C_E148)),
    event_source: None,
};

impl<'a> Pen<'a> {
    pub(super) fn new(
        (house, court): (&'a House, &'a Court),
        machine: &'a mut Machine,
        files: &'a mut Files,
        act: &Act,
    ) -> Self {
        let host = court.host(act.host);
        Self { house, host, machine, files, at: act.at, step: act.step, written: 0 }
    }

    /// As [`House::subject`] on this host.
    pub(super) fn subject(&self, session: &Session) -> Subject<'a> {
        self.house.subject(session, (self.machine.id, self.host))
    }

    /// The machine itself, as it acts.
    pub(super) fn system(&self) -> Subject<'a> {
        self.house.account_as(Court::SYSTEM, super::house::SYSTEM_LOGON, (self.machine.id, self.host))
    }

    /// Writes an event of known form. `fill` may be asked twice.
    pub(super) fn write(
        &mut self,
        name: Name,
        form: &'static Form,
        (writer, user): (Writer, Option<&Sid>),
        fill: impl Fn(&mut Data<'_>),
    ) -> io::Result<()> {
        let activity_id = self.machine.activity(writer);
        self.write_under(name, form, (writer, user, activity_id), fill)
    }

    /// As [`Pen::write`], under that activity.
    pub(super) fn write_under(
        &mut self,
        name: Name,
        form: &'static Form,
        (writer, user, activity_id): (Writer, Option<&Sid>, Option<Guid>),
        fill: impl Fn(&mut Data<'_>),
    ) -> io::Result<()> {
        let (process_id, thread_id, when) = self.next(writer);
        let head = |time| Head { time, process_id, thread_id, activity_id, user };
        let outcome = self.machine.channel(name).put(
            self.files,
            when,
            |log, time| log.write(form, &head(time), &fill),
            |log, time, file| backed_up(log, time, name, file),
        )?;
        self.after(name, outcome)
    }

    /// Writes an event with `UserData`. The record's time and ids are filled in here.
    pub(super) fn tree(
        &mut self,
        name: Name,
        record: &Record<'_>,
        writer: Writer,
        root: &Element<'_>,
    ) -> io::Result<()> {
        let (process_id, thread_id, when) = self.next(writer);
        let computer = Rc::clone(&self.machine.full_name);
        let outcome = self.machine.channel(name).put(
            self.files,
            when,
            |log, time| {
                let payload = Payload::UserData(root);
                log.push(&Record {
                    time,
                    process_id,
                    thread_id,
                    computer: &computer,
                    payload,
                    ..record.clone()
                })
            },
            |log, time, file| backed_up(log, time, name, file),
        )?;
        self.after(name, outcome)
    }

    /// Writes an event of a classic source: unnamed texts and bytes.
    pub(super) fn classic(
        &mut self,
        record: &Record<'_>,
        strings: &[(&str, Value<'_>)],
        binary: Option<&[u8]>,
    ) -> io::Result<()> {
        let (_, _, when) = self.next(Writer::Nobody);
        let computer = Rc::clone(&self.machine.full_name);
        let outcome = self.machine.channel(Name::System).put(
            self.files,
            when,
            |log, time| {
                let payload = Payload::EventData { data: strings, binary };
                log.push(&Record { time, computer: &computer, payload, ..record.clone() })
            },
            |log, time, file| backed_up(log, time, Name::System, file),
        )?;
        self.after(Name::System, outcome)
    }

    /// Empties a log.
    pub(super) fn clear(&mut self, name: Name) -> io::Result<()> {
        self.machine.channel(name).clear(self.files)
    }

    /// Process, thread, and the moment: a little later than the record before; Sysmon thinks
    /// for some milliseconds.
    fn next(&mut self, writer: Writer) -> (u32, u32, (Moment, Option<u32>)) {
        let process_id = self.machine.pid(writer);
        let busy = if process_id == 4 { 40 } else { 6 };
        let jitter = mix(self.at.0.unsigned_abs() ^ u64::from(self.written)) % 5_000;
        let thinks = if writer == Writer::Sysmon { 10_000 + jitter * 20 } else { jitter };
        let delay = i64::from(self.written) * 6_000 + thinks as i64;
        self.written += 1;
        (process_id, self.machine.thread(process_id, self.at, busy), (self.at + delay, self.step))
    }

    /// An archived log other than Security is noted in System.
    fn after(&mut self, name: Name, outcome: Outcome) -> io::Result<()> {
        match outcome {
            Outcome::Archived(file) if !matches!(name, Name::Security | Name::System) => {
                let record = backup_record(105, 0x8000_0000_0000_0000);
                self.tree(Name::System, &record, Writer::EventLog, &backup(name, &file))
            }
            _ => Ok(()),
        }
    }
}

/// The first record after an archived log: Security and System note it in themselves.
fn backed_up(
    log: &mut crate::evtx::Log,
    time: FileTime,
    name: Name,
    file: &str,
) -> Result<(), crate::evtx::Refused> {
    let (id, keywords) = match name {
        Name::Security => (1105, 0x4020_0000_0000_0000),
        Name::System => (105, 0x8000_0000_0000_0000),
        _ => return Ok(()),
    };
    let root = backup(name, file);
    let computer = log.computer().to_owned();
    let record = Record {
        time,
        computer: &computer,
        payload: Payload::UserData(&root),
        ..backup_record(id, keywords)
    };
    log.push(&record).map(drop)
}

fn backup(name: Name, file: &str) -> Element<'static> {
    let path = format!("C:\\Windows\\System32\\Winevt\\Logs\\{file}");
    Element {
        name: "AutoBackup".into(),
        attributes: vec![(
            "xmlns".into(),
            "http://manifests.microsoft.com/win/2004/08/windows/eventlog".into(),
        )],
        content: Content::Elements(vec![
            Element::leaf("Channel", Value::text(name.channel())),
            Element::leaf("BackupPath", Value::text(path)),
        ]),
    }
}

fn backup_record(event_id: u16, keywords: u64) -> Record<'static> {
    Record { event_id, task: 105, keywords, ..eventlog_record() }
}

/// A record of the event log service itself, without its number.
pub(super) fn eventlog_record() -> Record<'static> {
    blank(EVENTLOG)
}

/// An information record of that provider, to be filled in.
pub(super) fn blank(provider: Provider<'static>) -> Record<'static> {
    Record {
        provider,
        event_id: 0,
        qualifiers: None,
        version: 0,
        level: 4,
        task: 0,
        opcode: 0,
        keywords: 0,
        time: FileTime(0),
        process_id: 0,
        thread_id: 0,
        activity_id: None,
        related_activity_id: None,
        computer: "",
        user: None,
        payload: Payload::EventData { data: &[], binary: None },
    }
}
