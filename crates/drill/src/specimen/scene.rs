//! Where do the parts of the story put what happened, and how do they start a process?
//!
//! The [`Scene`] gathers all events of all hosts in any order; the logs are written from it at
//! the end. A [`Station`] is a workstation with Sysmon, whose processes get their ids here.

use super::cast::{Account, Host, SYSTEM};
use super::clock;
use super::event::{Event, PID_KERNEL, PID_LSASS, PID_SERVICES};
use super::security::{self, Start};
use super::sysmon::{self, Integrity, Owner, Process};

/// When the workstations were last restarted, after an update on the Wednesday before.
pub(super) const BOOT_DAY: i64 = 9;

/// Everything that was logged, by host.
#[derive(Default)]
pub(super) struct Scene(Vec<(Host, Event)>);

impl Scene {
    pub(super) fn add(&mut self, host: Host, event: Event) {
        self.0.push((host, event));
    }

    pub(super) fn add_all(&mut self, host: Host, events: impl IntoIterator<Item = Event>) {
        self.0.extend(events.into_iter().map(|event| (host, event)));
    }

    /// The events of these channels of a host, in the order of time; what happened in the same
    /// millisecond stays in the order in which it was told.
    pub(super) fn logged(&self, host: Host, channels: &[&str]) -> Vec<&Event> {
        let there =
            |(at, event): &&(Host, Event)| *at == host && channels.contains(&event.kind.source.channel);
        let mut events: Vec<_> = self.0.iter().filter(there).map(|(_, event)| event).collect();
        events.sort_by_key(|event| event.at);
        events
    }
}

/// A workstation whose processes Sysmon and the audit watch.
pub(super) struct Station {
    pub(super) host: Host,
    /// The first part of Sysmon's GUIDs on it.
    machine: u32,
    started: u64,
    pub(super) services: Process,
    pub(super) lsass: Process,
    pub(super) scheduler: Process,
    pub(super) wmi: Process,
    pub(super) defender: Process,
    pub(super) backup: Process,
}

impl Station {
    pub(super) fn new(host: Host, machine: u32) -> Self {
        let resident = |number, pid, image: &str, arguments: &str| {
            let (since, image) = (clock::at(BOOT_DAY, "04:10:31") + number as i64 * 730, image.to_owned());
            let owner = Owner {
                account: SYSTEM,
                logon_id: 0x3e7,
                since: clock::at(BOOT_DAY, "04:10:28"),
                session: 0,
                integrity: Integrity::System,
            };
            Process {
                guid: sysmon::guid_of(machine, since, number),
                pid,
                command: format!("{image}{arguments}"),
                image,
                directory: "C:\\Windows\\system32\\".to_owned(),
                owner,
            }
        };
        let system = "C:\\Windows\\System32\\";
        Self {
            host,
            machine,
            started: 900,
            services: resident(0x0b, PID_SERVICES, &format!("{system}services.exe"), ""),
            lsass: resident(0x0c, PID_LSASS, &format!("{system}lsass.exe"), ""),
            scheduler: resident(0x1d, 1332, &format!("{system}svchost.exe"), " -k netsvcs -p -s Schedule"),
            wmi: resident(0x44, 3860, &format!("{system}wbem\\WmiPrvSE.exe"), " -secured -Embedding"),
            defender: resident(
                0x3a,
                3124,
                "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.24070.5-0\\MsMpEng.exe",
                "",
            ),
            backup: resident(0x51, 4236, "C:\\Program Files\\Kestrel Backup\\kestrelagent.exe", " --service"),
        }
    }

    /// Starts a process: Sysmon 1 and Security 4688.
    pub(super) fn start(
        &mut self,
        scene: &mut Scene,
        at: i64,
        parent: &Process,
        (image, command): (&str, &str),
        owner: Owner,
    ) -> Process {
        self.started += 3;
        let directory = if owner.account == SYSTEM || owner.integrity == Integrity::High {
            "C:\\Windows\\system32\\".to_owned()
        } else {
            format!("C:\\Users\\{}\\", owner.account.name)
        };
        let process = Process {
            guid: sysmon::guid_of(self.machine, at, self.started),
            pid: (2200 + self.started * 68 % 11_000) as u32 / 4 * 4,
            image: image.to_owned(),
            command: command.to_owned(),
            directory,
            owner,
        };
        scene.add(self.host, sysmon::created(at, self.machine, &process, parent));
        scene.add(self.host, self.audited(at + 1, &process, parent));
        process
    }

    fn audited(&self, at: i64, process: &Process, parent: &Process) -> Event {
        let start = Start {
            pid: process.pid,
            image: &process.image,
            command: &process.command,
            parent_pid: if parent.pid == 0 { PID_KERNEL } else { parent.pid },
            parent_image: &parent.image,
            label: process.owner.integrity.label(),
        };
        let account: Account =
            if process.owner.account == SYSTEM { self.host.account } else { process.owner.account };
        security::process_created(at, account, process.owner.logon_id, &start)
    }

    /// Name and address, as Sysmon's connections have them.
    pub(super) fn endpoint(&self) -> (String, &'static str) {
        (self.host.full_name(), self.host.address)
    }
}
