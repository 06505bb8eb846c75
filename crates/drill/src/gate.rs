//! Was the source switched on there and then, and which time did its clock show?
//!
//! Damage that happens while things are logged stands here, as intervals; damage that happens to
//! files afterwards stands in `damage.rs`. A gate knows nothing of what is seen.

use crate::court::{AccountId, HostId};
use crate::moment::{Moment, Span};

/// Whether a source saw something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It did, and its record is there.
    Seen,
    /// It was not switched on: there never was a record.
    Unseen,
    /// It did, and the record is lost: numbering sources count it.
    Lost,
}

/// An interval in which a source sees nothing, or its records are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// `windows/Security`, `m365`, …
    pub source: String,
    /// Of which machine; `None`: whatever machine.
    pub host: Option<HostId>,
    /// From when.
    pub from: Moment,
    /// Until when.
    pub to: Moment,
    /// [`Sight::Unseen`] or [`Sight::Lost`].
    pub sight: Sight,
}

/// When which source is blind.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// Intervals without sight.
    pub closed: Vec<Closed>,
    /// Hosts whose clock is wrong, since when, by how much.
    pub skewed: Vec<(HostId, Moment, Span)>,
    /// Mailboxes whose audit is throttled, from when to when.
    pub throttled: Vec<(AccountId, Moment, Moment)>,
}

impl Gate {
    /// See [`Files::sight`](crate::files::Files::sight).
    #[must_use]
    pub fn sight(&self, source: &str, host: Option<HostId>, at: Moment) -> Sight {
        let shut = self.closed.iter().find(|closed| {
            closed.source == source
                && (closed.host.is_none() || closed.host == host)
                && (closed.from..closed.to).contains(&at)
        });
        shut.map_or(Sight::Seen, |closed| closed.sight)
    }

    /// See [`Files::clock`](crate::files::Files::clock).
    #[must_use]
    pub fn clock(&self, host: HostId, at: Moment) -> Moment {
        let skew = self.skewed.iter().find(|(skewed, from, _)| *skewed == host && at >= *from);
        skew.map_or(at, |(_, _, span)| at + *span)
    }

    /// See [`Files::throttled`](crate::files::Files::throttled).
    #[must_use]
    pub fn throttled(&self, mailbox: AccountId, at: Moment) -> bool {
        self.throttled.iter().any(|(account, from, to)| *account == mailbox && (*from..*to).contains(&at))
    }
}
