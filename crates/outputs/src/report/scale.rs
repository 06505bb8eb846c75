//! Where on a picture does an instant stand, and which instants are written under it?
//!
//! A window of time is cut into equal steps; a step is chosen so that some hundred bars fill the
//! picture. Positions are percentages: a picture is as wide as its page.

use assize_model::Time;
use jiff::Timestamp;
use jiff::tz::Offset;

/// More bars than this are not told apart on paper.
const BARS_MAX: i64 = 120;
/// Instants written under a picture.
const TICKS_MAX: usize = 8;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// Lengths of a step, in seconds, with their names.
const STEPS: &[(i64, &str)] = &[
    (1, "1 second"),
    (5, "5 seconds"),
    (15, "15 seconds"),
    (MINUTE, "1 minute"),
    (5 * MINUTE, "5 minutes"),
    (15 * MINUTE, "15 minutes"),
    (HOUR, "1 hour"),
    (3 * HOUR, "3 hours"),
    (6 * HOUR, "6 hours"),
    (12 * HOUR, "12 hours"),
    (DAY, "1 day"),
    (WEEK, "1 week"),
    (4 * WEEK, "4 weeks"),
    (13 * WEEK, "13 weeks"),
    (52 * WEEK, "52 weeks"),
    (520 * WEEK, "520 weeks"),
];

/// Distances between ticks below a month, in seconds.
const TICK_STEPS: &[i64] = &[
    1,
    5,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    3 * DAY,
    WEEK,
    2 * WEEK,
];
/// And from a month up, in months.
const TICK_MONTHS: &[i32] = &[1, 3, 6, 12, 24, 60, 120, 240, 600, 1200];

/// A span of time cut into steps; seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The first step begins here.
    pub(crate) from: i64,
    /// The last step ends here.
    pub(crate) to: i64,
    /// Length of a step.
    pub(crate) step: i64,
}

/// An instant written under a picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Percent of the picture's width.
    pub(crate) at: f64,
    /// As short as its neighbours allow.
    pub(crate) label: String,
}

impl Window {
    /// The window that holds both instants, with a step that suits it.
    pub(crate) fn over(first: Time, last: Time) -> Self {
        let (first, last) = (seconds(first), seconds(last).max(seconds(first)));
        let longest = STEPS.last().map_or(DAY, |(step, _)| *step);
        let fitting = STEPS.iter().map(|(step, _)| *step).find(|step| (last - first) / step < BARS_MAX);
        let step = fitting.unwrap_or(longest);
        Self { from: first.div_euclid(step) * step, to: (last.div_euclid(step) + 1) * step, step }
    }

    /// The window over a part of this one, with some room on both sides so that one sees where the
    /// part begins; `None` where the part fills most of it.
    pub(crate) fn closer(&self, first: Time, last: Time) -> Option<Self> {
        let room = ((seconds(last) - seconds(first)) / 12).max(30);
        let part = Self::over(shifted(first, -room), shifted(last, room));
        (part.length() * 3 <= self.length()).then_some(part)
    }

    fn length(&self) -> i64 {
        self.to - self.from
    }

    /// Name of the step.
    pub(crate) fn step_name(&self) -> &'static str {
        STEPS.iter().find(|(step, _)| *step == self.step).map_or("step", |(_, name)| name)
    }

    /// Percent of the picture at which an instant stands.
    pub(crate) fn percent(&self, second: i64) -> f64 {
        (second - self.from) as f64 * 100.0 / self.length() as f64
    }

    /// As [`Self::percent`], for a time of any precision.
    pub(crate) fn percent_of(&self, time: Time) -> f64 {
        let within = time.0.rem_euclid(1_000_000_000) as f64 / 1e9;
        self.percent(seconds(time)) + within * 100.0 / self.length() as f64
    }

    /// Percent of the picture that one step takes.
    pub(crate) fn step_percent(&self) -> f64 {
        self.step as f64 * 100.0 / self.length() as f64
    }

    /// Instants to be written under the picture.
    pub(crate) fn ticks(&self) -> Vec<Tick> {
        let short = TICK_STEPS.iter().find(|step| self.length() / **step < TICKS_MAX as i64);
        let instants = match short {
            Some(step) => every(self.from, self.to, *step),
            None => {
                let months = TICK_MONTHS.iter().map(|months| every_months(self.from, self.to, *months));
                months.into_iter().find(|instants| instants.len() <= TICKS_MAX).unwrap_or_default()
            }
        };
        let step = short.copied().unwrap_or(31 * DAY);
        let mut day = String::new();
        instants
            .iter()
            .map(|second| Tick { at: self.percent(*second), label: label(*second, step, &mut day) })
            .collect()
    }
}

fn seconds(time: Time) -> i64 {
    time.0.div_euclid(1_000_000_000)
}

fn shifted(time: Time, seconds: i64) -> Time {
    Time(time.0.saturating_add(seconds.saturating_mul(1_000_000_000)))
}

fn every(from: i64, to: i64, step: i64) -> Vec<i64> {
    let first = (from + step - 1).div_euclid(step) * step;
    (0..=(to - first) / step).map(|n| first + n * step).filter(|second| *second <= to).collect()
}

/// Firsts of months, from the first one in the window whose number divides by `months`.
fn every_months(from: i64, to: i64, months: i32) -> Vec<i64> {
    let Ok(start) = Timestamp::from_second(from) else { return Vec::new() };
    let start = Offset::UTC.to_datetime(start);
    let number = i32::from(start.year()) * 12 + i32::from(start.month()) - 1;
    let first = number.div_euclid(months) * months;
    let instant = |n: i32| {
        let number = first + n * months;
        let year = i16::try_from(number.div_euclid(12)).ok()?;
        let date = jiff::civil::Date::new(year, (number.rem_euclid(12) + 1) as i8, 1).ok()?;
        Some(Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_second())
    };
    (0..)
        .map_while(instant)
        .take_while(|second| *second <= to)
        .take(100)
        .filter(|second| *second >= from)
        .collect()
}

/// The date where it changes, else the time of day.
fn label(second: i64, step: i64, day: &mut String) -> String {
    let text = Time(second.saturating_mul(1_000_000_000)).to_string();
    let date = text.get(..10).unwrap_or("").to_owned();
    if step >= DAY || *day != date {
        let time = text.get(11..16).unwrap_or("");
        let with_time = step < DAY && time != "00:00";
        *day = date.clone();
        return if with_time { format!("{date} {time}") } else { date };
    }
    let precise = if step < MINUTE { 19 } else { 16 };
    text.get(11..precise).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: i64 = 1_789_387_200;

    fn time(second: i64) -> Time {
        Time(second * 1_000_000_000)
    }

    #[test]
    fn steps_suit_the_span() {
        let step = |length| Window::over(time(NOON), time(NOON + length)).step_name();
        assert_eq!(step(0), "1 second");
        assert_eq!(step(2 * HOUR - 1), "1 minute");
        assert_eq!(step(4 * DAY), "1 hour");
        assert_eq!(step(100 * DAY), "1 day");
        assert_eq!(step(20 * 365 * DAY), "13 weeks");
    }

    #[test]
    fn ticks_name_the_day_once() {
        let ticks = Window::over(time(NOON), time(NOON + 20 * HOUR)).ticks();
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["2026-09-14 12:00", "15:00", "18:00", "21:00", "2026-09-15", "03:00", "06:00"]);
        let years = Window::over(time(0), time(NOON)).ticks();
        assert_eq!(
            years.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(),
            ["1970-01-01", "1980-01-01", "1990-01-01", "2000-01-01", "2010-01-01", "2020-01-01"]
        );
    }

    #[test]
    fn a_part_is_looked_at_closer() {
        let whole = Window::over(time(NOON), time(NOON + 90 * DAY));
        let part = whole.closer(time(NOON + 10 * DAY), time(NOON + 11 * DAY)).unwrap();
        assert_eq!(part.step_name(), "15 minutes");
        assert!(whole.closer(time(NOON), time(NOON + 60 * DAY)).is_none());
    }

    proptest! {
        #[test]
        fn any_two_instants_make_a_picture(a in any::<i64>(), b in any::<i64>()) {
            let (first, last) = (Time(a.min(b)), Time(a.max(b)));
            let window = Window::over(first, last);
            prop_assert!(window.from < window.to);
            prop_assert!((window.to - window.from) / window.step <= BARS_MAX + 1);
            for at in [window.percent_of(first), window.percent_of(last)] {
                prop_assert!((0.0..=100.0).contains(&at), "{at}");
            }
            let ticks = window.ticks();
            prop_assert!(ticks.len() <= TICKS_MAX + 1, "{ticks:?}");
            prop_assert!(ticks.iter().all(|tick| (0.0..=100.0).contains(&tick.at)));
            window.closer(first, last);
        }
    }
}
