//! What chance event happens next, always the same one?
//!
//! A seeded generator (SplitMix64) of our own, so that no library's next version changes the
//! evidence. Each part of the story has dice of its own, named after it: a change in one part
//! leaves the others as they were. Not for anything that must not be guessed.

/// A sequence of numbers that depends on its name alone.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn named(name: &str) -> Self {
        Self(name.bytes().fold(0xA551_2E00, |seed, byte| mix(seed ^ u64::from(byte))))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1).unsigned_abs()) as i64
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.next() as usize % choices.len()]
    }

    pub(super) fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.next() as usize % 16])).collect()
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
