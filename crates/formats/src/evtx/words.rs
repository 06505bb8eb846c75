//! In which records may one of some words stand?
//!
//! Rules that look for words anywhere would have every value of every record decoded. So the bytes of
//! a record are searched as they lie: texts are UTF-16, whatever record they are in. A word that
//! could also be read off a number, a time, an address or bytes in hexadecimal is not found so, and
//! then nothing can be ruled out.

use std::collections::BTreeMap;

use aho_corasick::packed;
use memchr::memmem;

/// Words, and the search for a piece of each.
pub(super) struct Words {
    /// Searches for pieces in every spelling, a few in each: so many as are looked for at one look.
    pieces: Vec<packed::Searcher>,
    /// For each piece of each search: the words with the place of the piece in each.
    found: Vec<Vec<Vec<Placed>>>,
    /// Few pieces, each with a search of its own in its plain spelling.
    few: Vec<(memmem::Finder<'static>, Vec<Placed>)>,
}

/// A word, and where in it a piece stands.
type Placed = (Box<[u8]>, usize);

/// Pieces of one search.
const TOGETHER: usize = 32;
/// Pieces that are sought faster one by one.
const FEW: usize = 4;
/// The bit by which cases of letters differ. Bytes are searched with it set, which finds more than
/// there is; what is found is looked at.
const CASE: u8 = 0x20;

/// Bytes as they are looked through.
#[derive(Default)]
pub(super) struct Folded {
    /// With the bit set by which cases differ.
    bytes: Vec<u8>,
    /// Whether a character beyond ASCII may be among them whose lower case is ASCII.
    has_friends: bool,
}

impl Folded {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut folded = Self::default();
        folded.fill(bytes);
        folded
    }

    pub(super) fn fill(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.extend(bytes.iter().map(|byte| byte | CASE));
        // Whatever place the units begin at. Written so that the compiler makes vector code of it.
        let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
        let is_friend = |low: u8, high: u8| (low == 0x2a && high == 0x21) | (low == 0x30 && high == 0x01);
        self.has_friends = pairs.fold(false, |found, (low, high)| found | is_friend(*low, *high));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// Whether a word in lower case is found where it stands.
pub(super) fn can_be_sought(word: &str) -> bool {
    let only = |alphabet: &str| word.chars().all(|character| alphabet.contains(character));
    // Bytes, masks and identifiers; times and numbers; security identifiers.
    let is_other = only("0123456789abcdefx{}-") || only("0123456789-:.tze+") || only("0123456789-s");
    let is_word = ["true", "false", "inf", "nan"].iter().any(|other| other.contains(word));
    word.is_ascii() && !is_other && !is_word && longest(word).len() >= 2
}

/// Values of a list are joined by commas: a word may stand across one.
fn longest(word: &str) -> &str {
    word.split(',').max_by_key(|part| part.len()).unwrap_or_default()
}

/// Few pieces of which one stands in each word, each with the words that it stands for.
///
/// A piece that stands in many words is worth more than one that is rare: what is searched for together
/// makes every search slower.
fn pieces(words: Vec<&str>) -> Vec<(&str, Vec<&str>)> {
    // Every stretch with the cost of seeking it (mostly that it is one more) and the words it stands in.
    let mut candidates: BTreeMap<&str, (f64, Vec<usize>)> = BTreeMap::new();
    for (number, word) in words.iter().enumerate() {
        for piece in parts_of(word) {
            let known = candidates.entry(piece).or_insert_with(|| (chance(piece) + 0.02, Vec::new()));
            if known.1.last() != Some(&number) {
                known.1.push(number);
            }
        }
    }
    let mut is_left = vec![true; words.len()];
    let mut chosen = Vec::new();
    while is_left.contains(&true) {
        let value = |(cost, with): &(f64, Vec<usize>)| {
            with.iter().filter(|number| is_left[**number]).count() as f64 / cost
        };
        let best = candidates.iter().max_by(|one, other| value(one.1).total_cmp(&value(other.1)));
        let Some((piece, (_, with))) = best else { break };
        let with: Vec<usize> = with.iter().copied().filter(|number| is_left[*number]).collect();
        if with.is_empty() {
            break;
        }
        with.iter().for_each(|number| is_left[*number] = false);
        chosen.push((*piece, with.into_iter().map(|number| words[number]).collect()));
    }
    chosen
}

/// The stretches of two to four characters.
fn parts_of(word: &str) -> impl Iterator<Item = &str> {
    (2..=4)
        .flat_map(move |length| (0..=word.len().saturating_sub(length)).map(move |at| (at, length)))
        .filter_map(|(at, length)| word.get(at..at + length))
}

impl Words {
    /// Of words that can be sought; `None` of none.
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w str>) -> Option<Self> {
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        let mut found: Vec<Vec<Placed>> = Vec::new();
        let mut few = Vec::new();
        for (piece, words) in self::pieces(words.map(longest).collect()) {
            let placed = |word: &str| Some((word.as_bytes().into(), word.find(piece)?));
            let placed: Vec<Placed> = words.into_iter().filter_map(placed).collect();
            if few.len() <= FEW {
                let plain: Vec<u8> = piece.bytes().flat_map(|byte| [byte | CASE, CASE]).collect();
                few.push((memmem::Finder::new(&plain).into_owned(), placed.clone()));
            }
            for spelling in spellings(piece.as_bytes()) {
                // Two that are one with the bit set must not hide each other.
                match pieces.iter().position(|known| *known == spelling) {
                    Some(known) => found[known].extend(placed.iter().cloned()),
                    None => {
                        pieces.push(spelling);
                        found.push(placed.clone());
                    }
                }
            }
        }
        let search = |pieces: &[Vec<u8>]| packed::Config::new().builder().extend(pieces).build();
        let searches: Option<Vec<_>> = pieces.chunks(TOGETHER).map(search).collect();
        let pieces = searches.filter(|searches| !searches.is_empty())?;
        if few.len() > FEW {
            few.clear();
        }
        Some(Self { pieces, found: found.chunks(TOGETHER).map(<[_]>::to_vec).collect(), few })
    }

    /// The places in these bytes at which one may stand, in their order.
    pub(super) fn places(&self, bytes: &[u8], folded: &Folded) -> Vec<usize> {
        let mut places = Vec::new();
        let is_word =
            |at: usize, words: &[Placed]| words.iter().any(|(word, place)| stands(bytes, at, word, *place));
        if !self.few.is_empty() && !folded.has_friends {
            for (finder, words) in &self.few {
                let mut from = 0;
                // One that overlaps another counts too.
                while let Some(at) = folded.bytes.get(from..).and_then(|rest| finder.find(rest)) {
                    if is_word(from + at, words) {
                        places.push(from + at);
                    }
                    from += at + 1;
                }
            }
        } else {
            for (search, found) in self.pieces.iter().zip(&self.found) {
                let mut from = 0;
                while let Some(hit) = search.find_in(&folded.bytes, (from..folded.bytes.len()).into()) {
                    if is_word(hit.start(), &found[hit.pattern().as_usize()]) {
                        places.push(hit.start());
                    }
                    from = hit.start() + 1;
                }
            }
        }
        places.sort_unstable();
        places
    }

    /// Whether one stands in a text.
    pub(super) fn stand_in(&self, text: &[u8]) -> bool {
        let wide: Vec<u8> = String::from_utf8_lossy(text).encode_utf16().flat_map(u16::to_le_bytes).collect();
        !self.places(&wide, &Folded::of(&wide)).is_empty()
    }
}

/// Whether a word stands around the unit at `at`, which is its unit at `place`.
fn stands(bytes: &[u8], at: usize, word: &[u8], place: usize) -> bool {
    let Some(units) = at.checked_sub(2 * place).and_then(|from| bytes.get(from..from + 2 * word.len()))
    else {
        return false;
    };
    units.as_chunks::<2>().0.iter().zip(word).all(|(unit, byte)| {
        let is_friend = || friend(*byte) == Some(u16::from_le_bytes(*unit));
        unit[1] == 0 && unit[0].eq_ignore_ascii_case(byte) || is_friend()
    })
}

/// How a piece may be written, with the bit set: each character as it is, or as the one beyond ASCII whose
/// lower case it is.
fn spellings(piece: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for byte in piece {
        let units = [Some(u16::from(*byte)), friend(*byte)];
        let longer = |before: &Vec<u8>| {
            let units = units.into_iter().flatten().map(|unit| unit.to_le_bytes().map(|byte| byte | CASE));
            units.map(|unit| [before.as_slice(), &unit].concat()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

/// The characters beyond ASCII whose lower case is ASCII: K (Kelvin) and İ.
fn friend(byte: u8) -> Option<u16> {
    match byte {
        b'k' => Some(0x212a),
        b'i' => Some(0x130),
        _ => None,
    }
}

/// Characters of logs in lower case, the most frequent first. It decides speed only.
const FREQUENT: &[u8] = b" es0cotdi\\a2nr3w:m1l-45.b6y8vfx9up7|gh{}k=z_()$;,q/'j[]\"%@*~?<#&!";

/// About how likely a piece stands at a place of a text.
fn chance(piece: &str) -> f64 {
    let rank = |byte: u8| FREQUENT.iter().position(|own| *own == byte).unwrap_or(FREQUENT.len());
    piece.bytes().map(|byte| 0.1 * 0.94f64.powi(rank(byte) as i32)).product()
}

#[cfg(test)]
mod tests {
    use super::{Folded, Words, can_be_sought};

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn words_are_found_in_any_case_and_at_any_place() {
        let words = Words::of(["sekurlsa::logonpasswords", "kiwi"].into_iter()).unwrap();
        for text in ["xx SEKURLSA::logonPasswords", "\u{212a}\u{130}wi LEGIT", "sekurlsa::LOGONPASSWORDS"] {
            for odd in [&b""[..], b"\x01"] {
                let bytes = [odd, &wide(text)].concat();
                assert!(!words.places(&bytes, &Folded::of(&bytes)).is_empty(), "{text}");
            }
        }
        assert!(!words.stand_in(b"std::vector sekurlsa::logonpassword"));
        assert!(words.stand_in(b"a kiwi b"));
    }

    #[test]
    fn what_may_be_read_off_a_number_rules_nothing_out() {
        for word in ["4d5a", "alse", "0x1f", "k", "s-1-5-18", "2026-09", "na"] {
            assert!(!can_be_sought(word), "{word}");
        }
        for word in ["select", "lsadump::", "a,bcd\\", "12:30 h"] {
            assert!(can_be_sought(word), "{word}");
        }
    }
}
