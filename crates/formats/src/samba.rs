//! What does a line of Samba's `vfs_full_audit` say was done?
//!
//! `PREFIX|operation|result|arguments` in a syslog envelope. The names are those of the server's own file
//! operations from Samba 3 to 4.2x, **not of what a client asked for**, and a real server (4.17) shows what
//! they are worth: it opens every file of a folder that is listed (`openat|ok|r`), to look at attributes,
//! and reads a folder (`fdopendir`) by itself whenever a name is not there. So an open and an opened folder
//! are `check-only`; content left the disk with `pread`, `pread_send`, `pread_recv`, `read` and `sendfile`,
//! and only with these. Bytes are not told. What needs several lines is joined elsewhere.
//!
//! Sources: `vfs_full_audit(8)`; `source3/modules/vfs_full_audit.c` for the arguments; lines of a server of
//! our own (`tests/servers.rs`).

use std::net::IpAddr;

use assize_model::spine::{Link, ObjectKind, Outcome, Qualifier, Verb};
use memchr::memchr;

use crate::record::Record;
use crate::syslog::Envelope;

/// Programs under whose name the lines come.
pub(crate) const APPS: &[&str] = &["smbd_audit", "smbd"];

/// An operation, what it is, on what, and whether it only prepares an act.
type Row = (&'static str, Verb, Option<ObjectKind>, Act);

#[derive(Clone, Copy, PartialEq)]
enum Act {
    Done,
    /// Opened, for what may follow.
    Prepared,
}

use Act::{Done, Prepared};

const FILE: Option<ObjectKind> = Some(ObjectKind::File);
const FOLDER: Option<ObjectKind> = Some(ObjectKind::Folder);
const EITHER: Option<ObjectKind> = Some(ObjectKind::FileOrFolder);

/// By name. Operations that are not here (attributes, locks, quotas, streams of a folder) are `other`.
const OPERATIONS: &[Row] = &[
    ("chmod", Verb::PermissionChange, EITHER, Done),
    ("chmod_acl", Verb::PermissionChange, EITHER, Done),
    ("chown", Verb::PermissionChange, EITHER, Done),
    ("connect", Verb::Connect, Some(ObjectKind::Share), Done),
    ("copy_chunk_send", Verb::Copy, FILE, Done),
    ("disconnect", Verb::Logoff, Some(ObjectKind::Share), Done),
    ("fchmod", Verb::PermissionChange, EITHER, Done),
    ("fchown", Verb::PermissionChange, EITHER, Done),
    ("fdopendir", Verb::List, FOLDER, Prepared),
    ("fset_nt_acl", Verb::PermissionChange, EITHER, Done),
    ("ftruncate", Verb::Write, FILE, Done),
    ("lchown", Verb::PermissionChange, EITHER, Done),
    ("link", Verb::Create, FILE, Done),
    ("linkat", Verb::Create, FILE, Done),
    ("mkdir", Verb::Create, FOLDER, Done),
    ("mkdirat", Verb::Create, FOLDER, Done),
    ("mknod", Verb::Create, FILE, Done),
    ("mknodat", Verb::Create, FILE, Done),
    ("offload_write_recv", Verb::Copy, FILE, Done),
    ("offload_write_send", Verb::Copy, FILE, Done),
    ("opendir", Verb::List, FOLDER, Prepared),
    ("pread", Verb::Read, FILE, Done),
    ("pread_recv", Verb::Read, FILE, Done),
    ("pread_send", Verb::Read, FILE, Done),
    ("pwrite", Verb::Write, FILE, Done),
    ("pwrite_recv", Verb::Write, FILE, Done),
    ("pwrite_send", Verb::Write, FILE, Done),
    ("read", Verb::Read, FILE, Done),
    ("recvfile", Verb::Write, FILE, Done),
    ("rename", Verb::Move, EITHER, Done),
    ("renameat", Verb::Move, EITHER, Done),
    ("rmdir", Verb::Delete, FOLDER, Done),
    ("sendfile", Verb::Read, FILE, Done),
    ("set_nt_acl", Verb::PermissionChange, EITHER, Done),
    ("snap_create", Verb::Snapshot, Some(ObjectKind::Share), Done),
    ("symlink", Verb::Create, FILE, Done),
    ("symlinkat", Verb::Create, FILE, Done),
    ("sys_acl_set_fd", Verb::PermissionChange, EITHER, Done),
    ("sys_acl_set_file", Verb::PermissionChange, EITHER, Done),
    ("unlink", Verb::Delete, EITHER, Done),
    ("unlinkat", Verb::Delete, EITHER, Done),
    ("write", Verb::Write, FILE, Done),
];

/// Fills the record of a line of `vfs_full_audit`; leaves any other as it is.
pub(crate) fn says<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    let Some(line) = Audit::of(envelope.message) else { return };
    record.source = "samba/full_audit".into();
    line.who(record);
    // A process of the server serves one client.
    if let Some(pid) = envelope.process_id {
        record.link(Link::ProcessId, pid);
    }
    record.own("operation", line.operation);
    record.own("result", line.result);
    record.outcome = outcome(line.result);
    match line.operation {
        "create_file" => create_file(&line, record),
        "open" | "openat" => open(&line, record),
        "rename" | "renameat" => rename(&line, record),
        "symlink" | "symlinkat" | "link" | "linkat" => pair(&line, record),
        _ => line.path(line.rest, record),
    }
    if let Ok(place) = OPERATIONS.binary_search_by_key(&line.operation, |(name, ..)| name) {
        let (_, verb, kind, act) = OPERATIONS[place];
        record.verb = verb;
        record.object_kind = kind.filter(|_| record.object.is_some());
        if act == Prepared {
            record.qualifiers.push(Qualifier::CheckOnly);
        }
    }
}

/// The parts of a line.
struct Audit<'a> {
    prefix: &'a str,
    /// How many parts the prefix has.
    parts: usize,
    share: Option<&'a str>,
    operation: &'a str,
    result: &'a str,
    rest: &'a str,
}

impl<'a> Audit<'a> {
    /// The operation is the first word in small letters that a result follows.
    fn of(message: &'a str) -> Option<Self> {
        let mut from = 0;
        let mut share = None;
        for parts in 0.. {
            let end = from + memchr(b'|', &message.as_bytes()[from..])?;
            let (word, rest) = (&message[from..end], &message[end + 1..]);
            let shape = word.len() > 2
                && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
            if parts > 0 && shape && (rest.starts_with("ok") || rest.starts_with("fail (")) {
                let (result, arguments) = rest.split_once('|').unwrap_or((rest, ""));
                if result == "ok" || result.starts_with("fail (") {
                    let prefix = &message[..from - 1];
                    return Some(Self { prefix, parts, share, operation: word, result, rest: arguments });
                }
            }
            if parts == 3 {
                share = Some(word);
            }
            from = end + 1;
        }
        None
    }

    /// The prefix is free (`full_audit:prefix`). Understood are `%u|%I`, which is its default, and what is
    /// usual behind it: machine and share. What stands elsewhere keeps a name of its own.
    fn who(&self, record: &mut Record<'a>) {
        let names: &[&str] = match self.parts {
            4 => &["user", "address", "machine", "share"],
            _ => &["user", "address", "prefix_3", "prefix_4", "prefix_5"],
        };
        for (name, word) in names.iter().zip(self.prefix.split('|')) {
            record.own(*name, word);
            match *name {
                "user" => record.actor = Some(word.into()),
                "address" if word.parse::<IpAddr>().is_ok() => record.peer = Some(word.into()),
                // With Kerberos on port 445 no name is told: `%m` is the address again.
                "machine" if word.parse::<IpAddr>().is_err() => record.device = Some(word.into()),
                _ => {}
            }
        }
    }

    /// An absolute path stands for itself; any other lies in the share.
    fn path(&self, path: &'a str, record: &mut Record<'a>) {
        if path.is_empty() {
            return;
        }
        record.own("path", path);
        let joined = match self.share {
            Some(share) if !path.starts_with('/') && path != share => format!("{share}/{path}").into(),
            _ => path.into(),
        };
        record.object = Some(joined);
    }
}

fn outcome(result: &str) -> Outcome {
    let refused = ["Permission denied", "Operation not permitted", "ACCESS_DENIED"];
    match result {
        "ok" => Outcome::Success,
        _ if refused.iter().any(|words| result.contains(words)) => Outcome::Denied,
        _ => Outcome::Failure,
    }
}

/// `r|path` or `w|path`: for reading only, or for writing too.
fn open<'a>(line: &Audit<'a>, record: &mut Record<'a>) {
    let (flag, path) = line.rest.split_once('|').unwrap_or(("", line.rest));
    record.own("flag", flag);
    line.path(path, record);
    record.object_kind = EITHER;
    record.verb = if flag == "w" { Verb::Write } else { Verb::Read };
    record.qualifiers.push(Qualifier::CheckOnly);
}

/// `old|new`. A name may hold a `|`; where it does nobody can tell where the first name ends.
fn rename<'a>(line: &Audit<'a>, record: &mut Record<'a>) {
    match line.rest.split_once('|') {
        Some((old, new)) if !new.contains('|') => {
            line.path(old, record);
            record.own("new_path", new);
        }
        _ => line.path(line.rest, record),
    }
}

/// `target|name`: what is made, and what it points to.
fn pair<'a>(line: &Audit<'a>, record: &mut Record<'a>) {
    match line.rest.split_once('|') {
        Some((target, name)) if !name.contains('|') => {
            line.path(name, record);
            record.own("points_to", target);
        }
        _ => line.path(line.rest, record),
    }
}

/// Rights of `create_file`'s mask ([MS-SMB2] 2.2.13.1), the one that matters most first.
const RIGHTS: &[(u32, Verb)] = &[
    (0x9000_0001, Verb::Read),
    (0x5000_0006, Verb::Write),
    (0x1001_0000, Verb::Delete),
    (0x100c_0000, Verb::PermissionChange),
];

/// `0x120089|file|open|path`: the rights that a client asks for, with what it would do if the name is there
/// or not. Granted rights are no act; a file that had to be made was made.
fn create_file<'a>(line: &Audit<'a>, record: &mut Record<'a>) {
    let mut words = line.rest.splitn(4, '|');
    let (mask, kind, disposition, path) = (words.next(), words.next(), words.next(), words.next());
    for (name, word) in [("access_mask", mask), ("kind", kind), ("disposition", disposition)] {
        record.own(name, word.unwrap_or(""));
    }
    line.path(path.unwrap_or(""), record);
    // `file` only says that no folder was asked for.
    record.object_kind = if kind == Some("dir") { FOLDER } else { EITHER };
    if disposition == Some("create") {
        record.verb = Verb::Create;
        return;
    }
    let mask = mask.and_then(|mask| u32::from_str_radix(mask.trim_start_matches("0x"), 16).ok()).unwrap_or(0);
    let mut asked = RIGHTS.iter().filter(|(bits, _)| mask & bits != 0).map(|(_, verb)| *verb);
    record.verb = match asked.next() {
        Some(Verb::Read) if kind == Some("dir") => Verb::List,
        Some(verb) => verb,
        None => Verb::Other,
    };
    record.qualifiers.push(Qualifier::CheckOnly);
    if asked.next().is_some() {
        record.qualifiers.push(Qualifier::Aggregated);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::syslog;
    use assize_model::ReadingOptions;

    fn told(message: &str) -> String {
        let line = format!("Sep 14 08:12:03 ARCH-NAS01 smbd_audit[2114]: {message}");
        let envelope = Envelope::of(&line).unwrap();
        let mut clock = Clock::new(&ReadingOptions::default());
        let record = syslog::record(&envelope, &mut clock);
        let limits: Vec<&str> = record.qualifiers.iter().map(|word| word.as_str()).collect();
        format!(
            "{} {} {} {} {}",
            record.verb.as_str(),
            record.object_kind.map_or("–", |kind| kind.as_str()),
            record.outcome.as_str(),
            record.object.as_deref().unwrap_or("–"),
            limits.join("+")
        )
    }

    #[test]
    fn operations_stand_in_their_order() {
        assert!(OPERATIONS.is_sorted_by_key(|(name, ..)| *name));
    }

    /// Lines of a real 4.17, but for the names in them.
    #[test]
    fn an_open_is_no_read() {
        let at = "m.okafor|10.0.4.17|reg-ws07|archive|";
        for (line, expected) in [
            ("connect|ok|archive", "connect share success archive "),
            (
                "openat|ok|r|/srv/a/Statements/a.docx",
                "read unknown success /srv/a/Statements/a.docx check-only",
            ),
            ("openat|fail (Permission denied)|r|/srv/a/c.txt", "read unknown denied /srv/a/c.txt check-only"),
            ("pread_recv|ok|/srv/a/a|b.docx", "read file success /srv/a/a|b.docx "),
            (
                "create_file|ok|0x120089|file|open|/srv/a/a.docx",
                "read unknown success /srv/a/a.docx check-only",
            ),
            ("create_file|ok|0x81|dir|open|/srv/a", "list folder success /srv/a check-only"),
            ("create_file|ok|0x17019f|file|create|/srv/a/n.txt", "create unknown success /srv/a/n.txt "),
            (
                "create_file|fail (No such file or directory)|0x10000|file|open|n",
                "delete unknown failure archive/n check-only",
            ),
            ("fdopendir|ok|/srv/a", "list folder success /srv/a check-only"),
            ("renameat|ok|/srv/a/n.txt|/srv/a/o.txt", "move unknown success /srv/a/n.txt "),
            ("unlinkat|ok|/srv/a/o.txt", "delete unknown success /srv/a/o.txt "),
            ("offload_write_send|ok|", "copy – success – "),
            ("fset_nt_acl|ok|/srv/a/o.txt", "permission-change unknown success /srv/a/o.txt "),
            ("get_quota|ok|/srv/a", "other – success /srv/a "),
        ] {
            assert_eq!(told(&format!("{at}{line}")), expected, "{line}");
        }
    }

    #[test]
    fn prefixes_and_lines_that_are_none() {
        assert_eq!(
            told("okafor|10.0.4.17|pread|ok|Statements/a.docx"),
            "read file success Statements/a.docx "
        );
        assert_eq!(told("  smb_full_audit_connect: Invalid success operations list"), "other – unknown – ");
        assert_eq!(told("a|b|c|d|e"), "other – unknown – ");
        assert_eq!(told("x|fe80::1|rmdir|ok|"), "delete – success – ");
    }
}
