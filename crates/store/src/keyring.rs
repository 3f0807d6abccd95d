//! Secrets of the installation, wrapped by the master key.

use crate::statements::statements;
use crate::{StoreError, Tx};

statements! {
    GET = "SELECT wrapped FROM keyring WHERE name = ?1";
    INSERT = "INSERT INTO keyring (name, wrapped) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
    REPLACE = "UPDATE keyring SET wrapped = ?2 WHERE name = ?1";
}

/// A wrapped secret.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx<'_>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    tx.query_opt(GET, &[name.into()], |row| row.blob(0))
}

/// Keeps a wrapped secret unless there is one by that name.
///
/// # Errors
/// Those of the database.
pub fn insert_if_absent(tx: &mut Tx<'_>, name: &str, wrapped: &[u8]) -> Result<(), StoreError> {
    tx.execute(INSERT, &[name.into(), wrapped.into()]).map(drop)
}

/// Replaces a wrapped secret.
///
/// # Errors
/// Those of the database.
pub fn replace(tx: &mut Tx<'_>, name: &str, wrapped: &[u8]) -> Result<(), StoreError> {
    tx.execute(REPLACE, &[name.into(), wrapped.into()]).map(drop)
}
