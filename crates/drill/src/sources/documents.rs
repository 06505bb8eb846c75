//! What does the document-management system export about accesses?
//!
//! A system of the house, as HP TRIM, iManage and others export theirs: one row per access, CSV by
//! RFC 4180 with line feeds, times in UTC to the second. Its traps are those of the trade:
//! - **The front end hides the client**: the app and whatever else speaks through the programs'
//!   interface reaches the system by its gateway, and `address` is then the gateway's own.
//! - **Repeats are suppressed**: the second view of a document in the same session within ten
//!   minutes leaves no row. No row says nothing of a second look.
//! - Searches and lists count titles and do not name them.

use std::collections::BTreeMap;
use std::io;

use super::Observer;
use super::text::{Put, begun, iso, record};
use crate::act::{Act, Client, Deed, DocumentDeed};
use crate::court::{Court, HostId, HostKind, ItemId, Place};
use crate::files::Files;
use crate::gate::Sight;
use crate::moment::{MINUTE, Moment, Span};

const SOURCE: &str = "dms";
/// How long a second view of the same document in the same session leaves no row.
const SUPPRESSED: Span = 10 * MINUTE;
const HEAD: &[u8] = b"time,user,action,document,title,library,client,address,session,detail\n";

/// The system.
pub struct Documents {
    host: HostId,
    /// When a view was last written, by session and document.
    viewed: BTreeMap<(u64, ItemId), Moment>,
    line: Vec<u8>,
}

impl Documents {
    /// The court's system.
    #[must_use]
    pub fn new(court: &Court) -> Self {
        Self { host: court.first(HostKind::Documents), viewed: BTreeMap::new(), line: Vec::new() }
    }

    /// Whether this view is a repeat that leaves nothing; notes it if not.
    fn repeats(&mut self, session: u64, item: ItemId, at: Moment) -> bool {
        match self.viewed.get(&(session, item)) {
            Some(before) if at - *before < SUPPRESSED => true,
            _ => {
                self.viewed.insert((session, item), at);
                false
            }
        }
    }

    fn row(&mut self, court: &Court, act: &Act, files: &mut Files, deed: &DocumentDeed) -> io::Result<()> {
        let file = begun(files, "documents/access.csv", HEAD)?;
        let session = &act.session;
        let line = &mut self.line;
        line.clear();
        iso(line, files.clock(self.host, act.at).civil()).put("Z,").csv(&court.account(session.account).name);
        line.put(",").put(action(deed)).put(",");
        match item(deed) {
            Some(item) => {
                let item = court.item(item);
                line.csv(&item.name).put(",").csv(&item.title).put(",");
                if let Place::Library { name } = &court.holding(item.holding).place {
                    line.csv(name);
                }
            }
            None => {
                line.put(",,");
                if let DocumentDeed::List { library, .. } = deed {
                    line.csv(library);
                }
            }
        }
        let through_gateway = matches!(session.client, Client::Api);
        let address = if through_gateway { &court.host(self.host).address } else { &session.address };
        line.put(",").csv(&session.agent).put(",").csv(address).put(",").csv(&session.token).put(",");
        match deed {
            DocumentDeed::Search { terms, hits } => {
                line.csv(&format!("terms={terms}; hits={hits}"));
            }
            DocumentDeed::List { titles, .. } => {
                line.put("titles=").num(u64::from(*titles));
            }
            _ => {}
        }
        line.put("\n");
        record(files, file, line, act.step.as_slice())
    }
}

const fn action(deed: &DocumentDeed) -> &'static str {
    match deed {
        DocumentDeed::Search { .. } => "Search",
        DocumentDeed::List { .. } => "List",
        DocumentDeed::View(_) => "View",
        DocumentDeed::Download(_) => "Download",
        DocumentDeed::Print(_) => "Print",
        DocumentDeed::Save(_) => "Save",
        DocumentDeed::Refused(_) => "Denied",
    }
}

const fn item(deed: &DocumentDeed) -> Option<ItemId> {
    match deed {
        DocumentDeed::Search { .. } | DocumentDeed::List { .. } => None,
        DocumentDeed::View(item)
        | DocumentDeed::Download(item)
        | DocumentDeed::Print(item)
        | DocumentDeed::Save(item)
        | DocumentDeed::Refused(item) => Some(*item),
    }
}

impl Observer for Documents {
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()> {
        let Deed::Document(deed) = &act.deed else { return Ok(()) };
        if files.sight(SOURCE, None, act.at) != Sight::Seen {
            return Ok(());
        }
        if let DocumentDeed::View(item) = deed
            && self.repeats(act.session.number, *item, act.at)
        {
            return Ok(());
        }
        self.row(court, act, files, deed)
    }

    fn day_over(&mut self, _court: &Court, day: Moment, _files: &mut Files) -> io::Result<()> {
        // The last minutes of the day still suppress the first of the next.
        self.viewed.retain(|_, at| *at >= day + crate::moment::DAY - SUPPRESSED);
        Ok(())
    }

    fn finish(&mut self, _court: &Court, _files: &mut Files) -> io::Result<()> {
        Ok(())
    }
}
