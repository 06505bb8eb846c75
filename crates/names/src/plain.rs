//! Which form of a word is compared, so that spelling does not hide a name?
//!
//! Case, Unicode form, diacritics, invisible characters, and the letters of a script that people write
//! for one another do not matter. A text is cut into words: runs of letters of one script, cut again
//! where small letters meet a capital (`PetrIvanov`), and runs of digits. What a word means is not
//! asked here.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::variant::DIGITS;

/// The words of a text. Kept and filled again, so that no memory is asked for while texts hold nothing.
#[derive(Default)]
pub(crate) struct Words {
    list: Vec<Word>,
    /// Plain forms, one behind the other.
    plain: String,
}

/// A word of a text.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// Bytes of the text.
    pub(crate) span: Range<usize>,
    /// Where its plain form stands.
    plain: Range<usize>,
    /// See [`Apart`].
    pub(crate) apart: Apart,
    /// See [`Kind`].
    pub(crate) kind: Kind,
}

/// What stands between a word and the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Apart {
    /// What stands within names: a blank, a point, a comma, a sign of a path.
    Joined,
    /// What also parts the cells of a table: a comma without a blank, a tab, several blanks.
    Cells,
    /// A quotation mark: two texts.
    Texts,
}

impl Apart {
    fn of(between: &str) -> Self {
        let cells = |pair: &[u8]| matches!(pair, [b',', after] if *after != b' ') || pair == b"  ";
        let bytes = between.as_bytes();
        if bytes.contains(&b'"') {
            Self::Texts
        } else if bytes.contains(&b'\t') || bytes.ends_with(b",") || bytes.windows(2).any(cells) {
            Self::Cells
        } else {
            Self::Joined
        }
    }
}

/// What a word is of the run of letters in which it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, and no part of a longer run.
    Letters,
    /// A part of a run of letters (`Petr` of `PetrIvanov`), cut at a capital.
    Part,
    /// A run of letters that has parts.
    Joined,
    /// Digits, with the blanks and signs that people write into telephone numbers.
    Digits,
}

/// The words of a text in their order; a run that has parts stands before them.
pub(crate) fn words(text: &str) -> Words {
    let mut words = Words::default();
    words.fill(text);
    words
}

impl Words {
    /// The words of another text, instead.
    pub(crate) fn fill(&mut self, text: &str) {
        self.list.clear();
        self.plain.clear();
        let mut at = 0;
        while let Some((begin, first)) = next_of(text, at) {
            if first.is_numeric() {
                at = digits_end(text, begin);
                self.digits(text, begin..at);
            } else {
                at = letters_end(text, begin);
                self.letters(text, begin..at);
            }
        }
    }

    /// A word by its number.
    pub(crate) fn get(&self, at: usize) -> Option<&Word> {
        self.list.get(at)
    }

    /// What of a word is compared.
    pub(crate) fn plain(&self, word: &Word) -> &str {
        &self.plain[word.plain.clone()]
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Word, &str)> {
        self.list.iter().map(|word| (word, self.plain(word)))
    }

    /// The first word that begins at or after this byte.
    pub(crate) fn after(&self, byte: usize) -> usize {
        self.list.partition_point(|word| word.span.start < byte)
    }

    fn digits(&mut self, text: &str, span: Range<usize>) {
        let begin = self.plain.len();
        let digits = text[span.clone()].chars().filter_map(|c| c.to_digit(10));
        self.plain.extend(digits.filter_map(|digit| char::from_digit(digit, 10)));
        self.add(text, span, begin, Kind::Digits);
    }

    fn letters(&mut self, text: &str, run: Range<usize>) {
        let whole = self.list.len();
        self.push(text, run.clone(), Kind::Letters);
        let (mut begin, mut before) = (run.start, None);
        for (at, c) in text[run.clone()].char_indices() {
            if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
                self.push(text, begin..run.start + at, Kind::Part);
                begin = run.start + at;
            }
            before = Some(c);
        }
        if begin > run.start {
            self.list[whole].kind = Kind::Joined;
            self.push(text, begin..run.end, Kind::Part);
        }
    }

    fn push(&mut self, text: &str, span: Range<usize>, kind: Kind) {
        let begin = self.plain.len();
        plain_onto(&text[span.clone()], &mut self.plain);
        self.add(text, span, begin, kind);
    }

    fn add(&mut self, text: &str, span: Range<usize>, begin: usize, kind: Kind) {
        let before = self.list.last().map_or(0, |before| before.span.end);
        let apart = Apart::of(text.get(before..span.start).unwrap_or_default());
        self.list.push(Word { span, plain: begin..self.plain.len(), apart, kind });
    }
}

/// Whether a text as a whole is a GUID, a short number or a time: what stands there was counted, drawn by lot or
/// read from a clock, and looks like part of a telephone number or a short name sooner or later. Most values of
/// logs are such.
#[must_use]
pub fn is_nobodys(text: &str) -> bool {
    let bytes = text.as_bytes();
    let bare = bytes.strip_prefix(b"{").and_then(|bytes| bytes.strip_suffix(b"}")).unwrap_or(bytes);
    let Some(first) = bare.first().filter(|byte| byte.is_ascii_hexdigit() || **byte == b'-') else {
        return bytes.is_empty();
    };
    if first.is_ascii_digit() || *first == b'-' {
        let of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'-');
        let digits = bare.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits < DIGITS && bare.iter().all(of_number) {
            return true;
        }
    }
    is_like(b"hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh", bare) || is_handle(bare) || is_time(bare)
}

/// `0x3e7`: short enough to hide nobody in hexadecimal.
fn is_handle(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"0x");
    digits.is_some_and(|digits| digits.len() <= 8 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// As ISO 8601 and RFC 3339 have it, or in seconds since 1970 with a fraction.
fn is_time(bytes: &[u8]) -> bool {
    let fraction = |bytes: &[u8]| bytes.len() >= 3 && bytes.iter().all(u8::is_ascii_digit);
    let seconds = bytes.split_at_checked(11);
    if seconds.is_some_and(|(whole, rest)| is_like(b"0000000000.", whole) && fraction(rest)) {
        return true;
    }
    let Some((time, rest)) = bytes.split_at_checked(19) else { return false };
    let of_rest =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'Z' | b'+' | b'-' | b':');
    is_like(b"0000-00-00T00:00:00", time) && rest.len() <= 16 && rest.iter().all(of_rest)
}

/// Whether bytes are of a shape: `0` a digit, `h` one of hexadecimal, `T` what stands between day and hour.
fn is_like(shape: &[u8], bytes: &[u8]) -> bool {
    let fits = |(wanted, byte): (&u8, &u8)| match wanted {
        b'h' => byte.is_ascii_hexdigit(),
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b' '),
        other => other == byte,
    };
    shape.len() == bytes.len() && shape.iter().zip(bytes).all(fits)
}

fn next_of(text: &str, from: usize) -> Option<(usize, char)> {
    let skipped =
        text.as_bytes()[from..].iter().take_while(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric());
    let from = from + skipped.count();
    text[from..].char_indices().find(|(_, c)| c.is_alphanumeric()).map(|(at, c)| (from + at, c))
}

/// Where the run of letters ends that begins there.
fn letters_end(text: &str, begin: usize) -> usize {
    let belongs = |c: char| c.is_alphabetic() || is_combining_mark(c) || invisible(c) || apostrophe(c);
    let mut end = begin;
    for (at, c) in text[begin..].char_indices() {
        if !belongs(c) || (alone(c) && at > 0) {
            break;
        }
        if alone(c) {
            // With the marks that stand on it.
            let rest = &text[begin + c.len_utf8()..];
            let marks: usize = rest.chars().take_while(|c| is_combining_mark(*c)).map(char::len_utf8).sum();
            return begin + c.len_utf8() + marks;
        }
        // What is not a letter belongs to the word only if a letter follows.
        if c.is_alphabetic() || is_combining_mark(c) {
            end = begin + at + c.len_utf8();
        }
    }
    end
}

/// Where the number ends that begins there: single blanks and the signs of telephone numbers do not
/// end it.
fn digits_end(text: &str, begin: usize) -> usize {
    let mut end = begin;
    let mut between = 0;
    for (at, c) in text[begin..].char_indices() {
        if c.is_numeric() {
            end = begin + at + c.len_utf8();
            between = 0;
        } else if matches!(c, ' ' | '-' | '+' | '(' | ')' | '/' | '.' | '\u{a0}') && between < 2 {
            between += 1;
        } else {
            break;
        }
    }
    end
}

/// Scripts that are written without blanks: each sign is a word, and a name a sequence of them.
fn alone(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

/// Characters that nobody sees: joiners, marks of direction, soft hyphens, the Arabic tatweel.
fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{640}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Signs that stand within names and are left out as often.
fn apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{2b9}'..='\u{2bf}' | '\u{2018}' | '\u{2019}' | '\u{55a}')
}

/// The plain form of a run of letters.
pub(crate) fn plain(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    plain_onto(word, &mut text);
    text
}

/// The same, behind what stands there.
fn plain_onto(word: &str, text: &mut String) {
    // The English genitive is no part of a name.
    let word = ["'s", "’s", "'S", "’S"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    if word.is_ascii() {
        let kept = word.bytes().filter(u8::is_ascii_alphabetic);
        text.extend(kept.map(|byte| char::from(byte.to_ascii_lowercase())));
        return;
    }
    let begin = text.len();
    for c in word.nfkd().flat_map(char::to_lowercase).nfkd() {
        if !is_combining_mark(c) && !invisible(c) && !apostrophe(c) && c.is_alphabetic() {
            fold(c, text);
        }
    }
    text.truncate(begin + uninflected(&text[begin..]).len());
}

/// Endings that Slavic languages in Cyrillic give to names, the longer first; й stands here as it is
/// without its mark, и.
const ENDINGS: &[&str] = &[
    "ому", "ему", "ого", "его", "ыми", "ими", "ами", "ями", "еем", "ым", "им", "ои", "еи", "ею", "ея", "ою",
    "ом", "ем", "ах", "ях", "ых", "их", "ам", "ям", "ую", "юю", "ая", "яя", "ые", "ие", "ии", "ию", "ия",
    "ыи", "а", "я", "у", "ю", "ы", "и", "е", "о", "і", "ь",
];

/// Cuts the ending of a declined word in Cyrillic, so that all cases of a name are one. At least three
/// letters stay.
fn uninflected(word: &str) -> &str {
    let cyrillic = |c: char| matches!(c, '\u{400}'..='\u{52f}');
    if !word.chars().next().is_some_and(cyrillic) {
        return word;
    }
    let long = |stem: &&str| stem.chars().count() >= 3;
    ENDINGS.iter().find_map(|end| word.strip_suffix(end).filter(long)).unwrap_or(word)
}

/// Letters that are written for one another.
fn fold(c: char, text: &mut String) {
    let folded = match c {
        'ß' => "ss",
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ı' => "i",
        'ħ' => "h",
        'ŋ' => "n",
        // Cyrillic: ё and й lose their marks with the diacritics; ґ has none to lose.
        'ґ' => "г",
        'ς' => "σ",
        // Arabic: alef in its forms, yeh and kaf of Persian and Urdu, teh marbuta.
        'ٱ' => "ا",
        'ى' | 'ی' | 'ې' => "ي",
        'ک' | 'ڪ' => "ك",
        'ة' | 'ە' | 'ہ' | 'ھ' => "ه",
        other => return text.push(other),
    };
    text.push_str(folded);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        for (one, other) in [
            ("Zoë", "ZOE"),
            ("Zoe\u{308}", "zoë"),
            ("Łukasz", "lukasz"),
            ("Семёнов", "СЕМЕНОВ"),
            ("مُحَمَّد", "محمد"),
            ("إبراهيم", "ابراهيم"),
            ("فاطمة", "فاطمه"),
            ("O’Brien", "obrien"),
            ("Ｉｖａｎ", "ivan"),
            ("Iva\u{ad}nov\u{200d}a", "ivanova"),
        ] {
            assert_eq!(plain(one), plain(other), "{one} {other}");
        }
        assert_ne!(plain("Иванов"), plain("Петров"));
    }

    #[test]
    fn cases_do_not_matter() {
        for (one, cases) in [
            ("Иванов", &["Иванова", "Иванову", "Ивановым", "Иванове", "Ивановы", "Ивановых"][..]),
            ("Ольга", &["Ольги", "Ольге", "Ольгу", "Ольгой"]),
            ("Достоевский", &["Достоевского", "Достоевскому", "Достоевским", "Достоевском"]),
            ("O’Brien", &["O’Brien’s"]),
        ] {
            for case in cases {
                assert_eq!(plain(one), plain(case), "{one} {case}");
            }
        }
    }

    #[test]
    fn what_is_drawn_by_lot_or_told_by_a_clock_is_nobody() {
        for text in [
            "3f21c08a-9e69-6aa7-1005-00000000abed",
            "{3F21C08A-9E69-6AA7-1005-00000000ABED}",
            "0x3e7abed",
            "1788739254.744",
            "1234567",
            "-12.5",
            "",
            "2026-09-14T07:12:41.1234567Z",
            "2026-09-14 07:12:41+02:00",
        ] {
            assert!(is_nobodys(text), "{text}");
        }
        for text in [
            "abed",
            "3f21c08a-9e69-6aa7-1005-00000000abed Abed",
            "2026-09-14 Falkner",
            "0170 1234567",
            "12345678",
        ] {
            assert!(!is_nobodys(text), "{text}");
        }
    }

    #[test]
    fn a_text_is_cut_where_people_cut_it() {
        let plains = |text| words(text).iter().map(|(_, plain)| plain.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            plains(r"C:\Users\PetrIvanov\a_b.docx"),
            ["c", "users", "petrivanov", "petr", "ivanov", "a", "b", "docx"]
        );
        assert_eq!(plains("tel. +49+170 (123)-45 67, 8"), ["tel", "491701234567", "8"]);
        assert_eq!(plains("Иванов, П.С."), ["иванов", "п", "с"]);
        assert_eq!(plains("証人王小明"), ["証", "人", "王", "小", "明"]);
    }
}
