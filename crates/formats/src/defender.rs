//! What do the tables of Microsoft Defender's advanced hunting say?
//!
//! `DeviceProcessEvents`, `DeviceLogonEvents`, `DeviceFileEvents`, `DeviceNetworkEvents`,
//! `DeviceRegistryEvents`, `DeviceImageLoadEvents` and `DeviceEvents`: as the portal and its API give
//! them (JSON or CSV), as Sentinel keeps them, and as the streaming API wraps them (`category`,
//! `properties`). The sensor tells by `ActionType` what was done; it samples, so that a record that
//! is not there says nothing.

use std::borrow::Cow;

use assize_model::Card;
use assize_model::spine::{Client, Link, ObjectKind, Outcome, Verb};

use crate::json::{Make, Own, Record, own};
use crate::made::{Columns, Layout, Made};
use crate::meaning::{Meaning, address};

static CARD: Card = Card {
    name: "defender-hunting",
    title: "Microsoft Defender advanced hunting (JSON)",
    doc: "Records of the device tables of advanced hunting: from the portal or its API, from Sentinel (`Type` names \
          the table), or from the streaming API (`category` and `properties`). The verb follows from `ActionType`; one \
          that is not known is `other`. Who acts is the account of the initiating process, or of a request over the \
          network; the account of a started process is the target where it is another. The sensor samples and \
          aggregates: what is not there was not necessarily not done.",
    example: r#"{"Timestamp":"2026-09-14T08:12:03.12Z","DeviceName":"ws07.court.example","ActionType":"ProcessCreated",…}"#,
    links: &[
        "https://learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables",
        "https://learn.microsoft.com/defender-xdr/advanced-hunting-deviceprocessevents-table",
        "https://learn.microsoft.com/defender-xdr/streaming-api",
    ],
    version: 1,
};

static TABLE_CARD: Card = Card {
    name: "defender-hunting-csv",
    title: "Microsoft Defender advanced hunting (CSV)",
    doc: "The device tables of advanced hunting as the portal exports them: one row a record, the columns of the \
          table or of what a query kept of them. What columns are not there stays empty; the verb follows from \
          `ActionType` as in the JSON of the same tables.",
    example: "Timestamp,DeviceId,DeviceName,ActionType,FileName,FolderPath\n2026-09-14T08:12:03.12Z,…",
    links: &["https://learn.microsoft.com/defender-xdr/advanced-hunting-query-results"],
    version: 1,
};

static MAKE: Make = Make { own: OWN, spliced: &["properties"], meaning };

/// Every field that the spine is filled from.
const OWN: &[&str] = &[
    "AccountDomain",
    "AccountName",
    "AccountUpn",
    "ActionType",
    "DeviceId",
    "DeviceName",
    "FileName",
    "FolderPath",
    "InitiatingProcessAccountDomain",
    "InitiatingProcessAccountName",
    "InitiatingProcessLogonId",
    "InitiatingProcessUniqueId",
    "LogonId",
    "LogonType",
    "ProcessUniqueId",
    "RegistryKey",
    "RegistryValueName",
    "RemoteDeviceName",
    "RemoteIP",
    "RemoteUrl",
    "ReportId",
    "RequestAccountDomain",
    "RequestAccountName",
    "RequestSourceIP",
    "TimeGenerated",
    "Timestamp",
    "Type",
    "category",
];

/// See the module's text.
pub(crate) static DEFENDER: Made = Made {
    card: &CARD,
    family: "windows",
    proof: &[("read", "unproven")],
    make: &MAKE,
    layout: Layout::Records(91),
};

/// See the module's text.
pub(crate) static DEFENDER_TABLE: Made = Made {
    card: &TABLE_CARD,
    family: "windows",
    proof: &[("read", "unproven")],
    make: &MAKE,
    layout: Layout::Table(of_it),
};

fn of_it(columns: &Columns<'_>) -> bool {
    let any = |names: &[&str]| names.iter().any(|name| columns.has(name));
    any(&["Timestamp", "TimeGenerated"]) && columns.has("ActionType") && any(&["DeviceName", "DeviceId"])
}

fn meaning(record: &Record) -> Option<Meaning<'_>> {
    let action = record.said(own!("ActionType"))?;
    let host = record.said(own!("DeviceName"));
    let time = record.said(own!("Timestamp")).or_else(|| record.said(own!("TimeGenerated")))?;
    host.or_else(|| record.said(own!("DeviceId")))?;
    let told = Told::of(action);
    let table =
        record.said(own!("Type")).or_else(|| record.said(own!("category"))?.strip_prefix("AdvancedHunting-"));
    let mut event = Meaning::of(format!("defender/{}", table.unwrap_or(told.table)));
    event.set_time(time, "no zone stated; the tables of advanced hunting are in UTC");
    event.host = host.map(Cow::Borrowed);
    event.verb = told.verb;
    event.outcome = told.outcome;
    event.object_kind = told.kind;
    event.object = object(record, told.kind);
    who(record, &mut event);
    event.peer =
        record.said(own!("RemoteIP")).or_else(|| record.said(own!("RequestSourceIP"))).and_then(address);
    event.device = record.said(own!("RemoteDeviceName")).map(Cow::Borrowed);
    event.link(Link::Record, record.said(own!("ReportId")));
    event.link(Link::Process, record.said(own!("ProcessUniqueId")));
    event.link(Link::ParentProcess, record.said(own!("InitiatingProcessUniqueId")));
    Some(event)
}

/// The account that acts, and the one acted upon where that is another.
fn who<'a>(record: &'a Record, event: &mut Meaning<'a>) {
    let account = account(record, own!("AccountDomain"), own!("AccountName"))
        .or_else(|| record.said(own!("AccountUpn")).map(Cow::Borrowed));
    let initiating =
        self::account(record, own!("InitiatingProcessAccountDomain"), own!("InitiatingProcessAccountName"));
    let asked = self::account(record, own!("RequestAccountDomain"), own!("RequestAccountName"));
    if matches!(event.verb, Verb::Logon | Verb::Logoff) {
        // The initiating process is the service that lets somebody in.
        event.actor = account;
        event.client = client(record.said(own!("LogonType")));
        event.link(Link::TargetLogon, record.said(own!("LogonId")));
        return;
    }
    event.link(Link::Logon, record.said(own!("InitiatingProcessLogonId")));
    // The account of a record about an account is what was acted upon, never who acted.
    let own = account.clone().filter(|_| event.object_kind != Some(ObjectKind::Account));
    event.actor = asked.or(initiating).or(own);
    event.target = account.filter(|account| event.actor.as_ref() != Some(account));
}

fn account<'a>(record: &'a Record, domain: Own, name: Own) -> Option<Cow<'a, str>> {
    let name = record.said(name)?;
    Some(match record.said(domain).filter(|_| !name.contains(['@', '\\'])) {
        Some(domain) => Cow::Owned([domain, "\\", name].concat()),
        None => Cow::Borrowed(name),
    })
}

fn client(logon_type: Option<&str>) -> Option<Client> {
    match logon_type? {
        "Interactive"
        | "RemoteInteractive"
        | "RemoteInteractive (RDP)"
        | "CachedInteractive"
        | "Unlock"
        | "CachedUnlock"
        | "CachedRemoteInteractive" => Some(Client::Desktop),
        "Service" | "Batch" => Some(Client::Service),
        _ => None,
    }
}

fn object(record: &Record, kind: Option<ObjectKind>) -> Option<Cow<'_, str>> {
    match kind? {
        ObjectKind::Host => record.said(own!("RemoteUrl")).map(Cow::Borrowed),
        ObjectKind::RegistryKey => {
            let key = record.said(own!("RegistryKey"))?;
            Some(match record.said(own!("RegistryValueName")) {
                Some(value) => Cow::Owned([key, "\\", value].concat()),
                None => Cow::Borrowed(key),
            })
        }
        ObjectKind::Account => account(record, own!("AccountDomain"), own!("AccountName")),
        _ => path(record),
    }
}

/// `FolderPath` is, by the schema, the folder with the file's name; some exports leave the name out.
fn path(record: &Record) -> Option<Cow<'_, str>> {
    let (folder, name) = (record.said(own!("FolderPath")), record.said(own!("FileName")));
    match (folder, name) {
        (Some(folder), Some(name)) => {
            let named = folder.len() >= name.len()
                && folder.get(folder.len() - name.len()..).is_some_and(|end| end.eq_ignore_ascii_case(name));
            let folder = folder.trim_end_matches('\\');
            Some(if named { Cow::Borrowed(folder) } else { Cow::Owned([folder, "\\", name].concat()) })
        }
        (folder, name) => folder.or(name).map(Cow::Borrowed),
    }
}

/// What an action type says.
struct Told {
    verb: Verb,
    kind: Option<ObjectKind>,
    outcome: Outcome,
    /// The table that such records stand in.
    table: &'static str,
}

impl Told {
    /// By the action types that the portal's schema reference lists for each table.
    fn of(action: &str) -> Self {
        use ObjectKind::{
            Account, File, Host, Medium, Name, Pipe, Process, RegistryKey, Script, Service, Task,
        };
        const PROCESS: &str = "DeviceProcessEvents";
        const LOGON: &str = "DeviceLogonEvents";
        const FILE: &str = "DeviceFileEvents";
        const NETWORK: &str = "DeviceNetworkEvents";
        const REGISTRY: &str = "DeviceRegistryEvents";
        const OTHER: &str = "DeviceEvents";
        let (verb, kind, outcome, table) = match action {
            "ProcessCreated" => (Verb::Execute, Some(Process), Outcome::Success, PROCESS),
            "LogonSuccess" => (Verb::Logon, None, Outcome::Success, LOGON),
            "LogonFailed" => (Verb::Logon, None, Outcome::Failure, LOGON),
            "LogonAttempted" => (Verb::Logon, None, Outcome::Unknown, LOGON),
            "FileCreated" => (Verb::Create, Some(File), Outcome::Success, FILE),
            "FileModified" => (Verb::Write, Some(File), Outcome::Success, FILE),
            "FileDeleted" => (Verb::Delete, Some(File), Outcome::Success, FILE),
            "FileRenamed" => (Verb::Move, Some(File), Outcome::Success, FILE),
            "ConnectionSuccess" | "InboundConnectionAccepted" => {
                (Verb::Connect, Some(Host), Outcome::Success, NETWORK)
            }
            "ConnectionFailed" => (Verb::Connect, Some(Host), Outcome::Failure, NETWORK),
            "ConnectionRequest"
            | "ConnectionFound"
            | "ConnectionAttempt"
            | "InboundConnectionAttempt"
            | "InboundInternetScanInspected" => (Verb::Connect, Some(Host), Outcome::Unknown, NETWORK),
            "ListeningConnectionCreated" | "NetworkSignatureInspected" => {
                (Verb::Other, Some(Host), Outcome::Unknown, NETWORK)
            }
            "RegistryKeyCreated"
            | "RegistryKeyDeleted"
            | "RegistryKeyRenamed"
            | "RegistryValueSet"
            | "RegistryValueDeleted" => (Verb::ConfigChange, Some(RegistryKey), Outcome::Success, REGISTRY),
            "ImageLoaded" => (Verb::Other, Some(File), Outcome::Success, "DeviceImageLoadEvents"),
            "SensitiveFileRead" => (Verb::Read, Some(File), Outcome::Success, OTHER),
            "RemovableStorageFileEvent" => (Verb::Write, Some(File), Outcome::Unknown, OTHER),
            "UserAccountCreated" => (Verb::Create, Some(Account), Outcome::Success, OTHER),
            "UserAccountDeleted" => (Verb::Delete, Some(Account), Outcome::Success, OTHER),
            "UserAccountModified" | "UserAccountAddedToLocalGroup" | "UserAccountRemovedFromLocalGroup" => {
                (Verb::PermissionChange, Some(Account), Outcome::Success, OTHER)
            }
            "PasswordChangeAttempt" => (Verb::PermissionChange, Some(Account), Outcome::Unknown, OTHER),
            "ServiceInstalled" => (Verb::ConfigChange, Some(Service), Outcome::Success, OTHER),
            "ScheduledTaskCreated"
            | "ScheduledTaskUpdated"
            | "ScheduledTaskDeleted"
            | "ScheduledTaskEnabled"
            | "ScheduledTaskDisabled" => (Verb::ConfigChange, Some(Task), Outcome::Success, OTHER),
            "SecurityLogCleared" => (Verb::LogClear, Some(ObjectKind::Log), Outcome::Success, OTHER),
            "UsbDriveMounted" | "PnpDeviceConnected" => {
                (Verb::Connect, Some(Medium), Outcome::Success, OTHER)
            }
            "PowerShellCommand" | "ScriptContent" => (Verb::Execute, Some(Script), Outcome::Unknown, OTHER),
            "DnsQueryResponse" => (Verb::Query, Some(Name), Outcome::Unknown, OTHER),
            "LdapSearch" => (Verb::Search, None, Outcome::Unknown, OTHER),
            "NamedPipeEvent" => (Verb::Connect, Some(Pipe), Outcome::Unknown, OTHER),
            "ReadProcessMemoryApiCall" => (Verb::Read, Some(Process), Outcome::Unknown, OTHER),
            "AntivirusDetection" | "AntivirusReport" => (Verb::Other, Some(File), Outcome::Unknown, OTHER),
            _ => (Verb::Other, None, Outcome::Unknown, OTHER),
        };
        Self { verb, kind, outcome, table }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let mut record = Record::new(&[OWN], MAKE.spliced);
        record.read(text.as_bytes()).unwrap();
        let event = meaning(&record).unwrap();
        let texts =
            [event.actor.as_deref(), event.target.as_deref(), event.object.as_deref(), event.peer.as_deref()];
        let texts: Vec<&str> = texts.iter().map(|text| text.unwrap_or("–")).collect();
        format!("{} {} {} | {}", event.source, event.verb.as_str(), event.outcome.as_str(), texts.join(" "))
    }

    #[test]
    fn each_table_in_each_wrapping() {
        assert_eq!(
            told(
                r#"{"Timestamp":"2026-09-14T08:00:00Z","DeviceName":"a","ActionType":"ProcessCreated","FileName":"cmd.exe","FolderPath":"C:\\Windows\\System32\\cmd.exe","AccountDomain":"court","AccountName":"m","InitiatingProcessAccountDomain":"court","InitiatingProcessAccountName":"m"}"#
            ),
            "defender/DeviceProcessEvents execute success | court\\m – C:\\Windows\\System32\\cmd.exe –"
        );
        assert_eq!(
            told(
                r#"{"TimeGenerated":"2026-09-14T08:00:00Z","DeviceName":"a","Type":"DeviceLogonEvents","ActionType":"LogonFailed","AccountName":"m","RemoteIP":"::ffff:10.0.0.9","InitiatingProcessAccountName":"system"}"#
            ),
            "defender/DeviceLogonEvents logon failure | m – – 10.0.0.9"
        );
        assert_eq!(
            told(
                r#"{"time":"t","category":"AdvancedHunting-DeviceFileEvents","properties":{"Timestamp":"2026-09-14T08:00:00Z","DeviceName":"a","ActionType":"FileRenamed","FileName":"b.txt","FolderPath":"C:\\x","RequestAccountName":"k","InitiatingProcessAccountName":"system"}}"#
            ),
            "defender/DeviceFileEvents move success | k – C:\\x\\b.txt –"
        );
        assert_eq!(
            told(r#"{"Timestamp":"2026-09-14T08:00:00Z","DeviceId":"d","ActionType":"SomethingNew"}"#),
            "defender/DeviceEvents other unknown | – – – –"
        );
    }
}
