//! What does a web server's access log say?
//!
//! The Common Log Format and what grew from it: combined, with the virtual host in front (Apache's
//! `vhost_combined`), with more behind it (nginx with `$http_x_forwarded_for`). Apache and nginx write the same
//! here. A request is told by its status: a 401 and the request that is then repeated with a password are two
//! events, one denied, one done. That a page was sent says that it was opened; whether it was kept is not said.

use std::io;

use assize_model::spine::{ObjectKind, Qualifier, Verb};
use assize_model::{Batcher, Card, Cause, Confidence, Format, Input, ReadingOptions, Slice};
use memchr::{memchr, memchr2};

use crate::clock::{self, Clock, Stamp};
use crate::json::Broken;
use crate::lines::{self, Line, Records};
use crate::record::Record;
use crate::{front_ends, web};

/// See the module's text.
pub(crate) struct WebLog;

static CARD: Card = Card {
    name: "web-access",
    title: "Web access logs (Apache and nginx: common, combined, with virtual host)",
    doc: "One request a line. The peer is the client's address, the actor the user whom the server knows, the \
          object the URI; fields have the W3C's names (`c-ip`, `cs-method`, `cs-uri-stem`, `sc-status`, …). GET is a \
          read, POST and PUT a write; 401 and 403 are denied, other 4xx and 5xx failed, a redirection is \
          unknown. An address that passed the request on for another (`X-Forwarded-For`, or of a network in the \
          table of front ends) carries `front-end-address`. What stands behind the known columns is kept as `rest`.",
    example: "203.0.113.9 - m.okafor [14/Sep/2026:08:12:03 +0200] \"GET /records/D-1187 HTTP/1.1\" 200 48122 \"-\" \"Mozilla/5.0\"",
    links: &[
        "https://httpd.apache.org/docs/2.4/mod/mod_log_config.html",
        "https://nginx.org/en/docs/http/ngx_http_log_module.html",
        "https://www.w3.org/TR/WD-logfile.html",
    ],
    version: 1,
};

impl Format for WebLog {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "web"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("common", "real"), ("combined", "real"), ("with virtual host", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 20);
        let known = lines.iter().filter(|line| Parts::of(line).is_some()).count();
        (known * 2 > lines.len()).then_some(Confidence(85))
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

fn one(line: &Line<'_>, clock: &mut Clock, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    let Some(parts) = Parts::of(line.text) else {
        let detail = "no access log line: expected a client, `[day/month/year:…]` and a request".to_owned();
        return Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }));
    };
    let mut record = Record::of(if parts.site.is_some() { "webserver/apache" } else { "webserver/access" });
    let stamp = clock::clf(parts.time.as_bytes()).map(Stamp::Full);
    record.at(parts.time, clock.read(stamp));
    parts.fill(&mut record);
    record.event_of(line, out).map(Ok)
}

struct Parts<'a> {
    site: Option<&'a str>,
    client: &'a str,
    ident: &'a str,
    user: &'a str,
    time: &'a str,
    request: &'a str,
    status: &'a str,
    bytes: &'a str,
    referer: Option<&'a str>,
    agent: Option<&'a str>,
    forwarded: Option<&'a str>,
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let bracket = memchr(b'[', line.as_bytes())?;
        let (before, rest) = (&line[..bracket], &line[bracket + 1..]);
        let (time, rest) = rest.split_once(']')?;
        clock::clf(time.as_bytes())?;
        let (site, client, ident, user) = who(before.strip_suffix(' ')?)?;
        let (request, rest) = request(rest.strip_prefix(' ')?)?;
        let mut words = rest.strip_prefix(' ')?.splitn(3, ' ');
        let (status, bytes) = (words.next()?, words.next()?);
        let number = |text: &str| text == "-" || clock::number(text.as_bytes()).is_some();
        if !number(status) || !number(bytes) {
            return None;
        }
        let rest = words.next().unwrap_or("");
        let (referer, rest) = next_quoted(rest);
        let (agent, rest) = next_quoted(rest);
        let (forwarded, after) = next_quoted(rest);
        let is_forwarded =
            |text: &&str| text.split(", ").all(|part| part.parse::<std::net::IpAddr>().is_ok());
        let forwarded = forwarded.filter(is_forwarded);
        let rest = if forwarded.is_some() { after } else { rest };
        Some(Self {
            site,
            client,
            ident,
            user,
            time,
            request,
            status,
            bytes,
            referer,
            agent,
            forwarded,
            rest,
        })
    }

    fn fill(&self, record: &mut Record<'a>) {
        let columns = [
            ("s-sitename", self.site),
            ("c-ip", Some(self.client)),
            ("cs-ident", Some(self.ident)),
            ("cs-username", Some(self.user)),
            ("sc-status", Some(self.status)),
            ("sc-bytes", Some(self.bytes)),
            ("cs-referer", self.referer),
            ("cs-user-agent", self.agent),
            ("x-forwarded-for", self.forwarded),
            ("rest", Some(self.rest).filter(|rest| !rest.is_empty())),
        ];
        for (name, value) in columns {
            if let Some(value) = value.filter(|value| *value != "-") {
                record.own(name, value);
            }
        }
        record.host = self.site.map(|site| site.rsplit_once(':').map_or(site, |(host, _)| host).into());
        record.peer = Some(self.client.into());
        record.actor = (self.user != "-" && !self.user.is_empty()).then(|| self.user.into());
        record.bytes = self.bytes.parse().ok();
        record.client = self.agent.map(web::client);
        if self.forwarded.is_some() || front_ends::is_front_end(self.client) {
            record.qualifiers.push(Qualifier::FrontEndAddress);
        }
        if self.status == "206" {
            record.qualifiers.push(Qualifier::Partial);
        }
        self.request(record);
    }

    /// `GET /a/b?c HTTP/1.1`; anything that a client sent may stand here.
    fn request(&self, record: &mut Record<'a>) {
        let outcome = web::outcome(self.status);
        let method = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'_')
        };
        let split = self.request.split_once(' ').filter(|(name, _)| method(name));
        let Some((name, rest)) = split else {
            record.did(Verb::Other, outcome);
            record.own("request", self.request);
            return;
        };
        let (uri, version) = match rest.rsplit_once(' ') {
            Some((uri, version)) if version.starts_with("HTTP/") => (uri, Some(version)),
            _ => (rest, None),
        };
        record.did(web::verb_inward(name), outcome);
        record.to(ObjectKind::Site, uri);
        let (stem, query) = match memchr2(b'?', b'#', uri.as_bytes()) {
            Some(at) => (&uri[..at], Some(&uri[at + 1..])),
            None => (uri, None),
        };
        record.own("cs-method", name);
        record.own("cs-uri", uri);
        record.own("cs-uri-stem", stem);
        for (name, value) in [("cs-uri-query", query), ("cs-version", version)] {
            if let Some(value) = value {
                record.own(name, value);
            }
        }
    }
}

type Who<'a> = (Option<&'a str>, &'a str, &'a str, &'a str);

/// `client ident user`, with a virtual host before it; a user's name may hold blanks.
fn who(before: &str) -> Option<Who<'_>> {
    let mut words = before.splitn(3, ' ');
    let (first, second, third) = (words.next()?, words.next()?, words.next()?);
    if first.is_empty() || first.starts_with(['{', '"', '<']) {
        return None;
    }
    let with_site = third.split_once(' ').filter(|(ident, _)| second != "-" && *ident == "-");
    match with_site {
        Some((ident, user)) => Some((Some(first), second, ident, user)),
        None => Some((None, first, second, third)),
    }
}

/// What stands in quotation marks, and what follows. Apache escapes a mark with a backslash, nginx as `\x22`.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let bytes = inner.as_bytes();
    let mut from = 0;
    loop {
        let at = from + memchr2(b'"', b'\\', &bytes[from..])?;
        if bytes[at] == b'"' {
            return Some((&inner[..at], &inner[at + 1..]));
        }
        from = at + 2;
        if from > bytes.len() {
            return None;
        }
    }
}

/// The request, and what follows. A server that does not escape quotation marks within it is read by what must
/// follow: a status.
fn request(text: &str) -> Option<(&str, &str)> {
    let status = |rest: &str| {
        let bytes = rest.as_bytes();
        bytes.first() == Some(&b' ')
            && bytes.get(1..4).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
            && bytes.get(4) == Some(&b' ')
    };
    let escaped = quoted(text).filter(|(_, rest)| status(rest) || rest.starts_with(" - "));
    escaped.or_else(|| {
        let inner = text.strip_prefix('"')?;
        let end = inner.match_indices('"').map(|(at, _)| at).find(|at| status(&inner[at + 1..]))?;
        Some((&inner[..end], &inner[end + 1..]))
    })
}

fn next_quoted(rest: &str) -> (Option<&str>, &str) {
    match quoted(rest) {
        Some((value, rest)) => (Some(value), rest.strip_prefix(' ').unwrap_or(rest)),
        None => (None, rest),
    }
}
