//! What does the Linux audit daemon say?
//!
//! One record a line: `type=… msg=audit(seconds:serial): name=value …`, raw or enriched (behind the byte 0x1d
//! the daemon repeats numbers as names, in capitals), with `node=` in front where it was sent on, or inside
//! syslog. Records of one event share `msg=audit(…)`: that is the link `request`; joining them is
//! reconstruction's. A value in hexadecimal where the kernel writes text so (it holds a blank, a quote or a
//! byte outside ASCII) is decoded; what stood there is kept under the name with `_hex` behind it.
//!
//! An open for reading that was allowed is not yet a read: it carries `check-only`.

use std::io;

use assize_model::spine::{Link, ObjectKind, Outcome, Qualifier, Verb};
use assize_model::{Batcher, Card, Cause, Confidence, Format, Input, ReadingOptions, Slice};

use crate::clock;
use crate::json::Broken;
use crate::lines::{self, Line, Records};
use crate::record::{Record, Text};
use crate::syslog::Envelope;

/// See the module's text.
pub(crate) struct Auditd;

static CARD: Card = Card {
    name: "auditd",
    title: "Linux audit log (auditd, raw and enriched)",
    doc: "Records of the Linux audit daemon, one a line. Each is an event of its own; records of one kernel event \
          share the link `request`. Verbs for the usual system calls (of x86-64 by number, of others by the \
          enriched name), logons, sessions, commands of sudo, account changes and changes of the audit rules. \
          Outcome by `success=`, `exit=` and `res=`. Values in hexadecimal are decoded and kept.",
    example: "type=USER_AUTH msg=audit(1789371123.250:411): pid=411 uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:authentication acct=\"root\" exe=\"/usr/sbin/sshd\" hostname=203.0.113.9 addr=203.0.113.9 terminal=ssh res=failed'",
    links: &[
        "https://man7.org/linux/man-pages/man8/auditd.8.html",
        "https://github.com/linux-audit/audit-documentation/wiki/SPEC-Audit-Event-Enrichment",
        "https://github.com/linux-audit/audit-documentation/blob/main/specs/fields/field-dictionary.csv",
    ],
    version: 1,
};

impl Format for Auditd {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn family(&self) -> &'static str {
        "linux"
    }

    fn proof(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("SYSCALL", "real"),
            ("EXECVE, PATH, CWD, PROCTITLE", "unproven"),
            ("USER_AUTH, USER_LOGIN, USER_ERR", "real"),
            ("USER_CMD, account changes, rules", "unproven"),
        ]
    }

    fn recognise(&self, head: &[u8]) -> Option<Confidence> {
        let lines = lines::first_lines(head, 20);
        let known = lines.iter().filter(|line| Head::of(line).is_some()).count();
        (known * 2 > lines.len()).then_some(Confidence(90))
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
    // The daemon writes this between the records of rotated logs that were put together by ausearch.
    let Some(head) = Head::of(line.text) else {
        let detail = "no audit record: expected `type=… msg=audit(seconds:serial):`".to_owned();
        return Ok(Err(Broken { cause: Cause::UnreadableRecord, detail }));
    };
    let mut record = Record::of("linux/auditd");
    head.fill(&mut record);
    record.event_of(line, out).map(Ok)
}

/// Audit records that travel in syslog: by the daemon's plugin, or by the kernel when no daemon runs.
pub(crate) fn in_syslog<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    let message = envelope.message;
    let from = message.find("type=").or_else(|| message.find("audit("));
    if let Some(head) = from.and_then(|from| Head::of(&message[from..])) {
        record.source = "linux/auditd".into();
        let host = record.host.take();
        head.fill(record);
        record.host = record.host.take().or(host);
    }
}

/// What stands before a record's fields.
struct Head<'a> {
    node: Option<&'a str>,
    kind: &'a str,
    /// `1789371123.250:411`
    stamp: &'a str,
    fields: &'a str,
}

impl<'a> Head<'a> {
    /// `[node=HOST ]type=KIND msg=audit(STAMP):`; the kernel and Azure's agent leave out `msg=`.
    fn of(line: &'a str) -> Option<Self> {
        let (node, rest) = match line.strip_prefix("node=") {
            Some(rest) => rest.split_once(' ').map(|(node, rest)| (Some(node), rest))?,
            None => (None, line),
        };
        let (kind, rest) = rest.strip_prefix("type=")?.split_once(' ')?;
        let rest = rest.strip_prefix("msg=").unwrap_or(rest);
        let (stamp, rest) = rest.strip_prefix("audit(")?.split_once(')')?;
        let (seconds, serial) = stamp.split_once(':')?;
        let shape = clock::unix(seconds).is_some() && clock::number(serial.as_bytes()).is_some();
        let fields = rest.strip_prefix(':')?.trim_start();
        shape.then_some(Self { node, kind, stamp, fields })
    }

    fn fill(&self, record: &mut Record<'a>) {
        let seconds = self.stamp.split_once(':').map_or(self.stamp, |(seconds, _)| seconds);
        record.time = clock::unix(seconds);
        record.time_text = Some(self.stamp.into());
        (record.time_assumed, record.time_options) = (None, &clock::NONE);
        record.host = self.node.map(Into::into);
        if let Some(node) = self.node {
            record.own("node", node);
        }
        record.own("type", self.kind);
        record.own("msg", self.stamp);
        record.link(Link::Request, self.stamp);
        let first = record.fields.len();
        pairs(self.fields, self.kind, record);
        Said { kind: self.kind, first }.say(record);
    }
}

/// Splits `name=value …` into own fields; quotes are taken off, a nested `msg='…'` is split too.
fn pairs<'a>(text: &'a str, kind: &str, record: &mut Record<'a>) {
    let mut rest = text;
    while !rest.is_empty() {
        rest = rest.trim_start_matches([' ', '\u{1d}', ',']);
        let Some(end) = rest.find(['=', ' ']) else { break };
        if rest.as_bytes()[end] == b' ' {
            // `user pid=…`, `avc:  denied  { read } for  pid=…`
            rest = &rest[end..];
            continue;
        }
        let (name, after) = (&rest[..end], &rest[end + 1..]);
        let (value, next) = value(name, after);
        rest = next;
        match name {
            "msg" => pairs(value, kind, record),
            _ => own(name, value, after.starts_with('"'), kind, record),
        }
    }
}

/// A value and what follows it.
fn value<'a>(name: &str, text: &'a str) -> (&'a str, &'a str) {
    let quote = text.as_bytes().first().copied();
    if let (Some(quote @ (b'"' | b'\'')), true) = (quote, text.len() > 1) {
        // A nested message ends with the last quote: its own values may hold some.
        let close = char::from(quote);
        let end = if name == "msg" {
            text.rfind(close).filter(|end| *end > 0)
        } else {
            text[1..].find(close).map(|at| at + 1)
        };
        if let Some(end) = end {
            return (&text[1..end], &text[end + 1..]);
        }
    }
    // Azure's agent writes the command line as it is, up to its next field.
    let end = match name {
        "proctitle" => {
            text.find(" redactors=").or_else(|| text.find(" \u{1d}")).unwrap_or_else(|| word_end(text))
        }
        _ => word_end(text),
    };
    text.split_at(end)
}

fn word_end(text: &str) -> usize {
    text.find([' ', '\u{1d}']).unwrap_or(text.len())
}

/// Fields that the kernel and the daemon write in hexadecimal if they hold more than plain text: the
/// dictionary's encoded ones.
const ENCODED: &[&str] = &[
    "acct",
    "cmd",
    "comm",
    "cwd",
    "data",
    "device",
    "dir",
    "exe",
    "file",
    "grp",
    "key",
    "name",
    "new-disk",
    "ocomm",
    "old-disk",
    "path",
    "proctitle",
    "root_dir",
    "sw",
    "unit",
    "vm",
    "watch",
];

fn own<'a>(name: &'a str, value: &'a str, quoted: bool, kind: &str, record: &mut Record<'a>) {
    // Arguments of a system call are numbers, those of EXECVE texts.
    let encoded = !quoted && (ENCODED.contains(&name) || kind == "EXECVE" && is_argument(name));
    let Some(decoded) = encoded.then(|| decoded(value)).flatten() else {
        return record.own(name, value);
    };
    record.own(name, decoded);
    record.own(format!("{name}_hex"), value);
}

/// `a0`, `a1`, …
fn is_argument(name: &str) -> bool {
    name.strip_prefix('a').is_some_and(|digits| clock::number(digits.as_bytes()).is_some())
}

/// Text of hexadecimal digits; zeros between the words of a command line become blanks. A word of a few
/// capital letters (`key=DEAD`) could be either: digits of at least two bytes that give text are taken.
fn decoded(value: &str) -> Option<String> {
    let digits = value.as_bytes();
    let upper = |byte: &u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(byte);
    if digits.len() < 2 || digits.len() % 2 == 1 || !digits.iter().all(upper) {
        return None;
    }
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
    let mut bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    Some(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| error.into_bytes().iter().map(|b| char::from(*b)).collect()),
    )
}

/// A record whose own fields are there.
struct Said<'k> {
    kind: &'k str,
    /// The first of its own fields.
    first: usize,
}

impl Said<'_> {
    fn get<'a>(&self, record: &Record<'a>, name: &str) -> Option<Text<'a>> {
        let found = record.fields[self.first..].iter().find(|(key, _)| key == name)?.1.clone()?;
        (!matches!(&*found, "" | "?" | "(null)" | "(none)" | "unset" | "4294967295" | "-1")).then_some(found)
    }

    fn first<'a>(&self, record: &Record<'a>, names: &[&str]) -> Option<Text<'a>> {
        names.iter().find_map(|name| self.get(record, name))
    }

    fn say(&self, record: &mut Record<'_>) {
        for (name, link) in [("pid", Link::ProcessId), ("ppid", Link::ParentProcess), ("ses", Link::Session)]
        {
            if let Some(value) = self.get(record, name) {
                record.link(link, value);
            }
        }
        // Who logged on, whoever he has become since.
        let names = ["AUID", "audit_user", "auid", "UID", "user", "uid"];
        record.actor = self.first(record, &names);
        record.peer = self.first(record, &["addr", "hostname"]);
        record.outcome = self.outcome(record);
        match self.kind {
            "SYSCALL" | "AUOMS_SYSCALL" | "AUOMS_EXECVE" => self.system_call(record),
            "EXECVE" => self.arguments(record),
            "PATH" => self.path(record),
            "CWD" => self.object(record, ObjectKind::Folder, &["cwd"]),
            "PROCTITLE" => self.object(record, ObjectKind::Process, &["proctitle"]),
            _ => self.user_space(record),
        }
    }

    /// `success=` of a system call, `res=` of a program; errors by their number (errno(3)).
    fn outcome(&self, record: &Record<'_>) -> Outcome {
        let exit = self.get(record, "exit");
        let refused =
            matches!(exit.as_deref(), Some("-1" | "-13" | "EPERM" | "EACCES" | "-EPERM" | "-EACCES"));
        // `exit=-1` reads as unset above.
        let refused = refused
            || record.fields[self.first..].iter().any(|(n, v)| n == "exit" && v.as_deref() == Some("-1"));
        match self.first(record, &["success", "res", "result"]).as_deref() {
            Some("yes" | "success" | "1") => Outcome::Success,
            Some("no") if refused => Outcome::Denied,
            Some("no" | "failed" | "0") => Outcome::Failure,
            _ => Outcome::Unknown,
        }
    }

    fn object(&self, record: &mut Record<'_>, kind: ObjectKind, names: &[&str]) {
        if let Some(object) = self.first(record, names) {
            record.to(kind, object);
        }
    }

    fn system_call(&self, record: &mut Record<'_>) {
        let amd64 = self.get(record, "arch").as_deref() == Some("c000003e");
        let name = self.first(record, &["SYSCALL", "syscall"]);
        let name = name.as_deref().unwrap_or("");
        let name = if amd64 { name_of(name) } else { name };
        let flags = if name == "open" { "a1" } else { "a2" };
        let flags = self.get(record, flags).and_then(|flags| u64::from_str_radix(&flags, 16).ok());
        let verb = verb_of(name, flags);
        record.verb = verb;
        self.object(record, ObjectKind::Process, &["exe", "comm"]);
        if matches!(name, "open" | "openat" | "openat2" | "creat") {
            record.qualifiers.push(Qualifier::CheckOnly);
        }
        if self.kind.starts_with("AUOMS") {
            // Azure's agent joins the records of an event.
            if let Some(command) = self.first(record, &["cmdline", "proctitle"]) {
                record.to(ObjectKind::Process, command);
            }
        }
    }

    fn arguments(&self, record: &mut Record<'_>) {
        let own = record.fields[self.first..].iter();
        let words: Vec<&str> =
            own.filter(|(name, _)| is_argument(name)).filter_map(|(_, value)| value.as_deref()).collect();
        let command = words.join(" ");
        record.verb = Verb::Execute;
        record.to(ObjectKind::Process, command);
    }

    fn path(&self, record: &mut Record<'_>) {
        let kind = match (self.get(record, "nametype").as_deref(), self.get(record, "mode").as_deref()) {
            (Some("PARENT"), _) => ObjectKind::Folder,
            (_, Some(mode)) if mode.starts_with("04") => ObjectKind::Folder,
            (_, Some(mode)) if mode.starts_with("010") => ObjectKind::File,
            _ => ObjectKind::FileOrFolder,
        };
        record.verb = match self.get(record, "nametype").as_deref() {
            Some("CREATE") => Verb::Create,
            Some("DELETE") => Verb::Delete,
            _ => Verb::Other,
        };
        self.object(record, kind, &["name"]);
    }

    /// What programs and the daemon itself report: linux/audit.h, libaudit.h.
    fn user_space(&self, record: &mut Record<'_>) {
        let (verb, kind) = match self.kind {
            "USER_LOGIN" | "USER_AUTH" | "USER_START" | "USER_ERR" | "LOGIN" => (Verb::Logon, None),
            "USER_END" | "USER_LOGOUT" => (Verb::Logoff, None),
            "USER_ACCT" | "CRED_ACQ" | "CRED_REFR" | "CRED_DISP" => (Verb::Token, None),
            "USER_CMD" => (Verb::Execute, Some(ObjectKind::Process)),
            "ADD_USER" | "ADD_GROUP" => (Verb::Create, Some(ObjectKind::Account)),
            "DEL_USER" | "DEL_GROUP" => (Verb::Delete, Some(ObjectKind::Account)),
            "USER_CHAUTHTOK" | "USER_MGMT" | "GRP_MGMT" | "GRP_CHAUTHTOK" | "ACCT_LOCK" | "ACCT_UNLOCK"
            | "ROLE_ASSIGN" | "ROLE_REMOVE" => (Verb::PermissionChange, Some(ObjectKind::Account)),
            "CONFIG_CHANGE" | "DAEMON_CONFIG" | "DAEMON_START" | "DAEMON_END" | "DAEMON_ABORT"
            | "FEATURE_CHANGE" | "MAC_STATUS" | "MAC_POLICY_LOAD" | "NETFILTER_CFG" => {
                (Verb::ConfigChange, Some(ObjectKind::Log))
            }
            "SERVICE_START" | "SERVICE_STOP" => (Verb::ConfigChange, Some(ObjectKind::Service)),
            "AVC" | "USER_AVC" | "SECCOMP" => (Verb::Other, None),
            _ => (Verb::Other, None),
        };
        record.verb = verb;
        let account = self.first(record, &["acct", "ID", "id"]);
        match kind {
            Some(ObjectKind::Process) => self.object(record, ObjectKind::Process, &["cmd"]),
            Some(ObjectKind::Account) => {
                record.target.clone_from(&account);
                self.object(record, ObjectKind::Account, &["acct", "ID", "id"]);
            }
            Some(kind) => self.object(record, kind, &["unit", "key", "op"]),
            None if matches!(verb, Verb::Logon | Verb::Logoff | Verb::Token) => {
                // `(unknown user)` and `(invalid user)` are the daemon's words.
                record.actor = account.or(record.actor.take());
            }
            None => {}
        }
        if self.kind == "AVC"
            && record
                .fields
                .iter()
                .any(|(name, value)| name == "apparmor" && value.as_deref() == Some("DENIED"))
        {
            record.outcome = Outcome::Denied;
        }
    }
}

/// System calls of x86-64 that mean something here (arch/x86/entry/syscalls/syscall_64.tbl).
fn name_of(number: &str) -> &str {
    match number {
        "2" => "open",
        "42" => "connect",
        "59" => "execve",
        "82" => "rename",
        "83" => "mkdir",
        "84" => "rmdir",
        "85" => "creat",
        "87" => "unlink",
        "90" => "chmod",
        "91" => "fchmod",
        "92" => "chown",
        "93" => "fchown",
        "94" => "lchown",
        "101" => "ptrace",
        "165" => "mount",
        "175" => "init_module",
        "188" => "setxattr",
        "257" => "openat",
        "258" => "mkdirat",
        "260" => "fchownat",
        "263" => "unlinkat",
        "264" => "renameat",
        "268" => "fchmodat",
        "313" => "finit_module",
        "316" => "renameat2",
        "322" => "execveat",
        other => other,
    }
}

/// `flags` are those of an open: its two lowest bits say for what (fcntl(2)).
pub(crate) fn verb_of(name: &str, flags: Option<u64>) -> Verb {
    match name {
        "execve" | "execveat" => Verb::Execute,
        "open" | "openat" => match flags {
            Some(flags) if flags & 3 == 0 => Verb::Read,
            Some(_) => Verb::Write,
            None => Verb::Other,
        },
        "creat" | "mkdir" | "mkdirat" => Verb::Create,
        "unlink" | "unlinkat" | "rmdir" => Verb::Delete,
        "rename" | "renameat" | "renameat2" => Verb::Move,
        "chmod" | "fchmod" | "fchmodat" | "chown" | "fchown" | "lchown" | "fchownat" | "setxattr" => {
            Verb::PermissionChange
        }
        "connect" => Verb::Connect,
        "mount" | "init_module" | "finit_module" => Verb::ConfigChange,
        _ => Verb::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(line: &str) -> Record<'_> {
        let mut record = Record::of("linux/auditd");
        Head::of(line).unwrap().fill(&mut record);
        record
    }

    #[test]
    fn values_in_hexadecimal_are_decoded_and_kept() {
        let line = "type=PROCTITLE msg=audit(1789371123.250:411): proctitle=2F62696E2F7368002D6300746172";
        let event = record(line);
        assert_eq!(event.field("proctitle"), Some("/bin/sh -c tar"));
        assert_eq!(event.field("proctitle_hex"), Some("2F62696E2F7368002D6300746172"));
        assert_eq!(event.object.as_deref(), Some("/bin/sh -c tar"));
        let line = "type=EXECVE msg=audit(1789371123.250:411): argc=3 a0=\"tar\" a1=\"-cf\" a2=2F746D702F6F7574202E746172";
        let event = record(line);
        assert_eq!((event.verb, event.object.as_deref()), (Verb::Execute, Some("tar -cf /tmp/out .tar")));
        let line = "type=SYSCALL msg=audit(1789371123.250:411): arch=c000003e syscall=257 success=no exit=-13 a0=FF a1=AB a2=0 a3=0 pid=7 auid=1000 uid=0 ses=3 comm=\"cat\" exe=\"/bin/cat\" key=(null)";
        let event = record(line);
        assert_eq!((event.verb, event.outcome, event.field("a0")), (Verb::Read, Outcome::Denied, Some("FF")));
        assert_eq!(event.qualifiers, [Qualifier::CheckOnly]);
        assert_eq!((event.actor.as_deref(), event.field("key")), (Some("1000"), Some("(null)")));
    }

    #[test]
    fn messages_within_messages_and_enriched_names() {
        let line = "node=fs1 type=USER_LOGIN msg=audit(1789371123.250:412): pid=9 uid=0 auid=4294967295 ses=4294967295 msg='op=login acct=28696E76616C6964207573657229 exe=\"/usr/sbin/sshd\" hostname=? addr=203.0.113.9 terminal=ssh res=failed'\u{1d}UID=\"root\" AUID=\"unset\"";
        let event = record(line);
        assert_eq!((event.verb, event.outcome), (Verb::Logon, Outcome::Failure));
        assert_eq!(
            (event.actor.as_deref(), event.peer.as_deref()),
            (Some("(invalid user)"), Some("203.0.113.9"))
        );
        assert_eq!((event.host.as_deref(), event.field("UID")), (Some("fs1"), Some("root")));
        assert_eq!(event.links[0], (Link::Request, "1789371123.250:412".into()));
    }

    #[test]
    fn what_is_no_record() {
        for line in [
            "",
            "type=SYSCALL",
            "type=SYSCALL msg=audit(x:1): a=b",
            "type=A msg=audit(1789371123.250:411) a",
            "----",
        ] {
            assert!(Head::of(line).is_none(), "{line}");
        }
        // Nothing here may panic, whatever stands behind the colon.
        for fields in ["", "=", "a=", "a='", "msg='", "msg='a=\"", "a=\" b", "\u{1d}", "é=ü a", "a0=ZZ a=0"]
        {
            record(&format!("type=EXECVE msg=audit(1789371123.250:411): {fields}").leak()[..]);
        }
    }
}
