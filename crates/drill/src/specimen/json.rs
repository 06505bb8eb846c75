//! How does a JSON object keep its keys in the order in which they were written?
//!
//! `serde_json::Map` sorts its keys or not, depending on a feature that any crate of the same
//! build can switch on; evidence must not change with that. So objects are put together as text
//! here; only strings are left to serde_json.

/// An object in the making.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self("{".to_owned())
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0 += &quoted(key);
        self.0.push(':');
    }

    pub(super) fn text(mut self, key: &str, text: &str) -> Self {
        self.key(key);
        self.0 += &quoted(text);
        self
    }

    pub(super) fn number(mut self, key: &str, number: i64) -> Self {
        self.key(key);
        self.0 += &number.to_string();
        self
    }

    pub(super) fn list(mut self, key: &str, texts: &[&str]) -> Self {
        self.key(key);
        let quoted: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
        self.0 += &format!("[{}]", quoted.join(","));
        self
    }

    pub(super) fn object(mut self, key: &str, inner: Object) -> Self {
        self.key(key);
        self.0 += &inner.finish();
        self
    }

    /// The same object, or with more in it.
    pub(super) fn with<T>(self, more: Option<T>, add: impl FnOnce(Self, T) -> Self) -> Self {
        match more {
            Some(more) => add(self, more),
            None => self,
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
