//! Which fields does the English message of a Windows event show?
//!
//! Older exports hold no data but the sentence that Windows made of it, with the values under headings (`Subject:`,
//! `Account Name:`). Which heading and label is which field of the event's XML stands on Microsoft's page of each event,
//! which shows both. What is not in the table is left in the message: no name is made up. Messages in other languages
//! are not taken apart.
//!
//! <https://learn.microsoft.com/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/advanced-security-audit-policy-settings>

/// Events of which it is true (all if there are none), heading, label, field.
type Label = (&'static [u32], &'static str, &'static str, &'static str);

const LABELS: &[Label] = &[
    // Logging off and reconnecting call the account that goes the subject, and the data the target.
    (&[4634, 4647], "Subject", "Security ID", "TargetUserSid"),
    (&[4634, 4647], "Subject", "Account Name", "TargetUserName"),
    (&[4634, 4647], "Subject", "Account Domain", "TargetDomainName"),
    (&[4634, 4647], "Subject", "Logon ID", "TargetLogonId"),
    (&[4778, 4779], "Subject", "Account Name", "AccountName"),
    (&[4778, 4779], "Subject", "Account Domain", "AccountDomain"),
    (&[4778, 4779], "Subject", "Logon ID", "LogonID"),
    (&[4778, 4779], "Session", "Session Name", "SessionName"),
    (&[4778, 4779], "Additional Information", "Client Name", "ClientName"),
    (&[4778, 4779], "Additional Information", "Client Address", "ClientAddress"),
    (&[], "Subject", "Security ID", "SubjectUserSid"),
    (&[], "Subject", "Account Name", "SubjectUserName"),
    (&[], "Subject", "Account Domain", "SubjectDomainName"),
    (&[], "Subject", "Domain Name", "SubjectDomainName"),
    (&[], "Subject", "Logon ID", "SubjectLogonId"),
    (&[], "Subject", "Logon GUID", "LogonGuid"),
    (&[], "Creator Subject", "Security ID", "SubjectUserSid"),
    (&[], "Creator Subject", "Account Name", "SubjectUserName"),
    (&[], "Creator Subject", "Account Domain", "SubjectDomainName"),
    (&[], "Creator Subject", "Logon ID", "SubjectLogonId"),
    (&[], "Target Subject", "Security ID", "TargetUserSid"),
    (&[], "Target Subject", "Account Name", "TargetUserName"),
    (&[], "Target Subject", "Account Domain", "TargetDomainName"),
    (&[], "Target Subject", "Logon ID", "TargetLogonId"),
    (&[], "New Logon", "Security ID", "TargetUserSid"),
    (&[], "New Logon", "Account Name", "TargetUserName"),
    (&[], "New Logon", "Account Domain", "TargetDomainName"),
    (&[], "New Logon", "Logon ID", "TargetLogonId"),
    (&[], "New Logon", "Linked Logon ID", "TargetLinkedLogonId"),
    (&[], "New Logon", "Logon GUID", "LogonGuid"),
    (&[], "Account For Which Logon Failed", "Security ID", "TargetUserSid"),
    (&[], "Account For Which Logon Failed", "Account Name", "TargetUserName"),
    (&[], "Account For Which Logon Failed", "Account Domain", "TargetDomainName"),
    (&[], "Account Whose Credentials Were Used", "Account Name", "TargetUserName"),
    (&[], "Account Whose Credentials Were Used", "Account Domain", "TargetDomainName"),
    (&[], "Account Whose Credentials Were Used", "Logon GUID", "TargetLogonGuid"),
    (&[], "Target Server", "Target Server Name", "TargetServerName"),
    (&[], "Target Server", "Additional Information", "TargetInfo"),
    (&[], "", "Logon Type", "LogonType"),
    (&[], "Logon Information", "Logon Type", "LogonType"),
    (&[], "Failure Information", "Failure Reason", "FailureReason"),
    (&[], "Failure Information", "Status", "Status"),
    (&[], "Failure Information", "Sub Status", "SubStatus"),
    (&[4688], "Process Information", "Creator Process ID", "ProcessId"),
    (&[4688], "Process Information", "Creator Process Name", "ParentProcessName"),
    (&[], "Process Information", "New Process ID", "NewProcessId"),
    (&[], "Process Information", "New Process Name", "NewProcessName"),
    (&[], "Process Information", "Process Command Line", "CommandLine"),
    (&[], "Process Information", "Mandatory Label", "MandatoryLabel"),
    (&[], "Process Information", "Process ID", "ProcessId"),
    (&[], "Process Information", "Caller Process ID", "ProcessId"),
    (&[], "Process Information", "Process Name", "ProcessName"),
    (&[], "Process Information", "Caller Process Name", "ProcessName"),
    (&[4689], "Process Information", "Exit Status", "Status"),
    (&[4768, 4769, 4770, 4771], "Network Information", "Client Address", "IpAddress"),
    (&[4768, 4769, 4770, 4771], "Network Information", "Client Port", "IpPort"),
    (&[5140, 5145], "Network Information", "Object Type", "ObjectType"),
    (&[5140, 5145], "Network Information", "Source Address", "IpAddress"),
    (&[5140, 5145], "Network Information", "Source Port", "IpPort"),
    (&[4648], "Network Information", "Network Address", "IpAddress"),
    (&[4648], "Network Information", "Port", "IpPort"),
    (&[], "Network Information", "Workstation Name", "WorkstationName"),
    (&[], "Network Information", "Source Network Address", "IpAddress"),
    (&[], "Network Information", "Source Port", "IpPort"),
    (&[], "Detailed Authentication Information", "Logon Process", "LogonProcessName"),
    (&[], "Detailed Authentication Information", "Authentication Package", "AuthenticationPackageName"),
    (&[], "Object", "Object Server", "ObjectServer"),
    (&[], "Object", "Object Type", "ObjectType"),
    (&[], "Object", "Object Name", "ObjectName"),
    (&[], "Object", "Handle ID", "HandleId"),
    (&[], "Access Request Information", "Access Mask", "AccessMask"),
    (&[], "Share Information", "Share Name", "ShareName"),
    (&[], "Share Information", "Share Path", "ShareLocalPath"),
    (&[], "Share Information", "Relative Target Name", "RelativeTargetName"),
    (&[4771], "Account Information", "Security ID", "TargetSid"),
    (&[4768], "Account Information", "User ID", "TargetSid"),
    (&[4768], "Account Information", "Supplied Realm Name", "TargetDomainName"),
    (&[], "Account Information", "Account Name", "TargetUserName"),
    (&[], "Account Information", "Account Domain", "TargetDomainName"),
    (&[], "Account Information", "Logon GUID", "LogonGuid"),
    (&[], "Service Information", "Service Name", "ServiceName"),
    (&[], "Service Information", "Service ID", "ServiceSid"),
    (&[4697], "Service Information", "Service File Name", "ServiceFileName"),
    (&[], "Additional Information", "Ticket Options", "TicketOptions"),
    (&[], "Additional Information", "Ticket Encryption Type", "TicketEncryptionType"),
    (&[4768], "Additional Information", "Result Code", "Status"),
    (&[4769, 4771], "Additional Information", "Failure Code", "Status"),
    (&[4768, 4771], "Additional Information", "Pre-Authentication Type", "PreAuthType"),
    (&[4776], "", "Authentication Package", "PackageName"),
    (&[4776], "", "Logon Account", "TargetUserName"),
    (&[4776], "", "Source Workstation", "Workstation"),
    (&[4776], "", "Error Code", "Status"),
    (&[4698, 4699, 4700, 4701, 4702], "Task Information", "Task Name", "TaskName"),
    (&[], "New Account", "Security ID", "TargetSid"),
    (&[], "New Account", "Account Name", "TargetUserName"),
    (&[], "New Account", "Account Domain", "TargetDomainName"),
    (&[], "Target Account", "Security ID", "TargetSid"),
    (&[], "Target Account", "Account Name", "TargetUserName"),
    (&[], "Target Account", "Account Domain", "TargetDomainName"),
    (&[], "Group", "Security ID", "TargetSid"),
    (&[], "Group", "Group Name", "TargetUserName"),
    (&[], "Group", "Group Domain", "TargetDomainName"),
    (&[], "Member", "Security ID", "MemberSid"),
    (&[], "Member", "Account Name", "MemberName"),
    (&[4719], "Audit Policy Change", "Category", "CategoryId"),
    (&[4719], "Audit Policy Change", "Subcategory", "SubcategoryId"),
    (&[4719], "Audit Policy Change", "Changes", "AuditPolicyChanges"),
    (&[7045], "", "Service Name", "ServiceName"),
    (&[7045], "", "Service File Name", "ImagePath"),
    (&[7045], "", "Service Type", "ServiceType"),
    (&[7045], "", "Service Start Type", "StartType"),
    (&[7045], "", "Service Account", "AccountName"),
];

/// Names and values that a message shows, in its order.
pub(crate) fn fields(id: Option<u32>, message: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut heading = "";
    for line in message.lines() {
        let text = line.trim();
        let is_below = line.starts_with(['\t', ' ']);
        let Some((label, value)) = text.split_once(':').filter(|(label, _)| is_label(label)) else {
            continue;
        };
        let value = value.trim();
        if value.is_empty() && !is_below {
            heading = label;
            continue;
        }
        let under = if is_below { heading } else { "" };
        if let Some(name) = name(id, under, label) {
            found.push((name.to_owned(), Some(value.to_owned())));
        }
    }
    found
}

/// Of a few words that begin with a capital, as headings and labels do.
fn is_label(text: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'(' | b')' | b'/');
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(is_plain)
}

/// The field of a label. Sensors that name each value as its field is named have no headings.
fn name<'l>(id: Option<u32>, heading: &str, label: &'l str) -> Option<&'l str> {
    let is_it = |(ids, under, known, _): &&Label| {
        (ids.is_empty() || id.is_some_and(|id| ids.contains(&id))) && *under == heading && *known == label
    };
    let known = LABELS.iter().find(is_it).map(|(_, _, _, field)| *field);
    known.or_else(|| (heading.is_empty() && !label.contains([' ', '-', '(', '/'])).then_some(label))
}

#[cfg(test)]
mod tests {
    use super::fields;

    fn told(id: u32, message: &str) -> Vec<(String, String)> {
        fields(Some(id), message).into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn labels_are_fields_by_their_heading_and_event() {
        let message = "An account was successfully logged on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tDC1$\r\n\r\n\
                       Logon Information:\r\n\tLogon Type:\t\t3\r\n\r\nNew Logon:\r\n\tAccount Name:\t\tm.okafor\r\n\r\n\
                       The subject fields indicate the account: it asked.\r\n\t- Key length indicates: the length";
        let expected = [
            ("SubjectUserSid", "S-1-5-18"),
            ("SubjectUserName", "DC1$"),
            ("LogonType", "3"),
            ("TargetUserName", "m.okafor"),
        ];
        assert_eq!(told(4624, message), pairs(&expected));
        let off = "An account was logged off.\n\nSubject:\n\tAccount Name:\t\tm.okafor\n";
        assert_eq!(told(4634, off), pairs(&[("TargetUserName", "m.okafor")]));
    }

    #[test]
    fn sysmon_names_its_values_as_its_fields() {
        let message =
            "Process Create:\nRuleName: -\nUtcTime: 2026-09-14 08:12:03.000\nImage: C:\\Windows\\cmd.exe\n";
        let expected =
            [("RuleName", "-"), ("UtcTime", "2026-09-14 08:12:03.000"), ("Image", "C:\\Windows\\cmd.exe")];
        assert_eq!(told(1, message), pairs(&expected));
    }
}
