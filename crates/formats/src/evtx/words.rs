//! In which records may one of some words stand?
//!
//! Rules that look for words anywhere would have every value of every record decoded. So the bytes of
//! a record are searched as they lie: texts are UTF-16, whatever record they are in. A word that
//! could also be read off a number, a time, an address or bytes in hexadecimal is not found so, and
//! then nothing can be ruled out.

use aho_corasick::packed;

/// Words, and the search for two units of each.
pub(super) struct Words {
    /// Searches for pieces, a few in each: so many as are looked for at one look.
    pieces: Vec<packed::Searcher>,
    /// For each piece of each search: the words with the place of the piece in each.
    found: Vec<Vec<Vec<Placed>>>,
}

/// A word, and where in it a piece stands.
type Placed = (Box<[u8]>, usize);

/// Pieces of one search.
const TOGETHER: usize = 32;
/// The bit by which cases of letters differ. Bytes are searched with it set, which finds more than
/// there is; what is found is looked at.
const CASE: u8 = 0x20;

/// Whether a word in lower case is found where it stands.
pub(super) fn can_be_sought(word: &str) -> bool {
    let only = |alphabet: &str| word.chars().all(|character| alphabet.contains(character));
    // Bytes, masks and identifiers; times and numbers; security identifiers.
    let is_other = only("0123456789abcdefx{}-") || only("0123456789-:.tze+") || only("0123456789-s");
    let is_word = ["true", "false", "inf", "nan"].iter().any(|other| other.contains(word));
    word.is_ascii() && !is_other && !is_word && piece(longest(word)).is_some()
}

/// Values of a list are joined by commas: a word may stand across one.
fn longest(word: &str) -> &str {
    word.split(',').max_by_key(|part| part.len()).unwrap_or_default()
}

/// The two units of a word that are looked for, and where they stand in it.
fn piece(word: &str) -> Option<(usize, [u8; 2])> {
    let windows = word.as_bytes().windows(2).enumerate();
    let windows = windows.filter(|(_, pair)| pair.iter().all(|byte| is_itself(*byte)));
    let rarest = windows.min_by_key(|(_, pair)| pair.iter().map(|byte| commonness(*byte)).sum::<u32>());
    rarest.and_then(|(at, pair)| Some((at, *pair.first_chunk()?)))
}

impl Words {
    /// Of words that can be sought; `None` of none.
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w str>) -> Option<Self> {
        let mut pieces: Vec<[u8; 2]> = Vec::new();
        let mut found: Vec<Vec<(Box<[u8]>, usize)>> = Vec::new();
        for word in words {
            let word = longest(word);
            let (at, pair) = piece(word)?;
            // Two that are one with the bit set must not hide each other.
            let pair = pair.map(|byte| byte | CASE);
            let place = pieces.iter().position(|known| *known == pair).unwrap_or_else(|| {
                pieces.push(pair);
                found.push(Vec::new());
                pieces.len() - 1
            });
            found[place].push((word.as_bytes().into(), at));
        }
        let search = |pieces: &[[u8; 2]]| {
            let patterns = pieces.iter().map(|[one, other]| [*one, CASE, *other, CASE]);
            packed::Config::new().builder().extend(patterns).build()
        };
        let searches: Option<Vec<_>> = pieces.chunks(TOGETHER).map(search).collect();
        let pieces = searches.filter(|searches| !searches.is_empty())?;
        Some(Self { pieces, found: found.chunks(TOGETHER).map(<[_]>::to_vec).collect() })
    }

    /// Whether one may stand in these bytes.
    pub(super) fn may_stand_in(&self, bytes: &[u8]) -> bool {
        let folded: Vec<u8> = bytes.iter().map(|byte| byte | CASE).collect();
        self.pieces.iter().zip(&self.found).any(|(search, found)| {
            let mut from = 0;
            while let Some(hit) = search.find_in(&folded, (from..folded.len()).into()) {
                let words = &found[hit.pattern().as_usize()];
                if words.iter().any(|(word, place)| stands(bytes, hit.start(), word, *place)) {
                    return true;
                }
                from = hit.start() + 1;
            }
            false
        })
    }

    /// Whether one stands in a text.
    pub(super) fn stand_in(&self, text: &[u8]) -> bool {
        let wide: Vec<u8> = String::from_utf8_lossy(text).encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.may_stand_in(&wide)
    }
}

/// Whether a word stands around the unit at `at`, which is its unit at `place`.
fn stands(bytes: &[u8], at: usize, word: &[u8], place: usize) -> bool {
    let Some(units) = at.checked_sub(2 * place).and_then(|from| bytes.get(from..from + 2 * word.len()))
    else {
        return false;
    };
    units.as_chunks::<2>().0.iter().zip(word).all(|(unit, byte)| {
        // The two characters beyond ASCII whose lower case is ASCII: K (Kelvin) and İ.
        matches!((u16::from_le_bytes(*unit), byte), (0x212a, b'k') | (0x130, b'i'))
            || unit[1] == 0 && unit[0].eq_ignore_ascii_case(byte)
    })
}

/// Whether only ASCII characters are it in lower case.
fn is_itself(byte: u8) -> bool {
    !matches!(byte, b'k' | b'i')
}

/// Letters are what texts consist of.
fn commonness(byte: u8) -> u32 {
    match byte {
        // With the bit set it is what the zeros between ASCII units are.
        b' ' => 9,
        b'a'..=b'z' => 3,
        b'.' | b'\\' | b'0'..=b'9' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{Words, can_be_sought};

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn words_are_found_in_any_case_and_at_any_place() {
        let words = Words::of(["sekurlsa::logonpasswords", "kiwi legit"].into_iter()).unwrap();
        for text in ["xx SEKURLSA::logonPasswords", "\u{212a}\u{130}wi LEGIT", "sekurlsa::LOGONPASSWORDS"] {
            for odd in [&b""[..], b"\x01"] {
                assert!(words.may_stand_in(&[odd, &wide(text)].concat()), "{text}");
            }
        }
        assert!(!words.may_stand_in(&wide("std::vector sekurlsa::logonpassword")));
        assert!(words.stand_in(b"a kiwi legit b"));
    }

    #[test]
    fn what_may_be_read_off_a_number_rules_nothing_out() {
        for word in ["4d5a", "alse", "0x1f", "ki", "s-1-5-18", "2026-09", "na"] {
            assert!(!can_be_sought(word), "{word}");
        }
        for word in ["select", "lsadump::", "a,bcd\\", "12:30 h"] {
            assert!(can_be_sought(word), "{word}");
        }
    }
}
