//! Persons: identity sealed under a data key of their own, found again through keyed hashes. A matching number only
//! suggests a person and never merges two: families share numbers, and numbers are given out again.

use super::cipher::{CipherError, Key};
use super::{Keyring, MasterKeys};
use domain::ids::{CaseId, PersonId};
use domain::intake::Identity;
use domain::text::identifier::{normalise_phone, normalise_subscription};
use std::collections::BTreeSet;

/// A person made ready for the database.
#[derive(Debug)]
pub struct SealedPerson {
    /// The data key under the master key.
    pub wrapped_key: Vec<u8>,
    /// The identity under the data key.
    pub identity: Vec<u8>,
}

/// Seals an identity under a data key.
///
/// # Errors
/// If the system gives no random bytes.
pub fn seal(
    master: &MasterKeys,
    person: PersonId,
    key: &Key,
    identity: &Identity,
) -> Result<SealedPerson, CipherError> {
    let plain = serde_json::to_vec(identity).map_err(|_| CipherError::DoesNotOpen)?;
    Ok(SealedPerson {
        wrapped_key: master.wrap(key.bytes(), &key_place(person))?,
        identity: key.seal(&plain, &identity_place(person))?,
    })
}

/// Unwraps a person's data key.
///
/// # Errors
/// If the person was erased or the master key does not fit.
pub fn key(master: &MasterKeys, person: PersonId, wrapped: Option<&[u8]>) -> Result<Key, CipherError> {
    let wrapped = wrapped.ok_or(CipherError::Erased)?;
    Key::from_slice(&master.unwrap(wrapped, &key_place(person))?)
}

/// The same key under the newest master key.
///
/// # Errors
/// If it cannot be unwrapped.
pub fn rewrap(master: &MasterKeys, person: PersonId, wrapped: &[u8]) -> Result<Vec<u8>, CipherError> {
    let key = key(master, person, Some(wrapped))?;
    master.wrap(key.bytes(), &key_place(person))
}

/// Opens an identity.
///
/// # Errors
/// If the key or the place is wrong.
pub fn open(person: PersonId, key: &Key, sealed: &[u8]) -> Result<Identity, CipherError> {
    let plain = key.open(sealed, &identity_place(person))?;
    serde_json::from_slice(&plain).map_err(|_| CipherError::DoesNotOpen)
}

/// Wraps a case's text key under the person's data key.
///
/// # Errors
/// If the system gives no random bytes.
pub fn wrap_text_key(case: CaseId, person: &Key, text: &Key) -> Result<Vec<u8>, CipherError> {
    person.seal(text.bytes(), &text_key_place(case))
}

/// Unwraps a case's text key.
///
/// # Errors
/// If the key is not the complainant's.
pub fn open_text_key(case: CaseId, person: &Key, wrapped: &[u8]) -> Result<Key, CipherError> {
    Key::from_slice(&person.open(wrapped, &text_key_place(case))?)
}

/// Hashes under which an identity can be found: numbers as `phone`, documents as `id`, addresses as `email`.
#[must_use]
pub fn lookups(ring: &Keyring, identity: &Identity) -> Vec<(&'static str, [u8; 32])> {
    let mut found = BTreeSet::new();
    let numbers = [&identity.phone, &identity.phone_alt, &identity.subscription, &identity.caller];
    for number in numbers.into_iter().flatten() {
        found.insert(("phone", normal_number(number)));
    }
    if let Some(id) = &identity.id_number {
        found.insert(("id", normalise_subscription(id)));
    }
    if let Some(email) = &identity.email {
        found.insert(("email", email.trim().to_lowercase()));
    }
    found.into_iter().map(|(kind, normal)| (kind, ring.lookup_hash(kind, &normal))).collect()
}

/// The form in which a business number is looked up.
#[must_use]
pub fn normal_number(number: &str) -> String {
    normalise_phone(number).unwrap_or_else(|| normalise_subscription(number))
}

fn key_place(person: PersonId) -> Vec<u8> {
    format!("person-key:{person}").into_bytes()
}

fn identity_place(person: PersonId) -> Vec<u8> {
    format!("identity:{person}").into_bytes()
}

fn text_key_place(case: CaseId) -> Vec<u8> {
    format!("text-key:{case}").into_bytes()
}
