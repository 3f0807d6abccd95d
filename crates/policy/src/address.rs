//! Addresses of contents: what governs a case is named by what it says, not only by what it is called.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The address of a file's content: SHA-256 over its bytes, in hexadecimal.
#[must_use]
pub fn address(text: &str) -> String {
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}
