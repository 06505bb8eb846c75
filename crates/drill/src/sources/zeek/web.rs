//! What does Zeek say of the web: TLS, HTTP, and the files in it?

use super::super::text::Put;
use super::inside;
use super::{Ends, Log, Zeek, put_span, put_uid, truth};
use crate::act::{Service, Transfer};
use crate::files::Files;
use crate::moment::{MS, Moment, Span};

/// A file that Zeek saw pass.
pub(super) struct Passed<'a> {
    pub(super) fuid: u64,
    /// `HTTP`, `SMB`
    pub(super) source: &'a str,
    pub(super) media: &'a str,
    pub(super) name: &'a str,
    pub(super) lasted: Span,
    /// The side that opened the connection sent it.
    pub(super) upward: bool,
    pub(super) bytes: u64,
    /// Its size, where the protocol tells.
    pub(super) total: Option<u64>,
}

impl Zeek {
    pub(super) fn tls(&mut self, files: &Files, at: Moment, ends: &Ends, transfer: &Transfer, steps: &[u32]) {
        let mut line = self.line(files, at);
        ends.put(&mut line);
        line.put("TLSv13\tTLS_AES_256_GCM_SHA384\tx25519\t");
        match &transfer.name {
            Some(name) => line.zeek(name),
            None => line.put("-"),
        };
        line.put("\tF\t-\t").put(if ends.uid.is_multiple_of(3) { "http/1.1" } else { "h2" });
        line.put("\tT\tCsiI\t-\t-\t-\t-\n");
        let done = at + transfer.lasted.clamp(0, 60 * MS);
        self.due(done, Log::Ssl, line, steps.to_vec());
    }

    pub(super) fn http(
        &mut self,
        files: &Files,
        at: Moment,
        ends: &Ends,
        transfer: &Transfer,
        steps: &[u32],
    ) {
        let Service::Http { method, path, status, agent, media } = &transfer.service else { return };
        let upward = matches!(*method, "PUT" | "POST") && transfer.sent > 0;
        let body = if upward { transfer.sent } else { 0 };
        let (up, down) = (self.id(3), self.id(4));
        let host = transfer.name.as_ref().unwrap_or(&transfer.address);
        let mut line = self.line(files, at);
        ends.put(&mut line);
        line.put("1\t")
            .put(method)
            .put("\t")
            .zeek(host)
            .put("\t")
            .zeek(path)
            .put("\t-\t1.1\t")
            .zeek(agent)
            .put("\t-\t");
        line.num(body).put("\t").num(transfer.received).put("\t").num((*status).into()).put("\t");
        line.put(message(*status)).put("\t-\t-\t(empty)\t-\t-\t-\t");
        // The media type is that of the body that matters: sent, or else received.
        put_file(&mut line, upward.then_some((up, *media)));
        line.put("\t");
        let answered = transfer.received > 0;
        put_file(&mut line, answered.then_some((down, if upward { "text/plain" } else { *media })));
        line.put("\n");
        let ended = at + transfer.lasted.max(0);
        self.due(ended, Log::Http, line, steps.to_vec());
        let name = path.rsplit('/').next().unwrap_or("");
        let passed = Passed {
            fuid: up,
            source: "HTTP",
            media,
            name,
            lasted: transfer.lasted,
            upward: true,
            bytes: body,
            total: Some(body),
        };
        if upward {
            self.passed(files, ended, ends, &passed, steps);
        }
        if answered {
            let media = if upward { "text/plain" } else { media };
            let down = Passed {
                fuid: down,
                upward: false,
                bytes: transfer.received,
                media,
                total: Some(transfer.received),
                ..passed
            };
            self.passed(files, ended, ends, &down, steps);
        }
    }

    /// A line of `files`, written when the file is through.
    pub(super) fn passed(
        &mut self,
        files: &Files,
        ended: Moment,
        ends: &Ends,
        file: &Passed<'_>,
        steps: &[u32],
    ) {
        let lasted = file.lasted.max(0);
        let missing = if file.bytes > 20_000 && file.fuid.is_multiple_of(50) { file.bytes / 7 } else { 0 };
        let mut line = self.line(files, ended - lasted);
        put_uid(&mut line, b'F', file.fuid);
        line.put("\t");
        ends.put(&mut line);
        line.put(file.source)
            .put("\t0\t(empty)\t")
            .put(if file.media.is_empty() { "-" } else { file.media })
            .put("\t");
        match file.name {
            "" => line.put("-"),
            name => line.zeek(name),
        };
        line.put("\t");
        put_span(&mut line, lasted);
        line.put("\t").put(truth(inside(if file.upward { &ends.from } else { &ends.to }))).put("\t");
        line.put(truth(file.upward)).put("\t").num(file.bytes - missing).put("\t");
        match file.total {
            Some(total) => line.num(total),
            None => line.put("-"),
        };
        line.put("\t").num(missing).put("\t0\tF\t-\t-\t-\t-\t-\t-\t-\n");
        self.due(ended, Log::Files, line, steps.to_vec());
    }
}

/// `fuids filenames mime_types` of a body.
fn put_file(line: &mut Vec<u8>, body: Option<(u64, &str)>) {
    match body {
        Some((fuid, media)) => {
            put_uid(line, b'F', fuid);
            line.put("\t-\t").put(if media.is_empty() { "-" } else { media });
        }
        None => {
            line.put("-\t-\t-");
        }
    }
}

const fn message(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Payload Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "-",
    }
}
