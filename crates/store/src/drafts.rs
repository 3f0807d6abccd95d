//! What people are writing on cases, sealed, until it is sent.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    // What a machine drafted stays known, whatever is made of it.
    KEEP = "INSERT INTO drafts (user_id, case_id, verb, sealed, at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (user_id, case_id, verb) DO UPDATE SET sealed = excluded.sealed, at = excluded.at";
    KEEP_MACHINE = "INSERT INTO drafts (user_id, case_id, verb, sealed, at, machine) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (user_id, case_id, verb) DO UPDATE SET sealed = excluded.sealed, at = excluded.at,
        machine = excluded.machine";
    OF = "SELECT verb, sealed, at, machine FROM drafts WHERE user_id = ?1 AND case_id = ?2 ORDER BY verb";
    FORGET = "DELETE FROM drafts WHERE user_id = ?1 AND case_id = ?2 AND verb = ?3";
    DELETE_BEFORE = "DELETE FROM drafts WHERE at < ?1";
}

/// What somebody is writing on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRow {
    /// What it is.
    pub verb: String,
    /// The words.
    pub sealed: Vec<u8>,
    /// When they were kept last.
    pub at: i64,
    /// What a machine had drafted there, and which.
    pub machine: Option<Vec<u8>>,
}

/// Keeps what somebody is writing.
///
/// # Errors
/// Those of the database.
pub fn keep(tx: &mut Tx<'_>, user: Uuid, case: Uuid, verb: &str, sealed: &[u8], at: i64) -> Result<(), StoreError> {
    tx.execute(KEEP, &[(&user).into(), (&case).into(), verb.into(), sealed.into(), at.into()]).map(drop)
}

/// Keeps what a machine drafted for somebody, in the place of what they were writing.
///
/// # Errors
/// Those of the database.
pub fn keep_machine(tx: &mut Tx<'_>, user: Uuid, case: Uuid, row: &DraftRow) -> Result<(), StoreError> {
    let values = [
        (&user).into(),
        (&case).into(),
        row.verb.as_str().into(),
        row.sealed.as_slice().into(),
        row.at.into(),
        (&row.machine).into(),
    ];
    tx.execute(KEEP_MACHINE, &values).map(drop)
}

/// What somebody is writing on a case.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx<'_>, user: Uuid, case: Uuid) -> Result<Vec<DraftRow>, StoreError> {
    tx.query(OF, &[(&user).into(), (&case).into()], |row| {
        Ok(DraftRow { verb: row.text(0)?, sealed: row.blob(1)?, at: row.int(2)?, machine: row.opt_blob(3)? })
    })
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
