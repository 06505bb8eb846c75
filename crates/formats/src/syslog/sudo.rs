//! What do sudo and su say?
//!
//! sudo's log (sudoers(5), "LOG FORMAT"): who, a reason if it was refused, then `TTY`, `PWD`, `USER`, `GROUP`,
//! `ENV`, `COMMAND`, the command last and whatever it holds. A command that sudo let through was started;
//! how it ended is not said. su: shadow's and util-linux's words.

use assize_model::spine::{ObjectKind, Outcome, Verb};

use super::{Envelope, pam};
use crate::record::Record;

pub(crate) fn sudo<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    record.source = "linux/sudo".into();
    if pam::says(envelope, record) {
        return;
    }
    let Some((user, rest)) = envelope.message.trim_start().split_once(" : ") else { return };
    record.actor = Some(user.trim().into());
    record.own("user", user.trim());
    let (parts, command) = match rest.split_once("COMMAND=") {
        Some((parts, command)) => (parts, Some(command)),
        None => (rest, None),
    };
    let mut reason = None;
    for part in parts.split(" ; ").map(str::trim).filter(|part| !part.is_empty() && *part != ";") {
        match part.split_once('=') {
            Some((name, value)) if name.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                record.own(name, value)
            }
            _ => reason = Some(part),
        }
    }
    if let Some(user) = record.field("USER").map(str::to_owned) {
        record.target = Some(user.into());
    }
    record.did(Verb::Execute, reason.map_or(Outcome::Success, refused));
    if let Some(reason) = reason {
        record.own("reason", reason);
    }
    if let Some(command) = command {
        record.own("COMMAND", command);
        record.to(ObjectKind::Process, command);
    }
}

/// sudo's reasons (plugins/sudoers/logging.c, locale texts): a password that was wrong or missing is a
/// failure, everything else a refusal.
fn refused(reason: &str) -> Outcome {
    let failed =
        ["incorrect password", "a password is required", "unable to", "no tty present", "a terminal"];
    if failed.iter().any(|words| reason.contains(words)) { Outcome::Failure } else { Outcome::Denied }
}

pub(crate) fn su<'a>(envelope: &Envelope<'a>, record: &mut Record<'a>) {
    record.source = "linux/auth".into();
    if pam::says(envelope, record) {
        return;
    }
    let message = envelope.message;
    let failed =
        message.starts_with("FAILED") || message.starts_with("- ") || message.starts_with("pam_authenticate");
    let names = to(message).or_else(|| by(message)).or_else(|| pair(message));
    let Some((actor, target)) = names else { return };
    record.did(Verb::Logon, if failed { Outcome::Failure } else { Outcome::Success });
    (record.actor, record.target) = (Some(actor.into()), Some(target.into()));
}

/// `(to root) m on pts/0`, `FAILED SU (to root) m on pts/0`
fn to(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("(to ")?;
    let (target, rest) = rest.split_once(") ")?;
    Some((rest.rsplit_once(" on ").map_or(rest, |(actor, _)| actor), target))
}

/// `Successful su for root by m`, `FAILED su for root by m`
fn by(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once(" su for ")?;
    rest.split_once(" by ").map(|(target, actor)| (actor, target))
}

/// `+ /dev/pts/0 m:root`, `- pts/0 m:root`
fn pair(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("+ ").or_else(|| message.strip_prefix("- "))?;
    rest.rsplit_once(' ')?.1.split_once(':')
}
