//! How is a finding kept until all findings are in order?
//!
//! As bytes, one part after another, each text with its length before it: they are made once, may lie in
//! memory or on disk, and are looked at where they lie. They never leave the process that made them.

use assize_model::{Range, ReadingOptions};

/// What is kept of a finding beside its key (`sorted`).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Kept<'a> {
    pub(crate) host: Option<&'a str>,
    pub(crate) source: &'a str,
    pub(crate) actor: Option<&'a str>,
    pub(crate) member: Option<&'a str>,
    pub(crate) format: &'a str,
    pub(crate) ranges: Vec<Range>,
    pub(crate) options: ReadingOptions,
    /// The fields that the rule looked at.
    pub(crate) fields: Vec<(&'a str, &'a str)>,
    /// Other fields of the record, in its order.
    pub(crate) record: Vec<(&'a str, Option<&'a str>)>,
}

/// Stands for the length of a text that there is none of.
const NONE: u32 = u32::MAX;

impl<'a> Kept<'a> {
    /// Appends it as bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for text in [self.host, Some(self.source), self.actor, self.member, Some(self.format)] {
            write_text(text, out);
        }
        write_number(self.ranges.len(), out);
        for range in &self.ranges {
            out.extend_from_slice(&range.offset.to_le_bytes());
            out.extend_from_slice(&range.length.to_le_bytes());
        }
        write_number(self.options.0.len(), out);
        for (name, value) in &self.options.0 {
            write_text(Some(name), out);
            write_text(Some(value), out);
        }
        write_number(self.fields.len(), out);
        for (name, value) in &self.fields {
            write_text(Some(name), out);
            write_text(Some(value), out);
        }
        write_number(self.record.len(), out);
        for (name, value) in &self.record {
            write_text(Some(name), out);
            write_text(*value, out);
        }
    }

    /// What [`Self::write`] wrote; `None` of anything else.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = Rest(bytes);
        let (host, source, actor) = (rest.text()?, rest.text()??, rest.text()?);
        let (member, format) = (rest.text()?, rest.text()??);
        let range = |rest: &mut Rest<'a>| Some(Range { offset: rest.long()?, length: rest.long()? });
        let option = |rest: &mut Rest<'a>| Some((rest.text()??.to_owned(), rest.text()??.to_owned()));
        let kept = Self {
            host,
            source,
            actor,
            member,
            format,
            ranges: rest.list(range)?,
            options: ReadingOptions(rest.list(option)?.into_iter().collect()),
            fields: rest.list(|rest| Some((rest.text()??, rest.text()??)))?,
            record: rest.list(|rest| Some((rest.text()??, rest.text()?)))?,
        };
        rest.0.is_empty().then_some(kept)
    }
}

fn write_number(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(number as u32).to_le_bytes());
}

fn write_text(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) => {
            write_number(text.len(), out);
            out.extend_from_slice(text.as_bytes());
        }
        None => out.extend_from_slice(&NONE.to_le_bytes()),
    }
}

/// Bytes that were not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn long(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    /// A text, or that there is none.
    fn text(&mut self) -> Option<Option<&'a str>> {
        let length = self.number()?;
        if length == NONE {
            return Some(None);
        }
        let (text, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        std::str::from_utf8(text).ok().map(Some)
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.number()?).map(|_| one(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let options = ReadingOptions([("zone".to_owned(), "a=b;c".to_owned())].into());
        let kept = Kept {
            host: Some("ws-01"),
            source: "windows/Security",
            actor: None,
            member: Some("a.zip!/Ä"),
            format: "evtx",
            ranges: vec![Range { offset: 4608, length: u64::MAX }, Range::default()],
            options,
            fields: vec![("EventID", "1102"), ("Empty", "")],
            record: vec![("Null", None), ("Channel", Some("Security"))],
        };
        for kept in [Kept::default(), kept] {
            let mut bytes = Vec::new();
            kept.write(&mut bytes);
            assert_eq!(Kept::read(&bytes), Some(kept));
            for end in 0..bytes.len() {
                assert_eq!(Kept::read(&bytes[..end]), None, "cut off at {end}");
            }
        }
    }
}
