//! Who and what is there? People, accounts and hosts of the made-up institution.
//!
//! All names are invented; the domain is below `.example`, outside addresses are from the ranges
//! reserved for documentation (RFC 5737), inside ones from RFC 1918.

use std::borrow::Cow;

use crate::evtx::{Sid, Value};

/// The domain part of every SID of the domain.
const DOMAIN: [u32; 4] = [21, 1_893_774_160, 2_716_350_487, 318_642_951];
pub(super) const REALM: &str = "COURT.EXAMPLE";

/// An account of the domain or of Windows itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: &'static str,
    pub(super) domain: &'static str,
    /// Relative id in the domain; for well-known accounts the only sub-authority.
    id: u32,
}

impl Account {
    const fn of_domain(name: &'static str, id: u32) -> Self {
        Self { name, domain: "COURT", id }
    }

    const fn well_known(name: &'static str, id: u32) -> Self {
        Self { name, domain: "NT AUTHORITY", id }
    }

    pub(super) fn sid(self) -> Sid {
        match self.domain {
            "COURT" => {
                let [a, b, c, d] = DOMAIN;
                Sid::new(5, &[a, b, c, d, self.id])
            }
            _ => Sid::new(5, &[self.id]),
        }
    }

    pub(super) fn sid_value(self) -> Value<'static> {
        Value::Sid(Cow::Owned(self.sid()))
    }

    /// `COURT\i.vantorp`
    pub(super) fn qualified(self) -> String {
        format!("{}\\{}", self.domain, self.name)
    }
}

/// The SID of nobody, which stands where there is no subject.
pub(super) fn nobody() -> Value<'static> {
    Value::Sid(Cow::Owned(Sid::new(0, &[0])))
}

pub(super) const SYSTEM: Account = Account::well_known("SYSTEM", 18);
pub(super) const LOCAL_SERVICE: Account = Account::well_known("LOCAL SERVICE", 19);
pub(super) const NETWORK_SERVICE: Account = Account::well_known("NETWORK SERVICE", 20);
pub(super) const KRBTGT: Account = Account::of_domain("krbtgt", 502);

/// Registry clerk at REG-WS07; the intrusion begins with her.
pub(super) const VANTORP: Account = Account::of_domain("i.vantorp", 1131);
/// Human resources, at HR-WS02.
pub(super) const HADWIN: Account = Account::of_domain("p.hadwin", 1142);
/// Legal officer of the witness section, at LEG-WS11.
pub(super) const QUILLARIS: Account = Account::of_domain("m.quillaris", 1119);
/// Legal officer, often on mission, at LEG-WS12.
pub(super) const KESSANDOR: Account = Account::of_domain("d.kessandor", 1126);
/// Analyst at ANA-WS03.
pub(super) const ARRENBY: Account = Account::of_domain("s.arrenby", 1150);
/// Administrator, at ADM-WS01: the everyday account and the administrative one.
pub(super) const KETTERMOLE: Account = Account::of_domain("j.kettermole", 1104);
pub(super) const ADM_KETTERMOLE: Account = Account::of_domain("adm-jkettermole", 1105);
/// Domain administrator who is on leave during the story.
pub(super) const ADM_LINDQVAR: Account = Account::of_domain("adm-rlindqvar", 1107);
pub(super) const SVC_BACKUP: Account = Account::of_domain("svc-backup", 1112);
pub(super) const SVC_DMS: Account = Account::of_domain("svc-dms", 1115);
pub(super) const SVC_SQLREG: Account = Account::of_domain("svc-sqlreg", 1116);
pub(super) const SVC_SCAN: Account = Account::of_domain("svc-scan", 1122);
/// The directory synchronisation, which replicates secrets because that is its work.
pub(super) const DIRSYNC: Account = Account::of_domain("MSOL_4f1c2a9be07d", 1118);

/// A machine of the institution.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Host {
    /// `REG-WS07`; also the name of its folder in the evidence.
    pub(super) name: &'static str,
    pub(super) address: &'static str,
    /// Its own account in the domain, `REG-WS07$`.
    pub(super) account: Account,
}

impl Host {
    const fn new(name: &'static str, address: &'static str, account: &'static str, account_id: u32) -> Self {
        Self { name, address, account: Account::of_domain(account, account_id) }
    }

    /// `REG-WS07.court.example`
    pub(super) fn full_name(self) -> String {
        format!("{}.court.example", self.name)
    }
}

pub(super) const DC01: Host = Host::new("DC01", "10.20.1.10", "DC01$", 1000);
pub(super) const LEGAL_FS01: Host = Host::new("LEGAL-FS01", "10.20.2.21", "LEGAL-FS01$", 1108);
pub(super) const DMS01: Host = Host::new("DMS01", "10.20.2.30", "DMS01$", 1110);
pub(super) const BACKUP01: Host = Host::new("BACKUP01", "10.20.3.40", "BACKUP01$", 1111);
pub(super) const SYNC01: Host = Host::new("SYNC01", "10.20.3.44", "SYNC01$", 1117);
pub(super) const ADM_WS01: Host = Host::new("ADM-WS01", "10.20.5.5", "ADM-WS01$", 1203);
pub(super) const REG_WS07: Host = Host::new("REG-WS07", "10.20.4.17", "REG-WS07$", 1201);
pub(super) const HR_WS02: Host = Host::new("HR-WS02", "10.20.6.12", "HR-WS02$", 1202);
pub(super) const LEG_WS11: Host = Host::new("LEG-WS11", "10.20.4.31", "LEG-WS11$", 1204);
pub(super) const LEG_WS12: Host = Host::new("LEG-WS12", "10.20.4.32", "LEG-WS12$", 1205);
pub(super) const ANA_WS03: Host = Host::new("ANA-WS03", "10.20.4.40", "ANA-WS03$", 1206);
pub(super) const PRT01: Host = Host::new("PRT01", "10.20.7.9", "PRT01$", 1113);

/// Who works where.
pub(super) const STAFF: [(Account, Host); 6] = [
    (VANTORP, REG_WS07),
    (HADWIN, HR_WS02),
    (QUILLARIS, LEG_WS11),
    (KESSANDOR, LEG_WS12),
    (ARRENBY, ANA_WS03),
    (KETTERMOLE, ADM_WS01),
];

/// The intruder's servers and the address from which the stolen account came in by VPN.
pub(super) const COMMAND_SERVER: (&str, &str) = ("updates-cdn.example", "203.0.113.77");
pub(super) const DROP_SERVER: (&str, &str) = ("files.parcelbox.example", "198.51.100.45");
pub(super) const INTRUDER_ADDRESS: &str = "198.51.100.23";
/// The address that the VPN gave to that session.
pub(super) const INTRUDER_POOL_ADDRESS: &str = "10.20.9.33";
