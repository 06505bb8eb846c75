//! Under which name does a system know somebody?
//!
//! A SID, a UPN, a mailbox, a database role, an app id are accounts; whose they are says an
//! [`Identity`](crate::Identity). An account is named by its namespace and its name in it, so that
//! `court\o.dane` and a local `o.dane` never become one by accident.

use serde::Serialize;

use crate::AccountId;

/// In which system's sense a name is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Namespace {
    /// `DOMAIN\name`, as Windows writes it.
    Windows,
    /// `S-1-5-…`
    Sid,
    /// `name@domain`: UPN, mailbox, cloud identity.
    Mail,
    /// A bare name of one application: VPN, document system, database.
    Local,
}

/// An account in one namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Account {
    /// In which sense.
    pub namespace: Namespace,
    /// As sources write it most often.
    pub name: String,
}

impl Namespace {
    /// The word in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Sid => "sid",
            Self::Mail => "mail",
            Self::Local => "local",
        }
    }
}

impl Account {
    /// The account that a source names, by the form of the name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let name = name.trim();
        let namespace = if name.starts_with("S-1-") {
            Namespace::Sid
        } else if name.contains('\\') {
            Namespace::Windows
        } else if name.contains('@') {
            Namespace::Mail
        } else {
            Namespace::Local
        };
        Self { namespace, name: name.to_owned() }
    }

    /// The name by which two spellings are one: Windows and mail do not tell upper from lower case.
    /// Kerberos writes the realm (`COURT.EXAMPLE\name`) where NTLM writes the short domain; both
    /// spellings meet in [`Self::short`], never here.
    #[must_use]
    pub fn key(&self) -> String {
        self.name.to_lowercase()
    }

    /// The local name in lower case, without domain or suffix: what two namespaces can share. That
    /// they share it proves nothing.
    #[must_use]
    pub fn short(&self) -> String {
        let local = self.name.rsplit('\\').next().unwrap_or(&self.name);
        let local =
            if self.namespace == Namespace::Mail { local.split('@').next().unwrap_or(local) } else { local };
        local.to_lowercase()
    }

    /// Digest of namespace and name.
    #[must_use]
    pub fn id(&self) -> AccountId {
        AccountId::of(&[self.namespace.as_str().as_bytes(), self.key().as_bytes()])
    }

    /// Whether it is a machine's own (`WS01$`) or one that the system keeps for itself.
    #[must_use]
    pub fn is_machine(&self) -> bool {
        let short = self.short();
        short.ends_with('$')
            || matches!(short.as_str(), "system" | "local service" | "network service" | "anonymous logon")
            || short
                .strip_prefix("dwm-")
                .or_else(|| short.strip_prefix("umfd-"))
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_by_its_form_whose_sense_it_has() {
        let of = |name| Account::of(name).namespace;
        assert_eq!(of(r"COURT\o.dane"), Namespace::Windows);
        assert_eq!(of("o.dane@court.example"), Namespace::Mail);
        assert_eq!(of("S-1-5-18"), Namespace::Sid);
        assert_eq!(of("o.dane"), Namespace::Local);
    }

    #[test]
    fn spellings_are_one_and_namespaces_are_not() {
        assert_eq!(Account::of(r"COURT\O.Dane").id(), Account::of(r"court\o.dane").id());
        assert_ne!(Account::of(r"COURT\o.dane").id(), Account::of("o.dane").id());
        assert_eq!(Account::of("o.dane@court.example").short(), Account::of(r"COURT\O.Dane").short());
        assert!(Account::of(r"COURT\WS01$").is_machine() && !Account::of(r"COURT\dwm-x").is_machine());
    }
}
