//! Which clocks are wrong, by how much, and by comparison with what?
//!
//! Comparisons of one act that is written down twice. A host's logon and the ticket that the domain
//! controller gave for it: their difference is the difference of the clocks, if many agree on it to
//! the second. The time of an event's envelope against the time in UTC that the event states in
//! itself: where they differ by hours, a local time was marked as UTC on the way. A connection to a
//! share as the server and the monitor have it (`monitor`). And a log against its own order
//! (`order`). Told, never corrected here: that takes a decision.

mod monitor;
mod order;

pub use monitor::against_monitor;
pub use order::against_own_order;

use std::collections::BTreeMap;

use assize_model::{Account, HostName, SnapshotError, Time};

use crate::Each;
use crate::coverage::Skew;
use crate::logons::{Kind, Logon};
use crate::rows::Rows;

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// Clocks in a domain differ by less than this (Kerberos refuses five minutes, time service keeps
/// seconds); what is nearer is the way of the message.
const NEAR: i64 = 5 * SECOND;
/// Differences that are worth telling.
const WORTH: i64 = 30 * SECOND;
/// How far apart logon and ticket are looked for.
const FAR: i64 = 20 * 60 * SECOND;
/// So many logons of a day must agree, and so many percent of those that no near ticket explains.
const AGREE_MIN: u64 = 5;
const AGREE_PERCENT: u64 = 60;

/// Clocks of hosts against their domain controllers.
#[must_use]
pub fn against_controllers(logons: &[Logon]) -> Vec<Skew> {
    let mut tickets: BTreeMap<(HostName, String), Vec<Time>> = BTreeMap::new();
    for ticket in logons.iter().filter(|logon| logon.kind == Kind::Service && logon.success) {
        let host = ticket.service.as_deref().and_then(|service| HostName::of(service.strip_suffix('$')?));
        if let Some(host) = host {
            tickets.entry((host, local(&ticket.account))).or_default().push(ticket.time);
        }
    }
    let mut days: BTreeMap<(HostName, i64), Day<'_>> = BTreeMap::new();
    // By host and hour: the last logon whose ticket is of the same moment.
    let mut right: BTreeMap<(HostName, i64), Time> = BTreeMap::new();
    for logon in logons.iter().filter(|logon| logon.kind == Kind::On && logon.success) {
        let Some(host) = HostName::of(&logon.host) else { continue };
        let Some(tickets) = tickets.get(&(host.clone(), local(&logon.account))) else { continue };
        let first = tickets.partition_point(|ticket| ticket.0 < logon.time.0 - FAR);
        let apart: Vec<i64> = tickets[first..]
            .iter()
            .take_while(|ticket| ticket.0 <= logon.time.0 + FAR)
            .map(|ticket| logon.time.0 - ticket.0)
            .collect();
        if apart.iter().any(|apart| apart.abs() <= NEAR) {
            let last = right.entry((host, logon.time.0.div_euclid(HOUR))).or_insert(logon.time);
            *last = (*last).max(logon.time);
        } else if !apart.is_empty() {
            days.entry((host, logon.time.0.div_euclid(DAY))).or_default().logons.push((logon, apart));
        }
    }
    let skews = days.into_values().filter_map(Day::skew);
    let mut skews = joined(skews.collect());
    // Between the last that was right and the first that is not, nobody knows.
    for skew in &mut skews {
        let Some(host) = HostName::of(&skew.host) else { continue };
        let hours = (host.clone(), i64::MIN)..=(host, skew.from.0.div_euclid(HOUR));
        let before = right.range(hours).rev().map(|(_, last)| *last).find(|last| *last < skew.from);
        skew.from = before.unwrap_or(skew.from);
    }
    skews
}

/// The local name, without the realm that tickets add.
fn local(account: &str) -> String {
    let short = Account::of(account).short();
    short.split('@').next().unwrap_or(&short).to_owned()
}

/// Logons of a host and day that no ticket of the same moment explains.
#[derive(Default)]
struct Day<'a> {
    logons: Vec<(&'a Logon, Vec<i64>)>,
}

impl Day<'_> {
    /// The one difference on which most agree.
    fn skew(self) -> Option<Skew> {
        let mut votes: BTreeMap<i64, u64> = BTreeMap::new();
        for (_, apart) in &self.logons {
            let mut seconds: Vec<i64> = apart.iter().map(|apart| apart.div_euclid(SECOND)).collect();
            seconds.dedup();
            for second in seconds {
                *votes.entry(second).or_default() += 1;
            }
        }
        let (second, agree) = votes.into_iter().max_by_key(|(second, votes)| (*votes, -second.abs()))?;
        let of = self.logons.len() as u64;
        if agree < AGREE_MIN || agree * 100 < of * AGREE_PERCENT || (second * SECOND).abs() < WORTH {
            return None;
        }
        let agreeing: Vec<&Logon> = self
            .logons
            .iter()
            .filter(|(_, apart)| apart.iter().any(|apart| apart.div_euclid(SECOND) == second))
            .map(|(logon, _)| *logon)
            .collect();
        let (first, last) = (agreeing.first()?, agreeing.last()?);
        Some(Skew {
            host: first.host.clone(),
            from: first.time,
            to: last.time,
            ahead: second * SECOND,
            against: "its domain controller".to_owned(),
            pairs: (agree, of),
            basis: vec![first.id.to_string(), last.id.to_string()],
        })
    }
}

/// Days on end with the same difference are one.
fn joined(skews: Vec<Skew>) -> Vec<Skew> {
    let mut joined: Vec<Skew> = Vec::new();
    for skew in skews {
        match joined.last_mut() {
            Some(last)
                if last.host == skew.host
                    && (last.ahead - skew.ahead).abs() <= NEAR
                    && skew.from.0.div_euclid(DAY) - last.to.0.div_euclid(DAY) <= 3 =>
            {
                last.to = skew.to;
                last.pairs = (last.pairs.0 + skew.pairs.0, last.pairs.1 + skew.pairs.1);
                last.basis.truncate(1);
                last.basis.extend(skew.basis.last().cloned());
            }
            _ => joined.push(skew),
        }
    }
    // It is as it was until something shows that it is not: the rest of its last day too.
    for skew in &mut joined {
        skew.to = Time((skew.to.0.div_euclid(DAY) + 1) * DAY);
    }
    joined
}

/// By difference in seconds: the events that show it.
type Votes = BTreeMap<i64, Vec<(Time, String)>>;

const OWN_TIMES: &str = "
    SELECT id, time, host, fields FROM events
    WHERE verb = 'execute' AND source = 'windows/Microsoft-Windows-Sysmon/Operational'";

/// Envelope times against the UTC times that Sysmon's events state themselves.
///
/// # Errors
/// Where the query fails.
pub fn against_own_time(each: Each<'_>) -> Result<Vec<Skew>, SnapshotError> {
    let mut days: BTreeMap<(String, i64), Votes> = BTreeMap::new();
    each(OWN_TIMES, &mut |batch| {
        let rows = Rows(batch);
        let (ids, times, hosts) = (rows.texts("id"), rows.times("time"), rows.texts("host"));
        let fields = rows.map("fields");
        for row in 0..rows.len() {
            let (Some(time), Some(host)) = (times.at(row), hosts.at(row)) else { continue };
            let own = fields.first(row, "UtcTime").and_then(instant);
            let Some(own) = own else { continue };
            let apart = (time.0 - own.0).div_euclid(60 * SECOND) * 60;
            let day = days.entry((host.to_owned(), time.0.div_euclid(DAY))).or_default();
            let agreeing = day.entry(apart).or_default();
            // Three show it as well as a million: the first, and the ends.
            agreeing.push((time, ids.or_empty(row).to_owned()));
        }
        Ok(())
    })?;
    let mut skews = Vec::new();
    for ((host, _), day) in days {
        let of: usize = day.values().map(Vec::len).sum();
        let Some((apart, mut agreeing)) =
            day.into_iter().max_by_key(|(apart, votes)| (votes.len(), -apart.abs()))
        else {
            continue;
        };
        if (apart * SECOND).abs() < 2 * 60 * SECOND || agreeing.len() * 10 < of * 9 {
            continue;
        }
        agreeing.sort();
        let (Some(first), Some(last)) = (agreeing.first(), agreeing.last()) else { continue };
        skews.push(Skew {
            host,
            from: first.0,
            to: last.0,
            ahead: apart * SECOND,
            against: "the UTC time that its own events state".to_owned(),
            pairs: (agreeing.len() as u64, of as u64),
            basis: vec![first.1.clone(), last.1.clone()],
        });
    }
    Ok(joined(skews))
}

fn instant(text: &str) -> Option<Time> {
    match Time::parse(text)? {
        assize_model::time::Stated::Instant(time) | assize_model::time::Stated::Local(time) => Some(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assize_model::EventId;
    use assize_model::session::Door;

    fn logon(kind: Kind, host: &str, seconds: i64, service: Option<&str>) -> Logon {
        Logon {
            time: Time(seconds * SECOND),
            id: EventId::of(&[&seconds.to_be_bytes(), host.as_bytes()]),
            kind,
            host: host.to_owned(),
            account: match kind {
                Kind::On => r"COURT.EXAMPLE\o.dane".to_owned(),
                _ => r"COURT\o.dane@COURT.EXAMPLE".to_owned(),
            },
            sid: None,
            logon: 1,
            subject: 0,
            linked: 0,
            address: None,
            port: None,
            workstation: None,
            service: service.map(str::to_owned),
            door: Door::Network,
            package: None,
            success: true,
        }
    }

    fn day(ahead: i64) -> Vec<Logon> {
        let times = (0..20).map(|n| 1000 + n * n * 37 + n * 11);
        let pair = |at| {
            [
                logon(Kind::Service, "dc", at, Some("FS$")),
                logon(Kind::On, "fs.court.example", at + ahead, None),
            ]
        };
        let mut all: Vec<Logon> = times.flat_map(pair).collect();
        all.sort();
        all
    }

    #[test]
    fn many_logons_that_agree_to_the_second_show_a_clock() {
        let skews = against_controllers(&day(423));
        assert_eq!(skews.len(), 1);
        assert_eq!(skews[0].ahead / SECOND, 423);
        // One or the other has a ticket beside it by chance, and is not counted.
        assert!(skews[0].pairs.0 >= 18 && skews[0].pairs.0 == skews[0].pairs.1);
        assert_eq!(skews[0].host, "fs.court.example");
    }

    #[test]
    fn clocks_that_agree_are_not_told() {
        assert_eq!(against_controllers(&day(0)), []);
        assert_eq!(against_controllers(&day(3)), []);
    }
}
