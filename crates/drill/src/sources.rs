//! Who sees what happens, and where do they write it down?
//!
//! An [`Observer`] stands for one source. It sees an act only where its source is switched on, and
//! says only what the real source would say: 5145 is a check, a synchronisation names a folder,
//! repeats are suppressed, throttling blinds. It knows no rule and no finding, and never looks at
//! [`Session::intruder`](crate::act::Session::intruder).
//!
//! Acts come in the order of time. Observers write as they go, so that memory stays flat in days.

mod dhcp;
mod documents;
mod entra;
mod m365;
mod proxy;
mod samba;
mod text;
mod vpn;
pub(crate) mod windows;
mod zeek;

use std::io;

use crate::act::Act;
use crate::court::Court;
use crate::files::Files;
use crate::moment::Moment;

/// One source, seeing.
pub trait Observer {
    /// Writes what the source says of this act, if it sees it.
    ///
    /// # Errors
    /// Where a file cannot be written.
    fn see(&mut self, court: &Court, act: &Act, files: &mut Files) -> io::Result<()>;

    /// A day (UTC) is over: what is collected by day is written, caches are forgotten.
    ///
    /// # Errors
    /// Where a file cannot be written.
    fn day_over(&mut self, _court: &Court, _day: Moment, _files: &mut Files) -> io::Result<()> {
        Ok(())
    }

    /// All is over: open files are closed.
    ///
    /// # Errors
    /// Where a file cannot be written.
    fn finish(&mut self, court: &Court, files: &mut Files) -> io::Result<()>;
}

/// Makes an observer for a court.
type Make = fn(&Court) -> Box<dyn Observer>;

/// Every source, in the order in which they are asked.
pub const ALL: &[(&str, Make)] = &[
    ("windows", |court| Box::new(windows::Windows::new(court))),
    ("samba", |court| Box::new(samba::Samba::new(court))),
    ("documents", |court| Box::new(documents::Documents::new(court))),
    ("m365", |court| Box::new(m365::M365::new(court))),
    ("entra", |court| Box::new(entra::Entra::new(court))),
    ("vpn", |court| Box::new(vpn::Vpn::new(court))),
    ("dhcp", |court| Box::new(dhcp::Dhcp::new(court))),
    ("proxy", |court| Box::new(proxy::Proxy::new(court))),
    ("zeek", |court| Box::new(zeek::Zeek::new(court))),
];
