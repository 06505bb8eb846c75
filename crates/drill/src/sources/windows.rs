//! What do the Windows hosts write into their event logs?
//!
//! Real EVTX files, a folder a host: Security, System, PowerShell and the two logs of the remote
//! desktop everywhere, Sysmon on workstations. Each act becomes the events that Windows would
//! write of it on the act's host, with their true fields; acts that Windows does not log leave
//! nothing. Which logs are cleared, archived or never written is decided in `windows/channel.rs`
//! and by the gate.

mod channel;
mod house;
mod line;
mod pen;
mod security;
mod sysmon;
mod system;

use std::io;

use self::channel::Name;
use self::house::House;
use self::pen::{Machine, Pen};
use super::Observer;
use crate::act::{Act, Deed, Session, Way};
use crate::court::{Court, HostId};
use crate::files::Files;
use crate::moment::SECOND;

/// The observer of all Windows hosts.
pub struct Windows {
    house: House,
    /// By number of the host; `None` where there is no Windows.
    machines: Vec<Option<Machine>>,
}

impl Windows {
    /// The observer of that court's hosts.
    #[must_use]
    pub fn new(court: &Court) -> Self {
        let machine = |index| {
            let id = HostId(index as u32);
            court.host(id).is_windows().then(|| Machine::new(court, id))
        };
        Self { house: House::new(court), machines: (0..court.hosts.len()).map(machine).collect() }
    }
}

impl Observer for Windows {
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()> {
        let Some(Some(machine)) = self.machines.get_mut(act.host.index()) else { return Ok(()) };
        let pen = Pen::new((&self.house, court), machine, files, act);
        write(pen, court, act)
    }

    fn finish(&mut self, _court: &Court, files: &mut Files) -> io::Result<()> {
        self.machines.iter_mut().flatten().try_for_each(|machine| machine.finish(files))
    }
}

/// The events of an act on its host. Long because it is a list.
fn write(mut pen: Pen<'_>, court: &Court, act: &Act) -> io::Result<()> {
    let session = &*act.session;
    match &act.deed {
        Deed::LogOn => logged_on(pen, session),
        Deed::LogOnRefused { name, why, way, address, workstation } => {
            pen.logon_refused(name, *why, *way, (address, workstation))
        }
        Deed::LogOff => logged_off(pen, session),
        Deed::OtherCredentials { account, target, process } => {
            pen.other_credentials(session, *account, &court.full_name(*target), process)
        }
        Deed::TicketGranted { certificate } => pen.ticket_granted(session, certificate.as_ref()),
        Deed::ServiceTicket { service, cipher } => pen.service_ticket(session, *service, *cipher),
        Deed::TicketRefused { account } => pen.ticket_refused(session, *account),
        Deed::NtlmChecked { workstation, right } => pen.ntlm_checked(session, workstation, *right),
        Deed::Replicated => pen.replicated(session),
        Deed::Certificate { template, subject } => {
            let machine = session.device.map(|device| court.full_name(device));
            pen.certificate(session, (template, subject), machine.as_deref())
        }
        Deed::Member { group, account, added } => pen.member(session, *group, *account, *added),
        Deed::AccountChanged { account, change } => pen.account_changed(session, *account, *change),
        Deed::Start { process, parent } => {
            pen.started(process, parent)?;
            pen.process_created(process, parent)?;
            if is_powershell(&process.image) { pen.console_started(process) } else { Ok(()) }
        }
        Deed::End(process) => {
            pen.ended(process)?;
            pen.process_ended(process)
        }
        Deed::Resolve { process, name, address } => pen.name_queried(process, name, address),
        Deed::Connect(transfer) => pen.connected(transfer),
        Deed::MakeFile { process, path, from_web } => pen.file_made(process, path, from_web.as_deref()),
        Deed::DropFile { process, path } => pen.file_dropped(process, path),
        Deed::SetValue { process, key, value } => pen.value_set(process, key, value),
        Deed::OpenProcess { process, target, rights } => pen.process_opened(process, target, *rights),
        Deed::LoadImage { process, image } => pen.image_loaded(process, image),
        Deed::Script { process, text } => pen.script(process, text),
        Deed::Service { name, command } => {
            pen.service_installed(session, name, command)?;
            pen.service_in_system(session, name, command)
        }
        Deed::Task { name, command } => pen.task_created(session, name, command),
        Deed::LogCleared(channel) => log_cleared(pen, session, channel),
        Deed::Started => started(pen),
        Deed::Share(share) => pen.share_connected(session, *share),
        Deed::File { file, deed } => {
            let audited = pen.house.audits(court, file);
            pen.shared_file(session, (file, *deed, audited))
        }
        // The cloud's, and other machines'.
        Deed::SignIn { .. }
        | Deed::Consent { .. }
        | Deed::Mail { .. }
        | Deed::Document(_)
        | Deed::TunnelUp { .. }
        | Deed::TunnelDown { .. }
        | Deed::Lease
        | Deed::Knock { .. } => Ok(()),
    }
}

fn logged_on(mut pen: Pen<'_>, session: &Session) -> io::Result<()> {
    pen.logged_on(session)?;
    if matches!(session.way, Way::Console | Way::RemoteDesktop) {
        pen.session_began(session)?;
        pen.at_screen(session, true)?;
    }
    Ok(())
}

fn logged_off(mut pen: Pen<'_>, session: &Session) -> io::Result<()> {
    pen.logged_off(session)?;
    if matches!(session.way, Way::Console | Way::RemoteDesktop) {
        pen.session_ended(session)?;
        pen.at_screen(session, false)?;
    }
    Ok(())
}

/// The log is empty from then on, but for the note of its clearing: in Security for itself, in
/// System for all others.
fn log_cleared(mut pen: Pen<'_>, session: &Session, channel: &'static str) -> io::Result<()> {
    let Some(name) = Name::of(channel) else { return pen.log_cleared(session, channel) };
    pen.clear(name)?;
    match name {
        Name::Security => pen.audit_log_cleared(session),
        _ => pen.log_cleared(session, channel),
    }
}

/// Hosts were up before the drill began, so every start seen is a restart.
fn started(mut pen: Pen<'_>) -> io::Result<()> {
    let at = pen.at;
    pen.at = at - 40 * SECOND;
    pen.stopping()?;
    pen.at = at;
    pen.machine.started = Some(at);
    pen.starting_in_system()?;
    pen.starting()
}

fn is_powershell(image: &str) -> bool {
    let name = image.rsplit('\\').next().unwrap_or(image);
    name.eq_ignore_ascii_case("powershell.exe") || name.eq_ignore_ascii_case("pwsh.exe")
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::act::Client;
    use crate::court::{HostKind, Size};
    use crate::gate::Gate;
    use crate::moment::Moment;

    /// A full Security log notes its archiving in itself (1105); memory stays at a chunk a log.
    #[test]
    fn security_notes_its_archive_in_itself() {
        let from = Moment::of_date(2026, 9, 14);
        let court = Court::found(7, &Size { staff: 12, days: 3, hosts: 14, from });
        let host = court.first(HostKind::FileServer);
        let mut windows = Windows::new(&court);
        windows.machines[host.index()].as_mut().unwrap().channel(Name::Security).shrink(2);
        let mut files = Files::new(None, Gate::default());
        let session = Rc::new(Session {
            number: 1,
            account: court.people[0].account,
            host,
            way: Way::Network,
            device: None,
            address: String::new(),
            port: 0,
            workstation: String::new(),
            client: Client::Desktop,
            agent: "".into(),
            ntlm: false,
            elevated: false,
            logon_id: 0x51_2000,
            token: String::new(),
            opened: from,
            intruder: false,
        });
        for second in 0..1_000 {
            let (at, session) = (from + second * SECOND, Rc::clone(&session));
            let act = Act { at, host, session, deed: Deed::LogOff, step: Some(1) };
            windows.see(&court, &act, &mut files).unwrap();
        }
        windows.finish(&court, &mut files).unwrap();
        let paths: Vec<_> = files.all().map(|file| files.path(file).to_owned()).collect();
        assert_eq!(paths.len(), 3, "{paths:?}");
        let (archives, current): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.contains("Archive-"));
        assert_eq!(current, [&format!("hosts/{}/Security.evtx", court.host(host).name)]);
        assert!(
            archives.iter().all(|path| path.contains("/Archive-Security-2026-09-14-00-")),
            "{archives:?}"
        );
        assert!(files.all().all(|file| files.len(file) <= 4096 + 2 * 65536));
        // Where a record lies is known while the log is written, also in a new file.
        assert!(files.ledger()[&1].iter().all(|trace| trace.offset >= 4096 + 512));
        let begins = |file| files.ledger()[&1].iter().find(|trace| trace.file == file).unwrap().offset;
        let later = files.all().skip(1).map(begins);
        assert!(later.into_iter().all(|offset| offset > 4096 + 512 + 1_000), "1105 stands first");
    }
}
