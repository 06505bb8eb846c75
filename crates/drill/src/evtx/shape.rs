//! When do two events share a template?
//!
//! When everything that the template fixes is the same: names, types, literal texts. A digest of
//! that is the template's GUID, so the same shape has the same GUID in every file, as Windows'
//! own templates do. It is no cryptographic digest: an event's author could make two shapes
//! collide, but here the author is us.

use super::value::Guid;

/// Two FNV-1a hashes of 64 bits side by side, over the same bytes from different starts.
pub(super) struct Shape([u64; 2]);

impl Shape {
    pub(super) fn new(kind: u8) -> Self {
        let mut shape = Self([0xCBF2_9CE4_8422_2325, 0x6A09_E667_F3BC_C908]);
        shape.byte(kind);
        shape
    }

    pub(super) fn byte(&mut self, byte: u8) {
        let [a, b] = &mut self.0;
        *a = (*a ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        *b = (*b ^ u64::from(byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        // The length first, so that ("ab", "c") and ("a", "bc") differ.
        self.byte(bytes.len() as u8);
        bytes.iter().for_each(|byte| self.byte(*byte));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn finish(&self) -> Guid {
        let mut guid = [0; 16];
        guid[..8].copy_from_slice(&self.0[0].to_le_bytes());
        guid[8..].copy_from_slice(&self.0[1].to_le_bytes());
        Guid(guid)
    }
}
