//! Which addresses are a cloud service's own, and how do its sign-in codes end?
//!
//! What several cloud sources need alike. The tables lie in `facts/`, each row with the page on which
//! it was looked up.

use std::net::IpAddr;
use std::sync::LazyLock;

use assize_model::spine::Outcome;
use serde::Deserialize;

/// Networks of one family, by their prefix: sorted, so that an address is found by halving.
struct Networks {
    /// First and last address, both as 128 bits.
    ranges: Vec<(u128, u128)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    service: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    #[serde(rename = "name")]
    _name: String,
    networks: Vec<String>,
}

static FRONT_ENDS: LazyLock<Networks> = LazyLock::new(|| {
    let table: Result<Table, _> = toml::from_str(include_str!("../../../facts/cloud_front_ends.toml"));
    let networks =
        table.map(|table| table.service.into_iter().flat_map(|service| service.networks).collect());
    Networks::of(networks.unwrap_or_default())
});

/// Whether an address is that of a service's front end, not of a client.
pub(crate) fn is_front_end(address: &str) -> bool {
    address.parse().is_ok_and(|address| FRONT_ENDS.hold(address))
}

impl Networks {
    fn of(networks: Vec<String>) -> Self {
        let mut ranges: Vec<_> = networks.iter().filter_map(|network| range(network)).collect();
        ranges.sort_unstable();
        // Ranges that hold others swallow them, so that halving finds the one that counts.
        ranges.dedup_by(|next, kept| next.1 <= kept.1);
        Self { ranges }
    }

    fn hold(&self, address: IpAddr) -> bool {
        let address = bits(address.to_canonical());
        let after = self.ranges.partition_point(|(first, _)| *first <= address);
        after.checked_sub(1).is_some_and(|place| address <= self.ranges[place].1)
    }
}

/// IPv4 lies where IPv6 maps it.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn range(network: &str) -> Option<(u128, u128)> {
    let (address, prefix) = network.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let prefix: u32 = prefix.parse().ok()?;
    let prefix = if address.is_ipv4() { prefix.checked_add(96)? } else { prefix };
    let host = u128::MAX.checked_shr(prefix).unwrap_or(0);
    let first = bits(address) & !host;
    (prefix <= 128).then_some((first, first | host))
}

/// How a sign-in ended, by Microsoft Entra's error code ("Microsoft Entra authentication and
/// authorization error codes", <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).
///
/// Codes of an interruption (50074, 50076, 50079, 50140 …) are failures: that request did not let
/// anybody in; the one that did has a record of its own.
pub(crate) fn sign_in_outcome(code: &str) -> Outcome {
    match code.trim().strip_prefix("AADSTS").unwrap_or(code.trim()) {
        "0" => Outcome::Success,
        "" => Outcome::Unknown,
        // Refused by policy or by the state of the account: conditional access, devices, risk, lock,
        // no assignment, no consent.
        "50053" | "50057" | "50105" | "50020" | "50173" | "53000" | "53001" | "53002" | "53003" | "53004"
        | "53009" | "53010" | "53011" | "530001" | "530003" | "530021" | "530031" | "530032" | "530034"
        | "50055" | "50144" | "65001" | "65004" | "90094" | "700016" | "7000112" => Outcome::Denied,
        code if code.bytes().all(|byte| byte.is_ascii_digit()) => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_ends_are_told_from_clients() {
        for inside in ["40.99.1.1", "2603:10b6:930:3d::7", "::ffff:52.97.0.1", "2603:1026:c03:1::5"] {
            assert!(is_front_end(inside), "{inside}");
        }
        for outside in ["203.0.113.7", "40.112.0.1", "2603:1020::1", "::1", "words", ""] {
            assert!(!is_front_end(outside), "{outside}");
        }
        assert!(
            FRONT_ENDS.ranges.windows(2).all(|pair| pair[0].1 < pair[1].0),
            "sorted, none inside another"
        );
        assert!(FRONT_ENDS.ranges.len() > 40, "the table is read");
    }

    #[test]
    fn codes() {
        for (code, outcome) in [
            ("0", Outcome::Success),
            ("50126", Outcome::Failure),
            ("50074", Outcome::Failure),
            ("53003", Outcome::Denied),
            ("AADSTS50053", Outcome::Denied),
            ("", Outcome::Unknown),
            ("Success", Outcome::Unknown),
        ] {
            assert_eq!(sign_in_outcome(code), outcome, "{code}");
        }
    }
}
