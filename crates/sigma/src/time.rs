//! Which hour, day or week does a text state?
//!
//! For the modifiers `minute hour day week month year` (modifiers appendix 2.1, "Time
//! Modifiers"): the digits as written count, no zone is converted. `week` is that of ISO 8601,
//! 1 to 53.

use crate::Number;

/// A part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Part {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Part {
    /// The modifier's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// This part of the time that the text states (`YYYY-MM-DD`, with `HH:MM` after a `T` or a
    /// blank).
    #[must_use]
    pub fn of_text(self, text: &str) -> Option<Number> {
        let stated = Stated::of_text(text)?;
        let part = match self {
            Self::Year => stated.year,
            Self::Month => stated.month,
            Self::Day => stated.day,
            Self::Week => stated.week(),
            Self::Hour => stated.clock?.0,
            Self::Minute => stated.clock?.1,
        };
        Some(Number::Whole(part.into()))
    }
}

struct Stated {
    year: i32,
    month: i32,
    day: i32,
    clock: Option<(i32, i32)>,
}

impl Stated {
    fn of_text(text: &str) -> Option<Self> {
        let digits = |from: usize, to: usize| number(text.get(from..to)?);
        let dashes = (text.get(4..5)?, text.get(7..8)?);
        let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
        let is_date = dashes == ("-", "-") && (1..=12).contains(&month) && (1..=31).contains(&day);
        let clock = match text.get(10..11) {
            None if text.len() == 10 => None,
            Some("T" | "t" | " ") if text.get(13..14) == Some(":") => {
                Some((digits(11, 13)?, digits(14, 16)?))
            }
            _ => return None,
        };
        let is_clock = clock.is_none_or(|(hour, minute)| hour < 24 && minute < 60);
        (is_date && is_clock).then_some(Self { year, month, day, clock })
    }

    /// The week that holds this week's Thursday (ISO 8601).
    fn week(&self) -> i32 {
        let days = days(self.year, self.month, self.day);
        let thursday = days - (days + 3).rem_euclid(7) + 3; // day 0, 1970-01-01, was a Thursday
        let year = (self.year - 1..=self.year + 1).rfind(|year| days_at(*year) <= thursday);
        (thursday - days_at(year.unwrap_or(self.year))) / 7 + 1
    }
}

fn number(digits: &str) -> Option<i32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn days_at(year: i32) -> i32 {
    days(year, 1, 1)
}

/// Days since 1970-01-01 in the Gregorian calendar.
fn days(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12; // from March, so that the leap day is the year's last
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (month * 306 + 5) / 10 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(part: Part, text: &str) -> Option<String> {
        part.of_text(text).map(|number| number.to_string())
    }

    #[test]
    fn parts_are_the_digits_as_written() {
        let text = "2024-12-31T23:05:59.123+02:00";
        let parts = [Part::Minute, Part::Hour, Part::Day, Part::Month, Part::Year];
        let found: Vec<_> = parts.iter().filter_map(|one| part(*one, text)).collect();
        assert_eq!(found, ["5", "23", "31", "12", "2024"]);
        assert_eq!(part(Part::Hour, "2024-12-31"), None);
        for text in
            ["", "2024", "2024-13-01", "2024-01-01x", "20240101T0000", "2024-01-01T24:00", "–––––––––––"]
        {
            assert_eq!(part(Part::Day, text), None, "{text}");
        }
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        // Pairs from the standard's own edge cases.
        let weeks = [
            ("2005-01-01", 53),
            ("2005-01-02", 53),
            ("2005-12-31", 52),
            ("2006-01-01", 52),
            ("2006-01-02", 1),
            ("2007-12-31", 1),
            ("2008-12-28", 52),
            ("2008-12-29", 1),
            ("2009-12-31", 53),
            ("2010-01-03", 53),
            ("2024-02-29", 9),
            ("1970-01-01", 1),
        ];
        for (date, week) in weeks {
            assert_eq!(part(Part::Week, date), Some(week.to_string()), "{date}");
        }
    }
}
