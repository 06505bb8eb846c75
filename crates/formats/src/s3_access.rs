//! What do the lines of an Amazon S3 server access log say?
//!
//! One request a line, as the owner of the bucket gets it; delivery is best effort, so that absence of a line
//! says nothing. Keys stay as the log writes them (URL-encoded). Fields have the names that AWS gives them
//! in its own table over these logs; the format appends fields from time to time, which stay too.

use std::borrow::Cow;
use std::io;

use assize_model::spine::{Link, ObjectKind, Outcome, Qualifier, Scope, Verb};
use assize_model::{Batcher, Card, Cause, Confidence, Format, Input, ReadingOptions, Slice, Time};

use crate::json::Broken;
use crate::lines::{self, Line, Records};
use crate::meaning::address;
use crate::record::Record;
use crate::{clock, m365, web};

/// See the module's text.
pub(crate) struct S3Access;

static CARD: Card = Card {
    name: "aws-s3-access",
    title: "Amazon S3 server access log",
    doc: "One request a line. GET of an object is `read`, HEAD and listings `list`; bytes are those sent; status 206 is \
          `partial`. The actor is the requester (none for anonymous requests), the outcome follows from the HTTP status. \
          AWS delivers these logs by best effort: a request without a line is possible, so they never show \
          completeness. Objects are `s3://bucket/key` with the key as the log has it.",
    example: "79a5…2be holdings [14/Sep/2026:08:12:03 +0000] 203.0.113.7 arn:aws:iam::1:user/m 3E57427F3EXAMPLE REST.GET.OBJECT b/1.pdf \"GET /b/1.pdf HTTP/1.1\" 200 - 120 120 7 6 \"-\" \"aws-cli/2.15\" -",
    links: &[
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html",
    ],
    version: 1,
};

/// Names by "Using Amazon S3 server access logs to identify requests", in the order of the line.
const NAMES: [&str; 26] = [
    "bucketowner",
    "bucket_name",
    "requestdatetime",
    "remoteip",
    "requester",
    "requestid",
    "operation",
    "key",
    "request_uri",
    "httpstatus",
    "errorcode",
    "bytessent",
    "objectsize",
    "totaltime",
    "turnaroundtime",
    "referrer",
    "useragent",
    "versionid",
    "hostid",
    "sigv",
    "ciphersuite",
    "authtype",
    "endpoint",
    "tlsversion",
    "accesspointarn",
    "aclrequired",
];
/// Fields that even the oldest lines have.
const LEAST: usize = 17;
/// Which of them is the agent's.
const AGENT: usize = 16;
/// More fields than any line has had.
const MOST: usize = 64;

impl Format for S3Access {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "aws"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[("request", "unproven")]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 20);
        let known = lines.iter().filter(|line| parts(line).is_ok()).count();
        (known * 2 > lines.len()).then_some(Confidence(88))
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

fn one(line: &Line<'_>, out: &mut Batcher<'_>) -> io::Result<Result<(), Broken>> {
    match parts(line.text) {
        Ok(parts) => record(&parts).event_of(line, out).map(Ok),
        Err(expected) => {
            let detail = format!("no line of an S3 access log: expected {expected}");
            Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }))
        }
    }
}

/// The fields of a line, between blanks, brackets or quotes.
fn parts(line: &str) -> Result<Vec<&str>, &'static str> {
    let mut parts = Vec::with_capacity(NAMES.len());
    let mut rest = line.trim_end_matches(['\r', ' ']);
    while !rest.is_empty() && parts.len() < MOST {
        let (part, after) = match rest.as_bytes()[0] {
            b'[' => rest[1..].split_once(']').ok_or("`]`")?,
            b'"' => quoted(&rest[1..], parts.len() == AGENT).ok_or("the end of quotes")?,
            _ => match rest.split_once(' ') {
                Some((part, _)) => (part, &rest[part.len()..]),
                None => (rest, ""),
            },
        };
        parts.push(part);
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    if parts.len() < LEAST {
        return Err("at least 17 fields");
    }
    let owner = parts[0].len() >= 32 && parts[0].bytes().all(|byte| byte.is_ascii_hexdigit());
    let operation = parts[6].contains('.') && !parts[6].bytes().any(|byte| byte.is_ascii_lowercase());
    if !owner || !operation || clock::clf(parts[2].as_bytes()).is_none() {
        return Err("owner, time and operation");
    }
    Ok(parts)
}

/// Agents hold quotes of their own that nobody escapes. A quote ends a field only before a blank, and of
/// the agent, behind which nothing is quoted, the last such one does.
fn quoted(text: &str, agent: bool) -> Option<(&str, &str)> {
    let ends = |at: &usize| matches!(text.as_bytes().get(at + 1), None | Some(b' '));
    let mut quotes = memchr::memchr_iter(b'"', text.as_bytes()).filter(ends);
    let end = if agent { quotes.next_back() } else { quotes.next() }?;
    Some((&text[..end], &text[end + 1..]))
}

fn record<'a>(parts: &[&'a str]) -> Record<'a> {
    let said = |place: usize| parts.get(place).copied().filter(|part| !part.is_empty() && *part != "-");
    let mut record = Record::of("aws/s3-access");
    record.time_text = Some(parts[2].into());
    record.time = match clock::clf(parts[2].as_bytes()) {
        Some(assize_model::time::Stated::Instant(time) | assize_model::time::Stated::Local(time)) => {
            Some(time)
        }
        None => None,
    };
    let took_ms =
        said(13).and_then(|took| took.parse::<i64>().ok()).and_then(|took| took.checked_mul(1_000_000));
    record.until = record.time.zip(took_ms).and_then(|(time, took)| time.0.checked_add(took)).map(Time);
    for (place, part) in parts.iter().enumerate() {
        match NAMES.get(place) {
            Some(name) => record.own(*name, *part),
            None => record.own(format!("field_{}", place + 1), *part),
        }
    }
    record.actor = said(4).map(Cow::Borrowed);
    record.peer = said(3).and_then(address);
    record.client = said(16).and_then(m365::of_agent);
    let (bucket, operation, key) = (parts[1], parts[6], said(7));
    let (verb, kind, scope) = act(operation, key.is_some());
    let outcome = said(9).map_or(Outcome::Unknown, web::outcome);
    record.did(verb, outcome);
    record.scope = Some(scope);
    record.to(kind, ["s3://", bucket, "/", key.unwrap_or("")].concat());
    record.bytes = said(11).and_then(|bytes| bytes.parse().ok());
    if said(9) == Some("206") {
        record.qualifiers.push(Qualifier::Partial);
    }
    if operation.starts_with("S3.") {
        // Life cycle rules act by themselves.
        record.qualifiers.push(Qualifier::Background);
    }
    if let Some(request) = said(5) {
        record.link(Link::Request, request);
        // A batch or a copy is several lines under one request.
        record.link(Link::Record, [request, operation, key.unwrap_or("")].join(" "));
    }
    record
}

/// `REST.HTTP_method.resource_type` and its relatives.
fn act(operation: &str, with_key: bool) -> (Verb, ObjectKind, Scope) {
    let mut words = operation.splitn(3, '.');
    let (family, method) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let resource = words.next().unwrap_or("");
    let kind = if with_key { ObjectKind::File } else { ObjectKind::Folder };
    let scope = if with_key { Scope::Item } else { Scope::Container };
    let verb = match (family, method, resource) {
        (_, "GET", "OBJECT") | ("REST", "COPY", "OBJECT_GET" | "PART_GET") | (_, "GET", "TORRENT") => {
            Verb::Read
        }
        (_, "HEAD", _) | (_, "GET", "BUCKET" | "BUCKETVERSIONS" | "SERVICE" | "OBJECT_ATTRIBUTES") => {
            Verb::List
        }
        (_, "GET", _) => Verb::Query,
        (_, _, "ACL" | "BUCKETPOLICY" | "OBJECT_ACL" | "PUBLIC_ACCESS_BLOCK") => Verb::PermissionChange,
        (_, "PUT" | "POST", "OBJECT" | "PART" | "UPLOAD" | "UPLOADS" | "BUCKET") => Verb::Create,
        (_, "COPY", _) => Verb::Copy,
        (_, "DELETE", _) | (_, "POST", "MULTI_OBJECT_DELETE") | ("S3", "EXPIRE" | "CREATE", _) => {
            Verb::Delete
        }
        (_, "SELECT", _) | (_, "POST", "SELECT_OBJECT_CONTENT") => Verb::Query,
        (_, "PUT", "LOGGING_STATUS") => return (Verb::ConfigChange, ObjectKind::Log, Scope::Container),
        (_, "PUT", "REPLICATION") => Verb::Forward,
        (_, "PUT" | "POST", _) => Verb::ConfigChange,
        _ => Verb::Other,
    };
    (verb, kind, scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

    fn line(operation: &str, key: &str, status: &str, agent: &str) -> String {
        format!(
            "{OWNER} holdings [14/Sep/2026:08:12:03 +0000] 203.0.113.7 arn:aws:iam::1:user/m 3E57427F3EXAMPLE {operation} {key} \"GET /b/1.pdf HTTP/1.1\" {status} - 120 120 1500 6 \"-\" \"{agent}\" - hostid SigV4 suite AuthHeader holdings.s3.example TLSv1.3 - - new"
        )
    }

    #[test]
    fn a_line_becomes_a_record() {
        let text = line("REST.GET.OBJECT", "b/1.pdf", "206", "an \"odd\" agent, python");
        let parts = parts(&text).unwrap();
        let record = record(&parts);
        assert_eq!(
            (record.verb, record.outcome, record.object.as_deref()),
            (Verb::Read, Outcome::Success, Some("s3://holdings/b/1.pdf"))
        );
        assert_eq!(record.qualifiers, [Qualifier::Partial]);
        assert_eq!(record.time.unwrap().to_string(), "2026-09-14T08:12:03Z");
        assert_eq!(record.until.unwrap().to_string(), "2026-09-14T08:12:04.5Z");
        assert_eq!(record.field("useragent"), Some("an \"odd\" agent, python"));
        assert_eq!(record.field("field_27"), Some("new"), "fields that AWS added later stay");
        assert_eq!((record.bytes, record.actor.as_deref()), (Some(120), Some("arn:aws:iam::1:user/m")));
    }

    #[test]
    fn operations() {
        for (operation, key, verb) in [
            ("REST.GET.OBJECT", true, Verb::Read),
            ("REST.COPY.OBJECT_GET", true, Verb::Read),
            ("WEBSITE.GET.OBJECT", true, Verb::Read),
            ("REST.HEAD.OBJECT", true, Verb::List),
            ("REST.GET.BUCKET", false, Verb::List),
            ("REST.GET.VERSIONING", false, Verb::Query),
            ("REST.PUT.OBJECT", true, Verb::Create),
            ("REST.PUT.BUCKETPOLICY", false, Verb::PermissionChange),
            ("REST.PUT.LOGGING_STATUS", false, Verb::ConfigChange),
            ("BATCH.DELETE.OBJECT", true, Verb::Delete),
            ("S3.EXPIRE.OBJECT", true, Verb::Delete),
            ("ODD", false, Verb::Other),
        ] {
            assert_eq!(act(operation, key).0, verb, "{operation}");
        }
    }

    #[test]
    fn what_is_no_such_line() {
        for text in [
            "",
            "203.0.113.7 - - [14/Sep/2026:08:12:03 +0000] \"GET / HTTP/1.1\" 200 1",
            &line("get", "k", "200", "a"),
        ] {
            assert!(parts(text).is_err(), "{text}");
        }
        assert!(parts(&line("REST.GET.OBJECT", "k", "200", "a").replace("+0000]", "+0000")).is_err());
    }
}
