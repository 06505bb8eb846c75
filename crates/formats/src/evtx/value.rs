//! How does one value of binary XML read as text?
//!
//! As Windows renders it: numbers in decimal, identifiers in braces, times with seven digits of a
//! second, masks in hexadecimal, bytes as hexadecimal pairs. A value whose size does not fit its
//! type is shown as its bytes, never guessed at, and a type that has no text of its own likewise:
//! nothing that stands in a record is lost because of its type.
//!
//! Types: [MS-EVEN6] 2.2.12; sizes and arrays by the description of libevtx.

use encoding_rs::Encoding;

/// Type bytes of values.
pub(super) mod kind {
    pub(crate) const NULL: u8 = 0x00;
    pub(crate) const STRING: u8 = 0x01;
    pub(crate) const ANSI: u8 = 0x02;
    pub(crate) const INT8: u8 = 0x03;
    pub(crate) const UINT8: u8 = 0x04;
    pub(crate) const INT16: u8 = 0x05;
    pub(crate) const UINT16: u8 = 0x06;
    pub(crate) const INT32: u8 = 0x07;
    pub(crate) const UINT32: u8 = 0x08;
    pub(crate) const INT64: u8 = 0x09;
    pub(crate) const UINT64: u8 = 0x0a;
    pub(crate) const REAL32: u8 = 0x0b;
    pub(crate) const REAL64: u8 = 0x0c;
    pub(crate) const BOOL: u8 = 0x0d;
    pub(crate) const GUID: u8 = 0x0f;
    pub(crate) const SIZE: u8 = 0x10;
    pub(crate) const FILETIME: u8 = 0x11;
    pub(crate) const SYSTEMTIME: u8 = 0x12;
    pub(crate) const SID: u8 = 0x13;
    pub(crate) const HEX32: u8 = 0x14;
    pub(crate) const HEX64: u8 = 0x15;
    pub(crate) const FRAGMENT: u8 = 0x21;
    /// Set in the type of a list of values.
    pub(crate) const LIST: u8 = 0x80;
}

/// Bytes of one value of a type whose size is fixed; `None` where it varies.
pub(super) fn width(kind: u8) -> Option<usize> {
    Some(match kind {
        kind::NULL => 0,
        kind::INT8 | kind::UINT8 => 1,
        kind::INT16 | kind::UINT16 => 2,
        kind::INT32 | kind::UINT32 | kind::REAL32 | kind::BOOL | kind::HEX32 => 4,
        kind::INT64 | kind::UINT64 | kind::REAL64 | kind::FILETIME | kind::HEX64 => 8,
        kind::GUID | kind::SYSTEMTIME => 16,
        _ => return None,
    })
}

/// Text that is being written: bytes of which the first `len` count. What lies behind them is room, so
/// that a short piece is written as a block of fixed size.
#[derive(Clone, Debug, Default)]
pub(super) struct Out {
    bytes: Vec<u8>,
    len: usize,
}

impl Out {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    #[inline]
    pub(super) fn push(&mut self, text: &[u8]) {
        self.room(text.len())[..text.len()].copy_from_slice(text);
        self.len += text.len();
    }

    /// At least so much room behind what is written.
    #[inline]
    fn room(&mut self, size: usize) -> &mut [u8] {
        if self.bytes.len() - self.len < size {
            self.grow(size);
        }
        &mut self.bytes[self.len..]
    }

    #[cold]
    fn grow(&mut self, size: usize) {
        self.bytes.resize((self.len + size).next_power_of_two(), 0);
    }
}

/// The text of a value by itself.
pub(super) fn told(kind: u8, bytes: &[u8], code_page: &'static Encoding) -> String {
    let mut out = Out::default();
    write(&mut out, kind, bytes, code_page);
    String::from_utf8_lossy(out.bytes()).into_owned()
}

/// Appends the text of a value, which is always UTF-8.
#[inline]
pub(super) fn write(out: &mut Out, kind: u8, bytes: &[u8], code_page: &'static Encoding) {
    match (kind, bytes) {
        (kind::STRING, _) => text(out, bytes),
        (kind::UINT8, &[a]) => decimal(out, u64::from(a)),
        (kind::UINT16, &[a, b]) => decimal(out, u64::from(u16::from_le_bytes([a, b]))),
        (kind::UINT32, &[a, b, c, d]) => decimal(out, u64::from(u32::from_le_bytes([a, b, c, d]))),
        (kind::HEX64, &[a, b, c, d, e, f, g, h]) => hex(out, u64::from_le_bytes([a, b, c, d, e, f, g, h])),
        (kind::UINT64, &[a, b, c, d, e, f, g, h]) => {
            decimal(out, u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        }
        (kind::FILETIME, &[a, b, c, d, e, f, g, h]) => {
            file_time(out, u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        }
        (kind::GUID, _) if bytes.len() == 16 => guid(out, bytes),
        (kind::SID, _) => sid(out, bytes),
        (kind::NULL, _) => {}
        _ => rarer(out, kind, bytes, code_page),
    }
}

fn rarer(out: &mut Out, kind: u8, bytes: &[u8], code_page: &'static Encoding) {
    match kind {
        kind::ANSI => ansi(out, bytes, code_page),
        _ if kind & kind::LIST != 0 => {
            for (number, (kind, item)) in items(kind, bytes).into_iter().enumerate() {
                if number > 0 {
                    out.push(b",");
                }
                write(out, kind, item, code_page);
            }
        }
        _ => fixed(out, kind, bytes),
    }
}

/// Appends a value of a type whose size is fixed; bytes where the size does not fit.
fn fixed(out: &mut Out, kind: u8, bytes: &[u8]) {
    match (kind, bytes) {
        (kind::NULL, _) | (_, []) => {}
        (kind::INT8, &[a]) => signed(out, i64::from(a as i8)),
        (kind::INT16, &[a, b]) => signed(out, i64::from(i16::from_le_bytes([a, b]))),
        (kind::INT32, &[a, b, c, d]) => signed(out, i64::from(i32::from_le_bytes([a, b, c, d]))),
        (kind::HEX32 | kind::SIZE, &[a, b, c, d]) => hex(out, u64::from(u32::from_le_bytes([a, b, c, d]))),
        (kind::REAL32, &[a, b, c, d]) => {
            out.push(zmij::Buffer::new().format(f32::from_le_bytes([a, b, c, d])).as_bytes());
        }
        // Windows writes masks into some truth values: a value that is neither stays a number.
        (kind::BOOL, &[a, b, c, d]) => match i32::from_le_bytes([a, b, c, d]) {
            0 => out.push(b"false"),
            1 => out.push(b"true"),
            other => signed(out, i64::from(other)),
        },
        (_, &[a, b, c, d, e, f, g, h]) => eight(out, kind, [a, b, c, d, e, f, g, h]),
        (kind::SYSTEMTIME, _) if bytes.len() == 16 => system_time(out, bytes),
        _ => hex_bytes(out, bytes),
    }
}

fn eight(out: &mut Out, kind: u8, bytes: [u8; 8]) {
    match kind {
        kind::INT64 => signed(out, i64::from_le_bytes(bytes)),
        kind::SIZE => hex(out, u64::from_le_bytes(bytes)),
        kind::REAL64 => out.push(zmij::Buffer::new().format(f64::from_le_bytes(bytes)).as_bytes()),
        _ => hex_bytes(out, &bytes),
    }
}

/// The values of a list, each with the type it has by itself. A list that does not divide into
/// values of its type is one value: its bytes.
pub(super) fn items(list: u8, bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let kind = list & !kind::LIST;
    match kind {
        kind::STRING => {
            let units = bytes.len() / 2;
            let is_nul = |unit: &usize| bytes[2 * unit] == 0 && bytes[2 * unit + 1] == 0;
            split(units, is_nul).map(|(from, to)| (kind, &bytes[2 * from..2 * to])).collect()
        }
        kind::ANSI => {
            split(bytes.len(), |at| bytes[*at] == 0).map(|(from, to)| (kind, &bytes[from..to])).collect()
        }
        kind::SID => {
            let mut rest = bytes;
            let mut found = Vec::new();
            while let Some(&count) = rest.get(1) {
                let size = (8 + 4 * usize::from(count)).min(rest.len());
                found.push((kind, &rest[..size]));
                rest = &rest[size..];
            }
            if !rest.is_empty() {
                found.push((0x0e, rest));
            }
            found
        }
        _ => match width(kind) {
            Some(width) if width > 0 && bytes.len().is_multiple_of(width) => {
                bytes.chunks_exact(width).map(|item| (kind, item)).collect()
            }
            // Lists of sizes, of byte strings, of handles: how they lie is not described.
            _ if bytes.is_empty() => Vec::new(),
            _ => vec![(0x0e, bytes)],
        },
    }
}

/// The stretches that each end with a NUL; the last one may lack it.
fn split(length: usize, is_nul: impl Fn(&usize) -> bool) -> impl Iterator<Item = (usize, usize)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        if from >= length {
            return None;
        }
        let to = (from..length).find(|at| is_nul(at)).unwrap_or(length);
        let found = (from, to);
        from = to + 1;
        Some(found)
    })
}

/// A text ends at its first NUL, as for Windows.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    let pairs = bytes.as_chunks::<2>().0;
    let length = pairs.iter().position(|pair| *pair == [0, 0]).unwrap_or(pairs.len());
    &bytes[..2 * length]
}

/// Appends UTF-16 (little end first) up to its first NUL. Halves of pairs without their other half
/// become U+FFFD.
///
/// Sixteen units at a time while all are ASCII and none is NUL, which nearly all are; what is left at the
/// end overlaps what was written already, so that no unit is looked at by itself.
pub(super) fn text(out: &mut Out, bytes: &[u8]) {
    // An odd byte at the end is none; a NUL there is of no use but usual.
    let bytes = &bytes[..bytes.len() & !1];
    let bytes = bytes.strip_suffix(&[0, 0]).unwrap_or(bytes);
    let units = bytes.len() / 2;
    let room = out.room(units + 16);
    let done = match units {
        0 => 0,
        16.. => sixteens(bytes, room),
        8.. => blocks::<16, 8>(bytes, room, narrow8),
        4.. => blocks::<8, 4>(bytes, room, narrow4),
        _ => singles(bytes, room),
    };
    out.len += done;
    if done < units {
        by_the_book(out, &bytes[2 * done..]);
    }
}

/// How many units were written, if not all, before the block in which one is not plain.
fn sixteens(bytes: &[u8], room: &mut [u8]) -> usize {
    let mut done = 0;
    for (block, place) in bytes.as_chunks::<32>().0.iter().zip(room.as_chunks_mut::<16>().0) {
        let (narrow, is_plain) = narrow16(block);
        if !is_plain {
            return done;
        }
        *place = narrow;
        done += 16;
    }
    let units = bytes.len() / 2;
    let Some((block, place)) = bytes.last_chunk().zip(room[units - 16..].first_chunk_mut()) else {
        return done;
    };
    let (narrow, is_plain) = narrow16(block);
    if !is_plain {
        return done;
    }
    *place = narrow;
    units
}

/// A block at the beginning and one at the end, which overlap.
fn blocks<const BYTES: usize, const UNITS: usize>(
    bytes: &[u8],
    room: &mut [u8],
    narrow: fn(&[u8; BYTES]) -> ([u8; UNITS], bool),
) -> usize {
    let units = bytes.len() / 2;
    let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else { return 0 };
    let ((first, is_plain), (last, also)) = (narrow(first), narrow(last));
    if !(is_plain && also) {
        return 0;
    }
    room[..UNITS].copy_from_slice(&first);
    room[units - UNITS..units].copy_from_slice(&last);
    units
}

fn singles(bytes: &[u8], room: &mut [u8]) -> usize {
    for (number, [low, high]) in bytes.as_chunks::<2>().0.iter().enumerate() {
        if *high != 0 || !(1..0x80).contains(low) {
            return number;
        }
        room[number] = *low;
    }
    bytes.len() / 2
}

/// Bits that no plain unit has, nor one less than it: beyond ASCII, or NUL.
const BEYOND: u16 = 0xff80;

/// Units as bytes, and whether that is all there is to them. Written so that the compiler makes vector
/// code of it.
#[inline]
fn narrow16(block: &[u8; 32]) -> ([u8; 16], bool) {
    let (mut narrow, mut bits) = ([0u8; 16], 0u16);
    for (place, unit) in narrow.iter_mut().zip(block.as_chunks::<2>().0) {
        let unit = u16::from_le_bytes(*unit);
        bits |= unit | unit.wrapping_sub(1);
        *place = unit as u8;
    }
    (narrow, bits & BEYOND == 0)
}

#[inline]
fn narrow8(block: &[u8; 16]) -> ([u8; 8], bool) {
    let (mut narrow, mut bits) = ([0u8; 8], 0u16);
    for (place, unit) in narrow.iter_mut().zip(block.as_chunks::<2>().0) {
        let unit = u16::from_le_bytes(*unit);
        bits |= unit | unit.wrapping_sub(1);
        *place = unit as u8;
    }
    (narrow, bits & BEYOND == 0)
}

#[inline]
fn narrow4(block: &[u8; 8]) -> ([u8; 4], bool) {
    let units = u64::from_le_bytes(*block);
    // A borrow comes of a NUL only, and then the block is not plain.
    let bits = (units | units.wrapping_sub(0x0001_0001_0001_0001)) & 0xff80_ff80_ff80_ff80;
    let pairs = (units | units >> 8) & 0x0000_ffff_0000_ffff;
    ((((pairs | pairs >> 16) as u32).to_le_bytes()), bits == 0)
}

fn by_the_book(out: &mut Out, bytes: &[u8]) {
    let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    let room = out.room(3 * units.len() + 4);
    let mut at = 0;
    for character in char::decode_utf16(units.take_while(|unit| *unit != 0)) {
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        if character.is_ascii() {
            room[at] = character as u8;
            at += 1;
        } else {
            at += character.encode_utf8(&mut room[at..]).len();
        }
    }
    out.len += at;
}

/// Appends text in a code page; NULs say nothing in it.
fn ansi(out: &mut Out, bytes: &[u8], code_page: &'static Encoding) {
    let decoded;
    let mut rest = match code_page.is_ascii_compatible() && bytes.is_ascii() {
        true => bytes,
        false => {
            decoded = code_page.decode_without_bom_handling(bytes).0;
            decoded.as_bytes()
        }
    };
    while let Some(nul) = memchr::memchr(0, rest) {
        out.push(&rest[..nul]);
        rest = &rest[nul + 1..];
    }
    out.push(rest);
}

/// Whether there is nothing but white space.
pub(super) fn is_blank(text: &[u8]) -> bool {
    text.is_empty() || String::from_utf8_lossy(text).trim().is_empty()
}

/// The two digits of every number below 100.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

fn pair(number: u64) -> [u8; 2] {
    PAIRS.get(number as usize).copied().unwrap_or_default()
}

/// Appends a number in decimal. Blocks of four digits are written whole; the next text overwrites what
/// is too much.
#[inline]
pub(super) fn decimal(out: &mut Out, value: u64) {
    match value {
        0..=9 => {
            out.room(1)[0] = b'0' + value as u8;
            out.len += 1;
        }
        10..=9999 => leading(out, value),
        10_000..=99_999_999 => {
            leading(out, value / 10_000);
            out.push(&four(value % 10_000));
        }
        _ => long(out, value),
    }
}

fn long(out: &mut Out, value: u64) {
    decimal(out, value / 100_000_000);
    out.push(&four(value / 10_000 % 10_000));
    out.push(&four(value % 10_000));
}

/// The four digits of a number below 10,000.
#[inline]
fn four(value: u64) -> [u8; 4] {
    let ([a, b], [c, d]) = (pair(value / 100), pair(value % 100));
    [a, b, c, d]
}

/// Appends a number below 10,000 without leading zeros.
#[inline]
fn leading(out: &mut Out, value: u64) {
    let digits = 1 + usize::from(value > 9) + usize::from(value > 99) + usize::from(value > 999);
    let digits_first = u32::from_le_bytes(four(value)) >> (8 * (4 - digits));
    if let Some(room) = out.room(4).first_chunk_mut() {
        *room = digits_first.to_le_bytes();
    }
    out.len += digits;
}

/// The number that a decimal text states.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let digit = |value: u64, byte: &u8| {
        let digit = u64::from(byte.wrapping_sub(b'0'));
        (digit < 10).then(|| value.checked_mul(10)?.checked_add(digit)).flatten()
    };
    (!text.is_empty()).then(|| text.iter().try_fold(0, digit)).flatten()
}

fn signed(out: &mut Out, value: i64) {
    out.push(itoa::Buffer::new().format(value).as_bytes());
}

/// The two hexadecimal digits of every byte.
const fn digits_of(alphabet: &[u8; 16]) -> [[u8; 2]; 256] {
    let mut digits = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        digits[byte] = [alphabet[byte >> 4], alphabet[byte & 15]];
        byte += 1;
    }
    digits
}

static LOWER: [[u8; 2]; 256] = digits_of(b"0123456789abcdef");
static UPPER: [[u8; 2]; 256] = digits_of(b"0123456789ABCDEF");

fn hex(out: &mut Out, value: u64) {
    let mut text = *b"0x0000000000000000";
    for (place, byte) in text[2..].as_chunks_mut::<2>().0.iter_mut().zip(value.to_be_bytes()) {
        *place = LOWER[usize::from(byte)];
    }
    // Leading zeros are not written, but for the last.
    let zeros = (value.leading_zeros() as usize / 4).min(15);
    text[zeros] = b'0';
    text[zeros + 1] = b'x';
    out.push(&text[zeros..]);
}

fn hex_bytes(out: &mut Out, bytes: &[u8]) {
    let room = out.room(2 * bytes.len());
    for (place, byte) in room.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *place = UPPER[usize::from(*byte)];
    }
    out.len += 2 * bytes.len();
}

/// `{00112233-4455-6677-8899-aabbccddeeff}`; the first three numbers lie little end first.
fn guid(out: &mut Out, bytes: &[u8]) {
    const PLACES: [(usize, usize); 16] = [
        (1, 3),
        (3, 2),
        (5, 1),
        (7, 0),
        (10, 5),
        (12, 4),
        (15, 7),
        (17, 6),
        (20, 8),
        (22, 9),
        (25, 10),
        (27, 11),
        (29, 12),
        (31, 13),
        (33, 14),
        (35, 15),
    ];
    let mut text = *b"{00000000-0000-0000-0000-000000000000}";
    for (at, place) in PLACES {
        let byte = bytes.get(place).copied().unwrap_or(0);
        text[at..at + 2].copy_from_slice(&LOWER[usize::from(byte)]);
    }
    out.push(&text);
}

/// `S-1-5-21-…`: revision, count of sub-authorities, authority (big end first), sub-authorities.
fn sid(out: &mut Out, bytes: &[u8]) {
    let &[revision, count, a, b, c, d, e, f, ref rest @ ..] = bytes else {
        return hex_bytes(out, bytes);
    };
    out.push(b"S-");
    decimal(out, u64::from(revision));
    out.push(b"-");
    decimal(out, u64::from_be_bytes([0, 0, a, b, c, d, e, f]));
    for sub in rest.as_chunks::<4>().0.iter().take(usize::from(count)) {
        out.push(b"-");
        decimal(out, u64::from(u32::from_le_bytes(*sub)));
    }
}

/// Hundreds of nanoseconds since 1601, as Windows shows them: years beyond 9999 keep their last
/// four digits, and what is negative as a signed number shows as zeros.
fn file_time(out: &mut Out, ticks: u64) {
    const PER_SECOND: u64 = 10_000_000;
    if ticks > i64::MAX as u64 {
        return date(out, [0; 6], 0);
    }
    let (seconds, fraction) = (ticks / PER_SECOND, ticks % PER_SECOND);
    let (year, month, day) = civil(seconds / 86_400);
    let second = seconds % 86_400;
    date(out, [year % 10_000, month, day, second / 3600, second / 60 % 60, second % 60], fraction);
}

/// Year, month and day that many days after 1601-01-01 (Howard Hinnant's `civil_from_days`, whose
/// eras of 400 years begin on a first of March).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 584_694;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// A SYSTEMTIME: year, month, day of the week, day, hour, minute, second, thousandths. One that is
/// no time shows as 1601-01-01, as Windows shows it.
fn system_time(out: &mut Out, bytes: &[u8]) {
    let field =
        |at: usize| bytes.get(2 * at..2 * at + 2).map_or(0, |b| u64::from(b[0]) | u64::from(b[1]) << 8);
    let (year, month, day) = (field(0), field(1), field(3));
    let (hour, minute, second, thousandths) = (field(4), field(5), field(6), field(7));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let is_time = (1601..=30_827).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && thousandths < 1000;
    if is_time {
        date(out, [year % 10_000, month, day, hour, minute, second], thousandths * 10_000);
    } else {
        date(out, [1601, 1, 1, 0, 0, 0], 0);
    }
}

fn date(out: &mut Out, [year, month, day, hour, minute, second]: [u64; 6], fraction: u64) {
    let mut text = *b"0000-00-00T00:00:00.0000000Z";
    let pairs =
        [(0, year / 100), (2, year % 100), (5, month), (8, day), (11, hour), (14, minute), (17, second)];
    let ticks = [(20, fraction / 100_000), (22, fraction / 1000 % 100), (24, fraction / 10 % 100)];
    for (at, number) in pairs.into_iter().chain(ticks) {
        text[at..at + 2].copy_from_slice(&pair(number));
    }
    text[26] = b'0' + (fraction % 10) as u8;
    out.push(&text);
}

#[cfg(test)]
mod tests {
    fn told(kind: u8, bytes: &[u8]) -> String {
        super::told(kind, bytes, encoding_rs::WINDOWS_1252)
    }

    #[test]
    fn every_type_has_a_text() {
        assert_eq!(told(0x01, b"a\0\xe4\0\x3d\xd8\x00\xde\0\0x\0"), "aä😀");
        assert_eq!(told(0x01, b"\x00\xd8a\0"), "\u{fffd}a");
        // Longer than a block of the fast way, with each of what ends it, at each place.
        for (unit, expected) in
            [(0u16, None), (0xe4, Some('ä')), (0x7f, Some('\u{7f}')), (0xdc00, Some('\u{fffd}'))]
        {
            for place in 0..40 {
                let mut units = [u16::from(b'x'); 40];
                units[place] = unit;
                let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
                let rest = expected.map(|c| format!("{c}{}", "x".repeat(39 - place))).unwrap_or_default();
                assert_eq!(told(0x01, &bytes), format!("{}{rest}", "x".repeat(place)));
            }
        }
        assert_eq!(told(0x02, b"caf\xe9\0"), "café");
        assert_eq!(told(0x02, b"\0cafe\0\0s\0"), "cafes");
        assert_eq!(told(0x03, &[0xff]), "-1");
        assert_eq!(told(0x06, &[1, 2]), "513");
        assert_eq!(told(0x09, &[0xff; 8]), "-1");
        for digits in 0..20 {
            for number in [10u64.pow(digits) - 1, 10u64.pow(digits), u64::MAX >> digits] {
                assert_eq!(told(0x0a, &number.to_le_bytes()), number.to_string());
            }
        }
        assert_eq!(told(0x0b, &1.5f32.to_le_bytes()), "1.5");
        assert_eq!(told(0x0d, &[1, 0, 0, 0]), "true");
        assert_eq!(told(0x0d, &[16, 0, 0, 0]), "16");
        assert_eq!(told(0x0e, &[0xab, 1]), "AB01");
        assert_eq!(told(0x10, &[0, 0, 0, 0]), "0x0");
        assert_eq!(told(0x11, &134_338_608_000_000_001u64.to_le_bytes()), "2026-09-14T12:00:00.0000001Z");
        assert_eq!(told(0x11, &0u64.to_le_bytes()), "1601-01-01T00:00:00.0000000Z");
        let time = [2026, 9, 1, 14, 12, 0, 0, 250u16].map(u16::to_le_bytes).concat();
        assert_eq!(told(0x12, &time), "2026-09-14T12:00:00.2500000Z");
        assert_eq!(told(0x12, &[0; 16]), "1601-01-01T00:00:00.0000000Z");
        assert_eq!(told(0x13, &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]), "S-1-5-18");
        assert_eq!(told(0x14, &[0x0f, 0xa0, 0, 0]), "0xa00f");
        assert_eq!(told(0x15, &[0; 8]), "0x0");
        assert_eq!(told(0x15, &[1, 2, 3, 4, 5, 6, 7, 0xf8]), "0xf807060504030201");
        assert_eq!(told(0x0e, &[0x5a; 33]), "5A".repeat(33));
        let guid: Vec<u8> = (0..16).collect();
        assert_eq!(told(0x0f, &guid), "{03020100-0504-0706-0809-0a0b0c0d0e0f}");
    }

    /// At every length and every place of what is not plain, the fast way is what the book says.
    #[test]
    fn text_of_any_length_reads_by_the_book() {
        for length in 0..70usize {
            for (unit, place) in [0u16, 0xe4, 0x7f, 0x80, 0xdc00, 0x4e2d]
                .into_iter()
                .flat_map(|u| (0..=length).map(move |p| (u, p)))
            {
                let mut units: Vec<u16> = (0..length as u16).map(|number| u16::from(b'!') + number).collect();
                if let Some(place) = units.get_mut(place) {
                    *place = unit;
                }
                let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
                let until = units.iter().position(|unit| *unit == 0).unwrap_or(length);
                assert_eq!(
                    told(0x01, &bytes),
                    String::from_utf16_lossy(&units[..until]),
                    "{length} {unit:x}"
                );
            }
        }
    }

    #[test]
    fn lists_and_sizes_that_do_not_fit() {
        assert_eq!(told(0x81, b"a\0\0\0b\0"), "a,b");
        assert_eq!(told(0x81, b"\0\0\0\0"), ",");
        assert_eq!(told(0x82, b"a\0\0b"), "a,,b");
        assert_eq!(told(0x86, &[1, 0, 2, 0]), "1,2");
        assert_eq!(told(0x86, &[1, 0, 2]), "010002");
        assert_eq!(told(0x08, &[1, 2]), "0102", "bytes, not a number that nobody wrote");
        assert_eq!(told(0x90, &[1, 2]), "0102");
        assert_eq!(told(0x13, &[1, 2]), "0102");
        assert_eq!(told(0x77, &[1]), "01");
        assert_eq!(told(0x08, &[]), "");
    }
}
