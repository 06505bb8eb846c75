//! Which file servers' clocks disagree with the network monitor about one and the same connection?
//!
//! A server writes down that a client connected to a share; the monitor saw the client do it. A server in no
//! domain has no tickets to be compared with, and its log often no zone: hours lie between the two where a
//! local time was read as UTC. One difference must explain most of what no near sighting explains.

use std::collections::BTreeMap;

use assize_model::{SnapshotError, Time};

use super::{DAY, HOUR, SECOND};
use crate::Each;
use crate::coverage::Skew;
use crate::places;
use crate::rows::Rows;

/// Zones reach from twelve hours behind to fourteen ahead.
const FAR: i64 = 14 * HOUR + 15 * 60 * SECOND;
/// Sightings this near are of the same moment.
const NEAR: i64 = 60 * SECOND;
/// Differences are told to within this.
const STEP: i64 = 30 * SECOND;
/// So many connections must agree, so many percent of those that no near sighting explains.
const AGREE_MIN: usize = 5;
const AGREE_PERCENT: usize = 60;

const CONNECTIONS: &str = "
    SELECT id, time, source, host, object, peer FROM events
    WHERE verb = 'connect' AND object_kind = 'share' AND peer IS NOT NULL AND time IS NOT NULL";

/// A share and a client.
type Place = (String, String);

/// A connection as a server wrote it down.
struct Written {
    time: Time,
    id: String,
    place: Place,
}

/// Clocks of file servers against the monitor's.
///
/// # Errors
/// Where the query fails.
pub fn against_monitor(each: Each<'_>) -> Result<Vec<Skew>, SnapshotError> {
    let mut seen: BTreeMap<Place, Vec<Time>> = BTreeMap::new();
    let mut days: BTreeMap<(String, i64), Vec<Written>> = BTreeMap::new();
    each(CONNECTIONS, &mut |batch| {
        let rows = Rows(batch);
        let (ids, times, sources) = (rows.texts("id"), rows.times("time"), rows.texts("source"));
        let (hosts, objects, peers) = (rows.texts("host"), rows.texts("object"), rows.texts("peer"));
        for row in 0..rows.len() {
            let (Some(time), Some(share)) = (times.at(row), objects.at(row)) else { continue };
            let monitor = sources.or_empty(row).starts_with("zeek/");
            let host = hosts.at(row).filter(|_| !monitor);
            let Some(share) = name_of(share) else { continue };
            let server = host.map(places::host);
            let form = match &server {
                Some(server) => format!("//{server}/{share}"),
                None => places::form(objects.or_empty(row), None),
            };
            let place = (form, peers.or_empty(row).to_owned());
            match server {
                None if monitor => seen.entry(place).or_default().push(time),
                None => {}
                Some(server) => {
                    let written = Written { time, id: ids.or_empty(row).to_owned(), place };
                    days.entry((server, time.0.div_euclid(DAY))).or_default().push(written);
                }
            }
        }
        Ok(())
    })?;
    seen.values_mut().for_each(|times| times.sort_unstable());
    let skews = days.into_iter().filter_map(|((host, _), written)| skew(host, written, &seen));
    Ok(super::joined(skews.collect()))
}

/// The share's own name: `\\*\Cases`, `\\FS01\Cases` and `Cases` are one share of a server.
fn name_of(share: &str) -> Option<String> {
    let name = share.trim_end_matches(['\\', '/']).rsplit(['\\', '/']).next()?;
    (!name.is_empty() && !name.ends_with('$')).then(|| name.to_lowercase())
}

/// The one difference on which most of a day agree.
fn skew(host: String, mut written: Vec<Written>, seen: &BTreeMap<Place, Vec<Time>>) -> Option<Skew> {
    written.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    let mut votes: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    let (mut near, mut of) = (0, 0);
    for (place, one) in written.iter().enumerate() {
        let Some(times) = seen.get(&one.place) else { continue };
        let first = times.partition_point(|time| time.0 < one.time.0 - FAR);
        let apart = times[first..].iter().map(|time| one.time.0 - time.0).take_while(|apart| *apart >= -FAR);
        let mut steps: Vec<i64> = apart.map(|apart| (apart + STEP / 2).div_euclid(STEP)).collect();
        if steps.iter().any(|step| (step * STEP).abs() <= NEAR) {
            near += 1;
            continue;
        }
        of += usize::from(!steps.is_empty());
        steps.dedup();
        steps.into_iter().for_each(|step| votes.entry(step).or_default().push(place));
    }
    let (step, agree) = votes.into_iter().max_by_key(|(step, votes)| (votes.len(), -step.abs()))?;
    if agree.len() < AGREE_MIN || agree.len() * 100 < of * AGREE_PERCENT || agree.len() <= near {
        return None;
    }
    let (first, last) = (&written[*agree.first()?], &written[*agree.last()?]);
    Some(Skew {
        host,
        from: first.time,
        to: last.time,
        ahead: step * STEP,
        against: "the network monitor that saw the same connections".to_owned(),
        pairs: (agree.len() as u64, of as u64),
        basis: vec![first.id.clone(), last.id.clone()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(ahead: i64) -> (Vec<Written>, BTreeMap<Place, Vec<Time>>) {
        let place = || ("//nas01/archive".to_owned(), "10.20.0.14".to_owned());
        let times: Vec<Time> = (0..12).map(|n| Time((8 * 3600 + n * n * 241 + n * 17) * SECOND)).collect();
        let one =
            |time: &Time| Written { time: Time(time.0 + ahead), id: format!("e-{}", time.0), place: place() };
        (times.iter().map(one).collect(), BTreeMap::from([(place(), times.clone())]))
    }

    #[test]
    fn hours_between_server_and_monitor_are_told_and_seconds_are_not() {
        for hours in [2, -5] {
            let (written, seen) = day(hours * HOUR);
            let skew = skew("nas01".to_owned(), written, &seen).unwrap();
            assert_eq!((skew.ahead, skew.pairs), (hours * HOUR, (12, 12)));
        }
        let (written, seen) = day(3 * SECOND);
        assert_eq!(skew("nas01".to_owned(), written, &seen), None);
        let (written, _) = day(2 * HOUR);
        assert_eq!(skew("nas01".to_owned(), written, &BTreeMap::new()), None, "what nobody else saw");
    }

    #[test]
    fn one_share_has_several_names() {
        let names = [r"\\*\Cases", r"\\FS01\Cases", "cases", r"\\FS01\Cases\"].map(name_of);
        assert!(names.iter().all(|name| name.as_deref() == Some("cases")));
        assert_eq!(name_of(r"\\*\IPC$"), None);
    }
}
