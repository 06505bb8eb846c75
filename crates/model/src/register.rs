//! What does the institution know of its own records, people and rights?
//!
//! One version of it, as it was imported: pseudonyms and places, no identities. Lists keep the
//! order of their keys, so that the same rows give the same bytes however they were ordered.

use serde::{Deserialize, Serialize};

use crate::subject::DataOf;
use crate::{Holding, Item, Plane, Right, Subject, Time};

/// One version of the register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Register {
    /// Bodies of records.
    pub holdings: Vec<Holding>,
    /// Records.
    pub items: Vec<Item>,
    /// Whose data.
    pub subjects: Vec<Subject>,
    /// Which data of whom in what.
    pub holding_subjects: Vec<DataOf>,
    /// Who may do what.
    pub rights: Vec<Right>,
    /// What holds what.
    pub planes: Vec<Plane>,
    /// Machines of the institution.
    pub devices: Vec<Device>,
    /// Accounts.
    pub accounts: Vec<Account>,
    /// Staff, by key.
    pub staff: Vec<Staff>,
    /// Documented reasons for access.
    pub duties: Vec<Duty>,
    /// Journeys.
    pub trips: Vec<Trip>,
    /// Which logs are kept, and how long.
    pub log_sources: Vec<LogSource>,
    /// Matters.
    pub situations: Vec<Situation>,
}

/// Since and until: half open, a missing end has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Validity {
    /// First instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// First instant no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Time>,
}

impl Validity {
    /// Whether it holds at that instant.
    #[must_use]
    pub fn holds_at(&self, at: Time) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// Whether it holds at some instant of `[from, to]`; a missing end has no bound.
    #[must_use]
    pub fn meets(&self, from: Option<Time>, to: Option<Time>) -> bool {
        let begins = self.from.zip(to).is_none_or(|(ours, theirs)| ours <= theirs);
        let ends = self.to.zip(from).is_none_or(|(ours, theirs)| theirs < ours);
        begins && ends
    }
}

/// Where something is found, without telling a protected name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// As the register writes it, protected names masked as `⟦pseudonym~spelling⟧`.
    pub text: String,
    /// Where a name was masked: keyed digest of the plain form, by which evidence is matched all
    /// the same. Without the case's masking key it tells nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A machine of the institution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Serial number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub serial: String,
    /// Hardware address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mac: String,
    /// Inside address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// `workstation`, `file_server`, `hypervisor`, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Staff keys of who uses it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usual_users: Vec<String>,
    /// Managed by the institution.
    #[serde(default)]
    pub managed: Option<bool>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    /// With its domain.
    pub account: String,
    /// For sign-ins.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub upn: String,
    /// Security identifier.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sid: String,
    /// In the cloud's directory.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub object_id: String,
    /// `person`, `administrator`, `service`, `machine`, `well-known`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Whose, of persons.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub staff: String,
    /// Of services: on which machine it works.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub declared_host: String,
}

/// A member of the staff. Names are sealed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Staff {
    /// `staff_id`: the register's own key.
    pub key: String,
    /// Part of the institution.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub organ: String,
    /// What they do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Accounts, the everyday one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Usual device.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub device: String,
    /// Network address of their line at home.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub usual_address: String,
    /// Matters they work on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub case_nos: Vec<String>,
    /// Joined and left.
    #[serde(default)]
    pub valid: Validity,
}

/// A documented reason for access.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Duty {
    /// `duty_id`: the register's own key.
    pub key: String,
    /// `assignment`, `rota`, `ticket`.
    pub kind: String,
    /// Staff key.
    pub staff: String,
    /// Their account.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// For which holdings; empty: all of the matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holdings: Vec<String>,
    /// For which matter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub case_no: String,
    /// Since and until.
    #[serde(default)]
    pub valid: Validity,
}

/// A journey of a member of the staff.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Trip {
    /// Staff key.
    pub staff: String,
    /// Where to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Outside address from which they work there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Away and back.
    #[serde(default)]
    pub valid: Validity,
}

/// A log that is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogSource {
    /// In the words of coverage.
    pub source: String,
    /// Of which machine; empty: of the house or the cloud.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// How long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u64>,
}

/// A matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Situation {
    /// Its number.
    pub case_no: String,
    /// Its title.
    pub situation: String,
    /// As it is written in paths.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
}
