//! How does one value look inside an event record?
//!
//! The typed values of Windows' binary XML ([MS-EVEN6] 2.2.12 to 2.2.17) as Windows encodes them in the
//! substitution array of a template instance. This file knows nothing of templates, and it
//! does not check that a value makes sense for its event.
//!
//! [MS-EVEN6]: https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-even6/

use std::borrow::Cow;
use std::fmt;

/// 100-nanosecond steps between 1601 (FILETIME's zero) and 1970.
const STEPS_BEFORE_1970: i64 = 116_444_736_000_000_000;

/// A Windows FILETIME: 100-nanosecond steps since 1601-01-01T00:00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime(pub u64);

impl FileTime {
    /// The instant that many milliseconds after 1970-01-01T00:00:00 UTC; earlier than 1601 is
    /// taken as 1601.
    #[must_use]
    pub const fn from_unix_ms(ms: i64) -> Self {
        let steps = ms.saturating_mul(10_000).saturating_add(STEPS_BEFORE_1970);
        Self(if steps < 0 { 0 } else { steps as u64 })
    }

    /// The instant that many steps of 100 nanoseconds after 1970-01-01T00:00:00 UTC; earlier than
    /// 1601 is taken as 1601.
    #[must_use]
    pub const fn from_unix_steps(steps: i64) -> Self {
        let steps = steps.saturating_add(STEPS_BEFORE_1970);
        Self(if steps < 0 { 0 } else { steps as u64 })
    }

    /// Milliseconds since 1970-01-01T00:00:00 UTC, the fraction cut off.
    #[must_use]
    pub const fn unix_ms(self) -> i64 {
        (self.0 as i64 - STEPS_BEFORE_1970).div_euclid(10_000)
    }
}

/// A GUID, in the mixed-endian order in which Windows stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// From the four parts in which Windows headers write one:
    /// `{5770385F-C22A-43E0-BF4C-06F5698FFBD9}` is `new(0x5770385F, 0xC22A, 0x43E0, 0xBF4C_06F5_698F_FBD9)`.
    #[must_use]
    pub const fn new(first: u32, second: u16, third: u16, rest: u64) -> Self {
        let (a, b, c) = (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes());
        let d = rest.to_be_bytes();
        Self([a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]])
    }
}

/// As Windows prints it: lower case, in braces.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let b = &self.0;
        write!(
            f,
            "{{{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}}}",
            b[3],
            b[2],
            b[1],
            b[0],
            b[5],
            b[4],
            b[7],
            b[6],
            b[8],
            b[9],
            b[10],
            b[11],
            b[12],
            b[13],
            b[14],
            b[15]
        )
    }
}

/// A security identifier, in its binary form ([MS-DTYP] 2.4.2.2).
///
/// [MS-DTYP]: https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-dtyp/
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sid(Vec<u8>);

impl Sid {
    /// `S-1-AUTHORITY-SUB-SUB…`; Windows allows at most 15 sub-authorities, more are cut off.
    #[must_use]
    pub fn new(authority: u8, sub_authorities: &[u32]) -> Self {
        let subs = &sub_authorities[..sub_authorities.len().min(15)];
        let mut bytes = vec![1, subs.len() as u8, 0, 0, 0, 0, 0, authority];
        bytes.extend(subs.iter().flat_map(|sub| sub.to_le_bytes()));
        Self(bytes)
    }

    /// The binary form, as it stands in a record.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// As Windows prints it: `S-1-5-21-…`.
impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S-{}-{}", self.0[0], self.0[7])?;
        self.0[8..]
            .chunks_exact(4)
            .try_for_each(|sub| write!(f, "-{}", u32::from_le_bytes([sub[0], sub[1], sub[2], sub[3]])))
    }
}

/// One value of an event, with the type under which Windows stores it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value: the substitution is there and empty.
    Null,
    /// UTF-16 text, at most 32,767 code units (its length field has 16 bits).
    Text(Cow<'a, str>),
    /// Several texts in one substitution, as classic event sources write their strings.
    Texts(Vec<Cow<'a, str>>),
    /// `UInt8Type`.
    U8(u8),
    /// `UInt16Type`.
    U16(u16),
    /// `UInt32Type`.
    U32(u32),
    /// `UInt64Type`.
    U64(u64),
    /// `Int32Type`.
    I32(i32),
    /// `BoolType`, four bytes.
    Bool(bool),
    /// `HexInt32Type`, shown as `0x…`.
    Hex32(u32),
    /// `HexInt64Type`, shown as `0x…`; also what Windows stores for pointers and handles.
    Hex64(u64),
    /// `GuidType`.
    Guid(Guid),
    /// `SidType`.
    Sid(Cow<'a, Sid>),
    /// `FileTimeType`.
    Time(FileTime),
    /// `BinaryType`, shown as hexadecimal digits.
    Binary(Cow<'a, [u8]>),
}

impl<'a> Value<'a> {
    /// Text, borrowed or owned.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// The type byte ([MS-EVEN6] 2.2.12, `ValueType`).
    ///
    /// [MS-EVEN6]: https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-even6/
    pub(super) fn type_code(&self) -> u8 {
        match self {
            Self::Null => 0x00,
            Self::Text(_) => 0x01,
            Self::U8(_) => 0x04,
            Self::U16(_) => 0x06,
            Self::I32(_) => 0x07,
            Self::U32(_) => 0x08,
            Self::U64(_) => 0x0A,
            Self::Bool(_) => 0x0D,
            Self::Binary(_) => 0x0E,
            Self::Guid(_) => 0x0F,
            Self::Time(_) => 0x11,
            Self::Sid(_) => 0x13,
            Self::Hex32(_) => 0x14,
            Self::Hex64(_) => 0x15,
            Self::Texts(_) => 0x81,
        }
    }

    /// The type that a template declares for it: a template cannot declare "nothing", so a
    /// missing value stands where a text would.
    pub(super) fn declared_type(&self) -> u8 {
        match self {
            Self::Null => 0x01,
            other => other.type_code(),
        }
    }

    /// Appends the value's bytes, without any length.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => {}
            Self::Text(text) => utf16(out, text),
            Self::Texts(texts) => texts.iter().for_each(|text| {
                utf16(out, text);
                out.extend([0, 0]);
            }),
            Self::U8(value) => out.push(*value),
            Self::U16(value) => out.extend(value.to_le_bytes()),
            Self::U32(value) | Self::Hex32(value) => out.extend(value.to_le_bytes()),
            Self::U64(value) | Self::Hex64(value) => out.extend(value.to_le_bytes()),
            Self::I32(value) => out.extend(value.to_le_bytes()),
            Self::Bool(value) => out.extend(u32::from(*value).to_le_bytes()),
            Self::Guid(guid) => out.extend(guid.0),
            Self::Sid(sid) => out.extend(sid.as_bytes()),
            Self::Time(time) => out.extend(time.0.to_le_bytes()),
            Self::Binary(bytes) => out.extend(bytes.iter()),
        }
    }
}

/// Appends `text` in UTF-16LE, without length or terminator.
pub(super) fn utf16(out: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        // Nearly all of it, and in this form the compiler widens many bytes at once.
        let start = out.len();
        out.resize(start + 2 * text.len(), 0);
        let (units, _) = out[start..].as_chunks_mut::<2>();
        for (unit, byte) in units.iter_mut().zip(text.bytes()) {
            *unit = [byte, 0];
        }
    } else {
        out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_and_sids_print_as_windows_prints_them() {
        let sysmon = Guid::new(0x5770_385F, 0xC22A, 0x43E0, 0xBF4C_06F5_698F_FBD9);
        assert_eq!(sysmon.to_string(), "{5770385f-c22a-43e0-bf4c-06f5698ffbd9}");
        assert_eq!(Sid::new(5, &[18]).to_string(), "S-1-5-18");
        assert_eq!(Sid::new(5, &[21, 1, 2, u32::MAX, 1104]).to_string(), "S-1-5-21-1-2-4294967295-1104");
        assert_eq!(Sid::new(5, &[1; 20]).as_bytes().len(), 8 + 15 * 4);
    }

    #[test]
    fn filetimes_count_from_1601() {
        assert_eq!(FileTime::from_unix_ms(0).0, 116_444_736_000_000_000);
        assert_eq!(FileTime::from_unix_ms(i64::MIN).0, 0);
        assert_eq!(FileTime::from_unix_ms(1_789_344_000_123).unix_ms(), 1_789_344_000_123);
    }

    #[test]
    fn both_ways_into_utf16_agree() {
        let (mut fast, mut plain) = (Vec::new(), Vec::new());
        utf16(&mut fast, "cmd.exe /c \u{1b}[31m");
        plain.extend("cmd.exe /c \u{1b}[31m".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(fast, plain);
    }
}
