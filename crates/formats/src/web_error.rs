//! What does a web server's error log say?
//!
//! Apache's (2.2 and 2.4) and nginx's. Whom it concerned, and what the server said; that it let somebody in
//! or refused him is read from Apache's and nginx's own words for it. Both write local time without its zone.

use std::io;

use assize_model::spine::{Outcome, Verb};
use assize_model::{Batcher, Card, Cause, Confidence, Format, Input, ReadingOptions, Slice};

use crate::clock::{self, Clock, Stamp};
use crate::json::Broken;
use crate::lines::{self, Line, Records};
use crate::record::Record;
use crate::syslog::Envelope;

/// See the module's text.
pub(crate) struct WebError;

static CARD: Card = Card {
    name: "web-error",
    title: "Web error logs (Apache, nginx)",
    doc: "Messages of Apache and nginx, one a line. The peer is the client, where there is one. Wrong and unknown \
          users are logons that failed; what the server's configuration refuses is denied; other messages keep \
          their text, with the verb `other`. Time is local: in the zone given as reading option `zone`, else UTC.",
    example: "[Mon Sep 14 08:12:03.450000 2026] [auth_basic:error] [pid 411] [client 203.0.113.9:50112] AH01617: user m: authentication failure for \"/\": Password Mismatch",
    links: &[
        "https://httpd.apache.org/docs/2.4/logs.html#errorlog",
        "https://nginx.org/en/docs/ngx_core_module.html#error_log",
    ],
    version: 1,
};

impl Format for WebError {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "web"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("Apache", "real"), ("nginx", "real")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 20);
        let known = lines.iter().filter(|line| Parts::of(line).is_some()).count();
        (known * 2 > lines.len()).then_some(Confidence(80))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(input.options);
        lines::read(input.bytes, input.options, Records::Lines, out, &mut |line, out| {
            one(line, &mut clock, out)
        })
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        let mut clock = Clock::new(options);
        lines::reread(slices, options, out, &mut |line, out| one(line, &mut clock, out))
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

struct Parts<'a> {
    source: &'static str,
    time: &'a str,
    stamp: Stamp,
    level: &'a str,
    process_id: Option<&'a str>,
    client: Option<&'a str>,
    message: &'a str,
}

impl<'a> Parts<'a> {
    fn of(line: &'a str) -> Option<Self> {
        if line.starts_with('[') { Self::apache(line) } else { Self::nginx(line) }
    }

    /// `[Sat Jul 20 21:34:49.453232 2013] [access_compat:error] [pid 17512:tid 1] [client 127.0.0.1:51380] …`
    fn apache(line: &'a str) -> Option<Self> {
        let (time, rest) = line.strip_prefix('[')?.split_once("] ")?;
        let (stamp, length) = clock::bsd(time.get(4..)?.as_bytes())?;
        if length + 4 != time.len() || !matches!(stamp, Stamp::Full(_)) {
            return None;
        }
        let mut parts = Self {
            source: "webserver/apache",
            time,
            stamp,
            level: "",
            process_id: None,
            client: None,
            message: rest,
        };
        parts.brackets();
        (!parts.level.is_empty()).then_some(parts)
    }

    /// `[level] [pid 17512:tid 1] [client 127.0.0.1:51380] …`. What follows the client may begin with a bracket
    /// that somebody sent.
    fn brackets(&mut self) {
        while let (Some(inner), None) = (self.message.strip_prefix('['), self.client) {
            // `[client [2001:db8::1]:443]`
            let from = if inner.starts_with("client [") { inner.find(']').map_or(0, |at| at + 1) } else { 0 };
            let Some(end) = inner[from..].find(']').map(|end| from + end) else { return };
            match inner[..end].split_once(' ') {
                Some(("pid", pid)) => self.process_id = pid.split(':').next(),
                Some(("client" | "remote", client)) => self.client = Some(without_port(client)),
                None if self.level.is_empty() => self.level = &inner[..end],
                _ => return,
            }
            self.message = inner[end + 1..].trim_start_matches(' ');
        }
    }

    /// A message that came by syslog: Apache leaves its time out, nginx does not.
    fn in_syslog(message: &'a str) -> Option<Self> {
        let blank = Self {
            source: "webserver/apache",
            time: "",
            stamp: Stamp::NoYear(0, 0, 0),
            level: "",
            process_id: None,
            client: None,
            message,
        };
        let mut parts = Self::nginx(message).unwrap_or(blank);
        parts.brackets();
        (!parts.level.is_empty()).then_some(parts)
    }

    /// `2012/04/09 11:53:29 [error] 2865#0: *66647 message, client: 192.0.2.10, server: …, request: "…"`
    fn nginx(line: &'a str) -> Option<Self> {
        let bytes = line.as_bytes();
        if bytes.get(4) != Some(&b'/') || bytes.get(7) != Some(&b'/') || bytes.get(19) != Some(&b' ') {
            return None;
        }
        let mut iso = [0; 19];
        iso.copy_from_slice(&bytes[..19]);
        (iso[4], iso[7]) = (b'-', b'-');
        let (stated, _) = clock::iso(&iso)?;
        let (level, rest) = line.get(20..)?.strip_prefix('[')?.split_once("] ")?;
        let (process, message) = rest.split_once(": ")?;
        let message = match message.strip_prefix('*').and_then(|rest| rest.split_once(' ')) {
            Some((_, message)) => message,
            None => message,
        };
        // The last: what stands before it may have been sent.
        let client =
            message.rsplit_once(", client: ").map(|(_, rest)| rest.split(',').next().unwrap_or(rest));
        Some(Self {
            source: "webserver/nginx",
            time: &line[..19],
            stamp: Stamp::Full(stated),
            level,
            process_id: process.split('#').next(),
            client,
            message,
        })
    }
}

/// `127.0.0.1:51380`, `2001:db8::1`, `[2001:db8::1]:443`
fn without_port(client: &str) -> &str {
    if client.parse::<std::net::IpAddr>().is_ok() {
        return client;
    }
    client.rsplit_once(':').map_or(client, |(host, _)| host).trim_matches(['[', ']'])
}

fn one(line: &Line<'_>, clock: &mut Clock, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    let Some(parts) = Parts::of(line.text) else {
        let detail = "no error log line: expected a time, a level and a message".to_owned();
        return Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }));
    };
    let mut record = Record::of(parts.source);
    record.at(parts.time, clock.read(Some(parts.stamp)));
    parts.fill(&mut record);
    record.event_of(line, out).map(Ok)
}

/// Error logs that travel in syslog.
pub(crate) fn in_syslog<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    if let Some(parts) = Parts::in_syslog(envelope.message) {
        record.source = parts.source.into();
        parts.fill(record);
    }
}

impl<'a> Parts<'a> {
    fn fill(&self, record: &mut Record<'a>) {
        let parts = self;
        record.own("level", parts.level);
        for (name, value) in [("pid", parts.process_id), ("client", parts.client)] {
            if let Some(value) = value {
                record.own(name, value);
            }
        }
        record.own("message", parts.message);
        record.peer = parts.client.map(Into::into);
        let (verb, outcome) = said(parts.message);
        record.did(verb, outcome);
        if verb == Verb::Logon {
            record.actor = user(parts.message).map(Into::into);
        }
    }
}

/// Words of mod_auth_basic, mod_auth_digest, mod_authz_core, mod_access_compat and of nginx's auth and access
/// modules.
fn said(message: &str) -> (Verb, Outcome) {
    let has = |words: &[&str]| words.iter().any(|words| message.contains(words));
    let failed = [
        "authentication failure",
        "password mismatch",
        "Password Mismatch",
        " not found: ",
        " was not found in ",
        "invalid nonce",
        "nonce",
        "no user/password was provided",
        "PAM: user ",
    ];
    if has(&[
        "client denied by server configuration",
        "client used wrong authentication scheme",
        "access forbidden by rule",
    ]) {
        (Verb::Read, Outcome::Denied)
    } else if message.contains("user") && has(&failed) {
        (Verb::Logon, Outcome::Failure)
    } else if has(&[
        "authorization failure",
        "authorization result",
        "limiting requests",
        "limiting connections",
    ]) {
        (Verb::Read, Outcome::Denied)
    } else {
        (Verb::Other, Outcome::Unknown)
    }
}

/// `user m: …`, `user m not found`, `user "m" was not found`, `user 'm' - not authenticated`
fn user(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("user ")?;
    if let Some(quote @ ('"' | '\'' | '`')) = rest.chars().next() {
        let end = if quote == '`' { '\'' } else { quote };
        return rest[1..].split_once(end).map(|(user, _)| user);
    }
    let end = [" not found", ": authentication failure", ": password mismatch", ": "];
    let at = end.iter().find_map(|end| rest.find(end))?;
    Some(rest[..at].trim()).filter(|user| !user.is_empty())
}
