//! Does a text hold a protected name, and whose?
//!
//! A [`Matcher`] is a set of keyed numbers: for each form of each name the sequence of its words, hashed
//! word by word under the masking key. It can be kept and loaded, and without the key it tells nothing;
//! with the key, guesses can be tested, one by one (SECURITY.md). Names themselves are not in it.
//!
//! Matching is one pass over the words of a text: at each word the longest sequence that is known wins.
//! With which words nothing begins is remembered ([`Scratch`]): a word that was met before costs a look-up,
//! and nothing is allocated where nothing is found.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::ops::Range;

use siphasher::sip::SipHasher24;
use unicode_normalization::UnicodeNormalization;

use crate::Person;
use crate::plain::{self, Apart, Kind, Word, Words};
use crate::reading::{Ear, particle, skeleton};
use crate::variant::{DIGITS, DIGITS_MAX, Form, WORDS_MAX};

/// The key under which names are hashed. It has neither `Debug` nor `Serialize`.
#[derive(Clone)]
pub struct MatchKey([u8; 16]);

impl MatchKey {
    /// A key of 16 random bytes, or derived from one that is.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The keyed number of one word, as anchors have it.
    #[must_use]
    pub fn word(&self, word: &str) -> u64 {
        self.next(Stream::Letters.start(self), &plain::plain(word))
    }

    /// One step: what is known so far, and one word more.
    fn next(&self, state: u64, word: &str) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write_u64(state);
        hasher.write(word.as_bytes());
        hasher.finish()
    }
}

/// Known names. See the module's text.
#[derive(Default)]
pub struct Matcher {
    pub(crate) persons: Vec<String>,
    /// States after words that can go on, sorted.
    pub(crate) open: Vec<u64>,
    /// States after whole forms, sorted by state.
    pub(crate) known: Vec<Known>,
    /// Sets of persons that [`Known::whose`] names.
    pub(crate) groups: Vec<Vec<u32>>,
    /// The states of `open` and `known` for a quick no.
    screen: Screen,
    /// By which ears forms are compared, as numbers.
    pub(crate) ears: BTreeSet<u8>,
}

/// The last step of a form: whose it is, and on which word it hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) state: u64,
    /// Which group of persons.
    pub(crate) whose: u32,
    /// Keyed hash of the anchor; 0 where it needs none.
    pub(crate) anchor: u64,
}

/// A stretch of a text that holds a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// Whose name it may be, as numbers for [`Matcher::pseudonym`].
    pub whose: Vec<u32>,
    /// Keyed hash of the one word that it hangs on, if there is one.
    pub anchor: Option<u64>,
    /// Keyed hash of how it is spelled, letters' case aside: equal spellings stay equal when they are covered,
    /// and two files of one person stay two.
    pub spelling: u64,
    /// Whether it hangs on one word, or was known by its sound: it may be something else.
    pub weak: bool,
}

/// What words are compared as. Forms of different streams never meet.
#[derive(Clone, Copy)]
enum Stream {
    Letters,
    Numbers,
    By(Ear),
}

impl Stream {
    /// Where hashes of spellings start: no stream of forms does.
    const SPELLING: u64 = u64::MAX;

    fn start(self, key: &MatchKey) -> u64 {
        let number = match self {
            Self::Letters => 0,
            Self::Numbers => 1,
            Self::By(ear) => 2 + of_ear(ear),
        };
        key.next(u64::from(number), "assize-names")
    }
}

/// Ears as they are kept.
fn of_ear(ear: Ear) -> u8 {
    match ear {
        Ear::Semitic => 0,
        Ear::Slavic => 1,
    }
}

const EARS: [Ear; 2] = [Ear::Semitic, Ear::Slavic];

/// What is learnt before it is put in order: persons and anchor of each state.
#[derive(Default)]
struct Learnt {
    open: BTreeSet<u64>,
    known: BTreeMap<u64, (BTreeSet<u32>, u64)>,
    ears: BTreeSet<u8>,
}

impl Learnt {
    fn learn(&mut self, whose: u32, form: &Form, key: &MatchKey) {
        let digits = form.words.len() == 1 && form.words[0].bytes().all(|byte| byte.is_ascii_digit());
        let stream = match form.ear {
            Some(ear) => Stream::By(ear),
            None if digits => Stream::Numbers,
            None => Stream::Letters,
        };
        self.ears.extend(form.ear.map(of_ear));
        let mut state = stream.start(key);
        for (at, word) in form.words.iter().enumerate() {
            state = key.next(state, word);
            if at + 1 < form.words.len() {
                self.open.insert(state);
            }
        }
        let anchor = form.anchor.as_ref().map_or(0, |word| key.next(Stream::Letters.start(key), word));
        let known = self.known.entry(state).or_insert_with(|| (BTreeSet::new(), anchor));
        known.0.insert(whose);
        // One form that needs no anchor is enough.
        known.1 = if anchor == 0 { 0 } else { known.1 };
    }
}

impl Matcher {
    /// Everything that is known of these persons, under this key.
    #[must_use]
    pub fn of(persons: &[Person], key: &MatchKey) -> Self {
        let mut learnt = Learnt::default();
        for (number, person) in (0_u32..).zip(persons) {
            for form in person.forms() {
                learnt.learn(number, &form, key);
            }
        }
        let mut groups: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        let mut known = Vec::with_capacity(learnt.known.len());
        for (state, (whose, anchor)) in learnt.known {
            let next = groups.len() as u32;
            let group = *groups.entry(whose.into_iter().collect()).or_insert(next);
            known.push(Known { state, whose: group, anchor });
        }
        let mut listed: Vec<(u32, Vec<u32>)> = groups.into_iter().map(|(group, at)| (at, group)).collect();
        listed.sort_unstable();
        let groups = listed.into_iter().map(|(_, group)| group).collect();
        let persons = persons.iter().map(|person| person.pseudonym.clone()).collect();
        let open = learnt.open.into_iter().collect();
        Self::ordered(persons, groups, open, known, learnt.ears)
    }

    /// From lists that are in order.
    pub(crate) fn ordered(
        persons: Vec<String>,
        groups: Vec<Vec<u32>>,
        open: Vec<u64>,
        known: Vec<Known>,
        ears: BTreeSet<u8>,
    ) -> Self {
        let states = open.iter().copied().chain(known.iter().map(|known| known.state));
        let screen = Screen::of(states, open.len() + known.len());
        Self { persons, open, known, groups, screen, ears }
    }

    /// Forgets every form that is met in these texts: what is written there is shown anyway.
    #[must_use]
    pub fn without(mut self, texts: &[String], key: &MatchKey) -> Self {
        for text in texts {
            // A shorter form may stand behind a longer one.
            while let Some(state) = self.state_in(text, key) {
                self.known.retain(|known| known.state != state);
            }
        }
        self
    }

    /// The state of some form that is met in a text.
    fn state_in(&self, text: &str, key: &MatchKey) -> Option<u64> {
        let words = plain::words(text);
        let look = Look { key, ordinary: &BTreeSet::new() };
        let mut known = words.iter().enumerate().filter_map(|(at, (word, plain))| match word.kind {
            Kind::Digits => self.number(word, plain, key).map(|(_, known)| known),
            _ => self.longest(&words, at, &self.begin(plain, key), false, &look).map(|(_, known, _)| known),
        });
        known.next().map(|known| known.state)
    }

    /// What is known after a word with which a form may begin.
    fn begin(&self, plain: &str, key: &MatchKey) -> Begin {
        let state = key.next(Stream::Letters.start(key), plain);
        let mut begin =
            Begin { letters: self.screen.may_have(state).then(|| self.step(state)), ears: [false; 2] };
        for ear in self.heard_by() {
            let bones = skeleton(plain, ear);
            let may = || self.screen.may_have(key.next(Stream::By(ear).start(key), &bones));
            begin.ears[usize::from(of_ear(ear))] = !bones.is_empty() && may();
        }
        begin
    }

    /// What is known of a state.
    fn step(&self, state: u64) -> Step {
        let known = self.known.binary_search_by_key(&state, |known| known.state).ok();
        Step { state, known: known.map(|at| at as u32), open: self.open.binary_search(&state).is_ok() }
    }

    fn heard_by(&self) -> impl Iterator<Item = Ear> {
        EARS.into_iter().filter(|ear| self.ears.contains(&of_ear(*ear)))
    }

    fn known(&self, state: u64) -> Option<&Known> {
        self.known.binary_search_by_key(&state, |known| known.state).ok().map(|at| &self.known[at])
    }

    /// The pseudonym of a number in [`Found::whose`].
    #[must_use]
    pub fn pseudonym(&self, whose: u32) -> &str {
        self.persons.get(whose as usize).map_or("", String::as_str)
    }

    /// Number of persons.
    #[must_use]
    pub const fn persons(&self) -> usize {
        self.persons.len()
    }

    /// Number of forms.
    #[must_use]
    pub fn forms(&self) -> usize {
        self.known.len()
    }

    /// Every stretch of a text that holds a name, in order, none over another; forms that hang on one
    /// ordinary word are left out. What stands in several texts, as cells or strings of a text that is one for
    /// programs, is several names; `as_cells` says whether the text may be such a one.
    #[must_use]
    pub fn find(&self, text: &str, as_cells: bool, look: &Look<'_>, scratch: &mut Scratch) -> Vec<Found> {
        let Look { key, .. } = look;
        let mut found: Vec<Found> = Vec::new();
        let Scratch { words, begins } = scratch;
        words.fill(text);
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let plain = words.plain(word);
            let longest = match word.kind {
                Kind::Digits => self.number(word, plain, key).map(|(end, known)| (end, known, false)),
                _ => {
                    let begin = begins.of(plain, || self.begin(plain, key));
                    self.longest(words, at, &begin, as_cells, look)
                }
            };
            let Some((last, known, heard)) = longest else {
                at += 1;
                continue;
            };
            let span = word.span.start..last;
            let whose = self.groups.get(known.whose as usize).cloned().unwrap_or_default();
            let anchor = (known.anchor != 0).then_some(known.anchor);
            let weak = heard || anchor.is_some();
            found.push(Found { spelling: spelling(&text[span.clone()], key), span, whose, anchor, weak });
            at = words.after(last).max(at + 1);
        }
        found
    }

    /// The longest form that begins at a word of letters, where it ends, and whether it was known by its sound
    /// alone.
    fn longest(
        &self,
        words: &Words,
        at: usize,
        begin: &Begin,
        as_cells: bool,
        look: &Look<'_>,
    ) -> Option<(usize, &Known, bool)> {
        let course = Course { words, at, as_cells, ordinary: look.ordinary };
        let written = begin.letters.as_ref().and_then(|first| {
            let next = |state, plain: &str| Some(look.key.next(state, plain));
            self.walk(&course, first.clone(), &next)
        });
        let heard = self.heard_by().filter(|ear| begin.ears[usize::from(of_ear(*ear))]);
        let heard = heard.filter_map(|ear| self.hear(&course, ear, look.key));
        let written = written.map(|(end, known)| (end, known, false)).into_iter();
        let heard = heard.map(|(end, known)| (end, known, true));
        written.chain(heard).max_by_key(|(end, _, heard)| (*end, !heard))
    }

    /// The longest form by its sound.
    fn hear(&self, course: &Course<'_>, ear: Ear, key: &MatchKey) -> Option<(usize, &Known)> {
        let next = |state, plain: &str| match skeleton(plain, ear) {
            // Articles stand or do not.
            _ if particle(plain) => Some(state),
            bones if bones.is_empty() => None,
            bones => Some(key.next(state, &bones)),
        };
        let bones = skeleton(course.words.plain(course.words.get(course.at)?), ear);
        let first = self.step(key.next(Stream::By(ear).start(key), &bones));
        self.walk(course, first, &next)
    }

    fn number(&self, word: &Word, digits: &str, key: &MatchKey) -> Option<(usize, &Known)> {
        let from = digits.len().checked_sub(DIGITS).filter(|_| digits.len() <= DIGITS_MAX)?;
        let state = key.next(Stream::Numbers.start(key), &digits[from..]);
        let known = self.screen.may_have(state).then(|| self.known(state)).flatten();
        Some((word.span.end, known?))
    }

    /// The longest form whose first word is known already.
    fn walk(
        &self,
        course: &Course<'_>,
        first: Step,
        next_state: &dyn Fn(u64, &str) -> Option<u64>,
    ) -> Option<(usize, &Known)> {
        let (mut step, mut best, mut at) = (first, None, course.at);
        for _ in 0..WORDS_MAX {
            let end = course.words.get(at)?.span.end;
            let known = step.known.map(|at| &self.known[at as usize]);
            if let Some(known) = known.filter(|known| !course.ordinary.contains(&known.anchor)) {
                best = Some((end, known));
            }
            let Some(next) = course.after(at).filter(|_| step.open) else { break };
            at = next;
            match next_state(step.state, course.words.plain(course.words.get(at)?)) {
                // What says nothing ends nothing either.
                Some(state) if state == step.state => step.known = None,
                Some(state) if self.screen.may_have(state) => step = self.step(state),
                _ => break,
            }
        }
        best
    }
}

/// By what names are looked for.
pub struct Look<'l> {
    /// The key under which they were learnt.
    pub key: &'l MatchKey,
    /// Words on which nothing hangs.
    pub ordinary: &'l BTreeSet<u64>,
}

/// Words of a text, from one of them.
struct Course<'c> {
    words: &'c Words,
    at: usize,
    as_cells: bool,
    ordinary: &'c BTreeSet<u64>,
}

impl Course<'_> {
    /// The word behind a word, where they can be of one name: past what lies within it, as a run of letters
    /// stands before its parts.
    fn after(&self, at: usize) -> Option<usize> {
        let end = self.words.get(at)?.span.end;
        let within = |word: &Word| word.span.start < end;
        let next = (at + 1..).find(|next| !self.words.get(*next).is_some_and(within))?;
        let apart = self.words.get(next)?.apart;
        (apart < if self.as_cells { Apart::Cells } else { Apart::Texts }).then_some(next)
    }
}

/// What is kept from text to text while names are looked for; of one matcher and key.
#[derive(Default)]
pub struct Scratch {
    pub(crate) words: Words,
    begins: Begins,
}

impl Scratch {
    /// With memory of words: for who looks at many texts.
    #[must_use]
    pub fn remembering() -> Self {
        Self { words: Words::default(), begins: Begins { slots: vec![Slot::default(); WORDS_KEPT] } }
    }
}

/// Words that are remembered.
const WORDS_KEPT: usize = 1 << 12;

/// What is known after so many words of a form.
#[derive(Clone)]
struct Step {
    state: u64,
    /// Which form ends here.
    known: Option<u32>,
    /// Whether one goes on.
    open: bool,
}

/// What is known after a word with which forms may begin, and by whose ear one may.
#[derive(Clone, Default)]
struct Begin {
    letters: Option<Step>,
    ears: [bool; EARS.len()],
}

/// With which words nothing begins.
#[derive(Default)]
struct Begins {
    slots: Vec<Slot>,
}

/// A word of at most sixteen bytes, and the answer to it. The empty word is asked for nowhere.
#[derive(Clone, Default)]
struct Slot {
    word: u128,
    begin: Begin,
}

impl Begins {
    /// The answer, remembered or found now.
    fn of(&mut self, word: &str, find: impl FnOnce() -> Begin) -> Begin {
        let mut bytes = [0; 16];
        match bytes.get_mut(..word.len()) {
            Some(place) if !self.slots.is_empty() && !word.is_empty() => {
                place.copy_from_slice(word.as_bytes())
            }
            _ => return find(),
        }
        let word = u128::from_le_bytes(bytes);
        let mixed = (word as u64 ^ (word >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &mut self.slots[(mixed >> 40) as usize % WORDS_KEPT];
        if slot.word != word {
            *slot = Slot { word, begin: find() };
        }
        slot.begin.clone()
    }
}

/// Keyed hash of how a stretch is spelled.
pub(crate) fn spelling(stretch: &str, key: &MatchKey) -> u64 {
    let plain: String = stretch.nfc().flat_map(char::to_lowercase).collect();
    key.next(Stream::SPELLING, &plain)
}

/// A table of numbers that answers *no* in one look.
#[derive(Default)]
struct Screen {
    slots: Vec<u64>,
}

impl Screen {
    /// Sixteen bits of the table for each number: one word in about five hundred passes by chance.
    fn of(numbers: impl Iterator<Item = u64>, count: usize) -> Self {
        let mut screen = Self { slots: vec![0; (count / 4).next_power_of_two().max(64)] };
        for number in numbers {
            let (slot, bits) = screen.place(number);
            screen.slots[slot] |= bits;
        }
        screen
    }

    /// Three bits of one word of the table.
    fn place(&self, number: u64) -> (usize, u64) {
        let slot = (number as usize) % self.slots.len().max(1);
        (slot, 1 << (number >> 58) | 1 << (number >> 52 & 63) | 1 << (number >> 46 & 63))
    }

    fn may_have(&self, number: u64) -> bool {
        let (slot, bits) = self.place(number);
        self.slots.get(slot).is_some_and(|word| word & bits == bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assize_model::Protected;

    fn key() -> MatchKey {
        MatchKey::new([7; 16])
    }

    fn person(pseudonym: &str, names: &[&str]) -> Person {
        let protected =
            |texts: &[&str]| texts.iter().map(|text| Protected::new((*text).to_owned())).collect();
        Person {
            kind: crate::PersonKind::Individual,
            pseudonym: pseudonym.into(),
            names: protected(names),
            mails: protected(&["petr.sokolnikov@post.example"]),
            numbers: protected(&["+49 170 1234567"]),
            texts: Vec::new(),
        }
    }

    fn found(text: &str) -> Vec<&str> {
        let persons = [person("P-0353", &["Пётр Сергеевич Сокольников", "Peter Falkner"])];
        let matcher = Matcher::of(&persons, &key());
        let look = Look { key: &key(), ordinary: &BTreeSet::new() };
        let found = matcher.find(text, false, &look, &mut Scratch::default());
        found.into_iter().map(|found| &text[found.span]).collect()
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        for (text, wanted) in [
            (r"\\FS01\Witness\Sokolnikov_Petr.docx", "Sokolnikov_Petr"),
            ("Interview with PetrSokolnikov today", "PetrSokolnikov"),
            ("p.sokolnikov@court.example", "p.sokolnikov"),
            ("СОКОЛЬНИКОВ П. С.", "СОКОЛЬНИКОВ П"),
            ("передать Петру Сокольникову", "Петру Сокольникову"),
            ("Herr Sokolnikow, Pjotr", "Sokolnikow, Pjotr"),
            ("psokolnikov", "psokolnikov"),
            ("Falkner", "Falkner"),
            ("tel 0170/123 45 67 at home", "0170/123 45 67"),
        ] {
            assert_eq!(found(text).first(), Some(&wanted), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn other_words_are_left() {
        for text in ["Peterson went to the falconer's", "number 17012345", "Sokolniki", ""] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn without_the_key_nothing_is_known() {
        let matcher = Matcher::of(&[person("P", &["Peter Falkner"])], &key());
        let look = Look { key: &MatchKey::new([8; 16]), ordinary: &BTreeSet::new() };
        assert!(matcher.find("Peter Falkner", false, &look, &mut Scratch::default()).is_empty());
    }
}
