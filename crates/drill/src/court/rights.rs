//! Who may do what?
//!
//! A holding's grants are decided when it is made ([`Door`]); here they become the five-column
//! register, together with who is a member of what and who administers the planes.

use super::{
    Account, AccountId, AccountKind, Court, Grant, Group, Holder, Holding, HoldingId, HostKind, Organ, Place,
    Right, Role, SituationId,
};
use crate::moment::Moment;

/// Through which group a holding is opened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Door {
    /// Everybody who is assigned to the matter.
    Team,
    /// Witness officers of the matter.
    Protection,
    /// The prosecution's people on the matter.
    Prosecution,
    /// Everybody of that part of the court.
    Organ(Organ),
    /// Interpreters, of any matter.
    Interpreters,
    /// Everybody.
    Everybody,
    /// Administrators.
    Administrators,
}

const ORGANS: [Organ; 9] = [
    Organ::Chambers,
    Organ::Presidency,
    Organ::Prosecutor,
    Organ::Registry,
    Organ::WitnessSection,
    Organ::VictimsParticipation,
    Organ::DefenceCounsel,
    Organ::InformationTechnology,
    Organ::HumanResources,
];

/// Makes the groups, with all who are members at some time of the drill.
pub(super) fn form_groups(court: &mut Court) {
    let admins: Vec<AccountId> = court.people.iter().filter_map(|person| person.admin).collect();
    let service = |name: &str| position(court, name);
    let backup = service("svc-backup");
    let mut groups: Vec<(String, u32, Vec<AccountId>)> = vec![
        (String::from("Domain Admins"), 512, admins.iter().copied().take(3.max(admins.len() / 4)).collect()),
        (String::from("Domain Users"), 513, court.people.iter().map(|person| person.account).collect()),
        (String::from("Backup Operators"), 551, admins.iter().copied().take(2).chain(backup).collect()),
        (String::from("GG-Hypervisor-Admins"), 0, admins.iter().copied().rev().take(2).collect()),
        (String::from("GG-Server-Admins"), 0, admins.clone()),
        (String::from("GG-DMS-Users"), 0, court.people.iter().map(|person| person.account).collect()),
        (String::from("GG-VPN-Users"), 0, members(court, |role, _| role != Role::Intern)),
        (String::from("GG-Interpreters"), 0, members(court, |role, _| role == Role::Interpreter)),
    ];
    for organ in ORGANS {
        groups.push((organ_group(organ), 0, members(court, |_, other| other == organ)));
    }
    for number in 0..court.situations.len() as u32 {
        let matter = SituationId(number);
        let code = &court.situations[matter.index()].code;
        let team = court.people.iter().filter(|person| person.situations.contains(&matter));
        groups.push((format!("GG-{code}-Team"), 0, team.clone().map(|person| person.account).collect()));
        for organ in [Organ::WitnessSection, Organ::Prosecutor] {
            let part = team.clone().filter(|person| person.organ == organ);
            groups.push((
                format!("GG-{code}-{}", organ.code()),
                0,
                part.map(|person| person.account).collect(),
            ));
        }
    }
    let mut free = court.accounts.iter().map(|account| account.rid).max().unwrap_or(1103);
    for (name, rid, mut members) in groups {
        free += u32::from(rid == 0);
        members.sort_unstable();
        court.groups.push(Group { name, rid: if rid == 0 { free } else { rid }, members });
    }
}

fn organ_group(organ: Organ) -> String {
    format!("GG-{}-Files", organ.code())
}

fn members(court: &Court, wanted: impl Fn(Role, Organ) -> bool) -> Vec<AccountId> {
    court
        .people
        .iter()
        .filter(|person| wanted(person.role, person.organ))
        .map(|person| person.account)
        .collect()
}

fn position(court: &Court, name: &str) -> Option<AccountId> {
    let at = court.accounts.iter().position(|account| account.name == name)?;
    Some(AccountId(at as u32))
}

/// The grant that opens a door of a matter.
pub(super) fn grant(
    court: &Court,
    door: Door,
    right: &'static str,
    situation: Option<SituationId>,
) -> Option<Grant> {
    let code = situation.map(|matter| court.situations[matter.index()].code.as_str()).unwrap_or_default();
    let name = match door {
        Door::Team => format!("GG-{code}-Team"),
        Door::Protection => format!("GG-{code}-VWS"),
        Door::Prosecution => format!("GG-{code}-OTP"),
        Door::Organ(organ) => organ_group(organ),
        Door::Interpreters => String::from("GG-Interpreters"),
        Door::Everybody => String::from("GG-DMS-Users"),
        Door::Administrators => String::from("GG-Server-Admins"),
    };
    let at = court.groups.iter().position(|group| group.name == name)?;
    Some(Grant { holder: Holder::Group(at as u32), right, from: None, to: None })
}

/// Writes all that is granted into the five columns.
pub(super) fn write_down(court: &mut Court) {
    let mut rights = memberships(court);
    for (number, grants) in court.grants.iter().enumerate() {
        let holding = &court.holdings[number];
        for grant in grants {
            rights.push(Right {
                principal: principal(court, grant.holder),
                right: grant.right,
                object: object(court, holding),
                via: String::new(),
                from: grant.from,
                to: grant.to,
            });
        }
    }
    rights.extend(planes(court));
    court.rights = rights;
}

fn principal(court: &Court, holder: Holder) -> String {
    match holder {
        Holder::Group(at) => format!("{}\\{}", court.netbios, court.groups[at as usize].name),
        Holder::Account(account) => court.account(account).qualified(),
    }
}

/// How the register names a holding: `\\LEGAL-FS01\Cases\CT0324\Statements`,
/// `i.vantorp@court.example:\Inbox`, `dms:CT0324 Filings`.
pub(crate) fn object(court: &Court, holding: &Holding) -> String {
    match &holding.place {
        Place::Folder { share, path } => {
            let share = court.share(*share);
            format!("\\\\{}\\{}\\{path}", court.host(share.host).name, share.name)
        }
        Place::Mailbox { account, folder } => format!("{}:\\{folder}", court.account(*account).upn),
        Place::Library { name } => format!("dms:{name}"),
    }
}

fn memberships(court: &Court) -> Vec<Right> {
    let mut rights = Vec::new();
    for group in &court.groups {
        for member in &group.members {
            let account = court.account(*member);
            let (from, to) = presence(court, account);
            rights.push(Right {
                principal: account.qualified(),
                right: "member",
                object: format!("{}\\{}", court.netbios, group.name),
                via: String::new(),
                from,
                to,
            });
        }
    }
    rights
}

fn presence(court: &Court, account: &Account) -> (Option<Moment>, Option<Moment>) {
    match account.kind {
        AccountKind::Person(person) | AccountKind::Administrator(person) => {
            (court.person(person).joined, court.person(person).left)
        }
        _ => (None, None),
    }
}

/// Planes hold others: who administers them reaches whatever lies there, past all file rights.
fn planes(court: &Court) -> Vec<Right> {
    let group = |name: &str| format!("{}\\{name}", court.netbios);
    let plain = |principal: String, right, object: String, via: &str| Right {
        principal,
        right,
        object,
        via: via.to_owned(),
        from: None,
        to: None,
    };
    let mut rights = Vec::new();
    for host in &court.hosts {
        let (right, name) = match host.kind {
            HostKind::Hypervisor => ("administer", "GG-Hypervisor-Admins"),
            HostKind::Backup => ("administer", "Backup Operators"),
            HostKind::DomainController | HostKind::FileServer | HostKind::Workstation => {
                ("administer", "Domain Admins")
            }
            HostKind::Cloud | HostKind::Monitor => continue,
            _ => ("administer", "GG-Server-Admins"),
        };
        rights.push(plain(group(name), right, host.name.clone(), ""));
    }
    let dms = court.host(court.first(HostKind::Documents)).name.clone();
    let netbios = &court.netbios;
    for share in &court.shares {
        let object = format!("\\\\{}\\{}", court.host(share.host).name, share.name);
        rights.push(plain(group("Domain Admins"), "full-control", object.clone(), "BUILTIN\\Administrators"));
        rights.push(plain(format!("{netbios}\\svc-backup"), "read", object.clone(), "Backup Operators"));
        if share.name != "Witness" && share.name != "HR" {
            rights.push(plain(format!("{netbios}\\svc-scan"), "read", object, ""));
        }
    }
    rights.push(plain(format!("{netbios}\\svc-dms"), "db_owner", format!("{dms}\\documents"), ""));
    rights.push(plain(group("GG-Server-Admins"), "db_datareader", format!("{dms}\\documents"), ""));
    for account in court.accounts.iter().filter(|account| account.name.starts_with("MSOL_")) {
        rights.push(plain(account.qualified(), "replicate-directory", court.domain.clone(), ""));
    }
    rights
}

impl Court {
    /// Whether an account may open a holding at that moment, by the holding's own grants; planes
    /// (administration of servers, of backups, of the directory) are not counted. Members of groups
    /// stand in order.
    #[must_use]
    pub fn may_open(&self, account: AccountId, holding: HoldingId, at: Moment) -> bool {
        self.grants[holding.index()].iter().any(|grant| {
            let then = grant.from.is_none_or(|from| at >= from) && grant.to.is_none_or(|to| at < to);
            then && match grant.holder {
                Holder::Account(other) => other == account,
                Holder::Group(group) => self.groups[group as usize].members.binary_search(&account).is_ok(),
            }
        })
    }
}
