//! Can any keyword stand in this event at all?
//!
//! A rule that seeks words in every value would make every value of every event be looked at. So the
//! bytes of all values are passed over at once, with the vector search of a few literals, and only
//! an event in which one is found is looked at value by value. What stands across two values
//! is found too, and does no harm.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::column::longest;
use super::literal;
use super::probe::Probe;

/// Literals of which one stands in every event that holds a keyword.
pub(crate) struct Screen {
    search: AhoCorasick,
}

/// The characters beyond ASCII whose lower case is ASCII: K (Kelvin) and İ. An event that holds one
/// is looked at, because the bytes are levelled as ASCII only.
const FALSE_FRIENDS: [&str; 2] = ["\u{212a}", "\u{130}"];

impl Screen {
    /// A screen for these; `None` if one of them can stand in anything.
    pub fn of<'a>(probes: impl Iterator<Item = &'a Probe>) -> Option<Self> {
        let mut literals: Vec<String> = FALSE_FRIENDS.map(str::to_owned).into();
        for probe in probes {
            let own = match probe {
                Probe::Text(pattern) => longest(pattern).map(|literal| vec![literal]),
                Probe::Regex(regex) => literal::required(regex.as_str()),
                Probe::Number(..) | Probe::Network(_) => None,
            };
            for literal in own? {
                let run = literal.split(|char: char| !char.is_ascii()).max_by_key(|run| run.len());
                literals.push(run.filter(|run| !run.is_empty())?.to_owned());
            }
        }
        literals.sort();
        literals.dedup();
        // Leftmost, because only so the search may leap to where a literal can begin.
        let mut search = AhoCorasick::builder();
        search.match_kind(MatchKind::LeftmostFirst).kind(Some(AhoCorasickKind::DFA));
        search.build(&literals).ok().map(|search| Self { search })
    }

    /// Whether a keyword may stand in these bytes.
    pub fn lets_through(&self, bytes: &[u8], lower: &mut Vec<u8>) -> bool {
        lower.clear();
        lower.extend_from_slice(bytes);
        lower.make_ascii_lowercase();
        self.search.is_match(lower.as_slice())
    }
}
