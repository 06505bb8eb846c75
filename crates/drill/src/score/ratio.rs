//! How is a share printed so that nothing imperfect ever reads as perfect?

use std::fmt;

use serde::{Serialize, Serializer};

/// Digits after the point.
const DIGITS: usize = 4;
/// One, in units of the last digit.
const ONE: u128 = 10_000;

/// A share or a mean as the integers that it was made from; nothing where there was nothing to
/// count.
///
/// Printed with four digits, rounded half up; but below one never as one, and above nothing never
/// as nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratio {
    /// What was counted or added up.
    pub n: u64,
    /// Of how many.
    pub of: u64,
}

impl Ratio {
    /// In units of the last printed digit.
    fn rounded(self) -> Option<u128> {
        let (n, of) = (u128::from(self.n), u128::from(self.of));
        if of == 0 {
            return None;
        }
        let rounded = (2 * ONE * n + of) / (2 * of);
        Some(match (n, rounded) {
            (1.., 0) => 1,
            (n, ONE..) if n < of => ONE - 1,
            _ => rounded,
        })
    }

    /// Whether the whole was counted; not where there was nothing.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.of > 0 && self.n == self.of
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rounded() {
            None => f.write_str("–"),
            Some(r) => write!(f, "{}.{:0DIGITS$}", r / ONE, r % ONE),
        }
    }
}

/// A number with at most four digits after the point, or null.
impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // One division of two exact numbers: the same bits on every machine.
        self.rounded().map(|rounded| rounded as f64 / ONE as f64).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_imperfect_reads_as_perfect() {
        let text = |n, of| Ratio { n, of }.to_string();
        assert_eq!(text(5, 6), "0.8333");
        assert_eq!(text(6, 6), "1.0000");
        assert_eq!(text(99_999, 100_000), "0.9999");
        assert_eq!(text(1, 1_000_000), "0.0001");
        assert_eq!(text(0, 7), "0.0000");
        assert_eq!(text(9, 4), "2.2500");
        assert_eq!(text(0, 0), "–");
        let json = |n, of| serde_json::to_string(&Ratio { n, of }).unwrap();
        assert_eq!([json(5, 6), json(1, 1), json(0, 0)], ["0.8333", "1.0", "null"]);
    }
}
