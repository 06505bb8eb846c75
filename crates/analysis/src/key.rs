//! In which presence did an event happen, as far as the event itself says?
//!
//! Windows names a logon id, unique on its host from one start to the next; other systems name a
//! session, or a token. The key is what events of one presence share. Two presences can share a key
//! after a restart; time tells them apart (`presences`). Events without a key belong to none by
//! themselves.

use arrow_array::cast::AsArray;
use arrow_array::{Array, StringArray};
use assize_model::HostName;

use crate::rows::Pairs;

/// The key of a presence; `None` where the record names none.
#[must_use]
pub fn presence_key<'a>(
    source: &str,
    host: Option<&str>,
    verb: &str,
    links: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<String> {
    Some(match key_of(source, verb, links)? {
        Key::Logon(id) => logon_key(HostName::of(host?)?.as_str(), id),
        Key::Process(process) => process_key(HostName::of(host?)?.as_str(), process),
        Key::Named(name) => format!("{}|{name}", family(source)),
        Key::Connection(id) => connection_key(source, HostName::of(host?)?.as_str(), id),
    })
}

/// The keys of many events: columns `source`, `host`, `verb` and `links` of the spine.
#[must_use]
pub fn presence_keys(
    source: &dyn Array,
    host: &dyn Array,
    verb: &dyn Array,
    links: &dyn Array,
) -> StringArray {
    let text = |array: &'_ dyn Array, row: usize| {
        array
            .as_string_opt::<i32>()
            .filter(|texts| texts.is_valid(row))
            .map(|texts| texts.value(row).to_owned())
    };
    let links = Pairs::of_list(links);
    (0..source.len())
        .map(|row| {
            let (source, verb) = (text(source, row)?, text(verb, row).unwrap_or_default());
            presence_key(&source, text(host, row).as_deref(), &verb, links.of(row))
        })
        .collect()
}

/// What a record names.
pub(crate) enum Key<'a> {
    /// A Windows logon of its host.
    Logon(u64),
    /// A process of its host.
    Process(&'a str),
    /// A session or token of its family of sources.
    Named(&'a str),
    /// The process of a host that serves one client.
    Connection(&'a str),
}

/// The same without making a text of it.
pub(crate) fn key_of<'a>(
    source: &str,
    verb: &str,
    links: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<Key<'a>> {
    let (mut logon, mut target, mut session, mut token, mut process) = (None, None, None, None, None);
    let mut serving = None;
    for (kind, value) in links {
        let place = match kind {
            "logon" => &mut logon,
            "target-logon" => &mut target,
            "session" => &mut session,
            "token" => &mut token,
            "process" => &mut process,
            "process-id" => &mut serving,
            _ => continue,
        };
        place.get_or_insert(value);
    }
    if source.starts_with("windows/") {
        let own = if matches!(verb, "logon" | "logoff") { target.or(logon) } else { logon };
        return match own.and_then(logon_id).filter(|id| *id != 0) {
            Some(id) => Some(Key::Logon(id)),
            None => process.map(Key::Process),
        };
    }
    if let Some(id) = serving.filter(|_| SERVED.contains(&source)) {
        return Some(Key::Connection(id));
    }
    session.or(token).filter(|value| !value.is_empty()).map(Key::Named)
}

/// Sources of which one process serves one client.
const SERVED: [&str; 2] = ["samba/full_audit", "linux/sshd"];

/// The key of a connection.
pub(crate) fn connection_key(source: &str, host: &str, id: &str) -> String {
    format!("{}|{host}|{id}", family(source))
}

/// The key of a Windows logon.
#[must_use]
pub fn logon_key(host: &str, id: u64) -> String {
    format!("{host}|{id:x}")
}

/// The key of a process that Sysmon names.
#[must_use]
pub fn process_key(host: &str, guid: &str) -> String {
    format!("{host}|{}", guid.to_lowercase())
}

/// Sources that share sessions: the cloud's sign-ins and what was done then.
pub(crate) fn family(source: &str) -> &str {
    let first = source.split('/').next().unwrap_or(source);
    match first {
        "entra" | "m365" | "office365" | "azure" | "graph" => "cloud",
        other => other,
    }
}

/// The log that a source is a part of, as registers and calendars call it: a gateway's tunnels and
/// attempts are its log. Sources of hosts and sensors stay as they are.
#[must_use]
pub fn log_name(source: &str) -> &str {
    let whole = ["vpn", "dms", "dhcp", "proxy", "samba", "m365"];
    match source.split_once('/') {
        Some((first, _)) if whole.contains(&first) => first,
        _ => source,
    }
}

/// Whether each machine has a log of that name of its own. Elsewhere the host of a record is where
/// something happened, and not who wrote it down.
#[must_use]
pub fn is_of_host(source: &str) -> bool {
    let first = source.split('/').next().unwrap_or(source);
    OF_HOSTS.contains(&first)
}

/// First steps of sources that each machine has of its own.
pub const OF_HOSTS: [&str; 5] = ["windows", "linux", "samba", "macos", "esxi"];

/// A logon id as Windows and its exporters write it: hexadecimal with `0x`, or decimal.
pub(crate) fn logon_id(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logon_names_the_presence_that_begins() {
        let links = || [("logon", "0x3e7"), ("target-logon", "0x51AB")].into_iter();
        let key = |verb| presence_key("windows/Security", Some("FS01.court.example"), verb, links());
        assert_eq!(key("logon").as_deref(), Some("fs01|51ab"));
        assert_eq!(key("read").as_deref(), Some("fs01|3e7"), "whoever acts, acts in his own");
    }

    #[test]
    fn sign_in_and_what_was_done_then_share_a_key() {
        let key = |source| presence_key(source, None, "read", [("session", "f00d")].into_iter());
        assert_eq!(key("entra/signin"), key("m365"));
        assert_ne!(key("m365"), key("dms"));
        assert_eq!(presence_key("proxy", None, "connect", std::iter::empty()), None);
    }
}
