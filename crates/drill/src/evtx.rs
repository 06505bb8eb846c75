//! How is a Windows event log file written, byte for byte?
//!
//! [`Writer`] takes records and gives a file as the Windows event log service leaves it: a header
//! block, chunks of 64 KiB with checksums and hash tables, records in binary XML whose templates
//! and names stand once per chunk. The same records always give the same bytes. It reads no logs
//! and does not know what any event means; it writes closed logs only, never one caught open.
//!
//! Format: [MS-EVEN6] 2.2.12 to 2.2.17 for the binary XML, [libevtx's description] for the file.
//!
//! ```
//! use assize_drill::evtx::{FileTime, Payload, Provider, Record, Value, Writer};
//!
//! let mut log = Writer::new("System");
//! log.push(&Record {
//!     provider: Provider { name: "EventLog", guid: None, event_source: None },
//!     event_id: 6013,
//!     qualifiers: Some(32768),
//!     version: 0,
//!     level: 4,
//!     task: 0,
//!     opcode: 0,
//!     keywords: 0x0080_0000_0000_0000,
//!     time: FileTime::from_unix_ms(1_789_344_000_000),
//!     process_id: 0,
//!     thread_id: 0,
//!     activity_id: None,
//!     related_activity_id: None,
//!     computer: "REG-WS07.court.example",
//!     user: None,
//!     payload: Payload::EventData { data: &[("", Value::text("52210"))], binary: None },
//! })?;
//! assert_eq!(log.finish().len(), 4096 + 65536);
//! # Ok::<(), assize_drill::evtx::Refused>(())
//! ```
//!
//! [MS-EVEN6]: https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-even6/
//! [libevtx's description]: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc

use std::borrow::Cow;
use std::fmt;

mod binxml;
mod chunk;
mod form;
mod log;
mod shape;
mod value;

pub use binxml::Data;
use chunk::{CHUNK_BYTES, HEADER_BYTES};
pub use form::{Fields, Form, Head, Type};
pub use log::{Log, Placed};
pub use value::{FileTime, Guid, Sid, Value};

/// Bytes of the file header block; chunk number n starts at `FILE_HEADER_BYTES + n * 65536`.
pub const FILE_HEADER_BYTES: usize = 4096;

/// Who wrote an event: the `Provider` element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Provider<'a> {
    /// `Name`.
    pub name: &'a str,
    /// `Guid`; classic event sources have none.
    pub guid: Option<Guid>,
    /// `EventSourceName`, which providers have that also were a classic source.
    pub event_source: Option<&'a str>,
}

/// One event, without its record id and channel, which the [`Writer`] knows.
///
/// The fields are those of `System` ([Event Schema]); the comments say the less obvious.
///
/// [Event Schema]: https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-systempropertiestype-complextype
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// `Provider`.
    pub provider: Provider<'a>,
    /// `EventID`.
    pub event_id: u16,
    /// `Qualifiers`: the high word of a classic source's event identifier.
    pub qualifiers: Option<u16>,
    /// `Version` of the event's definition.
    pub version: u8,
    /// `Level`: 0 always, 1 critical, 2 error, 3 warning, 4 information, 5 verbose.
    pub level: u8,
    /// `Task`.
    pub task: u16,
    /// `Opcode`.
    pub opcode: u8,
    /// `Keywords`: a mask; 0x8020… is Audit Success, 0x8010… Audit Failure.
    pub keywords: u64,
    /// When it was written: both `TimeCreated` and the record's header.
    pub time: FileTime,
    /// Who wrote it: `Execution ProcessID`.
    pub process_id: u32,
    /// `Execution ThreadID`.
    pub thread_id: u32,
    /// `Correlation ActivityID`.
    pub activity_id: Option<Guid>,
    /// `Correlation RelatedActivityID`.
    pub related_activity_id: Option<Guid>,
    /// `Computer`.
    pub computer: &'a str,
    /// `Security UserID`.
    pub user: Option<&'a Sid>,
    /// The event's own data.
    pub payload: Payload<'a>,
}

/// The event's own data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Payload<'a> {
    /// `EventData`: named values (an empty name gives `<Data>` without one), and the `Binary`
    /// that classic sources may add.
    EventData {
        /// Name and value, in order.
        data: &'a [(&'a str, Value<'a>)],
        /// The bytes of `Binary`.
        binary: Option<&'a [u8]>,
    },
    /// `UserData` with one element tree below it.
    UserData(&'a Element<'a>),
}

/// An element below `UserData`.
#[derive(Clone, Debug, PartialEq)]
pub struct Element<'a> {
    /// Its name, with prefix if any.
    pub name: Cow<'a, str>,
    /// Attributes; their texts become part of the template, so they should not vary much.
    pub attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// What is in it.
    pub content: Content<'a>,
}

/// What is in an [`Element`].
#[derive(Clone, Debug, PartialEq)]
pub enum Content<'a> {
    /// Nothing: `<Name/>`.
    Empty,
    /// A value.
    Value(Value<'a>),
    /// More elements.
    Elements(Vec<Element<'a>>),
}

impl<'a> Element<'a> {
    /// An element with a value and no attributes.
    pub fn leaf(name: impl Into<Cow<'a, str>>, value: Value<'a>) -> Self {
        Self { name: name.into(), attributes: Vec::new(), content: Content::Value(value) }
    }

    fn count_values(&self) -> usize {
        match &self.content {
            Content::Empty => 0,
            Content::Value(_) => 1,
            Content::Elements(children) => children.iter().map(Self::count_values).sum(),
        }
    }
}

/// Why a record cannot stand in an event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A value has more bytes than its 16-bit length field can say. The event's data, taken
    /// together and with its template, is such a value too.
    ValueTooLong {
        /// Bytes of the value; at most 65,535 are possible.
        bytes: usize,
    },
    /// The record has more bytes than a chunk has room for.
    RecordTooLong {
        /// Bytes of the record with its templates; at most 65,024 are possible.
        bytes: usize,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ValueTooLong { bytes } => {
                write!(f, "a value of {bytes} bytes: an event record takes at most 65535; cut it")
            }
            Self::RecordTooLong { bytes } => {
                write!(f, "a record of {bytes} bytes: a chunk takes at most 65024; cut its values")
            }
        }
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for std::io::Error {
    fn from(refused: Refused) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, refused)
    }
}

/// An event log file in the making; all of it stays in memory. For logs that are too large for
/// that there is [`Log`].
pub struct Writer {
    log: Log,
    /// The finished chunks.
    chunks: Vec<u8>,
}

impl Writer {
    /// A new log of that channel, whose records are numbered from 1.
    pub fn new(channel: impl Into<String>) -> Self {
        Self::starting_at(channel, 1)
    }

    /// A log whose first record has that id: numbering goes on when a log is cleared or the
    /// oldest records have been overwritten.
    pub fn starting_at(channel: impl Into<String>, first_id: u64) -> Self {
        Self { log: Log::new(channel, "", first_id), chunks: Vec::new() }
    }

    /// Appends a record and says its id.
    ///
    /// # Errors
    /// [`Refused`] if the record is too long for the format; the log is then as it was before.
    pub fn push(&mut self, record: &Record<'_>) -> Result<u64, Refused> {
        loop {
            if let Some(placed) = self.log.push(record)? {
                return Ok(placed.id);
            }
            self.seal();
        }
    }

    /// Closes the log. Without any record it has one empty chunk, as a new log of Windows has.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        if self.log.unsealed() {
            self.seal();
        }
        let mut file = self.log.header().to_vec();
        file.append(&mut self.chunks);
        file
    }

    fn seal(&mut self) {
        self.log.seal(|chunk| self.chunks.extend_from_slice(chunk));
    }
}

/// The first 128 bytes of the file: which chunks there are, the next record id, version 3.1.
fn file_header(chunks: u64, next_id: u64) -> Vec<u8> {
    let mut header = Vec::with_capacity(128);
    header.extend(b"ElfFile\0");
    for word in [0, chunks - 1, next_id] {
        header.extend(word.to_le_bytes());
    }
    header.extend(128_u32.to_le_bytes());
    // Minor and major version, bytes of the header block, number of chunks (which has only
    // 16 bits: readers count chunks by the file's size).
    for word in [1, 3, FILE_HEADER_BYTES as u16, chunks.min(0xFFFF) as u16] {
        header.extend(word.to_le_bytes());
    }
    header.resize(120, 0);
    let crc = crc32fast::hash(&header);
    // Flags: neither dirty (closed cleanly) nor full.
    header.extend(0_u32.to_le_bytes());
    header.extend(crc.to_le_bytes());
    header
}

const _: () = assert!(HEADER_BYTES + 65_024 == CHUNK_BYTES);
