//! How is a key held by k of n people, and by none of fewer?
//!
//! Shamir's scheme over GF(256) by bytes (polynomial 0x11d, as `blahaj` and secrets.js have it). A share
//! is a line that can be typed: its number, and a checksum that tells a slip of the pen before it is
//! blamed on an officer. Thirty lines of Python or the npm package `secrets.js-grempe` put shares together
//! without us (docs/guide/names.md).

use assize_model::Protected;
use blahaj::{Share, Sharks};
use data_encoding::HEXLOWER;

/// Why shares give no key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ShareError {
    /// A line that is no share.
    #[error(
        "share {0}: not as it was handed out (801…, two digits of a number, hexadecimal, a dot, a checksum)"
    )]
    Unreadable(usize),
    /// The same share twice.
    #[error("share {0} was given twice; {1} different ones are needed")]
    Twice(u8, u8),
    /// Too few.
    #[error("{given} shares were given, {needed} are needed")]
    TooFew {
        /// How many.
        given: usize,
        /// Of how many.
        needed: u8,
    },
    /// What comes out is no key that was split here.
    #[error("these shares do not belong together")]
    Foreign,
    /// No such division.
    #[error("{k} of {n}: at least 2, and not more than there are officers (255 at most)")]
    Division {
        /// Needed.
        k: u8,
        /// Handed out.
        n: u8,
    },
}

/// Stands before the secret, so that shares that do not belong together are noticed, and so that secrets.js,
/// which drops leading zeros, gives back what went in.
const MARK: u8 = 1;

/// Splits a secret into n lines, of which any k give it back.
///
/// # Errors
/// [`ShareError::Division`].
pub fn split(secret: &Protected, k: u8, n: u8) -> Result<Vec<Protected>, ShareError> {
    if k < 2 || n < k || n == u8::MAX {
        return Err(ShareError::Division { k, n });
    }
    let mut bytes = vec![MARK];
    bytes.extend_from_slice(secret.expose().as_bytes());
    let shares = Sharks(k).dealer(&bytes).take(usize::from(n)).map(|share| line(&share)).collect();
    bytes.fill(0);
    std::hint::black_box(&bytes);
    Ok(shares)
}

/// Puts shares together.
///
/// # Errors
/// Where a line is no share, one stands twice, there are fewer than k, or they are of different keys.
pub fn combine(lines: &[Protected], k: u8) -> Result<Protected, ShareError> {
    let mut shares: Vec<Share> = Vec::new();
    for (at, text) in lines.iter().enumerate() {
        let bytes = bytes_of(text.expose()).ok_or(ShareError::Unreadable(at + 1))?;
        if shares.iter().any(|share| Vec::from(share)[0] == bytes[0]) {
            return Err(ShareError::Twice(bytes[0], k));
        }
        shares.push(Share::try_from(bytes.as_slice()).map_err(|_| ShareError::Unreadable(at + 1))?);
    }
    if shares.len() < usize::from(k) {
        return Err(ShareError::TooFew { given: shares.len(), needed: k });
    }
    let whole = Sharks(k).recover(&shares).map_err(|_| ShareError::Foreign)?;
    match whole.split_first() {
        Some((&MARK, secret)) => {
            let text = String::from_utf8(secret.to_vec()).map_err(|_| ShareError::Foreign)?;
            Ok(Protected::new(text))
        }
        _ => Err(ShareError::Foreign),
    }
}

/// `801` (the notation of secrets.js: eight bits, number 1), hexadecimal, a dot, a checksum.
fn line(share: &Share) -> Protected {
    let bytes = Vec::from(share);
    let body = format!("8{}", HEXLOWER.encode(&bytes));
    let checksum = checksum(&body);
    Protected::new(format!("{body}.{checksum:04x}"))
}

fn bytes_of(line: &str) -> Option<Vec<u8>> {
    let kept: String = line.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let (body, sum) = kept.split_once('.')?;
    if u16::from_str_radix(sum, 16).ok()? != checksum(&body.to_ascii_lowercase()) {
        return None;
    }
    let bytes = HEXLOWER.decode(body.to_ascii_lowercase().strip_prefix('8')?.as_bytes()).ok()?;
    (bytes.len() > 2).then_some(bytes)
}

/// CRC-16/CCITT-FALSE: finds every slip of up to three letters in a line of this length.
fn checksum(text: &str) -> u16 {
    text.bytes().fold(0xffff, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(byte) << 8), |sum, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Protected {
        Protected::new("AGE-SECRET-KEY-1QQPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQG".to_owned())
    }

    fn some(shares: &[Protected], which: &[usize]) -> Vec<Protected> {
        which.iter().map(|at| Protected::new(shares[*at].expose().to_owned())).collect()
    }

    #[test]
    fn every_k_of_n_recombine_and_no_fewer() {
        for (k, n) in [(2, 2), (2, 3), (3, 5)] {
            let shares = split(&secret(), k, n).ok().unwrap();
            for subset in 0_u32..1 << n {
                let which: Vec<usize> = (0..usize::from(n)).filter(|at| subset & (1 << at) != 0).collect();
                let given = combine(&some(&shares, &which), k);
                if which.len() >= usize::from(k) {
                    assert!(
                        given.is_ok_and(|whole| whole.expose() == secret().expose()),
                        "{k} of {n}: {which:?}"
                    );
                } else {
                    let few = ShareError::TooFew { given: which.len(), needed: k };
                    assert!(given.is_err_and(|error| error == few), "{which:?}");
                }
            }
        }
    }

    #[test]
    fn slips_and_strangers_are_told() {
        let shares = split(&secret(), 2, 3).ok().unwrap();
        let slip = Protected::new(shares[0].expose().replacen('a', "b", 1).replacen('1', "7", 1));
        let error = combine(&[slip, Protected::new(shares[1].expose().to_owned())], 2).err();
        assert_eq!(error, Some(ShareError::Unreadable(1)));
        assert_eq!(combine(&some(&shares, &[1, 1]), 2).err(), Some(ShareError::Twice(2, 2)));
        let others = split(&secret(), 2, 3).ok().unwrap();
        let mixed = [some(&shares, &[0]), some(&others, &[1])].concat_lists();
        assert_eq!(combine(&mixed, 2).err(), Some(ShareError::Foreign));
        assert_eq!(split(&secret(), 1, 3).err(), Some(ShareError::Division { k: 1, n: 3 }));
    }

    trait ConcatLists {
        fn concat_lists(self) -> Vec<Protected>;
    }
    impl ConcatLists for [Vec<Protected>; 2] {
        fn concat_lists(self) -> Vec<Protected> {
            self.into_iter().flatten().collect()
        }
    }

    /// Each byte of a share of a fixed secret takes each value equally often: χ² over many splits, with a
    /// bound that chance passes once in a million times. A generator that spares zero or even numbers fails.
    #[test]
    fn shares_are_uniform() {
        let secret = Protected::new("s".to_owned());
        let mut counts = [[0_u32; 256]; 2];
        const SPLITS: u32 = 40_000;
        for _ in 0..SPLITS {
            for (at, share) in split(&secret, 2, 2).ok().unwrap().iter().enumerate() {
                let bytes = bytes_of(share.expose()).unwrap();
                counts[at][usize::from(bytes[2])] += 1;
            }
        }
        let expected = f64::from(SPLITS) / 256.0;
        for counts in counts {
            let chi: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
            // 255 degrees of freedom: mean 255, deviation 22.6; a millionth lies above 374.
            assert!(chi < 374.0, "χ² {chi}");
        }
    }

    /// One share of two: every secret is as possible as any other.
    #[test]
    fn one_share_reveals_nothing() {
        let shares = split(&Protected::new("s".to_owned()), 2, 3).ok().unwrap();
        let bytes = bytes_of(shares[0].expose()).unwrap();
        let mut secrets = std::collections::BTreeSet::new();
        for guess in 0..=255_u8 {
            let other = [2, guess, guess];
            let pair = [Share::try_from(bytes.as_slice()).unwrap(), Share::try_from(&other[..]).unwrap()];
            secrets.insert(Sharks(2).recover(&pair).unwrap()[1]);
        }
        assert_eq!(secrets.len(), 256);
    }
}
