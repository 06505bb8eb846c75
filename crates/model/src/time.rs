//! When, exactly, and how do we write it?
//!
//! Nanoseconds since 1970 in UTC, between 1677 and 2262. A time that is missing or lies outside is
//! `None`, never 1970. This file parses the notations in which logs state a time; it does not
//! decide which of two times is right, and it knows no time zones but the offset in the text.

use std::fmt;

use jiff::civil::DateTime;

/// An instant: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// A time as a text stated it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stated {
    /// With `Z` or an offset.
    Instant(Time),
    /// Without any zone: the reading as if it were UTC.
    Local(Time),
}

/// 100-nanosecond steps between 1601 (FILETIME's zero) and 1970.
const FILETIME_OF_1970: i128 = 116_444_736_000_000_000;

impl Time {
    /// A Windows FILETIME: 100-nanosecond steps since 1601. `None` outside 1677 to 2262, and for
    /// zero, by which Windows means "not set".
    #[must_use]
    pub fn of_filetime(filetime: u64) -> Option<Self> {
        if filetime == 0 {
            return None;
        }
        let nanoseconds = (i128::from(filetime) - FILETIME_OF_1970) * 100;
        i64::try_from(nanoseconds).ok().map(Self)
    }

    /// A decimal number of seconds since 1970, or of milli-, micro- or nanoseconds by its size, as
    /// JSON logs give it. Read digit by digit: a binary fraction would invent nanoseconds. `None`
    /// below 10^9 (2001), where counters and durations lie.
    #[must_use]
    pub fn of_unix(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || !(10..=19).contains(&whole.len()) {
            return None;
        }
        // Ten or eleven digits are seconds until the year 5138; each further unit has three more.
        let places = match whole.len() {
            10 | 11 => 9,
            12..=14 => 6,
            15..=17 => 3,
            _ => 0,
        };
        let whole: i64 = whole.parse().ok()?;
        let fraction: String = fraction.chars().chain(std::iter::repeat('0')).take(places).collect();
        let fraction: i64 = if places == 0 { 0 } else { fraction.parse().ok()? };
        whole.checked_mul(10i64.pow(places as u32))?.checked_add(fraction).map(Self)
    }

    /// RFC 3339 and its looser relatives: `2026-09-14T08:00:00.5Z`, `2026-09-14 08:00:00+02:00`,
    /// `2026-09-14 08:00:00` (then [`Stated::Local`]). `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Stated> {
        let text = text.trim();
        if !text.starts_with(|c: char| c.is_ascii_digit()) || text.len() < 16 || text.len() > 64 {
            return None;
        }
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Self::of_nanoseconds(instant.as_nanosecond()).map(Stated::Instant);
        }
        let civil: DateTime = text.parse().ok()?;
        let instant = jiff::tz::Offset::UTC.to_timestamp(civil).ok()?;
        Self::of_nanoseconds(instant.as_nanosecond()).map(Stated::Local)
    }

    /// A text in a notation that is given, as `strptime` has it (`%d/%m/%Y %H:%M:%S`); with `%z` an instant.
    /// `None` where the two do not fit.
    #[must_use]
    pub fn parse_as(notation: &str, text: &str) -> Option<Stated> {
        let told = jiff::fmt::strtime::parse(notation, text).ok()?;
        if let Ok(instant) = told.to_timestamp() {
            return Self::of_nanoseconds(instant.as_nanosecond()).map(Stated::Instant);
        }
        let instant = jiff::tz::Offset::UTC.to_timestamp(told.to_datetime().ok()?).ok()?;
        Self::of_nanoseconds(instant.as_nanosecond()).map(Stated::Local)
    }

    fn of_nanoseconds(nanoseconds: i128) -> Option<Self> {
        i64::try_from(nanoseconds).ok().map(Self)
    }

    /// The day in UTC as `2026-09-14`.
    #[must_use]
    pub fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

/// A place's clock: what zone a local time is in.
#[derive(Clone, Debug)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// An offset (`+02:00`, `-0930`, `Z`) or a name of the IANA database (`Europe/Amsterdam`).
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        if matches!(text, "Z" | "z" | "UTC") {
            return Some(Self(jiff::tz::TimeZone::UTC));
        }
        let sign = match text.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return jiff::tz::TimeZone::get(text).ok().map(Self),
        };
        let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
        if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes) = (digits[..2].parse::<i32>().ok()?, digits[2..].parse::<i32>().ok()?);
        let offset = jiff::tz::Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?;
        (minutes < 60).then(|| Self(jiff::tz::TimeZone::fixed(offset)))
    }

    /// The instant of a local reading, given as if it were UTC ([`Stated::Local`]). Of an hour that the
    /// clock showed twice the first is taken; one that it left out is read as if it had not.
    #[must_use]
    pub fn instant(&self, local: Time) -> Time {
        let civil = |nanoseconds| {
            let instant = jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).ok()?;
            let civil = jiff::tz::Offset::UTC.to_datetime(instant);
            let zoned = self.0.to_ambiguous_timestamp(civil).compatible().ok()?;
            Time::of_nanoseconds(zoned.as_nanosecond())
        };
        civil(local.0).unwrap_or(local)
    }
}

impl Zone {
    /// A time as this clock shows it, in RFC 3339 with its offset: `2026-09-14T14:00:00+02:00`.
    #[must_use]
    pub fn shown(&self, time: Time) -> String {
        match jiff::Timestamp::from_nanosecond(i128::from(time.0)) {
            Ok(instant) => instant.display_with_offset(self.0.to_offset(instant)).to_string(),
            Err(_) => time.to_string(),
        }
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC, with as many digits of a second as are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(timestamp) => f.pad(&timestamp.to_string()),
            Err(_) => f.pad("time out of range"),
        }
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        match Self::parse(&text) {
            Some(Stated::Instant(time)) => Ok(time),
            _ => Err(serde::de::Error::custom("expected a time with its zone, as 2026-09-14T07:12:41Z")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_with_and_without_zone() {
        let noon = Time(1_789_387_200_000_000_000);
        assert_eq!(noon.to_string(), "2026-09-14T12:00:00Z");
        assert_eq!(Time::parse("2026-09-14T12:00:00Z"), Some(Stated::Instant(noon)));
        assert_eq!(Time::parse("2026-09-14T14:00:00+02:00"), Some(Stated::Instant(noon)));
        assert_eq!(Time::parse("2026-09-14 12:00:00"), Some(Stated::Local(noon)));
        assert_eq!(Time::parse("2026-09-14 12:00:00.000"), Some(Stated::Local(noon)));
    }

    #[test]
    fn a_clock_shows_its_own_time_and_how_far_it_is_from_utc() {
        let noon = Time(1_789_387_200_000_000_000);
        for (zone, shown) in [
            ("+02:00", "2026-09-14T14:00:00+02:00"),
            ("-0930", "2026-09-14T02:30:00-09:30"),
            ("UTC", "2026-09-14T12:00:00+00:00"),
            ("Europe/Amsterdam", "2026-09-14T14:00:00+02:00"),
        ] {
            let told = Zone::of(zone).map(|zone| zone.shown(noon));
            assert_eq!(told.as_deref(), Some(shown));
            assert_eq!(told.and_then(|text| Time::parse(&text)), Some(Stated::Instant(noon)));
        }
    }

    #[test]
    fn notations_that_are_given() {
        let noon = Time(1_789_387_200_000_000_000);
        assert_eq!(Time::parse_as("%m/%d/%y %H:%M:%S", "09/14/26 12:00:00"), Some(Stated::Local(noon)));
        assert_eq!(
            Time::parse_as("%d.%m.%Y %I:%M %p %z", "14.09.2026 02:00 PM +0200"),
            Some(Stated::Instant(noon))
        );
        assert_eq!(Time::parse_as("%m/%d/%y %H:%M:%S", "14/09/26 12:00:00"), None);
        assert_eq!(Time::parse_as("%Q", "x"), None);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "-", "14", "yesterday at noon, I think", "2026-13-01T00:00:00Z", "0000"] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
        assert_eq!(Time::of_filetime(0), None);
        assert_eq!(Time::of_filetime(1), None, "1601 is before what nanoseconds in 64 bits reach");
        assert_eq!(Time::of_filetime(u64::MAX), None);
        for number in ["0", "200", "NaN", "-1789387200", "1e10", "99999999999999999999", "1789387200.x"] {
            assert_eq!(Time::of_unix(number), None, "{number}");
        }
    }

    #[test]
    fn local_time_of_a_place() {
        let local = |text: &str| match Time::parse(text) {
            Some(Stated::Local(time)) => time,
            other => panic!("{other:?}"),
        };
        let read = |zone: &str, text: &str| Zone::of(zone).map(|zone| zone.instant(local(text)).to_string());
        let amsterdam = |text| read("Europe/Amsterdam", text).unwrap();
        assert_eq!(amsterdam("2026-09-14 08:00:00"), "2026-09-14T06:00:00Z");
        assert_eq!(amsterdam("2026-12-14 08:00:00.5"), "2026-12-14T07:00:00.5Z");
        assert_eq!(amsterdam("2026-10-25 02:30:00"), "2026-10-25T00:30:00Z", "the first of two");
        assert_eq!(amsterdam("2026-03-29 02:30:00"), "2026-03-29T01:30:00Z", "left out");
        assert_eq!(read("-0930", "2026-09-14 08:00:00").as_deref(), Some("2026-09-14T17:30:00Z"));
        assert_eq!(read("+02:00", "2026-09-14 08:00:00").as_deref(), Some("2026-09-14T06:00:00Z"));
        for nowhere in ["", "+2", "+02:60", "+99:00", "Mars/Olympus", "+à:é"] {
            assert!(Zone::of(nowhere).is_none(), "{nowhere}");
        }
    }

    #[test]
    fn filetime_and_unix() {
        let noon = Time(1_789_387_200_000_000_000);
        assert_eq!(Time::of_filetime(134_338_608_000_000_000), Some(noon));
        for number in
            ["1789387200", "1789387200.0", "1789387200000", "1789387200000000", "1789387200000000000"]
        {
            assert_eq!(Time::of_unix(number), Some(noon), "{number}");
        }
        assert_eq!(Time::of_unix("1789387200.269"), Some(Time(noon.0 + 269_000_000)));
    }
}
