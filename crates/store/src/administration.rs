//! What the pages of the administration keep: checks of the whole log, how far the first set-up came, who put the tour
//! away, and backups that were made.

use crate::statements::statements;
use crate::{Row, StoreError, Tx};
use uuid::Uuid;

statements! {
    INSERT_VERIFICATION = "INSERT INTO verifications (id, state, asked_by, asked_at, tries, looked, whole, told, ended_at)
        VALUES (?1, 'waiting', ?2, ?3, 0, 0, ?4, '', NULL)";
    WAITING_VERIFICATION = "SELECT id, state, asked_by, asked_at, tries, looked, whole, told, ended_at FROM verifications
        WHERE state = 'waiting' ORDER BY asked_at, id LIMIT 1";
    VERIFICATIONS = "SELECT id, state, asked_by, asked_at, tries, looked, whole, told, ended_at FROM verifications
        ORDER BY asked_at DESC, id LIMIT ?1";
    BEGIN_VERIFICATION = "UPDATE verifications SET tries = tries + 1, looked = 0, whole = ?2
        WHERE id = ?1 AND state = 'waiting'";
    LOOKED = "UPDATE verifications SET looked = ?2 WHERE id = ?1 AND state = 'waiting'";
    END_VERIFICATION = "UPDATE verifications SET state = ?2, told = ?3, ended_at = ?4 WHERE id = ?1 AND state = 'waiting'";
    SETUP = "SELECT step, state, done_by, done_at FROM setup_steps ORDER BY step";
    SET_UP = "INSERT INTO setup_steps (step, state, done_by, done_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (step) DO UPDATE SET state = excluded.state, done_by = excluded.done_by, done_at = excluded.done_at";
    // Two of each are enough to know that it is not empty.
    USERS = "SELECT id FROM users LIMIT 2";
    UNITS = "SELECT id FROM units LIMIT 2";
    CASES = "SELECT id FROM cases LIMIT 1";
    TOUR = "SELECT at FROM tours WHERE user_id = ?1 AND tour = ?2";
    PUT_AWAY = "INSERT INTO tours (user_id, tour, at) VALUES (?1, ?2, ?3) ON CONFLICT (user_id, tour) DO NOTHING";
    NOTE_BACKUP = "INSERT INTO backups_made (made_at, file, bytes, entries) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (made_at) DO NOTHING";
    BACKUPS = "SELECT made_at, file, bytes, entries FROM backups_made ORDER BY made_at DESC LIMIT ?1";
    DUTIES = "SELECT name, due_at, lease_until FROM schedules ORDER BY name";
}

/// A check of the whole log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationRow {
    /// Identity.
    pub id: Uuid,
    /// `waiting`, `done` or `failed`.
    pub state: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: i64,
    /// How often it was begun.
    pub tries: i64,
    /// Entries looked at so far.
    pub looked: i64,
    /// Entries there were when it began.
    pub whole: i64,
    /// What came of it, as JSON; empty until it ended.
    pub told: String,
    /// When it ended.
    pub ended_at: Option<i64>,
}

fn verification(row: &Row<'_>) -> Result<VerificationRow, StoreError> {
    Ok(VerificationRow {
        id: row.uuid(0)?,
        state: row.text(1)?,
        asked_by: row.text(2)?,
        asked_at: row.int(3)?,
        tries: row.int(4)?,
        looked: row.int(5)?,
        whole: row.int(6)?,
        told: row.text(7)?,
        ended_at: row.opt_int(8)?,
    })
}

/// Keeps that a check was asked for.
///
/// # Errors
/// Those of the database.
pub fn insert_verification(tx: &mut Tx<'_>, id: Uuid, by: &str, at: i64, whole: i64) -> Result<(), StoreError> {
    tx.execute(INSERT_VERIFICATION, &[(&id).into(), by.into(), at.into(), whole.into()]).map(drop)
}

/// The check that waits longest.
///
/// # Errors
/// Those of the database.
pub fn waiting_verification(tx: &mut Tx<'_>) -> Result<Option<VerificationRow>, StoreError> {
    tx.query_opt(WAITING_VERIFICATION, &[], verification)
}

/// Checks, the newest first.
///
/// # Errors
/// Those of the database.
pub fn verifications(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<VerificationRow>, StoreError> {
    tx.query(VERIFICATIONS, &[limit.into()], verification)
}

/// Notes that a check begins, and how many entries there are.
///
/// # Errors
/// Those of the database.
pub fn begin_verification(tx: &mut Tx<'_>, id: Uuid, whole: i64) -> Result<(), StoreError> {
    tx.execute(BEGIN_VERIFICATION, &[(&id).into(), whole.into()]).map(drop)
}

/// Notes how far a check is.
///
/// # Errors
/// Those of the database.
pub fn looked(tx: &mut Tx<'_>, id: Uuid, looked: i64) -> Result<(), StoreError> {
    tx.execute(LOOKED, &[(&id).into(), looked.into()]).map(drop)
}

/// Keeps what came of a check; false when it had ended already.
///
/// # Errors
/// Those of the database.
pub fn end_verification(tx: &mut Tx<'_>, id: Uuid, state: &str, told: &str, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(END_VERIFICATION, &[(&id).into(), state.into(), told.into(), at.into()])? > 0)
}

/// A step of the first set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupRow {
    /// Which.
    pub step: String,
    /// What was said of it.
    pub state: String,
    /// By whom.
    pub done_by: String,
    /// When.
    pub done_at: i64,
}

/// The steps something was said of.
///
/// # Errors
/// Those of the database.
pub fn setup(tx: &mut Tx<'_>) -> Result<Vec<SetupRow>, StoreError> {
    tx.query(SETUP, &[], |row| {
        Ok(SetupRow { step: row.text(0)?, state: row.text(1)?, done_by: row.text(2)?, done_at: row.int(3)? })
    })
}

/// Keeps what was said of a step.
///
/// # Errors
/// Those of the database.
pub fn set_up(tx: &mut Tx<'_>, row: &SetupRow) -> Result<(), StoreError> {
    let values = [(&row.step).into(), (&row.state).into(), (&row.done_by).into(), row.done_at.into()];
    tx.execute(SET_UP, &values).map(drop)
}

/// Whether there is nothing yet but the root unit and one user.
///
/// # Errors
/// Those of the database.
pub fn is_empty(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let users = tx.query(USERS, &[], |row| row.uuid(0))?.len();
    let units = tx.query(UNITS, &[], |row| row.uuid(0))?.len();
    Ok(users < 2 && units < 2 && !any_case(tx)?)
}

/// Whether there is any case.
///
/// # Errors
/// Those of the database.
pub fn any_case(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    Ok(tx.query_opt(CASES, &[], |row| row.uuid(0))?.is_some())
}

/// Whether a user put a tour away.
///
/// # Errors
/// Those of the database.
pub fn toured(tx: &mut Tx<'_>, user: Uuid, tour: &str) -> Result<bool, StoreError> {
    Ok(tx.query_opt(TOUR, &[(&user).into(), tour.into()], |row| row.int(0))?.is_some())
}

/// Notes that a user put a tour away.
///
/// # Errors
/// Those of the database.
pub fn put_away(tx: &mut Tx<'_>, user: Uuid, tour: &str, at: i64) -> Result<(), StoreError> {
    tx.execute(PUT_AWAY, &[(&user).into(), tour.into(), at.into()]).map(drop)
}

/// A backup that was made of this database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupRow {
    /// When the snapshot was taken.
    pub made_at: i64,
    /// Name of its file, without its folder.
    pub file: String,
    /// Its length.
    pub bytes: i64,
    /// Entries in it.
    pub entries: i64,
}

/// Notes a backup.
///
/// # Errors
/// Those of the database.
pub fn note_backup(tx: &mut Tx<'_>, row: &BackupRow) -> Result<(), StoreError> {
    tx.execute(NOTE_BACKUP, &[row.made_at.into(), (&row.file).into(), row.bytes.into(), row.entries.into()]).map(drop)
}

/// Backups, the newest first.
///
/// # Errors
/// Those of the database.
pub fn backups(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<BackupRow>, StoreError> {
    tx.query(BACKUPS, &[limit.into()], |row| {
        Ok(BackupRow { made_at: row.int(0)?, file: row.text(1)?, bytes: row.int(2)?, entries: row.int(3)? })
    })
}

/// Recurring duties: name, when the next run is due, until when a node has it in hand.
///
/// # Errors
/// Those of the database.
pub fn duties(tx: &mut Tx<'_>) -> Result<Vec<(String, i64, i64)>, StoreError> {
    tx.query(DUTIES, &[], |row| Ok((row.text(0)?, row.int(1)?, row.int(2)?)))
}
