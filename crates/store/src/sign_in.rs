//! Sessions, tokens and counted attempts.

use crate::people::{UserRow, read_user};
use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    COUNT_ATTEMPT = "INSERT INTO attempts (key, window_start, count) VALUES (?1, ?2, 1)
        ON CONFLICT (key) DO UPDATE SET
            count = CASE WHEN attempts.window_start < ?3 THEN 1 ELSE attempts.count + 1 END,
            window_start = CASE WHEN attempts.window_start < ?3 THEN ?2 ELSE attempts.window_start END
        RETURNING count";
    TAKE_BACK_ATTEMPT = "UPDATE attempts SET count = count - 1 WHERE key = ?1 AND count > 0";
    CLEAR_ATTEMPTS = "DELETE FROM attempts WHERE key = ?1";
    DELETE_ATTEMPTS_BEFORE = "DELETE FROM attempts WHERE window_start < ?1";
    INSERT_SESSION = "INSERT INTO sessions (hash, user_id, created_at, expires_at, seen_at)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    SESSION_USER = "SELECT s.hash, s.user_id, s.created_at, s.expires_at, s.seen_at,
        u.id, u.username, u.name, u.role, u.region, u.unit, u.password, u.disabled, u.created_at, u.changed_at,
        u.email, u.bounced, u.one_time,
        CAST(CASE WHEN EXISTS (SELECT 1 FROM factor_roles r WHERE r.role = u.role) AND NOT EXISTS
        (SELECT 1 FROM second_factors f WHERE f.user_id = u.id AND f.secret IS NOT NULL) THEN 1 ELSE 0 END AS BIGINT)
        FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = ?1";
    TOUCH_SESSION = "UPDATE sessions SET seen_at = ?2 WHERE hash = ?1";
    DELETE_SESSION = "DELETE FROM sessions WHERE hash = ?1";
    DELETE_SESSIONS_OF = "DELETE FROM sessions WHERE user_id = ?1";
    DELETE_EXPIRED_SESSIONS = "DELETE FROM sessions WHERE expires_at < ?1";
    INSERT_TOKEN = "INSERT INTO tokens (id, name, hash, role, region, scopes, created_at, expires_at, revoked_at, purpose,
        made_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    TOKEN_BY_HASH = "SELECT id, name, hash, role, region, scopes, created_at, expires_at, revoked_at, purpose, made_by
        FROM tokens WHERE hash = ?1";
    TOKEN_BY_ID = "SELECT id, name, hash, role, region, scopes, created_at, expires_at, revoked_at, purpose, made_by
        FROM tokens WHERE id = ?1";
    // Those that are good come before those that are over; the newest first.
    TOKENS = "SELECT id, name, hash, role, region, scopes, created_at, expires_at, revoked_at, purpose, made_by FROM tokens
        WHERE ?1 = '' OR region = ?1 OR (?4 = 1 AND substr(region, 1, length(?1)) = ?1)
        ORDER BY CASE WHEN revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2) THEN 0 ELSE 1 END,
        created_at DESC, id LIMIT ?3";
    END_TOKEN = "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    REVOKE_TOKEN = "UPDATE tokens SET revoked_at = ?2 WHERE name = ?1 AND revoked_at IS NULL RETURNING id";
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Hash of its secret.
    pub hash: Vec<u8>,
    /// Whose.
    pub user_id: Uuid,
    /// When signed in.
    pub created_at: i64,
    /// When it ends at the latest.
    pub expires_at: i64,
    /// When last used.
    pub seen_at: i64,
}

/// A programme's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Identity.
    pub id: Uuid,
    /// Name to show.
    pub name: String,
    /// Hash of its secret.
    pub hash: Vec<u8>,
    /// Role.
    pub role: String,
    /// Area; empty for everywhere.
    pub region: String,
    /// Scopes, separated by commas.
    pub scopes: String,
    /// When created.
    pub created_at: i64,
    /// When it ends.
    pub expires_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// What it is for; empty where nobody said.
    pub purpose: String,
    /// Who made it; empty where nobody noted it.
    pub made_by: String,
}

/// Counts an attempt and returns how many there were since the window began; windows begun before `since` are over.
///
/// # Errors
/// Those of the database.
pub fn count_attempt(tx: &mut Tx<'_>, key: &str, at: i64, since: i64) -> Result<i64, StoreError> {
    tx.query_one(COUNT_ATTEMPT, &[key.into(), at.into(), since.into()], |row| row.int(0))
}

/// Takes back an attempt that was counted and succeeded.
///
/// # Errors
/// Those of the database.
pub fn take_back_attempt(tx: &mut Tx<'_>, key: &str) -> Result<(), StoreError> {
    tx.execute(TAKE_BACK_ATTEMPT, &[key.into()]).map(drop)
}

/// Forgets the attempts of a key.
///
/// # Errors
/// Those of the database.
pub fn clear_attempts(tx: &mut Tx<'_>, key: &str) -> Result<(), StoreError> {
    tx.execute(CLEAR_ATTEMPTS, &[key.into()]).map(drop)
}

/// Forgets windows begun before a moment.
///
/// # Errors
/// Those of the database.
pub fn delete_attempts_before(tx: &mut Tx<'_>, at: i64) -> Result<(), StoreError> {
    tx.execute(DELETE_ATTEMPTS_BEFORE, &[at.into()]).map(drop)
}

/// Writes a session.
///
/// # Errors
/// Those of the database.
pub fn insert_session(tx: &mut Tx<'_>, row: &SessionRow) -> Result<(), StoreError> {
    let values =
        [(&row.hash).into(), (&row.user_id).into(), row.created_at.into(), row.expires_at.into(), row.seen_at.into()];
    tx.execute(INSERT_SESSION, &values).map(drop)
}

/// A session, whose it is, and whether they have to have a second step and have none.
///
/// # Errors
/// Those of the database.
pub fn session_user(tx: &mut Tx<'_>, hash: &[u8]) -> Result<Option<(SessionRow, UserRow, bool)>, StoreError> {
    tx.query_opt(SESSION_USER, &[hash.into()], |row| {
        let session = SessionRow {
            hash: row.blob(0)?,
            user_id: row.uuid(1)?,
            created_at: row.int(2)?,
            expires_at: row.int(3)?,
            seen_at: row.int(4)?,
        };
        Ok((session, read_user(row, 5)?, row.bool(18)?))
    })
}

/// Notes a session's last use.
///
/// # Errors
/// Those of the database.
pub fn touch_session(tx: &mut Tx<'_>, hash: &[u8], at: i64) -> Result<(), StoreError> {
    tx.execute(TOUCH_SESSION, &[hash.into(), at.into()]).map(drop)
}

/// Ends a session.
///
/// # Errors
/// Those of the database.
pub fn delete_session(tx: &mut Tx<'_>, hash: &[u8]) -> Result<(), StoreError> {
    tx.execute(DELETE_SESSION, &[hash.into()]).map(drop)
}

/// Ends all sessions of a user.
///
/// # Errors
/// Those of the database.
pub fn delete_sessions_of(tx: &mut Tx<'_>, user: Uuid) -> Result<(), StoreError> {
    tx.execute(DELETE_SESSIONS_OF, &[(&user).into()]).map(drop)
}

/// Forgets sessions that ended before a moment.
///
/// # Errors
/// Those of the database.
pub fn delete_expired_sessions(tx: &mut Tx<'_>, at: i64) -> Result<(), StoreError> {
    tx.execute(DELETE_EXPIRED_SESSIONS, &[at.into()]).map(drop)
}

/// Writes a token.
///
/// # Errors
/// Those of the database.
pub fn insert_token(tx: &mut Tx<'_>, row: &TokenRow) -> Result<(), StoreError> {
    let values = [
        (&row.id).into(),
        (&row.name).into(),
        (&row.hash).into(),
        (&row.role).into(),
        (&row.region).into(),
        (&row.scopes).into(),
        row.created_at.into(),
        row.expires_at.into(),
        row.revoked_at.into(),
        (&row.purpose).into(),
        (&row.made_by).into(),
    ];
    tx.execute(INSERT_TOKEN, &values).map(drop)
}

/// A token by the hash of its secret.
///
/// # Errors
/// Those of the database.
pub fn token_by_hash(tx: &mut Tx<'_>, hash: &[u8]) -> Result<Option<TokenRow>, StoreError> {
    tx.query_opt(TOKEN_BY_HASH, &[hash.into()], read_token)
}

/// A token by its identity.
///
/// # Errors
/// Those of the database.
pub fn token(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<TokenRow>, StoreError> {
    tx.query_opt(TOKEN_BY_ID, &[(&id).into()], read_token)
}

fn read_token(row: &Row<'_>) -> Result<TokenRow, StoreError> {
    Ok(TokenRow {
        id: row.uuid(0)?,
        name: row.text(1)?,
        hash: row.blob(2)?,
        role: row.text(3)?,
        region: row.text(4)?,
        scopes: row.text(5)?,
        created_at: row.int(6)?,
        expires_at: row.opt_int(7)?,
        revoked_at: row.opt_int(8)?,
        purpose: row.text(9)?,
        made_by: row.text(10)?,
    })
}

/// Tokens of an area, those that are good at a moment first, the newest before the others.
///
/// # Errors
/// Those of the database.
pub fn tokens(tx: &mut Tx<'_>, area: &str, now: i64, limit: i64) -> Result<Vec<TokenRow>, StoreError> {
    // As `region_in` has it: only codes without a hyphen have others below them.
    tx.query(TOKENS, &[area.into(), now.into(), limit.into(), (!area.contains('-')).into()], read_token)
}

/// Ends one token; false when it was over already.
///
/// # Errors
/// Those of the database.
pub fn end_token(tx: &mut Tx<'_>, id: Uuid, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(END_TOKEN, &[(&id).into(), at.into()])? > 0)
}

/// Revokes every valid token of a name and returns them.
///
/// # Errors
/// Those of the database.
pub fn revoke_tokens(tx: &mut Tx<'_>, name: &str, at: i64) -> Result<Vec<Uuid>, StoreError> {
    tx.query(REVOKE_TOKEN, &[name.into(), at.into()], |row| row.uuid(0))
}
