//! What does a rule's regular expression mean to our engine?
//!
//! Sigma's flavour is a subset of PCRE, found anywhere in the value, case-sensitive (modifiers
//! appendix 2.1, "Regular Expression"). Ours is the `regex` crate's: linear in the text whatever
//! the pattern, hence without look-around and back-references; a pattern that needs them makes
//! its rule not run. Where the two read the same characters differently, they are rewritten.

use regex::RegexBuilder;

/// Bytes that one compiled expression may take: the crate's own default. SigmaHQ's largest
/// (`\w{1,64}`, with all letters of Unicode) takes more than two million.
const COMPILED_BYTES_MAX: usize = 10 << 20;

/// The sub-modifiers of `re`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    /// `i`: case does not matter.
    pub ignore_case: bool,
    /// `m`: `^` and `$` also stand at line ends.
    pub multi_line: bool,
    /// `s`: the dot takes line ends too.
    pub dot_all: bool,
}

impl Flags {
    /// The flags as the expression itself can say them, so that its text alone is what it means.
    fn inline(self) -> String {
        let letters = [(self.ignore_case, 'i'), (self.multi_line, 'm'), (self.dot_all, 's')];
        let set: String = letters.iter().filter(|(is_set, _)| *is_set).map(|(_, letter)| *letter).collect();
        if set.is_empty() { set } else { format!("(?{set})") }
    }
}

/// Makes an expression ready, or says which construct cannot be taken.
pub(crate) fn compile(pattern: &str, flags: Flags) -> Result<regex::Regex, String> {
    RegexBuilder::new(&(flags.inline() + &rewrite(pattern, flags.multi_line)))
        .size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|error| reason(&error))
}

/// The last line of the crate's message, which names the construct; the lines above it draw.
fn reason(error: &regex::Error) -> String {
    let message = error.to_string();
    let last = message.lines().last().unwrap_or_default();
    format!("regex construct: {}", last.strip_prefix("error: ").unwrap_or(last))
}

/// Writes for our engine what PCRE reads:
/// - `\<` and `\>` are the characters there, word boundaries here;
/// - `$` and `\Z` also stand before a last line end there (unless `m`);
/// - `{` is itself there unless it begins a count; `[`, `&&`, `--`, `~~` in a class are set
///   operations here only; `\h` is a blank or tab there, nothing here.
fn rewrite(pattern: &str, multi_line: bool) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let end = if multi_line || has_inline_multi_line(pattern) { "$" } else { r"(?:\n?\z)" };
    let (mut out, mut class, mut at) = (String::new(), Class::Outside, 0);
    while let Some(&char) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match (char, class) {
            ('\\', _) => {
                escape(next, class, end, &mut out);
                class = if class == Class::Start { Class::Inside } else { class };
                at += 1;
            }
            ('[', Class::Outside) => {
                out.push('[');
                class = Class::Start;
                if next == Some('^') {
                    out.push('^');
                    at += 1;
                }
            }
            ('$', Class::Outside) => out.push_str(end),
            ('{', Class::Outside) if !is_count(&chars[at..]) => out.push_str("\\{"),
            (_, Class::Outside) => out.push(char),
            _ => class = in_class(char, next, chars[at - 1], class, &mut out),
        }
        at += 1;
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Outside,
    /// Right after `[` or `[^`, where a `]` is itself.
    Start,
    Inside,
    /// Within `[:alpha:]`.
    Named,
}

fn in_class(char: char, next: Option<char>, before: char, class: Class, out: &mut String) -> Class {
    let is_operation = char == before && "&-~".contains(char) && class == Class::Inside;
    match (char, class) {
        ('[', Class::Start | Class::Inside) if next == Some(':') => {
            out.push('[');
            return Class::Named;
        }
        ('[', _) => out.push_str("\\["),
        (']', Class::Start) => out.push_str("\\]"),
        (']', Class::Named) => out.push(']'),
        (']', _) => {
            out.push(']');
            return Class::Outside;
        }
        (char, _) if is_operation => out.extend(['\\', char]),
        (char, Class::Named) => {
            out.push(char);
            return Class::Named;
        }
        (char, _) => out.push(char),
    }
    Class::Inside
}

fn escape(next: Option<char>, class: Class, end: &str, out: &mut String) {
    match (next, class) {
        (Some(char @ ('<' | '>')), _) => out.push(char),
        (Some('Z'), Class::Outside) => out.push_str(end),
        (Some('h'), Class::Outside) => out.push_str(r"[ \t]"),
        (Some('h'), _) => out.push_str(r" \t"),
        (Some(char), _) => out.extend(['\\', char]),
        (None, _) => out.push('\\'),
    }
}

/// Whether the text begins with `{n}`, `{n,}` or `{n,m}`.
fn is_count(chars: &[char]) -> bool {
    let Some(close) = chars.iter().position(|char| *char == '}') else { return false };
    let inside = &chars[1..close];
    let starts = inside.first().is_some_and(char::is_ascii_digit);
    let commas = inside.iter().filter(|char| **char == ',').count();
    starts && commas <= 1 && inside.iter().all(|char| char.is_ascii_digit() || *char == ',')
}

/// Whether a group such as `(?m)` or `(?im:` switches the meaning of `$` on the way.
fn has_inline_multi_line(pattern: &str) -> bool {
    pattern.split("(?").skip(1).any(|rest| {
        let letters = rest.split(|char: char| !char.is_ascii_lowercase()).next();
        letters.is_some_and(|letters| letters.contains('m'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> Option<bool> {
        compile(pattern, Flags::default()).ok().map(|regex| regex.is_match(text))
    }

    #[test]
    fn pcre_reads_these_otherwise_than_the_crate() {
        assert_eq!(found(r"\<b\>", "a<b>"), Some(true));
        assert_eq!(found(r"\<b\>", "a b c"), Some(false));
        assert_eq!(found("b$", "b\n"), Some(true));
        assert_eq!(found("b$", "b\nc"), Some(false));
        assert_eq!(found(r"\{a{b", "{a{b"), Some(true));
        assert_eq!(found("a{2,3}b{1}", "aab"), Some(true));
        assert_eq!(found("[[a]b]", "[b]"), Some(true));
        assert_eq!(found("[[:digit:]-]+x", "1-x"), Some(true));
        assert_eq!(found("[]a]", "]"), Some(true));
        assert_eq!(found("[^]a]", "]"), Some(false));
        assert_eq!(found(r"\\[^\\]{1,3}$", r"\ab"), Some(true));
        assert_eq!(found("[a&&b]", "&"), Some(true));
        assert_eq!(found("[+--]", ","), Some(true));
        assert_eq!(found(r"a\hb", "a\tb"), Some(true));
        assert_eq!(found("(?m)a$", "a\nb"), Some(true));
    }

    #[test]
    fn what_cannot_be_linear_is_named() {
        let refused = |pattern| compile(pattern, Flags::default()).err().unwrap_or_default();
        assert!(refused("(?!a)").contains("look-around"));
        assert!(refused(r"(a)\1").contains("backreferences"));
        assert!(refused("(?:a{1000}){1000}").contains("size limit"));
        assert!(refused("a\\").starts_with("regex construct: "));
    }
}
