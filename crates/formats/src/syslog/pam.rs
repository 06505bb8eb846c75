//! What do PAM's modules say, in whatever program they run?
//!
//! Linux-PAM's pam_unix (pam_unix_auth.c, pam_unix_sess.c, support.c) and the modules that write as it does
//! (pam_sss, pam_ldap, pam_krb5). The name that somebody typed stands last and may hold anything.

use assize_model::spine::{Outcome, Verb};

use super::Envelope;
use crate::record::Record;

/// Whether it was a message of a module.
pub(crate) fn says<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) -> bool {
    let message = envelope.message;
    let old = envelope.app.is_some_and(|app| app.ends_with("(pam_unix)"));
    let text = match message.strip_prefix("pam_").or_else(|| message.strip_prefix("(pam_")) {
        Some(rest) => {
            let end = if message.starts_with('(') { ") " } else { ": " };
            let Some((module, text)) = rest.split_once(end) else { return false };
            if let Some((_, service)) = module.split_once('(') {
                record.own("pam_service", service.trim_end_matches(')'));
            }
            text
        }
        None if old => message,
        None => return false,
    };
    if let Some(rest) = text.strip_prefix("session opened for user ") {
        session(rest, Verb::Logon, record);
    } else if let Some(rest) = text.strip_prefix("session closed for user ") {
        session(rest, Verb::Logoff, record);
    } else if let Some((_, rest)) = text.split_once("authentication failure; ") {
        record.did(Verb::Logon, Outcome::Failure);
        names(rest, record);
    } else if let Some((_, rest)) = text.split_once("authentication success; ") {
        record.did(Verb::Logon, Outcome::Success);
        names(rest, record);
    } else if text.starts_with("check pass; user unknown") || text.contains("could not identify user") {
        record.did(Verb::Logon, Outcome::Failure);
    } else if let Some(rest) = text.strip_prefix("password changed for ") {
        record.did(Verb::PermissionChange, Outcome::Success);
        record.target = Some(rest.into());
    } else if let Some((user, _)) = text.strip_prefix("user ").and_then(|rest| rest.split_once(" tally ")) {
        // pam_tally2: `user m (1001) tally 6, deny 5`
        record.did(Verb::Logon, Outcome::Denied);
        record.actor = user.split(' ').next().map(Into::into);
    } else if text.contains("account") && (text.contains("locked") || text.contains("expired")) {
        record.did(Verb::Logon, Outcome::Denied);
    }
    true
}

/// `root(uid=0) by m(uid=1000)`, `root by (uid=0)`: who opens a session for another acts; a service that
/// opens one for whom it let in does not.
fn session<'a>(rest: &'a str, verb: Verb, record: &mut Record<'a>) {
    record.did(verb, Outcome::Success);
    let name = |text: &'a str| text.split(['(', ' ']).next().filter(|name| !name.is_empty());
    let (user, by) = rest.split_once(" by ").map_or((rest, None), |(user, by)| (user, name(by)));
    let user = name(user);
    record.actor = by.or(user).map(Into::into);
    record.target = by.and(user).map(Into::into);
    if let Some(user) = user {
        record.own("user", user);
    }
}

/// `logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root`
fn names<'a>(rest: &'a str, record: &mut Record<'a>) {
    let host = rest.rfind("rhost=").map(|at| &rest[at + 6..]);
    let behind = |text: &'a str| text.split_once(' ').map_or((text, ""), |(word, rest)| (word, rest));
    let (host, after) = host.map_or(("", ""), behind);
    let user = after.trim_start().strip_prefix("user=").map(str::trim_end);
    // With a name that holds `rhost=` the last one is the daemon's only if no name follows it.
    let ruser =
        rest.split_once("ruser=").and_then(|(_, rest)| rest.split_once(" rhost=")).map(|(user, _)| user);
    let first = rest.split_once(" rhost=").map(|(_, rest)| behind(rest));
    let (host, user) = match first {
        // `rhost=A  user=…rhost=B`: whatever stands behind `user=` was typed.
        Some((first, after)) if after.trim_start().starts_with("user=") => {
            (first, after.trim_start().strip_prefix("user=").map(str::trim_end))
        }
        _ => (host, user),
    };
    if !host.is_empty() {
        record.peer = Some(host.into());
        record.own("rhost", host);
    }
    let user = user.filter(|user| !user.is_empty()).or(ruser.filter(|user| !user.is_empty()));
    if let Some(user) = user {
        record.actor = Some(user.into());
        record.own("user", user);
    }
}
