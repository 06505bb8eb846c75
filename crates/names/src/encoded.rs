//! Which texts does a text hold in another notation?
//!
//! A name that is written in base64, hexadecimal, percent signs, entities, escapes or quoted-printable is
//! still a name, and so is one within a compressed block of those. Each notation is decoded where it
//! stands; every decoded byte knows from which bytes of the text it came, so that just these can be
//! masked. What decodes to no text (digests, random numbers) is nothing.

use std::io::Read;
use std::ops::Range;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
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
/// Decompressed bytes that are looked at.
const UNPACKED_MAX: u64 = 1 << 20;

/// Every text in another notation that stands in this one, one level deep.
pub(crate) fn inner(text: &str) -> Vec<Inner> {
    let mut found = Vec::new();
    escaped(text, &mut found);
    for run in runs(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')) {
        base64(text, &run, &mut found);
    }
    for run in runs(text, |byte| byte.is_ascii_hexdigit()) {
        hexadecimal(text, &run, &mut found);
    }
    found
}

fn runs(text: &str, belongs: fn(u8) -> bool) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| belongs(**byte)).count();
        if length >= RUN_MIN {
            found.push(at..at + length);
        }
        at += length.max(1);
    }
    found
}

/// Percent signs, JSON's and HTML's escapes, quoted-printable: what is between them stays as it is.
fn escaped(text: &str, found: &mut Vec<Inner>) {
    for (mark, decode) in ESCAPES {
        if text.contains(mark) {
            let (bytes, from) = unescaped(text, *decode);
            // UTF-16 in percent signs and the like is not decoded: nobody writes it.
            if bytes != text.as_bytes() {
                keep(bytes, from, 0..text.len(), found);
            }
        }
    }
}

/// Reads one escape: what it says, and its length.
type Escape = fn(&str) -> Option<(Vec<u8>, usize)>;

const ESCAPES: &[(&str, Escape)] =
    &[("%", percent), ("\\", backslash), ("&#", entity), ("=", quoted_printable), ("+", plus)];

fn unescaped(text: &str, decode: Escape) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut from) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let plain = || (text.as_bytes()[at..at + c.len_utf8()].to_vec(), c.len_utf8());
        let (said, length) = decode(&text[at..]).unwrap_or_else(plain);
        from.extend(std::iter::repeat_n(at, said.len()));
        bytes.extend(said);
        at += length;
    }
    from.push(text.len());
    (bytes, from)
}

fn byte_of(hex: Option<&str>) -> Option<u8> {
    u8::from_str_radix(hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?, 16).ok()
}

fn percent(rest: &str) -> Option<(Vec<u8>, usize)> {
    if let Some(wide) = rest.strip_prefix("%u") {
        return Some((letter(wide.get(..4)?)?, 6));
    }
    let rest = rest.strip_prefix('%')?;
    Some((vec![byte_of(rest.get(..2))?], 3))
}

fn plus(rest: &str) -> Option<(Vec<u8>, usize)> {
    rest.starts_with('+').then(|| (vec![b' '], 1))
}

fn quoted_printable(rest: &str) -> Option<(Vec<u8>, usize)> {
    let soft = ["=\r\n", "=\n"].iter().find(|end| rest.starts_with(**end));
    if let Some(end) = soft {
        return Some((Vec::new(), end.len()));
    }
    Some((vec![byte_of(rest.strip_prefix('=')?.get(..2))?], 3))
}

fn letter(hex: &str) -> Option<Vec<u8>> {
    let number = u32::from_str_radix(hex, 16).ok()?;
    Some(char::from_u32(number)?.to_string().into_bytes())
}

fn backslash(rest: &str) -> Option<(Vec<u8>, usize)> {
    let escape = rest.strip_prefix('\\')?;
    if let Some(hex) = escape.strip_prefix('u') {
        return Some((letter(hex.get(..4)?)?, 6));
    }
    Some((vec![byte_of(escape.strip_prefix('x')?.get(..2))?], 4))
}

fn entity(rest: &str) -> Option<(Vec<u8>, usize)> {
    let number = rest.strip_prefix("&#")?;
    let end = number.find(';').filter(|end| *end <= 7)?;
    let code = match number[..end].strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number[..end].parse().ok()?,
    };
    Some((char::from_u32(code)?.to_string().into_bytes(), 2 + end + 1))
}

/// base64 in either alphabet, from each of the places at which a group may begin.
fn base64(text: &str, run: &Range<usize>, found: &mut Vec<Inner>) {
    for shift in 0..4 {
        let begin = run.start + shift;
        let length = run.end.saturating_sub(begin);
        let length = length - usize::from(length % 4 == 1);
        let Some(chars) = text.as_bytes().get(begin..begin + length).filter(|chars| chars.len() >= RUN_MIN)
        else {
            return;
        };
        // What is cut in the middle of a group ends with bits that no encoder leaves: they are cut too.
        let whole = &chars[..chars.len() / 4 * 4];
        let decoded = [chars, whole]
            .into_iter()
            .find_map(|chars| BASE64_NOPAD.decode(chars).or_else(|_| BASE64URL_NOPAD.decode(chars)).ok());
        let Some(bytes) = decoded else { continue };
        let mut from: Vec<usize> = (0..bytes.len()).map(|at| begin + at / 3 * 4).collect();
        from.push(run.end);
        keep(bytes, from, run.clone(), found);
    }
}

fn hexadecimal(text: &str, run: &Range<usize>, found: &mut Vec<Inner>) {
    let digits = &text[run.clone()];
    for shift in 0..2 {
        let pairs = digits.get(shift..).unwrap_or_default().as_bytes().chunks_exact(2);
        let bytes: Vec<u8> = pairs.filter_map(|pair| byte_of(std::str::from_utf8(pair).ok())).collect();
        let mut from: Vec<usize> = (0..bytes.len()).map(|at| run.start + shift + 2 * at).collect();
        from.push(run.end);
        keep(bytes, from, run.clone(), found);
    }
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
    if bytes.len() < RUN_MIN {
        return None;
    }
    for shift in 0..2 {
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
        ascii += usize::from(c.is_ascii_graphic() || c.is_ascii_whitespace());
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

fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let read = match bytes {
        [0x1f, 0x8b, 8, ..] => {
            flate2::read::MultiGzDecoder::new(bytes).take(UNPACKED_MAX).read_to_end(&mut text)
        }
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            flate2::read::ZlibDecoder::new(bytes).take(UNPACKED_MAX).read_to_end(&mut text)
        }
        _ => return None,
    };
    // A block that is cut off has told what came before.
    let _cut = read;
    (!text.is_empty()).then_some(text)
}
