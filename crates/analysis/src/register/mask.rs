//! Where does a name stand in a title or a path, and what stands there instead?
//!
//! Full names and their other spellings wherever they occur; single words of a name only in records
//! of that very person, where a surname alone is the rule. What is found becomes `⟦pseudonym⟧`. The
//! variants that evidence may hold (initials, transliterations) are not this file's business:
//! it masks what the register itself writes.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};
use assize_model::register::Place;
use serde_json::Value;

use super::Digest;
use super::rows::Identity;
use crate::places;

/// Characters that a single word of a name must have: shorter ones are words of other things.
const WORD_MIN: usize = 3;

/// Finds names.
pub(super) struct Mask<'a> {
    whole: Option<AhoCorasick>,
    /// Whose each pattern of `whole` is.
    of_pattern: Vec<String>,
    /// Names of each subject, in lower case.
    words: BTreeMap<String, Vec<String>>,
    digest: Digest<'a>,
}

impl<'a> Mask<'a> {
    pub(super) fn new(identities: &BTreeMap<(&'static str, String), Identity>, digest: Digest<'a>) -> Self {
        let (mut patterns, mut of_pattern, mut words) = (Vec::new(), Vec::new(), BTreeMap::new());
        for ((kind, key), identity) in identities {
            // Names of staff stand in account names and paths that an inquiry must read.
            if *kind != "subject" {
                continue;
            }
            let names = names(identity);
            for name in names.iter().filter(|name| name.contains(' ') || name.chars().count() > 5) {
                patterns.push(name.clone());
                of_pattern.push(key.clone());
            }
            let parts = names.iter().flat_map(|name| name.split([' ', ',', '-']));
            let mut parts: Vec<String> =
                parts.filter(|part| part.chars().count() >= WORD_MIN).map(str::to_owned).collect();
            parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
            words.insert(key.clone(), parts);
        }
        let whole = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns).ok();
        Self { whole: whole.filter(|_| !patterns.is_empty()), of_pattern, words, digest }
    }

    /// The text with names masked; `of` are the subjects whose record it is.
    pub(super) fn text(&self, text: &str, of: &[String]) -> String {
        let mut spans = self.found(text, of);
        spans.sort();
        let mut masked = String::new();
        let mut at = 0;
        for (from, to, whose) in spans {
            if from >= at {
                masked.push_str(&text[at..from]);
                masked.push('⟦');
                masked.push_str(whose);
                masked.push('⟧');
            }
            at = at.max(to);
        }
        masked.push_str(&text[at..]);
        // Two words of one name stand as one.
        of.iter().fold(masked, |text, key| text.replace(&format!("⟦{key}⟧ ⟦{key}⟧"), &format!("⟦{key}⟧")))
    }

    /// The place, with a digest of its plain form where a name was masked.
    pub(super) fn place(&self, text: &str, of: &[String]) -> Place {
        let masked = self.text(text, of);
        let digest = (masked != text).then(|| (self.digest)(&places::form(text, None)));
        Place { text: masked, digest }
    }

    /// Where names stand, as (from, to, whose).
    fn found<'b>(&'b self, text: &str, of: &'b [String]) -> Vec<(usize, usize, &'b str)> {
        let (lower, places) = lowered(text);
        let mut spans = Vec::new();
        let mut span = |from: usize, to: usize, whose: &'b str| {
            if is_word(&lower, from, to) {
                spans.push((places[from], places[to], whose));
            }
        };
        if let Some(whole) = &self.whole {
            for found in whole.find_iter(&lower) {
                span(found.start(), found.end(), &self.of_pattern[found.pattern().as_usize()]);
            }
        }
        for key in of {
            for word in self.words.get(key).into_iter().flatten() {
                lower.match_indices(word.as_str()).for_each(|(at, word)| span(at, at + word.len(), key));
            }
        }
        spans
    }
}

/// Whether no letter stands on either side.
fn is_word(text: &str, from: usize, to: usize) -> bool {
    let before = text[..from].chars().next_back();
    let after = text[to..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphabetic)
}

/// The text in lower case, and for each of its bytes where in the original it came from.
fn lowered(text: &str) -> (String, Vec<usize>) {
    let mut lower = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len() + 1);
    for (at, c) in text.char_indices() {
        for small in c.to_lowercase() {
            lower.push(small);
            places.resize(lower.len(), at);
        }
    }
    places.push(text.len());
    (lower, places)
}

/// Everything that somebody is called, in lower case, the longest first.
fn names(identity: &Identity) -> Vec<String> {
    let told = &identity.0;
    let text = |key: &str| told.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut names: Vec<String> =
        ["name", "full_name", "alias", "given_name", "family_name", "surname", "first_name"]
            .iter()
            .filter_map(|key| text(key))
            .collect();
    if let (Some(given), Some(family)) = (text("given_name"), text("family_name")) {
        names.push(format!("{given} {family}"));
    }
    match told.get("aliases") {
        Some(Value::Array(aliases)) => {
            names.extend(aliases.iter().filter_map(Value::as_str).map(str::to_owned))
        }
        Some(Value::String(aliases)) => names.extend(aliases.split(';').map(|alias| alias.trim().to_owned())),
        _ => {}
    }
    let mut names: Vec<String> = names.iter().map(|name| name.trim().to_lowercase()).collect();
    names.retain(|name| name.chars().count() >= WORD_MIN);
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.dedup();
    names
}
