//! In which encoding is a text, and how do places in its bytes and in its characters correspond?
//!
//! The encodings are those of every text ([`crate::lines::Encoding`]), given by a person or told by the bytes.
//! UTF-16 becomes UTF-8 block by block; the length of any piece in the file follows from the piece itself, so that
//! places stay exact. Eight-bit text stays as it is: whether a row is UTF-8 or in the code page is asked row by row
//! ([`text_of`]), because one file holds both.

use std::borrow::Cow;

use assize_model::ReadingOptions;

use crate::lines::{self, Encoding};

/// The encoding of a table that begins so, given or told by its bytes, and the length of its byte order mark;
/// `None` for what is no text.
pub(crate) fn of(head: &[u8], options: &ReadingOptions) -> Option<(Encoding, usize)> {
    let (encoding, mark) = lines::of_head(head);
    if let Some(given) = Encoding::given(options) {
        return Some((given, mark));
    }
    let zeros = !encoding.is_wide() && memchr::memchr(0, &head[..head.len().min(1024)]).is_some();
    (!zeros).then_some((encoding, mark))
}

/// Eight-bit text of first bytes; `None` if it holds characters that no log has.
pub(crate) fn sample(encoding: Encoding, bytes: &[u8]) -> Option<Vec<u8>> {
    let text = eight_bit(encoding, bytes);
    (memchr::memchr(0, &text).is_none()).then_some(text)
}

/// Eight-bit text of all bytes.
pub(crate) fn eight_bit(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    Decoder::new(encoding).feed(bytes, &mut text);
    text
}

/// How many bytes of the file a piece of eight-bit text takes.
pub(crate) fn length(encoding: Encoding, text: &[u8]) -> u64 {
    if !encoding.is_wide() {
        return text.len() as u64;
    }
    // Every character has one unit but those of four bytes, which have two. Continuation bytes
    // begin with the bits 10.
    text.iter().map(|byte| u64::from(byte & 0xc0 != 0x80) + u64::from(*byte >= 0xf0)).sum::<u64>() * 2
}

/// Eight-bit text as characters, and in which encoding it was: a row that is not UTF-8 is in the code page, as
/// a line of any text is; one of wide units is UTF-8 by now.
pub(crate) fn text_of(encoding: Encoding, bytes: &[u8]) -> (Cow<'_, str>, Encoding) {
    let by_itself = if encoding.is_wide() { Encoding::Utf8 } else { encoding };
    let mut room = String::new();
    let decoded = match std::str::from_utf8(bytes) {
        Ok(text) if by_itself == Encoding::Utf8 => return (Cow::Borrowed(text), encoding),
        _ => by_itself.decode(bytes, &mut room).1,
    };
    (Cow::Owned(room), if encoding.is_wide() { encoding } else { decoded })
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
        if !self.encoding.is_wide() {
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
            assert_eq!(length(encoding, text.as_bytes()), bytes.len() as u64);
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
        assert_eq!(length(Encoding::Utf16Le, &out), 6);
    }
}
