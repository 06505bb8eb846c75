//! When does something happen in a drill, and how does a source write that?
//!
//! A [`Moment`] counts steps of 100 nanoseconds since 1970 in UTC, as fine as the finest source
//! (Windows) writes. There is no clock here: a drill happens when its seed says. The court sits in
//! Central European time, summer time by the rule of the European Union; people on mission carry
//! an offset of their own.

use std::ops::{Add, Sub};

/// Steps of 100 nanoseconds.
pub type Span = i64;

/// One millisecond.
pub const MS: Span = 10_000;
/// One second.
pub const SECOND: Span = 1000 * MS;
/// One minute.
pub const MINUTE: Span = 60 * SECOND;
/// One hour.
pub const HOUR: Span = 60 * MINUTE;
/// One day of 24 hours.
pub const DAY: Span = 24 * HOUR;

/// An instant: steps of 100 nanoseconds since 1970-01-01T00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Add<Span> for Moment {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0 + span)
    }
}

impl Sub<Span> for Moment {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0 - span)
    }
}

impl Sub for Moment {
    type Output = Span;
    fn sub(self, other: Self) -> Span {
        self.0 - other.0
    }
}

/// A date and a time of day, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year of the Gregorian calendar.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Steps of 100 nanoseconds within the second, 0 to 9,999,999.
    pub steps: u32,
}

impl Moment {
    /// Midnight (UTC) at the beginning of a date.
    #[must_use]
    pub const fn of_date(year: i32, month: u8, day: u8) -> Self {
        // Days from a date, after Howard Hinnant's `days_from_civil`; years are counted from March.
        let y = if month <= 2 { year - 1 } else { year } as i64;
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let month = month as i64;
        let from_march = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * from_march + 2) / 5 + day as i64 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self((era * 146_097 + day_of_era - 719_468) * DAY)
    }

    /// `2026-09-14T07:12:41Z`, also without the time or with a fraction; nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
        let mut parts = date.split('-');
        let year = parts.next()?.parse().ok()?;
        let (month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let time = time.strip_suffix('Z').unwrap_or(time);
        let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
        let mut steps = 0;
        for (part, unit) in whole.splitn(3, ':').zip([HOUR, MINUTE, SECOND]) {
            steps += part.parse::<i64>().ok().filter(|part| (0..60).contains(part))? * unit;
        }
        if !fraction.is_empty() {
            let digits: String = fraction.chars().chain("0000000".chars()).take(7).collect();
            steps += digits.parse::<i64>().ok()?;
        }
        Some(Self::of_date(year, month, day) + steps)
    }

    /// Date and time of day in UTC.
    #[must_use]
    pub const fn civil(self) -> Civil {
        let days = self.0.div_euclid(DAY) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + (month <= 2) as i64;
        let of_day = self.0.rem_euclid(DAY);
        Civil {
            year: year as i32,
            month: month as u8,
            day: day as u8,
            hour: (of_day / HOUR) as u8,
            minute: (of_day / MINUTE % 60) as u8,
            second: (of_day / SECOND % 60) as u8,
            steps: (of_day % SECOND) as u32,
        }
    }

    /// Whole milliseconds since 1970.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0.div_euclid(MS)
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// Midnight (UTC) of the same date.
    #[must_use]
    pub const fn midnight(self) -> Self {
        Self(self.0 - self.0.rem_euclid(DAY))
    }

    /// 0 is Monday.
    #[must_use]
    pub const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        (self.0.div_euclid(DAY) + 3).rem_euclid(7) as u8
    }

    /// The offset of the court's clocks to UTC at this moment: one hour, two in summer.
    #[must_use]
    pub const fn court_offset(self) -> Span {
        let year = self.civil().year;
        let begins = last_sunday(year, 3).0 + HOUR;
        let ends = last_sunday(year, 10).0 + HOUR;
        if self.0 >= begins && self.0 < ends { 2 * HOUR } else { HOUR }
    }

    /// `2026-09-14`
    #[must_use]
    pub fn date(self) -> String {
        let c = self.civil();
        format!("{:04}-{:02}-{:02}", c.year, c.month, c.day)
    }

    /// `2026-09-14T07:12:41.2500000Z`: all seven digits, as Windows writes.
    #[must_use]
    pub fn iso(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second, c.steps
        )
    }

    /// `2026-09-14T07:12:41`: to the second, without a zone; the caller adds one.
    #[must_use]
    pub fn iso_seconds(self) -> String {
        let c = self.civil();
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }
}

const fn last_sunday(year: i32, month: u8) -> Moment {
    let last = Moment::of_date(year, month, 31);
    Moment(last.0 - (last.weekday() as i64 + 1) % 7 * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_both_ways() {
        let moment = Moment::parse("2026-09-14T07:12:41.25Z").unwrap();
        assert_eq!(moment.iso(), "2026-09-14T07:12:41.2500000Z");
        assert_eq!(moment.ms(), 1_789_369_961_250);
        assert_eq!(moment.weekday(), 0);
        assert_eq!(moment.midnight().iso_seconds(), "2026-09-14T00:00:00");
        assert_eq!(Moment::of_date(2024, 2, 29).date(), "2024-02-29");
        assert_eq!(Moment(0).date(), "1970-01-01");
        for wrong in ["", "2026", "2026-13-01", "2026-01-01T25:61:00", "2026-01-01T1:2:3.x"] {
            assert_eq!(Moment::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn summer_time_begins_and_ends_on_the_last_sundays() {
        let offset = |text| Moment::parse(text).unwrap().court_offset() / HOUR;
        assert_eq!(offset("2026-03-29T00:59:59Z"), 1);
        assert_eq!(offset("2026-03-29T01:00:00Z"), 2);
        assert_eq!(offset("2026-10-25T00:59:59Z"), 2);
        assert_eq!(offset("2026-10-25T01:00:00Z"), 1);
    }
}
