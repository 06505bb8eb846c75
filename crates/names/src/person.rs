//! Who is protected, and what of them must not be shown?
//!
//! From what a register says of a person (a JSON object a line, as it is sealed): names, addresses of the
//! mail, numbers and postal addresses, by what the columns are called. What else stands there (notes,
//! sizes, dates) is sealed too and is not looked for in evidence.

use std::collections::BTreeSet;

use assize_model::Protected;
use serde_json::{Map, Value};

use crate::variant::{self, Form};

/// What is known of one person that a text must not show.
pub struct Person {
    /// Of which kind: what an organisation is called is looked for whole, because its words are words of
    /// other things; what a State is called is no secret.
    pub kind: PersonKind,
    /// What stands in its place.
    pub pseudonym: String,
    /// Names and aliases, in any script.
    pub names: Vec<Protected>,
    /// Addresses of the mail.
    pub mails: Vec<Protected>,
    /// Telephone numbers, numbers of documents.
    pub numbers: Vec<Protected>,
    /// Postal addresses.
    pub texts: Vec<Protected>,
}

/// See [`Person::kind`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PersonKind {
    /// A human being, or nobody said what.
    #[default]
    Individual,
    /// An organisation.
    Organisation,
    /// A State.
    State,
}

impl Person {
    /// Somebody of whom nothing is known yet.
    #[must_use]
    pub const fn new(pseudonym: String) -> Self {
        Self {
            kind: PersonKind::Individual,
            pseudonym,
            names: Vec::new(),
            mails: Vec::new(),
            numbers: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Everybody in a register's identities whose kind is `subject`: a JSON object a line, `{"subject":
    /// pseudonym, "type": "individual", "identity": {…}}`. Lines that are none are passed over; the import told of them.
    #[must_use]
    pub fn all(identities: &Protected) -> Vec<Self> {
        identities.expose().lines().filter_map(Self::of).collect()
    }

    fn of(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let mut person = Self::new(line.get("subject")?.as_str()?.to_owned());
        person.kind = match line.get("type").and_then(Value::as_str) {
            Some("organisation") => PersonKind::Organisation,
            Some("state") => PersonKind::State,
            _ => PersonKind::Individual,
        };
        person.learn(line.get("identity")?.as_object()?);
        Some(person)
    }

    fn learn(&mut self, identity: &Map<String, Value>) {
        for (column, value) in identity {
            let column = column.to_lowercase();
            let has = |words: &[&str]| words.iter().any(|word| column.contains(word));
            // `e_mail_address` is no postal address, `name_of_street` no name.
            let list = if has(&["mail"]) {
                &mut self.mails
            } else if has(&["phone", "mobile", "tel", "fax", "passport", "number", "iban", "document"]) {
                &mut self.numbers
            } else if has(&["address", "street"]) {
                &mut self.texts
            } else if has(&["name", "alias", "nick"]) {
                &mut self.names
            } else {
                continue;
            };
            list.extend(texts(value).into_iter().map(Protected::new));
        }
        let part = |key: &str| identity.get(key).and_then(Value::as_str);
        if let (Some(given), Some(family)) = (part("given_name"), part("family_name")) {
            self.names.push(Protected::new(format!("{given} {family}")));
        }
    }

    pub(crate) fn forms(&self) -> BTreeSet<Form> {
        let each = |texts: &[Protected], of: fn(&str) -> BTreeSet<Form>| -> Vec<Form> {
            texts.iter().flat_map(|text| of(text.expose())).collect()
        };
        let mut forms = BTreeSet::new();
        match self.kind {
            PersonKind::Individual => forms.extend(each(&self.names, variant::of_name)),
            PersonKind::Organisation => forms.extend(each(&self.names, variant::of_text)),
            PersonKind::State => return forms,
        }
        forms.extend(each(&self.mails, variant::of_mail));
        forms.extend(each(&self.numbers, variant::of_number));
        forms.extend(each(&self.texts, variant::of_address));
        forms
    }
}

/// A text, several with semicolons between, or a list of texts.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            text.split(';').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
        }
        Value::Number(number) => vec![number.to_string()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
