//! Which machines are the court's, what do its planes hold, and which logs are kept how long?

use super::holdings::known;
use super::table::{Table, list};
use crate::court::{Court, HostId, HostKind, Place};

/// Days that file servers' security logs are kept (forwarded).
pub(super) const FILES_RETENTION: u32 = 365;
/// Days that the unified audit log is kept.
pub(super) const MAIL_RETENTION: u32 = 180;
/// Days that the document-management system's audit is kept.
pub(super) const DOCUMENTS_RETENTION: u32 = 730;
/// Days that Samba's audit is kept.
pub(super) const SAMBA_RETENTION: u32 = 180;

/// `devices.csv`
pub(super) fn devices(court: &Court) -> String {
    let mut table = Table::new(&["name", "serial", "mac", "address", "kind", "usual_users", "managed"]);
    for (number, host) in court.hosts.iter().enumerate() {
        if host.kind == HostKind::Cloud {
            continue;
        }
        let users = court.people.iter().filter(|person| person.device == HostId(number as u32));
        let users = users.map(|person| &person.key);
        table.row(&[
            host.name.as_str(),
            &host.serial,
            &host.mac,
            &host.address,
            word(host.kind),
            &list(users),
            "yes",
        ]);
    }
    table.done()
}

const fn word(kind: HostKind) -> &'static str {
    match kind {
        HostKind::Workstation => "workstation",
        HostKind::DomainController => "domain_controller",
        HostKind::FileServer => "file_server",
        HostKind::Samba => "samba",
        HostKind::Documents => "document_management",
        HostKind::Backup => "backup",
        HostKind::Hypervisor => "hypervisor",
        HostKind::Vpn => "vpn_gateway",
        HostKind::Proxy => "proxy",
        HostKind::Dhcp => "dhcp",
        HostKind::Monitor => "network_monitor",
        HostKind::Cloud => "cloud",
    }
}

/// `planes.csv`: who holds the plane holds what it holds, past all rights and file logs.
pub(super) fn planes(court: &Court) -> String {
    let mut table = Table::new(&["plane_id", "kind", "host", "holds_kind", "holds", "from", "to"]);
    let mut row = |plane: &str, kind: &str, host: &str, holds_kind: &str, holds: &str| {
        table.row(&[plane, kind, host, holds_kind, holds, "", ""]);
    };
    let name = |kind: HostKind| court.host(court.first(kind)).name.as_str();
    for host in &court.hosts {
        // Virtual machines; storage, gateway and monitor are boxes of their own.
        let virtual_machine = matches!(
            host.kind,
            HostKind::DomainController
                | HostKind::FileServer
                | HostKind::Documents
                | HostKind::Backup
                | HostKind::Proxy
                | HostKind::Dhcp
        );
        if virtual_machine {
            row("PL-1", "hypervisor", name(HostKind::Hypervisor), "host", &host.name);
        }
    }
    for host in &court.hosts {
        if matches!(
            host.kind,
            HostKind::DomainController | HostKind::FileServer | HostKind::Samba | HostKind::Documents
        ) {
            row("PL-2", "backup", name(HostKind::Backup), "host", &host.name);
        }
    }
    // The backup's copies lie on the storage box, beside the archive.
    row("PL-3", "storage", name(HostKind::Samba), "host", name(HostKind::Backup));
    row("PL-3", "storage", name(HostKind::Samba), "host", name(HostKind::Samba));
    for host in court.hosts.iter().filter(|host| host.is_windows() || host.kind == HostKind::Documents) {
        row("PL-4", "identity_provider", name(HostKind::DomainController), "host", &host.name);
    }
    // Accounts are synchronised, so the directory holds the cloud as well.
    row("PL-4", "identity_provider", name(HostKind::DomainController), "host", name(HostKind::Cloud));
    for (_, holding) in known(court) {
        match holding.place {
            Place::Library { .. } => {
                row("PL-5", "document_database", name(HostKind::Documents), "holding", &holding.key);
            }
            Place::Mailbox { .. } => {
                row("PL-6", "mail_tenant", name(HostKind::Cloud), "holding", &holding.key)
            }
            Place::Folder { .. } => {}
        }
    }
    table.done()
}

const WINDOWS: [&str; 6] = [
    "windows/Security",
    "windows/System",
    "windows/Microsoft-Windows-Sysmon/Operational",
    "windows/Microsoft-Windows-PowerShell/Operational",
    "windows/Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    "windows/Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
];

/// `log_sources.csv`, in the words of coverage.
pub(super) fn log_sources(court: &Court) -> String {
    let mut table = Table::new(&["source", "host", "retention_days"]);
    for host in court.hosts.iter().filter(|host| host.is_windows()) {
        // Workstations keep what their logs hold; servers forward theirs.
        let days = if host.kind == HostKind::Workstation { 60 } else { FILES_RETENTION };
        for source in WINDOWS {
            table.row(&[source, &host.name, &days.to_string()]);
        }
    }
    let name = |kind: HostKind| court.host(court.first(kind)).name.as_str();
    for (source, host, days) in [
        ("samba", name(HostKind::Samba), SAMBA_RETENTION),
        ("dms", name(HostKind::Documents), DOCUMENTS_RETENTION),
        ("m365", "", MAIL_RETENTION),
        ("entra/signin", "", 30),
        ("entra/audit", "", 30),
        ("vpn", name(HostKind::Vpn), 365),
        ("dhcp", name(HostKind::Dhcp), 90),
        ("proxy", name(HostKind::Proxy), 90),
        ("zeek/conn", name(HostKind::Monitor), 60),
        ("zeek/dns", name(HostKind::Monitor), 60),
        ("zeek/http", name(HostKind::Monitor), 60),
        ("zeek/ssl", name(HostKind::Monitor), 60),
        ("zeek/smb_mapping", name(HostKind::Monitor), 60),
        ("zeek/smb_files", name(HostKind::Monitor), 60),
        ("zeek/files", name(HostKind::Monitor), 60),
    ] {
        table.row(&[source, host, &days.to_string()]);
    }
    table.done()
}
