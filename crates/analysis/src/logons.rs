//! What do Windows hosts and domain controllers write of logons, and what of their own fields does
//! the spine not carry?
//!
//! Only here own fields are read: the kind of logon, the SID, the linked logon and the ticket's
//! names have no column in the spine, and without them neither a door nor an account is known.

use assize_model::session::Door;
use assize_model::{EventId, SnapshotError, Time};

use crate::Each;
use crate::key::logon_id;
use crate::rows::Rows;

/// One record about a logon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Logon {
    /// When.
    pub time: Time,
    /// Which event.
    pub id: EventId,
    /// What kind of record.
    pub kind: Kind,
    /// The host that writes it.
    pub host: String,
    /// The account: who logs on or off, or asks.
    pub account: String,
    /// Its SID.
    pub sid: Option<String>,
    /// The logon id that begins or ends.
    pub logon: u64,
    /// The logon in which it is asked for.
    pub subject: u64,
    /// The other half of a pair of elevated and plain.
    pub linked: u64,
    /// Address of the client.
    pub address: Option<String>,
    /// Its port there.
    pub port: Option<u16>,
    /// The name that the client gives.
    pub workstation: Option<String>,
    /// Tickets: the service's account. 4648: the server.
    pub service: Option<String>,
    /// By which door.
    pub door: Door,
    /// `NTLM`, `Kerberos`, …
    pub package: Option<String>,
    /// Whether it was let in.
    pub success: bool,
}

/// What kind of record about a logon it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// 4624, 4625.
    On,
    /// 4634, 4647.
    Off,
    /// 4648: other credentials are used.
    Explicit,
    /// 4768: a ticket-granting ticket.
    Ticket,
    /// 4769: a ticket for a service.
    Service,
    /// 4776: credentials are checked.
    Checked,
}

const RECORDS: &str = "
    SELECT id, time, host, verb, actor, target, object, peer, device, outcome, links, fields FROM events
    WHERE verb IN ('logon', 'logoff', 'token') AND source = 'windows/Security'";

/// All of them, in order of time.
///
/// # Errors
/// Where the query fails.
pub fn logons(each: Each<'_>) -> Result<Vec<Logon>, SnapshotError> {
    let mut logons = Vec::new();
    each(RECORDS, &mut |batch| {
        take(Rows(batch), &mut logons);
        Ok(())
    })?;
    logons.sort();
    Ok(logons)
}

fn take(rows: Rows<'_>, logons: &mut Vec<Logon>) {
    let (ids, times, hosts) = (rows.texts("id"), rows.times("time"), rows.texts("host"));
    let (actors, targets, objects) = (rows.texts("actor"), rows.texts("target"), rows.texts("object"));
    let (peers, devices, outcomes) = (rows.texts("peer"), rows.texts("device"), rows.texts("outcome"));
    let (links, fields) = (rows.links("links"), rows.map("fields"));
    for row in 0..rows.len() {
        let mut own = Own::default();
        fields.of(row).for_each(|(name, value)| own.note(name, value));
        let Some(kind) = kind_of(own.event) else { continue };
        let Some(id) = ids.at(row).and_then(|id| id.parse().ok()) else { continue };
        let (Some(time), Some(host)) = (times.at(row), hosts.at(row)) else { continue };
        // 4648: the subject uses the target's credentials.
        let account = if kind == Kind::Explicit { targets.at(row) } else { actors.at(row) };
        let link = |kind| links.first(row, kind).and_then(logon_id).unwrap_or(0);
        logons.push(Logon {
            time,
            id,
            kind,
            host: host.to_owned(),
            account: account.unwrap_or("").to_owned(),
            sid: own.sid.filter(|sid| sid.starts_with("S-1-")).map(str::to_owned),
            logon: link("target-logon"),
            subject: link("logon"),
            linked: own.linked.and_then(logon_id).unwrap_or(0),
            address: own.address.or(peers.at(row)).and_then(address),
            port: own.port.and_then(|port| port.trim().parse().ok()).filter(|port| *port != 0),
            workstation: devices.at(row).map(|name| name.trim_start_matches('\\').to_owned()),
            service: objects.at(row).or(own.server).map(str::to_owned),
            door: door_of(own.logon_type),
            package: own.package.map(str::to_owned),
            success: outcomes.or_empty(row) != "failure" && outcomes.or_empty(row) != "denied",
        });
    }
}

/// The own fields that matter here.
#[derive(Default)]
struct Own<'a> {
    event: &'a str,
    sid: Option<&'a str>,
    logon_type: &'a str,
    package: Option<&'a str>,
    linked: Option<&'a str>,
    address: Option<&'a str>,
    port: Option<&'a str>,
    server: Option<&'a str>,
}

impl<'a> Own<'a> {
    fn note(&mut self, name: &str, value: &'a str) {
        match name {
            "EventID" => self.event = value,
            // 4768 and 4769 have a SID of another name each.
            "TargetUserSid" | "TargetSid" => self.sid = Some(value),
            "LogonType" => self.logon_type = value,
            "AuthenticationPackageName" => self.package = Some(value),
            "TargetLinkedLogonId" => self.linked = Some(value),
            "IpAddress" => self.address = Some(value),
            "IpPort" => self.port = Some(value),
            "TargetServerName" => self.server = Some(value),
            _ => {}
        }
    }
}

fn kind_of(event: &str) -> Option<Kind> {
    Some(match event {
        "4624" | "4625" => Kind::On,
        "4634" | "4647" => Kind::Off,
        "4648" => Kind::Explicit,
        "4768" | "4771" => Kind::Ticket,
        "4769" => Kind::Service,
        "4776" => Kind::Checked,
        _ => return None,
    })
}

/// Logon types (Microsoft, "4624": table 11).
fn door_of(logon_type: &str) -> Door {
    match logon_type.trim() {
        "2" | "7" | "11" | "13" => Door::Console,
        "10" | "12" => Door::RemoteDesktop,
        "3" | "8" => Door::Network,
        "4" => Door::Batch,
        "5" => Door::Service,
        _ => Door::Other,
    }
}

/// An address without the frame that IPv6 puts around IPv4 (`::ffff:10.0.4.17`).
pub(crate) fn address(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("::ffff:");
    text.parse::<std::net::IpAddr>().ok().map(|address| address.to_string())
}
