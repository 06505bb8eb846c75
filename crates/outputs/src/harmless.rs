//! How is hostile text made harmless, in each medium?
//!
//! Evidence is written by the intruder too. A host name may hold a terminal's escape sequence, a
//! command line may begin with `=`, a file name may turn its own letters round. This is the one
//! place that knows which characters deceive and what each medium does about them:
//!
//! | medium | danger | what is done |
//! |---|---|---|
//! | terminal | control and bidirectional characters | shown as `\u{1b}`; a line break as `⏎` |
//! | HTML | markup, bidirectional text | escaped by maud, isolated in `<bdi>`, deceivers shown |
//! | CSV | formulas, and all that harms a terminal | a leading apostrophe; deceivers shown |
//! | JSON | bidirectional characters on a terminal | `\u202e`: parses back to the same text |
//!
//! Only JSON carries every text unchanged. The others show a deceiver by its number, and a text
//! that already holds `\u{1b}` in so many letters looks the same there: backslashes are left alone,
//! because evidence from Windows is full of them. What cannot be seen here: letters that resemble
//! others.

use std::borrow::Cow;
use std::io;

use maud::{Markup, PreEscaped, html};
use serde::Serialize;
use unicode_width::UnicodeWidthChar;

/// Marks that may stand on one letter before the rest are shown by number: more of them climb over
/// the neighbouring lines.
const MARKS_MAX: usize = 4;

/// Characters of an attribute.
const ATTRIBUTE_CHARACTERS_MAX: usize = 80;

/// Characters that a reader cannot see or that move what he sees.
fn deceives(character: char) -> bool {
    matches!(character,
        '\u{00}'..='\u{1f}' | '\u{7f}'..='\u{9f}'           // C0, DEL, C1
        | '\u{ad}' | '\u{34f}' | '\u{61c}'                  // soft hyphen, joiner, Arabic letter mark
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' // Khmer and Mongolian invisibles
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' // zero width, separators, embeddings
        | '\u{2060}'..='\u{206f}' | '\u{2800}'              // joiners, isolates, blank braille
        | '\u{fe00}'..='\u{fe0d}' | '\u{feff}'              // variation selectors, byte order mark
        | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'                         // tags, more variation selectors
    )
}

/// A piece of a text: as it stands, or a character that must be shown by its number.
enum Piece<'a> {
    Plain(&'a str),
    Deceiver(char),
}

/// Cuts a text where something in it deceives.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    let mut marks = 0;
    std::iter::from_fn(move || {
        let mut end = 0;
        for character in rest.chars() {
            let mark = !character.is_ascii() && character.width() == Some(0);
            let tower = if mark { marks + 1 } else { 0 };
            if deceives(character) || tower > MARKS_MAX {
                if end > 0 {
                    break;
                }
                rest = &rest[character.len_utf8()..];
                return Some(Piece::Deceiver(character));
            }
            marks = tower;
            end += character.len_utf8();
        }
        let (plain, after) = rest.split_at(end);
        rest = after;
        (end > 0).then_some(Piece::Plain(plain))
    })
}

/// Text for one line of a terminal: nothing in it moves the cursor, changes colour or direction.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    shown(text, |character| match character {
        '\n' => "⏎".into(),
        '\t' => " ".into(),
        other => format!("\\u{{{:x}}}", other as u32),
    })
}

/// Whether a text is printable ASCII, as nearly every one is: then nothing in it deceives.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn shown(text: &str, show: impl Fn(char) -> String) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut made = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Plain(plain) if plain.len() == text.len() => return Cow::Borrowed(text),
            Piece::Plain(plain) => made.push_str(plain),
            Piece::Deceiver(character) => made.push_str(&show(character)),
        }
    }
    Cow::Owned(made)
}

/// Text for a cell of CSV: no spreadsheet takes it for a formula, no terminal obeys it.
///
/// The apostrophe is what spreadsheets themselves put before a text that is no formula. Full-width
/// `＝＋－＠` count too: Japanese settings read them as formulas.
#[must_use]
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text = terminal(text);
    if formula { Cow::Owned(format!("'{text}")) } else { text }
}

/// Text for HTML, on one line: escaped, isolated from the direction of what surrounds it, with
/// deceivers shown.
#[must_use]
pub fn html(text: &str) -> Markup {
    html! { bdi { (inline(text, false)) } }
}

/// Text for a `<pre>`: like [`html()`], but line breaks and tabulators stand.
#[must_use]
pub fn html_lines(text: &str) -> Markup {
    let text = text.replace("\r\n", "\n");
    html! { bdi { (inline(&text, true)) } }
}

fn inline(text: &str, lines: bool) -> Markup {
    html! {
        @for piece in pieces(text) {
            @match piece {
                Piece::Plain(plain) => (plain),
                Piece::Deceiver('\n') if lines => (PreEscaped("\n")),
                Piece::Deceiver('\t') if lines => (PreEscaped("\t")),
                Piece::Deceiver('\n') => span.ctl title="line break" { "⏎" },
                Piece::Deceiver('\t') => " ",
                Piece::Deceiver(character) => span.ctl title="character shown by its number" {
                    "\\u{" (format!("{:x}", character as u32)) "}"
                },
            }
        }
    }
}

/// Text for a `<title>` or an attribute, where no element can isolate it and nobody reads a long
/// one: deceivers shown, the beginning only; maud does the escaping.
#[must_use]
pub fn attribute(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(ATTRIBUTE_CHARACTERS_MAX) {
        None => terminal(text),
        Some((end, _)) => Cow::Owned(terminal(&text[..end]).into_owned() + "…"),
    }
}

/// A string literal of CSS, with its quotes. Everything but letters and digits of ASCII is written
/// by number, so that nothing can end the string, the rule or the `<style>` element.
#[must_use]
pub fn css_string(text: &str) -> String {
    let mut made = String::from("\"");
    for character in terminal(text).chars() {
        if character.is_ascii_alphanumeric() {
            made.push(character);
        } else {
            made.push_str(&format!("\\{:x} ", character as u32));
        }
    }
    made.push('"');
    made
}

/// Writes a value as one line of JSON, without the line break. Every character that could harm a
/// terminal is written as `\uXXXX`, which parses back to the same text.
///
/// # Errors
/// Where the stream fails or the value refuses to be serialised.
pub fn json(value: &(impl Serialize + ?Sized), out: &mut dyn io::Write) -> io::Result<()> {
    let mut line = Vec::new();
    value
        .serialize(&mut serde_json::Serializer::with_formatter(&mut line, Ascii))
        .map_err(io::Error::from)?;
    // In one piece: whoever is written to need not look at each comma.
    out.write_all(&line)
}

/// serde_json escapes what JSON demands (`"`, `\`, C0); this adds what a terminal needs.
struct Ascii;

impl serde_json::ser::Formatter for Ascii {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        if is_plain(fragment) {
            return writer.write_all(fragment.as_bytes());
        }
        for piece in pieces(fragment) {
            match piece {
                Piece::Plain(plain) => writer.write_all(plain.as_bytes())?,
                Piece::Deceiver(character) => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts in which what is dangerous is common.
    fn hostile() -> impl Strategy<Value = String> {
        let danger = prop::sample::select(vec![
            "<script>",
            "</style>",
            "\u{1b}[2J",
            "\u{202e}",
            "\u{2066}",
            "\u{200b}",
            "\u{feff}",
            "\r\n",
            "\n",
            "\t",
            "=1+1",
            "@x",
            "\"",
            "'",
            "\\",
            "\u{2028}",
            "\u{9b}",
            "\u{e0041}",
            "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
            "&amp;",
            "]]>",
            "\u{7f}",
            "\0",
            "é",
            "日本",
            "👩‍🚀",
        ]);
        prop::collection::vec(prop_oneof![danger.prop_map(str::to_owned), any::<String>()], 0..6)
            .prop_map(|parts| parts.concat())
    }

    fn obeyed_by_terminal(text: &str) -> bool {
        text.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || deceives(c))
    }

    proptest! {
        #[test]
        fn a_terminal_obeys_nothing(text in hostile()) {
            prop_assert!(!obeyed_by_terminal(&terminal(&text)));
            prop_assert!(!obeyed_by_terminal(&csv_cell(&text)));
            prop_assert!(!csv_cell(&text).starts_with(['=', '+', '-', '@', '\t', '\r']));
        }

        #[test]
        fn json_parses_back_and_a_terminal_obeys_nothing(text in hostile()) {
            let mut line = Vec::new();
            json(&text, &mut line).unwrap();
            prop_assert_eq!(serde_json::from_slice::<String>(&line).unwrap(), text);
            prop_assert!(!obeyed_by_terminal(std::str::from_utf8(&line).unwrap()));
        }

        #[test]
        fn html_holds_no_markup_but_ours(text in hostile()) {
            for made in [html(&text), html_lines(&text)] {
                let made = made.into_string();
                let ours = made.replace("<bdi>", "").replace("</bdi>", "").replace("</span>", "")
                    .replace("<span class=\"ctl\" title=\"line break\">", "")
                    .replace("<span class=\"ctl\" title=\"character shown by its number\">", "");
                prop_assert!(!ours.contains('<'), "{made}");
                prop_assert!(!obeyed_by_terminal(&made.replace(['\n', '\t'], "")), "{made}");
            }
        }

        #[test]
        fn css_strings_stay_strings(text in hostile()) {
            let made = css_string(&text);
            let inner = &made[1..made.len() - 1];
            prop_assert!(inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '\\' || c == ' '));
        }

        #[test]
        fn plain_text_is_untouched(text in "[ -~äöüßéж漢]*") {
            prop_assert_eq!(terminal(&text), text.as_str());
        }
    }

    #[test]
    fn what_each_medium_makes_of_it() {
        assert_eq!(terminal("a\u{1b}[31m\nb"), "a\\u{1b}[31m⏎b");
        assert_eq!(csv_cell("=cmd|'/c calc'!A1"), "'=cmd|'/c calc'!A1");
        assert_eq!(csv_cell("\tx"), "' x");
        assert_eq!(
            html("<b>\u{202e}").into_string(),
            "<bdi>&lt;b&gt;<span class=\"ctl\" title=\"character shown by its number\">\\u{202e}</span></bdi>"
        );
        assert_eq!(html_lines("a\r\nb").into_string(), "<bdi>a\nb</bdi>");
        assert_eq!(css_string("a</style>"), "\"a\\3c \\2f style\\3e \"");
    }

    #[test]
    fn marks_do_not_climb() {
        let tower = format!("e{}", "\u{301}".repeat(9));
        let made = terminal(&tower);
        assert_eq!(made.matches('\u{301}').count(), MARKS_MAX);
        assert_eq!(made.matches("\\u{301}").count(), 9 - MARKS_MAX);
        assert_eq!(terminal("e\u{301}\u{328}"), "e\u{301}\u{328}");
    }
}
