//! What does OpenSSH's file-transfer server say?
//!
//! sftp-server.c with `-l INFO`, as `sftp-server`, `internal-sftp`, or in the daemon's own name. Whose session
//! it is stands in another record of the same process (link `process-id`), except in the first. A file that
//! was closed with bytes read was sent to the client; one that was opened may not have been. What the server
//! was asked for it writes down before it does it, and afterwards only a refusal (`sent status …`), in another
//! record: so the outcome of all but a close is not known.

use assize_model::spine::{Link, ObjectKind, Outcome, Qualifier, Verb};

use super::{Envelope, sshd};
use crate::record::Record;

pub(crate) fn daemon<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    record.source = "linux/sshd".into();
    if let Some(pid) = envelope.process_id {
        record.link(Link::ProcessId, pid);
    }
    says(envelope.message, record);
}

/// Whether it was a message of the file-transfer server.
pub(crate) fn says<'a>(message: &'a str, record: &mut Record<'a>) -> bool {
    let Some((word, rest)) = message.split_once(' ') else { return false };
    match word {
        "open" => opened(rest, record),
        "close" => closed(rest, record),
        "opendir" => named(rest, Verb::List, ObjectKind::Folder, record),
        "closedir" => {
            let known = named(rest, Verb::List, ObjectKind::Folder, record);
            record.outcome = if known { Outcome::Success } else { record.outcome };
            known
        }
        "mkdir" => {
            named(rest.strip_prefix("name ").unwrap_or(rest), Verb::Create, ObjectKind::Folder, record)
        }
        "rmdir" => {
            named(rest.strip_prefix("name ").unwrap_or(rest), Verb::Delete, ObjectKind::Folder, record)
        }
        "remove" => named(rest.strip_prefix("name ").unwrap_or(rest), Verb::Delete, ObjectKind::File, record),
        "rename" | "posix-rename" => {
            named(rest.strip_prefix("old ").unwrap_or(rest), Verb::Move, ObjectKind::FileOrFolder, record)
        }
        "session" => session(rest, record),
        "sent" => refused(rest, record),
        _ => false,
    }
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('"')?.split_once('"')
}

fn named<'a>(rest: &'a str, verb: Verb, kind: ObjectKind, record: &mut Record<'a>) -> bool {
    let Some((path, _)) = quoted(rest) else { return false };
    record.did(verb, Outcome::Unknown);
    record.to(kind, path);
    record.own("path", path);
    true
}

fn opened<'a>(rest: &'a str, record: &mut Record<'a>) -> bool {
    let Some((_, flags)) = quoted(rest) else { return false };
    let verb = if flags.contains("WRITE") { Verb::Write } else { Verb::Read };
    record.qualifiers.push(Qualifier::CheckOnly);
    named(rest, verb, ObjectKind::File, record)
}

/// `close "/srv/d.docx" bytes read 48122 written 0`
fn closed<'a>(rest: &'a str, record: &mut Record<'a>) -> bool {
    let Some((_, numbers)) = quoted(rest) else { return false };
    let number = |word: &str| {
        let (_, rest) = numbers.split_once(word)?;
        rest.split(' ').next()?.parse::<u64>().ok()
    };
    let (Some(read), Some(written)) = (number("read "), number("written ")) else { return false };
    named(rest, Verb::Other, ObjectKind::File, record);
    match (read, written) {
        (0, 0) => {}
        (_, 0) => sshd::transferred(record, Verb::Download, read),
        _ => sshd::transferred(record, Verb::Write, written),
    }
    record.own("bytes_read", read.to_string());
    record.own("bytes_written", written.to_string());
    true
}

/// `session opened for local user m from [203.0.113.9]`
fn session<'a>(rest: &'a str, record: &mut Record<'a>) -> bool {
    let (verb, rest) = match rest.split_once(" for local user ") {
        Some(("opened", rest)) => (Verb::Connect, rest),
        Some(("closed", rest)) => (Verb::Logoff, rest),
        _ => return false,
    };
    let Some((user, address)) = rest.rsplit_once(" from ") else { return false };
    record.did(verb, Outcome::Success);
    record.actor = Some(user.into());
    record.peer = Some(address.trim_matches(['[', ']']).into());
    true
}

/// `sent status Permission denied`
fn refused(rest: &str, record: &mut Record<'_>) -> bool {
    let Some(status) = rest.strip_prefix("status ") else { return false };
    let outcome = if status.contains("ermission denied") { Outcome::Denied } else { Outcome::Failure };
    record.did(Verb::Other, outcome);
    true
}
