//! How does Windows name the accounts, hosts and rights of this house?
//!
//! Everything that many events say alike is made once, before the first event.

use crate::act::{Session, Way};
use crate::chance::mix;
use crate::court::{AccountId, AccountKind, Court, Host, HostId, HostKind, Place, ShareId};
use crate::evtx::{Guid, Sid};

/// The logon id of the system itself.
pub(super) const SYSTEM_LOGON: u64 = 0x3e7;

/// An account, in the forms in which events name it.
pub(super) struct Face {
    pub(super) name: String,
    pub(super) domain: String,
    /// `COURT\i.vantorp`
    pub(super) qualified: String,
    /// `i.vantorp@COURT.EXAMPLE`
    pub(super) principal: String,
    pub(super) sid: Sid,
    /// The host whose own account it is.
    pub(super) machine: Option<HostId>,
}

/// Who acts, as the first four fields of most audit events say it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) sid: &'a Sid,
    pub(super) name: &'a str,
    pub(super) domain: &'a str,
    pub(super) logon_id: u64,
}

/// An access mask with the texts that events write for it.
pub(super) struct Mask {
    pub(super) mask: u32,
    pub(super) list: String,
    /// Why each right was granted, by the share's descriptor: everyone may everything.
    pub(super) granted_by_share: String,
    /// Why each right was granted, by the file's.
    pub(super) granted_by_file: String,
    /// That the rights to content were not granted.
    pub(super) refused: String,
}

/// A share, as events name it.
pub(super) struct ShareFace {
    /// `\\*\Cases`
    pub(super) name: String,
    /// `\??\D:\Shares\Cases`
    pub(super) local: String,
    /// `D:\Shares\Cases`
    pub(super) root: String,
    /// Folders below it whose accesses are audited, in lower case, sorted.
    audited: Vec<String>,
}

/// What the observer knows of the court before anything happens.
pub(super) struct House {
    pub(super) netbios: String,
    /// `COURT.EXAMPLE`
    pub(super) realm: String,
    /// `DC=court,DC=example`
    pub(super) distinguished: String,
    pub(super) nobody: Sid,
    pub(super) krbtgt: Sid,
    /// Medium, high and system, by their labels.
    pub(super) labels: [Sid; 3],
    /// GUID of the domain object in the directory.
    pub(super) domain_object: Guid,
    faces: Vec<Face>,
    pub(super) groups: Vec<(String, Sid)>,
    pub(super) shares: Vec<ShareFace>,
    masks: Vec<Mask>,
    /// By holding: accesses to its files are audited.
    secret: Vec<bool>,
}

/// Masks with which clients open files and folders; the first four are whole handles.
pub(super) mod mask {
    /// A listing: synchronise, list, read attributes.
    pub(crate) const LIST: u32 = 0x10_0081;
    /// Reading a file.
    pub(crate) const READ: u32 = 0x12_0089;
    /// Reading and writing a file.
    pub(crate) const WRITE: u32 = 0x12_019f;
    /// Deleting a file.
    pub(crate) const DELETE: u32 = 0x11_0080;
    /// Looking at attributes and rights.
    pub(crate) const LOOK: u32 = 0x12_0080;
    /// `ReadData (or ListDirectory)`, as it is used and as a share is connected.
    pub(crate) const READ_DATA: u32 = 0x1;
    /// `WriteData (or AddFile)`
    pub(crate) const WRITE_DATA: u32 = 0x2;
    /// `DELETE`
    pub(crate) const DELETE_USED: u32 = 0x1_0000;
}

impl House {
    pub(super) fn new(court: &Court) -> Self {
        let realm = court.domain.to_uppercase();
        let domain_sid = |rid| {
            let [a, b, c, d] = court.domain_sid;
            Sid::new(5, &[a, b, c, d, rid])
        };
        let faces = court.accounts.iter().map(|account| Face {
            name: account.name.clone(),
            domain: account.domain.clone(),
            qualified: account.qualified(),
            principal: format!("{}@{realm}", account.name),
            sid: match account.kind {
                AccountKind::WellKnown => Sid::new(5, &[account.rid]),
                _ => domain_sid(account.rid),
            },
            machine: match account.kind {
                AccountKind::Machine(host) => Some(host),
                _ => None,
            },
        });
        let parts: Vec<_> = court.domain.split('.').map(|part| format!("DC={part}")).collect();
        let number = mix(court.seed ^ 0x4662);
        Self {
            netbios: court.netbios.clone(),
            distinguished: parts.join(","),
            nobody: Sid::new(0, &[0]),
            krbtgt: domain_sid(502),
            labels: [0x2000, 0x3000, 0x4000].map(|label| Sid::new(16, &[label])),
            domain_object: Guid::new(number as u32, (number >> 32) as u16, 0x4f0a, mix(number) | 1 << 63),
            faces: faces.collect(),
            groups: court.groups.iter().map(|group| (group.name.clone(), domain_sid(group.rid))).collect(),
            shares: (0..court.shares.len()).map(|index| share_face(court, ShareId(index as u32))).collect(),
            masks: [
                mask::LIST,
                mask::READ,
                mask::WRITE,
                mask::DELETE,
                mask::LOOK,
                mask::READ_DATA,
                mask::WRITE_DATA,
                mask::DELETE_USED,
            ]
            .map(Mask::new)
            .into(),
            secret: court.holdings.iter().map(|holding| is_secret(holding.confidentiality)).collect(),
            realm,
        }
    }

    pub(super) fn face(&self, account: AccountId) -> &Face {
        &self.faces[account.index()]
    }

    /// Where there is no subject.
    pub(super) fn no_subject(&self) -> Subject<'_> {
        Subject { sid: &self.nobody, name: "-", domain: "-", logon_id: 0 }
    }

    /// The mask, which must be one of [`mask`].
    pub(super) fn mask(&self, mask: u32) -> &Mask {
        let found = self.masks.iter().find(|known| known.mask == mask);
        found.unwrap_or(&self.masks[0])
    }

    /// Whether accesses to that file or folder are audited: the court's policy audits folders
    /// with the two highest confidentialities.
    pub(super) fn audits(&self, court: &Court, file: &crate::act::SharedFile) -> bool {
        match file.item {
            Some(item) => self.secret[court.item(item).holding.index()],
            None => self.shares[file.share.index()].audits(&file.path),
        }
    }

    /// Who acts in that session on that host. The system acts under the machine's name with its
    /// own SID, and so does the machine's account on the machine itself.
    pub(super) fn subject<'a>(&'a self, session: &Session, host: (HostId, &'a Host)) -> Subject<'a> {
        self.account_as(session.account, session.logon_id, host)
    }

    /// As [`House::subject`], of an account and a logon id.
    pub(super) fn account_as<'a>(
        &'a self,
        account: AccountId,
        logon_id: u64,
        (id, host): (HostId, &'a Host),
    ) -> Subject<'a> {
        let face = self.face(account);
        let own_name = host.account.map_or(host.name.as_str(), |own| &self.face(own).name);
        let own = |sid| Subject { sid, name: own_name, domain: &self.netbios, logon_id };
        match account {
            Court::SYSTEM => own(&face.sid),
            Court::NETWORK_SERVICE => own(&face.sid),
            _ if logon_id == SYSTEM_LOGON || face.machine == Some(id) => own(&self.face(Court::SYSTEM).sid),
            _ => Subject { sid: &face.sid, name: &face.name, domain: &face.domain, logon_id },
        }
    }

    /// The account as Sysmon names the owner of a process.
    pub(super) fn owner(&self, session: &Session) -> &Face {
        match session.logon_id {
            SYSTEM_LOGON => self.face(Court::SYSTEM),
            _ => self.face(session.account),
        }
    }
}

fn is_secret(confidentiality: &str) -> bool {
    matches!(confidentiality, "secret_under_seal" | "confidential_ex_parte")
}

fn share_face(court: &Court, id: ShareId) -> ShareFace {
    let share = court.share(id);
    let mut audited: Vec<String> = court
        .holdings
        .iter()
        .filter(|holding| is_secret(holding.confidentiality))
        .filter_map(|holding| match &holding.place {
            Place::Folder { share, path } if *share == id => Some(path.to_lowercase()),
            _ => None,
        })
        .collect();
    audited.sort_unstable();
    audited.dedup();
    ShareFace {
        name: format!("\\\\*\\{}", share.name),
        local: format!("\\??\\{}", share.root),
        root: share.root.clone(),
        audited,
    }
}

impl ShareFace {
    /// Whether the path is an audited folder or lies in one.
    fn audits(&self, path: &str) -> bool {
        if self.audited.is_empty() {
            return false;
        }
        let path = path.to_lowercase();
        let ends = path.match_indices('\\').map(|(at, _)| at).chain([path.len()]);
        ends.into_iter()
            .any(|end| self.audited.binary_search_by(|folder| folder.as_str().cmp(&path[..end])).is_ok())
    }
}

/// Rights of files and folders in the order in which Windows lists them, with the numbers of their
/// names in its message table.
const RIGHTS: [(u32, &str); 14] = [
    (0x1_0000, "%%1537"),
    (0x2_0000, "%%1538"),
    (0x4_0000, "%%1539"),
    (0x8_0000, "%%1540"),
    (0x10_0000, "%%1541"),
    (0x1, "%%4416"),
    (0x2, "%%4417"),
    (0x4, "%%4418"),
    (0x8, "%%4419"),
    (0x10, "%%4420"),
    (0x20, "%%4421"),
    (0x40, "%%4422"),
    (0x80, "%%4423"),
    (0x100, "%%4424"),
];

impl Mask {
    fn new(mask: u32) -> Self {
        let each = |line: &dyn Fn(u32, &str) -> String| -> String {
            let rights = RIGHTS.iter().filter(|(bit, _)| mask & bit != 0);
            rights.map(|(bit, right)| line(*bit, right) + "\r\n\t\t\t\t").collect()
        };
        Self {
            mask,
            list: each(&|_, right| right.to_owned()),
            granted_by_share: each(&|_, right| format!("{right}:\t%%1801\tD:(A;;FA;;;WD)")),
            granted_by_file: each(&|_, right| format!("{right}:\t%%1801\tD:(A;OICI;0x1301bf;;;AU)")),
            // Attributes may be read by whoever may list the folder above; content may not.
            refused: each(&|bit, right| match bit {
                0x80 => format!("{right}:\t%%1811\tD:(A;OICI;0x1301bf;;;AU)"),
                _ => format!("{right}:\t%%1805"),
            }),
        }
    }
}

/// Number of the terminal session in which a session's processes run.
pub(super) fn terminal(session: &Session) -> u32 {
    match session.way {
        Way::Console | Way::Unlock => 1,
        Way::RemoteDesktop => 2 + (session.number % 3) as u32,
        _ => 0,
    }
}

/// Whether it is a domain controller.
pub(super) fn is_controller(host: &Host) -> bool {
    host.kind == HostKind::DomainController
}
