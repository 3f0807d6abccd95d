//! Idempotency keys: what a request with this key led to.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    CLAIM = "INSERT INTO idempotency (actor, key, digest, case_id, version, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (actor, key) DO NOTHING";
    GET = "SELECT digest, case_id, version FROM idempotency WHERE actor = ?1 AND key = ?2";
    // The name stands in the statement, so that its own small index is used.
    IMPORTED = "SELECT CAST(1 AS BIGINT) FROM idempotency WHERE actor = 'import' AND case_id = ?1 LIMIT 1";
    RELEASE = "DELETE FROM idempotency WHERE actor = ?1 AND case_id = ?2";
    DELETE_BEFORE = "DELETE FROM idempotency WHERE at < ?1 AND actor <> ?2";
}

/// What an earlier request with the same key led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Keyed digest of its body.
    pub digest: Vec<u8>,
    /// The case.
    pub case_id: Uuid,
    /// The case's version after it.
    pub version: i64,
}

/// Takes a key for this request, or says what it led to before. Of two at once, the second waits for the first.
///
/// # Errors
/// Those of the database.
pub fn claim(
    tx: &mut Tx<'_>,
    actor: &str,
    key: &str,
    digest: &[u8],
    case_id: Uuid,
    version: i64,
    at: i64,
) -> Result<Option<Earlier>, StoreError> {
    let values = [actor.into(), key.into(), digest.into(), (&case_id).into(), version.into(), at.into()];
    if tx.execute(CLAIM, &values)? == 1 {
        return Ok(None);
    }
    find(tx, actor, key)?.map(Some).ok_or_else(|| StoreError::Sql("a key that is taken cannot be read".to_owned()))
}

/// What a key led to, without taking it.
///
/// # Errors
/// Those of the database.
pub fn find(tx: &mut Tx<'_>, actor: &str, key: &str) -> Result<Option<Earlier>, StoreError> {
    tx.query_opt(GET, &[actor.into(), key.into()], |row| {
        Ok(Earlier { digest: row.blob(0)?, case_id: row.uuid(1)?, version: row.int(2)? })
    })
}

/// Whether a case was registered from a row of a file.
///
/// # Errors
/// Those of the database.
pub fn imported(tx: &mut Tx<'_>, case_id: Uuid) -> Result<bool, StoreError> {
    Ok(tx.query_opt(IMPORTED, &[(&case_id).into()], |row| row.int(0))?.is_some())
}

/// Frees the key of a request that led to nothing.
///
/// # Errors
/// Those of the database.
pub fn release(tx: &mut Tx<'_>, actor: &str, case_id: Uuid) -> Result<(), StoreError> {
    tx.execute(RELEASE, &[actor.into(), (&case_id).into()]).map(drop)
}

/// Forgets keys taken before a moment, except those of one actor, which are kept for good.
///
/// # Errors
/// Those of the database.
pub fn delete_before(tx: &mut Tx<'_>, at: i64, keep: &str) -> Result<u64, StoreError> {
    tx.execute(DELETE_BEFORE, &[at.into(), keep.into()])
}
