//! Links to set a password, by digest, and letters about accounts. A letter names whoever was typed, whether or not there is
//! such a user: asking for one writes the same for everybody, and who it goes to is looked up when it is sent.

use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    KEEP = "INSERT INTO password_resets (user_id, hash, against, expires_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, against = excluded.against,
        expires_at = excluded.expires_at";
    RESET = "SELECT user_id, against, expires_at FROM password_resets WHERE hash = ?1";
    OF_USER = "SELECT user_id, against, expires_at FROM password_resets WHERE user_id = ?1";
    TAKE = "DELETE FROM password_resets WHERE hash = ?1";
    END_OF = "DELETE FROM password_resets WHERE user_id = ?1";
    END_BEFORE = "DELETE FROM password_resets WHERE expires_at < ?1";
    ASK = "INSERT INTO account_letters (kind, username, address, due_at, lease_until, holder, attempts)
        VALUES (?1, ?2, ?3, ?4, 0, '', 0) ON CONFLICT (kind, username) DO NOTHING";
    ANY_DUE = "SELECT CAST(1 AS BIGINT) FROM account_letters WHERE due_at <= ?1 AND lease_until <= ?1 LIMIT 1";
    // A node at a time takes one letter; asking again in the outer condition keeps two from taking the same.
    CLAIM = "UPDATE account_letters SET lease_until = ?2, holder = ?3, attempts = attempts + 1
        WHERE due_at <= ?1 AND lease_until <= ?1 AND username IN (SELECT username FROM account_letters
        WHERE due_at <= ?1 AND lease_until <= ?1 ORDER BY due_at, username LIMIT ?4)
        RETURNING kind, username, address, attempts";
    AGAIN = "UPDATE account_letters SET due_at = ?4, lease_until = 0, holder = ''
        WHERE kind = ?1 AND username = ?2 AND holder = ?3";
    RELEASE = "UPDATE account_letters SET lease_until = 0, holder = '', attempts = attempts - 1
        WHERE kind = ?1 AND username = ?2 AND holder = ?3";
    DONE = "DELETE FROM account_letters WHERE kind = ?1 AND username = ?2 AND holder = ?3";
}

/// A link to set a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetRow {
    /// Whose.
    pub user: Uuid,
    /// Digest of what the account was when it was made; another password or address ends it.
    pub against: Vec<u8>,
    /// When it ends.
    pub expires_at: i64,
}

/// A letter about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLetterRow {
    /// What it says.
    pub kind: String,
    /// Name to sign in with, as it was typed.
    pub username: String,
    /// Where it goes; empty for the address the user has when it is sent.
    pub address: String,
    /// How often it was tried, this time included.
    pub attempts: i64,
}

/// Keeps the one link of a user; the one before ends.
///
/// # Errors
/// Those of the database.
pub fn keep(tx: &mut Tx<'_>, hash: &[u8], row: &ResetRow) -> Result<(), StoreError> {
    tx.execute(KEEP, &[(&row.user).into(), hash.into(), (&row.against).into(), row.expires_at.into()]).map(drop)
}

/// The link with this digest.
///
/// # Errors
/// Those of the database.
pub fn reset(tx: &mut Tx<'_>, hash: &[u8]) -> Result<Option<ResetRow>, StoreError> {
    tx.query_opt(RESET, &[hash.into()], |row| {
        Ok(ResetRow { user: row.uuid(0)?, against: row.blob(1)?, expires_at: row.int(2)? })
    })
}

/// The link of a user.
///
/// # Errors
/// Those of the database.
pub fn of_user(tx: &mut Tx<'_>, user: Uuid) -> Result<Option<ResetRow>, StoreError> {
    tx.query_opt(OF_USER, &[(&user).into()], |row| {
        Ok(ResetRow { user: row.uuid(0)?, against: row.blob(1)?, expires_at: row.int(2)? })
    })
}

/// Uses it up; false when it was used before.
///
/// # Errors
/// Those of the database.
pub fn take(tx: &mut Tx<'_>, hash: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.execute(TAKE, &[hash.into()])? == 1)
}

/// Ends a user's link.
///
/// # Errors
/// Those of the database.
pub fn end_of(tx: &mut Tx<'_>, user: Uuid) -> Result<(), StoreError> {
    tx.execute(END_OF, &[(&user).into()]).map(drop)
}

/// Forgets links that ended before a moment.
///
/// # Errors
/// Those of the database.
pub fn end_before(tx: &mut Tx<'_>, at: i64) -> Result<(), StoreError> {
    tx.execute(END_BEFORE, &[at.into()]).map(drop)
}

/// Has a letter sent, to `address` or, where that is empty, to the one the user has by then; one of the kind that waits
/// already is the same.
///
/// # Errors
/// Those of the database.
pub fn ask(tx: &mut Tx<'_>, kind: &str, username: &str, address: &str, at: i64) -> Result<(), StoreError> {
    tx.execute(ASK, &[kind.into(), username.into(), address.into(), at.into()]).map(drop)
}

/// Whether a letter is due; a look that writes nothing.
///
/// # Errors
/// Those of the database.
pub fn any_due(tx: &mut Tx<'_>, now: i64) -> Result<bool, StoreError> {
    Ok(tx.query_opt(ANY_DUE, &[now.into()], |row| row.int(0))?.is_some())
}

/// Takes the letters of up to `limit` people until `lease_until`.
///
/// # Errors
/// Those of the database.
pub fn claim(
    tx: &mut Tx<'_>,
    now: i64,
    lease_until: i64,
    holder: &str,
    limit: i64,
) -> Result<Vec<AccountLetterRow>, StoreError> {
    tx.query(CLAIM, &[now.into(), lease_until.into(), holder.into(), limit.into()], |row| {
        Ok(AccountLetterRow {
            kind: row.text(0)?,
            username: row.text(1)?,
            address: row.text(2)?,
            attempts: row.int(3)?,
        })
    })
}

/// Leaves a letter to be tried again at a moment.
///
/// # Errors
/// Those of the database.
pub fn again(tx: &mut Tx<'_>, row: &AccountLetterRow, holder: &str, at: i64) -> Result<(), StoreError> {
    tx.execute(AGAIN, &[(&row.kind).into(), (&row.username).into(), holder.into(), at.into()]).map(drop)
}

/// Gives back a letter that was taken and not tried.
///
/// # Errors
/// Those of the database.
pub fn release(tx: &mut Tx<'_>, row: &AccountLetterRow, holder: &str) -> Result<(), StoreError> {
    tx.execute(RELEASE, &[(&row.kind).into(), (&row.username).into(), holder.into()]).map(drop)
}

/// Takes a letter off the list; false when the lease was lost to another.
///
/// # Errors
/// Those of the database.
pub fn done(tx: &mut Tx<'_>, row: &AccountLetterRow, holder: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DONE, &[(&row.kind).into(), (&row.username).into(), holder.into()])? == 1)
}
