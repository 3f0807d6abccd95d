//! Jobs: work that follows from a command, written in the command's own transaction and done soon after. Claimed with a
//! lease, tried again with growing pauses; one that keeps failing is dead and stays to be seen.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    ENQUEUE = "INSERT INTO jobs (id, kind, key, payload, run_at, attempts, lease_until, holder, error, dead, created_at)
        VALUES (?1, ?2, ?3, ?4, 0, 0, 0, '', '', 0, ?5) ON CONFLICT (key) DO NOTHING";
    ENQUEUE_FOR = "INSERT INTO jobs (id, kind, key, payload, run_at, attempts, lease_until, holder, error, dead, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, '', '', 0, ?6) ON CONFLICT (key) DO NOTHING";
    PUT_OFF = "UPDATE jobs SET run_at = ?2 WHERE key = ?1 AND holder = '' AND dead = 0";
    DROP_KEY = "DELETE FROM jobs WHERE key = ?1";
    WAITING = "SELECT CAST(1 AS BIGINT) FROM jobs WHERE dead = 0 AND run_at <= ?1 AND (lease_until <= ?1 OR holder = ?2)
        LIMIT 1";
    // Asking again in the outer condition keeps two nodes from taking one job at the same moment.
    CLAIM = "UPDATE jobs SET attempts = attempts + CASE WHEN holder = ?3 THEN 0 ELSE 1 END, lease_until = ?2, holder = ?3
        WHERE id IN (SELECT id FROM jobs WHERE dead = 0 AND run_at <= ?1 AND (lease_until <= ?1 OR holder = ?3)
            ORDER BY run_at, id LIMIT ?4) AND (lease_until <= ?1 OR holder = ?3)
        RETURNING id, kind, key, payload, run_at, attempts, error, dead, created_at";
    FINISH = "DELETE FROM jobs WHERE id = ?1 AND holder = ?2";
    RETRY_LATER = "UPDATE jobs SET run_at = ?3, lease_until = 0, holder = '', error = ?4 WHERE id = ?1 AND holder = ?2";
    BURY = "UPDATE jobs SET dead = 1, lease_until = 0, holder = '', error = ?3 WHERE id = ?1 AND holder = ?2";
    REVIVE = "UPDATE jobs SET dead = 0, attempts = 0, run_at = ?2 WHERE id = ?1 AND dead = 1";
    COUNT = "SELECT COUNT(*) FROM (SELECT id FROM jobs WHERE dead = ?1 LIMIT 10000) counted";
    LIST = "SELECT id, kind, key, payload, run_at, attempts, error, dead, created_at FROM jobs WHERE dead = ?1
        ORDER BY run_at, id LIMIT ?2";
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Identity.
    pub id: Uuid,
    /// What is to be done.
    pub kind: String,
    /// What makes it unique: enqueueing the same twice does nothing.
    pub key: String,
    /// What it needs to know, as JSON; never personal data.
    pub payload: String,
    /// When it may run.
    pub run_at: i64,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// What went wrong last.
    pub error: String,
    /// Whether it is no longer tried.
    pub dead: bool,
    /// When it was enqueued.
    pub created_at: i64,
}

fn read(row: &Row<'_>) -> Result<JobRow, StoreError> {
    Ok(JobRow {
        id: row.uuid(0)?,
        kind: row.text(1)?,
        key: row.text(2)?,
        payload: row.text(3)?,
        run_at: row.int(4)?,
        attempts: row.int(5)?,
        error: row.text(6)?,
        dead: row.bool(7)?,
        created_at: row.int(8)?,
    })
}

/// Writes a job unless one with its key waits already. It may run at once, whatever clock its moment comes from.
///
/// # Errors
/// Those of the database.
pub fn enqueue(tx: &mut Tx<'_>, kind: &str, key: &str, payload: &str, now: i64) -> Result<(), StoreError> {
    let id = Uuid::now_v7();
    tx.execute(ENQUEUE, &[(&id).into(), kind.into(), key.into(), payload.into(), now.into()]).map(drop)
}

/// The same for a job that may run from a moment on.
///
/// # Errors
/// Those of the database.
pub fn enqueue_for(
    tx: &mut Tx<'_>,
    kind: &str,
    key: &str,
    payload: &str,
    run_at: i64,
    now: i64,
) -> Result<(), StoreError> {
    let id = Uuid::now_v7();
    let values = [(&id).into(), kind.into(), key.into(), payload.into(), run_at.into(), now.into()];
    tx.execute(ENQUEUE_FOR, &values).map(drop)
}

/// Puts a job off; false when there is none that waits, because somebody has taken it or it was done.
///
/// # Errors
/// Those of the database.
pub fn put_off(tx: &mut Tx<'_>, key: &str, run_at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(PUT_OFF, &[key.into(), run_at.into()])? == 1)
}

/// Takes a job off the list that is needed no longer.
///
/// # Errors
/// Those of the database.
pub fn drop_key(tx: &mut Tx<'_>, key: &str) -> Result<(), StoreError> {
    tx.execute(DROP_KEY, &[key.into()]).map(drop)
}

/// Whether a job waits to be done by this holder; a look that writes nothing.
///
/// # Errors
/// Those of the database.
pub fn any_waiting(tx: &mut Tx<'_>, now: i64, holder: &str) -> Result<bool, StoreError> {
    Ok(tx.query_opt(WAITING, &[now.into(), holder.into()], |row| row.int(0))?.is_some())
}

/// Takes up to `limit` jobs until `lease_until`. What the holder took before and could not even begin, because the
/// database was in trouble, it takes again at once, and that is the same attempt.
///
/// # Errors
/// Those of the database.
pub fn claim(tx: &mut Tx<'_>, now: i64, lease_until: i64, holder: &str, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    tx.query(CLAIM, &[now.into(), lease_until.into(), holder.into(), limit.into()], read)
}

/// Takes a job that is done off the list; false when the lease was lost to another.
///
/// # Errors
/// Those of the database.
pub fn finish(tx: &mut Tx<'_>, id: Uuid, holder: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(FINISH, &[(&id).into(), holder.into()])? == 1)
}

/// Gives a failed job back to be tried at `run_at`.
///
/// # Errors
/// Those of the database.
pub fn retry_later(tx: &mut Tx<'_>, id: Uuid, holder: &str, run_at: i64, error: &str) -> Result<(), StoreError> {
    tx.execute(RETRY_LATER, &[(&id).into(), holder.into(), run_at.into(), error.into()]).map(drop)
}

/// Declares a job dead.
///
/// # Errors
/// Those of the database.
pub fn bury(tx: &mut Tx<'_>, id: Uuid, holder: &str, error: &str) -> Result<(), StoreError> {
    tx.execute(BURY, &[(&id).into(), holder.into(), error.into()]).map(drop)
}

/// Has a dead job tried again; false when there is no such.
///
/// # Errors
/// Those of the database.
pub fn revive(tx: &mut Tx<'_>, id: Uuid, now: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(REVIVE, &[(&id).into(), now.into()])? == 1)
}

/// How many jobs wait, or are dead; counting stops at ten thousand.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx<'_>, dead: bool) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[dead.into()], |row| row.int(0))
}

/// Jobs that wait, or are dead, the next one first.
///
/// # Errors
/// Those of the database.
pub fn list(tx: &mut Tx<'_>, dead: bool, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    tx.query(LIST, &[dead.into(), limit.into()], read)
}
