//! Which program was at the other end of a logon over the network?
//!
//! A logon names the client's address and port, and Sysmon the program that opened a connection from there. Where
//! both name one port of one machine at one time, the logon came over that program's connection. Files on a share
//! are fetched by the system for whoever asks, so of those nothing follows.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::session::Door;
use assize_model::{EventId, HostName, SnapshotError, Time};

use crate::Each;
use crate::hosts::{Addresses, Whose};
use crate::presences::Presence;
use crate::rows::Rows;
use crate::sql::literal;

/// Sysmon writes a connection down up to some seconds after it was made, and ports are not given again at once.
const WITHIN: i64 = 10_000_000_000;

/// Connections that programs opened, of the machines that were asked about.
#[derive(Debug, Default)]
pub(crate) struct Wires {
    read: BTreeSet<HostName>,
    by_event: BTreeMap<EventId, Wire>,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wire {
    time: Time,
    /// Address and port from which it was opened.
    from: (String, u16),
    /// To which address.
    to: String,
}

impl Wires {
    /// Reads those of a machine, under the names by which it writes.
    ///
    /// # Errors
    /// Where the query fails.
    pub fn read(&mut self, host: &HostName, names: &[String], each: Each<'_>) -> Result<(), SnapshotError> {
        if !self.read.insert(host.clone()) {
            return Ok(());
        }
        let list = names.iter().map(|name| literal(name)).collect::<Vec<_>>();
        let sql = format!(
            "SELECT id, time, fields FROM events WHERE verb = 'connect' AND host IN ({}) \
             AND source = 'windows/Microsoft-Windows-Sysmon/Operational'",
            list.join(", ")
        );
        each(&sql, &mut |batch| {
            let rows = Rows(batch);
            for row in 0..rows.len() {
                let Some(id) = rows.texts("id").at(row).and_then(|id| id.parse().ok()) else { continue };
                self.by_event.extend(wire(rows, row).map(|wire| (id, wire)));
            }
            Ok(())
        })
    }

    /// Of these connections the ends from which they were opened.
    pub fn ends<'a>(&'a self, events: impl Iterator<Item = (EventId, EventId)> + 'a) -> Ends<'a> {
        let mut ends: BTreeMap<(&str, u16), Vec<End<'_>>> = BTreeMap::new();
        for (event, process) in events {
            let Some(wire) = self.by_event.get(&event) else { continue };
            ends.entry((&wire.from.0, wire.from.1)).or_default().push(End { wire, event, process });
        }
        Ends { ends, all: &self.by_event }
    }
}

/// Ends of connections, by address and port.
pub(crate) struct Ends<'a> {
    ends: BTreeMap<(&'a str, u16), Vec<End<'a>>>,
    /// Whoever's.
    all: &'a BTreeMap<EventId, Wire>,
}

struct End<'a> {
    wire: &'a Wire,
    event: EventId,
    process: EventId,
}

impl Ends<'_> {
    /// The connection over which a presence came, and the start of the process that opened it; where it may have
    /// come over several, all of them must be among these.
    pub fn of(&self, presence: &Presence, addresses: &Addresses) -> Option<[EventId; 2]> {
        let session = &presence.session;
        let remote = matches!(session.door, Door::Network | Door::RemoteManagement | Door::RemoteDesktop);
        let address = session.address.as_deref().filter(|_| remote)?;
        let (host, from) = (session.host.as_deref().and_then(HostName::of)?, session.from?);
        let is_same = |end: &&End<'_>| {
            (end.wire.time.0 - from.0).abs() <= WITHIN
                && match addresses.at(&end.wire.to, end.wire.time) {
                    Whose::Host(name) => HostName::of(&name).as_ref() == Some(&host),
                    Whose::Unknown => self.leads_nowhere_else(end.wire),
                    Whose::Ambiguous(_) => false,
                }
        };
        let over = |port: &u16| {
            self.ends.get(&(address, *port))?.iter().find(is_same).map(|end| [end.event, end.process])
        };
        let over: Option<Vec<_>> = presence.ports.iter().map(over).collect();
        over?.first().copied()
    }
}

impl Ends<'_> {
    /// Whether nothing else went out from that port at that time: then the logon that came from it came over
    /// this connection, whosever the address is to which it went.
    fn leads_nowhere_else(&self, wire: &Wire) -> bool {
        let near =
            |other: &&Wire| (other.time.0 - wire.time.0).abs() <= 2 * WITHIN && other.from == wire.from;
        self.all.values().filter(near).all(|other| other.to == wire.to)
    }
}

fn wire(rows: Rows<'_>, row: usize) -> Option<Wire> {
    let fields = rows.map("fields");
    let field = |name| fields.first(row, name);
    // What came in says nothing of the program at the other end.
    let opened = field("Initiated")?.eq_ignore_ascii_case("true");
    let address = |name| field(name).and_then(crate::logons::address);
    let port = field("SourcePort")?.trim().parse().ok().filter(|port| *port != 0)?;
    let wire = Wire {
        time: rows.times("time").at(row)?,
        from: (address("SourceIp")?, port),
        to: address("DestinationIp")?,
    };
    opened.then_some(wire)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Sighting;
    use assize_model::{Account, Session};

    const SECOND: i64 = 1_000_000_000;

    fn id(number: u64) -> EventId {
        EventId::of(&[&number.to_be_bytes()])
    }

    fn presence(host: &str, address: &str, port: u16, at: i64) -> Presence {
        let account = Account::of(r"COURT\o.dane");
        let session = Session {
            host: Some(host.to_owned()),
            from: Some(Time(at * SECOND)),
            address: Some(address.to_owned()),
            ..Session::undetermined(id(9), account, Door::Network)
        };
        let presence = Presence::of(session, "key".to_owned(), "windows/Security".to_owned(), 1);
        Presence { ports: vec![port], ..presence }
    }

    #[test]
    fn address_port_machine_and_time_must_all_be_those_of_the_connection() {
        let wire = Wire {
            time: Time(100 * SECOND),
            from: ("10.0.0.5".to_owned(), 60_065),
            to: "10.0.0.6".to_owned(),
        };
        let wires = Wires { read: BTreeSet::new(), by_event: [(id(1), wire)].into() };
        let mut addresses = Addresses::default();
        let seen = Time(100 * SECOND);
        let sighting =
            Sighting { from: seen, to: seen, host: "fs01".to_owned(), by: "lease", ends: [id(2), id(2)] };
        addresses.add("10.0.0.6", sighting);
        let ends = wires.ends([(id(1), id(3))].into_iter());
        let came = |presence: Presence| ends.of(&presence, &addresses);
        assert_eq!(came(presence("FS01.court.example", "10.0.0.5", 60_065, 98)), Some([id(1), id(3)]));
        assert_eq!(came(presence("FS01", "10.0.0.5", 60_066, 98)), None, "another port");
        assert_eq!(came(presence("FS01", "10.0.0.7", 60_065, 98)), None, "another client");
        assert_eq!(came(presence("FS02", "10.0.0.5", 60_065, 98)), None, "another server");
        assert_eq!(came(presence("FS01", "10.0.0.5", 60_065, 150)), None, "another time");
        let nowhere = Addresses::default();
        let unnamed = presence("FS01", "10.0.0.5", 60_065, 98);
        assert_eq!(ends.of(&unnamed, &nowhere), Some([id(1), id(3)]), "nothing else went out from there");
        let either = Presence { ports: vec![60_065, 60_070], ..presence("FS01", "10.0.0.5", 60_065, 98) };
        assert_eq!(came(either), None, "one of them is somebody else's");
        let others = wires.ends(std::iter::empty());
        assert_eq!(others.of(&presence("FS01", "10.0.0.5", 60_065, 98), &addresses), None, "not his process");
    }
}
