//! What of an event does a rule get to see?
//!
//! The kind of log and the source's own fields, as the format left them. Names may repeat; a
//! value may be an explicit null.

use assize_model::Batch;

/// An event as rules see it.
#[derive(Clone, Debug, Default)]
pub struct Record<'a> {
    source: &'a str,
    fields: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Record<'a> {
    /// An event of a kind of log (`windows/Security`) with these fields.
    pub fn new(source: &'a str, fields: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        Self { source, fields: fields.into_iter().collect() }
    }

    /// A row of a batch.
    #[must_use]
    pub fn of(batch: &'a Batch, row: usize) -> Self {
        let source = batch.text(assize_model::spine::column::SOURCE, row).unwrap_or_default();
        Self::new(source, batch.fields(row))
    }

    /// The kind of log.
    #[must_use]
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// The own fields, in the record's order.
    #[must_use]
    pub fn fields(&self) -> &[(&'a str, Option<&'a str>)] {
        &self.fields
    }

    /// The values under exactly this name.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(key, _)| *key == name).filter_map(|(_, value)| *value)
    }
}
