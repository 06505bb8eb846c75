//! Do our proofs agree with the public vectors of transparency-dev/merkle (518 cases)?
//!
//! They lie outside the repository: `$ASSIZE_CORPUS/vectors/merkle_testdata.tar.gz`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // Tests read files.

use std::collections::BTreeMap;

use assize_testing::{corpus_item, members};
use assize_vault::merkle::{self, Hash};
use data_encoding::BASE64;
use serde_json::Value;

#[test]
fn the_public_vectors() {
    let Some(archive) = corpus_item("the_public_vectors", "vectors/merkle_testdata.tar.gz") else { return };
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, bytes) in members(&archive, ".json") {
        let kind = name.split('/').nth(1).unwrap().to_owned();
        let case: Value = serde_json::from_slice(&bytes).unwrap();
        let wanted = case["wantErr"] == false;
        assert_eq!(holds(&kind, &case), wanted, "{name}: {}", case["desc"]);
        let count = counts.entry(kind).or_default();
        count.0 += 1;
        count.1 += usize::from(wanted);
    }
    assert_eq!(counts.values().map(|(all, _)| all).sum::<usize>(), 518, "{counts:?}");
    assert!(
        counts.values().all(|(all, good)| *good > 0 && good < all),
        "both answers are asked for: {counts:?}"
    );
}

fn holds(kind: &str, case: &Value) -> bool {
    let number = |name: &str| case[name].as_u64().unwrap();
    let Some(proof) = hashes(&case["proof"]) else { return false };
    let hash = |name: &str| root(&case[name]);
    let answer = || {
        Some(match kind {
            "inclusion" => merkle::includes(
                &hash("root")?,
                number("treeSize"),
                number("leafIdx"),
                &hash("leafHash")?,
                &proof,
            ),
            "subtreeinclusion" => merkle::subtree_includes(
                &hash("root")?,
                number("start"),
                number("end"),
                number("leafIdx"),
                &hash("leafHash")?,
                &proof,
            ),
            "consistency" => {
                merkle::extends(number("size1"), &hash("root1")?, number("size2"), &hash("root2")?, &proof)
            }
            "subtreeconsistency" => merkle::subtree_extends(
                number("start"),
                number("end"),
                &hash("root1")?,
                number("size"),
                &hash("root2")?,
                &proof,
            ),
            other => panic!("{other}: a kind of vector that nobody told us of"),
        })
    };
    answer().unwrap_or(false)
}

/// Some cases have words where a root stands ("don't care 2"): what matters is that two are alike.
fn root(value: &Value) -> Option<Hash> {
    let bytes = BASE64.decode(value.as_str()?.as_bytes()).ok()?;
    match bytes.len() {
        0 => None,
        32 => bytes.try_into().ok(),
        _ => Some(merkle::leaf_hash(&bytes)),
    }
}

/// What is no hash (too short, empty) can be in no proof.
fn hash(value: &Value) -> Option<Hash> {
    BASE64.decode(value.as_str()?.as_bytes()).ok()?.try_into().ok()
}

fn hashes(value: &Value) -> Option<Vec<Hash>> {
    if value.is_null() {
        return Some(Vec::new());
    }
    value.as_array()?.iter().map(hash).collect()
}
