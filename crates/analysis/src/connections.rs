//! Who was connected to a file server, shell or database that writes down both ends, from when to
//! when?
//!
//! Samba names the process that serves a client, the SSH daemon its own, a database a session. Numbers
//! of processes are used again, so a connection lasts from its opening to its end or to another
//! opening by somebody else, whichever comes first. A client that connects to several shares of a
//! server is there until it has left the last of them.

use std::collections::{BTreeMap, BTreeSet};

use assize_model::session::Door;
use assize_model::{Account, EventId, Session, SnapshotError, Time};

use crate::Each;
use crate::key::{family, presence_key};
use crate::presences::Presence;
use crate::rows::Rows;
use crate::survey::Survey;

const ENDS: &str = "
    SELECT id, time, source, host, verb, actor, object, object_kind, peer, device, client, outcome, links FROM events
    WHERE verb IN ('logon', 'logoff', 'connect') AND time IS NOT NULL
      AND (source LIKE 'samba/%' OR source LIKE 'linux/%' OR source LIKE 'postgresql%')";

/// A record of an end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    time: Time,
    id: EventId,
    source: String,
    host: Option<String>,
    verb: String,
    actor: Option<String>,
    /// The share, where it is one's.
    share: Option<String>,
    peer: Option<String>,
    device: Option<String>,
    client: Option<String>,
}

/// Every connection of which a record shows the beginning.
///
/// # Errors
/// Where the query fails.
pub fn connections(survey: &Survey, each: Each<'_>) -> Result<Vec<Presence>, SnapshotError> {
    let mut by_key: BTreeMap<String, Vec<End>> = BTreeMap::new();
    each(ENDS, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            if let Some((key, end)) = end(rows, row) {
                by_key.entry(key).or_default().push(end);
            }
        }
        Ok(())
    })?;
    let mut all = Vec::new();
    for (key, mut ends) in by_key {
        ends.sort();
        let last = survey.uses.get(&key).map(|used| (used.last, used.events));
        all.extend(of_key(&key, &ends, last));
    }
    Ok(all)
}

fn end(rows: Rows<'_>, row: usize) -> Option<(String, End)> {
    let text = |column: &str| rows.texts(column).at(row).map(str::to_owned);
    let (source, verb) = (text("source")?, text("verb")?);
    let share = text("object").filter(|_| rows.texts("object_kind").at(row) == Some("share"));
    // Somebody who connects to a daemon is not there yet; to a share, he is.
    if rows.texts("outcome").at(row) != Some("success") || (verb == "connect" && share.is_none()) {
        return None;
    }
    let key = presence_key(&source, rows.texts("host").at(row), &verb, rows.links("links").of(row))?;
    let end = End {
        time: rows.times("time").at(row)?,
        id: rows.texts("id").at(row)?.parse().ok()?,
        host: text("host"),
        actor: text("actor"),
        share,
        peer: text("peer"),
        device: text("device"),
        client: text("client"),
        source,
        verb,
    };
    Some((key, end))
}

/// The connections of one key, one after another.
fn of_key(key: &str, ends: &[End], last: Option<(Time, u64)>) -> Vec<Presence> {
    let mut found: Vec<Presence> = Vec::new();
    let mut shares: BTreeSet<&str> = BTreeSet::new();
    for end in ends {
        let open = found.last_mut().filter(|presence| presence.session.to.is_none());
        if end.verb == "logoff" {
            shares.remove(end.share.as_deref().unwrap_or(""));
            if let Some(presence) = open.filter(|_| shares.is_empty()) {
                presence.session.to = Some(end.time);
                presence.session.last_seen = Some(end.time);
            }
            continue;
        }
        let same = open.filter(|open| {
            end.share.is_some()
                && open.session.address == end.peer
                && end.actor.as_deref().is_some_and(|actor| open.session.account == Account::of(actor))
        });
        if same.is_none() {
            shares.clear();
            found.extend(opened(key, end, last.map_or(1, |(_, events)| events)));
        }
        shares.insert(end.share.as_deref().unwrap_or(""));
    }
    if let (Some(presence), Some((last, _))) = (found.last_mut(), last) {
        let session = &mut presence.session;
        session.last_seen = session.to.or_else(|| session.last_seen.max(Some(last)));
    }
    found
}

fn opened(key: &str, end: &End, events: u64) -> Option<Presence> {
    let session = Session {
        host: end.host.clone(),
        from: Some(end.time),
        last_seen: Some(end.time),
        address: end.peer.clone(),
        client: end.client.clone(),
        ..Session::undetermined(end.id, Account::of(end.actor.as_deref()?), door(&end.source))
    };
    let presence = Presence::of(session, key.to_owned(), end.source.clone(), events);
    Some(Presence { workstation: end.device.clone(), ..presence })
}

/// By which door one comes where such a log is written.
pub(crate) fn door(source: &str) -> Door {
    match family(source) {
        "samba" => Door::Network,
        "linux" => Door::Shell,
        "postgresql" => Door::Database,
        "cloud" => Door::Cloud,
        "dms" | "documents" => Door::Documents,
        "vpn" => Door::Tunnel,
        _ => Door::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(at: i64, verb: &str, share: Option<&str>, actor: &str, peer: &str) -> End {
        End {
            time: Time(at),
            id: EventId::of(&[&at.to_be_bytes()]),
            source: "samba/full_audit".to_owned(),
            host: Some("NAS".to_owned()),
            verb: verb.to_owned(),
            actor: Some(actor.to_owned()),
            share: share.map(str::to_owned),
            peer: Some(peer.to_owned()),
            device: None,
            client: None,
        }
    }

    fn told(ends: &[End]) -> Vec<(i64, Option<i64>, String)> {
        let found = of_key("samba|nas|7", ends, Some((Time(99), 9)));
        let told = |one: &Presence| {
            let session = &one.session;
            (session.from.unwrap().0, session.to.map(|to| to.0), session.account.name.clone())
        };
        found.iter().map(told).collect()
    }

    #[test]
    fn a_client_is_there_until_it_has_left_its_last_share() {
        let ends = [
            end(1, "connect", Some("a"), "o.dane", "10.0.0.5"),
            end(2, "connect", Some("b"), "o.dane", "10.0.0.5"),
            end(3, "logoff", Some("a"), "o.dane", "10.0.0.5"),
            end(4, "logoff", Some("b"), "o.dane", "10.0.0.5"),
        ];
        assert_eq!(told(&ends), [(1, Some(4), "o.dane".to_owned())]);
    }

    #[test]
    fn a_number_that_is_used_again_is_another_connection() {
        let ends = [
            end(1, "connect", Some("a"), "o.dane", "10.0.0.5"),
            end(5, "connect", Some("a"), "m.ruiz", "10.0.0.6"),
            end(8, "logoff", Some("a"), "m.ruiz", "10.0.0.6"),
            end(9, "connect", Some("a"), "m.ruiz", "10.0.0.6"),
        ];
        let all = told(&ends);
        assert_eq!(
            all,
            [(1, None, "o.dane".into()), (5, Some(8), "m.ruiz".into()), (9, None, "m.ruiz".into())]
        );
    }
}
