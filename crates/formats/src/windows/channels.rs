//! What does an event of one of the smaller logs say happened?
//!
//! Event log service, services, tasks, PowerShell, remote desktop, remote management, WMI,
//! background transfers, printing, Defender, AD FS, shadow copies, media, the clock. One function
//! per provider, by the provider's own manifest and Microsoft's pages about it.

use std::borrow::Cow;

use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};

use super::{Fields, Meaning, account, address, cleared, link, own, present, says};
use Outcome::{Failure, Success, Unknown};

/// The function for a provider of this file.
pub(super) fn by_provider<F: Fields>(provider: &str) -> Option<fn(&mut Meaning<'_, F>, u32)> {
    Some(match provider {
        "Microsoft-Windows-Eventlog" => event_log,
        "Service Control Manager" => services,
        "Microsoft-Windows-TaskScheduler" => tasks,
        "Microsoft-Windows-PowerShell" | "PowerShellCore" => power_shell,
        "PowerShell" => classic_power_shell,
        "Microsoft-Windows-TerminalServices-LocalSessionManager" => remote_desktop_session,
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager" => remote_desktop_connection,
        "Microsoft-Windows-TerminalServices-ClientActiveXCore" => remote_desktop_client,
        "Microsoft-Windows-WinRM" => remote_management,
        "Microsoft-Windows-WMI-Activity" => wmi,
        "Microsoft-Windows-Bits-Client" => transfers,
        "Microsoft-Windows-PrintService" => printing,
        "Microsoft-Windows-Windows Defender" => defender,
        "AD FS" | "AD FS Auditing" => federation,
        "ESENT" | "NTDS ISAM" => database_engine,
        "VSSAudit" => shadow_copy,
        "Microsoft-Windows-Partition" => medium,
        "Microsoft-Windows-Kernel-General" => kernel,
        _ => return None,
    })
}

/// 1102 (Security cleared), 104 (another log cleared); 105 and 1105 (a log was full and archived).
fn event_log<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    match id {
        104 | 1102 => {
            event.actor = account(event, own!("SubjectDomainName"), own!("SubjectUserName"));
            link(event, Link::Logon, own!("SubjectLogonId"));
            cleared(event);
        }
        105 | 1105 => {
            let log = event.fields.all(own!("Channel")).last().map(Cow::Borrowed);
            about(event, Verb::Other, ObjectKind::Log, log, Success);
        }
        _ => {}
    }
}

/// 7045 installed, 7040 start type changed, 7036 state changed.
fn services<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    let name = || present(event, own!("param1"));
    let (verb, object) = match id {
        7045 => (Verb::ConfigChange, present(event, own!("ServiceName"))),
        7040 => (Verb::ConfigChange, present(event, own!("param4")).or_else(name)),
        7031 | 7034 | 7036 => (Verb::Other, name()),
        _ => return,
    };
    about(event, verb, ObjectKind::Service, object, Success);
}

/// Registered, updated, deleted, disabled; started.
fn tasks<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    let verb = match id {
        106 | 140..=142 => Verb::ConfigChange,
        100 | 129 | 200 => Verb::Execute,
        _ => return,
    };
    event.actor = present(event, own!("UserName"));
    about(event, verb, ObjectKind::Task, present(event, own!("TaskName")), Success);
}

/// 4103: a command ran. 4104: the text of a script block, possibly in parts.
fn power_shell<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    match id {
        4103 => {
            let context = event.field(own!("ContextInfo")).unwrap_or_default();
            event.actor = after(context, "User = ").map(Cow::Borrowed);
            event.object = after(context, "Script Name = ").map(Cow::Borrowed);
        }
        4104 => {
            event.object = present(event, own!("Path"));
            link(event, Link::Activity, own!("ScriptBlockId"));
            let parts = event.field(own!("MessageTotal")).is_some_and(|total| total != "1");
            event.qualifiers.set(Qualifier::Partial, parts);
        }
        _ => return,
    }
    event.object_kind = Some(ObjectKind::Script);
    says(event, Verb::Execute, None);
}

/// 400: an engine starts; the program that holds it stands in the last of three unnamed texts.
fn classic_power_shell<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if id == 400 {
        let details = event.fields.all(own!("Data")).find_map(|data| after(data, "HostApplication="));
        about(event, Verb::Execute, ObjectKind::Process, details.map(Cow::Borrowed), Success);
    }
}

/// 21 logged on, 23 logged off, 24 disconnected, 25 reconnected.
fn remote_desktop_session<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    let verb = match id {
        21 => Verb::Logon,
        23 => Verb::Logoff,
        25 => Verb::Connect,
        24 | 39 | 40 => Verb::Other,
        _ => return,
    };
    event.actor = present(event, own!("User"));
    event.peer = address(event, own!("Address"));
    event.client = Some(Client::Desktop);
    says(event, verb, Some(Success));
}

/// 1149: the network layer of a remote desktop took a user's name. Its text says "authentication
/// succeeded", but it comes before the logon: without network level authentication nothing was
/// checked yet.
fn remote_desktop_connection<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if id == 1149 {
        event.actor = account(event, own!("Param2"), own!("Param1"));
        event.peer = address(event, own!("Param3"));
        event.client = Some(Client::Desktop);
        says(event, Verb::Connect, Some(Success));
    }
}

/// 1024: this host's remote desktop client tries to reach another.
fn remote_desktop_client<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if id == 1024 {
        event.peer = address(event, own!("Value"));
        event.client = Some(Client::Desktop);
        says(event, Verb::Connect, Some(Unknown));
    }
}

/// 6: a remote shell is asked for (at the client). 91: one is opened (at the server). 169: a user
/// was authenticated.
fn remote_management<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    match id {
        6 => {
            // `host/wsman?PSVersion=…`
            let connection = event.field(own!("connection")).unwrap_or_default();
            event.peer = connection.split('/').next().filter(|host| !host.is_empty()).map(Cow::Borrowed);
            says(event, Verb::Connect, Some(Unknown));
        }
        91 => says(event, Verb::Connect, Some(Success)),
        169 => {
            event.actor = present(event, own!("username"));
            says(event, Verb::Logon, Some(Success));
        }
        _ => {}
    }
}

/// 5858: an operation failed. 5859 to 5861: something listens for events, 5861 for ever.
fn wmi<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.actor = present(event, own!("User"));
    event.device = present(event, own!("ClientMachine"));
    match id {
        5858 => {
            event.object = present(event, own!("Operation"));
            event.object_kind = Some(ObjectKind::Other);
            says(event, Verb::Query, Some(Failure));
        }
        5859..=5861 => says(event, Verb::ConfigChange, Some(Success)),
        _ => {}
    }
}

/// 59: a transfer starts, 60: it stops, with `hr` as its result; 61: it stops with an error. To
/// which side the bytes go is not said.
fn transfers<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.actor = present(event, own!("jobOwner"));
    let outcome = match id {
        59 => Unknown,
        60 if event.field(own!("hr")) == Some("0") => Success,
        60 | 61 => Failure,
        _ => return,
    };
    if id != 59 {
        event.bytes = event.field(own!("bytesTransferred")).and_then(|bytes| bytes.parse().ok());
    }
    let url = present(event, own!("url"));
    let host = event.field(own!("url")).and_then(host_of);
    event.peer = host.map(Cow::Borrowed);
    about(event, Verb::Transfer, ObjectKind::Other, url, outcome);
}

/// `https://host:443/path` → `host`.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty()).then_some(host)
}

/// 307: a document was printed. Its name is what the program called it, often no path.
fn printing<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if id == 307 {
        event.actor = present(event, own!("Param3"));
        event.device = present(event, own!("Param4"));
        event.peer = present(event, own!("Param5"));
        event.bytes = event.field(own!("Param7")).and_then(|bytes| bytes.parse().ok());
        about(event, Verb::Print, ObjectKind::Other, present(event, own!("Param2")), Success);
    }
}

/// Found and dealt with (1006 to 1008, 1116 to 1119); protection switched off or its set-up
/// changed (5001 and its neighbours).
fn defender<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    match id {
        1006..=1008 | 1116..=1119 => {
            event.actor = present(event, own!("Detection User")).or_else(|| present(event, own!("User")));
            let outcome = if matches!(id, 1008 | 1118 | 1119) { Failure } else { Success };
            about(event, Verb::Other, ObjectKind::File, present(event, own!("Path")), outcome);
        }
        1013 => says(event, Verb::Delete, Some(Success)),
        5000 | 5001 | 5004 | 5007 | 5010 | 5012 | 5013 => says(event, Verb::ConfigChange, Some(Success)),
        _ => {}
    }
}

/// AD FS: a token was given (299, 1200), refused (1201), credentials were accepted (1202) or not
/// (1203). What happened stands as XML in an unnamed text. 500, 501: the claims of a token.
fn federation<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    let inside = |tag: &str| event.fields.all(own!("Data")).find_map(|data| element(data, tag));
    let (verb, outcome) = match id {
        299 | 1200 => (Verb::Token, Success),
        1201 => (Verb::Token, Failure),
        1202 => (Verb::Logon, Success),
        411 | 1203 => (Verb::Logon, Failure),
        _ => return,
    };
    let (actor, peer, object) = (inside("UserId"), inside("IpAddress"), inside("RelyingParty"));
    event.actor = actor.map(Cow::Borrowed);
    // Of several addresses the first is the client's, as the proxies in between passed it on.
    event.peer = peer.and_then(|list| list.split(',').next()).map(|first| Cow::Borrowed(first.trim()));
    event.object = object.map(Cow::Borrowed);
    event.object_kind = object.map(|_| ObjectKind::Application);
    says(event, verb, Some(outcome));
}

/// 325: the database engine made a new database; one called like the directory's own is a copy of
/// it (that is how "install from media" and the tools that use it leave their trace).
fn database_engine<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if id != 325 {
        return;
    }
    let is_directory = |path: &&str| path.to_ascii_lowercase().ends_with("\\ntds.dit");
    if let Some(path) = event.fields.all(own!("Data")).find(is_directory) {
        event.scope = Some(Scope::Container);
        about(event, Verb::Clone, ObjectKind::DirectoryDatabase, Some(Cow::Borrowed(path)), Success);
    }
}

/// 8222: a shadow copy of a volume was made.
fn shadow_copy<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if id == 8222 {
        event.scope = Some(Scope::Container);
        let volume = event.fields.all(own!("Data")).find(|data| data.contains("HarddiskVolume"));
        about(event, Verb::Snapshot, ObjectKind::Other, volume.map(Cow::Borrowed), Success);
    }
}

/// 1006: a disk came or went. One of no capacity went.
fn medium<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if id == 1006 {
        let verb = if event.field(own!("Capacity")) == Some("0") { Verb::Other } else { Verb::Connect };
        about(event, verb, ObjectKind::Medium, present(event, own!("ParentId")), Success);
    }
}

/// 1: the clock was set.
fn kernel<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    if id == 1 {
        says(event, Verb::ConfigChange, Some(Success));
    }
}

fn about<'a, F: Fields>(
    event: &mut Meaning<'a, F>,
    verb: Verb,
    kind: ObjectKind,
    object: Option<Cow<'a, str>>,
    outcome: Outcome,
) {
    event.object = object;
    event.object_kind = Some(kind);
    says(event, verb, Some(outcome));
}

/// What follows a label to the end of its line, if there is anything.
fn after<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let rest = text.split_once(label)?.1;
    let line = rest.lines().next()?.trim();
    (!line.is_empty()).then_some(line)
}

/// The text of the first element of that name.
fn element<'a>(xml: &'a str, tag: &str) -> Option<&'a str> {
    let rest = xml.split_once(&format!("<{tag}>"))?.1;
    let text = rest.split_once("</")?.0.trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_within_texts() {
        let context = "  Severity = Informational\r\n  Script Name = C:\\a.ps1\r\n  User = A\\b\r\n";
        assert_eq!(after(context, "Script Name = "), Some("C:\\a.ps1"));
        assert_eq!(after(context, "User = "), Some("A\\b"));
        assert_eq!(after("Script Name = \r\nUser = x", "Script Name = "), None);
        assert_eq!(element("<a><UserId>m</UserId></a>", "UserId"), Some("m"));
        assert_eq!(element("<UserId />", "UserId"), None);
        assert_eq!(host_of("https://u:p@h.example:8443/x?y"), Some("h.example"));
        assert_eq!(host_of("no url"), None);
    }
}
