//! What does Windows' security audit write for a logon, a ticket, a file that is opened?
//!
//! Field names, their order, types and versions are those of Windows 10 and Server 2016 to 2022,
//! taken from real logs; those of 4886 and 4887 from the PKI community's references, and of 4697
//! not yet held against a real log. What the events mean is not known here.

use super::cast::{Account, Host, KRBTGT, REALM, SYSTEM, nobody};
use super::event::{Body, EVENTLOG_IN_SECURITY, Event, Kind, PID_EVENTLOG, dash, text};
use crate::evtx::{Content, Element, Guid, Value};

type Data = Vec<(&'static str, Value<'static>)>;

/// One authenticated presence of an account on a host, as its logon event describes it.
#[derive(Clone)]
pub(super) struct Presence {
    pub(super) account: Account,
    pub(super) logon_id: u64,
    /// 2 interactive, 3 network, 5 service, 7 unlock, 10 remote interactive, 11 cached.
    pub(super) kind: u32,
    pub(super) guid: Guid,
    /// Address and port of the client; `-` for local ones.
    pub(super) address: String,
    pub(super) port: u16,
    /// Name that the client gave, which only NTLM and interactive logons carry.
    pub(super) workstation: String,
    pub(super) ntlm: bool,
    pub(super) elevated: bool,
}

impl Presence {
    /// A logon over the network with Kerberos.
    pub(super) fn network(account: Account, logon_id: u64, from: &str, port: u16) -> Self {
        Self {
            account,
            logon_id,
            kind: 3,
            guid: Guid::new(logon_id as u32, 0x51c3, 0xb2a7, logon_id.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            address: from.to_owned(),
            port,
            workstation: "-".to_owned(),
            ntlm: false,
            elevated: account.name.starts_with("adm-") || account.name.ends_with('$'),
        }
    }

    /// A logon at the host itself: interactive, service, unlock.
    pub(super) fn local(account: Account, logon_id: u64, kind: u32, host: Host) -> Self {
        let local = Self::network(account, logon_id, "-", 0);
        Self {
            kind,
            guid: Guid::new(0, 0, 0, 0),
            address: if kind == 5 { "-" } else { "127.0.0.1" }.to_owned(),
            workstation: if kind == 5 { "-" } else { host.name }.to_owned(),
            elevated: kind == 5,
            ..local
        }
    }

    fn subject(&self) -> Data {
        subject(self.account, self.logon_id)
    }

    /// Process, logon process and package that vouch for it.
    fn vouched_by(&self) -> (&'static str, &'static str, &'static str, u64) {
        match self.kind {
            5 => ("Advapi  ", "Negotiate", "C:\\Windows\\System32\\services.exe", 0x2c8),
            2 | 7 | 10 | 11 => ("User32 ", "Negotiate", "C:\\Windows\\System32\\svchost.exe", 0x4b4),
            _ if self.ntlm => ("NtLmSsp ", "NTLM", "-", 0),
            _ => ("Kerberos", "Kerberos", "-", 0),
        }
    }
}

/// The logon id of the system itself.
const SYSTEM_LOGON: u64 = 0x3e7;

/// The first four fields of nearly every audit event. The system acts under the machine's name,
/// but with its own SID.
fn subject(account: Account, logon_id: u64) -> Data {
    let sid = if logon_id == SYSTEM_LOGON { SYSTEM } else { account };
    vec![
        ("SubjectUserSid", sid.sid_value()),
        ("SubjectUserName", text(account.name)),
        ("SubjectDomainName", text(account.domain)),
        ("SubjectLogonId", Value::Hex64(logon_id)),
    ]
}

fn with(mut data: Data, more: impl IntoIterator<Item = (&'static str, Value<'static>)>) -> Data {
    data.extend(more);
    data
}

static LOGON: Kind = Kind::audit(4624, 2, 12544, "Logon", "An account was successfully logged on.");
pub(super) fn logon(at: i64, host: Host, who: &Presence) -> Event {
    let (process, package, image, pid) = who.vouched_by();
    let by = if pid == 0 {
        vec![
            ("SubjectUserSid", nobody()),
            ("SubjectUserName", dash()),
            ("SubjectDomainName", dash()),
            ("SubjectLogonId", Value::Hex64(0)),
        ]
    } else {
        subject(host.account, SYSTEM_LOGON)
    };
    let ntlm = if who.ntlm { ("NTLM V2", 128) } else { ("-", 0) };
    let port = if who.port == 0 { "0".to_owned() } else { who.port.to_string() };
    Event::new(
        &LOGON,
        at,
        with(
            by,
            [
                ("TargetUserSid", who.account.sid_value()),
                ("TargetUserName", text(who.account.name)),
                ("TargetDomainName", text(if package == "Kerberos" { REALM } else { who.account.domain })),
                ("TargetLogonId", Value::Hex64(who.logon_id)),
                ("LogonType", Value::U32(who.kind)),
                ("LogonProcessName", text(process)),
                ("AuthenticationPackageName", text(package)),
                ("WorkstationName", text(&who.workstation)),
                ("LogonGuid", Value::Guid(who.guid)),
                ("TransmittedServices", dash()),
                ("LmPackageName", text(ntlm.0)),
                ("KeyLength", Value::U32(ntlm.1)),
                ("ProcessId", Value::Hex64(pid)),
                ("ProcessName", text(image)),
                ("IpAddress", text(&who.address)),
                ("IpPort", text(if who.address == "-" { "-".to_owned() } else { port })),
                ("ImpersonationLevel", text("%%1833")),
                ("RestrictedAdminMode", dash()),
                ("TargetOutboundUserName", dash()),
                ("TargetOutboundDomainName", dash()),
                ("VirtualAccount", text("%%1843")),
                ("TargetLinkedLogonId", Value::Hex64(0)),
                ("ElevatedToken", text(if who.elevated { "%%1842" } else { "%%1843" })),
            ],
        ),
    )
}

static LOGON_FAILED: Kind = Kind::audit(4625, 0, 12544, "Logon", "An account failed to log on.").failed();
/// A wrong password over NTLM, with the names that the client claimed.
pub(super) fn logon_failed(at: i64, account: &str, workstation: &str, address: &str) -> Event {
    Event::new(
        &LOGON_FAILED,
        at,
        [
            ("SubjectUserSid", nobody()),
            ("SubjectUserName", dash()),
            ("SubjectDomainName", dash()),
            ("SubjectLogonId", Value::Hex64(0)),
            ("TargetUserSid", nobody()),
            ("TargetUserName", text(account)),
            ("TargetDomainName", text("COURT")),
            ("Status", Value::Hex32(0xC000_006D)),
            ("FailureReason", text("%%2313")),
            ("SubStatus", Value::Hex32(0xC000_0064)),
            ("LogonType", Value::U32(3)),
            ("LogonProcessName", text("NtLmSsp ")),
            ("AuthenticationPackageName", text("NTLM")),
            ("WorkstationName", text(workstation)),
            ("TransmittedServices", dash()),
            ("LmPackageName", dash()),
            ("KeyLength", Value::U32(0)),
            ("ProcessId", Value::Hex64(0)),
            ("ProcessName", dash()),
            ("IpAddress", text(address)),
            ("IpPort", text("0")),
        ],
    )
}

static LOGOFF: Kind = Kind::audit(4634, 0, 12545, "Logoff", "An account was logged off.");
pub(super) fn logoff(at: i64, who: &Presence) -> Event {
    Event::new(
        &LOGOFF,
        at,
        [
            ("TargetUserSid", who.account.sid_value()),
            ("TargetUserName", text(who.account.name)),
            ("TargetDomainName", text(who.account.domain)),
            ("TargetLogonId", Value::Hex64(who.logon_id)),
            ("LogonType", Value::U32(who.kind)),
        ],
    )
}

static SIGNED_OUT: Kind = Kind::audit(4647, 0, 12545, "Logoff", "User initiated logoff:");
pub(super) fn signed_out(at: i64, who: &Presence) -> Event {
    Event::new(
        &SIGNED_OUT,
        at,
        [
            ("TargetUserSid", who.account.sid_value()),
            ("TargetUserName", text(who.account.name)),
            ("TargetDomainName", text(who.account.domain)),
            ("TargetLogonId", Value::Hex64(who.logon_id)),
        ],
    )
}

static EXPLICIT: Kind =
    Kind::audit(4648, 0, 12544, "Logon", "A logon was attempted using explicit credentials.");
pub(super) fn explicit(at: i64, who: &Presence, other: Account, target: &str, image: &str) -> Event {
    Event::new(
        &EXPLICIT,
        at,
        with(
            who.subject(),
            [
                ("LogonGuid", Value::Guid(Guid::new(0, 0, 0, 0))),
                ("TargetUserName", text(other.name)),
                ("TargetDomainName", text(other.domain)),
                ("TargetLogonGuid", Value::Guid(Guid::new(0, 0, 0, 0))),
                ("TargetServerName", text(target)),
                ("TargetInfo", text(target)),
                ("ProcessId", Value::Hex64(0x1a5c)),
                ("ProcessName", text(image)),
                ("IpAddress", dash()),
                ("IpPort", dash()),
            ],
        ),
    )
}

static SPECIAL: Kind =
    Kind::audit(4672, 0, 12548, "Special Logon", "Special privileges assigned to new logon.");
pub(super) fn special(at: i64, who: &Presence) -> Event {
    let privileges = "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeTakeOwnershipPrivilege\r\n\t\t\tSeDebugPrivilege\r\n\t\t\tSeSystemEnvironmentPrivilege\r\n\t\t\tSeLoadDriverPrivilege\r\n\t\t\tSeImpersonatePrivilege\r\n\t\t\tSeDelegateSessionUserImpersonatePrivilege";
    Event::new(&SPECIAL, at, with(who.subject(), [("PrivilegeList", text(privileges))]))
}

static PROCESS_CREATED: Kind =
    Kind::audit(4688, 2, 13312, "Process Creation", "A new process has been created.").by_kernel();
/// A process as the kernel sees it start.
pub(super) struct Start<'a> {
    pub(super) pid: u32,
    pub(super) image: &'a str,
    pub(super) command: &'a str,
    pub(super) parent_pid: u32,
    pub(super) parent_image: &'a str,
    /// Sub-authority of the mandatory label: 0x2000 medium, 0x3000 high, 0x4000 system.
    pub(super) label: u32,
}

pub(super) fn process_created(at: i64, who: Account, logon_id: u64, start: &Start<'_>) -> Event {
    let elevation = if start.label == 0x3000 { "%%1937" } else { "%%1936" };
    let label = Value::Sid(std::borrow::Cow::Owned(crate::evtx::Sid::new(16, &[start.label])));
    Event::new(
        &PROCESS_CREATED,
        at,
        with(
            subject(who, logon_id),
            [
                ("NewProcessId", Value::Hex64(start.pid.into())),
                ("NewProcessName", text(start.image)),
                ("TokenElevationType", text(elevation)),
                ("ProcessId", Value::Hex64(start.parent_pid.into())),
                ("CommandLine", text(start.command)),
                ("TargetUserSid", nobody()),
                ("TargetUserName", dash()),
                ("TargetDomainName", dash()),
                ("TargetLogonId", Value::Hex64(0)),
                ("ParentProcessName", text(start.parent_image)),
                ("MandatoryLabel", label),
            ],
        ),
    )
}

static OBJECT_ACCESSED: Kind =
    Kind::audit(4663, 1, 12800, "File System", "An attempt was made to access an object.").by_kernel();
/// A file opened and used: `access` as in [`access`].
pub(super) fn file_used(
    at: i64,
    who: &Presence,
    path: &str,
    access: (u32, String),
    by: (u32, &str),
) -> Event {
    Event::new(
        &OBJECT_ACCESSED,
        at,
        with(
            who.subject(),
            [
                ("ObjectServer", text("Security")),
                ("ObjectType", text("File")),
                ("ObjectName", text(path)),
                ("HandleId", Value::Hex64(0x400 + at.unsigned_abs() / 13 % 0x800 * 4)),
                ("AccessList", text(access.1)),
                ("AccessMask", Value::Hex32(access.0)),
                ("ProcessId", Value::Hex64(by.0.into())),
                ("ProcessName", text(by.1)),
                ("ResourceAttributes", text("S:AI")),
            ],
        ),
    )
}

/// A mask and the list of message numbers by which Windows names its bits.
pub(super) fn access(mask: u32) -> (u32, String) {
    let names = [
        (0x1, 4416),
        (0x2, 4417),
        (0x4, 4418),
        (0x8, 4419),
        (0x10, 4420),
        (0x80, 4423),
        (0x100, 4424),
        (0x1_0000, 1537),
        (0x2_0000, 1538),
        (0x10_0000, 1541),
    ];
    let list = names.iter().filter(|(bit, _)| mask & bit != 0);
    (mask, list.map(|(_, number)| format!("%%{number}\r\n\t\t\t\t")).collect())
}

static SHARE: Kind =
    Kind::audit(5140, 1, 12808, "File Share", "A network share object was accessed.").by_kernel();
pub(super) fn share(at: i64, who: &Presence, share: &str, local: &str) -> Event {
    let (mask, list) = access(0x1);
    Event::new(
        &SHARE,
        at,
        with(
            who.subject(),
            [
                ("ObjectType", text("File")),
                ("IpAddress", text(&who.address)),
                ("IpPort", text(who.port.to_string())),
                ("ShareName", text(share)),
                ("ShareLocalPath", text(local)),
                ("AccessMask", Value::Hex32(mask)),
                ("AccessList", text(list)),
            ],
        ),
    )
}

static SHARE_FILE: Kind = Kind::audit(
    5145,
    0,
    12811,
    "Detailed File Share",
    "A network share object was checked to see whether client can be granted desired access.",
)
.by_kernel();
pub(super) fn share_file(
    at: i64,
    who: &Presence,
    (share, local): (&str, &str),
    target: &str,
    mask: u32,
) -> Event {
    let (mask, list) = access(mask);
    Event::new(
        &SHARE_FILE,
        at,
        with(
            who.subject(),
            [
                ("ObjectType", text("File")),
                ("IpAddress", text(&who.address)),
                ("IpPort", text(who.port.to_string())),
                ("ShareName", text(share)),
                ("ShareLocalPath", text(local)),
                ("RelativeTargetName", text(target)),
                ("AccessMask", Value::Hex32(mask)),
                ("AccessList", text(list)),
                ("AccessReason", dash()),
            ],
        ),
    )
}

static DIRECTORY_ACCESS: Kind =
    Kind::audit(4662, 0, 14080, "Directory Service Access", "An operation was performed on an object.");
/// Replication of the domain's secrets: the control access right `right` on the domain object.
pub(super) fn replicated(at: i64, who: &Presence, right: &str) -> Event {
    let domain_class = "{19195a5b-6da0-11d0-afd3-00c04fd930c9}";
    Event::new(
        &DIRECTORY_ACCESS,
        at,
        with(
            who.subject(),
            [
                ("ObjectServer", text("DS")),
                ("ObjectType", text(format!("%{domain_class}"))),
                ("ObjectName", text("%{5d2a8b4e-93c7-4f0a-8e61-c1f07b3d9a52}")),
                ("OperationType", text("Object Access")),
                ("HandleId", Value::Hex64(0)),
                ("AccessList", text("%%7688\r\n\t\t\t\t")),
                ("AccessMask", Value::Hex32(0x100)),
                ("Properties", text(format!("%%7688\r\n\t\t{right}\r\n\t{domain_class}\r\n"))),
                ("AdditionalInfo", dash()),
                ("AdditionalInfo2", text("")),
            ],
        ),
    )
}

static TASK_CREATED: Kind =
    Kind::audit(4698, 0, 12804, "Other Object Access Events", "A scheduled task was created.");
pub(super) fn task_created(at: i64, who: &Presence, name: &str, content: &str) -> Event {
    Event::new(
        &TASK_CREATED,
        at,
        with(who.subject(), [("TaskName", text(name)), ("TaskContent", text(content))]),
    )
}

static SERVICE_INSTALLED: Kind =
    Kind::audit(4697, 0, 12289, "Security System Extension", "A service was installed in the system.");
pub(super) fn service_installed(at: i64, who: &Presence, name: &str, file: &str) -> Event {
    Event::new(
        &SERVICE_INSTALLED,
        at,
        with(
            who.subject(),
            [
                ("ServiceName", text(name)),
                ("ServiceFileName", text(file)),
                ("ServiceType", Value::Hex32(0x10)),
                ("ServiceStartType", Value::U32(3)),
                ("ServiceAccount", text("LocalSystem")),
            ],
        ),
    )
}

// ---- domain controller ----------------------------------------------------------------------

static TICKET_GRANTED: Kind = Kind::audit(
    4768,
    0,
    14339,
    "Kerberos Authentication Service",
    "A Kerberos authentication ticket (TGT) was requested.",
);
/// A ticket-granting ticket; `certificate` is issuer, serial number and thumbprint if the client
/// used one instead of a password.
pub(super) fn ticket_granted(
    at: i64,
    account: Account,
    address: &str,
    certificate: Option<[&str; 3]>,
) -> Event {
    let [issuer, serial, thumbprint] = certificate.unwrap_or_default();
    Event::new(
        &TICKET_GRANTED,
        at,
        [
            ("TargetUserName", text(account.name)),
            ("TargetDomainName", text(REALM)),
            ("TargetSid", account.sid_value()),
            ("ServiceName", text("krbtgt")),
            ("ServiceSid", KRBTGT.sid_value()),
            ("TicketOptions", Value::Hex32(0x4081_0010)),
            ("Status", Value::Hex32(0)),
            ("TicketEncryptionType", Value::Hex32(0x12)),
            ("PreAuthType", text(if certificate.is_some() { "16" } else { "2" })),
            ("IpAddress", text(format!("::ffff:{address}"))),
            ("IpPort", text(port(at))),
            ("CertIssuerName", text(issuer)),
            ("CertSerialNumber", text(serial)),
            ("CertThumbprint", text(thumbprint)),
        ],
    )
}

static SERVICE_TICKET: Kind = Kind::audit(
    4769,
    0,
    14337,
    "Kerberos Service Ticket Operations",
    "A Kerberos service ticket was requested.",
);
/// A service ticket; encryption type 0x12 is AES-256, 0x17 RC4.
pub(super) fn service_ticket(
    at: i64,
    account: Account,
    service: Account,
    address: &str,
    encryption: u32,
) -> Event {
    Event::new(
        &SERVICE_TICKET,
        at,
        [
            ("TargetUserName", text(format!("{}@{REALM}", account.name))),
            ("TargetDomainName", text(REALM)),
            ("ServiceName", text(service.name)),
            ("ServiceSid", service.sid_value()),
            ("TicketOptions", Value::Hex32(0x4081_0000)),
            ("TicketEncryptionType", Value::Hex32(encryption)),
            ("IpAddress", text(format!("::ffff:{address}"))),
            ("IpPort", text(port(at))),
            ("Status", Value::Hex32(0)),
            (
                "LogonGuid",
                Value::Guid(Guid::new(at as u32, 0x6d1f, 0x02a4, at.unsigned_abs().rotate_left(29))),
            ),
            ("TransmittedServices", dash()),
        ],
    )
}

static PRE_AUTH_FAILED: Kind =
    Kind::audit(4771, 0, 14339, "Kerberos Authentication Service", "Kerberos pre-authentication failed.")
        .failed();
/// A wrong password: status 0x18.
pub(super) fn pre_auth_failed(at: i64, account: Account, address: &str) -> Event {
    Event::new(
        &PRE_AUTH_FAILED,
        at,
        [
            ("TargetUserName", text(account.name)),
            ("TargetSid", account.sid_value()),
            ("ServiceName", text("krbtgt/COURT")),
            ("TicketOptions", Value::Hex32(0x4081_0010)),
            ("Status", Value::Hex32(0x18)),
            ("PreAuthType", text("2")),
            ("IpAddress", text(format!("::ffff:{address}"))),
            ("IpPort", text(port(at))),
            ("CertIssuerName", text("")),
            ("CertSerialNumber", text("")),
            ("CertThumbprint", text("")),
        ],
    )
}

static NTLM_CHECKED: Kind = Kind::audit(
    4776,
    0,
    14336,
    "Credential Validation",
    "The computer attempted to validate the credentials for an account.",
);
static NTLM_REFUSED: Kind = Kind::audit(
    4776,
    0,
    14336,
    "Credential Validation",
    "The computer attempted to validate the credentials for an account.",
)
.failed();
/// NTLM credentials validated; any status but zero is a failure.
pub(super) fn ntlm_checked(at: i64, account: &str, workstation: &str, status: u32) -> Event {
    let kind = if status == 0 { &NTLM_CHECKED } else { &NTLM_REFUSED };
    Event::new(
        kind,
        at,
        [
            ("PackageName", text("MICROSOFT_AUTHENTICATION_PACKAGE_V1_0")),
            ("TargetUserName", text(account)),
            ("Workstation", text(workstation)),
            ("Status", Value::Hex32(status)),
        ],
    )
}

static CERTIFICATE_REQUESTED: Kind = Kind::audit(
    4886,
    0,
    12805,
    "Certification Services",
    "Certificate Services received a certificate request.",
);
static CERTIFICATE_ISSUED: Kind = Kind::audit(
    4887,
    0,
    12805,
    "Certification Services",
    "Certificate Services approved a certificate request and issued a certificate.",
);
/// A certificate request and, a moment later, the certificate.
pub(super) fn certificate(
    at: i64,
    number: u32,
    requester: Account,
    attributes: &str,
    subject: &str,
) -> [Event; 2] {
    let common = [
        ("RequestId", text(number.to_string())),
        ("Requester", text(requester.qualified())),
        ("Attributes", text(attributes)),
    ];
    let key = super::dice::Dice::named(subject).hex(40);
    let issued = with(
        common.to_vec(),
        [
            ("Disposition", text("3")),
            ("SubjectKeyIdentifier", text(spaced(&key))),
            ("Subject", text(subject)),
        ],
    );
    [Event::new(&CERTIFICATE_REQUESTED, at, common), Event::new(&CERTIFICATE_ISSUED, at + 640, issued)]
}

/// `71989a` as `71 98 9a`.
fn spaced(hex: &str) -> String {
    let pairs: Vec<_> = hex.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
    pairs.join(" ")
}

fn port(at: i64) -> String {
    (49_200 + at / 977 % 16_000).to_string()
}

// ---- log cleared ----------------------------------------------------------------------------

static LOG_CLEARED: Kind = Kind {
    source: &EVENTLOG_IN_SECURITY,
    id: 1102,
    version: 0,
    level: 4,
    task: 104,
    opcode: 0,
    keywords: 0x4020_0000_0000_0000,
    qualifiers: None,
    writer: PID_EVENTLOG,
    task_name: "Log clear",
    title: "The audit log was cleared.",
};
pub(super) fn log_cleared(at: i64, who: &Presence) -> Event {
    let leaves = who.subject().into_iter().map(|(name, value)| Element::leaf(name, value));
    let mut event = Event::new(&LOG_CLEARED, at, []);
    event.body = Body::Tree(cleared_element(leaves.collect()));
    event
}

/// `LogFileCleared`, of which 1102 and 104 have different children.
pub(super) fn cleared_element(children: Vec<Element<'static>>) -> Element<'static> {
    let namespace = "http://manifests.microsoft.com/win/2004/08/windows/eventlog";
    Element {
        name: "LogFileCleared".into(),
        attributes: vec![("xmlns".into(), namespace.into())],
        content: Content::Elements(children),
    }
}
