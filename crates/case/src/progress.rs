//! Who wants to know how far long work has come?

/// Told how far work has come, from several threads at once.
pub trait Progress: Sync {
    /// A stage of so many items and bytes begins.
    fn stage(&self, name: &str, items: u64, bytes: u64);
    /// So many more bytes are done.
    fn bytes(&self, bytes: u64);
    /// An item is done; its name is evidence and may be hostile.
    fn item_done(&self, name: &str);
    /// The stage is over.
    fn end(&self);
}

/// Wants to know nothing.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str, _: u64, _: u64) {}
    fn bytes(&self, _: u64) {}
    fn item_done(&self, _: &str) {}
    fn end(&self) {}
}
