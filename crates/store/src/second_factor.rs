//! Second steps of signing in: sealed secrets, codes for when one is lost, the roles that have to have one, and sign-ins that
//! wait for theirs. A step of time is used by writing it down, so of two nodes one accepts it.

use crate::people::{UserRow, read_user};
use crate::statements::statements;
use crate::{StoreError, Tx};
use uuid::Uuid;

statements! {
    FACTOR = "SELECT secret, pending, pending_at, last_step, confirmed_at FROM second_factors WHERE user_id = ?1";
    BEGIN = "INSERT INTO second_factors (user_id, secret, pending, pending_at, last_step, confirmed_at)
        VALUES (?1, NULL, ?2, ?3, 0, NULL)
        ON CONFLICT (user_id) DO UPDATE SET pending = excluded.pending, pending_at = excluded.pending_at";
    CONFIRM = "UPDATE second_factors SET secret = pending, pending = NULL, last_step = ?3, confirmed_at = ?4
        WHERE user_id = ?1 AND pending = ?2 AND secret IS NULL";
    USE_STEP = "UPDATE second_factors SET last_step = ?2 WHERE user_id = ?1 AND secret IS NOT NULL AND last_step < ?2";
    REMOVE = "DELETE FROM second_factors WHERE user_id = ?1";
    INSERT_CODE = "INSERT INTO recovery_codes (user_id, hash) VALUES (?1, ?2)";
    USE_CODE = "DELETE FROM recovery_codes WHERE user_id = ?1 AND hash = ?2";
    REMOVE_CODES = "DELETE FROM recovery_codes WHERE user_id = ?1";
    COUNT_CODES = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = ?1";
    ROLES = "SELECT role FROM factor_roles ORDER BY role";
    INSERT_ROLE = "INSERT INTO factor_roles (role, at) VALUES (?1, ?2)";
    REMOVE_ROLES = "DELETE FROM factor_roles";
    INSERT_HALF = "INSERT INTO half_sign_ins (hash, user_id, expires_at) VALUES (?1, ?2, ?3)";
    HALF = "SELECT h.expires_at, u.id, u.username, u.name, u.role, u.region, u.unit, u.password, u.disabled, u.created_at,
        u.changed_at, u.email, u.bounced, u.one_time FROM half_sign_ins h JOIN users u ON u.id = h.user_id WHERE h.hash = ?1";
    REMOVE_HALF = "DELETE FROM half_sign_ins WHERE hash = ?1";
    REMOVE_HALVES_OF = "DELETE FROM half_sign_ins WHERE user_id = ?1";
    REMOVE_HALVES_BEFORE = "DELETE FROM half_sign_ins WHERE expires_at < ?1";
}

/// The second step of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorRow {
    /// The secret, sealed; none until a first code proved that the user has it.
    pub secret: Option<Vec<u8>>,
    /// A secret that waits for its first code, sealed.
    pub pending: Option<Vec<u8>>,
    /// Since when that waits.
    pub pending_at: i64,
    /// The newest step of time a code was accepted for.
    pub last_step: i64,
    /// When the first code came.
    pub confirmed_at: Option<i64>,
}

/// The second step of a user, if there is anything of it.
///
/// # Errors
/// Those of the database.
pub fn factor(tx: &mut Tx<'_>, user: Uuid) -> Result<Option<FactorRow>, StoreError> {
    tx.query_opt(FACTOR, &[(&user).into()], |row| {
        Ok(FactorRow {
            secret: row.opt_blob(0)?,
            pending: row.opt_blob(1)?,
            pending_at: row.int(2)?,
            last_step: row.int(3)?,
            confirmed_at: row.opt_int(4)?,
        })
    })
}

/// Keeps a secret that waits for its first code.
///
/// # Errors
/// Those of the database.
pub fn begin(tx: &mut Tx<'_>, user: Uuid, sealed: &[u8], at: i64) -> Result<(), StoreError> {
    tx.execute(BEGIN, &[(&user).into(), sealed.into(), at.into()]).map(drop)
}

/// Makes the waiting secret the user's; false when it is another by now, or they have one already.
///
/// # Errors
/// Those of the database.
pub fn confirm(tx: &mut Tx<'_>, user: Uuid, sealed: &[u8], step: i64, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(CONFIRM, &[(&user).into(), sealed.into(), step.into(), at.into()])? == 1)
}

/// Uses a step of time up; false when a code for it, or for a later one, was accepted before.
///
/// # Errors
/// Those of the database.
pub fn use_step(tx: &mut Tx<'_>, user: Uuid, step: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(USE_STEP, &[(&user).into(), step.into()])? == 1)
}

/// Takes the second step off a user, codes and waiting secret included.
///
/// # Errors
/// Those of the database.
pub fn remove(tx: &mut Tx<'_>, user: Uuid) -> Result<(), StoreError> {
    tx.execute(REMOVE, &[(&user).into()])?;
    tx.execute(REMOVE_CODES, &[(&user).into()]).map(drop)
}

/// Replaces a user's codes for when the second step is lost.
///
/// # Errors
/// Those of the database.
pub fn set_codes(tx: &mut Tx<'_>, user: Uuid, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
    tx.execute(REMOVE_CODES, &[(&user).into()])?;
    for hash in hashes {
        tx.execute(INSERT_CODE, &[(&user).into(), hash.into()])?;
    }
    Ok(())
}

/// Uses such a code up; false when there is none.
///
/// # Errors
/// Those of the database.
pub fn use_code(tx: &mut Tx<'_>, user: Uuid, hash: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.execute(USE_CODE, &[(&user).into(), hash.into()])? == 1)
}

/// How many such codes are left.
///
/// # Errors
/// Those of the database.
pub fn count_codes(tx: &mut Tx<'_>, user: Uuid) -> Result<i64, StoreError> {
    tx.query_one(COUNT_CODES, &[(&user).into()], |row| row.int(0))
}

/// The roles that have to have a second step.
///
/// # Errors
/// Those of the database.
pub fn roles(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    tx.query(ROLES, &[], |row| row.text(0))
}

/// Says which roles have to have one.
///
/// # Errors
/// Those of the database.
pub fn set_roles(tx: &mut Tx<'_>, roles: &[&str], at: i64) -> Result<(), StoreError> {
    tx.execute(REMOVE_ROLES, &[])?;
    for role in roles {
        tx.execute(INSERT_ROLE, &[(*role).into(), at.into()])?;
    }
    Ok(())
}

/// Keeps a sign-in that waits for its second step.
///
/// # Errors
/// Those of the database.
pub fn insert_half(tx: &mut Tx<'_>, hash: &[u8], user: Uuid, expires_at: i64) -> Result<(), StoreError> {
    tx.execute(INSERT_HALF, &[hash.into(), (&user).into(), expires_at.into()]).map(drop)
}

/// When a sign-in that waits is over, and whose it is.
///
/// # Errors
/// Those of the database.
pub fn half(tx: &mut Tx<'_>, hash: &[u8]) -> Result<Option<(i64, UserRow)>, StoreError> {
    tx.query_opt(HALF, &[hash.into()], |row| Ok((row.int(0)?, read_user(row, 1)?)))
}

/// Ends a sign-in that waits; false when it ended before.
///
/// # Errors
/// Those of the database.
pub fn remove_half(tx: &mut Tx<'_>, hash: &[u8]) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE_HALF, &[hash.into()])? == 1)
}

/// Ends all sign-ins of a user that wait.
///
/// # Errors
/// Those of the database.
pub fn remove_halves_of(tx: &mut Tx<'_>, user: Uuid) -> Result<(), StoreError> {
    tx.execute(REMOVE_HALVES_OF, &[(&user).into()]).map(drop)
}

/// Forgets sign-ins that were over before a moment.
///
/// # Errors
/// Those of the database.
pub fn remove_halves_before(tx: &mut Tx<'_>, at: i64) -> Result<(), StoreError> {
    tx.execute(REMOVE_HALVES_BEFORE, &[at.into()]).map(drop)
}
