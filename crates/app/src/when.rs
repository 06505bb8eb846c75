//! Between which times?
//!
//! `--since` and `--until` take a day, a time with or without a zone (then UTC), or how long ago; `--last` is
//! `--since` counted back from now.

use assize_case::model::{Time, time::Stated};
use clap::Args;

const SECOND: i64 = 1_000_000_000;

/// Flags of time.
#[derive(Args, Clone, Debug, Default)]
pub struct When {
    /// Only what happened at or after this time: 2026-09-14, 2026-09-14T08:00+02:00, 7d (ago)
    #[arg(long, value_name = "TIME", alias = "from", value_parser = at)]
    pub since: Option<Time>,
    /// Only what happened before this time
    #[arg(long, value_name = "TIME", alias = "to", value_parser = at)]
    pub until: Option<Time>,
    /// Only what happened in so long until now: 90m, 24h, 7d, 4w
    #[arg(long, value_name = "LENGTH", conflicts_with = "since", value_parser = ago)]
    pub last: Option<Time>,
}

impl When {
    /// The first time that counts.
    pub fn begin(&self) -> Option<Time> {
        self.since.or(self.last)
    }

    /// Whether something that lasted from one time to another lies in it, wholly or in part. What has
    /// no time may lie anywhere.
    pub fn touches(&self, from: Option<Time>, to: Option<Time>) -> bool {
        let ends = to.or(from);
        self.begin().is_none_or(|begin| ends.is_none_or(|to| to >= begin))
            && self.until.is_none_or(|until| from.is_none_or(|from| from < until))
    }
}

/// A time as a person writes it. A day is its first moment in UTC.
pub fn at(text: &str) -> Result<Time, String> {
    let day = format!("{text}T00:00:00Z");
    let time = match Time::parse(text).or_else(|| Time::parse(&day)) {
        Some(Stated::Instant(time) | Stated::Local(time)) => Some(time),
        None => ago(text).ok(),
    };
    let expected = "expected a day (2026-09-14), a time (2026-09-14T08:00:00Z, with +02:00 for a zone) or how long ago (7d)";
    time.ok_or_else(|| format!("`{text}` is no time: {expected}"))
}

/// So long before now.
fn ago(text: &str) -> Result<Time, String> {
    let wrong =
        || format!("`{text}` is no length of time: expected a number and m, h, d or w, as 90m, 24h, 7d");
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let length = number.checked_mul(seconds * SECOND).filter(|_| number >= 0).ok_or_else(wrong)?;
    assize_case::now().0.checked_sub(length).map(Time).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let told = |text: &str| at(text).map(|time| time.to_string());
        assert_eq!(told("2026-09-14").as_deref(), Ok("2026-09-14T00:00:00Z"));
        assert_eq!(told("2026-09-14T08:00:00+02:00").as_deref(), Ok("2026-09-14T06:00:00Z"));
        assert_eq!(told("2026-09-14 08:00:00").as_deref(), Ok("2026-09-14T08:00:00Z"));
        let week = 7 * 86_400 * SECOND;
        assert!(at("7d").is_ok_and(|time| (assize_case::now().0 - week - time.0).abs() < 60 * SECOND));
        for wrong in ["", "yesterday", "7", "d", "-3d", "7 d", "7ü", "99999999999w"] {
            assert!(at(wrong).is_err() && ago(wrong).is_err(), "{wrong}");
        }
    }
}
