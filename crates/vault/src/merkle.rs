//! What is the hash of a list of leaves, such that nothing can be changed, dropped or reordered,
//! and how is that shown to somebody who has not got the list?
//!
//! The Merkle tree hash, inclusion proofs and consistency proofs of RFC 6962, section 2.1, and the
//! same for a subtree (the vectors that we are held to have both). Every complete subtree's root is
//! kept, so that a proof costs logarithmic work; that is 64 bytes a leaf.

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

/// A growing tree.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// `levels[k][i]` is the root of leaves `i·2^k .. (i+1)·2^k`.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(hash);
            let [.., left, right] = &nodes[..] else { return };
            if nodes.len() % 2 == 1 {
                return;
            }
            hash = node_hash(left, right);
        }
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The Merkle tree hash; that of no leaves is SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root_at(self.size()).unwrap_or_default()
    }

    /// The Merkle tree hash when there were so many leaves; `None` if there never were.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        if size > self.size() {
            return None;
        }
        Some(if size == 0 { Sha256::digest([]).into() } else { self.of(0, size) })
    }

    /// Roots of the complete subtrees of `2^level` leaves.
    pub(crate) fn level(&self, level: usize) -> &[Hash] {
        self.levels.get(level).map_or(&[], Vec::as_slice)
    }

    /// The hash of leaves `start..end`, which are in the tree and not empty.
    fn of(&self, start: u64, end: u64) -> Hash {
        let count = end - start;
        if count.is_power_of_two() && start.is_multiple_of(count) {
            let level = count.trailing_zeros() as usize;
            return self.levels[level][(start / count) as usize];
        }
        let middle = start + split(count);
        node_hash(&self.of(start, middle), &self.of(middle, end))
    }

    /// The proof that leaf `index` is in the tree of `size` leaves: hashes from the leaf's sibling
    /// up to the root's child. `None` if it is not.
    #[must_use]
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let mut proof = Vec::new();
        let (mut start, mut end) = (0, size);
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                proof.push(self.of(middle, end));
                end = middle;
            } else {
                proof.push(self.of(start, middle));
                start = middle;
            }
        }
        proof.reverse();
        Some(proof)
    }

    /// The proof that the tree of `new` leaves begins with that of `old` leaves.
    #[must_use]
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old > new || new > self.size() {
            return None;
        }
        let mut proof = Vec::new();
        if old == 0 {
            return Some(proof);
        }
        let (mut start, mut end) = (0, new);
        // Down to the subtree that ends where the old tree ended.
        while end != old {
            let middle = start + split(end - start);
            if old <= middle {
                proof.push(self.of(middle, end));
                end = middle;
            } else {
                proof.push(self.of(start, middle));
                start = middle;
            }
        }
        // The old root is known to who checks; another complete subtree has to be told.
        if start != 0 {
            proof.push(self.of(start, end));
        }
        proof.reverse();
        Some(proof)
    }
}

/// The largest power of two below a number above 1.
fn split(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}

/// Whether the proof shows that `leaf` is leaf `index` of the tree with this size and root.
#[must_use]
pub fn includes(root: &Hash, size: u64, index: u64, leaf: &Hash, proof: &[Hash]) -> bool {
    subtree_includes(root, 0, size, index, leaf, proof)
}

/// Whether the proof shows that `leaf` is leaf `index` of the tree, within its subtree of leaves
/// `start..end`, whose root is given.
#[must_use]
pub fn subtree_includes(root: &Hash, start: u64, end: u64, index: u64, leaf: &Hash, proof: &[Hash]) -> bool {
    if !is_subtree(start, end) || !(start..end).contains(&index) {
        return false;
    }
    // RFC 9162, section 2.1.3.2.
    let (mut node, mut last) = (index - start, end - start - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            let up = if node & 1 == 1 { 0 } else { node.trailing_zeros().min(63) };
            (node, last) = (node >> up, last >> up);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether the proof shows that the tree of `new` leaves begins with that of `old` leaves. Every tree
/// begins with nothing: for no old leaves there is nothing to show, and the answer is no.
#[must_use]
pub fn extends(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    old > 0 && subtree_extends(0, old, old_root, new, new_root, proof)
}

/// Whether the proof shows that leaves `start..end` of the tree of `size` leaves have this root.
#[must_use]
pub fn subtree_extends(start: u64, end: u64, subtree: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    if start == end {
        // No leaves have the root of no leaves in every tree, whatever its own root.
        let nothing: Hash = Sha256::digest([]).into();
        return end <= size && proof.is_empty() && *subtree == nothing;
    }
    if !is_subtree(start, end) || end > size {
        return false;
    }
    // RFC 9162, section 2.1.4.2, with the left edge at `start` instead of 0.
    let (mut first, mut second, mut last) = (start, end - 1, size - 1);
    let up = |first: &mut u64, second: &mut u64, last: &mut u64| {
        (*first, *second, *last) = (*first >> 1, *second >> 1, *last >> 1);
    };
    if second == last {
        while first != second {
            up(&mut first, &mut second, &mut last);
        }
    } else {
        while first != second && second & 1 == 1 {
            up(&mut first, &mut second, &mut last);
        }
    }
    let mut proof = proof.iter();
    let begin = if first == second {
        *subtree
    } else {
        let Some(begin) = proof.next() else { return false };
        *begin
    };
    let (mut small, mut large) = (begin, begin);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if second & 1 == 1 || second == last {
            if first < second {
                small = node_hash(sibling, &small);
            }
            large = node_hash(sibling, &large);
            while second & 1 == 0 && second != 0 {
                up(&mut first, &mut second, &mut last);
            }
        } else {
            large = node_hash(&large, sibling);
        }
        up(&mut first, &mut second, &mut last);
    }
    last == 0 && small == *subtree && large == *root
}

/// Whether leaves `start..end` hang below one node of every tree that holds them.
fn is_subtree(start: u64, end: u64) -> bool {
    start < end && (end - start).checked_next_power_of_two().is_some_and(|width| start.is_multiple_of(width))
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

    fn leaves(count: u32) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn the_tree_agrees_with_the_definition() {
        let leaves = leaves(130);
        let mut tree = Tree::default();
        for (count, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root(), naive(&leaves[..count]), "{count} leaves");
            tree.push(*leaf);
        }
        assert_eq!(tree.size(), 130);
        for size in 0..=130 {
            assert_eq!(tree.root_at(size), Some(naive(&leaves[..size as usize])));
        }
        assert_eq!(tree.root_at(131), None);
    }

    #[test]
    fn every_proof_is_good_for_its_own_place_and_no_other() {
        let leaves = leaves(40);
        let mut tree = Tree::default();
        leaves.iter().for_each(|leaf| tree.push(*leaf));
        for size in 1..=40u64 {
            let root = tree.root_at(size).unwrap();
            for index in 0..size {
                let proof = tree.inclusion(index, size).unwrap();
                let leaf = &leaves[index as usize];
                assert!(includes(&root, size, index, leaf, &proof), "{index} of {size}");
                assert!(!includes(&root, size, (index + 1) % size, leaf, &proof) || size == 1);
            }
            for old in 1..=size {
                let proof = tree.consistency(old, size).unwrap();
                let old_root = tree.root_at(old).unwrap();
                assert!(extends(old, &old_root, size, &root, &proof), "{old} to {size}");
                assert!(!extends(old, &leaf_hash(b"other"), size, &root, &proof));
            }
        }
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
