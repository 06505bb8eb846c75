//! How does a line of text come about, and how do formats protect what would break them?
//!
//! Lines are built byte by byte in one buffer that is used again: a drill writes millions of them.
//! Every format has its own way to write a quote, a line break or a tab (CSV by RFC 4180, JSON by
//! RFC 8259, Zeek's ASCII writer, rsyslog, Squid); the names of files and people here are hostile on
//! purpose, so each way stands here once, and is tested against somebody else's reader.

use std::io;

use crate::act::{Act, Way};
use crate::court::{AccountId, Court};
use crate::files::{FileId, Files, Trace};
use crate::moment::{Civil, Moment};

/// Names of the months as syslog and others write them.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Appends to a line.
pub(super) trait Put {
    /// The text as it is.
    fn put(&mut self, text: &str) -> &mut Self;
    /// A number.
    fn num(&mut self, value: u64) -> &mut Self;
    /// A number with leading zeros.
    fn pad(&mut self, value: u64, width: usize) -> &mut Self;
    /// So many lower-case hexadecimal digits, the lowest ones of the value.
    fn hex(&mut self, value: u64, digits: usize) -> &mut Self;
    /// `2026-09-14`
    fn date(&mut self, civil: Civil) -> &mut Self;
    /// `07:12:41`
    fn clock(&mut self, civil: Civil) -> &mut Self;
    /// `Sep 14 07:12:41`, the day padded with a blank (RFC 3164).
    fn syslog_time(&mut self, civil: Civil) -> &mut Self;
    /// One field of CSV: quoted only where it must be.
    fn csv(&mut self, text: &str) -> &mut Self;
    /// A JSON string with its quotes.
    fn json(&mut self, text: &str) -> &mut Self;
    /// One value of a Zeek log, escaped as its ASCII writer does.
    fn zeek(&mut self, text: &str) -> &mut Self;
    /// Control characters as rsyslog escapes them (`#012`).
    fn syslog(&mut self, text: &str) -> &mut Self;
    /// What may not stand in a URL, in percent.
    fn percent(&mut self, text: &str) -> &mut Self;
    /// A random-looking UUID of version 4 that depends on the number alone.
    fn uuid(&mut self, number: u64) -> &mut Self;
    /// So many characters of the alphabet, by the number.
    fn letters(&mut self, number: u64, count: usize, alphabet: &[u8]) -> &mut Self;
}

impl Put for Vec<u8> {
    fn put(&mut self, text: &str) -> &mut Self {
        self.extend_from_slice(text.as_bytes());
        self
    }

    fn num(&mut self, value: u64) -> &mut Self {
        self.pad(value, 1)
    }

    fn pad(&mut self, mut value: u64, width: usize) -> &mut Self {
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while value > 0 {
            at -= 1;
            digits[at] = b'0' + (value % 10) as u8;
            value /= 10;
        }
        let at = at.min(digits.len() - width);
        self.extend_from_slice(&digits[at..]);
        self
    }

    fn hex(&mut self, value: u64, digits: usize) -> &mut Self {
        for place in (0..digits).rev() {
            self.push(b"0123456789abcdef"[(value >> (4 * place) & 15) as usize]);
        }
        self
    }

    fn date(&mut self, c: Civil) -> &mut Self {
        self.pad(c.year.unsigned_abs().into(), 4)
            .put("-")
            .pad(c.month.into(), 2)
            .put("-")
            .pad(c.day.into(), 2)
    }

    fn clock(&mut self, c: Civil) -> &mut Self {
        self.pad(c.hour.into(), 2).put(":").pad(c.minute.into(), 2).put(":").pad(c.second.into(), 2)
    }

    fn syslog_time(&mut self, c: Civil) -> &mut Self {
        self.put(MONTHS[usize::from(c.month - 1)]).put(if c.day < 10 { "  " } else { " " });
        self.num(c.day.into()).put(" ").clock(c)
    }

    fn csv(&mut self, text: &str) -> &mut Self {
        if !text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
            return self.put(text);
        }
        self.push(b'"');
        for part in text.split_inclusive('"') {
            self.put(part);
            if part.ends_with('"') {
                self.push(b'"');
            }
        }
        self.push(b'"');
        self
    }

    fn json(&mut self, text: &str) -> &mut Self {
        self.push(b'"');
        let mut rest = text.as_bytes();
        // Hardly any text has something to escape: whole runs are copied.
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
            self.extend_from_slice(&rest[..at]);
            match rest[at] {
                b'"' => self.extend_from_slice(b"\\\""),
                b'\\' => self.extend_from_slice(b"\\\\"),
                b'\n' => self.extend_from_slice(b"\\n"),
                b'\r' => self.extend_from_slice(b"\\r"),
                b'\t' => self.extend_from_slice(b"\\t"),
                byte => {
                    self.put("\\u").hex(byte.into(), 4);
                }
            }
            rest = &rest[at + 1..];
        }
        self.extend_from_slice(rest);
        self.push(b'"');
        self
    }

    fn zeek(&mut self, text: &str) -> &mut Self {
        match text {
            "" => return self.put("(empty)"),
            // Would read as "no value".
            "-" => return self.put("\\x2d"),
            _ => {}
        }
        for byte in text.bytes() {
            match byte {
                b'\\' => self.extend_from_slice(b"\\\\"),
                0..0x20 | 0x7f => {
                    self.put("\\x").hex(byte.into(), 2);
                }
                _ => self.push(byte),
            }
        }
        self
    }

    fn syslog(&mut self, text: &str) -> &mut Self {
        for byte in text.bytes() {
            match byte {
                0..0x20 | 0x7f => {
                    self.push(b'#');
                    self.extend([byte >> 6, byte >> 3 & 7, byte & 7].map(|digit| b'0' + digit));
                }
                _ => self.push(byte),
            }
        }
        self
    }

    fn percent(&mut self, text: &str) -> &mut Self {
        for byte in text.bytes() {
            match byte {
                0..=0x20 | 0x7f.. | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                    self.push(b'%');
                    self.extend([byte >> 4, byte & 15].map(|digit| b"0123456789ABCDEF"[usize::from(digit)]));
                }
                _ => self.push(byte),
            }
        }
        self
    }

    fn uuid(&mut self, number: u64) -> &mut Self {
        let (a, b) = (mix(number), mix(number ^ 0x5555));
        self.hex(a >> 32, 8).put("-").hex(a >> 16, 4).put("-4").hex(a, 3).put("-");
        self.hex(b >> 48 & 0x3FFF | 0x8000, 4).put("-").hex(b, 12)
    }

    fn letters(&mut self, number: u64, count: usize, alphabet: &[u8]) -> &mut Self {
        let mut state = 0;
        for place in 0..count {
            // Eight characters are drawn from one number, then comes the next.
            if place % 8 == 0 {
                state = mix(number.wrapping_add(place as u64));
            }
            self.push(alphabet[(state as u8 as usize) % alphabet.len()]);
            state >>= 8;
        }
        self
    }
}

/// `2026-09-14T07:12:41`
pub(super) fn iso(line: &mut Vec<u8>, civil: Civil) -> &mut Vec<u8> {
    line.date(civil).put("T").clock(civil)
}

/// `2026-09-14T09:12:41+02:00`: the court's own time, with its offset.
pub(super) fn iso_court(line: &mut Vec<u8>, at: Moment) -> &mut Vec<u8> {
    let offset = at.court_offset();
    iso(line, (at + offset).civil()).put("+").pad((offset / crate::moment::HOUR).unsigned_abs(), 2).put(":00")
}

/// Mixes a number so that none of its bits tells another.
pub(super) fn mix(number: u64) -> u64 {
    // SplitMix64, as the dice mix.
    let state = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let state = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ state >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ state >> 31
}

/// One number out of several: for ids that stay the same whatever else is switched off.
pub(super) fn number(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9E37_79B9_7F4A_7C15, |state, part| {
        let state = (state ^ part).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        state ^ state >> 32
    })
}

/// The same of a text.
pub(super) fn number_of(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Appends a record that is one line, and notes it as the trace of each of the steps: an
/// aggregated record belongs to all of them. The line break is not part of the trace.
pub(super) fn record(files: &mut Files, file: FileId, line: &[u8], steps: &[u32]) -> io::Result<()> {
    let offset = files.append(file, line)?;
    files.count_event();
    let length = line.trim_ascii_end().len() as u64;
    for step in steps {
        files.trace(Some(*step), Trace { file, offset, length, chunk: None });
    }
    Ok(())
}

/// The file, begun with this head if it is new.
pub(super) fn begun(files: &mut Files, path: &str, head: &[u8]) -> io::Result<FileId> {
    let file = files.file(path);
    if files.len(file) == 0 {
        files.append(file, head)?;
    }
    Ok(file)
}

/// Whether an address is of the house (RFC 1918, loopback, link-local).
pub(super) fn inside(address: &str) -> bool {
    let mut parts = address.split('.').map(|part| part.parse::<u8>().unwrap_or(0));
    match (parts.next(), parts.next()) {
        (Some(10 | 127), _) | (Some(192), Some(168)) | (Some(169), Some(254)) => true,
        (Some(172), Some(second)) => (16..32).contains(&second),
        _ => address.starts_with("fe80:") || address.starts_with("fd") || address == "::1",
    }
}

/// The name by which cloud services call an account.
pub(super) fn upn(court: &Court, account: AccountId) -> &str {
    let account = court.account(account);
    if account.upn.is_empty() { &account.name } else { &account.upn }
}

/// From which address a machine speaks with the rest of the house, if it does so at all: its own,
/// or that of its tunnel, or none while it is away without one.
pub(super) fn speaks_from<'a>(court: &'a Court, act: &'a Act, tunnels: &'a Tunnels) -> Option<&'a str> {
    if let Some(inside) = tunnels.of(act) {
        return Some(inside);
    }
    let at_keyboard = matches!(act.session.way, Way::Console | Way::Unlock);
    let away = at_keyboard && !act.session.address.is_empty() && !inside(&act.session.address);
    (!away).then(|| court.host(act.host).address.as_str())
}

/// Which machines are in a tunnel, and with which address inside.
#[derive(Default)]
pub(super) struct Tunnels(std::collections::BTreeMap<crate::court::HostId, std::rc::Rc<str>>);

impl Tunnels {
    /// Notes tunnels as they come and go.
    pub(super) fn note(&mut self, act: &Act) {
        use crate::act::Deed;
        let Some(device) = act.session.device else { return };
        match &act.deed {
            Deed::TunnelUp { inside } => {
                self.0.insert(device, inside.clone());
            }
            Deed::TunnelDown { .. } => {
                self.0.remove(&device);
            }
            _ => {}
        }
    }

    fn of(&self, act: &Act) -> Option<&str> {
        self.0.get(&act.host).map(|inside| &**inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(fill: impl Fn(&mut Vec<u8>)) -> String {
        let mut line = Vec::new();
        fill(&mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn every_format_protects_in_its_own_way() {
        let hostile = "a\"b\\,\n\u{202e}|\u{7f}";
        for (written, expected) in [
            (line(|line| _ = line.csv(hostile)), "\"a\"\"b\\,\n\u{202e}|\u{7f}\""),
            (line(|line| _ = line.json(hostile)), "\"a\\\"b\\\\,\\n\u{202e}|\u{7f}\""),
            (line(|line| _ = line.zeek(hostile)), "a\"b\\\\,\\x0a\u{202e}|\\x7f"),
            (line(|line| _ = line.syslog(hostile)), "a\"b\\,#012\u{202e}|#177"),
            (line(|line| _ = line.percent(hostile)), "a%22b%5C,%0A%E2%80%AE%7C%7F"),
            (line(|line| _ = line.csv("plain")), "plain"),
            (line(|line| _ = line.zeek("-")), "\\x2d"),
            (line(|line| _ = line.zeek("")), "(empty)"),
        ] {
            assert_eq!(written, expected);
        }
    }

    #[test]
    fn numbers_and_ids_have_their_widths() {
        assert_eq!(
            line(|line| _ = line.num(0).put(" ").pad(7, 3).put(" ").num(u64::MAX)),
            "0 007 18446744073709551615"
        );
        assert_eq!(line(|line| _ = line.hex(0xAB, 4)), "00ab");
        let ids: Vec<_> =
            (0..2).map(|number| line(|line| _ = line.letters(number, 17, b"ABCDEFGHIJKLMNOP"))).collect();
        // Up to the last letter they depend on the number.
        assert!(ids[0].len() == 17 && ids[0][..8] != ids[1][..8] && ids[0][9..] != ids[1][9..], "{ids:?}");
        let uuid = line(|line| _ = line.uuid(3));
        assert_eq!([uuid.len(), uuid.split('-').count()], [36, 5]);
    }

    #[test]
    fn addresses_of_the_house() {
        for (address, expected) in [
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("192.0.2.1", false),
            ("::1", true),
        ] {
            assert_eq!(inside(address), expected, "{address}");
        }
    }
}
