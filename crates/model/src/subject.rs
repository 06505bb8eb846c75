//! Whose data is it: an individual, an organisation or a State?
//!
//! Known by pseudonym alone. Who that is was sealed when the register was imported and stands
//! nowhere else. What is not known is `None`, which the rules of danger count as true.

use serde::{Deserialize, Serialize};

use crate::SubjectId;

/// Somebody whose data the institution has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Digest of the key.
    pub id: SubjectId,
    /// `subject_id`: the pseudonym.
    pub key: String,
    /// What kind.
    #[serde(rename = "type")]
    pub kind: SubjectType,
    /// `witness`, `insider_witness`, `victim_applicant`, `source`, `judge`, `State_official`, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// The matter in which their data came here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_no: Option<String>,
    /// Ordered measures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protective_measures: Vec<String>,
    /// `none`, `defence_redacted`, `defence_full`, `public`: who knows already.
    #[serde(default)]
    pub disclosure_state: Option<String>,
    /// `named`, `key+pseudonym`, `pseudonym_only`, `mosaic`: what records show of who they are.
    #[serde(default)]
    pub identity_exposure: Option<String>,
    /// Those who would harm hold the area in which they live.
    #[serde(default)]
    pub hostile_control_of_area: Option<bool>,
    /// Proceedings against them for what they do here.
    #[serde(default)]
    pub hostile_proceedings: Option<bool>,
    /// People who depend on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependants: Option<u64>,
    /// Under age.
    #[serde(default)]
    pub minor: Option<bool>,
    /// `child`, `elderly`, `ill`, `detained`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vulnerability: Vec<String>,
    /// Those who would harm, in words of the register.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adverse_parties: Vec<String>,
    /// Area in which they live, as coarse as the register has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_area: Option<String>,
    /// How they may be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_protocol: Option<String>,
    /// Who decides about reaching them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection_officer: Option<String>,
}

/// What kind of subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum SubjectType {
    Individual,
    Organisation,
    State,
}

impl SubjectType {
    /// The word in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Organisation => "organisation",
            Self::State => "state",
        }
    }
}

/// Which data of a subject lies in a holding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataOf {
    /// Key of the holding.
    pub holding: String,
    /// Key of the subject.
    pub subject: String,
    /// `name`, `address`, `future_date`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// Items of the holding with data of theirs; 0: they only entrusted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u64>,
}
