//! What time is it, and who is at work? (The one place that asks.)

use std::time::{SystemTime, UNIX_EPOCH};

use assize_model::Time;
use assize_vault::Stamp;

/// Now, by this machine's clock.
#[must_use]
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// What stands in a log leaf made now: by the person named, or by the account's name.
#[must_use]
pub fn stamp(by: Option<&str>) -> Stamp {
    let account =
        || std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "unknown".into());
    // Whole seconds: more digits than the clock deserves would only make the log harder to read.
    let at = Time(now().0 / 1_000_000_000 * 1_000_000_000).to_string();
    Stamp { at, by: by.map_or_else(account, str::to_owned), tool: crate::TOOL.to_owned() }
}
