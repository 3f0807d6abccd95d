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
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node(&[1], left, right),
                // An odd one rises as it is; doubling it would let two different lists share a root.
                [odd] => *odd,
                _ => Hash::default(),
            })
            .collect();
    }
    level.first().copied().unwrap_or_default()
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
}
