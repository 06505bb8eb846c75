//! In which encoding is a text, and how do places in its bytes and in its characters correspond?
//!
//! UTF-16 becomes UTF-8 block by block; the length of any piece in the file follows from the piece
//! itself, so that places stay exact. Eight-bit text stays as it is: whether a row is UTF-8 or an
//! older Windows code page is asked row by row ([`text_of`]), because one file holds both.

use std::borrow::Cow;

/// Width and order of a text's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// ASCII, UTF-8 or a code page.
    EightBit,
    Utf16Le,
    Utf16Be,
}

/// The code page of text that is not UTF-8: an assumption, and said to be one.
pub(crate) const CODE_PAGE: &str = "windows-1252";

impl Encoding {
    /// The encoding of a text that begins so, and the length of its byte order mark; `None` for what is
    /// no text.
    pub(crate) fn of(head: &[u8]) -> Option<(Self, usize)> {
        match head {
            [0xef, 0xbb, 0xbf, ..] => return Some((Self::EightBit, 3)),
            [0xff, 0xfe, ..] => return Some((Self::Utf16Le, 2)),
            [0xfe, 0xff, ..] => return Some((Self::Utf16Be, 2)),
            _ => {}
        }
        let head = &head[..head.len().min(1024) & !1];
        let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
        let (even, odd) = (zeros(0), zeros(1));
        let most = head.len() / 2 * 3 / 4;
        if head.len() >= 8 && odd > most && even == 0 {
            return Some((Self::Utf16Le, 0));
        }
        if head.len() >= 8 && even > most && odd == 0 {
            return Some((Self::Utf16Be, 0));
        }
        (even + odd == 0).then_some((Self::EightBit, 0))
    }

    /// The name under which it stands in reading options; none for eight-bit text.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::EightBit => None,
            Self::Utf16Le => Some("utf-16le"),
            Self::Utf16Be => Some("utf-16be"),
        }
    }

    /// The inverse of [`Self::name`].
    pub(crate) fn named(name: Option<&str>) -> Self {
        match name {
            Some("utf-16le") => Self::Utf16Le,
            Some("utf-16be") => Self::Utf16Be,
            _ => Self::EightBit,
        }
    }

    /// Eight-bit text of first bytes; `None` if it holds characters that no log has.
    pub(crate) fn sample(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        Decoder::new(self).feed(bytes, &mut text);
        (memchr::memchr(0, &text).is_none()).then_some(text)
    }

    /// How many bytes of the file a piece of decoded text takes.
    pub(crate) fn length(self, text: &[u8]) -> u64 {
        match self {
            Self::EightBit => text.len() as u64,
            // Every character has one unit but those of four bytes, which have two. Continuation bytes
            // begin with the bits 10.
            _ => {
                text.iter().map(|byte| u64::from(byte & 0xc0 != 0x80) + u64::from(*byte >= 0xf0)).sum::<u64>()
                    * 2
            }
        }
    }
}

/// Turns blocks of a file into eight-bit text.
pub(crate) struct Decoder {
    encoding: Encoding,
    /// Bytes of a unit or pair that the last block cut.
    rest: Vec<u8>,
}

impl Decoder {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self { encoding, rest: Vec::new() }
    }

    /// Appends a block.
    pub(crate) fn feed(&mut self, block: &[u8], text: &mut Vec<u8>) {
        if self.encoding == Encoding::EightBit {
            return text.extend_from_slice(block);
        }
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(block);
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| self.unit(pair)).collect();
        let mut whole = units.len();
        if units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            whole -= 1;
        }
        push(&units[..whole], text);
        self.rest = bytes[whole * 2..].to_vec();
    }

    /// How many bytes at the end are no whole character.
    pub(crate) fn rest(&self) -> usize {
        self.rest.len()
    }

    fn unit(&self, pair: &[u8]) -> u16 {
        let pair = [pair[0], pair[1]];
        if self.encoding == Encoding::Utf16Be { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    }
}

/// A unit that is no character stays one unit long: U+FFFD.
fn push(units: &[u16], text: &mut Vec<u8>) {
    let mut buffer = [0; 4];
    for character in char::decode_utf16(units.iter().copied()) {
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        text.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
    }
}

/// Eight-bit text as characters: UTF-8, else the code page, and whether that was assumed.
pub(crate) fn text_of(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_from_the_text_itself() {
        let text = "aé€😀b";
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
            let bytes: Vec<u8> =
                text.encode_utf16()
                    .flat_map(|unit| {
                        if encoding == Encoding::Utf16Le { unit.to_le_bytes() } else { unit.to_be_bytes() }
                    })
                    .collect();
            for block in 1..7 {
                let mut decoder = Decoder::new(encoding);
                let mut out = Vec::new();
                bytes.chunks(block).for_each(|block| decoder.feed(block, &mut out));
                assert_eq!(decoder.rest(), 0);
                assert_eq!(std::str::from_utf8(&out), Ok(text));
            }
            assert_eq!(encoding.length(text.as_bytes()), bytes.len() as u64);
        }
    }

    #[test]
    fn half_a_pair_at_the_end_is_left_over() {
        let mut decoder = Decoder::new(Encoding::Utf16Le);
        let mut out = Vec::new();
        decoder.feed(&[b'a', 0, 0x3d, 0xd8, b'x'], &mut out);
        assert_eq!((out.as_slice(), decoder.rest()), (&b"a"[..], 3));
        decoder.feed(&[0], &mut out);
        assert_eq!(std::str::from_utf8(&out), Ok("a\u{fffd}x"));
        assert_eq!(Encoding::Utf16Le.length(&out), 6);
    }
}
