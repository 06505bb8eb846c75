//! What does the VPN gateway export?
//!
//! Two tables as its management console exports them (CSV, RFC 4180; modelled on the exports of
//! FortiGate, GlobalProtect and OpenVPN Access Server, which differ in names only). `sessions.csv`
//! has one row per tunnel, **written when it ends**: a tunnel that still stands is in no export.
//! `auth.csv` has one row per attempt. Times are the gateway's local time with its offset.

use std::collections::BTreeMap;
use std::io;

use super::Observer;
use super::text::{Put, begun, iso_court, record};
use crate::act::{Act, Deed, Refusal, Way};
use crate::court::{Court, HostId, HostKind};
use crate::files::Files;
use crate::gate::Sight;
use crate::moment::{Moment, SECOND};

const SOURCE: &str = "vpn";
const SESSIONS: &[u8] = b"user,start,end,duration_s,outside_address,inside_address,client,client_host,\
bytes_in,bytes_out,reason,session_id\r\n";
const ATTEMPTS: &[u8] = b"time,user,outside_address,client,client_host,result,reason\r\n";

/// The gateway.
pub struct Vpn {
    gateway: HostId,
    /// Tunnels that stand, by session: since when, and the step that made it.
    standing: BTreeMap<u64, (Moment, Option<u32>)>,
    line: Vec<u8>,
}

impl Vpn {
    /// The court's gateway.
    #[must_use]
    pub fn new(court: &Court) -> Self {
        Self { gateway: court.first(HostKind::Vpn), standing: BTreeMap::new(), line: Vec::new() }
    }

    fn attempt(
        &mut self,
        act: &Act,
        files: &mut Files,
        who: &str,
        from: [&str; 3],
        why: Option<&str>,
    ) -> io::Result<()> {
        let file = begun(files, "vpn/auth.csv", ATTEMPTS)?;
        self.line.clear();
        iso_court(&mut self.line, files.clock(self.gateway, act.at)).put(",").csv(who);
        for field in from {
            self.line.put(",").csv(field);
        }
        self.line
            .put(if why.is_some() { ",refused," } else { ",accepted," })
            .put(why.unwrap_or(""))
            .put("\r\n");
        record(files, file, &self.line, act.step.as_slice())
    }

    fn ended(
        &mut self,
        court: &Court,
        act: &Act,
        files: &mut Files,
        inside: &str,
        bytes: [u64; 2],
    ) -> io::Result<()> {
        let session = &act.session;
        let (since, began) = self.standing.remove(&session.number).unwrap_or((session.opened, None));
        let file = begun(files, "vpn/sessions.csv", SESSIONS)?;
        let (start, end) = (files.clock(self.gateway, since), files.clock(self.gateway, act.at));
        self.line.clear();
        self.line.csv(&court.account(session.account).name).put(",");
        iso_court(&mut self.line, start).put(",");
        iso_court(&mut self.line, end).put(",").num(((end - start) / SECOND).max(0).unsigned_abs());
        self.line.put(",").csv(&session.address).put(",").csv(inside).put(",").csv(&session.agent);
        self.line.put(",").csv(&session.workstation).put(",").num(bytes[0]).put(",").num(bytes[1]);
        self.line.put(if session.number % 7 == 3 { ",idle-timeout," } else { ",user-request," });
        self.line.hex(session.number ^ 0x51E5_0000, 8).put("\r\n");
        let mut steps: Vec<u32> = began.into_iter().chain(act.step).collect();
        steps.dedup();
        record(files, file, &self.line, &steps)
    }
}

/// The gateway's own words.
const fn reason(why: Refusal) -> &'static str {
    match why {
        // It does not say which: that would tell who exists.
        Refusal::Password | Refusal::Unknown => "invalid credentials",
        Refusal::Disabled => "account disabled",
        Refusal::SecondFactor => "second factor failed",
    }
}

impl Observer for Vpn {
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()> {
        let seen = || files.sight(SOURCE, None, act.at) == Sight::Seen;
        let session = &act.session;
        match &act.deed {
            Deed::TunnelUp { .. } => {
                self.standing.insert(session.number, (act.at, act.step));
                if seen() {
                    let name = &court.account(session.account).name;
                    self.attempt(
                        act,
                        files,
                        name,
                        [&session.address, &session.agent, &session.workstation],
                        None,
                    )?;
                }
            }
            Deed::TunnelDown { inside, received, sent } if seen() => {
                self.ended(court, act, files, inside, [*received, *sent])?;
            }
            Deed::TunnelDown { .. } => {
                self.standing.remove(&session.number);
            }
            Deed::LogOnRefused { name, why, way: Way::Vpn, address, workstation } if seen() => {
                self.attempt(act, files, name, [address, &session.agent, workstation], Some(reason(*why)))?;
            }
            Deed::Knock { address, name } if act.host == self.gateway && seen() => {
                self.attempt(act, files, name, [address, "", ""], Some("invalid credentials"))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, _court: &Court, _files: &mut Files) -> io::Result<()> {
        Ok(())
    }
}
