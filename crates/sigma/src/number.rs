//! When is a text the same number as another?
//!
//! Values of events are texts as the source writes them. `4688`, `0x1250` and `4688.0` are one
//! number; `4,688`, ` 4688` and `1e3` are none: a rule that says a number means the value, a rule
//! that says a text means the spelling.

use std::cmp::Ordering;
use std::fmt;

/// A number of a rule or of an event.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A whole number.
    Whole(i128),
    /// A number with a fraction.
    Fraction(f64),
}

impl Number {
    /// The number that a text states: decimal or `0x` hexadecimal, sign and fraction allowed for
    /// the decimal.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            return is_hex.then(|| i128::from_str_radix(digits, 16).ok().map(Self::Whole)).flatten();
        }
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
        is_plain.then(|| text.parse().ok().map(Self::Fraction)).flatten()
    }

    pub(crate) fn of_yaml(number: &yaml_serde::Number) -> Option<Self> {
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        match whole {
            Some(whole) => Some(Self::Whole(whole)),
            None => number.as_f64().filter(|number| number.is_finite()).map(Self::Fraction),
        }
    }

    /// How two numbers stand to each other.
    #[must_use]
    pub fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(&other)),
            (one, other) => one.fraction().partial_cmp(&other.fraction()),
        }
    }

    fn fraction(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Fraction(fraction) => fraction,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Fraction(fraction) => write!(f, "{fraction}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_equal_and_other_texts_are_none() {
        let order = |one: &str, other: &str| Number::of_text(one)?.order(Number::of_text(other)?);
        assert_eq!(order("4688", "0x1250"), Some(Ordering::Equal));
        assert_eq!(order("4688", "4688.0"), Some(Ordering::Equal));
        assert_eq!(order("-1", "0.5"), Some(Ordering::Less));
        assert_eq!(order("0xFFFFFFFFFFFFFFFF", "18446744073709551615"), Some(Ordering::Equal));
        for text in ["", " 1", "1e3", "inf", "NaN", "0x", "0x-1", "0xg", "1,0", "--1", "."] {
            assert!(Number::of_text(text).is_none(), "{text}");
        }
    }
}
