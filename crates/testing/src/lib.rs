//! What do tests need that is not ours, and what do they say where it is missing?
//!
//! Public evidence (the corpus), and other people's programs. Where either is missing a test cannot
//! prove what it is for; it must not fail for that, and must not pass in silence. The word goes past
//! the test runner's capture, which would swallow what a passing test prints.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Only tests use this: a panic is their answer.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Says that a test has proved nothing, on the real standard error, and fails it where
/// `ASSIZE_NOTHING_SKIPPED` is set (a machine on which everything must be there).
///
/// # Panics
/// Where nothing may be skipped.
pub fn skipped(test: &str, why: &str) {
    let line = format!("\n*** SKIPPED: {test}: {why}; it has proved nothing ***\n");
    // Where even standard error is closed there is nobody to tell.
    let _ = std::io::stderr().write_all(line.as_bytes());
    assert!(std::env::var_os("ASSIZE_NOTHING_SKIPPED").is_none(), "{line}");
}

/// The folder of public evidence: `$ASSIZE_CORPUS`, else `../shared/corpus` beside the checkout;
/// `None`, and a loud word, where it is not there.
#[must_use]
pub fn corpus(test: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("ASSIZE_CORPUS").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    skipped(test, "the corpus is not here (set ASSIZE_CORPUS)");
    None
}

/// One file or folder of the corpus; `None`, and a loud word, where it is not there.
#[must_use]
pub fn corpus_item(test: &str, name: &str) -> Option<PathBuf> {
    let path = corpus(test)?.join(name);
    if path.exists() {
        return Some(path);
    }
    skipped(test, &format!("the corpus has no {name}"));
    None
}

/// The members of a `.tar.gz` whose names end so, sorted by name.
///
/// # Panics
/// Where the archive cannot be read.
#[must_use]
pub fn members(archive: &Path, suffix: &str) -> Vec<(String, Vec<u8>)> {
    let file = std::fs::File::open(archive).unwrap();
    let mut members = Vec::new();
    for entry in tar::Archive::new(flate2::read::GzDecoder::new(file)).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        if entry.header().entry_type().is_file() && name.ends_with(suffix) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            members.push((name, bytes));
        }
    }
    members.sort();
    members
}

/// Unpacks a `.tar.gz` into a folder, and gives the folder.
///
/// # Panics
/// Where the archive cannot be read or the folder not written.
#[must_use]
pub fn unpacked(archive: &Path, to: &Path) -> PathBuf {
    let file = std::fs::File::open(archive).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(to).unwrap();
    to.to_owned()
}

/// Whether another's program answers to these arguments; a loud word where it does not.
#[must_use]
pub fn program(test: &str, name: &str, arguments: &[&str]) -> bool {
    let answers = Command::new(name).args(arguments).output().is_ok_and(|output| output.status.success());
    if !answers {
        skipped(test, &format!("`{name} {}` does not answer", arguments.join(" ")));
    }
    answers
}

/// Does not compile where the type has one of these traits, now or later: sealed values can be shown to nobody
/// by mistake.
///
/// If the type had the trait, two of the blocks below would fit it, and which `shown` is meant could not be told.
///
/// ```
/// struct Sealed;
/// assize_testing::has_none_of!(Sealed: std::fmt::Debug, std::fmt::Display);
/// ```
/// ```compile_fail,E0283
/// assize_testing::has_none_of!(String: std::fmt::Debug);
/// ```
#[macro_export]
macro_rules! has_none_of {
    ($type:ty: $($trait:path),+ $(,)?) => {
        const _: fn() = || {
            trait Ambiguous<Which> {
                fn shown() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            $({
                struct ByThis;
                impl<T: ?Sized + $trait> Ambiguous<ByThis> for T {}
                let _ = <$type as Ambiguous<_>>::shown;
            })+
        };
    };
}
