//! How is a short text made without an allocation?
//!
//! Times, ports and digests differ in every event; a text on the stack is what they cost.

use crate::chance::mix;
use crate::moment::Moment;

/// A text of at most `N` bytes, ASCII only; what does not fit is left out.
pub(super) struct Line<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Line<N> {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    pub(super) fn push(&mut self, text: &str) {
        let end = (self.len + text.len()).min(N);
        self.bytes[self.len..end].copy_from_slice(&text.as_bytes()[..end - self.len]);
        self.len = end;
    }

    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// So many decimal digits, with leading zeros.
    fn padded(&mut self, value: u32, digits: u32) {
        for place in (0..digits).rev() {
            self.byte(b'0' + (value / 10_u32.pow(place) % 10) as u8);
        }
    }

    /// Upper-case hexadecimal digits, from a stream of pseudo-random numbers.
    fn digest(&mut self, stream: &mut u64, digits: usize) {
        for index in 0..digits {
            if index % 16 == 0 {
                *stream = mix(stream.wrapping_add(0x9E37_79B9_7F4A_7C15));
            }
            self.byte(b"0123456789ABCDEF"[(*stream >> (index % 16 * 4) & 15) as usize]);
        }
    }
}

/// `2026-09-14 07:12:41.250`: Sysmon's `UtcTime`.
pub(super) fn utc(at: Moment) -> Line<23> {
    let c = at.civil();
    let mut line = Line::new();
    line.padded(c.year.unsigned_abs(), 4);
    for (before, value) in [("-", c.month), ("-", c.day), (" ", c.hour), (":", c.minute), (":", c.second)] {
        line.push(before);
        line.padded(value.into(), 2);
    }
    line.push(".");
    line.padded(c.steps / 10_000, 3);
    line
}

/// A number in decimal digits.
pub(super) fn decimal(value: u64) -> Line<20> {
    let mut line = Line::new();
    let digits = value.checked_ilog10().unwrap_or(0);
    for place in (0..=digits).rev() {
        line.byte(b'0' + (value / 10_u64.pow(place) % 10) as u8);
    }
    line
}

/// Made-up digests as Sysmon writes them, the same for the same content; only programs have an
/// import hash.
pub(super) fn digests(content: u64, program: bool) -> Line<195> {
    let mut line = Line::new();
    let mut stream = content;
    line.push("SHA1=");
    line.digest(&mut stream, 40);
    line.push(",MD5=");
    line.digest(&mut stream, 32);
    line.push(",SHA256=");
    line.digest(&mut stream, 64);
    line.push(",IMPHASH=");
    if program {
        line.digest(&mut stream, 32);
    } else {
        line.push("00000000000000000000000000000000");
    }
    line
}

/// A number that stands for the content of the file of that path: the same whosever profile it
/// lies in, because the same program is the same on every machine.
pub(super) fn content_of(path: &str) -> u64 {
    let own = path.strip_prefix("C:\\Users\\").and_then(|rest| rest.split_once('\\'));
    let path = own.map_or(path, |(_, rest)| rest);
    path.bytes().fold(0x6A09_E667_F3BC_C908, |sum, byte| {
        (sum ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_windows_writes_them() {
        let at = Moment::parse("2026-09-04T07:02:41.0509999Z").unwrap();
        assert_eq!(utc(at).as_str(), "2026-09-04 07:02:41.050");
        assert_eq!(decimal(0).as_str(), "0");
        assert_eq!(decimal(u64::MAX).as_str(), u64::MAX.to_string());
        assert_eq!(decimal(49_200).as_str(), "49200");
        let digests = digests(content_of("C:\\Users\\a\\x.exe"), false);
        assert_eq!(digests.as_str().len(), 195);
        assert!(digests.as_str().ends_with("IMPHASH=00000000000000000000000000000000"));
        assert_eq!(content_of("C:\\Users\\a\\X.exe"), content_of("C:\\Users\\b\\x.exe"));
        assert_ne!(content_of("C:\\Windows\\x.exe"), content_of("C:\\Temp\\x.exe"));
    }
}
