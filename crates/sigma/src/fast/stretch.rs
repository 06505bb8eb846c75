//! Where in a text does a piece of a pattern stand that has no `*` in it?
//!
//! A piece is sought by its longest literal, which the vector search finds at the speed of memory, and
//! compared where that stands. A text in which it stands everywhere (a megabyte of `a`) would
//! make that slow: then another literal of the piece is tried, and where all of them stand everywhere, or
//! there is none, all places of the piece are followed at once, a bit each, so that the work is at most the
//! text's characters times a 64th of the piece's.

use std::collections::BTreeMap;

use memchr::memmem;

/// A part of a pattern without `*`.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// These characters.
    Text(String),
    /// Any one character.
    One,
    /// One of the five dashes.
    Dash,
}

/// What comparing at one place costs besides the characters compared, in bytes passed over.
const TRY_COST: usize = 16;
/// The same of making the table for following all places.
const TABLE_COST: usize = 1024;
/// Literals of a piece that are tried one after another.
const ANCHORS_MAX: usize = 4;

const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// How many bytes the stretch takes at the start of the text, if it fits there.
pub(crate) fn fits(stretch: &[Place], text: &str) -> Option<usize> {
    let mut taken = 0;
    for place in stretch {
        let rest = &text[taken..];
        taken += match place {
            Place::Text(own) => rest.starts_with(own.as_str()).then_some(own.len())?,
            Place::One => rest.chars().next()?.len_utf8(),
            Place::Dash => rest.chars().next().filter(|char| DASHES.contains(char))?.len_utf8(),
        };
    }
    Some(taken)
}

/// Whether the stretch stands at the end.
pub(crate) fn ends(stretch: &[Place], text: &str) -> bool {
    let mut rest = text;
    for place in stretch.iter().rev() {
        let taken = match place {
            Place::Text(own) => rest.ends_with(own.as_str()).then_some(own.len()),
            Place::One => rest.chars().next_back().map(char::len_utf8),
            Place::Dash => rest.chars().next_back().filter(|char| DASHES.contains(char)).map(char::len_utf8),
        };
        match taken {
            Some(taken) => rest = &rest[..rest.len() - taken],
            None => return false,
        }
    }
    true
}

/// Where the stretch ends when it stands as early as it can.
pub(crate) fn find(stretch: &[Place], text: &str) -> Option<usize> {
    if let [Place::Text(own)] = stretch {
        return memmem::find(text.as_bytes(), own.as_bytes()).map(|at| at + own.len());
    }
    for anchor in anchors(stretch) {
        if let Ok(end) = find_by(stretch, anchor, text) {
            return end;
        }
    }
    find_densely(stretch, text)
}

/// Places of the stretch by whose literals it is sought: the longest first, no literal twice.
fn anchors(stretch: &[Place]) -> Vec<usize> {
    let mut anchors: Vec<usize> = Vec::new();
    while anchors.len() < ANCHORS_MAX {
        let own = |at: &usize| literal(&stretch[*at]);
        let is_new = |at: &usize| !own(at).is_empty() && anchors.iter().all(|known| own(known) != own(at));
        let Some(next) = (0..stretch.len()).filter(is_new).max_by_key(|at| own(at).len()) else { break };
        anchors.push(next);
    }
    anchors
}

fn literal(place: &Place) -> &str {
    match place {
        Place::Text(own) => own,
        Place::One | Place::Dash => "",
    }
}

/// The literal that a stretch is sought by stands everywhere.
struct Everywhere;

/// Every place has so many characters, so where the literal stands first, the stretch does.
fn find_by(stretch: &[Place], anchor: usize, text: &str) -> Result<Option<usize>, Everywhere> {
    let own = literal(&stretch[anchor]);
    let (before, after) = (&stretch[..anchor], &stretch[anchor + 1..]);
    let finder = memmem::Finder::new(own);
    let cost = TRY_COST + stretch.iter().map(|place| literal(place).len().max(1)).sum::<usize>();
    let (mut from, mut left) = (0, text.len() + TABLE_COST);
    while let Some(at) = text.as_bytes().get(from..).and_then(|rest| finder.find(rest)) {
        let (start, end) = (from + at, from + at + own.len());
        if ends(before, &text[..start])
            && let Some(taken) = fits(after, &text[end..])
        {
            return Ok(Some(end + taken));
        }
        left = left.checked_sub(cost).ok_or(Everywhere)?;
        from = start + 1;
    }
    Ok(None)
}

/// The same at a cost that no text can raise: bit n says that the first n + 1 characters of the stretch
/// stand right before here.
fn find_densely(stretch: &[Place], text: &str) -> Option<usize> {
    let table = Table::of(stretch);
    let Some(last) = table.length.checked_sub(1) else { return Some(0) };
    let mut state = vec![0_u64; table.anything.len()];
    for (at, char) in text.char_indices() {
        let mut carry = 1;
        for (word, takes) in state.iter_mut().zip(table.takes(char)) {
            (*word, carry) = ((*word << 1 | carry) & takes, *word >> 63);
        }
        if state[last / 64] >> (last % 64) & 1 == 1 {
            return Some(at + char.len_utf8());
        }
    }
    None
}

/// Which places of a stretch take a character, a bit each.
struct Table {
    length: usize,
    /// Of the first 128 characters.
    ascii: Vec<Vec<u64>>,
    others: BTreeMap<char, Vec<u64>>,
    /// Of any other.
    anything: Vec<u64>,
}

impl Table {
    fn of(stretch: &[Place]) -> Self {
        let mut chars: Vec<Option<&[char]>> = Vec::new();
        let texts: Vec<Vec<char>> = stretch.iter().map(chars_of).collect();
        for (place, text) in stretch.iter().zip(&texts) {
            match place {
                Place::Text(_) => chars.extend(text.chunks(1).map(Some)),
                Place::One => chars.push(None),
                Place::Dash => chars.push(Some(&DASHES)),
            }
        }
        let mut anything = vec![0; chars.len().div_ceil(64)];
        for (at, _) in chars.iter().enumerate().filter(|(_, taken)| taken.is_none()) {
            anything[at / 64] |= 1 << (at % 64);
        }
        let mut table = Self {
            length: chars.len(),
            ascii: vec![anything.clone(); 128],
            others: BTreeMap::new(),
            anything,
        };
        for (at, taken) in chars.iter().enumerate() {
            taken.iter().copied().flatten().for_each(|char| table.add(at, *char));
        }
        table
    }

    fn add(&mut self, at: usize, char: char) {
        let places = match self.ascii.get_mut(char as usize) {
            Some(places) => places,
            None => self.others.entry(char).or_insert_with(|| self.anything.clone()),
        };
        places[at / 64] |= 1 << (at % 64);
    }

    fn takes(&self, char: char) -> &[u64] {
        let others = || self.others.get(&char).unwrap_or(&self.anything);
        self.ascii.get(char as usize).unwrap_or_else(others)
    }
}

fn chars_of(place: &Place) -> Vec<char> {
    match place {
        Place::Text(own) => own.chars().collect(),
        Place::One | Place::Dash => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stretches() -> impl Strategy<Value = Vec<Place>> {
        let place = prop_oneof![
            3 => "[ab–é]{1,3}".prop_map(Place::Text),
            1 => Just(Place::One),
            1 => Just(Place::Dash),
            // Longer than a word of bits.
            1 => "a{60,70}".prop_map(Place::Text),
        ];
        prop::collection::vec(place, 0..5)
    }

    proptest! {
        #[test]
        fn the_first_place_is_found(stretch in stretches(), text in "([ab–é]|a{50}){0,12}") {
            let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            let first = starts.find_map(|at| fits(&stretch, &text[at..]).map(|taken| at + taken));
            prop_assert_eq!(find(&stretch, &text), first);
            prop_assert_eq!(find_densely(&stretch, &text), first);
        }
    }

    #[test]
    fn a_literal_that_stands_everywhere_is_left_alone() {
        let stretch = [Place::Text("aa".into()), Place::One, Place::Text("b".into())];
        let mut text = "a".repeat(10_000);
        assert_eq!(find(&stretch, &text), None);
        text.push('b');
        assert_eq!(find(&stretch, &text), Some(text.len()));
    }

    #[test]
    fn literals_are_tried_the_longest_first_and_none_twice() {
        let text = |text: &str| Place::Text(text.into());
        let stretch = [text("a"), Place::One, text("bcd"), Place::Dash, text("a"), text("ef")];
        assert_eq!(anchors(&stretch), [2, 5, 4]);
        assert_eq!(anchors(&[Place::One]), [0_usize; 0]);
    }
}
