//! What does the SSH daemon say, and its file-transfer server?
//!
//! Messages of OpenSSH's auth.c, auth2.c, monitor.c, session.c, packet.c and sftp-server.c, of the releases
//! that distributions still run. A name that the client chose stands before the address in most of them and
//! may hold anything, an address too: what is read is the **last** `from ADDRESS`, which the daemon wrote.
//! A failed method is an attempt, not a logon that the next one could not still make.

use std::sync::LazyLock;

use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Scope, Verb};
use memchr::memmem::{Finder, FinderRev};

use super::Envelope;
use crate::clock;
use crate::record::Record;

pub(crate) fn says<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    record.source = "linux/sshd".into();
    if let Some(pid) = envelope.process_id {
        record.link(Link::ProcessId, pid);
    }
    let (message, times) = repeated(envelope.message);
    if let Some(times) = times {
        record.count = Some(times);
        record.qualifiers.push(Qualifier::Aggregated);
    }
    message_of(message, record);
}

/// `message repeated 3 times: [ Failed password for root from … ]`, as rsyslog writes it.
fn repeated(message: &str) -> (&str, Option<u64>) {
    let inner = || {
        let rest = message.strip_prefix("message repeated ")?;
        let (times, rest) = rest.split_once(" times: [ ")?;
        Some((rest.strip_suffix(']')?.trim_end(), times.parse().ok()))
    };
    inner().unwrap_or((message, None))
}

/// How a message begins, and what it says of a logon.
const LOGONS: &[(&str, Outcome)] = &[
    // A key that would do, before the client has shown that it is his (LogLevel VERBOSE).
    ("Accepted key ", Outcome::Unknown),
    ("Accepted certificate ", Outcome::Unknown),
    ("Accepted ", Outcome::Success),
    ("Failed ", Outcome::Failure),
    ("Postponed ", Outcome::Unknown),
    ("Partial ", Outcome::Unknown),
    ("error: maximum authentication attempts exceeded", Outcome::Failure),
    ("error: PAM: ", Outcome::Failure),
    ("PAM: ", Outcome::Failure),
    ("error: Could not get shadow information", Outcome::Failure),
    ("Invalid user ", Outcome::Failure),
    ("Illegal user ", Outcome::Failure),
    ("input_userauth_request: invalid user ", Outcome::Failure),
    ("ROOT LOGIN REFUSED", Outcome::Denied),
    ("User ", Outcome::Denied),
    ("Authentication refused", Outcome::Denied),
    ("Authentication tried for ", Outcome::Denied),
    ("fatal: Timeout before authentication", Outcome::Failure),
    ("Timeout before authentication", Outcome::Failure),
];

/// What is known of a connection, not of a logon.
const CONNECTIONS: &[(&str, Outcome)] = &[
    ("Connection from ", Outcome::Success),
    ("Connection closed by ", Outcome::Unknown),
    ("Connection reset by ", Outcome::Unknown),
    ("Connection reset from ", Outcome::Unknown),
    ("Disconnected from ", Outcome::Unknown),
    ("Disconnecting ", Outcome::Failure),
    ("Disconnecting: ", Outcome::Failure),
    ("Received disconnect from ", Outcome::Unknown),
    ("error: Received disconnect from ", Outcome::Unknown),
    ("Did not receive identification string from ", Outcome::Failure),
    ("Bad protocol version identification ", Outcome::Failure),
    ("Unable to negotiate with ", Outcome::Failure),
    ("fatal: Unable to negotiate with ", Outcome::Failure),
    ("fatal: no matching ", Outcome::Failure),
    ("banner exchange: ", Outcome::Failure),
    ("error: kex_exchange_identification: ", Outcome::Failure),
    ("refused connect from ", Outcome::Denied),
    ("reverse mapping checking ", Outcome::Unknown),
    ("Address ", Outcome::Unknown),
    ("Protocol major versions differ", Outcome::Failure),
    ("ssh_dispatch_run_fatal: ", Outcome::Failure),
    ("Magic value check failed ", Outcome::Failure),
    ("fatal: Read from socket failed", Outcome::Failure),
];

fn message_of<'a>(message: &'a str, record: &mut Record<'a>) {
    let begins = |(begin, _): &&(&str, Outcome)| message.starts_with(begin);
    if super::sftp::says(message, record) || session(message, record) {
        return;
    }
    if let Some((_, outcome)) = LOGONS.iter().find(begins) {
        // `User m from … not allowed because …`; other messages begin so too.
        let denied = *outcome == Outcome::Denied && message.starts_with("User ");
        if !denied || message.contains(" not allowed because ") || message.contains(" login denied ") {
            record.did(Verb::Logon, *outcome);
        }
    } else if let Some((_, outcome)) = CONNECTIONS.iter().find(begins) {
        let (verb, outcome) = ended(message, *outcome);
        record.did(verb, outcome);
    } else {
        return;
    }
    names(message, record);
}

/// A connection that ends: before anybody had logged on, or a session's end.
fn ended(message: &str, outcome: Outcome) -> (Verb, Outcome) {
    if message.contains("[preauth]") || message.contains(" invalid user ") || message.contains("Auth fail") {
        return (Verb::Connect, Outcome::Failure);
    }
    if message.starts_with("Disconnected from user ") || message.contains("disconnected by user") {
        return (Verb::Logoff, Outcome::Success);
    }
    (Verb::Connect, outcome)
}

/// Account, address, port and method.
fn names<'a>(message: &'a str, record: &mut Record<'a>) {
    let (before, address) = from(message);
    if let Some(address) = address {
        // An IPv4 client at a socket of both families.
        let plain = address.strip_prefix("::ffff:").filter(|rest| rest.contains('.')).unwrap_or(address);
        record.peer = Some(plain.into());
        record.own("address", plain);
        let after = message.rsplit_once(address).map_or("", |(_, after)| after);
        let port = after.strip_prefix(" port ").or_else(|| after.strip_prefix(" on port "));
        if let Some(port) = port.and_then(|rest| rest.split([' ', ':', '[']).next()) {
            record.own("port", port);
        }
    }
    if let Some(user) = user(before).filter(|user| !user.is_empty()) {
        record.actor = Some(user.into());
        record.own("user", user);
    }
    let method = message.strip_prefix("Accepted ").or_else(|| message.strip_prefix("Failed "));
    if let Some((method, _)) = method.and_then(|rest| rest.split_once(' ')) {
        record.own("method", method);
    }
}

/// What stands before words that the other end chose.
static BEHIND: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| [" ssh2: ", " ssh1: "].map(Finder::new));
/// What stands before an address, the surest first.
static ADDRESSES: LazyLock<[FinderRev<'static>; 5]> =
    LazyLock::new(|| [" from ", " FROM ", " with ", " by ", " for "].map(FinderRev::new));

/// The text before the address, and the address.
fn from(message: &str) -> (&str, Option<&str>) {
    // What a client may say behind the daemon's words.
    let behind = BEHIND.iter().find_map(|mark| mark.find(message.as_bytes()));
    let words = &message[..behind.unwrap_or(message.len())];
    // `refused connect from name@203.0.113.9 (203.0.113.9)`
    if let Some((before, inner)) = words.strip_suffix(')').and_then(|words| words.rsplit_once(" ("))
        && let Some(address) = address(inner)
    {
        return (before, Some(address));
    }
    for mark in ADDRESSES.iter() {
        for at in mark.rfind_iter(words.as_bytes()) {
            let rest = &words[at + mark.needle().len()..];
            if let Some(address) = address(rest) {
                return (&words[..at], Some(address));
            }
        }
    }
    // `Connection closed by authenticating user root 203.0.113.9 port 50112 [preauth]`
    let port = words.rfind(" port ").map(|at| &words[..at]);
    let (before, last) = port.and_then(|text| text.rsplit_once(' ')).unwrap_or((words, ""));
    (before, address(last))
}

/// An address or a host's name at the beginning of a text.
fn address(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['[', '<']);
    let word = text.split([' ', ']', '>', ',']).next()?;
    // `203.0.113.9:11:` of old releases
    let word = word.trim_end_matches([':', '.']);
    let word = match word.split_once(':') {
        Some((host, rest)) if !rest.contains(':') && clock::number(rest.as_bytes()).is_some() => host,
        _ => word,
    };
    let shape = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_%".contains(&byte));
    let four = word.split('.').count() == 4 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let six =
        word.contains(':') && word.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.%".contains(&byte));
    let name = word.contains('.') && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    (shape && (four || six || name || word == "UNKNOWN")).then_some(word)
}

/// Behind which words an account stands, the most particular first; all but the last hold `ser `.
const USERS: [&str; 15] = [
    " for invalid user ",
    " for illegal user ",
    "input_userauth_request: invalid user ",
    "by authenticating user ",
    "by invalid user ",
    "from authenticating user ",
    "from invalid user ",
    "from user ",
    "Disconnecting authenticating user ",
    "Disconnecting invalid user ",
    "by user ",
    "Invalid user ",
    "Illegal user ",
    "User ",
    " for ",
];
static USER: LazyLock<[Finder<'static>; 15]> = LazyLock::new(|| USERS.map(Finder::new));
static ANY_USER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("ser "));

fn user(before: &str) -> Option<&str> {
    let before_bytes = before.as_bytes();
    let marks = if ANY_USER.find(before_bytes).is_some() { &USER[..] } else { &USER[USER.len() - 1..] };
    let found =
        marks.iter().find_map(|mark| Some(&before[mark.find(before_bytes)? + mark.needle().len()..]))?;
    // `Failed password for root from 203.0.113.9` has nothing behind the name; a certificate has.
    Some(found.trim_end())
}

/// `Starting session: command for m from 203.0.113.9 port 50112 id 0`
fn session<'a>(message: &'a str, record: &mut Record<'a>) -> bool {
    let Some(rest) = message.strip_prefix("Starting session: ") else {
        let Some(user) = message.strip_prefix("subsystem request for sftp by user ") else { return false };
        record.did(Verb::Connect, Outcome::Success);
        record.actor = Some(user.split(' ').next().unwrap_or(user).into());
        return true;
    };
    record.did(Verb::Execute, Outcome::Success);
    if let Some((what, _)) = rest.split_once(" for ") {
        record.to(ObjectKind::Process, what);
    }
    names(message, record);
    true
}

/// Kept here, beside what else a session does.
pub(super) fn transferred(record: &mut Record<'_>, verb: Verb, bytes: u64) {
    record.did(verb, Outcome::Success);
    record.bytes = Some(bytes);
    record.client = Some(Client::Api);
    record.scope = Some(Scope::Item);
}
