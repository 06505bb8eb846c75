//! How does plain text about a person travel, without ever being shown by accident?
//!
//! A name, address or number of a protected person between the file that it stood in and the seal.
//! The type has no `Debug`, `Display` or `Serialize`, so that it cannot reach a log, an error, a
//! table or a test's failure message; whoever needs the text takes it out by name, which is easy
//! to find in a review.
//!
//! ```compile_fail
//! let name = assize_model::Protected::new("a name".to_owned());
//! println!("{name}");
//! ```
//! ```compile_fail
//! let name = assize_model::Protected::new("a name".to_owned());
//! println!("{name:?}");
//! ```
//! ```compile_fail
//! let name = assize_model::Protected::new("a name".to_owned());
//! serde_json::to_string(&name);
//! ```

/// Text that may only be sealed, or turned into something that does not tell it.
pub struct Protected(String);

impl Protected {
    /// Takes the text under protection.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself: for sealing, matching and masking, and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Protected {
    /// Overwritten as far as safe Rust can promise: the bytes that are freed are zero.
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        std::hint::black_box(&bytes);
    }
}
