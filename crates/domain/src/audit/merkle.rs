//! Merkle root over entry hashes, with different prefixes for leaves and inner nodes (as RFC 6962 does) so that an
//! inner node can never be passed off as a leaf.

use super::chain::Hash;
use sha2::{Digest, Sha256};

/// Root of a list of hashes; the hash of nothing for an empty one.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    let mut level: Vec<Hash> = leaves.iter().map(|leaf| node(&[0], leaf, &[])).collect();
    if level.is_empty() {
        return Sha256::digest([]).into();
    }
    while level.len() > 1 {
        level = raise(&level);
    }
    level.first().copied().unwrap_or_default()
}

/// The hashes that lead from a leaf to the root: at each level the one beside it, where there is one. Empty for a
/// place outside the list.
#[must_use]
pub fn proof(leaves: &[Hash], place: usize) -> Vec<Hash> {
    if place >= leaves.len() {
        return Vec::new();
    }
    let mut level: Vec<Hash> = leaves.iter().map(|leaf| node(&[0], leaf, &[])).collect();
    let (mut place, mut beside) = (place, Vec::new());
    while level.len() > 1 {
        beside.extend(level.get(place ^ 1).copied());
        level = raise(&level);
        place /= 2;
    }
    beside
}

/// The root that a leaf at a place of a list of this length leads to. `None` when the hashes beside it are too many or
/// too few: place and length alone say how many there must be, so neither can be claimed falsely.
#[must_use]
pub fn climb(leaf: &Hash, place: usize, length: usize, beside: &[Hash]) -> Option<Hash> {
    if place >= length {
        return None;
    }
    let mut here = node(&[0], leaf, &[]);
    let (mut place, mut width, mut beside) = (place, length, beside.iter());
    while width > 1 {
        if place ^ 1 < width {
            let other = beside.next()?;
            here = if place % 2 == 0 { node(&[1], &here, other) } else { node(&[1], other, &here) };
        }
        place /= 2;
        width = width.div_ceil(2);
    }
    beside.next().is_none().then_some(here)
}

fn raise(level: &[Hash]) -> Vec<Hash> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => node(&[1], left, right),
            // An odd one rises as it is; doubling it would let two different lists share a root.
            [odd] => *odd,
            _ => Hash::default(),
        })
        .collect()
}

fn node(prefix: &[u8], left: &[u8], right: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(prefix);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_number_of_leaves_matter() {
        let (a, b, c) = ([1; 32], [2; 32], [3; 32]);
        assert_ne!(root(&[a, b]), root(&[b, a]));
        assert_ne!(root(&[a, b, c]), root(&[a, b, c, c]));
        assert_ne!(root(&[a]), a, "a leaf is hashed before it counts");
        assert_eq!(root(&[a, b, c]), root(&[a, b, c]));
    }

    #[test]
    fn every_leaf_climbs_to_the_root_and_from_no_other_place() {
        for length in 0..40_usize {
            let leaves: Vec<Hash> = (0..length).map(|n| [n as u8; 32]).collect();
            let top = root(&leaves);
            assert!(proof(&leaves, length).is_empty());
            for (place, leaf) in leaves.iter().enumerate() {
                let beside = proof(&leaves, place);
                assert_eq!(climb(leaf, place, length, &beside), Some(top), "{place} of {length}");
                for other in (0..length).filter(|other| *other != place) {
                    assert_ne!(climb(leaf, other, length, &beside), Some(top), "{place} as {other} of {length}");
                }
                assert_ne!(climb(&[99; 32], place, length, &beside), Some(top));
                assert_eq!(climb(leaf, length, length, &beside), None);
                let longer: Vec<Hash> = beside.iter().copied().chain([[0; 32]]).collect();
                assert_eq!(climb(leaf, place, length, &longer), None);
                for position in 0..beside.len() {
                    let mut wrong = beside.clone();
                    wrong[position][7] ^= 1;
                    assert_ne!(climb(leaf, place, length, &wrong), Some(top));
                }
            }
        }
    }
}
