//! Where is kept what was found out about some bytes, in bounded memory?
//!
//! A cache in sets of four places, as in a processor: a hash names the set, the whole key decides.
//! It never grows beyond its size, and whoever writes values that collide on purpose gains nothing
//! but misses: there is no chain to make long. Keys are kept and compared whole, because the
//! evidence is written by the intruder too, and a verdict must not be had by a hash.
//!
//! Values that come once must not push out those that come again: where something would have to go, only what
//! was met before is kept.
//!
//! The hash is fixed (no randomness below `case`); it decides what is forgotten, never an answer.

const WAYS: usize = 4;
/// Hashes of what was met and not kept.
const MET: usize = 1 << 12;

/// Values by domain and bytes.
pub(crate) struct Memo<V> {
    /// Upper halves of hashes, 0 for an empty place; beside each other, so that a look-up that finds
    /// nothing touches one line of memory.
    tags: Vec<[u32; WAYS]>,
    entries: Vec<Option<Entry<V>>>,
    /// Upper halves of the hashes met last that found no free place, at places that the lower ones give.
    met: Vec<u32>,
    sets: usize,
    bytes: usize,
    bytes_max: usize,
    turn: usize,
}

struct Entry<V> {
    domain: u32,
    key: Box<[u8]>,
    value: V,
}

impl<V: Clone> Memo<V> {
    /// Keeps at most four times so many keys, and at most so many bytes of them.
    pub fn of(sets: usize, bytes_max: usize) -> Self {
        let (tags, entries, met) = Default::default();
        Self { tags, entries, met, sets, bytes: 0, bytes_max, turn: 0 }
    }

    /// What is kept under these bytes in this domain.
    pub fn find(&self, domain: u32, key: &[u8], hash: u64) -> Option<&V> {
        let (set, tag) = place(hash, self.sets);
        let tags = self.tags.get(set)?;
        for (way, own) in tags.iter().enumerate() {
            if *own == tag
                && let Some(entry) = &self.entries[set * WAYS + way]
                && entry.domain == domain
                && *entry.key == *key
            {
                return Some(&entry.value);
            }
        }
        None
    }

    /// Keeps something. Where something else has to go for it, only at the second time.
    pub fn keep(&mut self, domain: u32, key: &[u8], hash: u64, value: V) {
        if self.tags.is_empty() {
            self.clear();
        }
        let (set, tag) = place(hash, self.sets);
        let is_too_much = self.bytes + key.len() > self.bytes_max;
        let free = self.tags[set].iter().position(|own| *own == 0).filter(|_| !is_too_much);
        if key.len() > self.bytes_max || free.is_none() && !self.was_met(hash, tag) {
            return;
        }
        if is_too_much {
            self.clear();
        }
        let way = free.unwrap_or_else(|| {
            self.turn = self.turn.wrapping_add(1);
            self.turn % WAYS
        });
        self.tags[set][way] = tag;
        let entry = Entry { domain, key: key.into(), value };
        self.bytes += key.len();
        if let Some(old) = self.entries[set * WAYS + way].replace(entry) {
            self.bytes -= old.key.len();
        }
    }

    /// Whether this hash is one of those met last; from now on it is.
    fn was_met(&mut self, hash: u64, tag: u32) -> bool {
        self.met.resize(MET, 0);
        let place = &mut self.met[(hash as usize) % MET];
        std::mem::replace(place, tag) == tag
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.tags.clear();
        self.tags.resize(self.sets, [0; WAYS]);
        self.entries.clear();
        self.entries.resize_with(self.sets * WAYS, || None);
        self.bytes = 0;
    }
}

fn place(hash: u64, sets: usize) -> (usize, u32) {
    ((hash as usize) & (sets - 1), ((hash >> 32) as u32).max(1))
}

/// A hash of a domain and bytes: sixteen bytes a step, multiplied and folded (the scheme of wyhash).
pub(crate) fn hash(domain: u32, bytes: &[u8]) -> u64 {
    let mut state = K[0] ^ u64::from(domain).wrapping_mul(K[1]) ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(16);
    for chunk in &mut chunks {
        let (low, high) = chunk.split_at(8);
        state = fold(word(low) ^ K[1], word(high) ^ state);
    }
    let rest = chunks.remainder();
    let (low, high) = if rest.len() > 8 { (word(&rest[..8]), word(&rest[8..])) } else { (word(rest), 0) };
    fold(fold(low ^ K[2], high ^ state), K[3])
}

const K: [u64; 4] =
    [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3, 0x5899_65cc_7537_4cc3];

fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one).wrapping_mul(u128::from(other));
    (product as u64) ^ ((product >> 64) as u64)
}

/// Up to eight bytes as a number.
fn word(bytes: &[u8]) -> u64 {
    if let Ok(whole) = bytes.try_into() {
        return u64::from_le_bytes(whole);
    }
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_under_its_own_key_only() {
        let mut memo = Memo::of(1 << 10, 1 << 20);
        let key = |number: u32| format!("value {number}").into_bytes();
        for number in 0..5_000 {
            memo.keep(number % 3, &key(number), hash(number % 3, &key(number)), number);
        }
        for number in 0..5_000 {
            let found = memo.find(number % 3, &key(number), hash(number % 3, &key(number)));
            assert!(found.is_none_or(|found| *found == number));
            let other = number % 3 + 1;
            assert_eq!(memo.find(other, &key(number), hash(other, &key(number))), None);
        }
    }

    #[test]
    fn collisions_and_size_cost_memory_of_the_past_only() {
        let mut memo = Memo::of(1 << 10, 1 << 12);
        for number in 0..100_000_u32 {
            memo.keep(0, &number.to_le_bytes(), 7, number);
            assert!(memo.find(0, &number.to_le_bytes(), 7).is_none_or(|found| *found == number));
            assert!(memo.bytes <= 1 << 12);
        }
        assert!(memo.entries.iter().flatten().count() <= WAYS);
    }

    #[test]
    fn what_comes_once_pushes_nothing_out_and_what_comes_again_does() {
        let mut memo = Memo::of(1 << 4, 1 << 20);
        let key = |number: u32| number.to_le_bytes();
        let keep =
            |memo: &mut Memo<u32>, number: u32| memo.keep(0, &key(number), hash(0, &key(number)), number);
        (0..1 << 10).for_each(|number| keep(&mut memo, number));
        let kept = |memo: &Memo<u32>, numbers: std::ops::Range<u32>| {
            numbers.filter(|number| memo.find(0, &key(*number), hash(0, &key(*number))).is_some()).count()
        };
        assert_eq!(kept(&memo, 0..1 << 10), 1 << 6);
        let before = kept(&memo, 0..1 << 9);
        (1 << 20..1 << 21).for_each(|number| keep(&mut memo, number));
        assert!(kept(&memo, 0..1 << 9) > before / 2);
        (0..2).for_each(|_| keep(&mut memo, u32::MAX));
        assert_eq!(kept(&memo, u32::MAX - 1..u32::MAX), 0);
        assert!(memo.find(0, &key(u32::MAX), hash(0, &key(u32::MAX))).is_some());
    }

    #[test]
    fn every_byte_counts() {
        let bytes: Vec<u8> = (0..80).collect();
        let mut seen = std::collections::BTreeSet::new();
        for length in 0..bytes.len() {
            assert!(seen.insert(hash(0, &bytes[..length])));
            for at in 0..length {
                let mut other = bytes[..length].to_vec();
                other[at] ^= 0x80;
                assert!(seen.insert(hash(0, &other)), "{length} {at}");
            }
        }
    }
}
