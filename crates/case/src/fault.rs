//! How do we know that our tests for leaks would find one?
//!
//! A build with debug assertions, as tests are, leaks or breaks down at one place where `ASSIZE_FAULT` says
//! so; a test that does not notice is void. In a release build nothing here is compiled to anything.

/// Whether this fault was asked for.
#[cfg(debug_assertions)]
pub(crate) fn asked(fault: &str) -> bool {
    std::env::var_os("ASSIZE_FAULT").is_some_and(|asked| asked == fault)
}

/// Never.
#[cfg(not(debug_assertions))]
pub(crate) const fn asked(_: &str) -> bool {
    false
}

/// Breaks down, with what must not be shown in the message, where that was asked for.
pub(crate) fn break_if_asked(fault: &str, told: impl FnOnce() -> String) {
    assert!(!asked(fault), "asked to break down over {}", told());
}
