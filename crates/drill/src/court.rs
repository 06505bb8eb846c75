//! What is the institution, before anything happens in it?
//!
//! People and their habits, machines, accounts, holdings with items and whose they are, rights,
//! duties. [`Court::found`] makes all of it from a seed; nothing here changes while a drill runs,
//! except that people join, leave and travel on dates that are fixed from the start.
//!
//! Things refer to each other by number ([`PersonId`] …): the position in the court's list.

mod cases;
mod duties;
mod found;
mod holdings;
mod hosts;
pub(crate) mod names;
mod rights;
mod staff;

use std::ops::Range;

pub(crate) use rights::object as holding_object;

use crate::moment::{Moment, Span};

/// Defines a number that names a thing by its position in a list of the court.
macro_rules! number {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the list.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

number! {
    /// Of [`Court::people`].
    PersonId
    /// Of [`Court::accounts`].
    AccountId
    /// Of [`Court::hosts`].
    HostId
    /// Of [`Court::shares`].
    ShareId
    /// Of [`Court::situations`].
    SituationId
    /// Of [`Court::holdings`].
    HoldingId
    /// Of [`Court::items`].
    ItemId
    /// Of [`Court::subjects`].
    SubjectId
}

/// How large, how long, from when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// People on the staff register, at least 8.
    pub staff: u32,
    /// Days that are logged, at least 1.
    pub days: u32,
    /// Machines with logs (workstations and servers), at least 12.
    pub hosts: u32,
    /// Midnight (UTC) of the first day.
    pub from: Moment,
}

/// The institution.
#[derive(Debug)]
pub struct Court {
    /// The seed it was made from.
    pub seed: u64,
    /// How large.
    pub size: Size,
    /// `court.example`
    pub domain: String,
    /// `COURT`
    pub netbios: String,
    /// Sub-authorities of the domain's SID after `S-1-5`: 21 and three numbers.
    pub domain_sid: [u32; 4],
    /// The cloud tenant's id, a UUID.
    pub tenant: String,
    /// The staff.
    pub people: Vec<Person>,
    /// Accounts of people, services and machines.
    pub accounts: Vec<Account>,
    /// Machines, and systems of others that hold our data (the cloud).
    pub hosts: Vec<Host>,
    /// Groups of the directory.
    pub groups: Vec<Group>,
    /// Shares of file servers.
    pub shares: Vec<Share>,
    /// Matters before the court.
    pub situations: Vec<Situation>,
    /// Bodies of records.
    pub holdings: Vec<Holding>,
    /// Records; those of one holding stand together.
    pub items: Vec<Item>,
    /// Whose data it is.
    pub subjects: Vec<Subject>,
    /// Who may do what with each holding, in the order of [`Court::holdings`].
    pub grants: Vec<Vec<Grant>>,
    /// Who may do what, as the five-column register says.
    pub rights: Vec<Right>,
    /// Documented reasons: assignments, rota duties, tickets.
    pub duties: Vec<Duty>,
}

/// Part of the court (the register's `organ`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the court's own")]
pub enum Organ {
    Chambers,
    Presidency,
    Prosecutor,
    Registry,
    WitnessSection,
    VictimsParticipation,
    DefenceCounsel,
    InformationTechnology,
    HumanResources,
}

impl Organ {
    /// The register's code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Chambers => "Chambers",
            Self::Presidency => "Presidency",
            Self::Prosecutor => "OTP",
            Self::Registry => "Registry",
            Self::WitnessSection => "VWS",
            Self::VictimsParticipation => "VPRS",
            Self::DefenceCounsel => "OPCD",
            Self::InformationTechnology => "IT",
            Self::HumanResources => "HR",
        }
    }
}

/// What somebody does at the court; decides what a working day looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the trade's own")]
pub enum Role {
    Judge,
    LegalOfficer,
    Investigator,
    Analyst,
    WitnessOfficer,
    Registrar,
    Interpreter,
    Intern,
    Administrator,
    Personnel,
    Assistant,
}

impl Role {
    /// The register's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Judge => "Judge",
            Self::LegalOfficer => "LegalOfficer",
            Self::Investigator => "Investigator",
            Self::Analyst => "Analyst",
            Self::WitnessOfficer => "WitnessOfficer",
            Self::Registrar => "Registrar",
            Self::Interpreter => "Interpreter",
            Self::Intern => "Intern",
            Self::Administrator => "Administrator",
            Self::Personnel => "Personnel",
            Self::Assistant => "Assistant",
        }
    }
}

/// One member of the staff.
#[derive(Clone, Debug)]
pub struct Person {
    /// The staff register's key, `S-0042`.
    pub key: String,
    /// Made up.
    pub given: String,
    /// Made up.
    pub family: String,
    /// Part of the court.
    pub organ: Organ,
    /// What they do.
    pub role: Role,
    /// The everyday account.
    pub account: AccountId,
    /// The administrative account, if they have one.
    pub admin: Option<AccountId>,
    /// The usual device. More people than devices share them.
    pub device: HostId,
    /// First day at work; `None`: before the drill began.
    pub joined: Option<Moment>,
    /// First day no longer at work.
    pub left: Option<Moment>,
    /// Matters they are assigned to, with the time in the duties.
    pub situations: Vec<SituationId>,
    /// How they work.
    pub habits: Habits,
    /// Journeys, in order.
    pub trips: Vec<Trip>,
    /// The address of their line at home (documentation ranges), used when working from there.
    pub home_address: String,
}

/// How somebody works.
#[derive(Clone, Debug)]
pub struct Habits {
    /// Begins work so many minutes after midnight, local time, usually.
    pub begins: u16,
    /// Stops work so many minutes after midnight, local time.
    pub ends: u16,
    /// Acts an hour, about.
    pub tempo: u16,
    /// Days of a hundred that are worked from home.
    pub home_percent: u8,
    /// Days of a thousand with an hour late in the evening or at a weekend.
    pub late_per_mille: u16,
    /// Percent of logons with a mistyped password before.
    pub mistypes: u8,
}

/// A journey.
#[derive(Clone, Debug)]
pub struct Trip {
    /// First moment away.
    pub from: Moment,
    /// First moment back.
    pub to: Moment,
    /// Where to.
    pub place: String,
    /// ISO 3166 code of the country.
    pub country: String,
    /// Offset of the clocks there to UTC.
    pub offset: Span,
    /// The address from which they work there (documentation ranges).
    pub address: String,
}

/// What kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// Everyday account of a person.
    Person(PersonId),
    /// Administrative account of a person.
    Administrator(PersonId),
    /// A service's, which logs on only from its declared host.
    Service(HostId),
    /// A machine's own.
    Machine(HostId),
    /// `SYSTEM`, `LOCAL SERVICE`, `NETWORK SERVICE`: of every Windows host.
    WellKnown,
}

/// An account of the directory, or of Windows itself.
#[derive(Clone, Debug)]
pub struct Account {
    /// `i.vantorp`, `svc-backup`, `REG-WS07$`, `SYSTEM`
    pub name: String,
    /// `COURT` or `NT AUTHORITY`
    pub domain: String,
    /// `i.vantorp@court.example`; empty for machines and well-known accounts.
    pub upn: String,
    /// Relative id in the domain; for well-known accounts the only sub-authority.
    pub rid: u32,
    /// The object id in the cloud directory, a UUID; empty if it is not synchronised.
    pub object: String,
    /// What kind.
    pub kind: AccountKind,
}

impl Account {
    /// `COURT\i.vantorp`
    #[must_use]
    pub fn qualified(&self) -> String {
        format!("{}\\{}", self.domain, self.name)
    }
}

/// What a machine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostKind {
    /// Windows, of one or more people.
    Workstation,
    /// Windows, the directory.
    DomainController,
    /// Windows, shares.
    FileServer,
    /// Linux, shares by Samba.
    Samba,
    /// The document-management system.
    Documents,
    /// Windows, backup.
    Backup,
    /// The hypervisor's management.
    Hypervisor,
    /// VPN gateway.
    Vpn,
    /// Web proxy.
    Proxy,
    /// DHCP server (a role of the first domain controller's subnet; a Linux machine here).
    Dhcp,
    /// The network monitor (Zeek).
    Monitor,
    /// The cloud tenant: mailboxes, sign-ins. No machine of ours.
    Cloud,
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Host {
    /// `REG-WS07`
    pub name: String,
    /// What for.
    pub kind: HostKind,
    /// Its address inside (RFC 1918). Workstations get theirs by DHCP and keep it in a drill.
    pub address: String,
    /// `3c:52:82:…`
    pub mac: String,
    /// Its own account; the cloud and Linux machines have none.
    pub account: Option<AccountId>,
    /// First part of Sysmon's GUIDs on it.
    pub machine: u32,
    /// Serial number in the device register.
    pub serial: String,
}

impl Host {
    /// Whether it writes Windows event logs.
    #[must_use]
    pub const fn is_windows(&self) -> bool {
        matches!(
            self.kind,
            HostKind::Workstation | HostKind::DomainController | HostKind::FileServer | HostKind::Backup
        )
    }
}

/// A group of the directory.
#[derive(Clone, Debug)]
pub struct Group {
    /// `GG-VWS-Files`
    pub name: String,
    /// Relative id.
    pub rid: u32,
    /// Members.
    pub members: Vec<AccountId>,
}

/// A share of a file server.
#[derive(Clone, Debug)]
pub struct Share {
    /// The server.
    pub host: HostId,
    /// `Cases`
    pub name: String,
    /// `D:\Shares\Cases` or `/srv/cases`
    pub root: String,
}

/// A matter before the court.
#[derive(Clone, Debug)]
pub struct Situation {
    /// `ICC-01/26-01/26` would be a real court's form; here `CT-03/24`.
    pub case_no: String,
    /// Title, made up.
    pub title: String,
    /// The code used in paths, `CT0324`.
    pub code: String,
}

/// Where a holding's items lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder of a share, with the path below the share in backslashes (`CT0324\Statements`).
    Folder {
        /// The share.
        share: ShareId,
        /// The folder below it.
        path: String,
    },
    /// A folder of somebody's mailbox; items are messages.
    Mailbox {
        /// Whose.
        account: AccountId,
        /// `Inbox`, `Sent Items`, `Archive`
        folder: String,
    },
    /// A library of the document-management system; items are documents.
    Library {
        /// `CT0324 Filings`
        name: String,
    },
}

/// A body of records.
#[derive(Clone, Debug)]
pub struct Holding {
    /// The register's key, `H-0017`.
    pub key: String,
    /// Title.
    pub title: String,
    /// Where it lies.
    pub place: Place,
    /// Whose responsibility.
    pub organ: Organ,
    /// The matter, if of one.
    pub situation: Option<SituationId>,
    /// `public confidential confidential_ex_parte secret_under_seal`
    pub confidentiality: &'static str,
    /// `witness_statement`, `protection_file`, … as the register names them.
    pub content_types: Vec<&'static str>,
    /// Organisation or State that entrusted it, and on which basis.
    pub entrusted_by: Option<(SubjectId, &'static str)>,
    /// A listing of it is as bad as its content.
    pub name_is_sensitive: bool,
    /// Its items, a range of [`Court::items`].
    pub items: Range<u32>,
    /// Left out of the register: what an intruder touches there is unregistered.
    pub unregistered: bool,
}

/// A record: a file, a message, a document.
#[derive(Clone, Debug)]
pub struct Item {
    /// The register's key, `M-000123`.
    pub key: String,
    /// Its holding.
    pub holding: HoldingId,
    /// File name, `<…@court.example>` message id, or document number `2026-004711`.
    pub name: String,
    /// Title or mail subject; for files the name again.
    pub title: String,
    /// Size.
    pub bytes: u64,
    /// Whose data it has.
    pub subjects: Vec<SubjectId>,
}

/// What kind of subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the contract's three words")]
pub enum SubjectKind {
    Individual,
    Organisation,
    State,
}

impl SubjectKind {
    /// The contract's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Organisation => "organisation",
            Self::State => "state",
        }
    }
}

/// Whose data.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The pseudonym, which is the register's key: `CT-P-0353`, `CT-O-012`, `CT-S-03`.
    pub pseudonym: String,
    /// What kind.
    pub kind: SubjectKind,
    /// `witness insider_witness victim_applicant source accused defence_witness counsel
    /// interpreter staff judge State_official organisation State` …
    pub role: &'static str,
    /// The made-up name, in the script it is written in at home.
    pub name: String,
    /// The same in Latin letters, and other spellings that occur.
    pub aliases: Vec<String>,
    /// Made-up telephone number; empty if not known.
    pub phone: String,
    /// Made-up place of living; empty if not known.
    pub place: String,
    /// The register's measures, `pseudonym`, `non-disclosure`, …
    pub protective_measures: Vec<&'static str>,
    /// `named key+pseudonym pseudonym_only mosaic`
    pub identity_exposure: &'static str,
    /// Those who would harm.
    pub adverse_parties: Vec<String>,
    /// Their area is controlled by those.
    pub hostile_control_of_area: bool,
    /// Officials with proceedings against them abroad for what they do at the court.
    pub hostile_proceedings: bool,
    /// The matter in which their data came to the court; staff, States and some others have none.
    pub situation: Option<SituationId>,
    /// Who knows already: `none defence_redacted defence_full public`
    pub disclosure_state: &'static str,
    /// People who depend on them.
    pub dependants: u8,
    /// Under age.
    pub minor: bool,
    /// The State they live in, as its name is written in the register; empty if not known.
    pub state: &'static str,
}

/// Who may open a holding: through a group, or by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// Position in [`Court::groups`].
    Group(u32),
    /// An account.
    Account(AccountId),
}

/// What somebody may do with a holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who.
    pub holder: Holder,
    /// `read write full-control owner delegate`
    pub right: &'static str,
    /// Since when; `None`: before the drill.
    pub from: Option<Moment>,
    /// Until when.
    pub to: Option<Moment>,
}

/// One line of the rights register.
#[derive(Clone, Debug)]
pub struct Right {
    /// Account or group, as it is written in the register.
    pub principal: String,
    /// `read write full-control member full_access owner …`
    pub right: &'static str,
    /// What on: a path, a mailbox, a library, a host, a group.
    pub object: String,
    /// Group or grant through which it is held; empty if directly.
    pub via: String,
    /// Since when; `None`: before the drill.
    pub from: Option<Moment>,
    /// Until when.
    pub to: Option<Moment>,
}

/// What kind of documented reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DutyKind {
    /// Assigned to a matter.
    Assignment,
    /// On duty by rota.
    Rota,
    /// A request that was granted: access, translation, restoring a file.
    Ticket,
}

/// A documented reason for access.
#[derive(Clone, Debug)]
pub struct Duty {
    /// `A-0007`, `R-0102`, `T-004211`
    pub key: String,
    /// What kind.
    pub kind: DutyKind,
    /// Who.
    pub person: PersonId,
    /// For which holdings; empty for assignments, which cover the matter's.
    pub holdings: Vec<HoldingId>,
    /// For which matter.
    pub situation: Option<SituationId>,
    /// Since when.
    pub from: Moment,
    /// Until when.
    pub to: Moment,
    /// In words.
    pub text: String,
}

impl Court {
    /// A person.
    #[must_use]
    pub fn person(&self, id: PersonId) -> &Person {
        &self.people[id.index()]
    }

    /// An account.
    #[must_use]
    pub fn account(&self, id: AccountId) -> &Account {
        &self.accounts[id.index()]
    }

    /// A machine.
    #[must_use]
    pub fn host(&self, id: HostId) -> &Host {
        &self.hosts[id.index()]
    }

    /// A share.
    #[must_use]
    pub fn share(&self, id: ShareId) -> &Share {
        &self.shares[id.index()]
    }

    /// A holding.
    #[must_use]
    pub fn holding(&self, id: HoldingId) -> &Holding {
        &self.holdings[id.index()]
    }

    /// An item.
    #[must_use]
    pub fn item(&self, id: ItemId) -> &Item {
        &self.items[id.index()]
    }

    /// A subject.
    #[must_use]
    pub fn subject(&self, id: SubjectId) -> &Subject {
        &self.subjects[id.index()]
    }

    /// The items of a holding.
    pub fn items_of(&self, id: HoldingId) -> impl DoubleEndedIterator<Item = ItemId> + use<> {
        self.holding(id).items.clone().map(ItemId)
    }

    /// The first machine of a kind; there is one of every kind but `FileServer` and
    /// `Workstation`, of which there are several.
    #[must_use]
    pub fn first(&self, kind: HostKind) -> HostId {
        let at = self.hosts.iter().position(|host| host.kind == kind);
        HostId(at.unwrap_or(0) as u32)
    }

    /// `REG-WS07.court.example`
    #[must_use]
    pub fn full_name(&self, id: HostId) -> String {
        format!("{}.{}", self.host(id).name, self.domain)
    }

    /// `SYSTEM`, which is the first account of the list; `LOCAL SERVICE` and `NETWORK SERVICE`
    /// follow.
    pub const SYSTEM: AccountId = AccountId(0);
    /// See [`Court::SYSTEM`].
    pub const LOCAL_SERVICE: AccountId = AccountId(1);
    /// See [`Court::SYSTEM`].
    pub const NETWORK_SERVICE: AccountId = AccountId(2);

    /// Where an item is found, as its own system writes it: `\\LEGAL-FS01\Cases\CT0324\…`, a
    /// message id, a document number.
    #[must_use]
    pub fn locator(&self, id: ItemId) -> String {
        let item = self.item(id);
        match &self.holding(item.holding).place {
            Place::Folder { share, path } => {
                let share = self.share(*share);
                format!("\\\\{}\\{}\\{path}\\{}", self.host(share.host).name, share.name, item.name)
            }
            Place::Mailbox { .. } | Place::Library { .. } => item.name.clone(),
        }
    }
}
