//! What does the report ask the tables?
//!
//! Every query of the report, in the SQL of DataFusion, so that a reader of the report can put the
//! same question and a test can answer it. Counting and sorting happen here and nowhere else. Every
//! list has a total order and a limit.

use assize_model::{Level, Time};

use super::scale::Window;

/// How much was read.
pub(crate) const EVENTS: &str = "SELECT count(*) AS events, count(time) AS timed, count(time_assumed) AS assumed, \
    count(DISTINCT host) AS hosts, count(DISTINCT source) AS sources, min(time) AS first, max(time) AS last, \
    (SELECT count(*) FROM records) AS records FROM events";

/// How many files there were, with those inside containers.
pub(crate) const FILES: &str = "SELECT count(*) AS files, count(\"member\") AS members FROM readings";

/// As what the files were read.
pub(crate) const READ_AS: &str = "SELECT format, container, count(*) AS files, sum(bytes) AS bytes, \
    sum(events) AS events, sum(gaps) AS gaps FROM readings GROUP BY format, container \
    ORDER BY container, events DESC, format NULLS FIRST";

/// Holdings, the gravest first. Ranks are those of the scale.
pub(crate) const EXPOSED_HOLDINGS: &str = "SELECT * FROM exposures WHERE item IS NULL AND subject IS NULL \
    ORDER BY established_rank DESC, not_excluded_rank DESC, key";

/// Everybody whose data is not excluded to have been opened, the most urgent first: over all holdings the
/// highest of each bound, with the row of the gravest holding.
pub(crate) const CONTACTS: &str = "SELECT w.*, g.holdings FROM ( \
    SELECT subject, subject_type, role, contact, band, id, because, assumptions, next_step, established, not_excluded, \
    established_rank, row_number() OVER (PARTITION BY subject ORDER BY established_rank DESC, not_excluded_rank DESC, key) AS nth \
    FROM exposures WHERE subject IS NOT NULL AND not_excluded_rank >= 2) w \
    JOIN (SELECT subject AS whose, array_agg(key ORDER BY key) AS holdings FROM exposures \
    WHERE subject IS NOT NULL AND not_excluded_rank >= 2 GROUP BY subject) g ON w.subject = g.whose \
    WHERE w.nth = 1 ORDER BY w.band NULLS LAST, w.established_rank DESC, w.subject";

/// The intruder's presence, as far as it is proven: by sessions and by the steps of incidents, so that this answer
/// and an incident's own cannot differ.
pub(crate) const INTRUDER: &str = "SELECT sum(n) AS sessions, min(t) AS first, max(u) AS last FROM ( \
    SELECT 1 AS n, \"from\" AS t, coalesce(last_seen, \"to\", \"from\") AS u FROM sessions WHERE verdict = 'intruder' \
    UNION ALL SELECT 0 AS n, first_proven AS t, last_proven AS u FROM incidents)";

/// Where and as whom.
pub(crate) const INTRUDER_PLACES: &str = "SELECT account, host, count(*) AS n FROM sessions WHERE verdict = 'intruder' \
    GROUP BY account, host ORDER BY n DESC, account, host LIMIT 12";

/// What would narrow the answers most.
pub(crate) const STEPS: &str = "SELECT * FROM next_steps ORDER BY alone DESC, answers DESC, step LIMIT 5";

/// What the intruder touched and no register knows.
pub(crate) const UNREGISTERED: &str = "SELECT * FROM unregistered ORDER BY objects DESC, place";

/// Refusals at a door, by log and day.
pub(crate) const ATTEMPTS: &str = "SELECT * FROM attempts ORDER BY source, host, day";

/// By technique: of the time of all machines together, in nanoseconds, how much would have shown it, and in which logs.
pub(crate) const TRACES: &str = "SELECT technique, seen_as, says, count(DISTINCT host) AS hosts, \
    sum(CAST(\"to\" AS BIGINT) - CAST(\"from\" AS BIGINT)) AS of, \
    sum(CASE WHEN shows = 'yes' THEN CAST(\"to\" AS BIGINT) - CAST(\"from\" AS BIGINT) ELSE 0 END) AS yes, \
    sum(CASE WHEN shows = 'unsure' THEN CAST(\"to\" AS BIGINT) - CAST(\"from\" AS BIGINT) ELSE 0 END) AS unsure, \
    count(DISTINCT CASE WHEN shows = 'no' THEN host END) AS blind \
    FROM traces GROUP BY technique, seen_as, says ORDER BY technique, seen_as, says";

/// The first incidents, and how many there are.
pub(crate) fn incidents(limit: usize) -> String {
    format!("SELECT *, count(*) OVER () AS all_of FROM incidents ORDER BY first_proven, id LIMIT {limit}")
}

/// The first steps of an incident, and how many it has. Ids are ours: nothing in them needs quoting.
pub(crate) fn steps(incident: &str, limit: usize) -> String {
    format!(
        "SELECT *, count(*) OVER () AS all_of FROM steps WHERE incident = '{incident}' ORDER BY position LIMIT {limit}"
    )
}

/// The gaps as a whole.
pub(crate) const GAPS: &str = "SELECT count(*) AS gaps, count(DISTINCT exhibit) AS exhibits FROM gaps";

/// The gaps by cause.
pub(crate) const GAP_CAUSES: &str = "SELECT cause, count(*) AS gaps, count(DISTINCT exhibit) AS exhibits, \
    sum(length) AS bytes FROM gaps GROUP BY cause ORDER BY gaps DESC, cause";

/// Rules that found something, and their findings, by level.
pub(crate) const LEVELS: &str = "SELECT level, count(*) AS rules, sum(findings) AS findings FROM \
    (SELECT rule, level, title, count(*) AS findings FROM findings GROUP BY rule, level, title) \
    GROUP BY level ORDER BY level";

/// The hosts with most events.
pub(crate) const HOSTS: &str = "SELECT host AS name, count(*) AS events FROM events WHERE host IS NOT NULL \
    GROUP BY host ORDER BY events DESC, name LIMIT 8";

/// The findings as a whole.
pub(crate) fn findings() -> String {
    format!(
        "SELECT count(*) AS findings, count(time) AS timed, count(host) AS with_host, count(actor) AS with_actor, \
         count(DISTINCT event) AS events, count(DISTINCT rule) AS rules, count(DISTINCT host) AS hosts, \
         count(DISTINCT actor) AS accounts, {}, min(time) AS first, max(time) AS last FROM findings",
        level_sums()
    )
}

/// The hosts (`host`) or accounts (`actor`) with the gravest findings.
pub(crate) fn affected(column: &str, limit: usize) -> String {
    let order: Vec<String> = Level::ALL.iter().map(|level| format!("{} DESC", level.as_str())).collect();
    format!(
        "SELECT {column} AS name, count(*) AS findings, count(DISTINCT rule) AS rules, {}, min(time) AS first, \
         max(time) AS last FROM findings WHERE {column} IS NOT NULL GROUP BY {column} \
         ORDER BY {}, name LIMIT {limit}",
        level_sums(),
        order.join(", ")
    )
}

/// The rules that found something, from the gravest down, at most some of each level.
pub(crate) fn rules(each: usize) -> String {
    format!(
        "SELECT rule, level, title, findings, hosts, accounts, first, last FROM (SELECT rule, level, title, \
         count(*) AS findings, count(DISTINCT host) AS hosts, count(DISTINCT actor) AS accounts, \
         min(time) AS first, max(time) AS last, \
         row_number() OVER (PARTITION BY level ORDER BY count(*) DESC, rule, title) AS nth \
         FROM findings GROUP BY rule, level, title) WHERE nth <= {each} ORDER BY {}, nth",
        level_rank()
    )
}

/// Of each rule the hosts (`host`) or accounts (`actor`) that it names most often.
pub(crate) fn named_by_rules(column: &str, each: usize) -> String {
    format!(
        "SELECT rule, level, title, name, n FROM (SELECT rule, level, title, {column} AS name, count(*) AS n, \
         row_number() OVER (PARTITION BY rule, level, title ORDER BY count(*) DESC, {column}) AS nth \
         FROM findings WHERE {column} IS NOT NULL GROUP BY rule, level, title, {column}) WHERE nth <= {each} \
         ORDER BY rule, level, title, nth"
    )
}

/// Of each rule its first findings.
pub(crate) fn first_findings(each: usize) -> String {
    format!(
        "SELECT id, rule, level, title, tags, event, fields FROM (SELECT *, row_number() OVER \
         (PARTITION BY rule, level, title ORDER BY time NULLS LAST, id) AS nth FROM findings) \
         WHERE nth <= {each} ORDER BY rule, level, title, nth"
    )
}

/// The events with these ids.
pub(crate) fn events<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    format!(
        "SELECT *, message(fields) AS message, meanings(fields) AS meanings FROM events WHERE id IN ({})",
        literals(ids)
    )
}

/// How many events fall into each step of a window.
pub(crate) fn event_bins(window: &Window) -> String {
    format!(
        "SELECT {} AS bucket, count(*) AS n FROM events WHERE {} GROUP BY bucket ORDER BY bucket",
        bin(window),
        within(window)
    )
}

/// How many findings of each level fall into each step of a window.
pub(crate) fn finding_bins(window: &Window) -> String {
    format!(
        "SELECT {} AS bucket, level, count(*) AS n FROM findings WHERE {} GROUP BY bucket, level \
         ORDER BY bucket, level",
        bin(window),
        within(window)
    )
}

/// As [`event_bins`], by host.
pub(crate) fn event_bins_of<'a>(window: &Window, hosts: impl Iterator<Item = &'a str>) -> String {
    format!(
        "SELECT {} AS bucket, host, count(*) AS n FROM events WHERE {} AND host IN ({}) \
         GROUP BY bucket, host ORDER BY bucket, host",
        bin(window),
        within(window),
        literals(hosts)
    )
}

/// As [`finding_bins`], by host.
pub(crate) fn finding_bins_of<'a>(window: &Window, hosts: impl Iterator<Item = &'a str>) -> String {
    format!(
        "SELECT {} AS bucket, host, level, count(*) AS n FROM findings WHERE {} AND host IN ({}) \
         GROUP BY bucket, host, level ORDER BY bucket, host, level",
        bin(window),
        within(window),
        literals(hosts)
    )
}

/// Gaps, at most some of each cause.
pub(crate) fn gaps(each: usize, limit: usize) -> String {
    format!(
        "SELECT id, exhibit, \"member\", \"offset\", length, cause, detail FROM (SELECT *, row_number() OVER \
         (PARTITION BY cause ORDER BY exhibit, \"member\", \"offset\", id) AS nth FROM gaps) \
         WHERE nth <= {each} ORDER BY cause, nth LIMIT {limit}"
    )
}

/// What the files were read as: first what nobody knows, then what has most gaps.
pub(crate) fn readings(limit: usize) -> String {
    format!(
        "SELECT exhibit, \"member\", bytes, format, events, gaps, container FROM readings \
         ORDER BY (format IS NULL AND NOT container) DESC, gaps DESC, events DESC, exhibit, \"member\" LIMIT {limit}"
    )
}

fn level_sums() -> String {
    let sum =
        |level: &Level| format!("sum(CASE WHEN level = '{0}' THEN 1 ELSE 0 END) AS {0}", level.as_str());
    Level::ALL.iter().map(sum).collect::<Vec<_>>().join(", ")
}

fn level_rank() -> String {
    let ranks =
        Level::ALL.iter().enumerate().map(|(rank, level)| format!("WHEN '{}' THEN {rank}", level.as_str()));
    format!("CASE level {} ELSE {} END", ranks.collect::<Vec<_>>().join(" "), Level::ALL.len())
}

fn bin(window: &Window) -> String {
    format!("date_bin(INTERVAL '{} seconds', time, TIMESTAMP '1970-01-01T00:00:00Z')", window.step)
}

fn within(window: &Window) -> String {
    let instant = |seconds: i64| Time(seconds.saturating_mul(1_000_000_000));
    format!("time >= TIMESTAMP '{}' AND time < TIMESTAMP '{}'", instant(window.from), instant(window.to))
}

/// Texts of evidence as SQL literals: a quote is doubled, and DataFusion knows no other escape.
fn literals<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.map(|text| format!("'{}'", text.replace('\'', "''"))).collect::<Vec<_>>().join(", ")
}
