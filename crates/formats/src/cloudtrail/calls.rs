//! What does each call of Amazon Web Services mean?
//!
//! By the references of the services' interfaces, <https://docs.aws.amazon.com/>, and the "Service Authorization
//! Reference". Calls that are not listed are told by the convention of their names: `List…` and `Describe…` give names and
//! properties, other reading calls are queries, and what changes something is a change of configuration.

use assize_model::spine::{ObjectKind as Kind, Scope, Verb};

use Scope::{Container, Item};

/// Service, call, and what it does; sorted by service and call.
const CALLS: &[(&str, &str, Verb, Kind, Scope)] = &[
    ("athena", "GetQueryResults", Verb::Query, Kind::RowSet, Container),
    ("athena", "StartQueryExecution", Verb::Query, Kind::Table, Container),
    ("backup", "StartCopyJob", Verb::Copy, Kind::Other, Container),
    ("backup", "StartRestoreJob", Verb::Clone, Kind::Other, Container),
    ("cloudtrail", "DeleteTrail", Verb::ConfigChange, Kind::Log, Container),
    ("cloudtrail", "PutEventSelectors", Verb::ConfigChange, Kind::Log, Container),
    ("cloudtrail", "StopLogging", Verb::ConfigChange, Kind::Log, Container),
    ("cloudtrail", "UpdateTrail", Verb::ConfigChange, Kind::Log, Container),
    ("dynamodb", "BatchGetItem", Verb::Query, Kind::RowSet, Container),
    ("dynamodb", "ExportTableToPointInTime", Verb::Export, Kind::Table, Container),
    ("dynamodb", "GetItem", Verb::Query, Kind::RowSet, Item),
    ("dynamodb", "Query", Verb::Query, Kind::RowSet, Container),
    ("dynamodb", "Scan", Verb::Query, Kind::RowSet, Container),
    ("ec2", "AuthorizeSecurityGroupIngress", Verb::PermissionChange, Kind::Other, Item),
    ("ec2", "CopyImage", Verb::Copy, Kind::Other, Container),
    ("ec2", "CopySnapshot", Verb::Copy, Kind::Other, Container),
    ("ec2", "CreateImage", Verb::Snapshot, Kind::Host, Container),
    ("ec2", "CreateSnapshot", Verb::Snapshot, Kind::Other, Container),
    ("ec2", "CreateSnapshots", Verb::Snapshot, Kind::Host, Container),
    ("ec2", "CreateStoreImageTask", Verb::Export, Kind::Other, Container),
    ("ec2", "DeleteFlowLogs", Verb::ConfigChange, Kind::Log, Container),
    ("ec2", "ExportImage", Verb::Export, Kind::Other, Container),
    ("ec2", "GetConsoleOutput", Verb::Read, Kind::Host, Item),
    ("ec2", "GetPasswordData", Verb::Read, Kind::Key, Item),
    ("ec2", "ModifyImageAttribute", Verb::Share, Kind::Other, Container),
    ("ec2", "ModifySnapshotAttribute", Verb::Share, Kind::Other, Container),
    ("ec2", "RunInstances", Verb::Create, Kind::Host, Item),
    ("ec2-instance-connect", "SendSSHPublicKey", Verb::Grant, Kind::Host, Item),
    ("ec2-instance-connect", "SendSerialConsoleSSHPublicKey", Verb::Grant, Kind::Host, Item),
    ("guardduty", "DeleteDetector", Verb::ConfigChange, Kind::Log, Container),
    ("iam", "AddUserToGroup", Verb::PermissionChange, Kind::Account, Item),
    ("iam", "AttachGroupPolicy", Verb::PermissionChange, Kind::Group, Item),
    ("iam", "AttachRolePolicy", Verb::PermissionChange, Kind::Account, Item),
    ("iam", "AttachUserPolicy", Verb::PermissionChange, Kind::Account, Item),
    ("iam", "CreateAccessKey", Verb::Create, Kind::Key, Item),
    ("iam", "CreateLoginProfile", Verb::ConfigChange, Kind::Account, Item),
    ("iam", "CreateRole", Verb::Create, Kind::Account, Item),
    ("iam", "CreateUser", Verb::Create, Kind::Account, Item),
    ("iam", "DeleteAccessKey", Verb::Delete, Kind::Key, Item),
    ("iam", "DeleteUser", Verb::Delete, Kind::Account, Item),
    ("iam", "PutGroupPolicy", Verb::PermissionChange, Kind::Group, Item),
    ("iam", "PutRolePolicy", Verb::PermissionChange, Kind::Account, Item),
    ("iam", "PutUserPolicy", Verb::PermissionChange, Kind::Account, Item),
    ("iam", "UpdateAssumeRolePolicy", Verb::PermissionChange, Kind::Account, Item),
    ("iam", "UpdateLoginProfile", Verb::ConfigChange, Kind::Account, Item),
    ("kms", "Decrypt", Verb::Read, Kind::Key, Item),
    ("kms", "DisableKey", Verb::ConfigChange, Kind::Key, Item),
    ("kms", "PutKeyPolicy", Verb::PermissionChange, Kind::Key, Item),
    ("kms", "ScheduleKeyDeletion", Verb::Delete, Kind::Key, Item),
    ("lambda", "Invoke", Verb::Execute, Kind::Application, Item),
    ("logs", "CreateExportTask", Verb::Export, Kind::Log, Container),
    ("logs", "DeleteLogGroup", Verb::LogClear, Kind::Log, Container),
    ("logs", "DeleteLogStream", Verb::LogClear, Kind::Log, Container),
    ("rds", "CopyDBSnapshot", Verb::Copy, Kind::Table, Container),
    ("rds", "CreateDBSnapshot", Verb::Snapshot, Kind::Table, Container),
    ("rds", "ModifyDBClusterSnapshotAttribute", Verb::Share, Kind::Table, Container),
    ("rds", "ModifyDBSnapshotAttribute", Verb::Share, Kind::Table, Container),
    ("rds", "RestoreDBInstanceFromDBSnapshot", Verb::Clone, Kind::Table, Container),
    ("rds", "StartExportTask", Verb::Export, Kind::Table, Container),
    ("s3", "CopyObject", Verb::Copy, Kind::File, Item),
    ("s3", "CreateBucket", Verb::Create, Kind::Folder, Container),
    ("s3", "DeleteBucket", Verb::Delete, Kind::Folder, Container),
    ("s3", "DeleteObject", Verb::Delete, Kind::File, Item),
    ("s3", "DeleteObjects", Verb::Delete, Kind::File, Container),
    // Content to whoever asked: whether it left is told by where he was.
    ("s3", "GetObject", Verb::Read, Kind::File, Item),
    ("s3", "GetObjectTorrent", Verb::Read, Kind::File, Item),
    ("s3", "HeadBucket", Verb::List, Kind::Folder, Item),
    ("s3", "HeadObject", Verb::List, Kind::File, Item),
    ("s3", "ListBuckets", Verb::List, Kind::Folder, Container),
    ("s3", "ListObjectVersions", Verb::List, Kind::Folder, Container),
    ("s3", "ListObjects", Verb::List, Kind::Folder, Container),
    ("s3", "ListObjectsV2", Verb::List, Kind::Folder, Container),
    ("s3", "PutBucketAcl", Verb::PermissionChange, Kind::Folder, Container),
    ("s3", "PutBucketLogging", Verb::ConfigChange, Kind::Log, Container),
    ("s3", "PutBucketPolicy", Verb::PermissionChange, Kind::Folder, Container),
    // What it is switched on for goes on to another bucket from then on.
    ("s3", "PutBucketReplication", Verb::Forward, Kind::Folder, Container),
    ("s3", "PutObject", Verb::Create, Kind::File, Item),
    ("s3", "PutObjectAcl", Verb::PermissionChange, Kind::File, Item),
    ("s3", "RestoreObject", Verb::Write, Kind::File, Item),
    ("s3", "SelectObjectContent", Verb::Query, Kind::RowSet, Item),
    ("s3", "UploadPart", Verb::Create, Kind::File, Item),
    ("secretsmanager", "BatchGetSecretValue", Verb::Read, Kind::Key, Container),
    ("secretsmanager", "GetSecretValue", Verb::Read, Kind::Key, Item),
    ("signin", "ConsoleLogin", Verb::Logon, Kind::Application, Item),
    ("signin", "SwitchRole", Verb::Token, Kind::Account, Item),
    ("ssm", "GetParameter", Verb::Read, Kind::Key, Item),
    ("ssm", "GetParameters", Verb::Read, Kind::Key, Container),
    ("ssm", "GetParametersByPath", Verb::Read, Kind::Key, Container),
    ("ssm", "SendCommand", Verb::Execute, Kind::Host, Item),
    ("ssm", "StartSession", Verb::Connect, Kind::Host, Item),
    ("sts", "AssumeRole", Verb::Token, Kind::Account, Item),
    ("sts", "AssumeRoleWithSAML", Verb::Token, Kind::Account, Item),
    ("sts", "AssumeRoleWithWebIdentity", Verb::Token, Kind::Account, Item),
    ("sts", "GetCallerIdentity", Verb::Query, Kind::Account, Item),
    ("sts", "GetFederationToken", Verb::Token, Kind::Account, Item),
    ("sts", "GetSessionToken", Verb::Token, Kind::Account, Item),
];

/// What a call does; `reads` is CloudTrail's own word for whether it changes anything.
pub(super) fn of(service: &str, call: &str, reads: Option<bool>) -> (Verb, Kind, Scope) {
    let service = service.split('.').next().unwrap_or(service);
    // Lambda and others put the version of their interface behind the name.
    let bare = call.find("20").map_or(call, |at| &call[..at]);
    let listed = |call: &str| CALLS.binary_search_by(|known| (known.0, known.1).cmp(&(service, call))).ok();
    if let Some(place) = listed(call).or_else(|| listed(bare)) {
        let (_, _, verb, kind, scope) = CALLS[place];
        return (verb, kind, scope);
    }
    let begins = |word: &str| call.starts_with(word);
    let verb = match reads {
        Some(true) if begins("List") || begins("Describe") => Verb::List,
        Some(true) => Verb::Query,
        Some(false) if begins("Create") => Verb::Create,
        Some(false) if begins("Delete") => Verb::Delete,
        Some(false) => Verb::ConfigChange,
        None => Verb::Other,
    };
    (verb, Kind::Other, if verb == Verb::List { Container } else { Item })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_conventions_hold() {
        for pair in CALLS.windows(2) {
            assert!((pair[0].0, pair[0].1) < (pair[1].0, pair[1].1), "{} before {}", pair[0].1, pair[1].1);
        }
        assert_eq!(of("s3.amazonaws.com", "GetObject", Some(true)), (Verb::Read, Kind::File, Item));
        assert_eq!(of("lambda.amazonaws.com", "Invoke20150331", None).0, Verb::Execute);
        assert_eq!(of("x.amazonaws.com", "DescribeThings", Some(true)), (Verb::List, Kind::Other, Container));
        assert_eq!(
            of("x.amazonaws.com", "DescribeThings", None).0,
            Verb::Other,
            "nothing says that it only reads"
        );
        assert_eq!(of("x.amazonaws.com", "UpdateThing", Some(false)).0, Verb::ConfigChange);
    }
}
