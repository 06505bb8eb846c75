//! A folder with evidence, a case and keys, as tests need them.
#![allow(dead_code, clippy::print_stderr)] // Each test file uses its part.

use std::fs;
use std::path::{Path, PathBuf};

use assize_model::Trust;
use assize_vault::{Admitted, AtRest, CaseFile, Found, Keys, Receipt, Stamp, Vault, walk};

/// Evidence, case and keys in a folder that goes away.
pub struct World {
    pub dir: tempfile::TempDir,
}

pub fn stamp() -> Stamp {
    Stamp { at: "2026-09-14T08:00:00Z".into(), by: "m.okafor".into(), tool: "test".into() }
}

pub fn world() -> World {
    World { dir: tempfile::tempdir().unwrap() }
}

impl World {
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn case(&self) -> PathBuf {
        self.path("case")
    }

    pub fn keys(&self) -> Keys {
        Keys::at(&self.path("keys"))
    }

    pub fn create(&self, at_rest: AtRest) -> Vault {
        Vault::create(&self.case(), CaseFile::default(), at_rest, &self.keys(), &stamp()).unwrap()
    }

    /// The case again, with its keys, for writing.
    pub fn again(&self) -> Vault {
        let mut vault = Vault::open_for_writing(&self.case()).unwrap();
        vault.use_keys(&self.keys()).unwrap();
        vault
    }

    /// Writes evidence below `in/`.
    pub fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Three files, two of them alike.
    pub fn evidence(&self) -> PathBuf {
        self.put("a.log", b"one");
        self.put("b/copy-of-a.log", b"one");
        self.put("b/other.log", b"two");
        self.path("in")
    }
}

pub type Results = Vec<(String, Result<Admitted, String>)>;

pub fn admit_with(vault: &mut Vault, folder: &Path, receipt: &Receipt) -> Results {
    let mut results = Vec::new();
    let mut done = |found: &Found, result| results.push((found.path.clone(), result));
    vault.admit(&walk(folder), receipt, &stamp(), &mut |_| {}, &mut done).unwrap();
    results
}

pub fn admit(vault: &mut Vault, folder: &Path) -> Results {
    admit_with(vault, folder, &Receipt::of(Trust::UntrustedHost))
}

/// Every file below a folder, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walk(folder).into_iter().map(|found| found.source).collect();
    found.sort();
    found
}
