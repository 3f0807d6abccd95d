//! Messages to customers that wait to go out, or went out and may yet be reported about. A message has no words here: it
//! names the entry of its case that wrote them; one to somebody on the list of an incident names the incident, its number
//! in that list and the wording.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    // A job done twice puts nothing here twice.
    INSERT = "INSERT INTO outbox (id, case_id, version, what, way, letter, state, due_at, lease_until, holder, attempts,
        error, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waits', ?7, 0, '', 0, '', ?8)
        ON CONFLICT (case_id, version, what) DO NOTHING";
    ANY_DUE = "SELECT CAST(1 AS BIGINT) FROM outbox WHERE state = 'waits' AND due_at <= ?1 AND lease_until <= ?1
        AND CAST(CASE WHEN way = 'email' THEN 1 ELSE 0 END AS BIGINT) = ?2 LIMIT 1";
    // Asking again in the outer condition keeps two nodes from taking one message at the same moment.
    CLAIM = "UPDATE outbox SET lease_until = ?2, holder = ?3, attempts = attempts + 1 WHERE id IN
        (SELECT id FROM outbox WHERE state = 'waits' AND due_at <= ?1 AND lease_until <= ?1
        AND CAST(CASE WHEN way = 'email' THEN 1 ELSE 0 END AS BIGINT) = ?5 ORDER BY due_at, id LIMIT ?4)
        AND lease_until <= ?1 AND state = 'waits'
        RETURNING id, case_id, version, what, way, letter, state, due_at, attempts, error, created_at";
    AGAIN = "UPDATE outbox SET due_at = ?3, lease_until = 0, holder = '', error = ?4 WHERE id = ?1 AND holder = ?2";
    // One that could not even be tried does not count as a try.
    REST = "UPDATE outbox SET due_at = ?3, lease_until = 0, holder = '', attempts = attempts - 1, error = ?4
        WHERE id = ?1 AND holder = ?2";
    SETTLE = "UPDATE outbox SET state = ?3, lease_until = 0, holder = '', error = '' WHERE id = ?1 AND holder = ?2
        AND state = 'waits'";
    REPORTED = "UPDATE outbox SET state = ?2 WHERE id = ?1";
    BY_ID = "SELECT id, case_id, version, what, way, letter, state, due_at, attempts, error, created_at FROM outbox
        WHERE id = ?1";
    OF_CASE = "SELECT id, case_id, version, what, way, letter, state, due_at, attempts, error, created_at FROM outbox
        WHERE case_id = ?1 ORDER BY created_at, id LIMIT 200";
    WAITING = "SELECT COUNT(*) FROM outbox WHERE state = 'waits'";
    DELETE_BEFORE = "DELETE FROM outbox WHERE created_at < ?1 AND state <> 'waits'";
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Identity, the same at every try.
    pub id: Uuid,
    /// The case, or the incident.
    pub case: Uuid,
    /// The entry whose words it is; of an incident the number of the message.
    pub version: i64,
    /// What it is.
    pub what: String,
    /// The way it goes.
    pub way: String,
    /// The letter it is; of an incident the wording.
    pub letter: Option<i64>,
    /// `waits`, `sent`, `delivered` or `failed`.
    pub state: String,
    /// When it is tried next.
    pub due_at: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last.
    pub error: String,
    /// When it was written.
    pub created_at: i64,
}

fn of(row: &Row<'_>) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        id: row.uuid(0)?,
        case: row.uuid(1)?,
        version: row.int(2)?,
        what: row.text(3)?,
        way: row.text(4)?,
        letter: row.opt_int(5)?,
        state: row.text(6)?,
        due_at: row.int(7)?,
        attempts: row.int(8)?,
        error: row.text(9)?,
        created_at: row.int(10)?,
    })
}

/// Puts a message here; false if that of its entry is here already.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx<'_>, row: &OutboxRow) -> Result<bool, StoreError> {
    let values = [
        (&row.id).into(),
        (&row.case).into(),
        row.version.into(),
        (&row.what).into(),
        (&row.way).into(),
        row.letter.into(),
        row.due_at.into(),
        row.created_at.into(),
    ];
    Ok(tx.execute(INSERT, &values)? == 1)
}

/// Whether a message is due, by mail or by the gateway; a look that writes nothing.
///
/// # Errors
/// Those of the database.
pub fn any_due(tx: &mut Tx<'_>, now: i64, by_mail: bool) -> Result<bool, StoreError> {
    Ok(tx.query_opt(ANY_DUE, &[now.into(), by_mail.into()], |row| row.int(0))?.is_some())
}

/// Takes up to `limit` messages that are due, by mail or by the gateway, until `lease_until`.
///
/// # Errors
/// Those of the database.
pub fn claim(
    tx: &mut Tx<'_>,
    now: i64,
    lease_until: i64,
    holder: &str,
    limit: i64,
    by_mail: bool,
) -> Result<Vec<OutboxRow>, StoreError> {
    tx.query(CLAIM, &[now.into(), lease_until.into(), holder.into(), limit.into(), by_mail.into()], of)
}

/// Leaves a message to be tried again at `at`; `tried` is false when it was not even begun.
///
/// # Errors
/// Those of the database.
pub fn again(tx: &mut Tx<'_>, id: Uuid, holder: &str, at: i64, error: &str, tried: bool) -> Result<(), StoreError> {
    let statement = if tried { AGAIN } else { REST };
    tx.execute(statement, &[(&id).into(), holder.into(), at.into(), error.into()]).map(drop)
}

/// Says how far a message came that is held; false when the lease was lost to another.
///
/// # Errors
/// Those of the database.
pub fn settle(tx: &mut Tx<'_>, id: Uuid, holder: &str, state: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(SETTLE, &[(&id).into(), holder.into(), state.into()])? == 1)
}

/// Says how far a message came by a report about it.
///
/// # Errors
/// Those of the database.
pub fn reported(tx: &mut Tx<'_>, id: Uuid, state: &str) -> Result<(), StoreError> {
    tx.execute(REPORTED, &[(&id).into(), state.into()]).map(drop)
}

/// A message.
///
/// # Errors
/// Those of the database.
pub fn by_id(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<OutboxRow>, StoreError> {
    tx.query_opt(BY_ID, &[(&id).into()], of)
}

/// The messages of a case, oldest first; at most two hundred.
///
/// # Errors
/// Those of the database.
pub fn of_case(tx: &mut Tx<'_>, case: Uuid) -> Result<Vec<OutboxRow>, StoreError> {
    tx.query(OF_CASE, &[(&case).into()], of)
}

/// How many messages wait.
///
/// # Errors
/// Those of the database.
pub fn waiting(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_one(WAITING, &[], |row| row.int(0))
}

/// Forgets messages that went their way before a moment.
///
/// # Errors
/// Those of the database.
pub fn delete_before(tx: &mut Tx<'_>, at: i64) -> Result<u64, StoreError> {
    tx.execute(DELETE_BEFORE, &[at.into()])
}
