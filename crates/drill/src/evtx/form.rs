//! What do all events of one kind share?
//!
//! A [`Form`] is what Windows has in a provider's manifest: the numbers of an event and the names
//! and types of its data. Written as a constant, so that its template is known before the first
//! event and an event costs no more than its values.

use super::Provider;
use super::binxml::fields_shape;
use super::value::{FileTime, Guid, Sid};

/// The types that data of a form may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `UnicodeString`
    Text,
    /// `UInt16`
    U16,
    /// `Int32`
    I32,
    /// `UInt32`
    U32,
    /// `UInt64`
    U64,
    /// `Boolean`
    Bool,
    /// `GUID`
    Guid,
    /// `FILETIME`
    Time,
    /// `SID`
    Sid,
    /// `HexInt32`
    Hex32,
    /// `HexInt64`, and pointers
    Hex64,
}

impl Type {
    /// The type byte in binary XML.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Text => 0x01,
            Self::U16 => 0x06,
            Self::I32 => 0x07,
            Self::U32 => 0x08,
            Self::U64 => 0x0A,
            Self::Bool => 0x0D,
            Self::Guid => 0x0F,
            Self::Time => 0x11,
            Self::Sid => 0x13,
            Self::Hex32 => 0x14,
            Self::Hex64 => 0x15,
        }
    }
}

/// One kind of event with `EventData`; its numbers are those of [`Record`](super::Record).
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "they are the fields of Record")]
pub struct Form {
    pub provider: &'static Provider<'static>,
    pub event_id: u16,
    pub qualifiers: Option<u16>,
    pub version: u8,
    pub level: u8,
    pub task: u16,
    pub opcode: u8,
    pub keywords: u64,
    /// Names and types of its data.
    pub fields: Fields,
}

/// Names and types of an event's data, in order, and the digest that names their template.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    pub(super) list: &'static [(&'static str, Type)],
    pub(super) shape: Guid,
}

impl Form {
    /// Level 4 (information), everything else zero.
    #[must_use]
    pub const fn new(
        provider: &'static Provider<'static>,
        event_id: u16,
        fields: &'static [(&'static str, Type)],
    ) -> Self {
        Self {
            provider,
            event_id,
            qualifiers: None,
            version: 0,
            level: 4,
            task: 0,
            opcode: 0,
            keywords: 0,
            fields: Fields { list: fields, shape: fields_shape(fields) },
        }
    }
}

/// What differs from event to event besides its data; see [`Record`](super::Record).
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "they are the fields of Record")]
pub struct Head<'a> {
    pub time: FileTime,
    pub process_id: u32,
    pub thread_id: u32,
    pub activity_id: Option<Guid>,
    pub user: Option<&'a Sid>,
}
