//! What does Windows' security audit write for a logon, a ticket, a file that is opened?
//!
//! Names, order, types and versions of Windows 10 and Server 2016 to 2022, from real logs; those
//! of 4886 and 4887 from the PKI community's references. A check is written as a check (5145), a
//! use as a use (4663), and neither says whether the object was a file or a folder.

use std::io;

use super::channel::Name;
use super::house::{Face, ShareFace, Subject, mask};
use super::line::decimal;
use super::pen::{Pen, Writer, eventlog_record};
use crate::act::{AccountChange, Cipher, FileDeed, Process, Refusal, Session, SharedFile, Way};
use crate::chance::mix;
use crate::court::{AccountId, Court, HostId, ShareId};
use crate::evtx::Type::{Guid as GuidType, Hex32, Hex64, Sid as SidType, Text, U32};
use crate::evtx::{Content, Data, Element, Form, Guid, Provider, Record, Sid, Type, Value};
use crate::moment::{HOUR, Moment};

const AUDITING: Provider<'static> = Provider {
    name: "Microsoft-Windows-Security-Auditing",
    guid: Some(Guid::new(0x5484_9625, 0x5478, 0x4994, 0xA5BA_3E3B_0328_C30D)),
    event_source: None,
};

const SUCCESS: u64 = 0x8020_0000_0000_0000;
const FAILURE: u64 = 0x8010_0000_0000_0000;

const NO_GUID: Guid = Guid::new(0, 0, 0, 0);

const fn audit(event_id: u16, version: u8, task: u16, fields: &'static [(&'static str, Type)]) -> Form {
    Form { version, level: 0, task, keywords: SUCCESS, ..Form::new(&AUDITING, event_id, fields) }
}

const fn failed(form: Form) -> Form {
    Form { keywords: FAILURE, ..form }
}

/// The first four fields of nearly every audit event.
fn subject<'d, 'c>(data: &'d mut Data<'c>, who: &Subject<'_>) -> &'d mut Data<'c> {
    data.sid(who.sid).text(who.name).text(who.domain).hex64(who.logon_id)
}

const fn logon_type(way: Way) -> u32 {
    match way {
        Way::Console => 2,
        Way::Batch => 4,
        Way::Service => 5,
        Way::Unlock => 7,
        Way::RemoteDesktop => 10,
        Way::Network | Way::Vpn | Way::Cloud | Way::Documents => 3,
    }
}

/// The GUID that a Kerberos logon shares with the service ticket it was made with. Tickets stand
/// for ten hours; whose and for which host decides which ticket it was.
fn ticket_guid(account: AccountId, host: u32, at: Moment) -> Guid {
    let salt = u64::from(account.0) << 32 | u64::from(host);
    let number = mix(mix(salt) ^ at.0.div_euclid(10 * HOUR) as u64);
    Guid::new(number as u32, (number >> 32) as u16, (number >> 48) as u16, mix(number))
}

// ---- logons ---------------------------------------------------------------------------------

static LOGON: Form = audit(
    4624,
    2,
    12544,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("TargetUserSid", SidType),
        ("TargetUserName", Text),
        ("TargetDomainName", Text),
        ("TargetLogonId", Hex64),
        ("LogonType", U32),
        ("LogonProcessName", Text),
        ("AuthenticationPackageName", Text),
        ("WorkstationName", Text),
        ("LogonGuid", GuidType),
        ("TransmittedServices", Text),
        ("LmPackageName", Text),
        ("KeyLength", U32),
        ("ProcessId", Hex64),
        ("ProcessName", Text),
        ("IpAddress", Text),
        ("IpPort", Text),
        ("ImpersonationLevel", Text),
        ("RestrictedAdminMode", Text),
        ("TargetOutboundUserName", Text),
        ("TargetOutboundDomainName", Text),
        ("VirtualAccount", Text),
        ("TargetLinkedLogonId", Hex64),
        ("ElevatedToken", Text),
    ],
);

static LOGON_FAILED: Form = failed(audit(
    4625,
    0,
    12544,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("TargetUserSid", SidType),
        ("TargetUserName", Text),
        ("TargetDomainName", Text),
        ("Status", Hex32),
        ("FailureReason", Text),
        ("SubStatus", Hex32),
        ("LogonType", U32),
        ("LogonProcessName", Text),
        ("AuthenticationPackageName", Text),
        ("WorkstationName", Text),
        ("TransmittedServices", Text),
        ("LmPackageName", Text),
        ("KeyLength", U32),
        ("ProcessId", Hex64),
        ("ProcessName", Text),
        ("IpAddress", Text),
        ("IpPort", Text),
    ],
));

static LOGOFF: Form = audit(
    4634,
    0,
    12545,
    &[
        ("TargetUserSid", SidType),
        ("TargetUserName", Text),
        ("TargetDomainName", Text),
        ("TargetLogonId", Hex64),
        ("LogonType", U32),
    ],
);

static SIGNED_OUT: Form = audit(
    4647,
    0,
    12545,
    &[
        ("TargetUserSid", SidType),
        ("TargetUserName", Text),
        ("TargetDomainName", Text),
        ("TargetLogonId", Hex64),
    ],
);

static EXPLICIT: Form = audit(
    4648,
    0,
    12544,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("LogonGuid", GuidType),
        ("TargetUserName", Text),
        ("TargetDomainName", Text),
        ("TargetLogonGuid", GuidType),
        ("TargetServerName", Text),
        ("TargetInfo", Text),
        ("ProcessId", Hex64),
        ("ProcessName", Text),
        ("IpAddress", Text),
        ("IpPort", Text),
    ],
);

static SPECIAL: Form = audit(
    4672,
    0,
    12548,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("PrivilegeList", Text),
    ],
);

const SYSTEM_PRIVILEGES: &str = "SeAssignPrimaryTokenPrivilege\r\n\t\t\tSeTcbPrivilege\r\n\t\t\tSeSecurityPrivilege\r\n\t\t\tSeTakeOwnershipPrivilege\r\n\t\t\tSeLoadDriverPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeDebugPrivilege\r\n\t\t\tSeAuditPrivilege\r\n\t\t\tSeSystemEnvironmentPrivilege\r\n\t\t\tSeImpersonatePrivilege\r\n\t\t\tSeDelegateSessionUserImpersonatePrivilege";
const PRIVILEGES: &str = "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeTakeOwnershipPrivilege\r\n\t\t\tSeDebugPrivilege\r\n\t\t\tSeSystemEnvironmentPrivilege\r\n\t\t\tSeLoadDriverPrivilege\r\n\t\t\tSeImpersonatePrivilege\r\n\t\t\tSeDelegateSessionUserImpersonatePrivilege";

/// What vouches for a logon: logon process, package, and the process that asked for it.
struct Voucher {
    process: &'static str,
    package: &'static str,
    asked: Option<(Writer, &'static str)>,
}

const SERVICES: &str = "C:\\Windows\\System32\\services.exe";
const SVCHOST: &str = "C:\\Windows\\System32\\svchost.exe";

fn voucher(way: Way, ntlm: bool) -> Voucher {
    let (process, package, asked) = match way {
        Way::Service => ("Advapi  ", "Negotiate", Some((Writer::Services, SERVICES))),
        Way::Batch => ("Advapi  ", "Negotiate", Some((Writer::Host, SVCHOST))),
        Way::Console | Way::Unlock | Way::RemoteDesktop => {
            ("User32 ", "Negotiate", Some((Writer::Host, SVCHOST)))
        }
        _ if ntlm => ("NtLmSsp ", "NTLM", None),
        _ => ("Kerberos", "Kerberos", None),
    };
    Voucher { process, package, asked }
}

/// Whether somebody sits there, at the machine or at its remote desktop.
const fn is_interactive(way: Way) -> bool {
    matches!(way, Way::Console | Way::Unlock | Way::RemoteDesktop)
}

impl Pen<'_> {
    /// Writes an event of the security audit.
    fn audit(&mut self, form: &'static Form, writer: Writer, fill: impl Fn(&mut Data<'_>)) -> io::Result<()> {
        self.write(Name::Security, form, (writer, None), fill)
    }

    /// Address and port as logon events write them: local ones are not the machine's own.
    fn client<'s>(&self, session: &'s Session) -> (&'s str, u16) {
        match session.way {
            Way::Console | Way::Unlock => ("127.0.0.1", 0),
            Way::RemoteDesktop => (&session.address, 0),
            Way::Service | Way::Batch => ("-", 0),
            _ if session.device == Some(self.machine.id) => ("::1", session.port),
            _ => (&session.address, session.port),
        }
    }

    pub(super) fn logged_on(&mut self, session: &Session) -> io::Result<()> {
        if is_interactive(session.way) {
            self.explicit_at_desk(session)?;
        }
        self.logon(session)?;
        if session.elevated {
            self.special(session)?;
        }
        Ok(())
    }

    /// At the keyboard, the logon service uses the credentials that were typed: 4648 comes first.
    fn explicit_at_desk(&mut self, session: &Session) -> io::Result<()> {
        let (system, pid) = (self.system(), self.machine.pid(Writer::Host));
        let face = self.house.face(session.account);
        let (address, _) = self.client(session);
        self.audit(&EXPLICIT, Writer::Lsass, |data| {
            subject(data, &system)
                .guid(NO_GUID)
                .text(&face.name)
                .text(&face.domain)
                .guid(NO_GUID)
                .text("localhost")
                .text("localhost")
                .hex64(pid.into())
                .text(SVCHOST)
                .text(address)
                .text("0");
        })
    }

    fn logon(&mut self, session: &Session) -> io::Result<()> {
        let house = self.house;
        let Voucher { process, package, asked } = voucher(session.way, session.ntlm);
        let target = self.subject(session);
        let by = if asked.is_some() { self.system() } else { house.no_subject() };
        let (pid, image) = asked.map_or((0, "-"), |(writer, image)| (self.machine.pid(writer), image));
        let kerberos = package == "Kerberos";
        // The system itself has no name but its own in its own logon.
        let face = house.face(session.account);
        let name = if session.account == Court::SYSTEM { &face.name } else { target.name };
        let domain = match session.account {
            Court::SYSTEM => &face.domain,
            _ if kerberos => &house.realm,
            _ => target.domain,
        };
        let workstation = match session.way {
            Way::Service | Way::Batch => "-",
            _ if kerberos => "-",
            way if is_interactive(way) => &self.host.name,
            _ => &session.workstation,
        };
        let guid = if kerberos { ticket_guid(session.account, self.machine.id.0, self.at) } else { NO_GUID };
        let (lm, key) = if package == "NTLM" { ("NTLM V2", 128) } else { ("-", 0) };
        let (address, port) = self.client(session);
        let port = decimal(port.into());
        let elevated = session.elevated || target.sid == &house.face(Court::SYSTEM).sid;
        self.audit(&LOGON, Writer::Lsass, |data| {
            subject(data, &by)
                .sid(target.sid)
                .text(name)
                .text(domain)
                .hex64(session.logon_id)
                .u32(logon_type(session.way))
                .text(process)
                .text(package)
                .text(workstation)
                .guid(guid)
                .text("-")
                .text(lm)
                .u32(key)
                .hex64(pid.into())
                .text(image)
                .text(address)
                .text(if address == "-" { "-" } else { port.as_str() })
                .text("%%1833")
                .text("-")
                .text("-")
                .text("-")
                .text("%%1843")
                .hex64(0)
                .text(if elevated { "%%1842" } else { "%%1843" });
        })
    }

    fn special(&mut self, session: &Session) -> io::Result<()> {
        let mut who = self.subject(session);
        if session.account == Court::SYSTEM {
            let face = self.house.face(Court::SYSTEM);
            who = Subject { name: &face.name, domain: &face.domain, ..who };
        }
        let privileges = if session.way == Way::Service { SYSTEM_PRIVILEGES } else { PRIVILEGES };
        self.audit(&SPECIAL, Writer::Lsass, |data| {
            subject(data, &who).text(privileges);
        })
    }

    /// A refused logon. A remote desktop checks credentials before there is a session, so it is a
    /// network logon too. The second factor is not Windows'.
    pub(super) fn logon_refused(
        &mut self,
        name: &str,
        why: Refusal,
        way: Way,
        from: (&str, &str),
    ) -> io::Result<()> {
        let (address, workstation) = from;
        let (status, sub_status, reason) = match why {
            Refusal::Password => (0xC000_006D, 0xC000_006A, "%%2313"),
            Refusal::Unknown => (0xC000_006D, 0xC000_0064, "%%2313"),
            Refusal::Disabled => (0xC000_006E, 0xC000_0072, "%%2310"),
            Refusal::SecondFactor => return Ok(()),
        };
        let local = matches!(way, Way::Console | Way::Unlock | Way::Service | Way::Batch);
        let way = if local { way } else { Way::Network };
        let Voucher { process, package, asked } = voucher(way, true);
        let house = self.house;
        let by = if local { self.system() } else { house.no_subject() };
        let (pid, image) = asked.map_or((0, "-"), |(writer, image)| (self.machine.pid(writer), image));
        let (workstation, address) = match way {
            Way::Network => (workstation, address),
            Way::Service | Way::Batch => (self.host.name.as_str(), "-"),
            _ => (self.host.name.as_str(), "127.0.0.1"),
        };
        self.audit(&LOGON_FAILED, Writer::Lsass, |data| {
            subject(data, &by)
                .sid(&house.nobody)
                .text(name)
                .text(&house.netbios)
                .hex32(status)
                .text(reason)
                .hex32(sub_status)
                .u32(logon_type(way))
                .text(process)
                .text(package)
                .text(workstation)
                .text("-")
                .text("-")
                .u32(0)
                .hex64(pid.into())
                .text(image)
                .text(address)
                .text(if address == "-" { "-" } else { "0" });
        })
    }

    pub(super) fn logged_off(&mut self, session: &Session) -> io::Result<()> {
        let who = self.subject(session);
        if matches!(session.way, Way::Console | Way::RemoteDesktop) {
            self.audit(&SIGNED_OUT, Writer::Lsass, |data| {
                subject(data, &who);
            })?;
        }
        self.audit(&LOGOFF, Writer::Lsass, |data| {
            subject(data, &who).u32(logon_type(session.way));
        })
    }

    pub(super) fn other_credentials(
        &mut self,
        session: &Session,
        account: AccountId,
        target: &str,
        process: &Process,
    ) -> io::Result<()> {
        let (who, face) = (self.subject(session), self.house.face(account));
        self.audit(&EXPLICIT, Writer::Lsass, |data| {
            subject(data, &who)
                .guid(NO_GUID)
                .text(&face.name)
                .text(&face.domain)
                .guid(NO_GUID)
                .text(target)
                .text(target)
                .hex64(process.pid.into())
                .text(&process.image)
                .text("-")
                .text("-");
        })
    }
}

// ---- domain controller ----------------------------------------------------------------------

static TICKET_GRANTED: Form = audit(
    4768,
    0,
    14339,
    &[
        ("TargetUserName", Text),
        ("TargetDomainName", Text),
        ("TargetSid", SidType),
        ("ServiceName", Text),
        ("ServiceSid", SidType),
        ("TicketOptions", Hex32),
        ("Status", Hex32),
        ("TicketEncryptionType", Hex32),
        ("PreAuthType", Text),
        ("IpAddress", Text),
        ("IpPort", Text),
        ("CertIssuerName", Text),
        ("CertSerialNumber", Text),
        ("CertThumbprint", Text),
    ],
);

static SERVICE_TICKET: Form = audit(
    4769,
    0,
    14337,
    &[
        ("TargetUserName", Text),
        ("TargetDomainName", Text),
        ("ServiceName", Text),
        ("ServiceSid", SidType),
        ("TicketOptions", Hex32),
        ("TicketEncryptionType", Hex32),
        ("IpAddress", Text),
        ("IpPort", Text),
        ("Status", Hex32),
        ("LogonGuid", GuidType),
        ("TransmittedServices", Text),
    ],
);

static PRE_AUTH_FAILED: Form = failed(audit(
    4771,
    0,
    14339,
    &[
        ("TargetUserName", Text),
        ("TargetSid", SidType),
        ("ServiceName", Text),
        ("TicketOptions", Hex32),
        ("Status", Hex32),
        ("PreAuthType", Text),
        ("IpAddress", Text),
        ("IpPort", Text),
        ("CertIssuerName", Text),
        ("CertSerialNumber", Text),
        ("CertThumbprint", Text),
    ],
));

const NTLM: &[(&str, Type)] =
    &[("PackageName", Text), ("TargetUserName", Text), ("Workstation", Text), ("Status", Hex32)];
static NTLM_CHECKED: Form = audit(4776, 0, 14336, NTLM);
static NTLM_REFUSED: Form = failed(audit(4776, 0, 14336, NTLM));

static DIRECTORY_ACCESS: Form = audit(
    4662,
    0,
    14080,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("ObjectServer", Text),
        ("ObjectType", Text),
        ("ObjectName", Text),
        ("OperationType", Text),
        ("HandleId", Hex64),
        ("AccessList", Text),
        ("AccessMask", Hex32),
        ("Properties", Text),
        ("AdditionalInfo", Text),
        ("AdditionalInfo2", Text),
    ],
);
/// The class of a domain object, and the rights to replicate it: its changes, and all of them,
/// with the secrets.
const DOMAIN_CLASS: &str = "{19195a5b-6da0-11d0-afd3-00c04fd930c9}";
const REPLICATION: [&str; 2] =
    ["{1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}", "{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}"];

static CERTIFICATE_REQUESTED: Form =
    audit(4886, 0, 12805, &[("RequestId", Text), ("Requester", Text), ("Attributes", Text)]);
static CERTIFICATE_ISSUED: Form = audit(
    4887,
    0,
    12805,
    &[
        ("RequestId", Text),
        ("Requester", Text),
        ("Attributes", Text),
        ("Disposition", Text),
        ("SubjectKeyIdentifier", Text),
        ("Subject", Text),
    ],
);

const MEMBERSHIP: &[(&str, Type)] = &[
    ("MemberName", Text),
    ("MemberSid", SidType),
    ("TargetUserName", Text),
    ("TargetDomainName", Text),
    ("TargetSid", SidType),
    ("SubjectUserSid", SidType),
    ("SubjectUserName", Text),
    ("SubjectDomainName", Text),
    ("SubjectLogonId", Hex64),
    ("PrivilegeList", Text),
];
static MEMBER_ADDED: Form = audit(4728, 0, 13826, MEMBERSHIP);
static MEMBER_REMOVED: Form = audit(4729, 0, 13826, MEMBERSHIP);

const ACCOUNT: &[(&str, Type)] = &[
    ("TargetUserName", Text),
    ("TargetDomainName", Text),
    ("TargetSid", SidType),
    ("SubjectUserSid", SidType),
    ("SubjectUserName", Text),
    ("SubjectDomainName", Text),
    ("SubjectLogonId", Hex64),
];
static ACCOUNT_ENABLED: Form = audit(4722, 0, 13824, ACCOUNT);
static PASSWORD_SET: Form = audit(4724, 0, 13824, ACCOUNT);
static ACCOUNT_DISABLED: Form = audit(4725, 0, 13824, ACCOUNT);
static ACCOUNT_MADE: Form = audit(
    4720,
    0,
    13824,
    &[
        ("TargetUserName", Text),
        ("TargetDomainName", Text),
        ("TargetSid", SidType),
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("PrivilegeList", Text),
        ("SamAccountName", Text),
        ("DisplayName", Text),
        ("UserPrincipalName", Text),
        ("HomeDirectory", Text),
        ("HomePath", Text),
        ("ScriptPath", Text),
        ("ProfilePath", Text),
        ("UserWorkstations", Text),
        ("PasswordLastSet", Text),
        ("AccountExpires", Text),
        ("PrimaryGroupId", Text),
        ("AllowedToDelegateTo", Text),
        ("OldUacValue", Text),
        ("NewUacValue", Text),
        ("UserAccountControl", Text),
        ("UserParameters", Text),
        ("SidHistory", Text),
        ("LogonHours", Text),
    ],
);

/// Client address and port as the directory's ticket service writes them: IPv4 mapped into IPv6,
/// its own requests as coming from itself. Each request has a port of its own, whatever the port
/// of the session that it is made for.
fn mapped(session: &Session, host: HostId, at: Moment) -> ([&str; 2], u16) {
    let port = 49_152 + (mix(at.0.unsigned_abs() ^ session.number) % 16_000) as u16;
    match session.device {
        Some(device) if device == host => (["::1", ""], 0),
        _ if session.address.contains(':') => ([&session.address, ""], port),
        _ => (["::ffff:", &session.address], port),
    }
}

impl Pen<'_> {
    pub(super) fn ticket_granted(
        &mut self,
        session: &Session,
        certificate: Option<&[std::rc::Rc<str>; 3]>,
    ) -> io::Result<()> {
        let house = self.house;
        let face = house.face(session.account);
        let (address, port) = mapped(session, self.machine.id, self.at);
        let port = decimal(port.into());
        let [issuer, serial, thumbprint] = match certificate {
            Some(certificate) => certificate.each_ref().map(|text| &**text),
            None => [""; 3],
        };
        let pre_auth = if certificate.is_some() { "16" } else { "2" };
        self.audit(&TICKET_GRANTED, Writer::Lsass, |data| {
            data.text(&face.name)
                .text(&house.realm)
                .sid(&face.sid)
                .text("krbtgt")
                .sid(&house.krbtgt)
                .hex32(0x4081_0010)
                .hex32(0)
                .hex32(0x12)
                .text(pre_auth)
                .texts(&address)
                .text(port.as_str())
                .text(issuer)
                .text(serial)
                .text(thumbprint);
        })
    }

    pub(super) fn service_ticket(
        &mut self,
        session: &Session,
        service: AccountId,
        cipher: Cipher,
    ) -> io::Result<()> {
        let house = self.house;
        let (face, service_face) = (house.face(session.account), house.face(service));
        let (address, port) = mapped(session, self.machine.id, self.at);
        let port = decimal(port.into());
        let host = service_face.machine.map_or(u32::MAX - service.0, |host| host.0);
        let guid = ticket_guid(session.account, host, self.at);
        let encryption = match cipher {
            Cipher::Aes256 => 0x12,
            Cipher::Rc4 => 0x17,
        };
        self.audit(&SERVICE_TICKET, Writer::Lsass, |data| {
            data.text(&face.principal)
                .text(&house.realm)
                .text(&service_face.name)
                .sid(&service_face.sid)
                .hex32(0x4081_0000)
                .hex32(encryption)
                .texts(&address)
                .text(port.as_str())
                .hex32(0)
                .guid(guid)
                .text("-");
        })
    }

    pub(super) fn ticket_refused(&mut self, session: &Session, account: AccountId) -> io::Result<()> {
        let house = self.house;
        let face = house.face(account);
        let (address, port) = mapped(session, self.machine.id, self.at);
        let port = decimal(port.into());
        self.audit(&PRE_AUTH_FAILED, Writer::Lsass, |data| {
            data.text(&face.name)
                .sid(&face.sid)
                .texts(&["krbtgt/", &house.netbios])
                .hex32(0x4081_0010)
                .hex32(0x18)
                .text("2")
                .texts(&address)
                .text(port.as_str())
                .text("")
                .text("")
                .text("");
        })
    }

    pub(super) fn ntlm_checked(
        &mut self,
        session: &Session,
        workstation: &str,
        right: bool,
    ) -> io::Result<()> {
        let face = self.house.face(session.account);
        let form = if right { &NTLM_CHECKED } else { &NTLM_REFUSED };
        self.audit(form, Writer::Lsass, |data| {
            data.text("MICROSOFT_AUTHENTICATION_PACKAGE_V1_0").text(&face.name).text(workstation);
            data.hex32(if right { 0 } else { 0xC000_006A });
        })
    }

    pub(super) fn replicated(&mut self, session: &Session) -> io::Result<()> {
        let who = self.subject(session);
        let object = self.house.domain_object.to_string();
        REPLICATION.iter().try_for_each(|right| {
            self.audit(&DIRECTORY_ACCESS, Writer::Lsass, |data| {
                subject(data, &who)
                    .text("DS")
                    .texts(&["%", DOMAIN_CLASS])
                    .texts(&["%", &object])
                    .text("Object Access")
                    .hex64(0)
                    .text("%%7688\r\n\t\t\t\t")
                    .hex32(0x100)
                    .texts(&["%%7688\r\n\t\t", right, "\r\n\t", DOMAIN_CLASS, "\r\n"])
                    .text("-")
                    .text("");
            })
        })
    }

    /// A certificate was asked for and issued; `machine` is the full name of where from, if known.
    pub(super) fn certificate(
        &mut self,
        session: &Session,
        (template, name): (&str, &str),
        machine: Option<&str>,
    ) -> io::Result<()> {
        self.machine.requests += 1;
        let number = decimal(self.machine.requests);
        let requester = self.house.owner(session);
        let attributes = format!(
            "CertificateTemplate:{template}{}",
            machine.map_or(String::new(), |name| format!("\nccm:{name}"))
        );
        let key: Vec<_> =
            (0..20).map(|at| format!("{:02x}", mix(self.machine.requests << 8 | at) & 0xFF)).collect();
        let key = key.join(" ");
        self.audit(&CERTIFICATE_REQUESTED, Writer::Host, |data| {
            data.text(number.as_str()).text(&requester.qualified).text(&attributes);
        })?;
        self.audit(&CERTIFICATE_ISSUED, Writer::Host, |data| {
            data.text(number.as_str())
                .text(&requester.qualified)
                .text(&attributes)
                .text("3")
                .text(&key)
                .text(name);
        })
    }

    pub(super) fn member(
        &mut self,
        session: &Session,
        group: u32,
        member: AccountId,
        added: bool,
    ) -> io::Result<()> {
        let house = self.house;
        let who = self.subject(session);
        let face = house.face(member);
        let (group, group_sid) = &house.groups[group as usize];
        let form = if added { &MEMBER_ADDED } else { &MEMBER_REMOVED };
        self.audit(form, Writer::Lsass, |data| {
            data.texts(&["CN=", &face.name, ",CN=Users,", &house.distinguished]).sid(&face.sid);
            target(data, (group, &house.netbios, group_sid), &who).text("-");
        })
    }

    pub(super) fn account_changed(
        &mut self,
        session: &Session,
        account: AccountId,
        change: AccountChange,
    ) -> io::Result<()> {
        let who = self.subject(session);
        let face = self.house.face(account);
        let form = match change {
            AccountChange::Made => return self.account_made(&who, face),
            AccountChange::Enabled => &ACCOUNT_ENABLED,
            AccountChange::Disabled => &ACCOUNT_DISABLED,
            AccountChange::PasswordSet => &PASSWORD_SET,
        };
        self.audit(form, Writer::Lsass, |data| {
            target(data, (&face.name, &face.domain, &face.sid), &who);
        })
    }

    /// A new account is disabled and without a password (0x15): other events change that.
    fn account_made(&mut self, who: &Subject<'_>, face: &Face) -> io::Result<()> {
        let house = self.house;
        self.audit(&ACCOUNT_MADE, Writer::Lsass, |data| {
            target(data, (&face.name, &face.domain, &face.sid), who)
                .text("-")
                .text(&face.name)
                .text(&face.name)
                .texts(&[&face.name, "@", &house.realm.to_lowercase()])
                .text("-")
                .text("-")
                .text("-")
                .text("-")
                .text("-")
                .text("%%1794")
                .text("%%1794")
                .text("513")
                .text("-")
                .text("0x0")
                .text("0x15")
                .text("\r\n\t\t%%2080\r\n\t\t%%2082\r\n\t\t%%2084")
                .text("%%1793")
                .text("-")
                .text("%%1793");
        })
    }
}

/// Name, domain and SID of what is changed, and who changes it.
fn target<'d, 'c>(
    data: &'d mut Data<'c>,
    (name, domain, sid): (&str, &str, &Sid),
    who: &Subject<'_>,
) -> &'d mut Data<'c> {
    subject(data.text(name).text(domain).sid(sid), who)
}

// ---- processes ------------------------------------------------------------------------------

static PROCESS_CREATED: Form = audit(
    4688,
    2,
    13312,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("NewProcessId", Hex64),
        ("NewProcessName", Text),
        ("TokenElevationType", Text),
        ("ProcessId", Hex64),
        ("CommandLine", Text),
        ("TargetUserSid", SidType),
        ("TargetUserName", Text),
        ("TargetDomainName", Text),
        ("TargetLogonId", Hex64),
        ("ParentProcessName", Text),
        ("MandatoryLabel", SidType),
    ],
);

static PROCESS_ENDED: Form = audit(
    4689,
    0,
    13313,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("Status", Hex32),
        ("ProcessId", Hex64),
        ("ProcessName", Text),
    ],
);

impl Pen<'_> {
    /// The subject is who starts it; a target stands there only if it runs as somebody else.
    pub(super) fn started(&mut self, process: &Process, parent: &Process) -> io::Result<()> {
        let house = self.house;
        let own = self.subject(&process.session);
        let who = self.subject(&parent.session);
        let target = if who.logon_id == own.logon_id {
            house.no_subject()
        } else {
            Subject { sid: &house.nobody, ..own }
        };
        let label = &house.labels[process.integrity as usize];
        let elevation = if process.integrity == crate::act::Integrity::High { "%%1937" } else { "%%1936" };
        self.audit(&PROCESS_CREATED, Writer::Kernel, |data| {
            subject(data, &who)
                .hex64(process.pid.into())
                .text(&process.image)
                .text(elevation)
                .hex64(parent.pid.into())
                .text(&process.command);
            subject(data, &target).text(&parent.image).sid(label);
        })
    }

    pub(super) fn ended(&mut self, process: &Process) -> io::Result<()> {
        let who = self.subject(&process.session);
        self.audit(&PROCESS_ENDED, Writer::Kernel, |data| {
            subject(data, &who).hex32(0).hex64(process.pid.into()).text(&process.image);
        })
    }
}

// ---- the machine ----------------------------------------------------------------------------

static SERVICE_INSTALLED: Form = audit(
    4697,
    0,
    12289,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("ServiceName", Text),
        ("ServiceFileName", Text),
        ("ServiceType", Hex32),
        ("ServiceStartType", U32),
        ("ServiceAccount", Text),
    ],
);

static TASK_CREATED: Form = audit(
    4698,
    0,
    12804,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("TaskName", Text),
        ("TaskContent", Text),
    ],
);

static STARTING: Form = audit(4608, 0, 12288, &[]);

impl Pen<'_> {
    pub(super) fn service_installed(
        &mut self,
        session: &Session,
        name: &str,
        command: &str,
    ) -> io::Result<()> {
        let who = self.subject(session);
        self.audit(&SERVICE_INSTALLED, Writer::Lsass, |data| {
            subject(data, &who).text(name).text(command).hex32(0x10).u32(3).text("LocalSystem");
        })
    }

    pub(super) fn task_created(&mut self, session: &Session, name: &str, command: &str) -> io::Result<()> {
        let who = self.subject(session);
        let content = task_content(self.at, &self.house.owner(session).qualified, name, command);
        self.audit(&TASK_CREATED, Writer::Lsass, |data| {
            subject(data, &who).text(name).text(&content);
        })
    }

    pub(super) fn starting(&mut self) -> io::Result<()> {
        self.audit(&STARTING, Writer::Lsass, |_| {})
    }

    /// The audit log was cleared: the first record of the log from then on.
    pub(super) fn audit_log_cleared(&mut self, session: &Session) -> io::Result<()> {
        let who = self.subject(session);
        let children = vec![
            Element::leaf("SubjectUserSid", Value::Sid(std::borrow::Cow::Borrowed(who.sid))),
            Element::leaf("SubjectUserName", Value::text(who.name)),
            Element::leaf("SubjectDomainName", Value::text(who.domain)),
            Element::leaf("SubjectLogonId", Value::Hex64(who.logon_id)),
        ];
        let root = cleared(children);
        let record =
            Record { event_id: 1102, task: 104, keywords: 0x4020_0000_0000_0000, ..eventlog_record() };
        self.tree(Name::Security, &record, Writer::EventLog, &root)
    }
}

/// `LogFileCleared`, of which 1102 and 104 have different children.
pub(super) fn cleared(children: Vec<Element<'_>>) -> Element<'_> {
    Element {
        name: "LogFileCleared".into(),
        attributes: vec![(
            "xmlns".into(),
            "http://manifests.microsoft.com/win/2004/08/windows/eventlog".into(),
        )],
        content: Content::Elements(children),
    }
}

/// A task's definition, as the task service stores it; times are the court's own.
fn task_content(at: Moment, author: &str, name: &str, command: &str) -> String {
    let local = (at + at.court_offset()).iso_seconds();
    let (program, arguments) = split_command(command);
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (author, name) = (escape(author), escape(name));
    let (program, arguments) = (escape(program), escape(arguments));
    let lines = [
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>".to_owned(),
        "<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">".to_owned(),
        "  <RegistrationInfo>".to_owned(),
        format!("    <Date>{local}</Date>"),
        format!("    <Author>{author}</Author>"),
        format!("    <URI>{name}</URI>"),
        "  </RegistrationInfo>".to_owned(),
        "  <Triggers>".to_owned(),
        "    <CalendarTrigger>".to_owned(),
        format!("      <StartBoundary>{local}</StartBoundary>"),
        "      <Enabled>true</Enabled>".to_owned(),
        "      <ScheduleByDay>".to_owned(),
        "        <DaysInterval>1</DaysInterval>".to_owned(),
        "      </ScheduleByDay>".to_owned(),
        "    </CalendarTrigger>".to_owned(),
        "  </Triggers>".to_owned(),
        "  <Principals>".to_owned(),
        "    <Principal id=\"Author\">".to_owned(),
        format!("      <UserId>{author}</UserId>"),
        "      <LogonType>InteractiveToken</LogonType>".to_owned(),
        "      <RunLevel>LeastPrivilege</RunLevel>".to_owned(),
        "    </Principal>".to_owned(),
        "  </Principals>".to_owned(),
        "  <Settings>".to_owned(),
        "    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>".to_owned(),
        "    <DisallowStartIfOnBatteries>true</DisallowStartIfOnBatteries>".to_owned(),
        "    <StopIfGoingOnBatteries>true</StopIfGoingOnBatteries>".to_owned(),
        "    <Hidden>false</Hidden>".to_owned(),
        "    <Enabled>true</Enabled>".to_owned(),
        "  </Settings>".to_owned(),
        "  <Actions Context=\"Author\">".to_owned(),
        "    <Exec>".to_owned(),
        format!("      <Command>{program}</Command>"),
        format!("      <Arguments>{arguments}</Arguments>"),
        "    </Exec>".to_owned(),
        "  </Actions>".to_owned(),
        "</Task>".to_owned(),
    ];
    lines.join("\r\n")
}

/// Program and arguments.
fn split_command(command: &str) -> (&str, &str) {
    match command.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((program, arguments)) => (program, arguments.trim_start()),
        None => command.split_once(' ').unwrap_or((command, "")),
    }
}

// ---- shares ---------------------------------------------------------------------------------

static SHARE: Form = audit(
    5140,
    1,
    12808,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("ObjectType", Text),
        ("IpAddress", Text),
        ("IpPort", Text),
        ("ShareName", Text),
        ("ShareLocalPath", Text),
        ("AccessMask", Hex32),
        ("AccessList", Text),
    ],
);

static SHARE_FILE: Form = audit(
    5145,
    0,
    12811,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("ObjectType", Text),
        ("IpAddress", Text),
        ("IpPort", Text),
        ("ShareName", Text),
        ("ShareLocalPath", Text),
        ("RelativeTargetName", Text),
        ("AccessMask", Hex32),
        ("AccessList", Text),
        ("AccessReason", Text),
    ],
);

const HANDLE: &[(&str, Type)] = &[
    ("SubjectUserSid", SidType),
    ("SubjectUserName", Text),
    ("SubjectDomainName", Text),
    ("SubjectLogonId", Hex64),
    ("ObjectServer", Text),
    ("ObjectType", Text),
    ("ObjectName", Text),
    ("HandleId", Hex64),
    ("TransactionId", GuidType),
    ("AccessList", Text),
    ("AccessReason", Text),
    ("AccessMask", Hex32),
    ("PrivilegeList", Text),
    ("RestrictedSidCount", U32),
    ("ProcessId", Hex64),
    ("ProcessName", Text),
    ("ResourceAttributes", Text),
];
static HANDLE_REQUESTED: Form = audit(4656, 1, 12800, HANDLE);
static HANDLE_REFUSED: Form = failed(audit(4656, 1, 12800, HANDLE));

const CLOSED: &[(&str, Type)] = &[
    ("SubjectUserSid", SidType),
    ("SubjectUserName", Text),
    ("SubjectDomainName", Text),
    ("SubjectLogonId", Hex64),
    ("ObjectServer", Text),
    ("HandleId", Hex64),
    ("ProcessId", Hex64),
    ("ProcessName", Text),
];
static HANDLE_CLOSED: Form = audit(4658, 0, 12800, CLOSED);

static OBJECT_DELETED: Form = audit(
    4660,
    0,
    12800,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("ObjectServer", Text),
        ("HandleId", Hex64),
        ("ProcessId", Hex64),
        ("ProcessName", Text),
        ("TransactionId", GuidType),
    ],
);

static OBJECT_USED: Form = audit(
    4663,
    1,
    12800,
    &[
        ("SubjectUserSid", SidType),
        ("SubjectUserName", Text),
        ("SubjectDomainName", Text),
        ("SubjectLogonId", Hex64),
        ("ObjectServer", Text),
        ("ObjectType", Text),
        ("ObjectName", Text),
        ("HandleId", Hex64),
        ("AccessList", Text),
        ("AccessMask", Hex32),
        ("ProcessId", Hex64),
        ("ProcessName", Text),
        ("ResourceAttributes", Text),
    ],
);

/// The process of whoever comes over the network: the kernel, without a name.
const OVER_NETWORK: (u64, &str) = (4, "");

impl Pen<'_> {
    pub(super) fn share_connected(&mut self, session: &Session, share: ShareId) -> io::Result<()> {
        let (who, port) = (self.subject(session), decimal(session.port.into()));
        let (share, mask) = (&self.house.shares[share.index()], self.house.mask(mask::READ_DATA));
        self.audit(&SHARE, Writer::Kernel, |data| {
            subject(data, &who)
                .text("File")
                .text(&session.address)
                .text(port.as_str())
                .text(&share.name)
                .text(&share.local)
                .hex32(mask.mask)
                .text(&mask.list);
        })
    }

    /// A file or folder on a share: the check at the share for every open, and what the file
    /// system audits where it was told to.
    pub(super) fn shared_file(
        &mut self,
        session: &Session,
        (file, deed, audited): (&SharedFile, FileDeed, bool),
    ) -> io::Result<()> {
        let (handle, used) = match deed {
            FileDeed::List => (mask::LIST, mask::READ_DATA),
            FileDeed::Read(_) => (mask::READ, mask::READ_DATA),
            FileDeed::Write(_) => (mask::WRITE, mask::WRITE_DATA),
            FileDeed::Delete => (mask::DELETE, mask::DELETE_USED),
            FileDeed::Look => (mask::LOOK, 0),
            FileDeed::Refused => (if file.folder { mask::LIST } else { mask::READ }, 0),
        };
        self.share_checked(session, file, handle)?;
        match deed {
            _ if !audited => Ok(()),
            FileDeed::Look => Ok(()),
            FileDeed::Refused => self.handle_refused(session, file, handle),
            _ => self.object_used(session, file, (handle, used)),
        }
    }

    /// 5145 speaks for the share alone: where the file system refuses, the check at the share has
    /// succeeded all the same ("no events are generated if access was denied on the file system
    /// level", Microsoft's page on 5145).
    fn share_checked(&mut self, session: &Session, file: &SharedFile, handle: u32) -> io::Result<()> {
        let (who, port) = (self.subject(session), decimal(session.port.into()));
        let (share, mask) = (&self.house.shares[file.share.index()], self.house.mask(handle));
        let name = if file.path.is_empty() { "\\" } else { &file.path };
        self.audit(&SHARE_FILE, Writer::Kernel, |data| {
            subject(data, &who)
                .text("File")
                .text(&session.address)
                .text(port.as_str())
                .text(&share.name)
                .text(&share.local)
                .text(name)
                .hex32(mask.mask)
                .text(&mask.list)
                .text(&mask.granted_by_share);
        })
    }

    /// Handle, use, (deletion,) close.
    fn object_used(
        &mut self,
        session: &Session,
        file: &SharedFile,
        (opened, used): (u32, u32),
    ) -> io::Result<()> {
        let house = self.house;
        let (who, handle) = (self.subject(session), self.machine.handle());
        let share = &house.shares[file.share.index()];
        let name = object_name(share, file);
        self.handle_event(&HANDLE_REQUESTED, (&who, handle), &name, opened)?;
        let used = house.mask(used);
        let (pid, image) = OVER_NETWORK;
        self.audit(&OBJECT_USED, Writer::Kernel, |data| {
            subject(data, &who)
                .text("Security")
                .text("File")
                .texts(&name)
                .hex64(handle)
                .text(&used.list)
                .hex32(used.mask)
                .hex64(pid)
                .text(image)
                .text("S:AI");
        })?;
        if used.mask == mask::DELETE_USED {
            self.audit(&OBJECT_DELETED, Writer::Kernel, |data| {
                subject(data, &who).text("Security").hex64(handle).hex64(pid).text(image).guid(NO_GUID);
            })?;
        }
        self.audit(&HANDLE_CLOSED, Writer::Kernel, |data| {
            subject(data, &who).text("Security").hex64(handle).hex64(pid).text(image);
        })
    }

    fn handle_refused(&mut self, session: &Session, file: &SharedFile, asked: u32) -> io::Result<()> {
        let who = self.subject(session);
        let name = object_name(&self.house.shares[file.share.index()], file);
        self.handle_event(&HANDLE_REFUSED, (&who, 0), &name, asked)
    }

    fn handle_event(
        &mut self,
        form: &'static Form,
        (who, handle): (&Subject<'_>, u64),
        name: &[&str; 3],
        mask: u32,
    ) -> io::Result<()> {
        let mask = self.house.mask(mask);
        let reason = if form.keywords == FAILURE { &mask.refused } else { &mask.granted_by_file };
        let (pid, image) = OVER_NETWORK;
        self.audit(form, Writer::Kernel, |data| {
            subject(data, who)
                .text("Security")
                .text("File")
                .texts(name)
                .hex64(handle)
                .guid(NO_GUID)
                .text(&mask.list)
                .text(reason)
                .hex32(mask.mask)
                .text("-")
                .u32(0)
                .hex64(pid)
                .text(image)
                .text("S:AI");
        })
    }
}

/// `D:\Shares\Cases\CT0324\…`, in parts.
fn object_name<'s>(share: &'s ShareFace, file: &'s SharedFile) -> [&'s str; 3] {
    [&share.root, if file.path.is_empty() { "" } else { "\\" }, &file.path]
}
