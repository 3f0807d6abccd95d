//! What people are writing on cases, sealed, until it is sent.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    KEEP = "INSERT INTO drafts (user_id, case_id, verb, sealed, at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (user_id, case_id, verb) DO UPDATE SET sealed = excluded.sealed, at = excluded.at";
    OF = "SELECT verb, sealed, at FROM drafts WHERE user_id = ?1 AND case_id = ?2 ORDER BY verb";
    FORGET = "DELETE FROM drafts WHERE user_id = ?1 AND case_id = ?2 AND verb = ?3";
    DELETE_BEFORE = "DELETE FROM drafts WHERE at < ?1";
}

/// Keeps what somebody is writing.
///
/// # Errors
/// Those of the database.
pub fn keep(tx: &mut Tx<'_>, user: Uuid, case: Uuid, verb: &str, sealed: &[u8], at: i64) -> Result<(), StoreError> {
    tx.execute(KEEP, &[(&user).into(), (&case).into(), verb.into(), sealed.into(), at.into()]).map(drop)
}

/// What somebody is writing on a case: each with its verb, and when it was kept last.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx<'_>, user: Uuid, case: Uuid) -> Result<Vec<(String, Vec<u8>, i64)>, StoreError> {
    tx.query(OF, &[(&user).into(), (&case).into()], |row| Ok((row.text(0)?, row.blob(1)?, row.int(2)?)))
}

/// Forgets it.
///
/// # Errors
/// Those of the database.
pub fn forget(tx: &mut Tx<'_>, user: Uuid, case: Uuid, verb: &str) -> Result<(), StoreError> {
    tx.execute(FORGET, &[(&user).into(), (&case).into(), verb.into()]).map(drop)
}

/// Forgets what nobody went on with since a moment.
///
/// # Errors
/// Those of the database.
pub fn delete_before(tx: &mut Tx<'_>, at: i64) -> Result<u64, StoreError> {
    tx.execute(DELETE_BEFORE, &[at.into()])
}
