//! Which literals must a text hold for a regular expression to be found in it?
//!
//! An automaton looks for all literals of all rules at once; an expression is only run where one of
//! its own was found. The analysis walks the parsed expression and may give up at any point: then
//! the expression is run on every value. Literals are in lower case, as the texts are in which
//! they are sought; a class of characters counts as one where all of it has one lower case
//! (`[Kk]`, the Kelvin sign included), so that `i` costs nothing.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// Texts that one expression may have to be any of.
const TEXTS_MAX: usize = 32;
/// Shorter literals are found everywhere and screen nothing.
const BYTES_MIN: usize = 2;
const BYTES_MAX: usize = 64;
/// Expressions nested deeper are left alone.
const DEPTH_MAX: usize = 100;

/// Literals of which at least one stands, in lower case, in every text in which the expression is
/// found; `None` where there are no such.
pub(crate) fn required(expression: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::Parser::new().parse(expression).ok()?;
    best(&about(&hir, DEPTH_MAX))
}

/// What is known about the texts that a part of an expression takes.
#[derive(Default)]
struct About {
    /// All of them, in lower case.
    whole: Option<Vec<String>>,
    /// One of these stands in each.
    inside: Option<Vec<String>>,
}

impl About {
    fn whole(texts: Vec<String>) -> Self {
        Self { whole: Some(texts), inside: None }
    }
}

fn best(about: &About) -> Option<Vec<String>> {
    let of_whole = about.whole.as_ref().filter(|texts| is_useful(texts));
    better(of_whole.cloned(), about.inside.clone())
}

fn is_useful(texts: &[String]) -> bool {
    !texts.is_empty() && texts.iter().all(|text| text.len() >= BYTES_MIN)
}

/// Of two lists the one whose shortest text is longer.
fn better(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    let shortest = |texts: &Option<Vec<String>>| texts.as_ref()?.iter().map(String::len).min();
    if shortest(&other) > shortest(&one) { other } else { one }
}

fn about(hir: &Hir, depth: usize) -> About {
    if depth == 0 {
        return About::default();
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => About::whole(vec![String::new()]),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => About::whole(vec![lower(text)]),
            Err(_) => About::default(),
        },
        HirKind::Class(class) => About { whole: chars(class), inside: None },
        HirKind::Capture(capture) => about(&capture.sub, depth - 1),
        HirKind::Repetition(repetition) => repeated(repetition, depth),
        HirKind::Concat(parts) => one_after_another(parts, depth),
        HirKind::Alternation(parts) => alternatives(parts, depth),
    }
}

fn lower(text: &str) -> String {
    let mut buffer = String::new();
    super::probe::lower(text, &mut buffer);
    buffer
}

/// The characters of a small class, each once in lower case.
fn chars(class: &Class) -> Option<Vec<String>> {
    let Class::Unicode(class) = class else { return None };
    let mut texts = Vec::new();
    for range in class.ranges() {
        if range.len() > 8 {
            return None;
        }
        texts.extend((range.start()..=range.end()).map(|char| lower(&char.to_string())));
    }
    texts.sort();
    texts.dedup();
    (!texts.is_empty() && texts.len() <= 4).then_some(texts)
}

fn repeated(repetition: &Repetition, depth: usize) -> About {
    let sub = about(&repetition.sub, depth - 1);
    match (repetition.min, repetition.max) {
        (1, Some(1)) => sub,
        (0, Some(1)) => {
            About { whole: sub.whole.map(|texts| [texts, vec![String::new()]].concat()), inside: None }
        }
        (0, _) => About::default(),
        _ => About { inside: best(&sub), whole: None },
    }
}

fn one_after_another(parts: &[Hir], depth: usize) -> About {
    let mut run = vec![String::new()];
    let mut is_whole = true;
    let mut inside = None;
    for part in parts {
        let part = about(part, depth - 1);
        let longer = part.whole.as_ref().and_then(|texts| product(&run, texts));
        if let Some(longer) = longer {
            run = longer;
            continue;
        }
        is_whole = false;
        inside = better(inside, Some(run).filter(|run| is_useful(run)));
        inside = better(inside, best(&part));
        // What follows may still go on from the part's own texts.
        run = part.whole.filter(|texts| texts.len() <= 4).unwrap_or_else(|| vec![String::new()]);
    }
    if is_whole {
        return About::whole(run);
    }
    About { inside: better(inside, Some(run).filter(|run| is_useful(run))), whole: None }
}

fn product(heads: &[String], tails: &[String]) -> Option<Vec<String>> {
    let is_small = heads.len() * tails.len() <= TEXTS_MAX;
    let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or_default();
    if !is_small || longest(heads) + longest(tails) > BYTES_MAX {
        return None;
    }
    Some(heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))).collect())
}

fn alternatives(parts: &[Hir], depth: usize) -> About {
    let parts: Vec<About> = parts.iter().map(|part| about(part, depth - 1)).collect();
    let whole: Option<Vec<Vec<String>>> = parts.iter().map(|part| part.whole.clone()).collect();
    let inside: Option<Vec<Vec<String>>> = parts.iter().map(best).collect();
    let few = |lists: Vec<Vec<String>>| Some(lists.concat()).filter(|texts| texts.len() <= TEXTS_MAX);
    About { whole: whole.and_then(few), inside: inside.and_then(few) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(expression: &str) -> Vec<String> {
        required(expression).unwrap_or_default()
    }

    #[test]
    fn literals_are_taken_from_where_they_must_stand() {
        assert_eq!(found(r"\\[a-z]+\.Exe$"), [".exe"]);
        assert_eq!(found("(?i)kernel32"), ["kernel32"]);
        // The long s is an s to `i`, and no lower case of it.
        assert_eq!(found("(?i)is"), ["is", "iſ"]);
        assert_eq!(found("(one|two[0-9]+)x*"), ["one", "two"]);
        assert_eq!(found("a.*longest.*b"), ["longest"]);
        assert_eq!(found("colou?r"), ["colour", "color"]);
        for expression in ["a*", ".", "x|", "[a-z]{3}", "(?:ab)?", "^$"] {
            assert_eq!(required(expression), None, "{expression}");
        }
    }

    proptest! {
        #[test]
        fn what_is_required_stands_in_every_text_that_is_found(
            expression in r"(\(\?i\))?([aAkKſsS]|\.|b\*|[(]ab[|]cd[)]|\[xyY\]|e\?|f\+|\$|[(]g{2}h[)]\{2,3\}){1,8}",
            text in "[aAkKſsSKbcdexyYfgh]{0,30}",
        ) {
            let Ok(regex) = regex::Regex::new(&expression) else { return Ok(()) };
            let lower = lower(&text);
            if let Some(required) = required(&expression) && regex.is_match(&text) {
                prop_assert!(required.iter().any(|one| lower.contains(one.as_str())), "{} {} {:?}", expression, text, required);
            }
        }
    }
}
