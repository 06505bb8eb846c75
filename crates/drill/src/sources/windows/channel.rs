//! What becomes of a Windows host's logs: where they lie, when they are archived, how they are
//! cleared?
//!
//! Every log is at its vendor's usual size with "archive the log when full": a full one is renamed
//! as Windows renames it, a new one begins, and record ids go on. Clearing empties the current
//! file only; archives stay, as they do in the world. Nothing here knows what an event means.

use std::io;

use crate::chance::mix;
use crate::court::HostId;
use crate::evtx::{FileTime, Log, Placed, Refused};
use crate::files::{FileId, Files, Trace};
use crate::gate::Sight;
use crate::moment::{Moment, SECOND};

/// The logs that hosts write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Security,
    System,
    Sysmon,
    PowerShell,
    /// `TerminalServices-LocalSessionManager`
    Sessions,
    /// `TerminalServices-RemoteConnectionManager`
    Connections,
}

/// In the order of their numbers.
pub(super) const NAMES: [Name; 6] =
    [Name::Security, Name::System, Name::Sysmon, Name::PowerShell, Name::Sessions, Name::Connections];

impl Name {
    /// The channel's name.
    pub(super) const fn channel(self) -> &'static str {
        match self {
            Self::Security => "Security",
            Self::System => "System",
            Self::Sysmon => "Microsoft-Windows-Sysmon/Operational",
            Self::PowerShell => "Microsoft-Windows-PowerShell/Operational",
            Self::Sessions => "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
            Self::Connections => "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
        }
    }

    /// What the gate calls it.
    const fn source(self) -> &'static str {
        match self {
            Self::Security => "windows/Security",
            Self::System => "windows/System",
            Self::Sysmon => "windows/Microsoft-Windows-Sysmon/Operational",
            Self::PowerShell => "windows/Microsoft-Windows-PowerShell/Operational",
            Self::Sessions => "windows/Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
            Self::Connections => {
                "windows/Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"
            }
        }
    }

    /// Size in KiB at which it is full, by default: Security's 20,480 (domain controllers 131,072),
    /// Sysmon's 65,536, PowerShell's 15,360, the others 20,480 and 1,028.
    const fn kib_max(self, domain_controller: bool) -> u64 {
        match self {
            Self::Security if domain_controller => 131_072,
            Self::Security | Self::System => 20_480,
            Self::Sysmon => 65_536,
            Self::PowerShell => 15_360,
            Self::Sessions | Self::Connections => 1_028,
        }
    }

    /// The channel of that name, if it is one of these.
    pub(super) fn of(channel: &str) -> Option<Self> {
        NAMES.into_iter().find(|name| name.channel() == channel)
    }
}

/// Why a record is not where it should be, or that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is written, or the gate kept it out.
    Done,
    /// It is written, and before it the log was archived under that file name.
    Archived(String),
}

/// One log of one host.
pub(super) struct Channel {
    name: Name,
    host: HostId,
    folder: String,
    log: Log,
    file: Option<FileId>,
    chunks_max: u64,
    last: Moment,
}

impl Channel {
    /// A log of that host; `seed` says which record id comes first, for hosts are older than the
    /// drill.
    pub(super) fn new(
        name: Name,
        host: HostId,
        (folder, computer): (&str, &str),
        dc: bool,
        seed: u64,
    ) -> Self {
        let busy = match name {
            Name::Security => 900_000,
            Name::Sysmon => 600_000,
            Name::System => 30_000,
            _ => 3_000,
        };
        let first_id = busy / 3 + mix(seed ^ mix(u64::from(host.0) << 8 | name as u64)) % busy;
        Self {
            name,
            host,
            folder: folder.to_owned(),
            log: Log::new(name.channel(), computer, first_id),
            file: None,
            chunks_max: (name.kib_max(dc) / 64).max(1),
            last: Moment::default(),
        }
    }

    /// Archives after so many chunks.
    #[cfg(test)]
    pub(super) fn shrink(&mut self, chunks_max: u64) {
        self.chunks_max = chunks_max;
    }

    /// Writes a record if the gate lets it: `attempt` offers it to the log, twice if a chunk is
    /// full. `archived` writes the record that opens a new file after an archived one.
    pub(super) fn put(
        &mut self,
        files: &mut Files,
        (at, step): (Moment, Option<u32>),
        attempt: impl Fn(&mut Log, FileTime) -> Result<Option<Placed>, Refused>,
        archived: impl FnOnce(&mut Log, FileTime, &str) -> Result<(), Refused>,
    ) -> io::Result<Outcome> {
        match files.sight(self.name.source(), Some(self.host), at) {
            Sight::Seen => {}
            Sight::Unseen => return Ok(Outcome::Done),
            Sight::Lost => {
                self.log.skip();
                return Ok(Outcome::Done);
            }
        }
        let time = self.time(files.clock(self.host, at));
        let file = self.file(files)?;
        let mut outcome = Outcome::Done;
        let placed = match attempt(&mut self.log, time)? {
            Some(placed) => placed,
            None => {
                self.log.seal(|chunk| files.append(file, chunk))?;
                if self.log.sealed() >= self.chunks_max {
                    let name = self.archive(files)?;
                    archived(&mut self.log, time, &name)?;
                    outcome = Outcome::Archived(name);
                }
                match attempt(&mut self.log, time)? {
                    Some(placed) => placed,
                    None => return Err(io::Error::other("an event record fits into no empty chunk")),
                }
            }
        };
        files.count_event();
        let Placed { chunk, offset, length, .. } = placed;
        let file = self.file(files)?;
        files.trace(step, Trace { file, offset, length, chunk: Some(chunk) });
        Ok(outcome)
    }

    /// Empties the log. Its archives stay where they are.
    pub(super) fn clear(&mut self, files: &mut Files) -> io::Result<()> {
        self.log.start_over();
        if let Some(file) = self.file {
            files.clear(file)?;
            files.append(file, &self.log.header())?;
        }
        Ok(())
    }

    /// Closes the log's file, if there is one.
    pub(super) fn finish(&mut self, files: &mut Files) -> io::Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        if self.log.unsealed() {
            self.log.seal(|chunk| files.append(file, chunk))?;
        }
        files.patch(file, 0, &self.log.header())
    }

    /// The host's clock, but never a little backwards: what happens at nearly the same time is
    /// written in the order in which it arrives. A clock that was set back stays so.
    fn time(&mut self, clock: Moment) -> FileTime {
        let behind = self.last - clock;
        self.last = if (0..SECOND).contains(&behind) { self.last + 1 } else { clock };
        FileTime::from_unix_steps(self.last.0)
    }

    /// The current file, begun if there is none.
    fn file(&mut self, files: &mut Files) -> io::Result<FileId> {
        if let Some(file) = self.file {
            return Ok(file);
        }
        let file = files.file(&format!("{}/{}.evtx", self.folder, self.stem()));
        files.append(file, &self.log.header())?;
        self.file = Some(file);
        Ok(file)
    }

    /// The channel's name as a file name.
    fn stem(&self) -> String {
        self.name.channel().replace('/', "%4")
    }

    /// Closes the file under its archive name and begins anew.
    fn archive(&mut self, files: &mut Files) -> io::Result<String> {
        let c = self.last.civil();
        let name = format!(
            "Archive-{}-{:04}-{:02}-{:02}-{:02}-{:02}-{:02}-{:03}.evtx",
            self.stem(),
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            c.steps / 10_000
        );
        if let Some(file) = self.file {
            self.finish(files)?;
            files.rename(file, &format!("{}/{name}", self.folder))?;
        }
        self.log.start_over();
        Ok(name)
    }
}
