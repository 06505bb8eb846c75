//! Which logons over the network came through remote management (WinRM), and from where?
//!
//! The web server in front of remote management logs its callers on, so 4624 has neither their address nor their
//! door. Who connected to its ports is written down all the same, by Sysmon or by the filtering platform: where
//! one machine and no other did so at that moment, the logon is told by that door and from there.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::session::Door;
use assize_model::{HostName, SnapshotError, Time};

use crate::Each;
use crate::presences::Presence;
use crate::rows::Rows;
use crate::sql::literal;

/// Ports of remote management (Microsoft, "Installation and configuration for Windows Remote Management").
const PORTS: [&str; 2] = ["5985", "5986"];

/// Between the connection and the logon; some exports know whole seconds only.
const WITHIN: i64 = 2_000_000_000;

/// When, from which address and port a machine connected to remote management.
type Call = (Time, String, u16);
/// By host: who connected.
type Callers = BTreeMap<HostName, BTreeSet<Call>>;

/// Gives door and address to the logons that came so.
///
/// # Errors
/// Where the query fails.
pub fn managed(presences: &mut [Presence], each: Each<'_>) -> Result<(), SnapshotError> {
    let candidates: Vec<&mut Presence> = presences.iter_mut().filter(|one| is_candidate(one)).collect();
    let hosts: BTreeSet<&str> = candidates.iter().filter_map(|one| one.session.host.as_deref()).collect();
    if hosts.is_empty() {
        return Ok(());
    }
    let callers = callers(&hosts, each)?;
    for presence in candidates {
        let session = &mut presence.session;
        let host = session.host.as_deref().and_then(HostName::of);
        let (Some(callers), Some(from)) = (host.and_then(|host| callers.get(&host)), session.from) else {
            continue;
        };
        if let Some((address, ports)) = caller(callers, from) {
            session.address = Some(address);
            presence.ports = ports;
            session.door = Door::RemoteManagement;
        }
    }
    Ok(())
}

fn is_candidate(presence: &Presence) -> bool {
    let session = &presence.session;
    session.door == Door::Network
        && session.opened
        && session.address.is_none()
        && !session.account.is_machine()
        && presence.source == "windows/Security"
}

/// The one machine that connected at that moment, and from which ports.
fn caller(callers: &BTreeSet<Call>, at: Time) -> Option<(String, Vec<u16>)> {
    let (from, to) = (Time(at.0.saturating_sub(WITHIN)), Time(at.0.saturating_add(WITHIN)));
    let near = callers.range((from, String::new(), 0)..).take_while(|(time, ..)| *time <= to);
    let ends: BTreeSet<(&String, u16)> = near.map(|(_, address, port)| (address, *port)).collect();
    let address = ends.first()?.0;
    let one = ends.iter().all(|(other, _)| *other == address);
    one.then(|| (address.clone(), ends.into_iter().map(|(_, port)| port).collect()))
}

fn callers(hosts: &BTreeSet<&str>, each: Each<'_>) -> Result<Callers, SnapshotError> {
    let list: Vec<String> = hosts.iter().map(|host| literal(host)).collect();
    let sql = format!(
        "SELECT time, host, fields FROM events WHERE verb = 'connect' AND host IN ({}) \
         AND source IN ('windows/Security', 'windows/Microsoft-Windows-Sysmon/Operational')",
        list.join(", ")
    );
    let mut callers = Callers::new();
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        let fields = rows.map("fields");
        for row in 0..rows.len() {
            let field = |names: [&str; 2]| names.into_iter().find_map(|name| fields.first(row, name));
            // Sysmon: not initiated here; the filtering platform: %%14592, inbound.
            let inbound = field(["Initiated", "Direction"])
                .is_some_and(|way| way.eq_ignore_ascii_case("false") || way.trim() == "%%14592");
            let port =
                field(["DestinationPort", "DestPort"]).is_some_and(|port| PORTS.contains(&port.trim()));
            let address = field(["SourceIp", "SourceAddress"]).and_then(crate::logons::address);
            let host = rows.texts("host").at(row).and_then(HostName::of);
            if let (true, Some(address), Some(host), Some(time)) =
                (inbound && port, address, host, rows.times("time").at(row))
            {
                let port = fields.first(row, "SourcePort").and_then(|port| port.trim().parse().ok());
                callers.entry(host).or_default().insert((time, address, port.unwrap_or(0)));
            }
        }
        Ok(())
    })?;
    Ok(callers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_at_that_moment_and_no_other() {
        let second = 1_000_000_000;
        let called = |all: &[(i64, &str, u16)]| -> BTreeSet<Call> {
            let call =
                |(at, address, port): &(i64, &str, u16)| (Time(at * second), (*address).to_owned(), *port);
            all.iter().map(call).collect()
        };
        let at = |callers: &[(i64, &str, u16)]| caller(&called(callers), Time(100 * second));
        let came = |ports: &[u16]| Some(("10.0.0.5".to_owned(), ports.to_vec()));
        assert_eq!(at(&[(90, "10.0.0.9", 1), (99, "10.0.0.5", 7), (100, "10.0.0.5", 7)]), came(&[7]));
        assert_eq!(at(&[(99, "10.0.0.5", 7), (101, "10.0.0.5", 8)]), came(&[7, 8]), "by either connection");
        assert_eq!(at(&[(99, "10.0.0.5", 7), (101, "10.0.0.6", 7)]), None, "it could be either");
        assert_eq!(at(&[(90, "10.0.0.5", 7), (110, "10.0.0.5", 7)]), None);
    }
}
