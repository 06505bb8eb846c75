//! What does Zeek say of file shares?
//!
//! A session at a file server is one connection as long as it is not silent for five minutes
//! (`tcp_inactivity_timeout`). Its address is the session's, so what comes from machines beside the
//! server is not seen at all.

use std::collections::{BTreeMap, BTreeSet};

use super::super::text::{Put, number, number_of};
use super::web::Passed;
use super::{Ends, Flow, Log, Zeek, put_time, put_uid};
use crate::act::{Act, FileDeed, SharedFile};
use crate::court::{Court, HostId, ShareId};
use crate::files::Files;
use crate::moment::{DAY, MINUTE, MS, Moment, Span};

/// After so long a silence a connection is written off.
const SILENCE: Span = 5 * MINUTE;

/// Connections that are watched, by session and server.
#[derive(Default)]
pub(super) struct Smb {
    watched: BTreeMap<(u64, HostId), Watched>,
    /// When to look whether one has fallen silent.
    timers: BTreeSet<(Moment, u64, HostId)>,
    /// Connections that were seen as transfers, by both addresses, until they end.
    known: BTreeMap<(String, String), (Ends, Moment)>,
}

struct Watched {
    ends: Ends,
    began: Moment,
    last: Moment,
    sent: u64,
    received: u64,
    kerberos: bool,
    /// Zeek found it in the middle.
    late: bool,
    steps: Vec<u32>,
}

impl Smb {
    /// A transfer that is such a connection.
    pub(super) fn known(&mut self, ends: &Ends, until: Moment) {
        self.known.insert((ends.from.clone(), ends.to.clone()), (ends.clone(), until));
    }
}

impl Zeek {
    /// The connection in which the act's session speaks with the act's host, if it passes the monitor.
    fn within(&mut self, court: &Court, act: &Act, sent: u64, received: u64) -> Option<Ends> {
        let session = &act.session;
        let server = &court.host(act.host).address;
        if session.address.is_empty() || !self.passes(&session.address, server) {
            return None;
        }
        let pair = (session.address.clone(), server.clone());
        match self.smb.known.get(&pair) {
            Some((ends, until)) if *until >= act.at => return Some(ends.clone()),
            Some(_) => self.smb.known.remove(&pair),
            None => None,
        };
        let key = (session.number, act.host);
        let seed = self.seed;
        let timers = &mut self.smb.timers;
        let watched = self.smb.watched.entry(key).or_insert_with(|| {
            timers.insert((act.at + SILENCE, key.0, key.1));
            let uid = number(&[seed, session.number, act.host.0.into(), act.at.0.unsigned_abs(), 0x5B]);
            let port = if session.port == 0 { 49_152 + (uid % 16_000) as u16 } else { session.port };
            let [from, to] = [session.address.clone(), server.clone()];
            Watched {
                ends: Ends { uid, from, from_port: port, to, to_port: 445 },
                began: act.at,
                last: act.at,
                // Negotiation, login, tree.
                sent: 2_900,
                received: 1_700,
                kerberos: !session.ntlm,
                late: act.at - session.opened > SILENCE,
                steps: Vec::new(),
            }
        });
        watched.last = act.at;
        watched.sent += sent;
        watched.received += received;
        watched.steps.extend(act.step.filter(|step| !watched.steps.contains(step)));
        Some(watched.ends.clone())
    }

    /// Writes off what has fallen silent.
    pub(super) fn silent_smb(&mut self, until: Moment, files: &Files) {
        while let Some(&(at, session, host)) = self.smb.timers.first().filter(|(at, ..)| *at <= until) {
            self.smb.timers.pop_first();
            let Some(watched) = self.smb.watched.get(&(session, host)) else { continue };
            if watched.last + SILENCE > at {
                self.smb.timers.insert((watched.last + SILENCE, session, host));
            } else {
                self.smb_ended((session, host), at, "S1", files);
            }
        }
    }

    /// The session is over, and its connection with it.
    pub(super) fn smb_over(&mut self, act: &Act, files: &Files) {
        let key = (act.session.number, act.host);
        if let Some(watched) = self.smb.watched.get_mut(&key) {
            watched.last = act.at;
            self.smb_ended(key, act.at, "SF", files);
        }
    }

    fn smb_ended(&mut self, key: (u64, HostId), at: Moment, state: &str, files: &Files) {
        let Some(watched) = self.smb.watched.remove(&key) else { return };
        let flow = Flow {
            began: watched.began,
            lasted: watched.last - watched.began,
            udp: false,
            service: if watched.kerberos { "gssapi,krb,smb" } else { "gssapi,ntlm,smb" },
            sent: watched.sent,
            received: watched.received,
            state: if watched.late { "OTH" } else { state },
            steps: watched.steps,
        };
        // The line comes when the silence is noticed, the duration ends with the last packet.
        self.conn_at(files, &watched.ends, flow, at);
    }

    pub(super) fn mapping(&mut self, court: &Court, act: &Act, files: &Files, share: ShareId) {
        let Some(ends) = self.within(court, act, 220, 180) else { return };
        let mut line = self.line(files, act.at);
        ends.put(&mut line);
        line.zeek(&tree(court, share)).put("\t-\t-\tDISK\n");
        self.due(act.at, Log::Mapping, line, act.step.into_iter().collect());
    }

    pub(super) fn file(
        &mut self,
        court: &Court,
        act: &Act,
        files: &Files,
        file: &SharedFile,
        deed: FileDeed,
    ) {
        let (sent, received) = match deed {
            FileDeed::List => (420, 9_000),
            FileDeed::Read(bytes) => (600 + bytes / 8_000, bytes + bytes / 500 + 700),
            FileDeed::Write(bytes) => (bytes + bytes / 500 + 700, 600 + bytes / 8_000),
            FileDeed::Delete | FileDeed::Look | FileDeed::Refused => (430, 380),
        };
        let Some(ends) = self.within(court, act, sent, received) else { return };
        if deed == FileDeed::Refused || self.encrypted.contains(&file.share) {
            return;
        }
        let steps: Vec<u32> = act.step.into_iter().collect();
        let fuid = self.id(5);
        // A gigabit, shared.
        let lasted = MS + file.size as i64 / 8;
        let (action, content) = match deed {
            FileDeed::Read(bytes) => (Some("SMB::FILE_READ"), Some((bytes, false))),
            FileDeed::Write(bytes) => (Some("SMB::FILE_WRITE"), Some((bytes, true))),
            FileDeed::Delete => (Some("SMB::FILE_DELETE"), None),
            _ => (None, None),
        };
        let shown = content.filter(|(bytes, _)| *bytes > 0).map(|_| fuid);
        self.smb_file(court, files, (act.at, &ends, "SMB::FILE_OPEN", None), file, &steps);
        if let Some(action) = action {
            self.smb_file(court, files, (act.at + MS, &ends, action, shown), file, &steps);
        }
        let Some((bytes, upward)) = content.filter(|_| shown.is_some()) else { return };
        let passed = Passed {
            fuid,
            source: "SMB",
            media: media(&file.path),
            name: &file.path,
            lasted,
            upward,
            bytes,
            total: Some(file.size),
        };
        self.passed(files, act.at + lasted, &ends, &passed, &steps);
    }

    fn smb_file(
        &mut self,
        court: &Court,
        files: &Files,
        what: (Moment, &Ends, &str, Option<u64>),
        file: &SharedFile,
        steps: &[u32],
    ) {
        let (at, ends, action, fuid) = what;
        let mut line = self.line(files, at);
        ends.put(&mut line);
        match fuid {
            Some(fuid) => put_uid(&mut line, b'F', fuid),
            None => {
                line.put("-");
            }
        }
        line.put("\t").put(action).put("\t").zeek(&tree(court, file.share)).put("\t");
        match &*file.path {
            // Zeek's own words for the root of a share.
            "" => line.put("<share_root>"),
            path => line.zeek(path),
        };
        line.put("\t").num(if file.folder { 0 } else { file.size }).put("\t-");
        // Some day before the drill.
        let age = number_of(&file.path);
        let made = court.size.from - DAY * (3 + (age % 900) as i64) + (age >> 20) as i64 % DAY;
        for time in [made + DAY, made + 2 * DAY, made, made + DAY] {
            line.put("\t");
            put_time(&mut line, time);
        }
        line.put("\n");
        self.due(at, Log::SmbFiles, line, steps.to_vec());
    }
}

/// `\\LEGAL-FS01\Cases`
fn tree(court: &Court, share: ShareId) -> String {
    let share = court.share(share);
    format!("\\\\{}\\{}", court.host(share.host).name, share.name)
}

fn media(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "pdf" => "application/pdf",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "zip" => "application/zip",
        "jpg" | "jpeg" => "image/jpeg",
        "txt" | "csv" => "text/plain",
        _ => "",
    }
}
