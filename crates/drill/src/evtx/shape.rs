//! When do two events share a template?
//!
//! When everything that the template fixes is the same: names, types, literal texts. A digest of
//! that is the template's GUID, so the same shape has the same GUID in every file, as Windows'
//! own templates do. It is no cryptographic digest: an event's author could make two shapes
//! collide, but here the author is us. All of it is `const`: forms that are known when the program
//! is built have their digest then.

use super::value::Guid;

/// Two FNV-1a hashes of 64 bits side by side, over the same bytes from different starts.
pub(super) struct Shape([u64; 2]);

impl Shape {
    pub(super) const fn new(kind: u8) -> Self {
        let mut shape = Self([0xCBF2_9CE4_8422_2325, 0x6A09_E667_F3BC_C908]);
        shape.byte(kind);
        shape
    }

    pub(super) const fn byte(&mut self, byte: u8) {
        let [a, b] = &mut self.0;
        *a = (*a ^ byte as u64).wrapping_mul(0x0000_0100_0000_01B3);
        *b = (*b ^ byte as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
    }

    pub(super) const fn bytes(&mut self, bytes: &[u8]) {
        // The length first, so that ("ab", "c") and ("a", "bc") differ.
        self.byte(bytes.len() as u8);
        let mut at = 0;
        while at < bytes.len() {
            self.byte(bytes[at]);
            at += 1;
        }
    }

    pub(super) const fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) const fn finish(&self) -> Guid {
        let (a, b) = (self.0[0].to_le_bytes(), self.0[1].to_le_bytes());
        Guid([a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])
    }
}
