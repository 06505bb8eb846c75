//! How is a [`Matcher`] kept in a case and loaded again?
//!
//! Little-endian binary: a mark with the version, then lists with their lengths. It holds pseudonyms and keyed
//! numbers, and nothing else. The same persons under the same key give the same bytes. What does not
//! parse is refused as a whole: a matcher that knows half of the names would let the other half through.

use crate::Matcher;
use crate::matcher::Known;

const MARK: &[u8; 16] = b"assize-names/1\n\n";

/// Bytes that are no kept matcher.
#[derive(Debug, thiserror::Error)]
#[error("no list of masked names, or a damaged one: expected `assize-names/1` and whole lists ({0})")]
pub struct NotKept(&'static str);

impl Matcher {
    /// The bytes that [`Self::load`] takes.
    #[must_use]
    pub fn kept(&self) -> Vec<u8> {
        let mut bytes = MARK.to_vec();
        let put = |bytes: &mut Vec<u8>, number: usize| bytes.extend((number as u32).to_le_bytes());
        bytes.push(self.ears.iter().fold(0, |bits, ear| bits | 1 << ear));
        put(&mut bytes, self.persons.len());
        for person in &self.persons {
            put(&mut bytes, person.len());
            bytes.extend(person.as_bytes());
        }
        put(&mut bytes, self.groups.len());
        for group in &self.groups {
            put(&mut bytes, group.len());
            group.iter().for_each(|whose| bytes.extend(whose.to_le_bytes()));
        }
        put(&mut bytes, self.open.len());
        self.open.iter().for_each(|state| bytes.extend(state.to_le_bytes()));
        put(&mut bytes, self.known.len());
        for known in &self.known {
            bytes.extend(known.state.to_le_bytes());
            bytes.extend(known.whose.to_le_bytes());
            bytes.extend(known.anchor.to_le_bytes());
        }
        bytes
    }

    /// A matcher from what [`Self::kept`] gave.
    ///
    /// # Errors
    /// Where the bytes are anything else.
    pub fn load(bytes: &[u8]) -> Result<Self, NotKept> {
        let mut rest = Rest(bytes.strip_prefix(MARK).ok_or(NotKept("its mark"))?);
        let [bits] = rest.take()?;
        let ears = (0..8).filter(|ear| bits & (1 << ear) != 0).collect();
        let persons = rest.list(4, |rest| {
            let length = rest.count(1)?;
            let text = rest.bytes(length)?;
            String::from_utf8(text.to_vec()).map_err(|_| NotKept("a pseudonym"))
        })?;
        let groups = rest.list(4, |rest| rest.list(4, |rest| Ok(u32::from_le_bytes(rest.take()?))))?;
        let open = rest.list(8, |rest| Ok(u64::from_le_bytes(rest.take()?)))?;
        let known = rest.list(20, |rest| {
            Ok(Known {
                state: u64::from_le_bytes(rest.take()?),
                whose: u32::from_le_bytes(rest.take()?),
                anchor: u64::from_le_bytes(rest.take()?),
            })
        })?;
        if !rest.0.is_empty() {
            return Err(NotKept("bytes behind its end"));
        }
        Ok(Self::ordered(persons, groups, open, known, ears))
    }
}

struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn bytes(&mut self, count: usize) -> Result<&'b [u8], NotKept> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(NotKept("cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], NotKept> {
        self.bytes(N)?.try_into().map_err(|_| NotKept("cut short"))
    }

    /// A length, held against what is there, so that a damaged one asks for no memory.
    fn count(&mut self, each: usize) -> Result<usize, NotKept> {
        let count = u32::from_le_bytes(self.take()?) as usize;
        if count.saturating_mul(each) > self.0.len() {
            return Err(NotKept("a length"));
        }
        Ok(count)
    }

    fn list<T>(
        &mut self,
        each: usize,
        mut one: impl FnMut(&mut Self) -> Result<T, NotKept>,
    ) -> Result<Vec<T>, NotKept> {
        let count = self.count(each)?;
        (0..count).map(|_| one(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MatchKey, Person};
    use assize_model::Protected;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_kept_is_loaded_and_damage_is_refused() {
        let key = MatchKey::new([1; 16]);
        let person = |pseudonym: &str, name: &str| Person {
            kind: crate::PersonKind::Individual,
            pseudonym: pseudonym.into(),
            names: vec![Protected::new(name.into())],
            mails: Vec::new(),
            numbers: Vec::new(),
            texts: Vec::new(),
        };
        let persons = [person("P-1", "Amira Lindholm"), person("P-2", "محمد السيد")];
        let bytes = Matcher::of(&persons, &key).kept();
        assert_eq!(bytes, Matcher::of(&persons, &key).kept());
        assert!(!bytes.windows(6).any(|part| part.eq_ignore_ascii_case(b"amira ")));
        let loaded = Matcher::load(&bytes).unwrap();
        let look = crate::matcher::Look { key: &key, ordinary: &BTreeSet::new() };
        let text = "x Lindholm, Amira x Mohamed Sayed";
        let found = loaded.find(text, false, &look, &mut crate::Scratch::default());
        let who: Vec<&str> = found.iter().map(|found| loaded.pseudonym(found.whose[0])).collect();
        assert_eq!(who, ["P-1", "P-2"]);
        for cut in 0..bytes.len() {
            assert!(Matcher::load(&bytes[..cut]).is_err(), "{cut}");
        }
        assert!(Matcher::load(&[&bytes[..], b"x"].concat()).is_err());
    }
}
