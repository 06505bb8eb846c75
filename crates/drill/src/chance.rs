//! What does chance bring next, always the same for one seed?
//!
//! A seeded generator (SplitMix64) of our own, so that no library's next version changes a drill.
//! Every part of the world has dice of its own, named after it: a change in one part leaves the
//! others as they were. Not for anything that must not be guessed.

/// A sequence of numbers that depends on its seed and name alone.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of that name in the drill of that seed.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        let start = mix(seed ^ 0xA551_2E00_A551_2E00);
        Self(name.bytes().fold(start, |state, byte| mix(state ^ u64::from(byte))))
    }

    /// Dice of a numbered part: the day, the person, the host.
    #[must_use]
    pub fn branch(&self, number: u64) -> Self {
        Self(mix(self.0 ^ mix(number.wrapping_add(0x9E37_79B9_7F4A_7C15))))
    }

    /// 64 bits.
    #[allow(clippy::should_implement_trait, reason = "dice have no end")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The high half of a product: no division, and a bias below 2^-32 for the sizes here.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1).unsigned_abs()) as i64
    }

    /// True in so many cases of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// True in so many cases of a thousand.
    pub fn per_mille(&mut self, count: u64) -> bool {
        self.below(1000) < count
    }

    /// One of them; there must be one.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }

    /// A number that is small most of the time, with a long tail: at least `low`, about `typical`,
    /// at most `16 × typical`.
    pub fn skewed(&mut self, low: i64, typical: i64) -> i64 {
        // Halving at each toss gives a discrete stand-in for a log-normal without floats.
        let mut value = typical / 2 + self.between(0, typical.max(1));
        for _ in 0..4 {
            match self.below(8) {
                0 => value *= 2,
                1 | 2 => value /= 2,
                _ => {}
            }
        }
        value.max(low)
    }

    /// So many lower-case hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize])).collect()
    }

    /// `8-4-4-4-12`, a random UUID of version 4.
    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xFFFF,
            a & 0xFFF,
            b >> 48 & 0x3FFF | 0x8000,
            b & 0xFFFF_FFFF_FFFF
        )
    }

    /// Mixes them up.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end as u64 + 1) as usize);
        }
    }
}

/// Spreads the bits of a number: what the dice roll with, also for numbers that only have to look
/// unrelated (thread ids, digests).
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_and_seed_give_the_same_numbers_and_others_do_not() {
        let draw = |seed, name| -> Vec<u64> {
            let mut dice = Dice::new(seed, name);
            (0..4).map(|_| dice.next()).collect()
        };
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
    }

    #[test]
    fn bounds_hold() {
        let mut dice = Dice::new(7, "bounds");
        for _ in 0..10_000 {
            assert!((-3..=3).contains(&dice.between(-3, 3)));
            assert!(dice.skewed(2, 10) >= 2 && dice.skewed(2, 10) <= 240);
        }
        assert_eq!(dice.uuid().len(), 36);
    }
}
