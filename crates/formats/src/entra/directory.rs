//! What does each operation of the directory mean?
//!
//! Microsoft, "Microsoft Entra audit log activity reference",
//! <https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities>. The unified audit writes the same
//! names with a full stop behind them. What is not listed is `other`.

use assize_model::spine::{ObjectKind as Kind, Verb};

/// Sorted by name in lower case.
const ACTIVITIES: &[(&str, Verb, Kind)] = &[
    ("add app role assignment grant to user", Verb::Grant, Kind::Application),
    ("add app role assignment to group", Verb::Grant, Kind::Application),
    ("add app role assignment to service principal", Verb::Grant, Kind::Application),
    ("add application", Verb::Create, Kind::Application),
    ("add conditional access policy", Verb::ConfigChange, Kind::Other),
    ("add delegated permission grant", Verb::Grant, Kind::Application),
    ("add device", Verb::Create, Kind::Host),
    ("add eligible member to role", Verb::PermissionChange, Kind::Account),
    ("add eligible member to role in pim completed (permanent)", Verb::PermissionChange, Kind::Account),
    ("add group", Verb::Create, Kind::Group),
    ("add member to group", Verb::PermissionChange, Kind::Account),
    ("add member to role", Verb::PermissionChange, Kind::Account),
    ("add member to role completed (pim activation)", Verb::PermissionChange, Kind::Account),
    ("add member to role in pim completed (permanent)", Verb::PermissionChange, Kind::Account),
    ("add oauth2permissiongrant", Verb::Grant, Kind::Application),
    ("add owner to application", Verb::PermissionChange, Kind::Application),
    ("add owner to group", Verb::PermissionChange, Kind::Account),
    ("add owner to service principal", Verb::PermissionChange, Kind::Application),
    ("add passwordless phone sign-in credential", Verb::ConfigChange, Kind::Account),
    ("add policy", Verb::ConfigChange, Kind::Other),
    ("add registered owner to device", Verb::PermissionChange, Kind::Host),
    ("add registered users to device", Verb::PermissionChange, Kind::Host),
    ("add role assignment to role definition", Verb::PermissionChange, Kind::Account),
    ("add service principal", Verb::Create, Kind::Application),
    ("add service principal credentials", Verb::Create, Kind::Key),
    ("add unverified domain", Verb::ConfigChange, Kind::Other),
    ("add user", Verb::Create, Kind::Account),
    ("admin deleted security info", Verb::ConfigChange, Kind::Account),
    ("admin registered security info", Verb::ConfigChange, Kind::Account),
    ("admin updated security info", Verb::ConfigChange, Kind::Account),
    ("change password (self-service)", Verb::ConfigChange, Kind::Account),
    ("change user password", Verb::ConfigChange, Kind::Account),
    ("consent to application", Verb::Consent, Kind::Application),
    ("delete application", Verb::Delete, Kind::Application),
    ("delete conditional access policy", Verb::ConfigChange, Kind::Other),
    ("delete device", Verb::Delete, Kind::Host),
    ("delete group", Verb::Delete, Kind::Group),
    ("delete user", Verb::Delete, Kind::Account),
    ("disable account", Verb::ConfigChange, Kind::Account),
    ("disable strong authentication", Verb::ConfigChange, Kind::Account),
    ("download users", Verb::Download, Kind::Account),
    ("enable account", Verb::ConfigChange, Kind::Account),
    ("enable strong authentication", Verb::ConfigChange, Kind::Account),
    ("hard delete application", Verb::Delete, Kind::Application),
    ("hard delete user", Verb::Delete, Kind::Account),
    ("invite external user", Verb::Create, Kind::Account),
    ("register device", Verb::Create, Kind::Host),
    ("remove app role assignment from service principal", Verb::PermissionChange, Kind::Application),
    ("remove delegated permission grant", Verb::PermissionChange, Kind::Application),
    ("remove eligible member from role", Verb::PermissionChange, Kind::Account),
    ("remove member from group", Verb::PermissionChange, Kind::Account),
    ("remove member from role", Verb::PermissionChange, Kind::Account),
    ("remove oauth2permissiongrant", Verb::PermissionChange, Kind::Application),
    ("remove service principal", Verb::Delete, Kind::Application),
    ("remove service principal credentials", Verb::Delete, Kind::Key),
    ("reset password (by admin)", Verb::ConfigChange, Kind::Account),
    ("reset password (self-service)", Verb::ConfigChange, Kind::Account),
    ("reset user password", Verb::ConfigChange, Kind::Account),
    ("restore user", Verb::Create, Kind::Account),
    ("set company information", Verb::ConfigChange, Kind::Other),
    ("set domain authentication", Verb::ConfigChange, Kind::Other),
    ("set federation settings on domain", Verb::ConfigChange, Kind::Other),
    ("set force change user password", Verb::ConfigChange, Kind::Account),
    ("unregister device", Verb::Delete, Kind::Host),
    ("update application", Verb::ConfigChange, Kind::Application),
    ("update application – certificates and secrets management", Verb::Create, Kind::Key),
    ("update authorization policy", Verb::ConfigChange, Kind::Other),
    ("update conditional access policy", Verb::ConfigChange, Kind::Other),
    ("update device", Verb::ConfigChange, Kind::Host),
    ("update group", Verb::ConfigChange, Kind::Group),
    ("update policy", Verb::ConfigChange, Kind::Other),
    ("update service principal", Verb::ConfigChange, Kind::Application),
    ("update stsrefreshtokenvalidfrom timestamp", Verb::ConfigChange, Kind::Account),
    ("update user", Verb::ConfigChange, Kind::Account),
    ("user changed default security info", Verb::ConfigChange, Kind::Account),
    ("user deleted security info", Verb::ConfigChange, Kind::Account),
    ("user registered all required security info", Verb::ConfigChange, Kind::Account),
    ("user registered security info", Verb::ConfigChange, Kind::Account),
    ("user started security info registration", Verb::ConfigChange, Kind::Account),
    ("verify domain", Verb::ConfigChange, Kind::Other),
];

/// What an operation of the directory means, whatever its case, with or without its full stop.
pub(crate) fn operation(name: &str) -> Option<(Verb, Kind)> {
    let name = name.trim().trim_end_matches('.').trim().to_lowercase();
    let place = ACTIVITIES.binary_search_by(|(known, ..)| (*known).cmp(name.as_str())).ok()?;
    let (_, verb, kind) = ACTIVITIES[place];
    Some((verb, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_found_in_both_spellings() {
        for pair in ACTIVITIES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        assert_eq!(operation("Consent to application."), Some((Verb::Consent, Kind::Application)));
        assert_eq!(
            operation("Update application – Certificates and secrets management "),
            Some((Verb::Create, Kind::Key))
        );
        assert_eq!(operation("Something new"), None);
    }
}
