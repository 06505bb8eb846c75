//! What is going on right now: who is logged on where, which processes run?
//!
//! The [`World`] is what happens. Those who live in it (`life/`, `story/`) add acts to it, of
//! today and of later; `make` takes each day's acts out in the order of time and shows them to
//! the observers. The truth grows here too: sessions as they end, what was reached as it is
//! reached. Memory holds one day.

use std::rc::Rc;

use crate::act::{Act, Cipher, Client, Deed, Integrity, Process, Refusal, Service, Session, Transfer, Way};
use crate::chance::Dice;
use crate::court::{AccountId, AccountKind, Court, HostId, HostKind, PersonId};
use crate::moment::{MINUTE, MS, Moment, SECOND, Span};
use crate::truth::Truth;

/// The logon id of the machine itself.
pub(crate) const MACHINE_LOGON: u64 = 0x3e7;

/// What a machine has running.
struct HostState {
    machine: Rc<Session>,
    services: Rc<Process>,
    next_logon: u64,
    next_process: u64,
    dice: Dice,
}

/// Everything that is going on.
pub(crate) struct World<'c> {
    pub(crate) court: &'c Court,
    pub(crate) truth: Truth,
    /// The step that acts belong to from now on; set while a move of the story is made.
    pub(crate) step: Option<u32>,
    /// Logs that were cleared: host, source, when.
    pub(crate) cleared: Vec<(HostId, &'static str, Moment)>,
    /// Machines on which the intruder had an administrator's presence, since when.
    pub(crate) administered: Vec<(HostId, Moment)>,
    /// The insider, whose work is the intruder's, and the incident.
    pub(crate) insider: Option<(PersonId, String)>,
    hosts: Vec<HostState>,
    sessions: u64,
    acts: Vec<Act>,
    /// Presences at keyboards that began today, with their end.
    consoles: Vec<(Rc<Session>, Moment)>,
}

/// Who comes how from where; the rest of a [`Session`] follows from it.
pub(crate) struct Arrival<'a> {
    pub(crate) account: AccountId,
    pub(crate) host: HostId,
    pub(crate) way: Way,
    pub(crate) device: Option<HostId>,
    pub(crate) address: &'a str,
    pub(crate) workstation: &'a str,
    pub(crate) client: Client,
    pub(crate) agent: &'a str,
    pub(crate) ntlm: bool,
    pub(crate) elevated: bool,
    pub(crate) intruder: bool,
}

impl<'a> Arrival<'a> {
    /// An account at the keyboard of a machine of the court.
    pub(crate) fn at_console(account: AccountId, host: HostId) -> Self {
        Self {
            account,
            host,
            way: Way::Console,
            device: Some(host),
            address: "127.0.0.1",
            workstation: "",
            client: Client::Desktop,
            agent: "",
            ntlm: false,
            elevated: false,
            intruder: false,
        }
    }

    /// An account that comes to a server over the network.
    pub(crate) fn over_network(
        account: AccountId,
        host: HostId,
        device: Option<HostId>,
        address: &'a str,
    ) -> Self {
        Self { way: Way::Network, device, address, ..Self::at_console(account, host) }
    }

    pub(crate) fn by(self, way: Way) -> Self {
        Self { way, ..self }
    }

    pub(crate) fn with(self, client: Client, agent: &'a str) -> Self {
        Self { client, agent, ..self }
    }

    pub(crate) fn elevated(self, elevated: bool) -> Self {
        Self { elevated, ..self }
    }

    pub(crate) fn ntlm(self, workstation: &'a str) -> Self {
        Self { ntlm: true, workstation, ..self }
    }

    pub(crate) fn intruder(self, intruder: bool) -> Self {
        Self { intruder, ..self }
    }
}

impl<'c> World<'c> {
    pub(crate) fn new(court: &'c Court, truth: Truth) -> Self {
        let dice = Dice::new(court.seed, "hosts");
        let booted = court.size.from - 3 * crate::moment::DAY;
        let hosts = (0..court.hosts.len() as u32).map(HostId);
        let hosts = hosts.map(|id| HostState::started(court, id, booted, dice.branch(u64::from(id.0))));
        Self {
            court,
            truth,
            step: None,
            cleared: Vec::new(),
            administered: Vec::new(),
            insider: None,
            hosts: hosts.collect(),
            sessions: 1000,
            acts: Vec::new(),
            consoles: Vec::new(),
        }
    }

    /// Takes the acts before `end` out, in the order of time; those of the same moment in the
    /// order in which they were told.
    pub(crate) fn take_until(&mut self, end: Moment) -> Vec<Act> {
        let (mut now, later): (Vec<_>, Vec<_>) = self.acts.drain(..).partition(|act| act.at < end);
        self.acts = later;
        now.sort_by_key(|act| act.at);
        now
    }

    /// Notes that somebody sits at a machine, until when.
    pub(crate) fn seated(&mut self, console: &Rc<Session>, until: Moment) {
        self.consoles.push((Rc::clone(console), until));
    }

    /// A new day: who sat where yesterday does not matter any more.
    pub(crate) fn new_day(&mut self, day: Moment) {
        self.consoles.retain(|(_, until)| *until > day);
    }

    /// Who sits at the machine at that moment.
    pub(crate) fn console_at(&self, host: HostId, at: Moment) -> Option<Rc<Session>> {
        let there = |(session, until): &&(Rc<Session>, Moment)| {
            session.host == host && (session.opened..*until).contains(&at)
        };
        self.consoles.iter().find(there).map(|(session, _)| Rc::clone(session))
    }

    /// The presence of an account at that machine today, with its end; of two hours at least.
    pub(crate) fn console_today(&self, host: HostId, account: AccountId) -> Option<(Rc<Session>, Moment)> {
        let there = |(session, until): &&(Rc<Session>, Moment)| {
            session.host == host && session.account == account && *until - session.opened > minutes(120)
        };
        self.consoles.iter().find(there).cloned()
    }

    /// Who sits at the machine then or next today, from when, with half an hour left.
    pub(crate) fn console_after(
        &self,
        host: HostId,
        account: AccountId,
        at: Moment,
    ) -> Option<(Moment, Rc<Session>)> {
        let later = self.consoles.iter().filter(|(session, until)| {
            session.host == host && session.account == account && *until > at + minutes(30)
        });
        let first = later.min_by_key(|(session, _)| session.opened);
        first.map(|(session, _)| (session.opened, Rc::clone(session)))
    }

    /// Something happens.
    pub(crate) fn add(&mut self, at: Moment, host: HostId, session: &Rc<Session>, deed: Deed) {
        let act = Act { at, host, session: Rc::clone(session), deed, step: self.step };
        self.acts.push(act);
    }

    /// The presence of the machine itself.
    pub(crate) fn machine(&self, host: HostId) -> Rc<Session> {
        Rc::clone(&self.hosts[host.index()].machine)
    }

    /// The machine's `services.exe`, parent of services and their work.
    pub(crate) fn services(&self, host: HostId) -> Rc<Process> {
        Rc::clone(&self.hosts[host.index()].services)
    }

    /// The domain controller that answers this machine.
    pub(crate) fn controller(&self) -> HostId {
        self.court.first(HostKind::DomainController)
    }

    // ---- presences --------------------------------------------------------------------------

    /// A presence begins, without any act: for systems that log no beginning.
    pub(crate) fn presence(&mut self, at: Moment, arrival: &Arrival<'_>) -> Rc<Session> {
        self.sessions += 1;
        if arrival.intruder && arrival.elevated {
            self.administered.push((arrival.host, at));
        }
        let state = &mut self.hosts[arrival.host.index()];
        let mut dice = state.dice.branch(self.sessions);
        state.next_logon += 0x40 + dice.below(0x9000);
        let token = match arrival.way {
            Way::Cloud | Way::Documents => dice.uuid(),
            _ => String::new(),
        };
        let local = matches!(arrival.way, Way::Console | Way::Unlock | Way::Service | Way::Batch);
        Rc::new(Session {
            number: self.sessions,
            account: arrival.account,
            host: arrival.host,
            way: arrival.way,
            device: arrival.device,
            address: arrival.address.to_owned(),
            port: if local { 0 } else { 49_152 + dice.below(16_000) as u16 },
            workstation: arrival.workstation.to_owned(),
            client: arrival.client,
            agent: arrival.agent.into(),
            ntlm: arrival.ntlm,
            elevated: arrival.elevated,
            logon_id: state.next_logon,
            token,
            opened: at,
            intruder: arrival.intruder,
        })
    }

    /// A presence begins on a Windows or Samba host, with what the directory sees of it.
    pub(crate) fn arrive(&mut self, at: Moment, arrival: &Arrival<'_>) -> Rc<Session> {
        let session = self.presence(at, arrival);
        self.ask_directory(at - 40 * MS, &session);
        self.add(at, arrival.host, &session, Deed::LogOn);
        session
    }

    /// The presence ends.
    pub(crate) fn leave(&mut self, at: Moment, session: &Rc<Session>) {
        self.add(at, session.host, session, Deed::LogOff);
        self.truth.session(self.court, session, at);
    }

    /// The presence ends where no source says so.
    pub(crate) fn vanish(&mut self, at: Moment, session: &Rc<Session>) {
        self.truth.session(self.court, session, at);
    }

    /// Tickets and checks at the domain controller that a logon needs.
    fn ask_directory(&mut self, at: Moment, session: &Rc<Session>) {
        let controller = self.controller();
        if session.ntlm {
            let workstation = session.workstation.as_str().into();
            return self.add(at, controller, session, Deed::NtlmChecked { workstation, right: true });
        }
        // The directory sees the address of the client, at the console the machine's own.
        let session = &self.as_seen_by_directory(session);
        if matches!(session.way, Way::Console | Way::RemoteDesktop | Way::Batch) {
            self.add(at - 30 * MS, controller, session, Deed::TicketGranted { certificate: None });
        }
        if let Some(service) = self.court.host(session.host).account.filter(|_| session.way != Way::Service) {
            let deed = Deed::ServiceTicket { service, cipher: Cipher::Aes256 };
            self.add(at, controller, session, deed);
        }
    }

    pub(crate) fn as_seen_by_directory(&self, session: &Rc<Session>) -> Rc<Session> {
        if session.address != "127.0.0.1" {
            return Rc::clone(session);
        }
        let address = self.court.host(session.host).address.clone();
        Rc::new(Session { address, ..Session::clone(session) })
    }

    /// Somebody mistypes at the console: seen by the machine and by the directory.
    pub(crate) fn mistype(&mut self, at: Moment, account: AccountId, host: HostId) {
        let court = self.court;
        let machine = self.machine(host);
        let deed = Deed::LogOnRefused {
            name: court.account(account).name.as_str().into(),
            why: Refusal::Password,
            way: Way::Console,
            address: "127.0.0.1".into(),
            workstation: court.host(host).name.as_str().into(),
        };
        self.add(at, host, &machine, deed);
        let asking =
            Rc::new(Session { address: court.host(host).address.clone(), ..Session::clone(&machine) });
        let controller = self.controller();
        self.add(at - 20 * MS, controller, &asking, Deed::TicketRefused { account });
    }

    // ---- processes --------------------------------------------------------------------------

    /// A process starts.
    pub(crate) fn start(
        &mut self,
        at: Moment,
        session: &Rc<Session>,
        parent: &Rc<Process>,
        image: &str,
        command: &str,
    ) -> Rc<Process> {
        let host = parent.session.host;
        let integrity = match (session.logon_id, session.elevated) {
            (MACHINE_LOGON, _) => Integrity::System,
            (_, true) => Integrity::High,
            _ => Integrity::Medium,
        };
        let process = self.hosts[host.index()].process(at, session, image, command, integrity);
        self.add(at, host, session, Deed::Start { process: Rc::clone(&process), parent: Rc::clone(parent) });
        process
    }

    /// It ends.
    pub(crate) fn end(&mut self, at: Moment, process: &Rc<Process>) {
        let session = Rc::clone(&process.session);
        self.add(at, process.session.host, &session, Deed::End(Rc::clone(process)));
    }

    /// A process that starts and soon ends: most of them.
    pub(crate) fn run(
        &mut self,
        at: Moment,
        lasts: Span,
        session: &Rc<Session>,
        parent: &Rc<Process>,
        (image, command): (&str, &str),
    ) -> Rc<Process> {
        let process = self.start(at, session, parent, image, command);
        self.end(at + lasts, &process);
        process
    }

    /// A process looks up a name and speaks with that machine by TLS.
    pub(crate) fn browse(&mut self, at: Moment, process: &Rc<Process>, to: &Outside<'_>, talk: Talk) {
        let session = Rc::clone(&process.session);
        let host = session.host;
        let (name, address): (Rc<str>, Rc<str>) = (to.name.into(), to.address.into());
        // Most names are remembered from the time before.
        if self.hosts[host.index()].dice.chance(45) {
            let process = Rc::clone(process);
            let deed = Deed::Resolve { process, name: Rc::clone(&name), address: Rc::clone(&address) };
            self.add(at, host, &session, deed);
        }
        let from_port = 49_152 + self.hosts[host.index()].dice.below(16_000) as u16;
        let transfer = Transfer {
            process: Some(Rc::clone(process)),
            name: Some(name),
            address,
            port: 443,
            from_port,
            service: Service::Tls,
            sent: talk.sent,
            received: talk.received,
            lasted: talk.lasted,
        };
        self.add(at + 35 * MS, host, &session, Deed::Connect(transfer));
    }
}

/// A machine outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside<'a> {
    pub(crate) name: &'a str,
    pub(crate) address: &'a str,
}

/// How much was said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) lasted: Span,
}

impl Talk {
    /// A page or a query.
    pub(crate) fn short(dice: &mut Dice) -> Self {
        Self {
            sent: 700 + dice.below(4000),
            received: 2000 + dice.skewed(500, 60_000).unsigned_abs(),
            lasted: dice.between(80, 20_000) * MS,
        }
    }
}

impl HostState {
    fn started(court: &Court, id: HostId, at: Moment, mut dice: Dice) -> Self {
        let account = court.host(id).account.unwrap_or(Court::SYSTEM);
        let machine = Rc::new(Session {
            number: u64::from(id.0),
            account,
            host: id,
            way: Way::Service,
            device: Some(id),
            address: "-".to_owned(),
            port: 0,
            workstation: String::new(),
            client: Client::Service,
            agent: "".into(),
            ntlm: false,
            elevated: true,
            logon_id: MACHINE_LOGON,
            token: String::new(),
            opened: at,
            intruder: false,
        });
        let since = at + dice.between(5, 40) * SECOND;
        let image: Rc<str> = "C:\\Windows\\System32\\services.exe".into();
        let services = Rc::new(Process {
            number: 0x0b,
            pid: 712,
            command: Rc::clone(&image),
            image,
            since,
            session: Rc::clone(&machine),
            integrity: Integrity::System,
        });
        let next_logon = 0x2_0000 + dice.below(0x4_0000);
        Self { machine, services, next_logon, next_process: 900, dice }
    }

    fn process(
        &mut self,
        at: Moment,
        session: &Rc<Session>,
        image: &str,
        command: &str,
        integrity: Integrity,
    ) -> Rc<Process> {
        self.next_process += 1 + self.dice.below(3);
        let pid = 1200 + 4 * self.dice.below(3600) as u32;
        let (image, command) = (image.into(), command.into());
        let session = Rc::clone(session);
        Rc::new(Process { number: self.next_process, pid, image, command, since: at, session, integrity })
    }
}

/// Whether the truth speaks of an account's sessions: those of people and services.
pub(crate) fn is_told(court: &Court, account: AccountId) -> bool {
    matches!(
        court.account(account).kind,
        AccountKind::Person(_) | AccountKind::Administrator(_) | AccountKind::Service(_)
    )
}

/// So many minutes, as a span.
pub(crate) const fn minutes(count: i64) -> Span {
    count * MINUTE
}
