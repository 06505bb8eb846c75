//! Which form of a word is compared, so that spelling does not hide a name?
//!
//! Case, Unicode form, diacritics, invisible characters, and the letters of a script that people write
//! for one another do not matter. A text is cut into words: runs of letters of one script, cut again
//! where small letters meet a capital (`PetrIvanov`), and runs of digits. What a word means is not
//! asked here.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word of a text: where it lies, and its plain form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word<'t> {
    /// Bytes of the text.
    pub(crate) span: Range<usize>,
    /// What is compared.
    pub(crate) plain: Cow<'t, str>,
    /// Whether it is a part of a longer run of letters (`Petr` of `PetrIvanov`), the whole run, or a
    /// number.
    pub(crate) kind: Kind,
}

/// See [`Word::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, and no part of a longer run.
    Letters,
    /// A part of a run of letters, cut at a capital.
    Part,
    /// A run of letters that has parts.
    Joined,
    /// Digits, with the blanks and signs that people write into telephone numbers.
    Digits,
}

/// The words of a text in their order; a run that has parts stands before them.
pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    each(text, &mut |word| found.push(word));
    found
}

/// The same, handed out one by one.
pub(crate) fn each<'t>(text: &'t str, take: &mut dyn FnMut(Word<'t>)) {
    let mut at = 0;
    while let Some((begin, first)) = next_of(text, at) {
        let end = if first.is_numeric() { digits_end(text, begin) } else { letters_end(text, begin) };
        if first.is_numeric() {
            take(Word { span: begin..end, plain: digits(&text[begin..end]), kind: Kind::Digits });
        } else {
            letters(text, begin..end, take);
        }
        at = end;
    }
}

fn next_of(text: &str, from: usize) -> Option<(usize, char)> {
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
        } else if matches!(c, ' ' | '-' | '(' | ')' | '/' | '.' | '\u{a0}') && between < 2 {
            between += 1;
        } else {
            break;
        }
    }
    end
}

fn digits(text: &str) -> Cow<'_, str> {
    text.chars().filter_map(|c| c.to_digit(10)).filter_map(|digit| char::from_digit(digit, 10)).collect()
}

fn letters<'t>(text: &'t str, run: Range<usize>, take: &mut dyn FnMut(Word<'t>)) {
    let mut cuts = vec![run.start];
    let mut before = None;
    for (at, c) in text[run.clone()].char_indices() {
        if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
            cuts.push(run.start + at);
        }
        before = Some(c);
    }
    cuts.push(run.end);
    let kind = if cuts.len() > 2 { Kind::Joined } else { Kind::Letters };
    take(Word { span: run.clone(), plain: plain(&text[run]), kind });
    if kind == Kind::Joined {
        for pair in cuts.windows(2) {
            let span = pair[0]..pair[1];
            take(Word { span: span.clone(), plain: plain(&text[span]), kind: Kind::Part });
        }
    }
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
pub(crate) fn plain(word: &str) -> Cow<'_, str> {
    // The English genitive is no part of a name.
    let word = ["'s", "’s", "'S", "’S"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(word);
    }
    if word.is_ascii() {
        let kept = word.bytes().filter(u8::is_ascii_alphabetic);
        return Cow::Owned(kept.map(|byte| char::from(byte.to_ascii_lowercase())).collect());
    }
    let mut text = String::with_capacity(word.len());
    for c in word.nfkd().flat_map(char::to_lowercase).nfkd() {
        if !is_combining_mark(c) && !invisible(c) && !apostrophe(c) && c.is_alphabetic() {
            fold(c, &mut text);
        }
    }
    uninflected(&mut text);
    Cow::Owned(text)
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
fn uninflected(word: &mut String) {
    let cyrillic = |c: char| matches!(c, '\u{400}'..='\u{52f}');
    if !word.chars().next().is_some_and(cyrillic) {
        return;
    }
    let long = |stem: &&str| stem.chars().count() >= 3;
    if let Some(stem) = ENDINGS.iter().find_map(|end| word.strip_suffix(end).filter(long)) {
        word.truncate(stem.len());
    }
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
    fn a_text_is_cut_where_people_cut_it() {
        let plains = |text| words(text).into_iter().map(|w| w.plain.into_owned()).collect::<Vec<_>>();
        assert_eq!(
            plains(r"C:\Users\PetrIvanov\a_b.docx"),
            ["c", "users", "petrivanov", "petr", "ivanov", "a", "b", "docx"]
        );
        assert_eq!(plains("tel. +49 (170) 123-45 67, 8"), ["tel", "491701234567", "8"]);
        assert_eq!(plains("Иванов, П.С."), ["иванов", "п", "с"]);
        assert_eq!(plains("証人王小明"), ["証", "人", "王", "小", "明"]);
    }
}
