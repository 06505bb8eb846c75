//! Who came by remote desktop, where the security log does not say so?
//!
//! Windows tells a remote desktop three times: the security log of the logon, the session manager of
//! the session, the connection manager of the client. The second keeps its records for months where the
//! first is overwritten in days, and whoever takes his logons out of the first seldom thinks of it. So
//! an arrival of which the security log has no logon is a presence of its own here, and `control` asks
//! what it means that the log lacks it.

use std::collections::BTreeMap;

use assize_model::session::Door;
use assize_model::{Account, EventId, HostName, Session, SnapshotError, Time};

use crate::Each;
use crate::logons::{Kind, Logon};
use crate::presences::Presence;
use crate::rows::Rows;

/// The session manager's log.
pub(crate) const SESSIONS: &str =
    "windows/Microsoft-Windows-TerminalServices-LocalSessionManager/Operational";

/// The session begins when its logon is done, a moment before or after the logon's record; a slow profile takes
/// half a minute.
const LOGON_WITHIN: i64 = 60_000_000_000;

/// A record of the session manager (Microsoft, "Terminal-Services-LocalSessionManager": 21 logon, 23 logoff,
/// 24 disconnected, 25 connected again).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    time: Time,
    id: EventId,
    event: u32,
    account: String,
    /// `None` at the machine itself.
    address: Option<String>,
}

/// Arrivals by remote desktop of which the security log has no logon.
///
/// # Errors
/// Where the query fails.
pub fn desktops(logons: &[Logon], each: Each<'_>) -> Result<Vec<Presence>, SnapshotError> {
    let mut sessions: BTreeMap<(String, String), Vec<Turn>> = BTreeMap::new();
    let sql = format!("SELECT id, time, host, actor, peer, fields FROM events WHERE source = '{SESSIONS}'");
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        for row in 0..rows.len() {
            if let Some((place, turn)) = turn(rows, row) {
                sessions.entry(place).or_default().push(turn);
            }
        }
        Ok(())
    })?;
    let mut told = Vec::new();
    for ((host, _), mut turns) in sessions {
        turns.sort();
        turns.dedup_by(|a, b| (a.time, a.event) == (b.time, b.event));
        for (place, arrival) in turns.iter().enumerate() {
            if is_arrival(arrival) && !has_logon(logons, &host, arrival) {
                told.push(presence(&host, arrival, &turns[place + 1..]));
            }
        }
    }
    Ok(told)
}

fn turn(rows: Rows<'_>, row: usize) -> Option<((String, String), Turn)> {
    let own =
        |wanted: &str| rows.map("fields").of(row).find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let event = own("EventID")?.parse().ok()?;
    let session = own("SessionID")?.to_owned();
    let host = rows.texts("host").at(row)?.to_owned();
    let turn = Turn {
        time: rows.times("time").at(row)?,
        id: rows.texts("id").at(row)?.parse().ok()?,
        event,
        account: rows.texts("actor").at(row)?.to_owned(),
        address: rows.texts("peer").at(row).and_then(crate::logons::address),
    };
    Some(((host, session), turn))
}

fn is_arrival(turn: &Turn) -> bool {
    matches!(turn.event, 21 | 25) && turn.address.is_some()
}

fn has_logon(logons: &[Logon], host: &str, arrival: &Turn) -> bool {
    let from = Time(arrival.time.0.saturating_sub(LOGON_WITHIN));
    let to = Time(arrival.time.0.saturating_add(LOGON_WITHIN));
    let account = Account::of(&arrival.account).short();
    let host = HostName::of(host);
    let first = logons.partition_point(|logon| logon.time < from);
    logons[first..].iter().take_while(|logon| logon.time <= to).any(|logon| {
        logon.kind == Kind::On
            && logon.success
            && matches!(logon.door, Door::RemoteDesktop | Door::Console)
            && HostName::of(&logon.host) == host
            && Account::of(&logon.account).short() == account
    })
}

/// From its arrival to the logoff, or to where it was last seen.
fn presence(host: &str, arrival: &Turn, after: &[Turn]) -> Presence {
    // Session numbers begin anew with the machine: another logon is another session.
    let own = || after.iter().take_while(|turn| turn.event != 21);
    let to = own().find(|turn| turn.event == 23).map(|turn| turn.time);
    let session = Session {
        host: Some(host.to_owned()),
        from: Some(arrival.time),
        to,
        last_seen: to.or_else(|| own().map(|turn| turn.time).last()).or(Some(arrival.time)),
        address: arrival.address.clone(),
        ..Session::undetermined(arrival.id, Account::of(&arrival.account), Door::RemoteDesktop)
    };
    Presence::of(session, format!("{SESSIONS}|{}", arrival.id), SESSIONS.to_owned(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(at: i64, event: u32, address: Option<&str>) -> Turn {
        let id = EventId::of(&[&at.to_be_bytes()]);
        let account = r"COURT\adm-o.dane".to_owned();
        Turn { time: Time(at), id, event, account, address: address.map(str::to_owned) }
    }

    #[test]
    fn it_lasts_to_the_logoff_of_its_own_session() {
        let turns = [
            turn(1, 21, Some("10.0.0.5")),
            turn(3, 24, Some("10.0.0.5")),
            turn(9, 23, None),
            turn(20, 21, None),
        ];
        let told = presence("FS01", &turns[0], &turns[1..]).session;
        assert_eq!((told.from, told.to, told.last_seen), (Some(Time(1)), Some(Time(9)), Some(Time(9))));
        let told = presence("FS01", &turns[0], &turns[1..2]).session;
        assert_eq!((told.to, told.last_seen), (None, Some(Time(3))));
        assert!(!is_arrival(&turns[3]), "at the machine itself");
    }

    #[test]
    fn a_logon_of_the_security_log_tells_it_already() {
        let logon = |at: i64, account: &str, door| Logon {
            time: Time(at),
            id: EventId::of(&[&at.to_le_bytes()]),
            kind: Kind::On,
            host: "FS01.court.example".to_owned(),
            account: account.to_owned(),
            sid: None,
            logon: 7,
            subject: 0,
            linked: 0,
            address: None,
            port: None,
            workstation: None,
            service: None,
            door,
            package: None,
            success: true,
        };
        let arrival = turn(100_000_000_000, 21, Some("10.0.0.5"));
        let told = |one: Logon| has_logon(&[one], "FS01", &arrival);
        assert!(told(logon(99_000_000_000, r"court\ADM-o.dane", Door::RemoteDesktop)));
        assert!(!told(logon(99_000_000_000, r"COURT\o.dane", Door::RemoteDesktop)));
        assert!(!told(logon(99_000_000_000, r"COURT\adm-o.dane", Door::Network)));
        assert!(!told(logon(20_000_000_000, r"COURT\adm-o.dane", Door::RemoteDesktop)));
    }
}
