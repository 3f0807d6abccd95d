//! Followers: who wants to be told of a case though it is not theirs.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    FOLLOW = "INSERT INTO followers (case_id, user_id, since) VALUES (?1, ?2, ?3)
        ON CONFLICT (case_id, user_id) DO NOTHING";
    UNFOLLOW = "DELETE FROM followers WHERE case_id = ?1 AND user_id = ?2";
    OF_CASE = "SELECT user_id, since FROM followers WHERE case_id = ?1 ORDER BY since, user_id";
    ANY = "SELECT CAST(1 AS BIGINT) FROM followers WHERE case_id = ?1 LIMIT 1";
}

/// Has a user follow a case from now on; whoever does already goes on doing so.
///
/// # Errors
/// Those of the database.
pub fn follow(tx: &mut Tx<'_>, case: Uuid, user: Uuid, at: i64) -> Result<(), StoreError> {
    tx.execute(FOLLOW, &[(&case).into(), (&user).into(), at.into()]).map(drop)
}

/// Ends it.
///
/// # Errors
/// Those of the database.
pub fn unfollow(tx: &mut Tx<'_>, case: Uuid, user: Uuid) -> Result<(), StoreError> {
    tx.execute(UNFOLLOW, &[(&case).into(), (&user).into()]).map(drop)
}

/// Who follows a case, with the moment since when; the longest first.
///
/// # Errors
/// Those of the database.
pub fn of_case(tx: &mut Tx<'_>, case: Uuid) -> Result<Vec<(Uuid, i64)>, StoreError> {
    tx.query(OF_CASE, &[(&case).into()], |row| Ok((row.uuid(0)?, row.int(1)?)))
}

/// Whether anybody follows a case.
///
/// # Errors
/// Those of the database.
pub fn any(tx: &mut Tx<'_>, case: Uuid) -> Result<bool, StoreError> {
    Ok(tx.query_opt(ANY, &[(&case).into()], |row| row.int(0))?.is_some())
}
