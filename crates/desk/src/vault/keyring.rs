//! Secrets of the installation that outlive a rotation of the master key: they stand in the database, wrapped.

use super::cipher::{CipherError, Key};
use super::master::MasterKeys;
use crate::DeskError;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::sync::Arc;
use store::{Db, keyring};
use uuid::Uuid;

const NAMES: [&str; 7] = ["lookup", "tracking", "idempotency", "checkpoint", "address", "letterbox", "second_factor"];
/// Letters and digits people do not confuse when reading them out.
const TRACKING_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The installation's secrets, unwrapped.
#[derive(Clone, Debug)]
pub struct Keyring {
    lookup: Key,
    tracking: Key,
    idempotency: Key,
    checkpoint: Key,
    address: Key,
    letterbox: Key,
    second_factor: Key,
}

impl Keyring {
    /// Reads the secrets, creating them in a new database.
    ///
    /// # Errors
    /// If the database does not answer or the master key does not fit it.
    pub fn open(db: &Db, master: &Arc<MasterKeys>) -> Result<Self, DeskError> {
        let mut fresh = Vec::new();
        for name in NAMES {
            let key = Key::random()?;
            fresh.push((name, master.wrap(key.bytes(), &place(name))?));
        }
        let wrapped = db.write_now(move |tx| -> Result<Vec<Vec<u8>>, DeskError> {
            let mut wrapped = Vec::new();
            for (name, secret) in fresh {
                keyring::insert_if_absent(tx, name, &secret)?;
                let kept = keyring::get(tx, name)?.ok_or(CipherError::DoesNotOpen)?;
                wrapped.push(kept);
            }
            Ok(wrapped)
        })?;
        let open = |position: usize| -> Result<Key, DeskError> {
            let name = NAMES.get(position).copied().unwrap_or_default();
            let wrapped = wrapped.get(position).ok_or(CipherError::DoesNotOpen)?;
            Ok(Key::from_slice(&master.unwrap(wrapped, &place(name))?)?)
        };
        Ok(Self {
            lookup: open(0)?,
            tracking: open(1)?,
            idempotency: open(2)?,
            checkpoint: open(3)?,
            address: open(4)?,
            letterbox: open(5)?,
            second_factor: open(6)?,
        })
    }

    /// Wraps all secrets under the newest master key.
    ///
    /// # Errors
    /// If one cannot be opened or written.
    pub fn rewrap(db: &Db, master: &Arc<MasterKeys>) -> Result<usize, DeskError> {
        let master = Arc::clone(master);
        db.write_now(move |tx| {
            for name in NAMES {
                if let Some(wrapped) = keyring::get(tx, name)? {
                    let secret = master.unwrap(&wrapped, &place(name))?;
                    keyring::replace(tx, name, &master.wrap(&secret, &place(name))?)?;
                }
            }
            Ok(NAMES.len())
        })
    }

    /// Keyed hash of a normalised identifier, for look-ups that reveal nothing to who reads the database.
    #[must_use]
    pub fn lookup_hash(&self, kind: &str, normal: &str) -> [u8; 32] {
        mac(&self.lookup, &[kind.as_bytes(), b"\0", normal.as_bytes()])
    }

    /// Keyed digest of a request, so that the table of idempotency keys tells nothing about bodies.
    #[must_use]
    pub fn request_digest(&self, what: &str, body: &[u8]) -> [u8; 32] {
        mac(&self.idempotency, &[what.as_bytes(), b"\0", body])
    }

    /// The customer's tracking code: sixty unguessable bits, derived and therefore never stored.
    #[must_use]
    pub fn tracking_code(&self, case: Uuid) -> String {
        let digest = mac(&self.tracking, &[case.as_bytes()]);
        let mut code = String::with_capacity(14);
        for (position, byte) in digest.iter().take(12).enumerate() {
            if position == 4 || position == 8 {
                code.push('-');
            }
            let letter = TRACKING_ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'0');
            code.push(char::from(letter));
        }
        code
    }

    /// What proves that an address of ours names this subject and nobody made it up: ninety-six bits.
    #[must_use]
    pub fn address_proof(&self, kind: u8, subject: Uuid) -> [u8; 12] {
        let digest = mac(&self.address, &[&[kind], subject.as_bytes()]);
        digest.first_chunk().copied().unwrap_or_default()
    }

    /// What signs events for a subscription: derived and therefore never stored. Each generation is another secret.
    #[must_use]
    pub fn webhook_secret(&self, subscription: Uuid, generation: i64) -> [u8; 32] {
        mac(&self.address, &[b"webhook", subscription.as_bytes(), &generation.to_be_bytes()])
    }

    /// The key of mail that waits for a person and belongs to nobody yet.
    #[must_use]
    pub fn letterbox(&self) -> &Key {
        &self.letterbox
    }

    /// The key of what people's telephones make their codes from.
    #[must_use]
    pub fn second_factor(&self) -> &Key {
        &self.second_factor
    }

    /// Signs a checkpoint.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing().sign(message).to_bytes()
    }

    /// The public key checkpoints are verified with.
    #[must_use]
    pub fn public_key(&self) -> VerifyingKey {
        self.signing().verifying_key()
    }

    fn signing(&self) -> SigningKey {
        SigningKey::from_bytes(self.checkpoint.bytes())
    }
}

fn place(name: &str) -> Vec<u8> {
    format!("keyring:{name}").into_bytes()
}

fn mac(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length, so this cannot fail; an empty hash would match nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.bytes()) else {
        return [0; 32];
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
