//! Which texts does a text hold in another notation?
//!
//! A name that is written in base64, hexadecimal, percent signs, entities, escapes or quoted-printable is
//! still a name, and so is one within a compressed block of those. Each notation is decoded where it
//! stands; every decoded byte knows from which bytes of the text it came, so that just these can be
//! masked. What decodes to no text (digests, random numbers) is nothing.

use std::io::Read;
use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

/// A text that stands in another text in another notation.
pub(crate) struct Inner {
    /// What it says.
    pub(crate) text: String,
    /// For each byte of `text`, where its notation begins in the outer text; one more for the end.
    from: Vec<usize>,
    /// Where the notation as a whole stands.
    whole: Range<usize>,
}

impl Inner {
    /// The bytes of the outer text that say what `span` of the inner one says.
    pub(crate) fn outer(&self, span: &Range<usize>) -> Range<usize> {
        match (self.from.get(span.start), self.from.get(span.end)) {
            (Some(begin), Some(end)) => *begin..*end,
            _ => self.whole.clone(),
        }
    }
}

/// Runs that are shorter hold no name that could be told from chance.
const RUN_MIN: usize = 8;
/// So many pairs of bytes may be UTF-16.
const WIDE_MIN: usize = 4;
/// Decompressed bytes that are looked at.
const UNPACKED_MAX: u64 = 1 << 20;

/// Every text in another notation that stands in this one, one level deep.
pub(crate) fn inner(text: &str) -> Vec<Inner> {
    let mut found = Vec::new();
    escaped(text, &mut found);
    each_run(text, |byte| SEXTETS[usize::from(byte)] != NONE, &mut |run| base64(text, &run, &mut found));
    each_run(text, |byte| byte.is_ascii_hexdigit(), &mut |run| hexadecimal(text, &run, &mut found));
    found
}

fn each_run(text: &str, belongs: impl Fn(u8) -> bool, take: &mut dyn FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| belongs(**byte)).count();
        if length >= RUN_MIN {
            take(at..at + length);
        }
        at += length.max(1);
    }
}

/// Percent signs, JSON's and HTML's escapes, quoted-printable: what is between them stays as it is.
fn escaped(text: &str, found: &mut Vec<Inner>) {
    for (mark, decode) in ESCAPES {
        let is_there = |(at, byte)| byte == *mark && decode(text, at).is_some();
        if text.bytes().enumerate().any(is_there) {
            let (bytes, from) = unescaped(text, *mark, *decode);
            // UTF-16 in percent signs and the like is not decoded: nobody writes it.
            keep(bytes, from, 0..text.len(), found);
        }
    }
}

/// Reads one escape of a text, which begins with its mark: what it says, and its length.
type Escape = fn(&str, usize) -> Option<(Vec<u8>, usize)>;

const ESCAPES: &[(u8, Escape)] =
    &[(b'%', percent), (b'\\', backslash), (b'&', entity), (b'=', quoted_printable)];

fn unescaped(text: &str, mark: u8, decode: Escape) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut from) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match (*byte == mark).then(|| decode(text, at)).flatten() {
            Some((said, length)) => {
                from.extend(std::iter::repeat_n(at, said.len()));
                bytes.extend(said);
                at += length;
            }
            None => {
                from.push(at);
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    from.push(text.len());
    (bytes, from)
}

fn byte_of(hex: Option<&str>) -> Option<u8> {
    u8::from_str_radix(hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?, 16).ok()
}

fn percent(text: &str, at: usize) -> Option<(Vec<u8>, usize)> {
    let rest = &text[at + 1..];
    if let Some(wide) = rest.strip_prefix('u') {
        return Some((letter(wide.get(..4)?)?, 6));
    }
    Some((vec![byte_of(rest.get(..2))?], 3))
}

fn quoted_printable(text: &str, at: usize) -> Option<(Vec<u8>, usize)> {
    let rest = &text[at + 1..];
    if let Some(end) = ["\r\n", "\n"].iter().find(|end| rest.starts_with(**end)) {
        return Some((Vec::new(), 1 + end.len()));
    }
    Some((vec![byte_of(rest.get(..2))?], 3))
}

fn letter(hex: &str) -> Option<Vec<u8>> {
    let number = u32::from_str_radix(hex, 16).ok()?;
    Some(char::from_u32(number)?.to_string().into_bytes())
}

fn backslash(text: &str, at: usize) -> Option<(Vec<u8>, usize)> {
    let rest = &text[at + 1..];
    match rest.as_bytes().first()? {
        b'u' => Some((letter(rest.get(1..5)?)?, 6)),
        b'x' => Some((vec![byte_of(rest.get(1..3))?], 4)),
        // A line's end in JSON glues its letter to the word behind it; in a path it is the word's own.
        b'n' | b'r' | b't' if text.contains('"') => Some((vec![b' '], 2)),
        _ => None,
    }
}

fn entity(text: &str, at: usize) -> Option<(Vec<u8>, usize)> {
    let number = text[at..].strip_prefix("&#")?;
    let end = number.bytes().take(8).position(|byte| byte == b';')?;
    let code = match number[..end].strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number[..end].parse().ok()?,
    };
    Some((char::from_u32(code)?.to_string().into_bytes(), 2 + end + 1))
}

/// What a sign of base64 stands for, in either alphabet.
const SEXTETS: [u8; 256] = sextets();
/// A sign of none.
const NONE: u8 = 0xff;

const fn sextets() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut at = 0;
    while at < 26 {
        values[b'A' as usize + at] = at as u8;
        values[b'a' as usize + at] = 26 + at as u8;
        at += 1;
    }
    let mut at = 0;
    while at < 10 {
        values[b'0' as usize + at] = 52 + at as u8;
        at += 1;
    }
    values[b'+' as usize] = 62;
    values[b'-' as usize] = 62;
    values[b'/' as usize] = 63;
    values[b'_' as usize] = 63;
    values
}

/// base64 in either alphabet, from each of the places at which a group may begin. What is cut in the middle
/// of a group is read as far as whole bytes go.
fn base64(text: &str, run: &Range<usize>, found: &mut Vec<Inner>) {
    for shift in 0..4 {
        let begin = run.start + shift;
        let signs = &text.as_bytes()[begin..run.end];
        if signs.len() < RUN_MIN {
            return;
        }
        let value = |at: usize| u16::from(SEXTETS[usize::from(signs[at])]);
        let byte = |at: usize| {
            let (first, turn) = (at / 3 * 4 + at % 3, at % 3 * 2);
            (value(first) << (2 + turn) | value(first + 1) >> (4 - turn)) as u8
        };
        let count = signs.len() * 3 / 4;
        if may_say(count, byte) {
            let mut from: Vec<usize> = (0..count).map(|at| begin + at / 3 * 4).collect();
            from.push(run.end);
            keep((0..count).map(byte).collect(), from, run.clone(), found);
        }
    }
}

fn hexadecimal(text: &str, run: &Range<usize>, found: &mut Vec<Inner>) {
    let nibble = |digit: u8| (digit & 15) + 9 * (digit >> 6);
    for shift in 0..2 {
        let digits = &text.as_bytes()[run.start + shift..run.end];
        let byte = |at: usize| nibble(digits[2 * at]) << 4 | nibble(digits[2 * at + 1]);
        let count = digits.len() / 2;
        if may_say(count, byte) {
            let mut from: Vec<usize> = (0..count).map(|at| run.start + shift + 2 * at).collect();
            from.push(run.end);
            keep((0..count).map(byte).collect(), from, run.clone(), found);
        }
    }
}

/// A quick look at decoded bytes: *no* where [`keep`] would make nothing of them, as it does of chance.
fn may_say(count: usize, byte: impl Fn(usize) -> u8) -> bool {
    if count < 2 {
        return false;
    }
    let wide = |shift: usize, big: bool| {
        let unit = move |at: usize| (shift + 2 * at + usize::from(!big), shift + 2 * at + usize::from(big));
        (count - shift) / 2 >= WIDE_MIN
            && may_be_wide((count - shift) / 2, |at| (byte(unit(at).0), byte(unit(at).1)))
    };
    packed(byte(0), byte(1))
        || may_be_utf8(count, &byte)
        || [0, 1].into_iter().any(|shift| wide(shift, false) || wide(shift, true))
}

/// What [`of_one_piece`] would refuse for more than a tenth of its characters, at least.
fn may_be_utf8(count: usize, byte: impl Fn(usize) -> u8) -> bool {
    let (mut bad, mut due) = (0, 0);
    for at in 0..count {
        let one = byte(at);
        let follows = one & 0xc0 == 0x80;
        bad += usize::from(match (follows, due) {
            (true, 0) => true,
            (true, _) => false,
            // A sequence that breaks off is one sign of chance; what broke it is looked at itself.
            (false, broken) => broken > 0 || matches!(one, 0..=8 | 11 | 14..=31 | 127 | 0xc0 | 0xc1 | 0xf5..),
        });
        due = match one {
            0xc2..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf4 => 3,
            _ if follows => usize::saturating_sub(due, 1),
            _ => 0,
        };
        if bad * 10 > count {
            return false;
        }
    }
    true
}

/// The same of pairs of bytes, the higher first.
fn may_be_wide(count: usize, pair: impl Fn(usize) -> (u8, u8)) -> bool {
    let (mut others, mut signs) = (0_usize, 0);
    // By the last bits of the page: of no page can be more than in its group.
    let mut pages = [0; 8];
    for at in 0..count {
        match pair(at) {
            (0, 9..=13 | 32..=126) => continue,
            // The second half of a character.
            (0xdc..=0xdf, _) => continue,
            (0x4e..=0x9f | 0x30 | 0xac..=0xd7, _) => signs += 1,
            _ => {}
        }
        others += 1;
        let page = &mut pages[usize::from(pair(at).0 & 7)];
        *page += 1;
        let best = pages.iter().copied().max().unwrap_or(0).max(signs);
        if (others - best) * 10 > count {
            return false;
        }
    }
    true
}

/// Keeps bytes as every text that they may be.
fn keep(bytes: Vec<u8>, from: Vec<usize>, whole: Range<usize>, found: &mut Vec<Inner>) {
    if let Some(unpacked) = unpacked(&bytes) {
        if let Ok(text) = String::from_utf8(unpacked) {
            found.push(Inner { text, from: Vec::new(), whole: whole.clone() });
        }
        return;
    }
    for big in [false, true] {
        if let Some((text, places)) = utf16(&bytes, &from, big) {
            found.push(Inner { text, from: places, whole: whole.clone() });
        }
    }
    // A run that was cut in a character, or whose beginning is none, is text in between.
    let text = String::from_utf8_lossy(&bytes);
    if of_one_piece(&text) {
        match text {
            std::borrow::Cow::Borrowed(text) => {
                found.push(Inner { text: text.to_owned(), from, whole });
            }
            // Places no longer fit, so all of it is masked.
            std::borrow::Cow::Owned(text) => found.push(Inner { text, from: Vec::new(), whole }),
        }
    }
}

/// UTF-16, if that is what it is: half of the bytes are the same few.
fn utf16(bytes: &[u8], from: &[usize], big: bool) -> Option<(String, Vec<usize>)> {
    for shift in 0..2 {
        if bytes.len() < shift + 2 * WIDE_MIN {
            return None;
        }
        let pairs: Vec<u16> = bytes[shift..]
            .chunks_exact(2)
            .map(|pair| {
                if big {
                    u16::from_be_bytes([pair[0], pair[1]])
                } else {
                    u16::from_le_bytes([pair[0], pair[1]])
                }
            })
            .collect();
        let (mut text, mut places) = (String::new(), Vec::new());
        let mut unit = 0;
        for decoded in char::decode_utf16(pairs.iter().copied()) {
            let c = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
            places.extend(std::iter::repeat_n(from[shift + 2 * unit], c.len_utf8()));
            unit += c.len_utf16();
            text.push(c);
        }
        places.push(from.last().copied()?);
        if of_one_piece(&text) {
            return Some((text, places));
        }
    }
    None
}

/// Whether signs are of one script, as those of a text are and those of chance are not.
fn of_one_piece(text: &str) -> bool {
    let (mut ascii, mut signs, mut all) = (0, 0, 0);
    // Alphabets lie within 256 numbers, as far as names need them.
    let mut pages = std::collections::BTreeMap::new();
    for c in text.chars() {
        all += 1;
        if c.is_ascii() {
            ascii += usize::from(c.is_ascii_graphic() || c.is_ascii_whitespace());
            continue;
        }
        signs += usize::from(
            matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7a3}'),
        );
        // Vowels and killers of Indic scripts are marks, and as many as letters.
        *pages.entry(u32::from(c) >> 8).or_insert(0) +=
            usize::from(c.is_alphabetic() || is_combining_mark(c));
    }
    let alphabet = pages.values().max().copied().unwrap_or(0);
    (ascii + alphabet.max(signs)) * 10 >= all * 9 && all >= 4
}

/// Whether gzip or zlib begins so.
const fn packed(first: u8, second: u8) -> bool {
    matches!((first, second), (0x1f, 0x8b) | (0x78, 0x01 | 0x5e | 0x9c | 0xda))
}

fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    if !packed(first, second) {
        return None;
    }
    let mut text = Vec::new();
    // A block that is cut off has told what came before.
    let _cut = match first {
        0x1f => flate2::read::MultiGzDecoder::new(bytes).take(UNPACKED_MAX).read_to_end(&mut text),
        _ => flate2::read::ZlibDecoder::new(bytes).take(UNPACKED_MAX).read_to_end(&mut text),
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn made_of(bytes: Vec<u8>) -> Vec<String> {
        let (from, mut found) = ((0..=bytes.len()).collect(), Vec::new());
        keep(bytes, from, 0..0, &mut found);
        found.into_iter().map(|inner| inner.text).collect()
    }

    proptest! {
        /// The quick look is never wrong.
        #[test]
        fn what_says_something_is_looked_at(text in ".{2,24}", dirt in proptest::collection::vec(any::<u8>(), 0..3), wide in 0..3) {
            let mut bytes: Vec<u8> = match wide {
                0 => text.into_bytes(),
                1 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                _ => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            };
            bytes.extend(dirt);
            let may = may_say(bytes.len(), |at| bytes[at]);
            prop_assert!(may || made_of(bytes).is_empty());
        }

        #[test]
        fn nor_of_chance(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let may = may_say(bytes.len(), |at| bytes[at]);
            prop_assert!(may || made_of(bytes).is_empty());
        }
    }
}
