//! Is this address that of a front end, and not of a client?
//!
//! By the cited table `facts/front-ends.toml`, which stands in the program. What is not in it is not known to
//! be one.

use std::net::IpAddr;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    front_end: Vec<FrontEnd>,
}

#[derive(Deserialize)]
struct FrontEnd {
    networks: Vec<String>,
}

/// First and last address of each network, IPv4 as IPv6-mapped, in order.
static NETWORKS: LazyLock<Vec<(u128, u128)>> = LazyLock::new(|| {
    // The table stands in the program; a test reads it.
    let table = toml::from_str(include_str!("../../../facts/front-ends.toml"));
    let table: Table = table.unwrap_or(Table { front_end: Vec::new() });
    let texts = table.front_end.iter().flat_map(|front_end| &front_end.networks);
    let mut networks: Vec<_> = texts.filter_map(|text| network(text)).collect();
    networks.sort_unstable();
    networks
});

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn network(text: &str) -> Option<(u128, u128)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let length: u32 = length.parse().ok()?;
    let bits = if address.is_ipv4() { length + 96 } else { length };
    let host = u128::MAX.checked_shr(bits).unwrap_or(0);
    let first = number(address) & !host;
    Some((first, first | host))
}

/// Whether an address lies in a network of the table.
pub(crate) fn is_front_end(address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let address = number(address);
    let after = NETWORKS.partition_point(|(first, _)| *first <= address);
    after.checked_sub(1).is_some_and(|at| NETWORKS[at].1 >= address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_its_networks_do_not_overlap() {
        let table: Table = toml::from_str(include_str!("../../../facts/front-ends.toml")).unwrap();
        let count: usize = table.front_end.iter().map(|front_end| front_end.networks.len()).sum();
        assert_eq!(NETWORKS.len(), count);
        assert!(NETWORKS.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn addresses_inside_and_outside() {
        for inside in ["104.16.0.0", "104.27.255.255", "2606:4700::1", "::ffff:151.101.1.1", "35.191.7.7"] {
            assert!(is_front_end(inside), "{inside}");
        }
        for outside in ["104.15.255.255", "104.28.0.0", "203.0.113.9", "2001:db8::1", "", "front.example"] {
            assert!(!is_front_end(outside), "{outside}");
        }
    }
}
