//! Users.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    USER = "SELECT id, username, name, role, region, unit, password, disabled, created_at, changed_at, email,
        bounced, one_time FROM users
        WHERE id = ?1";
    USER_BY_NAME = "SELECT id, username, name, role, region, unit, password, disabled, created_at, changed_at, email,
        bounced, one_time FROM users
        WHERE username = ?1";
    USERS = "SELECT id, username, name, role, region, unit, password, disabled, created_at, changed_at, email,
        bounced, one_time FROM users
        ORDER BY username";
    USERS_OF_UNIT = "SELECT id, username, name, role, region, unit, password, disabled, created_at, changed_at, email,
        bounced, one_time FROM users
        WHERE unit = ?1 AND disabled = 0 ORDER BY username";
    ANY_USER = "SELECT CAST(1 AS BIGINT) FROM users LIMIT 1";
    INSERT_USER = "INSERT INTO users (id, username, name, role, region, unit, password, disabled, created_at, changed_at,
        email, bounced, one_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, '', ?12)";
    UPDATE_USER = "UPDATE users SET name = ?2, role = ?3, region = ?4, unit = ?5, disabled = ?6, changed_at = ?7
        WHERE id = ?1";
    SET_EMAIL = "UPDATE users SET email = ?2, bounced = '' WHERE id = ?1";
    SET_BOUNCED = "UPDATE users SET bounced = ?3 WHERE id = ?1 AND email = ?2";
    SET_PASSWORD = "UPDATE users SET password = ?2, one_time = ?3, changed_at = ?4 WHERE id = ?1";
    COUNT_ACTIVE = "SELECT COUNT(*) FROM users WHERE role = ?1 AND disabled = 0";
    ACTIVE_IN_UNIT = "SELECT CAST(1 AS BIGINT) FROM users WHERE unit = ?1 AND disabled = 0 LIMIT 1";
}

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Identity.
    pub id: Uuid,
    /// Name to sign in with.
    pub username: String,
    /// Name to show.
    pub name: String,
    /// Role.
    pub role: String,
    /// Area; empty for everywhere.
    pub region: String,
    /// Unit.
    pub unit: Uuid,
    /// Argon2id hash.
    pub password: String,
    /// Whether the account is closed.
    pub disabled: bool,
    /// When created.
    pub created_at: i64,
    /// When last changed.
    pub changed_at: i64,
    /// Where mail reaches them; empty for nowhere.
    pub email: String,
    /// Why a server refused that address for good; empty when none did.
    pub bounced: String,
    /// Whether the password was made for them: it is good for choosing one of their own and nothing else.
    pub one_time: bool,
}

pub(crate) fn read_user(row: &Row<'_>, first: usize) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        id: row.uuid(first)?,
        username: row.text(first + 1)?,
        name: row.text(first + 2)?,
        role: row.text(first + 3)?,
        region: row.text(first + 4)?,
        unit: row.uuid(first + 5)?,
        password: row.text(first + 6)?,
        disabled: row.bool(first + 7)?,
        created_at: row.int(first + 8)?,
        changed_at: row.int(first + 9)?,
        email: row.text(first + 10)?,
        bounced: row.text(first + 11)?,
        one_time: row.bool(first + 12)?,
    })
}

/// A user.
///
/// # Errors
/// Those of the database.
pub fn user(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<UserRow>, StoreError> {
    tx.query_opt(USER, &[(&id).into()], |row| read_user(row, 0))
}

/// A user by the name they sign in with.
///
/// # Errors
/// Those of the database.
pub fn user_by_name(tx: &mut Tx<'_>, username: &str) -> Result<Option<UserRow>, StoreError> {
    tx.query_opt(USER_BY_NAME, &[username.into()], |row| read_user(row, 0))
}

/// All users.
///
/// # Errors
/// Those of the database.
pub fn users(tx: &mut Tx<'_>) -> Result<Vec<UserRow>, StoreError> {
    tx.query(USERS, &[], |row| read_user(row, 0))
}

/// The users of a unit whose accounts are open.
///
/// # Errors
/// Those of the database.
pub fn users_of_unit(tx: &mut Tx<'_>, unit: Uuid) -> Result<Vec<UserRow>, StoreError> {
    tx.query(USERS_OF_UNIT, &[(&unit).into()], |row| read_user(row, 0))
}

/// Whether there is any user.
///
/// # Errors
/// Those of the database.
pub fn any_user(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    Ok(tx.query_opt(ANY_USER, &[], |row| row.int(0))?.is_some())
}

/// Writes a new user.
///
/// # Errors
/// `Constraint` when the name is taken.
pub fn insert_user(tx: &mut Tx<'_>, row: &UserRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.username).into(),
        (&row.name).into(),
        (&row.role).into(),
        (&row.region).into(),
        (&row.unit).into(),
        (&row.password).into(),
        row.disabled.into(),
        row.created_at.into(),
        row.changed_at.into(),
        (&row.email).into(),
        row.one_time.into(),
    ];
    tx.execute(INSERT_USER, &values).map(drop)
}

/// Sets where mail reaches a user, empty for nowhere. What was refused before is forgotten.
///
/// # Errors
/// Those of the database.
pub fn set_email(tx: &mut Tx<'_>, id: Uuid, email: &str) -> Result<(), StoreError> {
    tx.execute(SET_EMAIL, &[(&id).into(), email.into()]).map(drop)
}

/// Notes why a server refused an address for good, unless the user has another one by now.
///
/// # Errors
/// Those of the database.
pub fn set_bounced(tx: &mut Tx<'_>, id: Uuid, email: &str, why: &str) -> Result<(), StoreError> {
    tx.execute(SET_BOUNCED, &[(&id).into(), email.into(), why.into()]).map(drop)
}

/// Changes everything of a user but name to sign in with, password and address of mail.
///
/// # Errors
/// Those of the database.
pub fn update_user(tx: &mut Tx<'_>, row: &UserRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.name).into(),
        (&row.role).into(),
        (&row.region).into(),
        (&row.unit).into(),
        row.disabled.into(),
        row.changed_at.into(),
    ];
    tx.execute(UPDATE_USER, &values).map(drop)
}

/// Sets a password's hash, and whether it is only for choosing another.
///
/// # Errors
/// Those of the database.
pub fn set_password(tx: &mut Tx<'_>, id: Uuid, password: &str, one_time: bool, at: i64) -> Result<(), StoreError> {
    tx.execute(SET_PASSWORD, &[(&id).into(), password.into(), one_time.into(), at.into()]).map(drop)
}

/// How many open accounts have a role.
///
/// # Errors
/// Those of the database.
pub fn count_active(tx: &mut Tx<'_>, role: &str) -> Result<i64, StoreError> {
    tx.query_one(COUNT_ACTIVE, &[role.into()], |row| row.int(0))
}

/// Whether an open account belongs to a unit.
///
/// # Errors
/// Those of the database.
pub fn active_in_unit(tx: &mut Tx<'_>, unit: Uuid) -> Result<bool, StoreError> {
    Ok(tx.query_opt(ACTIVE_IN_UNIT, &[(&unit).into()], |row| row.int(0))?.is_some())
}
