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

/// The text of a value by itself.
pub(super) fn told(kind: u8, bytes: &[u8], code_page: &'static Encoding) -> String {
    let mut out = Vec::new();
    write(&mut out, kind, bytes, code_page);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends the text of a value, which is always UTF-8.
pub(super) fn write(out: &mut Vec<u8>, kind: u8, bytes: &[u8], code_page: &'static Encoding) {
    match kind {
        kind::STRING => text(out, bytes),
        kind::ANSI => ansi(out, bytes, code_page),
        kind::SID => sid(out, bytes),
        _ if kind & kind::LIST != 0 => {
            for (number, (kind, item)) in items(kind, bytes).into_iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                write(out, kind, item, code_page);
            }
        }
        _ => fixed(out, kind, bytes),
    }
}

/// Appends a value of a type whose size is fixed; bytes where the size does not fit.
fn fixed(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    match (kind, bytes) {
        (kind::NULL, _) | (_, []) => {}
        (kind::INT8, &[a]) => signed(out, i64::from(a as i8)),
        (kind::UINT8, &[a]) => decimal(out, u64::from(a)),
        (kind::INT16, &[a, b]) => signed(out, i64::from(i16::from_le_bytes([a, b]))),
        (kind::UINT16, &[a, b]) => decimal(out, u64::from(u16::from_le_bytes([a, b]))),
        (kind::INT32, &[a, b, c, d]) => signed(out, i64::from(i32::from_le_bytes([a, b, c, d]))),
        (kind::UINT32, &[a, b, c, d]) => decimal(out, u64::from(u32::from_le_bytes([a, b, c, d]))),
        (kind::HEX32 | kind::SIZE, &[a, b, c, d]) => hex(out, u64::from(u32::from_le_bytes([a, b, c, d]))),
        (kind::REAL32, &[a, b, c, d]) => {
            out.extend_from_slice(zmij::Buffer::new().format(f32::from_le_bytes([a, b, c, d])).as_bytes());
        }
        // Windows writes masks into some truth values: a value that is neither stays a number.
        (kind::BOOL, &[a, b, c, d]) => match i32::from_le_bytes([a, b, c, d]) {
            0 => out.extend_from_slice(b"false"),
            1 => out.extend_from_slice(b"true"),
            other => signed(out, i64::from(other)),
        },
        (_, &[a, b, c, d, e, f, g, h]) => eight(out, kind, [a, b, c, d, e, f, g, h]),
        (kind::GUID, _) if bytes.len() == 16 => guid(out, bytes),
        (kind::SYSTEMTIME, _) if bytes.len() == 16 => system_time(out, bytes),
        _ => hex_bytes(out, bytes),
    }
}

fn eight(out: &mut Vec<u8>, kind: u8, bytes: [u8; 8]) {
    match kind {
        kind::INT64 => signed(out, i64::from_le_bytes(bytes)),
        kind::UINT64 => decimal(out, u64::from_le_bytes(bytes)),
        kind::HEX64 | kind::SIZE => hex(out, u64::from_le_bytes(bytes)),
        kind::REAL64 => {
            out.extend_from_slice(zmij::Buffer::new().format(f64::from_le_bytes(bytes)).as_bytes())
        }
        kind::FILETIME => file_time(out, u64::from_le_bytes(bytes)),
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
pub(super) fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    let (blocks, _) = bytes.as_chunks::<32>();
    let mut done = 0;
    // Sixteen units at a time while all are ASCII and none is NUL, which nearly all are. Written so
    // that the compiler makes vector code of it.
    for block in blocks {
        let mut narrow = [0u8; 16];
        let (mut above, mut nuls) = (0u8, 0u8);
        for unit in 0..16 {
            let (low, high) = (block[2 * unit], block[2 * unit + 1]);
            narrow[unit] = low;
            above |= high | (low & 0x80);
            nuls |= u8::from(low == 0);
        }
        if above != 0 || nuls != 0 {
            break;
        }
        out.extend_from_slice(&narrow);
        done += 32;
    }
    // Then as long as that holds, one by one; the rest by the book.
    let rest = bytes.get(done..).unwrap_or_default().as_chunks::<2>().0;
    let plain = rest.iter().take_while(|[low, high]| *high == 0 && (1..0x80).contains(low)).count();
    out.extend(rest[..plain].iter().map(|[low, _]| *low));
    if plain < rest.len() {
        let units = rest[plain..].iter().map(|unit| u16::from_le_bytes(*unit));
        units_as_utf8(out, units.take_while(|unit| *unit != 0));
    }
}

fn units_as_utf8(out: &mut Vec<u8>, units: impl Iterator<Item = u16>) {
    for character in char::decode_utf16(units) {
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        if character.is_ascii() {
            out.push(character as u8);
        } else {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Appends text in a code page; NULs say nothing in it.
fn ansi(out: &mut Vec<u8>, bytes: &[u8], code_page: &'static Encoding) {
    let (text, _) = code_page.decode_without_bom_handling(bytes);
    out.extend(text.bytes().filter(|byte| *byte != 0));
}

pub(super) fn decimal(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn signed(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

fn hex(out: &mut Vec<u8>, value: u64) {
    let mut text = *b"0x0000000000000000";
    for (place, byte) in value.to_be_bytes().into_iter().enumerate() {
        text[2 + 2 * place] = LOWER[usize::from(byte >> 4)];
        text[3 + 2 * place] = LOWER[usize::from(byte & 15)];
    }
    // Leading zeros are not written, but for the last.
    let zeros = (value.leading_zeros() as usize / 4).min(15);
    text[zeros] = b'0';
    text[zeros + 1] = b'x';
    out.extend_from_slice(&text[zeros..]);
}

fn hex_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    for sixteen in bytes.chunks(16) {
        let mut text = [0; 32];
        for (place, byte) in sixteen.iter().enumerate() {
            text[2 * place] = UPPER[usize::from(byte >> 4)];
            text[2 * place + 1] = UPPER[usize::from(byte & 15)];
        }
        out.extend_from_slice(&text[..2 * sixteen.len()]);
    }
}

/// `{00112233-4455-6677-8899-aabbccddeeff}`; the first three numbers lie little end first.
fn guid(out: &mut Vec<u8>, bytes: &[u8]) {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut text = *b"{00000000-0000-0000-0000-000000000000}";
    let mut at = 1;
    for (number, place) in ORDER.into_iter().enumerate() {
        at += usize::from(matches!(number, 4 | 6 | 8 | 10));
        let byte = bytes.get(place).copied().unwrap_or(0);
        text[at] = LOWER[usize::from(byte >> 4)];
        text[at + 1] = LOWER[usize::from(byte & 15)];
        at += 2;
    }
    out.extend_from_slice(&text);
}

/// `S-1-5-21-…`: revision, count of sub-authorities, authority (big end first), sub-authorities.
fn sid(out: &mut Vec<u8>, bytes: &[u8]) {
    let &[revision, count, a, b, c, d, e, f, ref rest @ ..] = bytes else {
        return hex_bytes(out, bytes);
    };
    out.extend_from_slice(b"S-");
    decimal(out, u64::from(revision));
    out.push(b'-');
    decimal(out, u64::from_be_bytes([0, 0, a, b, c, d, e, f]));
    for sub in rest.as_chunks::<4>().0.iter().take(usize::from(count)) {
        out.push(b'-');
        decimal(out, u64::from(u32::from_le_bytes(*sub)));
    }
}

/// Hundreds of nanoseconds since 1601, as Windows shows them: years beyond 9999 keep their last
/// four digits, and what is negative as a signed number shows as zeros.
fn file_time(out: &mut Vec<u8>, ticks: u64) {
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
fn system_time(out: &mut Vec<u8>, bytes: &[u8]) {
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

fn date(out: &mut Vec<u8>, [year, month, day, hour, minute, second]: [u64; 6], fraction: u64) {
    let mut text = *b"0000-00-00T00:00:00.0000000Z";
    digits(&mut text[0..4], year);
    digits(&mut text[5..7], month);
    digits(&mut text[8..10], day);
    digits(&mut text[11..13], hour);
    digits(&mut text[14..16], minute);
    digits(&mut text[17..19], second);
    digits(&mut text[20..27], fraction);
    out.extend_from_slice(&text);
}

fn digits(places: &mut [u8], mut value: u64) {
    for place in places.iter_mut().rev() {
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
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
        assert_eq!(told(0x03, &[0xff]), "-1");
        assert_eq!(told(0x06, &[1, 2]), "513");
        assert_eq!(told(0x09, &[0xff; 8]), "-1");
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
