//! Which of many literals stand in a text, without an automaton?
//!
//! An automaton over ten thousand literals takes milliseconds and megabytes to build, for a matcher that may
//! never see more than a few hundred values. Here each literal is known by one piece of at most four
//! bytes, the one that is rarest in logs: building is putting pieces into a table, and searching is one
//! look at a small set of bits for every byte of the text. Where a piece stands its literals are compared.
//! A text that is full of such pieces (made so, or not) makes that slow: it is noticed, and the caller
//! is told to use an automaton after all.

/// Bytes of a piece.
const WIDTH: usize = 4;
/// Comparisons that any text may cost, beside one for each of its bytes: an automaton costs as much.
const TRIES: usize = 4096;
/// Bytes of a literal that are compared at the cost of one more.
const TRY_BYTES: usize = 32;

/// Printable characters of logs in lower case, the most frequent first: counted over the values of two
/// public intrusions (Sysmon, Security, PowerShell). It decides speed only.
const FREQUENT: &[u8] = b"es0cotdi\\a2nr3w :m1l-45.b6y8vfx9up\n7\r+|gh{}k\t=z_()$;,q/'j[]\"%@*>~?<#&!`";

/// How rare each byte is.
static RARITY: [u8; 256] = {
    let mut rarity = [FREQUENT.len() as u8; 256];
    let mut at = FREQUENT.len();
    while at > 0 {
        at -= 1;
        rarity[FREQUENT[at] as usize] = at as u8;
    }
    rarity
};

/// How rarely a literal stands in a log, as far as its rarest piece tells.
pub(crate) fn rarity(literal: &[u8]) -> u32 {
    let length = literal.len().min(WIDTH);
    let at = rarest(literal, length);
    literal[at..at + length].iter().map(|byte| u32::from(RARITY[*byte as usize])).sum()
}

/// Where the piece of so many bytes stands that is least likely to stand in a log.
pub(crate) fn rarest(literal: &[u8], bytes: usize) -> usize {
    let rarity = |piece: &[u8]| piece.iter().map(|byte| u32::from(RARITY[*byte as usize])).sum::<u32>();
    // Of equal ones the first.
    (0..)
        .zip(literal.windows(bytes))
        .min_by_key(|(_, piece)| u32::MAX - rarity(piece))
        .map_or(0, |(at, _)| at)
}

/// Literals by a piece of each.
pub(crate) struct Grams {
    literals: Vec<Box<str>>,
    /// The pieces of four bytes, by a hash.
    fours: Set,
    /// Those of three.
    threes: Set,
    /// The first two bytes of shorter ones. Empty if there are none.
    short: Vec<u64>,
    tables: Vec<Table>,
}

/// Numbers by a hash, which may know more than it was given.
struct Set {
    /// Bits by which a hash is cut off.
    shift: u32,
    bits: Vec<u64>,
}

/// Literals that are known by pieces of one length.
struct Table {
    mask: u32,
    shift: u32,
    /// Where the pieces of each hash begin.
    begins: Vec<u32>,
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    bytes: u32,
    literal: u32,
    /// Where in the literal it stands.
    at: u32,
}

/// The text costs more than an automaton would.
pub(crate) struct TooMany;

impl Grams {
    /// A search for these, none of them empty.
    pub fn of(literals: Vec<Box<str>>) -> Self {
        let mut pieces: [Vec<Piece>; WIDTH] = Default::default();
        for (number, literal) in (0..).zip(&literals) {
            let literal = literal.as_bytes();
            let length = literal.len().min(WIDTH);
            let at = rarest(literal, length);
            let piece = Piece { bytes: word(&literal[at..at + length]), literal: number, at: at as u32 };
            pieces[length.saturating_sub(1)].push(piece);
        }
        let [ones, twos, threes, fours] = &pieces;
        let numbers = |pieces: &[Piece]| pieces.iter().map(|piece| piece.bytes).collect::<Vec<_>>();
        let (fours, threes) = (Set::of(&numbers(fours)), Set::of(&numbers(threes)));
        let short = short(ones, twos);
        let lengths = (1..).zip(pieces).filter(|(_, pieces)| !pieces.is_empty());
        let tables = lengths.map(|(length, pieces)| Table::of(length, &pieces)).collect();
        Self { literals, fours, threes, short, tables }
    }

    pub fn literals(&self) -> &[Box<str>] {
        &self.literals
    }

    /// Tells each place at which a literal stands, by its number and first byte; those of one literal in
    /// their order.
    pub fn each(&self, bytes: &[u8], mut found: impl FnMut(usize, usize)) -> Result<(), TooMany> {
        if self.tables.is_empty() {
            return Ok(());
        }
        let mut left = TRIES + bytes.len();
        let whole = bytes.windows(WIDTH);
        let rest = whole.len();
        for (at, window) in whole.enumerate() {
            let word = word(window);
            if self.may_begin(word) {
                self.look(bytes, at, word, &mut left, &mut found)?;
            }
        }
        // Zeros behind the end are in the text's place; what is found so is compared like anything else.
        (rest..bytes.len()).try_for_each(|at| self.look(bytes, at, word(&bytes[at..]), &mut left, &mut found))
    }

    /// Whether a piece may begin with these bytes.
    fn may_begin(&self, word: u32) -> bool {
        let pair = word as usize & 0xffff;
        self.fours.may_have(word)
            || self.threes.may_have(word & THREE)
            || self.short.get(pair / 64).is_some_and(|bits| bits >> (pair % 64) & 1 == 1)
    }

    /// Compares the literals whose piece stands here.
    fn look(
        &self,
        bytes: &[u8],
        at: usize,
        word: u32,
        left: &mut usize,
        found: &mut impl FnMut(usize, usize),
    ) -> Result<(), TooMany> {
        *left = left.checked_sub(1).ok_or(TooMany)?;
        for table in &self.tables {
            for known in table.of_piece(word & table.mask) {
                let literal = &self.literals[known.literal as usize];
                *left = left.checked_sub(1 + literal.len() / TRY_BYTES).ok_or(TooMany)?;
                if let Some(start) = at.checked_sub(known.at as usize)
                    && bytes[start..].starts_with(literal.as_bytes())
                {
                    found(known.literal as usize, start);
                }
            }
        }
        Ok(())
    }
}

/// Three bytes of a word.
const THREE: u32 = 0xff_ffff;

/// A bit for each two bytes with which one of these pieces of one and of two bytes begins.
fn short(ones: &[Piece], twos: &[Piece]) -> Vec<u64> {
    if ones.is_empty() && twos.is_empty() {
        return Vec::new();
    }
    let mut bits = vec![0; (1 << 16) / 64];
    let mut set = |pair: u32| bits[pair as usize / 64] |= 1 << (pair % 64);
    ones.iter().for_each(|piece| (0..256).for_each(|next| set(next << 8 | piece.bytes)));
    twos.iter().for_each(|piece| set(piece.bytes));
    bits
}

impl Set {
    fn of(numbers: &[u32]) -> Self {
        // Sixteen bits for each, at most as many as a near cache holds.
        let bits = (numbers.len() * 16).next_power_of_two().trailing_zeros().clamp(6, 17);
        let mut set = Self { shift: 32 - bits, bits: vec![0; (1 << bits) / 64] };
        for number in numbers {
            let place = hash(*number) >> set.shift;
            set.bits[place as usize / 64] |= 1 << (place % 64);
        }
        set
    }

    fn may_have(&self, number: u32) -> bool {
        let place = hash(number) >> self.shift;
        self.bits[place as usize / 64] >> (place % 64) & 1 == 1
    }
}

impl Table {
    fn of(length: u32, pieces: &[Piece]) -> Self {
        let bits = pieces.len().next_power_of_two().trailing_zeros().clamp(1, 16);
        let mask = if length == WIDTH as u32 { u32::MAX } else { (1 << (8 * length)) - 1 };
        let shift = 32 - bits;
        let place = |piece: &Piece| (hash(piece.bytes) >> shift) as usize;
        let mut begins = vec![0; (1 << bits) + 1];
        pieces.iter().for_each(|piece| begins[place(piece) + 1] += 1);
        (0..1 << bits).for_each(|at| begins[at + 1] += begins[at]);
        let mut next = begins.clone();
        let mut sorted = vec![Piece { bytes: 0, literal: 0, at: 0 }; pieces.len()];
        for piece in pieces {
            let next = &mut next[place(piece)];
            sorted[*next as usize] = *piece;
            *next += 1;
        }
        Self { mask, shift, begins, pieces: sorted }
    }

    fn of_piece(&self, bytes: u32) -> impl Iterator<Item = &Piece> {
        let place = (hash(bytes) >> self.shift) as usize;
        let alike = &self.pieces[self.begins[place] as usize..self.begins[place + 1] as usize];
        alike.iter().filter(move |piece| piece.bytes == bytes)
    }
}

fn hash(piece: u32) -> u32 {
    piece.wrapping_mul(0x9e37_79b1)
}

/// Up to four bytes as a number.
fn word(bytes: &[u8]) -> u32 {
    match bytes.try_into() {
        Ok(whole) => u32::from_le_bytes(whole),
        Err(_) => bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn search(literals: &[&str]) -> Grams {
        Grams::of(literals.iter().map(|literal| Box::from(*literal)).collect())
    }

    proptest! {
        #[test]
        fn every_place_is_found(
            literals in prop::collection::btree_set("[ab\0é]{1,6}", 1..12),
            text in "[abc\0é]{0,40}",
        ) {
            let literals: Vec<&str> = literals.iter().map(String::as_str).collect();
            let mut found = Vec::new();
            let done = search(&literals).each(text.as_bytes(), |literal, start| found.push((literal, start)));
            prop_assert!(done.is_ok());
            found.sort_unstable();
            let places = |literal: &&str| {
                let starts = (0..text.len()).filter(|at| text.as_bytes()[*at..].starts_with(literal.as_bytes()));
                starts.collect::<Vec<_>>()
            };
            let all = literals.iter().enumerate();
            let expected = all.flat_map(|(number, literal)| places(literal).into_iter().map(move |at| (number, at)));
            prop_assert_eq!(found, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_text_full_of_pieces_is_noticed() {
        let literals: Vec<String> = (0..100).map(|number| format!("aaaa{number}")).collect();
        let search = search(&literals.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(search.each("a".repeat(10_000).as_bytes(), |_, _| {}).is_err());
        assert!(search.each("b".repeat(10_000).as_bytes(), |_, _| {}).is_ok());
    }

    #[test]
    fn the_rarest_piece_is_chosen() {
        assert_eq!(rarest(b"lsadump::", 4), 4);
        assert_eq!(rarest(b"ab", 2), 0);
    }
}
