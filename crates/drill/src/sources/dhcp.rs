//! What does the DHCP server log?
//!
//! The columns of Windows' `DhcpSrvLog-*.log` (Microsoft, "DHCP audit logging"), as the collection
//! exported them into one CSV: **local time without a zone, American dates with two digits of the
//! year**, hardware addresses without separators. In the hour that autumn repeats, two leases an hour
//! apart have the same time, and nothing in the file tells them apart.

use std::collections::BTreeSet;
use std::io;

use super::Observer;
use super::text::{Put, begun, number, record};
use crate::act::{Act, Deed};
use crate::court::{Court, HostId, HostKind};
use crate::files::Files;
use crate::gate::Sight;

const SOURCE: &str = "dhcp";
const HEAD: &[u8] =
    b"ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,\
Probationtime, CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),UserClass(ASCII),\
RelayAgentInformation,DnsRegError.\r\n";

/// The server.
pub struct Dhcp {
    server: HostId,
    /// Those who have had an address before: the next lease is a renewal.
    known: BTreeSet<HostId>,
    line: Vec<u8>,
}

impl Dhcp {
    /// The court's server.
    #[must_use]
    pub fn new(court: &Court) -> Self {
        Self { server: court.first(HostKind::Dhcp), known: BTreeSet::new(), line: Vec::new() }
    }
}

impl Observer for Dhcp {
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()> {
        let Deed::Lease = act.deed else { return Ok(()) };
        let first = self.known.insert(act.host);
        if files.sight(SOURCE, None, act.at) != Sight::Seen {
            return Ok(());
        }
        let file = begun(files, "dhcp/leases.csv", HEAD)?;
        let at = files.clock(self.server, act.at);
        let c = (at + at.court_offset()).civil();
        let host = court.host(act.host);
        let line = &mut self.line;
        line.clear();
        line.put(if first { "10," } else { "11," });
        line.pad(c.month.into(), 2)
            .put("/")
            .pad(c.day.into(), 2)
            .put("/")
            .pad(c.year.unsigned_abs() as u64 % 100, 2);
        line.put(",").clock(c).put(if first { ",Assign," } else { ",Renew," });
        line.put(&host.address).put(",").csv(&host.name).put(".").put(&court.domain).put(",");
        line.extend(host.mac.bytes().filter(u8::is_ascii_hexdigit).map(|byte| byte.to_ascii_uppercase()));
        line.put(",,").num(number(&[u64::from(act.host.0), act.at.0.unsigned_abs()]) & 0xFFFF_FFFF);
        line.put(",0,,,,0x4D53465420352E30,MSFT 5.0,,,,0\r\n");
        record(files, file, line, act.step.as_slice())
    }

    fn finish(&mut self, _court: &Court, _files: &mut Files) -> io::Result<()> {
        Ok(())
    }
}
