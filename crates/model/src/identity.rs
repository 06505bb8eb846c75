//! Which accounts are one person's or service's, and why do we say so?
//!
//! Accounts are joined by the staff register or by evidence that names both; a likeness of names
//! joins nothing. What could be joined and is not stays two identities.

use serde::Serialize;

use crate::{Account, IdentityId};

/// One person or service behind one or several accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Its accounts, sorted, at least one.
    pub accounts: Vec<Account>,
    /// Why they are one; empty for a single account.
    pub because: Vec<String>,
    /// Events on which the joining stands; a register's rows are named in `because`.
    pub basis: Vec<String>,
}

impl Identity {
    /// Digest of the accounts: a further account makes it another identity.
    #[must_use]
    pub fn id(&self) -> IdentityId {
        let mut ids: Vec<String> = self.accounts.iter().map(|account| account.id().to_string()).collect();
        ids.sort();
        let parts: Vec<&[u8]> = ids.iter().map(String::as_bytes).collect();
        IdentityId::of(&parts)
    }
}
