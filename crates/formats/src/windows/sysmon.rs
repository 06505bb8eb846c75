//! What does an event of Sysmon say happened?
//!
//! By Sysinternals' "Sysmon" reference, section "Events". Sysmon records what the kernel did; what
//! it did not do is not recorded, so most outcomes are `success`.

use std::borrow::Cow;

use assize_model::spine::{Link, ObjectKind, Outcome, Scope, Verb};

use super::{Fields, Meaning, access, address, link, own, present, says};
use Outcome::{Denied, Success};

/// See the module's text.
pub(super) fn told<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.actor = present(event, own!("User")).or_else(|| present(event, own!("SourceUser")));
    for name in [own!("ProcessGuid"), own!("SourceProcessGUID"), own!("SourceProcessGuid")] {
        link(event, Link::Process, name);
    }
    link(event, Link::ParentProcess, own!("ParentProcessGuid"));
    link(event, Link::Logon, own!("LogonId"));
    link(event, Link::ProcessId, own!("ProcessId"));
    link(event, Link::ProcessId, own!("SourceProcessId"));
    link(event, Link::ParentProcessId, own!("ParentProcessId"));
    match id {
        1 => about(event, Verb::Execute, ObjectKind::Process, present(event, own!("Image"))),
        3 => connection(event),
        5 => about(event, Verb::Other, ObjectKind::Process, present(event, own!("Image"))),
        2 => file(event, Verb::Other),
        6 | 7 => about(event, Verb::Other, ObjectKind::File, present(event, own!("ImageLoaded"))),
        8 | 25 => {
            let object = present(event, own!("TargetImage")).or_else(|| present(event, own!("Image")));
            about(event, Verb::Other, ObjectKind::Process, object);
        }
        9 => {
            // The bare volume is read, past the file system and its audit.
            about(event, Verb::Read, ObjectKind::Other, present(event, own!("Device")));
            event.scope = Some(Scope::Container);
        }
        10 => {
            event.object = present(event, own!("TargetImage"));
            event.target = present(event, own!("TargetUser"));
            access::process_rights(event);
        }
        11 | 15 | 29 => file(event, Verb::Create),
        12..=14 => {
            about(event, Verb::ConfigChange, ObjectKind::RegistryKey, present(event, own!("TargetObject")))
        }
        16 => says(event, Verb::ConfigChange, Some(Success)),
        17 => about(event, Verb::Create, ObjectKind::Pipe, present(event, own!("PipeName"))),
        18 => about(event, Verb::Connect, ObjectKind::Pipe, present(event, own!("PipeName"))),
        19 | 20 => about(event, Verb::ConfigChange, ObjectKind::Other, quoted(present(event, own!("Name")))),
        21 => about(event, Verb::ConfigChange, ObjectKind::Other, quoted(present(event, own!("Filter")))),
        22 => about(event, Verb::Query, ObjectKind::Name, present(event, own!("QueryName"))),
        23 | 26 => file(event, Verb::Delete),
        24 => event.device = present(event, own!("ClientInfo")),
        27 => refused(event, Verb::Create),
        28 => refused(event, Verb::Delete),
        _ => {}
    }
}

fn about<'a, F: Fields>(
    event: &mut Meaning<'a, F>,
    verb: Verb,
    kind: ObjectKind,
    object: Option<Cow<'a, str>>,
) {
    event.object = object;
    event.object_kind = Some(kind);
    says(event, verb, Some(Success));
}

fn file<F: Fields>(event: &mut Meaning<'_, F>, verb: Verb) {
    about(event, verb, ObjectKind::File, present(event, own!("TargetFilename")));
}

fn refused<F: Fields>(event: &mut Meaning<'_, F>, verb: Verb) {
    file(event, verb);
    event.outcome = Denied;
}

/// The destination is the other end of a connection that this host began, the source of one that
/// it took.
fn connection<F: Fields>(event: &mut Meaning<'_, F>) {
    let taken = event.field(own!("Initiated")) == Some("false");
    let (at, name) = if taken {
        (own!("SourceIp"), own!("SourceHostname"))
    } else {
        (own!("DestinationIp"), own!("DestinationHostname"))
    };
    event.peer = address(event, at);
    about(event, Verb::Connect, ObjectKind::Host, present(event, name));
}

/// Names of WMI objects come in quotes with a blank before them.
fn quoted(name: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    let name = name?;
    let bare = name.trim().trim_matches('"');
    if bare.len() == name.len() { Some(name) } else { Some(Cow::Owned(bare.to_owned())) }
}
