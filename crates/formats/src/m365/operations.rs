//! What does each operation of Microsoft 365's unified audit mean?
//!
//! Names and meaning: Microsoft, "Audit log activities", <https://learn.microsoft.com/purview/audit-log-activities>,
//! and for cmdlets their own pages. An operation that is not listed is `other`: nothing is guessed from
//! a name. What an operation means may still depend on its parameters; that is decided in `m365.rs`.

use assize_model::spine::{ObjectKind, Verb};

/// What kind of act, and what the record has to be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// Nothing more.
    Plain,
    /// An act on messages of a mailbox.
    Mail,
    /// MailItemsAccessed: reads messages or synchronises a folder.
    Access,
    /// An act on a file, folder or site.
    File,
    /// As `File`, for a rendered preview.
    Preview,
    /// As `File`, several acts in one record.
    Repeated,
    /// As `File`, by a synchronising client.
    Sync,
    /// As `Sync`, part of the file.
    SyncPart,
    /// A link or right for somebody else.
    Share,
    /// A rule or setting that may forward mail.
    Forwarding,
    /// Rights on a mailbox or folder for somebody else.
    Rights,
    /// The setting of a mailbox: forwarding, audit, or anything else.
    Mailbox,
    /// Settings of the audit itself.
    Audit,
    /// A search, with its terms.
    Search,
    /// Asked for; whether it was carried out stands elsewhere.
    Asked,
    /// What is asked for stands in the parameters: export, preview, purge.
    SearchAction,
    /// A sign-in.
    SignIn,
}

use ObjectKind as Kind;
use Way::*;

/// Sorted by name in lower case.
pub(super) const OPERATIONS: &[(&str, Verb, ObjectKind, Way)] = &[
    ("accessedodatalink", Verb::Read, Kind::Other, Plain),
    ("accessrequestapproved", Verb::PermissionChange, Kind::File, Share),
    ("accessrequestcreated", Verb::Other, Kind::File, File),
    ("add-mailboxfolderpermission", Verb::PermissionChange, Kind::Folder, Rights),
    ("add-mailboxpermission", Verb::PermissionChange, Kind::Mailbox, Rights),
    ("add-recipientpermission", Verb::PermissionChange, Kind::Mailbox, Rights),
    ("add-rolegroupmember", Verb::PermissionChange, Kind::Group, Rights),
    ("addedtogroup", Verb::PermissionChange, Kind::Group, Share),
    ("addedtosecurelink", Verb::Share, Kind::File, Share),
    ("addfolderpermissions", Verb::PermissionChange, Kind::Folder, Mail),
    ("anonymouslinkcreated", Verb::Share, Kind::File, Share),
    ("anonymouslinkremoved", Verb::PermissionChange, Kind::File, Share),
    ("anonymouslinkupdated", Verb::Share, Kind::File, Share),
    ("anonymouslinkused", Verb::Read, Kind::File, File),
    ("applyrecordlabel", Verb::ConfigChange, Kind::Message, Mail),
    ("caseadded", Verb::ConfigChange, Kind::Other, Plain),
    ("chatcreated", Verb::Create, Kind::Other, Plain),
    ("chatretrieved", Verb::Read, Kind::Other, Plain),
    ("companylinkcreated", Verb::Share, Kind::File, Share),
    ("companylinkused", Verb::Read, Kind::File, File),
    ("copy", Verb::Copy, Kind::Message, Mail),
    ("create", Verb::Create, Kind::Message, Mail),
    ("createflow", Verb::ConfigChange, Kind::Task, Plain),
    ("disable-inboxrule", Verb::ConfigChange, Kind::Other, Plain),
    ("enable-inboxrule", Verb::ConfigChange, Kind::Other, Forwarding),
    ("fileaccessed", Verb::Read, Kind::File, File),
    ("fileaccessedextended", Verb::Read, Kind::File, Repeated),
    ("filearchived", Verb::Archive, Kind::File, File),
    ("filecheckedin", Verb::Write, Kind::File, File),
    ("filecheckedout", Verb::Other, Kind::File, File),
    ("filecopied", Verb::Copy, Kind::File, File),
    ("filedeleted", Verb::Delete, Kind::File, File),
    ("filedeletedfirststagerecyclebin", Verb::Delete, Kind::File, File),
    ("filedeletedsecondstagerecyclebin", Verb::Delete, Kind::File, File),
    ("filedownloaded", Verb::Download, Kind::File, File),
    ("filemodified", Verb::Write, Kind::File, File),
    ("filemodifiedextended", Verb::Write, Kind::File, Repeated),
    ("filemoved", Verb::Move, Kind::File, File),
    ("filepreviewed", Verb::Read, Kind::File, Preview),
    ("filerecycled", Verb::Delete, Kind::File, File),
    ("filerenamed", Verb::Move, Kind::File, File),
    ("filerestored", Verb::Write, Kind::File, File),
    ("filesyncdownloadedfull", Verb::Download, Kind::File, Sync),
    ("filesyncdownloadedpartial", Verb::Download, Kind::File, SyncPart),
    ("filesyncuploadedfull", Verb::Create, Kind::File, Sync),
    ("filesyncuploadedpartial", Verb::Write, Kind::File, SyncPart),
    // Into the tenant: something new inside the estate, not something that left it.
    ("fileuploaded", Verb::Create, Kind::File, File),
    ("fileversionsalldeleted", Verb::Delete, Kind::File, File),
    ("folderaccessed", Verb::List, Kind::Folder, File),
    ("folderbind", Verb::List, Kind::Folder, Mail),
    ("foldercopied", Verb::Copy, Kind::Folder, File),
    ("foldercreated", Verb::Create, Kind::Folder, File),
    ("folderdeleted", Verb::Delete, Kind::Folder, File),
    ("foldermodified", Verb::Write, Kind::Folder, File),
    ("foldermoved", Verb::Move, Kind::Folder, File),
    ("folderrecycled", Verb::Delete, Kind::Folder, File),
    ("folderrenamed", Verb::Move, Kind::Folder, File),
    ("groupadded", Verb::PermissionChange, Kind::Group, Share),
    ("harddelete", Verb::Delete, Kind::Message, Mail),
    ("holdcreated", Verb::ConfigChange, Kind::Other, Plain),
    ("listitemviewed", Verb::List, Kind::File, File),
    ("listviewed", Verb::List, Kind::Folder, File),
    ("mailboxlogin", Verb::Logon, Kind::Mailbox, Mail),
    ("mailitemsaccessed", Verb::Read, Kind::Message, Access),
    ("memberadded", Verb::PermissionChange, Kind::Group, Plain),
    ("memberrolechanged", Verb::PermissionChange, Kind::Group, Plain),
    ("messagebind", Verb::Read, Kind::Message, Mail),
    ("messagecreatedhaslink", Verb::Send, Kind::Message, Plain),
    ("messagehostedcontentread", Verb::Read, Kind::Message, Plain),
    ("messagehostedcontentslisted", Verb::List, Kind::Message, Plain),
    ("messageread", Verb::Read, Kind::Message, Plain),
    ("messagesent", Verb::Send, Kind::Message, Plain),
    ("messagesexported", Verb::Export, Kind::Message, Plain),
    ("messageslisted", Verb::List, Kind::Message, Plain),
    ("modifyfolderpermissions", Verb::PermissionChange, Kind::Folder, Mail),
    ("move", Verb::Move, Kind::Message, Mail),
    ("movetodeleteditems", Verb::Delete, Kind::Message, Mail),
    ("new-compliancesearch", Verb::Search, Kind::Mailbox, Asked),
    ("new-compliancesearchaction", Verb::Search, Kind::Mailbox, SearchAction),
    ("new-inboundconnector", Verb::ConfigChange, Kind::Other, Plain),
    ("new-inboxrule", Verb::ConfigChange, Kind::Other, Forwarding),
    ("new-journalrule", Verb::ConfigChange, Kind::Other, Forwarding),
    ("new-mailboxexportrequest", Verb::Export, Kind::Mailbox, Asked),
    ("new-mailboxsearch", Verb::Search, Kind::Mailbox, Asked),
    ("new-managementroleassignment", Verb::PermissionChange, Kind::Group, Rights),
    ("new-outboundconnector", Verb::ConfigChange, Kind::Other, Plain),
    ("new-rolegroup", Verb::PermissionChange, Kind::Group, Rights),
    ("new-transportrule", Verb::ConfigChange, Kind::Other, Forwarding),
    ("pageviewed", Verb::List, Kind::Site, File),
    ("pageviewedextended", Verb::List, Kind::Site, Repeated),
    ("permissionlevelmodified", Verb::PermissionChange, Kind::Site, Share),
    ("recorddelete", Verb::Delete, Kind::Message, Mail),
    ("recordingexported", Verb::Export, Kind::File, Plain),
    ("remove-adminauditlogsearch", Verb::ConfigChange, Kind::Log, Plain),
    ("remove-compliancesearch", Verb::ConfigChange, Kind::Other, Plain),
    ("remove-inboxrule", Verb::ConfigChange, Kind::Other, Plain),
    ("remove-mailboxfolderpermission", Verb::PermissionChange, Kind::Folder, Rights),
    ("remove-mailboxpermission", Verb::PermissionChange, Kind::Mailbox, Rights),
    ("remove-recipientpermission", Verb::PermissionChange, Kind::Mailbox, Rights),
    ("remove-transportrule", Verb::ConfigChange, Kind::Other, Plain),
    ("remove-unifiedauditlogretentionpolicy", Verb::ConfigChange, Kind::Log, Audit),
    ("removedfromsecurelink", Verb::PermissionChange, Kind::File, Share),
    ("removefolderpermissions", Verb::PermissionChange, Kind::Folder, Mail),
    ("searchcreated", Verb::Search, Kind::Mailbox, Search),
    ("searchexportdownloaded", Verb::Download, Kind::Mailbox, Search),
    ("searchexported", Verb::Export, Kind::Mailbox, Search),
    ("searchpreviewed", Verb::Search, Kind::Mailbox, Search),
    ("searchquery", Verb::Search, Kind::Other, Search),
    ("searchqueryinitiatedexchange", Verb::Search, Kind::Other, Search),
    ("searchqueryinitiatedsharepoint", Verb::Search, Kind::Other, Search),
    ("searchqueryperformed", Verb::Search, Kind::Other, Search),
    ("searchresultspurged", Verb::Delete, Kind::Mailbox, Search),
    ("searchstarted", Verb::Search, Kind::Mailbox, Search),
    ("securelinkcreated", Verb::Share, Kind::File, Share),
    ("securelinkused", Verb::Read, Kind::File, File),
    ("send", Verb::Send, Kind::Message, Mail),
    ("sendas", Verb::Send, Kind::Message, Mail),
    ("sendonbehalf", Verb::Send, Kind::Message, Mail),
    ("set-adminauditlogconfig", Verb::ConfigChange, Kind::Log, Audit),
    ("set-casmailbox", Verb::ConfigChange, Kind::Mailbox, Plain),
    ("set-inboxrule", Verb::ConfigChange, Kind::Other, Forwarding),
    ("set-mailbox", Verb::ConfigChange, Kind::Mailbox, Mailbox),
    ("set-mailboxauditbypassassociation", Verb::ConfigChange, Kind::Log, Audit),
    ("set-mailboxfolderpermission", Verb::PermissionChange, Kind::Folder, Rights),
    ("set-organizationconfig", Verb::ConfigChange, Kind::Other, Plain),
    ("set-transportrule", Verb::ConfigChange, Kind::Other, Forwarding),
    ("set-unifiedauditlogretentionpolicy", Verb::ConfigChange, Kind::Log, Audit),
    ("sharinginheritancebroken", Verb::PermissionChange, Kind::File, Share),
    ("sharinginvitationaccepted", Verb::Share, Kind::File, Share),
    ("sharinginvitationcreated", Verb::Share, Kind::File, Share),
    ("sharingpolicychanged", Verb::ConfigChange, Kind::Site, Share),
    ("sharingrevoked", Verb::PermissionChange, Kind::File, Share),
    ("sharingset", Verb::Share, Kind::File, Share),
    ("sitecollectionadminadded", Verb::PermissionChange, Kind::Site, Share),
    ("softdelete", Verb::Delete, Kind::Message, Mail),
    ("start-compliancesearch", Verb::Search, Kind::Mailbox, Asked),
    ("subscribedtomessages", Verb::Read, Kind::Message, Plain),
    ("teamssessionstarted", Verb::Logon, Kind::Application, Plain),
    ("transcriptsexported", Verb::Export, Kind::File, Plain),
    ("unmanagedsyncclientblocked", Verb::Download, Kind::File, File),
    ("update", Verb::Write, Kind::Message, Mail),
    ("updatecalendardelegation", Verb::PermissionChange, Kind::Folder, Mail),
    ("updatefolderpermissions", Verb::PermissionChange, Kind::Folder, Mail),
    ("updateinboxrules", Verb::ConfigChange, Kind::Other, Forwarding),
    ("userloggedin", Verb::Logon, Kind::Application, SignIn),
    ("userloggedoff", Verb::Logoff, Kind::Application, Plain),
    ("userloginfailed", Verb::Logon, Kind::Application, SignIn),
    ("viewedsearchexported", Verb::Read, Kind::Mailbox, Search),
    ("viewedsearchpreviewed", Verb::Read, Kind::Mailbox, Search),
];

/// What an operation means, whatever its case; directory operations end with a full stop.
pub(super) fn of(operation: &str) -> Option<(Verb, ObjectKind, Way)> {
    // Longer than every name: not looked for.
    let mut lower = [0u8; 48];
    let lower = lower.get_mut(..operation.len())?;
    lower.copy_from_slice(operation.as_bytes());
    lower.make_ascii_lowercase();
    let place = OPERATIONS.binary_search_by(|(name, ..)| name.as_bytes().cmp(lower)).ok()?;
    let (_, verb, kind, way) = OPERATIONS[place];
    Some((verb, kind, way))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_found_whatever_the_case() {
        for pair in OPERATIONS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        assert_eq!(of("MailItemsAccessed"), Some((Verb::Read, ObjectKind::Message, Access)));
        assert_eq!(of("New-InboxRule").map(|(.., way)| way), Some(Forwarding));
        assert_eq!(of("Something new"), None);
        assert_eq!(of(&"x".repeat(100)), None);
        assert!(OPERATIONS.iter().all(|(name, ..)| name.len() <= 48));
    }
}
