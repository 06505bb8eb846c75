//! Is an address in a network?
//!
//! For `cidr`. An IPv4 address that a source writes as IPv6 (`::ffff:10.0.0.1`, as Windows does
//! in logon events) counts as the IPv4 address it is, beside being the IPv6 one.

use std::fmt;
use std::net::IpAddr;

/// A network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads `10.0.0.0/8` or `fe80::/10`; an address alone is a network of one. Bits beyond the
    /// prefix are ignored.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address.parse().ok()?, Some(prefix)),
            None => (text.parse().ok()?, None),
        };
        let bits = bits(address).1;
        let is_plain = |prefix: &str| prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = match prefix {
            Some(prefix) if is_plain(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= bits)?,
            Some(_) => return None,
            None => bits,
        };
        Some(Self { address, prefix })
    }

    /// An address of it, and how many of its leading bits all have in common.
    pub(crate) fn parts(&self) -> (IpAddr, u32) {
        (self.address, self.prefix)
    }

    /// Whether the text is an address of this network.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        let Ok(address) = text.parse::<IpAddr>() else { return false };
        self.has(address) || self.has(address.to_canonical())
    }

    fn has(&self, address: IpAddr) -> bool {
        let ((own, width), (other, other_width)) = (bits(self.address), bits(address));
        let rest = width - self.prefix;
        width == other_width && (rest == 128 || own >> rest == other >> rest)
    }
}

fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_networks() {
        let has = |network: &str, address: &str| Network::of_text(network).map(|net| net.contains(address));
        assert_eq!(has("10.0.0.0/8", "10.255.255.255"), Some(true));
        assert_eq!(has("10.0.0.0/8", "11.0.0.0"), Some(false));
        assert_eq!(has("0.0.0.0/0", "255.1.1.1"), Some(true));
        assert_eq!(has("0.0.0.0/0", "::1"), Some(false));
        assert_eq!(has("::/0", "::1"), Some(true));
        assert_eq!(has("fe80::/10", "febf::1"), Some(true));
        assert_eq!(has("fe80::/10", "fec0::1"), Some(false));
        assert_eq!(has("127.0.0.1", "::ffff:127.0.0.1"), Some(true));
        assert_eq!(has("10.0.0.0/8", "-"), Some(false));
        for text in ["10.0.0.0/33", "10.0.0/8", "::/129", "x", "1.1.1.1/", "1.1.1.1/+8"] {
            assert_eq!(Network::of_text(text), None, "{text}");
        }
    }
}
