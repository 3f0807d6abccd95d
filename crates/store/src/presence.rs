//! Who has which case open now: rows that live for less than a minute and say nothing afterwards.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    SAY = "INSERT INTO presence (case_id, user_id, writing, at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (case_id, user_id) DO UPDATE SET writing = excluded.writing, at = excluded.at";
    KEEP_NEWEST = "DELETE FROM presence WHERE user_id = ?1 AND case_id NOT IN
        (SELECT case_id FROM presence WHERE user_id = ?1 ORDER BY at DESC, case_id LIMIT ?2)";
    LEAVE = "DELETE FROM presence WHERE case_id = ?1 AND user_id = ?2";
    OF = "SELECT user_id, writing FROM presence WHERE case_id = ?1 AND at >= ?2 ORDER BY user_id LIMIT ?3";
    EVERYBODY = "SELECT case_id, user_id, writing FROM presence WHERE at >= ?1 ORDER BY case_id, user_id LIMIT ?2";
    DELETE_BEFORE = "DELETE FROM presence WHERE at < ?1";
}

/// Somebody who has a case open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceRow {
    /// The case.
    pub case: Uuid,
    /// Who.
    pub user: Uuid,
    /// The operation they are writing for; empty while they only read.
    pub writing: String,
}

/// Says that somebody has a case open now, and forgets all but the newest `most` they have.
///
/// # Errors
/// Those of the database.
pub fn say(tx: &mut Tx<'_>, row: &PresenceRow, at: i64, most: i64) -> Result<(), StoreError> {
    tx.execute(SAY, &[(&row.case).into(), (&row.user).into(), row.writing.as_str().into(), at.into()])?;
    tx.execute(KEEP_NEWEST, &[(&row.user).into(), most.into()]).map(drop)
}

/// Says that somebody has it open no more.
///
/// # Errors
/// Those of the database.
pub fn leave(tx: &mut Tx<'_>, case: Uuid, user: Uuid) -> Result<(), StoreError> {
    tx.execute(LEAVE, &[(&case).into(), (&user).into()]).map(drop)
}

/// Who has a case open and said so since a moment.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx<'_>, case: Uuid, since: i64, most: i64) -> Result<Vec<PresenceRow>, StoreError> {
    tx.query(OF, &[(&case).into(), since.into(), most.into()], |row| {
        Ok(PresenceRow { case, user: row.uuid(0)?, writing: row.text(1)? })
    })
}

/// The same of all cases, those of one case together.
///
/// # Errors
/// Those of the database.
pub fn all(tx: &mut Tx<'_>, since: i64, most: i64) -> Result<Vec<PresenceRow>, StoreError> {
    tx.query(EVERYBODY, &[since.into(), most.into()], |row| {
        Ok(PresenceRow { case: row.uuid(0)?, user: row.uuid(1)?, writing: row.text(2)? })
    })
}

/// Forgets who said nothing since a moment.
///
/// # Errors
/// Those of the database.
pub fn delete_before(tx: &mut Tx<'_>, at: i64) -> Result<u64, StoreError> {
    tx.execute(DELETE_BEFORE, &[at.into()])
}
