//! Where is the first of two bytes, in bytes where it is mostly near?
//!
//! Cells and values of logs are short: asking the vector instructions of `memchr` costs more than such a text is long.

/// Bytes that are looked at without them.
const NEAR: usize = 16;
const ONES: u128 = u128::from_ne_bytes([1; NEAR]);

/// The first place of either byte.
#[inline]
pub(crate) fn find2(one: u8, other: u8, bytes: &[u8]) -> Option<usize> {
    let Some(near) = bytes.first_chunk::<NEAR>() else { return memchr::memchr2(one, other, bytes) };
    let near = u128::from_le_bytes(*near);
    // The high bit of each byte that is zero, and of some behind it.
    let zeros = |word: u128| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let found = zeros(near ^ (ONES * u128::from(one))) | zeros(near ^ (ONES * u128::from(other)));
    if found > 0 {
        return Some(found.trailing_zeros() as usize / 8);
    }
    memchr::memchr2(one, other, &bytes[NEAR..]).map(|place| NEAR + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_memchr_finds_it() {
        // Bytes beside those that are sought, which a carry could take for them.
        let row = [b'"' - 1, b'"' + 1, b'\\' - 1, b'\\' + 1, 0, 255, b'"' | 0x80, b'x'];
        for length in 0..40 {
            for at in 0..=length {
                for sought in [b'"', b'\\'] {
                    let mut bytes: Vec<u8> = row.iter().copied().cycle().skip(at % 8).take(length).collect();
                    if at < length {
                        bytes[at] = sought;
                    }
                    let found = find2(b'"', b'\\', &bytes);
                    assert_eq!(found, memchr::memchr2(b'"', b'\\', &bytes), "{bytes:?}");
                }
            }
        }
    }
}
