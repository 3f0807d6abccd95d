//! Keys of terms. A model file keeps these 32 bits and never the words, so it cannot be read like a list of what customers
//! wrote.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A key being made: FNV-1a, mixed at the end so that short terms spread over all bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(u64);

impl Key {
    /// Begins the key of a term; terms of different blocks never share one but by chance.
    pub(crate) const fn begin(block: u8) -> Self {
        Self((0xcbf2_9ce4_8422_2325 ^ block as u64).wrapping_mul(0x0000_0100_0000_01b3))
    }

    /// Goes on with more of the term.
    pub(crate) fn then(mut self, more: &str) -> Self {
        for byte in more.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self
    }

    /// The key.
    pub(crate) const fn end(self) -> u32 {
        let mut x = self.0;
        x ^= x >> 33;
        x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
        x ^= x >> 33;
        (x >> 16) as u32
    }
}

/// Keys are spread already; hashing them again would only cost time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u32(&mut self, key: u32) {
        // The table takes its place from the low bits and its tag from the high ones.
        self.0 = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// A map by key. Never walked in its own order where that could reach a result.
pub(crate) type ByKey<V> = HashMap<u32, V, BuildHasherDefault<AsIs>>;
