//! How would a text look inside encoded data?
//!
//! For `wide utf16le utf16be utf16 base64 base64offset` (modifiers appendix 2.1, "Encoding").

use data_encoding::BASE64;

/// A way of writing text as 16-bit units.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Utf16 {
    /// Low byte first (`utf16le`, `wide`).
    Little,
    /// High byte first (`utf16be`).
    Big,
    /// A byte order mark, then low byte first (`utf16`).
    Marked,
}

impl Utf16 {
    pub(crate) fn bytes(self, text: &str) -> Vec<u8> {
        let units = text.encode_utf16();
        match self {
            Self::Little => units.flat_map(u16::to_le_bytes).collect(),
            Self::Big => units.flat_map(u16::to_be_bytes).collect(),
            Self::Marked => [0xff, 0xfe].into_iter().chain(units.flat_map(u16::to_le_bytes)).collect(),
        }
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The characters that the bytes give wherever they stand in Base64-encoded data: one text for
/// each offset modulo 3, without the characters at either end that also depend on neighbours.
/// `None` if an offset leaves no character, for such a text would be found everywhere.
pub(crate) fn base64_offsets(bytes: &[u8]) -> Option<[String; 3]> {
    let at = |offset: usize| {
        let mut padded = vec![b' '; offset];
        padded.extend_from_slice(bytes);
        let encoded = BASE64.encode(&padded);
        let start = [0, 2, 3][offset];
        let end = encoded.len() - [0, 3, 2][padded.len() % 3];
        encoded.get(start..end).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Some([at(0)?, at(1)?, at(2)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_the_specification_shows() {
        assert_eq!(Utf16::Little.bytes("cmd"), *b"c\0m\0d\0");
        assert_eq!(Utf16::Big.bytes("cmd"), *b"\0c\0m\0d");
        assert_eq!(Utf16::Marked.bytes("cmd"), *b"\xff\xfec\0m\0d\0");
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(base64_offsets(b"foobar"), Some(["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"].map(Into::into)));
        assert_eq!(base64_offsets(b"a"), None);
        assert_eq!(base64_offsets(b""), None);
    }

    proptest! {
        // The reference is the definition: encode the whole and look for the part.
        #[test]
        fn an_offset_is_found_in_any_surroundings(
            before in proptest::collection::vec(any::<u8>(), 0..9),
            bytes in proptest::collection::vec(any::<u8>(), 3..40),
            after in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let whole = BASE64.encode(&[before.as_slice(), &bytes, &after].concat());
            let texts = base64_offsets(&bytes).unwrap_or_default();
            prop_assert!(whole.contains(&texts[before.len() % 3]), "{whole} {texts:?}");
        }
    }
}
