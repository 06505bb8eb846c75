//! Which documents does a rule file hold, and on which line does each begin?
//!
//! rsigma-parser has a reader for whole files, but it stops at the first broken document, tells
//! errors without saying which document they belong to, takes a field name that is no text for a
//! keyword and a map in a value's place for the text of its debug form. So the file is cut here,
//! at the marks that YAML 1.2.2 §9.1.2 reserves everywhere (a line that starts with `---` or
//! `...`), and every piece is read on its own: a broken one costs itself only.
//!
//! Collections (`action: global | reset | repeat`) are resolved here too.

use yaml_serde::{Mapping, Value};

/// Bytes beyond which a file is not read: rules are a few kilobytes.
const FILE_BYTES_MAX: usize = 4 << 20;
/// Documents that may be made by copying a template, per file: copies multiply a hostile size.
const COPIES_MAX: usize = 256;

/// A document that says or should say a rule.
pub(crate) struct Document<'a> {
    /// Its number in the file, from 1.
    pub number: usize,
    /// Line of the file on which its text begins, from 1.
    pub line: usize,
    /// Its text.
    pub text: &'a str,
    /// Its content with templates applied, or why there is none.
    pub content: Result<Mapping, Broken>,
}

/// Why a document could not be read.
pub(crate) struct Broken {
    /// Line of the file.
    pub line: usize,
    /// In words.
    pub reason: String,
}

/// Every document of a file, in order. Never empty: a file without any gives a broken one.
pub(crate) fn documents(file: &str) -> Vec<Document<'_>> {
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    if file.len() > FILE_BYTES_MAX {
        return vec![broken(file, 1, format!("file is larger than {FILE_BYTES_MAX} bytes"))];
    }
    let mut collection = Collection { repeats: file.contains("repeat"), ..Collection::default() };
    for (line, text) in pieces(file) {
        collection.take(line, text);
    }
    let mut documents = collection.finish();
    if documents.is_empty() {
        documents.push(broken(file, 1, "file holds no document".into()));
    }
    documents
}

fn broken(text: &str, line: usize, reason: String) -> Document<'_> {
    Document { number: 1, line, text, content: Err(Broken { line, reason }) }
}

/// Cuts a file at its document marks; pieces of only blanks, comments and marks are left out.
fn pieces(file: &str) -> Vec<(usize, &str)> {
    let mut pieces = Vec::new();
    let (mut start, mut first_line, mut offset) = (0, 1, 0);
    let mut has_content = false;
    for (index, line) in file.split_inclusive('\n').enumerate() {
        let begins = is_mark(line, "---");
        if (begins || is_mark(line, "...")) && has_content {
            pieces.push((first_line, &file[start..offset]));
            (start, first_line, has_content) = (offset, index + 1, false);
        }
        offset += line.len();
        if is_mark(line, "...") {
            (start, first_line) = (offset, index + 2);
        } else {
            let rest = if begins { &line[3..] } else { line };
            has_content |= !is_blank(rest);
        }
    }
    if has_content {
        pieces.push((first_line, &file[start..]));
    }
    pieces
}

fn is_mark(line: &str, mark: &str) -> bool {
    line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Whether a line outside of any value says nothing: blank, a comment, or a directive (`%YAML`).
fn is_blank(line: &str) -> bool {
    let text = line.trim_start();
    text.is_empty() || text.starts_with('#') || line.starts_with('%')
}

/// What earlier documents of a file mean for later ones.
#[derive(Default)]
struct Collection<'a> {
    documents: Vec<Document<'a>>,
    pieces: usize,
    template: Option<Template<'a>>,
    /// Whether a document may ask for the one before it.
    repeats: bool,
    previous: Option<Mapping>,
    copies: usize,
}

struct Template<'a> {
    content: Mapping,
    number: usize,
    line: usize,
    text: &'a str,
    is_used: bool,
}

impl<'a> Collection<'a> {
    fn take(&mut self, line: usize, text: &'a str) {
        self.pieces += 1;
        match read(line, text) {
            Ok(content) => self.act(line, text, content),
            Err(broken) => self.push(line, text, Err(broken)),
        }
    }

    fn act(&mut self, line: usize, text: &'a str, mut content: Mapping) {
        let Some(action) = content.remove("action") else {
            return self.rule(line, text, content);
        };
        match action.as_str() {
            Some("global") => self.set_template(Some((line, text, content))),
            Some("reset") => self.set_template(None),
            Some("repeat") => match self.previous.clone() {
                Some(previous) => self.rule(line, text, merge(previous, content)),
                None => self.fail(line, text, "`action: repeat` has no document before it"),
            },
            _ => self.fail(line, text, "`action` is none of global, reset, repeat"),
        }
    }

    fn rule(&mut self, line: usize, text: &'a str, content: Mapping) {
        let Some(template) = &mut self.template else {
            self.previous = self.repeats.then(|| content.clone());
            return self.push(line, text, Ok(content));
        };
        template.is_used = true;
        self.copies += 1;
        if self.copies > COPIES_MAX {
            return self.fail(line, text, "more than 256 documents made from templates");
        }
        let content = merge(template.content.clone(), content);
        self.previous = self.repeats.then(|| content.clone());
        self.push(line, text, Ok(content));
    }

    fn set_template(&mut self, template: Option<(usize, &'a str, Mapping)>) {
        let number = self.pieces;
        let new =
            template.map(|(line, text, content)| Template { content, number, line, text, is_used: false });
        let old = std::mem::replace(&mut self.template, new);
        if let Some(old) = old.filter(|old| !old.is_used) {
            let reason = "template (`action: global`) that no document uses".into();
            let content = Err(Broken { line: old.line, reason });
            self.documents.push(Document { number: old.number, line: old.line, text: old.text, content });
        }
    }

    fn fail(&mut self, line: usize, text: &'a str, reason: &str) {
        self.push(line, text, Err(Broken { line, reason: reason.into() }));
    }

    fn push(&mut self, line: usize, text: &'a str, content: Result<Mapping, Broken>) {
        self.documents.push(Document { number: self.pieces, line, text, content });
    }

    fn finish(mut self) -> Vec<Document<'a>> {
        self.set_template(None);
        self.documents
    }
}

fn read(line: usize, text: &str) -> Result<Mapping, Broken> {
    match yaml_serde::from_str(text) {
        Ok(Value::Mapping(content)) => Ok(content),
        Ok(_) => Err(Broken { line, reason: "document is not a map".into() }),
        Err(error) => {
            // The reader may only notice at the end of the text.
            let last = line + text.lines().count().saturating_sub(1);
            let at = error.location().map_or(line, |place| line + place.line().saturating_sub(1)).min(last);
            let message = error.to_string(); // its own line counts from the document's start
            let message = message.split(" at line ").next().unwrap_or_default();
            Err(Broken { line: at, reason: format!("not YAML: {message}") })
        }
    }
}

/// Lays `over` upon `under`: maps are merged, everything else is replaced. The depth is bounded
/// by the reader's own limit of 128.
fn merge(mut under: Mapping, over: Mapping) -> Mapping {
    for (key, value) in over {
        let merged = match (under.remove(&key), value) {
            (Some(Value::Mapping(below)), Value::Mapping(above)) => Value::Mapping(merge(below, above)),
            (_, value) => value,
        };
        under.insert(key, merged);
    }
    under
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(file: &str) -> Vec<(usize, usize, Result<usize, String>)> {
        let shape = |document: Document<'_>| {
            let content = document.content.map(|map| map.len()).map_err(|broken| broken.reason);
            (document.number, document.line, content)
        };
        documents(file).into_iter().map(shape).collect()
    }

    #[test]
    fn documents_are_found_with_their_lines() {
        assert_eq!(shape("a: 1\n"), [(1, 1, Ok(1))]);
        assert_eq!(shape("# c\n---\na: 1\n---\n\nb: 1\nc: 2\n...\n"), [(1, 1, Ok(1)), (2, 4, Ok(2))]);
        assert_eq!(shape("%YAML 1.1\n---\na: |\n  x\n  ---\n"), [(1, 1, Ok(1))]);
        assert_eq!(shape("--- {a: 1}\n--- {b: 1, c: 1}"), [(1, 1, Ok(1)), (2, 2, Ok(2))]);
    }

    #[test]
    fn a_broken_document_costs_itself_only() {
        let found = shape("a: 1\n---\nb: [\n---\nc: 1\n");
        assert_eq!((found.len(), found[0].2.clone(), found[2].2.clone()), (3, Ok(1), Ok(1)));
        assert!(found[1].2.is_err());
        let lone = shape("");
        assert_eq!(lone, [(1, 1, Err("file holds no document".into()))]);
        assert_eq!(shape("just text")[0].2, Err("document is not a map".into()));
    }

    #[test]
    fn templates_are_applied_and_an_idle_one_is_told() {
        let file = "action: global\nt: {a: 1}\n---\nt: {b: 1}\n---\naction: repeat\nx: 1\n---\n\
                    action: reset\n---\ny: 1\n---\naction: global\nz: 1\n";
        let found = documents(file);
        let maps: Vec<_> = found.iter().filter_map(|document| document.content.as_ref().ok()).collect();
        assert_eq!(maps.len(), 3);
        assert_eq!(maps[0]["t"].as_mapping().map(Mapping::len), Some(2));
        assert_eq!((maps[1].len(), maps[2].len()), (2, 1));
        assert_eq!(found.last().map(|document| document.content.is_err()), Some(true));
    }
}
