//! What do systemd-logind, cron and the programs that change accounts say?
//!
//! logind-session.c and logind-session-dbus.c; Vixie cron and cronie; shadow's useradd, userdel, usermod,
//! groupadd, passwd and gpasswd. A job of cron runs in the background of its owner.

use assize_model::spine::{Client, Link, ObjectKind, Outcome, Qualifier, Verb};

use super::{Envelope, pam};
use crate::record::Record;

pub(crate) fn logind<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    record.source = "linux/auth".into();
    let message = envelope.message;
    let session = |text: &'a str| text.split([' ', '.']).next().unwrap_or(text);
    if let Some((id, user)) =
        message.strip_prefix("New session ").and_then(|rest| rest.split_once(" of user "))
    {
        record.did(Verb::Logon, Outcome::Success);
        // Newer releases add the class and type behind the name.
        let user = user.strip_suffix('.').unwrap_or(user);
        record.actor =
            Some(user.split_once(" with class ").map_or(user, |(user, _)| user).trim_matches('\'').into());
        record.link(Link::Session, id.trim_matches('\''));
    } else if let Some(rest) = message.strip_prefix("Removed session ") {
        record.did(Verb::Logoff, Outcome::Success);
        record.link(Link::Session, session(rest));
    } else if let Some(rest) = message.strip_prefix("Session ").filter(|rest| rest.contains(" logged out")) {
        record.did(Verb::Logoff, Outcome::Success);
        record.link(Link::Session, session(rest));
    }
}

pub(crate) fn cron<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    record.source = "linux/cron".into();
    if pam::says(envelope, record) {
        record.qualifiers.push(Qualifier::Background);
        return;
    }
    // `(root) CMD (run-parts /etc/cron.hourly)`, `(m) REPLACE (m)`
    let Some((user, rest)) = envelope.message.strip_prefix('(').and_then(|rest| rest.split_once(") ")) else {
        return;
    };
    let Some((word, text)) = rest.split_once(" (") else { return };
    let text = text.strip_suffix(')').unwrap_or(text);
    record.actor = Some(user.into());
    match word {
        "CMD" | "CMDEND" => {
            record.did(Verb::Execute, Outcome::Success);
            record.to(ObjectKind::Process, text);
            record.client = Some(Client::Service);
            record.qualifiers.push(Qualifier::Background);
        }
        "REPLACE" | "DELETE" | "BEGIN EDIT" | "END EDIT" => {
            record.did(Verb::ConfigChange, Outcome::Success);
            record.to(ObjectKind::Task, text);
        }
        "LIST" => {
            record.did(Verb::List, Outcome::Success);
            record.to(ObjectKind::Task, text);
        }
        _ => {}
    }
    record.own("user", user);
    record.own("command", text);
}

/// How a message begins, what it says, and about what.
const ACCOUNTS: &[(&str, Verb, ObjectKind)] = &[
    ("new user: name=", Verb::Create, ObjectKind::Account),
    ("new group: name=", Verb::Create, ObjectKind::Group),
    ("delete user '", Verb::Delete, ObjectKind::Account),
    ("removed group '", Verb::Delete, ObjectKind::Group),
    ("change user '", Verb::PermissionChange, ObjectKind::Account),
    ("lock user '", Verb::PermissionChange, ObjectKind::Account),
    ("unlock user '", Verb::PermissionChange, ObjectKind::Account),
    ("password for '", Verb::PermissionChange, ObjectKind::Account),
    ("add '", Verb::PermissionChange, ObjectKind::Account),
    ("delete '", Verb::PermissionChange, ObjectKind::Account),
];

pub(crate) fn accounts<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    record.source = "linux/auth".into();
    if pam::says(envelope, record) {
        return;
    }
    let message = envelope.message;
    let found = ACCOUNTS.iter().find_map(|row| Some((row, message.strip_prefix(row.0)?)));
    let Some(((_, verb, kind), rest)) = found else { return };
    let name = rest.split([',', '\'']).next().unwrap_or(rest);
    record.did(*verb, Outcome::Success);
    record.to(*kind, name);
    record.target = (*kind == ObjectKind::Account).then(|| name.into());
    if let Some((_, by)) = rest.split_once(" changed by '") {
        record.actor = Some(by.trim_end_matches('\'').into());
    }
    if let Some((_, group)) = rest.split_once("group '") {
        record.own("group", group.trim_end_matches('\''));
    }
}

/// Programs that let people in, of which only PAM's words are understood.
pub(crate) fn door<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    record.source = "linux/auth".into();
    pam::says(envelope, record);
}
