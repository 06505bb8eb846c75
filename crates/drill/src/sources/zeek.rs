//! What does the network monitor write?
//!
//! Zeek's ASCII logs (docs.zeek.org, "Zeek Log Formats"; field lists of Zeek 6), one folder a day:
//! `conn dns http ssl smb_mapping smb_files files`. The monitor sits between the floors, the machine
//! room and the world outside. What follows from that and from Zeek:
//! - **Two workstations on one switch are not seen**, nor are two machines of the machine room.
//! - A connection is written **when it ends**; its time is when it began. So `conn.log` is in the
//!   order of ends. One of SMB that is silent for five minutes is written off (`S1`), and what follows
//!   in it is another one that Zeek finds in the middle (`OTH`).
//! - **Encrypted SMB hides names**: the share `Witness` asks for encryption (`EncryptData`), so there
//!   is its connection and that it was connected (the answer to that is what asks), and nothing of
//!   what was done in it.
//! - A refused open leaves no line in `smb_files`; looking at attributes leaves an open without a read.
//! - Packets get lost now and then: `missed_bytes` of a connection, `missing_bytes` of a file.
//! - TLS 1.3: a name, no certificate.
//!
//! The site logs reads and writes too (`redef SMB::logged_file_actions += { SMB::FILE_READ,
//! SMB::FILE_WRITE }`); Zeek's default has opens, renames and deletions only.

mod smb;
mod web;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use self::smb::Smb;
use super::Observer;
use super::text::{Put, Tunnels, inside, number, record, speaks_from};
use crate::act::{Act, Deed, Service, Transfer};
use crate::court::{Court, HostId, HostKind, ShareId};
use crate::files::Files;
use crate::gate::Sight;
use crate::moment::{DAY, MS, Moment, SECOND, Span};

/// Zeek's logs that are kept: name, gate, fields, types.
const LOGS: [[&str; 4]; 7] = [
    [
        "conn",
        "zeek/conn",
        "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state \
         local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents",
        "time string addr port addr port enum string interval count count string bool bool count string count count \
         count count set[string]",
    ],
    [
        "dns",
        "zeek/dns",
        "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name \
         rcode rcode_name AA TC RD RA Z answers TTLs rejected",
        "time string addr port addr port enum count interval string count string count string count string bool bool \
         bool bool count vector[string] vector[interval] bool",
    ],
    [
        "http",
        "zeek/http",
        "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri referrer version user_agent origin \
         request_body_len response_body_len status_code status_msg info_code info_msg tags username password proxied \
         orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types",
        "time string addr port addr port count string string string string string string string count count count \
         string count string set[enum] string string set[string] vector[string] vector[string] vector[string] \
         vector[string] vector[string] vector[string]",
    ],
    [
        "ssl",
        "zeek/ssl",
        "ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher curve server_name resumed last_alert \
         next_protocol established ssl_history cert_chain_fps client_cert_chain_fps sni_matches_cert validation_status",
        "time string addr port addr port string string string string bool string string bool string vector[string] \
         vector[string] bool string",
    ],
    [
        "smb_mapping",
        "zeek/smb_mapping",
        "ts uid id.orig_h id.orig_p id.resp_h id.resp_p path service native_file_system share_type",
        "time string addr port addr port string string string string",
    ],
    [
        "smb_files",
        "zeek/smb_files",
        "ts uid id.orig_h id.orig_p id.resp_h id.resp_p fuid action path name size prev_name times.modified \
         times.accessed times.created times.changed",
        "time string addr port addr port string enum string string count string time time time time",
    ],
    [
        "files",
        "zeek/files",
        "ts fuid uid id.orig_h id.orig_p id.resp_h id.resp_p source depth analyzers mime_type filename duration \
         local_orig is_orig seen_bytes total_bytes missing_bytes overflow_bytes timedout parent_fuid md5 sha1 sha256 \
         extracted extracted_cutoff extracted_size",
        "time string string addr port addr port string count set[string] string string interval bool bool count count \
         count count bool string string string string string bool count",
    ],
];

/// Position in [`LOGS`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Log {
    Conn,
    Dns,
    Http,
    Ssl,
    Mapping,
    SmbFiles,
    Files,
}

const BASE62: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Who speaks with whom.
#[derive(Clone)]
struct Ends {
    uid: u64,
    from: String,
    from_port: u16,
    to: String,
    to_port: u16,
}

impl Ends {
    /// `uid id.orig_h id.orig_p id.resp_h id.resp_p`
    fn put(&self, line: &mut Vec<u8>) {
        put_uid(line, b'C', self.uid);
        line.put("\t").put(&self.from).put("\t").num(self.from_port.into());
        line.put("\t").put(&self.to).put("\t").num(self.to_port.into()).put("\t");
    }
}

/// How a connection went.
struct Flow<'a> {
    began: Moment,
    lasted: Span,
    udp: bool,
    service: &'a str,
    sent: u64,
    received: u64,
    state: &'a str,
    steps: Vec<u32>,
}

/// A line that will be written then.
struct Pending {
    log: Log,
    line: Vec<u8>,
    steps: Vec<u32>,
}

/// The monitor.
pub struct Zeek {
    host: HostId,
    seed: u64,
    tunnels: Tunnels,
    /// What stands at an address of the house.
    kinds: BTreeMap<String, HostKind>,
    /// Shares that encrypt.
    encrypted: BTreeSet<ShareId>,
    resolver: String,
    smb: Smb,
    running: BTreeMap<(Moment, u64), Pending>,
    lines: u64,
    /// Acts on the network so far, seen or not.
    acts: u64,
    /// Logs that have been begun and not closed, with their day.
    open: Vec<(String, Moment)>,
}

impl Zeek {
    /// The court's monitor.
    #[must_use]
    pub fn new(court: &Court) -> Self {
        let shares = (0..court.shares.len() as u32).map(ShareId);
        Self {
            host: court.first(HostKind::Monitor),
            seed: court.seed,
            tunnels: Tunnels::default(),
            kinds: court.hosts.iter().map(|host| (host.address.clone(), host.kind)).collect(),
            encrypted: shares.filter(|share| court.share(*share).name == "Witness").collect(),
            resolver: court.host(court.first(HostKind::DomainController)).address.clone(),
            smb: Smb::default(),
            running: BTreeMap::new(),
            lines: 0,
            acts: 0,
            open: Vec::new(),
        }
    }

    /// Whether what passes between two addresses passes the monitor.
    fn passes(&self, from: &str, to: &str) -> bool {
        let zone = |address: &str| match self.kinds.get(address) {
            Some(HostKind::Workstation) => 0,
            Some(_) => 1,
            // Machines in a tunnel come in by the gateway.
            None if inside(address) => 2,
            None => 3,
        };
        from != to && zone(from) != zone(to)
    }

    fn id(&self, what: u64) -> u64 {
        number(&[self.seed, self.acts, what])
    }

    /// The log's line is due at that moment.
    fn due(&mut self, at: Moment, log: Log, line: Vec<u8>, steps: Vec<u32>) {
        self.lines += 1;
        self.running.insert((at, self.lines), Pending { log, line, steps });
    }

    /// A new line of a log, begun with its time.
    fn line(&self, files: &Files, at: Moment) -> Vec<u8> {
        let mut line = Vec::with_capacity(256);
        put_time(&mut line, files.clock(self.host, at));
        line.put("\t");
        line
    }

    fn write_due(&mut self, until: Moment, files: &mut Files) -> io::Result<()> {
        while let Some(entry) = self.running.first_entry().filter(|entry| entry.key().0 <= until) {
            let ((at, _), pending) = entry.remove_entry();
            let [name, gate, fields, types] = LOGS[pending.log as usize];
            if files.sight(gate, None, at) != Sight::Seen {
                continue;
            }
            let at = files.clock(self.host, at);
            let path = format!("zeek/{}/{name}.log", at.date());
            let file = files.file(&path);
            if files.len(file) == 0 {
                files.append(file, &head(name, fields, types, at))?;
                self.open.push((path, at.midnight()));
            }
            record(files, file, &pending.line, &pending.steps)?;
        }
        Ok(())
    }

    /// Closes logs of days before that one.
    fn close_before(&mut self, day: Moment, files: &mut Files) -> io::Result<()> {
        let (over, open) = std::mem::take(&mut self.open).into_iter().partition(|(_, its)| *its < day);
        self.open = open;
        for (path, its) in over {
            let mut line = b"#close\t".to_vec();
            put_stamp(&mut line, its + DAY);
            line.put("\n");
            let file = files.file(&path);
            files.append(file, &line)?;
        }
        Ok(())
    }

    // ---- connections

    /// Writes a connection at its end.
    fn conn(&mut self, files: &Files, ends: &Ends, flow: Flow<'_>) {
        let at = flow.began + flow.lasted.max(0);
        self.conn_at(files, ends, flow, at);
    }

    /// Writes a connection when Zeek notices that it is over.
    fn conn_at(&mut self, files: &Files, ends: &Ends, flow: Flow<'_>, at: Moment) {
        let chance = number(&[ends.uid, 77]);
        let bytes = flow.sent + flow.received;
        // One larger connection in sixty has lost packets.
        let missed = if bytes > 100_000 && chance.is_multiple_of(60) { 1448 * (1 + chance % 40) } else { 0 };
        let mut line = self.line(files, flow.began);
        ends.put(&mut line);
        line.put(if flow.udp { "udp\t" } else { "tcp\t" });
        line.put(if flow.service.is_empty() { "-" } else { flow.service }).put("\t");
        put_span(&mut line, flow.lasted);
        line.put("\t").num(flow.sent).put("\t").num(flow.received).put("\t").put(flow.state).put("\t");
        line.put(truth(inside(&ends.from)))
            .put("\t")
            .put(truth(inside(&ends.to)))
            .put("\t")
            .num(missed)
            .put("\t");
        line.put(match (flow.udp, flow.state, missed > 0) {
            (true, ..) => "Dd",
            (_, "SF", false) => "ShADadFf",
            (_, "SF", true) => "ShADadgFf",
            (_, "S1", _) => "ShADad",
            _ => "DadA",
        });
        let [header, setup] = if flow.udp { [28, 0] } else { [40, 4] };
        for (at, bytes) in [flow.sent, flow.received].into_iter().enumerate() {
            // Who receives answers with acknowledgements.
            let other = if at == 0 { flow.received } else { flow.sent };
            let packets = bytes.div_ceil(1448) + if flow.udp { 0 } else { other.div_ceil(2896) } + setup;
            line.put("\t").num(packets).put("\t").num(bytes + packets * header);
        }
        line.put("\t-\n");
        self.due(at, Log::Conn, line, flow.steps);
    }

    fn connect(&mut self, court: &Court, act: &Act, files: &Files, transfer: &Transfer) {
        let Some(from) = speaks_from(court, act, &self.tunnels).map(str::to_owned) else { return };
        if !self.passes(&from, &transfer.address) {
            return;
        }
        let ends = Ends {
            uid: self.id(1),
            from,
            from_port: transfer.from_port,
            to: transfer.address.to_string(),
            to_port: transfer.port,
        };
        let steps: Vec<u32> = act.step.into_iter().collect();
        let service = match &transfer.service {
            Service::Tls => "ssl",
            Service::Http { .. } => "http",
            Service::Smb => "gssapi,ntlm,smb",
            Service::Other => other_service(transfer.port),
        };
        match &transfer.service {
            Service::Tls => self.tls(files, act.at, &ends, transfer, &steps),
            Service::Http { .. } => self.http(files, act.at, &ends, transfer, &steps),
            Service::Smb => self.smb.known(&ends, act.at + transfer.lasted),
            Service::Other => {}
        }
        // What TCP and the protocol need beside the bytes of the transfer.
        let around = if matches!(transfer.service, Service::Http { .. }) { [340, 290] } else { [0, 0] };
        let flow = Flow {
            began: act.at,
            lasted: transfer.lasted,
            udp: matches!(transfer.port, 53 | 123 | 137 | 500 | 4500),
            service,
            sent: transfer.sent + around[0],
            received: transfer.received + around[1],
            state: if transfer.received == 0 && transfer.sent == 0 { "S0" } else { "SF" },
            steps,
        };
        self.conn(files, &ends, flow);
    }

    fn resolve(&mut self, court: &Court, act: &Act, files: &Files, name: &str, answer: &str) {
        let Some(from) = speaks_from(court, act, &self.tunnels).map(str::to_owned) else { return };
        if !self.passes(&from, &self.resolver) {
            return;
        }
        let chance = self.id(2);
        let port = 49_152 + (chance % 16_000) as u16;
        let ends = Ends { uid: self.id(1), from, from_port: port, to: self.resolver.clone(), to_port: 53 };
        let rtt = MS / 5 + (chance >> 16) as i64 % (40 * MS);
        let mut line = self.line(files, act.at);
        ends.put(&mut line);
        line.put("udp\t").num(chance >> 32 & 0xFFFF).put("\t");
        put_span(&mut line, rtt);
        line.put("\t").zeek(name).put("\t1\tC_INTERNET\t1\tA\t");
        if answer.is_empty() {
            line.put("3\tNXDOMAIN\tF\tF\tT\tT\t0\t-\t-\tF\n");
        } else {
            line.put("0\tNOERROR\tF\tF\tT\tT\t0\t").zeek(answer).put("\t");
            line.num(30 + chance % 3570).put(".000000\tF\n");
        }
        let steps: Vec<u32> = act.step.into_iter().collect();
        self.due(act.at + rtt, Log::Dns, line, steps.clone());
        let sent = name.len() as u64 + 18;
        let received = sent + if answer.is_empty() { 75 } else { 16 };
        let flow = Flow {
            began: act.at,
            lasted: rtt,
            udp: true,
            service: "dns",
            sent,
            received,
            state: "SF",
            steps,
        };
        self.conn(files, &ends, flow);
    }
}

// ---- how Zeek writes things

fn head(name: &str, fields: &str, types: &str, at: Moment) -> Vec<u8> {
    let mut head = b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n".to_vec();
    head.put("#path\t").put(name).put("\n#open\t");
    put_stamp(&mut head, at);
    head.put("\n#fields\t")
        .put(&fields.replace(' ', "\t"))
        .put("\n#types\t")
        .put(&types.replace(' ', "\t"))
        .put("\n");
    head
}

/// `2026-09-14-07-12-41`
fn put_stamp(line: &mut Vec<u8>, at: Moment) {
    let c = at.civil();
    line.date(c)
        .put("-")
        .pad(c.hour.into(), 2)
        .put("-")
        .pad(c.minute.into(), 2)
        .put("-")
        .pad(c.second.into(), 2);
}

/// `1789369961.250000`
fn put_time(line: &mut Vec<u8>, at: Moment) {
    line.num(at.seconds().unsigned_abs()).put(".").pad(at.0.rem_euclid(SECOND).unsigned_abs() / 10, 6);
}

/// `0.250000`
fn put_span(line: &mut Vec<u8>, span: Span) {
    let span = span.max(0).unsigned_abs();
    line.num(span / SECOND.unsigned_abs()).put(".").pad(span % SECOND.unsigned_abs() / 10, 6);
}

fn put_uid(line: &mut Vec<u8>, kind: u8, number: u64) {
    line.push(kind);
    line.letters(number, 17, BASE62);
}

const fn truth(holds: bool) -> &'static str {
    if holds { "T" } else { "F" }
}

const fn other_service(port: u16) -> &'static str {
    match port {
        22 => "ssh",
        25 => "smtp",
        53 => "dns",
        88 => "krb_tcp",
        123 => "ntp",
        135 => "dce_rpc",
        389 => "ldap_tcp",
        3389 => "rdp",
        _ => "",
    }
}

impl Observer for Zeek {
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()> {
        self.silent_smb(act.at, files);
        self.write_due(act.at, files)?;
        self.tunnels.note(act);
        match &act.deed {
            Deed::Connect(transfer) => {
                self.acts += 1;
                self.connect(court, act, files, transfer);
            }
            Deed::Resolve { name, address, .. } => {
                self.acts += 1;
                self.resolve(court, act, files, name, address);
            }
            Deed::Share(share) => self.mapping(court, act, files, *share),
            Deed::File { file, deed } => {
                self.acts += 1;
                self.file(court, act, files, file, *deed);
            }
            Deed::LogOff => self.smb_over(act, files),
            _ => {}
        }
        Ok(())
    }

    fn day_over(&mut self, _court: &Court, day: Moment, files: &mut Files) -> io::Result<()> {
        let end = day + DAY;
        self.silent_smb(end - 1, files);
        self.write_due(end - 1, files)?;
        let clock = files.clock(self.host, end);
        self.close_before(clock.midnight(), files)
    }

    fn finish(&mut self, _court: &Court, files: &mut Files) -> io::Result<()> {
        self.silent_smb(Moment(i64::MAX / 2), files);
        self.write_due(Moment(i64::MAX), files)?;
        self.close_before(Moment(i64::MAX), files)
    }
}
