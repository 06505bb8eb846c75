//! What does somebody have open while at work?
//!
//! A [`Desk`] is a person's working day in progress: the presence at the machine, programs, mail,
//! tunnel, connections to shares and to the document system. What is opened for a use stays open
//! until it has been idle, and is closed with the desk. The story uses desks too: an infiltrated
//! intern works like everybody else.

use std::rc::Rc;

use crate::act::{Client, Deed, DocumentDeed, FileDeed, MailDeed, Process, Session, SharedFile, Way};
use crate::chance::Dice;
use crate::court::{HoldingId, HostId, HostKind, ItemId, PersonId, Place, ShareId};
use crate::life::services::shared_file;
use crate::life::sites;
use crate::moment::{MINUTE, MS, Moment, SECOND, Span};
use crate::truth::Grade;
use crate::world::{Arrival, Talk, World};

/// A connection to a share ends when it has been idle for that long.
const IDLE: Span = 15 * MINUTE;

pub(crate) const EXPLORER: &str = "C:\\Windows\\explorer.exe";
pub(crate) const OUTLOOK: &str = "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE";
pub(crate) const WORD: &str = "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE";
pub(crate) const READER: &str = "C:\\Program Files\\Folio Reader\\folio.exe";
pub(crate) const BROWSER: &str = "C:\\Program Files\\Mozilla Firefox\\firefox.exe";
const BROWSER_AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";
const OUTLOOK_AGENT: &str = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)";

/// A connection to a file server.
struct SharedSession {
    session: Rc<Session>,
    share: ShareId,
    used: Moment,
}

/// A working day in progress.
pub(crate) struct Desk {
    pub(crate) person: PersonId,
    pub(crate) device: HostId,
    /// The address under which the device is seen inside.
    pub(crate) inside: String,
    /// The address under which the cloud sees it.
    pub(crate) outside: String,
    /// Truth: who sits here is the intruder.
    pub(crate) intruder: bool,
    pub(crate) console: Rc<Session>,
    explorer: Rc<Process>,
    browser: Option<Rc<Process>>,
    mail: Option<Rc<Session>>,
    documents: Option<Rc<Session>>,
    shares: Vec<SharedSession>,
}

impl Desk {
    /// Sits down: the presence at the machine begins with its first programs.
    pub(crate) fn open(
        world: &mut World<'_>,
        at: Moment,
        person: PersonId,
        (inside, outside): (String, String),
    ) -> Self {
        let court = world.court;
        let who = court.person(person);
        let intruder = world.insider.as_ref().is_some_and(|(insider, _)| *insider == person);
        let device = who.device;
        let name = court.host(device).name.clone();
        let arrival = Arrival::at_console(who.account, device).intruder(intruder);
        let console = world.arrive(at, &Arrival { workstation: &name, ..arrival });
        let services = world.services(device);
        let explorer = world.start(at + 1200 * MS, &console, &services, EXPLORER, EXPLORER);
        Self {
            person,
            device,
            inside,
            outside,
            intruder,
            console,
            explorer,
            browser: None,
            mail: None,
            documents: None,
            shares: Vec::new(),
        }
    }

    /// Gets up: everything is closed, the presence ends.
    pub(crate) fn close(mut self, world: &mut World<'_>, at: Moment) {
        for open in std::mem::take(&mut self.shares) {
            world.leave((open.used + IDLE).min(at), &open.session);
        }
        for session in [self.mail.take(), self.documents.take()].into_iter().flatten() {
            world.vanish(at - SECOND, &session);
        }
        for process in [self.browser.take(), Some(self.explorer)].into_iter().flatten() {
            world.end(at - 400 * MS, &process);
        }
        world.leave(at, &self.console);
    }

    /// A program of the person's.
    pub(crate) fn program(
        &self,
        world: &mut World<'_>,
        at: Moment,
        lasts: Span,
        image: &str,
        command: &str,
    ) -> Rc<Process> {
        world.run(at, lasts, &self.console, &self.explorer, (image, command))
    }

    // ---- shares -----------------------------------------------------------------------------

    /// The connection to a share, opened if it is not.
    pub(crate) fn share(&mut self, world: &mut World<'_>, at: Moment, share: ShareId) -> Rc<Session> {
        let idle = self.shares.iter().position(|open| open.share == share);
        if let Some(position) = idle {
            if at - self.shares[position].used < IDLE {
                self.shares[position].used = at;
                return Rc::clone(&self.shares[position].session);
            }
            let old = self.shares.swap_remove(position);
            world.leave(old.used + IDLE, &old.session);
        }
        let court = world.court;
        let server = court.share(share).host;
        let account = court.person(self.person).account;
        let arrival =
            Arrival::over_network(account, server, Some(self.device), &self.inside).intruder(self.intruder);
        let session = world.arrive(at - 60 * MS, &arrival);
        world.add(at - 20 * MS, server, &session, Deed::Share(share));
        self.shares.push(SharedSession { session: Rc::clone(&session), share, used: at });
        session
    }

    /// Looks into a holding's folder.
    pub(crate) fn list(
        &mut self,
        world: &mut World<'_>,
        at: Moment,
        holding: HoldingId,
        share: ShareId,
        path: &str,
    ) {
        let session = self.share(world, at, share);
        let file = SharedFile { share, path: path.into(), item: None, folder: true, size: 0 };
        world.add(at, session.host, &session, Deed::File { file, deed: FileDeed::List });
        let items: Vec<_> = world.court.items_of(holding).collect();
        self.shown(world, &items, Grade::Listed, at);
    }

    /// Truth: records came before the eyes of who sits here. It matters of the insider alone.
    pub(crate) fn shown(&self, world: &mut World<'_>, items: &[ItemId], grade: Grade, at: Moment) {
        let Some((_, incident)) = world.insider.clone().filter(|_| self.intruder) else { return };
        for item in items {
            let bytes = if grade == Grade::Listed { 0 } else { world.court.item(*item).bytes };
            world.truth.reached(&incident, *item, grade, at, bytes);
        }
    }

    /// Does something to a file of a share.
    pub(crate) fn file(&mut self, world: &mut World<'_>, at: Moment, item: ItemId, deed: FileDeed) {
        let file = shared_file(world.court, item);
        let session = self.share(world, at, file.share);
        world.add(at, session.host, &session, Deed::File { file, deed });
    }

    /// Reads a file in its program.
    pub(crate) fn read(&mut self, world: &mut World<'_>, at: Moment, item: ItemId, dice: &mut Dice) {
        let bytes = world.court.item(item).bytes;
        self.file(world, at, item, FileDeed::Read(bytes));
        self.shown(world, &[item], Grade::Opened, at);
        let locator = world.court.locator(item);
        let image = if locator.ends_with(".pdf") { READER } else { WORD };
        let command = ["\"", image, "\" /n \"", &locator, "\""].concat();
        let process = self.program(world, at - 300 * MS, dice.skewed(2, 12) * MINUTE, image, &command);
        let recent =
            format!("HKU\\Software\\Microsoft\\Office\\16.0\\Word\\File MRU\\Item {}", 1 + dice.below(20));
        let deed = Deed::SetValue { process, key: recent.into(), value: locator.as_str().into() };
        let console = Rc::clone(&self.console);
        world.add(at + 900 * MS, self.device, &console, deed);
    }

    // ---- mail -------------------------------------------------------------------------------

    /// The presence at the mail service: the desktop program with a token of its own.
    pub(crate) fn mail(
        &mut self,
        world: &mut World<'_>,
        at: Moment,
        browser: bool,
        dice: &mut Dice,
    ) -> Rc<Session> {
        if let Some(session) = &self.mail {
            return Rc::clone(session);
        }
        let court = world.court;
        let cloud = court.first(HostKind::Cloud);
        let account = court.person(self.person).account;
        let (client, agent) =
            if browser { (Client::Browser, BROWSER_AGENT) } else { (Client::Desktop, OUTLOOK_AGENT) };
        let arrival = Arrival::over_network(account, cloud, Some(self.device), &self.outside)
            .by(Way::Cloud)
            .with(client, agent)
            .intruder(self.intruder);
        let session = world.presence(at, &arrival);
        let app = if browser { "One Outlook Web" } else { "Microsoft Office" };
        let deed = Deed::SignIn { app: app.into(), interactive: browser || dice.chance(15), refused: None };
        world.add(at, cloud, &session, deed);
        if !browser {
            let command = ["\"", OUTLOOK, "\""].concat();
            let process = self.program(world, at - 2 * SECOND, 7 * 60 * MINUTE, OUTLOOK, &command);
            world.browse(at - SECOND, &process, &sites::MAIL, Talk::short(dice));
            let deed = MailDeed::Sync { folder: "Inbox".into(), count: dice.between(20, 400) as u32 };
            world.add(at + 3 * SECOND, cloud, &session, Deed::Mail { mailbox: account, deed });
            // A folder that is synchronised to a managed device is collected, whoever sits there.
            let inbox = court.holdings.iter().enumerate().filter(|(_, holding)| {
                matches!(&holding.place, Place::Mailbox { account: of, folder } if *of == account && folder == "Inbox")
            });
            let items: Vec<ItemId> =
                inbox.flat_map(|(number, _)| court.items_of(HoldingId(number as u32))).collect();
            self.shown(world, &items, Grade::Collected, at + 3 * SECOND);
        }
        self.mail = Some(Rc::clone(&session));
        session
    }

    // ---- documents and web ------------------------------------------------------------------

    /// The presence at the document system.
    pub(crate) fn documents(&mut self, world: &mut World<'_>, at: Moment) -> Rc<Session> {
        if let Some(session) = &self.documents {
            return Rc::clone(session);
        }
        let court = world.court;
        let account = court.person(self.person).account;
        let host = court.first(HostKind::Documents);
        let name = court.host(self.device).name.clone();
        let arrival = Arrival::over_network(account, host, Some(self.device), &self.inside)
            .by(Way::Documents)
            .with(Client::Browser, BROWSER_AGENT)
            .intruder(self.intruder);
        let session = world.presence(at, &Arrival { workstation: &name, ..arrival });
        self.documents = Some(Rc::clone(&session));
        session
    }

    /// Does something in the document system.
    pub(crate) fn document(&mut self, world: &mut World<'_>, at: Moment, deed: DocumentDeed) {
        let session = self.documents(world, at - SECOND);
        world.add(at, session.host, &session, Deed::Document(deed));
    }

    /// Looks at a page.
    pub(crate) fn page(&mut self, world: &mut World<'_>, at: Moment, dice: &mut Dice) {
        let browser = match &self.browser {
            Some(browser) => Rc::clone(browser),
            None => {
                let command = ["\"", BROWSER, "\" -osint -url"].concat();
                let started = world.start(at - 3 * SECOND, &self.console, &self.explorer, BROWSER, &command);
                self.browser = Some(Rc::clone(&started));
                started
            }
        };
        for number in 0..dice.between(1, 5) {
            let at = at + number * 170 * MS;
            world.browse(at, &browser, &sites::page(dice), Talk::short(dice));
            if dice.chance(40) {
                let user = &world.court.account(self.console.account).name;
                let path = format!(
                    "C:\\Users\\{user}\\AppData\\Local\\Mozilla\\Firefox\\Profiles\\k3x1.default\\cache2\\entries\\{}",
                    dice.hex(40).to_uppercase()
                );
                let made = Deed::MakeFile { process: Rc::clone(&browser), path: path.into(), from_web: None };
                world.add(at + 90 * MS, self.device, &self.console, made);
            }
        }
    }
}

/// A folder of a mailbox with messages of it: id and size.
type InFolder = (Rc<str>, Vec<(Rc<str>, u64)>);

/// Messages with sizes, by the folder they lie in.
pub(crate) fn by_folder(court: &crate::court::Court, items: &[ItemId]) -> Vec<InFolder> {
    let mut folders: Vec<InFolder> = Vec::new();
    for item in items {
        let it = court.item(*item);
        let Place::Mailbox { folder, .. } = &court.holding(it.holding).place else { continue };
        let message = (it.name.as_str().into(), it.bytes);
        match folders.iter_mut().find(|(name, _)| **name == **folder) {
            Some((_, messages)) => messages.push(message),
            None => folders.push((folder.as_str().into(), vec![message])),
        }
    }
    folders
}
