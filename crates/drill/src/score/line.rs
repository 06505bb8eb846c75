//! What does a line of a truth or an answer say, and what exactly is wrong with one that says nothing?
//!
//! Additional keys are welcome and passed over; a key that is needed and missing, or holds
//! something else, is an error with file, line, what was expected and what was found. No line is
//! skipped: a score of half an answer would be a score of another answer.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use thiserror::Error;

use crate::moment::Moment;

/// Characters of a value that an error repeats.
const FOUND_CHARACTERS_MAX: usize = 60;

/// Why a truth or an answer could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The system could not read the file.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// A line is not what the contract says.
    #[error("{}, line {line}: expected {expected}, found {found}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What the contract wants there.
        expected: String,
        /// What stands there, shortened.
        found: String,
    },
    /// A file or folder without which nothing can be scored.
    #[error("{}: not there; {what}", path.display())]
    Missing {
        /// The file or folder.
        path: PathBuf,
        /// What it holds, and who writes it.
        what: &'static str,
    },
}

/// An object with the place that it was read at.
pub(super) struct Line<'a> {
    path: &'a Path,
    number: u64,
    object: Map<String, Value>,
}

type Read<T> = Result<T, ReadError>;

/// Reads every line of a file; `None` where there is no such file. Empty lines count, but say
/// nothing.
pub(super) fn file<T>(path: &Path, read: impl FnMut(&Line<'_>) -> Read<T>) -> Read<Option<Vec<T>>> {
    match File::open(path) {
        Ok(file) => lines(path, BufReader::new(file), read).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ReadError::Io { path: path.to_owned(), error }),
    }
}

/// Reads every line of a text; `path` is what errors call it.
pub(super) fn lines<T>(
    path: &Path,
    mut text: impl BufRead,
    mut read: impl FnMut(&Line<'_>) -> Read<T>,
) -> Read<Vec<T>> {
    let mut made = Vec::new();
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let length = text.read_until(b'\n', &mut bytes);
        if length.map_err(|error| ReadError::Io { path: path.to_owned(), error })? == 0 {
            break;
        }
        // Some editors begin a file with a byte order mark.
        let line = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).trim_ascii();
        if !line.is_empty() {
            made.push(read(&Line::parse(path, number, line)?)?);
        }
    }
    Ok(made)
}

impl<'a> Line<'a> {
    fn parse(path: &'a Path, number: u64, line: &[u8]) -> Read<Self> {
        match serde_json::from_slice(line) {
            Ok(Value::Object(object)) => Ok(Self { path, number, object }),
            Ok(other) => Err(wrong(path, number, "an object".into(), &other)),
            Err(error) => {
                let text = format!("{} ({error})", String::from_utf8_lossy(line));
                Err(wrong(path, number, "one JSON object a line".into(), &Value::String(text)))
            }
        }
    }

    /// A text that has to be there.
    pub(super) fn text(&self, key: &str) -> Read<String> {
        self.some_text(key)?.ok_or_else(|| self.wrong(key, "a text"))
    }

    /// A text that may be null or absent.
    pub(super) fn some_text(&self, key: &str) -> Read<Option<String>> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(key, "a text or null")),
        }
    }

    /// A time that has to be there.
    pub(super) fn time(&self, key: &str) -> Read<Moment> {
        self.some_time(key)?.ok_or_else(|| self.wrong(key, "a time in UTC, as 2026-09-14T07:12:41Z"))
    }

    /// A time that may be null or absent.
    pub(super) fn some_time(&self, key: &str) -> Read<Option<Moment>> {
        let Some(text) = self.some_text(key)? else { return Ok(None) };
        // A time without Z would be taken for UTC: a foreign answer in local time must not pass.
        let utc = text.ends_with('Z') && text.as_bytes().get(4) == Some(&b'-');
        let time = utc.then(|| Moment::parse(&text)).flatten();
        time.map(Some).ok_or_else(|| self.wrong(key, "a time in UTC, as 2026-09-14T07:12:41Z, or null"))
    }

    /// True or false, which has to be there.
    pub(super) fn flag(&self, key: &str) -> Read<bool> {
        self.object.get(key).and_then(Value::as_bool).ok_or_else(|| self.wrong(key, "true or false"))
    }

    /// A number that may be absent.
    pub(super) fn some_number(&self, key: &str) -> Read<Option<u64>> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| self.wrong(key, "a whole number or null")),
        }
    }

    /// Whether just that is said; not where nothing is.
    pub(super) fn is_marked(&self, key: &str, as_what: bool) -> bool {
        self.object.get(key) == Some(&Value::Bool(as_what))
    }

    /// One of a closed list of words.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Read<T> {
        let known = |text: String| words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let listed = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let value = self.object.get(key).and_then(Value::as_str).map(str::to_owned).and_then(known);
        value.ok_or_else(|| self.wrong(key, &format!("one of {}", listed())))
    }

    /// One of a closed list of words, or null or absent.
    pub(super) fn some_word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Read<Option<T>> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.word(key, words).map(Some),
        }
    }

    /// A list of texts; empty where it is absent.
    pub(super) fn texts(&self, key: &str) -> Read<Vec<String>> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => {
                list.iter().map(text).collect::<Option<_>>().ok_or_else(|| self.wrong(key, "a list of texts"))
            }
            Some(_) => Err(self.wrong(key, "a list of texts")),
        }
    }

    /// A list of objects; empty where it is absent.
    pub(super) fn objects<T>(&self, key: &str, read: impl Fn(&Line<'_>) -> Read<T>) -> Read<Vec<T>> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(|value| read(&self.inner(key, value)?)).collect(),
            Some(_) => Err(self.wrong(key, "a list of objects")),
        }
    }

    /// An object, null or absent.
    pub(super) fn object<T>(&self, key: &str, read: impl Fn(&Line<'_>) -> Read<T>) -> Read<Option<T>> {
        match self.object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(&self.inner(key, value)?).map(Some),
        }
    }

    fn inner(&self, key: &str, value: &Value) -> Read<Line<'a>> {
        match value {
            Value::Object(object) => {
                Ok(Line { path: self.path, number: self.number, object: object.clone() })
            }
            other => Err(wrong(self.path, self.number, format!("an object in `{key}`"), other)),
        }
    }

    /// The error that says what the key should have held.
    pub(super) fn wrong(&self, key: &str, expected: &str) -> ReadError {
        let expected = format!("`{key}`: {expected}");
        match self.object.get(key) {
            Some(value) => wrong(self.path, self.number, expected, value),
            None => wrong(self.path, self.number, expected, &Value::String("no such key".into())),
        }
    }
}

fn wrong(path: &Path, line: u64, expected: String, found: &Value) -> ReadError {
    let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
    let mut short: String = found.chars().take(FOUND_CHARACTERS_MAX).collect();
    if short.len() < found.len() {
        short.push('…');
    }
    ReadError::Line { path: path.to_owned(), line, expected, found: short }
}
