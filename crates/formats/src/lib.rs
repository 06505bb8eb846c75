//! What do the bytes say?
//!
//! Each file here reads one make of log and turns records into events; what cannot be read becomes
//! a gap. Formats see bytes, never paths, and know each record by itself only: handles, logons and
//! sessions are joined in `analysis`. Containers ([`container`]) are opened here too, because they
//! are bytes that hold bytes.

mod auditd;
mod clock;
mod cloud;
mod cloudtrail;
pub mod container;
mod csv;
mod defender;
mod entra;
mod evtx;
mod front_ends;
mod google_workspace;
mod headed;
mod json;
mod json_lines;
mod laurel;
mod lines;
mod m365;
mod made;
pub mod mapping;
mod meaning;
pub mod message;
mod okta;
mod postgresql;
mod record;
mod s3_access;
mod samba;
mod short;
mod splunk;
mod squid;
mod syslog;
mod syslog_json;
mod text_lines;
mod w3c;
mod web;
mod web_error;
mod web_log;
mod windows;
mod windows_json;
mod windows_text;
mod windows_xml;
mod xml;
mod zeek;
mod zeek_json;

use assize_model::{Confidence, Format, ReadingOptions};

/// Names of the reading options that a person may give; what each means stands where it is used.
pub mod option {
    pub use crate::clock::{ACQUIRED, BY_ACQUISITION, NOT_AFTER, YEAR, ZONE};
    pub use crate::lines::ENCODING;
    pub use crate::mapping::{MAPPING, MAPPING_TEXT};
}

/// Every format, the most particular first.
pub static ALL: &[&dyn Format] = &[
    &evtx::Evtx,
    &windows_json::WindowsJson,
    &windows_xml::WindowsXml,
    &windows_text::Blocks,
    &windows_text::Table,
    &defender::DEFENDER,
    &defender::DEFENDER_TABLE,
    &m365::M365,
    &m365::M365_TABLE,
    &entra::ENTRA,
    &entra::ENTRA_TABLE,
    &cloudtrail::CLOUD_TRAIL,
    &cloudtrail::CLOUD_TRAIL_TABLE,
    &s3_access::S3Access,
    &okta::OKTA,
    &google_workspace::GOOGLE_WORKSPACE,
    &splunk::Splunk,
    &zeek::Zeek,
    &zeek_json::ZeekJson,
    &squid::Squid,
    &w3c::W3c,
    &web_log::WebLog,
    &web_error::WebError,
    &auditd::Auditd,
    &laurel::Laurel,
    &syslog::Syslog,
    &syslog_json::SyslogJson,
    &postgresql::Csvlog,
    &postgresql::Jsonlog,
    &postgresql::Plain,
    &mapping::DMS_ACCESS,
    &mapping::VPN_SESSIONS,
    &mapping::VPN_ATTEMPTS,
    &mapping::DHCP_WINDOWS,
    &mapping::CASE_MANAGEMENT,
    &mapping::NETDOCUMENTS_HISTORY,
    &mapping::OPENVPN_AS,
    &mapping::GLOBALPROTECT,
    &mapping::Mapped,
    &json_lines::JsonLines,
    &csv::Csv,
    &text_lines::TextLines,
];

/// Name of the format that reads by a mapping of a person's own.
pub const MAPPED: &str = "mapped";

/// Names of the encodings that may be given for a text.
#[must_use]
pub fn encodings() -> Vec<&'static str> {
    lines::Encoding::ALL.iter().map(|encoding| encoding.name()).collect()
}

/// How many first bytes a format may look at to know its own.
pub const HEAD: usize = 64 * 1024;

/// The format whose make these first bytes are, with its confidence; `None` if no one knows them.
#[must_use]
pub fn recognise(head: &[u8]) -> Option<(&'static dyn Format, Confidence)> {
    let sure = ALL.iter().filter_map(|format| Some((*format, format.recognise(head)?)));
    // Of equally sure ones the first in the list: `max_by_key` would give the last.
    sure.rev().max_by_key(|(_, confidence)| *confidence)
}

/// The same, with options that a person gave: bytes of which he gave a mapping are of its make if they
/// have every column that it names.
#[must_use]
pub fn recognise_with(head: &[u8], options: &ReadingOptions) -> Option<(&'static dyn Format, Confidence)> {
    let text = options.0.get(mapping::MAPPING_TEXT);
    let given = text.and_then(|text| mapping::Mapping::load(text).ok()?.recognise(head));
    given.map_or_else(|| recognise(head), |_| Some((&mapping::Mapped as &dyn Format, Confidence(100))))
}

/// The format whose records are looked for in bytes that no format knows: images of disks, memory, free
/// space. It reads whatever it is given and says of every byte what it is.
pub static CARVER: &dyn Format = &evtx::Evtx;

/// The format of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Format> {
    ALL.iter().copied().find(|format| format.card().name == name)
}
