//! What does a record of the object access audit say was done with which object?
//!
//! The audit asks for rights when a handle is opened (4656, and 5145 for a share), and tells of
//! their use later (4663). A check is not an act: it carries `check-only`. A mask is read by the
//! object's type, because the same bit means another thing for a file, a folder, a key and a
//! process. Whether `File` is a file or a folder the audit hardly ever says; what shows it is used,
//! and nothing is guessed from a name's extension.
//!
//! Masks: Microsoft, "Access Mask Format", "File Access Rights Constants", "Registry Key Security
//! and Access Rights", "Process Security and Access Rights"; events: the pages of 4656 to 4663,
//! 4670, 5140 and 5145.

use std::borrow::Cow;

use assize_model::spine::{Link, ObjectKind, Outcome, Qualifier, Scope, Verb};

use super::{Fields, Meaning, link, own, present, says};

/// Bits of a mask and what their use is; the gravest for confidentiality first.
type Rights = &'static [(u32, Verb)];

const GENERIC_READ: u32 = 0x8000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const GENERIC_ALL: u32 = 0x1000_0000;
const DELETE: u32 = 0x1_0000;
const READ_CONTROL: u32 = 0x2_0000;
/// `WRITE_DAC` and `WRITE_OWNER`.
const WRITE_SECURITY: u32 = 0xc_0000;

/// A file, or what may be one: `ReadData` and `ListDirectory` are one bit, so are `WriteData` and
/// `AddFile`. Attributes and rights are what a listing shows, not content.
const FILE: Rights = &[
    (0x1 | GENERIC_READ | GENERIC_ALL, Verb::Read),
    (0x2 | 0x4 | GENERIC_WRITE | GENERIC_ALL, Verb::Write),
    (0x40 | DELETE | GENERIC_ALL, Verb::Delete),
    (WRITE_SECURITY | GENERIC_ALL, Verb::PermissionChange),
    (0x8 | 0x80 | READ_CONTROL, Verb::List),
];
const FOLDER: Rights = &[
    (0x1 | GENERIC_READ | GENERIC_ALL, Verb::List),
    (0x2 | 0x4 | GENERIC_WRITE | GENERIC_ALL, Verb::Create),
    (0x40 | DELETE | GENERIC_ALL, Verb::Delete),
    (WRITE_SECURITY | GENERIC_ALL, Verb::PermissionChange),
    (0x8 | 0x80 | READ_CONTROL, Verb::List),
];
const KEY: Rights = &[
    (0x1 | GENERIC_READ | GENERIC_ALL, Verb::Read),
    (0x2 | 0x4 | 0x20 | GENERIC_WRITE | GENERIC_ALL, Verb::ConfigChange),
    (DELETE | GENERIC_ALL, Verb::Delete),
    (WRITE_SECURITY | GENERIC_ALL, Verb::PermissionChange),
    (0x8, Verb::List),
];
/// Of a process only its memory is content: reading it is how credentials are taken.
const PROCESS: Rights = &[(0x10, Verb::Read), (0x2 | 0x8 | 0x20, Verb::Write)];
/// Directory service objects (4662): control rights are told by their properties, not by the mask.
const DIRECTORY_OBJECT: Rights = &[
    (0x10, Verb::Read),
    (0x20, Verb::Write),
    (0x1, Verb::Create),
    (0x2 | DELETE, Verb::Delete),
    (WRITE_SECURITY, Verb::PermissionChange),
    (0x4 | READ_CONTROL, Verb::List),
];

/// Secrets of the local security authority (4662 by the server `LSA`; MS-LSAD, 2.2.1.1.4).
const SECRET: Rights = &[(0x2, Verb::Read), (0x1, Verb::Write)];

/// A right that is in every mask of somebody who waits for the object; it says nothing.
const SYNCHRONIZE: u32 = 0x10_0000;

/// What a mask lets be done, and whether it lets several things be done.
fn act(rights: Rights, mask: u32) -> (Verb, bool) {
    let mut met = rights.iter().filter(|(bits, _)| mask & !SYNCHRONIZE & bits != 0).map(|(_, verb)| *verb);
    let Some(first) = met.next() else { return (Verb::Other, false) };
    // Attributes are read along with everything else: no act of their own then.
    (first, met.any(|verb| verb != first && verb != Verb::List))
}

fn rights_of(kind: ObjectKind) -> Rights {
    match kind {
        ObjectKind::File | ObjectKind::FileOrFolder | ObjectKind::Pipe => FILE,
        ObjectKind::Folder => FOLDER,
        ObjectKind::RegistryKey => KEY,
        ObjectKind::Process => PROCESS,
        _ => &[],
    }
}

/// A mask in hexadecimal or decimal; exporters write either.
pub(super) fn mask(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Whether rights were asked for, or used.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stage {
    Asked,
    Used,
}

/// 4656, 4659, 4661 and 4663: a handle is asked for, a right is used.
pub(super) fn object<F: Fields>(event: &mut Meaning<'_, F>, stage: Stage) {
    let mask = event.field(own!("AccessMask")).and_then(mask);
    named(event, mask.filter(|_| stage == Stage::Used));
    let rights = event.object_kind.map_or(&[][..], rights_of);
    let (verb, several) = mask.map_or((Verb::Other, false), |mask| act(rights, mask));
    event.qualifiers.set(Qualifier::CheckOnly, stage == Stage::Asked);
    event.qualifiers.set(Qualifier::Aggregated, several);
    refused(event);
    match (stage, verb) {
        // The right to delete serves for renaming too: that it was used does not say which. 4660
        // says that the object is gone.
        (Stage::Used, Verb::Delete) => says(event, verb, Some(Outcome::Unknown)),
        // A right that was used was granted: 4663 exists for success only.
        (Stage::Used, _) => says(event, verb, Some(Outcome::Success)),
        (Stage::Asked, _) => says(event, verb, None),
    }
}

/// Object, kind and scope of an audited object, and the process with its handle.
pub(super) fn named<F: Fields>(event: &mut Meaning<'_, F>, used: Option<u32>) {
    event.object = present(event, own!("ObjectName"));
    let name = event.object.as_deref().unwrap_or_default();
    let kind = match event.field(own!("ObjectType")) {
        // The audit's type `File` covers files, folders, pipes and volumes.
        Some("File") => file_kind(name, used.unwrap_or(0)),
        Some("Key") => ObjectKind::RegistryKey,
        Some("Process") => ObjectKind::Process,
        Some("SAM_USER") => ObjectKind::Account,
        Some("SAM_GROUP" | "SAM_ALIAS") => ObjectKind::Group,
        Some("SERVICE OBJECT" | "SC_MANAGER OBJECT") => ObjectKind::Service,
        _ => ObjectKind::Other,
    };
    event.object_kind = Some(kind);
    event.scope = Some(if kind == ObjectKind::Folder { Scope::Container } else { Scope::Item });
}

/// What the record itself shows: only a folder ends in a backslash, and only in a folder can a
/// child be deleted by the folder's right.
fn file_kind(name: &str, used: u32) -> ObjectKind {
    if name.starts_with("\\Device\\NamedPipe\\") {
        ObjectKind::Pipe
    } else if name.ends_with('\\') || used & 0x40 != 0 {
        ObjectKind::Folder
    } else {
        ObjectKind::FileOrFolder
    }
}

/// A failed audit of a check is a refusal, not a mishap.
pub(super) fn refused<F>(event: &mut Meaning<'_, F>) {
    if event.outcome == Outcome::Failure {
        event.outcome = Outcome::Denied;
    }
}

/// 5140: somebody connects to a share. 5145: rights on something in it are checked.
pub(super) fn share<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    let share = unc(event);
    refused(event);
    if id == 5140 {
        event.object = share.map(Cow::Owned);
        event.object_kind = Some(ObjectKind::Share);
        event.scope = Some(Scope::Container);
        return says(event, Verb::Connect, None);
    }
    let below = present(event, own!("RelativeTargetName")).unwrap_or_default();
    let is_pipe = share.as_deref().is_some_and(|share| share.to_ascii_uppercase().ends_with("\\IPC$"));
    let kind = match &*below {
        _ if is_pipe => ObjectKind::Pipe,
        "" | "\\" => ObjectKind::Folder,
        below => file_kind(below, 0),
    };
    let joined = share.map(|share| [&share, "\\", below.trim_start_matches('\\')].concat());
    event.object = joined.map(|path| Cow::Owned(path.trim_end_matches('\\').to_owned()));
    event.object_kind = Some(kind);
    event.scope = Some(if kind == ObjectKind::Folder { Scope::Container } else { Scope::Item });
    let mask = event.field(own!("AccessMask")).and_then(mask);
    let (verb, several) = mask.map_or((Verb::Other, false), |mask| act(rights_of(kind), mask));
    event.qualifiers.set(Qualifier::CheckOnly, true);
    event.qualifiers.set(Qualifier::Aggregated, several);
    says(event, if is_pipe { Verb::Connect } else { verb }, None);
}

/// `\\*\SHARE`, as the audit writes it, with the host that wrote it in the star's place: a name by
/// which the share can be found.
pub(super) fn unc<F: Fields>(event: &Meaning<'_, F>) -> Option<String> {
    let share = present(event, own!("ShareName"))?;
    Some(match (share.strip_prefix("\\\\*\\"), event.host) {
        (Some(name), Some(host)) => ["\\\\", host, "\\", name].concat(),
        _ => share.into_owned(),
    })
}

/// 4660: the object of a handle was deleted. Its name stands in the record that opened the handle.
pub(super) fn deleted<F: Fields>(event: &mut Meaning<'_, F>) {
    named(event, None);
    if event.field(own!("ObjectType")).is_none() {
        event.object_kind = None;
    }
    says(event, Verb::Delete, Some(Outcome::Success));
}

/// 4690: a handle is given to another process. Both handles and both processes.
pub(super) fn duplicated<F: Fields>(event: &mut Meaning<'_, F>) {
    link(event, Link::Handle, own!("SourceHandleId"));
    link(event, Link::Handle, own!("TargetHandleId"));
    link(event, Link::ProcessId, own!("SourceProcessId"));
    link(event, Link::ProcessId, own!("TargetProcessId"));
}

/// Control rights by which the directory is replicated (MS-ADTS, 5.1.3.2.1): the first gives the
/// changes without secrets, the others secrets too.
const GET_CHANGES: &str = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2";
const GET_CHANGES_WITH_SECRETS: [&str; 2] =
    ["1131f6ad-9c07-11d1-f79f-00c04fc2dcd2", "89e95b76-444d-4c62-991a-0facbeda640c"];
/// Schema classes whose objects are accounts and groups (MS-ADSC): user, inetOrgPerson, computer,
/// managed service accounts.
const ACCOUNTS: [&str; 5] = [
    "bf967aba-0de6-11d0-a285-00aa003049e2",
    "4828cc14-1437-45bc-9b07-ad6f015e5f28",
    "bf967a86-0de6-11d0-a285-00aa003049e2",
    "ce206244-5827-4a86-ba1c-1c0c386c1b64",
    "7b8b558a-93a5-4af7-adca-c017e67f1057",
];
const GROUP: &str = "bf967a9c-0de6-11d0-a285-00aa003049e2";

/// 4662: something was done with an object of the directory. Replication rights give a copy of the
/// directory database; domain controllers use them among themselves, which of them may is not this
/// record's to say.
pub(super) fn directory_object<F: Fields>(event: &mut Meaning<'_, F>) {
    event.object = present(event, own!("ObjectName"));
    refused(event);
    let properties = event.field(own!("Properties")).unwrap_or_default().to_ascii_lowercase();
    let with_secrets = GET_CHANGES_WITH_SECRETS.iter().any(|right| properties.contains(right));
    if with_secrets || properties.contains(GET_CHANGES) {
        event.object_kind = Some(ObjectKind::DirectoryDatabase);
        event.scope = Some(Scope::Container);
        event.qualifiers.set(Qualifier::Partial, !with_secrets);
        return says(event, Verb::Clone, None);
    }
    let mask = event.field(own!("AccessMask")).and_then(mask);
    event.scope = Some(Scope::Item);
    if event.field(own!("ObjectServer")) == Some("LSA") {
        event.object_kind = Some(ObjectKind::Key);
        let (verb, several) = mask.map_or((Verb::Other, false), |mask| act(SECRET, mask));
        event.qualifiers.set(Qualifier::Aggregated, several);
        return says(event, verb, None);
    }
    let class = event.field(own!("ObjectType")).unwrap_or_default().to_ascii_lowercase();
    event.object_kind = Some(match class.trim_start_matches("%{").trim_end_matches('}') {
        class if ACCOUNTS.contains(&class) || class == "user" || class == "computer" => ObjectKind::Account,
        GROUP | "group" => ObjectKind::Group,
        _ => ObjectKind::Other,
    });
    let (verb, several) = mask.map_or((Verb::Other, false), |mask| act(DIRECTORY_OBJECT, mask));
    event.qualifiers.set(Qualifier::Aggregated, several);
    says(event, verb, None);
}

/// What rights on a process let be done (Sysmon 10): the handle was granted, not yet used.
pub(super) fn process_rights<F: Fields>(event: &mut Meaning<'_, F>) {
    let granted = event.field(own!("GrantedAccess")).and_then(mask).unwrap_or(0);
    let (verb, several) = act(PROCESS, granted);
    event.object_kind = Some(ObjectKind::Process);
    event.qualifiers.set(Qualifier::CheckOnly, true);
    event.qualifiers.set(Qualifier::Aggregated, several);
    says(event, verb, Some(Outcome::Success));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_means_what_its_kind_of_object_makes_of_it() {
        assert_eq!(act(FILE, 0x1), (Verb::Read, false));
        assert_eq!(act(FOLDER, 0x1), (Verb::List, false));
        assert_eq!(act(FILE, 0x12_0089), (Verb::Read, false), "what a program that reads asks for");
        assert_eq!(act(FILE, 0x1f_01ff), (Verb::Read, true), "full control");
        assert_eq!(act(FILE, 0x6), (Verb::Write, false));
        assert_eq!(act(FILE, 0x10_0080), (Verb::List, false), "attributes only");
        assert_eq!(act(FILE, 0x20), (Verb::Other, false));
        assert_eq!(act(KEY, 0x2), (Verb::ConfigChange, false));
        assert_eq!(act(PROCESS, 0x1010), (Verb::Read, false));
        assert_eq!(act(PROCESS, 0x1000), (Verb::Other, false));
        assert_eq!(act(PROCESS, 0x1f_ffff), (Verb::Read, true));
    }

    #[test]
    fn masks_are_written_in_two_ways() {
        assert_eq!(mask("0x120089"), Some(0x12_0089));
        assert_eq!(mask(" 1 "), Some(1));
        for nonsense in ["", "%%4416", "0x", "0x1ffffffff", "-1"] {
            assert_eq!(mask(nonsense), None, "{nonsense}");
        }
    }
}
