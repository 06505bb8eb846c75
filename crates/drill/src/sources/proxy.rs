//! What does the web proxy log?
//!
//! Squid's native `access.log` (`logformat squid`, wiki.squid-cache.org/Features/LogFormat):
//! `time elapsed client action/code size method URL user hierarchy/server type`. The proxy intercepts
//! (nothing is set in the browsers), so tunnels show the name that TLS asked for and `ORIGINAL_DST`.
//! - A line is written **when the request ends**, so the file is in the order of ends; the time is
//!   UTC with milliseconds.
//! - `size` is what was sent **to** the client. **Uploads leave no bytes here**: who wants to know how
//!   much went out must ask the network monitor.
//! - Only web ports are intercepted, and only what workstations say to the world outside.
//!
//! The log rotates at local midnight (`logrotate` with `dateext`): `access.log-20260915` has the
//! fourteenth; the last day is still `access.log`.

use std::collections::BTreeMap;
use std::io;

use super::Observer;
use super::text::{Put, Tunnels, inside, record, speaks_from};
use crate::act::{Act, Deed, Service, Transfer};
use crate::court::{Court, HostId, HostKind};
use crate::files::Files;
use crate::gate::Sight;
use crate::moment::{DAY, MS, Moment};

const SOURCE: &str = "proxy";
/// What is diverted to the proxy.
const PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// The proxy.
pub struct Proxy {
    host: HostId,
    /// Local midnight at the beginning of the last day: its log has not been rotated.
    last_day: Moment,
    tunnels: Tunnels,
    /// Lines of requests that have not ended, by their end.
    running: BTreeMap<(Moment, u64), (Vec<u8>, Option<u32>)>,
    requests: u64,
}

impl Proxy {
    /// The court's proxy.
    #[must_use]
    pub fn new(court: &Court) -> Self {
        let end = court.size.from + i64::from(court.size.days) * DAY - 1;
        Self {
            host: court.first(HostKind::Proxy),
            last_day: (end + end.court_offset()).midnight(),
            tunnels: Tunnels::default(),
            running: BTreeMap::new(),
            requests: 0,
        }
    }

    fn write_ended(&mut self, until: Moment, files: &mut Files) -> io::Result<()> {
        while let Some(entry) = self.running.first_entry().filter(|entry| entry.key().0 <= until) {
            let ((at, _), (line, step)) = entry.remove_entry();
            let day = (at + at.court_offset()).midnight();
            let path = if day >= self.last_day {
                "proxy/access.log".to_owned()
            } else {
                format!("proxy/access.log-{}", (day + DAY).date().replace('-', ""))
            };
            let file = files.file(&path);
            record(files, file, &line, step.as_slice())?;
        }
        Ok(())
    }
}

/// `1789369961.250    143 10.1.2.3 TCP_TUNNEL/200 5312 CONNECT example.org:443 - ORIGINAL_DST/… -`
fn entry(at: Moment, from: &str, transfer: &Transfer) -> Vec<u8> {
    let mut line = Vec::with_capacity(160);
    line.num(at.seconds().unsigned_abs()).put(".").pad(at.ms().rem_euclid(1000).unsigned_abs(), 3).put(" ");
    let elapsed = (transfer.lasted / MS).max(0).unsigned_abs();
    let digits = elapsed.checked_ilog10().unwrap_or(0) as usize + 1;
    line.extend(std::iter::repeat_n(b' ', 6_usize.saturating_sub(digits)));
    line.num(elapsed).put(" ").put(from);
    let name = transfer.name.as_ref().unwrap_or(&transfer.address);
    match &transfer.service {
        Service::Http { method, path, status, media, .. } => {
            line.put(" TCP_MISS/").pad((*status).into(), 3).put(" ").num(transfer.received);
            line.put(" ").put(method).put(" http://").percent(name);
            if transfer.port != 80 {
                line.put(":").num(transfer.port.into());
            }
            line.percent(path).put(" - ORIGINAL_DST/").put(&transfer.address).put(" ");
            line.put(if media.is_empty() { "-" } else { media });
        }
        _ => {
            line.put(" TCP_TUNNEL/200 ").num(transfer.received).put(" CONNECT ").percent(name).put(":");
            line.num(transfer.port.into()).put(" - ORIGINAL_DST/").put(&transfer.address).put(" -");
        }
    }
    line.put("\n");
    line
}

impl Observer for Proxy {
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()> {
        self.write_ended(act.at, files)?;
        self.tunnels.note(act);
        let Deed::Connect(transfer) = &act.deed else { return Ok(()) };
        let web =
            matches!(transfer.service, Service::Tls | Service::Http { .. }) && PORTS.contains(&transfer.port);
        let theirs = court.host(act.host).kind == HostKind::Workstation && !inside(&transfer.address);
        let ends = act.at + transfer.lasted.max(0);
        if !web || !theirs || files.sight(SOURCE, None, ends) != Sight::Seen {
            return Ok(());
        }
        let Some(from) = speaks_from(court, act, &self.tunnels) else { return Ok(()) };
        let line = entry(files.clock(self.host, ends), from, transfer);
        self.requests += 1;
        self.running.insert((ends, self.requests), (line, act.step));
        Ok(())
    }

    fn day_over(&mut self, _court: &Court, day: Moment, files: &mut Files) -> io::Result<()> {
        self.write_ended(day + DAY - 1, files)
    }

    fn finish(&mut self, _court: &Court, files: &mut Files) -> io::Result<()> {
        self.write_ended(Moment(i64::MAX), files)
    }
}
