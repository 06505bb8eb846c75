//! What does a text look like when the protected names in it are covered?
//!
//! Each stretch that holds a name becomes `⟦pseudonym~spelling⟧`; where several people bear what stands
//! there, all of them are named. The spelling is four letters of a keyed hash: it tells nothing without
//! the key, and keeps apart what is spelled apart, so that two files of one person are not taken for one
//! and one file is found again in another log. Everything else stays byte for byte. Texts in other notations within the
//! text are looked into three deep.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use data_encoding::BASE32_DNSSEC;

use crate::encoded;
use crate::matcher::{Found, Look, MatchKey, Matcher, Scratch};
use crate::plain;

/// Notations within notations that are followed.
const DEPTH_MAX: usize = 3;
/// More people than these are told as a number.
const NAMED_MAX: usize = 3;

/// Letters that tell spellings apart, of five bits each.
const SPELLING: usize = 4;

/// Covers names. See the module's text.
pub struct Mask<'m> {
    matcher: &'m Matcher,
    look: Look<'m>,
    own: Option<&'m BTreeSet<u64>>,
}

/// What was covered in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// How many stretches for each person, by number.
    pub persons: BTreeMap<u32, u64>,
    /// How many that hang on one word alone, by the word's keyed hash.
    pub anchors: BTreeMap<u64, u64>,
}

impl Covered {
    fn count(&mut self, found: &Found) {
        for whose in &found.whose {
            *self.persons.entry(*whose).or_default() += 1;
        }
        if let Some(anchor) = found.anchor {
            *self.anchors.entry(anchor).or_default() += 1;
        }
    }
}

impl<'m> Mask<'m> {
    /// A mask for what is known; forms that hang on an ordinary word stay uncovered.
    #[must_use]
    pub const fn new(matcher: &'m Matcher, key: &'m MatchKey, ordinary: &'m BTreeSet<u64>) -> Self {
        Self { matcher, look: Look { key, ordinary }, own: None }
    }

    /// The same for what a program itself says, whose words these are ([`MatchKey::word`]): what only
    /// sounds like a name, or is one word of it, is none where it is made of these. To mask a word of ours
    /// wherever it stands would tell whose name it is. It says it in cells and strings, and one mask over two of
    /// them would make one of two.
    #[must_use]
    pub const fn speaking(self, own: &'m BTreeSet<u64>) -> Self {
        Self { own: Some(own), ..self }
    }

    /// The text with its names covered; `None` where it holds none.
    #[must_use]
    pub fn cover(&self, text: &str, covered: &mut Covered, scratch: &mut Scratch) -> Option<String> {
        let found = self.find(text, DEPTH_MAX, scratch);
        if found.is_empty() {
            return None;
        }
        let mut masked = String::with_capacity(text.len());
        let mut at = 0;
        for one in found {
            covered.count(&one);
            masked.push_str(&text[at..one.span.start]);
            masked.push_str(&self.cover_of(&one));
            at = one.span.end;
        }
        masked.push_str(&text[at..]);
        Some(masked)
    }

    /// Whether a text holds a name, in any notation that is followed.
    #[must_use]
    pub fn holds(&self, text: &str, scratch: &mut Scratch) -> bool {
        !self.find(text, DEPTH_MAX, scratch).is_empty()
    }

    /// Stretches in order, none over another; where two overlap, they are one.
    fn find(&self, text: &str, depth: usize, scratch: &mut Scratch) -> Vec<Found> {
        if plain::is_nobodys(text) {
            return Vec::new();
        }
        let mut found = self.matcher.find(text, self.own.is_some(), &self.look, scratch);
        found.retain(|found| !found.weak || !within_a_number(text, &found.span));
        if let Some(own) = self.own {
            let ours = |found: &Found| {
                let words = plain::words(&text[found.span.clone()]);
                words.iter().all(|(_, plain)| own.contains(&self.look.key.word(plain)))
            };
            found.retain(|found| !found.weak || !ours(found));
        }
        if depth > 0 {
            for inner in encoded::inner(text) {
                for one in self.find(&inner.text, depth - 1, scratch) {
                    let span = inner.outer(&one.span);
                    // What was plain text all along was found already.
                    if text.is_char_boundary(span.start)
                        && text.is_char_boundary(span.end)
                        && !span.is_empty()
                    {
                        found.push(Found { span, ..one });
                    }
                }
            }
        }
        merged(found)
    }

    fn cover_of(&self, found: &Found) -> String {
        let letters = BASE32_DNSSEC.encode(&found.spelling.to_be_bytes());
        let spelling = &letters[..SPELLING];
        match found.whose.len() {
            1..=NAMED_MAX => {
                let names: Vec<&str> =
                    found.whose.iter().map(|whose| self.matcher.pseudonym(*whose)).collect();
                format!("⟦{}~{spelling}⟧", names.join(" or "))
            }
            several => format!("⟦one of {several}~{spelling}⟧"),
        }
    }
}

/// Changes between letters and digits, or from small letters to a capital, in a run of both: more are no words.
const CHANGES_MAX: usize = 3;

/// Whether a stretch lies within an identifier that somebody drew by lot: three letters of one are three letters
/// of somebody's name sooner or later, and to mask them would break what it joins.
fn within_a_number(text: &str, span: &Range<usize>) -> bool {
    let around = |belongs: fn(char) -> bool| {
        let before = text[..span.start].char_indices().rev().take_while(|(_, c)| belongs(*c)).last();
        let after = text[span.end..].char_indices().find(|(_, c)| !belongs(*c));
        let end = after.map_or(text.len(), |(at, _)| span.end + at);
        &text[before.map_or(span.start, |(at, _)| at)..end]
    };
    let guid = around(|c| c.is_ascii_hexdigit() || c == '-');
    if guid.len() >= 16 && text[span.clone()].chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        return true;
    }
    // A letter of an identifier, and a name behind it, are more than the identifier.
    if !text[span.clone()].chars().all(|c| c.is_ascii_alphanumeric()) {
        return false;
    }
    let run = around(|c| c.is_ascii_alphanumeric());
    let kind = |byte: u8| if byte.is_ascii_digit() { 0 } else { 1 + u8::from(byte.is_ascii_uppercase()) };
    let changes = run.as_bytes().windows(2).filter(|pair| {
        let (one, other) = (kind(pair[0]), kind(pair[1]));
        one != other && (one, other) != (2, 1)
    });
    changes.count() > CHANGES_MAX
}

fn merged(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|one| (one.span.start, std::cmp::Reverse(one.span.end)));
    let mut kept: Vec<Found> = Vec::new();
    for one in found {
        match kept.last_mut().filter(|last| one.span.start < last.span.end) {
            Some(last) => {
                // Which spelling of several is kept follows from the text alone.
                last.span.end = last.span.end.max(one.span.end);
                last.whose.extend(one.whose);
                last.whose.sort_unstable();
                last.whose.dedup();
            }
            None => kept.push(one),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Person;
    use assize_model::Protected;
    use data_encoding::{BASE64, HEXLOWER};

    fn of_one() -> (Matcher, MatchKey) {
        let protected =
            |texts: &[&str]| texts.iter().map(|text| Protected::new((*text).to_owned())).collect();
        let person = Person {
            kind: crate::PersonKind::Individual,
            pseudonym: "P-0353".into(),
            names: protected(&["Пётр Сокольников", "Peter Falkner", "Anna Abed"]),
            mails: Vec::new(),
            numbers: Vec::new(),
            texts: Vec::new(),
        };
        let key = MatchKey::new([7; 16]);
        (Matcher::of(&[person], &key), key)
    }

    fn cover(text: &str) -> String {
        let (matcher, key) = of_one();
        let ordinary = BTreeSet::new();
        Mask::new(&matcher, &key, &ordinary)
            .cover(text, &mut Covered::default(), &mut Scratch::default())
            .unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn what_is_not_the_name_stays() {
        assert_eq!(cover(r"C:\a\Petr Sokolnikov\x.docx"), r"C:\a\⟦P-0353~i5gs⟧\x.docx");
        assert_eq!(cover("nobody here"), "nobody here");
    }

    #[test]
    fn other_notations_hide_nothing() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let name = "read Petr Sokolnikov now";
        for (what, text) in [
            ("base64", BASE64.encode(name.as_bytes())),
            ("base64 from its second letter", format!("x{}", BASE64.encode(name.as_bytes()))),
            ("base64 of UTF-16", format!("powershell -enc {}", BASE64.encode(&utf16(name)))),
            ("base64 in Cyrillic", BASE64.encode("читать Сокольникова сейчас".as_bytes())),
            ("hexadecimal", format!("0x{}", HEXLOWER.encode(name.as_bytes()))),
            ("percent", "GET /a?q=Petr%20Sokol%6eikov&b=1".to_owned()),
            ("percent in Cyrillic", "/%D0%9F%D1%91%D1%82%D1%80%20%D0%A1%D0%BE%D0%BA%D0%BE%D0%BB%D1%8C%D0%BD%D0%B8%D0%BA%D0%BE%D0%B2".to_owned()),
            ("JSON", r"\u041f\u0451\u0442\u0440 \u0421\u043e\u043a\u043e\u043b\u044c\u043d\u0438\u043a\u043e\u0432".to_owned()),
            ("HTML", "&#80;etr &#x53;okolnikov".to_owned()),
            ("quoted-printable", "=D0=9F=D1=91=D1=82=D1=80 =D0=A1=D0=BE=D0=BA=D0=BE=D0=BB=D1=8C=D0=BD=D0=B8=D0=BA=\n=D0=BE=D0=B2".to_owned()),
            ("base64 twice", BASE64.encode(BASE64.encode(name.as_bytes()).as_bytes())),
        ] {
            let covered = cover(&text);
            assert!(covered.contains("⟦P-0353~"), "{what}: {covered}");
        }
    }

    #[test]
    fn what_is_spelled_apart_stays_apart() {
        let one = cover(r"\\FS\W\Petr Sokolnikov.docx");
        assert_eq!(one, cover(r"\\FS\W\PETR SOKOLNIKOV.docx"), "paths do not mind the case");
        assert_ne!(one, cover(r"\\FS\W\Sokolnikov, Petr.docx"));
        assert_eq!(cover("/w/Petr%20Sokolnikov"), cover("/w/Petr Sokolnikov"));
    }

    #[test]
    fn two_texts_are_not_one_name() {
        assert_eq!(cover(r#"["Petr","Falkner"]"#), r#"["⟦P-0353~tfgb⟧","⟦P-0353~8i57⟧"]"#);
        let (matcher, key) = of_one();
        let (ordinary, own) = (BTreeSet::new(), BTreeSet::new());
        let gate = Mask::new(&matcher, &key, &ordinary).speaking(&own);
        let cover = |text| gate.cover(text, &mut Covered::default(), &mut Scratch::default()).unwrap();
        for (text, cells) in [("7,Falkner,Peter,x", 4), ("Falkner,Peter", 2), ("7,\"Falkner, Peter\",x", 3)] {
            assert_eq!(cover(text).split(',').count(), cells, "{}", cover(text));
        }
    }

    #[test]
    fn identifiers_hold_no_names() {
        for text in
            ["CHhFalknerS1DH9", "e-cqx4falkner5lklcvnpakj2x2co7mm", "3f21c08a-9e69-6aa7-1005-00000000abed"]
        {
            assert_eq!(cover(text), text);
        }
        for text in ["sokolnikov2", "PetrSokolnikov2", "0x506574722e70: Sokolnikov", "a7f3e2d1c9p Sokolnikov"]
        {
            assert_ne!(cover(text), text);
        }
    }

    #[test]
    fn digests_and_numbers_are_no_texts() {
        for text in [
            "9f122a69d6eeeebc8ae6321179776a99594fa6ae71dfaa61a59dba5f84d46d2d",
            "{3f21c08a-9e69-6aa7-1005-000000000000}",
            "S-1-5-21-1893774160-2716350487-318642951-1105",
            "JABzAD0ATgBlAHcALQBPAGIAagBlAGMAdAA=",
        ] {
            assert_eq!(cover(text), text);
        }
    }
}
