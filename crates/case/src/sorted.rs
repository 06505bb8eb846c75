//! How are more findings put in order than memory holds?
//!
//! Each thread fills a [`Heap`]; what is more than its share of memory is sorted and put aside in a file
//! without a name, which the system removes with the process. [`Sorted`] merges everything that
//! was put aside with what is left. What a finding is, this file does not know: it sorts keys and
//! carries bytes.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

/// By what findings are sorted: time (none last), rule, file, place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Whether there is no time.
    pub timeless: bool,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Number of the rule, in the order of the rules' ids.
    pub rule: u32,
    /// Number of the file, in the order in which files were found.
    pub file: u32,
    /// Number of the finding in its file.
    pub place: u64,
}

/// Bytes of a key on disk, before the length of what it carries.
const KEY_BYTES: usize = 25;
/// What a finding takes in memory beside what it carries.
const OVERHEAD: usize = 64;
/// Memory of one heap.
const BYTES_MAX: usize = 24 << 20;
/// Buffer of each file while files are merged.
const BUFFER: usize = 16 << 10;

/// Findings of one thread, in no order.
#[derive(Debug)]
pub(crate) struct Heap {
    held: Vec<(Key, Box<[u8]>)>,
    bytes: usize,
    bytes_max: usize,
    aside: Vec<File>,
}

impl Default for Heap {
    fn default() -> Self {
        Self { held: Vec::new(), bytes: 0, bytes_max: BYTES_MAX, aside: Vec::new() }
    }
}

impl Heap {
    /// Takes a finding.
    ///
    /// # Errors
    /// Where there is no room to put findings aside.
    pub fn push(&mut self, key: Key, carried: &[u8]) -> io::Result<()> {
        self.bytes += carried.len() + OVERHEAD;
        self.held.push((key, carried.into()));
        if self.bytes > self.bytes_max { self.put_aside() } else { Ok(()) }
    }

    fn put_aside(&mut self) -> io::Result<()> {
        self.held.sort_unstable_by_key(|(key, _)| *key);
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for (key, carried) in self.held.drain(..) {
            file.write_all(&bytes_of(&key))?;
            file.write_all(&(carried.len() as u32).to_le_bytes())?;
            file.write_all(&carried)?;
        }
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.aside.push(file);
        self.bytes = 0;
        Ok(())
    }
}

fn bytes_of(key: &Key) -> [u8; KEY_BYTES] {
    let mut bytes = [0; KEY_BYTES];
    bytes[0] = u8::from(key.timeless);
    bytes[1..9].copy_from_slice(&key.time.to_le_bytes());
    bytes[9..13].copy_from_slice(&key.rule.to_le_bytes());
    bytes[13..17].copy_from_slice(&key.file.to_le_bytes());
    bytes[17..].copy_from_slice(&key.place.to_le_bytes());
    bytes
}

fn key_of(bytes: &[u8; KEY_BYTES]) -> Key {
    let [timeless, time @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *bytes;
    let [.., r0, r1, r2, r3, f0, f1, f2, f3, _, _, _, _, _, _, _, _] = *bytes;
    let [.., p0, p1, p2, p3, p4, p5, p6, p7] = *bytes;
    Key {
        timeless: timeless != 0,
        time: i64::from_le_bytes(time),
        rule: u32::from_le_bytes([r0, r1, r2, r3]),
        file: u32::from_le_bytes([f0, f1, f2, f3]),
        place: u64::from_le_bytes([p0, p1, p2, p3, p4, p5, p6, p7]),
    }
}

/// Findings in order.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    /// What was never put aside, the last first.
    held: Vec<(Key, Box<[u8]>)>,
    runs: Vec<Run>,
}

/// A sorted file, and its first finding that was not given yet.
#[derive(Debug)]
struct Run {
    file: BufReader<File>,
    next: Option<(Key, Box<[u8]>)>,
}

impl Sorted {
    /// All findings of these heaps.
    ///
    /// # Errors
    /// Where what was put aside cannot be read.
    pub fn of(heaps: Vec<Heap>) -> io::Result<Self> {
        let mut sorted = Self::default();
        for heap in heaps {
            sorted.held.extend(heap.held);
            for file in heap.aside {
                let mut run = Run { file: BufReader::with_capacity(BUFFER, file), next: None };
                run.advance()?;
                sorted.runs.push(run);
            }
        }
        sorted.held.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
        Ok(sorted)
    }

    /// The next finding.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn next(&mut self) -> io::Result<Option<(Key, Box<[u8]>)>> {
        // There is a run for each 24 MiB of findings: few enough to look at each.
        let of_run = |run: &Run| run.next.as_ref().map(|(key, _)| *key);
        let runs = self.runs.iter().enumerate();
        let first = runs.filter_map(|(at, run)| Some((of_run(run)?, at))).min();
        match (first, self.held.last()) {
            (Some((key, at)), held) if held.is_none_or(|(own, _)| key < *own) => self.runs[at].take(),
            _ => Ok(self.held.pop()),
        }
    }
}

impl Run {
    fn take(&mut self) -> io::Result<Option<(Key, Box<[u8]>)>> {
        let taken = self.next.take();
        self.advance()?;
        Ok(taken)
    }

    fn advance(&mut self) -> io::Result<()> {
        let mut key = [0; KEY_BYTES];
        match self.file.read_exact(&mut key) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let mut carried = vec![0; u32::from_le_bytes(length) as usize];
        self.file.read_exact(&mut carried)?;
        self.next = Some((key_of(&key), carried.into()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> Key {
        // Spread over all parts of the key, with times before 1970 and without.
        let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Key {
            timeless: scattered.is_multiple_of(7),
            time: (scattered >> 7) as i64 - (1 << 55),
            rule: (scattered % 3) as u32,
            file: (scattered % 5) as u32,
            place: number,
        }
    }

    #[test]
    fn a_key_survives_the_disk() {
        for number in 0..1000 {
            assert_eq!(key_of(&bytes_of(&key(number))), key(number));
        }
    }

    #[test]
    fn what_is_put_aside_comes_back_in_order() -> io::Result<()> {
        let mut heaps: Vec<Heap> = (0..3).map(|_| Heap { bytes_max: 4096, ..Heap::default() }).collect();
        for number in 0..2000 {
            heaps[number as usize % 3].push(key(number), &number.to_le_bytes())?;
        }
        assert!(heaps.iter().all(|heap| heap.aside.len() > 2), "some was put aside by each");
        let mut sorted = Sorted::of(heaps)?;
        let mut expected: Vec<Key> = (0..2000).map(key).collect();
        expected.sort_unstable();
        for own in expected {
            let (found, carried) = sorted.next()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            assert_eq!((found, &*carried), (own, &own.place.to_le_bytes()[..]));
        }
        assert!(sorted.next()?.is_none());
        Ok(())
    }
}
