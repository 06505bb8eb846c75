//! What text is sought once the modifiers have been applied?
//!
//! A text of a rule is taken apart into literal bytes and open places; each modifier makes of it
//! one text or several (a spelling for every dash, a text for every Base64 offset), in the order
//! written.

use rsigma_parser::{Modifier, SigmaString, SpecialChar, StringPart};

use crate::Glob;
use crate::encode::{self, Utf16};
use crate::text::{DASHES, Piece};

/// Texts that one value may become before it is encoded: five dashes in five places.
const SPELLINGS_MAX: usize = 3125;

/// Characters of a text with wildcards. Comparing such a text takes at worst its length times the
/// value's, so a long one is refused; the second bound is for `?` and open dashes, which cannot be sought as a whole.
const OPEN_CHARS_MAX: usize = 65_536;
const LOOSE_CHARS_MAX: usize = 2048;

/// A text on its way through its modifiers.
#[derive(Clone)]
pub(crate) struct Draft {
    parts: Vec<DraftPart>,
}

#[derive(Clone, PartialEq)]
enum DraftPart {
    /// UTF-8 until `wide` and its like; what they give need be text only if nothing encodes it.
    Bytes(Vec<u8>),
    Any,
    One,
    Dash,
}

impl Draft {
    /// Wildcards and escapes are read by rsigma-parser (rules specification 2.1, "Escaping").
    pub fn of(text: &str) -> Self {
        let part = |part: StringPart| match part {
            StringPart::Plain(text) => DraftPart::Bytes(text.into_bytes()),
            StringPart::Special(SpecialChar::WildcardMulti) => DraftPart::Any,
            StringPart::Special(SpecialChar::WildcardSingle) => DraftPart::One,
        };
        Self { parts: SigmaString::new(text).parts.into_iter().map(part).collect() }
    }

    pub fn modified(self, modifier: Modifier) -> Result<Vec<Self>, String> {
        match modifier {
            Modifier::Contains => Ok(vec![self.contained()]),
            Modifier::StartsWith => Ok(vec![self.open_end()]),
            Modifier::EndsWith => Ok(vec![self.open_start()]),
            Modifier::WindAsh => Ok(vec![self.with_dashes()?]),
            Modifier::Wide => self.each_spelling(|draft| draft.wide(Utf16::Little)),
            Modifier::Utf16be => self.each_spelling(|draft| draft.wide(Utf16::Big)),
            Modifier::Utf16 => self.each_spelling(|draft| draft.wide(Utf16::Marked)),
            Modifier::Base64 => self.each_spelling(Self::base64),
            Modifier::Base64Offset => {
                let texts = self.each_spelling(|draft| Ok(Self::literal(draft.plain()?.to_vec())))?;
                let offsets = texts.iter().map(Self::base64_offsets).collect::<Result<Vec<_>, _>>()?;
                Ok(offsets.into_iter().flatten().collect())
            }
            _ => Ok(vec![self]), // `cased` tells in the end
        }
    }

    fn literal(bytes: Vec<u8>) -> Self {
        Self { parts: vec![DraftPart::Bytes(bytes)] }
    }

    pub fn contained(self) -> Self {
        self.open_start().open_end()
    }

    fn open_start(mut self) -> Self {
        if self.parts.first() != Some(&DraftPart::Any) {
            self.parts.insert(0, DraftPart::Any);
        }
        self
    }

    fn open_end(mut self) -> Self {
        if self.parts.last() != Some(&DraftPart::Any) {
            self.parts.push(DraftPart::Any);
        }
        self
    }

    /// Lets every dash that begins a word stand for all five, as pySigma's `\B[-/]\b`; those in
    /// the middle of a word (`rundll32-like`, `a/b`) stay.
    fn with_dashes(self) -> Result<Self, String> {
        let mut parts = Vec::new();
        for part in self.parts {
            match part {
                DraftPart::Bytes(bytes) => dashes(&text(bytes)?, &mut parts),
                other => parts.push(other),
            }
        }
        Ok(Self { parts })
    }

    /// Spells every open dash out and does something to each spelling.
    fn each_spelling(self, each: impl Fn(Self) -> Result<Self, String>) -> Result<Vec<Self>, String> {
        let mut spellings = vec![Self { parts: Vec::new() }];
        for part in self.parts {
            if part != DraftPart::Dash {
                spellings.iter_mut().for_each(|draft| draft.push(part.clone()));
                continue;
            }
            if spellings.len() * DASHES.len() > SPELLINGS_MAX {
                return Err(format!("more than {SPELLINGS_MAX} spellings of dashes to encode"));
            }
            spellings = spellings.iter().flat_map(Self::spelled).collect();
        }
        spellings.into_iter().map(each).collect()
    }

    fn spelled(&self) -> Vec<Self> {
        let spell = |dash: &char| {
            let mut draft = self.clone();
            draft.push(DraftPart::Bytes(dash.to_string().into_bytes()));
            draft
        };
        DASHES.iter().map(spell).collect()
    }

    fn push(&mut self, part: DraftPart) {
        match (self.parts.last_mut(), part) {
            (Some(DraftPart::Bytes(before)), DraftPart::Bytes(bytes)) => before.extend(bytes),
            (_, part) => self.parts.push(part),
        }
    }

    fn wide(self, units: Utf16) -> Result<Self, String> {
        let widen = |part| match part {
            DraftPart::Bytes(bytes) => text(bytes).map(|text| DraftPart::Bytes(units.bytes(&text))),
            other => Ok(other),
        };
        Ok(Self { parts: self.parts.into_iter().map(widen).collect::<Result<_, _>>()? })
    }

    fn base64(self) -> Result<Self, String> {
        Ok(Self::literal(encode::base64(self.plain()?).into_bytes()))
    }

    fn base64_offsets(&self) -> Result<[Self; 3], String> {
        let texts = encode::base64_offsets(self.plain()?).ok_or("text is too short for `base64offset`")?;
        Ok(texts.map(|text| Self::literal(text.into_bytes())))
    }

    /// The bytes, if nothing is left open.
    fn plain(&self) -> Result<&[u8], String> {
        match self.parts.as_slice() {
            [] => Ok(&[]),
            [DraftPart::Bytes(bytes)] => Ok(bytes),
            _ => Err("a text with wildcards cannot be encoded".into()),
        }
    }

    pub fn glob(self, cased: bool) -> Result<Glob, String> {
        let piece = |part| match part {
            DraftPart::Bytes(bytes) => text(bytes).map(Piece::Text),
            DraftPart::Any => Ok(Piece::Any),
            DraftPart::One => Ok(Piece::One),
            DraftPart::Dash => Ok(Piece::Dash),
        };
        let pieces = self.parts.into_iter().map(piece).collect::<Result<Vec<_>, _>>()?;
        refuse_long(&pieces)?;
        Ok(Glob::new(pieces, cased))
    }
}

fn refuse_long(pieces: &[Piece]) -> Result<(), String> {
    let length: usize =
        pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 1 }).sum();
    let is_open = pieces.iter().any(|piece| matches!(piece, Piece::Any));
    let is_loose = pieces.iter().any(|piece| matches!(piece, Piece::One | Piece::Dash));
    let max = if is_loose { LOOSE_CHARS_MAX } else { OPEN_CHARS_MAX };
    if (is_open || is_loose) && length > max {
        return Err(format!("text with wildcards is longer than {max} characters"));
    }
    Ok(())
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    let error = "text in 16-bit units beyond ASCII can only be compared when it is Base64-encoded";
    String::from_utf8(bytes).map_err(|_| error.into())
}

fn dashes(text: &str, parts: &mut Vec<DraftPart>) {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let mut before = ' ';
    let mut run = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if DASHES.contains(&char) && !is_word(before) && chars.peek().is_some_and(|next| is_word(*next)) {
            if !run.is_empty() {
                parts.push(DraftPart::Bytes(std::mem::take(&mut run).into_bytes()));
            }
            parts.push(DraftPart::Dash);
        } else {
            run.push(char);
        }
        before = char;
    }
    if !run.is_empty() {
        parts.push(DraftPart::Bytes(run.into_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lower_case;
    use proptest::prelude::*;

    /// The definition, taken at its word: every combination of dashes, one text each.
    fn all_spellings(text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let is_word = |at: Option<usize>| {
            at.and_then(|at| chars.get(at)).is_some_and(|char| char.is_alphanumeric() || *char == '_')
        };
        let mut spellings = vec![String::new()];
        for (at, char) in chars.iter().enumerate() {
            let is_free = "-/–—―".contains(*char) && !is_word(at.checked_sub(1)) && is_word(Some(at + 1));
            let choices: Vec<char> = if is_free { "-/–—―".chars().collect() } else { vec![*char] };
            let longer =
                |start: &String| choices.iter().map(|char| format!("{start}{char}")).collect::<Vec<_>>();
            spellings = spellings.iter().flat_map(longer).collect();
        }
        spellings
    }

    fn windash(text: &str) -> Option<Glob> {
        let drafts = Draft::of(text).modified(Modifier::WindAsh).ok()?;
        drafts.into_iter().next()?.glob(true).ok()
    }

    proptest! {
        #[test]
        fn windash_is_every_combination(text in "[-/–—a_ .]{0,9}", other in "[-/–—―a_ .]{0,9}") {
            let spellings = all_spellings(&text);
            let glob = windash(&text).ok_or(TestCaseError::fail("no glob"))?;
            for spelling in spellings.iter().take(200) {
                prop_assert!(glob.matches(spelling, &lower_case(spelling)), "{} {}", text, spelling);
            }
            prop_assert_eq!(glob.matches(&other, &other), spellings.contains(&other));
        }
    }

    #[test]
    fn windash_leaves_dashes_inside_words() {
        let glob = windash("-a-b /c").map(|glob| glob.to_string());
        assert_eq!(glob.as_deref(), Some("\"[-/–—―]a-b [-/–—―]c\" (cased)"));
    }
}
