//! What does Squid's `access.log` say?
//!
//! The native notation (`logformat squid`), with whatever a site appended to it. A line is written when a
//! request ends and says how long it took: the event's time is when it began, `until` when it ended. `size` is
//! what went **to** the client: of an upload's size a proxy's log knows nothing.

use std::io;

use assize_model::spine::{ObjectKind, Outcome, Qualifier, Verb};
use assize_model::{Batcher, Card, Cause, Confidence, Format, Input, ReadingOptions, Slice, Time};

use crate::clock;
use crate::json::Broken;
use crate::lines::{self, Line, Records};
use crate::record::Record;
use crate::web;

/// See the module's text.
pub(crate) struct Squid;

static CARD: Card = Card {
    name: "squid",
    title: "Squid access.log (native)",
    doc: "One request a line, in Squid's native notation. The host is the client's address, the peer the server \
          that was asked, the actor the user if the proxy knows one. The time is when the request began (the \
          stamp less what it took). Bytes of a read are those sent to the client; of an upload Squid logs no size. \
          `TCP_DENIED` and the statuses 401, 403 and 407 are denied.",
    example: "1789369961.250    143 10.1.2.3 TCP_TUNNEL/200 5312 CONNECT files.example:443 - HIER_DIRECT/203.0.113.7 -",
    links: &[
        "https://wiki.squid-cache.org/Features/LogFormat",
        "https://www.squid-cache.org/Doc/config/logformat/",
    ],
    version: 1,
};

/// Names of the W3C's and of Sigma's taxonomy for what Squid has no names for.
const NAMES: [&str; 12] = [
    "timestamp",
    "time-taken",
    "c-ip",
    "s-action",
    "sc-status",
    "sc-bytes",
    "cs-method",
    "c-uri",
    "cs-username",
    "s-hierarchy",
    "s-ip",
    "cs-content-type",
];

impl Format for Squid {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "web"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("request", "real"), ("denied", "real"), ("tunnel", "server-made")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 20);
        let known = lines.iter().filter(|line| Parts::of(line).is_ok()).count();
        (known * 2 > lines.len()).then_some(Confidence(85))
    }

    fn read(&self, input: &mut Input<'_>, out: &mut Batcher<'_>) -> io::Result<()> {
        lines::read(input.bytes, input.options, Records::Lines, out, &mut one)
    }

    fn reread(&self, slices: &[Slice], options: &ReadingOptions, out: &mut Batcher<'_>) -> io::Result<()> {
        lines::reread(slices, options, out, &mut one)
    }

    fn raw_text(&self, slices: &[Slice]) -> Option<String> {
        lines::raw_text(slices)
    }
}

/// `time elapsed client action/code size method URL user hierarchy/server type …`
struct Parts<'a> {
    columns: [&'a str; 12],
    rest: &'a str,
    ended: Time,
    took_ms: i64,
}

impl<'a> Parts<'a> {
    fn of(line: &'a str) -> Result<Self, &'static str> {
        let mut rest = line;
        let mut word = || {
            rest = rest.trim_start_matches(' ');
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            rest = after;
            (!word.is_empty()).then_some(word)
        };
        let mut next = |what: &'static str| word().ok_or(what);
        let (time, took) = (next("a time")?, next("how long it took")?);
        let ended =
            time.contains('.').then(|| clock::unix(time)).flatten().ok_or("a time with a fraction")?;
        let took_ms = took.strip_prefix('-').unwrap_or(took);
        let took_ms = clock::number(took_ms.as_bytes()).ok_or("milliseconds")?;
        let (client, result) = (next("a client")?, next("a result")?);
        let (action, status) = result.split_once('/').ok_or("action/status")?;
        let action_shape =
            action.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9'));
        if !action_shape || status.len() != 3 {
            return Err("action/status");
        }
        let (size, method, uri) = (next("a size")?, next("a method")?, next("a URL")?);
        let (user, hierarchy, kind) = (next("a user")?, next("hierarchy/server")?, next("a type")?);
        let (hierarchy, server) = hierarchy.split_once('/').ok_or("hierarchy/server")?;
        let columns = [time, took, client, action, status, size, method, uri, user, hierarchy, server, kind];
        Ok(Self { columns, rest, ended, took_ms })
    }
}

fn one(line: &Line<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    match Parts::of(line.text) {
        Ok(parts) => record(&parts).event_of(line, out).map(Ok),
        Err(expected) => {
            let detail = format!("no line of Squid's: expected {expected}");
            Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }))
        }
    }
}

fn record<'a>(parts: &Parts<'a>) -> Record<'a> {
    let [time, _, client, action, status, size, method, uri, user, _, server, _] = parts.columns;
    let mut record = Record::of("proxy/squid");
    record.time_text = Some(time.into());
    record.until = Some(parts.ended);
    let took = parts.took_ms.checked_mul(1_000_000);
    record.time = took.and_then(|took| parts.ended.0.checked_sub(took)).map(Time);
    for (name, value) in NAMES.into_iter().zip(parts.columns) {
        if value != "-" {
            record.own(name, value);
        }
    }
    if !parts.rest.is_empty() {
        record.own("rest", parts.rest);
    }
    let said = |text: &'a str| (text != "-").then(|| text.into());
    (record.host, record.actor) = (said(client), said(user));
    let name = host_of(method, uri);
    record.peer = said(server).or(name.map(Into::into));
    if let Some(name) = name {
        record.own("cs-host", name);
    }
    record.to(ObjectKind::Site, uri);
    let outcome = if action.contains("DENIED") { Outcome::Denied } else { web::outcome(status) };
    record.did(web::verb_outward(method, 0), outcome);
    if record.verb != Verb::Upload {
        record.bytes = size.parse().ok();
    }
    if status == "206" || action.contains("ABORTED") {
        record.qualifiers.push(Qualifier::Partial);
    }
    record
}

/// `files.example:443` of a tunnel, `http://files.example:8080/a?b` of a request.
fn host_of<'a>(method: &str, uri: &'a str) -> Option<&'a str> {
    let authority = match uri.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?', '#']).next()?,
        None if method == "CONNECT" => uri,
        None => return None,
    };
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_urls() {
        assert_eq!(host_of("CONNECT", "files.example:443"), Some("files.example"));
        assert_eq!(host_of("CONNECT", "[2001:db8::1]:443"), Some("[2001:db8::1]"));
        assert_eq!(host_of("GET", "http://u:p@files.example:8080/a?b=://x"), Some("files.example"));
        assert_eq!(host_of("GET", "http://files.example"), Some("files.example"));
        assert_eq!(host_of("GET", "error:invalid-request"), None);
    }

    #[test]
    fn a_request_is_told_from_its_begin_to_its_end() {
        let parts = Parts::of(
            "1789369961.250    143 10.1.2.3 TCP_MISS_ABORTED/206 5312 GET http://a.example/x m.okafor HIER_DIRECT/203.0.113.7 text/html extra x",
        );
        let record = record(&parts.ok().unwrap());
        assert_eq!(record.time, Time::of_unix("1789369961.107"));
        assert_eq!(record.until, Time::of_unix("1789369961.250"));
        assert_eq!((record.verb, record.outcome, record.bytes), (Verb::Read, Outcome::Success, Some(5312)));
        assert_eq!((record.qualifiers.len(), record.field("rest")), (1, Some("extra x")));
        assert_eq!(
            (record.actor.as_deref(), record.peer.as_deref()),
            (Some("m.okafor"), Some("203.0.113.7"))
        );
        for line in [
            "",
            "1789369961.250",
            "1789369961 143 10.1.2.3 TCP_MISS/200 1 GET u - H/- -",
            "a b c d e f g h i j",
        ] {
            assert!(Parts::of(line).is_err(), "{line}");
        }
    }
}
