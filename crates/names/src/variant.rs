//! In which ways may a name stand in a text?
//!
//! From a name as a register has it: all orders, without its middle, with initials, run together, in
//! other alphabets, and by single words. A form is a sequence of plain words. Whether a form is so
//! ordinary that it says nothing is not decided here: forms that hang on one word of the name say which
//! ([`Form::anchor`]), and the evidence is asked how ordinary that word is.

use std::collections::BTreeSet;

use crate::plain;
use crate::reading::{Ear, particle, readings, skeleton};

/// The longest sequence of words that is compared.
pub(crate) const WORDS_MAX: usize = 6;
/// A single word of fewer letters is not masked by itself.
const PART_LETTERS_MIN: usize = 3;
/// Numbers are known by their last digits: prefixes of countries come and go.
pub(crate) const DIGITS: usize = 8;
/// No telephone number has more (ITU-T E.164): what has is a time or a counter.
pub(crate) const DIGITS_MAX: usize = 15;

/// A way in which a name may stand in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Form {
    /// Plain words, or skeletons where there is an [`Self::ear`].
    pub(crate) words: Vec<String>,
    /// The one word that tells the person, where there is only one; `None` where several do.
    pub(crate) anchor: Option<String>,
    /// By whose ear words are compared, where it is by their consonants.
    pub(crate) ear: Option<Ear>,
}

/// All forms of one name of a person.
pub(crate) fn of_name(name: &str) -> BTreeSet<Form> {
    let words = words_of(name);
    let mut forms = BTreeSet::new();
    if words.is_empty() {
        return forms;
    }
    let signs = words.len() > 1 && words.iter().all(|word| word.chars().count() == 1);
    for reading in readings(&words) {
        of_reading(&reading, &mut forms);
        if signs {
            of_signs(&reading, &mut forms);
        }
    }
    if let Some(ear) = words.iter().find_map(|word| Ear::of(word)) {
        by_consonants(&words, ear, &mut forms);
    }
    forms
}

/// All forms of an address of the mail: itself, and what stands before the `@`.
pub(crate) fn of_mail(address: &str) -> BTreeSet<Form> {
    let whole = plain_words(address);
    let local = plain_words(address.split('@').next().unwrap_or_default());
    let mut forms = BTreeSet::new();
    add(&mut forms, whole, None);
    let anchor = (local.len() == 1).then(|| local[0].clone());
    add(&mut forms, local, anchor);
    forms
}

/// A telephone number or another number of a person: its last digits.
pub(crate) fn of_number(number: &str) -> BTreeSet<Form> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let mut forms = BTreeSet::new();
    if digits.len() >= DIGITS {
        add(&mut forms, vec![digits[digits.len() - DIGITS..].to_owned()], None);
    }
    forms
}

/// A postal address, as it is. A town is not somebody's.
pub(crate) fn of_address(text: &str) -> BTreeSet<Form> {
    let words = plain_words(text).len();
    let house = text.chars().any(char::is_numeric);
    if words > 2 || words == 2 && house { of_text(text) } else { BTreeSet::new() }
}

/// Another text, as it is: its words in their order.
pub(crate) fn of_text(text: &str) -> BTreeSet<Form> {
    let mut forms = BTreeSet::new();
    let words = plain_words(text);
    let anchor = (words.len() == 1).then(|| words[0].clone());
    add(&mut forms, words.into_iter().take(WORDS_MAX).collect(), anchor);
    forms
}

/// The words of a name as they are written.
fn words_of(name: &str) -> Vec<String> {
    let words = plain::words(name);
    words
        .iter()
        .filter(|(word, _)| matches!(word.kind, plain::Kind::Letters | plain::Kind::Joined))
        .map(|(word, _)| name[word.span.clone()].to_owned())
        .take(WORDS_MAX)
        .collect()
}

fn plain_words(text: &str) -> Vec<String> {
    let words = plain::words(text);
    words
        .iter()
        .filter(|(word, _)| word.kind != plain::Kind::Part)
        .map(|(_, plain)| plain.to_owned())
        .collect()
}

fn of_reading(words: &[String], forms: &mut BTreeSet<Form>) {
    let ideographs = words.iter().all(|word| word.chars().count() == 1);
    for turn in 0..words.len() {
        let turned: Vec<String> = words[turn..].iter().chain(&words[..turn]).cloned().collect();
        let anchor = (words.len() == 1).then(|| words[0].clone());
        if !ideographs || turn == 0 {
            add(forms, turned, anchor);
        }
    }
    if ideographs {
        return;
    }
    let telling: Vec<&String> =
        words.iter().filter(|word| !particle(word) && word.chars().count() > 1).collect();
    for (at, one) in telling.iter().enumerate() {
        for (other_at, other) in telling.iter().enumerate() {
            if at != other_at {
                pair(one, other, forms);
            }
        }
        if one.chars().count() >= PART_LETTERS_MIN {
            add(forms, vec![(*one).clone()], Some((*one).clone()));
        }
    }
    // A clerk who drops the particles, and one who writes them without a blank.
    let bare: Vec<String> = telling.into_iter().cloned().collect();
    if bare.len() > 1 && bare.len() < words.len() {
        add(forms, bare, None);
        add(forms, vec![words.concat()], None);
    }
}

/// A name of signs in Latin letters: the family name, and the given name as one word.
fn of_signs(words: &[String], forms: &mut BTreeSet<Form>) {
    let Some((family, given)) = words.split_first() else { return };
    let given = given.concat();
    add(forms, vec![family.clone(), given.clone()], None);
    add(forms, vec![given.clone(), family.clone()], None);
    add(forms, vec![format!("{family}{given}")], None);
}

/// Two words of a name: beside one another, run together, and one of them as an initial.
fn pair(one: &str, other: &str, forms: &mut BTreeSet<Form>) {
    add(forms, vec![one.to_owned(), other.to_owned()], None);
    add(forms, vec![format!("{one}{other}")], None);
    let Some(initial) = one.chars().next().map(String::from) else { return };
    // What is too short to be told from a word with a letter before it is left to the full forms.
    let anchor = || Some(other.to_owned());
    add(forms, vec![initial.clone(), other.to_owned()], anchor());
    add(forms, vec![other.to_owned(), initial.clone()], anchor());
    if other.chars().count() >= 4 {
        add(forms, vec![format!("{initial}{other}")], anchor());
        add(forms, vec![format!("{other}{initial}")], anchor());
    }
}

/// Two words of fewer consonants together are in half of all texts.
const CONSONANTS_MIN: usize = 5;

/// Pairs of words by their consonants, and all of them in every turn.
fn by_consonants(words: &[String], ear: Ear, forms: &mut BTreeSet<Form>) {
    let telling = words.iter().map(|word| plain::plain(word)).filter(|word| !particle(word));
    let bones: Vec<String> =
        telling.map(|word| skeleton(&word, ear)).filter(|bones| !bones.is_empty()).collect();
    let mut add = |words: Vec<String>| {
        if words.iter().map(|bones| bones.chars().count()).sum::<usize>() >= CONSONANTS_MIN {
            forms.insert(Form { words, anchor: None, ear: Some(ear) });
        }
    };
    for (at, one) in bones.iter().enumerate() {
        for (other_at, other) in bones.iter().enumerate() {
            if at != other_at {
                add(vec![one.clone(), other.clone()]);
            }
        }
        if bones.len() > 2 {
            add(bones[at..].iter().chain(&bones[..at]).cloned().collect());
        }
    }
}

fn add(forms: &mut BTreeSet<Form>, words: Vec<String>, anchor: Option<String>) {
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    if letters > 1 && words.len() <= WORDS_MAX && words.iter().all(|word| !word.is_empty()) {
        forms.insert(Form { words, anchor, ear: None });
    }
}
