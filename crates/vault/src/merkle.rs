//! What is the hash of a list of leaves, such that nothing can be changed, dropped or reordered?
//!
//! The Merkle tree hash of RFC 6962, section 2.1. Kept as a frontier of complete subtrees, so that
//! a leaf costs logarithmic work. Proofs and tiles are the custody issue's.

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The hash of a leaf's bytes: SHA-256(0x00 ‖ bytes).
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A growing tree: the roots of its complete subtrees, largest first.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    size: u64,
    frontier: Vec<Hash>,
}

impl Tree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing 1 bit of the old size is a complete subtree as large as the one in hand.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.frontier.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.frontier.push(hash);
        self.size += 1;
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle tree hash; that of no leaves is SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut subtrees = self.frontier.iter().rev();
        let Some(smallest) = subtrees.next() else { return Sha256::digest([]).into() };
        subtrees.fold(*smallest, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 as it is written: split at the largest power of two below the size.
    fn naive(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&naive(&leaves[..split]), &naive(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_frontier_agrees_with_the_definition() {
        let leaves: Vec<Hash> = (0..130u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let mut tree = Tree::default();
        for (count, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root(), naive(&leaves[..count]), "{count} leaves");
            tree.push(*leaf);
        }
        assert_eq!(tree.size(), 130);
    }

    #[test]
    fn roots_of_the_public_test_vectors() {
        // The eight leaves of RFC 6962's reference implementation (certificate-transparency-go).
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let mut tree = Tree::default();
        for leaf in leaves {
            tree.push(leaf_hash(&data_encoding::HEXLOWER.decode(leaf.as_bytes()).unwrap()));
        }
        let root = data_encoding::HEXLOWER.encode(&tree.root());
        assert_eq!(root, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }
}
