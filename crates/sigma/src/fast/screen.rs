//! Can any keyword stand in this event at all?
//!
//! A rule that seeks words in every value would make every value of every event be looked at. So the
//! bytes of all values are passed over at once, with the vector search of a few literals, and only
//! an event in which one is found is looked at value by value. What stands across two values
//! is found too, and does no harm.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::column::longest;
use super::grams::{self, Grams};
use super::literal;
use super::probe::Probe;

/// Literals of which one stands in every event that holds a keyword.
pub(crate) struct Screen {
    /// A rare piece of each, few bytes long.
    pieces: AhoCorasick,
    /// Each whole, for where a piece was found.
    whole: Grams,
}

/// The characters beyond ASCII whose lower case is ASCII: K (Kelvin) and İ. An event that holds one
/// is looked at, because the bytes are levelled as ASCII only.
const FALSE_FRIENDS: [&str; 2] = ["\u{212a}", "\u{130}"];

/// Bytes of a literal that are sought: as many as the vector search looks at together.
const PIECE_BYTES: usize = 4;

impl Screen {
    /// A screen for these; `None` if one of them can stand in anything.
    pub fn of<'a>(probes: impl Iterator<Item = &'a Probe>) -> Option<Self> {
        let mut literals: Vec<String> = Vec::new();
        for probe in probes {
            literals.extend(required(probe)?);
        }
        literals.sort();
        literals.dedup();
        let pieces: Vec<&str> = literals.iter().map(|literal| rarest_piece(literal)).collect();
        // Leftmost, because only so the search may leap to where a literal can begin.
        let mut search = AhoCorasick::builder();
        search.match_kind(MatchKind::LeftmostFirst).kind(Some(AhoCorasickKind::DFA));
        let pieces = search.build(&pieces).ok()?;
        Some(Self { pieces, whole: Grams::of(literals.into_iter().map(Into::into).collect()) })
    }

    /// Whether a keyword may stand in these bytes.
    pub fn lets_through(&self, bytes: &[u8], lower: &mut Vec<u8>) -> bool {
        let stands = |friend: &str| memchr::memmem::find(bytes, friend.as_bytes()).is_some();
        if !bytes.is_ascii() && FALSE_FRIENDS.into_iter().any(stands) {
            return true;
        }
        lower.clear();
        lower.extend_from_slice(bytes);
        lower.make_ascii_lowercase();
        self.pieces.is_match(lower.as_slice()) && self.may_hold(lower)
    }

    /// Whether one stands in these bytes, or they are too busy to be told.
    fn may_hold(&self, lower: &[u8]) -> bool {
        let mut is_found = false;
        self.whole.each(lower, |_, _| is_found = true).is_err() || is_found
    }
}

/// Texts in lower-case ASCII of which one stands in every value that the probe holds of, but for the
/// [`FALSE_FRIENDS`]; `None` if there are none such.
pub(crate) fn required(probe: &Probe) -> Option<Vec<String>> {
    let own = match probe {
        Probe::Text(pattern) => longest(pattern).map(|literal| vec![literal]),
        Probe::Regex(regex) => literal::required(regex.as_str()),
        Probe::Number(..) | Probe::Network(_) => None,
    };
    let ascii = |literal: String| {
        let run = literal.split(|char: char| !char.is_ascii()).max_by_key(|run| run.len());
        run.filter(|run| !run.is_empty()).map(str::to_owned)
    };
    own?.into_iter().map(ascii).collect()
}

/// The stretch of an ASCII literal that is least likely to stand in a log.
fn rarest_piece(literal: &str) -> &str {
    let length = PIECE_BYTES.min(literal.len());
    let at = grams::rarest(literal.as_bytes(), length);
    &literal[at..at + length]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fast::probe::lower;
    use crate::text::Piece;
    use crate::{Glob, Test};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_holds_a_keyword_passes(
            word in "[a-cK:Ünİ]{1,8}",
            before in "[a-cAkKİü: ]{0,70}",
            after in "[a-cAkKİü: ]{0,70}",
        ) {
            let text = format!("{before}{}{after}", word.replace('k', "\u{212a}"));
            let glob = Glob::new(vec![Piece::Any, Piece::Text(word.clone()), Piece::Any], false);
            let probe = Probe::of(&Test::Text(glob)).ok_or(TestCaseError::fail("no probe"))?;
            let mut buffer = String::new();
            prop_assert!(probe.holds(&text, lower(&text, &mut buffer)));
            if let Some(screen) = Screen::of([&probe].into_iter()) {
                prop_assert!(screen.lets_through(text.as_bytes(), &mut Vec::new()), "{} in {}", word, text);
            }
        }
    }

    #[test]
    fn the_rarest_piece_is_sought() {
        assert_eq!(rarest_piece("lsadump::"), "ump:");
        assert_eq!(rarest_piece("ab"), "ab");
    }
}
