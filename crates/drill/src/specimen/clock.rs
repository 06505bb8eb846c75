//! When does it happen, and how do the different logs write that?
//!
//! Times of the story are milliseconds since 1970 in UTC. Only September 2026 occurs as "now";
//! file and boot times may lie earlier. There is no other clock here.

/// 2026-09-01T00:00:00Z in milliseconds since 1970.
const FIRST_OF_SEPTEMBER: i64 = 1_788_220_800_000;
const DAY: i64 = 86_400_000;

pub(super) const SECOND: i64 = 1000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// `at(14, "07:12:41.250")`: a day of September 2026 and the time of day in UTC.
pub(super) fn at(day: i64, time: &str) -> i64 {
    let parts = time.split([':', '.']).map(|part| part.parse::<i64>().unwrap_or(0));
    let units = [HOUR, MINUTE, SECOND, 1];
    FIRST_OF_SEPTEMBER + (day - 1) * DAY + parts.zip(units).map(|(part, unit)| part * unit).sum::<i64>()
}

/// Year, month, day, hour, minute, second, millisecond.
fn civil(ms: i64) -> [i64; 7] {
    // Days to a date, after Howard Hinnant's `civil_from_days`; years are counted from March.
    let days = ms.div_euclid(DAY) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let of_day = ms.rem_euclid(DAY);
    [year, month, day, of_day / HOUR, of_day / MINUTE % 60, of_day / SECOND % 60, of_day % 1000]
}

/// `2026-09-14T07:12:41.250Z`
pub(super) fn iso(ms: i64) -> String {
    let [y, mo, d, h, mi, s, f] = civil(ms);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{f:03}Z")
}

/// `2026-09-14 07:12:41.250`: Sysmon's `UtcTime`.
pub(super) fn sysmon(ms: i64) -> String {
    let [y, mo, d, h, mi, s, f] = civil(ms);
    format!("{y:04}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02}.{f:03}")
}

/// `2026-09-14T09:12:41.250000+02:00`: NXLog's default, local time with its offset (the
/// institution sits in Central European Summer Time).
pub(super) fn nxlog(ms: i64) -> String {
    let [y, mo, d, h, mi, s, f] = civil(ms + 2 * HOUR);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{f:03}000+02:00")
}

/// `2026-09-14T09:12:41`: local time as task definitions have it, without a zone.
pub(super) fn local(ms: i64) -> String {
    let [y, mo, d, h, mi, s, _] = civil(ms + 2 * HOUR);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_each_log_writes_them() {
        let time = at(14, "07:12:41.250");
        assert_eq!(time, 1_789_369_961_250);
        assert_eq!(iso(time), "2026-09-14T07:12:41.250Z");
        assert_eq!(sysmon(time), "2026-09-14 07:12:41.250");
        assert_eq!(nxlog(time), "2026-09-14T09:12:41.250000+02:00");
        assert_eq!(local(at(14, "23:30:00")), "2026-09-15T01:30:00");
        assert_eq!(iso(at(-184, "00:00:00")), "2026-02-28T00:00:00.000Z");
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
    }
}
