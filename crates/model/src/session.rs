//! Who was where, from when to when, and whose act was it?
//!
//! One authenticated presence of an account on a system. `intruder` and `owner` are said only with
//! a proof: a decision, or a rule from something decided; all else is `undetermined`, whatever is
//! likely (`grades.md`, "Whose act").

use serde::Serialize;

use crate::{Account, Basis, EventId, SessionId, Time};

/// Whose presence it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The intruder's, proven.
    Intruder,
    /// The owner's, a service's, the collector's; cleared.
    Owner,
    /// Not known.
    Undetermined,
}

/// Why it is the intruder's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proven {
    /// A rule of `facts/proof`, or `decision`.
    pub by: String,
    /// Decisions and events on which it stands.
    pub basis: Basis,
}

/// Why it is the owner's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cleared {
    /// A rule of `facts/proof`, or `decision`.
    pub by: String,
    /// What has to be true for it to hold.
    pub assumption: Option<String>,
    /// Decisions and events on which it stands.
    pub basis: Basis,
}

/// By what kind of door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // The words are the doors.
pub enum Door {
    /// At the keyboard, or unlocking it.
    Console,
    RemoteDesktop,
    /// SMB, WMI and what else logs on over the network.
    Network,
    /// WinRM, where its connection is seen too.
    RemoteManagement,
    Service,
    /// A scheduled task.
    Batch,
    Tunnel,
    Cloud,
    Documents,
    Shell,
    Database,
    Other,
}

/// One presence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// The event that opens it, or the first that shows it.
    pub opening: EventId,
    /// Whose account.
    pub account: Account,
    /// On which system; `None` in the cloud.
    pub host: Option<String>,
    /// By what door.
    pub door: Door,
    /// When it began, or was first seen where `opened` is false.
    pub from: Option<Time>,
    /// When it ended; `None` where no record says so.
    pub to: Option<Time>,
    /// When it was last seen to act.
    pub last_seen: Option<Time>,
    /// Whether `from` is its beginning.
    pub opened: bool,
    /// Where it came from.
    pub address: Option<String>,
    /// From which device.
    pub device: Option<String>,
    /// With which program.
    pub client: Option<String>,
    /// Whose.
    pub verdict: Verdict,
    /// If the intruder's: why.
    pub proven: Option<Proven>,
    /// If the owner's: why.
    pub cleared: Option<Cleared>,
    /// What speaks for the verdict, in words.
    pub because: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
}

impl Session {
    /// A session of which nothing else is known: nobody has said whose it is.
    #[must_use]
    pub fn undetermined(opening: EventId, account: Account, door: Door) -> Self {
        Self {
            opening,
            account,
            host: None,
            door,
            from: None,
            to: None,
            last_seen: None,
            opened: true,
            address: None,
            device: None,
            client: None,
            verdict: Verdict::Undetermined,
            proven: None,
            cleared: None,
            because: Vec::new(),
            against: Vec::new(),
        }
    }
}

impl Verdict {
    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intruder => "intruder",
            Self::Owner => "owner",
            Self::Undetermined => "undetermined",
        }
    }
}

impl Door {
    /// Every door.
    pub const ALL: &'static [Self] = &[
        Self::Console,
        Self::RemoteDesktop,
        Self::Network,
        Self::RemoteManagement,
        Self::Service,
        Self::Batch,
        Self::Tunnel,
        Self::Cloud,
        Self::Documents,
        Self::Shell,
        Self::Database,
        Self::Other,
    ];

    /// The door of that word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|door| door.as_str() == word)
    }

    /// The word in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::RemoteDesktop => "remote-desktop",
            Self::Network => "network",
            Self::RemoteManagement => "remote-management",
            Self::Service => "service",
            Self::Batch => "batch",
            Self::Tunnel => "tunnel",
            Self::Cloud => "cloud",
            Self::Documents => "documents",
            Self::Shell => "shell",
            Self::Database => "database",
            Self::Other => "other",
        }
    }

    /// Whether one client sits behind it: what one act in it proves, it proves of the whole. At a
    /// keyboard, a service or a task, a program of somebody else's may run beside the owner's.
    #[must_use]
    pub fn is_one_client(self) -> bool {
        matches!(
            self,
            Self::Network
                | Self::RemoteManagement
                | Self::RemoteDesktop
                | Self::Tunnel
                | Self::Cloud
                | Self::Documents
                | Self::Shell
                | Self::Database
        )
    }
}

impl Session {
    /// Digest of opening event and account.
    #[must_use]
    pub fn id(&self) -> SessionId {
        Self::id_of(self.opening, &self.account)
    }

    /// The id of a session with that opening event and account.
    #[must_use]
    pub fn id_of(opening: EventId, account: &Account) -> SessionId {
        SessionId::of(&[opening.bytes(), account.id().bytes()])
    }
}
