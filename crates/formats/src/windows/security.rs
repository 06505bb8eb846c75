//! What does an event of the security audit say happened?
//!
//! One arm per event id, by its page in Microsoft's "Advanced security auditing" reference. Who
//! acts is the subject, whom it concerns the target; logons turn that round, because there the
//! subject is the service that lets somebody in. What a machine is set up to do (services, tasks,
//! policies) is a `config-change`; what comes into being or ceases (accounts, groups, objects of
//! the directory) is a `create` or `delete`; rights and credentials are a `permission-change`.

use std::borrow::Cow;

use assize_model::spine::{Link, ObjectKind, Outcome, Verb};

use super::access::{self, Stage};
use super::{Fields, Meaning, account, address, cleared, client_of, done, join, link, own, present, says};
use Outcome::{Denied, Failure, Success, Unknown};

/// See the module's text.
pub(super) fn audit<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.actor = account(event, own!("SubjectDomainName"), own!("SubjectUserName"));
    event.target = account(event, own!("TargetDomainName"), own!("TargetUserName"));
    link(event, Link::Logon, own!("SubjectLogonId"));
    link(event, Link::TargetLogon, own!("TargetLogonId"));
    link(event, Link::Handle, own!("HandleId"));
    link(event, Link::ProcessId, if id == 4688 { own!("NewProcessId") } else { own!("ProcessId") });
    event.peer = address(event, own!("IpAddress")).or_else(|| address(event, own!("SourceAddress")));
    event.device = present(event, own!("WorkstationName")).or_else(|| present(event, own!("Workstation")));
    // Keywords carry Audit Success (bit 53) or Audit Failure (bit 52).
    event.outcome = audit_outcome(event);
    match id {
        4624 | 4625 | 4634 | 4647 | 4648 | 4672 | 4778 | 4779 | 4768..=4777 => logon(event, id),
        4656..=4663 | 4670 | 4690 | 4907 | 5140 | 5145 => object(event, id),
        4608..=4719 | 4739 | 4902..=4913 => machine(event, id),
        4720..=4767 | 4780..=4799 => people(event, id),
        5136..=5144 => directory(event, id),
        4886..=4888 => certificate(event, id),
        5152..=5159 => connection(event, id),
        5058 | 5059 | 5376..=5382 => key(event, id),
        4946..=4950 => changed(event, own!("RuleName"), ObjectKind::Other),
        6272..=6279 => admission(event, id),
        6416 => medium(event),
        1102 => cleared(event),
        _ => {}
    }
}

fn logon<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    match id {
        4624 | 4625 => {
            // The account that logs on is the target; the subject is the service that lets it in.
            event.actor = event.target.take();
            event.client = client_of(event.field(own!("LogonType")));
            link(event, Link::Token, own!("LogonGuid"));
            link(event, Link::LinkedLogon, own!("TargetLinkedLogonId"));
            says(event, Verb::Logon, Some(if id == 4624 { Success } else { Failure }));
        }
        4634 | 4647 => {
            event.actor = event.target.take();
            event.client = client_of(event.field(own!("LogonType")));
            says(event, Verb::Logoff, Some(Success));
        }
        4648 => {
            // Written when credentials are tried; whether they were accepted is not said.
            event.peer = present(event, own!("TargetServerName"));
            link(event, Link::Token, own!("LogonGuid"));
            link(event, Link::Token, own!("TargetLogonGuid"));
            says(event, Verb::Logon, Some(Unknown));
        }
        4672 => says(event, Verb::Grant, Some(Success)),
        // A window to a session that stands is opened or closed; the session itself goes on.
        4778 | 4779 => {
            event.actor = account(event, own!("AccountDomain"), own!("AccountName"));
            event.device = present(event, own!("ClientName"));
            event.peer = address(event, own!("ClientAddress"));
            event.client = Some(assize_model::spine::Client::Desktop);
            link(event, Link::Logon, own!("LogonID"));
            says(event, if id == 4778 { Verb::Connect } else { Verb::Other }, Some(Success));
        }
        _ => ticket(event),
    }
}

/// Kerberos and NTLM: who asked for what, with the protocol's own status.
fn ticket<F: Fields>(event: &mut Meaning<'_, F>) {
    if event.actor.is_none() {
        event.actor = event.target.take();
    }
    event.object = present(event, own!("ServiceName"));
    event.object_kind = event.object.as_ref().map(|_| ObjectKind::Account);
    link(event, Link::Token, own!("LogonGuid"));
    let status = event.field(own!("Status")).or_else(|| event.field(own!("FailureCode")));
    let code = status.and_then(access::mask);
    says(event, Verb::Token, code.map(|code| if code == 0 { Success } else { Failure }));
}

fn object<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    match id {
        4656 => access::object(event, Stage::Asked),
        4659 => {
            access::object(event, Stage::Asked);
            event.verb = Verb::Delete;
        }
        // A handle on an account or group for which the accounts' manager was asked.
        4661 => {
            access::object(event, Stage::Asked);
            event.verb = Verb::Query;
        }
        4657 => {
            access::named(event, None);
            event.object = join(event.object.take(), present(event, own!("ObjectValueName")));
            event.object_kind = Some(ObjectKind::RegistryKey);
            done(event, Verb::ConfigChange);
        }
        4658 => {
            access::named(event, None);
            done(event, Verb::Other);
        }
        4660 => access::deleted(event),
        4662 => access::directory_object(event),
        4663 => access::object(event, Stage::Used),
        4670 => {
            access::named(event, None);
            done(event, Verb::PermissionChange);
        }
        4690 => access::duplicated(event),
        4907 => {
            access::named(event, None);
            done(event, Verb::ConfigChange);
        }
        _ => access::share(event, id),
    }
}

/// Accounts, groups, passwords.
fn people<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.object = event.target.clone();
    event.object_kind = Some(ObjectKind::Account);
    match id {
        4720 | 4741 => done(event, Verb::Create),
        4726 | 4743 => done(event, Verb::Delete),
        // Locked after failed logons: nobody's act.
        4740 => done(event, Verb::Other),
        // Somebody looks whether the password is blank; in which groups an account is.
        4797 => done(event, Verb::Query),
        4798 => enumerated(event, ObjectKind::Account),
        4799 => enumerated(event, ObjectKind::Group),
        4781 => {
            event.target = account(event, own!("TargetDomainName"), own!("NewTargetUserName"));
            event.object = account(event, own!("TargetDomainName"), own!("OldTargetUserName"));
            done(event, Verb::PermissionChange);
        }
        4782 => {
            event.object_kind = Some(ObjectKind::Key);
            done(event, Verb::Read);
        }
        4727..=4737 | 4744..=4764 | 4783..=4792 => group(event, id),
        _ => says(event, Verb::PermissionChange, None),
    }
}

fn enumerated<F: Fields>(event: &mut Meaning<'_, F>, kind: ObjectKind) {
    event.object_kind = Some(kind);
    link(event, Link::ProcessId, own!("CallerProcessId"));
    done(event, Verb::List);
}

/// Groups of each kind have ids of their own; the order within a kind is created, changed, member
/// added, member removed, deleted, except that the oldest kinds put `changed` last.
fn group<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.object_kind = Some(ObjectKind::Group);
    event.target = None;
    match id {
        4727 | 4731 | 4744 | 4749 | 4754 | 4759 | 4783 | 4790 => done(event, Verb::Create),
        4730 | 4734 | 4748 | 4753 | 4758 | 4763 | 4789 | 4792 => done(event, Verb::Delete),
        4728 | 4729 | 4732 | 4733 | 4746 | 4747 | 4751 | 4752 | 4756 | 4757 | 4761 | 4762 | 4785..=4788 => {
            event.target = present(event, own!("MemberName")).or_else(|| present(event, own!("MemberSid")));
            done(event, Verb::PermissionChange);
        }
        _ => done(event, Verb::PermissionChange),
    }
}

/// Processes, services, tasks, rights and policies of the machine.
fn machine<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    match id {
        4688 => {
            event.object = present(event, own!("NewProcessName"));
            event.object_kind = Some(ObjectKind::Process);
            link(event, Link::ParentProcessId, own!("ProcessId"));
            done(event, Verb::Execute);
        }
        4689 | 4696 | 4703 => {
            event.object = present(event, own!("ProcessName"));
            event.object_kind = Some(ObjectKind::Process);
            done(event, Verb::Other);
        }
        4664 => {
            event.object = present(event, own!("LinkName"));
            event.object_kind = Some(ObjectKind::FileOrFolder);
            done(event, Verb::Create);
        }
        4697 => changed(event, own!("ServiceName"), ObjectKind::Service),
        4698..=4702 => {
            link(event, Link::ProcessId, own!("ClientProcessId"));
            changed(event, own!("TaskName"), ObjectKind::Task);
        }
        4704 | 4705 | 4717 | 4718 => {
            event.target = present(event, own!("TargetSid"));
            event.object = event.target.clone();
            event.object_kind = Some(ObjectKind::Account);
            done(event, Verb::PermissionChange);
        }
        4616 | 4706 | 4707 | 4713..=4716 | 4719 | 4739 | 4906 | 4908 | 4912 => {
            done(event, Verb::ConfigChange)
        }
        4911 | 4913 => {
            access::named(event, None);
            done(event, Verb::PermissionChange);
        }
        _ => {}
    }
}

fn changed<F: Fields>(event: &mut Meaning<'_, F>, name: super::Own, kind: ObjectKind) {
    event.object = present(event, name);
    event.object_kind = Some(kind);
    done(event, Verb::ConfigChange);
}

/// Attributes of a directory object by which somebody gets rights or another's credentials.
const RIGHTS_ATTRIBUTES: [&str; 9] = [
    "altsecurityidentities",
    "member",
    "msds-allowedtoactonbehalfofotheridentity",
    "msds-allowedtodelegateto",
    "msds-keycredentiallink",
    "ntsecuritydescriptor",
    "serviceprincipalname",
    "sidhistory",
    "useraccountcontrol",
];

/// 5136 to 5141: objects of the directory are changed, made, brought back, moved, deleted; 5142 to
/// 5144: shares.
fn directory<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.object = present(event, own!("ObjectDN"));
    event.object_kind = Some(ObjectKind::Other);
    match id {
        5136 => {
            let name = event.field(own!("AttributeLDAPDisplayName")).unwrap_or_default().to_ascii_lowercase();
            let rights = RIGHTS_ATTRIBUTES.contains(&name.as_str());
            done(event, if rights { Verb::PermissionChange } else { Verb::ConfigChange });
        }
        5137 | 5138 => done(event, Verb::Create),
        5139 => {
            event.object = present(event, own!("NewObjectDN"));
            done(event, Verb::Move);
        }
        5141 => done(event, Verb::Delete),
        5142..=5144 => {
            event.object = access::unc(event).map(Cow::Owned);
            event.object_kind = Some(ObjectKind::Share);
            done(event, Verb::ConfigChange);
        }
        _ => {}
    }
}

fn certificate<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.object = present(event, own!("Attributes"));
    event.object_kind = Some(ObjectKind::Certificate);
    event.actor = present(event, own!("Requester"));
    says(
        event,
        Verb::Grant,
        match id {
            // Asked for; 4887 grants it.
            4886 => Some(Unknown),
            4888 => Some(Denied),
            _ => None,
        },
    );
}

/// 5156 and 5157: the filtering platform lets a connection be or stops it. The source is who
/// began it, so the other end is the source of an inbound one.
fn connection<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    let inbound = matches!(event.field(own!("Direction")), Some("%%14592" | "Inbound"));
    event.peer = address(event, if inbound { own!("SourceAddress") } else { own!("DestAddress") });
    match id {
        5156 => says(event, Verb::Connect, Some(Success)),
        5152 | 5153 | 5157 => says(event, Verb::Connect, Some(Denied)),
        // Listening and binding: no connection yet, and no other end.
        _ => event.peer = None,
    }
}

/// Keys on disk (5058), moved out or in (5059), and the credential store.
fn key<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.object = present(event, own!("KeyName")).or_else(|| present(event, own!("TargetName")));
    event.object_kind = Some(ObjectKind::Key);
    event.count = event.field(own!("CountOfCredentialsReturned")).and_then(|count| count.parse().ok());
    link(event, Link::ProcessId, own!("ClientProcessId"));
    match (id, event.field(own!("Operation"))) {
        (5058, Some("%%2458")) => done(event, Verb::Read),
        (5058, Some("%%2459")) => done(event, Verb::Write),
        (5058, Some("%%2460")) => done(event, Verb::Delete),
        (5059, Some("%%2464")) | (5376, _) => done(event, Verb::Export),
        (5059, Some("%%2465")) | (5377, _) => done(event, Verb::Write),
        (5379..=5382, _) => {
            let none = event.count == Some(0);
            says(event, Verb::Read, Some(if none { Failure } else { Success }));
        }
        _ => {}
    }
}

/// Network Policy Server: somebody is let in through a VPN or an access point, or not.
fn admission<F: Fields>(event: &mut Meaning<'_, F>, id: u32) {
    event.peer = address(event, own!("CallingStationID"));
    let outcome = match id {
        6272 | 6278 => Some(Success),
        6273 | 6276 | 6277 | 6279 => Some(Denied),
        _ => return,
    };
    says(event, Verb::Logon, outcome);
}

/// 6416: a device was connected; whether it holds files its class tells.
fn medium<F: Fields>(event: &mut Meaning<'_, F>) {
    event.object = present(event, own!("DeviceId")).or_else(|| present(event, own!("DeviceDescription")));
    event.object_kind = Some(ObjectKind::Medium);
    done(event, Verb::Connect);
}

/// The outcome by the audit keywords; exporters write them as a number or in words.
fn audit_outcome<F: Fields>(event: &Meaning<'_, F>) -> Outcome {
    for word in event.fields.all(own!("Keywords")) {
        let bits = word.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let bits = bits.or_else(|| word.parse::<i64>().ok().map(|signed| signed as u64));
        match (bits, word) {
            (Some(bits), _) if bits & (1 << 52) != 0 => return Failure,
            (Some(bits), _) if bits & (1 << 53) != 0 => return Success,
            (None, "Audit Failure") => return Failure,
            (None, "Audit Success") => return Success,
            _ => {}
        }
    }
    // Azure's table of security events has no keywords; its level is the kind of event of the older
    // event log, whose audits were 8 and 16. Windows' own level of an audit is always 0.
    match event.field(own!("Level")) {
        Some("8") => Success,
        Some("16") => Failure,
        _ => Unknown,
    }
}
