//! Which machine is meant, whatever it is called, and which address was whose when?
//!
//! A host has names (`WS01`, `WS01.court.example`) and, in intervals, addresses. Only what a source
//! adds is taken off a name. An address that two machines could have had stays ambiguous.

use serde::Serialize;

use crate::{Basis, Time};

/// A machine's name, by which two spellings are one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct HostName(String);

impl HostName {
    /// The first label in lower case; an address stays whole. `None` for what names no machine.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let name = name.trim().trim_start_matches('\\').to_lowercase();
        if name.is_empty() || name == "-" {
            return None;
        }
        if name.parse::<std::net::IpAddr>().is_ok() {
            return Some(Self(name));
        }
        name.split('.').next().filter(|label| !label.is_empty()).map(|label| Self(label.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address was a machine's for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Host {
    /// The machine, as most sources write it.
    pub name: String,
    /// The address.
    pub address: String,
    /// First time that it is seen to be so; `None`: not known since when.
    pub from: Option<Time>,
    /// Last time.
    pub to: Option<Time>,
    /// By what it is known: `lease`, `tunnel`, `logon`, `register`.
    pub by: &'static str,
    /// Events that show it.
    pub basis: Option<Basis>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_one_and_addresses_stay_whole() {
        let of = |name| HostName::of(name).map(|name| name.as_str().to_owned());
        assert_eq!(of("FS-01.court.example"), of(r"\\fs-01"));
        assert_eq!(of("10.0.4.17").as_deref(), Some("10.0.4.17"));
        assert_eq!((of(""), of("-"), of(".")), (None, None, None));
    }
}
