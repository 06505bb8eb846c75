//! What happens in the world, before any source has seen it?
//!
//! An [`Act`] is a fact of the simulated world. Observers (`sources/`) each see the acts that
//! their source would see, and say only what the real source would say. No act knows rules,
//! findings or grades, nor which events it will leave.
//!
//! Texts are shared (`Rc<str>`): the same path and command occur in many acts.

use std::rc::Rc;

use crate::court::{AccountId, HostId, ItemId, ShareId};
use crate::moment::{Moment, Span};

/// Something that happens.
#[derive(Clone, Debug)]
pub struct Act {
    /// When.
    pub at: Moment,
    /// On which machine: the one whose own sources can see it. File acts happen on the server,
    /// processes where they run, mail and sign-ins in the cloud.
    pub host: HostId,
    /// In the course of which presence.
    pub session: Rc<Session>,
    /// What.
    pub deed: Deed,
    /// The intrusion's step that it belongs to (its position in the truth's list), if any: then
    /// observers' traces of it go into the ledger.
    pub step: Option<u32>,
}

/// How somebody came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// At the keyboard (Windows logon type 2).
    Console,
    /// Unlocking it (7).
    Unlock,
    /// Remote desktop (10).
    RemoteDesktop,
    /// Over the network: SMB, WMI, WinRM (3).
    Network,
    /// A service (5).
    Service,
    /// A scheduled task (4).
    Batch,
    /// VPN tunnel; the session's `inside` is the address it was given.
    Vpn,
    /// A browser or app at the cloud.
    Cloud,
    /// The document-management system's own session.
    Documents,
}

/// Which program speaks, where a system records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Web browser: shows, does not keep.
    Browser,
    /// Outlook or another desktop program that keeps copies.
    Desktop,
    /// A script or app with the interface for programs.
    Api,
    /// A background service.
    Service,
}

/// One authenticated presence of an account on a system.
#[derive(Clone, Debug)]
pub struct Session {
    /// Unique in the drill, counted up.
    pub number: u64,
    /// Whose account.
    pub account: AccountId,
    /// On which system.
    pub host: HostId,
    /// How.
    pub way: Way,
    /// From which machine of the court; `None`: from one that is not the court's.
    pub device: Option<HostId>,
    /// The address from which it comes: inside ones for devices in the house, the outside one
    /// for VPN and cloud.
    pub address: String,
    /// Source port, where a source writes it.
    pub port: u16,
    /// The name that the client gives (NTLM, VPN, DMS), true or not.
    pub workstation: String,
    /// The program.
    pub client: Client,
    /// Its name with version, as user agents and VPN clients give it.
    pub agent: Rc<str>,
    /// NTLM instead of Kerberos.
    pub ntlm: bool,
    /// With full rights.
    pub elevated: bool,
    /// Windows' logon id, unique on the host since its start. 0x3e7 is the system's own.
    pub logon_id: u64,
    /// Session or token id of cloud and documents, a UUID; empty for others.
    pub token: String,
    /// When it began.
    pub opened: Moment,
    /// Truth: the intruder's. Observers must not look at it.
    pub intruder: bool,
}

/// A process of a Windows host.
#[derive(Clone, Debug)]
pub struct Process {
    /// Unique on the host, counted up; goes into Sysmon's GUID.
    pub number: u64,
    /// Windows' process id: reused.
    pub pid: u32,
    /// `C:\Windows\System32\svchost.exe`
    pub image: Rc<str>,
    /// With arguments.
    pub command: Rc<str>,
    /// When it started.
    pub since: Moment,
    /// In whose presence it runs.
    pub session: Rc<Session>,
    /// Integrity level.
    pub integrity: Integrity,
}

/// Windows' integrity levels that occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Windows' own names")]
pub enum Integrity {
    Medium,
    High,
    System,
}

/// Why a logon was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The password was wrong.
    Password,
    /// There is no such account.
    Unknown,
    /// The account is disabled or its holder has left.
    Disabled,
    /// The second factor was not given.
    SecondFactor,
}

/// A transfer over the network.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The process on the act's host, where one is known (not for proxies and servers).
    pub process: Option<Rc<Process>>,
    /// Name of the other side, if a name was looked up.
    pub name: Option<Rc<str>>,
    /// Address of the other side.
    pub address: Rc<str>,
    /// Port of the other side.
    pub port: u16,
    /// Our port.
    pub from_port: u16,
    /// What is spoken.
    pub service: Service,
    /// Bytes from us to them.
    pub sent: u64,
    /// Bytes from them to us.
    pub received: u64,
    /// How long.
    pub lasted: Span,
}

/// What is spoken over the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// TLS: names, not content.
    Tls,
    /// Plain HTTP with method, path, status, user agent, media type.
    Http {
        /// `GET`, `POST`, `PUT`
        method: &'static str,
        /// With leading slash.
        path: Rc<str>,
        /// 200, 401, …
        status: u16,
        /// As sent.
        agent: Rc<str>,
        /// Of the body.
        media: &'static str,
    },
    /// SMB to a file server.
    Smb,
    /// Anything else.
    Other,
}

/// What kind of ticket's encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// 0x12
    Aes256,
    /// 0x17
    Rc4,
}

/// One file on a share: registered or not.
#[derive(Clone, Debug)]
pub struct SharedFile {
    /// The share.
    pub share: ShareId,
    /// Path below the share, in backslashes; empty for its root.
    pub path: Rc<str>,
    /// The item, if it is one.
    pub item: Option<ItemId>,
    /// It is a folder.
    pub folder: bool,
    /// Its size.
    pub size: u64,
}

/// What was done to a file on a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileDeed {
    /// Its children were listed (folders).
    List,
    /// Content was read: that many bytes.
    Read(u64),
    /// Content was written.
    Write(u64),
    /// It was deleted.
    Delete,
    /// Its rights or attributes were looked at.
    Look,
    /// The share would allow it, the file system refused.
    Refused,
}

/// What was done with mail. Message ids are names of items of mailboxes.
#[derive(Clone, Debug)]
pub enum MailDeed {
    /// Messages were shown or fetched, one by one, of this folder.
    Read {
        /// Folder of the mailbox.
        folder: Rc<str>,
        /// Internet message ids with sizes.
        messages: Vec<(Rc<str>, u64)>,
    },
    /// A folder was synchronised to a client.
    Sync {
        /// Folder of the mailbox.
        folder: Rc<str>,
        /// Messages in it.
        count: u32,
    },
    /// A search was run.
    Search {
        /// What for.
        terms: Rc<str>,
    },
    /// A message was sent.
    Send {
        /// Message id.
        id: Rc<str>,
        /// Subject.
        subject: Rc<str>,
        /// Recipients.
        to: Vec<String>,
        /// Attachments: names and items.
        attached: Vec<(Rc<str>, Option<ItemId>)>,
        /// Size.
        bytes: u64,
    },
    /// An inbox rule was made.
    Rule {
        /// Name of the rule.
        name: Rc<str>,
        /// Forwarded to.
        forward: Option<Rc<str>>,
        /// Words in the subject that it matches.
        words: Rc<str>,
    },
    /// A message was moved to the deleted items or removed.
    Delete {
        /// Message id.
        id: Rc<str>,
        /// Subject.
        subject: Rc<str>,
    },
}

/// What was done in the document-management system.
#[derive(Clone, Debug)]
pub enum DocumentDeed {
    /// A search, with how many hits.
    Search {
        /// What for.
        terms: Rc<str>,
        /// Items whose titles were shown.
        hits: u32,
    },
    /// A list of a library was shown.
    List {
        /// Which.
        library: Rc<str>,
        /// How many titles.
        titles: u32,
    },
    /// Shown in the viewer.
    View(ItemId),
    /// Downloaded.
    Download(ItemId),
    /// Printed.
    Print(ItemId),
    /// A new version was stored.
    Save(ItemId),
    /// No right.
    Refused(ItemId),
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Deed {
    // ---- presences
    /// The act's session begins on the act's host.
    LogOn,
    /// Somebody was refused. The act's session is the machine's own; `name` was given.
    LogOnRefused {
        /// The account name that was given; need not exist.
        name: Rc<str>,
        /// Why.
        why: Refusal,
        /// How.
        way: Way,
        /// Address of the client.
        address: Rc<str>,
        /// Name that the client gave.
        workstation: Rc<str>,
    },
    /// The act's session ends.
    LogOff,
    /// Another account's credentials were used from this session (`runas`, mapped drives).
    OtherCredentials {
        /// Which account.
        account: AccountId,
        /// Towards which machine.
        target: HostId,
        /// By which process.
        process: Rc<Process>,
    },
    // ---- directory; the host is the domain controller, the session's account is asking
    /// A ticket-granting ticket for the session's account, to the session's address.
    TicketGranted {
        /// Issuer, serial number, thumbprint, if a certificate was used.
        certificate: Option<[Rc<str>; 3]>,
    },
    /// A service ticket.
    ServiceTicket {
        /// The service's account.
        service: AccountId,
        /// Encryption.
        cipher: Cipher,
    },
    /// A wrong password at the directory.
    TicketRefused {
        /// The account that was given.
        account: AccountId,
    },
    /// NTLM credentials were checked.
    NtlmChecked {
        /// The name that the client gave.
        workstation: Rc<str>,
        /// They were right.
        right: bool,
    },
    /// The directory's secrets were replicated to the session's account.
    Replicated,
    /// A certificate was issued.
    Certificate {
        /// Template.
        template: Rc<str>,
        /// The name in it: need not be the requester's.
        subject: Rc<str>,
    },
    /// A member was added to a group or taken out.
    Member {
        /// Which group (position in [`Court::groups`](crate::court::Court::groups)).
        group: u32,
        /// Who.
        account: AccountId,
        /// Added, else removed.
        added: bool,
    },
    /// An account was made, enabled, disabled, or its password was set by another.
    AccountChanged {
        /// Which.
        account: AccountId,
        /// What.
        change: AccountChange,
    },
    // ---- processes on Windows hosts
    /// A process starts.
    Start {
        /// Which.
        process: Rc<Process>,
        /// Its parent.
        parent: Rc<Process>,
    },
    /// It ends.
    End(Rc<Process>),
    /// It looks up a name.
    Resolve {
        /// Who asks.
        process: Rc<Process>,
        /// The name.
        name: Rc<str>,
        /// The answer; empty if there is none.
        address: Rc<str>,
    },
    /// It speaks with another machine. Also seen by proxy and network monitor, if it passes them.
    Connect(Transfer),
    /// It makes a file on its own host.
    MakeFile {
        /// Who.
        process: Rc<Process>,
        /// Where.
        path: Rc<str>,
        /// Came from the web: the address goes into the file's zone mark.
        from_web: Option<Rc<str>>,
    },
    /// It deletes a file on its own host.
    DropFile {
        /// Who.
        process: Rc<Process>,
        /// Which.
        path: Rc<str>,
    },
    /// It sets a value of the registry.
    SetValue {
        /// Who.
        process: Rc<Process>,
        /// Key and name.
        key: Rc<str>,
        /// Value as text.
        value: Rc<str>,
    },
    /// It opens another process.
    OpenProcess {
        /// Who.
        process: Rc<Process>,
        /// Which.
        target: Rc<Process>,
        /// Access mask.
        rights: u32,
    },
    /// It loads a library.
    LoadImage {
        /// Who.
        process: Rc<Process>,
        /// Which.
        image: Rc<str>,
    },
    /// PowerShell runs a block of script.
    Script {
        /// Who.
        process: Rc<Process>,
        /// The text.
        text: Rc<str>,
    },
    // ---- the machine itself
    /// A service was installed.
    Service {
        /// Name.
        name: Rc<str>,
        /// Command.
        command: Rc<str>,
    },
    /// A scheduled task was made.
    Task {
        /// Name with folder.
        name: Rc<str>,
        /// Command in it.
        command: Rc<str>,
    },
    /// A log was cleared: channel name.
    LogCleared(&'static str),
    /// The machine started.
    Started,
    // ---- shares; the host is the file server
    /// A share was connected.
    Share(ShareId),
    /// Something was done to a file or folder on it.
    File {
        /// Which.
        file: SharedFile,
        /// What.
        deed: FileDeed,
    },
    // ---- the cloud; the host is the cloud
    /// A sign-in: the session begins. Refreshes of tokens are not interactive.
    SignIn {
        /// Display name of the app.
        app: Rc<str>,
        /// A person typed something.
        interactive: bool,
        /// Refused why.
        refused: Option<Refusal>,
    },
    /// Mail.
    Mail {
        /// Whose mailbox.
        mailbox: AccountId,
        /// What.
        deed: MailDeed,
    },
    /// An app was given rights.
    Consent {
        /// App's display name.
        app: Rc<str>,
        /// App's id.
        id: Rc<str>,
        /// Scopes with spaces.
        scopes: Rc<str>,
    },
    // ---- other systems
    /// The document-management system.
    Document(DocumentDeed),
    /// A tunnel begins; the session's `address` is outside.
    TunnelUp {
        /// The address given inside.
        inside: Rc<str>,
    },
    /// It ends.
    TunnelDown {
        /// The address given inside.
        inside: Rc<str>,
        /// Bytes to the house.
        received: u64,
        /// Bytes from the house.
        sent: u64,
    },
    /// DHCP gave the act's host its address again.
    Lease,
    /// Somebody outside tries a door: VPN or web, without a session.
    Knock {
        /// From which address.
        address: Rc<str>,
        /// Account name that was tried.
        name: Rc<str>,
    },
}

/// What was changed of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it themselves")]
pub enum AccountChange {
    Made,
    Enabled,
    Disabled,
    PasswordSet,
}
