//! AES-256-GCM-SIV: misuse-resistant, so a repeated nonce costs little. Each ciphertext names what it belongs to in
//! its associated data and cannot be moved to another place.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use zeroize::{Zeroize, ZeroizeOnDrop};

const NONCE: usize = 12;

/// A 256-bit key, wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Why a ciphertext cannot be made or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    /// Wrong key, wrong place or damaged.
    #[error("a ciphertext does not open: wrong key, moved or damaged")]
    DoesNotOpen,
    /// The key was destroyed because the person was erased.
    #[error("the key was destroyed: the person has been erased")]
    Erased,
    /// Wrapped by a master key this installation does not hold.
    #[error("wrapped by master key {0:08x}, which the key file does not hold")]
    UnknownMaster(u32),
}

/// Fills an array with random bytes from the operating system.
///
/// # Errors
/// If it gives none.
pub fn random<const N: usize>() -> Result<[u8; N], CipherError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| CipherError::NoRandomness)?;
    Ok(bytes)
}

impl Key {
    /// A new random key.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn random() -> Result<Self, CipherError> {
        random().map(Self)
    }

    /// A key from its bytes.
    ///
    /// # Errors
    /// If there are not 32.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, CipherError> {
        bytes.try_into().map(Self).map_err(|_| CipherError::DoesNotOpen)
    }

    /// The key's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encrypts: nonce, then ciphertext with tag.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn seal(&self, plain: &[u8], belongs_to: &[u8]) -> Result<Vec<u8>, CipherError> {
        let nonce: [u8; NONCE] = random()?;
        let sealed = Aes256GcmSiv::new(&self.0.into())
            .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: belongs_to })
            .map_err(|_| CipherError::DoesNotOpen)?;
        let mut out = Vec::with_capacity(NONCE + sealed.len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Decrypts what [`Key::seal`] made.
    ///
    /// # Errors
    /// If key or place are wrong, or a bit is.
    pub fn open(&self, sealed: &[u8], belongs_to: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (nonce, body) = sealed.split_at_checked(NONCE).ok_or(CipherError::DoesNotOpen)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| CipherError::DoesNotOpen)?;
        Aes256GcmSiv::new(&self.0.into())
            .decrypt(&Nonce::from(nonce), Payload { msg: body, aad: belongs_to })
            .map_err(|_| CipherError::DoesNotOpen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_key_and_place() {
        let key = Key::random().unwrap();
        let sealed = key.seal("张三".as_bytes(), b"case 1").unwrap();
        assert_eq!(key.open(&sealed, b"case 1").unwrap(), "张三".as_bytes());
        assert!(key.open(&sealed, b"case 2").is_err());
        assert!(Key::random().unwrap().open(&sealed, b"case 1").is_err());
        for position in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[position] ^= 1;
            assert!(key.open(&damaged, b"case 1").is_err(), "byte {position}");
        }
        assert!(key.open(b"short", b"").is_err());
    }
}
