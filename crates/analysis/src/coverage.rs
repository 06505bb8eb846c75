//! Of which host do we have which log, from when to when, and how whole?
//!
//! Thin for now: one row per source and host over the span of its records. `complete` is said only
//! where the source numbers its records and none is missing between the first and the last; a hole,
//! a cleared log or unread bytes make it `partial` with a cause; a source without numbers is
//! `partial` without one, because its wholeness is merely not shown. Days, trust and techniques
//! are the reconstruction's issue.

use std::collections::BTreeMap;

use assize_model::coverage::{Cause, State};
use assize_model::{Basis, Coverage, Row, SnapshotError};

use crate::Ask;

/// Per source and host: how many records, when, and their numbers.
///
/// `first_value … ORDER BY` with the id as the last key, so that ties do not depend on the order of
/// reading.
const SPANS: &str = "
    SELECT source, host, count(*) AS events, min(time) AS first, max(time) AS last,
           first_value(id ORDER BY time NULLS LAST, id) AS first_id,
           last_value(id ORDER BY time NULLS FIRST, id) AS last_id,
           min(TRY_CAST(fields['EventRecordID'] AS BIGINT)) AS lowest,
           max(TRY_CAST(fields['EventRecordID'] AS BIGINT)) AS highest,
           count(DISTINCT TRY_CAST(fields['EventRecordID'] AS BIGINT)) AS numbers,
           count(TRY_CAST(fields['EventRecordID'] AS BIGINT)) AS numbered
    FROM events GROUP BY source, host ORDER BY source, host";

/// Events that say that a log was cleared, with the log's name.
const CLEARS: &str = "
    SELECT object, host, id FROM events WHERE verb = 'log-clear' ORDER BY object, host, id";

/// Sources and hosts of exhibits in which something could not be read.
const DAMAGED: &str = "
    SELECT DISTINCT e.source, e.host FROM events e
    JOIN gaps g ON g.exhibit = e.exhibit AND coalesce(g.member, '') = coalesce(e.member, '')
    WHERE g.cause NOT IN ('checksum', 'slack') ORDER BY e.source, e.host";

/// The coverage of every source and host, sorted by source and host.
///
/// # Errors
/// Where a query fails.
pub fn coverage(ask: Ask<'_>) -> Result<Vec<Coverage>, SnapshotError> {
    let mut clears: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for row in ask(CLEARS)? {
        let log = format!("windows/{}", row.text("object"));
        clears.entry((log, row.text("host").to_owned())).or_default().push(row.text("id").to_owned());
    }
    let damaged: Vec<_> = ask(DAMAGED)?.iter().map(place).collect();
    let spans = ask(SPANS)?;
    Ok(spans
        .iter()
        .filter_map(|span| covered(span, clears.get(&place(span)), damaged.contains(&place(span))))
        .collect())
}

fn place(row: &Row) -> (String, String) {
    (row.text("source").to_owned(), row.text("host").to_owned())
}

fn covered(span: &Row, clears: Option<&Vec<String>>, damaged: bool) -> Option<Coverage> {
    let (state, cause, because) = judged(span, clears.map_or(0, Vec::len), damaged);
    let ends = [span.text("first_id"), span.text("last_id")].map(str::to_owned);
    Some(Coverage {
        source: span.text("source").to_owned(),
        host: span.some_text("host").map(str::to_owned),
        from: span.time("first"),
        to: span.time("last"),
        state,
        cause,
        events: span.number("events"),
        because,
        basis: Basis::of(ends.iter().chain(clears.into_iter().flatten()))?,
    })
}

/// State, cause and the reason in words; the gravest cause first.
fn judged(span: &Row, clears: usize, damaged: bool) -> (State, Option<Cause>, String) {
    let (events, numbered, numbers) =
        (span.number("events"), span.number("numbered"), span.number("numbers"));
    let (lowest, highest) = (span.number("lowest"), span.number("highest"));
    if clears > 0 {
        let times = if clears == 1 { "once".to_owned() } else { format!("{clears} times") };
        return (
            State::Partial,
            Some(Cause::Cleared),
            format!("the log was cleared {times}; what stood before is gone"),
        );
    }
    if damaged {
        let because = "part of the file could not be read (see gaps)".to_owned();
        return (State::Partial, Some(Cause::Truncated), because);
    }
    if numbered < events || numbered == 0 {
        let because = "records carry no numbers: that none is missing is not shown".to_owned();
        return (State::Partial, None, because);
    }
    let expected = highest.saturating_sub(lowest) + 1;
    if numbers < expected {
        let because = format!("{} of record numbers {lowest} to {highest} are missing", expected - numbers);
        return (State::Partial, Some(Cause::IdGap), because);
    }
    let because = format!("record numbers {lowest} to {highest} without a hole");
    (State::Complete, None, because)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn span(events: u64, lowest: u64, highest: u64, numbers: u64) -> Row {
        let cells = json!({"source": "windows/Security", "host": "A", "events": events, "numbered": events,
            "numbers": numbers, "lowest": lowest, "highest": highest, "first_id": "e-a", "last_id": "e-b",
            "first": "2026-09-14T00:00:00Z", "last": "2026-09-15T00:00:00Z"});
        Row(cells.as_object().unwrap().clone().into_iter().collect())
    }

    #[test]
    fn complete_only_without_a_hole() {
        assert_eq!(judged(&span(3, 7, 9, 3), 0, false).0, State::Complete);
        assert_eq!(judged(&span(3, 7, 10, 3), 0, false).1, Some(Cause::IdGap));
        assert_eq!(judged(&span(3, 7, 9, 3), 1, false).1, Some(Cause::Cleared));
        assert_eq!(judged(&span(3, 7, 9, 3), 0, true).1, Some(Cause::Truncated));
    }

    #[test]
    fn the_log_that_was_cleared_is_the_one_named() {
        let ask = |sql: &str| {
            let clear = json!({"object": "Security", "host": "A", "id": "e-c"});
            let clear = Row(clear.as_object().unwrap().clone().into_iter().collect());
            Ok(match sql {
                SPANS => vec![span(3, 7, 9, 3)],
                CLEARS => vec![clear],
                _ => Vec::new(),
            })
        };
        let coverage = coverage(&ask).unwrap();
        assert_eq!(coverage[0].cause, Some(Cause::Cleared));
        assert_eq!(coverage[0].basis.ids(), ["e-a", "e-b", "e-c"]);
    }
}
