//! Which decisions stand, in which order of weight, and which events do they hang on?

use std::collections::{BTreeMap, BTreeSet};

use assize_model::decision::{Decision, On, Verb};
use assize_model::{Account, EventId, HostName, SnapshotError, Time};

use crate::Each;
use crate::key::presence_key;
use crate::rows::Rows;

/// A decision that stands, with the event that it hangs on if it hangs on one.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// Its id, as text.
    pub id: String,
    /// What it says.
    pub decision: Decision,
    /// The event at its anchor.
    pub event: Option<EventId>,
}

/// What an event says that a decision hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// When.
    pub time: Option<Time>,
    /// Kind of log.
    pub source: String,
    /// Where.
    pub host: Option<String>,
    /// Who.
    pub actor: Option<String>,
    /// What.
    pub verb: String,
    /// To what.
    pub object: Option<String>,
    /// From where.
    pub peer: Option<String>,
    /// The device or workstation that it names.
    pub device: Option<String>,
    /// In which presence.
    pub key: Option<String>,
    /// In which process.
    pub process: Option<String>,
}

/// The events at the anchors of rulings. A ruling whose event is not here is orphaned.
///
/// # Errors
/// Where the query fails.
pub fn anchored(each: Each<'_>, rulings: &[Ruling]) -> Result<BTreeMap<EventId, Anchored>, SnapshotError> {
    let ids: BTreeSet<String> =
        rulings.iter().filter_map(|ruling| ruling.event).map(|id| format!("'{id}'")).collect();
    let mut found = BTreeMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let list = ids.into_iter().collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT id, time, source, host, actor, verb, object, peer, device, links FROM events WHERE id IN ({list})"
    );
    each(&sql, &mut |batch| {
        let rows = Rows(batch);
        let texts = |column| rows.texts(column);
        let owned = |column, row| texts(column).at(row).map(str::to_owned);
        let links = rows.links("links");
        for row in 0..rows.len() {
            let Some(id) = texts("id").at(row).and_then(|id| id.parse().ok()) else { continue };
            let (source, host) = (texts("source").or_empty(row), texts("host").at(row));
            let verb = texts("verb").or_empty(row);
            found.insert(
                id,
                Anchored {
                    time: rows.times("time").at(row),
                    source: source.to_owned(),
                    host: host.map(str::to_owned),
                    actor: owned("actor", row),
                    verb: verb.to_owned(),
                    object: owned("object", row),
                    peer: owned("peer", row),
                    device: owned("device", row),
                    key: presence_key(source, host, verb, links.of(row)),
                    process: links.first(row, "process").map(str::to_lowercase),
                },
            );
        }
        Ok(())
    })?;
    Ok(found)
}

/// The rulings with a verb on a kind of thing.
pub(crate) fn of<'a>(
    rulings: &'a [Ruling],
    verb: Verb,
    on: &'static [On],
) -> impl Iterator<Item = &'a Ruling> {
    rulings.iter().filter(move |ruling| ruling.decision.verb == verb && on.contains(&ruling.decision.on))
}

impl Ruling {
    /// The account that it names.
    pub(crate) fn account(&self) -> Account {
        Account::of(self.value())
    }

    /// The thing that it names.
    pub(crate) fn value(&self) -> &str {
        self.decision.value.as_deref().unwrap_or("").trim()
    }

    /// The machine that it names.
    pub(crate) fn host(&self) -> Option<HostName> {
        HostName::of(self.value())
    }
}
