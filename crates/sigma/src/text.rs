//! When is a value like a text of a rule?
//!
//! Sigma compares without regard to case unless `cased` is set; `*` stands for any run of
//! characters, line ends included, and `?` for exactly one (rules specification 2.1, "String
//! Wildcard"). Case is levelled by Unicode's simple lower-case mapping on both sides, one
//! character for one: a full mapping would change lengths and with them what `?` means.

use std::fmt;

/// The characters that `windash` holds to be one (modifiers appendix 2.1): hyphen, slash,
/// en dash, em dash, horizontal bar.
pub(crate) const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// A text with places left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    pieces: Vec<Piece>,
    cased: bool,
}

/// A stretch of a [`Glob`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// These characters; lower-cased unless case matters.
    Text(String),
    /// Any number of any characters.
    Any,
    /// One character.
    One,
    /// One of [`DASHES`].
    Dash,
}

impl Glob {
    /// A pattern of these pieces.
    pub(crate) fn new(pieces: Vec<Piece>, cased: bool) -> Self {
        let mut kept: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (kept.last_mut(), piece) {
                (Some(Piece::Any), Piece::Any) => {}
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&level(&text, cased)),
                (_, Piece::Text(text)) => kept.push(Piece::Text(level(&text, cased))),
                (_, piece) => kept.push(piece),
            }
        }
        Self { pieces: kept, cased }
    }

    /// Its stretches, in order.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether case matters.
    #[must_use]
    pub fn is_cased(&self) -> bool {
        self.cased
    }

    /// Whether the whole text is like this. `lower` must be [`lower_case`] of `text`.
    pub(crate) fn matches(&self, text: &str, lower: &str) -> bool {
        let text = if self.cased { text } else { lower };
        match self.pieces.as_slice() {
            [] => text.is_empty(),
            [Piece::Any] => true,
            [Piece::Text(all)] => text == all,
            [Piece::Text(start), Piece::Any] => text.starts_with(start.as_str()),
            [Piece::Any, Piece::Text(end)] => text.ends_with(end.as_str()),
            [Piece::Any, Piece::Text(part), Piece::Any] => text.contains(part.as_str()),
            pieces => matches(&units(pieces), text),
        }
    }
}

/// One character's worth of a pattern.
#[derive(Clone, Copy)]
enum Unit {
    Char(char),
    Any,
    One,
    Dash,
}

fn units(pieces: &[Piece]) -> Vec<Unit> {
    let mut units = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => units.extend(text.chars().map(Unit::Char)),
            Piece::Any => units.push(Unit::Any),
            Piece::One => units.push(Unit::One),
            Piece::Dash => units.push(Unit::Dash),
        }
    }
    units
}

/// The usual way with one point to return to: after a mismatch the last `*` takes one character
/// more. At worst the product of both lengths, never more.
fn matches(units: &[Unit], text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let (mut unit, mut char) = (0, 0);
    let mut last_any: Option<(usize, usize)> = None;
    while char < chars.len() {
        match units.get(unit) {
            Some(Unit::Any) => {
                last_any = Some((unit, char));
                unit += 1;
            }
            Some(one) if takes(*one, chars[char]) => {
                unit += 1;
                char += 1;
            }
            _ => {
                let Some((any, taken)) = last_any else { return false };
                last_any = Some((any, taken + 1));
                (unit, char) = (any + 1, taken + 1);
            }
        }
    }
    units[unit..].iter().all(|unit| matches!(unit, Unit::Any))
}

fn takes(unit: Unit, char: char) -> bool {
    match unit {
        Unit::Char(own) => own == char,
        Unit::Dash => DASHES.contains(&char),
        Unit::One => true,
        Unit::Any => false,
    }
}

fn level(text: &str, cased: bool) -> String {
    if cased { text.to_owned() } else { lower_case(text) }
}

/// The text in lower case, character by character.
pub(crate) fn lower_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Only U+0130 has a full lower-case mapping of more than one character, and its simple
    // mapping is the first of them (UnicodeData.txt, SpecialCasing.txt).
    text.chars().filter_map(|char| char.to_lowercase().next()).collect()
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => write!(f, "{}", escaped(text))?,
                Piece::Any => f.write_str("*")?,
                Piece::One => f.write_str("?")?,
                Piece::Dash => f.write_str("[-/–—―]")?,
            }
        }
        f.write_str(if self.cased { "\" (cased)" } else { "\"" })
    }
}

/// Shows a literal `*` or `?` apart from a wildcard, and nothing that could act on a terminal.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for char in text.chars() {
        match char {
            '*' | '?' => shown.extend(['\\', char]),
            '\\' | '\'' => shown.push(char),
            char => shown.extend(char.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(pieces: Vec<Piece>, text: &str) -> bool {
        Glob::new(pieces, false).matches(text, &lower_case(text))
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    #[test]
    fn wildcards_take_what_they_may() {
        let pattern = || vec![text("a"), Piece::Any, text("b"), Piece::One, text("c")];
        assert!(like(pattern(), "aXXbYbZc"));
        assert!(like(pattern(), "A\nb.C"));
        assert!(!like(pattern(), "abc"));
        assert!(!like(pattern(), "aXbYcZ"));
        assert!(like(vec![text("prog"), Piece::One], "proga"));
        assert!(!like(vec![text("prog"), Piece::One], "prog"));
        assert!(like(vec![], ""));
        assert!(!like(vec![], "x"));
        assert!(like(vec![Piece::Any], ""));
    }

    #[test]
    fn one_character_is_one_scalar_value_in_any_script() {
        assert!(like(vec![text("ÅNGSTRÖM")], "ångström"));
        assert!(like(vec![Piece::One, text("İ")], "Éİ"));
        assert!(like(vec![text("пользователь")], "ПОЛЬЗОВАТЕЛЬ"));
    }

    #[test]
    fn a_literal_star_is_shown_apart() {
        let glob = Glob::new(vec![text("a*"), Piece::Any], false);
        assert_eq!(glob.to_string(), "\"a\\**\"");
    }
}
