//! How do presences, stretches of logs and addresses come back from the tables in which `case` keeps
//! them?
//!
//! A later stage reads what an earlier one wrote, so that deriving after a decision and deriving
//! from nothing go through the same bytes. The tables' columns are `case`'s; here they are read by
//! name. A row that cannot be read would be a defect of ours: it is left out and missed by the
//! tests that compare both ways.

use assize_model::session::Door;
use assize_model::{Account, EventId, Session, SnapshotError};

use crate::coverage::Skew;
use crate::hosts::{Addresses, Sighting};
use crate::incidents::Placed;
use crate::presences::Presence;
use crate::rows::Rows;
use crate::survey::Run;
use crate::{Each, Span};

/// Every presence, in the order in which they were made.
///
/// # Errors
/// Where the query fails.
pub fn kept_presences(each: Each<'_>) -> Result<Vec<Presence>, SnapshotError> {
    let mut all: Vec<Presence> = Vec::new();
    each("SELECT * FROM presences", &mut |batch| {
        let rows = Rows(batch);
        all.extend((0..rows.len()).filter_map(|row| presence(rows, row)));
        Ok(())
    })?;
    all.sort_by(|a, b| (a.session.opening, &a.session.account).cmp(&(b.session.opening, &b.session.account)));
    Ok(all)
}

fn presence(rows: Rows<'_>, row: usize) -> Option<Presence> {
    let text = |column: &str| rows.texts(column).at(row).map(str::to_owned);
    let time = |column: &str| rows.times(column).at(row);
    let opening = rows.texts("opening").at(row)?.parse().ok()?;
    let account = Account::of(rows.texts("account").at(row)?);
    let door = Door::of(rows.texts("door").at(row)?)?;
    let session = Session {
        host: text("host"),
        from: time("from"),
        to: time("to"),
        last_seen: time("last_seen"),
        opened: rows.flags("opened").at(row),
        address: text("address"),
        device: text("device"),
        client: text("client"),
        ..Session::undetermined(opening, account, door)
    };
    Some(Presence {
        session,
        key: text("key")?,
        linked: text("linked"),
        sid: text("sid"),
        ports: rows.list("ports", row).iter().filter_map(|port| port.parse().ok()).collect(),
        workstation: text("workstation"),
        package: text("package"),
        source: text("source").unwrap_or_default(),
        events: rows.numbers("events").at(row).unwrap_or(0),
        inside: text("inside"),
    })
}

/// Every stretch of every log, sorted.
///
/// # Errors
/// Where the query fails.
pub fn kept_runs(each: Each<'_>) -> Result<Vec<Run>, SnapshotError> {
    let mut all: Vec<Run> = Vec::new();
    each("SELECT * FROM log_runs", &mut |batch| {
        let rows = Rows(batch);
        all.extend((0..rows.len()).filter_map(|row| run(rows, row)));
        Ok(())
    })?;
    all.sort();
    Ok(all)
}

fn run(rows: Rows<'_>, row: usize) -> Option<Run> {
    let text = |column: &str| rows.texts(column).at(row);
    let end = |column: &str| text(column).and_then(|id| id.parse::<EventId>().ok());
    Some(Run {
        source: text("source")?.to_owned(),
        host: text("host").map(str::to_owned),
        lowest: rows.numbers("lowest").at(row),
        from: rows.times("from").at(row)?,
        highest: rows.numbers("highest").at(row),
        to: rows.times("to").at(row)?,
        events: rows.numbers("events").at(row).unwrap_or(0),
        exhibit: text("exhibit")?.to_owned(),
        ends: [end("first")?, end("last")?],
    })
}

/// Which machine had which address.
///
/// # Errors
/// Where the query fails.
pub fn kept_addresses(each: Each<'_>) -> Result<Addresses, SnapshotError> {
    let mut all: Vec<(String, Sighting)> = Vec::new();
    each("SELECT * FROM hosts", &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let text = |column: &str| rows.texts(column).or_empty(row).to_owned();
            let (Some(from), Some(to)) = (rows.times("from").at(row), rows.times("to").at(row)) else {
                continue;
            };
            let basis: Vec<EventId> =
                rows.list("basis", row).iter().filter_map(|id| id.parse().ok()).collect();
            let (Some(first), Some(last)) = (basis.first(), basis.last()) else { continue };
            let by = match rows.texts("by").or_empty(row) {
                "lease" => "lease",
                "tunnel" => "tunnel",
                _ => "logon",
            };
            all.push((text("address"), Sighting { from, to, host: text("name"), by, ends: [*first, *last] }));
        }
        Ok(())
    })?;
    all.sort();
    let mut addresses = Addresses::default();
    for (address, sighting) in all {
        addresses.add(&address, sighting);
    }
    Ok(addresses)
}

/// Clocks that are wrong.
///
/// # Errors
/// Where the query fails.
pub fn kept_clocks(each: Each<'_>) -> Result<Vec<Skew>, SnapshotError> {
    let mut all = Vec::new();
    each("SELECT * FROM clocks", &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let text = |column: &str| rows.texts(column).or_empty(row).to_owned();
            let number = |column: &str| rows.numbers(column).at(row).unwrap_or(0);
            let (Some(from), Some(to)) = (rows.times("from").at(row), rows.times("to").at(row)) else {
                continue;
            };
            let Ok(ahead) = text("ahead").parse() else { continue };
            let pairs = (number("agree"), number("of"));
            let basis = rows.list("basis", row);
            all.push(Skew { host: text("host"), from, to, ahead, against: text("against"), pairs, basis });
        }
        Ok(())
    })?;
    all.sort();
    Ok(all)
}

/// Findings with where they belong.
///
/// # Errors
/// Where the query fails.
pub fn kept_placed(each: Each<'_>) -> Result<Vec<Placed>, SnapshotError> {
    let mut all = Vec::new();
    each("SELECT * FROM placed_findings", &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let text = |column: &str| rows.texts(column).at(row).map(str::to_owned);
            let Some(event) = rows.texts("event").at(row).and_then(|id| id.parse().ok()) else { continue };
            all.push(Placed {
                event,
                finding: text("finding").unwrap_or_default(),
                time: rows.times("time").at(row),
                host: text("host"),
                actor: text("actor"),
                title: text("title").unwrap_or_default(),
                techniques: rows.list("techniques", row),
                outcome: text("outcome").unwrap_or_default(),
                key: text("key"),
                process: text("process"),
            });
        }
        Ok(())
    })?;
    all.sort();
    Ok(all)
}

/// Key, beginning and key of the logon of processes that say in which logon they run.
///
/// # Errors
/// Where the query fails.
pub fn kept_process_spans(each: Each<'_>, spans: &[Span]) -> Result<Vec<Span>, SnapshotError> {
    let mut all = Vec::new();
    each("SELECT process, logon, time FROM process_logons", &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            let (Some(process), Some(logon)) = (rows.texts("process").at(row), rows.texts("logon").at(row))
            else {
                continue;
            };
            let time = rows.times("time").at(row);
            let first = spans.partition_point(|span| span.key.as_str() < logon);
            let of_logon = spans.get(first..).unwrap_or(&[]).iter().take_while(|span| span.key == logon);
            let at = of_logon.filter(|span| span.from.is_none() || span.from <= time).last();
            if let Some(span) = at {
                all.push(Span { key: process.to_owned(), from: None, to: None, ..span.clone() });
            }
        }
        Ok(())
    })?;
    all.sort_by(|a, b| (&a.key, a.session).cmp(&(&b.key, b.session)));
    all.dedup_by(|a, b| a.key == b.key);
    Ok(all)
}
